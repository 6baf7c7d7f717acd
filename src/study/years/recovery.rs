//! Figures of what takes over from each other: how often nobody serves, how long, and who does then.
//!
//! Takes what replications tell of the roles; gives estimates over them. A mean recovery is a ratio of sums
//! over replications; a quantile is over all recoveries, with the interval of order statistics.

use crate::observe::histogram::Histogram;
use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::scenario::suggest;
use crate::solve::flows::recovery::RoleTally;
use crate::stats::rare::Unseen;
use crate::study::window::Estimate;

use super::few::{a_year, each};
use super::{YEAR_S, counted_quantile};

/// What is told of a role.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OfRole {
    /// Times a year that nobody serves; of one cause, if it is given by place.
    Interruptions(Option<usize>),
    /// Times a year that another serves afterwards.
    Failovers,
    /// Seconds until somebody serves again.
    Recovery,
    /// Seconds that so large a share of the recoveries does not exceed.
    RecoveryQuantile(f64),
}

/// One role over all replications.
#[derive(Clone, Debug, Default)]
pub struct FoldedRole {
    /// By cause, by replication: times that nobody served.
    pub interruptions: Vec<Vec<f64>>,
    /// By replication: times that another served then.
    pub failovers: Vec<f64>,
    /// By replication: seconds in which nobody served.
    pub length: Vec<f64>,
    /// Length of each recovery.
    pub lengths: Histogram,
}

impl FoldedRole {
    /// Nothing seen yet.
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

    /// Adds other replications.
    pub fn append(&mut self, other: Self) {
        for (mine, other) in self.interruptions.iter_mut().zip(other.interruptions) {
            mine.extend(other);
        }
        self.failovers.extend(other.failovers);
        self.length.extend(other.length);
        self.lengths.merge(&other.lengths);
    }

    fn interrupted(&self, cause: Option<usize>) -> Vec<f64> {
        if let Some(cause) = cause {
            return self.interruptions[cause].clone();
        }
        let count = |at: usize| self.interruptions.iter().map(|of| of[at]).sum();
        (0..self.length.len()).map(count).collect()
    }

    /// Values by replication; none if the figure is not a mean over replications.
    #[must_use]
    pub fn values(&self, what: OfRole) -> Option<Vec<f64>> {
        match what {
            OfRole::Interruptions(cause) => Some(self.interrupted(cause)),
            OfRole::Failovers => Some(self.failovers.clone()),
            OfRole::Recovery | OfRole::RecoveryQuantile(_) => None,
        }
    }

    /// The estimate of a figure.
    #[must_use]
    pub fn estimate(&self, plan: &AvailabilityPlan, what: OfRole, level: f64) -> Estimate {
        let years = plan.horizon.seconds() / YEAR_S * self.length.len() as f64;
        let a_year = |counts: &[f64]| a_year(plan, counts, Unseen::of(1.0), level);
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

/// Resolves a figure of a role: its place, and what of it.
///
/// # Errors
///
/// What the scenario has no such figure of.
pub fn resolve(plan: &AvailabilityPlan, figure: &Figure) -> Result<(usize, OfRole), NoSuchFigure> {
    let names: Vec<&str> = plan.roles.iter().map(|role| role.name.as_str()).collect();
    let Some(role) = names.iter().position(|name| *name == figure.scope) else {
        let message = format!("`{figure}`: nobody takes over from another at `{}`", figure.scope);
        let help = suggest::help(
            &figure.scope,
            &names,
            "databases, balancers and file servers \
                                 where somebody does are",
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
