//! Parts that can fail: units of a balancer, each an appliance or a process in a zone.

use std::collections::BTreeSet;

use crate::health::Declaration;
use crate::kinds::balancer::components::cpu_name;
use crate::kinds::balancer::flow::behind;
use crate::kinds::balancer::{Balancer, address, beliefs, peers};
use crate::model::Health;
use crate::model::spec::price::{Size, Tariff};
use crate::model::spec::probe::Depth;
use crate::plan::Draft;
use crate::plan::availability::recovery::Passing;
use crate::plan::between;
use crate::plan::faults::{Mechanisms, Shown};
use crate::plan::graph::Graph;
use crate::plan::kind::parts::{Parts, Priced, Sort, counted, none};
use crate::plan::part::Part;
use crate::plan::route::Does;
use crate::plan::simulatable::NotYet;

const UNIT: Sort = Sort { word: "balancer", ..Sort::ROLE };

impl Parts for Balancer {
    none!(came_later, words, way_back, role, life, publishes, memory, remembers, converging);

    counted!(balancer, Balancer);

    fn sort(&self, _: Part) -> &'static Sort {
        &UNIT
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let links = &draft.links.balancers[part.index()];
        match links.zone {
            Some((zone, only)) => Some(Part::Zone { zone, member: only.unwrap_or(part.number()) }),
            None => links.rack.map(Part::Rack),
        }
    }

    fn shows(&self, shown: &mut Shown<'_>, part: Part) {
        if shown.draft().links.balancers[part.index()].zone.is_some() {
            shown.process();
        } else {
            // An appliance that is down is as silent as one without a network.
            let silent = (!shown.host("reachable")).or(shown.own("is down"));
            shown.state("unreachable", Health::Unreachable, silent);
            shown.hindrances();
        }
        let cpu = cpu_name(&part.name(shown.draft()));
        shown.further(&cpu, "stopped", Health::Stalled, shown.own("is down"));
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let mut found = Vec::new();
        let balancers = draft.scenario.balancer.iter().zip(&draft.links.balancers);
        for (index, ((name, spec), links)) in balancers.enumerate() {
            let units = self.parts(draft, index);
            let what = format!("the agreement of the units of `{name}`");
            found.extend(between::not_yet(draft, &units, &units, &what, name.span));
            let first = links.targets.first().map(|(service, _)| *service);
            if links.targets.iter().any(|(service, _)| Some(*service) != first) {
                let what = format!("balancer `{name}` in front of several services");
                found.push(NotYet::in_requests(what, spec.to.span));
            }
            found.extend(deep_probes(draft, index));
        }
        found
    }

    fn mechanisms(&self, draft: &Draft, into: &mut Mechanisms<'_>) {
        peers::declare(draft, into);
    }

    fn surrogates(&self, draft: &Draft, _: &Graph, into: &mut Declaration) {
        address::declare(draft, into);
        beliefs::declare(draft, into);
    }

    fn passing(&self, draft: &Draft, declaration: &Declaration) -> Vec<Passing> {
        address::passing(draft, declaration)
    }

    fn size(&self, draft: &Draft, part: Part, size: Size) -> Option<f64> {
        let cores = draft.scenario.balancer[part.index()].1.cores.as_ref();
        cores.filter(|_| size == Size::Core).map(|cores| f64::from(cores.value))
    }

    fn priced(&self, draft: &Draft, own: &BTreeSet<Part>) -> Vec<Priced> {
        let units = (0..draft.scenario.balancer.len()).flat_map(|index| self.parts(draft, index));
        vec![Priced::new(Tariff::Balancer, "balancers", units, own)]
    }
}

/// Returns deep probes of members that call over a link: over years they do not learn of the failures there.
fn deep_probes(draft: &Draft, index: usize) -> Option<NotYet> {
    let (name, spec) = &draft.scenario.balancer[index];
    let deep = spec.check.as_ref().filter(|check| check.depth.value == Depth::Deep)?;
    if draft.scenario.link.is_empty() {
        return None;
    }
    let behind = behind(draft, index);
    let mut crosses = None;
    between::each_place(draft, &mut |here, step| {
        let members: Vec<Part> =
            here.iter().copied().filter(|part| behind.contains(part)).collect();
        let next = match &step.does {
            Does::Call(call) => {
                between::stops(draft, call.to).into_iter().next().unwrap_or_default()
            }
            does => between::asked(draft, does),
        };
        crosses = crosses.or_else(|| between::link_over(draft, &members, &next));
    });
    let link = crosses?.name(draft);
    let what = format!("what deep probes of `{name}` learn of calls over the link `{link}`");
    Some(NotYet::over_years(what, deep.depth.span))
}
