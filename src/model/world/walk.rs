//! The advance of a request along its route until it has to wait.

use super::{Around, Bounded};
use crate::kinds::client::live as client;
use crate::model::ids::{AmountId, CauseId, ComponentId, DemandId};
use crate::model::paging::Paging;
use crate::model::request::{
    Frame, Hold, Marks, NO_CALL, Outcome, Owner, Request, RequestId, Stage, Waits,
};
use crate::model::route::{MOST, Op};
use crate::model::{Answer, Component, Ctx, Move, Next};
use crate::units::SimDuration;

impl Around<'_> {
    /// Advances `request` along its route until it has to wait.
    pub(super) fn advance(&mut self, id: RequestId) {
        match self.requests[id].stage {
            Stage::Route | Stage::Stream => {}
            Stage::Call => return self.reaches(id),
            Stage::Answer => return self.comes_back(id),
            _ => return client::network(self, id),
        }
        loop {
            if self.states.frozen > 0 && self.is_stalled(id) {
                return;
            }
            let entry = &mut self.requests[id];
            let pc = entry.pc;
            entry.pc = pc + 1;
            match self.ops[pc as usize] {
                Op::Visit { pool, demand, priority } => {
                    let member = self.pick(pool, id);
                    let need = self.draws.demand_ahead(demand, &self.requests[id]);
                    let need = SimDuration::from_seconds_f64(need).nanos();
                    let mut ctx = ctx!(self, self.states.causes[member.index()]);
                    if let Component::Station(station) = &mut self.components[member.index()] {
                        station.visit(&mut ctx, id, need, priority);
                    }
                    return;
                }
                Op::Enter { pool, call } => {
                    self.enter(id, pool, call);
                    if !self.goes_on(id) {
                        return;
                    }
                }
                op @ (Op::Front { balancer: own, .. }
                | Op::Pick { balancer: own, .. }
                | Op::Query { database: own, .. }
                | Op::Fresh { database: own }
                | Op::Begin { database: own, .. }
                | Op::Commit { database: own, .. }
                | Op::Edge { cdn: own, .. }
                | Op::Shield { cdn: own, .. }
                | Op::Shielded { cdn: own }
                | Op::Carry { network: own }
                | Op::Resolve { names: own, .. }) => match Component::step(self, own, id, op) {
                    Next::GoesOn => {}
                    Next::To(to) => self.requests[id].pc = to,
                    Next::Asked if self.goes_on(id) => {}
                    Next::Asked | Next::Waits => return,
                },
                Op::Leave => {
                    if self.answers_far(id) {
                        return;
                    }
                    self.leave(id, Outcome::Ok);
                    if self.requests[id].marks.has(Marks::ORPHAN) && self.requests[id].depth == 0 {
                        return self.requests.remove(id);
                    }
                }
                Op::Cpu { demand, threads } => {
                    if self.compute(id, demand, threads) {
                        return;
                    }
                }
                Op::Work => {
                    let seconds = SimDuration::from_nanos(self.requests[id].need).seconds();
                    if self.works(id, seconds, 1) {
                        return;
                    }
                }
                Op::Delay { demand } => {
                    let mut ctx = ctx!(self, CauseId::OVERLOAD);
                    let delay = ctx.duration(demand, id);
                    ctx.requests[id].waits = Waits::Timer;
                    return ctx.wake_after(id, delay);
                }
                Op::Head { mount, pool, amount, key } => {
                    if self.at_head(id, (mount, pool), amount, key) {
                        return;
                    }
                }
                Op::Disk { mount, write, key } => {
                    if self.at_disk(id, mount, write, key) {
                        return;
                    }
                }
                Op::Page(Paging::Touch { key, end }) => self.touches(id, key, end),
                Op::Page(Paging::Delay) => {
                    if self.delays_fault(id) {
                        return;
                    }
                }
                Op::Page(Paging::Fault { mount, key }) => return self.page_in(id, mount, key),
                op @ (Op::Exit(_) | Op::Lag(_)) => {
                    if self.leaves_guest(id, op) {
                        return;
                    }
                }
                Op::Defer { at, amount, key } => {
                    if self.defer(id, at, amount, key) {
                        return;
                    }
                }
                Op::Choose { first, count, key, otherwise } => {
                    let uniform = self.draws.uniform_ahead(key, &self.requests[id]);
                    let first = first as usize;
                    let branches = &self.plan.routes.branches[first..first + count as usize];
                    let taken = branches.iter().find(|branch| uniform < branch.below);
                    if !self.jump(id, taken.map_or(otherwise, |branch| branch.to)) {
                        return;
                    }
                }
                Op::Miss { branch, key, otherwise } => {
                    let uniform = self.draws.uniform_ahead(key, &self.requests[id]);
                    let taken = self.plan.routes.branches[branch as usize];
                    let missed = self.misses(id, taken.below, uniform);
                    if !self.jump(id, if missed { taken.to } else { otherwise }) {
                        return;
                    }
                }
                Op::Ask { of, what, ways } => match self.asks(id, of, what) {
                    Answer::GoesOn => {}
                    Answer::Way(number) => {
                        let way = self.plan.routes.branches[(ways + number) as usize];
                        self.requests[id].pc = way.to;
                    }
                    Answer::Waits => return,
                    Answer::Fails(outcome) => return self.fail_up(id, outcome),
                },
                Op::Jump { to } => {
                    if !self.jump(id, to) {
                        return;
                    }
                }
                Op::Repeat { amount, end } => {
                    if !self.begins_loop(id, amount, end) {
                        return;
                    }
                }
                Op::Again { start } => {
                    let entry = &mut self.requests[id];
                    let top = usize::from(entry.loop_depth) - 1;
                    entry.loops[top] -= 1;
                    if entry.loops[top] == 0 {
                        entry.loop_depth -= 1;
                        if !self.repeats(id) {
                            return;
                        }
                        // The draws after a loop are those of a route without the loop.
                        let entry = &mut self.requests[id];
                        if entry.loop_depth == 0 {
                            entry.unused = entry.unused.max(entry.iteration);
                            entry.iteration = entry.outside;
                        }
                    } else if !self.jump(id, start) {
                        return;
                    }
                }
                Op::Fork { entry, wait } => self.fork(id, entry, wait),
                Op::Join => {
                    let entry = &mut self.requests[id];
                    if entry.children > 0 {
                        entry.waits = Waits::Children;
                        // The last child lets the request continue at this same operation.
                        entry.pc = pc;
                        return;
                    }
                    if let Some(outcome) = entry.failed {
                        return self.fail_up(id, outcome);
                    }
                }
                Op::End => return self.end(id, Outcome::Ok),
            }
        }
    }

    /// Returns whether `id` was admitted at once and nothing else was handed over before. It then continues
    /// without the lane.
    #[inline(always)]
    fn goes_on(&mut self, id: RequestId) -> bool {
        self.lane.take(|next| matches!(next, Move::Advance(request) if *request == id))
    }

    /// Sends `id` to another operation; a jump back counts as a repetition. Returns false if the
    /// request has repeated its steps too often: the run stops.
    #[inline(always)]
    fn jump(&mut self, id: RequestId, to: u32) -> bool {
        let entry = &mut self.requests[id];
        if to < entry.pc {
            // Outside loops a jump back is a repetition with a new number, above all that the loops have used.
            if entry.loop_depth == 0 {
                entry.iteration = entry.iteration.max(entry.unused);
            }
            if !self.repeats(id) {
                return false;
            }
        }
        self.requests[id].pc = to;
        true
    }

    /// Starts the loop of `id` that ends before `end`, or skips it. Returns false if it has too many repetitions: the run
    /// stops.
    #[inline(always)]
    fn begins_loop(&mut self, id: RequestId, amount: AmountId, end: u32) -> bool {
        let count = self.draws.amount(amount, &self.requests[id]);
        let Ok(count) = u16::try_from(count) else {
            self.stops_for(id, Bounded::Repetitions);
            return false;
        };
        self.loops(id, count, end);
        true
    }

    /// Begins a loop of `id` with `count` repetitions, which ends at `end`.
    #[inline(always)]
    pub(super) fn loops(&mut self, id: RequestId, count: u16, end: u32) {
        let entry = &mut self.requests[id];
        if count == 0 {
            entry.pc = end;
        } else {
            if entry.loop_depth == 0 {
                entry.outside = entry.iteration;
            }
            entry.loops[usize::from(entry.loop_depth)] = count;
            entry.loop_depth += 1;
        }
    }

    /// Counts a repetition of `id`; returns false if it has too many.
    #[inline(always)]
    fn repeats(&mut self, id: RequestId) -> bool {
        let entry = &mut self.requests[id];
        let Some(next) = entry.iteration.checked_add(1) else {
            self.stops_for(id, Bounded::Repetitions);
            return false;
        };
        entry.iteration = next;
        true
    }

    /// Returns the answer of `of` to `id`, which asks it for `what`.
    #[inline(never)]
    pub(crate) fn asks(&mut self, id: RequestId, of: ComponentId, what: u32) -> Answer {
        let mut ctx = ctx!(self, self.states.causes[of.index()]);
        self.components[of.index()].ask(&mut ctx, id, what)
    }

    /// Returns whether the query of `id` misses the buffer. The miss probability is `probability`, multiplied by a
    /// factor for a while after a restart.
    fn misses(&self, id: RequestId, probability: f64, uniform: f64) -> bool {
        let member = self.requests[id].top().at.index();
        let (Some(cold), Some(at)) = (self.plan.parts[member].cold, self.states.restarted[member])
        else {
            return uniform < probability;
        };
        // Most draws are decided without the exponential: they miss a warm buffer, or hit a cold one.
        if cold.factor >= 1.0 && uniform < probability {
            return true;
        }
        if cold.factor >= 1.0 && uniform >= probability * (1.0 + (cold.factor - 1.0)) {
            return false;
        }
        uniform < probability * cold.factor_at(self.now - at.min(self.now))
    }

    /// Starts processor work for `id`. Returns false if it needs none.
    fn compute(&mut self, id: RequestId, demand: DemandId, threads: u16) -> bool {
        let seconds = self.draws.demand_ahead(demand, &self.requests[id]);
        self.works(id, seconds, threads)
    }

    /// Starts processor work of `id` that takes `seconds` at full speed. Returns false if that is none.
    #[inline(always)]
    fn works(&mut self, id: RequestId, mut seconds: f64, threads: u16) -> bool {
        let member = self.requests[id].top().at;
        let part = &self.plan.parts[member.index()];
        let place = part.place.expect("the plan gives every member a place");
        if let Component::Service(service) = &self.components[member.index()] {
            seconds *= service.slowness;
        }
        seconds *= part.slowness;
        if let Some((lasts, speed)) = part.warm_up
            && let Some(at) = self.states.restarted[member.index()]
            && self.now.since(at) < lasts
        {
            seconds /= speed;
        }
        let work = SimDuration::from_seconds_f64(seconds).nanos();
        if work == 0 {
            return false;
        }
        let mut ctx = ctx!(self, self.states.causes[place.cpu.index()]);
        if let Component::Cpu(cpu) = &mut self.components[place.cpu.index()] {
            cpu.compute(&mut ctx, id, place.zone, (work, threads));
        }
        true
    }

    #[inline(never)]
    fn fork(&mut self, id: RequestId, entry: u32, wait: bool) {
        let parent = &self.requests[id];
        if wait && parent.children == MOST {
            return self.stops_for(id, Bounded::Children);
        }
        let owner = if wait { Owner::Parent(id) } else { Owner::Nobody };
        let mut child = Request::new(parent.class, entry, owner, self.now);
        child.ordinal = parent.ordinal;
        child.path = parent.drawn().sends(parent.iteration).path;
        child.position = parent.position;
        child.iteration = parent.iteration;
        child.counted = parent.counted;
        if parent.depth > 0 {
            child.frames[0] =
                Frame { hold: Hold::Borrowed, call: NO_CALL, behind: false, ..*parent.top() };
            child.depth = 1;
        }
        if let Some(child) = self.insert(child) {
            if wait {
                self.requests[id].children += 1;
            }
            self.lane.push(Move::Advance(child));
        }
    }
}
