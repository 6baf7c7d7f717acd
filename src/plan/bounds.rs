//! Bounds on the sizes that follow from the counts of a scenario, checked before anything is expanded.
//!
//! Takes the form and its names, in which members are only numbers. Gives whether all bounds hold; an
//! excess is reported at the key with the largest count. Holds: the memory of every later step is
//! proportional to the text and to the number of parts; every number of a table fits its type.
//! Leaves out: numbers sampled from a law during a run ([`Stop::TooMany`](crate::model::world::Stop)).

use crate::model::blueprint::{Arrivals, Blueprint};
use crate::model::event::MAX_INDEX;
use crate::model::spec::runs::MOST_PARTS;
use crate::plan::document::ScenarioSpec;
use crate::plan::names::{Kind, Names};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

/// Largest number of classes, of workloads, and of databases behind one balancer.
const MOST_NAMED: usize = u16::MAX as usize;
/// Largest number of edges of one CDN: a request stores the edge at which it waits, or none, in 16 bits.
const MOST_EDGES: u32 = u16::MAX as u32 - 1;
/// Largest number of mounts of a service, and of pools of a volume.
const MOST_MOUNTS: usize = u8::MAX as usize;

/// Returns whether the scenario keeps all bounds; reports those that it exceeds.
#[must_use]
pub fn hold(scenario: &ScenarioSpec, names: &Names, out: &mut Diagnostics) -> bool {
    let before = out.errors();
    parts(scenario, names, out);
    lists(scenario, out);
    out.errors() == before
}

/// Count with the key that gives it.
struct Asked {
    parts: u128,
    span: Span,
}

fn parts(scenario: &ScenarioSpec, names: &Names, out: &mut Diagnostics) {
    let mut all: Vec<Asked> = Vec::new();
    let mut add = |parts: u128, span: Span| all.push(Asked { parts, span });
    let members = |text: &str, of: Kind| match names.find(text) {
        Some(found) if found.kind == of && found.member.is_some() => 1,
        Some(found) if found.kind == of && of == Kind::Zone => {
            u128::from(scenario.zone[found.index].1.count.value)
        }
        _ => 0,
    };
    for (_, site) in scenario.site.iter() {
        if let Some(uplinks) = &site.uplinks {
            add(u128::from(uplinks.count.value), uplinks.count.span);
        }
    }
    for (_, rack) in scenario.rack.iter() {
        if let Some(switch) = &rack.switch {
            add(u128::from(switch.count.value), switch.count.span);
        }
    }
    for (_, server) in scenario.server.iter() {
        let count = u128::from(server.count.value);
        add(count, server.count.span);
        for (_, disks) in server.disks.iter() {
            let each = disks.slots();
            let span = if each > count { disks.data.span } else { server.count.span };
            add(each * count, span);
        }
    }
    for (_, zone) in scenario.zone.iter() {
        add(u128::from(zone.count.value), zone.count.span);
    }
    for (_, service) in scenario.service.iter() {
        add(members(&service.in_.text, Kind::Zone), service.in_.span);
    }
    for (_, balancer) in scenario.balancer.iter() {
        let service = |to: &str| {
            let found = names.find(to).filter(|found| found.kind == Kind::Service);
            found.map_or(0, |found| match found.member {
                Some(_) => 1,
                None => members(&scenario.service[found.index].1.in_.text, Kind::Zone),
            })
        };
        let behind: u128 = balancer.to.value.0.iter().map(|to| service(&to.text)).sum();
        // Each unit probes each member independently.
        add(u128::from(balancer.count.value) * (1 + behind), balancer.count.span);
        if let Some(peers) = &balancer.peers {
            add(u128::from(peers.addresses.value), peers.addresses.span);
        }
    }
    for (_, cdn) in scenario.cdn.iter() {
        add(u128::from(cdn.count.value), cdn.count.span);
    }
    for (_, nas) in scenario.nas.iter() {
        add(u128::from(nas.heads.value), nas.heads.span);
        for (_, pool) in nas.pools.iter() {
            add(pool.slots(), pool.data.span);
        }
    }
    for (_, station) in scenario.station.iter() {
        add(u128::from(station.count.value), station.count.span);
    }
    for (_, unit) in scenario.unit.iter() {
        add(u128::from(unit.count.value), unit.count.span);
    }
    let total: u128 = all.iter().map(|asked| asked.parts).sum();
    let most = scenario.run.limits.parts.value;
    let Some(largest) = all.iter().max_by_key(|asked| asked.parts) else { return };
    if total <= u128::from(most) {
        return;
    }
    let all_of_it = if largest.parts == total { "" } else { "; this key asks for most of them" };
    let message = format!("the scenario has {total} parts, at most {most}{all_of_it}");
    let help = match total <= u128::from(MOST_PARTS) {
        true => format!("lower the count, or write `limits = {{ parts = {total} }}` in `[run]`"),
        false => format!("lower the count; `limits` in `[run]` allows {MOST_PARTS} at most"),
    };
    out.push(Diagnostic::new(Code::TooMany, largest.span, message).help(help));
}

fn lists(scenario: &ScenarioSpec, out: &mut Diagnostics) {
    let mut bound = |count: usize, most: usize, what: &str, span: Span| {
        if count > most {
            let message = format!("{count} {what}, at most {most}");
            out.push(Diagnostic::new(Code::TooMany, span, message));
        }
    };
    if let Some((name, _)) = scenario.request.value.entries.get(MOST_NAMED) {
        bound(scenario.request.len(), MOST_NAMED, "request classes", name.span);
    }
    if let Some((name, _)) = scenario.workload.value.entries.get(MOST_NAMED) {
        bound(scenario.workload.len(), MOST_NAMED, "workloads", name.span);
    }
    if let Some((name, _)) = scenario.database.value.entries.get(MOST_NAMED - 1) {
        bound(scenario.database.len(), MOST_NAMED - 1, "databases", name.span);
    }
    for (name, service) in scenario.service.iter() {
        bound(service.mounts.len(), MOST_MOUNTS, "mounts of one service", name.span);
    }
    for (_, cdn) in scenario.cdn.iter() {
        let edges = &cdn.count;
        bound(edges.value as usize, MOST_EDGES as usize, "edges of one CDN", edges.span);
    }
    for (_, nas) in scenario.nas.iter() {
        for (_, volume) in nas.volumes.iter() {
            let pool = &volume.pool;
            bound(pool.value.0.len(), MOST_MOUNTS, "pools of one volume", pool.span);
        }
    }
}

/// Reports tables with more entries than an event can refer to.
pub fn events(plan: &Blueprint, span: Span, out: &mut Diagnostics) {
    let users = plan.workloads.iter().map(|workload| match &workload.arrivals {
        Arrivals::Closed(users) => users.count() as usize,
        _ => 0,
    });
    for (count, what) in [
        (plan.units.len(), "parts that probe or are armed by themselves"),
        (plan.routes.calls.len(), "kinds of calls"),
        (plan.operations.len(), "operations on a set of disks"),
        (plan.resizes.len() + plan.recaps.len(), "caches and zones that are resized"),
        (users.sum(), "closed users"),
    ] {
        if count > MAX_INDEX as usize {
            let message = format!("the scenario has {count} {what}, at most {MAX_INDEX}");
            out.push(Diagnostic::new(Code::TooMany, span, message));
        }
    }
}
