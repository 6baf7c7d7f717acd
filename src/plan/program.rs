//! Steps to programs: what a request class does, as operations.
//!
//! The owner of a draw is the class, the kind of the step and the component that it names, numbered
//! among equal steps (`page.read.db#2`): a step of another kind or at another component moves no draw
//! of the rest. A step that does nothing is left out, and one that never draws is not numbered.
//! Steps behind a loop draw as if it were not there; a loop put into another moves the draws of the outer
//! one's later repetitions.

use std::collections::BTreeMap;

use crate::convert::{place, table, whole};
use crate::engine::law::Law;
use crate::kinds::cdn::live::AtCdn;
use crate::model::ids::{AmountId, CallId, ClassId, ComponentId, DemandId, KeyId, PoolId};
use crate::model::request::{MAX_DEPTH, MAX_LOOPS, TIERS};
use crate::model::route::{
    Amount, Asks, Branch, CallKind, Class, Demand, KeyName, MOST, Op, Pick, Pool, Reply, Routes,
    Then,
};
use crate::model::spec::request::RequestSpec;
use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::names::member_name;
use crate::plan::route::{Call, Does, Io, Query, Route, Step, Visit};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::law::LawSpec;
use crate::scenario::source::Span;
use crate::units::{Bytes, SimDuration};

mod asking;
mod front;

/// One query of a database, as its members do it.
#[derive(Clone, Debug)]
pub struct OneQuery {
    /// Processor time, in core-seconds.
    pub cpu: Law,
    /// Chance that it needs the disk at all.
    pub chance: f64,
    /// Disk operations it waits for, when it does; a fraction is a mean.
    pub waited: f64,
    /// Disk operations that nobody waits for.
    pub deferred: f64,
    /// Whether they are writes.
    pub write: bool,
    /// Whether its buffer is cold after a restart.
    pub cold: bool,
}

/// A database, as calls see it.
#[derive(Clone, Debug)]
pub struct DatabasePlan {
    /// Its name.
    pub name: String,
    /// Who answers reads.
    pub reads: PoolId,
    /// Who takes writes.
    pub writes: PoolId,
    /// One read.
    pub read: OneQuery,
    /// One write.
    pub write: OneQuery,
    /// Whether a head stands in front of its data, or of that of a member.
    pub head: bool,
    /// Pools that its data are spread over at most.
    pub pools: u8,
    /// Its group, when it has slaves.
    pub group: Option<ComponentId>,
    /// Slaves answer reads.
    pub by_slaves: bool,
    /// The balancer that picks the slave, and which of its farms they are.
    pub through: Option<(usize, u16)>,
    /// Disk operations of an applied write, when they are not those of the write.
    pub apply_io: Option<f64>,
}

/// A step that writes to a replicated database: what its slaves have to do for it.
#[derive(Clone, Debug)]
pub struct WriteStep {
    /// The group.
    pub group: ComponentId,
    /// The owner of its draws.
    pub owner: String,
    cpu: DemandId,
    io: OneQuery,
    span: Span,
    head: bool,
    pools: u8,
}

/// A service, as requests see it.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    /// Its name.
    pub name: String,
    /// Its members.
    pub pool: PoolId,
    /// Names of its mounts, in order, each with the pools it is spread over at most.
    pub mounts: Vec<(String, u8)>,
}

/// A station group, as requests see it.
#[derive(Clone, Debug)]
pub struct StationPlan {
    /// Its name.
    pub name: String,
    /// The whole group.
    pub pool: PoolId,
    /// Each member alone.
    pub members: Vec<PoolId>,
}

/// A cache, as look-ups see it.
#[derive(Clone, Debug)]
pub struct CachePlan {
    /// Its name.
    pub name: String,
    /// Its process.
    pub pool: PoolId,
    /// What it holds.
    pub objects: ComponentId,
    /// Processor time of a look-up, in core-seconds.
    pub cpu: Law,
}

/// A balancer, as requests see it.
#[derive(Clone, Debug)]
pub struct BalancerPlan {
    /// Its name.
    pub name: String,
    /// What it believes.
    pub beliefs: ComponentId,
    /// The service behind it, or the first database.
    pub to: String,
    /// The place of the service in the file; none where it balances the reads of databases alone.
    pub service: Option<usize>,
    /// Processor time of a request, in core-seconds.
    pub cpu: Option<Law>,
    /// How long it waits for an answer.
    pub time_out: Option<SimDuration>,
}

/// A CDN, as the classes that enter there see it.
#[derive(Clone, Debug)]
pub struct CdnPlan {
    /// Its name.
    pub name: String,
    /// Its edges.
    pub component: ComponentId,
    /// Classes with a hit ratio, in the order of the ratios.
    pub classes: Vec<String>,
    /// What is asked on a miss.
    pub to: Option<Entrance>,
    /// Client to edge and back, in seconds.
    pub round_trip: Option<Law>,
    /// Whether its edges are played object by object.
    pub by_object: bool,
    /// Time an edge takes per request, in seconds.
    pub service_time: Option<Law>,
    /// Edge to origin and back, in seconds.
    pub origin: Option<Law>,
}

/// A name service, as the classes that enter there see it.
#[derive(Clone, Debug)]
pub struct NamesPlan {
    /// What answers.
    pub component: ComponentId,
    /// Where it may lead.
    pub to: Vec<Entrance>,
}

/// What steps may refer to, by kind and place in the file.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// Stations.
    pub stations: Vec<StationPlan>,
    /// Services.
    pub services: Vec<ServicePlan>,
    /// Databases.
    pub databases: Vec<Option<DatabasePlan>>,
    /// Caches.
    pub caches: Vec<CachePlan>,
    /// Balancers; none: nothing stands behind it, which has been said.
    pub balancers: Vec<Option<BalancerPlan>>,
    /// CDNs.
    pub cdns: Vec<CdnPlan>,
    /// Name services.
    pub names: Vec<NamesPlan>,
}

/// Makes the programs of all classes.
pub struct Compiler<'a> {
    /// What is made.
    pub routes: Routes,
    /// Visits to stations: place of the station in the file, operation, owner of its draws.
    pub visits: Vec<(usize, u32, String)>,
    /// Steps that write to replicated databases; of one group in the order of their numbers.
    pub writes: Vec<WriteStep>,
    draft: &'a Draft,
    ids: &'a BTreeMap<String, ComponentId>,
    targets: &'a Targets,
    /// By component: what steps ask it for.
    asks: BTreeMap<ComponentId, Vec<Vec<Option<DemandId>>>>,
    out: &'a mut Diagnostics,
    class: String,
    /// Steps seen in this class, by kind and component.
    seen: BTreeMap<String, u32>,
    /// Services the step is inside of, by place in the file.
    inside: Vec<Option<usize>>,
    loops: usize,
    /// Times that the steps so far are repeated, on the way with the most.
    turns: f64,
    /// Labels passed so far, with their places.
    labels: Vec<(usize, u32)>,
    names_of_labels: &'a [String],
    /// Jumps to labels, with their branches.
    jumps: Vec<(usize, usize)>,
    draws: Vec<(KeyId, Law)>,
    /// The CDNs at which the class enters, by tier, and the way there.
    edge: Option<([Option<AtCdn>; TIERS], Option<DemandId>)>,
}

impl<'a> Compiler<'a> {
    /// Starts from pools already made.
    pub fn new(
        draft: &'a Draft,
        (routes, ids): (Routes, &'a BTreeMap<String, ComponentId>),
        targets: &'a Targets,
        out: &'a mut Diagnostics,
    ) -> Self {
        Self {
            draft,
            ids,
            asks: BTreeMap::new(),
            routes,
            visits: Vec::new(),
            writes: Vec::new(),
            targets,
            out,
            class: String::new(),
            seen: BTreeMap::new(),
            inside: Vec::new(),
            loops: 0,
            turns: 0.0,
            labels: Vec::new(),
            names_of_labels: &[],
            jumps: Vec::new(),
            draws: Vec::new(),
            edge: None,
        }
    }

    /// A key for `purpose` of `owner`.
    pub fn key(&mut self, purpose: &'static str, owner: &str) -> KeyId {
        self.routes.keys.push(KeyName { purpose, owner: owner.to_string() });
        KeyId::at(self.routes.keys.len() - 1)
    }

    /// The keys of operations at a disk: their time, the choice of the disk, the block, the pool.
    pub fn disk_keys(&mut self, owner: &str) -> KeyId {
        let key = self.key("disk-time", owner);
        self.key("disk-choice", owner);
        self.key("disk-block", owner);
        self.key("pool", owner);
        key
    }

    /// The keys of operations at a head: their time, which of them open or lock, the pool. One that
    /// goes on at a disk under the same owner goes to the pool of that disk.
    fn head_keys(&mut self, owner: &str) -> KeyId {
        let key = self.key("head-time", owner);
        self.key("head-open", owner);
        self.key("pool", owner);
        key
    }

    /// A demand with a key of its own.
    pub fn demand(&mut self, purpose: &'static str, owner: &str, law: &Law) -> DemandId {
        let key = self.key(purpose, owner);
        self.demand_of(key, law, 1.0, false)
    }

    fn demand_of(&mut self, key: KeyId, law: &Law, share: f64, once: bool) -> DemandId {
        let mean = law.mean() * share;
        let demand = Demand { key, sampler: law.sampler(), share, once, mean };
        self.routes.demands.push(demand);
        DemandId::at(self.routes.demands.len() - 1)
    }

    /// A count of a mean: its whole part and a draw for the rest.
    pub fn amount(&mut self, mean: f64, owner: &str) -> AmountId {
        // The forms of steps and stores bound what is a mean, a law bounds what it draws.
        let floor = whole::u32(mean);
        let chance = mean - f64::from(floor);
        let amount = if chance > 0.0 {
            Amount::Mean { floor, chance, key: self.key("count", owner) }
        } else {
            Amount::Fixed(floor)
        };
        self.routes.amounts.push(amount);
        AmountId::at(self.routes.amounts.len() - 1)
    }

    /// A count by a law.
    pub fn amount_by_law(&mut self, law: &Law, owner: &str) -> AmountId {
        if law.is_constant() {
            return self.amount(law.mean(), owner);
        }
        let key = self.key("count", owner);
        self.routes.amounts.push(Amount::Law { key, sampler: law.sampler(), mean: law.mean() });
        AmountId::at(self.routes.amounts.len() - 1)
    }

    pub(crate) fn emit(&mut self, op: Op) -> usize {
        self.routes.ops.push(op);
        self.routes.ops.len() - 1
    }

    pub(crate) fn here(&self) -> u32 {
        place(self.routes.ops.len())
    }

    /// The owner of the draws of a step of this `kind` that names the component `of`.
    pub(crate) fn owner(&mut self, kind: &str, of: &str) -> String {
        let what = format!("{kind}.{of}");
        let count = self.seen.entry(what.clone()).or_insert(0);
        *count += 1;
        format!("{}.{what}#{count}", self.class)
    }

    /// Compiles steps that are never run: they take no number from steps that are.
    fn unnumbered(&mut self, never: bool, body: impl FnOnce(&mut Self)) {
        let seen = never.then(|| self.seen.clone());
        body(self);
        if let Some(seen) = seen {
            self.seen = seen;
        }
    }

    /// Compiles a class, which enters at `enter`; its place in the table is its id.
    pub fn class(
        &mut self,
        name: &str,
        spec: &RequestSpec,
        enter: Option<Entrance>,
        route: &'a Route,
    ) {
        self.class = name.to_string();
        self.names_of_labels = &route.labels;
        self.seen.clear();
        self.inside.clear();
        self.labels.clear();
        self.jumps.clear();
        self.loops = 0;
        self.turns = 0.0;
        self.draws.clear();
        for (draw, law) in spec.draw.iter() {
            let key = self.key("demand", &format!("{name}.{}", draw.text));
            self.draws.push((key, law_of(law)));
        }
        let entry = self.here();
        match enter {
            Some(enter) => self.enter_at(enter, name, &route.steps),
            None => self.steps(&route.steps),
        }
        self.emit(Op::End);
        self.land_jumps();
        let reply = spec.reply.as_ref().map(|law| {
            let law = law_of(law);
            let mean = Bytes::new(whole::u64(law.mean()));
            Reply { key: self.key("reply-size", name), sampler: law.sampler(), mean }
        });
        let (cdns, round_trip) = self.edge.take().unwrap_or_default();
        let name = name.to_string();
        self.routes.classes.push(Class { name, entry, reply, then: None, cdns, round_trip });
    }

    /// Into what the class enters by, and its steps there.
    fn enter_at(&mut self, entrance: Entrance, name: &str, steps: &[Step]) {
        match entrance {
            Entrance::Service(index, member) => {
                let pool = self.pool_of(index, member, name);
                self.emit(Op::Enter { pool, call: None });
                self.inside.push(Some(index));
                self.steps(steps);
                self.inside.pop();
                self.emit(Op::Leave);
            }
            Entrance::Balancer(index) => {
                // Not the class alone, which owns the draws that its steps name.
                let owner = format!("{name}.enter");
                self.through((index, 0), None, None, &owner, |compiler| compiler.steps(steps));
            }
            Entrance::Cdn(index) => self.by_edge(index, name, steps),
            Entrance::NameService(index) => self.by_name(index, name, steps),
        }
    }

    /// The members of a service, or one of them, which then is a pool of its own, called `name`.
    fn pool_of(&mut self, service: usize, member: Option<u32>, name: &str) -> PoolId {
        let all = self.targets.services[service].pool;
        let Some(member) = member else { return all };
        let only = self.routes.pools[all.index()].members[member as usize];
        self.routes.pools.push(self::pool(name, vec![only], Pick::RoundRobin));
        PoolId::at(self.routes.pools.len() - 1)
    }

    /// What the client of `class` fetches next.
    pub fn then(&mut self, class: usize, next: ClassId, law: &Law) {
        let owner = format!("{}.then", self.routes.classes[class].name);
        let amount = self.amount_by_law(law, &owner);
        self.routes.classes[class].then = Some(Then { class: next, amount });
    }

    fn land_jumps(&mut self) {
        for (label, place) in std::mem::take(&mut self.jumps) {
            let landing = self.labels.iter().find(|(other, _)| *other == label);
            let (_, to) = landing.expect("a route has the labels of its jumps");
            self.routes.branches[place].to = *to;
        }
    }

    pub(crate) fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        if step.does_nothing() {
            return;
        }
        if let Some(label) = step.label {
            let here = self.here();
            self.labels.push((label, here));
        }
        match &step.does {
            Does::Work(work) => {
                let (key, law) = self.draws[work.draw].clone();
                let demand = self.demand_of(key, &law, work.share, true);
                let threads = u16::try_from(work.threads.value).expect("the language bounds it");
                self.emit(Op::Cpu { demand, threads });
            }
            Does::Query(query) => self.query(query, step.span),
            Does::Call(call) => self.call(call),
            Does::Io(io) => self.io(io, step.span),
            Does::Visit(visit) => self.visit(visit),
            Does::Ask(ask) => ask.compile(self),
            Does::Choose(ways) => {
                let chances: Vec<f64> = ways.iter().map(|way| way.chance).collect();
                let never = chances.iter().all(|chance| *chance == 0.0);
                self.unnumbered(never, |compiler| {
                    let owner = compiler.owner("choose", "");
                    let key = compiler.key("branch", &owner);
                    compiler.choose(key, &chances, |compiler, branch| {
                        let never = chances[branch] == 0.0;
                        compiler.unnumbered(never, |compiler| compiler.steps(&ways[branch].steps));
                    });
                });
            }
            Does::Jump(jump) => {
                let owner = self.owner("goto", &self.names_of_labels[jump.to]);
                let key = self.key("branch", &owner);
                let first = self.routes.branches.len();
                self.routes.branches.push(Branch { below: jump.chance, to: 0 });
                self.jumps.push((jump.to, first));
                let otherwise = self.here() + 1;
                self.emit(Op::Choose { first: place(first), count: 1, key, otherwise });
            }
            Does::Parallel(lanes) => {
                for lane in lanes {
                    self.fork(true, |compiler| compiler.steps(lane));
                }
                self.emit(Op::Join);
            }
            Does::Repeat(repeat) => {
                let law = &repeat.count;
                let mut amount = AmountId(0);
                self.unnumbered(law.is_constant() && law.mean().fract() == 0.0, |compiler| {
                    let owner = compiler.owner("repeat", "");
                    amount = compiler.amount_by_law(law, &owner);
                });
                self.unnumbered(law.is_constant() && law.mean() == 0.0, |compiler| {
                    compiler.repeat(amount, repeat.span, |compiler| compiler.steps(&repeat.steps));
                });
            }
            Does::Delay(law) => self.unnumbered(law.is_constant(), |compiler| {
                let owner = compiler.owner("delay", "");
                let demand = compiler.demand("delay", &owner, law);
                compiler.emit(Op::Delay { demand });
            }),
        }
    }

    /// One of several bodies, or none with the chance that is left.
    fn choose(&mut self, key: KeyId, chances: &[f64], body: impl Fn(&mut Self, usize)) {
        let first = self.routes.branches.len();
        let mut below = 0.0;
        for chance in chances {
            below += chance;
            self.routes.branches.push(Branch { below, to: 0 });
        }
        let (from, count) = (place(first), place(chances.len()));
        let at = self.emit(Op::Choose { first: from, count, key, otherwise: 0 });
        let mut ends = Vec::new();
        let turns = self.turns;
        let mut most = turns;
        for branch in 0..chances.len() {
            self.routes.branches[first + branch].to = self.here();
            self.turns = turns;
            body(self, branch);
            most = most.max(self.turns);
            if branch + 1 < chances.len() {
                ends.push(self.emit(Op::Jump { to: 0 }));
            }
        }
        self.turns = most;
        let otherwise = self.here();
        self.routes.ops[at] = Op::Choose { first: from, count, key, otherwise };
        for end in ends {
            self.routes.ops[end] = Op::Jump { to: otherwise };
        }
    }

    fn repeat(&mut self, amount: AmountId, span: Span, body: impl FnOnce(&mut Self)) {
        if matches!(self.routes.amounts[amount.index()], Amount::Fixed(1)) {
            return body(self);
        }
        self.loops += 1;
        if self.loops > MAX_LOOPS {
            let message = format!("repetitions are nested deeper than {MAX_LOOPS}");
            self.out.push(Diagnostic::new(Code::TooDeep, span, message));
        }
        let at = self.emit(Op::Repeat { amount, end: 0 });
        let start = self.here();
        let before = std::mem::take(&mut self.turns);
        body(self);
        self.turns = before + self.routes.amounts[amount.index()].mean() * (1.0 + self.turns);
        if self.turns > f64::from(MOST) {
            let message = format!(
                "a request of `{}` repeats its steps {} times on average by here, at most {MOST}",
                self.class, self.turns
            );
            let help = "let fewer repetitions each do more, or split them over several requests";
            self.out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
            self.turns = 0.0;
        }
        self.emit(Op::Again { start });
        let end = self.here();
        self.routes.ops[at] = Op::Repeat { amount, end };
        self.loops -= 1;
    }

    pub(crate) fn fork(&mut self, wait: bool, body: impl FnOnce(&mut Self)) {
        let at = self.emit(Op::Fork { entry: 0, wait });
        let jump = self.emit(Op::Jump { to: 0 });
        let entry = self.here();
        let loops = std::mem::take(&mut self.loops);
        let turns = self.turns;
        body(self);
        (self.loops, self.turns) = (loops, turns);
        self.emit(Op::End);
        self.routes.ops[at] = Op::Fork { entry, wait };
        let after = self.here();
        self.routes.ops[jump] = Op::Jump { to: after };
    }

    fn visit(&mut self, visit: &Visit) {
        let station = &self.targets.stations[visit.station];
        let (pool, name) = match visit.member {
            Some(member) => (station.members[member as usize], member_name(&station.name, member)),
            None => (station.pool, station.name.clone()),
        };
        let law = &visit.service;
        // A visit without work draws nothing: it is numbered apart from those that do.
        let kind = if law.is_constant() && law.mean() == 0.0 { "pass" } else { "visit" };
        let owner = self.owner(kind, &name);
        let demand = self.demand("service", &owner, law);
        let op = self.emit(Op::Visit { pool, demand, priority: visit.rank });
        self.visits.push((visit.station, place(op), owner));
    }

    fn io(&mut self, io: &Io, span: Span) {
        let service = self.inside.last().copied().flatten();
        let Some((service, at)) = service.and_then(|at| Some((at, io.mount_of(at)?))) else {
            return self.no_mount(io, service, span);
        };
        let (name, pools) = &self.targets.services[service].mounts[at];
        let (owner, pools, mount) = (name.clone(), *pools, table::u8(at));
        let owner = self.owner("io", &owner);
        let body = |compiler: &mut Self| {
            compiler.head((mount, pools), io.operations, &owner);
            compiler.disk(mount, io.reads, false, &format!("{owner}.read"), span);
            compiler.defer(mount, io.writes, &format!("{owner}.write"));
        };
        if io.waits { body(self) } else { self.fork(false, body) }
    }

    fn head(&mut self, mount: (u8, u8), mean: f64, owner: &str) {
        if mean > 0.0 {
            let amount = self.amount(mean, &format!("{owner}.ops"));
            let key = self.head_keys(owner);
            self.at_heads(mount, amount, key);
        }
    }

    /// Operations at the heads in front of a mounted volume, one pool after the other.
    fn at_heads(&mut self, (mount, pools): (u8, u8), amount: AmountId, key: KeyId) {
        for pool in 0..pools {
            self.emit(Op::Head { mount, pool, amount, key });
        }
    }

    fn disk(&mut self, mount: u8, mean: f64, write: bool, owner: &str, span: Span) {
        if mean > 0.0 {
            let amount = self.amount(mean, owner);
            let key = self.disk_keys(owner);
            self.repeat(amount, span, |compiler| {
                compiler.emit(Op::Disk { mount, write, key });
            });
        }
    }

    fn defer(&mut self, mount: u8, mean: f64, owner: &str) {
        if mean > 0.0 {
            let amount = self.amount(mean, owner);
            let key = self.disk_keys(owner);
            self.emit(Op::Defer { mount, amount, key });
        }
    }

    /// Whether `more` frames around what a step asks for are too many, which is then reported.
    pub(crate) fn too_deep(&mut self, more: usize, named: Span, counted: &str) -> bool {
        let deep = self.inside.len() + more > MAX_DEPTH;
        if deep {
            let message = format!("calls are nested deeper than {MAX_DEPTH}{counted}");
            self.out.push(Diagnostic::new(Code::TooDeep, named, message));
        }
        deep
    }

    fn query(&mut self, query: &Query, span: Span) {
        if self.too_deep(1, query.named, "") {
            return;
        }
        let Some(database) = self.targets.databases[query.database].clone() else { return };
        for (count, writes) in [(query.reads, false), (query.writes, true)] {
            if let Some(count) = count {
                self.unnumbered(count == 0.0, |compiler| {
                    compiler.queries(query, &database, (count, writes), span);
                });
            }
        }
    }

    fn call(&mut self, call: &Call) {
        if self.too_deep(1, call.named, "") {
            return;
        }
        let time_out = call.time_out.as_ref().map(|time| time.value);
        match call.to {
            Entrance::Balancer(index) => {
                if self.too_deep(2, call.named, ", a balancer counted as one") {
                    return;
                }
                let Some(plan) = &self.targets.balancers[index] else { return };
                let name = plan.name.clone();
                let owner = self.owner("call", &name);
                let kind = self.call_kind(&owner, &name, time_out);
                self.through((index, 0), None, Some(kind), &owner, |compiler| {
                    compiler.steps(&call.steps);
                });
            }
            Entrance::Service(index, member) => {
                let name = self.targets.services[index].name.clone();
                let name = member.map_or(name.clone(), |member| member_name(&name, member));
                let owner = self.owner("call", &name);
                let kind = self.call_kind(&owner, &name, time_out);
                let pool = self.pool_of(index, member, &name);
                self.emit(Op::Enter { pool, call: Some(kind) });
                self.inside.push(Some(index));
                self.steps(&call.steps);
                self.inside.pop();
                self.emit(Op::Leave);
            }
            // Nobody calls these from inside.
            Entrance::NameService(_) | Entrance::Cdn(_) => {}
        }
    }

    /// Into the unit of a balancer that holds its address, and on to the member that it picks.
    fn through(
        &mut self,
        (index, farm): (usize, u16),
        to: Option<&str>,
        call: Option<CallId>,
        owner: &str,
        body: impl FnOnce(&mut Self),
    ) {
        let Some(plan) = self.targets.balancers[index].clone() else { return };
        let owner = format!("{owner}.{}", plan.name);
        let balancer = plan.beliefs;
        self.emit(Op::Front { balancer, call });
        // The unit is a frame of its own around that of the member.
        self.inside.push(plan.service);
        if let Some(cpu) = &plan.cpu {
            let demand = self.demand("demand", &owner, cpu);
            self.emit(Op::Cpu { demand, threads: 1 });
        }
        let key = self.key("pick", &owner);
        let call = Some(self.call_kind(&owner, to.unwrap_or(&plan.to), plan.time_out));
        self.emit(Op::Pick { balancer, farm, call, key });
        self.inside.push(plan.service);
        body(self);
        self.emit(Op::Leave);
        self.emit(Op::Leave);
        self.inside.truncate(self.inside.len() - 2);
    }

    /// A deep probe of a member, the only one of `pool`: a worker, its work, an operation at each of the
    /// `heads` in front of its mounts, each with the number of its pools, and in by each way it `asks`.
    /// Gives its entry.
    pub fn probe(
        &mut self,
        owner: &str,
        pool: PoolId,
        (time_out, cpu): (SimDuration, Option<&Law>),
        heads: &[(u8, u8)],
        asks: &[Op],
    ) -> u32 {
        let entry = self.here();
        let call = self.call_kind(owner, "", Some(time_out));
        self.emit(Op::Enter { pool, call: Some(call) });
        if let Some(cpu) = cpu {
            let demand = self.demand("demand", &format!("{owner}.cpu"), cpu);
            self.emit(Op::Cpu { demand, threads: 1 });
        }
        for mount in heads {
            let amount = self.amount(1.0, owner);
            let key = self.head_keys(&format!("{owner}.{}", mount.0));
            self.at_heads(*mount, amount, key);
        }
        for enter in asks {
            self.emit(*enter);
            self.emit(Op::Leave);
        }
        self.emit(Op::Leave);
        self.emit(Op::End);
        entry
    }

    pub(crate) fn call_kind(
        &mut self,
        owner: &str,
        callee: &str,
        time_out: Option<SimDuration>,
    ) -> CallId {
        // What a reader knows anyway is left out: the callee twice, the way in, the first of equals.
        let caller = owner.replacen(&format!(".{callee}#"), "#", 1).replacen(".enter.", ".", 1);
        let caller = caller.replace("#1.", ".");
        let caller = caller.strip_suffix("#1").unwrap_or(&caller);
        self.routes.calls.push(CallKind {
            name: format!("{caller}→{callee}"),
            time_out,
            query: None,
        });
        CallId::at(self.routes.calls.len() - 1)
    }

    fn queries(
        &mut self,
        asked: &Query,
        database: &DatabasePlan,
        (count, writes): (f64, bool),
        span: Span,
    ) {
        let name = &database.name;
        let time_out = asked.time_out.as_ref().map(|time| time.value);
        let owner = self.owner(if writes { "write" } else { "read" }, name);
        let call = self.call_kind(&owner, name, time_out);
        let asks = Asks { database: name.clone(), writes };
        self.routes.calls[call.index()].query = Some(asks);
        let query = if writes { &database.write } else { &database.read };
        let pool = if writes { database.writes } else { database.reads };
        let amount = self.amount(count, &owner);
        let cpu = self.demand("demand", &format!("{owner}.cpu"), &query.cpu);
        let keys = QueryKeys {
            miss: self.key("branch", &format!("{owner}.miss")),
            owner,
            span,
            head: database.head,
            pools: database.pools,
        };
        let group = database.group;
        if let Some(through) = database.through.filter(|_| !writes)
            && let Some(group) = group
        {
            if self.too_deep(2, asked.named, ", the balancer of the reads counted as one") {
                return;
            }
            // Each query is a call of its own: the balancer sends one after the other.
            self.repeat(amount, span, |compiler| {
                compiler.through(through, Some(name), Some(call), &keys.owner, |compiler| {
                    compiler.emit(Op::Fresh { database: group });
                    compiler.emit(Op::Cpu { demand: cpu, threads: 1 });
                    compiler.query_io(query, &keys);
                });
            });
            return;
        }
        let enter = match group {
            Some(database) => Op::Query { database, write: writes, call: Some(call) },
            None => Op::Enter { pool, call: Some(call) },
        };
        let number = group.filter(|_| writes).map(|group| {
            let own = |write: &&WriteStep| write.group == group;
            (group, place(self.writes.iter().filter(own).count()))
        });
        let read_by_slaves = group.filter(|_| !writes && database.by_slaves);
        // A call without a query takes no connection.
        self.repeat_call(amount, span, enter, |compiler| {
            if let Some(database) = read_by_slaves {
                compiler.emit(Op::Fresh { database });
            }
            compiler.emit(Op::Cpu { demand: cpu, threads: 1 });
            compiler.query_io(query, &keys);
            if let Some((database, step)) = number {
                compiler.emit(Op::Commit { database, step });
            }
        });
        if let Some((group, _)) = number {
            let mut io = query.clone();
            if let Some(count) = database.apply_io {
                (io.waited, io.deferred) = (0.0, count);
            }
            let QueryKeys { owner, span, head, pools, .. } = keys;
            self.writes.push(WriteStep { group, owner, cpu, io, span, head, pools });
        }
    }

    /// What the slave `member` does for a write: its processor time and its own disk operations.
    /// Gives its entry.
    pub fn apply(&mut self, write: &WriteStep, member: &str) -> u32 {
        let entry = self.here();
        self.emit(Op::Cpu { demand: write.cpu, threads: 1 });
        let owner = format!("{}.apply→{member}", write.owner);
        // A write never asks the buffer.
        let (span, head, pools) = (write.span, write.head, write.pools);
        let keys = QueryKeys { miss: KeyId(0), owner, span, head, pools };
        self.query_io(&write.io, &keys);
        self.emit(Op::End);
        entry
    }

    /// `enter`, the queries one after the other, `Leave`; nothing at all for no queries.
    fn repeat_call(
        &mut self,
        amount: AmountId,
        span: Span,
        enter: Op,
        body: impl FnOnce(&mut Self),
    ) {
        self.emit(enter);
        self.repeat(amount, span, body);
        self.emit(Op::Leave);
    }

    fn query_io(&mut self, query: &OneQuery, keys: &QueryKeys) {
        if query.waited > 0.0 && query.chance > 0.0 {
            let owner = format!("{}.io", keys.owner);
            let amount = self.amount(query.waited, &owner);
            let disk = self.disk_keys(&owner);
            let head = keys.head.then(|| (self.head_keys(&owner), self.amount(1.0, &owner)));
            let waited = |compiler: &mut Self| {
                compiler.repeat(amount, keys.span, |compiler| {
                    if let Some((key, one)) = head {
                        compiler.at_heads((0, keys.pools), one, key);
                    }
                    compiler.emit(Op::Disk { mount: 0, write: query.write, key: disk });
                });
            };
            if query.chance < 1.0 && query.cold {
                let branch = place(self.routes.branches.len());
                let at = self.emit(Op::End);
                self.routes.branches.push(Branch { below: query.chance, to: self.here() });
                waited(self);
                let otherwise = self.here();
                self.routes.ops[at] = Op::Miss { branch, key: keys.miss, otherwise };
            } else if query.chance < 1.0 {
                self.choose(keys.miss, &[query.chance], |compiler, _| waited(compiler));
            } else {
                waited(self);
            }
        }
        if query.deferred > 0.0 {
            let owner = format!("{}.deferred", keys.owner);
            let amount = self.amount(query.deferred, &owner);
            let disk = self.disk_keys(&owner);
            if keys.head {
                let key = self.head_keys(&owner);
                self.fork(false, |compiler| {
                    compiler.at_heads((0, keys.pools), amount, key);
                    compiler.emit(Op::Defer { mount: 0, amount, key: disk });
                });
            } else {
                self.emit(Op::Defer { mount: 0, amount, key: disk });
            }
        }
    }
}

struct QueryKeys {
    miss: KeyId,
    owner: String,
    span: Span,
    head: bool,
    pools: u8,
}

/// A pool of `members`, picked in turn.
#[must_use]
pub fn pool(name: &str, members: Vec<crate::model::ids::ComponentId>, pick: Pick) -> Pool {
    Pool { name: name.to_string(), members, pick }
}

/// The law of a form.
#[must_use]
pub fn law_of<U>(spec: &LawSpec<U>) -> Law {
    spec.law().clone()
}
