//! Estimates of the figures of the horizon, from results by block.

use super::few::{self, Modelled, a_year, few};
use super::load::OfLoad;
use super::{What, YEAR_S, YearMeasure, YearsPlan, YearsResult};
use crate::convert::whole;
use crate::observe::histogram::Histogram;
use crate::observe::sample::Sample;
use crate::plan::availability::AvailabilityPlan;
use crate::stats::interval::{Interval, Method};
use crate::stats::quantile::interval_ranks;
use crate::stats::rare::Unseen;
use crate::study::measure::NoValue;
use crate::study::window::Estimate;

impl YearsResult {
    /// Returns the values per block; `None` if the measure is not a mean over replications, or a replication has no value.
    pub(in crate::study) fn values(
        &self,
        plan: &YearsPlan,
        measure: YearMeasure,
    ) -> Option<Vec<f64>> {
        if let What::Load(what) = measure.what {
            return self.load[measure.net].as_ref()?.values(self.scale(plan), what);
        }
        if let What::Role(role, what) = measure.what {
            return self.roles[measure.net][role].values(what);
        }
        if let What::Restores(at, what) = measure.what {
            return self.values_of_restores((measure.net, at), what);
        }
        if let What::Disks(at, what) = measure.what {
            return Some(self.disk_sets[measure.net][at].values(what).to_vec());
        }
        let folded = &self.folded[measure.net][measure.meter];
        Some(match measure.what {
            What::Availability | What::Unavailability | What::Downtime(None) => {
                folded.downtime.clone()
            }
            What::Downtime(Some(cause)) => folded.first[cause].clone(),
            What::Contributing(cause) => folded.contributing[cause].clone(),
            What::Outages(None) => folded.outages.clone(),
            What::Outages(Some(cause)) => folded.began[cause].clone(),
            What::TimeToFailure => {
                let all = folded.first_failure.iter().all(|at| at.is_finite());
                all.then(|| folded.first_failure.clone())?
            }
            What::DowntimeQuantile(..)
            | What::Spans(_)
            | What::Load(_)
            | What::Role(..)
            | What::Restores(..)
            | What::Disks(..) => {
                return None;
            }
        })
    }

    /// Returns the half-width of a measure over its estimate; for an availability or a share served, over its
    /// complement. `None` without an interval or an event.
    #[must_use]
    pub fn precision(&self, plan: &YearsPlan, measure: YearMeasure) -> Option<f64> {
        let what = match measure.what {
            What::Availability => What::Unavailability,
            other => other,
        };
        let Estimate::Interval(i) = self.estimate(plan, YearMeasure { what, ..measure }) else {
            return None;
        };
        if i.method == Method::Arithmetic {
            return Some(0.0);
        }
        let served = matches!(
            what,
            What::Load(OfLoad::Request(_) | OfLoad::Intervals(_) | OfLoad::MonthMeets(_))
        );
        let size = if served { 1.0 - i.estimate } else { i.estimate };
        (size > 0.0).then(|| i.half_width() / size)
    }

    /// Returns the simulated years of one net.
    #[must_use]
    pub fn years(&self, plan: &AvailabilityPlan) -> f64 {
        self.replications as f64 * plan.horizon.seconds() / YEAR_S
    }

    /// Returns the lost share of the time.
    #[must_use]
    pub fn unavailable(&self, plan: &YearsPlan, net: usize, meter: usize) -> Estimate {
        let folded = &self.folded[net][meter];
        let unseen = folded.unseen(Modelled::outages(&plan.of, net, meter));
        match few(&folded.downtime, unseen, plan.level, 1.0 / self.scale(plan).seconds()) {
            Estimate::Interval(i) => {
                // As a share of time: outages and the time between them alternate.
                let none = i.method == Method::RuleOfThree;
                let high = if none { i.high / (1.0 + i.high) } else { i.high.min(1.0) };
                Estimate::Interval(Interval { high, ..i })
            }
            other => other,
        }
    }

    /// Returns the estimate of a measure. What cannot be other than zero is stated as zero, without an interval.
    #[must_use]
    pub fn estimate(&self, plan: &YearsPlan, measure: YearMeasure) -> Estimate {
        match self.estimated(plan, measure) {
            Estimate::Interval(i) if is_of_chance(i.method) && self.is_certain(plan, measure) => {
                debug_assert!(
                    i.estimate == 0.0 || i.estimate == 1.0 || plan.of.nets[measure.net].is_fixed,
                    "what nothing takes down was down: {measure:?}"
                );
                Estimate::Interval(Interval::point(i.estimate, i.level))
            }
            other => other,
        }
    }

    /// Returns whether a measure has no error: nothing takes its meter down, or nothing is drawn and all replications agree.
    fn is_certain(&self, plan: &YearsPlan, measure: YearMeasure) -> bool {
        let net = &plan.of.nets[measure.net];
        let is_meter = !matches!(
            measure.what,
            What::Load(_) | What::Role(..) | What::Restores(..) | What::Disks(..)
        );
        let is_always_up = net.always_up.get(measure.meter).is_some_and(|is| *is && is_meter);
        // Flash crowds have draws of their own, and so have failovers the writes that they lose.
        let is_drawn = matches!(measure.what, What::Load(_)) && plan.of.has_flashes;
        let agree = || {
            let values = self.values(plan, measure);
            values.is_some_and(|values| values.windows(2).all(|pair| pair[0] == pair[1]))
        };
        is_always_up || (net.is_fixed && !is_drawn && agree())
    }

    fn estimated(&self, plan: &YearsPlan, measure: YearMeasure) -> Estimate {
        let YearMeasure { net, meter, what } = measure;
        if let What::Load(what) = what {
            return match self.load.get(net).and_then(Option::as_ref) {
                Some(_) if self.replications == 0 => Estimate::Missing(NoValue::Stopped),
                Some(load) => load.estimate(self.scale(plan), what),
                None => Estimate::Missing(NoValue::NotKept),
            };
        }
        if let What::Role(role, what) = what {
            return match self.roles.get(net).and_then(|net| net.get(role)) {
                Some(_) if self.replications == 0 => Estimate::Missing(NoValue::Stopped),
                Some(folded) => folded.estimate(self.scale(plan), what),
                None => Estimate::Missing(NoValue::NotKept),
            };
        }
        if let What::Restores(at, what) = what {
            return self.of_restores(plan, (net, at), what);
        }
        if let What::Disks(at, what) = what {
            return self.of_disks(plan, (net, at), what);
        }
        let Some(folded) = self.folded.get(net).and_then(|net| net.get(meter)) else {
            return Estimate::Missing(NoValue::NotKept);
        };
        if folded.downtime.is_empty() {
            return Estimate::Missing(NoValue::Stopped);
        }
        let modelled = Modelled::outages(&plan.of, net, meter);
        let scale = self.scale(plan);
        let a_year = |values: &[f64], unseen: Unseen| a_year(scale, values, unseen);
        match what {
            What::Availability => turned(self.unavailable(plan, net, meter)),
            What::Unavailability => self.unavailable(plan, net, meter),
            What::Downtime(None) => a_year(&folded.downtime, folded.unseen(modelled)),
            What::Downtime(Some(cause)) => {
                let (lost, began) = (&folded.first[cause], &folded.began[cause]);
                a_year(lost, modelled.of_cause(cause, lost, Some(began)))
            }
            What::Contributing(cause) => {
                let lost = &folded.contributing[cause];
                a_year(lost, modelled.of_cause(cause, lost, None))
            }
            What::DowntimeQuantile(q, cause) => {
                let years = cause.map_or(&folded.years, |cause| &folded.cause_years[cause]);
                year_quantile(years, folded.years.count(), q, plan.level)
            }
            What::Spans(of) => match folded.spans.iter().find(|column| column.of() == of) {
                Some(column) => column.estimate(scale, folded, modelled),
                None => Estimate::Missing(NoValue::NotKept),
            },
            What::Outages(None) => a_year(&folded.outages, Unseen::of(1.0)),
            What::Outages(Some(cause)) => a_year(&folded.began[cause], Unseen::of(1.0)),
            What::TimeToFailure => {
                let (failed, of) = (folded.failed, folded.first_failure.len() as u64 * self.block);
                if failed < of {
                    return Estimate::Missing(NoValue::NotYet { failed, of });
                }
                scale.mean(&folded.first_failure)
            }
            What::Load(_) | What::Role(..) | What::Restores(..) | What::Disks(..) => {
                Estimate::Missing(NoValue::NotKept)
            }
        }
    }

    /// Returns the mean length of an outage in seconds, and the mean time between the end of one and the next; for a
    /// fleet, those of a member.
    #[must_use]
    pub fn up_and_down(&self, plan: &YearsPlan, net: usize, meter: usize) -> [Estimate; 2] {
        let folded = &self.folded[net][meter];
        let years = self.years(&plan.of);
        let horizon = self.scale(plan).seconds() * plan.of.members(net, meter) as f64;
        let up: Vec<f64> = folded.length.iter().map(|length| horizon - length).collect();
        let between = match few(&folded.outages, Unseen::of(1.0), plan.level, 1.0) {
            Estimate::Interval(i) if i.method == Method::CompoundPoisson => {
                let up = up.iter().sum::<f64>() / up.len() as f64;
                let [estimate, low, high] = [i.estimate, i.high, i.low].map(|count| up / count);
                Estimate::Interval(Interval { estimate, low, high, ..i })
            }
            _ if folded.outages.iter().all(|count| *count == 0.0) => {
                Estimate::Missing(NoValue::NoneIn(years))
            }
            _ => few::over(&up, &folded.outages, plan.level),
        };
        // For a fleet a second of outage is that of a member.
        let members = plan.of.members(net, meter) as f64;
        let unseen = folded.unseen(Modelled::outages(&plan.of, net, meter)).times(members);
        [few::each(&folded.length, &folded.outages, (years, unseen), plan.level), between]
    }
}

/// Returns whether intervals of a method are for events at random.
const fn is_of_chance(method: Method) -> bool {
    matches!(method, Method::RuleOfThree | Method::ExactPoisson | Method::CompoundPoisson)
}

pub(super) fn mean(values: &[f64], level: f64) -> Estimate {
    match (values, Interval::of_mean(values, level)) {
        (_, Ok(interval)) => Estimate::Interval(interval),
        ([one], Err(_)) => Estimate::Single(*one),
        _ => Estimate::Missing(NoValue::Empty),
    }
}

/// Returns one minus a share.
pub(super) fn turned(share: Estimate) -> Estimate {
    match share {
        Estimate::Interval(i) => Estimate::Interval(Interval {
            estimate: 1.0 - i.estimate,
            low: 1.0 - i.high,
            high: 1.0 - i.low,
            ..i
        }),
        Estimate::Single(share) => Estimate::Single(1.0 - share),
        missing @ Estimate::Missing(_) => missing,
    }
}

pub(super) fn not_negative(estimate: Estimate) -> Estimate {
    match estimate {
        Estimate::Interval(i) => Estimate::Interval(Interval { low: i.low.max(0.0), ..i }),
        other => other,
    }
}

/// Returns a quantile of the years, with the interval of order statistics. Years of one replication depend on each
/// other only by repairs that extend over New Year. `years` may omit years without loss: there are `count` in total.
pub(super) fn year_quantile(years: &Sample, count: u64, q: f64, level: f64) -> Estimate {
    let zeros = count - years.count();
    quantile(count, q, level, |ranks| years.ranked(ranks, zeros))
}

/// Returns a quantile of `count` durations with the interval of order statistics. For each rank, `ranked` returns the
/// minimum, the representative and the maximum of the duration there, in nanoseconds.
pub(super) fn quantile(
    count: u64,
    q: f64,
    level: f64,
    ranked: impl Fn(&[u64]) -> Vec<[u64; 3]>,
) -> Estimate {
    let ranks = interval_ranks(q, count.max(1), level).ok().flatten();
    let Some(ranks) = ranks.filter(|_| count > 0) else {
        let need = whole::u64((4.0 / (1.0 - q).min(q)).ceil());
        return Estimate::Missing(NoValue::TooFew { have: count, need: need.max(count + 1) });
    };
    let ranks = [ranks.low, crate::stats::quantile::nearest_rank(q, count), ranks.high];
    let found = ranked(&ranks);
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    Estimate::Interval(Interval {
        low: seconds(found[0][0]),
        estimate: seconds(found[1][1]),
        high: seconds(found[2][2]),
        level,
        method: Method::OrderStatistics,
    })
}

/// Returns a quantile as [`quantile`] does, of durations that are counted in buckets.
pub(super) fn counted_quantile(durations: &Histogram, q: f64, level: f64) -> Estimate {
    quantile(durations.count(), q, level, |ranks| {
        ranks.iter().map(|rank| durations.ranked(*rank)).collect()
    })
}
