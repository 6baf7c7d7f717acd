//! Extraordinary traffic: flash crowds and steps of the rate.
//!
//! Model: the rate by level and profile is multiplied by the surges in progress.
//! - A *flash crowd* begins at 1, rises on a straight line to its factor over `ramp`, stays there
//!   for `plateau` and falls back by an exponential of time constant `decay`:
//!   1 + (factor − 1) e^(−t/decay). It is over when a millionth of its rise is left; what is cut off
//!   is that millionth of a time constant's traffic. It comes once, at a given time, or again and
//!   again: the gap from the end of one to the onset of the next is exponential, drawn by its number.
//! - A *step* multiplies the rate by its factor from an instant on, for a time or for ever.
//!
//! Takes numbers and a key; gives the factor on the rate piece by piece, each piece one formula.
//! Holds: flashes depend on the key alone, not on where a run begins. Over a piece the expected
//! arrivals are the integral of two smooth curves multiplied (a line or a sine, times a line or an
//! exponential over at most one time constant), by Gauss and Legendre's rule of eight points: exact
//! for lines, and for the others to the last bits of a double (the error of the rule is below 1e-22
//! of the integral for an exponential, 1e-30 for an hour of a daily sine).
//! Leaves out: which page the crowd asks for.
//! Source: the shape is that of the flash crowds of the 1998 World Cup's log, in straight strokes.

use std::fmt;
use std::sync::Arc;

use super::rate::Piece;
use crate::engine::draw::Key;
use crate::engine::special::ln;
use crate::units::{Rate, SimDuration, SimTime};

/// Rest of its rise at which a flash crowd is over.
const OVER: f64 = 1e-6;
/// Excess over the normal rate below which a flash crowd is no longer noticeable.
const FELT: f64 = 0.01;
/// Shortest mean gap between flash crowds; more frequent ones would be a profile.
pub const SHORTEST_GAP: SimDuration = SimDuration::from_secs(60);
/// Longest ramp, plateau or decay.
pub const LONGEST: SimDuration = SimDuration::YEAR;
/// Highest factor.
pub const MOST: f64 = 1e6;

/// Reason why a surge cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SurgeError {
    /// The factor of a flash is outside 1..=10⁶, or that of a step outside 0..=10⁶.
    Factor(f64),
    /// Ramp, plateau or decay is longer than a year.
    TooLong(SimDuration),
    /// There is more than one flash crowd per minute, or none ever; holds the rate per second.
    TooOften(f64),
}

impl fmt::Display for SurgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor(value) => write!(f, "the factor is {value}; at most 1e6, of a flash ≥ 1"),
            Self::TooLong(value) => write!(f, "{value} is longer than a year"),
            Self::TooOften(rate) => {
                write!(f, "{rate} flashes/s; there must be some, and at most one a minute")
            }
        }
    }
}

impl std::error::Error for SurgeError {}

/// The course of one flash crowd.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    factor: f64,
    ramp: SimDuration,
    plateau: SimDuration,
    decay: SimDuration,
}

impl Course {
    /// Creates a course: up to `factor` in `ramp`, there for `plateau`, back with the time constant `decay`.
    ///
    /// # Errors
    ///
    /// A factor outside 1..=10⁶, a length beyond a year.
    pub fn new(
        factor: f64,
        ramp: SimDuration,
        plateau: SimDuration,
        decay: SimDuration,
    ) -> Result<Self, SurgeError> {
        if !(1.0..=MOST).contains(&factor) {
            return Err(SurgeError::Factor(factor));
        }
        match [ramp, plateau, decay].into_iter().find(|length| *length > LONGEST) {
            Some(length) => Err(SurgeError::TooLong(length)),
            None => Ok(Self { factor, ramp, plateau, decay }),
        }
    }

    /// Returns the time from its onset until it is over.
    #[must_use]
    pub fn length(&self) -> SimDuration {
        self.ramp + self.plateau + self.tail()
    }

    /// Returns the time from its onset until the rate is within 1 % of the normal rate.
    #[must_use]
    pub fn felt(&self) -> SimDuration {
        let constants = ln((self.factor - 1.0).max(FELT) / FELT);
        self.ramp + self.plateau + SimDuration::from_seconds_f64(self.decay.seconds() * constants)
    }

    /// Returns the length of its decay.
    fn tail(&self) -> SimDuration {
        let constants = ln((self.factor - 1.0).max(OVER) / OVER);
        SimDuration::from_seconds_f64(self.decay.seconds() * constants)
    }
}

/// Onsets of flash crowds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Onset {
    /// Once.
    At(SimTime),
    /// Random, at this rate while none is in progress.
    Rate(Rate),
}

/// Step that multiplies the rate by `factor` in `from..until`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Start of the step.
    pub from: SimTime,
    /// End of the step; [`SimTime::NEVER`] for ever.
    pub until: SimTime,
    /// Factor on the rate.
    pub factor: f64,
}

/// Flash crowds and steps of one workload, checked; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Surges {
    flash: Option<(Onset, Course)>,
    steps: Arc<[Step]>,
}

impl Surges {
    /// Creates surges from flash crowds of one course, and steps that multiply each other where they overlap.
    ///
    /// # Errors
    ///
    /// Flashes more often than once a minute or never, a factor of a step outside 0..=10⁶.
    pub fn new(flash: Option<(Onset, Course)>, steps: &[Step]) -> Result<Self, SurgeError> {
        if let Some((Onset::Rate(rate), _)) = flash {
            let per_s = rate.in_per_second();
            if !(per_s > 0.0 && per_s * SHORTEST_GAP.seconds() <= 1.0) {
                return Err(SurgeError::TooOften(per_s));
            }
        }
        match steps.iter().find(|step| !(0.0..=MOST).contains(&step.factor)) {
            Some(step) => Err(SurgeError::Factor(step.factor)),
            None => Ok(Self { flash, steps: steps.into() }),
        }
    }

    /// Returns whether the rate is never multiplied.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flash.is_none() && self.steps.is_empty()
    }

    /// Returns the highest factor on the rate: a flash crowd at its plateau on the highest of the steps.
    #[must_use]
    pub fn most(&self) -> f64 {
        let flash = self.flash.map_or(1.0, |(_, course)| course.factor);
        let starts = self.steps.iter().map(|step| step.from).chain([SimTime::ZERO]);
        flash * starts.map(|at| self.stepped(at).0).fold(0.0, f64::max)
    }

    /// Returns the surges at known times: all but random flash crowds.
    #[must_use]
    pub fn planned(&self) -> Self {
        let flash = self.flash.filter(|(onset, _)| matches!(onset, Onset::At(_)));
        Self { flash, steps: Arc::clone(&self.steps) }
    }

    /// Returns the instants at which the factor on the rate changes, each with its kind of surge: the start and the end
    /// of each step, and the end of a flash crowd at a given time. A flash crowd ends once the rate is within 1 % of
    /// normal. Random flash crowds are left out.
    #[must_use]
    pub fn changes(&self) -> Vec<(SimTime, &'static str)> {
        let mut changes = Vec::new();
        for step in self.steps.iter() {
            changes.push((step.from, "step"));
            if step.until < SimTime::NEVER {
                changes.push((step.until, "step"));
            }
        }
        if let Some((Onset::At(at), course)) = self.flash {
            changes.push((at + course.felt(), "flash crowd"));
        }
        changes
    }

    /// Returns whether a flash crowd at a given time has begun at `at`, and the rate is not yet within 1 % of normal.
    #[must_use]
    pub fn is_under_way(&self, at: SimTime) -> bool {
        let flash = self.flash.filter(|(onset, _)| matches!(onset, Onset::At(_)));
        flash.is_some_and(|(onset, course)| match onset {
            Onset::At(from) => (from..from + course.felt()).contains(&at),
            Onset::Rate(_) => false,
        })
    }

    /// Returns the same surges with one more step.
    #[must_use]
    pub fn and(&self, step: Step) -> Self {
        let steps = self.steps.iter().copied().chain([step]).collect();
        Self { flash: self.flash, steps }
    }

    /// Returns the product of the steps at an instant, and the end of its validity.
    fn stepped(&self, at: SimTime) -> (f64, SimTime) {
        let mut product = 1.0;
        let mut end = SimTime::NEVER;
        for step in self.steps.iter() {
            if (step.from..step.until).contains(&at) {
                product *= step.factor;
                end = end.min(step.until);
            } else if step.from > at {
                end = end.min(step.from);
            }
        }
        (product, end)
    }
}

/// The surges of one workload in one replication.
#[derive(Clone, Debug)]
pub struct Surging {
    surges: Surges,
    key: Key,
    /// Number of the latest known flash crowd, and its onset.
    flash: (u64, SimTime),
}

/// Interval on which one formula gives the factor on the rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct SurgePiece {
    /// The factor, if it is constant.
    pub level: Option<f64>,
    /// Formula of the factor.
    pub bend: Bend,
    /// First instant after the interval.
    pub end: SimTime,
}

/// A factor that changes: `height × (base + rise × x)` or `height × (base + rise × e^(−x/constant))`,
/// x in seconds since the origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bend {
    origin: SimTime,
    height: f64,
    base: f64,
    rise: f64,
    /// Time constant of an exponential, in seconds; zero for a line.
    constant_s: f64,
}

impl Surging {
    /// Creates the surges of the workload whose draws are keyed by `key`.
    #[must_use]
    pub fn new(surges: &Surges, key: Key) -> Self {
        let mut surging = Self { surges: surges.clone(), key, flash: (0, SimTime::NEVER) };
        surging.begin();
        surging
    }

    fn begin(&mut self) {
        self.flash = match self.surges.flash {
            Some((Onset::At(at), _)) => (0, at),
            Some((Onset::Rate(rate), _)) => (0, self.after(SimTime::ZERO, 0, rate)),
            None => (0, SimTime::NEVER),
        };
    }

    /// Returns the onset of flash crowd `number`, where the one before was over at `over`.
    fn after(&self, over: SimTime, number: u64, rate: Rate) -> SimTime {
        let gap_s = -ln(self.key.uniform(number, 0)) / rate.in_per_second();
        let gap = SimDuration::from_seconds_f64(gap_s).nanos();
        SimTime::from_nanos(over.nanos().saturating_add(gap))
    }

    /// Returns the factor at an instant.
    #[must_use]
    pub fn factor(&mut self, at: SimTime) -> f64 {
        let piece = self.piece(at);
        piece.level.unwrap_or_else(|| piece.bend.factor(piece.bend.offset_s(at, 0.0)))
    }

    /// Returns the factor from `at` on, and the end of its validity; if it changes continuously, the one at the middle
    /// of `step`.
    #[must_use]
    pub fn stretch(&mut self, at: SimTime, step: SimDuration) -> (f64, SimTime) {
        let piece = self.piece(at);
        if let Some(level) = piece.level {
            return (level, piece.end);
        }
        let end = piece.end.min(shifted(at, step));
        let middle = shifted(at, SimDuration::from_nanos(end.since(at).nanos() / 2));
        (piece.bend.factor(piece.bend.offset_s(middle, 0.0)), end)
    }

    /// Returns the formula that holds at `at`, computed from the instant alone.
    pub(super) fn piece(&mut self, at: SimTime) -> SurgePiece {
        let (height, end) = self.surges.stepped(at);
        let bend = Bend { origin: at, height, base: 1.0, rise: 0.0, constant_s: 0.0 };
        let flat = |factor: f64, until: SimTime| SurgePiece {
            level: Some(height * factor),
            bend,
            end: end.min(until),
        };
        let Some((onset, course)) = self.surges.flash else { return flat(1.0, SimTime::NEVER) };
        if let Onset::Rate(rate) = onset {
            if at < self.flash.1 {
                self.begin();
            }
            loop {
                let over = shifted(self.flash.1, course.length());
                if at < over || over == SimTime::NEVER {
                    break;
                }
                self.flash = (self.flash.0 + 1, self.after(over, self.flash.0 + 1, rate));
            }
        }
        let began = self.flash.1;
        if at < began {
            return flat(1.0, began);
        }
        let bent =
            |bend: Bend, until: SimTime| SurgePiece { level: None, bend, end: end.min(until) };
        let risen = shifted(began, course.ramp);
        if at < risen {
            let rise = (course.factor - 1.0) / course.ramp.seconds();
            return bent(Bend { origin: began, rise, ..bend }, risen);
        }
        let falls = shifted(risen, course.plateau);
        if at < falls {
            return flat(course.factor, falls);
        }
        let over = shifted(falls, course.tail());
        if at >= over {
            return flat(1.0, SimTime::NEVER);
        }
        // One time constant after the other, so that each piece is smooth.
        let constant = course.decay.nanos();
        let constants = (at - falls).nanos() / constant;
        let origin = SimTime::from_nanos(falls.nanos() + constants * constant);
        let rise = (course.factor - 1.0) * libm::exp(-(constants as f64));
        let bend = Bend { origin, rise, constant_s: course.decay.seconds(), ..bend };
        bent(bend, over.min(shifted(origin, course.decay)))
    }
}

fn shifted(at: SimTime, by: SimDuration) -> SimTime {
    SimTime::from_nanos(at.nanos().saturating_add(by.nanos()))
}

/// Half of the nodes and weights of Gauss and Legendre's rule on −1..1.
const NODES: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

impl Bend {
    /// Seconds from the origin to `at` plus `fraction` of a nanosecond.
    pub(super) fn offset_s(&self, at: SimTime, fraction: f64) -> f64 {
        ((at - self.origin).nanos() as f64 + fraction) / 1e9
    }

    fn factor(&self, x_s: f64) -> f64 {
        let way = if self.constant_s > 0.0 { libm::exp(-x_s / self.constant_s) } else { x_s };
        self.height * (self.base + self.rise * way)
    }

    /// Expected arrivals over `length_s`, by `piece` from its offset `from.0` on, times this from
    /// its own offset `from.1` on.
    pub(super) fn integral(&self, piece: &Piece, from: (f64, f64), length_s: f64) -> f64 {
        let half = length_s / 2.0;
        let at = |x: f64| piece.rate(from.0 + x) * self.factor(from.1 + x);
        let sum: f64 = NODES
            .iter()
            .map(|(node, weight)| weight * (at(half * (1.0 - node)) + at(half * (1.0 + node))))
            .sum();
        half * sum
    }

    /// Seconds until `amount` arrivals are expected, or, where that lies beyond `room_s`, how many
    /// are expected by then.
    pub(super) fn advance(
        &self,
        piece: &Piece,
        from: (f64, f64),
        amount: f64,
        room_s: f64,
    ) -> Result<f64, f64> {
        let all = self.integral(piece, from, room_s);
        if all <= amount {
            return Err(all);
        }
        let rate = |x: f64| piece.rate(from.0 + x) * self.factor(from.1 + x);
        let (mut low, mut high) = (0.0, room_s);
        let steady = amount / rate(0.0);
        let mut x = if steady < room_s { steady } else { room_s * (amount / all) };
        // Newton inside a bracket that is halved where Newton leaves it.
        for _ in 0..96 {
            let miss = self.integral(piece, from, x) - amount;
            if miss > 0.0 {
                high = x;
            } else {
                low = x;
            }
            let newton = x - miss / rate(x);
            let inside = newton > low && newton < high;
            let next = if inside { newton } else { f64::midpoint(low, high) };
            if (inside && (next - x).abs() <= 1e-7 * x) || high - low <= 1e-15 * high {
                return Ok(next);
            }
            x = next;
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests;
