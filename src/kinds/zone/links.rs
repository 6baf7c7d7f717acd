//! The references of servers, and the references to their disks.

use crate::convert::table;
use crate::plan::links::{Store, User, Walk, find_named};
use crate::plan::names::{Kind, member_name};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::source::Span;

/// Resolves the rack of a server; reports a zone on the same server as a cycle.
pub(super) fn rack(walk: &mut Walk<'_>, group: usize) -> Option<usize> {
    let (name, server) = &walk.scenario().server[group];
    let rack = server.rack.as_ref()?;
    let found = walk.names().find(rack);
    if let Some(found) = found.filter(|found| found.kind == Kind::Zone) {
        let zone = walk.placed().zones.get(found.index)?;
        if zone.iter().any(|id| id.group == group) {
            let zone = &walk.scenario().zone[found.index].0;
            let message = format!("server `{name}` → zone `{zone}` → server `{name}`");
            walk.out().push(
                Diagnostic::new(Code::PlacementCycle, rack.span, message)
                    .related(zone.span, "stands on that server")
                    .help("a server stands in a rack"),
            );
            return None;
        }
    }
    walk.one(rack, Kind::Rack)
}

/// Resolves the set of disks that `set` names. Every member of `user` must stand on a server of the group.
pub(super) fn store(
    walk: &mut Walk<'_>,
    group: usize,
    set: &str,
    span: Span,
    user: Option<User>,
) -> Option<Store> {
    let (name, server) = &walk.scenario().server[group];
    let set = find_named(&server.disks, set, span, "set of disks", walk.out())?;
    if let Some((zone, member)) = user {
        let stands = walk.placed().zones.get(zone).map_or(&[][..], Vec::as_slice);
        let elsewhere = stands.iter().enumerate().find(|(at, id)| {
            id.group != group && member.is_none_or(|member| member as usize == *at)
        });
        if let Some((at, _)) = elsewhere {
            let user = member_name(&walk.scenario().zone[zone].0, table::u32(at));
            let message = format!("`{user}` does not stand on a server of `{name}`");
            let help = "local disks serve the zones on their own server";
            walk.out().push(Diagnostic::new(Code::WrongKind, span, message).help(help));
            return None;
        }
    }
    Some(Store::Disks { server: group, set })
}
