//! Rates of the workloads: in the file, in a window, and at the peaks of a profile.

use super::closed;
use crate::model::spec::runs::{Level, WindowSpec};
use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::compile;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::rate::RateCurve;

/// Returns the mean rate per second of each workload in the file, without surges. For closed users it is the upper
/// bound of [`closed::bounds`], for recorded traffic 0.
#[must_use]
pub fn rates(draft: &Draft) -> Vec<f64> {
    let mut rates = open_rates(draft);
    closed::bound(draft, &mut rates);
    rates
}

/// Returns the mean rates per second of open workloads; 0 for closed users and recorded traffic.
#[must_use]
pub fn open_rates(draft: &Draft) -> Vec<f64> {
    let rate = |workload: &WorkloadSpec| {
        workload.rate.as_ref().map_or(0.0, |rate| rate.value.in_per_second())
    };
    draft.scenario.workload.iter().map(|(_, workload)| rate(workload)).collect()
}

/// Returns the rates per second in a window: those fixed by its level ([`levels`]), else the mean over the window
/// with profile, steps and scheduled flash crowds. Closed users are bounded by the capacity that the others leave.
#[must_use]
pub fn rates_in(draft: &Draft, window: usize) -> Vec<f64> {
    let mut rates = open_rates_in(draft, window);
    closed::bound(draft, &mut rates);
    rates
}

/// Returns the same as [`rates_in`], but 0 for closed users.
#[must_use]
pub fn open_rates_in(draft: &Draft, window: usize) -> Vec<f64> {
    let spec = &draft.scenario.window[window].1;
    let fixed = levels(draft, spec);
    if spec.level.is_some() {
        let own = open_rates(draft).into_iter().zip(fixed);
        return own.map(|(own, fixed)| fixed.map_or(own, Rate::in_per_second)).collect();
    }
    let from = spec.at.as_ref().map(|at| at.value.after_zero(week_start(draft)));
    let from = SimTime::ZERO + from.unwrap_or(SimDuration::ZERO).max(spec.warm_up.value);
    let length = spec.length.as_ref().or(spec.before.as_ref()).map(|length| length.value);
    let to = from + length.unwrap_or(SimDuration::SECOND);
    let mut quiet = Diagnostics::new();
    let own = open_rates(draft).into_iter().zip(draft.scenario.workload.iter());
    own.map(|(own, (name, workload))| {
        let traffic = compile::traffic(draft, name, workload, &mut quiet);
        traffic.map_or(own, |traffic| traffic.planned_between(from, to).in_per_second())
    })
    .collect()
}

/// Returns, per workload, whether the level of a window fixes its rate. It does if the class has an objective,
/// or for all workloads if no class has one; never for closed users.
#[must_use]
pub fn fixed_by_levels(draft: &Draft) -> Vec<bool> {
    let scenario = &draft.scenario;
    let judged = |spec: &WorkloadSpec| scenario.objective.get(&spec.request.value.text).is_some();
    let none = !scenario.workload.iter().any(|(_, spec)| judged(spec));
    let fixed = |spec: &WorkloadSpec| spec.users.is_none() && (none || judged(spec));
    scenario.workload.iter().map(|(_, spec)| fixed(spec)).collect()
}

/// Returns, per workload, the rate fixed by the level of a window; `None` if the workload keeps its own.
#[must_use]
pub fn levels(draft: &Draft, window: &WindowSpec) -> Vec<Option<Rate>> {
    let level = window.level.as_ref().map(|level| level.value);
    let workloads = draft.scenario.workload.iter().zip(fixed_by_levels(draft));
    let own = |spec: &WorkloadSpec| spec.rate.as_ref().map(|rate| rate.value);
    workloads.map(|((_, spec), fixed)| level.filter(|_| fixed)?.of(own(spec))).collect()
}

/// Returns the level of a window as a rate per second; for a multiple, the sum over the workloads that it fixes.
#[must_use]
pub fn level(draft: &Draft, window: &WindowSpec) -> Option<f64> {
    match window.level.as_ref()?.value {
        Level::Fixed(rate) => Some(rate.in_per_second()),
        Level::Times(_) => {
            let fixed = levels(draft, window);
            Some(fixed.into_iter().flatten().map(Rate::in_per_second).sum())
        }
    }
}

/// Returns the design peak among windows: the one named `peak`, or else the one with the highest rate; `of` returns the name of one
/// and its rate per second. Of several with that rate it is the first by name, so the order in the file does not matter.
pub fn peak_among<T>(
    windows: impl Iterator<Item = T>,
    of: impl Fn(&T) -> (&str, f64),
) -> Option<T> {
    windows.max_by(|one, other| {
        let ((one, low), (other, high)) = (of(one), of(other));
        let named = |name: &str| name == "peak";
        let by_rate = || low.total_cmp(&high).then_with(|| other.cmp(one));
        named(one).cmp(&named(other)).then_with(by_rate)
    })
}

/// Returns the rates of all workloads at the peaks of their profiles, without noise, surges and closed users.
/// Candidates are each half hour past the hour and each workload's own peak in the week. A candidate is left
/// out if another has at least the same rate of every workload. The first is the earliest in the week.
#[must_use]
pub fn profile_peaks(draft: &Draft) -> Vec<(SimTime, Vec<f64>)> {
    const HALF_HOUR: u64 = SimDuration::HOUR.nanos() / 2;
    let mut quiet = Diagnostics::new();
    let workloads = draft.scenario.workload.iter();
    let curves: Vec<Option<RateCurve>> = workloads
        .map(|(name, spec)| compile::traffic(draft, name, spec, &mut quiet).map(|t| t.curve()))
        .collect();
    let zero = week_start(draft);
    let week = 7 * SimDuration::DAY.nanos();
    let zero = u64::from(zero.weekday) * SimDuration::DAY.nanos() + zero.time.nanos();
    let hours = (0..168).map(|hour| (hour * 2 + 1) * HALF_HOUR);
    let own = curves.iter().flatten().map(|curve| (curve.peak().1.nanos() + zero) % week);
    let mut times: Vec<u64> = hours.chain(own).collect();
    times.sort_unstable();
    times.dedup();
    let mut peaks: Vec<(SimTime, Vec<f64>)> = Vec::new();
    for time in times {
        let at = SimTime::from_nanos((time + week - zero % week) % week);
        let rate = |curve: &Option<RateCurve>| {
            curve.as_ref().map_or(0.0, |curve| curve.rate(at).in_per_second())
        };
        let rates: Vec<f64> = curves.iter().map(rate).collect();
        let covers = |one: &[f64], other: &[f64]| one.iter().zip(other).all(|(a, b)| a >= b);
        if peaks.iter().any(|(_, known)| covers(known, &rates)) {
            continue;
        }
        peaks.retain(|(_, known)| !covers(&rates, known));
        peaks.push((SimTime::from_nanos(time), rates));
    }
    peaks
}
