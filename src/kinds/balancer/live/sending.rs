//! Requests on their way through a balancer, and the probes of a balancer.
//!
//! A frame with `behind` was entered through the frame below it, a unit of a balancer. Wherever
//! such a frame ends, `Live::closes` reduces the open requests of the unit by one.
//! A deep probe is a request. It takes a worker of the member, asks the storage heads of the member's
//! mounts, and takes a connection wherever the requests behind the balancer do. It is in no ledger.

use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::kinds::balancer::live::{Balancer, Seeker};
use crate::kinds::client::guests::GuestId;
use crate::model::ids::{CallId, CauseId, ClassId, ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, Owner, Request, RequestId, Waits};
use crate::model::route::Op;
use crate::model::world::Around;
use crate::model::{Component, Health, Heard, Move};
use crate::units::SimTime;

impl Balancer {
    /// Sends request `id` into the unit that holds the virtual IP, or turns it away if none does.
    #[inline(never)]
    pub(super) fn front(
        around: &mut Around<'_>,
        id: RequestId,
        balancer: ComponentId,
        call: Option<CallId>,
    ) {
        let found = around.held::<Self>(balancer);
        let (holder, held) = found.leads(around.requests[id].ordinal);
        let unit = found.config.units[holder].0;
        around.ask(id, unit, call, false);
        around.requests[id].dispatches = 0;
        if held {
            around.let_in(id, unit);
        } else {
            around.turn_away(id, around.cause(unit), Health::Unreachable);
        }
    }

    /// Sends request `id`, inside a unit of `balancer`, on to a member; queues or refuses it if none can take it.
    #[inline(never)]
    pub(super) fn send_on(
        around: &mut Around<'_>,
        id: RequestId,
        balancer: ComponentId,
        farm: u16,
        call: Option<CallId>,
        key: KeyId,
    ) {
        if farm == 0 && Self::has_to_wait(around, id, balancer, None) {
            return Self::joins_line(around, id, balancer);
        }
        match Self::member_for(around, id, balancer, farm, key, None) {
            Some(member) => {
                Self::noted_no_wait(around, id, balancer, farm);
                around.ask(id, member, call, true);
                around.let_in(id, member);
            }
            None if farm > 0 => {
                // No replica is left: the primary serves the read.
                let group = Self::group_behind(around, balancer, farm);
                let op = Op::Query { database: group, write: true, call };
                Component::step(around, group, id, op);
            }
            None if Self::may_have_room(around, id, balancer, None) => {
                Self::joins_line(around, id, balancer)
            }
            None => {
                around.held_mut::<Self>(balancer).refused += 1;
                Self::turn_down(around, id, balancer);
            }
        }
    }

    /// Queues `id` for a free slot at a member, or refuses it where the queue is full.
    fn joins_line(around: &mut Around<'_>, id: RequestId, balancer: ComponentId) {
        if !Self::wait_for_room(around, id, balancer, None) {
            around.held_mut::<Self>(balancer).refused += 1;
            around.requests[id].cause = CauseId::OVERLOAD;
            around.leave(id, Outcome::Refused);
            around.fail_up(id, Outcome::Refused);
        }
    }

    /// Refuses `id`, inside a unit, because no member is left; attributes that to what took them out.
    pub(super) fn turn_down(around: &mut Around<'_>, id: RequestId, balancer: ComponentId) {
        let members = &around.held::<Self>(balancer).config.members;
        let causes = members.iter().map(|member| around.cause(member.id));
        around.requests[id].cause = causes.max().unwrap_or(CauseId::OVERLOAD);
        around.leave(id, Outcome::Refused);
        around.fail_up(id, Outcome::Refused);
    }

    /// Returns the database behind a backend pool of a balancer.
    fn group_behind(around: &Around<'_>, balancer: ComponentId, farm: u16) -> ComponentId {
        let config = &around.held::<Self>(balancer).config;
        let first = config.members[config.farms[usize::from(farm)].start].id;
        let group = around.plan.parts[first.index()].database;
        group.expect("the plan puts members of a database there").0
    }

    /// Returns the session whose cookie of a balancer applies to `id`, and the number of that cookie.
    /// Cookies belong to the client: a call by another service has none.
    fn cookie_of(
        around: &Around<'_>,
        id: RequestId,
        balancer: ComponentId,
    ) -> Option<(GuestId, usize)> {
        let sticky = around.held::<Self>(balancer).config.sticky?;
        let guest = around.guest_of(id).filter(|_| around.requests[id].depth == 1)?;
        Some((guest, sticky))
    }

    /// Returns the page view of `id`, and the member of the service that its cookie names.
    pub(super) fn seeker(around: &Around<'_>, id: RequestId, balancer: ComponentId) -> Seeker {
        let cookie = Self::cookie_of(around, id, balancer);
        let cookie = cookie.and_then(|(guest, number)| around.clients.guests.cookie(guest, number));
        Seeker { ordinal: around.requests[id].ordinal, cookie }
    }

    pub(super) fn member_for(
        around: &mut Around<'_>,
        id: RequestId,
        balancer: ComponentId,
        farm: u16,
        key: KeyId,
        avoid: Option<ComponentId>,
    ) -> Option<ComponentId> {
        let now = around.now;
        let request = &around.requests[id];
        let unit = request.top().at;
        let mut seeker = Seeker { ordinal: request.ordinal, cookie: None };
        let config = &around.held::<Self>(balancer).config;
        let sticky = farm == 0 && config.sticky.is_some();
        let kept = if sticky { Self::cookie_of(around, id, balancer) } else { None };
        if let Some((guest, number)) = kept {
            seeker.cookie = around.clients.guests.cookie(guest, number);
        }
        let mut uniforms = [0.5; 2];
        if config.choice.draws() {
            // Each attempt and each further member has draws of its own.
            let own = u32::from(request.attempt) * 8 + u32::from(request.dispatches) * 2;
            uniforms = [0, 1].map(|sub| around.draws.uniform(key, request, own + sub));
        }
        // Of a database, the current replicas only.
        let mut barred = std::mem::take(&mut around.held_mut::<Self>(balancer).barred);
        barred.clear();
        if farm > 0 {
            let group = Self::group_behind(around, balancer, farm);
            around.component(group).bars(&mut barred);
        }
        let found = around.held_mut::<Self>(balancer);
        let unit = found.unit_of(unit)?;
        let avoid = avoid.and_then(|member| found.member_of(member));
        let draw = |sub: u32| uniforms[sub as usize];
        let first = found.config.farms[usize::from(farm)].start;
        let out = |member: usize| {
            Some(member) == avoid || barred.get(member - first).copied().unwrap_or(false)
        };
        let farm = usize::from(farm);
        let member = found.pick_from(now, unit, farm, seeker, out, draw);
        let found = around.held_mut::<Self>(balancer);
        found.barred = barred;
        let member = member?;
        let picked = found.config.members[member].id;
        let changed = kept.filter(|_| seeker.cookie != Some(member));
        // Queued requests of this session now have another member.
        let rings = changed.is_some() && seeker.cookie.is_some() && found.lines.is_some();
        if rings {
            found.unbind(unit);
            around.lane.push(Move::Room(around.requests[id].top().at));
        }
        if let Some((guest, number)) = changed {
            around.clients.guests.set_cookie(guest, number, member);
        }
        Some(picked)
    }

    /// Sends `id`, which a member did not take, to another member. Returns false if the balancer does
    /// not retry, or no other member can take it.
    #[inline(never)]
    pub(super) fn try_another(
        around: &mut Around<'_>,
        balancer: ComponentId,
        id: RequestId,
        outcome: Outcome,
    ) -> bool {
        let entry = &around.requests[id];
        let (frame, unit) = (*entry.top(), entry.frames[usize::from(entry.depth) - 2].at);
        let op = around.plan.routes.ops[entry.pc as usize - 1];
        let Op::Pick { farm, call, key, .. } = op else {
            return false;
        };
        if entry.dispatches >= around.held::<Self>(balancer).config.retries
            || !around.health(unit).works()
        {
            return false;
        }
        around.requests[id].dispatches += 1;
        around.requests[id].depth -= 1;
        let waits = farm == 0 && Self::has_to_wait(around, id, balancer, Some(frame.at));
        let found = if waits {
            None
        } else {
            Self::member_for(around, id, balancer, farm, key, Some(frame.at))
        };
        let queues = found.is_none()
            && farm == 0
            && Self::may_have_room(around, id, balancer, Some(frame.at))
            && Self::wait_for_room(around, id, balancer, Some(frame.at));
        if found.is_none() && !queues {
            around.requests[id].depth += 1;
            return false;
        }
        let (now, stay) = (around.now, around.now - frame.since);
        if around.held_mut::<Self>(balancer).close(now, unit, frame.at, stay) {
            around.lane.push(Move::Room(unit));
        }
        let entry = &mut around.requests[id];
        if let Some(call) = call {
            around.record.call_ends(call, outcome, entry.counted);
        }
        if let Some(member) = found {
            entry.waits = Waits::Nothing;
            Self::noted_no_wait(around, id, balancer, farm);
            around.ask(id, member, call, true);
            around.let_in(id, member);
        }
        true
    }

    /// Applies a change of health of a unit of a balancer.
    pub(super) fn unit_health(
        around: &mut Around<'_>,
        balancer: ComponentId,
        heard: Heard,
        cause: CauseId,
    ) {
        let (id, health) = (heard.of, heard.is);
        if health.is_lost() || health == Health::Hung {
            // The unit comes back as a new process.
            around.held_mut::<Self>(balancer).forget(id);
        }
        // Planned work shuts the unit down in good order, even an appliance that then does not answer.
        // A drill counts as a crash.
        let gone = health.is_lost();
        let clean = gone && around.is_work(cause);
        around.with::<Self, _>(balancer, |balancer, ctx| {
            balancer.health_changes(ctx, id, health, (clean, cause));
        });
        if around.held::<Self>(balancer).lines.is_some() {
            around.lane.push(Move::Room(id));
        }
    }

    /// Handles an alarm: a probe is due or has timed out, or an address moves.
    #[inline(never)]
    pub(super) fn alarm_rings(around: &mut Around<'_>, id: ComponentId, at: usize, ticket: Ticket) {
        let found = around.held::<Self>(id);
        let Some(belief) = found.beliefs.get(at) else {
            if found.peers.is_some() {
                return Self::addresses_move(around, id, ticket);
            }
            let loses = around.with::<Self, _>(id, |balancer, ctx| balancer.ring(ctx, ticket));
            if let Some(loses) = loses {
                around.drop_requests(loses, around.cause(loses));
            }
            return;
        };
        if belief.ticket != ticket {
            return;
        }
        if belief.asked.is_some() {
            return Self::conclude(around, id, at, false);
        }
        if around.now < belief.due {
            // The process that sent the probe is gone.
            return around.with::<Self, _>(id, |balancer, ctx| balancer.next_probe(ctx, at));
        }
        let count = found.config.members.len();
        let unit = found.config.units[at / count].0;
        let member = &found.config.members[at % count];
        let (member, deep) = (member.id, member.deep);
        let (Some(probing), listed) = (found.config.probing, belief.listed) else { return };
        let now = around.now;
        let belief = &mut around.held_mut::<Self>(id).beliefs[at];
        belief.due = now + probing.interval;
        belief.probes += 1;
        let ordinal = belief.probes;
        if !listed || !around.health(unit).works() {
            return around.with::<Self, _>(id, |balancer, ctx| balancer.next_probe(ctx, at));
        }
        if !around.hears_in_time(unit, member, probing.time_out) {
            return Self::wait(around, id, at, now + probing.time_out);
        }
        if let Some(entry) = deep {
            return Self::probe_deep(around, id, at, entry, ordinal, now + probing.time_out);
        }
        let health = around.health(member);
        let stands = health.is_stalled();
        if !stands {
            around.held_mut::<Self>(id).beliefs[at].hang = None;
        }
        match health {
            Health::Up | Health::Slow(_) => Self::conclude(around, id, at, true),
            Health::Down => Self::conclude(around, id, at, false),
            _ if stands && !around.held_mut::<Self>(id).sees_hang(at, now) => {
                Self::conclude(around, id, at, true)
            }
            _ => Self::wait(around, id, at, now + probing.time_out),
        }
    }

    /// Lets a probe wait for an answer until `until`.
    fn wait(around: &mut Around<'_>, id: ComponentId, at: usize, until: SimTime) {
        let now = around.now;
        around.with::<Self, _>(id, |balancer, ctx| {
            balancer.beliefs[at].asked = Some(now);
            balancer.arm(ctx, at, until);
        });
    }

    fn probe_deep(
        around: &mut Around<'_>,
        id: ComponentId,
        at: usize,
        entry: u32,
        ordinal: u64,
        until: SimTime,
    ) {
        Self::wait(around, id, at, until);
        let unit = UnitId(around.held::<Self>(id).config.unit.0 + place(at));
        let mut request = Request::new(ClassId(0), entry, Owner::Probe(unit), around.now);
        request.ordinal = ordinal;
        if let Some(request) = around.insert(request) {
            around.lane.push(Move::Advance(request));
        }
    }

    /// Concludes the deep probe that began at `born`.
    pub(super) fn probe_ends(
        around: &mut Around<'_>,
        id: ComponentId,
        at: usize,
        born: SimTime,
        outcome: Outcome,
    ) {
        let asked = around.held::<Self>(id).beliefs[at].asked;
        // An answer after the time-out is ignored.
        if asked == Some(born) {
            Self::conclude(around, id, at, outcome == Outcome::Ok);
        }
    }

    fn conclude(around: &mut Around<'_>, id: ComponentId, at: usize, good: bool) {
        around.with::<Self, _>(id, |balancer, ctx| {
            balancer.beliefs[at].asked = None;
            balancer.verdict(at, good, ctx.now);
            balancer.next_probe(ctx, at);
            let unit = at / balancer.config.members.len();
            if balancer.waiting(unit) > 0 {
                ctx.lane.push(Move::Room(balancer.config.units[unit].0));
            }
        });
    }
}
