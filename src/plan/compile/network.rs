//! Switches and uplinks to links, racks to ways.
//!
//! A reply leaves through the switch of the rack it was answered in, then through the uplinks of
//! the rack's site. What stands in no rack has nothing in its way.

use super::{Builder, Wanted};
use crate::convert::table;
use crate::kinds::network::live::{LinkConfig, LinksConfig, PathConfig, UplinkConfig, UplinkGroup};
use crate::kinds::network::spec::UplinksSpec;
use crate::model::blueprint::{Config, Network, Part};
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::plan::Draft;
use crate::plan::part;
use crate::plan::program::Compiler;
use crate::units::{Bandwidth, SimDuration};

/// The component that moves the bytes; no component of a file can have a space in its name.
const NETWORK: &str = "the network";

/// The links of a draft: those of the sites, then those of the racks.
#[derive(Default)]
struct Table {
    links: Vec<(String, Bandwidth)>,
    /// By site.
    uplinks: Vec<Option<usize>>,
    /// By rack.
    switches: Vec<Option<usize>>,
}

impl Table {
    fn of(draft: &Draft) -> Self {
        let mut table = Self::default();
        for (name, site) in draft.scenario.site.iter() {
            let link = site.uplinks.as_ref().map(|uplinks| {
                let each = uplinks.bandwidth.value.bytes_per_s();
                let sum = each.saturating_mul(u64::from(uplinks.count.value));
                table.add(format!("{name}.uplink"), Bandwidth::from_bytes_per_s(sum))
            });
            table.uplinks.push(link);
        }
        for (name, rack) in draft.scenario.rack.iter() {
            // Any one switch carries the rack; the others are spare.
            let switch = rack.switch.as_ref();
            let link =
                switch.map(|switch| table.add(format!("{name}.switch"), switch.bandwidth.value));
            table.switches.push(link);
        }
        table
    }

    fn add(&mut self, name: String, capacity: Bandwidth) -> usize {
        self.links.push((name, capacity));
        self.links.len() - 1
    }

    /// The links on the way out of a rack.
    fn way(&self, draft: &Draft, rack: usize) -> Vec<usize> {
        let uplink = draft.links.racks[rack].and_then(|site| self.uplinks[site]);
        self.switches[rack].into_iter().chain(uplink).collect()
    }
}

/// Sites whose users are cut off for a while when one of several uplinks dies.
fn converging(draft: &Draft) -> Vec<(usize, &UplinksSpec)> {
    let sites = draft.scenario.site.iter().enumerate();
    let uplinks = sites.filter_map(|(at, (_, site))| Some((at, &site.uplinks.as_ref()?.value)));
    uplinks.filter(|(_, up)| up.count.value > 1 && !up.convergence.value.is_zero()).collect()
}

fn uplink_name(draft: &Draft, site: usize, number: u32) -> String {
    part::Part::Uplink { site, number }.name(draft)
}

/// Asks for a component for each link, and for one that moves the bytes.
pub(super) fn gather(builder: &mut Builder<'_>) {
    let table = Table::of(builder.draft);
    if !table.links.is_empty() {
        builder.wanted.insert(NETWORK.to_string(), Wanted::Network);
    }
    for (index, (name, _)) in table.links.into_iter().enumerate() {
        builder.wanted.insert(name, Wanted::Link(table::u32(index)));
    }
    for (group, (site, uplinks)) in converging(builder.draft).into_iter().enumerate() {
        for number in 0..uplinks.count.value {
            let name = uplink_name(builder.draft, site, number);
            builder.wanted.insert(name, Wanted::Uplink(table::u32(group), number));
        }
    }
}

/// What stands for one of several uplinks.
pub(super) fn uplink(builder: &Builder<'_>, group: u32, number: u32) -> Config {
    Config::Uplink(UplinkConfig { network: builder.id(NETWORK), group, number })
}

/// What stands for a link.
pub(super) fn link(builder: &Builder<'_>, index: u32) -> Config {
    Config::Link(LinkConfig { network: builder.id(NETWORK), index })
}

/// The network: a way for each rack, in the order of the file. The keys of its uplinks are given
/// and alarms when all other parts have theirs, by [`finish`].
pub(super) fn links(builder: &mut Builder<'_>, id: ComponentId) -> Config {
    let draft = builder.draft;
    let table = Table::of(draft);
    let converging = converging(draft);
    let mut paths = Vec::new();
    for (rack, (_, spec)) in draft.scenario.rack.iter().enumerate() {
        let site = draft.links.racks[rack].map(|site| &draft.scenario.site[site].1);
        let uplinks = site.and_then(|site| site.uplinks.as_ref());
        paths.push(PathConfig {
            links: table.way(draft, rack),
            flow_limit: uplinks.map(|uplinks| uplinks.bandwidth.value),
            latency: spec.switch.as_ref().map_or(SimDuration::ZERO, |switch| switch.latency.value),
            uplinks: draft.links.racks[rack].and_then(|site| {
                let place = converging.iter().position(|(other, _)| *other == site);
                place.map(|place| table::u32(place))
            }),
        });
    }
    let links = table.links.iter().map(|(name, all)| (builder.id(name), *all)).collect();
    let unit = builder.unit(id, 0);
    let group = |(site, uplinks): (usize, &UplinksSpec)| {
        let numbers = 0..uplinks.count.value;
        let members = numbers.map(|number| builder.id(&uplink_name(draft, site, number)));
        let convergence = uplinks.convergence.value;
        UplinkGroup { members: members.collect(), convergence, key: KeyId(0), unit }
    };
    let groups = converging.into_iter().map(group).collect();
    Config::Links(LinksConfig { links, paths, groups, unit })
}

/// The keys by which views belong to uplinks, and the alarms of the uplinks.
pub(super) fn finish(
    draft: &Draft,
    compiler: &mut Compiler<'_>,
    units: &mut Vec<(ComponentId, u32)>,
    parts: &mut [Part],
) {
    for (index, part) in parts.iter_mut().enumerate() {
        let Config::Links(links) = &mut part.config else { continue };
        let mut local = 0;
        for (group, (site, _)) in links.groups.iter_mut().zip(converging(draft)) {
            group.key = compiler.key("uplink", &draft.scenario.site[site].0.text);
            group.unit = UnitId::at(units.len());
            for _ in &group.members {
                local += 1;
                units.push((ComponentId::at(index), local));
            }
        }
    }
}

/// By component: the way of a reply that leaves from there.
pub(super) fn ways(builder: &Builder<'_>, wanted: &[(String, Wanted)]) -> Option<Network> {
    let links = *builder.ids.get(NETWORK)?;
    let draft = builder.draft;
    let table = Table::of(draft);
    let way = |(_, wanted): &(String, Wanted)| {
        let rack = rack_of(builder, *wanted)?;
        (!table.way(draft, rack).is_empty()).then_some(table::u32(rack))
    };
    let converges = !converging(draft).is_empty();
    Some(Network { links, ways: wanted.iter().map(way).collect(), converges })
}

/// The rack in which a member answers.
fn rack_of(builder: &Builder<'_>, wanted: Wanted) -> Option<usize> {
    let draft = builder.draft;
    let at = match wanted {
        Wanted::Service(index, member) => (draft.links.services[index].zone?, member),
        Wanted::Database(index, member) => {
            draft.links.databases[index].members.get(member as usize)?.zone?
        }
        Wanted::BalancerUnit(index, member) => {
            if let Some(rack) = draft.links.balancers[index].rack {
                return Some(rack);
            }
            super::balancer::zone(draft, index, member)?
        }
        _ => return None,
    };
    let server = builder.server_of(at)?;
    draft.links.servers[server.group]
}
