//! Accounts of zones, scalers, classes and breaks over replications, as sums.

use serde::{Deserialize, Serialize};

use super::values::Values;
use crate::mechanism::cpu_share::{CoreTime, ZoneLedger};
use crate::model::blueprint::{Blueprint, Config};
use crate::solve::requests::{Census, Tally};
use crate::stats::exact::Exact;
use crate::stats::moments::Moments;
use crate::study::measure::NoValue;
use crate::study::replication::Replication;
use crate::study::verdict::{self, Late};

/// Sums step by step over a window, over as many steps as every replication has. `None` without a replication.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Steps<T>(Option<Vec<T>>);

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> Steps<T> {
    /// Adds the steps of a replication, or the sums of several.
    pub(super) fn add(&mut self, own: Vec<T>, merge: impl Fn(&mut T, &T)) {
        let Some(all) = &mut self.0 else {
            self.0 = Some(own);
            return;
        };
        all.truncate(own.len());
        all.iter_mut().zip(&own).for_each(|(all, own)| merge(all, own));
    }

    pub(super) fn merge(&mut self, other: &Self, merge: impl Fn(&mut T, &T)) {
        other.0.iter().for_each(|own| self.add(own.clone(), &merge));
    }

    /// Returns the steps.
    pub(super) fn all(&self) -> &[T] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Adds page views.
pub(super) fn add_tally(sum: &mut Tally, one: &Tally) {
    sum.served += one.served;
    sum.lost += one.lost;
    sum.never_born += one.never_born;
}

/// Accounts of one zone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Zone {
    /// Cores wanted, used, used above the baseline, wanted beyond the cap, and not given.
    pub(super) cores: [Values; 5],
    /// Shares of the time in which it was held to its baseline.
    pub(super) held: Exact,
    /// Steps of core time wanted, used, wanted beyond the cap and not given, between the soundings.
    pub(super) course: Steps<[Exact; 4]>,
}

impl Zone {
    /// Adds a replication, in which the zone has this place.
    pub(super) fn add(&mut self, number: u64, zone: usize, one: &Replication) {
        let seconds = one.length.seconds();
        let ledger = one.zone_ledgers.get(zone);
        let of = |ledger: &ZoneLedger| {
            [ledger.wanted, ledger.used, ledger.burst, ledger.capped_wait, ledger.steal]
        };
        let all = ledger.map(of);
        for (at, values) in self.cores.iter_mut().enumerate() {
            let value = all.map(|all| all[at].core_seconds() / seconds);
            values.add(number, value.ok_or(NoValue::NotKept));
        }
        if let Some(ledger) = ledger {
            self.held.add(ledger.held.seconds() / seconds);
        }
        let kept: Vec<&ZoneLedger> =
            one.accounts.iter().filter_map(|at| at.zones.get(zone)).collect();
        let of = |ledger: &ZoneLedger| {
            [ledger.wanted, ledger.used, ledger.capped_wait, ledger.steal].map(CoreTime::steps)
        };
        let step = |ends: &[&ZoneLedger]| {
            let (then, now) = (of(ends[0]), of(ends[1]));
            [0, 1, 2, 3].map(|at| Exact::of(now[at].saturating_sub(then[at])))
        };
        self.course.add(kept.windows(2).map(step).collect(), merge_cores);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.cores.iter_mut().zip(&other.cores).for_each(|(own, other)| own.merge(other));
        self.held.merge(&other.held);
        self.course.merge(&other.course, merge_cores);
    }
}

fn merge_cores(own: &mut [Exact; 4], other: &[Exact; 4]) {
    own.iter_mut().zip(other).for_each(|(own, other)| own.merge(other));
}

/// Members of one scaler between two soundings, in members × ns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Members {
    /// Sums of those that serve, and of those that cost.
    pub(super) sums: [Exact; 2],
    /// The least and the greatest of those that serve.
    pub(super) range: (u128, u128),
}

impl Members {
    pub(super) fn merge(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(own, other)| own.merge(other));
        let (least, most) = other.range;
        self.range = (self.range.0.min(least), self.range.1.max(most));
    }
}

/// Returns the number of scalers of a plan.
pub(super) fn scalers(plan: &Blueprint) -> usize {
    plan.parts.iter().filter(|part| matches!(part.config, Config::Scaler(_))).count()
}

/// Returns the members of a scaler between the soundings of a replication.
pub(super) fn members(scaler: usize, one: &Replication) -> Vec<Members> {
    let kept: Vec<[u128; 2]> =
        one.accounts.iter().filter_map(|at| at.members.get(scaler).copied()).collect();
    let step = |ends: &[[u128; 2]]| {
        let [serving, paid] = [0, 1].map(|at| ends[1][at].saturating_sub(ends[0][at]));
        Members { sums: [Exact::of(serving), Exact::of(paid)], range: (serving, serving) }
    };
    kept.windows(2).map(step).collect()
}

/// Requests of one class in flight.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Balance {
    /// Over the window, and over its second half.
    changes: [Change; 2],
    /// Sum at the end of the window.
    end: Exact,
    /// Its page views after the last repair.
    pub(super) late: Late,
}

/// A number before, and its change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Change {
    before: Exact,
    change: Moments,
}

impl Balance {
    pub(super) fn add(&mut self, censuses: &[Census], class: usize, late: Late) {
        self.late.add(late);
        let both = [verdict::ends_of(censuses, class), verdict::late_ends(censuses, class)];
        self.end.add(both[0].1);
        for (own, (before, after)) in self.changes.iter_mut().zip(both) {
            own.before.add(before);
            own.change.add(after - before);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.end.merge(&other.end);
        self.late.add(other.late);
        for (own, other) in self.changes.iter_mut().zip(&other.changes) {
            own.before.merge(&other.before);
            own.change.merge(&other.change);
        }
    }

    /// Returns the mean number at the start and at the end of the window, over `count` replications.
    pub(super) fn in_flight(&self, count: u64) -> (f64, f64) {
        let mean = |sum: &Exact| sum.value() / count as f64;
        (mean(&self.changes[0].before), mean(&self.end))
    }

    /// Returns whether the number certainly grows over the window, and still in its second half.
    pub(super) fn is_growing(&self, count: u64) -> bool {
        let grows = |change: &Change, share: f64| {
            let before = change.before.value() / count as f64;
            let growth = verdict::Growth::of_moments(before, &change.change);
            growth.is_some_and(|growth| growth.exceeds(share))
        };
        let [whole, late] = &self.changes;
        let [of_whole, of_late] = verdict::GROWING;
        grows(whole, of_whole) && grows(late, of_late)
    }
}
