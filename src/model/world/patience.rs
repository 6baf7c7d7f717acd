//! Instants at which clients abandon their requests.
//!
//! Model: every request has a patience or a time-out, and nearly all are answered long before. The instant is
//! therefore not computed when the request begins. A table of the law gives a lower bound of it, and the request
//! is put in the bucket of that bound. When a bucket is due, the requests still waiting have their instant
//! computed from the same draw. Each gets an event of its own, in the place of the order that it would have had
//! from the beginning.
//!
//! Holds: no client abandons before or after the drawn instant. The calendar holds one event per bucket, and one
//! per request near its end. Nothing is allocated in the steady state.

use std::collections::VecDeque;

use crate::convert::{self, below};
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::model::blueprint::Blueprint;
use crate::model::event::Event;
use crate::model::ids::{DemandId, KeyId, WorkloadId};
use crate::model::request::{Marks, Request, RequestId};
use crate::model::route::index_of;
use crate::model::world::Around;
use crate::units::{SimDuration, SimTime};

/// Log₂ of the length of a bucket: 2²⁸ ns, about a quarter of a second.
const BUCKET_BITS: u32 = 28;
/// Largest number of buckets ahead; a request with a longer bound is examined again when the last of them is due.
const AHEAD: u64 = 512;
/// Number of intervals of probability in the table of a law.
const PIECES: usize = 64;

/// Patience and time-out of the clients of a workload.
#[derive(Clone, Debug)]
struct Rule {
    patience: Option<Patience>,
    time_out: SimDuration,
}

#[derive(Clone, Debug)]
struct Patience {
    demand: DemandId,
    key: KeyId,
    floors: [SimDuration; PIECES],
}

/// Waiting requests in buckets; no request of a bucket is abandoned before its bucket is due.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Rules per workload.
    rules: Vec<Option<Rule>>,
    buckets: VecDeque<Vec<Waiter>>,
    /// Number of the first bucket. Buckets of the past are empty.
    first: u64,
    spare: Vec<Vec<Waiter>>,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    request: RequestId,
    ticket: Ticket,
    since: SimTime,
}

impl Waiting {
    pub(super) fn new(plan: &Blueprint) -> Self {
        let rule = |workload: &crate::model::blueprint::Workload| {
            let clients = &plan.clients[workload.clients?];
            let patience = clients.patience.map(|demand| {
                let of = &plan.routes.demands[demand.index()];
                Patience { demand, key: of.key, floors: floors(&of.sampler, of.share) }
            });
            let time_out = clients.time_out.unwrap_or(SimDuration::MAX);
            (patience.is_some() || clients.time_out.is_some())
                .then_some(Rule { patience, time_out })
        };
        Self {
            rules: plan.workloads.iter().map(rule).collect(),
            buckets: VecDeque::new(),
            first: 0,
            spare: Vec::new(),
        }
    }

    /// Puts `waiter` in a bucket due at or before `bound`. Returns the start of the bucket if it was empty.
    fn put(&mut self, now: SimTime, bound: SimTime, waiter: Waiter) -> Option<SimTime> {
        let present = now.nanos() >> BUCKET_BITS;
        if self.buckets.is_empty() {
            self.first = present + 1;
        }
        let number = (bound.nanos() >> BUCKET_BITS).min(present + AHEAD).max(self.first);
        let place = convert::index(number - self.first);
        while self.buckets.len() <= place {
            self.buckets.push_back(self.spare.pop().unwrap_or_default());
        }
        let bucket = &mut self.buckets[place];
        bucket.push(waiter);
        (bucket.len() == 1).then(|| SimTime::from_nanos(number << BUCKET_BITS))
    }
}

/// Returns lower bounds of the draws of a law, by 64ths of probability. Samplers are monotone in the uniform
/// number, so the least value of an interval lies at one of its ends, except for the last bits.
fn floors(sampler: &Sampler, share: f64) -> [SimDuration; PIECES] {
    std::array::from_fn(|piece| {
        let end = |at: usize| sampler.sample(at as f64 / PIECES as f64) * share;
        let least = end(piece).min(end(piece + 1)) * (1.0 - 1e-9);
        // The ends of a law may be infinite or no number.
        if least.is_finite() {
            SimDuration::from_seconds_f64(least.max(0.0))
        } else {
            SimDuration::ZERO
        }
    })
}

/// Returns the index of the draw of an attempt: the number of the attempt takes the place of a repetition.
fn of_try(request: &Request) -> u64 {
    index_of(request.position, u16::from(request.attempt), 0)
}

impl Around<'_> {
    /// Starts the wait of the client of `id`.
    pub(crate) fn begins_to_wait(&mut self, id: RequestId) {
        let workload = WorkloadId(self.requests[id].workload);
        let Some(rule) = &self.clients.waiting.rules[workload.index()] else { return };
        let entry = &self.requests[id];
        let bound = rule.patience.as_ref().map_or(SimDuration::MAX, |patience| {
            let uniform = self.draws.uniform_at(patience.key, entry.ordinal, of_try(entry));
            patience.floors[below(uniform, PIECES)]
        });
        let bound = self.now + bound.min(rule.time_out);
        let ticket = self.calendar.ticket();
        let entry = &mut self.requests[id];
        entry.patience = ticket;
        entry.marks.set(Marks::CAN_TIME_OUT, true);
        self.wait_until(bound, Waiter { request: id, ticket, since: self.now });
    }

    /// Lets `waiter` wait without an event until about `bound`, before which it is not abandoned.
    fn wait_until(&mut self, bound: SimTime, waiter: Waiter) {
        if bound.nanos() >> BUCKET_BITS <= self.now.nanos() >> BUCKET_BITS {
            return self.ends_waiting_soon(waiter);
        }
        if let Some(start) = self.clients.waiting.put(self.now, bound, waiter) {
            self.calendar.push(start, Event::Patiences.code());
        }
    }

    /// Computes the instant of `waiter`, and schedules its event or lets it wait on.
    fn ends_waiting_soon(&mut self, waiter: Waiter) {
        let entry = &self.requests[waiter.request];
        let Some(rule) = &self.clients.waiting.rules[usize::from(entry.workload)] else { return };
        let drawn = rule.patience.as_ref().map_or(SimDuration::MAX, |patience| {
            let uniform = self.draws.uniform_at(patience.key, entry.ordinal, of_try(entry));
            SimDuration::from_seconds_f64(self.draws.of_uniform(patience.demand, uniform))
        });
        let at = waiter.since + drawn.min(rule.time_out);
        if at.nanos() >> BUCKET_BITS > self.now.nanos() >> BUCKET_BITS {
            return self.wait_until(at, waiter);
        }
        self.calendar.push_as(waiter.ticket, at, Event::Patience(waiter.request).code());
    }

    /// Examines the requests of all buckets that are due.
    pub(super) fn patiences_due(&mut self) {
        let present = self.now.nanos() >> BUCKET_BITS;
        while self.clients.waiting.first <= present {
            let Some(mut bucket) = self.clients.waiting.buckets.pop_front() else { return };
            self.clients.waiting.first += 1;
            for waiter in bucket.drain(..) {
                let entry = &self.requests[waiter.request];
                if entry.marks.has(Marks::LIVE) && entry.patience == waiter.ticket {
                    self.ends_waiting_soon(waiter);
                }
            }
            self.clients.waiting.spare.push(bucket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::law::Law;

    /// A lower bound never comes too late: no draw lies below the bound of its interval, for every law and both
    /// directions of inversion.
    #[test]
    fn no_draw_lies_below_its_bound() {
        let laws = [
            Law::exponential(2.0).unwrap(),
            Law::lognormal(5.1, 0.8).unwrap(),
            Law::constant(3.0).unwrap(),
            Law::weibull(4.0, 0.7).unwrap(),
            Law::uniform(1.0, 9.0).unwrap(),
            Law::hyperexponential(4.0, 2.0).unwrap(),
        ];
        for law in laws {
            let sampler = law.sampler();
            let floors = floors(&sampler, 1.0);
            let mut tight = 0;
            for step in 0..64_000 {
                let uniform = (f64::from(step) + 0.5) / 64_000.0;
                let drawn = SimDuration::from_seconds_f64(sampler.sample(uniform));
                let floor = floors[(uniform * 64.0) as usize];
                assert!(floor <= drawn, "{law:?} at {uniform}: {floor} above {drawn}");
                tight += u32::from(drawn.seconds() - floor.seconds() < 1.0);
            }
            assert!(tight > 32_000, "{law:?}: the bounds are of use");
        }
    }
}
