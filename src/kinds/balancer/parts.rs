//! What can fail: units of a balancer, each an appliance or a process in a zone.

use crate::health::Declaration;
use crate::kinds::balancer::{Balancer, address, beliefs, peers};
use crate::model::Health;
use crate::plan::Draft;
use crate::plan::availability::recovery::Passing;
use crate::plan::faults::{Mechanisms, Shown};
use crate::plan::graph::Graph;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;
use crate::plan::simulatable::NotYet;
use crate::plan::targets;

const UNIT: Sort = Sort { word: "balancer", ..Sort::ROLE };

impl Parts for Balancer {
    none!(came_later, words, way_back, role, life, publishes, memory, remembers, converging);

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let members = 0..draft.scenario.balancer[index].1.count.value;
        members.map(|member| Part::Balancer { balancer: index, member }).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let count = draft.scenario.balancer[index].1.count.value;
        let members = targets::members(member, word, count)?;
        Some(members.map(|member| Part::Balancer { balancer: index, member }).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &UNIT
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.balancer[part.index()].0, part.number())
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
            // An appliance that is down answers as little as one without a network.
            let silent = (!shown.host("reachable")).or(shown.own("is down"));
            shown.state("unreachable", Health::Unreachable, silent);
            shown.hindrances();
        }
        let cpu = format!("{}.cpu", part.name(shown.draft()));
        shown.further(&cpu, "stopped", Health::Stalled, shown.own("is down"));
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let mut found = Vec::new();
        for ((name, spec), links) in draft.scenario.balancer.iter().zip(&draft.links.balancers) {
            let first = links.targets.first().map(|(service, _)| *service);
            if links.targets.iter().any(|(service, _)| Some(*service) != first) {
                let what = format!("balancer `{name}` in front of several services");
                found.push(NotYet { what, span: spec.to.span });
            }
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
}
