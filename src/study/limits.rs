//! Capacity of a scenario: the highest rate that meets each latency objective, and the bottleneck by analytic load.
//!
//! Takes a draft and its blueprint; returns searches to run ([`capacity`](super::capacity)) and their places by figure.
//! A scenario is searched if a class with a latency objective is requested by a workload with a rate, and a window has
//! a level: rates are then free to choose. Holds: all scenarios of one seed have the same users, so neighbours can be
//! compared replication by replication. Leaves out: recorded traffic; faults (nothing breaks during a search).

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

/// Largest share of the page views that may be lost at a sustainable rate; beyond it a window is called overloaded.
pub const LOST_AT_MOST: f64 = 0.01;
/// Replications at each rate, before the interval's width requires more.
const REPLICATIONS: u32 = 6;
/// Relative half-width to reach, and the maximum number of replications.
const PRECISION: (f64, u32) = (0.03, 16);
/// Length of the measured interval at each rate: the time of 40,000 views at the first rate, between `SHORTEST` and
/// `LENGTH`. The maximum is longer than one state of a modulated arrival process.
const LENGTH: SimDuration = SimDuration::from_secs(180);
const VIEWS: f64 = 40_000.0;
const SHORTEST: SimDuration = SimDuration::from_secs(60);
const LEAD_IN: SimDuration = SimDuration::from_secs(30);
/// Relative distance of the two rates around the answer; within it a straight line is accurate enough.
const TOLERANCE: f64 = 0.08;
/// First rate tried, as a share of the rate that saturates the bottleneck.
const FIRST: f64 = 0.7;

/// A search.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The class.
    pub class: String,
    /// The workload whose rate is changed.
    pub workload: WorkloadId,
    /// Statistic, such as `p95`.
    pub stat: &'static str,
    /// Bound of the statistic.
    pub bound: SimDuration,
    /// Objective to meet.
    pub objective: Objective,
    /// Window simulated at each rate.
    pub window: Window,
    /// Effort of the search.
    pub effort: Effort,
    /// Bottleneck by analytic load: its name, and the rate that saturates it.
    pub first: (String, f64),
}

/// Returns the searches of a scenario, in the order of its objectives; `quick` for a quick run.
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

/// Returns the place among `all` of the search for `figure` (`capacity.page[objective=p95]`).
///
/// # Errors
///
/// [`NoSuchFigure`], with the keys that the scenario lacks.
pub fn found(all: &[Sought], figure: &Figure) -> Result<usize, NoSuchFigure> {
    let class = &figure.scope;
    let stat = figure.key("objective").unwrap_or_default();
    let place = all.iter().position(|one| one.class == *class && one.stat == stat);
    place.filter(|_| figure.resource.is_none()).ok_or_else(|| {
        NoSuchFigure::new(format!("`{figure}`: it is not searched for")).help(format!(
            "that needs `[objective.{class}]` with `latency = {{ {stat} = \"500ms\" }}` or the like, \
             a workload with a `rate` that asks for `{class}`, and a window with a `level`"
        ))
    })
}

/// Tightens the search to a half-width of at most `width` of the capacity, with at most `most` replications.
pub fn sharpen(sought: &mut Sought, width: f64, most: u32) {
    let effort = &mut sought.effort;
    let width = effort.precision.map_or(width, |(other, _)| width.min(other));
    let most = effort.precision.map_or(most, |(_, other)| most.max(other));
    effort.precision = Some((width, most));
    effort.tolerance = effort.tolerance.min(width);
}

/// Returns the length of the measured interval for the first rate `from`.
fn length(from: Rate) -> SimDuration {
    SimDuration::from_seconds_f64(VIEWS / from.in_per_second()).clamp(SHORTEST, LENGTH)
}

/// Returns the window of the search, which begins where the windows with a level do.
fn window(draft: &Draft, length: SimDuration) -> Window {
    let start = week_start(draft);
    let leveled = draft.scenario.window.iter().find(|(_, window)| window.level.is_some());
    let at = leveled.and_then(|(_, window)| window.at.as_ref());
    Window {
        name: "capacity".into(),
        levels: Vec::new(),
        at: SimTime::ZERO + at.map_or(SimDuration::ZERO, |at| at.value.after_zero(start)),
        warm_up: LEAD_IN,
        length,
        drain: SimDuration::from_secs(300),
        faults: Faults::Off,
    }
}
