//! Little's law as an identity of the sample path.
//!
//! Model: over a window [from, to), ∫ N(t) dt equals the sum of each request's time inside the
//! window, for any arrivals and any discipline, without steady state and without a limit. The two
//! sides are kept by separate paths: one counts how many are inside as they come and go, the other
//! clips the stay of each request that leaves (or is still there at the end) to the window.
//!
//! Takes arrivals and departures, also from before and after the window; gives L, λ and W of the
//! window, or the breach. Holds: equality in whole nanoseconds, no tolerance.
//!
//! Sources: Little (1961); Stidham (1974); Kim and Whitt (2013) for finite windows.

use std::fmt;

use super::integral::WindowIntegral;
use crate::units::SimTime;

/// Both sides of Little's law over a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Little {
    in_system: WindowIntegral,
    /// Σ of the clipped stays of those that have left, in ns.
    stays: u128,
    arrivals: u64,
    departures: u64,
}

/// What a window says of a place: whole numbers, so that they can be merged and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stays {
    /// ∫ N(t) dt = Σ stays inside the window, request × ns.
    pub request_nanos: u128,
    /// Arrivals inside the window.
    pub arrivals: u64,
    /// Departures inside the window.
    pub departures: u64,
    /// Inside when the books were closed.
    pub still_inside: u64,
    /// Length of the window in ns.
    pub window_nanos: u64,
}

impl Stays {
    /// L, the time average of the number inside; `None` for an empty window.
    #[must_use]
    pub fn mean_in_system(&self) -> Option<f64> {
        (self.window_nanos > 0).then(|| self.request_nanos as f64 / self.window_nanos as f64)
    }

    /// λ, arrivals a second; `None` for an empty window.
    #[must_use]
    pub fn arrival_rate_per_s(&self) -> Option<f64> {
        (self.window_nanos > 0).then(|| self.arrivals as f64 * 1e9 / self.window_nanos as f64)
    }

    /// W = L/λ in seconds: the mean stay when the window starts and ends empty; `None` without an
    /// arrival.
    #[must_use]
    pub fn mean_stay_s(&self) -> Option<f64> {
        (self.arrivals > 0).then(|| self.request_nanos as f64 / (self.arrivals as f64 * 1e9))
    }
}

/// The two sides differ: a request was counted and not booked, or the reverse. A mistake of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LittleBreach {
    /// ∫ N(t) dt over the window, request × ns.
    pub by_number: u128,
    /// Σ of the stays inside the window, ns.
    pub by_stay: u128,
    /// How many are inside by the count of arrivals and departures.
    pub inside_by_number: u64,
    /// How many the caller found inside.
    pub inside_found: u64,
}

impl fmt::Display for LittleBreach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Little's law: {} request-ns by number, {} by stay; {} inside by number, {} found",
            self.by_number, self.by_stay, self.inside_by_number, self.inside_found
        )
    }
}

impl std::error::Error for LittleBreach {}

impl Little {
    /// Over the window [`from`, `to`), empty at first.
    #[must_use]
    pub fn new(from: SimTime, to: SimTime) -> Self {
        let in_system = WindowIntegral::new(from, to);
        Self { in_system, stays: 0, arrivals: 0, departures: 0 }
    }

    fn is_inside(&self, at: SimTime) -> bool {
        self.in_system.from() <= at && at < self.in_system.to()
    }

    /// A request enters at `at`.
    ///
    /// # Panics
    ///
    /// When `at` is before the last arrival or departure.
    #[inline]
    pub fn arrive(&mut self, at: SimTime) {
        self.in_system.add(at, 1);
        self.arrivals += u64::from(self.is_inside(at));
    }

    /// The request that entered at `arrived` leaves at `at`.
    ///
    /// # Panics
    ///
    /// When `at` is before the last arrival or departure, or more leave than came.
    #[inline]
    pub fn depart(&mut self, arrived: SimTime, at: SimTime) {
        self.in_system.add(at, -1);
        self.stays += self.clipped_stay(arrived, at);
        self.departures += u64::from(self.is_inside(at));
    }

    fn clipped_stay(&self, arrived: SimTime, left: SimTime) -> u128 {
        u128::from((self.in_system.clip(left) - self.in_system.clip(arrived)).nanos())
    }

    /// Closes the books: `still_inside` gives the arrival instant of every request that is inside
    /// now, counted from the requests themselves.
    ///
    /// # Errors
    ///
    /// The [`LittleBreach`] when the two paths differ in anything.
    pub fn close(
        &self,
        still_inside: impl IntoIterator<Item = SimTime>,
    ) -> Result<Stays, LittleBreach> {
        let end = self.in_system.to();
        let (mut by_stay, mut inside_found) = (self.stays, 0);
        for arrived in still_inside {
            by_stay += self.clipped_stay(arrived, end);
            inside_found += 1;
        }
        let by_number = self.in_system.total();
        let inside_by_number = self.in_system.value();
        if by_number != by_stay || inside_by_number != inside_found {
            return Err(LittleBreach { by_number, by_stay, inside_by_number, inside_found });
        }
        Ok(Stays {
            request_nanos: by_number,
            arrivals: self.arrivals,
            departures: self.departures,
            still_inside: inside_found,
            window_nanos: (end - self.in_system.from()).nanos(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    /// Plays stays (arrival, length) in time order; gives the books and who is still inside at
    /// `end`.
    fn play(stays: &[(u64, u64)], window: (u64, u64), end: u64) -> (Little, Vec<SimTime>) {
        let mut little = Little::new(at(window.0), at(window.1));
        let mut moves: Vec<(u64, bool, u64)> = Vec::new();
        let mut inside = Vec::new();
        for &(arrival, length) in stays {
            moves.push((arrival, false, arrival));
            if arrival + length <= end {
                moves.push((arrival + length, true, arrival));
            } else {
                inside.push(at(arrival));
            }
        }
        moves.sort_unstable();
        for (now, leaves, arrival) in moves {
            if leaves {
                little.depart(at(arrival), at(now));
            } else {
                little.arrive(at(now));
            }
        }
        (little, inside)
    }

    /// O46 (littles_law_relative_gap): a run that starts and ends empty has L = λ W exactly.
    #[test]
    fn a_run_that_starts_and_ends_empty_obeys_littles_law() {
        // Stays of 4, 6 and 2 ns in a window of 20 ns.
        let (little, inside) = play(&[(2, 4), (3, 6), (15, 2)], (0, 20), 20);
        let stays = little.close(inside).unwrap();
        assert_eq!((stays.request_nanos, stays.arrivals, stays.departures), (12, 3, 3));
        assert_eq!(stays.mean_in_system(), Some(0.6));
        assert_eq!(stays.mean_stay_s(), Some(4e-9));
        let product = stays.arrival_rate_per_s().unwrap() * stays.mean_stay_s().unwrap();
        assert!((product - 0.6).abs() < 1e-15);
    }

    /// C6: a request that is forgotten, or booked with the wrong arrival, is found.
    #[test]
    fn a_forgotten_request_breaks_littles_law() {
        let (little, inside) = play(&[(2, 4), (3, 60)], (0, 20), 20);
        assert_eq!(inside, [at(3)]);
        assert!(little.close(inside).is_ok());
        let breach = little.close([]).unwrap_err();
        assert_eq!((breach.by_number, breach.by_stay), (21, 4));
        assert_eq!((breach.inside_by_number, breach.inside_found), (1, 0));
        let wrong = little.close([at(4)]).unwrap_err();
        assert_eq!((wrong.by_number, wrong.by_stay), (21, 20));
    }

    proptest! {
        /// C6: on any arrivals and stays, over any window, also with requests inside at either
        /// end, the two paths agree to the nanosecond and with the sum written out.
        #[test]
        fn both_sides_of_littles_law_agree_to_the_nanosecond(
            stays in prop::collection::vec((0..1_000_u64, 0..400_u64), 0..60),
            from in 0..1_000_u64,
            length in 0..1_000_u64,
            more in 0..500_u64,
        ) {
            let to = from + length;
            let end = to.max(1_000) + more;
            let (little, inside) = play(&stays, (from, to), end);
            let count = inside.len() as u64;
            let found = little.close(inside).unwrap();
            let written_out: u64 = stays
                .iter()
                .map(|&(arrival, stay)| (arrival + stay).min(to).saturating_sub(arrival.max(from)))
                .sum();
            prop_assert_eq!(found.request_nanos, u128::from(written_out));
            prop_assert_eq!(found.still_inside, count);
            let came = stays.iter().filter(|(arrival, _)| (from..to).contains(arrival)).count();
            prop_assert_eq!(found.arrivals, came as u64);
        }
    }
}
