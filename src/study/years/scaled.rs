//! Figures of autoscalers over the horizon: their members over time, what these cost, launches and removals.
//!
//! Takes the tallies of the replications; returns estimates over them.

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
}

/// One autoscaler over all replications: each list by replication.
#[derive(Clone, Debug, Default)]
pub struct FoldedScaler {
    served_h: Vec<f64>,
    paid_h: Vec<f64>,
    launches: Vec<f64>,
    failed: Vec<f64>,
    refused: Vec<f64>,
    removed: Vec<f64>,
}

impl FoldedScaler {
    /// Adds a replication.
    pub fn add(&mut self, seen: &ScalerTally) {
        self.served_h.push(seen.served_h);
        self.paid_h.push(seen.paid_h);
        self.launches.push(seen.launches as f64);
        self.failed.push(seen.failed as f64);
        self.refused.push(seen.refused as f64);
        self.removed.push(seen.removed as f64);
    }

    /// Appends other replications.
    pub fn append(&mut self, other: Self) {
        self.served_h.extend(other.served_h);
        self.paid_h.extend(other.paid_h);
        self.launches.extend(other.launches);
        self.failed.extend(other.failed);
        self.refused.extend(other.refused);
        self.removed.extend(other.removed);
    }

    /// Returns the values per replication, over the whole horizon.
    #[must_use]
    pub fn values(&self, what: OfScaler) -> &[f64] {
        match what {
            OfScaler::Members => &self.served_h,
            OfScaler::Hours => &self.paid_h,
            OfScaler::Launches => &self.launches,
            OfScaler::Failed => &self.failed,
            OfScaler::Refused => &self.refused,
            OfScaler::Removed => &self.removed,
        }
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
            _ => a_year(plan, values, Unseen::of(1.0), level),
        }
    }
}

/// Returns whether a metric is one of autoscalers.
pub(super) const fn is_of(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Members
            | Metric::MemberHours
            | Metric::Launches
            | Metric::FailedLaunches
            | Metric::RefusedLaunches
            | Metric::Removals
    )
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
    let what = match figure.metric {
        Metric::Members => OfScaler::Members,
        Metric::MemberHours => OfScaler::Hours,
        Metric::Launches => OfScaler::Launches,
        Metric::FailedLaunches => OfScaler::Failed,
        Metric::RefusedLaunches => OfScaler::Refused,
        Metric::Removals => OfScaler::Removed,
        _ => return Err(unknown(figure)),
    };
    match figure.stat {
        None | Some(Stat::Mean) => Ok((at, what)),
        _ => Err(unknown(figure)),
    }
}
