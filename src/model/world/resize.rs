//! Zones whose memory changes, and with it the memory in which the server caches its disks; zones whose cap changes.
//!
//! Model: the memory of a server that its zones leave free caches what is read from its disks. When a zone gets
//! more memory, the cache loses as much at that instant, the least recently read blocks first. When a zone gets
//! less, the cache gains capacity and fills as it is read. No process restarts, and requests are affected only
//! through the content of the cache.
//!
//! In: the memory of zones over time. Holds: the capacity of a cache is at every instant what the last change of
//! each zone leaves free. Leaves out: paging in the zone, whose memory follows its changes itself; the time a change takes.
//! Source: memory caps of zones in SmartOS, which take effect at once.

use super::Around;
use crate::convert::place;
use crate::mechanism::cpu_share::ZoneLimits;
use crate::model::Component;
use crate::model::blueprint::Place;
use crate::model::event::Event;
use crate::model::ids::ComponentId;
use crate::units::{Bytes, SimDuration, SimTime};

/// A change of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// Instant of the first change.
    pub first: SimTime,
    /// Time between two changes; `None`: the change happens once.
    pub every: Option<SimDuration>,
    /// New value.
    pub to: T,
    /// True if a virtual machine is rebooted for it: it does not happen in windows without planned work.
    pub reboots: bool,
}

impl<T: Copy> Change<T> {
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

    /// Returns whether the change happens in a window, with planned work or without.
    fn happens(&self, planned: bool) -> bool {
        planned || !self.reboots
    }

    /// Returns the value that the last of several changes gave up to `now`; `None` if none has happened. Of two changes
    /// at one instant, the later one in the list counts.
    pub(crate) fn latest(changes: &[Self], now: SimTime, planned: bool) -> Option<T> {
        let happen = changes.iter().filter(|change| change.happens(planned));
        let past = happen.filter_map(|change| Some((change.last(now)?, change.to)));
        past.max_by_key(|(at, _)| *at).map(|(_, to)| to)
    }

    /// Returns the first instant of several changes after `now`.
    pub(crate) fn next_of<'a>(
        changes: impl Iterator<Item = &'a Self>,
        now: SimTime,
        planned: bool,
    ) -> Option<SimTime>
    where
        T: 'a,
    {
        let happen = changes.filter(|change| change.happens(planned));
        happen.filter_map(|change| change.next(now)).min()
    }
}

/// A zone whose limits on a processor change.
#[derive(Clone, Debug)]
pub struct Recapping {
    /// The zone on its processor.
    pub place: Place,
    /// Its changes, in the order of the file.
    pub changes: Vec<Change<ZoneLimits>>,
}

/// A cache in the memory of a server whose zones change.
#[derive(Clone, Debug)]
pub struct Resizing {
    /// The cache.
    pub cache: ComponentId,
    /// The memory of the server.
    pub all: Bytes,
    /// Initial memory of each zone, and its changes in the order of the file.
    pub zones: Vec<(Bytes, Vec<Change<Bytes>>)>,
}

impl Resizing {
    /// Returns the memory that the zones leave free at `now`, in a window with planned work or without.
    #[must_use]
    pub fn room(&self, now: SimTime, planned: bool) -> Bytes {
        let memory = |(first, changes): &(Bytes, Vec<Change<Bytes>>)| {
            Change::latest(changes, now, planned).unwrap_or(*first)
        };
        let held = self.zones.iter().map(|zone| memory(zone).count());
        Bytes::new(self.all.count().saturating_sub(held.fold(0, u64::saturating_add)))
    }

    /// Returns the instant of the next change.
    fn next(&self, now: SimTime, planned: bool) -> Option<SimTime> {
        Change::next_of(self.zones.iter().flat_map(|(_, changes)| changes), now, planned)
    }
}

impl Around<'_> {
    /// Sets the initial capacity of every cache and the initial caps of zones, and arms their first changes.
    pub(super) fn start_resizing(&mut self) {
        for index in 0..self.plan.resizes.len() + self.plan.recaps.len() {
            self.resized(place(index));
        }
    }

    /// Sets the capacity of cache `index` after a change of its zones, and arms the next change. Numbers above those of
    /// caches are zones whose limits change.
    pub(super) fn resized(&mut self, index: u32) {
        let Some(resizing) = self.plan.resizes.get(index as usize) else {
            return self.recapped(index);
        };
        let planned = self.has_faults();
        if let Component::Cache(cache) = &mut self.components[resizing.cache.index()] {
            cache.resize(resizing.room(self.now, planned));
        }
        if let Some(next) = resizing.next(self.now, planned) {
            self.calendar.push(next, Event::Resize(index).code());
        }
    }

    /// Sets the limits of the zone behind number `index`, and arms its next change.
    fn recapped(&mut self, index: u32) {
        let Recapping { place, changes } =
            &self.plan.recaps[index as usize - self.plan.resizes.len()];
        let planned = self.has_faults();
        if let Some(limits) = Change::latest(changes, self.now, planned) {
            let cause = self.states.causes[place.cpu.index()];
            self.component_ctx(place.cpu, cause, |component, ctx| {
                if let Component::Cpu(cpu) = component {
                    cpu.limits(ctx, place.zone, &limits);
                }
            });
        }
        if let Some(next) = Change::next_of(changes.iter(), self.now, planned) {
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
        let daily = |at, memory| Change {
            first: hour(at),
            every: Some(SimDuration::DAY),
            to: memory,
            reboots: false,
        };
        let resizing = Resizing {
            cache: ComponentId(0),
            all: gib(32),
            zones: vec![
                (gib(4), vec![daily(8, gib(16)), daily(20, gib(2))]),
                (gib(8), vec![Change { first: hour(10), every: None, to: gib(1), reboots: true }]),
            ],
        };
        let rooms = [(0, 20), (8, 8), (10, 15), (19, 15), (20, 29), (31, 29), (32, 15), (70, 29)];
        for (at, free) in rooms {
            assert_eq!(resizing.room(hour(at), true), gib(free), "{at} h");
        }
        // Without planned work, what takes a reboot does not change.
        assert_eq!(resizing.room(hour(15), false), gib(8));
        assert_eq!(resizing.next(hour(8), false), Some(hour(20)));
        assert_eq!(resizing.next(hour(0), true), Some(hour(8)));
        assert_eq!(resizing.next(hour(8), true), Some(hour(10)));
        assert_eq!(resizing.next(hour(21), true), Some(hour(32)));
    }
}
