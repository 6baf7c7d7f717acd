//! A set of disks as a component of the event loop, and the ledgers of the zones that share it.

use crate::engine::law::Law;
use crate::engine::law::Sampler;
use crate::kinds::disks::live::pool::{LogConfig, PURPOSES, PoolConfig};
use crate::kinds::disks::live::resilver::ResilverConfig;
use crate::kinds::disks::live::scrub::ScrubConfig;
use crate::kinds::disks::live::{DisksConfig, Sharing};
use crate::kinds::disks::spec::pool::{IntentLogSpec, ResilverSpec, ScrubSpec, TransactionsSpec};
use crate::kinds::disks::spec::{Columns, DiskKind, DiskSetSpec, IoThrottleSpec, ReadsFrom};
use crate::mechanism::dirty_data;
use crate::mechanism::io_throttle::Tuning;
use crate::mechanism::scan;
use crate::model::blueprint::Config;
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::plan::compile::{Builder, Made};
use crate::plan::program::{Compiler, law_of};
use crate::scenario::law::LawSpec;
use crate::scenario::value::Spanned;
use crate::units::{Bytes, SimDuration, SimTime};

/// Users of a set of disks, each with a data set of its own.
#[derive(Clone, Debug)]
pub(crate) enum Users {
    /// The zones of a server: the I/O priority of each, and, where the set has a throttle, the component of its ledger.
    Zones(Vec<(u32, Option<ComponentId>)>),
    /// The volumes of a file server that lie on it.
    Volumes(usize),
}

/// Returns the configuration of the set of disks `id`. `memory` is that of the server; `has_copies` is true
/// if the set holds copies alone. `cause` is that of what is lost with the set when too many of its disks have failed;
/// `None`: no single disk of it fails.
pub(crate) fn disks(
    builder: &mut Builder<'_>,
    id: ComponentId,
    spec: &DiskSetSpec,
    users: Users,
    memory: Option<Bytes>,
    has_copies: bool,
    cause: Option<CauseId>,
) -> Config {
    let kind = spec.kind.value;
    let given = spec.time.as_ref().map(|law| law_of(law));
    let writes = spec.write_time.as_ref().map(|law| law_of(law));
    let of_kind = || exponential(kind.writes_per_s());
    let differs = given.is_none() && kind.writes_per_s() != kind.operations_per_s();
    let writes = writes.or_else(|| differs.then(of_kind));
    let law = given.unwrap_or_else(|| exponential(kind.operations_per_s()));
    let (columns, parallel) = (spec.columns(), spec.at_once());
    let slots = columns.disks * parallel;
    let log = spec.log.as_ref().map_or(0, |log| log.kind.value.parallel());
    let alarms = slots + spec.transactions.as_ref().map_or(0, |_| 1 + log);
    let unit = builder.units(id, alarms);
    let pool = spec.transactions.as_ref().map(|transactions| {
        let log = spec.log.as_ref().map(|log| log_device(log, UnitId(unit.0 + slots + 1)));
        let mut pool = pool(spec, transactions, log, (&users, memory));
        pool.lost_by = cause;
        pool.resilver =
            spec.resilver.as_ref().zip(cause).map(|(of, cause)| resilver(spec, of, cause));
        Box::new(pool)
    });
    Config::Disks(DisksConfig {
        columns,
        parallel,
        time: law.sampler(),
        write_time: writes.map(|law| law.sampler()),
        transfer: spec.transfer_of_read(),
        unit,
        shortest: spec.reads.as_ref().is_some_and(|of| of.value == ReadsFrom::ShortestQueue),
        shared: sharing(spec, users).map(Box::new),
        pool,
        has_copies,
    })
}

fn exponential(per_s: f64) -> Law {
    Law::exponential(1.0 / per_s).expect("disks have a rate")
}

/// Gives the sets of disks with transaction groups the keys of their own draws.
pub(crate) fn give_keys(compiler: &mut Compiler<'_>, made: &mut Made) {
    for part in &mut made.parts {
        let Config::Disks(DisksConfig { pool: Some(pool), .. }) = &mut part.config else {
            continue;
        };
        // Only a set whose disks fail draws for the last purpose.
        let drawn = PURPOSES.len() - usize::from(pool.resilver.is_none());
        let keys: Vec<KeyId> =
            PURPOSES[..drawn].iter().map(|purpose| compiler.key(purpose, &part.name)).collect();
        pool.key = keys[0];
    }
}

/// Returns the limits of dirty data of a set of disks in a server with this memory; `None` if they are unknown.
#[must_use]
pub fn limits(spec: &TransactionsSpec, memory: Option<Bytes>) -> Option<dirty_data::Tuning> {
    let of_memory = memory.map(|memory| dirty_data::Tuning::limit_of(memory.count()));
    let most = spec.dirty_max.as_ref().map(|most| most.value.count()).or(of_memory)?;
    let (sync, delay) = (spec.sync_from.value.get(), spec.delay_from.value.get());
    Some(dirty_data::Tuning {
        scale: spec.delay_scale.value,
        longest: spec.delay_max.value,
        timeout: spec.timeout.value,
        ..dirty_data::Tuning::of_shares(most, sync, delay)
    })
}

fn pool(
    set: &DiskSetSpec,
    spec: &TransactionsSpec,
    log: Option<LogConfig>,
    (users, memory): (&Users, Option<Bytes>),
) -> PoolConfig {
    let (data_sets, of_zones) = match users {
        Users::Zones(zones) => (zones.len(), true),
        Users::Volumes(volumes) => (*volumes, false),
    };
    PoolConfig {
        dirty: limits(spec, memory).expect("a sound draft has a limit of dirty data"),
        write_size: spec.write_size.value.count(),
        most_merged: spec.most_merged(),
        sequential: spec.sequential.value.get(),
        bandwidth: set.bandwidth.as_ref().map(|bandwidth| bandwidth.value),
        flush: flush(spec.flush.as_ref(), set.kind.value),
        log,
        scrub: set.scrub.as_ref().map(|spec| scrub(set, spec)),
        resilver: None,
        lost_by: None,
        data_sets,
        of_zones,
        key: KeyId(0),
    }
}

/// Returns the bytes on each disk of a set with `allocated` data.
#[must_use]
pub fn each_disk(set: &DiskSetSpec, allocated: Bytes) -> u64 {
    let Columns { disks, group, read, .. } = set.columns();
    // Parity and further sides of the data lie on the disks as well.
    let all = u128::from(allocated.count()) * u128::from(group);
    let bytes = all.div_ceil(u128::from(read) * u128::from(disks));
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn resilver(set: &DiskSetSpec, spec: &ResilverSpec, cause: CauseId) -> ResilverConfig {
    let after = |time| SimTime::ZERO + time;
    let failures =
        spec.disks.value.iter().map(|failed| {
            (failed.disk.value - 1, after(failed.fails.value), after(failed.replaced()))
        });
    ResilverConfig {
        failures: failures.collect(),
        work: spec.work.value,
        bytes: each_disk(set, spec.allocated.value),
        cause,
    }
}

fn scrub(set: &DiskSetSpec, spec: &ScrubSpec) -> ScrubConfig {
    let of_read = Bytes::new(scan::READ);
    ScrubConfig {
        first: SimTime::ZERO + spec.at.value,
        every: spec.every.value,
        work: spec.work.value,
        bytes: each_disk(set, spec.allocated.value),
        transfer: set.bandwidth.as_ref().map_or(SimDuration::ZERO, |at| at.value.time_for(of_read)),
    }
}

/// Returns the law of a cache flush, in seconds: the one given, or one rotation; `None` for solid state.
fn flush(given: Option<&Spanned<LawSpec<SimDuration>>>, kind: DiskKind) -> Option<Sampler> {
    let rotation = || Law::constant(kind.rotation_s()?).ok();
    given.map(|law| law_of(law)).or_else(rotation).map(|law| law.sampler())
}

/// Returns a log device as a set of one disk, whose alarms begin with `unit`.
fn log_device(spec: &IntentLogSpec, unit: UnitId) -> LogConfig {
    let kind = spec.kind.value;
    let given = spec.write_time.as_ref().map(|law| law_of(law));
    let device = DisksConfig {
        columns: Columns { disks: 1, group: 1, read: 1, write: 1 },
        parallel: kind.parallel(),
        time: given.unwrap_or_else(|| exponential(kind.writes_per_s())).sampler(),
        write_time: None,
        transfer: SimDuration::ZERO,
        unit,
        shortest: false,
        shared: None,
        has_copies: false,
        pool: None,
    };
    let bandwidth = spec.bandwidth.as_ref().map(|bandwidth| bandwidth.value);
    LogConfig { device, flush: flush(spec.flush.as_ref(), kind), bandwidth }
}

fn sharing(spec: &DiskSetSpec, users: Users) -> Option<Sharing> {
    let zones = match users {
        Users::Zones(zones) => zones,
        Users::Volumes(_) => Vec::new(),
    };
    let classes = spec.has_classes();
    let throttle =
        spec.io_throttle.as_ref().map(|throttle| tuning(throttle, spec.transactions.is_some()));
    (classes || throttle.is_some()).then_some(Sharing { classes, throttle, zones })
}

/// Returns the tunables of the throttle; with `syncs`, transaction groups are simulated.
fn tuning(spec: &IoThrottleSpec, syncs: bool) -> Tuning {
    Tuning {
        step: spec.step.value,
        ceiling: spec.ceiling.value,
        write_factor: spec.write_factor.value,
        adjust: spec.adjust.value,
        over: spec.over.value.get(),
        under: spec.under.value.get(),
        laggard: spec.slow.value,
        sync: if syncs { SimDuration::ZERO } else { spec.sync.value },
    }
}
