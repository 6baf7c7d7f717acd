//! The brokers of a message queue as parts, and its resolved references.

use crate::kinds::queue::live::Publishing;
use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::load::mean;
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

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

/// A step that publishes to a queue or waits, as compiled.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    /// The step.
    pub(super) step: Publishing,
    /// Request class whose step it is.
    pub(super) class: String,
    /// False if the request does not wait until its message is safe.
    pub(super) waits: bool,
    /// Place of the queue's name.
    pub(super) span: Span,
}

/// Returns the steps of a queue, and reports those that wait for messages in vain.
pub(super) fn steps(noted: &[Noted], out: &mut Diagnostics) -> Vec<Publishing> {
    let awaits = |class: &str| noted.iter().find(|one| one.step.awaits && one.class == class);
    for one in noted.iter().filter(|one| one.step.awaits) {
        let class = &one.class;
        if !noted.iter().any(|other| !other.step.awaits && other.class == *class) {
            let message =
                format!("`{class}` publishes nothing to this queue that it could wait for");
            let found = Diagnostic::new(Code::NoEffect, one.span, message);
            out.push(found.help("publish before: `{ publish = \"NAME\" }`, or remove the step"));
        }
    }
    let step = |one: &Noted| {
        let awaits = awaits(&one.class);
        if let (Some(awaits), false) = (awaits, one.waits) {
            let message =
                "the message may not be there yet when its request waits until it is done";
            let found = Diagnostic::new(Code::KeysExclude, one.span, message);
            out.push(found.related(awaits.span, "it waits here").help("remove `wait = false`"));
        }
        Publishing { awaited: awaits.is_some() && !one.step.awaits, ..one.step }
    };
    noted.iter().map(step).collect()
}
