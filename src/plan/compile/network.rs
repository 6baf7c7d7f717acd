//! Switches and uplinks to links, racks to ways.
//!
//! A reply leaves through the switch of the rack it was answered in, then through the uplinks of
//! the rack's site. What stands in no rack has nothing in its way.

use super::{Builder, Wanted};
use crate::model::blueprint::{Config, Network};
use crate::model::ids::ComponentId;
use crate::model::link::{LinkConfig, LinksConfig, PathConfig};
use crate::units::{Bandwidth, SimDuration};

/// The component that moves the bytes; no component of a file can have a space in its name.
const NETWORK: &str = "the network";

fn uplink_name(builder: &Builder<'_>, site: usize) -> String {
    format!("{}.uplink", builder.draft.scenario.site[site].0.text)
}

fn switch_name(builder: &Builder<'_>, rack: usize) -> String {
    format!("{}.switch", builder.draft.scenario.rack[rack].0.text)
}

/// Sites with uplinks, then racks with switches: the order of the links.
fn all(builder: &Builder<'_>) -> Vec<(String, Wanted, Bandwidth)> {
    let scenario = &builder.draft.scenario;
    let mut links = Vec::new();
    for (site, (_, spec)) in scenario.site.iter().enumerate() {
        if let Some(uplinks) = &spec.uplinks {
            let each = uplinks.bandwidth.value.bytes_per_s();
            let sum = each.saturating_mul(u64::from(uplinks.count.value));
            let capacity = Bandwidth::from_bytes_per_s(sum);
            links.push((uplink_name(builder, site), Wanted::Uplink(site), capacity));
        }
    }
    for (rack, (_, spec)) in scenario.rack.iter().enumerate() {
        if let Some(switch) = &spec.switch {
            let capacity = switch.bandwidth.value;
            links.push((switch_name(builder, rack), Wanted::Switch(rack), capacity));
        }
    }
    links
}

/// Asks for a component for each link, and for one that moves the bytes.
pub(super) fn gather(builder: &mut Builder<'_>) {
    let links = all(builder);
    if !links.is_empty() {
        builder.wanted.insert(NETWORK.to_string(), Wanted::Network);
    }
    for (name, wanted, _) in links {
        builder.wanted.insert(name, wanted);
    }
}

/// What stands for the link `wanted`.
pub(super) fn link(builder: &Builder<'_>, wanted: Wanted) -> Config {
    let name = match wanted {
        Wanted::Uplink(site) => uplink_name(builder, site),
        Wanted::Switch(rack) => switch_name(builder, rack),
        _ => unreachable!("only links are asked for"),
    };
    let index = all(builder).iter().position(|(other, ..)| *other == name);
    let index = index.expect("every link is in the list") as u32;
    Config::Link(LinkConfig { network: builder.id(NETWORK), index })
}

/// The network: a way for each rack, in the order of the file.
pub(super) fn links(builder: &mut Builder<'_>, id: ComponentId) -> Config {
    let links = all(builder);
    let place = |name: &str| links.iter().position(|(other, ..)| other == name);
    let draft = builder.draft;
    let mut paths = Vec::new();
    for (rack, (_, spec)) in draft.scenario.rack.iter().enumerate() {
        let site = draft.links.racks[rack];
        let uplinks = site.and_then(|site| draft.scenario.site[site].1.uplinks.as_ref());
        let switch = place(&switch_name(builder, rack));
        let uplink = site.and_then(|site| place(&uplink_name(builder, site)));
        paths.push(PathConfig {
            links: switch.into_iter().chain(uplink).collect(),
            flow_limit: uplinks.map(|uplinks| uplinks.bandwidth.value),
            latency: spec.switch.as_ref().map_or(SimDuration::ZERO, |switch| switch.latency.value),
        });
    }
    let links = links.iter().map(|(name, _, capacity)| (builder.id(name), *capacity)).collect();
    Config::Links(LinksConfig { links, paths, unit: builder.unit(id, 0) })
}

/// By component: the way of a reply that leaves from there.
pub(super) fn ways(builder: &Builder<'_>, wanted: &[(String, Wanted)]) -> Option<Network> {
    let links = *builder.ids.get(NETWORK)?;
    let way = |(_, wanted): &(String, Wanted)| {
        let rack = rack_of(builder, *wanted)?;
        let spec = &builder.draft.scenario.rack[rack].1;
        let site = builder.draft.links.racks[rack].map(|site| &builder.draft.scenario.site[site].1);
        let any = spec.switch.is_some() || site.is_some_and(|site| site.uplinks.is_some());
        any.then_some(rack as u32)
    };
    Some(Network { links, ways: wanted.iter().map(way).collect() })
}

/// The rack in which a member answers.
fn rack_of(builder: &Builder<'_>, wanted: Wanted) -> Option<usize> {
    let draft = builder.draft;
    let at = match wanted {
        Wanted::Service(index, member) => {
            builder.zone_of(&draft.scenario.service[index].1.in_.text, member)?
        }
        Wanted::Database(index, member) => {
            draft.links.databases[index].members.get(member as usize)?.zone?
        }
        _ => return None,
    };
    let server = builder.server_of(at)?;
    draft.links.servers[server.group]
}
