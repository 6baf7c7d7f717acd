//! Bounded open requests at the members, and the queue in front of them at the balancer.
//!
//! Model: a unit has at most `each` open requests at one member of its service. A request that finds
//! no member with a free slot waits in the queue of the unit, first come, first served. It is sent on
//! when an open request of the unit is answered or abandoned, or when a member is put back. While
//! requests wait, new ones join the end of the queue. With *hash* or a cookie, a request waits for
//! its own member, and requests for other members overtake it.
//!
//! A request that finds the queue full is refused. One that waits longer than `time-out` ends with an
//! error. When the last member is ejected, all queued requests are refused. A caller that times out
//! leaves the queue without a slot. A unit that fails loses its queue. During a slow start the slots
//! of a member grow with its weight, from one on.
//!
//! In: `wait_for_room`, `sends_from_line`, `gives_up_in_line`, `line_times_out`, `cancel`. Holds:
//! no request waits that could be sent to a free slot (slots that a slow start adds are found at the
//! next event of the queue); no unit has more than `each` open requests at one member; the areas under
//! the numbers queued and open equal the sums of the times queued and open.
//! Leaves out: a queue per member except by hash or cookie, a bound that grows with the load (`minconn`).
//! Source: HAProxy, `maxconn` and `slowstart` of a server, `timeout queue`, 503 when that is over.

use std::collections::VecDeque;

use super::{Balancer, Choice, Seeker};
use crate::convert::whole;
use crate::engine::calendar::Ticket;
use crate::model::event::Event;
use crate::model::gauge::{ByNumber, Gauge, Occupancy};
use crate::model::ids::{CauseId, ComponentId};
use crate::model::request::{Outcome, Request, RequestId, Waits};
use crate::model::route::Op;
use crate::model::world::Around;
use crate::model::{Ctx, Move};
use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};

/// Bounds on open and queued requests at the members of the service.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Open requests of each unit at each member, at most.
    pub each: u32,
    /// Length of the queue at a unit, at most; `None`: no bound.
    pub queue_limit: Option<u32>,
    /// Longest wait in the queue, after which a request ends with an error.
    pub time_out: Option<SimDuration>,
    /// True to keep the distributions of the wait and of the queue length.
    pub detailed: bool,
}

/// A request in the queue.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    request: RequestId,
    /// Member by hash or cookie; `None`: any member, or not determined yet.
    bound: Option<usize>,
    /// Member that did not take the request.
    avoid: Option<usize>,
}

/// Queues of a balancer, and the open requests at its members.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    room: Room,
    /// Queue of each unit.
    lines: Vec<VecDeque<Waiting>>,
    waiting: Occupancy,
    open: Occupancy,
    /// Requests that left the queue without being sent on; of these (`reneged`) by the time-out or
    /// abandoned by the caller.
    left: u64,
    reneged: u64,
    waits: Option<Box<Histogram>>,
}

impl Lines {
    /// Creates empty queues.
    pub(super) fn new(room: Room, units: usize) -> Self {
        Self {
            room,
            lines: vec![VecDeque::new(); units],
            waiting: Occupancy::new(room.detailed),
            open: Occupancy::new(false),
            left: 0,
            reneged: 0,
            waits: room.detailed.then(Box::default),
        }
    }
}

impl Balancer {
    /// Returns whether the unit of this belief has no free slot at `member`.
    pub(super) fn full(&self, belief: usize, member: usize, now: SimTime) -> bool {
        let Some(lines) = &self.lines else { return false };
        if !self.has_slots(member) {
            return false;
        }
        let own = self.config.members[member].weight;
        let share = self.weight(belief, member, now) / own;
        let each = whole::u32(f64::from(lines.room.each) * share);
        self.states[belief].open >= each.max(1)
    }

    /// Returns whether the open requests at `member` are bounded. Only members of the service are;
    /// members of databases have connections of their own.
    pub(crate) fn has_slots(&self, member: usize) -> bool {
        self.lines.is_some() && self.config.farms[0].contains(&member)
    }

    /// Counts a request that was sent to `member`.
    pub(super) fn slot_taken(&mut self, member: usize, now: SimTime) {
        if self.has_slots(member)
            && let Some(lines) = &mut self.lines
        {
            lines.open.add(now);
        }
    }

    /// Counts the time `stay` for which a request has been on its way to `member`, at which its stay begins anew.
    pub(crate) fn slot_keeps(&mut self, member: ComponentId, stay: SimDuration) {
        let slots = self.member_of(member).is_some_and(|member| self.has_slots(member));
        if let Some(lines) = self.lines.as_mut().filter(|_| slots) {
            lines.open.stays(stay);
        }
    }

    /// Counts the end of a request that was open at `member` for `stay`. Returns whether a request
    /// waits in the queue of the unit.
    pub(super) fn slot_freed(
        &mut self,
        unit: usize,
        member: usize,
        now: SimTime,
        stay: SimDuration,
    ) -> bool {
        if !self.has_slots(member) {
            return false;
        }
        let Some(lines) = &mut self.lines else { return false };
        lines.open.remove(now, stay);
        !lines.lines[unit].is_empty()
    }

    /// Returns the length of the queue of a unit.
    #[must_use]
    pub fn waiting(&self, unit: usize) -> usize {
        self.lines.as_ref().map_or(0, |lines| lines.lines[unit].len())
    }

    /// Returns whether a request that arrives at `unit` has to wait behind others.
    fn waits_behind(
        &self,
        now: SimTime,
        unit: usize,
        seeker: Seeker,
        avoid: Option<usize>,
    ) -> bool {
        let Some(lines) = &self.lines else { return false };
        let line = &lines.lines[unit];
        if line.is_empty() || !self.binds() {
            return !line.is_empty();
        }
        let own = self.own_member(now, unit, seeker, avoid);
        // A request that avoids that member does not compete for it.
        let wants_any =
            |other: &Waiting| other.bound.is_none() && (own.is_none() || other.avoid != own);
        line.iter().any(|other| wants_any(other) || other.bound == own)
    }

    /// Returns whether requests may be bound to one member, by hash or cookie.
    fn binds(&self) -> bool {
        self.config.choice == Choice::Hash || self.config.sticky.is_some()
    }

    /// Returns the member of a page view, by hash or cookie, among those believed alive.
    fn own_member(
        &self,
        now: SimTime,
        unit: usize,
        seeker: Seeker,
        avoid: Option<usize>,
    ) -> Option<usize> {
        let base = self.at(unit, 0);
        let may = |m: &usize| self.states[base + m].alive && Some(*m) != avoid;
        match self.config.choice {
            Choice::Hash => {
                self.hashed(now, base, self.config.farms[0].clone().filter(may), seeker.ordinal)
            }
            _ => seeker.cookie.filter(may),
        }
    }

    /// Returns the number of the unit that `request` is inside, and the number of the member to avoid.
    fn numbers(
        &self,
        request: &Request,
        avoid: Option<ComponentId>,
    ) -> (Option<usize>, Option<usize>) {
        let avoid = avoid.and_then(|member| self.member_of(member));
        (self.unit_of(request.top().at), avoid)
    }

    /// Returns whether a member of the service other than `avoid` is believed alive.
    fn has_anybody(&self, unit: usize, avoid: Option<usize>) -> bool {
        let base = self.at(unit, 0);
        let mut members = self.config.farms[0].clone();
        members.any(|m| self.states[base + m].alive && Some(m) != avoid)
    }

    /// Clears the members of queued requests, since a belief of `unit` or a cookie has changed.
    pub(super) fn unbind(&mut self, unit: usize) {
        if let Some(lines) = &mut self.lines {
            lines.lines[unit].iter_mut().for_each(|waiting| waiting.bound = None);
        }
    }

    /// Takes `request` out of the queue in which it waits.
    pub fn leave_line(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let Some(lines) = &mut self.lines else { return };
        for line in &mut lines.lines {
            if let Some(place) = line.iter().position(|waiting| waiting.request == request) {
                line.remove(place);
                lines.left += 1;
                ctx.requests[request].ticket = Ticket::NONE;
                return ctx.departs(&mut lines.waiting, request);
            }
        }
    }

    /// Returns the waits of counted requests in nanoseconds; `None` if not kept.
    #[must_use]
    pub fn waits_in_line(&self) -> Option<&Histogram> {
        self.lines.as_ref().and_then(|lines| lines.waits.as_deref())
    }

    /// Clears the waits kept so far.
    pub fn forget_waits(&mut self) {
        if let Some(waits) = self.lines.as_mut().and_then(|lines| lines.waits.as_mut()) {
            **waits = Histogram::default();
        }
    }

    /// Counts from `now` on when each queue length is first reached.
    pub fn counts_line_from(&mut self, now: SimTime) {
        if let Some(lines) = &mut self.lines {
            lines.waiting.begin_to_count(now);
        }
    }

    /// Returns the times at each queue length up to `now`; `None` if not kept.
    #[must_use]
    pub fn line_by_number(&self, now: SimTime) -> Option<ByNumber> {
        let line = self.lines.as_ref()?.waiting.levels(now)?;
        Some(ByNumber { line: Some(line), ..ByNumber::default() })
    }

    fn note_wait(&mut self, waited: SimDuration, counted: bool) {
        if counted && let Some(waits) = self.lines.as_mut().and_then(|lines| lines.waits.as_mut()) {
            waits.record(waited.nanos());
        }
    }

    /// Returns the counts of a balancer with bounded slots. A free slot is idle, even at an ejected
    /// member.
    pub(super) fn gauge_of_lines(&self, now: SimTime, lines: &Lines) -> Gauge {
        let members = self.config.farms[0].len() as u128;
        // Only one unit of a pair works.
        let units = if self.config.peers.is_some() { self.config.units.len() as u128 } else { 1 };
        let each = u128::from(lines.room.each) * units;
        let there = members * u128::from(now.nanos()) - self.away.area(now);
        let (capacity, busy) = (each * there, lines.open.area(now));
        Gauge {
            arrived: self.sent + self.refused + lines.left + u64::from(lines.waiting.number()),
            refused: self.refused,
            completed: lines.open.left(),
            reneged: lines.reneged,
            inside: lines.waiting.area(now) + busy,
            stayed: lines.waiting.stayed() + lines.open.stayed(),
            busy,
            capacity,
            idle: capacity.saturating_sub(busy),
            ..Gauge::default()
        }
    }
}

impl Balancer {
    /// Returns whether `id`, inside a unit of `balancer`, has to wait behind others for a slot.
    pub(super) fn has_to_wait(
        around: &Around<'_>,
        id: RequestId,
        balancer: ComponentId,
        avoid: Option<ComponentId>,
    ) -> bool {
        let found = around.held::<Self>(balancer);
        if found.lines.is_none() {
            return false;
        }
        let request = &around.requests[id];
        let (unit, avoid) = found.numbers(request, avoid);
        let seeker = Self::seeker(around, id, balancer);
        unit.is_some_and(|unit| found.waits_behind(around.now, unit, seeker, avoid))
    }

    /// Returns whether a member is believed alive that may have a free slot later.
    pub(super) fn may_have_room(
        around: &Around<'_>,
        id: RequestId,
        balancer: ComponentId,
        avoid: Option<ComponentId>,
    ) -> bool {
        let found = around.held::<Self>(balancer);
        let (unit, avoid) = found.numbers(&around.requests[id], avoid);
        found.lines.is_some() && unit.is_some_and(|unit| found.has_anybody(unit, avoid))
    }

    /// Queues `id`, inside a unit of `balancer`; returns false if the queue is full.
    pub(super) fn wait_for_room(
        around: &mut Around<'_>,
        id: RequestId,
        balancer: ComponentId,
        avoid: Option<ComponentId>,
    ) -> bool {
        let (now, request) = (around.now, around.requests[id]);
        let seeker = Self::seeker(around, id, balancer);
        let found = around.held_mut::<Self>(balancer);
        let (Some(unit), avoid) = found.numbers(&request, avoid) else { return false };
        let bound = found.own_member(now, unit, seeker, avoid);
        let Some(lines) = &mut found.lines else { return false };
        let line = &mut lines.lines[unit];
        if lines.room.queue_limit.is_some_and(|bound| line.len() as u64 >= u64::from(bound)) {
            return false;
        }
        let grows = !found.config.slow_start.is_zero() && !line.is_empty();
        line.push_back(Waiting { request: id, bound, avoid });
        lines.waiting.add(now);
        let time_out = lines.room.time_out;
        let entry = &mut around.requests[id];
        entry.at = balancer;
        entry.since = now;
        entry.waits = Waits::InLine;
        entry.ticket = Ticket::NONE;
        if let Some(time_out) = time_out {
            entry.ticket = around.calendar.push(now + time_out, Event::Wake(id).code());
        }
        if grows {
            // A member that was put back has more slots by now; no queued request has tried them.
            around.lane.push(Move::Room(request.top().at));
        }
        true
    }

    /// Serves the queue of `unit`: sends requests to free slots, ends those that waited too long, and
    /// refuses those for which no member is left.
    pub(super) fn sends_from_line(
        around: &mut Around<'_>,
        balancer: ComponentId,
        unit: ComponentId,
    ) {
        let mut place = 0;
        loop {
            let found = around.held::<Self>(balancer);
            let (Some(lines), Some(number)) = (&found.lines, found.unit_of(unit)) else { return };
            let Some(next) = lines.lines[number].get(place).copied() else { return };
            // A stalled unit sends nothing.
            if !around.health(unit).works() {
                return;
            }
            let id = next.request;
            let over = |time_out| around.now - around.requests[id].since >= time_out;
            if lines.room.time_out.is_some_and(over) {
                Self::line_times_out(around, balancer, id);
                continue;
            }
            if !found.has_anybody(number, next.avoid) {
                Self::leaves_line(around, id, balancer);
                Self::turn_down(around, id, balancer);
                continue;
            }
            let belief = |member| found.at(number, member);
            if next.bound.is_some_and(|own| found.full(belief(own), own, around.now)) {
                place += 1;
                continue;
            }
            let op = around.plan.routes.ops[around.requests[id].pc as usize - 1];
            let Op::Pick { farm, call, key, .. } = op else { return };
            let avoid = next.avoid.map(|member| found.config.members[member].id);
            if let Some(member) = Self::member_for(around, id, balancer, farm, key, avoid) {
                let entry = &around.requests[id];
                let (waited, counted) = (around.now - entry.since, entry.counted);
                let now = around.now;
                let found = around.held_mut::<Self>(balancer);
                found.note_wait(waited, counted);
                if let Some(lines) = &mut found.lines {
                    lines.lines[number].remove(place);
                    lines.waiting.remove(now, waited);
                }
                let entry = &mut around.requests[id];
                entry.at = ComponentId::NONE;
                entry.waits = Waits::Nothing;
                entry.ticket = Ticket::NONE;
                around.ask(id, member, call, true);
                around.let_in(id, member);
                continue;
            }
            let now = around.now;
            let seeker = Self::seeker(around, id, balancer);
            let found = around.held_mut::<Self>(balancer);
            let own = found.own_member(now, number, seeker, next.avoid);
            // Not bound to a member, it found no free slot anywhere, nor will those behind it. If it avoids
            // a member, that one may have a slot for them.
            if own.is_none() && next.avoid.is_none() {
                return;
            }
            if let Some(lines) = &mut found.lines {
                lines.lines[number][place].bound = own;
            }
            place += 1;
        }
    }

    /// Records a wait of zero for `id`, which found a free slot at once.
    pub(super) fn noted_no_wait(
        around: &mut Around<'_>,
        id: RequestId,
        balancer: ComponentId,
        farm: u16,
    ) {
        if farm == 0 {
            let counted = around.requests[id].counted;
            around.held_mut::<Self>(balancer).note_wait(SimDuration::ZERO, counted);
        }
    }

    /// Takes `id` out of the queue of `balancer`.
    fn leaves_line(around: &mut Around<'_>, id: RequestId, balancer: ComponentId) {
        around.with::<Self, _>(balancer, |balancer, ctx| balancer.leave_line(ctx, id));
    }

    /// Takes `id`, which waits no longer, out of the queue of a balancer; it stays inside the unit.
    pub(super) fn gives_up_in_line(around: &mut Around<'_>, balancer: ComponentId, id: RequestId) {
        let (waited, counted) =
            (around.now - around.requests[id].since, around.requests[id].counted);
        let found = around.held_mut::<Self>(balancer);
        found.note_wait(waited, counted);
        if let Some(lines) = &mut found.lines {
            lines.reneged += 1;
        }
        Self::leaves_line(around, id, balancer);
    }

    /// Ends `id` with an error, since it has waited in the queue for the longest time allowed.
    pub(super) fn line_times_out(around: &mut Around<'_>, balancer: ComponentId, id: RequestId) {
        let unit = around.requests[id].top().at;
        if !around.health(unit).works() {
            // The unit cannot answer now; it does when it works again.
            return;
        }
        Self::gives_up_in_line(around, balancer, id);
        around.requests[id].cause = CauseId::OVERLOAD;
        around.fail_up(id, Outcome::Error);
    }
}
