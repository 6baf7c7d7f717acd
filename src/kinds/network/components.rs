//! The network in the event loop: switches, uplinks and links between sites as links, racks as ways.
//!
//! A reply leaves through the switch of the rack that answered it, then through the uplinks of
//! the rack's site. A component in no rack crosses no link. Data between processes takes a way of its own
//! ([`carriage`]).

use std::collections::{BTreeMap, BTreeSet};

use crate::convert::table;
use crate::kinds::network::live::{
    Far, LinkConfig, LinksConfig, Loss, PathConfig, UplinkConfig, UplinkGroup,
};
use crate::kinds::network::parts::lossy;
use crate::kinds::network::spec::UplinksSpec;
use crate::kinds::network::{Link, Rack, Site};
use crate::model::blueprint::{Between, Config, Network, Part};
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::plan::Draft;
use crate::plan::carriage::{self, Carriage, Crossed, crosses, link_between, number};
use crate::plan::compile::{Builder, Made};
use crate::plan::kind::components::{Components, none};
use crate::plan::kind::parts::Parts;
use crate::plan::names::member_name;
use crate::plan::part;
use crate::plan::program::Compiler;
use crate::units::{Bandwidth, SimDuration};

/// Time-out of TCP besides the round trip, if a file gives none: that of Linux (`TCP_RTO_MIN`). RFC 6298 asks for 1 s.
const RESEND_AFTER: SimDuration = SimDuration::from_nanos(200_000_000);

/// Name of the component that moves the bytes; no component of a file can have a space in its name.
const NETWORK: &str = "the network";

impl Components for Site {
    none!(carries, mounts, pools, entrance, keeper);

    /// Asks for one component that moves the bytes, one per link, and one per uplink whose failure cuts its users off.
    fn gather(&self, builder: &mut Builder<'_>) {
        let draft = builder.draft();
        let table = Table::of(draft);
        if !table.links.is_empty() {
            builder.want(NETWORK.to_string(), network);
        }
        for (index, (name, _)) in table.links.into_iter().enumerate() {
            builder.want(name, move |builder, id| {
                let (network, index) = (builder.id(NETWORK), table::u32(index));
                builder.part(id, Config::Link(LinkConfig { network, index }))
            });
        }
        for (group, (site, uplinks)) in converging(draft).into_iter().enumerate() {
            for number in 0..uplinks.count.value {
                builder.want(uplink_name(draft, site, number), move |builder, id| {
                    let (network, group) = (builder.id(NETWORK), table::u32(group));
                    builder.part(id, Config::Uplink(UplinkConfig { network, group, number }))
                });
            }
        }
    }

    /// Assigns the draw keys by which views belong to uplinks, the alarms of the uplinks, and each component's way out.
    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        let Some(network) = compiler.numbers().find(NETWORK) else { return };
        let draft = compiler.draft();
        let Config::Links(links) = &mut made.parts[network.index()].config else { return };
        let converging = converging(draft);
        let mut local = 0;
        for (group, (site, _)) in links.groups.iter_mut().zip(&converging) {
            group.key = compiler.key("uplink", &draft.scenario.site[*site].0.text);
            group.unit = UnitId::at(made.units.len());
            for _ in &group.members {
                local += 1;
                made.units.push((network, local));
            }
        }
        let table = Table::of(draft);
        for (link, (name, spec)) in draft.scenario.link.iter().enumerate() {
            if lossy(draft, link) {
                let least = spec.resend_after.as_ref().map_or(RESEND_AFTER, |least| least.value);
                let key = compiler.key("loss", &name.text);
                let loss = Loss { key, least, met: 0 };
                links.losses.push((table::u32(table.between[link]), loss));
            }
        }
        let passes = |rack: &usize| !table.way(draft, *rack).is_empty();
        let ways = made.racks.iter().map(|rack| rack.filter(passes).map(table::u32)).collect();
        let between = between(compiler, made);
        made.network =
            Some(Network { links: network, ways, converges: !converging.is_empty(), between });
    }
}

impl Components for Rack {
    none!(carries, gather, mounts, pools, entrance, keeper, finish);
}

impl Components for Link {
    none!(gather, mounts, pools, entrance, keeper, finish);

    /// Returns the carriages between each rack of one of its sites and each rack of the other.
    fn carries(&self, draft: &Draft) -> Vec<Carriage> {
        let pairs = linked(draft).into_iter();
        let to = |to| BTreeSet::from([Some(to)]);
        pairs.map(|(from, at)| Carriage { from: Some(from), to: to(at) }).collect()
    }
}

/// Returns the pairs of racks at two sites with a link between them, in both directions.
fn linked(draft: &Draft) -> Vec<(usize, usize)> {
    let racks = 0..draft.links.racks.len();
    let pairs = racks.clone().flat_map(|one| racks.clone().map(move |other| (one, other)));
    let has_link = |(one, other): &(usize, usize)| {
        let (one, other) = (draft.links.racks[*one], draft.links.racks[*other]);
        let sites = one.zip(other).filter(|(one, other)| one != other);
        sites.is_some_and(|(one, other)| link_between(draft, one, other).is_some())
    };
    pairs.filter(has_link).collect()
}

/// Returns the ways of calls between sites, if a link is between two of them.
fn between(compiler: &Compiler<'_>, made: &Made) -> Option<Box<Between>> {
    let draft = compiler.draft();
    let pairs = linked(draft);
    if pairs.is_empty() {
        return None;
    }
    let all = carriage::all(draft);
    let way = |(from, to): (usize, usize)| {
        let carriage = Carriage { from: Some(from), to: BTreeSet::from([Some(to)]) };
        let number = number(draft, &all, &carriage)?;
        Some(((table::u32(from), table::u32(to)), number))
    };
    let mut servers = BTreeMap::new();
    for (group, (name, spec)) in draft.scenario.server.iter().enumerate() {
        for member in 0..spec.count.value {
            servers
                .insert(compiler.component(&member_name(name, member)), draft.links.servers[group]);
        }
    }
    let rack = |(at, part): (usize, &Part)| {
        let by_place = || servers.get(&part.place?.cpu).copied().flatten();
        made.racks[at].or_else(by_place).map(table::u32)
    };
    let racks = made.parts.iter().enumerate().map(rack).collect();
    Some(Box::new(Between { racks, ways: pairs.into_iter().filter_map(way).collect() }))
}

/// Links of a draft: those of the sites, then those of the racks.
#[derive(Default)]
struct Table {
    links: Vec<(String, Bandwidth)>,
    /// Index in `links` of each site's uplinks.
    uplinks: Vec<Option<usize>>,
    /// Index in `links` of each rack's switch.
    switches: Vec<Option<usize>>,
    /// Index in `links` of each link between sites.
    between: Vec<usize>,
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
            // One switch alone carries the rack; the others are spare.
            let switch = rack.switch.as_ref();
            let link =
                switch.map(|switch| table.add(format!("{name}.switch"), switch.bandwidth.value));
            table.switches.push(link);
        }
        for (name, link) in draft.scenario.link.iter() {
            let link = table.add(name.text.clone(), link.bandwidth.value);
            table.between.push(link);
        }
        table
    }

    fn add(&mut self, name: String, capacity: Bandwidth) -> usize {
        self.links.push((name, capacity));
        self.links.len() - 1
    }

    /// Returns the links on the way out of a rack.
    fn way(&self, draft: &Draft, rack: usize) -> Vec<usize> {
        let uplink = draft.links.racks[rack].and_then(|site| self.uplinks[site]);
        self.switches[rack].into_iter().chain(uplink).collect()
    }
}

/// Returns the way of data between processes.
fn path_of(draft: &Draft, table: &Table, carriage: &Carriage) -> PathConfig {
    let crossed = crosses(draft, carriage);
    let link = |crossed: &Crossed| match *crossed {
        Crossed::Switch(rack) => table.switches[rack],
        Crossed::Uplinks(site) => table.uplinks[site],
        Crossed::Link(link) => Some(table.between[link]),
    };
    let limit = |crossed: &Crossed| match *crossed {
        Crossed::Uplinks(site) => {
            draft.scenario.site[site].1.uplinks.as_ref().map(|uplinks| uplinks.bandwidth.value)
        }
        _ => None,
    };
    PathConfig {
        links: crossed.iter().filter_map(link).collect(),
        flow_limit: crossed.iter().filter_map(limit).min_by_key(|limit| limit.bytes_per_s()),
        latency: latency(draft, carriage),
        uplinks: None,
        far: far(draft, table, carriage, &crossed),
    }
}

/// Returns the link between sites that a carriage crosses, and its direction there.
fn far(
    draft: &Draft,
    table: &Table,
    carriage: &Carriage,
    crossed: &BTreeSet<Crossed>,
) -> Option<Far> {
    let mut links = crossed.iter().filter_map(|crossed| match *crossed {
        Crossed::Link(link) => Some(link),
        _ => None,
    });
    // A carriage to several sites comes from a log, which refuses the faults that would ask.
    let (Some(link), None) = (links.next(), links.next()) else { return None };
    let from = draft.links.racks[carriage.from?];
    let onward = draft.links.links[link].first().copied() == from;
    Some(Far { link: table::u32(table.between[link]), onward })
}

/// Returns the latency of a carriage to the farthest of its receivers: of the switches, and of the link between sites.
fn latency(draft: &Draft, carriage: &Carriage) -> SimDuration {
    let to = carriage.to.iter().map(|to| {
        let one = Carriage { from: carriage.from, to: BTreeSet::from([*to]) };
        let each = crosses(draft, &one).into_iter().map(|crossed| match crossed {
            Crossed::Switch(rack) => {
                let switch = draft.scenario.rack[rack].1.switch.as_ref();
                switch.map_or(0, |switch| switch.latency.value.nanos())
            }
            Crossed::Uplinks(_) => 0,
            Crossed::Link(link) => draft.scenario.link[link].1.latency.value.nanos(),
        });
        each.fold(0, u64::saturating_add)
    });
    SimDuration::from_nanos(to.max().unwrap_or(0))
}

/// Returns the sites whose users are cut off until routes converge when one of several uplinks fails.
fn converging(draft: &Draft) -> Vec<(usize, &UplinksSpec)> {
    let sites = draft.scenario.site.iter().enumerate();
    let converge = sites.filter(|(at, _)| Site.converging(draft, *at).is_some());
    converge.filter_map(|(at, (_, site))| Some((at, &site.uplinks.as_ref()?.value))).collect()
}

fn uplink_name(draft: &Draft, site: usize, number: u32) -> String {
    part::Part::Uplink { site, number }.name(draft)
}

/// Makes the network, with one way per rack in the order of the file. [`Components::finish`] gives the uplinks their
/// keys and alarms, after those of all other components.
fn network(builder: &mut Builder<'_>, id: ComponentId) -> Part {
    let draft = builder.draft();
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
            far: None,
        });
    }
    // In the order of the numbers of [`number`](crate::plan::carriage::number).
    paths.extend(carriage::all(draft).iter().map(|one| path_of(draft, &table, one)));
    let links = table.links.iter().map(|(name, all)| (builder.id(name), *all)).collect();
    let unit = builder.unit(id, 0);
    let group = |(site, uplinks): (usize, &UplinksSpec)| {
        let numbers = 0..uplinks.count.value;
        let members = numbers.map(|number| builder.id(&uplink_name(draft, site, number)));
        let convergence = uplinks.convergence.value;
        UplinkGroup { members: members.collect(), convergence, key: KeyId(0), unit }
    };
    let groups = converging.into_iter().map(group).collect();
    builder.part(id, Config::Links(LinksConfig { links, paths, losses: Vec::new(), groups, unit }))
}
