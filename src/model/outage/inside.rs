//! Effects of a dead or stalled process on the requests inside it.

use crate::convert::table;
use crate::engine::calendar::Ticket;
use crate::model::ids::{CallId, CauseId, ComponentId};
use crate::model::request::{
    Frame, Hold, Marks, NO_CALL, Outcome, Owner, Request, RequestId, Stage, Waits,
};
use crate::model::route::Op;
use crate::model::world::Around;
use crate::model::{Component, Move};

impl Around<'_> {
    /// Fails every request inside a process that is gone, and ends the activity of the process. Parents come
    /// before their children, for which they then no longer wait.
    pub(crate) fn drop_requests(&mut self, member: ComponentId, cause: CauseId) {
        self.drop_requests_that(member, cause, &|_| true);
    }

    /// Fails those requests that [`Self::drop_requests`] would fail and that are `meant`.
    pub(crate) fn drop_requests_that(
        &mut self,
        member: ComponentId,
        cause: CauseId,
        meant: &dyn Fn(&Request) -> bool,
    ) {
        let inside = |(id, r): (RequestId, &Request)| {
            if !meant(r) {
                return None;
            }
            let held = |frame: &Frame| frame.at == member && frame.hold != Hold::Calling;
            let depth = r.frames[..usize::from(r.depth)].iter().position(held)?;
            Some((id, depth, r.frames[depth].serial))
        };
        let mut everyone: Vec<_> = self.requests.iter().filter_map(inside).collect();
        everyone.sort_by_key(|(id, ..)| self.generation(*id));
        for (id, depth, serial) in everyone {
            // Ending a probe may cause a failover, whose fence fails the same requests.
            let entry = &self.requests[id];
            let there = entry.marks.has(Marks::LIVE) && usize::from(entry.depth) > depth;
            let frame = &entry.frames[depth];
            if !there || frame.serial != serial || frame.at != member || frame.hold == Hold::Calling
            {
                continue;
            }
            let unheard = self.drop_unheard(id);
            let innermost = depth + 1 == usize::from(self.requests[id].depth);
            let caller = if innermost {
                self.take_out(id, member);
                Some(id)
            } else if self.closes_far(id, depth + 1, Outcome::Aborted) {
                Some(id)
            } else {
                let caller = self.split(id, depth + 1, Outcome::Aborted);
                if unheard {
                    // The work that goes on without its caller had called a component that will never answer.
                    self.lane.push(Move::Fail(id, Outcome::Error));
                }
                caller
            };
            let Some(caller) = caller else { return };
            let entry = &mut self.requests[caller];
            entry.cause = cause;
            let frame = entry.frames[depth];
            if frame.call != NO_CALL {
                self.record.call_ends(CallId(frame.call), Outcome::Error, entry.counted);
            }
            if frame.behind {
                self.let_go(caller, depth);
            }
            let entry = &mut self.requests[caller];
            let counted = entry.counted;
            if usize::from(entry.depth) > depth {
                entry.depth = table::u8(depth);
                if frame.hold == Hold::Inside
                    && let Component::Service(service) = &mut self.components[member.index()]
                {
                    service.forget(self.now, frame.since, counted);
                    self.memory_changes(member);
                }
            }
            self.fail_up(caller, Outcome::Error);
        }
        let away =
            matches!(self.component(member), Component::Service(service) if service.is_away());
        if away {
            self.emptied(member);
        }
    }

    /// Drops a call that reached no component: it holds nothing and ends with its caller. Returns whether there
    /// was one.
    fn drop_unheard(&mut self, id: RequestId) -> bool {
        let entry = &mut self.requests[id];
        if entry.waits != Waits::Void || entry.top().hold != Hold::Calling {
            return false;
        }
        let call = entry.top().call;
        if entry.top().behind {
            let depth = usize::from(entry.depth) - 1;
            self.let_go(id, depth);
        }
        let entry = &mut self.requests[id];
        entry.depth -= 1;
        entry.waits = Waits::Nothing;
        if call != NO_CALL {
            self.record.call_ends(CallId(call), Outcome::Aborted, entry.counted);
        }
        true
    }

    /// Number of parents above a request.
    fn generation(&self, mut id: RequestId) -> usize {
        let mut count = 0;
        while let Owner::Parent(parent) = self.requests[id].owner {
            id = parent;
            count += 1;
        }
        count
    }

    /// Takes `id` out of its queue or service, inside `member` or in a part that works for it.
    fn take_out(&mut self, id: RequestId, member: ComponentId) {
        let entry = &mut self.requests[id];
        if entry.stage == Stage::Answer {
            entry.stage = Stage::Route;
        }
        let at = entry.at;
        if at == ComponentId::NONE || entry.waits == Waits::Paused {
            entry.ticket = Ticket::NONE;
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            return;
        }
        let cause = self.states.causes[member.index()];
        self.component_ctx(at, cause, |component, ctx| component.cancel(ctx, id));
    }

    /// Stalls a service: the work it has on its processor is put aside.
    pub(super) fn freeze(&mut self, member: ComponentId) {
        self.states.frozen += 1;
        let Some(place) = self.plan.parts[member.index()].place else { return };
        let at_work = |(id, r): (RequestId, &Request)| {
            (r.depth > 0 && r.top().at == member && r.at == place.cpu).then_some(id)
        };
        let everyone: Vec<_> = self.requests.iter().filter_map(at_work).collect();
        for id in everyone {
            // A request that was served at this very instant has left already.
            if self.requests[id].at != place.cpu {
                continue;
            }
            let left = self.component_ctx(place.cpu, CauseId::OVERLOAD, |component, ctx| {
                if let Component::Cpu(cpu) = component { cpu.put_aside(ctx, id) } else { 0 }
            });
            self.pause(id, member, left);
        }
    }

    /// Lets `id` wait inside `member`, with `left` core-ns of work, until the stall ends.
    fn pause(&mut self, id: RequestId, member: ComponentId, left: u64) {
        let entry = &mut self.requests[id];
        entry.at = member;
        entry.waits = Waits::Paused;
        entry.need = left;
    }

    /// Returns whether `id` is inside a stalled service. If so, it waits there.
    #[cold]
    pub(crate) fn is_stalled(&mut self, id: RequestId) -> bool {
        let entry = &self.requests[id];
        if entry.depth == 0 || entry.top().hold == Hold::Calling {
            return false;
        }
        let member = entry.top().at;
        let stands = self.states.healths[member.index()].is_stalled();
        let service = self.component(member).is_process();
        if stands && service {
            self.pause(id, member, 0);
        }
        stands && service
    }

    /// Resumes a stalled service.
    pub(super) fn thaw(&mut self, member: ComponentId) {
        self.states.frozen -= 1;
        let paused = |(id, r): (RequestId, &Request)| {
            (r.at == member && r.waits == Waits::Paused).then_some(id)
        };
        let everyone: Vec<_> = self.requests.iter().filter_map(paused).collect();
        let place = self.plan.parts[member.index()].place;
        for id in everyone {
            let entry = &mut self.requests[id];
            let left = std::mem::take(&mut entry.need);
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            // The work that was put aside belongs to the operation before the next one.
            let under_way = entry.pc.checked_sub(1).map(|pc| self.plan.routes.ops[pc as usize]);
            let threads = match under_way {
                Some(Op::Cpu { threads, .. }) => threads,
                _ => 1,
            };
            match place.filter(|_| left > 0) {
                Some(place) => self.component_ctx(place.cpu, CauseId::OVERLOAD, |cpu, ctx| {
                    if let Component::Cpu(cpu) = cpu {
                        cpu.compute(ctx, id, place.zone, (left, threads));
                    }
                }),
                None => self.lane.push(Move::Advance(id)),
            }
        }
    }
}
