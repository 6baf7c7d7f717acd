//! The head of a network file server: the processor in front of its volumes.
//!
//! Model: operations come in batches (one step's worth, of the pools of one head); a batch takes the
//! head for the sum of its operations' times, one batch after the other, first come first served.
//! While nobody serves its volumes nothing is lost: a client of a hard mount sends its operation
//! again on the schedule of its transport (after 1, 2, 4, … seconds, at most 60) for ever, and goes
//! on at the first such instant at which a head serves them again. A client of a soft mount gives up
//! after its time-out times (1 + retransmissions) and its step fails.
//!
//! Which head serves the volumes of which owner is not its business: the world ([`storage`]) sends
//! an operation to the one that does, and takes those in line away again ([`Head::release`]). A head
//! that serves two owners does the work of both, one batch after the other. During a grace period
//! the batches in which an operation opens or locks wait for its end; the others do not.
//!
//! In: `operate`, `take`, `release`, `alarm`, `wake`, `health`. Out: the request goes on, or fails
//! (soft mounts). Holds: no operation of a hard mount ever fails for a stalled head; resume instants
//! are issue + 2^k − 1 seconds up to a gap of 60 s, counted anew from when a head had taken it.
//! Leaves out: the reconnect of a reset connection, a client that asks more often while a grace
//! lasts, operations of one step sent to two heads at once (they go one after the other).
//! Source: TCP retransmission 1 s doubling to 60 s and hard/soft semantics as in illumos
//! `uts/common/inet/tcp/tcp_tunables.c`, `uts/common/fs/nfs/nfs_subr.c`; grace as in RFC 5661 §8.4.2.
//!
//! [`storage`]: crate::model::world

use std::collections::VecDeque;

use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::model::event::Event;
use crate::model::gauge::{Availability, Gauge, Occupancy, Usable};
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, Request, RequestId, Waits};
use crate::model::world::Around;
use crate::model::world::storage::Among;
use crate::model::{Ctx, Health, Keeps, Live, Start, none};
use crate::units::{SimDuration, SimTime};

/// First gap of the retransmission schedule.
pub const FIRST_RETRY: SimDuration = SimDuration::SECOND;
/// Longest gap of the retransmission schedule.
pub const LONGEST_RETRY: SimDuration = SimDuration::from_secs(60);

/// What a head is.
#[derive(Clone, Debug)]
pub struct HeadConfig {
    /// Time of one operation, in seconds.
    pub time: Sampler,
    /// How long operations that open or lock wait after its volumes are served anew; zero: not.
    pub grace: SimDuration,
    /// Share of operations that open or lock.
    pub opens: f64,
    /// Its alarm.
    pub unit: UnitId,
}

/// How a client holds on to a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// Retries for ever.
    Hard,
    /// Fails after this long.
    Soft(SimDuration),
}

/// Operations of one step for the volumes of one owner.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// The head that owns the volumes.
    pub owner: ComponentId,
    /// Key of their times; the next is that of which of them open or lock.
    pub key: KeyId,
    /// Operations of the step.
    pub count: u32,
    /// Which of them.
    pub among: Among,
    /// What their client does in a silence.
    pub persistence: Persistence,
}

/// How the volumes of an owner are served at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// By the head that is asked.
    pub here: bool,
    /// What opens or locks waits until then.
    pub grace: SimTime,
}

/// Whose volumes a request asks for, and whether an operation of it opens or locks: what a head
/// keeps of it in [`Request::local`].
const fn local(owner: ComponentId, opens: bool) -> u32 {
    owner.0 << 1 | opens as u32
}

/// The owner of the volumes that `request`, which is at a head, asks for.
#[must_use]
pub const fn owner(request: &Request) -> ComponentId {
    ComponentId(request.local >> 1)
}

const fn opens(request: &Request) -> bool {
    request.local & 1 == 1
}

#[derive(Clone, Copy, Debug)]
struct Batch {
    request: RequestId,
    owner: ComponentId,
    time: SimDuration,
    since: SimTime,
}

/// A head at work.
#[derive(Clone, Debug)]
pub struct Head {
    id: ComponentId,
    config: HeadConfig,
    line: VecDeque<Batch>,
    ticket: Ticket,
    health: Health,
    inside: Occupancy,
    busy: Occupancy,
    availability: Availability,
    operations: u64,
    failed: u64,
    /// Batches that went on to another head.
    moved: u64,
}

impl Head {
    /// An idle head.
    #[must_use]
    pub fn new(id: ComponentId, config: HeadConfig) -> Self {
        Self {
            id,
            config,
            line: VecDeque::new(),
            ticket: Ticket::NONE,
            health: Health::Up,
            inside: Occupancy::new(false),
            busy: Occupancy::new(false),
            availability: Availability::new(1),
            operations: 0,
            failed: 0,
            moved: 0,
        }
    }

    /// Whether it answers.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.health.works()
    }

    /// Operations of `request` come to it.
    pub fn operate(&mut self, ctx: &mut Ctx<'_>, request: RequestId, work: Work, service: Service) {
        let entry = &ctx.requests[request];
        let mut seconds = 0.0;
        let mut opens = false;
        for sub in (0..work.count).filter(|sub| work.among.has(ctx.draws, entry, *sub)) {
            seconds += match self.config.time.constant() {
                Some(time) => time,
                None => self.config.time.sample(ctx.draws.uniform(work.key, entry, sub)),
            };
            self.operations += 1;
            if self.config.grace > SimDuration::ZERO {
                let key = KeyId(work.key.0 + 1);
                opens |= ctx.draws.uniform(key, entry, sub) < self.config.opens;
            }
        }
        let entry = &mut ctx.requests[request];
        entry.need = SimDuration::from_seconds_f64(seconds).nanos();
        entry.local = local(work.owner, opens);
        entry.ends = match work.persistence {
            Persistence::Hard => SimTime::NEVER,
            Persistence::Soft(limit) => ctx.now + limit,
        };
        self.arrive(ctx, request, service);
    }

    /// `request`, which waited at the head that served its volumes before, comes over.
    pub fn take(&mut self, ctx: &mut Ctx<'_>, request: RequestId, service: Service) {
        self.arrive(ctx, request, service);
    }

    fn arrive(&mut self, ctx: &mut Ctx<'_>, request: RequestId, service: Service) {
        self.inside.add(ctx.now);
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        self.send(ctx, request, service);
    }

    /// The operation of `request` reaches the head, or finds nobody and is sent again later.
    fn send(&mut self, ctx: &mut Ctx<'_>, request: RequestId, service: Service) {
        let entry = &mut ctx.requests[request];
        let next = if !service.here || !self.serves() {
            next_retry(entry.since, ctx.now).min(entry.ends).max(ctx.now)
        } else if ctx.now < service.grace && opens(entry) {
            service.grace
        } else {
            entry.waits = Waits::InLine;
            let (owner, time) = (owner(entry), SimDuration::from_nanos(entry.need));
            self.line.push_back(Batch { request, owner, time, since: entry.since });
            if self.line.len() == 1 {
                self.start(ctx);
            }
            return;
        };
        entry.waits = Waits::Timer;
        entry.ticket = ctx.calendar.push(next, Event::Wake(request).code());
    }

    /// The next retransmission of `request` is due.
    pub fn sent_again(&mut self, ctx: &mut Ctx<'_>, request: RequestId, service: Service) {
        let silent = !service.here || !self.serves();
        if silent && ctx.requests[request].ends <= ctx.now {
            self.failed += 1;
            self.leave(ctx, request);
            return ctx.fail(request, Outcome::Error);
        }
        self.send(ctx, request, service);
    }

    /// `request`, which waits here, goes on to the head that serves its volumes now.
    pub fn hand_over(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.moved += 1;
        self.leave(ctx, request);
    }

    /// It serves the volumes of `owner` no more: those in line for them are sent again by their
    /// clients on their schedules, what was under way as well.
    pub fn release(&mut self, ctx: &mut Ctx<'_>, owner: ComponentId) {
        if !self.line.iter().any(|batch| batch.owner == owner) {
            return;
        }
        let of = |batch: &Batch| batch.owner == owner;
        let interrupted = self.line.front().is_some_and(of);
        if interrupted {
            self.busy.remove(ctx.now, SimDuration::ZERO);
            self.ticket = Ticket::NONE;
        }
        let (theirs, kept): (Vec<Batch>, Vec<Batch>) = self.line.drain(..).partition(of);
        self.line.extend(kept);
        for batch in theirs {
            self.send_back(ctx, batch);
        }
        if interrupted {
            self.start(ctx);
        }
    }

    /// `batch` is out of the line before it was done.
    fn send_back(&mut self, ctx: &mut Ctx<'_>, batch: Batch) {
        if batch.request == RequestId::NONE {
            self.inside.remove(ctx.now, ctx.now - batch.since);
        } else {
            self.send(ctx, batch.request, Service { here: false, grace: SimTime::ZERO });
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let entry = &mut ctx.requests[request];
        self.inside.remove(ctx.now, ctx.now - entry.since);
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
        entry.ticket = Ticket::NONE;
    }

    fn start(&mut self, ctx: &mut Ctx<'_>) {
        let Some(batch) = self.line.front() else { return };
        self.busy.add(ctx.now);
        let time = match self.health {
            Health::Slow(factor) => SimDuration::from_seconds_f64(batch.time.seconds() * factor),
            _ => batch.time,
        };
        self.ticket = ctx.calendar.push(ctx.now + time, Event::Alarm(self.config.unit).code());
    }
}

impl Live for Head {
    type Config = HeadConfig;

    fn begin(id: ComponentId, config: &HeadConfig, _: &Start<'_>) -> Self {
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
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        starts,
        due,
        step,
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

    /// The batch in service is done.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, _local: u32, ticket: Ticket) {
        if ticket != self.ticket {
            return;
        }
        let batch = self.line.pop_front().expect("an armed head has a batch");
        self.busy.remove(ctx.now, SimDuration::ZERO);
        self.start(ctx);
        if batch.request == RequestId::NONE {
            self.inside.remove(ctx.now, ctx.now - batch.since);
        } else {
            self.leave(ctx, batch.request);
            ctx.proceed(batch.request);
        }
    }

    /// `request` no longer waits. What the head has in line is done for nobody.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        if let Some(batch) = self.line.iter_mut().find(|batch| batch.request == request) {
            batch.request = RequestId::NONE;
            let entry = &mut ctx.requests[request];
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
        } else {
            self.leave(ctx, request);
        }
    }

    /// Another state. What was in line is sent again by its clients on their schedules.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        let served = self.serves();
        self.health = health;
        let usable = if self.serves() { Usable::All } else { Usable::None };
        self.availability.set(ctx.now, usable, self.busy.area(ctx.now));
        if served && !self.serves() {
            if !self.line.is_empty() {
                self.busy.remove(ctx.now, SimDuration::ZERO);
            }
            self.ticket = Ticket::NONE;
            for batch in std::mem::take(&mut self.line) {
                self.send_back(ctx, batch);
            }
        }
    }

    /// What it has counted, with the stays of batches that nobody waits for; the world adds those
    /// of requests.
    fn gauge(&self, now: SimTime) -> Gauge {
        let orphan = |batch: &&Batch| batch.request == RequestId::NONE;
        let standing = self.line.iter().filter(orphan).map(|b| u128::from((now - b.since).nanos()));
        let busy = self.busy.area(now);
        let (idle, unavailable) = self.availability.split(now, busy);
        Gauge {
            arrived: self.operations,
            refused: self.failed,
            completed: self.inside.left() - self.moved,
            inside: self.inside.area(now),
            stayed: self.inside.stayed() + standing.sum::<u128>(),
            busy,
            idle,
            unavailable,
            capacity: u128::from(now.nanos()),
            ..Gauge::default()
        }
    }

    fn counts(_: &HeadConfig) -> Keeps {
        Keeps { line: true, visits: true, completions: true, ..Keeps::NOTHING }
    }

    /// A request sends its operation again.
    fn wake(around: &mut Around<'_>, _: ComponentId, request: RequestId) {
        around.sent_again(request);
    }

    fn keeps_place(&self) -> bool {
        true
    }
}

/// First instant after `now` at which an operation issued at `issued` is sent again: issued + 1, 3,
/// 7, … seconds, the gap doubling up to [`LONGEST_RETRY`].
#[must_use]
pub fn next_retry(issued: SimTime, now: SimTime) -> SimTime {
    let mut gap = FIRST_RETRY;
    let mut at = issued + gap;
    while at <= now {
        gap = gap.saturating_mul(2).min(LONGEST_RETRY);
        at = at + gap;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mechanisms of network file systems, test 1: an operation issued one second into an outage
    /// of 45 s is sent again at 2, 4, 8, 16, 32 and 64 s.
    #[test]
    fn a_hard_mount_is_retried_on_the_transports_schedule() {
        let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
        let mut instants = vec![];
        let mut now = at(1);
        while now < at(200) {
            now = next_retry(at(1), now);
            instants.push(now.seconds() as u64);
        }
        assert_eq!(instants, [2, 4, 8, 16, 32, 64, 124, 184, 244]);
    }
}
