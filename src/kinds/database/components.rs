//! Databases in the event loop: one process per member, and a group for a database with replicas.
//!
//! A database without replicas has no group: its calls go to its primary.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::convert::{place, table};
use crate::engine::law::Law;
use crate::kinds::database::links::Role;
use crate::kinds::database::live::{
    Agreement, Alarm, BLOCK, DatabaseConfig, Failover, FarConfig, Member, Rebuild,
};
use crate::kinds::database::spec::{
    DatabaseFailoverSpec, DatabaseSpec, Promotion, ReadsTo, ReplicationMode,
};
use crate::kinds::database::step::{READS, WRITES, WriteStep, at_once};
use crate::kinds::database::{Database, far};
use crate::model::blueprint::{Cold, Config, Part};
use crate::model::ids::{ComponentId, KeyId};
use crate::model::route::{Op, Pick};
use crate::plan::Draft;
use crate::plan::carriage::{self, Carriage, number, rack_of};
use crate::plan::compile::{Bounds, Builder, Made};
use crate::plan::hits::table as popular;
use crate::plan::kind::components::{Components, none};
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part as Place;
use crate::plan::program::{Compiler, law_of};
use crate::units::{Bytes, SimDuration};

impl Components for Database {
    none!(mounts, entrance, keeper);

    /// Returns the carriages between members at both ends of a link.
    fn carries(&self, draft: &Draft) -> Vec<Carriage> {
        (0..draft.scenario.database.len()).flat_map(|database| pairs(draft, database)).collect()
    }

    fn gather(&self, builder: &mut Builder<'_>) {
        let draft = builder.draft();
        for (index, (name, _)) in draft.scenario.database.iter().enumerate() {
            for member in 0..members(draft, index) {
                builder.want(member_name(name, member), move |builder, id| {
                    process(builder, id, index, member)
                });
            }
            if has_group(draft, index) {
                builder.want(group_name(name), move |builder, id| group(builder, id, index));
            }
        }
    }

    fn pools(&self, compiler: &mut Compiler<'_>) {
        let draft = compiler.draft();
        for (index, (name, spec)) in draft.scenario.database.iter().enumerate() {
            let of = (Kind::Database, index);
            let ids = compiler.members(name, members(draft, index));
            let Some(primary) = ids.first().copied() else { continue };
            let reads = match spec.reads.as_ref().map(|reads| reads.to.value) {
                Some(ReadsTo::Replicas) if ids.len() > 1 => ids[1..].to_vec(),
                Some(ReadsTo::Members) => ids.clone(),
                _ => vec![primary],
            };
            compiler.add_pool(of, READS, reads, Pick::RoundRobin);
            let writes = if spec.all_write() { ids } else { vec![primary] };
            compiler.add_pool(of, WRITES, writes, Pick::RoundRobin);
        }
    }

    /// Adds the work of each replica for each step that writes, the probes, and the keys of rebuilds.
    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        let draft = compiler.draft();
        let network = made.network.as_ref().map(|network| network.links);
        for (at, part) in made.parts.iter_mut().enumerate() {
            let Config::Database(config) = &mut part.config else { continue };
            if let (Some(far), Some(network)) = (&mut config.far, network) {
                far.carry = compiler.here();
                compiler.emit(Op::Carry { network });
                compiler.emit(Op::Ask { of: ComponentId::at(at), what: 0, ways: 0 });
                compiler.emit(Op::End);
            }
            let Some(index) = draft.scenario.database.place(&config.name) else { continue };
            let (name, spec) = &draft.scenario.database[index];
            let writes = compiler.notes::<WriteStep>((Kind::Database, index));
            config.writes = writes.iter().map(|write| write.owner().to_string()).collect();
            for (at, member) in config.members.iter_mut().enumerate() {
                let at_once = at_once(draft, index, at);
                for write in &writes {
                    member.applies.push(write.apply(compiler, &member.name));
                    member.catches_up.push(write.catches_up(compiler, &member.name, at_once));
                    if config.wait_for.is_some() || spec.protocol().is_some() {
                        let [executes, forces, records] = write.agree(compiler, &member.name);
                        member.executes.push(executes);
                        member.forces.push(forces);
                        member.records.push(records);
                    }
                }
                if let Some(failover) = &spec.failover {
                    let pool = compiler.pool(vec![member.id], Pick::RoundRobin);
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
}

/// Returns the number of members of a database.
pub(super) fn members(draft: &Draft, index: usize) -> u32 {
    table::u32(draft.links.databases[index].members.len())
}

/// Returns the name of the group of the database `name`, a component beside its members.
pub(super) fn group_name(name: &str) -> String {
    format!("{name}.group")
}

/// Returns whether a database has replicas.
pub(super) fn is_replicated(draft: &Draft, index: usize) -> bool {
    draft.links.databases[index].of(Role::Replica).next().is_some()
}

/// Returns whether a database has a group: replicas, or an empty list of them and writes that lock rows or wait for an agreement.
fn has_group(draft: &Draft, index: usize) -> bool {
    let spec = &draft.scenario.database[index].1;
    is_replicated(draft, index) || spec.replication.is_some() && spec.has_transactions()
}

fn process(builder: &mut Builder<'_>, id: ComponentId, index: usize, member: u32) -> Part {
    let (name, spec) = &builder.draft().scenario.database[index];
    let workers = Some(spec.connections.value);
    let bounds = Bounds { workers, backlog: None, callers_wait: true };
    let mut part = builder.part(id, builder.process(name, bounds));
    part.cold = spec
        .cold
        .as_ref()
        .map(|cold| Cold { factor: cold.miss_factor.value, decays_in: cold.decays_in.value });
    part.database = builder.numbers().find(&group_name(name)).map(|group| (group, member));
    let links = builder.draft().links.databases[index].members[member as usize];
    if let Some(at) = links.zone {
        part.place = builder.place(at);
        builder.answers_at(id, at);
        if let Some(store) = links.store {
            builder.mount(&mut part, store, at, None);
        }
    }
    part
}

/// Makes the group. [`Components::finish`] adds what depends on the steps of the request classes.
fn group(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let (name, spec) = &builder.draft().scenario.database[index];
    let count = place(builder.draft().links.databases[index].members.len());
    let wait_for = spec.wait_for(count.saturating_sub(1));
    let far = far(builder, index);
    let waits = wait_for.is_some() || spec.has_transactions() || far.is_some();
    let alarms = if waits { Alarm::count_of_agreeing(count) } else { Alarm::count(count) };
    let unit = builder.units(id, alarms);
    let member = |member| {
        let name = member_name(name, member);
        let id = builder.id(&name);
        Member {
            id,
            name,
            probe: 0,
            applies: Vec::new(),
            catches_up: Vec::new(),
            executes: Vec::new(),
            forces: Vec::new(),
            records: Vec::new(),
            rebuild: KeyId(0),
        }
    };
    let nothing = || Law::constant(0.0).expect("zero is a constant").sampler();
    let replication = spec.replication.as_ref();
    let reads = spec.reads.as_ref();
    let config = Config::Database(DatabaseConfig {
        writes: Vec::new(),
        name: name.text.clone(),
        members: (0..count).map(member).collect(),
        by_replicas: reads.is_some_and(|reads| reads.to.value == ReadsTo::Replicas),
        max_staleness: reads
            .and_then(|reads| reads.max_staleness.as_ref())
            .map_or(SimDuration::ZERO, |max_staleness| max_staleness.value),
        receive: replication.map_or_else(nothing, |how| law_of(&how.receive).sampler()),
        // A group of one has no replica to wait for.
        semi_sync: count > 1
            && replication.is_some_and(|how| how.mode.value == ReplicationMode::SemiSync),
        wait_for,
        agreement: agreement(spec),
        all_read: spec.all_read(),
        all_write: spec.all_write(),
        elects: spec.elects(),
        failover: spec.failover.as_ref().map(|failover| take_over(failover)),
        rebuild: spec.rebuild.as_ref().map(|rebuild| Rebuild {
            blocks: rebuild.size.value.count().div_ceil(BLOCK),
            gap: rebuild.rate.value.time_for(Bytes::new(BLOCK)),
        }),
        far,
        unit,
    });
    builder.part(id, config)
}

/// Returns the carriages between members of a database at both ends of a link, in both directions.
fn pairs(draft: &Draft, index: usize) -> Vec<Carriage> {
    let Some(ends) = far::ends(draft, index) else { return Vec::new() };
    let mut all = Vec::new();
    for from in 0..ends.sides.len() {
        let others = (0..ends.sides.len()).filter(|to| ends.are_apart(from, *to));
        all.extend(others.map(|to| carriage(draft, index, from, to)));
    }
    all
}

fn carriage(draft: &Draft, index: usize, from: usize, to: usize) -> Carriage {
    let rack =
        |member| rack_of(draft, Place::Database { database: index, member: table::u32(member) });
    Carriage { from: rack(from), to: BTreeSet::from([rack(to)]) }
}

/// Returns the link between the members of a database, if they stand at both of its ends.
fn far(builder: &Builder<'_>, index: usize) -> Option<FarConfig> {
    let draft = builder.draft();
    let ends = far::ends(draft, index)?;
    let spec = &draft.scenario.database[index].1;
    let all = carriage::all(draft);
    let way = |from: usize, to: usize| {
        let apart = ends.are_apart(from, to);
        apart.then(|| number(draft, &all, &carriage(draft, index, from, to))).flatten()
    };
    let members = 0..ends.sides.len();
    let side = |site: &Option<usize>| {
        let site = (*site)?;
        ends.sites.contains(&site).then_some(site == ends.sites[1])
    };
    let detect = spec.failover.as_ref().map(|failover| &failover.detect);
    Some(FarConfig {
        link: builder.id(&ends.link.name(draft)),
        racks: draft.links.racks.iter().map(side).collect(),
        ways: members
            .clone()
            .map(|from| members.clone().map(|to| way(from, to)).collect())
            .collect(),
        sides: ends.sides,
        carry: 0,
        bytes: far::write_bytes(spec),
        time_out: detect.map_or(SimDuration::ZERO, |detect| detect.time_out.value),
    })
}

/// Number of times that a write is tried, if the file does not say.
const ATTEMPTS: u32 = 10;

fn agreement(spec: &DatabaseSpec) -> Option<Agreement> {
    let how = spec.replication.as_ref().filter(|_| spec.has_transactions())?;
    Some(Agreement {
        protocol: how.mode.value.protocol(),
        rows: spec.write.rows.as_ref().and_then(|rows| popular(rows)).map(Arc::new),
        attempts: how.attempts.as_ref().map_or(ATTEMPTS, |attempts| attempts.value),
        suspect_after: spec.suspect_after(),
    })
}

fn take_over(spec: &DatabaseFailoverSpec) -> Failover {
    Failover {
        interval: spec.detect.interval.value,
        fall: spec.detect.fall.value,
        promote: law_of(&spec.promote).sampler(),
        switch_over: spec.switch_over.as_ref().map(|law| law_of(law).sampler()),
        remount: spec.promotion.value == Promotion::Remount,
        coverage: spec.coverage.value.get(),
        manual_repair: law_of(&spec.manual_repair).sampler(),
        fence: spec.fence.value,
        false_gap: spec
            .false_rate
            .as_ref()
            .map(|rate| rate.value.in_per_second())
            .filter(|rate| *rate > 0.0)
            .map(|rate| 1.0 / rate),
    }
}
