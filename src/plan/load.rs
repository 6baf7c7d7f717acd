//! Offered load: mean work demanded of each resource at given rates of the workloads.
//!
//! Takes a draft and a rate per workload; gives for every member's processor, disk set, pool, head,
//! balancer, station, uplink and link between sites the work per second and the capacity. Computed from the form alone:
//! mean visits of each step (traffic equations if `goto` goes back), times mean demand. A ratio
//! above 1 can never be served; below 1 it is the utilisation that a run must show. Of scrubs, of the blocks of a log and of
//! writes across a link that no write waits for both are upper bounds: what can never be served has a ratio above 1 in [`least_offered`].
//!
//! Assumes: users neither abandon nor retry; members share their requests evenly; a volume over
//! several pools is spread evenly; caches and edges answer as [`super::hits`] computes, memories of servers and heads as
//! [`super::ram`] does. Leaves out: operations (backup), switches, connections, workers (they need waiting times), context switches, the work of shallow probes, and on
//! links between sites all but calls, requests that a balancer passes on, and the writes of databases.
//!
//! A zone without shares has what the others leave of its server: its work is no load of the server's processor, and its
//! capacity is the rest of that ([`Offered::is_rest`]).
//!
//! Servers that are lent have the capacity of their hours, as a mean over the week, and get as much of the work. A group of
//! zones that a scaler launches has the capacity of the most members that may exist at a time, divided over all of its places.
//!
//! Closed users have no rate: [`closed`] bounds it.
//!
//! With some parts lost ([`offered_without`]), the remaining members carry the load: a replica becomes
//! primary, the partner's head serves the volumes of both, and a class that is down asks for nothing.
//!
//! Source: Denning & Buzen (1978), the forced flow law and the utilisation law.

use std::collections::BTreeMap;

use crate::kinds::zone::vm;
use crate::plan::Draft;
use crate::plan::flow;
use crate::plan::graph::{Graph, Subject};
use crate::plan::hours;
use crate::plan::kind;
use crate::plan::kind::flow::{leaf, uplinks_of};
use crate::plan::links::{Entrance, Store};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::ram::{Place, Rates};
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step};
use crate::plan::scaled;
use crate::scenario::law::LawSpec;

pub mod closed;
mod least;
mod links;
mod memory;
mod rates;
mod rest;

pub use least::{first_to_run_out, has_less, least_for_a_while, least_offered, least_without};
use memory::State;
pub use memory::{Cold, asked_of_memories, read_from_memories};
pub use rates::{
    fixed_by_levels, level, levels, open_rates, open_rates_in, peak_among, profile_peaks, rates,
    rates_in,
};
pub use rest::processors;

/// Sort of resource of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Processor, in cores.
    Cpu,
    /// Processor of a zone relative to its baseline, which is no limit if the zone may burst.
    Baseline,
    /// Disks, in operations per second.
    Disks,
    /// A head of a file server, in heads.
    Head,
    /// A link to the world, in bytes per second.
    Uplink,
    /// A station, in servers.
    Servers,
    /// A link between sites, in bytes per second.
    Link,
    /// The row of a database that is written most, in writes that hold it at a time.
    Row,
}

impl Resource {
    /// Returns whether the capacity is a hard limit.
    #[must_use]
    pub const fn is_limit(self) -> bool {
        !matches!(self, Self::Baseline)
    }
}

/// Load of one resource of one part.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Part that has the resource.
    pub part: Part,
    /// Sort of resource.
    pub resource: Resource,
    /// Name in figures: `www-1.cpu`, `store.main`, `store.head-1`, `main.uplink-2`, `mysql.row`.
    pub name: String,
    /// Work demanded per second.
    pub per_second: f64,
    /// Capacity in work per second.
    pub capacity: f64,
    /// True if the capacity is what the load of others leaves: that of a zone without shares. Such a zone is listed
    /// without any load too.
    pub is_rest: bool,
    /// The most members of its group that a scaler keeps at a time, if these are fewer than there are places.
    pub at_most: Option<u32>,
    /// Share of a member's capacity that counts for its place: 1 unless a scaler keeps fewer members than there are places.
    pub share: f64,
}

impl Offered {
    /// Returns load divided by capacity; 0 without a load.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        if self.per_second == 0.0 { 0.0 } else { self.per_second / self.capacity }
    }

    /// Returns the capacity in words.
    pub(crate) fn whose(&self) -> String {
        match self.at_most {
            _ if self.is_rest => "what the zones with shares leave it".into(),
            Some(most) => {
                format!("its capacity with {most} members, the `maximum` of its scaler,")
            }
            None => "its capacity".into(),
        }
    }
}

/// Returns the mean of a law, in its base unit.
#[must_use]
pub fn mean<U>(law: &LawSpec<U>) -> f64 {
    law.law().mean()
}

/// Computes the offered load at these rates (one per workload), in the order of parts.
#[must_use]
pub fn offered(draft: &Draft, rates: &[f64]) -> Vec<Offered> {
    sums(draft, rates, &|_| true, &|_| true, State::Warm).finish()
}

/// Computes the offered load when some parts are lost and redundant ones have taken over.
#[must_use]
pub fn offered_without(draft: &Draft, graph: &Graph, rates: &[f64], lost: &[Part]) -> Vec<Offered> {
    offered_in(draft, graph, rates, lost, State::Warm).0
}

/// Computes the same right after the takeover, while memory is cold: the buffer of a promoted member, and what was not read from memory
/// before. Also returns the reads per second of such contents, by the part that has them.
#[must_use]
pub fn offered_right_after(
    draft: &Draft,
    graph: &Graph,
    rates: &[f64],
    lost: &[Part],
    cold: Cold,
) -> (Vec<Offered>, Empty) {
    offered_in(draft, graph, rates, lost, State::Cold(cold))
}

fn offered_in(
    draft: &Draft,
    graph: &Graph,
    rates: &[f64],
    lost: &[Part],
    state_of_memory: State,
) -> (Vec<Offered>, Empty) {
    let up = graph.up(lost);
    let mut state: BTreeMap<Part, bool> = BTreeMap::new();
    for (id, node) in graph.nodes() {
        if let Some(part) = node.part {
            state.insert(part, up[id.index()]);
        }
    }
    let class_up: Vec<bool> = (0..draft.scenario.request.len())
        .map(|class| graph.subject(Subject::Class(class)).is_none_or(|node| up[node.index()]))
        .collect();
    // Of a scaler the graph has the fewest members. The others are launched on the servers that are left.
    let up = |part| state.get(&part).copied().unwrap_or_else(|| !lost.contains(&part));
    let mut sums = sums(draft, rates, &up, &|class| class_up[class], state_of_memory);
    let empty = std::mem::take(&mut sums.empty);
    (sums.finish(), empty)
}

/// Returns the utilisation of a resource over all members of `group`: `www` for processors, `store.head` for heads.
#[must_use]
pub fn total(draft: &Draft, all: &[Offered], group: &str, resource: Resource) -> Option<f64> {
    let belongs = |one: &&Offered| {
        let name = one.part.name(draft);
        let tail = name.strip_prefix(group);
        one.resource == resource
            && tail.is_some_and(|tail| {
                let number =
                    tail.strip_prefix('-').is_some_and(|number| number.parse::<u32>().is_ok());
                tail.is_empty() || number
            })
    };
    let found: Vec<&Offered> = all.iter().filter(belongs).collect();
    let capacity: f64 = found.iter().map(|one| one.capacity).sum();
    let load: f64 = found.iter().map(|one| one.per_second).sum();
    (!found.is_empty()).then(|| load / capacity)
}

fn sums<'d>(
    draft: &'d Draft,
    rates: &[f64],
    up: &'d dyn Fn(Part) -> bool,
    class_up: &dyn Fn(usize) -> bool,
    state: State,
) -> Sums<'d> {
    let lent = hours::shares(draft);
    let (work, arrived) = (BTreeMap::new(), BTreeMap::new());
    let (asked, empty) = (BTreeMap::new(), BTreeMap::new());
    let mut sums = Sums { draft, up, state, lent, work, arrived, asked, empty };
    let classes = flow::class_rates(draft, &draft.hits, rates);
    for (class, rate) in classes.iter().enumerate() {
        if *rate > 0.0 && class_up(class) {
            sums.class(class, *rate);
        }
    }
    kind::all().for_each(|kind| kind.works_always(&mut sums));
    sums
}

/// Computes the requests per second that arrive at each member of the services, with all parts up.
#[must_use]
pub fn arrived(draft: &Draft, rates: &[f64]) -> BTreeMap<Part, f64> {
    sums(draft, rates, &|_| true, &|_| true, State::Warm).arrived
}

/// Parts at which a class is processed, with their shares of the requests.
pub type Here = Vec<(Part, f64)>;

/// Disk operations per second, and operations of the component in front of the disks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Operations {
    /// Reads.
    pub reads: f64,
    /// Writes.
    pub writes: f64,
    /// Writes among these that must be durable.
    pub durable: f64,
    /// Operations in front of the disks.
    pub in_front: f64,
}

/// Reads per second by part and content.
type Empty = BTreeMap<Part, BTreeMap<Place, f64>>;

/// Sums of work per second of all parts.
pub struct Sums<'d> {
    draft: &'d Draft,
    up: &'d dyn Fn(Part) -> bool,
    state: State,
    /// Share of the week in which servers are there, by group; empty if none is lent.
    lent: Vec<f64>,
    work: BTreeMap<(Part, Resource), f64>,
    /// Requests per second that arrive at parts among which they are spread.
    arrived: BTreeMap<Part, f64>,
    /// Operations for which memories are asked.
    asked: BTreeMap<Place, Rates>,
    /// Reads of contents of which memory has nothing yet, by the part that has the contents.
    empty: Empty,
}

impl<'d> Sums<'d> {
    /// Returns the draft.
    pub(crate) const fn draft(&self) -> &'d Draft {
        self.draft
    }

    /// Adds work per second.
    pub(crate) fn add(&mut self, part: Part, resource: Resource, work: f64) {
        *self.work.entry((part, resource)).or_insert(0.0) += work;
    }

    /// Adds work per second on the processor of the zone in which `part` runs.
    pub(crate) fn zone_cpu(&mut self, part: Part, cores: f64) {
        if let Some(zone) = part.stands_on(self.draft) {
            self.add(zone, Resource::Cpu, cores * vm::slowness(self.draft, zone));
        }
    }

    /// Adds work per second on the processor of the zone in which `part` runs, for which no request waits: what does not fit is
    /// left undone, so it limits no request.
    pub(crate) fn work_of_none(&mut self, part: Part, cores: f64) {
        if !self.is_least() {
            self.zone_cpu(part, cores);
        }
    }

    /// Adds `count` exits per second of the guest in which `part` runs, if it runs in one.
    pub(crate) fn exits(&mut self, part: Part, count: f64) {
        if let Some((zone, each)) = vm::exit_of(self.draft, part) {
            self.add(zone, Resource::Cpu, count * each);
        }
    }

    /// Adds the exits for `rate` replies per second of `part` to a class, or to a call for `None`.
    pub(crate) fn replies(&mut self, class: Option<usize>, part: Part, rate: f64) {
        self.exits(part, rate * vm::exits_of_reply(self.draft, class, part));
    }

    /// Adds the operations of `user` on a store.
    pub(crate) fn io(&mut self, store: Store, user: Part, operations: Operations) {
        self.exits(user, operations.reads + operations.writes);
        store.component().0.answers().offers_io(self, store, user, operations);
    }

    /// Adds the work of `rate` queries per second that a component passes on.
    pub(crate) fn passes(&mut self, kind: Kind, index: usize, rate: f64) {
        kind.answers().passes_on(self, index, rate);
    }

    /// Returns whether a part is up.
    pub(crate) fn is_up(&self, part: Part) -> bool {
        (self.up)(part)
    }

    /// Returns whether a promoted member has just taken over.
    pub(crate) const fn is_cold(&self) -> bool {
        matches!(self.state, State::Cold(_))
    }

    /// Returns whether work counts that no order of the requests avoids, and no other ([`least_offered`]).
    pub(crate) const fn is_least(&self) -> bool {
        matches!(self.state, State::Least)
    }

    /// Returns whether an entrance answers: in each set of parts that it needs, one is up.
    pub(crate) fn is_open(&self, entrance: Entrance) -> bool {
        let (kind, _) = entrance.component();
        let sets = kind.answers().opens(self.draft, entrance);
        sets.iter().all(|set| set.iter().any(|part| self.is_up(*part)))
    }

    /// Returns the parts that are up; all of them if none is (the class is then down for another reason).
    pub(crate) fn alive(&self, parts: Vec<Part>) -> Vec<Part> {
        let alive: Vec<Part> = parts.iter().copied().filter(|part| self.is_up(*part)).collect();
        if alive.is_empty() { parts } else { alive }
    }

    fn class(&mut self, class: usize, rate: f64) {
        let draft = self.draft;
        let mut here = Here::new();
        let mut rate = rate;
        if let Some(enter) = draft.links.enters[class] {
            rate = self.enter(enter, Some(class), rate, &mut here);
        }
        let share: f64 = here.iter().map(|(_, share)| share).sum();
        if share > 0.0 {
            for (_, part) in &mut here {
                *part /= share;
            }
        }
        self.steps(class, &draft.routes[class].steps, rate, &here);
    }

    /// Sends `rate` requests per second into an entrance; returns the rate that arrives behind it. Requests of a class
    /// from outside are answered over the uplinks of its site.
    pub(crate) fn enter(
        &mut self,
        entrance: Entrance,
        class: Option<usize>,
        rate: f64,
        here: &mut Here,
    ) -> f64 {
        let (kind, _) = entrance.component();
        kind.answers().offers_in(self, entrance, class, rate, here)
    }

    /// Sends `rate` requests per second evenly to those of these parts that are up.
    pub(crate) fn spread(&mut self, to: Vec<Part>, rate: f64, here: &mut Here) {
        let alive = self.alive(to);
        let each = rate / alive.len().max(1) as f64;
        let shares = match self.lent.is_empty() {
            true => alive.into_iter().map(|part| (part, each)).collect(),
            false => self.by_hours(alive, rate),
        };
        for (part, rate) in &shares {
            *self.arrived.entry(*part).or_insert(0.0) += rate;
        }
        here.extend(shares);
    }

    /// Returns `rate` requests per second divided over parts as their hours are: members that take work from a queue
    /// have none while they are not lent.
    fn by_hours(&self, to: Vec<Part>, rate: f64) -> Here {
        let shares: Vec<f64> = to.iter().map(|part| self.lent_share(*part)).collect();
        let all: f64 = shares.iter().sum();
        to.into_iter().zip(shares).map(|(part, share)| (part, rate * share / all)).collect()
    }

    /// Returns the share of the week in which the server of a part, or the server itself, is there.
    fn lent_share(&self, part: Part) -> f64 {
        if self.lent.is_empty() {
            return 1.0;
        }
        hours::server(self.draft, part).map_or(1.0, |server| self.lent[server.group])
    }

    /// Adds the replies, which leave by the links of the sites where the class is answered.
    pub(crate) fn reply(&mut self, class: usize, from: &[(Part, f64)], rate: f64) {
        let draft = self.draft;
        let Some(reply) = &draft.scenario.request[class].1.reply else { return };
        let all: f64 = from.iter().map(|(_, share)| share).sum();
        let mut sites: BTreeMap<Part, (Vec<Part>, f64)> = BTreeMap::new();
        for (part, share) in from {
            if let Some((site, uplinks)) = uplinks_of(draft, *part) {
                let (_, bytes) = sites.entry(site).or_insert((uplinks.parts, 0.0));
                *bytes += share / all * rate * mean(&reply.value);
            }
        }
        for (links, bytes) in sites.into_values() {
            let alive = self.alive(links);
            for link in &alive {
                self.add(*link, Resource::Uplink, bytes / alive.len() as f64);
            }
        }
    }

    fn steps(&mut self, class: usize, steps: &[Step], rate: f64, here: &Here) {
        let draft = self.draft;
        let passes = |ask: &dyn Ask| ask.passes(&draft.hits);
        let visits = Visits::new(steps, &passes);
        for (step, count) in visits.take() {
            self.step(class, step, rate * count, here);
        }
    }

    fn step(&mut self, class: usize, step: &Step, rate: f64, here: &Here) {
        match &step.does {
            Does::Call(call) => {
                let mut there = Here::new();
                self.enter(call.to, None, rate, &mut there);
                for (_, share) in &mut there {
                    *share /= rate;
                }
                self.calls(call, rate, here, &there);
                self.steps(class, &call.steps, rate, &there);
            }
            does => {
                if let Some(leaf) = leaf(does) {
                    leaf.offers(self, class, rate, here);
                }
            }
        }
    }

    fn finish(self) -> Vec<Offered> {
        let draft = self.draft;
        let mut all = self.work.clone();
        for zone in rest::zones(draft) {
            all.entry((zone, Resource::Cpu)).or_insert(0.0);
        }
        // Work on the processor of a zone is also work on that of its server.
        let slices: Vec<(Part, f64)> = all
            .iter()
            .filter(|((part, _), _)| part.answers().is_slice(*part))
            .map(|((part, _), work)| (*part, *work))
            .collect();
        for (part, work) in slices.into_iter().filter(|(part, _)| !rest::is_rest(draft, *part)) {
            all.insert((part, Resource::Baseline), work);
            if let Some(below) = part.stands_on(draft) {
                *all.entry((below, Resource::Cpu)).or_insert(0.0) += work;
            }
        }
        let rests = rest::Rests::of(draft, &all, |part| self.lent_share(part));
        let counted = scaled::counted(draft, self.up);
        let mut offered = Vec::with_capacity(all.len());
        for (&(part, resource), &per_second) in &all {
            let Some(capacity) = capacity(draft, part, resource) else { continue };
            let capacity = capacity.per_second * self.lent_share(part);
            let is_rest = rest::is_rest(draft, part);
            let counted = counted.get(&part).copied();
            let (share, at_most) = counted.map_or((1.0, None), |(share, most)| (share, Some(most)));
            let name = resource_name(draft, part, resource);
            // Of a rest one member can have all.
            let (capacity, share, at_most) = match is_rest {
                true => (rests.capacity(draft, (part, per_second), capacity * share), 1.0, None),
                false => (capacity * share, share, at_most),
            };
            offered.push(Offered {
                part,
                resource,
                name,
                per_second,
                capacity,
                is_rest,
                at_most,
                share,
            });
        }
        offered
    }
}

/// Returns the name of a resource of a part: `www-1.cpu`, `store.main`.
#[must_use]
pub fn resource_name(draft: &Draft, part: Part, resource: Resource) -> String {
    let name = part.name(draft);
    match resource {
        Resource::Cpu => format!("{name}.cpu"),
        Resource::Baseline => format!("{name}.baseline"),
        // Of the database, whichever of its members takes the write.
        Resource::Row => format!("{}.row", name.rsplit_once('.').map_or(&*name, |(of, _)| of)),
        _ => name,
    }
}

/// Returns the cores on which a demand of `user` with `threads` threads runs in parallel: its threads, or
/// the cores of its zone if those are fewer; at least one.
#[must_use]
pub fn cores_at_once(draft: &Draft, user: Part, threads: u32) -> f64 {
    let zone = user.stands_on(draft).and_then(|zone| capacity(draft, zone, Resource::Cpu));
    zone.map_or(1.0, |cpu| f64::from(threads).min(cpu.per_second).max(1.0))
}

/// Capacity of a resource of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Work per second.
    pub per_second: f64,
    /// Time of one unit of work on an idle resource, in seconds.
    pub alone_s: f64,
    /// True if a request holds a worker while it waits there.
    pub holds_a_worker: bool,
    /// Queues of which each unit of work takes one at random; `None`: one queue.
    pub queues: Option<Queues>,
}

/// Equal queues of which each unit of work takes one at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queues {
    /// Number of queues.
    pub count: u32,
    /// Units of work that each does at once.
    pub at_once: u32,
}

/// Returns the capacity of a resource; `None` if the part has no such resource.
#[must_use]
pub fn capacity(draft: &Draft, part: Part, resource: Resource) -> Option<Capacity> {
    part.answers().capacity(draft, part, resource)
}
