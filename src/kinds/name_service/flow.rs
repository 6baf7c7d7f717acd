//! Needs and offered work: entries of which a checked record names those that answer.

use crate::convert::table;
use crate::kinds::name_service::plan::{NameService, part_of};
use crate::plan::graph::{self, NodeId};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Entrance;

impl Flow for NameService {
    nothing!(members, stores, subjects, watched, switches, uplinks);

    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId> {
        let Entrance::NameService(at) = entrance else { return None };
        let (name, spec) = &graph.draft().scenario.name_service[at];
        let to = &graph.draft().links.name_services[at];
        // Without a check nothing detects that an entry is dead: its users stay lost.
        let least = if spec.check.is_some() { 1 } else { table::u32(to.len()) };
        let nodes: Vec<NodeId> = to.iter().map(|entry| graph.entrance(*entry, outside)).collect();
        let any = graph.group(name, least, &nodes);
        Some(graph.part(part_of(at), &[any]))
    }
}
