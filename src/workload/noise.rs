//! Hourly noise on the arrival rate: some hours are busier than the profile says.
//!
//! Model: hour j of the run has the factor exp(σ Z_j − σ²/2), constant within the hour. Z_j is a
//! moving average of 64 standard normal innovations ε, one per hour, keyed by the hour's number:
//! Z_j = Σ_{k<64} w_k ε_{j−k}, w_k = φ^k / √(Σ φ^{2k}). Any hour of any year is therefore reached
//! at once, without the hours before it.
//!
//! Holds: Z_j is exactly standard normal, so the factor is exactly lognormal with mean 1 and σ of
//! the logarithm; the correlation of Z over h < 64 hours is
//! φ^h (1 − φ^{2(64−h)}) / (1 − φ^{128}), which is φ^h to 1e-9 for φ ≤ 0.84 and small h.
//! Leaves out: memory beyond 64 hours; a φ close to 1 behaves like a shorter memory than AR(1).
//! Source: a truncated AR(1) of the logarithm, with the weights rescaled to unit variance.

use std::fmt;
use std::sync::Arc;

use crate::engine::draw::Key;
use crate::engine::special::normal_quantile;

/// Hours of innovations in one factor.
pub const MEMORY_HOURS: usize = 64;

/// Reason why noise cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum NoiseError {
    /// σ of the logarithm is outside 0..=3.
    Sigma(f64),
    /// φ is outside 0..1.
    Phi(f64),
}

impl fmt::Display for NoiseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sigma(value) => write!(f, "sigma is {value}; it must lie between 0 and 3"),
            Self::Phi(value) => write!(f, "phi is {value}; it must be at least 0 and below 1"),
        }
    }
}

impl std::error::Error for NoiseError {}

/// σ and φ of the hourly noise, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    sigma: f64,
    phi: f64,
}

impl Noise {
    /// `sigma` is the standard deviation of the factor's logarithm, `phi` the correlation of that
    /// logarithm with the hour before.
    ///
    /// # Errors
    ///
    /// `sigma` outside 0..=3, `phi` outside 0..1 (1 excluded).
    pub fn new(sigma: f64, phi: f64) -> Result<Self, NoiseError> {
        if !(0.0..=3.0).contains(&sigma) {
            return Err(NoiseError::Sigma(sigma));
        }
        if !(0.0..1.0).contains(&phi) {
            return Err(NoiseError::Phi(phi));
        }
        Ok(Self { sigma, phi })
    }

    fn weights(self) -> [f64; MEMORY_HOURS] {
        let mut weights = [0.0; MEMORY_HOURS];
        let mut weight = 1.0;
        let mut squares = 0.0;
        for slot in &mut weights {
            *slot = weight;
            squares += weight * weight;
            weight *= self.phi;
        }
        let norm = squares.sqrt();
        weights.map(|weight| weight / norm)
    }
}

/// The noise of one workload in one replication.
#[derive(Clone, Debug)]
pub struct HourlyNoise {
    sigma: f64,
    weights: Arc<[f64; MEMORY_HOURS]>,
    key: Key,
    /// ε of the hours kept, at the hour's number modulo the memory.
    ring: [f64; MEMORY_HOURS],
    /// Number (from the oldest innovation) of the newest hour in the ring.
    newest: Option<u64>,
}

impl HourlyNoise {
    /// Noise whose innovations are the draws of `key`.
    #[must_use]
    pub fn new(noise: Noise, key: Key) -> Self {
        Self {
            sigma: noise.sigma,
            weights: Arc::new(noise.weights()),
            key,
            ring: [0.0; MEMORY_HOURS],
            newest: None,
        }
    }

    /// The factor of hour `hour` of the run (0 holds time zero), mean 1. One new draw when the
    /// hours are asked for in order, 64 after a jump; the value is the same either way.
    pub fn factor(&mut self, hour: u64) -> f64 {
        const MEMORY: u64 = MEMORY_HOURS as u64;
        // Innovations are numbered so that the oldest one that hour 0 needs is number 1.
        let last = hour + MEMORY;
        let known = self.newest.filter(|newest| *newest <= last && last - newest < MEMORY);
        let first = known.map_or(last - (MEMORY - 1), |newest| newest + 1);
        for number in first..=last {
            self.ring[(number % MEMORY) as usize] = normal_quantile(self.key.uniform(number, 0));
        }
        self.newest = Some(last);
        let mut logarithm = 0.0;
        for (back, weight) in (0_u64..).zip(self.weights.iter()) {
            logarithm += weight * self.ring[((last - back) % MEMORY) as usize];
        }
        libm::exp(self.sigma * logarithm - self.sigma * self.sigma / 2.0)
    }
}

#[cfg(test)]
mod tests;
