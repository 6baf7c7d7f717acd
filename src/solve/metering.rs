//! Energy of a window, meter by meter and hour of the day by hour.
//!
//! The calendar is cut into intervals of [`AVERAGED`], the window into those and its remainders. Each interval lies in one
//! hour of the day. Its energy is that of the mean load in it. Reading does not change the simulation.

use crate::mechanism::power::{AVERAGED, SupplyReading};
use crate::model::power::{HOURS_OF_DAY, Power};
use crate::model::world::World;
use crate::units::{SimDuration, SimTime};

/// Energy of one meter in picojoules, by hour of the day.
pub type ByHour = [u128; HOURS_OF_DAY];

/// Meters of a window in progress.
#[derive(Clone, Debug)]
pub(super) struct Metering<'p> {
    power: &'p Power,
    /// Start of the present interval.
    since: SimTime,
    /// Readings at that instant.
    last: Vec<SupplyReading>,
    energy: Vec<ByHour>,
}

impl<'p> Metering<'p> {
    /// Begins at the present instant.
    pub(super) fn new(power: &'p Power, world: &World<'_>) -> Self {
        let energy = vec![[0; HOURS_OF_DAY]; power.meters.len()];
        Self { power, since: world.now(), last: world.supplies(), energy }
    }

    fn calendar(&self, at: SimTime) -> u64 {
        at.nanos() + self.power.zero.nanos()
    }

    /// Returns the end of the present interval.
    pub(super) fn next(&self) -> SimTime {
        let length = AVERAGED.nanos() - self.calendar(self.since) % AVERAGED.nanos();
        self.since + SimDuration::from_nanos(length)
    }

    /// Adds the energy up to the present instant.
    pub(super) fn read(&mut self, world: &World<'_>) {
        let now = world.now();
        if now <= self.since {
            return;
        }
        let hour = self.calendar(self.since) / SimDuration::HOUR.nanos() % HOURS_OF_DAY as u64;
        let hour = crate::convert::index(hour);
        let readings = world.supplies();
        let length = now.since(self.since);
        for (at, (now, then)) in readings.iter().zip(&self.last).enumerate() {
            let curve = &self.power.meters[at].curve;
            self.energy[at][hour] += now.picojoules_since(then, length, curve);
        }
        (self.since, self.last) = (now, readings);
    }

    /// Returns the energy so far.
    pub(super) fn energy(self) -> Vec<ByHour> {
        self.energy
    }
}
