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

use crate::convert::table;
use crate::engine::lane::NoProgress;
use crate::health::{AutomatonId, FactId, Kernel, Listener, Moved, Net, Start, StateId, View};
use crate::model::blueprint::{Operation, Part};
use crate::model::ids::{CallId, CauseId, ComponentId, WorkloadId};
use crate::model::request::{
    Frame, Hold, Marks, NO_CALL, Outcome, Owner, Request, RequestId, Waits,
};
use crate::model::route::Op;
use crate::model::world::storage::Handed;
use crate::model::world::{Stop, World};
use crate::model::{Component, Ctx, Health, Move};
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

/// What has changed and is to be told.
#[derive(Clone, Debug, Default, PartialEq)]
struct News {
    fares: Vec<(ComponentId, Health, CauseId)>,
    /// Owners of volumes, who serves them, and why.
    hands: Vec<(ComponentId, Option<ComponentId>, Option<CauseId>)>,
    wiped: Vec<ComponentId>,
}

/// What is ill in a world, and why.
#[derive(Clone, Debug)]
pub struct Illness<'p>(Option<Box<Ills<'p>>>);

/// A kernel at work for a world.
#[derive(Clone, Debug)]
struct Ills<'p> {
    plan: &'p HealthNet,
    kernel: Kernel<'p>,
    /// When the event in the calendar is due.
    armed: SimTime,
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
    fn live(
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
    fn news(&mut self) -> News {
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

impl<'p> World<'p> {
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

    /// Breaks a part here and now, by its place in [`HealthPlan::breakable`], or mends it.
    pub fn drill(&mut self, part: u32, breaks: bool) {
        self.force(part, breaks);
        self.tell_components();
        if let Err(stop) = self.drain() {
            self.stop = Some(stop);
        }
    }

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
            healths: self.healths.clone(),
            causes: self.causes.clone(),
            served: self.volumes.served(),
            warm: self.warm_at.clone(),
            restarted: self.restarted.clone(),
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
        let (active, trouble) = (self.active.clone(), self.trouble);
        Some(Outlook { fares: self.fares(), active, trouble, armed, told, states })
    }

    /// Processors and disks that are ill, with nothing in them, and whose users are all lost: until
    /// one of these is mended nobody asks whether they are well.
    fn resting(&self) -> Vec<ComponentId> {
        let ill = (0..self.healths.len()).filter(|at| self.healths[*at] != Health::Up);
        let idle = ill.filter(|at| match &self.components[*at] {
            Component::Cpu(cpu) => cpu.is_idle(),
            Component::Disks(disks) => disks.is_idle(),
            _ => false,
        });
        let idle = idle.map(ComponentId::at);
        let unused = |part: &ComponentId| {
            let uses = |user: &Part| {
                let mut mounts = user.mounts.iter().chain(&user.further);
                user.place.is_some_and(|place| place.cpu == *part)
                    || mounts.any(|mount| mount.disks == *part)
            };
            let mut users = self.plan.parts.iter().enumerate().filter(|(_, user)| uses(user));
            let works_on = |operation: &Operation| operation.disks == *part;
            users.all(|(at, _)| self.healths[at].is_lost())
                && !self.plan.operations.iter().any(works_on)
        };
        idle.filter(unused).collect()
    }

    /// What is ill, to be put into another world of the same [`Standing`].
    #[must_use]
    pub fn illness(&self) -> Illness<'p> {
        self.ills.clone()
    }

    /// What is ill is what was ill in a world of the same [`Standing`].
    pub fn fall_ill(&mut self, illness: Illness<'p>) {
        self.ills = illness;
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
        let held = held.and_then(|(group, members)| match &self.components[group.index()] {
            Component::Database(database) => members.get(database.master()).copied(),
            _ => None,
        });
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
            self.calendar.push(next, crate::model::event::Event::Health.code());
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

    /// What `id` kept in memory is gone; a process that is not back yet starts cold when it is.
    fn wipe(&mut self, id: ComponentId) {
        let cause = self.calm.map_or(CauseId::OVERLOAD, |(_, cause)| cause);
        self.calm = Some((self.now, cause));
        match &mut self.components[id.index()] {
            Component::Cache(cache) => cache.clear(),
            Component::Edge(edge) => {
                let of = edge.config();
                if let Component::Cdn(cdn) = &mut self.components[of.cdn.index()] {
                    cdn.wipe(of.number);
                }
            }
            _ => {
                let runs = self.healths[id.index()].works();
                let since = if runs { self.now } else { SimTime::NEVER };
                self.restarted[id.index()] = Some(since);
            }
        }
    }

    /// Lets `act` be done with a component, in the context of `cause`.
    pub(crate) fn component_ctx<R>(
        &mut self,
        id: ComponentId,
        cause: CauseId,
        act: impl FnOnce(&mut Component, &mut Ctx<'_>) -> R,
    ) -> R {
        let mut ctx = Ctx {
            now: self.now,
            calendar: &mut self.calendar,
            lane: &mut self.lane,
            requests: &mut self.requests,
            draws: &self.draws,
            record: &mut self.record,
            cause,
        };
        act(&mut self.components[id.index()], &mut ctx)
    }

    /// A component is in another state from now on, for `cause`.
    pub fn set_health(&mut self, id: ComponentId, health: Health, cause: CauseId) {
        let before = std::mem::replace(&mut self.healths[id.index()], health);
        let old = self.causes[id.index()];
        if before == health && (health == Health::Up || old == cause) {
            return;
        }
        self.remember(id, before, health, cause);
        let (lost, stands) = (health.is_lost(), health.stands_still());
        if !matches!(self.components[id.index()], Component::Service(_)) {
            self.component_ctx(id, cause, |component, ctx| component.health(ctx, health));
            if let Component::Head(_) = &self.components[id.index()] {
                self.head_fares(id, health);
            }
            if let Component::Uplink(uplink) = &self.components[id.index()] {
                let of = uplink.config();
                self.component_ctx(of.network, cause, |component, ctx| {
                    if let Component::Links(links) = component {
                        links.uplink_health(ctx, of.group, of.number, health);
                    }
                });
            }
            if let Component::Edge(edge) = &self.components[id.index()] {
                self.edge_fares(edge.config(), health, cause);
            }
            if let Component::Link(link) = &self.components[id.index()] {
                let of = link.config();
                self.component_ctx(of.network, cause, |component, ctx| {
                    if let Component::Links(links) = component {
                        links.link_health(ctx, of.index, health);
                    }
                });
            }
            return;
        }
        self.is_heard(id, before, health);
        // After a hang the process is a new one.
        let renewed = before == Health::Hung && health != Health::Hung;
        if renewed && !lost {
            self.component_ctx(id, old, |component, ctx| component.health(ctx, Health::Down));
            self.throw_out(id, old);
        }
        self.component_ctx(id, cause, |component, ctx| component.health(ctx, health));
        if lost {
            self.throw_out(id, cause);
        }
        self.unit_fares(id, health);
        self.member_fares(id, health);
        match (before.stands_still(), stands) {
            (false, true) => self.freeze(id),
            (true, false) => self.thaw(id),
            _ => {}
        }
    }

    /// Keeps the account of what is broken, and why.
    fn remember(&mut self, id: ComponentId, before: Health, health: Health, cause: CauseId) {
        let old = std::mem::replace(&mut self.causes[id.index()], CauseId::OVERLOAD);
        if health != Health::Up {
            self.causes[id.index()] = cause;
        }
        self.account(
            (before != Health::Up).then_some(old),
            (health != Health::Up).then_some(cause),
        );
        let is_back = health.works();
        let was_gone = before.is_lost() || before == Health::Hung;
        let restarted = &mut self.restarted[id.index()];
        if is_back && *restarted == Some(SimTime::NEVER) {
            *restarted = Some(self.now);
        }
        if is_back
            && was_gone
            && let Some((warm_up, _)) = self.plan.parts[id.index()].warm_up
        {
            self.warm_at[id.index()] = self.now + warm_up;
        }
    }

    /// Takes the cause of something that was wrong off the account, and puts that of what is wrong
    /// with it now on it.
    pub(crate) fn account(&mut self, was: Option<CauseId>, is: Option<CauseId>) {
        if let Some(old) = was
            && let Some(place) = self.active.iter().position(|other| *other == old)
        {
            self.active.remove(place);
            if self.active.is_empty() && is.is_none() {
                self.calm = Some((self.now, old));
            }
        }
        if let Some(cause) = is {
            if self.active.is_empty() && was.is_none() {
                self.over();
            }
            self.active.push(cause);
            if self.trouble.is_none() {
                self.trouble = Some((cause, self.requests.len()));
            }
        }
    }

    /// Forgets the trouble when nothing is broken and its backlog has been worked off.
    fn over(&mut self) {
        if let Some((_, before)) = self.trouble
            && self.active.is_empty()
            && self.requests.len() <= before.max(1)
        {
            self.trouble = None;
        }
    }

    /// Whom a loss is laid to: the cause itself; else the fault that is there, or whose backlog
    /// has not been worked off; else overload.
    pub(crate) fn blame(&mut self, cause: CauseId) -> CauseId {
        if cause != CauseId::OVERLOAD || self.trouble.is_none() {
            return cause;
        }
        self.over();
        self.trouble.map_or(CauseId::OVERLOAD, |(trouble, _)| trouble)
    }

    /// Everyone inside a process that is gone fails, and what it did by itself ends. Parents come
    /// before their children, whom they then no longer wait for.
    pub(crate) fn throw_out(&mut self, member: ComponentId, cause: CauseId) {
        self.throw_out_those(member, cause, &|_| true);
    }

    /// As [`Self::throw_out`], of those that are meant.
    pub(crate) fn throw_out_those(
        &mut self,
        member: ComponentId,
        cause: CauseId,
        meant: &dyn Fn(&Request) -> bool,
    ) {
        let inside = |(id, r): (RequestId, &Request)| {
            if !meant(r) {
                return None;
            }
            let held = |frame: &Frame| frame.at == member && frame.hold != Hold::Calling;
            let depth = r.frames[..usize::from(r.depth)].iter().position(held)?;
            Some((id, depth, r.frames[depth].serial))
        };
        let mut everyone: Vec<_> = self.requests.iter().filter_map(inside).collect();
        everyone.sort_by_key(|(id, ..)| self.generation(*id));
        for (id, depth, serial) in everyone {
            // Throwing out a probe may end in a failover, whose fence throws out the same ones.
            let entry = &self.requests[id];
            let there = entry.marks.has(Marks::LIVE) && usize::from(entry.depth) > depth;
            let frame = &entry.frames[depth];
            if !there || frame.serial != serial || frame.at != member || frame.hold == Hold::Calling
            {
                continue;
            }
            let unheard = self.drop_unheard(id);
            let innermost = depth + 1 == usize::from(self.requests[id].depth);
            let caller = if innermost {
                self.take_out(id, member);
                Some(id)
            } else {
                let caller = self.split(id, depth + 1, Outcome::Aborted);
                if unheard {
                    // What goes on without its caller had asked somebody who will never answer.
                    self.lane.push(Move::Fail(id, Outcome::Error));
                }
                caller
            };
            let Some(caller) = caller else { return };
            let entry = &mut self.requests[caller];
            entry.cause = cause;
            let frame = entry.frames[depth];
            if frame.call != NO_CALL {
                self.record.call_ends(CallId(frame.call), Outcome::Error, entry.counted);
            }
            if frame.behind {
                self.let_go(caller, depth);
            }
            let entry = &mut self.requests[caller];
            let counted = entry.counted;
            if usize::from(entry.depth) > depth {
                entry.depth = table::u8(depth);
                if frame.hold == Hold::Inside
                    && let Component::Service(service) = &mut self.components[member.index()]
                {
                    service.forget(self.now, frame.since, counted);
                }
            }
            self.fail_up(caller, Outcome::Error);
        }
    }

    /// A call that nobody has heard holds nothing and ends with its caller; tells whether there was
    /// one.
    fn drop_unheard(&mut self, id: RequestId) -> bool {
        let entry = &mut self.requests[id];
        if entry.waits != Waits::Void || entry.top().hold != Hold::Calling {
            return false;
        }
        let call = entry.top().call;
        if entry.top().behind {
            let depth = usize::from(entry.depth) - 1;
            self.let_go(id, depth);
        }
        let entry = &mut self.requests[id];
        entry.depth -= 1;
        entry.waits = Waits::Nothing;
        if call != NO_CALL {
            self.record.call_ends(CallId(call), Outcome::Aborted, entry.counted);
        }
        true
    }

    /// How many parents a request has above it.
    fn generation(&self, mut id: RequestId) -> usize {
        let mut count = 0;
        while let Owner::Parent(parent) = self.requests[id].owner {
            id = parent;
            count += 1;
        }
        count
    }

    /// Takes `id` out of wherever it is, inside `member` or in a part that works for it.
    fn take_out(&mut self, id: RequestId, member: ComponentId) {
        let entry = &mut self.requests[id];
        let at = entry.at;
        if at == ComponentId::NONE || entry.waits == Waits::Paused {
            entry.ticket = crate::engine::calendar::Ticket::NONE;
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            return;
        }
        let cause = self.causes[member.index()];
        self.component_ctx(at, cause, |component, ctx| component.cancel(ctx, id));
    }

    /// A service stands still: the work it has on its processor is put aside.
    fn freeze(&mut self, member: ComponentId) {
        self.frozen += 1;
        let Some(place) = self.plan.parts[member.index()].place else { return };
        let at_work = |(id, r): (RequestId, &Request)| {
            (r.depth > 0 && r.top().at == member && r.at == place.cpu).then_some(id)
        };
        let everyone: Vec<_> = self.requests.iter().filter_map(at_work).collect();
        for id in everyone {
            // One that was done at this very instant is on its way already.
            if self.requests[id].at != place.cpu {
                continue;
            }
            let left = self.component_ctx(place.cpu, CauseId::OVERLOAD, |component, ctx| {
                if let Component::Cpu(cpu) = component { cpu.put_aside(ctx, id) } else { 0 }
            });
            self.pause(id, member, left);
        }
    }

    /// `id` waits inside `member`, with work left, until that goes on.
    fn pause(&mut self, id: RequestId, member: ComponentId, left: u64) {
        let entry = &mut self.requests[id];
        entry.at = member;
        entry.waits = Waits::Paused;
        entry.need = left;
    }

    /// Whether `id` is inside a service that stands still; it then waits there.
    #[cold]
    pub(crate) fn stands_still(&mut self, id: RequestId) -> bool {
        let entry = &self.requests[id];
        if entry.depth == 0 || entry.top().hold == Hold::Calling {
            return false;
        }
        let member = entry.top().at;
        let stands = self.healths[member.index()].stands_still();
        let service = matches!(self.components[member.index()], Component::Service(_));
        if stands && service {
            self.pause(id, member, 0);
        }
        stands && service
    }

    /// A service goes on where it stood.
    fn thaw(&mut self, member: ComponentId) {
        self.frozen -= 1;
        let paused = |(id, r): (RequestId, &Request)| {
            (r.at == member && r.waits == Waits::Paused).then_some(id)
        };
        let everyone: Vec<_> = self.requests.iter().filter_map(paused).collect();
        let place = self.plan.parts[member.index()].place;
        for id in everyone {
            let entry = &mut self.requests[id];
            let left = std::mem::take(&mut entry.need);
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            // Its work was put aside in the middle of the operation before the next one.
            let under_way = entry.pc.checked_sub(1).map(|pc| self.plan.routes.ops[pc as usize]);
            let threads = match under_way {
                Some(Op::Cpu { threads, .. }) => threads,
                _ => 1,
            };
            match place.filter(|_| left > 0) {
                Some(place) => self.component_ctx(place.cpu, CauseId::OVERLOAD, |cpu, ctx| {
                    if let Component::Cpu(cpu) = cpu {
                        cpu.compute(ctx, id, place.zone, (left, threads));
                    }
                }),
                None => self.lane.push(Move::Advance(id)),
            }
        }
    }
}
