//! Stations.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Name, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// A queue with servers, as in queueing theory.
    pub struct StationSpec {
        /// Number of identical stations; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// Rule by which one of the stations is picked when a step visits the bare name.
        pick: PickWord = "round-robin",
        /// Number of servers of each station.
        servers: u32 => at_least(1).because("to model an outage use a fault"),
        /// Service time. Without it, every step gives its own.
        service: Option<LawSpec<SimDuration>>,
        /// Queueing discipline.
        discipline: DisciplineWord = "fifo",
        /// Largest number of customers in the station, those in service included; more are refused. Without it, no
        /// bound.
        limit: Option<u32> => at_least(1),
        /// Time that a customer waits in the queue before it leaves unserved. Without it, no bound.
        patience: Option<LawSpec<SimDuration>>,
    }
}

words! {
    /// Rule by which a station is picked.
    pub enum PickWord {
        /// The stations in turn.
        RoundRobin = "round-robin",
        /// A station drawn at random.
        Random = "random",
    }
}

words! {
    /// Queueing discipline of a station.
    pub enum DisciplineWord {
        /// First come, first served.
        Fifo = "fifo",
        /// Processor sharing: all customers at once, each on at most one server.
        Ps = "ps",
        /// The customer with the lowest rank first, without preemption.
        Priority = "priority",
        /// The customer with the lowest rank first; it interrupts others, which resume later.
        PriorityPreemptive = "priority-preemptive",
    }
}

spec! {
    /// One visit to a station.
    pub struct VisitStep {
        /// Station that is visited.
        visit: Reference,
        /// Service time of this visit, instead of the station's own.
        service: Option<LawSpec<SimDuration>>,
        /// Rank in the queue: 1 is served first.
        priority: Option<u32> => within(1, 64),
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}
