//! Sets of disks whose single disks fail: failures, losses of the set, and the time with a disk missing.
//!
//! Watches the moves of the automata of the disks and of their set. A loss under way at the end of the horizon is counted.

use crate::convert::table;
use crate::health::Moved;
use crate::plan::availability::{AvailabilityNet, DiskAutomata};
use crate::units::SimTime;

/// Results of one replication for one set of disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskSetTally {
    /// Failures of single disks.
    pub failures: u64,
    /// Losses of the set.
    pub losses: u64,
    /// Time with a disk missing while the set is not lost, in nanoseconds.
    pub degraded: u128,
}

/// One set in one trajectory.
struct Row<'p> {
    of: Option<&'p DiskAutomata>,
    missing: u32,
    is_lost: bool,
    since: SimTime,
    tally: DiskSetTally,
}

/// All sets whose disks fail, in one trajectory.
pub(super) struct DiskSets<'p> {
    rows: Vec<Row<'p>>,
    /// Row per automaton of a disk or a set; empty without such sets.
    row_of: Vec<Option<u32>>,
}

impl<'p> DiskSets<'p> {
    /// Creates the rows of a net, with all disks in place.
    pub fn new(net: &'p AvailabilityNet) -> Self {
        let row = |of: &'p Option<DiskAutomata>| Row {
            of: of.as_ref(),
            missing: 0,
            is_lost: false,
            since: SimTime::ZERO,
            tally: DiskSetTally::default(),
        };
        let rows: Vec<Row<'p>> = net.disk_sets.iter().map(row).collect();
        let mut row_of = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let Some(of) = row.of else { continue };
            row_of.resize(net.net.automata().count(), None);
            for automaton in of.disks.iter().chain([&of.set]) {
                row_of[automaton.index()] = Some(table::u32(place));
            }
        }
        Self { rows, row_of }
    }

    /// Handles a move of an automaton.
    #[inline]
    pub fn moved(&mut self, moved: &Moved) {
        let row = self.row_of.get(moved.automaton.index()).copied().flatten();
        if let Some(row) = row {
            self.rows[row as usize].moved(moved);
        }
    }

    /// Ends the horizon.
    pub fn close(self, end: SimTime) -> Vec<DiskSetTally> {
        let close = |mut row: Row<'_>| {
            row.settle(end);
            row.tally
        };
        self.rows.into_iter().map(close).collect()
    }
}

impl Row<'_> {
    fn settle(&mut self, at: SimTime) {
        if self.missing > 0 && !self.is_lost {
            self.tally.degraded += u128::from(at.since(self.since).nanos());
        }
        self.since = at;
    }

    fn moved(&mut self, moved: &Moved) {
        let Some(of) = self.of else { return };
        self.settle(moved.at);
        if moved.automaton == of.set {
            let was_lost = std::mem::replace(&mut self.is_lost, moved.to == of.lost);
            self.tally.losses += u64::from(self.is_lost && !was_lost);
        } else if moved.from == of.up {
            self.missing += 1;
            self.tally.failures += 1;
        } else if moved.to == of.up {
            // Every disk begins in `up`.
            self.missing -= 1;
        }
    }
}
