//! The kind of autoscalers, its resolved references and the numbers of its members.

use std::collections::BTreeMap;

use crate::kinds::scaler::spec::{ScalerMetric, ScalerSpec};
use crate::plan::Draft;
use crate::plan::document::ScenarioSpec;
use crate::plan::load::{self, Resource};
use crate::plan::names::{Kind, Names};
use crate::plan::part::Part;
use crate::plan::power::hourly_rates;

/// The kind of autoscalers.
#[derive(Debug)]
pub struct Scaler;

/// Resolved references of a scaler.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScalerLinks {
    /// Section of its zones.
    pub zone: Option<usize>,
    /// The service in them.
    pub service: Option<usize>,
}

/// Returns the number of members at the start.
#[must_use]
pub fn start_of(spec: &ScalerSpec) -> u32 {
    spec.start.as_ref().map_or(spec.minimum.value, |start| start.value)
}

/// Returns the largest number of members; `all` is that of the group. It is never below `minimum`.
#[must_use]
pub fn most_of(spec: &ScalerSpec, all: u32) -> u32 {
    spec.maximum.as_ref().map_or(all, |most| most.value.min(all)).max(spec.minimum.value)
}

/// Returns the number of members that each scaled group has at the start, by the section of its zones.
#[must_use]
pub fn starts(scenario: &ScenarioSpec, names: &Names) -> BTreeMap<usize, u32> {
    let of = |spec: &ScalerSpec| {
        let found = names.find(&spec.zones.text).filter(|found| found.kind == Kind::Zone)?;
        Some((found.index, start_of(spec)))
    };
    scenario.scaler.iter().filter_map(|(_, spec)| of(spec)).collect()
}

/// Returns the mean number of members over the hours of a week, for each scaled group, by the section of its zones.
/// It is the number that holds the target of `cpu` at the mean load of each hour, within the bounds. Other rules have no
/// such number: for them it is the largest.
#[must_use]
pub fn mean_members(draft: &Draft) -> BTreeMap<usize, f64> {
    if draft.scenario.scaler.is_empty() {
        return BTreeMap::new();
    }
    let rates = hourly_rates(draft);
    let hours: f64 = rates.iter().map(|(_, hours)| hours).sum();
    let all = draft.scenario.scaler.iter().zip(&draft.links.own.scalers);
    let of = |((_, spec), links): (&(_, ScalerSpec), &ScalerLinks)| {
        let zone = links.zone?;
        let most = most_of(spec, draft.scenario.zone[zone].1.count.value);
        let (Some(target), ScalerMetric::Cpu) = (&spec.target, spec.metric.value) else {
            return Some((zone, f64::from(most)));
        };
        let wanted = |rates: &[f64]| {
            let here = |one: &load::Offered| {
                one.resource == Resource::Cpu
                    && matches!(one.part, Part::Zone { zone: other, .. } if other == zone)
            };
            let offered: Vec<_> = load::offered(draft, rates).into_iter().filter(here).collect();
            let work: f64 = offered.iter().map(|one| one.per_second).sum();
            let each = offered.first().map_or(1.0, |one| one.capacity);
            let exact = (work / (target.value * each) - 1e-9).ceil();
            exact.clamp(f64::from(spec.minimum.value), f64::from(most))
        };
        let sum: f64 = rates.iter().map(|(rates, hours)| wanted(rates) * hours).sum();
        Some((zone, sum / hours))
    };
    all.filter_map(of).collect()
}
