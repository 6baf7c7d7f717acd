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
//! Where between two rates a replication begins to lose too many views no line tells: it counts as the
//! middle, and the interval reaches as far as it would with the one rate, and with the other.
//!
//! Takes a blueprint, a window and an [`Objective`]; gives a [`CapacityResult`].
//! Holds: the same rates are looked at whatever the number of threads; no rate is run twice in a
//! replication; replications are added at fixed numbers of them (S10).
//! Leaves out: figures that fall with the rate; objectives of years.
//! Source: sample-path (retrospective) root finding: Chen & Schmeiser, Stochastic root finding via
//! retrospective approximation, IIE Transactions 33 (2001).

use rayon::prelude::*;

use crate::model::blueprint::Blueprint;
use crate::model::ids::WorkloadId;
use crate::solve::requests::{self, Breach, Observation, Window};
use crate::stats::interval::Statistic;
use crate::stats::precision::{LEAST_MINIMUM, StoppingRule};
use crate::study::measure::{Measure, NoValue};
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
    /// Relative half-width to reach, and with how many replications at most.
    pub precision: Option<(f64, u32)>,
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

/// A capacity.
#[derive(Clone, Debug)]
pub enum Carries {
    /// So many a second: the mean over replications.
    Rate(Estimate),
    /// Fewer than the smallest rate tried.
    Below(f64),
    /// More than the largest rate tried.
    Above(f64),
}

impl Carries {
    /// As an estimate: a bound is none.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        match self {
            Self::Rate(estimate) => estimate.clone(),
            Self::Below(rate) => Estimate::Missing(NoValue::FewerThan(*rate)),
            Self::Above(rate) => Estimate::Missing(NoValue::MoreThan(*rate)),
        }
    }
}

/// Where one replication reaches its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// The rate, per second.
    pub rate: f64,
    /// No smaller than this, and no larger: both are the rate where that was read off a line.
    pub between: (f64, f64),
}

impl Reached {
    const fn at(rate: f64) -> Self {
        Self { rate, between: (rate, rate) }
    }

    /// Whether it is known to lie between two rates, and not where.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.between.0 < self.between.1
    }
}

/// The capacity, with what the replications leave open.
#[derive(Clone, Debug)]
pub struct CapacityResult {
    /// Highest rate that meets the objective.
    pub carries: Carries,
    /// By replication; none where there is but a bound.
    pub each: Vec<Reached>,
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
    let (points, seen) = (Vec::new(), Vec::new());
    let looks = looks(&effort);
    let mut search =
        Search { plan, window, workload, objective, effort, watch, points, seen, replications: 0 };
    for (number, look) in looks.iter().copied().enumerate() {
        if search.replicate(look)?.is_none() {
            return Ok(None);
        }
        let Some(bracket) = search.bracket()? else { return Ok(None) };
        let (carries, each) = match bracket {
            Bracket::Below(rate) => (Carries::Below(rate), Vec::new()),
            Bracket::Above(rate) => (Carries::Above(rate), Vec::new()),
            Bracket::Between(low, high) => {
                if search.narrow((low, high))?.is_none() {
                    return Ok(None);
                }
                search.sort();
                let each = (0..look as usize).map(|at| root(&search.points, at));
                let each: Vec<Reached> = each.collect();
                (Carries::Rate(mean(&each, effort.level)), each)
            }
        };
        let precise = match (&carries, effort.precision) {
            (Carries::Rate(Estimate::Interval(interval)), Some((width, _))) => {
                interval.relative_half_width().is_some_and(|half| half <= width)
            }
            _ => true,
        };
        if precise || number + 1 == looks.len() {
            search.sort();
            return Ok(Some(CapacityResult { carries, each, points: search.points }));
        }
    }
    Ok(None)
}

/// Numbers of replications at which the search looks whether it is precise; the last is enough.
fn looks(effort: &Effort) -> Vec<u32> {
    let rule = effort.precision.and_then(|(_, most)| {
        let least = (effort.replications as usize).max(LEAST_MINIMUM);
        StoppingRule::new(least, (most as usize).max(least), effort.level).ok()
    });
    rule.map_or_else(
        || vec![effort.replications],
        |rule| rule.looks().map(|look| look as u32).collect(),
    )
}

/// The mean over replications. Its interval holds wherever each of them lies between its two rates.
fn mean(each: &[Reached], level: f64) -> Estimate {
    let of = |which: &dyn Fn(&Reached) -> f64| {
        let values: Vec<_> = each.iter().map(|one| Ok(which(one))).collect();
        estimate(&values, Statistic::Mean, level)
    };
    let mut all = of(&|one| one.rate);
    if let Estimate::Interval(interval) = &mut all
        && each.iter().any(Reached::is_open)
        && let (Estimate::Interval(least), Estimate::Interval(most)) =
            (of(&|one| one.between.0), of(&|one| one.between.1))
    {
        interval.low = interval.low.min(least.low);
        interval.high = interval.high.max(most.high);
    }
    all
}

/// The rate at which one replication reaches its limit, by lines through the logarithms between the
/// rates tried; the last rate tried where it does not, the first where it has already.
fn root(points: &[Point], replication: usize) -> Reached {
    let mut before: Option<(f64, f64)> = None;
    for point in points {
        let reached = point.reached[replication];
        if reached >= 1.0 {
            let Some(before) = before else { return Reached::at(point.rate) };
            let rate = crossing(before, (point.rate, reached));
            // No line leads to a rate at which the figure is nobody's.
            let open = reached.is_infinite() || before.1 <= 0.0;
            let between = if open { (before.0, point.rate) } else { (rate, rate) };
            return Reached { rate, between };
        }
        before = Some((point.rate, reached));
    }
    Reached::at(before.map_or(0.0, |(rate, _)| rate))
}

/// Where a line through the logarithms of two figures crosses 1; the middle where there is none.
fn crossing(low: (f64, f64), high: (f64, f64)) -> f64 {
    let share = -libm::log(low.1) / (libm::log(high.1) - libm::log(low.1));
    let share = if share.is_finite() && share > 0.0 { share.min(1.0) } else { 0.5 };
    low.0 + share * (high.0 - low.0)
}

/// What is known of where the objective begins to be missed.
enum Bracket {
    /// It holds at the first and not at the second.
    Between(f64, f64),
    /// It holds at no rate tried, of which this is the smallest.
    Below(f64),
    /// It holds at every rate tried, of which this is the largest.
    Above(f64),
}

/// What one replication saw at one rate.
struct Seen {
    value: Result<f64, NoValue>,
    /// Share of the views lost.
    lost: f64,
    stopped: bool,
}

struct Search<'a> {
    plan: &'a Blueprint,
    window: &'a Window,
    workload: WorkloadId,
    objective: &'a Objective,
    effort: Effort,
    watch: &'a Watch,
    points: Vec<Point>,
    /// By point, then by replication.
    seen: Vec<Vec<Seen>>,
    replications: u32,
}

impl Search<'_> {
    /// Goes on with so many replications, also at the rates tried; `None` when told to stop.
    fn replicate(&mut self, replications: u32) -> Result<Option<()>, Breach> {
        let have = std::mem::replace(&mut self.replications, replications);
        for place in 0..self.points.len() {
            let rate = self.points[place].rate;
            let Some(more) = self.live(rate, have)? else { return Ok(None) };
            self.seen[place].extend(more);
            self.points[place] = self.judge(rate, &self.seen[place]);
        }
        Ok(Some(()))
    }

    /// Points in the order of their rates.
    fn sort(&mut self) {
        let points = std::mem::take(&mut self.points).into_iter();
        let mut both: Vec<(Point, Vec<Seen>)> =
            points.zip(std::mem::take(&mut self.seen)).collect();
        both.sort_by(|a, b| a.0.rate.total_cmp(&b.0.rate));
        (self.points, self.seen) = both.into_iter().unzip();
    }

    /// What is seen at `rate`: its place among the points; `None` when told to stop.
    fn at(&mut self, rate: f64) -> Result<Option<usize>, Breach> {
        if let Some(place) = self.points.iter().position(|point| point.rate == rate) {
            return Ok(Some(place));
        }
        let Some(seen) = self.live(rate, 0)? else { return Ok(None) };
        self.points.push(self.judge(rate, &seen));
        self.seen.push(seen);
        Ok(Some(self.points.len() - 1))
    }

    /// Lives through the replications from `first` on; `None` when told to stop.
    fn live(&self, rate: f64, first: u32) -> Result<Option<Vec<Seen>>, Breach> {
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
            .map(|one| one.map(|one| self.seen(&one)))
        };
        let runs = (first..self.replications).into_par_iter().with_max_len(1).map(live);
        Ok(runs.collect::<Result<Vec<_>, Breach>>()?.into_iter().collect())
    }

    fn seen(&self, one: &Observation) -> Seen {
        let views = &one.record.views[self.workload.index()];
        Seen {
            value: self.objective.measure.value(self.plan, one),
            lost: views.lost.iter().sum::<u64>() as f64 / views.intended.max(1) as f64,
            stopped: one.stop.is_some(),
        }
    }

    fn judge(&self, rate: f64, seen: &[Seen]) -> Point {
        let limit = self.objective.below;
        let of_one = |one: &Seen| {
            let many = one.lost > self.objective.lost_at_most || one.stopped;
            one.value.ok().filter(|_| !many).map_or(f64::INFINITY, |value| value / limit)
        };
        let reached: Vec<f64> = seen.iter().map(of_one).collect();
        let values: Vec<_> = seen.iter().map(|one| one.value).collect();
        let estimate = estimate(&values, Statistic::Mean, self.effort.level);
        let lost = seen.iter().map(|one| one.lost).sum::<f64>() / seen.len().max(1) as f64;
        let stopped = seen.iter().any(|one| one.stopped);
        let few = lost <= self.objective.lost_at_most && !stopped;
        let holds = few && estimate.value().is_some_and(|value| value < limit);
        Point { rate, estimate, lost, holds, reached }
    }

    /// The smallest rate tried that does not hold, and the largest below it that does.
    fn known(&self) -> (Option<f64>, Option<f64>) {
        let rates = |holds: bool| {
            let points = self.points.iter().filter(move |point| point.holds == holds);
            points.map(|point| point.rate)
        };
        let high = rates(false).min_by(f64::total_cmp);
        let low = rates(true).filter(|rate| high.is_none_or(|high| *rate < high));
        (low.max_by(f64::total_cmp), high)
    }

    /// A rate that holds and one that does not, or which of them there is; `None` when told to stop.
    fn bracket(&mut self) -> Result<Option<Bracket>, Breach> {
        let mut step = STEP;
        for _ in 0..=MAX_STEPS {
            let known = self.known();
            let next = match known {
                (Some(low), Some(high)) => return Ok(Some(Bracket::Between(low, high))),
                (Some(low), None) => low * step,
                (None, Some(high)) => high / step,
                (None, None) => self.effort.from.in_per_second(),
            };
            if known != (None, None) {
                step *= STEP;
            }
            if self.at(next)?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(match self.known() {
            (Some(low), Some(high)) => Bracket::Between(low, high),
            (Some(rate), None) => Bracket::Above(rate),
            (_, rate) => Bracket::Below(rate.unwrap_or(0.0)),
        }))
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
    use crate::stats::interval::Interval;

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
        let roots: Vec<Reached> = (0..3).map(|at| root(&points, at)).collect();
        assert!((roots[0].rate - 15.0).abs() < 1e-12 && !roots[0].is_open());
        assert_eq!(roots[1], Reached { rate: 25.0, between: (20.0, 30.0) });
        assert_eq!(roots[2], Reached::at(30.0));
    }

    /// Four replications that begin to lose views somewhere between 20 and 30 agree to the digit and
    /// know the rate to ±5 all the same; one that was read off a line adds to it what it scatters.
    #[test]
    fn an_interval_reaches_over_what_was_not_looked_at() {
        let lost = Reached { rate: 25.0, between: (20.0, 30.0) };
        let of = |each: &[Reached]| match mean(each, 0.95) {
            Estimate::Interval(i) => (i.low, i.estimate, i.high),
            other => panic!("{other:?}"),
        };
        assert_eq!(of(&[lost; 4]), (20.0, 25.0, 30.0));
        // Lows are 20, 20, 20, 25: mean 21.25, s = 2.5, t = 3.1824 at three degrees.
        let (low, middle, high) = of(&[lost, lost, lost, Reached::at(25.0)]);
        assert!((low - (21.25 - 3.182_446 * 1.25)).abs() < 1e-5 && middle == 25.0, "{low}");
        assert!((high - (28.75 + 3.182_446 * 1.25)).abs() < 1e-5, "{high}");
        // Nothing open: the interval of a mean, as ever.
        let plain = Interval::of_mean(&[20.0, 30.0], 0.95).unwrap();
        let (low, _, high) = of(&[Reached::at(20.0), Reached::at(30.0)]);
        assert_eq!((low, high), (plain.low, plain.high));
    }
}
