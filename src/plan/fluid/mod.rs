//! Traffic as a fluid: the load model of the long-horizon solver.
//!
//! Model: a class of requests is a rate that follows the profile of its workloads. [`network`] decides
//! where it flows. [`state`] computes what is lost, delayed and asked of every resource in a state of the parts.
//! A state is a set of facts of the health net, declared here: which parts work, which members the
//! balancers believe alive, which unit holds a virtual IP, which member is primary, which head serves which volumes.
//!
//! Rates are hourly means. Hourly noise enters through its law, not through its draws, and therefore only where
//! losses are not linear in the rate (overload). The same holds for modulated arrivals. Beside an autoscaler, which acts on
//! the rate that there is, both are drawn, as in `requests`.
//! Flash crowds, steps of the rate and what is drawn are followed in steps of the level by a factor of [`LEVEL`]: the error is at
//! most half a step (0.25 %).
//!
//! Takes a draft. Gives a [`FluidPlan`], and for each net its facts. Leaves out: closed users and
//! recorded traffic (with every class that they request), backups, and limits that are not a capacity:
//! connections and, except for stalls, workers.

pub mod buffers;
pub mod copies;
pub mod memories;
pub mod messages;
pub mod network;
pub mod open;
pub mod power;
pub mod rooms;
pub mod scaled;
pub mod state;
pub mod users;

use std::collections::BTreeMap;

use crate::convert::table;
use crate::health::declare::{Automaton, Expr};
use crate::health::{Declaration, FactId, Net};
use crate::kinds::balancer::spec::{Algorithm, BalancerSpec};
use crate::kinds::balancer::{address, beliefs};
use crate::kinds::database::links::Role;
use crate::kinds::database::{failover, role, views};
use crate::kinds::nas::volumes;
use crate::plan::Draft;
use crate::plan::availability::{Meter, WHOLE};
use crate::plan::checks::week_start;
use crate::plan::cost;
use crate::plan::faults::{PLANNED, slowdown, slowed_by};
use crate::plan::links::Entrance;
use crate::plan::part::Part;
use crate::plan::places;
use crate::plan::program::law_of;
use crate::plan::scaled::is_present;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::{Probability, SimDuration, SimTime};
use crate::workload::arrivals::Traffic;
use crate::workload::rate::RateCurve;

use copies::{Copies, CopiesNet};
use network::Network;
use open::Open;
use power::Metered;
use rooms::{Entry, Swing};
use scaled::{Scaled, ScaledNet};
use state::pauses::{self, WaitedOut};
use state::{Bits, Input};
use users::{Patience, Users};

/// Hours per week.
pub const HOURS: usize = 168;
/// Nanoseconds per hour.
pub const HOUR_NS: u64 = 3_600_000_000_000;
/// Nanoseconds per week.
pub const WEEK_NS: u64 = HOURS as u64 * HOUR_NS;

/// Ratio of neighbouring levels of the rate.
pub const LEVEL: f64 = 1.005;

/// Traffic model of a scenario, with the facts that describe a state of its parts.
#[derive(Clone, Debug)]
pub struct FluidPlan {
    /// Network of forks through which requests flow.
    pub network: Network,
    /// Conditions for a part to be up, per part: those of the network, then the parts below them.
    pub parts: Vec<Below>,
    /// Index in `parts` of the part that may slow a resource down, per resource.
    pub resource_parts: Vec<Option<usize>>,
    /// Parts whose failure empties a buffer, per buffer: the member, its zone and its server, by index in `parts`.
    pub keepers: Vec<Vec<u32>>,
    /// Inputs: the facts that describe a state.
    pub inputs: Vec<Input>,
    /// Names of the facts, per input.
    names: Vec<String>,
    /// Number of members behind a balancer, per balancer.
    pub targets: Vec<u32>,
    /// Scope within which requests stay at one member, per class of the file and balancer.
    pub keeps: Vec<Vec<Keeps>>,
    /// Open requests, per balancer; `None` if it does not count them.
    pub open: Vec<Option<Open>>,
    /// Balancers whose virtual IP can move.
    pub pairs: Vec<u32>,
    /// Primary in the file, per database.
    pub databases: Vec<u32>,
    /// Databases of which a replica may be promoted to primary.
    pub copies: Vec<Copies>,
    /// Autoscalers.
    pub scaled: Vec<Scaled>,
    /// Inputs that hold for a member that is present, of members that are absent at the start.
    absent: Vec<usize>,
    /// Processes of which an autoscaler counts the requests, by number among the parts of the network, in their order.
    counted: Vec<u32>,
    /// Power meters.
    pub power: Metered,
    /// Number of heads, per file server.
    pub heads: Vec<u32>,
    /// True if the heads take over from each other, per file server.
    pub pairs_of_heads: Vec<bool>,
    /// Class that its clients request next, per class of the draft.
    pub thens: Vec<Option<usize>>,
    /// Classes that are requested at a rate.
    pub classes: Vec<FluidClass>,
    /// Workloads that request them.
    pub workloads: Vec<FluidWorkload>,
    /// Time of the week at time zero, since Monday 00:00.
    pub zero: SimDuration,
    /// Index of the cause of planned work among those of the plan; `None` if the plan has none.
    pub planned: Option<u32>,
    /// Monthly bill in dollars; `None` without prices in the file.
    pub bill: Option<f64>,
    /// Price of a lost view in dollars; `None` without one in the file.
    pub lost_view: Option<f64>,
}

/// Condition for a part to be up: of each of these sets, one member works.
#[derive(Clone, Debug, PartialEq)]
pub struct Below {
    /// Sets of part numbers.
    pub needs: Vec<Vec<u32>>,
}

/// Request class that is requested at a rate.
#[derive(Clone, Debug)]
pub struct FluidClass {
    /// Its name.
    pub name: String,
    /// Number of the class in the draft.
    pub class: usize,
    /// Patience of its users.
    pub patience: Patience,
    /// Services through which it enters.
    pub services: Vec<usize>,
    /// Capacity of those services for views; `None` if no service answers the class.
    pub entry: Option<Entry>,
    /// Expected number of requests per view: the first, and those fetched after it.
    pub requests: f64,
    /// Objective: the share of views to be served; `None` without one in the file.
    pub availability: Option<Probability>,
}

/// Source of requests at a rate.
#[derive(Clone, Debug)]
pub struct FluidWorkload {
    /// Name, which is the owner of its draws.
    pub name: String,
    /// Requested class, as an index in [`FluidPlan::classes`].
    pub class: usize,
    /// Arrival rate over time.
    pub traffic: Traffic,
    /// Standard deviation of the logarithm of its hourly noise; zero if that is drawn.
    pub sigma: f64,
    /// Modulation of its rate within minutes; none if that is drawn.
    pub swing: Swing,
    /// Behaviour of its users after a failure.
    pub users: Users,
}

/// Facts of one net.
#[derive(Clone, Debug)]
pub struct FluidNet {
    /// Fact per input; `None` if the fault behind it is left out.
    pub facts: Vec<Option<FactId>>,
    /// Facts per index in [`FluidPlan::copies`]; `None` if no replica is promoted in this net.
    pub copies: Vec<Option<CopiesNet>>,
    /// Members and facts per index in [`FluidPlan::scaled`].
    pub scaled: Vec<ScaledNet>,
}

fn name_of(input: &Input) -> String {
    format!("load {input:?}")
}

impl FluidPlan {
    /// Compiles a draft; `None` if no class is requested at a rate alone.
    #[must_use]
    pub fn of(draft: &Draft) -> Option<Self> {
        let network = Network::of(draft).with_messages_in_order();
        let mut plan = Self {
            parts: Vec::new(),
            resource_parts: Vec::new(),
            keepers: Vec::new(),
            inputs: Vec::new(),
            names: Vec::new(),
            targets: draft.links.balancers.iter().map(|b| table::u32(b.targets.len())).collect(),
            keeps: (0..draft.scenario.request.len()).map(|class| keeps(draft, class)).collect(),
            open: Vec::new(),
            pairs: Vec::new(),
            databases: Vec::new(),
            copies: copies::of(draft),
            scaled: scaled::all(draft, &network),
            absent: Vec::new(),
            counted: Vec::new(),
            power: Metered::of(draft, &network),
            heads: draft.scenario.nas.iter().map(|(_, spec)| spec.heads.value).collect(),
            pairs_of_heads: Vec::new(),
            thens: draft.links.thens.clone(),
            classes: Vec::new(),
            workloads: Vec::new(),
            zero: week_zero(draft),
            planned: None,
            bill: cost::totals(draft).0,
            lost_view: cost::lost_view(draft),
            network,
        };
        plan.counted = scaled::counted(&plan.scaled);
        plan.asked(draft);
        if plan.classes.is_empty() {
            return None;
        }
        plan.open = plan.opened(draft);
        Some(plan)
    }

    /// Returns whether hourly noise and modulation are drawn, and do not enter by their laws: an autoscaler acts on them.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        !self.scaled.is_empty()
    }

    /// Returns, per workload, the mean rate per second of each hour of the week, from Monday 00:00 on.
    #[must_use]
    pub fn rates_by_hour(&self) -> Vec<Vec<f64>> {
        let zero = self.zero.nanos() % WEEK_NS;
        let rate = |curve: &RateCurve, hour: usize| {
            let from = (hour as u64 * HOUR_NS + WEEK_NS - zero) % WEEK_NS;
            let (from, to) = (SimTime::from_nanos(from), SimTime::from_nanos(from + HOUR_NS));
            curve.mean_between(from, to).in_per_second()
        };
        let of = |workload: &FluidWorkload| {
            let curve = workload.traffic.curve();
            (0..HOURS).map(|hour| rate(&curve, hour)).collect()
        };
        self.workloads.iter().map(of).collect()
    }

    /// Computes the open requests of balancers with `least-connections`.
    fn opened(&self, draft: &Draft) -> Vec<Option<Open>> {
        let balancers = &draft.scenario.balancer;
        let rates = self.rates_by_hour();
        let seconds = |class: &FluidClass| {
            open::seconds(&self.network, self.network.roots[class.class], balancers.len())
        };
        let seconds: Vec<Vec<f64>> = self.classes.iter().map(seconds).collect();
        let one = |at: usize| {
            let spec = &balancers[at].1;
            // With cookies, most requests return to their member: each member has an even share.
            if spec.algorithm.value != Algorithm::LeastConnections || spec.sticky.value {
                return None;
            }
            // Each peer counts its own connections; of a pair, one unit works.
            let units = if spec.peers.is_some() { f64::from(spec.count.value) } else { 1.0 };
            let hour = |hour: usize| {
                let of = |(workload, rates): (&FluidWorkload, &Vec<f64>)| {
                    let open = rates[hour] * seconds[workload.class][at];
                    (if open > 0.0 { rates[hour] } else { 0.0 }, open / units)
                };
                let all = self.workloads.iter().zip(&rates).map(of);
                all.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
            };
            Some(Open::new((0..HOURS).map(hour).collect()))
        };
        (0..balancers.len()).map(one).collect()
    }

    /// Collects the classes and workloads, except those that closed users or recorded traffic request.
    fn asked(&mut self, draft: &Draft) {
        let scenario = &draft.scenario;
        let waited_out = WaitedOut::of(draft);
        let workloads = scenario.workload.iter().zip(&draft.links.classes).enumerate();
        for (at, ((name, spec), class)) in workloads {
            let Some(class) = *class else { continue };
            let mut out = Diagnostics::new();
            let open = spec.users.is_none() && spec.trace.is_none();
            let traffic = open.then(|| crate::plan::compile::traffic(draft, name, spec, &mut out));
            let Some(traffic) = traffic.flatten() else { continue };
            let known = self.classes.iter().position(|other| other.class == class);
            let place = known.unwrap_or_else(|| {
                let class_name = &scenario.request[class].0;
                let objective = scenario.objective.get(&class_name.text);
                let clients = spec.from.as_ref().and_then(|from| scenario.clients.get(&from.text));
                let time_out = clients.and_then(|clients| clients.time_out.as_ref());
                let lost = objective.and_then(|objective| objective.lost_after.as_ref());
                let [time_out, lost] = [time_out, lost].map(|limit| limit.map(|of| of.value));
                let patience = clients.and_then(|clients| clients.patience.as_ref());
                let limited = patience.is_some() || time_out.is_some() || lost.is_some();
                let on_the_way = pauses::shortest_time_out(draft, &waited_out, class, limited);
                let request = time_out.into_iter().chain(on_the_way).min();
                let law = patience.map(|law| law_of(law));
                self.classes.push(FluidClass {
                    name: class_name.text.clone(),
                    class,
                    patience: Patience::new(law, request, lost),
                    entry: Entry::of(draft, &self.network, class, places::clients(draft, at)),
                    services: services(draft, class),
                    requests: requests(draft, class),
                    availability: objective.and_then(|o| o.availability.as_ref()).map(|a| a.value),
                });
                self.classes.len() - 1
            });
            let noise = spec.noise.as_ref().filter(|_| !self.is_drawn());
            let sigma = noise.map_or(0.0, |noise| noise.sigma.value);
            let clients = spec.from.as_ref().and_then(|from| scenario.clients.get(&from.text));
            let (name, users) = (name.text.clone(), Users::of(clients));
            let swing = if self.is_drawn() { Swing::none() } else { Swing::of(&traffic) };
            self.workloads.push(FluidWorkload { name, class: place, traffic, sigma, swing, users });
        }
        // The rate of a class that closed users or recorded traffic also request is not fully known.
        let partly = |class: usize| {
            let all = scenario.workload.iter().zip(&draft.links.classes);
            all.filter(|(_, other)| **other == Some(class))
                .any(|((_, spec), _)| spec.users.is_some() || spec.trace.is_some())
        };
        let whole: Vec<bool> = self.classes.iter().map(|class| !partly(class.class)).collect();
        let place = |at: usize| whole[..at].iter().filter(|whole| **whole).count();
        self.workloads.retain(|workload| whole[workload.class]);
        for workload in &mut self.workloads {
            workload.class = place(workload.class);
        }
        let mut at = 0;
        self.classes.retain(|_| {
            at += 1;
            whole[at - 1]
        });
    }

    /// Adds the facts that describe the state of the parts to the declaration of a net.
    pub fn declare(&mut self, draft: &Draft, declaration: &mut Declaration) {
        let mut facts: Vec<(Input, Expr)> = power::facts(draft, declaration);
        let mut numbers: BTreeMap<Part, u32> = BTreeMap::new();
        let mut parts = self.network.parts.clone();
        for (at, part) in parts.iter().enumerate() {
            numbers.insert(*part, table::u32(at));
        }
        let mut number = |part: Part, parts: &mut Vec<Part>| {
            *numbers.entry(part).or_insert_with(|| {
                parts.push(part);
                table::u32(parts.len()) - 1
            })
        };
        let mut below: Vec<Below> = Vec::new();
        let mut at = 0;
        while at < parts.len() {
            let part = parts[at];
            let mut needs = Vec::new();
            for one in std::iter::once(part).chain(part.domains(draft)) {
                needs.push(vec![number(one, &mut parts)]);
                if let Part::Rack(rack) = one
                    && !matches!(part, Part::Switch { .. })
                {
                    let spec = draft.scenario.rack[rack].1.switch.as_ref();
                    let count = spec.map_or(0, |switch| switch.count.value);
                    let switches: Vec<u32> = (0..count)
                        .map(|n| number(Part::Switch { rack, number: n }, &mut parts))
                        .collect();
                    needs.extend((!switches.is_empty()).then_some(switches));
                }
            }
            below.push(Below { needs });
            at += 1;
        }
        let automata = declaration.automata.iter();
        let automata: BTreeMap<&str, &Automaton> =
            automata.map(|automaton| (automaton.name.as_str(), automaton)).collect();
        let known = |of: &str, fact: &str| {
            let automaton = automata.get(of);
            automaton.is_some_and(|own| own.facts.iter().any(|(name, _)| name == fact))
        };
        let mut copies: Vec<(String, Expr)> = Vec::new();
        let waited_out = WaitedOut::of(draft);
        for (at, part) in parts.iter().enumerate() {
            let name = part.name(draft);
            // A member that is absent works as little as one that has failed, is not waited for, and is no cause.
            let present = is_present(draft, *part);
            for (fact, input) in pauses::inputs(&waited_out, *part, table::u32(at)) {
                if known(&name, fact) {
                    let is = Expr::of(&name, fact);
                    let is = present.iter().cloned().fold(is, Expr::and);
                    facts.push((input, is));
                }
            }
            let more = slowed_by(&name);
            let slowing = [name.as_str(), &more].into_iter().filter_map(|name| automata.get(name));
            for (of, fact) in
                slowing.flat_map(|of| of.facts.iter().map(move |(fact, _)| (of, fact)))
            {
                if let Some(factor) = slowdown(draft, *part, fact) {
                    let input = Input::Slow(table::u32(at), factor, of.name != name);
                    facts.push((input, Expr::of(&of.name, fact)));
                }
            }
        }
        let mut pairs = Vec::new();
        for (balancer, (name, _)) in draft.scenario.balancer.iter().enumerate() {
            let of = table::u32(balancer);
            let targets = beliefs::targets(draft, balancer);
            for (who, (believed, misled)) in targets.into_iter().enumerate() {
                facts.push((Input::Believed(of, table::u32(who)), believed));
                facts.push((Input::Misled(of, table::u32(who)), misled));
            }
            let address = address::name(name);
            if known(&address, "at-1") {
                pairs.push(of);
                for unit in 0..2_u32 {
                    let state = format!("at-{}", unit + 1);
                    facts.push((Input::At(of, unit), Expr::of(&address, &state)));
                }
            }
        }
        let mut databases = Vec::new();
        for (database, (name, _)) in draft.scenario.database.iter().enumerate() {
            let links = &draft.links.databases[database];
            databases.push(links.of(Role::Primary).next().unwrap_or(0));
            let (of, phases) = (table::u32(database), failover::name(name));
            facts.extend(views::inputs(draft, database, &numbers, &known));
            if !known(&phases, "served") {
                continue;
            }
            facts.push((Input::Served(of), Expr::of(&phases, "served")));
            for member in 0..links.members.len() {
                let holds = role::has(name, member);
                facts.push((Input::Holds(of, table::u32(member)), holds));
            }
            copies.extend(copies::facts(draft, database, &known));
        }
        let mut pairs_of_heads = Vec::new();
        for (nas, (_, spec)) in draft.scenario.nas.iter().enumerate() {
            let mut pair = false;
            for number in 0..spec.heads.value {
                let head = Part::Head { nas, number }.name(draft);
                let volumes = volumes::name(&head);
                if known(&volumes, "stall") {
                    pair = true;
                    let (of, which) = (table::u32(nas), number);
                    let partner = Expr::of(&volumes, "are with the partner");
                    facts.push((Input::Partner(of, which), partner));
                    facts.push((Input::Stall(of, which), Expr::of(&volumes, "stall")));
                }
            }
            pairs_of_heads.push(pair);
        }
        facts.extend(memories::facts(draft, &self.network, &known));
        let scaled = scaled::facts(draft, &known);
        declaration.facts.append(&mut copies);
        declaration.facts.extend(scaled);
        for (input, expr) in &facts {
            declaration.fact(&name_of(input), expr.clone());
        }
        if self.inputs.is_empty() {
            let place = |part: &Part| numbers.get(part).map(|number| *number as usize);
            self.resource_parts = self.network.resources.iter().map(|r| place(&r.part)).collect();
            self.keepers = buffers::keepers(draft, &self.network.buffers, &numbers);
            self.names = facts.iter().map(|(input, _)| name_of(input)).collect();
            self.inputs = facts.into_iter().map(|(input, _)| input).collect();
            self.absent = scaled::absent(draft, &parts, &self.inputs);
            (self.parts, self.pairs, self.databases) = (below, pairs, databases);
            self.pairs_of_heads = pairs_of_heads;
        }
    }

    /// Adds the inputs for users cut off by a link, an edge or a name service; called when the meters are known.
    pub fn cut_off(&mut self, meters: &[(usize, &Meter)], net: &Net) {
        for (class, meter) in meters {
            let users = meter.shares.iter().chain(&meter.led);
            let users = users.map(|cut| (cut, Input::Cut as Cut));
            let fetches = meter.fetches.iter().map(|cut| (cut, Input::CutFetches as Cut));
            let shields = meter.shields.iter().map(|cut| (cut, Input::CutShield as Cut));
            for ((fact, share), cut) in users.chain(fetches).chain(shields) {
                let share = f64::from(*share) / f64::from(WHOLE);
                let name = net.facts_of_whole().find(|(id, _)| id == fact).map(|(_, name)| name);
                self.inputs.push(cut(table::u32(*class), share));
                self.names.push(name.expect("a fact of the whole has a name").to_string());
            }
        }
    }

    /// Resolves the facts in a net.
    #[must_use]
    pub fn resolve(&self, net: &Net) -> FluidNet {
        let facts = self.names.iter().map(|name| net.fact(name)).collect();
        FluidNet {
            facts,
            copies: self.copies.iter().map(|of| CopiesNet::of(net, of)).collect(),
            scaled: self.scaled.iter().map(|of| ScaledNet::of(net, of)).collect(),
        }
    }

    /// Returns the state in which nothing has failed, with the members that exist at the start.
    #[must_use]
    pub fn well(&self) -> Bits {
        let last = self.step_at(self.network.memories.len());
        let mut bits = vec![0_u64; last.div_ceil(64).max(1)];
        for (at, input) in self.inputs.iter().enumerate() {
            let set = match input {
                Input::Fit(_) | Input::Believed(..) | Input::Served(_) | Input::At(_, 0) => true,
                Input::Holds(of, member) => self.databases[*of as usize] == *member,
                _ => false,
            };
            if set && !self.absent.contains(&at) {
                bits[at / 64] |= 1 << (at % 64);
            }
        }
        bits.into()
    }

    /// Returns the position, among the bits of a state, of the age of what the edges of a CDN hold.
    #[must_use]
    pub fn age_at(&self, cdn: usize) -> usize {
        self.inputs.len() + cdn * state::AGE_BITS
    }

    /// Records the index of planned work among the causes.
    pub fn know_causes(&mut self, causes: &[String]) {
        self.planned = causes.iter().position(|cause| cause == PLANNED).map(|at| table::u32(at));
    }
}

/// Constructor of an input that cuts off a share of a class.
type Cut = fn(u32, f64) -> Input;

/// Scope within which all requests meet the same member behind a balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// No scope: each request is balanced on its own.
    None,
    /// All requests of a page view, including its retries.
    View,
    /// All requests of a session.
    Session,
}

/// Returns the scope per balancer, for a page view of a class. Only clients have cookies, not calls between services.
fn keeps(draft: &Draft, class: usize) -> Vec<Keeps> {
    let comes = |at: usize| draft.links.view_comes_to(class, at);
    let one = |(at, (_, spec)): (usize, &(_, BalancerSpec))| match spec.algorithm.value {
        _ if spec.sticky.value && comes(at) => Keeps::Session,
        Algorithm::Hash => Keeps::View,
        _ => Keeps::None,
    };
    draft.scenario.balancer.iter().enumerate().map(one).collect()
}

/// Returns the services through which a class enters.
fn services(draft: &Draft, class: usize) -> Vec<usize> {
    let mut services = Vec::new();
    let mut todo: Vec<Entrance> = draft.links.enters[class].into_iter().collect();
    while let Some(entrance) = todo.pop() {
        match entrance {
            Entrance::Service(service, _) => services.push(service),
            Entrance::Balancer(at) => {
                services.extend(draft.links.balancers[at].targets.iter().map(|(s, _)| *s));
            }
            Entrance::NameService(at) => todo.extend(&draft.links.name_services[at]),
            Entrance::Cdn(at) => todo.extend(draft.links.cdns[at]),
        }
    }
    services.sort_unstable();
    services.dedup();
    services
}

/// Returns the expected requests per view: one of `class`, and those fetched after it.
fn requests(draft: &Draft, class: usize) -> f64 {
    let (mut all, mut each, mut at) = (0.0, 1.0, Some(class));
    while let Some(class) = at {
        all += each;
        let then = draft.scenario.request[class].1.then.as_ref();
        each *= then.map_or(0.0, |then| crate::plan::load::mean(&then.value.count.value));
        at = draft.links.thens[class].filter(|_| each > 0.0);
    }
    all
}

/// Returns the time since Monday 00:00 at time zero.
fn week_zero(draft: &Draft) -> SimDuration {
    let start = week_start(draft);
    SimDuration::DAY.saturating_mul(u64::from(start.weekday)) + start.time
}
