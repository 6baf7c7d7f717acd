//! What a balancer owes the loop.

use super::{Balancer, BalancerConfig};
use crate::model::gauge::{ByNumber, Gauge};
use crate::model::ids::ComponentId;
use crate::model::request::RequestId;
use crate::model::{Ctx, Keeps, Live, Start, none};
use crate::observe::histogram::Histogram;
use crate::units::SimTime;

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

    none!(alarm, wake, health, listens, hears, ask, ended, holds, count_ends, stays);

    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.leave_line(ctx, request);
    }

    /// What it has sent on, and what it has turned away since nobody was left.
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
        // Who waits at a balancer waits for room at its members.
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
}
