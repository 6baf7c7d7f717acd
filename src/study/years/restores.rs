//! Figures of restores of databases: their number, the time whose writes each loses, the age of its backup, and how long each
//! takes.
//!
//! Takes the tallies of the replications; returns estimates over them. A mean is a ratio of sums over replications; a
//! quantile is over all restores, with the interval of order statistics; a largest value is that of a horizon.

use serde::{Deserialize, Serialize};

use crate::observe::histogram::Histogram;
use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::scenario::suggest;
use crate::solve::flows::restores::RestoreTally;
use crate::solve::fluid::RestoredTally;
use crate::stats::rare::Unseen;
use crate::study::measure::NoValue;
use crate::study::window::Estimate;

use super::blocks::{Join, Scale};
use super::few::{a_year, each};
use super::{YearsPlan, YearsResult, counted_quantile, not_negative};

/// Figure of the restores of a database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OfRestores {
    /// Restores per year.
    Count,
    /// Restores per year that find no good backup.
    ForGood,
    /// Time whose writes a restore loses, in seconds.
    Lost(Of),
    /// Age of the backup that a restore uses, when it is needed, in seconds.
    Age(Of),
    /// Time from the discovery or the loss to the end of the restore, in seconds.
    Length(Of),
    /// Acknowledged writes per year that restores lose.
    Writes,
    /// Acknowledged writes that a restore from a backup loses.
    WritesEach,
}

impl OfRestores {
    /// Returns whether it needs the traffic.
    #[must_use]
    pub const fn is_of_writes(self) -> bool {
        matches!(self, Self::Writes | Self::WritesEach)
    }
}

/// Statistic over restores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Of {
    /// Mean per restore.
    Mean,
    /// Quantile over restores, at this level.
    Quantile(f64),
    /// Largest of a horizon.
    Largest,
}

/// The restores of one database over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedRestores {
    /// Restores, by block.
    pub restores: Vec<f64>,
    /// Restores that find no good backup, by block.
    pub for_good: Vec<f64>,
    /// Seconds whose writes are lost.
    pub lost: Times,
    /// Seconds of age of the backups that are used.
    pub age: Times,
    /// Seconds from discovery to the end of the restore.
    pub length: Times,
}

/// A time of each restore.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Times {
    /// Number of restores that have it, by block.
    count: Vec<f64>,
    /// Sum of seconds, by block.
    sum: Vec<f64>,
    /// Largest of a replication in seconds, 0 where there is none; the sum, by block.
    largest: Vec<f64>,
    all: Histogram,
}

impl Times {
    fn add(&mut self, sum: u128, all: &Histogram) {
        self.count.push(all.count() as f64);
        self.sum.push(sum as f64 / 1e9);
        self.largest.push(all.max().unwrap_or(0) as f64 / 1e9);
        self.all.merge(all);
    }

    fn append(&mut self, other: Self) {
        self.count.extend(other.count);
        self.sum.extend(other.sum);
        self.largest.extend(other.largest);
        self.all.merge(&other.all);
    }

    fn join(&mut self, join: Join) {
        for column in [&mut self.count, &mut self.sum, &mut self.largest] {
            join.sums(column);
        }
    }

    fn estimate(&self, scale: Scale<'_>, of: Of) -> Estimate {
        let (years, level) = (scale.years() * self.count.len() as f64, scale.level);
        match of {
            Of::Mean => each(&self.sum, &self.count, (years, Unseen::default()), level),
            Of::Quantile(q) => counted_quantile(&self.all, q, level),
            Of::Largest => not_negative(scale.mean(&self.largest)),
        }
    }
}

impl FoldedRestores {
    /// Adds a replication.
    pub fn add(&mut self, seen: &RestoreTally) {
        self.restores.push(seen.restores as f64);
        self.for_good.push(seen.for_good as f64);
        self.lost.add(seen.lost, &seen.losses);
        self.age.add(seen.age, &seen.ages);
        self.length.add(seen.length, &seen.lengths);
    }

    /// Appends other replications.
    pub fn append(&mut self, other: Self) {
        self.restores.extend(other.restores);
        self.for_good.extend(other.for_good);
        self.lost.append(other.lost);
        self.age.append(other.age);
        self.length.append(other.length);
    }

    pub(super) fn join(&mut self, join: Join) {
        join.sums(&mut self.restores);
        join.sums(&mut self.for_good);
        self.lost.join(join);
        self.age.join(join);
        self.length.join(join);
    }

    /// Returns the values per block; `None` if the figure is not a mean over replications.
    #[must_use]
    pub fn values(&self, what: OfRestores) -> Option<Vec<f64>> {
        match what {
            OfRestores::Count => Some(self.restores.clone()),
            OfRestores::ForGood => Some(self.for_good.clone()),
            OfRestores::Lost(Of::Largest) => Some(self.lost.largest.clone()),
            OfRestores::Age(Of::Largest) => Some(self.age.largest.clone()),
            OfRestores::Length(Of::Largest) => Some(self.length.largest.clone()),
            OfRestores::Lost(_)
            | OfRestores::Age(_)
            | OfRestores::Length(_)
            | OfRestores::Writes
            | OfRestores::WritesEach => None,
        }
    }

    /// Returns the estimate of a figure.
    #[must_use]
    pub fn estimate(&self, scale: Scale<'_>, what: OfRestores) -> Estimate {
        match what {
            OfRestores::Count => a_year(scale, &self.restores, Unseen::of(1.0)),
            OfRestores::ForGood => a_year(scale, &self.for_good, Unseen::of(1.0)),
            OfRestores::Lost(of) => self.lost.estimate(scale, of),
            OfRestores::Age(of) => self.age.estimate(scale, of),
            OfRestores::Length(of) => self.length.estimate(scale, of),
            OfRestores::Writes | OfRestores::WritesEach => Estimate::Missing(NoValue::NotKept),
        }
    }
}

/// Writes that the restores of one database lose, over all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoldedRestored {
    /// Restores from a backup, by block.
    restores: Vec<f64>,
    /// Writes lost, by block.
    lost: Vec<f64>,
}

impl FoldedRestored {
    /// Adds a replication.
    pub fn add(&mut self, seen: RestoredTally) {
        self.restores.push(seen.restores as f64);
        self.lost.push(seen.lost);
    }

    /// Appends other replications.
    pub fn append(&mut self, other: Self) {
        self.restores.extend(other.restores);
        self.lost.extend(other.lost);
    }

    pub(super) fn join(&mut self, join: Join) {
        join.sums(&mut self.restores);
        join.sums(&mut self.lost);
    }

    /// Returns the values per block; `None` if the figure is not a mean over replications.
    #[must_use]
    pub fn values(&self, what: OfRestores) -> Option<Vec<f64>> {
        (what == OfRestores::Writes).then(|| self.lost.clone())
    }

    /// Returns the estimate of a figure.
    #[must_use]
    pub fn estimate(&self, scale: Scale<'_>, what: OfRestores) -> Estimate {
        let (restores, lost): (f64, f64) = (self.restores.iter().sum(), self.lost.iter().sum());
        if what == OfRestores::WritesEach {
            let years = scale.years() * self.lost.len() as f64;
            return each(&self.lost, &self.restores, (years, Unseen::default()), scale.level);
        }
        let amount = (lost > 0.0 && restores > 0.0).then(|| lost / restores);
        a_year(scale, &self.lost, Unseen { amount, ..Unseen::default() })
    }
}

impl YearsResult {
    /// Returns the values per block of a figure of restores, in a net and of a database by place; `None` if it is not a
    /// mean over replications.
    pub(super) fn values_of_restores(
        &self,
        (net, at): (usize, usize),
        what: OfRestores,
    ) -> Option<Vec<f64>> {
        if what.is_of_writes() {
            return self.load[net].as_ref()?.restored.get(at)?.values(what);
        }
        self.restores[net][at].values(what)
    }

    /// Returns the estimate of a figure of restores, in a net and of a database by place.
    pub(super) fn of_restores(
        &self,
        plan: &YearsPlan,
        (net, at): (usize, usize),
        what: OfRestores,
    ) -> Estimate {
        if self.replications == 0 {
            return Estimate::Missing(NoValue::Stopped);
        }
        let own = self.restores.get(net).and_then(|net| net.get(at));
        let load = self.load.get(net).and_then(Option::as_ref);
        let restored = load.and_then(|load| load.restored.get(at));
        let estimate = match what.is_of_writes() {
            true => restored.map(|folded| folded.estimate(self.scale(plan), what)),
            false => own.map(|folded| folded.estimate(self.scale(plan), what)),
        };
        estimate.unwrap_or(Estimate::Missing(NoValue::NotKept))
    }
}

/// Returns whether a metric is one of restores.
pub(super) const fn is_of(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Restores
            | Metric::RecoveryPoint
            | Metric::BackupAge
            | Metric::RestoreTime
            | Metric::UnrestoredWrites
    )
}

/// Resolves a figure of restores to the place of the database and the quantity.
///
/// # Errors
///
/// [`NoSuchFigure`], if the scenario has no such figure.
pub fn resolve(
    plan: &AvailabilityPlan,
    figure: &Figure,
) -> Result<(usize, OfRestores), NoSuchFigure> {
    let names: Vec<&str> = plan.restores.iter().map(|one| one.name.as_str()).collect();
    let Some(at) = names.iter().position(|name| *name == figure.scope) else {
        let message = format!(
            "`{figure}`: no fault corrupts `{0}`, and none after which `{0}` is restored takes its disks",
            figure.scope
        );
        let help = suggest::help(&figure.scope, &names, "databases that are restored are");
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    let of = match figure.stat {
        None | Some(Stat::Mean) => Some(Of::Mean),
        Some(Stat::Quantile(q)) => Some(Of::Quantile(q)),
        Some(Stat::Max) => Some(Of::Largest),
        _ => None,
    };
    let what = match (figure.metric, of, figure.key("outcome")) {
        (Metric::Restores, Some(Of::Mean), None) => Some(OfRestores::Count),
        (Metric::Restores, Some(Of::Mean), Some(_)) => Some(OfRestores::ForGood),
        (Metric::RecoveryPoint, Some(of), _) => Some(OfRestores::Lost(of)),
        (Metric::BackupAge, Some(of), _) => Some(OfRestores::Age(of)),
        (Metric::RestoreTime, Some(of), _) => Some(OfRestores::Length(of)),
        (Metric::UnrestoredWrites, ..) if plan.fluid.is_none() => {
            let message = format!("`{figure}`: no workload in this scenario has a rate");
            return Err(NoSuchFigure::new(message).help("it needs a workload with a `rate`"));
        }
        (Metric::UnrestoredWrites, ..) if figure.stat.is_none() => Some(OfRestores::Writes),
        (Metric::UnrestoredWrites, Some(Of::Mean), _) => Some(OfRestores::WritesEach),
        _ => None,
    };
    let what =
        what.ok_or_else(|| NoSuchFigure::new(format!("`{figure}` is no figure of restores")));
    Ok((at, what?))
}
