//! An object cache: its content, its eviction policy, and its look-ups.
//!
//! Model: a look-up asks for one of n objects, independently of all others, by Zipf popularity. On a
//! miss the caller fetches the object, which is stored at once. It replaces the object that the policy
//! evicts: the least recently used one, the one stored first, or a random one. A look-up misses an
//! object older than `ttl`, counted from when it was stored (`sliding-ttl`: from its last use). Where the
//! file gives only a hit ratio, each look-up hits with that probability, independently. There is then
//! no warm-up and no loss of content.
//!
//! The processor time of a look-up is spent by the cache's own process, in its zone. The route enters
//! it as it enters a service without a bound on workers. While that process is down or unreachable, a
//! look-up misses at once and costs no time.
//!
//! The memory of a server or of the head of a file server is a cache of the blocks read from its own disks ([`blocks`]).
//!
//! In: `look_up`, `read`, `clear`. Holds: at most `capacity` objects, or bytes of blocks; a look-up is
//! O(1), a draw of its object O(log n); object caches allocate nothing after `new`.
//! A change of an object removes its copy, or stores the new one (write-through). It does not reach a process that is cut
//! off, which keeps its old copy. A purge brings such changes as messages; a cache that it reaches counts the old copies
//! that its look-ups find ([`copies`]).
//!
//! Leaves out: sizes of objects, a copy that is fetched while its object changes, several callers fetching one object
//! at once, requests inside the process when it fails (they fail).
//! Source: King (1971), Analysis of demand paging algorithms; Gelenbe (1973), A unified approach to
//! the evaluation of a class of replacement algorithms; for the adaptive policy [`crate::mechanism::arc`].

pub mod blocks;
mod objects;

use crate::convert::{below, low, place};
use crate::engine::calendar::Ticket;
use crate::kinds::cache::live::blocks::{BlocksConfig, Found, Memory};
use crate::mechanism::arc::AdaptiveCache;
use crate::mechanism::copies::{self, ALL, Message, Met, Versions};
use crate::model::drawn::Drawn;
use crate::model::gauge::Gauge;
use crate::model::ids::{ComponentId, KeyId};
use crate::model::request::RequestId;
use crate::model::world::Around;
use crate::model::{Answer, Ctx, Health, Heard, Keeps, Live, Start, none};
use crate::units::{Bytes, SimDuration, SimTime};
use crate::workload::popularity::Zipf;

pub use crate::workload::hits::Policy;
pub use objects::ObjectCache;

/// Model of the hits of a cache.
#[derive(Clone, Debug)]
pub enum Content {
    /// Independent hits with this probability.
    Ratio(f64),
    /// Object by object.
    Objects {
        /// Largest number of stored objects.
        capacity: u32,
        /// Eviction policy.
        policy: Policy,
        /// Popularity of the objects.
        popularity: Zipf,
        /// Time until a stored object expires; `None`: never.
        ttl: Option<SimDuration>,
        /// True if each hit restarts that time.
        sliding_ttl: bool,
    },
    /// Object by object, with recently and frequently used ones apart (ARC).
    Adaptive {
        /// Largest number of stored objects.
        capacity: u32,
        /// Popularity of the objects.
        popularity: Zipf,
    },
    /// Block by block, in the memory of a server or of a storage head.
    Blocks(Box<BlocksConfig>),
    /// The second level of the memory that is the process. That component counts its look-ups.
    Second,
}

/// Configuration of a cache.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// Process that spends the processor time of look-ups; for blocks, the server or storage head with
    /// the memory.
    pub process: ComponentId,
    /// Model of the hits.
    pub content: Content,
    /// True if purges reach it.
    pub purged: bool,
}

#[derive(Clone, Debug)]
enum Inside {
    Ratio(f64),
    Objects(Box<ObjectCache>, Zipf),
    Adaptive(Box<AdaptiveCache>, Zipf),
    Blocks(Box<Memory>),
    /// Part of another memory.
    Second(ComponentId),
}

/// State of a cache in the event loop.
#[derive(Clone, Debug)]
pub struct Cache {
    /// True while its process is down or unreachable.
    gone: bool,
    inside: Inside,
    /// Changes of its objects and their effects, if purges reach it.
    purges: Option<Box<Purges>>,
    hits: u64,
    misses: u64,
}

/// Changes of the objects of a cache, and their effects.
#[derive(Clone, Debug)]
struct Purges {
    versions: Versions,
    met: Met,
}

impl Cache {
    /// Creates a cold cache.
    #[must_use]
    pub fn new(config: CacheConfig) -> Self {
        let purges =
            |objects: u32| Purges { versions: Versions::new(objects), met: Met::new(objects) };
        let purges = match &config.content {
            Content::Objects { popularity, .. } if config.purged => {
                Some(purges(popularity.count()))
            }
            _ => None,
        };
        let inside = match config.content {
            Content::Ratio(ratio) => Inside::Ratio(ratio),
            Content::Objects { capacity, policy, popularity, ttl, sliding_ttl } => {
                let objects = popularity.count();
                let cache = ObjectCache::new(policy, capacity, objects, ttl).renewed(sliding_ttl);
                Inside::Objects(Box::new(cache), popularity)
            }
            Content::Adaptive { capacity, popularity } => {
                let cache = AdaptiveCache::new(u64::from(capacity), popularity.count());
                Inside::Adaptive(Box::new(cache), popularity)
            }
            Content::Blocks(config) => Inside::Blocks(Box::new(Memory::new(*config))),
            Content::Second => Inside::Second(config.process),
        };
        Self { gone: false, inside, purges: purges.map(Box::new), hits: 0, misses: 0 }
    }

    /// Looks up the object of `request`, drawn under `key`; returns whether it hits.
    pub fn look_up(&mut self, ctx: &Ctx<'_>, request: RequestId, key: KeyId) -> bool {
        let entry = &ctx.requests[request];
        let uniform = ctx.draws.uniform(key, entry, 0);
        let hit = match &mut self.inside {
            Inside::Ratio(ratio) => uniform < *ratio,
            Inside::Objects(cache, popularity) => {
                let object = popularity.object(uniform);
                let victim = match cache.policy {
                    Policy::Random => ctx.draws.uniform(key, entry, 1),
                    _ => 0.0,
                };
                let since = self.purges.as_ref().and_then(|_| cache.since(object));
                let hit = cache.look_up(ctx.now, object, victim);
                if let Some(Purges { versions, met }) = self.purges.as_deref_mut() {
                    match since.filter(|_| hit) {
                        Some(since) => met.found(versions.is_old(object, since)),
                        None => {
                            met.missed(object);
                            met.stored(object);
                        }
                    }
                }
                hit
            }
            Inside::Adaptive(cache, popularity) => {
                cache.access(ctx.now, popularity.object(uniform), 1, false)
            }
            Inside::Blocks(_) | Inside::Second(_) => unreachable!("blocks are read, by content"),
        };
        self.hits += u64::from(hit);
        self.misses += u64::from(!hit);
        hit
    }

    /// Changes the object of `request`, drawn under the key in `what`: removes its copy, or stores the new one.
    fn change(&mut self, ctx: &Ctx<'_>, request: RequestId, what: u32) {
        let entry = &ctx.requests[request];
        let key = KeyId(what & !(UPDATES | THROUGH | EVENLY));
        let uniform = ctx.draws.uniform(key, entry, 0);
        let Inside::Objects(cache, popularity) = &mut self.inside else {
            unreachable!("the plan refuses changes of other caches")
        };
        let object = if what & EVENLY != 0 {
            place(below(uniform, popularity.count() as usize))
        } else {
            popularity.object(uniform)
        };
        if what & THROUGH != 0 {
            cache.change(ctx.now, object, ctx.draws.uniform(key, entry, 1));
        } else {
            cache.remove(object);
        }
    }

    /// Receives a message about copies: the object in the `need` of `request` has changed, or its copy is to be removed or
    /// replaced. The number is the key by which a full cache draws what it evicts for a new copy.
    fn receives(&mut self, ctx: &Ctx<'_>, request: RequestId, (message, number): (Message, u32)) {
        let entry = &ctx.requests[request];
        let (Inside::Objects(cache, popularity), Some(purges)) =
            (&mut self.inside, &mut self.purges)
        else {
            unreachable!("the plan refuses purges of other caches")
        };
        let Purges { versions, met } = purges.as_mut();
        let (first, end) = match entry.need {
            ALL => (0, popularity.count()),
            object => (low(object), low(object) + 1),
        };
        match message {
            Message::Changed => versions.change(ctx.now, first, end),
            Message::Remove => {
                for object in first..end {
                    if cache.holds(ctx.now, object) {
                        met.removed(object);
                    }
                    cache.remove(object);
                }
            }
            Message::Store => {
                let victim = ctx.draws.uniform(KeyId(number), entry, 0);
                for object in first..end {
                    cache.replace(ctx.now, object, victim);
                    met.stored(object);
                }
            }
        }
    }

    /// Reads a block of `content`, drawn by `uniform`; returns where it is. A missed block is stored.
    ///
    /// # Panics
    ///
    /// If this is not a cache of blocks.
    pub fn read(&mut self, now: SimTime, content: u32, uniform: f64) -> Found {
        let Inside::Blocks(memory) = &mut self.inside else {
            unreachable!("the plan mounts nothing else on memory")
        };
        let found = memory.read(now, content, uniform);
        let hit = found == Found::Memory;
        self.hits += u64::from(hit);
        self.misses += u64::from(!hit);
        found
    }

    /// Returns whether blocks that are written enter it.
    #[must_use]
    pub fn takes_writes(&self) -> bool {
        matches!(&self.inside, Inside::Blocks(memory) if memory.takes_writes)
    }

    /// Stores a block of `content` that is written, drawn by `uniform`; no look-up.
    pub fn write(&mut self, now: SimTime, content: u32, uniform: f64) {
        if let Inside::Blocks(memory) = &mut self.inside {
            memory.write(now, content, uniform);
        }
    }

    /// Changes the capacity for blocks to `room` bytes; has no effect on other caches.
    pub fn resize(&mut self, room: Bytes) {
        if let Inside::Blocks(memory) = &mut self.inside {
            memory.resize(room.count());
        }
    }

    /// Counts a look-up while the process does not answer, as a miss.
    pub fn missed(&mut self) {
        self.misses += 1;
    }

    /// Removes all objects or blocks.
    pub fn clear(&mut self) {
        if let Some(purges) = &mut self.purges {
            purges.met.forgets();
        }
        match &mut self.inside {
            Inside::Objects(cache, _) => cache.clear(),
            Inside::Adaptive(cache, _) => cache.clear(),
            Inside::Blocks(memory) => memory.clear(),
            Inside::Ratio(_) | Inside::Second(_) => {}
        }
    }
}

/// Mark of a question that changes an object; the rest is the key of the draw, without the other marks.
pub const UPDATES: u32 = 1 << 31;
/// Mark of a change by which the new copy is stored.
pub const THROUGH: u32 = 1 << 30;
/// Mark of a change that meets all objects equally often.
pub const EVENLY: u32 = 1 << 29;

/// Number of the branch that a look-up takes on a miss.
pub const MISS: u32 = 0;
/// Number of the branch that a look-up takes while the process is down or unreachable.
pub const NO_CACHE: u32 = 1;

impl Live for Cache {
    type Config = CacheConfig;

    fn begin(_: ComponentId, config: &CacheConfig, _: &Start<'_>) -> Self {
        Self::new(config.clone())
    }

    none!(lent);
    none!(
        alarm,
        cancel,
        ended,
        holds,
        count_ends,
        waits,
        sojourns,
        by_number,
        quantities,
        closes,
        loads,
        queue,
        queue_mut,
        is_process,
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        step,
        wake,
        returned,
        part_health,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );
    none!(counts_anew, begin_to_count, keeps_place);

    /// Clears the cache when it goes down.
    fn health(&mut self, _: &mut Ctx<'_>, health: Health) {
        if health == Health::Down {
            self.clear();
        }
    }

    /// Look-ups as `arrived`, hits as `completed`, misses as `refused`.
    fn gauge(&self, _: SimTime) -> Gauge {
        Gauge {
            arrived: self.hits + self.misses,
            completed: self.hits,
            refused: self.misses,
            tally: self
                .purges
                .as_ref()
                .map(|purges| purges.met.tally(self.hits + self.misses))
                .unwrap_or_default(),
            ..Gauge::default()
        }
    }

    fn listens(config: &CacheConfig) -> Vec<ComponentId> {
        match &config.content {
            Content::Blocks(blocks) => {
                let second = blocks.second.as_ref().map(|second| second.disks);
                std::iter::once(config.process).chain(second).collect()
            }
            Content::Second => Vec::new(),
            _ => vec![config.process],
        }
    }

    /// Notes whether the process answers, and clears the cache when the process goes down or is a new one. Memory is
    /// cleared by the loss of memory that its server has; it hears of its second level.
    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        if let Inside::Blocks(memory) = &mut self.inside {
            return memory.hears(ctx.now, heard);
        }
        self.gone = heard.is.is_lost();
        if heard.is == Health::Down || heard.is_renewed() {
            self.clear();
        }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer {
        if what & UPDATES != 0 {
            if self.gone {
                return Answer::Way(NO_CACHE);
            }
            self.change(ctx, request, what);
            return Answer::GoesOn;
        }
        if let Some(message) = Message::of(what) {
            self.receives(ctx, request, message);
            return Answer::GoesOn;
        }
        if self.gone {
            self.missed();
            return Answer::Way(NO_CACHE);
        }
        if self.look_up(ctx, request, KeyId(what)) { Answer::GoesOn } else { Answer::Way(MISS) }
    }

    /// Arms the first pass that feeds a second level.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        around.with(own, |cache: &mut Self, ctx| {
            if let Inside::Blocks(memory) = &mut cache.inside {
                memory.arm(ctx);
            }
        });
    }

    /// Feeds a second level.
    fn due(around: &mut Around<'_>, own: ComponentId, _: u32, ticket: Ticket) {
        let fed = around.with(own, |cache: &mut Self, ctx| match &mut cache.inside {
            Inside::Blocks(memory) => memory.feed(ctx, ticket),
            _ => None,
        });
        let Some(fed) = fed else { return };
        let cause = around.cause(fed.disks);
        around.component_ctx(fed.disks, cause, |disks, ctx| {
            for ordinal in fed.ordinals {
                disks.loads(ctx, fed.key, Drawn::of(ordinal), true);
            }
        });
    }

    fn whole(&self) -> Option<ComponentId> {
        if let Inside::Second(memory) = self.inside { Some(memory) } else { None }
    }

    /// Returns the look-ups in the second level, which are the misses of memory while its disks work.
    fn part_reading(&self, part: ComponentId, _: SimTime) -> Option<Gauge> {
        if let Inside::Blocks(memory) = &self.inside { memory.reading(part) } else { None }
    }

    fn counts(config: &CacheConfig) -> Keeps {
        let tallied_by = config.purged.then_some(copies::OF);
        Keeps { tallied_by, ..Keeps::NOTHING }
    }

    fn forgets(&mut self, _: ComponentId) -> bool {
        self.clear();
        true
    }
}

#[cfg(test)]
mod tests;
