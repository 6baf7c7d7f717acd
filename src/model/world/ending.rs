//! Ends of a request: at the end of its route, by a failure, by a time-out, by its client's patience. A request
//! is split if its caller abandons it and its work goes on.

use crate::convert::table;
use crate::engine::calendar::Ticket;
use crate::kinds::client::live as client;
use crate::model::event::Event;
use crate::model::ids::{CallId, CauseId, ComponentId, WorkloadId};
use crate::model::request::{
    Hold, Marks, NO_CALL, Outcome, Owner, Request, RequestId, Stage, TIERS, Waits,
};
use crate::model::world::Around;
use crate::model::{Component, Ctx, Fate, Move};

impl Around<'_> {
    /// Ends `id`, which has reached the end of its route, or has failed and released everything.
    #[inline(always)]
    pub(super) fn end(&mut self, id: RequestId, outcome: Outcome) {
        let entry = &self.requests[id];
        let outcome = if entry.is_of_edge() { self.miss_ends(id, outcome) } else { outcome };
        let entry = &self.requests[id];
        match entry.owner {
            Owner::Workload => self.request_was_view(id, outcome),
            Owner::User(user) => {
                self.request_was_view(id, outcome);
                self.user_answered(user, self.now);
            }
            Owner::View(view) => {
                self.attempt_ends(id, outcome);
                if outcome == Outcome::Ok {
                    client::reply(self, id, view);
                } else {
                    let cause = self.blame(self.requests[id].cause);
                    client::part_failed(self, id, view, cause);
                }
            }
            Owner::Parent(parent) => {
                let cause = entry.cause;
                self.requests.remove(id);
                let parent_entry = &mut self.requests[parent];
                parent_entry.children -= 1;
                if outcome != Outcome::Ok && parent_entry.failed.is_none() {
                    parent_entry.failed = Some(outcome);
                    parent_entry.cause = cause;
                }
                if parent_entry.children == 0 && parent_entry.waits == Waits::Children {
                    parent_entry.waits = Waits::Nothing;
                    self.lane.push(Move::Advance(parent));
                }
            }
            Owner::Nobody => self.requests.remove(id),
            Owner::Probe(unit) | Owner::Database(unit) => {
                let born = entry.born;
                self.requests.remove(id);
                let (own, local) = self.plan.units[unit.index()];
                Component::returned(self, own, local, born, outcome);
            }
            Owner::Component(of) | Owner::Group(of) => {
                self.requests.remove(id);
                let mut ctx = ctx!(self, self.states.causes[of.index()]);
                self.components[of.index()].ended(&mut ctx, id, outcome);
            }
        }
    }

    /// Ends the fetch `id` as `outcome`. Returns the outcome for the client of the edge. If `id` has an owner,
    /// that client still waits.
    #[inline(never)]
    fn miss_ends(&mut self, id: RequestId, outcome: Outcome) -> Outcome {
        let front = self.front_of(id);
        let outcome = front.map_or(outcome, |own| Component::answers(self, own, id, outcome));
        let Request { class, born, counted, owner, .. } = self.requests[id];
        if outcome == Outcome::Ok && owner != Owner::Nobody {
            self.record.miss_answered(class, self.now - born, counted);
        }
        outcome
    }

    /// Returns the component in front of the servers through which `id` entered.
    fn front_of(&self, id: RequestId) -> Option<ComponentId> {
        let class = &self.plan.routes.classes[self.requests[id].class.index()];
        class.cdns[0].map(|at| at.cdn)
    }

    /// Reports the fate of `id` to the component in front of the servers through which it entered, if there is
    /// one.
    fn is_told(&mut self, id: RequestId, fate: Fate) {
        if self.requests[id].is_of_edge()
            && let Some(own) = self.front_of(id)
        {
            Component::fate(self, own, id, fate);
        }
    }

    #[inline(always)]
    fn attempt_ends(&mut self, id: RequestId, outcome: Outcome) {
        let entry = &self.requests[id];
        let latency = self.now - entry.born;
        self.record.attempt_ends(entry.class, outcome, latency, entry.waited, entry.counted);
    }

    /// Ends `id`, which was a page view by itself.
    #[inline(always)]
    fn request_was_view(&mut self, id: RequestId, outcome: Outcome) {
        let Request { born, class, waited, counted, workload, cause, .. } = self.requests[id];
        self.record.attempt_ends(class, outcome, self.now - born, waited, counted);
        let workload = WorkloadId(workload);
        let answered = outcome == Outcome::Ok;
        // An answer that comes too late is lost to load, as for the views of clients.
        let limit = self.plan.workloads[workload.index()].lost_after;
        let served = answered && limit.is_none_or(|limit| self.now - born <= limit);
        let cause = match (served, answered) {
            (true, _) => cause,
            (false, true) => self.blame(CauseId::OVERLOAD),
            (false, false) => self.blame(cause),
        };
        self.record.request_is_view(workload, served, cause, counted);
        self.requests.remove(id);
    }

    /// Fails `id` where it is: everything it holds is released, and its owner receives the outcome.
    #[inline(never)]
    pub(crate) fn fail_up(&mut self, id: RequestId, outcome: Outcome) {
        self.requests[id].marks.set(Marks::OF_DISK, false);
        if self.redirects(id, outcome) {
            return;
        }
        if self.requests[id].children > 0 {
            let of_it =
                |(child, r): (RequestId, &Request)| (r.owner == Owner::Parent(id)).then_some(child);
            let children: Vec<_> = self.requests.iter().filter_map(of_it).collect();
            for child in children {
                self.requests[child].owner = Owner::Nobody;
            }
            self.requests[id].children = 0;
        }
        self.writes_fail(id);
        let mut outcome = outcome;
        while self.requests[id].depth > 0 {
            // The component that had admitted the request answers with an error of its own.
            if self.requests[id].top().hold == Hold::Inside {
                outcome = Outcome::Error;
            }
            self.leave(id, outcome);
        }
        self.end(id, outcome);
    }

    /// Reports to the database groups whose members `id` is inside that it is about to leave them without a result.
    fn writes_fail(&mut self, id: RequestId) {
        for depth in 0..usize::from(self.requests[id].depth) {
            let at = self.requests[id].frames[depth].at;
            if let Some((group, _)) = self.plan.parts[at.index()].database {
                Component::fate(self, group, id, Fate::Removed);
            }
        }
    }

    /// Cuts `id` above its first `keep` frames. Returns the caller's part, free to fail. The frames above go on
    /// as an orphan under the old id, and the call they were part of ends as `outcome`.
    #[inline(never)]
    pub(crate) fn split(
        &mut self,
        id: RequestId,
        keep: usize,
        outcome: Outcome,
    ) -> Option<RequestId> {
        if self.requests[id].frames[keep].behind {
            self.let_go(id, keep);
        }
        let entry = &mut self.requests[id];
        let cut = &mut entry.frames[keep];
        if cut.call != NO_CALL {
            self.record.call_ends(CallId(cut.call), outcome, entry.counted);
            cut.call = NO_CALL;
        }
        let mut caller = *entry;
        caller.depth = table::u8(keep);
        caller.at = ComponentId::NONE;
        caller.waits = Waits::Nothing;
        caller.stage = Stage::Route;
        caller.marks.set(Marks::OF_DISK, false);
        caller.ticket = Ticket::NONE;
        caller.children = 0;
        let orphan = &mut self.requests[id];
        let depth = usize::from(orphan.depth);
        orphan.frames.copy_within(keep..depth, 0);
        orphan.depth = table::u8(depth - keep);
        orphan.owner = Owner::Nobody;
        orphan.marks.set(Marks::ORPHAN, true);
        // The fetch is the caller's.
        orphan.fetch = [0; TIERS];
        orphan.joined = [RequestId::NONE; TIERS];
        orphan.patience = Ticket::NONE;
        let caller = self.insert(caller)?;
        if self.requests[caller].is_of_edge()
            && let Some(own) = self.front_of(caller)
        {
            Component::fate(self, own, id, Fate::PassesTo(caller));
        }
        Some(caller)
    }

    /// Handles the time-out of the oldest pending call of a kind, if it still runs. Calls that have ended are
    /// skipped, so events are made only for calls that last.
    pub(super) fn call_deadline(&mut self, call: CallId) {
        self.calls.deadlines[call.index()].armed = false;
        while let Some(&(deadline, id, serial)) = self.calls.deadlines[call.index()].line.front() {
            let entry = &self.requests[id];
            let frames = &entry.frames[..usize::from(entry.depth)];
            let found = frames.iter().position(|frame| frame.serial == serial);
            // A call whose caller has left has no deadline any more.
            let awaited =
                |depth: &usize| entry.marks.has(Marks::LIVE) && frames[*depth].call != NO_CALL;
            let runs = found.filter(awaited);
            if runs.is_some() && deadline > self.now {
                self.calls.deadlines[call.index()].armed = true;
                let code = Event::CallDeadline(call.0).code();
                self.calendar.push(deadline, code);
                return;
            }
            self.calls.deadlines[call.index()].line.pop_front();
            if let Some(depth) = runs {
                self.call_times_out(id, depth);
            }
        }
    }

    fn call_times_out(&mut self, id: RequestId, depth: usize) {
        let entry = &self.requests[id];
        let frame = entry.frames[depth];
        let counted = entry.counted;
        let innermost = depth + 1 == usize::from(entry.depth);
        let cause = self.states.causes[frame.at.index()];
        if innermost && frame.hold == Hold::Inside && self.abandons(id) {
            self.leave(id, Outcome::Timeout);
            self.requests[id].cause = cause;
            return self.fail_up(id, Outcome::Error);
        }
        if frame.hold != Hold::Calling && self.closes_far(id, depth, Outcome::Timeout) {
            self.requests[id].cause = cause;
            return self.fail_up(id, Outcome::Error);
        }
        let entry = &self.requests[id];
        let in_line = innermost
            && entry.stage == Stage::Route
            && entry.waits == Waits::InLine
            && entry.at == frame.at;
        let gives_up = in_line && self.leaves_line(frame.at);
        if frame.hold == Hold::Calling {
            self.turns_back(id);
        }
        if frame.hold == Hold::Calling && self.redirects(id, Outcome::Timeout) {
            return;
        }
        let caller = if frame.hold == Hold::Calling || gives_up {
            if frame.behind {
                self.let_go(id, depth);
            }
            self.record.call_ends(CallId(frame.call), Outcome::Timeout, counted);
            if gives_up {
                let mut ctx = ctx!(self, cause);
                self.components[frame.at.index()].cancel(&mut ctx, id);
            } else {
                let entry = &mut self.requests[id];
                entry.waits = Waits::Nothing;
                entry.depth = table::u8(depth);
            }
            Some(id)
        } else {
            self.split(id, depth, Outcome::Timeout)
        };
        if let Some(caller) = caller {
            self.requests[caller].cause = cause;
            self.fail_up(caller, Outcome::Error);
        }
    }

    /// Offers `id`, which was not accepted where it was sent, to the component that sent it there. Returns
    /// whether that component sends it to another member.
    #[inline(always)]
    fn redirects(&mut self, id: RequestId, outcome: Outcome) -> bool {
        let entry = &self.requests[id];
        let depth = usize::from(entry.depth);
        if depth < 2 || !entry.top().behind || entry.top().hold != Hold::Calling {
            return false;
        }
        let unit = entry.frames[depth - 2].at;
        let by = self.plan.parts[unit.index()].balancer;
        by.is_some_and(|own| Component::redirects(self, own, id, outcome))
    }

    fn leaves_line(&self, member: ComponentId) -> bool {
        let component = &self.components[member.index()];
        matches!(component, Component::Service(service) if service.callers_wait())
    }

    /// Handles the end of the patience of the client of `id`; the work goes on without it.
    pub(super) fn patience_ends(&mut self, id: RequestId) {
        let entry = &mut self.requests[id];
        entry.patience = Ticket::NONE;
        let Owner::View(view) = entry.owner else { return };
        if entry.stage == Stage::Reply {
            return self.hang_up(id, view);
        }
        self.is_told(id, Fate::ClientLeft);
        let entry = &self.requests[id];
        let unreachable = entry.waits == Waits::Void && entry.depth <= 1;
        let in_vain = match self.front_of(id) {
            _ if unreachable => Some(entry.cause),
            Some(own) => Component::in_vain(self, own, id),
            None => None,
        };
        let outcome = if in_vain.is_some() { Outcome::Unreachable } else { Outcome::Timeout };
        let entry = &self.requests[id];
        let (class, counted, attempt) = (entry.class, entry.counted, entry.attempt);
        let latency = self.now - entry.born;
        self.record.attempt_ends(class, outcome, latency, 0, counted);
        let entry = &mut self.requests[id];
        entry.owner = Owner::Nobody;
        if unreachable {
            if entry.depth == 1 && entry.top().call != NO_CALL {
                self.record.call_ends(CallId(entry.top().call), outcome, counted);
            }
            self.is_told(id, Fate::Removed);
            self.requests.remove(id);
        }
        let cause = in_vain.unwrap_or_else(|| self.blame(CauseId::OVERLOAD));
        if !unreachable {
            self.leaves_before_its_turn(id);
        }
        client::part_given_up(self, view, attempt, cause);
    }

    /// Takes `id` out of its queue after its client has left, if it waits at a balancer, where closing a
    /// connection costs no member anything.
    fn leaves_before_its_turn(&mut self, id: RequestId) {
        let entry = &self.requests[id];
        if entry.depth != 1 || entry.waits != Waits::InLine {
            return;
        }
        let (at, unit) = (entry.at, entry.top().at);
        if !self.abandons(id) {
            if at != unit || self.plan.parts[unit.index()].balancer.is_none() {
                return;
            }
            let mut ctx = ctx!(self, self.states.causes[unit.index()]);
            self.components[unit.index()].cancel(&mut ctx, id);
        }
        self.fail_up(id, Outcome::Aborted);
    }

    /// Lets the client of `id` leave during the transfer of the reply: the rest is not sent.
    fn hang_up(&mut self, id: RequestId, view: u32) {
        let entry = &self.requests[id];
        let (at, attempt) = (entry.at, entry.attempt);
        let mut ctx = ctx!(self, self.states.causes[at.index()]);
        self.components[at.index()].cancel(&mut ctx, id);
        self.requests.remove(id);
        let cause = self.blame(CauseId::OVERLOAD);
        client::part_given_up(self, view, attempt, cause);
    }
}
