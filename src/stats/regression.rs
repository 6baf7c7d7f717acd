//! Means corrected by controls, over any number of replications, from sums whose order does not matter.
//!
//! Model: that of [`control`](super::control): the mean of a figure y is read on its regression on controls x at their
//! expectation μ. There each replication has a pseudo-value, whose weight is a quotient in the controls of this one
//! replication. Such quotients have no sums that could be merged. So the error is here that of the regression itself:
//! σ² (1/n + t't), with σ² the variance of the residuals on n − 1 − q degrees of freedom for q controls, and t the
//! distance of μ from the mean of the controls in units of their spread. For the replications that use it, more than a
//! thousand, the two differ by less than the noise of either: of order q/n in the estimate, 1/√n in the error.
//!
//! Takes the controls of each replication and, of each figure, the products with them; gives intervals.
//! Holds: the result does not depend on the order of the replications, nor on their grouping. What
//! [`Controls`](super::control::Controls) does not correct stays as it is here: constants, estimates far from the values,
//! and estimates below zero where no value is.
//! Leaves out: residuals whose spread depends on the controls; the error is then that of their average.
//!
//! Source: Lavenberg & Welch (1981), equations 10 to 14.

use serde::{Deserialize, Serialize};

use super::StatsError;
use super::exact::Exact;
use super::interval::{Interval, Method, Student};
use super::moments::{Moments, centred};

/// Share of a control's variance below which the controls before it explain all of it, up to rounding.
const EXPLAINED: f64 = 1e-12;
/// Leverage above which one replication alone decides a slope.
const ALONE: f64 = 0.99;

/// Sums of the controls of replications, and of their products.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Crossed {
    each: Vec<Moments>,
    /// Products of two controls, row by row below the diagonal.
    products: Vec<Exact>,
}

impl Crossed {
    /// Returns the sums of `count` controls over no replication.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let pairs = count * count.saturating_sub(1) / 2;
        Self { each: vec![Moments::new(); count], products: vec![Exact::new(); pairs] }
    }

    /// Returns the number of controls.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.each.len()
    }

    /// Adds the controls of a replication.
    pub fn add(&mut self, controls: &[f64]) {
        let mut products = self.products.iter_mut();
        for (at, (own, value)) in self.each.iter_mut().zip(controls).enumerate() {
            own.add(*value);
            for other in &controls[..at] {
                if let Some(product) = products.next() {
                    product.add_product(*value, *other);
                }
            }
        }
    }

    /// Adds the replications of others.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in self.each.iter_mut().zip(&other.each) {
            own.merge(other);
        }
        for (own, other) in self.products.iter_mut().zip(&other.products) {
            own.merge(other);
        }
    }

    /// Prepares the regression on the controls, whose expectations are `expected`; those without spread of their own
    /// are left out. `None` if none is left, or one replication decides a slope.
    #[must_use]
    pub fn regression(&self, expected: &[f64]) -> Option<Regression<'_>> {
        let mut regression = Regression { of: self, rows: Vec::new(), targets: Vec::new() };
        for (at, (own, expected)) in self.each.iter().zip(expected).enumerate() {
            let spread = own.sum_of_squares();
            let usable = own.check(2).is_ok() && expected.is_finite() && spread > 0.0;
            if !usable {
                continue;
            }
            let mean = own.mean();
            let (least, most) = own.range()?;
            let farthest = (mean - least).max(most - mean);
            if 1.0 / own.count() as f64 + farthest * farthest / spread > ALONE {
                return None;
            }
            let with = |other: usize| {
                let place = at * at.saturating_sub(1) / 2 + other;
                centred(own.count(), &self.products[place], (own.sum(), self.each[other].sum()))
            };
            let along = regression.along(&with);
            let left = spread - along.iter().map(|part| part * part).sum::<f64>();
            if left <= EXPLAINED * spread {
                continue;
            }
            let shares = along.iter().zip(&regression.targets);
            let known: f64 = shares.map(|(part, target)| part * target).sum();
            regression.targets.push((expected - mean - known) / left.sqrt());
            regression.rows.push(Row { control: at, along, size: left.sqrt() });
        }
        (!regression.rows.is_empty()).then_some(regression)
    }
}

/// A control that is used: its parts along those before it, and what is left of it.
#[derive(Clone, Debug)]
struct Row {
    control: usize,
    along: Vec<f64>,
    size: f64,
}

/// A regression on controls, for any figure of the same replications.
#[derive(Clone, Debug)]
pub struct Regression<'a> {
    of: &'a Crossed,
    rows: Vec<Row>,
    /// Coordinates of the expectations along the orthonormal controls, from their mean.
    targets: Vec<f64>,
}

impl Regression<'_> {
    /// Returns the coordinates along the orthonormal controls of something with these sums of products with each control,
    /// by its place.
    fn along(&self, with: &dyn Fn(usize) -> f64) -> Vec<f64> {
        let mut found: Vec<f64> = Vec::new();
        for row in &self.rows {
            let known: f64 = row.along.iter().zip(&found).map(|(part, own)| part * own).sum();
            found.push((with(row.control) - known) / row.size);
        }
        found
    }

    /// Returns the corrected mean of values with its interval; `None` where no correction is made. `products` has, by
    /// control, the sum of the products with the values.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Interval::of_mean`].
    pub fn mean(
        &self,
        values: &Moments,
        products: &[Exact],
        level: f64,
    ) -> Result<Option<Interval>, StatsError> {
        let used = self.rows.len() as u64;
        let (n, degrees) = (values.count(), values.count().saturating_sub(1 + used));
        let same = |control: &Moments| control.count() == n;
        let fits = products.len() == self.of.count() && self.of.each.iter().all(same);
        let Some((low, high)) = values.range().filter(|_| fits && degrees > 0) else {
            return Ok(None);
        };
        values.check(2)?;
        let method = Method::ControlVariate;
        if low == high {
            return Ok(Some(Interval { method, ..Interval::point(low, level) }));
        }
        let with = |at: usize| centred(n, &products[at], (values.sum(), self.of.each[at].sum()));
        let slopes = self.along(&with);
        let shift: f64 = slopes.iter().zip(&self.targets).map(|(slope, at)| slope * at).sum();
        let estimate = values.mean() + shift;
        let slack = high - low + 1e-12 * low.abs().max(high.abs());
        let near = low - slack <= estimate && estimate <= high + slack;
        if !near || (estimate < 0.0 && low >= 0.0) {
            return Ok(None);
        }
        let explained: f64 = slopes.iter().map(|slope| slope * slope).sum();
        let variance = (values.sum_of_squares() - explained).max(0.0) / degrees as f64;
        let away: f64 = self.targets.iter().map(|target| target * target).sum();
        let standard_error = (variance * (1.0 / n as f64 + away)).sqrt();
        let found = Student { estimate, standard_error, degrees: degrees as f64 };
        found.interval(level, method).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::control::{Control, Controls};
    use crate::stats::oracle_tests::Draws;

    /// Controls by replication, with the figure of each, summed in groups of the given size.
    fn summed(
        controls: &[Vec<f64>],
        values: &[f64],
        group: usize,
    ) -> (Crossed, Moments, Vec<Exact>) {
        let count = controls[0].len();
        let empty = || (Crossed::new(count), Moments::new(), vec![Exact::new(); count]);
        let mut all = empty();
        let replications: Vec<(&Vec<f64>, &f64)> = controls.iter().zip(values).collect();
        for group in replications.chunks(group).rev() {
            let mut own = empty();
            for (x, y) in group {
                own.0.add(x);
                own.1.add(**y);
                own.2.iter_mut().zip(*x).for_each(|(sum, x)| sum.add_product(*x, **y));
            }
            all.0.merge(&own.0);
            all.1.merge(&own.1);
            all.2.iter_mut().zip(&own.2).for_each(|(sum, own)| sum.merge(own));
        }
        all
    }

    /// 3 + 2x is read at x = 4.5: 12, without error. A constant stays itself.
    #[test]
    fn a_line_is_read_where_its_control_is_expected() {
        let x: Vec<Vec<f64>> = (0..50).map(|at| vec![f64::from(at * at % 7)]).collect();
        let line: Vec<f64> = x.iter().map(|x| 3.0 + 2.0 * x[0]).collect();
        let (crossed, moments, products) = summed(&x, &line, 7);
        let regression = crossed.regression(&[4.5]).unwrap();
        let found = regression.mean(&moments, &products, 0.95).unwrap().unwrap();
        assert!((found.estimate - 12.0).abs() < 1e-12 && found.half_width() < 1e-6, "{found:?}");
        let (crossed, moments, products) = summed(&x, &[7.0; 50], 50);
        let regression = crossed.regression(&[4.5]).unwrap();
        let found = regression.mean(&moments, &products, 0.95).unwrap().unwrap();
        assert_eq!((found.low, found.high, found.method), (7.0, 7.0, Method::ControlVariate));
    }

    /// 1,500 replications, two controls of which one has a part of the other, and a figure with a bend: the estimate is
    /// within a tenth of a half-width of that of the pseudo-values, and the half-widths within a tenth of each other.
    #[test]
    fn a_regression_gives_what_the_pseudo_values_give() {
        let mut draws = Draws::named("a_regression_gives_what_the_pseudo_values_give");
        let x: Vec<Vec<f64>> = (0..1_500)
            .map(|_| {
                let first = 100.0 + 10.0 * draws.normal();
                vec![first, 0.3 * first + draws.normal()]
            })
            .collect();
        let bent = |x: &Vec<f64>| x[0] - 2.0 * x[1] + 1e-3 * x[0] * x[0];
        let y: Vec<f64> = x.iter().map(|x| bent(x) + draws.normal()).collect();
        let expected = [100.0, 30.0];
        let column = |at: usize| Control {
            values: x.iter().map(|x| x[at]).collect(),
            expected: expected[at],
        };
        let pseudo = Controls::new(&[column(0), column(1)]).unwrap();
        let pseudo = pseudo.mean(&y, 0.95).unwrap().unwrap();
        let (crossed, moments, products) = summed(&x, &y, 64);
        let regression = crossed.regression(&expected).unwrap();
        let found = regression.mean(&moments, &products, 0.95).unwrap().unwrap();
        let half = pseudo.half_width();
        assert!((found.estimate - pseudo.estimate).abs() < 0.1 * half, "{found:?} {pseudo:?}");
        assert!((found.half_width() / half - 1.0).abs() < 0.1, "{found:?} {pseudo:?}");
        // Without the controls the interval is several times as wide.
        assert!(found.half_width() < 0.5 * Interval::of_mean(&y, 0.95).unwrap().half_width());
    }

    #[test]
    fn grouping_does_not_matter() {
        let mut draws = Draws::named("grouping_does_not_matter");
        let x: Vec<Vec<f64>> =
            (0..100).map(|_| vec![draws.normal(), draws.normal(), draws.normal()]).collect();
        let y: Vec<f64> = x.iter().map(|x| x[0] - x[2] + draws.normal()).collect();
        let found = [1, 7, 100].map(|group| {
            let (crossed, moments, products) = summed(&x, &y, group);
            let regression = crossed.regression(&[0.0; 3]).unwrap();
            let found = regression.mean(&moments, &products, 0.95).unwrap().unwrap();
            (postcard::to_stdvec(&crossed).unwrap(), found)
        });
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0], found[2]);
    }

    /// A control without spread, the same control again, or one replication that alone is different; nothing is
    /// corrected far from the values, nor below zero.
    #[test]
    fn nothing_is_corrected_on_no_grounds() {
        let of = |x: &dyn Fn(usize) -> Vec<f64>| -> Vec<Vec<f64>> { (0..200).map(x).collect() };
        let y: Vec<f64> = (0..200).map(|at| f64::from(at % 12)).collect();
        let still = summed(&of(&|_| vec![5.0]), &y, 9);
        assert!(still.0.regression(&[4.0]).is_none());
        let alone = summed(&of(&|at| vec![if at == 3 { 6.0 } else { 5.0 }]), &y, 9);
        assert!(alone.0.regression(&[5.0]).is_none());
        let twice = summed(&of(&|at| vec![y[at], y[at]]), &y, 9);
        assert_eq!(twice.0.regression(&[4.0, 4.0]).unwrap().rows.len(), 1);
        let (crossed, moments, products) = summed(&of(&|at| vec![y[at]]), &y, 9);
        let read = |at: f64| {
            let regression = crossed.regression(&[at]).unwrap();
            regression.mean(&moments, &products, 0.95).unwrap()
        };
        assert_eq!((read(40.0), read(-2.0)), (None, None), "far from 0 to 11, and below zero");
        assert!(read(12.0).is_some());
    }

    /// The interval has the truth in 95 % of 400 experiments of 1,100 replications.
    #[test]
    fn corrected_intervals_cover() {
        let mut draws = Draws::named("corrected_intervals_cover");
        let mut hits = 0;
        for _ in 0..400 {
            let x: Vec<Vec<f64>> = (0..1_100).map(|_| vec![draws.normal()]).collect();
            let y: Vec<f64> = x.iter().map(|x| x[0] + 0.3 * draws.normal()).collect();
            let (crossed, moments, products) = summed(&x, &y, 1_100);
            let regression = crossed.regression(&[0.0]).unwrap();
            let found = regression.mean(&moments, &products, 0.95).unwrap().unwrap();
            hits += u32::from(found.contains(0.0));
        }
        // 380 expected; three standard deviations of 4.4 either way.
        assert!((367..=393).contains(&hits), "{hits}");
    }
}
