//! Capacity of a set of disks, and the disk operations per read and per write.

use crate::kinds::disks::spec::DiskSetSpec;
use crate::plan::load::{Capacity, mean};

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

/// Returns the capacity of a set of disks, in random operations per second.
#[must_use]
pub fn capacity(set: &DiskSetSpec) -> Capacity {
    let serving = f64::from(set.columns().disks) * f64::from(set.at_once());
    let each = each_per_s(set);
    Capacity { per_second: serving * each, alone_s: 1.0 / each, holds_a_worker: true }
}
