//! What there is around a component that acts: the loop's state, and all other components.
//!
//! The loop ([`World`](super::World)) takes events; what follows from one happens here: a request is let in, goes
//! on along its route, fails, is given up, ends. A component that acts beyond its own state is called with this,
//! and finds itself in it by its number.
//!
//! What happens to a request that fails or is given up:
//! - Its client gives up (patience, time-out): the attempt ends as `timeout`; the work goes on at
//!   the server, holds its worker, and its completion finds nobody.
//! - A call reaches its time-out: the caller goes on with an error; the callee's work goes on.
//! - A process dies: what was inside it fails; what it had asked of others goes on there.
//!
//! So a request may have to be split: the *caller's* part keeps the frames below the cut and
//! fails, the *orphan* keeps those above and ends when it has given them back.

use super::calls::Calls;
use super::patience::Waiting;
use super::states::{Account, States};
use super::storage::Storage;
use super::users::AllUsers;
use super::{Bounded, Span, Stop};
use crate::convert::below;
use crate::engine::calendar::{Calendar, Ticket};
use crate::engine::draw::Lineage;
use crate::engine::lane::Lane;
use crate::kinds::client::guests::{GuestId, Guests};
use crate::kinds::client::live::{self as client, Views};
use crate::kinds::network::live::Links;
use crate::model::blueprint::{Blueprint, Config, Part};
use crate::model::event::Event;
use crate::model::ids::{CallId, CauseId, ClassId, ComponentId, PoolId, WorkloadId};
use crate::model::outage::{Faults, Illness, Past};
use crate::model::record::Record;
use crate::model::request::{
    Frame, Hold, MAX_DEPTH, Marks, NO_CALL, Outcome, Owner, Request, RequestId, Requests, Stage,
    TooMany, Waits,
};
use crate::model::route::{Draws, Op, Pick};
use crate::model::{Component, Ctx, Health, Held, Move, Start};
use crate::units::{Bytes, SimTime};

/// Clients with their page views, sessions and patience.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    /// Page views in progress.
    pub(crate) views: Views,
    /// Sessions, where these are followed.
    pub(crate) guests: Guests,
    /// Closed users.
    pub(super) users: AllUsers,
    /// When clients give up.
    pub(super) waiting: Waiting,
}

impl Population {
    fn new(plan: &Blueprint, lineage: Lineage) -> Self {
        let cookies = |part: &&Part| match &part.config {
            Config::Balancer(balancer) => balancer.sticky.is_some(),
            _ => false,
        };
        let sticky = plan.parts.iter().filter(cookies).count();
        let users = AllUsers::new(plan, lineage);
        Self {
            views: Views::new(plan),
            guests: Guests::new(sticky, users.count(), plan.workloads.len()),
            users,
            waiting: Waiting::new(plan),
        }
    }
}

/// The state of one replication but for what comes from outside.
#[derive(Clone, Debug)]
pub struct Around<'p> {
    pub(crate) plan: &'p Blueprint,
    pub(crate) ops: &'p [Op],
    pub(crate) draws: Draws<'p>,
    pub(crate) now: SimTime,
    pub(crate) calendar: Calendar,
    pub(crate) lane: Lane<Move>,
    pub(crate) requests: Requests,
    pub(crate) record: Record,
    pub(crate) clients: Population,
    pub(in crate::model) components: Vec<Component>,
    /// How components fare.
    pub(in crate::model) states: States,
    /// What is broken, and what a loss is laid to.
    pub(in crate::model) account: Account,
    pub(in crate::model) ills: Illness<'p>,
    pub(in crate::model) storage: Storage,
    pub(super) calls: Calls,
    /// By pool of stations or members: the next in turn.
    turns: Vec<u32>,
    pub(in crate::model) lineage: Lineage,
    pub(in crate::model) span: Span,
    pub(in crate::model) past: Option<Past>,
    pub(in crate::model) stop: Option<Stop>,
}

impl<'p> Around<'p> {
    /// Everything is well and empty at the start of `span`.
    pub(super) fn new(
        plan: &'p Blueprint,
        lineage: Lineage,
        span: Span,
        past: Option<Past>,
    ) -> Self {
        let draws = Draws::new(&plan.routes, plan.seed, lineage);
        let start = Start {
            at: span.start,
            counted: (span.from, span.until),
            seed: plan.seed,
            lineage,
            draws: &draws,
            past: past.as_ref(),
            // What a drill breaks is taken over, whatever the chance of that: how often it is not is a
            // matter of years, not of a few runs.
            drilled: span.faults == Faults::Drill,
        };
        let parts = plan.parts.iter().enumerate();
        let component = |(at, part): (usize, &Part)| part.config.begin(ComponentId::at(at), &start);
        Self {
            components: parts.map(component).collect(),
            plan,
            ops: &plan.routes.ops,
            draws,
            now: span.start,
            calendar: Calendar::new(),
            lane: Lane::new(),
            requests: Requests::new(),
            record: Record::new(plan),
            clients: Population::new(plan, lineage),
            states: States::new(plan.parts.len()),
            account: Account::default(),
            ills: Illness::NONE,
            storage: Storage::new(plan.parts.len()),
            calls: Calls::new(plan.routes.calls.len()),
            turns: vec![0; plan.routes.pools.len()],
            lineage,
            span,
            past,
            stop: None,
        }
    }

    /// Everything that acts by itself begins to.
    pub(super) fn start(&mut self) {
        self.start_users();
        self.start_resizing();
        self.start_remounted();
        self.start_health();
        Component::all_start(self);
    }

    /// A component.
    #[inline(always)]
    pub(crate) fn component(&self, id: ComponentId) -> &Component {
        &self.components[id.index()]
    }

    /// A component of a kind.
    #[inline(always)]
    pub(crate) fn held<K: Held>(&self, id: ComponentId) -> &K {
        K::of(&self.components[id.index()]).expect("the plan gives each kind its own ids")
    }

    /// The same, to change.
    #[inline(always)]
    pub(crate) fn held_mut<K: Held>(&mut self, id: ComponentId) -> &mut K {
        K::of_mut(&mut self.components[id.index()]).expect("the plan gives each kind its own ids")
    }

    /// Lets `act` be done with a component of a kind, in the context of why it fares as it does.
    #[inline]
    pub(crate) fn with<K: Held, R>(
        &mut self,
        id: ComponentId,
        act: impl FnOnce(&mut K, &mut Ctx<'_>) -> R,
    ) -> R {
        let mut ctx = ctx!(self, self.states.causes[id.index()]);
        let component = K::of_mut(&mut self.components[id.index()]);
        act(component.expect("the plan gives each kind its own ids"), &mut ctx)
    }

    /// Lets `act` be done with a component, in the context of `cause`.
    pub(crate) fn component_ctx<R>(
        &mut self,
        id: ComponentId,
        cause: CauseId,
        act: impl FnOnce(&mut Component, &mut Ctx<'_>) -> R,
    ) -> R {
        let mut ctx = ctx!(self, cause);
        act(&mut self.components[id.index()], &mut ctx)
    }

    /// How a component fares.
    #[inline(always)]
    pub(crate) fn health(&self, id: ComponentId) -> Health {
        self.states.healths[id.index()]
    }

    /// Why a component fares as it does.
    #[inline(always)]
    pub(crate) fn cause(&self, id: ComponentId) -> CauseId {
        self.states.causes[id.index()]
    }

    /// `request`, at a component that does not answer for `cause`, is turned away as `health` says.
    pub(crate) fn turn_away(&mut self, request: RequestId, cause: CauseId, health: Health) {
        ctx!(self, cause).turn_away(request, health);
    }

    /// What a loss for `cause` is laid to.
    pub(crate) fn blame(&mut self, cause: CauseId) -> CauseId {
        self.account.blame(self.requests.len(), cause)
    }

    /// A part begins anew here and now, with nothing in its buffer, if it has one.
    pub(crate) fn starts_cold(&mut self, id: ComponentId) {
        if self.plan.parts[id.index()].cold.is_some() {
            self.states.restarted[id.index()] = Some(self.now);
        }
    }

    /// Whether faults of the file strike by themselves.
    pub(crate) fn has_faults(&self) -> bool {
        self.span.faults == Faults::Live
    }

    /// Whether `cause` is planned work. A drill is no plan but a crash.
    pub(crate) fn is_planned(&self, cause: CauseId) -> bool {
        cause.index() + 1 == self.plan.causes.len() && self.span.faults != Faults::Drill
    }

    /// The run stops: there is more of something than fits.
    #[cold]
    pub(crate) fn stops_for_too_many(&mut self) {
        self.stop = Some(Stop::TooManyInFlight { at: self.now });
    }

    /// The session that `request` is of, where these are followed and its client waits for it.
    pub(crate) fn guest_of(&self, request: RequestId) -> Option<GuestId> {
        client::guest_of(self, request)
    }
}

impl Around<'_> {
    /// What was handed over is done.
    #[inline]
    pub(super) fn goes_on_with(&mut self, next: Move) {
        match next {
            Move::Advance(request) => {
                // It may have been thrown out since.
                let entry = &self.requests[request];
                if entry.marks.has(Marks::LIVE)
                    && (entry.waits == Waits::Nothing || entry.stage != Stage::Route)
                {
                    self.advance(request);
                }
            }
            Move::Fail(request, outcome) => {
                debug_assert!(
                    self.requests[request].marks.has(Marks::LIVE),
                    "who has failed is still there"
                );
                self.fail_up(request, outcome);
            }
            Move::Room(unit) => {
                if let Some(balancer) = self.plan.parts[unit.index()].balancer {
                    Component::room(self, balancer, unit);
                }
            }
            Move::Enter(request) => {
                let member = ComponentId(self.requests[request].local);
                self.ask(request, member, None, false);
                self.let_in(request, member);
            }
            Move::TooMany => self.stops_for_too_many(),
        }
    }

    #[inline]
    pub(crate) fn drain(&mut self) -> Result<(), Stop> {
        while let Some(next) = self.lane.pop().map_err(Stop::NoProgress)? {
            self.goes_on_with(next);
        }
        if self.stop.is_some() {
            return self.stop.take().map_or(Ok(()), Err);
        }
        Ok(())
    }

    /// The service of `request` at a station or processor is over.
    #[inline(always)]
    pub(super) fn served(&mut self, request: RequestId, ticket: Ticket) {
        let entry = &self.requests[request];
        if entry.ticket != ticket {
            return;
        }
        let at = entry.at;
        let mut ctx = ctx!(self, self.states.causes[at.index()]);
        match &mut self.components[at.index()] {
            Component::Station(station) => station.served(&mut ctx, request),
            Component::Cpu(cpu) => cpu.served(&mut ctx, request),
            _ => {}
        }
        self.advance(request);
    }

    /// A fresh request of `class` that enters now, at `entry`; `None` when there are too many: the run
    /// stops.
    #[inline(always)]
    pub(crate) fn begin(&mut self, class: ClassId, entry: u32, owner: Owner) -> Option<RequestId> {
        let begun = self.requests.begin(class, entry, owner, self.now);
        self.unless_too_many(begun)
    }

    pub(crate) fn insert(&mut self, request: Request) -> Option<RequestId> {
        let inserted = self.requests.insert(request);
        self.unless_too_many(inserted)
    }

    #[inline(always)]
    fn unless_too_many(&mut self, id: Result<RequestId, TooMany>) -> Option<RequestId> {
        match id {
            Ok(id) => Some(id),
            Err(TooMany) => {
                self.stops_for_too_many();
                None
            }
        }
    }

    #[inline(always)]
    pub(super) fn pick(&mut self, pool: PoolId, request: RequestId) -> ComponentId {
        let pool_plan = &self.plan.routes.pools[pool.index()];
        let count = pool_plan.members.len();
        if count == 1 {
            return pool_plan.members[0];
        }
        let index = match pool_plan.pick {
            Pick::RoundRobin => {
                let turn = &mut self.turns[pool.index()];
                let index = *turn as usize;
                *turn = if index + 1 == count { 0 } else { *turn + 1 };
                index
            }
            Pick::Random(key) => {
                let uniform = self.draws.uniform(key, &self.requests[request], 0);
                below(uniform, count)
            }
        };
        pool_plan.members[index]
    }

    /// The run stops: `id` has more of something than is simulated.
    #[cold]
    pub(crate) fn stops_for(&mut self, id: RequestId, of: Bounded) {
        let class = self.plan.routes.classes[self.requests[id].class.index()].name.clone();
        self.stop = Some(Stop::TooMany { at: self.now, class, of });
    }

    pub(super) fn enter(&mut self, id: RequestId, pool: PoolId, call: Option<CallId>) {
        let member = self.pick(pool, id);
        self.ask(id, member, call, false);
        self.let_in(id, member);
    }

    /// A frame for `id` that asks `member`; `behind` when the frame below is a balancer's.
    #[inline(always)]
    pub(crate) fn ask(
        &mut self,
        id: RequestId,
        member: ComponentId,
        call: Option<CallId>,
        behind: bool,
    ) {
        let serial = self.calls.number();
        let entry = &mut self.requests[id];
        assert!(usize::from(entry.depth) < MAX_DEPTH, "the plan bounds the depth of calls");
        entry.frames[usize::from(entry.depth)] = Frame {
            at: member,
            serial,
            since: self.now,
            call: call.map_or(NO_CALL, |call| call.0),
            hold: Hold::Calling,
            behind,
            stale: false,
        };
        entry.depth += 1;
        let time_out = call.and_then(|call| self.plan.routes.calls[call.index()].time_out);
        let patient = entry.depth == 1 && entry.patience != Ticket::NONE;
        entry.marks.set(Marks::CAN_TIME_OUT, time_out.is_some() || patient);
        if let Some(call) = call {
            let counted = entry.counted;
            self.record.call_begins(call, counted);
            if let Some(time_out) = time_out {
                let deadline = self.now + time_out;
                if self.calls.expect(call, deadline, id, serial) {
                    self.calendar.push(deadline, Event::CallDeadline(call.0).code());
                }
            }
        }
    }

    /// The innermost frame of `id` asks `member` to be let in.
    #[inline(always)]
    pub(crate) fn let_in(&mut self, id: RequestId, member: ComponentId) {
        if let Some(uplink) = self.cut_off(id, member) {
            return self.turn_away(id, self.cause(uplink), Health::Unreachable);
        }
        let mut ctx = ctx!(self, self.states.causes[member.index()]);
        if let Component::Service(service) = &mut self.components[member.index()] {
            service.enter(&mut ctx, id);
        }
    }

    /// Gives back the innermost frame of `id`.
    pub(crate) fn leave(&mut self, id: RequestId, outcome: Outcome) {
        let frame = *self.requests[id].top();
        if frame.behind {
            self.let_go(id, usize::from(self.requests[id].depth) - 1);
        }
        if frame.call != NO_CALL {
            let stale = frame.stale && outcome == Outcome::Ok;
            let outcome = if stale { Outcome::Stale } else { outcome };
            self.record.call_ends(CallId(frame.call), outcome, self.requests[id].counted);
        }
        if frame.hold != Hold::Inside {
            self.requests[id].depth -= 1;
            return;
        }
        let mut ctx = ctx!(self, self.states.causes[frame.at.index()]);
        if let Component::Service(service) = &mut self.components[frame.at.index()] {
            service.leave(&mut ctx, id);
        }
    }

    /// Sends the reply to `id`, `size` bytes; false when nothing is in its way.
    pub(crate) fn send(&mut self, id: RequestId, size: Bytes) -> bool {
        let Some(network) = &self.plan.network else { return false };
        // It leaves from the outermost component that the request was inside of last.
        let from = self.requests[id].frames[0].at;
        let Some(path) = network.ways.get(from.index()).copied().flatten() else { return false };
        let waits = self.cut_off(id, from).is_some();
        let mut ctx = ctx!(self, self.states.causes[network.links.index()]);
        if let Component::Links(links) = &mut self.components[network.links.index()] {
            if waits {
                links.hold(&mut ctx, id, size, path);
            } else {
                links.send(&mut ctx, id, size, path);
            }
        }
        true
    }

    pub(super) fn wake(&mut self, id: RequestId) {
        let entry = &mut self.requests[id];
        entry.ticket = Ticket::NONE;
        if entry.stage == Stage::Travel {
            return client::travelled(self, id);
        }
        if entry.at == ComponentId::NONE {
            entry.waits = Waits::Nothing;
            return self.lane.push(Move::Advance(id));
        }
        let at = entry.at;
        Component::wake(self, at, id);
    }

    /// A page view of `workload` is asked for, by one of its users if it knows them apart: a request,
    /// or more where it has clients.
    #[inline(always)]
    pub(super) fn view_asked(&mut self, workload: WorkloadId, ordinal: u64, user: Option<u32>) {
        let source = &self.plan.workloads[workload.index()];
        let counted = self.now >= self.span.from && self.now < self.span.until;
        if source.clients.is_some() {
            return client::view_begins(self, workload, ordinal, user, counted);
        }
        let entry = self.plan.routes.classes[source.class.index()].entry;
        let owner = user.map_or(Owner::Workload, Owner::User);
        let Some(id) = self.begin(source.class, entry, owner) else { return };
        let request = &mut self.requests[id];
        request.ordinal = ordinal;
        request.counted = counted;
        request.workload = workload.0;
        self.record.view_begins(workload, counted);
        self.record.attempt_begins(source.class, counted);
        self.advance(id);
    }

    /// What stands for the dead uplink, where `id`, at its outermost component `member`, comes from a client
    /// that is cut off.
    #[inline]
    fn cut_off(&self, id: RequestId, member: ComponentId) -> Option<ComponentId> {
        let network = self.plan.network.as_ref().filter(|network| network.converges)?;
        let request = &self.requests[id];
        let at_edge = request.depth <= 1 && matches!(request.owner, Owner::View(_));
        let path = network.ways[member.index()].filter(|_| at_edge)?;
        self.held::<Links>(network.links).cut_off(&self.draws, request.ordinal, path)
    }

    /// The frame numbered `depth` of `id` ends. It was entered through the unit below it, which
    /// has one open request less.
    #[inline(never)]
    pub(crate) fn let_go(&mut self, id: RequestId, depth: usize) {
        let entry = &mut self.requests[id];
        entry.frames[depth].behind = false;
        let (unit, member) = (entry.frames[depth - 1].at, entry.frames[depth].at);
        let stay = self.now - entry.frames[depth].since;
        if let Some(balancer) = self.plan.parts[unit.index()].balancer
            && self.components[balancer.index()].closes(self.now, unit, member, stay)
        {
            self.lane.push(Move::Room(unit));
        }
    }

    /// `id` gives up where it waits in a queue: whether that was one in which requests wait to be let in elsewhere.
    pub(super) fn abandons(&mut self, id: RequestId) -> bool {
        let entry = &self.requests[id];
        let (at, waits) = (entry.at, entry.waits == Waits::InLine);
        waits && at != ComponentId::NONE && Component::abandoned(self, at, id)
    }
}
