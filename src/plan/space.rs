//! Space: on which sets of disks do the data of a part lie, and on which of them can its writes fail, because a fault fills
//! them?
//!
//! Takes a draft. Gives parts. Leaves out what is written in place: swap devices, second levels of a memory.

use crate::model::spec::runs::How;
use crate::plan::Draft;
use crate::plan::graph::server_of;
use crate::plan::links::Store;
use crate::plan::part::Part;

/// Returns the sets of disks over which the data of `user` on a store is spread.
#[must_use]
pub(crate) fn sets(draft: &Draft, store: Store, user: Part) -> Vec<Part> {
    match store {
        Store::Disks { set, .. } => {
            server_of(draft, user).map(|server| Part::Disks { server, set }).into_iter().collect()
        }
        Store::Volume { nas, volume } => {
            let pools = draft.links.nas[nas].volumes[volume].iter();
            pools.map(|pool| Part::Pool { nas, pool: *pool }).collect()
        }
    }
}

/// Returns those of these sets that a fault fills, each with its share of the writes.
#[must_use]
pub fn filled(draft: &Draft, store: Store, user: Part) -> Vec<(Part, f64)> {
    let faults = draft.scenario.fault.iter();
    let mut faults = faults.filter(|(_, fault)| fault.how.value == How::DiskFull).peekable();
    if faults.peek().is_none() {
        return Vec::new();
    }
    let mut full = Vec::new();
    for (_, fault) in faults {
        full.extend(draft.targets.hit(fault));
    }
    let sets = sets(draft, store, user);
    let share = 1.0 / sets.len().max(1) as f64;
    sets.into_iter().filter(|set| full.contains(set)).map(|set| (set, share)).collect()
}
