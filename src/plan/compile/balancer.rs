//! `[balancer.name]` to its units, the processors of its appliances and what it believes.

use super::{Builder, Wanted};
use crate::convert::table;
use crate::kinds::balancer::live::{
    BalancerConfig, Behind, Choice, PeersConfig, RingTimers, Room, Silence, Takeover, master_down,
};
use crate::kinds::balancer::spec::{Algorithm, BalancerSpec};
use crate::kinds::zone::live::CpuConfig;
use crate::mechanism::cpu_share::{self, ZoneLimits};
use crate::model::blueprint::{Config, Part, Place};
use crate::model::ids::{ComponentId, PoolId};
use crate::model::probing::Probing;
use crate::model::route::{Op, Pick, Routes};
use crate::model::spec::probe::Depth;
use crate::plan::Draft;
use crate::plan::names::member_name;
use crate::plan::program::{BalancerPlan, Compiler, law_of, pool};
use crate::units::SimDuration;

/// What the balancer `name` believes, as a component beside its units.
#[must_use]
pub fn beliefs_name(name: &str) -> String {
    format!("{name}.members")
}

/// The processor of an appliance.
fn cpu_name(unit: &str) -> String {
    format!("{unit}.cpu")
}

/// Asks for the components of every balancer.
pub(super) fn gather(builder: &mut Builder<'_>) {
    for (index, (name, spec)) in builder.draft.scenario.balancer.iter().enumerate() {
        for member in 0..spec.count.value {
            let unit = member_name(name, member);
            if spec.cpu.is_some() && spec.in_.is_none() {
                builder.wanted.insert(cpu_name(&unit), Wanted::Appliance(index));
            }
            builder.wanted.insert(unit, Wanted::BalancerUnit(index, member));
        }
        builder.wanted.insert(beliefs_name(name), Wanted::Beliefs(index));
    }
}

/// A unit: a process without a bound on workers, which is what `part` was made as, but for its limit.
pub(super) fn unit(builder: &Builder<'_>, index: usize, member: u32, part: &mut Part) {
    let (name, spec) = &builder.draft.scenario.balancer[index];
    part.balancer = Some(builder.id(&beliefs_name(name)));
    if let Config::Service(process) = &mut part.config {
        process.detailed = builder.draft.wants_detail(name);
    }
    if let (Some(limit), Config::Service(process)) = (&spec.limit, &mut part.config) {
        process.workers = Some(limit.value);
        process.backlog = spec.backlog.as_ref().map(|backlog| backlog.value);
        // Who closes its connection before it was accepted is no work for anybody.
        process.callers_wait = true;
    }
    part.place = match zone(builder.draft, index, member) {
        Some(at) => builder.place(at),
        None if spec.cpu.is_some() => {
            Some(Place { cpu: builder.id(&cpu_name(&part.name)), zone: 0 })
        }
        None => None,
    };
}

/// The zone in which a unit runs.
pub(super) fn zone(draft: &Draft, index: usize, member: u32) -> Option<(usize, u32)> {
    let (zone, only) = draft.links.balancers[index].zone?;
    Some((zone, only.unwrap_or(member)))
}

/// The processor of an appliance, which has it for itself.
pub(super) fn appliance(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Config {
    let cores = builder.draft.scenario.balancer[index].1.cores.as_ref();
    let all = ZoneLimits {
        shares: 1,
        baseline: None,
        cap: None,
        burst: cpu_share::Burst::Unlimited,
        vcpus: None,
    };
    Config::Cpu(CpuConfig {
        cores: cores.map_or(1, |cores| cores.value),
        zones: vec![all],
        unit: builder.unit(id, 0),
    })
}

/// The databases whose reads go through a balancer, by place in the file: its further farms.
pub(super) fn databases(draft: &Draft, index: usize) -> Vec<usize> {
    let all = draft.links.databases.iter().enumerate();
    all.filter(|(_, links)| links.through == Some(index)).map(|(at, _)| at).collect()
}

/// The balancer that the reads of a database go through, and which of its farms they are.
pub(super) fn farm_of(draft: &Draft, database: usize) -> Option<(usize, u16)> {
    let balancer = draft.links.databases[database].through?;
    let farms = databases(draft, balancer);
    let farm = farms.iter().position(|other| *other == database)?;
    Some((balancer, table::u16(farm) + 1))
}

/// What it believes; its deep probes are made when the steps of all classes are, by [`finish`].
pub(super) fn beliefs(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Config {
    let draft = builder.draft;
    let (name, spec) = &draft.scenario.balancer[index];
    let mut members = Vec::new();
    for (service, member) in &draft.links.balancers[index].targets {
        let service = &draft.scenario.service[*service].0;
        let own = member_name(service, *member);
        let weight = spec.weights.get(&own).or_else(|| spec.weights.get(service));
        members.push(Behind {
            id: builder.id(&own),
            name: own,
            weight: weight.copied().unwrap_or(1.0),
            deep: None,
        });
    }
    let mut farms: Vec<std::ops::Range<usize>> = std::iter::once(0..members.len()).collect();
    for database in databases(draft, index) {
        let name = &draft.scenario.database[database].0;
        let first = members.len();
        for member in 0..table::u32(draft.links.databases[database].members.len()) {
            let name = member_name(name, member);
            members.push(Behind { id: builder.id(&name), name, weight: 1.0, deep: None });
        }
        farms.push(first..members.len());
    }
    let unit_names = (0..spec.count.value).map(|member| member_name(name, member));
    let units: Vec<_> = unit_names.map(|unit| (builder.id(&unit), unit)).collect();
    let unit = builder.unit(id, 0);
    for local in 1..=table::u32(units.len() * members.len()) {
        builder.unit(id, local);
    }
    Config::Balancer(BalancerConfig {
        name: name.text.clone(),
        units,
        members,
        farms,
        choice: match spec.algorithm.value {
            Algorithm::RoundRobin => Choice::RoundRobin,
            Algorithm::LeastConnections => Choice::LeastConnections,
            Algorithm::Random => Choice::Random,
            Algorithm::TwoChoices => Choice::TwoChoices,
            Algorithm::Hash => Choice::Hash,
        },
        sticky: spec.sticky.value.then(|| {
            let before = draft.scenario.balancer.iter().take(index);
            before.filter(|(_, other)| other.sticky.value).count()
        }),
        probing: spec.check.as_ref().map(|check| Probing {
            interval: check.interval.value,
            time_out: check.time_out.value,
            fall: check.fall.value,
            rise: check.rise.value,
            sees_hang: check.sees_hang.as_ref().map_or(0.0, |chance| chance.value.get()),
        }),
        slow_start: spec.slow_start.as_ref().map_or(SimDuration::ZERO, |time| time.value),
        retries: u8::try_from(spec.retries.value).expect("the form bounds it"),
        room: spec.member_limit.as_ref().map(|each| Room {
            each: each.value,
            line: spec.line.as_ref().map(|line| line.value),
            time_out: spec.line_time_out.as_ref().map(|time| time.value),
            detailed: draft.wants_detail(name),
        }),
        takeover: takeover(spec),
        peers: spec.peers.as_ref().map(|peers| PeersConfig {
            addresses: peers.addresses.value,
            ring: RingTimers {
                token: peers.token.value,
                gather: peers.gather.value,
                form: peers.form.value,
            },
            mature: peers.mature.value,
            rounds: peers.balance.as_ref().map(|rounds| (rounds.every.value, rounds.moves.value)),
        }),
        unit,
    })
}

fn takeover(spec: &BalancerSpec) -> Option<Takeover> {
    if let Some(vrrp) = &spec.vrrp {
        let interval = vrrp.interval.value;
        let priorities = [&vrrp.priority, &vrrp.partner]
            .map(|priority| u8::try_from(priority.value).expect("its key takes 1 to 255"));
        let none = crate::engine::law::Law::constant(0.0).ok()?.sampler();
        let back = master_down(interval, priorities[0]);
        return Some(Takeover {
            silence: Silence::Adverts { interval, priorities },
            lasts: None,
            coverage: 1.0,
            giveback: vrrp.preempt.value.then_some((back, none)),
        });
    }
    spec.failover.as_ref().map(|failover| Takeover {
        silence: Silence::After(law_of(&failover.detect).sampler()),
        lasts: failover.takeover.as_ref().map(|law| law_of(law).sampler()),
        coverage: failover.coverage.value.get(),
        giveback: failover
            .giveback
            .as_ref()
            .map(|back| (back.after.value, law_of(&back.lasts).sampler())),
    })
}

/// A balancer, as requests see it.
pub(super) fn plan(builder: &Builder<'_>, index: usize) -> Option<BalancerPlan> {
    let (name, spec) = &builder.draft.scenario.balancer[index];
    let draft = builder.draft;
    let service = draft.links.balancers[index].targets.first().map(|(service, _)| *service);
    let database = || databases(draft, index).first().map(|at| &draft.scenario.database[*at].0);
    let to = service.map(|at| &draft.scenario.service[at].0).or_else(database)?;
    Some(BalancerPlan {
        name: name.text.clone(),
        beliefs: builder.id(&beliefs_name(name)),
        to: to.text.clone(),
        service,
        cpu: spec.cpu.as_ref().map(|law| law_of(law)),
        time_out: spec.time_out.as_ref().map(|time| time.value),
    })
}

/// Deep probes: what the requests behind the balancer ask of others, each once.
pub(super) fn finish(draft: &Draft, compiler: &mut Compiler<'_>, parts: &mut [Part]) {
    for index in 0..parts.len() {
        let id = ComponentId::at(index);
        let Config::Balancer(config) = &parts[index].config else { continue };
        let Some(spec) = draft.scenario.balancer.get(&config.name) else { continue };
        let Some(check) = spec.check.as_ref().filter(|c| c.depth.value == Depth::Deep) else {
            continue;
        };
        let (asks, mounts) = needs(&compiler.routes, id);
        let mut members = config.members.clone();
        let name = config.name.clone();
        let service = config.farms[0].clone();
        for (at, member) in members.iter_mut().enumerate() {
            let (asks, mounts, cpu) = if service.contains(&at) {
                (asks.clone(), mounts.clone(), check.cpu.as_ref().map(|law| law_of(law)))
            } else {
                // Of a member of a database a connection is all that is asked.
                (Vec::new(), Vec::new(), None)
            };
            let own = &parts[member.id.index()].mounts;
            let heads = mounts.iter().filter_map(|mount| {
                let volume = own.get(usize::from(*mount)).filter(|volume| volume.head.is_some());
                volume.map(|volume| (*mount, volume.pools))
            });
            let owner = format!("{name}.check→{}", member.name);
            let only = pool(&member.name, vec![member.id], Pick::RoundRobin);
            compiler.routes.pools.push(only);
            let pool = PoolId::at(compiler.routes.pools.len() - 1);
            let heads: Vec<(u8, u8)> = heads.collect();
            let spends = (check.time_out.value, cpu.as_ref());
            member.deep = Some(compiler.probe(&owner, pool, spends, &heads, &asks));
        }
        if let Config::Balancer(config) = &mut parts[index].config {
            config.members = members;
        }
    }
}

/// Ways in to others, and mounts used, by what is done behind the balancer `id`.
fn needs(routes: &Routes, id: ComponentId) -> (Vec<Op>, Vec<u8>) {
    let (mut ways, mut mounts) = (Vec::new(), Vec::new());
    // Frames since the member was entered; none: outside.
    let mut depth = 0_u32;
    for op in &routes.ops {
        match *op {
            Op::Pick { balancer, farm: 0, .. } if depth == 0 => {
                depth = u32::from(balancer == id);
            }
            Op::Enter { pool, .. } if depth > 0 => {
                let way = Op::Enter { pool, call: None };
                if depth == 1 && !ways.contains(&way) {
                    ways.push(way);
                }
                depth += 1;
            }
            Op::Query { database, write, .. } if depth > 0 => {
                let way = Op::Query { database, write, call: None };
                if depth == 1 && !ways.contains(&way) {
                    ways.push(way);
                }
                depth += 1;
            }
            Op::Front { .. } | Op::Pick { .. } if depth > 0 => depth += 1,
            Op::Leave => depth = depth.saturating_sub(1),
            Op::Head { mount, .. } if depth == 1 => mounts.push(mount),
            _ => {}
        }
    }
    ways.sort_by_key(|way| match way {
        Op::Enter { pool, .. } => (0, pool.0),
        Op::Query { database, write, .. } => (1, database.0 * 2 + u32::from(*write)),
        _ => (2, 0),
    });
    mounts.sort_unstable();
    mounts.dedup();
    (ways, mounts)
}
