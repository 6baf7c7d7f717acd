//! Figures of roles that members take over from each other: interruptions, recovery times, failovers.
//!
//! Takes the role tallies of the replications; returns estimates over them. A mean recovery time is a ratio of sums
//! over replications; a quantile is over all recoveries, with the interval of order statistics.

use serde::{Deserialize, Serialize};

use crate::observe::histogram::Histogram;
use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::scenario::suggest;
use crate::solve::flows::recovery::RoleTally;
use crate::stats::rare::Unseen;
use crate::study::window::Estimate;

use super::blocks::{Join, Scale};
use super::counted_quantile;
use super::few::{a_year, each};

/// Figure of a role.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OfRole {
    /// Interruptions per year, during which no member serves; of one cause, if its place is given.
    Interruptions(Option<usize>),
    /// Interruptions per year after which another member serves.
    Failovers,
    /// Recovery time in seconds.
    Recovery,
    /// Quantile of the recovery times in seconds, at this level.
    RecoveryQuantile(f64),
}

/// One role over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedRole {
    /// Interruptions by cause, then by block.
    pub interruptions: Vec<Vec<f64>>,
    /// Interruptions after which another member served, by block.
    pub failovers: Vec<f64>,
    /// Seconds in which no member served, by block.
    pub length: Vec<f64>,
    /// Length of each recovery.
    pub lengths: Histogram,
}

impl FoldedRole {
    /// Returns empty results.
    #[must_use]
    pub fn of(causes: usize) -> Self {
        Self { interruptions: vec![Vec::new(); causes], ..Self::default() }
    }

    /// Adds a replication.
    pub fn add(&mut self, seen: &RoleTally) {
        for (mine, seen) in self.interruptions.iter_mut().zip(&seen.interruptions) {
            mine.push(*seen as f64);
        }
        self.failovers.push(seen.failovers as f64);
        self.length.push(seen.length as f64 / 1e9);
        self.lengths.merge(&seen.lengths);
    }

    /// Appends other replications.
    pub fn append(&mut self, other: Self) {
        for (mine, other) in self.interruptions.iter_mut().zip(other.interruptions) {
            mine.extend(other);
        }
        self.failovers.extend(other.failovers);
        self.length.extend(other.length);
        self.lengths.merge(&other.lengths);
    }

    pub(super) fn join(&mut self, join: Join) {
        let columns = self.interruptions.iter_mut();
        columns.chain([&mut self.failovers, &mut self.length]).for_each(|column| join.sums(column));
    }

    fn interrupted(&self, cause: Option<usize>) -> Vec<f64> {
        if let Some(cause) = cause {
            return self.interruptions[cause].clone();
        }
        let count = |at: usize| self.interruptions.iter().map(|of| of[at]).sum();
        (0..self.length.len()).map(count).collect()
    }

    /// Returns the values per block; `None` if the figure is not a mean over replications.
    #[must_use]
    pub fn values(&self, what: OfRole) -> Option<Vec<f64>> {
        match what {
            OfRole::Interruptions(cause) => Some(self.interrupted(cause)),
            OfRole::Failovers => Some(self.failovers.clone()),
            OfRole::Recovery | OfRole::RecoveryQuantile(_) => None,
        }
    }

    /// Returns the estimate of a figure.
    #[must_use]
    pub fn estimate(&self, scale: Scale<'_>, what: OfRole) -> Estimate {
        let (years, level) = (scale.years() * self.length.len() as f64, scale.level);
        let a_year = |counts: &[f64]| a_year(scale, counts, Unseen::of(1.0));
        match what {
            OfRole::Interruptions(cause) => a_year(&self.interrupted(cause)),
            OfRole::Failovers => a_year(&self.failovers),
            OfRole::Recovery => {
                each(&self.length, &self.interrupted(None), (years, Unseen::default()), level)
            }
            OfRole::RecoveryQuantile(q) => counted_quantile(&self.lengths, q, level),
        }
    }
}

/// Resolves a figure of a role to the place of the role and the quantity.
///
/// # Errors
///
/// [`NoSuchFigure`], if the scenario has no such figure.
pub fn resolve(plan: &AvailabilityPlan, figure: &Figure) -> Result<(usize, OfRole), NoSuchFigure> {
    let names: Vec<&str> = plan.roles.iter().map(|role| role.name.as_str()).collect();
    let Some(role) = names.iter().position(|name| *name == figure.scope) else {
        let message =
            format!("`{figure}`: no member takes over from another at `{}`", figure.scope);
        let help = suggest::help(
            &figure.scope,
            &names,
            "databases, balancers and file servers where one does are",
        );
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    let cause = figure.key("cause").map(|name| super::cause(plan, figure, name)).transpose()?;
    let what = match (figure.metric, figure.stat) {
        (Metric::Interruptions, None | Some(Stat::Mean)) => OfRole::Interruptions(cause),
        (Metric::Failovers, None | Some(Stat::Mean)) => OfRole::Failovers,
        (Metric::Recovery, None | Some(Stat::Mean)) => OfRole::Recovery,
        (Metric::Recovery, Some(Stat::Quantile(q))) => OfRole::RecoveryQuantile(q),
        _ => return Err(NoSuchFigure::new(format!("`{figure}` is no figure of a role"))),
    };
    Ok((role, what))
}
