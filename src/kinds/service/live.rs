//! One member of a service or of a database group: a process with workers (or connections) in a
//! zone.
//!
//! Model: a request takes a worker, keeps it through every nested step, and gives it back when it
//! leaves. Without a free worker it waits in the backlog. A full backlog refuses; the host of a stalled
//! process drops requests that do not fit instead. Processor time
//! is not spent here: the route asks the processor of the zone's server.
//!
//! In: `enter`, `leave`, `cancel`, `health`. Out: the request goes on, or is refused.
//! Holds: no request waits while a worker is free and the process works; workers taken = workers
//! given back + workers held; busy + idle + unavailable workers = workers × time. A worker that is
//! held counts as busy, also while the process is stalled; a free one is then unavailable.
//! States: down refuses at once (no process listens), unreachable does not answer. Hung accepts until the
//! backlog is full, then does not answer, and serves no request. A fresh process runs at `warm-up` speed at first.
//! Leaves out: the cost of a fork, memory of a worker, keep-alive time-outs.

use std::collections::VecDeque;

use crate::convert::table;
use crate::model::gauge::{Availability, ByNumber, Gauge, Queue, Shut, Usable};
use crate::model::ids::ComponentId;
use crate::model::request::{Hold, Outcome, RequestId, Waits};
use crate::model::{Ctx, Health, Keeps, Live, Move, Shift, Start, none};
use crate::observe::histogram::Histogram;
use crate::units::SimTime;

/// Configuration of a member.
#[derive(Clone, Debug, Default)]
pub struct ServiceConfig {
    /// Requests or connections in service at once; `None` without a bound.
    pub workers: Option<u32>,
    /// Requests that may wait for a worker; `None` without a bound.
    pub backlog: Option<u32>,
    /// If true, requests queue at the caller (a connection pool): a caller that times out leaves the queue.
    pub callers_wait: bool,
    /// If true, keeps the distributions of sojourn times and of the numbers inside, queued and in service.
    pub detailed: bool,
    /// If true, the memory of its zone depends on the number in service.
    pub fills_memory: bool,
}

/// A member in the event loop.
#[derive(Clone, Debug)]
pub struct Service {
    id: ComponentId,
    config: ServiceConfig,
    queue: Queue,
    availability: Availability,
    /// Hours in which it is lent.
    shut: Shut,
    line: VecDeque<RequestId>,
    health: Health,
    arrived: u64,
    refused: u64,
    /// Instant since which it is absent, if it is.
    absent: Option<SimTime>,
    /// Time that it was absent before, in nanoseconds.
    away: u128,
    /// Factor by which processor work takes longer: above 1 for a slow process, or one that is still cold.
    pub slowness: f64,
}

impl Service {
    /// Creates an idle member.
    #[must_use]
    pub fn new(id: ComponentId, config: ServiceConfig) -> Self {
        Self {
            id,
            queue: Queue::new(config.detailed),
            availability: Availability::new(config.workers.unwrap_or(0)),
            shut: Shut::default(),
            line: VecDeque::new(),
            health: Health::Up,
            arrived: 0,
            refused: 0,
            absent: None,
            away: 0,
            slowness: 1.0,
            config,
        }
    }

    /// Returns true if a waiting caller leaves the queue when it times out.
    #[must_use]
    pub fn callers_wait(&self) -> bool {
        self.config.callers_wait
    }

    /// Gives a worker to `request`, queues it, or refuses it. Its innermost frame must be this member.
    #[inline]
    pub fn enter(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.arrived += 1;
        if self.health.is_lost() {
            self.refused += 1;
            return ctx.turn_away(request, self.health);
        }
        let free = self.config.workers.is_none_or(|workers| self.queue.busy() < workers);
        if free && self.health.works() {
            self.queue.arrive(ctx.now);
            self.queue.begin(ctx.now);
            self.memory_changes(ctx);
            ctx.requests[request].top_mut().hold = Hold::Inside;
            return ctx.proceed(request);
        }
        let waiting = table::u32(self.line.len());
        if self.config.backlog.is_some_and(|backlog| waiting >= backlog) {
            self.refused += 1;
            if !self.health.works() && !self.config.callers_wait {
                // The host drops connections that the process does not accept and that do not fit
                // (Linux `tcp_abort_on_overflow` = 0, illumos `tcpListenDrop`): no refusal is sent.
                return ctx.turn_away(request, Health::Unreachable);
            }
            return ctx.fail(request, Outcome::Refused);
        }
        self.queue.arrive(ctx.now);
        let entry = &mut ctx.requests[request];
        entry.top_mut().hold = Hold::Inside;
        entry.at = self.id;
        entry.since = ctx.now;
        entry.waits = Waits::InLine;
        self.line.push_back(request);
    }

    /// Takes the worker back from `request` and removes the request's frame.
    #[inline]
    pub fn leave(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let entry = &mut ctx.requests[request];
        entry.depth -= 1;
        let since = entry.frames[usize::from(entry.depth)].since;
        let counted = entry.counted;
        self.queue.leave(ctx.now, ctx.now - since, counted);
        self.memory_changes(ctx);
        self.next(ctx);
        if self.shut.is_closed() && self.queue.inside().number() == 0 {
            ctx.lane.push(Move::Emptied(self.id));
        }
    }

    fn next(&mut self, ctx: &mut Ctx<'_>) {
        let free = self.config.workers.is_none_or(|workers| self.queue.busy() < workers);
        if !free || !self.health.works() {
            return;
        }
        if let Some(request) = self.line.pop_front() {
            self.queue.begin(ctx.now);
            self.memory_changes(ctx);
            let entry = &mut ctx.requests[request];
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            ctx.proceed(request);
        }
    }

    /// Reports a change of the number in service to the memory of the zone, if that depends on it.
    fn memory_changes(&self, ctx: &mut Ctx<'_>) {
        if self.config.fills_memory {
            ctx.lane.push(Move::Memory(self.id));
        }
    }

    /// Takes back a worker of a process that is gone; the world removes the frame.
    pub fn forget(&mut self, now: SimTime, since: SimTime, counted: bool) {
        self.queue.leave(now, now - since, counted);
    }

    /// Returns true outside of the hours in which its server is lent.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        self.shut.is_closed()
    }

    /// Lets it exist from `now` on, or not; a member that disappears has no request inside. Absent, it has no
    /// capacity, neither idle nor unavailable.
    pub fn appears(&mut self, now: SimTime, exists: bool) {
        match (self.absent, exists) {
            (None, false) => self.absent = Some(now),
            (Some(since), true) => {
                self.away += u128::from((now - since).nanos());
                self.absent = None;
            }
            _ => return,
        }
        self.availability.set(now, self.usable(), self.queue.worked(now));
    }

    /// Returns the time up to `now` that it was absent, in nanoseconds.
    #[must_use]
    pub fn away(&self, now: SimTime) -> u128 {
        self.away + self.absent.map_or(0, |since| u128::from((now - since).nanos()))
    }

    /// Returns the number of requests inside.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.queue.number()
    }

    /// Returns the number of requests in service.
    #[must_use]
    pub fn working(&self) -> u32 {
        self.queue.busy()
    }

    /// Returns the number of arrivals so far.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Returns the area under the number that waits up to `now`, in requests × nanoseconds.
    #[must_use]
    pub fn waited(&self, now: SimTime) -> u128 {
        self.queue.inside().area(now) - self.queue.worked(now)
    }

    /// Returns the part of its workers that can be used.
    fn usable(&self) -> Usable {
        match self.health {
            _ if self.absent.is_some() => Usable::None,
            Health::Up | Health::Slow(_) => Usable::All,
            // Of links and disks alone.
            Health::Lossy(_) | Health::Delayed(_) | Health::OneWay(_) | Health::Full => Usable::All,
            Health::Stalled | Health::Hung => Usable::Held,
            Health::Down | Health::Unreachable => Usable::None,
        }
    }

    /// Returns the present health.
    #[must_use]
    pub fn state(&self) -> Health {
        self.health
    }
}

impl Live for Service {
    type Config = ServiceConfig;

    fn begin(id: ComponentId, config: &ServiceConfig, _: &Start<'_>) -> Self {
        Self::new(id, config.clone())
    }

    none!(
        quantities,
        alarm,
        listens,
        hears,
        ask,
        ended,
        holds,
        count_ends,
        waits,
        closes,
        loads,
        forgets,
        whole,
        part_reading,
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        starts,
        due,
        step,
        wake,
        returned,
        part_health,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );
    none!(keeps_place);

    /// Begins or ends its hours: outside of them a free worker is no capacity.
    fn lent(&mut self, ctx: &mut Ctx<'_>, _: ComponentId, shift: Shift) {
        if shift != Shift::Stops {
            let unused = self.availability.split(ctx.now, self.queue.worked(ctx.now));
            self.shut.turn(shift == Shift::Opens, unused);
        }
    }

    /// Removes a waiting `request` from the queue. Its innermost frame must be this member.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        if let Some(place) = self.line.iter().position(|other| *other == request) {
            self.line.remove(place);
        }
        let entry = &mut ctx.requests[request];
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
        entry.depth -= 1;
        let (since, counted) = (entry.frames[usize::from(entry.depth)].since, entry.counted);
        self.queue.depart(ctx.now, ctx.now - since, counted);
    }

    /// Sets the health. The world has dropped the requests inside a process that is gone before this call.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        self.health = health;
        self.availability.set(ctx.now, self.usable(), self.queue.worked(ctx.now));
        self.slowness = if let Health::Slow(factor) = health { factor } else { 1.0 };
        loop {
            let waiting = self.line.len();
            self.next(ctx);
            if self.line.len() == waiting {
                return;
            }
        }
    }

    /// Returns the counts; utilisation is that of the workers.
    fn gauge(&self, now: SimTime) -> Gauge {
        let workers = self.config.workers.map_or(0, u128::from);
        let (inside, away) = (self.queue.inside(), self.away(now));
        let busy = self.queue.worked(now);
        let unused = match workers {
            0 => (0, 0),
            _ => self.availability.split(now, busy),
        };
        let (idle, unavailable) = self.shut.within(unused);
        let outside = unused.0 + unused.1 - idle - unavailable;
        Gauge {
            arrived: self.arrived,
            refused: self.refused,
            completed: inside.left(),
            inside: inside.area(now),
            stayed: inside.stayed(),
            busy,
            idle,
            unavailable: unavailable - workers * away,
            capacity: workers * (u128::from(now.nanos()) - away) - outside,
            ..Gauge::default()
        }
    }

    fn counts_anew(&mut self, _: SimTime, _: SimTime) {
        self.queue.forget_sojourns();
    }

    fn counts(config: &ServiceConfig) -> Keeps {
        Keeps {
            line: true,
            unlimited: config.workers.is_none(),
            levels: true,
            line_levels: true,
            visits: true,
            completions: true,
            ..Keeps::NOTHING
        }
    }

    fn sojourns(&self) -> Option<&Histogram> {
        self.queue.sojourns()
    }

    fn by_number(&self, now: SimTime) -> Option<ByNumber> {
        self.queue.by_number(now)
    }

    fn begin_to_count(&mut self, now: SimTime) {
        self.queue.begin_to_count(now);
    }

    fn queue(&self) -> Option<&Queue> {
        Some(&self.queue)
    }

    fn queue_mut(&mut self) -> Option<&mut Queue> {
        Some(&mut self.queue)
    }

    fn is_process(&self) -> bool {
        true
    }
}
