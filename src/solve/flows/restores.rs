//! Restores of corrupted databases: their number, the time whose writes each loses, and how long each takes.
//!
//! A restore begins when the corruption is found. It ends when the data are back; one under way at the end of the
//! horizon is counted and cut there. What is lost is decided at its begin: by [`Corruptions`], as in the kernel.

use crate::convert::table;
use crate::engine::draw::Lineage;
use crate::health::Moved;
use crate::health::restore::Corruptions;
use crate::observe::histogram::Histogram;
use crate::plan::availability::{AvailabilityNet, AvailabilityPlan, Corrupts};
use crate::plan::faults::restores::Restored;
use crate::units::{SimDuration, SimTime};

/// Results of one replication for the restores of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreTally {
    /// Number of restores, with those that find no good backup.
    pub restores: u64,
    /// Restores that find no good backup: the data are lost for good.
    pub for_good: u64,
    /// Time whose writes are lost, in nanoseconds, summed over restores from a backup.
    pub lost: u128,
    /// That time, of each restore from a backup.
    pub losses: Histogram,
    /// Total length of the restores, in nanoseconds.
    pub length: u128,
    /// Length of each restore.
    pub lengths: Histogram,
}

/// One database in one trajectory.
struct Row {
    of: Option<Corrupts>,
    corruptions: Corruptions,
    /// Begin of the present restore.
    since: Option<SimTime>,
    tally: RestoreTally,
}

/// All corrupted databases in one trajectory.
pub(super) struct Restores {
    rows: Vec<Row>,
    /// Row per automaton; empty without corrupted databases.
    row_of: Vec<Option<u32>>,
}

impl Restores {
    /// Creates the rows of a net.
    pub fn new(plan: &AvailabilityPlan, net: &AvailabilityNet, lineage: Lineage) -> Self {
        let row = |(of, restored): (&Option<Corrupts>, &Restored)| Row {
            of: *of,
            corruptions: Corruptions::new(&restored.restore, plan.seed, lineage),
            since: None,
            tally: RestoreTally::default(),
        };
        let rows = net.restores.iter().zip(&plan.restores).map(row).collect();
        Self { rows, row_of: rows_by_automaton(net) }
    }

    /// Handles a move of an automaton.
    #[inline]
    pub fn moved(&mut self, moved: &Moved) {
        let row = self.row_of.get(moved.automaton.index()).copied().flatten();
        if let Some(row) = row {
            self.rows[row as usize].moved(moved);
        }
    }

    /// Ends the horizon: a restore in progress is counted and cut there.
    pub fn close(self, end: SimTime) -> Vec<RestoreTally> {
        let close = |mut row: Row| {
            row.end(end);
            row.tally
        };
        self.rows.into_iter().map(close).collect()
    }
}

/// Returns the corrupted database of each automaton that has its corruptions, by place; empty if there is none.
pub fn rows_by_automaton(net: &AvailabilityNet) -> Vec<Option<u32>> {
    let mut all = Vec::new();
    for (row, of) in net.restores.iter().enumerate() {
        if let Some(of) = of {
            all.resize(net.net.automata().count(), None);
            all[of.automaton.index()] = Some(table::u32(row));
        }
    }
    all
}

impl Row {
    fn moved(&mut self, moved: &Moved) {
        let Some(of) = self.of else { return };
        if moved.to == of.corrupt {
            self.corruptions.corrupted(moved.at);
        } else if moved.to == of.restoring {
            let found = self.corruptions.found(moved.at);
            self.since = Some(moved.at);
            self.tally.restores += 1;
            match self.corruptions.restore().lost(&found) {
                Some(lost) => self.lose(lost),
                None => self.tally.for_good += 1,
            }
        } else {
            self.corruptions.ends(moved.at);
            self.end(moved.at);
        }
    }

    fn lose(&mut self, lost: SimDuration) {
        self.tally.lost += u128::from(lost.nanos());
        self.tally.losses.record_duration(lost);
    }

    fn end(&mut self, at: SimTime) {
        let Some(since) = self.since.take() else { return };
        let length = at.since(since);
        self.tally.length += u128::from(length.nanos());
        self.tally.lengths.record_duration(length);
    }
}
