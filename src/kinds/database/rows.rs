//! The row of a database that is written most, as a resource of the offered load: one write holds it at a time.
//!
//! Model: its load is the rate of the writes, times the share of them that change it, times the shortest time for which one holds it.
//! Leaves out: the disks, waiting, and all rows but that one.

use crate::convert::table;
use crate::kinds::database::spec::{DatabaseSpec, ReplicationMode};
use crate::plan::load::{Capacity, Resource, Sums, mean};
use crate::plan::part::Part;

/// Adds the load of `writes` per second, which lock rows at `primary`, with `others` members that answer.
pub(super) fn offers(
    sums: &mut Sums<'_>,
    database: usize,
    (primary, others): (Part, usize),
    writes: f64,
) {
    let draft = sums.draft();
    let spec = &draft.scenario.database[database].1;
    let hottest = draft.links.databases[database].hottest;
    let held = writes * hottest * holds_s(spec, table::u32(others));
    if held > 0.0 {
        sums.add(primary, Resource::Row, held);
    }
}

/// Returns the capacity of a row; `None` for other resources.
pub(super) fn capacity(resource: Resource) -> Option<Capacity> {
    let one = Capacity { per_second: 1.0, alone_s: 1.0, holds_a_worker: true, queues: None };
    (resource == Resource::Row).then_some(one)
}

/// Returns the shortest time for which a write holds its row where it was taken, in seconds: until it is acknowledged, or until it is
/// decided where members vote. Counted are processor time and messages, without the disks; of messages none where a write waits for
/// the fastest of several members, which are faster than their mean.
fn holds_s(spec: &DatabaseSpec, others: u32) -> f64 {
    let execute = mean(&spec.write.cpu.value);
    let Some(how) = spec.replication.as_ref().filter(|_| others > 0) else { return execute };
    let awaited = match how.mode.value {
        ReplicationMode::SemiSync => 1,
        _ => spec.wait_for(others).unwrap_or(others),
    };
    let (work, messages) = match how.mode.value {
        ReplicationMode::Async => (1.0, 0.0),
        ReplicationMode::SemiSync => (1.0, 1.0),
        ReplicationMode::Sync | ReplicationMode::Group => (1.0, 2.0),
        ReplicationMode::TwoPhase => (2.0, 2.0),
        ReplicationMode::ThreePhase => (2.0, 4.0),
    };
    let messages = if awaited < others { 0.0 } else { messages };
    work * execute + messages * mean(&how.receive.value)
}
