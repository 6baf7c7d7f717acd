//! Operations that resize zones, to the caches in the memory of their servers.

use super::{Builder, Wanted, week_start};
use crate::model::ids::ComponentId;
use crate::model::spec::runs::Does;
use crate::model::world::resize::{Change, Resizing};
use crate::plan::faults::operated;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::{Bytes, SimTime};

/// Changes of the memory of a zone member, in the order of the file.
fn changes(builder: &Builder<'_>, zone: Part) -> Vec<Change> {
    let draft = builder.draft;
    let mut found = Vec::new();
    for (_, spec) in draft.scenario.operation.iter() {
        let resize = spec.does.as_ref().is_some_and(|does| does.value == Does::Resize);
        let (Some(at), Some(memory)) = (&spec.at, &spec.memory) else { continue };
        // What is wrong with a reference has been said by the checks.
        if !resize || !operated(draft, spec, &mut Diagnostics::new()).contains(&zone) {
            continue;
        }
        found.push(Change {
            first: SimTime::ZERO + at.value.after_zero(week_start(draft)),
            every: spec.every.as_ref().map(|every| every.period()),
            memory: memory.value,
        });
    }
    found
}

/// The caches whose room changes: those of servers that cache with all that their zones leave free.
pub(super) fn resizes(builder: &Builder<'_>, wanted: &[(String, Wanted)]) -> Vec<Resizing> {
    let draft = builder.draft;
    let of = |(index, (_, wanted)): (usize, &(String, Wanted))| {
        let Wanted::ServerMemory(id) = *wanted else { return None };
        let server = &draft.scenario.server[id.group].1;
        let all = server.memory.as_ref().filter(|_| server.ram_cache.is_none())?.value;
        let zones = zones(builder, id);
        let changes = zones.iter().any(|(_, changes)| !changes.is_empty());
        changes.then_some(Resizing { cache: ComponentId::at(index), all, zones })
    };
    wanted.iter().enumerate().filter_map(of).collect()
}

/// The zones of a server: their memory and its changes.
fn zones(builder: &Builder<'_>, id: ServerId) -> Vec<(Bytes, Vec<Change>)> {
    let here = builder.zones_on(id);
    let of = |(_, zone, member): &(String, usize, u32)| {
        let memory = builder.draft.scenario.zone[*zone].1.memory.as_ref();
        let part = Part::Zone { zone: *zone, member: *member };
        (memory.map_or(Bytes::new(0), |memory| memory.value), changes(builder, part))
    };
    here.iter().map(of).collect()
}
