//! Capacity of a set of disks, and the disk operations per read and per write.

use crate::kinds::disks::spec::{DiskKind, DiskSetSpec};
use crate::plan::load::{Capacity, mean};
use crate::scenario::law::LawSpec;
use crate::scenario::value::Spanned;
use crate::units::SimDuration;

/// Returns the time at the disks per read, in units of one disk read: a read of a raidz group uses all its data disks.
#[must_use]
pub fn cost_of_read(set: &DiskSetSpec) -> f64 {
    f64::from(set.columns().read)
}

/// Returns the time at the disks per write, in units of one disk read: twice that of one write in a mirror. Writes of a
/// transaction group that are merged share an operation. The log is not counted.
#[must_use]
pub fn cost_of_write(set: &DiskSetSpec) -> f64 {
    let columns = set.columns();
    let of_one = f64::from(columns.write) * each_per_s(set) / writes_per_s(set);
    let Some(transactions) = &set.transactions else { return of_one };
    let merged = transactions.mean_merged();
    let transfer_s = set.bandwidth.as_ref().map_or(0.0, |bandwidth| {
        bandwidth.value.time_for(transactions.write_size.value).seconds() / f64::from(columns.read)
    });
    let more = f64::from(columns.write) * each_per_s(set) * transfer_s;
    (of_one + (merged - 1.0) * more) / merged
}

/// Returns the operations per second of one disk that executes one at a time.
#[must_use]
pub fn each_per_s(set: &DiskSetSpec) -> f64 {
    set.time.as_ref().map_or(set.kind.value.operations_per_s(), |time| 1.0 / mean(&time.value))
}

fn writes_per_s(set: &DiskSetSpec) -> f64 {
    let given = set.write_time.as_ref().or(set.time.as_ref());
    given.map_or(set.kind.value.writes_per_s(), |time| 1.0 / mean(&time.value))
}

/// Returns the time of one durable write on idle disks, in seconds: with transaction groups that of a block of the log and the
/// flush after it.
#[must_use]
pub fn durable_s(set: &DiskSetSpec) -> f64 {
    let of_write = 1.0 / writes_per_s(set);
    let Some(transactions) = &set.transactions else { return of_write };
    let flush = |given: Option<&Spanned<LawSpec<SimDuration>>>, kind: DiskKind| {
        given.map(|law| mean(&law.value)).or(kind.rotation_s()).unwrap_or(0.0)
    };
    match &set.log {
        None => of_write + flush(transactions.flush.as_ref(), set.kind.value),
        Some(log) => {
            let kind = log.kind.value;
            let given = log.write_time.as_ref().map(|law| mean(&law.value));
            given.unwrap_or(1.0 / kind.writes_per_s()) + flush(log.flush.as_ref(), kind)
        }
    }
}

/// Returns the capacity of a set of disks, in random operations per second.
#[must_use]
pub fn capacity(set: &DiskSetSpec) -> Capacity {
    let serving = f64::from(set.columns().disks) * f64::from(set.at_once());
    let each = each_per_s(set);
    Capacity { per_second: serving * each, alone_s: 1.0 / each, holds_a_worker: true }
}
