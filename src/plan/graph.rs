//! The dependency graph: what must be up for a request class to be served.
//!
//! Takes a [`Draft`]; gives a graph of nodes that each are up when their own part is up and enough
//! of the nodes they need are up (all, or k of n). From it follow the structure function
//! ([`Graph::serves`]), cut sets and shared domains.
//!
//! What counts as redundant: members of a service beyond its `needs`; the partner of a balancer, the
//! second head of a file server and the slaves of a database, each only when a `failover` is
//! declared; uplinks and switches beyond one; edges of a CDN; entries of a name service that checks
//! them. Reads that go to slaves are served by any member that is up: the group decides. A promotion
//! by `remount` needs the master's volume. A cache is not needed: a look-up fails over to `else`.
//! All branches of a choice are needed, and the classes that `then` fetches; a volume spread over
//! several pools needs them all.
//!
//! Leaves out: links between sites (who calls whom over them is decided at run time), crews, and
//! time: a failover counts as no loss, however long it takes.
//!
//! Holds: a node is added after all it needs, so the order of indices is a topological order and the
//! graph has no cycle. Source: Barlow & Proschan (1975) on coherent structures.

use std::collections::BTreeMap;

use petgraph::graph::{DiGraph, NodeIndex};

use crate::convert::table;
use crate::kinds::database::spec::{Promotion, ReadsTo};
use crate::kinds::name_service::plan::part_of as name_service;
use crate::plan::Draft;
use crate::plan::links::{Entrance, GroupMember, Role, Store};
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::route::{Does, Step, each};

/// A node: up when its own part, if it has one, and `least` of the nodes it needs are up.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// What can fail by itself.
    pub part: Option<Part>,
    /// How many of the nodes it needs must be up.
    pub least: u32,
    /// How many nodes it needs.
    pub of: u32,
}

impl Node {
    /// Losses among the nodes it needs that it does not survive.
    #[must_use]
    pub const fn deadly(&self) -> u32 {
        (self.of + 1).saturating_sub(self.least)
    }

    /// Whether it survives the loss of one of several.
    #[must_use]
    pub const fn is_redundant(&self) -> bool {
        self.of > self.least
    }
}

/// Number of a node.
pub type NodeId = NodeIndex<u32>;

/// What can be served or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A request class.
    Class(usize),
    /// A group of units.
    Group(usize),
}

impl Subject {
    /// Its name.
    #[must_use]
    pub fn name<'d>(&self, draft: &'d Draft) -> &'d str {
        match *self {
            Self::Class(class) => &draft.scenario.request[class].0,
            Self::Group(group) => &draft.scenario.group[group].0,
        }
    }
}

/// The dependency graph of a draft.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Edges lead from a node to what it needs.
    nodes: DiGraph<Node, (), u32>,
    subjects: Vec<(Subject, NodeId)>,
    /// Redundant groups by a name to print: `app`, `mysql`, `store.head`.
    redundant: Vec<(String, NodeId)>,
    takeovers: BTreeMap<NodeId, Takeover>,
    services: Vec<NodeId>,
    /// Entrances as users from outside (true) or inside see them.
    entries: BTreeMap<(Entrance, bool), NodeId>,
}

/// A node whose members take over from each other, which takes time and may fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// The address of a balancer, and its units in order.
    Address(usize, Vec<NodeId>),
    /// The master of a database, and its members in order.
    Master(usize, Vec<NodeId>),
    /// The volumes of a head of a file server (its number), and both heads in order.
    Volumes(usize, u32, Vec<NodeId>),
}

impl Graph {
    /// Builds the graph.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        Self::build(draft, false)
    }

    /// The same with a node for every service as such: enough of its members, as other parts of
    /// the site see them.
    #[must_use]
    pub fn with_services(draft: &Draft) -> Self {
        Self::build(draft, true)
    }

    fn build(draft: &Draft, with_services: bool) -> Self {
        let mut builder = Builder {
            draft,
            nodes: DiGraph::default(),
            parts: BTreeMap::new(),
            redundant: Vec::new(),
            takeovers: BTreeMap::new(),
            entries: BTreeMap::new(),
            classes: vec![Progress::New; draft.scenario.request.len()],
            outside: all_reached(draft),
        };
        let mut subjects = Vec::new();
        for class in 0..draft.scenario.request.len() {
            if let Some(node) = builder.class(class) {
                subjects.push((Subject::Class(class), node));
            }
        }
        let mut groups: Vec<Option<NodeId>> = vec![None; draft.scenario.group.len()];
        for at in &draft.links.group_order {
            let (name, spec) = &draft.scenario.group[*at];
            let members = draft.links.groups[*at].iter();
            let members: Vec<NodeId> = members
                .filter_map(|member| match *member {
                    GroupMember::Unit { unit, member } => {
                        Some(builder.part(Part::Unit { unit, member }, &[]))
                    }
                    GroupMember::Group(inner) => groups[inner],
                })
                .collect();
            groups[*at] = Some(builder.group(name, spec.needs.value, &members));
        }
        let group = |(at, node): (usize, Option<NodeId>)| Some((Subject::Group(at), node?));
        subjects.extend(groups.into_iter().enumerate().filter_map(group));
        let mut services = Vec::new();
        for (service, links) in draft.links.services.iter().enumerate().filter(|_| with_services) {
            let members: Vec<u32> = (0..links.members).collect();
            services.push(builder.service(service, &members));
        }
        Self {
            nodes: builder.nodes,
            subjects,
            redundant: builder.redundant,
            takeovers: builder.takeovers,
            services,
            entries: builder.entries,
        }
    }

    /// The nodes of the services, in the order of the file; none unless they were asked for.
    #[must_use]
    pub fn services(&self) -> &[NodeId] {
        &self.services
    }

    /// The node of an entrance that some class comes in by, as users from outside (true) or inside see it.
    #[must_use]
    pub fn entrance(&self, entrance: Entrance, outside: bool) -> Option<NodeId> {
        self.entries.get(&(entrance, outside)).copied()
    }

    /// Who takes over at a node, if that is a matter of time.
    #[must_use]
    pub fn takeover(&self, id: NodeId) -> Option<&Takeover> {
        self.takeovers.get(&id)
    }

    /// What can be served, classes first, in the order of the file.
    #[must_use]
    pub fn subjects(&self) -> &[(Subject, NodeId)] {
        &self.subjects
    }

    /// The node of a subject.
    #[must_use]
    pub fn subject(&self, subject: Subject) -> Option<NodeId> {
        // Classes stand in order, groups after them may not.
        let met = self.subjects.binary_search_by_key(&subject, |(other, _)| *other).ok();
        let met = met.or_else(|| self.subjects.iter().position(|(other, _)| *other == subject));
        met.map(|place| self.subjects[place].1)
    }

    /// Groups that survive the loss of one of several, by name, in the order of building.
    #[must_use]
    pub fn redundant(&self) -> &[(String, NodeId)] {
        &self.redundant
    }

    /// All nodes, each after what it needs.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.node_indices().map(|id| (id, &self.nodes[id]))
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// What a node needs, in no particular order that matters: duplicates do not occur.
    pub fn needs(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.neighbors(id)
    }

    /// The nodes on which `root` depends, itself among them, in topological order.
    #[must_use]
    pub fn below(&self, root: NodeId) -> Vec<NodeId> {
        let mut seen = vec![false; self.nodes.node_count()];
        let mut stack = vec![root];
        seen[root.index()] = true;
        while let Some(id) = stack.pop() {
            for need in self.nodes.neighbors(id) {
                if !std::mem::replace(&mut seen[need.index()], true) {
                    stack.push(need);
                }
            }
        }
        self.nodes.node_indices().filter(|id| seen[id.index()]).collect()
    }

    /// Whether each node is up when `failed` are down.
    #[must_use]
    pub fn up(&self, failed: &[Part]) -> Vec<bool> {
        let mut up = vec![false; self.nodes.node_count()];
        for id in self.nodes.node_indices() {
            let node = &self.nodes[id];
            let alive = node.part.is_none_or(|part| !failed.contains(&part));
            let needs = self.nodes.neighbors(id).filter(|need| up[need.index()]).count();
            up[id.index()] = alive && needs >= node.least as usize;
        }
        up
    }

    /// The structure function: whether `subject` is served when `failed` are down.
    #[must_use]
    pub fn serves(&self, subject: Subject, failed: &[Part]) -> bool {
        self.subject(subject).is_some_and(|node| self.up(failed)[node.index()])
    }

    /// The parts that any subject depends on.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = self.nodes.node_weights().filter_map(|node| node.part).collect();
        parts.sort_unstable();
        parts
    }
}

#[derive(Clone, Copy)]
enum Progress {
    New,
    Begun,
    Done(NodeId),
}

/// A graph as it is built.
pub struct Builder<'d> {
    draft: &'d Draft,
    nodes: DiGraph<Node, (), u32>,
    parts: BTreeMap<Part, NodeId>,
    redundant: Vec<(String, NodeId)>,
    takeovers: BTreeMap<NodeId, Takeover>,
    /// Entrances as users from outside (true) or inside see them.
    entries: BTreeMap<(Entrance, bool), NodeId>,
    classes: Vec<Progress>,
    /// Whether each class is asked for by clients.
    outside: Vec<bool>,
}

/// What a class asks of databases, services and stations: each once.
#[derive(Default)]
struct Asked {
    nodes: Vec<NodeId>,
}

impl<'d> Builder<'d> {
    /// The scenario.
    pub(crate) const fn draft(&self) -> &'d Draft {
        self.draft
    }

    fn add(&mut self, part: Option<Part>, least: Option<u32>, needs: &[NodeId]) -> NodeId {
        let mut needs = needs.to_vec();
        needs.sort_unstable();
        needs.dedup();
        let of = table::u32(needs.len());
        let least = least.unwrap_or(of).min(of);
        let id = self.nodes.add_node(Node { part, least, of });
        for need in needs {
            self.nodes.add_edge(id, need, ());
        }
        id
    }

    /// The node of a part, with what it needs besides the domain it stands on.
    pub(crate) fn part(&mut self, part: Part, more: &[NodeId]) -> NodeId {
        if let Some(node) = self.parts.get(&part) {
            return *node;
        }
        let mut needs = more.to_vec();
        needs.extend(part.stands_on(self.draft).map(|domain| self.domain(domain)));
        let node = self.add(Some(part), None, &needs);
        self.parts.insert(part, node);
        node
    }

    /// A domain; a rack with its switches.
    fn domain(&mut self, domain: Part) -> NodeId {
        let Part::Rack(rack) = domain else { return self.part(domain, &[]) };
        let key = Part::Switch { rack, number: u32::MAX };
        if let Some(node) = self.parts.get(&key) {
            return *node;
        }
        let bare = self.part(domain, &[]);
        let (name, spec) = &self.draft.scenario.rack[rack];
        let count = spec.switch.as_ref().map_or(0, |switch| switch.count.value);
        let switches: Vec<NodeId> =
            (0..count).map(|number| self.add_switch(Part::Switch { rack, number }, bare)).collect();
        let node = if switches.is_empty() {
            bare
        } else {
            self.group(&format!("{name}.switch"), 1, &switches)
        };
        self.parts.insert(key, node);
        node
    }

    fn add_switch(&mut self, part: Part, rack: NodeId) -> NodeId {
        let node = self.add(Some(part), None, &[rack]);
        self.parts.insert(part, node);
        node
    }

    /// `least` of `members`; remembered by name when it survives a loss.
    pub(crate) fn group(&mut self, name: &str, least: u32, members: &[NodeId]) -> NodeId {
        let node = self.add(None, Some(least), members);
        if self.nodes[node].is_redundant() && !self.redundant.iter().any(|(other, _)| other == name)
        {
            self.redundant.push((name.to_string(), node));
        }
        node
    }

    /// The store of a user that stands on `server`.
    fn store(&mut self, store: Store, server: Option<ServerId>) -> Option<NodeId> {
        match store {
            Store::Disks { set, .. } => Some(self.part(Part::Disks { server: server?, set }, &[])),
            Store::Volume { nas, volume } => {
                let pools = self.draft.links.nas[nas].volumes[volume].clone();
                let pools: Vec<NodeId> = pools.iter().map(|pool| self.pool(nas, *pool)).collect();
                Some(self.add(None, None, &pools))
            }
        }
    }

    /// A pool behind its head, or behind either head where the partner takes over.
    fn pool(&mut self, nas: usize, pool: usize) -> NodeId {
        let part = Part::Pool { nas, pool };
        if let Some(node) = self.parts.get(&part) {
            return *node;
        }
        let (name, spec) = &self.draft.scenario.nas[nas];
        let owner = spec.pools[pool].1.head.value - 1;
        let both = spec.failover.is_some();
        let heads: Vec<NodeId> = (0..spec.heads.value)
            .filter(|number| both || *number == owner)
            .map(|number| self.part(Part::Head { nas, number }, &[]))
            .collect();
        let head = self.group(&format!("{name}.head"), 1, &heads);
        if heads.len() == 2 {
            self.takeovers.insert(head, Takeover::Volumes(nas, owner, heads));
        }
        self.part(part, &[head])
    }

    /// A member of a service with its mounts; of several stores the first at its own site.
    fn service_member(&mut self, service: usize, member: u32) -> NodeId {
        let part = Part::Service { service, member };
        if let Some(node) = self.parts.get(&part) {
            return *node;
        }
        let draft = self.draft;
        let mut needs = Vec::new();
        for mount in &draft.links.services[service].mounts {
            let store = store_at(draft, mount, part);
            needs.extend(store.and_then(|store| self.store(store, server_of(draft, part))));
        }
        self.part(part, &needs)
    }

    fn service(&mut self, service: usize, members: &[u32]) -> NodeId {
        let (name, spec) = &self.draft.scenario.service[service];
        let nodes: Vec<NodeId> =
            members.iter().map(|member| self.service_member(service, *member)).collect();
        self.group(name, spec.needs.value, &nodes)
    }

    /// An entrance; `outside` says whether users come over the links of its site.
    fn entrance(&mut self, entrance: Entrance, outside: bool) -> NodeId {
        if let Some(node) = self.entries.get(&(entrance, outside)) {
            return *node;
        }
        let draft = self.draft;
        let node = match entrance {
            Entrance::Service(service, member) => {
                let all = draft.links.services[service].members;
                let members: Vec<u32> = member.map_or((0..all).collect(), |one| vec![one]);
                self.service_from(service, &members, outside)
            }
            Entrance::Balancer(balancer) => self.balancer(balancer, outside),
            Entrance::NameService(at) => {
                let (name, spec) = &draft.scenario.name_service[at];
                let to = draft.links.name_services[at].clone();
                let checked = spec.check.is_some();
                // Without a check nobody learns that an entry is dead: its users stay lost.
                let least = if checked { 1 } else { table::u32(to.len()) };
                let nodes: Vec<NodeId> =
                    to.iter().map(|entrance| self.entrance(*entrance, outside)).collect();
                let any = self.group(name, least, &nodes);
                self.part(name_service(at), &[any])
            }
            Entrance::Cdn(cdn) => {
                let (name, spec) = &draft.scenario.cdn[cdn];
                let edges: Vec<NodeId> = (0..spec.count.value)
                    .map(|member| self.part(Part::Edge { cdn, member }, &[]))
                    .collect();
                let edges = self.group(name, 1, &edges);
                // Edges go round shields that are dead: nobody needs them.
                let origin = draft.links.origin_of(cdn);
                let origin = origin.map(|origin| self.entrance(origin, outside));
                let needs: Vec<NodeId> = [edges].into_iter().chain(origin).collect();
                self.add(None, None, &needs)
            }
        };
        self.entries.insert((entrance, outside), node);
        node
    }

    /// The units of a balancer, of which one has to work.
    fn units(&mut self, balancer: usize, outside: bool) -> NodeId {
        let draft = self.draft;
        let (name, spec) = &draft.scenario.balancer[balancer];
        // Without a failover the second unit never takes over.
        let pair = spec.failover.is_some() || spec.vrrp.is_some() || spec.peers.is_some();
        let count = if pair { spec.count.value } else { 1 };
        let units: Vec<NodeId> = (0..count)
            .map(|member| {
                let node = self.part(Part::Balancer { balancer, member }, &[]);
                self.reached_from(node, Part::Balancer { balancer, member }, outside)
            })
            .collect();
        let node = self.group(name, 1, &units);
        // Peers own addresses together: there is no one address that a second unit takes over.
        if units.len() == 2 && spec.peers.is_none() {
            self.takeovers.insert(node, Takeover::Address(balancer, units));
        }
        node
    }

    fn balancer(&mut self, balancer: usize, outside: bool) -> NodeId {
        let draft = self.draft;
        let mut needs = vec![self.units(balancer, outside)];
        let targets = &draft.links.balancers[balancer].targets;
        let mut services: Vec<usize> = targets.iter().map(|(service, _)| *service).collect();
        services.dedup();
        for service in services {
            let members = targets.iter().filter(|(other, _)| *other == service);
            let members: Vec<u32> = members.map(|(_, member)| *member).collect();
            needs.push(self.service(service, &members));
        }
        self.add(None, None, &needs)
    }

    fn service_from(&mut self, service: usize, members: &[u32], outside: bool) -> NodeId {
        if !outside {
            return self.service(service, members);
        }
        let (name, spec) = &self.draft.scenario.service[service];
        let mut nodes = Vec::new();
        for member in members {
            let node = self.service_member(service, *member);
            let part = Part::Service { service, member: *member };
            nodes.push(self.reached_from(node, part, true));
        }
        self.group(name, spec.needs.value, &nodes)
    }

    /// `node`, as users see it over the links of the site in which `part` stands.
    fn reached_from(&mut self, node: NodeId, part: Part, outside: bool) -> NodeId {
        let draft = self.draft;
        let site = part.domains(draft).into_iter().find_map(|domain| match domain {
            Part::Site(site) => Some(site),
            _ => None,
        });
        let Some(site) = site.filter(|_| outside) else { return node };
        let (name, spec) = &draft.scenario.site[site];
        let Some(uplinks) = &spec.uplinks else { return node };
        let key = Part::Uplink { site, number: u32::MAX };
        let links = match self.parts.get(&key) {
            Some(links) => *links,
            None => {
                let links: Vec<NodeId> = (0..uplinks.count.value)
                    .map(|number| self.part(Part::Uplink { site, number }, &[]))
                    .collect();
                let links = self.group(&format!("{name}.uplink"), 1, &links);
                self.parts.insert(key, links);
                links
            }
        };
        self.add(None, None, &[node, links])
    }

    fn database_member(&mut self, database: usize, member: u32, own_store: bool) -> NodeId {
        let draft = self.draft;
        let part = Part::Database { database, member };
        let store = draft.links.databases[database].members[member as usize].store;
        let store = store.filter(|_| own_store);
        let store = store.and_then(|store| self.store(store, server_of(draft, part)));
        self.part(part, store.as_slice())
    }

    /// What a write (or a read) needs.
    fn database(&mut self, database: usize, write: bool) -> NodeId {
        let draft = self.draft;
        let (name, spec) = &draft.scenario.database[database];
        let links = &draft.links.databases[database];
        let failover = spec.failover.as_ref();
        let remount = failover.is_some_and(|f| f.promotion.value == Promotion::Remount);
        let with_master = |role| matches!(role, Role::Master | Role::Index | Role::Shard);
        let by_slaves = spec.reads.as_ref().is_some_and(|reads| reads.to.value == ReadsTo::Slaves);
        let everybody = failover.is_some() || (by_slaves && !write);
        let members: Vec<NodeId> = links
            .members
            .iter()
            .enumerate()
            .filter(|(_, member)| everybody || with_master(member.role))
            .map(|(at, _)| self.database_member(database, table::u32(at), !remount))
            .collect();
        let sharded = links.of(Role::Index).next().is_some();
        let least = if sharded { table::u32(members.len()) } else { 1 };
        let mut serving = self.group(name, least, &members);
        let of_master = write || !by_slaves;
        if failover.is_some() && of_master && members.len() > 1 && !sharded {
            self.takeovers.insert(serving, Takeover::Master(database, members));
        }
        if let Some(balancer) = links.through.filter(|_| !write) {
            let units = self.units(balancer, false);
            serving = self.add(None, None, &[units, serving]);
        }
        let master = links.of(Role::Master).next().filter(|_| remount);
        let volume = master.and_then(|master| {
            let part = Part::Database { database, member: master };
            let store = links.members[master as usize].store?;
            self.store(store, server_of(draft, part))
        });
        match volume {
            Some(volume) => self.add(None, None, &[serving, volume]),
            None => serving,
        }
    }

    /// What a class needs; `None` while it is being worked out (a cycle, reported elsewhere).
    fn class(&mut self, class: usize) -> Option<NodeId> {
        match self.classes[class] {
            Progress::Done(node) => return Some(node),
            Progress::Begun => return None,
            Progress::New => self.classes[class] = Progress::Begun,
        }
        let draft = self.draft;
        // Classes hang on each other by `then` only: followed in a loop, not by recursion.
        let mut chain = vec![class];
        while let Some(next) = draft.links.thens[chain[chain.len() - 1]] {
            if !matches!(self.classes[next], Progress::New) {
                break;
            }
            self.classes[next] = Progress::Begun;
            chain.push(next);
        }
        for at in chain.into_iter().rev() {
            let mut asked = Asked::default();
            let outside = self.outside[at];
            let enter = draft.links.enters[at].map(|enter| self.entrance(enter, outside));
            asked.nodes.extend(enter);
            self.steps(&draft.routes[at].steps, &mut asked);
            if let Some(Progress::Done(then)) = draft.links.thens[at].map(|then| self.classes[then])
            {
                asked.nodes.push(then);
            }
            let node = self.add(None, None, &asked.nodes);
            self.classes[at] = Progress::Done(node);
        }
        match self.classes[class] {
            Progress::Done(node) => Some(node),
            _ => None,
        }
    }

    /// What steps ask for, inside calls too.
    fn steps(&mut self, steps: &[Step], asked: &mut Asked) {
        let draft = self.draft;
        each(steps, &mut |step| match &step.does {
            Does::Query(query) => {
                if query.writes.is_some() {
                    asked.nodes.push(self.database(query.database, true));
                }
                if query.reads.is_some() {
                    asked.nodes.push(self.database(query.database, false));
                }
            }
            Does::Call(call) => asked.nodes.push(self.entrance(call.to, false)),
            Does::Visit(visit) => {
                let (name, spec) = &draft.scenario.station[visit.station];
                let members = visit.member.map_or(0..spec.count.value, |one| one..one + 1);
                let nodes: Vec<NodeId> = members
                    .map(|member| self.part(Part::Station { station: visit.station, member }, &[]))
                    .collect();
                asked.nodes.push(self.group(name, 1, &nodes));
            }
            Does::Ask(ask) => asked.nodes.extend(ask.needs(self)),
            Does::Work(_)
            | Does::Io(_)
            | Does::Choose(_)
            | Does::Jump(_)
            | Does::Parallel(_)
            | Does::Repeat(_)
            | Does::Delay(_) => {}
        });
    }
}

/// Whether a class is asked for by clients, who come over the links of a site. Parts that a client
/// fetches next come from where the first did.
#[must_use]
pub fn reached_from(draft: &Draft, class: usize) -> bool {
    all_reached(draft)[class]
}

/// The same of all classes.
fn all_reached(draft: &Draft) -> Vec<bool> {
    let mut direct = vec![false; draft.scenario.request.len()];
    for ((_, workload), class) in draft.scenario.workload.iter().zip(&draft.links.classes) {
        if let Some(class) = class.filter(|_| workload.from.is_some()) {
            direct[class] = true;
        }
    }
    let mut reached = direct.clone();
    for (first, then) in draft.links.thens.iter().enumerate() {
        if let Some(then) = then.filter(|_| direct[first]) {
            reached[then] = true;
        }
    }
    reached
}

/// The server under a part.
#[must_use]
pub fn server_of(draft: &Draft, part: Part) -> Option<ServerId> {
    part.domains(draft).into_iter().find_map(|domain| match domain {
        Part::Server(server) => Some(server),
        _ => None,
    })
}

/// Of several stores the first at the site of `user`, else the first.
#[must_use]
pub fn store_at(draft: &Draft, stores: &[Store], user: Part) -> Option<Store> {
    let site = |part: Part| part.domains(draft).last().copied();
    let own = site(user);
    let near = |store: &Store| match *store {
        Store::Disks { .. } => true,
        Store::Volume { nas, .. } => site(Part::Head { nas, number: 0 }) == own,
    };
    stores.iter().find(|store| near(store)).or(stores.first()).copied()
}
