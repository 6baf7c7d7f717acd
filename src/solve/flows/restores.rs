//! Restores of databases: their number, the time whose writes each loses, the age of its backup, and how long it takes.
//!
//! A restore begins when a corruption is found, or when the data are lost with their disks. It ends when the data are back; one under way at the end of the
//! horizon is counted and cut there. What is lost is decided at its begin: by [`Corruptions`], as in the kernel.

use crate::convert::table;
use crate::engine::draw::Lineage;
use crate::health::Moved;
use crate::health::restore::Corruptions;
use crate::observe::histogram::Histogram;
use crate::plan::availability::{AvailabilityNet, AvailabilityPlan, Corrupts};
use crate::plan::faults::restores::{Restored, Way};
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
    /// Total age of the backups that are used, when they are needed, in nanoseconds.
    pub age: u128,
    /// That age, of each restore from a backup.
    pub ages: Histogram,
    /// Total length of the restores, in nanoseconds.
    pub length: u128,
    /// Length of each restore.
    pub lengths: Histogram,
}

/// Losses of one sort of a database in one trajectory.
struct Losses {
    of: Option<Corrupts>,
    corruptions: Corruptions,
    /// Begin of the present restore.
    since: Option<SimTime>,
}

/// One database in one trajectory.
struct Row {
    ways: Vec<Losses>,
    tally: RestoreTally,
}

/// All databases that are restored, in one trajectory.
pub(super) struct Restores {
    rows: Vec<Row>,
    places: Places,
}

impl Restores {
    /// Creates the rows of a net.
    pub fn new(plan: &AvailabilityPlan, net: &AvailabilityNet, lineage: Lineage) -> Self {
        let losses = |(of, way): (&Option<Corrupts>, &Way)| Losses {
            of: *of,
            corruptions: Corruptions::new(&way.restore, plan.seed, lineage),
            since: None,
        };
        let row = |(all, restored): (&Vec<Option<Corrupts>>, &Restored)| Row {
            ways: all.iter().zip(&restored.ways).map(losses).collect(),
            tally: RestoreTally::default(),
        };
        let rows = net.restores.iter().zip(&plan.restores).map(row).collect();
        Self { rows, places: Places::of(net) }
    }

    /// Handles a move of an automaton.
    #[inline]
    pub fn moved(&mut self, moved: &Moved) {
        if let Some((row, way)) = self.places.find(moved) {
            self.rows[row].moved(way, moved);
        }
    }

    /// Ends the horizon: a restore in progress is counted and cut there.
    pub fn close(self, end: SimTime) -> Vec<RestoreTally> {
        let close = |mut row: Row| {
            (0..row.ways.len()).for_each(|way| row.end(way, end));
            row.tally
        };
        self.rows.into_iter().map(close).collect()
    }
}

/// Database and way of each automaton that has losses, by automaton; empty if there is none.
pub struct Places(Vec<Option<(u32, u32)>>);

impl Places {
    /// Finds the automata of a net.
    pub fn of(net: &AvailabilityNet) -> Self {
        let mut all = Vec::new();
        for (row, ways) in net.restores.iter().enumerate() {
            for (way, of) in ways.iter().enumerate() {
                if let Some(of) = of {
                    all.resize(net.net.automata().count(), None);
                    all[of.automaton.index()] = Some((table::u32(row), table::u32(way)));
                }
            }
        }
        Self(all)
    }

    /// Returns the places of the database and of the way whose automaton has moved.
    #[inline]
    pub fn find(&self, moved: &Moved) -> Option<(usize, usize)> {
        let (row, way) = self.0.get(moved.automaton.index()).copied().flatten()?;
        Some((row as usize, way as usize))
    }
}

impl Row {
    fn moved(&mut self, way: usize, moved: &Moved) {
        let losses = &mut self.ways[way];
        let Some(of) = losses.of else { return };
        if moved.to == of.begun {
            losses.corruptions.corrupted(moved.at);
        } else if moved.to == of.restoring {
            let found = losses.corruptions.found(moved.at);
            losses.since = Some(moved.at);
            self.tally.restores += 1;
            match (losses.corruptions.restore().lost(&found), found.good) {
                (Some(lost), Some(good)) => self.tally.lose(lost, good.age),
                _ => self.tally.for_good += 1,
            }
        } else {
            losses.corruptions.ends(moved.at);
            self.end(way, moved.at);
        }
    }

    fn end(&mut self, way: usize, at: SimTime) {
        let Some(since) = self.ways[way].since.take() else { return };
        let length = at.since(since);
        self.tally.length += u128::from(length.nanos());
        self.tally.lengths.record_duration(length);
    }
}

impl RestoreTally {
    /// Adds a restore from a backup of this age, which loses the writes of a time.
    fn lose(&mut self, lost: SimDuration, age: SimDuration) {
        self.lost += u128::from(lost.nanos());
        self.losses.record_duration(lost);
        self.age += u128::from(age.nanos());
        self.ages.record_duration(age);
    }
}
