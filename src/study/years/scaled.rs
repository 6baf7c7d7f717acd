//! Figures of autoscalers over the horizon: their members over time, what these cost, launches and removals.
//!
//! Takes the tallies of the replications; returns estimates over them.

use serde::{Deserialize, Serialize};

use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::plan::fluid::FluidPlan;
use crate::scenario::suggest;
use crate::solve::fluid::scaling::ScalerTally;
use crate::stats::rare::Unseen;
use crate::study::window::Estimate;

use super::blocks::{Join, Scale};
use super::few::a_year;
use super::load::unknown;
use super::{YEAR_S, mean, not_negative};

/// Figure of an autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfScaler {
    /// Mean number of members over the horizon.
    Members,
    /// Hours per year that members cost.
    Hours,
    /// Launches begun per year.
    Launches,
    /// Launches per year that fail.
    Failed,
    /// Launches per year for which no server is left.
    Refused,
    /// Members removed per year.
    Removed,
    /// Members terminated per year.
    Replaced,
    /// Members moved per year.
    Moved,
}

/// One autoscaler over all replications: a column for each figure, in the order of [`OfScaler`], over the whole horizon.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedScaler([Vec<f64>; 8]);

impl FoldedScaler {
    /// Adds a replication.
    pub fn add(&mut self, seen: &ScalerTally) {
        let values = [
            seen.served_h,
            seen.paid_h,
            seen.launches as f64,
            seen.failed as f64,
            seen.refused as f64,
            seen.removed as f64,
            seen.replaced as f64,
            seen.moved as f64,
        ];
        self.0.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }

    /// Appends other replications.
    pub fn append(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(column, other)| column.extend(other));
    }

    pub(super) fn join(&mut self, join: Join) {
        self.0.iter_mut().for_each(|column| join.sums(column));
    }

    /// Returns the values per block, over the whole horizon.
    #[must_use]
    pub fn values(&self, what: OfScaler) -> &[f64] {
        &self.0[what as usize]
    }

    /// Returns the estimate of a figure.
    #[must_use]
    pub fn estimate(&self, scale: Scale<'_>, what: OfScaler) -> Estimate {
        let values = self.values(what);
        let per = |unit_s: f64| -> Estimate {
            let units = scale.seconds() / unit_s;
            let each: Vec<f64> = values.iter().map(|hours| hours / units).collect();
            not_negative(mean(&each, scale.level))
        };
        match what {
            OfScaler::Members => per(3_600.0),
            OfScaler::Hours => per(YEAR_S),
            _ => a_year(scale, values, Unseen::of(1.0)),
        }
    }
}

/// Returns the figure of autoscalers that a metric is, if any.
pub(super) const fn of_metric(metric: Metric) -> Option<OfScaler> {
    Some(match metric {
        Metric::Members => OfScaler::Members,
        Metric::MemberHours => OfScaler::Hours,
        Metric::Launches => OfScaler::Launches,
        Metric::FailedLaunches => OfScaler::Failed,
        Metric::RefusedLaunches => OfScaler::Refused,
        Metric::Removals => OfScaler::Removed,
        Metric::ReplacedMembers => OfScaler::Replaced,
        Metric::MovedMembers => OfScaler::Moved,
        _ => return None,
    })
}

/// Resolves a figure of an autoscaler to its place and the quantity.
///
/// # Errors
///
/// [`NoSuchFigure`], if the scenario has no such figure.
pub(super) fn resolve(
    fluid: &FluidPlan,
    figure: &Figure,
) -> Result<(usize, OfScaler), NoSuchFigure> {
    let names: Vec<&str> = fluid.scaled.iter().map(|one| one.name.as_str()).collect();
    let Some(at) = names.iter().position(|name| *name == figure.scope) else {
        let message = format!("`{figure}`: there is no autoscaler `{}`", figure.scope);
        let help = suggest::help(&figure.scope, &names, "autoscalers are");
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    match (of_metric(figure.metric), figure.stat) {
        (Some(what), None | Some(Stat::Mean)) => Ok((at, what)),
        _ => Err(unknown(figure)),
    }
}
