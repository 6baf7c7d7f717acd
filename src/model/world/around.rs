//! The surroundings of a component that acts: the state of the loop, and all other components.
//!
//! The loop ([`World`](super::World)) takes events; their consequences happen here. A request is admitted,
//! advances along its route, fails, is abandoned, ends. A component that acts beyond its own state is called with
//! this struct, and finds itself in it by its number.
//!
//! Effects on a request that fails or is abandoned:
//! - Its client abandons it (patience, time-out): the attempt ends as `timeout`. The work goes on at the server,
//!   holds its worker, and its completion has no receiver.
//! - A call reaches its time-out: the caller continues with an error, and the work of the callee goes on.
//! - A process fails: the work inside it fails, and the work it had asked of other components goes on there.
//!
//! A request may therefore have to be split. The part of the *caller* keeps the frames below the cut and fails.
//! The *orphan* keeps those above and ends when it has released them.

use super::calls::Calls;
use super::patience::Waiting;
use super::states::{Account, States};
use super::storage::Storage;
use super::supply::Supplies;
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
    /// Sticky sessions, if they are followed.
    pub(crate) guests: Guests,
    /// Closed users.
    pub(super) users: AllUsers,
    /// Instants at which clients abandon their requests.
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

/// State of one replication, without its arrivals.
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
    /// Health of components.
    pub(in crate::model) states: States,
    /// Present failures, and the cause that losses are attributed to.
    pub(in crate::model) account: Account,
    pub(in crate::model) ills: Illness<'p>,
    pub(in crate::model) storage: Storage,
    pub(in crate::model) supplies: Supplies,
    pub(super) calls: Calls,
    /// Next member in turn, by pool of stations or members.
    turns: Vec<u32>,
    pub(in crate::model) lineage: Lineage,
    pub(in crate::model) span: Span,
    pub(in crate::model) past: Option<Past>,
    pub(in crate::model) stop: Option<Stop>,
}

impl<'p> Around<'p> {
    /// Returns the state at the start of `span`: all components healthy and empty.
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
            // Takeovers after a drill always succeed. Failures of takeovers are rare events of an availability
            // run, which a few runs of a drill cannot estimate.
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
            supplies: Supplies::new(plan.power.meters.len()),
            calls: Calls::new(plan.routes.calls.len()),
            turns: vec![0; plan.routes.pools.len()],
            lineage,
            span,
            past,
            stop: None,
        }
    }

    /// Starts the own activity of all parts of the world.
    pub(super) fn start(&mut self) {
        self.start_users();
        self.start_resizing();
        self.start_remounted();
        self.start_health();
        Component::all_start(self);
    }

    /// Returns a component.
    #[inline(always)]
    pub(crate) fn component(&self, id: ComponentId) -> &Component {
        &self.components[id.index()]
    }

    /// Returns a component as one of kind `K`.
    #[inline(always)]
    pub(crate) fn held<K: Held>(&self, id: ComponentId) -> &K {
        K::of(&self.components[id.index()]).expect("the plan gives each kind its own ids")
    }

    /// Returns a component as one of kind `K`, to be changed.
    #[inline(always)]
    pub(crate) fn held_mut<K: Held>(&mut self, id: ComponentId) -> &mut K {
        K::of_mut(&mut self.components[id.index()]).expect("the plan gives each kind its own ids")
    }

    /// Calls `act` with a component of kind `K`, in the context of the cause of its health.
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

    /// Calls `act` with a component, in the context of `cause`.
    pub(crate) fn component_ctx<R>(
        &mut self,
        id: ComponentId,
        cause: CauseId,
        act: impl FnOnce(&mut Component, &mut Ctx<'_>) -> R,
    ) -> R {
        let mut ctx = ctx!(self, cause);
        act(&mut self.components[id.index()], &mut ctx)
    }

    /// Health of a component.
    #[inline(always)]
    pub(crate) fn health(&self, id: ComponentId) -> Health {
        self.states.healths[id.index()]
    }

    /// Cause of the health of a component.
    #[inline(always)]
    pub(crate) fn cause(&self, id: ComponentId) -> CauseId {
        self.states.causes[id.index()]
    }

    /// Fails or holds `request` at a component with this `health`, for `cause`.
    pub(crate) fn turn_away(&mut self, request: RequestId, cause: CauseId, health: Health) {
        ctx!(self, cause).turn_away(request, health);
    }

    /// Returns the cause to which a loss for `cause` is attributed.
    pub(crate) fn blame(&mut self, cause: CauseId) -> CauseId {
        self.account.blame(self.requests.len(), cause)
    }

    /// Empties the buffer of a part now, if it has one: its misses rise for a while.
    pub(crate) fn starts_cold(&mut self, id: ComponentId) {
        if self.plan.parts[id.index()].cold.is_some() {
            self.states.restarted[id.index()] = Some(self.now);
        }
    }

    /// Returns whether the faults of the scenario are active.
    pub(crate) fn has_faults(&self) -> bool {
        self.span.faults == Faults::Live
    }

    /// Returns whether `cause` is planned work, also such that goes wrong. A drill counts as a failure, not as planned work.
    pub(crate) fn is_work(&self, cause: CauseId) -> bool {
        let plan = &self.plan;
        let work = cause.index() + 1 == plan.causes.len() || plan.gone_wrong.contains(&cause);
        work && self.span.faults != Faults::Drill
    }

    /// Stops the run: there are more requests in flight than fit.
    #[cold]
    pub(crate) fn stops_for_too_many(&mut self) {
        self.stop = Some(Stop::TooManyInFlight { at: self.now });
    }

    /// Returns the sticky session of `request`, if sessions are followed and its client waits for it.
    pub(crate) fn guest_of(&self, request: RequestId) -> Option<GuestId> {
        client::guest_of(self, request)
    }
}

impl Around<'_> {
    /// Executes a hand-over.
    #[inline]
    pub(super) fn goes_on_with(&mut self, next: Move) {
        match next {
            Move::Advance(request) => {
                // The request may have been dropped since.
                let entry = &self.requests[request];
                if entry.marks.has(Marks::LIVE)
                    && (entry.waits == Waits::Nothing
                        || matches!(entry.stage, Stage::Reply | Stage::Travel))
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
            Move::Emptied(member) => self.emptied(member),
            Move::Memory(member) => self.memory_changes(member),
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

    /// Ends the service of `request` at a station or processor.
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

    /// Starts a request of `class` now, at `entry`. Returns `None`, and the run stops, if there are too many.
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

    /// Stops the run: `id` exceeds the bound of `of`.
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

    /// Adds a frame to `id`, which asks `member` to admit it; `behind` if the frame below is a unit of a
    /// balancer.
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

    /// Lets the innermost frame of `id` ask `member` for a worker.
    #[inline(always)]
    pub(crate) fn let_in(&mut self, id: RequestId, member: ComponentId) {
        if let Some(uplink) = self.cut_off(id, member) {
            return self.turn_away(id, self.cause(uplink), Health::Unreachable);
        }
        if self.calls_far(id, member) {
            return;
        }
        self.admit(id, member);
    }

    /// Lets the innermost frame of `id`, which has come to `member`, ask for a worker.
    #[inline(always)]
    pub(super) fn admit(&mut self, id: RequestId, member: ComponentId) {
        let mut ctx = ctx!(self, self.states.causes[member.index()]);
        if let Component::Service(service) = &mut self.components[member.index()] {
            service.enter(&mut ctx, id);
        }
    }

    /// Releases the innermost frame of `id`.
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
        self.frees_worker(id, frame.at);
    }

    /// Gives back the worker of `id` at `member`, with its innermost frame.
    #[inline(always)]
    pub(super) fn frees_worker(&mut self, id: RequestId, member: ComponentId) {
        let mut ctx = ctx!(self, self.states.causes[member.index()]);
        if let Component::Service(service) = &mut self.components[member.index()] {
            service.leave(&mut ctx, id);
        }
    }

    /// Sends the reply to `id`, of `size` bytes. Returns false if no link is in its way.
    pub(crate) fn send(&mut self, id: RequestId, size: Bytes) -> bool {
        let Some(network) = &self.plan.network else { return false };
        // The reply leaves from the outermost component that the request was inside last.
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

    /// Starts a page view of `workload`, by `user` if its users are distinguished. It is one request, or several
    /// if the workload has clients.
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

    /// Returns the component that stands for the failed uplink, if the client of `id` is cut off by it. `id` must
    /// be at its outermost component `member`.
    #[inline]
    fn cut_off(&self, id: RequestId, member: ComponentId) -> Option<ComponentId> {
        let network = self.plan.network.as_ref().filter(|network| network.converges)?;
        let request = &self.requests[id];
        let at_edge = request.depth <= 1 && matches!(request.owner, Owner::View(_));
        let path = network.ways[member.index()].filter(|_| at_edge)?;
        self.held::<Links>(network.links).cut_off(&self.draws, request.ordinal, path)
    }

    /// Closes frame `depth` of `id` at the unit below it, which then has one open request less.
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

    /// Lets `id` abandon the queue it waits in. Returns whether requests wait in that queue to be admitted
    /// elsewhere.
    pub(super) fn abandons(&mut self, id: RequestId) -> bool {
        let entry = &self.requests[id];
        let (at, waits) = (entry.at, entry.waits == Waits::InLine);
        waits && at != ComponentId::NONE && Component::abandoned(self, at, id)
    }
}
