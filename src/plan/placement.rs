//! Placement of zone members on servers: explicit, spread or packed.
//!
//! Zones are placed in the order of the file, members in the order of their numbers; among equals,
//! the first server in the file is chosen. The placement is therefore a function of the text alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::convert::table;
use crate::kinds::scaler::spec::ScalerSpec;
use crate::kinds::zone::spec::{Placement, ZoneSpec};
use crate::plan::document::ScenarioSpec;
use crate::plan::names::{Kind, Names, member_name};
use crate::plan::scaled::start_of;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Name, Reference};
use crate::units::Bytes;

/// Server member: the index of its group in the file, and its number from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerId {
    /// Index of the group.
    pub group: usize,
    /// Number in the group, from 0.
    pub member: u32,
}

/// Placement of all zone members.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// Server of each member, per zone in the order of the file.
    pub zones: Vec<Vec<ServerId>>,
    /// Memory in bytes held by zones, per server group in the order of the file, then per member.
    pub held: Vec<Vec<u64>>,
}

struct Room {
    id: ServerId,
    memory: Option<u64>,
    used: u64,
    /// Memory of the members that an autoscaler may launch here.
    later: u64,
    zones: u32,
}

impl Room {
    fn fits(&self, memory: u64) -> bool {
        let used = self.used.saturating_add(self.later);
        self.memory.is_none_or(|all| used.saturating_add(memory) <= all)
    }
}

/// Places every zone member; reports members that cannot be placed, and servers with too little memory.
pub fn place(scenario: &ScenarioSpec, names: &Names, out: &mut Diagnostics) -> Placed {
    let mut rooms: Vec<Room> = Vec::new();
    let mut first = Vec::new();
    for (group, (_, server)) in scenario.server.iter().enumerate() {
        first.push(rooms.len());
        for member in 0..server.count.value {
            let id = ServerId { group, member };
            let memory = server.memory.as_ref().map(|memory| memory.value.count());
            rooms.push(Room { id, memory, used: 0, later: 0, zones: 0 });
        }
    }
    let starts = starts(scenario, names);
    let mut world = World { scenario, names, rooms, first, starts };
    let mut placed = Placed::default();
    for zone in 0..scenario.zone.len() {
        let here = world.zone(zone, out);
        placed.zones.push(here);
    }
    check_memory(&world, &placed, out);
    placed.held = vec![Vec::new(); scenario.server.len()];
    for room in &world.rooms {
        placed.held[room.id.group].push(room.used);
    }
    placed
}

struct World<'a> {
    scenario: &'a ScenarioSpec,
    names: &'a Names,
    /// Servers by group, then by member.
    rooms: Vec<Room>,
    /// Index in `rooms` of the first member, per group.
    first: Vec<usize>,
    /// Members at the start of each group that an autoscaler scales.
    starts: BTreeMap<usize, u32>,
}

impl World<'_> {
    fn zone(&mut self, index: usize, out: &mut Diagnostics) -> Vec<ServerId> {
        let (name, zone) = &self.scenario.zone[index];
        if let Some(on) = &zone.on {
            let here = self.explicit(name, zone, &on.value, out);
            for (id, member) in here.iter().zip(0..) {
                self.put(*id, self.memory(index, member));
            }
            if zone.apart.value {
                check_apart(&here, name, on.span, out);
            }
            return here;
        }
        let allowed = match &zone.among {
            Some(among) => self.servers(&among.value, out).0,
            None => self.rooms.iter().map(|room| room.id).collect(),
        };
        self.fill(index, &allowed, out)
    }

    /// Returns the memory that a member holds: none if an autoscaler launches it later.
    fn memory(&self, zone: usize, member: u32) -> u64 {
        let held = self.starts.get(&zone).is_none_or(|start| member < *start);
        let memory = self.scenario.zone[zone].1.memory.as_ref().filter(|_| held);
        memory.map_or(0, |memory| memory.value.count())
    }

    /// Returns the servers of a list, and whether all references were resolved.
    fn servers(&self, list: &[Reference], out: &mut Diagnostics) -> (Vec<ServerId>, bool) {
        let mut servers = Vec::new();
        let mut sound = true;
        for reference in list {
            let kinds = [Kind::Server];
            let found = self.names.resolve(&reference.text, reference.span, &kinds, out);
            let Some(found) = found else {
                sound = false;
                continue;
            };
            let count = self.scenario.server[found.index].1.count.value;
            let members = found.member.map_or(0..count, |member| member..member + 1);
            servers.extend(members.map(|member| ServerId { group: found.index, member }));
        }
        (servers, sound)
    }

    fn explicit(
        &self,
        name: &Name,
        zone: &ZoneSpec,
        on: &[Reference],
        out: &mut Diagnostics,
    ) -> Vec<ServerId> {
        let (mut servers, sound) = self.servers(on, out);
        let count = zone.count.value as usize;
        if sound && servers.len() != count {
            let span = zone.on.as_ref().map_or(name.span, |on| on.span);
            let message =
                format!("`on` names {} servers for {count} members of `{name}`", servers.len());
            out.push(
                Diagnostic::new(Code::Placement, span, message)
                    .help("name one server a member, in order; or leave `on` out"),
            );
        }
        servers.truncate(count);
        servers
    }

    /// Places the members one by one. None needs more than the one before: a server without capacity for one has none
    /// for the next. Only servers that may still take one are kept, in their order. Members that an autoscaler launches
    /// later hold no memory yet. Their places stand where all of them fit at once, as far as there is such a server, and
    /// the others are spread.
    fn fill(&mut self, index: usize, allowed: &[ServerId], out: &mut Diagnostics) -> Vec<ServerId> {
        let (name, zone) = &self.scenario.zone[index];
        let start = self.starts.get(&index).copied();
        let memory = zone.memory.as_ref().map_or(0, |memory| memory.value.count());
        let mut later = false;
        let spread = zone.placement.value == Placement::Spread;
        let rank = |room: &Room| {
            let full = !room.fits(memory);
            (full, if spread || full { room.zones } else { 0 }, room.id)
        };
        let rooms = allowed.iter().map(|id| self.room(*id));
        let mut open: BTreeSet<_> = rooms.filter(|room| room.fits(memory)).map(rank).collect();
        let count = zone.count.value;
        let mut here: Vec<ServerId> = Vec::new();
        while here.len() < count as usize {
            if start == Some(table::u32(here.len())) {
                later = true;
                let rooms = allowed.iter().map(|id| self.room(*id));
                let left = rooms.filter(|room| !zone.apart.value || !here.contains(&room.id));
                open = left.map(rank).collect();
            }
            let Some((_, _, id)) = open.pop_first() else {
                // Of a group that is scaled, the members at the start alone hold memory.
                let all = start.filter(|_| !later).map_or(count, |start| start.min(count));
                let missing = (all - table::u32(here.len()), all, all < count);
                self.full((name, zone), missing, allowed.len(), out);
                break;
            };
            let room = if later { self.put_later(id, memory) } else { self.put(id, memory) };
            here.push(id);
            if (later || room.fits(memory)) && !zone.apart.value {
                open.insert(rank(room));
            }
        }
        // The next group finds them as they are at the start.
        allowed.iter().for_each(|id| self.room_mut(*id).later = 0);
        here
    }

    /// Reports members that have no server: `left` of `all`, which are those at the start if it `grows`.
    fn full(
        &self,
        (name, zone): (&Name, &ZoneSpec),
        (left, all, grows): (u32, u32, bool),
        servers: usize,
        out: &mut Diagnostics,
    ) {
        let message = format!(
            "{left} of {all} members of `{name}`{} cannot be placed on {servers} server{}{}",
            if grows { " at the start" } else { "" },
            if servers == 1 { "" } else { "s" },
            if zone.apart.value { " of their own" } else { "" },
        );
        let help = if zone.apart.value {
            "add servers, or drop `apart`"
        } else if servers == 0 {
            "a zone stands on a server: declare a `[server.name]`"
        } else {
            "add servers, or give the zone less memory"
        };
        let span = if zone.apart.given { zone.apart.span } else { name.span };
        out.push(Diagnostic::new(Code::Placement, span, message).help(help));
    }

    fn room(&self, id: ServerId) -> &Room {
        &self.rooms[self.first[id.group] + id.member as usize]
    }

    fn room_mut(&mut self, id: ServerId) -> &mut Room {
        &mut self.rooms[self.first[id.group] + id.member as usize]
    }

    fn put(&mut self, id: ServerId, memory: u64) -> &Room {
        let room = self.room_mut(id);
        room.used = room.used.saturating_add(memory);
        room.zones += 1;
        room
    }

    /// Gives a server the place of a member that may be launched there.
    fn put_later(&mut self, id: ServerId, memory: u64) -> &Room {
        let room = self.room_mut(id);
        room.later = room.later.saturating_add(memory);
        room.zones += 1;
        room
    }
}

/// Returns the number of members that each scaled group has at the start, by the section of its zones.
#[must_use]
pub fn starts(scenario: &ScenarioSpec, names: &Names) -> BTreeMap<usize, u32> {
    let of = |spec: &ScalerSpec| {
        let found = names.find(&spec.zones.text).filter(|found| found.kind == Kind::Zone)?;
        Some((found.index, start_of(spec)))
    };
    scenario.scaler.iter().filter_map(|(_, spec)| of(spec)).collect()
}

fn check_apart(
    here: &[ServerId],
    zone: &str,
    span: crate::scenario::source::Span,
    out: &mut Diagnostics,
) {
    let mut first_on: BTreeMap<ServerId, usize> = BTreeMap::new();
    for (at, id) in here.iter().enumerate() {
        let first = *first_on.entry(*id).or_insert(at);
        if first < at {
            let message = format!(
                "`{}` and `{}` stand on one server, but `{zone}` is to stand `apart`",
                member_name(zone, table::u32(first)),
                member_name(zone, table::u32(at))
            );
            out.push(Diagnostic::new(Code::Placement, span, message));
        }
    }
}

fn check_memory(world: &World<'_>, placed: &Placed, out: &mut Diagnostics) {
    let (scenario, rooms) = (world.scenario, &world.rooms);
    let mut reported = BTreeSet::new();
    for room in rooms {
        let Some(memory) = room.memory.filter(|all| room.used > *all) else { continue };
        if !reported.insert(room.id.group) {
            continue;
        }
        let more = rooms
            .iter()
            .filter(|other| other.id.group == room.id.group)
            .filter(|other| other.memory.is_some_and(|all| other.used > all))
            .count()
            - 1;
        let mut held = Vec::new();
        for (zone, stands) in placed.zones.iter().enumerate() {
            let start = world.starts.get(&zone).copied().unwrap_or(u32::MAX);
            let (zone, spec) = &scenario.zone[zone];
            let Some(size) = &spec.memory else { continue };
            let there = stands.iter().enumerate().take(start as usize);
            for (at, _) in there.filter(|(_, id)| **id == room.id) {
                held.push(format!("{} {}", member_name(zone, table::u32(at)), size.value));
            }
        }
        let (name, server) = &scenario.server[room.id.group];
        let message = format!(
            "server `{}` cannot hold its zones: {} of {}{}",
            member_name(name, room.id.member),
            Bytes::new(room.used),
            Bytes::new(memory),
            if more > 0 { format!(", and {more} more like it") } else { String::new() }
        );
        let span = server.memory.as_ref().map_or(name.span, |memory| memory.span);
        let help = format!(
            "it holds {}: lower a `memory`, raise that of the server, or place one elsewhere",
            held.join(", ")
        );
        out.push(Diagnostic::new(Code::Capacity, span, message).help(help));
    }
}
