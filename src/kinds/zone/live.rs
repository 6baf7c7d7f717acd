//! The processor of one server, shared by the zones on it.
//!
//! Model: weighted max-min over zones with caps; inside a zone equal shares of the phases, each one core
//! a thread at most. The arithmetic is [`cpu_share`](crate::mechanism::cpu_share). This file gives phases to
//! requests and counts. A phase of one thread that nothing holds up has an event of its own; those
//! that share wait for one alarm.
//!
//! In: `compute`, `served`, `alarm`, `cancel`, `health`. Out: the request goes on.
//! Holds: used + idle + unavailable = cores × time, exactly.
//! Leaves out: the part of a phase that cannot run in parallel, threads that wait for each other,
//! context switches, simultaneous multithreading.

use crate::engine::calendar::Ticket;
use crate::mechanism::cpu_share::{CpuShare, PhaseHandle, ZoneLedger, ZoneLimits};
use crate::mechanism::virtual_clock::keep;
use crate::model::alarm::Alarm;
use crate::model::event::Event;
use crate::model::gauge::{Gauge, Occupancy};
use crate::model::ids::{ComponentId, UnitId};
use crate::model::request::{RequestId, Waits};
use crate::model::{Ctx, Health, Keeps, Live, Start, none};
use crate::units::{Cores, SimTime, Work};

/// What a processor is.
#[derive(Clone, Debug)]
pub struct CpuConfig {
    /// Cores.
    pub cores: u32,
    /// Limits of its zones, in the order of their names.
    pub zones: Vec<ZoneLimits>,
    /// Its alarm.
    pub unit: UnitId,
}

/// A processor at work.
#[derive(Clone, Debug)]
pub struct Cpu {
    id: ComponentId,
    unit: UnitId,
    cores: Cores,
    share: CpuShare,
    alarm: Alarm,
    /// By request slot: of phases that share; none while a phase runs by itself.
    handles: Vec<Option<PhaseHandle>>,
    inside: Occupancy,
    arrived: u64,
}

impl Cpu {
    /// An idle processor.
    ///
    /// # Panics
    ///
    /// With more cores than [`Cores`] counts; the plan bounds them.
    #[must_use]
    pub fn new(id: ComponentId, config: &CpuConfig) -> Self {
        let cores = Cores::new(f64::from(config.cores)).expect("the plan bounds cores");
        Self {
            id,
            unit: config.unit,
            cores,
            share: CpuShare::new(cores, &config.zones),
            alarm: Alarm::default(),
            handles: Vec::new(),
            inside: Occupancy::new(false),
            arrived: 0,
        }
    }

    /// `request` has `work` core-nanoseconds to do in `zone`, by `threads` at once.
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

    /// Phases that ran by themselves and no longer do wait for the alarm, which rings for the next one.
    #[inline]
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        for (request, handle) in self.share.taken_in() {
            ctx.requests[RequestId(request)].ticket = Ticket::NONE;
            keep(&mut self.handles, request as usize, handle);
        }
        self.alarm.arm(ctx, self.unit, self.share.next_due());
    }

    /// The phase of `request`, which ran by itself, is done; it moves on, which is the caller's part.
    #[inline]
    pub fn served(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let zone = ctx.requests[request].local as usize;
        self.share.end_alone(ctx.now, zone, request.0);
        ctx.departs(&mut self.inside, request);
    }

    /// Lets go of all phases that are done, but for that of `not`.
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

    /// Takes the phase of `request` away; gives the work it had still to do, in core-nanoseconds.
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
            // It is done at this very instant, perhaps with others.
            self.finish(ctx, request);
        }
        ctx.departs(&mut self.inside, request);
        self.arm(ctx);
        left.unwrap_or(0)
    }

    /// The account of one zone.
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
        stays,
        by_number,
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
        part_fares,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );
    none!(counts_anew, begin_to_count);

    /// The next phases are done.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, _local: u32, ticket: Ticket) {
        if !self.alarm.rings(ticket) {
            return;
        }
        self.finish(ctx, RequestId::NONE);
        self.arm(ctx);
    }

    /// Takes the phase of `request` away.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.put_aside(ctx, request);
    }

    /// Another state: a processor that is not up does nothing and keeps its work; the services of
    /// a server that is gone are thrown out by the world.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        let usable = match health {
            Health::Up => self.cores,
            Health::Slow(factor) => Cores::new(self.cores.count() / factor).unwrap_or(Cores::ZERO),
            _ => Cores::ZERO,
        };
        self.share.capacity(ctx.now, usable);
        self.arm(ctx);
    }

    /// What it has counted: utilisation is that of its cores.
    fn gauge(&self, now: SimTime) -> Gauge {
        let ledger = self.share.server_ledger(now);
        debug_assert!(ledger.balances());
        Gauge {
            arrived: self.arrived,
            completed: self.inside.left(),
            inside: self.inside.area(now),
            stayed: self.inside.stayed(),
            busy: ledger.used.steps(),
            capacity: ledger.capacity.steps(),
            idle: ledger.idle.steps(),
            unavailable: ledger.unavailable.steps(),
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
