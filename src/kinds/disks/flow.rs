//! Capacity of a set of disks, the disk operations per read and per write, and the work of scrubs.
//!
//! With transaction groups a durable write is a *commit*: a write of a group, and a block of the log with the flush after it.
//! Without a log device the block lies on the set. A block is counted for each commit, as where commits are far
//! apart; commits that meet share blocks. The least that they cost is counted where a statement must hold whatever the
//! order of the commits ([`Blocks`]).
//!
//! Leaves out: the load of a log device, the processor time of a throttle, metadata, the last operation of a group, which is
//! not full.

use crate::kinds::disks::components::each_disk;
use crate::kinds::disks::spec::{DiskKind, DiskSetSpec};
use crate::mechanism::intent_log::{BLOCK, IN_PLACE, RECORD};
use crate::mechanism::leaf_queue::{Class, LIMITS};
use crate::mechanism::scan;
use crate::plan::Draft;
use crate::plan::fluid::network::{self, Onward, times};
use crate::plan::load::{Capacity, Operations, Queues, Resource, Sums, mean};
use crate::plan::names::Kind;
use crate::plan::part::{Part, disk_sets};
use crate::scenario::law::LawSpec;
use crate::scenario::value::Spanned;
use crate::units::{Bytes, SimDuration};

/// Blocks of the log that commits need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// One each.
    OfEach,
    /// Full ones, the fewest that hold them.
    Full,
}

/// Returns the time at the disks per read, in units of one disk read without its transfer: a read of a raidz group uses
/// all its data disks.
#[must_use]
pub fn cost_of_read(set: &DiskSetSpec) -> f64 {
    let transfer_s = set.transfer_of_read().seconds();
    f64::from(set.columns().read) * (1.0 + transfer_s * each_per_s(set))
}

/// Returns the writes per second that the disks do if they do nothing else.
#[must_use]
pub fn written_per_s(set: &DiskSetSpec) -> f64 {
    capacity(set).per_second / cost_of_write(set)
}

/// Returns the time of one write on idle disks, in seconds.
#[must_use]
pub fn write_s(set: &DiskSetSpec) -> f64 {
    1.0 / writes_per_s(set)
}

/// Returns the time at the disks per write, in units of one disk read without its transfer: twice that of one write in a
/// mirror. Writes of a transaction group that are merged share an operation. The log is not counted.
#[must_use]
pub fn cost_of_write(set: &DiskSetSpec) -> f64 {
    let of_one = cost_alone(set);
    let Some(transactions) = &set.transactions else { return of_one };
    let merged = transactions.mean_merged();
    let more = cost_of_transfer(set, transactions.write_size.value.count());
    (of_one + (merged - 1.0) * more) / merged
}

/// Returns the time at the disks of a write that is an operation of its own.
fn cost_alone(set: &DiskSetSpec) -> f64 {
    f64::from(set.columns().write) * each_per_s(set) / writes_per_s(set)
}

/// Returns the time at the disks to transfer `bytes` that are written.
fn cost_of_transfer(set: &DiskSetSpec, bytes: u64) -> f64 {
    let columns = set.columns();
    let transfer_s = set.bandwidth.as_ref().map_or(0.0, |bandwidth| {
        bandwidth.value.time_for(Bytes::new(bytes)).seconds() / f64::from(columns.read)
    });
    f64::from(columns.write) * each_per_s(set) * transfer_s
}

/// Returns the time at the disks per commit, in the same units: that which its request does not wait for, in a
/// transaction group, and that which it waits for, of the log on the disks.
#[must_use]
pub fn cost_of_commit(set: &DiskSetSpec, blocks: Blocks) -> (f64, f64) {
    let Some(transactions) = set.transactions.as_ref().filter(|_| set.log.is_none()) else {
        return (cost_of_write(set), 0.0);
    };
    let columns = set.columns();
    let size = transactions.write_size.value.count();
    let in_place = size >= IN_PLACE;
    let record = if in_place { RECORD } else { size };
    let shared = match blocks {
        Blocks::OfEach => 1,
        Blocks::Full => (BLOCK / record).max(1),
    };
    let flush_s = flush_s(transactions.flush.as_ref(), set.kind.value);
    let flush = f64::from(columns.write) * each_per_s(set) * flush_s;
    let block = cost_alone(set) + cost_of_transfer(set, (shared * record).saturating_sub(size));
    let block = (block + flush) / shared as f64;
    if !in_place {
        return (cost_of_write(set), block);
    }
    // The data lie on another group of disks than the block, whose caches are flushed as well.
    let apart = columns.disks > columns.group && blocks == Blocks::OfEach;
    (0.0, cost_alone(set) + block + if apart { flush } else { 0.0 })
}

/// Separates the commits from `operations`, per second or per visit; returns the other operations, and their number.
#[must_use]
pub fn commits(set: &DiskSetSpec, operations: Operations) -> (Operations, f64) {
    let commits = if set.transactions.is_some() { operations.durable } else { 0.0 };
    let writes = (operations.writes - commits).max(0.0);
    (Operations { writes, durable: operations.durable - commits, ..operations }, commits)
}

/// Adds the ways of `count` commits on the set of disks `part`: their request waits for the log alone.
pub fn leads_commits(
    network: &mut network::Builder<'_>,
    (part, set): (Part, &DiskSetSpec),
    count: f64,
    waits: bool,
    then: &mut Vec<Onward>,
) {
    let (group, log) = cost_of_commit(set, Blocks::OfEach);
    let mut visit = |work: f64, aside: f64, waits: bool| {
        let mut branch = network.branch(part);
        network.add(&mut branch, (part, Resource::Disks), work);
        branch.aside = aside;
        let node = network.alone(branch);
        then.push(Onward { waits, ..times(node, count) });
    };
    if group > 0.0 {
        visit(group, 0.0, false);
    }
    // All sides of a mirror write at once; the time of a log device is none of the disks.
    visit(log, log / each_per_s(set) - durable_s(set), waits);
}

/// Adds the scrubs of the sets of disks of a kind, which yield to all other work: no load is impossible because of them.
pub fn offers_scrubs(sums: &mut Sums<'_>, of: Kind) {
    if sums.is_least() {
        return;
    }
    for (disks, work) in scrubs(sums.draft(), of) {
        if sums.is_up(disks) {
            sums.add(disks, Resource::Disks, work);
        }
    }
}

/// Adds the scrubs of the sets of disks of a kind to the traffic of years.
pub fn leads_scrubs(network: &mut network::Builder<'_>, of: Kind) {
    for (disks, work) in scrubs(network.draft(), of) {
        network.yielding((disks, Resource::Disks), work);
    }
}

/// Returns whether some work of the sets of disks of a kind may wait, or be shared: durable writes wait for a common block of
/// the log, and scrubs yield to all other work.
pub fn may_wait(draft: &Draft, of: Kind) -> bool {
    let mut sets = disk_sets(draft).filter(|set| set.of == of);
    sets.any(|set| set.spec.transactions.is_some() || set.spec.scrub.is_some())
}

/// Returns the sets of disks of a kind that are scrubbed, each with the mean work per second.
fn scrubs(draft: &Draft, of: Kind) -> Vec<(Part, f64)> {
    let scrubbed = disk_sets(draft)
        .filter(|set| set.of == of)
        .filter_map(|set| Some((scrub_per_s(set.spec)?, set)));
    scrubbed.flat_map(|(work, set)| set.parts().map(move |part| (part, work))).collect()
}

/// Returns the mean work of the scrubs of a set of disks, in units of one disk read per second: an upper bound, with the
/// time of a random read before each transfer. A disk has no more of its reads at once than the class of scrubs may have.
pub fn scrub_per_s(set: &DiskSetSpec) -> Option<f64> {
    let (scrub, columns, each) = (set.scrub.as_ref()?, set.columns(), each_per_s(set));
    let reads = each_disk(set, scrub.allocated.value).div_ceil(scan::READ) as f64;
    let transfer_s = set
        .bandwidth
        .as_ref()
        .map_or(0.0, |bandwidth| bandwidth.value.time_for(Bytes::new(scan::READ)).seconds());
    let share = reads * (transfer_s + 1.0 / each) / scrub.every.value.seconds();
    let at_once = set.at_once().min(LIMITS[Class::Scrub as usize].most);
    Some(f64::from(columns.disks) * share.min(f64::from(at_once)) * each)
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
    match &set.log {
        None => of_write + flush_s(transactions.flush.as_ref(), set.kind.value),
        Some(log) => {
            let kind = log.kind.value;
            let given = log.write_time.as_ref().map(|law| mean(&law.value));
            given.unwrap_or(1.0 / kind.writes_per_s()) + flush_s(log.flush.as_ref(), kind)
        }
    }
}

/// Returns the mean time of a cache flush, in seconds.
fn flush_s(given: Option<&Spanned<LawSpec<SimDuration>>>, kind: DiskKind) -> f64 {
    given.map(|law| mean(&law.value)).or(kind.rotation_s()).unwrap_or(0.0)
}

/// Returns the capacity of a set of disks, in random operations per second.
#[must_use]
pub fn capacity(set: &DiskSetSpec) -> Capacity {
    let queues = Queues { count: set.columns().disks, at_once: set.at_once() };
    let each = each_per_s(set);
    let per_second = f64::from(queues.count) * f64::from(queues.at_once) * each;
    let queues = Some(queues);
    Capacity { per_second, alone_s: 1.0 / each, holds_a_worker: true, queues }
}
