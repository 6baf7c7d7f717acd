//! Where the requests of a class go, compiled once: a tree of forks whose branches are parts.
//!
//! Takes a draft. Gives for each class how a request spreads over members at every fork (evenly over
//! those that a balancer believes in, to whoever has the address, to the master, over the links that
//! work), what a visit costs each resource behind that branch, and what it asks for next. Which way a
//! fork leads at an instant is decided by [`Standing`], in `state.rs`.
//!
//! Assumes what [`crate::plan::load`] assumes, and a test holds the two to each other: members share
//! evenly, a volume over several pools is spread evenly, no hit that is not in the file.
//!
//! [`Standing`]: super::state::Standing

use std::collections::BTreeMap;

use crate::convert::table;
use crate::engine::law::Form;
use crate::kinds::database::spec::{Promotion, ReadsTo};
use crate::kinds::name_service::plan::part_of as name_service;
use crate::kinds::name_service::spec::NamePolicy;
use crate::kinds::service::spec::Workers;
use crate::plan::Draft;
use crate::plan::graph::{server_of, store_at};
use crate::plan::links::{Entrance, Role, Store};
use crate::plan::load::{self, Resource, mean};
use crate::plan::part::Part;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Call, Does, Query, Step};
use crate::units::SimDuration;

/// How a fork leads on.
#[derive(Clone, Debug, PartialEq)]
pub enum Split {
    /// Each branch has its share whether it answers or not: nobody looks.
    Blind,
    /// Evenly over those that answer.
    Even,
    /// To the first that answers.
    First,
    /// Over those whom a balancer believes in (its number), dead ones among them.
    Believed(usize),
    /// To the unit that has the address of a balancer.
    Address(usize),
    /// Over the units of a balancer that answer, by the addresses that they have (so many in all).
    Peers(u32),
    /// To the master of a database.
    Master(usize),
    /// Over the slaves of a database that answer; without any to the master.
    Readers(usize),
    /// To each slave of a database that answers.
    Followers(usize),
    /// To the head that serves the volumes of another, of a file server.
    Volumes {
        /// The file server.
        nas: usize,
        /// The head that owns them.
        owner: u32,
    },
}

/// A way on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Onward {
    /// To which fork.
    pub node: u32,
    /// How often for one visit, in the mean.
    pub count: f64,
    /// Whether the request fails or waits with it.
    pub waits: bool,
    /// The number is Poisson, not a whole number and a chance of one more.
    pub poisson: bool,
    /// What an edge fetches, while all that it holds is fresh.
    pub edge: Option<Hits>,
}

/// What the edges of a CDN answer themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hits {
    /// The CDN, by number.
    pub cdn: u32,
    /// The share of look-ups that find their object, while all is fresh.
    pub ratio: f64,
    /// The fork behind all tiers.
    pub origin: u32,
}

/// A branch of a fork.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// It answers while of each of these sets one does.
    pub open: Vec<Vec<u32>>,
    /// Work of a visit, by resource.
    pub work: Vec<(u32, f64)>,
    /// Seconds of that work that cost a visit no time: done by other threads of the same demand.
    pub aside: f64,
    /// What is asked for behind it.
    pub then: Vec<Onward>,
}

/// A fork.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// How it leads on.
    pub split: Split,
    /// Where.
    pub branches: Vec<Branch>,
}

/// Something with a capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceOf {
    /// Whose.
    pub part: Part,
    /// What of it.
    pub resource: Resource,
    /// As in figures: `www-1.cpu`, `store.main`.
    pub name: String,
    /// Work that can be done each second.
    pub capacity: f64,
    /// How long a request waits for one piece of work with nothing in its way, in seconds: none at a
    /// server's processor, which is counted with the zone's, and on a link, over which a reply leaves
    /// when who sent it is free again.
    pub seconds: f64,
}

impl ResourceOf {
    /// Whether a request holds a worker while it waits there: not before it has come in, nor when its reply
    /// has left.
    #[must_use]
    pub const fn holds_a_worker(&self) -> bool {
        !matches!(self.resource, Resource::Uplink) && !matches!(self.part, Part::Balancer { .. })
    }
}

/// What deep probes cost, whatever the traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeWork {
    /// While this unit answers,
    pub unit: u32,
    /// and this member,
    pub member: u32,
    /// so much work a second, by resource.
    pub work: Vec<(u32, f64)>,
}

/// All forks of a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Parts that branches name.
    pub parts: Vec<Part>,
    /// In the order of parts.
    pub resources: Vec<ResourceOf>,
    /// Forks.
    pub nodes: Vec<Node>,
    /// By class of the draft: its first fork.
    pub roots: Vec<u32>,
    /// Work of probes.
    pub probes: Vec<ProbeWork>,
    /// Members of services by which everybody can be held up: service, its part, workers, backlog.
    pub rooms: Vec<Room>,
    /// By CDN: how long what its edges hold serves while nobody renews it.
    pub lives: Vec<SimDuration>,
    /// Where the master of a database takes writes: its number, and the fork.
    pub commits: Vec<(u32, u32)>,
}

/// Room for requests in a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// The service.
    pub service: usize,
    /// Workers of all members.
    pub workers: f64,
    /// Places in line of all members.
    pub backlog: f64,
}

impl Network {
    /// Compiles a draft.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let (parts, resources) = (BTreeMap::new(), BTreeMap::new());
        let (net, made) = (Self::default(), BTreeMap::new());
        let mut builder = Builder { draft, net, parts, resources, made };
        let classes = draft.scenario.request.len();
        // Every class has a root before any is filled: classes follow each other.
        for _ in 0..classes {
            let root = builder.node(Split::Blind, vec![Branch::default()]);
            builder.net.roots.push(root);
        }
        for class in 0..classes {
            builder.class(class);
        }
        builder.probes();
        let lives = draft.scenario.cdn.iter();
        let lives = lives.map(|(_, spec)| spec.life.value);
        builder.net.lives = lives.collect();
        for (service, (_, spec)) in draft.scenario.service.iter().enumerate() {
            let members = f64::from(draft.links.services[service].members);
            let workers = match spec.workers.value {
                Workers::Unlimited => f64::INFINITY,
                Workers::Count(count) => f64::from(count) * members,
            };
            let backlog = spec.backlog.as_ref().map_or(f64::INFINITY, |b| f64::from(b.value));
            builder.net.rooms.push(Room { service, workers, backlog: backlog * members });
        }
        builder.sorted()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    Head { nas: usize, pool: usize },
    Reads(usize),
    Writes(usize),
    Units(usize),
    Uplinks(usize),
}

/// A network as it is made.
pub struct Builder<'d> {
    draft: &'d Draft,
    net: Network,
    parts: BTreeMap<Part, u32>,
    resources: BTreeMap<(Part, Resource), u32>,
    made: BTreeMap<Made, u32>,
}

const fn once(node: u32) -> Onward {
    times(node, 1.0)
}

/// On to `node`, so many times.
pub(crate) const fn times(node: u32, count: f64) -> Onward {
    Onward { node, count, waits: true, poisson: false, edge: None }
}

impl<'d> Builder<'d> {
    /// The scenario.
    pub(crate) const fn draft(&self) -> &'d Draft {
        self.draft
    }

    /// Where requests of a class begin.
    pub(crate) fn root(&self, class: usize) -> u32 {
        self.net.roots[class]
    }

    /// Adds a node; gives its number.
    pub(crate) fn node(&mut self, split: Split, branches: Vec<Branch>) -> u32 {
        self.net.nodes.push(Node { split, branches });
        table::u32(self.net.nodes.len()) - 1
    }

    fn part(&mut self, part: Part) -> u32 {
        let next = table::u32(self.net.parts.len());
        let found = *self.parts.entry(part).or_insert(next);
        if found == next {
            self.net.parts.push(part);
        }
        found
    }

    /// A way that is open while `part` is up.
    pub(crate) fn branch(&mut self, part: Part) -> Branch {
        Branch { open: vec![vec![self.part(part)]], ..Branch::default() }
    }

    fn resource(&mut self, part: Part, resource: Resource) -> Option<u32> {
        if let Some(at) = self.resources.get(&(part, resource)) {
            return Some(*at);
        }
        let capacity = load::capacity(self.draft, part, resource)?;
        let name = load::resource_name(self.draft, part, resource);
        let scenario = &self.draft.scenario;
        let seconds = match (part, resource) {
            (Part::Zone { .. } | Part::Balancer { .. }, Resource::Cpu)
            | (_, Resource::Head | Resource::Servers) => 1.0,
            (Part::Disks { server, set }, _) => {
                1.0 / load::each_per_s(&scenario.server[server.group].1.disks[set].1)
            }
            (Part::Pool { nas, pool }, _) => {
                1.0 / load::each_per_s(&scenario.nas[nas].1.pools[pool].1)
            }
            _ => 0.0,
        };
        let at = table::u32(self.net.resources.len());
        self.net.resources.push(ResourceOf { part, resource, name, capacity, seconds });
        self.resources.insert((part, resource), at);
        Some(at)
    }

    fn add(&mut self, branch: &mut Branch, (part, resource): (Part, Resource), work: f64) {
        let Some(at) = self.resource(part, resource).filter(|_| work > 0.0) else { return };
        match branch.work.iter_mut().find(|(other, _)| *other == at) {
            Some((_, sum)) => *sum += work,
            None => branch.work.push((at, work)),
        }
    }

    /// Processor time in the zone of `user`, and on the server below it.
    /// Adds work on the processor of what `user` runs in.
    pub(crate) fn cpu(&mut self, branch: &mut Branch, user: Part, cores: f64) {
        let Some(zone) = user.stands_on(self.draft) else { return };
        self.add(branch, (zone, Resource::Cpu), cores);
        if let Some(server) = zone.stands_on(self.draft) {
            self.add(branch, (server, Resource::Cpu), cores);
        }
    }

    fn class(&mut self, class: usize) {
        let draft = self.draft;
        let outside = draft
            .scenario
            .workload
            .iter()
            .zip(&draft.links.classes)
            .any(|((_, workload), issued)| workload.from.is_some() && *issued == Some(class));
        let after = draft.links.thens.contains(&Some(class));
        let steps = &draft.routes[class].steps;
        let mut then = Vec::new();
        match draft.links.enters[class] {
            Some(enter) => then.extend(self.entrance(enter, class, outside || after)),
            None => self.steps(class, steps, None, &mut Branch::default(), &mut then),
        }
        let spec = &draft.scenario.request[class].1;
        if let (Some(next), Some(law)) = (draft.links.thens[class], &spec.then) {
            let count = law.value.count.law();
            let poisson = matches!(count.form(), Form::Poisson(_));
            let node = self.net.roots[next];
            then.push(Onward { poisson, ..times(node, count.mean()) });
        }
        let root = self.net.roots[class] as usize;
        self.net.nodes[root].branches[0].then = then;
    }

    /// Into an entrance, and through the steps of `class` behind it.
    fn entrance(&mut self, entrance: Entrance, class: usize, outside: bool) -> Vec<Onward> {
        let draft = self.draft;
        match entrance {
            Entrance::Service(service, member) => {
                let all = draft.links.services[service].members;
                let members: Vec<u32> = member.map_or((0..all).collect(), |one| vec![one]);
                let targets = members.into_iter().map(|member| (service, member)).collect();
                vec![once(self.members(class, None, targets, Split::Blind, outside))]
            }
            Entrance::Balancer(balancer) => {
                let targets = draft.links.balancers[balancer].targets.clone();
                let units = self.units(balancer, outside.then_some(class));
                let split = Split::Believed(balancer);
                vec![once(units), once(self.members(class, None, targets, split, false))]
            }
            Entrance::NameService(at) => {
                let to = draft.links.name_services[at].clone();
                let spec = &draft.scenario.name_service[at].1;
                let split = match (spec.check.is_some(), spec.policy.value) {
                    (_, NamePolicy::Failover) => Split::First,
                    (true, _) => Split::Even,
                    (false, _) => Split::Blind,
                };
                let mut branches = Vec::new();
                for entrance in to {
                    let open = self.front_of(entrance);
                    let then = self.entrance(entrance, class, outside);
                    branches.push(Branch { open, then, ..Branch::default() });
                }
                let own = self.branch(name_service(at));
                let own = self.node(Split::Blind, vec![own]);
                vec![once(own), once(self.node(split, branches))]
            }
            Entrance::Cdn(cdn) => {
                let count = draft.scenario.cdn[cdn].1.count.value;
                let edges = (0..count).map(|member| self.branch(Part::Edge { cdn, member }));
                let edges = edges.collect();
                let mut all = vec![once(self.node(Split::Even, edges))];
                let Some(to) = draft.links.origin_of(cdn) else { return all };
                let behind = self.entrance(to, class, outside);
                let origin = self.behind(behind);
                let fetched = |cdn: usize, node: u32| {
                    let ratio = draft.hits.at_edge(cdn, class);
                    let edge = Hits { cdn: table::u32(cdn), ratio, origin };
                    Onward { edge: Some(edge), ..times(node, 1.0 - ratio) }
                };
                // Edges go round dead shields: nothing else of them is in the way.
                let behind = match draft.links.shield_of(cdn) {
                    Some(shield) => self.behind(vec![fetched(shield, origin)]),
                    None => origin,
                };
                all.push(fetched(cdn, behind));
                all
            }
        }
    }

    /// A fork that leads one way.
    fn behind(&mut self, then: Vec<Onward>) -> u32 {
        self.node(Split::Blind, vec![Branch { then, ..Branch::default() }])
    }

    /// By whom an entrance that a name service leads to answers.
    fn front_of(&mut self, entrance: Entrance) -> Vec<Vec<u32>> {
        let draft = self.draft;
        let members: Vec<Part> = match entrance {
            Entrance::Service(service, member) => {
                let all = draft.links.services[service].members;
                let members = member.map_or(0..all, |one| one..one + 1);
                members.map(|member| Part::Service { service, member }).collect()
            }
            Entrance::Balancer(balancer) => {
                let targets = draft.links.balancers[balancer].targets.iter();
                targets.map(|&(service, member)| Part::Service { service, member }).collect()
            }
            Entrance::NameService(_) | Entrance::Cdn(_) => return Vec::new(),
        };
        let mut all = vec![members];
        if let Entrance::Balancer(balancer) = entrance {
            let count = draft.scenario.balancer[balancer].1.count.value;
            all.push((0..count).map(|member| Part::Balancer { balancer, member }).collect());
        }
        all.into_iter().map(|set| set.into_iter().map(|part| self.part(part)).collect()).collect()
    }

    /// Members of services with what the class does there, at the class's own steps or at `steps`.
    fn members(
        &mut self,
        class: usize,
        steps: Option<&[Step]>,
        targets: Vec<(usize, u32)>,
        split: Split,
        outside: bool,
    ) -> u32 {
        let draft = self.draft;
        let steps = steps.unwrap_or(&draft.routes[class].steps);
        let mut branches = Vec::new();
        for (service, member) in targets {
            let part = Part::Service { service, member };
            let mut branch = self.branch(part);
            let mut then = Vec::new();
            if outside {
                then.extend(self.reply(class, part));
            }
            self.steps(class, steps, Some(part), &mut branch, &mut then);
            branch.then = then;
            branches.push(branch);
        }
        self.node(split, branches)
    }

    /// The units of a balancer; the replies of `class` leave from there.
    fn units(&mut self, balancer: usize, class: Option<usize>) -> u32 {
        let key = Made::Units(balancer);
        if let (None, Some(node)) = (class, self.made.get(&key)) {
            return *node;
        }
        let draft = self.draft;
        let spec = &draft.scenario.balancer[balancer].1;
        let pair = spec.failover.is_some() || spec.vrrp.is_some();
        let count = if pair || spec.peers.is_some() { spec.count.value } else { 1 };
        let mut branches = Vec::new();
        for member in 0..count {
            let part = Part::Balancer { balancer, member };
            let mut branch = self.branch(part);
            if let Some(cpu) = &spec.cpu {
                let work = mean(&cpu.value);
                match spec.in_ {
                    Some(_) => self.cpu(&mut branch, part, work),
                    None => self.add(&mut branch, (part, Resource::Cpu), work),
                }
            }
            branch.then = class.and_then(|class| self.reply(class, part)).into_iter().collect();
            branches.push(branch);
        }
        let split = match &spec.peers {
            Some(peers) => Split::Peers(peers.addresses.value),
            None if pair && count == 2 => Split::Address(balancer),
            None => Split::Blind,
        };
        let node = self.node(split, branches);
        if class.is_none() {
            self.made.insert(key, node);
        }
        node
    }

    /// The links by which replies of `class` leave the site of `part`, and users reach it.
    fn reply(&mut self, class: usize, part: Part) -> Option<Onward> {
        let draft = self.draft;
        let Some(Part::Site(site)) = part.domains(draft).last().copied() else { return None };
        let count = draft.scenario.site[site].1.uplinks.as_ref()?.count.value;
        let bytes = draft.scenario.request[class].1.reply.as_ref();
        let bytes = bytes.map_or(0.0, |reply| mean(&reply.value));
        let key = Made::Uplinks(site * draft.scenario.request.len() + class);
        if let Some(node) = self.made.get(&key) {
            return Some(once(*node));
        }
        let mut branches = Vec::new();
        for number in 0..count {
            let link = Part::Uplink { site, number };
            let mut branch = self.branch(link);
            self.add(&mut branch, (link, Resource::Uplink), bytes);
            branches.push(branch);
        }
        let node = self.node(Split::Even, branches);
        self.made.insert(key, node);
        Some(once(node))
    }

    fn steps(
        &mut self,
        class: usize,
        steps: &[Step],
        here: Option<Part>,
        branch: &mut Branch,
        then: &mut Vec<Onward>,
    ) {
        let draft = self.draft;
        let passes = |ask: &dyn Ask| ask.passes(&draft.hits);
        for (step, count) in Visits::new(steps, &passes).take() {
            match &step.does {
                Does::Work(own) => {
                    if let Some(here) = here {
                        let work = load::work_s(draft, class, own) * count;
                        self.cpu(branch, here, work);
                        let cores = load::cores_at_once(draft, here, own.threads.value);
                        branch.aside += work - work / cores;
                    }
                }
                Does::Io(io) => {
                    let Some(user @ Part::Service { service, .. }) = here else { continue };
                    let mount = io.mount_of(service);
                    let stores = mount.map(|at| &draft.links.services[service].mounts[at]);
                    let store = stores.and_then(|stores| store_at(draft, stores, user));
                    let Some(store) = store else { continue };
                    let (reads, writes) = (io.reads * count, io.writes * count);
                    let asked = (io.operations * count - writes).max(0.0);
                    self.io(store, user, [reads, 0.0, asked], io.waits, then);
                    let operations = writes.min(io.operations * count);
                    self.io(store, user, [0.0, writes, operations], false, then);
                }
                Does::Query(query) => self.query(query, count, then),
                Does::Call(call) => self.call(class, call, count, then),
                Does::Visit(visit) => {
                    let all = draft.scenario.station[visit.station].1.count.value;
                    let members = visit.member.map_or(0..all, |one| one..one + 1);
                    let mut branches = Vec::new();
                    for member in members {
                        let part = Part::Station { station: visit.station, member };
                        let mut branch = self.branch(part);
                        let demand = visit.service.mean();
                        self.add(&mut branch, (part, Resource::Servers), demand);
                        branches.push(branch);
                    }
                    let node = self.node(Split::Blind, branches);
                    then.push(times(node, count));
                }
                Does::Ask(ask) => ask.flows(self, count, then),
                Does::Choose(_)
                | Does::Jump(_)
                | Does::Parallel(_)
                | Does::Repeat(_)
                | Does::Delay(_) => {}
            }
        }
    }

    fn query(&mut self, query: &Query, count: f64, then: &mut Vec<Onward>) {
        let of = |count: Option<f64>| count.unwrap_or(0.0);
        let (reads, writes) = (of(query.reads), of(query.writes));
        // All queries of one request are asked or none is: `count` is how often they are.
        let mut queries = Vec::new();
        if reads > 0.0 {
            queries.push(times(self.reads(query.database), reads));
        }
        if writes > 0.0 {
            queries.push(times(self.writes(query.database), writes));
        }
        let queries = Branch { then: queries, ..Branch::default() };
        let queries = self.node(Split::Blind, vec![queries]);
        then.push(times(queries, count));
    }

    fn call(&mut self, class: usize, call: &Call, count: f64, then: &mut Vec<Onward>) {
        let draft = self.draft;
        let steps = call.steps.as_slice();
        match call.to {
            Entrance::Balancer(balancer) => {
                let units = self.units(balancer, None);
                let targets = draft.links.balancers[balancer].targets.clone();
                let split = Split::Believed(balancer);
                let node = self.members(class, Some(steps), targets, split, false);
                then.extend([times(units, count), times(node, count)]);
            }
            Entrance::Service(service, member) => {
                let all = draft.links.services[service].members;
                let members = member.map_or(0..all, |one| one..one + 1);
                let targets = members.map(|member| (service, member)).collect();
                let node = self.members(class, Some(steps), targets, Split::Blind, false);
                then.push(times(node, count));
            }
            // Nobody calls these from inside.
            Entrance::NameService(_) | Entrance::Cdn(_) => {}
        }
    }

    fn database_members(&self, database: usize, roles: &[Role]) -> Vec<u32> {
        let links = &self.draft.links.databases[database];
        roles.iter().flat_map(|role| links.of(*role)).collect()
    }

    /// One read.
    fn reads(&mut self, database: usize) -> u32 {
        if let Some(node) = self.made.get(&Made::Reads(database)) {
            return *node;
        }
        let draft = self.draft;
        let spec = &draft.scenario.database[database].1;
        let query = &spec.read;
        let misses = query.io.as_ref().map_or(0.0, |io| io.chance.value.get() * io.mean.value);
        let sharded = !self.database_members(database, &[Role::Shard]).is_empty();
        let members = if sharded {
            self.database_members(database, &[Role::Shard])
        } else {
            self.database_members(database, &[Role::Master, Role::Slave])
        };
        let mut branches = Vec::new();
        for member in members {
            let part = Part::Database { database, member };
            let mut branch = self.branch(part);
            self.cpu(&mut branch, part, mean(&query.cpu.value));
            let mut then = Vec::new();
            self.data_io(part, [misses, 0.0, misses], true, &mut then);
            branch.then = then;
            branches.push(branch);
        }
        let by_slaves = spec.reads.as_ref().is_some_and(|reads| reads.to.value == ReadsTo::Slaves);
        let split = match (sharded, by_slaves) {
            (true, _) => Split::Blind,
            (_, true) => Split::Readers(database),
            _ => Split::Master(database),
        };
        let mut node = self.node(split, branches);
        let mut before = Vec::new();
        if let Some(balancer) = draft.links.databases[database].through.filter(|_| by_slaves) {
            before.push(once(self.units(balancer, None)));
        }
        before.extend(self.index(database));
        if !before.is_empty() {
            before.push(once(node));
            node = self.node(Split::Blind, vec![Branch { then: before, ..Branch::default() }]);
        }
        self.made.insert(Made::Reads(database), node);
        node
    }

    /// The index in front of the shards of a database.
    fn index(&mut self, database: usize) -> Option<Onward> {
        let member = *self.database_members(database, &[Role::Index]).first()?;
        let look_up = self.draft.scenario.database[database].1.look_up.as_ref()?;
        let part = Part::Database { database, member };
        let mut branch = self.branch(part);
        self.cpu(&mut branch, part, mean(&look_up.value.cpu.value));
        Some(once(self.node(Split::Blind, vec![branch])))
    }

    /// One write, and what the slaves make of it.
    fn writes(&mut self, database: usize) -> u32 {
        if let Some(node) = self.made.get(&Made::Writes(database)) {
            return *node;
        }
        let draft = self.draft;
        let spec = &draft.scenario.database[database].1;
        let query = &spec.write;
        let same = query.sync_io.value + query.deferred_io.value;
        let own = spec.replication.as_ref().and_then(|replication| replication.apply_io.as_ref());
        let applies = own.map_or(same, |own| own.value);
        let sharded = !self.database_members(database, &[Role::Shard]).is_empty();
        let roles: &[Role] = if sharded { &[Role::Shard] } else { &[Role::Master, Role::Slave] };
        let members = self.database_members(database, roles);
        let (mut takes, mut follows) = (Vec::new(), Vec::new());
        for member in members {
            let part = Part::Database { database, member };
            for (operations, into, waits) in
                [(same, &mut takes, true), (applies, &mut follows, false)]
            {
                let mut branch = self.branch(part);
                self.cpu(&mut branch, part, mean(&query.cpu.value));
                let mut then = Vec::new();
                if waits && query.sync_io.value > 0.0 {
                    let sync = query.sync_io.value;
                    self.data_io(part, [0.0, sync, sync], true, &mut then);
                    let later = operations - sync;
                    self.data_io(part, [0.0, later, later], false, &mut then);
                } else {
                    self.data_io(part, [0.0, operations, operations], false, &mut then);
                }
                branch.then = then;
                into.push(branch);
            }
        }
        let several = takes.len() > 1 && !sharded;
        let split = if sharded { Split::Blind } else { Split::Master(database) };
        let master = self.node(split, takes);
        if !sharded {
            self.net.commits.push((table::u32(database), master));
        }
        let mut all: Vec<Onward> = self.index(database).into_iter().collect();
        all.push(once(master));
        if several {
            let slaves = self.node(Split::Followers(database), follows);
            all.push(Onward { waits: false, ..once(slaves) });
        }
        let node = self.node(Split::Blind, vec![Branch { then: all, ..Branch::default() }]);
        self.made.insert(Made::Writes(database), node);
        node
    }

    /// Operations of a member of a database on its data; on those of the first master, where a
    /// promoted slave takes them over.
    fn data_io(&mut self, member: Part, ops: [f64; 3], waits: bool, then: &mut Vec<Onward>) {
        let Part::Database { database, member: at } = member else { return };
        let links = &self.draft.links.databases[database];
        let failover = self.draft.scenario.database[database].1.failover.as_ref();
        let remount = failover.is_some_and(|f| f.promotion.value == Promotion::Remount);
        let of = if remount { links.of(Role::Master).next().unwrap_or(at) } else { at };
        if let Some(store) = links.members.get(of as usize).and_then(|member| member.store) {
            self.io(store, member, ops, waits, then);
        }
    }

    /// Reads, writes and operations of `user` on a store.
    fn io(
        &mut self,
        store: Store,
        user: Part,
        [reads, writes, operations]: [f64; 3],
        waits: bool,
        then: &mut Vec<Onward>,
    ) {
        let draft = self.draft;
        let asks = reads + writes;
        match store {
            Store::Disks { server, set } => {
                let Some(id) = server_of(draft, user) else { return };
                let spec = &draft.scenario.server[server].1.disks[set].1;
                let part = Part::Disks { server: id, set };
                let mut branch = self.branch(part);
                let work = reads + writes * load::cost_of_write(spec);
                self.add(&mut branch, (part, Resource::Disks), work / asks.max(1e-300));
                let node = self.node(Split::Blind, vec![branch]);
                then.push(Onward { waits, ..times(node, asks) });
            }
            Store::Volume { nas, volume } => {
                let pools = &draft.links.nas[nas].volumes[volume];
                let each = 1.0 / pools.len().max(1) as f64;
                for &pool in pools {
                    let set = &draft.scenario.nas[nas].1.pools[pool].1;
                    let part = Part::Pool { nas, pool };
                    let mut branch = self.branch(part);
                    let work = reads + writes * load::cost_of_write(set);
                    self.add(&mut branch, (part, Resource::Disks), work / asks.max(1e-300));
                    let disks = self.node(Split::Blind, vec![branch]);
                    then.push(Onward { waits, ..times(disks, asks * each) });
                    let head = self.head(nas, pool);
                    then.push(Onward { waits, ..times(head, operations * each) });
                }
            }
        }
    }

    /// The head in front of a pool.
    fn head(&mut self, nas: usize, pool: usize) -> u32 {
        let key = Made::Head { nas, pool };
        if let Some(node) = self.made.get(&key) {
            return *node;
        }
        let spec = &self.draft.scenario.nas[nas].1;
        let owner = spec.pools[pool].1.head.value - 1;
        let mut branches = Vec::new();
        for number in 0..spec.heads.value {
            let part = Part::Head { nas, number };
            let mut branch = self.branch(part);
            self.add(&mut branch, (part, Resource::Head), mean(&spec.cpu.value));
            branches.push(branch);
        }
        let node = self.node(Split::Volumes { nas, owner }, branches);
        self.made.insert(key, node);
        node
    }

    /// What the deep probes of every unit of every balancer cost the members.
    fn probes(&mut self) {
        use crate::model::spec::probe::Depth;
        let draft = self.draft;
        for (balancer, (_, spec)) in draft.scenario.balancer.iter().enumerate() {
            let Some(check) = spec.check.as_ref().filter(|c| c.depth.value == Depth::Deep) else {
                continue;
            };
            let Some(cpu) = &check.cpu else { continue };
            let work = mean(&cpu.value) / check.interval.value.seconds();
            for unit in 0..spec.count.value {
                let unit = self.part(Part::Balancer { balancer, member: unit });
                for (service, member) in draft.links.balancers[balancer].targets.clone() {
                    let part = Part::Service { service, member };
                    let mut branch = self.branch(part);
                    self.cpu(&mut branch, part, work);
                    let member = self.part(part);
                    self.net.probes.push(ProbeWork { unit, member, work: branch.work });
                }
            }
        }
    }

    /// Resources in the order of parts, and the numbers of them made right.
    fn sorted(mut self) -> Network {
        let net = &mut self.net;
        let mut order: Vec<usize> = (0..net.resources.len()).collect();
        order.sort_by_key(|at| (net.resources[*at].part, net.resources[*at].resource));
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = table::u32(new);
        }
        let works = net.nodes.iter_mut().flat_map(|node| &mut node.branches);
        let works = works.map(|branch| &mut branch.work);
        for (at, _) in works.chain(net.probes.iter_mut().map(|p| &mut p.work)).flatten() {
            *at = place[*at as usize];
        }
        net.resources = order.iter().map(|at| net.resources[*at].clone()).collect();
        self.net
    }
}
