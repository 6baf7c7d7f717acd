//! Name services.

use crate::model::spec::probe::CheckSpec;
use crate::scenario::names::Reference;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// Answers clients with an address.
    pub struct NameServiceSpec {
        /// Balancers or services, in order.
        to: Vec<Reference> => not_empty(),
        /// Which of them it answers with.
        policy: NamePolicy = "failover",
        /// Time to live of an answer.
        ttl: SimDuration,
        /// Clients whose resolver keeps an answer beyond its time to live.
        stale: Option<StaleSpec>,
        /// How it learns that one is dead.
        check: Option<CheckSpec>,
    }
}

words! {
    /// Which address a name service answers with.
    pub enum NamePolicy {
        /// The first that answers its checks.
        Failover = "failover",
        /// Each in turn of those that do.
        RoundRobin = "round-robin",
    }
}

spec! {
    /// Clients with an old answer.
    pub struct StaleSpec {
        /// Their share.
        share: crate::units::Probability,
        /// How long they keep it.
        for_: SimDuration,
    }
}
