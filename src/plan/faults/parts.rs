//! All parts of a scenario, and the component each belongs to.

use crate::convert::place;
use crate::plan::Draft;
use crate::plan::kind;
use crate::plan::names::Kind;
use crate::plan::part::{Part, own_parts};
use crate::plan::placement::ServerId;

/// Everything that can be up or down by itself, in the order of parts.
#[must_use]
pub fn all_parts(draft: &Draft) -> Vec<Part> {
    let scenario = &draft.scenario;
    let mut parts = Vec::new();
    for (site, (_, spec)) in scenario.site.iter().enumerate() {
        parts.push(Part::Site(site));
        let links = spec.uplinks.as_ref().map_or(0, |uplinks| uplinks.count.value);
        parts.extend((0..links).map(|number| Part::Uplink { site, number }));
    }
    for (rack, (_, spec)) in scenario.rack.iter().enumerate() {
        parts.push(Part::Rack(rack));
        let switches = spec.switch.as_ref().map_or(0, |switch| switch.count.value);
        parts.extend((0..switches).map(|number| Part::Switch { rack, number }));
    }
    parts.extend((0..scenario.link.len()).map(Part::Link));
    for (group, (_, spec)) in scenario.server.iter().enumerate() {
        for member in 0..spec.count.value {
            let server = ServerId { group, member };
            parts.push(Part::Server(server));
            parts.extend((0..spec.disks.len()).map(|set| Part::Disks { server, set }));
        }
    }
    for (nas, (_, spec)) in scenario.nas.iter().enumerate() {
        parts.extend((0..spec.heads.value).map(|number| Part::Head { nas, number }));
        parts.extend((0..spec.pools.len()).map(|pool| Part::Pool { nas, pool }));
    }
    for (zone, members) in draft.placed.zones.iter().enumerate() {
        parts.extend((0..place(members.len())).map(|member| Part::Zone { zone, member }));
    }
    for (service, links) in draft.links.services.iter().enumerate() {
        parts.extend((0..links.members).map(|member| Part::Service { service, member }));
    }
    for (database, links) in draft.links.databases.iter().enumerate() {
        let members = 0..place(links.members.len());
        parts.extend(members.map(|member| Part::Database { database, member }));
    }
    for (balancer, (_, spec)) in scenario.balancer.iter().enumerate() {
        parts.extend((0..spec.count.value).map(|member| Part::Balancer { balancer, member }));
    }
    for planned in kind::all() {
        for index in 0..planned.kind().sections(scenario) {
            parts.extend(own_parts(draft, planned, index));
        }
    }
    for (cdn, (_, spec)) in scenario.cdn.iter().enumerate() {
        parts.extend((0..spec.count.value).map(|member| Part::Edge { cdn, member }));
    }
    for (station, (_, spec)) in scenario.station.iter().enumerate() {
        parts.extend((0..spec.count.value).map(|member| Part::Station { station, member }));
    }
    for (unit, (_, spec)) in scenario.unit.iter().enumerate() {
        parts.extend((0..spec.count.value).map(|member| Part::Unit { unit, member }));
    }
    parts.sort_unstable();
    parts
}

/// The component a part belongs to: kind and place among those of its kind.
#[must_use]
pub fn owner(part: Part) -> (Kind, usize) {
    match part {
        Part::Site(site) | Part::Uplink { site, .. } => (Kind::Site, site),
        Part::Link(link) => (Kind::Link, link),
        Part::Rack(rack) | Part::Switch { rack, .. } => (Kind::Rack, rack),
        Part::Server(server) | Part::Disks { server, .. } => (Kind::Server, server.group),
        Part::Head { nas, .. } | Part::Pool { nas, .. } => (Kind::Nas, nas),
        Part::Zone { zone, .. } => (Kind::Zone, zone),
        Part::Service { service, .. } => (Kind::Service, service),
        Part::Database { database, .. } => (Kind::Database, database),
        Part::Balancer { balancer, .. } => (Kind::Balancer, balancer),
        Part::Own(own) => (own.kind, own.index),
        Part::Edge { cdn, .. } => (Kind::Cdn, cdn),
        Part::Station { station, .. } => (Kind::Station, station),
        Part::Unit { unit, .. } => (Kind::Unit, unit),
    }
}
