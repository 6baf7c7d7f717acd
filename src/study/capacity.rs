//! Capacity: the highest steady rate at which a workload still meets its objective.
//!
//! Model: the rate of one workload is fixed at r, the others keep theirs. All rates see the same
//! draws, so that in each replication the figure is a function of the rate alone, and one that
//! rises. A replication's own capacity is the rate at which its figure crosses the limit, or at
//! which more than a stated share of its views is lost; the answer is the mean of these, with the
//! interval of a mean. Rates are tried until they lie close around the answer: at first with steps
//! of a quarter, then between the last that holds and the first that does not, where a straight line
//! through the logarithms of the figure would cross the limit. Between the rates tried each
//! replication's figure is read off such lines.
//!
//! Takes a blueprint, a window and an [`Objective`]; gives a [`CapacityResult`].
//! Holds: the same rates are looked at whatever the number of threads; no rate is run twice.
//! Leaves out: figures that fall with the rate; objectives of years.
//! Source: sample-path (retrospective) root finding: Chen & Schmeiser, Stochastic root finding via
//! retrospective approximation, IIE Transactions 33 (2001).

use rayon::prelude::*;

use crate::model::blueprint::Blueprint;
use crate::model::ids::WorkloadId;
use crate::solve::requests::{self, Breach, Observation, Window};
use crate::stats::interval::{Interval, Statistic};
use crate::study::measure::Measure;
use crate::study::underway;
use crate::study::window::{Estimate, Watch, estimate};
use crate::units::Rate;

/// What must hold.
#[derive(Clone, Debug)]
pub struct Objective {
    /// The figure, one that rises with the rate: the p95 of a class, say.
    pub measure: Measure,
    /// It must stay below this, in its base unit.
    pub below: f64,
    /// At most this share of the views may be lost: answers to the rest alone are no capacity.
    pub lost_at_most: f64,
}

/// How hard to look.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Replications at each rate.
    pub replications: u32,
    /// Level of the intervals.
    pub level: f64,
    /// Rates are tried until two within this share of each other lie around the answer.
    pub tolerance: f64,
    /// The first rate tried.
    pub from: Rate,
}

/// What was seen at one rate.
#[derive(Clone, Debug)]
pub struct Point {
    /// The rate, per second.
    pub rate: f64,
    /// The figure.
    pub estimate: Estimate,
    /// Share of the views lost.
    pub lost: f64,
    /// Whether the objective holds by the estimate.
    pub holds: bool,
    /// By replication: how far the figure is, of its limit; infinite where too many views were lost
    /// or too few answered to say.
    pub reached: Vec<f64>,
}

/// The capacity, with what the replications leave open.
#[derive(Clone, Debug)]
pub struct CapacityResult {
    /// Highest rate that meets the objective, per second: the mean over replications; zero when even
    /// the smallest rate tried does not, infinite when the largest does.
    pub rate: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// By replication.
    pub each: Vec<f64>,
    /// All rates tried, rising.
    pub points: Vec<Point>,
}

/// Steps before the search gives up.
const MAX_STEPS: u32 = 24;
/// A step of the bracket.
const STEP: f64 = 1.25;
/// A rate tried between two others keeps this share of their distance away from both.
const APART: f64 = 0.1;

/// Finds the highest rate of `workload` that meets `objective` in `window`; `None` when told to
/// stop.
///
/// # Errors
///
/// [`Breach`] when an invariant of some run is broken.
pub fn search(
    plan: &Blueprint,
    window: &Window,
    workload: WorkloadId,
    objective: &Objective,
    effort: Effort,
    watch: &Watch,
) -> Result<Option<CapacityResult>, Breach> {
    let points = Vec::new();
    let mut search = Search { plan, window, workload, objective, effort, watch, points };
    let Some(bracket) = search.bracket()? else { return Ok(None) };
    if let (0.0, end) | (end, f64::INFINITY) = bracket {
        search.points.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let rate = if bracket.0 == 0.0 { 0.0 } else { f64::INFINITY };
        let (low, high) = if bracket.0 == 0.0 { (0.0, end) } else { (end, f64::INFINITY) };
        return Ok(Some(CapacityResult {
            rate,
            low,
            high,
            each: Vec::new(),
            points: search.points,
        }));
    }
    if search.narrow(bracket)?.is_none() {
        return Ok(None);
    }
    search.points.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let replications = effort.replications as usize;
    let each: Vec<f64> = (0..replications).map(|at| root(&search.points, at)).collect();
    let mean = each.iter().sum::<f64>() / each.len().max(1) as f64;
    let interval = Interval::of(Statistic::Mean, &each, effort.level);
    let (low, high) = interval.map_or((0.0, f64::INFINITY), |one| (one.low.max(0.0), one.high));
    Ok(Some(CapacityResult { rate: mean, low, high, each, points: search.points }))
}

/// The rate at which one replication reaches its limit, by lines through the logarithms between the
/// rates tried; the last rate tried where it does not.
fn root(points: &[Point], replication: usize) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for point in points {
        let reached = point.reached[replication];
        if reached >= 1.0 {
            return before.map_or(point.rate, |before| crossing(before, (point.rate, reached)));
        }
        before = Some((point.rate, reached));
    }
    before.map_or(0.0, |(rate, _)| rate)
}

/// Where a line through the logarithms of two figures crosses 1; the middle where there is none.
fn crossing(low: (f64, f64), high: (f64, f64)) -> f64 {
    let share = -libm::log(low.1) / (libm::log(high.1) - libm::log(low.1));
    let share = if share.is_finite() && share > 0.0 { share.min(1.0) } else { 0.5 };
    low.0 + share * (high.0 - low.0)
}

struct Search<'a> {
    plan: &'a Blueprint,
    window: &'a Window,
    workload: WorkloadId,
    objective: &'a Objective,
    effort: Effort,
    watch: &'a Watch,
    points: Vec<Point>,
}

impl Search<'_> {
    /// What is seen at `rate`: its place among the points; `None` when told to stop.
    fn at(&mut self, rate: f64) -> Result<Option<usize>, Breach> {
        if let Some(place) = self.points.iter().position(|point| point.rate == rate) {
            return Ok(Some(place));
        }
        let mut window = self.window.clone();
        window.levels.resize(self.plan.workloads.len(), None);
        window.levels[self.workload.index()] = Rate::per_second(rate);
        let live = |replication: u32| {
            let during = format!("capacity at {rate}/s, replication {replication}");
            underway::during(during, || {
                let told = || self.watch.told_to_stop();
                requests::run_unless(self.plan, &window, replication.into(), None, &told)
                    .map_err(|breach| Breach { what: breach.what, during: underway::now() })
            })
        };
        let runs = (0..self.effort.replications).into_par_iter().with_max_len(1).map(live);
        let seen: Option<Vec<Observation>> =
            runs.collect::<Result<Vec<_>, Breach>>()?.into_iter().collect();
        let Some(seen) = seen else { return Ok(None) };
        self.points.push(self.judge(rate, &seen));
        Ok(Some(self.points.len() - 1))
    }

    fn judge(&self, rate: f64, seen: &[Observation]) -> Point {
        let limit = self.objective.below;
        let values: Vec<_> =
            seen.iter().map(|one| self.objective.measure.value(self.plan, one)).collect();
        let shares = seen.iter().map(|one| {
            let views = &one.record.views[self.workload.index()];
            views.lost.iter().sum::<u64>() as f64 / views.intended.max(1) as f64
        });
        let lost: Vec<f64> = shares.collect();
        let of_one = |((one, value), lost): ((&Observation, &Result<f64, _>), &f64)| {
            let many = *lost > self.objective.lost_at_most || one.stop.is_some();
            value.ok().filter(|_| !many).map_or(f64::INFINITY, |value| value / limit)
        };
        let reached: Vec<f64> = seen.iter().zip(&values).zip(&lost).map(of_one).collect();
        let estimate = estimate(&values, Statistic::Mean, self.effort.level);
        let lost = lost.iter().sum::<f64>() / lost.len().max(1) as f64;
        let stopped = seen.iter().any(|one| one.stop.is_some());
        let few = lost <= self.objective.lost_at_most && !stopped;
        let holds = few && estimate.value().is_some_and(|value| value < limit);
        Point { rate, estimate, lost, holds, reached }
    }

    /// A rate that holds and one that does not. Zero or infinite where there is none.
    fn bracket(&mut self) -> Result<Option<(f64, f64)>, Breach> {
        let mut rate = self.effort.from.in_per_second();
        let Some(first) = self.at(rate)? else { return Ok(None) };
        let first = self.points[first].holds;
        let mut step = STEP;
        for _ in 0..MAX_STEPS {
            let next = if first { rate * step } else { rate / step };
            let Some(place) = self.at(next)? else { return Ok(None) };
            if self.points[place].holds != first {
                return Ok(Some(if first { (rate, next) } else { (next, rate) }));
            }
            rate = next;
            step *= STEP;
        }
        Ok(Some(if first { (rate, f64::INFINITY) } else { (0.0, rate) }))
    }

    /// Narrows a rate that holds and one that does not; `None` when told to stop.
    fn narrow(&mut self, (mut low, mut high): (f64, f64)) -> Result<Option<()>, Breach> {
        while high - low > self.effort.tolerance * high {
            let reached = |rate: f64| {
                let point = self.points.iter().find(|point| point.rate == rate);
                let value = point.and_then(|point| point.estimate.value());
                // Where too much was lost the figure is that of the others.
                let value = value.map_or(f64::INFINITY, |value| value / self.objective.below);
                if rate == high { value.max(1.0) } else { value }
            };
            let across = crossing((low, reached(low)), (high, reached(high)));
            let apart = APART * (high - low);
            let between = across.clamp(low + apart, high - apart);
            let Some(place) = self.at(between)? else { return Ok(None) };
            if self.points[place].holds { low = between } else { high = between }
        }
        Ok(Some(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A replication's capacity is read off where its own figure crosses the limit.
    #[test]
    fn a_replication_is_read_between_the_rates_tried() {
        let point = |rate: f64, reached: [f64; 3]| Point {
            rate,
            estimate: Estimate::Single(0.0),
            lost: 0.0,
            holds: true,
            reached: reached.to_vec(),
        };
        let points = [
            point(10.0, [0.5, 0.9, 0.1]),
            point(20.0, [2.0, 0.95, 0.2]),
            point(30.0, [8.0, f64::INFINITY, 0.3]),
        ];
        // ln 0.5 and ln 2 are as far from 0: the middle. Lost in between: the middle. Never: the end.
        let roots: Vec<f64> = (0..3).map(|at| root(&points, at)).collect();
        assert!((roots[0] - 15.0).abs() < 1e-12);
        assert_eq!(roots[1..], [25.0, 30.0]);
    }
}
