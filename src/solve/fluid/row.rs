//! One class in one trajectory: losses per month, and the intervals with many of them.
//!
//! An interval is bad because of failures when they take [`BAD`] of its views; otherwise with the probability of
//! overload in it. Holds: intervals arrive in order, and each reports one of the two.

use super::causes::Blamed;
use super::together::Bad;
use super::{BAD, ClassTally, HOUR_NS, INTERVAL};
use crate::units::SimTime;

/// One class in one trajectory.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) tally: ClassTally,
    /// Views that wait: attempts, as far as they are work.
    pub(super) waiting: f64,
    /// Per waiting attempt: views that are served unless overload loses them, and those of them that are late then.
    pub(super) worth: f64,
    pub(super) overdue: f64,
    /// True if users who abandon do not leave the queue.
    pub(super) in_vain: bool,
    /// True once the wait no longer changes.
    pub(super) settled: bool,
    /// First cause of the present failures.
    pub(super) cause: u32,
    /// Causes of the present failures, oldest first; empty if all are of `cause`.
    pub(super) blamed: Vec<Blamed>,
    pub(super) month_intended: f64,
    pub(super) month_lost: f64,
    /// Number of the present interval; then the share lost times nanoseconds in it, and the expected nanoseconds over
    /// the noise in which many views are lost to overload.
    interval: u64,
    interval_lost: f64,
    interval_risk: f64,
    /// Intervals that are over and of which some were bad, since they were last taken.
    pub(super) ended: Vec<Bad>,
}

impl Row {
    /// Creates a row without losses, for `causes` causes.
    pub(super) fn of(causes: usize) -> Self {
        let tally = ClassTally { lost: vec![0.0; causes], ..ClassTally::default() };
        Self { tally, ..Self::default() }
    }

    /// Records that a share of the views is lost over an interval.
    pub(super) fn shade(&mut self, from: SimTime, to: SimTime, share: f64) {
        if share <= 0.0 {
            return;
        }
        let all = f64::from(u8::from(share >= BAD));
        self.walk(from, to, |row, from, to, whole| {
            let nanos = to.since(from).nanos();
            if whole {
                row.end(from, to, all * (nanos / INTERVAL.nanos()) as f64);
            } else {
                row.interval_lost += share * nanos as f64;
            }
        });
    }

    /// Records overload in an interval: `of` returns the nanoseconds of each part in which many views are lost. If they
    /// are compared with other classes in the same interval, they are recorded per hour; `hours` is then the time of
    /// the week at time zero.
    pub(super) fn risk(
        &mut self,
        (from, to): (SimTime, SimTime),
        hours: Option<u64>,
        mut of: impl FnMut(SimTime, SimTime) -> f64,
    ) {
        self.walk(from, to, |row, from, to, whole| {
            if !whole {
                row.interval_risk += of(from, to);
                return;
            }
            let mut bad = |from, to| of(from, to) / INTERVAL.nanos() as f64;
            let all = bad(from, to);
            row.tally.bad_intervals += all;
            let Some(zero) = hours else { return row.note(from, to, all) };
            let mut at = from;
            while at < to {
                // Hours of the week, in whole 5-minute intervals.
                let hour = ((at.nanos() + zero) / HOUR_NS + 1) * HOUR_NS - zero;
                let hour = SimTime::from_nanos(hour.next_multiple_of(INTERVAL.nanos()));
                let until = to.min(hour);
                row.note(at, until, bad(at, until));
                at = until;
            }
        });
    }

    /// Visits an interval in pieces: those in the first and last 5-minute interval, each while it is the present one,
    /// then the whole ones between, if it ends in another.
    fn walk(
        &mut self,
        from: SimTime,
        to: SimTime,
        mut piece: impl FnMut(&mut Self, SimTime, SimTime, bool),
    ) {
        let step = INTERVAL.nanos();
        let (first, last) = (from.nanos() / step, to.nanos() / step);
        let at = |interval: u64| SimTime::from_nanos(interval * step);
        self.enter_interval(first);
        piece(self, from, to.min(at(first + 1)), false);
        if last > first {
            self.enter_interval(last);
            piece(self, at(last), to, false);
            piece(self, at(first + 1), at(last), true);
        }
    }

    /// Records the number of bad intervals among whole ones.
    fn end(&mut self, from: SimTime, to: SimTime, bad: f64) {
        self.tally.bad_intervals += bad;
        self.note(from, to, bad);
    }

    /// Records the same for all classes together.
    fn note(&mut self, from: SimTime, to: SimTime, bad: f64) {
        let (from, to) = (from.nanos() / INTERVAL.nanos(), to.nanos() / INTERVAL.nanos());
        if bad > 0.0 && from < to {
            self.ended.push(Bad { from, to, probability: bad / (to - from) as f64 });
        }
    }

    /// Makes this the present interval and ends the one before.
    pub(super) fn enter_interval(&mut self, interval: u64) {
        if interval != self.interval {
            self.end_interval();
            self.interval = interval;
        }
    }

    pub(super) fn end_interval(&mut self) {
        let lost = std::mem::take(&mut self.interval_lost);
        let risk = std::mem::take(&mut self.interval_risk);
        let broken = lost >= BAD * INTERVAL.nanos() as f64;
        let bad = if broken { 1.0 } else { risk / INTERVAL.nanos() as f64 };
        let from = SimTime::from_nanos(self.interval * INTERVAL.nanos());
        self.end(from, from + INTERVAL, bad);
    }

    /// Ends the last interval. Late views that still wait count as served.
    pub(super) fn close(&mut self) {
        self.end_interval();
        self.tally.late += self.overdue * self.waiting;
    }

    pub(super) fn lose(&mut self, cause: usize, views: f64) {
        self.tally.lost[cause] += views;
        self.month_lost += views;
    }

    /// Records views that the present failures lose.
    pub(super) fn lose_to_failures(&mut self, views: f64) {
        if self.blamed.is_empty() {
            return self.lose(self.cause as usize, views);
        }
        for one in &self.blamed {
            self.tally.lost[one.cause as usize] += views * one.share;
        }
        self.month_lost += views;
    }

    pub(super) fn stay_away(&mut self, views: f64) {
        self.tally.never_born += views;
        self.month_lost += views;
    }
}

/// Returns the end of the 5-minute interval of an instant.
pub(super) fn interval_end(at: SimTime) -> SimTime {
    SimTime::from_nanos((at.nanos() / INTERVAL.nanos() + 1) * INTERVAL.nanos())
}
