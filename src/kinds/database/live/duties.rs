//! Implementation of [`Live`] for database groups.

use super::{Database, DatabaseConfig, State};
use crate::engine::calendar::Ticket;
use crate::kinds::database::account;
use crate::model::gauge::{Gauge, Quantity};
use crate::model::ids::{CauseId, ComponentId};
use crate::model::request::{Outcome, RequestId, Waits};
use crate::model::route::Op;
use crate::model::world::Around;
use crate::model::{Answer, Ctx, Fate, Heard, Keeps, Live, Next, Start, none};
use crate::units::SimTime;

impl Live for Database {
    type Config = DatabaseConfig;

    fn begin(id: ComponentId, config: &DatabaseConfig, start: &Start<'_>) -> Self {
        let mut config = config.clone();
        if let (Some(failover), true) = (&mut config.failover, start.drilled) {
            failover.coverage = 1.0;
        }
        if let (Some(failover), Some(_)) = (&mut config.failover, start.past) {
            failover.false_gap = None;
        }
        let draws = (start.seed, start.lineage);
        let mut database = Self::new(id, config, draws, start.at, start.counted);
        if let Some(past) = start.past {
            database.follows(past.failed_of(id));
            if let Some(primary) = past.holder(id) {
                database.begins_with(primary, start.at);
            }
        }
        database
    }

    none!(lent);
    none!(
        alarm,
        health,
        holds,
        waits,
        sojourns,
        by_number,
        closes,
        loads,
        forgets,
        queue,
        queue_mut,
        whole,
        part_reading,
        is_process,
        is_idle,
        bounds,
        entrance,
        wake,
        room,
        redirects,
        abandoned,
        answers,
        in_vain
    );
    none!(begin_to_count, keeps_place);

    fn listens(config: &DatabaseConfig) -> Vec<ComponentId> {
        config.far.iter().map(|far| far.link).collect()
    }

    /// Receives a change of health of the link between its members.
    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        self.link_changes(ctx, heard);
    }

    /// Handles data that have left for the other site of the link.
    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, _: u32) -> Answer {
        self.has_left(ctx, request);
        Answer::GoesOn
    }

    /// Ends the wait of `request` for its acknowledgement.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.waiting.retain(|(_, other, _)| *other != request);
        self.loses_client(ctx, request);
        let entry = &mut ctx.requests[request];
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
    }

    /// Handles the end of work for a transaction.
    fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome) {
        self.work_ended(ctx, request, outcome == Outcome::Ok);
    }

    /// Handles a query that leaves a member without a result.
    fn fate(around: &mut Around<'_>, own: ComponentId, request: RequestId, fate: Fate) {
        if matches!(fate, Fate::Removed) {
            around.with(own, |group: &mut Self, ctx| group.loses_client(ctx, request));
        }
    }

    fn counts_anew(&mut self, now: SimTime, until: SimTime) {
        self.count_anew(now, until);
    }

    fn count_ends(&mut self, now: SimTime) {
        self.count_until(now);
    }

    fn counts(_: &DatabaseConfig) -> Keeps {
        Keeps { tallied_by: Some(account::OF), ..Keeps::NOTHING }
    }

    fn gauge(&self, _: SimTime) -> Gauge {
        Gauge { tally: self.counts.tally(), ..Gauge::default() }
    }

    /// Lag and backlog of each member, in the order of [`account::Followed`].
    fn quantities(&self, now: SimTime) -> Vec<Quantity> {
        let of = |state: &State| state.lag.up_to(now);
        self.members.iter().flat_map(of).collect()
    }

    fn leader(&self) -> Option<usize> {
        Some(self.primary)
    }

    fn data_swap(&self, leader: usize) -> Option<(ComponentId, ComponentId)> {
        self.remounted_by(leader)
    }

    /// Appends one flag per member: true unless it is a replica that may serve and, where members agree, lacks nothing.
    fn bars(&self, barred: &mut Vec<bool>) {
        let serves = |member| self.is_replica(member) && self.in_view(member);
        barred.extend((0..self.members.len()).map(|member| !serves(member)));
    }

    /// Arms the first probes and failovers.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        let faults = around.has_faults();
        around.with(own, |group: &mut Self, ctx| {
            group.evicts_absent(ctx);
            group.begin(ctx, faults);
        });
        Self::begins_elected(around, own);
    }

    fn due(around: &mut Around<'_>, own: ComponentId, local: u32, ticket: Ticket) {
        Self::alarm_rings(around, own, local as usize, ticket);
    }

    fn step(around: &mut Around<'_>, own: ComponentId, request: RequestId, op: Op) -> Next {
        match op {
            Op::Query { write, call, .. } => {
                Self::query(around, request, own, write, call);
                Next::Asked
            }
            Op::Fresh { .. } => {
                Self::begin_read(around, request, own);
                Next::GoesOn
            }
            Op::Begin { step, .. } => {
                Self::begin_write(around, request, own, step);
                Next::Waits
            }
            Op::Commit { step, .. } if Self::committed(around, request, own, step) => Next::Waits,
            Op::Commit { .. } => Next::GoesOn,
            _ => unreachable!("no other operation is a database's"),
        }
    }

    /// Handles the end of a probe, or of a write that a replica applied.
    fn returned(
        around: &mut Around<'_>,
        own: ComponentId,
        local: u32,
        born: SimTime,
        outcome: Outcome,
    ) {
        Self::own_request_ends(around, own, local as usize, born, outcome);
    }

    /// Applies a change of health of the process of a member.
    fn part_health(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId) {
        let Some((_, member)) = around.plan.parts[heard.of.index()].database else { return };
        let up = heard.is.works();
        let lost = heard.is.is_lost() || heard.is_renewed();
        let announced = !up && around.is_work(cause);
        around.with(own, |group: &mut Self, ctx| {
            group.health_changes(ctx, member as usize, (up, lost), cause);
            if announced {
                group.hears_of_work(ctx, member as usize);
            }
        });
    }
}
