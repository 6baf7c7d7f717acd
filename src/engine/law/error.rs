//! Errors in the parameters of a law.

use std::error::Error;
use std::fmt;

/// Error in the parameters of a law, which are named as in a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LawError {
    /// Infinite or not a number.
    NotFinite(&'static str),
    /// Below zero.
    Negative(&'static str),
    /// Zero instead of a positive value.
    Zero(&'static str),
    /// Outside the range that the family has or this program can compute.
    OutOfRange {
        /// The parameter.
        parameter: &'static str,
        /// The value given.
        value: f64,
        /// Least valid value.
        low: f64,
        /// Greatest valid value.
        high: f64,
    },
    /// The first of the two must not be above the second.
    Order(&'static str, &'static str),
    /// Probabilities or weights that do not sum to 1; holds their sum.
    Weights(f64),
    /// Probabilities of a distribution function that fall, or do not end at 1.
    NotCumulative,
    /// No values, branches or parts.
    Empty,
}

impl fmt::Display for LawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite(name) => write!(f, "`{name}` is not a finite number"),
            Self::Negative(name) => write!(f, "`{name}` is below zero"),
            Self::Zero(name) => write!(f, "`{name}` must be above zero"),
            Self::OutOfRange { parameter, value, low, high } => {
                write!(f, "`{parameter}` is {value}; it must be between {low} and {high}")
            }
            Self::Order(low, high) => write!(f, "`{low}` is above `{high}`"),
            Self::Weights(sum) => write!(f, "the weights sum to {sum}; they must sum to 1"),
            Self::NotCumulative => {
                f.write_str("the probabilities of a distribution function must rise to 1")
            }
            Self::Empty => f.write_str("there is nothing to choose from"),
        }
    }
}

impl Error for LawError {}

pub(super) fn finite(name: &'static str, value: f64) -> Result<f64, LawError> {
    if value.is_finite() { Ok(value) } else { Err(LawError::NotFinite(name)) }
}

pub(super) fn not_negative(name: &'static str, value: f64) -> Result<f64, LawError> {
    // Adding zero turns −0 into 0.
    if finite(name, value)? < 0.0 { Err(LawError::Negative(name)) } else { Ok(value + 0.0) }
}

pub(super) fn positive(name: &'static str, value: f64) -> Result<f64, LawError> {
    if not_negative(name, value)? == 0.0 { Err(LawError::Zero(name)) } else { Ok(value) }
}

pub(super) fn within(
    parameter: &'static str,
    value: f64,
    low: f64,
    high: f64,
) -> Result<f64, LawError> {
    if (low..=high).contains(&finite(parameter, value)?) {
        Ok(value)
    } else {
        Err(LawError::OutOfRange { parameter, value, low, high })
    }
}

/// Normalises weights that sum to 1 within 10⁻⁹; returns an error for any other sum.
pub(super) fn weights(values: impl Iterator<Item = f64> + Clone) -> Result<Vec<f64>, LawError> {
    for weight in values.clone() {
        not_negative("weight", weight)?;
    }
    let sum: f64 = values.clone().sum();
    if values.clone().next().is_none() {
        return Err(LawError::Empty);
    }
    if (sum - 1.0).abs() > 1e-9 {
        return Err(LawError::Weights(sum));
    }
    Ok(values.map(|weight| weight / sum).collect())
}
