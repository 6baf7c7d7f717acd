//! Memory of a server or a storage head as a cache of the blocks read from its disks, and its second level.
//!
//! Model: the memory has several contents, each with its own block size, and a capacity in bytes. Either it evicts the least
//! recently read blocks of all contents, or it is adaptive (ARC). A hit costs no disk operation, and no time
//! beyond the processor time of the query that reads: a copy of 8 KiB takes about 1 µs, a disk operation 10,000 µs. A
//! block is stored at the look-up that misses it. Writes are not looked up. Where the file says so, a block that is written
//! enters memory, as a read of it would; otherwise writes change nothing.
//!
//! An adaptive memory may have a second level on a set of disks of its own ([`l2arc`]). A read that misses
//! memory and finds its block there is one operation at those disks, instead of one at the disks behind. Each block
//! that the second level takes up is one write there, for which no request waits. When its disks are lost, reads go to the
//! disks behind, and its content is gone. With the memory it loses its content as well, unless that is persistent.
//!
//! In: `read`, `feed`, `resize`, `clear`. Holds: a block that is read is in memory afterwards, if it fits.
//! Leaves out: writes of a memory with a second level, prefetching, a second cache at the client of a file server, time to transfer large blocks.
//! Source: for memory as a cache in front of disks, Megiddo & Modha (2003), ARC.
//!
//! [`l2arc`]: crate::mechanism::l2arc

use std::ops::Range;

use crate::engine::calendar::Ticket;
use crate::kinds::cache::live::ObjectCache;
use crate::mechanism::arc::AdaptiveCache;
use crate::mechanism::l2arc::{SecondLevel, Tuning};
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::model::{Ctx, Health, Heard};
use crate::units::{Bytes, SimTime};
use crate::workload::popularity::Zipf;

/// Configuration of a memory.
#[derive(Clone, Debug)]
pub struct BlocksConfig {
    /// Capacity in bytes.
    pub memory: Bytes,
    /// Contents that are read, by number.
    pub contents: Vec<Blocks>,
    /// True if it is adaptive (ARC), false if it evicts the least recently read block.
    pub is_adaptive: bool,
    /// True if blocks written enter it.
    pub takes_writes: bool,
    /// Second level of an adaptive memory.
    pub second: Option<SecondConfig>,
}

/// Blocks read from one store.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Popularity of the blocks.
    pub popularity: Zipf,
    /// Size of each block in bytes.
    pub block: u32,
}

/// Configuration of a second level.
#[derive(Clone, Copy, Debug)]
pub struct SecondConfig {
    /// Size and pace.
    pub tuning: Tuning,
    /// True if its content survives a loss of the memory.
    pub is_persistent: bool,
    /// Disks that it is on.
    pub disks: ComponentId,
    /// Component that has its figures.
    pub part: ComponentId,
    /// Its event: a pass is due.
    pub unit: UnitId,
    /// Key of the draws of its writes.
    pub key: KeyId,
}

/// Place where a read finds its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// In memory.
    Memory,
    /// On these disks, the second level.
    Second(ComponentId),
    /// On the disks behind.
    Nowhere,
}

/// Writes of a pass: one operation each.
#[derive(Clone, Debug)]
pub(super) struct Fed {
    /// Disks that are written.
    pub disks: ComponentId,
    /// Key of their draws.
    pub key: KeyId,
    /// Numbers of the writes.
    pub ordinals: Range<u64>,
}

#[derive(Clone, Debug)]
enum Store {
    Lru(ObjectCache),
    Adaptive(AdaptiveCache),
}

impl Store {
    /// Returns whether a block of `size` bytes is here, and stores it if not. `is_second`: the second level has it.
    fn look_up(&mut self, now: SimTime, (block, size): (u32, u32), is_second: bool) -> bool {
        match self {
            Self::Lru(cache) => cache.look_up_sized(now, block, size, 0.0),
            Self::Adaptive(cache) => cache.access(now, block, size, is_second),
        }
    }
}

#[derive(Clone, Debug)]
struct Second {
    config: SecondConfig,
    content: SecondLevel,
    /// False while its disks are lost.
    answers: bool,
    /// True while the server does not work.
    is_server_lost: bool,
    /// Instant at which its disks were lost without their server, as far as is known.
    lost: Option<SimTime>,
    ticket: Ticket,
    /// Number of the next write.
    next: u64,
    hits: u64,
    misses: u64,
}

/// A memory in the event loop.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    store: Store,
    /// True if blocks written enter it.
    pub(super) takes_writes: bool,
    /// Contents with the number of their first block.
    contents: Vec<(u32, Blocks)>,
    second: Option<Box<Second>>,
}

impl Memory {
    /// Creates a cold memory.
    pub(super) fn new(config: BlocksConfig) -> Self {
        let mut count = 0;
        let mut contents = Vec::with_capacity(config.contents.len());
        for content in config.contents {
            let blocks = content.popularity.count();
            contents.push((count, content));
            count += blocks;
        }
        let capacity = config.memory.count();
        let store = if config.is_adaptive {
            Store::Adaptive(AdaptiveCache::new(capacity, count))
        } else {
            Store::Lru(ObjectCache::of_room(capacity, count))
        };
        let second = config.second.map(|config| {
            Box::new(Second {
                config,
                content: SecondLevel::new(config.tuning, count),
                answers: true,
                is_server_lost: false,
                lost: None,
                ticket: Ticket::NONE,
                next: 0,
                hits: 0,
                misses: 0,
            })
        });
        Self { store, takes_writes: config.takes_writes, contents, second }
    }

    /// Reads a block of `content`, drawn by `uniform`; returns where it is. A missed block is stored.
    pub(super) fn read(&mut self, now: SimTime, content: u32, uniform: f64) -> Found {
        let (first, blocks) = &self.contents[content as usize];
        let block = first + blocks.popularity.object(uniform);
        let second = self.second.as_deref_mut().filter(|second| second.answers);
        let is_second = second.as_ref().is_some_and(|second| second.content.holds(block));
        let hit = self.store.look_up(now, (block, blocks.block), is_second);
        match second {
            _ if hit => Found::Memory,
            Some(second) if is_second => {
                second.hits += 1;
                Found::Second(second.config.disks)
            }
            Some(second) => {
                second.misses += 1;
                Found::Nowhere
            }
            None => Found::Nowhere,
        }
    }

    /// Stores a block of `content` that is written, drawn by `uniform`.
    pub(super) fn write(&mut self, now: SimTime, content: u32, uniform: f64) {
        let (first, blocks) = &self.contents[content as usize];
        let block = first + blocks.popularity.object(uniform);
        self.store.look_up(now, (block, blocks.block), false);
    }

    /// Changes the capacity to `room` bytes.
    pub(super) fn resize(&mut self, room: u64) {
        match &mut self.store {
            Store::Lru(cache) => cache.resize(room),
            Store::Adaptive(cache) => cache.resize(room),
        }
    }

    /// Removes all blocks.
    pub(super) fn clear(&mut self) {
        match &mut self.store {
            Store::Lru(cache) => cache.clear(),
            Store::Adaptive(cache) => cache.clear(),
        }
        if let Some(second) = self.second.as_mut().filter(|second| !second.config.is_persistent) {
            second.content.clear();
        }
    }

    /// Receives a change of health of the server or of the disks of the second level. Their content survives a loss of the
    /// server, which takes them along, but no loss of their own.
    pub(super) fn hears(&mut self, now: SimTime, heard: Heard) {
        let Some(second) = &mut self.second else { return };
        if second.config.disks != heard.of {
            second.is_server_lost = !heard.is.works();
            if second.is_server_lost && second.lost == Some(now) {
                second.lost = None;
            }
            return;
        }
        second.answers = !heard.is.is_lost();
        if heard.is == Health::Down && !second.is_server_lost {
            second.lost = Some(now);
        }
        if second.answers && second.lost.take().is_some() {
            second.content.clear();
        }
    }

    /// Arms the first pass.
    pub(super) fn arm(&mut self, ctx: &mut Ctx<'_>) {
        let Some(second) = &mut self.second else { return };
        let SecondConfig { tuning, unit, .. } = second.config;
        second.ticket = ctx.calendar.push(ctx.now + tuning.every, Event::Feed(unit.0).code());
    }

    /// Executes the pass that is due, and arms the next one; returns its writes.
    pub(super) fn feed(&mut self, ctx: &mut Ctx<'_>, ticket: Ticket) -> Option<Fed> {
        let second = self.second.as_deref_mut().filter(|second| second.ticket == ticket)?;
        let Store::Adaptive(cache) = &self.store else { return None };
        let SecondConfig { tuning, unit, disks, key, .. } = second.config;
        let first = second.next;
        let mut wait = tuning.every;
        if second.answers {
            let pass = second.content.feed(cache);
            second.next += u64::from(pass.objects);
            wait = pass.next;
        }
        second.ticket = ctx.calendar.push(ctx.now + wait, Event::Feed(unit.0).code());
        Some(Fed { disks, key, ordinals: first..second.next })
    }

    /// Returns the look-ups in the second level, whose figures `part` has.
    pub(super) fn reading(&self, part: ComponentId) -> Option<Gauge> {
        let second = self.second.as_ref().filter(|second| second.config.part == part)?;
        Some(Gauge {
            arrived: second.hits + second.misses,
            completed: second.hits,
            refused: second.misses,
            ..Gauge::default()
        })
    }
}
