//! Hours of the week in which something is open.
//!
//! Model: intervals of one week, repeated for ever. An instant that begins an interval is in it, one that ends it is not.
//!
//! In: intervals of a week that begins at time zero. Out: whether an instant is in one, the next change, the time open
//! between two instants. Holds: intervals that overlap or touch count once; all arithmetic is in integers.
//! Leaves out: holidays, daylight saving time.

use crate::units::{SimDuration, SimTime};

/// Length of a week, in nanoseconds.
const WEEK: u64 = 7 * SimDuration::DAY.nanos();

/// Hours of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Starts and ends in nanoseconds since the start of the week, in order, disjoint; all but the last end by the end
    /// of the week, and the last may end in the next.
    open: Vec<(u64, u64)>,
}

impl Hours {
    /// Returns the hours that consist of these intervals, each by its start after time zero and its length.
    ///
    /// `None` if they leave no time closed, or are empty.
    #[must_use]
    pub fn new(intervals: &[(SimDuration, SimDuration)]) -> Option<Self> {
        if intervals.iter().any(|(_, length)| length.nanos() >= WEEK) {
            return None;
        }
        let mut flat: Vec<(u64, u64)> = Vec::new();
        for (start, length) in intervals.iter().filter(|(_, length)| !length.is_zero()) {
            let start = start.nanos() % WEEK;
            let end = start + length.nanos();
            flat.push((start, end.min(WEEK)));
            if end > WEEK {
                flat.push((0, end - WEEK));
            }
        }
        flat.sort_unstable();
        let mut open: Vec<(u64, u64)> = Vec::new();
        for (start, end) in flat {
            match open.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => open.push((start, end)),
            }
        }
        let (first, last) = (*open.first()?, *open.last()?);
        if open.len() == 1 && last.1 - first.0 == WEEK {
            return None;
        }
        // What ends with the week and goes on in the next is one interval.
        if open.len() > 1 && first.0 == 0 && last.1 == WEEK {
            open.remove(0);
            let place = open.len() - 1;
            open[place].1 += first.1;
        }
        Some(Self { open })
    }

    /// Returns true if `at` is in one of the hours.
    #[must_use]
    pub fn is_open(&self, at: SimTime) -> bool {
        let at = at.nanos() % WEEK;
        self.open.iter().any(|(start, end)| {
            (*start <= at && at < *end) || (*start <= at + WEEK && at + WEEK < *end)
        })
    }

    /// Returns the first instant after `now` at which they begin or end.
    ///
    /// # Panics
    ///
    /// If time has run out.
    #[must_use]
    pub fn next_change(&self, now: SimTime) -> SimTime {
        let at = now.nanos() % WEEK;
        let after = |edge: u64| {
            let left = (edge % WEEK + WEEK - at) % WEEK;
            if left == 0 { WEEK } else { left }
        };
        let edges = self.open.iter().flat_map(|(start, end)| [after(*start), after(*end)]);
        let next = edges.min().expect("there is an interval");
        now + SimDuration::from_nanos(next)
    }

    /// Returns the intervals, each by its start in the week, which begins at time zero, and its length; in order.
    pub fn intervals(&self) -> impl Iterator<Item = (SimDuration, SimDuration)> + '_ {
        let interval = |(start, end): &(u64, u64)| {
            (SimDuration::from_nanos(*start), SimDuration::from_nanos(end - start))
        };
        self.open.iter().map(interval)
    }

    /// Returns the time open per week.
    #[must_use]
    pub fn per_week(&self) -> SimDuration {
        SimDuration::from_nanos(self.open.iter().map(|(start, end)| end - start).sum())
    }

    /// Returns the share of the week that is open, above 0 and below 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.per_week().nanos() as f64 / WEEK as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn h(hours: u64) -> SimDuration {
        SimDuration::HOUR.saturating_mul(hours)
    }

    fn at(hours: u64) -> SimTime {
        SimTime::ZERO + h(hours)
    }

    /// 19:00 to 08:00 on each day of a week that begins on Monday at midnight.
    fn nights() -> Hours {
        let all: Vec<_> = (0..7).map(|day| (h(24 * day + 19), h(13))).collect();
        Hours::new(&all).unwrap()
    }

    #[test]
    fn a_night_goes_on_past_midnight_and_past_the_end_of_the_week() {
        let nights = nights();
        assert!(nights.is_open(at(0)) && nights.is_open(at(7)) && !nights.is_open(at(8)));
        assert!(!nights.is_open(at(18)) && nights.is_open(at(19)));
        assert!(nights.is_open(at(6 * 24 + 23)) && nights.is_open(at(7 * 24)));
        assert_eq!(nights.next_change(at(0)), at(8));
        assert_eq!(nights.next_change(at(8)), at(19));
        assert_eq!(nights.next_change(at(6 * 24 + 19)), at(7 * 24 + 8));
        assert_eq!(nights.per_week(), h(7 * 13));
    }

    #[test]
    fn nights_and_a_weekend_that_touch_are_one_interval() {
        let mut all: Vec<_> = (0..5).map(|day| (h(24 * day + 19), h(13))).collect();
        all.push((h(4 * 24 + 19), h(61)));
        let hours = Hours::new(&all).unwrap();
        assert_eq!(hours.next_change(at(4 * 24 + 19)), at(7 * 24 + 8));
        assert_eq!(hours.per_week(), h(4 * 13 + 61));
    }

    #[test]
    fn hours_that_never_close_are_none() {
        let days: Vec<_> = (0..7).map(|day| (h(24 * day + 5), h(24))).collect();
        assert_eq!(Hours::new(&days), None);
        assert_eq!(Hours::new(&[(h(3), h(168))]), None);
        assert_eq!(Hours::new(&[]), None);
    }

    proptest! {
        /// Minute by minute the hours are those of their intervals, and each change is one.
        #[test]
        fn hours_are_open_where_an_interval_is(
            all in prop::collection::vec((0_u64..168, 1_u64..40), 1..6), from in 0_u64..400,
        ) {
            let spans: Vec<_> = all.iter().map(|(start, length)| (h(*start), h(*length))).collect();
            let inside = |hour: u64| all.iter().any(|(start, length)| (hour + 168 - start) % 168 < *length);
            let open: u64 = (0..168).map(|hour| u64::from(inside(hour))).sum();
            let Some(hours) = Hours::new(&spans) else {
                prop_assert_eq!(open, 168);
                return Ok(());
            };
            prop_assert_eq!(hours.per_week(), h(open));
            for hour in 0..200 {
                prop_assert_eq!(hours.is_open(at(hour)), inside(hour % 168));
            }
            let next = hours.next_change(at(from));
            prop_assert!(next > at(from));
            let next = (next.nanos() - SimTime::ZERO.nanos()) / SimDuration::HOUR.nanos();
            for hour in from..next {
                prop_assert_eq!(inside(hour % 168), inside(from % 168));
            }
            prop_assert_ne!(inside(next % 168), inside(from % 168));
        }
    }
}
