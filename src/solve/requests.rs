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
    /// Busy ÷ capacity of each component on the grid, by id.
    pub grid: Vec<Vec<f64>>,
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
}

/// Lives through `window` once.
///
/// # Errors
///
/// [`Breach`] when a ledger is not closed or an identity does not hold.
pub fn run(plan: &Blueprint, window: &Window, replication: u64) -> Result<Observation, Breach> {
    run_in_steps(plan, window, replication, None)
}

/// Lives through `window` once, and counts the page views in steps.
///
/// # Errors
///
/// As [`run`].
pub fn run_in_steps(
    plan: &Blueprint,
    window: &Window,
    replication: u64,
    counted: Option<Steps>,
) -> Result<Observation, Breach> {
    let from = window.at.max(SimTime::ZERO + window.lead_in);
    let start = SimTime::from_nanos(from.nanos() - window.lead_in.nanos());
    let until = from + window.length;
    let horizon = until + window.drain;
    let span =
        Span { levels: window.levels.clone(), start, from, until, horizon, faults: window.faults };
    let mut world = World::new(plan, Lineage::replication(replication), span);
    let mut grid: Vec<Vec<f64>> = vec![Vec::new(); plan.parts.len()];
    let mut stop = world.run_before(from).err();
    let first = world.gauges();
    let first_zones = world.zone_gauges();
    let in_flight = world.in_flight();
    let mut last = first.clone();
    let mut edge = from;
    let mut steps = Vec::new();
    let step = counted.map(|counted| counted.every);
    while stop.is_none() && edge < until {
        let next = (edge + GRID).min(until);
        stop = in_steps(&mut world, from, (edge, next), until, step, &mut steps);
        edge = next;
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
    while stop.is_none() && world.counted_open() > 0 && now < horizon {
        now = (now + SimDuration::SECOND).min(horizon);
        stop = world.run_before(now).err();
    }
    let waits = |index: usize| match world.component(ComponentId(index as u32)) {
        Component::Station(station) => station.waits().cloned(),
        _ => None,
    };
    let observation = Observation {
        gauges,
        zones,
        grid,
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
    Ok(observation)
}

/// Lives on from one instant to another, with a tally after every step.
fn in_steps(
    world: &mut World<'_>,
    start: SimTime,
    (mut now, end): (SimTime, SimTime),
    until: SimTime,
    step: Option<SimDuration>,
    steps: &mut Vec<Step>,
) -> Option<Stop> {
    let Some(length) = step.map(SimDuration::nanos).filter(|length| *length > 0) else {
        return world.run_before(end).err();
    };
    while now < end {
        // The least whole number of steps before the end of the window that is later than now.
        let left = (until.nanos() - now.nanos() - 1) / length * length;
        let edge = SimTime::from_nanos(until.nanos() - left);
        now = edge.min(end);
        if let Err(stop) = world.run_before(now) {
            return Some(stop);
        }
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
    None
}

/// Checks what must hold on every run: Little's law as an identity, busy ≤ capacity, ledgers.
fn audit(plan: &Blueprint, observation: &Observation) -> Result<(), Breach> {
    let breach = |what: String| Err(Breach { what });
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
        if gauge.busy > gauge.capacity && gauge.capacity > 0 {
            return breach(format!("`{}` was busier than its capacity", part.name));
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
