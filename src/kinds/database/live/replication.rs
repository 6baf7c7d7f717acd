//! Queries on their way to a member, the log, and the replicas that apply it.
//!
//! The applier of a replica is at most one request at a time, in no ledger. It is in the slab with a
//! borrowed frame of the replica, so that it stalls, fails and is dropped with that process. The times
//! of receipt are drawn when a write is committed. An alarm is armed only while the applier is idle. A replica that was away
//! waits for some of the disk operations until it has applied all that it has received. Otherwise what it has missed would stand in
//! the queue of its disks, in front of the queries that it answers.

use super::{AGAIN, Alarm, Database, Phase, SEMI_SYNC_TIME_OUT, Standing, Write};
use crate::convert;
use crate::engine::calendar::Ticket;
use crate::model::ids::{CallId, ComponentId};
use crate::model::request::{Outcome, Owner, RequestId, Waits};
use crate::model::route::index_of;
use crate::model::world::Around;
use crate::model::{Ctx, Health, Move};
use crate::units::{SimDuration, SimTime};

impl Database {
    /// Updates the measured lag of a member.
    pub(super) fn note(&mut self, now: SimTime, member: usize) {
        let follows = self.applies_log(member);
        let end = self.log.end();
        let state = &mut self.members[member];
        let oldest = self.log.get(state.applied).filter(|_| follows).map(|write| write.at);
        let backlog = if follows { end - state.applied } else { 0 };
        state.lag.set(now, follows, oldest, backlog);
    }

    /// Returns the time at which a replica receives `write`, sent at `now`.
    pub(super) fn receipt(&self, now: SimTime, member: usize, write: &Write) -> SimTime {
        let index = index_of(write.position, write.iteration, 0);
        let state = &self.members[member];
        let key = state.receive[write.step as usize];
        let seconds = self.config.receive.sample(write.drawn.uniform(key, index));
        let at = now + SimDuration::from_seconds_f64(seconds);
        state.receipts.back().map_or(at, |last| at.max(*last))
    }

    /// Commits the write that `request` has executed at `member`; returns whether it waits for a replica.
    fn commit(&mut self, ctx: &mut Ctx<'_>, member: usize, request: RequestId, step: u32) -> bool {
        let now = ctx.now;
        if self.agrees() {
            self.executed(ctx, request);
            return true;
        }
        if member != self.primary {
            self.ends_write(ctx, request);
            self.counts.split_brain += self.counted(now);
            return false;
        }
        let entry = &ctx.requests[request];
        let number = self.log.end();
        let waits = self.config.wait_for.is_some()
            || self.config.semi_sync && self.phase == Phase::Served && !self.falls_back(now);
        let write = Write {
            at: now,
            drawn: entry.drawn(),
            position: entry.position,
            iteration: entry.iteration,
            step,
            acknowledged: !waits,
            origin: member,
        };
        self.log.writes.push_back(write);
        for replica in 0..self.members.len() {
            if !self.is_replica(replica) {
                continue;
            }
            if self.is_far(replica) {
                self.sends_writes(ctx, replica);
            } else if self.members[replica].connected {
                let at = self.receipt(now, replica, &write);
                let state = &mut self.members[replica];
                state.receipts.push_back(at);
                if self.config.wait_for.is_some() {
                    self.arm_force(ctx, replica);
                } else if state.receipts.len() == 1 && state.applying.is_none() {
                    self.arm(ctx, Alarm::Apply(replica), at);
                }
            }
            self.note(now, replica);
        }
        self.trim();
        if waits {
            let entry = &mut ctx.requests[request];
            entry.at = self.id;
            entry.since = now;
            entry.waits = Waits::Timer;
            entry.ticket = Ticket::NONE;
            self.waiting.push_back((number, request, now));
            if self.waiting.len() == 1 {
                self.arm_acknowledgement(ctx);
            }
        } else {
            self.ends_write(ctx, request);
        }
        waits
    }

    /// Returns whether the group is asynchronous because no replica has answered in time; ends that once one
    /// has received everything.
    fn falls_back(&mut self, now: SimTime) -> bool {
        let end = self.log.end();
        let caught_up = |m: usize| {
            self.is_replica(m) && !self.is_far(m) && self.members[m].received(now) >= end
        };
        if self.fallen && (0..self.members.len()).any(caught_up) {
            self.fallen = false;
        }
        self.fallen
    }

    fn arm_acknowledgement(&mut self, ctx: &mut Ctx<'_>) {
        let Some((number, _, since)) = self.waiting.front().copied() else { return };
        if self.config.wait_for.is_some() {
            return;
        }
        let mut next = since + SEMI_SYNC_TIME_OUT;
        for member in 0..self.members.len() {
            let state = &self.members[member];
            // The answer from the other site of a link has an event of its own.
            let near = self.is_replica(member) && !self.is_far(member);
            let place = number.checked_sub(state.applied).filter(|_| near);
            if let Some(at) = place.and_then(|place| state.receipts.get(convert::index(place))) {
                next = next.min(*at);
            }
        }
        self.arm(ctx, Alarm::Acknowledge, next);
    }

    /// Acknowledges the waiting writes that a replica has received; all of them after a time-out.
    pub(super) fn acknowledge(&mut self, ctx: &mut Ctx<'_>) {
        let most = self.secured(ctx.now);
        while let Some((number, request, since)) = self.waiting.front().copied() {
            let late = self.config.wait_for.is_none() && ctx.now - since >= SEMI_SYNC_TIME_OUT;
            if number >= most && !late && !self.fallen {
                break;
            }
            if number >= most && late && !self.fallen {
                self.fallen = true;
                self.forget_levels();
            }
            self.waiting.pop_front();
            if let Some(place) = number.checked_sub(self.log.base)
                && let Some(write) = self.log.writes.get_mut(convert::index(place))
            {
                write.acknowledged = true;
            }
            let entry = &mut ctx.requests[request];
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            ctx.proceed(request);
            self.ends_write(ctx, request);
        }
        self.arm_acknowledgement(ctx);
    }

    /// Removes from the log the writes that every replica, and every member being copied, has applied.
    pub(super) fn trim(&mut self) {
        let needs = |m: &usize| match self.members[*m].standing {
            Standing::Member => *m != self.primary || self.agrees(),
            Standing::Copied(_) => true,
            Standing::Out => false,
        };
        let least = (0..self.members.len()).filter(needs).map(|m| self.members[m].applied).min();
        let least = least.unwrap_or(self.log.end());
        while self.log.base < least && self.log.writes.pop_front().is_some() {
            self.log.base += 1;
        }
    }

    /// Connects and disconnects replicas after a change of health, primary, phase or membership.
    pub(super) fn reconnect(&mut self, ctx: &mut Ctx<'_>) {
        let now = ctx.now;
        let sends = self.phase == Phase::Served && self.members[self.primary].up;
        for replica in 0..self.members.len() {
            let receives = if self.agrees() {
                self.applies_log(replica) && self.members[replica].up && self.has_source(replica)
            } else {
                sends && self.is_replica(replica) && self.members[replica].up
            };
            if self.members[replica].connected && !receives {
                let state = &mut self.members[replica];
                let received = state.receipts.partition_point(|at| *at <= now);
                state.receipts.truncate(received);
                self.forget_transfers(replica);
            }
            let anew = !self.members[replica].connected && receives;
            if anew && !self.is_far(replica) {
                let first =
                    self.members[replica].applied + self.members[replica].receipts.len() as u64;
                for number in first..self.log.end() {
                    let Some(write) = self.log.get(number).copied() else { continue };
                    let at = self.receipt(now, replica, &write);
                    self.members[replica].receipts.push_back(at);
                }
            }
            self.members[replica].connected = receives;
            if anew {
                self.misses(replica);
            }
            self.fills(ctx, replica, anew);
            self.note(now, replica);
            if self.config.wait_for.is_some() {
                self.arm_force(ctx, replica);
            }
            let state = &self.members[replica];
            if let Some(first) = state.receipts.front().copied()
                && state.applying.is_none()
                && self.may_apply(replica)
            {
                self.arm(ctx, Alarm::Apply(replica), first);
            }
        }
        self.arm_acknowledgement(ctx);
    }

    /// Notes that a replica is back, and lacks what has been written meanwhile.
    pub(super) fn misses(&mut self, replica: usize) {
        let end = self.log.end();
        let state = &mut self.members[replica];
        if state.applied < end {
            state.missed = Some(end);
        }
    }

    /// Returns the write that a replica begins to apply now, if it can.
    fn next_write(&mut self, ctx: &mut Ctx<'_>, replica: usize) -> Option<Write> {
        if self.agrees() {
            self.passes_own(ctx, replica);
        }
        let state = &self.members[replica];
        let able = self.applies_log(replica) && self.may_apply(replica);
        if !able || !state.up || state.applying.is_some() {
            return None;
        }
        let first = state.receipts.front().copied();
        let has_all = first.is_none_or(|first| first > ctx.now);
        if has_all && state.missed.is_some_and(|missed| state.applied >= missed) {
            self.members[replica].missed = None;
        }
        let first = first?;
        if first > ctx.now {
            self.arm(ctx, Alarm::Apply(replica), first);
            return None;
        }
        self.members[replica].applying = Some(ctx.now);
        self.log.get(self.members[replica].applied).copied()
    }

    /// Records the end of a write that a replica has applied since `born`; returns whether it may go on.
    fn applied(&mut self, ctx: &mut Ctx<'_>, replica: usize, born: SimTime, well: bool) -> bool {
        if self.members[replica].applying != Some(born) {
            return false;
        }
        self.members[replica].applying = None;
        if !well {
            self.misses(replica);
            self.arm(ctx, Alarm::Apply(replica), ctx.now + AGAIN);
            return false;
        }
        let state = &mut self.members[replica];
        state.applied += 1;
        state.receipts.pop_front();
        self.note(ctx.now, replica);
        self.trim();
        self.has_applied(ctx, replica);
        true
    }
}

impl Database {
    /// Sends the query of `id` to the member that serves it, or turns it away if that is fenced.
    #[inline(never)]
    pub(super) fn query(
        around: &mut Around<'_>,
        id: RequestId,
        database: ComponentId,
        write: bool,
        call: Option<CallId>,
    ) {
        let entry = &around.requests[id];
        let caller = (entry.depth > 0).then(|| entry.top().at);
        let group = around.held::<Self>(database);
        let from = caller.and_then(|caller| group.side_of(around, caller));
        let (member, cause) = around.with::<Self, _>(database, |group, _| {
            let at = group.serves(write, from);
            let fenced = group.members[at].fenced.then_some(group.cause);
            (group.config.members[at].id, fenced)
        });
        around.ask(id, member, call, false);
        let Some(cause) = cause else { return around.let_in(id, member) };
        // A fenced member refuses; a lost host does not answer.
        let silent = around.health(member) == Health::Unreachable;
        let health = if silent { Health::Unreachable } else { Health::Down };
        around.turn_away(id, cause, health);
    }

    /// Counts a read of `id` that begins at the innermost member, and marks it if it is stale.
    #[inline(never)]
    pub(super) fn begin_read(around: &mut Around<'_>, id: RequestId, database: ComponentId) {
        let at = around.requests[id].top().at;
        let Some((_, member)) = around.plan.parts[at.index()].database else { return };
        let stale = around.with::<Self, _>(database, |group, ctx| {
            let lag = group.members[member as usize].lag.now(ctx.now)?;
            let (counted, stale) = (group.counted(ctx.now), lag > group.config.max_staleness);
            group.counts.replica_reads += counted;
            group.counts.stale += counted * u64::from(stale);
            Some(stale)
        });
        if stale == Some(true) {
            around.requests[id].top_mut().stale = true;
        }
    }

    /// Commits a write of `id` at the innermost member; returns whether `id` waits there.
    #[inline(never)]
    pub(super) fn committed(
        around: &mut Around<'_>,
        id: RequestId,
        database: ComponentId,
        step: u32,
    ) -> bool {
        let at = around.requests[id].top().at;
        let Some((_, member)) = around.plan.parts[at.index()].database else { return false };
        around.with::<Self, _>(database, |group, ctx| group.commit(ctx, member as usize, id, step))
    }

    /// Lets a replica apply its next write, if it has one.
    pub(super) fn apply_next(around: &mut Around<'_>, database: ComponentId, replica: usize) {
        let write = around.with::<Self, _>(database, |group, ctx| group.next_write(ctx, replica));
        let Some(write) = write else { return };
        let group = around.held::<Self>(database);
        let unit = group.unit(Alarm::Apply(replica));
        let member = &group.config.members[replica];
        let entries = match group.members[replica].missed {
            Some(_) => &member.catches_up,
            None => &member.applies,
        };
        let entry = entries[write.step as usize];
        let at = member.id;
        let request = write.request(entry, at, Owner::Database(unit), around.now);
        if let Some(request) = around.insert(request) {
            around.lane.push(Move::Advance(request));
        }
    }

    /// Handles the end of a group's own request that began at `born`.
    pub(super) fn own_request_ends(
        around: &mut Around<'_>,
        id: ComponentId,
        local: usize,
        born: SimTime,
        outcome: Outcome,
    ) {
        let well = outcome == Outcome::Ok;
        match Alarm::of(local, around.held::<Self>(id).members.len()) {
            Alarm::Probe(member) => Self::probe_answered(around, id, member, born, well),
            Alarm::Force(replica) => {
                around.with::<Self, _>(id, |group, ctx| group.forced(ctx, replica, born, well));
            }
            Alarm::Apply(replica) => {
                if !around.with::<Self, _>(id, |group, ctx| group.applied(ctx, replica, born, well))
                {
                    return;
                }
                Self::apply_next(around, id, replica);
                if around.held::<Self>(id).phase == Phase::Replays(replica) {
                    Self::failover_step(around, id);
                }
            }
            _ => {}
        }
    }
}
