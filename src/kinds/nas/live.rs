//! The head of a network file server: the processor in front of its volumes.
//!
//! Model: operations arrive in batches (one batch per step, for the pools of one head). A batch occupies the
//! head for the sum of its operations' times; batches are served one at a time, first come first served.
//! While no head serves the volumes, nothing is lost: a client of a hard mount sends its operation
//! again on the schedule of its transport (gaps of 1, 2, 4, … seconds, at most 60 s) for ever. It goes
//! on at the first such instant at which a head serves the volumes again. A client of a soft mount
//! abandons after time-out × (1 + retransmissions), and its step fails.
//!
//! A head does not know which head serves the volumes of which owner: the world ([`storage`]) sends
//! an operation to the serving head, and takes queued ones away when volumes move ([`Head::release`]). A head
//! that serves two owners does the work of both, one batch at a time. During a grace period
//! a batch with an operation that opens or locks waits for its end; the other batches do not.
//!
//! In: `operate`, `take`, `release`, `alarm`, `wake`, `health`. Out: the request goes on, or fails
//! (soft mounts). Holds: no operation of a hard mount ever fails for a stalled head; resume instants
//! are 1, 3, 7, … s after the arrival at this head, the gap doubling up to 60 s; `take` restarts the schedule.
//! Leaves out: the reconnect of a reset connection, a client that asks more often during a grace
//! period, operations of one step sent to two heads at once (they are sent one after the other).
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

/// Configuration of a head.
#[derive(Clone, Debug)]
pub struct HeadConfig {
    /// Time of one operation, in seconds.
    pub time: Sampler,
    /// Grace period: wait of operations that open or lock after volumes are served again; zero: none.
    pub grace: SimDuration,
    /// Share of operations that open or lock.
    pub opens: f64,
    /// Its alarm.
    pub unit: UnitId,
}

/// Retry behaviour of a mount's client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// Retries for ever.
    Hard,
    /// Fails after this time.
    Soft(SimDuration),
}

/// Operations of one step for the volumes of one owner.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// The head that owns the volumes.
    pub owner: ComponentId,
    /// Draw key of the operation times; the next key decides for each operation whether it opens or locks.
    pub key: KeyId,
    /// Operations of the step.
    pub count: u32,
    /// Selection of the operations that go to this owner.
    pub among: Among,
    /// Retry behaviour of the client while no head answers.
    pub persistence: Persistence,
}

/// Service of the volumes of an owner at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// True if the head that receives the operation serves the volumes.
    pub here: bool,
    /// End of the grace period; operations that open or lock wait until then.
    pub grace: SimTime,
}

/// Packs the owner of the requested volumes and the flag "an operation opens or locks" into
/// [`Request::local`].
const fn local(owner: ComponentId, opens: bool) -> u32 {
    owner.0 << 1 | opens as u32
}

/// Returns the owner of the volumes that `request` asks for; `request` must be at a head.
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

/// A head in the event loop.
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
    /// Batches that moved to another head.
    moved: u64,
}

impl Head {
    /// Creates an idle head.
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

    /// Returns true if the head answers.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.health.works()
    }

    /// Receives the operations of one step of `request`: samples their times and queues or postpones the batch.
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

    /// Receives `request` from the head that served its volumes before.
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

    /// Queues the batch of `request`; schedules it again if no head serves the volumes or a grace period holds it up.
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

    /// Retransmits the operation of `request`; fails the request if the time-out of a soft mount is over.
    pub fn sent_again(&mut self, ctx: &mut Ctx<'_>, request: RequestId, service: Service) {
        let silent = !service.here || !self.serves();
        if silent && ctx.requests[request].ends <= ctx.now {
            self.failed += 1;
            self.leave(ctx, request);
            return ctx.fail(request, Outcome::Error);
        }
        self.send(ctx, request, service);
    }

    /// Removes `request`, which waits here and moves to the head that serves its volumes now.
    pub fn hand_over(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.moved += 1;
        self.leave(ctx, request);
    }

    /// Stops serving the volumes of `owner`: clients send their queued batches again on their schedules, and the
    /// batch in service too.
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

    /// Schedules the retransmission of an unfinished `batch` that left the queue; drops it if no request waits.
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
        part_health,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );
    none!(counts_anew, begin_to_count);

    /// Completes the batch in service.
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

    /// Detaches `request`, which no longer waits; the head still processes its batch if that is queued.
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

    /// Sets the health. When the head stops serving, clients send queued batches again on their schedules.
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

    /// Returns the counts. Sojourn times include unfinished batches without a request; the world adds those
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

    /// Sends the operation of `request` again.
    fn wake(around: &mut Around<'_>, _: ComponentId, request: RequestId) {
        around.sent_again(request);
    }

    fn keeps_place(&self) -> bool {
        true
    }
}

/// Returns the first instant after `now` at which an operation issued at `issued` is sent again: `issued` + 1, 3,
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

    /// 8.4 test 1, on the schedule alone: an operation issued 1 s into an outage of 45 s
    /// is sent again at 2, 4, 8, 16, 32 and 64 s.
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
