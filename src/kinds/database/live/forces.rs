//! Synchronous replication: replicas force what they have received, and answer the primary.
//!
//! A replica writes one record at a time. Each covers all writes received when it begins (group commit), and is a request of its
//! own with a borrowed frame, as an applied write is. Its end sends a message to the primary, which acknowledges a write
//! when enough replicas have confirmed it. Without these replicas it waits.

use super::{AGAIN, Alarm, Database};
use crate::convert;
use crate::engine::calendar::Ticket;
use crate::model::request::{Owner, RequestId};
use crate::model::{Ctx, Move};
use crate::units::SimTime;

impl Database {
    /// Returns whether a member may apply its next write: it has forced it, where that is asked of it.
    pub(super) fn may_apply(&self, member: usize) -> bool {
        let state = &self.members[member];
        self.config.wait_for.is_none() || state.applied < state.forced
    }

    /// Returns whether enough other replicas run for writes of `member` as the primary.
    pub(super) fn has_replicas_for(&self, member: usize) -> bool {
        let able = |m: usize| self.is_replica(m) && self.members[m].up && self.reaches(m, member);
        let runs = |m: &usize| *m != member && able(*m);
        let others = (0..self.members.len()).filter(runs).count() as u64;
        self.config.wait_for.is_none_or(|wait_for| others >= u64::from(wait_for))
    }

    /// Returns the number of writes that may be acknowledged, of all writes: the first of them are at enough replicas.
    pub(super) fn secured(&self, now: SimTime) -> u64 {
        let replicas = (0..self.members.len()).filter(|member| self.is_replica(*member));
        let Some(wait_for) = self.config.wait_for else {
            let known = |m: usize| match self.is_far(m) {
                true => self.members[m].confirmed,
                false => self.members[m].received(now),
            };
            return replicas.map(known).max().unwrap_or(0);
        };
        let mut all: Vec<u64> = replicas.map(|m| self.members[m].confirmed).collect();
        all.sort_unstable_by(|one, other| other.cmp(one));
        let place = convert::index(u64::from(wait_for) - 1);
        all.get(place).copied().unwrap_or(0)
    }

    /// Arms the next record of a replica that forces nothing at present.
    pub(super) fn arm_force(&mut self, ctx: &mut Ctx<'_>, replica: usize) {
        let state = &self.members[replica];
        let place = state.forced.saturating_sub(state.applied);
        if state.forcing.is_none()
            && let Some(at) = state.receipts.get(convert::index(place)).copied()
        {
            self.arm(ctx, Alarm::Force(replica), at);
        }
    }

    /// Begins a record of all writes that a replica has received and not forced.
    pub(super) fn forces(&mut self, ctx: &mut Ctx<'_>, replica: usize) {
        let now = ctx.now;
        let state = &self.members[replica];
        if state.forcing.is_some() || !state.up || !self.is_replica(replica) {
            return;
        }
        let upto = state.received(now);
        if upto <= state.forced {
            return self.arm_force(ctx, replica);
        }
        let Some(write) = self.log.get(upto - 1).copied() else { return };
        self.members[replica].forcing = Some((now, upto));
        let member = &self.config.members[replica];
        let owner = Owner::Database(self.unit(Alarm::Force(replica)));
        let request = write.request(member.forces[write.step as usize], member.id, owner, now);
        let next = ctx.requests.insert(request).map_or(Move::TooMany, Move::Advance);
        ctx.lane.push(next);
    }

    /// Handles the end of a record that began at `born`.
    pub(super) fn forced(&mut self, ctx: &mut Ctx<'_>, replica: usize, born: SimTime, well: bool) {
        let Some((_, upto)) = self.members[replica].forcing.filter(|(at, _)| *at == born) else {
            return;
        };
        self.members[replica].forcing = None;
        if !well {
            return self.arm(ctx, Alarm::Force(replica), ctx.now + AGAIN);
        }
        let Some(write) = upto.checked_sub(1).and_then(|last| self.log.get(last)).copied() else {
            return;
        };
        let state = &mut self.members[replica];
        state.forced = state.forced.max(upto);
        let idle = state.applying.is_none();
        self.confirms(ctx, replica, &write, upto);
        if idle {
            self.arm(ctx, Alarm::Apply(replica), ctx.now);
        }
        self.arm_force(ctx, replica);
    }

    /// Records that the primary knows of forced writes.
    pub(super) fn confirmed(&mut self, ctx: &mut Ctx<'_>, replica: usize, upto: u64) {
        let state = &mut self.members[replica];
        state.confirmed = state.confirmed.max(upto);
        self.fallen &= !self.has_caught_up(replica, upto);
        self.acknowledge(ctx);
    }

    /// Forgets after a change of the primary what was forced of writes that are no more, and what the old one knew.
    pub(super) fn forget_forces(&mut self) {
        let end = self.log.end();
        for state in &mut self.members {
            state.forced = state.forced.min(end).max(state.applied.min(end));
            state.confirmed = state.confirmed.min(end);
            state.forcing = None;
        }
        if self.config.wait_for.is_some() || self.far.is_some() {
            self.post.retain(|_, post| !post.is_confirmation());
        }
    }

    /// Lets `request` wait here.
    pub(super) fn waits_here(&self, ctx: &mut Ctx<'_>, request: RequestId) {
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.since = ctx.now;
        entry.waits = crate::model::request::Waits::Timer;
        entry.ticket = Ticket::NONE;
    }
}
