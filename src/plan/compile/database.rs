//! `[database.name]` with slaves to its group: who is who, what a slave does for a write, probes.
//!
//! A database without slaves has no group: its calls go to its one member, as they stand.

use super::{Builder, Wanted};
use crate::convert::place;
use crate::kinds::database::live::{Alarm, BLOCK, DatabaseConfig, Failover, Member, Rebuild};
use crate::kinds::database::spec::{DatabaseFailoverSpec, Promotion, ReadsTo, ReplicationMode};
use crate::model::blueprint::{Config, Part};
use crate::model::ids::{ComponentId, KeyId, PoolId};
use crate::model::route::Pick;
use crate::plan::Draft;
use crate::plan::links::Role;
use crate::plan::names::member_name;
use crate::plan::program::{Compiler, law_of, pool};
use crate::units::SimDuration;

/// What the members of `name` are to each other, as a component beside them.
fn group_name(name: &str) -> String {
    format!("{name}.group")
}

/// Whether a database has slaves.
fn is_replicated(draft: &Draft, index: usize) -> bool {
    draft.links.databases[index].of(Role::Slave).next().is_some()
}

/// Asks for the group of every replicated database.
pub(super) fn gather(builder: &mut Builder<'_>) {
    for (index, (name, _)) in builder.draft.scenario.database.iter().enumerate() {
        if is_replicated(builder.draft, index) {
            builder.wanted.insert(group_name(name), Wanted::DatabaseGroup(index));
        }
    }
}

/// The group of a database, if it is replicated.
pub(super) fn group_of(builder: &Builder<'_>, index: usize) -> Option<ComponentId> {
    let name = &builder.draft.scenario.database[index].0;
    builder.ids.get(&group_name(name)).copied()
}

/// The group; what needs the steps of the classes is made by [`finish`].
pub(super) fn group(builder: &mut Builder<'_>, index: usize) -> Config {
    let draft = builder.draft;
    let (name, spec) = &draft.scenario.database[index];
    let count = place(draft.links.databases[index].members.len());
    let id = builder.id(&group_name(name));
    let unit = builder.unit(id, 0);
    for local in 1..Alarm::count(count) {
        builder.unit(id, local);
    }
    let member = |member| {
        let name = member_name(name, member);
        let id = builder.id(&name);
        Member { id, name, probe: 0, applies: Vec::new(), rebuild: KeyId(0) }
    };
    let nothing = || crate::engine::law::Law::constant(0.0).expect("zero is a constant").sampler();
    let replication = spec.replication.as_ref();
    let reads = spec.reads.as_ref();
    Config::Database(DatabaseConfig {
        writes: Vec::new(),
        name: name.text.clone(),
        members: (0..count).map(member).collect(),
        by_slaves: reads.is_some_and(|reads| reads.to.value == ReadsTo::Slaves),
        tolerates: reads
            .and_then(|reads| reads.tolerates.as_ref())
            .map_or(SimDuration::ZERO, |tolerates| tolerates.value),
        receive: replication.map_or_else(nothing, |how| law_of(&how.receive).sampler()),
        semi_sync: replication.is_some_and(|how| how.mode.value == ReplicationMode::SemiSync),
        failover: spec.failover.as_ref().map(|failover| take_over(failover)),
        rebuild: spec.rebuild.as_ref().map(|rebuild| Rebuild {
            blocks: rebuild.size.value.count().div_ceil(BLOCK),
            gap: rebuild.rate.value.time_for(crate::units::Bytes::new(BLOCK)),
        }),
        unit,
    })
}

fn take_over(spec: &DatabaseFailoverSpec) -> Failover {
    Failover {
        interval: spec.detect.interval.value,
        fall: spec.detect.fall.value,
        promote: law_of(&spec.promote).sampler(),
        remount: spec.promotion.value == Promotion::Remount,
        coverage: spec.coverage.value.get(),
        failed: law_of(&spec.failed).sampler(),
        fence: spec.fence.value,
        false_gap: spec
            .false_rate
            .as_ref()
            .map(|rate| rate.value.in_per_second())
            .filter(|rate| *rate > 0.0)
            .map(|rate| 1.0 / rate),
    }
}

/// What each slave does for each kind of write, probes, and keys of rebuilds.
pub(super) fn finish(draft: &Draft, compiler: &mut Compiler<'_>, parts: &mut [Part]) {
    for (index, part) in parts.iter_mut().enumerate() {
        let Config::Database(config) = &mut part.config else { continue };
        let group = ComponentId::at(index);
        let Some(spec) = draft.scenario.database.get(&config.name) else { continue };
        let name = config.name.clone();
        let writes: Vec<_> =
            compiler.writes.iter().filter(|write| write.group == group).cloned().collect();
        config.writes = writes.iter().map(|write| write.owner.clone()).collect();
        for member in &mut config.members {
            for write in &writes {
                member.applies.push(compiler.apply(write, &member.name));
            }
            if let Some(failover) = &spec.failover {
                let only = pool(&member.name, vec![member.id], Pick::RoundRobin);
                compiler.routes.pools.push(only);
                let pool = PoolId::at(compiler.routes.pools.len() - 1);
                let owner = format!("{name}.check→{}", member.name);
                let time_out = failover.detect.time_out.value;
                member.probe = compiler.probe(&owner, pool, (time_out, None), &[], &[]);
            }
            let owner = format!("{name}.rebuild→{}", member.name);
            member.rebuild = compiler.disk_keys(&owner);
            compiler.disk_keys(&format!("{owner}.from"));
        }
    }
}
