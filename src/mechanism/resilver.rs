//! A resilver: the data of a replaced disk is written anew from the other disks of its group.
//!
//! Model: the data is moved by extents of 1 MiB, in the order in which it lies on the disks. A mirror reads an extent from one
//! of its other sides, that with the fewest reads under way; a raidz group reads it from all its other disks. An extent
//! that is read is written to the new disk. At most four are under way at once, from the start of their reads to the end of
//! their write. Extents begin in the phases of a scan ([`scan`](super::scan)); what has begun is finished.
//!
//! In: starts of phases, ends of reads and writes, failures of other disks. Out: reads, writes, the end. Holds: each extent is
//! written once; a write begins when all that it needs is read.
//! Leaves out: the search of what is allocated (the size is given), the memory in which extents are sorted, errors
//! that are found, checkpoints of the progress.
//! Source: illumos-joyent `uts/common/fs/zfs/dsl_scan.c`, `vdev_mirror.c`, `vdev_raidz.c` (2019-05-13 and later).

use super::scan::{AT_ONCE, Phases, READ};
use crate::units::{SimDuration, SimTime};

/// A disk that extents are read from.
#[derive(Clone, Copy, Debug)]
struct Source {
    disk: u32,
    under_way: u32,
    /// Reads that have ended and wait for those of other disks.
    ahead: u32,
}

/// A resilver under way.
#[derive(Clone, Debug)]
pub struct Resilver {
    phases: Phases,
    sources: Vec<Source>,
    /// True if an extent lies on all sources, false if each has a copy of it.
    is_striped: bool,
    /// Extents that have not begun.
    left: u64,
    /// Extents that are read, and not written.
    ready: u32,
    /// Writes under way.
    writes: u32,
    /// Extents whose reads are under way.
    reads: u32,
}

impl Resilver {
    /// Begins to write `bytes` anew, read from the disks `sources`, with `work` as the least time of a phase. `is_striped` is
    /// true if the data lies on all of them, false if each has a copy.
    #[must_use]
    pub fn new(work: SimDuration, bytes: u64, sources: &[u32], is_striped: bool) -> Self {
        let source = |disk: &u32| Source { disk: *disk, under_way: 0, ahead: 0 };
        Self {
            phases: Phases::new(work),
            sources: sources.iter().map(source).collect(),
            is_striped,
            left: bytes.div_ceil(READ),
            ready: 0,
            writes: 0,
            reads: 0,
        }
    }

    /// Begins a phase.
    pub const fn phase_begins(&mut self, now: SimTime) {
        self.phases.begin(now);
    }

    /// Ends the phase if it has lasted for its least time and something `presses`.
    pub fn yields(&mut self, now: SimTime, presses: bool) {
        self.phases.yields(now, presses);
    }

    /// Returns true if a sync may end: no phase lasts, and no extent is under way.
    #[must_use]
    pub const fn rests(&self) -> bool {
        !self.phases.works() && self.under_way() == 0
    }

    const fn under_way(&self) -> u32 {
        self.reads + self.ready + self.writes
    }

    /// Begins the next extent; puts the disks that read it into `from`. Returns false if none begins now.
    pub fn reads(&mut self, from: &mut Vec<u32>) -> bool {
        from.clear();
        if !self.phases.works() || self.left == 0 || self.under_way() >= AT_ONCE {
            return false;
        }
        if self.is_striped {
            from.extend(self.sources.iter().map(|source| source.disk));
        } else {
            let least = self.sources.iter().min_by_key(|source| source.under_way);
            from.extend(least.map(|source| source.disk));
        }
        if from.is_empty() {
            return false;
        }
        for source in self.sources.iter_mut().filter(|source| from.contains(&source.disk)) {
            source.under_way += 1;
        }
        self.left -= 1;
        self.reads += 1;
        true
    }

    /// Ends a read of `disk`.
    pub fn read(&mut self, disk: u32) {
        let Some(source) = self.sources.iter_mut().find(|source| source.disk == disk) else {
            return;
        };
        source.under_way -= 1;
        source.ahead += 1;
        self.gather();
    }

    /// Counts the extents of which all reads have ended.
    fn gather(&mut self) {
        let ahead = self.sources.iter().map(|source| source.ahead);
        let whole = if self.is_striped { ahead.min() } else { Some(ahead.sum()) }.unwrap_or(0);
        for source in &mut self.sources {
            source.ahead = if self.is_striped { source.ahead - whole } else { 0 };
        }
        self.reads -= whole;
        self.ready += whole;
    }

    /// Begins the write of an extent that is read. Returns false if there is none.
    pub const fn writes(&mut self) -> bool {
        let some = self.ready > 0;
        if some {
            self.ready -= 1;
            self.writes += 1;
        }
        some
    }

    /// Ends a write.
    pub const fn written(&mut self) {
        self.writes -= 1;
    }

    /// Returns true if all data is written.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.left == 0 && self.under_way() == 0
    }

    /// Goes on without the source `disk`, which has failed. Its copies are read from other sides; a stripe has
    /// parity in its place.
    pub fn loses(&mut self, disk: u32) {
        let Some(at) = self.sources.iter().position(|source| source.disk == disk) else { return };
        let lost = self.sources.remove(at);
        if self.is_striped {
            self.gather();
        } else {
            self.left += u64::from(lost.under_way);
            self.reads -= lost.under_way;
        }
    }

    /// Loses the extents under way; they are moved again in a later phase.
    pub fn lost(&mut self) {
        self.phases.end();
        self.left += u64::from(self.under_way());
        (self.reads, self.ready, self.writes) = (0, 0, 0);
        for source in &mut self.sources {
            (source.under_way, source.ahead) = (0, 0);
        }
    }

    /// Returns the reads under way of each source.
    pub fn reads_under_way(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.sources.iter().map(|source| (source.disk, source.under_way))
    }

    /// Returns the writes under way.
    #[must_use]
    pub const fn writes_under_way(&self) -> u32 {
        self.writes
    }
}

#[cfg(test)]
mod tests;
