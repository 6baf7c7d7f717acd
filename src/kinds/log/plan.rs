//! The subscribers of a log as parts, and its resolved references.

use crate::kinds::log::spec::{Mode, WhenFull};
use crate::plan::Draft;
use crate::plan::load::mean;
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// The kind of logs.
#[derive(Debug)]
pub struct Log;

/// Resolved references of a log.
#[derive(Clone, Debug, Default)]
pub struct LogLinks {
    /// The zone members of its subscribers.
    pub subscribers: Vec<(usize, u32)>,
}

/// Returns the part of a subscriber of the log at `index`.
#[must_use]
pub const fn subscriber(index: usize, member: u32) -> Part {
    Part::Own(Own { kind: Kind::Log, index, member })
}

/// Returns the number of times that a process spends the work of sending a record: once per copy that it makes.
#[must_use]
pub fn sends(draft: &Draft, log: usize) -> u32 {
    let spec = &draft.scenario.log[log].1;
    match spec.mode.value {
        Mode::Tcp => crate::convert::table::u32(spec.to.value.0.len()),
        Mode::Local | Mode::Multicast => 1,
        Mode::Sniff => 0,
    }
}

/// Returns whether a request waits while the subscribers are behind; otherwise records are dropped, or collected later.
#[must_use]
pub fn holds_up(draft: &Draft, log: usize) -> bool {
    let spec = &draft.scenario.log[log].1;
    let blocks = spec.when_full.as_ref().is_some_and(|when| when.value == WhenFull::Block);
    blocks && matches!(spec.mode.value, Mode::Tcp | Mode::Multicast)
}

/// Returns the mean work of a process that writes a record, in core-seconds.
#[must_use]
pub fn work_of_sender(draft: &Draft, log: usize) -> f64 {
    let each = draft.scenario.log[log].1.send.as_ref().map_or(0.0, |law| mean(&law.value));
    each * f64::from(sends(draft, log))
}

/// Returns the mean work of a subscriber per record, in core-seconds.
#[must_use]
pub fn work_of_subscriber(draft: &Draft, log: usize) -> f64 {
    draft.scenario.log[log].1.receive.as_ref().map_or(0.0, |law| mean(&law.value))
}

/// Returns the subscribers to which each lane of a sender leads: one each, or all of them by one way.
#[must_use]
pub fn lanes(draft: &Draft, log: usize) -> Vec<Vec<u32>> {
    let spec = &draft.scenario.log[log].1;
    let all = 0..crate::convert::table::u32(spec.to.value.0.len());
    match spec.mode.value {
        Mode::Tcp | Mode::Local => all.map(|one| vec![one]).collect(),
        Mode::Multicast => vec![all.collect()],
        Mode::Sniff => Vec::new(),
    }
}
