//! How components fare, and what is broken.

use crate::model::Health;
use crate::model::ids::CauseId;
use crate::units::SimTime;

/// How components fare, by their numbers.
#[derive(Clone, Debug)]
pub(in crate::model) struct States {
    /// How each fares.
    pub(in crate::model) healths: Vec<Health>,
    /// Why it does.
    pub(in crate::model) causes: Vec<CauseId>,
    /// After a restart a part is slow until this instant.
    pub(in crate::model) warm_at: Vec<SimTime>,
    /// When each part with a buffer came back last.
    pub(in crate::model) restarted: Vec<Option<SimTime>>,
    /// Processes that stand still.
    pub(in crate::model) frozen: u32,
}

impl States {
    /// All of so many are well.
    pub(super) fn new(components: usize) -> Self {
        Self {
            healths: vec![Health::Up; components],
            causes: vec![CauseId::OVERLOAD; components],
            warm_at: vec![SimTime::ZERO; components],
            restarted: vec![None; components],
            frozen: 0,
        }
    }
}

/// What is broken, and what a loss is laid to.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Account {
    /// Causes of what is broken, one for each component.
    pub(in crate::model) active: Vec<CauseId>,
    /// The fault that is being lived through, and how many requests were in flight before it.
    pub(in crate::model) trouble: Option<(CauseId, usize)>,
    /// Since when nothing is broken after something was, and why that was.
    pub(in crate::model) calm: Option<(SimTime, CauseId)>,
}

impl Account {
    /// Takes the cause of something that was wrong off the account, and puts that of what is wrong
    /// with it now on it, with so many requests in flight.
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

    /// Something lost what it kept in memory.
    pub(in crate::model) fn lost_memory(&mut self, now: SimTime) {
        let cause = self.calm.map_or(CauseId::OVERLOAD, |(_, cause)| cause);
        self.calm = Some((now, cause));
    }

    /// Forgets the trouble when nothing is broken and its backlog has been worked off.
    fn over(&mut self, in_flight: usize) {
        if let Some((_, before)) = self.trouble
            && self.active.is_empty()
            && in_flight <= before.max(1)
        {
            self.trouble = None;
        }
    }

    /// What a loss is laid to: the cause itself; else the fault that is there, or whose backlog
    /// has not been worked off; else overload.
    pub(in crate::model) fn blame(&mut self, in_flight: usize, cause: CauseId) -> CauseId {
        if cause != CauseId::OVERLOAD || self.trouble.is_none() {
            return cause;
        }
        self.over(in_flight);
        self.trouble.map_or(CauseId::OVERLOAD, |(trouble, _)| trouble)
    }
}
