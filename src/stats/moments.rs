//! Means, deviations and counts over any number of replications, from sums whose order does not matter.
//!
//! Model: of each value the exact sum, the exact sum of squares, the extremes and two counts are kept. Everything that
//! [`Interval::of_mean`], [`Interval::of_deviation`], [`mean_of_counts`](super::counts::mean_of_counts) and
//! [`mean_of_shares`](super::counts::mean_of_shares) need follows from them. A variance is (n Σx² − (Σx)²) ÷ n(n − 1), whose
//! numerator is computed without rounding, so that a large common part costs no digits.
//!
//! Takes values one by one, or the moments of others; gives intervals.
//! Holds: the result does not depend on the order of the values, nor on their grouping. It may differ in the last
//! digits from that of the functions for slices, which round as they add.
//! Leaves out: estimates that need every value, such as quantiles over replications.

use serde::{Deserialize, Serialize};

use super::exact::Exact;
use super::interval::{Interval, Method, Statistic, Student, deviation};
use super::{StatsError, check_open_unit};
use crate::convert::index;

/// Moments of values, one per replication.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    sum: Exact,
    squares: Exact,
    /// Least and greatest value; `None` without one.
    range: Option<(f64, f64)>,
    /// Number of values above 0, and of those below 1.
    sides: (u64, u64),
}

impl Moments {
    /// Returns the moments of no value.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the moments of some values.
    #[cfg(test)]
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut moments = Self::new();
        values.iter().for_each(|value| moments.add(*value));
        moments
    }

    /// Adds a value. One that is not finite leaves no estimate.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum.add(value);
        self.squares.add_product(value, value);
        // Zero has one sign: which of two equal values is kept must not depend on their order.
        let value = value + 0.0;
        self.widen(value, value);
        self.sides.0 += u64::from(value > 0.0);
        self.sides.1 += u64::from(value < 1.0);
    }

    /// Adds the values of other moments.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
        if let Some((least, most)) = other.range {
            self.widen(least, most);
        }
        self.sides.0 += other.sides.0;
        self.sides.1 += other.sides.1;
    }

    fn widen(&mut self, low: f64, high: f64) {
        let (least, most) = self.range.unwrap_or((low, high));
        self.range = Some((least.min(low), most.max(high)));
    }

    /// Returns the moments of 1 − x.
    #[must_use]
    pub(super) fn complement(&self) -> Self {
        let all = Exact::of(self.count.into());
        // Σ(1 − x)² = n − 2 Σx + Σx².
        let rest = all.minus(&self.sum);
        let mut squares = rest.minus(&self.sum);
        squares.merge(&self.squares);
        Self {
            count: self.count,
            sum: rest,
            squares,
            range: self.range.map(|(least, most)| (1.0 - most, 1.0 - least)),
            sides: (self.sides.1, self.sides.0),
        }
    }

    /// Returns the number of values.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns the exact sum.
    #[must_use]
    pub const fn sum(&self) -> &Exact {
        &self.sum
    }

    /// Returns the least and the greatest value; `None` without one.
    #[must_use]
    pub const fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// Returns the number of values above 0.
    #[must_use]
    pub const fn positive(&self) -> u64 {
        self.sides.0
    }

    /// Returns the mean; not-a-number without values, or where one was not finite.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum.value() / self.count as f64
    }

    /// Returns the sum of the squared distances from the mean.
    #[must_use]
    pub fn sum_of_squares(&self) -> f64 {
        centred(self.count, &self.squares, (&self.sum, &self.sum))
    }

    /// Refuses values that are too few or not finite.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`], [`StatsError::NotFinite`].
    pub(super) fn check(&self, needed: usize) -> Result<(), StatsError> {
        if self.count < needed as u64 {
            return Err(StatsError::TooFew { needed, given: index(self.count) });
        }
        let finite = self.sum.value().is_finite() && self.squares.value().is_finite();
        if finite { Ok(()) } else { Err(StatsError::NotFinite) }
    }

    /// Returns the mean with its standard error.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`] below two values, [`StatsError::NotFinite`].
    pub fn student(&self) -> Result<Student, StatsError> {
        self.check(2)?;
        let (n, degrees) = (self.count as f64, (self.count - 1) as f64);
        let variance = self.sum_of_squares() / degrees;
        Ok(Student { estimate: self.mean(), standard_error: (variance / n).sqrt(), degrees })
    }

    /// Returns the interval of `statistic` over the values, as [`Interval::of`] does for a slice.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Interval::of_mean`].
    pub fn interval(&self, statistic: Statistic, level: f64) -> Result<Interval, StatsError> {
        match statistic {
            Statistic::Mean => self.student()?.interval(level, Method::StudentT),
            Statistic::Deviation => {
                self.check(2)?;
                check_open_unit(level, "level")?;
                Ok(deviation(self.sum_of_squares(), (self.count - 1) as f64, level))
            }
        }
    }
}

/// Returns Σ(x − x̄)(y − ȳ) of n pairs: (n Σxy − Σx Σy) ÷ n, rounded once before the division.
#[must_use]
pub(super) fn centred(n: u64, products: &Exact, (x, y): (&Exact, &Exact)) -> f64 {
    let scaled = products.times(&Exact::of(n.into()));
    scaled.minus(&x.times(y)).value() / n as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::counts;

    fn near(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 1e-9 * expected.abs().max(1e-9)
    }

    fn alike(one: &Interval, other: &Interval) -> bool {
        one.method == other.method
            && near(one.estimate, other.estimate)
            && near(one.low, other.low)
            && near(one.high, other.high)
    }

    /// 1, 2, 3, 4 around a million million: mean 10¹² + 2.5, Σ(x − x̄)² = 5, to the bit.
    #[test]
    fn a_large_common_part_costs_no_digit() {
        let found = Moments::of(&[1e12 + 1.0, 1e12 + 2.0, 1e12 + 3.0, 1e12 + 4.0]);
        assert_eq!((found.mean(), found.sum_of_squares()), (1e12 + 2.5, 5.0));
        assert_eq!(Moments::of(&[0.1; 7]).sum_of_squares(), 0.0, "equal values have no spread");
    }

    #[test]
    fn too_few_values_or_one_without_a_number_have_no_interval() {
        let level = 0.95;
        let few = Moments::of(&[1.0]).interval(Statistic::Mean, level);
        assert_eq!(few, Err(StatsError::TooFew { needed: 2, given: 1 }));
        let none = Moments::of(&[1.0, f64::NAN]).interval(Statistic::Mean, level);
        assert_eq!(none, Err(StatsError::NotFinite));
        assert!(Moments::of(&[1.0, 2.0]).interval(Statistic::Mean, 1.0).is_err());
    }

    proptest! {
        /// The moments of any two groups, in either order, are those of all values.
        #[test]
        fn moments_do_not_depend_on_grouping(
            values in prop::collection::vec(-1e9..1e9, 0..30),
            cut in any::<prop::sample::Index>(),
        ) {
            let cut = cut.index(values.len() + 1);
            let [first, second] = [&values[..cut], &values[cut..]].map(Moments::of);
            let (mut one, mut other) = (first.clone(), second.clone());
            one.merge(&second);
            other.merge(&first);
            let bytes = |moments: &Moments| postcard::to_stdvec(moments).unwrap();
            prop_assert_eq!(bytes(&one), bytes(&Moments::of(&values)));
            prop_assert_eq!(bytes(&one), bytes(&other));
        }

        /// Means, deviations, counts and shares have the intervals of the slices, up to rounding.
        #[test]
        fn intervals_are_those_of_the_values(
            values in prop::collection::vec(0.0..1.0, 12..60),
            rare in prop::collection::vec(0_u8..40, 12..60),
        ) {
            let level = 0.95;
            let all = Moments::of(&values);
            for statistic in [Statistic::Mean, Statistic::Deviation] {
                let expected = Interval::of(statistic, &values, level).unwrap();
                prop_assert!(alike(&all.interval(statistic, level).unwrap(), &expected));
            }
            let counts: Vec<f64> = rare.iter().map(|n| f64::from(n.saturating_sub(36))).collect();
            let found = counts::mean_of_counts_in(&Moments::of(&counts), 1.0, level).unwrap();
            let expected = counts::mean_of_counts(&counts, 1.0, level).unwrap();
            prop_assert!(alike(&found, &expected), "{found:?} {expected:?}");
            for turned in [false, true] {
                let share = |n: &f64| if turned { 1.0 - n / 64.0 } else { n / 64.0 };
                let shares: Vec<f64> = counts.iter().map(share).collect();
                let found = counts::mean_of_shares_in(&Moments::of(&shares), 1.0 / 64.0, level).unwrap();
                let expected = counts::mean_of_shares(&shares, 1.0 / 64.0, level).unwrap();
                prop_assert!(alike(&found, &expected), "{found:?} {expected:?}");
            }
        }
    }
}
