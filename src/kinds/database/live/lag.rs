//! Replication lag of a replica over time: the age of the oldest write that it has not applied.
//!
//! Between two changes the lag grows by one second per second. Its area is a difference of squares,
//! and its distribution over an interval is uniform; nothing is sampled. Only time inside the measured
//! window counts, and only while the member follows the primary.

use crate::kinds::database::account::PER_MEMBER;
use crate::model::gauge::Quantity;
use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};

/// Lag of one replica over a window.
#[derive(Clone, Debug)]
pub struct Lag {
    window: (SimTime, SimTime),
    since: SimTime,
    /// True while it follows the primary, so that its lag is measured.
    follows: bool,
    /// Commit time of the oldest write that it lacks.
    oldest: Option<SimTime>,
    backlog: u64,
    /// Measured time, in nanoseconds.
    measured: u128,
    /// Twice the area under the lag, in ns².
    twice: u128,
    /// Area under the number of writes that it lacks, in nanoseconds.
    writes: u128,
    /// Time, in nanoseconds, at each lag.
    times: Histogram,
    longest: u64,
    most: u64,
}

impl Lag {
    /// Creates the lag of a member without a backlog at `start`; `window` is measured.
    #[must_use]
    pub fn new(start: SimTime, window: (SimTime, SimTime)) -> Self {
        Self {
            window,
            since: start,
            follows: false,
            oldest: None,
            backlog: 0,
            measured: 0,
            twice: 0,
            writes: 0,
            times: Histogram::new(),
            longest: 0,
            most: 0,
        }
    }

    /// Clears the measurement, and measures from `now` until `until`.
    pub fn measure_anew(&mut self, now: SimTime, until: SimTime) {
        let fresh = Self::new(now, (now, until));
        *self = Self { follows: self.follows, oldest: self.oldest, backlog: self.backlog, ..fresh };
    }

    /// Ends the measured window at `end`, which is not past.
    pub fn measure_until(&mut self, end: SimTime) {
        self.window.1 = end;
    }

    /// Records the interval up to `now`.
    pub fn settle(&mut self, now: SimTime) {
        let (from, to) = (self.since.max(self.window.0), now.min(self.window.1));
        self.since = now;
        if !self.follows || from >= to {
            return;
        }
        let length = (to - from).nanos();
        self.measured += u128::from(length);
        self.writes += u128::from(self.backlog) * u128::from(length);
        self.most = self.most.max(self.backlog);
        let Some(oldest) = self.oldest else { return self.times.record_many(0, length) };
        let (low, high) = ((from - oldest).nanos(), (to - oldest).nanos());
        self.twice += u128::from(high) * u128::from(high) - u128::from(low) * u128::from(low);
        self.longest = self.longest.max(high);
        self.times.record_evenly(low, high, |lag| lag);
    }

    /// Sets the state from `now` on: whether it follows, the oldest write that it lacks, and how many.
    pub fn set(&mut self, now: SimTime, follows: bool, oldest: Option<SimTime>, backlog: u64) {
        self.settle(now);
        (self.follows, self.oldest, self.backlog) = (follows, oldest, backlog);
    }

    /// Returns the lag at `now`; `None` while the member does not follow.
    #[must_use]
    pub fn now(&self, now: SimTime) -> Option<SimDuration> {
        let behind = |oldest| now - oldest;
        self.follows.then(|| self.oldest.map_or(SimDuration::ZERO, behind))
    }

    /// Returns the number of writes that it lacks now.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.backlog
    }

    /// Returns the lag and the backlog over the measured time up to `now`.
    #[must_use]
    pub fn up_to(&self, now: SimTime) -> [Quantity; PER_MEMBER] {
        let mut lag = self.clone();
        lag.settle(now);
        let of = Quantity {
            time: lag.measured,
            area: lag.twice as f64 / 2.0,
            largest: lag.longest,
            times: Some(lag.times),
            unit: 1e9,
        };
        let (area, largest) = (lag.writes as f64, lag.most);
        [of, Quantity { time: lag.measured, area, largest, times: None, unit: 1.0 }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    /// From 10 s to 30 s it lacks a write of 10 s, so the lag grows from 0 to 20 s. Its mean is 10 s over
    /// those 20 s and 5 s over the 40 s measured. For three quarters of the time it is at most 10 s.
    #[test]
    fn a_stretch_is_measured_as_a_straight_line() {
        let mut lag = Lag::new(at(0), (at(0), at(40)));
        lag.set(at(0), true, None, 0);
        lag.set(at(10), true, Some(at(10)), 3);
        lag.set(at(30), true, None, 0);
        let [lag, backlog] = lag.up_to(at(50));
        assert_eq!(lag.mean(), Some(5.0));
        assert_eq!(lag.max(), Some(20.0));
        assert_eq!((backlog.mean(), backlog.max()), (Some(1.5), Some(3.0)));
        let quarter = lag.quantile(0.75).unwrap();
        assert!((quarter - 10.0).abs() < 0.05, "{quarter}");
        assert_eq!(lag.quantile(0.4), Some(0.0));
    }

    /// Time outside the window, and time in which it does not follow, does not count.
    #[test]
    fn only_the_window_counts_and_only_while_it_follows() {
        let mut lag = Lag::new(at(0), (at(10), at(20)));
        lag.set(at(0), true, Some(at(0)), 1);
        lag.set(at(15), false, None, 0);
        let [lag, _] = lag.up_to(at(90));
        assert_eq!(lag.mean(), Some(12.5));
        assert_eq!(lag.max(), Some(15.0));
    }
}
