//! Turns of launches on a server that provisions a bounded number of zones at a time.
//!
//! Model: a launch chooses its server, and provisions there at once while fewer than the bound are provisioned. Otherwise it waits;
//! those that wait begin in the order in which they were launched, each when one before it ends. The time that a launch takes is
//! known when it begins, and so is its end. A launch that fails has its turn until it shows that it has failed.
//!
//! Source: Triton's control plane, which designates a server first and then queues the tasks of that server.

use super::{Sight, Zones};
use crate::units::{SimDuration, SimTime};

/// Members of scalers on a server, as the launch of another scaler finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guests {
    /// Their zones.
    pub zones: Zones,
    /// Ends of the launches that are being provisioned or wait there; none on a server without a bound.
    pub ends: Vec<SimTime>,
}

impl Guests {
    /// Returns these and others.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.ends.extend(other.ends);
        Self { zones: self.zones.with(other.zones), ends: self.ends }
    }
}

/// Launches of one scaler that are being provisioned or wait, by server.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    ends: Vec<(usize, SimTime)>,
}

impl Turns {
    /// Returns the ends of the launches on a server, also of those that have ended since the last one began.
    pub(super) fn on(&self, host: usize) -> impl Iterator<Item = SimTime> {
        self.ends.iter().filter(move |(at, _)| *at == host).map(|(_, end)| *end)
    }

    /// Adds a launch on a server.
    pub(super) fn takes(&mut self, now: SimTime, host: usize, end: SimTime) {
        self.ends.retain(|(_, end)| *end > now);
        self.ends.push((host, end));
    }

    /// Returns the time until the next launch begins to provision on a server that provisions `most` zones at a time.
    pub(super) fn wait(
        &self,
        now: SimTime,
        host: usize,
        most: Option<u32>,
        sight: &impl Sight,
    ) -> SimDuration {
        let Some(most) = most else { return SimDuration::ZERO };
        let mut ends: Vec<SimTime> = self.on(host).chain(sight.others(host).ends).collect();
        ends.retain(|end| *end > now);
        ends.sort_unstable();
        // Once this one ends, fewer than the bound are left.
        let last = ends.len().checked_sub(most as usize).and_then(|at| ends.get(at));
        last.map_or(SimDuration::ZERO, |last| *last - now)
    }
}

#[cfg(test)]
mod tests;
