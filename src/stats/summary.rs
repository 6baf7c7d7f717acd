//! Mean, variance and correlation of numbers folded in a fixed order.
//!
//! Model: Welford's recurrence on the distance from the first value, so that a large common part
//! costs no digits. Takes numbers one at a time or as a slice; gives moments.
//! Holds: the result depends on the order of the values and on nothing else; a fold of a slice and
//! a fold of its values one by one give the same bits.
//! Leaves out: combining two folds: statistics of replications are folded in replication order.
//!
//! Sources: Welford (1962); Neumaier (1974) for the compensated sum; NIST StRD for the accuracy.

use super::StatsError;

/// Running mean and variance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    count: u64,
    /// The first value, from which all are measured.
    origin: f64,
    mean_offset: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Summary {
    /// A fold of no values yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fold of `values` in their order.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut summary = Self::new();
        for &value in values {
            summary.add(value);
        }
        summary
    }

    /// Folds in one more value.
    pub fn add(&mut self, value: f64) {
        if self.count == 0 {
            (self.origin, self.min, self.max) = (value, value, value);
        }
        self.count += 1;
        let offset = value - self.origin;
        let gap = offset - self.mean_offset;
        self.mean_offset += gap / self.count as f64;
        self.squares += gap * (offset - self.mean_offset);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Arithmetic mean; `None` without a value.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.origin + self.mean_offset)
    }

    /// Sum of the squared distances from the mean.
    #[must_use]
    pub fn sum_of_squares(&self) -> f64 {
        self.squares
    }

    /// Sample variance, denominator n − 1; `None` below two values.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// Sample standard deviation; `None` below two values.
    #[must_use]
    pub fn standard_deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// Standard error of the mean of independent values; `None` below two.
    #[must_use]
    pub fn standard_error(&self) -> Option<f64> {
        self.variance().map(|variance| (variance / self.count as f64).sqrt())
    }

    /// Smallest value; `None` without one.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// Largest value; `None` without one.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }
}

/// Σ `values` in their order, with the rounding of each addition carried along (Neumaier): as if
/// summed in twice the precision and rounded once.
#[must_use]
pub fn ordered_sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// Pearson's correlation of two series of equal length.
///
/// # Errors
///
/// [`StatsError::LengthMismatch`], [`StatsError::TooFew`] below two pairs, and
/// [`StatsError::NoSpread`] when one of the series is constant.
pub fn correlation(x: &[f64], y: &[f64]) -> Result<f64, StatsError> {
    super::check_pairs(x, y, 2)?;
    let (of_x, of_y) = (Summary::of(x), Summary::of(y));
    let (mean_x, mean_y) = (mean_of(&of_x), mean_of(&of_y));
    let scale = (of_x.squares * of_y.squares).sqrt();
    if scale <= 0.0 {
        return Err(StatsError::NoSpread);
    }
    Ok(ordered_sum(x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y))) / scale)
}

/// Mean of a fold that is known not to be empty.
pub(super) fn mean_of(summary: &Summary) -> f64 {
    summary.mean().expect("the caller has checked that there are values")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::warmup::lag_one_autocorrelation;

    /// Correct decimal digits: −log₁₀ of the relative error, at most 15 (a NIST convention).
    fn digits(found: f64, certified: f64) -> f64 {
        let error = ((found - certified) / certified).abs();
        if error == 0.0 { 15.0 } else { (-libm::log10(error)).min(15.0) }
    }

    /// `first`, then `low` and `high` in turn: the formula of the data sets NumAcc2 to NumAcc4.
    fn numacc(first: f64, low: f64, high: f64) -> Vec<f64> {
        let mut values = vec![first];
        for _ in 0..500 {
            values.extend([low, high]);
        }
        values
    }

    const MICHELSO: &str = "85 74 90 107 93 85 95 98 98 88 100 98 93 65 76 81 100 100 96 96 96 94 \
        96 94 88 80 85 88 90 84 83 79 81 88 88 83 80 79 76 80 88 88 88 86 72 72 62 86 97 95 88 91 \
        85 87 84 84 85 84 84 84 89 81 81 82 80 77 76 74 75 76 91 92 89 86 88 72 84 85 85 78 89 84 \
        78 81 76 81 79 81 82 85 87 87 81 74 81 94 95 80 81 87";
    const MAVRO: &str = "180 170 180 190 180 170 150 140 150 150 170 180 180 190 190 210 200 160 \
        140 130 130 150 150 160 150 140 130 140 150 140 150 160 150 160 190 200 200 210 220 230 \
        240 250 270 260 260 260 270 260 250 240";
    const LOTTERY: &str = "162 671 933 414 788 730 817 33 536 875 670 236 473 167 877 980 316 950 \
        456 92 517 557 956 954 104 178 794 278 147 773 437 435 502 610 582 780 689 562 964 791 28 \
        97 848 281 858 538 660 972 671 613 867 448 738 966 139 636 847 659 754 243 122 455 195 \
        968 793 59 730 361 574 522 97 762 431 158 429 414 22 629 788 999 187 215 810 782 47 34 \
        108 986 25 644 829 630 315 567 919 331 207 412 242 607 668 944 749 168 864 442 533 805 \
        372 63 458 777 416 340 436 140 919 350 510 572 905 900 85 389 473 758 444 169 625 692 140 \
        897 672 288 312 860 724 226 884 508 976 741 476 417 831 15 318 432 241 114 799 955 833 \
        358 935 146 630 830 440 642 356 373 271 715 367 393 190 669 8 861 108 795 269 590 326 866 \
        64 523 862 840 219 382 998 4 628 305 747 247 34 747 729 645 856 974 24 568 24 694 608 480 \
        410 729 947 293 53 930 223 203 677 227 62 455 387 318 562 242 428 968";

    fn numbers(text: &str) -> impl Iterator<Item = f64> + '_ {
        text.split_whitespace().map(|word| word.parse().unwrap())
    }

    /// T13: NIST's univariate reference sets: correct digits of mean, standard deviation and
    /// lag-1 autocorrelation. Certified values and data: NIST Statistical Reference Datasets.
    #[test]
    fn mean_and_deviation_keep_the_digits_nist_certifies() {
        // Divided, not multiplied, so that each value is the double nearest to its decimal.
        let michelso = numbers(MICHELSO).map(|v| (29_900.0 + v) / 100.0).collect();
        let mavro = numbers(MAVRO).map(|v| (200_000.0 + v) / 100_000.0).collect();
        let lottery = numbers(LOTTERY).collect();
        let sets: [(&str, Vec<f64>, [f64; 3], f64); 7] = [
            (
                "NumAcc1",
                vec![10_000_001.0, 10_000_003.0, 10_000_002.0],
                [1e7 + 2.0, 1.0, -0.5],
                13.,
            ),
            ("NumAcc2", numacc(1.2, 1.1, 1.3), [1.2, 0.1, -0.999], 13.0),
            ("NumAcc3", numacc(1e6 + 0.2, 1e6 + 0.1, 1e6 + 0.3), [1e6 + 0.2, 0.1, -0.999], 9.0),
            ("NumAcc4", numacc(1e7 + 0.2, 1e7 + 0.1, 1e7 + 0.3), [1e7 + 0.2, 0.1, -0.999], 8.0),
            (
                "Michelso",
                michelso,
                [299.852_4, 0.079_010_547_819_051_77, 0.535_199_668_621_283_3],
                13.0,
            ),
            (
                "Mavro",
                mavro,
                [2.001_856, 0.000_429_123_454_003_052_8, 0.937_989_183_438_248_1],
                13.0,
            ),
            (
                "Lottery",
                lottery,
                [518.958_715_596_330_3, 291.699_727_470_969_1, -0.120_948_622_967_392_87],
                13.0,
            ),
        ];
        for (name, values, [mean, deviation, lag_one], digits_of_deviation) in sets {
            let summary = Summary::of(&values);
            let found = [
                digits(summary.mean().unwrap(), mean),
                digits(summary.standard_deviation().unwrap(), deviation),
                digits(lag_one_autocorrelation(&values).unwrap(), lag_one),
            ];
            assert!(found[0] >= 14.0, "{name}: mean has {} digits", found[0]);
            assert!(found[1] >= digits_of_deviation, "{name}: deviation has {} digits", found[1]);
            assert!(found[2] >= 10.0, "{name}: lag-1 has {} digits", found[2]);
        }
    }

    /// D8: a sum is taken in order and rounded once.
    #[test]
    fn an_ordered_sum_loses_nothing_to_large_terms() {
        assert_eq!(ordered_sum([1e16, 1.0, 1.0, -1e16]), 2.0);
        assert_eq!(ordered_sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(ordered_sum((0..10).map(|_| 0.1)), 1.0);
        assert_eq!(ordered_sum([]), 0.0);
    }

    /// S9: an empty class has no mean, and one value has no spread.
    #[test]
    fn nothing_seen_gives_nothing() {
        let none = Summary::new();
        assert_eq!(
            (none.mean(), none.variance(), none.min(), none.max()),
            (None, None, None, None)
        );
        let one = Summary::of(&[3.0]);
        assert_eq!((one.mean(), one.variance(), one.max()), (Some(3.0), None, Some(3.0)));
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), Err(StatsError::NoSpread));
    }
}
