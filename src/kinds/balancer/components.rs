//! Balancers in the event loop: units, processors of appliances, and the beliefs about the members.

use std::ops::Range;

use crate::convert::table;
use crate::engine::law::Law;
use crate::kinds::balancer::live::{
    BalancerConfig, Behind, Choice, PeersConfig, RingTimers, Room, Silence, Takeover, primary_down,
};
use crate::kinds::balancer::spec::{Algorithm, BalancerSpec};
use crate::kinds::balancer::{Balancer, probe, step};
use crate::mechanism::cpu_share::{self, ZoneLimits};
use crate::mechanism::processor::CpuModel;
use crate::model::blueprint::{Config, Part, Place};
use crate::model::ids::ComponentId;
use crate::model::probing::Probing;
use crate::plan::Draft;
use crate::plan::compile::{Bounds, Builder, Made};
use crate::plan::kind::components::{Components, none};
use crate::plan::names::{beliefs_name, member_name};
use crate::plan::program::{Compiler, Way, law_of};
use crate::units::SimDuration;

impl Components for Balancer {
    none!(carries, mounts, pools, keeper);

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, spec)) in builder.draft().scenario.balancer.iter().enumerate() {
            for member in 0..spec.count.value {
                let name = member_name(name, member);
                if spec.cpu.is_some() && spec.in_.is_none() {
                    builder.want(cpu_name(&name), move |builder, id| appliance(builder, id, index));
                }
                builder.want(name, move |builder, id| unit(builder, id, index, member));
            }
            builder.want(beliefs_name(name), move |builder, id| beliefs(builder, id, index));
        }
    }

    /// Returns 2: the unit, and the member that it picks.
    fn frames(&self) -> Option<usize> {
        Some(2)
    }

    fn enter(
        &self,
        compiler: &mut Compiler<'_>,
        way: &Way<'_>,
        steps: &mut dyn FnMut(&mut Compiler<'_>),
    ) {
        step::enter(compiler, way, steps);
    }

    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        probe::finish(compiler, &mut made.parts);
    }
}

/// Returns the name of the processor of an appliance.
pub(super) fn cpu_name(unit: &str) -> String {
    format!("{unit}.cpu")
}

/// Makes a unit: a process whose workers are bounded only by its `limit`.
fn unit(builder: &mut Builder<'_>, id: ComponentId, index: usize, member: u32) -> Part {
    let draft = builder.draft();
    let (name, spec) = &draft.scenario.balancer[index];
    let bounds = spec.limit.as_ref().map_or_else(Bounds::default, |limit| Bounds {
        workers: Some(limit.value),
        backlog: spec.backlog.as_ref().map(|backlog| backlog.value),
        // A connection that its client closes before it is accepted costs no work.
        callers_wait: true,
    });
    let mut part = builder.part(id, builder.process(name, bounds));
    part.balancer = Some(builder.id(&beliefs_name(name)));
    let links = &draft.links.balancers[index];
    let zone = links.zone.map(|(zone, only)| (zone, only.unwrap_or(member)));
    part.place = match zone {
        Some(at) => builder.place(at),
        None if spec.cpu.is_some() => {
            Some(Place { cpu: builder.id(&cpu_name(&part.name)), zone: 0 })
        }
        None => None,
    };
    match (links.rack, zone) {
        (Some(rack), _) => builder.answers_from(id, rack),
        (None, Some(at)) => builder.answers_at(id, at),
        (None, None) => {}
    }
    part
}

/// Makes the processor of an appliance, which no other part shares.
fn appliance(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let cores = builder.draft().scenario.balancer[index].1.cores.as_ref();
    let all = ZoneLimits {
        shares: 1,
        baseline: None,
        cap: None,
        burst: cpu_share::Burst::Unlimited,
        vcpus: None,
    };
    let cores = cores.map_or(1, |cores| cores.value);
    let config = builder.processor(id, cores, vec![all], CpuModel::Fluid);
    builder.part(id, config)
}

/// Returns the databases whose reads go through a balancer, by place in the file: its further backend pools.
pub(super) fn databases(draft: &Draft, index: usize) -> Vec<usize> {
    let all = draft.links.databases.iter().enumerate();
    all.filter(|(_, links)| links.through == Some(index)).map(|(at, _)| at).collect()
}

/// Returns the members behind a balancer and the range of each backend pool: services first, then each database.
fn members(builder: &Builder<'_>, index: usize) -> (Vec<Behind>, Vec<Range<usize>>) {
    let draft = builder.draft();
    let spec = &draft.scenario.balancer[index].1;
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
    let mut farms: Vec<Range<usize>> = std::iter::once(0..members.len()).collect();
    for database in databases(draft, index) {
        let name = &draft.scenario.database[database].0;
        let first = members.len();
        for member in 0..table::u32(draft.links.databases[database].members.len()) {
            let name = member_name(name, member);
            members.push(Behind { id: builder.id(&name), name, weight: 1.0, deep: None });
        }
        farms.push(first..members.len());
    }
    (members, farms)
}

/// Makes the component that balances. [`Components::finish`] adds its deep probes, once all steps are compiled.
fn beliefs(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let draft = builder.draft();
    let (name, spec) = &draft.scenario.balancer[index];
    let (members, farms) = members(builder, index);
    let unit_names = (0..spec.count.value).map(|member| member_name(name, member));
    let units: Vec<_> = unit_names.map(|unit| (builder.id(&unit), unit)).collect();
    let alarms = 1 + table::u32(units.len() * members.len());
    let config = Config::Balancer(BalancerConfig {
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
        probing: spec.check.as_ref().map(|check| Probing::from(&**check)),
        slow_start: spec.slow_start.as_ref().map_or(SimDuration::ZERO, |time| time.value),
        retries: u8::try_from(spec.retries.value).expect("the form bounds it"),
        room: spec.member_limit.as_ref().map(|each| Room {
            each: each.value,
            queue_limit: spec.queue_limit.as_ref().map(|limit| limit.value),
            time_out: spec.queue_time_out.as_ref().map(|time| time.value),
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
        unit: builder.units(id, alarms),
    });
    builder.part(id, config)
}

fn takeover(spec: &BalancerSpec) -> Option<Takeover> {
    if let Some(vrrp) = &spec.vrrp {
        let interval = vrrp.interval.value;
        let priorities = [&vrrp.priority, &vrrp.partner]
            .map(|priority| u8::try_from(priority.value).expect("its key takes 1 to 255"));
        let none = Law::constant(0.0).ok()?.sampler();
        let back = primary_down(interval, priorities[0]);
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
