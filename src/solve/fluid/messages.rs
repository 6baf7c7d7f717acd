//! Messages: they wait where their consumers cannot do them yet, and are done later.
//!
//! Model: messages arrive as the views that publish them are carried. The consumers are offered the messages that arrive and those
//! that wait. They do as many as their workers can, and as the resources on the way can beside all other work. Without a broker or a
//! consumer they do none. A full queue refuses messages or drops the oldest. A refused message loses the view that waits for it; a
//! dropped one loses none. The queue is followed in steps of five minutes from where it may grow until it is empty.
//!
//! Holds: messages that were published are done, wait, were refused or dropped, up to rounding.
//! Leaves out: redeliveries and dead letters (work that fails is tried again at once); messages lost with a broker; retries of views
//! whose message was refused; what becomes of a message whose own work publishes one that is refused; noise and chance in the length
//! of a queue; users who hold workers of the same pool; what a queue that drains takes from views on the same resource; the repeated
//! work where some fails. Utilisation by hour, its quantiles and energy have the work of a message when it is published.

use std::rc::Rc;

use super::memo::Memo;
use super::row::Row;
use super::{Live, SLICES, STEP};
use crate::plan::fluid::state::{Stage, StateLoad};
use crate::units::SimTime;

/// Views lost because a full queue refuses their messages, in a piece of an interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    class: usize,
    from: SimTime,
    to: SimTime,
    views: f64,
    /// Share of the class's views.
    share: f64,
}

impl Row {
    /// Records that a share of the views of `class` is lost over an interval, and beside it what full queues refuse.
    pub(super) fn shade_with(
        &mut self,
        (from, to): (SimTime, SimTime),
        share: f64,
        class: usize,
        refused: &[Refused],
    ) {
        let mut at = from;
        for piece in refused.iter().filter(|piece| piece.class == class) {
            if at < piece.from {
                self.shade(at, piece.from, share);
            }
            self.shade(piece.from, piece.to, (share + piece.share).min(1.0));
            at = piece.to;
        }
        if at < to {
            self.shade(at, to, share);
        }
    }
}

impl Live<'_, '_> {
    /// Returns the rows of the classes, without those of messages.
    pub(super) fn views_rows(&self) -> &[Row] {
        &self.rows[..self.load.messages().start]
    }

    /// Returns the views of `class` that full queues refuse in the present interval.
    pub(super) fn refused(&self, class: usize) -> f64 {
        let of = self.refused.iter().filter(|piece| piece.class == class);
        of.map(|piece| piece.views).sum()
    }

    /// Returns whether full queues refuse views of `class` in an interval; records them beside the share `broken` of the views if they
    /// do.
    pub(super) fn refuses(
        &mut self,
        class: usize,
        broken: f64,
        interval: (SimTime, SimTime),
    ) -> bool {
        let refuses = self.refused.iter().any(|piece| piece.class == class);
        if refuses && broken < super::BAD {
            self.rows[class].shade_with(interval, broken, class, &self.refused);
        }
        refuses
    }

    /// Follows the queues of messages up to `to`, if one of them is not empty or may grow.
    pub(super) fn queue_up(&mut self, to: SimTime) {
        self.done.clear();
        self.refused.clear();
        let messages = self.load.messages();
        let cell = &self.memo.cells[self.cell as usize];
        let (grows, waits) = (&cell.grows[messages.clone()], &self.rows[messages.clone()]);
        let ever_grows = grows.contains(&true);
        if !ever_grows && waits.iter().all(|row| row.waiting <= 0.0) {
            return;
        }
        self.done.resize(messages.len(), 0.0);
        let mut at = self.from;
        let mut slices = 0_u32;
        while at < to {
            slices += 1;
            if slices.is_multiple_of(SLICES) && self.told_to_stop.is_some_and(|told| told()) {
                self.stopped = true;
                return;
            }
            let waits = self.rows[messages.clone()].iter().any(|row| row.waiting > 0.0);
            let until = if ever_grows || waits { to.min(at + STEP) } else { to };
            self.slice(at, until);
            at = until;
        }
    }

    /// Follows the queues at constant rates.
    fn slice(&mut self, at: SimTime, until: SimTime) {
        let seconds = until.since(at).seconds();
        let load = Rc::clone(&self.load);
        let messages = load.messages();
        let cell = &self.memo.cells[self.cell as usize];
        let (state, over) = (cell.state, cell.over.clone());
        let (mut came, mut rates) = (Vec::new(), Vec::new());
        self.came(at, until, &mut came, &mut rates);
        rates.iter_mut().zip(&self.tries).for_each(|(rate, tries)| *rate *= tries / seconds);
        load.publish(&mut rates);
        // Views that overload loses publish nothing.
        let asked = rates.clone();
        let served =
            |memo: &mut Memo<'_>, flow| 1.0 - memo.excess(state, flow, &asked).plain.min(1.0);
        for class in (0..messages.start).filter(|class| over[*class]) {
            rates[class] *= served(self.memo, class);
        }
        load.publish(&mut rates);
        for flow in messages.clone() {
            rates[flow] *= served(self.memo, flow);
        }
        for flow in messages.clone() {
            let arrive = load.published(flow, &rates);
            let waiting = self.rows[flow].waiting;
            rates[flow] = arrive + waiting / seconds;
            let able = self.memo.able(state, flow, &rates);
            rates[flow] *= able;
            let left = (waiting + (arrive - rates[flow]) * seconds).max(0.0);
            let left = if able < 1.0 { left } else { 0.0 };
            let of = self.memo.plan.messages(flow);
            let (most, refuses) = of.map_or((f64::INFINITY, false), |of| (of.most, of.refuses));
            self.rows[flow].waiting = left.min(most);
            self.done[flow - messages.start] += rates[flow] * seconds;
            if left > most && refuses {
                let share = ((left - most) / (arrive * seconds)).min(1.0);
                self.refuse(flow, share, (at, until), &rates);
            }
        }
    }

    /// Records the views that are lost when a queue refuses this share of its messages.
    fn refuse(&mut self, flow: usize, share: f64, (from, to): (SimTime, SimTime), rates: &[f64]) {
        let load = Rc::clone(&self.load);
        let messages = load.messages();
        for (class, rate) in rates.iter().enumerate().take(messages.start) {
            let of = load.flows[class].published[flow - messages.start];
            let answers = 1.0 - load.flows[class].fails - load.flows[class].stalls;
            let share = of.failed(share, answers);
            if share <= 0.0 {
                continue;
            }
            let came = rate * to.since(from).seconds();
            let alike = |piece: &&mut Refused| (piece.class, piece.from) == (class, from);
            match self.refused.iter_mut().find(alike) {
                Some(piece) => {
                    piece.share += (1.0 - piece.share) * share;
                    piece.views = came * piece.share;
                }
                None => self.refused.push(Refused { class, from, to, views: came * share, share }),
            }
        }
    }

    /// Adds the messages done in the present interval to `carried`, which has the views carried by class. Sets `waited` of messages, if
    /// it is kept, to those that wait now: `carried` has only what was done.
    pub(super) fn work_on(&mut self, carried: &mut Vec<f64>, waited: &mut [f64]) {
        let load = Rc::clone(&self.load);
        for (at, flow) in load.messages().enumerate() {
            let done = match self.done.get(at) {
                Some(done) => *done,
                None => load.published(flow, carried),
            };
            self.memo.cells[self.cell as usize].carried[flow] += done;
            self.scalers.asks(flow, done);
            if let Some(waited) = waited.get_mut(flow) {
                *waited = self.rows[flow].waiting;
            }
            carried.push(done);
        }
    }
}

impl Memo<'_> {
    /// Returns the highest rates of all flows in a state at a level, and the use of each resource then; nothing without messages.
    pub(super) fn busiest(&self, at: (u32, u32)) -> (Vec<f64>, Vec<f64>) {
        let load = &self.loads[at.0 as usize];
        if load.messages().is_empty() {
            return (Vec::new(), Vec::new());
        }
        let rates = self.highest(at, &self.peaks);
        let used = load.utilization(&rates);
        (rates, used)
    }

    /// Returns whether some messages of a flow wait at these `rates`, with resources used as much as in `top`: too many come, or nothing
    /// does them at present.
    pub(super) fn may_wait(
        &self,
        load: &StateLoad,
        flow: usize,
        (rates, top): (&[f64], &[f64]),
    ) -> bool {
        let of = &load.flows[flow];
        let is_held = of.fails + of.stalls > 0.0;
        let is_held = is_held || rates[flow] > self.workers_do(load, flow, rates);
        is_held || self.meets(load, flow, top, &|_, top| top > 1.0)
    }

    /// Returns the messages of a flow per second that its workers do, if nothing else delays them; `flows` are the rates of all.
    fn workers_do(&self, load: &StateLoad, flow: usize, flows: &[f64]) -> f64 {
        let of = &load.flows[flow];
        let Some(own) = self.plan.messages(flow) else { return f64::INFINITY };
        // Other messages of the same pool hold workers too.
        let held = |other: usize| match self.plan.messages(other) {
            Some(messages) if other != flow && messages.pool == own.pool => {
                flows[other] * load.flows[other].seconds
            }
            _ => 0.0,
        };
        let workers = self.plan.network.rooms[own.pool].workers;
        let free = workers * of.takers - load.messages().map(held).sum::<f64>();
        let slots = (own.slots * of.takers).min(free.max(0.0));
        if slots.is_finite() && of.seconds > 0.0 { slots / of.seconds } else { f64::INFINITY }
    }

    /// Returns the share of the messages of a flow that can be done at these rates. Work that fails is tried again at once.
    fn able(&self, state: u32, flow: usize, rates: &[f64]) -> f64 {
        let load = &self.loads[state as usize];
        let of = &load.flows[flow];
        let works = 1.0 - of.fails - of.stalls;
        if works <= 0.0 {
            return 0.0;
        }
        let enough = 1.0 / works;
        let used = load.utilization(rates);
        let own = |at: u32| rates[flow] * of.work_at(at) / load.capacity[at as usize];
        // All other work goes on as before.
        let fits = |at: &u32| match own(*at) {
            own if own > 0.0 => ((1.0 - (used[*at as usize] - own)) / own).clamp(0.0, enough),
            _ => enough,
        };
        let of_stage = |stage: &Stage| {
            let all: f64 = stage.ways.iter().map(|(share, _)| share).sum();
            let way = |(share, uses): &(f64, Vec<u32>)| {
                share / all * uses.iter().map(fits).fold(enough, f64::min)
            };
            stage.ways.iter().map(way).sum::<f64>()
        };
        let stages = of.stages.iter().filter(|stage| stage.waits);
        let resources = stages.map(of_stage).fold(enough, f64::min);
        let workers = self.workers_do(load, flow, rates) / rates[flow].max(f64::MIN_POSITIVE);
        let able = works * resources.min(workers);
        // Up to rounding, all of them.
        if able > 1.0 - 1e-12 { 1.0 } else { able }
    }

    /// Returns the refusals of a class by a full queue; `None` also for messages.
    pub(super) fn refusals_of(&self, flow: usize) -> Option<&super::refusals::Refusals> {
        self.refusals.get(flow).and_then(Option::as_ref)
    }
}
