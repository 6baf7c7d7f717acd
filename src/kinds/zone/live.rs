//! The processor of one server, shared by the zones on it.
//!
//! Model: weighted max-min fairness over zones with caps; inside a zone phases have equal shares, each at most
//! one core per thread. The arithmetic is [`cpu_share`](crate::mechanism::cpu_share), or
//! [`cpu_tick`](crate::mechanism::cpu_tick) where a server asks for the kernel's tick. This file maps phases to
//! requests and counts. A phase of one thread that has a core to itself has an event of its own; phases
//! that share wait for one alarm.
//!
//! In: `compute`, `served`, `alarm`, `cancel`, `health`. Out: the request goes on.
//! Holds: used + idle + unavailable = cores × time, exactly.
//! A server that is lent is capacity within its hours; outside of them it is what work uses that has not ended.
//! Leaves out: serial parts of a parallel phase, threads that wait for each other,
//! context switches, simultaneous multithreading.

pub mod lending;
pub mod paging;

use crate::convert::table;
use crate::engine::calendar::Ticket;
use crate::mechanism::cpu_share::{CoreTime, PhaseHandle, ZoneLedger, ZoneLimits};
use crate::mechanism::processor::{CpuModel, Processor};
use crate::mechanism::virtual_clock::keep;
use crate::model::alarm::Alarm;
use crate::model::event::Event;
use crate::model::gauge::{Gauge, Occupancy, Shut};
use crate::model::ids::{ComponentId, UnitId};
use crate::model::request::{RequestId, Waits};
use crate::model::{Ctx, Health, Keeps, Live, Shift, Start, none};
use crate::units::{Cores, SimDuration, SimTime, Work};

/// Configuration of a processor.
#[derive(Clone, Debug)]
pub struct CpuConfig {
    /// Cores.
    pub cores: u32,
    /// Limits of its zones, in the order of their names.
    pub zones: Vec<ZoneLimits>,
    /// Model by which they share it.
    pub model: CpuModel,
    /// Alarm of the processor.
    pub unit: UnitId,
}

/// A processor in the event loop.
#[derive(Clone, Debug)]
pub struct Cpu {
    id: ComponentId,
    unit: UnitId,
    cores: Cores,
    share: Processor,
    /// Number of its zones.
    zones: usize,
    alarm: Alarm,
    /// Handle per request slot of a phase that shares; `None` while a phase runs alone.
    handles: Vec<Option<PhaseHandle>>,
    inside: Occupancy,
    arrived: u64,
    /// Use outside of the hours in which it is lent; `None` until they have ended once.
    outside: Option<Box<Outside>>,
}

/// Use of a processor outside of the hours in which its server is lent.
#[derive(Clone, Debug)]
struct Outside {
    shut: Shut,
    /// End of the last hours; `None` while it is lent.
    since: Option<SimTime>,
    /// Time outside of all hours before that.
    time: SimDuration,
    /// Core-time used by each zone before the end of the last hours, and outside of all hours before that.
    zones: Vec<(CoreTime, CoreTime)>,
}

impl Cpu {
    /// Creates an idle processor.
    ///
    /// # Panics
    ///
    /// If there are more cores than [`Cores`] can count; the plan bounds them.
    #[must_use]
    pub fn new(id: ComponentId, config: &CpuConfig) -> Self {
        let cores = Cores::new(f64::from(config.cores)).expect("the plan bounds cores");
        Self {
            id,
            unit: config.unit,
            cores,
            share: Processor::new(config.model, cores, &config.zones),
            zones: config.zones.len(),
            alarm: Alarm::default(),
            handles: Vec::new(),
            inside: Occupancy::new(false),
            arrived: 0,
            outside: None,
        }
    }

    /// Starts a phase of `request` in `zone`: `work` core-nanoseconds on at most `threads` cores at once.
    #[inline]
    pub fn compute(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        zone: u32,
        (work, threads): (u64, u16),
    ) {
        self.arrived += 1;
        self.inside.add(ctx.now);
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.local = zone;
        entry.waits = Waits::InService;
        let work = Work::from_core_nanos(work);
        if threads == 1
            && let Some(due) = self.share.start_alone(ctx.now, zone as usize, request.0, work)
        {
            entry.ticket = ctx.calendar.push(due, Event::Served(request).code());
            return;
        }
        let handle =
            self.share.runnable(ctx.now, zone as usize, request.0, work, Cores::whole(threads));
        keep(&mut self.handles, request.index(), handle);
        self.arm(ctx);
    }

    /// Moves phases that no longer run alone to the shared alarm, and sets it for the next phase to end.
    #[inline]
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(taken) = self.share.taken_in() {
            for (request, handle) in taken {
                ctx.requests[RequestId(request)].ticket = Ticket::NONE;
                keep(&mut self.handles, request as usize, handle);
            }
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// Ends the phase of `request`, which ran alone; the caller then advances `request`.
    #[inline]
    pub fn served(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let zone = ctx.requests[request].local as usize;
        self.share.end_alone(ctx.now, zone, request.0);
        ctx.departs(&mut self.inside, request);
    }

    /// Releases the requests of all phases that are done, except `not`.
    fn finish(&mut self, ctx: &mut Ctx<'_>, not: RequestId) {
        for index in self.share.advance(ctx.now) {
            let request = RequestId(index);
            self.handles[index as usize] = None;
            if request != not {
                ctx.departs(&mut self.inside, request);
                ctx.proceed(request);
            }
        }
    }

    /// Removes the phase of `request`; returns its remaining work in core-nanoseconds.
    pub fn put_aside(&mut self, ctx: &mut Ctx<'_>, request: RequestId) -> u64 {
        let zone = ctx.requests[request].local as usize;
        let handle = self.handles.get_mut(request.0 as usize).and_then(Option::take);
        let left = match handle {
            Some(handle) => self.share.cancel(ctx.now, zone, handle).map(Work::core_nanos),
            None => {
                ctx.requests[request].ticket = Ticket::NONE;
                Some((self.share.end_alone(ctx.now, zone, request.0) - ctx.now).nanos())
            }
        };
        if left.is_none() {
            // It is done at this very instant, perhaps along with others.
            self.finish(ctx, request);
        }
        ctx.departs(&mut self.inside, request);
        self.arm(ctx);
        left.unwrap_or(0)
    }

    /// Returns the core-time used, and that of all its cores, within the hours of its server or not.
    #[must_use]
    pub fn used(&self, now: SimTime) -> (u128, u128) {
        let ledger = self.share.server_ledger(now);
        (ledger.used.steps(), ledger.capacity.steps())
    }

    /// Returns the capacity of a zone of at most `cap` cores: that of the hours of its server, and what it used
    /// outside of them.
    #[must_use]
    pub fn capacity_of(&self, now: SimTime, zone: u32, cap: Cores) -> CoreTime {
        let Some(outside) = &self.outside else {
            return CoreTime::of(cap, now.since(SimTime::ZERO));
        };
        let (before, mut used) = outside.zones[zone as usize];
        let mut time = outside.time;
        if let Some(since) = outside.since {
            used += self.zone(now, zone).used.since(before);
            time += now.since(since);
        }
        CoreTime::of(cap, now.since(SimTime::ZERO + time)) + used
    }

    /// Begins or ends the hours of its server.
    fn turn(&mut self, now: SimTime, opens: bool) {
        let ledger = self.share.server_ledger(now);
        let zones = table::u32(self.zones);
        let mut outside = self.outside.take().unwrap_or_else(|| {
            let zones = vec![(CoreTime::default(), CoreTime::default()); self.zones];
            Box::new(Outside { shut: Shut::default(), since: None, time: SimDuration::ZERO, zones })
        });
        outside.shut.turn(opens, (ledger.idle.steps(), ledger.unavailable.steps()));
        let since = std::mem::replace(&mut outside.since, (!opens).then_some(now));
        for (zone, (before, used)) in (0..zones).zip(&mut outside.zones) {
            let present = self.zone(now, zone).used;
            if since.is_some() {
                *used += present.since(*before);
            }
            *before = present;
        }
        if let Some(since) = since {
            outside.time += now.since(since);
        }
        self.outside = Some(outside);
    }

    /// Sets the limits of a zone from now on.
    pub fn limits(&mut self, ctx: &mut Ctx<'_>, zone: u32, limits: &ZoneLimits) {
        self.share.limits(ctx.now, zone as usize, limits);
        self.arm(ctx);
    }

    /// Returns the ledger of one zone.
    #[must_use]
    pub fn zone(&self, now: SimTime, zone: u32) -> ZoneLedger {
        self.share.zone_ledger(now, zone as usize)
    }
}

impl Live for Cpu {
    type Config = CpuConfig;

    fn begin(id: ComponentId, config: &CpuConfig, _: &Start<'_>) -> Self {
        Self::new(id, config)
    }

    none!(
        listens,
        hears,
        ask,
        ended,
        holds,
        count_ends,
        waits,
        sojourns,
        by_number,
        quantities,
        closes,
        loads,
        forgets,
        queue,
        queue_mut,
        whole,
        part_reading,
        is_process,
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
    none!(counts_anew, begin_to_count);

    /// Releases the phases that are done.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, _local: u32, ticket: Ticket) {
        if !self.alarm.rings(ticket) {
            return;
        }
        self.finish(ctx, RequestId::NONE);
        self.arm(ctx);
    }

    /// Removes the phase of `request`.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.put_aside(ctx, request);
    }

    fn lent(&mut self, ctx: &mut Ctx<'_>, _: ComponentId, shift: Shift) {
        if shift != Shift::Stops {
            self.turn(ctx.now, shift == Shift::Opens);
        }
    }

    /// Sets the health: a processor that is neither up nor slow does nothing and keeps its work. The world drops the
    /// requests of a server that is gone.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        let usable = match health {
            Health::Up => self.cores,
            Health::Slow(factor) => Cores::new(self.cores.count() / factor).unwrap_or(Cores::ZERO),
            _ => Cores::ZERO,
        };
        self.share.capacity(ctx.now, usable);
        self.arm(ctx);
    }

    /// Returns the counts; utilisation is that of the cores.
    fn gauge(&self, now: SimTime) -> Gauge {
        let ledger = self.share.server_ledger(now);
        debug_assert!(ledger.balances());
        let unused = (ledger.idle.steps(), ledger.unavailable.steps());
        let within = self.outside.as_ref().map(|outside| outside.shut.within(unused));
        let (idle, unavailable) = within.unwrap_or(unused);
        let outside = unused.0 + unused.1 - idle - unavailable;
        Gauge {
            arrived: self.arrived,
            completed: self.inside.left(),
            inside: self.inside.area(now),
            stayed: self.inside.stayed(),
            busy: ledger.used.steps(),
            capacity: ledger.capacity.steps() - outside,
            idle,
            unavailable,
            ..Gauge::default()
        }
    }

    fn counts(_: &CpuConfig) -> Keeps {
        Keeps { visits: true, completions: true, ..Keeps::NOTHING }
    }

    fn is_idle(&self) -> bool {
        self.inside.number() == 0
    }

    fn keeps_place(&self) -> bool {
        true
    }
}
