//! The brokers of a message queue as parts, and its resolved references.

use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::load::mean;
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// The kind of message queues.
#[derive(Debug)]
pub struct Queue;

/// Resolved references of a queue.
#[derive(Clone, Debug, Default)]
pub struct QueueLinks {
    /// The zone members of its brokers.
    pub brokers: Vec<(usize, u32)>,
    /// The class that does the work of a message.
    pub class: Option<usize>,
}

/// Returns the part of broker `member` of the queue at `index`.
#[must_use]
pub const fn broker(index: usize, member: u32) -> Part {
    Part::Own(Own { kind: Kind::Queue, index, member })
}

/// Returns the mean work of a broker per message, in core-seconds.
#[must_use]
pub fn work_of_broker(draft: &Draft, queue: usize) -> f64 {
    draft.scenario.queue[queue].1.publish.as_ref().map_or(0.0, |law| mean(&law.value))
}

/// Returns the service whose members are the consumers, if the class of the queue enters at a service.
pub(super) fn consumers(draft: &Draft, queue: usize) -> Option<usize> {
    let class = draft.links.own.queues[queue].class?;
    match draft.links.enters[class] {
        Some(Entrance::Service(service, None)) => Some(service),
        _ => None,
    }
}
