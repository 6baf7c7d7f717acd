//! Effect of a state of the parts on the traffic: the direction of every fork, the share of the views of a class that fails or is
//! stalled, and the work per view at each resource that is left.
//!
//! Model: a request that visits a fork survives with the probability that its branch answers, together with all that is requested behind
//! it. A mean number of visits k + p is k visits, and one more with probability p; a Poisson number is Poisson. Visits are independent of
//! each other. A view is served if it and all that `then` fetches are. A failed visit causes no work behind the fork at which it fails.
//!
//! Behind a balancer with `hash` or cookies, all requests of a view meet one member. While the balancer sends some requests to a dead
//! member, a view is lost with the share of these, once for all its requests and retries. With cookies, the same holds for a session.
//!
//! An edge whose origin does not answer keeps its objects until they expire. With ages spread evenly, the share 1 − t / `ttl` is still
//! valid at time t after the last good answer, so more and more fetches fail. This age is part of the state, in steps of a [`AGES`]th of
//! `ttl`, each evaluated at its middle.
//!
//! So is the age of a buffer that has lost its content and misses more often ([`buffers`]), and the step at which an object cache or a
//! RAM cache is that fills again ([`memories`]).
//!
//! Holds: the result is a pure function of [`Bits`], so that it can be cached per state.

mod load;
pub mod pauses;
mod ways;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::memories::{LookUps, MemoryNow};
use super::network::{Branch, Hits, Network, Node, Onward, Split};
use super::{FluidPlan, Keeps, buffers, memories};
use crate::convert::table;
pub use load::{FlowLoad, Stage, StateLoad};
use ways::{Absent, Fetches, Ways};

/// State of the parts: one bit per input, in the order of [`FluidPlan::inputs`]; then, per CDN,
/// the age of its edges' content ([`AGE_BITS`] bits), and per buffer its age and per memory its step in the same way.
pub type Bits = Box<[u64]>;

/// Number of steps in which the content of edges expires while their origin is silent. All is valid at step 0, and nothing after the last.
pub const AGES: u32 = 32;
/// Number of bits of an age.
pub const AGE_BITS: usize = 6;

/// Returns the share of an edge's content that is still valid at a step of its age.
#[must_use]
pub fn fresh(age: u32) -> f64 {
    match age {
        0 => 1.0,
        _ => (1.0 - (f64::from(age) - 0.5) / f64::from(AGES)).max(0.0),
    }
}

/// Statement about the parts that holds while the bit of the input is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// A part of the network, or a domain below one, is itself healthy.
    Fit(u32),
    /// A part is slower by this factor: by a fault, or (`true`) because it is cold.
    Slow(u32, f64, bool),
    /// A set of disks has no space.
    Full(u32),
    /// A part is paused, and requests wait for it.
    Paused(u32),
    /// A balancer believes a member alive: numbers of both.
    Believed(u32, u32),
    /// A balancer sends requests to a dead member: numbers of both.
    Misled(u32, u32),
    /// A unit holds the virtual IP of a balancer: balancer, unit.
    At(u32, u32),
    /// A database has a primary that serves.
    Served(u32),
    /// A member has the role of primary: database, member.
    Holds(u32, u32),
    /// The partner serves the volumes of a head: file server, head.
    Partner(u32, u32),
    /// No head serves them: file server, head.
    Stall(u32, u32),
    /// A member of a database is silent, and writes wait for it: number of its part.
    Awaited(u32),
    /// The view of its database goes on without a member: number of its part.
    Evicted(u32),
    /// A memory has lost its content, and has none yet.
    Lost(u32),
    /// The part of a power meter is off.
    Off(u32),
    /// This share of the users of a class (by index in the plan) is cut off.
    Cut(u32, f64),
    /// This share of its views fetches in vain what neither an edge nor its shield has.
    CutFetches(u32, f64),
    /// This share of its views asks a shield in vain for what no edge has.
    CutShield(u32, f64),
}

/// Condition of all parts in a state, which determines where forks lead.
#[derive(Clone)]
pub struct Standing<'p> {
    pub(super) plan: &'p FluidPlan,
    fit: Vec<bool>,
    pub(super) slow: Vec<f64>,
    full: Vec<bool>,
    paused: Vec<u32>,
    /// Members of databases that do not serve.
    absent: Absent,
    up: Vec<bool>,
    believed: Vec<Vec<bool>>,
    misled: Vec<Vec<bool>>,
    /// Share of the forwarded requests that is sent to dead members, per balancer.
    refused: Vec<f64>,
    at: Vec<Option<u32>>,
    primary: Vec<Option<u32>>,
    head: Vec<Vec<Lead>>,
    cut: Vec<f64>,
    cut_fetches: Vec<f64>,
    cut_shields: Vec<f64>,
    /// Share of the edges' content that is still valid, per CDN.
    fresh: Vec<f64>,
    /// Factor on the misses of each buffer; whether its member keeps the content, and whether that is the primary.
    misses: Vec<f64>,
    buffers: Vec<(bool, bool)>,
    /// Memories in this state.
    memories: Vec<MemoryNow>,
}

/// Location of the volumes of a head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lead {
    Home,
    Partner,
    Nobody,
}

/// Shares of the requests that a fork does not pass on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Blocked {
    /// Share that fails.
    dead: f64,
    /// Share that is stalled.
    stalled: f64,
}

impl FluidPlan {
    /// Computes the effect of a state.
    #[must_use]
    pub fn state(&self, bits: &[u64]) -> StateLoad {
        let standing = Standing::new(self, |at| bits[at / 64] >> (at % 64) & 1 == 1);
        let ways = Ways::of(&standing);
        let flows: Vec<Arc<FlowLoad>> =
            (0..self.flows()).map(|flow| Arc::new(standing.flow(flow, &ways))).collect();
        let net = &self.network;
        let silent = |cdn: usize| {
            let any = |at: usize| flows.iter().any(|flow| flow.fetches[cdn][at]);
            any(0) && !any(1)
        };
        let silent = (0..net.lives.len()).map(silent).collect();
        let mut constant = vec![0.0; net.resources.len()];
        let mut probed = Vec::new();
        for probe in &net.probes {
            if standing.up[probe.unit as usize] && standing.up[probe.member as usize] {
                self.counts(probe.member, probe.requests, &mut probed);
                for (at, work) in &probe.work {
                    constant[*at as usize] += work;
                }
            }
        }
        let places = net.resources.iter().zip(&self.resource_parts);
        let capacity = places.map(|(r, part)| r.capacity / part.map_or(1.0, |p| standing.slow[p]));
        let off = |(at, input): (usize, &Input)| match input {
            Input::Off(meter) => (bits[at / 64] >> (at % 64) & 1 == 1).then_some(*meter),
            _ => None,
        };
        // Without a meter no input is one, and a new state looks for none.
        let metered = if self.power.processors.is_empty() { &[][..] } else { &self.inputs };
        let off = metered.iter().enumerate().filter_map(off).collect();
        let (constant, capacity) = (constant.into(), capacity.collect());
        let lost = standing.memories.iter().map(|memory| memory.lost).collect();
        let buffers = standing.buffers;
        StateLoad { flows, constant, probed, capacity, silent, off, buffers, lost }
    }
}

impl<'p> Standing<'p> {
    /// Returns the factor on the work of a branch at a resource, by its first part. A part that is the resource itself has
    /// less capacity instead.
    pub(super) fn slowness(&self, branch: &Branch, resource: usize) -> f64 {
        let part = branch.open.first().and_then(|set| set.first()).map(|part| *part as usize);
        let other = part.filter(|part| self.plan.resource_parts[resource] != Some(*part));
        other.map_or(1.0, |part| self.slow[part])
    }

    /// Reads the inputs of a state.
    pub fn new(plan: &'p FluidPlan, bit: impl Fn(usize) -> bool) -> Self {
        let mut all = Self {
            plan,
            fit: vec![true; plan.parts.len()],
            slow: vec![1.0; plan.parts.len()],
            full: vec![false; plan.parts.len()],
            paused: Vec::new(),
            absent: Absent::default(),
            up: Vec::new(),
            believed: plan.targets.iter().map(|count| vec![true; *count as usize]).collect(),
            misled: plan.targets.iter().map(|count| vec![false; *count as usize]).collect(),
            refused: Vec::new(),
            at: vec![Some(0); plan.targets.len()],
            primary: plan.databases.iter().map(|first| Some(*first)).collect(),
            head: plan.heads.iter().map(|count| vec![Lead::Home; *count as usize]).collect(),
            cut: vec![0.0; plan.flows()],
            cut_fetches: vec![0.0; plan.flows()],
            cut_shields: vec![0.0; plan.flows()],
            fresh: Vec::new(),
            misses: Vec::new(),
            buffers: Vec::new(),
            memories: Vec::new(),
        };
        let age = |from: usize| {
            let at = |n: usize| u32::from(bit(from + n)) << n;
            (0..AGE_BITS).map(at).sum()
        };
        all.fresh = (0..plan.network.lives.len()).map(|cdn| fresh(age(plan.age_at(cdn)))).collect();
        all.misses = buffers::misses(plan, age);
        for balancer in &plan.pairs {
            all.at[*balancer as usize] = None;
        }
        let mut served = vec![true; plan.databases.len()];
        for (at, input) in plan.inputs.iter().enumerate() {
            let set = bit(at);
            match *input {
                Input::Fit(part) => all.fit[part as usize] = set,
                Input::Slow(part, factor, _) if set => all.slow[part as usize] *= factor,
                Input::Full(part) => all.full[part as usize] = set,
                Input::Paused(part) if set => all.paused.push(part),
                Input::Awaited(part) if set => all.absent.awaited.push(part),
                Input::Evicted(part) if set => all.absent.evicted.push(part),
                Input::Believed(of, who) => all.believed[of as usize][who as usize] = set,
                Input::Misled(of, who) => all.misled[of as usize][who as usize] = set,
                Input::At(of, unit) if set => all.at[of as usize] = Some(unit),
                Input::Served(of) => served[of as usize] = set,
                Input::Holds(of, member) if set => all.primary[of as usize] = Some(member),
                Input::Partner(nas, owner) if set => {
                    all.head[nas as usize][owner as usize] = Lead::Partner;
                }
                Input::Stall(nas, owner) if set => {
                    all.head[nas as usize][owner as usize] = Lead::Nobody;
                }
                Input::Cut(class, share) if set => all.cut[class as usize] += share,
                Input::CutFetches(of, share) if set => all.cut_fetches[of as usize] += share,
                Input::CutShield(class, share) if set => {
                    all.cut_shields[class as usize] += share;
                }
                _ => {}
            }
        }
        all.rise();
        all.buffers = buffers::standing(plan, &all.fit, &all.primary);
        for (primary, served) in all.primary.iter_mut().zip(served) {
            *primary = primary.filter(|_| served);
        }
        all.refused = (0..plan.targets.len()).map(|balancer| all.astray(balancer)).collect();
        all.memories = memories::standing(plan, (&all.up, &all.head), &bit, age);
        all
    }

    /// Finds the parts that are up: they and all below them are healthy; a rack also needs one of its switches.
    fn rise(&mut self) {
        let fit = |part: &u32| self.fit[*part as usize];
        let parts = self.plan.parts.iter();
        self.up = parts.map(|below| below.needs.iter().all(|set| set.iter().any(fit))).collect();
        for part in &self.absent.evicted {
            self.up[*part as usize] = false;
        }
    }

    /// Returns the share of the requests forwarded by a balancer that goes to dead members.
    fn astray(&self, balancer: usize) -> f64 {
        let misled = &self.misled[balancer];
        let astray = misled.iter().filter(|misled| **misled).count();
        let believed = self.believed[balancer].iter().zip(misled);
        let well = believed.filter(|(believed, misled)| **believed && !**misled).count();
        match &self.plan.open[balancer] {
            _ if astray == 0 => 0.0,
            Some(open) => open.share(astray, well),
            None => astray as f64 / (well + astray) as f64,
        }
    }

    fn open(&self, open: &[Vec<u32>]) -> bool {
        open.iter().all(|set| set.iter().any(|part| self.up[*part as usize]))
    }

    fn answers(&self, branch: &Branch) -> bool {
        branch.space.is_none_or(|set| !self.full[set as usize]) && self.open(&branch.open)
    }

    fn flow(&self, flow: usize, ways: &Ways) -> FlowLoad {
        let net = &self.plan.network;
        let (class, root) = self.plan.begins(flow);
        let mut walk = Walk {
            standing: self,
            keeps: &self.plan.keeps[class],
            fates: vec![None; self.plan.targets.len()],
            ways,
            fetches: Fetches::Answered,
            anywhere: false,
            survives: vec![None; net.nodes.len()],
            visits: vec![0.0; ways.branches],
            blamed: vec![false; net.nodes.len()],
            waited: vec![false; net.nodes.len()],
            reach: vec![0.0; net.nodes.len()],
            because: Vec::new(),
            stalled_by: Vec::new(),
        };
        // All fetches of a view go the same way: with a dead link, none of them is answered.
        let [links, shields] = [&self.cut_fetches, &self.cut_shields].map(|cut| cut[flow].min(1.0));
        let in_vain = 1.0 - (1.0 - links) * (1.0 - shields);
        let cuts = [(Fetches::ToShields, links), (Fetches::InVain, shields)];
        let (survives, moves) = walk.all_in_all(root, cuts);
        let reached = 1.0 - self.cut[flow].min(1.0);
        let answered = reached * (1.0 - in_vain);
        let fails = some(1.0 - reached * survives);
        let mut lacks = 0.0;
        let (mut sticks, mut stuck) = (false, 0.0);
        let keeps = walk.keeps.iter().any(|keeps| *keeps != Keeps::None);
        if fails > 0.0 {
            let mut walk = walk.where_else(|walk| walk.anywhere = true);
            lacks = some(1.0 - reached * walk.all_in_all(root, cuts).0).min(fails);
            // Part of it due to a dead member that all requests of a view, or of a session, meet.
            let owed_to = |kept: &dyn Fn(Keeps) -> bool| {
                let fates = walk.keeps.iter().map(|keeps| kept(*keeps).then_some(false)).collect();
                let mut walk = walk.where_else(|walk| walk.fates = fates);
                some(lacks - (1.0 - reached * walk.all_in_all(root, cuts).0))
            };
            if keeps {
                sticks = owed_to(&|keeps| keeps == Keeps::Session) > 0.0;
                stuck = owed_to(&|keeps| keeps != Keeps::None);
            }
        }
        walk.visit(root, (1.0, 1.0), true);
        let held = self.held_per_view(class, &mut walk);
        let fetches = walk.fetches();
        let mut work = vec![0.0; net.resources.len()];
        let (mut stages, mut aside) = (Vec::new(), BTreeMap::new());
        for (node_at, node) in net.nodes.iter().enumerate() {
            let mut stage = Vec::new();
            for (branch, visits) in node.branches.iter().zip(walk.visits(node_at)) {
                for (at, each) in &branch.work {
                    let slow = self.slowness(branch, *at as usize);
                    let done = each * visits * slow * reached * (1.0 - in_vain);
                    work[*at as usize] += done;
                    if !walk.waited[node_at] && net.resources[*at as usize].queues.is_some() {
                        *aside.entry(*at).or_insert(0.0) += done;
                    }
                }
                if *visits > 0.0 && !branch.work.is_empty() {
                    let uses = branch.work.iter().map(|(at, _)| *at).collect();
                    stage.push((visits.min(1.0), uses));
                }
            }
            if !stage.is_empty() {
                let reach = if fails > 0.0 { walk.reach[node_at] } else { 1.0 };
                stages.push(Stage { ways: stage, waits: walk.waited[node_at], reach });
            }
        }
        for (at, input) in self.plan.inputs.iter().enumerate() {
            let cut = match input {
                Input::Cut(of, _) if *of as usize == flow => self.cut[flow],
                Input::CutFetches(of, _) if *of as usize == flow => links,
                Input::CutShield(of, _) if *of as usize == flow => shields,
                _ => 0.0,
            };
            if cut > 0.0 {
                walk.because.push(table::u32(at));
            }
        }
        let sorted = |mut all: Vec<u32>| {
            all.sort_unstable();
            all.dedup();
            all
        };
        let commits = |(_, node): &(u32, u32)| {
            walk.visits(*node as usize).iter().sum::<f64>() * reached * (1.0 - in_vain)
        };
        let commits = net.commits.iter().map(commits).collect();
        let published = net.published(answered, |node| walk.visits(node));
        let (takers, seconds) = self.consumers(flow, &walk.waited, |node| walk.visits(node));
        let used = work.into_iter().enumerate().filter(|(_, work)| *work > 0.0);
        FlowLoad {
            fails,
            lacks,
            stuck,
            sticks,
            unheard: if lacks > 0.0 { ((1.0 - reached + in_vain) / lacks).min(1.0) } else { 0.0 },
            stalls: some(reached * (survives - moves)),
            held: self.held(flow, some(held * reached * (1.0 - in_vain))),
            work: used.map(|(at, work)| (table::u32(at), work)).collect(),
            aside: aside.into_iter().collect(),
            stages,
            enters: self.plan.entered(answered, |node| walk.visits(node)),
            look_ups: memories::look_ups(net, (&self.up, &self.misses), answered, &walk.visits),
            because: sorted(walk.because),
            stalled_by: sorted(walk.stalled_by),
            fetches,
            commits,
            published,
            takers,
            seconds,
        }
    }

    /// Returns the expected number of requests of a view that are stalled.
    fn held_per_view(&self, class: usize, walk: &mut Walk<'_, '_>) -> f64 {
        let net = &self.plan.network;
        // Each request of the view, the first and each that it fetches, holds a worker of its own.
        let (mut held, mut share, mut at) = (0.0, 1.0, Some(class));
        while let Some(class) = at {
            let root = &net.nodes[net.roots[class] as usize].branches[0];
            let next = self.plan.thens[class];
            let own =
                root.then.iter().filter(|onward| Some(onward.node) != next.map(|n| net.roots[n]));
            let (mut fine, mut flowing) = (1.0, 1.0);
            for onward in own.map(|onward| self.now(onward)) {
                let (survives, moves) = walk.survives(onward.node);
                fine *= onward.survives(survives);
                flowing *= onward.survives(moves);
            }
            held += share * (fine - flowing).max(0.0);
            let onward = next.and_then(|n| root.then.iter().find(|o| o.node == net.roots[n]));
            share *= onward.map_or(0.0, |onward| onward.count);
            at = next.filter(|_| share > 0.0);
        }
        held
    }

    /// Returns the requests that follow, with the number of fetches at the present age of the edges' content, and of
    /// misses at that of a buffer or of a cache.
    fn now(&self, onward: &Onward) -> Onward {
        let count = |hits: Hits| 1.0 - hits.ratio * self.fresh[hits.cdn as usize];
        let count = onward.edge.map_or(onward.count, count);
        let followed = |of: LookUps| of.followed(&self.memories[of.memory as usize]);
        let count = onward.look_ups.map_or(count, followed);
        let misses = |buffer: u32| count * self.misses[buffer as usize];
        Onward { count: onward.buffer.map_or(count, misses), ..*onward }
    }

    /// Adds the inputs that explain why `node` blocks requests.
    fn culprits(&self, node: &Node, into: &mut Vec<u32>) {
        let plan = self.plan;
        let mut add = |found: &dyn Fn(&Input) -> bool| {
            let all = plan.inputs.iter().enumerate().filter(|(_, input)| found(input));
            into.extend(all.map(|(at, _)| table::u32(at)));
        };
        match node.split {
            Split::Believed(of) => add(&|input| match input {
                Input::Misled(other, who) => {
                    *other as usize == of && self.misled[of][*who as usize]
                }
                Input::Believed(other, who) => {
                    *other as usize == of && !self.believed[of][*who as usize]
                }
                _ => false,
            }),
            Split::Address(of) => {
                add(&|input| matches!(input, Input::At(other, _) if *other as usize == of));
            }
            Split::Primary(of) | Split::Readers(of) if self.primary[of].is_none() => {
                add(&|input| matches!(input, Input::Served(other) if *other as usize == of));
            }
            Split::Volumes { nas, owner } => add(
                &|input| matches!(input, Input::Stall(n, o) if (*n as usize, *o) == (nas, owner)),
            ),
            _ => {}
        }
        for set in node.branches.iter().filter_map(|branch| branch.space) {
            add(&|input| matches!(input, Input::Full(of) if *of == set && self.full[set as usize]));
        }
        // Writes wait for the awaited members, not for those that have been evicted.
        let waits = node.waits_for_all && node.branches.iter().any(|one| self.is_awaited(one));
        let blocks =
            |branch: &&Branch| !self.open(&branch.open) && (!waits || self.is_awaited(branch));
        let closed = node.branches.iter().filter(blocks);
        for part in closed.flat_map(|branch| branch.open.iter().flatten()) {
            for set in &plan.parts[*part as usize].needs {
                if set.iter().all(|part| !self.fit[*part as usize]) {
                    let of = |input: &Input| matches!(input, Input::Fit(p) if set.contains(p));
                    let all = plan.inputs.iter().enumerate().filter(|(_, input)| of(input));
                    into.extend(all.map(|(at, _)| table::u32(at)));
                }
            }
        }
    }
}

/// Returns the share, or 0 if it is within rounding (1e-12).
fn some(share: f64) -> f64 {
    if share > 1e-12 { share } else { 0.0 }
}

#[derive(Clone)]
struct Walk<'a, 'p> {
    standing: &'a Standing<'p>,
    /// Scope within which requests stay at one member, per balancer.
    keeps: &'a [Keeps],
    /// True if the member at which requests stay is dead, per balancer; `None` if that is not fixed.
    fates: Vec<Option<bool>>,
    /// Tier that the fetches of edges reach.
    fetches: Fetches,
    /// If true, requests for a dead branch are redistributed over the live ones.
    anywhere: bool,
    ways: &'a Ways,
    /// Probabilities that a visit survives, per node: if stalls are waited out, and if they count as failures.
    survives: Vec<Option<(f64, f64)>>,
    /// Expected visits per view, by branch of all nodes.
    visits: Vec<f64>,
    /// True if the culprits of a node are recorded already.
    blamed: Vec<bool>,
    /// True if a visit that reaches the node waits for it.
    waited: Vec<bool>,
    /// Share of the requests on the way to the node that has not failed up to it, itself included.
    reach: Vec<f64>,
    because: Vec<u32>,
    stalled_by: Vec<u32>,
}

impl<'p> Walk<'_, 'p> {
    fn net(&self) -> &'p Network {
        &self.standing.plan.network
    }

    /// Returns the visits to the branches of a node.
    fn visits(&self, node: usize) -> &[f64] {
        &self.visits[self.ways.branches(node)]
    }

    /// Returns a copy of the walk with a change applied and its probabilities cleared.
    fn where_else(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut walk = self.clone();
        change(&mut walk);
        walk.survives.fill(None);
        walk
    }

    /// Averages [`Self::survives`] over views that fetch in vain, and over views that stay at a dead member.
    fn all_in_all(&mut self, root: u32, cuts: [(Fetches, f64); 2]) -> (f64, f64) {
        let keeps = self.keeps;
        let open = |at: &usize| {
            let astray = self.standing.refused[*at];
            keeps[*at] != Keeps::None && self.fates[*at].is_none() && astray > 0.0 && astray < 1.0
        };
        let Some(balancer) = (0..keeps.len()).find(open) else {
            return self.in_vain(root, cuts);
        };
        let astray = self.standing.refused[balancer];
        let of = |dead: bool| {
            self.where_else(|walk| walk.fates[balancer] = Some(dead)).all_in_all(root, cuts)
        };
        let ((dead, dead_moves), (well, well_moves)) = (of(true), of(false));
        let mean = |dead: f64, well: f64| astray * dead + (1.0 - astray) * well;
        (mean(dead, well), mean(dead_moves, well_moves))
    }

    /// Averages [`Self::survives`] over views that fetch in vain.
    fn in_vain(&mut self, root: u32, cuts: [(Fetches, f64); 2]) -> (f64, f64) {
        let (mut survives, mut moves) = self.survives(root);
        for (fetches, in_vain) in cuts.into_iter().filter(|(_, share)| *share > 0.0) {
            let mut walk = self.where_else(|walk| walk.fetches = fetches);
            let (held, held_moves) = walk.survives(root);
            survives += in_vain * (held - survives);
            moves += in_vain * (held_moves - moves);
        }
        (survives, moves)
    }

    fn survives(&mut self, at: u32) -> (f64, f64) {
        if let Some(known) = self.survives[at as usize] {
            return known;
        }
        // A cycle of classes is refused elsewhere; here it ends.
        self.survives[at as usize] = Some((1.0, 1.0));
        let (net, ways) = (self.net(), self.ways);
        let blocked = ways.blocked[at as usize];
        let fate = match net.nodes[at as usize].split {
            Split::Believed(balancer) => self.fates[balancer],
            _ => None,
        };
        if fate == Some(true) {
            // The member at which the view stays is dead, or paused.
            let waits = blocked.stalled / (blocked.dead + blocked.stalled);
            let waits = if waits > 0.0 { waits } else { 0.0 };
            self.survives[at as usize] = Some((waits, 0.0));
            return (waits, 0.0);
        }
        let elsewhere = self.anywhere || fate == Some(false);
        let stays = if fate == Some(false) { 0.0 } else { blocked.stalled };
        let gone = blocked.dead + blocked.stalled - stays;
        let others = if elsewhere && gone < 1.0 { 1.0 - gone } else { 1.0 };
        let (mut fine, mut moving) = (stays / others, 0.0);
        for (branch, share) in ways.taken(at as usize) {
            let share = share / others;
            let then = &net.nodes[at as usize].branches[*branch as usize].then;
            let (mut survives, mut moves) = (1.0, 1.0);
            for onward in then.iter().map(|onward| self.standing.now(onward)) {
                let reached = match (self.fetches, onward.edge) {
                    (Fetches::Answered, _) | (_, None) => true,
                    (Fetches::ToShields, Some(hits)) => onward.node != hits.origin,
                    (Fetches::InVain, Some(_)) => false,
                };
                let (one, other) = if reached { self.survives(onward.node) } else { (0.0, 0.0) };
                survives *= onward.survives(one);
                moves *= onward.survives(other);
            }
            fine += share * survives;
            moving += share * moves;
        }
        self.survives[at as usize] = Some((fine, moving));
        (fine, moving)
    }

    /// Returns two flags per CDN: its edges fetch something, and some fetch is answered. Requires
    /// [`Self::visit`] first.
    fn fetches(&mut self) -> Vec<[bool; 2]> {
        let net = &self.standing.plan.network;
        let mut fetches = vec![[false; 2]; net.lives.len()];
        for (at, node) in net.nodes.iter().enumerate() {
            for (branch, place) in node.branches.iter().zip(self.ways.branches(at)) {
                let visited = self.visits[place] > 0.0;
                for onward in branch.then.iter().filter(|_| visited) {
                    let Some(hits) = onward.edge.filter(|hits| hits.ratio < 1.0) else { continue };
                    // An answer of a shield counts only if the shield's own fetch is answered.
                    let answered = some(self.survives(hits.origin).1) > 0.0;
                    let [asks, gets] = &mut fetches[hits.cdn as usize];
                    *asks = true;
                    *gets |= answered;
                }
            }
        }
        fetches
    }

    /// Records the visits, and the culprits of blocked forks on the way; `alive` is the share that has not failed on it.
    fn visit(&mut self, at: u32, (rate, alive): (f64, f64), waits: bool) {
        if rate <= 0.0 {
            return;
        }
        let (net, ways) = (self.net(), self.ways);
        let blocked = ways.blocked[at as usize];
        let blocks = blocked.dead > 0.0 || blocked.stalled > 0.0;
        if waits && blocks && !std::mem::replace(&mut self.blamed[at as usize], true) {
            for (share, into) in
                [(blocked.dead, &mut self.because), (blocked.stalled, &mut self.stalled_by)]
            {
                if share > 0.0 {
                    self.standing.culprits(&net.nodes[at as usize], into);
                }
            }
        }
        self.waited[at as usize] |= waits;
        let alive = alive * ways.taken(at as usize).iter().map(|(_, share)| share).sum::<f64>();
        let reach = &mut self.reach[at as usize];
        *reach = reach.max(alive);
        for (branch, share) in ways.taken(at as usize) {
            self.visits[ways.branches(at as usize).start + *branch as usize] += rate * share;
            let then = &net.nodes[at as usize].branches[*branch as usize].then;
            let mut shut = false;
            for onward in then.iter().map(|onward| self.standing.now(onward)) {
                let node = onward.node as usize;
                // An autoscaler sees that nothing passes a balancer of which no unit answers.
                if shut && matches!(net.nodes[node].split, Split::Believed(_)) {
                    continue;
                }
                let visits = rate * share * onward.count;
                self.visit(onward.node, (visits, alive), waits && onward.waits);
                let scaled = !self.standing.plan.scaled.is_empty();
                shut |= scaled && onward.waits && ways.blocked[node].dead >= 1.0;
            }
        }
    }
}
