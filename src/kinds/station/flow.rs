//! Needs and offered work: a visit goes to any station of a group, or to the one that it names.

use std::slice;

use crate::kinds::station::Station;
use crate::plan::Draft;
use crate::plan::fluid::network::{self, Branch, Onward, Place, Split, times};
use crate::plan::graph::{self, NodeId};
use crate::plan::kind::flow::{Flow, Leaf, nothing};
use crate::plan::load::{Capacity, Here, Resource, Sums};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::Visit;

impl Flow for Station {
    nothing!(
        entrances, opens, stores, passing, probes, lives, rooms, subjects, watched, switches,
        uplinks, is_slice, may_wait, queued,
    );

    fn members(
        &self,
        graph: &mut graph::Builder<'_>,
        index: usize,
        members: Option<&[u32]>,
        _: bool,
    ) -> Option<NodeId> {
        let (name, spec) = &graph.draft().scenario.station[index];
        let members = members.map_or_else(|| (0..spec.count.value).collect(), <[u32]>::to_vec);
        let part = |member| Part::Station { station: index, member };
        let nodes: Vec<NodeId> =
            members.into_iter().map(|member| graph.part(part(member), &[])).collect();
        Some(graph.group(name, 1, &nodes))
    }

    fn capacity(&self, draft: &Draft, part: Part, _: Resource) -> Option<Capacity> {
        let Part::Station { station, .. } = part else { return None };
        let servers = draft.scenario.station[station].1.servers.value;
        Some(Capacity {
            per_second: f64::from(servers),
            alone_s: 1.0,
            holds_a_worker: true,
            queues: None,
        })
    }
}

/// Returns the stations that a visit may go to.
fn visited(draft: &Draft, visit: &Visit) -> Vec<Part> {
    let station = visit.station;
    let all = draft.scenario.station[station].1.count.value;
    let members = visit.member.map_or(0..all, |one| one..one + 1);
    members.map(|member| Part::Station { station, member }).collect()
}

impl Leaf for Visit {
    fn needs(&self, graph: &mut graph::Builder<'_>, needs: &mut Vec<NodeId>) {
        let one = self.member.as_ref().map(slice::from_ref);
        needs.push(graph.members((Kind::Station, self.station), one, false));
    }

    fn offers(&self, sums: &mut Sums<'_>, _: usize, rate: f64, _: &Here) {
        let members = visited(sums.draft(), self);
        let each = rate * self.service.mean() / members.len() as f64;
        for part in members {
            sums.add(part, Resource::Servers, each);
        }
    }

    fn least_s(&self, _: &Draft, _: usize) -> f64 {
        self.service.mean()
    }

    fn events(&self, _: &Draft) -> f64 {
        1.0
    }

    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        _: Place,
        count: f64,
        _: &mut Branch,
        then: &mut Vec<Onward>,
    ) {
        let mut branches = Vec::new();
        for part in visited(network.draft(), self) {
            let mut branch = network.branch(part);
            network.add(&mut branch, (part, Resource::Servers), self.service.mean());
            branches.push(branch);
        }
        let node = network.node(Split::Blind, branches);
        then.push(times(node, count));
    }
}
