//! Closed forms of a queue over years, for the tests of the mechanism.
//!
//! Model: a fluid. Messages arrive at one rate, consumers process them at another, the difference is the backlog.
//! The random number waiting within a window, below capacity, is that of M/M/c, or M/M/c/K with a
//! limit. The state of the brokers is a Markov chain over the states of [`Brokers`] itself.
//!
//! In: rates per second, times in seconds, probabilities. Out: deliveries per message, load, depth,
//! shares refused, messages lost. Leaves out: the variability of other laws of work (for the depth below
//! saturation only; capacity and loss in overload do not depend on it).
//!
//! Source: Erlang (1917) and Gross & Harris, "Fundamentals of Queueing Theory", 2.3 and 2.4 (M/M/c and
//! M/M/c/K); Newell, "Applications of Queueing Theory" (fluid approximation); Grassmann, Taksar & Heyman
//! (1985) for the elimination.

use std::collections::BTreeMap;

use crate::engine::law::Law;
use crate::kinds::queue::brokers::{Brokers, Consequence};

/// Number of quantiles over which an expectation over a law of work is averaged.
const POINTS: u32 = 2_000;

/// Deliveries and fate of a message that comes back with a fixed probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempts {
    /// Expected deliveries per message.
    pub deliveries: f64,
    /// Share of the messages that become dead letters.
    pub dead_letters: f64,
}

/// Returns the deliveries per message if each comes back with the probability `again` and at most `most` are made:
/// a truncated geometric law. They are infinite without a bound and with `again` = 1.
#[must_use]
pub fn attempts(again: f64, most: Option<u32>) -> Attempts {
    let Some(most) = most else {
        return Attempts { deliveries: 1.0 / (1.0 - again), dead_letters: 0.0 };
    };
    // The sum instead of (1 − pⁿ) / (1 − p): it is valid at p = 1 too. Terms below the last bit add nothing.
    let (mut deliveries, mut term) = (0.0, 1.0);
    for _ in 0..most {
        deliveries += term;
        term *= again;
        if term < f64::EPSILON * deliveries && again < 1.0 {
            break;
        }
    }
    Attempts { deliveries, dead_letters: libm::pow(again, f64::from(most)) }
}

/// Returns the probability that a delivery is not acknowledged in time: the work takes longer than `within` seconds,
/// or it ends in time and fails. The time at the consumer is the work alone: no other message is before it.
#[must_use]
pub fn comes_back(work: &Law, within: Option<f64>, fails: f64) -> f64 {
    let late = within.map_or(0.0, |within| work.survival(within));
    late + (1.0 - late) * fails
}

/// Returns the probability that a consumer that dies `deaths` times per second dies during the work of a message:
/// 1 − E[exp(−deaths × work)].
#[must_use]
pub fn interrupted(work: &Law, deaths: f64) -> f64 {
    let point = |point| (f64::from(point) + 0.5) / f64::from(POINTS);
    let hit = |u: f64| -libm::expm1(-deaths * work.quantile(u));
    (0..POINTS).map(|at| hit(point(at))).sum::<f64>() / f64::from(POINTS)
}

/// All workers of the consumers of a queue, and the work that messages ask of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Consumers {
    /// Messages processed at once.
    pub workers: u32,
    /// Mean work of a delivery in seconds. Work past its time-out is done to its end as well.
    pub work: f64,
    /// Expected deliveries per message.
    pub deliveries: f64,
}

impl Consumers {
    /// Returns the capacity in messages per second.
    #[must_use]
    pub fn capacity(&self) -> f64 {
        f64::from(self.workers) / (self.work * self.deliveries)
    }

    /// Returns the offered load: the mean number of busy workers at `rate` messages per second, with unlimited workers.
    #[must_use]
    pub fn offered(&self, rate: f64) -> f64 {
        rate * self.deliveries * self.work
    }
}

/// Steady state of M/M/c, or of M/M/c/K with a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steady {
    /// Probability that all workers are busy.
    pub all_busy: f64,
    /// Mean number waiting.
    pub waiting: f64,
    /// Share of the messages that find the queue full.
    pub full: f64,
}

/// Returns the steady state of `workers` at an `offered` load (mean busy workers if unlimited), with at most
/// `limit` messages waiting. `None` if there is no steady state: no limit, and not enough workers.
///
/// A full queue that drops the oldest message has the same number waiting and the same share lost as one that
/// rejects the new message.
#[must_use]
pub fn steady(workers: u32, offered: f64, limit: Option<u32>) -> Option<Steady> {
    let busy = offered / f64::from(workers);
    // Erlang's loss formula: the share of the last of the states without a queue.
    let blocked = (1..=workers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b));
    let below = 1.0 / blocked;
    let Some(limit) = limit else {
        if busy >= 1.0 {
            return None;
        }
        let queued = 1.0 / (1.0 - busy);
        let total = below - 1.0 + queued;
        return Some(Steady {
            all_busy: queued / total,
            waiting: queued * busy / (1.0 - busy) / total,
            full: 0.0,
        });
    };
    // Weights of the states in which all workers are busy, scaled so that the greatest is 1.
    let down = busy > 1.0;
    let ratio = if down { 1.0 / busy } else { busy };
    let (mut weight, mut queued, mut waiting, mut at_limit, mut empty) = (1.0, 0.0, 0.0, 0.0, 0.0);
    for step in 0..=limit {
        let number = if down { limit - step } else { step };
        queued += weight;
        waiting += f64::from(number) * weight;
        if number == limit {
            at_limit = weight;
        }
        if number == 0 {
            empty = weight;
        }
        weight *= ratio;
    }
    let total = empty * (below - 1.0) + queued;
    let shares = [queued, waiting, at_limit].map(|sum: f64| sum / total);
    Some(Steady { all_busy: shares[0], waiting: shares[1], full: shares[2] })
}

/// Returns the share of the messages that a queue with a limit loses in overload: 1 − capacity / rate.
#[must_use]
pub fn overflow(rate: f64, capacity: f64) -> f64 {
    if rate > capacity { 1.0 - capacity / rate } else { 0.0 }
}

/// An interval of constant rate and capacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Length in seconds.
    pub lasts: f64,
    /// Arrival rate in messages per second.
    pub rate: f64,
    /// Capacity in messages per second.
    pub capacity: f64,
}

/// A backlog that grows and drains, as a fluid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backlog {
    /// Messages waiting at the end.
    pub left: f64,
    /// Greatest number waiting.
    pub peak: f64,
    /// Messages that found the queue full.
    pub overflow: f64,
    /// Area under the number waiting, in messages × seconds.
    pub area: f64,
    /// Last instant at which the backlog drained to zero, in seconds from the start; `None` if it never
    /// did.
    pub drained: Option<f64>,
}

/// Computes the backlog after consecutive `intervals`, from `start` messages and with a capacity for `limit`.
#[must_use]
pub fn backlog(start: f64, limit: Option<f64>, intervals: &[Interval]) -> Backlog {
    let mut backlog = Backlog { left: start, peak: start, ..Backlog::default() };
    let mut at = 0.0;
    for interval in intervals {
        let net = interval.rate - interval.capacity;
        let bound = if net > 0.0 { limit.unwrap_or(f64::INFINITY).max(backlog.left) } else { 0.0 };
        // Time until the queue is full, or empty.
        let turns = if net == 0.0 { f64::INFINITY } else { (bound - backlog.left) / net };
        let moving = turns.min(interval.lasts);
        let before = backlog.left;
        let rest = interval.lasts - moving;
        backlog.left = if turns <= interval.lasts { bound } else { before + net * moving };
        if net < 0.0 && before > 0.0 && turns <= interval.lasts {
            backlog.drained = Some(at + turns);
        }
        if net > 0.0 {
            backlog.overflow += net * rest;
        }
        backlog.area += (before + backlog.left) / 2.0 * moving + backlog.left * rest;
        backlog.peak = backlog.peak.max(backlog.left);
        at += interval.lasts;
    }
    backlog
}

/// Returns the seconds until a backlog has drained; infinite if `capacity` does not exceed `rate`.
#[must_use]
pub fn drains_in(backlog: f64, rate: f64, capacity: f64) -> f64 {
    if capacity > rate { backlog / (capacity - rate) } else { f64::INFINITY }
}

/// Brokers that fail and come back. All times are exponential, with these means in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failing {
    /// Number of brokers: 1, or 2 for a pair.
    pub brokers: usize,
    /// If true, messages survive the end of a broker's process.
    pub durable: bool,
    /// Time from repair to failure of each broker (MTBF).
    pub up: f64,
    /// Time from failure to repair of each broker (MTTR).
    pub down: f64,
    /// Time from the failure of the active broker until its follower serves: detection and takeover.
    pub takeover: f64,
    /// Coverage: probability that the takeover works.
    pub coverage: f64,
    /// Time from the return of a broker until it follows again; 0: at once.
    pub catch_up: f64,
}

/// Service of a queue in the steady state of its brokers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    /// Share of the time in which messages can be published.
    pub serves: f64,
    /// Interruptions per second: all connections break, and messages that are not safe are lost.
    pub breaks: f64,
    /// Losses of all messages per second.
    pub forgets: f64,
}

/// State of the chain: the brokers, and true if the takeover that is due will work.
type State = (Brokers, bool);

impl Failing {
    /// Computes the steady state.
    #[must_use]
    pub fn service(&self) -> Service {
        let first: State = (Brokers::new(self.brokers, self.durable), true);
        let mut places = BTreeMap::from([(first, 0)]);
        let mut states = vec![first];
        let mut rows: Vec<Vec<(usize, f64)>> = Vec::new();
        let (mut breaks, mut forgets) = (Vec::new(), Vec::new());
        while rows.len() < states.len() {
            let mut row = Vec::new();
            let (mut broken, mut forgotten) = (0.0, 0.0);
            for (to, rate, what) in self.moves(states[rows.len()]) {
                use Consequence::{Breaks, BreaksAndForgets, Forgets};
                broken += if matches!(what, Breaks | BreaksAndForgets) { rate } else { 0.0 };
                forgotten += if matches!(what, Forgets | BreaksAndForgets) { rate } else { 0.0 };
                let place = *places.entry(to).or_insert_with(|| {
                    states.push(to);
                    states.len() - 1
                });
                row.push((place, rate));
            }
            rows.push(row);
            breaks.push(broken);
            forgets.push(forgotten);
        }
        let shares = stationary(&rows);
        let over = |values: &[f64]| shares.iter().zip(values).map(|(p, value)| p * value).sum();
        let serves: Vec<f64> =
            states.iter().map(|(b, _)| f64::from(u8::from(b.serves()))).collect();
        Service { serves: over(&serves), breaks: over(&breaks), forgets: over(&forgets) }
    }

    /// Returns the transitions of a state: target, rate per second, effect on the queue.
    fn moves(&self, (brokers, works): State) -> Vec<(State, f64, Consequence)> {
        let mut found = Vec::new();
        let mut add = |to: State, rate: f64, what| {
            if rate > 0.0 {
                found.push((to, rate, what));
            }
        };
        for broker in 0..self.brokers {
            let mut next = brokers;
            if brokers.is_up(broker) {
                let what = next.lost(broker);
                let decides = brokers.serves() && !next.serves();
                if decides {
                    add((next, true), self.coverage / self.up, what);
                    add((next, false), (1.0 - self.coverage) / self.up, what);
                } else {
                    add((next, works), 1.0 / self.up, what);
                }
                let mut next = brokers;
                next.caught_up(broker);
                if next != brokers && self.catch_up > 0.0 {
                    add((next, works), 1.0 / self.catch_up, Consequence::Nothing);
                }
            } else {
                let what = next.back(broker);
                if self.catch_up == 0.0 {
                    (0..self.brokers).for_each(|broker| next.caught_up(broker));
                }
                add((next, works || next.serves()), 1.0 / self.down, what);
            }
        }
        if let Some(follower) = brokers.candidate().filter(|_| works) {
            let mut next = brokers;
            let what = next.takes_over(follower);
            if self.catch_up == 0.0 {
                (0..self.brokers).for_each(|broker| next.caught_up(broker));
            }
            add((next, true), 1.0 / self.takeover, what);
        }
        found
    }
}

/// Returns the expected messages lost when the broker breaks: those not safe yet, and all `inside` if it `forgets`.
#[must_use]
pub fn lost_with_broker(rate: f64, confirm: f64, inside: f64, forgets: bool) -> f64 {
    rate * confirm + if forgets { inside } else { 0.0 }
}

/// Returns the steady-state probabilities of a chain given by its rows of (target, rate), by elimination without
/// subtraction (the GTH algorithm).
fn stationary(rows: &[Vec<(usize, f64)>]) -> Vec<f64> {
    let count = rows.len();
    let mut rates = vec![vec![0.0; count]; count];
    for (from, row) in rows.iter().enumerate() {
        for (to, rate) in row.iter().filter(|(to, _)| *to != from) {
            rates[from][*to] += rate;
        }
    }
    for state in (1..count).rev() {
        let out: f64 = rates[state][..state].iter().sum();
        let row = rates[state].clone();
        for from in &mut rates[..state] {
            let share = from[state] / out;
            from[state] = share;
            for (into, rate) in from[..state].iter_mut().zip(&row) {
                *into += share * rate;
            }
        }
    }
    let mut shares = vec![1.0; count];
    for state in 1..count {
        shares[state] = (0..state).map(|from| shares[from] * rates[from][state]).sum();
    }
    let total: f64 = shares.iter().sum();
    shares.iter().map(|share| share / total).collect()
}
