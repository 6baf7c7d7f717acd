//! Nested calls: their numbers, and those that may still reach their time-out.

use std::collections::VecDeque;

use crate::model::ids::CallId;
use crate::model::request::RequestId;
use crate::units::SimTime;

/// Calls of one kind that may still reach their time-out, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    /// Deadline, request and number of the call.
    pub(super) line: VecDeque<(SimTime, RequestId, u32)>,
    /// Whether there is an event at the first deadline.
    pub(super) armed: bool,
}

/// The calls of a replication.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    serial: u32,
    /// By kind of call.
    pub(super) deadlines: Vec<Deadlines>,
}

impl Calls {
    /// No call of so many kinds.
    pub(super) fn new(kinds: usize) -> Self {
        Self { serial: 0, deadlines: vec![Deadlines::default(); kinds] }
    }

    /// The number of the next call.
    #[inline(always)]
    pub(super) fn number(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    /// A call has a deadline; tells whether an event for it is to be made, since none is there.
    #[inline(always)]
    pub(super) fn expect(
        &mut self,
        call: CallId,
        deadline: SimTime,
        request: RequestId,
        serial: u32,
    ) -> bool {
        let deadlines = &mut self.deadlines[call.index()];
        deadlines.line.push_back((deadline, request, serial));
        !std::mem::replace(&mut deadlines.armed, true)
    }
}
