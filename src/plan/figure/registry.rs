//! The registry of figures: for every statistic of every metric, where it is estimated, by which solver and with
//! which interval; and the reason if it is not estimated.
//!
//! Parsing, `check`, `run`, `gate`, `sweep` and the documentation read [`ROWS`]; nothing else decides
//! which figures exist. To add a figure, add a row (`rows`) and the arm that estimates it in the module of
//! its [`By`]: a test requires that each row is resolved somewhere.

mod all;
mod energy;
mod estimators;
mod find;
mod page;
mod rows;
mod subjects;
mod words;

pub use all::{ROWS, is_of_all};
pub use estimators::{By, IntervalOf};
pub use find::row;
pub use page::{by_metric, page};
pub use rows::{CAUSE, OF_WINDOWS, OF_YEARS, ROLES, TRAFFIC, TRAFFIC_NAMED, WITHOUT};
pub use subjects::Whose;
pub(crate) use words::key;
pub use words::{At, BOTH, Key, PER, SOLVER, Value, Word};

use super::{FigureUnit, Metric, Wanted};
use words::required;

/// Family of figures that are estimated in the same way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The metric.
    pub metric: Metric,
    /// Times to which the figures may refer.
    pub at: &'static [At],
    /// Statistics.
    pub stats: &'static [Word],
    /// Selections.
    pub keys: &'static [Key],
    /// Method of estimation.
    pub by: By,
    /// Sorts of subjects.
    pub of: &'static [Whose],
    /// Description of the estimated quantity.
    pub estimand: &'static str,
    /// Method of the confidence interval.
    pub interval: IntervalOf,
    /// True if `precision` adds replications until its half-width is reached.
    pub precise: bool,
}

impl Row {
    pub(crate) const fn new(
        metric: Metric,
        (at, by): (&'static [At], By),
        stats: &'static [Word],
        of: &'static [Whose],
        estimand: &'static str,
    ) -> Self {
        let interval = IntervalOf::usual(metric, by, stats);
        Self { metric, at, stats, keys: &[], by, of, estimand, interval, precise: true }
    }

    pub(crate) const fn keys(self, keys: &'static [Key]) -> Self {
        Self { keys, ..self }
    }

    pub(crate) const fn interval(self, interval: IntervalOf) -> Self {
        Self { interval, ..self }
    }

    /// Marks a figure that is not a mean over replications. A precision can be required only over the horizon, where
    /// the printed interval decides how many replications are run.
    pub(crate) const fn as_it_comes(self, interval: IntervalOf) -> Self {
        Self { interval, precise: self.by.is_of_years(), ..self }
    }

    /// Returns the unit of the statistic `word`.
    #[must_use]
    pub const fn unit(&self, word: Word) -> FigureUnit {
        match word {
            Word::Chance => FigureUnit::Ratio,
            Word::First if matches!(self.metric, Metric::Saturates) => FigureUnit::Name,
            Word::First => FigureUnit::Seconds,
            Word::Dispersion => FigureUnit::Count,
            Word::Month => FigureUnit::DollarsPerMonth,
            _ => self.metric.unit(),
        }
    }

    /// Returns the subjects, as the reference page prints them.
    #[must_use]
    pub fn whose(&self) -> String {
        self.of.iter().map(|of| of.words()).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether the name of a subject may have a second part: `store.main`, `www-1.cpu`.
    fn is_of_parts(&self) -> bool {
        self.of.iter().any(|of| of.has_parts())
    }

    fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Returns whether the selections of a figure fit this row.
    fn takes(&self, keys: &[(String, String)]) -> bool {
        let known = |(name, value): &(String, String)| {
            self.key(name).is_some_and(|key| key.value.refuses(value).is_none())
        };
        let given = |key: &Key| keys.iter().any(|(name, _)| name == key.name);
        keys.iter().all(known) && self.keys.iter().all(|key| !key.required || given(key))
    }

    /// Returns the margin of equivalence for a gate or for two solvers, relative to the value, or to its
    /// complement if [`Self::counts_the_rest`].
    #[must_use]
    pub const fn margin(&self, word: Word) -> f64 {
        match (self.metric, word) {
            (Metric::Served, Word::Chance) => Metric::Lost.margin(),
            _ => self.metric.margin(),
        }
    }

    /// Returns the smallest absolute difference that matters.
    #[must_use]
    pub const fn least_difference(&self, word: Word) -> f64 {
        match word {
            Word::Chance => 0.001,
            _ => self.metric.least_difference(),
        }
    }

    /// Returns the direction in which users want the statistic `word` to change.
    #[must_use]
    pub const fn wanted(&self, word: Word) -> Wanted {
        match word {
            Word::Deviation => Wanted::Neither,
            _ => self.metric.wanted(),
        }
    }

    /// Returns whether it is a share close to 1, so that its complement is compared.
    #[must_use]
    pub const fn counts_the_rest(&self, word: Word) -> bool {
        match self.metric {
            Metric::Structural | Metric::Continuous | Metric::Request | Metric::Objective => {
                !matches!(word, Word::Chance)
            }
            Metric::Served => matches!(word, Word::Chance),
            _ => false,
        }
    }
}
