//! Needs and offered work: no request uses units; groups of them are up or down by themselves.

use crate::kinds::unit::links::GroupMember;
use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::graph::{self, NodeId, Subject};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::part::Part;

impl Flow for Unit {
    nothing!(all);
}

impl Flow for Group {
    nothing!(
        entrances, opens, members, stores, passing, probes, capacity, lives, rooms, watched,
        switches, uplinks, is_slice, may_wait, queued,
    );

    fn subjects(&self, graph: &mut graph::Builder<'_>) -> Vec<(Subject, NodeId)> {
        let draft = graph.draft();
        let mut groups: Vec<Option<NodeId>> = vec![None; draft.scenario.group.len()];
        for at in &draft.links.group_order {
            let (name, spec) = &draft.scenario.group[*at];
            let members = draft.links.groups[*at].iter();
            let members: Vec<NodeId> = members
                .filter_map(|member| match *member {
                    GroupMember::Unit { unit, member } => {
                        Some(graph.part(Part::Unit { unit, member }, &[]))
                    }
                    GroupMember::Group(inner) => groups[inner],
                })
                .collect();
            groups[*at] = Some(graph.group(name, spec.needs.value, &members));
        }
        let subject = |(at, node): (usize, Option<NodeId>)| Some((Subject::Group(at), node?));
        groups.into_iter().enumerate().filter_map(subject).collect()
    }
}

impl Flow for Crew {
    nothing!(all);
}
