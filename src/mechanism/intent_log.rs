//! The intent log: durable writes that are acknowledged before their transaction group is on the disks.
//!
//! Model: every data set has a log of its own. A commit adds a record to the open block of its log. A block is issued when
//! the next record does not fit, or when it has been open for 5 % of the time that the last block took. Meanwhile further
//! commits join it. Several blocks of a log may be under way, but they end in their order. A block consists of operations:
//! the write of the block, and the writes of data in place that its records point to. When all are done the caches
//! of the disks that they used are flushed. When these are done too, the writers of the block go on.
//!
//! In: commits, ends of disk operations. Out: blocks to write, caches to flush, writers that go on. Holds: a writer goes on once, after
//! the write and the flush of its block and of all earlier blocks of its log; a block is at most 128 KiB, or one record.
//! Leaves out: the size of headers, blocks that no writer waits for, errors of the log device.
//! Source: illumos-joyent `uts/common/fs/zfs/zil.c` (after the batching of 2017-12, illumos 8585).

use std::collections::{BTreeMap, VecDeque};

use crate::units::{SimDuration, SimTime};

/// Greatest size of a block, in bytes.
pub const BLOCK: u64 = 128 << 10;
/// Size of a record without data, in bytes.
pub const RECORD: u64 = 192;
/// Size of a write from which on it is written in place, where there is no log device, in bytes.
pub const IN_PLACE: u64 = 32 << 10;
/// Divisor of the time of the last block: a block is open for 5 % of it.
const OPEN_FOR: u64 = 20;

/// A block that is written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub block: u32,
    /// Data set of its log.
    pub set: usize,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// Consequence of the end of an operation of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended<W> {
    /// Others of its operations are under way.
    Nothing,
    /// The caches of these disks are flushed next.
    Flush(Vec<u32>),
    /// The block is durable; these writers go on.
    Durable(Vec<W>),
}

#[derive(Clone, Debug)]
struct Block<W> {
    log: usize,
    bytes: u64,
    writers: Vec<W>,
    issued: SimTime,
    /// Operations under way, and one more until the block is issued.
    parts: u32,
    flushes: bool,
    is_durable: bool,
    /// Disks that its operations use.
    disks: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
struct Log {
    /// The open block, and the instant at which it is issued.
    open: Option<(u32, SimTime)>,
    /// Time that the last block took.
    took: SimDuration,
    /// Blocks that are not durable, in their order.
    under_way: VecDeque<u32>,
}

/// The intent logs of one pool, one per data set. `W` identifies a writer.
#[derive(Clone, Debug)]
pub struct IntentLog<W> {
    logs: Vec<Log>,
    blocks: BTreeMap<u32, Block<W>>,
    next: u32,
}

impl<W: Copy> IntentLog<W> {
    /// Returns empty logs of `sets` data sets.
    #[must_use]
    pub fn new(sets: usize) -> Self {
        Self { logs: vec![Log::default(); sets], blocks: BTreeMap::new(), next: 0 }
    }

    /// Commits a record of `bytes` to the log of data set `set`. Returns the number of the block that it joins, and the
    /// blocks that are written now.
    pub fn commit(&mut self, now: SimTime, set: usize, writer: W, bytes: u64) -> (u32, Vec<Issue>) {
        let mut issues = Vec::new();
        if let Some((open, _)) = self.logs[set].open
            && self.blocks[&open].bytes + bytes > BLOCK
        {
            issues.extend(self.issue(now, set));
        }
        let number = match self.logs[set].open {
            Some((open, _)) => open,
            None => self.opens(now, set),
        };
        let block = self.blocks.get_mut(&number).expect("an open block is kept");
        block.bytes += bytes;
        block.writers.push(writer);
        if self.logs[set].open.is_some_and(|(_, until)| until <= now) {
            issues.extend(self.issue(now, set));
        }
        (number, issues)
    }

    fn opens(&mut self, now: SimTime, set: usize) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let block = Block {
            log: set,
            bytes: 0,
            writers: Vec::new(),
            issued: now,
            parts: 1,
            flushes: false,
            is_durable: false,
            disks: Vec::new(),
        };
        self.blocks.insert(number, block);
        let log = &mut self.logs[set];
        let open_for = SimDuration::from_nanos(log.took.nanos() / OPEN_FOR);
        log.open = Some((number, now + open_for));
        log.under_way.push_back(number);
        number
    }

    fn issue(&mut self, now: SimTime, set: usize) -> Option<Issue> {
        let (number, _) = self.logs[set].open.take()?;
        let block = self.blocks.get_mut(&number)?;
        block.issued = now;
        Some(Issue { block: number, set, bytes: block.bytes })
    }

    /// Returns the next instant at which an open block is issued.
    #[must_use]
    pub fn due(&self) -> SimTime {
        let open = self.logs.iter().filter_map(|log| log.open);
        open.map(|(_, until)| until).min().unwrap_or(SimTime::NEVER)
    }

    /// Returns the open blocks that are written now.
    pub fn ring(&mut self, now: SimTime) -> Vec<Issue> {
        let is_due = |log: &Log| log.open.is_some_and(|(_, until)| until <= now);
        let due: Vec<usize> = (0..self.logs.len()).filter(|at| is_due(&self.logs[*at])).collect();
        due.into_iter().filter_map(|set| self.issue(now, set)).collect()
    }

    /// Adds an operation at `disk` to a block.
    pub fn begins(&mut self, block: u32, disk: u32) {
        let Some(block) = self.blocks.get_mut(&block) else { return };
        block.parts += 1;
        if !block.disks.contains(&disk) {
            block.disks.push(disk);
        }
    }

    /// Ends an operation of a block. The first such end after the block was [issued](Issue) stands for the issue itself.
    pub fn ends(&mut self, now: SimTime, number: u32) -> Ended<W> {
        let Some(block) = self.blocks.get_mut(&number) else { return Ended::Nothing };
        block.parts -= 1;
        if block.parts > 0 {
            return Ended::Nothing;
        }
        if !block.flushes {
            block.flushes = true;
            return Ended::Flush(block.disks.clone());
        }
        block.is_durable = true;
        let log = &mut self.logs[block.log];
        log.took = now - block.issued;
        let mut writers = Vec::new();
        while let Some(first) = log.under_way.front()
            && self.blocks[first].is_durable
        {
            writers.extend(self.blocks.remove(first).into_iter().flat_map(|block| block.writers));
            log.under_way.pop_front();
        }
        Ended::Durable(writers)
    }

    /// Removes the writers for which `goes` is true; their records are written.
    pub fn forget(&mut self, goes: impl Fn(&W) -> bool) {
        self.blocks.values_mut().for_each(|block| block.writers.retain(|writer| !goes(writer)));
    }

    /// Loses all blocks; returns the writers that waited for them.
    pub fn clear(&mut self) -> Vec<W> {
        self.logs.iter_mut().for_each(|log| *log = Log::default());
        std::mem::take(&mut self.blocks).into_values().flat_map(|block| block.writers).collect()
    }

    /// Returns true if no block is open or under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

#[cfg(test)]
mod tests;
