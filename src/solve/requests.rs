//! The solver that lives through every request.
//!
//! Takes a blueprint, a window and a replication; gives what was observed between the window's
//! start and end. The run starts at an empty system, a lead-in before the window, which is lived
//! through and not counted. What is counted is what was *born* inside the window, wherever it
//! ends: after the window the sources go on, uncounted, until the last counted request has ended,
//! so that long ones are not cut off; after `drain` the rest is reported as in flight. Time
//! averages are those of the window exactly. Around a break the page views are also counted in
//! steps, so that it can be told when losses begin and end.

use crate::engine::draw::Lineage;
use crate::model::Component;
use crate::model::blueprint::Blueprint;
use crate::model::gauge::Gauge;
use crate::model::ids::ComponentId;
use crate::model::outage::Faults;
use crate::model::record::{Record, ViewRecord};
use crate::model::world::{Span, Stop, World};
use crate::observe::histogram::Histogram;
use crate::units::{Rate, SimDuration, SimTime};

/// Length of the grid of utilisation.
pub const GRID: SimDuration = SimDuration::from_secs(300);

/// Instants of a window at which those in flight are counted, evenly spaced, the last at its end.
pub const SOUNDINGS: u32 = 100;

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
    /// What the replicated databases have to say of the window.
    pub databases: Vec<crate::model::database::Reading>,
    /// Busy ÷ capacity of each component on the grid, by id.
    pub grid: Vec<Vec<f64>>,
    /// Requests in flight at each of the [`SOUNDINGS`].
    pub soundings: Vec<usize>,
    /// Tallies step by step, where steps were asked for: the last is that of the window's end.
    pub steps: Vec<Step>,
    /// How long the end of the window is.
    pub last: SimDuration,
    /// Waiting times of stations that keep them, by id, ns.
    pub waits: Vec<Option<Histogram>>,
    /// Length of the window.
    pub length: SimDuration,
    /// Digest of the events, in order.
    pub digest: u64,
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
/// [`Breach`] when a ledger is not closed or an identity does not hold.
pub fn run(plan: &Blueprint, window: &Window, replication: u64) -> Result<Observation, Breach> {
    let seen = run_unless(plan, window, replication, None, &|| false)?;
    Ok(seen.expect("nobody tells it to stop"))
}

/// As [`run`], with page views also counted in steps where asked; `None` as soon as `told_to_stop`
/// says so: it is asked every 2¹⁹ events or so. What was lived through by then is worth
/// nothing, for a replication counts whole or not at all.
///
/// # Errors
///
/// As [`run`].
pub fn run_unless(
    plan: &Blueprint,
    window: &Window,
    replication: u64,
    counted: Option<Steps>,
    told_to_stop: &dyn Fn() -> bool,
) -> Result<Option<Observation>, Breach> {
    let from = window.at.max(SimTime::ZERO + window.lead_in);
    let start = SimTime::from_nanos(from.nanos() - window.lead_in.nanos());
    let until = from + window.length;
    let horizon = until + window.drain;
    let span =
        Span { levels: window.levels.clone(), start, from, until, horizon, faults: window.faults };
    let mut world = World::new(plan, Lineage::replication(replication), span);
    let mut grid: Vec<Vec<f64>> = vec![Vec::new(); plan.parts.len()];
    let mut slices = Slices { now: start, length: FIRST_SLICE, told_to_stop };
    let mut cut = slices.run_before(&mut world, from).err();
    let first = world.gauges();
    let first_zones = world.zone_gauges();
    let in_flight = world.in_flight();
    let mut last = first.clone();
    let mut edge = from;
    let mut steps = Vec::new();
    let step = counted.map(|counted| counted.every);
    let mut soundings = Vec::with_capacity(SOUNDINGS as usize);
    let mut cell = from;
    while cut.is_none() && edge < until {
        cell = if edge == cell { (cell + GRID).min(until) } else { cell };
        let sounding = from + sounding_after(window.length, soundings.len());
        let next = cell.min(sounding);
        cut = slices.in_steps(&mut world, from, (edge, next), until, step, &mut steps).err();
        edge = next;
        if edge == sounding {
            soundings.push(world.in_flight());
        }
        if edge < cell {
            continue;
        }
        let now = world.gauges();
        for ((series, now), last) in grid.iter_mut().zip(&now).zip(&last) {
            series.extend(now.since(last).utilization());
        }
        last = now;
    }
    let gauges: Vec<Gauge> = last.iter().zip(&first).map(|(now, then)| now.since(then)).collect();
    let zones: Vec<Gauge> =
        world.zone_gauges().iter().zip(&first_zones).map(|(now, then)| now.since(then)).collect();
    let in_flight = (in_flight, world.in_flight());
    let mut now = until;
    while cut.is_none() && world.counted_open() > 0 && now < horizon {
        now = (now + SimDuration::SECOND).min(horizon);
        cut = slices.run_before(&mut world, now).err();
    }
    let stop = match cut {
        Some(Cut::Told) => return Ok(None),
        Some(Cut::Limit(stop)) => Some(stop),
        None => None,
    };
    let waits = |index: usize| match world.component(ComponentId(index as u32)) {
        Component::Station(station) => station.waits().cloned(),
        _ => None,
    };
    let observation = Observation {
        gauges,
        zones,
        databases: world.databases(),
        grid,
        soundings,
        steps,
        last: counted.map_or(SimDuration::ZERO, |counted| counted.last),
        waits: (0..plan.parts.len()).map(waits).collect(),
        length: window.length,
        digest: world.digest(),
        events: world.events(),
        most_in_flight: world.most_in_flight(),
        in_flight,
        stop,
        record: world.record().clone(),
    };
    audit(plan, &observation)?;
    Ok(Some(observation))
}

/// How long after the start of a window of `length` the sounding after `done` others is.
fn sounding_after(length: SimDuration, done: usize) -> SimDuration {
    let part = u128::from(length.nanos()) * (done as u128 + 1) / u128::from(SOUNDINGS);
    SimDuration::from_nanos(part as u64)
}

/// Events between two looks at whether to stop, about: a tenth of a second of work.
const SLICE_EVENTS: u64 = 1 << 19;
/// The first slice, and the longest: traffic may rise in it.
const FIRST_SLICE: SimDuration = SimDuration::from_nanos(100_000_000);
const LONGEST_SLICE: SimDuration = SimDuration::from_secs(60);

/// Why a replication ended early.
enum Cut {
    /// A limit of the run was met.
    Limit(Stop),
    /// Told to stop.
    Told,
}

/// Lives on in slices. Where they end changes nothing of what is lived through.
struct Slices<'a> {
    now: SimTime,
    length: SimDuration,
    told_to_stop: &'a dyn Fn() -> bool,
}

impl Slices<'_> {
    fn run_before(&mut self, world: &mut World<'_>, end: SimTime) -> Result<(), Cut> {
        while self.now < end {
            if (self.told_to_stop)() {
                return Err(Cut::Told);
            }
            let before = world.events();
            self.now = (self.now + self.length).min(end);
            world.run_before(self.now).map_err(Cut::Limit)?;
            let seen = world.events() - before;
            if seen > SLICE_EVENTS {
                self.length = SimDuration::from_nanos((self.length.nanos() / 2).max(1));
            } else if seen < SLICE_EVENTS / 4 {
                self.length = (self.length + self.length).min(LONGEST_SLICE);
            }
        }
        Ok(())
    }

    /// Lives on from one instant to another, with a tally after every step.
    fn in_steps(
        &mut self,
        world: &mut World<'_>,
        start: SimTime,
        (mut now, end): (SimTime, SimTime),
        until: SimTime,
        step: Option<SimDuration>,
        steps: &mut Vec<Step>,
    ) -> Result<(), Cut> {
        let Some(length) = step.map(SimDuration::nanos).filter(|length| *length > 0) else {
            return self.run_before(world, end);
        };
        while now < end {
            // The least whole number of steps before the end of the window that is later than now.
            let left = (until.nanos() - now.nanos() - 1) / length * length;
            let edge = SimTime::from_nanos(until.nanos() - left);
            now = edge.min(end);
            self.run_before(world, now)?;
            if now == edge {
                let tally = |views: &ViewRecord| Tally {
                    served: views.served + views.delayed,
                    lost: views.lost.iter().sum(),
                    never_born: views.never_born,
                };
                let views = world.record().views.iter().map(tally).collect();
                steps.push(Step { at: now - start, views });
            }
        }
        Ok(())
    }
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
