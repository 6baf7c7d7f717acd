//! Writes that restores lose: those committed in the time whose writes a restore loses.
//!
//! The writes of each interval of constant state are kept as far back as backups are. Of an interval that is lost in
//! part, the writes are divided as the rates of the workloads are over it, or evenly if the database is down then. A write is
//! lost once: what an earlier restore
//! has lost is not there any more.
//!
//! Leaves out: writes before time zero; those lost for good where no backup is good, as far back as the database goes.

use std::collections::VecDeque;

use super::Live;
use crate::engine::draw::Lineage;
use crate::health::Moved;
use crate::health::restore::Corruptions;
use crate::plan::availability::{AvailabilityNet, AvailabilityPlan, Corrupts};
use crate::plan::faults::restores::{Restored as Database, Way};
use crate::solve::flows::restores::Places;
use crate::units::SimTime;

/// Results of one replication for the restores of one database.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RestoredTally {
    /// Restores from a backup.
    pub restores: u64,
    /// Acknowledged writes that they lose.
    pub lost: f64,
}

/// Writes of an interval.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: SimTime,
    to: SimTime,
    writes: f64,
}

/// All databases that are restored, in one trajectory.
pub(super) struct Restored {
    rows: Vec<Row>,
    places: Places,
    /// True if a restore has just begun.
    begun: bool,
}

/// One database in one trajectory.
struct Row {
    /// Losses by corruption and with the disks.
    ways: Vec<(Option<Corrupts>, Corruptions)>,
    /// Its place among those that take writes; `None` without writes.
    commits: Option<usize>,
    pieces: VecDeque<Piece>,
    /// Interval whose writes the restores lose that have just begun.
    loses: Option<(SimTime, SimTime)>,
    tally: RestoredTally,
}

impl Restored {
    /// Creates the databases that lose data to faults.
    pub fn new(plan: &AvailabilityPlan, net: &AvailabilityNet, lineage: Lineage) -> Self {
        let commits = plan.fluid.as_ref().map_or(&[][..], |fluid| &fluid.network.commits);
        let losses = |(of, way): (&Option<Corrupts>, &Way)| {
            (*of, Corruptions::new(&way.restore, plan.seed, lineage))
        };
        let one = |(all, restored): (&Vec<Option<Corrupts>>, &Database)| {
            let takes = |(database, _): &(u32, u32)| *database as usize == restored.database;
            Row {
                ways: all.iter().zip(&restored.ways).map(losses).collect(),
                commits: commits.iter().position(takes),
                pieces: VecDeque::new(),
                loses: None,
                tally: RestoredTally::default(),
            }
        };
        let rows = net.restores.iter().zip(&plan.restores).map(one).collect();
        Self { rows, places: Places::of(net), begun: false }
    }

    /// Returns the results of the trajectory.
    pub fn tallies(self) -> Vec<RestoredTally> {
        self.rows.into_iter().map(|row| row.tally).collect()
    }
}

impl Row {
    /// Handles a move of an automaton of its losses; returns whether a restore from a backup begins.
    fn moved(&mut self, way: usize, moved: &Moved) -> bool {
        let (of, corruptions) = &mut self.ways[way];
        let Some(of) = of else { return false };
        if moved.to == of.begun {
            corruptions.corrupted(moved.at);
        }
        // The rates of the workloads are still those before it.
        if moved.to == of.known {
            let found = corruptions.found(moved.at);
            let Some(lost) = corruptions.restore().lost(&found) else { return false };
            let from = SimTime::from_nanos(moved.at.nanos().saturating_sub(lost.nanos()));
            let longest = self.loses.map_or(from, |(other, _)| from.min(other));
            self.loses = Some((longest, moved.at));
            self.tally.restores += 1;
            return true;
        }
        if moved.to != of.begun && moved.to != of.restoring {
            corruptions.ends(moved.at);
        }
        false
    }

    fn wrote(&mut self, piece: Piece) {
        let oldest = self.ways.iter().map(|(_, corruptions)| corruptions.oldest_at(piece.to));
        let oldest = oldest.min().unwrap_or(piece.to);
        while self.pieces.front().is_some_and(|first| first.to < oldest) {
            self.pieces.pop_front();
        }
        self.pieces.push_back(piece);
    }

    /// Removes the writes of the interval that is lost; `share` is the part of a piece's writes in a part of it.
    fn lose(&mut self, share: impl Fn(Piece, SimTime, SimTime) -> f64) {
        let Some((from, to)) = self.loses.take() else { return };
        for piece in self.pieces.iter_mut().rev() {
            if piece.to <= from {
                break;
            }
            let (begin, end) = (piece.from.max(from), piece.to.min(to));
            if end <= begin || piece.writes <= 0.0 {
                continue;
            }
            let lost = piece.writes * share(*piece, begin, end);
            piece.writes -= lost;
            self.tally.lost += lost;
        }
    }
}

impl Live<'_, '_> {
    /// Handles a move of an automaton.
    #[inline]
    pub(super) fn restores(&mut self, moved: &Moved) {
        let restored = &mut self.restored;
        let place = restored.places.find(moved);
        if let Some((row, way)) = place.filter(|_| moved.at < self.end) {
            restored.begun |= restored.rows[row].moved(way, moved);
        }
    }

    /// Counts the writes that restores lose which have just begun.
    #[inline]
    pub(super) fn lose_restored(&mut self, at: SimTime) {
        if std::mem::take(&mut self.restored.begun) {
            self.lose_writes(at);
        }
    }

    fn lose_writes(&mut self, at: SimTime) {
        self.account(at);
        let (memo, load) = (&self.memo, &self.load);
        for one in &mut self.restored.rows {
            let Some(place) = one.commits else { continue };
            // Writes of all workloads to this database, before noise.
            let asked = |from, to| {
                let workloads = memo.curves.iter().zip(&memo.plan.workloads);
                let each = workloads
                    .map(|(curve, of)| curve.between(from, to) * load.commits(of.class, place));
                each.sum::<f64>()
            };
            one.lose(|piece: Piece, from, to| {
                if (from, to) == (piece.from, piece.to) {
                    return 1.0;
                }
                let all = asked(piece.from, piece.to);
                if all > 0.0 {
                    return (asked(from, to) / all).clamp(0.0, 1.0);
                }
                // The database is down already, and the workloads write nothing to it now.
                to.since(from).seconds() / piece.to.since(piece.from).seconds()
            });
        }
    }

    /// Keeps the writes of the present interval, which ends at `to`; `carried` has its views, by class.
    pub(super) fn keep_written(&mut self, to: SimTime, carried: &[f64]) {
        for at in 0..self.restored.rows.len() {
            let Some(place) = self.restored.rows[at].commits else { continue };
            let piece = Piece { from: self.from, to, writes: self.committed(place, carried) };
            self.restored.rows[at].wrote(piece);
        }
    }
}
