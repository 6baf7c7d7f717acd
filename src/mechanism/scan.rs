//! A scrub: all allocated data of a pool is read, in the order in which it lies on the disks.
//!
//! Model: the scan works in phases, one at the end of each sync of a transaction group. A phase lasts for a least time of
//! work. After that it ends when the sync has lasted as long as the timeout of a group, when 30 % of the limit is dirty, or when a
//! write waits for room. While a phase lasts, each disk has a few reads of 1 MiB at once; the queue of the disk lets one or
//! two of them become active. The sync ends when the last read of the phase has.
//!
//! In: starts of phases, ends of reads. Out: how many reads a disk is given, the end. Holds: a disk reads its part once; it never has
//! more than four reads.
//! Leaves out: the search of what is allocated (the sizes are given), the memory in which extents are sorted, errors that are
//! found, checkpoints of the progress.
//! Source: illumos-joyent `uts/common/fs/zfs/dsl_scan.c` (2019-05-13 and later).

use crate::units::{SimDuration, SimTime};

/// Size of one read, in bytes.
pub const READ: u64 = 1 << 20;
/// Most reads of a disk at once: 4 MiB.
pub(super) const AT_ONCE: u32 = 4;

/// Phases of work of a scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phases {
    /// Least time of work per phase.
    work: SimDuration,
    /// Start of the present phase.
    since: Option<SimTime>,
}

impl Phases {
    pub(super) const fn new(work: SimDuration) -> Self {
        Self { work, since: None }
    }

    pub(super) const fn begin(&mut self, now: SimTime) {
        self.since = Some(now);
    }

    pub(super) fn yields(&mut self, now: SimTime, presses: bool) {
        if self.since.is_some_and(|since| presses && now >= since + self.work) {
            self.since = None;
        }
    }

    pub(super) const fn end(&mut self) {
        self.since = None;
    }

    pub(super) const fn works(&self) -> bool {
        self.since.is_some()
    }
}

/// Part of a scan that one disk reads.
#[derive(Clone, Copy, Debug)]
struct Share {
    /// Reads that have not begun.
    left: u64,
    under_way: u32,
}

/// A scan under way.
#[derive(Clone, Debug)]
pub struct Scan {
    began: SimTime,
    phases: Phases,
    shares: Vec<Share>,
}

impl Scan {
    /// Begins a scan of `bytes` on each of `disks` disks, with `work` as the least time of a phase.
    #[must_use]
    pub fn new(now: SimTime, work: SimDuration, disks: u32, bytes: u64) -> Self {
        let share = Share { left: bytes.div_ceil(READ), under_way: 0 };
        Self { began: now, phases: Phases::new(work), shares: vec![share; disks as usize] }
    }

    /// Returns the start of the scan.
    #[must_use]
    pub const fn began(&self) -> SimTime {
        self.began
    }

    /// Begins a phase.
    pub const fn phase_begins(&mut self, now: SimTime) {
        self.phases.begin(now);
    }

    /// Ends the phase if it has lasted for its least time and something `presses`.
    pub fn yields(&mut self, now: SimTime, presses: bool) {
        self.phases.yields(now, presses);
    }

    /// Returns true while a phase lasts.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.phases.works()
    }

    /// Begins the next read of `disk`. Returns false if it is given none now.
    pub fn reads(&mut self, disk: u32) -> bool {
        let share = &mut self.shares[disk as usize];
        if !self.phases.works() || share.left == 0 || share.under_way == AT_ONCE {
            return false;
        }
        share.left -= 1;
        share.under_way += 1;
        true
    }

    /// Ends a read of `disk`.
    pub fn done(&mut self, disk: u32) {
        self.shares[disk as usize].under_way -= 1;
    }

    /// Returns true if no read is under way.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.shares.iter().all(|share| share.under_way == 0)
    }

    /// Returns true if all is read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.shares.iter().all(|share| share.left == 0 && share.under_way == 0)
    }

    /// Returns the reads of `disk` under way.
    #[must_use]
    pub fn under_way(&self, disk: u32) -> u32 {
        self.shares[disk as usize].under_way
    }

    /// Leaves out `disk`, which has failed.
    pub fn leaves_out(&mut self, disk: u32) {
        self.shares[disk as usize] = Share { left: 0, under_way: 0 };
    }

    /// Loses the reads under way; they are done again in a later phase.
    pub fn lost(&mut self) {
        self.phases.end();
        for share in &mut self.shares {
            share.left += u64::from(std::mem::take(&mut share.under_way));
        }
    }
}

#[cfg(test)]
mod tests;
