//! Laws of counts, on multiples of a step (1 until scaled).

use super::Family;
use crate::engine::special::{incomplete_gamma, ln, normal_quantile, poisson_term};

/// Returns the greatest count whose multiple of `step`, as rounded, is not above `x`; −1 if there is none.
fn steps_in(x: f64, step: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return -1.0;
    }
    let count = libm::floor(x / step);
    if count * step > x {
        count - 1.0
    } else if (count + 1.0) * step <= x {
        count + 1.0
    } else {
        count
    }
}

/// Returns the greatest multiple of `step` up to `high`, unless it is negative or not above `low`.
fn multiple_within(low: f64, high: f64, step: f64) -> Option<f64> {
    let multiple = steps_in(high, step) * step;
    (multiple >= 0.0 && low < multiple && multiple <= high).then_some(multiple)
}

/// Searches from `guess` for the least count that `reaches`.
fn settle(guess: f64, reaches: impl Fn(f64) -> bool) -> f64 {
    let mut count = libm::floor(guess).max(0.0);
    while !reaches(count) {
        count += 1.0;
    }
    while count > 0.0 && reaches(count - 1.0) {
        count -= 1.0;
    }
    count
}

/// Poisson law: number of events of a constant-rate memoryless source in a given time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poisson {
    /// Mean count.
    pub mean: f64,
    /// Value of one count in base units; 1 until scaled.
    pub step: f64,
}

impl Poisson {
    /// Returns P(N ≤ count) and P(N > count).
    fn up_to(&self, count: f64) -> (f64, f64) {
        if count < 0.0 {
            return (0.0, 1.0);
        }
        let (above, up_to) = incomplete_gamma(count + 1.0, self.mean);
        (up_to, above)
    }
}

impl Family for Poisson {
    fn cdf(&self, x: f64) -> f64 {
        self.up_to(steps_in(x, self.step)).0
    }
    fn survival(&self, x: f64) -> f64 {
        self.up_to(steps_in(x, self.step)).1
    }
    fn density(&self, _x: f64) -> f64 {
        0.0
    }
    fn mass(&self, x: f64) -> f64 {
        let count = libm::round(x / self.step);
        if count >= 0.0 && count * self.step == x { poisson_term(count, self.mean) } else { 0.0 }
    }
    fn atom_within(&self, low: f64, high: f64) -> Option<f64> {
        multiple_within(low, high, self.step)
    }
    fn mean(&self) -> f64 {
        self.mean * self.step
    }
    fn variance(&self) -> f64 {
        self.mean * self.step * self.step
    }
    fn quantile(&self, u: f64) -> f64 {
        if u >= 1.0 {
            return f64::INFINITY;
        }
        // The Cornish–Fisher expansion of the normal law brings the guess within a step or two.
        let z = normal_quantile(u.max(f64::MIN_POSITIVE));
        let guess = self.mean + libm::sqrt(self.mean) * z + (z * z - 1.0) / 6.0;
        self.step * settle(guess, |count| self.up_to(count).0 >= u)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { step: self.step * factor, ..*self }
    }
}

/// Geometric law: number of failures before the first success.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometric {
    /// Probability of success of one trial, below 1.
    pub success: f64,
    /// Value of one count in base units; 1 until scaled.
    pub step: f64,
}

impl Geometric {
    /// Returns P(N > count).
    fn above(&self, count: f64) -> f64 {
        libm::exp((count.max(-1.0) + 1.0) * libm::log1p(-self.success))
    }
}

impl Family for Geometric {
    fn cdf(&self, x: f64) -> f64 {
        let tries = steps_in(x, self.step).max(-1.0) + 1.0;
        -libm::expm1(tries * libm::log1p(-self.success))
    }
    fn survival(&self, x: f64) -> f64 {
        self.above(steps_in(x, self.step))
    }
    fn density(&self, _x: f64) -> f64 {
        0.0
    }
    fn mass(&self, x: f64) -> f64 {
        let count = libm::round(x / self.step);
        if count >= 0.0 && count * self.step == x {
            self.success * self.above(count - 1.0)
        } else {
            0.0
        }
    }
    fn atom_within(&self, low: f64, high: f64) -> Option<f64> {
        multiple_within(low, high, self.step)
    }
    fn mean(&self) -> f64 {
        self.step * (1.0 - self.success) / self.success
    }
    fn variance(&self) -> f64 {
        self.step * self.step * (1.0 - self.success) / (self.success * self.success)
    }
    fn quantile(&self, u: f64) -> f64 {
        if u >= 1.0 {
            return f64::INFINITY;
        }
        let rest = 1.0 - u;
        let guess = ln(rest) / libm::log1p(-self.success) - 1.0;
        self.step * settle(guess, |count| self.above(count) <= rest)
    }
    fn scaled(&self, factor: f64) -> Self {
        Self { step: self.step * factor, ..*self }
    }
}
