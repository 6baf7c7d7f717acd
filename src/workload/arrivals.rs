//! Open source of arrivals: requests arrive independently of the system's state.
//!
//! Model: arrival k comes at Λ⁻¹(E_0 + … + E_k), where Λ is the cumulated rate of this source
//! (level × profile × surges × hourly noise × modulation) and E_i are the gaps in units of expected
//! arrivals: exponential of mean 1 (Poisson, and modulated: Poisson given the state), exactly 1
//! (evenly spaced), or a law divided by its mean (renewal). E_i is drawn by its ordinal. The first
//! gap starts where the source starts.
//!
//! The stream advances Λ interval by interval. In an interval the profile is one formula, a surge is one too, and noise
//! and modulation are constant. Position is whole nanoseconds plus a fraction of one, so nothing drifts; an arrival is
//! stamped with the whole nanosecond it falls in.
//!
//! Takes a [`Traffic`] and names for its draws; gives ordinals and times.
//! Holds: times never fall; they depend on the traffic, the draws and the start alone, so neither
//! the end of the run nor anything in the system moves them.
//! Leaves out: who asks for what (the request's class), batches.
//! Source: Çinlar (1975), inversion of the cumulated rate.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::mmpp::{Modulation, ModulationState};
use super::noise::{HourlyNoise, Noise};
use super::rate::{LAST, Piece, Profile, RateCurve, WeekTime};
use super::surge::{Bend, Step, Surges, Surging};
use crate::convert::whole;
use crate::engine::draw::{Key, Lineage, Pairs, Seed};
use crate::engine::law::{Law, Sampler};
use crate::engine::special::ln;
use crate::units::{NANOS_PER_SECOND, Rate, SimDuration, SimTime};

const HOUR: u64 = 3_600 * NANOS_PER_SECOND;
/// Highest level, per second: one arrival per nanosecond.
const MAX_LEVEL: f64 = 1e9;
/// Maximum number of switches of the modulation per arrival: beyond, it averages out and only costs time.
const MAX_SWITCHES_PER_ARRIVAL: f64 = 1e6;

/// Process by which arrivals scatter around the rate.
#[derive(Clone, Debug, Default)]
pub enum Process {
    /// Independent of each other.
    #[default]
    Poisson,
    /// Poisson, at a rate that jumps between states.
    Modulated(Modulation),
    /// Evenly spaced in expected arrivals; the first one a whole gap after the start.
    Regular,
    /// Independent gaps of a law's shape; the workload's level decides their mean.
    Renewal(Law),
}

/// Reason why a traffic description cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrafficError {
    /// The level is above one arrival per nanosecond.
    Level(f64),
    /// The law of gaps has a mean of zero.
    GapMean(f64),
    /// The modulation switches over a million times between two arrivals.
    SwitchesTooFast,
    /// The state belongs to other traffic.
    ForeignState,
}

impl fmt::Display for TrafficError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(level) => write!(f, "{level} arrivals/s; at most {MAX_LEVEL}/s"),
            Self::GapMean(mean) => {
                write!(f, "the mean gap is {mean}; it must be above 0")
            }
            Self::SwitchesTooFast => f.write_str(
                "the modulation switches over a million times between two arrivals; use `poisson`",
            ),
            Self::ForeignState => f.write_str("the saved state belongs to other traffic"),
        }
    }
}

impl std::error::Error for TrafficError {}

/// Traffic of one workload, checked: the input of a stream of arrivals.
#[derive(Clone, Debug)]
pub struct Traffic {
    level: Rate,
    profile: Profile,
    start: WeekTime,
    noise: Option<Noise>,
    surges: Surges,
    process: Process,
}

impl Traffic {
    /// Creates traffic of mean rate `level` scattered by `process`, flat and without noise.
    ///
    /// # Errors
    ///
    /// A level above 10⁹/s, gaps without a usable mean, a modulation too fast for the level.
    pub fn new(level: Rate, process: Process) -> Result<Self, TrafficError> {
        let per_s = level.in_per_second();
        if per_s > MAX_LEVEL {
            return Err(TrafficError::Level(per_s));
        }
        match &process {
            Process::Modulated(modulation)
                if per_s > 0.0
                    && modulation.switches_per_s() / per_s > MAX_SWITCHES_PER_ARRIVAL =>
            {
                return Err(TrafficError::SwitchesTooFast);
            }
            Process::Renewal(law) => {
                let mean = law.mean();
                if mean <= 0.0 {
                    return Err(TrafficError::GapMean(mean));
                }
            }
            _ => {}
        }
        let (profile, start) = (Profile::Flat, WeekTime::MONDAY);
        Ok(Self { level, profile, start, noise: None, surges: Surges::default(), process })
    }

    /// Returns the same traffic in the shape of `profile`, on a calendar that shows `start` at time zero.
    #[must_use]
    pub fn with_profile(self, profile: Profile, start: WeekTime) -> Self {
        Self { profile, start, ..self }
    }

    /// Returns the same traffic with hourly noise.
    #[must_use]
    pub fn with_noise(self, noise: Noise) -> Self {
        Self { noise: Some(noise), ..self }
    }

    /// Returns the same traffic with flash crowds and steps.
    #[must_use]
    pub fn with_surges(self, surges: Surges) -> Self {
        Self { surges, ..self }
    }

    /// Returns its flash crowds and steps.
    #[must_use]
    pub const fn surges(&self) -> &Surges {
        &self.surges
    }

    /// Returns the same traffic, multiplied by `factor` from an instant on.
    #[must_use]
    pub fn times_from(&self, from: SimTime, factor: f64) -> Self {
        let step = Step { from, until: SimTime::NEVER, factor };
        Self { surges: self.surges.and(step), ..self.clone() }
    }

    /// Returns the traffic of a window that fixes the level: profile, noise and surges are off, the process stays.
    ///
    /// # Errors
    ///
    /// [`TrafficError`], as for [`Traffic::new`].
    pub fn at_level(&self, level: Rate) -> Result<Self, TrafficError> {
        Self::new(level, self.process.clone())
    }

    /// Returns the rate by level and profile: without noise and modulation (both have mean 1), and without surges.
    #[must_use]
    pub fn curve(&self) -> RateCurve {
        RateCurve::new(self.level, self.profile.clone(), self.start)
    }

    /// Returns the expected arrivals in `from..to`, noise and modulation included: both have mean 1 and begin in their
    /// stationary state. `None` where the figure is not known in closed form (flash crowds and steps; gaps of another
    /// law, the first of which begins with the run) or nothing is drawn (even gaps).
    #[must_use]
    pub fn expected_between(&self, from: SimTime, to: SimTime) -> Option<f64> {
        let known = matches!(self.process, Process::Poisson | Process::Modulated(_));
        (known && self.surges.is_empty()).then(|| self.curve().between(from, to))
    }

    /// Returns the hourly noise of `owner`'s traffic; `None` where there is none.
    #[must_use]
    pub fn hourly_noise(&self, seed: Seed, lineage: Lineage, owner: &str) -> Option<HourlyNoise> {
        let key = Key::derive(seed, lineage, NOISE, owner);
        self.noise.map(|noise| HourlyNoise::new(noise, key))
    }

    /// Returns the flash crowds and steps of `owner`'s traffic; `None` where there are none.
    #[must_use]
    pub fn surging(&self, seed: Seed, lineage: Lineage, owner: &str) -> Option<Surging> {
        let key = Key::derive(seed, lineage, FLASH, owner);
        (!self.surges.is_empty()).then(|| Surging::new(&self.surges, key))
    }

    /// Returns the highest planned rate: by level, profile and surges, without noise and modulation.
    #[must_use]
    pub fn peak(&self) -> Rate {
        let peak = self.curve().peak().0.in_per_second() * self.surges.most();
        Rate::per_second(peak).unwrap_or(self.level)
    }

    /// Returns the planned mean rate between two instants: by level, profile, steps and a flash crowd at a given time,
    /// without noise, modulation and random flash crowds.
    #[must_use]
    pub fn planned_between(&self, from: SimTime, to: SimTime) -> Rate {
        // Planned traffic needs no draws.
        let key = Key::derive(Seed(0), Lineage::replication(0), FLASH, "");
        let mut surging = Surging::new(&self.surges.planned(), key);
        let (curve, mut at, mut sum) = (self.curve(), from, 0.0);
        while at < to {
            let (factor, until) = surging.stretch(at, SLICE);
            let until = until.min(to);
            sum += factor * curve.between(at, until);
            at = until;
        }
        Rate::per_second(sum / to.since(from).seconds()).unwrap_or(self.level)
    }

    /// Returns the process by which arrivals scatter.
    #[must_use]
    pub const fn process(&self) -> &Process {
        &self.process
    }

    /// Returns the number of the noise's hour that holds `at`, and the first instant after it. Hours are those of the
    /// calendar; hour 0 holds time zero.
    #[must_use]
    pub fn hour_of(&self, at: SimTime) -> (u64, SimTime) {
        let into_hour = self.start.since_monday().nanos() % HOUR;
        let hour = at.nanos().saturating_add(into_hour) / HOUR;
        let end = (hour + 1).saturating_mul(HOUR).saturating_sub(into_hour);
        (hour, SimTime::from_nanos(end))
    }
}

/// Length of the pieces of a flash crowd whose factor is taken at their middle.
const SLICE: SimDuration = SimDuration::from_secs(10);
/// Purposes of a source's draws.
const GAPS: &str = "arrivals";
const NOISE: &str = "arrival-noise";
pub(super) const MODULATION: &str = "arrival-modulation";
const FLASH: &str = "flash";

/// One arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Instant of the arrival.
    pub at: SimTime,
    /// Number at its source, from 0: the key of everything the request draws.
    pub ordinal: u64,
}

/// State on which the future of a stream depends, besides its traffic and its names.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrivalState {
    /// Whole nanoseconds of the position.
    now: u64,
    /// Fraction of a nanosecond beyond `now`.
    fraction: f64,
    /// Rest of the current gap, in expected arrivals; `None` before its draw.
    left: Option<f64>,
    /// Number of the next arrival.
    ordinal: u64,
    modulation: Option<ModulationState>,
}

/// Arrivals of one source in one replication, in order. Endless traffic ends at `until`.
#[derive(Clone, Debug)]
pub struct ArrivalStream {
    traffic: Traffic,
    curve: RateCurve,
    noise: Option<HourlyNoise>,
    surging: Option<Surging>,
    gaps: Pairs,
    modulation: Key,
    /// Law of the gaps of a renewal process and its mean.
    renewal: Option<(Sampler, f64)>,
    until: SimTime,
    state: ArrivalState,
    stretch: Stretch,
}

/// Interval without a change of formula, noise or modulation.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    end: SimTime,
    piece: Piece,
    /// Surge that grows or fades, if there is one.
    bend: Option<Bend>,
    /// Noise × modulation.
    factor: f64,
    /// Arrivals per nanosecond where the rate is constant, else negative.
    constant: f64,
}

/// Returns a gap of mean 1. 1 − u is exact: the gaps equal those of a renewal process with an exponential law.
#[inline]
fn exponential(uniform: f64) -> f64 {
    -ln(1.0 - uniform)
}

/// Returns the position, in whole nanoseconds and a fraction of one, `step` nanoseconds later.
#[inline]
fn moved(now: u64, fraction: f64, step: f64) -> (u64, f64) {
    let total = fraction + step;
    // A signed integer takes one machine conversion each way.
    let moved = whole::i64(total).max(0);
    (now.saturating_add(moved.cast_unsigned()), total - moved as f64)
}

impl ArrivalStream {
    /// Creates the stream of arrivals in `from..until` of `owner`'s traffic.
    #[must_use]
    pub fn new(
        traffic: &Traffic,
        seed: Seed,
        lineage: Lineage,
        owner: &str,
        (from, until): (SimTime, SimTime),
    ) -> Self {
        let modulation = match &traffic.process {
            Process::Modulated(modulation) => {
                Some(modulation.begin(Key::derive(seed, lineage, MODULATION, owner), from))
            }
            _ => None,
        };
        let state =
            ArrivalState { now: from.nanos(), fraction: 0.0, left: None, ordinal: 0, modulation };
        Self::at_state(traffic, seed, lineage, owner, until, state)
    }

    /// Continues from a [`ArrivalStream::state`] taken from a stream of the same traffic and names, with the same
    /// arrivals, bit for bit.
    ///
    /// # Errors
    ///
    /// [`TrafficError::ForeignState`] when the state cannot have come from this traffic.
    pub fn resume(
        traffic: &Traffic,
        seed: Seed,
        lineage: Lineage,
        owner: &str,
        until: SimTime,
        state: ArrivalState,
    ) -> Result<Self, TrafficError> {
        let fits = match (&traffic.process, &state.modulation) {
            (Process::Modulated(modulation), Some(at)) => modulation.has(at),
            (Process::Modulated(_), None) | (_, Some(_)) => false,
            (_, None) => true,
        };
        let left = state.left.unwrap_or(0.0);
        if !(fits && (0.0..1.0).contains(&state.fraction) && left.is_finite() && left >= 0.0) {
            return Err(TrafficError::ForeignState);
        }
        Ok(Self::at_state(traffic, seed, lineage, owner, until, state))
    }

    fn at_state(
        traffic: &Traffic,
        seed: Seed,
        lineage: Lineage,
        owner: &str,
        until: SimTime,
        state: ArrivalState,
    ) -> Self {
        let curve = traffic.curve();
        let piece = curve.piece(SimTime::from_nanos(state.now));
        let mut stream = Self {
            noise: traffic.hourly_noise(seed, lineage, owner),
            surging: traffic.surging(seed, lineage, owner),
            gaps: Pairs::new(Key::derive(seed, lineage, GAPS, owner)),
            modulation: Key::derive(seed, lineage, MODULATION, owner),
            renewal: match &traffic.process {
                Process::Renewal(law) => Some((law.sampler(), law.mean())),
                _ => None,
            },
            traffic: traffic.clone(),
            curve,
            until: until.min(LAST),
            state,
            stretch: Stretch { end: SimTime::ZERO, piece, bend: None, factor: 1.0, constant: -1.0 },
        };
        stream.enter_stretch();
        stream
    }

    /// Returns the same stream with its first arrival numbered `ordinal`, and with the draws of that number.
    #[must_use]
    pub const fn numbered_from(mut self, ordinal: u64) -> Self {
        self.state.ordinal = ordinal;
        self
    }

    /// Returns the state on which the future of the stream depends.
    #[must_use]
    pub const fn state(&self) -> ArrivalState {
        self.state
    }

    /// Moves the end of the stream; earlier arrivals stay as they were.
    pub fn set_until(&mut self, until: SimTime) {
        self.until = until.min(LAST);
    }

    /// Returns the next gap, in expected arrivals.
    #[inline]
    fn gap(&mut self) -> f64 {
        let uniform = self.gaps.uniform(self.state.ordinal);
        match (&self.traffic.process, &self.renewal) {
            (Process::Regular, _) => 1.0,
            (_, Some((law, mean))) => law.sample(uniform) / mean,
            (_, None) => exponential(uniform),
        }
    }

    /// Appends the next arrivals, equal to those of [`Iterator::next`] one by one, until `into` holds `most`.
    pub fn fill(&mut self, into: &mut Vec<Arrival>, most: usize) {
        let poisson = matches!(self.traffic.process, Process::Poisson | Process::Modulated(_));
        while into.len() < most {
            if poisson && self.stretch.constant > 0.0 && self.state.left.is_none() {
                self.fill_at_constant_rate(into, most);
            }
            if into.len() == most {
                return;
            }
            // The end of an interval, an odd ordinal, or any other case.
            let Some(arrival) = self.next() else { return };
            into.push(arrival);
        }
    }

    /// Appends arrivals of the present interval, two at a time. All gaps of a batch are computed first, so that they do
    /// not wait for each other, then summed.
    fn fill_at_constant_rate(&mut self, into: &mut Vec<Arrival>, most: usize) {
        const BATCH: usize = 16;
        let (rate, end) = (self.stretch.constant, self.stretch.end.nanos());
        let last = end.min(self.until.nanos());
        let ArrivalState { mut now, mut fraction, mut ordinal, .. } = self.state;
        if ordinal % 2 == 1 {
            return;
        }
        'filled: while most - into.len() >= BATCH {
            let mut steps = [[0.0; 2]; BATCH / 2];
            for (half, two) in (ordinal / 2..).zip(&mut steps) {
                *two = self.gaps.pair(half).map(|uniform| exponential(uniform) / rate);
            }
            for step in steps.as_flattened() {
                let room = end.saturating_sub(now) as f64 - fraction;
                let (next, rest) = moved(now, fraction, *step);
                if *step >= room || next >= last {
                    break 'filled;
                }
                (now, fraction) = (next, rest);
                into.push(Arrival { at: SimTime::from_nanos(now), ordinal });
                ordinal += 1;
            }
        }
        (self.state.now, self.state.fraction, self.state.ordinal) = (now, fraction, ordinal);
    }

    /// Computes the interval at the current position from the state alone, so that a resumed stream continues with the
    /// same bits.
    fn enter_stretch(&mut self) {
        let now = SimTime::from_nanos(self.state.now);
        let piece = self.curve.piece(now);
        let mut end = piece.end();
        let mut factor = 1.0;
        if let (Process::Modulated(modulation), Some(mut at)) =
            (&self.traffic.process, self.state.modulation)
        {
            while at.until() <= now && at.until() < SimTime::NEVER {
                at = modulation.next(self.modulation, &at);
            }
            self.state.modulation = Some(at);
            factor *= modulation.factor(&at);
            end = end.min(at.until());
        }
        if let Some(noise) = &mut self.noise {
            let (hour, hour_end) = self.traffic.hour_of(now);
            factor *= noise.factor(hour);
            end = end.min(hour_end);
        }
        let mut bend = None;
        if let Some(surging) = &mut self.surging {
            let surge = surging.piece(now);
            match surge.level {
                Some(level) => factor *= level,
                None => bend = Some(surge.bend),
            }
            end = end.min(surge.end);
        }
        let steady = piece.constant_rate().filter(|_| bend.is_none());
        let constant = steady.map_or(-1.0, |rate| rate * factor / 1e9);
        self.stretch = Stretch { end, piece, bend, factor, constant };
    }

    /// Returns the nanoseconds from the position to the instant by which `need` arrivals are expected. If that lies
    /// beyond this interval, returns the arrivals still needed at its end.
    #[inline]
    fn walk(&self, need: f64) -> Result<f64, f64> {
        let stretch = &self.stretch;
        if stretch.constant >= 0.0 {
            let room =
                stretch.end.nanos().saturating_sub(self.state.now) as f64 - self.state.fraction;
            let step = need / stretch.constant;
            return if step < room { Ok(step) } else { Err(need - room * stretch.constant) };
        }
        let now = SimTime::from_nanos(self.state.now);
        let from_s = stretch.piece.offset_s(now, self.state.fraction);
        let to_s = stretch.piece.offset_s(stretch.end, 0.0);
        if let Some(bend) = &stretch.bend {
            let from = (from_s, bend.offset_s(now, self.state.fraction));
            let amount = need / stretch.factor;
            return match bend.advance(&stretch.piece, from, amount, to_s - from_s) {
                Ok(step_s) => Ok(step_s * 1e9),
                Err(all) => Err(need - all * stretch.factor),
            };
        }
        match stretch.piece.advance(from_s, need / stretch.factor) {
            Some(step_s) if from_s + step_s < to_s => Ok(step_s * 1e9),
            _ => Err(need - stretch.piece.integral(from_s, to_s) * stretch.factor),
        }
    }
}

impl Iterator for ArrivalStream {
    type Item = Arrival;

    /// Returns the next arrival before the end; `None` from there on, and always at a rate of zero.
    #[inline]
    fn next(&mut self) -> Option<Arrival> {
        let mut need = match self.state.left.take() {
            Some(left) => left,
            None => self.gap(),
        };
        loop {
            match self.walk(need) {
                Ok(step) => {
                    let (now, fraction) = moved(self.state.now, self.state.fraction, step);
                    if now >= self.until.nanos() {
                        self.state.left = Some(need);
                        return None;
                    }
                    self.state.now = now;
                    self.state.fraction = fraction;
                    let arrival =
                        Arrival { at: SimTime::from_nanos(now), ordinal: self.state.ordinal };
                    self.state.ordinal += 1;
                    if now >= self.stretch.end.nanos() {
                        self.enter_stretch();
                    }
                    return Some(arrival);
                }
                Err(still) => {
                    let end = self.stretch.end;
                    // At the end of time an interval has no length left.
                    if end >= self.until || end.nanos() <= self.state.now {
                        self.state.left = Some(need);
                        return None;
                    }
                    need = still.max(0.0);
                    self.state.now = end.nanos();
                    self.state.fraction = 0.0;
                    self.enter_stretch();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
