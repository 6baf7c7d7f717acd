//! Conditions under which two worlds evolve alike: their present health, and the coming events of the kernel.

use super::ills::{Ills, News};
use crate::health::StateId;
use crate::model::Health;
use crate::model::blueprint::{Operation, Part};
use crate::model::ids::{CauseId, ComponentId};
use crate::model::world::Around;
use crate::units::SimTime;

/// Health of all components at an instant at which the kernel has no pending event. Two worlds of one past with
/// equal values evolve alike until a drill breaks or repairs a part.
#[derive(Clone, Debug)]
pub struct Standing {
    health: PartHealths,
    /// Failed processors and disks that no request reaches. A world in which they are healthy behaves the same.
    resting: Vec<ComponentId>,
}

/// Health of all components that are not resting.
#[derive(Clone, Debug, PartialEq)]
struct PartHealths {
    healths: Vec<Health>,
    causes: Vec<CauseId>,
    served: Vec<(ComponentId, SimTime)>,
    restarted: Vec<Option<SimTime>>,
    /// Requests in flight, events pushed and events pending. Equal numbers mean that both worlds did the same.
    done: (usize, u64, usize),
}

impl Standing {
    /// Returns whether this world evolves as one of `other` does. The resting parts of `other` may include more
    /// failed parts than its own: a part that is healthy here may be repaired there, not the other way round.
    #[must_use]
    pub fn stands_for(&self, other: &Self) -> bool {
        self.resting.iter().all(|part| other.resting.contains(part)) && self.health == other.health
    }
}

/// Health of all components, and all coming events of the kernel. Two copies of one world with equal values
/// evolve alike until a drill breaks or repairs a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    health: PartHealths,
    active: Vec<CauseId>,
    trouble: Option<(CauseId, usize)>,
    /// Instant of the event in the calendar, and the news at each instant of the kernel.
    armed: SimTime,
    told: Vec<(SimTime, News)>,
    /// State of every automaton after the last event.
    states: Vec<StateId>,
}

/// Largest number of instants of the kernel in an [`Outlook`].
const FORESEEN: usize = 64;

impl Around<'_> {
    /// Returns the health of all components; `None` while the kernel has a pending event.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let waits = |ills: &Ills<'_>| ills.kernel.next_at().is_some();
        if self.ills.0.as_deref().is_some_and(waits) {
            return None;
        }
        let resting = self.resting();
        let mut health = self.part_healths();
        for part in &resting {
            health.healths[part.index()] = Health::Up;
            health.causes[part.index()] = CauseId::OVERLOAD;
        }
        Some(Standing { health, resting })
    }

    fn part_healths(&self) -> PartHealths {
        PartHealths {
            healths: self.states.healths.clone(),
            causes: self.states.causes.clone(),
            served: self.storage.served(),
            restarted: self.states.restarted.clone(),
            done: (self.requests.len(), self.calendar.pushed(), self.calendar.len()),
        }
    }

    /// Returns the health of all components and the coming events of the kernel; `None` if there are more than
    /// [`FORESEEN`].
    #[must_use]
    pub fn outlook(&self) -> Option<Outlook> {
        let (mut armed, mut told, mut states) = (SimTime::NEVER, Vec::new(), Vec::new());
        if let Some(ills) = &self.ills.0 {
            armed = ills.armed;
            let mut ills = ills.clone();
            while let Some(next) = ills.kernel.next_at() {
                if told.len() >= FORESEEN || ills.live(next, None).is_err() {
                    return None;
                }
                told.push((next, ills.news()));
            }
            let (net, view) = (&ills.plan.net, ills.kernel.view());
            states.extend(net.automata().map(|automaton| view.state(automaton)));
        }
        let (active, trouble) = (self.account.active.clone(), self.account.trouble);
        Some(Outlook { health: self.part_healths(), active, trouble, armed, told, states })
    }

    /// Returns the failed processors and disks that have no work and whose users are all lost. Until one of these
    /// users is repaired, their health has no effect.
    fn resting(&self) -> Vec<ComponentId> {
        let ill =
            (0..self.states.healths.len()).filter(|at| self.states.healths[*at] != Health::Up);
        let idle = ill.filter(|at| self.components[*at].is_idle());
        let idle = idle.map(ComponentId::at);
        let unused = |part: &ComponentId| {
            let uses = |user: &Part| {
                let mut mounts = user.mounts.iter().chain(&user.further);
                user.place.is_some_and(|place| place.cpu == *part)
                    || mounts.any(|mount| mount.disks == *part)
            };
            let mut users = self.plan.parts.iter().enumerate().filter(|(_, user)| uses(user));
            let works_on = |operation: &Operation| operation.disks == *part;
            users.all(|(at, _)| self.states.healths[at].is_lost())
                && !self.plan.operations.iter().any(works_on)
        };
        idle.filter(unused).collect()
    }
}
