//! The queue of views under overload: one step of it, and the views that it loses or delays.
//!
//! Attempts wait in it. Some of them would fail in any case. What the others are worth is a mean over the queue: a share of the
//! attempts that leaves it, or is lost from it, has the same share of the views, and of the late ones among them.
//!
//! In a queue of requests that a service has accepted users who abandon stay, and their work is done in vain. They leave that of a
//! balancer, and that of a link.
//!
//! Leaves out: the order of the queue; that users who have left join it no more, so what it loses later is up to a queue's length too
//! much; members that die with a queue, whose views count as served.

use super::excess::Excess;
use super::refusals::{Refusals, Refused};
use super::row::Row;
use super::{BAD, Live};
use crate::plan::fluid::users::Patience;
use crate::units::SimTime;

/// Relative change of a queue's length, as a share of the capacity, below which it has settled. At a load of exactly 1,
/// or just below, it would otherwise be followed for years: only the few views that abandon it drain it.
const STEADY: f64 = 1e-3;

/// Losses of a class to overload in an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Over {
    /// Views lost.
    pub(super) views: f64,
    /// Attempts that are lost, and attempts' worth of work done for them.
    pub(super) missed: f64,
    pub(super) wasted: f64,
}

impl Over {
    /// Adds views whose message a full queue refuses, of those that `arrive`: their page has been worked on before. Returns the share
    /// of the others that are served.
    pub(super) fn refuse(&mut self, views: f64, arrive: f64) -> f64 {
        let served = arrive - self.views;
        self.views += views;
        self.missed += views;
        self.wasted += views;
        if served > 0.0 { (1.0 - views / served).max(0.0) } else { 1.0 }
    }
}

/// Attempts of a class in its queue, over an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queued {
    /// Attempts that waited at its beginning.
    before: f64,
    /// These, and those that arrived.
    all: f64,
    pub(super) over: Over,
}

impl Live<'_, '_> {
    /// Follows the queue of a class in overload up to `to`: `wanted` of its views arrive, `came` by workload. An interval is bad
    /// either by failures or by overload.
    pub(super) fn strain(
        &mut self,
        class: usize,
        to: SimTime,
        wanted: f64,
        came: &[f64],
    ) -> Queued {
        let from = self.from;
        let broken = self.broken(class, came, wanted) + self.load.flows[class].stalls;
        if broken >= BAD {
            self.rows[class].shade(from, to, broken);
        }
        let noted = broken >= BAD || self.refuses(class, broken, (from, to));
        let before = self.rows[class].waiting;
        let (missed, wasted) = self.overload(class, to, !noted);
        let [attempts, views] = [&self.tries, &self.serves].map(|each| wanted * each[class]);
        let row = &mut self.rows[class];
        let all = before + attempts;
        row.worth = mixed((row.worth, before), views, all);
        let each = if attempts > 0.0 { views / attempts } else { 0.0 };
        // In a queue that is not left an attempt is lost when it arrives, though it waits.
        let (most, worth) = match row.in_vain {
            true => (attempts, each),
            false => ((all - row.waiting).max(0.0), row.worth),
        };
        let missed = missed.min(most);
        Queued { before, all, over: Over { views: missed * worth, missed, wasted } }
    }

    /// Advances the queue of a class by `seconds` in which attempts arrive at a constant rate.
    pub(super) fn wait_in_line(
        &mut self,
        class: usize,
        excess: &Excess,
        (rates, seconds): (&[f64], f64),
        grows: bool,
    ) -> Lost {
        let rate = rates[class];
        let capacity = match (excess.plain > 0.0, excess.most > 0.0) {
            (true, _) => rate * (1.0 - excess.plain),
            (false, true) => rate / excess.most,
            (false, false) => f64::INFINITY,
        };
        let of = &self.memo.plan.classes[class];
        let room = self.room(class).map_or(f64::INFINITY, |(w, b)| (w + b) / of.requests.max(1.0));
        let refusals = self.memo.refusals_of(class).filter(|_| excess.holds_workers);
        let queue =
            refusals.map(|of| JointQueue::new(of, (rate, of.arrive(rates)), capacity, room));
        let queue = queue.filter(|queue| queue.refused.is_in_vain());
        let row = &mut self.rows[class];
        row.in_vain = queue.is_some() || row.in_vain && row.waiting > 0.0;
        let Some(queue) = queue else {
            let more = rate * seconds * (excess.noisy - excess.plain).max(0.0);
            let wasted = rate * seconds * excess.wasted;
            let lost = line(row, &of.patience, (rate, capacity), (seconds, room));
            // Without patience the queue is followed through the whole week.
            row.settled &= of.patience.ends() || !grows;
            return Lost { from_line: lost, more, wasted };
        };
        let leaves = self.memo.plan.leaves(class);
        let lost = line_in_vain(row, &queue, excess, (rate, capacity, seconds), leaves);
        let fills = self.memo.cells[self.cell as usize].fills[class];
        row.settled &= leaves || room.is_finite() || !fills;
        lost
    }

    /// Returns the workers, and the places in the queue, where a class enters, at the members that exist at present.
    pub(super) fn room(&self, class: usize) -> Option<(f64, f64)> {
        let of = &self.memo.plan.classes[class];
        let entry = of.entry?;
        let share = self.scalers.rooms(self.memo.plan, &self.load, &of.services);
        let of = |all: f64| if all.is_finite() { all * share } else { all };
        Some((of(entry.workers), of(entry.backlog)))
    }
}

impl Row {
    /// Returns the late views that are served in an interval at whose beginning some waited and in which `late` arrived, and
    /// remembers those that wait.
    pub(super) fn late(&mut self, queued: &Queued, late: f64) -> f64 {
        if queued.all <= 0.0 {
            return late;
        }
        let missed = queued.over.missed;
        if self.in_vain {
            // Views that arrive are lost or not when they do; the ones that a stall has delayed are still to be served.
            let attempts = queued.all - queued.before;
            let kept = if attempts > 0.0 { (1.0 - missed / attempts).max(0.0) } else { 1.0 };
            self.overdue = mixed((self.overdue, queued.before), 0.0, queued.all);
            return late * kept + self.overdue * (queued.all - self.waiting).max(0.0);
        }
        self.overdue = mixed((self.overdue, queued.before), late, queued.all);
        self.overdue * (queued.all - missed - self.waiting).max(0.0)
    }

    /// Adds views that have waited for the end of a stall.
    pub(super) fn line_up(&mut self, views: f64) {
        let all = self.waiting + views;
        self.worth = mixed((self.worth, self.waiting), views, all);
        self.overdue = mixed((self.overdue, self.waiting), views, all);
        self.waiting = all;
    }
}

/// Returns the mean per attempt of a queue of `all` attempts: `each` of those that waited before, and `more` of the others together.
fn mixed((each, before): (f64, f64), more: f64, all: f64) -> f64 {
    if all > 0.0 { (each * before + more) / all } else { 0.0 }
}

/// Number of pieces in which abandoned views are summed while a queue grows or drains.
const PIECES: u32 = 32;

/// Attempts of an interval with a constant rate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lost {
    /// Attempts that are lost without noise.
    pub(super) from_line: f64,
    /// Attempts that noise, retries and departed users lose besides; less than none if users who leave relieve the queue.
    pub(super) more: f64,
    /// Lost attempts whose work is done.
    pub(super) wasted: f64,
}

/// Queue that users cannot leave, for the views of a class in it.
struct JointQueue<'a> {
    refused: Refused<'a>,
    /// Views of all classes that it holds; infinite without a bound.
    room: f64,
    /// Part of the views in it that is of the class.
    part: f64,
}

impl<'a> JointQueue<'a> {
    /// Describes the queue for a class with a rate, of those of all classes, of which `capacity` views per second are done.
    fn new(of: &'a Refusals, (rate, all): (f64, f64), capacity: f64, room: f64) -> Self {
        let part = if rate > 0.0 { rate / all } else { 1.0 };
        Self { refused: of.at(capacity / part), room, part }
    }

    /// Returns the probability that a view is abandoned that finds `length` views of its class.
    fn abandons(&self, length: f64) -> f64 {
        1.0 - self.refused.kept(length / self.part, self.room)
    }

    /// Returns the number of views of the class that the queue holds, and beyond which none is served.
    fn ends(&self) -> [f64; 2] {
        [self.room, self.refused.longest(self.room)].map(|views| views * self.part)
    }
}

/// Advances a queue that its users cannot leave by `seconds` at a constant rate. With `leaves` users leave the site when their view is
/// lost, so that a queue in which no view is served grows no longer.
///
/// An attempt is lost when it arrives: a full queue refuses it, or its user abandons it before it is done. The difference to the
/// settled queue, with its noise, retries and departed users, counts as far as the queue has grown.
fn line_in_vain(
    row: &mut Row,
    queue: &JointQueue<'_>,
    excess: &Excess,
    (rate, capacity, seconds): (f64, f64, f64),
    leaves: bool,
) -> Lost {
    if capacity.is_infinite() {
        (row.waiting, row.settled) = (0.0, true);
        return Lost::default();
    }
    let surplus = rate - capacity;
    let [room, longest] = queue.ends();
    let most = room.min(longest);
    let end = match (surplus > 0.0, leaves) {
        (false, _) => 0.0,
        (true, false) => room,
        (true, true) => most,
    };
    // At a load near 1 it takes long to drain or to grow: a short queue has settled as it is, a longer one stays. A queue without a
    // bound is followed.
    let flat = surplus.abs() <= STEADY * capacity && room.is_finite();
    let is_short = flat && row.waiting <= capacity;
    let moves = match flat {
        true if is_short => 0.0,
        true => seconds,
        false => seconds.min(((end - row.waiting) / surplus).max(0.0)),
    };
    let speed = if flat { 0.0 } else { surplus };
    let piece = moves / f64::from(PIECES);
    let middle = |at: u32| row.waiting + speed * piece * (f64::from(at) + 0.5);
    let gone: f64 = match moves > 0.0 {
        true => (0..PIECES).map(|at| rate * piece * queue.abandons(middle(at))).sum(),
        false => 0.0,
    };
    row.settled = moves < seconds;
    row.waiting = match row.settled {
        true if is_short => row.waiting.min(end),
        true => end,
        false => row.waiting + speed * moves,
    };
    let (settled, left) = (rate * seconds, seconds - moves);
    if surplus <= 0.0 {
        // While the queue drains the others are lost as they would be in the settled one.
        let rest = (settled - gone).max(0.0);
        return Lost {
            from_line: gone,
            more: rest * excess.noisy,
            wasted: gone + rest * excess.wasted,
        };
    }
    let fill = if is_short { 1.0 } else { (row.waiting / most).min(1.0) };
    let in_vain = capacity * queue.abandons(end);
    let steady = rate - capacity + in_vain;
    Lost {
        from_line: gone + left * steady,
        more: (settled * excess.noisy - seconds * steady) * fill,
        wasted: gone + left * in_vain + (settled * excess.wasted - seconds * in_vain) * fill,
    }
}

/// Advances the queue of views by `seconds` at a constant rate; returns the attempts lost from it.
///
/// It settles at the length at which abandonment equals the surplus. Without a surplus, the rest of a steady queue is
/// lost and served in proportion to the rates at which views abandon it and drain from it.
pub(super) fn line(
    row: &mut Row,
    patience: &Patience,
    (rate, capacity): (f64, f64),
    (seconds, room): (f64, f64),
) -> f64 {
    let surplus = rate - capacity;
    if !patience.ends() {
        let line = (row.waiting + surplus * seconds).max(0.0);
        row.waiting = line.min(room);
        row.settled = surplus <= 0.0 && row.waiting <= 0.0;
        return line - row.waiting;
    }
    let scale = patience.scale();
    let most = patience.most().map_or(f64::INFINITY, |most| most.seconds() * capacity).min(room);
    let (mut left, mut lost) = (seconds, 0.0);
    let mut before: Option<f64> = None;
    while left > 0.0 {
        if surplus <= 0.0 && row.waiting <= 0.0 {
            (row.waiting, row.settled) = (0.0, true);
            return lost;
        }
        if row.waiting >= most && surplus > 0.0 {
            let beyond = row.waiting - most;
            (row.waiting, row.settled) = (most, true);
            return lost + beyond + surplus * left;
        }
        let gone = if capacity > 0.0 { patience.gone(row.waiting / capacity) } else { 1.0 };
        let change = rate * (1.0 - gone) - capacity;
        // The steady length lies between two steps of opposite sign.
        let stays = surplus > 0.0 && before.is_some_and(|before| before * change < 0.0);
        if stays || change.abs() <= STEADY * capacity {
            row.settled = true;
            if surplus > 0.0 {
                return lost + surplus * left;
            }
            let (abandons, drains) = (rate * gone, -surplus);
            let rest = std::mem::take(&mut row.waiting);
            let share = if abandons > 0.0 { abandons / (abandons + drains) } else { 0.0 };
            return lost + rest * share;
        }
        before = Some(change);
        let step = (scale / 50.0).min(left);
        let line = (row.waiting + change * step).max(0.0);
        // Lost views are those that arrived and neither wait nor were served, bounded by the end of the queue.
        lost += rate * gone * step + (line - most).max(0.0);
        row.waiting = line.min(most);
        left -= step;
    }
    lost
}
