//! One replication of a window, as its figures need it: values, counts and courses.
//!
//! In: the observation of a replication, which is dropped. Out: a record that can be written to a file, so that another
//! machine may have simulated it.
//! Holds: all that is estimated or reported of a window follows from these records and the plan.
//! Leaves out: the readings of the components, from which the values were computed.

use serde::{Deserialize, Serialize};

use crate::mechanism::cpu_share::ZoneLedger;
use crate::model::blueprint::Blueprint;
use crate::model::record::Record;
use crate::model::world::readings::Unrest;
use crate::solve::accounts::Accounts;
use crate::solve::requests::{Census, Observation, Step};
use crate::solve::trail::Trail;
use crate::study::measure::{Measure, NoValue};
use crate::study::window::WindowPlan;
use crate::units::SimDuration;

/// Value of a measure in one replication.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Valued {
    /// The value in base units, or the reason why there is none.
    pub value: Result<f64, NoValue>,
    /// Contribution of one event to it, see [`Measure::unit`].
    pub unit: Option<f64>,
    /// Largest possible value, see [`Measure::most`].
    pub most: Option<f64>,
}

impl Valued {
    fn new(
        plan: &Blueprint,
        measure: &Measure,
        seen: &Observation,
        well: Option<&Observation>,
    ) -> Self {
        Self {
            value: measure.value_beside(plan, seen, well),
            unit: measure.unit(seen),
            most: measure.most(seen),
        }
    }
}

/// Reason why a replication was cut short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The reason, as a message.
    pub why: String,
    /// True if the load exceeded the capacity.
    pub overload: bool,
}

/// Values and counts of one replication of a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replication {
    /// Values of the measures.
    pub measured: Vec<Valued>,
    /// Values of the measures with a precision to reach.
    pub targets: Vec<Valued>,
    /// Ledgers and latencies.
    pub record: Record,
    /// Length of the window.
    pub length: SimDuration,
    /// Accounts of the zones over the window, in the order of the blueprint.
    pub zone_ledgers: Vec<ZoneLedger>,
    /// Accounts at the window's start and at each sounding; empty around a break.
    pub accounts: Vec<Accounts>,
    /// Busy ÷ capacity of each component on the grid, by id.
    pub grid: Vec<Vec<f64>>,
    /// Requests in flight at the soundings.
    pub soundings: Vec<usize>,
    /// Censuses of the window.
    pub censuses: Vec<Census>,
    /// Broken parts up to the window's end.
    pub unrest: Unrest,
    /// Tallies per step, around a break.
    pub steps: Vec<Step>,
    /// Digest of the events, in order.
    pub digest: u64,
    /// Event-digest checkpoints.
    pub trail: Trail,
    /// Number of events.
    pub events: u64,
    /// Reason why it was cut short, if it was.
    pub cut: Option<Cut>,
}

impl Replication {
    /// Drops what is added to a fold and not needed by itself: histograms and accounts. With `instants`, those of the
    /// accounts and steps stay.
    pub(super) fn lighten(&mut self, instants: bool) {
        self.record.drop_latencies();
        (self.targets, self.zone_ledgers) = (Vec::new(), Vec::new());
        (self.grid, self.soundings) = (Vec::new(), Vec::new());
        if !instants {
            (self.accounts, self.steps) = (Vec::new(), Vec::new());
        }
    }
}

/// Values of all measures in one replication.
pub(super) struct Values {
    measured: Vec<Valued>,
    targets: Vec<Valued>,
}

impl Values {
    /// Computes the values of a replication; for a run around a break, compared with the same interval without one.
    pub(super) fn new(
        plan: &Blueprint,
        asked: &WindowPlan,
        seen: &Observation,
        well: Option<&Observation>,
    ) -> Self {
        let value = |measure: &Measure| Valued::new(plan, measure, seen, well);
        Self {
            measured: asked.measures.iter().map(value).collect(),
            targets: asked.precision.iter().map(|(measure, _)| value(measure)).collect(),
        }
    }

    /// Returns the record of the replication that they were computed from.
    pub(super) fn of(self, seen: Observation) -> Replication {
        let Self { measured, targets } = self;
        let stop = seen.stop.as_ref();
        Replication {
            measured,
            targets,
            cut: stop.map(|stop| Cut { why: stop.to_string(), overload: stop.is_overload() }),
            record: seen.record,
            length: seen.length,
            zone_ledgers: seen.zone_ledgers,
            accounts: seen.accounts,
            grid: seen.grid,
            soundings: seen.soundings,
            censuses: seen.censuses,
            unrest: seen.unrest,
            steps: seen.steps,
            digest: seen.digest,
            trail: seen.trail,
            events: seen.events,
        }
    }
}
