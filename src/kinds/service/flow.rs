//! Needs and offered work: members that are used evenly, each with its mounts.

use crate::kinds::service::Service;
use crate::plan::Draft;
use crate::plan::graph::{self, NodeId, store_at};
use crate::plan::kind::flow::{Flow, Leaf, nothing};
use crate::plan::links::Entrance;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::{Io, Work};

/// The members of a service that an entrance leads to.
fn entered(draft: &Draft, entrance: Entrance) -> Vec<Part> {
    let Entrance::Service(service, member) = entrance else { return Vec::new() };
    let all = draft.links.services[service].members;
    let members = member.map_or(0..all, |one| one..one + 1);
    members.map(|member| Part::Service { service, member }).collect()
}

impl Flow for Service {
    nothing!(stores, subjects, switches, uplinks);

    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId> {
        let Entrance::Service(service, member) = entrance else { return None };
        self.members(graph, service, member.as_ref().map(std::slice::from_ref), outside)
    }

    fn members(
        &self,
        graph: &mut graph::Builder<'_>,
        index: usize,
        members: Option<&[u32]>,
        outside: bool,
    ) -> Option<NodeId> {
        let (name, spec) = &graph.draft().scenario.service[index];
        let all = 0..graph.draft().links.services[index].members;
        let members = members.map_or_else(|| all.collect(), <[u32]>::to_vec);
        let mut nodes = Vec::with_capacity(members.len());
        for member in members {
            let part = Part::Service { service: index, member };
            let node = member_with_mounts(graph, part);
            nodes.push(graph.reached_from(node, part, outside));
        }
        Some(graph.group(name, spec.needs.value, &nodes))
    }

    fn watched(&self, graph: &mut graph::Builder<'_>) -> Vec<NodeId> {
        let sections = 0..graph.draft().scenario.service.len();
        sections.map(|service| graph.members((Kind::Service, service), None, false)).collect()
    }
}

/// A member with its mounts; of several stores the first at its own site.
fn member_with_mounts(graph: &mut graph::Builder<'_>, part: Part) -> NodeId {
    if let Some(node) = graph.known(part) {
        return node;
    }
    let draft = graph.draft();
    let mut needs = Vec::new();
    if let Part::Service { service, .. } = part {
        for mount in &draft.links.services[service].mounts {
            let store = store_at(draft, mount, part);
            needs.extend(store.and_then(|store| graph.store(store, part)));
        }
    }
    graph.part(part, &needs)
}

/// Nothing more than the member at which it is done.
impl Leaf for Work {
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}
}

/// Nothing more than the member at which it is done, with its mounts.
impl Leaf for Io {
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}
}
