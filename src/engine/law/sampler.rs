//! A law prepared for the hot path: no allocation, few branches, the same bits as the law.

use super::{Family, Form, Law};
use crate::engine::draw::{Key, unit_interval};
use crate::engine::special::{exp, ln, normal_quantile};
use crate::units::SimDuration;

/// Greatest mean of a Poisson law that is sampled from a table of its distribution function.
const POISSON_TABLE_MEAN_MAX: f64 = 1_000.0;

/// Sampler of one [`Law`]: a faster [`Law::quantile`].
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    method: Method,
}

#[derive(Clone, Debug, PartialEq)]
enum Method {
    Constant {
        value: f64,
    },
    Exponential {
        mean: f64,
    },
    Uniform {
        low: f64,
        width: f64,
    },
    Lognormal {
        median: f64,
        sigma: f64,
    },
    /// P(N ≤ 0), P(N ≤ 1), … up to 1.
    Counts {
        cumulative: Box<[f64]>,
        step: f64,
    },
    Law(Box<Law>),
}

impl Sampler {
    pub(super) fn new(law: &Law) -> Self {
        let method = match law.form() {
            Form::Constant(family) => Method::Constant { value: family.value },
            Form::Exponential(family) => Method::Exponential { mean: family.mean },
            Form::Uniform(family) => {
                Method::Uniform { low: family.low, width: family.high - family.low }
            }
            Form::Lognormal(family) => {
                Method::Lognormal { median: family.median, sigma: family.sigma }
            }
            Form::Poisson(family) if family.mean <= POISSON_TABLE_MEAN_MAX => Method::Counts {
                cumulative: count_table(|count| family.cdf(count * family.step)),
                step: family.step,
            },
            _ => Method::Law(Box::new(law.clone())),
        };
        Self { method }
    }

    /// Returns the value of every draw of a constant law, which needs no uniform number; `None` for any other law.
    #[must_use]
    #[inline]
    pub fn constant(&self) -> Option<f64> {
        if let Method::Constant { value } = &self.method { Some(*value) } else { None }
    }

    /// Returns the draw for the uniform number `u`, strictly between 0 and 1.
    #[must_use]
    #[inline]
    pub fn sample(&self, u: f64) -> f64 {
        match &self.method {
            Method::Exponential { mean } => mean * -ln(1.0 - u),
            Method::Constant { value } => *value,
            Method::Uniform { low, width } => low + u * width,
            Method::Lognormal { median, sigma } => median * exp(sigma * normal_quantile(u)),
            Method::Counts { cumulative, step } => {
                step * cumulative.partition_point(|cumulative| *cumulative < u) as f64
            }
            Method::Law(law) => law.quantile(u),
        }
    }

    /// Replaces each uniform number in `values` by its draw.
    pub(crate) fn sample_all(&self, values: &mut [f64]) {
        // One match for all values.
        match &self.method {
            Method::Exponential { mean } => {
                for value in values {
                    *value = mean * -ln(1.0 - *value);
                }
            }
            _ => {
                for value in values {
                    *value = self.sample(*value);
                }
            }
        }
    }

    /// Returns the draw as a duration, for a law in seconds; to the nearest nanosecond.
    #[must_use]
    #[inline]
    pub fn duration(&self, u: f64) -> SimDuration {
        SimDuration::from_seconds_f64(self.sample(u))
    }
}

/// All draws of one law under one key, in order: the n-th is the sampler's at the key's n-th
/// uniform number. They are computed in batches, which hides the latency of a draw
/// and halves the generator's work.
#[derive(Clone, Debug)]
pub struct Draws {
    sampler: Sampler,
    key: Key,
    /// Ordinal of the draw after those in `ready`; even.
    ordinal: u64,
    /// Computed draws; those from `at` on are not taken yet.
    ready: [f64; AHEAD],
    at: usize,
}

/// Draws per batch.
const AHEAD: usize = 32;

impl Draws {
    /// Starts at the first draw.
    #[must_use]
    pub fn new(sampler: Sampler, key: Key) -> Self {
        Self { sampler, key, ordinal: 0, ready: [0.0; AHEAD], at: AHEAD }
    }

    /// Returns the next draw.
    #[inline]
    pub fn draw(&mut self) -> f64 {
        if self.at == AHEAD {
            self.refill();
        }
        let value = self.ready[self.at];
        self.at += 1;
        value
    }

    /// Returns the next draw as a duration, for a law in seconds.
    #[inline]
    pub fn duration(&mut self) -> SimDuration {
        SimDuration::from_seconds_f64(self.draw())
    }

    #[inline(never)]
    fn refill(&mut self) {
        for pair in self.ready.chunks_exact_mut(2) {
            let bits = self.key.pair(self.ordinal >> 1, 0);
            pair[0] = unit_interval(bits[0]);
            pair[1] = unit_interval(bits[1]);
            self.ordinal += 2;
        }
        self.sampler.sample_all(&mut self.ready);
        self.at = 0;
    }
}

/// Tabulates a distribution function of counts up to the first value that rounds to 1: no draw is beyond.
fn count_table(cdf: impl Fn(f64) -> f64) -> Box<[f64]> {
    let mut cumulative = Vec::new();
    let mut count = 0.0;
    loop {
        let upto = cdf(count);
        cumulative.push(upto);
        if upto >= 1.0 {
            return cumulative.into();
        }
        count += 1.0;
    }
}
