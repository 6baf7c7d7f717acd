//! The zero-delay lane: hand-overs within one instant, first in, first out.
//!
//! Model: immediate consequences of an event (a request handed to the next component,
//! a fact that changes another) go through this lane, which is drained before the next event leaves
//! the calendar. So an instant is finished before time moves, in first-in, first-out order.
//!
//! Holds: at most [`Lane::LIMIT`] calendar events and hand-overs at one instant; beyond it the
//! model is taken to be in an endless loop, and the lane returns [`NoProgress`].

use std::error::Error;
use std::fmt;

use crate::units::SimTime;

/// Error: simulated time is stalled, with too many events at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoProgress {
    /// The instant.
    pub at: SimTime,
    /// Events and hand-overs at that instant when the limit was reached.
    pub events: u32,
}

impl fmt::Display for NoProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no progress in simulated time at {}: {} events at one instant",
            self.at, self.events
        )
    }
}

impl Error for NoProgress {}

/// Pending hand-overs of the present instant.
#[derive(Clone, Debug)]
pub struct Lane<T: Copy> {
    items: Vec<T>,
    /// Index of the first of `items` not taken yet.
    head: usize,
    at: SimTime,
    /// Calendar events and hand-overs at `at` so far.
    events: u32,
}

impl<T: Copy> Default for Lane<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy> Lane<T> {
    /// Events and hand-overs allowed at one instant.
    pub const LIMIT: u32 = 1_000_000;

    /// Creates an empty lane at the start of time.
    #[must_use]
    pub fn new() -> Self {
        Self { items: Vec::new(), head: 0, at: SimTime::ZERO, events: 0 }
    }

    /// Counts an event that left the calendar at `at`; the count restarts when time moves.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] if the limit for this instant is exceeded.
    #[inline]
    pub fn enter(&mut self, at: SimTime) -> Result<(), NoProgress> {
        if at != self.at {
            self.at = at;
            self.events = 1;
            return Ok(());
        }
        self.count()
    }

    /// Hands `item` over: it is taken after all earlier hand-overs.
    #[inline]
    pub fn push(&mut self, item: T) {
        self.items.push(item);
    }

    /// Takes the oldest hand-over; `None` if the instant is finished.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] if the limit for this instant is exceeded.
    #[inline]
    pub fn pop(&mut self) -> Result<Option<T>, NoProgress> {
        let Some(item) = self.items.get(self.head) else {
            self.items.clear();
            self.head = 0;
            return Ok(None);
        };
        let item = *item;
        self.head += 1;
        self.count()?;
        Ok(Some(item))
    }

    /// Takes the oldest hand-over if it is `wanted`, and counts it as popped; returns true if so. At the limit
    /// it stays for [`Self::pop`] to report.
    #[inline]
    pub fn take(&mut self, wanted: impl FnOnce(&T) -> bool) -> bool {
        let is = self.events < Self::LIMIT && self.items.get(self.head).is_some_and(wanted);
        if is {
            self.events += 1;
            self.head += 1;
            if self.head == self.items.len() {
                self.items.clear();
                self.head = 0;
            }
        }
        is
    }

    /// Takes the only hand-over, and counts it as popped; `None` unless there is exactly one. At the limit
    /// it stays for [`Self::pop`] to report.
    #[inline]
    pub fn take_only(&mut self) -> Option<T> {
        if self.items.len() != 1 || self.head > 0 || self.events == Self::LIMIT {
            return None;
        }
        self.events += 1;
        self.items.pop()
    }

    /// Drops all hand-overs and restarts the count at `at`.
    pub fn reset(&mut self, at: SimTime) {
        self.items.clear();
        self.head = 0;
        self.at = at;
        self.events = 0;
    }

    /// Returns the number of hand-overs not taken yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len() - self.head
    }

    /// Returns true if the instant is finished.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head == self.items.len()
    }

    #[inline]
    fn count(&mut self) -> Result<(), NoProgress> {
        if self.events == Self::LIMIT {
            return Err(NoProgress { at: self.at, events: self.events });
        }
        self.events += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_overs_come_out_in_the_order_they_went_in() {
        let mut lane = Lane::new();
        lane.push(1);
        lane.push(2);
        assert_eq!(lane.pop(), Ok(Some(1)));
        lane.push(3);
        assert_eq!(lane.len(), 2);
        assert_eq!(lane.pop(), Ok(Some(2)));
        assert_eq!(lane.pop(), Ok(Some(3)));
        assert_eq!(lane.pop(), Ok(None));
        assert!(lane.is_empty());
    }

    #[test]
    fn only_the_oldest_hand_over_is_taken_and_only_if_it_is_the_one_wanted() {
        let mut lane = Lane::new();
        assert!(!lane.take(|_| true));
        lane.push(1);
        lane.push(2);
        assert!(!lane.take(|item| *item == 2));
        assert!(lane.take(|item| *item == 1));
        assert_eq!(lane.len(), 1);
        assert!(lane.take(|item| *item == 2));
        assert!(lane.is_empty());
        assert_eq!(lane.pop(), Ok(None));
    }

    #[test]
    fn what_is_taken_counts_and_the_last_one_allowed_is_left_to_report() {
        let mut lane = Lane::new();
        lane.enter(SimTime::from_nanos(3)).unwrap();
        for _ in 1..Lane::<()>::LIMIT {
            lane.push(());
            assert!(lane.take(|()| true));
        }
        lane.push(());
        assert!(!lane.take(|()| true));
        assert!(lane.pop().is_err());
    }

    #[test]
    fn what_lies_alone_in_the_lane_is_taken_and_counts_as_if_popped() {
        let mut lane = Lane::new();
        lane.enter(SimTime::from_nanos(3)).unwrap();
        assert_eq!(lane.take_only(), None);
        lane.push(0);
        lane.push(1);
        assert_eq!(lane.take_only(), None, "two of them");
        assert_eq!(lane.pop(), Ok(Some(0)));
        assert_eq!(lane.take_only(), None, "what is half popped is popped to its end");
        assert_eq!((lane.pop(), lane.pop()), (Ok(Some(1)), Ok(None)));
        for number in 3..Lane::<u32>::LIMIT {
            lane.push(number);
            assert_eq!(lane.take_only(), Some(number));
        }
        lane.push(0);
        assert_eq!(lane.take_only(), None);
        assert!(lane.pop().is_err());
    }

    /// Promise B4 of the limits: a model in an endless loop is stopped at 10⁶ events per instant.
    #[test]
    fn a_circle_of_hand_overs_is_an_error_and_not_a_hang() {
        let mut lane = Lane::new();
        let at = SimTime::from_nanos(7);
        lane.enter(at).unwrap();
        lane.push(());
        let mut taken = 0;
        let error = loop {
            match lane.pop() {
                Ok(Some(())) => {
                    taken += 1;
                    lane.push(());
                }
                Ok(None) => panic!("the lane was never empty"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, NoProgress { at, events: 1_000_000 });
        assert_eq!(taken, 999_999, "the calendar's own event counts as well");
        assert_eq!(
            error.to_string(),
            "no progress in simulated time at 7ns: 1000000 events at one instant"
        );
    }

    #[test]
    fn a_circle_through_the_calendar_is_found_too_and_moving_time_forgives() {
        let mut lane = Lane::<()>::new();
        for _ in 0..Lane::<()>::LIMIT {
            assert_eq!(lane.enter(SimTime::from_nanos(1)), Ok(()));
        }
        assert!(lane.enter(SimTime::from_nanos(1)).is_err());
        assert_eq!(lane.enter(SimTime::from_nanos(2)), Ok(()));
        lane.reset(SimTime::from_nanos(2));
        for _ in 0..Lane::<()>::LIMIT {
            assert_eq!(lane.enter(SimTime::from_nanos(2)), Ok(()));
        }
    }
}
