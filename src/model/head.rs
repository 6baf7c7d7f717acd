//! The head of a network file server: the processor in front of its volumes.
//!
//! Model: operations come in batches (one step's worth); a batch takes the head for the sum of its
//! operations' times, one batch after the other, first come first served. While the head is down
//! nothing is lost: a client of a hard mount sends its operation again on the schedule of its
//! transport (after 1, 2, 4, … seconds, at most 60) for ever, and goes on at the first such
//! instant at which the head serves again. A client of a soft mount gives up after its time-out
//! times (1 + retransmissions) and its step fails.
//!
//! In: `operate`, `alarm`, `wake`, `health`. Out: the request goes on, or fails (soft mounts).
//! Holds: no operation of a hard mount ever fails for a stalled head; resume instants are
//! issue + 2^k − 1 seconds up to a gap of 60 s.
//! Leaves out: takeover by a partner, grace periods of NFSv4, the reconnect of a reset connection.
//! Source: TCP retransmission 1 s doubling to 60 s and hard/soft semantics as in illumos
//! `uts/common/inet/tcp/tcp_tunables.c`, `uts/common/fs/nfs/nfs_subr.c`.

use std::collections::VecDeque;

use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::model::event::Event;
use crate::model::gauge::{Availability, Gauge, Occupancy, Usable};
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, RequestId, Waits};
use crate::model::{Ctx, Health};
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

#[derive(Clone, Copy, Debug)]
struct Batch {
    request: RequestId,
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
        }
    }

    fn serves(&self) -> bool {
        matches!(self.health, Health::Up | Health::Slow(_))
    }

    /// `count` operations of `request`, drawn under `key`.
    pub fn operate(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        key: KeyId,
        count: u32,
        persistence: Persistence,
    ) {
        let mut seconds = 0.0;
        for sub in 0..count {
            let entry = &ctx.requests[request];
            seconds += self.config.time.sample(ctx.draws.uniform(key, entry, sub));
        }
        self.operations += u64::from(count);
        self.inside.add(ctx.now);
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.need = SimDuration::from_seconds_f64(seconds).nanos();
        entry.local = 0;
        entry.ends = match persistence {
            Persistence::Hard => SimTime::NEVER,
            Persistence::Soft(limit) => ctx.now + limit,
        };
        self.send(ctx, request);
    }

    /// The operation of `request` reaches the head, or finds it dead and is sent again later.
    fn send(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        if self.serves() {
            let entry = &mut ctx.requests[request];
            entry.waits = Waits::InLine;
            let time = SimDuration::from_nanos(entry.need);
            self.line.push_back(Batch { request, time, since: entry.since });
            if self.line.len() == 1 {
                self.start(ctx);
            }
            return;
        }
        let entry = &mut ctx.requests[request];
        entry.waits = Waits::Timer;
        let next = next_retry(entry.since, ctx.now).min(entry.ends).max(ctx.now);
        entry.ticket = ctx.calendar.push(next, Event::Wake(request).code());
    }

    /// The next retransmission of `request` is due.
    pub fn wake(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        if !self.serves() && ctx.requests[request].ends <= ctx.now {
            self.failed += 1;
            self.leave(ctx, request);
            return ctx.fail(request, Outcome::Error);
        }
        self.send(ctx, request);
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

    /// The batch in service is done.
    pub fn alarm(&mut self, ctx: &mut Ctx<'_>, _local: u32, ticket: Ticket) {
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
    pub fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
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
    pub fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
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
                if batch.request == RequestId::NONE {
                    self.inside.remove(ctx.now, ctx.now - batch.since);
                } else {
                    self.send(ctx, batch.request);
                }
            }
        }
    }

    /// What it has counted, with the stays of batches that nobody waits for; the world adds those
    /// of requests.
    #[must_use]
    pub fn gauge(&self, now: SimTime) -> Gauge {
        let orphan = |batch: &&Batch| batch.request == RequestId::NONE;
        let standing = self.line.iter().filter(orphan).map(|b| u128::from((now - b.since).nanos()));
        let busy = self.busy.area(now);
        let (idle, unavailable) = self.availability.split(now, busy);
        Gauge {
            arrived: self.operations,
            refused: self.failed,
            completed: self.inside.left(),
            inside: self.inside.area(now),
            stayed: self.inside.stayed() + standing.sum::<u128>(),
            busy,
            idle,
            unavailable,
            capacity: u128::from(now.nanos()),
            ..Gauge::default()
        }
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
