//! Figures over the intervals of a window: the value of one replication.
//!
//! A window is cut into consecutive intervals of one length, from its start; a remainder at its end belongs to none.
//! Each has a mean (utilisation, the number inside or queued), a rate or a count; the figure is a statistic of these
//! values. With n intervals a percentile is the one of rank ⌈q n⌉, so it needs more than 1 / (1 − q) of them to differ
//! from the largest. A standard deviation is that of the sample, with n − 1.
//! Holds: for a Poisson stream the expected dispersion is 1 for any n, since given their sum the counts are
//! multinomial.

use crate::convert::index;
use crate::model::blueprint::Blueprint;
use crate::plan::figure::registry::PER;
use crate::plan::figure::{Figure, Metric, Stat};
use crate::solve::series::{Cell, Meter, Series};
use crate::stats::quantile::nearest_rank;
use crate::stats::summary::Summary;
use crate::study::measure::NoValue;
use crate::units::SimDuration;

/// Default length of an interval.
pub const PERIOD: SimDuration = SimDuration::from_secs(300);
/// Maximum number of intervals of a window.
pub const MOST: u64 = 100_000;

/// Value kept per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Busy over capacity.
    Utilization,
    /// The mean number inside.
    Inside,
    /// Mean number in the queue.
    Line,
    /// Completions per second.
    Rate,
    /// Their number.
    Count,
}

/// A statistic over the intervals of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Every {
    /// Value kept per interval.
    pub kept: Kept,
    /// Meters whose values are added.
    pub meters: Vec<Meter>,
    /// Length of an interval.
    pub per: SimDuration,
    /// The statistic.
    pub stat: Stat,
}

impl Every {
    /// Returns the statistic and interval length of a figure, without meters yet; `None` for a figure that is not over
    /// intervals.
    #[must_use]
    pub fn of(figure: &Figure) -> Option<Self> {
        let given = figure.key(PER).and_then(|text| SimDuration::parse(text).ok());
        let alone = match figure.metric {
            Metric::Utilization | Metric::Throughput => !figure.is_mean(),
            _ => figure.stat == Some(Stat::Dispersion),
        };
        if given.is_none() && !alone {
            return None;
        }
        let (kept, meters) = (Kept::Count, Vec::new());
        Some(Self { kept, meters, per: given.unwrap_or(PERIOD), stat: figure.stat? })
    }

    /// Returns the series that must be recorded for it.
    pub fn series(&self) -> impl Iterator<Item = Series> {
        self.meters.iter().map(|of| Series { of: *of, per: self.per })
    }

    /// Returns the minimum number of intervals.
    #[must_use]
    pub fn needs(&self) -> u64 {
        match self.stat {
            // The least number for a percentile that is not simply the largest.
            Stat::Quantile(q) => (2..=MOST).find(|n| nearest_rank(q, *n) < *n).unwrap_or(MOST),
            _ => 2,
        }
    }

    /// Returns the value of one replication.
    ///
    /// # Errors
    ///
    /// [`NoValue`] for too few intervals, or where there was no capacity or nothing arrived.
    pub fn value(&self, plan: &Blueprint, all: &[(Series, Vec<Cell>)]) -> Result<f64, NoValue> {
        let of = |series: Series| all.iter().find(|(other, _)| *other == series);
        let mut found: Vec<(Meter, &[Cell])> = Vec::with_capacity(self.meters.len());
        for series in self.series() {
            let (_, cells) = of(series).ok_or(NoValue::NotKept)?;
            found.push((series.of, cells));
        }
        let have = found.iter().map(|(_, cells)| cells.len()).min().unwrap_or(0);
        // Servers that are lent have no capacity in some intervals: these count in no statistic.
        let values: Vec<f64> = (0..have).filter_map(|at| self.of_one(plan, &found, at)).collect();
        if values.is_empty() {
            return Err(NoValue::Empty);
        }
        let have = values.len() as u64;
        if have < self.needs() {
            return Err(NoValue::TooFew { have, need: self.needs() });
        }
        statistic(values, self.stat)
    }

    /// Returns the value of one interval; `None` where there was no capacity.
    fn of_one(&self, plan: &Blueprint, found: &[(Meter, &[Cell])], at: usize) -> Option<f64> {
        let sum = |of: &dyn Fn(&Cell) -> f64| found.iter().map(|(_, cells)| of(&cells[at])).sum();
        let nanos = self.per.nanos() as f64;
        Some(match self.kept {
            Kept::Utilization => {
                let capacity: f64 = sum(&|cell| cell.capacity as f64);
                let busy: f64 = sum(&|cell| cell.busy as f64);
                (capacity > 0.0).then(|| busy / capacity)?
            }
            Kept::Inside => sum(&|cell| cell.inside as f64) / nanos,
            Kept::Line => {
                let line = |(of, cells): &(Meter, &[Cell])| {
                    cells[at].inside as f64 / nanos - busy(plan, *of, &cells[at], nanos)
                };
                found.iter().map(line).sum()
            }
            Kept::Rate => sum(&|cell| cell.count as f64) / self.per.seconds(),
            Kept::Count => sum(&|cell| cell.count as f64),
        })
    }
}

/// Returns the mean number of busy servers.
fn busy(plan: &Blueprint, of: Meter, cell: &Cell, nanos: f64) -> f64 {
    let servers = match of {
        Meter::Part(id) => plan.parts[id.index()].config.counts().servers,
        _ => None,
    };
    match servers {
        Some(servers) if cell.capacity > 0 => {
            cell.busy as f64 / cell.capacity as f64 * f64::from(servers)
        }
        _ => cell.busy as f64 / nanos,
    }
}

fn statistic(mut values: Vec<f64>, stat: Stat) -> Result<f64, NoValue> {
    let spread = Summary::of(&values);
    match stat {
        Stat::Deviation => spread.standard_deviation().ok_or(NoValue::Empty),
        Stat::Dispersion => match (spread.variance(), spread.mean()) {
            (Some(variance), Some(mean)) if mean > 0.0 => Ok(variance / mean),
            _ => Err(NoValue::Empty),
        },
        Stat::Quantile(q) => {
            values.sort_unstable_by(f64::total_cmp);
            let rank = index(nearest_rank(q, values.len() as u64));
            values.get(rank - 1).copied().ok_or(NoValue::Empty)
        }
        Stat::Max => values.into_iter().max_by(f64::total_cmp).ok_or(NoValue::Empty),
        _ => Err(NoValue::Empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stat: Stat) -> f64 {
        statistic(vec![4.0, 8.0, 6.0, 2.0], stat).unwrap()
    }

    /// Computed by definition: mean 5, squares 1 + 9 + 1 + 9 = 20 over 3.
    #[test]
    fn statistics_of_intervals_are_those_of_a_sample() {
        assert!((of(Stat::Deviation) - (20.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((of(Stat::Dispersion) - 4.0 / 3.0).abs() < 1e-12);
        assert_eq!((of(Stat::Max), of(Stat::Quantile(0.5))), (8.0, 4.0));
        assert_eq!(statistic(vec![0.0, 0.0], Stat::Dispersion), Err(NoValue::Empty));
    }

    #[test]
    fn a_percentile_takes_so_many_intervals_that_it_is_not_the_largest() {
        let needs = |stat| {
            let (kept, meters) = (Kept::Count, Vec::new());
            Every { kept, meters, per: PERIOD, stat }.needs()
        };
        let quantiles = [0.5, 0.9, 0.95, 0.99, 0.999].map(|q| needs(Stat::Quantile(q)));
        assert_eq!(quantiles, [2, 10, 20, 100, 1_000]);
        assert_eq!((needs(Stat::Max), needs(Stat::Deviation)), (2, 2));
    }
}
