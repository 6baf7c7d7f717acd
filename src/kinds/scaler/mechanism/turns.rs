//! Turns of launches on a server that provisions a bounded number of zones at a time.
//!
//! Model: a launch chooses its server, and provisions there at once while fewer zones than the bound are being provisioned. Otherwise it
//! waits; those that wait begin in the order in which they were launched, each when one before it ends. The time that a launch takes is
//! known when it begins, and so is its end. A launch that fails keeps its turn until the failure shows. If
//! the process of its slot goes down or is cut off, its turn is given back at once.
//!
//! Source: Triton's control plane, which designates a server first and then queues the tasks of that server.

use super::Zones;
use crate::units::{SimDuration, SimTime};

/// Members of scalers on a server, as the launch of another scaler finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tenants {
    /// Their zones.
    pub zones: Zones,
    /// Ends of the launches that are being provisioned or wait there; none on a server without a bound.
    pub ends: Vec<SimTime>,
}

impl Tenants {
    /// Returns the sum of two sets of members.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.ends.extend(other.ends);
        Self { zones: self.zones.with(other.zones), ends: self.ends }
    }
}

/// Launches of one scaler that are being provisioned or wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    /// Server and slot of each, and its end.
    ends: Vec<((usize, usize), SimTime)>,
}

impl Turns {
    /// Returns the ends of the launches on a server, also of those that have ended since the last one began.
    pub(super) fn on(&self, host: usize) -> impl Iterator<Item = SimTime> {
        self.ends.iter().filter(move |((at, _), _)| *at == host).map(|(_, end)| *end)
    }

    /// Adds a launch, by its server and slot.
    pub(super) fn takes(&mut self, now: SimTime, of: (usize, usize), end: SimTime) {
        self.ends.retain(|(_, end)| *end > now);
        self.ends.push((of, end));
    }

    /// Gives the turn of a launch back.
    pub(super) fn leaves(&mut self, slot: usize) {
        self.ends.retain(|((_, of), _)| *of != slot);
    }

    /// Returns the time until the next launch begins to provision on a server that provisions `most` zones at a time, beside
    /// launches of others that end at `others`.
    pub(super) fn wait(
        &self,
        now: SimTime,
        host: usize,
        most: u32,
        others: Vec<SimTime>,
    ) -> SimDuration {
        let mut ends = others;
        ends.extend(self.on(host));
        ends.retain(|end| *end > now);
        ends.sort_unstable();
        // When the launch that ends then is over, fewer than the bound remain.
        let last = ends.len().checked_sub(most as usize).and_then(|at| ends.get(at));
        last.map_or(SimDuration::ZERO, |last| *last - now)
    }
}

#[cfg(test)]
mod tests;
