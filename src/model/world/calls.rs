//! Nested calls: their numbers, and the calls whose time-out is pending.

use std::collections::VecDeque;

use crate::model::ids::CallId;
use crate::model::request::RequestId;
use crate::units::SimTime;

/// Calls of one kind whose time-out is pending, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    /// Deadline, request and number of the call.
    pub(super) line: VecDeque<(SimTime, RequestId, u32)>,
    /// True if there is an event at the first deadline.
    pub(super) armed: bool,
}

/// Calls of a replication.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    serial: u32,
    /// Pending deadlines per kind of call.
    pub(super) deadlines: Vec<Deadlines>,
}

impl Calls {
    /// Returns an account without calls, for this number of kinds.
    pub(super) fn new(kinds: usize) -> Self {
        Self { serial: 0, deadlines: vec![Deadlines::default(); kinds] }
    }

    /// Returns the number of the next call.
    #[inline(always)]
    pub(super) fn number(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    /// Adds a call with a deadline. Returns whether the caller has to make an event for it, because none is
    /// armed.
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
