//! A name service: the target that a name leads to, and the answers that resolvers still cache.
//!
//! Model: the service answers with its record: the first target that it believes alive
//! (`failover`), the one of these that is nearest to the users of the class (`nearest`), or any target that it
//! believes alive, with equal probability (`round-robin`). The last choice
//! is sampled per view by rendezvous hashing, so that a target that leaves moves only its own views.
//! If no target is believed alive, the record does not change.
//!
//! With `anycast` the record is the set of targets that announce the address, and no resolver keeps it: every view is
//! routed to the nearest target of the record as it was `convergence` ago.
//!
//! Failures are detected by probes, as at a balancer: one per `interval` at a phase of each target,
//! refused at once or failed after `time-out`. `fall` failures in a row take a target out, `rise` successes
//! put it back. A shallow probe of a balancer reaches the unit that holds the virtual IP; a probe of a
//! service reaches any member that works. A deep probe also needs a working member behind the balancer.
//!
//! Each view asks a resolver of its own. The resolver asks the name service once per `ttl`, at a phase
//! drawn for the view: when the record changes, its residual life is uniform in (0, `ttl`).
//! Stale resolvers (`stale`, a share drawn per view) ignore the time to live: from a change of the record on
//! they keep the old record for the time `stale.for`, and then take the record of that instant. A change is one that moves
//! the users of a class: each order of the targets has its own.
//!
//! While the name service is down, a resolver whose answer has expired since then gets no answer.
//!
//! In: `resolve`, `begin`, `verdict`, `target_health`. Holds: at most one alarm per target.
//! Leaves out: several addresses in one answer, negative answers, caches inside browsers; routes that change while
//! nothing fails, and connections that break when routes move to another site.
//! Source: Jung, Berger & Balakrishnan (2003), Modeling TTL-based Internet caches; Flavel et al.
//! (2014), Re-evaluating the responsiveness of DNS-based network control.

use std::collections::VecDeque;

use crate::convert::{place, whole};
use crate::engine::calendar::Ticket;
use crate::model::event::Event;
use crate::model::ids::{ClassId, ComponentId, KeyId, UnitId};
use crate::model::probing::{Probing, first_probe};
use crate::model::request::RequestId;
use crate::model::route::{Draws, Op};
use crate::model::world::Around;
use crate::model::{Answer, Ctx, Health, Keeps, Live, Next, Start, none};
use crate::units::{SimDuration, SimTime};

/// Maximum number of targets of one name service: a record is a set of bits in a `u64`.
pub const MOST_TARGETS: usize = 60;

/// A target of a name.
#[derive(Clone, Debug)]
pub enum Target {
    /// One of these members.
    Members(Vec<ComponentId>),
    /// The unit that holds the virtual IP of a balancer, with the members behind it.
    Balancer(ComponentId, Vec<ComponentId>),
}

/// Configuration of a name service.
#[derive(Clone, Debug)]
pub struct NamesConfig {
    /// Targets, in order of preference.
    pub to: Vec<Target>,
    /// If true, every view is led to the first target of its order that is believed alive.
    pub failover: bool,
    /// Orders of the targets by preference; the first is that of the file.
    pub orders: Vec<Vec<u8>>,
    /// Number of the order of its users, per class; classes beyond the end have the first.
    pub order_of: Vec<u8>,
    /// Time to live of an answer.
    pub ttl: SimDuration,
    /// Time until routes follow the record; `None`: resolvers do, once per `ttl`.
    pub convergence: Option<SimDuration>,
    /// Share of the resolvers that keep an old answer, and the time for which they keep it.
    pub stale: Option<(f64, SimDuration)>,
    /// Probe settings; `None`: every target is believed alive for ever.
    pub probing: Option<Probing>,
    /// If true, a probe requests a page.
    pub deep: bool,
    /// Draw key of a view. Two keys per target follow it: that of its choice and that of its probes.
    pub key: KeyId,
    /// Alarm of the first target; those of the others follow it.
    pub unit: UnitId,
}

#[derive(Clone, Debug)]
struct Belief {
    alive: bool,
    /// Consecutive probe results that contradict the belief.
    against: u32,
    due: SimTime,
    /// True while a probe waits for its answer.
    asked: bool,
    ticket: Ticket,
    hangs: u32,
    hang: Option<bool>,
}

/// A name service in the event loop.
#[derive(Clone, Debug)]
pub struct Names {
    config: NamesConfig,
    beliefs: Vec<Belief>,
    /// Records, as sets of targets, each with the instant from which it holds; the last one is current.
    records: VecDeque<(SimTime, u64)>,
    /// Answers of stale resolvers, per order of the targets.
    stale: Vec<Kept>,
    out: Option<SimTime>,
}

/// Record that stale resolvers have; `until` is the instant at which they ask again.
#[derive(Clone, Copy, Debug)]
struct Kept {
    record: u64,
    until: Option<SimTime>,
}

impl Names {
    /// Creates the name service with every target believed alive.
    #[must_use]
    pub fn new(config: NamesConfig) -> Self {
        let belief = Belief {
            alive: true,
            against: 0,
            due: SimTime::NEVER,
            asked: false,
            ticket: Ticket::NONE,
            hangs: 0,
            hang: None,
        };
        let all = (1 << config.to.len()) - 1;
        Self {
            beliefs: vec![belief; config.to.len()],
            stale: vec![Kept { record: all, until: None }; config.orders.len()],
            config,
            records: VecDeque::from([(SimTime::ZERO, all)]),
            out: None,
        }
    }

    /// Returns the current record: the set of targets that it names.
    fn record(&self) -> u64 {
        self.records.back().map_or(0, |(_, record)| *record)
    }

    fn record_at(&self, at: SimTime) -> u64 {
        let before = self.records.iter().rev().find(|(since, _)| *since <= at);
        before.or(self.records.front()).map_or(0, |(_, record)| *record)
    }

    /// Gives stale resolvers the current record once their time is over.
    fn settle(&mut self, now: SimTime) {
        let record = self.record();
        for kept in &mut self.stale {
            if kept.until.is_some_and(|until| until <= now) {
                *kept = Kept { record, until: None };
            }
        }
    }

    /// Returns the number of the order of the targets for users of a class.
    fn order_of(&self, class: ClassId) -> usize {
        self.config.order_of.get(class.index()).map_or(0, |order| usize::from(*order))
    }

    /// Returns the first target of an order that a record names.
    fn first(&self, order: usize, record: u64) -> Option<usize> {
        let order = self.config.orders[order].iter().map(|target| usize::from(*target));
        order.into_iter().find(|target| record >> target & 1 == 1)
    }

    /// Returns the target to which the view `ordinal` of a class is led; `None` if its resolver has no answer.
    pub fn resolve(
        &mut self,
        now: SimTime,
        draws: &Draws<'_>,
        ordinal: u64,
        class: ClassId,
    ) -> Option<usize> {
        let order = self.order_of(class);
        let uniform = |index: u64| draws.uniform_at(self.config.key, ordinal, index);
        let stale = self.config.stale.is_some_and(|(share, _)| uniform(1) < share);
        let phase = uniform(0);
        let record = if stale {
            self.settle(now);
            self.stale[order].record
        } else {
            let asked = match self.config.convergence {
                Some(after) => SimTime::from_nanos(now.nanos().saturating_sub(after.nanos())),
                None => last_asked(now, self.config.ttl, phase),
            };
            if self.out.is_some_and(|since| asked >= since) {
                return None;
            }
            self.record_at(asked)
        };
        if self.config.failover {
            return self.first(order, record);
        }
        let score = |target: &usize| draws.uniform_at(self.target_key(*target, 0), ordinal, 0);
        let named = (0..self.config.to.len()).filter(|target| record >> target & 1 == 1);
        named.max_by(|one, other| score(one).total_cmp(&score(other)))
    }

    /// Arms the first probe of each target, at or after now.
    pub fn begin(&mut self, ctx: &mut Ctx<'_>) {
        let Some(probing) = self.config.probing else { return };
        for at in 0..self.beliefs.len() {
            let uniform = ctx.draws.uniform_at(self.target_key(at, 1), 0, 0);
            let due = first_probe(probing.interval, ctx.now, uniform);
            self.beliefs[at].due = due;
            self.arm(ctx, at, due);
        }
    }

    /// Returns the draw key of a target's choice (`which` = 0) or of its probes (1).
    fn target_key(&self, target: usize, which: usize) -> KeyId {
        KeyId(self.config.key.0 + 1 + place(2 * target + which))
    }

    fn arm(&mut self, ctx: &mut Ctx<'_>, at: usize, when: SimTime) {
        let code = Event::Probe(self.config.unit.0 + place(at)).code();
        self.beliefs[at].ticket = ctx.calendar.push(when, code);
    }

    /// Ends a probe with its result and arms the next one.
    fn conclude(&mut self, ctx: &mut Ctx<'_>, at: usize, good: bool) {
        self.beliefs[at].asked = false;
        self.verdict(ctx.now, at, good);
        let due = self.beliefs[at].due.max(ctx.now);
        self.beliefs[at].due = due;
        self.arm(ctx, at, due);
    }

    /// Records the result of a probe of target `at`; changes the record if the belief turns.
    pub fn verdict(&mut self, now: SimTime, at: usize, good: bool) {
        let Some(probing) = self.config.probing else { return };
        let belief = &mut self.beliefs[at];
        if !probing.turns(belief.alive, &mut belief.against, good) {
            return;
        }
        belief.alive = good;
        let alive = self.beliefs.iter().enumerate();
        let alive = alive.fold(0, |set, (at, belief)| set | u64::from(belief.alive) << at);
        if alive == 0 || alive == self.record() {
            return;
        }
        self.settle(now);
        for order in 0..self.stale.len() {
            // Resolvers see only the first target of a failover record.
            let shows = !self.config.failover
                || self.first(order, alive) != self.first(order, self.record());
            if shows && self.stale[order].until.is_none() {
                self.stale[order].until = self.config.stale.map(|(_, keep)| now + keep);
            }
        }
        self.records.push_back((now, alive));
        let oldest = self.config.convergence.unwrap_or(self.config.ttl).nanos();
        let oldest = now.nanos().saturating_sub(oldest);
        while self.records.get(1).is_some_and(|(since, _)| since.nanos() <= oldest) {
            self.records.pop_front();
        }
    }

    fn sees_hang(&mut self, draws: &Draws<'_>, at: usize) -> bool {
        let probability = self.config.probing.map_or(0.0, |probing| probing.detects_hang);
        let key = self.target_key(at, 1);
        let belief = &mut self.beliefs[at];
        *belief.hang.get_or_insert_with(|| {
            belief.hangs += 1;
            draws.uniform_at(key, 0, u64::from(belief.hangs)) < probability
        })
    }
}

impl Live for Names {
    type Config = NamesConfig;

    fn begin(_: ComponentId, config: &NamesConfig, _: &Start<'_>) -> Self {
        Self::new(config.clone())
    }

    none!(lent);
    none!(
        alarm,
        cancel,
        gauge,
        listens,
        hears,
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

    /// Answers a client that sends `request` later: the number of the target that it will reach.
    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, _: u32) -> Answer {
        let (ordinal, class) = (ctx.requests[request].ordinal, ctx.requests[request].class);
        let target = self.resolve(ctx.now, ctx.draws, ordinal, class);
        target.map_or(Answer::GoesOn, |target| Answer::Way(place(target)))
    }

    /// Sets the health of the name service itself: it answers only while it works.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        let works = health.works();
        self.out = if works { None } else { self.out.or(Some(ctx.now)) };
    }

    fn counts(_: &NamesConfig) -> Keeps {
        Keeps::NOTHING
    }

    /// Arms the first probe of each target.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        around.with(own, Self::begin);
    }

    /// Sends the probe that is due, or ends the one that has timed out.
    fn due(around: &mut Around<'_>, own: ComponentId, local: u32, ticket: Ticket) {
        Self::probe_due(around, own, local as usize, ticket);
    }

    /// Leads `request` to one of the targets.
    fn step(around: &mut Around<'_>, own: ComponentId, request: RequestId, op: Op) -> Next {
        let Op::Resolve { first, .. } = op else {
            unreachable!("no other operation is a name service's")
        };
        let Some(target) = Self::led_to(around, request, own) else { return Next::Waits };
        let entrance = around.plan.routes.branches[first as usize + target];
        Next::To(entrance.to)
    }
}

/// Returns the last instant at which a resolver asked that asks once per `ttl` at `phase` (a share of `ttl`).
fn last_asked(now: SimTime, ttl: SimDuration, phase: f64) -> SimTime {
    let ttl = ttl.nanos();
    if ttl == 0 {
        return now;
    }
    let phase = whole::u64(phase * ttl as f64);
    let since = (now.nanos() + ttl - phase) % ttl;
    SimTime::from_nanos(now.nanos().saturating_sub(since))
}

impl Names {
    /// Returns the target to which `id` is led; turns the request away and returns `None` if there is no answer.
    #[inline(never)]
    fn led_to(around: &mut Around<'_>, id: RequestId, names: ComponentId) -> Option<usize> {
        let (ordinal, class) = (around.requests[id].ordinal, around.requests[id].class);
        let now = around.now;
        let resolve =
            |names: &mut Self, ctx: &mut Ctx<'_>| names.resolve(now, ctx.draws, ordinal, class);
        let found = around.with(names, resolve);
        if found.is_none() {
            around.turn_away(id, around.cause(names), Health::Unreachable);
        }
        found
    }

    /// Returns the health that a probe of target `at` finds.
    fn target_health(around: &Around<'_>, id: ComponentId, at: usize) -> Health {
        let names = around.held::<Self>(id);
        let of = |member: &ComponentId| around.health(*member);
        let works = |health: &Health| health.works();
        let any = |members: &[ComponentId]| {
            let all = || members.iter().map(of);
            let stands = |health: &Health| health.is_stalled();
            let best = all().find(works).or_else(|| all().find(stands));
            best.or_else(|| all().next()).unwrap_or(Health::Unreachable)
        };
        match &names.config.to[at] {
            Target::Members(members) => any(members),
            Target::Balancer(beliefs, members) => {
                let Some(unit) = around.component(*beliefs).entrance() else {
                    return Health::Unreachable;
                };
                let unit = around.health(unit);
                if works(&unit) && names.config.deep { any(members) } else { unit }
            }
        }
    }

    /// Sends the probe of target `at` that is due, or fails the one that has timed out.
    fn probe_due(around: &mut Around<'_>, id: ComponentId, at: usize, ticket: Ticket) {
        let health = Self::target_health(around, id, at);
        let now = around.now;
        around.with::<Self, _>(id, |names, ctx| {
            let Some(probing) = names.config.probing else { return };
            if names.beliefs[at].ticket != ticket {
                return;
            }
            if names.beliefs[at].asked {
                return names.conclude(ctx, at, false);
            }
            if now < names.beliefs[at].due {
                let due = names.beliefs[at].due;
                return names.arm(ctx, at, due);
            }
            names.beliefs[at].due = now + probing.interval;
            if names.out.is_some() {
                let due = names.beliefs[at].due;
                return names.arm(ctx, at, due);
            }
            let stands = health.is_stalled();
            if !stands {
                names.beliefs[at].hang = None;
            }
            match health {
                Health::Up | Health::Slow(_) => names.conclude(ctx, at, true),
                Health::Down => names.conclude(ctx, at, false),
                _ if stands && !names.config.deep && !names.sees_hang(ctx.draws, at) => {
                    names.conclude(ctx, at, true);
                }
                _ => {
                    names.beliefs[at].asked = true;
                    names.arm(ctx, at, now + probing.time_out);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A resolver of phase p asked last at the largest p + k × life that is not after now.
    #[test]
    fn a_resolver_asks_once_in_every_life_at_its_phase() {
        let at = |seconds: u64| SimTime::ZERO + SimDuration::from_secs(seconds);
        let ttl = SimDuration::from_secs(60);
        assert_eq!(last_asked(at(130), ttl, 0.5), at(90));
        assert_eq!(last_asked(at(149), ttl, 0.5), at(90));
        assert_eq!(last_asked(at(150), ttl, 0.5), at(150));
        assert_eq!(last_asked(at(7), ttl, 0.5), SimTime::ZERO);
        assert_eq!(last_asked(at(7), SimDuration::ZERO, 0.5), at(7));
    }
}
