//! Implementation of [`Live`] for balancers.

use super::{Balancer, BalancerConfig};
use crate::engine::calendar::Ticket;
use crate::model::gauge::{ByNumber, Gauge};
use crate::model::ids::{CauseId, ComponentId};
use crate::model::request::{Outcome, RequestId};
use crate::model::route::Op;
use crate::model::world::Around;
use crate::model::{Ctx, Heard, Keeps, Live, Next, Start, none};
use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};

impl Live for Balancer {
    type Config = BalancerConfig;

    fn begin(id: ComponentId, config: &BalancerConfig, start: &Start<'_>) -> Self {
        let mut config = config.clone();
        if let (Some(takeover), true) = (&mut config.takeover, start.drilled) {
            takeover.coverage = 1.0;
        }
        let mut balancer = Self::new(config, start.seed, start.lineage);
        if let Some(past) = start.past {
            let hangs = past.hangs.iter().filter(|hangs| hangs.of == id);
            balancer.follows(past.failed_of(id), hangs.cloned(), past.holder(id));
        }
        balancer
    }

    none!(quantities, lent);
    none!(
        alarm,
        health,
        listens,
        hears,
        ask,
        ended,
        holds,
        count_ends,
        sojourns,
        loads,
        forgets,
        queue,
        queue_mut,
        whole,
        part_reading,
        is_process,
        is_idle,
        leader,
        data_swap,
        bars,
        answers,
        fate,
        in_vain
    );

    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.leave_line(ctx, request);
    }

    /// Requests sent on as `completed`, and as `refused` those for which no member was left.
    fn gauge(&self, now: SimTime) -> Gauge {
        if let Some(lines) = &self.lines {
            return self.gauge_of_lines(now, lines);
        }
        Gauge {
            arrived: self.sent + self.refused,
            refused: self.refused,
            completed: self.sent,
            ..Gauge::default()
        }
    }

    fn counts_anew(&mut self, _: SimTime, _: SimTime) {
        self.forget_waits();
    }

    fn counts(config: &BalancerConfig) -> Keeps {
        // Requests at a balancer wait only for free slots at its members.
        let room = config.room.is_some();
        Keeps {
            line: room,
            waits: room,
            line_levels: room,
            visits: room,
            completions: true,
            ..Keeps::NOTHING
        }
    }

    fn waits(&self) -> Option<&Histogram> {
        self.waits_in_line()
    }

    fn by_number(&self, now: SimTime) -> Option<ByNumber> {
        self.line_by_number(now)
    }

    fn begin_to_count(&mut self, now: SimTime) {
        self.counts_line_from(now);
    }

    fn closes(
        &mut self,
        now: SimTime,
        unit: ComponentId,
        member: ComponentId,
        stay: SimDuration,
    ) -> bool {
        self.close(now, unit, member, stay)
    }

    fn keeps_place(&self) -> bool {
        true
    }

    fn bounds(&self, member: ComponentId) -> bool {
        self.lines.is_some() && self.member_of(member).is_some_and(|at| self.has_slots(at))
    }

    /// Returns the unit that holds the virtual IP.
    fn entrance(&self) -> Option<ComponentId> {
        self.holder().map(|unit| self.config.units[unit].0)
    }

    /// Arms the first probes.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        around.with(own, Self::begin);
    }

    /// Handles an alarm: a probe is due or has timed out, or an address moves.
    fn due(around: &mut Around<'_>, own: ComponentId, local: u32, ticket: Ticket) {
        Self::alarm_rings(around, own, local as usize, ticket);
    }

    fn step(around: &mut Around<'_>, own: ComponentId, request: RequestId, op: Op) -> Next {
        match op {
            Op::Front { call, .. } => Self::front(around, request, own, call),
            Op::Pick { farm, call, key, .. } => {
                Self::send_on(around, request, own, farm, call, key);
            }
            _ => unreachable!("no other operation is a balancer's"),
        }
        Next::Asked
    }

    /// Concludes a deep probe.
    fn returned(
        around: &mut Around<'_>,
        own: ComponentId,
        local: u32,
        born: SimTime,
        outcome: Outcome,
    ) {
        Self::probe_ends(around, own, local as usize, born, outcome);
    }

    /// Applies a change of health of a unit.
    fn part_health(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId) {
        Self::unit_health(around, own, heard, cause);
    }

    fn room(around: &mut Around<'_>, own: ComponentId, unit: ComponentId) {
        Self::sends_from_line(around, own, unit);
    }

    fn redirects(
        around: &mut Around<'_>,
        own: ComponentId,
        request: RequestId,
        outcome: Outcome,
    ) -> bool {
        Self::try_another(around, own, request, outcome)
    }

    fn abandoned(around: &mut Around<'_>, own: ComponentId, request: RequestId) -> bool {
        Self::gives_up_in_line(around, own, request);
        true
    }

    /// Ends a request that has waited in the queue for the longest time allowed.
    fn wake(around: &mut Around<'_>, own: ComponentId, request: RequestId) {
        Self::line_times_out(around, own, request);
    }
}
