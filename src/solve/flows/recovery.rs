//! Interruptions of roles that members take over from each other: their number, their length, and the member that
//! serves afterwards.
//!
//! A *recovery* lasts from the instant at which the holder of a role stops serving, detected or not, until a member
//! serves again. It includes detection, the takeover and, if that fails, operators or the repair of the old holder. All
//! count, however short. Its cause is the oldest that explains its first instant.

use super::disk_sets::{DiskSetTally, DiskSets};
use super::restores::{RestoreTally, Restores};
use crate::engine::draw::Lineage;
use crate::health::{Explanation, FactId, Moved, View};
use crate::observe::histogram::Histogram;
use crate::plan::availability::recovery::RoleFacts;
use crate::plan::availability::{AvailabilityNet, AvailabilityPlan};
use crate::units::SimTime;

/// Results of one replication for one role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleTally {
    /// Interruptions, by cause of the plan.
    pub interruptions: Vec<u64>,
    /// Number of times that another member served than before: away from a holder, and back again.
    pub failovers: u64,
    /// Total length of the interruptions, in nanoseconds.
    pub length: u128,
    /// Length of each interruption.
    pub lengths: Histogram,
}

/// A role in one trajectory.
struct Row<'p> {
    facts: &'p RoleFacts,
    /// Last serving members, one bit each; `None` before any has served.
    holders: Option<u64>,
    /// Start of the present interruption, and its cause.
    silent: Option<(SimTime, u32)>,
    tally: RoleTally,
}

/// All roles in one trajectory.
pub(super) struct Recoveries<'p> {
    rows: Vec<Row<'p>>,
    /// True per system-level fact that a role reads.
    watched: Vec<bool>,
    /// Mapping from causes of the net to those of the plan.
    places: &'p [u32],
    stirred: bool,
    restores: Restores,
    disk_sets: DiskSets<'p>,
}

/// Tallies of one replication: of the roles, of the databases that are restored, of the sets of disks that fail.
pub(super) type Closed = (Vec<RoleTally>, Vec<RestoreTally>, Vec<DiskSetTally>);

impl<'p> Recoveries<'p> {
    /// Creates the rows; `facts` is the number of system-level facts.
    pub fn new(
        (plan, of, lineage): (&AvailabilityPlan, &'p AvailabilityNet, Lineage),
        (facts, causes): (usize, usize),
        view: View<'_>,
    ) -> Self {
        let (roles, places) = (&of.roles, of.causes.as_slice());
        let (restores, disk_sets) = (Restores::new(plan, of, lineage), DiskSets::new(of));
        let mut watched = vec![false; facts];
        for role in roles {
            for fact in role.holds.iter().chain([&role.served]) {
                watched[fact.index()] = true;
            }
        }
        let row = |facts| Row {
            facts,
            holders: None,
            silent: None,
            tally: RoleTally { interruptions: vec![0; causes], ..RoleTally::default() },
        };
        let rows = roles.iter().map(row).collect();
        let mut all = Self { rows, watched, places, stirred: true, restores, disk_sets };
        all.look(SimTime::ZERO, view, &mut Explanation::default());
        all
    }

    #[inline]
    pub fn stir(&mut self, fact: FactId) {
        self.stirred |= self.watched[fact.index()];
    }

    #[inline]
    pub fn look(&mut self, at: SimTime, view: View<'_>, explanation: &mut Explanation) {
        if std::mem::take(&mut self.stirred) {
            for row in &mut self.rows {
                row.look(at, view, self.places, explanation);
            }
        }
    }

    /// Handles a move of an automaton.
    #[inline]
    pub fn moved(&mut self, moved: &Moved) {
        self.restores.moved(moved);
        self.disk_sets.moved(moved);
    }

    /// Ends the horizon: an interruption or a restore in progress is counted and cut there.
    pub fn close(all: Option<Self>, end: SimTime) -> Closed {
        let Some(all) = all else { return Default::default() };
        let close = |mut row: Row<'_>| {
            row.end(end);
            row.tally
        };
        let roles = all.rows.into_iter().map(close).collect();
        (roles, all.restores.close(end), all.disk_sets.close(end))
    }
}

impl Row<'_> {
    fn look(&mut self, at: SimTime, view: View<'_>, places: &[u32], explanation: &mut Explanation) {
        if !view.fact(self.facts.served) {
            if self.silent.is_none() {
                let cause = view.oldest_cause([self.facts.served], explanation);
                self.silent = Some((at, places[cause.index()]));
            }
            return;
        }
        let held = self.facts.holds.iter().enumerate().filter(|(_, fact)| view.fact(**fact));
        let holders = held.fold(0, |all, (place, _)| all | 1_u64 << (place & 63));
        let before = self.holders.replace(holders);
        let moved = before.is_some_and(|before| before != holders);
        self.tally.failovers += u64::from(moved);
        self.end(at);
    }

    fn end(&mut self, at: SimTime) {
        let Some((since, cause)) = self.silent.take() else { return };
        let length = at.since(since);
        // A virtual IP that returns to its first holder at the same instant was not interrupted.
        if length.is_zero() {
            return;
        }
        self.tally.interruptions[cause as usize] += 1;
        self.tally.length += u128::from(length.nanos());
        self.tally.lengths.record_duration(length);
    }
}
