//! The queue in front of one disk of a pool: classes of operations, and zones that take turns.
//!
//! Model: operations wait in one queue per class. The disk receives the next operation of the first class that has
//! fewer operations active than its minimum, else of the first with fewer than its maximum. Asynchronous writes are
//! first come, first served. In a synchronous class with at least ten waiting operations, each zone has a score:
//! its priority, its weight, and the inverse of its part of the queue. The oldest operation of the zone with the
//! best score goes first. A zone's weight rises each time it is passed over, and returns to zero when it is served.
//!
//! In: operations, ends of operations. Out: the next operation for the disk. Holds: active operations of a class never
//! exceed its maximum; each operation comes out once; operations of one zone and class keep their order.
//! Leaves out: asynchronous reads (there is no prefetch), trim, aggregation of neighbouring operations.
//! Source: illumos-joyent `uts/common/fs/zfs/vdev_queue.c`, `zfs_zone.c` (2013-08-28 and later).

use std::collections::VecDeque;

/// Waiting operations of a class from which on zones have scores.
const SCHEDULE_FROM: usize = 10;
/// Greatest weight of a zone.
const MOST_WEIGHT: u64 = 20;

/// Class of an operation, in the order of priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A read that a request waits for.
    SyncRead,
    /// A write that a request waits for.
    SyncWrite,
    /// A write that no request waits for.
    AsyncWrite,
    /// A read of a scrub.
    Scrub,
}

impl Class {
    /// All classes, in the order of priority.
    pub const ALL: [Self; 4] = [Self::SyncRead, Self::SyncWrite, Self::AsyncWrite, Self::Scrub];

    const fn is_sync(self) -> bool {
        matches!(self, Self::SyncRead | Self::SyncWrite)
    }
}

/// Numbers of active operations of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// With fewer it goes before the classes that have their minimum.
    pub least: u32,
    /// Maximum.
    pub most: u32,
}

/// The limits of the source, by class.
pub const LIMITS: [Limits; 4] = [
    Limits { least: 10, most: 10 },
    Limits { least: 10, most: 10 },
    Limits { least: 3, most: 10 },
    Limits { least: 1, most: 2 },
];

#[derive(Clone, Copy, Debug)]
struct Turn {
    priority: u64,
    weight: u64,
}

/// I/O priorities and weights of the zones of a system.
#[derive(Clone, Debug)]
pub struct Turns {
    zones: Vec<Turn>,
}

impl Turns {
    /// Creates the weights of zones with these I/O priorities.
    #[must_use]
    pub fn new(priorities: impl IntoIterator<Item = u32>) -> Self {
        let turn = |priority| Turn { priority: u64::from(priority), weight: 0 };
        Self { zones: priorities.into_iter().map(turn).collect() }
    }

    /// Returns the zone with the best score among those with waiting operations; `None` if no zone has a score.
    /// `waiting` holds the number of waiting operations by zone, of `queued` in all.
    fn best(&mut self, waiting: &[u32], queued: usize) -> Option<usize> {
        let queued = u64::try_from(queued).unwrap_or(u64::MAX);
        let (mut best, mut best_score) = (None, 0);
        for (zone, turn) in self.zones.iter_mut().enumerate() {
            let own = waiting.get(zone).copied().unwrap_or(0);
            if own == 0 {
                turn.weight = 0;
                continue;
            }
            turn.weight = (turn.weight + 1).min(MOST_WEIGHT);
            let score = 10 * queued / u64::from(own) * turn.priority * turn.weight;
            if score > best_score {
                (best, best_score) = (Some(zone), score);
            }
        }
        best
    }

    fn served(&mut self, zone: Option<usize>) {
        if let Some(turn) = zone.and_then(|zone| self.zones.get_mut(zone)) {
            turn.weight = 0;
        }
    }
}

/// The operations of one class that wait.
#[derive(Clone, Debug)]
struct Line<T> {
    waiting: VecDeque<(Option<usize>, T)>,
    /// Number of waiting operations by zone.
    by_zone: Vec<u32>,
    active: u32,
}

impl<T> Line<T> {
    const fn new() -> Self {
        Self { waiting: VecDeque::new(), by_zone: Vec::new(), active: 0 }
    }

    fn put(&mut self, zone: Option<usize>, operation: T) {
        if let Some(zone) = zone {
            if self.by_zone.len() <= zone {
                self.by_zone.resize(zone + 1, 0);
            }
            self.by_zone[zone] += 1;
        }
        self.waiting.push_back((zone, operation));
    }

    /// Takes out the operation whose turn it is; `takes_turns` if zones have scores.
    fn take(&mut self, turns: &mut Turns, takes_turns: bool) -> Option<T> {
        let queued = self.waiting.len();
        let best = if takes_turns && queued >= SCHEDULE_FROM {
            turns.best(&self.by_zone, queued)
        } else {
            None
        };
        let at = best.and_then(|zone| self.waiting.iter().position(|(of, _)| *of == Some(zone)));
        let (zone, operation) = self.waiting.remove(at.unwrap_or(0))?;
        if let Some(zone) = zone {
            self.by_zone[zone] -= 1;
        }
        turns.served(zone);
        self.active += 1;
        Some(operation)
    }
}

/// The queue in front of one disk.
#[derive(Clone, Debug)]
pub struct LeafQueue<T> {
    lines: [Line<T>; 4],
    limits: [Limits; 4],
}

impl<T> LeafQueue<T> {
    /// Creates an empty queue.
    #[must_use]
    pub fn new(limits: [Limits; 4]) -> Self {
        Self { lines: Self::empty(), limits }
    }

    const fn empty() -> [Line<T>; 4] {
        [Line::new(), Line::new(), Line::new(), Line::new()]
    }

    /// Changes the maximum of active operations of a class. If it rises, the disk may receive more.
    pub const fn limit(&mut self, class: Class, most: u32) {
        self.limits[class as usize].most = most;
    }

    /// Adds an operation of `zone`; `None`: of no zone, but of the system.
    pub fn put(&mut self, class: Class, zone: Option<usize>, operation: T) {
        self.lines[class as usize].put(zone, operation);
    }

    /// Takes out the next operation for the disk; `None` if none waits or every class that has one has its maximum
    /// active.
    pub fn take(&mut self, turns: &mut Turns) -> Option<T> {
        let below = |line: &Line<T>, most: u32| !line.waiting.is_empty() && line.active < most;
        let class_below = |most: fn(Limits) -> u32| {
            let fits = |class: &Class| {
                let at = *class as usize;
                below(&self.lines[at], most(self.limits[at]))
            };
            Class::ALL.into_iter().find(fits)
        };
        let class =
            class_below(|limits| limits.least).or_else(|| class_below(|limits| limits.most))?;
        self.lines[class as usize].take(turns, class.is_sync())
    }

    /// Records that the disk has ended an operation.
    pub fn done(&mut self, class: Class) {
        self.lines[class as usize].active -= 1;
    }

    /// Removes all operations that wait; returns them, class by class. Nothing is active afterwards.
    pub fn clear(&mut self) -> Vec<T> {
        let lines = std::mem::replace(&mut self.lines, Self::empty());
        lines.into_iter().flat_map(|line| line.waiting).map(|(_, operation)| operation).collect()
    }

    /// Returns the operations that wait.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.lines.iter().flat_map(|line| &line.waiting).map(|(_, operation)| operation)
    }

    /// Returns the operations of the synchronous classes that wait, to be changed. A request waits for no other.
    pub fn sync_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let lines =
            Class::ALL.into_iter().zip(&mut self.lines).filter(|(class, _)| class.is_sync());
        lines.flat_map(|(_, line)| &mut line.waiting).map(|(_, operation)| operation)
    }
}

#[cfg(test)]
mod tests;
