//! The busiest component of each kind and name, in every row and window.

use std::collections::BTreeMap;

use crate::plan::names::split_member;
use crate::study::compare::{Basis, Member};
use crate::study::results::{Use, UseKind, natural};
use crate::study::window::Estimate;

/// Components of one kind and name, in all scenarios.
#[derive(Clone, Debug)]
pub struct UseGroup {
    /// Kind of the components.
    pub kind: UseKind,
    /// Name without member numbers: `www`, `store.head`.
    pub group: String,
    /// Busiest component by row, then by window of the basis; `None` where the row has none.
    pub cells: Vec<Vec<Option<Busiest>>>,
}

/// The busiest of several components.
#[derive(Clone, Debug)]
pub struct Busiest {
    /// Its name.
    pub name: String,
    /// Mean utilisation, as a share of its capacity.
    pub mean: Estimate,
    /// Computed offered load, as a share of its capacity.
    pub offered: Option<f64>,
    /// Number of components.
    pub members: usize,
}

/// Returns the busiest of each kind and name in each window, in the order of kinds and names.
pub(super) fn uses(members: &[Member<'_>], basis: &Basis) -> Vec<UseGroup> {
    let mut groups: BTreeMap<(UseKind, Vec<(String, u64)>), UseGroup> = BTreeMap::new();
    for (row, member) in members.iter().enumerate() {
        for (at, name) in basis.windows.iter().enumerate() {
            let window = member.results.windows.iter().find(|window| window.name == *name);
            for one in window.map_or(&[][..], |window| &window.uses) {
                let group = group_of(one);
                let key = (one.kind, natural(&group));
                let nothing = || UseGroup {
                    kind: one.kind,
                    group,
                    cells: vec![vec![None; basis.windows.len()]; members.len()],
                };
                let cell = &mut groups.entry(key).or_insert_with(nothing).cells[row][at];
                let members = cell.as_ref().map_or(0, |cell: &Busiest| cell.members) + 1;
                let value = |mean: &Estimate| mean.value().unwrap_or(f64::NEG_INFINITY);
                match cell {
                    // Rows stand in the order of names: ties go to the first.
                    Some(busiest) if value(&busiest.mean) >= value(&one.mean) => {
                        busiest.members = members;
                    }
                    _ => {
                        let (name, mean) = (one.name.clone(), one.mean.clone());
                        *cell = Some(Busiest { name, mean, offered: one.offered, members });
                    }
                }
            }
        }
    }
    groups.into_values().collect()
}

/// Returns the name of a component without member numbers, and without the suffix that its kind implies.
fn group_of(one: &Use) -> String {
    let name = match one.kind {
        UseKind::Server | UseKind::Balancer => one.name.strip_suffix(".cpu"),
        _ => None,
    };
    let parts = name.unwrap_or(&one.name).split('.');
    let parts: Vec<&str> =
        parts.map(|part| split_member(part).map_or(part, |(group, _)| group)).collect();
    parts.join(".")
}
