//! Faults in the world of requests: from the facts of the health kernel to components, and to the requests inside
//! them.
//!
//! Model: the world owns one kernel and keeps one event in its calendar, at the kernel's next instant. Changed
//! system-level facts give the components whose health changes. These changes are applied in the order of
//! component numbers, and the hand-overs of one are done before the next is applied.
//!
//! Effect on the requests inside a service:
//! - *down, unreachable*: they fail; the work they had asked of other components goes on there;
//! - *hung, stalled*: they are stalled, those in service on the processor too; after a stall they resume, after a
//!   hang the process is a new one and they fail;
//! - *slow*: processor work that they ask for from then on takes longer.
//!
//! Memory (an object cache, the RAM of a server or a head, the buffer of a database) is lost when the fact that
//! declares its loss begins to hold. It is kept while its owner is stalled or cut off.
//!
//! Holds: every frame of a process that is gone is released once; no request waits for ever for a healthy part.
//! Leaves out: work lost by a stalled processor, half-open connections.

mod breaks;
mod ills;
mod inside;
mod standing;

pub use ills::Illness;
pub use standing::{Outlook, Standing};

use crate::health::{AutomatonId, FactId, Net, Start, StateId};
use crate::model::Health;
use crate::model::ids::{CauseId, ComponentId, WorkloadId};
use crate::model::world::storage::Handed;
use crate::units::SimTime;

/// Health of a component, as a function of system-level facts.
#[derive(Clone, Debug)]
pub struct Ailing {
    /// The component.
    pub component: ComponentId,
    /// Health by fact: the first fact that holds decides; if none holds, the component is up.
    pub states: Vec<(FactId, Health)>,
}

/// A part that a drill can break.
#[derive(Clone, Copy, Debug)]
pub struct Breakable {
    /// Its automaton.
    pub automaton: AutomatonId,
    /// State of the automaton while the part is broken.
    pub broken: StateId,
    /// State of the automaton after its repair by an operator.
    pub back: StateId,
}

/// The role of a database's primary: faults of the role strike the member that has it.
#[derive(Clone, Debug)]
pub struct PrimaryRole {
    /// The group.
    pub group: ComponentId,
    /// The automaton of the role, with its state by member; `None` if no fault depends on it.
    pub automaton: Option<(AutomatonId, Vec<StateId>)>,
    /// The members, by their places in [`HealthPlan::breakable`].
    pub members: Vec<u32>,
}

/// A net, with the meaning of its facts and causes for the world of requests.
#[derive(Clone, Debug)]
pub struct HealthNet {
    /// The automata.
    pub net: Net,
    /// Health of components, in the order of components.
    pub ailing: Vec<Ailing>,
    /// Place in `ailing` of each system-level fact, if any.
    pub readers: Vec<Option<u32>>,
    /// The component that loses its memory when a system-level fact begins to hold, if any; by fact.
    pub wipes: Vec<Option<ComponentId>>,
    /// Volumes that another head may serve, in the order of their owners.
    pub handed: Vec<Handed>,
    /// Place in `handed` of each system-level fact, if any.
    pub handing: Vec<Option<u32>>,
    /// System-level facts that a part with a power meter is off, by meter; `None` for a part that cannot be.
    pub off: Vec<Option<FactId>>,
    /// Power meter of each system-level fact, if any.
    pub metered: Vec<Option<u32>>,
    /// Cause of the blueprint, by cause of the net.
    pub causes: Vec<CauseId>,
    /// Parts in the order of [`HealthPlan::breakable`].
    pub breakable: Vec<Breakable>,
    /// Roles of the primaries of databases, which move.
    pub primaries: Vec<PrimaryRole>,
    /// The cause of drills, in the net.
    pub planned: crate::health::CauseId,
}

/// The nets of a plan, and the parts that a drill can break.
#[derive(Clone, Debug)]
pub struct HealthPlan {
    /// The net with all faults; `None` if the scenario is only checked.
    pub live: Option<HealthNet>,
    /// The net without faults, in which only drills break parts; `None` if no window has a drill.
    pub quiet: Option<HealthNet>,
    /// Ages at time zero.
    pub start: Start,
    /// Names of the parts that a drill can break; empty if no window has a drill.
    pub breakable: Vec<String>,
}

/// Faults that are active during a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Faults {
    /// None: the figures are those of a healthy system.
    #[default]
    Off,
    /// The faults of the scenario.
    Live,
    /// None, except that a drill may break a part.
    Drill,
}

/// State of a trajectory that a world takes over if it begins in the middle, besides the failed parts and all
/// ages: earlier reactions to failures, and outcomes that the failures alone do not determine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Earlier moves of roles and virtual IPs, in order: the instant, the group or balancer, and the member or
    /// unit that holds it from then on.
    pub moves: Vec<(SimTime, ComponentId, usize)>,
    /// Failed failovers and takeovers, in order. All others succeed. Without the failure of a holder there is
    /// none.
    pub failed: Vec<Failed>,
    /// CDNs whose origin does not answer, and since when.
    pub silent: Vec<(ComponentId, SimTime)>,
    /// Undetected hangs per member. Hangs of members not listed are sampled.
    pub hangs: Vec<Hangs>,
    /// Number of ended sessions per workload that would have continued. It is set if counting begins in the
    /// middle of an episode of lost views.
    pub gone: Vec<(WorkloadId, u64)>,
}

impl Failed {
    /// Returns whether no member or unit held the role or virtual IP at `now`.
    #[must_use]
    pub fn lasts_at(&self, now: SimTime) -> bool {
        self.from <= now && now < self.until
    }
}

/// Hangs of a member that a balancer's probes did not detect in a trajectory. All other hangs of the member were
/// detected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hangs {
    /// The balancer.
    pub of: ComponentId,
    /// The member, by number.
    pub member: usize,
    /// Start and end of each undetected hang, in order.
    pub unseen: Vec<(SimTime, SimTime)>,
}

/// A failover or takeover that failed in a trajectory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The group or the balancer.
    pub of: ComponentId,
    /// Instant at which the holder of the role or virtual IP failed.
    pub from: SimTime,
    /// Instant at which a member or unit held it again.
    pub until: SimTime,
    /// Instant at which operators finished, if they had to intervene.
    pub people: Option<SimTime>,
}

impl Past {
    /// Returns the failed failovers or takeovers of a group or balancer.
    #[must_use]
    pub fn failed_of(&self, of: ComponentId) -> Vec<Failed> {
        self.failed.iter().copied().filter(|failed| failed.of == of).collect()
    }

    /// Returns the last holder of a group's primary role or of a balancer's virtual IP, if it ever moved.
    #[must_use]
    pub fn holder(&self, of: ComponentId) -> Option<usize> {
        self.moves.iter().rev().find(|(_, group, _)| *group == of).map(|(.., member)| *member)
    }
}
