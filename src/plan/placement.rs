//! Which zone member stands on which server: explicit, spread or packed.
//!
//! Zones are placed in the order of the file, members in the order of their numbers; among equals
//! the server first in the file wins. So a placement is a function of the text alone.

use crate::model::spec::place::Placement;
use crate::plan::document::ScenarioSpec;
use crate::plan::names::{Kind, Names, member_name};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::Bytes;

/// A server member: the place of its group in the file, and its number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerId {
    /// Place of the group.
    pub group: usize,
    /// Number in the group.
    pub member: u32,
}

/// Where all zone members stand.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// By zone, in the order of the file; then by member.
    pub zones: Vec<Vec<ServerId>>,
}

struct Room {
    id: ServerId,
    memory: Option<u64>,
    used: u64,
    zones: u32,
    held: Vec<(String, u64)>,
}

/// Places every zone member; reports what cannot be placed and servers that hold too much.
pub fn place(scenario: &ScenarioSpec, names: &Names, out: &mut Diagnostics) -> Placed {
    let mut rooms: Vec<Room> = Vec::new();
    for (group, (_, server)) in scenario.server.iter().enumerate() {
        for member in 0..server.count.value {
            let id = ServerId { group, member };
            let memory = server.memory.as_ref().map(|memory| memory.value.count());
            rooms.push(Room { id, memory, used: 0, zones: 0, held: Vec::new() });
        }
    }
    let mut placed = Placed::default();
    for (zone_name, zone) in scenario.zone.iter() {
        let memory = zone.memory.as_ref().map_or(0, |memory| memory.value.count());
        let named = match &zone.on {
            Some(list) => Some(&list.value),
            None => zone.among.as_ref().map(|list| &list.value),
        };
        let allowed: Option<Vec<ServerId>> = named.map(|list| {
            let servers = |text: &crate::scenario::names::Reference| {
                let found = names.resolve(&text.text, text.span, &[Kind::Server], out)?;
                let count = scenario.server[found.index].1.count.value;
                let members = match found.member {
                    Some(member) => vec![member],
                    None => (0..count).collect(),
                };
                let id = |member| ServerId { group: found.index, member };
                Some(members.into_iter().map(id).collect::<Vec<_>>())
            };
            list.iter().filter_map(servers).flatten().collect()
        });
        let count = zone.count.value;
        let mut here = Vec::new();
        if let (Some(on), Some(servers)) = (&zone.on, &allowed) {
            if servers.len() != count as usize && servers.len() == on.value.len() {
                let message = format!(
                    "`on` names {} servers for {count} members of `{zone_name}`",
                    servers.len()
                );
                out.push(
                    Diagnostic::new(Code::Placement, on.span, message)
                        .help("name one server a member, in order; or leave `on` out"),
                );
            }
            for (member, id) in servers.iter().take(count as usize).enumerate() {
                let name = member_name(zone_name, member as u32);
                put(&mut rooms, *id, name, memory);
                here.push(*id);
            }
            if zone.apart.value {
                check_apart(&here, zone_name, on.span, out);
            }
            placed.zones.push(here);
            continue;
        }
        for member in 0..count {
            let candidates = rooms.iter().filter(|room| {
                let named = allowed.as_ref().is_none_or(|list| list.contains(&room.id));
                let fits = room.memory.is_none_or(|all| room.used + memory <= all);
                let alone = !zone.apart.value || !here.contains(&room.id);
                named && fits && alone
            });
            let best = match zone.placement.value {
                Placement::Spread => candidates.min_by_key(|room| (room.zones, room.id)),
                Placement::Pack => candidates.min_by_key(|room| room.id),
            };
            match best.map(|room| room.id) {
                Some(id) => {
                    put(&mut rooms, id, member_name(zone_name, member), memory);
                    here.push(id);
                }
                None => {
                    let servers = rooms.len();
                    let message = format!(
                        "{} of {count} members of `{zone_name}` cannot be placed on {servers} \
                         server{}{}",
                        count - member,
                        if servers == 1 { "" } else { "s" },
                        if zone.apart.value { " of their own" } else { "" },
                    );
                    let help = if zone.apart.value {
                        "add servers, or drop `apart`"
                    } else {
                        "add servers, or give the zone less memory"
                    };
                    out.push(Diagnostic::new(Code::Placement, zone_name.span, message).help(help));
                    break;
                }
            }
        }
        placed.zones.push(here);
    }
    check_memory(scenario, &rooms, out);
    placed
}

fn put(rooms: &mut [Room], id: ServerId, zone: String, memory: u64) {
    if let Some(room) = rooms.iter_mut().find(|room| room.id == id) {
        room.used += memory;
        room.zones += 1;
        room.held.push((zone, memory));
    }
}

fn check_apart(
    here: &[ServerId],
    zone: &str,
    span: crate::scenario::source::Span,
    out: &mut Diagnostics,
) {
    for (at, id) in here.iter().enumerate() {
        if let Some(first) = here[..at].iter().position(|other| other == id) {
            let message = format!(
                "`{}` and `{}` stand on one server, but `{zone}` is to stand `apart`",
                member_name(zone, first as u32),
                member_name(zone, at as u32)
            );
            out.push(Diagnostic::new(Code::Placement, span, message));
        }
    }
}

fn check_memory(scenario: &ScenarioSpec, rooms: &[Room], out: &mut Diagnostics) {
    for room in rooms {
        let Some(memory) = room.memory.filter(|all| room.used > *all) else { continue };
        let (name, server) = &scenario.server[room.id.group];
        let held: Vec<_> =
            room.held.iter().map(|(zone, size)| format!("{zone} {}", Bytes::new(*size))).collect();
        let message = format!(
            "server `{}` cannot hold its zones: {} of {}",
            member_name(name, room.id.member),
            Bytes::new(room.used),
            Bytes::new(memory)
        );
        let span = server.memory.as_ref().map_or(name.span, |memory| memory.span);
        out.push(Diagnostic::new(Code::Capacity, span, message).help(held.join(", ")));
    }
}
