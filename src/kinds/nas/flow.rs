//! Needs and offered work: a volume is spread over pools, each behind its head or behind the head that took over.

use crate::kinds::nas::Nas;
use crate::plan::Draft;
use crate::plan::graph::{self, NodeId, Takeover};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Store;
use crate::plan::part::Part;

impl Flow for Nas {
    nothing!(enters, members, subjects, watched, switches, uplinks);

    fn stores(&self, graph: &mut graph::Builder<'_>, store: Store, _: Part) -> Option<NodeId> {
        let Store::Volume { nas, volume } = store else { return None };
        let pools = graph.draft().links.nas[nas].volumes[volume].iter();
        let pools: Vec<NodeId> = pools.map(|pool| pool_behind_head(graph, nas, *pool)).collect();
        Some(graph.all(&pools))
    }

    fn is_near(&self, draft: &Draft, store: Store, user: Part) -> bool {
        let Store::Volume { nas, .. } = store else { return false };
        let site = |part: Part| part.domains(draft).last().copied();
        site(Part::Head { nas, number: 0 }) == site(user)
    }
}

/// A pool behind its head, or behind either head where the partner takes over.
fn pool_behind_head(graph: &mut graph::Builder<'_>, nas: usize, pool: usize) -> NodeId {
    let part = Part::Pool { nas, pool };
    if let Some(node) = graph.known(part) {
        return node;
    }
    let (name, spec) = &graph.draft().scenario.nas[nas];
    let owner = spec.pools[pool].1.head.value - 1;
    let both = spec.failover.is_some();
    let heads: Vec<NodeId> = (0..spec.heads.value)
        .filter(|number| both || *number == owner)
        .map(|number| graph.part(Part::Head { nas, number }, &[]))
        .collect();
    let head = graph.group(&format!("{name}.head"), 1, &heads);
    if heads.len() == 2 {
        graph.takes_over(head, Takeover::Volumes(nas, owner, heads));
    }
    graph.part(part, &[head])
}
