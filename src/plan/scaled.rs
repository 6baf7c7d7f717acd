//! Members that an autoscaler launches and removes: how many there are at the start, at least, and on average.
//!
//! The structure of a scenario (dependency graph, cut sets) has the members that always exist; the place of each, its
//! memory and its price count those that exist at a time.

use std::collections::BTreeMap;

pub use crate::kinds::scaler::presence::of as is_present;

use crate::convert::place;
use crate::kinds::scaler::plan::ScalerLinks;
use crate::kinds::scaler::spec::ScalerSpec;
use crate::kinds::scaler::week;
use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::part::Part;
use crate::units::SimDuration;

/// Returns how often per second the rates turn that an autoscaler follows over years: with the hour and with the modulation.
#[must_use]
pub fn turns_per_s(draft: &Draft) -> f64 {
    if draft.scenario.scaler.is_empty() {
        return 0.0;
    }
    let of = |spec: &WorkloadSpec| {
        let hours = spec.noise.as_ref().map_or(0.0, |_| 1.0 / SimDuration::HOUR.seconds());
        let sojourns = spec.arrivals.value.sojourns.as_ref();
        let cycle = |all: &Vec<SimDuration>| all.iter().map(|one| one.seconds()).sum::<f64>();
        hours + sojourns.map_or(0.0, |all| all.value.len() as f64 / cycle(&all.value).max(1e-9))
    };
    draft.scenario.workload.iter().map(|(_, spec)| of(spec)).sum()
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

/// Returns the members of a service that always exist, where an autoscaler launches and removes others: the first ones.
#[must_use]
pub fn fewest(draft: &Draft, service: usize) -> Option<u32> {
    let all = draft.scenario.scaler.iter().zip(&draft.links.own.scalers);
    let mut of_it = all.filter(|(_, links)| links.service == Some(service));
    of_it.next().map(|((_, spec), _)| spec.minimum.value)
}

/// Returns the largest number of members of a scaled group of zones.
#[must_use]
pub fn most_members(draft: &Draft, zone: usize) -> Option<u32> {
    let all = draft.scenario.scaler.iter().zip(&draft.links.own.scalers);
    let mut of_it = all.filter(|(_, links)| links.zone == Some(zone));
    let count = draft.scenario.zone[zone].1.count.value;
    of_it.next().map(|((_, spec), _)| most_of(spec, count))
}

/// Returns the zones of groups of which fewer members may exist at a time than are up: for each the share of its capacity that
/// counts, and the most members. Load is spread over all that are up.
#[must_use]
pub fn counted(draft: &Draft, up: &dyn Fn(Part) -> bool) -> BTreeMap<Part, (f64, u32)> {
    let mut all = BTreeMap::new();
    for zone in draft.links.own.scalers.iter().filter_map(|links| links.zone) {
        let Some(most) = most_members(draft, zone) else { continue };
        let members = 0..draft.scenario.zone[zone].1.count.value;
        let members = members.map(|member| Part::Zone { zone, member }).filter(|part| up(*part));
        let members: Vec<Part> = members.collect();
        let count = place(members.len());
        if most < count {
            let share = f64::from(most) / f64::from(count);
            all.extend(members.into_iter().map(|part| (part, (share, most))));
        }
    }
    all
}

/// Returns the mean number of members over an average week, for each scaled group, by the section of its zones; that of
/// [`week`]. A rule on requests that wait has no such number: for it, it is the largest.
#[must_use]
pub fn mean_members(draft: &Draft) -> BTreeMap<usize, f64> {
    let all = draft.scenario.scaler.iter().zip(&draft.links.own.scalers);
    let of = |(((_, spec), links), mean): ((&(_, ScalerSpec), &ScalerLinks), Option<f64>)| {
        let zone = links.zone?;
        let most = most_of(spec, draft.scenario.zone[zone].1.count.value);
        Some((zone, mean.unwrap_or(f64::from(most))))
    };
    all.zip(week::mean_members(draft)).filter_map(of).collect()
}
