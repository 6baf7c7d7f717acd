//! The health kernel at work for a world: what is due in it, what a drill does to it, what it has to tell.

use super::{Faults, HealthNet};
use crate::convert::table;
use crate::engine::lane::NoProgress;
use crate::health::{AutomatonId, FactId, Kernel, Listener, Moved, Start, StateId, View};
use crate::model::Health;
use crate::model::event::Event;
use crate::model::ids::{CauseId, ComponentId};
use crate::model::world::{Around, Stop};
use crate::units::SimTime;

/// What has changed and is to be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct News {
    fares: Vec<(ComponentId, Health, CauseId)>,
    /// Owners of volumes, who serves them, and why.
    hands: Vec<(ComponentId, Option<ComponentId>, Option<CauseId>)>,
    wiped: Vec<ComponentId>,
}

/// What is ill in a world, and why.
#[derive(Clone, Debug)]
pub struct Illness<'p>(pub(super) Option<Box<Ills<'p>>>);

/// A kernel at work for a world.
#[derive(Clone, Debug)]
pub(super) struct Ills<'p> {
    pub(super) plan: &'p HealthNet,
    pub(super) kernel: Kernel<'p>,
    /// When the event in the calendar is due.
    pub(super) armed: SimTime,
    /// Components that fare differently.
    changed: Vec<u32>,
    /// Components that lose what they keep in memory.
    wiped: Vec<ComponentId>,
    /// Volumes that are served by another head, or by nobody.
    handed: Vec<u32>,
    /// Whom a drill has broken in place of the one it names.
    struck: Option<u32>,
}

struct Collector<'a> {
    plan: &'a HealthNet,
    changed: &'a mut Vec<u32>,
    wiped: &'a mut Vec<ComponentId>,
    handed: &'a mut Vec<u32>,
}

impl Listener for Collector<'_> {
    fn fact(&mut self, _: SimTime, fact: FactId, holds: bool, _: View<'_>) {
        self.changed.extend(self.plan.readers.get(fact.index()).copied().flatten());
        self.handed.extend(self.plan.handing.get(fact.index()).copied().flatten());
        if holds {
            self.wiped.extend(self.plan.wipes.get(fact.index()).copied().flatten());
        }
    }
}

/// The automaton that was the first to change its state.
struct FirstMoved(Option<AutomatonId>);

impl Listener for FirstMoved {
    fn moved(&mut self, moved: &Moved) {
        self.0.get_or_insert(moved.automaton);
    }
}

impl Illness<'_> {
    /// Nothing can be ill.
    pub(crate) const NONE: Self = Self(None);
}

impl Ills<'_> {
    /// Lets happen in the kernel what is due by `now`, then moves an automaton where there is one.
    pub(super) fn live(
        &mut self,
        now: SimTime,
        moved: Option<(AutomatonId, StateId)>,
    ) -> Result<(), NoProgress> {
        let Self { plan, kernel, changed, wiped, handed, .. } = self;
        let mut collector = Collector { plan, changed, wiped, handed };
        kernel.advance(now, &mut collector)?;
        match moved {
            Some((automaton, to)) => kernel.force(automaton, to, plan.planned, &mut collector),
            None => Ok(()),
        }
    }

    /// What has changed since it was asked for last.
    pub(super) fn news(&mut self) -> News {
        let Self { plan, kernel, changed, wiped, handed, .. } = self;
        changed.sort_unstable();
        changed.dedup();
        handed.sort_unstable();
        handed.dedup();
        let view = kernel.view();
        let mut explanation = crate::health::Explanation::default();
        let mut first_cause = |fact: FactId| {
            view.explain(fact, &mut explanation);
            let first = explanation.causes.first();
            first.map_or(CauseId::OVERLOAD, |first| plan.causes[first.id.index()])
        };
        let fares = changed.drain(..).map(|row| {
            let ailing = &plan.ailing[row as usize];
            let state = ailing.states.iter().find(|(fact, _)| view.fact(*fact));
            match state {
                Some((fact, health)) => (ailing.component, *health, first_cause(*fact)),
                None => (ailing.component, Health::Up, CauseId::OVERLOAD),
            }
        });
        let fares = fares.collect();
        let hands = handed.drain(..).map(|row| {
            let volumes = &plan.handed[row as usize];
            let state = volumes.states.iter().find(|(fact, _)| view.fact(*fact));
            match state {
                Some((fact, by)) => (volumes.owner, *by, Some(first_cause(*fact))),
                None => (volumes.owner, Some(volumes.owner), None),
            }
        });
        News { fares, hands: hands.collect(), wiped: std::mem::take(wiped) }
    }
}

impl Around<'_> {
    /// Sets the kernel up as the span asks, with the state of every component at its start.
    pub(crate) fn start_health(&mut self) {
        let Some(plan) = &self.plan.health else { return };
        let (net, start) = match self.span.faults {
            Faults::Off => return,
            Faults::Live => (&plan.live, plan.start),
            Faults::Drill => (&plan.quiet, Start::New),
        };
        let net = net.as_ref().expect("it was compiled to be run, with what its windows break");
        let kernel = Kernel::new(&net.net, self.plan.seed, self.lineage, start);
        let mut kernel = match kernel {
            Ok(kernel) => kernel,
            Err(error) => {
                self.stop = Some(Stop::NoProgress(error));
                return;
            }
        };
        if let Err(error) =
            self.retrace(net, &mut kernel).and_then(|()| kernel.advance(self.now, &mut ()))
        {
            self.stop = Some(Stop::NoProgress(error));
            return;
        }
        let changed = (0..table::u32(net.ailing.len())).collect();
        let handed = (0..table::u32(net.handed.len())).collect();
        let (armed, wiped) = (SimTime::NEVER, Vec::new());
        let struck = None;
        let ills = Ills { plan: net, kernel, armed, changed, wiped, handed, struck };
        self.ills = Illness(Some(Box::new(ills)));
        self.tell_components();
    }

    /// Roles move as they did in the past of the history: whom their faults strike, and when, depends
    /// on it.
    fn retrace(&self, net: &HealthNet, kernel: &mut Kernel<'_>) -> Result<(), NoProgress> {
        for (at, group, member) in self.past.iter().flat_map(|past| &past.moves) {
            let role = net.masters.iter().find(|role| role.group == *group);
            let automaton = role.and_then(|role| role.automaton.as_ref());
            let Some((automaton, states)) = automaton.filter(|_| *at >= kernel.now()) else {
                continue;
            };
            kernel.advance(*at, &mut ())?;
            kernel.force(*automaton, states[*member], net.planned, &mut ())?;
        }
        Ok(())
    }

    /// Breaks a part here and now, by its place in [`HealthPlan::breakable`](crate::model::outage::HealthPlan::breakable), or mends it.
    pub fn drill(&mut self, part: u32, breaks: bool) {
        self.force(part, breaks);
        self.tell_components();
        if let Err(stop) = self.drain() {
            self.stop = Some(stop);
        }
    }

    /// The kernel has something to do.
    pub(crate) fn health_due(&mut self) {
        let Some(ills) = &mut self.ills.0 else { return };
        if ills.armed > self.now {
            return;
        }
        ills.armed = SimTime::NEVER;
        if let Err(error) = ills.live(self.now, None) {
            self.stop = Some(Stop::NoProgress(error));
            return;
        }
        self.tell_components();
    }

    /// The automaton that changes its state first of what is due now, if any does: found on a copy.
    pub(crate) fn first_to_change(&self) -> Option<&str> {
        let ills = self.ills.0.as_deref().filter(|ills| ills.armed <= self.now)?;
        let mut first = FirstMoved(None);
        // What stops it is told where it is lived through.
        let _ = ills.kernel.clone().advance(self.now, &mut first);
        first.0.map(|automaton| ills.plan.net.name(automaton))
    }

    fn force(&mut self, part: u32, breaks: bool) {
        let part = self.whom(part, breaks);
        let Some(ills) = &mut self.ills.0 else { return };
        let Some(part) = ills.plan.breakable.get(part as usize).copied() else { return };
        let state = if breaks { part.broken } else { part.back };
        if let Err(error) = ills.live(self.now, Some((part.automaton, state))) {
            self.stop = Some(Stop::NoProgress(error));
        }
    }

    /// The part that a drill means: the master is whoever has that role when it breaks, and who was
    /// broken is mended.
    fn whom(&mut self, part: u32, breaks: bool) -> u32 {
        let Some(ills) = &self.ills.0 else { return part };
        if !breaks && let Some(struck) = ills.struck {
            return struck;
        }
        let role = ills.plan.masters.iter().find(|role| role.members.first() == Some(&part));
        let held = role.map(|role| (role.group, &role.members));
        let held =
            held.and_then(|(group, members)| members.get(self.component(group).leader()?).copied());
        if let Some(ills) = &mut self.ills.0 {
            ills.struck = held;
        }
        held.unwrap_or(part)
    }

    /// The member number `member` of `group` is master from now on: faults of the role strike it.
    pub(crate) fn role_moves(&mut self, group: ComponentId, member: usize) {
        let Some(ills) = &mut self.ills.0 else { return };
        let role = ills.plan.masters.iter().find(|role| role.group == group);
        let Some((automaton, states)) = role.and_then(|role| role.automaton.as_ref()) else {
            return;
        };
        if let Err(error) = ills.live(self.now, Some((*automaton, states[member]))) {
            self.stop = Some(Stop::NoProgress(error));
            return;
        }
        self.tell_components();
    }

    /// Tells every component that fares differently, and arms the next event.
    fn tell_components(&mut self) {
        let Some(ills) = &mut self.ills.0 else { return };
        let News { fares, hands, wiped } = ills.news();
        if let Some(next) = ills.kernel.next_at().filter(|next| *next < ills.armed) {
            let next = next.max(self.now);
            ills.armed = next;
            self.calendar.push(next, Event::Health.code());
        }
        for (component, health, cause) in fares {
            self.set_health(component, health, cause);
            if let Err(stop) = self.drain() {
                self.stop = Some(stop);
                return;
            }
        }
        for (owner, by, cause) in hands {
            self.hand_volumes(owner, by, cause);
        }
        for component in wiped {
            self.wipe(component);
        }
    }
}
