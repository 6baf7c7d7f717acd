//! Readings of a simulation at one instant. What happened in a window is the difference between two of them.

use crate::mechanism::cpu_share::ZoneLedger;
use crate::model::gauge::{ByNumber, Gauge};
use crate::model::ids::ComponentId;
use crate::model::record::{ClassRecord, ViewRecord};
use crate::model::world::World;

/// Readings at one instant; the difference between two of them has the same shape.
#[derive(Clone, Debug)]
pub struct Readings {
    /// Readings of the components, by id.
    pub gauges: Vec<Gauge>,
    /// Readings of the zones, in the order of the blueprint.
    pub zones: Vec<Gauge>,
    /// Accounts of the zones, in the order of the blueprint.
    pub ledgers: Vec<ZoneLedger>,
    /// Times at each number, of the components that keep them, by owner.
    pub numbers: Vec<(Vec<ComponentId>, ByNumber)>,
    /// Number of answers of each class, whenever their requests arrived.
    pub answers: Vec<u64>,
    /// Number of views served of each workload, whenever they were intended.
    pub served: Vec<u64>,
    /// Requests in flight.
    pub in_flight: usize,
}

impl Readings {
    /// Takes the readings of the present instant.
    #[must_use]
    pub fn take(world: &World<'_>) -> Self {
        Self {
            gauges: world.gauges(),
            zones: world.zone_gauges(),
            ledgers: world.zone_ledgers(),
            numbers: world.numbers(),
            answers: world.record().classes.iter().map(ClassRecord::answers).collect(),
            served: world.record().views.iter().map(ViewRecord::all_served).collect(),
            in_flight: world.in_flight(),
        }
    }

    /// Returns what happened since the readings `then`; the requests in flight remain those of now.
    #[must_use]
    pub fn since(self, then: &Self) -> Self {
        let gauges = |now: Vec<Gauge>, then: &[Gauge]| -> Vec<Gauge> {
            now.iter().zip(then).map(|(now, then)| now.since(then)).collect()
        };
        let ledgers = self.ledgers.iter().zip(&then.ledgers);
        let numbers = self.numbers.into_iter().zip(&then.numbers);
        let counts = |now: Vec<u64>, then: &[u64]| -> Vec<u64> {
            now.iter().zip(then).map(|(now, then)| now - then).collect()
        };
        Self {
            gauges: gauges(self.gauges, &then.gauges),
            zones: gauges(self.zones, &then.zones),
            ledgers: ledgers.map(|(now, then)| now.since(then)).collect(),
            numbers: numbers.map(|((of, now), (_, then))| (of, now.since(then))).collect(),
            answers: counts(self.answers, &then.answers),
            served: counts(self.served, &then.served),
            in_flight: self.in_flight,
        }
    }
}
