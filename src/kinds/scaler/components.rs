//! A scaler in the event loop: one component, and the zones of its group that it watches.

use crate::convert::{place, whole};
use crate::kinds::scaler::live::{Boot, Host, ScalerConfig, Slot};
use crate::kinds::scaler::plan::Scaler;
use crate::kinds::scaler::spec::{ScaleStepSpec, ScalerSpec};
use crate::mechanism::placement::{Wanted, Weights};
use crate::mechanism::scaling::{Rule, Step, Terms};
use crate::model::blueprint::{Config, Part};
use crate::model::ids::{ComponentId, KeyId};
use crate::plan::compile::{Builder, Made};
use crate::plan::kind::components::{Components, none};
use crate::plan::names::{beliefs_name, member_name};
use crate::plan::placement::{ServerId, starts};
use crate::plan::program::{Compiler, law_of};
use crate::plan::scaled::{most_of, start_of};
use crate::scenario::names::Name;
use crate::scenario::value::Spanned;
use crate::units::Bytes;

impl Components for Scaler {
    none!(carries, mounts, pools, entrance);

    fn gather(&self, builder: &mut Builder<'_>) {
        let draft = builder.draft();
        let all = draft.scenario.scaler.iter().zip(&draft.links.own.scalers).enumerate();
        for (index, ((name, _), links)) in all {
            if let (Some(zone), Some(service)) = (links.zone, links.service) {
                builder.want(name.text.clone(), move |builder, id| {
                    scaler(builder, id, index, (zone, service))
                });
            }
        }
    }

    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        for part in &mut made.parts {
            let Config::Scaler(config) = &mut part.config else { continue };
            config.launch_key = compiler.key("launch", &part.name);
            config.server_key = compiler.key("launch-server", &part.name);
            for slot in &config.slots {
                let meter = made.zones.iter_mut().find(|meter| meter.place == slot.place);
                if let Some(meter) = meter {
                    meter.member = Some(slot.member);
                }
            }
        }
    }
}

fn scaler(
    builder: &mut Builder<'_>,
    id: ComponentId,
    index: usize,
    (zone, service): (usize, usize),
) -> Part {
    let draft = builder.draft();
    let (_, spec) = &draft.scenario.scaler[index];
    let (service_name, process) = &draft.scenario.service[service];
    let group = &draft.scenario.zone[zone].1;
    let (slots, hosts) = slots(builder, zone, service_name);
    let cap = group.cpu.cap.as_ref().map(|cap| cap.value);
    let behind = draft.scenario.balancer.iter().zip(&draft.links.balancers);
    let behind = behind.filter(|(_, links)| links.targets.iter().any(|(of, _)| *of == service));
    let balancers = behind.map(|((name, _), _)| builder.id(&beliefs_name(name))).collect();
    let launch = &spec.launch.value;
    let law = |law: &Spanned<_>| law_of(law).sampler();
    let boot = match &launch.boot {
        Some(boot) => Boot::Law(law(boot)),
        None => Boot::Own(group.boot.value, process.restart.as_ref().map(law)),
    };
    let weights = &spec.placement.value;
    let config = Config::Scaler(ScalerConfig {
        slots,
        hosts,
        balancers,
        wanted: Wanted {
            memory: group.memory.as_ref().map_or(Bytes::new(0), |memory| memory.value),
            cap: cap.map(percent),
        },
        weights: Weights {
            memory: weights.memory.value,
            owner: weights.owner.value,
            random: weights.random.value,
        },
        start: start_of(spec),
        terms: terms(spec, group.count.value),
        metric: spec.metric.value,
        period: spec.period.value,
        lag: spec.lag.value,
        provision: launch.provision.as_ref().map(law),
        boot,
        failure: launch.failure.value.get(),
        retry_after: launch.retry_after.value,
        drain: spec.drain.value,
        launch_key: KeyId(0),
        server_key: KeyId(0),
        unit: builder.unit(id, 0),
    });
    builder.part(id, config)
}

/// Returns the slots of a group of zones, and their servers.
fn slots(builder: &Builder<'_>, zone: usize, service: &Name) -> (Vec<Slot>, Vec<Host>) {
    let draft = builder.draft();
    let mut hosts: Vec<(ServerId, Host)> = Vec::new();
    let mut slots = Vec::new();
    for member in 0..place(draft.placed.zones[zone].len()) {
        let at = (zone, member);
        let (Some(place), Some(server)) = (builder.place(at), builder.numbers().server_of(at))
        else {
            continue;
        };
        let host = hosts.iter().position(|(other, _)| *other == server).unwrap_or_else(|| {
            hosts.push((server, host(builder, zone, server)));
            hosts.len() - 1
        });
        let member = builder.id(&member_name(service, member));
        slots.push(Slot { member, place, host });
    }
    (slots, hosts.into_iter().map(|(_, host)| host).collect())
}

/// Returns a number of cores in percent of one.
pub(super) fn percent(cores: f64) -> u64 {
    whole::u64((cores * 100.0).round())
}

/// Returns a server as it is without the members of the group `zone`.
fn host(builder: &Builder<'_>, zone: usize, server: ServerId) -> Host {
    let draft = builder.draft();
    let spec = &draft.scenario.server[server.group].1;
    let starts = starts(&draft.scenario, &draft.names);
    let mut host = Host {
        processor: builder.id(&builder.numbers().server_name(server)),
        cores: spec.cores.value,
        capacity: f64::from(spec.cores.value),
        memory: spec.memory.as_ref().map(|memory| memory.value),
        held: Bytes::new(0),
        caps: 0,
        capped: 0,
        uncapped: 0,
    };
    if let Some(cap) = &draft.scenario.zone[zone].1.cpu.cap {
        host.capacity = host.capacity.min(cap.value);
    }
    let mut held = 0_u64;
    for (_, other, member) in builder.numbers().zones_on(server) {
        let there = starts.get(other).is_none_or(|start| member < start);
        if *other == zone || !there {
            continue;
        }
        let other = &draft.scenario.zone[*other].1;
        let memory = other.memory.as_ref().map_or(0, |memory| memory.value.count());
        held = held.saturating_add(memory);
        match &other.cpu.cap {
            Some(cap) => {
                host.capped += 1;
                host.caps = host.caps.saturating_add(percent(cap.value));
            }
            None => host.uncapped += 1,
        }
    }
    host.held = Bytes::new(held);
    host
}

fn terms(spec: &ScalerSpec, all: u32) -> Terms {
    let rule = match &spec.target {
        Some(target) => Rule::Target { value: target.value, tolerance: spec.tolerance.value },
        None => Rule::Steps(spec.steps.iter().filter_map(step).collect()),
    };
    Terms {
        minimum: spec.minimum.value,
        maximum: most_of(spec, all),
        rule,
        cool_out: spec.cool_down.value.out.value,
        cool_in: spec.cool_down.value.in_.value,
    }
}

fn step(step: &ScaleStepSpec) -> Option<Step> {
    match (&step.above, &step.below) {
        (Some(above), _) => Some(Step::Above(above.value, step.add.as_ref()?.value)),
        (None, Some(below)) => Some(Step::Below(below.value, step.remove.as_ref()?.value)),
        (None, None) => None,
    }
}
