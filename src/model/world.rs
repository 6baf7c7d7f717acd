//! The world of one replication: requests on their routes through the components.
//!
//! [`World::new`] from a blueprint, a lineage and a window is the only way to one. The loop takes
//! the earliest event, asserts that it is not in the past, sets the clock, handles it, and then
//! drains the zero-delay lane before the next event leaves the calendar.
//!
//! What happens to a request that fails or is given up:
//! - Its client gives up (patience, time-out): the attempt ends as `timeout`; the work goes on at
//!   the server, holds its worker, and its completion finds nobody.
//! - A call reaches its time-out: the caller goes on with an error; the callee's work goes on.
//! - A process dies: what was inside it fails; what it had asked of others goes on there.
//!
//! So a request may have to be split: the *caller's* part keeps the frames below the cut and
//! fails, the *orphan* keeps those above and ends when it has given them back.

use crate::convert::{below, table};
use crate::engine::calendar::{Calendar, Place, Ticket};
use crate::engine::draw::Lineage;
use crate::engine::lane::{Lane, NoProgress};
use crate::kinds::client::guests::Guests;
use crate::kinds::client::live::Views;
use crate::model::blueprint::{Blueprint, Config, Mount, Part};
use crate::model::event::Event;
use crate::model::gauge::Joint;
use crate::model::ids::{CallId, CauseId, ClassId, ComponentId, PoolId, UnitId, WorkloadId};
use crate::model::outage::{Faults, Illness, Past};
use crate::model::record::Record;
use crate::model::request::{
    Frame, Hold, MAX_DEPTH, Marks, NO_CALL, Outcome, Owner, Request, RequestId, Requests, Stage,
    TooMany, Waits,
};
use crate::model::route::{Draws, MOST, Op, Pick};
use crate::model::{Answer, Component, Ctx, Health, Move, Start};
use crate::units::{Bytes, Rate, SimDuration, SimTime};

/// Why a run stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More requests in flight than fit.
    TooManyInFlight {
        /// When.
        at: SimTime,
    },
    /// A request, a step or a page has more of something than is simulated.
    TooMany {
        /// When.
        at: SimTime,
        /// The class of the request.
        class: String,
        /// Of what.
        of: Bounded,
    },
    /// Time stood still.
    NoProgress(NoProgress),
}

/// What is counted for each request and bounded by [`MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounded {
    /// Repetitions of its steps.
    Repetitions,
    /// Operations of one of its steps.
    Operations,
    /// Parts of its page.
    Parts,
    /// Branches that it waits for at one time.
    Children,
}

impl Stop {
    /// Whether more load than capacity is the reason.
    #[must_use]
    pub const fn is_overload(&self) -> bool {
        matches!(self, Self::TooManyInFlight { .. })
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooManyInFlight { at } => {
                write!(f, "too many requests in flight at {at}: the system is overloaded")
            }
            Self::TooMany { at, class, of } => {
                let what = match of {
                    Bounded::Repetitions => "repeats its steps more than",
                    Bounded::Operations => "has a step with more operations than",
                    Bounded::Parts => "is followed by more parts than",
                    Bounded::Children => "waits for more parallel branches than",
                };
                write!(f, "a request of `{class}` at {at} {what} {MOST}")
            }
            Self::NoProgress(error) => error.fmt(f),
        }
    }
}

/// What of the plan a world lives through.
#[derive(Clone, Debug)]
pub struct Span {
    /// Fixes the rate of the workloads named, by index; the others keep their own.
    pub levels: Vec<Option<Rate>>,
    /// The world begins, empty, at this instant of the history.
    pub start: SimTime,
    /// Start of what is measured.
    pub from: SimTime,
    /// End of what is measured.
    pub until: SimTime,
    /// No arrival is made after this; at least `until`.
    pub horizon: SimTime,
    /// What breaks.
    pub faults: Faults,
}

/// Calls of one kind that may still reach their time-out, oldest first.
#[derive(Clone, Debug, Default)]
struct Deadlines {
    line: std::collections::VecDeque<(SimTime, RequestId, u32)>,
    armed: bool,
}

/// One replication at work. A copy lives on by itself.
#[derive(Clone, Debug)]
pub struct World<'p> {
    pub(crate) plan: &'p Blueprint,
    pub(crate) ops: &'p [Op],
    pub(crate) draws: Draws<'p>,
    pub(crate) now: SimTime,
    pub(crate) calendar: Calendar,
    pub(crate) lane: Lane<Move>,
    pub(crate) requests: Requests,
    pub(crate) components: Vec<Component>,
    /// How each component fares.
    pub(crate) healths: Vec<Health>,
    /// Why each component is in the health it is in.
    pub(crate) causes: Vec<CauseId>,
    /// After a restart a part is slow until this instant.
    pub(crate) warm_at: Vec<SimTime>,
    /// When each part with a buffer came back last.
    pub(crate) restarted: Vec<Option<SimTime>>,
    /// Members of databases that took the data of another, with whose they use.
    remounted: Vec<(ComponentId, ComponentId)>,
    /// Services that stand still.
    pub(crate) frozen: u32,
    pub(crate) lineage: Lineage,
    pub(crate) ills: Illness<'p>,
    /// Which head serves whose volumes.
    pub(crate) volumes: Volumed,
    turns: Vec<u32>,
    sources: Vec<Source>,
    /// Next arrival of each workload. There are few workloads and each has one arrival pending, so
    /// they need no heap; their places in the order are those the calendar would have given.
    arrivals: Vec<Place>,
    /// The earliest of them.
    next_arrival: (Place, WorkloadId),
    deadlines: Vec<Deadlines>,
    waiting: patience::Waiting,
    users: AllUsers,
    serial: u32,
    operations: Vec<u64>,
    pub(crate) views: Views,
    pub(crate) guests: Guests,
    pub(crate) span: Span,
    pub(crate) past: Option<Past>,
    pub(crate) record: Record,
    pub(crate) stop: Option<Stop>,
    /// The fault that is being lived through, and how many requests were in flight before it.
    pub(crate) trouble: Option<(CauseId, usize)>,
    /// Causes of what is broken, one for each component.
    pub(crate) active: Vec<CauseId>,
    /// Since when nothing is broken after something was, and why that was.
    pub(crate) calm: Option<(SimTime, CauseId)>,
    /// Queues that are taken together, as a figure asks.
    joints: Vec<Joint>,
    /// Scratch: members of a database that do not read.
    pub(crate) barred: Vec<bool>,
    events: u64,
    digest: u64,
}

macro_rules! ctx {
    ($world:ident, $cause:expr) => {
        Ctx {
            now: $world.now,
            calendar: &mut $world.calendar,
            lane: &mut $world.lane,
            requests: &mut $world.requests,
            draws: &$world.draws,
            record: &mut $world.record,
            cause: $cause,
        }
    };
}

mod ending;
mod hearing;
mod numbers;
mod operation;
mod patience;
pub mod readings;
pub mod resize;
mod source;
pub mod storage;
pub mod telling;
mod users;

use source::Source;
use storage::Volumed;
use users::AllUsers;

impl<'p> World<'p> {
    /// An empty world at the start of `span`.
    #[must_use]
    pub fn new(plan: &'p Blueprint, lineage: Lineage, span: Span) -> Self {
        Self::in_history(plan, lineage, span, None)
    }

    /// An empty world at the start of `span`, one of several windows of one history: it takes over its
    /// `past`, and its requests are numbered, and so draw, as about those that come in the history
    /// then, so that two windows draw apart.
    #[must_use]
    pub fn in_history(
        plan: &'p Blueprint,
        lineage: Lineage,
        span: Span,
        past: Option<Past>,
    ) -> Self {
        // What a drill breaks is taken over, whatever the chance of that: how often it is not is a
        // matter of years, not of a few runs.
        let drilled = span.faults == Faults::Drill;
        let draws = Draws::new(&plan.routes, plan.seed, lineage);
        let start = Start {
            at: span.start,
            counted: (span.from, span.until),
            seed: plan.seed,
            lineage,
            draws: &draws,
            past: past.as_ref(),
            drilled,
        };
        let parts = plan.parts.iter().enumerate();
        let component = |(at, part): (usize, &Part)| part.config.begin(ComponentId::at(at), &start);
        let components: Vec<Component> = parts.map(component).collect();
        let source = |(index, workload): (usize, &crate::model::blueprint::Workload)| {
            let level = span.levels.get(index).copied().flatten();
            let fixed = level.and_then(|level| workload.arrivals.at_level(level).ok());
            let arrivals = fixed.as_ref().unwrap_or(&workload.arrivals);
            let times = (span.start, span.horizon);
            let source = Source::new(arrivals, plan.seed, lineage, &workload.name, times);
            if past.is_some() { source.numbered(arrivals, span.start) } else { source }
        };
        let cookies = |part: &&Part| match &part.config {
            Config::Balancer(balancer) => balancer.sticky.is_some(),
            _ => false,
        };
        let sticky = plan.parts.iter().filter(cookies).count();
        let users = AllUsers::new(plan, lineage);
        let guests = Guests::new(sticky, users.count(), plan.workloads.len());
        let mut world = Self {
            plan,
            ops: &plan.routes.ops,
            draws,
            now: span.start,
            calendar: Calendar::new(),
            lane: Lane::new(),
            requests: Requests::new(),
            components,
            healths: vec![Health::Up; plan.parts.len()],
            causes: vec![CauseId::OVERLOAD; plan.parts.len()],
            frozen: 0,
            lineage,
            ills: Illness::NONE,
            volumes: Volumed::new(plan.parts.len()),
            warm_at: vec![SimTime::ZERO; plan.parts.len()],
            restarted: vec![None; plan.parts.len()],
            remounted: Vec::new(),
            turns: vec![0; plan.routes.pools.len()],
            sources: plan.workloads.iter().enumerate().map(source).collect(),
            arrivals: vec![Place::NEVER; plan.workloads.len()],
            next_arrival: (Place::NEVER, WorkloadId(0)),
            deadlines: vec![Deadlines::default(); plan.routes.calls.len()],
            waiting: patience::Waiting::new(plan),
            users,
            serial: 0,
            operations: vec![0; plan.operations.len()],
            views: Views::new(plan),
            guests,
            record: Record::new(plan),
            span,
            past,
            stop: None,
            trouble: None,
            active: Vec::new(),
            calm: None,
            joints: Vec::new(),
            barred: Vec::new(),
            events: 0,
            digest: 0,
        };
        for index in 0..world.sources.len() {
            world.schedule_arrival(WorkloadId::at(index));
        }
        for index in 0..plan.operations.len() {
            let first = plan.operations[index].next_start(world.now);
            world.calendar.push(first, Event::Operation(table::u32(index)).code());
        }
        world.start_users();
        world.start_resizing();
        world.start_remounted();
        world.start_health();
        world.start_probes();
        world.start_names();
        world.start_databases();
        world
    }

    /// Lives on until just before `end`: every event before it is handled, none at it.
    ///
    /// # Errors
    ///
    /// [`Stop`] when a limit was met; the world is then of no further use.
    pub fn run_before(&mut self, end: SimTime) -> Result<(), Stop> {
        self.run_before_telling(end, |_, _, _| ())
    }

    /// As [`Self::run_before`]; `tell` is told every event, by its code and ticket, when it is counted and
    /// about to be handled.
    ///
    /// # Errors
    ///
    /// As [`Self::run_before`].
    #[inline]
    pub fn run_before_telling(
        &mut self,
        end: SimTime,
        mut tell: impl FnMut(&Self, u32, Ticket),
    ) -> Result<(), Stop> {
        loop {
            let (place, workload) = self.next_arrival;
            if place < self.calendar.next_place() {
                if place.at() >= end {
                    break;
                }
                let code = Event::Arrival(workload).code();
                self.count(place.at(), code)?;
                tell(self, code, Ticket::NONE);
                self.arrival(workload);
            } else {
                let Some(due) = self.calendar.pop_before(end) else { break };
                self.count(due.at, due.code)?;
                tell(self, due.code, due.ticket);
                // Most events, and known at a glance.
                match Event::served(due.code) {
                    Some(request) => self.served(request, due.ticket),
                    None => self.handle(due.code, due.ticket),
                }
            }
            // Most events hand one thing over.
            if let Some(next) = self.lane.take_only() {
                self.goes_on_with(next);
            }
            if !self.lane.is_empty() || self.stop.is_some() {
                self.drain()?;
            }
        }
        self.now = self.now.max(end);
        Ok(())
    }

    /// Begins to write down anew, here and now: what was written is forgotten, and who came before
    /// is not counted.
    pub fn count_anew(&mut self, until: SimTime) {
        (self.span.from, self.span.until) = (self.now, until);
        self.record = Record::new(self.plan);
        self.requests.count_none();
        self.views.count_none();
        for component in &mut self.components {
            component.counts_anew(self.now, until);
        }
    }

    /// What is counted ends here and now.
    pub fn end_count(&mut self) {
        self.span.until = self.now;
        for component in &mut self.components {
            component.count_ends(self.now);
        }
    }

    /// The event `code` at `at` is about to be handled.
    #[inline]
    fn count(&mut self, at: SimTime, code: u32) -> Result<(), Stop> {
        debug_assert!(at >= self.now, "time does not run backwards");
        self.now = at;
        self.events += 1;
        self.digest = mix(self.digest, at.nanos() ^ u64::from(code) << 36);
        self.lane.enter(at).map_err(Stop::NoProgress)
    }

    /// What was handed over is done.
    #[inline]
    fn goes_on_with(&mut self, next: Move) {
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
            Move::Room(unit) => self.sends_from_line(unit),
            Move::Enter(request) => {
                let member = ComponentId(self.requests[request].local);
                self.ask(request, member, None, false);
                self.let_in(request, member);
            }
            Move::TooMany => self.stop = Some(Stop::TooManyInFlight { at: self.now }),
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
    fn served(&mut self, request: RequestId, ticket: Ticket) {
        let entry = &self.requests[request];
        if entry.ticket != ticket {
            return;
        }
        let at = entry.at;
        let mut ctx = ctx!(self, self.causes[at.index()]);
        match &mut self.components[at.index()] {
            Component::Station(station) => station.served(&mut ctx, request),
            Component::Cpu(cpu) => cpu.served(&mut ctx, request),
            _ => {}
        }
        self.advance(request);
    }

    #[inline(never)]
    fn handle(&mut self, code: u32, ticket: Ticket) {
        match Event::of(code) {
            Event::Arrival(workload) => self.arrival(workload),
            Event::Served(request) => self.served(request, ticket),
            Event::Alarm(unit) => {
                let (id, local) = self.plan.units[unit.index()];
                let mut ctx = ctx!(self, self.causes[id.index()]);
                self.components[id.index()].alarm(&mut ctx, local, ticket);
            }
            Event::Wake(request) => {
                if self.requests[request].ticket == ticket {
                    self.wake(request);
                }
            }
            Event::Patience(request) => {
                if self.requests[request].patience == ticket {
                    self.patience_ends(request);
                }
            }
            Event::Patiences => self.patiences_due(),
            Event::CallDeadline(call) => self.call_deadline(CallId(call)),
            Event::View(view) => self.view_due(view, ticket),
            Event::Operation(index) => self.operation(index as usize),
            Event::Resize(index) => self.resized(index),
            Event::User(user) => self.user_asks(user),
            Event::Probe(unit) => self.probe_due(UnitId(unit), ticket),
            Event::Database(unit) => self.database_due(UnitId(unit), ticket),
            Event::Health => self.health_due(),
        }
    }

    #[inline]
    fn schedule_arrival(&mut self, workload: WorkloadId) {
        let place = match self.sources[workload.index()].next() {
            Some(arrival) => {
                self.views.expect(workload, arrival.ordinal);
                self.calendar.reserve(arrival.at)
            }
            None => Place::NEVER,
        };
        self.arrivals[workload.index()] = place;
        let [first, others @ ..] = self.arrivals.as_slice() else { return };
        self.next_arrival = (*first, WorkloadId(0));
        for (index, place) in (1..).zip(others) {
            if *place < self.next_arrival.0 {
                self.next_arrival = (*place, WorkloadId(index));
            }
        }
    }

    #[inline]
    fn arrival(&mut self, workload: WorkloadId) {
        let source = &self.plan.workloads[workload.index()];
        let ordinal = source.first_ordinal + self.views.expected(workload);
        self.schedule_arrival(workload);
        self.view_asked(workload, ordinal, None);
    }

    /// A page view of `workload` is asked for, by one of its users if it knows them apart: a request,
    /// or more where it has clients.
    #[inline(always)]
    fn view_asked(&mut self, workload: WorkloadId, ordinal: u64, user: Option<u32>) {
        let source = &self.plan.workloads[workload.index()];
        let counted = self.now >= self.span.from && self.now < self.span.until;
        if source.clients.is_some() {
            return self.view_begins(workload, ordinal, user, counted);
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
                self.stop = Some(Stop::TooManyInFlight { at: self.now });
                None
            }
        }
    }

    #[inline(always)]
    fn pick(&mut self, pool: PoolId, request: RequestId) -> ComponentId {
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

    /// Whose data a member of a database uses: its own, or those that it took over.
    pub(crate) fn data_owner(&self, member: ComponentId) -> ComponentId {
        let moved = self.remounted.iter().find(|(other, _)| *other == member);
        moved.map_or(member, |(_, owner)| *owner)
    }

    /// Where block `number` of the data of a member of a database lies now: the pools of its volume
    /// have one after the other.
    pub(crate) fn data_of(&self, member: ComponentId, number: u64) -> Option<Mount> {
        let part = &self.plan.parts[self.data_owner(member).index()];
        let volume = part.mounts.first()?;
        match u16::try_from(number % u64::from(volume.pools)).expect("less than pools, of 8 bits") {
            0 => Some(*volume),
            pool => part.further.get(usize::from(volume.others + pool - 1)).copied(),
        }
    }

    /// Who was made master on the volume of another before the world began has that one.
    fn start_remounted(&mut self) {
        let Some(past) = &self.past else { return };
        let swaps = self.components.iter().enumerate().filter_map(|(index, component)| {
            let Component::Database(database) = component else { return None };
            let master = past.holder(ComponentId::at(index)).filter(|master| *master > 0)?;
            database.remounted_by(master)
        });
        for (new, old) in swaps.collect::<Vec<_>>() {
            self.swap_data(new, old);
        }
    }

    /// Pages that users who have gone away would still have asked for count as asked for by others.
    pub fn forget_who_left(&mut self) {
        self.views.forget_who_left();
    }

    /// Pages of a workload that users who have gone away would still ask for.
    #[must_use]
    pub fn who_left(&self, workload: WorkloadId) -> u64 {
        self.views.who_left(workload)
    }

    /// Two members of a database exchange their data.
    pub(crate) fn swap_data(&mut self, one: ComponentId, other: ComponentId) {
        let (a, b) = (self.data_owner(one), self.data_owner(other));
        self.remounted.retain(|(member, _)| *member != one && *member != other);
        self.remounted.extend([(one, b), (other, a)]);
    }

    /// Walks the route of `request` until it has to wait.
    fn advance(&mut self, id: RequestId) {
        if self.requests[id].stage != Stage::Route {
            return self.network(id);
        }
        loop {
            if self.frozen > 0 && self.stands_still(id) {
                return;
            }
            let entry = &mut self.requests[id];
            let pc = entry.pc;
            entry.pc = pc + 1;
            match self.ops[pc as usize] {
                Op::Visit { pool, demand, priority } => {
                    let member = self.pick(pool, id);
                    let need = self.draws.demand_ahead(demand, &self.requests[id]);
                    let need = SimDuration::from_seconds_f64(need).nanos();
                    let mut ctx = ctx!(self, self.causes[member.index()]);
                    if let Component::Station(station) = &mut self.components[member.index()] {
                        station.visit(&mut ctx, id, need, priority);
                    }
                    return;
                }
                Op::Enter { pool, call } => {
                    self.enter(id, pool, call);
                    if !self.goes_on(id) {
                        return;
                    }
                }
                Op::Front { balancer, call } => {
                    self.front(id, balancer, call);
                    if !self.goes_on(id) {
                        return;
                    }
                }
                Op::Pick { balancer, farm, call, key } => {
                    self.send_on(id, balancer, farm, call, key);
                    if !self.goes_on(id) {
                        return;
                    }
                }
                Op::Query { database, write, call } => {
                    self.query(id, database, write, call);
                    if !self.goes_on(id) {
                        return;
                    }
                }
                Op::Fresh { database } => self.begin_read(id, database),
                Op::Commit { database, step } => {
                    if self.commit(id, database, step) {
                        return;
                    }
                }
                Op::Edge { miss } => match self.at_edge(id) {
                    Some(true) => {}
                    Some(false) => self.requests[id].pc = miss,
                    None => return,
                },
                Op::Shield { miss } => match self.at_shield(id) {
                    Some(true) => {}
                    Some(false) => self.requests[id].pc = miss,
                    None => return,
                },
                Op::Shielded => {
                    if !self.shielded(id) {
                        return;
                    }
                }
                Op::Resolve { names, first } => {
                    let Some(target) = self.resolve(id, names) else { return };
                    let entrance = self.plan.routes.branches[first as usize + target];
                    self.requests[id].pc = entrance.to;
                }
                Op::Leave => {
                    self.leave(id, Outcome::Ok);
                    if self.requests[id].marks.has(Marks::ORPHAN) && self.requests[id].depth == 0 {
                        return self.requests.remove(id);
                    }
                }
                Op::Cpu { demand, threads } => {
                    if self.compute(id, demand, threads) {
                        return;
                    }
                }
                Op::Delay { demand } => {
                    let mut ctx = ctx!(self, CauseId::OVERLOAD);
                    let delay = ctx.duration(demand, id);
                    ctx.requests[id].waits = Waits::Timer;
                    return ctx.wake_after(id, delay);
                }
                Op::Head { mount, pool, amount, key } => {
                    if self.at_head(id, (mount, pool), amount, key) {
                        return;
                    }
                }
                Op::Disk { mount, write, key } => {
                    if self.at_disk(id, mount, write, key) {
                        return;
                    }
                }
                Op::Defer { mount, amount, key } => self.defer(id, mount, amount, key),
                Op::Choose { first, count, key, otherwise } => {
                    let uniform = self.draws.uniform_ahead(key, &self.requests[id]);
                    let first = first as usize;
                    let branches = &self.plan.routes.branches[first..first + count as usize];
                    let taken = branches.iter().find(|branch| uniform < branch.below);
                    if !self.jump(id, taken.map_or(otherwise, |branch| branch.to)) {
                        return;
                    }
                }
                Op::Miss { branch, key, otherwise } => {
                    let uniform = self.draws.uniform_ahead(key, &self.requests[id]);
                    let taken = self.plan.routes.branches[branch as usize];
                    let missed = self.misses(id, taken.below, uniform);
                    if !self.jump(id, if missed { taken.to } else { otherwise }) {
                        return;
                    }
                }
                Op::Ask { of, what, ways } => match self.asks(id, of, what) {
                    Answer::GoesOn => {}
                    Answer::Way(number) => {
                        let way = self.plan.routes.branches[(ways + number) as usize];
                        self.requests[id].pc = way.to;
                    }
                    Answer::Waits => return,
                    Answer::Fails(outcome) => return self.fail_up(id, outcome),
                },
                Op::Jump { to } => {
                    if !self.jump(id, to) {
                        return;
                    }
                }
                Op::Repeat { amount, end } => {
                    let count = self.draws.amount(amount, &self.requests[id]);
                    let Ok(count) = u16::try_from(count) else {
                        return self.stops_for(id, Bounded::Repetitions);
                    };
                    let entry = &mut self.requests[id];
                    if count == 0 {
                        entry.pc = end;
                    } else {
                        if entry.loop_depth == 0 {
                            entry.outside = entry.iteration;
                        }
                        entry.loops[usize::from(entry.loop_depth)] = count;
                        entry.loop_depth += 1;
                    }
                }
                Op::Again { start } => {
                    let entry = &mut self.requests[id];
                    let top = usize::from(entry.loop_depth) - 1;
                    entry.loops[top] -= 1;
                    if entry.loops[top] == 0 {
                        entry.loop_depth -= 1;
                        if !self.repeats(id) {
                            return;
                        }
                        // What follows a loop draws as if there were none.
                        let entry = &mut self.requests[id];
                        if entry.loop_depth == 0 {
                            entry.unused = entry.unused.max(entry.iteration);
                            entry.iteration = entry.outside;
                        }
                    } else if !self.jump(id, start) {
                        return;
                    }
                }
                Op::Fork { entry, wait } => self.fork(id, entry, wait),
                Op::Join => {
                    let entry = &mut self.requests[id];
                    if entry.children > 0 {
                        entry.waits = Waits::Children;
                        // The last child lets it go on at this same operation.
                        entry.pc = pc;
                        return;
                    }
                    if let Some(outcome) = entry.failed {
                        return self.fail_up(id, outcome);
                    }
                }
                Op::End => return self.end(id, Outcome::Ok),
            }
        }
    }

    /// Whether `id` has been let in at once and nothing else was handed over before: it goes on without
    /// the way through the lane.
    #[inline(always)]
    fn goes_on(&mut self, id: RequestId) -> bool {
        self.lane.take(|next| matches!(next, Move::Advance(request) if *request == id))
    }

    /// Sends `id` to another operation; a jump back counts as a repetition. Returns false if the
    /// request has repeated its steps too often: the run stops.
    #[inline(always)]
    fn jump(&mut self, id: RequestId, to: u32) -> bool {
        let entry = &mut self.requests[id];
        if to < entry.pc {
            // Outside of loops, a repetition of its own too: past all that the loops have used.
            if entry.loop_depth == 0 {
                entry.iteration = entry.iteration.max(entry.unused);
            }
            if !self.repeats(id) {
                return false;
            }
        }
        self.requests[id].pc = to;
        true
    }

    /// Counts a repetition of `id`; returns false if it has too many.
    #[inline(always)]
    fn repeats(&mut self, id: RequestId) -> bool {
        let entry = &mut self.requests[id];
        let Some(next) = entry.iteration.checked_add(1) else {
            self.stops_for(id, Bounded::Repetitions);
            return false;
        };
        entry.iteration = next;
        true
    }

    /// The run stops: `id` has more of something than is simulated.
    #[cold]
    pub(crate) fn stops_for(&mut self, id: RequestId, of: Bounded) {
        let class = self.plan.routes.classes[self.requests[id].class.index()].name.clone();
        self.stop = Some(Stop::TooMany { at: self.now, class, of });
    }

    /// What `of` says to `id`, which asks it for `what`.
    #[inline(never)]
    fn asks(&mut self, id: RequestId, of: ComponentId, what: u32) -> Answer {
        let mut ctx = ctx!(self, self.causes[of.index()]);
        self.components[of.index()].ask(&mut ctx, id, what)
    }

    /// Whether the query of `id` misses the buffer, by a uniform: with `chance`, and more for a while after
    /// a restart.
    fn misses(&self, id: RequestId, chance: f64, uniform: f64) -> bool {
        let member = self.requests[id].top().at.index();
        let (Some(cold), Some(at)) = (self.plan.parts[member].cold, self.restarted[member]) else {
            return uniform < chance;
        };
        // Most draws tell without the exponential: they miss warm, or find even cold.
        if cold.factor >= 1.0 && uniform < chance {
            return true;
        }
        if cold.factor >= 1.0 && uniform >= chance * (1.0 + (cold.factor - 1.0)) {
            return false;
        }
        uniform < chance * cold.factor_at(self.now - at.min(self.now))
    }

    fn enter(&mut self, id: RequestId, pool: PoolId, call: Option<CallId>) {
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
        self.serial = self.serial.wrapping_add(1);
        let entry = &mut self.requests[id];
        assert!(usize::from(entry.depth) < MAX_DEPTH, "the plan bounds the depth of calls");
        entry.frames[usize::from(entry.depth)] = Frame {
            at: member,
            serial: self.serial,
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
                let line = &mut self.deadlines[call.index()];
                line.line.push_back((deadline, id, self.serial));
                if !line.armed {
                    line.armed = true;
                    let code = Event::CallDeadline(call.0).code();
                    self.calendar.push(deadline, code);
                }
            }
        }
    }

    /// The innermost frame of `id` asks `member` to be let in.
    #[inline(always)]
    pub(crate) fn let_in(&mut self, id: RequestId, member: ComponentId) {
        if let Some(uplink) = self.cut_off(id, member) {
            return ctx!(self, self.causes[uplink.index()]).turn_away(id, Health::Unreachable);
        }
        let mut ctx = ctx!(self, self.causes[member.index()]);
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
        let mut ctx = ctx!(self, self.causes[frame.at.index()]);
        if let Component::Service(service) = &mut self.components[frame.at.index()] {
            service.leave(&mut ctx, id);
        }
    }

    /// Processor time for `id`; false when it needs none.
    fn compute(
        &mut self,
        id: RequestId,
        demand: crate::model::ids::DemandId,
        threads: u16,
    ) -> bool {
        let member = self.requests[id].top().at;
        let part = &self.plan.parts[member.index()];
        let place = part.place.expect("the plan gives every member a place");
        let mut seconds = self.draws.demand_ahead(demand, &self.requests[id]);
        if let Component::Service(service) = &self.components[member.index()] {
            seconds *= service.slowness;
        }
        if self.now < self.warm_at[member.index()]
            && let Some((_, speed)) = part.warm_up
        {
            seconds /= speed;
        }
        let work = SimDuration::from_seconds_f64(seconds).nanos();
        if work == 0 {
            return false;
        }
        let mut ctx = ctx!(self, self.causes[place.cpu.index()]);
        if let Component::Cpu(cpu) = &mut self.components[place.cpu.index()] {
            cpu.compute(&mut ctx, id, place.zone, (work, threads));
        }
        true
    }

    #[inline(never)]
    fn fork(&mut self, id: RequestId, entry: u32, wait: bool) {
        let parent = &self.requests[id];
        if wait && parent.children == MOST {
            return self.stops_for(id, Bounded::Children);
        }
        let owner = if wait { Owner::Parent(id) } else { Owner::Nobody };
        let mut child = Request::new(parent.class, entry, owner, self.now);
        child.ordinal = parent.ordinal;
        child.path = parent.drawn().sends(parent.iteration).path;
        child.position = parent.position;
        child.iteration = parent.iteration;
        child.counted = parent.counted;
        if parent.depth > 0 {
            child.frames[0] =
                Frame { hold: Hold::Borrowed, call: NO_CALL, behind: false, ..*parent.top() };
            child.depth = 1;
        }
        if let Some(child) = self.insert(child) {
            if wait {
                self.requests[id].children += 1;
            }
            self.lane.push(Move::Advance(child));
        }
    }

    /// Sends the reply to `id`, `size` bytes; false when nothing is in its way.
    pub(crate) fn send(&mut self, id: RequestId, size: Bytes) -> bool {
        let Some(network) = &self.plan.network else { return false };
        // It leaves from the outermost component that the request was inside of last.
        let from = self.requests[id].frames[0].at;
        let Some(path) = network.ways.get(from.index()).copied().flatten() else { return false };
        let waits = self.cut_off(id, from).is_some();
        let mut ctx = ctx!(self, self.causes[network.links.index()]);
        if let Component::Links(links) = &mut self.components[network.links.index()] {
            if waits {
                links.hold(&mut ctx, id, size, path);
            } else {
                links.send(&mut ctx, id, size, path);
            }
        }
        true
    }

    fn wake(&mut self, id: RequestId) {
        let entry = &mut self.requests[id];
        entry.ticket = Ticket::NONE;
        if entry.stage == Stage::Travel {
            return self.travelled(id);
        }
        if entry.at == ComponentId::NONE {
            entry.waits = Waits::Nothing;
            return self.lane.push(Move::Advance(id));
        }
        let at = entry.at;
        match &self.components[at.index()] {
            Component::Head(_) => return self.sent_again(id),
            Component::Balancer(_) => return self.line_times_out(id),
            _ => {}
        }
        let mut ctx = ctx!(self, self.causes[at.index()]);
        self.components[at.index()].wake(&mut ctx, id);
    }
}

/// One step of the event digest: order-dependent, cheap, not cryptographic.
#[inline]
fn mix(digest: u64, word: u64) -> u64 {
    (digest.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
