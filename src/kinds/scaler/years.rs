//! Workloads and metrics that a scaler cannot follow over years, where requests are a fluid.

use crate::kinds::scaler::plan::{beginners, in_group};
use crate::kinds::scaler::spec::ScalerMetric;
use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::load::{self, Resource};
use crate::plan::route::{Does, each};
use crate::plan::simulatable::NotYet;
use crate::scenario::source::Span;

/// Returns the features around scalers that the solver of years does not simulate.
pub(super) fn not_over_years(draft: &Draft) -> Vec<NotYet> {
    let mut found = Vec::new();
    for ((name, spec), links) in draft.scenario.scaler.iter().zip(&draft.links.own.scalers) {
        let (Some(zone), Some(service)) = (links.zone, links.service) else { continue };
        let mut add = |what: String, span: Span| found.push(NotYet::over_years(what, span));
        let queues = !beginners(draft, service).is_empty();
        let refused = match spec.metric.value {
            ScalerMetric::Waiting => Some((
                "requests that wait, but over years none waits below saturation",
                "`metric = \"cpu\"` or `\"requests\"`",
            )),
            ScalerMetric::Messages => Some((
                "messages that wait, but over years none waits below saturation",
                "`metric = \"cpu\"`",
            )),
            ScalerMetric::Requests if queues => Some((
                "requests, but over years deliveries of messages are not counted",
                "`metric = \"cpu\"`",
            )),
            ScalerMetric::Cpu | ScalerMetric::Requests => None,
        };
        if let Some((what, write)) = refused {
            add(format!("`{name}` counts {what}: write {write}"), spec.metric.span);
            continue;
        }
        let mut follows = false;
        for (at, (workload, of)) in draft.scenario.workload.iter().enumerate() {
            let reached = match spec.metric.value {
                ScalerMetric::Cpu => works_in(draft, at, zone),
                _ => enters(draft, at, service),
            };
            if !reached {
                continue;
            }
            follows |= of.users.is_none() && of.trace.is_none();
            if let Some((what, span)) = hinders(of) {
                add(format!("`{name}` cannot follow {what} of `{workload}` over years"), span);
            }
        }
        if !follows {
            let what = format!("no workload with a `rate` reaches the members of `{name}`");
            add(what, spec.zones.span);
        }
    }
    found
}

/// Returns what of a workload has no rate that could be followed.
fn hinders(of: &WorkloadSpec) -> Option<(&'static str, Span)> {
    let users = of.users.as_ref().map(|users| ("the closed users", users.span));
    let trace = of.trace.as_ref().map(|trace| ("the recorded traffic", trace.span));
    users.or(trace)
}

/// Returns whether the requests of a workload work in the zones of a group.
fn works_in(draft: &Draft, workload: usize, zone: usize) -> bool {
    let mut rates = vec![0.0; draft.scenario.workload.len()];
    rates[workload] = 1.0;
    let offered = load::offered(draft, &rates);
    offered
        .iter()
        .any(|of| of.resource == Resource::Cpu && in_group(of.part, zone) && of.per_second > 0.0)
}

/// Returns whether the requests of a workload enter members of a service, behind a balancer.
fn enters(draft: &Draft, workload: usize, service: usize) -> bool {
    let links = &draft.links;
    let Some(class) = links.classes[workload] else { return false };
    let here =
        |balancer: &usize| links.balancers[*balancer].targets.iter().any(|(of, _)| *of == service);
    let balancers: Vec<usize> = (0..links.balancers.len()).filter(here).collect();
    let leads = |to: Entrance| balancers.iter().any(|balancer| links.leads_to(to, *balancer));
    let mut found = false;
    for class in links.with_fetched(class) {
        found |= links.enters[class].is_some_and(leads);
        each(&draft.routes[class].steps, &mut |step| {
            if let Does::Call(call) = &step.does {
                found |= leads(call.to);
            }
        });
    }
    found
}
