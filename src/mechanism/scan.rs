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
const AT_ONCE: u32 = 4;

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
    /// Least time of work per phase.
    work: SimDuration,
    /// Start of the present phase.
    phase: Option<SimTime>,
    shares: Vec<Share>,
}

impl Scan {
    /// Begins a scan of `bytes` on each of `disks` disks, with `work` as the least time of a phase.
    #[must_use]
    pub fn new(now: SimTime, work: SimDuration, disks: u32, bytes: u64) -> Self {
        let share = Share { left: bytes.div_ceil(READ), under_way: 0 };
        Self { began: now, work, phase: None, shares: vec![share; disks as usize] }
    }

    /// Returns the start of the scan.
    #[must_use]
    pub const fn began(&self) -> SimTime {
        self.began
    }

    /// Begins a phase.
    pub const fn phase_begins(&mut self, now: SimTime) {
        self.phase = Some(now);
    }

    /// Ends the phase if it has lasted for its least time and something `presses`.
    pub fn yields(&mut self, now: SimTime, presses: bool) {
        if self.phase.is_some_and(|since| presses && now >= since + self.work) {
            self.phase = None;
        }
    }

    /// Returns true while a phase lasts.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.phase.is_some()
    }

    /// Begins the next read of `disk`. Returns false if it is given none now.
    pub fn reads(&mut self, disk: u32) -> bool {
        let share = &mut self.shares[disk as usize];
        if self.phase.is_none() || share.left == 0 || share.under_way == AT_ONCE {
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

    /// Loses the reads under way; they are done again in a later phase.
    pub fn lost(&mut self) {
        self.phase = None;
        for share in &mut self.shares {
            share.left += u64::from(std::mem::take(&mut share.under_way));
        }
    }
}

#[cfg(test)]
mod tests;
