//! Values of figures over replications, as sums.

use serde::{Deserialize, Serialize};

use crate::stats::counts::{mean_of_counts_in, mean_of_shares_in};
use crate::stats::exact::Exact;
use crate::stats::interval::Statistic;
use crate::stats::moments::Moments;
use crate::stats::regression::Regression;
use crate::study::control;
use crate::study::measure::{Measure, NoValue};
use crate::study::replication::Valued;
use crate::study::window::Estimate;

/// Values, one per replication, of which some may be missing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Values {
    moments: Moments,
    /// Number of replications that ended before the time that is measured. Their lengths are among the values.
    later: u64,
    /// The first replication without a value, with the reason.
    missing: Option<(u64, NoValue)>,
}

impl Values {
    pub(super) fn add(&mut self, number: u64, value: Result<f64, NoValue>) {
        match value {
            Ok(value) => self.moments.add(value),
            Err(NoValue::Later(seconds)) => {
                self.later += 1;
                self.moments.add(seconds);
            }
            Err(reason) => self.miss(number, reason),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        self.later += other.later;
        if let Some((number, reason)) = other.missing {
            self.miss(number, reason);
        }
    }

    fn miss(&mut self, number: u64, reason: NoValue) {
        if self.missing.is_none_or(|(first, _)| number < first) {
            self.missing = Some((number, reason));
        }
    }

    /// Estimates as [`window::estimate`](crate::study::window::estimate) does from the values.
    pub(super) fn estimate(&self, statistic: Statistic, level: f64) -> Estimate {
        if let Some((_, reason)) = self.missing {
            return Estimate::Missing(reason);
        }
        if self.later > 0 {
            let low = self.moments.interval(Statistic::Mean, level);
            return Estimate::Missing(NoValue::AtLeast {
                mean: self.moments.mean(),
                low: low.map_or(0.0, |interval| interval.low.max(0.0)),
                later: self.later,
                of: self.moments.count(),
            });
        }
        match self.moments.interval(statistic, level) {
            Ok(interval) => Estimate::Interval(interval),
            Err(_) => Estimate::Missing(NoValue::Empty),
        }
    }
}

/// Values of one measure, with what its interval needs beside them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Figure {
    values: Values,
    /// Number of replications with a unit, and the sum of 1 ÷ unit: the trials of all together.
    trials: (u64, Exact),
    /// Largest possible value.
    most: Option<f64>,
    /// Sums of the products with each control; empty where the figure is not corrected.
    along: Vec<Exact>,
}

impl Figure {
    /// Returns the figure of no replication, which has this number of `controls`.
    pub(super) fn new(measure: &Measure, controls: usize) -> Self {
        let controls = if control::is_corrected(measure) { controls } else { 0 };
        Self { along: vec![Exact::new(); controls], ..Self::default() }
    }

    /// Returns the number of controls by which it is corrected.
    pub(super) const fn controls(&self) -> usize {
        self.along.len()
    }

    pub(super) fn add(&mut self, number: u64, one: &Valued, controls: &[f64]) {
        self.values.add(number, one.value);
        if let Some(unit) = one.unit {
            self.trials.0 += 1;
            self.trials.1.add(1.0 / unit);
        }
        self.bound(one.most);
        if let Ok(value) = one.value {
            let products = self.along.iter_mut().zip(controls);
            products.for_each(|(sum, control)| sum.add_product(value, *control));
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.values.merge(&other.values);
        self.trials.0 += other.trials.0;
        self.trials.1.merge(&other.trials.1);
        self.bound(other.most);
        self.along.iter_mut().zip(&other.along).for_each(|(own, other)| own.merge(other));
    }

    fn bound(&mut self, most: Option<f64>) {
        let both = [self.most, most].into_iter().flatten();
        self.most = both.max_by(f64::total_cmp);
    }

    /// Returns whether every replication has a value.
    pub(super) const fn is_whole(&self) -> bool {
        self.values.missing.is_none() && self.values.later == 0
    }

    /// Estimates as [`control::estimated`](crate::study::control) does from the values.
    pub(super) fn estimate(
        &self,
        measure: &Measure,
        regression: Option<&Regression<'_>>,
        level: f64,
    ) -> Estimate {
        let statistic = measure.statistic();
        let (moments, count) = (&self.values.moments, self.values.moments.count());
        if self.trials.0 == count && self.values.missing.is_none() {
            let plain = self.values.estimate(Statistic::Mean, level);
            if matches!(plain, Estimate::Missing(_)) {
                return plain;
            }
            let unit = count as f64 / self.trials.1.value();
            let found = match measure.is_share() {
                true => mean_of_shares_in(moments, unit, level),
                false => mean_of_counts_in(moments, unit, level),
            };
            return found.map_or(plain, Estimate::Interval);
        }
        let plain = self.values.estimate(statistic, level);
        let Some(regression) = regression.filter(|_| !self.along.is_empty()) else { return plain };
        if statistic != Statistic::Mean || !matches!(plain, Estimate::Interval(_)) {
            return plain;
        }
        match regression.mean(moments, &self.along, level) {
            // For a saturated part the regression line would exceed its maximum.
            Ok(Some(found)) if self.most.is_some_and(|most| found.estimate > most) => plain,
            Ok(Some(found)) => Estimate::Interval(found),
            _ => plain,
        }
    }
}
