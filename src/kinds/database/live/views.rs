//! Members that writes wait for: eviction of silent members, return, and joining after they have caught up.
//!
//! A group whose primary takes all writes elects a new one once it has evicted the old one: the first running member of the
//! view. The old primary follows when it is back. The new primary's buffer is cold if that member has answered no reads.

use super::{Alarm, Database};
use crate::mechanism::commit::Act;
use crate::model::Ctx;
use crate::model::ids::ComponentId;
use crate::model::world::Around;
use crate::units::SimTime;

impl Database {
    pub(super) fn joins_if_complete(&mut self, ctx: &mut Ctx<'_>, member: usize) {
        let complete = self.members[member].applied == self.log.end();
        if self.in_view(member) || !complete || !self.members[member].up {
            return;
        }
        let Some(agreed) = &mut self.agreed else { return };
        agreed.commits.joins(member);
        self.note(ctx.now, member);
        self.evicts_silent(ctx);
    }

    /// Forgets the transactions of a member that has lost its memory or is fenced.
    pub(super) fn forgets_writes(&mut self, member: usize) {
        let Some(agreed) = &mut self.agreed else { return };
        let mut acts = Vec::new();
        agreed.commits.fails(member, true, &mut acts);
        agreed.commits.returns(member, true, &mut acts);
        if agreed.how.protocol.is_none() {
            agreed.commits.joins(member);
        }
        // Its queries are dropped with its process, or by the fence.
        for act in acts {
            if let Act::Fails(txn) = act {
                self.takes_client(txn);
                self.tidies(txn);
            }
        }
    }

    /// Applies a change of health to the view: `lost` if the member has lost its memory.
    pub(super) fn member_changes(
        &mut self,
        ctx: &mut Ctx<'_>,
        member: usize,
        up: bool,
        lost: bool,
    ) {
        if self.config.wait_for.is_some() && lost {
            // A record under way ends with the process.
            self.members[member].forcing = None;
        }
        if !self.agrees() {
            if lost {
                self.forgets_writes(member);
            }
            return;
        }
        let Some(agreed) = &mut self.agreed else { return };
        let mut acts = Vec::new();
        let state = &mut self.members[member];
        state.lost |= lost;
        if lost || !up {
            agreed.commits.fails(member, lost, &mut acts);
        }
        if !up {
            if state.silent.is_none() {
                state.silent = Some(ctx.now);
                let at = ctx.now + agreed.how.suspect_after;
                self.act(ctx, acts);
                self.arm(ctx, Alarm::Suspect(member), at);
                return;
            }
        } else if state.silent.take().is_some() || state.lost {
            let lost = std::mem::take(&mut state.lost);
            agreed.commits.returns(member, lost, &mut acts);
            self.act(ctx, acts);
            self.joins_if_complete(ctx, member);
            return self.evicts_silent(ctx);
        }
        self.act(ctx, acts);
    }

    /// Evicts `member` if it has been silent for long enough.
    pub(super) fn suspects(&mut self, ctx: &mut Ctx<'_>, member: usize) {
        let Some(agreed) = &mut self.agreed else { return };
        let Some(since) = self.members[member].silent else { return };
        if ctx.now < since + agreed.how.suspect_after {
            return;
        }
        let mut acts = Vec::new();
        let evicted = agreed.commits.evicts(member, false, &mut acts);
        self.act(ctx, acts);
        if evicted {
            self.reconnect(ctx);
            self.evicts_silent(ctx);
        }
    }

    /// Returns the member that the view elects as the primary; `None` if the old one is in it, or no other runs.
    fn elected(&mut self) -> Option<usize> {
        if !self.config.elects || self.in_view(self.primary) {
            return None;
        }
        let runs = |member: &usize| self.members[*member].up && self.in_view(*member);
        self.primary = (0..self.members.len()).find(runs)?;
        Some(self.primary)
    }

    /// Lets the view elect a primary if it has evicted the old one.
    pub(super) fn elects(around: &mut Around<'_>, id: ComponentId) {
        let elected = around.with::<Self, _>(id, |group, ctx| {
            let elected = group.elected()?;
            group.counts.failovers += group.counted(ctx.now);
            Some(elected)
        });
        let Some(member) = elected else { return };
        let group = around.held::<Self>(id);
        if !group.config.replicas_read() {
            let new = group.config.members[member].id;
            around.starts_cold(new);
        }
        around.role_moves(id, member);
    }

    /// Lets the view elect a primary at the start of a run, in place of one that was away before. It has been primary for long.
    pub(super) fn begins_elected(around: &mut Around<'_>, id: ComponentId) {
        if let Some(member) = around.with::<Self, _>(id, |group, _| group.elected()) {
            around.role_moves(id, member);
        }
    }

    /// Evicts at the start of a run the members that were away before it, if they may have been for long enough.
    pub(super) fn evicts_absent(&mut self, ctx: &mut Ctx<'_>) {
        if !self.agrees() {
            return;
        }
        for state in &mut self.members {
            state.silent = state.silent.map(|_| SimTime::ZERO);
        }
        self.evicts_silent(ctx);
    }

    /// Evicts the silent members that could not be evicted before the view changed.
    fn evicts_silent(&mut self, ctx: &mut Ctx<'_>) {
        for member in 0..self.members.len() {
            if self.members[member].silent.is_some() && self.in_view(member) {
                self.suspects(ctx, member);
            }
        }
        if self.config.elects && !self.in_view(self.primary) {
            self.arm(ctx, Alarm::Step, ctx.now);
        }
    }
}
