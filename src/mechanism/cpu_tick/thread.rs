//! Threads and the phases that they execute.

use super::queue::NONE;
use crate::units::{SimTime, Work};

/// Whereabouts of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It has no phase.
    Asleep,
    /// In the run queue of a processor.
    Queued,
    /// On the wait queue of its zone's cap.
    Held,
    /// On a processor.
    Running,
}

/// One thread of a zone. It outlives its phases, as the workers of a service do.
#[derive(Clone, Debug)]
pub(super) struct Thread {
    pub(super) zone: u32,
    /// Slot of its phase; [`NONE`] for a virtual processor.
    pub(super) phase: u32,
    /// Next thread of the same phase, or of the same guest.
    pub(super) sibling: u32,
    pub(super) state: State,
    /// Processor on which it runs, in whose queue it waits, or on which it ran last.
    pub(super) cpu: u32,
    // Neighbours in the queue.
    pub(super) before: u32,
    pub(super) after: u32,
    /// User-mode priority, 0 to 59.
    pub(super) priority: u8,
    /// Ticks left of the quantum.
    pub(super) time_left: u64,
    /// Ticks since the priority was last computed.
    pub(super) ticks: u64,
    /// Internal priority: larger is worse.
    pub(super) fss: u64,
    /// Second up to which `fss` has decayed.
    pub(super) second: u64,
    /// Tick in which it last left a processor; `None` if it never ran.
    pub(super) left_at: Option<u64>,
}

impl Thread {
    /// Returns a thread that has just entered the scheduling class.
    pub(super) const fn new(zone: u32, second: u64) -> Self {
        Self {
            zone,
            phase: NONE,
            sibling: NONE,
            state: State::Asleep,
            cpu: NONE,
            before: NONE,
            after: NONE,
            priority: super::fss::ENTRY_PRIORITY,
            time_left: super::fss::QUANTUM,
            ticks: 0,
            fss: 0,
            second,
            left_at: None,
        }
    }
}

/// Work that one thread executes, or several at once. Amounts are steps of 2⁻⁴⁸ core-nanosecond.
#[derive(Clone, Debug)]
pub(super) struct Phase {
    /// The caller's own number.
    pub(super) id: u32,
    pub(super) zone: u32,
    pub(super) generation: u32,
    /// First of its threads; [`NONE`] for a free slot.
    pub(super) first: u32,
    /// Work left at `since`.
    left: u128,
    since: SimTime,
    /// Rate of its threads that run, in steps of 2⁻⁴⁸ core.
    rate: u64,
    /// Instant at which it is done at this rate.
    pub(super) due: SimTime,
}

/// Steps of one core.
pub(super) const ONE: u64 = crate::units::Cores::ONE.steps();

impl Phase {
    pub(super) fn new(now: SimTime, id: u32, zone: u32, generation: u32, work: Work) -> Self {
        Self {
            id,
            zone,
            generation,
            first: NONE,
            left: u128::from(work.core_nanos()) * u128::from(ONE),
            since: now,
            rate: 0,
            due: if work == Work::ZERO { now } else { SimTime::NEVER },
        }
    }

    /// Adds the rate of a processor that begins to execute it.
    pub(super) fn gain(&mut self, now: SimTime, rate: u64) {
        self.settle(now);
        self.rate += rate;
        self.find_due();
    }

    /// Subtracts the rate of a processor that stops to execute it.
    pub(super) fn lose(&mut self, now: SimTime, rate: u64) {
        self.settle(now);
        self.rate -= rate;
        self.find_due();
    }

    /// Returns the work left at `now`, to the nearest core-nanosecond.
    pub(super) fn work_left(&mut self, now: SimTime) -> Work {
        self.settle(now);
        let nanos = (self.left + u128::from(ONE / 2)) / u128::from(ONE);
        Work::from_core_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn settle(&mut self, now: SimTime) {
        let done = u128::from(self.rate) * u128::from(now.since(self.since).nanos());
        self.left = self.left.saturating_sub(done);
        self.since = now;
    }

    /// Finds the first nanosecond at which nothing is left.
    fn find_due(&mut self) {
        let wait = match self.rate {
            0 if self.left > 0 => u128::MAX,
            0 => 0,
            // The common case, without a division.
            ONE => (self.left + u128::from(ONE - 1)) >> ONE.trailing_zeros(),
            rate => self.left.div_ceil(u128::from(rate)),
        };
        let wait = u64::try_from(wait).unwrap_or(u64::MAX);
        self.due = SimTime::from_nanos(self.since.nanos().saturating_add(wait));
    }
}
