//! Autoscalers over years: their rules, the processors that they measure, and the facts that they see.
//!
//! Takes a draft and its network. Gives for each scaler its rules, which `requests` has too, and for each net the automata
//! of its members ([`presence`]) and the health of members and servers.

use crate::convert::{place, table};
use crate::health::declare::Expr;
use crate::health::{AutomatonId, FactId, Net, StateId};
use crate::kinds::scaler::mechanism::Rules;
use crate::kinds::scaler::plan::ScalerLinks;
use crate::kinds::scaler::presence::{self, ABSENT, PRESENT};
use crate::kinds::scaler::rules::{hosts, rules};
use crate::kinds::scaler::spec::{ScalerMetric, ScalerSpec};
use crate::plan::Draft;
use crate::plan::cost;
use crate::plan::load::Resource;
use crate::plan::part::Part;
use crate::scenario::names::Name;

use super::FluidPlan;
use super::network::{Network, ResourceOf};
use super::rooms::Entry;
use super::state::Input;

/// One autoscaler.
#[derive(Clone, Debug)]
pub struct Scaled {
    /// Its name, which is the owner of its draws.
    pub name: String,
    /// Its rules.
    pub rules: Rules,
    /// Its service.
    pub service: usize,
    /// Dollars per month of one member; `None` without a price.
    pub price: Option<f64>,
    /// Names of the members, by slot.
    pub members: Vec<String>,
    /// Processor of each member's zone, by index among the resources; `None` if no request works there.
    pub processors: Vec<Option<u32>>,
    /// Each member's process, by number among the parts of the network; `None` if no request enters it.
    pub processes: Vec<Option<u32>>,
}

/// An autoscaler in one net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaledNet {
    /// Members, by slot.
    pub members: Vec<MemberNet>,
    /// Servers, by number among those of the rules.
    pub servers: Vec<FactId>,
    /// Launches are possible.
    pub launches: FactId,
}

/// Member in one net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberNet {
    /// Automaton of its presence.
    pub automaton: AutomatonId,
    /// State in which it is present.
    pub present: StateId,
    /// State in which it is absent.
    pub absent: StateId,
    /// Health of its process.
    pub process: Seen,
}

/// Health of a process, as a scaler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// It does its work, if slowly.
    pub works: FactId,
    /// The work inside is lost.
    pub lost: FactId,
}

/// Returns the scalers of a draft.
#[must_use]
pub fn all(draft: &Draft, network: &Network) -> Vec<Scaled> {
    let sections = draft.scenario.scaler.iter().zip(&draft.links.own.scalers).enumerate();
    let one = |(index, ((name, _), links)): (usize, (&(Name, ScalerSpec), &ScalerLinks))| {
        let (zone, service) = (links.zone?, links.service?);
        let slots = 0..place(draft.placed.zones[zone].len());
        let processor = |member: u32| {
            let here = Part::Zone { zone, member };
            let cpu = |of: &ResourceOf| of.part == here && of.resource == Resource::Cpu;
            network.resources.iter().position(cpu).map(|at| table::u32(at))
        };
        let member = |member: u32| Part::Service { service, member };
        let process = |of: u32| network.parts.iter().position(|part| *part == member(of));
        Some(Scaled {
            name: name.text.clone(),
            rules: rules(draft, index, (zone, service)),
            service,
            price: cost::of_member(draft, zone),
            members: slots.clone().map(|at| member(at).name(draft)).collect(),
            processors: slots.clone().map(processor).collect(),
            processes: slots.map(|at| process(at).map(table::u32)).collect(),
        })
    };
    sections.filter_map(one).collect()
}

/// Returns the processes of which a scaler counts the requests.
pub(super) fn counted(all: &[Scaled]) -> Vec<u32> {
    let counts = all.iter().filter(|of| of.rules.metric == ScalerMetric::Requests);
    let mut counted: Vec<u32> = counts.flat_map(|of| &of.processes).copied().flatten().collect();
    counted.sort_unstable();
    counted
}

fn member_fact(member: &str, what: &str) -> String {
    format!("scaled {member} {what}")
}

fn server_fact(scaler: &str, server: usize, what: &str) -> String {
    format!("scaled server {server} of {scaler} {what}")
}

fn launches_fact(scaler: &str) -> String {
    format!("scaler {scaler} launches")
}

/// Returns the facts of the health of scalers, members and servers. `known` tells whether an automaton publishes a fact.
#[must_use]
pub fn facts(draft: &Draft, known: &dyn Fn(&str, &str) -> bool) -> Vec<(String, Expr)> {
    let mut all = Vec::new();
    let holds = |of: &str, fact: &str| known(of, fact).then(|| Expr::of(of, fact));
    for ((name, _), links) in draft.scenario.scaler.iter().zip(&draft.links.own.scalers) {
        let (Some(zone), Some(service)) = (links.zone, links.service) else { continue };
        let launches = holds(name.text.as_str(), "is down").map_or(Expr::Always, |down| !down);
        all.push((launches_fact(name), launches));
        for member in 0..place(draft.placed.zones[zone].len()) {
            let process = Part::Service { service, member }.name(draft);
            let zone = Part::Zone { zone, member }.name(draft);
            let gone = ["is down", "is cut"].into_iter().filter_map(|fact| holds(&process, fact));
            let cut_off = holds(&zone, "reachable").map(|reachable| !reachable);
            let works = holds(&process, "serving").unwrap_or(Expr::Always);
            all.push((member_fact(&process, "works"), works));
            all.push((member_fact(&process, "lost"), Expr::Any(gone.chain(cut_off).collect())));
        }
        for (at, server) in hosts(draft, zone).1.into_iter().enumerate() {
            let server = Part::Server(server).name(draft);
            let runs = ["fit", "alive"].into_iter().filter_map(|fact| holds(&server, fact));
            all.push((server_fact(name, at, "works"), Expr::All(runs.collect())));
        }
    }
    all
}

/// Returns the inputs that hold for a member that is present, of members that are absent at the start.
#[must_use]
pub fn absent(draft: &Draft, parts: &[Part], inputs: &[Input]) -> Vec<usize> {
    let part = |input: &Input| match *input {
        Input::Fit(part) => parts.get(part as usize).copied(),
        Input::Believed(balancer, who) => {
            let targets = &draft.links.balancers[balancer as usize].targets;
            let (service, member) = *targets.get(who as usize)?;
            Some(Part::Service { service, member })
        }
        _ => None,
    };
    let starts = |input: &Input| part(input).is_none_or(|part| presence::starts(draft, part));
    let all = inputs.iter().enumerate().filter(|(_, input)| !starts(input));
    all.map(|(at, _)| at).collect()
}

impl FluidPlan {
    /// Adds requests that enter a process, if a scaler counts them.
    pub(super) fn counts(&self, process: u32, requests: f64, into: &mut Vec<(u32, f64)>) {
        if requests <= 0.0 || self.counted.binary_search(&process).is_err() {
            return;
        }
        match into.binary_search_by_key(&process, |(at, _)| *at) {
            Ok(at) => into[at].1 += requests,
            Err(at) => into.insert(at, (process, requests)),
        }
    }

    /// Returns the requests per view that enter processes of which a scaler counts them. `visits` returns those to the
    /// branches of a fork, of which `share` arrive.
    pub(super) fn entered<'v>(
        &self,
        share: f64,
        visits: impl Fn(usize) -> &'v [f64],
    ) -> Vec<(u32, f64)> {
        let mut all = Vec::new();
        let forks = if self.counted.is_empty() { &[][..] } else { &self.network.enters };
        for fork in forks.iter().map(|fork| *fork as usize) {
            for (branch, visits) in self.network.nodes[fork].branches.iter().zip(visits(fork)) {
                let process = branch.open.first().and_then(|set| set.first());
                process.into_iter().for_each(|at| self.counts(*at, visits * share, &mut all));
            }
        }
        all
    }

    /// Returns the share of the workers and waiting places of some services that exists while a scaler has `there` of
    /// its members; `None` where none has them.
    #[must_use]
    pub fn rooms(&self, services: &[usize], there: impl Fn(&Scaled) -> f64) -> Option<f64> {
        let scaled = |service: usize| self.scaled.iter().find(|one| one.service == service);
        services.iter().find_map(|service| scaled(*service))?;
        let (mut all, mut left) = (0.0, 0.0);
        for service in services {
            let workers = self.network.rooms[*service].workers;
            let weight = if workers.is_finite() { workers } else { 1.0 };
            all += weight;
            left += weight * scaled(*service).map_or(1.0, |of| there(of) / of.members.len() as f64);
        }
        (all > 0.0).then(|| left / all)
    }

    /// Returns the capacity at the entrance of a class with the members that exist at the start.
    #[must_use]
    pub fn entry_at_start(&self, class: usize) -> Option<Entry> {
        let of = &self.classes[class];
        let entry = of.entry?;
        let Some(share) = self.rooms(&of.services, |of| f64::from(of.rules.start)) else {
            return Some(entry);
        };
        let rooms = if entry.rooms > 1.0 { (entry.rooms * share).max(1.0) } else { 1.0 };
        Some(Entry {
            workers: entry.workers * share,
            backlog: entry.backlog * share,
            elsewhere: if entry.elsewhere > 0.0 { 1.0 - 1.0 / rooms } else { 0.0 },
            rooms,
            ..entry
        })
    }
}

impl ScaledNet {
    /// Resolves a scaler in a net.
    ///
    /// # Panics
    ///
    /// Panics if the net was not declared with the scaler.
    #[must_use]
    pub fn of(net: &Net, of: &Scaled) -> Self {
        const DECLARED: &str = "it was declared under this name";
        let fact = |name: String| net.fact(&name).expect(DECLARED);
        let member = |name: &String| {
            let automaton = net.automaton(&presence::name(name)).expect(DECLARED);
            let state = |word: &str| net.state(automaton, word).expect(DECLARED);
            let process = Seen {
                works: fact(member_fact(name, "works")),
                lost: fact(member_fact(name, "lost")),
            };
            MemberNet { automaton, present: state(PRESENT), absent: state(ABSENT), process }
        };
        let server = |at: usize| fact(server_fact(&of.name, at, "works"));
        Self {
            members: of.members.iter().map(member).collect(),
            servers: (0..of.rules.hosts.len()).map(server).collect(),
            launches: fact(launches_fact(&of.name)),
        }
    }
}
