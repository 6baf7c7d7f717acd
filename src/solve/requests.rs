//! The solver that lives through every request.
//!
//! Takes a blueprint, a window and a replication; gives what was observed between the window's
//! start and end. The run starts at an empty system, a lead-in before the window, which is lived
//! through and not counted. What is counted is what was *born* inside the window, wherever it
//! ends: after the window the sources go on, uncounted, until the last counted request has ended,
//! so that long ones are not cut off; after `drain` the rest is reported as in flight. Time
//! averages are those of the window exactly. Around a break the page views are also counted in
//! steps, so that it can be told when losses begin and end. Of the order of events a [`Trail`] is kept;
//! an [`Ear`] hears the events themselves.

use crate::engine::draw::Lineage;
use crate::mechanism::cpu_share::ZoneLedger;
use crate::model::blueprint::Blueprint;
use crate::model::gauge::{ByNumber, Gauge};
use crate::model::ids::{ComponentId, WorkloadId};
use crate::model::outage::{Faults, Illness, Outlook, Past, Standing};
use crate::model::record::{Record, ViewRecord};
use crate::model::world::readings::Unrest;
use crate::model::world::telling::Happening;
use crate::model::world::{Span, Stop, World};
use crate::observe::histogram::Histogram;
use crate::solve::series::{Calm, Cell, Followed, Ruler, Series};
use crate::solve::trail::{Note, Trail};
use crate::units::{Rate, SimDuration, SimTime};

/// Length of the grid of utilisation.
pub const GRID: SimDuration = SimDuration::from_secs(300);

/// Instants of a window at which those in flight are counted, evenly spaced, the last at its end.
pub const SOUNDINGS: u32 = 100;

/// Censuses around a break: they read every request in flight, and there are many such runs.
pub const CENSUSES: u64 = 20;

/// Most zones of a plan whose accounts are followed over the time of a window.
pub const MOST_ZONES: usize = 200;

/// What to live through.
#[derive(Clone, Debug)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// Rates fixed, by workload.
    pub levels: Vec<Option<Rate>>,
    /// Start of what is counted, in the history.
    pub at: SimTime,
    /// Lived through first, not counted; no more than there is before `at`, else `at` moves.
    pub lead_in: SimDuration,
    /// Counted.
    pub length: SimDuration,
    /// How long after its end counted requests may still run.
    pub drain: SimDuration,
    /// What breaks in it; instants are those of the history.
    pub faults: Faults,
}

impl Window {
    /// When what is counted begins, in the history.
    #[must_use]
    pub fn from(&self) -> SimTime {
        self.at.max(SimTime::ZERO + self.lead_in)
    }

    /// When the notes of a [`Trail`] are taken, after the start of the window; `counted` as for a run.
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

/// Hears the events from one instant of a history to another.
#[derive(Clone, Copy)]
pub struct Ear<'p> {
    /// The first instant.
    pub from: SimTime,
    /// The first that is not heard any more: there the run is given up.
    pub to: SimTime,
    /// What is done with each.
    pub hear: &'p (dyn Fn(&Happening<'_>) + Sync),
}

impl std::fmt::Debug for Ear<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ear({}..{})", self.from, self.to)
    }
}

/// Page views of a workload up to an instant of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Served, at the first try or a later one.
    pub served: u64,
    /// Asked for and lost.
    pub lost: u64,
    /// Not asked for: their session had ended.
    pub never_born: u64,
}

/// How page views are counted around a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Every so often, counted back from the window's end; the first step is what is left over.
    pub every: SimDuration,
    /// How long the end of the window is, for what is still lost there.
    pub last: SimDuration,
}

impl Steps {
    /// The end of the step in which `at` lies, both after the start of a window of `length`: the next
    /// instant later than `at` that is a whole number of steps before the window's end.
    fn after(self, at: SimDuration, length: SimDuration) -> SimDuration {
        let left = (length.nanos() - at.nanos()).saturating_sub(1);
        let every = self.every.nanos();
        SimDuration::from_nanos(length.nanos() - left.checked_div(every).unwrap_or(0) * every)
    }
}

/// Requests in flight and outcomes of page views at one instant of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// After the window's start.
    pub at: SimDuration,
    /// Requests in flight, by class.
    pub in_flight: Vec<u64>,
    /// Page views that ended since the window's start, by workload.
    pub views: Vec<Tally>,
}

/// The tallies of all workloads at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// After the window's start.
    pub at: SimDuration,
    /// Since the window's start, by workload.
    pub views: Vec<Tally>,
}

/// What one replication of one window gave.
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
    /// The same at the window's start and at each of the [`SOUNDINGS`], summed since the start of the world; none
    /// around a break, or of more than [`MOST_ZONES`].
    pub zone_course: Vec<(SimDuration, Vec<ZoneLedger>)>,
    /// What the replicated databases have to say of the window.
    pub databases: Vec<crate::kinds::database::live::Reading>,
    /// Busy ÷ capacity of each component on the grid, by id.
    pub grid: Vec<Vec<f64>>,
    /// Requests in flight at each of the [`SOUNDINGS`]; at every step where there are steps.
    pub soundings: Vec<usize>,
    /// At the window's start, at each of the [`SOUNDINGS`] and at its end; around a break at
    /// [`CENSUSES`] of the steps or so.
    pub censuses: Vec<Census>,
    /// What was broken up to the window's end.
    pub unrest: Unrest,
    /// Tallies step by step, where steps were asked for: the last is that of the window's end.
    pub steps: Vec<Step>,
    /// How long the end of the window is.
    pub last: SimDuration,
    /// Times at each number, of what keeps them, by whose they are.
    pub numbers: Vec<(Vec<ComponentId>, ByNumber)>,
    /// Waiting times of stations that keep them, by id, ns.
    pub waits: Vec<Option<Histogram>>,
    /// Visits of components that keep them, by id, ns.
    pub sojourns: Vec<Option<Histogram>>,
    /// What was asked for interval by interval.
    pub series: Vec<(Series, Vec<Cell>)>,
    /// What was before a disturbance, where that was asked for and is over.
    pub calm: Option<Calm>,
    /// From the end of that disturbance, or from the window's start, to its end: how long numbers inside that
    /// went back were followed.
    pub followed: SimDuration,
    /// Length of the window.
    pub length: SimDuration,
    /// Digest of the events, in order.
    pub digest: u64,
    /// What was noted of it on the way.
    pub trail: Trail,
    /// Events handled.
    pub events: u64,
    /// The most requests in flight at one time.
    pub most_in_flight: usize,
    /// Requests in flight at the window's start and end.
    pub in_flight: (usize, usize),
    /// Why it stopped early, if it did.
    pub stop: Option<Stop>,
}

/// A broken invariant of a run: our mistake, never the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What does not add up.
    pub what: String,
    /// Where: the window and the replication; whoever runs several says it.
    pub during: String,
}

/// Lives through `window` once.
///
/// # Errors
///
/// `Breach` when a ledger is not closed or an identity does not hold.
pub fn run(plan: &Blueprint, window: &Window, replication: u64) -> Result<Observation, Breach> {
    let seen = run_unless(plan, window, replication, &|| false)?;
    Ok(seen.expect("nobody tells it to stop"))
}

/// As [`run`]; `None` as soon as `told_to_stop` says so: it is asked every 2¹⁹ events or so. What was lived through by then is worth
/// nothing, for a replication counts whole or not at all.
///
/// # Errors
///
/// As [`run`].
pub fn run_unless(
    plan: &Blueprint,
    window: &Window,
    replication: u64,
    told_to_stop: &dyn Fn() -> bool,
) -> Result<Option<Observation>, Breach> {
    Run::new(plan, window, replication, None).finish(told_to_stop)
}

/// Lives through `window` as far as `ear` hears.
///
/// # Errors
///
/// As [`run`].
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

/// A replication of a window under way. It can be copied at any instant, and each copy lived on in
/// a way of its own: what is the same before that instant is lived through once.
#[derive(Clone, Debug)]
pub struct Run<'p> {
    plan: &'p Blueprint,
    world: World<'p>,
    /// How far it is; the lead-in comes before `from`.
    edge: SimTime,
    from: SimTime,
    until: SimTime,
    /// What was counted may go on until then.
    horizon: SimTime,
    counted: Option<Steps>,
    /// Length of the next slice.
    slice: SimDuration,
    /// Readings at `from`; none before.
    first: Option<First>,
    /// End of the present interval of the grid, and the readings at its start.
    cell: SimTime,
    last: Vec<Gauge>,
    grid: Vec<Vec<f64>>,
    soundings: Vec<usize>,
    censuses: Vec<Census>,
    zone_course: Vec<(SimDuration, Vec<ZoneLedger>)>,
    steps: Vec<Step>,
    trail: Trail,
    ear: Option<Ear<'p>>,
    cut: Option<Cut>,
    followed: Followed,
    rulers: Vec<Ruler>,
    calm: Option<Calm>,
    /// From when numbers that go back are followed.
    marked: SimTime,
}

/// What was read when the counting began.
#[derive(Clone, Debug)]
struct First {
    gauges: Vec<Gauge>,
    zones: Vec<Gauge>,
    ledgers: Vec<ZoneLedger>,
    numbers: Vec<(Vec<ComponentId>, ByNumber)>,
    in_flight: usize,
}

impl<'p> Run<'p> {
    /// Before the first event.
    #[must_use]
    pub fn new(
        plan: &'p Blueprint,
        window: &Window,
        replication: u64,
        counted: Option<Steps>,
    ) -> Self {
        let from = window.from();
        let start = SimTime::from_nanos(from.nanos() - window.lead_in.nanos());
        let until = from + window.length;
        let horizon = until + window.drain;
        let levels = window.levels.clone();
        let faults = window.faults;
        let span = Span { levels, start, from, until, horizon, faults };
        let world = World::new(plan, Lineage::replication(replication), span.clone());
        Self::of(plan, world, &span, counted)
    }

    /// As [`Self::new`], as one of several windows of one history: each draws for its own requests.
    #[must_use]
    pub fn in_history(plan: &'p Blueprint, window: &Window, replication: u64, past: Past) -> Self {
        let start = SimTime::from_nanos(window.at.nanos().saturating_sub(window.lead_in.nanos()));
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
            zone_course: Vec::new(),
            steps: Vec::new(),
            trail: Trail::default(),
            ear: None,
            cut: None,
            followed: Followed::default(),
            rulers: Vec::new(),
            calm: None,
            marked: from,
        }
    }

    /// The same, with somebody who hears what happens.
    #[must_use]
    pub fn heard_by(self, ear: Option<Ear<'p>>) -> Self {
        Self { ear, ..self }
    }

    /// The same, with more kept than the totals.
    #[must_use]
    pub fn following(self, followed: Followed) -> Self {
        let mut run = Self { followed, ..self };
        run.followed.together.iter().for_each(|members| run.world.follow_together(members));
        run
    }

    /// Lives on until just before `at`, which is not after the end of what is counted; as far as
    /// it comes when it is told to stop or meets a limit.
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
        let gauges = self.world.gauges();
        self.last.clone_from(&gauges);
        self.cell = self.from;
        let (zones, in_flight) = (self.world.zone_gauges(), self.world.in_flight());
        self.world.count_firsts();
        let numbers = self.world.numbers();
        let ledgers = self.world.zone_ledgers();
        self.first = Some(First { gauges, zones, ledgers, numbers, in_flight });
        self.trail.begin(self.note());
        self.censuses.clear();
        self.zone_course.clear();
        self.count_classes();
        self.read_zones();
        let series = self.followed.series.iter();
        self.rulers = series.map(|one| Ruler::new(&self.world, *one, self.until)).collect();
        (self.calm, self.marked) = (None, self.from);
    }

    /// The next instant at which something is read that a figure asks for.
    fn next_to_follow(&self) -> SimTime {
        let unrest = self.followed.unrest.iter().flat_map(|(from, until)| [*from, *until]);
        let unrest = unrest.map(|at| self.from + at).filter(|at| *at > self.edge);
        let rulers = self.rulers.iter().map(|ruler| ruler.next);
        rulers.chain(unrest).min().unwrap_or(SimTime::NEVER)
    }

    /// Reads what is to be read here and now.
    fn follow(&mut self) {
        for ruler in self.rulers.iter_mut().filter(|ruler| ruler.next == self.edge) {
            ruler.read(&self.world, self.until);
        }
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
        self.read_zones();
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

    fn read_zones(&mut self) {
        if self.counted.is_none() && (1..=MOST_ZONES).contains(&self.plan.zones.len()) {
            self.zone_course.push((self.edge - self.from, self.world.zone_ledgers()));
        }
    }

    fn count_classes(&mut self) {
        let views = self.world.record().views.iter().map(tally).collect();
        let in_flight = self.world.in_flight_by_class();
        self.censuses.push(Census { at: self.edge - self.from, in_flight, views });
    }

    /// Begins to count here and now, for `length`: what was counted before is forgotten, with
    /// everyone who came before.
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

    /// What is counted ends at `end`, here and now, at one of its steps. Of a copy that is how a shorter
    /// window is told that began with a longer one. A run that was cut off before has the length it would
    /// have had.
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

    /// Utilisation since the last reading.
    fn read_grid(&mut self) {
        let now = self.world.gauges();
        for ((series, now), last) in self.grid.iter_mut().zip(&now).zip(&self.last) {
            series.extend(now.since(last).utilization());
        }
        self.last = now;
    }

    /// Pages that users who have gone away would still have asked for count as asked for by others.
    pub fn forget_who_left(&mut self) {
        self.world.forget_who_left();
    }

    /// So many sessions of workloads, and no others, had ended with a view that was lost, and would have
    /// gone on from here.
    pub fn have_gone(&mut self, gone: &[(WorkloadId, u64)]) {
        for (workload, sessions) in gone {
            self.world.send_away(*workload, *sessions);
        }
    }

    /// Pages of a workload, by number, that users who have gone away would still ask for.
    #[must_use]
    pub fn who_left(&self, workload: usize) -> u64 {
        self.world.who_left(WorkloadId::at(workload))
    }

    /// Breaks a part here and now, by its place among the breakable ones of the plan, or mends it.
    pub fn drill(&mut self, part: u32, breaks: bool) {
        if self.cut.is_none() {
            self.world.drill(part, breaks);
        }
    }

    /// How everything fares; none when it has been cut off or something is about to change by itself.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        if self.cut.is_some() { None } else { self.world.standing() }
    }

    /// How everything fares, and what will change by itself; none when it has been cut off or that cannot be
    /// told.
    #[must_use]
    pub fn outlook(&self) -> Option<Outlook> {
        if self.cut.is_some() { None } else { self.world.outlook() }
    }

    /// What is ill, for another run of the same [`Standing`].
    #[must_use]
    pub fn illness(&self) -> Illness<'p> {
        self.world.illness()
    }

    /// What is ill is what was ill in a run of the same [`Standing`].
    pub fn fall_ill(&mut self, illness: Illness<'p>) {
        self.world.fall_ill(illness);
    }

    /// Lives on to the end of what is counted, and until everyone counted has ended; `None` when
    /// it was told to stop.
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
        }
        let unrest = self.world.unrest();
        let counts = self.first.is_some();
        if counts && self.censuses.last().is_some_and(|last| self.from + last.at < self.edge) {
            self.count_classes();
        }
        let first = self.first.take().unwrap_or_else(|| First {
            gauges: self.world.gauges(),
            zones: self.world.zone_gauges(),
            ledgers: self.world.zone_ledgers(),
            numbers: self.world.numbers(),
            in_flight: self.world.in_flight(),
        });
        let last = if self.last.is_empty() { first.gauges.clone() } else { self.last.clone() };
        let since = |now: &[Gauge], then: &[Gauge]| -> Vec<Gauge> {
            now.iter().zip(then).map(|(now, then)| now.since(then)).collect()
        };
        let gauges = since(&last, &first.gauges);
        let zones = since(&self.world.zone_gauges(), &first.zones);
        let ledgers = self.world.zone_ledgers();
        let zone_ledgers = ledgers.iter().zip(&first.ledgers);
        let zone_ledgers = zone_ledgers.map(|(now, then)| now.since(then)).collect();
        let numbers = self.world.numbers().into_iter().zip(&first.numbers);
        let numbers = numbers.map(|((of, now), (_, then))| (of, now.since(then))).collect();
        let in_flight = (first.in_flight, self.world.in_flight());
        while self.cut.is_none() && self.world.counted_open() > 0 && self.edge < self.horizon {
            let next = (self.edge + SimDuration::SECOND).min(self.horizon);
            self.live(next, told_to_stop);
        }
        let stop = match self.cut {
            Some(Cut::Told) => return Ok(None),
            Some(Cut::Limit(stop)) => Some(stop),
            None => None,
        };
        let world = &self.world;
        self.trail.close(world.events());
        let waits = |index: usize| world.component(ComponentId::at(index)).waits().cloned();
        let sojourns = |index: usize| world.component(ComponentId::at(index)).stays().cloned();
        let parts = 0..self.plan.parts.len();
        let observation = Observation {
            gauges,
            zones,
            zone_ledgers,
            zone_course: self.zone_course,
            numbers,
            databases: world.databases(),
            grid: self.grid,
            soundings: self.soundings,
            censuses: self.censuses,
            unrest,
            steps: self.steps,
            last: self.counted.map_or(SimDuration::ZERO, |counted| counted.last),
            waits: parts.clone().map(waits).collect(),
            sojourns: parts.map(sojourns).collect(),
            series: self.rulers.into_iter().map(|ruler| (ruler.series, ruler.cells)).collect(),
            calm: self.calm.filter(|_| self.marked > self.from),
            followed: self.until - self.marked,
            length: self.until - self.from,
            digest: world.digest(),
            trail: self.trail,
            events: world.events(),
            most_in_flight: world.most_in_flight(),
            in_flight,
            stop,
            record: world.record().clone(),
        };
        audit(self.plan, &observation)?;
        Ok(Some(observation))
    }

    /// Lives on in slices. Where they end changes nothing of what is lived through.
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

    /// Lives on to `end` with a tally after every step.
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

/// How long after the start of a window of `length` the sounding after `done` others is.
fn sounding_after(length: SimDuration, done: usize) -> SimDuration {
    let part = u128::from(length.nanos()) * (done as u128 + 1) / u128::from(SOUNDINGS);
    SimDuration::from_nanos(u64::try_from(part).expect("a part of the length"))
}

/// Events between two looks at whether to stop, about: a tenth of a second of work.
const SLICE_EVENTS: u64 = 1 << 19;
/// The first slice, and the longest: traffic may rise in it.
const FIRST_SLICE: SimDuration = SimDuration::from_nanos(100_000_000);
const LONGEST_SLICE: SimDuration = SimDuration::from_secs(60);

/// Why a replication ended early.
#[derive(Clone, Debug)]
enum Cut {
    /// A limit of the run was met.
    Limit(Stop),
    /// Told to stop.
    Told,
}

/// Checks what must hold on every run: Little's law as an identity, busy + idle + unavailable =
/// capacity × time, ledgers.
fn audit(plan: &Blueprint, observation: &Observation) -> Result<(), Breach> {
    let breach = |what: String| Err(Breach { what, during: String::new() });
    if observation.stop.is_some() {
        return Ok(());
    }
    for (part, gauge) in plan.parts.iter().zip(&observation.gauges) {
        if gauge.inside != gauge.stayed {
            let (area, stays) = (gauge.inside, gauge.stayed);
            return breach(format!(
                "Little's law at `{}`: area {area} ns, stays {stays} ns",
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
