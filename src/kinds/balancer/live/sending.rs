//! A request on its way through a balancer, and its probes.
//!
//! A frame with `behind` was entered through the frame below it, a unit of a balancer. Wherever
//! such a frame ends, the unit has one open request less: that is what [`World::let_go`] is for.
//! A deep probe is a request: it takes a worker of the member, asks the heads in front of what it
//! has mounted and takes a connection wherever the requests it serves do. It is in no ledger.

use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::kinds::balancer::live::{Balancer, Seeker};
use crate::kinds::client::guests::GuestId;
use crate::model::ids::{CallId, CauseId, ClassId, ComponentId, KeyId, UnitId};
use crate::model::outage::Faults;
use crate::model::request::{Hold, Outcome, Owner, Request, RequestId, Waits};
use crate::model::route::Op;
use crate::model::world::World;
use crate::model::{Component, Ctx, Health, Move};
use crate::units::SimTime;

impl World<'_> {
    pub(super) fn balancer(&self, id: ComponentId) -> &Balancer {
        match &self.components[id.index()] {
            Component::Balancer(balancer) => balancer,
            _ => unreachable!("the plan gives balancers their own ids"),
        }
    }

    pub(super) fn balancer_mut(&mut self, id: ComponentId) -> &mut Balancer {
        match &mut self.components[id.index()] {
            Component::Balancer(balancer) => balancer,
            _ => unreachable!("the plan gives balancers their own ids"),
        }
    }

    pub(super) fn with_balancer<R>(
        &mut self,
        id: ComponentId,
        act: impl FnOnce(&mut Balancer, &mut Ctx<'_>) -> R,
    ) -> R {
        let cause = self.causes[id.index()];
        self.component_ctx(id, cause, |component, ctx| match component {
            Component::Balancer(balancer) => act(balancer, ctx),
            _ => unreachable!("the plan gives balancers their own ids"),
        })
    }

    /// Arms the first probes of every balancer.
    pub(crate) fn start_probes(&mut self) {
        for index in 0..self.components.len() {
            if matches!(self.components[index], Component::Balancer(_)) {
                self.with_balancer(ComponentId::at(index), Balancer::begin);
            }
        }
    }

    /// `id` asks for the unit that holds the address.
    #[inline(never)]
    pub(crate) fn front(&mut self, id: RequestId, balancer: ComponentId, call: Option<CallId>) {
        let found = self.balancer(balancer);
        let (holder, held) = found.leads(self.requests[id].ordinal);
        let unit = found.config.units[holder].0;
        self.ask(id, unit, call, false);
        self.requests[id].dispatches = 0;
        if held {
            self.let_in(id, unit);
        } else {
            self.turn_away(id, unit);
        }
    }

    fn turn_away(&mut self, id: RequestId, unit: ComponentId) {
        let cause = self.causes[unit.index()];
        self.component_ctx(unit, cause, |_, ctx| ctx.turn_away(id, Health::Unreachable));
    }

    /// `id`, inside a unit of `balancer`, is sent on to a member.
    #[inline(never)]
    pub(crate) fn send_on(
        &mut self,
        id: RequestId,
        balancer: ComponentId,
        farm: u16,
        call: Option<CallId>,
        key: KeyId,
    ) {
        if farm == 0 && self.has_to_wait(id, balancer, None) {
            return self.joins_line(id, balancer);
        }
        match self.member_for(id, balancer, farm, key, None) {
            Some(member) => {
                self.noted_no_wait(id, balancer, farm);
                self.ask(id, member, call, true);
                self.let_in(id, member);
            }
            None if farm > 0 => {
                // No slave is left: the master reads.
                let group = self.group_behind(balancer, farm);
                self.query(id, group, true, call);
            }
            None if self.may_have_room(id, balancer, None) => self.joins_line(id, balancer),
            None => {
                self.balancer_mut(balancer).refused += 1;
                self.turn_down(id, balancer);
            }
        }
    }

    /// `id` gets into the line for room at a member, or is refused where that is full.
    fn joins_line(&mut self, id: RequestId, balancer: ComponentId) {
        if !self.wait_for_room(id, balancer, None) {
            self.balancer_mut(balancer).refused += 1;
            self.requests[id].cause = CauseId::OVERLOAD;
            self.leave(id, Outcome::Refused);
            self.fail_up(id, Outcome::Refused);
        }
    }

    /// Nobody is left for `id`, inside a unit. What took them away is to blame.
    pub(super) fn turn_down(&mut self, id: RequestId, balancer: ComponentId) {
        let members = &self.balancer(balancer).config.members;
        let causes = members.iter().map(|member| self.causes[member.id.index()]);
        self.requests[id].cause = causes.max().unwrap_or(CauseId::OVERLOAD);
        self.leave(id, Outcome::Refused);
        self.fail_up(id, Outcome::Refused);
    }

    /// The database behind a farm of a balancer.
    fn group_behind(&self, balancer: ComponentId, farm: u16) -> ComponentId {
        let config = &self.balancer(balancer).config;
        let first = config.members[config.farms[usize::from(farm)].start].id;
        let group = self.plan.parts[first.index()].database;
        group.expect("the plan puts members of a database there").0
    }

    /// The session whose cookie of a balancer counts for `id`, and that cookie's number. Cookies are the
    /// client's: who is called by another service has none.
    fn cookie_of(&self, id: RequestId, balancer: ComponentId) -> Option<(GuestId, usize)> {
        let sticky = self.balancer(balancer).config.sticky?;
        let guest = self.guest_of(id).filter(|_| self.requests[id].depth == 1)?;
        Some((guest, sticky))
    }

    /// Whose page view `id` is of, and which member of the service its cookie names.
    pub(super) fn seeker(&self, id: RequestId, balancer: ComponentId) -> Seeker {
        let cookie = self.cookie_of(id, balancer);
        let cookie = cookie.and_then(|(guest, number)| self.guests.cookie(guest, number));
        Seeker { ordinal: self.requests[id].ordinal, cookie }
    }

    pub(super) fn member_for(
        &mut self,
        id: RequestId,
        balancer: ComponentId,
        farm: u16,
        key: KeyId,
        avoid: Option<ComponentId>,
    ) -> Option<ComponentId> {
        let now = self.now;
        let request = &self.requests[id];
        let unit = request.top().at;
        let mut seeker = Seeker { ordinal: request.ordinal, cookie: None };
        let config = &self.balancer(balancer).config;
        let sticky = farm == 0 && config.sticky.is_some();
        let kept = if sticky { self.cookie_of(id, balancer) } else { None };
        if let Some((guest, number)) = kept {
            seeker.cookie = self.guests.cookie(guest, number);
        }
        let mut uniforms = [0.5; 2];
        if config.choice.draws() {
            // Each try and each further member draws for itself.
            let own = u32::from(request.attempt) * 8 + u32::from(request.dispatches) * 2;
            uniforms = [0, 1].map(|sub| self.draws.uniform(key, request, own + sub));
        }
        // Of a database the slaves of the day.
        let mut barred = std::mem::take(&mut self.barred);
        barred.clear();
        if farm > 0 {
            let group = self.group_behind(balancer, farm);
            self.not_reading(group, &mut barred);
        }
        let found = self.balancer_mut(balancer);
        let unit = found.unit_of(unit)?;
        let avoid = avoid.and_then(|member| found.member_of(member));
        let draw = |sub: u32| uniforms[sub as usize];
        let first = found.config.farms[usize::from(farm)].start;
        let out = |member: usize| {
            Some(member) == avoid || barred.get(member - first).copied().unwrap_or(false)
        };
        let farm = usize::from(farm);
        let member = found.pick_from(now, unit, farm, seeker, out, draw);
        self.barred = barred;
        let (member, found) = (member?, self.balancer_mut(balancer));
        let picked = found.config.members[member].id;
        let changed = kept.filter(|_| seeker.cookie != Some(member));
        // Who is his and waits in line has another member now.
        let rings = changed.is_some() && seeker.cookie.is_some() && found.lines.is_some();
        if rings {
            found.unbind(unit);
            self.lane.push(Move::Room(self.requests[id].top().at));
        }
        if let Some((guest, number)) = changed {
            self.guests.set_cookie(guest, number, member);
        }
        Some(picked)
    }

    /// The frame numbered `depth` of `id` ends. It was entered through the unit below it, which
    /// has one open request less.
    #[inline(never)]
    pub(crate) fn let_go(&mut self, id: RequestId, depth: usize) {
        let entry = &mut self.requests[id];
        entry.frames[depth].behind = false;
        let (unit, member) = (entry.frames[depth - 1].at, entry.frames[depth].at);
        let (now, stay) = (self.now, self.now - entry.frames[depth].since);
        if let Some(balancer) = self.plan.parts[unit.index()].balancer
            && self.balancer_mut(balancer).close(now, unit, member, stay)
        {
            self.lane.push(Move::Room(unit));
        }
    }

    /// A member did not take `id`, which its balancer had sent there: another is asked, if the
    /// balancer does that and there is one.
    #[inline(never)]
    pub(crate) fn try_another(&mut self, id: RequestId, outcome: Outcome) -> bool {
        let entry = &self.requests[id];
        let depth = usize::from(entry.depth);
        if depth < 2 || !entry.top().behind || entry.top().hold != Hold::Calling {
            return false;
        }
        let (frame, unit) = (*entry.top(), entry.frames[depth - 2].at);
        let op = self.plan.routes.ops[entry.pc as usize - 1];
        let Op::Pick { balancer, farm, call, key } = op else {
            return false;
        };
        if entry.dispatches >= self.balancer(balancer).config.retries
            || !self.healths[unit.index()].works()
        {
            return false;
        }
        self.requests[id].dispatches += 1;
        self.requests[id].depth -= 1;
        let waits = farm == 0 && self.has_to_wait(id, balancer, Some(frame.at));
        let found =
            if waits { None } else { self.member_for(id, balancer, farm, key, Some(frame.at)) };
        let queues = found.is_none()
            && farm == 0
            && self.may_have_room(id, balancer, Some(frame.at))
            && self.wait_for_room(id, balancer, Some(frame.at));
        if found.is_none() && !queues {
            self.requests[id].depth += 1;
            return false;
        }
        let (now, stay) = (self.now, self.now - frame.since);
        if self.balancer_mut(balancer).close(now, unit, frame.at, stay) {
            self.lane.push(Move::Room(unit));
        }
        let entry = &mut self.requests[id];
        if let Some(call) = call {
            self.record.call_ends(call, outcome, entry.counted);
        }
        if let Some(member) = found {
            entry.waits = Waits::Nothing;
            self.noted_no_wait(id, balancer, farm);
            self.ask(id, member, call, true);
            self.let_in(id, member);
        }
        true
    }

    /// The unit `id` of a balancer fares differently.
    pub(crate) fn unit_fares(&mut self, id: ComponentId, health: Health) {
        let Some(balancer) = self.plan.parts[id.index()].balancer else { return };
        if health.is_lost() || health == Health::Hung {
            // Its process will be a new one.
            self.balancer_mut(balancer).forget(id);
        }
        let planned = place(self.plan.causes.len()) - 1;
        let cause = self.causes[id.index()];
        // Who takes it out as planned shuts it down, also an appliance, which answers nobody then; a
        // drill is no plan but a crash.
        let gone = health.is_lost();
        let clean = gone && cause.0 == planned && self.span.faults != Faults::Drill;
        self.with_balancer(balancer, |balancer, ctx| {
            balancer.fares(ctx, id, health, (clean, cause));
        });
        if self.balancer(balancer).lines.is_some() {
            self.lane.push(Move::Room(id));
        }
    }

    /// A probe is due, or has waited long enough, or the address moves.
    #[inline(never)]
    pub(crate) fn probe_due(&mut self, unit: UnitId, ticket: Ticket) {
        let (id, at) = self.plan.units[unit.index()];
        let at = at as usize;
        if let Component::Names(_) = &self.components[id.index()] {
            return self.name_probe_due(id, at, ticket);
        }
        let found = self.balancer(id);
        let Some(belief) = found.beliefs.get(at) else {
            if found.peers.is_some() {
                return self.addresses_move(id, ticket);
            }
            let loses = self.with_balancer(id, |balancer, ctx| balancer.ring(ctx, ticket));
            if let Some(loses) = loses {
                self.throw_out(loses, self.causes[loses.index()]);
            }
            return;
        };
        if belief.ticket != ticket {
            return;
        }
        if belief.asked.is_some() {
            return self.conclude(id, at, false);
        }
        if self.now < belief.due {
            // The process that asked is gone.
            return self.with_balancer(id, |balancer, ctx| balancer.next_probe(ctx, at));
        }
        let count = found.config.members.len();
        let unit = found.config.units[at / count].0;
        let member = &found.config.members[at % count];
        let (member, deep) = (member.id, member.deep);
        let Some(probing) = found.config.probing else { return };
        let now = self.now;
        let belief = &mut self.balancer_mut(id).beliefs[at];
        belief.due = now + probing.interval;
        belief.probes += 1;
        let ordinal = belief.probes;
        if !self.healths[unit.index()].works() {
            return self.with_balancer(id, |balancer, ctx| balancer.next_probe(ctx, at));
        }
        if let Some(entry) = deep {
            return self.probe_deep(id, at, entry, ordinal, now + probing.time_out);
        }
        let health = self.healths[member.index()];
        let stands = health.stands_still();
        if !stands {
            self.balancer_mut(id).beliefs[at].hang = None;
        }
        match health {
            Health::Up | Health::Slow(_) => self.conclude(id, at, true),
            Health::Down => self.conclude(id, at, false),
            _ if stands && !self.balancer_mut(id).sees_hang(at, now) => self.conclude(id, at, true),
            _ => self.wait(id, at, now + probing.time_out),
        }
    }

    /// A probe waits for an answer until `until`.
    fn wait(&mut self, id: ComponentId, at: usize, until: SimTime) {
        let now = self.now;
        self.with_balancer(id, |balancer, ctx| {
            balancer.beliefs[at].asked = Some(now);
            balancer.arm(ctx, at, until);
        });
    }

    fn probe_deep(&mut self, id: ComponentId, at: usize, entry: u32, ordinal: u64, until: SimTime) {
        self.wait(id, at, until);
        let unit = UnitId(self.balancer(id).config.unit.0 + place(at));
        let mut request = Request::new(ClassId(0), entry, Owner::Probe(unit), self.now);
        request.ordinal = ordinal;
        if let Some(request) = self.insert(request) {
            self.lane.push(Move::Advance(request));
        }
    }

    /// A deep probe that began at `born` has ended.
    pub(crate) fn probe_ends(&mut self, unit: UnitId, born: SimTime, outcome: Outcome) {
        let (id, at) = self.plan.units[unit.index()];
        let asked = self.balancer(id).beliefs[at as usize].asked;
        // One that comes too late says nothing any more.
        if asked == Some(born) {
            self.conclude(id, at as usize, outcome == Outcome::Ok);
        }
    }

    fn conclude(&mut self, id: ComponentId, at: usize, good: bool) {
        self.with_balancer(id, |balancer, ctx| {
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
