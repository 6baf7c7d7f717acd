//! Needs and offered work: stations of which a visit goes to any, or to one that it names.

use std::slice;

use crate::kinds::station::Station;
use crate::plan::graph::{self, NodeId};
use crate::plan::kind::flow::{Flow, Leaf, nothing};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::Visit;

impl Flow for Station {
    nothing!(enters, stores, subjects, watched, switches, uplinks);

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
}

impl Leaf for Visit {
    fn needs(&self, graph: &mut graph::Builder<'_>, needs: &mut Vec<NodeId>) {
        let one = self.member.as_ref().map(slice::from_ref);
        needs.push(graph.members((Kind::Station, self.station), one, false));
    }
}
