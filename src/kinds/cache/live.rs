//! An object cache: what it holds, what it throws out, whether a look-up finds its object.
//!
//! Model: a look-up asks for one of n objects, independently of all others, by Zipf popularity. An
//! object that is not there is fetched by the caller and put in at once, in the place of the
//! object that the policy throws out: the least recently used one, the one that came first, or any.
//! An object older than `life`, counted from when it was put in (`renewed`: from its last use), is not there. Where the file gives
//! only a hit ratio, each look-up finds its object with that probability, independently: no warming
//! up, no loss of content.
//!
//! The processor time of a look-up is that of the cache's own process, in its zone: the route
//! enters it as it enters a service without a bound on workers. A look-up while that process is
//! gone finds nothing at once and costs nothing; the caller goes on as after a miss.
//!
//! The memory of a server or of the head of a file server is a cache of the blocks read from its
//! own disks ([`Content::Blocks`]): of several contents, each with its own size of block, the least
//! recently read blocks of all are thrown out until there is room in bytes. A hit costs no disk
//! operation and no time beyond the processor time of the query that reads: a copy of 8 KiB takes
//! about a microsecond, a disk ten thousand of them. A block is there from the look-up that misses
//! it; what is written is not looked up and changes nothing. Left out of it: the adaptive part of
//! ARC (ghost lists, frequency), prefetching, a second cache at the client of a file server.
//!
//! In: `look_up`, `read`, `clear`. Holds: at most `capacity` objects, or bytes of blocks; a look-up is O(1), a draw of its
//! object O(log n); nothing is allocated after `new`.
//! Leaves out: sizes of objects, writes and invalidations, several callers fetching one object at
//! once, requests inside the process when it dies (they fail).
//! Source: King (1971), Analysis of demand paging algorithms; Gelenbe (1973), A unified approach to
//! the evaluation of a class of replacement algorithms; for memory as a cache in front of disks,
//! Megiddo & Modha (2003), ARC.

use crate::convert::{place, whole};
use crate::model::gauge::Gauge;
use crate::model::ids::{ComponentId, KeyId};
use crate::model::request::RequestId;
use crate::model::{Answer, Ctx, Health, Heard, Keeps, Live, Start, none};
use crate::units::{Bytes, SimDuration, SimTime};
use crate::workload::popularity::Zipf;

pub use crate::workload::hits::Policy;

/// No slot, no object.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    object: u32,
    /// Room it takes.
    weight: u32,
    /// Towards the newest.
    newer: u32,
    /// Towards the one thrown out next.
    older: u32,
    since: SimTime,
}

/// The objects that are there.
#[derive(Clone, Debug)]
pub struct ObjectCache {
    policy: Policy,
    life: Option<SimDuration>,
    /// Whether a life begins anew with each look-up that finds its object.
    renewed: bool,
    /// Room, in the unit of the objects' weights, and what of it is taken.
    room: u64,
    taken: u64,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// By object: its slot.
    places: Vec<u32>,
    newest: u32,
    oldest: u32,
}

impl ObjectCache {
    /// An empty cache of at most `capacity` of `objects` objects, numbered from 0. With a `life`,
    /// an object is there for so long after it was put in.
    #[must_use]
    pub fn new(policy: Policy, capacity: u32, objects: u32, life: Option<SimDuration>) -> Self {
        let capacity = capacity.min(objects);
        let mut cache = Self::of_room(u64::from(capacity), objects);
        cache.policy = policy;
        cache.life = life;
        cache.slots.reserve_exact(capacity as usize);
        cache
    }

    /// Each look-up that finds its object gives it a new life.
    #[must_use]
    pub fn renewed(mut self, renewed: bool) -> Self {
        self.renewed = renewed;
        self
    }

    /// An empty cache with room for objects of `room` in all, numbered from 0 to `objects`; it
    /// throws out what was not asked for for the longest time.
    #[must_use]
    pub fn of_room(room: u64, objects: u32) -> Self {
        Self {
            policy: Policy::Lru,
            life: None,
            renewed: false,
            room,
            taken: 0,
            slots: Vec::new(),
            free: Vec::with_capacity(1),
            places: vec![NONE; objects as usize],
            newest: NONE,
            oldest: NONE,
        }
    }

    /// Whether `object` is there; it is, from now on. `uniform`, in 0..1, picks what random
    /// replacement throws out.
    ///
    /// # Panics
    ///
    /// When there is no such object.
    #[inline]
    pub fn look_up(&mut self, now: SimTime, object: u32, uniform: f64) -> bool {
        self.look_up_sized(now, object, 1, uniform)
    }

    /// The same for an object that takes `weight` of the room; always the same for one object.
    ///
    /// # Panics
    ///
    /// When there is no such object.
    #[inline]
    pub fn look_up_sized(&mut self, now: SimTime, object: u32, weight: u32, uniform: f64) -> bool {
        let found = self.find(now, object);
        if !found {
            self.keep(now, object, weight, uniform);
        }
        found
    }

    /// Whether `object` is there, and not too old; it is used when it is.
    ///
    /// # Panics
    ///
    /// When there is no such object.
    #[inline]
    pub fn find(&mut self, now: SimTime, object: u32) -> bool {
        let slot = self.places[object as usize];
        if slot == NONE {
            return false;
        }
        let since = &mut self.slots[slot as usize].since;
        if self.life.is_some_and(|life| now - *since >= life) {
            return false;
        }
        if self.renewed {
            *since = now;
        }
        if self.policy == Policy::Lru {
            self.renew(slot);
        }
        true
    }

    /// Since when `object` is there, or by when its copy counts; `None` when it is not.
    ///
    /// # Panics
    ///
    /// When there is no such object.
    #[must_use]
    pub fn since(&self, object: u32) -> Option<SimTime> {
        let slot = self.places[object as usize];
        (slot != NONE).then(|| self.slots[slot as usize].since)
    }

    /// `object`, of `weight`, has been fetched: it is there from now on, in place of an older copy, as one
    /// that was made at `since`.
    ///
    /// # Panics
    ///
    /// When there is no such object.
    #[inline]
    pub fn keep(&mut self, since: SimTime, object: u32, weight: u32, uniform: f64) {
        let slot = self.places[object as usize];
        if slot != NONE {
            let there = &mut self.slots[slot as usize].since;
            *there = since.max(*there);
            self.renew(slot);
        } else if u64::from(weight) <= self.room {
            self.put(since, object, weight, uniform);
        }
    }

    fn put(&mut self, now: SimTime, object: u32, weight: u32, uniform: f64) {
        self.taken += u64::from(weight);
        while self.taken > self.room {
            self.throw_out(uniform);
        }
        let fresh = Slot { object, weight, newer: NONE, older: NONE, since: now };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = fresh;
                slot
            }
            None => {
                self.slots.push(fresh);
                place(self.slots.len()) - 1
            }
        };
        self.places[object as usize] = slot;
        self.link(slot);
    }

    /// Another room; what does not fit goes, what was not asked for for the longest time first.
    fn resize(&mut self, room: u64) {
        self.room = room;
        while self.taken > self.room {
            self.throw_out(0.0);
        }
    }

    /// One object makes room.
    fn throw_out(&mut self, uniform: f64) {
        let slot = match self.policy {
            Policy::Lru | Policy::Fifo => self.oldest,
            // All slots are in use: objects of one weight fill them before any is thrown out.
            Policy::Random => {
                let any = whole::usize(uniform * self.slots.len() as f64);
                place(any.min(self.slots.len() - 1))
            }
        };
        let Slot { object, weight, .. } = self.slots[slot as usize];
        self.taken -= u64::from(weight);
        self.places[object as usize] = NONE;
        self.unlink(slot);
        self.free.push(slot);
    }

    /// `slot` is the newest from now on.
    #[inline]
    fn renew(&mut self, slot: u32) {
        if self.newest != slot {
            self.unlink(slot);
            self.link(slot);
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Slot { newer, older, .. } = self.slots[slot as usize];
        match newer {
            NONE => self.newest = older,
            newer => self.slots[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.slots[older as usize].newer = newer,
        }
    }

    fn link(&mut self, slot: u32) {
        let older = self.newest;
        self.slots[slot as usize].newer = NONE;
        self.slots[slot as usize].older = older;
        match older {
            NONE => self.oldest = slot,
            older => self.slots[older as usize].newer = slot,
        }
        self.newest = slot;
    }

    /// Everything is gone: what follows starts cold.
    pub fn clear(&mut self) {
        // A free slot names an object that is gone or has another slot.
        for slot in self.slots.drain(..) {
            self.places[slot.object as usize] = NONE;
        }
        self.free.clear();
        self.taken = 0;
        self.newest = NONE;
        self.oldest = NONE;
    }

    /// Objects that are there, expired ones too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How hits come about.
#[derive(Clone, Debug)]
pub enum Content {
    /// By chance.
    Ratio(f64),
    /// Object by object.
    Objects {
        /// Objects it holds.
        capacity: u32,
        /// What it throws out.
        policy: Policy,
        /// What is asked for.
        popularity: Zipf,
        /// How long an object is there.
        life: Option<SimDuration>,
        /// Whether that begins anew with each use.
        renewed: bool,
    },
    /// Block by block, in the memory of a server or of a head.
    Blocks {
        /// Bytes it holds.
        memory: Bytes,
        /// What is read, by number.
        contents: Vec<Blocks>,
    },
}

/// What is read from one store.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Which block a read is of.
    pub popularity: Zipf,
    /// Bytes of each.
    pub block: u32,
}

/// What a cache is.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// The member that spends the processor time of look-ups; of blocks, the server or head whose
    /// memory it is.
    pub process: ComponentId,
    /// How hits come about.
    pub content: Content,
}

#[derive(Clone, Debug)]
enum Inside {
    Ratio(f64),
    Objects(Box<ObjectCache>, Zipf),
    /// With the number of the first block of each content.
    Blocks(Box<ObjectCache>, Vec<(u32, Blocks)>),
}

/// A cache at work.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Its process is gone.
    gone: bool,
    inside: Inside,
    hits: u64,
    misses: u64,
}

impl Cache {
    /// A cold cache.
    #[must_use]
    pub fn new(config: CacheConfig) -> Self {
        let inside = match config.content {
            Content::Ratio(ratio) => Inside::Ratio(ratio),
            Content::Objects { capacity, policy, popularity, life, renewed } => {
                let objects = popularity.count();
                let cache = ObjectCache::new(policy, capacity, objects, life).renewed(renewed);
                Inside::Objects(Box::new(cache), popularity)
            }
            Content::Blocks { memory, contents } => {
                let mut first = 0;
                let mut numbered = Vec::with_capacity(contents.len());
                for content in contents {
                    let blocks = content.popularity.count();
                    numbered.push((first, content));
                    first += blocks;
                }
                let cache = ObjectCache::of_room(memory.count(), first);
                Inside::Blocks(Box::new(cache), numbered)
            }
        };
        Self { gone: false, inside, hits: 0, misses: 0 }
    }

    /// Whether `request` finds its object, drawn under `key`.
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
                cache.look_up(ctx.now, object, victim)
            }
            Inside::Blocks(..) => unreachable!("blocks are read, by content"),
        };
        self.hits += u64::from(hit);
        self.misses += u64::from(!hit);
        hit
    }

    /// Whether a read of `content` finds its block, which it drew as `uniform`.
    ///
    /// # Panics
    ///
    /// When this is not a cache of blocks.
    pub fn read(&mut self, now: SimTime, content: u32, uniform: f64) -> bool {
        let Inside::Blocks(cache, contents) = &mut self.inside else {
            unreachable!("the plan mounts nothing else on memory")
        };
        let (first, blocks) = &contents[content as usize];
        let block = first + blocks.popularity.object(uniform);
        let hit = cache.look_up_sized(now, block, blocks.block, 0.0);
        self.hits += u64::from(hit);
        self.misses += u64::from(!hit);
        hit
    }

    /// It has room for `room` bytes of blocks from now on; other caches stay as they are.
    pub fn resize(&mut self, room: Bytes) {
        if let Inside::Blocks(cache, _) = &mut self.inside {
            cache.resize(room.count());
        }
    }

    /// A look-up that nobody answered.
    pub fn missed(&mut self) {
        self.misses += 1;
    }

    /// Everything in it is gone.
    pub fn clear(&mut self) {
        match &mut self.inside {
            Inside::Objects(cache, _) | Inside::Blocks(cache, _) => cache.clear(),
            Inside::Ratio(_) => {}
        }
    }
}

/// Ways of a look-up that does not find its object.
pub const MISS: u32 = 0;
/// Ways of a look-up that nobody answers.
pub const NOBODY: u32 = 1;

impl Live for Cache {
    type Config = CacheConfig;

    fn begin(_: ComponentId, config: &CacheConfig, _: &Start<'_>) -> Self {
        Self::new(config.clone())
    }

    none!(
        alarm,
        cancel,
        ended,
        holds,
        count_ends,
        waits,
        stays,
        by_number,
        closes,
        loads,
        queue,
        queue_mut,
        whole,
        part_reading,
        is_process,
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        starts,
        due,
        step,
        wake,
        returned,
        part_fares,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );
    none!(counts_anew, begin_to_count, keeps_place);

    /// What is neither up, slow, stalled nor cut off has lost what it held.
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
            ..Gauge::default()
        }
    }

    fn listens(config: &CacheConfig) -> Vec<ComponentId> {
        vec![config.process]
    }

    /// A process that is gone answers nobody, and a new one starts cold.
    fn hears(&mut self, _: &mut Ctx<'_>, heard: Heard) {
        self.gone = heard.is.is_lost();
        if heard.is == Health::Down || heard.is_renewed() {
            self.clear();
        }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer {
        if self.gone {
            self.missed();
            return Answer::Way(NOBODY);
        }
        if self.look_up(ctx, request, KeyId(what)) { Answer::GoesOn } else { Answer::Way(MISS) }
    }

    fn counts(_: &CacheConfig) -> Keeps {
        Keeps { completions: true, ..Keeps::NOTHING }
    }

    fn forgets(&mut self, _: ComponentId) -> bool {
        self.clear();
        true
    }
}

#[cfg(test)]
mod tests;
