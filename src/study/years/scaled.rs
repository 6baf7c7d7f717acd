//! Figures of autoscalers over the horizon: their members over time, what these cost, launches and removals.
//!
//! Takes the tallies of the replications; returns estimates over them.

use serde::{Deserialize, Serialize};

use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::plan::fluid::FluidPlan;
use crate::scenario::suggest;
use crate::solve::fluid::scaling::ScalerTally;
use crate::stats::rare::Unseen;
use crate::study::window::Estimate;

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

/// One autoscaler over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedScaler(Vec<ScalerTally>);

impl FoldedScaler {
    /// Adds a replication.
    pub fn add(&mut self, seen: &ScalerTally) {
        self.0.push(*seen);
    }

    /// Appends other replications.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns the values per replication, over the whole horizon.
    #[must_use]
    pub fn values(&self, what: OfScaler) -> Vec<f64> {
        let value = |seen: &ScalerTally| match what {
            OfScaler::Members => seen.served_h,
            OfScaler::Hours => seen.paid_h,
            OfScaler::Launches => seen.launches as f64,
            OfScaler::Failed => seen.failed as f64,
            OfScaler::Refused => seen.refused as f64,
            OfScaler::Removed => seen.removed as f64,
            OfScaler::Replaced => seen.replaced as f64,
            OfScaler::Moved => seen.moved as f64,
        };
        self.0.iter().map(value).collect()
    }

    /// Returns the estimate of a figure.
    #[must_use]
    pub fn estimate(&self, plan: &AvailabilityPlan, what: OfScaler, level: f64) -> Estimate {
        let values = self.values(what);
        let per = |unit_s: f64| -> Estimate {
            let units = plan.horizon.seconds() / unit_s;
            let each: Vec<f64> = values.iter().map(|hours| hours / units).collect();
            not_negative(mean(&each, level))
        };
        match what {
            OfScaler::Members => per(3_600.0),
            OfScaler::Hours => per(YEAR_S),
            _ => a_year(plan, &values, Unseen::of(1.0), level),
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
