//! Shares of views or of time.

use crate::stats::interval::{Bound, Interval};
use crate::study::measure::NoValue;

/// A share that may be 1: then it is a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// With its interval.
    Interval(Interval),
    /// A lower bound: nothing was lost, or too little for an interval below one.
    AtLeast {
        /// Observed share.
        seen: f64,
        /// The bound.
        bound: Bound,
    },
    /// One replication.
    Single(f64),
    /// None.
    Missing(NoValue),
}

impl Share {
    /// Returns the share that was observed.
    #[must_use]
    pub const fn value(&self) -> Option<f64> {
        match self {
            Self::Interval(interval) => Some(interval.estimate),
            Self::AtLeast { seen, .. } => Some(*seen),
            Self::Single(value) => Some(*value),
            Self::Missing(_) => None,
        }
    }
}
