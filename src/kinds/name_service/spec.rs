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
        /// Time to live of an answer. Required but with the policy `anycast`, where no answer is kept.
        ttl: Option<SimDuration>,
        /// Time until all routes follow a change of the announcements. Only with the policy `anycast`. Without it, none.
        convergence: Option<SimDuration>,
        /// Clients whose resolver keeps an answer beyond its time to live.
        stale: Option<StaleSpec>,
        /// Health checks by which it detects that a target is dead. Without it, every target is believed alive.
        check: Option<CheckSpec>,
    }
}

/// Returns the time until users follow a change of an anycast address.
#[must_use]
pub fn converges(spec: &NameServiceSpec) -> SimDuration {
    spec.convergence.as_ref().map_or(SimDuration::ZERO, |time| time.value)
}

words! {
    /// Rule by which a name service picks a target.
    pub enum NamePolicy {
        /// The first target that answers its checks.
        Failover = "failover",
        /// The targets that answer their checks, in turn.
        RoundRobin = "round-robin",
        /// The target that answers its checks with the shortest mean round trip from the users.
        Nearest = "nearest",
        /// One address, announced by all targets that answer their checks: routes lead to the nearest of them.
        Anycast = "anycast",
    }
}

impl NamePolicy {
    /// Returns whether all users of a place are led to one target, the first of its order.
    #[must_use]
    pub const fn is_ordered(self) -> bool {
        !matches!(self, Self::RoundRobin)
    }

    /// Returns whether the order of the targets is that of their distance from the users.
    #[must_use]
    pub const fn is_by_distance(self) -> bool {
        matches!(self, Self::Nearest | Self::Anycast)
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
