//! Needs and offered work: edges of which one must be up, and the origin behind them.

use crate::kinds::cdn::Cdn;
use crate::plan::graph::{self, NodeId};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Entrance;
use crate::plan::part::Part;

impl Flow for Cdn {
    nothing!(members, stores, subjects, watched, switches, uplinks);

    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId> {
        let Entrance::Cdn(cdn) = entrance else { return None };
        let draft = graph.draft();
        let (name, spec) = &draft.scenario.cdn[cdn];
        let edges = 0..spec.count.value;
        let edges: Vec<NodeId> =
            edges.map(|member| graph.part(Part::Edge { cdn, member }, &[])).collect();
        let edges = graph.group(name, 1, &edges);
        // Edges go round shields that are dead: nothing needs them.
        let origin = draft.links.origin_of(cdn);
        let origin = origin.map(|origin| graph.entrance(origin, outside));
        let needs: Vec<NodeId> = [edges].into_iter().chain(origin).collect();
        Some(graph.all(&needs))
    }
}
