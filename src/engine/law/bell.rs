//! Unimodal families: gamma, Erlang, normal, lognormal.

use super::Family;
use crate::engine::special::{
    exp, incomplete_gamma, incomplete_gamma_inverse, ln, normal_cdf, normal_density,
    normal_quantile, poisson_term,
};

/// Gamma law: a sum of exponential times, generalised to any shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    /// Mean divided by scale; if an integer, the number of exponential times.
    pub shape: f64,
    /// Mean of one exponential time.
    pub scale: f64,
}

impl Family for Gamma {
    fn cdf(&self, x: f64) -> f64 {
        incomplete_gamma(self.shape, x / self.scale).0
    }
    fn survival(&self, x: f64) -> f64 {
        incomplete_gamma(self.shape, x / self.scale).1
    }
    fn density(&self, x: f64) -> f64 {
        if x > 0.0 { poisson_term(self.shape, x / self.scale) * self.shape / x } else { 0.0 }
    }
    fn mean(&self) -> f64 {
        self.shape * self.scale
    }
    fn variance(&self) -> f64 {
        self.shape * self.scale * self.scale
    }
    fn quantile(&self, u: f64) -> f64 {
        self.scale * incomplete_gamma_inverse(self.shape, u, 1.0 - u)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { scale: self.scale * factor, ..*self }
    }
}

/// Erlang law: a sum of equal exponential stages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Erlang {
    /// Number of stages.
    pub stages: u32,
    /// Mean of the sum of all stages.
    pub mean: f64,
}

impl Erlang {
    fn gamma(&self) -> Gamma {
        let shape = f64::from(self.stages);
        Gamma { shape, scale: self.mean / shape }
    }
}

impl Family for Erlang {
    fn cdf(&self, x: f64) -> f64 {
        self.gamma().cdf(x)
    }
    fn survival(&self, x: f64) -> f64 {
        self.gamma().survival(x)
    }
    fn density(&self, x: f64) -> f64 {
        self.gamma().density(x)
    }
    fn mean(&self) -> f64 {
        self.mean
    }
    fn variance(&self) -> f64 {
        self.mean * self.mean / f64::from(self.stages)
    }
    fn quantile(&self, u: f64) -> f64 {
        self.gamma().quantile(u)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { mean: self.mean * factor, ..*self }
    }
}

/// Lognormal law, for repairs and other tasks of people: the logarithm is normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    /// Median.
    pub median: f64,
    /// Standard deviation of the logarithm.
    pub sigma: f64,
}

impl Lognormal {
    fn standard(&self, x: f64) -> f64 {
        ln(x / self.median) / self.sigma
    }
}

impl Family for Lognormal {
    fn cdf(&self, x: f64) -> f64 {
        if x > 0.0 { normal_cdf(self.standard(x)) } else { 0.0 }
    }
    fn survival(&self, x: f64) -> f64 {
        if x > 0.0 { normal_cdf(-self.standard(x)) } else { 1.0 }
    }
    fn density(&self, x: f64) -> f64 {
        if x > 0.0 { normal_density(self.standard(x)) / (self.sigma * x) } else { 0.0 }
    }
    fn mean(&self) -> f64 {
        self.median * libm::exp(0.5 * self.sigma * self.sigma)
    }
    fn variance(&self) -> f64 {
        self.mean() * self.mean() * libm::expm1(self.sigma * self.sigma)
    }
    #[inline]
    fn quantile(&self, u: f64) -> f64 {
        self.median * exp(self.sigma * normal_quantile(u))
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { median: self.median * factor, ..*self }
    }
}

/// Normal law truncated at two bounds and normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// Mean before truncation.
    pub location: f64,
    /// Standard deviation before truncation.
    pub deviation: f64,
    /// Least value.
    pub low: f64,
    /// Greatest value, above the least; may be infinite.
    pub high: f64,
}

impl Normal {
    fn standard(&self, x: f64) -> f64 {
        (x - self.location) / self.deviation
    }

    /// Computes P(a < Z ≤ b) of a standard normal Z, in the tail with the most digits.
    fn between(a: f64, b: f64) -> f64 {
        if a > 0.0 { normal_cdf(-a) - normal_cdf(-b) } else { normal_cdf(b) - normal_cdf(a) }
    }

    pub(super) fn kept(&self) -> f64 {
        Self::between(self.standard(self.low), self.standard(self.high))
    }

    /// Returns mean and variance, in standard deviations before truncation and relative to the mean before it.
    fn standard_moments(&self) -> (f64, f64) {
        let (a, b, kept) = (self.standard(self.low), self.standard(self.high), self.kept());
        let edge = |x: f64| if x.is_finite() { x * normal_density(x) } else { 0.0 };
        let mean = (normal_density(a) - normal_density(b)) / kept;
        (mean, 1.0 + (edge(a) - edge(b)) / kept - mean * mean)
    }
}

impl Family for Normal {
    fn cdf(&self, x: f64) -> f64 {
        let x = x.clamp(self.low, self.high);
        Self::between(self.standard(self.low), self.standard(x)) / self.kept()
    }
    fn survival(&self, x: f64) -> f64 {
        let x = x.clamp(self.low, self.high);
        Self::between(self.standard(x), self.standard(self.high)) / self.kept()
    }
    fn density(&self, x: f64) -> f64 {
        if (self.low..=self.high).contains(&x) {
            normal_density(self.standard(x)) / (self.deviation * self.kept())
        } else {
            0.0
        }
    }
    fn mean(&self) -> f64 {
        self.location + self.deviation * self.standard_moments().0
    }
    fn variance(&self) -> f64 {
        self.deviation * self.deviation * self.standard_moments().1
    }
    fn quantile(&self, u: f64) -> f64 {
        let (a, b, kept) = (self.standard(self.low), self.standard(self.high), self.kept());
        let (below, above) = (normal_cdf(a) + u * kept, normal_cdf(-b) + (1.0 - u) * kept);
        let z = if below < above { normal_quantile(below) } else { -normal_quantile(above) };
        (self.location + self.deviation * z).clamp(self.low, self.high)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self {
            location: self.location * factor,
            deviation: self.deviation * factor,
            low: self.low * factor,
            high: self.high * factor,
        }
    }
}
