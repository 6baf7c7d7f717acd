//! Name services.

use crate::model::spec::probe::CheckSpec;
use crate::scenario::names::Reference;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// A name service: answers clients with the address of a target.
    pub struct NameServiceSpec {
        /// Targets, in order: balancers or services.
        to: Vec<Reference> => not_empty(),
        /// Rule by which the target of an answer is picked.
        policy: NamePolicy = "failover",
        /// Time to live of an answer.
        ttl: SimDuration,
        /// Clients whose resolver keeps an answer beyond its time to live.
        stale: Option<StaleSpec>,
        /// Health checks by which it detects that a target is dead. Without it, every target is believed alive.
        check: Option<CheckSpec>,
    }
}

words! {
    /// Rule by which a name service picks a target.
    pub enum NamePolicy {
        /// The first target that answers its checks.
        Failover = "failover",
        /// The targets that answer their checks, in turn.
        RoundRobin = "round-robin",
    }
}

spec! {
    /// Clients whose resolver keeps an old answer.
    pub struct StaleSpec {
        /// Share of the page views whose resolver keeps the old answer when the record changes.
        share: crate::units::Probability,
        /// Time for which the old answer is kept.
        for_: SimDuration,
    }
}
