//! Long-horizon figures, corrected by windows.
//!
//! Model: the estimate is the mean of the `flows` results over all N replications plus a correction. The correction is
//! the mean over the R trajectories cut into pieces of Σ (requests − flows)/π over their windows. This is a difference
//! estimator (Särndal, Swensson & Wretman 1992, §6.3) with the differences of Horvitz & Thompson (1952). It is unbiased
//! however `flows` treats a piece, up to state that a window's warm-up does not restore; a good `flows` only narrows
//! the interval. Its variance is that over the trajectories: s²ₓ/N + s²_D/R + 2 s_xD/N ([`corrected`]). Drawn pieces of
//! different trajectories are uncorrelated, so it includes the sampling error.
//!
//! `flows` has the traffic averaged over its noise, a window has the realised traffic of its hour. So `flows` is scaled
//! to the realised traffic: intended views in `requests` over expected ones. The traffic comes from an open source, the
//! same whatever breaks, and the mean of that ratio is 1. So this is unbiased too, and where both lose everything the
//! difference is zero.
//!
//! Student's interval of that is too short where few replications have an event, or few trajectories a correction. Its
//! arms are at least those of both parts by [`rare`](crate::stats::rare), combined.
//!
//! Latencies are those of all drawn windows, each request with its window's 1/π; intervals after Woodruff.

use std::collections::BTreeMap;

use super::{Lived, OfWindows, SampledPlan, SampledResult};
use crate::convert::{self, whole};
use crate::observe::histogram::Histogram;
use crate::stats::interval::{Interval, Method};
use crate::stats::quantile::samples_needed;
use crate::stats::rare::{Unseen, mean_of_rare, mean_of_rare_differences};
use crate::stats::sampling::{corrected, weighted_quantile};
use crate::study::measure::NoValue;
use crate::study::window::{Ending, Estimate};
use crate::study::years::load::{Loss, OfLoad, add};
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult};
use crate::units::SimDuration;

use crate::solve::frame::CELL;

const YEAR_S: f64 = 31_536_000.0;

/// Inputs of every estimate.
#[derive(Clone, Copy, Debug)]
pub struct Joined<'a> {
    /// Plan of the windows.
    pub asked: &'a SampledPlan,
    /// Results of the windows.
    pub windows: &'a SampledResult,
    /// Plan of the long-horizon run.
    pub years: &'a YearsPlan,
    /// Results of the long-horizon run.
    pub flows: &'a YearsResult,
}

impl Joined<'_> {
    /// Returns the estimate of a figure; where neither solver has seen an event, the bound of the long-horizon run.
    #[must_use]
    pub fn estimate(&self, of: OfWindows) -> Estimate {
        match self.of_both(of) {
            none @ Estimate::Missing(NoValue::NoneIn(_)) => self.by_flows(of).unwrap_or(none),
            found => found,
        }
    }

    fn of_both(&self, of: OfWindows) -> Estimate {
        if self.windows.ending == Ending::Interrupted {
            return Estimate::Missing(NoValue::Stopped);
        }
        match of {
            OfWindows::Latency(class, view, q) => self.latency(class, view, q),
            OfWindows::Request(class) => {
                let Some(load) = self.load() else { return Estimate::Missing(NoValue::NotKept) };
                let (mut wanted, mut lost) = (0.0, (Vec::new(), Vec::new()));
                for class in class.map_or(0..load.classes.len(), |class| class..class + 1) {
                    let intended = &load.classes[class].intended;
                    wanted +=
                        intended.iter().sum::<f64>() / intended.len().max(1) as f64 / self.block();
                    let (flows, corrections) = self.lost(class, Loss::Unserved);
                    add(&mut lost.0, flows);
                    add(&mut lost.1, corrections);
                }
                self.share(lost, wanted)
            }
            OfWindows::Objective(class) | OfWindows::Failing(class) => {
                let Some(load) = self.load() else { return Estimate::Missing(NoValue::NotKept) };
                let latency = matches!(of, OfWindows::Objective(_));
                let bad = self.windows.totals(|window| {
                    let (seen, flows) = window.bad(class);
                    f64::from(if latency { seen.1 } else { seen.0 }) - flows
                });
                let cells = self.years.of.horizon.seconds() / CELL.seconds();
                self.share((self.each(load.bad(class).to_vec()), bad), cells)
            }
            OfWindows::Lost(class, loss) => {
                let values = self.lost(class, loss);
                self.a_year(&values)
            }
        }
    }

    /// Returns the estimate by `flows` alone; `None` if it has none.
    #[must_use]
    pub fn by_flows(&self, of: OfWindows) -> Option<Estimate> {
        let what = match of {
            OfWindows::Request(class) => OfLoad::Request(class),
            OfWindows::Objective(_) | OfWindows::Latency(..) => return None,
            OfWindows::Failing(class) => OfLoad::Intervals(class),
            OfWindows::Lost(class, loss) => OfLoad::Lost(class, loss),
        };
        let measure = YearMeasure { net: 0, meter: 0, what: What::Load(what) };
        Some(self.flows.estimate(self.years, measure))
    }

    fn load(&self) -> Option<&crate::study::years::load::FoldedLoad> {
        self.flows.load.first()?.as_ref()
    }

    /// Returns the number of replications in a block of the long-horizon run.
    const fn block(&self) -> f64 {
        self.flows.block as f64
    }

    /// Returns means over the replications of each block, from the sums.
    fn each(&self, mut sums: Vec<f64>) -> Vec<f64> {
        sums.iter_mut().for_each(|sum| *sum /= self.block());
        sums
    }

    /// Returns the views lost by `flows` in a replication, by block, and the corrections.
    fn lost(&self, class: usize, loss: Loss) -> (Vec<f64>, Vec<f64>) {
        let all = self.load().map(|load| load.lost(&self.years.of, class, loss));
        let corrections = self.windows.totals(|window| {
            let (requests, flows) = self.lost_in(window, class, loss);
            requests - flows
        });
        (self.each(all.unwrap_or_default()), corrections)
    }

    /// Returns the views lost in a window: by `requests`, and by `flows` at the realised traffic.
    #[must_use]
    pub fn lost_in(&self, window: &Lived, class: usize, loss: Loss) -> (f64, f64) {
        let (seen, flows) = (&window.seen.classes[class], &window.flows.classes[class]);
        let fluid = self.years.of.fluid.as_ref();
        let planned = fluid.and_then(|fluid| fluid.planned).map(|at| at as usize);
        let overload = flows.lost.len() - 1;
        let own = crate::model::ids::CauseId::OVERLOAD.index();
        let by_flows = |which: &dyn Fn(usize) -> bool| -> f64 {
            let lost = flows.lost.iter().enumerate().filter(|(cause, _)| which(*cause));
            lost.map(|(_, lost)| lost).sum::<f64>() * window.traffic(class)
        };
        let (requests, flows) = match loss {
            Loss::All => (seen.lost_by(|_| true), by_flows(&|_| true)),
            Loss::NeverBorn => (seen.never_born, flows.never_born * window.traffic(class)),
            Loss::Unserved => {
                let gone = flows.never_born * window.traffic(class);
                (seen.unserved(), by_flows(&|_| true) + gone)
            }
            Loss::Overload => (seen.lost_by(|at| at == own), by_flows(&|at| at == overload)),
            Loss::Planned => (
                seen.lost_by(|at| Some(at) == self.asked.planned),
                by_flows(&|at| Some(at) == planned),
            ),
            Loss::Fault => (
                seen.lost_by(|at| at != own && Some(at) != self.asked.planned),
                by_flows(&|at| at != overload && Some(at) != planned),
            ),
            Loss::Cause(cause) => (
                seen.lost_by(|at| Some(at) == self.asked.causes[cause]),
                by_flows(&|at| at == cause),
            ),
        };
        (requests as f64, flows)
    }

    fn a_year(&self, (flows, corrections): &(Vec<f64>, Vec<f64>)) -> Estimate {
        let years = self.years.of.horizon.seconds() / YEAR_S;
        self.interval((flows, corrections), |value| (value / years).max(0.0))
    }

    /// Returns one minus the bad share of `all`.
    fn share(&self, (flows, corrections): (Vec<f64>, Vec<f64>), all: f64) -> Estimate {
        if all <= 0.0 {
            return Estimate::Missing(NoValue::Empty);
        }
        self.interval((&flows, &corrections), |bad| (1.0 - bad / all).clamp(0.0, 1.0))
    }

    /// Returns the corrected mean, transformed by `turn`.
    fn interval(&self, (flows, d): (&[f64], &[f64]), turn: impl Fn(f64) -> f64) -> Estimate {
        if flows.iter().chain(d).all(|value| *value == 0.0) {
            let years = self.years.of.horizon.seconds() / YEAR_S * d.len() as f64;
            return Estimate::Missing(NoValue::NoneIn(years));
        }
        let Some(found) = corrected(flows, d, self.flows.block) else {
            return match (flows, d) {
                ([flows, ..], [d]) => Estimate::Single(turn(flows + d)),
                _ => Estimate::Missing(NoValue::Empty),
            };
        };
        match found.interval(self.years.level, Method::TwoPhase) {
            Ok(i) => {
                let i = no_shorter_than_events_allow(i, flows, d);
                let (a, b) = (turn(i.low), turn(i.high));
                let estimate = turn(i.estimate);
                Estimate::Interval(Interval { estimate, low: a.min(b), high: a.max(b), ..i })
            }
            Err(_) => Estimate::Missing(NoValue::Empty),
        }
    }

    /// Returns a quantile of the latency over the horizon.
    fn latency(&self, class: usize, view: bool, q: f64) -> Estimate {
        let of = |window: &'_ Lived| -> Histogram {
            let seen = &window.seen.classes[class];
            if view { seen.view_latency.clone() } else { seen.latency.clone() }
        };
        let replications = self.windows.replications;
        let mut buckets: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        let mut have = 0;
        for window in &self.windows.windows {
            let histogram = of(window);
            have += histogram.count();
            for (low, high, count) in histogram.buckets().filter(|(.., count)| *count > 0) {
                let row =
                    buckets.entry(low.midpoint(high)).or_insert_with(|| vec![0.0; replications]);
                row[convert::index(window.piece.replication)] += count as f64 * window.weight();
            }
        }
        let need = samples_needed(q).unwrap_or(u64::MAX);
        if have < need {
            return Estimate::Missing(NoValue::TooFew { have, need });
        }
        let mut all = vec![0.0; replications];
        let mut cumulated: Vec<(f64, Vec<f64>, f64)> = Vec::with_capacity(buckets.len());
        for (value, row) in &buckets {
            all.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
            cumulated.push((*value as f64, all.clone(), all.iter().sum()));
        }
        let whole: f64 = all.iter().sum();
        let at = |value: f64| cumulated.partition_point(|(edge, ..)| *edge <= value);
        let below = |value: f64| match at(value) {
            0 => vec![0.0; replications],
            n => cumulated[n - 1].1.clone(),
        };
        let find = |share: f64| {
            let at = cumulated.partition_point(|(_, _, sum)| *sum < share * whole);
            cumulated.get(at.min(cumulated.len().saturating_sub(1))).map(|(value, ..)| *value)
        };
        let seconds = |nanos: f64| SimDuration::from_nanos(whole::u64(nanos)).seconds();
        match weighted_quantile(q, self.years.level, &all, below, find) {
            Some(i) => Estimate::Interval(Interval {
                estimate: seconds(i.estimate),
                low: seconds(i.low),
                high: seconds(i.high),
                ..i
            }),
            None => find(q).map_or(Estimate::Missing(NoValue::Empty), |value| {
                Estimate::Single(seconds(value))
            }),
        }
    }

    /// Returns the number of requests or views of a class behind its latencies.
    #[must_use]
    pub fn samples(&self, class: usize, view: bool) -> u64 {
        let of = |window: &Lived| {
            let seen = &window.seen.classes[class];
            if view { seen.view_latency.count() } else { seen.latency.count() }
        };
        self.windows.windows.iter().map(of).sum()
    }
}

/// Returns `i` with arms at least as long as those of the sums `flows` and of the corrections `d`, each by its events,
/// combined.
fn no_shorter_than_events_allow(i: Interval, flows: &[f64], d: &[f64]) -> Interval {
    let arms = |part: Option<Interval>| {
        part.map_or((0.0, 0.0), |part| (part.estimate - part.low, part.high - part.estimate))
    };
    let (less, more) = arms(mean_of_rare(flows, Unseen::default(), i.level).ok());
    // Where most trajectories have a correction, Student's interval is valid for them.
    let uneven = 2 * d.iter().filter(|value| **value != 0.0).count() < d.len();
    let corrections = mean_of_rare_differences(d, i.level).ok().filter(|_| uneven);
    let (below, above) = arms(corrections);
    let arm = |a: f64, b: f64| (a * a + b * b).sqrt();
    Interval {
        low: i.low.min(i.estimate - arm(less, below)),
        high: i.high.max(i.estimate + arm(more, above)),
        ..i
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One replication in a thousand lost anything: the interval reaches as far up as that of one event. One correction
    /// in sixteen is no evidence that there are no others.
    #[test]
    fn a_correction_does_not_shorten_what_few_events_allow() {
        let mut flows = vec![0.0; 1_000];
        flows[7] = 5_000.0;
        let mut d = vec![0.0; 16];
        let joined = |flows: &[f64], d: &[f64]| {
            let i = corrected(flows, d, 1).unwrap().interval(0.95, Method::TwoPhase).unwrap();
            (no_shorter_than_events_allow(i, flows, d), i)
        };
        let alone = mean_of_rare(&flows, Unseen::default(), 0.95).unwrap();
        let (found, student) = joined(&flows, &d);
        assert!(found.high >= alone.high * 0.999 && found.high > 1.3 * student.high, "{found:?}");
        d[3] = 400.0;
        let (found, student) = joined(&flows, &d);
        assert!(found.high > student.high && found.low <= student.low, "{found:?} {student:?}");
        // Many events and corrections everywhere: Student's interval.
        let flows: Vec<f64> = (0..1_000).map(|at| f64::from(at % 7)).collect();
        let d: Vec<f64> = (0..16).map(|at| f64::from(at % 5) - 1.5).collect();
        let (found, student) = joined(&flows, &d);
        assert_eq!((found.low, found.high), (student.low, student.high));
    }
}
