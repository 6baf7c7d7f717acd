//! Needs and offered work of a CDN: one edge must be up, and the origin behind the edges.

use crate::convert::table;
use crate::kinds::cdn::Cdn;
use crate::plan::Draft;
use crate::plan::fluid::network::{self, Arrival, Hits, Onward, Split, once, times};
use crate::plan::graph::{self, NodeId};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Entrance;
use crate::plan::load::{Here, Sums};
use crate::plan::part::Part;
use crate::units::SimDuration;

impl Flow for Cdn {
    nothing!(
        opens, members, stores, passing, probes, capacity, rooms, subjects, watched, switches,
        uplinks, is_slice, may_wait, queued,
    );

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
        // Edges bypass failed shields, so no class needs them.
        let origin = draft.links.origin_of(cdn);
        let origin = origin.map(|origin| graph.entrance(origin, outside));
        let needs: Vec<NodeId> = [edges].into_iter().chain(origin).collect();
        Some(graph.all(&needs))
    }

    /// Adds the work of the misses at the shields or the origin.
    fn offers_in(
        &self,
        sums: &mut Sums<'_>,
        entrance: Entrance,
        class: Option<usize>,
        rate: f64,
        here: &mut Here,
    ) -> f64 {
        let (Entrance::Cdn(cdn), Some(class)) = (entrance, class) else { return 0.0 };
        let hit = sums.draft().hits.at_edge(cdn, class);
        let to = sums.draft().links.cdns[cdn];
        to.map_or(0.0, |to| sums.enter(to, Some(class), rate * (1.0 - hit), here))
    }

    fn leads(
        &self,
        network: &mut network::Builder<'_>,
        entrance: Entrance,
        arrival: Arrival<'_>,
    ) -> Vec<Onward> {
        let Entrance::Cdn(cdn) = entrance else { return Vec::new() };
        let draft = network.draft();
        let count = draft.scenario.cdn[cdn].1.count.value;
        let edges = (0..count).map(|member| network.branch(Part::Edge { cdn, member })).collect();
        let mut all = vec![once(network.node(Split::Even, edges))];
        let Some(to) = draft.links.origin_of(cdn) else { return all };
        let behind = network.entrance(to, arrival);
        let origin = network.behind(behind);
        let fetched = |cdn: usize, node: u32| {
            let ratio = draft.hits.at_edge(cdn, arrival.class);
            let edge = Hits { cdn: table::u32(cdn), ratio, origin };
            Onward { edge: Some(edge), ..times(node, 1.0 - ratio) }
        };
        // Edges bypass failed shields; a shield has no effect but its hits.
        let behind = match draft.links.shield_of(cdn) {
            Some(shield) => network.behind(vec![fetched(shield, origin)]),
            None => origin,
        };
        all.push(fetched(cdn, behind));
        all
    }

    fn lives(&self, draft: &Draft) -> Vec<SimDuration> {
        draft.scenario.cdn.iter().map(|(_, spec)| spec.ttl.value).collect()
    }
}
