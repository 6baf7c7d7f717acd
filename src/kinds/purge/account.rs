//! Counts of the messages of a purge, and the time that each takes.

use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};

/// Name of the tally of purges.
pub const OF: &str = "purge";

/// Entries of the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Messages sent.
    Sent,
    /// Messages that have removed or replaced what their cache had.
    Done,
    /// Messages to a cache that had lost its copies.
    Moot,
    /// Messages lost on their way.
    Lost,
    /// Messages lost because their cache was cut off.
    CutOff,
    /// Waits of writers that ended by their time-out.
    TimedOut,
}

/// Number of entries.
const ENTRIES: usize = 6;

/// Account of a purge.
#[derive(Clone, Debug)]
pub struct Account {
    counts: [u64; ENTRIES],
    times: Histogram,
    /// End of the measured window.
    until: SimTime,
}

impl Account {
    /// Returns an account without messages, of a window that ends at `until`.
    #[must_use]
    pub fn new(until: SimTime) -> Self {
        Self { counts: [0; ENTRIES], times: Histogram::new(), until }
    }

    /// Counts one event.
    pub fn count(&mut self, of: Tallied) {
        self.counts[of as usize] += 1;
    }

    /// Counts a message that has done its work `now`, `time` after the change.
    pub fn done(&mut self, now: SimTime, time: SimDuration) {
        self.count(Tallied::Done);
        if now < self.until {
            self.times.record(time.nanos());
        }
    }

    /// Forgets the times so far.
    pub fn forget_times(&mut self) {
        self.times = Histogram::new();
    }

    /// Records no time from `until` on.
    pub fn ends_at(&mut self, until: SimTime) {
        self.until = until;
    }

    /// Returns the times of messages that have done their work.
    #[must_use]
    pub const fn times(&self) -> &Histogram {
        &self.times
    }

    /// Returns the counts, in the order of [`Tallied`].
    #[must_use]
    pub fn tally(&self) -> Vec<u128> {
        self.counts.map(u128::from).to_vec()
    }

    /// Compares the messages sent with those that have ended and the number on their way.
    ///
    /// # Panics
    ///
    /// If a message has disappeared.
    pub fn close(&self, now: SimTime, under_way: usize) {
        use Tallied as T;
        let ended = [T::Done, T::Moot, T::Lost, T::CutOff].map(|of| self.counts[of as usize]);
        let sent = self.counts[T::Sent as usize];
        let known = ended.iter().sum::<u64>() + under_way as u64;
        assert!(sent == known, "{sent} messages of a purge sent at {now}, {known} known");
    }
}
