//! Figures on a fixed grid of time: counts and integrals per bucket.
//!
//! Model: equal buckets [start + i × width, start + (i + 1) × width), five minutes unless said. An
//! event belongs to the bucket of its instant; an integral is split exactly at every edge it
//! crosses. Takes instants that rise (integrals) or any after the start (counts); gives rows.
//!
//! Holds: Σ rows = the whole, in whole numbers; at most `row_limit` rows: when a longer run would
//! need more, neighbours are merged and the width doubles, which [`Grid::width`] then tells.
//! Leaves out: the finer grid around faults (a second series with its own start and width).

use super::integral::area;
use crate::units::{SimDuration, SimTime};

/// Width of a bucket unless said otherwise.
pub const FIVE_MINUTES: SimDuration = SimDuration::from_secs(300);
/// Rows of a series unless said otherwise: a year of five minutes, and some.
pub const DEFAULT_ROW_LIMIT: usize = 1 << 17;

/// Equal buckets of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    start: SimTime,
    width: SimDuration,
    row_limit: usize,
}

impl Grid {
    /// Buckets of `width` from `start` on, at most `row_limit` of them; a width of zero is taken as
    /// one nanosecond, a limit below two as two.
    #[must_use]
    pub fn new(start: SimTime, width: SimDuration, row_limit: usize) -> Self {
        let width = width.max(SimDuration::from_nanos(1));
        Self { start, width, row_limit: row_limit.max(2) }
    }

    /// Five-minute buckets from `start` on.
    #[must_use]
    pub fn five_minutes(start: SimTime) -> Self {
        Self::new(start, FIVE_MINUTES, DEFAULT_ROW_LIMIT)
    }

    /// Width of a bucket.
    #[must_use]
    pub const fn width(&self) -> SimDuration {
        self.width
    }

    /// Start of bucket `row`.
    #[must_use]
    pub fn start_of(&self, row: usize) -> SimTime {
        let nanos = u128::from(self.start.nanos()) + row as u128 * u128::from(self.width.nanos());
        SimTime::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The bucket that holds `at`; instants before the start belong to the first.
    #[inline]
    fn row_of(&self, at: SimTime) -> u64 {
        at.since(self.start).nanos() / self.width.nanos()
    }

    /// Doubles the width, merging neighbours, until `at` lies within the limit; returns its row.
    fn fit<T: Copy + std::ops::Add<Output = T>>(
        &mut self,
        rows: &mut Vec<T>,
        at: SimTime,
    ) -> usize {
        while self.row_of(at) >= self.row_limit as u64 {
            self.width = self.width.saturating_mul(2);
            let pairs = rows.len().div_ceil(2);
            for pair in 0..pairs {
                let second = rows.get(2 * pair + 1).copied();
                let first = rows[2 * pair];
                rows[pair] = second.map_or(first, |second| first + second);
            }
            rows.truncate(pairs);
        }
        self.row_of(at) as usize
    }
}

/// Events per bucket.
#[derive(Clone, Debug)]
pub struct CountSeries {
    grid: Grid,
    rows: Vec<u64>,
    /// The bucket counted in last and its start: mostly the next one, too.
    recent_row: usize,
    recent_start: SimTime,
}

impl CountSeries {
    /// No event yet.
    #[must_use]
    pub const fn new(grid: Grid) -> Self {
        Self { grid, rows: Vec::new(), recent_row: 0, recent_start: grid.start }
    }

    /// Counts `n` events at `at`; need not come in order. An instant before the start counts in
    /// the first bucket.
    #[inline]
    pub fn add(&mut self, at: SimTime, n: u64) {
        let is_recent = self.recent_start <= at && at.since(self.recent_start) < self.grid.width;
        match self.rows.get_mut(self.recent_row) {
            Some(count) if is_recent => *count += n,
            _ => self.add_elsewhere(at, n),
        }
    }

    fn add_elsewhere(&mut self, at: SimTime, n: u64) {
        let row = self.grid.fit(&mut self.rows, at);
        if row >= self.rows.len() {
            self.rows.resize(row + 1, 0);
        }
        self.rows[row] += n;
        (self.recent_row, self.recent_start) = (row, self.grid.start_of(row));
    }

    /// The grid, with the width in use now.
    #[must_use]
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Counts by bucket, up to the last that holds an event.
    #[must_use]
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }
}

/// The time integral of a whole number, bucket by bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegralSeries {
    grid: Grid,
    /// Sums of the buckets closed so far, value × ns.
    rows: Vec<u128>,
    /// Sum of the open bucket up to `since`.
    open: u128,
    since: SimTime,
    /// End of the open bucket.
    edge: SimTime,
    value: u64,
}

impl IntegralSeries {
    /// Zero from the start of the grid on.
    #[must_use]
    pub fn new(grid: Grid) -> Self {
        let edge = grid.start_of(1);
        Self { grid, rows: Vec::new(), open: 0, since: grid.start, edge, value: 0 }
    }

    /// The value is `value` from `at` on.
    ///
    /// # Panics
    ///
    /// When `at` is before the last change.
    #[inline]
    pub fn set(&mut self, at: SimTime, value: u64) {
        self.advance(at);
        self.value = value;
    }

    /// The value changes by `change` at `at`.
    ///
    /// # Panics
    ///
    /// When `at` is before the last change, or the value would be negative.
    #[inline]
    pub fn add(&mut self, at: SimTime, change: i64) {
        let value = self.value.checked_add_signed(change);
        self.set(at, value.expect("no more is given back than was taken"));
    }

    /// Books the current value up to `at`.
    ///
    /// # Panics
    ///
    /// When `at` is before the last change.
    #[inline]
    pub fn advance(&mut self, at: SimTime) {
        if at >= self.edge {
            self.cross(at);
        }
        self.open += area(self.value, self.since, at);
        self.since = at;
    }

    /// Closes every bucket that ends at or before `at`.
    #[cold]
    fn cross(&mut self, at: SimTime) {
        // The open bucket joins the rows, so that thinning treats it like the others.
        self.rows.push(self.open);
        let target = self.grid.fit(&mut self.rows, at);
        self.open = self.rows.pop().expect("the open bucket was pushed above");
        while self.rows.len() < target {
            let edge = self.grid.start_of(self.rows.len() + 1);
            self.rows.push(self.open + area(self.value, self.since, edge));
            (self.open, self.since) = (0, edge);
        }
        self.edge = self.grid.start_of(target + 1);
    }

    /// The value now.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.value
    }

    /// The grid, with the width in use now.
    #[must_use]
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Sums by bucket in value × ns up to `end`, the value taken to last until then; the last
    /// bucket may be partly filled, one of no length is left out.
    ///
    /// # Panics
    ///
    /// When `end` is before the last change.
    #[must_use]
    pub fn finish(mut self, end: SimTime) -> (Grid, Vec<u128>) {
        self.advance(end);
        if self.since > self.grid.start_of(self.rows.len()) {
            self.rows.push(self.open);
        }
        (self.grid, self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::integral::Integral;
    use proptest::prelude::*;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    fn grid(start: u64, width: u64, limit: usize) -> Grid {
        Grid::new(at(start), SimDuration::from_nanos(width), limit)
    }

    /// C4: what crosses an edge is split there: 3 from 8 to 23 on buckets of 10.
    #[test]
    fn an_integral_is_split_at_the_edge() {
        let mut series = IntegralSeries::new(grid(0, 10, 100));
        series.set(at(8), 3);
        series.set(at(23), 0);
        assert_eq!(series.clone().finish(at(30)).1, [6, 30, 9]);
        assert_eq!(series.finish(at(31)).1, [6, 30, 9, 0]);
    }

    /// B6: rows stay within their limit; the grid gets coarser, says so, and loses nothing.
    #[test]
    fn a_long_run_is_thinned_on_a_stated_grid() {
        let mut busy = IntegralSeries::new(grid(0, 10, 4));
        let mut counts = CountSeries::new(grid(0, 10, 4));
        busy.set(at(5), 2);
        for now in [3, 9, 12, 39] {
            counts.add(at(now), 1);
        }
        assert_eq!(counts.rows(), [2, 1, 0, 1]);
        counts.add(at(95), 1);
        assert_eq!((counts.grid().width().nanos(), counts.rows()), (40, [4, 0, 1].as_slice()));
        let (wide, rows) = busy.finish(at(95));
        assert_eq!((wide.width().nanos(), rows.as_slice()), (40, [70, 80, 30].as_slice()));
        assert_eq!(wide.start_of(2), at(80));
        let mut century = IntegralSeries::new(Grid::five_minutes(SimTime::ZERO));
        century.set(SimTime::ZERO, 1);
        let end = SimTime::ZERO + SimDuration::YEAR.saturating_mul(100);
        let (_, rows) = century.finish(end);
        assert!(rows.len() <= DEFAULT_ROW_LIMIT);
        assert_eq!(rows.iter().sum::<u128>(), u128::from(end.nanos()));
    }

    proptest! {
        /// C4, B6: every row equals the difference of the running integral at its edges, whatever
        /// the grid, thinned or not.
        #[test]
        fn rows_are_differences_of_the_integral_at_the_edges(
            steps in prop::collection::vec((0..60_u64, 0..7_u64), 0..40),
            start in 0..30_u64,
            width in 1..40_u64,
            limit in 2..12_usize,
            rest in 0..200_u64,
        ) {
            let mut series = IntegralSeries::new(grid(start, width, limit));
            let mut changes = vec![(start, 0)];
            let mut now = start;
            for (wait, value) in steps {
                now += wait;
                series.set(at(now), value);
                changes.push((now, value));
            }
            let end = now + rest;
            let (grid, rows) = series.finish(at(end));
            let upto = |limit: SimTime| {
                let mut running = Integral::new(at(start));
                for &(now, value) in changes.iter().take_while(|(now, _)| at(*now) <= limit) {
                    running.set(at(now), value);
                }
                running.upto(limit)
            };
            prop_assert!(rows.len() <= limit);
            for (row, &sum) in rows.iter().enumerate() {
                let edge = grid.start_of(row + 1).min(at(end));
                prop_assert_eq!(sum, upto(edge) - upto(grid.start_of(row)));
            }
            prop_assert_eq!(rows.iter().sum::<u128>(), upto(at(end)));
        }

        /// B6: counts land in the bucket of their instant, in whatever order they come.
        #[test]
        fn counts_do_not_depend_on_their_order(
            mut instants in prop::collection::vec(0..2_000_u64, 0..60),
            width in 1..50_u64,
            limit in 2..20_usize,
        ) {
            let count = |instants: &[u64]| {
                let mut series = CountSeries::new(grid(0, width, limit));
                instants.iter().for_each(|&now| series.add(at(now), 1));
                series
            };
            let given = count(&instants);
            instants.sort_unstable();
            prop_assert_eq!(count(&instants).rows, given.rows.clone());
            instants.reverse();
            prop_assert_eq!(count(&instants).rows, given.rows.clone());
            let width = given.grid().width().nanos();
            for (row, &found) in given.rows().iter().enumerate() {
                let here = instants.iter().filter(|&&now| now / width == row as u64).count();
                prop_assert_eq!(found, here as u64);
            }
            prop_assert!(given.rows().len() <= limit);
        }
    }
}
