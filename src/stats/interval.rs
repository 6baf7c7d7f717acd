//! Confidence intervals of means, differences and ratios over independent replications.
//!
//! Takes one value per replication, in replication order; returns an [`Interval`] that carries its level and its
//! method. Replications are the unit: requests inside a run are never treated as independent. Intervals of counts
//! (proportions, rates of rare events) are in [`proportion`](super::proportion).
//!
//! Holds: no interval from one replication; no clamping to a "possible" range.
//! Leaves out: intervals for shapes far from normal with few replications (the coverage of
//! Student's t is then below its level: 0.911 instead of 0.95 for two exponential values).
//!
//! Sources: Law, Simulation Modeling and Analysis (2015), chapters 4, 9, 10; Welch (1947);
//! Miller (1974) for the jackknife.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::special::{
    gamma_quantile, gamma_upper_quantile, student_upper_quantile, student_upper_tail,
};
use super::summary::{Summary, mean_of, ordered_sum};
use super::{StatsError, check_open_unit, check_pairs, check_values, format};
use crate::convert::index;

/// Method of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// Student's t over replications.
    StudentT,
    /// Student's t over the differences of paired replications.
    PairedT,
    /// Jackknife over replications, of a ratio.
    Jackknife,
    /// Student's t over the means of consecutive batches of one run.
    BatchMeans,
    /// Exact binomial (Clopper–Pearson).
    ClopperPearson,
    /// Wilson's score.
    Wilson,
    /// Normal approximation of a proportion.
    Normal,
    /// Exact Poisson (Garwood).
    ExactPoisson,
    /// Nothing seen in n trials or in a time T: the exact bound, of which the rule of three is the one-sided form.
    RuleOfThree,
    /// Gamma law of a sum over few events (Fay and Feuer).
    CompoundPoisson,
    /// Order statistics with binomial ranks.
    OrderStatistics,
    /// χ² over replications, of a standard deviation.
    ChiSquare,
    /// Arithmetic without noise: the interval is a point.
    Arithmetic,
    /// Student's t over replications of which the first are corrected by sampled windows.
    TwoPhase,
    /// Student's t of the share at or below, taken through the distribution (Woodruff).
    Woodruff,
    /// Student's t over the jackknife pseudo-values of a regression on controls whose expectation is known.
    ControlVariate,
    /// Student's t over few replications of which one alone makes up most of the mean.
    OneRunDecides,
    /// Extremes of two intervals that hold together (Bonferroni).
    Joint,
}

/// Statistic estimated from one value per replication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Statistic {
    /// Expectation of the values.
    #[default]
    Mean,
    /// Standard deviation of the values: the variation between trajectories.
    Deviation,
}

impl Method {
    /// Name as printed in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StudentT => "student-t",
            Self::PairedT => "paired-t",
            Self::Jackknife => "jackknife",
            Self::BatchMeans => "batch-means",
            Self::ClopperPearson => "clopper-pearson",
            Self::Wilson => "wilson",
            Self::Normal => "normal",
            Self::ExactPoisson => "exact-poisson",
            Self::RuleOfThree => "rule-of-three",
            Self::CompoundPoisson => "compound-poisson",
            Self::OrderStatistics => "order-statistics",
            Self::ChiSquare => "chi-square",
            Self::Arithmetic => "arithmetic",
            Self::TwoPhase => "two-phase",
            Self::Woodruff => "woodruff",
            Self::ControlVariate => "control-variate",
            Self::OneRunDecides => "one-run-decides",
            Self::Joint => "joint",
        }
    }
}

/// An estimate with its confidence interval, all in one unit that the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The point estimate.
    pub estimate: f64,
    /// Coverage aimed at, in (0, 1).
    pub level: f64,
    /// Method.
    pub method: Method,
}

/// Prints `estimate ± half-width (level)` with the digits that the half-width supports.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match format::with_half_width(self.estimate, self.half_width()) {
            Some(text) => write!(f, "{text} ({}%)", (self.level * 1e5).round() / 1e3),
            None => f.write_str("no figure"),
        }
    }
}

impl Interval {
    /// Returns a computed number, without noise, as an interval.
    #[must_use]
    pub const fn point(value: f64, level: f64) -> Self {
        Self { estimate: value, low: value, high: value, level, method: Method::Arithmetic }
    }

    /// Returns the interval of a figure that rises with this one.
    #[must_use]
    pub fn map(self, rising: impl Fn(f64) -> f64) -> Self {
        let [estimate, low, high] = [self.estimate, self.low, self.high].map(rising);
        Self { estimate, low, high, ..self }
    }

    /// Interval of a mean: mean ± t s/√n with n − 1 degrees of freedom. `values` holds one value a
    /// replication.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`] below two replications: one run gives no estimate of its own error.
    /// [`StatsError::OutOfRange`] for a `level` outside (0, 1), [`StatsError::NotFinite`].
    pub fn of_mean(values: &[f64], level: f64) -> Result<Self, StatsError> {
        check_values(values, 2)?;
        Student::of(values).interval(level, Method::StudentT)
    }

    /// Interval of the standard deviation over replications: √((n − 1) s² / χ²), equal tails. Exact
    /// for normal values; counts of many independent requests are nearly so.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Interval::of_mean`].
    pub fn of_deviation(values: &[f64], level: f64) -> Result<Self, StatsError> {
        check_values(values, 2)?;
        check_open_unit(level, "level")?;
        let squares = Summary::of(values).sum_of_squares();
        Ok(deviation(squares, (values.len() - 1) as f64, level))
    }

    /// Returns the interval of `statistic` over replications.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Interval::of_mean`].
    pub fn of(statistic: Statistic, values: &[f64], level: f64) -> Result<Self, StatsError> {
        match statistic {
            Statistic::Mean => Self::of_mean(values, level),
            Statistic::Deviation => Self::of_deviation(values, level),
        }
    }

    /// Returns the interval of the mean of `a − b` over replications with common random numbers.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Interval::of_mean`], and [`StatsError::LengthMismatch`].
    pub fn of_paired_difference(a: &[f64], b: &[f64], level: f64) -> Result<Self, StatsError> {
        check_pairs(a, b, 2)?;
        Self::of_differences(&differences(a, b), level)
    }

    /// Returns the interval of [`of_paired_difference`](Self::of_paired_difference) from the differences themselves.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Interval::of_mean`].
    pub fn of_differences(differences: &[f64], level: f64) -> Result<Self, StatsError> {
        check_values(differences, 2)?;
        Student::of(differences).interval(level, Method::PairedT)
    }

    /// Returns the interval of Σ numerator / Σ denominator by the jackknife over replications: requests served over
    /// intended ones, total delay over requests.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Interval::of_mean`], [`StatsError::LengthMismatch`], and [`StatsError::OutOfRange`]
    /// when the denominators do not stay above zero with any one replication left out.
    pub fn of_ratio(
        numerators: &[f64],
        denominators: &[f64],
        level: f64,
    ) -> Result<Self, StatsError> {
        check_pairs(numerators, denominators, 2)?;
        let n = numerators.len() as f64;
        let top = ordered_sum(numerators.iter().copied());
        let bottom = ordered_sum(denominators.iter().copied());
        if denominators.iter().any(|one| bottom - one <= 0.0) || bottom <= 0.0 {
            return Err(StatsError::OutOfRange("denominator"));
        }
        let whole = top / bottom;
        let pseudo: Vec<f64> = numerators
            .iter()
            .zip(denominators)
            // n whole − (n − 1) without, written so that equal ratios give exactly `whole`.
            .map(|(a, b)| whole + (n - 1.0) * (whole - (top - a) / (bottom - b)))
            .collect();
        check_values(&pseudo, 2)?;
        Student::of(&pseudo).interval(level, Method::Jackknife)
    }

    /// Returns whether `value` lies inside, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Returns half of the width.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low)
    }

    /// Returns the half-width over the size of the estimate; `None` for an estimate of zero.
    #[must_use]
    pub fn relative_half_width(&self) -> Option<f64> {
        let relative = self.half_width() / self.estimate.abs();
        relative.is_finite().then_some(relative)
    }
}

/// Returns the interval of a standard deviation from the sum of squared distances from the mean and its degrees of
/// freedom, of which there is at least one. The `level` lies in (0, 1).
pub(super) fn deviation(squares: f64, degrees: f64, level: f64) -> Interval {
    let shape = degrees / 2.0;
    let tail = (1.0 - level) / 2.0;
    // χ² with as many degrees of freedom is twice a gamma of half that shape.
    let end = |chi_square: f64| (squares / chi_square).sqrt();
    Interval {
        low: end(2.0 * gamma_upper_quantile(tail, shape)),
        high: end(2.0 * gamma_quantile(tail, shape)),
        estimate: end(2.0 * shape),
        level,
        method: Method::ChiSquare,
    }
}

/// Direction of a one-sided bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The true value is at least the bound.
    AtLeast,
    /// The true value is at most the bound.
    AtMost,
}

/// A one-sided confidence bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The bound.
    pub value: f64,
    /// Direction.
    pub side: Side,
    /// Coverage aimed at, in (0, 1).
    pub level: f64,
    /// Method.
    pub method: Method,
}

/// An estimate whose error follows Student's law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Student {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom of that error.
    pub degrees: f64,
}

impl Student {
    /// Mean of at least two finite values.
    pub(crate) fn of(values: &[f64]) -> Self {
        let summary = Summary::of(values);
        Self {
            estimate: mean_of(&summary),
            standard_error: summary.standard_error().expect("at least two values were checked"),
            degrees: (summary.count() - 1) as f64,
        }
    }

    /// mean(a) − mean(b) of independent sets, degrees of freedom after Welch and Satterthwaite.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`] below two values in a set, [`StatsError::NotFinite`].
    pub fn welch(a: &[f64], b: &[f64]) -> Result<Self, StatsError> {
        check_values(a, 2)?;
        check_values(b, 2)?;
        Ok(Self::of(a).minus(&Self::of(b)))
    }

    /// The difference to an independent estimate, degrees of freedom after Welch and Satterthwaite.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let variance_a = self.standard_error * self.standard_error;
        let variance_b = other.standard_error * other.standard_error;
        let variance = variance_a + variance_b;
        let degrees = if variance > 0.0 {
            // Shares first: their squares do not underflow.
            let (share_a, share_b) = (variance_a / variance, variance_b / variance);
            1.0 / (share_a * share_a / self.degrees + share_b * share_b / other.degrees)
        } else {
            self.degrees + other.degrees
        };
        Self { estimate: self.estimate - other.estimate, standard_error: variance.sqrt(), degrees }
    }

    /// Recovers the standard error from an interval of `replications` values: the one with which Student's law gives
    /// the longer of its two arms.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`] below two replications, [`StatsError::OutOfRange`] for a `level`
    /// outside (0, 1), [`StatsError::NotFinite`].
    pub fn of_interval(
        estimate: f64,
        ends: (f64, f64),
        level: f64,
        replications: u64,
    ) -> Result<Self, StatsError> {
        check_open_unit(level, "level")?;
        check_values(&[estimate, ends.0, ends.1], 1)?;
        if replications < 2 {
            return Err(StatsError::TooFew { needed: 2, given: index(replications) });
        }
        let degrees = (replications - 1) as f64;
        let arm = (estimate - ends.0).max(ends.1 - estimate).max(0.0);
        let quantile = student_upper_quantile((1.0 - level) / 2.0, degrees);
        Ok(Self { estimate, standard_error: arm / quantile, degrees })
    }

    /// Two-sided interval.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a `level` outside (0, 1); [`StatsError::NotFinite`] when the
    /// values overflow.
    pub fn interval(&self, level: f64, method: Method) -> Result<Interval, StatsError> {
        check_open_unit(level, "level")?;
        let tail = 0.5 * (1.0 - level);
        let half = student_upper_quantile(tail, self.degrees) * self.standard_error;
        let (low, high) = (self.estimate - half, self.estimate + half);
        check_values(&[low, high], 2)?;
        Ok(Interval { low, high, estimate: self.estimate, level, method })
    }

    /// P(an estimate as large as this or larger) if the truth were zero. An exact estimate
    /// (standard error 0) gives 0 above zero, 1 below it and `at_zero` on it.
    pub(super) fn chance_above(&self, at_zero: f64) -> f64 {
        if self.standard_error > 0.0 {
            student_upper_tail(self.estimate / self.standard_error, self.degrees)
        } else if self.estimate == 0.0 {
            at_zero
        } else if self.estimate > 0.0 {
            0.0
        } else {
            1.0
        }
    }

    /// The same estimate with its sign turned.
    pub(super) fn negated(self) -> Self {
        Self { estimate: -self.estimate, ..self }
    }
}

/// a − b, value by value.
pub(crate) fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
