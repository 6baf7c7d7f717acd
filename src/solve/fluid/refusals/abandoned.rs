//! Views whose users abandon them in a queue that they cannot leave: their work is done all the same.
//!
//! Model: a view finds n views, the waiting ones with all their requests, where C views per second are done. Each of its requests
//! waits max(n − W, 0)/C for one of the W workers. Inside, the view takes min(n, W)/C on average, exponentially distributed as
//! in M/M/1; its first request takes a part of that, and the later ones share the rest. A request is answered if its own
//! patience, drawn for each, lasts as long. A view is served if all are, and if its waits, one after the other, end in time. The
//! number n is that which an accepted view finds in M/M/1/K. Its own time, in an idle system, loses no view.
//!
//! Without a limit of workers a request waits n/C at the narrowest part, and takes no time inside. Leaves out: the pages that are not
//! fetched after a first request that was abandoned; the bend of a patience within a 512th of the longest wait, if few users wait very
//! long.

use crate::convert::whole;
use crate::engine::special::ln;
use crate::plan::fluid::rooms::Entry;
use crate::plan::fluid::users::Patience;

/// Highest number of pieces of the grid over the views in the queue.
const PIECES: usize = 512;
/// Number of times inside, and of those that are equally probable. Each longer one is half as probable as the one before.
const TIMES: usize = 24;
const EQUAL: usize = 15;
/// Share of abandoned views below which there are none: in the longest queue, and at a load.
const NONE: [f64; 2] = [1e-4, 1e-7];

/// Probability that a view is not abandoned, by the number of views that it finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    /// Probabilities on an even grid from an empty queue on. If the queue is longer than the grid, views beyond it are abandoned.
    by_length: Vec<f64>,
    /// Views between two points of the grid.
    step: f64,
    /// Views that the queue and its workers hold; infinite without a bound. Number of such queues, over the share of the views that
    /// arrive.
    room: f64,
    queues: f64,
}

impl Kept {
    /// Tabulates the probabilities for one queue that holds `room` views, of which `capacity` per second are done; `None` if no user
    /// abandons a view there.
    pub(super) fn of(entry: &Entry, patience: &Patience, room: f64, capacity: f64) -> Option<Self> {
        if entry.first <= 0.0 {
            return None;
        }
        // Views that edges answer take no place.
        let capacity = capacity * entry.first;
        // Without a limit of workers requests wait at the narrowest part.
        let workers = if entry.workers.is_finite() { entry.workers } else { 0.0 };
        let inside = workers / entry.rooms;
        let reached = patience.end(NONE[0]).map_or(room, |end| (inside + end * capacity).ceil());
        let end = room.min(reached);
        if !end.is_finite() || end <= 0.0 {
            return None;
        }
        // A piece is one view or more.
        let step = (end / PIECES as f64).max(1.0);
        let pieces = whole::usize((end / step).ceil()).max(1);
        let view = View { entry, patience, capacity, inside, times: times() };
        let mut by_length: Vec<f64> = (0..=pieces).map(|at| view.kept(at as f64 * step)).collect();
        if end < room {
            // No user waits for the end of a longer queue.
            by_length[pieces] = 0.0;
        }
        let some = end < room || by_length.iter().any(|kept| *kept < 1.0 - NONE[0]);
        some.then_some(Self { by_length, step, room, queues: entry.rooms / entry.first })
    }

    /// Returns the probability that a view that finds `views` is not abandoned.
    fn at(&self, views: f64) -> f64 {
        let place = views / self.step;
        let below = whole::usize(place);
        let Some(high) = self.by_length.get(below.saturating_add(1)) else {
            return self.by_length[self.pieces()];
        };
        let low = self.by_length[below];
        low + (high - low) * (place - below as f64)
    }

    fn pieces(&self) -> usize {
        self.by_length.len() - 1
    }

    /// Returns the same where all queues have `length` of the `room` views that they hold.
    pub(super) fn in_all(&self, length: f64, room: f64) -> f64 {
        if room <= 0.0 {
            return self.by_length[0];
        }
        self.at(length / self.queues_in(room))
    }

    /// Returns the number of views in all queues, which hold `room`, beyond which none is served.
    pub(super) fn longest(&self, room: f64) -> f64 {
        self.step * self.pieces() as f64 * self.queues_in(room)
    }

    /// Returns the number of such queues that hold `room` views.
    fn queues_in(&self, room: f64) -> f64 {
        let bounded = room.is_finite() && self.room.is_finite();
        if bounded { room / self.room } else { self.queues }
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
        // Mean place within a piece, from 0 to 1: views find whole numbers of views.
        let one = 1.0 / self.step;
        let place = match ratio.abs() {
            flat if flat < 1e-4 => (1.0 - one) / 2.0 + ratio / 12.0 * (1.0 - one * one),
            _ => one / libm::expm1(-ratio * one) - 1.0 / libm::expm1(-ratio),
        };
        let piece = |at: usize| {
            let (low, high) = (self.by_length[at], self.by_length[at + 1]);
            low + (high - low) * place
        };
        // Weight of a number of pieces, of which the most probable one weighs 1.
        let weigh = |pieces: f64| match ratio.abs() {
            flat if flat < 1e-9 => pieces,
            ratio => libm::expm1(-ratio * pieces) / libm::expm1(-ratio),
        };
        // The queue may end within the last piece.
        let last = self.pieces() - 1;
        let part = (all - last as f64).min(1.0);
        let end = weigh(part) * piece(last);
        let shrinks = libm::exp(-ratio.abs());
        // From the more probable end of the queue: nothing overflows.
        let sum = if ratio <= 0.0 {
            series((0..last).map(piece).chain([end]), 1.0, shrinks)
        } else {
            let others = (0..last).rev().map(piece);
            let beyond = (all - self.pieces() as f64).max(0.0);
            (end + series(others, libm::exp(-ratio * part), shrinks)) * libm::exp(-ratio * beyond)
        };
        let kept = sum / weigh(all);
        if kept > 1.0 - NONE[1] { 1.0 } else { kept }
    }
}

/// Returns the sum of values with weights that fall by a factor.
fn series(of: impl Iterator<Item = f64>, first: f64, falls: f64) -> f64 {
    of.fold((0.0, first), |(sum, weight), each| (sum + weight * each, weight * falls)).0
}

/// A view in one queue.
struct View<'a> {
    entry: &'a Entry,
    patience: &'a Patience,
    capacity: f64,
    inside: f64,
    times: [(f64, f64); TIMES],
}

/// Returns probabilities, and values of an exponential law of mean 1.
fn times() -> [(f64, f64); TIMES] {
    let share = 1.0 / (EQUAL + 1) as f64;
    std::array::from_fn(|at| {
        let (share, longer) = match at.checked_sub(EQUAL) {
            None => (share, 1.0 - (at as f64 + 0.5) * share),
            Some(halved) => {
                let rest = share / f64::from(1_u32 << halved);
                if at + 1 < TIMES { (rest / 2.0, rest * 0.75) } else { (rest, rest / 2.0) }
            }
        };
        (share, -ln(longer))
    })
}

impl View<'_> {
    /// Returns the probability that a view that finds `views` is not abandoned.
    fn kept(&self, views: f64) -> f64 {
        let Self { entry, patience, capacity, inside, .. } = *self;
        let waits = (views - inside).max(0.0) / capacity;
        let mean = views.min(inside) / capacity;
        let one = |time: f64| {
            let works = mean * time;
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
            let abandons = patience.request(waits + (works - first) * entry.first / later);
            let whole = later.floor();
            kept * libm::pow(1.0 - abandons, whole) * (1.0 - (later - whole) * abandons)
        };
        self.times.iter().map(|(share, time)| share * one(*time)).sum()
    }
}
