//! Families whose distribution function has an inverse in closed form.

use super::Family;
use crate::engine::special::{gamma, ln};

/// Constant law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// The value.
    pub value: f64,
}

impl Family for Constant {
    fn cdf(&self, x: f64) -> f64 {
        if x >= self.value { 1.0 } else { 0.0 }
    }
    fn survival(&self, x: f64) -> f64 {
        1.0 - self.cdf(x)
    }
    fn density(&self, _x: f64) -> f64 {
        0.0
    }
    fn mass(&self, x: f64) -> f64 {
        if x == self.value { 1.0 } else { 0.0 }
    }
    fn atom_within(&self, low: f64, high: f64) -> Option<f64> {
        (low < self.value && self.value <= high).then_some(self.value)
    }
    fn mean(&self) -> f64 {
        self.value
    }
    fn variance(&self) -> f64 {
        0.0
    }
    fn quantile(&self, _u: f64) -> f64 {
        self.value
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { value: self.value * factor }
    }
}

/// Uniform law on an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    /// The least value.
    pub low: f64,
    /// The greatest value, above the least.
    pub high: f64,
}

impl Family for Uniform {
    fn cdf(&self, x: f64) -> f64 {
        ((x - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
    fn survival(&self, x: f64) -> f64 {
        ((self.high - x) / (self.high - self.low)).clamp(0.0, 1.0)
    }
    fn density(&self, x: f64) -> f64 {
        if (self.low..=self.high).contains(&x) { 1.0 / (self.high - self.low) } else { 0.0 }
    }
    fn mean(&self) -> f64 {
        0.5 * (self.low + self.high)
    }
    fn variance(&self) -> f64 {
        (self.high - self.low) * (self.high - self.low) / 12.0
    }
    #[inline]
    fn quantile(&self, u: f64) -> f64 {
        self.low + u * (self.high - self.low)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }
}

/// Exponential law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    /// The mean.
    pub mean: f64,
}

impl Family for Exponential {
    fn cdf(&self, x: f64) -> f64 {
        if x > 0.0 { -libm::expm1(-x / self.mean) } else { 0.0 }
    }
    fn survival(&self, x: f64) -> f64 {
        if x > 0.0 { libm::exp(-x / self.mean) } else { 1.0 }
    }
    fn density(&self, x: f64) -> f64 {
        if x >= 0.0 { libm::exp(-x / self.mean) / self.mean } else { 0.0 }
    }
    fn mean(&self) -> f64 {
        self.mean
    }
    fn variance(&self) -> f64 {
        self.mean * self.mean
    }
    #[inline]
    fn quantile(&self, u: f64) -> f64 {
        // 1 − u is exact for every u that is drawn.
        self.mean * -ln(1.0 - u)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { mean: self.mean * factor }
    }
}

/// Weibull law, for lifetimes: the hazard falls with age for a shape below 1, and rises for a shape above 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    /// The exponent.
    pub shape: f64,
    /// The value that 63.2 % do not exceed.
    pub scale: f64,
}

impl Weibull {
    /// Returns mean / scale: Γ(1 + 1/shape).
    pub(super) fn mean_of(shape: f64) -> f64 {
        gamma(1.0 + 1.0 / shape)
    }

    /// Returns the squared coefficient of variation.
    pub(super) fn squared_cv_of(shape: f64) -> f64 {
        let ratio = libm::lgamma(1.0 + 2.0 / shape) - 2.0 * libm::lgamma(1.0 + 1.0 / shape);
        libm::expm1(ratio)
    }

    fn hazard_sum(&self, x: f64) -> f64 {
        libm::pow(x.max(0.0) / self.scale, self.shape)
    }
}

impl Family for Weibull {
    fn cdf(&self, x: f64) -> f64 {
        -libm::expm1(-self.hazard_sum(x))
    }
    fn survival(&self, x: f64) -> f64 {
        libm::exp(-self.hazard_sum(x))
    }
    fn density(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        let sum = self.hazard_sum(x);
        self.shape * sum / x * libm::exp(-sum)
    }
    fn mean(&self) -> f64 {
        self.scale * Self::mean_of(self.shape)
    }
    fn variance(&self) -> f64 {
        self.mean() * self.mean() * Self::squared_cv_of(self.shape)
    }
    #[inline]
    fn quantile(&self, u: f64) -> f64 {
        self.scale * libm::pow(-ln(1.0 - u), 1.0 / self.shape)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { scale: self.scale * factor, ..*self }
    }
}

/// Pareto law between two bounds, for sizes over several orders of magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pareto {
    /// The exponent of the tail.
    pub shape: f64,
    /// The least value, above zero.
    pub low: f64,
    /// The greatest value, above the least.
    pub high: f64,
}

impl Pareto {
    /// Returns the probability that the unbounded law gives to values below `high`.
    fn share(&self) -> f64 {
        -libm::expm1(self.shape * ln(self.low / self.high))
    }

    /// Returns E(Xʳ) / lowʳ.
    fn moment(&self, r: f64) -> f64 {
        // ∫ y^(r − shape − 1) dy over 1..high/low; its limit if the exponent is −1.
        let (power, span) = (r - self.shape, ln(self.high / self.low));
        let integral = if power == 0.0 { span } else { libm::expm1(power * span) / power };
        self.shape * integral / self.share()
    }
}

impl Family for Pareto {
    fn cdf(&self, x: f64) -> f64 {
        let x = x.clamp(self.low, self.high);
        -libm::expm1(self.shape * ln(self.low / x)) / self.share()
    }
    fn survival(&self, x: f64) -> f64 {
        let x = x.clamp(self.low, self.high);
        let tail = -libm::expm1(self.shape * ln(x / self.high));
        libm::pow(self.low / x, self.shape) * tail / self.share()
    }
    fn density(&self, x: f64) -> f64 {
        if (self.low..=self.high).contains(&x) {
            self.shape / x * libm::pow(self.low / x, self.shape) / self.share()
        } else {
            0.0
        }
    }
    fn mean(&self) -> f64 {
        self.low * self.moment(1.0)
    }
    fn variance(&self) -> f64 {
        let first = self.moment(1.0);
        (self.low * self.low * (self.moment(2.0) - first * first)).max(0.0)
    }
    fn quantile(&self, u: f64) -> f64 {
        let x = self.low * libm::exp(-libm::log1p(-u * self.share()) / self.shape);
        x.clamp(self.low, self.high)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor, ..*self }
    }
}

/// Triangular law, for an expert's estimate: least, most likely and greatest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triangular {
    /// The least value.
    pub low: f64,
    /// The most likely value.
    pub mode: f64,
    /// The greatest value, above the least.
    pub high: f64,
}

impl Family for Triangular {
    fn cdf(&self, x: f64) -> f64 {
        let (width, x) = (self.high - self.low, x.clamp(self.low, self.high));
        if x < self.mode {
            (x - self.low) * (x - self.low) / (width * (self.mode - self.low))
        } else {
            1.0 - self.survival(x)
        }
    }
    fn survival(&self, x: f64) -> f64 {
        let (width, x) = (self.high - self.low, x.clamp(self.low, self.high));
        if x < self.mode {
            1.0 - self.cdf(x)
        } else if self.mode < self.high {
            (self.high - x) * (self.high - x) / (width * (self.high - self.mode))
        } else {
            0.0
        }
    }
    fn density(&self, x: f64) -> f64 {
        let width = self.high - self.low;
        if x < self.low || x > self.high {
            0.0
        } else if x < self.mode {
            2.0 * (x - self.low) / (width * (self.mode - self.low))
        } else if self.mode < self.high {
            2.0 * (self.high - x) / (width * (self.high - self.mode))
        } else {
            2.0 / width
        }
    }
    fn mean(&self) -> f64 {
        (self.low + self.mode + self.high) / 3.0
    }
    fn variance(&self) -> f64 {
        let (below, above) = (self.mode - self.low, self.high - self.mode);
        (below * below + above * above + below * above) / 18.0
    }
    fn quantile(&self, u: f64) -> f64 {
        let (width, below) = (self.high - self.low, self.mode - self.low);
        if u * width < below {
            self.low + libm::sqrt(u * width * below)
        } else {
            self.high - libm::sqrt((1.0 - u) * width * (self.high - self.mode))
        }
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { low: self.low * factor, mode: self.mode * factor, high: self.high * factor }
    }
}
