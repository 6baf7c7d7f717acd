//! Transfers over shared links.
//!
//! Model: a transfer crosses all the links of its path at one rate. Rates are max-min fair: no rate
//! can rise without lowering one that is not larger. Flows of one path (the same
//! links, the same limit) always have the same rate, so they share one virtual clock, and rates
//! are computed per path, not per flow.
//!
//! In: `start`, `cancel`, `capacity`, `advance`. Out: numbers of transfers done.
//! Holds: Σ rates through a link ≤ its capacity; a transfer ends at the nearest nanosecond to its
//! exact finish; events due at an instant happen before any change made at that instant; an
//! early query changes nothing.
//! Cost: O(links of the path + log flows) while no link of the path could be full; otherwise
//! progressive filling over the paths that full links connect with it. Nothing is allocated once
//! the buffers have grown.
//! Leaves out: latency, slow start, loss, protocol overhead.
//! Source: Bertsekas & Gallager, *Data Networks* (1992) 6.5.2.

use super::share::{MaxMinBuffers, PathGroup, max_min};
use super::virtual_clock::{Members, VirtualClock};
use crate::convert::{self, place, whole};
use crate::units::{Bandwidth, Bytes, NANOS_PER_SECOND, SimTime};

pub use super::virtual_clock::MemberHandle as FlowHandle;

/// Shared links and the transfers over them. Links are named by their index in the list given to
/// [`FlowShare::new`], paths by the index that [`FlowShare::path`] returned.
///
/// # Panics
///
/// All methods that name a link or a path panic if there is none of that index.
#[derive(Clone, Debug)]
pub struct FlowShare {
    links: Vec<Link>,
    /// Capacity of each link, in bytes per second.
    capacities: Vec<f64>,
    /// Group of each path; its limit is the path's own or that of its narrowest link.
    groups: Vec<PathGroup>,
    paths: Vec<Path>,
    /// Rate of one flow of each path, in bytes per second.
    rates: Vec<f64>,
    /// Instant at which the next flow of each path is done.
    dues: Vec<SimTime>,
    due: SimTime,
    members: Members,
    /// Flows that are done and not yet fetched by `advance`.
    done: Vec<u32>,
    done_at: SimTime,
    buffers: MaxMinBuffers,
    /// Paths whose rates must be recomputed.
    touched: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Link {
    capacity: Bandwidth,
    /// Demand of the flows over it, in bytes per second.
    wanted: u128,
    /// Paths that cross it.
    paths: Vec<u32>,
    /// Reached by the search under way.
    seen: bool,
}

impl Link {
    /// Returns true if the link may limit some flow.
    fn is_full(&self) -> bool {
        self.wanted > u128::from(self.capacity.bytes_per_s())
    }
}

#[derive(Clone, Debug)]
struct Path {
    clock: VirtualClock,
    /// The limit the caller set for one flow.
    own_limit: Option<Bandwidth>,
    /// Upper limit of one flow, in bytes per second.
    limit: u64,
    /// Present rate of all its flows, in 1 / [`PACE`] bytes per second.
    pace: u64,
    /// Volume moved up to `since`, in 1 / [`PACE`] bytes per second × ns.
    moved: u128,
    since: SimTime,
    /// Reached by the search under way.
    seen: bool,
    /// True if no other path crosses its links.
    apart: bool,
}

/// Steps per byte in which moved bytes are counted: fine enough for every printed figure. Rates are
/// rounded down to steps, so that a link never seems to have moved more than its capacity.
pub const PACE: u64 = 1024;

impl FlowShare {
    /// Creates idle links of the given capacities.
    #[must_use]
    pub fn new(links: &[Bandwidth]) -> Self {
        let link =
            |&capacity: &Bandwidth| Link { capacity, wanted: 0, paths: Vec::new(), seen: false };
        Self {
            links: links.iter().map(link).collect(),
            capacities: links.iter().map(|link| link.bytes_per_s() as f64).collect(),
            groups: Vec::new(),
            paths: Vec::new(),
            rates: Vec::new(),
            dues: Vec::new(),
            due: SimTime::NEVER,
            members: Members::default(),
            done: Vec::new(),
            done_at: SimTime::ZERO,
            buffers: MaxMinBuffers::default(),
            touched: Vec::new(),
        }
    }

    /// Declares a path: the links it crosses (a link named twice counts once), and the upper limit of one
    /// flow, if it is limited by more than the links. Declare each path once, before the run.
    pub fn path(&mut self, links: &[usize], flow_limit: Option<Bandwidth>) -> usize {
        let index = self.paths.len();
        let mut crossed: Vec<u32> = links.iter().map(|&link| place(link)).collect();
        crossed.sort_unstable();
        crossed.dedup();
        let mut apart = true;
        for &link in &crossed {
            let paths = &mut self.links[link as usize].paths;
            for &other in &*paths {
                self.paths[other as usize].apart = false;
                apart = false;
            }
            paths.push(place(index));
        }
        self.groups.push(PathGroup { links: crossed.into(), flows: 0, limit: 0.0 });
        let clock = VirtualClock::new();
        self.paths.push(Path {
            clock,
            own_limit: flow_limit,
            limit: 0,
            pace: 0,
            moved: 0,
            since: SimTime::ZERO,
            seen: false,
            apart,
        });
        self.rates.push(0.0);
        self.dues.push(SimTime::NEVER);
        self.set_limit(index);
        index
    }

    /// Sets the limit of a path: the smaller of its own and that of its narrowest link.
    fn set_limit(&mut self, path: usize) {
        let links = self.groups[path].links.iter();
        let narrowest = links.map(|&link| self.links[link as usize].capacity.bytes_per_s()).min();
        let own = self.paths[path].own_limit.map(Bandwidth::bytes_per_s);
        let limit = narrowest.unwrap_or(u64::MAX).min(own.unwrap_or(u64::MAX));
        self.paths[path].limit = limit;
        self.groups[path].limit = limit as f64;
    }

    /// Starts a transfer of `size` on `path`; `flow` is the caller's own number, returned by
    /// [`Self::advance`] when the last byte has arrived.
    pub fn start(&mut self, now: SimTime, path: usize, size: Bytes, flow: u32) -> FlowHandle {
        self.settle(now);
        let clock = &mut self.paths[path].clock;
        let handle = clock.join(&mut self.members, now, size.count() as f64, path as u64, flow);
        self.divide_after(now, path);
        handle
    }

    /// Removes a transfer; returns its remaining bytes, to the nearest byte. `None` if it is done
    /// or was removed before. A transfer due at `now` counts as done.
    pub fn cancel(&mut self, now: SimTime, handle: FlowHandle) -> Option<Bytes> {
        self.settle(now);
        let path = convert::index(self.members.class_of(handle)?);
        let left = self.paths[path].clock.leave(&mut self.members, now, handle);
        self.divide_after(now, path);
        Some(Bytes::new(whole::u64(left + 0.5)))
    }

    /// Sets the capacity of `link` from now on; at zero its transfers wait, and are kept.
    pub fn capacity(&mut self, now: SimTime, link: usize, capacity: Bandwidth) {
        self.settle(now);
        self.links[link].capacity = capacity;
        self.capacities[link] = capacity.bytes_per_s() as f64;
        for link in &mut self.links {
            link.wanted = 0;
        }
        for path in 0..self.paths.len() {
            self.set_limit(path);
            let wanted = self.wanted(path);
            for &link in &self.groups[path].links {
                self.links[link as usize].wanted += wanted;
            }
        }
        self.touched.clear();
        self.touched.extend(0..place(self.paths.len()));
        self.divide_touched(now);
    }

    /// Returns the instant at which [`Self::advance`] must be called next. Later calls of the other methods
    /// may make it earlier or later.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        let due = if self.done.is_empty() { self.due } else { self.done_at };
        (due != SimTime::NEVER).then_some(due)
    }

    /// Takes the numbers of all transfers done by `now`, ordered by instant, then path, then exact
    /// finish, then start. An early call has no effect.
    pub fn advance(&mut self, now: SimTime) -> std::vec::Drain<'_, u32> {
        self.settle(now);
        self.done.drain(..)
    }

    /// Returns the present rate of one flow of `path` in bytes per second; without flows the rate computed last.
    #[must_use]
    pub fn rate_per_flow(&self, path: usize) -> f64 {
        self.rates[path]
    }

    /// Returns whether a link of `path` has no capacity now.
    #[must_use]
    pub fn is_blocked(&self, path: usize) -> bool {
        self.paths[path].limit == 0
    }

    /// Returns the present load of `link`, in bytes per second.
    #[must_use]
    pub fn load(&self, link: usize) -> f64 {
        let paths = self.links[link].paths.iter().map(|&path| path as usize);
        paths.map(|path| self.rates[path] * f64::from(self.groups[path].flows)).sum()
    }

    /// Returns the volume that crossed `link` up to `now`, in 1 / [`PACE`] bytes per second × ns: 10⁹ × [`PACE`]
    /// are one byte. No event may be due before `now`.
    #[must_use]
    pub fn moved(&self, now: SimTime, link: usize) -> u128 {
        let moved = |&path: &u32| {
            let path = &self.paths[path as usize];
            path.moved + u128::from(path.pace) * u128::from((now - path.since).nanos())
        };
        self.links[link].paths.iter().map(moved).sum()
    }

    /// Returns the paths that cross `link`.
    #[must_use]
    pub fn paths_over(&self, link: usize) -> &[u32] {
        &self.links[link].paths
    }

    fn wanted(&self, path: usize) -> u128 {
        u128::from(self.paths[path].limit) * u128::from(self.groups[path].flows)
    }

    /// Recounts the flows of `path`; returns true if one of its links limited a flow before, or may now.
    fn count(&mut self, path: usize) -> bool {
        let before = self.wanted(path);
        self.groups[path].flows = self.paths[path].clock.present();
        let after = self.wanted(path);
        let mut full = false;
        for &link in &self.groups[path].links {
            let link = &mut self.links[link as usize];
            full |= link.is_full();
            link.wanted = link.wanted - before + after;
            full |= link.is_full();
        }
        full
    }

    fn settle(&mut self, now: SimTime) {
        while self.due <= now && self.due != SimTime::NEVER {
            self.step(self.due);
        }
    }

    fn step(&mut self, at: SimTime) {
        self.done_at = at;
        for path in 0..self.paths.len() {
            if self.dues[path] <= at {
                let clock = &mut self.paths[path].clock;
                while let Some((flow, _)) = clock.take_due(&mut self.members, at) {
                    self.done.push(flow);
                }
                self.divide_after(at, path);
            }
        }
    }

    /// Recounts the flows of `path` after one started or ended, and recomputes rates.
    fn divide_after(&mut self, now: SimTime, path: usize) {
        let full = self.count(path);
        if full && !self.paths[path].apart {
            self.touch_connected(path);
            if self.touched.len() > 1 {
                return self.divide_touched(now);
            }
        }
        self.rates[path] = if full {
            // Alone on its links, its flows share the narrowest link.
            self.alone(path)
        } else {
            // None of its links limited a flow before or does now: all flows have their limits, as before.
            self.groups[path].limit
        };
        self.set_clock(now, path);
        self.find_due();
    }

    /// Returns the max-min fair rate of one flow of `path` if no other path has flows on its links.
    fn alone(&self, path: usize) -> f64 {
        let group = &self.groups[path];
        if group.flows == 0 {
            return 0.0;
        }
        let share = |&link: &u32| self.capacities[link as usize] / f64::from(group.flows);
        group.links.iter().map(share).fold(group.limit, f64::min)
    }

    /// Collects the paths that may change with `path`: those connected with it through full links
    /// (the links of `path` itself count, since they may have been full just before).
    fn touch_connected(&mut self, path: usize) {
        self.touched.clear();
        self.touched.push(place(path));
        self.paths[path].seen = true;
        let mut next = 0;
        while next < self.touched.len() {
            let from = self.touched[next] as usize;
            next += 1;
            for &link in &self.groups[from].links {
                let link = &mut self.links[link as usize];
                if link.seen || !(from == path || link.is_full()) {
                    continue;
                }
                link.seen = true;
                for &other in &link.paths {
                    let other_path = &mut self.paths[other as usize];
                    if !other_path.seen && self.groups[other as usize].flows > 0 {
                        other_path.seen = true;
                        self.touched.push(other);
                    }
                }
            }
        }
        for &path in &self.touched {
            self.paths[path as usize].seen = false;
            for &link in &self.groups[path as usize].links {
                self.links[link as usize].seen = false;
            }
        }
        self.touched.sort_unstable();
    }

    fn divide_touched(&mut self, now: SimTime) {
        let touched = std::mem::take(&mut self.touched);
        max_min(&self.capacities, &self.groups, &touched, &mut self.buffers, &mut self.rates);
        for &path in &touched {
            self.set_clock(now, path as usize);
        }
        self.touched = touched;
        self.find_due();
    }

    fn set_clock(&mut self, now: SimTime, path: usize) {
        let entry = &mut self.paths[path];
        entry.moved += u128::from(entry.pace) * u128::from((now - entry.since).nanos());
        entry.since = now;
        let all = self.rates[path] * f64::from(self.groups[path].flows);
        entry.pace = whole::u64(all * PACE as f64);
        let clock = &mut entry.clock;
        clock.set_rate(&mut self.members, now, self.rates[path] / NANOS_PER_SECOND as f64);
        self.dues[path] = clock.due(&mut self.members);
    }

    fn find_due(&mut self) {
        self.due = self.dues.iter().fold(SimTime::NEVER, |first, due| first.min(*due));
    }
}

#[cfg(test)]
mod tests;
