//! Writes that a file system collects in memory and writes to its disks group by group.
//!
//! Model: a write joins the open transaction group and is dirty data until it is on the disks. A group is written (it
//! syncs) when the timeout since the last start is over, when more than a share of the limit is dirty, or when a write
//! waits. Only one group syncs at a time; the next one collects meanwhile. While more than 60 % of the limit is dirty, each
//! write sleeps before it joins. The sleep grows hyperbolically with the dirty data, and each write wakes up after the one
//! before it. At the limit writes wait; a decrease of dirty data wakes the first of them, which then sleeps as any other.
//! The more is dirty, the more writes of a group are active at each disk.
//!
//! In: writes, ends of disk operations of a group. Out: writes that join, the size of a group that syncs, the next instant
//! at which something is due. Holds: dirty data is what joined less what was written; writes that sleep wake up in their
//! order; a write that finds less than the limit never waits for room.
//! Leaves out: the time between the closing of a group and its sync, metadata, overwrites of a block within a group (each
//! write is written), the limits of the memory cache.
//! Source: illumos-joyent `uts/common/fs/zfs/dsl_pool.c`, `dmu_tx.c`, `txg.c`, `vdev_queue.c` (2013-08-27 and later).

use std::collections::VecDeque;

use crate::convert::whole;
use crate::units::{SimDuration, SimTime};

/// Shares of the limit, in percent, between which the active writes of a group grow from [`FEWEST`] to [`MOST`].
const ACTIVE_FROM: u64 = 30;
const ACTIVE_UNTIL: u64 = 60;
/// Fewest and most writes of a group that are active at a disk.
const FEWEST: u64 = 3;
const MOST: u64 = 10;

/// Tunables of dirty data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Limit of dirty data, in bytes.
    pub most: u64,
    /// Dirty data above which a group syncs before its timeout, in bytes.
    pub sync_from: u64,
    /// Dirty data above which writes are delayed, in bytes.
    pub delay_from: u64,
    /// Delay where dirty data is in the middle between `delay_from` and `most`.
    pub scale: SimDuration,
    /// Greatest delay.
    pub longest: SimDuration,
    /// Longest time between the starts of two syncs that do not overlap.
    pub timeout: SimDuration,
}

impl Tuning {
    /// Returns the tunables of the source for a limit of `most` bytes; `sync` and `delay` are shares of it.
    #[must_use]
    pub fn of_shares(most: u64, sync: f64, delay: f64) -> Self {
        let share = |of: f64| whole::u64(most as f64 * of);
        Self {
            most,
            sync_from: share(sync),
            delay_from: share(delay),
            scale: SimDuration::from_nanos(500_000),
            longest: SimDuration::from_nanos(100_000_000),
            timeout: SimDuration::from_secs(5),
        }
    }

    /// Returns the limit of the source for a system with `memory` bytes: 10 % of them, at most 4 GiB.
    #[must_use]
    pub fn limit_of(memory: u64) -> u64 {
        (memory / 10).min(4 << 30)
    }

    /// Returns the delay at `dirty` bytes before it is capped, or `None` if writes are not delayed. At the limit it is
    /// infinite.
    #[must_use]
    pub fn delay(&self, dirty: u64) -> Option<SimDuration> {
        let above = dirty.checked_sub(self.delay_from).filter(|above| *above > 0)?;
        let Some(left) = self.most.checked_sub(dirty).filter(|left| *left > 0) else {
            return Some(SimDuration::MAX);
        };
        let nanos = u128::from(self.scale.nanos()) * u128::from(above) / u128::from(left);
        Some(u64::try_from(nanos).map_or(SimDuration::MAX, SimDuration::from_nanos))
    }

    /// Returns how many writes of a group may be active at a disk while `dirty` bytes are dirty.
    #[must_use]
    pub fn active(&self, dirty: u64) -> u32 {
        let (from, until) = (self.most / 100 * ACTIVE_FROM, self.most / 100 * ACTIVE_UNTIL);
        let active = if dirty < from {
            FEWEST
        } else if dirty >= until {
            MOST
        } else {
            FEWEST + (dirty - from) * (MOST - FEWEST) / (until - from)
        };
        u32::try_from(active).unwrap_or(u32::MAX)
    }
}

/// A write that has joined the open group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined<W> {
    /// The write.
    pub write: W,
    /// Time between its arrival and its joining.
    pub waited: SimDuration,
}

#[derive(Clone, Copy, Debug)]
struct Waiting<W> {
    write: W,
    bytes: u64,
    since: SimTime,
}

/// Dirty data of one pool. `W` identifies a write.
#[derive(Clone, Debug)]
pub struct DirtyData<W> {
    tuning: Tuning,
    /// Bytes of the open group.
    open: u64,
    /// Bytes of the group that syncs which are not on the disks yet.
    left: u64,
    syncs: bool,
    /// Start of the last sync.
    synced: SimTime,
    /// Latest instant at which a write that sleeps wakes up.
    last_wake: SimTime,
    /// Writes that sleep, with the instants at which they wake up, in that order.
    asleep: VecDeque<(SimTime, Waiting<W>)>,
    /// Writes that wait for less dirty data.
    waiting: VecDeque<Waiting<W>>,
}

impl<W: Copy> DirtyData<W> {
    /// Returns a pool without dirty data, whose last sync began at `now`.
    #[must_use]
    pub const fn new(tuning: Tuning, now: SimTime) -> Self {
        Self {
            tuning,
            open: 0,
            left: 0,
            syncs: false,
            synced: now,
            last_wake: SimTime::ZERO,
            asleep: VecDeque::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Returns the tunables.
    #[must_use]
    pub const fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// Returns the bytes that are not on the disks.
    #[must_use]
    pub const fn dirty(&self) -> u64 {
        self.open + self.left
    }

    /// Returns true while a group syncs.
    #[must_use]
    pub const fn syncs(&self) -> bool {
        self.syncs
    }

    /// Returns the start of the last sync.
    #[must_use]
    pub const fn synced(&self) -> SimTime {
        self.synced
    }

    /// Returns true if writes wait because the limit is reached.
    #[must_use]
    pub fn is_full(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns true if so much is dirty that a scan gives way.
    #[must_use]
    pub const fn delays_scans(&self) -> bool {
        self.dirty() >= self.tuning.most / 100 * ACTIVE_FROM
    }

    /// Returns how many writes of a group may be active at each disk.
    #[must_use]
    pub fn active(&self) -> u32 {
        self.tuning.active(self.dirty())
    }

    /// Lets a write of `bytes` join the open group. Returns false if it sleeps or waits first.
    pub fn write(&mut self, now: SimTime, write: W, bytes: u64) -> bool {
        let waiting = Waiting { write, bytes, since: now };
        if self.dirty() > self.tuning.delay_from && self.dirty() >= self.tuning.most {
            self.waiting.push_back(waiting);
            return false;
        }
        self.joins_or_sleeps(now, waiting)
    }

    /// Lets `waiting` join unless it has to sleep.
    fn joins_or_sleeps(&mut self, now: SimTime, waiting: Waiting<W>) -> bool {
        let delay = self.tuning.delay(self.dirty());
        let delay = delay.filter(|delay| (now - waiting.since) <= *delay);
        let Some(delay) = delay.map(|delay| delay.min(self.tuning.longest)) else {
            self.open += waiting.bytes;
            return true;
        };
        self.last_wake = (waiting.since + delay).max(self.last_wake + delay);
        // A write that has waited at the limit for longer than its sleep does not sleep any more.
        if self.last_wake <= now {
            self.open += waiting.bytes;
            return true;
        }
        self.asleep.push_back((self.last_wake, waiting));
        false
    }

    /// Lets the writes that wake up by `now` join; returns them, and writes that join behind them.
    pub fn wake(&mut self, now: SimTime) -> Vec<Joined<W>> {
        let mut joined = Vec::new();
        while let Some((_, next)) = self.asleep.pop_front_if(|(wake, _)| *wake <= now) {
            self.open += next.bytes;
            joined.push(Joined { write: next.write, waited: now - next.since });
            self.signal(now, &mut joined);
        }
        joined
    }

    /// Wakes the first write that waits for less dirty data, and the next one after each that joins.
    fn signal(&mut self, now: SimTime, joined: &mut Vec<Joined<W>>) {
        while self.dirty() < self.tuning.most
            && let Some(next) = self.waiting.pop_front()
            && self.joins_or_sleeps(now, next)
        {
            joined.push(Joined { write: next.write, waited: now - next.since });
        }
    }

    /// Records that `bytes` of the group that syncs are on the disks; returns writes that join.
    pub fn written(&mut self, now: SimTime, bytes: u64) -> Vec<Joined<W>> {
        self.left -= bytes;
        let mut joined = Vec::new();
        self.signal(now, &mut joined);
        joined
    }

    /// Returns true if a sync begins now. While `scans`, one follows the other.
    #[must_use]
    pub fn sync_is_due(&self, now: SimTime, scans: bool) -> bool {
        let timed_out = self.synced + self.tuning.timeout <= now;
        let presses = self.dirty() > self.tuning.sync_from || self.is_full();
        !self.syncs && (timed_out || presses || scans)
    }

    /// Closes the open group and begins to sync it; returns its bytes.
    pub const fn sync_begins(&mut self, now: SimTime) -> u64 {
        (self.syncs, self.synced) = (true, now);
        self.left = self.open;
        self.open = 0;
        self.left
    }

    /// Ends the sync of a group whose bytes are all on the disks.
    pub fn sync_ends(&mut self) {
        assert_eq!(self.left, 0, "a sync ends when its group is on the disks");
        self.syncs = false;
    }

    /// Returns the next instant at which a write wakes up or a sync is due.
    #[must_use]
    pub fn due(&self) -> SimTime {
        let wake = self.asleep.front().map_or(SimTime::NEVER, |(wake, _)| *wake);
        let sync = if self.syncs { SimTime::NEVER } else { self.synced + self.tuning.timeout };
        wake.min(sync)
    }

    /// Removes the writes that sleep or wait and for which `goes` is true.
    pub fn forget(&mut self, goes: impl Fn(&W) -> bool) {
        self.asleep.retain(|(_, waiting)| !goes(&waiting.write));
        self.waiting.retain(|waiting| !goes(&waiting.write));
    }

    /// Loses all dirty data at `now`; returns the writes that slept or waited.
    pub fn clear(&mut self, now: SimTime) -> Vec<W> {
        let emptied = std::mem::replace(self, Self::new(self.tuning, now));
        let asleep = emptied.asleep.into_iter().map(|(_, waiting)| waiting);
        asleep.chain(emptied.waiting).map(|waiting| waiting.write).collect()
    }
}

#[cfg(test)]
mod tests;
