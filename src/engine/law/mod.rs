//! Probability laws of nonnegative quantities: symbolic, exact, sampled by inversion.
//!
//! A [`Law`] is the distribution of a time, a size or a count, in base units (seconds, bytes,
//! counts). It stays symbolic, so that a solver can evaluate its distribution function, density and
//! moments, replace it by an exponential law, or match its [`Form`].
//!
//! A draw is `quantile(u)` of one uniform number. It rises with u and with the scale of the law, so
//! that a change of a parameter moves every draw the same way and never shifts the draws after it.
//! [`Sampler`] is the same function prepared for the hot path, with the same bits.
//!
//! Holds: `cdf(quantile(u))` is u for a law without jumps, to some 10⁻¹²; moments are closed forms.
//! Leaves out: negative values, and dependence between draws.
//! Source: Devroye, Non-Uniform Random Variate Generation (1986), chapter II.2; Law, Simulation
//! Modeling and Analysis, 5th ed., chapters 6 and 8.

mod bell;
mod blend;
mod construct;
mod count;
mod error;
mod sampler;
mod simple;
mod table;

pub use bell::{Erlang, Gamma, Lognormal, Normal};
pub use blend::{Branch, Hyperexponential, Mixture, Part};
pub use construct::Interpolation;
pub use count::{Geometric, Poisson};
pub use error::LawError;
pub use sampler::{Draws, Sampler};
pub use simple::{Constant, Exponential, Pareto, Triangular, Uniform, Weibull};
pub use table::{Discrete, Empirical, Knot};

use rand::Rng;
use rand_distr::Distribution;

use crate::units::SimDuration;

/// Distribution functions and moments of a family of laws.
trait Family {
    /// Returns P(X ≤ x).
    fn cdf(&self, x: f64) -> f64;
    /// Returns P(X > x), with full precision where it is small.
    fn survival(&self, x: f64) -> f64;
    /// Returns the density at `x` of the part of the law without jumps.
    fn density(&self, x: f64) -> f64;
    /// Returns P(X = x).
    fn mass(&self, _x: f64) -> f64 {
        0.0
    }
    /// Returns the greatest value with a mass in `low < x <= high`.
    fn atom_within(&self, _low: f64, _high: f64) -> Option<f64> {
        None
    }
    fn mean(&self) -> f64;
    fn variance(&self) -> f64;
    /// Returns the least x with P(X ≤ x) ≥ u, for u in 0..=1.
    fn quantile(&self, u: f64) -> f64;
    /// Returns the law of `factor` times the quantity.
    fn scaled(&self, factor: f64) -> Self;
}

/// The probability law of a nonnegative quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    form: Form,
}

/// Family of a law, with its parameters. Only the constructors of [`Law`] make a law from a form,
/// so the form of a law is always valid.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    Constant(Constant),
    Uniform(Uniform),
    Exponential(Exponential),
    Erlang(Erlang),
    Gamma(Gamma),
    Weibull(Weibull),
    Lognormal(Lognormal),
    Normal(Normal),
    Hyperexponential(Hyperexponential),
    Pareto(Pareto),
    Triangular(Triangular),
    Discrete(Discrete),
    Empirical(Empirical),
    Mixture(Mixture),
    Poisson(Poisson),
    Geometric(Geometric),
}

macro_rules! each_family {
    ($form:expr, $family:ident => $value:expr) => {
        match $form {
            Form::Constant($family) => $value,
            Form::Uniform($family) => $value,
            Form::Exponential($family) => $value,
            Form::Erlang($family) => $value,
            Form::Gamma($family) => $value,
            Form::Weibull($family) => $value,
            Form::Lognormal($family) => $value,
            Form::Normal($family) => $value,
            Form::Hyperexponential($family) => $value,
            Form::Pareto($family) => $value,
            Form::Triangular($family) => $value,
            Form::Discrete($family) => $value,
            Form::Empirical($family) => $value,
            Form::Mixture($family) => $value,
            Form::Poisson($family) => $value,
            Form::Geometric($family) => $value,
        }
    };
}

impl Law {
    /// Returns the family and its parameters.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Returns P(X ≤ x).
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        each_family!(&self.form, family => family.cdf(x))
    }

    /// Returns P(X > x): one minus [`Self::cdf`], with full precision where it is small.
    #[must_use]
    pub fn survival(&self, x: f64) -> f64 {
        each_family!(&self.form, family => family.survival(x))
    }

    /// Returns the density at `x`, per base unit, of the part of the law that has one; see [`Self::mass`].
    #[must_use]
    pub fn density(&self, x: f64) -> f64 {
        each_family!(&self.form, family => family.density(x))
    }

    /// Returns P(X = x): zero except for constants, counts, discrete laws, and laws with such parts or jumps.
    #[must_use]
    pub fn mass(&self, x: f64) -> f64 {
        each_family!(&self.form, family => family.mass(x))
    }

    /// Returns the mean, in the base unit.
    #[must_use]
    pub fn mean(&self) -> f64 {
        each_family!(&self.form, family => family.mean())
    }

    /// Returns the variance, in the square of the base unit.
    #[must_use]
    pub fn variance(&self) -> f64 {
        each_family!(&self.form, family => family.variance())
    }

    /// Returns the coefficient of variation: standard deviation / mean; zero for a mean of zero.
    #[must_use]
    pub fn cv(&self) -> f64 {
        let mean = self.mean();
        if mean > 0.0 { libm::sqrt(self.variance()) / mean } else { 0.0 }
    }

    /// Returns the least x with P(X ≤ x) ≥ u: a draw, if u is a uniform number. It rises with u; at 0 and 1 and
    /// beyond them it is the end of the law's range; it is NaN for NaN.
    #[must_use]
    pub fn quantile(&self, u: f64) -> f64 {
        if u.is_nan() {
            return u;
        }
        let u = u.clamp(0.0, 1.0);
        each_family!(&self.form, family => family.quantile(u))
    }

    /// Returns the law of `factor` times the quantity.
    ///
    /// # Errors
    ///
    /// Unless `factor` is finite and above zero and leaves a finite mean above zero.
    pub fn scaled(&self, factor: f64) -> Result<Self, LawError> {
        error::positive("factor", factor)?;
        let law = self.times(factor);
        if self.mean() > 0.0 {
            error::positive("mean", law.mean())?;
        }
        Ok(law)
    }

    fn times(&self, factor: f64) -> Self {
        let form = match &self.form {
            Form::Constant(family) => Form::Constant(family.scaled(factor)),
            Form::Uniform(family) => Form::Uniform(family.scaled(factor)),
            Form::Exponential(family) => Form::Exponential(family.scaled(factor)),
            Form::Erlang(family) => Form::Erlang(family.scaled(factor)),
            Form::Gamma(family) => Form::Gamma(family.scaled(factor)),
            Form::Weibull(family) => Form::Weibull(family.scaled(factor)),
            Form::Lognormal(family) => Form::Lognormal(family.scaled(factor)),
            Form::Normal(family) => Form::Normal(family.scaled(factor)),
            Form::Hyperexponential(family) => Form::Hyperexponential(family.scaled(factor)),
            Form::Pareto(family) => Form::Pareto(family.scaled(factor)),
            Form::Triangular(family) => Form::Triangular(family.scaled(factor)),
            Form::Discrete(family) => Form::Discrete(family.scaled(factor)),
            Form::Empirical(family) => Form::Empirical(family.scaled(factor)),
            Form::Mixture(family) => Form::Mixture(family.scaled(factor)),
            Form::Poisson(family) => Form::Poisson(family.scaled(factor)),
            Form::Geometric(family) => Form::Geometric(family.scaled(factor)),
        };
        Self { form }
    }

    /// Returns the exponential law with this mean; the constant zero if the mean is zero.
    #[must_use]
    pub fn exponential_of_same_mean(&self) -> Self {
        let mean = self.mean();
        if mean > 0.0 {
            Self { form: Form::Exponential(Exponential { mean }) }
        } else {
            Self { form: Form::Constant(Constant { value: 0.0 }) }
        }
    }

    /// Returns true if only one value is possible.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.quantile(0.0) == self.quantile(1.0)
    }

    /// Returns the law prepared for many draws.
    #[must_use]
    pub fn sampler(&self) -> Sampler {
        Sampler::new(self)
    }

    fn atom_within(&self, low: f64, high: f64) -> Option<f64> {
        each_family!(&self.form, family => family.atom_within(low, high))
    }
}

/// Draws by inversion from any generator: 64 bits per draw.
impl Distribution<f64> for Law {
    fn sample<R: Rng + ?Sized>(&self, generator: &mut R) -> f64 {
        self.quantile(crate::engine::draw::unit_interval(generator.next_u64()))
    }
}

/// The law of a duration: a [`Law`] in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationLaw(pub Law);

impl DurationLaw {
    /// Returns the mean, to the nearest nanosecond.
    #[must_use]
    pub fn mean(&self) -> SimDuration {
        SimDuration::from_seconds_f64(self.0.mean())
    }

    /// Returns [`Law::quantile`], to the nearest nanosecond.
    #[must_use]
    pub fn quantile(&self, u: f64) -> SimDuration {
        SimDuration::from_seconds_f64(self.0.quantile(u))
    }

    /// Returns the law prepared for many draws; see [`Sampler::duration`].
    #[must_use]
    pub fn sampler(&self) -> Sampler {
        self.0.sampler()
    }
}

#[cfg(test)]
mod tests;
