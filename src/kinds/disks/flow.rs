//! Capacity of a set of disks, and the disk operations per read and per write.

use crate::kinds::disks::spec::{DiskSetSpec, Layout};
use crate::plan::load::{Capacity, mean};

/// Returns the disk operations per write: 2 in a mirror, else 1.
#[must_use]
pub const fn cost_of_write(set: &DiskSetSpec) -> f64 {
    match set.layout.value {
        Layout::Mirror => 2.0,
        Layout::RaidDp | Layout::Plain => 1.0,
    }
}

/// Returns the operations per second of one disk.
#[must_use]
pub fn each_per_s(set: &DiskSetSpec) -> f64 {
    set.time.as_ref().map_or(set.kind.value.operations_per_s(), |time| 1.0 / mean(&time.value))
}

/// Returns the capacity of a set of disks, in random operations per second.
#[must_use]
pub fn capacity(set: &DiskSetSpec) -> Capacity {
    let serving = match set.layout.value {
        Layout::RaidDp => set.data.value,
        Layout::Mirror | Layout::Plain => set.data.value + set.parity.value,
    };
    let each = each_per_s(set);
    Capacity { per_second: f64::from(serving) * each, alone_s: 1.0 / each, holds_a_worker: true }
}
