//! Value of a measure in one replication, in base units, or the reason why it has none.

use std::borrow::Cow;

use super::{Measure, Meters, NoValue, Number};
use crate::model::blueprint::Blueprint;
use crate::model::gauge::{Gauge, Levels, ReadAs};
use crate::model::ids::ComponentId;
use crate::model::record::{Attempts, OUTCOMES, ViewRecord};
use crate::observe::histogram::Histogram;
use crate::plan::figure::Stat;
use crate::solve::requests::{Observation, Step};
use crate::stats::quantile::samples_needed;
use crate::study::energy::Drawn;
use crate::units::{Energy, SimDuration};

/// Outcomes of answered calls.
const ANSWERS: [&str; 2] = ["ok", "stale"];

impl Measure {
    /// Returns the contribution of one event to the value of a replication: 1 for a count, one over the trials for a
    /// share, the mean sojourn time over the length for a share of time. `None` if it does not count rare events, or
    /// without trials.
    #[must_use]
    pub fn unit(&self, seen: &Observation) -> Option<f64> {
        let of_trials = |trials: u64| (trials > 0).then(|| 1.0 / trials as f64);
        let gauges = |parts: &[ComponentId], of: &dyn Fn(&Gauge) -> u64| -> u64 {
            parts.iter().map(|id| of(&seen.gauges[id.index()])).sum()
        };
        match self {
            Self::Lost(workloads, _, true) | Self::Served(workloads, true) => {
                of_trials(views(seen, workloads, |views| views.intended))
            }
            Self::Attempts(class, Some(_), true) => {
                of_trials(seen.record.classes[*class].attempts.begun)
            }
            Self::Lost(_, _, false)
            | Self::Attempts(_, Some(_), false)
            | Self::Unanswered(_)
            | Self::Missed(_) => Some(1.0),
            Self::Tally(_, ReadAs::Count(_)) => Some(1.0),
            Self::Tally(parts, ReadAs::Share(_, all)) => of_trials(gauges(parts, &|gauge| {
                u64::try_from(tallied(gauge, all)).unwrap_or(u64::MAX)
            })),
            Self::Tally(parts, ReadAs::Completed) => {
                of_trials(gauges(parts, &|gauge| gauge.arrived))
            }
            Self::Losing(_) => Some(1.0 / seen.last.seconds()).filter(|unit| unit.is_finite()),
            Self::Slower(class, _) => of_trials(seen.record.classes[*class].latency.count()),
            Self::ViewSlower(workloads, _) => {
                of_trials(views(seen, workloads, |views| views.latency.count()))
            }
            Self::WaitingOver(parts, _) => {
                of_trials(times(&seen.waits, parts).map_or(0, |histogram| histogram.count()))
            }
            Self::VisitsOver(parts, _) => {
                of_trials(times(&seen.sojourns, parts).map_or(0, |histogram| histogram.count()))
            }
            Self::InsideChance(parts, _) => {
                let came = gauges(parts, &|gauge| gauge.arrived - gauge.refused);
                let inside = parts.iter().map(|id| seen.gauges[id.index()].inside).sum::<u128>();
                let stays = inside as f64 / seen.length.nanos() as f64;
                (came > 0).then(|| (stays / came as f64).min(1.0)).filter(|unit| *unit > 0.0)
            }
            _ => None,
        }
    }

    /// Returns the largest possible value that a correction must not exceed, if there is one.
    #[must_use]
    pub fn most(&self, seen: &Observation) -> Option<f64> {
        match self {
            Self::Utilization(_) => Some(1.0),
            Self::Tally(parts, ReadAs::Rate(factor)) => {
                let all = parts.iter().map(|id| seen.gauges[id.index()].capacity).sum();
                Some(rate(all, *factor, seen))
            }
            _ => None,
        }
    }

    /// Returns its value in one replication, in base units.
    ///
    /// # Errors
    ///
    /// [`NoValue`] when the replication cannot give it.
    pub fn value(&self, plan: &Blueprint, seen: &Observation) -> Result<f64, NoValue> {
        self.value_beside(plan, seen, None)
    }

    /// Returns the value as [`Self::value`] does; for a run around a break, compared with the same interval without
    /// one.
    ///
    /// # Errors
    ///
    /// [`NoValue`] when the replication cannot give it.
    pub fn value_beside(
        &self,
        plan: &Blueprint,
        seen: &Observation,
        well: Option<&Observation>,
    ) -> Result<f64, NoValue> {
        let seconds = seen.length.seconds();
        let total = |parts: &[ComponentId], of: &dyn Fn(&Gauge) -> u128| -> u128 {
            parts.iter().map(|id| of(&seen.gauges[id.index()])).sum()
        };
        let nanos = seen.length.nanos() as f64;
        match self {
            Self::Latency(class, stat) => latency(&seen.record.classes[*class].latency, *stat),
            Self::MissLatency(class, stat) => latency(&seen.record.classes[*class].missed, *stat),
            Self::ViewLatency(workloads, stat) => latency(&of_views(seen, workloads), *stat),
            Self::Slower(class, over) => slower(&seen.record.classes[*class].latency, *over),
            Self::ViewSlower(workloads, over) => slower(&of_views(seen, workloads), *over),
            Self::Waiting(parts, Stat::Mean) => {
                // Mean waiting time by Little's law for the queue: area under its length over arrivals.
                let line = parts.iter().map(|id| line(plan, seen, *id)).sum::<f64>();
                let came = total(parts, &|gauge| u128::from(gauge.arrived - gauge.refused));
                if came == 0 { Err(NoValue::Empty) } else { Ok(line / came as f64 / 1e9) }
            }
            Self::Waiting(parts, stat) => latency(&times(&seen.waits, parts)?, *stat),
            Self::WaitingOver(parts, over) => slower(&times(&seen.waits, parts)?, *over),
            Self::ClassWaiting(class) => {
                let record = &seen.record.classes[*class];
                let count = record.attempts.ended[0];
                if count == 0 {
                    return Err(NoValue::Empty);
                }
                Ok(record.waited as f64 / count as f64 / 1e9)
            }
            Self::Sojourn(parts) => {
                let area = total(parts, &|gauge| gauge.inside);
                let came = total(parts, &|gauge| u128::from(gauge.arrived - gauge.refused));
                if came == 0 { Err(NoValue::Empty) } else { Ok(area as f64 / came as f64 / 1e9) }
            }
            Self::Visits(parts, stat) => latency(&times(&seen.sojourns, parts)?, *stat),
            Self::VisitsOver(parts, over) => slower(&times(&seen.sojourns, parts)?, *over),
            Self::OverTime(number, parts, stat) => {
                let levels = levels(seen, *number, parts)?;
                match stat {
                    Stat::Quantile(level) => levels.quantile(*level).map(|number| number as f64),
                    Stat::Max => levels.max().map(|number| number as f64),
                    Stat::Deviation => levels.deviation(),
                    _ => levels.mean(),
                }
                .ok_or(NoValue::Empty)
            }
            Self::First(number, parts, at_least) => {
                let first = levels(seen, *number, parts)?.first(*at_least);
                first.map(SimDuration::seconds).ok_or(NoValue::Later(seconds))
            }
            Self::Drain(parts) => {
                let (area, length): (u128, _) = match (well, &seen.calm) {
                    (Some(well), _) => {
                        let inside = |id: &ComponentId| well.gauges[id.index()].inside;
                        (parts.iter().map(inside).sum(), well.length)
                    }
                    (None, Some(calm)) => {
                        (parts.iter().map(|id| calm.inside[id.index()]).sum(), calm.length)
                    }
                    // The disturbance was not over.
                    (None, None) => return Err(NoValue::Later(0.0)),
                };
                // Numbers are whole: at most the mean is at most its whole part.
                let without = area / u128::from(length.nanos().max(1));
                let without = usize::try_from(without).unwrap_or(usize::MAX);
                let back = levels(seen, Number::Inside, parts)?.back(without);
                let end = seen.followed.seconds();
                back.map(SimDuration::seconds).ok_or(NoValue::Later(end))
            }
            Self::Every(every) => every.value(plan, &seen.series),
            Self::Inside(parts) => Ok(total(parts, &|gauge| gauge.inside) as f64 / nanos),
            Self::InsideChance(parts, at_least) => {
                let levels = levels(seen, Number::Inside, parts)?;
                Ok(levels.at_least(*at_least) as f64 / nanos)
            }
            Self::Queue(parts) => {
                Ok(parts.iter().map(|id| line(plan, seen, *id)).sum::<f64>() / nanos)
            }
            Self::Busy(parts) => {
                Ok(parts.iter().map(|id| busy(plan, seen, *id)).sum::<f64>() / nanos)
            }
            Self::Utilization(meters) => {
                let gauges: Vec<&Gauge> = match meters {
                    Meters::Parts(parts) => {
                        parts.iter().map(|id| &seen.gauges[id.index()]).collect()
                    }
                    Meters::Zones(zones) => zones.iter().map(|zone| &seen.zones[*zone]).collect(),
                };
                let busy: f64 = gauges.iter().map(|gauge| gauge.busy as f64).sum();
                let capacity: f64 = gauges.iter().map(|gauge| gauge.capacity as f64).sum();
                if capacity > 0.0 { Ok(busy / capacity) } else { Err(NoValue::Empty) }
            }
            Self::Throughput(parts) => {
                Ok(total(parts, &|gauge| u128::from(gauge.completed)) as f64 / seconds)
            }
            Self::ClassThroughput(class) => {
                Ok(seen.record.classes[*class].answered as f64 / seconds)
            }
            Self::Arrivals(workloads, _) => {
                Ok(views(seen, workloads, |views| views.intended) as f64)
            }
            Self::ArrivalRate(workloads) => {
                Ok(views(seen, workloads, |views| views.intended) as f64 / seconds)
            }
            Self::Attempts(class, outcome, share) => {
                let attempts = &seen.record.classes[*class].attempts;
                let count = outcome.map_or(attempts.begun, |outcome| attempts.ended[outcome]);
                ratio_or_count(count, attempts.begun, *share)
            }
            Self::Served(workloads, share) => {
                let served = views(seen, workloads, |views| views.served + views.delayed);
                ratio_or_count(served, views(seen, workloads, |views| views.intended), *share)
            }
            Self::Lost(workloads, cause, share) => {
                let count = views(seen, workloads, |views| match cause {
                    Some(cause) => views.lost[*cause],
                    None => views.lost.iter().sum(),
                });
                ratio_or_count(count, views(seen, workloads, |views| views.intended), *share)
            }
            Self::Quantity(id, place, stat) => {
                let quantity = seen.quantities[id.index()].get(*place).ok_or(NoValue::NotKept)?;
                match stat {
                    Stat::Quantile(level) => quantity.quantile(*level),
                    Stat::Max => quantity.max(),
                    _ => quantity.mean(),
                }
                .ok_or(NoValue::Empty)
            }
            Self::Tally(parts, how) => read(how, parts, seen),
            Self::Unanswered(calls) => {
                let of = |attempts: &Attempts| {
                    let ended = attempts.ended.iter().zip(OUTCOMES);
                    let bad = ended.filter(|(_, word)| !ANSWERS.contains(word));
                    bad.map(|(count, _)| *count).sum::<u64>()
                };
                Ok(calls.iter().map(|call| of(&seen.record.calls[*call])).sum::<u64>() as f64)
            }
            Self::Drawn(drawn) => drawn_in(plan, seen, *drawn),
            Self::PerKwh(workloads) => {
                let kwh = drawn_in(plan, seen, Drawn::ALL)? / 3.6e6;
                let served = views(seen, workloads, |views| views.done) as f64;
                if kwh > 0.0 { Ok(served / kwh) } else { Err(NoValue::Empty) }
            }
            Self::Missed(workloads) => {
                let missed = |views: &ViewRecord| views.intended - views.served - views.delayed;
                Ok(views(seen, workloads, missed) as f64)
            }
            Self::Losing(workloads) => losing(seen, workloads),
        }
    }
}

/// Returns the sum of a count over workloads.
fn views(seen: &Observation, workloads: &[usize], count: impl Fn(&ViewRecord) -> u64) -> u64 {
    workloads.iter().map(|workload| count(&seen.record.views[*workload])).sum()
}

/// Returns the times of the views of workloads together.
fn of_views<'s>(seen: &'s Observation, workloads: &[usize]) -> Cow<'s, Histogram> {
    if let [workload] = workloads {
        return Cow::Borrowed(&seen.record.views[*workload].latency);
    }
    let mut all = Histogram::new();
    workloads.iter().for_each(|workload| all.merge(&seen.record.views[*workload].latency));
    Cow::Owned(all)
}

/// Returns `busy` per nanosecond of the window, times a factor.
fn rate(busy: u128, factor: f64, seen: &Observation) -> f64 {
    busy as f64 * factor / seen.length.nanos() as f64
}

/// Returns the recorded times of several components together.
fn times(kept: &[Option<Histogram>], parts: &[ComponentId]) -> Result<Histogram, NoValue> {
    let mut all = Histogram::new();
    for id in parts {
        all.merge(kept[id.index()].as_ref().ok_or(NoValue::NotKept)?);
    }
    Ok(all)
}

/// Returns the time that components spend together at each number.
fn levels<'s>(
    seen: &'s Observation,
    number: Number,
    parts: &[ComponentId],
) -> Result<&'s Levels, NoValue> {
    let all = seen.numbers.iter().find(|(of, _)| of == parts);
    all.and_then(|(_, all)| number.of(all)).ok_or(NoValue::NotKept)
}

/// Returns the share of a histogram's samples above a duration.
fn slower(histogram: &Histogram, over: SimDuration) -> Result<f64, NoValue> {
    match histogram.count() {
        0 => Err(NoValue::Empty),
        count => Ok(1.0 - histogram.count_at_most(over.nanos()) as f64 / count as f64),
    }
}

/// Returns power, energy, its carbon or its cost over the window.
fn drawn_in(plan: &Blueprint, seen: &Observation, drawn: Drawn) -> Result<f64, NoValue> {
    if seen.energy.len() != plan.power.meters.len() {
        return Err(NoValue::NotKept);
    }
    let joules =
        |meter: usize| seen.energy[meter].map(|pico| Energy::from_picojoules(pico).joules());
    Ok(drawn.value(&plan.power, joules, seen.length.seconds()))
}

/// Returns the views per second that were requested and lost at the end of the window.
fn losing(seen: &Observation, workloads: &[usize]) -> Result<f64, NoValue> {
    let last = seen.steps.last().ok_or(NoValue::NotKept)?;
    let mut before = seen.steps.iter().rev();
    let before = before.find(|step| last.at.nanos() - step.at.nanos() >= seen.last.nanos());
    let lost = |step: &Step| workloads.iter().map(|at| step.views[*at].lost).sum::<u64>();
    let (from, then) = before.map_or((SimDuration::ZERO, 0), |step| (step.at, lost(step)));
    Ok((lost(last) - then) as f64 / (last.at - from).seconds())
}

fn ratio_or_count(count: u64, of: u64, share: bool) -> Result<f64, NoValue> {
    match (share, of) {
        (false, _) => Ok(count as f64),
        (true, 0) => Err(NoValue::Empty),
        (true, of) => Ok(count as f64 / of as f64),
    }
}

/// Returns the busy servers over the window, servers × ns.
fn busy(plan: &Blueprint, seen: &Observation, id: ComponentId) -> f64 {
    let gauge = &seen.gauges[id.index()];
    match plan.parts[id.index()].config.counts().servers {
        Some(servers) => {
            gauge.utilization().unwrap_or(0.0) * f64::from(servers) * seen.length.nanos() as f64
        }
        None => gauge.busy as f64,
    }
}

/// Returns the area under the queue length over the window, requests × ns.
fn line(plan: &Blueprint, seen: &Observation, id: ComponentId) -> f64 {
    seen.gauges[id.index()].inside as f64 - busy(plan, seen, id)
}

/// Returns a statistic of a histogram of nanoseconds, in seconds.
pub fn latency(histogram: &Histogram, stat: Stat) -> Result<f64, NoValue> {
    let count = histogram.count();
    if count == 0 {
        return Err(NoValue::Empty);
    }
    match stat {
        Stat::Mean => histogram.mean().map(|nanos| nanos / 1e9).ok_or(NoValue::Empty),
        // Not a statistic of a histogram: the registry admits none of these here.
        Stat::Chance
        | Stat::Dispersion
        | Stat::First
        | Stat::Year(_)
        | Stat::Month
        | Stat::Once => Err(NoValue::NotKept),
        Stat::Max => histogram.max().map(|nanos| nanos as f64 / 1e9).ok_or(NoValue::Empty),
        Stat::Deviation => {
            let mean = histogram.mean().ok_or(NoValue::Empty)?;
            let mut sum = 0.0;
            for (low, high, times) in histogram.buckets() {
                let middle = low as f64 + (high - low) as f64 / 2.0;
                sum += (middle - mean) * (middle - mean) * times as f64;
            }
            Ok((sum / count as f64).sqrt() / 1e9)
        }
        Stat::Quantile(level) => {
            let need = samples_needed(level).unwrap_or(u64::MAX);
            if count < need {
                return Err(NoValue::TooFew { have: count, need });
            }
            histogram.quantile(level).map(|nanos| nanos as f64 / 1e9).ok_or(NoValue::Empty)
        }
    }
}

/// Returns the sum of a kind's tallies at these places.
fn tallied(gauge: &Gauge, of: &[usize]) -> u128 {
    of.iter().map(|place| gauge.tally[*place]).sum()
}

/// Returns a figure from a kind's tallies.
fn read(how: &ReadAs, parts: &[ComponentId], seen: &Observation) -> Result<f64, NoValue> {
    let gauges = || parts.iter().map(|id| &seen.gauges[id.index()]);
    let sum = |of: &[usize]| gauges().map(|gauge| tallied(gauge, of)).sum::<u128>();
    match how {
        ReadAs::Count(of) => Ok(sum(of) as f64),
        ReadAs::Sum(of, factor) => Ok(sum(std::slice::from_ref(of)) as f64 * factor),
        ReadAs::Share(of, all) => match sum(all) {
            0 => Err(NoValue::Empty),
            all => Ok(sum(of) as f64 / all as f64),
        },
        ReadAs::Mean(of, factor) => {
            // Of several components the mean of theirs.
            let length = seen.length.nanos() as f64 * parts.len().max(1) as f64;
            Ok(sum(std::slice::from_ref(of)) as f64 * factor / length)
        }
        ReadAs::Each(of, events, factor) => match sum(std::slice::from_ref(events)) {
            0 => Err(NoValue::Empty),
            events => Ok(sum(std::slice::from_ref(of)) as f64 * factor / events as f64),
        },
        ReadAs::Peak(of) => {
            Ok(gauges().map(|gauge| gauge.peaks[*of]).max().unwrap_or(0) as f64 / 1e9)
        }
        ReadAs::Rate(factor) => Ok(rate(gauges().map(|gauge| gauge.busy).sum(), *factor, seen)),
        ReadAs::Completed => match gauges().map(|gauge| u128::from(gauge.arrived)).sum::<u128>() {
            0 => Err(NoValue::Empty),
            all => {
                let completed = gauges().map(|gauge| u128::from(gauge.completed)).sum::<u128>();
                Ok(completed as f64 / all as f64)
            }
        },
    }
}
