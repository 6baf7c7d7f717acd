//! Capacity: the highest steady rate at which a workload still meets its objective.
//!
//! Model: the rate of one workload is fixed at r, the others keep theirs; the objective holds at r
//! when the interval of the figure over a fixed number of replications lies below its limit and at
//! most a stated share of the views is lost. All rates see the same draws, so that neighbouring
//! rates differ by the rate alone and the figure rises with it. The search doubles or halves until
//! it has a rate that holds and one that does not, and then bisects three times in that bracket:
//! for the answer (by the estimate), for the highest rate that holds for sure and for the lowest
//! that fails for sure. Between those two the replications cannot tell.
//!
//! Takes a blueprint, a window and an [`Objective`]; gives a [`CapacityResult`].
//! Holds: the same rates are looked at whatever the number of threads; no rate is run twice.
//! Leaves out: figures that fall with the rate; objectives of years.

use crate::model::blueprint::Blueprint;
use crate::model::ids::WorkloadId;
use crate::solve::requests::{Breach, Window};
use crate::study::measure::Measure;
use crate::study::window::{self, Estimate, Watch, WindowPlan, WindowResult};
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
    /// The answer and the ends of its interval are found to within this share of it.
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
    /// Whether the interval is sure of it.
    pub sure: bool,
}

/// The capacity, with what the replications leave open.
#[derive(Clone, Debug)]
pub struct CapacityResult {
    /// Highest rate that meets the objective by the estimates, per second; zero when even the
    /// smallest rate tried does not.
    pub rate: f64,
    /// Highest rate known to meet it.
    pub low: f64,
    /// Lowest rate known to miss it; infinite when none was found.
    pub high: f64,
    /// All rates tried, rising.
    pub points: Vec<Point>,
}

/// Halvings or doublings before the search gives up.
const MAX_STEPS: u32 = 24;

/// Finds the highest rate of `workload` that meets `objective` in `window`.
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
) -> Result<CapacityResult, Breach> {
    let mut search = Search { plan, window, workload, objective, effort, points: Vec::new() };
    let (mut low, mut high) = search.bracket()?;
    let (bottom, top) = (low, high);
    if top.is_finite() {
        (low, high) = search.bisect(low, high, |point| point.holds)?;
        let sure = search.sure_to_hold(low)?;
        let known = search.bisect(sure, high, |point| point.holds && point.sure)?.0;
        let unsure = search.bisect(low, top, |point| point.holds || !point.sure)?.1;
        search.points.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        return Ok(CapacityResult { rate: low, low: known, high: unsure, points: search.points });
    }
    search.points.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    Ok(CapacityResult { rate: bottom, low: bottom, high, points: search.points })
}

struct Search<'a> {
    plan: &'a Blueprint,
    window: &'a Window,
    workload: WorkloadId,
    objective: &'a Objective,
    effort: Effort,
    points: Vec<Point>,
}

impl Search<'_> {
    /// What is seen at `rate`.
    fn at(&mut self, rate: f64) -> Result<Point, Breach> {
        if let Some(point) = self.points.iter().find(|point| point.rate == rate) {
            return Ok(point.clone());
        }
        let mut window = self.window.clone();
        window.levels.resize(self.plan.workloads.len(), None);
        window.levels[self.workload.index()] = Rate::per_second(rate);
        let asked = WindowPlan {
            window,
            replications: (self.effort.replications, self.effort.replications),
            precision: Vec::new(),
            measures: vec![self.objective.measure.clone()],
            level: self.effort.level,
            drill: None,
        };
        let seen = window::run(self.plan, &asked, &Watch::default())?;
        let point = self.judge(rate, &seen);
        self.points.push(point.clone());
        Ok(point)
    }

    fn judge(&self, rate: f64, seen: &WindowResult) -> Point {
        let views = &seen.pooled.views[self.workload.index()];
        let lost: u64 = views.lost.iter().sum();
        let lost = if views.intended == 0 { 0.0 } else { lost as f64 / views.intended as f64 };
        let estimate = seen.estimates[0].clone();
        let limit = self.objective.below;
        let (below, sure) = match &estimate {
            Estimate::Interval(it) => (it.estimate < limit, it.high < limit || it.low >= limit),
            Estimate::Single(value) => (*value < limit, false),
            // Too few were answered to say anything of them.
            Estimate::Missing(_) => (false, true),
        };
        let stopped = seen.stopped.is_some();
        let few = lost <= self.objective.lost_at_most && !stopped;
        Point { rate, estimate, lost, holds: below && few, sure: sure || !few }
    }

    /// A rate that holds and one that does not: neighbours among the doubled ones. Zero or infinite
    /// where there is none.
    fn bracket(&mut self) -> Result<(f64, f64), Breach> {
        let mut rate = self.effort.from.in_per_second();
        let first = self.at(rate)?.holds;
        for _ in 0..MAX_STEPS {
            let next = if first { rate * 2.0 } else { rate / 2.0 };
            if self.at(next)?.holds != first {
                return Ok(if first { (rate, next) } else { (next, rate) });
            }
            rate = next;
        }
        Ok(if first { (rate, f64::INFINITY) } else { (0.0, rate) })
    }

    /// A rate at or below `low` that surely holds; zero when there is none within reach.
    fn sure_to_hold(&mut self, low: f64) -> Result<f64, Breach> {
        let mut rate = low;
        for _ in 0..MAX_STEPS {
            let point = self.at(rate)?;
            if point.holds && point.sure {
                return Ok(rate);
            }
            rate *= 1.0 - 4.0 * self.effort.tolerance;
        }
        Ok(0.0)
    }

    /// Narrows `low..high`, where `keep` is taken to hold at `low` and not at `high`.
    fn bisect(
        &mut self,
        mut low: f64,
        mut high: f64,
        keep: impl Fn(&Point) -> bool,
    ) -> Result<(f64, f64), Breach> {
        while high - low > self.effort.tolerance * high {
            let middle = 0.5 * (low + high);
            if keep(&self.at(middle)?) { low = middle } else { high = middle }
        }
        Ok((low, high))
    }
}
