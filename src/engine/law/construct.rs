//! The constructors of laws, from commonly known parameters; each validates its arguments.

use super::error::{LawError, finite, not_negative, positive, weights, within};
use super::{
    Branch, Constant, Discrete, Empirical, Erlang, Exponential, Form, Gamma, Geometric,
    Hyperexponential, Knot, Law, Lognormal, Mixture, Normal, Pareto, Part, Poisson, Triangular,
    Uniform, Weibull,
};
use crate::engine::special::{ln, normal_cdf, normal_density, normal_quantile};

/// Least coefficient of variation of a law that is not constant: below it a simulation cannot distinguish the
/// law from a constant, and its functions take too long.
const CV_MIN: f64 = 1e-3;
/// Greatest coefficient of variation; the mean of a sample is unreliable long before.
const CV_MAX: f64 = 1e3;
/// Greatest mean of a count.
const COUNT_MAX: f64 = 1e9;

/// Interpolation between the points of an empirical law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// None: only the values themselves occur.
    None,
    /// Linear interpolation of the distribution function: uniform between neighbouring values.
    Linear,
}

impl Law {
    fn of(form: Form) -> Self {
        Self { form }
    }

    /// Creates the constant law at `value`.
    ///
    /// # Errors
    ///
    /// Unless `value` is finite and not negative.
    pub fn constant(value: f64) -> Result<Self, LawError> {
        Ok(Self::of(Form::Constant(Constant { value: not_negative("value", value)? })))
    }

    /// Creates the uniform law from `low` to `high`.
    ///
    /// # Errors
    ///
    /// Unless both are finite, not negative and `low < high`.
    pub fn uniform(low: f64, high: f64) -> Result<Self, LawError> {
        let (low, high) = (not_negative("low", low)?, positive("high", high)?);
        if low >= high {
            return Err(LawError::Order("low", "high"));
        }
        Ok(Self::of(Form::Uniform(Uniform { low, high })))
    }

    /// Creates an exponential law.
    ///
    /// # Errors
    ///
    /// Unless `mean` is finite and above zero.
    pub fn exponential(mean: f64) -> Result<Self, LawError> {
        Ok(Self::of(Form::Exponential(Exponential { mean: positive("mean", mean)? })))
    }

    /// Creates an Erlang law: `stages` exponential stages with `mean` in all; its cv is 1/√stages.
    ///
    /// # Errors
    ///
    /// Unless `mean` is finite and above zero and `stages` between 1 and 10⁶.
    pub fn erlang(mean: f64, stages: u32) -> Result<Self, LawError> {
        let mean = positive("mean", mean)?;
        within("stages", f64::from(stages), 1.0, 1e6)?;
        Ok(Self::of(Form::Erlang(Erlang { stages, mean })))
    }

    /// Creates a gamma law.
    ///
    /// # Errors
    ///
    /// Unless `mean` is finite and above zero and `cv` between 0.001 and 1000.
    pub fn gamma(mean: f64, cv: f64) -> Result<Self, LawError> {
        let (mean, cv) = (positive("mean", mean)?, within("cv", cv, CV_MIN, CV_MAX)?);
        Ok(Self::of(Form::Gamma(Gamma { shape: 1.0 / (cv * cv), scale: mean * cv * cv })))
    }

    /// Creates a Weibull law from its mean and its cv.
    ///
    /// # Errors
    ///
    /// Unless `mean` is finite and above zero and `cv` between 0.001 and 1000.
    pub fn weibull(mean: f64, cv: f64) -> Result<Self, LawError> {
        let (mean, cv) = (positive("mean", mean)?, within("cv", cv, CV_MIN, CV_MAX)?);
        // The cv falls as the shape rises: bisection over the logarithm of the shape.
        let cv_at = |ln_shape: f64| libm::sqrt(Weibull::squared_cv_of(libm::exp(ln_shape)));
        let shape = libm::exp(bisect(-3.0, 8.0, |ln_shape| cv_at(ln_shape) <= cv));
        Self::weibull_with_shape(mean, shape)
    }

    /// Creates a Weibull law from its mean and its shape: below 1 early failures, 1 exponential, above 1 wear.
    ///
    /// # Errors
    ///
    /// Unless `mean` is finite and above zero and `shape` between 0.049 and 3000.
    pub fn weibull_with_shape(mean: f64, shape: f64) -> Result<Self, LawError> {
        let (mean, shape) = (positive("mean", mean)?, within("shape", shape, 0.049, 3_000.0)?);
        Ok(Self::of(Form::Weibull(Weibull { shape, scale: mean / Weibull::mean_of(shape) })))
    }

    /// Creates a lognormal law from the mean and cv of the quantity itself, not of its logarithm.
    ///
    /// # Errors
    ///
    /// Unless `mean` is finite and above zero and `cv` between 0.001 and 1000.
    pub fn lognormal(mean: f64, cv: f64) -> Result<Self, LawError> {
        let (mean, cv) = (positive("mean", mean)?, within("cv", cv, CV_MIN, CV_MAX)?);
        let square = cv * cv;
        let (median, sigma) = (mean / libm::sqrt(1.0 + square), libm::sqrt(libm::log1p(square)));
        Ok(Self::of(Form::Lognormal(Lognormal { median, sigma })))
    }

    /// Creates a lognormal law from its median and its 95th percentile.
    ///
    /// # Errors
    ///
    /// Unless both are finite, above zero, and the percentile above the median.
    pub fn lognormal_with_p95(median: f64, p95: f64) -> Result<Self, LawError> {
        let (median, p95) = (positive("median", median)?, positive("p95", p95)?);
        if median >= p95 {
            return Err(LawError::Order("median", "p95"));
        }
        let sigma = ln(p95 / median) / normal_quantile(0.95);
        Ok(Self::of(Form::Lognormal(Lognormal { median, sigma })))
    }

    /// Creates a normal law truncated at zero; `mean` and `cv` hold after truncation.
    ///
    /// # Errors
    ///
    /// Unless `mean` is finite and above zero and `cv` between 0.001 and 0.95: a normal law
    /// truncated at zero has a cv below 1.
    pub fn normal(mean: f64, cv: f64) -> Result<Self, LawError> {
        let (mean, cv) = (positive("mean", mean)?, within("cv", cv, CV_MIN, 0.95)?);
        // `cut` is zero in standard deviations from the mean before truncation. The cv after truncation
        // rises with it; at −40 deviations there is nothing to truncate.
        let cv_at = |cut: f64| {
            let pull = normal_density(cut) / normal_cdf(-cut);
            libm::sqrt(1.0 + cut * pull - pull * pull) / (pull - cut)
        };
        let cut = if cv <= 0.025 { -1.0 / cv } else { bisect(-41.0, 6.0, |cut| cv_at(cut) >= cv) };
        let deviation = mean / (normal_density(cut) / normal_cdf(-cut) - cut);
        let location = -cut * deviation;
        let high = f64::INFINITY;
        Ok(Self::of(Form::Normal(Normal { location, deviation, low: 0.0, high })))
    }

    /// Creates a normal law with mean `location` and standard deviation `deviation`, then truncated at `low` and
    /// `high` (which may be infinite).
    ///
    /// # Errors
    ///
    /// Unless all are numbers, the bounds not negative, `low < high`, `deviation` above zero, and
    /// at least a millionth of the law lies between the bounds.
    pub fn normal_between(
        location: f64,
        deviation: f64,
        low: f64,
        high: f64,
    ) -> Result<Self, LawError> {
        let (location, deviation) = (finite("mean", location)?, positive("deviation", deviation)?);
        let low = not_negative("low", low)?;
        if high != f64::INFINITY {
            positive("high", high)?;
        }
        if low >= high {
            return Err(LawError::Order("low", "high"));
        }
        let law = Normal { location, deviation, low, high };
        within("share between the bounds", law.kept(), 1e-6, 1.0)?;
        Ok(Self::of(Form::Normal(law)))
    }

    /// Creates a hyperexponential law of two branches that contribute half of the mean each ("balanced means").
    ///
    /// # Errors
    ///
    /// Unless `mean` is finite and above zero and `cv` between 1 and 1000.
    pub fn hyperexponential(mean: f64, cv: f64) -> Result<Self, LawError> {
        let (mean, cv) = (positive("mean", mean)?, within("cv", cv, 1.0, CV_MAX)?);
        let square = cv * cv;
        let tilt = libm::sqrt((square - 1.0) / (square + 1.0));
        // (1 − tilt) / 2 without the loss of digits.
        let rare = 1.0 / ((square + 1.0) * (1.0 + tilt));
        Self::hyperexponential_of(&[
            (1.0 - rare, 0.5 * mean / (1.0 - rare)),
            (rare, 0.5 * mean / rare),
        ])
    }

    /// Creates a hyperexponential law of (weight, mean) branches.
    ///
    /// # Errors
    ///
    /// Without branches, or unless the means are finite and above zero, and the weights are not
    /// negative and sum to 1.
    pub fn hyperexponential_of(branches: &[(f64, f64)]) -> Result<Self, LawError> {
        let shares = weights(branches.iter().map(|(weight, _)| *weight))?;
        let mut kept = Vec::with_capacity(branches.len());
        for (weight, (_, mean)) in shares.into_iter().zip(branches) {
            let mean = positive("mean", *mean)?;
            if weight > 0.0 {
                kept.push(Branch { weight, mean });
            }
        }
        Ok(Self::of(Form::Hyperexponential(Hyperexponential::new(kept))))
    }

    /// Creates a Pareto law between two bounds.
    ///
    /// # Errors
    ///
    /// Unless the bounds are finite, above zero, `low < high`, and `shape` between 0.01 and 100.
    pub fn pareto(shape: f64, low: f64, high: f64) -> Result<Self, LawError> {
        let shape = within("shape", shape, 0.01, 100.0)?;
        let (low, high) = (positive("low", low)?, positive("high", high)?);
        if low >= high {
            return Err(LawError::Order("low", "high"));
        }
        Ok(Self::of(Form::Pareto(Pareto { shape, low, high })))
    }

    /// Creates a triangular law from the least, the most likely and the greatest value.
    ///
    /// # Errors
    ///
    /// Unless all are finite, not negative, `low <= mode <= high` and `low < high`.
    pub fn triangular(low: f64, mode: f64, high: f64) -> Result<Self, LawError> {
        let (low, mode) = (not_negative("low", low)?, not_negative("mode", mode)?);
        let high = positive("high", high)?;
        if low > mode {
            return Err(LawError::Order("low", "mode"));
        }
        if mode > high {
            return Err(LawError::Order("mode", "high"));
        }
        if low == high {
            return Err(LawError::Order("low", "high"));
        }
        Ok(Self::of(Form::Triangular(Triangular { low, mode, high })))
    }

    /// Creates a discrete law of (value, weight) pairs.
    ///
    /// # Errors
    ///
    /// Without pairs, or unless the values are finite and not negative, and the weights are not
    /// negative and sum to 1.
    pub fn discrete(pairs: &[(f64, f64)]) -> Result<Self, LawError> {
        let shares = weights(pairs.iter().map(|(_, weight)| *weight))?;
        let mut kept = Vec::with_capacity(pairs.len());
        for (weight, (value, _)) in shares.into_iter().zip(pairs) {
            kept.push((not_negative("value", *value)?, weight));
        }
        Ok(Self::of(Form::Discrete(Discrete::new(kept))))
    }

    /// Creates the law of observed `values`: equally likely, or linearly interpolated.
    ///
    /// # Errors
    ///
    /// Without values, or unless they are finite and not negative.
    pub fn empirical(values: &[f64], between: Interpolation) -> Result<Self, LawError> {
        let mut sorted = Vec::with_capacity(values.len());
        for value in values {
            sorted.push(not_negative("value", *value)?);
        }
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1).ok_or(LawError::Empty)?;
        if between == Interpolation::None {
            let weight = 1.0 / sorted.len() as f64;
            let pairs = sorted.into_iter().map(|value| (value, weight)).collect();
            return Ok(Self::of(Form::Discrete(Discrete::new(pairs))));
        }
        let knot = |(rank, value)| Knot {
            value,
            cumulative: if rank == last { 1.0 } else { rank as f64 / last as f64 },
        };
        let knots = sorted.into_iter().enumerate().map(knot).collect();
        Ok(Self::of(Form::Empirical(Empirical::new(knots))))
    }

    /// Creates a law from (value, P(X ≤ value)) points of a distribution function: steps, or linearly interpolated.
    ///
    /// # Errors
    ///
    /// Without points, unless the values are finite, not negative and do not fall, and the
    /// probabilities do not fall either and end at 1.
    pub fn empirical_cdf(points: &[(f64, f64)], between: Interpolation) -> Result<Self, LawError> {
        let mut knots: Vec<Knot> = Vec::with_capacity(points.len());
        for (value, cumulative) in points {
            let value = not_negative("value", *value)?;
            let cumulative = within("probability", *cumulative, 0.0, 1.0)?;
            if let Some(last) = knots.last() {
                if value < last.value {
                    return Err(LawError::Order("value", "next value"));
                }
                if cumulative < last.cumulative {
                    return Err(LawError::NotCumulative);
                }
            }
            knots.push(Knot { value, cumulative });
        }
        let last = knots.last_mut().ok_or(LawError::Empty)?;
        if (last.cumulative - 1.0).abs() > 1e-9 {
            return Err(LawError::NotCumulative);
        }
        last.cumulative = 1.0;
        if between == Interpolation::Linear {
            return Ok(Self::of(Form::Empirical(Empirical::new(knots))));
        }
        let mut before = 0.0;
        let steps = knots.iter().map(|knot| {
            let weight = knot.cumulative - before;
            before = knot.cumulative;
            (knot.value, weight)
        });
        Ok(Self::of(Form::Discrete(Discrete::new(steps.collect()))))
    }

    /// Creates a mixture of (weight, law) parts.
    ///
    /// # Errors
    ///
    /// Without parts, or unless the weights are not negative and sum to 1.
    pub fn mixture(parts: Vec<(f64, Self)>) -> Result<Self, LawError> {
        let shares = weights(parts.iter().map(|(weight, _)| *weight))?;
        let laws = parts.into_iter().map(|(_, law)| law);
        let parts = shares.into_iter().zip(laws).map(|(weight, law)| Part { weight, law });
        let parts = parts.filter(|part| part.weight > 0.0).collect();
        Ok(Self::of(Form::Mixture(Mixture::new(parts))))
    }

    /// Creates a Poisson law of counts.
    ///
    /// # Errors
    ///
    /// Unless `mean` is above zero and at most 10⁹.
    pub fn poisson(mean: f64) -> Result<Self, LawError> {
        positive("mean", mean)?;
        let mean = within("mean", mean, 0.0, COUNT_MAX)?;
        Ok(Self::of(Form::Poisson(Poisson { mean, step: 1.0 })))
    }

    /// Creates a geometric law of the failures before the first success.
    ///
    /// # Errors
    ///
    /// Unless `mean` is above zero and at most 10⁹.
    pub fn geometric(mean: f64) -> Result<Self, LawError> {
        positive("mean", mean)?;
        let mean = within("mean", mean, 0.0, COUNT_MAX)?;
        Ok(Self::of(Form::Geometric(Geometric { success: 1.0 / (1.0 + mean), step: 1.0 })))
    }
}

/// Returns the point between `low` and `high` at which `reached` turns from false to true, to the last digits.
fn bisect(mut low: f64, mut high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    // 60 halvings of an interval of 50 leave less than the rounding error.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
