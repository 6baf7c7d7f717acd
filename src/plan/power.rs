//! Parts with a declared power, the sites that feed them, and what their energy costs per month.
//!
//! Model of the monthly cost: nothing fails, and every hour of the week has its mean rates, without noise, surges and
//! flash crowds. The load of a server in an hour is its offered load ([`load`]), at most 1; its power is that of its
//! curve there. The energy of a site is that of its parts times its PUE. A month is a twelfth of a year.
//! Holds: a server without zones, and a standby that no request reaches, draw idle power.
//! A server that is lent is on for the share of the week that its hours are, whatever the hour.
//! Leaves out: closed users above their bound, recorded traffic, operations.
//! Source: power by load as in [`power`](crate::mechanism::power).

use std::collections::BTreeMap;

use crate::kinds::network::spec::SiteSpec;
use crate::mechanism::power::PowerCurve;
use crate::model::ids::ComponentId;
use crate::model::power::{Grid, HOURS_OF_DAY, Power, PowerMeter};
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::compile;
use crate::plan::fluid::{HOUR_NS, HOURS, WEEK_NS};
use crate::plan::hours;
use crate::plan::load::{self, closed};
use crate::plan::names::split_member;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::names::Name;
use crate::units::{SimDuration, SimTime};
use crate::workload::rate::RateCurve;

/// Returns the parts with a declared power, in the order of parts.
#[must_use]
pub fn parts(draft: &Draft) -> Vec<Part> {
    let mut parts: Vec<Part> = all(draft).into_iter().map(|(part, _)| part).collect();
    parts.sort_unstable();
    parts
}

/// Returns the parts with a declared power, each with its power by load.
fn all(draft: &Draft) -> Vec<(Part, PowerCurve)> {
    let scenario = &draft.scenario;
    let mut all = Vec::new();
    for (rack, (_, spec)) in scenario.rack.iter().enumerate() {
        let Some(switch) = &spec.switch else { continue };
        let curve = switch.value.power.as_ref().map(|power| PowerCurve::constant(power.value));
        let numbers = 0..switch.value.count.value;
        all.extend(
            numbers
                .zip(curve.iter().cycle())
                .map(|(number, curve)| (Part::Switch { rack, number }, curve.clone())),
        );
    }
    for (group, (_, spec)) in scenario.server.iter().enumerate() {
        let points = spec.power.as_ref().and_then(|power| power.value.points());
        let curve = points.and_then(PowerCurve::new);
        for member in 0..spec.count.value {
            let server = ServerId { group, member };
            all.extend(curve.clone().map(|curve| (Part::Server(server), curve)));
            for (set, (_, disks)) in spec.disks.iter().enumerate() {
                let curve = disks.watts().map(PowerCurve::constant);
                all.extend(curve.map(|curve| (Part::Disks { server, set }, curve)));
            }
        }
    }
    for (nas, (_, spec)) in scenario.nas.iter().enumerate() {
        let curve = spec.head_power.as_ref().map(|power| PowerCurve::constant(power.value));
        let numbers = 0..spec.heads.value;
        all.extend(
            numbers
                .zip(curve.iter().cycle())
                .map(|(number, curve)| (Part::Head { nas, number }, curve.clone())),
        );
        for (pool, (_, disks)) in spec.pools.value.iter().enumerate() {
            let curve = disks.watts().map(PowerCurve::constant);
            all.extend(curve.map(|curve| (Part::Pool { nas, pool }, curve)));
        }
    }
    all.sort_by_key(|(part, _)| *part);
    all
}

/// Returns the site that feeds a part.
#[must_use]
pub fn site_of(draft: &Draft, part: Part) -> Option<usize> {
    part.domains(draft).into_iter().find_map(|domain| match domain {
        Part::Site(site) => Some(site),
        _ => None,
    })
}

/// Compiles the power meters; `ids` holds the components of the event loop, for the solver that has them.
#[must_use]
pub fn compile(draft: &Draft, ids: Option<&BTreeMap<String, ComponentId>>) -> Power {
    let meter = |(part, curve): (Part, PowerCurve)| {
        let name = part.name(draft);
        let processor = ids.filter(|_| matches!(part, Part::Server(_)));
        PowerMeter {
            grid: site_of(draft, part),
            processor: processor.and_then(|ids| ids.get(&name).copied()),
            name,
            curve,
        }
    };
    let meters: Vec<PowerMeter> = all(draft).into_iter().map(meter).collect();
    if meters.is_empty() {
        return Power::default();
    }
    let mut subjects = vec![(String::new(), (0..meters.len()).collect())];
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, meter) in meters.iter().enumerate() {
        subjects.push((meter.name.clone(), vec![at]));
        let bare =
            |word: &str| split_member(word).map_or(word.to_string(), |(name, _)| name.into());
        let group: Vec<String> = meter.name.split('.').map(bare).collect();
        groups.entry(group.join(".")).or_default().push(at);
    }
    // A part called as a group is the part.
    let is_part = |name: &String| meters.iter().any(|meter| meter.name == *name);
    subjects.extend(groups.into_iter().filter(|(name, _)| !is_part(name)));
    Power { grids: grids(draft), meters, subjects, zero: week_start(draft).time }
}

/// Returns the energy supply of each site, in the order of the file.
fn grids(draft: &Draft) -> Vec<Grid> {
    let grid = |(name, site): &(Name, SiteSpec)| {
        let constant = site.carbon.as_ref().map(|carbon| [carbon.value; HOURS_OF_DAY]);
        let by_hour = site.carbon_by_hour.as_ref();
        let by_hour =
            by_hour.and_then(|hours| <[_; HOURS_OF_DAY]>::try_from(hours.value.as_slice()).ok());
        let carbon = constant.or(by_hour);
        Grid {
            site: name.text.clone(),
            pue: site.pue.as_ref().map_or(1.0, |pue| pue.value),
            price: site.energy_price.as_ref().map(|price| price.value.dollars_per_joule()),
            carbon: carbon.map(|hours| hours.map(|hour| hour.grams_per_joule())),
        }
    };
    draft.scenario.site.iter().map(grid).collect()
}

/// Returns the cost of energy in dollars per month, for each site with a price and a part with a power.
#[must_use]
pub fn monthly(draft: &Draft) -> Vec<(String, f64)> {
    let grids = grids(draft);
    let priced = |part: Part| site_of(draft, part).filter(|site| grids[*site].price.is_some());
    let parts = all(draft).into_iter();
    let parts: Vec<(Part, PowerCurve, usize)> =
        parts.filter_map(|(part, curve)| Some((part, curve, priced(part)?))).collect();
    if parts.is_empty() {
        return Vec::new();
    }
    let lent = hours::shares(draft);
    let mut joules: BTreeMap<usize, f64> = BTreeMap::new();
    for (rates, hours) in hourly_rates(draft) {
        let loads = load::processors(draft, &rates);
        let seconds = SimDuration::YEAR.seconds() / 12.0 * hours / HOURS as f64;
        for (part, curve, site) in &parts {
            let on = match part {
                Part::Server(server) => lent.get(server.group).copied().unwrap_or(1.0),
                _ => 1.0,
            };
            let watts = curve.watts(loads.get(part).copied().unwrap_or(0.0)) * on;
            *joules.entry(*site).or_insert(0.0) += watts * seconds;
        }
    }
    let dollars = |(site, joules): (usize, f64)| {
        let Grid { site, pue, price, .. } = &grids[site];
        Some((site.clone(), joules * pue * (*price)?))
    };
    joules.into_iter().filter_map(dollars).collect()
}

/// Returns the different rates of all workloads in the hours of a week, each with the number of these hours.
fn hourly_rates(draft: &Draft) -> Vec<(Vec<f64>, f64)> {
    let mut found: Vec<(Vec<f64>, f64)> = Vec::new();
    for rates in rates_of_week(draft, SimDuration::HOUR) {
        match found.iter_mut().find(|(other, _)| *other == rates) {
            Some((_, hours)) => *hours += 1.0,
            None => found.push((rates, 1.0)),
        }
    }
    found
}

/// Returns the mean rates of all workloads in each `step` of a week, from Monday on; an hour is a multiple of it. The rates of
/// closed users are their bounds of the whole hour.
pub(crate) fn rates_of_week(draft: &Draft, step: SimDuration) -> Vec<Vec<f64>> {
    let mut quiet = Diagnostics::new();
    let workloads = draft.scenario.workload.iter();
    let curves: Vec<Option<RateCurve>> = workloads
        .map(|(name, spec)| Some(compile::traffic(draft, name, spec, &mut quiet)?.curve()))
        .collect();
    let start = week_start(draft);
    let zero = u64::from(start.weekday) * SimDuration::DAY.nanos() + start.time.nanos();
    let own = load::open_rates(draft);
    let open = |at: u64, length: SimDuration| -> Vec<f64> {
        let from = SimTime::from_nanos((at + WEEK_NS - zero % WEEK_NS) % WEEK_NS);
        let rate = |(curve, own): (&Option<RateCurve>, &f64)| {
            curve
                .as_ref()
                .map_or(*own, |curve| curve.mean_between(from, from + length).in_per_second())
        };
        curves.iter().zip(&own).map(rate).collect()
    };
    let is_closed: Vec<bool> =
        draft.scenario.workload.iter().map(|(_, spec)| spec.users.is_some()).collect();
    // Hours with the same open rates have the same bounds.
    let mut known: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    let mut week = Vec::new();
    for hour in 0..WEEK_NS / HOUR_NS {
        let all = open(hour * HOUR_NS, SimDuration::HOUR);
        let bounded = match known.iter().find(|(other, _)| *other == all) {
            Some((_, bounded)) => bounded.clone(),
            None => {
                let mut bounded = all.clone();
                closed::bound(draft, &mut bounded);
                known.push((all, bounded.clone()));
                bounded
            }
        };
        for part in 0..HOUR_NS / step.nanos() {
            let mut rates = open(hour * HOUR_NS + part * step.nanos(), step);
            let both = rates.iter_mut().zip(&bounded).zip(&is_closed);
            both.filter(|(_, closed)| **closed).for_each(|((rate, bound), _)| *rate = *bound);
            week.push(rates);
        }
    }
    week
}
