//! A scenario with its results, as a comparison takes it.

use std::path::Path;

use crate::model::blueprint::Blueprint;
use crate::plan::Draft;
use crate::study::results::Results;
use crate::study::scenario::{StudyPlan, StudyResult};

/// Scenario that was simulated.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Draft, as read.
    pub draft: &'a Draft,
    /// Compiled tables.
    pub plan: &'a Blueprint,
    /// Figures and windows asked for.
    pub study: &'a StudyPlan,
    /// Raw results.
    pub result: &'a StudyResult,
    /// Rows of the report.
    pub results: &'a Results,
    /// Dollars per month.
    pub monthly_cost: Option<f64>,
    /// Dollars once.
    pub once_cost: Option<f64>,
    /// Its file; `None` if it comes from no file.
    pub file: Option<&'a Path>,
    /// Name and file of the scenario that it is laid over.
    pub base: Option<(&'a str, &'a Path)>,
}

impl<'a> Member<'a> {
    /// Returns the name of the scenario.
    pub(super) fn name(&self) -> &'a str {
        &self.draft.scenario.scenario.value.text
    }

    /// Returns dollars per month and once; `None` without any price.
    pub(super) fn price(&self) -> Option<(f64, f64)> {
        let (month, once) = (self.monthly_cost, self.once_cost);
        let none = month.is_none() && once.is_none();
        (!none).then(|| (month.unwrap_or_default(), once.unwrap_or_default()))
    }
}
