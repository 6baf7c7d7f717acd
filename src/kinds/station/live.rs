//! A textbook queueing station: c equal servers and one queue.
//!
//! Model: customers arrive, wait in one queue, are served by one of `servers` servers, and leave. Discipline: first
//! come first served, or priority, preemptive or not (a preempted customer resumes
//! where it stopped, Conway, Maxwell, Miller 1967). Processor sharing is the discipline `ps`: each
//! of n customers gets min(1, c/n) of a server (Kleinrock II, ch. 4). At most `limit` customers
//! are inside, others are refused. A waiting customer may lose patience and renege.
//!
//! In: `visit`, `served`, `alarm`, `cancel`, `health`. Out: the request goes on along its route.
//! Holds: no customer waits while a server is free and the station is up; the area under the number
//! inside equals the sum of the sojourn times, in integer nanoseconds;
//! busy + idle + unavailable servers = servers × time, in nanoseconds, where slow servers count as
//! available.
//! A stall keeps all work and resumes it; a crash ends every customer's visit with
//! an error.

mod duties;

use std::collections::VecDeque;

use crate::engine::calendar::Ticket;
use crate::mechanism::cpu_share::{CpuShare, PhaseHandle, ZoneLimits};
use crate::mechanism::virtual_clock::keep;
use crate::model::alarm::Alarm;
use crate::model::event::Event;
use crate::model::gauge::{Availability, Queue};
use crate::model::ids::{ComponentId, DemandId, UnitId};
use crate::model::request::{Marks, Outcome, RequestId, Waits};
use crate::model::{Ctx, Health, Live};
use crate::observe::histogram::Histogram;
use crate::units::{Cores, SimDuration, Work};

/// Queueing discipline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// First come, first served.
    Fifo,
    /// Processor sharing: all at once, equally.
    Ps,
    /// Smallest rank first, first come first served inside a rank; not preemptive.
    Priority,
    /// Smallest rank first; a customer of larger rank is preempted and resumes later.
    PriorityPreemptive,
}

/// Configuration of a station.
#[derive(Clone, Debug)]
pub struct StationConfig {
    /// Servers.
    pub servers: u32,
    /// Queueing discipline.
    pub discipline: Discipline,
    /// Maximum number of customers inside, those in service included.
    pub limit: Option<u32>,
    /// Patience of a waiting customer per operation that brings customers, sorted by operation: each step
    /// has draws of its own.
    pub patience: Vec<(u32, DemandId)>,
    /// Number of ranks: 1 unless the discipline is by priority.
    pub ranks: usize,
    /// If true, keeps the distributions of waiting times, of sojourn times, and of the numbers inside, queued and in
    /// service.
    pub detailed: bool,
    /// Its alarm, for processor sharing.
    pub unit: UnitId,
}

/// A station in the event loop.
#[derive(Clone, Debug)]
pub struct Station {
    id: ComponentId,
    config: StationConfig,
    lines: Vec<VecDeque<RequestId>>,
    waiting: u32,
    /// Customers in service, for the preemptive discipline.
    serving: Vec<RequestId>,
    sharing: Option<Box<Sharing>>,
    /// Customers that were in service when the station stopped; they resume first.
    held: VecDeque<RequestId>,
    health: Health,
    /// True while the station is stalled or down.
    paused: bool,
    /// Factor by which services take longer.
    slowness: f64,
    /// True for first come, first served without limit, patience or fault: most stations most of
    /// the time. A fast path that skips the tests of the other cases.
    plain: bool,
    queue: Queue,
    availability: Availability,
    waits: Option<Box<Histogram>>,
    arrived: u64,
    refused: u64,
    reneged: u64,
}

#[derive(Clone, Debug)]
struct Sharing {
    share: CpuShare,
    alarm: Alarm,
    handles: Vec<Option<PhaseHandle>>,
    finished: Vec<u32>,
}

impl Station {
    /// Creates an empty station.
    #[must_use]
    pub fn new(id: ComponentId, config: StationConfig) -> Self {
        let sharing = (config.discipline == Discipline::Ps).then(|| {
            Box::new(Sharing {
                share: CpuShare::new(cores(config.servers), &[ZoneLimits::only_shares(1)]),
                alarm: Alarm::default(),
                handles: Vec::new(),
                finished: Vec::new(),
            })
        });
        let mut station = Self {
            id,
            lines: vec![VecDeque::new(); config.ranks.max(1)],
            waiting: 0,
            serving: Vec::new(),
            sharing,
            held: VecDeque::new(),
            health: Health::Up,
            paused: false,
            slowness: 1.0,
            plain: false,
            queue: Queue::new(config.detailed),
            availability: Availability::new(config.servers),
            waits: config.detailed.then(Box::default),
            arrived: 0,
            refused: 0,
            reneged: 0,
            config,
        };
        station.plain = station.is_plain();
        station
    }

    fn is_plain(&self) -> bool {
        self.config.discipline == Discipline::Fifo
            && self.config.limit.is_none()
            && self.config.patience.is_empty()
            && self.lines.len() == 1
            && self.held.is_empty()
            && !self.paused
            && self.slowness == 1.0
    }

    /// Receives `request` for a service of `need` nanoseconds.
    #[inline(always)]
    pub fn visit(&mut self, ctx: &mut Ctx<'_>, request: RequestId, need: u64, priority: u8) {
        self.arrived += 1;
        if !self.plain {
            return self.visit_special(ctx, request, need, priority);
        }
        self.let_in(ctx, request, need, priority);
        if self.queue.busy() < self.config.servers {
            return self.start(ctx, request);
        }
        ctx.requests[request].waits = Waits::InLine;
        self.lines[0].push_back(request);
        self.waiting += 1;
    }

    #[inline(always)]
    fn let_in(&mut self, ctx: &mut Ctx<'_>, request: RequestId, need: u64, priority: u8) {
        self.queue.arrive(ctx.now);
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.need = need;
        entry.priority = priority;
    }

    fn visit_special(&mut self, ctx: &mut Ctx<'_>, request: RequestId, need: u64, priority: u8) {
        if self.paused && self.health.is_lost() {
            self.refused += 1;
            return ctx.turn_away(request, self.health);
        }
        if self.config.limit.is_some_and(|limit| self.queue.number() >= limit) {
            self.refused += 1;
            return ctx.fail(request, Outcome::Refused);
        }
        self.let_in(ctx, request, need, priority);
        if self.sharing.is_some() {
            return self.share(ctx, request, need);
        }
        if self.queue.busy() < self.config.servers && !self.paused {
            return self.start(ctx, request);
        }
        if self.config.discipline == Discipline::PriorityPreemptive
            && !self.paused
            && let Some(victim) = self.victim(ctx, priority)
        {
            self.interrupt(ctx, victim);
            return self.start(ctx, request);
        }
        self.wait(ctx, request);
    }

    fn wait(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let entry = &mut ctx.requests[request];
        entry.waits = Waits::InLine;
        let rank = usize::from(entry.priority).min(self.lines.len() - 1);
        self.lines[rank].push_back(request);
        self.waiting += 1;
        let visit = entry.pc - 1;
        if let Ok(place) = self.config.patience.binary_search_by_key(&visit, |(op, _)| *op) {
            let patience = ctx.duration(self.config.patience[place].1, request);
            let ticket = ctx.calendar.push(ctx.now + patience, Event::Wake(request).code());
            ctx.requests[request].ticket = ticket;
        }
    }

    #[inline(always)]
    fn start(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.queue.begin(ctx.now);
        let entry = &mut ctx.requests[request];
        entry.waits = Waits::InService;
        let length =
            if self.plain { SimDuration::from_nanos(entry.need) } else { self.longer(entry.need) };
        entry.ends = ctx.now + length;
        entry.ticket = ctx.calendar.push(entry.ends, Event::Served(request).code());
        if !self.plain && self.config.discipline == Discipline::PriorityPreemptive {
            self.serving.push(request);
        }
        if !entry.marks.has(Marks::RESUMED) {
            let waited = (ctx.now - entry.since).nanos();
            entry.waited += waited;
            self.note_wait(waited, entry.counted);
        }
    }

    #[inline(always)]
    fn note_wait(&mut self, waited: u64, counted: bool) {
        if let Some(waits) = &mut self.waits
            && counted
        {
            waits.record(waited);
        }
    }

    /// Returns the index in `serving` of the customer of largest rank above `priority`; of equals the last to start.
    fn victim(&self, ctx: &Ctx<'_>, priority: u8) -> Option<usize> {
        let rank = |index: usize| ctx.requests[self.serving[index]].priority;
        (0..self.serving.len()).filter(|i| rank(*i) > priority).max_by_key(|i| (rank(*i), *i))
    }

    fn interrupt(&mut self, ctx: &mut Ctx<'_>, index: usize) {
        let request = self.serving.remove(index);
        self.hold(ctx, request);
        let rank = usize::from(ctx.requests[request].priority).min(self.lines.len() - 1);
        // It was the first of its rank in the queue when it started, so it goes back to the front.
        self.lines[rank].push_front(request);
        self.waiting += 1;
    }

    /// Stops the service of `request` and keeps the rest of it.
    fn hold(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.queue.end(ctx.now);
        let entry = &mut ctx.requests[request];
        entry.need = self.shorter(entry.ends - ctx.now);
        entry.ticket = Ticket::NONE;
        entry.waits = Waits::InLine;
        entry.marks.set(Marks::RESUMED, true);
    }

    /// Ends the service of `request` and starts the next customer; the caller then advances
    /// `request`.
    #[inline(always)]
    pub fn served(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.release(request);
        self.depart(ctx, request, true);
        self.next(ctx);
    }

    #[inline(always)]
    fn release(&mut self, request: RequestId) {
        if !self.plain && self.config.discipline == Discipline::PriorityPreemptive {
            self.serving.retain(|other| *other != request);
        }
    }

    /// Removes `request` from a server or from the queue.
    #[inline(always)]
    fn depart(&mut self, ctx: &mut Ctx<'_>, request: RequestId, served: bool) {
        let entry = &mut ctx.requests[request];
        let stay = ctx.now - entry.since;
        if served {
            self.queue.leave(ctx.now, stay, entry.counted);
        } else {
            self.queue.depart(ctx.now, stay, entry.counted);
        }
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
        entry.marks.set(Marks::RESUMED, false);
    }

    #[inline(always)]
    fn next(&mut self, ctx: &mut Ctx<'_>) {
        if self.waiting == 0 || self.paused {
            return;
        }
        if self.plain {
            if let Some(request) = self.lines[0].pop_front() {
                self.waiting -= 1;
                self.start(ctx, request);
            }
            return;
        }
        if let Some(request) = self.held.pop_front() {
            self.waiting -= 1;
            return self.start(ctx, request);
        }
        for rank in 0..self.lines.len() {
            if let Some(request) = self.lines[rank].pop_front() {
                self.waiting -= 1;
                return self.start(ctx, request);
            }
        }
    }

    fn share(&mut self, ctx: &mut Ctx<'_>, request: RequestId, need: u64) {
        self.queue.begin(ctx.now);
        ctx.requests[request].waits = Waits::InService;
        let sharing = self.sharing.as_mut().expect("only processor sharing comes here");
        let work = Work::from_core_nanos(need);
        let handle = sharing.share.runnable(ctx.now, 0, request.0, work, Cores::ONE);
        keep(&mut sharing.handles, request.index(), handle);
        sharing.arm(ctx, self.config.unit);
    }

    /// Releases all customers of processor sharing whose service is done, except `not`.
    fn finish(&mut self, ctx: &mut Ctx<'_>, not: RequestId) {
        let Some(sharing) = &mut self.sharing else { return };
        let mut finished = std::mem::take(&mut sharing.finished);
        finished.extend(sharing.share.advance(ctx.now));
        for index in finished.drain(..) {
            let request = RequestId(index);
            if request != not {
                self.depart(ctx, request, true);
                ctx.proceed(request);
            }
        }
        if let Some(sharing) = &mut self.sharing {
            sharing.finished = finished;
        }
    }

    fn send_away(&mut self, ctx: &mut Ctx<'_>) {
        let inside =
            |(id, r): (RequestId, &crate::model::request::Request)| (r.at == self.id).then_some(id);
        let everyone: Vec<_> = ctx.requests.iter().filter_map(inside).collect();
        for request in everyone {
            // A customer whose service ended at this very instant has left already.
            if ctx.requests[request].at == self.id {
                self.cancel(ctx, request);
                ctx.fail(request, Outcome::Error);
            }
        }
    }

    /// Stops all services and keeps the rest of each.
    fn pause(&mut self, ctx: &mut Ctx<'_>) {
        if self.sharing.is_some() {
            return;
        }
        let in_service = |(id, r): (RequestId, &crate::model::request::Request)| {
            (r.at == self.id && r.waits == Waits::InService).then_some((r.since, id))
        };
        let mut held: Vec<_> = ctx.requests.iter().filter_map(in_service).collect();
        held.sort_unstable();
        for (_, request) in held {
            self.serving.retain(|other| *other != request);
            self.hold(ctx, request);
            self.held.push_back(request);
            self.waiting += 1;
        }
    }

    /// Returns the time that a service of `need` nanoseconds takes at the present speed.
    #[inline(always)]
    fn longer(&self, need: u64) -> SimDuration {
        if self.slowness == 1.0 {
            return SimDuration::from_nanos(need);
        }
        SimDuration::from_seconds_f64(need as f64 / 1e9 * self.slowness)
    }

    /// Returns the rest of a service, in nanoseconds at full speed, that still takes `rest` at the present speed.
    fn shorter(&self, rest: SimDuration) -> u64 {
        if self.slowness == 1.0 {
            return rest.nanos();
        }
        SimDuration::from_seconds_f64(rest.seconds() / self.slowness).nanos()
    }

    /// Forgets the distributions of waiting and sojourn times kept so far.
    pub fn forget_times(&mut self) {
        self.waits.iter_mut().for_each(|waits| **waits = Histogram::new());
        self.queue.forget_sojourns();
    }

    /// Ends the wait of a customer whose patience is over; it fails with a time-out.
    fn wait_ends(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        if ctx.requests[request].waits != Waits::InLine {
            return;
        }
        let entry = &ctx.requests[request];
        if !entry.marks.has(Marks::RESUMED) {
            self.note_wait((ctx.now - entry.since).nanos(), entry.counted);
        }
        self.cancel(ctx, request);
        self.reneged += 1;
        ctx.fail(request, Outcome::Timeout);
    }
}

impl Sharing {
    fn arm(&mut self, ctx: &mut Ctx<'_>, unit: UnitId) {
        self.alarm.arm(ctx, unit, self.share.next_due());
    }
}

fn cores(servers: u32) -> Cores {
    Cores::new(f64::from(servers)).unwrap_or(Cores::MAX)
}
