//! Traffic over the horizon as a fluid: losses, late views and the load of every resource, from one change of the
//! parts' state to the next, without requests.
//!
//! Takes a [`FluidPlan`](crate::plan::fluid::FluidPlan) and observes the trajectory of the health kernel. Returns, for
//! every class, the intended and lost page views by cause, over the horizon and per month, and the utilisation of every
//! resource.
//!
//! Model, for one class at rate λ in one state of the parts:
//! - A share of the views *fails* at once: a component that they need has failed, or its failure is not yet detected by
//!   the component that forwards to it. The cause is the oldest that explains one of these.
//! - A share is *stalled*. Over a stall of length t, λ∫₀ᵗ(1 − F(s))ds of it still wait at the end and are served late;
//!   the rest has abandoned (F: patience, and what counts as lost anyway). Every stalled request holds a worker. When
//!   all workers are held, every class that enters by the same services waits with them; when the queue is full too,
//!   all requests are refused.
//! - A user whose view fails may retry, and one whose view is lost ends the session (`users`). Retries are additional
//!   work; views that are never requested are not.
//! - *Overload*: of members that share the requests, one that is offered λ' and has capacity C serves C. Users leave the
//!   queue of a balancer: the wait w follows w' = λ(1 − F(w))/C − 1 from a change of state on until it is settled, F(w) = 1 −
//!   C/λ; then 1 − C/λ of the attempts is lost, with the views that they would have served (`line`). They stay in the queue
//!   of a service, whose work for them is lost too (`refusals::abandoned`). Without patience the queue grows and nothing is lost
//!   before it is full. Where it may be full, single requests are refused before the average load reaches the limit
//!   (`refusals`). Workers that wait at one of several disks leave the others idle (`narrow`).
//! - *Messages* are flows of their own, at the rate at which views publish them. They wait and cost no view, unless a full queue
//!   refuses them (`messages`).
//! - Work for which no view waits fills resources, and loses no view by itself.
//!
//! Quiet time is never stepped through: views are the integral of the rate, settled overload is the sum over the week's
//! hours, and the time in a state is kept by hour of the week. Only stalls, and the time right after a change in
//! overload, are taken in small steps; so are queues of messages until they are empty and, if replication lag is asked
//! for, the hours in which a replica may lag.
//!
//! Holds: lost views by cause sum to the total, up to rounding; memory does not grow with the horizon. States met are
//! remembered up to [`MOST_CELLS`], then forgotten. That affects only the order of summation and which states count as
//! rare in a p95 of utilisation (some 1e-4 of it).
//! Leaves out: work that continues for users who have abandoned inside a balancer's limits; the drift of the wait within a settled overload, as
//! the rate rises and falls: in total less than one patience's worth of views.

mod buffers;
mod busy;
mod calm;
mod causes;
mod commits;
mod excess;
mod lag;
mod levels;
mod line;
mod memo;
mod memories;
mod messages;
mod narrow;
pub mod reading;
mod refusals;
mod restored;
mod row;
pub mod scaling;
pub mod stalls;
mod stays;
mod together;
mod users;

use std::rc::Rc;

use crate::convert::{nearest, table};
use crate::engine::draw::{Lineage, Seed};
use crate::health::{Explanation, FactId, Listener, Moved, View};
use crate::observe::histogram::Histogram;
use crate::plan::availability::{AvailabilityNet, AvailabilityPlan};
use crate::plan::fluid::copies::Copies;
use crate::plan::fluid::state::{AGE_BITS, AGES, Bits};
use crate::plan::fluid::{FluidWorkload, HOUR_NS};
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::varying::Varying;

pub use busy::Busy;
use commits::Group;
pub use commits::WritesTally;
pub use lag::LagTally;
use memo::Shared;
pub use memo::{Known, MOST_CELLS, Memo};
use messages::Refused;
use restored::Restored;
pub use restored::RestoredTally;
use row::{Row, interval_end};
use scaling::{ScalerTally, Scalers};
use stalls::Stall;
use together::{Bad, union};
use users::{Crowd, Fails, Passed};

/// A twelfth of a year.
pub const MONTH: SimDuration = SimDuration::from_secs(730 * 3_600);
/// Intervals of which the objective availability is a share.
pub const INTERVAL: SimDuration = SimDuration::from_secs(300);
/// Lost share of the views from which an interval is bad.
pub const BAD: f64 = 0.01;
/// Number of parts in which shares of views are counted.
pub const SHARE: f64 = 1e9;
/// Step of the rate around changes.
const STEP: SimDuration = SimDuration::from_secs(300);
const HOUR_S: f64 = 3_600.0;
/// Time after a change in which departed users are followed, to the end of its 5-minute interval: several times what their number
/// takes to settle, with think times of a minute or two.
const FOLLOWED: SimDuration = SimDuration::from_secs(25 * 60);

/// Results of one replication for one class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassTally {
    /// Intended views.
    pub intended: f64,
    /// Views lost, by cause of the plan; the last is overload.
    pub lost: Vec<f64>,
    /// Views never requested: the session had ended with a lost one.
    pub never_born: f64,
    /// Views served after a stall that their users waited out, or at a retry.
    pub late: f64,
    /// 5-minute intervals in which at least 1 % of the views are lost or stalled; where overload loses them, the
    /// expected number over the noise.
    pub bad_intervals: f64,
    /// Whole months.
    pub months: u32,
    /// Months in which the objective's share was served.
    pub met: u32,
    /// Lost shares of whole months, in parts of [`SHARE`].
    pub month_lost: Histogram,
    /// The sum of these shares.
    pub month_sum: f64,
}

/// Traffic results of one replication.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrafficTally {
    /// Results per requested class.
    pub classes: Vec<ClassTally>,
    /// 5-minute intervals that are bad for at least one class.
    pub bad_intervals: f64,
    /// Mean utilisation over the horizon, per resource.
    pub busy: Vec<f64>,
    /// Failovers per database in which a replica may become primary.
    pub writes: Vec<WritesTally>,
    /// Restores per database that loses data to faults.
    pub restored: Vec<RestoredTally>,
    /// Members per autoscaler.
    pub scaled: Vec<ScalerTally>,
}

/// Traffic in one trajectory.
pub struct Live<'m, 'p> {
    memo: &'m mut Memo<'p>,
    /// Inputs that read each system-level fact.
    readers: Vec<Vec<u32>>,
    facts: Vec<Option<FactId>>,
    /// Mapping from causes of the net to those of the plan.
    places: &'p [u32],
    bits: Bits,
    dirty: bool,
    /// Databases; then, per system-level fact, whether one of them reads it.
    databases: Vec<Option<Group<'p>>>,
    watched: Vec<bool>,
    /// True if one of these facts has changed.
    stirred: bool,
    /// Databases that faults corrupt.
    restored: Restored,
    scalers: Scalers<'p>,
    /// Factors on the planned rates, per workload.
    varying: Vec<Option<Varying>>,
    level: Vec<i32>,
    level_ends: SimTime,
    cell: u32,
    /// Loads in that cell's state.
    load: Rc<Shared>,
    /// Views of an interval: potential views by workload and by class; per view, attempts and the views that these serve unless
    /// overload loses them; and views carried.
    came: Vec<f64>,
    views: Vec<f64>,
    tries: Vec<f64>,
    serves: Vec<f64>,
    carried: Vec<f64>,
    /// Users per workload.
    crowds: Vec<Crowd<'p>>,
    /// End of the 5-minute intervals that are accounted separately, to follow departed users; and whether the present one is.
    follow: SimTime,
    following: bool,
    from: SimTime,
    month: SimTime,
    /// Per flow: the classes, then the messages.
    rows: Vec<Row>,
    /// Messages done in the present interval if some wait, per flow of messages; and what full queues refuse.
    done: Vec<f64>,
    refused: Vec<Refused>,
    /// Intervals that were bad for at least one class.
    bad: f64,
    /// Groups of classes that enter by the same services.
    groups: Vec<Vec<usize>>,
    stalls: Vec<Option<Stall>>,
    /// Start of the present silence of the origin, per CDN; `None` while an origin answers.
    silent: Vec<Option<SimTime>>,
    buffers: Vec<buffers::BufferAge>,
    memories: Vec<memories::Filling>,
    /// Instant at which the content of one of them, of a buffer or of an edge reaches the next age or step.
    age_ends: SimTime,
    explanation: Explanation,
    end: SimTime,
    /// Checked while a long queue is followed: if true, the replication is abandoned.
    told_to_stop: Option<&'m dyn Fn() -> bool>,
    /// True once it is abandoned: nothing more is accounted for.
    stopped: bool,
}

/// Slices of [`STEP`] of a queue between two checks whether to stop.
const SLICES: u32 = 1 << 12;

impl<'m, 'p> Live<'m, 'p> {
    /// Starts the traffic of `net` at time zero.
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
            readers[fact.index()].push(table::u32(at));
            set(&mut bits, at, view.fact(*fact));
        }
        let (seed, lineage): (Seed, Lineage) = (plan.seed, Lineage::replication(replication));
        let of = (seed, lineage);
        let varying = |w: &FluidWorkload| Varying::new(&w.traffic, of, &w.name, fluid.is_drawn());
        let causes = plan.causes.len() + 1;
        let databases = Group::all(fluid, &load.copies, (seed, lineage), causes, view);
        let mut watched = vec![false; readers.len()];
        for fact in databases.iter().flatten().flat_map(Group::facts) {
            watched[fact.index()] = true;
        }
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
            load: Rc::new(Shared(memo.shared.state(fluid, &bits))),
            bits,
            dirty: true,
            databases,
            watched,
            stirred: false,
            restored: Restored::new(plan, net, lineage),
            scalers: Scalers::new(fluid, &load.scaled, (seed, lineage), view),
            varying: fluid.workloads.iter().map(varying).collect(),
            level: vec![0; fluid.workloads.len()],
            level_ends: SimTime::ZERO,
            cell: 0,
            came: Vec::new(),
            views: Vec::new(),
            tries: Vec::new(),
            serves: Vec::new(),
            carried: Vec::new(),
            crowds: fluid.workloads.iter().map(|workload| Crowd::new(&workload.users)).collect(),
            follow: SimTime::ZERO,
            following: false,
            from: SimTime::ZERO,
            month: SimTime::ZERO + MONTH,
            rows: (0..fluid.flows()).map(|_| Row::of(causes)).collect(),
            done: Vec::new(),
            refused: Vec::new(),
            bad: 0.0,
            stalls: vec![None; groups.len()],
            silent: vec![None; fluid.network.lives.len()],
            buffers: Vec::new(),
            memories: memories::all(fluid),
            age_ends: SimTime::NEVER,
            groups,
            explanation: Explanation::default(),
            end: SimTime::ZERO + plan.horizon,
            told_to_stop: None,
            stopped: false,
            memo,
        };
        live.buffers = buffers::all(&live.load);
        live.look_at_level();
        live.change(SimTime::ZERO, view);
        Some(live)
    }

    /// Stops following a queue once `told_to_stop` is true: the tally is then invalid.
    #[must_use]
    pub fn unless(self, told_to_stop: &'m dyn Fn() -> bool) -> Self {
        Self { told_to_stop: Some(told_to_stop), ..self }
    }

    /// Enters the cell of the present state and level.
    fn enter(&mut self) {
        loop {
            self.enter_cell();
            if !self.hear() {
                break;
            }
        }
        self.age_ends = self.age_ends.min(self.pace());
    }

    /// Updates the CDNs whose origin has become silent or answers again; returns whether there are any.
    fn hear(&mut self) -> bool {
        let mut heard = buffers::change(&mut self.buffers, &self.load, self.memo.plan, self.from);
        for cdn in 0..self.silent.len() {
            let silent = self.load.silent[cdn];
            if self.silent[cdn].is_some() != silent {
                self.silent[cdn] = silent.then_some(self.from);
                heard = true;
            }
        }
        heard |= self.refill();
        if heard {
            self.grow_old();
        }
        heard
    }

    /// Updates the age of the content at the edges, that of buffers, and the steps of memories.
    fn grow_old(&mut self) {
        let plan = self.memo.plan;
        self.fill();
        self.age_ends = buffers::grow_old(&mut self.buffers, plan, self.from, &mut self.bits);
        for cdn in 0..self.silent.len() {
            let step = plan.network.lives[cdn].nanos() / u64::from(AGES);
            let age = match self.silent[cdn] {
                None => 0,
                Some(_) if step == 0 => AGES + 1,
                Some(since) => {
                    let steps = self.from.since(since).nanos() / step;
                    let steps = u32::try_from(steps).unwrap_or(AGES).min(AGES);
                    if steps < AGES {
                        let ends = SimDuration::from_nanos(u64::from(steps + 1) * step);
                        self.age_ends = self.age_ends.min(since + ends);
                    }
                    steps + 1
                }
            };
            set_age(&mut self.bits, plan.age_at(cdn), age);
        }
    }

    fn enter_cell(&mut self) {
        self.cell = self.memo.cell(&self.bits, &self.level);
        let cell = &mut self.memo.cells[self.cell as usize];
        let state = cell.state;
        if !std::mem::replace(&mut cell.touched, true) {
            self.memo.touched.push(self.cell);
        }
        self.load = Rc::clone(&self.memo.loads[state as usize]);
    }

    fn change(&mut self, at: SimTime, view: View<'_>) {
        self.dirty = false;
        let troubled = self.is_troubled();
        let before = Rc::clone(&self.load);
        self.enter();
        if troubled || self.is_troubled() {
            self.follow = interval_end(at + FOLLOWED);
        }
        let load = Rc::clone(&self.load);
        for (class, load) in load.flows.iter().enumerate() {
            self.rows[class].settled = false;
            self.attribute(class, load, view);
        }
        self.stall_or_resume(at, view, &before);
    }

    /// Updates the databases after a change of role or replication; the traffic is that before the change.
    fn stir(&mut self, at: SimTime, view: View<'_>) {
        let mut databases = std::mem::take(&mut self.databases);
        let places = self.memo.plan.network.commits.len();
        let now = |workload: usize| self.memo.curves[workload].rate(at).in_per_second();
        let rates: Vec<Rate> = (0..places).map(|place| self.commit_rate(place, now)).collect();
        for database in databases.iter_mut().flatten() {
            let mut why =
                |fact| self.places[view.oldest_cause([fact], &mut self.explanation).index()];
            database.settle(at, view, &rates, &mut why);
        }
        self.databases = databases;
    }

    /// Returns the writes per second that a primary takes, by place among those that take some. `asks` returns the rate
    /// of a workload at level 1, per second.
    fn commit_rate(&self, place: usize, asks: impl Fn(usize) -> f64) -> Rate {
        let memo = &self.memo;
        let factors = &memo.factors[memo.cells[self.cell as usize].level as usize];
        let of = |(workload, of): (usize, &FluidWorkload)| {
            asks(workload) * factors[workload] * self.load.commits(of.class, place)
        };
        let all = memo.plan.workloads.iter().enumerate().map(of).sum();
        Rate::per_second(all).unwrap_or(Rate::ZERO)
    }

    /// Returns the oldest cause that explains one of these inputs.
    fn why(&mut self, inputs: &[u32], view: View<'_>) -> u32 {
        let facts = inputs.iter().filter_map(|input| self.facts[*input as usize]);
        self.places[view.oldest_cause(facts, &mut self.explanation).index()]
    }

    /// Accounts for everything up to `to`.
    fn account(&mut self, to: SimTime) {
        self.scalers.wake(to);
        while self.from < to {
            if self.stopped {
                self.from = to;
                return;
            }
            let until = to.min(self.month).min(self.level_ends).min(self.age_ends);
            let until = until.min(self.interval_ends());
            let interval = self.from.nanos() / INTERVAL.nanos();
            self.rows.iter_mut().for_each(|row| row.enter_interval(interval));
            self.gather();
            self.stretch(until);
            self.from = until;
            if until == self.month {
                self.end_month();
            }
            if until == self.level_ends && until < to {
                self.level_turns();
            }
            if until == self.age_ends {
                self.rows.iter_mut().for_each(|row| row.settled = false);
                self.grow_old();
                self.enter();
                self.follow = interval_end(until + FOLLOWED);
                self.divide_again();
            }
        }
    }

    /// Takes the intervals that are over for all classes.
    fn gather(&mut self) {
        if self.rows.iter().any(|row| !row.ended.is_empty()) {
            let mut ended: Vec<Bad> =
                self.rows.iter_mut().flat_map(|row| row.ended.drain(..)).collect();
            self.bad += union(&mut ended);
        }
    }

    /// Returns the views lost up to `at`, by class; those of a stall in progress are added at its end.
    pub fn lost_by(&mut self, at: SimTime) -> Vec<f64> {
        self.account(at);
        self.views_rows().iter().map(|row| row.tally.lost.iter().sum()).collect()
    }

    /// Returns whether many views fail or stall whose users may leave.
    fn is_troubled(&self) -> bool {
        let many = |of: &FluidWorkload| {
            let load = &self.load.flows[of.class];
            of.users.session.is_some() && load.fails + load.stalls >= BAD
        };
        self.memo.plan.workloads.iter().any(many)
    }

    /// Returns the end of the present 5-minute interval while many users have departed and their number changes.
    fn interval_ends(&mut self) -> SimTime {
        self.following = false;
        if self.from >= self.follow {
            return SimTime::NEVER;
        }
        let away = |crowd: &Crowd<'_>| crowd.share_gone() >= BAD;
        if !self.is_troubled() && !self.crowds.iter().any(away) {
            self.follow = SimTime::ZERO;
            return SimTime::NEVER;
        }
        self.following = true;
        interval_end(self.from)
    }

    /// Accounts for one interval in one cell.
    fn stretch(&mut self, to: SimTime) {
        let (from, cell) = (self.from, self.cell);
        let seconds = to.since(from).seconds();
        self.memo.spend(cell, from, to);
        self.memo.cells[cell as usize].seconds += seconds;
        let mut came = std::mem::take(&mut self.came);
        let mut views = std::mem::take(&mut self.views);
        self.came(from, to, &mut came, &mut views);
        let mut all_carried = std::mem::take(&mut self.carried);
        all_carried.clear();
        self.stand(&came, &views);
        self.try_again(&came, &views, seconds);
        let strained = self.memo.cells[cell as usize].strained;
        let most = strained.then(|| self.most_until(to)).flatten();
        let mut waited = self.waiting();
        self.queue_up(to);
        for (class, wanted) in views.iter().copied().enumerate().take(self.load.messages().start) {
            let fails = self.load.flows[class].fails;
            let row = &mut self.rows[class];
            row.tally.intended += wanted;
            row.month_intended += wanted;
            let over = self.memo.cells[cell as usize].over[class];
            let over = over && !most.as_ref().is_some_and(|most| self.is_calm(class, most));
            let stalled = self.stalled(class);
            let tries_fail = Fails::of(&self.load.flows[class]);
            let strained = (over || self.rows[class].waiting > 0.0) && !stalled;
            let queued = strained.then(|| self.strain(class, to, wanted, &came));
            let mut over = queued.map(|queued| queued.over).unwrap_or_default();
            let refused = if stalled { 0.0 } else { self.refused(class) };
            let kept = over.refuse(refused, wanted * self.serves[class]);
            let mut passed = Passed::default();
            let workloads = self.memo.plan.workloads.iter().enumerate();
            let workloads = workloads.filter(|(_, of)| of.class == class);
            for (workload, _) in workloads.clone() {
                let came = came[workload];
                let crowd = &mut self.crowds[workload];
                if stalled {
                    // Users who wait for a retry or have left are accounted for when the stall is over.
                    crowd.leave(came * fails, 0.0);
                    passed.lost += came * fails;
                    passed.carried += came;
                } else {
                    let even = || 1.0 / workloads.clone().count() as f64;
                    let share = if wanted > 0.0 { came / wanted } else { even() };
                    let over = (over.views * share, over.missed * share);
                    passed += crowd.pass(came, seconds, tries_fail, over);
                }
            }
            let row = &mut self.rows[class];
            let last = row.tally.lost.len() - 1;
            row.lose_to_failures(passed.lost);
            row.lose(last, passed.over);
            row.stay_away(passed.never_born);
            row.tally.late +=
                queued.map_or(passed.late, |queued| row.late(&queued, passed.late)) * kept;
            if !strained {
                let unserved = passed.lost + passed.never_born;
                let share = if wanted > 0.0 { unserved / wanted } else { fails };
                let share = share + self.load.flows[class].stalls;
                row.shade_with((from, to), share, class, &self.refused);
            }
            self.scalers.asks(class, passed.carried + passed.missed);
            // Part of the work of lost views was done.
            passed.carried += over.wasted;
            self.memo.cells[cell as usize].carried[class] += passed.carried;
            all_carried.push(passed.carried);
        }
        self.work_on(&mut all_carried, &mut waited);
        for (load, carried) in self.load.flows.iter().zip(&all_carried) {
            for database in self.databases.iter_mut().flatten() {
                database.carry(*carried, &load.commits);
            }
        }
        if self.memo.lags {
            self.fall_behind(to, &views, &all_carried);
        }
        self.keep_written(to, &all_carried);
        self.meter((from, to), &views, &all_carried, &waited);
        (self.came, self.views, self.carried) = (came, views, all_carried);
    }

    /// Returns the share of a class's views lost to failures, including the views of users who left because of them;
    /// each workload sends `came` of them.
    fn broken(&self, class: usize, came: &[f64], wanted: f64) -> f64 {
        let load = &self.load.flows[class];
        if wanted <= 0.0 {
            return load.fails;
        }
        let all = self.memo.plan.workloads.iter().zip(&self.crowds).zip(came);
        let of = all.filter(|((of, _), _)| of.class == class);
        let share = |crowd: &Crowd<'_>| {
            let gone = if self.following && !load.sticks { crowd.share_gone() } else { 0.0 };
            crowd.lost_of(Fails::of(load)) + gone
        };
        of.map(|((_, crowd), came)| came / wanted * share(crowd)).sum()
    }

    /// Computes the attempts per view of an interval, by class: more than one where some fail; and the views that these serve.
    /// They matter only where there may be overload.
    fn try_again(&mut self, came: &[f64], views: &[f64], seconds: f64) {
        for each in [&mut self.tries, &mut self.serves] {
            each.clear();
            each.resize(views.len(), 1.0);
        }
        let over = self.memo.cells[self.cell as usize].strained;
        if !over && self.rows.iter().all(|row| row.waiting <= 0.0) {
            return;
        }
        for ((workload, of), came) in self.memo.plan.workloads.iter().enumerate().zip(came) {
            let (class, crowd) = (of.class, &mut self.crowds[workload]);
            let load = &self.load.flows[class];
            let all = views[class];
            if all > 0.0 && (load.fails > 0.0 || !crowd.is_empty()) {
                let (tries, serves) = crowd.tries(*came, seconds, Fails::of(load));
                self.tries[class] += (tries - came) / all;
                self.serves[class] += (serves - came) / all;
            }
        }
    }

    /// Lets replicas apply the writes committed over an interval: hour by hour where one of them may lag.
    fn fall_behind(&mut self, to: SimTime, views: &[f64], carried: &[f64]) {
        let mut databases = std::mem::take(&mut self.databases);
        for database in databases.iter_mut().flatten() {
            let Some(place) = database.commits() else {
                database.lags().pass(to, 0.0);
                continue;
            };
            let peak = |workload: usize| self.memo.peaks[workload];
            let drains = !self.done.is_empty();
            if !drains && database.lags().keep_up(self.commit_rate(place, peak)) {
                let wrote = self.committed(place, carried);
                database.lags().pass(to, wrote);
                continue;
            }
            let (mut at, mut came) = (self.from, Vec::new());
            while at < to {
                let hour = HOUR_NS - self.memo.calendar(at) % HOUR_NS;
                let until = to.min(at + SimDuration::from_nanos(hour));
                self.came(at, until, &mut Vec::new(), &mut came);
                for (class, came) in came.iter_mut().enumerate().take(self.load.messages().start) {
                    let lost = views[class] - carried[class];
                    if lost != 0.0 {
                        *came -=
                            lost * self.part_lost(class, (at, until), to, *came / views[class]);
                    }
                }
                let part = until.since(at).seconds() / to.since(self.from).seconds();
                for flow in self.load.messages() {
                    came[flow] = carried[flow] * part;
                }
                let wrote = self.committed(place, &came);
                database.lags().follow(until, wrote);
                at = until;
            }
        }
        self.databases = databases;
    }

    /// Returns the writes of these views, by class.
    fn committed(&self, place: usize, views: &[f64]) -> f64 {
        let each = self.load.flows.iter().zip(views);
        // Views abandoned in the queue may have arrived in an earlier interval.
        each.map(|(load, views)| load.commits[place] * views).sum::<f64>().max(0.0)
    }

    /// Returns the part of a class's overload loss in the present interval, which ends at `to`, that falls into a piece
    /// of it: as in a settled overload, if there is one; else `even`.
    fn part_lost(
        &mut self,
        class: usize,
        (from, until): (SimTime, SimTime),
        to: SimTime,
        even: f64,
    ) -> f64 {
        if !self.memo.cells[self.cell as usize].over[class] {
            return even;
        }
        let [all, ..] = self.memo.lost_settled(self.cell, class, self.from, to);
        let [piece, ..] = self.memo.lost_settled(self.cell, class, from, until);
        if all > 0.0 { piece / all } else { even }
    }

    /// Computes the intended views, by workload and by flow: none of messages.
    fn came(&self, from: SimTime, to: SimTime, came: &mut Vec<f64>, views: &mut Vec<f64>) {
        let memo = &self.memo;
        let factors = &memo.factors[memo.cells[self.cell as usize].level as usize];
        let curves = memo.curves.iter().zip(factors);
        came.clear();
        came.extend(curves.map(|(curve, factor)| curve.between(from, to) * factor));
        views.clear();
        views.resize(self.rows.len(), 0.0);
        for (workload, came) in memo.plan.workloads.iter().zip(came) {
            views[workload.class] += *came;
        }
    }

    /// Computes the attempts of `class` that overload loses up to `to`, and those whose work is wasted, step by step
    /// until the wait has settled. If `notes` is set, records the intervals in which these are many.
    fn overload(&mut self, class: usize, to: SimTime, notes: bool) -> (f64, f64) {
        let (mut lost, mut wasted) = (0.0, 0.0);
        let mut at = self.from;
        let cell = &self.memo.cells[self.cell as usize];
        let (state, over, grows) = (cell.state, cell.over[class], cell.grows[class]);
        let (mut came, mut rates) = (Vec::new(), Vec::new());
        let mut slices = 0_u32;
        // An autoscaler acts on the rates of the moment, not on those of the hour.
        let followed = !self.scalers.is_empty();
        let load = Rc::clone(&self.load);
        while at < to && (followed || !self.rows[class].settled) {
            slices += 1;
            if slices.is_multiple_of(SLICES) && self.told_to_stop.is_some_and(|told| told()) {
                self.stopped = true;
                break;
            }
            let step = if self.rows[class].settled { SimDuration::HOUR } else { STEP };
            let until = to.min(at + step);
            let seconds = until.since(at).seconds();
            self.came(at, until, &mut came, &mut rates);
            rates.iter_mut().zip(&self.tries).for_each(|(rate, tries)| *rate *= tries / seconds);
            load.publish(&mut rates);
            let excess = self.memo.excess(state, class, &rates);
            let rate = rates[class];
            let of = self.wait_in_line(class, &excess, (&rates, seconds), grows);
            lost += (of.from_line + of.more).max(0.0);
            wasted += of.wasted.max(0.0);
            if notes {
                let many = of.from_line >= BAD * rate * seconds && of.from_line > 0.0;
                let risk = if many { 1.0 } else { excess.bad };
                self.rows[class]
                    .risk((at, until), None, |from, to| risk * to.since(from).nanos() as f64);
            }
            at = until;
        }
        if at < to && over {
            let [more, _, in_vain] = self.memo.lost_settled(self.cell, class, at, to);
            (lost, wasted) = (lost + more, wasted + in_vain);
            if notes {
                let (memo, cell) = (&mut *self.memo, self.cell);
                let over = memo.cells[cell as usize].over.iter().filter(|over| **over).count();
                let hours = (over > 1).then(|| memo.calendar(SimTime::ZERO));
                self.rows[class].risk((at, to), hours, |from, to| {
                    memo.lost_settled(cell, class, from, to)[1] * HOUR_NS as f64
                });
            }
        }
        (lost, wasted)
    }

    fn end_month(&mut self) {
        self.month = self.month + MONTH;
        for (row, class) in self.rows.iter_mut().zip(&self.memo.plan.classes) {
            let [lost, intended] =
                [&mut row.month_lost, &mut row.month_intended].map(std::mem::take);
            // A month without traffic meets nothing and misses nothing.
            let share = if intended > 0.0 { lost / intended } else { continue };
            row.tally.months += 1;
            row.tally.month_lost.record(nearest(share * SHARE));
            row.tally.month_sum += share;
            if class.availability.is_some_and(|least| 1.0 - share >= least.get()) {
                row.tally.met += 1;
            }
        }
    }

    /// Ends the horizon.
    #[must_use]
    pub fn close(mut self) -> TrafficTally {
        let end = self.end;
        self.account(end);
        self.resume_all(end);
        self.rows.iter_mut().for_each(Row::close);
        self.gather();
        self.memo.unload();
        let seconds = end.seconds();
        let network = &self.memo.plan.network;
        let used = |(at, work)| network.used_with_yielding(at, work / seconds).min(1.0);
        let busy = self.memo.work.iter().enumerate().map(used);
        let causes = self.rows.first().map_or(0, |row| row.tally.lost.len());
        let classes = self.load.messages().start;
        let none = |copies: &Copies| WritesTally {
            lost: vec![0.0; causes],
            lags: vec![LagTally::default(); copies.members.len()],
            ..WritesTally::default()
        };
        let writes = |(group, copies): (Option<Group<'_>>, &Copies)| {
            group.map_or_else(|| none(copies), Group::tally)
        };
        TrafficTally {
            busy: busy.collect(),
            classes: self.rows.into_iter().take(classes).map(|row| row.tally).collect(),
            bad_intervals: self.bad,
            restored: self.restored.tallies(),
            scaled: self.scalers.tallies(end),
            writes: self.databases.into_iter().zip(&self.memo.plan.copies).map(writes).collect(),
        }
    }
}

impl Listener for Live<'_, '_> {
    #[inline]
    fn fact(&mut self, now: SimTime, fact: FactId, value: bool, _: View<'_>) {
        self.scalers.hear(now, fact, value);
        let (read, watched) = (!self.readers[fact.index()].is_empty(), self.watched[fact.index()]);
        if !(read || watched) || now >= self.end {
            return;
        }
        if !(self.dirty || self.stirred) {
            self.account(now);
        }
        self.dirty |= read;
        self.stirred |= watched;
        for at in 0..self.readers[fact.index()].len() {
            let input = self.readers[fact.index()][at];
            set(&mut self.bits, input as usize, value);
            if value && !self.memories.is_empty() {
                self.forget(input, now);
            }
        }
    }

    #[inline]
    fn moved(&mut self, moved: &Moved) {
        self.restores(moved);
    }

    #[inline]
    fn settled(&mut self, at: SimTime, view: View<'_>) {
        self.lose_restored(at);
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

/// Writes the age, or the step, of a content into its bits from `at` on.
fn set_age(bits: &mut Bits, at: usize, age: u32) {
    for bit in 0..AGE_BITS {
        set(bits, at + bit, age >> bit & 1 == 1);
    }
}
