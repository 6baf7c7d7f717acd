//! Transaction groups and the intent log of a set of disks in the event loop.
//!
//! Model: a buffered write joins the open group, after the delay by dirty data ([`dirty_data`]). A durable write joins it
//! likewise, and a block of the log of its data set ([`intent_log`]), which lies on the log device or on the disks. There,
//! a write of 32 KiB or more is written in place and joins no group. The writes of a group that syncs are spread over the
//! disks in turn, as asynchronous writes of no zone. A write that lies right behind the one before is a part of the same
//! operation, and adds the time of its transfer. A cache flush reaches a disk past its queue.
//!
//! In: `buffer`, writes of `operate`, ends of operations, alarms. Out: requests go on, or fail. Holds: a request waits for
//! one thing at a time; a group ends when all its operations have; the log device has no part in the figures of the disks.
//! Leaves out: a failure of the log device alone (it shares the health of the disks), writes in place again
//! at the sync, operations of a rebuild in groups (they go to the disks at once), buffered writes that clients of a file server
//! send again after a failure of its head: the pool goes on with what it had collected.
//!
//! [`dirty_data`]: crate::mechanism::dirty_data
//! [`intent_log`]: crate::mechanism::intent_log

use super::resilver::{ResilverConfig, Resilvers};
use super::scrub::{ScrubConfig, Scrubs};
use super::tally::{TALLIED, Tallied};
use super::{Disks, DisksConfig, NO_ZONE, Operation};
use crate::convert::whole;
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::kinds::disks::spec::Columns;
use crate::mechanism::dirty_data::{DirtyData, Joined, Tuning};
use crate::mechanism::intent_log::{IN_PLACE, IntentLog};
use crate::mechanism::leaf_queue::Class;
use crate::model::Ctx;
use crate::model::alarm::Alarm;
use crate::model::drawn::Drawn;
use crate::model::gauge::Gauge;
use crate::model::ids::{CauseId, KeyId, UnitId};
use crate::model::request::{Outcome, RequestId, Waits};
use crate::units::{Bandwidth, Bytes, SimDuration, SimTime};

/// Uses of an operation at a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An operation of a request, or a write that no request waits for.
    Own,
    /// A write of a transaction group; its tag is the dirty data that it ends, in bytes.
    Group,
    /// A write of a block of the log, or of data in place; its tag is the block.
    Log,
    /// A cache flush for a block of the log; its tag is the block.
    Flush,
    /// A read of a scrub; its tag is the part of its time that an arm needs to get there, in ns.
    Scrub,
    /// A read of a resilver, with such a tag.
    Resilver,
    /// A write of a resilver to a new disk, with such a tag.
    Renewal,
}

/// Purposes of the draws, by distance from the first key; see [`PoolConfig::key`].
pub const PURPOSES: [&str; 6] =
    ["group-write", "group-run", "log-write", "cache-flush", "scrub-seek", "resilver-seek"];
const GROUP: u32 = 0;
const RUN: u32 = 1;
pub(super) const LOG: u32 = 2;
pub(super) const FLUSH: u32 = 3;
pub(super) const SCRUB: u32 = 4;
pub(super) const RESILVER: u32 = 5;

/// Configuration of transaction groups and intent log.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// Limits of dirty data.
    pub dirty: Tuning,
    /// Size of one write, in bytes.
    pub write_size: u64,
    /// Greatest number of writes in one operation of a group.
    pub most_merged: u64,
    /// Probability that a write of a group lies right behind the one before.
    pub sequential: f64,
    /// Sequential transfer of a disk.
    pub bandwidth: Option<Bandwidth>,
    /// Time of a cache flush of a disk, in seconds; `None`: it has no volatile cache.
    pub flush: Option<Sampler>,
    /// Log device; `None`: the log lies on the disks.
    pub log: Option<LogConfig>,
    /// Scrubs; `None`: there are none.
    pub scrub: Option<ScrubConfig>,
    /// Disks that fail; `None`: none does.
    pub resilver: Option<ResilverConfig>,
    /// Cause of what is lost with the set when too many of its disks have failed; `None`: no single disk fails.
    pub lost_by: Option<CauseId>,
    /// Number of data sets, each with a log of its own: one per zone, or one per volume of a file server.
    pub data_sets: usize,
    /// True if the data sets are those of zones. Operations on the volumes of a file server belong to no zone.
    pub of_zones: bool,
    /// Key of the draws of the first of [`PURPOSES`]; the others follow.
    pub key: KeyId,
}

/// Configuration of a log device.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// The device, as a set of one disk.
    pub device: DisksConfig,
    /// Time of a cache flush, in seconds.
    pub flush: Option<Sampler>,
    /// Sequential transfer.
    pub bandwidth: Option<Bandwidth>,
}

/// Writes of a step of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) request: RequestId,
    /// Number of the data set.
    pub(super) data_set: u32,
    /// True if the request waits until the write is durable.
    pub(super) durable: bool,
    /// Writes that have not begun.
    pub(super) left: u32,
}

/// Transaction groups and intent log of a set of disks.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    dirty: DirtyData<Job>,
    pub(super) log: IntentLog<RequestId>,
    /// The log device.
    pub(super) device: Option<Box<Disks>>,
    alarm: Alarm,
    /// Disks that an operation of the pool used last, as a group of columns.
    turn: u32,
    /// Draws so far, by purpose.
    drawn: [u64; PURPOSES.len()],
    /// Operations of the group that syncs under way.
    under_way: u32,
    /// Buffered writes of the open group, and of the group that syncs: those that no log has.
    volatile: [u64; 2],
    /// True once the group that syncs is written.
    is_written: bool,
    /// Present limit of active writes of a group at each disk.
    active: u32,
    pub(super) scrubs: Option<Scrubs>,
    pub(super) resilvers: Option<Resilvers>,
    tally: [u128; TALLIED],
    /// Instant up to which dirty data is counted.
    counted: SimTime,
    /// Remainder of the division by the limit in the count.
    rest: u128,
    most_dirty: u64,
    longest: SimDuration,
}

const MILLION: u128 = 1_000_000;

impl Pool {
    pub(super) fn new(disks: &Disks, config: &PoolConfig, now: SimTime) -> Self {
        let device = config.log.as_ref().map(|log| Disks::new(disks.id, log.device.clone()));
        Self {
            dirty: DirtyData::new(config.dirty, now),
            log: IntentLog::new(config.data_sets + 1),
            device: device.map(Box::new),
            alarm: Alarm::default(),
            turn: 0,
            drawn: [0; PURPOSES.len()],
            under_way: 0,
            volatile: [0; 2],
            is_written: false,
            active: 0,
            scrubs: config.scrub.map(|scrub| Scrubs::new(scrub, now)),
            resilvers: config
                .resilver
                .as_ref()
                .map(|of| Resilvers::new(of, disks.config.columns.disks, now)),
            tally: [0; TALLIED],
            counted: now,
            rest: 0,
            most_dirty: 0,
            longest: SimDuration::ZERO,
        }
    }

    /// Counts dirty data up to `now`.
    pub(super) fn settle(&mut self, now: SimTime) {
        let area = self.area(now);
        (self.tally[Tallied::Dirty as usize], self.rest) = area;
        self.counted = now;
    }

    /// Returns the count of dirty data up to `now`, and the remainder of its division.
    fn area(&self, now: SimTime) -> (u128, u128) {
        let most = u128::from(self.dirty.tuning().most);
        let more = u128::from(self.dirty.dirty()) * u128::from((now - self.counted).nanos());
        let sum = more * MILLION + self.rest;
        (self.tally[Tallied::Dirty as usize] + sum / most, sum % most)
    }

    pub(super) fn count(&mut self, what: Tallied, more: u64) {
        self.tally[what as usize] += u128::from(more);
    }

    /// Counts a write that has joined the open group after `waited`; `durable`, if a block of the log has it as well.
    fn joined(&mut self, waited: SimDuration, durable: bool) {
        self.volatile[0] += u64::from(!durable);
        self.count(Tallied::Writes, 1);
        self.count(Tallied::Delayed, u64::from(!waited.is_zero()));
        self.count(Tallied::Waited, waited.nanos());
        self.longest = self.longest.max(waited);
        self.most_dirty = self.most_dirty.max(self.dirty.dirty());
    }

    /// Returns the number of the next draw for a purpose.
    pub(super) const fn next_draw(&mut self, purpose: u32) -> u64 {
        let drawn = &mut self.drawn[purpose as usize];
        *drawn += 1;
        *drawn
    }

    /// Returns true if a scan ends its phase once that has lasted for its least time.
    pub(super) fn presses(&self, now: SimTime) -> bool {
        let late = self.dirty.synced() + self.dirty.tuning().timeout <= now;
        late || self.dirty.is_full() || self.dirty.delays_scans()
    }

    pub(super) fn is_idle(&self) -> bool {
        let idle = |device: &Disks| device.disks.iter().all(super::Disk::is_idle);
        !self.scans()
            && self.dirty.dirty() == 0
            && self.log.is_empty()
            && self.device.as_deref().is_none_or(idle)
    }

    fn sync_ends(&mut self) {
        self.dirty.sync_ends();
        self.volatile[1] = 0;
    }

    /// Forgets a request that no longer waits; its writes go on without it.
    pub(super) fn forget(&mut self, request: RequestId) {
        self.dirty.forget(|job| job.request == request);
        self.log.forget(|writer| *writer == request);
    }

    pub(super) fn counts_anew(&mut self) {
        self.most_dirty = self.dirty.dirty();
        self.longest = SimDuration::ZERO;
    }

    /// Adds the figures of the pool to `gauge`.
    pub(super) fn read(&self, now: SimTime, gauge: &mut Gauge) {
        gauge.tally = self.tally.to_vec();
        gauge.tally[Tallied::Dirty as usize] = self.area(now).0;
        let device = self.device.as_ref();
        gauge.tally[Tallied::LogBusy as usize] =
            device.map_or(0, |device| device.busy.area(now) / u128::from(device.config.parallel));
        let dirty = u128::from(self.most_dirty) * 1_000_000_000;
        let dirty = dirty / u128::from(self.dirty.tuning().most);
        gauge.peaks = vec![dirty, u128::from(self.longest.nanos())];
    }
}

/// An operation of the pool that is placed on the disks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) what: What,
    pub(super) tag: u32,
    pub(super) zone: u32,
    pub(super) class: Class,
    /// Distance of the key of its time.
    pub(super) key: u32,
    /// Bytes beyond one write.
    pub(super) beyond: u64,
}

/// Returns the time to transfer `bytes`.
pub(super) fn transfer(bandwidth: Option<Bandwidth>, bytes: u64) -> SimDuration {
    bandwidth.map_or(SimDuration::ZERO, |bandwidth| bandwidth.time_for(Bytes::new(bytes)))
}

impl Disks {
    /// Returns whether writes collect in transaction groups.
    #[must_use]
    pub const fn buffers(&self) -> bool {
        self.pool.is_some()
    }

    pub(super) fn pool_config(&self) -> &PoolConfig {
        self.config.pool.as_ref().expect("a set with a pool has its configuration")
    }

    pub(super) fn pool(&mut self) -> &mut Pool {
        self.pool.as_mut().expect("the set has a pool")
    }

    /// Returns the number of the alarm of the pool; those of the log device follow.
    pub(super) const fn pool_alarm(&self) -> u32 {
        self.config.columns.disks * self.config.parallel
    }

    /// Lets `request` wait until a write is durable.
    pub(super) fn writes_durably(&mut self, ctx: &mut Ctx<'_>, request: RequestId, data_set: u32) {
        self.holds_request(ctx, request);
        self.pool().settle(ctx.now);
        let job = Job { request, data_set, durable: true, left: 1 };
        if self.joins(ctx.now, job) {
            self.commits(ctx, job);
        }
        self.turn_groups(ctx);
    }

    pub(super) fn holds_request(&self, ctx: &mut Ctx<'_>, request: RequestId) {
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.waits = Waits::InService;
        entry.need = 0;
    }

    pub(super) fn releases(ctx: &mut Ctx<'_>, request: RequestId) {
        let entry = &mut ctx.requests[request];
        entry.at = crate::model::ids::ComponentId::NONE;
        entry.waits = Waits::Nothing;
        ctx.proceed(request);
    }

    /// Returns whether durable writes are written in place.
    pub(super) fn writes_in_place(&self) -> bool {
        let config = self.pool_config();
        config.log.is_none() && config.write_size >= IN_PLACE
    }

    /// Lets the writes of `job` join the open group. Returns false if one sleeps or waits first.
    pub(super) fn joins(&mut self, now: SimTime, mut job: Job) -> bool {
        let in_place = job.durable && self.writes_in_place();
        let bytes = if in_place { 0 } else { self.pool_config().write_size };
        let pool = self.pool();
        while job.left > 0 {
            job.left -= 1;
            if !pool.dirty.write(now, job, bytes) {
                return false;
            }
            pool.joined(SimDuration::ZERO, job.durable);
        }
        true
    }

    /// Lets the requests of writes that have joined go on.
    fn go_on(&mut self, ctx: &mut Ctx<'_>, joined: Vec<Joined<Job>>) {
        for Joined { write: job, waited } in joined {
            self.pool().joined(waited, job.durable);
            if !self.joins(ctx.now, job) {
                continue;
            }
            if job.durable {
                self.commits(ctx, job);
            } else {
                Self::releases(ctx, job.request);
            }
        }
    }

    /// Places an operation of the pool on the next group of columns.
    pub(super) fn place_next(&mut self, ctx: &mut Ctx<'_>, placed: Placed) {
        let Columns { disks, group, read, .. } = self.config.columns;
        let config = self.config.pool.as_ref().expect("the set has a pool");
        let key = KeyId(config.key.0 + placed.key);
        // The data of a block lies on all columns that a read uses.
        let more = transfer(config.bandwidth, placed.beyond / u64::from(read));
        let pool = self.pool.as_mut().expect("the set has a pool");
        let (first, of) = (pool.turn * group, Drawn::of(pool.next_draw(placed.key)));
        pool.turn = (pool.turn + 1) % (disks / group);
        let law = self.config.write_time.as_ref().unwrap_or(&self.config.time);
        let time = |column: u32| {
            // The sides of a mirror execute the same write.
            let arm = if read == 1 { 0 } else { u64::from(column) << 48 };
            let drawn = law.sample(ctx.draws.uniform_on(key, of, arm));
            SimDuration::from_seconds_f64(drawn) + more
        };
        let times: Vec<SimDuration> = (0..group).map(time).collect();
        // A disk that is away is not written.
        let there = (0..group).filter(|column| self.is_there(first + column)).count();
        let there = crate::convert::place(there).max(1);
        let (each, mut rest) = (placed.tag / there, placed.tag % there);
        for (column, time) in (0..group).zip(times) {
            let disk = first + column;
            if !self.is_there(disk) {
                continue;
            }
            let tag = match placed.what {
                What::Group => each + std::mem::take(&mut rest),
                _ => placed.tag,
            };
            match placed.what {
                What::Group => self.pool().under_way += 1,
                _ => self.pool().log.begins(tag, disk),
            }
            let operation = Operation::of_pool(placed.what, tag, time, ctx.now);
            let operation = Operation { zone: placed.zone, class: placed.class, ..operation };
            self.put(ctx, disk, operation);
        }
    }

    /// Handles the end of an operation of the pool.
    pub(super) fn pool_done(&mut self, ctx: &mut Ctx<'_>, disk: u32, operation: &Operation) {
        self.pool_ends(ctx, disk, operation);
        self.turn_groups(ctx);
    }

    /// Counts the end of an operation of the pool.
    pub(super) fn pool_ends(&mut self, ctx: &mut Ctx<'_>, disk: u32, operation: &Operation) {
        self.pool().settle(ctx.now);
        match operation.what {
            What::Own => {}
            What::Scrub | What::Resilver | What::Renewal => self.scan_ends(disk, operation.what),
            What::Log | What::Flush => self.log_ends(ctx, operation.tag),
            What::Group => {
                let pool = self.pool();
                pool.under_way -= 1;
                let joined = pool.dirty.written(ctx.now, u64::from(operation.tag));
                self.go_on(ctx, joined);
            }
        }
    }

    /// Ends the sync whose group is written, and begins the next one if it is due. Adapts the number of active writes to
    /// the dirty data, and arms the alarm. Lost disks do nothing.
    pub(super) fn turn_groups(&mut self, ctx: &mut Ctx<'_>) {
        if self.is_lost() {
            return;
        }
        if self.pool().resilvers.is_some() {
            self.change_disks(ctx);
            if self.is_lost() {
                return;
            }
        }
        let disks = self.config.columns.disks;
        self.pool().scrub_if_due(ctx.now, disks);
        loop {
            let pool = self.pool();
            if pool.dirty.syncs() && pool.under_way == 0 {
                // The scan begins its work when the group is written.
                let begins = !std::mem::replace(&mut pool.is_written, true);
                if self.scrub_works(ctx, begins) && self.resilver_works(ctx, begins) {
                    self.pool().sync_ends();
                }
            }
            let pool = self.pool();
            let scans = pool.scans();
            if !pool.dirty.sync_is_due(ctx.now, scans) {
                break;
            }
            pool.is_written = false;
            self.sync_begins(ctx);
        }
        self.adapt(ctx);
        let unit = UnitId(self.config.unit.0 + self.pool_alarm());
        let pool = self.pool();
        let scrub = pool.scrubs.as_ref().map_or(SimTime::NEVER, Scrubs::next);
        let disks = pool.resilvers.as_ref().map_or(SimTime::NEVER, Resilvers::next);
        let due = pool.dirty.due().min(pool.log.due()).min(scrub).min(disks);
        pool.alarm.arm(ctx, unit, (due < SimTime::NEVER).then_some(due));
    }

    /// Adapts the number of active writes of a group at each disk.
    fn adapt(&mut self, ctx: &mut Ctx<'_>) {
        let pool = self.pool();
        let (before, active) = (pool.active, pool.dirty.active());
        if before == active {
            return;
        }
        pool.active = active;
        if let Some(shared) = &mut self.shared {
            shared.limit_writes(active);
        }
        if active > before {
            (0..self.config.columns.disks).for_each(|disk| self.issue_next(ctx, disk));
        }
    }

    /// Begins to write the open group.
    fn sync_begins(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(shared) = &mut self.shared {
            shared.sync_begins(ctx.now);
        }
        let pool = self.pool();
        pool.count(Tallied::Syncs, 1);
        let mut left = pool.dirty.sync_begins(ctx.now);
        pool.volatile = [0, pool.volatile[0]];
        let size = self.pool_config().write_size;
        while left > 0 {
            let bytes = (self.next_run(ctx) * size).min(left);
            left -= bytes;
            self.place_next(
                ctx,
                Placed {
                    what: What::Group,
                    tag: u32::try_from(bytes).expect("merged writes are bounded"),
                    zone: NO_ZONE,
                    class: Class::AsyncWrite,
                    key: GROUP,
                    beyond: bytes - size.min(bytes),
                },
            );
        }
    }

    /// Returns the number of writes in the next operation of a group.
    fn next_run(&mut self, ctx: &Ctx<'_>) -> u64 {
        let config = self.pool_config();
        let (next, most) = (config.sequential, config.most_merged);
        if next <= 0.0 || most == 1 {
            return 1;
        }
        if next >= 1.0 {
            return most;
        }
        let key = KeyId(config.key.0 + RUN);
        let uniform = ctx.draws.uniform_at(key, self.pool().next_draw(RUN), 0);
        let further = libm::log(uniform) / libm::log(next);
        whole::u64(further).saturating_add(1).min(most)
    }

    /// Handles an alarm of the pool or of the log device.
    pub(super) fn pool_rings(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket) {
        let own = self.pool_alarm();
        if local > own {
            let device = self.pool().device.as_mut().expect("its slots have alarms");
            if let Some((disk, operation)) = device.completes(ctx, local - own - 1, ticket) {
                self.pool_done(ctx, disk, &operation);
            }
            return;
        }
        let pool = self.pool();
        pool.settle(ctx.now);
        if pool.alarm.rings(ticket) {
            let joined = pool.dirty.wake(ctx.now);
            self.go_on(ctx, joined);
            let issues = self.pool().log.ring(ctx.now);
            self.write_blocks(ctx, issues);
        }
        self.turn_groups(ctx);
    }

    /// Loses the open groups, the blocks of the log and the requests that wait for them.
    pub(super) fn pool_lost(&mut self, ctx: &mut Ctx<'_>) {
        let pool = self.pool();
        pool.settle(ctx.now);
        pool.under_way = 0;
        pool.is_written = false;
        let volatile = std::mem::take(&mut pool.volatile);
        pool.count(Tallied::LostWrites, volatile.iter().sum());
        if let Some(scrubs) = &mut pool.scrubs {
            scrubs.lost();
        }
        if let Some(resilvers) = &mut pool.resilvers {
            resilvers.lost();
        }
        let jobs = pool.dirty.clear(ctx.now).into_iter().map(|job| job.request);
        let waiting: Vec<RequestId> = jobs.chain(pool.log.clear()).collect();
        if let Some(device) = &mut pool.device {
            device.lose_all(ctx);
        }
        for request in waiting {
            let entry = &mut ctx.requests[request];
            entry.at = crate::model::ids::ComponentId::NONE;
            entry.waits = Waits::Nothing;
            ctx.fail(request, Outcome::Error);
        }
    }
}
