//! The second level of an adaptive replacement cache, on a solid-state disk (L2ARC of ZFS).
//!
//! Model: a feed thread looks at the objects that the cache in memory will evict next, and writes those that are not on the disk
//! yet. One pass considers the frequent list, then the recent one, each from its oldest object on, to a depth of
//! some times the size of a write. While the cache in memory has not yet evicted anything it considers them from the newest, and
//! writes more. A pass ends when its write size is used up. The next pass follows after 1 s, or after 200 ms if
//! this one wrote more than half of what it wanted. The disk is written in turn: what was written first is
//! overwritten first, used or not, and before each pass space for a whole write is made. Eviction from memory never writes.
//!
//! In: `feed`, `holds`, `clear`. Holds: contents take at most the size of the disk; an object is on it once at most.
//! Leaves out: memory for the headers of objects on the disk (limited to a third of the metadata), several disks
//! in turn, compression, objects that are still being read.
//! Source: illumos-joyent `uts/common/fs/zfs/arc.c`, `l2arc_feed_thread` (2021).

use std::collections::VecDeque;

use crate::mechanism::arc::{AdaptiveCache, List};
use crate::units::SimDuration;

/// Size and pace of a second level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Size of the disk, in bytes.
    pub size: u64,
    /// Greatest size of the writes of a pass, in bytes.
    pub write: u64,
    /// The same while the cache in memory has evicted nothing.
    pub first: u64,
    /// Time between passes, and after a pass that wrote more than half of its greatest size.
    pub every: SimDuration,
    /// See [`Self::every`].
    pub again: SimDuration,
    /// Depth to which a pass considers a list, as a multiple of its greatest size.
    pub depth: u32,
}

/// Outcome of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Objects written, and their size.
    pub objects: u32,
    /// See [`Self::objects`].
    pub bytes: u64,
    /// Time from its start to the start of the next pass.
    pub next: SimDuration,
}

/// Contents of the second level.
#[derive(Clone, Debug)]
pub struct SecondLevel {
    tuning: Tuning,
    /// Objects with their sizes, in the order in which they were written.
    written: VecDeque<(u32, u32)>,
    /// Sum of the sizes.
    taken: u64,
    /// True for each object on the disk.
    there: Vec<bool>,
}

impl SecondLevel {
    /// Creates an empty second level for objects numbered from 0 to `objects` − 1.
    #[must_use]
    pub fn new(tuning: Tuning, objects: u32) -> Self {
        let there = vec![false; objects as usize];
        Self { tuning, written: VecDeque::new(), taken: 0, there }
    }

    /// Returns whether `object` is on the disk.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[must_use]
    #[inline]
    pub fn holds(&self, object: u32) -> bool {
        self.there[object as usize]
    }

    /// Executes one pass over the lists of `memory`.
    pub fn feed(&mut self, memory: &AdaptiveCache) -> Pass {
        let is_warm = memory.is_warm();
        let wanted = if is_warm { self.tuning.write } else { self.tuning.first };
        self.make_space(wanted);
        let depth = wanted.saturating_mul(u64::from(self.tuning.depth));
        let (mut bytes, mut objects) = (0, 0);
        'lists: for list in [List::Frequent, List::Recent] {
            let mut considered = 0;
            for (object, weight) in memory.objects(list, !is_warm) {
                let size = u64::from(weight);
                considered += size;
                if considered > depth {
                    break;
                }
                if self.there[object as usize] {
                    continue;
                }
                if bytes + size > wanted || self.taken + size > self.tuning.size {
                    break 'lists;
                }
                self.there[object as usize] = true;
                self.written.push_back((object, weight));
                self.taken += size;
                bytes += size;
                objects += 1;
            }
        }
        let Tuning { every, again, .. } = self.tuning;
        let next = if bytes > wanted / 2 { again } else { every };
        Pass { objects, bytes, next }
    }

    /// Drops what was written first until a write of `wanted` fits.
    fn make_space(&mut self, wanted: u64) {
        while self.taken + wanted > self.tuning.size {
            let Some((object, weight)) = self.written.pop_front() else { return };
            self.there[object as usize] = false;
            self.taken -= u64::from(weight);
        }
    }

    /// Returns the size of the contents, in bytes.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Removes all contents.
    pub fn clear(&mut self) {
        for (object, _) in self.written.drain(..) {
            self.there[object as usize] = false;
        }
        self.taken = 0;
    }
}

#[cfg(test)]
mod in_closed_form;
#[cfg(test)]
mod tests;
