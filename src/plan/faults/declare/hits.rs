//! A fault and the parts that it hits: when it begins, and how long it lasts.

use super::called::Called;
use super::harms::Harm;
use super::moulds::Mould;
use crate::convert::place;
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::{Branch, Expr, Timer, Transition};
use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::program::law_of;
use crate::plan::targets::RoleOf;
use crate::units::SimTime;
use crate::workload::failures::FailureRecord;

/// Fault and the parts that it hits.
pub(super) struct Hit<'a> {
    pub(super) name: &'a str,
    pub(super) spec: &'a FaultSpec,
    pub(super) members: Vec<usize>,
    pub(super) harm: Harm,
    /// Role whose current holder it strikes, if any: `members` then lists all members.
    pub(super) role: Option<RoleOf>,
    /// Recorded failures of the members that it plays, if any.
    pub(super) record: Option<&'a FailureRecord>,
    /// Crew that repairs it, if it has one.
    pub(super) crew: Option<Called>,
}

pub(super) fn state_of(fault: &str) -> String {
    format!("fault.{fault}")
}

/// Returns the timer of the onset at `share` of the rate; `None` if the share is 0 or no onset is given.
pub(super) fn onset(hit: &Hit<'_>, share: f64) -> Option<Timer> {
    if let Some(at) = &hit.spec.at {
        let every = hit.spec.every.as_ref().map(|every| every.value);
        return Some(Timer::clock(hit.name, SimTime::ZERO + at.value, every));
    }
    let law = match (&hit.spec.rate, &hit.spec.up) {
        (Some(rate), _) => Law::exponential(1.0 / rate.value.in_per_second()).ok()?,
        (None, Some(up)) => law_of(up),
        (None, None) => return None,
    };
    if share <= 0.0 {
        return None;
    }
    let law = if share == 1.0 { law } else { law.scaled(1.0 / share).ok()? };
    Some(Timer::new(hit.name, DurationLaw(law)))
}

/// Returns the factors on the rate of each of these parts while some of them are lost to the others: the most first.
pub(super) fn loaded<'n>(hit: &Hit<'_>, names: impl Iterator<Item = &'n str>) -> Vec<(Expr, f64)> {
    let Some(exponent) = &hit.spec.load_exponent else { return Vec::new() };
    let lost: Vec<Expr> = names.map(|name| !Expr::of(name, "serving")).collect();
    let count = place(lost.len());
    let with = |gone: u32| {
        let share = f64::from(count) / f64::from(count - gone);
        (Expr::AtLeast(gone, lost.clone()), libm::pow(share, exponent.value))
    };
    (1..count).rev().map(with).collect()
}

/// Returns the onset of `hit`, which occurs with its probability only; otherwise all stays in the state `stays`.
pub(super) fn prevented(hit: &Hit<'_>, onset: Transition, stays: &str) -> Transition {
    let Some(probability) = &hit.spec.probability else { return onset };
    let probability = probability.value.get();
    let mut ways = onset.branches.clone();
    ways.iter_mut().for_each(|way| way.probability = probability);
    let not =
        Branch { probability: 1.0 - probability, to: stays.into(), also: Vec::new(), adds: None };
    ways.push(not);
    ways.retain(|way| way.probability > 0.0);
    onset.branching(hit.name, ways)
}

/// Returns the repair time of `hit` at a part of this mould. The checks guarantee one for every fault, except
/// for those without a lasting effect.
pub(super) fn repair(hit: &Hit<'_>, mould: Option<&Mould>) -> Option<DurationLaw> {
    if let Some(lasts) = &hit.spec.lasts {
        let law = Law::constant(lasts.value.seconds());
        return law.ok().map(DurationLaw);
    }
    if let Some(law) = &hit.spec.repair {
        return Some(DurationLaw(law_of(law)));
    }
    if hit.spec.how.value == How::CacheLost {
        // A lost cache is not repaired but refills. The tiny time keeps the loss visible as an interval.
        return Law::constant(1e-9).ok().map(DurationLaw);
    }
    let mould = mould?;
    match mould.kind.boot {
        Some(boot) => Law::constant(boot.seconds()).ok().map(DurationLaw),
        None => mould.restart.clone(),
    }
}
