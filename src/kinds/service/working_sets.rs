//! Working sets that services declare, and the name of the component that is their memory.

use crate::plan::Draft;
use crate::plan::names::member_name;

/// Returns the services in a zone that declare their working sets, in the order of the file.
pub fn declared_in(draft: &Draft, zone: usize) -> impl Iterator<Item = usize> + '_ {
    let services = draft.scenario.service.iter().zip(&draft.links.services).enumerate();
    services.filter_map(move |(index, ((_, spec), links))| {
        (links.zone == Some(zone) && spec.working_set.is_some()).then_some(index)
    })
}

/// Returns the name of the component that is the memory of a zone member with declared working sets.
#[must_use]
pub fn memory_name(draft: &Draft, (zone, member): (usize, u32)) -> String {
    format!("{}.memory", member_name(&draft.scenario.zone[zone].0, member))
}
