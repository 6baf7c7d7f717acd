//! Balancers.

use crate::model::spec::probe::CheckSpec;
use crate::model::spec::takeover::TakeoverSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// A balancer in front of a service, or of the reads of a database.
    pub struct BalancerSpec {
        /// 1, or 2 for a pair of which one works, or any number of `peers`.
        count: u32 = 1 => at_least(1),
        /// The rack of an appliance.
        rack: Option<Reference>,
        /// The zone, where it is software.
        in_: Option<Reference>,
        /// A service, a list of its members, or a database, whose reads then go through it.
        to: crate::scenario::names::OneOrMany<Reference> => not_empty(),
        /// Cores of the appliance.
        cores: Option<u32> => at_least(1),
        /// Work per request.
        cpu: Option<LawSpec<SimDuration>>,
        /// How the next member is picked.
        algorithm: Algorithm = "round-robin",
        /// Who has been to a member before in his session goes there again, while it is believed alive; `algorithm` picks for the others.
        sticky: bool = false,
        /// Weights of members beside 1: by member, or by service for all of its members.
        weights: Named<f64, Reference> = {},
        /// How it learns that a member is dead.
        check: Option<CheckSpec>,
        /// A member that was put back gets its whole share only after this long.
        slow_start: Option<SimDuration> => above(SimDuration::ZERO),
        /// For an answer.
        time_out: Option<SimDuration>,
        /// Further members asked when one refuses, or when the time for an answer is over before one has taken the request.
        retries: u32 = 0 => at_most(255),
        /// Requests inside a unit; more wait in its backlog. None: no bound.
        limit: Option<u32> => at_least(1),
        /// Requests that may wait for a free slot in a unit; more are refused. None: no bound.
        backlog: Option<u32>,
        /// Requests open at a time at each member, of each unit; more wait in the queue of the unit. None: no bound.
        member_limit: Option<u32> => at_least(1),
        /// Requests in the queue of a unit, at most; more are refused. None: no bound.
        queue_limit: Option<u32>,
        /// Longest wait in the queue, after which a request ends with an error. None: for ever.
        queue_time_out: Option<SimDuration> => above(SimDuration::ZERO),
        /// How the partner takes over.
        failover: Option<TakeoverSpec>,
        /// Takeover by the timers of VRRP instead.
        vrrp: Option<VrrpSpec>,
        /// Units that own addresses together and take them over from each other.
        peers: Option<PeersSpec>,
    }
}

words! {
    /// How a balancer picks a member.
    pub enum Algorithm {
        /// In turn.
        RoundRobin = "round-robin",
        /// The one with the fewest open requests.
        LeastConnections = "least-connections",
        /// At random.
        Random = "random",
        /// The one with fewer open requests of two drawn at random.
        TwoChoices = "two-choices",
        /// The same for all requests of a page view.
        Hash = "hash",
    }
}

spec! {
    /// An address that two units share by VRRP (RFC 5798).
    pub struct VrrpSpec {
        /// Between two advertisements.
        interval: SimDuration => above(SimDuration::ZERO),
        /// Priority of the first unit.
        priority: u32 = 200 => within(1, 255),
        /// Priority of the second, a lower one.
        partner: u32 = 100 => within(1, 254),
        /// Whether the first takes the address back when it is well again.
        preempt: bool = true,
    }
}

spec! {
    /// Addresses that all units own together: Wackamole over Spread.
    pub struct PeersSpec {
        /// How many; each is with one unit, and users reach each as often.
        addresses: u32 => at_least(1),
        /// Silence that breaks the ring of the units.
        token: SimDuration = "1250ms",
        /// To gather who is left.
        gather: SimDuration = "1250ms",
        /// To form the ring anew, at most; any part of it is as likely.
        form: SimDuration = "1250ms",
        /// How long a unit that was missed must have been back before it owns addresses again.
        mature: SimDuration = "5s",
        /// Addresses go back in rounds. None: in one pass, at once.
        balance: Option<BalanceSpec>,
    }
}

spec! {
    /// Rounds in which addresses go from the unit with the most to that with the fewest.
    pub struct BalanceSpec {
        /// Between two rounds.
        every: SimDuration => above(SimDuration::ZERO),
        /// Addresses moved in a round.
        moves: u32 = 1 => at_least(1),
    }
}
