//! Working sets that the services of a zone declare: the memory of the zone in the event loop, and mistakes.
//!
//! Decisions: the cap is the `memory` of the zone. All services of a zone that declare a working set have their swap device on one
//! set of disks. A set that always fits is an error, since nothing would be paged.

use crate::convert::whole;
use crate::kinds::zone::live::paging::{PagingConfig, WorkingSet};
use crate::kinds::zone::vm;
use crate::mechanism::memory_cap::PAGE;
use crate::model::blueprint::{Config, Part as Component};
use crate::model::ids::{ComponentId, KeyId};
use crate::model::spec::runs::Does;
use crate::plan::Draft;
use crate::plan::checks::inert;
use crate::plan::compile::{Builder, Made};
use crate::plan::faults::operated;
use crate::plan::links::Store;
use crate::plan::memory::working_sets;
use crate::plan::names::member_name;
use crate::plan::part::Part;
use crate::plan::program::Compiler;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::Bytes;

fn pages(bytes: Bytes) -> u64 {
    bytes.count().div_ceil(PAGE)
}

/// Makes the memory of a zone member.
pub(super) fn memory(builder: &mut Builder<'_>, own: ComponentId, at: (usize, u32)) -> Component {
    let draft = builder.draft();
    let (zone, number) = at;
    let unit = builder.units(own, 1);
    let (mut sets, mut disks, mut dirty) = (Vec::new(), own, 0.0);
    for service in working_sets(draft, zone) {
        let (name, spec) = &draft.scenario.service[service];
        let Some(set) = &spec.working_set else { continue };
        sets.push(WorkingSet {
            member: builder.id(&member_name(name, number)),
            base: pages(set.base.value),
            per_request: pages(set.per_request.value),
            touches: set.touches.value,
        });
        dirty = set.dirty.value.get().max(dirty);
        if let Some((_, Store::Disks { server, set })) = swap(draft, service) {
            let on =
                builder.numbers().server_of(at).expect("every zone of a sound draft is placed");
            let (set, _) = &draft.scenario.server[server].1.disks[set];
            disks = builder.id(&format!("{}.{set}", builder.numbers().server_name(on)));
        }
    }
    let cap = draft.scenario.zone[zone].1.memory.as_ref().map_or(0, |cap| cap.value.count() / PAGE);
    let dirty_ppm = whole::u64(dirty * 1e6);
    let config = PagingConfig { cap, dirty_ppm, sets, disks, unit, key: KeyId(0) };
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

/// Returns the mount of the swap device of a service, and where it is stored first.
fn swap(draft: &Draft, service: usize) -> Option<(usize, Store)> {
    let spec = &draft.scenario.service[service].1;
    let swap = &spec.working_set.as_ref()?.swap;
    let mount = spec.mounts.iter().position(|(mount, _)| mount.text == swap.text)?;
    Some((mount, *draft.links.services[service].mounts.get(mount)?.first()?))
}

/// Reports working sets that cannot be simulated or never leave memory.
pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
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
        match swap(draft, service) {
            Some((_, Store::Disks { .. })) => {}
            Some(_) => {
                let message = "a swap device lies on the disks of the server, not on a file server";
                let help = "name a mount on a set of disks";
                out.push(Diagnostic::new(Code::KeysExclude, set.swap.span, message).help(help));
            }
            None => {
                let message = format!("`{name}` has no mount `{}`", set.swap.text);
                let help = format!("add `{} = \"SERVER:DISKS\"` to its `mounts`", set.swap.text);
                out.push(Diagnostic::new(Code::NoSuchName, set.swap.span, message).help(help));
            }
        }
        if pages(cap.value) < 256 {
            let message = format!("a cap of {} has fewer than 256 pages", cap.value);
            let found = Diagnostic::new(Code::OutOfRange, cap.span, message);
            out.push(found.help("at least 1MiB").related(set.span, "the working set"));
        }
        of_zone(draft, (zone, service), out);
        resized(draft, (zone, service), out);
    }
}

/// Reports, at the first of the services of a zone, sets that always fit, and swap devices on several sets of disks.
fn of_zone(draft: &Draft, (zone, service): (usize, usize), out: &mut Diagnostics) {
    let all: Vec<usize> = working_sets(draft, zone).collect();
    let own = &draft.scenario.service[service].1;
    let Some(set) = own.working_set.as_ref().filter(|_| all.first() == Some(&service)) else {
        return;
    };
    let stores = |other: &usize| swap(draft, *other).map(|(_, store)| store);
    for other in &all[1..] {
        let differs = stores(&service).zip(stores(other)).is_some_and(|(one, two)| one != two);
        let spec = draft.scenario.service[*other].1.working_set.as_ref();
        let Some(other) = spec.filter(|_| differs) else { continue };
        let message = "a zone has one swap device, and another service in it names another";
        let found = Diagnostic::new(Code::KeysExclude, other.swap.span, message);
        out.push(found.related(set.swap.span, "the other").help("name mounts on one set of disks"));
    }
    let most = all.iter().try_fold(0_u64, |sum, service| {
        let spec = &draft.scenario.service[*service].1;
        let set = spec.working_set.as_ref()?;
        let requests = match (set.per_request.value.count(), spec.workers.value.bound()) {
            (0, _) => 0,
            (_, None) => return None,
            (each, Some(workers)) => each.saturating_mul(u64::from(workers)),
        };
        Some(sum.saturating_add(set.base.value.count()).saturating_add(requests))
    });
    let cap = draft.scenario.zone[zone].1.memory.as_ref().map_or(0, |cap| cap.value.count());
    if let Some(most) = most.filter(|most| *most <= cap) {
        let message = format!("{} at most always fit into {}", Bytes::new(most), Bytes::new(cap));
        inert(set.span, &message, "remove it, or lower the `memory` of the zone", out);
    }
}

/// Reports a `resize` of a zone whose memory is paged.
fn resized(draft: &Draft, (zone, service): (usize, usize), out: &mut Diagnostics) {
    let Some(set) = &draft.scenario.service[service].1.working_set else { return };
    for (_, operation) in draft.scenario.operation.iter() {
        let resizes = operation.does.as_ref().is_some_and(|does| does.value == Does::Resize);
        let Some(memory) = operation.memory.as_ref().filter(|_| resizes) else { continue };
        let parts = operated(draft, operation, &mut Diagnostics::new());
        if parts.iter().any(|part| matches!(part, Part::Zone { zone: other, .. } if *other == zone))
        {
            let message = "the cap of a zone with declared working sets cannot change";
            let found = Diagnostic::new(Code::KeysExclude, memory.span, message);
            out.push(found.related(set.span, "the working set").help("remove one of them"));
        }
    }
}
