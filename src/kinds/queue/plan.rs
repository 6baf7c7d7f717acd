//! A message queue in the plan: a process for each of its brokers, and the messages beside them.

use crate::convert::{place, table};
use crate::kinds::queue::live::{Publishing, QueueConfig, Takeover};
use crate::kinds::queue::mechanism::{BackOff, Terms};
use crate::kinds::queue::spec::WhenFull;
use crate::kinds::service::live::ServiceConfig;
use crate::kinds::service::spec::Workers;
use crate::model::blueprint::{self, Config};
use crate::model::ids::{ClassId, ComponentId, KeyId};
use crate::plan::Draft;
use crate::plan::compile::Builder;
use crate::plan::kind::{Fares, Planned};
use crate::plan::links::Entrance;
use crate::plan::load::mean;
use crate::plan::names::{Kind, member_name};
use crate::plan::part::{Own, Part};
use crate::plan::program::{Compiler, law_of};
use crate::units::SimDuration;

/// Message queues.
#[derive(Debug)]
pub struct Queue;

/// What the references of a queue lead to.
#[derive(Clone, Debug, Default)]
pub struct QueueLinks {
    /// The zone members of its brokers.
    pub brokers: Vec<(usize, u32)>,
    /// The class that does the work of a message.
    pub class: Option<usize>,
}

/// Broker `member` of the queue at `index`.
#[must_use]
pub const fn broker(index: usize, member: u32) -> Part {
    Part::Own(Own { kind: Kind::Queue, index, member })
}

/// Mean work of a broker per message, in core-seconds.
#[must_use]
pub fn work_of_broker(draft: &Draft, queue: usize) -> f64 {
    draft.scenario.queue[queue].1.publish.as_ref().map_or(0.0, |law| mean(&law.value))
}

/// The number of the messages among the components of a queue; its brokers come before.
const MESSAGES: u32 = u32::MAX;

/// The service whose members consume, where the class of the queue enters at one.
pub(super) fn consumers(draft: &Draft, queue: usize) -> Option<usize> {
    let class = draft.links.own.queues[queue].class?;
    match draft.links.enters[class] {
        Some(Entrance::Service(service, None)) => Some(service),
        _ => None,
    }
}

impl Planned for Queue {
    fn kind(&self) -> Kind {
        Kind::Queue
    }

    fn came_later(&self) -> bool {
        true
    }

    fn word(&self) -> &'static str {
        "broker"
    }

    fn members(&self, draft: &Draft, index: usize) -> Option<u32> {
        Some(table::u32(draft.scenario.queue[index].1.in_.value.0.len()))
    }

    fn stands_on(&self, draft: &Draft, part: Own) -> Option<Part> {
        let brokers = &draft.links.own.queues[part.index].brokers;
        let (zone, member) = *brokers.get(part.member as usize)?;
        Some(Part::Zone { zone, member })
    }

    fn fares(&self) -> Fares {
        Fares::Process
    }

    fn memory(&self, _: &Draft, _: Own) -> Option<String> {
        None
    }

    fn remembers(&self, _: &Draft, _: Own) -> bool {
        false
    }

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, spec)) in builder.draft().scenario.queue.iter().enumerate() {
            for member in 0..place(spec.in_.value.0.len()) {
                builder.want(member_name(name, member), Kind::Queue, index, member);
            }
            builder.want(name.text.clone(), Kind::Queue, index, MESSAGES);
        }
    }

    fn make(
        &self,
        builder: &mut Builder<'_>,
        index: usize,
        number: u32,
        id: ComponentId,
        part: &mut blueprint::Part,
    ) {
        if number == MESSAGES {
            part.config = Config::Queue(messages(builder, index, id));
            return;
        }
        part.config = Config::Service(ServiceConfig::default());
        let at = builder.draft().links.own.queues[index].brokers.get(number as usize);
        part.place = at.and_then(|at| builder.place(*at));
    }

    fn finish(&self, draft: &Draft, compiler: &mut Compiler<'_>, parts: &mut [blueprint::Part]) {
        for (at, part) in parts.iter_mut().enumerate() {
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
            let asked = compiler.asked_of(ComponentId::at(at));
            config.steps = asked
                .iter()
                .map(|demands| Publishing { size: demands[0], confirm: demands[1] })
                .collect();
        }
    }
}

fn messages(builder: &mut Builder<'_>, index: usize, id: ComponentId) -> QueueConfig {
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
    QueueConfig {
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
    }
}
