//! The health kernel of a world: its due events, drills, and the changes it reports.

use super::{Faults, HealthNet};
use crate::convert::table;
use crate::engine::lane::NoProgress;
use crate::health::{AutomatonId, FactId, Kernel, Listener, Moved, Start, StateId, View};
use crate::model::Health;
use crate::model::event::Event;
use crate::model::ids::{CauseId, ComponentId};
use crate::model::world::supply::Off;
use crate::model::world::{Around, Stop};
use crate::units::SimTime;

/// Changes that are to be applied to components.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct News {
    changes: Vec<(ComponentId, Health, CauseId)>,
    /// Owners of volumes, with the head that serves them and the cause.
    hands: Vec<(ComponentId, Option<ComponentId>, Option<CauseId>)>,
    wiped: Vec<ComponentId>,
    /// Power meters of parts, and whether the part is off.
    switched: Vec<(u32, bool)>,
}

/// Failures of a world with their causes: its kernel, if it has one.
#[derive(Clone, Debug)]
pub struct Illness<'p>(pub(super) Option<Box<Ills<'p>>>);

/// A kernel that runs for a world.
#[derive(Clone, Debug)]
pub(super) struct Ills<'p> {
    pub(super) plan: &'p HealthNet,
    pub(super) kernel: Kernel<'p>,
    /// Instant of the event in the calendar.
    pub(super) armed: SimTime,
    /// Components whose health changed, by place in the plan.
    changed: Vec<u32>,
    /// Components that lose their memory.
    wiped: Vec<ComponentId>,
    /// Volumes whose serving head changed, by place in the plan.
    handed: Vec<u32>,
    /// Power meters of parts that were switched off or on.
    switched: Vec<u32>,
    /// The part that a drill has broken in place of the one it names.
    struck: Option<u32>,
}

struct Collector<'a> {
    plan: &'a HealthNet,
    changed: &'a mut Vec<u32>,
    wiped: &'a mut Vec<ComponentId>,
    handed: &'a mut Vec<u32>,
    switched: &'a mut Vec<u32>,
}

impl Listener for Collector<'_> {
    fn fact(&mut self, _: SimTime, fact: FactId, holds: bool, _: View<'_>) {
        self.changed.extend(self.plan.readers.get(fact.index()).copied().flatten());
        self.handed.extend(self.plan.handing.get(fact.index()).copied().flatten());
        self.switched.extend(self.plan.metered.get(fact.index()).copied().flatten());
        if holds {
            self.wiped.extend(self.plan.wipes.get(fact.index()).copied().flatten());
        }
    }
}

/// The first automaton that changed its state.
struct FirstMoved(Option<AutomatonId>);

impl Listener for FirstMoved {
    fn moved(&mut self, moved: &Moved) {
        self.0.get_or_insert(moved.automaton);
    }
}

impl Illness<'_> {
    /// A world without a kernel: no part can fail.
    pub(crate) const NONE: Self = Self(None);
}

impl Ills<'_> {
    /// Advances the kernel to `now`, then moves an automaton if one is given.
    pub(super) fn live(
        &mut self,
        now: SimTime,
        moved: Option<(AutomatonId, StateId)>,
    ) -> Result<(), NoProgress> {
        let Self { plan, kernel, changed, wiped, handed, switched, .. } = self;
        let mut collector = Collector { plan, changed, wiped, handed, switched };
        kernel.advance(now, &mut collector)?;
        match moved {
            Some((automaton, to)) => kernel.force(automaton, to, plan.planned, &mut collector),
            None => Ok(()),
        }
    }

    /// Returns the changes since the last call.
    pub(super) fn news(&mut self) -> News {
        let Self { plan, kernel, changed, wiped, handed, switched, .. } = self;
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
        let changes = changed.drain(..).map(|row| {
            let ailing = &plan.ailing[row as usize];
            let state = ailing.states.iter().find(|(fact, _)| view.fact(*fact));
            match state {
                Some((fact, health)) => (ailing.component, *health, first_cause(*fact)),
                None => (ailing.component, Health::Up, CauseId::OVERLOAD),
            }
        });
        let changes = changes.collect();
        let hands = handed.drain(..).map(|row| {
            let volumes = &plan.handed[row as usize];
            let state = volumes.states.iter().find(|(fact, _)| view.fact(*fact));
            match state {
                Some((fact, by)) => (volumes.owner, *by, Some(first_cause(*fact))),
                None => (volumes.owner, Some(volumes.owner), None),
            }
        });
        let is_off = |meter: u32| plan.off[meter as usize].is_some_and(|fact| view.fact(fact));
        let switched = switched.drain(..).map(|meter| (meter, is_off(meter))).collect();
        News { changes, hands: hands.collect(), wiped: std::mem::take(wiped), switched }
    }
}

impl Around<'_> {
    /// Creates the kernel as the span requires, and sets the health of every component at the start.
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
        // A process that has lost its memory before the start is cold when it is back.
        for (fact, _) in net.net.facts_of_whole().filter(|(fact, _)| kernel.view().fact(*fact)) {
            if let Some(id) = net.wipes[fact.index()]
                && self.plan.parts[id.index()].warm_up.is_some()
            {
                self.states.restarted[id.index()] = Some(SimTime::NEVER);
            }
        }
        let changed = (0..table::u32(net.ailing.len())).collect();
        let handed = (0..table::u32(net.handed.len())).collect();
        let (armed, wiped) = (SimTime::NEVER, Vec::new());
        let (struck, switched) = (None, (0..table::u32(net.off.len())).collect());
        let ills = Ills { plan: net, kernel, armed, changed, wiped, handed, switched, struck };
        self.ills = Illness(Some(Box::new(ills)));
        self.tell_components();
    }

    /// Moves roles as they moved in the past of the trajectory, since the targets and instants of their faults
    /// depend on it.
    fn retrace(&self, net: &HealthNet, kernel: &mut Kernel<'_>) -> Result<(), NoProgress> {
        for (at, group, member) in self.past.iter().flat_map(|past| &past.moves) {
            let role = net.primaries.iter().find(|role| role.group == *group);
            let automaton = role.and_then(|role| role.automaton.as_ref());
            let Some((automaton, states)) = automaton.filter(|_| *at >= kernel.now()) else {
                continue;
            };
            kernel.advance(*at, &mut ())?;
            kernel.force(*automaton, states[*member], net.planned, &mut ())?;
        }
        Ok(())
    }

    /// Breaks or repairs a part now, by its place in
    /// [`HealthPlan::breakable`](crate::model::outage::HealthPlan::breakable).
    pub fn drill(&mut self, part: u32, breaks: bool) {
        self.force(part, breaks);
        self.tell_components();
        if let Err(stop) = self.drain() {
            self.stop = Some(stop);
        }
    }

    /// Handles the kernel's event in the calendar.
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

    /// Returns the first automaton that changes its state among the events due now, if any. It is found on a copy
    /// of the kernel.
    pub(crate) fn first_to_change(&self) -> Option<&str> {
        let ills = self.ills.0.as_deref().filter(|ills| ills.armed <= self.now)?;
        let mut first = FirstMoved(None);
        // An error is reported when the kernel itself is advanced.
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

    /// Returns the part that a drill affects. A drill of the primary breaks the member that has the role at that
    /// instant, and repairs the member that it broke.
    fn whom(&mut self, part: u32, breaks: bool) -> u32 {
        let Some(ills) = &self.ills.0 else { return part };
        if !breaks && let Some(struck) = ills.struck {
            return struck;
        }
        let role = ills.plan.primaries.iter().find(|role| role.members.first() == Some(&part));
        let held = role.map(|role| (role.group, &role.members));
        let held =
            held.and_then(|(group, members)| members.get(self.component(group).leader()?).copied());
        if let Some(ills) = &mut self.ills.0 {
            ills.struck = held;
        }
        held.unwrap_or(part)
    }

    /// Gives the primary role of `group` to member `member`: from now on, faults of the role strike it.
    pub(crate) fn role_moves(&mut self, group: ComponentId, member: usize) {
        let Some(ills) = &mut self.ills.0 else { return };
        let role = ills.plan.primaries.iter().find(|role| role.group == group);
        let Some((automaton, states)) = role.and_then(|role| role.automaton.as_ref()) else {
            return;
        };
        if let Err(error) = ills.live(self.now, Some((*automaton, states[member]))) {
            self.stop = Some(Stop::NoProgress(error));
            return;
        }
        self.tell_components();
    }

    /// Applies the changes of health to all components, and arms the next event.
    fn tell_components(&mut self) {
        let Some(ills) = &mut self.ills.0 else { return };
        let News { changes, hands, wiped, switched } = ills.news();
        if let Some(next) = ills.kernel.next_at().filter(|next| *next < ills.armed) {
            let next = next.max(self.now);
            ills.armed = next;
            self.calendar.push(next, Event::Health.code());
        }
        for (component, health, cause) in changes {
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
        for (meter, off) in switched {
            self.supplies.switch(self.now, meter as usize, (Off::Health, off));
        }
    }
}
