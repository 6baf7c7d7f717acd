//! Windows: the same interval simulated by many independent replications, until the requested figures are precise or
//! the budget is spent.
//!
//! Figures are corrected for the arrivals that the replications drew ([`control`]), and so are those with a precision
//! target.
//!
//! Precision is checked at fixed prefixes (the minimum, then a quarter more each time), so neither the number of
//! threads nor the order of completion matters.
//!
//! The first [`KEPT`](crate::study::folded::KEPT) replications are kept one by one. If there are more, all of them are
//! folded into sums.

mod fold;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub(super) use fold::{fold, paces};
use serde::{Deserialize, Serialize};

use crate::convert::index;
use crate::model::blueprint::Blueprint;
use crate::model::record::Record;
use crate::model::world::readings::Unrest;
use crate::solve::requests::{Breach, Census, Run, Window};
use crate::solve::series::Followed;
use crate::solve::trail::Trail;
use crate::stats::control::Controls;
use crate::stats::counts::{mean_of_counts, mean_of_shares};
use crate::stats::interval::{Interval, Method, Statistic};
use crate::stats::precision::{Decision, StoppingRule};
use crate::study::breaks::Drill;
use crate::study::control;
use crate::study::folded::Gathered;
use crate::study::measure::{Measure, NoValue};
use crate::study::replication::{Replication, Valued, Values};
use crate::study::scalers::Scaled;
use crate::study::underway;
use crate::study::verdict::ClassVerdict;
pub use crate::study::verdict::Verdict;
use crate::study::work::{Together, Work};
use crate::study::zones::ZoneUse;
use crate::units::SimDuration;

/// Plan of one window.
#[derive(Clone, Debug)]
pub struct WindowPlan {
    /// Simulated window.
    pub window: Window,
    /// Minimum and maximum replications.
    pub replications: (u32, u32),
    /// Relative half-widths to reach, each with its measure.
    pub precision: Vec<(Measure, f64)>,
    /// Figures to estimate.
    pub measures: Vec<Measure>,
    /// Level of all intervals.
    pub level: f64,
    /// Part that breaks, for a run around a break.
    pub drill: Option<Drill>,
    /// Records kept beside the totals.
    pub followed: Followed,
}

/// End of a window's replications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The number of replications was fixed.
    Fixed,
    /// Every figure asked for is precise.
    Precise,
    /// The maximum number of replications was not enough.
    BudgetSpent,
    /// Stopped from outside; only whole replications count.
    Interrupted,
}

/// A figure over the replications.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Estimate {
    /// With its interval.
    Interval(Interval),
    /// Value of a single replication, without error.
    Single(f64),
    /// Reason why there is no value.
    Missing(NoValue),
}

impl Estimate {
    /// Returns the value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Interval(interval) => Some(interval.estimate),
            Self::Single(value) => Some(*value),
            Self::Missing(_) => None,
        }
    }

    /// Returns the estimate of a figure that rises with this one.
    #[must_use]
    pub fn map(self, rising: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Interval(interval) => Self::Interval(interval.map(rising)),
            Self::Single(value) => Self::Single(rising(value)),
            missing @ Self::Missing(_) => missing,
        }
    }

    /// Returns the estimate times a positive factor.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        self.map(|value| value * factor)
    }
}

/// Results of a window, over all replications.
#[derive(Clone, Debug)]
pub struct WindowResult {
    /// Its name.
    pub name: String,
    /// Number of replications.
    pub replications: u64,
    /// Replications that are not kept one by one; `None` if all are.
    pub beyond: Option<Beyond>,
    /// Values of the measures, by replication that is kept, then by measure.
    pub samples: Vec<Vec<Result<f64, NoValue>>>,
    /// Estimates, by measure.
    pub estimates: Vec<Estimate>,
    /// Realised arrivals of the replications that are kept, as control variates; `None` where nothing is corrected.
    pub controls: Option<Controls>,
    /// True if the estimates are corrected for the realised arrivals.
    pub corrected: bool,
    /// Arrivals, by workload.
    pub came: Vec<Came>,
    /// Ledgers and latencies of all replications together.
    pub pooled: Record,
    /// Event digests, by replication that is kept.
    pub digests: Vec<u64>,
    /// Event-digest checkpoints, by replication that is kept.
    pub trails: Vec<Trail>,
    /// Events of all replications.
    pub events: u64,
    /// Processor accounts of the zones, in the order of the plan; empty around a break.
    pub zones: Vec<ZoneUse>,
    /// Members of the autoscalers, by id; empty around a break.
    pub scalers: Vec<Scaled>,
    /// Requests and page views by class and workload over the window, by replication that is kept.
    pub censuses: Vec<Vec<Census>>,
    /// Broken parts up to the end of the window: whether there are some in a replication, and the last repair of all.
    pub unrest: Unrest,
    /// Requests in flight at the soundings of the window, mean over replications.
    pub soundings: Vec<f64>,
    /// Utilisation of each component on the grid, mean over replications, by id.
    pub grid: Vec<Vec<f64>>,
    /// Page views step by step around a break, mean over replications, by workload.
    pub course: Vec<Vec<Pace>>,
    /// End of the replications.
    pub ending: Ending,
    /// Number of precision checks.
    pub looks: usize,
    /// Worst verdict of its classes; [`Verdict::Broken`] where a part is broken on purpose.
    pub verdict: Verdict,
    /// Verdict on each class with requests, in the order of the plan.
    pub classes: Vec<ClassVerdict>,
    /// Reason why a replication was cut short, if one was.
    pub stopped: Option<String>,
}

/// Replications of a window that are not kept one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// Number of the first.
    pub from: u64,
    /// Digest of their events, in hexadecimal.
    pub digest: String,
}

/// Arrivals of one workload, per second.
#[derive(Clone, Debug)]
pub struct Came {
    /// Realised arrivals, over the replications.
    pub realised: Estimate,
    /// Expected arrivals from the plan; `None` if unknown.
    pub expected: Option<f64>,
}

/// Page views of one workload between two instants, mean over replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Start, counted from the window's start.
    pub from: SimDuration,
    /// End, counted from the window's start.
    pub until: SimDuration,
    /// Views served per second.
    pub served: f64,
    /// Views requested and lost per second.
    pub lost: f64,
    /// Views per second that were never requested: their session had ended.
    pub never_born: f64,
}

/// Progress of a run, and the flag that stops it from outside.
#[derive(Debug, Default)]
pub struct Watch {
    /// Set to stop soon: replications in progress are discarded, whole ones count.
    pub stop: AtomicBool,
    /// Number of replications done.
    pub done: AtomicUsize,
    /// Number of replications beyond the minimum that precision requires.
    pub more: AtomicUsize,
    /// Number of windows of the long horizon to simulate: at first the largest number, so that the total is there from
    /// the beginning.
    pub sampled: AtomicUsize,
    /// Source of the results of pieces of the run.
    pub work: Work,
}

impl Watch {
    /// Returns the number of replications to do, of which `least` run in any case.
    #[must_use]
    pub fn total(&self, least: u64) -> u64 {
        let more = self.more.load(Ordering::Relaxed) + self.sampled.load(Ordering::Relaxed);
        least + more as u64
    }

    /// Returns whether to stop soon.
    #[must_use]
    pub fn told_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Counts a replication as done.
    pub fn one_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Simulates one replication of a window; `None` when it is stopped.
///
/// # Errors
///
/// [`Breach`] when an invariant of the replication is broken.
pub(super) fn replication(
    plan: &Blueprint,
    asked: &WindowPlan,
    number: u64,
    watch: &Watch,
) -> Result<Option<Replication>, Breach> {
    let told_to_stop = || watch.told_to_stop();
    if told_to_stop() {
        return Ok(None);
    }
    let at = format!("window {}, replication {number}", asked.window.name);
    let seen = underway::during(at, || {
        let run = Run::new(plan, &asked.window, number, None);
        run.following(asked.followed.clone())
            .finish(&told_to_stop)
            .map_err(|breach| Breach { what: breach.what, during: underway::now() })
    })?;
    Ok(seen.map(|seen| {
        watch.one_done();
        Values::new(plan, asked, &seen, None).of(seen)
    }))
}

/// Runs a window by itself.
///
/// # Errors
///
/// [`Breach`] when an invariant of some replication is broken.
pub fn run(plan: &Blueprint, asked: &WindowPlan, watch: &Watch) -> Result<WindowResult, Breach> {
    run_in(plan, asked, None, watch)
}

/// Runs a window. With a `place` among the windows of a study its replications are pieces of the study.
///
/// # Errors
///
/// [`Breach`] when an invariant of some replication is broken.
pub(super) fn run_in(
    plan: &Blueprint,
    asked: &WindowPlan,
    place: Option<u32>,
    watch: &Watch,
) -> Result<WindowResult, Breach> {
    let (least, most) = (asked.replications.0 as usize, asked.replications.1 as usize);
    // With a fixed number of replications there is one check, after the last.
    let rule = (!asked.precision.is_empty())
        .then(|| StoppingRule::raised(asked.replications, asked.level))
        .flatten();
    let mut seen = Gathered::new(plan, &[asked], (place.map(Together::Window), watch));
    let one = |number: u64| {
        let seen = replication(plan, asked, number, watch)?;
        Ok(seen.map(|seen| vec![seen]))
    };
    let mut goal = least;
    let mut looks = 0;
    let ending = loop {
        let known = index(seen.count());
        watch.more.fetch_add(goal.saturating_sub(known.max(least)), Ordering::Relaxed);
        // Replications after a gap are not used.
        if !seen.extend(goal as u64, one)? {
            break Ending::Interrupted;
        }
        let Some(rule) = &rule else { break Ending::Fixed };
        match decide(rule, plan, asked, &seen) {
            Some(Decision::Continue { .. }) if goal >= most => break Ending::BudgetSpent,
            Some(Decision::Continue { replications, .. }) => goal = replications,
            Some(Decision::Stop { looks: taken, .. }) => {
                looks = taken;
                break Ending::Precise;
            }
            Some(Decision::BudgetSpent { looks: taken, .. }) => {
                looks = taken;
                break Ending::BudgetSpent;
            }
            None if goal < most => goal = (goal + goal.div_ceil(2)).min(most),
            None => break Ending::BudgetSpent,
        }
    };
    let mut results = seen.results((ending, looks));
    Ok(results.pop().expect("one window has one result"))
}

/// Returns the decision of the stopping rule; `None` when a figure has no value in some replication.
fn decide(
    rule: &StoppingRule,
    plan: &Blueprint,
    asked: &WindowPlan,
    seen: &Gathered<'_>,
) -> Option<Decision> {
    let have = index(seen.count());
    let looks = rule.looks().filter(|look| *look <= have).count();
    let next = rule.looks().find(|look| *look > have);
    let estimates = match seen.targets() {
        Some(estimates) => estimates?,
        None => targets(plan, asked, seen.kept(0))?,
    };
    let precise = |((_, width), estimate): (&(Measure, f64), &Estimate)| match estimate {
        // An estimate of zero is never precise: no event was seen yet.
        Estimate::Interval(interval) => {
            interval.relative_half_width().is_some_and(|half| half <= *width)
        }
        _ => false,
    };
    let precise = looks > 0 && asked.precision.iter().zip(&estimates).all(precise);
    Some(match next {
        _ if precise => Decision::Stop { replications: have, looks },
        Some(replications) => Decision::Continue { replications, looks },
        None => Decision::BudgetSpent { replications: have, looks },
    })
}

/// Returns the estimates of the measures with a precision to reach; `None` when one has no value in some replication.
fn targets(plan: &Blueprint, asked: &WindowPlan, samples: &[Replication]) -> Option<Vec<Estimate>> {
    let controls = control::controls(plan, asked, samples);
    let one = |(at, (measure, _)): (usize, &(Measure, f64))| {
        let values: Vec<Valued> = samples.iter().map(|sample| sample.targets[at]).collect();
        let whole = values.iter().all(|one| one.value.is_ok());
        whole.then(|| control::estimated(controls.as_ref(), measure, &values, asked.level))
    };
    asked.precision.iter().enumerate().map(one).collect()
}

/// Estimates `statistic` over replications with its interval. It is missing when any replication has no value: the
/// others would be a selection.
#[must_use]
pub fn estimate(values: &[Result<f64, NoValue>], statistic: Statistic, level: f64) -> Estimate {
    let mut numbers = Vec::with_capacity(values.len());
    let mut later = 0;
    for value in values {
        match value {
            Ok(value) => numbers.push(*value),
            Err(NoValue::Later(seconds)) => {
                later += 1;
                numbers.push(*seconds);
            }
            Err(reason) => return Estimate::Missing(*reason),
        }
    }
    if later > 0 {
        return Estimate::Missing(at_least(&numbers, later, level));
    }
    match (numbers.as_slice(), Interval::of(statistic, &numbers, level)) {
        ([], _) => Estimate::Missing(NoValue::Empty),
        (_, Ok(interval)) => Estimate::Interval(interval),
        ([one], Err(_)) if statistic == Statistic::Mean => Estimate::Single(*one),
        (_, Err(_)) => Estimate::Missing(NoValue::Empty),
    }
}

/// Returns the bound on a time that `later` of the replications ended before. Each value is the time itself or the end
/// of the replication, whichever came first.
fn at_least(values: &[f64], later: u64, level: f64) -> NoValue {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let low = Interval::of_mean(values, level).map_or(0.0, |interval| interval.low.max(0.0));
    NoValue::AtLeast { mean, low, later, of: values.len() as u64 }
}

/// Number of replications below which an interval is kept in the range of its quantity.
const FEW: usize = 10;

/// Estimates the mean over few replications of a quantity that is never below `floor`. Its interval keeps to that
/// range. If the mean without the largest value is less than half of that with it, the method reports that one run
/// decides.
#[must_use]
pub(super) fn few(values: &[Result<f64, NoValue>], floor: f64, level: f64) -> Estimate {
    let mut found = estimate(values, Statistic::Mean, level);
    let Estimate::Interval(interval) = &mut found else { return found };
    if values.len() >= FEW {
        return found;
    }
    interval.low = interval.low.max(floor.min(interval.estimate));
    let numbers: Vec<f64> = values.iter().filter_map(|value| value.ok()).collect();
    if one_decides(&numbers, interval.estimate) {
        interval.method = Method::OneRunDecides;
    }
    found
}

/// Returns whether the mean without the largest of `numbers` is less than half of the `mean` of all.
fn one_decides(numbers: &[f64], mean: f64) -> bool {
    let n = numbers.len() as f64;
    let largest =
        numbers.iter().fold(0.0_f64, |most, v| if v.abs() > most.abs() { *v } else { most });
    let others = (mean * n - largest) / (n - 1.0);
    mean != 0.0 && others.abs() < 0.5 * mean.abs()
}

/// Estimates the mean over replications of counts in steps of `unit`, or of such shares; without any event, a bound.
/// For few replications the method reports if one run decides.
#[must_use]
pub(super) fn counted(
    values: &[Result<f64, NoValue>],
    unit: f64,
    shares: bool,
    level: f64,
) -> Estimate {
    let plain = estimate(values, Statistic::Mean, level);
    if matches!(plain, Estimate::Missing(_)) {
        return plain;
    }
    let numbers: Vec<f64> = values.iter().filter_map(|value| value.ok()).collect();
    let found = match shares {
        true => mean_of_shares(&numbers, unit, level),
        false => mean_of_counts(&numbers, unit, level),
    };
    let Ok(mut interval) = found else { return plain };
    let rare = !shares || interval.estimate <= 0.5;
    if numbers.len() < FEW && rare && one_decides(&numbers, interval.estimate) {
        interval.method = Method::OneRunDecides;
    }
    Estimate::Interval(interval)
}

#[cfg(test)]
mod tests {
    use super::{Estimate, few};
    use crate::stats::interval::{Interval, Method};

    fn of(values: &[f64], floor: f64) -> Interval {
        let values: Vec<_> = values.iter().map(|v| Ok(*v)).collect();
        let Estimate::Interval(found) = few(&values, floor, 0.95) else { panic!("no interval") };
        found
    }

    /// Four runs, of which one lost 56,000 reads and the others none: no negative count, and the method reports that
    /// one run decides. Even counts have the interval of a mean.
    #[test]
    fn few_counts_stay_in_their_range_and_say_when_one_run_decides() {
        let one = of(&[0.0, 56_000.0, 0.0, 0.0], 0.0);
        assert_eq!((one.low, one.method), (0.0, Method::OneRunDecides));
        assert!((one.estimate - 14_000.0).abs() < 1e-9, "{one:?}");
        assert!(one.high > 14_000.0);
        let even = of(&[9.0, 10.0, 11.0, 10.0], 0.0);
        assert_eq!(even, Interval::of_mean(&[9.0, 10.0, 11.0, 10.0], 0.95).unwrap());
        let three = of(&[0.0, 1.0, 1.0, 1.0], 0.0);
        assert_eq!((three.low, three.method), (0.0, Method::StudentT));
        // A difference may be as far below zero as the losses without the break.
        let less = of(&[-3.0, 2.0, 1.0, 0.0], -2.0);
        assert!(less.low == -2.0 && less.estimate == 0.0, "{less:?}");
        assert_eq!(of(&[0.0; 4], 0.0).method, Method::StudentT);
        assert_eq!(of(&[1.0, 3.0], 0.0).method, Method::StudentT, "a half is not less than half");
        let many: Vec<f64> = (0..10).map(|at| if at == 4 { 50.0 } else { 0.0 }).collect();
        assert!(of(&many, 0.0).low < 0.0, "ten have the interval of a mean");
    }
}
