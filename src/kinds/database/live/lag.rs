//! How far a slave is behind: the age of the oldest write that it has not applied, over time.
//!
//! Between two changes the lag grows by a second a second, so its area is a difference of squares
//! and its distribution over a stretch is even: nothing is sampled. Only what lies inside the window
//! that is measured counts, and only while the member follows.

use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};

/// The lag of one slave over a window.
#[derive(Clone, Debug)]
pub struct Lag {
    window: (SimTime, SimTime),
    since: SimTime,
    /// It follows: its lag is measured.
    follows: bool,
    /// When the oldest write that it lacks was committed.
    oldest: Option<SimTime>,
    backlog: u64,
    /// Time measured, in nanoseconds.
    measured: u128,
    /// Twice the area under the lag, in square nanoseconds.
    twice: u128,
    /// The area under the number of writes that it lacks.
    writes: u128,
    /// Time, in nanoseconds, at each lag.
    times: Histogram,
    longest: u64,
    most: u64,
}

impl Lag {
    /// Nothing behind at the start of the world; `window` is measured.
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

    /// From now on another window is measured, until `until`; what was measured is forgotten.
    pub fn measure_anew(&mut self, now: SimTime, until: SimTime) {
        let fresh = Self::new(now, (now, until));
        *self = Self { follows: self.follows, oldest: self.oldest, backlog: self.backlog, ..fresh };
    }

    /// What is measured ends at `end`, which is not past.
    pub fn measure_until(&mut self, end: SimTime) {
        self.window.1 = end;
    }

    /// Puts down the stretch up to `now`.
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

    /// From `now` on it follows, or does not, and this is the oldest of the writes that it lacks.
    pub fn set(&mut self, now: SimTime, follows: bool, oldest: Option<SimTime>, backlog: u64) {
        self.settle(now);
        (self.follows, self.oldest, self.backlog) = (follows, oldest, backlog);
    }

    /// The lag now; `None` while it does not follow.
    #[must_use]
    pub fn now(&self, now: SimTime) -> Option<SimDuration> {
        let behind = |oldest| now - oldest;
        self.follows.then(|| self.oldest.map_or(SimDuration::ZERO, behind))
    }

    /// Writes that it lacks now.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.backlog
    }

    /// Mean over the time measured, in seconds; `None` when it never followed.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let area = self.twice as f64 / 2.0;
        (self.measured > 0).then(|| area / self.measured as f64 / 1e9)
    }

    /// The largest, in seconds.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.measured > 0).then(|| self.longest as f64 / 1e9)
    }

    /// The lag that is not exceeded for the share `level` of the time, in seconds.
    #[must_use]
    pub fn quantile(&self, level: f64) -> Option<f64> {
        self.times.quantile(level).map(|nanos| nanos as f64 / 1e9)
    }

    /// Mean number of writes that it lacked.
    #[must_use]
    pub fn mean_backlog(&self) -> Option<f64> {
        (self.measured > 0).then(|| self.writes as f64 / self.measured as f64)
    }

    /// The most writes that it lacked.
    #[must_use]
    pub fn most_backlog(&self) -> Option<f64> {
        (self.measured > 0).then_some(self.most as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    /// From 10 s on it lacks a write of 10 s until 30 s: lag from 0 to 20 s, mean 10 s of those 20 and
    /// 5 s of the 40 measured; three quarters of the time it is at most 10 s.
    #[test]
    fn a_stretch_is_measured_as_a_straight_line() {
        let mut lag = Lag::new(at(0), (at(0), at(40)));
        lag.set(at(0), true, None, 0);
        lag.set(at(10), true, Some(at(10)), 3);
        lag.set(at(30), true, None, 0);
        lag.settle(at(50));
        assert_eq!(lag.mean(), Some(5.0));
        assert_eq!(lag.max(), Some(20.0));
        assert_eq!((lag.mean_backlog(), lag.most_backlog()), (Some(1.5), Some(3.0)));
        let quarter = lag.quantile(0.75).unwrap();
        assert!((quarter - 10.0).abs() < 0.05, "{quarter}");
        assert_eq!(lag.quantile(0.4), Some(0.0));
    }

    /// Outside the window, and while it does not follow, nothing counts.
    #[test]
    fn only_the_window_counts_and_only_while_it_follows() {
        let mut lag = Lag::new(at(0), (at(10), at(20)));
        lag.set(at(0), true, Some(at(0)), 1);
        lag.set(at(15), false, None, 0);
        lag.settle(at(90));
        assert_eq!(lag.mean(), Some(12.5));
        assert_eq!(lag.max(), Some(15.0));
    }
}
