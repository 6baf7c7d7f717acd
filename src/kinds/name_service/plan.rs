//! A name service in the plan: who answers users, and whom its probes meet.

use crate::convert::table;
use crate::kinds::name_service::live::{NamesConfig, Target};
use crate::kinds::name_service::spec::NamePolicy;
use crate::model::blueprint::{self, Config};
use crate::model::ids::{ComponentId, KeyId};
use crate::model::probing::Probing;
use crate::model::spec::probe::{CheckSpec, Depth};
use crate::plan::Draft;
use crate::plan::compile::{Builder, beliefs_name};
use crate::plan::kind::{Fares, Planned};
use crate::plan::links::Entrance;
use crate::plan::names::{Kind, member_name};
use crate::plan::part::{Own, Part};
use crate::plan::program::Compiler;

/// Name services.
#[derive(Debug)]
pub struct NameService;

/// The name service at `index`.
#[must_use]
pub const fn part_of(index: usize) -> Part {
    Part::Own(Own { kind: Kind::NameService, index, member: 0 })
}

impl Planned for NameService {
    fn kind(&self) -> Kind {
        Kind::NameService
    }

    fn came_later(&self) -> bool {
        false
    }

    fn word(&self) -> &'static str {
        "name service"
    }

    fn members(&self, _: &Draft, _: usize) -> Option<u32> {
        None
    }

    fn stands_on(&self, _: &Draft, _: Own) -> Option<Part> {
        None
    }

    fn fares(&self) -> Fares {
        Fares::Outside
    }

    fn memory(&self, _: &Draft, _: Own) -> Option<String> {
        None
    }

    fn remembers(&self, _: &Draft, _: Own) -> bool {
        false
    }

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, _)) in builder.draft().scenario.name_service.iter().enumerate() {
            builder.want(name.text.clone(), Kind::NameService, index, 0);
        }
    }

    fn make(
        &self,
        builder: &mut Builder<'_>,
        index: usize,
        _: u32,
        id: ComponentId,
        part: &mut blueprint::Part,
    ) {
        part.config = answers(builder, id, index);
    }

    fn finish(&self, draft: &Draft, compiler: &mut Compiler<'_>, parts: &mut [blueprint::Part]) {
        for part in parts {
            let Config::Names(config) = &mut part.config else { continue };
            config.key = compiler.key("resolver", &part.name);
            let service = &draft.scenario.name_service;
            let found = service.iter().find(|(name, _)| name.text == part.name);
            for to in found.iter().flat_map(|(_, spec)| &spec.to.value) {
                let owner = format!("{}→{}", part.name, to.text);
                compiler.key("resolver", &owner);
                compiler.key("name-probe", &owner);
            }
        }
    }
}

/// A name service; its keys are given by [`Planned::finish`].
fn answers(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Config {
    let draft = builder.draft();
    let spec = &draft.scenario.name_service[index].1;
    let to: Vec<Target> =
        draft.links.name_services[index].iter().map(|to| target(builder, *to)).collect();
    let unit = builder.unit(id, 0);
    for local in 1..table::u32(to.len()) {
        builder.unit(id, local);
    }
    let check = spec.check.as_ref();
    Config::Names(NamesConfig {
        to,
        failover: spec.policy.value == NamePolicy::Failover,
        life: spec.life.value,
        stale: spec.stale.as_ref().map(|stale| (stale.share.value.get(), stale.for_.value)),
        probing: check.map(|check| probing(check)),
        deep: check.is_some_and(|check| check.depth.value == Depth::Deep),
        key: KeyId(0),
        unit,
    })
}

fn probing(check: &CheckSpec) -> Probing {
    Probing {
        interval: check.interval.value,
        time_out: check.time_out.value,
        fall: check.fall.value,
        rise: check.rise.value,
        sees_hang: check.sees_hang.as_ref().map_or(0.0, |chance| chance.value.get()),
    }
}

/// Whom the probes of a target meet.
fn target(builder: &Builder<'_>, to: Entrance) -> Target {
    let draft = builder.draft();
    let member = |service: usize, member: u32| {
        builder.id(&member_name(&draft.scenario.service[service].0, member))
    };
    match to {
        Entrance::Balancer(balancer) => {
            let name = &draft.scenario.balancer[balancer].0;
            let behind = draft.links.balancers[balancer].targets.iter();
            let behind = behind.map(|(service, number)| member(*service, *number)).collect();
            Target::Balancer(builder.id(&beliefs_name(name)), behind)
        }
        Entrance::Service(service, Some(number)) => Target::Members(vec![member(service, number)]),
        Entrance::Service(service, None) => {
            let all = 0..draft.links.services[service].members;
            Target::Members(all.map(|number| member(service, number)).collect())
        }
        // The links lead to nothing else.
        Entrance::NameService(_) | Entrance::Cdn(_) => Target::Members(Vec::new()),
    }
}
