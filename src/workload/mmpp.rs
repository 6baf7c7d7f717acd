//! Modulated arrivals: traffic that alternates between states of higher and lower rate.
//!
//! Model: a Markov chain with n ≥ 2 states in continuous time. State i has an exponential sojourn of mean d_i; then
//! comes the next state in order, or one of the others with equal probability. In state i the rate is multiplied by
//! f_i.
//!
//! The factors are relative: they are divided by their mean over the stationary shares
//! π_i = d_i / Σ d, so the workload's level stays its mean rate. Factors whose mean is 1 already
//! (0.93 and 1.14 with 120 s and 60 s) are used as written; 50 and 200 with 10 s and 10/3 s at a
//! level of 87.5/s are 50/s and 200/s.
//!
//! Takes factors and mean sojourns, gives the factor and until when. The state at time zero is
//! drawn from the stationary shares; an exponential sojourn has no age.
//! Holds: both kinds of succession visit all states equally often, hence the shares above.
//! Leaves out: sojourns of other laws, general transition matrices.
//! Source: Heffes & Lucantoni (1986); Fischer & Meier-Hellstern, The MMPP cookbook (1993).

use std::fmt;
use std::sync::Arc;

use crate::convert::{below, place};
use crate::engine::draw::Key;
use crate::engine::special::ln;
use crate::units::{Rate, SimDuration, SimTime};

/// Order of the states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Succession {
    /// The next one in the list, then the first again.
    #[default]
    Cyclic,
    /// One of the others, all equally likely.
    Random,
}

/// Reason why a modulation cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ModulationError {
    /// Fewer than 2 or more than 64 states.
    States(usize),
    /// Not one mean sojourn for each factor; holds both counts.
    Unequal(usize, usize),
    /// A factor is negative or not finite; holds its place from 0.
    Factor(usize, f64),
    /// All factors are zero.
    AllZero,
    /// A mean sojourn is outside 1 ms..=10 years; holds its place from 0.
    Sojourn(usize, SimDuration),
}

impl fmt::Display for ModulationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::States(count) => write!(f, "{count} states; there must be 2 to 64"),
            Self::Unequal(factors, sojourns) => {
                write!(f, "{factors} factors and {sojourns} sojourns; each state needs both")
            }
            Self::Factor(at, value) => {
                write!(f, "factor {} is {value}; it must be finite and ≥ 0", at + 1)
            }
            Self::AllZero => f.write_str("all factors are 0; at least one must be above 0"),
            Self::Sojourn(at, value) => {
                write!(f, "sojourn {} is {value}; it must lie between 1ms and 10y", at + 1)
            }
        }
    }
}

impl std::error::Error for ModulationError {}

/// States of a modulated process: factors with mean 1, mean sojourns, succession.
#[derive(Clone, Debug)]
pub struct Modulation(Arc<States>);

#[derive(Debug)]
struct States {
    factors: Vec<f64>,
    sojourns_s: Vec<f64>,
    succession: Succession,
}

impl Modulation {
    /// Creates a modulation from one factor and one mean sojourn per state; factors are scaled to the mean 1.
    ///
    /// # Errors
    ///
    /// Any [`ModulationError`].
    pub fn new(
        factors: &[f64],
        sojourns: &[SimDuration],
        succession: Succession,
    ) -> Result<Self, ModulationError> {
        let count = factors.len();
        if count != sojourns.len() {
            return Err(ModulationError::Unequal(count, sojourns.len()));
        }
        if !(2..=64).contains(&count) {
            return Err(ModulationError::States(count));
        }
        let usable = |value: &f64| value.is_finite() && (0.0..=1e9).contains(value);
        if let Some(at) = factors.iter().position(|value| !usable(value)) {
            return Err(ModulationError::Factor(at, factors[at]));
        }
        let shortest = SimDuration::from_nanos(1_000_000);
        let longest = SimDuration::YEAR.saturating_mul(10);
        if let Some(at) = sojourns.iter().position(|d| *d < shortest || *d > longest) {
            return Err(ModulationError::Sojourn(at, sojourns[at]));
        }
        let sojourns_s: Vec<f64> = sojourns.iter().map(|d| d.seconds()).collect();
        let weighted: f64 = factors.iter().zip(&sojourns_s).map(|(f, d)| f * d).sum();
        let mean = weighted / sojourns_s.iter().sum::<f64>();
        if mean <= 0.0 {
            return Err(ModulationError::AllZero);
        }
        let factors = factors.iter().map(|factor| factor / mean).collect();
        Ok(Self(Arc::new(States { factors, sojourns_s, succession })))
    }

    /// Returns the factors of the states, with mean 1.
    #[must_use]
    pub fn factors(&self) -> &[f64] {
        &self.0.factors
    }

    /// Returns the share of the time in each state.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        let cycle: f64 = self.0.sojourns_s.iter().sum();
        self.0.sojourns_s.iter().map(|d| d / cycle).collect()
    }

    /// Returns the coefficient of variation of the rate: √(Σ π f² − 1).
    #[must_use]
    pub fn rate_cv(&self) -> f64 {
        let second: f64 = self.factors().iter().zip(self.shares()).map(|(f, p)| p * f * f).sum();
        (second - 1.0).max(0.0).sqrt()
    }

    /// Returns the index of dispersion (variance ÷ mean) of the arrivals in windows of `window` at the mean rate
    /// `level`; for [`SimDuration::MAX`] the limit of long windows. Known for two states.
    ///
    /// Source: Heffes & Lucantoni (1986): 1 + (I − 1)(1 − (1 − e^{−st})/(st)), s the sum of the
    /// leave rates, I = 1 + 2 s⁻² (λ₁ − λ₂)² r₁ r₂ / (λ₁ r₂ + λ₂ r₁).
    #[must_use]
    pub fn dispersion(&self, level: Rate, window: SimDuration) -> Option<f64> {
        let ([f1, f2], [d1, d2]) = (self.factors(), self.0.sojourns_s.as_slice()) else {
            return None;
        };
        let (leave1, leave2) = (1.0 / d1, 1.0 / d2);
        let sum = leave1 + leave2;
        let apart = f1 - f2;
        let mixed = f1 * leave2 + f2 * leave1;
        let excess =
            2.0 * level.in_per_second() * apart * apart * leave1 * leave2 / (sum * sum * mixed);
        let stays = sum * window.seconds();
        let seen = match window {
            SimDuration::MAX => 1.0,
            SimDuration::ZERO => 0.0,
            _ => 1.0 + libm::expm1(-stays) / stays,
        };
        Some(1.0 + excess * seen)
    }

    /// Returns the expected number of state changes per second.
    #[must_use]
    pub fn switches_per_s(&self) -> f64 {
        self.factors().len() as f64 / self.0.sojourns_s.iter().sum::<f64>()
    }

    /// Returns the state of the chain of `key` at the instant `from`, drawn from the stationary shares.
    #[must_use]
    pub fn begin(&self, key: Key, from: SimTime) -> ModulationState {
        let target = key.uniform(0, INITIAL) * self.0.sojourns_s.iter().sum::<f64>();
        let mut before_s = 0.0;
        let mut state = self.factors().len() - 1;
        for (at, sojourn_s) in self.0.sojourns_s.iter().enumerate() {
            before_s += sojourn_s;
            if target < before_s {
                state = at;
                break;
            }
        }
        let mut begun = ModulationState { state: place(state), sojourn: 0, until: from.nanos() };
        begun.until = self.end_of(key, &begun, from);
        begun
    }

    /// Returns the state after `current`, entered at the instant at which that one ends.
    #[must_use]
    pub fn next(&self, key: Key, current: &ModulationState) -> ModulationState {
        let count = place(self.factors().len());
        let sojourn = current.sojourn + 1;
        let step = match self.0.succession {
            Succession::Cyclic => 1,
            Succession::Random => {
                1 + place(below(key.uniform(sojourn, SUCCESSOR), count as usize - 1))
            }
        };
        let state = (current.state + step.min(count - 1)) % count;
        let mut next = ModulationState { state, sojourn, until: current.until };
        next.until = self.end_of(key, &next, current.until());
        next
    }

    /// Returns the factor in `current`.
    #[must_use]
    pub fn factor(&self, current: &ModulationState) -> f64 {
        self.0.factors[current.state as usize]
    }

    /// Returns whether `current` can be a state of this modulation.
    #[must_use]
    pub fn has(&self, current: &ModulationState) -> bool {
        (current.state as usize) < self.factors().len()
    }

    /// Returns the end of the sojourn `current` that begins at `from`, to the nearest nanosecond.
    fn end_of(&self, key: Key, current: &ModulationState, from: SimTime) -> u64 {
        let unit = -ln(1.0 - key.uniform(current.sojourn, LENGTH));
        let mean_s = self.0.sojourns_s[current.state as usize];
        let length = SimDuration::from_seconds_f64(unit * mean_s).nanos().max(1);
        from.nanos().saturating_add(length)
    }
}

/// Indices of a sojourn's draws.
const LENGTH: u32 = 0;
const SUCCESSOR: u32 = 1;
const INITIAL: u32 = 2;

/// State of a modulated process, on which its future depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ModulationState {
    state: u32,
    /// Number of the sojourn, from 0.
    sojourn: u64,
    /// End of the sojourn in nanoseconds since the start of the run.
    until: u64,
}

impl ModulationState {
    /// Place of the state in the list, from 0.
    #[must_use]
    pub const fn state(&self) -> u32 {
        self.state
    }

    /// Returns the end of the sojourn.
    #[must_use]
    pub const fn until(&self) -> SimTime {
        SimTime::from_nanos(self.until)
    }
}

#[cfg(test)]
mod tests;
