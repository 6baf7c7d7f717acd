//! Zones that get another memory: what the server's own memory can keep of its disks changes.
//!
//! Model: the memory of a server that its zones leave free caches what is read of its disks. At the
//! instant at which a zone gets more, the cache loses as much room, the blocks that were not read for
//! the longest time first; when it gets less, the cache has room for more, and fills as it is read.
//! Nothing restarts, and no request notices but by what is in memory.
//!
//! In: the memory of zones over time. Holds: the room of a cache is at every instant what the last
//! change of each zone leaves free. Leaves out: paging in the zone, the time a change takes.
//! Source: caps on the memory of zones as of SmartOS, which take effect at once.

use super::Around;
use crate::convert::place;
use crate::model::Component;
use crate::model::event::Event;
use crate::model::ids::ComponentId;
use crate::units::{Bytes, SimDuration, SimTime};

/// A zone gets another memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When first.
    pub first: SimTime,
    /// From one time to the next; none: once.
    pub every: Option<SimDuration>,
    /// The new size.
    pub memory: Bytes,
}

impl Change {
    /// The last time up to `now`.
    fn last(&self, now: SimTime) -> Option<SimTime> {
        if now < self.first {
            return None;
        }
        let every = self.every.filter(|every| !every.is_zero());
        let since = every.map_or(now - self.first, |every| {
            SimDuration::from_nanos((now - self.first).nanos() % every.nanos())
        });
        Some(SimTime::from_nanos(now.nanos() - since.nanos()))
    }

    /// The first time after `now`.
    fn next(&self, now: SimTime) -> Option<SimTime> {
        match self.last(now) {
            None => Some(self.first),
            Some(last) => self.every.map(|every| last + every),
        }
    }
}

/// A cache in the memory of a server whose zones change.
#[derive(Clone, Debug)]
pub struct Resizing {
    /// The cache.
    pub cache: ComponentId,
    /// The memory of the server.
    pub all: Bytes,
    /// The memory of each zone in the beginning, and its changes in the order of the file.
    pub zones: Vec<(Bytes, Vec<Change>)>,
}

impl Resizing {
    /// What the zones leave free at `now`. Of two changes at one time the later of the file is meant.
    #[must_use]
    pub fn room(&self, now: SimTime) -> Bytes {
        let memory = |(first, changes): &(Bytes, Vec<Change>)| {
            let past = changes.iter().filter_map(|change| Some((change.last(now)?, change.memory)));
            past.max_by_key(|(at, _)| *at).map_or(*first, |(_, memory)| memory)
        };
        let held = self.zones.iter().map(|zone| memory(zone).count());
        Bytes::new(self.all.count().saturating_sub(held.fold(0, u64::saturating_add)))
    }

    /// When it changes next.
    fn next(&self, now: SimTime) -> Option<SimTime> {
        let changes = self.zones.iter().flat_map(|(_, changes)| changes);
        changes.filter_map(|change| change.next(now)).min()
    }
}

impl Around<'_> {
    /// Gives every cache the room of the start, and arms its first change.
    pub(super) fn start_resizing(&mut self) {
        for index in 0..self.plan.resizes.len() {
            self.resized(place(index));
        }
    }

    /// The zones around cache `index` have other memories from now on.
    pub(super) fn resized(&mut self, index: u32) {
        let resizing = &self.plan.resizes[index as usize];
        if let Component::Cache(cache) = &mut self.components[resizing.cache.index()] {
            cache.resize(resizing.room(self.now));
        }
        if let Some(next) = resizing.next(self.now) {
            self.calendar.push(next, Event::Resize(index).code());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grown each day at 8 h and shrunk at 20 h, the rest is what the last of them leaves.
    #[test]
    fn the_last_change_of_each_zone_counts() {
        let gib = |count: u64| Bytes::new(count << 30);
        let hour = |hour: u64| SimTime::ZERO + SimDuration::from_secs(3_600 * hour);
        let daily = |at, memory| Change { first: hour(at), every: Some(SimDuration::DAY), memory };
        let resizing = Resizing {
            cache: ComponentId(0),
            all: gib(32),
            zones: vec![
                (gib(4), vec![daily(8, gib(16)), daily(20, gib(2))]),
                (gib(8), vec![Change { first: hour(10), every: None, memory: gib(1) }]),
            ],
        };
        let rooms = [(0, 20), (8, 8), (10, 15), (19, 15), (20, 29), (31, 29), (32, 15), (70, 29)];
        for (at, free) in rooms {
            assert_eq!(resizing.room(hour(at)), gib(free), "{at} h");
        }
        assert_eq!(resizing.next(hour(0)), Some(hour(8)));
        assert_eq!(resizing.next(hour(8)), Some(hour(10)));
        assert_eq!(resizing.next(hour(21)), Some(hour(32)));
    }
}
