//! The adaptive replacement cache (ARC) of ZFS: a cache that keeps recently and frequently used objects apart.
//!
//! Model: four lists, each from the newest to the oldest object. The recent list (MRU) holds objects used once, the
//! frequent list (MFU) those used again. Each has a ghost list of objects that it evicted, without their data. With
//! capacity c and target p of the recent list, in bytes:
//!
//! - A use of a recent object more than 62 ms after it was stored moves it to the frequent list; an earlier use
//!   makes it the newest recent object. A use of a frequent object makes it the newest frequent one.
//! - A use of a ghost is a miss. The object is stored in the frequent list, and p moves: by the object's size times
//!   |MFU ghosts| / |MRU ghosts| up for a recent ghost, times the inverse down for a frequent one. The ratio is a
//!   whole number from 1 to 10, and p stays within c/16 and c − c/16.
//! - A new object is stored in the recent list. While the cache is not full and that list exceeds p, p grows with it.
//! - Before an object is stored, others are evicted until it fits: the oldest recent ones while the recent list, with
//!   the new object, exceeds p, then the oldest frequent ones. The object itself is not evicted, as it is being read.
//! - Ghosts are dropped, the oldest first, until MRU + MRU ghosts ≤ c and MRU ghosts + MFU ghosts ≤ c.
//!
//! In: `access`, `resize`, `clear`. Holds: the stored objects take at most c; an object is in one list at most; an
//! access is O(1), but for the objects that it evicts, each of which was stored once.
//! Leaves out: metadata (all objects are data), prefetch, buffers that cannot be evicted, pressure by other users of
//! the memory (a smaller capacity is a `resize`), and the 60 s without growth after it.
//! Source: illumos-joyent `uts/common/fs/zfs/arc.c` (2021); Megiddo & Modha (2003), ARC: a self-tuning, low overhead
//! replacement cache. Their fixed pages differ: p from 0 to c, ratios without a bound and not rounded.

use crate::convert::place;
use crate::units::{SimDuration, SimTime};

/// Time after which a second use of an object makes it a frequent one: hz/16 ticks of 1 ms.
pub const PROMOTION: SimDuration = SimDuration::from_nanos(62_000_000);
/// Greatest ratio of ghost lists by which the target moves.
const MOST_RATIO: u64 = 10;
/// Logarithm of the part of the capacity within which the target stays at either end.
const BOUND_SHIFT: u32 = 4;
/// A cache below its largest capacity grows when less than this is free: two blocks of the largest size, in bytes.
const GROWS_WITHIN: u64 = 32 << 20;

/// A list of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Objects used once.
    Recent,
    /// Objects used again.
    Frequent,
    /// Objects evicted from the recent list.
    RecentGhost,
    /// Objects evicted from the frequent list.
    FrequentGhost,
}

impl List {
    /// All lists, in the order of their numbers.
    pub const ALL: [Self; 4] =
        [Self::Recent, Self::Frequent, Self::RecentGhost, Self::FrequentGhost];

    const fn number(self) -> usize {
        self as usize
    }

    const fn is_stored(self) -> bool {
        matches!(self, Self::Recent | Self::Frequent)
    }
}

/// Number of no node.
const NONE: u32 = u32::MAX;

/// An object in a list.
#[derive(Clone, Copy, Debug)]
struct Node {
    object: u32,
    weight: u32,
    /// Next node towards the newest.
    newer: u32,
    /// Next node towards the oldest.
    older: u32,
    /// Instant at which it was stored in the recent list.
    since: SimTime,
    list: List,
}

/// The ends of a list, and its size.
#[derive(Clone, Copy, Debug)]
struct Ends {
    newest: u32,
    oldest: u32,
    weight: u64,
}

impl Ends {
    const EMPTY: Self = Self { newest: NONE, oldest: NONE, weight: 0 };
}

/// An adaptive replacement cache of objects with weights, numbered from 0.
#[derive(Clone, Debug)]
pub struct AdaptiveCache {
    /// Largest capacity, in the unit of the weights.
    most: u64,
    /// Present capacity, c.
    capacity: u64,
    /// Target of the recent list, p.
    target: u64,
    lists: [Ends; 4],
    nodes: Vec<Node>,
    free: Vec<u32>,
    /// Node of each object.
    places: Vec<u32>,
    evicted: bool,
}

impl AdaptiveCache {
    /// Creates an empty cache of this `capacity` for objects numbered from 0 to `objects` − 1.
    #[must_use]
    pub fn new(capacity: u64, objects: u32) -> Self {
        Self {
            most: capacity,
            capacity,
            target: capacity / 2,
            lists: [Ends::EMPTY; 4],
            nodes: Vec::new(),
            free: Vec::new(),
            places: vec![NONE; objects as usize],
            evicted: false,
        }
    }

    /// Looks up an object of the given `weight`, and stores it on a miss; returns whether it hit. The weight of an
    /// object never changes. An object larger than the capacity is not stored. `is_known` is true if a second level
    /// holds the object: a known object that is in no list is stored as a frequent one.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[inline]
    pub fn access(&mut self, now: SimTime, object: u32, weight: u32, is_known: bool) -> bool {
        let node = self.places[object as usize];
        if node == NONE {
            self.store_new(now, object, weight, is_known);
            return false;
        }
        let Node { list, since, .. } = self.nodes[node as usize];
        if list.is_stored() {
            let again = list == List::Frequent || now - since > PROMOTION;
            self.move_to(node, if again { List::Frequent } else { List::Recent });
            return true;
        }
        self.adapt(list, u64::from(weight));
        self.grow(u64::from(weight), false);
        self.unlink(node);
        self.make_space(u64::from(weight), false);
        self.link(node, List::Frequent);
        self.drop_ghosts();
        false
    }

    fn store_new(&mut self, now: SimTime, object: u32, weight: u32, is_known: bool) {
        let wide = u64::from(weight);
        if wide > self.most {
            return;
        }
        self.grow(wide, !is_known);
        if wide > self.capacity {
            return;
        }
        let fits = self.stored() + wide < self.capacity;
        self.make_space(wide, !is_known);
        if fits && !is_known && self.weight(List::Recent) + wide > self.target {
            self.target = self.capacity.min(self.target + wide);
        }
        let fresh =
            Node { object, weight, newer: NONE, older: NONE, since: now, list: List::Recent };
        let node = match self.free.pop() {
            Some(node) => {
                self.nodes[node as usize] = fresh;
                node
            }
            None => {
                self.nodes.push(fresh);
                place(self.nodes.len()) - 1
            }
        };
        self.places[object as usize] = node;
        self.link(node, if is_known { List::Frequent } else { List::Recent });
        self.drop_ghosts();
    }

    /// Moves the target for the use of a ghost in `list`.
    fn adapt(&mut self, list: List, weight: u64) {
        let (recent, frequent) = (self.weight(List::RecentGhost), self.weight(List::FrequentGhost));
        let ratio = |other: u64, own: u64| (other / own.max(1)).clamp(1, MOST_RATIO);
        let bound = self.capacity >> BOUND_SHIFT;
        if list == List::RecentGhost {
            let up = weight * ratio(frequent, recent);
            self.target = (self.target + up).min(self.capacity - bound);
        } else {
            let down = weight * ratio(recent, frequent);
            self.target = self.target.saturating_sub(down).max(bound);
        }
    }

    /// Grows a capacity below the largest one by `weight` when little is free; the target grows with it for a new
    /// object.
    fn grow(&mut self, weight: u64, is_new: bool) {
        if self.capacity >= self.most || self.stored() + GROWS_WITHIN <= self.capacity {
            return;
        }
        let grown = self.capacity + weight;
        self.capacity = grown.min(self.most);
        if is_new && grown <= self.most {
            self.target += weight;
        }
        self.target = self.target.min(self.capacity);
    }

    /// Evicts objects until `weight` more fits; it counts for the recent list if it is `new`.
    fn make_space(&mut self, weight: u64, new: bool) {
        while self.stored() + weight > self.capacity {
            let recent = self.weight(List::Recent) + if new { weight } else { 0 };
            self.evict(recent);
        }
    }

    /// Evicts one object, for a recent list that counts as `recent`.
    fn evict(&mut self, recent: u64) {
        let [first, second] = [List::Recent, List::Frequent].map(|list| self.oldest(list));
        let is_recent = first != NONE && (recent > self.target || second == NONE);
        self.evicted = true;
        if is_recent {
            self.move_to(first, List::RecentGhost);
        } else {
            self.move_to(second, List::FrequentGhost);
        }
    }

    fn drop_ghosts(&mut self) {
        while self.weight(List::Recent) + self.weight(List::RecentGhost) > self.capacity {
            self.drop_oldest(List::RecentGhost);
        }
        while self.weight(List::RecentGhost) + self.weight(List::FrequentGhost) > self.capacity {
            self.drop_oldest(List::FrequentGhost);
        }
    }

    fn drop_oldest(&mut self, list: List) {
        let node = self.oldest(list);
        self.unlink(node);
        self.places[self.nodes[node as usize].object as usize] = NONE;
        self.free.push(node);
    }

    /// Changes the largest capacity. A smaller one takes effect at once, and the target shrinks in proportion. A
    /// larger one is reached as objects are stored.
    pub fn resize(&mut self, most: u64) {
        if self.free.len() == self.nodes.len() {
            // An empty cache begins anew.
            (self.most, self.capacity, self.target) = (most, most, most / 2);
            return;
        }
        self.most = most;
        if most >= self.capacity {
            return;
        }
        let scaled = u128::from(self.target) * u128::from(most) / u128::from(self.capacity);
        self.target = u64::try_from(scaled).unwrap_or(most).min(most);
        self.capacity = most;
        while self.stored() > self.capacity {
            self.evict(self.weight(List::Recent));
        }
        self.drop_ghosts();
    }

    /// Removes all objects and ghosts: the cache is cold.
    pub fn clear(&mut self) {
        for node in self.nodes.drain(..) {
            self.places[node.object as usize] = NONE;
        }
        self.free.clear();
        self.lists = [Ends::EMPTY; 4];
        (self.capacity, self.target) = (self.most, self.most / 2);
        self.evicted = false;
    }

    fn move_to(&mut self, node: u32, list: List) {
        self.unlink(node);
        self.link(node, list);
    }

    fn unlink(&mut self, node: u32) {
        let Node { newer, older, weight, list, .. } = self.nodes[node as usize];
        let ends = &mut self.lists[list.number()];
        ends.weight -= u64::from(weight);
        match newer {
            NONE => ends.newest = older,
            newer => self.nodes[newer as usize].older = older,
        }
        match older {
            NONE => ends.oldest = newer,
            older => self.nodes[older as usize].newer = newer,
        }
    }

    /// Makes an unlinked node the newest of `list`.
    fn link(&mut self, node: u32, list: List) {
        let ends = &mut self.lists[list.number()];
        let older = ends.newest;
        ends.newest = node;
        match older {
            NONE => ends.oldest = node,
            older => self.nodes[older as usize].newer = node,
        }
        let own = &mut self.nodes[node as usize];
        (own.newer, own.older, own.list) = (NONE, older, list);
        self.lists[list.number()].weight += u64::from(own.weight);
    }

    const fn oldest(&self, list: List) -> u32 {
        self.lists[list.number()].oldest
    }

    /// Returns the size of a list, in the unit of the weights.
    #[must_use]
    pub const fn weight(&self, list: List) -> u64 {
        self.lists[list.number()].weight
    }

    /// Returns the size of all stored objects.
    #[must_use]
    pub const fn stored(&self) -> u64 {
        self.weight(List::Recent) + self.weight(List::Frequent)
    }

    /// Returns the present capacity, c.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Returns the target of the recent list, p.
    #[must_use]
    pub const fn target(&self) -> u64 {
        self.target
    }

    /// Returns the list that holds `object`; `None` if none does.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[must_use]
    pub fn list_of(&self, object: u32) -> Option<List> {
        let node = self.places[object as usize];
        (node != NONE).then(|| self.nodes[node as usize].list)
    }

    /// Returns whether the cache has evicted an object since it was empty.
    #[must_use]
    pub const fn is_warm(&self) -> bool {
        self.evicted
    }

    /// Returns the objects of a list with their weights, from the oldest, or from the newest.
    pub fn objects(&self, list: List, from_newest: bool) -> impl Iterator<Item = (u32, u32)> + '_ {
        let ends = self.lists[list.number()];
        let mut next = if from_newest { ends.newest } else { ends.oldest };
        std::iter::from_fn(move || {
            let node = self.nodes.get(next as usize)?;
            next = if from_newest { node.older } else { node.newer };
            Some((node.object, node.weight))
        })
    }
}

#[cfg(test)]
mod tests;
