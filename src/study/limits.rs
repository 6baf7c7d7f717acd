//! What a scenario can carry: for each objective of latency the highest rate that meets it, and what
//! runs out first by arithmetic.
//!
//! Takes a draft and its blueprint; gives searches to run ([`capacity`](super::capacity)) and, when
//! they have run, their answers. A scenario is searched when a class with an objective of latency is
//! asked for by a workload with a rate, and some window has a level: then it asks what happens at
//! rates of its own choice. Holds: all scenarios of one seed see the same users, so that neighbours
//! can be compared replication by replication. Leaves out: recorded traffic; faults (nothing breaks
//! while a capacity is sought).

use crate::model::blueprint::Blueprint;
use crate::model::ids::WorkloadId;
use crate::model::outage::Faults;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::figure::{Figure, NoSuchFigure, Stat};
use crate::plan::load;
use crate::solve::requests::Window;
use crate::study::capacity::{Effort, Objective};
use crate::study::measure::Measure;
use crate::units::{Rate, SimDuration, SimTime};

/// At most this share of the page views may be lost at a rate that is carried: beyond it a window is
/// called overloaded.
pub const LOST_AT_MOST: f64 = 0.01;
/// Replications at each rate, before the width of the interval asks for more.
const REPLICATIONS: u32 = 6;
/// Relative half-width to reach, and with how many replications at most.
const PRECISION: (f64, u32) = (0.03, 16);
/// What is counted at each rate: longer than a spell of users, or as long as so many views take at the first
/// rate, but no less than the shortest.
const LENGTH: SimDuration = SimDuration::from_secs(180);
const VIEWS: f64 = 40_000.0;
const SHORTEST: SimDuration = SimDuration::from_secs(60);
const LEAD_IN: SimDuration = SimDuration::from_secs(30);
/// Two rates this close, of their size, lie around the answer; between them a line is true enough.
const TOLERANCE: f64 = 0.08;
/// The first rate tried, of the one at which the first part is busy all the time.
const FIRST: f64 = 0.7;

/// A search.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The class.
    pub class: String,
    /// The workload whose rate is changed.
    pub workload: WorkloadId,
    /// `p95`.
    pub stat: &'static str,
    /// Its bound.
    pub bound: SimDuration,
    /// What must hold.
    pub objective: Objective,
    /// What is lived through at each rate.
    pub window: Window,
    /// How hard to look.
    pub effort: Effort,
    /// What runs out first, by arithmetic: its name, and the rate at which it is busy all the time.
    pub first: (String, f64),
}

/// The searches of a scenario, in the order of its objectives; `quick` for a first look.
#[must_use]
pub fn sought(draft: &Draft, plan: &Blueprint, quick: bool) -> Vec<Sought> {
    let scenario = &draft.scenario;
    if !scenario.window.iter().any(|(_, window)| window.level.is_some()) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (class, objective) in scenario.objective.iter() {
        let Some(latency) = &objective.latency else { continue };
        let place = plan.routes.classes.iter().position(|one| one.name == class.text);
        let Some(place) = place else { continue };
        let with_rate = |at: &usize| {
            scenario.workload[*at].1.rate.is_some() && plan.workloads[*at].class.index() == place
        };
        let Some(workload) = (0..plan.workloads.len()).find(with_rate) else { continue };
        let first = load::first_to_run_out(draft, workload, &load::rates(draft));
        let Some(first) = first.filter(|(_, rate)| *rate > 0.0) else { continue };
        let Some(from) = Rate::per_second(FIRST * first.1) else { continue };
        let stats =
            [("p50", 0.5, &latency.p50), ("p95", 0.95, &latency.p95), ("p99", 0.99, &latency.p99)];
        for (stat, level, bound) in stats {
            let Some(bound) = bound else { continue };
            let measure = Measure::Latency(place, Stat::Quantile(level));
            let below = bound.value.seconds();
            let length = if quick { SHORTEST } else { length(from) };
            all.push(Sought {
                class: class.text.clone(),
                workload: WorkloadId::at(workload),
                stat,
                bound: bound.value,
                objective: Objective { measure, below, lost_at_most: LOST_AT_MOST },
                window: window(draft, length),
                effort: Effort {
                    replications: if quick { 3 } else { REPLICATIONS },
                    precision: (!quick).then_some(PRECISION),
                    level: scenario.run.confidence.value,
                    tolerance: TOLERANCE,
                    from,
                },
                first: first.clone(),
            });
        }
    }
    all
}

/// The place among `all` of the search for `figure` (`capacity.page[objective=p95]`).
///
/// # Errors
///
/// What the scenario lacks for such a search.
pub fn found(all: &[Sought], figure: &Figure) -> Result<usize, NoSuchFigure> {
    let class = &figure.scope;
    let stat = figure.key("objective").unwrap_or_default();
    let place = all.iter().position(|one| one.class == *class && one.stat == stat);
    place.filter(|_| figure.resource.is_none()).ok_or_else(|| {
        NoSuchFigure::new(format!("`{figure}`: nothing looks for this capacity")).help(format!(
            "that needs `[objective.{class}]` with `latency = {{ {stat} = \"500ms\" }}` or the like, \
             a workload with a `rate` that asks for `{class}`, and a window with a `level`"
        ))
    })
}

/// Asks the search for `figure` to go on until its half-width is at most `width` of the capacity.
pub fn sharpen(sought: &mut Sought, width: f64, most: u32) {
    let effort = &mut sought.effort;
    let width = effort.precision.map_or(width, |(other, _)| width.min(other));
    let most = effort.precision.map_or(most, |(_, other)| most.max(other));
    effort.precision = Some((width, most));
    effort.tolerance = effort.tolerance.min(width);
}

/// How long is counted where the first rate is `from`.
fn length(from: Rate) -> SimDuration {
    SimDuration::from_seconds_f64(VIEWS / from.in_per_second()).clamp(SHORTEST, LENGTH)
}

/// Where the windows with a level begin.
fn window(draft: &Draft, length: SimDuration) -> Window {
    let start = week_start(draft);
    let leveled = draft.scenario.window.iter().find(|(_, window)| window.level.is_some());
    let at = leveled.and_then(|(_, window)| window.at.as_ref());
    Window {
        name: "capacity".into(),
        levels: Vec::new(),
        at: SimTime::ZERO + at.map_or(SimDuration::ZERO, |at| at.value.after_zero(start)),
        lead_in: LEAD_IN,
        length,
        drain: SimDuration::from_secs(300),
        faults: Faults::Off,
    }
}
