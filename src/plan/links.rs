//! Links: what every reference between components leads to.
//!
//! Takes a scenario with its names and placement; gives tables by kind, in the order of the file.
//! Reports every reference that leads nowhere, to the wrong kind of thing, or back to itself. A
//! reference that failed is `None` or left out, so that what follows can go on and report more.
//! References inside the steps of a request are checked with the routes.

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};

use crate::convert::table;
use crate::kinds::Resolved;
use crate::kinds::balancer::spec::BalancerSpec;
use crate::kinds::database::spec::{DatabaseSpec, ReadsTo};
use crate::kinds::nas::spec::NasSpec;
use crate::kinds::service::spec::ServiceSpec;
use crate::kinds::unit::spec::GroupSpec;
use crate::plan::document::ScenarioSpec;
use crate::plan::kind;
use crate::plan::names::{Found, Kind, Names, member_name};
use crate::plan::placement::Placed;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Key, Named, Reference};
use crate::scenario::source::Span;
use crate::scenario::suggest;

/// Where a request can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entrance {
    /// A service; one member of it, or any.
    Service(usize, Option<u32>),
    /// A balancer.
    Balancer(usize),
    /// A name service, which leads to one of its own.
    NameService(usize),
    /// A CDN, which asks its origin for what it has not.
    Cdn(usize),
}

impl Entrance {
    /// The component by which requests enter: its kind, and its place in the file.
    #[must_use]
    pub const fn component(self) -> (Kind, usize) {
        match self {
            Self::Service(service, _) => (Kind::Service, service),
            Self::Balancer(balancer) => (Kind::Balancer, balancer),
            Self::NameService(at) => (Kind::NameService, at),
            Self::Cdn(cdn) => (Kind::Cdn, cdn),
        }
    }
}

/// What keeps data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// A volume of a file server.
    Volume {
        /// The file server.
        nas: usize,
        /// Which volume.
        volume: usize,
    },
    /// A set of disks of the server, of this group, on which the user stands.
    Disks {
        /// The group of servers.
        server: usize,
        /// Which set.
        set: usize,
    },
}

impl Store {
    /// The component that has it: its kind, and its place in the file.
    #[must_use]
    pub const fn component(&self) -> (Kind, usize) {
        match *self {
            Self::Volume { nas, .. } => (Kind::Nas, nas),
            Self::Disks { server, .. } => (Kind::Server, server),
        }
    }
}

/// What a group counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupMember {
    /// One unit.
    Unit {
        /// The section of units.
        unit: usize,
        /// Its number, from 0.
        member: u32,
    },
    /// Another group, by place.
    Group(usize),
}

impl GroupMember {
    /// The group that is counted; none for a unit.
    #[must_use]
    pub const fn group(&self) -> Option<usize> {
        match self {
            Self::Group(group) => Some(*group),
            Self::Unit { .. } => None,
        }
    }

    /// Its name: of the unit, or of the group.
    #[must_use]
    pub fn name(&self, scenario: &ScenarioSpec) -> String {
        match *self {
            Self::Unit { unit, member } => member_name(&scenario.unit[unit].0, member),
            Self::Group(group) => scenario.group[group].0.to_string(),
        }
    }
}

/// A service.
#[derive(Clone, Debug, Default)]
pub struct ServiceLinks {
    /// Its zones.
    pub zone: Option<usize>,
    /// Its members.
    pub members: u32,
    /// By mount, in the order of the file: the stores it may be.
    pub mounts: Vec<Vec<Store>>,
}

/// A balancer.
#[derive(Clone, Debug, Default)]
pub struct BalancerLinks {
    /// Members behind it: service and number.
    pub targets: Vec<(usize, u32)>,
    /// Databases that it stands in front of by its own `to`: their reads go through it.
    pub databases: Vec<usize>,
    /// The rack of an appliance.
    pub rack: Option<usize>,
    /// The zone of software, and the one member where the file names one.
    pub zone: Option<(usize, Option<u32>)>,
}

/// What a member of a database does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes the writes.
    Master,
    /// Follows the master.
    Slave,
    /// Stands in front of the shards.
    Index,
    /// Holds a part.
    Shard,
}

/// A member of a database.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseMember {
    /// What it does.
    pub role: Role,
    /// Its zone member.
    pub zone: Option<(usize, u32)>,
    /// Its data.
    pub store: Option<Store>,
}

/// A database.
#[derive(Clone, Debug, Default)]
pub struct DatabaseLinks {
    /// Master and slaves, or index and shards.
    pub members: Vec<DatabaseMember>,
    /// The balancer that reads go through.
    pub through: Option<usize>,
}

impl DatabaseLinks {
    /// Members of a role, by number.
    pub fn of(&self, role: Role) -> impl Iterator<Item = u32> {
        let all = self.members.iter().enumerate();
        all.filter(move |(_, member)| member.role == role).map(|(at, _)| table::u32(at))
    }

    /// `mysql.master`, `mysql.slave-2`, `catalogue.index`, `catalogue.shard-1`.
    #[must_use]
    pub fn role_name(&self, group: &str, member: usize) -> String {
        let Some(role) = self.members.get(member).map(|member| member.role) else {
            return member_name(group, table::u32(member));
        };
        let number =
            table::u32(self.of(role).take_while(|other| (*other as usize) < member).count());
        match role {
            Role::Master => format!("{group}.master"),
            Role::Index => format!("{group}.index"),
            Role::Slave => member_name(&format!("{group}.slave"), number),
            Role::Shard => member_name(&format!("{group}.shard"), number),
        }
    }
}

/// A file server.
#[derive(Clone, Debug, Default)]
pub struct NasLinks {
    /// Its rack.
    pub rack: Option<usize>,
    /// By volume: its pools.
    pub volumes: Vec<Vec<usize>>,
}

/// All references that were followed.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// By rack: its site.
    pub racks: Vec<Option<usize>>,
    /// By group of servers: its rack.
    pub servers: Vec<Option<usize>>,
    /// By link: its two sites.
    pub links: Vec<Vec<usize>>,
    /// By service.
    pub services: Vec<ServiceLinks>,
    /// By balancer.
    pub balancers: Vec<BalancerLinks>,
    /// By name service: what it leads to, in order.
    pub name_services: Vec<Vec<Entrance>>,
    /// By CDN: its origin, or its shields.
    pub cdns: Vec<Option<Entrance>>,
    /// Those of kinds that answer for themselves.
    pub own: Resolved,
    /// By database.
    pub databases: Vec<DatabaseLinks>,
    /// By file server.
    pub nas: Vec<NasLinks>,
    /// By section of units: the crew that repairs them.
    pub crews: Vec<Option<usize>>,
    /// By group: the units and groups that it counts.
    pub groups: Vec<Vec<GroupMember>>,
    /// The groups, each after the groups that it counts.
    pub group_order: Vec<usize>,
    /// By request class: where it enters.
    pub enters: Vec<Option<Entrance>>,
    /// By request class: the class its client fetches next.
    pub thens: Vec<Option<usize>>,
    /// By workload: its class.
    pub classes: Vec<Option<usize>>,
}

/// Follows all references; reports those that fail.
#[must_use]
#[expect(
    clippy::field_reassign_with_default,
    reason = "one line a kind of reference reads better than one initializer"
)]
pub fn follow(
    scenario: &ScenarioSpec,
    names: &Names,
    placed: &Placed,
    out: &mut Diagnostics,
) -> Links {
    let mut walk = Walk { scenario, names, placed, out };
    let mut links = Links::default();
    links.racks = scenario.rack.iter().map(|(_, rack)| walk.one(&rack.site, Kind::Site)).collect();
    links.servers = (0..scenario.server.len()).map(|group| walk.rack_of_server(group)).collect();
    for (_, link) in scenario.link.iter() {
        let sites = link.between.iter();
        links.links.push(sites.filter_map(|site| walk.one(site, Kind::Site)).collect());
    }
    links.nas = scenario.nas.iter().map(|(_, nas)| walk.nas(nas)).collect();
    links.services = scenario.service.iter().map(|(_, service)| walk.service(service)).collect();
    let members: Vec<u32> = links.services.iter().map(|service| service.members).collect();
    for (_, balancer) in scenario.balancer.iter() {
        links.balancers.push(walk.balancer(balancer, &members));
    }
    kind::all().for_each(|planned| planned.follow(&mut walk, &mut links));
    for (_, cdn) in scenario.cdn.iter() {
        let found = walk.entrance(&cdn.to, &members, &[Kind::NameService, Kind::Cdn]);
        links.cdns.push(found);
    }
    walk.tiers(&mut links);
    for (name, database) in scenario.database.iter() {
        links.databases.push(walk.database(name, database));
    }
    walk.balanced_databases(&mut links);
    links.groups = scenario.group.iter().map(|(_, group)| walk.group(group)).collect();
    links.group_order = walk.group_order(&mut links.groups);
    for (_, unit) in scenario.unit.iter() {
        links.crews.push(unit.crew.as_ref().and_then(|crew| walk.one(crew, Kind::Crew)));
    }
    walk.traffic(&mut links, &members);
    links
}

impl Links {
    /// The units that a group counts, those of the groups in it as well, each once.
    #[must_use]
    pub fn units_of(&self, group: usize) -> BTreeSet<(usize, u32)> {
        let mut units = BTreeSet::new();
        let mut seen = BTreeSet::from([group]);
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            for member in &self.groups[group] {
                match *member {
                    GroupMember::Unit { unit, member } => {
                        units.insert((unit, member));
                    }
                    GroupMember::Group(inner) if seen.insert(inner) => open.push(inner),
                    GroupMember::Group(_) => {}
                }
            }
        }
        units
    }
}

/// What `text` means among the entries of one section that is not a component's.
pub fn find_named<T, K: Key>(
    section: &Named<T, K>,
    text: &str,
    span: Span,
    what: &str,
    out: &mut Diagnostics,
) -> Option<usize> {
    if let Some(found) = section.place(text) {
        return Some(found);
    }
    if !section.failed.iter().any(|name| **name == *text) {
        let known: Vec<&str> = section.entries.iter().map(|(name, _)| &**name).collect();
        let may = !out.is_full() && out.may_compare(known.len());
        let help = may.then(|| suggest::help(text, &known, &format!("each {what}"))).flatten();
        let message = format!("no {what} is called `{text}`");
        out.push(Diagnostic::new(Code::NoSuchName, span, message).help_if(help));
    }
    None
}

/// Where requests go that name what was `found`; else the error, if nothing else reports it.
pub(super) fn entrance_of(
    scenario: &ScenarioSpec,
    names: &Names,
    found: Found,
    reference: &Reference,
    members: impl Fn(usize) -> u32,
) -> Result<Entrance, Option<Diagnostic>> {
    let at = found.index;
    match found.kind {
        Kind::Balancer => match balances_reads_alone(scenario, names, at, reference.span) {
            Some(wrong) => Err(Some(wrong)),
            None => Ok(Entrance::Balancer(at)),
        },
        Kind::NameService => Ok(Entrance::NameService(at)),
        Kind::Cdn => Ok(Entrance::Cdn(at)),
        _ if found.member.is_some_and(|member| member >= members(at)) => {
            Err(no_member(reference, &scenario.service[at].0, members(at)))
        }
        _ => Ok(Entrance::Service(at, found.member)),
    }
}

/// The member that a reference names is not there; `None` of a group without members, where something else is wrong.
fn no_member(reference: &Reference, group: &str, count: u32) -> Option<Diagnostic> {
    (count > 0).then(|| {
        let message = format!("`{group}` has no member `{}`", reference.text);
        let help = format!("its members are `{group}-1` to `{group}-{count}`");
        Diagnostic::new(Code::NoSuchMember, reference.span, message).help(help)
    })
}

/// What is wrong with a request that enters at a balancer in front of databases alone; `None` of any other balancer.
fn balances_reads_alone(
    scenario: &ScenarioSpec,
    names: &Names,
    balancer: usize,
    span: Span,
) -> Option<Diagnostic> {
    let (balancer, spec) = &scenario.balancer[balancer];
    let of = |to: &Reference| {
        let found = names.find(&to.text)?;
        (found.kind == Kind::Database).then_some(found.index)
    };
    let databases: Option<Vec<usize>> = spec.to.iter().map(of).collect();
    let database = &scenario.database[*databases?.first()?].0;
    let message = format!(
        "`{balancer}` stands in front of the database `{database}`: no service is behind it"
    );
    let help = format!("call `{database}`; its reads go through `{balancer}`");
    Some(Diagnostic::new(Code::WrongKind, span, message).help(help))
}

/// What follows references, and reports those that lead nowhere.
pub struct Walk<'a> {
    scenario: &'a ScenarioSpec,
    names: &'a Names,
    placed: &'a Placed,
    out: &'a mut Diagnostics,
}

impl<'a> Walk<'a> {
    /// The scenario as written.
    pub(crate) const fn scenario(&self) -> &'a ScenarioSpec {
        self.scenario
    }

    /// Who is told what is wrong.
    pub(crate) const fn out(&mut self) -> &mut Diagnostics {
        self.out
    }

    fn resolve(&mut self, reference: &Reference, kinds: &[Kind]) -> Option<Found> {
        self.names.resolve(&reference.text, reference.span, kinds, self.out)
    }

    fn one(&mut self, reference: &Reference, kind: Kind) -> Option<usize> {
        self.resolve(reference, &[kind]).map(|found| found.index)
    }

    /// Edges, and shields behind them; whatever asks further ones is said, and leads nowhere.
    fn tiers(&mut self, links: &mut Links) {
        let all = links.cdns.clone();
        for (at, (name, cdn)) in self.scenario.cdn.iter().enumerate() {
            let Some(Entrance::Cdn(shield)) = all[at] else { continue };
            let Some(Entrance::Cdn(third)) = all[shield] else { continue };
            let [shield_name, third_name] = [shield, third].map(|cdn| &self.scenario.cdn[cdn].0);
            links.cdns[at] = None;
            let (code, message) = if shield == at {
                (Code::SelfReference, format!("`{name}` would ask itself"))
            } else if third == at {
                (Code::SelfReference, format!("`{name}` → `{shield_name}` → `{name}`"))
            } else {
                (
                    Code::WrongKind,
                    format!("`{name}` → `{shield_name}` → `{third_name}`: three tiers of caches"),
                )
            };
            self.out.push(
                Diagnostic::new(code, cdn.to.span, message)
                    .help("edges may ask one tier of shields, and these the origin"),
            );
        }
    }

    /// The rack of a server; a zone there would stand on what stands on it.
    fn rack_of_server(&mut self, group: usize) -> Option<usize> {
        let (name, server) = &self.scenario.server[group];
        let rack = server.rack.as_ref()?;
        let found = self.names.find(rack);
        if let Some(found) = found.filter(|found| found.kind == Kind::Zone) {
            let zone = self.placed.zones.get(found.index)?;
            if zone.iter().any(|id| id.group == group) {
                let zone = &self.scenario.zone[found.index].0;
                let message = format!("server `{name}` → zone `{zone}` → server `{name}`");
                self.out.push(
                    Diagnostic::new(Code::PlacementCycle, rack.span, message)
                        .related(zone.span, "stands on that server")
                        .help("a server stands in a rack"),
                );
                return None;
            }
        }
        self.one(rack, Kind::Rack)
    }

    fn nas(&mut self, nas: &NasSpec) -> NasLinks {
        let rack = nas.rack.as_ref().and_then(|rack| self.one(rack, Kind::Rack));
        for (_, pool) in nas.pools.iter() {
            if pool.head.value > nas.heads.value {
                let message = format!(
                    "head {} of {} head{}",
                    pool.head.value,
                    nas.heads.value,
                    if nas.heads.value == 1 { "" } else { "s" }
                );
                self.out.push(Diagnostic::new(Code::NoSuchMember, pool.head.span, message));
            }
        }
        let mut volumes = Vec::new();
        for (_, volume) in nas.volumes.iter() {
            let pools = volume.pool.iter();
            let find = |pool: &Reference| find_named(&nas.pools, pool, pool.span, "pool", self.out);
            volumes.push(pools.filter_map(find).collect());
        }
        NasLinks { rack, volumes }
    }

    fn service(&mut self, service: &ServiceSpec) -> ServiceLinks {
        let found = self.resolve(&service.in_, &[Kind::Zone]);
        if let Some(found) = found.filter(|found| found.member.is_some()) {
            let zone = &self.scenario.zone[found.index].0;
            let message = format!("a service runs in all members of a zone: `{zone}`");
            let help = "for a service in one zone, declare a zone of its own";
            let span = service.in_.span;
            self.out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
        }
        let zone = found.map(|found| found.index);
        let members = zone.map_or(0, |zone| self.scenario.zone[zone].1.count.value);
        let hosts = zone.map(|zone| (zone, None));
        let mut mounts = Vec::new();
        for (_, mount) in service.mounts.iter() {
            let volumes = mount.volumes.iter();
            let stores = volumes.filter_map(|label| self.store(&label.text, label.span, hosts));
            mounts.push(stores.collect());
        }
        ServiceLinks { zone, members, mounts }
    }

    /// `owner:volume`; `hosts` is the zone, or its one member, that uses it.
    fn store(
        &mut self,
        text: &str,
        span: Span,
        hosts: Option<(usize, Option<u32>)>,
    ) -> Option<Store> {
        let Some((owner, volume)) = text.split_once(':') else {
            let message = format!("`{text}` names no volume");
            let help = "write owner and volume, as in \"store:assets\"";
            self.out.push(Diagnostic::new(Code::NoSuchName, span, message).help(help));
            return None;
        };
        let found = self.names.resolve(owner, span, &[Kind::Nas, Kind::Server], self.out)?;
        if found.kind == Kind::Nas {
            let volumes = &self.scenario.nas[found.index].1.volumes;
            let volume = find_named(volumes, volume, span, "volume", self.out)?;
            return Some(Store::Volume { nas: found.index, volume });
        }
        let (name, server) = &self.scenario.server[found.index];
        let set = find_named(&server.disks, volume, span, "set of disks", self.out)?;
        if let Some((zone, member)) = hosts {
            let stands = self.placed.zones.get(zone).map_or(&[][..], Vec::as_slice);
            let elsewhere = stands.iter().enumerate().find(|(at, id)| {
                id.group != found.index && member.is_none_or(|member| member as usize == *at)
            });
            if let Some((at, _)) = elsewhere {
                let user = member_name(&self.scenario.zone[zone].0, table::u32(at));
                let message = format!("`{user}` does not stand on a server of `{name}`");
                let help = "local disks serve the zones on their own server";
                self.out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
                return None;
            }
        }
        Some(Store::Disks { server: found.index, set })
    }

    /// One member of a zone; the bare name will do where there is only one.
    /// One member of a zone.
    pub(crate) fn zone_member(&mut self, reference: &Reference) -> Option<(usize, u32)> {
        let found = self.resolve(reference, &[Kind::Zone])?;
        let (name, zone) = &self.scenario.zone[found.index];
        if found.member.is_none() && zone.count.value > 1 {
            let message = format!("`{name}` has {} members; one is needed here", zone.count.value);
            let help = format!("`{name}-1` to `{name}-{}`", zone.count.value);
            let diagnostic = Diagnostic::new(Code::NoSuchMember, reference.span, message);
            self.out.push(diagnostic.help(help));
            return None;
        }
        Some((found.index, found.member.unwrap_or(0)))
    }

    /// A service's member must be there: its number is not known to the names.
    fn service_members(&mut self, reference: &Reference, members: &[u32]) -> Vec<(usize, u32)> {
        let Some(found) = self.resolve(reference, &[Kind::Service]) else { return Vec::new() };
        let count = members[found.index];
        match found.member {
            None => (0..count).map(|member| (found.index, member)).collect(),
            Some(member) if member < count => vec![(found.index, member)],
            Some(_) => {
                let wrong = no_member(reference, &self.scenario.service[found.index].0, count);
                wrong.into_iter().for_each(|wrong| self.out.push(wrong));
                Vec::new()
            }
        }
    }

    fn balancer(&mut self, balancer: &BalancerSpec, members: &[u32]) -> BalancerLinks {
        let mut targets: Vec<(usize, u32)> = Vec::new();
        let mut databases: Vec<usize> = Vec::new();
        for target in balancer.to.iter() {
            let named = self.names.find(&target.text);
            if let Some(found) = named.filter(|found| found.kind == Kind::Database) {
                if found.member.is_some() {
                    let message = format!("`{}` is a member of a database", target.text);
                    let name = &self.scenario.database[found.index].0;
                    let help = format!("name the database, `{name}`: its reads are balanced");
                    self.out
                        .push(Diagnostic::new(Code::WrongKind, target.span, message).help(help));
                } else {
                    databases.push(found.index);
                }
                continue;
            }
            for found in self.service_members(target, members) {
                if targets.contains(&found) && members[found.0] <= 64 {
                    let name = member_name(&self.scenario.service[found.0].0, found.1);
                    let message = format!("`{name}` stands behind this balancer twice");
                    self.out.push(Diagnostic::new(Code::NameTwice, target.span, message));
                    continue;
                }
                targets.push(found);
            }
        }
        let rack = balancer.rack.as_ref().and_then(|rack| self.one(rack, Kind::Rack));
        let zone = balancer.in_.as_ref().and_then(|zone| self.resolve(zone, &[Kind::Zone]));
        let zone = zone.map(|found| (found.index, found.member));
        BalancerLinks { targets, databases, rack, zone }
    }

    /// The reads of a database that stands behind a balancer go through it.
    fn balanced_databases(&mut self, links: &mut Links) {
        let balancers = links.balancers.iter().enumerate();
        let all = balancers.flat_map(|(at, links)| links.databases.iter().map(move |db| (at, *db)));
        for (balancer, database) in all.collect::<Vec<_>>() {
            let (name, spec) = &self.scenario.balancer[balancer];
            let (database_name, of) = &self.scenario.database[database];
            let through = &mut links.databases[database].through;
            if let Some(other) = through.filter(|other| *other != balancer) {
                let message = format!(
                    "reads of `{database_name}` go through `{}` already",
                    self.scenario.balancer[other].0
                );
                let help = format!("remove it here, or from `{}`", self.scenario.balancer[other].0);
                self.out.push(Diagnostic::new(Code::KeysExclude, spec.to.span, message).help(help));
            } else if of.reads.as_ref().is_none_or(|reads| reads.to.value == ReadsTo::Master) {
                let message = format!(
                    "`{name}` balances the reads of `{database_name}`, which all go to its master"
                );
                let help =
                    format!("add `reads = {{ to = \"slaves\" }}` to `[database.{database_name}]`");
                self.out.push(Diagnostic::new(Code::NoEffect, spec.to.span, message).help(help));
            } else {
                *through = Some(balancer);
            }
        }
    }

    /// Where requests can be sent: services and balancers, and one more kind.
    pub(crate) fn entrances(
        &mut self,
        list: &[Reference],
        members: &[u32],
        more: Option<Kind>,
    ) -> Vec<Entrance> {
        let more = more.as_slice();
        list.iter().filter_map(|reference| self.entrance(reference, members, more)).collect()
    }

    fn entrance(
        &mut self,
        reference: &Reference,
        members: &[u32],
        more: &[Kind],
    ) -> Option<Entrance> {
        let kinds: Vec<Kind> =
            [Kind::Service, Kind::Balancer].iter().chain(more).copied().collect();
        let found = self.resolve(reference, &kinds)?;
        let entrance = entrance_of(self.scenario, self.names, found, reference, |at| members[at]);
        entrance.map_err(|wrong| wrong.into_iter().for_each(|wrong| self.out.push(wrong))).ok()
    }

    fn database(
        &mut self,
        name: &crate::scenario::names::Name,
        database: &DatabaseSpec,
    ) -> DatabaseLinks {
        let spec = &database.in_;
        let mut listed: Vec<(Role, &Reference)> = Vec::new();
        let roles = [
            (Role::Master, spec.master.as_ref(), spec.slaves.as_ref()),
            (Role::Index, spec.index.as_ref(), spec.shards.as_ref()),
        ];
        for (first, one, several) in roles {
            listed.extend(one.map(|reference| (first, &reference.value)));
            let rest = if first == Role::Master { Role::Slave } else { Role::Shard };
            let several = several.map_or(&[][..], |list| list.value.as_slice());
            listed.extend(several.iter().map(|reference| (rest, reference)));
        }
        let mut members: Vec<DatabaseMember> = Vec::new();
        for (role, reference) in listed {
            let zone = self.zone_member(reference);
            let first = members.iter().find(|other| zone.is_some() && other.zone == zone);
            if let Some(first) = first {
                let member = &reference.text;
                let (code, message) = if first.role == Role::Master {
                    (Code::SelfReference, format!("`{member}` would follow itself"))
                } else {
                    (Code::NameTwice, format!("`{member}` is in `{name}` twice"))
                };
                self.out.push(Diagnostic::new(code, reference.span, message));
                continue;
            }
            members.push(DatabaseMember { role, zone, store: None });
        }
        for (key, label) in database.data.iter() {
            let Some(zone) = self.zone_member(key) else { continue };
            let hosts = Some((zone.0, Some(zone.1)));
            let store = self.store(&label.text, label.span, hosts);
            match members.iter_mut().find(|member| member.zone == Some(zone)) {
                Some(member) => member.store = store,
                None => {
                    let message = format!("`{}` is not a member of `{name}`", key.text);
                    self.out.push(Diagnostic::new(Code::NoSuchMember, key.span, message));
                }
            }
        }
        let through = database.reads.as_ref().and_then(|reads| reads.through.as_ref());
        let through = through.and_then(|through| self.one(through, Kind::Balancer));
        DatabaseLinks { members, through }
    }

    /// The members of a group, each once.
    fn group(&mut self, group: &GroupSpec) -> Vec<GroupMember> {
        let mut known = BTreeSet::new();
        let mut members = Vec::new();
        for reference in group.of.iter() {
            let found = self.group_members(reference);
            if let Some(twice) = found.iter().find(|member| known.contains(*member)) {
                let message = format!("the group counts `{}` twice", twice.name(self.scenario));
                let diagnostic = Diagnostic::new(Code::NameTwice, reference.span, message);
                self.out.push(diagnostic.help("name each member once"));
                continue;
            }
            known.extend(found.iter().copied());
            members.extend(found);
        }
        members
    }

    fn group_members(&mut self, reference: &Reference) -> Vec<GroupMember> {
        let Some(found) = self.resolve(reference, &[Kind::Unit, Kind::Group]) else {
            return Vec::new();
        };
        let unit = |member| GroupMember::Unit { unit: found.index, member };
        match (found.kind, found.member) {
            (Kind::Group, _) => vec![GroupMember::Group(found.index)],
            (_, Some(member)) => vec![unit(member)],
            (_, None) => (0..self.scenario.unit[found.index].1.count.value).map(unit).collect(),
        }
    }

    /// The groups, each after those that it counts. Groups that count themselves, directly or by way
    /// of others, are reported and lose these members.
    fn group_order(&mut self, groups: &mut [Vec<GroupMember>]) -> Vec<usize> {
        let mut graph = DiGraph::<(), (), u32>::default();
        let nodes: Vec<NodeIndex> = groups.iter().map(|_| graph.add_node(())).collect();
        for (at, members) in groups.iter().enumerate() {
            for inner in members.iter().filter_map(GroupMember::group) {
                graph.add_edge(nodes[at], nodes[inner], ());
            }
        }
        // Components come after those that their edges lead to.
        let mut order = Vec::with_capacity(groups.len());
        for component in petgraph::algo::kosaraju_scc(&graph) {
            let mut round: Vec<usize> = component.iter().map(|node| node.index()).collect();
            round.sort_unstable();
            for group in &round {
                let circular = |member: &GroupMember| {
                    member.group().is_some_and(|inner| round.binary_search(&inner).is_ok())
                };
                let before = groups[*group].len();
                groups[*group].retain(|member| !circular(member));
                if groups[*group].len() < before {
                    self.counts_itself(*group, &round);
                }
            }
            order.extend(round);
        }
        order
    }

    fn counts_itself(&mut self, group: usize, round: &[usize]) {
        let scenario = self.scenario;
        let name = |at: usize| format!("`{}`", scenario.group[at].0);
        let others: Vec<String> =
            round.iter().filter(|other| **other != group).take(3).map(|at| name(*at)).collect();
        let message = match others.as_slice() {
            [] => format!("{} counts itself", name(group)),
            some => format!("{} counts itself by way of {}", name(group), some.join(", ")),
        };
        let diagnostic =
            Diagnostic::new(Code::SelfReference, scenario.group[group].1.of.span, message);
        self.out.push(diagnostic.help("a group counts units, and groups that do not count it"));
    }

    fn traffic(&mut self, links: &mut Links, members: &[u32]) {
        let scenario = self.scenario;
        for (_, request) in scenario.request.iter() {
            let more = [Kind::NameService, Kind::Cdn];
            let enter = request.enter.as_ref();
            links.enters.push(enter.and_then(|enter| self.entrance(enter, members, &more)));
            links.thens.push(request.then.as_ref().and_then(|then| {
                let name = &then.request;
                find_named(&scenario.request, name, name.span, "request class", self.out)
            }));
        }
        for (_, workload) in scenario.workload.iter() {
            let name = &workload.request;
            let class = find_named(&scenario.request, name, name.span, "request class", self.out);
            links.classes.push(class);
            if let Some(from) = &workload.from {
                let _reported =
                    find_named(&scenario.clients, from, from.span, "set of clients", self.out);
            }
            if let Some(profile) = &workload.profile {
                let _reported =
                    find_named(&scenario.profile, profile, profile.span, "profile", self.out);
            }
        }
        for (name, _) in scenario.objective.iter() {
            let _reported =
                find_named(&scenario.request, name, name.span, "request class", self.out);
        }
    }
}
