//! A set of equal disks behind one volume layout.
//!
//! Model: each disk is one server with its own queue, first come first served. A read goes to one
//! disk chosen at random among those that hold the data. The cost of a write depends on the layout:
//! one operation at a random disk where the file system coalesces (RAID-DP, raidz2 with
//! copy-on-write), one at each side where the set is mirrored. A read or a synchronous write holds
//! its request until the (slower) disk is done; no request waits for a deferred write.
//!
//! In: `operate`, `defer`, `background`, `alarm`, `cancel`, `health`. Out: the request goes on, or fails.
//! Holds: a disk is idle only when its queue is empty; operations in = done + queued + in service;
//! busy + idle + unavailable disks = disks × time.
//! Leaves out: position of the arm (the time of an operation is sampled), tagged queueing,
//! sequential transfers, rebuild.
//! Source: mechanisms of redundancy as in Bourbonnais, "When To (And Not To) Use RAID-Z" (2006).

use std::collections::VecDeque;

use crate::convert::whole;
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::model::event::Event;
use crate::model::gauge::{Availability, Gauge, Occupancy, Usable};
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, RequestId, Waits};
use crate::model::route::Drawn;
use crate::model::world::storage::Among;
use crate::model::{Ctx, Health, Keeps, Live, Start, none};
use crate::units::{SimDuration, SimTime};

/// Configuration of a set of disks.
#[derive(Clone, Debug)]
pub struct DisksConfig {
    /// Disks that hold data and serve operations.
    pub disks: u32,
    /// Each write goes to this many neighbouring disks: 2 in a mirror.
    pub copies: u32,
    /// Time of one operation at a disk, in seconds.
    pub time: Sampler,
    /// Alarm of the first disk; the alarms of the other disks follow it.
    pub unit: UnitId,
}

#[derive(Clone, Copy, Debug)]
struct Operation {
    /// Request that waits; [`RequestId::NONE`] for deferred writes.
    request: RequestId,
    time: SimDuration,
    since: SimTime,
}

#[derive(Clone, Debug, Default)]
struct Disk {
    line: VecDeque<Operation>,
    ticket: Ticket,
    ends: SimTime,
}

/// A set of disks in the event loop.
#[derive(Clone, Debug)]
pub struct Disks {
    id: ComponentId,
    config: DisksConfig,
    disks: Vec<Disk>,
    health: Health,
    inside: Occupancy,
    busy: Occupancy,
    availability: Availability,
    arrived: u64,
    refused: u64,
}

impl Disks {
    /// Creates the set with every disk idle.
    #[must_use]
    pub fn new(id: ComponentId, config: DisksConfig) -> Self {
        Self {
            id,
            disks: vec![Disk::default(); config.disks as usize],
            availability: Availability::new(config.disks),
            config,
            health: Health::Up,
            inside: Occupancy::new(false),
            busy: Occupancy::new(false),
            arrived: 0,
            refused: 0,
        }
    }

    /// Queues one operation, for which `request` waits; fails the request if the disks are lost. `key` is the
    /// draw key of the operation's time, the next key that of the choice of the disk.
    #[inline]
    pub fn operate(&mut self, ctx: &mut Ctx<'_>, request: RequestId, key: KeyId, write: bool) {
        if self.health.is_lost() {
            self.refused += 1;
            return ctx.fail(request, Outcome::Error);
        }
        let entry = &ctx.requests[request];
        let (time, choice) =
            self.draw(ctx, key, entry.drawn(), crate::model::route::draw_index(entry, 0));
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.waits = Waits::InService;
        entry.need = 0;
        let copies = if write { self.config.copies } else { 1 };
        entry.local = copies;
        let first = self.place(choice, copies);
        for copy in 0..copies {
            self.put(ctx, first + copy, Operation { request, time, since: ctx.now });
        }
    }

    /// Queues deferred writes: of the `count` writes of a step of `request`, those that `among` assigns to this pool.
    pub fn defer(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        key: KeyId,
        count: u32,
        among: Among,
    ) {
        for sub in 0..count {
            let entry = &ctx.requests[request];
            if !among.has(ctx.draws, entry, sub) {
                continue;
            }
            let index = crate::model::route::draw_index(entry, sub);
            let of = entry.drawn();
            self.background(ctx, key, of, index, true);
        }
    }

    /// Queues one operation for which no request waits; counts it as refused if the disks are lost.
    pub fn background(
        &mut self,
        ctx: &mut Ctx<'_>,
        key: KeyId,
        of: Drawn,
        index: u64,
        write: bool,
    ) {
        if self.health.is_lost() {
            self.refused += 1;
            return;
        }
        let (time, choice) = self.draw(ctx, key, of, index);
        let copies = if write { self.config.copies } else { 1 };
        let first = self.place(choice, copies);
        for copy in 0..copies {
            let operation = Operation { request: RequestId::NONE, time, since: ctx.now };
            self.put(ctx, first + copy, operation);
        }
    }

    fn draw(&self, ctx: &Ctx<'_>, key: KeyId, of: Drawn, index: u64) -> (SimDuration, f64) {
        let time = self.config.time.sample(ctx.draws.uniform_on(key, of, index));
        let choice = ctx.draws.uniform_on(KeyId(key.0 + 1), of, index);
        (SimDuration::from_seconds_f64(time), choice)
    }

    /// Returns the first of `copies` neighbouring disks, chosen by the uniform number `choice`.
    fn place(&self, choice: f64, copies: u32) -> u32 {
        let groups = self.config.disks / copies;
        whole::u32(choice * f64::from(groups)).min(groups - 1) * copies
    }

    fn put(&mut self, ctx: &mut Ctx<'_>, index: u32, operation: Operation) {
        self.arrived += 1;
        self.inside.add(ctx.now);
        self.disks[index as usize].line.push_back(operation);
        let stands = self.health.is_stalled();
        if self.disks[index as usize].line.len() == 1 && !stands {
            self.start(ctx, index);
        }
    }

    /// Starts the operation at the head of the queue of disk `index`.
    fn start(&mut self, ctx: &mut Ctx<'_>, index: u32) {
        let disk = &mut self.disks[index as usize];
        let Some(operation) = disk.line.front() else { return };
        self.busy.add(ctx.now);
        let slowness = if let Health::Slow(factor) = self.health { factor } else { 1.0 };
        let time = if slowness == 1.0 {
            operation.time
        } else {
            SimDuration::from_seconds_f64(operation.time.seconds() * slowness)
        };
        disk.ends = ctx.now + time;
        let unit = UnitId(self.config.unit.0 + index);
        disk.ticket = ctx.calendar.push(disk.ends, Event::Alarm(unit).code());
    }

    fn done(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        if request == RequestId::NONE {
            return;
        }
        let entry = &mut ctx.requests[request];
        entry.local -= 1;
        if entry.local == 0 {
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            ctx.proceed(request);
        }
    }

    fn lose_all(&mut self, ctx: &mut Ctx<'_>) {
        for index in 0..self.disks.len() {
            let disk = &mut self.disks[index];
            if disk.ticket != Ticket::NONE && !disk.line.is_empty() {
                self.busy.remove(ctx.now, SimDuration::ZERO);
            }
            disk.ticket = Ticket::NONE;
            let line = std::mem::take(&mut disk.line);
            for operation in line {
                self.inside.remove(ctx.now, ctx.now - operation.since);
                if operation.request == RequestId::NONE {
                    continue;
                }
                let entry = &mut ctx.requests[operation.request];
                if entry.at == self.id {
                    entry.at = ComponentId::NONE;
                    entry.waits = Waits::Nothing;
                    ctx.fail(operation.request, Outcome::Error);
                }
            }
        }
    }
}

impl Live for Disks {
    type Config = DisksConfig;

    fn begin(id: ComponentId, config: &DisksConfig, _: &Start<'_>) -> Self {
        Self::new(id, config.clone())
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
        closes,
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
    none!(counts_anew, begin_to_count, keeps_place);

    /// Completes the operation in service at disk `index`.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, index: u32, ticket: Ticket) {
        let disk = &mut self.disks[index as usize];
        if disk.ticket != ticket {
            return;
        }
        disk.ticket = Ticket::NONE;
        let operation = disk.line.pop_front().expect("an armed disk has an operation");
        self.busy.remove(ctx.now, SimDuration::ZERO);
        self.inside.remove(ctx.now, ctx.now - operation.since);
        self.start(ctx, index);
        self.done(ctx, operation.request);
    }

    /// Detaches `request`, which no longer waits; its operations go on without it.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        for operation in self.disks.iter_mut().flat_map(|disk| disk.line.iter_mut()) {
            if operation.request == request {
                operation.request = RequestId::NONE;
            }
        }
        let entry = &mut ctx.requests[request];
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
    }

    /// Sets the health: a stall keeps the queues, a loss fails every operation.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        let before = self.health;
        self.health = health;
        let (stopped, stops) = (before.is_stalled(), health.is_stalled());
        let lost = health.is_lost();
        let usable = if lost || stops { Usable::None } else { Usable::All };
        self.availability.set(ctx.now, usable, self.busy.area(ctx.now));
        if lost {
            self.lose_all(ctx);
        } else if stops && !stopped {
            for disk in &mut self.disks {
                if disk.ticket != Ticket::NONE && !disk.line.is_empty() {
                    // The rest of the operation is done after the stall.
                    let front = disk.line.front_mut().expect("not empty");
                    front.time = disk.ends - ctx.now;
                    disk.ticket = Ticket::NONE;
                    self.busy.remove(ctx.now, SimDuration::ZERO);
                }
            }
        } else if stopped && !stops {
            for index in 0..self.config.disks {
                self.start(ctx, index);
            }
        }
    }

    /// Returns the counts; sojourn times include operations still inside.
    fn gauge(&self, now: SimTime) -> Gauge {
        let standing = |operation: &Operation| u128::from((now - operation.since).nanos());
        let inside = self.disks.iter().flat_map(|disk| &disk.line);
        let busy = self.busy.area(now);
        let (idle, unavailable) = self.availability.split(now, busy);
        Gauge {
            arrived: self.arrived,
            refused: self.refused,
            completed: self.inside.left(),
            inside: self.inside.area(now),
            stayed: self.inside.stayed() + inside.map(standing).sum::<u128>(),
            busy,
            idle,
            unavailable,
            capacity: u128::from(self.config.disks) * u128::from(now.nanos()),
            ..Gauge::default()
        }
    }

    fn counts(_: &DisksConfig) -> Keeps {
        Keeps { line: true, visits: true, completions: true, ..Keeps::NOTHING }
    }

    fn loads(&mut self, ctx: &mut Ctx<'_>, key: KeyId, drawn: Drawn, write: bool) {
        self.background(ctx, key, drawn, 0, write);
    }

    fn is_idle(&self) -> bool {
        self.disks.iter().all(|disk| disk.line.is_empty())
    }
}
