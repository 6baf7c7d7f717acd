//! Time spent in cells, by hour of the week.
//!
//! Holds: sums of whole nanoseconds, the same in any order.

use super::HOUR_S;
use crate::convert::index;
use crate::plan::fluid::{HOUR_NS, HOURS};

/// Time, by hour of the week.
#[derive(Clone, Debug)]
pub(super) struct Spent {
    /// Whole hours begun minus those ended; and weeks.
    begun: [i32; HOURS],
    weeks: u64,
    /// Parts of hours, in nanoseconds.
    parts: [u64; HOURS],
}

impl Spent {
    pub(super) const NONE: Self = Self { begun: [0; HOURS], weeks: 0, parts: [0; HOURS] };

    /// Adds the time from one instant of the calendar to another, in nanoseconds.
    pub(super) fn add(&mut self, from: u64, to: u64) {
        let place = |hour: u64| index(hour % HOURS as u64);
        let (first, last) = (from / HOUR_NS, to / HOUR_NS);
        if first == last {
            self.parts[place(first)] += to - from;
            return;
        }
        self.parts[place(first)] += (first + 1) * HOUR_NS - from;
        self.parts[place(last)] += to - last * HOUR_NS;
        let whole = last - first - 1;
        self.weeks += whole / HOURS as u64;
        let (begin, end) = (place(first + 1), place(first + 1 + whole % HOURS as u64));
        self.begun[begin] += 1;
        self.begun[end] -= 1;
        // Past Sunday: the hours up to its end, and those from Monday on.
        if end < begin || (whole % HOURS as u64 > 0 && end == 0 && begin > 0) {
            self.begun[0] += 1;
        }
    }

    pub(super) fn seconds(&self) -> [f64; HOURS] {
        let mut whole = self.weeks.cast_signed();
        let mut time = [0.0; HOURS];
        for (hour, time) in time.iter_mut().enumerate() {
            whole += i64::from(self.begun[hour]);
            *time = whole as f64 * HOUR_S + self.parts[hour] as f64 / 1e9;
        }
        time
    }
}

/// Interval in a cell, in nanoseconds of the calendar. Intervals are added to their cells in bulk, cell by cell:
/// thousands of cells do not fit into the processor's cache, and a trajectory moves back and forth between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub(super) cell: u32,
    pub(super) from: u64,
    pub(super) to: u64,
}

/// Number of intervals kept before they are added to their cells.
pub(super) const MOST_SOJOURNS: usize = 1 << 12;

/// Intervals in the order of their cells.
pub(super) struct ByCell {
    /// End of each cell's own intervals.
    ends: Vec<u32>,
    stays: Vec<(u64, u64)>,
}

impl ByCell {
    pub(super) fn of(&self, cell: usize) -> &[(u64, u64)] {
        let Some(end) = self.ends.get(cell) else { return &[] };
        let begin = if cell > 0 { self.ends[cell - 1] } else { 0 };
        &self.stays[begin as usize..*end as usize]
    }
}

/// Sorts intervals by counting, and removes them.
pub(super) fn by_cell(stays: &mut Vec<Stay>) -> ByCell {
    let cells = stays.iter().map(|stay| stay.cell as usize + 1).max().unwrap_or(0);
    let mut ends = vec![0; cells];
    stays.iter().for_each(|stay| ends[stay.cell as usize] += 1);
    let mut before = 0;
    for end in &mut ends {
        before += std::mem::replace(end, before);
    }
    // Each end is the start of its cell until all of its intervals are placed.
    let mut sorted = vec![(0, 0); stays.len()];
    for Stay { cell, from, to } in stays.drain(..) {
        let at = &mut ends[cell as usize];
        sorted[*at as usize] = (from, to);
        *at += 1;
    }
    ByCell { ends, stays: sorted }
}
