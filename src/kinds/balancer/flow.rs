//! Needs and offered work of the units of a balancer and of the members behind them.

use crate::kinds::balancer::Balancer;
use crate::kinds::balancer::spec::BalancerSpec;
use crate::model::spec::probe::{CheckSpec, Depth};
use crate::plan::Draft;
use crate::plan::between::PLAIN_BYTES;
use crate::plan::fluid::network::{self, Arrival, Onward, Split, once};
use crate::plan::graph::{self, NodeId, Takeover};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Entrance;
use crate::plan::load::{Capacity, Here, Resource, Sums, mean};
use crate::plan::names::Kind;
use crate::plan::part::Part;

/// Returns the number of units that can serve: without a takeover, only the first.
fn serving_units(spec: &BalancerSpec) -> u32 {
    let others = is_pair(spec) || spec.peers.is_some();
    if others { spec.count.value } else { 1 }
}

/// Returns whether one unit takes over the virtual IP of the other.
fn is_pair(spec: &BalancerSpec) -> bool {
    spec.failover.is_some() || spec.vrrp.is_some()
}

impl Flow for Balancer {
    nothing!(
        stores, lives, rooms, subjects, watched, switches, uplinks, is_slice, may_wait, queued
    );

    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId> {
        let Entrance::Balancer(balancer) = entrance else { return None };
        let mut needs = vec![graph.members((Kind::Balancer, balancer), None, outside)];
        let targets = &graph.draft().links.balancers[balancer].targets;
        let mut services: Vec<usize> = targets.iter().map(|(service, _)| *service).collect();
        services.dedup();
        for service in services {
            let members = targets.iter().filter(|(other, _)| *other == service);
            let members: Vec<u32> = members.map(|(_, member)| *member).collect();
            needs.push(graph.members((Kind::Service, service), Some(&members), false));
        }
        let members = behind(graph.draft(), balancer);
        graph.reached(&[first_unit(balancer)], &members, &mut needs);
        Some(graph.all(&needs))
    }

    /// Returns the units of a balancer, of which one has to work.
    fn members(
        &self,
        graph: &mut graph::Builder<'_>,
        index: usize,
        _: Option<&[u32]>,
        outside: bool,
    ) -> Option<NodeId> {
        let (name, spec) = &graph.draft().scenario.balancer[index];
        let mut units = Vec::new();
        for member in 0..serving_units(spec) {
            let part = Part::Balancer { balancer: index, member };
            let node = graph.part(part, &[]);
            units.push(graph.reached_from(node, part, outside));
        }
        let node = graph.group(name, 1, &units);
        // Peers share addresses: there is no single virtual IP for a second unit to take over.
        if units.len() == 2 && spec.peers.is_none() {
            graph.takes_over(node, Takeover::Address(index, units));
        }
        Some(node)
    }

    fn opens(&self, draft: &Draft, entrance: Entrance) -> Vec<Vec<Part>> {
        let Entrance::Balancer(balancer) = entrance else { return Vec::new() };
        vec![behind(draft, balancer), units(draft, balancer)]
    }

    fn offers_in(
        &self,
        sums: &mut Sums<'_>,
        entrance: Entrance,
        class: Option<usize>,
        rate: f64,
        here: &mut Here,
    ) -> f64 {
        let Entrance::Balancer(balancer) = entrance else { return 0.0 };
        self.passes_on(sums, balancer, rate);
        let before = here.len();
        sums.spread(behind(sums.draft(), balancer), rate, here);
        here[before..].iter().for_each(|(part, rate)| sums.replies(class, *part, *rate));
        if let Some(class) = class {
            let from = at_work(sums, balancer).into_iter();
            let from: Here = from.map(|(unit, share)| (unit, share * rate)).collect();
            sums.reply(class, &from, rate);
            let there: Here = here[before..].to_vec();
            sums.crosses(&vec![(first_unit(balancer), 1.0)], &there, PLAIN_BYTES);
        }
        rate
    }

    /// Adds the work of the members for the deep probes of every unit.
    fn works_always(&self, sums: &mut Sums<'_>) {
        let draft = sums.draft();
        for (balancer, (_, spec)) in draft.scenario.balancer.iter().enumerate() {
            let Some((cpu, interval)) = deep_probe(spec) else { continue };
            let units = units(draft, balancer).into_iter();
            let probing = units.filter(|unit| sums.is_up(*unit)).count() as f64;
            let work = cpu * probing / interval;
            for member in behind(draft, balancer) {
                if sums.is_up(member) {
                    sums.zone_cpu(member, work);
                }
            }
        }
    }

    /// Returns the cores of an appliance. A request that waits for them holds no worker of a service yet.
    fn capacity(&self, draft: &Draft, part: Part, _: Resource) -> Option<Capacity> {
        let Part::Balancer { balancer, .. } = part else { return None };
        let cores = draft.scenario.balancer[balancer].1.cores.as_ref()?.value;
        Some(Capacity {
            per_second: f64::from(cores),
            alone_s: 1.0,
            holds_a_worker: false,
            queues: None,
        })
    }

    fn passes_on(&self, sums: &mut Sums<'_>, index: usize, rate: f64) {
        let draft = sums.draft();
        let spec = &draft.scenario.balancer[index].1;
        let Some(cpu) = &spec.cpu else { return };
        for (unit, share) in at_work(sums, index) {
            let work = rate * share * mean(&cpu.value);
            match spec.in_ {
                Some(_) => sums.zone_cpu(unit, work),
                None => sums.add(unit, Resource::Cpu, work),
            }
        }
    }

    fn leads(
        &self,
        network: &mut network::Builder<'_>,
        entrance: Entrance,
        arrival: Arrival<'_>,
    ) -> Vec<Onward> {
        let Entrance::Balancer(balancer) = entrance else { return Vec::new() };
        let class = arrival.outside.then_some(arrival.class);
        let units = fork_over_units(network, balancer, class);
        let members = behind(network.draft(), balancer);
        let unit = first_unit(balancer);
        let over = arrival.from.and_then(|(from, bytes)| network.crosses((from, unit), bytes));
        let bytes = arrival.from.map_or(PLAIN_BYTES, |(_, bytes)| bytes);
        let arrival = Arrival { outside: false, from: Some((unit, bytes)), ..arrival };
        let members = network.members(members, Split::Believed(balancer), arrival);
        [once(units), once(members)].into_iter().chain(over.map(once)).collect()
    }

    fn leads_through(&self, network: &mut network::Builder<'_>, index: usize) -> Option<u32> {
        Some(fork_over_units(network, index, None))
    }

    /// Adds the deep probes of every unit, and the work of the members for them.
    fn probes(&self, network: &mut network::Builder<'_>) {
        let draft = network.draft();
        for (balancer, (_, spec)) in draft.scenario.balancer.iter().enumerate() {
            let Some(check) = deep(spec) else { continue };
            let cpu = check.cpu.as_ref().map(|cpu| mean(&cpu.value));
            // Without work they matter only where their number does.
            if cpu.is_none() && draft.scenario.scaler.is_empty() {
                continue;
            }
            let (cpu, interval) = (cpu.unwrap_or(0.0), check.interval.value.seconds());
            for unit in units(draft, balancer) {
                for member in behind(draft, balancer) {
                    network.probe(unit, member, (cpu / interval, 1.0 / interval));
                }
            }
        }
    }
}

/// Returns the unit that passes on what crosses links between sites.
const fn first_unit(balancer: usize) -> Part {
    Part::Balancer { balancer, member: 0 }
}

/// Returns the units of a balancer.
fn units(draft: &Draft, balancer: usize) -> Vec<Part> {
    let count = draft.scenario.balancer[balancer].1.count.value;
    (0..count).map(|member| Part::Balancer { balancer, member }).collect()
}

/// Returns the members of services behind a balancer.
pub(super) fn behind(draft: &Draft, balancer: usize) -> Vec<Part> {
    let targets = draft.links.balancers[balancer].targets.iter();
    targets.map(|&(service, member)| Part::Service { service, member }).collect()
}

/// Returns the mean work of a deep probe in core-seconds, and the seconds between two; `None` if probes cost no work.
fn deep_probe(spec: &BalancerSpec) -> Option<(f64, f64)> {
    let check = deep(spec)?;
    Some((mean(&check.cpu.as_ref()?.value), check.interval.value.seconds()))
}

/// Returns the check of a balancer whose probes are deep.
fn deep(spec: &BalancerSpec) -> Option<&CheckSpec> {
    let check = &**spec.check.as_ref()?;
    (check.depth.value == Depth::Deep).then_some(check)
}

/// Returns the working units with their shares of the requests: one unit, or peers by their addresses.
fn at_work(sums: &Sums<'_>, balancer: usize) -> Vec<(Part, f64)> {
    let alive = sums.alive(units(sums.draft(), balancer));
    let Some(peers) = &sums.draft().scenario.balancer[balancer].1.peers else {
        return vec![(alive[0], 1.0)];
    };
    let (addresses, units) = (peers.addresses.value as usize, alive.len());
    let own = |unit: usize| (addresses + units - 1 - unit) / units;
    let share = |unit: usize| own(unit) as f64 / addresses as f64;
    alive.iter().enumerate().map(|(at, unit)| (*unit, share(at))).collect()
}

/// Returns the fork over the units of a balancer, from which the replies of `class` leave.
fn fork_over_units(
    network: &mut network::Builder<'_>,
    balancer: usize,
    class: Option<usize>,
) -> u32 {
    let make = |network: &mut network::Builder<'_>| {
        let spec = &network.draft().scenario.balancer[balancer].1;
        let mut branches = Vec::new();
        for member in 0..serving_units(spec) {
            let part = Part::Balancer { balancer, member };
            let mut branch = network.branch(part);
            if let Some(cpu) = &spec.cpu {
                let work = mean(&cpu.value);
                match spec.in_ {
                    Some(_) => network.cpu(&mut branch, part, work),
                    None => network.add(&mut branch, (part, Resource::Cpu), work),
                }
            }
            let reply = class.and_then(|class| network.reply(class, part));
            branch.then = reply.into_iter().collect();
            branches.push(branch);
        }
        let split = match &spec.peers {
            Some(peers) => Split::Peers(peers.addresses.value),
            None if is_pair(spec) && branches.len() == 2 => Split::Address(balancer),
            None => Split::Blind,
        };
        network.node(split, branches)
    };
    match class {
        Some(_) => make(network),
        None => network.shared((Kind::Balancer, balancer, 0), make),
    }
}
