//! What the reference of a fault means: every part with the names it may be called by.
//!
//! A part answers to its own name, to that of its group, and to paths through its owner:
//! `app-2`, `app`; `r.switch-1`, `r.switch`; `mysql.master`, `mysql-1`, `mysql`. The kind may stand
//! in front, and `*` for any one name of a path.

use crate::plan::Draft;
use crate::plan::names::{Kind, member_name, split_member};
use crate::plan::part::Part;
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
        parts.extend((0..members.len() as u32).map(|member| Part::Zone { zone, member }));
    }
    for (service, links) in draft.links.services.iter().enumerate() {
        parts.extend((0..links.members).map(|member| Part::Service { service, member }));
    }
    for (database, links) in draft.links.databases.iter().enumerate() {
        let members = 0..links.members.len() as u32;
        parts.extend(members.map(|member| Part::Database { database, member }));
    }
    for (balancer, (_, spec)) in scenario.balancer.iter().enumerate() {
        parts.extend((0..spec.count.value).map(|member| Part::Balancer { balancer, member }));
    }
    parts.extend((0..scenario.cache.len()).map(Part::Cache));
    parts.extend((0..scenario.name_service.len()).map(Part::NameService));
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
        Part::Cache(cache) => (Kind::Cache, cache),
        Part::NameService(name) => (Kind::NameService, name),
        Part::Edge { cdn, .. } => (Kind::Cdn, cdn),
        Part::Station { station, .. } => (Kind::Station, station),
        Part::Unit { unit, .. } => (Kind::Unit, unit),
    }
}

/// All that a part answers to, without its kind.
#[must_use]
pub fn aliases(draft: &Draft, part: Part) -> Vec<String> {
    let scenario = &draft.scenario;
    let name = part.name(draft);
    let more = match part {
        Part::Uplink { site, .. } => vec![format!("{}.uplink", scenario.site[site].0)],
        Part::Switch { rack, .. } => vec![format!("{}.switch", scenario.rack[rack].0)],
        Part::Server(id) => vec![scenario.server[id.group].0.text.clone()],
        Part::Disks { server, set } => {
            let (group, spec) = &scenario.server[server.group];
            vec![format!("{group}.{}", spec.disks[set].0)]
        }
        Part::Head { nas, .. } => vec![format!("{}.head", scenario.nas[nas].0)],
        Part::Pool { nas, .. } => vec![format!("{}.pool", scenario.nas[nas].0)],
        Part::Zone { zone, .. } => vec![scenario.zone[zone].0.text.clone()],
        Part::Service { service, .. } => vec![scenario.service[service].0.text.clone()],
        Part::Database { database, member } => {
            let group = &scenario.database[database].0.text;
            let role = split_member(&name).map_or(name.as_str(), |(role, _)| role);
            vec![group.clone(), member_name(group, member), role.to_string()]
        }
        Part::Balancer { balancer, .. } => vec![scenario.balancer[balancer].0.text.clone()],
        Part::Edge { cdn, .. } => vec![scenario.cdn[cdn].0.text.clone()],
        Part::Station { station, .. } => vec![scenario.station[station].0.text.clone()],
        Part::Unit { unit, .. } => vec![scenario.unit[unit].0.text.clone()],
        _ => Vec::new(),
    };
    std::iter::once(name).chain(more).collect()
}

/// Whether `text` means a part of `kind` that answers to `aliases`.
#[must_use]
pub fn means(text: &str, kind: Kind, aliases: &[String]) -> bool {
    let path = match text.split_once('.') {
        Some((word, rest)) if Kind::ALL.iter().any(|kind| kind.word() == word) => {
            if word != kind.word() {
                return false;
            }
            rest
        }
        _ => text,
    };
    aliases.iter().any(|alias| {
        let (mut wanted, mut have) = (path.split('.'), alias.split('.'));
        loop {
            match (wanted.next(), have.next()) {
                (None, None) => return true,
                (Some(wanted), Some(have)) if fits(wanted, have) => {}
                _ => return false,
            }
        }
    })
}

fn fits(wanted: &str, have: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => have.starts_with(start),
        None => wanted == have,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_answers_to_its_name_its_group_and_paths_with_stars() {
        let switch = ["r.switch-1".to_string(), "r.switch".to_string()];
        for text in ["rack.r.switch", "rack.*.switch", "r.switch-1", "r.switch*", "rack.*.*"] {
            assert!(means(text, Kind::Rack, &switch), "{text}");
        }
        for text in ["rack.*", "rack.r", "site.r.switch", "r.switch-2", "s.switch", "*"] {
            assert!(!means(text, Kind::Rack, &switch), "{text}");
        }
        let server = ["twin-1".to_string(), "twin".to_string()];
        assert!(means("server.*", Kind::Server, &server));
        assert!(!means("server.*.local", Kind::Server, &server));
    }
}
