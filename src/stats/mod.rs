//! Numbers to numbers: estimators, intervals, quantiles, warm-up. It knows no simulator type.
//!
//! Every function takes plain `f64` in one unit that the caller names, in a fixed order, and returns the same bits for
//! the same values in the same order. Bad input is a [`StatsError`], never a panic and never not-a-number.

pub mod control;
pub mod counts;
pub mod equivalence;
pub mod exact;
pub mod format;
pub mod interval;
pub mod moments;
pub mod precision;
pub mod proportion;
pub mod quantile;
pub mod rank;
pub mod rare;
pub mod regression;
pub mod sampling;
pub mod spans;
pub mod special;
pub mod summary;
pub mod warmup;

#[cfg(test)]
pub(crate) mod coverage_tests;
#[cfg(test)]
pub(crate) mod oracle_tests;

use std::fmt;

/// Reason why there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatsError {
    /// Fewer values than the estimate needs.
    TooFew {
        /// The least number of values.
        needed: usize,
        /// Number of values given.
        given: usize,
    },
    /// Two series that belong together differ in length.
    LengthMismatch,
    /// An argument lies outside its range; holds its name.
    OutOfRange(&'static str),
    /// A value is infinite or not a number.
    NotFinite,
    /// All values are equal where the estimate divides by their spread.
    NoSpread,
}

impl fmt::Display for StatsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { needed, given } => write!(f, "{given} values, {needed} needed"),
            Self::LengthMismatch => f.write_str("the two series differ in length"),
            Self::OutOfRange(name) => write!(f, "the {name} is out of range"),
            Self::NotFinite => f.write_str("a value is not a finite number"),
            Self::NoSpread => f.write_str("all values are equal"),
        }
    }
}

impl std::error::Error for StatsError {}

/// Refuses values that are too few or not finite.
fn check_values(values: &[f64], needed: usize) -> Result<(), StatsError> {
    if values.len() < needed {
        return Err(StatsError::TooFew { needed, given: values.len() });
    }
    if values.iter().all(|value| value.is_finite()) { Ok(()) } else { Err(StatsError::NotFinite) }
}

/// Refuses pairs that do not match, are too few or not finite.
fn check_pairs(x: &[f64], y: &[f64], needed: usize) -> Result<(), StatsError> {
    if x.len() != y.len() {
        return Err(StatsError::LengthMismatch);
    }
    check_values(x, needed)?;
    check_values(y, needed)
}

/// Refuses a level or error rate outside (0, 1).
fn check_open_unit(value: f64, name: &'static str) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 { Ok(()) } else { Err(StatsError::OutOfRange(name)) }
}
