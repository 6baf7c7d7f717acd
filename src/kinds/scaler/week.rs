//! Members of a scaler over an average week, in closed form: its rule follows the mean load of each minute.
//!
//! Model: the rule decides once per period, with its cool-downs, on the load per member of that minute; members come and go
//! at once. A utilisation is at most 1. The second of two weeks counts, so the members at the start do not.
//! Load grows in proportion to the rates of the workloads, at the hit ratios of the file.
//! Leaves out: the lag, launches that take time or fail, probes, flash crowds, and load that turns within a minute. A rule on requests
//! or messages that wait has no closed form.
//! Source: the rule is that of [`scaling`](crate::mechanism::scaling).

use std::collections::BTreeMap;

use crate::convert::index;
use crate::kinds::scaler::plan::{ScalerLinks, in_group, of_service};
use crate::kinds::scaler::rules::terms;
use crate::kinds::scaler::spec::{ScalerMetric, ScalerSpec};
use crate::mechanism::scaling::{Act, Scaling, Seen};
use crate::plan::Draft;
use crate::plan::load::{self, Offered, Resource};
use crate::plan::part::Part;
use crate::plan::power::rates_of_week;
use crate::plan::scaled::start_of;
use crate::units::{SimDuration, SimTime};

/// Time for which the mean load counts.
const STEP: SimDuration = SimDuration::from_secs(60);

/// Returns the mean number of members of the group of each scaler; `None`: its rule is on what waits.
pub(crate) fn mean_members(draft: &Draft) -> Vec<Option<f64>> {
    let scalers = draft.scenario.scaler.iter().zip(&draft.links.own.scalers);
    let all: Vec<(&ScalerSpec, &ScalerLinks)> =
        scalers.map(|((_, spec), links)| (spec, links)).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let week = rates_of_week(draft, STEP);
    all.into_iter().map(|of| followed(draft, of, &week)).collect()
}

/// Returns the mean number of members of one scaler at the rates of all workloads, minute by minute.
fn followed(
    draft: &Draft,
    (spec, links): (&ScalerSpec, &ScalerLinks),
    week: &[Vec<f64>],
) -> Option<f64> {
    let (zone, service) = (links.zone?, links.service?);
    let workloads = draft.scenario.workload.len();
    // Without requests: probes.
    let idle = of_processors(draft, zone, &vec![0.0; workloads]);
    let per_view = (0..workloads).map(|workload| {
        let mut one = vec![0.0; workloads];
        one[workload] = 1.0;
        match spec.metric.value {
            ScalerMetric::Cpu => Some(of_processors(draft, zone, &one) - idle),
            ScalerMetric::Requests => Some(arriving(draft, service, &one)),
            ScalerMetric::Waiting | ScalerMetric::Messages => None,
        }
    });
    let per_view: Vec<f64> = per_view.collect::<Option<_>>()?;
    let load = |rates: &Vec<f64>| rates.iter().zip(&per_view).map(|(rate, each)| rate * each).sum();
    let loads: Vec<f64> = week.iter().map(load).collect();
    let most = if spec.metric.value == ScalerMetric::Cpu { 1.0 } else { f64::INFINITY };
    let mut rule = Scaling::new(terms(spec, draft.scenario.zone[zone].1.count.value));
    let (mut running, period) = (start_of(spec), spec.period.value.nanos());
    let length = STEP.nanos() * loads.len() as u64;
    let periods = length / period;
    let mut sum = 0.0;
    for at in 0..2 * periods {
        let now = SimTime::from_nanos(at * period);
        let load = loads[index((now.nanos() % length) / STEP.nanos())];
        if at >= periods {
            sum += f64::from(running);
        }
        let members = f64::from(running);
        let seen = Seen { value: (load / members).min(most), members };
        match rule.decide(now, seen, running, [0, 0]) {
            Act::Stay => {}
            Act::Out(more) => running += more,
            Act::In(fewer) => running -= fewer,
        }
    }
    Some(sum / periods as f64)
}

/// Returns the work of all members of a group, in processors of one.
fn of_processors(draft: &Draft, zone: usize, rates: &[f64]) -> f64 {
    let own = |one: &&Offered| in_group(one.part, zone) && one.resource == Resource::Cpu;
    // A place has its part of the capacity of the members that may exist.
    let members = |one: &Offered| one.utilization() * one.share;
    load::offered(draft, rates).iter().filter(own).map(members).sum()
}

/// Returns the requests per second that arrive at all members of a service.
fn arriving(draft: &Draft, service: usize, rates: &[f64]) -> f64 {
    let arrived: BTreeMap<Part, f64> = load::arrived(draft, rates);
    arrived.iter().filter(|(part, _)| of_service(**part, service)).map(|(_, rate)| rate).sum()
}
