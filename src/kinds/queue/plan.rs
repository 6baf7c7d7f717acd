//! The brokers of a message queue as parts, and what its references lead to.

use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::load::mean;
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// Message queues.
#[derive(Debug)]
pub struct Queue;

/// What the references of a queue lead to.
#[derive(Clone, Debug, Default)]
pub struct QueueLinks {
    /// The zone members of its brokers.
    pub brokers: Vec<(usize, u32)>,
    /// The class that does the work of a message.
    pub class: Option<usize>,
}

/// Broker `member` of the queue at `index`.
#[must_use]
pub const fn broker(index: usize, member: u32) -> Part {
    Part::Own(Own { kind: Kind::Queue, index, member })
}

/// Mean work of a broker per message, in core-seconds.
#[must_use]
pub fn work_of_broker(draft: &Draft, queue: usize) -> f64 {
    draft.scenario.queue[queue].1.publish.as_ref().map_or(0.0, |law| mean(&law.value))
}

/// The service whose members consume, where the class of the queue enters at one.
pub(super) fn consumers(draft: &Draft, queue: usize) -> Option<usize> {
    let class = draft.links.own.queues[queue].class?;
    match draft.links.enters[class] {
        Some(Entrance::Service(service, None)) => Some(service),
        _ => None,
    }
}
