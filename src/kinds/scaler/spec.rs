//! The keys of `[scaler.NAME]`.
//!
//! Rules over several keys, checked in `check`: either `target` or `steps`; 1 ≤ `minimum` ≤ `start` ≤ `maximum` ≤ the
//! members of the group; one service in the zones, which requests reach through balancers and queues alone.

use crate::scenario::law::LawSpec;
use crate::scenario::names::Reference;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Probability, SimDuration};

spec! {
    /// An autoscaler: launches and removes members of a service.
    pub struct ScalerSpec {
        /// Group of zones whose members are launched and removed, with the service in them.
        zones: Reference,
        /// Fewest members.
        minimum: u32 = 1 => at_least(1),
        /// Most members. Without it, all of the group.
        maximum: Option<u32> => at_least(1),
        /// Members at the start of a run. Without it, `minimum`.
        start: Option<u32> => at_least(1),
        /// Quantity measured per member.
        metric: ScalerMetric = "cpu",
        /// Value of the metric to hold: a share for `cpu`, requests per second for `requests`, a number for `waiting` and
        /// `messages`.
        target: Option<f64> => above(0.0),
        /// Relative deviation from the target that changes nothing.
        tolerance: f64 = 0.1 => within(0.0, 1.0),
        /// Instead of a target: members added or removed beyond bounds.
        steps: Vec<ScaleStepSpec> = [],
        /// Time from one measurement to the next. Each is the mean since the one before.
        period: SimDuration = "1min" => within(SimDuration::SECOND, SimDuration::DAY),
        /// Time from the end of a measurement until the scaler sees it.
        lag: SimDuration = "0s" => at_most(SimDuration::DAY),
        /// Pauses between changes.
        cool_down: CoolDownSpec = {},
        /// Launch of a member.
        launch: LaunchSpec = {},
        /// Time for which a member does not work, without a break, before it is terminated and another is launched. Without
        /// it, no member is terminated.
        replace: Option<SimDuration> => within(SimDuration::SECOND, SimDuration::DAY),
        /// Time that a removed member has to end its open requests.
        drain: SimDuration = "5min" => at_most(SimDuration::DAY),
        /// Weights by which the server for a launched member is chosen.
        placement: PlacementWeightsSpec = {},
    }
}

words! {
    /// Quantity measured per member.
    pub enum ScalerMetric {
        /// Processor time used by its zone, as a share of its cap; without one, of all cores of its server.
        Cpu = "cpu",
        /// Requests that arrive at its process, per second, refused ones and deep probes too.
        Requests = "requests",
        /// Requests that wait for a worker of its process.
        Waiting = "waiting",
        /// Messages that wait in the queues whose consumers the members are.
        Messages = "messages",
    }
}

spec! {
    /// Members added or removed beyond a bound.
    pub struct ScaleStepSpec {
        /// Value at or above which members are added.
        above: Option<f64> => at_least(0.0),
        /// Value at or below which members are removed.
        below: Option<f64> => at_least(0.0),
        /// Members added.
        add: Option<u32> => at_least(1),
        /// Members removed.
        remove: Option<u32> => at_least(1),
    }
}

spec! {
    /// Pauses between changes of the number of members.
    pub struct CoolDownSpec {
        /// Pause after members were added before more are.
        out: SimDuration = "0s" => at_most(SimDuration::DAY),
        /// Pause after any change before members are removed.
        in_: SimDuration = "5min" => at_most(SimDuration::DAY),
    }
}

spec! {
    /// Launch of a member.
    pub struct LaunchSpec {
        /// Time to provision: control plane, image, creation of the zone. Without it, none.
        provision: Option<LawSpec<SimDuration>>,
        /// Time to boot, until the service accepts requests. Without it, the `boot` of the zone and the `restart` of
        /// the service.
        boot: Option<LawSpec<SimDuration>>,
        /// Probability that a launch fails, which shows when it should be provisioned.
        failure: Probability = 0,
        /// Time after which a launch that failed, or found no server, is repeated if it is still wanted.
        retry_after: SimDuration = "1min" => within(SimDuration::SECOND, SimDuration::DAY),
    }
}

spec! {
    /// Weights by which servers are ranked.
    pub struct PlacementWeightsSpec {
        /// Favours the server with the least unreserved memory; where negative, the most.
        memory: f64 = 2 => within(-1000.0, 1000.0),
        /// Favours the server with the fewest members of the group.
        owner: f64 = 0 => within(-1000.0, 1000.0),
        /// Favours a server at random.
        random: f64 = 0.5 => within(-1000.0, 1000.0),
    }
}
