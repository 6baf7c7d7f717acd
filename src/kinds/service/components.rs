//! Services in the event loop: one process per member, with its place, its mounts and its warm-up.

use crate::convert::table;
use crate::kinds::service::Service;
use crate::kinds::service::spec::Workers;
use crate::kinds::service::working_sets;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::{ComponentId, PoolId};
use crate::model::route::{Op, Pick};
use crate::plan::compile::{Bounds, Builder};
use crate::plan::graph::store_at;
use crate::plan::kind::components::{Components, none};
use crate::plan::links::Entrance;
use crate::plan::names::{Kind, member_name};
use crate::plan::part;
use crate::plan::program::{Compiler, Way};

/// Number of the pool of all members.
pub(super) const ALL: u32 = 0;

impl Components for Service {
    none!(carries, mounts, keeper, finish);

    fn gather(&self, builder: &mut Builder<'_>) {
        let draft = builder.draft();
        for (index, (name, _)) in draft.scenario.service.iter().enumerate() {
            for member in 0..draft.links.services[index].members {
                builder.want(member_name(name, member), move |builder, id| {
                    process(builder, id, index, member)
                });
            }
        }
    }

    fn pools(&self, compiler: &mut Compiler<'_>) {
        let draft = compiler.draft();
        for (index, (name, _)) in draft.scenario.service.iter().enumerate() {
            let members = compiler.members(name, draft.links.services[index].members);
            compiler.add_pool((Kind::Service, index), ALL, members, Pick::RoundRobin);
        }
    }

    /// Returns one frame: that of the member that works on the request.
    fn frames(&self) -> Option<usize> {
        Some(1)
    }

    fn enter(
        &self,
        compiler: &mut Compiler<'_>,
        way: &Way<'_>,
        steps: &mut dyn FnMut(&mut Compiler<'_>),
    ) {
        let Entrance::Service(index, member) = way.to else { return };
        let Some(pool) = pool_of(compiler, index, member) else { return };
        compiler.emit(Op::Enter { pool, call: way.call });
        compiler.inside(Some(index), |compiler| steps(compiler));
        compiler.serves(Some(pool), way, way.owner);
        compiler.emit(Op::Leave);
    }
}

/// Returns the pool of all members of a service, or a pool of the given member alone.
fn pool_of(compiler: &mut Compiler<'_>, service: usize, member: Option<u32>) -> Option<PoolId> {
    let all = compiler.pool_of((Kind::Service, service), ALL)?;
    let Some(member) = member else { return Some(all) };
    let only = compiler.routes.pools[all.index()].members[member as usize];
    Some(compiler.pool(vec![only], Pick::RoundRobin))
}

fn process(builder: &mut Builder<'_>, id: ComponentId, index: usize, member: u32) -> Part {
    let draft = builder.draft();
    let (name, spec) = &draft.scenario.service[index];
    let workers = match spec.workers.value {
        Workers::Unlimited => None,
        Workers::Count(count) => Some(count),
    };
    let backlog = spec.backlog.as_ref().map(|backlog| backlog.value);
    let bounds = Bounds { workers, backlog, callers_wait: false };
    let mut part = builder.part(id, builder.process(name, bounds));
    let links = &draft.links.services[index];
    if let Some(at) = links.zone.map(|zone| (zone, member)) {
        part.place = builder.place(at);
        builder.answers_at(id, at);
        let user = part::Part::Service { service: index, member };
        for ((_, mount), stores) in spec.mounts.iter().zip(&links.mounts) {
            if let Some(store) = store_at(draft, stores, user) {
                builder.mount(&mut part, store, at, mount.soft);
            }
        }
        if spec.working_set.is_some() {
            let number = working_sets::declared_in(draft, at.0).position(|other| other == index);
            let memory = builder.id(&working_sets::memory_name(draft, at));
            part.paging = number.map(|number| (memory, table::u32(number)));
            if let Config::Service(config) = &mut part.config {
                config.fills_memory = true;
            }
        }
    }
    part.warm_up = spec.warm_up.as_ref().map(|w| (w.for_.value, w.speed.value));
    part
}
