//! A checked draft to the dense tables of the event loop.
//!
//! Components come in the order of their names, so that whatever starts at time zero starts in
//! name order, wherever a section stands in the file.

use std::collections::BTreeMap;

use crate::convert::table;
use crate::engine::draw::Seed;
use crate::engine::law::Law;
use crate::kinds::cache::plan::content_name;
use crate::kinds::database::spec::ReadsTo;
use crate::kinds::disks::live::DisksConfig;
use crate::kinds::disks::spec::{DiskSetSpec, Layout};
use crate::kinds::nas::live::{HeadConfig, Persistence};
use crate::kinds::service::live::ServiceConfig;
use crate::kinds::service::spec::Workers;
use crate::kinds::station::live::{Discipline, StationConfig};
use crate::kinds::station::spec::{DisciplineWord, PickWord};
use crate::kinds::zone::live::CpuConfig;
use crate::kinds::zone::spec::Burst;
use crate::mechanism::cpu_share::{self, ZoneLimits};
use crate::model::blueprint::{
    Arrivals, Blueprint, Clients, Cold, Config, Mount, Operation, Part, Place, Retry, Session,
    Workload, ZoneMeter, hearers_of,
};
use crate::model::ids::{ClassId, ComponentId, DemandId, KeyId, UnitId};
use crate::model::route::{Pick, Routes};
use crate::model::spec::traffic::ProcessWord;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::faults;
use crate::plan::graph::store_at;
use crate::plan::kind;
use crate::plan::links::Store;
use crate::plan::names::{Found, Kind, member_name};
use crate::plan::part;
use crate::plan::placement::ServerId;
use crate::plan::program::{
    CachePlan, Compiler, DatabasePlan, OneQuery, ServicePlan, StationPlan, Targets, law_of, pool,
};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::units::{Cores, SimDuration, SimTime};
use crate::workload::arrivals::{Process, Traffic};
use crate::workload::mmpp::{Modulation, Succession};
use crate::workload::noise::Noise;
use crate::workload::rate::{Profile, WeekTime};

mod balancer;
pub use balancer::beliefs_name;
mod database;
mod front;
mod memory;
mod network;
mod resize;
mod traffic;

/// Gathers components and gives them their numbers.
pub struct Builder<'a> {
    draft: &'a Draft,
    /// It is simulated, not only checked.
    to_run: bool,
    out: &'a mut Diagnostics,
    /// Wanted components by name; numbered in this order.
    wanted: BTreeMap<String, Wanted>,
    ids: BTreeMap<String, ComponentId>,
    units: Vec<(ComponentId, u32)>,
    tables: memory::Tables,
    /// Zones on each server, in the order of their names.
    zones: BTreeMap<ServerId, Vec<ZoneHere>>,
}

/// A zone on a server: its name, its group, which member.
type ZoneHere = (String, usize, u32);

#[derive(Clone, Copy)]
enum Wanted {
    Station(usize),
    Server(ServerId),
    LocalDisks(ServerId, usize),
    Head(usize),
    Pool(usize, usize),
    Service(usize, u32),
    Database(usize, u32),
    Link(u32),
    Uplink(u32, u32),
    Network,
    Own(Kind, usize, u32),
    BalancerUnit(usize, u32),
    Appliance(usize),
    Beliefs(usize),
    DatabaseGroup(usize),
    ServerMemory(ServerId),
    HeadMemory(usize, u32),
    Cdn(usize),
    Edge(usize, u32),
}

/// Makes the tables; everything wrong goes to `out`.
pub fn compile(draft: &Draft, folder: &std::path::Path, out: &mut Diagnostics) -> Blueprint {
    make(draft, folder, true, out)
}

/// As [`compile`], of a scenario that is only looked at: `out` is told the same, and what breaks is not drawn up.
pub fn check(draft: &Draft, folder: &std::path::Path, out: &mut Diagnostics) -> Blueprint {
    make(draft, folder, false, out)
}

fn make(draft: &Draft, folder: &std::path::Path, to_run: bool, out: &mut Diagnostics) -> Blueprint {
    let mut builder = Builder {
        draft,
        to_run,
        out,
        wanted: BTreeMap::new(),
        ids: BTreeMap::new(),
        units: Vec::new(),
        tables: Vec::new(),
        zones: zones(draft),
    };
    builder.gather();
    builder.build(folder)
}

/// The zones on each server.
fn zones(draft: &Draft) -> BTreeMap<ServerId, Vec<ZoneHere>> {
    let mut all: BTreeMap<ServerId, Vec<ZoneHere>> = BTreeMap::new();
    for (zone, members) in draft.placed.zones.iter().enumerate() {
        for (member, server) in (0..).zip(members) {
            let name = member_name(&draft.scenario.zone[zone].0, member);
            all.entry(*server).or_default().push((name, zone, member));
        }
    }
    all.values_mut().for_each(|here| here.sort());
    all
}

impl<'a> Builder<'a> {
    /// The scenario.
    pub(crate) const fn draft(&self) -> &'a Draft {
        self.draft
    }

    /// Who is told what is wrong.
    pub(crate) const fn out(&mut self) -> &mut Diagnostics {
        self.out
    }

    /// Asks for a component `name`, which [`Planned::make`](kind::Planned::make) of its kind makes.
    pub(crate) fn want(&mut self, name: String, kind: Kind, index: usize, number: u32) {
        self.wanted.insert(name, Wanted::Own(kind, index, number));
    }

    fn gather(&mut self) {
        let draft = self.draft;
        let scenario = &draft.scenario;
        for (index, (name, spec)) in scenario.station.iter().enumerate() {
            for member in 0..spec.count.value {
                self.wanted.insert(member_name(name, member), Wanted::Station(index));
            }
        }
        for (group, (name, spec)) in scenario.server.iter().enumerate() {
            for member in 0..spec.count.value {
                let id = ServerId { group, member };
                let server = member_name(name, member);
                for (set, (disks, _)) in spec.disks.iter().enumerate() {
                    let name = format!("{server}.{}", disks.text);
                    self.wanted.insert(name, Wanted::LocalDisks(id, set));
                }
                self.wanted.insert(server, Wanted::Server(id));
            }
        }
        for (index, (name, spec)) in scenario.nas.iter().enumerate() {
            for number in 0..spec.heads.value {
                let head = part::head_name(draft, index, number);
                self.wanted.insert(head, Wanted::Head(index));
            }
            for (place, (pool, _)) in spec.pools.iter().enumerate() {
                self.wanted.insert(format!("{name}.{}", pool.text), Wanted::Pool(index, place));
            }
        }
        for (index, (name, _)) in scenario.service.iter().enumerate() {
            for member in 0..draft.links.services[index].members {
                self.wanted.insert(member_name(name, member), Wanted::Service(index, member));
            }
        }
        for (index, (name, _)) in scenario.database.iter().enumerate() {
            for member in 0..table::u32(draft.links.databases[index].members.len()) {
                self.wanted.insert(member_name(name, member), Wanted::Database(index, member));
            }
        }
        network::gather(self);
        memory::gather(self);
        kind::all().for_each(|planned| planned.gather(self));
        balancer::gather(self);
        front::gather(self);
        database::gather(self);
        for (place, name) in self.wanted.keys().enumerate() {
            self.ids.insert(name.clone(), ComponentId::at(place));
        }
    }

    /// The number of the component `name`.
    pub(crate) fn id(&self, name: &str) -> ComponentId {
        self.ids[name]
    }

    fn server_of(&self, (zone, member): (usize, u32)) -> Option<ServerId> {
        self.draft.placed.zones.get(zone)?.get(member as usize).copied()
    }

    fn server_name(&self, id: ServerId) -> String {
        member_name(&self.draft.scenario.server[id.group].0, id.member)
    }

    /// Zones of a server, in the order of their names.
    fn zones_on(&self, server: ServerId) -> &[ZoneHere] {
        self.zones.get(&server).map_or(&[], Vec::as_slice)
    }

    /// Where a zone member gets its processor time.
    pub(crate) fn place(&self, at: (usize, u32)) -> Option<Place> {
        let server = self.server_of(at)?;
        let zones = self.zones_on(server);
        let zone = zones.iter().position(|(_, zone, member)| (*zone, *member) == at)?;
        Some(Place { cpu: self.id(&self.server_name(server)), zone: table::u32(zone) })
    }

    /// A number for something of a component that is armed by itself.
    pub(crate) fn unit(&mut self, id: ComponentId, local: u32) -> UnitId {
        self.units.push((id, local));
        UnitId::at(self.units.len() - 1)
    }

    /// Adds a store as something that runs in the zone member `at` mounts it.
    fn mount(
        &mut self,
        part: &mut Part,
        store: Store,
        at: (usize, u32),
        soft: Option<SimDuration>,
    ) {
        let persistence = soft.map_or(Persistence::Hard, Persistence::Soft);
        let mut pools = self.pools_of(store, at).into_iter();
        let Some(first) = pools.next() else { return };
        let (count, others) = (1 + table::u8(pools.len()), table::u16(part.further.len()));
        part.mounts.push(Mount { persistence, pools: count, others, ..first });
        part.further.extend(pools.map(|pool| Mount { persistence, pools: count, ..pool }));
    }

    /// The pools of a store, with the head in front of each.
    fn pools_of(&self, store: Store, at: (usize, u32)) -> Vec<Mount> {
        let alone = |head, disks| Mount {
            head,
            disks,
            persistence: Persistence::Hard,
            memory: None,
            away: None,
            pools: 1,
            others: 0,
        };
        match store {
            Store::Volume { nas, volume } => {
                let (name, spec) = &self.draft.scenario.nas[nas];
                let pools = self.draft.links.nas[nas].volumes[volume].iter().enumerate();
                let mount = |(place, pool): (usize, &usize)| {
                    let (pool, spec_of_pool) = &spec.pools[*pool];
                    let disks = self.id(&format!("{name}.{}", pool.text));
                    let owner = spec_of_pool.head.value - 1;
                    let head = self.id(&part::head_name(self.draft, nas, owner));
                    let before = |number| memory::before_volume(self, nas, number, volume, place);
                    let away = (spec.heads.value > 1).then(|| before(1 - owner)).flatten();
                    let away = away.map(|(memory, _)| memory);
                    Mount { memory: before(owner), away, ..alone(Some(head), disks) }
                };
                pools.map(mount).collect()
            }
            Store::Disks { server, set } => {
                let set = &self.draft.scenario.server[server].1.disks[set].0;
                let server = self.server_of(at).expect("every zone of a sound draft is placed");
                let disks = self.id(&format!("{}.{set}", self.server_name(server)));
                vec![Mount {
                    memory: memory::before_disks(self, server, set),
                    ..alone(None, disks)
                }]
            }
        }
    }

    fn disks(&mut self, id: ComponentId, spec: &DiskSetSpec) -> Config {
        let mirrored = spec.layout.value == Layout::Mirror;
        let disks = if spec.layout.value == Layout::RaidDp {
            spec.data.value
        } else {
            spec.data.value + spec.parity.value
        };
        let law = spec.time.as_ref().map(|law| law_of(law)).unwrap_or_else(|| {
            let mean = 1.0 / spec.kind.value.operations_per_s();
            Law::exponential(mean).expect("disks have a rate")
        });
        let first = self.unit(id, 0);
        for local in 1..disks {
            self.unit(id, local);
        }
        Config::Disks(DisksConfig {
            disks,
            copies: if mirrored { 2 } else { 1 },
            time: law.sampler(),
            unit: first,
        })
    }

    fn station(&mut self, id: ComponentId, index: usize) -> Config {
        let spec = &self.draft.scenario.station[index].1;
        let unit = self.unit(id, 0);
        let discipline = match spec.discipline.value {
            DisciplineWord::Fifo => Discipline::Fifo,
            DisciplineWord::Ps => Discipline::Ps,
            DisciplineWord::Priority => Discipline::Priority,
            DisciplineWord::PriorityPreemptive => Discipline::PriorityPreemptive,
        };
        let ranked = matches!(discipline, Discipline::Priority | Discipline::PriorityPreemptive);
        let name = &self.draft.scenario.station[index].0;
        Config::Station(StationConfig {
            servers: spec.servers.value,
            discipline,
            limit: spec.limit.as_ref().map(|limit| limit.value),
            patience: Vec::new(),
            ranks: if ranked { 64 } else { 1 },
            detailed: self.draft.wants_detail(name),
            unit,
        })
    }

    fn cpu(&mut self, id: ComponentId, server: ServerId) -> Config {
        let spec = &self.draft.scenario.server[server.group].1;
        let limits = |(_, zone, _): &(String, usize, u32)| {
            let cpu = &self.draft.scenario.zone[*zone].1.cpu;
            let cores = |value: &Option<crate::scenario::value::Spanned<f64>>| {
                value.as_ref().and_then(|cores| Cores::new(cores.value))
            };
            ZoneLimits {
                shares: cpu.shares.value,
                baseline: cores(&cpu.baseline),
                cap: cores(&cpu.cap),
                burst: match cpu.burst.as_ref().map(|burst| burst.value) {
                    Some(Burst::For(time)) => cpu_share::Burst::Timer(time),
                    _ => cpu_share::Burst::Unlimited,
                },
                vcpus: None,
            }
        };
        let zones = self.zones_on(server).iter().map(limits).collect();
        Config::Cpu(CpuConfig { cores: spec.cores.value, zones, unit: self.unit(id, 0) })
    }

    fn part(&mut self, name: &str, wanted: Wanted) -> Part {
        let id = self.id(name);
        let mut part = Part {
            name: name.to_string(),
            config: Config::Service(ServiceConfig::default()),
            place: None,
            mounts: Vec::new(),
            further: Vec::new(),
            warm_up: None,
            cold: None,
            balancer: None,
            database: None,
        };
        let scenario = &self.draft.scenario;
        match wanted {
            Wanted::Station(index) => part.config = self.station(id, index),
            Wanted::Server(server) => part.config = self.cpu(id, server),
            Wanted::LocalDisks(server, set) => {
                let spec = scenario.server[server.group].1.disks[set].1.clone();
                part.config = self.disks(id, &spec);
            }
            Wanted::Pool(nas, pool) => {
                let spec = scenario.nas[nas].1.pools[pool].1.clone();
                part.config = self.disks(id, &spec);
            }
            Wanted::Head(nas) => {
                let spec = &scenario.nas[nas].1;
                let law = law_of(&spec.cpu);
                // A plain duration is the mean of an exponential law: operations differ.
                let law = if law.is_constant() { law.exponential_of_same_mean() } else { law };
                part.config = Config::Head(HeadConfig {
                    time: law.sampler(),
                    grace: spec.grace.as_ref().map_or(SimDuration::ZERO, |grace| grace.value),
                    opens: spec.opens.as_ref().map_or(0.0, |share| share.value.get()),
                    unit: self.unit(id, 0),
                });
            }
            Wanted::Service(index, member) => {
                let spec = &scenario.service[index].1;
                let workers = match spec.workers.value {
                    Workers::Unlimited => None,
                    Workers::Count(count) => Some(count),
                };
                let backlog = spec.backlog.as_ref().map(|backlog| backlog.value);
                let detailed = self.draft.wants_detail(&scenario.service[index].0);
                part.config = Config::Service(ServiceConfig {
                    workers,
                    backlog,
                    callers_wait: false,
                    detailed,
                });
                let links = &self.draft.links.services[index];
                if let Some(at) = links.zone.map(|zone| (zone, member)) {
                    part.place = self.place(at);
                    let user = part::Part::Service { service: index, member };
                    for ((_, mount), stores) in spec.mounts.iter().zip(&links.mounts) {
                        if let Some(store) = store_at(self.draft, stores, user) {
                            self.mount(&mut part, store, at, mount.soft);
                        }
                    }
                }
                part.warm_up = spec.warm_up.as_ref().map(|w| (w.for_.value, w.speed.value));
            }
            Wanted::Link(index) => part.config = network::link(self, index),
            Wanted::Uplink(group, number) => part.config = network::uplink(self, group, number),
            Wanted::BalancerUnit(index, member) => balancer::unit(self, index, member, &mut part),
            Wanted::Appliance(index) => part.config = balancer::appliance(self, id, index),
            Wanted::Beliefs(index) => part.config = balancer::beliefs(self, id, index),
            Wanted::DatabaseGroup(index) => part.config = database::group(self, index),
            Wanted::ServerMemory(id) => part.config = memory::of_server(self, id),
            Wanted::HeadMemory(nas, number) => part.config = memory::of_head(self, nas, number),
            Wanted::Cdn(index) => part.config = front::cdn(self, id, index),
            Wanted::Edge(index, number) => part.config = front::edge(self, index, number),
            Wanted::Own(kind, index, number) => {
                let planned = kind.planned().expect("who has asked for it answers for itself");
                planned.make(self, index, number, id, &mut part);
            }
            Wanted::Network => part.config = network::links(self, id),
            Wanted::Database(index, member) => {
                let spec = &scenario.database[index].1;
                part.config = Config::Service(ServiceConfig {
                    workers: Some(spec.connections.value),
                    backlog: None,
                    callers_wait: true,
                    detailed: self.draft.wants_detail(&scenario.database[index].0),
                });
                part.cold = spec.cold.as_ref().map(|cold| Cold {
                    factor: cold.miss_factor.value,
                    decays_in: cold.decays_in.value,
                });
                part.database = database::group_of(self, index).map(|group| (group, member));
                let links = self.draft.links.databases[index].members[member as usize];
                if let Some(at) = links.zone {
                    part.place = self.place(at);
                    if let Some(store) = links.store {
                        self.mount(&mut part, store, at, None);
                    }
                }
            }
        }
        part
    }

    fn targets(&mut self, routes: &mut Routes, parts: &[Part]) -> Targets {
        let scenario = &self.draft.scenario;
        let mut targets = Targets::default();
        let add = |routes: &mut Routes, name: &str, members: Vec<ComponentId>, pick: Pick| {
            routes.pools.push(pool(name, members, pick));
            crate::model::ids::PoolId::at(routes.pools.len() - 1)
        };
        for (name, spec) in scenario.station.iter() {
            let ids: Vec<_> =
                (0..spec.count.value).map(|m| self.ids[&member_name(name, m)]).collect();
            let pick = match spec.pick.value {
                PickWord::RoundRobin => Pick::RoundRobin,
                PickWord::Random => {
                    let name =
                        crate::model::route::KeyName { purpose: "pick", owner: name.text.clone() };
                    routes.keys.push(name);
                    Pick::Random(KeyId::at(routes.keys.len() - 1))
                }
            };
            let members =
                ids.iter().map(|id| add(routes, name, vec![*id], Pick::RoundRobin)).collect();
            let group = add(routes, name, ids, pick);
            let name = name.text.clone();
            targets.stations.push(StationPlan { name, pool: group, members });
        }
        for (index, (name, spec)) in scenario.service.iter().enumerate() {
            let count = self.draft.links.services[index].members;
            let ids: Vec<_> = (0..count).map(|m| self.ids[&member_name(name, m)]).collect();
            let pools = |place: usize| {
                let volumes = ids.iter().filter_map(|id| parts[id.index()].mounts.get(place));
                volumes.map(|volume| volume.pools).max().unwrap_or(1)
            };
            let names = spec.mounts.iter().enumerate();
            let mounts =
                names.map(|(place, (name, _))| (name.text.clone(), pools(place))).collect();
            let group = add(routes, name, ids, Pick::RoundRobin);
            let name = name.text.clone();
            targets.services.push(ServicePlan { name, pool: group, mounts });
        }
        for (index, (name, spec)) in scenario.database.iter().enumerate() {
            let members = self.draft.links.databases[index].members.len();
            let ids: Vec<_> =
                (0..table::u32(members)).map(|m| self.ids[&member_name(name, m)]).collect();
            let Some(master) = ids.first().copied() else {
                targets.databases.push(None);
                continue;
            };
            let reads = match spec.reads.as_ref().map(|reads| reads.to.value) {
                Some(ReadsTo::Slaves) if ids.len() > 1 => ids[1..].to_vec(),
                _ => vec![master],
            };
            let reads = add(routes, name, reads, Pick::RoundRobin);
            let writes = add(routes, name, vec![master], Pick::RoundRobin);
            let io = spec.read.io.as_ref();
            let apply_io = spec.replication.as_ref().and_then(|how| how.apply_io.as_ref());
            targets.databases.push(Some(DatabasePlan {
                name: name.text.clone(),
                reads,
                writes,
                group: database::group_of(self, index),
                by_slaves: spec.reads.as_ref().is_some_and(|r| r.to.value == ReadsTo::Slaves),
                through: balancer::farm_of(self.draft, index),
                apply_io: apply_io.map(|count| count.value),
                read: OneQuery {
                    cpu: law_of(&spec.read.cpu),
                    chance: io.map_or(0.0, |io| io.chance.value.get()),
                    waited: io.map_or(0.0, |io| io.mean.value),
                    deferred: 0.0,
                    write: false,
                    cold: spec.cold.is_some(),
                },
                write: OneQuery {
                    cpu: law_of(&spec.write.cpu),
                    chance: 1.0,
                    waited: spec.write.sync_io.value,
                    deferred: spec.write.deferred_io.value,
                    write: true,
                    cold: false,
                },
                head: ids.iter().any(|id| {
                    parts[id.index()].mounts.first().is_some_and(|mount| mount.head.is_some())
                }),
                pools: ids
                    .iter()
                    .filter_map(|id| Some(parts[id.index()].mounts.first()?.pools))
                    .max()
                    .unwrap_or(1),
            }));
        }
        for (name, spec) in scenario.cache.iter() {
            let pool = add(routes, name, vec![self.ids[&name.text]], Pick::RoundRobin);
            let objects = self.ids[&content_name(name)];
            let (name, cpu) = (name.text.clone(), law_of(&spec.cpu));
            targets.caches.push(CachePlan { name, pool, objects, cpu });
        }
        targets.balancers =
            (0..scenario.balancer.len()).map(|index| balancer::plan(self, index)).collect();
        front::plan(self, &mut targets);
        targets
    }

    fn build(mut self, folder: &std::path::Path) -> Blueprint {
        let wanted: Vec<(String, Wanted)> =
            self.wanted.iter().map(|(name, wanted)| (name.clone(), *wanted)).collect();
        let mut parts: Vec<Part> =
            wanted.iter().map(|(name, wanted)| self.part(name, *wanted)).collect();
        let mut routes = Routes::default();
        let targets = self.targets(&mut routes, &parts);
        let draft = self.draft;
        let scenario = &draft.scenario;
        let mut compiler = Compiler::new(draft, (routes, &self.ids), &targets, self.out);
        for (class, (name, spec)) in scenario.request.iter().enumerate() {
            compiler.class(name, spec, draft.links.enters[class], &draft.routes[class]);
        }
        for (class, (_, spec)) in scenario.request.iter().enumerate() {
            if let (Some(then), Some(next)) = (&spec.then, draft.links.thens[class]) {
                compiler.then(class, ClassId::at(next), &law_of(&then.count));
            }
        }
        let patience = patience(draft, &mut compiler);
        for (name, wanted) in &wanted {
            if let Wanted::Station(index) = wanted
                && let Config::Station(config) = &mut parts[self.ids[name].index()].config
            {
                config.patience.clone_from(&patience[*index]);
            }
        }
        network::finish(draft, &mut compiler, &mut self.units, &mut parts);
        balancer::finish(draft, &mut compiler, &mut parts);
        front::finish(&mut compiler, &mut parts);
        kind::all().for_each(|planned| planned.finish(draft, &mut compiler, &mut parts));
        database::finish(draft, &mut compiler, &mut parts);
        let clients = clients(draft, &mut compiler);
        let operations = operations(draft, &self.ids, &mut compiler);
        let routes = compiler.routes;
        let workloads = workloads(draft, folder, self.out);
        let health = if self.to_run {
            faults::plan(draft, &self.ids, self.out)
        } else {
            faults::check(draft, self.out)
        };
        let zones = self.zone_meters();
        let network = network::ways(&self, &wanted);
        let resizes = resize::resizes(&self, &wanted);
        let hearers = hearers_of(&parts);
        let blueprint = Blueprint {
            seed: Seed(scenario.run.seed.value),
            routes,
            parts,
            zones,
            units: self.units,
            workloads,
            clients,
            operations,
            resizes,
            causes: faults::causes(draft),
            health,
            network,
            hearers,
        };
        crate::plan::bounds::events(&blueprint, scenario.span, self.out);
        blueprint
    }

    fn zone_meters(&self) -> Vec<ZoneMeter> {
        let mut meters = Vec::new();
        for (zone, members) in self.draft.placed.zones.iter().enumerate() {
            let (name, spec) = &self.draft.scenario.zone[zone];
            for (member, server) in members.iter().enumerate() {
                let at = (zone, table::u32(member));
                let Some(place) = self.place(at) else { continue };
                let cores = f64::from(self.draft.scenario.server[server.group].1.cores.value);
                let cap = spec.cpu.cap.as_ref().map_or(cores, |cap| cap.value.min(cores));
                let cap = Cores::new(cap).unwrap_or(Cores::ZERO);
                meters.push(ZoneMeter { name: member_name(name, at.1), place, cap });
            }
        }
        meters
    }
}

/// By station: how long customers wait in line there, by the operation that brings them. The owner
/// of the draw is the station and the step, so that requests of two classes with the same ordinal
/// draw each their own.
fn patience(draft: &Draft, compiler: &mut Compiler<'_>) -> Vec<Vec<(u32, DemandId)>> {
    let visits = std::mem::take(&mut compiler.visits);
    let mut all = Vec::new();
    for (index, (name, spec)) in draft.scenario.station.iter().enumerate() {
        let mut demands = Vec::new();
        if let Some(law) = &spec.patience {
            let law = law_of(law);
            for (_, op, step) in visits.iter().filter(|(station, ..)| *station == index) {
                let owner = format!("{name}/{step}");
                demands.push((*op, compiler.demand("patience", &owner, &law)));
            }
        }
        all.push(demands);
    }
    all
}

fn clients(draft: &Draft, compiler: &mut Compiler<'_>) -> Vec<Clients> {
    let mut all = Vec::new();
    for (name, spec) in draft.scenario.clients.iter() {
        let mut demand = |purpose: &'static str, law: &Law| compiler.demand(purpose, name, law);
        let round_trip = spec.round_trip.as_ref().map(|law| demand("round-trip", &law_of(law)));
        let patience = spec.patience.as_ref().map(|law| demand("patience", &law_of(law)));
        let retry = spec.retry.as_ref().map(|retry| Retry {
            chance: retry.chance.value.get(),
            after: compiler.demand("retry-after", name, &law_of(&retry.after)),
            key: compiler.key("retry", name),
            at_most: u8::try_from(retry.at_most.value).expect("the form bounds it"),
        });
        let session = spec.session.as_ref().map(|session| Session {
            mean_pages: law_of(&session.pages).mean(),
            key: compiler.key("session", name),
            think: compiler.demand("think", name, &law_of(&session.think)),
        });
        all.push(Clients {
            name: name.text.clone(),
            round_trip,
            connections: spec.connections.value,
            time_out: spec.time_out.as_ref().map(|time| time.value),
            patience,
            retry,
            session,
        });
    }
    all
}

fn operations(
    draft: &Draft,
    ids: &BTreeMap<String, ComponentId>,
    compiler: &mut Compiler<'_>,
) -> Vec<Operation> {
    let start = week_start(draft);
    let mut all = Vec::new();
    for (name, spec) in draft.scenario.operation.iter() {
        for (part, rate) in spec.load.iter() {
            for disks in disks_of(draft, ids, &part.text) {
                let owner = format!("{name}.{}", part.text);
                let key = compiler.key("operation-gap", &owner);
                compiler.disk_keys(&owner);
                let every = spec
                    .every
                    .as_ref()
                    .map_or(SimDuration::YEAR.saturating_mul(100), |e| e.period());
                let first =
                    spec.at.as_ref().map_or(SimDuration::ZERO, |at| at.value.after_zero(start));
                all.push(Operation {
                    name: name.text.clone(),
                    disks,
                    rate: rate.value,
                    key,
                    every,
                    first: SimTime::ZERO + first,
                    lasts: spec.lasts.as_ref().map_or(every, |lasts| lasts.value),
                });
            }
        }
    }
    all
}

/// The disk sets that `nas.store.main` or `server.twin.local` stands for.
fn disks_of(draft: &Draft, ids: &BTreeMap<String, ComponentId>, text: &str) -> Vec<ComponentId> {
    let text = match text.split_once('.') {
        Some(("nas" | "server", rest)) => rest,
        _ => text,
    };
    if let Some(id) = ids.get(text) {
        return vec![*id];
    }
    let Some((owner, set)) = text.split_once('.') else { return Vec::new() };
    match draft.names.find(owner) {
        Some(Found { kind: Kind::Server, index, member: None }) => {
            let (name, spec) = &draft.scenario.server[index];
            let member = |m| ids.get(&format!("{}.{set}", member_name(name, m))).copied();
            (0..spec.count.value).filter_map(member).collect()
        }
        _ => Vec::new(),
    }
}

fn workloads(draft: &Draft, folder: &std::path::Path, out: &mut Diagnostics) -> Vec<Workload> {
    let scenario = &draft.scenario;
    let mut all = Vec::new();
    for ((name, spec), class) in scenario.workload.iter().zip(&draft.links.classes) {
        let Some(class) = class.map(ClassId::at) else { continue };
        let clients = spec
            .from
            .as_ref()
            .and_then(|from| scenario.clients.iter().position(|(name, _)| name.text == from.text));
        let objective = scenario.objective.get(&spec.request.value.text);
        let lost_after = objective.and_then(|o| o.lost_after.as_ref()).map(|limit| limit.value);
        let mut log = None;
        let arrivals = match (&spec.trace, &spec.users) {
            (Some(trace), _) => {
                let read = traffic::recorded(trace, spec, folder, out);
                read.map(|(playback, found)| {
                    log = found;
                    Arrivals::Recorded(playback)
                })
            }
            (None, Some(users)) => traffic::closed(users, spec, out).map(Arrivals::Closed),
            (None, None) => traffic(draft, name, spec, out).map(Arrivals::Described),
        };
        let Some(arrivals) = arrivals else { continue };
        let first_ordinal = Workload::first_ordinal(&name.text);
        let name = name.text.clone();
        all.push(Workload { name, first_ordinal, class, clients, arrivals, lost_after, log });
    }
    all
}

/// The traffic of a workload with a rate; everything wrong goes to `out`.
pub fn traffic(
    draft: &Draft,
    name: &crate::scenario::names::Name,
    spec: &crate::model::spec::traffic::WorkloadSpec,
    out: &mut Diagnostics,
) -> Option<Traffic> {
    let arrivals = &spec.arrivals.value;
    let wrong = |span: Span, message: String, out: &mut Diagnostics| {
        out.push(Diagnostic::new(Code::BadLaw, span, message));
    };
    let process = match arrivals.process.value {
        ProcessWord::Poisson => Process::Poisson,
        ProcessWord::Regular => Process::Regular,
        ProcessWord::Renewal => Process::Renewal(law_of(arrivals.gaps.as_ref()?)),
        ProcessWord::Mmpp => {
            let factors = &arrivals.factors.as_ref()?.value;
            let sojourns = &arrivals.sojourns.as_ref()?.value;
            if factors.len() != sojourns.len() {
                return None;
            }
            match Modulation::new(factors, sojourns, Succession::Cyclic) {
                Ok(modulation) => Process::Modulated(modulation),
                Err(error) => {
                    wrong(arrivals.span, error.to_string(), out);
                    return None;
                }
            }
        }
    };
    let rate = spec.rate.as_ref()?;
    let traffic = match Traffic::new(rate.value, process) {
        Ok(traffic) => traffic,
        Err(error) => {
            wrong(rate.span, format!("workload `{name}`: {error}"), out);
            return None;
        }
    };
    let start = week_start(draft);
    let start = WeekTime::new(start.weekday, start.time).expect("the reader keeps to one week");
    let traffic = match &spec.profile {
        Some(profile) => {
            let shape = draft.scenario.profile.get(&profile.text)?;
            match shape_of(shape) {
                Ok(shape) => traffic.with_profile(shape, start),
                Err(message) => {
                    wrong(profile.span, message, out);
                    return None;
                }
            }
        }
        None => traffic,
    };
    let traffic = traffic.with_surges(traffic::surges(spec, week_start(draft), out)?);
    match &spec.noise {
        Some(noise) => match Noise::new(noise.sigma.value, noise.phi.value) {
            Ok(noise) => Some(traffic.with_noise(noise)),
            Err(error) => {
                wrong(noise.span, error.to_string(), out);
                None
            }
        },
        None => Some(traffic),
    }
}

fn shape_of(spec: &crate::model::spec::traffic::ProfileSpec) -> Result<Profile, String> {
    if let Some(sine) = &spec.sine {
        return Profile::sine(sine.amplitude.value, sine.peak.value.0)
            .map_err(|error| error.to_string());
    }
    let list = |values: &Option<crate::scenario::value::Spanned<Vec<f64>>>, count: usize| {
        values.as_ref().map_or(vec![1.0; count], |values| values.value.clone())
    };
    let (hours, days) = (list(&spec.hours, 24), list(&spec.days, 7));
    let hours: [f64; 24] = hours.try_into().map_err(|_| "`hours` needs 24 factors".to_string())?;
    let days: [f64; 7] = days.try_into().map_err(|_| "`days` needs 7 factors".to_string())?;
    Profile::weekly(&hours, &days).map_err(|error| error.to_string())
}
