//! What breaks, in the world of requests: from the facts of the health kernel to components, and
//! to the requests inside them.
//!
//! Model: the world owns one kernel and keeps one event in its calendar, at the kernel's next
//! instant. Facts of the whole that change say which components fare differently; these are told
//! in the order of their numbers, and the hand-overs of one are done before the next is told.
//!
//! What becomes of the requests inside a service:
//! - *down, unreachable*: they fail; what they had asked of others goes on there;
//! - *hung, stalled*: they stand still, those on the processor too; after a stall they go on, after
//!   a hang the process is a new one and they fail;
//! - *slow*: what they ask of the processor from now on takes longer.
//!
//! What is kept in memory (an object cache, the RAM of a server or a head, the buffer of a
//! database) is lost when the fact that says so comes to hold; it is kept while its owner stands
//! still or is cut off.
//!
//! Holds: every frame of a process that is gone is given back once; nobody waits for ever for a
//! part that is well. Leaves out: work lost by a stalled processor, half-open connections.

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

/// How a component fares, by facts of the whole.
#[derive(Clone, Debug)]
pub struct Ailing {
    /// Which.
    pub component: ComponentId,
    /// The first fact that holds says it; none: it is up.
    pub states: Vec<(FactId, Health)>,
}

/// A part that a drill can break.
#[derive(Clone, Copy, Debug)]
pub struct Breakable {
    /// Its automaton.
    pub automaton: AutomatonId,
    /// Where it stands when it is broken.
    pub broken: StateId,
    /// Where it goes when somebody mends it.
    pub back: StateId,
}

/// The role of a database's master: whoever has it is whom its faults strike.
#[derive(Clone, Debug)]
pub struct MasterRole {
    /// The group.
    pub group: ComponentId,
    /// The automaton that says which member it is, with its state by member; none when no fault
    /// asks.
    pub automaton: Option<(AutomatonId, Vec<StateId>)>,
    /// The members, by their places in [`HealthPlan::breakable`].
    pub members: Vec<u32>,
}

/// A net with what its facts mean here.
#[derive(Clone, Debug)]
pub struct HealthNet {
    /// The automata.
    pub net: Net,
    /// In the order of components.
    pub ailing: Vec<Ailing>,
    /// By fact of the whole: the place in `ailing`, if any.
    pub readers: Vec<Option<u32>>,
    /// By fact of the whole: the component that loses what it keeps in memory when the fact comes
    /// to hold, if any.
    pub wipes: Vec<Option<ComponentId>>,
    /// Volumes that another head may serve, in the order of their owners.
    pub handed: Vec<Handed>,
    /// By fact of the whole: the place in `handed`, if any.
    pub handing: Vec<Option<u32>>,
    /// By cause of the net: the cause of the blueprint.
    pub causes: Vec<CauseId>,
    /// In the order of [`HealthPlan::breakable`].
    pub breakable: Vec<Breakable>,
    /// Masters of databases: roles that move.
    pub masters: Vec<MasterRole>,
    /// The cause of drills, in the net.
    pub planned: crate::health::CauseId,
}

/// Everything that can break.
#[derive(Clone, Debug)]
pub struct HealthPlan {
    /// With all faults; none where the scenario is only checked.
    pub live: Option<HealthNet>,
    /// Without: only drills break anything. None where no window does.
    pub quiet: Option<HealthNet>,
    /// Ages at time zero.
    pub start: Start,
    /// Names of the parts that a drill can break; none where no window breaks anything.
    pub breakable: Vec<String>,
}

/// What breaks during a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Faults {
    /// Nothing: figures are those of a healthy system.
    #[default]
    Off,
    /// What the scenario says.
    Live,
    /// Nothing by itself; a drill may break a part.
    Drill,
}

/// What a world that begins in the middle of a history takes over from it, besides what is broken and how
/// old everything is: what reacted to breaks before, and what does not follow from the breaks alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Roles and addresses that moved before: when, of which group or balancer, the member or unit that
    /// has it from then on; in order.
    pub moves: Vec<(SimTime, ComponentId, usize)>,
    /// Failovers and takeovers that did not work, in order. All others do; there are none without a
    /// death.
    pub failed: Vec<Failed>,
    /// The CDNs whose edges nobody answers, and since when.
    pub silent: Vec<(ComponentId, SimTime)>,
    /// Which hangs of whom no probe saw. Of whom nothing is said here it is drawn.
    pub hangs: Vec<Hangs>,
    /// Workloads of which sessions had ended with a lost view, and how many would have gone on, where what is
    /// counted begins in the middle of an episode.
    pub gone: Vec<(WorkloadId, u64)>,
}

impl Failed {
    /// Whether nobody had it then.
    #[must_use]
    pub fn lasts_at(&self, now: SimTime) -> bool {
        self.from <= now && now < self.until
    }
}

/// Hangs of a member that the probes of a balancer did not see in a history; all others they saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hangs {
    /// The balancer.
    pub of: ComponentId,
    /// The member, by number.
    pub member: usize,
    /// From when to when, in order.
    pub unseen: Vec<(SimTime, SimTime)>,
}

/// A failover or a takeover that did not work in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The group or the balancer.
    pub of: ComponentId,
    /// When who had the role or the address died.
    pub from: SimTime,
    /// When somebody had it again.
    pub until: SimTime,
    /// When people were done, if they were at it.
    pub people: Option<SimTime>,
}

impl Past {
    /// What did not work of a group or a balancer.
    #[must_use]
    pub fn failed_of(&self, of: ComponentId) -> Vec<Failed> {
        self.failed.iter().copied().filter(|failed| failed.of == of).collect()
    }

    /// Who has the role of a group's master, or the address of a balancer, in the end.
    #[must_use]
    pub fn holder(&self, of: ComponentId) -> Option<usize> {
        self.moves.iter().rev().find(|(_, group, _)| *group == of).map(|(.., member)| *member)
    }
}
