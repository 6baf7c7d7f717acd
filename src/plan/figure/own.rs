//! Figures of windows that a kind of component answers itself, and the components that a path names.
//!
//! Input: a figure and a blueprint. Output: the counts that the figure is read from, or the reason why there are none.
//! The table `kinds::FIGURES` has one entry per kind that answers. Figures that every component with the same counts
//! has are resolved in `study::measure`, which asks the kinds only for what a name stands for.
//! Holds: at most one kind answers a figure, so the order of the table does not matter.

use super::registry::Row;
use super::{Figure, NoSuchFigure};
use crate::kinds::FIGURES;
use crate::model::blueprint::Blueprint;
use crate::model::gauge::ReadAs;
use crate::model::ids::ComponentId;
use crate::plan::names::split_member;

/// Figures of a kind of component.
#[derive(Clone, Copy, Debug)]
pub struct OwnFigures {
    /// Rows that it adds to the registry.
    pub rows: &'static [Row],
    /// Returns where a figure is read; `None` if the kind does not have it, or no component that the path names.
    pub read: fn(&Blueprint, &Figure) -> Option<Found>,
    /// Returns what stands for the name in the path of a figure that components of all kinds have; `None`: the
    /// components of that name.
    pub stands_for: fn(&Blueprint, &Figure) -> Option<Meters>,
}

impl OwnFigures {
    /// The answer of a kind without figures of its own.
    pub const NOT_READ: fn(&Blueprint, &Figure) -> Option<Found> = |_, _| None;

    /// The answer of a kind whose names stand for the components called so.
    pub const BY_NAME: fn(&Blueprint, &Figure) -> Option<Meters> = |_, _| None;
}

/// Answer of a kind that has a figure.
pub type Found = Result<Reading, NoSuchFigure>;

/// Place where a figure is read in one replication.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Counts of components.
    Counts(Vec<ComponentId>, ReadAs),
    /// Times that components record one by one.
    Times(Vec<ComponentId>),
    /// A quantity over time of a component, by its place among those that the component follows.
    Quantity(ComponentId, usize),
    /// Calls of these kinds that ended without an answer.
    Unanswered(Vec<usize>),
    /// Latencies of the requests of a class that missed where they entered, by number of the class.
    Misses(usize),
}

/// Meters whose readings a figure adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meters {
    /// Components, by id.
    Parts(Vec<ComponentId>),
    /// Zones, by place in the blueprint.
    Zones(Vec<usize>),
}

/// Returns where a kind reads a figure; `None` if no kind has it, or no component that the path names.
#[must_use]
pub fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    FIGURES.iter().find_map(|own| (own.read)(plan, figure))
}

/// Returns what a kind lets stand for the name in a path; `None`: the components of that name.
#[must_use]
pub fn stands_for(plan: &Blueprint, figure: &Figure) -> Option<Meters> {
    FIGURES.iter().find_map(|own| (own.stands_for)(plan, figure))
}

/// Returns the components called `scope`: one of this name, or the members of a group.
#[must_use]
pub fn members(plan: &Blueprint, scope: &str) -> Vec<ComponentId> {
    let group = scope.strip_suffix("-*").unwrap_or(scope);
    let is = |name: &str| {
        name == scope
            || name.strip_prefix(group).and_then(|rest| rest.strip_prefix('-')).is_some_and(
                |number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()),
            )
    };
    let exact = plan.parts.iter().position(|part| part.name == scope);
    if let Some(index) = exact {
        return vec![ComponentId::at(index)];
    }
    let all = plan.parts.iter().enumerate().filter(|(_, part)| is(&part.name));
    all.map(|(index, _)| ComponentId::at(index)).collect()
}

/// Returns the zones called `scope`, by place in the blueprint: one of this name, or the members of a group.
#[must_use]
pub fn zones(plan: &Blueprint, scope: &str) -> Vec<usize> {
    let group = scope.strip_suffix("-*").unwrap_or(scope);
    let is = |name: &str| name == scope || split_member(name).is_some_and(|(g, _)| g == group);
    plan.zones.iter().enumerate().filter(|(_, z)| is(&z.name)).map(|(index, _)| index).collect()
}

/// Returns the parts called `resource` of `scope`: of a file server by its own name, of servers and zones by member.
#[must_use]
pub fn resource_parts(plan: &Blueprint, scope: &str, resource: &str) -> Vec<ComponentId> {
    let own = members(plan, &format!("{scope}.{resource}"));
    if !own.is_empty() {
        return own;
    }
    let of =
        |id: &ComponentId| members(plan, &format!("{}.{resource}", plan.parts[id.index()].name));
    let parts: Vec<ComponentId> = members(plan, scope).iter().flat_map(of).collect();
    if !parts.is_empty() {
        return parts;
    }
    let of_zone = |zone: usize| members(plan, &format!("{}.{resource}", plan.zones[zone].name));
    zones(plan, scope).into_iter().flat_map(of_zone).collect()
}

/// Returns the components that the path of a figure names.
#[must_use]
pub fn named(plan: &Blueprint, figure: &Figure) -> Vec<ComponentId> {
    match &figure.resource {
        Some(resource) => resource_parts(plan, &figure.scope, resource),
        None => members(plan, &figure.scope),
    }
}

/// Returns `parts` if all of them have the tally `of`; `None` if there are none.
pub fn tallying(
    plan: &Blueprint,
    figure: &Figure,
    parts: Vec<ComponentId>,
    of: &str,
) -> Option<Result<Vec<ComponentId>, NoSuchFigure>> {
    let part = |id: &ComponentId| &plan.parts[id.index()];
    match parts.iter().find(|id| part(id).config.counts().tallied_by != Some(of)) {
        Some(other) => Some(Err(NoSuchFigure::new(format!(
            "`{figure}`: `{}` is no {of}, and has no such figure",
            part(other).name
        )))),
        None => (!parts.is_empty()).then_some(Ok(parts)),
    }
}

/// Returns the counts of the components that a path names, if all of them have the tally `of`.
pub fn counted(plan: &Blueprint, figure: &Figure, of: &str, how: ReadAs) -> Option<Found> {
    let parts = tallying(plan, figure, named(plan, figure), of)?;
    Some(parts.map(|parts| Reading::Counts(parts, how)))
}
