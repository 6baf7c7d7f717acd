//! Needs and offered work: with a check, the record names only entries that answer.

use crate::convert::table;
use crate::kinds::name_service::plan::{NameService, part_of};
use crate::plan::Draft;
use crate::plan::fluid::network::{self, Arrival, Branch, Onward, Split, once};
use crate::plan::graph::{self, NodeId};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Entrance;
use crate::plan::load::{Here, Sums};
use crate::plan::places;

impl Flow for NameService {
    nothing!(
        opens, members, stores, passing, probes, capacity, lives, rooms, subjects, watched,
        switches, uplinks, is_slice, may_wait, queued,
    );

    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId> {
        let Entrance::NameService(at) = entrance else { return None };
        let (name, spec) = &graph.draft().scenario.name_service[at];
        let to = &graph.draft().links.name_services[at];
        // Without a check a dead entry stays undetected: its users stay lost.
        let least = if spec.check.is_some() { 1 } else { table::u32(to.len()) };
        let nodes: Vec<NodeId> = to.iter().map(|entry| graph.entrance(*entry, outside)).collect();
        let any = graph.group(name, least, &nodes);
        Some(graph.part(part_of(at), &[any]))
    }

    /// Offers the rate to the first entry that answers, or evenly to all that answer; to dead entries if none does.
    fn offers_in(
        &self,
        sums: &mut Sums<'_>,
        entrance: Entrance,
        class: Option<usize>,
        rate: f64,
        here: &mut Here,
    ) -> f64 {
        let Entrance::NameService(at) = entrance else { return 0.0 };
        let to = &targets(sums.draft(), at, class);
        let policy = sums.draft().scenario.name_service[at].1.policy.value;
        let open = to.iter().copied().filter(|entry| sums.is_open(*entry));
        let mut chosen: Vec<Entrance> = open.collect();
        if chosen.is_empty() {
            chosen.clone_from(to);
        }
        if policy.is_ordered() {
            chosen.truncate(1);
        }
        let each = rate / chosen.len().max(1) as f64;
        chosen.iter().map(|entry| sums.enter(*entry, class, each, here)).sum()
    }

    fn leads(
        &self,
        network: &mut network::Builder<'_>,
        entrance: Entrance,
        arrival: Arrival<'_>,
    ) -> Vec<Onward> {
        let Entrance::NameService(at) = entrance else { return Vec::new() };
        let draft = network.draft();
        let spec = &draft.scenario.name_service[at].1;
        let split = match (spec.check.is_some(), spec.policy.value.is_ordered()) {
            (_, true) => Split::First,
            (true, _) => Split::Even,
            (false, _) => Split::Blind,
        };
        let mut branches = Vec::new();
        for entry in targets(draft, at, Some(arrival.class)) {
            let open = network.opens(entry);
            let then = network.entrance(entry, arrival);
            branches.push(Branch { open, then, ..Branch::default() });
        }
        let own = network.branch(part_of(at));
        let own = network.alone(own);
        vec![once(own), once(network.node(split, branches))]
    }
}

/// Returns the targets of a name service in the order of the users of a class.
fn targets(draft: &Draft, at: usize, class: Option<usize>) -> Vec<Entrance> {
    let to = &draft.links.name_services[at];
    match class {
        Some(class) => places::order(draft, at, class).into_iter().map(|at| to[at]).collect(),
        None => to.clone(),
    }
}
