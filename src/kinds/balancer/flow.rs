//! Needs and offered work: units of which one holds the address or each its own, and members behind them.

use crate::kinds::balancer::Balancer;
use crate::kinds::balancer::spec::BalancerSpec;
use crate::plan::graph::{self, NodeId, Takeover};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Entrance;
use crate::plan::names::Kind;
use crate::plan::part::Part;

/// Units that ever serve: without a failover the second never takes over.
fn serving_units(spec: &BalancerSpec) -> u32 {
    let others = is_pair(spec) || spec.peers.is_some();
    if others { spec.count.value } else { 1 }
}

/// Whether one unit takes over the address of the other.
fn is_pair(spec: &BalancerSpec) -> bool {
    spec.failover.is_some() || spec.vrrp.is_some()
}

impl Flow for Balancer {
    nothing!(stores, subjects, watched, switches, uplinks);

    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId> {
        let Entrance::Balancer(balancer) = entrance else { return None };
        let mut needs = vec![graph.members((Kind::Balancer, balancer), None, outside)];
        let targets = &graph.draft().links.balancers[balancer].targets;
        let mut services: Vec<usize> = targets.iter().map(|(service, _)| *service).collect();
        services.dedup();
        for service in services {
            let members = targets.iter().filter(|(other, _)| *other == service);
            let members: Vec<u32> = members.map(|(_, member)| *member).collect();
            needs.push(graph.members((Kind::Service, service), Some(&members), false));
        }
        Some(graph.all(&needs))
    }

    /// Its units, of which one has to work.
    fn members(
        &self,
        graph: &mut graph::Builder<'_>,
        index: usize,
        _: Option<&[u32]>,
        outside: bool,
    ) -> Option<NodeId> {
        let (name, spec) = &graph.draft().scenario.balancer[index];
        let mut units = Vec::new();
        for member in 0..serving_units(spec) {
            let part = Part::Balancer { balancer: index, member };
            let node = graph.part(part, &[]);
            units.push(graph.reached_from(node, part, outside));
        }
        let node = graph.group(name, 1, &units);
        // Peers own addresses together: there is no one address that a second unit takes over.
        if units.len() == 2 && spec.peers.is_none() {
            graph.takes_over(node, Takeover::Address(index, units));
        }
        Some(node)
    }
}
