//! Figures of sets of disks that fail one by one: failures, losses, the time with a disk missing.
//!
//! Takes the tallies of the replications; returns estimates over them.

use serde::{Deserialize, Serialize};

use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, Metric, NoSuchFigure};
use crate::scenario::suggest;
use crate::solve::flows::disk_sets::DiskSetTally;
use crate::stats::rare::Unseen;
use crate::study::measure::NoValue;
use crate::study::window::Estimate;
use crate::units::SimDuration;

use super::blocks::{Join, Scale};
use super::few::{a_year, few};
use super::{YearsPlan, YearsResult};

/// Figure of a set of disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfDisks {
    /// Failures of single disks per year.
    Failures,
    /// Losses of the set per year.
    Losses,
    /// Share of the time with a disk missing.
    Degraded,
}

/// One set over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedDisks {
    /// Failures of single disks, by block.
    failures: Vec<f64>,
    /// Losses of the set, by block.
    losses: Vec<f64>,
    /// Seconds with a disk missing, by block.
    degraded: Vec<f64>,
}

impl FoldedDisks {
    /// Adds a replication.
    pub fn add(&mut self, seen: &DiskSetTally) {
        self.failures.push(seen.failures as f64);
        self.losses.push(seen.losses as f64);
        self.degraded.push(seen.degraded as f64 / 1e9);
    }

    /// Appends other replications.
    pub fn append(&mut self, other: Self) {
        self.failures.extend(other.failures);
        self.losses.extend(other.losses);
        self.degraded.extend(other.degraded);
    }

    pub(super) fn join(&mut self, join: Join) {
        for column in [&mut self.failures, &mut self.losses, &mut self.degraded] {
            join.sums(column);
        }
    }

    /// Returns the values per block.
    #[must_use]
    pub fn values(&self, what: OfDisks) -> &[f64] {
        match what {
            OfDisks::Failures => &self.failures,
            OfDisks::Losses => &self.losses,
            OfDisks::Degraded => &self.degraded,
        }
    }

    /// Returns the estimate of a figure; a disk is missing for `missing` on average.
    fn estimate(&self, (scale, missing): (Scale<'_>, SimDuration), what: OfDisks) -> Estimate {
        let values = self.values(what);
        match what {
            OfDisks::Failures | OfDisks::Losses => a_year(scale, values, Unseen::of(1.0)),
            OfDisks::Degraded => {
                few(values, Unseen::of(missing.seconds()), scale.level, 1.0 / scale.seconds())
            }
        }
    }
}

impl YearsResult {
    /// Returns the estimate of a figure, in a net and of a set by place.
    pub(super) fn of_disks(
        &self,
        plan: &YearsPlan,
        (net, at): (usize, usize),
        what: OfDisks,
    ) -> Estimate {
        if self.replications == 0 {
            return Estimate::Missing(NoValue::Stopped);
        }
        let own = self.disk_sets.get(net).and_then(|net| net.get(at));
        let missing = plan.of.disk_sets.get(at).map_or(SimDuration::ZERO, |set| set.missing);
        let estimate = own.map(|folded| folded.estimate((self.scale(plan), missing), what));
        estimate.unwrap_or(Estimate::Missing(NoValue::NotKept))
    }
}

/// Returns whether a metric is one of sets of disks.
pub(super) const fn is_of(metric: Metric) -> bool {
    matches!(metric, Metric::LostSets | Metric::FailedDisks | Metric::Degraded)
}

/// Resolves a figure of a set of disks to the place of the set and the quantity.
///
/// # Errors
///
/// [`NoSuchFigure`], if the scenario has no such figure.
pub fn resolve(plan: &AvailabilityPlan, figure: &Figure) -> Result<(usize, OfDisks), NoSuchFigure> {
    let names: Vec<&str> = plan.disk_sets.iter().map(|one| one.name.as_str()).collect();
    let asked = match &figure.resource {
        Some(set) => format!("{}.{set}", figure.scope),
        None => figure.scope.clone(),
    };
    let of_group = || {
        let mut same = plan.disk_sets.iter().zip(0..).filter(|(one, _)| one.group == asked);
        let only = same.next().filter(|_| same.next().is_none());
        only.map(|(_, at)| at)
    };
    let own = names.iter().position(|name| *name == asked);
    let Some(at) = own.or_else(of_group) else {
        let message = format!("`{figure}`: no single disk of `{asked}` fails at random");
        let help = suggest::help(&asked, &names, "sets of disks that fail one by one are");
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    let what = match figure.metric {
        Metric::LostSets => OfDisks::Losses,
        Metric::FailedDisks => OfDisks::Failures,
        _ => OfDisks::Degraded,
    };
    Ok((at, what))
}
