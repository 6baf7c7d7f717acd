//! Name services in the event loop: one component per name service, and the way of a class to each target.

use crate::convert::table;
use crate::kinds::name_service::live::{NamesConfig, Target};
use crate::kinds::name_service::plan::NameService;
use crate::kinds::name_service::spec::{NamePolicy, converges};
use crate::kinds::name_service::step;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::{ComponentId, KeyId};
use crate::model::probing::Probing;
use crate::model::spec::probe::Depth;
use crate::plan::Draft;
use crate::plan::compile::{Builder, Made};
use crate::plan::kind::components::{Components, none};
use crate::plan::links::Entrance;
use crate::plan::names::{beliefs_name, member_name};
use crate::plan::places;
use crate::plan::program::{Compiler, Way};
use crate::units::SimDuration;

impl Components for NameService {
    none!(carries, mounts, pools, keeper);

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, _)) in builder.draft().scenario.name_service.iter().enumerate() {
            builder.want(name.text.clone(), move |builder, id| answers(builder, id, index));
        }
    }

    /// Returns `None`: only classes enter a name service, no step does.
    fn frames(&self) -> Option<usize> {
        None
    }

    fn enter(
        &self,
        compiler: &mut Compiler<'_>,
        way: &Way<'_>,
        steps: &mut dyn FnMut(&mut Compiler<'_>),
    ) {
        if let Entrance::NameService(index) = way.to {
            step::enter(compiler, index, way, steps);
        }
    }

    /// Assigns the draw keys: one per name service for the resolver of a view, two per target for choice and probes.
    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        for part in &mut made.parts {
            let Config::Names(config) = &mut part.config else { continue };
            config.key = compiler.key("resolver", &part.name);
            let service = &compiler.draft().scenario.name_service;
            let found = service.iter().find(|(name, _)| name.text == part.name);
            for to in found.iter().flat_map(|(_, spec)| &spec.to.value) {
                let owner = format!("{}→{}", part.name, to.text);
                compiler.key("resolver", &owner);
                compiler.key("name-probe", &owner);
            }
        }
    }
}

/// Makes the component of a name service; [`Components::finish`] sets its draw keys.
fn answers(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let draft = builder.draft();
    let spec = &draft.scenario.name_service[index].1;
    let to: Vec<Target> =
        draft.links.name_services[index].iter().map(|to| target(builder, *to)).collect();
    let unit = builder.units(id, table::u32(to.len()));
    let check = spec.check.as_ref();
    let (orders, order_of) = orders(draft, index);
    let policy = spec.policy.value;
    let config = Config::Names(NamesConfig {
        to,
        failover: policy.is_ordered(),
        orders,
        order_of,
        ttl: spec.ttl.as_ref().map_or(SimDuration::ZERO, |ttl| ttl.value),
        convergence: (policy == NamePolicy::Anycast).then(|| converges(spec)),
        stale: spec.stale.as_ref().map(|stale| (stale.share.value.get(), stale.for_.value)),
        probing: check.map(|check| Probing::from(&**check)),
        deep: check.is_some_and(|check| check.depth.value == Depth::Deep),
        key: KeyId(0),
        unit,
    });
    builder.part(id, config)
}

/// Returns the orders of the targets, that of the file first, and the number of the order of each class.
fn orders(draft: &Draft, index: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
    let small = |order: Vec<usize>| order.into_iter().map(table::u8).collect::<Vec<u8>>();
    let mut orders = vec![small((0..draft.links.name_services[index].len()).collect())];
    let mut order_of = Vec::new();
    if draft.scenario.name_service[index].1.policy.value.is_by_distance() {
        for (class, enters) in draft.links.enters.iter().enumerate() {
            if *enters != Some(Entrance::NameService(index)) {
                order_of.push(0);
                continue;
            }
            let order = small(places::order(draft, index, class));
            let known = orders.iter().position(|other| *other == order);
            let number = known.unwrap_or_else(|| {
                orders.push(order);
                orders.len() - 1
            });
            order_of.push(table::u8(number));
        }
    }
    (orders, order_of)
}

/// Returns the components that the probes of a target reach.
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
        // No link of a name service leads here.
        Entrance::NameService(_) | Entrance::Cdn(_) => Target::Members(Vec::new()),
    }
}
