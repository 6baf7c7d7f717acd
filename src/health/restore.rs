//! Backups and restores: which backup a corrupted database is restored from, what that loses, and how long it takes.
//!
//! Model: a schedule takes a backup of the data as they are when it begins; it can be used once it is complete. Data are
//! corrupted at one instant and found to be at a later one. All copies are corrupted, and so is every backup that
//! begins in between. The data are restored from the newest backup that
//!
//! - began before the corruption, and not during an earlier one,
//! - is complete when the corruption is found,
//! - is not older than it is kept, and
//! - is usable, which is drawn for each backup on its own.
//!
//! Without a log everything written since that backup began is lost. With a log (point-in-time recovery) what was
//! written until the corruption is replayed, at a multiple of the speed at which it was written, and what was written
//! after it is lost. Without a good backup the data are lost for good.
//!
//! Data that are lost with their disks are a corruption that is found at once. The log is lost with them, but for what has
//! been archived: it is copied to another place at multiples of a period, counted from time zero.
//!
//! Closed form, for backups each T, each usable with probability p, and a corruption at an instant that does not depend
//! on the schedule: the newest backup is uniform in (0, T) old at the corruption, and a geometric number of further ones
//! has to be skipped, so the mean age at the corruption is T/2 + T (1 − p) / p.
//!
//! Leaves out: backups that fail because the database is down when they begin; a log that is lost or corrupted itself;
//! backups of parts of the data. A schedule has always been kept: there are backups from before time zero.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::DurationLaw;
use crate::units::{SimDuration, SimTime};

/// Largest age of a backup, where it is kept for ever.
const OLDEST: SimDuration = SimDuration::YEAR.saturating_mul(100);

/// A schedule of backups.
#[derive(Clone, Debug, PartialEq)]
pub struct Backups {
    /// Name that keys the draws of the usable ones.
    pub name: String,
    /// Instant at which one begins.
    pub first: SimTime,
    /// Time between two; `None`: the first is the only one.
    pub every: Option<SimDuration>,
    /// Time until one is complete.
    pub lasts: SimDuration,
    /// Age, counted from its begin, at which a backup is deleted; `None`: never.
    pub kept: Option<SimDuration>,
    /// Probability that a backup can be used, above 0.
    pub usable: f64,
}

/// Way in which data are restored.
#[derive(Clone, Debug, PartialEq)]
pub struct Restore {
    /// Schedules of their backups.
    pub backups: Vec<Backups>,
    /// Time until the copy begins: people decide, and find a good backup.
    pub begin: Option<DurationLaw>,
    /// Time to copy the data.
    pub copy: SimDuration,
    /// Seconds of log that are replayed per second; `None`: no log is kept.
    pub replay: Option<f64>,
    /// Period at which the log is archived, where it is lost with the data; zero: at once. `None`: no log is lost.
    pub archived: Option<SimDuration>,
    /// Time until service is back where no backup is good; `None`: as long as a restore without a log.
    pub without: Option<DurationLaw>,
}

/// The backup that data are restored from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Good {
    /// Its age at the corruption, or at the end of the archived log.
    pub before: SimDuration,
    /// Its age when the corruption was found.
    pub age: SimDuration,
}

/// A corruption that has been found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The newest good backup, if there is one.
    pub good: Option<Good>,
    /// Time from the corruption, or from the end of the archived log, until it was found.
    pub after: SimDuration,
}

impl Restore {
    /// Returns the time whose writes are lost; `None` where the data are lost for good.
    #[must_use]
    pub fn lost(&self, found: &Found) -> Option<SimDuration> {
        let good = found.good?;
        Some(if self.replay.is_some() { found.after } else { good.age })
    }

    /// Returns the time from the discovery until service is back, from a uniform number.
    #[must_use]
    pub fn length(&self, found: &Found, uniform: f64) -> SimDuration {
        let Some(good) = found.good else {
            let copied = || self.copied(SimDuration::ZERO, uniform);
            return self.without.as_ref().map_or_else(copied, |law| law.quantile(uniform));
        };
        let replayed = |speed: f64| SimDuration::from_seconds_f64(good.before.seconds() / speed);
        self.copied(self.replay.map_or(SimDuration::ZERO, replayed), uniform)
    }

    fn copied(&self, replayed: SimDuration, uniform: f64) -> SimDuration {
        let begin = self.begin.as_ref().map_or(SimDuration::ZERO, |law| law.quantile(uniform));
        let parts = [begin, self.copy, replayed];
        let nanos = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.nanos()));
        SimDuration::from_nanos(nanos)
    }

    /// Returns the mean length in seconds of a restore from the schedule whose newest usable backup is youngest on average,
    /// and its coefficient of variation as far as `begin` makes it vary.
    #[must_use]
    pub fn moments(&self) -> (f64, f64) {
        let age = |backups: &Backups| {
            let every = backups.every.unwrap_or(SimDuration::ZERO).seconds();
            every * (0.5 + (1.0 - backups.usable) / backups.usable)
        };
        let age = self.backups.iter().map(age).reduce(f64::min).unwrap_or(0.0);
        let replayed = self.replay.map_or(0.0, |speed| age / speed);
        let (begin, cv) = self.begin.as_ref().map_or((0.0, 0.0), |law| (law.0.mean(), law.0.cv()));
        let mean = begin + self.copy.seconds() + replayed;
        (mean, if mean > 0.0 { cv * begin / mean } else { 0.0 })
    }

    /// Returns the restore with the exponential laws of the same means.
    #[must_use]
    pub fn exponential(&self) -> Self {
        let of = |law: &Option<DurationLaw>| {
            law.as_ref().map(|law| DurationLaw(law.0.exponential_of_same_mean()))
        };
        Self { begin: of(&self.begin), without: of(&self.without), ..self.clone() }
    }

    /// Returns the largest age of a backup.
    fn oldest(&self) -> SimDuration {
        let kept = |backups: &Backups| backups.kept.unwrap_or(OLDEST).min(OLDEST);
        self.backups.iter().map(kept).max().unwrap_or(SimDuration::ZERO)
    }
}

impl Backups {
    /// Returns the begin of the newest good backup, in nanoseconds from time zero. `corrupted` and `found` are such
    /// instants too; `spoilt` has the intervals of earlier corruptions.
    fn newest(
        &self,
        key: Key,
        (corrupted, found): (i128, i128),
        spoilt: &[(u64, u64)],
    ) -> Option<i128> {
        let first = i128::from(self.first.nanos());
        let every = self.every.map(|every| i128::from(every.nanos().max(1)));
        let lasts = i128::from(self.lasts.nanos());
        let oldest = found - i128::from(self.kept.unwrap_or(OLDEST).min(OLDEST).nanos());
        let mut number = every.map_or(0, |every| (corrupted - 1 - first).div_euclid(every));
        loop {
            let begun = first + number * every.unwrap_or(0);
            if begun < oldest {
                return None;
            }
            let good = begun < corrupted && begun + lasts <= found && !within(spoilt, begun);
            if good && self.is_usable(key, number) {
                return Some(begun);
            }
            every?;
            number -= 1;
        }
    }

    /// Returns whether a backup begins within an interval.
    fn begins_within(&self, (from, to): (u64, u64)) -> bool {
        let (first, from, to) = (i128::from(self.first.nanos()), i128::from(from), i128::from(to));
        let every = self.every.map(|every| i128::from(every.nanos().max(1)));
        // The last one before the end.
        let last = every.map_or(first, |every| first + (to - 1 - first).div_euclid(every) * every);
        from <= last && last < to
    }

    /// Returns whether the backup with this number can be used; those before `first` have negative numbers.
    fn is_usable(&self, key: Key, number: i128) -> bool {
        let ordinal = u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX);
        self.usable >= 1.0 || key.uniform(ordinal, u32::from(number < 0)) < self.usable
    }
}

/// Returns whether an instant is within one of these intervals, which are disjoint and in order.
fn within(intervals: &[(u64, u64)], at: i128) -> bool {
    let next = intervals.partition_point(|(from, _)| i128::from(*from) <= at);
    next > 0 && at < i128::from(intervals[next - 1].1)
}

/// Corruptions of one database so far in a trajectory. Times are nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Past {
    /// Begin and end of earlier corruptions, in order.
    spoilt: Vec<(u64, u64)>,
    /// Begin of the last one, and the instant at which it was found.
    since: Option<u64>,
    found: Option<u64>,
    /// End of its restore.
    until: u64,
}

/// Corruptions and restores of one database in a trajectory.
#[derive(Clone, Debug)]
pub struct Corruptions {
    restore: Arc<Restore>,
    /// Keys of the draws, by schedule.
    keys: Vec<Key>,
    pub(super) past: Past,
}

impl Corruptions {
    /// Creates them for the trajectory that `seed` and `lineage` select.
    #[must_use]
    pub fn new(restore: &Arc<Restore>, seed: Seed, lineage: Lineage) -> Self {
        let key = |backups: &Backups| Key::derive(seed, lineage, "usable backup", &backups.name);
        let keys = restore.backups.iter().map(key).collect();
        Self { restore: restore.clone(), keys, past: Past::default() }
    }

    /// Handles a corruption at `at`, after the end of the last one.
    pub fn corrupted(&mut self, at: SimTime) {
        let past = &mut self.past;
        if let Some(since) = past.since.replace(at.nanos()) {
            let last = (since, past.until);
            // Others spoil nothing, however many there are.
            if self.restore.backups.iter().any(|backups| backups.begins_within(last)) {
                past.spoilt.push(last);
            }
        }
        past.found = None;
        let oldest = self.oldest_at(at).nanos();
        self.past.spoilt.retain(|(_, until)| *until > oldest);
    }

    /// Returns the begin of the oldest backup that may be kept at `at`; time zero if it is older.
    #[must_use]
    pub fn oldest_at(&self, at: SimTime) -> SimTime {
        SimTime::from_nanos(at.nanos().saturating_sub(self.restore.oldest().nanos()))
    }

    /// Handles the discovery of the corruption at `at`, and returns what it is restored from. Where it had been found
    /// already, as when a restore begins anew, the first discovery counts.
    pub fn found(&mut self, at: SimTime) -> Found {
        let found = *self.past.found.get_or_insert(at.nanos());
        let since = self.past.since.unwrap_or(found);
        let instants = (i128::from(since), i128::from(found));
        let each = self.restore.backups.iter().zip(&self.keys);
        let newest =
            each.filter_map(|(of, key)| of.newest(*key, instants, &self.past.spoilt)).max();
        let replayed_to = match self.restore.archived {
            // A log ends after the begin of the backup, or is not needed.
            Some(period) => instants.0 - i128::from(since % period.nanos().max(1)),
            None => instants.0,
        };
        let instants = (newest.map_or(replayed_to, |begun| replayed_to.max(begun)), instants.1);
        let to = |end: i128, begun: i128| {
            SimDuration::from_nanos(u64::try_from(end - begun).unwrap_or(u64::MAX))
        };
        let good =
            newest.map(|begun| Good { before: to(instants.0, begun), age: to(instants.1, begun) });
        Found { good, after: to(instants.1, instants.0) }
    }

    /// Sets the end of the restore.
    pub fn ends(&mut self, at: SimTime) {
        self.past.until = at.nanos();
    }

    /// Handles the begin of a restore at `at`, and returns its length, from a uniform number.
    pub(super) fn begins(&mut self, at: SimTime, uniform: f64) -> SimDuration {
        let found = self.found(at);
        let length = self.restore.length(&found, uniform);
        self.ends(SimTime::from_nanos(at.nanos().saturating_add(length.nanos())));
        length
    }

    /// Returns the way in which the data are restored.
    #[must_use]
    pub fn restore(&self) -> &Restore {
        &self.restore
    }
}
