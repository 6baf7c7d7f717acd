//! Solver that simulates every request.
//!
//! Takes a blueprint, a window and a replication; returns the observations between the window's start and end. The run
//! begins with an empty system, a warm-up before the window, which is simulated and not counted. Requests that *arrive*
//! inside the window are counted, wherever they end. After the window the sources continue, uncounted, until the last
//! counted request has ended, so that long ones are not cut off; after `drain` the rest is reported as in flight. Time
//! averages cover exactly the window. Around a break the page views are also counted in steps, so that the start and
//! end of losses can be located. A [`Trail`] of the order of events is kept; an [`Ear`] receives the events themselves.

use serde::{Deserialize, Serialize};

use crate::engine::draw::Lineage;
use crate::mechanism::cpu_share::ZoneLedger;
use crate::model::blueprint::Blueprint;
use crate::model::gauge::{ByNumber, Gauge, Quantity};
use crate::model::ids::{ComponentId, WorkloadId};
use crate::model::outage::{Faults, Illness, Outlook, Past, Standing};
use crate::model::record::{Record, ViewRecord};
use crate::model::world::readings::Unrest;
use crate::model::world::telling::Happening;
use crate::model::world::{Span, Stop, World};
use crate::observe::histogram::Histogram;
use crate::solve::accounts::Accounts;
use crate::solve::metering::ByHour;
use crate::solve::readings::Readings;
use crate::solve::series::{Calm, Cell, Followed, Recorders, Series};
use crate::solve::trail::{Note, Trail};
use crate::units::{Rate, SimDuration, SimTime};

/// Interval of the grid of utilisation.
pub const GRID: SimDuration = SimDuration::from_secs(300);

/// Number of instants of a window at which requests in flight are counted, evenly spaced, the last at its end.
pub const SOUNDINGS: u32 = 100;

/// Number of censuses around a break: each reads every request in flight, and there are many such runs.
pub const CENSUSES: u64 = 20;

/// Interval to simulate.
#[derive(Clone, Debug)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// Fixed rates, by workload.
    pub levels: Vec<Option<Rate>>,
    /// Start of the measured interval, in the trajectory.
    pub at: SimTime,
    /// Length of the warm-up; if `at` is earlier than this, `at` moves.
    pub warm_up: SimDuration,
    /// Length of the measured interval.
    pub length: SimDuration,
    /// Maximum time after its end for counted requests to complete.
    pub drain: SimDuration,
    /// Faults in it; instants are those of the trajectory.
    pub faults: Faults,
}

impl Window {
    /// Returns the start of the measured interval, in the trajectory.
    #[must_use]
    pub fn from(&self) -> SimTime {
        self.at.max(SimTime::ZERO + self.warm_up)
    }

    /// Returns the instants of the checkpoints of a [`Trail`], counted from the start of the window; `counted` as for a
    /// run.
    #[must_use]
    pub fn noted_at(&self, counted: Option<Steps>) -> Vec<SimDuration> {
        let (mut trail, mut at) = (Trail::default(), SimDuration::ZERO);
        trail.begin(Note::new(at, 0, 0));
        let mut done = 0;
        while at < self.length {
            at = match counted {
                None => sounding_after(self.length, done),
                Some(steps) => steps.after(at, self.length),
            };
            done += 1;
            trail.sound(Note::new(at, 0, 0));
        }
        trail.end(Note::new(self.length, 0, 0));
        trail.notes().iter().map(|note| note.at).collect()
    }
}

/// Receiver of the events from one instant of a trajectory to another.
#[derive(Clone, Copy)]
pub struct Ear<'p> {
    /// First instant.
    pub from: SimTime,
    /// First instant after the last one: there the run stops.
    pub to: SimTime,
    /// Function called with each event.
    pub hear: &'p (dyn Fn(&Happening<'_>) + Sync),
}

impl std::fmt::Debug for Ear<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ear({}..{})", self.from, self.to)
    }
}

/// Page views of a workload up to an instant of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Served, at the first attempt or a later one.
    pub served: u64,
    /// Requested and lost.
    pub lost: u64,
    /// Never requested: their session had ended.
    pub never_born: u64,
}

/// Schedule at which page views are counted around a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Length of a step, counted back from the window's end; the first step is the remainder.
    pub every: SimDuration,
    /// Length of the final interval of the window, over which remaining losses are measured.
    pub last: SimDuration,
}

impl Steps {
    /// Returns the end of the step that contains `at`, both counted from the start of a window of `length`: the next
    /// instant later than `at` that is a whole number of steps before the window's end.
    fn after(self, at: SimDuration, length: SimDuration) -> SimDuration {
        let left = (length.nanos() - at.nanos()).saturating_sub(1);
        let every = self.every.nanos();
        SimDuration::from_nanos(length.nanos() - left.checked_div(every).unwrap_or(0) * every)
    }
}

/// Requests in flight and outcomes of page views at one instant of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// Time since the window's start.
    pub at: SimDuration,
    /// Requests in flight, by class.
    pub in_flight: Vec<u64>,
    /// Page views that ended since the window's start, by workload.
    pub views: Vec<Tally>,
}

/// The tallies of all workloads at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Time since the window's start.
    pub at: SimDuration,
    /// Tallies since the window's start, by workload.
    pub views: Vec<Tally>,
}

/// Results of one replication of one window.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Ledgers and latencies.
    pub record: Record,
    /// Readings of the components over the window, by id.
    pub gauges: Vec<Gauge>,
    /// Readings of the zones over the window, in the order of the blueprint.
    pub zones: Vec<Gauge>,
    /// Accounts of the zones over the window, in the order of the blueprint.
    pub zone_ledgers: Vec<ZoneLedger>,
    /// Accounts at the window's start and at each of the [`SOUNDINGS`]; empty around a break.
    pub accounts: Vec<Accounts>,
    /// Quantities that components follow over the window, by id.
    pub quantities: Vec<Vec<Quantity>>,
    /// Busy ÷ capacity of each component on the grid, by id.
    pub grid: Vec<Vec<f64>>,
    /// Requests in flight at each of the [`SOUNDINGS`], or at every step if there are steps.
    pub soundings: Vec<usize>,
    /// Censuses at the window's start, at each of the [`SOUNDINGS`] and at its end; around a break at about
    /// [`CENSUSES`] of the steps.
    pub censuses: Vec<Census>,
    /// Broken parts up to the window's end.
    pub unrest: Unrest,
    /// Tallies per step, where steps were asked for; the last is at the window's end.
    pub steps: Vec<Step>,
    /// Length of the final interval of the window.
    pub last: SimDuration,
    /// Times at each number, of the components that keep them, by owner.
    pub numbers: Vec<(Vec<ComponentId>, ByNumber)>,
    /// Waiting times of stations that keep them, by id, ns.
    pub waits: Vec<Option<Histogram>>,
    /// Visits of components that keep them, by id, ns.
    pub sojourns: Vec<Option<Histogram>>,
    /// Requested series, interval by interval.
    pub series: Vec<(Series, Vec<Cell>)>,
    /// Energy per power meter, where it was asked for.
    pub energy: Vec<ByHour>,
    /// State before a disturbance, where it was asked for and is over.
    pub calm: Option<Calm>,
    /// Time for which a return of the numbers inside was followed: from the end of that disturbance, or from the
    /// window's start, to its end.
    pub followed: SimDuration,
    /// Length of the window.
    pub length: SimDuration,
    /// Digest of the events, in order.
    pub digest: u64,
    /// Event-digest checkpoints.
    pub trail: Trail,
    /// Number of events handled.
    pub events: u64,
    /// Largest number of requests in flight at one time.
    pub most_in_flight: usize,
    /// Requests in flight at the window's start and end.
    pub in_flight: (usize, usize),
    /// Reason why it stopped early, if it did.
    pub stop: Option<Stop>,
}

/// A broken invariant of a run, which is a defect of fivenines, never the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Invariant that does not hold.
    pub what: String,
    /// Window and replication; filled in by a caller that runs several.
    pub during: String,
}

/// Simulates `window` once.
///
/// # Errors
///
/// `Breach` when a ledger is not closed or an identity does not hold.
pub fn run(plan: &Blueprint, window: &Window, replication: u64) -> Result<Observation, Breach> {
    let seen = run_unless(plan, window, replication, &|| false)?;
    Ok(seen.expect("no signal stops it"))
}

/// Simulates `window` as [`run`] does; `None` as soon as `told_to_stop` returns true. It is checked about every 2¹⁹
/// events. A partial replication is discarded: a replication counts whole or not at all.
///
/// # Errors
///
/// `Breach` when a ledger is not closed or an identity does not hold.
pub fn run_unless(
    plan: &Blueprint,
    window: &Window,
    replication: u64,
    told_to_stop: &dyn Fn() -> bool,
) -> Result<Option<Observation>, Breach> {
    Run::new(plan, window, replication, None).finish(told_to_stop)
}

/// Simulates `window` up to the end of `ear`.
///
/// # Errors
///
/// `Breach` when a ledger is not closed or an identity does not hold.
pub fn tell(
    plan: &Blueprint,
    window: &Window,
    replication: u64,
    ear: Ear<'_>,
    told_to_stop: &dyn Fn() -> bool,
) -> Result<(), Breach> {
    let run = Run::new(plan, window, replication, None).heard_by(Some(ear));
    run.finish(told_to_stop).map(|_| ())
}

/// Replication of a window in progress. It can be copied at any instant, and each copy continued differently: the
/// common past is simulated once.
#[derive(Clone, Debug)]
pub struct Run<'p> {
    plan: &'p Blueprint,
    world: World<'p>,
    /// Present instant; the warm-up comes before `from`.
    edge: SimTime,
    from: SimTime,
    until: SimTime,
    /// Latest instant for counted requests to complete.
    horizon: SimTime,
    counted: Option<Steps>,
    /// Length of the next slice.
    slice: SimDuration,
    /// Readings at `from`; `None` before.
    first: Option<Readings>,
    /// End of the present interval of the grid, and the readings at its start.
    cell: SimTime,
    last: Vec<Gauge>,
    grid: Vec<Vec<f64>>,
    soundings: Vec<usize>,
    censuses: Vec<Census>,
    accounts: Vec<Accounts>,
    steps: Vec<Step>,
    trail: Trail,
    ear: Option<Ear<'p>>,
    cut: Option<Cut>,
    followed: Followed,
    recorders: Recorders<'p>,
    calm: Option<Calm>,
    /// Instant from which a return of numbers is followed.
    marked: SimTime,
}

impl<'p> Run<'p> {
    /// Creates a run before its first event.
    #[must_use]
    pub fn new(
        plan: &'p Blueprint,
        window: &Window,
        replication: u64,
        counted: Option<Steps>,
    ) -> Self {
        let from = window.from();
        let start = SimTime::from_nanos(from.nanos() - window.warm_up.nanos());
        let until = from + window.length;
        let horizon = until + window.drain;
        let levels = window.levels.clone();
        let faults = window.faults;
        let span = Span { levels, start, from, until, horizon, faults };
        let world = World::new(plan, Lineage::replication(replication), span.clone());
        Self::of(plan, world, &span, counted)
    }

    /// Creates a run as [`Self::new`] does, as one of several windows of one trajectory: each draws for its own
    /// requests.
    #[must_use]
    pub fn in_history(plan: &'p Blueprint, window: &Window, replication: u64, past: Past) -> Self {
        let start = SimTime::from_nanos(window.at.nanos().saturating_sub(window.warm_up.nanos()));
        let (from, until) = (window.at, window.at + window.length);
        let (levels, faults) = (window.levels.clone(), window.faults);
        let horizon = until + window.drain;
        let span = Span { levels, start, from, until, horizon, faults };
        let lineage = Lineage::replication(replication);
        let world = World::in_history(plan, lineage, span.clone(), Some(past));
        Self::of(plan, world, &span, None)
    }

    fn of(plan: &'p Blueprint, world: World<'p>, span: &Span, counted: Option<Steps>) -> Self {
        let Span { start, from, until, horizon, .. } = *span;
        Self {
            plan,
            world,
            edge: start,
            from,
            until,
            horizon,
            counted,
            slice: FIRST_SLICE,
            first: None,
            cell: from,
            last: Vec::new(),
            grid: vec![Vec::new(); plan.parts.len()],
            soundings: Vec::with_capacity(SOUNDINGS as usize),
            censuses: Vec::new(),
            accounts: Vec::new(),
            steps: Vec::new(),
            trail: Trail::default(),
            ear: None,
            cut: None,
            followed: Followed::default(),
            recorders: Recorders::default(),
            calm: None,
            marked: from,
        }
    }

    /// Returns the run with a receiver of its events.
    #[must_use]
    pub fn heard_by(self, ear: Option<Ear<'p>>) -> Self {
        Self { ear, ..self }
    }

    /// Returns the run with additional records beside the totals.
    #[must_use]
    pub fn following(self, followed: Followed) -> Self {
        let mut run = Self { followed, ..self };
        run.followed.together.iter().for_each(|members| run.world.follow_together(members));
        run
    }

    /// Advances until just before `at`, or the end of the measured interval if that is earlier. Stops where it is told
    /// to, or at a limit.
    pub fn live_until(&mut self, at: SimTime, told_to_stop: &dyn Fn() -> bool) {
        let at = at.min(self.until);
        if self.first.is_none() {
            self.live(at.min(self.from), told_to_stop);
            if self.cut.is_some() || at < self.from {
                return;
            }
            self.begin_to_count();
        }
        while self.cut.is_none() && self.edge < at {
            if self.edge == self.cell {
                self.cell = (self.cell + GRID).min(self.until);
            }
            let sounding = match self.counted {
                None => self.from + sounding_after(self.until - self.from, self.soundings.len()),
                Some(_) => SimTime::NEVER,
            };
            let next = self.cell.min(sounding).min(self.next_to_follow()).min(at);
            self.live_in_steps(next, told_to_stop);
            if self.cut.is_some() {
                return;
            }
            self.follow();
            if next == sounding {
                self.sound();
            }
            if next == self.cell {
                self.read_grid();
            }
        }
    }

    fn begin_to_count(&mut self) {
        self.world.count_firsts();
        let first = Readings::take(&self.world);
        self.last.clone_from(&first.gauges);
        self.cell = self.from;
        self.first = Some(first);
        self.trail.begin(self.note());
        self.censuses.clear();
        self.accounts.clear();
        self.count_classes();
        self.read_accounts();
        let (world, power) = (&self.world, &self.plan.power);
        self.recorders = Recorders::begin(&self.followed, power, world, self.until);
        (self.calm, self.marked) = (None, self.from);
    }

    /// Returns the next instant of a reading that a figure asks for.
    fn next_to_follow(&self) -> SimTime {
        let unrest = self.followed.unrest.iter().flat_map(|(from, until)| [*from, *until]);
        let unrest = unrest.map(|at| self.from + at).filter(|at| *at > self.edge);
        unrest.min().unwrap_or(SimTime::NEVER).min(self.recorders.next())
    }

    /// Takes the readings that are due at the present instant.
    fn follow(&mut self) {
        self.recorders.read(&self.world, self.until);
        let Some((from, until)) = self.followed.unrest else { return };
        if self.edge == self.from + from
            && let Some(first) = &self.first
        {
            let now = self.world.gauges();
            let inside = now.iter().zip(&first.gauges).map(|(now, then)| now.inside - then.inside);
            self.calm = Some(Calm { inside: inside.collect(), length: from });
        }
        if self.edge == self.from + until {
            self.world.follow_back();
            self.marked = self.edge;
        }
    }

    fn note(&self) -> Note {
        Note::new(self.edge - self.from, self.world.events(), self.world.digest())
    }

    fn sound(&mut self) {
        self.soundings.push(self.world.in_flight());
        self.trail.sound(self.note());
        self.read_accounts();
        let every = match self.counted {
            Some(steps) => {
                let length = (self.until - self.from).nanos();
                length.checked_div(steps.every.nanos()).unwrap_or(0) / CENSUSES
            }
            None => 1,
        };
        if (self.soundings.len() as u64).is_multiple_of(every.max(1)) {
            self.count_classes();
        }
    }

    fn read_accounts(&mut self) {
        if self.counted.is_none() {
            let at = self.edge - self.from;
            self.accounts.push(Accounts::read(&self.world, self.plan, at));
        }
    }

    fn count_classes(&mut self) {
        let views = self.world.record().views.iter().map(tally).collect();
        let in_flight = self.world.in_flight_by_class();
        self.censuses.push(Census { at: self.edge - self.from, in_flight, views });
    }

    /// Begins to count at the present instant, for `length`. Earlier counts are dropped, with all requests that arrived
    /// before.
    pub fn count_anew(&mut self, length: SimDuration, counted: Option<Steps>) {
        if self.cut.is_some() {
            return;
        }
        (self.from, self.until) = (self.edge, self.edge + length);
        self.counted = counted;
        self.world.count_anew(self.until);
        self.grid.iter_mut().for_each(Vec::clear);
        self.soundings.clear();
        self.steps.clear();
        self.begin_to_count();
    }

    /// Ends the measured interval at `end`, the present instant, at one of its steps. A copy of a longer window gives a
    /// shorter one this way. A run that was cut off before gets the length it would have had.
    pub fn end_at(&mut self, end: SimTime, counted: Steps) {
        self.until = self.until.min(end);
        self.counted = Some(counted);
        if self.cut.is_some() {
            return;
        }
        self.world.end_count();
        if self.edge < self.cell {
            self.read_grid();
        }
    }

    /// Records the utilisation since the last reading.
    fn read_grid(&mut self) {
        let now = self.world.gauges();
        for ((series, now), last) in self.grid.iter_mut().zip(&now).zip(&self.last) {
            series.extend(now.since(last).utilization());
        }
        self.last = now;
    }

    /// Attributes the remaining pages of departed users to others.
    pub fn forget_who_left(&mut self) {
        self.world.forget_who_left();
    }

    /// Sets the number of sessions per workload that had ended with a lost view and would have continued from here;
    /// there are no others.
    pub fn have_gone(&mut self, gone: &[(WorkloadId, u64)]) {
        for (workload, sessions) in gone {
            self.world.send_away(*workload, *sessions);
        }
    }

    /// Returns the pages of a workload, by number, that departed users would still request.
    #[must_use]
    pub fn who_left(&self, workload: usize) -> u64 {
        self.world.who_left(WorkloadId::at(workload))
    }

    /// Breaks a part at the present instant, by its place among the breakable ones of the plan, or repairs it.
    pub fn drill(&mut self, part: u32, breaks: bool) {
        if self.cut.is_none() {
            self.world.drill(part, breaks);
        }
    }

    /// Returns the health of all components; `None` when it has been cut off or something is about to change by itself.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        if self.cut.is_some() { None } else { self.world.standing() }
    }

    /// Returns the health of all components, and pending changes; `None` when it has been cut off or these are not
    /// known.
    #[must_use]
    pub fn outlook(&self) -> Option<Outlook> {
        if self.cut.is_some() { None } else { self.world.outlook() }
    }

    /// Returns the failed components, for another run of the same [`Standing`].
    #[must_use]
    pub fn illness(&self) -> Illness<'p> {
        self.world.illness()
    }

    /// Sets the failed components to those of a run of the same [`Standing`].
    pub fn fall_ill(&mut self, illness: Illness<'p>) {
        self.world.fall_ill(illness);
    }

    /// Advances to the end of the measured interval, and until all counted requests have ended; `None` when it was
    /// stopped.
    ///
    /// # Errors
    ///
    /// [`Breach`] when a ledger is not closed or an identity does not hold.
    pub fn finish(
        mut self,
        told_to_stop: &dyn Fn() -> bool,
    ) -> Result<Option<Observation>, Breach> {
        self.live_until(self.until, told_to_stop);
        if self.cut.is_none() {
            self.trail.end(self.note());
            self.recorders.end(&self.world);
        }
        let unrest = self.world.unrest();
        let counts = self.first.is_some();
        if counts && self.censuses.last().is_some_and(|last| self.from + last.at < self.edge) {
            self.count_classes();
        }
        let end = Readings::take(&self.world);
        let first = self.first.take().unwrap_or_else(|| end.clone());
        let in_flight = (first.in_flight, end.in_flight);
        let seen = end.since(&first);
        // A window that a limit cuts off is as long as it was simulated.
        let end = if self.cut.is_some() { self.world.now() } else { self.until };
        let length = end.clamp(self.from, self.until).max(self.from + SimDuration::from_nanos(1));
        while self.cut.is_none() && self.world.counted_open() > 0 && self.edge < self.horizon {
            let next = (self.edge + SimDuration::SECOND).min(self.horizon);
            self.live(next, told_to_stop);
        }
        let stop = match self.cut {
            Some(Cut::Told) => return Ok(None),
            Some(Cut::Limit(stop)) => Some(stop),
            None => None,
        };
        let (world, (series, energy)) = (&self.world, self.recorders.recorded());
        self.trail.close(world.events());
        let waits = |index: usize| world.component(ComponentId::at(index)).waits().cloned();
        let sojourns = |index: usize| world.component(ComponentId::at(index)).sojourns().cloned();
        let parts = 0..self.plan.parts.len();
        let mut record = world.record().clone();
        for (class, answered) in record.classes.iter_mut().zip(seen.answers) {
            class.answered = answered;
        }
        for (views, done) in record.views.iter_mut().zip(seen.served) {
            views.done = done;
        }
        let observation = Observation {
            gauges: seen.gauges,
            zones: seen.zones,
            zone_ledgers: seen.ledgers,
            accounts: self.accounts,
            numbers: seen.numbers,
            quantities: world.quantities(),
            grid: self.grid,
            soundings: self.soundings,
            censuses: self.censuses,
            unrest,
            steps: self.steps,
            last: self.counted.map_or(SimDuration::ZERO, |counted| counted.last),
            waits: parts.clone().map(waits).collect(),
            sojourns: parts.map(sojourns).collect(),
            series,
            energy,
            calm: self.calm.filter(|_| self.marked > self.from),
            followed: self.until - self.marked,
            length: length - self.from,
            digest: world.digest(),
            trail: self.trail,
            events: world.events(),
            most_in_flight: world.most_in_flight(),
            in_flight,
            stop,
            record,
        };
        audit(self.plan, &observation)?;
        Ok(Some(observation))
    }

    /// Advances in slices. Their ends do not affect the simulation.
    fn live(&mut self, end: SimTime, told_to_stop: &dyn Fn() -> bool) {
        while self.edge < end && self.cut.is_none() {
            if told_to_stop() || self.ear.is_some_and(|ear| ear.to <= self.edge) {
                self.cut = Some(Cut::Told);
                return;
            }
            let before = self.world.events();
            let next = (self.edge + self.slice).min(end);
            let lived = match self.ear {
                None => self.world.run_before(next),
                Some(Ear { from, to, hear }) => {
                    self.world.run_before_telling(next, |world, code, ticket| {
                        if from <= world.now() && world.now() < to {
                            hear(&world.happening(code, ticket));
                        }
                    })
                }
            };
            self.cut = lived.map_err(Cut::Limit).err();
            self.world.settle_joints();
            self.edge = next;
            let seen = self.world.events() - before;
            if seen > SLICE_EVENTS {
                self.slice = SimDuration::from_nanos((self.slice.nanos() / 2).max(1));
            } else if seen < SLICE_EVENTS / 4 {
                self.slice = (self.slice + self.slice).min(LONGEST_SLICE);
            }
        }
    }

    /// Advances to `end` with a tally after every step.
    fn live_in_steps(&mut self, end: SimTime, told_to_stop: &dyn Fn() -> bool) {
        let Some(steps) = self.counted.filter(|steps| !steps.every.is_zero()) else {
            return self.live(end, told_to_stop);
        };
        while self.edge < end && self.cut.is_none() {
            let edge = self.from + steps.after(self.edge - self.from, self.until - self.from);
            self.live(edge.min(end), told_to_stop);
            if self.cut.is_none() && self.edge == edge {
                let views = self.world.record().views.iter().map(tally).collect();
                self.steps.push(Step { at: edge - self.from, views });
                self.sound();
            }
        }
    }
}

fn tally(views: &ViewRecord) -> Tally {
    Tally {
        served: views.served + views.delayed,
        lost: views.lost.iter().sum(),
        never_born: views.never_born,
    }
}

/// Returns the time from the start of a window of `length` to the sounding after `done` others.
fn sounding_after(length: SimDuration, done: usize) -> SimDuration {
    let part = u128::from(length.nanos()) * (done as u128 + 1) / u128::from(SOUNDINGS);
    SimDuration::from_nanos(u64::try_from(part).expect("a part of the length"))
}

/// Approximate number of events between two checks whether to stop: a tenth of a second of work.
const SLICE_EVENTS: u64 = 1 << 19;
/// Length of the first slice, and the longest: traffic may rise in it.
const FIRST_SLICE: SimDuration = SimDuration::from_nanos(100_000_000);
const LONGEST_SLICE: SimDuration = SimDuration::from_secs(60);

/// Reason why a replication ended early.
#[derive(Clone, Debug)]
enum Cut {
    /// A limit of the run was reached.
    Limit(Stop),
    /// It was stopped from outside.
    Told,
}

/// Checks the identities of every run: Little's law, busy + idle + unavailable = capacity × time, closed ledgers.
fn audit(plan: &Blueprint, observation: &Observation) -> Result<(), Breach> {
    let breach = |what: String| Err(Breach { what, during: String::new() });
    if observation.stop.is_some() {
        return Ok(());
    }
    for (part, gauge) in plan.parts.iter().zip(&observation.gauges) {
        if gauge.inside != gauge.stayed {
            let (area, stays) = (gauge.inside, gauge.stayed);
            return breach(format!(
                "Little's law at `{}`: area {area} ns, sojourn times {stays} ns",
                part.name
            ));
        }
        if !gauge.balances() {
            return breach(format!(
                "`{}`: busy {} + idle {} + unavailable {} is not its capacity {}",
                part.name, gauge.busy, gauge.idle, gauge.unavailable, gauge.capacity
            ));
        }
    }
    for (zone, ledger) in plan.zones.iter().zip(&observation.zone_ledgers) {
        if !ledger.balances() {
            return breach(format!(
                "zone `{}`: used {:?} + capped wait {:?} + steal {:?} is not what it wanted, {:?}",
                zone.name, ledger.used, ledger.capped_wait, ledger.steal, ledger.wanted
            ));
        }
    }
    for (index, class) in observation.record.classes.iter().enumerate() {
        let name = &plan.routes.classes[index].name;
        let ended: u64 = class.attempts.ended.iter().sum();
        if ended > class.attempts.begun {
            return breach(format!("more attempts of `{name}` ended than began"));
        }
        if class.attempts.ended[0] != class.latency.count() {
            return breach(format!("`{name}`: served attempts and latencies differ in number"));
        }
    }
    let mut open = 0;
    for (index, views) in observation.record.views.iter().enumerate() {
        let lost: u64 = views.lost.iter().sum();
        let ended = views.served + views.delayed + lost + views.never_born;
        if ended > views.intended {
            let name = &plan.workloads[index].name;
            return breach(format!("more page views of `{name}` ended than were intended"));
        }
        open += views.in_flight();
    }
    if open != observation.record.open() {
        return breach("page views in flight are not those that are open".into());
    }
    Ok(())
}
