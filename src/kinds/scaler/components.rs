//! A scaler in the event loop: one component, and the zones of its group that it watches.

use crate::kinds::scaler::live::{ScalerConfig, Slot};
use crate::kinds::scaler::plan::{Scaler, beginners};
use crate::kinds::scaler::rules::{LAUNCH, SERVER, fleet, hosts, rules};
use crate::model::blueprint::{Config, Part};
use crate::model::ids::{ComponentId, KeyId};
use crate::plan::compile::{Builder, Made};
use crate::plan::kind::components::{Components, none};
use crate::plan::names::{beliefs_name, member_name};
use crate::plan::program::Compiler;

impl Components for Scaler {
    none!(carries, mounts, pools, entrance, keeper);

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
            config.launch_key = compiler.key(LAUNCH, &part.name);
            config.server_key = compiler.key(SERVER, &part.name);
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
    let (service_name, _) = &draft.scenario.service[service];
    let behind = draft.scenario.balancer.iter().zip(&draft.links.balancers);
    let behind = behind.filter(|(_, links)| links.targets.iter().any(|(of, _)| *of == service));
    let balancers = behind.map(|((name, _), _)| builder.id(&beliefs_name(name))).collect();
    let queues = beginners(draft, service).into_iter();
    let queues = queues.map(|one| builder.id(one.kind.name(&draft.scenario, one.index)));
    let queues = queues.collect();
    let (slots, _) = hosts(draft, zone);
    let slot = |(member, _): (u32, &usize)| Slot {
        member: builder.id(&member_name(service_name, member)),
        place: builder.place((zone, member)).expect("every zone stands on a server"),
    };
    let slots = (0..).zip(&slots).map(slot).collect();
    let servers = hosts(draft, zone).1.into_iter();
    let processors = servers.map(|server| builder.id(&builder.numbers().server_name(server)));
    let rules = rules(draft, index, (zone, service));
    let name = |scaler: usize| &draft.scenario.scaler[scaler].0.text;
    let neighbours = rules.neighbours.iter().map(|of| builder.id(name(of.scaler))).collect();
    let fleet = fleet(draft, index).into_iter().map(|of| builder.id(name(of))).collect();
    let config = Config::Scaler(ScalerConfig {
        rules,
        neighbours,
        fleet,
        slots,
        processors: processors.collect(),
        balancers,
        queues,
        launch_key: KeyId(0),
        server_key: KeyId(0),
        unit: builder.unit(id, 0),
    });
    builder.part(id, config)
}
