//! Traffic as a fluid: what the solver of years needs to know of load.
//!
//! Model: a class of requests is a rate that follows the profile of its workloads; [`network`] says
//! where it flows, [`state`] what is lost, held up and asked of every resource in a state of the parts.
//! A state is a set of facts of the health net, declared here: which parts work, in whom the
//! balancers believe, who has an address, who is master, which head serves whose volumes.
//!
//! Rates are means by the hour: hourly noise enters by its law, not by its draws, and so only where
//! what is lost is not a straight line in the rate (overload); so do modulated arrivals.
//! Flash crowds and steps of the rate are followed in steps of [`LEVEL`] of the level, at most half
//! a step (0.25 %) wrong.
//!
//! Takes a draft. Gives a [`FluidPlan`], and for each net its facts. Leaves out: closed users and
//! recorded traffic (classes that only they ask for are not in it), what operations (backups) ask
//! of disks, memory that is cold after a break, and limits that are not a capacity: connections and,
//! but for stalls, workers.

pub mod copies;
pub mod network;
pub mod open;
pub mod rooms;
pub mod state;
pub mod users;

use std::collections::BTreeMap;

use crate::convert::table;
use crate::health::declare::{Automaton, Expr};
use crate::health::{Declaration, FactId, Net};
use crate::kinds::balancer::spec::{Algorithm, BalancerSpec};
use crate::kinds::balancer::{address, beliefs};
use crate::kinds::database::failover;
use crate::kinds::database::links::Role;
use crate::kinds::nas::volumes;
use crate::plan::Draft;
use crate::plan::availability::{Meter, WHOLE};
use crate::plan::checks::week_start;
use crate::plan::cost;
use crate::plan::faults::{PLANNED, holder};
use crate::plan::links::Entrance;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::{Probability, SimDuration, SimTime};
use crate::workload::arrivals::Traffic;
use crate::workload::rate::RateCurve;

use copies::{Copies, CopiesNet};
use network::Network;
use open::Open;
use rooms::{Entry, Swing};
use state::{Bits, Input};
use users::{Patience, Users};

/// Hours of a week.
pub const HOURS: usize = 168;
/// Nanoseconds of an hour.
pub const HOUR_NS: u64 = 3_600_000_000_000;
/// Nanoseconds of a week.
pub const WEEK_NS: u64 = HOURS as u64 * HOUR_NS;

/// Ratio of neighbouring levels of the rate.
pub const LEVEL: f64 = 1.005;

/// What is asked of the traffic of a scenario.
#[derive(Clone, Debug)]
pub struct FluidPlan {
    /// Where requests go.
    pub network: Network,
    /// By part of the network, then further ones below them: what must work for it to be up.
    pub parts: Vec<Below>,
    /// By resource: the part that may slow it down.
    pub resource_parts: Vec<Option<usize>>,
    /// What is known of a state.
    pub inputs: Vec<Input>,
    /// By input: its fact, by name.
    names: Vec<String>,
    /// By balancer: members behind it.
    pub targets: Vec<u32>,
    /// By class of the file and balancer: whose requests meet one member, time and again.
    pub keeps: Vec<Vec<Keeps>>,
    /// By balancer: what it has open, where it counts that.
    pub open: Vec<Option<Open>>,
    /// Balancers whose address moves.
    pub pairs: Vec<u32>,
    /// By database: the master of the file.
    pub databases: Vec<u32>,
    /// Databases of which a slave may become master.
    pub copies: Vec<Copies>,
    /// By file server: heads.
    pub heads: Vec<u32>,
    /// By file server: whether the heads take over from each other.
    pub pairs_of_heads: Vec<bool>,
    /// By class of the draft: what it fetches next.
    pub thens: Vec<Option<usize>>,
    /// Classes that somebody asks for at a rate.
    pub classes: Vec<FluidClass>,
    /// What asks for them.
    pub workloads: Vec<FluidWorkload>,
    /// Time of the week at time zero, since Monday 00:00.
    pub zero: SimDuration,
    /// Place of the cause of what is planned among those of the plan, if it has one.
    pub planned: Option<u32>,
    /// The bill of a month in dollars, where the file has prices.
    pub bill: Option<f64>,
    /// The price of a lost view in dollars, where it has one.
    pub lost_view: Option<f64>,
}

/// What must work for a part to be up: of each of these sets one.
#[derive(Clone, Debug, PartialEq)]
pub struct Below {
    /// By number of part.
    pub needs: Vec<Vec<u32>>,
}

/// A class that somebody asks for.
#[derive(Clone, Debug)]
pub struct FluidClass {
    /// Its name.
    pub name: String,
    /// Its number in the draft.
    pub class: usize,
    /// How long its users wait.
    pub patience: Patience,
    /// The services that it enters by.
    pub services: Vec<usize>,
    /// What room there is in them.
    pub entry: Option<Entry>,
    /// Requests of a view: the first, and those that it fetches.
    pub requests: f64,
    /// The share of views that is to be served, if the file has an objective.
    pub available: Option<Probability>,
}

/// A source of requests.
#[derive(Clone, Debug)]
pub struct FluidWorkload {
    /// Its name, which owns its draws.
    pub name: String,
    /// What it asks for, by place in [`FluidPlan::classes`].
    pub class: usize,
    /// Its rate.
    pub traffic: Traffic,
    /// Standard deviation of the logarithm of its hourly noise.
    pub sigma: f64,
    /// How its rate swings within minutes.
    pub swing: Swing,
    /// Who sends it.
    pub users: Users,
}

/// The facts of one net.
#[derive(Clone, Debug)]
pub struct FluidNet {
    /// By input; none where the fault that it tells of is left out.
    pub facts: Vec<Option<FactId>>,
    /// By place in [`FluidPlan::copies`]; none where nobody takes over in this net.
    pub copies: Vec<Option<CopiesNet>>,
}

fn name_of(input: &Input) -> String {
    format!("load {input:?}")
}

fn name_of_copy(database: &str, member: usize) -> String {
    format!("{database}: {member} copies")
}

fn name_of_follower(database: &str, member: usize) -> String {
    format!("{database}: {member} follows")
}

impl FluidPlan {
    /// Compiles a draft; `None` where nobody asks for anything at a rate.
    #[must_use]
    pub fn of(draft: &Draft) -> Option<Self> {
        let network = Network::of(draft);
        let mut plan = Self {
            parts: Vec::new(),
            resource_parts: Vec::new(),
            inputs: Vec::new(),
            names: Vec::new(),
            targets: draft.links.balancers.iter().map(|b| table::u32(b.targets.len())).collect(),
            keeps: (0..draft.scenario.request.len()).map(|class| keeps(draft, class)).collect(),
            open: Vec::new(),
            pairs: Vec::new(),
            databases: Vec::new(),
            copies: copies::of(draft),
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
        plan.asked(draft);
        if plan.classes.is_empty() {
            return None;
        }
        plan.open = plan.opened(draft);
        Some(plan)
    }

    /// By workload: mean rate of each hour of the week, a second, from Monday 00:00 on.
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

    /// What balancers by `least-connections` have open.
    fn opened(&self, draft: &Draft) -> Vec<Option<Open>> {
        let balancers = &draft.scenario.balancer;
        let rates = self.rates_by_hour();
        let seconds = |class: &FluidClass| {
            open::seconds(&self.network, self.network.roots[class.class], balancers.len())
        };
        let seconds: Vec<Vec<f64>> = self.classes.iter().map(seconds).collect();
        let one = |at: usize| {
            let spec = &balancers[at].1;
            // With cookies most go where they were before: each member has an even share.
            if spec.algorithm.value != Algorithm::LeastConnections || spec.sticky.value {
                return None;
            }
            // Peers count for themselves; of a pair one works.
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

    /// Who asks for what.
    fn asked(&mut self, draft: &Draft) {
        let scenario = &draft.scenario;
        for ((name, spec), class) in scenario.workload.iter().zip(&draft.links.classes) {
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
                let most = [time_out, lost].into_iter().flatten().map(|limit| limit.value).min();
                let patience = clients.and_then(|clients| clients.patience.as_ref());
                let law = patience.map(|law| law_of(law));
                self.classes.push(FluidClass {
                    name: class_name.text.clone(),
                    class,
                    patience: Patience::new(law, most),
                    entry: Entry::of(draft, &self.network, class, clients),
                    services: services(draft, class),
                    requests: requests(draft, class),
                    available: objective.and_then(|o| o.available.as_ref()).map(|a| a.value),
                });
                self.classes.len() - 1
            });
            let sigma = spec.noise.as_ref().map_or(0.0, |noise| noise.sigma.value);
            let clients = spec.from.as_ref().and_then(|from| scenario.clients.get(&from.text));
            let (name, users) = (name.text.clone(), Users::of(clients));
            let swing = Swing::of(&traffic);
            self.workloads.push(FluidWorkload { name, class: place, traffic, sigma, swing, users });
        }
        // A class that also closed users or a recording asks for is known but in part.
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

    /// Adds the facts that say which state the parts are in, to the declaration of a net.
    pub fn declare(&mut self, draft: &Draft, declaration: &mut Declaration) {
        let mut facts: Vec<(Input, Expr)> = Vec::new();
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
        for (at, part) in parts.iter().enumerate() {
            let name = part.name(draft);
            if known(&name, "fit") {
                facts.push((Input::Fit(table::u32(at)), Expr::of(&name, "fit")));
            }
            let automaton = automata.get(name.as_str());
            for (fact, _) in automaton.iter().flat_map(|automaton| &automaton.facts) {
                let factor = fact.strip_prefix("is slow ").and_then(|text| text.parse().ok());
                if let Some(factor) = factor {
                    facts.push((Input::Slow(table::u32(at), factor), Expr::of(&name, fact)));
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
            databases.push(links.of(Role::Master).next().unwrap_or(0));
            let (of, phases) = (table::u32(database), failover::name(name));
            if !known(&phases, "served") {
                continue;
            }
            facts.push((Input::Served(of), Expr::of(&phases, "served")));
            for member in 0..links.members.len() {
                let holds = Expr::of(&failover::role(name), &holder(member));
                facts.push((Input::Holds(of, table::u32(member)), holds));
                let copy = failover::copies(draft, database, member);
                copies.push((name_of_copy(name, member), copy));
                let follows = failover::follows(draft, database, member);
                copies.push((name_of_follower(name, member), follows));
            }
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
        declaration.facts.append(&mut copies);
        for (input, expr) in &facts {
            declaration.fact(&name_of(input), expr.clone());
        }
        if self.inputs.is_empty() {
            let place = |part: &Part| numbers.get(part).map(|number| *number as usize);
            let resources = self.network.resources.iter();
            self.resource_parts = resources.map(|resource| place(&resource.part)).collect();
            self.names = facts.iter().map(|(input, _)| name_of(input)).collect();
            self.inputs = facts.into_iter().map(|(input, _)| input).collect();
            (self.parts, self.pairs, self.databases) = (below, pairs, databases);
            self.pairs_of_heads = pairs_of_heads;
        }
    }

    /// Adds who is cut off with a link or an edge: known once meters are.
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

    /// The facts of a net.
    #[must_use]
    pub fn resolve(&self, net: &Net) -> FluidNet {
        let facts = self.names.iter().map(|name| net.fact(name)).collect();
        let copies = |of: &Copies| {
            let members = 0..of.members.len();
            let holds =
                |member: usize| net.fact(&name_of(&Input::Holds(of.database, table::u32(member))));
            let copies = |member: usize| net.fact(&name_of_copy(&of.name, member));
            let follows = |member: usize| net.fact(&name_of_follower(&of.name, member));
            Some(CopiesNet {
                served: net.fact(&name_of(&Input::Served(of.database)))?,
                holds: members.clone().map(holds).collect::<Option<_>>()?,
                copies: members.clone().map(copies).collect::<Option<_>>()?,
                follows: members.map(follows).collect::<Option<_>>()?,
            })
        };
        FluidNet { facts, copies: self.copies.iter().map(copies).collect() }
    }

    /// The state in which nothing is wrong.
    #[must_use]
    pub fn well(&self) -> Bits {
        let last = self.age_at(self.network.lives.len());
        let mut bits = vec![0_u64; last.div_ceil(64).max(1)];
        for (at, input) in self.inputs.iter().enumerate() {
            let set = match input {
                Input::Fit(_) | Input::Believed(..) | Input::Served(_) | Input::At(_, 0) => true,
                Input::Holds(of, member) => self.databases[*of as usize] == *member,
                _ => false,
            };
            if set {
                bits[at / 64] |= 1 << (at % 64);
            }
        }
        bits.into()
    }

    /// Where the age of what the edges of a CDN hold begins among the bits of a state.
    #[must_use]
    pub fn age_at(&self, cdn: usize) -> usize {
        self.inputs.len() + cdn * state::AGE_BITS
    }

    /// By class: requests of a view that stand still while no file server answers.
    #[must_use]
    pub fn held_by_stalls(&self) -> Vec<f64> {
        let mut bits = self.well();
        for (at, input) in self.inputs.iter().enumerate() {
            let bit = 1 << (at % 64);
            match input {
                Input::Stall(..) => bits[at / 64] |= bit,
                Input::Fit(part) if self.is_head(*part) => bits[at / 64] &= !bit,
                _ => {}
            }
        }
        self.state(&bits).classes.iter().map(|class| class.held).collect()
    }

    fn is_head(&self, part: u32) -> bool {
        matches!(self.network.parts.get(part as usize), Some(Part::Head { .. }))
    }

    /// By class: its rate in the mean, and in the hour of the week in which all together ask most.
    #[must_use]
    pub fn mean_and_top_rates(&self) -> [Vec<f64>; 2] {
        let (mut mean, mut top) = (vec![0.0; self.classes.len()], vec![0.0; self.classes.len()]);
        for workload in &self.workloads {
            let curve = workload.traffic.curve();
            mean[workload.class] += curve.level().in_per_second();
            top[workload.class] += curve.peak().0.in_per_second();
        }
        [mean, top]
    }

    /// Knows where what is planned stands among the causes.
    pub fn know_causes(&mut self, causes: &[String]) {
        self.planned = causes.iter().position(|cause| cause == PLANNED).map(|at| table::u32(at));
    }
}

/// Of a class so large a share does not come any further.
type Cut = fn(u32, f64) -> Input;

/// Whose requests meet one member behind a balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Each goes where it goes.
    None,
    /// All of a page view, its further tries too.
    View,
    /// All of a session.
    Session,
}

/// By balancer, for a page view of a class: cookies are the client's, so that calls of other services have none.
fn keeps(draft: &Draft, class: usize) -> Vec<Keeps> {
    let comes = |at: usize| draft.links.view_comes_to(class, at);
    let one = |(at, (_, spec)): (usize, &(_, BalancerSpec))| match spec.algorithm.value {
        _ if spec.sticky.value && comes(at) => Keeps::Session,
        Algorithm::Hash => Keeps::View,
        _ => Keeps::None,
    };
    draft.scenario.balancer.iter().enumerate().map(one).collect()
}

/// The services that a class enters by.
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

/// Requests of a view: that of `class`, and what is fetched then.
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

/// Time since Monday 00:00 at time zero.
fn week_zero(draft: &Draft) -> SimDuration {
    let start = week_start(draft);
    SimDuration::DAY.saturating_mul(u64::from(start.weekday)) + start.time
}
