//! The brokers of a message queue as parts, and its resolved references.

use crate::convert::place;
use crate::kinds::queue::live::Publishing;
use crate::kinds::service::spec::Workers;
use crate::model::route::{Op, Routes};
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

/// Returns the service of the consumers, and the largest number of messages that all of these hold; infinite without a `prefetch`.
/// `None` without consumers.
pub(super) fn at_work(draft: &Draft, queue: usize) -> Option<(usize, f64)> {
    let service = consumers(draft, queue)?;
    let members = f64::from(draft.links.services[service].members);
    let slots = match draft.scenario.queue[queue].1.prefetch.as_ref().map(|most| most.value) {
        Some(Workers::Count(count)) => members * f64::from(count),
        _ => f64::INFINITY,
    };
    Some((service, slots))
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
    /// Place among the operations of all routes.
    pub(super) at: u32,
}

/// Returns the jumps of routes to an earlier operation, as pairs of places: from, to.
pub(super) fn backward(routes: &Routes) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for (at, op) in routes.ops.iter().enumerate() {
        let at = place(at);
        match *op {
            Op::Jump { to } => found.push((at, to)),
            Op::Again { start } => found.push((at, start)),
            Op::Choose { first, count, .. } => {
                let branches = &routes.branches[first as usize..][..count as usize];
                found.extend(branches.iter().map(|branch| (at, branch.to)));
            }
            _ => {}
        }
    }
    found.retain(|(from, to)| to <= from);
    found
}

/// Returns whether a request can come from operation `from` to `to`, if every operation leads to the next.
fn leads(back: &[(u32, u32)], from: u32, to: u32) -> bool {
    let mut first = from;
    while let Some(earlier) =
        back.iter().filter(|jump| jump.0 >= first && jump.1 < first).map(|jump| jump.1).min()
    {
        // Operations of other classes lie outside of all jumps of this one.
        first = earlier;
    }
    first <= to
}

/// Returns the steps of a queue, and reports those that wait for messages in vain; `back` are the [`backward`] jumps.
pub(super) fn steps(
    noted: &[Noted],
    back: &[(u32, u32)],
    out: &mut Diagnostics,
) -> Vec<Publishing> {
    let awaits = |class: &str| noted.iter().find(|one| one.step.awaits && one.class == class);
    for one in noted.iter().filter(|one| one.step.awaits) {
        let class = &one.class;
        let own = || noted.iter().filter(|other| !other.step.awaits && other.class == *class);
        if own().any(|other| leads(back, other.at, one.at)) {
            continue;
        }
        let when = if own().next().is_some() { " before this step" } else { "" };
        let message =
            format!("`{class}` publishes nothing to this queue{when} that it could wait for");
        let found = Diagnostic::new(Code::NoEffect, one.span, message);
        out.push(found.help("publish before: `{ publish = \"NAME\" }`, or remove the step"));
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
