//! Room for requests at the members, and the line for it at the balancer.
//!
//! Model: a unit has at most `each` requests at a time open at one member of its service. Who finds
//! no member with room waits in the line of the unit, first come, first served, and is sent on when
//! a request that the unit had open is answered or given up, or when a member is put back. While
//! somebody waits, whoever comes goes to the end of the line. By *hash* a request waits for room at
//! the member that is its own, and those of other members pass it; so it does with a cookie.
//!
//! Who finds the line full is refused; who waits longer than `time-out` is answered with an error,
//! as is everybody when the last member is taken out. A caller that gives up leaves the line and
//! takes no room. What a unit has in line is lost with it. During a slow start the room of a member
//! grows as its weight does, from one request on.
//!
//! In: `wait_for_room`, `sends_from_line`, `gives_up_in_line`, `line_times_out`, `cancel`. Holds:
//! nobody waits in line who could be sent to a member with room, and no unit has more than `each`
//! open at one; the area under the number in line and under the number open equals the sum of the
//! times in line and open.
//! Leaves out: a line for each member but by hash or cookie, a bound that grows with the load (`minconn`).
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

/// Room at the members of the service.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Requests at a time, of each unit to each member.
    pub each: u32,
    /// Requests in line at a unit; `None` without a bound.
    pub line: Option<u32>,
    /// Who waits longer is answered with an error.
    pub time_out: Option<SimDuration>,
    /// Keep the distribution of the waits and of the number in line.
    pub detailed: bool,
}

/// Somebody in line.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    request: RequestId,
    /// By hash or cookie: its member, as far as that is known.
    bound: Option<usize>,
    /// A member that did not take it.
    avoid: Option<usize>,
}

/// The lines of a balancer, and what is open at its members.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    room: Room,
    /// By unit.
    lines: Vec<VecDeque<Waiting>>,
    waiting: Occupancy,
    open: Occupancy,
    /// Who left the line without having been sent on; of those: because its time was over or it
    /// gave up.
    left: u64,
    reneged: u64,
    waits: Option<Box<Histogram>>,
}

impl Lines {
    /// Nobody waits.
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
    /// Whether the unit of this belief may send nothing more to `member`.
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

    /// Whether what is open at `member` is bounded: members of the service are, those of databases
    /// have connections of their own.
    pub(crate) fn has_slots(&self, member: usize) -> bool {
        self.lines.is_some() && self.config.farms[0].contains(&member)
    }

    /// A request was sent to `member`.
    pub(super) fn slot_taken(&mut self, member: usize, now: SimTime) {
        if self.has_slots(member)
            && let Some(lines) = &mut self.lines
        {
            lines.open.add(now);
        }
    }

    /// A request that was open at `member` for `stay` is so no longer; tells whether somebody waits
    /// for room at the unit.
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

    /// How many wait in the line of a unit.
    #[must_use]
    pub fn waiting(&self, unit: usize) -> usize {
        self.lines.as_ref().map_or(0, |lines| lines.lines[unit].len())
    }

    /// Whether one that comes to `unit` has to wait behind others.
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
        // Who was sent away from that member wants another.
        let wants_any =
            |other: &Waiting| other.bound.is_none() && (own.is_none() || other.avoid != own);
        line.iter().any(|other| wants_any(other) || other.bound == own)
    }

    /// Whether a request may have a member of its own.
    fn binds(&self) -> bool {
        self.config.choice == Choice::Hash || self.config.sticky.is_some()
    }

    /// By hash, or by cookie: the member of a page view among those believed alive.
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

    /// The number of the unit that `request` is inside of, and that of a member to avoid.
    fn numbers(
        &self,
        request: &Request,
        avoid: Option<ComponentId>,
    ) -> (Option<usize>, Option<usize>) {
        let avoid = avoid.and_then(|member| self.member_of(member));
        (self.unit_of(request.top().at), avoid)
    }

    /// Whether a member of the service other than `avoid` is believed alive.
    fn has_anybody(&self, unit: usize, avoid: Option<usize>) -> bool {
        let base = self.at(unit, 0);
        let mut members = self.config.farms[0].clone();
        members.any(|m| self.states[base + m].alive && Some(m) != avoid)
    }

    /// The beliefs of `unit` have changed, or a cookie has: members by hash or cookie are sought anew.
    pub(super) fn unbind(&mut self, unit: usize) {
        if let Some(lines) = &mut self.lines {
            lines.lines[unit].iter_mut().for_each(|waiting| waiting.bound = None);
        }
    }

    /// Takes `request`, which waits in line here, out of it.
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

    /// Waits of counted requests, when kept, in nanoseconds.
    #[must_use]
    pub fn waits_in_line(&self) -> Option<&Histogram> {
        self.lines.as_ref().and_then(|lines| lines.waits.as_deref())
    }

    /// Forgets the waits kept so far.
    pub fn forget_waits(&mut self) {
        if let Some(waits) = self.lines.as_mut().and_then(|lines| lines.waits.as_mut()) {
            **waits = Histogram::default();
        }
    }

    /// From now on is counted: when each number in line is first reached.
    pub fn counts_line_from(&mut self, now: SimTime) {
        if let Some(lines) = &mut self.lines {
            lines.waiting.begin_to_count(now);
        }
    }

    /// Times at each number in line up to `now`, when kept.
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

    /// What a balancer with room for so many has counted. A slot that is not taken is idle, also
    /// that of a member which is taken out.
    pub(super) fn gauge_of_lines(&self, now: SimTime, lines: &Lines) -> Gauge {
        let members = self.config.farms[0].len() as u128;
        // Of a pair one works.
        let units = if self.config.peers.is_some() { self.config.units.len() as u128 } else { 1 };
        let slots = u128::from(lines.room.each) * members * units;
        let (capacity, busy) = (slots * u128::from(now.nanos()), lines.open.area(now));
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
    /// Whether `id`, inside a unit of `balancer`, has to wait behind others for room at a member.
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

    /// Whether somebody is believed alive who might have room later.
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

    /// `id`, inside a unit of `balancer`, waits in line there; false when the line is full.
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
        if lines.room.line.is_some_and(|bound| line.len() as u64 >= u64::from(bound)) {
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
            // A member that was put back has more room by now, and nobody in line was told.
            around.lane.push(Move::Room(request.top().at));
        }
        true
    }

    /// The unit `unit` of a balancer has room for who waits in its line, or nobody to wait for.
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
            // One that stands still sends nothing.
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
            // Without one of its own it finds room nowhere, as do those behind it; but there may be some at
            // the member that it was sent to before.
            if own.is_none() && next.avoid.is_none() {
                return;
            }
            if let Some(lines) = &mut found.lines {
                lines.lines[number][place].bound = own;
            }
            place += 1;
        }
    }

    /// `id` found room at once.
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

    /// Takes `id` out of the line of `balancer`.
    fn leaves_line(around: &mut Around<'_>, id: RequestId, balancer: ComponentId) {
        around.with::<Self, _>(balancer, |balancer, ctx| balancer.leave_line(ctx, id));
    }

    /// `id` gives up in the line of a balancer: it is inside of the unit alone again.
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

    /// `id` has waited in line for as long as its balancer lets it: that answers with an error.
    pub(super) fn line_times_out(around: &mut Around<'_>, balancer: ComponentId, id: RequestId) {
        let unit = around.requests[id].top().at;
        if !around.health(unit).works() {
            // Nobody is there who could say so; it is told when the unit goes on.
            return;
        }
        Self::gives_up_in_line(around, balancer, id);
        around.requests[id].cause = CauseId::OVERLOAD;
        around.fail_up(id, Outcome::Error);
    }
}
