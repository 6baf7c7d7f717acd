//! An object cache: what it holds, what it throws out, whether a look-up finds its object.
//!
//! Model: a look-up asks for one of n objects, independently of all others, by Zipf popularity. An
//! object that is not there is fetched by the caller and put in at once, in the place of the
//! object that the policy throws out: the least recently used one, the one that came first, or any.
//! An object older than `life`, counted from when it was put in, is not there. Where the file gives
//! only a hit ratio, each look-up finds its object with that probability, independently: no warming
//! up, no loss of content.
//!
//! The processor time of a look-up is that of the cache's own process, in its zone: the route
//! enters it as it enters a service without a bound on workers. A look-up while that process is
//! gone finds nothing at once and costs nothing; the caller goes on as after a miss.
//!
//! In: `look_up`, `clear`. Holds: at most `capacity` objects; a look-up is O(1), a draw of its
//! object O(log n); nothing is allocated after `new`.
//! Leaves out: sizes of objects, writes and invalidations, several callers fetching one object at
//! once, requests inside the process when it dies (they fail).
//! Source: King (1971), Analysis of demand paging algorithms; Gelenbe (1973), A unified approach to
//! the evaluation of a class of replacement algorithms.

use crate::engine::calendar::Ticket;
use crate::model::gauge::Gauge;
use crate::model::ids::{ComponentId, KeyId};
use crate::model::request::RequestId;
use crate::model::{Ctx, Health};
use crate::units::{SimDuration, SimTime};
use crate::workload::popularity::Zipf;

/// What a full cache throws out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// What was not asked for for the longest time.
    Lru,
    /// What came first.
    Fifo,
    /// Any.
    Random,
}

/// No slot, no object.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    object: u32,
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
    capacity: usize,
    slots: Vec<Slot>,
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
        let capacity = capacity.min(objects) as usize;
        Self {
            policy,
            life,
            capacity,
            slots: Vec::with_capacity(capacity),
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
        let slot = self.places[object as usize];
        if slot == NONE {
            if self.capacity > 0 {
                self.put(now, object, uniform);
            }
            return false;
        }
        let since = self.slots[slot as usize].since;
        let expired = self.life.is_some_and(|life| now - since >= life);
        if expired {
            self.slots[slot as usize].since = now;
        }
        if expired || self.policy == Policy::Lru {
            self.renew(slot);
        }
        !expired
    }

    fn put(&mut self, now: SimTime, object: u32, uniform: f64) {
        let fresh = Slot { object, newer: NONE, older: NONE, since: now };
        let slot = if self.slots.len() < self.capacity {
            self.slots.push(fresh);
            self.slots.len() as u32 - 1
        } else {
            let slot = match self.policy {
                Policy::Lru | Policy::Fifo => self.oldest,
                Policy::Random => {
                    let any = (uniform * self.capacity as f64) as usize;
                    any.min(self.capacity - 1) as u32
                }
            };
            self.places[self.slots[slot as usize].object as usize] = NONE;
            self.unlink(slot);
            self.slots[slot as usize] = fresh;
            slot
        };
        self.places[object as usize] = slot;
        self.link(slot);
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
        for slot in self.slots.drain(..) {
            self.places[slot.object as usize] = NONE;
        }
        self.newest = NONE;
        self.oldest = NONE;
    }

    /// Objects that are there, expired ones too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
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
    },
}

/// What a cache is.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// The member that spends the processor time of look-ups.
    pub process: ComponentId,
    /// How hits come about.
    pub content: Content,
}

#[derive(Clone, Debug)]
enum Inside {
    Ratio(f64),
    Objects(Box<ObjectCache>, Zipf),
}

/// A cache at work.
#[derive(Clone, Debug)]
pub struct Cache {
    process: ComponentId,
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
            Content::Objects { capacity, policy, popularity, life } => {
                let objects = popularity.objects() as u32;
                let cache = ObjectCache::new(policy, capacity, objects, life);
                Inside::Objects(Box::new(cache), popularity)
            }
        };
        Self { process: config.process, inside, hits: 0, misses: 0 }
    }

    /// The member that spends the processor time of look-ups.
    #[must_use]
    pub fn process(&self) -> ComponentId {
        self.process
    }

    /// Whether `request` finds its object, drawn under `key`.
    pub fn look_up(&mut self, ctx: &Ctx<'_>, request: RequestId, key: KeyId) -> bool {
        let entry = &ctx.requests[request];
        let uniform = ctx.draws.uniform(key, entry, 0);
        let hit = match &mut self.inside {
            Inside::Ratio(ratio) => uniform < *ratio,
            Inside::Objects(cache, popularity) => {
                let object = (popularity.quantile(uniform) - 1) as u32;
                let victim = match cache.policy {
                    Policy::Random => ctx.draws.uniform(key, entry, 1),
                    _ => 0.0,
                };
                cache.look_up(ctx.now, object, victim)
            }
        };
        self.hits += u64::from(hit);
        self.misses += u64::from(!hit);
        hit
    }

    /// A look-up that nobody answered.
    pub fn missed(&mut self) {
        self.misses += 1;
    }

    /// Everything in it is gone.
    pub fn clear(&mut self) {
        if let Inside::Objects(cache, _) = &mut self.inside {
            cache.clear();
        }
    }

    /// It has no alarm.
    pub fn alarm(&mut self, _: &mut Ctx<'_>, _: u32, _: Ticket) {}

    /// No request waits here.
    pub fn wake(&mut self, _: &mut Ctx<'_>, _: RequestId) {}

    /// No request is inside it.
    pub fn cancel(&mut self, _: &mut Ctx<'_>, _: RequestId) {}

    /// What is neither up, slow, stalled nor cut off has lost what it held.
    pub fn health(&mut self, _: &mut Ctx<'_>, health: Health) {
        if health == Health::Down {
            self.clear();
        }
    }

    /// Look-ups as `arrived`, hits as `completed`, misses as `refused`.
    #[must_use]
    pub fn gauge(&self, _: SimTime) -> Gauge {
        Gauge {
            arrived: self.hits + self.misses,
            completed: self.hits,
            refused: self.misses,
            ..Gauge::default()
        }
    }
}

#[cfg(test)]
mod tests;
