//! Stations.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Name, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// A queue with servers.
    pub struct StationSpec {
        /// Identical stations; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// How one is picked, when the bare name is visited.
        pick: PickWord = "round-robin",
        /// Servers of each.
        servers: u32 => at_least(1).because("to model an outage use a fault"),
        /// Service time; none: every step gives its own.
        service: Option<LawSpec<SimDuration>>,
        /// Who goes next.
        discipline: DisciplineWord = "fifo",
        /// Customers inside at most, those in service too; more are refused.
        limit: Option<u32> => at_least(1),
        /// How long a customer waits in line before it leaves unserved.
        patience: Option<LawSpec<SimDuration>>,
    }
}

words! {
    /// How a station is picked.
    pub enum PickWord {
        /// In turn.
        RoundRobin = "round-robin",
        /// At random.
        Random = "random",
    }
}

words! {
    /// Who goes next at a station.
    pub enum DisciplineWord {
        /// First come, first served.
        Fifo = "fifo",
        /// All at once, each at most one server.
        Ps = "ps",
        /// The smallest rank; nobody is interrupted.
        Priority = "priority",
        /// The smallest rank; others are interrupted and resume.
        PriorityPreemptive = "priority-preemptive",
    }
}

spec! {
    /// One visit to a station.
    pub struct VisitStep {
        /// The station.
        visit: Reference,
        /// Its own service time.
        service: Option<LawSpec<SimDuration>>,
        /// Rank in line: 1 goes first.
        priority: Option<u32> => within(1, 64),
        /// For `goto`.
        label: Option<Name>,
    }
}
