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
use crate::plan::Draft;
use crate::plan::kind;
use crate::plan::kind::flow::{leaf, uplinks_of};
use crate::plan::links::{Entrance, Store};
use crate::plan::load::{self, Operations, Resource, mean};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step};
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
    /// Whether a request holds a worker while it waits there: not before it has come in, nor when its reply
    /// has left.
    pub holds_a_worker: bool,
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
        let (net, made, replies) = (Self::default(), BTreeMap::new(), BTreeMap::new());
        let mut builder = Builder { draft, net, parts, resources, made, replies };
        let classes = draft.scenario.request.len();
        // Every class has a root before any is filled: classes follow each other.
        for _ in 0..classes {
            let root = builder.node(Split::Blind, vec![Branch::default()]);
            builder.net.roots.push(root);
        }
        for class in 0..classes {
            builder.class(class);
        }
        for kind in kind::all() {
            kind.probes(&mut builder);
            builder.net.lives.extend(kind.lives(draft));
            builder.net.rooms.extend(kind.rooms(draft));
        }
        builder.sorted()
    }
}

/// A fork to which several ways lead: the kind and the section that it is of, and which of theirs.
pub type Shared = (Kind, usize, usize);

/// Requests of a class that enter somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'s> {
    /// The class.
    pub class: usize,
    /// What it does there.
    pub steps: &'s [Step],
    /// Whether users come over the links of the site, and its replies leave by them.
    pub outside: bool,
}

/// Where steps are done: the class, and the part in which its request is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The class.
    pub class: usize,
    /// The part; none before it has entered anywhere.
    pub here: Option<Part>,
}

/// A network as it is made.
pub struct Builder<'d> {
    draft: &'d Draft,
    net: Network,
    parts: BTreeMap<Part, u32>,
    resources: BTreeMap<(Part, Resource), u32>,
    made: BTreeMap<Shared, u32>,
    /// By site and class: the links by which replies leave.
    replies: BTreeMap<(Part, usize), u32>,
}

/// On to `node`, once.
pub(crate) const fn once(node: u32) -> Onward {
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
        let at = table::u32(self.net.resources.len());
        self.net.resources.push(ResourceOf {
            part,
            resource,
            name: load::resource_name(self.draft, part, resource),
            capacity: capacity.per_second,
            seconds: capacity.alone_s,
            holds_a_worker: capacity.holds_a_worker,
        });
        self.resources.insert((part, resource), at);
        Some(at)
    }

    /// Adds work of a visit.
    pub(crate) fn add(
        &mut self,
        branch: &mut Branch,
        (part, resource): (Part, Resource),
        work: f64,
    ) {
        let Some(at) = self.resource(part, resource).filter(|_| work > 0.0) else { return };
        match branch.work.iter_mut().find(|(other, _)| *other == at) {
            Some((_, sum)) => *sum += work,
            None => branch.work.push((at, work)),
        }
    }

    /// Adds work on the processor of what `user` runs in, and of the server below it.
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
            Some(enter) => {
                let arrival = Arrival { class, steps, outside: outside || after };
                then.extend(self.entrance(enter, arrival));
            }
            None => {
                let place = Place { class, here: None };
                self.steps(place, steps, &mut Branch::default(), &mut then);
            }
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

    /// Into an entrance, and through the steps behind it.
    pub(crate) fn entrance(&mut self, entrance: Entrance, arrival: Arrival<'_>) -> Vec<Onward> {
        let (kind, _) = entrance.component();
        kind.answers().leads(self, entrance, arrival)
    }

    /// The fork that `make` makes once, however many ways lead to it.
    pub(crate) fn shared(&mut self, key: Shared, make: impl FnOnce(&mut Self) -> u32) -> u32 {
        if let Some(node) = self.made.get(&key) {
            return *node;
        }
        let node = make(self);
        self.made.insert(key, node);
        node
    }

    /// A fork that leads one way.
    pub(crate) fn behind(&mut self, then: Vec<Onward>) -> u32 {
        self.node(Split::Blind, vec![Branch { then, ..Branch::default() }])
    }

    /// The sets of parts of each of which one must be up for an entrance to answer.
    pub(crate) fn opens(&mut self, entrance: Entrance) -> Vec<Vec<u32>> {
        let (kind, _) = entrance.component();
        let sets = kind.answers().opens(self.draft, entrance).into_iter();
        sets.map(|set| set.into_iter().map(|part| self.part(part)).collect()).collect()
    }

    /// Members with what is done there; the replies to users from outside leave their sites.
    pub(crate) fn members(
        &mut self,
        members: Vec<Part>,
        split: Split,
        Arrival { class, steps, outside }: Arrival<'_>,
    ) -> u32 {
        let mut branches = Vec::new();
        for part in members {
            let mut branch = self.branch(part);
            let mut then = Vec::new();
            if outside {
                then.extend(self.reply(class, part));
            }
            let place = Place { class, here: Some(part) };
            self.steps(place, steps, &mut branch, &mut then);
            branch.then = then;
            branches.push(branch);
        }
        self.node(split, branches)
    }

    /// The links by which replies of `class` leave the site of `part`, and users reach it.
    pub(crate) fn reply(&mut self, class: usize, part: Part) -> Option<Onward> {
        let (site, uplinks) = uplinks_of(self.draft, part)?;
        let bytes = self.draft.scenario.request[class].1.reply.as_ref();
        let bytes = bytes.map_or(0.0, |reply| mean(&reply.value));
        if let Some(node) = self.replies.get(&(site, class)) {
            return Some(once(*node));
        }
        let mut branches = Vec::new();
        for link in uplinks.parts {
            let mut branch = self.branch(link);
            self.add(&mut branch, (link, Resource::Uplink), bytes);
            branches.push(branch);
        }
        let node = self.node(Split::Even, branches);
        self.replies.insert((site, class), node);
        Some(once(node))
    }

    fn steps(&mut self, place: Place, steps: &[Step], branch: &mut Branch, then: &mut Vec<Onward>) {
        let draft = self.draft;
        let passes = |ask: &dyn Ask| ask.passes(&draft.hits);
        for (step, count) in Visits::new(steps, &passes).take() {
            match &step.does {
                Does::Call(call) => {
                    let (class, steps) = (place.class, call.steps.as_slice());
                    let arrival = Arrival { class, steps, outside: false };
                    let onward = self.entrance(call.to, arrival).into_iter();
                    then.extend(onward.map(|onward| times(onward.node, count)));
                }
                does => {
                    if let Some(leaf) = leaf(does) {
                        leaf.flows(self, place, count, branch, then);
                    }
                }
            }
        }
    }

    /// Adds the operations of `user` on a store.
    pub(crate) fn io(
        &mut self,
        store: Store,
        user: Part,
        operations: Operations,
        waits: bool,
        then: &mut Vec<Onward>,
    ) {
        let kind = store.component().0.answers();
        kind.leads_io(self, store, user, operations, waits, then);
    }

    /// The fork of what passes queries on to a database: the section at `index`.
    pub(crate) fn passes(&mut self, kind: Kind, index: usize) -> Option<u32> {
        kind.answers().leads_through(self, index)
    }

    /// At `node` a database takes writes.
    pub(crate) fn commits(&mut self, database: usize, node: u32) {
        self.net.commits.push((table::u32(database), node));
    }

    /// Adds `work` per second on the processor of `member`, while that and `unit` answer.
    pub(crate) fn probe(&mut self, unit: Part, member: Part, work: f64) {
        let unit = self.part(unit);
        let mut branch = self.branch(member);
        self.cpu(&mut branch, member, work);
        let member = self.part(member);
        self.net.probes.push(ProbeWork { unit, member, work: branch.work });
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
