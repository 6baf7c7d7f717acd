//! Working sets that the services of a zone declare: the memory of the zone in the event loop, and mistakes.
//!
//! Decisions: the cap is the `memory` of the zone. All services of a zone that declare a working set have their swap device on one
//! set of disks. A file that is mapped is charged to the zone if no other zone on the server maps it. A set that always fits is an
//! error, since nothing would be paged.

use std::collections::BTreeMap;

use crate::convert::{table, whole};
use crate::kinds::service::spec::WorkingSetSpec;
use crate::kinds::service::working_sets::declared_in;
use crate::kinds::zone::live::paging::{PagingConfig, WorkingSet};
use crate::kinds::zone::spec::CapKeeper;
use crate::kinds::zone::{caps, memory, vm};
use crate::mechanism::memory_cap::PAGE;
use crate::model::blueprint::{Config, Part as Component};
use crate::model::ids::{ComponentId, KeyId};
use crate::plan::Draft;
use crate::plan::checks::inert;
use crate::plan::compile::{Builder, Made};
use crate::plan::graph::store_at;
use crate::plan::links::Store;
use crate::plan::names::member_name;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::program::Compiler;
use crate::plan::scaled;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::value::Spanned;
use crate::units::Bytes;

fn pages(bytes: Bytes) -> u64 {
    bytes.count().div_ceil(PAGE)
}

/// Makes the memory of a zone member.
pub(super) fn memory(builder: &mut Builder<'_>, own: ComponentId, at: (usize, u32)) -> Component {
    let draft = builder.draft();
    let (zone, number) = at;
    let unit = builder.units(own, 1);
    let on = builder.numbers().server_of(at).expect("every zone of a sound draft is placed");
    let (mut sets, mut disks, mut dirty) = (Vec::new(), own, 0.0);
    for service in declared_in(draft, zone) {
        let (name, spec) = &draft.scenario.service[service];
        let Some(set) = &spec.working_set else { continue };
        sets.push(WorkingSet {
            member: builder.id(&member_name(name, number)),
            base: pages(set.base.value),
            per_request: pages(set.per_request.value),
            touches: set.touches.value,
        });
        dirty = set.dirty.value.get().max(dirty);
        let user = Part::Service { service, member: number };
        if let Some(Store::Disks { server, set }) = store_at(draft, swap(draft, service), user) {
            let (set, _) = &draft.scenario.server[server].1.disks[set];
            disks = builder.id(&format!("{}.{set}", builder.numbers().server_name(on)));
        }
    }
    let keeper = draft.scenario.server[on.group].1.memory_cap.as_ref().map(|given| given.value);
    let cap = draft.scenario.zone[zone].1.memory.as_ref().map_or(0, |cap| cap.value.count() / PAGE);
    let dirty_ppm = whole::u64(dirty * 1e6);
    let config = PagingConfig {
        cap,
        changes: memory::changes(draft, Part::Zone { zone, member: number }),
        dirty_ppm,
        has_daemon: keeper == Some(CapKeeper::Daemon),
        sets,
        mapped: pages(charged(draft, at)),
        disks,
        unit,
        key: KeyId(0),
    };
    builder.part(own, Config::Paging(config))
}

/// Gives the memories of zones the keys of their writes.
pub(super) fn give_keys(compiler: &mut Compiler<'_>, made: &mut Made) {
    for part in &mut made.parts {
        if let Config::Paging(config) = &mut part.config {
            config.key = compiler.disk_keys(&part.name);
        }
    }
}

/// Returns where the swap device of a service is stored: one set of disks per group of servers. None if it has no such mount.
fn swap(draft: &Draft, service: usize) -> &[Store] {
    let spec = &draft.scenario.service[service].1;
    let place = spec
        .working_set
        .as_ref()
        .and_then(|set| spec.mounts.iter().position(|(mount, _)| mount.text == set.swap.text));
    let mounts = &draft.links.services[service].mounts;
    place.and_then(|place| mounts.get(place)).map_or(&[], Vec::as_slice)
}

fn working_set(draft: &Draft, service: usize) -> Option<&WorkingSetSpec> {
    draft.scenario.service[service].1.working_set.as_ref().map(|set| &set.value)
}

/// Returns the files that the services of a zone map, with their sizes.
fn files(draft: &Draft, zone: usize) -> BTreeMap<&str, u64> {
    let sets = declared_in(draft, zone).filter_map(|service| working_set(draft, service));
    let files = sets.flat_map(|set| set.maps.iter());
    files.map(|(file, size)| (file.text.as_str(), size.value.count())).collect()
}

/// Returns the size of the files that are charged to a zone member: those that it maps, and no other zone on its server.
fn charged(draft: &Draft, (zone, member): (usize, u32)) -> Bytes {
    let mut own = files(draft, zone);
    let placed = &draft.placed.zones;
    let Some(on) = placed.get(zone).and_then(|members| members.get(member as usize)) else {
        return Bytes::new(0);
    };
    for (other, members) in placed.iter().enumerate() {
        if own.is_empty() {
            break;
        }
        let is_other = |number: usize| (other, table::u32(number)) != (zone, member);
        if (0..).zip(members).any(|(number, server)| server == on && is_other(number)) {
            let theirs = files(draft, other);
            own.retain(|file, _| !theirs.contains_key(file));
        }
    }
    Bytes::new(own.values().fold(0, |all, size| all.saturating_add(*size)))
}

/// Reports working sets that cannot be simulated or never leave memory.
pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    sizes_of_files(draft, out);
    keepers(draft, out);
    for (service, links) in draft.links.services.iter().enumerate() {
        let (name, spec) = &draft.scenario.service[service];
        let (Some(set), Some(zone)) = (&spec.working_set, links.zone) else { continue };
        let (zone_name, zone_spec) = &draft.scenario.zone[zone];
        if vm::of(draft, zone).is_some() {
            let message = "the memory of a virtual machine is never paged by its host";
            let help = "give the `working-set` to a service in a zone";
            out.push(Diagnostic::new(Code::KeysExclude, set.span, message).help(help));
            continue;
        }
        let Some(cap) = &zone_spec.memory else {
            let message =
                format!("`{name}` declares its memory, but `{zone_name}` has no cap on it");
            let help = format!("give `[zone.{zone_name}]` a `memory`");
            out.push(Diagnostic::new(Code::MissingKey, set.span, message).help(help));
            continue;
        };
        swap_device(draft, service, set, out);
        if scaled::fewest(draft, service).is_some() {
            let message = "the memory of members that a scaler adds and removes is not simulated";
            let help = "remove the `working-set`, or the `[scaler]`";
            out.push(Diagnostic::new(Code::KeysExclude, set.span, message).help(help));
        }
        of_zone(draft, (zone, service), cap, out);
    }
}

/// Reports a swap device that is not one set of disks.
fn swap_device(draft: &Draft, service: usize, set: &WorkingSetSpec, out: &mut Diagnostics) {
    let stores = swap(draft, service);
    let is_on_disks = |store: &Store| matches!(store, Store::Disks { .. });
    let (name, spec) = &draft.scenario.service[service];
    if !spec.mounts.iter().any(|(mount, _)| mount.text == set.swap.text) {
        let message = format!("`{name}` has no mount `{}`", set.swap.text);
        let help = format!("add `{} = \"SERVER:DISKS\"` to its `mounts`", set.swap.text);
        out.push(Diagnostic::new(Code::NoSuchName, set.swap.span, message).help(help));
    } else if !stores.iter().all(is_on_disks) {
        let message = "a swap device lies on the disks of the server, not on a file server";
        let help = "name a mount on a set of disks";
        out.push(Diagnostic::new(Code::KeysExclude, set.swap.span, message).help(help));
    }
}

/// Reports files that services map with different sizes.
fn sizes_of_files(draft: &Draft, out: &mut Diagnostics) {
    let mut first: BTreeMap<&str, &Spanned<Bytes>> = BTreeMap::new();
    for service in 0..draft.scenario.service.len() {
        let Some(set) = working_set(draft, service) else { continue };
        for (file, size) in set.maps.iter() {
            let before = *first.entry(file.text.as_str()).or_insert(size);
            if before.value != size.value {
                let message =
                    format!("`{file}` has {} here and {} there", size.value, before.value);
                let found = Diagnostic::new(Code::OutOfRange, size.span, message);
                let found = found.help("give it one size, or the files different names");
                out.push(found.related(before.span, "there"));
            }
        }
    }
}

/// Reports the program that pages zones of servers on which none is paged.
fn keepers(draft: &Draft, out: &mut Diagnostics) {
    for (group, (name, server)) in draft.scenario.server.iter().enumerate() {
        let Some(given) = &server.memory_cap else { continue };
        let stands_on = |members: &Vec<ServerId>| members.iter().any(|on| on.group == group);
        let mut zones = draft.placed.zones.iter().enumerate();
        if !zones.any(|(zone, on)| stands_on(on) && declared_in(draft, zone).next().is_some()) {
            let message = format!("no service on `{name}` declares a `working-set`");
            let help = "remove `memory-cap`, or give a service a `working-set`";
            inert(given.span, &message, help, out);
        }
    }
}

/// Reports, at the first of the services of a zone, caps of few pages, sets that always fit, and swap devices on several sets of
/// disks. `cap` is the memory of the zone at first.
fn of_zone(
    draft: &Draft,
    (zone, service): (usize, usize),
    cap: &Spanned<Bytes>,
    out: &mut Diagnostics,
) {
    let all: Vec<usize> = declared_in(draft, zone).collect();
    let own = &draft.scenario.service[service].1;
    let Some(set) = own.working_set.as_ref().filter(|_| all.first() == Some(&service)) else {
        return;
    };
    let caps: Vec<&Spanned<Bytes>> = std::iter::once(cap).chain(resized(draft, zone)).collect();
    for cap in caps.iter().filter(|cap| pages(cap.value) < 256) {
        let message = format!("a cap of {} has fewer than 256 pages", cap.value);
        let found = Diagnostic::new(Code::OutOfRange, cap.span, message);
        out.push(found.help("at least 1MiB").related(set.span, "the working set"));
    }
    for other in &all[1..] {
        let (one, two) = (swap(draft, service), swap(draft, *other));
        let differs = !one.is_empty() && !two.is_empty() && one != two;
        let spec = draft.scenario.service[*other].1.working_set.as_ref();
        let Some(other) = spec.filter(|_| differs) else { continue };
        let message = "a zone has one swap device, and another service in it names another";
        let found = Diagnostic::new(Code::KeysExclude, other.swap.span, message);
        out.push(found.related(set.swap.span, "the other").help("name mounts on one set of disks"));
    }
    let members = (0..).zip(&draft.placed.zones[zone]);
    let files = members.map(|(member, _)| charged(draft, (zone, member)).count()).max();
    let most = all.iter().try_fold(files.unwrap_or(0), |sum, service| {
        let spec = &draft.scenario.service[*service].1;
        let set = spec.working_set.as_ref()?;
        let requests = match (set.per_request.value.count(), spec.workers.value.bound()) {
            (0, _) => 0,
            (_, None) => return None,
            (each, Some(workers)) => each.saturating_mul(u64::from(workers)),
        };
        Some(sum.saturating_add(set.base.value.count()).saturating_add(requests))
    });
    let cap = caps.iter().map(|cap| cap.value.count()).min().unwrap_or(0);
    if let Some(most) = most.filter(|most| *most <= cap) {
        let message = format!("{} at most always fit into {}", Bytes::new(most), Bytes::new(cap));
        inert(set.span, &message, "remove it, or lower the `memory` of the zone", out);
    }
}

/// Returns the sizes that operations give to the memory of members of a zone.
fn resized(draft: &Draft, zone: usize) -> impl Iterator<Item = &Spanned<Bytes>> {
    let is_member =
        move |part: &Part| matches!(part, Part::Zone { zone: other, .. } if *other == zone);
    caps::resizes(draft, is_member).filter_map(|spec| spec.memory.as_ref())
}
