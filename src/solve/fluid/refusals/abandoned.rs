//! Views whose users abandon them in a queue that they cannot leave: their work is done all the same.
//!
//! Model: a view finds n views, the waiting ones with all their requests, where C views per second are done. Each of its requests
//! waits max(n − W, 0)/C for one of the W workers. Inside, the view takes min(n, W)/C on average, exponentially distributed as
//! in M/M/1; its first request takes a part of that, and the later ones share the rest. A request is answered if its own
//! patience, drawn for each, lasts as long. A view is served if all are, and if its waits, one after the other, end in time. The
//! number n is that which an accepted view finds in M/M/1/K. Its own time, in an idle system, loses no view.
//!
//! Requests of a service without a limit of workers wait one after the other, for n/C. Leaves out: the pages that are not fetched after a first request that was abandoned.

use crate::convert::whole;
use crate::engine::special::ln;
use crate::plan::fluid::rooms::Entry;
use crate::plan::fluid::users::Patience;

/// Number of pieces of the grid over the views in the queue.
const PIECES: usize = 512;
/// Number of equally probable times inside.
const TIMES: u32 = 16;
/// Share of abandoned views below which there are none: in the longest queue, and at a load.
const NONE: [f64; 2] = [1e-4, 1e-7];

/// Probability that a view is not abandoned, by the number of views that it finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    /// Probabilities on an even grid from an empty queue on. If the queue is longer than the grid, views beyond it are abandoned.
    by_length: Vec<f64>,
    /// Views between two points of the grid.
    step: f64,
    /// Views that the queue and its workers hold; infinite without a bound. Number of such queues.
    room: f64,
    queues: f64,
}

impl Kept {
    /// Tabulates the probabilities for one queue that holds `room` views, of which `capacity` per second are done; `None` if no user
    /// abandons a view there.
    pub(super) fn of(entry: &Entry, patience: &Patience, room: f64, capacity: f64) -> Option<Self> {
        // Without a limit of workers requests wait in line at the narrowest part.
        let workers = if entry.workers.is_finite() { entry.workers } else { 0.0 };
        let inside = workers / entry.rooms;
        let reached = patience.end(NONE[0]).map_or(room, |end| inside + end * capacity);
        let end = room.min(reached);
        if !end.is_finite() || end <= 0.0 {
            return None;
        }
        let step = end / PIECES as f64;
        let view =
            View { entry, patience, capacity, inside, ahead: if step > 1.0 { 0.0 } else { 0.5 } };
        let mut by_length: Vec<f64> = (0..=PIECES).map(|at| view.kept(at as f64 * step)).collect();
        if end < room {
            // No user waits for the end of a longer queue.
            by_length[PIECES] = 0.0;
        }
        let some = end < room || by_length.iter().any(|kept| *kept < 1.0 - NONE[0]);
        some.then_some(Self { by_length, step, room, queues: entry.rooms })
    }

    /// Returns the probability that a view that finds `views` is not abandoned.
    fn at(&self, views: f64) -> f64 {
        let place = views / self.step;
        let below = whole::usize(place);
        let Some(high) = self.by_length.get(below.saturating_add(1)) else {
            return self.by_length[PIECES];
        };
        let low = self.by_length[below];
        low + (high - low) * (place - below as f64)
    }

    /// Returns the same where all queues have `length` of the `room` views that they hold.
    pub(super) fn in_all(&self, length: f64, room: f64) -> f64 {
        if room <= 0.0 {
            return self.by_length[0];
        }
        let bounded = room.is_finite() && self.room.is_finite();
        self.at(if bounded { length / room * self.room } else { length / self.queues })
    }

    /// Returns the number of views in all queues beyond which none is served.
    pub(super) fn longest(&self) -> f64 {
        self.step * PIECES as f64 * self.queues
    }

    /// Returns the probability that an accepted view is not abandoned at an offered load: the mean over M/M/1/K, where n views are
    /// found with a probability proportional to the n-th power of the load.
    pub(super) fn mean(&self, used: f64) -> f64 {
        if used <= 0.0 {
            return self.by_length[0];
        }
        // Logarithm of the ratio between the probabilities of neighbouring pieces, and the number of pieces.
        let (ratio, all) = (self.step * ln(used), self.room / self.step);
        if ratio >= 0.0 && all.is_infinite() {
            return 0.0;
        }
        // From the more probable end of the queue: nothing overflows.
        let (mut sum, mut weight) = (0.0, 1.0);
        // Mean place within a piece, from 0 to 1. In a piece of several views these find whole numbers of views.
        let one = if self.step > 1.0 { 1.0 / self.step } else { 0.0 };
        let place = match ratio.abs() {
            flat if flat < 1e-4 => (1.0 - one) / 2.0 + ratio / 12.0 * (1.0 - one * one),
            _ if one > 0.0 => one / libm::expm1(-ratio * one) - 1.0 / libm::expm1(-ratio),
            _ => -1.0 / ratio - 1.0 / libm::expm1(-ratio),
        };
        let pieces = self.by_length.windows(2).map(|ends| ends[0] + (ends[1] - ends[0]) * place);
        let shrinks = libm::exp(-ratio.abs());
        let mut add = |kept: f64| {
            sum += weight * kept;
            weight *= shrinks;
        };
        if ratio <= 0.0 {
            pieces.for_each(&mut add);
        } else {
            let beyond = (all - PIECES as f64).max(0.0);
            pieces.rev().for_each(&mut add);
            sum *= libm::exp(-ratio * beyond);
        }
        let whole = match ratio.abs() {
            ratio if ratio < 1e-9 => all,
            ratio => libm::expm1(-ratio * all) / libm::expm1(-ratio),
        };
        let kept = sum / whole;
        if kept > 1.0 - NONE[1] { 1.0 } else { kept }
    }
}

/// A view in one queue.
struct View<'a> {
    entry: &'a Entry,
    patience: &'a Patience,
    capacity: f64,
    inside: f64,
    /// Views that a place on the grid is ahead: in pieces of less than a view those from n to n + 1 find n.
    ahead: f64,
}

impl View<'_> {
    /// Returns the probability that a view that finds `views` is not abandoned.
    fn kept(&self, views: f64) -> f64 {
        let Self { entry, patience, capacity, inside, ahead } = *self;
        let views = (views - ahead).max(0.0);
        let waits = (views - inside).max(0.0) / capacity;
        let mean = views.min(inside) / capacity;
        let one = |time: u32| {
            let works = -mean * libm::log1p(-(f64::from(time) + 0.5) / f64::from(TIMES));
            let first = works * entry.own;
            let later = entry.followers;
            if patience.within().is_some_and(|most| waits * entry.trips + works > most.seconds()) {
                // Edges answer all of the others.
                return (1.0 - entry.first) * (1.0 - later).max(0.0);
            }
            let kept = 1.0 - entry.first * patience.request(waits + first);
            if later <= 0.0 {
                return kept;
            }
            let abandons = patience.request(waits + (works - first) / later.max(1.0));
            let whole = later.floor();
            kept * libm::pow(1.0 - abandons, whole) * (1.0 - (later - whole) * abandons)
        };
        (0..TIMES).map(one).sum::<f64>() / f64::from(TIMES)
    }
}
