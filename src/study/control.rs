//! Figures of windows, corrected for the arrivals that the replications happened to draw.
//!
//! Model: all windows of one seed have the same users, so one unusual set of arrivals moves every figure the same way.
//! The expected arrivals of a window are known from the plan: the cumulated rate, also for modulated and noisy traffic.
//! The realised arrivals of each workload are a control variate ([`stats::control`](crate::stats::control)).
//!
//! | figures | correction |
//! |---|---|
//! | utilisation, number busy, in the system, throughput, transfer | regression: nearly a straight line in the arrivals |
//! | sojourn times and latencies, mean and quantiles | regression; the jackknife removes the bias of their curvature |
//! | arrivals and their rate | none: they are the control, and are printed as they came |
//! | ledgers, shares served and lost, hits | none: they are of the requests that came; few of them have an interval for few counts ([`stats::counts`](crate::stats::counts)) |
//! | waiting and queues, probabilities of a number, maxima, lag, counts of databases | none: rare and skewed, a slope from few replications misleads |
//!
//! The regression over more than [`KEPT`](crate::study::folded::KEPT) replications is that of
//! [`stats::regression`](crate::stats::regression), on the largest workloads alone.
//!
//! Holds: a window around a break is not corrected; its figures are differences on the same draws.
//! Leaves out: closed users and recorded traffic, whose arrivals have no known expectation; flash crowds,
//! renewal gaps; fewer than ten replications a control; a window of which a replication was cut short;
//! the realised service demands, which are not recorded.

use crate::model::blueprint::{Arrivals, Blueprint};
use crate::model::gauge::ReadAs;
use crate::plan::figure::Stat;
use crate::solve::requests::Window;
use crate::stats::control::{Control, Controls};
use crate::stats::interval::Statistic;
use crate::stats::summary::ordered_sum;
use crate::study::measure::{Measure, NoValue};
use crate::study::replication::{Replication, Valued};
use crate::study::window::{self, Estimate, WindowPlan, estimate};

/// Returns the expected arrivals of `window` per workload; `None` where they are unknown.
#[must_use]
pub fn expected(plan: &Blueprint, window: &Window) -> Vec<Option<f64>> {
    let (from, until) = (window.from(), window.from() + window.length);
    let of = |arrivals: &Arrivals| match arrivals {
        Arrivals::Described(traffic) => traffic.expected_between(from, until),
        Arrivals::Recorded(_) | Arrivals::Closed(_) => None,
    };
    let workloads = plan.workloads.iter().enumerate();
    let one = |(at, workload): (usize, &crate::model::blueprint::Workload)| {
        let level = window.levels.get(at).copied().flatten();
        match level.map(|level| workload.arrivals.at_level(level)) {
            Some(fixed) => of(&fixed.ok()?),
            None => of(&workload.arrivals),
        }
    };
    workloads.map(one).collect()
}

/// Returns the workloads whose expected arrivals are known, with these, the most first.
pub(super) fn known(plan: &Blueprint, asked: &WindowPlan) -> Vec<(usize, f64)> {
    let all = expected(plan, &asked.window).into_iter().enumerate();
    let mut known: Vec<(usize, f64)> =
        all.filter_map(|(workload, expected)| Some((workload, expected?))).collect();
    known.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    known
}

/// Returns the controls of a window, the workload with the most arrivals first; `None` where nothing is corrected.
pub(super) fn controls(
    plan: &Blueprint,
    asked: &WindowPlan,
    seen: &[Replication],
) -> Option<Controls> {
    if asked.drill.is_some() || seen.iter().any(|one| one.cut.is_some()) {
        return None;
    }
    let known = known(plan, asked);
    let column = |(workload, expected): (usize, f64)| Control {
        values: seen.iter().map(|one| one.record.views[workload].intended as f64).collect(),
        expected,
    };
    Controls::new(&known.into_iter().map(column).collect::<Vec<_>>())
}

/// Returns whether a figure is corrected; the reasons are in the table above.
#[must_use]
pub const fn is_corrected(measure: &Measure) -> bool {
    match measure {
        Measure::Utilization(_)
        | Measure::Busy(_)
        | Measure::Inside(_)
        | Measure::Throughput(_)
        | Measure::Tally(_, ReadAs::Rate(_))
        | Measure::ClassThroughput(_)
        | Measure::Sojourn(_) => true,
        Measure::Latency(_, stat) | Measure::ViewLatency(_, stat) => {
            matches!(stat, Stat::Mean | Stat::Quantile(_))
        }
        _ => false,
    }
}

/// Returns the estimate of a measure from its values per replication. Counts and shares of possibly rare events get an
/// interval for few counts; others are corrected where possible.
pub(super) fn estimated(
    controls: Option<&Controls>,
    measure: &Measure,
    seen: &[Valued],
    level: f64,
) -> Estimate {
    let values: Vec<Result<f64, NoValue>> = seen.iter().map(|one| one.value).collect();
    let units: Vec<f64> = seen.iter().filter_map(|one| one.unit).collect();
    if units.len() == seen.len() && !units.is_empty() {
        // The trials of all replications together.
        let unit = units.len() as f64 / ordered_sum(units.iter().map(|unit| 1.0 / unit));
        return window::counted(&values, unit, measure.is_share(), level);
    }
    let plain = estimate(&values, measure.statistic(), level);
    let Some(controls) = controls.filter(|_| is_corrected(measure)) else { return plain };
    if measure.statistic() != Statistic::Mean || !matches!(plain, Estimate::Interval(_)) {
        return plain;
    }
    let numbers: Vec<f64> = values.iter().filter_map(|value| value.ok()).collect();
    let most = seen.iter().filter_map(|one| one.most).max_by(f64::total_cmp);
    match controls.mean(&numbers, level) {
        // For a saturated part the regression line would exceed its maximum.
        Ok(Some(i)) if most.is_some_and(|most| i.estimate > most) => plain,
        Ok(Some(interval)) => Estimate::Interval(interval),
        _ => plain,
    }
}
