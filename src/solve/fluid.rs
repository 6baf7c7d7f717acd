//! Traffic through the years: what is lost, served late and asked of every resource, from one change
//! of the parts' state to the next, without a request.
//!
//! Takes a [`FluidPlan`] and the history of the health kernel, to which it listens. Gives for every
//! class intended and lost page views, by cause, over the horizon and month by month, and how busy
//! every resource was.
//!
//! Model, for one class at rate λ in one state of the parts:
//! - A share of the views *fails* at once: what they need is dead, or whoever sends them on does not
//!   know yet that it is. Its cause is the oldest that explains one of these.
//! - A share *stands still*. Over a stall of length t, λ∫₀ᵗ(1 − F(s))ds of it still wait at the end
//!   and are served late; the rest has given up (F: patience, and what counts as lost anyway). Every
//!   request that stands still holds a worker. When all workers are held, every class that enters
//!   by the same services waits with them; when the line is full too, all are refused.
//! - *Overload*: of members that share the requests, one that is asked for λ' and can do C serves C.
//!   With patience the wait w follows w' = λ(1 − F(w))/C − 1 from a change of state on until it
//!   is settled, F(w) = 1 − C/λ; then 1 − C/λ of the views is lost. Without patience the line grows
//!   and nothing is lost before it is full.
//!
//! Quiet time is never walked: views are the integral of the rate, settled overload the sum over the
//! week's hours, and time spent in a state is kept by the hour of the week in which it was spent.
//! Only stalls, and what comes right after a change in overload, are taken in small steps.
//!
//! Holds: lost views by cause sum to those lost, to rounding; memory does not grow with the horizon:
//! states met are remembered up to [`MOST_CELLS`], then forgotten, which changes no figure but for the
//! order in which they are summed, and which states are rare in a p95 of utilisation (some 1e-4 of it).
//! Leaves out: that work of those who gave up goes on (an overload
//! in `requests` is worse than 1 − C/λ); what comes back by retries; the drift of the wait within a
//! settled overload, as the rate rises and falls: in all less than one patience's worth of views.

mod commits;
pub mod reading;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use crate::engine::draw::{Lineage, Seed};
use crate::engine::law::Law;
use crate::engine::special::{ln, normal_cdf};
use crate::health::{Explanation, FactId, Listener, View};
use crate::observe::histogram::Histogram;
use crate::plan::availability::{AvailabilityNet, AvailabilityPlan};
use crate::plan::fluid::state::{AGE_BITS, AGES, Bits, ClassLoad, StateLoad};
use crate::plan::fluid::{
    FluidClass, FluidPlan, FluidWorkload, HOUR_NS, HOURS, LEVEL, Patience, WEEK_NS,
};
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::rate::RateCurve;
use crate::workload::surge::Surging;

use commits::Group;
pub use commits::WritesTally;

/// States and levels remembered at once by one thread.
pub const MOST_CELLS: usize = 4_096;
/// States of the parts that are worked out once for all.
const MOST_STATES: usize = 32_768;
/// A twelfth of a year.
pub const MONTH: SimDuration = SimDuration::from_secs(730 * 3_600);
/// Intervals of which the objective availability is a share.
pub const INTERVAL: SimDuration = SimDuration::from_secs(300);
/// Share of the views lost from which an interval is bad.
pub const BAD: f64 = 0.01;
/// Shares of views are counted in so many parts.
pub const SHARE: f64 = 1e9;
/// The step on which the rate is followed around changes.
const STEP: SimDuration = SimDuration::from_secs(300);
const HOUR_S: f64 = 3_600.0;
/// Bins of utilisation are 1 % wide, from a millionth on.
const BINS: usize = 1_700;
const LEAST_BIN: f64 = 1e-6;
const BIN: f64 = 1.01;
/// A state that takes a smaller share of the time counts in a quantile at its mean rate.
const RARE: f64 = 1e-3;

/// What one replication says of one class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassTally {
    /// Views that users wanted.
    pub intended: f64,
    /// Views lost, by cause of the plan; the last is overload.
    pub lost: Vec<f64>,
    /// Views served after a stall that their users waited out.
    pub late: f64,
    /// 5-minute intervals in which 1 % of the views or more are lost or stand still.
    pub bad_intervals: f64,
    /// Whole months.
    pub months: u32,
    /// Of these, those in which the objective's share was served.
    pub met: u32,
    /// Shares of their views that whole months lost, in parts of [`SHARE`].
    pub month_lost: Histogram,
    /// The sum of these shares.
    pub month_sum: f64,
}

/// What one replication says of the traffic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrafficTally {
    /// By class asked for.
    pub classes: Vec<ClassTally>,
    /// By resource: mean utilisation over the horizon.
    pub busy: Vec<f64>,
    /// By database of which a slave may become master.
    pub writes: Vec<WritesTally>,
}

/// How busy resources are, over several replications.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Busy {
    /// By hour of the week, by resource: seconds times utilisation.
    pub hours: Vec<Vec<f64>>,
    /// By hour of the week: seconds.
    pub time: Vec<f64>,
    /// By resource: seconds by bin of utilisation.
    pub bins: Vec<Vec<f64>>,
    /// By resource: standard deviation of the logarithm of its hourly noise, where nothing is wrong.
    pub sigma: Vec<f64>,
}

impl Busy {
    /// Adds what other replications saw.
    pub fn add(&mut self, other: &Self) {
        if self.time.is_empty() {
            self.clone_from(other);
            return;
        }
        let add = |mine: &mut Vec<f64>, theirs: &Vec<f64>| {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        };
        add(&mut self.time, &other.time);
        self.hours.iter_mut().zip(&other.hours).for_each(|(mine, theirs)| add(mine, theirs));
        self.bins.iter_mut().zip(&other.bins).for_each(|(mine, theirs)| add(mine, theirs));
    }

    /// Mean utilisation of a resource in an hour of the week; none where that hour never came.
    #[must_use]
    pub fn hour(&self, resource: usize, hour: usize) -> Option<f64> {
        let time = *self.time.get(hour)?;
        (time > 0.0).then(|| self.hours[hour][resource] / time)
    }

    /// The utilisation that this share of the time does not exceed, hourly noise included.
    #[must_use]
    pub fn quantile(&self, resource: usize, share: f64) -> f64 {
        let sigma = self.sigma[resource];
        let used = self.bins[resource].iter().enumerate().filter(|(_, time)| **time > 0.0);
        let used: Vec<(f64, f64)> = used
            .map(|(bin, time)| (if bin == 0 { LEAST_BIN } else { value_of(bin) }, *time))
            .map(|(value, time)| (ln(value), time))
            .collect();
        let all: f64 = used.iter().map(|(_, time)| time).sum();
        let below = |most: f64| -> f64 {
            let chance = |at: f64| match sigma > 0.0 {
                true => normal_cdf((most - at + sigma * sigma / 2.0) / sigma),
                false => f64::from(u8::from(at <= most)),
            };
            used.iter().map(|(at, time)| time * chance(*at)).sum::<f64>()
        };
        let ends = (used.first(), used.last());
        let (Some((first, _)), Some((last, _))) = ends else { return 0.0 };
        let (mut low, mut high) = (first - 6.0 * sigma - 1e-6, last + 6.0 * sigma + 1e-6);
        while high - low > 1e-6 {
            let middle = f64::midpoint(low, high);
            if below(middle) < share * all { low = middle } else { high = middle }
        }
        let found = libm::exp(high).min(1.0);
        if found <= LEAST_BIN * 1.01 { 0.0 } else { found }
    }
}

/// The middle of a bin.
fn value_of(bin: usize) -> f64 {
    LEAST_BIN * libm::pow(BIN, bin as f64 - 0.5)
}

/// Where bins begin, and for each octave in so many slots the bin in which a slot begins: a slot is
/// less than two bins wide, and a logarithm for every hour of every resource would be half of the work.
#[derive(Debug)]
struct Bins {
    /// In multiples of [`LEAST_BIN`], by bin; the first holds what is below.
    begin: Vec<f64>,
    first: Vec<u16>,
}

const SLOT_BITS: u32 = 6;

impl Bins {
    fn get() -> &'static Self {
        static BINS_ONCE: OnceLock<Bins> = OnceLock::new();
        BINS_ONCE.get_or_init(|| {
            let begin: Vec<f64> = (0..BINS)
                .map(|bin| if bin == 0 { 0.0 } else { libm::pow(BIN, (bin - 1) as f64) })
                .collect();
            let last = Self::slot(*begin.last().expect("there are bins"));
            let low = |slot: usize| {
                let within = 1.0 + (slot % (1 << SLOT_BITS)) as f64 / f64::from(1 << SLOT_BITS);
                within * libm::scalbn(1.0, (slot >> SLOT_BITS) as i32)
            };
            let of = |slot: usize| begin.partition_point(|begin| *begin <= low(slot)) - 1;
            let first = (0..=last).map(|slot| of(slot) as u16).collect();
            Self { begin, first }
        })
    }

    /// The slot of a value of at least 1: its exponent and the first bits behind the point.
    fn slot(value: f64) -> usize {
        ((value.to_bits() >> (52 - SLOT_BITS)) - (1023 << SLOT_BITS)) as usize
    }

    fn of(&self, value: f64) -> usize {
        let value = value / LEAST_BIN;
        if value < 1.0 {
            return 0;
        }
        let Some(first) = self.first.get(Self::slot(value)) else { return BINS - 1 };
        let mut bin = usize::from(*first);
        while self.begin.get(bin + 1).is_some_and(|begin| *begin <= value) {
            bin += 1;
        }
        bin
    }
}

/// One state of the parts at one level of the rates.
#[derive(Clone, Debug)]
struct Cell {
    state: u32,
    level: u32,
    /// Whole hours begun less those ended, by hour of the week; and weeks.
    begun: Vec<i32>,
    weeks: u64,
    /// Parts of hours.
    parts: Vec<u64>,
    /// By class: whether it may be too much at the busiest hour.
    over: Vec<bool>,
    /// By class: views lost to overload, and hours in which that are 1 % or more, from Monday 00:00
    /// to each hour; none while not needed.
    losing: Vec<Option<Vec<[f64; 2]>>>,
    /// By class: views carried in this replication.
    carried: Vec<f64>,
    /// It was entered in this replication.
    touched: bool,
}

/// States that any replication has worked out. They follow from the plan alone, so that it makes no
/// difference who was first.
#[derive(Debug, Default)]
pub struct Known {
    held: Mutex<Held>,
}

/// States, and their parts, each once: most states differ in few of them.
#[derive(Debug, Default)]
struct Held {
    states: BTreeMap<Bits, Arc<StateLoad>>,
    /// By a hash of what they hold.
    classes: BTreeMap<u64, Vec<Arc<ClassLoad>>>,
    rows: BTreeMap<u64, Vec<Arc<[f64]>>>,
}

impl Held {
    /// The one that is held in place of its equals.
    fn once<T: PartialEq + ?Sized>(
        held: &mut BTreeMap<u64, Vec<Arc<T>>>,
        hash: u64,
        one: &mut Arc<T>,
    ) {
        let alike = held.entry(hash).or_default();
        match alike.iter().find(|other| *other == one) {
            Some(other) => *one = Arc::clone(other),
            None => alike.push(Arc::clone(one)),
        }
    }

    fn insert(&mut self, bits: &Bits, mut load: StateLoad) -> Arc<StateLoad> {
        for class in &mut load.classes {
            let heads = [class.fails, class.stalls, class.held];
            let work = class.work.iter().flat_map(|(at, work)| [u64::from(*at), work.to_bits()]);
            let hash = hash_of(heads.iter().map(|head| head.to_bits()).chain(work));
            Self::once(&mut self.classes, hash, class);
        }
        for row in [&mut load.constant, &mut load.capacity] {
            let hash = hash_of(row.iter().map(|value| value.to_bits()));
            Self::once(&mut self.rows, hash, row);
        }
        let load = Arc::new(load);
        self.states.insert(bits.clone(), Arc::clone(&load));
        load
    }
}

impl Known {
    fn state(&self, plan: &FluidPlan, bits: &Bits) -> Arc<StateLoad> {
        let found = self.held.lock().ok().and_then(|held| held.states.get(bits).cloned());
        if let Some(found) = found {
            return found;
        }
        let made = plan.state(bits);
        match self.held.lock() {
            Ok(mut held) if held.states.len() < MOST_STATES => held.insert(bits, made),
            _ => Arc::new(made),
        }
    }
}

/// What is worked out once and used by every replication of a chunk that meets it again.
pub struct Memo<'p> {
    plan: &'p FluidPlan,
    shared: &'p Known,
    most: usize,
    curves: Vec<RateCurve>,
    /// By workload: mean rate of each hour of the week.
    hours: Vec<Vec<f64>>,
    /// Time of the week at time zero.
    zero: u64,
    /// By workload: the highest of these.
    tops: Vec<f64>,
    /// By class: standard deviation of the logarithm of its hourly noise.
    sigmas: Vec<f64>,
    states: BTreeMap<Bits, u32>,
    loads: Vec<Arc<StateLoad>>,
    /// By state, by resource: [`Memo::sigma_at`], where it was asked for; else not a number.
    spreads: Vec<Vec<f64>>,
    levels: BTreeMap<Vec<i32>, u32>,
    factors: Vec<Vec<f64>>,
    known: BTreeMap<(u32, u32), u32>,
    /// Cells by a hash of bits and level, the last one met for each: found without a search. Which one
    /// is there changes nothing but the time it takes.
    recent: Vec<Option<Recent>>,
    cells: Vec<Cell>,
    /// Forgotten ones, empty.
    spare: Vec<Cell>,
    touched: Vec<u32>,
    busy: Busy,
    /// Of the replication under way: by resource, utilisation times seconds.
    work: Vec<f64>,
}

impl<'p> Memo<'p> {
    /// Nothing known yet.
    #[must_use]
    pub fn new(plan: &'p FluidPlan, shared: &'p Known) -> Self {
        Self::with_room(plan, shared, MOST_CELLS)
    }

    /// Nothing known yet, and so many states remembered at most.
    #[must_use]
    pub fn with_room(plan: &'p FluidPlan, shared: &'p Known, most: usize) -> Self {
        let curves: Vec<RateCurve> = plan.workloads.iter().map(|w| w.traffic.curve()).collect();
        let zero = plan.zero.nanos() % WEEK_NS;
        let hours = plan.rates_by_hour();
        let tops = hours.iter().map(|hours| hours.iter().copied().fold(0.0, f64::max)).collect();
        let resources = plan.network.resources.len();
        let mut memo = Self {
            plan,
            shared,
            most,
            curves,
            hours,
            zero,
            tops,
            sigmas: Vec::new(),
            states: BTreeMap::new(),
            loads: Vec::new(),
            spreads: Vec::new(),
            levels: BTreeMap::new(),
            factors: Vec::new(),
            known: BTreeMap::new(),
            recent: vec![None; RECENT],
            cells: Vec::new(),
            spare: Vec::new(),
            touched: Vec::new(),
            busy: Busy {
                hours: vec![vec![0.0; resources]; HOURS],
                time: vec![0.0; HOURS],
                bins: vec![vec![0.0; BINS]; resources],
                sigma: Vec::new(),
            },
            work: vec![0.0; resources],
        };
        memo.sigmas = (0..plan.classes.len()).map(|class| memo.sigma_of(class)).collect();
        let load = shared.state(plan, &plan.well());
        memo.busy.sigma = (0..resources).map(|at| memo.sigma_at(&load, at)).collect();
        memo
    }

    /// States and levels that it remembers.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.cells.len()
    }

    fn mean_rate(&self, workload: usize) -> f64 {
        self.hours[workload].iter().sum::<f64>() / HOURS as f64
    }

    /// Of independent noises the variances of what each adds.
    fn sigma_of(&self, class: usize) -> f64 {
        let of = self.plan.workloads.iter().enumerate().filter(|(_, w)| w.class == class);
        let parts: Vec<(f64, f64)> = of.map(|(at, w)| (self.mean_rate(at), w.sigma)).collect();
        combined(&parts)
    }

    fn sigma_at(&self, load: &StateLoad, resource: usize) -> f64 {
        let mut parts = vec![(load.constant[resource], 0.0)];
        for (at, class) in load.classes.iter().enumerate() {
            let of = self.plan.workloads.iter().enumerate().filter(|(_, w)| w.class == at);
            let rate: f64 = of.map(|(w, _)| self.mean_rate(w)).sum();
            let work = class.work.iter().find(|(r, _)| *r as usize == resource);
            parts.push((rate * work.map_or(0.0, |(_, work)| *work), self.sigmas[at]));
        }
        combined(&parts)
    }

    /// [`Self::sigma_at`], worked out once a state.
    fn spread(&mut self, state: u32, load: &StateLoad, resource: usize) -> f64 {
        let known = self.spreads[state as usize].get(resource).copied();
        if let Some(known) = known.filter(|known| !known.is_nan()) {
            return known;
        }
        let sigma = self.sigma_at(load, resource);
        let spreads = &mut self.spreads[state as usize];
        spreads.resize(load.constant.len(), f64::NAN);
        spreads[resource] = sigma;
        sigma
    }

    /// Rates by class in an hour of the week at a level.
    fn rates(&self, level: u32, hour: usize) -> Vec<f64> {
        let mut rates = Vec::new();
        self.rates_into(level, hour, &mut rates);
        rates
    }

    fn rates_into(&self, level: u32, hour: usize, rates: &mut Vec<f64>) {
        rates.clear();
        rates.resize(self.plan.classes.len(), 0.0);
        let factors = &self.factors[level as usize];
        for (at, workload) in self.plan.workloads.iter().enumerate() {
            rates[workload.class] += self.hours[at][hour] * factors[at];
        }
    }

    fn state(&mut self, bits: &Bits) -> u32 {
        if let Some(known) = self.states.get(bits) {
            return *known;
        }
        let load = self.shared.state(self.plan, bits);
        let at = self.loads.len() as u32;
        self.spreads.push(Vec::new());
        self.loads.push(load);
        self.states.insert(bits.clone(), at);
        at
    }

    fn level(&mut self, key: &[i32]) -> u32 {
        if let Some(known) = self.levels.get(key) {
            return *known;
        }
        let at = self.factors.len() as u32;
        let factor = |step: &i32| match *step {
            i32::MIN => 0.0,
            step => libm::pow(LEVEL, f64::from(step)),
        };
        self.factors.push(key.iter().map(factor).collect());
        self.levels.insert(key.to_vec(), at);
        at
    }

    fn cell(&mut self, bits: &Bits, level: &[i32]) -> u32 {
        if self.cells.len() >= self.most {
            self.forget();
        }
        let place = place_of(bits, level);
        if let Some(recent) = &self.recent[place]
            && recent.bits == *bits
            && recent.level == level
        {
            return recent.cell;
        }
        let cell = self.search(bits, level);
        match &mut self.recent[place] {
            Some(recent) => {
                recent.bits.clone_from(bits);
                level.clone_into(&mut recent.level);
                recent.cell = cell;
            }
            none => *none = Some(Recent { bits: bits.clone(), level: level.to_vec(), cell }),
        }
        cell
    }

    fn search(&mut self, bits: &Bits, level: &[i32]) -> u32 {
        let (state, level) = (self.state(bits), self.level(level));
        if let Some(known) = self.known.get(&(state, level)) {
            return *known;
        }
        let classes = self.plan.classes.len();
        let load = &self.loads[state as usize];
        // All at their highest at once, with the noise that is seen once in 30,000 hours.
        let mut rates = vec![0.0; classes];
        let factors = &self.factors[level as usize];
        for (at, workload) in self.plan.workloads.iter().enumerate() {
            rates[workload.class] += self.tops[at] * factors[at];
        }
        let sigma = self.sigmas.iter().copied().fold(0.0, f64::max);
        let noise = libm::exp(4.0 * sigma);
        let top = utilization(load, &rates);
        let tight: Vec<bool> = top.iter().map(|top| top * noise > 1.0).collect();
        let over = |class: usize| {
            let mut stages = load.classes[class].stages.iter().flatten();
            stages.any(|(_, uses)| uses.iter().any(|at| tight[*at as usize]))
        };
        let mut cell = self.spare.pop().unwrap_or_else(|| Cell {
            state,
            level,
            begun: vec![0; HOURS],
            weeks: 0,
            parts: vec![0; HOURS],
            over: Vec::with_capacity(classes),
            losing: vec![None; classes],
            carried: vec![0.0; classes],
            touched: false,
        });
        (cell.state, cell.level) = (state, level);
        cell.over.clear();
        cell.over.extend((0..classes).map(over));
        let at = self.cells.len() as u32;
        self.cells.push(cell);
        self.known.insert((state, level), at);
        at
    }

    /// Share of the views of `class` that is too much, at these rates: in the mean over the hourly
    /// noise, without it, and the utilisation of the busiest resource on its way.
    fn excess(&mut self, state: u32, class: usize, rates: &[f64]) -> (f64, f64, f64) {
        let load = Arc::clone(&self.loads[state as usize]);
        let used = utilization(&load, rates);
        let (mut noisy, mut plain, mut most) = (0.0_f64, 0.0_f64, 0.0_f64);
        for stage in &load.classes[class].stages {
            let (mut lost, mut without) = (0.0, 0.0);
            for (share, uses) in stage {
                let at =
                    uses.iter().max_by(|a, b| used[**a as usize].total_cmp(&used[**b as usize]));
                let Some(at) = at.map(|at| *at as usize) else { continue };
                most = most.max(used[at]);
                without += share * too_much(used[at], 0.0);
                lost += share * too_much(used[at], self.spread(state, &load, at));
            }
            (noisy, plain) = (noisy.max(lost.min(1.0)), plain.max(without.min(1.0)));
        }
        (noisy, plain, most)
    }

    /// Views of `class` lost to settled overload in a cell, and hours in which that are many, from
    /// Monday 00:00 to each hour.
    fn losing(&mut self, cell: u32, class: usize) -> &[[f64; 2]] {
        let Cell { state, level, ref losing, .. } = self.cells[cell as usize];
        if losing[class].is_none() {
            let mut sums = vec![[0.0; 2]; HOURS + 1];
            for hour in 0..HOURS {
                let rates = self.rates(level, hour);
                let (share, ..) = self.excess(state, class, &rates);
                let [lost, bad] = sums[hour];
                let many = f64::from(u8::from(share >= BAD));
                sums[hour + 1] = [lost + rates[class] * share * HOUR_S, bad + many];
            }
            self.cells[cell as usize].losing[class] = Some(sums);
        }
        self.cells[cell as usize].losing[class].as_deref().expect("it was just made")
    }

    fn calendar(&self, at: SimTime) -> u64 {
        at.nanos().saturating_add(self.zero)
    }

    /// Views lost to settled overload over a stretch of time, and hours in which these are many.
    fn lost_settled(&mut self, cell: u32, class: usize, from: SimTime, to: SimTime) -> [f64; 2] {
        let (from, to) = (self.calendar(from), self.calendar(to));
        let sums = self.losing(cell, class);
        let upto = |at: u64, of: usize| {
            let (weeks, rest) = (at / WEEK_NS, at % WEEK_NS);
            let hour = (rest / HOUR_NS) as usize;
            let part = (rest % HOUR_NS) as f64 / HOUR_NS as f64;
            let within = sums[hour][of] + (sums[hour + 1][of] - sums[hour][of]) * part;
            (weeks, within)
        };
        [0, 1].map(|of| {
            let ((w0, a), (w1, b)) = (upto(from, of), upto(to, of));
            ((w1 - w0) as f64 * sums[HOURS][of] + (b - a)).max(0.0)
        })
    }

    /// Notes that a cell was there over a stretch of time.
    fn spend(&mut self, cell: u32, from: SimTime, to: SimTime) {
        let (from, to) = (self.calendar(from), self.calendar(to));
        let cell = &mut self.cells[cell as usize];
        let place = |hour: u64| (hour % HOURS as u64) as usize;
        let (first, last) = (from / HOUR_NS, to / HOUR_NS);
        if first == last {
            cell.parts[place(first)] += to - from;
            return;
        }
        cell.parts[place(first)] += (first + 1) * HOUR_NS - from;
        cell.parts[place(last)] += to - last * HOUR_NS;
        let whole = last - first - 1;
        cell.weeks += whole / HOURS as u64;
        let (begin, end) = (place(first + 1), place(first + 1 + whole % HOURS as u64));
        cell.begun[begin] += 1;
        cell.begun[end] -= 1;
        // Past Sunday: the hours up to its end, and those from Monday on.
        if end < begin || (whole % HOURS as u64 > 0 && end == 0 && begin > 0) {
            cell.begun[0] += 1;
        }
    }

    /// Puts the time spent into utilisation by hour and bin, and forgets it.
    fn fold(&mut self) {
        let times: Vec<[f64; HOURS]> = self.cells.iter().map(seconds_in).collect();
        let all: f64 = times.iter().map(|time| time.iter().sum::<f64>()).sum();
        let (mut rates, mut used) = (Vec::new(), Vec::new());
        let table = Bins::get();
        let mut mean = vec![0.0; self.busy.bins.len()];
        for (at, time) in times.iter().enumerate() {
            let spent: f64 = time.iter().sum();
            if spent <= 0.0 {
                continue;
            }
            let (state, level) = (self.cells[at].state, self.cells[at].level);
            let over = self.cells[at].over.contains(&true);
            let rare = spent < RARE * all;
            mean.fill(0.0);
            for hour in (0..HOURS).filter(|hour| time[*hour] > 0.0) {
                self.rates_into(level, hour, &mut rates);
                if over {
                    let offered = rates.clone();
                    for (class, rate) in rates.iter_mut().enumerate() {
                        *rate *= 1.0 - self.excess(state, class, &offered).0;
                    }
                }
                utilization_into(&self.loads[state as usize], &rates, &mut used);
                self.busy.time[hour] += time[hour];
                let hours = &mut self.busy.hours[hour];
                for (sum, used) in hours.iter_mut().zip(&used) {
                    *sum += used * time[hour];
                }
                if rare {
                    for (mean, used) in mean.iter_mut().zip(&used) {
                        *mean += used * time[hour] / spent;
                    }
                } else {
                    for (bins, used) in self.busy.bins.iter_mut().zip(&used) {
                        bins[table.of(*used)] += time[hour];
                    }
                }
            }
            if rare {
                for (resource, mean) in mean.iter().copied().enumerate() {
                    self.busy.bins[resource][table.of(mean)] += spent;
                }
            }
            let cell = &mut self.cells[at];
            cell.begun.fill(0);
            cell.parts.fill(0);
            cell.weeks = 0;
        }
    }

    /// Puts what was carried in this replication into its utilisation.
    fn unload(&mut self) {
        for at in std::mem::take(&mut self.touched) {
            let cell = &mut self.cells[at as usize];
            cell.touched = false;
            let load = &self.loads[cell.state as usize];
            for (class, carried) in load.classes.iter().zip(&mut cell.carried) {
                for (resource, work) in &class.work {
                    let resource = *resource as usize;
                    self.work[resource] += *carried * work / load.capacity[resource];
                }
                *carried = 0.0;
            }
        }
    }

    fn forget(&mut self) {
        self.unload();
        self.fold();
        self.states.clear();
        self.loads.clear();
        self.spreads.clear();
        self.known.clear();
        self.recent.fill(None);
        // All that they held is told; what they hold it in serves the next ones.
        for mut cell in self.cells.drain(..) {
            cell.losing.fill(None);
            self.spare.push(cell);
        }
    }

    /// What all replications so far saw of the resources.
    #[must_use]
    pub fn busy(&mut self) -> Busy {
        self.fold();
        self.busy.clone()
    }
}

/// Places for cells found without a search.
const RECENT: usize = 1 << 12;

/// A cell that was met.
#[derive(Clone, Debug)]
struct Recent {
    bits: Bits,
    level: Vec<i32>,
    cell: u32,
}

/// A place for a state and a level.
fn place_of(bits: &Bits, level: &[i32]) -> usize {
    let words = bits.iter().copied().chain(level.iter().map(|step| *step as u64));
    (hash_of(words) >> 52) as usize % RECENT
}

/// Multiply and fold, as Knuth's multiplicative hash.
fn hash_of(words: impl Iterator<Item = u64>) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    words.fold(0, |hash: u64, word| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR))
}

/// Seconds that a cell was there, by hour of the week.
fn seconds_in(cell: &Cell) -> [f64; HOURS] {
    let mut whole = cell.weeks as i64;
    let mut time = [0.0; HOURS];
    for (hour, time) in time.iter_mut().enumerate() {
        whole += i64::from(cell.begun[hour]);
        *time = whole as f64 * HOUR_S + cell.parts[hour] as f64 / 1e9;
    }
    time
}

/// Standard deviation of the logarithm of a sum of independent parts, as if it were one.
fn combined(parts: &[(f64, f64)]) -> f64 {
    let all: f64 = parts.iter().map(|(part, _)| part).sum();
    if all <= 0.0 {
        return 0.0;
    }
    let spread = parts.iter().map(|(part, sigma)| part * sigma / all);
    spread.map(|share| share * share).sum::<f64>().sqrt()
}

fn utilization(load: &StateLoad, rates: &[f64]) -> Vec<f64> {
    let mut used = Vec::new();
    utilization_into(load, rates, &mut used);
    used
}

fn utilization_into(load: &StateLoad, rates: &[f64], used: &mut Vec<f64>) {
    used.clear();
    used.extend_from_slice(&load.constant);
    for (class, rate) in load.classes.iter().zip(rates) {
        for (resource, work) in &class.work {
            used[*resource as usize] += rate * work;
        }
    }
    used.iter_mut().zip(load.capacity.iter()).for_each(|(used, capacity)| *used /= capacity);
}

/// Mean over lognormal noise of the share that a load of `used` is too much: E(N − 1/used)⁺.
fn too_much(used: f64, sigma: f64) -> f64 {
    if used <= 0.0 {
        return 0.0;
    }
    if sigma <= 0.0 {
        return (1.0 - 1.0 / used).max(0.0);
    }
    let far = (ln(used) + sigma * sigma / 2.0) / sigma;
    (normal_cdf(far) - normal_cdf(far - sigma) / used).max(0.0)
}

/// A stall under way, of the classes that enter by the same services.
#[derive(Clone, Debug)]
struct Stall {
    since: SimTime,
    /// By class: views that came, those of them that stand still, requests that hold a worker.
    views: Vec<f64>,
    standing: Vec<f64>,
    held: Vec<f64>,
    cause: u32,
}

/// One class in one history.
#[derive(Clone, Debug, Default)]
struct Row {
    tally: ClassTally,
    /// Views that wait.
    waiting: f64,
    /// The wait no longer changes.
    settled: bool,
    /// First cause of what fails now.
    cause: u32,
    month_intended: f64,
    month_lost: f64,
    /// Number of the present interval, and share lost times nanoseconds in it.
    interval: u64,
    interval_lost: f64,
}

/// One history.
pub struct Live<'m, 'p> {
    memo: &'m mut Memo<'p>,
    /// By fact of the whole: inputs.
    readers: Vec<Vec<u32>>,
    facts: Vec<Option<FactId>>,
    /// From causes of the net to those of the plan.
    places: &'p [u32],
    bits: Bits,
    dirty: bool,
    /// Databases, and by fact of the whole whether one of them looks at it.
    databases: Vec<Option<Group<'p>>>,
    watched: Vec<bool>,
    /// One of these facts has changed.
    stirred: bool,
    surging: Vec<Option<Surging>>,
    level: Vec<i32>,
    level_ends: SimTime,
    cell: u32,
    /// What that is.
    load: Arc<StateLoad>,
    /// Views of a stretch, by class.
    views: Vec<f64>,
    from: SimTime,
    month: SimTime,
    rows: Vec<Row>,
    /// By group of classes that enter by the same services.
    groups: Vec<Vec<usize>>,
    stalls: Vec<Option<Stall>>,
    /// By CDN: since when nobody answers its edges, where nobody does.
    silent: Vec<Option<SimTime>>,
    /// When what one of them holds is of the next age.
    age_ends: SimTime,
    explanation: Explanation,
    end: SimTime,
}

impl<'m, 'p> Live<'m, 'p> {
    /// A history of `net` from time zero on.
    #[must_use]
    pub fn new(
        plan: &'p AvailabilityPlan,
        net: &'p AvailabilityNet,
        memo: &'m mut Memo<'p>,
        replication: u64,
        view: View<'_>,
    ) -> Option<Self> {
        let (fluid, load) = (plan.fluid.as_ref()?, net.load.as_ref()?);
        let mut readers = vec![Vec::new(); net.net.facts_of_whole().count()];
        let mut bits = fluid.well();
        for (at, fact) in load.facts.iter().enumerate() {
            let Some(fact) = fact else { continue };
            readers[fact.index()].push(at as u32);
            set(&mut bits, at, view.fact(*fact));
        }
        let (seed, lineage): (Seed, Lineage) = (plan.seed, Lineage::replication(replication));
        let surging = fluid.workloads.iter().map(|w| w.traffic.surging(seed, lineage, &w.name));
        let causes = plan.causes.len() + 1;
        let databases = Group::all(fluid, &load.copies, (seed, lineage), causes, view);
        let mut watched = vec![false; readers.len()];
        for fact in databases.iter().flatten().flat_map(Group::facts) {
            watched[fact.index()] = true;
        }
        let row = |_: &FluidClass| Row {
            tally: ClassTally { lost: vec![0.0; causes], ..ClassTally::default() },
            ..Row::default()
        };
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (at, class) in fluid.classes.iter().enumerate() {
            let same = |group: &&mut Vec<usize>| fluid.classes[group[0]].services == class.services;
            match groups.iter_mut().find(same) {
                Some(group) => group.push(at),
                None => groups.push(vec![at]),
            }
        }
        memo.work.fill(0.0);
        let mut live = Self {
            readers,
            facts: load.facts.clone(),
            places: &net.causes,
            load: memo.shared.state(fluid, &bits),
            bits,
            dirty: true,
            databases,
            watched,
            stirred: false,
            surging: surging.collect(),
            level: vec![0; fluid.workloads.len()],
            level_ends: SimTime::ZERO,
            cell: 0,
            views: Vec::new(),
            from: SimTime::ZERO,
            month: SimTime::ZERO + MONTH,
            rows: fluid.classes.iter().map(row).collect(),
            stalls: vec![None; groups.len()],
            silent: vec![None; fluid.network.lives.len()],
            age_ends: SimTime::NEVER,
            groups,
            explanation: Explanation::default(),
            end: SimTime::ZERO + plan.horizon,
            memo,
        };
        live.look_at_level();
        live.change(SimTime::ZERO, view);
        Some(live)
    }

    /// The level of every workload from here on, and until when.
    fn look_at_level(&mut self) {
        self.level_ends = SimTime::NEVER;
        for (level, surging) in self.level.iter_mut().zip(&mut self.surging) {
            let Some(surging) = surging else { continue };
            let (factor, until) = surging.stretch(self.from, STEP);
            *level = if factor > 0.0 { (ln(factor) / ln(LEVEL)).round() as i32 } else { i32::MIN };
            self.level_ends = self.level_ends.min(until);
        }
    }

    /// Enters the cell of the present state and level.
    fn enter(&mut self) {
        loop {
            self.enter_cell();
            if !self.hear() {
                return;
            }
        }
    }

    /// Notes of which CDNs the edges fetch and nobody answers from now on, and of which somebody does
    /// again; gives whether there are such.
    fn hear(&mut self) -> bool {
        let mut heard = false;
        for cdn in 0..self.silent.len() {
            let silent = self.load.silent[cdn];
            if self.silent[cdn].is_some() != silent {
                self.silent[cdn] = silent.then_some(self.from);
                heard = true;
            }
        }
        if heard {
            self.grow_old();
        }
        heard
    }

    /// What edges hold is as old as it is now.
    fn grow_old(&mut self) {
        self.age_ends = SimTime::NEVER;
        for cdn in 0..self.silent.len() {
            let plan = self.memo.plan;
            let step = plan.network.lives[cdn].nanos() / u64::from(AGES);
            let age = match self.silent[cdn] {
                None => 0,
                Some(_) if step == 0 => AGES + 1,
                Some(since) => {
                    let steps = (self.from.since(since).nanos() / step).min(u64::from(AGES));
                    if steps < u64::from(AGES) {
                        let ends = SimDuration::from_nanos((steps + 1) * step);
                        self.age_ends = self.age_ends.min(since + ends);
                    }
                    steps as u32 + 1
                }
            };
            for bit in 0..AGE_BITS {
                set(&mut self.bits, plan.age_at(cdn) + bit, age >> bit & 1 == 1);
            }
        }
    }

    fn enter_cell(&mut self) {
        self.cell = self.memo.cell(&self.bits, &self.level);
        let cell = &mut self.memo.cells[self.cell as usize];
        let state = cell.state;
        if !std::mem::replace(&mut cell.touched, true) {
            self.memo.touched.push(self.cell);
        }
        self.load = Arc::clone(&self.memo.loads[state as usize]);
    }

    fn change(&mut self, at: SimTime, view: View<'_>) {
        self.dirty = false;
        self.enter();
        let load = Arc::clone(&self.load);
        for (class, load) in load.classes.iter().enumerate() {
            self.rows[class].settled = false;
            if load.fails > 0.0 {
                self.rows[class].cause = self.why(&load.because, view);
            }
        }
        for group in 0..self.groups.len() {
            let members = &self.groups[group];
            let blamed = members.iter().find(|class| load.classes[**class].stalls > 0.0);
            match (&mut self.stalls[group], blamed) {
                (None, Some(blamed)) => {
                    let none = vec![0.0; members.len()];
                    let (views, standing, held) = (none.clone(), none.clone(), none);
                    let cause = self.why(&load.classes[*blamed].stalled_by, view);
                    self.stalls[group] = Some(Stall { since: at, views, standing, held, cause });
                }
                (Some(_), None) => self.resume(group, at),
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
    }

    /// Who serves a database, or who follows, has changed; the traffic is that before.
    fn stir(&mut self, at: SimTime, view: View<'_>) {
        let mut databases = std::mem::take(&mut self.databases);
        let places = self.memo.plan.network.commits.len();
        let rates: Vec<Rate> = (0..places).map(|place| self.commit_rate(place, at)).collect();
        for database in databases.iter_mut().flatten() {
            let mut why =
                |fact| self.places[view.oldest_cause([fact], &mut self.explanation).index()];
            database.settle(at, view, &rates, &mut why);
        }
        self.databases = databases;
    }

    /// Writes a second that a master takes, by place among those that take some.
    fn commit_rate(&self, place: usize, at: SimTime) -> Rate {
        let memo = &self.memo;
        let factors = &memo.factors[memo.cells[self.cell as usize].level as usize];
        let of = |(workload, of): (usize, &FluidWorkload)| {
            let rate = memo.curves[workload].rate(at).in_per_second() * factors[workload];
            rate * self.load.classes[of.class].commits[place]
        };
        let all = memo.plan.workloads.iter().enumerate().map(of).sum();
        Rate::per_second(all).unwrap_or(Rate::ZERO)
    }

    /// The oldest cause that explains one of these inputs.
    fn why(&mut self, inputs: &[u32], view: View<'_>) -> u32 {
        let facts = inputs.iter().filter_map(|input| self.facts[*input as usize]);
        self.places[view.oldest_cause(facts, &mut self.explanation).index()]
    }

    /// A stall is over.
    fn resume(&mut self, group: usize, at: SimTime) {
        let Some(stall) = self.stalls[group].take() else { return };
        let lasted = at.since(stall.since).seconds();
        if lasted <= 0.0 {
            return;
        }
        for (class, lost, waits) in self.stalled_so_far(group, &stall, lasted) {
            let row = &mut self.rows[class];
            row.lose(stall.cause as usize, lost);
            row.tally.late += waits;
            row.waiting += waits;
        }
    }

    /// What a stall that ends after `lasted` seconds costs: by class, views lost and views that wait.
    fn stalled_so_far(&self, group: usize, stall: &Stall, lasted: f64) -> Vec<(usize, f64, f64)> {
        let fluid = self.memo.plan;
        let members = &self.groups[group];
        let each = |place: usize| stall.views[place] / lasted;
        let held: f64 = stall.held.iter().map(|held| held / lasted).sum();
        let all: f64 = members
            .iter()
            .enumerate()
            .map(|(k, class)| each(k) * fluid.classes[*class].requests)
            .sum();
        let (workers, backlog) = fluid.classes[members[0]].room.unwrap_or((f64::INFINITY, 0.0));
        let held_up = if held > 0.0 { workers / held } else { f64::INFINITY };
        let full = if all > 0.0 { held_up + backlog / all } else { f64::INFINITY };
        let one = |(place, class): (usize, &usize)| {
            let patience = &fluid.classes[*class].patience;
            let rate = each(place);
            let share = if rate > 0.0 { stall.standing[place] / stall.views[place] } else { 0.0 };
            let (lost, waits) = stalled(patience, lasted, share, (held_up, full));
            (*class, lost * rate, waits * rate)
        };
        members.iter().enumerate().map(one).collect()
    }

    /// Accounts for everything up to `to`.
    fn account(&mut self, to: SimTime) {
        while self.from < to {
            let until = to.min(self.month).min(self.level_ends).min(self.age_ends);
            self.stretch(until);
            self.from = until;
            if until == self.month {
                self.end_month();
            }
            if until == self.level_ends && until < to {
                self.look_at_level();
                self.enter();
            }
            if until == self.age_ends {
                self.rows.iter_mut().for_each(|row| row.settled = false);
                self.grow_old();
                self.enter();
            }
        }
    }

    /// Views lost up to `at`, by class; those of a stall that is under way come with its end.
    pub fn lost_by(&mut self, at: SimTime) -> Vec<f64> {
        self.account(at);
        self.rows.iter().map(|row| row.tally.lost.iter().sum()).collect()
    }

    /// One stretch in one cell.
    fn stretch(&mut self, to: SimTime) {
        let (from, cell) = (self.from, self.cell);
        self.memo.spend(cell, from, to);
        let mut views = std::mem::take(&mut self.views);
        self.came(from, to, &mut views);
        for (group, stall) in self.stalls.iter_mut().enumerate() {
            let Some(stall) = stall else { continue };
            for (place, class) in self.groups[group].iter().enumerate() {
                let load = &self.load.classes[*class];
                stall.views[place] += views[*class];
                stall.standing[place] += views[*class] * load.stalls;
                stall.held[place] += views[*class] * load.held;
            }
        }
        for (class, came) in views.iter().copied().enumerate() {
            let fails = self.load.classes[class].fails;
            let row = &mut self.rows[class];
            row.tally.intended += came;
            row.month_intended += came;
            let mut carried = came;
            if fails > 0.0 {
                row.lose(row.cause as usize, came * fails);
            }
            let stands = self.load.classes[class].stalls;
            self.rows[class].shade(from, to, fails + stands);
            let over = self.memo.cells[cell as usize].over[class];
            if (over || self.rows[class].waiting > 0.0) && !self.stalled(class) {
                let lost = self.overload(class, to) * (1.0 - fails);
                let overload = self.rows[class].tally.lost.len() - 1;
                self.rows[class].lose(overload, lost);
                carried -= lost;
            }
            self.memo.cells[cell as usize].carried[class] += carried;
            let commits = &self.load.classes[class].commits;
            for database in self.databases.iter_mut().flatten() {
                database.carry(carried, commits);
            }
        }
        self.views = views;
    }

    fn stalled(&self, class: usize) -> bool {
        let group = self.groups.iter().position(|group| group.contains(&class));
        group.is_some_and(|group| self.stalls[group].is_some())
    }

    /// Views wanted, by class.
    fn came(&self, from: SimTime, to: SimTime, views: &mut Vec<f64>) {
        let memo = &self.memo;
        let level = memo.cells[self.cell as usize].level;
        let factors = &memo.factors[level as usize];
        views.clear();
        views.resize(self.rows.len(), 0.0);
        for (at, workload) in memo.plan.workloads.iter().enumerate() {
            views[workload.class] += memo.curves[at].between(from, to) * factors[at];
        }
    }

    /// Views of `class` that overload loses up to `to`: step by step until the wait has settled.
    fn overload(&mut self, class: usize, to: SimTime) -> f64 {
        let mut lost = 0.0;
        let mut at = self.from;
        let cell = &self.memo.cells[self.cell as usize];
        let (state, over) = (cell.state, cell.over[class]);
        while at < to && !self.rows[class].settled {
            let until = to.min(at + STEP);
            let seconds = until.since(at).seconds();
            let mut rates = Vec::new();
            self.came(at, until, &mut rates);
            rates.iter_mut().for_each(|rate| *rate /= seconds);
            let (noisy, plain, most) = self.memo.excess(state, class, &rates);
            let rate = rates[class];
            let capacity = match (plain > 0.0, most > 0.0) {
                (true, _) => rate * (1.0 - plain),
                (false, true) => rate / most,
                (false, false) => f64::INFINITY,
            };
            let of = &self.memo.plan.classes[class];
            let room = of.room.map_or(f64::INFINITY, |(w, b)| (w + b) / of.requests.max(1.0));
            let row = &mut self.rows[class];
            let before = lost;
            lost += line(row, &of.patience, (rate, capacity), (seconds, room));
            // Without patience the line is followed through the whole week.
            row.settled &= of.patience.ends() || !over;
            lost += rate * seconds * (noisy - plain).max(0.0);
            if lost - before >= BAD * rate * seconds {
                self.rows[class].shade(at, until, 1.0);
            }
            at = until;
        }
        if at < to && over {
            let [more, hours] = self.memo.lost_settled(self.cell, class, at, to);
            lost += more;
            self.rows[class].tally.bad_intervals += hours * HOUR_S / INTERVAL.seconds();
        }
        lost
    }

    fn end_month(&mut self) {
        self.month = self.month + MONTH;
        for (row, class) in self.rows.iter_mut().zip(&self.memo.plan.classes) {
            let lost = std::mem::take(&mut row.month_lost);
            let intended = std::mem::take(&mut row.month_intended);
            let share = if intended > 0.0 { lost / intended } else { 0.0 };
            row.tally.months += 1;
            row.tally.month_lost.record((share * SHARE).round() as u64);
            row.tally.month_sum += share;
            if class.available.is_some_and(|least| 1.0 - share >= least.get()) {
                row.tally.met += 1;
            }
        }
    }

    /// The horizon ends.
    #[must_use]
    pub fn close(mut self) -> TrafficTally {
        let end = self.end;
        self.account(end);
        for group in 0..self.groups.len() {
            self.resume(group, end);
        }
        self.rows.iter_mut().for_each(Row::end_interval);
        self.memo.unload();
        let seconds = end.seconds();
        let constant = self.memo.shared.state(self.memo.plan, &self.memo.plan.well());
        let busy =
            self.memo.work.iter().zip(constant.constant.iter()).zip(constant.capacity.iter());
        let busy = busy.map(|((work, probes), capacity)| work / seconds + probes / capacity);
        let causes = self.rows.first().map_or(0, |row| row.tally.lost.len());
        let none = || WritesTally { lost: vec![0.0; causes], ..WritesTally::default() };
        let writes = |group: Option<Group<'_>>| group.map_or_else(none, Group::tally);
        TrafficTally {
            busy: busy.collect(),
            classes: self.rows.into_iter().map(|row| row.tally).collect(),
            writes: self.databases.into_iter().map(writes).collect(),
        }
    }
}

impl Row {
    /// A share of the views is lost over a stretch of time.
    fn shade(&mut self, from: SimTime, to: SimTime, share: f64) {
        if share <= 0.0 {
            return;
        }
        let (step, from, to) = (INTERVAL.nanos(), from.nanos(), to.nanos());
        let (first, last) = (from / step, to / step);
        let mut add = |interval: u64, nanos: u64| {
            if interval != self.interval {
                self.end_interval();
                self.interval = interval;
            }
            self.interval_lost += share * nanos as f64;
        };
        if first == last {
            add(first, to - from);
            return;
        }
        add(first, (first + 1) * step - from);
        add(last, to - last * step);
        if share >= BAD {
            self.tally.bad_intervals += (last - first - 1) as f64;
        }
    }

    fn end_interval(&mut self) {
        if std::mem::take(&mut self.interval_lost) >= BAD * INTERVAL.nanos() as f64 {
            self.tally.bad_intervals += 1.0;
        }
    }

    fn lose(&mut self, cause: usize, views: f64) {
        self.tally.lost[cause] += views;
        self.month_lost += views;
    }
}

impl Listener for Live<'_, '_> {
    #[inline]
    fn fact(&mut self, at: SimTime, fact: FactId, value: bool, _: View<'_>) {
        let (read, watched) = (!self.readers[fact.index()].is_empty(), self.watched[fact.index()]);
        if !(read || watched) || at >= self.end {
            return;
        }
        if !(self.dirty || self.stirred) {
            self.account(at);
        }
        self.dirty |= read;
        self.stirred |= watched;
        for input in &self.readers[fact.index()] {
            set(&mut self.bits, *input as usize, value);
        }
    }

    #[inline]
    fn settled(&mut self, at: SimTime, view: View<'_>) {
        if std::mem::take(&mut self.stirred) {
            self.stir(at, view);
        }
        if self.dirty {
            self.change(at, view);
        }
    }
}

fn set(bits: &mut Bits, at: usize, value: bool) {
    let bit = 1 << (at % 64);
    if value {
        bits[at / 64] |= bit;
    } else {
        bits[at / 64] &= !bit;
    }
}

/// Seconds' worth of a rate that a stall of `lasted` seconds loses, and that wait at its end. Up to
/// `held_up` a share stands still, then all; from `full` on all are refused.
#[must_use]
pub fn stalled(
    patience: &Patience,
    lasted: f64,
    share: f64,
    (held_up, full): (f64, f64),
) -> (f64, f64) {
    let (a, b) = (held_up.min(lasted), full.min(lasted));
    // Who comes at u waits for `lasted` − u.
    let waits =
        |from: f64, to: f64| patience.waiting(lasted - from) - patience.waiting(lasted - to);
    let (some, all) = (waits(0.0, a), waits(a, b));
    let lost = share * (a - some) + ((b - a) - all) + (lasted - b);
    (lost.max(0.0), share * some + all)
}

/// A line of those who wait, over `seconds` at a constant rate; gives the views lost from it.
fn line(
    row: &mut Row,
    patience: &Patience,
    (rate, capacity): (f64, f64),
    (seconds, room): (f64, f64),
) -> f64 {
    let surplus = rate - capacity;
    if !patience.ends() {
        let line = (row.waiting + surplus * seconds).max(0.0);
        row.waiting = line.min(room);
        row.settled = surplus <= 0.0 && row.waiting <= 0.0;
        return line - row.waiting;
    }
    let scale = patience.law.as_ref().map_or(f64::INFINITY, Law::mean);
    let scale = patience.most.map_or(scale, |most| scale.min(most.seconds()));
    let most = patience.most.map_or(f64::INFINITY, |most| most.seconds() * capacity).min(room);
    let (mut left, mut lost) = (seconds, 0.0);
    while left > 0.0 {
        if surplus <= 0.0 && row.waiting <= 0.0 {
            (row.waiting, row.settled) = (0.0, true);
            return lost;
        }
        if row.waiting >= most && surplus > 0.0 {
            (row.waiting, row.settled) = (most, true);
            return lost + surplus * left;
        }
        let gone = if capacity > 0.0 { patience.gone(row.waiting / capacity) } else { 1.0 };
        let change = rate * (1.0 - gone) - capacity;
        if surplus > 0.0 && change.abs() <= 1e-3 * capacity {
            row.settled = true;
            return lost + surplus * left;
        }
        let step = (scale / 50.0).min(left);
        let line = (row.waiting + change * step).max(0.0);
        // Who is lost is who came and neither waits nor was served; the line's end is the bound.
        lost += rate * gone * step + (line - most).max(0.0);
        row.waiting = line.min(most);
        left -= step;
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::{BIN, BINS, Bins, LEAST_BIN, ln, value_of};

    #[test]
    fn a_bin_found_by_the_table_is_that_of_the_logarithm() {
        let table = Bins::get();
        let expected = |value: f64| match value < LEAST_BIN {
            true => 0,
            false => ((ln(value / LEAST_BIN) / ln(BIN)) as usize + 1).min(BINS - 1),
        };
        let mut value = LEAST_BIN / 2.0;
        while value < 100.0 {
            assert_eq!(table.of(value), expected(value), "{value}");
            value *= 1.000_37;
        }
        assert_eq!((table.of(0.0), table.of(f64::INFINITY)), (0, BINS - 1));
        assert!((1..BINS - 1).all(|bin| table.of(value_of(bin)) == bin));
    }
}
