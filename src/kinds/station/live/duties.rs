//! The answers of a station to the event loop.

use super::{Discipline, Station, StationConfig};
use crate::engine::calendar::Ticket;
use crate::model::gauge::{ByNumber, Gauge, Queue, Usable};
use crate::model::ids::ComponentId;
use crate::model::request::{RequestId, Waits};
use crate::model::world::Around;
use crate::model::{Ctx, Health, Keeps, Live, Start, none};
use crate::observe::histogram::Histogram;
use crate::units::{Cores, SimTime};

impl Live for Station {
    type Config = StationConfig;

    fn begin(id: ComponentId, config: &StationConfig, _: &Start<'_>) -> Self {
        Self::new(id, config.clone())
    }

    none!(quantities, lent);
    none!(
        listens,
        hears,
        ask,
        ended,
        holds,
        count_ends,
        closes,
        loads,
        forgets,
        whole,
        part_reading,
        is_process,
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        starts,
        due,
        step,
        returned,
        part_health,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );

    /// Releases the customers of processor sharing that are done.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, _local: u32, ticket: Ticket) {
        let Some(sharing) = &mut self.sharing else { return };
        if !sharing.alarm.rings(ticket) {
            return;
        }
        self.finish(ctx, RequestId::NONE);
        let sharing = self.sharing.as_mut().expect("seen above");
        sharing.arm(ctx, self.config.unit);
    }

    /// Ends the wait of `request`, whose patience is over.
    fn wake(around: &mut Around<'_>, own: ComponentId, request: RequestId) {
        around.with(own, |station: &mut Self, ctx| station.wait_ends(ctx, request));
    }

    fn queue(&self) -> Option<&Queue> {
        Some(&self.queue)
    }

    fn queue_mut(&mut self) -> Option<&mut Queue> {
        Some(&mut self.queue)
    }

    fn keeps_place(&self) -> bool {
        true
    }

    /// Removes `request`, waiting or in service.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        if self.sharing.is_some() {
            let sharing = self.sharing.as_mut().expect("tested");
            let handle = sharing.handles[request.0 as usize].take();
            let left = handle.and_then(|handle| sharing.share.cancel(ctx.now, 0, handle));
            sharing.arm(ctx, self.config.unit);
            if left.is_none() {
                // It is done at this very instant, perhaps along with others.
                self.finish(ctx, request);
            }
            return self.depart(ctx, request, true);
        }
        ctx.requests[request].ticket = Ticket::NONE;
        if ctx.requests[request].waits == Waits::InService {
            self.release(request);
            self.depart(ctx, request, true);
            return self.next(ctx);
        }
        for line in self.lines.iter_mut().chain([&mut self.held]) {
            if let Some(place) = line.iter().position(|other| *other == request) {
                line.remove(place);
                self.waiting -= 1;
                break;
            }
        }
        self.depart(ctx, request, false);
    }

    /// Sets the health: a stall keeps all work; a loss fails every customer, and so does the end of a
    /// hang, after which the station is a new one.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
        let before = std::mem::replace(&mut self.health, health);
        self.plain = false;
        if !self.paused {
            self.pause(ctx);
        }
        self.paused = true;
        let lost = health.is_lost();
        if lost || before == Health::Hung && health != Health::Hung {
            self.send_away(ctx);
        }
        self.paused = !health.works();
        self.slowness = if let Health::Slow(factor) = health { factor } else { 1.0 };
        let usable = if self.paused { Usable::None } else { Usable::All };
        self.availability.set(ctx.now, usable, self.queue.worked(ctx.now));
        if let Some(sharing) = &mut self.sharing {
            let all = f64::from(self.config.servers) / self.slowness;
            let all = Cores::new(all).unwrap_or(Cores::MAX);
            let usable = if self.paused { Cores::ZERO } else { all };
            sharing.share.capacity(ctx.now, usable);
            return sharing.arm(ctx, self.config.unit);
        }
        while !self.paused && self.queue.busy() < self.config.servers && self.waiting > 0 {
            self.next(ctx);
        }
        self.plain = self.is_plain();
    }

    /// Returns the counts.
    fn gauge(&self, now: SimTime) -> Gauge {
        let inside = self.queue.inside();
        let time = u128::from(now.nanos());
        let servers = u128::from(self.config.servers);
        // Processor sharing counts in steps of a core, the other disciplines in whole servers × nanoseconds.
        let (busy, idle, unavailable, capacity) = match &self.sharing {
            Some(sharing) => {
                let ledger = sharing.share.server_ledger(now);
                let (used, idle) = (ledger.used.steps(), ledger.idle.steps());
                (used, idle, ledger.unavailable.steps(), ledger.capacity.steps())
            }
            None => {
                let worked = self.queue.worked(now);
                let (idle, unavailable) = self.availability.split(now, worked);
                (worked, idle, unavailable, servers * time)
            }
        };
        Gauge {
            arrived: self.arrived,
            refused: self.refused,
            completed: inside.left() - self.reneged,
            reneged: self.reneged,
            inside: inside.area(now),
            stayed: inside.stayed(),
            busy,
            capacity,
            idle,
            unavailable,
            ..Gauge::default()
        }
    }

    fn counts_anew(&mut self, _: SimTime, _: SimTime) {
        self.forget_times();
    }

    fn counts(config: &StationConfig) -> Keeps {
        // Customers who share the servers do not wait, and no number of servers is busy with them.
        let line = config.discipline != Discipline::Ps;
        Keeps {
            line,
            // Station time is kept in the processor's own fine steps.
            servers: Some(config.servers),
            waits: line,
            levels: true,
            line_levels: line,
            visits: true,
            completions: true,
            ..Keeps::NOTHING
        }
    }

    fn waits(&self) -> Option<&Histogram> {
        self.waits.as_deref()
    }

    fn sojourns(&self) -> Option<&Histogram> {
        self.queue.sojourns()
    }

    fn by_number(&self, now: SimTime) -> Option<ByNumber> {
        self.queue.by_number(now)
    }

    fn begin_to_count(&mut self, now: SimTime) {
        self.queue.begin_to_count(now);
    }
}
