//! Capacity: the highest steady rate at which a workload still meets its objective.
//!
//! Model: the rate of one workload is fixed at r, the others keep theirs. All rates see the same
//! draws, so that in each replication the figure is a function of the rate alone, and one that
//! rises. A replication's own capacity is the rate at which its figure crosses the limit, or at
//! which more than a stated share of its views is lost; the answer is the mean of these, with the
//! interval of a mean. Each replication is searched by itself: in steps until one rate holds and one
//! does not, then between the two, where a straight line through the logarithms of the figure would
//! cross the limit, until they lie close; the capacity is read off such a line. The first two
//! replications begin at a stated rate, the others where those arrived, with smaller steps.
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
use crate::stats::precision::StoppingRule;
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
    /// Replications.
    pub replications: u32,
    /// Relative half-width to reach, and with how many replications at most.
    pub precision: Option<(f64, u32)>,
    /// Level of the intervals.
    pub level: f64,
    /// Rates are tried until two within this share of each other lie around a replication's answer.
    pub tolerance: f64,
    /// The first rate tried.
    pub from: Rate,
}

/// What one replication saw at one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// The rate, per second.
    pub rate: f64,
    /// How far the figure is, of its limit; infinite where too many views were lost or too few
    /// answered to say.
    pub reached: f64,
}

impl Look {
    fn holds(self) -> bool {
        self.reached < 1.0
    }
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
    /// Known to the digit.
    #[cfg(test)]
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
    /// By replication: what was looked at, by rising rate.
    pub looks: Vec<Vec<Look>>,
}

/// Steps before the search gives up.
const MAX_STEPS: u32 = 24;
/// The first step of a search that knows nothing; each further one is longer by as much.
const FAR: f64 = 1.25;
/// The first step where other replications have been.
const NEAR: f64 = 1.08;
/// Replications that know nothing.
const PILOTS: u32 = 2;
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
    let search = Search { plan, window, workload, objective, effort, watch };
    let mut looks: Vec<Vec<Look>> = Vec::new();
    let goals = goals(&effort);
    let pilots = PILOTS.min(goals[0]);
    for goal in std::iter::once(pilots).chain(goals.iter().copied()) {
        let (from, step) = match roots(&looks) {
            Ok(known) if !known.is_empty() => {
                (known.iter().map(|one| one.rate).sum::<f64>() / known.len() as f64, NEAR)
            }
            Ok(_) => (effort.from.in_per_second(), FAR),
            // What is but a bound for one is but a bound for all.
            Err(_) => break,
        };
        let runs = (looks.len() as u32..goal).into_par_iter().with_max_len(1);
        let runs = runs.map(|replication| search.replication(replication, from, step));
        let fresh: Vec<Option<Vec<Look>>> = runs.collect::<Result<_, Breach>>()?;
        let Some(fresh) = fresh.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        looks.extend(fresh);
        if goal >= goals[0] && search.is_precise(&looks) {
            break;
        }
    }
    let (carries, each) = match roots(&looks) {
        Ok(each) => (mean(&each, effort.level), each),
        Err(bound) => (bound, Vec::new()),
    };
    Ok(Some(CapacityResult { carries, each, looks }))
}

/// Numbers of replications at which the search looks whether it is precise; the last is enough.
fn goals(effort: &Effort) -> Vec<u32> {
    let rule = effort
        .precision
        .and_then(|(_, most)| StoppingRule::raised((effort.replications, most), effort.level));
    rule.map_or_else(
        || vec![effort.replications],
        |rule| rule.looks().map(|look| look as u32).collect(),
    )
}

/// The mean over replications. Its interval holds wherever each of them lies between its two rates.
fn mean(each: &[Reached], level: f64) -> Carries {
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
    Carries::Rate(all)
}

/// The last rate that holds and the first that does not.
fn around(looks: &[Look]) -> (Option<Look>, Option<Look>) {
    let first = looks.iter().position(|look| !look.holds());
    let last = first.unwrap_or(looks.len()).checked_sub(1);
    (last.map(|at| looks[at]), first.map(|at| looks[at]))
}

/// The rate at which a replication reaches its limit, by a line through the logarithms between the
/// rates tried around it; a bound where they are all on one side.
fn root(looks: &[Look]) -> Result<Reached, Carries> {
    let (low, high) = match around(looks) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => return Err(Carries::Above(low.rate)),
        (None, high) => return Err(Carries::Below(high.map_or(0.0, |high| high.rate))),
    };
    let rate = crossing(low, high);
    // No line leads to a rate at which the figure is nobody's.
    let open = high.reached.is_infinite() || low.reached <= 0.0;
    Ok(Reached { rate, between: if open { (low.rate, high.rate) } else { (rate, rate) } })
}

/// The rates of all replications; the first bound where one has but that.
fn roots(looks: &[Vec<Look>]) -> Result<Vec<Reached>, Carries> {
    looks.iter().map(|one| root(one)).collect()
}

/// Where a line through the logarithms of two figures crosses 1; the middle where there is none.
fn crossing(low: Look, high: Look) -> f64 {
    let share = -libm::log(low.reached) / (libm::log(high.reached) - libm::log(low.reached));
    let share = if share.is_finite() && share > 0.0 { share.min(1.0) } else { 0.5 };
    low.rate + share * (high.rate - low.rate)
}

struct Search<'a> {
    plan: &'a Blueprint,
    window: &'a Window,
    workload: WorkloadId,
    objective: &'a Objective,
    effort: Effort,
    watch: &'a Watch,
}

impl Search<'_> {
    /// Everything that one replication looks at, by rising rate; `None` when told to stop.
    fn replication(
        &self,
        replication: u32,
        from: f64,
        step: f64,
    ) -> Result<Option<Vec<Look>>, Breach> {
        let mut looks: Vec<Look> = Vec::new();
        let mut further = 1.0;
        for _ in 0..=MAX_STEPS {
            let next = match around(&looks) {
                (Some(low), Some(high)) => match self.between(low, high) {
                    Some(next) => next,
                    None => break,
                },
                (Some(low), None) => low.rate * further,
                (None, Some(high)) => high.rate / further,
                (None, None) => from,
            };
            further *= step;
            let Some(look) = self.look(replication, next)? else { return Ok(None) };
            let place = looks.partition_point(|one| one.rate < next);
            looks.insert(place, look);
        }
        Ok(Some(looks))
    }

    /// The rate to try between a rate that holds and one that does not; none when they are close.
    fn between(&self, low: Look, high: Look) -> Option<f64> {
        let width = high.rate - low.rate;
        let wide = width > self.effort.tolerance * high.rate;
        wide.then(|| crossing(low, high).clamp(low.rate + APART * width, high.rate - APART * width))
    }

    /// One replication at one rate; `None` when told to stop.
    fn look(&self, replication: u32, rate: f64) -> Result<Option<Look>, Breach> {
        let mut window = self.window.clone();
        window.levels.resize(self.plan.workloads.len(), None);
        window.levels[self.workload.index()] = Rate::per_second(rate);
        let during = format!("capacity at {rate}/s, replication {replication}");
        let seen = underway::during(during, || {
            let told = || self.watch.told_to_stop();
            requests::run_unless(self.plan, &window, replication.into(), &told)
                .map_err(|breach| Breach { what: breach.what, during: underway::now() })
        })?;
        Ok(seen.map(|seen| Look { rate, reached: self.reached(&seen) }))
    }

    fn reached(&self, one: &Observation) -> f64 {
        let views = &one.record.views[self.workload.index()];
        let lost = views.lost.iter().sum::<u64>() as f64 / views.intended.max(1) as f64;
        if lost > self.objective.lost_at_most || one.stop.is_some() {
            return f64::INFINITY;
        }
        let value = self.objective.measure.value(self.plan, one);
        value.map_or(f64::INFINITY, |value| value / self.objective.below)
    }

    /// Whether the mean is known well enough, or is but a bound, or nobody asked how well.
    fn is_precise(&self, looks: &[Vec<Look>]) -> bool {
        let Some((width, _)) = self.effort.precision else { return true };
        let Ok(each) = roots(looks) else { return true };
        match mean(&each, self.effort.level) {
            Carries::Rate(Estimate::Interval(interval)) => {
                interval.relative_half_width().is_some_and(|half| half <= width)
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::Interval;

    /// A replication's capacity is read off where its own figure crosses the limit.
    #[test]
    fn a_replication_is_read_between_the_rates_tried() {
        let looks = |reached: [f64; 3]| -> Vec<Look> {
            let rates = [10.0, 20.0, 30.0].into_iter();
            rates.zip(reached).map(|(rate, reached)| Look { rate, reached }).collect()
        };
        // ln 0.5 and ln 2 are as far from 0: the middle. Lost in between: the middle. Never, always:
        // bounds.
        let line = root(&looks([0.5, 2.0, 8.0])).unwrap();
        assert!((line.rate - 15.0).abs() < 1e-12 && !line.is_open());
        let lost = root(&looks([0.9, 0.95, f64::INFINITY])).unwrap();
        assert_eq!(lost, Reached { rate: 25.0, between: (20.0, 30.0) });
        assert!(matches!(root(&looks([0.1, 0.2, 0.3])), Err(Carries::Above(30.0))));
        assert!(matches!(root(&looks([1.1, 1.2, 1.3])), Err(Carries::Below(10.0))));
    }

    /// Four replications that begin to lose views somewhere between 20 and 30 agree to the digit and
    /// know the rate to ±5 all the same; one that was read off a line adds to it what it scatters.
    #[test]
    fn an_interval_reaches_over_what_was_not_looked_at() {
        let lost = Reached { rate: 25.0, between: (20.0, 30.0) };
        let of = |each: &[Reached]| match mean(each, 0.95) {
            Carries::Rate(Estimate::Interval(i)) => (i.low, i.estimate, i.high),
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
