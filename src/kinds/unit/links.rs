//! The references of groups: the units and groups that each group counts.

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};

use crate::kinds::unit::spec::GroupSpec;
use crate::plan::document::ScenarioSpec;
use crate::plan::links::{Links, Walk};
use crate::plan::names::{Kind, member_name};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::names::Reference;

/// A member that a group counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupMember {
    /// One unit.
    Unit {
        /// The section of units.
        unit: usize,
        /// Number of the unit in its section, from 0.
        member: u32,
    },
    /// Another group, by index.
    Group(usize),
}

impl GroupMember {
    /// Returns the group that is counted; `None` for a unit.
    #[must_use]
    pub const fn group(&self) -> Option<usize> {
        match self {
            Self::Group(group) => Some(*group),
            Self::Unit { .. } => None,
        }
    }

    /// Returns the name of the unit or group.
    #[must_use]
    pub fn name(&self, scenario: &ScenarioSpec) -> String {
        match *self {
            Self::Unit { unit, member } => member_name(&scenario.unit[unit].0, member),
            Self::Group(group) => scenario.group[group].0.to_string(),
        }
    }
}

impl Links {
    /// Returns the units that a group counts, directly or by groups in it, each once.
    #[must_use]
    pub fn units_of(&self, group: usize) -> BTreeSet<(usize, u32)> {
        let mut units = BTreeSet::new();
        let mut seen = BTreeSet::from([group]);
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            for member in &self.groups[group] {
                match *member {
                    GroupMember::Unit { unit, member } => {
                        units.insert((unit, member));
                    }
                    GroupMember::Group(inner) if seen.insert(inner) => open.push(inner),
                    GroupMember::Group(_) => {}
                }
            }
        }
        units
    }
}

/// Resolves the members of a group; reports a member that is counted twice.
pub(super) fn follow(walk: &mut Walk<'_>, group: &GroupSpec) -> Vec<GroupMember> {
    let mut known = BTreeSet::new();
    let mut members = Vec::new();
    for reference in group.of.iter() {
        let found = group_members(walk, reference);
        if let Some(twice) = found.iter().find(|member| known.contains(*member)) {
            let message = format!("the group counts `{}` twice", twice.name(walk.scenario()));
            let diagnostic = Diagnostic::new(Code::NameTwice, reference.span, message);
            walk.out().push(diagnostic.help("name each member once"));
            continue;
        }
        known.extend(found.iter().copied());
        members.extend(found);
    }
    members
}

fn group_members(walk: &mut Walk<'_>, reference: &Reference) -> Vec<GroupMember> {
    let Some(found) = walk.resolve(reference, &[Kind::Unit, Kind::Group]) else {
        return Vec::new();
    };
    let unit = |member| GroupMember::Unit { unit: found.index, member };
    match (found.kind, found.member) {
        (Kind::Group, _) => vec![GroupMember::Group(found.index)],
        (_, Some(member)) => vec![unit(member)],
        (_, None) => (0..walk.scenario().unit[found.index].1.count.value).map(unit).collect(),
    }
}

/// Returns the groups, each after those that it counts. Groups that count themselves, directly or
/// through others, are reported and lose these members.
pub(super) fn order(walk: &mut Walk<'_>, groups: &mut [Vec<GroupMember>]) -> Vec<usize> {
    let mut graph = DiGraph::<(), (), u32>::default();
    let nodes: Vec<NodeIndex> = groups.iter().map(|_| graph.add_node(())).collect();
    for (at, members) in groups.iter().enumerate() {
        for inner in members.iter().filter_map(GroupMember::group) {
            graph.add_edge(nodes[at], nodes[inner], ());
        }
    }
    // Each strongly connected component comes after those that its edges lead to.
    let mut order = Vec::with_capacity(groups.len());
    for component in petgraph::algo::kosaraju_scc(&graph) {
        let mut round: Vec<usize> = component.iter().map(|node| node.index()).collect();
        round.sort_unstable();
        for group in &round {
            let circular = |member: &GroupMember| {
                member.group().is_some_and(|inner| round.binary_search(&inner).is_ok())
            };
            let before = groups[*group].len();
            groups[*group].retain(|member| !circular(member));
            if groups[*group].len() < before {
                counts_itself(walk, *group, &round);
            }
        }
        order.extend(round);
    }
    order
}

fn counts_itself(walk: &mut Walk<'_>, group: usize, round: &[usize]) {
    let scenario = walk.scenario();
    let name = |at: usize| format!("`{}`", scenario.group[at].0);
    let others: Vec<String> =
        round.iter().filter(|other| **other != group).take(3).map(|at| name(*at)).collect();
    let message = match others.as_slice() {
        [] => format!("{} counts itself", name(group)),
        some => format!("{} counts itself by way of {}", name(group), some.join(", ")),
    };
    let diagnostic = Diagnostic::new(Code::SelfReference, scenario.group[group].1.of.span, message);
    walk.out().push(diagnostic.help("a group counts units, and groups that do not count it"));
}
