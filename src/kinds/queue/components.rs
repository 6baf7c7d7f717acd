//! A message queue in the event loop: one process per broker, and one component for the messages.

use crate::convert::place;
use crate::kinds::queue::live::{QueueConfig, Takeover};
use crate::kinds::queue::mechanism::{BackOff, Terms};
use crate::kinds::queue::plan::{Queue, backward, consumers, steps};
use crate::kinds::queue::spec::WhenFull;
use crate::kinds::service::spec::Workers;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::{ClassId, ComponentId, KeyId};
use crate::plan::compile::{Builder, Made};
use crate::plan::kind::components::{Components, none};
use crate::plan::names::{Kind, member_name};
use crate::plan::program::{Compiler, law_of};
use crate::units::SimDuration;

impl Components for Queue {
    none!(carries, mounts, pools, entrance, keeper);

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, spec)) in builder.draft().scenario.queue.iter().enumerate() {
            for member in 0..place(spec.in_.value.0.len()) {
                builder.want(member_name(name, member), move |builder, id| {
                    broker(builder, id, index, member)
                });
            }
            builder.want(name.text.clone(), move |builder, id| messages(builder, id, index));
        }
    }

    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        let draft = compiler.draft();
        for part in &mut made.parts {
            let Config::Queue(config) = &mut part.config else { continue };
            if let Some(takeover) = &mut config.takeover {
                takeover.key = compiler.key("broker-takeover", &part.name);
            }
            if let Some((_, key)) = &mut config.catch_up {
                *key = compiler.key("broker-catch-up", &part.name);
            }
            let Some(index) = draft.scenario.queue.place(&part.name) else { continue };
            if let Some(class) = draft.links.own.queues[index].class {
                config.pc = compiler.routes.classes[class].entry + 1;
            }
            let noted = compiler.notes((Kind::Queue, index));
            let back = backward(&compiler.routes);
            config.steps = steps(&noted, &back, compiler.out());
        }
    }
}

fn broker(builder: &mut Builder<'_>, id: ComponentId, index: usize, member: u32) -> Part {
    let mut part = builder.part(id, Builder::plain_process());
    let at = builder.draft().links.own.queues[index].brokers.get(member as usize);
    part.place = at.and_then(|at| builder.place(*at));
    part
}

fn messages(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let draft = builder.draft();
    let (name, spec) = &draft.scenario.queue[index];
    let service = consumers(draft, index);
    let members = service.map_or(0, |service| draft.links.services[service].members);
    let member = |member| {
        let service = &draft.scenario.service[service.expect("there is a member")].0;
        builder.id(&member_name(service, member))
    };
    let consumers: Vec<ComponentId> = (0..members).map(member).collect();
    let brokers = 0..place(spec.in_.value.0.len());
    let brokers = brokers.map(|number| builder.id(&member_name(name, number))).collect();
    let workers = service.map(|service| draft.scenario.service[service].1.workers.value);
    let prefetch = match spec.prefetch.as_ref().map(|prefetch| prefetch.value).or(workers) {
        Some(Workers::Count(count)) => Some(count),
        _ => None,
    };
    let back_off = &spec.back_off.value;
    let takeover = spec.failover.as_ref().map(|failover| Takeover {
        detect: law_of(&failover.detect).sampler(),
        takeover: failover.takeover.as_ref().map(|law| law_of(law).sampler()),
        coverage: failover.coverage.value.get(),
        key: KeyId(0),
    });
    let catch_up = spec.catch_up.as_ref().map(|law| (law_of(law).sampler(), KeyId(0)));
    let config = Config::Queue(QueueConfig {
        brokers,
        consumers,
        class: ClassId::at(draft.links.own.queues[index].class.unwrap_or(0)),
        pc: 0,
        terms: Terms {
            prefetch,
            acknowledge_within: spec.acknowledge_within.as_ref().map(|time| time.value),
            attempts: spec.attempts.as_ref().map(|most| most.value),
            back_off: BackOff {
                first: back_off.first.value,
                factor: back_off.factor.value,
                longest: back_off.longest.as_ref().map_or(SimDuration::MAX, |time| time.value),
            },
            limit: spec.limit.as_ref().map(|limit| limit.value),
            limit_bytes: spec.limit_bytes.as_ref().map(|limit| limit.value),
            when_full: spec.when_full.as_ref().map_or(WhenFull::Reject, |when| when.value),
            detailed: draft.wants_detail(name),
        },
        durable: spec.durable.value,
        takeover,
        catch_up,
        heartbeat: spec.heartbeat.as_ref().map(|time| time.value),
        steps: Vec::new(),
        unit: builder.unit(id, 0),
    });
    builder.part(id, config)
}
