//! One class in one history: what was lost, month by month, and in which intervals that were many.
//!
//! An interval is bad by what is broken when that takes [`BAD`] of its views; else with the chance that there
//! is too much in it. Holds: stretches of time come in their order, and each tells of one of the two.

use super::together::Bad;
use super::{BAD, ClassTally, HOUR_NS, INTERVAL};
use crate::units::SimTime;

/// One class in one history.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) tally: ClassTally,
    /// Views that wait.
    pub(super) waiting: f64,
    /// The wait no longer changes.
    pub(super) settled: bool,
    /// First cause of what fails now.
    pub(super) cause: u32,
    pub(super) month_intended: f64,
    pub(super) month_lost: f64,
    /// Number of the present interval; share lost times nanoseconds in it, and nanoseconds in which
    /// many are lost to overload, in the mean over the noise.
    interval: u64,
    interval_lost: f64,
    interval_risk: f64,
    /// Intervals that are over and of which some were bad, since they were last taken.
    pub(super) ended: Vec<Bad>,
}

impl Row {
    /// Nothing lost yet, to so many causes.
    pub(super) fn of(causes: usize) -> Self {
        let tally = ClassTally { lost: vec![0.0; causes], ..ClassTally::default() };
        Self { tally, ..Self::default() }
    }

    /// A share of the views is lost over a stretch of time.
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

    /// Overload loses many in so many nanoseconds of each part of a stretch of time. Where that is held
    /// against what other classes have in the same stretch, it is told hour by hour; `hours` is then the time of the
    /// week at time zero.
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
                // Hours of the week, in whole intervals.
                let hour = ((at.nanos() + zero) / HOUR_NS + 1) * HOUR_NS - zero;
                let hour = SimTime::from_nanos(hour.next_multiple_of(INTERVAL.nanos()));
                let until = to.min(hour);
                row.note(at, until, bad(at, until));
                at = until;
            }
        });
    }

    /// The pieces of a stretch of time in the intervals in which it begins and ends, each while that is the
    /// present one; then the whole intervals between them, if it ends in another.
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

    /// So many are bad of whole intervals.
    fn end(&mut self, from: SimTime, to: SimTime, bad: f64) {
        self.tally.bad_intervals += bad;
        self.note(from, to, bad);
    }

    /// The same, for all classes together.
    fn note(&mut self, from: SimTime, to: SimTime, bad: f64) {
        let (from, to) = (from.nanos() / INTERVAL.nanos(), to.nanos() / INTERVAL.nanos());
        if bad > 0.0 && from < to {
            self.ended.push(Bad { from, to, chance: bad / (to - from) as f64 });
        }
    }

    /// This is the present interval; the one before is over.
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

    pub(super) fn lose(&mut self, cause: usize, views: f64) {
        self.tally.lost[cause] += views;
        self.month_lost += views;
    }

    pub(super) fn stay_away(&mut self, views: f64) {
        self.tally.never_born += views;
        self.month_lost += views;
    }
}
