//! Laws made of other laws: hyperexponential and mixture. A draw still uses one uniform number, by
//! inversion of the whole distribution function.

use super::{Family, Law};
use crate::engine::special::ln;

/// Maximum number of steps of an inversion; bisection over all floats ends well before.
const STEPS_MAX: u32 = 200;

/// One of the exponential laws of a hyperexponential law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// Its probability, above zero.
    pub weight: f64,
    /// Its mean.
    pub mean: f64,
}

/// Hyperexponential law: one of several exponential laws; its coefficient of variation is at least 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperexponential {
    branches: Vec<Branch>,
}

impl Hyperexponential {
    /// Creates the law from branches whose weights are above zero and sum to 1.
    pub(super) fn new(branches: Vec<Branch>) -> Self {
        Self { branches }
    }

    /// Returns the component laws with their weights.
    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    fn sum(&self, value: impl Fn(&Branch) -> f64) -> f64 {
        self.branches.iter().map(|branch| branch.weight * value(branch)).sum()
    }
}

impl Family for Hyperexponential {
    fn cdf(&self, x: f64) -> f64 {
        if x > 0.0 { self.sum(|branch| -libm::expm1(-x / branch.mean)) } else { 0.0 }
    }
    fn survival(&self, x: f64) -> f64 {
        if x > 0.0 { self.sum(|branch| libm::exp(-x / branch.mean)) } else { 1.0 }
    }
    fn density(&self, x: f64) -> f64 {
        if x >= 0.0 { self.sum(|b| libm::exp(-x / b.mean) / b.mean) } else { 0.0 }
    }
    fn mean(&self) -> f64 {
        self.sum(|branch| branch.mean)
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.sum(|b| b.mean * b.mean + (b.mean - mean) * (b.mean - mean))
    }
    /// Inverts by Newton's method on ln S(x), which is convex and decreasing: from the left it never overshoots.
    fn quantile(&self, u: f64) -> f64 {
        if u <= 0.0 {
            return 0.0;
        }
        let aim = ln(1.0 - u);
        if aim == f64::NEG_INFINITY {
            return f64::INFINITY;
        }
        // S is at least the term of each branch, and at least exp(−x · mean rate).
        let least = -aim / self.sum(|branch| 1.0 / branch.mean);
        let alone = |branch: &Branch| branch.mean * (ln(branch.weight) - aim);
        let mut x = self.branches.iter().map(alone).fold(least, f64::max);
        for _ in 0..STEPS_MAX {
            let (mut survival, mut density) = (0.0, 0.0);
            for branch in &self.branches {
                let part = branch.weight * libm::exp(-x / branch.mean);
                survival += part;
                density += part / branch.mean;
            }
            let step = (ln(survival) - aim) * survival / density;
            x += step;
            if step <= 4.0 * f64::EPSILON * x {
                break;
            }
        }
        x
    }
    fn scaled(&self, factor: f64) -> Self {
        let scale = |branch: &Branch| Branch { mean: branch.mean * factor, ..*branch };
        Self { branches: self.branches.iter().map(scale).collect() }
    }
}

/// One law of several and its weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its probability, above zero.
    pub weight: f64,
    /// The law.
    pub law: Law,
}

/// One of several laws, each with a probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    parts: Vec<Part>,
}

impl Mixture {
    /// Creates the law from parts whose weights are above zero and sum to 1.
    pub(super) fn new(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    /// Returns the component laws with their weights.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn sum(&self, value: impl Fn(&Law) -> f64) -> f64 {
        self.parts.iter().map(|part| part.weight * value(&part.law)).sum()
    }

    /// Returns Newton's step from `x` towards the quantile, on the logarithm of the smaller tail, and
    /// true if the quantile is at or below `x`.
    fn probe(&self, x: f64, u: f64) -> (f64, bool) {
        let density = self.density(x);
        if u <= 0.5 {
            let cdf = self.cdf(x);
            ((ln(u) - ln(cdf)) * cdf / density, cdf >= u)
        } else {
            let (survival, rest) = (self.survival(x), 1.0 - u);
            ((ln(survival) - ln(rest)) * survival / density, survival <= rest)
        }
    }
}

impl Family for Mixture {
    fn cdf(&self, x: f64) -> f64 {
        self.sum(|law| law.cdf(x))
    }
    fn survival(&self, x: f64) -> f64 {
        self.sum(|law| law.survival(x))
    }
    fn density(&self, x: f64) -> f64 {
        self.sum(|law| law.density(x))
    }
    fn mass(&self, x: f64) -> f64 {
        self.sum(|law| law.mass(x))
    }
    fn atom_within(&self, low: f64, high: f64) -> Option<f64> {
        let atoms = self.parts.iter().filter_map(|part| part.law.atom_within(low, high));
        atoms.max_by(f64::total_cmp)
    }
    fn mean(&self) -> f64 {
        self.sum(Law::mean)
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.sum(|law| law.variance() + (law.mean() - mean) * (law.mean() - mean))
    }
    /// Inverts by Newton's method inside a bracket given by the parts' own quantiles, with bisection where a step
    /// leaves the bracket or meets a jump.
    fn quantile(&self, u: f64) -> f64 {
        let ends = || self.parts.iter().map(|part| part.law.quantile(u));
        let (mut low, mut high) =
            (ends().fold(f64::INFINITY, f64::min), ends().fold(f64::NEG_INFINITY, f64::max));
        if low >= high || u <= 0.0 {
            return low;
        }
        if u >= 1.0 || self.probe(low, u).1 {
            return if u >= 1.0 { high } else { low };
        }
        let mut x = 0.5 * (low + high);
        for _ in 0..STEPS_MAX {
            let (step, reached) = self.probe(x, u);
            if step.abs() <= 4.0 * f64::EPSILON * x {
                return x;
            }
            if reached {
                high = x;
            } else {
                low = x;
            }
            if high - low <= 4.0 * f64::EPSILON * high {
                break;
            }
            let next = x + step;
            // The geometric middle, if the bracket spans more than a factor of 4.
            let middle = if high > 4.0 * low && low > 0.0 {
                libm::sqrt(low * high)
            } else {
                0.5 * (low + high)
            };
            x = if low < next && next < high { next } else { middle };
        }
        // A jump inside the bracket is returned exactly, without rounding.
        self.atom_within(low, high).unwrap_or(high)
    }
    fn scaled(&self, factor: f64) -> Self {
        let scale = |part: &Part| Part { weight: part.weight, law: part.law.times(factor) };
        Self { parts: self.parts.iter().map(scale).collect() }
    }
}
