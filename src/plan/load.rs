//! Offered load: what each resource is asked for, in the mean, at given rates of the workloads.
//!
//! Takes a draft and a rate a workload; gives for every member's processor, disk set, pool, head,
//! balancer, station and uplink the work a second and the capacity. Worked out from the form alone:
//! mean visits of each step (traffic equations where `goto` goes back), times mean demand. A figure
//! above 1 can never be served; below 1 it is the utilisation that a run must show.
//!
//! Assumes: nobody gives up or tries again; members share evenly what comes to them; a volume over
//! several pools is spread evenly; caches and edges answer as [`super::hits`] says; no read is answered
//! from the memory of a server or head (an upper bound where `ram-cache` is not `0B`). Leaves out: operations
//! (backup), switches and links between sites, connections, workers (they need waiting times),
//! switching to and fro, and the work of probes.
//!
//! Closed users have no rate: [`closed`] bounds it.
//!
//! With some parts lost ([`offered_without`]) the members that are left carry the load: a slave is
//! the master, the partner's head serves both, and a dead class asks for nothing.
//!
//! Source: Denning & Buzen (1978), the forced flow law and the utilisation law.

use std::collections::BTreeMap;

use crate::kinds::database::spec::{Promotion, ReadsTo};
use crate::kinds::disks::spec::{DiskSetSpec, Layout};
use crate::kinds::zone::spec::ZoneCpuSpec;
use crate::model::spec::probe::Depth;
use crate::model::spec::runs::{Level, WindowSpec};
use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::compile;
use crate::plan::flow;
use crate::plan::graph::{Graph, Subject, store_at};
use crate::plan::links::{Entrance, Role, Store};
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step, Work};
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::law::LawSpec;
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::rate::RateCurve;

pub mod closed;

/// What of a component is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Processor, in cores.
    Cpu,
    /// Processor of a zone against its baseline: no limit where it may burst.
    Baseline,
    /// Disks, in operations a second.
    Disks,
    /// A head of a file server, in heads.
    Head,
    /// A link to the world, in bytes a second.
    Uplink,
    /// A station, in servers.
    Servers,
}

impl Resource {
    /// Whether nothing above the capacity can be served.
    #[must_use]
    pub const fn is_limit(self) -> bool {
        !matches!(self, Self::Baseline)
    }
}

/// Load of one resource of one part.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Whose.
    pub part: Part,
    /// What of it.
    pub resource: Resource,
    /// As in figures: `www-1.cpu`, `store.main`, `store.head-1`, `main.uplink-2`.
    pub name: String,
    /// Work asked for each second.
    pub per_second: f64,
    /// Work that can be done each second.
    pub capacity: f64,
}

impl Offered {
    /// Load over capacity.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.per_second / self.capacity
    }
}

/// Mean rate of each workload as the file gives it, without surges; of closed users the most that they
/// can ask for ([`closed::bounds`]); zero for recorded traffic.
#[must_use]
pub fn rates(draft: &Draft) -> Vec<f64> {
    let mut rates = open_rates(draft);
    closed::bound(draft, &mut rates);
    rates
}

/// The mean rates of open workloads; zero for those of closed users and for recorded traffic.
#[must_use]
pub fn open_rates(draft: &Draft) -> Vec<f64> {
    let rate = |workload: &WorkloadSpec| {
        workload.rate.as_ref().map_or(0.0, |rate| rate.value.in_per_second())
    };
    draft.scenario.workload.iter().map(|(_, workload)| rate(workload)).collect()
}

/// Rates in a window: those that its level fixes ([`levels`]), else the mean over the window by profile, steps
/// and a flash crowd at a given time. Closed users ask for at most what the others leave them.
#[must_use]
pub fn rates_in(draft: &Draft, window: usize) -> Vec<f64> {
    let mut rates = open_rates_in(draft, window);
    closed::bound(draft, &mut rates);
    rates
}

/// As [`rates_in`], zero for closed users.
#[must_use]
pub fn open_rates_in(draft: &Draft, window: usize) -> Vec<f64> {
    let spec = &draft.scenario.window[window].1;
    let fixed = levels(draft, spec);
    if spec.level.is_some() {
        let own = open_rates(draft).into_iter().zip(fixed);
        return own.map(|(own, fixed)| fixed.map_or(own, Rate::in_per_second)).collect();
    }
    let from = spec.at.as_ref().map(|at| at.value.after_zero(week_start(draft)));
    let from = SimTime::ZERO + from.unwrap_or(SimDuration::ZERO).max(spec.lead_in.value);
    let length = spec.length.as_ref().or(spec.before.as_ref()).map(|length| length.value);
    let to = from + length.unwrap_or(SimDuration::SECOND);
    let mut quiet = Diagnostics::new();
    let own = open_rates(draft).into_iter().zip(draft.scenario.workload.iter());
    own.map(|(own, (name, workload))| {
        let traffic = compile::traffic(draft, name, workload, &mut quiet);
        traffic.map_or(own, |traffic| traffic.planned_between(from, to).in_per_second())
    })
    .collect()
}

/// By workload: whether the level of a window fixes its rate. It does for those whose class has an objective,
/// or for all where none has; what closed users ask for nothing fixes.
#[must_use]
pub fn fixed_by_levels(draft: &Draft) -> Vec<bool> {
    let scenario = &draft.scenario;
    let judged = |spec: &WorkloadSpec| scenario.objective.get(&spec.request.value.text).is_some();
    let none = !scenario.workload.iter().any(|(_, spec)| judged(spec));
    let fixed = |spec: &WorkloadSpec| spec.users.is_none() && (none || judged(spec));
    scenario.workload.iter().map(|(_, spec)| fixed(spec)).collect()
}

/// By workload: the rate at which the level of a window fixes it; none where it keeps its own.
#[must_use]
pub fn levels(draft: &Draft, window: &WindowSpec) -> Vec<Option<Rate>> {
    let level = window.level.as_ref().map(|level| level.value);
    let workloads = draft.scenario.workload.iter().zip(fixed_by_levels(draft));
    let own = |spec: &WorkloadSpec| spec.rate.as_ref().map(|rate| rate.value);
    workloads.map(|((_, spec), fixed)| level.filter(|_| fixed)?.of(own(spec))).collect()
}

/// The level of a window as a rate: of a multiple the sum over the workloads that it fixes.
#[must_use]
pub fn level(draft: &Draft, window: &WindowSpec) -> Option<f64> {
    match window.level.as_ref()?.value {
        Level::Fixed(rate) => Some(rate.in_per_second()),
        Level::Times(_) => {
            let fixed = levels(draft, window);
            Some(fixed.into_iter().flatten().map(Rate::in_per_second).sum())
        }
    }
}

/// Rates that the workloads have at one time of the week by their profiles, without noise, surges and closed
/// users: those of each half hour past the hour, and of each workload's own peak, as far as no other of these
/// times has as much or more of every workload. The first is the earliest in the week.
#[must_use]
pub fn profile_peaks(draft: &Draft) -> Vec<(SimTime, Vec<f64>)> {
    const HALF_HOUR: u64 = SimDuration::HOUR.nanos() / 2;
    let mut quiet = Diagnostics::new();
    let workloads = draft.scenario.workload.iter();
    let curves: Vec<Option<RateCurve>> = workloads
        .map(|(name, spec)| compile::traffic(draft, name, spec, &mut quiet).map(|t| t.curve()))
        .collect();
    let zero = week_start(draft);
    let week = 7 * SimDuration::DAY.nanos();
    let zero = u64::from(zero.weekday) * SimDuration::DAY.nanos() + zero.time.nanos();
    let hours = (0..168).map(|hour| (hour * 2 + 1) * HALF_HOUR);
    let own = curves.iter().flatten().map(|curve| (curve.peak().1.nanos() + zero) % week);
    let mut times: Vec<u64> = hours.chain(own).collect();
    times.sort_unstable();
    times.dedup();
    let mut peaks: Vec<(SimTime, Vec<f64>)> = Vec::new();
    for time in times {
        let at = SimTime::from_nanos((time + week - zero % week) % week);
        let rate = |curve: &Option<RateCurve>| {
            curve.as_ref().map_or(0.0, |curve| curve.rate(at).in_per_second())
        };
        let rates: Vec<f64> = curves.iter().map(rate).collect();
        let covers = |one: &[f64], other: &[f64]| one.iter().zip(other).all(|(a, b)| a >= b);
        if peaks.iter().any(|(_, known)| covers(known, &rates)) {
            continue;
        }
        peaks.retain(|(_, known)| !covers(&rates, known));
        peaks.push((SimTime::from_nanos(time), rates));
    }
    peaks
}

/// The part whose load reaches its capacity first when the rate of `workload` rises and the others
/// keep theirs of `rates`, with that rate; the first of equals in the order of parts.
#[must_use]
pub fn first_to_run_out(draft: &Draft, workload: usize, rates: &[f64]) -> Option<(String, f64)> {
    let mut rates = rates.to_vec();
    rates[workload] = 0.0;
    let others = offered(draft, &rates);
    rates.fill(0.0);
    rates[workload] = 1.0;
    let mut first: Option<(String, f64)> = None;
    for one in offered(draft, &rates).into_iter().filter(|one| one.resource.is_limit()) {
        let beside = others.iter().find(|other| other.name == one.name);
        let left = (one.capacity - beside.map_or(0.0, |other| other.per_second)).max(0.0);
        let rate = left / one.per_second;
        if one.per_second > 0.0 && first.as_ref().is_none_or(|(_, least)| rate < *least) {
            first = Some((one.name, rate));
        }
    }
    first
}

/// Mean of a law, in its base unit.
#[must_use]
pub fn mean<U>(law: &LawSpec<U>) -> f64 {
    law.law().mean()
}

/// Offered load at these rates, one a workload, in the order of parts.
#[must_use]
pub fn offered(draft: &Draft, rates: &[f64]) -> Vec<Offered> {
    walk(draft, rates, |_| true, |_| true, false)
}

/// Offered load when some parts are lost and what is redundant has taken over.
#[must_use]
pub fn offered_without(draft: &Draft, graph: &Graph, rates: &[f64], lost: &[Part]) -> Vec<Offered> {
    after(draft, graph, rates, lost, false)
}

/// The same right after the takeover: the buffer of a database member that became master is cold.
#[must_use]
pub fn offered_right_after(
    draft: &Draft,
    graph: &Graph,
    rates: &[f64],
    lost: &[Part],
) -> Vec<Offered> {
    after(draft, graph, rates, lost, true)
}

fn after(draft: &Draft, graph: &Graph, rates: &[f64], lost: &[Part], cold: bool) -> Vec<Offered> {
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
    let up = |part| state.get(&part).copied().unwrap_or(true);
    walk(draft, rates, up, |class| class_up[class], cold)
}

/// Times as many reads of a database miss at first at a member that has become master; 1 where it is
/// warm: members that serve reads already stay so, unless they take the volume of the old master.
#[must_use]
pub fn coldness(draft: &Draft, database: usize) -> f64 {
    let spec = &draft.scenario.database[database].1;
    let by_slaves = spec.reads.as_ref().is_some_and(|reads| reads.to.value == ReadsTo::Slaves);
    let failover = spec.failover.as_ref();
    let remount = failover.is_some_and(|of| of.promotion.value == Promotion::Remount);
    if by_slaves && !remount {
        return 1.0;
    }
    let chance = spec.read.io.as_ref().map_or(0.0, |io| io.chance.value.get());
    let factor = spec.cold.as_ref().map_or(1.0, |cold| cold.miss_factor.value);
    if chance > 0.0 { factor.min(1.0 / chance).max(1.0) } else { 1.0 }
}

/// The sum over all members of `group` of one resource: `www` of processors, `store.head` of heads.
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

fn walk(
    draft: &Draft,
    rates: &[f64],
    up: impl Fn(Part) -> bool,
    class_up: impl Fn(usize) -> bool,
    cold: bool,
) -> Vec<Offered> {
    let mut sums = Sums { draft, up: &up, cold, work: BTreeMap::new() };
    let classes = flow::class_rates(draft, &draft.hits, rates);
    for (class, rate) in classes.iter().enumerate() {
        if *rate > 0.0 && class_up(class) {
            sums.class(class, *rate);
        }
    }
    sums.probes();
    sums.finish()
}

/// Where a class is being worked on: members of a service, with their shares of the requests.
type Here = Vec<(Part, f64)>;

/// Work a second of each part, as it is summed up.
pub struct Sums<'d> {
    draft: &'d Draft,
    up: &'d dyn Fn(Part) -> bool,
    /// Whether a member that has become master has just done so.
    cold: bool,
    work: BTreeMap<(Part, Resource), f64>,
}

impl<'d> Sums<'d> {
    /// The scenario.
    pub(crate) const fn draft(&self) -> &'d Draft {
        self.draft
    }

    fn add(&mut self, part: Part, resource: Resource, work: f64) {
        *self.work.entry((part, resource)).or_insert(0.0) += work;
    }

    /// The parts that are up; all of them when none is (the class is dead for another reason).
    fn alive(&self, parts: Vec<Part>) -> Vec<Part> {
        let alive: Vec<Part> = parts.iter().copied().filter(|part| (self.up)(*part)).collect();
        if alive.is_empty() { parts } else { alive }
    }

    /// What the deep probes of every unit of every balancer cost the members.
    fn probes(&mut self) {
        let draft = self.draft;
        for (balancer, (_, spec)) in draft.scenario.balancer.iter().enumerate() {
            let Some(check) = spec.check.as_ref().filter(|c| c.depth.value == Depth::Deep) else {
                continue;
            };
            let Some(cpu) = &check.cpu else { continue };
            let units = (0..spec.count.value).map(|member| Part::Balancer { balancer, member });
            let probing = units.filter(|unit| (self.up)(*unit)).count() as f64;
            let work = mean(&cpu.value) * probing / check.interval.value.seconds();
            for (service, member) in &draft.links.balancers[balancer].targets {
                let member = Part::Service { service: *service, member: *member };
                if let Some(zone) = member.stands_on(draft).filter(|_| (self.up)(member)) {
                    self.add(zone, Resource::Cpu, work);
                }
            }
        }
    }

    fn class(&mut self, class: usize, rate: f64) {
        let draft = self.draft;
        let mut here = Here::new();
        let mut rate = rate;
        if let Some(enter) = draft.links.enters[class] {
            rate = self.enter(enter, class, rate, &mut here);
        }
        let share: f64 = here.iter().map(|(_, share)| share).sum();
        if share > 0.0 {
            for (_, part) in &mut here {
                *part /= share;
            }
        }
        self.steps(class, &draft.routes[class].steps, rate, &here);
    }

    /// Sends `rate` requests a second into an entrance; gives what arrives behind it.
    fn enter(&mut self, entrance: Entrance, class: usize, rate: f64, here: &mut Here) -> f64 {
        let draft = self.draft;
        match entrance {
            Entrance::Service(service, member) => {
                let all = draft.links.services[service].members;
                let members: Vec<u32> = member.map_or((0..all).collect(), |one| vec![one]);
                let to = members.iter().map(|member| Part::Service { service, member: *member });
                self.spread(to.collect(), rate, here);
                self.reply(class, here, rate);
                rate
            }
            Entrance::Balancer(balancer) => {
                let units = self.at_work(balancer);
                self.balancer_cpu(balancer, rate);
                let targets = draft.links.balancers[balancer].targets.iter();
                let to = targets
                    .map(|(service, member)| Part::Service { service: *service, member: *member });
                self.spread(to.collect(), rate, here);
                let from = units.into_iter().map(|(unit, share)| (unit, share * rate)).collect();
                self.reply(class, &from, rate);
                rate
            }
            Entrance::NameService(at) => {
                let to = &draft.links.name_services[at];
                let first = draft.scenario.name_service[at].1.policy.value
                    == crate::kinds::name_service::spec::NamePolicy::Failover;
                let alive: Vec<Entrance> =
                    to.iter().copied().filter(|entrance| self.is_up(*entrance)).collect();
                let mut chosen = if alive.is_empty() { to.clone() } else { alive };
                if first {
                    chosen.truncate(1);
                }
                let each = rate / chosen.len().max(1) as f64;
                chosen.iter().map(|entrance| self.enter(*entrance, class, each, here)).sum()
            }
            Entrance::Cdn(cdn) => {
                let hit = draft.hits.at_edge(cdn, class);
                match draft.links.cdns[cdn] {
                    Some(origin) => self.enter(origin, class, rate * (1.0 - hit), here),
                    None => 0.0,
                }
            }
        }
    }

    fn is_up(&self, entrance: Entrance) -> bool {
        match entrance {
            Entrance::Service(service, member) => {
                let all = self.draft.links.services[service].members;
                let members = member.map_or(0..all, |one| one..one + 1);
                members.into_iter().any(|member| (self.up)(Part::Service { service, member }))
            }
            Entrance::Balancer(balancer) => {
                let count = self.draft.scenario.balancer[balancer].1.count.value;
                let targets = &self.draft.links.balancers[balancer].targets;
                (0..count).any(|member| (self.up)(Part::Balancer { balancer, member }))
                    && targets.iter().any(|(service, member)| {
                        (self.up)(Part::Service { service: *service, member: *member })
                    })
            }
            Entrance::NameService(_) | Entrance::Cdn(_) => true,
        }
    }

    fn spread(&self, to: Vec<Part>, rate: f64, here: &mut Here) {
        let alive = self.alive(to);
        let each = rate / alive.len().max(1) as f64;
        here.extend(alive.into_iter().map(|part| (part, each)));
    }

    /// The replies leave by the links of the sites where the class is answered.
    fn reply(&mut self, class: usize, from: &Here, rate: f64) {
        let draft = self.draft;
        let Some(reply) = &draft.scenario.request[class].1.reply else { return };
        let all: f64 = from.iter().map(|(_, share)| share).sum();
        let mut sites: BTreeMap<usize, f64> = BTreeMap::new();
        for (part, share) in from {
            if let Some(Part::Site(site)) = part.domains(draft).last() {
                *sites.entry(*site).or_insert(0.0) += share / all * rate * mean(&reply.value);
            }
        }
        for (site, bytes) in sites {
            let count =
                draft.scenario.site[site].1.uplinks.as_ref().map_or(0, |links| links.count.value);
            let links = (0..count).map(|number| Part::Uplink { site, number }).collect();
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
        let draft = self.draft;
        match &step.does {
            Does::Work(work) => {
                let demand = work_s(draft, class, work);
                for (part, share) in here {
                    self.zone_cpu(*part, rate * share * demand);
                }
            }
            Does::Io(io) => {
                for (part, share) in here {
                    let Part::Service { service, .. } = *part else { continue };
                    let Some(mount) = io.mount_of(service) else { continue };
                    let stores = &draft.links.services[service].mounts[mount];
                    let Some(store) = store_at(draft, stores, *part) else { continue };
                    let rate = rate * share;
                    let (reads, writes) = (rate * io.reads, rate * io.writes);
                    self.io(store, *part, reads, writes, rate * io.operations);
                }
            }
            Does::Query(query) => {
                let of = |count: Option<f64>| rate * count.unwrap_or(0.0);
                self.queries(query.database, of(query.reads), of(query.writes));
            }
            Does::Call(call) => {
                let mut here = Here::new();
                self.enter_inside(call.to, rate, &mut here);
                for (_, share) in &mut here {
                    *share /= rate;
                }
                self.steps(class, &call.steps, rate, &here);
            }
            Does::Visit(visit) => {
                let spec = &draft.scenario.station[visit.station].1;
                let all = spec.count.value;
                let members = visit.member.map_or(0..all, |one| one..one + 1);
                let each = rate * visit.service.mean() / members.len() as f64;
                for member in members {
                    let part = Part::Station { station: visit.station, member };
                    self.add(part, Resource::Servers, each);
                }
            }
            Does::Ask(ask) => ask.offers(self, rate),
            Does::Choose(_)
            | Does::Jump(_)
            | Does::Parallel(_)
            | Does::Repeat(_)
            | Does::Delay(_) => {}
        }
    }

    /// Work on the processor of what `part` runs in.
    pub(crate) fn zone_cpu(&mut self, part: Part, cores: f64) {
        if let Some(zone) = part.stands_on(self.draft) {
            self.add(zone, Resource::Cpu, cores);
        }
    }

    /// As [`Self::enter`], for calls from inside: no reply leaves the site.
    fn enter_inside(&mut self, entrance: Entrance, rate: f64, here: &mut Here) {
        let draft = self.draft;
        let to: Vec<Part> = match entrance {
            Entrance::Service(service, member) => {
                let all = draft.links.services[service].members;
                let members = member.map_or(0..all, |one| one..one + 1);
                members.map(|member| Part::Service { service, member }).collect()
            }
            Entrance::Balancer(balancer) => {
                self.balancer_cpu(balancer, rate);
                let targets = draft.links.balancers[balancer].targets.iter();
                targets
                    .map(|(service, member)| Part::Service { service: *service, member: *member })
                    .collect()
            }
            Entrance::NameService(_) | Entrance::Cdn(_) => Vec::new(),
        };
        self.spread(to, rate, here);
    }

    /// Requests or queries that a balancer sends on from inside.
    fn balancer_cpu(&mut self, balancer: usize, rate: f64) {
        let spec = &self.draft.scenario.balancer[balancer].1;
        let Some(cpu) = &spec.cpu else { return };
        for (unit, share) in self.at_work(balancer) {
            let zone = unit.stands_on(self.draft).filter(|_| spec.in_.is_some());
            let work = rate * share * mean(&cpu.value);
            self.add(zone.unwrap_or(unit), Resource::Cpu, work);
        }
    }

    /// The units of a balancer that work, with their shares: one, or the peers by their addresses.
    fn at_work(&self, balancer: usize) -> Vec<(Part, f64)> {
        let spec = &self.draft.scenario.balancer[balancer].1;
        let units = (0..spec.count.value).map(|member| Part::Balancer { balancer, member });
        let alive = self.alive(units.collect());
        let Some(peers) = &spec.peers else { return vec![(alive[0], 1.0)] };
        let (addresses, units) = (peers.addresses.value as usize, alive.len());
        let own = |unit: usize| (addresses + units - 1 - unit) / units;
        let share = |unit: usize| own(unit) as f64 / addresses as f64;
        alive.iter().enumerate().map(|(at, unit)| (*unit, share(at))).collect()
    }

    /// Queries of a database, reads and writes a second.
    fn queries(&mut self, database: usize, reads: f64, writes: f64) {
        let draft = self.draft;
        let spec = &draft.scenario.database[database].1;
        let links = &draft.links.databases[database];
        let of = |role| -> Vec<Part> {
            links.of(role).map(|member| Part::Database { database, member }).collect()
        };
        let shards = of(Role::Shard);
        if !shards.is_empty() {
            if let (Some(look_up), Some(index)) = (&spec.look_up, of(Role::Index).first()) {
                self.zone_cpu(*index, (reads + writes) * mean(&look_up.value.cpu.value));
            }
            let each = 1.0 / shards.len() as f64;
            for shard in shards {
                self.reads(database, shard, reads * each, 1.0);
                self.writes(database, shard, writes * each);
            }
            return;
        }
        let alive = self.alive([of(Role::Master), of(Role::Slave)].concat());
        let Some((&master, slaves)) = alive.split_first() else { return };
        let by_slaves = spec.reads.as_ref().is_some_and(|reads| reads.to.value == ReadsTo::Slaves);
        let readers = if by_slaves && !slaves.is_empty() { slaves } else { &alive[..1] };
        if let Some(balancer) = links.through.filter(|_| by_slaves) {
            self.balancer_cpu(balancer, reads);
        }
        let promoted = self.cold && of(Role::Master).first() != Some(&master);
        for reader in readers {
            let cold = if promoted && *reader == master { coldness(draft, database) } else { 1.0 };
            self.reads(database, *reader, reads / readers.len() as f64, cold);
        }
        self.writes(database, master, writes);
        for slave in slaves {
            self.applies(database, *slave, writes);
        }
    }

    /// Queries that read, of which `cold` times as many miss as where the buffer is warm.
    fn reads(&mut self, database: usize, member: Part, rate: f64, cold: f64) {
        let query = &self.draft.scenario.database[database].1.read;
        let misses = query.io.as_ref().map_or(0.0, |io| io.chance.value.get() * io.mean.value);
        let misses = misses * cold;
        self.zone_cpu(member, rate * mean(&query.cpu.value));
        self.data_io(database, member, rate * misses, 0.0);
    }

    fn writes(&mut self, database: usize, member: Part, rate: f64) {
        let query = &self.draft.scenario.database[database].1.write;
        let operations = query.sync_io.value + query.deferred_io.value;
        self.zone_cpu(member, rate * mean(&query.cpu.value));
        self.data_io(database, member, 0.0, rate * operations);
    }

    /// A slave applies what the master wrote: the same processor time, its own count of I/O.
    fn applies(&mut self, database: usize, member: Part, rate: f64) {
        let spec = &self.draft.scenario.database[database].1;
        let own = spec.replication.as_ref().and_then(|replication| replication.apply_io.as_ref());
        let same = spec.write.sync_io.value + spec.write.deferred_io.value;
        self.zone_cpu(member, rate * mean(&spec.write.cpu.value));
        self.data_io(database, member, 0.0, rate * own.map_or(same, |own| own.value));
    }

    fn data_io(&mut self, database: usize, member: Part, reads: f64, writes: f64) {
        let Part::Database { member: at, .. } = member else { return };
        let links = &self.draft.links.databases[database];
        if let Some(store) = links.members.get(at as usize).and_then(|member| member.store) {
            self.io(store, member, reads, writes, reads + writes);
        }
    }

    /// Disk operations of `user` on a store, and operations at the heads in front of it.
    fn io(&mut self, store: Store, user: Part, reads: f64, writes: f64, operations: f64) {
        let draft = self.draft;
        match store {
            Store::Disks { server, set } => {
                let Some(id) = crate::plan::graph::server_of(draft, user) else { return };
                let spec = &draft.scenario.server[server].1.disks[set].1;
                let part = Part::Disks { server: id, set };
                self.add(part, Resource::Disks, reads + writes * cost_of_write(spec));
            }
            Store::Volume { nas, volume } => {
                let pools = &draft.links.nas[nas].volumes[volume];
                let spec = &draft.scenario.nas[nas].1;
                let each = 1.0 / pools.len().max(1) as f64;
                for &pool in pools {
                    let set = &spec.pools[pool].1;
                    let work = (reads + writes * cost_of_write(set)) * each;
                    self.add(Part::Pool { nas, pool }, Resource::Disks, work);
                    let owner = Part::Head { nas, number: set.head.value - 1 };
                    let others = (0..spec.heads.value).map(|number| Part::Head { nas, number });
                    let both: Vec<Part> = [owner].into_iter().chain(others).collect();
                    let head = self.alive(both)[0];
                    self.add(head, Resource::Head, operations * each * mean(&spec.cpu.value));
                }
            }
        }
    }

    fn finish(self) -> Vec<Offered> {
        let draft = self.draft;
        let mut all: BTreeMap<(Part, Resource), f64> = self.work;
        let zones: Vec<(Part, f64)> = all
            .iter()
            .filter(|((part, _), _)| matches!(part, Part::Zone { .. }))
            .map(|((part, _), work)| (*part, *work))
            .collect();
        for (zone, work) in zones {
            all.insert((zone, Resource::Baseline), work);
            if let Some(server) = zone.stands_on(draft) {
                *all.entry((server, Resource::Cpu)).or_insert(0.0) += work;
            }
        }
        let mut offered = Vec::with_capacity(all.len());
        for ((part, resource), per_second) in all {
            let Some(capacity) = capacity(draft, part, resource) else { continue };
            let name = resource_name(draft, part, resource);
            offered.push(Offered { part, resource, name, per_second, capacity });
        }
        offered
    }
}

/// What a resource of a part is called: `www-1.cpu`, `store.main`.
#[must_use]
pub fn resource_name(draft: &Draft, part: Part, resource: Resource) -> String {
    let suffix = match resource {
        Resource::Cpu => ".cpu",
        Resource::Baseline => ".baseline",
        _ => "",
    };
    format!("{}{suffix}", part.name(draft))
}

/// Disk operations that one write costs.
#[must_use]
pub const fn cost_of_write(set: &DiskSetSpec) -> f64 {
    match set.layout.value {
        Layout::Mirror => 2.0,
        Layout::RaidDp | Layout::Plain => 1.0,
    }
}

/// Random operations a second of a set of disks.
#[must_use]
pub fn operations_per_s(set: &DiskSetSpec) -> f64 {
    let serving = match set.layout.value {
        Layout::RaidDp => set.data.value,
        Layout::Mirror | Layout::Plain => set.data.value + set.parity.value,
    };
    f64::from(serving) * each_per_s(set)
}

/// Operations a second of one of its disks.
#[must_use]
pub fn each_per_s(set: &DiskSetSpec) -> f64 {
    set.time.as_ref().map_or(set.kind.value.operations_per_s(), |time| 1.0 / mean(&time.value))
}

/// Cores that a zone may use at most.
#[must_use]
pub fn cores_of_zone(cpu: &ZoneCpuSpec, cores: u32) -> f64 {
    let all = f64::from(cores);
    cpu.cap.as_ref().map_or(all, |cap| cap.value.min(all))
}

/// Cores on which one `threads` wide demand of `user` can be worked on at once: its threads, or the
/// cores of its zone where those are fewer; never counted below one.
#[must_use]
pub fn cores_at_once(draft: &Draft, user: Part, threads: u32) -> f64 {
    let zone = user.stands_on(draft).and_then(|zone| capacity(draft, zone, Resource::Cpu));
    zone.map_or(1.0, |cores| f64::from(threads).min(cores).max(1.0))
}

/// The most cores on which a step's demand is worked on at once, at any member of its service; none
/// where that has no member.
#[must_use]
pub fn most_at_once(draft: &Draft, work: &Work) -> Option<f64> {
    let service = work.service;
    let members = (0..draft.links.services[service].members).map(|member| {
        let part = Part::Service { service, member };
        cores_at_once(draft, part, work.threads.value)
    });
    members.max_by(f64::total_cmp)
}

/// Mean processor time of a step of `class`, in core-seconds.
#[must_use]
pub fn work_s(draft: &Draft, class: usize, work: &Work) -> f64 {
    mean(&draft.scenario.request[class].1.draw[work.draw].1) * work.share
}

/// What a resource can do each second; none where the part has no such thing.
#[must_use]
pub fn capacity(draft: &Draft, part: Part, resource: Resource) -> Option<f64> {
    let scenario = &draft.scenario;
    let cores = |id: ServerId| scenario.server[id.group].1.cores.value;
    Some(match (part, resource) {
        (Part::Zone { zone, .. }, Resource::Cpu) => {
            let Some(Part::Server(id)) = part.stands_on(draft) else { return None };
            cores_of_zone(&scenario.zone[zone].1.cpu, cores(id))
        }
        (Part::Zone { zone, .. }, Resource::Baseline) => {
            scenario.zone[zone].1.cpu.baseline.as_ref()?.value
        }
        (Part::Server(id), _) => f64::from(cores(id)),
        (Part::Balancer { balancer, .. }, _) => {
            f64::from(scenario.balancer[balancer].1.cores.as_ref()?.value)
        }
        (Part::Disks { server, set }, _) => {
            operations_per_s(&scenario.server[server.group].1.disks[set].1)
        }
        (Part::Pool { nas, pool }, _) => operations_per_s(&scenario.nas[nas].1.pools[pool].1),
        (Part::Head { .. }, _) => 1.0,
        (Part::Uplink { site, .. }, _) => {
            scenario.site[site].1.uplinks.as_ref()?.bandwidth.value.bytes_per_s() as f64
        }
        (Part::Station { station, .. }, _) => f64::from(scenario.station[station].1.servers.value),
        _ => return None,
    })
}
