//! Zones whose memory changes, and with it the memory in which the server caches its disks.
//!
//! Model: the memory of a server that its zones leave free caches what is read from its disks. When a zone gets
//! more memory, the cache loses as much at that instant, the least recently read blocks first. When a zone gets
//! less, the cache gains capacity and fills as it is read. No process restarts, and requests are affected only
//! through the content of the cache.
//!
//! In: the memory of zones over time. Holds: the capacity of a cache is at every instant what the last change of
//! each zone leaves free. Leaves out: paging in the zone, the time a change takes.
//! Source: memory caps of zones in SmartOS, which take effect at once.

use super::Around;
use crate::convert::place;
use crate::model::Component;
use crate::model::event::Event;
use crate::model::ids::ComponentId;
use crate::units::{Bytes, SimDuration, SimTime};

/// A change of the memory of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Instant of the first change.
    pub first: SimTime,
    /// Time between two changes; `None`: the change happens once.
    pub every: Option<SimDuration>,
    /// New size.
    pub memory: Bytes,
}

impl Change {
    /// Returns the last instant of the change up to `now`.
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

    /// Returns the first instant of the change after `now`.
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
    /// Initial memory of each zone, and its changes in the order of the file.
    pub zones: Vec<(Bytes, Vec<Change>)>,
}

impl Resizing {
    /// Returns the memory that the zones leave free at `now`. Of two changes of a zone at one instant, the later
    /// one in the file counts.
    #[must_use]
    pub fn room(&self, now: SimTime) -> Bytes {
        let memory = |(first, changes): &(Bytes, Vec<Change>)| {
            let past = changes.iter().filter_map(|change| Some((change.last(now)?, change.memory)));
            past.max_by_key(|(at, _)| *at).map_or(*first, |(_, memory)| memory)
        };
        let held = self.zones.iter().map(|zone| memory(zone).count());
        Bytes::new(self.all.count().saturating_sub(held.fold(0, u64::saturating_add)))
    }

    /// Returns the instant of the next change.
    fn next(&self, now: SimTime) -> Option<SimTime> {
        let changes = self.zones.iter().flat_map(|(_, changes)| changes);
        changes.filter_map(|change| change.next(now)).min()
    }
}

impl Around<'_> {
    /// Sets the initial capacity of every cache, and arms its first change.
    pub(super) fn start_resizing(&mut self) {
        for index in 0..self.plan.resizes.len() {
            self.resized(place(index));
        }
    }

    /// Sets the capacity of cache `index` after a change of its zones, and arms the next change.
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

    /// One zone grows each day at 8 h and shrinks at 20 h; the cache has what the last changes leave free.
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
