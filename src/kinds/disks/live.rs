//! A set of equal disks behind one volume layout.
//!
//! Model: each disk executes one operation at a time, a solid-state disk several; what waits for it is served first come,
//! first served. A read goes to one disk chosen at random among those that hold the data, or to the side of a mirror with the
//! fewest operations. The cost of a write
//! depends on the layout: one operation at a random disk where the file system coalesces (RAID-DP, raidz2 with
//! copy-on-write), one at each side where the set is mirrored. A block of a raidz group lies on all its data disks:
//! a read waits for all of them, a write for all disks of the group. A read or a synchronous write holds
//! its request until the (slowest) disk is done; no request waits for a deferred write. With queue classes a disk
//! receives a few operations of each class at a time ([`leaf_queue`]). With a throttle, zones spin before their
//! operations ([`shared`]). With transaction groups writes collect in memory ([`pool`]), scrubs read ([`scrub`]), and
//! disks that fail are replaced ([`resilver`]). A set without space fails every write when it is made; what writes in place
//! goes on: copies on a second level, pages of a swap device, a rebuild.
//!
//! In: `operate`, `defer`, `buffer`, `background`, `spin`, `alarm`, `cancel`, `health`. Out: the request goes on, or fails.
//! Holds: a disk is idle only when its queue is empty; operations in = done + queued + in service;
//! busy + idle + unavailable = disks × operations at once × time.
//! Leaves out: position of the arm (the time of an operation is sampled), tagged queueing,
//! sequential reads of requests.
//! Source: mechanisms of redundancy as in Bourbonnais, "When To (And Not To) Use RAID-Z" (2006).
//!
//! [`leaf_queue`]: crate::mechanism::leaf_queue

mod choice;
pub mod ledger;
mod log;
mod loss;
pub mod pool;
pub mod resilver;
pub mod scrub;
mod shared;
mod space;
pub mod tally;

use std::collections::VecDeque;

pub use shared::Sharing;

use crate::convert::whole;
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::kinds::disks::live::pool::{Pool, PoolConfig, What};
use crate::kinds::disks::live::shared::Shared;
use crate::kinds::disks::live::tally::Tallied;
use crate::kinds::disks::spec::Columns;
use crate::mechanism::leaf_queue::Class;
use crate::model::drawn::Drawn;
use crate::model::event::Event;
use crate::model::gauge::{Availability, Gauge, Occupancy, Usable};
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, RequestId, Waits};
use crate::model::world::Around;
use crate::model::{Ctx, Health, Keeps, Live, Start, none};
use crate::units::{SimDuration, SimTime};

/// Configuration of a set of disks.
#[derive(Clone, Debug)]
pub struct DisksConfig {
    /// Disks that serve operations, and how many of them an operation uses.
    pub columns: Columns,
    /// Operations that one disk executes at once.
    pub parallel: u32,
    /// Time of one operation at a disk, in seconds.
    pub time: Sampler,
    /// Time of one write, in seconds; `None`: that of any operation.
    pub write_time: Option<Sampler>,
    /// Time in which a disk transfers what a read asks of it, besides.
    pub transfer: SimDuration,
    /// Alarm of the first disk; the alarms of the other disks follow it, as many per disk as it executes at once.
    pub unit: UnitId,
    /// True if a read goes to the side of a mirror with the fewest operations.
    pub shortest: bool,
    /// Queue classes and throttle; `None`: neither.
    pub shared: Option<Box<Sharing>>,
    /// Transaction groups and intent log; `None`: each write goes to the disks at once.
    pub pool: Option<Box<PoolConfig>>,
    /// True if it holds copies alone: reads that it loses go to the disks with the data.
    pub has_copies: bool,
}

/// One operation at one disk.
#[derive(Clone, Copy, Debug)]
struct Operation {
    /// Request that waits; [`RequestId::NONE`] for deferred writes.
    request: RequestId,
    /// Zone that it belongs to; [`NO_ZONE`] if none.
    zone: u32,
    time: SimDuration,
    since: SimTime,
    /// Instant at which the disk received it.
    issued: SimTime,
    class: Class,
    what: What,
    /// A number with a meaning of its use; for a read of a raidz group the disk of its first column.
    tag: u32,
}

impl Operation {
    /// Returns a write of a pool, for which no request waits.
    const fn of_pool(what: What, tag: u32, time: SimDuration, now: SimTime) -> Self {
        let (request, class) = (RequestId::NONE, Class::SyncWrite);
        Self { request, zone: NO_ZONE, time, since: now, issued: now, class, what, tag }
    }
}

/// Marks an operation of no zone, or a write to no data set.
pub const NO_ZONE: u32 = u32::MAX;

/// An operation that a disk executes.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    operation: Option<Operation>,
    ticket: Ticket,
    ends: SimTime,
}

#[derive(Clone, Debug, Default)]
struct Disk {
    slots: Vec<Slot>,
    /// Operations that the disk has received and not started.
    line: VecDeque<Operation>,
    /// True if it has started a part of a scan last, and nothing has moved its arm since.
    scrubs: bool,
}

impl Disk {
    fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.slots.iter().filter_map(|slot| slot.operation.as_ref()).chain(&self.line)
    }

    fn is_idle(&self) -> bool {
        self.operations().next().is_none()
    }
}

/// A set of disks in the event loop.
#[derive(Clone, Debug)]
pub struct Disks {
    id: ComponentId,
    config: DisksConfig,
    disks: Vec<Disk>,
    shared: Option<Box<Shared>>,
    pool: Option<Box<Pool>>,
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
        let (disks, parallel) = (config.columns.disks, config.parallel);
        let disk = Disk {
            slots: vec![Slot::default(); parallel as usize],
            line: VecDeque::new(),
            scrubs: false,
        };
        let shared = config.shared.as_ref().map(|of| Box::new(Shared::new(of, disks)));
        Self {
            id,
            disks: vec![disk; disks as usize],
            shared,
            pool: None,
            availability: Availability::new(disks * parallel),
            config,
            health: Health::Up,
            inside: Occupancy::new(false),
            busy: Occupancy::new(false),
            arrived: 0,
            refused: 0,
        }
    }

    /// Queues one operation on a data set, for which `request` waits; fails the request if the disks are lost. The data set
    /// is that of a zone, or of a volume. `key` is the draw key of the operation's time, the next key that of the choice of the disk.
    #[inline]
    pub fn operate(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        key: KeyId,
        write: bool,
        data_set: u32,
    ) {
        if self.is_lost() || (write && self.is_full()) {
            self.refused += 1;
            ctx.cause = self.cause_of_loss(ctx.cause);
            return ctx.fail(request, Outcome::Error);
        }
        if write && self.pool.is_some() {
            return self.writes_durably(ctx, request, data_set);
        }
        let entry = &mut ctx.requests[request];
        let (of, index) = (entry.drawn(), crate::model::route::draw_index(entry, 0));
        entry.at = self.id;
        entry.since = ctx.now;
        entry.waits = Waits::InService;
        entry.need = 0;
        entry.local = self.columns_of(write);
        let class = if write { Class::SyncWrite } else { Class::SyncRead };
        let zone = self.zone_of(data_set);
        self.spread(ctx, (key, of, index), (request, zone, class));
    }

    /// Returns the zone of a data set; [`NO_ZONE`] of a volume of a file server.
    fn zone_of(&self, data_set: u32) -> u32 {
        let of_zones = self.config.pool.as_ref().is_none_or(|pool| pool.of_zones);
        if of_zones { data_set } else { NO_ZONE }
    }

    const fn columns_of(&self, write: bool) -> u32 {
        if write { self.config.columns.write } else { self.config.columns.read }
    }

    /// Queues one operation of no zone, for which no request waits; counts it as refused if the disks are lost.
    pub fn background(
        &mut self,
        ctx: &mut Ctx<'_>,
        key: KeyId,
        of: Drawn,
        index: u64,
        write: bool,
    ) {
        if self.is_lost() {
            self.refused += 1;
            return;
        }
        let class = if write { Class::AsyncWrite } else { Class::SyncRead };
        self.spread(ctx, (key, of, index), (RequestId::NONE, NO_ZONE, class));
    }

    /// Counts `count` logical operations of `zone`; returns the time that the zone spins before them.
    pub fn spin(&mut self, now: SimTime, zone: u32, write: bool, count: u32) -> SimDuration {
        let shared = self.shared.as_mut().filter(|_| !self.health.is_lost());
        shared.map_or(SimDuration::ZERO, |shared| shared.spin(now, zone, write, count))
    }

    /// Queues an operation at each disk that it uses.
    fn spread(
        &mut self,
        ctx: &mut Ctx<'_>,
        (key, of, index): (KeyId, Drawn, u64),
        (request, zone, class): (RequestId, u32, Class),
    ) {
        let write = class != Class::SyncRead;
        let law = self.config.write_time.as_ref().filter(|_| write).unwrap_or(&self.config.time);
        let transfer = if write { SimDuration::ZERO } else { self.config.transfer };
        let sample = |index| {
            let time = law.sample(ctx.draws.uniform_on(key, of, index));
            SimDuration::from_seconds_f64(time) + transfer
        };
        let (time, now) = (sample(index), ctx.now);
        let choice = ctx.draws.uniform_on(KeyId(key.0 + 1), of, index);
        let (what, tag) = (What::Own, 0);
        let operation =
            Operation { request, zone, time, since: now, issued: now, class, what, tag };
        let Columns { group, read, .. } = self.config.columns;
        let columns = self.columns_of(write);
        let degraded = self.is_degraded();
        if read == 1 {
            // The sides of a mirror execute the same write.
            let first = self.place(choice, columns);
            if degraded {
                return self.spread_over_sides(ctx, first, (choice, write), operation);
            }
            if self.config.shortest && !write {
                let sides = self.config.columns.group;
                let begin = first / sides * sides;
                let sides: Vec<u32> = (begin..begin + sides).collect();
                return self.put(ctx, self.shortest(&sides, first), operation);
            }
            for copy in 0..columns {
                self.put(ctx, first + copy, operation);
            }
            return;
        }
        // The columns of a block begin at any disk of a group, and each disk has an arm of its own.
        let groups = self.config.columns.disks / group;
        let place = choice * f64::from(groups);
        let own = whole::u32(place).min(groups - 1);
        let begin = whole::u32((place - f64::from(own)) * f64::from(group));
        let begin = own * group + begin % group;
        let operation = Operation { tag: begin, ..operation };
        let times: Vec<_> =
            (0..columns).map(|column| sample(index | u64::from(column) << 48)).collect();
        if degraded {
            // Parity stands for a column that cannot be read.
            let usable = self.usable_from(begin, write);
            let each = usable.into_iter().zip(times);
            return each
                .for_each(|(disk, time)| self.put(ctx, disk, Operation { time, ..operation }));
        }
        for (column, time) in (begin - own * group..).zip(times) {
            self.put(ctx, own * group + column % group, Operation { time, ..operation });
        }
    }

    fn put(&mut self, ctx: &mut Ctx<'_>, index: u32, operation: Operation) {
        self.arrived += 1;
        self.inside.add(ctx.now);
        match &mut self.shared {
            None => self.reach(ctx, index, operation),
            Some(shared) => match shared.put(index, operation) {
                Some(operation) => self.issue(ctx, index, operation),
                None => self.issue_next(ctx, index),
            },
        }
    }

    /// Issues what the queue in front of disk `index` lets go.
    fn issue_next(&mut self, ctx: &mut Ctx<'_>, index: u32) {
        while let Some(operation) = self.shared.as_mut().and_then(|shared| shared.take(index)) {
            self.issue(ctx, index, operation);
        }
    }

    fn issue(&mut self, ctx: &mut Ctx<'_>, index: u32, operation: Operation) {
        if let Some(shared) = &mut self.shared {
            shared.started(ctx.now);
        }
        self.reach(ctx, index, Operation { issued: ctx.now, ..operation });
    }

    /// Hands `operation` to disk `index`, which starts it if it can.
    #[inline]
    fn reach(&mut self, ctx: &mut Ctx<'_>, index: u32, operation: Operation) {
        let disk = &mut self.disks[index as usize];
        let free = disk.slots.iter().position(|slot| slot.operation.is_none());
        match free.filter(|_| !self.health.is_stalled()) {
            Some(slot) => self.start(ctx, index, slot, operation),
            None => disk.line.push_back(operation),
        }
    }

    /// Starts `operation` in a free slot of disk `index`.
    fn start(&mut self, ctx: &mut Ctx<'_>, index: u32, slot: usize, mut operation: Operation) {
        self.busy.add(ctx.now);
        let disk = &mut self.disks[index as usize];
        let scrubs = operation.what.scans();
        if std::mem::replace(&mut disk.scrubs, scrubs) && scrubs {
            // The arm is there already.
            let seek = SimDuration::from_nanos(u64::from(operation.tag));
            operation.time = SimDuration::from_nanos(operation.time.nanos() - seek.nanos());
        }
        let slowness = if let Health::Slow(factor) = self.health { factor } else { 1.0 };
        let time = if slowness == 1.0 {
            operation.time
        } else {
            SimDuration::from_seconds_f64(operation.time.seconds() * slowness)
        };
        let ends = ctx.now + time;
        let number = crate::convert::table::u32(slot);
        let unit = UnitId(self.config.unit.0 + index * self.config.parallel + number);
        let ticket = ctx.calendar.push(ends, Event::Alarm(unit).code());
        self.disks[index as usize].slots[slot] = Slot { operation: Some(operation), ticket, ends };
    }

    /// Starts operations that wait at disk `index` while it can execute more.
    fn start_waiting(&mut self, ctx: &mut Ctx<'_>, index: u32) {
        for slot in 0..self.config.parallel as usize {
            let disk = &mut self.disks[index as usize];
            if disk.slots[slot].operation.is_some() {
                continue;
            }
            let Some(operation) = disk.line.pop_front() else { return };
            self.start(ctx, index, slot, operation);
        }
    }

    /// Returns the operation whose end the alarm `local` stands for, with its disk, after others have begun there.
    fn completes(
        &mut self,
        ctx: &mut Ctx<'_>,
        local: u32,
        ticket: Ticket,
    ) -> Option<(u32, Operation)> {
        let (index, slot) = (local / self.config.parallel, local % self.config.parallel);
        let disk = &mut self.disks[index as usize];
        let slot = &mut disk.slots[slot as usize];
        if slot.ticket != ticket {
            return None;
        }
        let operation = std::mem::take(slot).operation.expect("an armed disk has an operation");
        self.busy.remove(ctx.now, SimDuration::ZERO);
        self.inside.remove(ctx.now, ctx.now - operation.since);
        self.start_waiting(ctx, index);
        if let Some(shared) = &mut self.shared {
            shared.done(ctx.now, index, &operation);
            self.issue_next(ctx, index);
        }
        Some((index, operation))
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
}

impl Live for Disks {
    type Config = DisksConfig;

    fn begin(id: ComponentId, config: &DisksConfig, start: &Start<'_>) -> Self {
        let mut disks = Self::new(id, config.clone());
        let pool = config.pool.as_ref().map(|pool| Box::new(Pool::new(&disks, pool, start.at)));
        disks.pool = pool;
        disks
    }

    /// Arms the first sync of a transaction group.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        around.with(own, |disks: &mut Self, ctx| {
            if disks.pool.is_some() {
                disks.turn_groups(ctx);
            }
        });
    }

    none!(lent);
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
        forgets,
        queue,
        queue_mut,
        whole,
        is_process,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
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

    /// Completes an operation in service.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket) {
        if self.pool.is_some() && local >= self.pool_alarm() {
            return self.pool_rings(ctx, local, ticket);
        }
        match self.completes(ctx, local, ticket) {
            Some((_, operation)) if operation.what == What::Own => {
                self.done(ctx, operation.request);
            }
            Some((disk, operation)) => self.pool_done(ctx, disk, &operation),
            None => {}
        }
    }

    /// Detaches `request`, which no longer waits; its operations go on without it.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let detach = |operation: &mut Operation| {
            if operation.request == request {
                operation.request = RequestId::NONE;
            }
        };
        for disk in &mut self.disks {
            disk.slots.iter_mut().filter_map(|slot| slot.operation.as_mut()).for_each(detach);
            disk.line.iter_mut().for_each(detach);
        }
        if let Some(shared) = &mut self.shared {
            shared.waiting_mut().for_each(detach);
        }
        if let Some(pool) = &mut self.pool {
            pool.forget(request);
        }
        let entry = &mut ctx.requests[request];
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
    }

    /// Sets the health: a stall keeps the queues, a loss fails every operation.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        let (before, usable) = (self.health, self.is_usable());
        if let Some(of) = self.pool.as_mut().and_then(|pool| pool.resilvers.as_mut()) {
            of.settle(ctx.now, usable);
        }
        self.health = health;
        let (stopped, stops) = (before.is_stalled(), health.is_stalled());
        let lost = health.is_lost();
        let usable = if self.is_usable() { Usable::All } else { Usable::None };
        self.availability.set(ctx.now, usable, self.busy.area(ctx.now));
        if let Some(device) = self.pool.as_mut().and_then(|pool| pool.device.as_mut()) {
            device.health(ctx, health);
        }
        if before.is_lost() && !lost && self.pool.is_some() {
            self.turn_groups(ctx);
        }
        if lost {
            let by_disks = self.pool.is_some() && self.pool_config().lost_by == Some(ctx.cause);
            if by_disks && !before.is_lost() {
                self.pool().count(Tallied::Lost, 1);
            }
            self.lose_all(ctx);
        } else if stops && !stopped {
            self.stop(ctx);
        } else if stopped && !stops {
            for index in 0..self.config.columns.disks {
                self.start_waiting(ctx, index);
            }
        }
    }

    /// Returns the counts; sojourn times include operations still inside.
    fn gauge(&self, now: SimTime) -> Gauge {
        let standing = |operation: &Operation| u128::from((now - operation.since).nanos());
        let inside = self.disks.iter().flat_map(Disk::operations);
        let waiting = self.shared.iter().flat_map(|shared| shared.waiting());
        let busy = self.busy.area(now);
        let (idle, unavailable) = self.availability.split(now, busy);
        let away = self.slots_away(now);
        let at_once = u128::from(self.config.columns.disks) * u128::from(self.config.parallel);
        let mut gauge = Gauge {
            arrived: self.arrived,
            refused: self.refused,
            completed: self.inside.left(),
            inside: self.inside.area(now),
            stayed: self.inside.stayed() + inside.chain(waiting).map(standing).sum::<u128>(),
            busy,
            idle: idle - away,
            unavailable: unavailable + away,
            capacity: at_once * u128::from(now.nanos()),
            ..Gauge::default()
        };
        if let Some(pool) = &self.pool {
            pool.read(now, &mut gauge);
        }
        gauge
    }

    fn counts(config: &DisksConfig) -> Keeps {
        let tallied_by = config.pool.as_ref().map(|_| tally::OF);
        Keeps { line: true, visits: true, completions: true, tallied_by, ..Keeps::NOTHING }
    }

    fn counts_anew(&mut self, now: SimTime, _: SimTime) {
        self.begin_to_count(now);
    }

    /// Restarts the greatest values, which do not include the warm-up.
    fn begin_to_count(&mut self, _: SimTime) {
        if let Some(pool) = &mut self.pool {
            pool.counts_anew();
        }
        if let Some(shared) = &mut self.shared {
            shared.counts_anew();
        }
    }

    /// Returns the ledger of a zone that shares the disks.
    fn part_reading(&self, part: ComponentId, _: SimTime) -> Option<Gauge> {
        self.shared.as_ref()?.reading(part)
    }

    fn loads(&mut self, ctx: &mut Ctx<'_>, key: KeyId, drawn: Drawn, write: bool) {
        self.background(ctx, key, drawn, 0, write);
    }

    fn is_idle(&self) -> bool {
        let waits = self.shared.as_ref().is_some_and(|shared| shared.waiting().next().is_some());
        let pool = self.pool.as_ref().is_none_or(|pool| pool.is_idle());
        pool && !waits && self.disks.iter().all(Disk::is_idle)
    }
}
