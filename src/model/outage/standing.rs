//! When two worlds live on as one: how everything fares in them, and what will happen by itself.

use super::ills::{Ills, News};
use crate::health::StateId;
use crate::model::Health;
use crate::model::blueprint::{Operation, Part};
use crate::model::ids::{CauseId, ComponentId};
use crate::model::world::Around;
use crate::units::SimTime;

/// How everything fares at an instant at which nothing is left to happen in the kernel. Of one past,
/// two worlds in which it is the same live on as one, until somebody breaks or mends something.
#[derive(Clone, Debug)]
pub struct Standing {
    fares: Fares,
    /// Processors and disks that are ill, and that nobody comes to: in a world where they are well
    /// nothing else happens.
    resting: Vec<ComponentId>,
}

/// How all fare that are not resting.
#[derive(Clone, Debug, PartialEq)]
struct Fares {
    healths: Vec<Health>,
    causes: Vec<CauseId>,
    served: Vec<(ComponentId, SimTime)>,
    warm: Vec<SimTime>,
    restarted: Vec<Option<SimTime>>,
    /// Requests in flight, events pushed, and those pending: whatever was done was the same.
    done: (usize, u64, usize),
}

impl Standing {
    /// Whether a world that stands like this lives on as one of `other` does, whose resting parts
    /// may be ill besides: whoever is well here may be mended there, not the other way round.
    #[must_use]
    pub fn stands_for(&self, other: &Self) -> bool {
        self.resting.iter().all(|part| other.resting.contains(part)) && self.fares == other.fares
    }
}

/// How everything fares, and what the kernel will do by itself from here on. Two copies of one world in
/// which it is the same live on as one, until somebody breaks or mends something.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    fares: Fares,
    active: Vec<CauseId>,
    trouble: Option<(CauseId, usize)>,
    /// When the event in the calendar is due, and what is told at each instant of the kernel.
    armed: SimTime,
    told: Vec<(SimTime, News)>,
    /// Where every automaton stands after the last.
    states: Vec<StateId>,
}

/// Instants of the kernel that an [`Outlook`] reaches at most.
const FORESEEN: usize = 64;

impl Around<'_> {
    /// How everything fares; none while the kernel has something to do.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let waits = |ills: &Ills<'_>| ills.kernel.next_at().is_some();
        if self.ills.0.as_deref().is_some_and(waits) {
            return None;
        }
        let resting = self.resting();
        let mut fares = self.fares();
        for part in &resting {
            fares.healths[part.index()] = Health::Up;
            fares.causes[part.index()] = CauseId::OVERLOAD;
        }
        Some(Standing { fares, resting })
    }

    fn fares(&self) -> Fares {
        Fares {
            healths: self.states.healths.clone(),
            causes: self.states.causes.clone(),
            served: self.storage.served(),
            warm: self.states.warm_at.clone(),
            restarted: self.states.restarted.clone(),
            done: (self.requests.len(), self.calendar.pushed(), self.calendar.len()),
        }
    }

    /// How everything fares and what the kernel will do; none where that reaches too far.
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
        Some(Outlook { fares: self.fares(), active, trouble, armed, told, states })
    }

    /// Processors and disks that are ill, with nothing in them, and whose users are all lost: until
    /// one of these is mended nobody asks whether they are well.
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
