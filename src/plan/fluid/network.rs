//! Network of forks through which the requests of a class flow, compiled once; the branches are parts.
//!
//! Takes a draft. Gives for each class how a request spreads over members at every fork: evenly over those that a balancer believes
//! alive, to the unit that holds a virtual IP, to the primary, over the links that work. Also the work of a visit at each resource behind
//! a branch, and the requests that follow from it. The direction of a fork in a state of the parts is decided by [`Standing`], in
//! `state.rs`.
//!
//! Assumes the same as [`crate::plan::load`], and a test compares the two: members share evenly, a volume over several pools is spread
//! evenly, and a cache or memory is as warm as its state says.
//!
//! [`Standing`]: super::state::Standing

mod always;
mod visit;

use std::collections::BTreeMap;

use crate::convert::table;
use crate::engine::law::Form;
use crate::kinds::database::far;
use crate::kinds::zone::vm;
use crate::plan::Draft;
use crate::plan::between::{self, PLAIN_BYTES};
use crate::plan::fluid::buffers::Buffer;
use crate::plan::fluid::memories::{LookUps, Memory, looked_up};
use crate::plan::graph::reached_from;
use crate::plan::kind;
use crate::plan::kind::flow::{leaf, uplinks_of};
use crate::plan::links::{Entrance, Store};
use crate::plan::load::{self, Operations, Resource, mean};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::ram::Found;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step};
use crate::plan::space;
use crate::units::SimDuration;
use crate::workload::filling;

/// Rule by which a fork chooses its branches.
#[derive(Clone, Debug, PartialEq)]
pub enum Split {
    /// Evenly over all branches, whether they answer or not: without health checks.
    Blind,
    /// Evenly over the branches that answer.
    Even,
    /// To the first branch that answers.
    First,
    /// Over the members that a balancer believes alive, dead ones included (its number).
    Believed(usize),
    /// To the unit that holds the virtual IP of a balancer.
    Address(usize),
    /// Over the units of a balancer that answer, in proportion to the virtual IPs that they hold (their number in all).
    Peers(u32),
    /// To the primary of a database.
    Primary(usize),
    /// Over the replicas of a database that answer; if there are none, to the primary.
    Readers(usize),
    /// To each replica of a database that answers.
    Followers(usize),
    /// To each branch that answers but one, which is any of them.
    Others,
    /// To the head of a file server that serves the volumes of a given head.
    Volumes {
        /// The file server.
        nas: usize,
        /// The head that owns them.
        owner: u32,
    },
}

/// Requests that follow from a visit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Onward {
    /// Fork to which they go.
    pub node: u32,
    /// Expected number per visit.
    pub count: f64,
    /// True if the request fails or waits with them.
    pub waits: bool,
    /// True if the number is Poisson; otherwise it is a whole number, and one more with a probability.
    pub poisson: bool,
    /// Hit ratio of the edge that fetches them, while its content is fresh; `None` if they are no fetches.
    pub edge: Option<Hits>,
    /// Buffer whose misses they are, by index in [`Network::buffers`]; `None` if they do not depend on one.
    pub buffer: Option<u32>,
    /// Look-ups of which they follow the misses; `None` if they do not depend on a memory.
    pub look_ups: Option<LookUps>,
}

impl Onward {
    /// Returns the probability that all visits of the mean number survive; 1 if the request does not wait for them.
    #[must_use]
    pub fn survives(&self, survives: f64) -> f64 {
        if !self.waits || survives >= 1.0 {
            return 1.0;
        }
        if self.poisson {
            return libm::exp(-self.count * (1.0 - survives));
        }
        let whole = self.count.floor();
        libm::pow(survives, whole) * (1.0 - (self.count - whole) * (1.0 - survives))
    }
}

/// Hits at the edges of a CDN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hits {
    /// Number of the CDN.
    pub cdn: u32,
    /// Share of look-ups that find their object while all content is fresh.
    pub ratio: f64,
    /// Fork behind all tiers.
    pub origin: u32,
}

/// Branch of a fork.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// Sets of parts; the branch answers while one part of each set is up.
    pub open: Vec<Vec<u32>>,
    /// Set of disks on which there must be space for the branch to answer.
    pub space: Option<u32>,
    /// Work per visit, by resource.
    pub work: Vec<(u32, f64)>,
    /// Seconds of it that do not delay the visit: other threads of the demand do them. Below 0 where it waits for something else.
    pub aside: f64,
    /// Requests that follow behind the branch.
    pub then: Vec<Onward>,
}

/// Fork: a point at which requests spread over branches.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Rule by which it chooses.
    pub split: Split,
    /// Branches.
    pub branches: Vec<Branch>,
    /// True if a request waits for the member of every branch, whichever it takes.
    pub waits_for_all: bool,
}

/// Resource with a capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceOf {
    /// Part that has it.
    pub part: Part,
    /// Sort of resource.
    pub resource: Resource,
    /// Name in figures: `www-1.cpu`, `store.main`, `main.uplink-2`.
    pub name: String,
    /// Capacity in work per second.
    pub capacity: f64,
    /// Time in seconds that a request waits for one unit of work at an idle resource. It is 0 at a server's processor, whose time is
    /// counted at the zone's, and on a link: a reply leaves after its sender is free again.
    pub seconds: f64,
    /// True if a request that waits there holds a worker: from its entry into a service until its reply has left.
    pub holds_a_worker: bool,
    /// Queues of which each unit of work takes one at random; `None`: one queue.
    pub queues: Option<load::Queues>,
}

/// Work of the deep probes of a member, which does not depend on the traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeWork {
    /// Part of the unit that probes, which must answer.
    pub unit: u32,
    /// Part of the probed member, which must answer.
    pub member: u32,
    /// Work per second, by resource.
    pub work: Vec<(u32, f64)>,
    /// Number per second.
    pub requests: f64,
}

/// Forks and resources of a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Parts that branches refer to.
    pub parts: Vec<Part>,
    /// Resources, in the order of parts.
    pub resources: Vec<ResourceOf>,
    /// Forks.
    pub nodes: Vec<Node>,
    /// First fork per class of the draft.
    pub roots: Vec<u32>,
    /// Work of deep probes.
    pub probes: Vec<ProbeWork>,
    /// Work per second of scrubs, by resource: it takes what all other work leaves.
    pub yielding: Vec<(u32, f64)>,
    /// Capacity for requests, per service.
    pub rooms: Vec<Room>,
    /// Time for which the content of edges stays valid if it is not renewed, per CDN.
    pub lives: Vec<SimDuration>,
    /// Forks at which the primary of a database takes writes: the database's number, and the fork.
    pub commits: Vec<(u32, u32)>,
    /// Forks over processes that requests enter: each branch is the process that it needs first.
    pub enters: Vec<u32>,
    /// Buffers that start cold.
    pub buffers: Vec<Buffer>,
    /// Memories that start empty.
    pub memories: Vec<Memory>,
    /// Messages, each after those whose work publishes them.
    pub messages: Vec<super::messages::Messages>,
}

/// Capacity of a service for requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Number of the service.
    pub service: usize,
    /// Number of workers of all members.
    pub workers: f64,
    /// Number of waiting places in the queues of all members.
    pub backlog: f64,
}

impl Network {
    /// Returns the utilisation of a resource that other work uses to the share `used`, with the work that yields to it: this never
    /// makes it more than full.
    #[must_use]
    pub fn used_with_yielding(&self, resource: usize, used: f64) -> f64 {
        let own = self.yielding.iter().filter(|(at, _)| *at as usize == resource);
        let work: f64 = own.map(|(_, work)| work).sum();
        used + (work / self.resources[resource].capacity).min((1.0 - used).max(0.0))
    }

    /// Compiles a draft.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let (parts, resources) = (BTreeMap::new(), BTreeMap::new());
        let (net, made, replies) = (Self::default(), BTreeMap::new(), BTreeMap::new());
        let filling = Vec::new();
        let mut builder = Builder { draft, net, parts, resources, made, replies, filling };
        let classes = draft.scenario.request.len();
        // Every class gets its root before any is filled, because classes follow each other.
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

/// Key of a fork to which several ways lead: kind, section, and number within the section.
pub type Shared = (Kind, usize, usize);

/// Requests of a class that enter at an entrance.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'s> {
    /// Number of the class.
    pub class: usize,
    /// Class whose reply they get; `None` for a call of another component.
    pub reply: Option<usize>,
    /// Steps of the class there.
    pub steps: &'s [Step],
    /// True if users arrive over the links of the site, and replies leave by them.
    pub outside: bool,
    /// Process that sends them, and the mean bytes of request and answer; `None`: they come from users.
    pub from: Option<(Part, f64)>,
}

/// Class whose steps are compiled, and the part in which its request is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Number of the class.
    pub class: usize,
    /// Part in which the request is; `None` before it has entered any.
    pub here: Option<Part>,
}

/// Network under construction.
pub struct Builder<'d> {
    draft: &'d Draft,
    pub(super) net: Network,
    parts: BTreeMap<Part, u32>,
    resources: BTreeMap<(Part, Resource), u32>,
    made: BTreeMap<Shared, u32>,
    /// Fork of the links by which replies leave, per site and class.
    replies: BTreeMap<(Part, usize), u32>,
    /// Steps in which contents fill memory.
    pub(super) filling: Vec<(Found, Vec<filling::Step>)>,
}

/// Returns a way to `node` that is taken once.
pub(crate) const fn once(node: u32) -> Onward {
    times(node, 1.0)
}

/// Returns a way to `node` that is taken `count` times on average.
pub(crate) const fn times(node: u32, count: f64) -> Onward {
    Onward { node, count, waits: true, poisson: false, edge: None, buffer: None, look_ups: None }
}

impl<'d> Builder<'d> {
    /// Returns the draft.
    pub(crate) const fn draft(&self) -> &'d Draft {
        self.draft
    }

    /// Returns the first fork of a class.
    pub(crate) fn root(&self, class: usize) -> u32 {
        self.net.roots[class]
    }

    /// Adds a fork; returns its number.
    pub(crate) fn node(&mut self, split: Split, branches: Vec<Branch>) -> u32 {
        self.net.nodes.push(Node { split, branches, waits_for_all: false });
        table::u32(self.net.nodes.len()) - 1
    }

    pub(crate) fn part(&mut self, part: Part) -> u32 {
        let next = table::u32(self.net.parts.len());
        let found = *self.parts.entry(part).or_insert(next);
        if found == next {
            self.net.parts.push(part);
        }
        found
    }

    /// Returns a branch that is open while `part` is up.
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
            queues: capacity.queues,
        });
        self.resources.insert((part, resource), at);
        Some(at)
    }

    /// Adds the work of a visit at a resource.
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

    /// Adds processor work in the zone of `user` and at the server below it.
    pub(crate) fn cpu(&mut self, branch: &mut Branch, user: Part, cores: f64) {
        let Some(zone) = user.stands_on(self.draft) else { return };
        let cores = cores * vm::slowness(self.draft, zone);
        self.add(branch, (zone, Resource::Cpu), cores);
        if let Some(server) = zone.stands_on(self.draft) {
            self.add(branch, (server, Resource::Cpu), cores);
        }
    }

    /// Adds `count` exits of the guest in which `user` runs, if it runs in one.
    pub(crate) fn exits(&mut self, branch: &mut Branch, user: Part, count: f64) {
        let Some((zone, each)) = vm::exit_of(self.draft, user) else { return };
        self.add(branch, (zone, Resource::Cpu), count * each);
        if let Some(server) = zone.stands_on(self.draft) {
            self.add(branch, (server, Resource::Cpu), count * each);
        }
    }

    fn class(&mut self, class: usize) {
        let draft = self.draft;
        let outside = reached_from(draft, class);
        let steps = &draft.routes[class].steps;
        let mut then = Vec::new();
        match draft.links.enters[class] {
            Some(enter) => {
                let arrival = Arrival { class, reply: Some(class), steps, outside, from: None };
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

    /// Compiles an entrance and the steps behind it; returns the ways that lead there.
    pub(crate) fn entrance(&mut self, entrance: Entrance, arrival: Arrival<'_>) -> Vec<Onward> {
        let (kind, _) = entrance.component();
        kind.answers().leads(self, entrance, arrival)
    }

    /// Returns the fork of a key; `make` builds it at the first call.
    pub(crate) fn shared(&mut self, key: Shared, make: impl FnOnce(&mut Self) -> u32) -> u32 {
        if let Some(node) = self.made.get(&key) {
            return *node;
        }
        let node = make(self);
        self.made.insert(key, node);
        node
    }

    /// Returns the sets of parts, one of each of which must be up for an entrance to answer.
    pub(crate) fn opens(&mut self, entrance: Entrance) -> Vec<Vec<u32>> {
        let (kind, _) = entrance.component();
        let sets = kind.answers().opens(self.draft, entrance).into_iter();
        sets.map(|set| set.into_iter().map(|part| self.part(part)).collect()).collect()
    }

    /// Adds a fork over members, each with the steps done there. Replies to outside users leave the member's site.
    pub(crate) fn members(
        &mut self,
        members: Vec<Part>,
        split: Split,
        Arrival { class, reply, steps, outside, from }: Arrival<'_>,
    ) -> u32 {
        let mut branches = Vec::new();
        for part in members {
            let mut branch = self.branch(part);
            if let Some((from, bytes)) = from {
                self.over_link(&mut branch, (from, part), bytes);
            }
            let mut then = Vec::new();
            let exits = vm::exits_of_reply(self.draft, reply, part);
            self.exits(&mut branch, part, exits);
            if outside {
                then.extend(self.reply(class, part));
            }
            let place = Place { class, here: Some(part) };
            self.steps(place, steps, &mut branch, &mut then);
            branch.then = then;
            branches.push(branch);
        }
        let node = self.node(split, branches);
        self.net.enters.push(node);
        node
    }

    /// Opens a branch only while the link between the sites of two parts is up, if there is one; adds the `bytes` that
    /// cross it.
    pub(crate) fn over_link(&mut self, branch: &mut Branch, (from, to): (Part, Part), bytes: f64) {
        let Some(link) = between::link_of(self.draft, from, to) else { return };
        let set = vec![self.part(link)];
        branch.open.push(set);
        self.add(branch, (link, Resource::Link), bytes);
    }

    /// Returns the way over the link between the sites of two parts; `None` if there is none.
    pub(crate) fn crosses(&mut self, ways: (Part, Part), bytes: f64) -> Option<u32> {
        let mut branch = Branch::default();
        self.over_link(&mut branch, ways, bytes);
        (!branch.open.is_empty()).then(|| self.alone(branch))
    }

    /// Returns the link over which a step asks all of the processes that it asks from `here`; `None` if it needs none.
    fn asks_over(&mut self, here: Option<Part>, does: &Does) -> Option<u32> {
        // The forks of a database at both ends of a link choose among its members.
        let chosen =
            matches!(does, Does::Query(query) if far::ends(self.draft, query.database).is_some());
        let here = here.filter(|_| !chosen && !self.draft.scenario.link.is_empty())?;
        let asked = between::asked(self.draft, does);
        let far = |to: &Part| between::link_of(self.draft, here, *to).is_some();
        let first = asked.iter().all(far).then(|| asked.first().copied()).flatten()?;
        self.crosses((here, first), PLAIN_BYTES)
    }

    /// Returns the way to the links by which replies of `class` leave the site of `part`; `None` without such links.
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

    pub(super) fn steps(
        &mut self,
        place: Place,
        steps: &[Step],
        branch: &mut Branch,
        then: &mut Vec<Onward>,
    ) {
        let draft = self.draft;
        // The steps of a miss follow the state of the cache, each at a fork of its own.
        let passes =
            |ask: &dyn Ask| looked_up(ask).map_or_else(|| ask.passes(&draft.hits), |_| 1.0);
        let filled = !draft.scenario.cache.is_empty();
        let visits = Visits::new(steps, &passes).take().into_iter();
        for (step, count) in visits.filter(|(_, count)| !filled || *count > 0.0) {
            if let Does::Ask(ask) = &step.does
                && let Some(cache) = looked_up(&**ask)
            {
                then.extend(self.misses(place, cache, ask.inside(), count));
            }
            match &step.does {
                Does::Call(call) => {
                    let (class, steps) = (place.class, call.steps.as_slice());
                    let from = place.here.map(|here| (here, between::bytes(call)));
                    let arrival = Arrival { class, reply: None, steps, outside: false, from };
                    let onward = self.entrance(call.to, arrival).into_iter();
                    then.extend(onward.map(|onward| times(onward.node, count)));
                }
                does => {
                    if let Some(leaf) = leaf(does) {
                        leaf.flows(self, place, count, branch, then);
                        let over = self.asks_over(place.here, does);
                        then.extend(over.map(|node| times(node, count)));
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

    /// Adds that `writes` of `user` need space on a store, if a fault takes it; the request fails with them.
    pub(crate) fn space(&mut self, store: Store, user: Part, writes: f64, then: &mut Vec<Onward>) {
        for (set, share) in space::filled(self.draft, store, user) {
            let space = Some(self.part(set));
            let node = self.alone(Branch { space, ..Branch::default() });
            then.push(times(node, writes * share));
        }
    }

    /// Returns the fork of a component that passes queries on to a database: the section at `index`.
    pub(crate) fn passes(&mut self, kind: Kind, index: usize) -> Option<u32> {
        kind.answers().leads_through(self, index)
    }

    /// Records that a database takes writes at `node`.
    pub(crate) fn commits(&mut self, database: usize, node: u32) {
        self.net.commits.push((table::u32(database), node));
    }

    /// Sorts resources in the order of parts, and renumbers all references to them.
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
        let works = works.chain(net.probes.iter_mut().map(|probe| &mut probe.work));
        for (at, _) in works.chain([&mut net.yielding]).flatten() {
            *at = place[*at as usize];
        }
        net.resources = order.iter().map(|at| net.resources[*at].clone()).collect();
        self.net
    }
}
