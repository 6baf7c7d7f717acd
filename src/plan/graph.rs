//! The dependency graph: the parts that must be up for a request class to be served.
//!
//! Takes a [`Draft`]; gives a graph of nodes. A node is up when its own part is up and enough
//! of the nodes it needs are up (all, or k of n). From the graph follow the structure function
//! ([`Graph::serves`]), cut sets and shared domains.
//!
//! Redundant are: members of a service beyond its `needs`; the partner of a balancer, the
//! second head of a file server and the replicas of a database, each only when a `failover` is
//! declared; uplinks and switches beyond one; edges of a CDN; entries of a name service that checks
//! them. Reads that go to replicas are served by any member that is up: the group decides. A promotion
//! by `remount` needs the primary's volume. A cache is not needed: a look-up falls back to `else`.
//! All branches of a choice are needed, and the classes that `then` fetches; a volume spread over
//! several pools needs them all.
//!
//! A part that hangs on power feeds needs one of them. A generator makes the feeds above redundant.
//!
//! A link between sites is needed where no caller reaches a process without one; several such links are redundant.
//!
//! Leaves out: crews, and time: a failover counts as no loss, however long it takes.
//!
//! Holds: a node is added after all it needs, so the order of indices is a topological order and the
//! graph has no cycle. Source: Barlow & Proschan (1975) on coherent structures.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::{DiGraph, NodeIndex};

use crate::convert::table;
use crate::plan::Draft;
use crate::plan::between;
use crate::plan::feeds;
use crate::plan::kind;
use crate::plan::kind::flow::{leaf, uplinks_of};
use crate::plan::links::{Entrance, Store};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::route::{Does, Step, each_here};

/// Node: up when its own part, if it has one, and `least` of the nodes it needs are up.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Part of the node, which can fail by itself.
    pub part: Option<Part>,
    /// Number of needed nodes that must be up.
    pub least: u32,
    /// Number of needed nodes.
    pub of: u32,
}

impl Node {
    /// Returns the number of losses among the nodes it needs at which it goes down.
    #[must_use]
    pub const fn deadly(&self) -> u32 {
        (self.of + 1).saturating_sub(self.least)
    }

    /// Returns whether it survives the loss of one of the nodes it needs.
    #[must_use]
    pub const fn is_redundant(&self) -> bool {
        self.of > self.least
    }
}

/// Number of a node.
pub type NodeId = NodeIndex<u32>;

/// Subject that is served or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A request class.
    Class(usize),
    /// A group of units.
    Group(usize),
}

impl Subject {
    /// Returns the name of the class or group.
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
    /// Nodes; edges lead from a node to the nodes it needs.
    nodes: DiGraph<Node, (), u32>,
    subjects: Vec<(Subject, NodeId)>,
    /// Redundant groups with their printed names: `app`, `mysql`, `store.head`.
    redundant: Vec<(String, NodeId)>,
    takeovers: BTreeMap<NodeId, Takeover>,
    services: Vec<NodeId>,
    /// Nodes of entrances, as users from outside (true) or inside reach them.
    entries: BTreeMap<(Entrance, bool), NodeId>,
}

/// Node whose members take over from each other, which takes time and may fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// Virtual IP of a balancer, and its units in order.
    Address(usize, Vec<NodeId>),
    /// Primary of a database, and its members in order.
    Primary(usize, Vec<NodeId>),
    /// Members of a database that agree on every write, in order, and evict those that are silent.
    View {
        /// The database.
        database: usize,
        /// True for writes, which wait for every member of the view.
        writes: bool,
        /// True if any member takes such queries; otherwise the primary does.
        any: bool,
        /// The members.
        members: Vec<NodeId>,
    },
    /// The volumes of a head of a file server (its number), and both heads in order.
    Volumes(usize, u32, Vec<NodeId>),
    /// Feeds above a feed whose loss a battery or a generator bridges; the health of that feed says for how long.
    Supply,
}

impl Graph {
    /// Builds the graph.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        Self::build(draft, false)
    }

    /// Builds the graph with an extra node per service: enough of its members are up, as other parts of
    /// the site reach them. Services have all members that an autoscaler may launch, not only those that always exist.
    #[must_use]
    pub fn with_services(draft: &Draft) -> Self {
        Self::build(draft, true)
    }

    fn build(draft: &Draft, with_services: bool) -> Self {
        let mut builder = Builder {
            draft,
            nodes: DiGraph::default(),
            parts: BTreeMap::new(),
            carriers: BTreeMap::new(),
            uplinks: BTreeMap::new(),
            redundant: Vec::new(),
            takeovers: BTreeMap::new(),
            entries: BTreeMap::new(),
            classes: vec![Progress::New; draft.scenario.request.len()],
            outside: all_reached(draft),
            launched: with_services,
            here: Vec::new(),
        };
        let mut subjects = Vec::new();
        for class in 0..draft.scenario.request.len() {
            if let Some(node) = builder.class(class) {
                subjects.push((Subject::Class(class), node));
            }
        }
        kind::all().for_each(|kind| subjects.extend(kind.subjects(&mut builder)));
        let mut services = Vec::new();
        if with_services {
            kind::all().for_each(|kind| services.extend(kind.watched(&mut builder)));
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

    /// Returns the nodes of the services, in the order of the file; empty unless built [`Self::with_services`].
    #[must_use]
    pub fn services(&self) -> &[NodeId] {
        &self.services
    }

    /// Returns the node of an entrance that some class uses, as users from outside (true) or inside reach it.
    #[must_use]
    pub fn entrance(&self, entrance: Entrance, outside: bool) -> Option<NodeId> {
        self.entries.get(&(entrance, outside)).copied()
    }

    /// Returns the takeover at a node whose members take over from each other.
    #[must_use]
    pub fn takeover(&self, id: NodeId) -> Option<&Takeover> {
        self.takeovers.get(&id)
    }

    /// Returns the subjects with their nodes, classes first, in the order of the file.
    #[must_use]
    pub fn subjects(&self) -> &[(Subject, NodeId)] {
        &self.subjects
    }

    /// Returns the node of a subject.
    #[must_use]
    pub fn subject(&self, subject: Subject) -> Option<NodeId> {
        // Classes are sorted; the groups after them may not be.
        let met = self.subjects.binary_search_by_key(&subject, |(other, _)| *other).ok();
        let met = met.or_else(|| self.subjects.iter().position(|(other, _)| *other == subject));
        met.map(|place| self.subjects[place].1)
    }

    /// Returns the groups that survive the loss of a member, by name, in the order of building.
    #[must_use]
    pub fn redundant(&self) -> &[(String, NodeId)] {
        &self.redundant
    }

    /// Returns all nodes, each after the nodes it needs.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.node_indices().map(|id| (id, &self.nodes[id]))
    }

    /// Returns a node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// Returns the nodes that a node needs, without duplicates; their order has no meaning.
    pub fn needs(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.neighbors(id)
    }

    /// Returns the nodes on which `root` depends, itself included, in topological order.
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

    /// Returns whether each node is up when `failed` are down.
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

    /// Evaluates the structure function: whether `subject` is served when `failed` are down.
    #[must_use]
    pub fn serves(&self, subject: Subject, failed: &[Part]) -> bool {
        self.subject(subject).is_some_and(|node| self.up(failed)[node.index()])
    }

    /// Returns the parts of all nodes, sorted.
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

/// Graph under construction.
pub struct Builder<'d> {
    draft: &'d Draft,
    nodes: DiGraph<Node, (), u32>,
    parts: BTreeMap<Part, NodeId>,
    /// Node that the contents of a domain need, per domain.
    carriers: BTreeMap<Part, NodeId>,
    /// Node of the links over which users reach the contents of a domain, per domain.
    uplinks: BTreeMap<Part, NodeId>,
    redundant: Vec<(String, NodeId)>,
    takeovers: BTreeMap<NodeId, Takeover>,
    /// Nodes of entrances, as users from outside (true) or inside reach them.
    entries: BTreeMap<(Entrance, bool), NodeId>,
    classes: Vec<Progress>,
    /// True if clients request the class, per class.
    outside: Vec<bool>,
    /// True if services have the members that an autoscaler may launch, too.
    launched: bool,
    /// Processes that do the step whose needs are added; empty without links between sites.
    here: Vec<Part>,
}

impl<'d> Builder<'d> {
    /// Returns the draft.
    pub(crate) const fn draft(&self) -> &'d Draft {
        self.draft
    }

    /// Returns whether services have the members that an autoscaler may launch, too.
    pub(crate) const fn has_launched(&self) -> bool {
        self.launched
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

    /// Adds a node that is up while all of these are.
    pub(crate) fn all(&mut self, needs: &[NodeId]) -> NodeId {
        self.add(None, None, needs)
    }

    /// Returns the node of a part that already has one.
    pub(crate) fn known(&self, part: Part) -> Option<NodeId> {
        self.parts.get(&part).copied()
    }

    /// Returns the node of a part, which needs `more` and the domain on which it stands.
    pub(crate) fn part(&mut self, part: Part, more: &[NodeId]) -> NodeId {
        if let Some(node) = self.known(part) {
            return node;
        }
        let mut needs = more.to_vec();
        needs.extend(part.stands_on(self.draft).map(|domain| self.carrier(domain)));
        needs.extend(self.powered(part));
        let node = self.add(Some(part), None, &needs);
        self.parts.insert(part, node);
        node
    }

    /// Returns the node of the power of a part that hangs on feeds: one of them works.
    fn powered(&mut self, part: Part) -> Option<NodeId> {
        let feeds: Vec<NodeId> =
            feeds::of(self.draft, part).into_iter().map(|feed| self.part(feed, &[])).collect();
        if feeds.is_empty() {
            return None;
        }
        // A generator takes over from the feeds above.
        let least = u32::from(!feeds::has_generator(self.draft, part));
        let node = self.add(None, Some(least), &feeds);
        if feeds::supply(self.draft, part).is_some() {
            self.takes_over(node, Takeover::Supply);
        }
        Some(node)
    }

    /// Returns the node of a domain as its contents need it: with one of its switches.
    fn carrier(&mut self, domain: Part) -> NodeId {
        if let Some(node) = self.carriers.get(&domain) {
            return *node;
        }
        let Some(switches) = domain.answers().switches(self.draft, domain) else {
            return self.part(domain, &[]);
        };
        let bare = self.part(domain, &[]);
        let mut nodes = Vec::new();
        for part in switches.parts {
            let needs: Vec<NodeId> = self.powered(part).into_iter().chain([bare]).collect();
            let node = self.add(Some(part), None, &needs);
            self.parts.insert(part, node);
            nodes.push(node);
        }
        let node = if nodes.is_empty() { bare } else { self.group(&switches.name, 1, &nodes) };
        self.carriers.insert(domain, node);
        node
    }

    /// Adds a node that needs `least` of `members`; records its name if it survives a loss.
    pub(crate) fn group(&mut self, name: &str, least: u32, members: &[NodeId]) -> NodeId {
        let node = self.add(None, Some(least), members);
        if self.nodes[node].is_redundant() && !self.redundant.iter().any(|(other, _)| other == name)
        {
            self.redundant.push((name.to_string(), node));
        }
        node
    }

    /// Records that the members of a node take over from each other, which takes time and may fail.
    pub(crate) fn takes_over(&mut self, node: NodeId, how: Takeover) {
        self.takeovers.insert(node, how);
    }

    /// Returns a node for enough of the given members of a section (all if `None`), as users from outside or inside
    /// reach them.
    pub(crate) fn members(
        &mut self,
        (kind, index): (Kind, usize),
        members: Option<&[u32]>,
        outside: bool,
    ) -> NodeId {
        let node = kind.answers().members(self, index, members, outside);
        node.expect("a kind that is used by its members has some")
    }

    /// Returns the node of the store of `user`.
    pub(crate) fn store(&mut self, store: Store, user: Part) -> Option<NodeId> {
        store.component().0.answers().stores(self, store, user)
    }

    /// Returns the node of an entrance; `outside` is true for users who arrive over the links of its site.
    pub(crate) fn entrance(&mut self, entrance: Entrance, outside: bool) -> NodeId {
        if let Some(node) = self.entries.get(&(entrance, outside)) {
            return *node;
        }
        let (kind, _) = entrance.component();
        let node = kind.answers().enters(self, entrance, outside);
        let node = node.expect("a kind at which requests enter says what they need there");
        self.entries.insert((entrance, outside), node);
        node
    }

    /// Returns `node` as outside users reach it: with a link of the site in which `part` stands.
    pub(crate) fn reached_from(&mut self, node: NodeId, part: Part, outside: bool) -> NodeId {
        if !outside {
            return node;
        }
        let Some((site, uplinks)) = uplinks_of(self.draft, part) else { return node };
        let links = match self.uplinks.get(&site) {
            Some(links) => *links,
            None => {
                let links = uplinks.parts.into_iter().map(|link| self.part(link, &[]));
                let links: Vec<NodeId> = links.collect();
                let links = self.group(&uplinks.name, 1, &links);
                self.uplinks.insert(site, links);
                links
            }
        };
        self.all(&[node, links])
    }

    /// Returns the node of a class; `None` while it is under construction (a cycle, reported elsewhere).
    fn class(&mut self, class: usize) -> Option<NodeId> {
        match self.classes[class] {
            Progress::Done(node) => return Some(node),
            Progress::Begun => return None,
            Progress::New => self.classes[class] = Progress::Begun,
        }
        let draft = self.draft;
        // Classes depend on each other through `then` only: followed in a loop, not by recursion.
        let mut chain = vec![class];
        while let Some(next) = draft.links.thens[chain[chain.len() - 1]] {
            if !matches!(self.classes[next], Progress::New) {
                break;
            }
            self.classes[next] = Progress::Begun;
            chain.push(next);
        }
        for at in chain.into_iter().rev() {
            let mut needs = Vec::new();
            let outside = self.outside[at];
            let enters = draft.links.enters[at];
            needs.extend(enters.map(|enter| self.entrance(enter, outside)));
            let here = self.at_work(enters);
            self.steps(&here, &draft.routes[at].steps, &mut needs);
            if let Some(Progress::Done(then)) = draft.links.thens[at].map(|then| self.classes[then])
            {
                needs.push(then);
            }
            let node = self.all(&needs);
            self.classes[at] = Progress::Done(node);
        }
        match self.classes[class] {
            Progress::Done(node) => Some(node),
            _ => None,
        }
    }

    /// Adds the nodes that steps done at `here` need, including those inside calls.
    fn steps(&mut self, here: &[Part], steps: &[Step], needs: &mut Vec<NodeId>) {
        let draft = self.draft;
        each_here(steps, &mut |step| match &step.does {
            Does::Call(call) => {
                needs.push(self.entrance(call.to, false));
                let first = between::stops(draft, call.to).into_iter().next();
                self.reached(here, &first.unwrap_or_default(), needs);
                let there = self.at_work(Some(call.to));
                self.steps(&there, &call.steps, needs);
            }
            does => {
                if let Some(leaf) = leaf(does) {
                    self.here = here.to_vec();
                    leaf.needs(self, needs);
                    self.reached(here, &between::asked(draft, does), needs);
                }
            }
        });
    }

    /// Returns the processes that do the steps behind an entrance; empty without links between sites.
    fn at_work(&self, enters: Option<Entrance>) -> Vec<Part> {
        let enters = enters.filter(|_| !self.draft.scenario.link.is_empty());
        enters.map_or_else(Vec::new, |enters| between::at_work(self.draft, enters))
    }

    fn one_of(&mut self, links: BTreeSet<Part>) -> NodeId {
        let links: Vec<NodeId> = links.into_iter().map(|link| self.part(link, &[])).collect();
        self.add(None, Some(1), &links)
    }

    /// Returns the node of the links over which the step whose needs are added reaches `to`; `None` if it needs none.
    pub(crate) fn way_to(&mut self, to: Part) -> Option<NodeId> {
        if self.here.is_empty() {
            return None;
        }
        let links = between::needed(self.draft, &self.here, to)?;
        Some(self.one_of(links))
    }

    /// Adds the node that one of `to` is up and reached from one of `from`, if links between sites lie between them.
    pub(crate) fn reached(&mut self, from: &[Part], to: &[Part], needs: &mut Vec<NodeId>) {
        if self.draft.scenario.link.is_empty() || from.is_empty() || to.is_empty() {
            return;
        }
        let over: Vec<_> = to.iter().map(|to| between::needed(self.draft, from, *to)).collect();
        if over.iter().all(Option::is_none) {
            return;
        }
        let mut each = Vec::with_capacity(to.len());
        for (to, links) in to.iter().zip(over) {
            let mut both: Vec<NodeId> = self.known(*to).into_iter().collect();
            both.extend(links.map(|links| self.one_of(links)));
            each.push(self.all(&both));
        }
        needs.push(self.add(None, Some(1), &each));
    }
}

/// Returns whether clients request a class over the links of a site. A class that such a client
/// fetches next counts as well.
#[must_use]
pub fn reached_from(draft: &Draft, class: usize) -> bool {
    all_reached(draft)[class]
}

/// Returns the same for all classes.
fn all_reached(draft: &Draft) -> Vec<bool> {
    let mut reached = vec![false; draft.scenario.request.len()];
    for ((_, workload), class) in draft.scenario.workload.iter().zip(&draft.links.classes) {
        if let Some(class) = class.filter(|_| workload.from.is_some()) {
            draft.links.with_fetched(class).for_each(|class| reached[class] = true);
        }
    }
    reached
}

/// Returns the server on which a part stands.
#[must_use]
pub fn server_of(draft: &Draft, part: Part) -> Option<ServerId> {
    part.domains(draft).into_iter().find_map(|domain| match domain {
        Part::Server(server) => Some(server),
        _ => None,
    })
}

/// Returns the first of several stores at the site of `user`, or else the first.
#[must_use]
pub fn store_at(draft: &Draft, stores: &[Store], user: Part) -> Option<Store> {
    let near = |store: &&Store| store.component().0.answers().is_near(draft, **store, user);
    stores.iter().find(near).or(stores.first()).copied()
}
