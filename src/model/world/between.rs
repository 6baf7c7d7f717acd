//! Calls over links between sites.
//!
//! A call crosses the link on its way to the component, before it asks for a worker, and its answer on the way back. It
//! shares the bandwidth of the link with all that crosses it, and takes its latency. A call that is on the way has a frame
//! that holds nothing, so a time-out of the caller counts from the start of the call and a balancer may send it elsewhere;
//! so has an answer, whose worker is free again. A link that is down stalls both.
//!
//! A caller that stops waiting closes its connection, as a client does whose reply is under way (`Around::hang_up`): the
//! rest of its call or of its answer is not sent, and an answer that would begin later is not sent at all. With TCP
//! its bytes would meet a closed socket, whose reset (RFC 9293, 3.10.7.1) stops the sender after one round trip.
//!
//! Leaves out: connections (no call is refused by a dead link); the bytes of that round trip; the way of a failure, which
//! the caller learns at once; a reply that has left its process fails with it.

use super::Around;
use crate::convert::whole;
use crate::engine::calendar::Ticket;
use crate::kinds::balancer::live::Balancer;
use crate::kinds::network::live::Links;
use crate::model::Ctx;
use crate::model::ids::{CauseId, ComponentId};
use crate::model::request::{Frame, Hold, Marks, NO_CALL, Outcome, RequestId, Stage, Waits};
use crate::units::{Bytes, SimDuration};

/// Place of the size of a call, and of its answer, in the ledger of calls.
const CALL: usize = 0;
const ANSWER: usize = 1;

impl Around<'_> {
    /// Sends `id`, which calls `member`, over a link between sites. Returns false if none is on the way.
    #[inline(always)]
    pub(super) fn calls_far(&mut self, id: RequestId, member: ComponentId) -> bool {
        let Some(way) = self.way_between(id, member) else { return false };
        self.requests[id].stage = Stage::Call;
        self.crosses(id, way, CALL);
        true
    }

    /// Sends the answer of the innermost component of `id` over a link between sites, and gives back the worker there.
    /// Returns false if none is on the way.
    #[inline(always)]
    pub(super) fn answers_far(&mut self, id: RequestId) -> bool {
        let entry = &self.requests[id];
        if entry.depth < 2 || entry.top().hold != Hold::Inside {
            return false;
        }
        let member = entry.top().at;
        let Some(way) = self.way_between(id, member) else { return false };
        self.answer(id, member, way);
        true
    }

    #[inline(never)]
    fn answer(&mut self, id: RequestId, member: ComponentId, way: u32) {
        let frame = *self.requests[id].top();
        self.frees_worker(id, member);
        let entry = &mut self.requests[id];
        entry.depth += 1;
        *entry.top_mut() = Frame { hold: Hold::Borrowed, ..frame };
        entry.stage = Stage::Answer;
        self.crosses(id, way, ANSWER);
    }

    /// Ends the call of `id`, whose answer has crossed the link, and lets the caller go on.
    pub(super) fn comes_back(&mut self, id: RequestId) {
        self.requests[id].stage = Stage::Route;
        self.leave(id, Outcome::Ok);
        let entry = &self.requests[id];
        if entry.depth == 0 && entry.marks.has(Marks::ORPHAN) {
            // Nothing waits for it any more.
            return self.requests.remove(id);
        }
        self.advance(id);
    }

    #[inline(always)]
    fn way_between(&self, id: RequestId, member: ComponentId) -> Option<u32> {
        let between = self.plan.network.as_ref()?.between.as_ref()?;
        let entry = &self.requests[id];
        let depth = usize::from(entry.depth);
        (depth >= 2).then(|| between.way(entry.frames[depth - 2].at, member)).flatten()
    }

    fn crosses(&mut self, id: RequestId, way: u32, what: usize) {
        let Some(network) = &self.plan.network else { return };
        let links = network.links;
        let entry = &self.requests[id];
        let frames = entry.frames[..usize::from(entry.depth)].iter().rev();
        // The call of a balancer to a member carries the bytes of the call to the balancer.
        let mut calls = frames.scan(true, |goes_on, frame| {
            let this = goes_on.then_some(frame.call);
            *goes_on = frame.behind;
            this
        });
        let of_call = |call: u32| self.plan.routes.calls.get(call as usize)?.bytes[what];
        let bytes = calls.find_map(|call| of_call(call).filter(|_| call != NO_CALL));
        let size = bytes.map_or(1, |bytes| whole::u64(self.draws.demand(bytes, entry)).max(1));
        self.with(links, |links: &mut Links, ctx: &mut Ctx<'_>| {
            links.send(ctx, id, Bytes::new(size), way);
        });
    }

    /// Lets `id`, which has crossed the link, ask for a worker.
    pub(super) fn reaches(&mut self, id: RequestId) {
        let entry = &mut self.requests[id];
        entry.stage = Stage::Route;
        let depth = usize::from(entry.depth);
        let frame = *entry.top();
        // Its sojourn there begins now; that behind a balancer has begun with the call.
        entry.top_mut().since = self.now;
        let unit = if frame.behind { entry.frames[depth - 2].at } else { ComponentId::NONE };
        let part = self.plan.parts.get(unit.index());
        if let Some(balancer) = part.and_then(|part| part.balancer) {
            let stay = self.now - frame.since;
            self.held_mut::<Balancer>(balancer).slot_keeps(frame.at, stay);
        }
        self.admit(id, frame.at);
    }

    /// Returns whether `to` can answer a probe of `from` in time: no link between their sites is down, and twice its
    /// latency is not above `time_out`. The latency does not delay the result.
    pub(crate) fn hears_in_time(
        &self,
        from: ComponentId,
        to: ComponentId,
        time_out: SimDuration,
    ) -> bool {
        let Some(network) = &self.plan.network else { return true };
        let way = network.between.as_ref().and_then(|between| between.way(from, to));
        way.is_none_or(|way| {
            let latency = self.held::<Links>(network.links).latency_of(way);
            latency.is_some_and(|latency| latency.saturating_mul(2) <= time_out)
        })
    }

    /// Ends the call in frame `depth` of `id` as `outcome`, whose caller waits no more, if it or its answer crosses a link,
    /// or if that of a balancer to a member for it does: the caller closes the connection, and the rest is not sent.
    /// Returns whether it did.
    pub(crate) fn closes_far(&mut self, id: RequestId, depth: usize, outcome: Outcome) -> bool {
        let entry = &self.requests[id];
        let innermost = depth + 1 == usize::from(entry.depth);
        let behind = depth + 2 == usize::from(entry.depth) && entry.top().behind;
        let crosses = matches!(entry.stage, Stage::Call | Stage::Answer);
        if !crosses || !(innermost || behind) {
            return false;
        }
        self.turns_back(id);
        while usize::from(self.requests[id].depth) > depth {
            self.leave(id, outcome);
        }
        true
    }

    /// Takes `id` off the link that it crosses with a call or an answer, if it does.
    pub(super) fn turns_back(&mut self, id: RequestId) {
        let entry = &mut self.requests[id];
        if !matches!(entry.stage, Stage::Call | Stage::Answer) {
            return;
        }
        entry.stage = Stage::Route;
        if entry.at == ComponentId::NONE {
            entry.ticket = Ticket::NONE;
            entry.waits = Waits::Nothing;
            return;
        }
        let at = entry.at;
        self.component_ctx(at, CauseId::OVERLOAD, |component, ctx| component.cancel(ctx, id));
    }
}
