//! States of the parts at levels of the rates, computed once and remembered: the losses in them, and the utilisation of
//! every resource.
//!
//! Holds: a state that is forgotten and computed again is the same; the thread that met a state first makes no
//! difference.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};

use super::HOUR_S;
use super::busy::{BINS, Bins, Busy};
use super::excess::{Excess, Spread, Way, combined};
use super::narrow;
use super::refusals::Refusals;
use super::stays::{MOST_SOJOURNS, Spent, Stay, by_cell};
use crate::convert::table;
use crate::model::power::HOURS_OF_DAY;
use crate::plan::fluid::state::{Bits, FlowLoad, StateLoad};
use crate::plan::fluid::{FluidPlan, HOUR_NS, HOURS, LEVEL, WEEK_NS};
use crate::units::SimTime;
use crate::workload::rate::RateCurve;

/// Maximum number of states and levels that one thread remembers at once.
pub const MOST_CELLS: usize = 4_096;
/// Maximum number of states shared by all threads.
const MOST_STATES: usize = 32_768;
/// Bytes of states that one thread remembers at most, and that all threads share at most; states of many servers are large.
const MOST_BYTES: usize = 256 << 20;
/// Number of states that are remembered however large they are.
const LEAST: usize = 64;

/// Returns the number of states of a plan, at most `most`, whose bytes are at most [`MOST_BYTES`]. A class has each branch that it
/// visits with the resources there.
fn within_bytes(plan: &FluidPlan, most: usize) -> usize {
    let branches: usize = plan.network.nodes.iter().map(|node| node.branches.len()).sum();
    let bytes = plan.flows() * branches * 64 + plan.network.resources.len() * 32;
    most.min((MOST_BYTES / bytes.max(1)).max(LEAST))
}
/// Share of the time below which a state counts in a quantile at its mean rate.
const RARE: f64 = 1e-3;

/// One state of the parts at one level of the rates.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) state: u32,
    pub(super) level: u32,
    /// Time spent there that is no longer among the stays.
    spent: Box<Spent>,
    /// True if a class may be overloaded in the busiest hour.
    pub(super) strained: bool,
    /// True per class if it may be overloaded; then, if its queue may grow.
    pub(super) over: Vec<bool>,
    pub(super) grows: Vec<bool>,
    /// True per class if its queue may grow without noise.
    pub(super) fills: Vec<bool>,
    /// Cumulated effect of overload per class, from Monday 00:00 to each hour; `None` while not needed.
    losing: Vec<Option<Vec<Losing>>>,
    /// Views carried in this replication, per class.
    pub(super) carried: Vec<f64>,
    /// Time spent there in this replication, s.
    pub(super) seconds: f64,
    /// True if it was entered in this replication.
    pub(super) touched: bool,
}

/// Expected over the noise: attempts lost to overload, hours in which these are at least 1 %, and attempts whose work was
/// wasted.
pub(super) type Losing = [f64; 3];

/// States that any replication has computed. They follow from the plan alone, so it makes no difference which was
/// first.
#[derive(Debug, Default)]
pub struct Known {
    held: Mutex<Held>,
    refusals: OnceLock<Vec<Option<Refusals>>>,
    usable: OnceLock<Vec<Vec<(u32, f64)>>>,
}

/// States, and their parts, each stored once: most states differ in few of them.
#[derive(Debug, Default)]
struct Held {
    states: BTreeMap<Bits, Arc<StateLoad>>,
    /// Parts by a hash of their content.
    flows: BTreeMap<u64, Vec<Arc<FlowLoad>>>,
    rows: BTreeMap<u64, Vec<Arc<[f64]>>>,
}

impl Held {
    /// Replaces `one` by the equal part that is stored, or stores it.
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
        for flow in &mut load.flows {
            let sticks = f64::from(u8::from(flow.sticks));
            let [fails, lacks, stuck] = [flow.fails, flow.lacks, flow.stuck];
            let heads = [fails, lacks, stuck, sticks, flow.unheard, flow.stalls, flow.held];
            let work = flow.work.iter().flat_map(|(at, work)| [u64::from(*at), work.to_bits()]);
            let hash = hash_of(heads.iter().map(|head| head.to_bits()).chain(work));
            Self::once(&mut self.flows, hash, flow);
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
    fn refusals(&self, plan: &FluidPlan) -> &[Option<Refusals>] {
        self.refusals.get_or_init(|| Refusals::all(plan))
    }

    fn usable(&self, plan: &FluidPlan) -> &[Vec<(u32, f64)>] {
        self.usable.get_or_init(|| narrow::all(plan))
    }

    pub(super) fn state(&self, plan: &FluidPlan, bits: &Bits) -> Arc<StateLoad> {
        let found = self.held.lock().ok().and_then(|held| held.states.get(bits).cloned());
        if let Some(found) = found {
            return found;
        }
        let made = plan.state(bits);
        match self.held.lock() {
            Ok(mut held) if held.states.len() < within_bytes(plan, MOST_STATES) => {
                held.insert(bits, made)
            }
            _ => Arc::new(made),
        }
    }
}

/// A state shared by threads. Each thread counts its own references, because a shared counter would make the threads
/// wait for each other.
#[derive(Debug)]
pub(super) struct Shared(pub(super) Arc<StateLoad>);

impl Deref for Shared {
    type Target = StateLoad;

    fn deref(&self) -> &StateLoad {
        &self.0
    }
}

/// Results that are computed once and used by every replication of a chunk.
pub struct Memo<'p> {
    pub(super) plan: &'p FluidPlan,
    pub(super) shared: &'p Known,
    most: usize,
    pub(super) curves: Vec<RateCurve>,
    /// True if replication lag is asked for.
    pub(super) lags: bool,
    /// Highest rate per workload.
    pub(super) peaks: Vec<f64>,
    /// Mean rate of each hour of the week, per workload.
    hours: Vec<Vec<f64>>,
    /// Time of the week at time zero.
    zero: u64,
    /// Highest hourly rate per workload.
    pub(super) tops: Vec<f64>,
    /// Standard deviation of the logarithm of its hourly noise per class, and the refusals by full queues.
    sigmas: Vec<f64>,
    /// Largest of these deviations, and the factor of that noise that occurs once in 30,000 hours.
    pub(super) loudest: (f64, f64),
    pub(super) refusals: &'p [Option<Refusals>],
    /// Resources of which the workers of a class cannot use all, and the share that they can use.
    pub(super) usable: &'p [Vec<(u32, f64)>],
    states: BTreeMap<Bits, u32>,
    pub(super) loads: Vec<Rc<Shared>>,
    /// Noise per state and resource, where it was needed.
    spreads: Vec<Vec<Option<Spread>>>,
    /// Attempts per view by workload, per state.
    pub(super) tries: Vec<Vec<f64>>,
    /// Share of the highest rates up to which a class is not overloaded, per state and class, where it was needed.
    pub(super) calm: Vec<Vec<Option<f64>>>,
    levels: BTreeMap<Vec<i32>, u32>,
    pub(super) factors: Vec<Vec<f64>>,
    known: BTreeMap<(u32, u32), u32>,
    /// Cells by a hash of bits and level, the last one met for each: found without a search. The choice affects only
    /// the run time.
    recent: Vec<Option<Recent>>,
    pub(super) cells: Vec<Cell>,
    /// Forgotten cells, empty.
    spare: Vec<Cell>,
    pub(super) touched: Vec<u32>,
    stays: Vec<Stay>,
    busy: Busy,
    /// Utilisation times seconds per resource, in the present replication.
    pub(super) work: Vec<f64>,
    /// Kept for their allocation.
    ways: Vec<Way>,
    used: Vec<f64>,
}

impl<'p> Memo<'p> {
    /// Creates an empty memo.
    #[must_use]
    pub fn new(plan: &'p FluidPlan, shared: &'p Known) -> Self {
        Self::with_room(plan, shared, within_bytes(plan, MOST_CELLS))
    }

    /// Creates an empty memo that remembers at most `most` states.
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
            lags: false,
            peaks: curves.iter().map(|curve| curve.peak().0.in_per_second()).collect(),
            curves,
            hours,
            zero,
            tops,
            sigmas: Vec::new(),
            loudest: (0.0, 1.0),
            refusals: shared.refusals(plan),
            usable: shared.usable(plan),
            states: BTreeMap::new(),
            loads: Vec::new(),
            spreads: Vec::new(),
            tries: Vec::new(),
            calm: Vec::new(),
            levels: BTreeMap::new(),
            factors: Vec::new(),
            known: BTreeMap::new(),
            recent: vec![None; RECENT],
            cells: Vec::new(),
            spare: Vec::new(),
            touched: Vec::new(),
            stays: Vec::new(),
            busy: Busy {
                hours: vec![vec![0.0; resources]; HOURS],
                time: vec![0.0; HOURS],
                bins: vec![vec![0.0; BINS]; resources],
                energy: vec![[0.0; HOURS_OF_DAY]; plan.power.processors.len()],
                sigma: Vec::new(),
            },
            work: vec![0.0; resources],
            ways: Vec::new(),
            used: Vec::new(),
        };
        memo.sigmas = (0..plan.classes.len()).map(|class| memo.sigma_of(class)).collect();
        let sigma = memo.sigmas.iter().copied().fold(0.0, f64::max);
        memo.loudest = (sigma, libm::exp(4.0 * sigma));
        let load = shared.state(plan, &plan.well());
        memo.busy.sigma = (0..resources).map(|at| memo.sigma_at(&load, at)).collect();
        memo
    }

    /// Makes trajectories compute the replication lag.
    #[must_use]
    pub fn with_lags(self) -> Self {
        Self { lags: true, ..self }
    }

    /// Returns the number of states and levels that it remembers.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.cells.len()
    }

    fn mean_rate(&self, workload: usize) -> f64 {
        self.hours[workload].iter().sum::<f64>() / HOURS as f64
    }

    /// Returns the deviation of a class's noise: for independent noises, the variances of the contributions add.
    fn sigma_of(&self, class: usize) -> f64 {
        let of = self.plan.workloads.iter().enumerate().filter(|(_, w)| w.class == class);
        let parts: Vec<(f64, f64)> = of.map(|(at, w)| (self.mean_rate(at), w.sigma)).collect();
        combined(&parts)
    }

    fn sigma_at(&self, load: &StateLoad, resource: usize) -> f64 {
        let mut parts = vec![(load.constant[resource], 0.0)];
        for (class, sigma) in self.sigmas.iter().enumerate() {
            let of = self.plan.workloads.iter().enumerate().filter(|(_, w)| w.class == class);
            let rate: f64 = of.map(|(w, _)| self.mean_rate(w)).sum();
            parts.push((rate * load.work(class, table::u32(resource)), *sigma));
        }
        combined(&parts)
    }

    /// Returns [`Self::sigma_at`], computed once per state.
    fn spread(&mut self, state: u32, load: &StateLoad, resource: usize) -> Spread {
        if let Some(Some(known)) = self.spreads[state as usize].get(resource) {
            return *known;
        }
        let spread = Spread::of(self.sigma_at(load, resource));
        let spreads = &mut self.spreads[state as usize];
        spreads.resize(load.constant.len(), None);
        spreads[resource] = Some(spread);
        spread
    }

    /// Returns the rates by flow in an hour of the week, in a state at a level: those of attempts, first ones and retries.
    fn rates(&self, state: u32, level: u32, hour: usize) -> Vec<f64> {
        let mut rates = Vec::new();
        self.rates_into((state, level), hour, &mut rates);
        self.loads[state as usize].publish(&mut rates);
        rates
    }

    fn rates_into(&self, at: (u32, u32), hour: usize, rates: &mut Vec<f64>) {
        self.attempts(at, |workload| self.hours[workload][hour], rates);
    }

    fn state(&mut self, bits: &Bits) -> u32 {
        if let Some(known) = self.states.get(bits) {
            return *known;
        }
        let load = self.shared.state(self.plan, bits);
        let at = table::u32(self.loads.len());
        self.spreads.push(Vec::new());
        self.tries.push(self.tries_in(&load));
        self.calm.push(vec![None; self.plan.classes.len()]);
        self.loads.push(Rc::new(Shared(load)));
        self.states.insert(bits.clone(), at);
        at
    }

    fn level(&mut self, key: &[i32]) -> u32 {
        if let Some(known) = self.levels.get(key) {
            return *known;
        }
        let at = table::u32(self.factors.len());
        let factor = |step: &i32| match *step {
            i32::MIN => 0.0,
            step => libm::pow(LEVEL, f64::from(step)),
        };
        self.factors.push(key.iter().map(factor).collect());
        self.levels.insert(key.to_vec(), at);
        at
    }

    pub(super) fn cell(&mut self, bits: &Bits, level: &[i32]) -> u32 {
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
        let flows = self.plan.flows();
        // All at their highest at once, with the noise that occurs once in 30,000 hours.
        let highest = self.highest((state, level), &self.tops);
        let top = self.loads[state as usize].utilization(&highest);
        let (most, busiest) = self.busiest((state, level));
        let spare = self.spare.pop();
        let load = &self.loads[state as usize];
        let grows = |flow: usize| match load.messages().contains(&flow) {
            true => [self.may_wait(load, flow, (&most, &busiest)); 2],
            false => self.may_grow(load, flow, (&highest, &top)),
        };
        let refused = |class: usize| self.may_refuse(load, class, (&highest, &top));
        let mut cell = spare.unwrap_or_else(|| Cell {
            state,
            level,
            spent: Box::new(Spent::NONE),
            strained: false,
            over: Vec::new(),
            grows: Vec::new(),
            fills: Vec::new(),
            losing: Vec::new(),
            carried: vec![0.0; flows],
            seconds: 0.0,
            touched: false,
        });
        (cell.state, cell.level) = (state, level);
        cell.grows.clear();
        cell.fills.clear();
        for [fills, noisy] in (0..flows).map(grows) {
            cell.fills.push(fills);
            cell.grows.push(noisy);
        }
        cell.over.clear();
        cell.over.extend((0..flows).map(|flow| cell.grows[flow] || refused(flow)));
        cell.strained = cell.over.contains(&true);
        if cell.strained {
            cell.losing.resize(flows, None);
        }
        let at = table::u32(self.cells.len());
        self.cells.push(cell);
        self.known.insert((state, level), at);
        at
    }

    /// Returns the excess of `class` at these rates.
    pub(super) fn excess(&mut self, state: u32, class: usize, rates: &[f64]) -> Excess {
        let load = Rc::clone(&self.loads[state as usize]);
        let mut used = std::mem::take(&mut self.used);
        load.utilization_into(rates, &mut used);
        self.narrow(&load, class, rates, &mut used);
        let mut all = Excess::default();
        let mut ways = std::mem::take(&mut self.ways);
        let resources = &self.plan.network.resources;
        for stage in load.flows[class].stages.iter().filter(|stage| stage.waits) {
            ways.clear();
            let mut held = true;
            for (share, uses) in &stage.ways {
                let at =
                    uses.iter().max_by(|a, b| used[**a as usize].total_cmp(&used[**b as usize]));
                let Some(at) = at.map(|at| *at as usize) else { continue };
                ways.push((used[at], *share, self.spread(state, &load, at)));
                held &= resources[at].holds_a_worker;
            }
            let refusals =
                self.refusals_of(class).filter(|_| held).map(|of| (of, of.arrive(rates)));
            all.meet(&mut ways, refusals, stage.reach);
        }
        (self.ways, self.used) = (ways, used);
        // Work for lost views is done where there is capacity left on all of their way.
        let left = (1.0 / all.most.max(1.0) - (1.0 - all.noisy)).max(0.0);
        all.wasted = all.wasted.min(left);
        all
    }

    /// Returns the cumulated effect of settled overload on `class` in a cell, from Monday 00:00 to each hour.
    fn losing(&mut self, cell: u32, class: usize) -> &[Losing] {
        let Cell { state, level, ref losing, .. } = self.cells[cell as usize];
        if losing[class].is_none() {
            let mut sums = vec![[0.0; 3]; HOURS + 1];
            for hour in 0..HOURS {
                let rates = self.rates(state, level, hour);
                let excess = self.excess(state, class, &rates);
                let each = rates[class] * HOUR_S;
                let [lost, bad, wasted] = sums[hour];
                let (noisy, vain) = (each * excess.noisy, each * excess.wasted);
                sums[hour + 1] = [lost + noisy, bad + excess.bad, wasted + vain];
            }
            self.cells[cell as usize].losing[class] = Some(sums);
        }
        self.cells[cell as usize].losing[class].as_deref().expect("it was just made")
    }

    pub(super) fn calendar(&self, at: SimTime) -> u64 {
        at.nanos().saturating_add(self.zero)
    }

    /// Returns the effect of settled overload over an interval.
    pub(super) fn lost_settled(
        &mut self,
        cell: u32,
        class: usize,
        from: SimTime,
        to: SimTime,
    ) -> Losing {
        let (from, to) = (self.calendar(from), self.calendar(to));
        let sums = self.losing(cell, class);
        let upto = |at: u64, of: usize| {
            let (weeks, rest) = (at / WEEK_NS, at % WEEK_NS);
            let hour = (rest / HOUR_NS) as usize;
            let part = (rest % HOUR_NS) as f64 / HOUR_NS as f64;
            let within = sums[hour][of] + (sums[hour + 1][of] - sums[hour][of]) * part;
            (weeks, within)
        };
        [0, 1, 2].map(|of| {
            let ((w0, a), (w1, b)) = (upto(from, of), upto(to, of));
            ((w1 - w0) as f64 * sums[HOURS][of] + (b - a)).max(0.0)
        })
    }

    /// Records that a cell was occupied over an interval.
    pub(super) fn spend(&mut self, cell: u32, from: SimTime, to: SimTime) {
        if self.stays.len() >= MOST_SOJOURNS {
            self.put_sojourns();
        }
        let (from, to) = (self.calendar(from), self.calendar(to));
        self.stays.push(Stay { cell, from, to });
    }

    /// Moves the recorded intervals to their cells.
    fn put_sojourns(&mut self) {
        let stays = by_cell(&mut self.stays);
        for (at, cell) in self.cells.iter_mut().enumerate() {
            stays.of(at).iter().for_each(|(from, to)| cell.spent.add(*from, *to));
        }
    }

    /// Adds the time spent to utilisation by hour and bin, and clears it.
    fn fold(&mut self) {
        self.put_sojourns();
        let sum = |time: &[f64; HOURS]| time.iter().sum::<f64>();
        let all: f64 = self.cells.iter().map(|cell| sum(&cell.spent.seconds())).sum();
        let (mut rates, mut used) = (Vec::new(), Vec::new());
        let table = Bins::get();
        let mut mean = vec![0.0; self.busy.bins.len()];
        for at in 0..self.cells.len() {
            let time = std::mem::replace(&mut *self.cells[at].spent, Spent::NONE).seconds();
            let spent = sum(&time);
            if spent <= 0.0 {
                continue;
            }
            let (state, level) = (self.cells[at].state, self.cells[at].level);
            let over = self.cells[at].strained;
            // With drawn noise most cells are rare, but together they are not.
            let rare = spent < RARE * all && !self.plan.is_drawn();
            mean.fill(0.0);
            for hour in (0..HOURS).filter(|hour| time[*hour] > 0.0) {
                self.rates_into((state, level), hour, &mut rates);
                if over {
                    let mut offered = rates.clone();
                    self.loads[state as usize].publish(&mut offered);
                    for (class, rate) in rates.iter_mut().enumerate() {
                        let excess = self.excess(state, class, &offered);
                        *rate *= 1.0 - excess.noisy + excess.wasted;
                    }
                }
                self.loads[state as usize].publish(&mut rates);
                self.loads[state as usize].utilization_into(&rates, &mut used);
                // Views of a class are lost evenly on all their ways, also where some are full and others are not.
                used.iter_mut().for_each(|used| *used = used.min(1.0));
                self.busy.time[hour] += time[hour];
                let load = &self.loads[state as usize];
                self.busy.draw(&self.plan.power, load, &used, hour, time[hour]);
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
        }
    }

    /// Adds the views carried in this replication to its utilisation.
    pub(super) fn unload(&mut self) {
        for at in std::mem::take(&mut self.touched) {
            let cell = &mut self.cells[at as usize];
            cell.touched = false;
            let load = &self.loads[cell.state as usize];
            let seconds = std::mem::take(&mut cell.seconds);
            let probes = load.constant.iter().zip(load.capacity.iter()).zip(&mut self.work);
            for ((probes, capacity), work) in probes.filter(|((probes, _), _)| **probes > 0.0) {
                *work += seconds * probes / capacity;
            }
            for (class, carried) in load.flows.iter().zip(&mut cell.carried) {
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
        self.tries.clear();
        self.calm.clear();
        self.known.clear();
        self.levels.clear();
        self.factors.clear();
        self.recent.fill(None);
        // All their content is accounted for; the allocations are reused.
        for mut cell in self.cells.drain(..) {
            cell.losing.fill(None);
            self.spare.push(cell);
        }
    }

    /// Returns the observations of all replications so far on the resources.
    #[must_use]
    pub fn busy(&mut self) -> Busy {
        self.fold();
        self.busy.clone()
    }
}

/// Number of places for cells found without a search.
const RECENT: usize = 1 << 12;

/// A cell that was met.
#[derive(Clone, Debug)]
struct Recent {
    bits: Bits,
    level: Vec<i32>,
    cell: u32,
}

/// Returns the place for a state and a level.
fn place_of(bits: &Bits, level: &[i32]) -> usize {
    let words =
        bits.iter().copied().chain(level.iter().map(|step| i64::from(*step).cast_unsigned()));
    (hash_of(words) >> 52) as usize % RECENT
}

/// Returns a hash by multiplying and folding, as Knuth's multiplicative hash.
fn hash_of(words: impl Iterator<Item = u64>) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    words.fold(0, |hash: u64, word| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR))
}
