//! Health of components, and present failures.

use crate::model::Health;
use crate::model::ids::CauseId;
use crate::units::SimTime;

/// Health of components, by their numbers.
#[derive(Clone, Debug)]
pub(in crate::model) struct States {
    /// Health of each component.
    pub(in crate::model) healths: Vec<Health>,
    /// Cause of its health.
    pub(in crate::model) causes: Vec<CauseId>,
    /// Instant of the return of each part after it had lost its memory; `NEVER` until it is back.
    pub(in crate::model) restarted: Vec<Option<SimTime>>,
    /// Number of stalled processes.
    pub(in crate::model) frozen: u32,
}

impl States {
    /// Returns the states of healthy components, of the given number.
    pub(super) fn new(components: usize) -> Self {
        Self {
            healths: vec![Health::Up; components],
            causes: vec![CauseId::OVERLOAD; components],
            restarted: vec![None; components],
            frozen: 0,
        }
    }
}

/// Present failures, and the cause that losses are attributed to.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Account {
    /// Causes of present failures, one for each component.
    pub(in crate::model) active: Vec<CauseId>,
    /// The fault whose failure or backlog lasts, and the number of requests in flight before it.
    pub(in crate::model) trouble: Option<(CauseId, usize)>,
    /// Instant since which no failure is present after one was, and the cause of that.
    pub(in crate::model) calm: Option<(SimTime, CauseId)>,
}

impl Account {
    /// Removes the cause `was` of a failure that ended, and adds the cause `is` of the present one, with
    /// `in_flight` requests in flight.
    pub(in crate::model) fn put(
        &mut self,
        now: SimTime,
        in_flight: usize,
        was: Option<CauseId>,
        is: Option<CauseId>,
    ) {
        if let Some(old) = was
            && let Some(place) = self.active.iter().position(|other| *other == old)
        {
            self.active.remove(place);
            if self.active.is_empty() && is.is_none() {
                self.calm = Some((now, old));
            }
        }
        if let Some(cause) = is {
            if self.active.is_empty() && was.is_none() {
                self.over(in_flight);
            }
            self.active.push(cause);
            if self.trouble.is_none() {
                self.trouble = Some((cause, in_flight));
            }
        }
    }

    /// Counts a loss of memory as the end of a failure now.
    pub(in crate::model) fn lost_memory(&mut self, now: SimTime) {
        let cause = self.calm.map_or(CauseId::OVERLOAD, |(_, cause)| cause);
        self.calm = Some((now, cause));
    }

    /// Clears the trouble if no failure is present and its backlog is drained.
    fn over(&mut self, in_flight: usize) {
        if let Some((_, before)) = self.trouble
            && self.active.is_empty()
            && in_flight <= before.max(1)
        {
            self.trouble = None;
        }
    }

    /// Returns the cause to which a loss is attributed: `cause` itself; else the fault that is present or whose
    /// backlog is not drained; else overload.
    pub(in crate::model) fn blame(&mut self, in_flight: usize, cause: CauseId) -> CauseId {
        if cause != CauseId::OVERLOAD || self.trouble.is_none() {
            return cause;
        }
        self.over(in_flight);
        self.trouble.map_or(CauseId::OVERLOAD, |(trouble, _)| trouble)
    }
}
