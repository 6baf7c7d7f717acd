//! Balancers.

use crate::model::spec::probe::CheckSpec;
use crate::model::spec::takeover::TakeoverSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// A balancer in front of a service, or of the reads of a database.
    pub struct BalancerSpec {
        /// Number of units: 1, 2 for a pair of which one works, or any number with `peers`.
        count: u32 = 1 => at_least(1),
        /// Rack of an appliance.
        rack: Option<Reference>,
        /// Power feeds that each of the appliances hangs on; one that works is enough. Without it, those of the rack.
        feeds: Option<OneOrMany<Reference>> => not_empty(),
        /// Number of these feeds that each takes, in turn. Without it, all of them.
        cords: Option<u32> => at_least(1),
        /// Zone of a balancer that is software.
        in_: Option<Reference>,
        /// Backends: a service, a list of its members, or a database, whose reads then go through the balancer.
        to: OneOrMany<Reference> => not_empty(),
        /// Cores of the appliance.
        cores: Option<u32> => at_least(1),
        /// Processor time per request.
        cpu: Option<LawSpec<SimDuration>>,
        /// Rule by which the next member is picked.
        algorithm: Algorithm = "round-robin",
        /// If true, requests of a session go to the member that served it before, as long as that is believed
        /// alive; `algorithm` picks for the others.
        sticky: bool = false,
        /// Weights of members, by member, or by service for all of its members. Members not listed have weight 1.
        weights: Named<f64, Reference> = {},
        /// Health checks by which it detects that a member is dead. Without it, every member is believed alive.
        check: Option<CheckSpec>,
        /// Time over which the weight of a member that was put back grows to its own. Without it, the full weight
        /// applies at once.
        slow_start: Option<SimDuration> => above(SimDuration::ZERO),
        /// Time limit for an answer; the client then gets an error. Without it, none.
        time_out: Option<SimDuration>,
        /// Number of further members tried when one refuses a request or has not accepted it within `time-out`.
        retries: u32 = 0 => at_most(255),
        /// Largest number of requests inside a unit; more wait in its backlog. Without it, no bound.
        limit: Option<u32> => at_least(1),
        /// Largest number of requests that wait for a free slot in a unit; more are refused. Without it, no bound.
        backlog: Option<u32>,
        /// Largest number of requests that a unit has open at each member; more wait in the queue of the unit.
        /// Without it, no bound.
        member_limit: Option<u32> => at_least(1),
        /// Largest number of requests in the queue of a unit; more are refused. Without it, no bound.
        queue_limit: Option<u32>,
        /// Longest wait in the queue, after which a request ends with an error. Without it, no bound.
        queue_time_out: Option<SimDuration> => above(SimDuration::ZERO),
        /// Takeover by the second unit of a pair.
        failover: Option<TakeoverSpec>,
        /// Takeover by the timers of VRRP, instead of `failover`.
        vrrp: Option<VrrpSpec>,
        /// Virtual IPs that all units own together and take over from each other.
        peers: Option<PeersSpec>,
    }
}

words! {
    /// Rule by which a balancer picks a member.
    pub enum Algorithm {
        /// The members in turn.
        RoundRobin = "round-robin",
        /// The member with the fewest open requests.
        LeastConnections = "least-connections",
        /// A member drawn at random.
        Random = "random",
        /// The member with fewer open requests, of two drawn at random.
        TwoChoices = "two-choices",
        /// The same member for all requests of a page view.
        Hash = "hash",
    }
}

spec! {
    /// A virtual IP that two units share by VRRP (RFC 5798).
    pub struct VrrpSpec {
        /// Time between two advertisements.
        interval: SimDuration => above(SimDuration::ZERO),
        /// Priority of the first unit.
        priority: u32 = 200 => within(1, 255),
        /// Priority of the second unit, lower than that of the first.
        partner: u32 = 100 => within(1, 254),
        /// If true, the first unit takes the virtual IP back when it is healthy again.
        preempt: bool = true,
    }
}

spec! {
    /// Virtual IPs that all units own together, as with Wackamole over Spread.
    pub struct PeersSpec {
        /// Number of virtual IPs. Each is owned by one unit, and a page view reaches each with the same
        /// probability.
        addresses: u32 => at_least(1),
        /// Silence of a unit after which the ring of the units counts as broken.
        token: SimDuration = "1250ms",
        /// Time to gather the units that are left, once the ring is broken.
        gather: SimDuration = "1250ms",
        /// Longest time to form the new ring; the time is uniform between zero and this.
        form: SimDuration = "1250ms",
        /// Time that a unit that was missed must have been back before it owns virtual IPs again.
        mature: SimDuration = "5s",
        /// Rounds in which virtual IPs move to a unit that is back. Without it, they move at once, in one pass.
        balance: Option<BalanceSpec>,
    }
}

spec! {
    /// Rounds in which virtual IPs move from the unit with the most to the unit with the fewest.
    pub struct BalanceSpec {
        /// Time between two rounds.
        every: SimDuration => above(SimDuration::ZERO),
        /// Number of virtual IPs moved per round.
        moves: u32 = 1 => at_least(1),
    }
}
