//! Stored objects of a cache, and the policy by which it evicts them.
//!
//! Holds: at most `capacity` objects, or their weight; a look-up is O(1). Source: as in [`live`](super).

use crate::convert::{place, whole};
use crate::units::{SimDuration, SimTime};
use crate::workload::hits::Policy;

/// Number of no slot.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    object: u32,
    /// Weight of the object: the capacity that it takes.
    weight: u32,
    /// Next slot towards the newest.
    newer: u32,
    /// Next slot towards the oldest, which is evicted first.
    older: u32,
    since: SimTime,
}

/// Stored objects, linked from the newest to the oldest.
#[derive(Clone, Debug)]
pub struct ObjectCache {
    pub(super) policy: Policy,
    ttl: Option<SimDuration>,
    /// True if each hit restarts the life of its object.
    sliding_ttl: bool,
    /// Capacity, in the unit of the objects' weights, and the part of it in use (`taken`).
    room: u64,
    taken: u64,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slot of each object.
    places: Vec<u32>,
    newest: u32,
    oldest: u32,
}

impl ObjectCache {
    /// Creates an empty cache for at most `capacity` of `objects` objects, numbered from 0. With a
    /// `ttl`, a look-up misses an object stored longer ago.
    #[must_use]
    pub fn new(policy: Policy, capacity: u32, objects: u32, ttl: Option<SimDuration>) -> Self {
        let capacity = capacity.min(objects);
        let mut cache = Self::of_room(u64::from(capacity), objects);
        cache.policy = policy;
        cache.ttl = ttl;
        cache.slots.reserve_exact(capacity as usize);
        cache
    }

    /// Sets whether each hit restarts the life of its object.
    #[must_use]
    pub fn renewed(mut self, sliding_ttl: bool) -> Self {
        self.sliding_ttl = sliding_ttl;
        self
    }

    /// Creates an empty cache for objects of a total weight of `room`, numbered from 0 to `objects` − 1.
    /// It evicts the least recently used object.
    #[must_use]
    pub fn of_room(room: u64, objects: u32) -> Self {
        Self {
            policy: Policy::Lru,
            ttl: None,
            sliding_ttl: false,
            room,
            taken: 0,
            slots: Vec::new(),
            free: Vec::with_capacity(1),
            places: vec![NONE; objects as usize],
            newest: NONE,
            oldest: NONE,
        }
    }

    /// Looks up `object`, and stores it on a miss; returns whether it hit. `uniform`, in 0..1, picks
    /// the object that random replacement evicts.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[inline]
    pub fn look_up(&mut self, now: SimTime, object: u32, uniform: f64) -> bool {
        self.look_up_sized(now, object, 1, uniform)
    }

    /// Looks up an object of the given `weight`, as [`Self::look_up`] does. The weight of an object never changes.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[inline]
    pub fn look_up_sized(&mut self, now: SimTime, object: u32, weight: u32, uniform: f64) -> bool {
        let found = self.find(now, object);
        if !found {
            self.keep(now, object, weight, uniform);
        }
        found
    }

    /// Looks up `object` without storing it; returns whether it is stored and not expired. A hit is a use.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[inline]
    pub fn find(&mut self, now: SimTime, object: u32) -> bool {
        let slot = self.places[object as usize];
        if slot == NONE {
            return false;
        }
        let since = &mut self.slots[slot as usize].since;
        if self.ttl.is_some_and(|ttl| now - *since >= ttl) {
            return false;
        }
        if self.sliding_ttl {
            *since = now;
        }
        if self.policy == Policy::Lru {
            self.renew(slot);
        }
        true
    }

    /// Returns the time from which the age of `object` counts; `None` if it is not stored.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[must_use]
    pub fn since(&self, object: u32) -> Option<SimTime> {
        let slot = self.places[object as usize];
        (slot != NONE).then(|| self.slots[slot as usize].since)
    }

    /// Returns whether a copy of `object` is stored that has not expired.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[must_use]
    pub fn holds(&self, now: SimTime, object: u32) -> bool {
        let fresh = |since: SimTime| self.ttl.is_none_or(|ttl| now - since < ttl);
        self.since(object).is_some_and(fresh)
    }

    /// Stores a fetched copy of `object`, made at `since` and of a `weight`, in place of an older copy.
    /// An object larger than the capacity is not stored.
    ///
    /// # Panics
    ///
    /// If there is no such object.
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
            self.evict(uniform);
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

    /// Changes the capacity, and evicts until the objects fit, the least recently used first.
    pub(super) fn resize(&mut self, room: u64) {
        self.room = room;
        while self.taken > self.room {
            self.evict(0.0);
        }
    }

    /// Evicts one object, by the policy.
    fn evict(&mut self, uniform: f64) {
        let slot = match self.policy {
            Policy::Lru | Policy::Fifo => self.oldest,
            // All slots are in use: objects of one weight fill them before the first eviction.
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

    /// Makes `slot` the newest.
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

    /// Removes the copy of `object`, if it is stored.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    pub fn remove(&mut self, object: u32) {
        let slot = std::mem::replace(&mut self.places[object as usize], NONE);
        if slot != NONE {
            self.taken -= u64::from(self.slots[slot as usize].weight);
            self.unlink(slot);
            self.free.push(slot);
        }
    }

    /// Stores the new copy of `object`; under the policy `Lru` that is a use of it.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    pub fn change(&mut self, now: SimTime, object: u32, uniform: f64) {
        let slot = self.places[object as usize];
        if slot == NONE {
            self.keep(now, object, 1, uniform);
        } else if self.policy == Policy::Lru {
            self.renew(slot);
        }
    }

    /// Stores a new copy of `object`, as old as `now`; under the policy `Lru` that is a use of it.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    pub fn replace(&mut self, now: SimTime, object: u32, uniform: f64) {
        let slot = self.places[object as usize];
        if slot != NONE {
            self.slots[slot as usize].since = now;
        }
        self.change(now, object, uniform);
    }

    /// Removes all objects: the cache is cold.
    pub fn clear(&mut self) {
        // A free slot names an evicted object, or one that has another slot.
        for slot in self.slots.drain(..) {
            self.places[slot.object as usize] = NONE;
        }
        self.free.clear();
        self.taken = 0;
        self.newest = NONE;
        self.oldest = NONE;
    }

    /// Returns the number of stored objects, including expired ones.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Returns whether no object is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
