//! The memory of servers, and operations that resize the zones.

use std::collections::BTreeSet;

use crate::convert::table;
use crate::kinds::service::working_sets::declared_in;
use crate::kinds::zone::spec::ServerSpec;
use crate::kinds::zone::{caching, caps, parts, vm};
use crate::model::blueprint::Part as Component;
use crate::model::ids::ComponentId;
use crate::model::spec::memory::MemoryPolicy;
use crate::model::spec::runs::OperationSpec;
use crate::model::world::resize::{Change, Resizing};
use crate::plan::Draft;
use crate::plan::compile::{Builder, MemoryOf, Numbers};
use crate::plan::names::member_name;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::ram;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::Bytes;
use crate::workload::second_level;

/// Returns the name of the component that is the memory of `server`.
pub(super) fn name(server: &str) -> String {
    format!("{server}.objects")
}

/// Makes the memory of a server, which caches blocks of its disks.
pub(super) fn memory(builder: &mut Builder<'_>, own: ComponentId, id: ServerId) -> Component {
    let draft = builder.draft();
    let owner = builder.id(&builder.numbers().server_name(id));
    let memory = caching::size(draft, id).unwrap_or(Bytes::new(0));
    let contents = caching::contents(draft, id.group);
    let contents: Vec<_> = contents.iter().map(|(_, content)| (1, *content)).collect();
    let server = &draft.scenario.server[id.group].1;
    let second = second_set(server).and_then(|set| {
        let disks = format!("{}.{}", builder.numbers().server_name(id), server.disks[set].0.text);
        let spec = server.l2arc.as_ref()?;
        let (disks, part) = (builder.id(&disks), builder.id(&name(&disks)));
        Some(builder.second_level(own, spec, disks, part))
    });
    let takes_writes = server.ram_cache_writes.as_ref().is_some_and(|takes| takes.value);
    let of = MemoryOf { size: memory, is_adaptive: is_adaptive(server), takes_writes, second };
    let config = builder.memory(owner, of, &contents);
    builder.part(own, config)
}

/// Returns the name of the component that is the page cache of the guest of a zone member, if it has one.
pub(super) fn pages_name(draft: &Draft, (zone, member): (usize, u32)) -> Option<String> {
    vm::of(draft, zone)?.page_cache.as_ref().filter(|pages| pages.value.count() > 0)?;
    let server = draft.placed.zones[zone].get(member as usize)?;
    let caches = !caching::contents(draft, server.group).is_empty();
    caches.then(|| name(&member_name(&draft.scenario.zone[zone].0, member)))
}

/// Makes the page cache of a guest, which keeps blocks of the disks of its server.
pub(super) fn pages(
    builder: &mut Builder<'_>,
    own: ComponentId,
    (zone, member): (usize, u32),
) -> Component {
    let draft = builder.draft();
    let server = draft.placed.zones[zone][member as usize];
    let owner = builder.id(&builder.numbers().server_name(server));
    let size = vm::of(draft, zone).and_then(|vm| vm.page_cache.as_ref());
    let size = size.map_or(Bytes::new(0), |size| size.value);
    let contents = caching::contents(draft, server.group);
    let contents: Vec<_> = contents.iter().map(|(_, content)| (1, *content)).collect();
    let of = MemoryOf { size, is_adaptive: false, takes_writes: false, second: None };
    let config = builder.memory(owner, of, &contents);
    builder.part(own, config)
}

/// Returns the memories of servers that cache reads of their disks. On a server with a guest that has a page cache of its
/// own, each read counts as one of the disks.
pub(super) fn memories(draft: &Draft) -> Vec<ram::Memory<'_>> {
    let mut paged = BTreeSet::new();
    for (zone, members) in draft.placed.zones.iter().enumerate() {
        for (member, server) in members.iter().enumerate() {
            if pages_name(draft, (zone, table::u32(member))).is_some() {
                paged.insert(*server);
            }
        }
    }
    let mut all = Vec::new();
    for (group, (_, spec)) in draft.scenario.server.iter().enumerate() {
        for member in 0..spec.count.value {
            let id = ServerId { group, member };
            if !caching::caches(draft, id) || paged.contains(&id) {
                continue;
            }
            let contents = caching::contents(draft, group).into_iter();
            let contents = contents.map(|(set, content)| ram::Content {
                id: (set, 0),
                home: Part::Server(id),
                spec: &content.value,
                pools: 1,
            });
            all.push(ram::Memory {
                of: Part::Server(id),
                size: caching::size(draft, id).unwrap_or(Bytes::new(0)),
                is_adaptive: is_adaptive(spec),
                takes_writes: spec.ram_cache_writes.as_ref().is_some_and(|takes| takes.value),
                second: second_of(spec, id),
                is_shared: false,
                contents: contents.collect(),
            });
        }
    }
    all
}

/// Returns the second level of the RAM cache of a server, as the closed form has it.
fn second_of(server: &ServerSpec, id: ServerId) -> Option<ram::Second> {
    let spec = server.l2arc.as_ref()?;
    let disks = parts::disks(id, second_set(server)?);
    let (size, write) = (spec.size.value.count() as f64, spec.write.value.count() as f64);
    let (every, again) = (spec.every.value.seconds(), spec.again.value.seconds());
    let feed = second_level::Feed { size, write, every, again };
    Some(ram::Second { disks, feed, is_persistent: spec.persistent.value })
}

/// Returns whether the RAM cache of a server is adaptive.
pub(super) fn is_adaptive(server: &ServerSpec) -> bool {
    MemoryPolicy::is_adaptive(server.ram_cache_policy.as_ref())
}

/// Returns the set of disks that holds the second level of the RAM cache of a server.
pub(super) fn second_set(server: &ServerSpec) -> Option<usize> {
    let on = &server.l2arc.as_ref()?.on.text;
    server.disks.iter().position(|(set, _)| set.text == *on)
}

/// Makes the component that has the figures of the second level of the memory of `server`.
pub(super) fn second(builder: &mut Builder<'_>, own: ComponentId, server: &str) -> Component {
    let memory = builder.id(&name(server));
    let config = builder.second_level_of(memory);
    builder.part(own, config)
}

/// Returns the memory in front of the disk set `set` of a server, and the index of the set's content in it.
pub(super) fn before_disks(
    builder: &Builder<'_>,
    id: ServerId,
    set: &str,
) -> Option<(ComponentId, u32)> {
    let sets = &builder.draft().scenario.server[id.group].1.disks;
    let contents = caching::contents(builder.draft(), id.group);
    let place = contents.iter().position(|(at, _)| *sets[*at].0 == *set)?;
    let memory = builder.numbers().find(&name(&builder.numbers().server_name(id)))?;
    Some((memory, table::u32(place)))
}

/// Returns the page cache of the guest of a zone member in front of the disk set `set` of its server, and the index of
/// the set's content in it.
pub(super) fn pages_before(
    builder: &Builder<'_>,
    at: (usize, u32),
    (id, set): (ServerId, &str),
) -> Option<(ComponentId, u32)> {
    let sets = &builder.draft().scenario.server[id.group].1.disks;
    let contents = caching::contents(builder.draft(), id.group);
    let place = contents.iter().position(|(at, _)| *sets[*at].0 == *set)?;
    let pages = builder.numbers().find(&pages_name(builder.draft(), at)?)?;
    Some((pages, table::u32(place)))
}

/// Returns the memories whose capacity changes: those of servers that cache with all the memory that zones leave free.
pub(super) fn resizes(numbers: &Numbers<'_>) -> Vec<Resizing> {
    let mut all = Vec::new();
    for (group, (server, spec)) in numbers.draft().scenario.server.iter().enumerate() {
        let Some(room) = &spec.memory else { continue };
        for member in 0..spec.count.value {
            let id = ServerId { group, member };
            if !caches_what_is_free(numbers.draft(), id) {
                continue;
            }
            let zones = zones(numbers, id);
            if zones.iter().any(|(_, changes)| !changes.is_empty()) {
                let cache = numbers.id(&name(&member_name(server, member)));
                all.push(Resizing { cache, all: room.value, zones });
            }
        }
    }
    all.sort_by_key(|resizing| resizing.cache);
    all
}

/// Returns whether a server caches reads in all the memory that its zones leave free.
fn caches_what_is_free(draft: &Draft, id: ServerId) -> bool {
    let spec = &draft.scenario.server[id.group].1;
    spec.memory.is_some() && spec.ram_cache.is_none() && caching::caches(draft, id)
}

/// Reports new memory of zones that changes nothing: no cache of a server, no paging, and no machine reboots.
pub fn check_resized(draft: &Draft, operation: &OperationSpec, out: &mut Diagnostics) {
    let Some(memory) = &operation.memory else { return };
    for part in draft.targets.operated(operation) {
        let Some(Part::Server(id)) = part.stands_on(draft) else { continue };
        let zone = part.index();
        let acts = vm::of(draft, zone).is_some()
            || declared_in(draft, zone).next().is_some()
            || caches_what_is_free(draft, id);
        if acts {
            continue;
        }
        let message = format!(
            "the new memory of `{}` changes no figure: no service in it has a `working-set`, and its server caches no \
             reads in what its zones leave free",
            part.name(draft)
        );
        let help = match &draft.scenario.server[id.group].1.ram_cache {
            Some(_) => {
                "declare a `working-set`, or remove the server's `ram-cache` and declare the `content` of a set of disks"
            }
            None => "declare a `working-set`, or the `content` of a set of disks",
        };
        return out.push(Diagnostic::new(Code::SeldomUsed, memory.span, message).help(help));
    }
}

/// Returns the memory of each zone of a server, and its changes.
fn zones(numbers: &Numbers<'_>, id: ServerId) -> Vec<(Bytes, Vec<Change<Bytes>>)> {
    let of = |(_, zone, member): &(String, usize, u32)| {
        let memory = numbers.draft().scenario.zone[*zone].1.memory.as_ref();
        let part = Part::Zone { zone: *zone, member: *member };
        (memory.map_or(Bytes::new(0), |memory| memory.value), changes(numbers.draft(), part))
    };
    numbers.zones_on(id).iter().map(of).collect()
}

/// Returns the changes of the memory of a zone member, in the order of the file.
pub(super) fn changes(draft: &Draft, zone: Part) -> Vec<Change<Bytes>> {
    caps::changes_of(draft, zone, |spec| {
        Some(vm::held(draft, zone.index(), spec.memory.as_ref()?.value))
    })
}
