//! Equivalence of two figures within a margin, and comparison of many pairs.
//!
//! Takes one value per replication of each side (paired by common random numbers, independent, or one side exact);
//! returns p-values and a verdict. "Not shown to differ" is never called agreement: to agree, the data must exclude a
//! difference as large as the margin.
//!
//! Holds: each verdict errs with at most the given rate. Relative margins are tested on the
//! combination a − (1 ± margin) b, so that the error of b counts too.
//! Leaves out: shapes far from normal with few replications.
//!
//! Sources: Schuirmann (1987) for two one-sided tests; Holm (1979); Fieller (1954) for the ratio.

use super::interval::{Interval, Method, Student};
use super::special::student_upper_quantile;
use super::{StatsError, check_open_unit, check_pairs, check_values};

/// The largest difference that still counts as the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// |a − b| at most this, in the unit of the figure.
    Absolute(f64),
    /// |a − b| at most this share of b.
    Relative(f64),
}

impl Margin {
    /// Returns the least and the largest a that agree with b, as (factor, offset): factor × b + offset.
    fn ends(self) -> Result<[(f64, f64); 2], StatsError> {
        let (size, ends) = match self {
            Self::Absolute(size) => (size, [(1.0, -size), (1.0, size)]),
            Self::Relative(size) => (size, [(1.0 - size, 0.0), (1.0 + size, 0.0)]),
        };
        if size.is_finite() && size >= 0.0 {
            Ok(ends)
        } else {
            Err(StatsError::OutOfRange("margin"))
        }
    }
}

/// Verdict of a test of equivalence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A difference beyond the margin is excluded.
    Agree,
    /// A difference within the margin is excluded.
    Disagree,
    /// The data exclude neither.
    Inconclusive,
}

/// Two one-sided tests against a margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// Probability of data this close together, if the truth lay on the margin.
    pub p_agree: f64,
    /// Probability of data this far apart, if the truth lay on the margin.
    pub p_disagree: f64,
}

impl Equivalence {
    /// Tests paired replications `a` and `b`.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`] below two pairs, [`StatsError::LengthMismatch`],
    /// [`StatsError::OutOfRange`] for a margin below zero, [`StatsError::NotFinite`].
    pub fn paired(a: &[f64], b: &[f64], margin: Margin) -> Result<Self, StatsError> {
        check_pairs(a, b, 2)?;
        Self::between(margin, |factor, offset| {
            let gaps: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - factor * b - offset).collect();
            check_values(&gaps, 2)?;
            Ok(Student::of(&gaps))
        })
    }

    /// Tests independent sets of replications (Welch).
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Equivalence::paired`], without the equal length.
    pub fn independent(a: &[f64], b: &[f64], margin: Margin) -> Result<Self, StatsError> {
        Self::between(margin, |factor, offset| {
            let shifted: Vec<f64> = b.iter().map(|b| factor * b + offset).collect();
            Student::welch(a, &shifted)
        })
    }

    /// Tests replications `a` against a value known without error.
    ///
    /// # Errors
    ///
    /// [`StatsError`], as for [`Equivalence::paired`].
    pub fn to_exact(a: &[f64], exact: f64, margin: Margin) -> Result<Self, StatsError> {
        check_values(a, 2)?;
        check_values(&[exact], 1)?;
        Self::between(margin, |factor, offset| {
            let mean = Student::of(a);
            Ok(Student { estimate: mean.estimate - (factor * exact + offset), ..mean })
        })
    }

    /// Tests two independent estimates, each with its own error.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a margin below zero.
    pub fn of_estimates(a: &Student, b: &Student, margin: Margin) -> Result<Self, StatsError> {
        Self::between(margin, |factor, offset| {
            Ok(a.minus(&Student {
                estimate: factor * b.estimate + offset,
                standard_error: factor.abs() * b.standard_error,
                ..*b
            }))
        })
    }

    /// Returns the factor on the replications of both sides that would decide, if the difference were as large as
    /// observed. It applies at rate `alpha` beyond the margin, at rate `beta` within, four times in five. `None` if the
    /// difference lies on the margin. A relative margin is a share of `b`.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a rate outside (0, 1).
    pub fn effort_of_difference(
        difference: &Student,
        b: f64,
        margin: Margin,
        alpha: f64,
        beta: f64,
    ) -> Result<Option<f64>, StatsError> {
        check_open_unit(alpha, "error rate")?;
        check_open_unit(beta, "error rate")?;
        // Many replications: Student's law is as good as normal.
        let normal = |tail: f64| student_upper_quantile(tail, 1e6);
        let width = match margin {
            Margin::Absolute(size) => size,
            Margin::Relative(size) => size * b.abs(),
        };
        let room = width - difference.estimate.abs();
        let rate = if room > 0.0 { beta } else { alpha };
        let needed = room.abs() / (normal(rate) + normal(0.2));
        let times = difference.standard_error / needed;
        Ok(Some((times * times).max(1.0)).filter(|times| times.is_finite()))
    }

    fn between(
        margin: Margin,
        gap: impl Fn(f64, f64) -> Result<Student, StatsError>,
    ) -> Result<Self, StatsError> {
        let [low, high] = margin.ends()?;
        let mut gaps = [gap(low.0, low.1)?, gap(high.0, high.1)?];
        // For b below zero, the smaller factor gives the larger end.
        if gaps[0].estimate < gaps[1].estimate {
            gaps.reverse();
        }
        let [over_low, over_high] = gaps;
        // An exact figure on the margin is within it.
        let too_low = over_low.chance_above(0.0);
        let too_high = over_high.negated().chance_above(0.0);
        // At least this far out, on either side, had the truth lain on the nearer end.
        let above = over_high.chance_above(1.0) + over_low.chance_above(1.0);
        let below = over_high.negated().chance_above(1.0) + over_low.negated().chance_above(1.0);
        Ok(Self { p_agree: too_low.max(too_high), p_disagree: above.min(below).min(1.0) })
    }

    /// Returns the verdict of this test alone at error rate `alpha` each way.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for an `alpha` outside (0, 1).
    pub fn verdict(&self, alpha: f64) -> Result<Verdict, StatsError> {
        check_open_unit(alpha, "error rate")?;
        Ok(verdict_of(self.p_agree, self.p_disagree, alpha))
    }
}

fn verdict_of(p_agree: f64, p_disagree: f64, alpha: f64) -> Verdict {
    if p_agree <= alpha {
        Verdict::Agree
    } else if p_disagree <= alpha {
        Verdict::Disagree
    } else {
        Verdict::Inconclusive
    }
}

/// Returns the verdicts of a whole family of tests. The probability of *any* false `Disagree` is at most `alpha`, and
/// that of any false `Agree` likewise (Holm on each).
///
/// # Errors
///
/// [`StatsError::OutOfRange`] for an `alpha` outside (0, 1).
pub fn family_verdicts(tests: &[Equivalence], alpha: f64) -> Result<Vec<Verdict>, StatsError> {
    check_open_unit(alpha, "error rate")?;
    let agree = holm(&tests.iter().map(|test| test.p_agree).collect::<Vec<_>>());
    let disagree = holm(&tests.iter().map(|test| test.p_disagree).collect::<Vec<_>>());
    Ok(agree.into_iter().zip(disagree).map(|(yes, no)| verdict_of(yes, no, alpha)).collect())
}

/// Returns the verdicts of a family of which *all* are to agree. The probability of any false `Disagree` is at most
/// `alpha` (Holm). Each `Agree` errs with at most `beta`. So does "all agree", uncorrected, since it requires every one
/// of them (an intersection–union test, Berger 1982).
///
/// # Errors
///
/// [`StatsError::OutOfRange`] for a rate outside (0, 1).
pub fn all_agree(tests: &[Equivalence], alpha: f64, beta: f64) -> Result<Vec<Verdict>, StatsError> {
    check_open_unit(alpha, "error rate")?;
    check_open_unit(beta, "error rate")?;
    let apart = holm(&tests.iter().map(|test| test.p_disagree).collect::<Vec<_>>());
    let verdict = |(test, apart): (&Equivalence, f64)| {
        if apart <= alpha {
            Verdict::Disagree
        } else if test.p_agree <= beta {
            Verdict::Agree
        } else {
            Verdict::Inconclusive
        }
    };
    Ok(tests.iter().zip(apart).map(verdict).collect())
}

/// Returns Holm's step-down correction: p-values that may each be compared with the error rate of the whole family. In
/// the order given; ties keep it.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&i, &j| p_values[i].total_cmp(&p_values[j]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut so_far = 0.0_f64;
    for (rank, &at) in order.iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        so_far = so_far.max((p_values[at] * left).min(1.0));
        adjusted[at] = so_far;
    }
    adjusted
}

/// Finding on two variants compared on the same draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The first is larger.
    Larger,
    /// The first is smaller.
    Smaller,
    /// No difference detected, and any relevant one is excluded.
    NoDifference,
    /// No difference detected, but a relevant one is not excluded.
    Inconclusive,
}

/// One paired comparison of a ladder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Finding.
    pub finding: Finding,
    /// First minus second; the intervals of a ladder hold all together at the level asked for.
    pub difference: Interval,
    /// Largest difference, either way, that the interval allows.
    pub excluded: f64,
    /// Two-sided p-value of "no difference", corrected for the ladder.
    pub p_value: f64,
}

/// Compares each pair of replication series, corrected for their number: directions by Holm, intervals at level 1 − (1
/// − level)/pairs. Holm detects more than these intervals: the interval of a difference with a detected direction is
/// cut at zero (Strassburger & Bretz 2008). A difference of at least `worth` is relevant.
///
/// # Errors
///
/// [`StatsError::TooFew`] below two replications, [`StatsError::LengthMismatch`],
/// [`StatsError::OutOfRange`], [`StatsError::NotFinite`].
pub fn compare_ladder(
    pairs: &[(&[f64], &[f64])],
    level: f64,
    worth: f64,
) -> Result<Vec<Comparison>, StatsError> {
    check_open_unit(level, "level")?;
    if worth.is_nan() || worth < 0.0 {
        return Err(StatsError::OutOfRange("difference worth knowing"));
    }
    let mut p_values = Vec::with_capacity(pairs.len());
    let mut intervals = Vec::with_capacity(pairs.len());
    let joint_level = 1.0 - (1.0 - level) / pairs.len().max(1) as f64;
    for (a, b) in pairs {
        check_pairs(a, b, 2)?;
        let gap = Student::of(&super::interval::differences(a, b));
        // Equal to the last digit in all replications: no evidence of a difference.
        let (up, down) = (gap.chance_above(1.0), gap.negated().chance_above(1.0));
        p_values.push((2.0 * up.min(down)).min(1.0));
        intervals.push(gap.interval(joint_level, Method::PairedT)?);
    }
    let adjusted = holm(&p_values);
    Ok(adjusted
        .into_iter()
        .zip(intervals)
        .map(|(p_value, mut difference)| {
            let excluded = difference.low.abs().max(difference.high.abs());
            let finding = if p_value <= 1.0 - level {
                if difference.estimate > 0.0 { Finding::Larger } else { Finding::Smaller }
            } else if excluded < worth {
                Finding::NoDifference
            } else {
                Finding::Inconclusive
            };
            match finding {
                Finding::Larger => difference.low = difference.low.max(0.0),
                Finding::Smaller => difference.high = difference.high.min(0.0),
                Finding::NoDifference | Finding::Inconclusive => {}
            }
            Comparison { finding, difference, excluded, p_value }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle_tests::Draws;
    use crate::stats::proportion::Proportion;

    const A: [f64; 5] = [10.0, 10.2, 9.9, 10.1, 9.8];

    /// S7: agreement must be shown, not assumed: the same data agree, stay open or disagree as the
    /// margin moves. Mean 10, s = √0.025, s/√5 = 0.0707; t₀.₉₅,₄ = 2.132, so 0.151 either way.
    #[test]
    fn the_verdict_follows_the_margin() {
        let verdict = |exact, margin| {
            let test = Equivalence::to_exact(&A, exact, Margin::Absolute(margin)).unwrap();
            test.verdict(0.05).unwrap()
        };
        assert_eq!(verdict(10.0, 0.16), Verdict::Agree);
        assert_eq!(verdict(10.0, 0.14), Verdict::Inconclusive);
        assert_eq!(verdict(9.0, 0.80), Verdict::Disagree);
        assert_eq!(verdict(9.0, 0.90), Verdict::Inconclusive);
        assert_eq!(verdict(9.0, 1.20), Verdict::Agree);
        let relative = Equivalence::to_exact(&A, 10.0, Margin::Relative(0.016)).unwrap();
        assert_eq!(relative.verdict(0.05), Ok(Verdict::Agree));
        let below_zero = Equivalence::to_exact(&A.map(|a| -a), -10.0, Margin::Relative(0.016));
        assert_eq!(below_zero, Ok(relative));
    }

    /// A test of two summaries is Welch's on the values that they summarise.
    #[test]
    fn an_interval_is_as_good_as_the_values_behind_it() {
        let b = [10.3, 10.1, 9.6, 10.4];
        let margin = Margin::Relative(0.03);
        let values = Equivalence::independent(&A, &b, margin).unwrap();
        let summary = |values: &[f64]| {
            let i = Interval::of_mean(values, 0.95).unwrap();
            let count = values.len() as u64;
            Student::of_interval(i.estimate, (i.low, i.high), 0.95, count).unwrap()
        };
        let found = Equivalence::of_estimates(&summary(&A), &summary(&b), margin).unwrap();
        assert!((found.p_agree - values.p_agree).abs() < 1e-9, "{found:?} {values:?}");
        assert!((found.p_disagree - values.p_disagree).abs() < 1e-9, "{found:?} {values:?}");
        assert!(Student::of_interval(1.0, (0.9, 1.1), 0.95, 1).is_err());
    }

    /// If all are to agree, many tests make a false alarm no more likely and a pass no harder.
    #[test]
    fn of_many_only_the_alarm_is_corrected() {
        let test = |p_agree, p_disagree| Equivalence { p_agree, p_disagree };
        let family = [test(0.04, 1.0), test(1.0, 0.004), test(0.2, 0.2), test(1.0, 0.0001)];
        use Verdict::{Agree, Disagree, Inconclusive};
        // Held against 0.01: 4 × 0.0001, then 3 × 0.004 = 0.012.
        let found = all_agree(&family, 0.01, 0.05).unwrap();
        assert_eq!(found, [Agree, Inconclusive, Inconclusive, Disagree]);
        assert_eq!(all_agree(&family[1..2], 0.01, 0.05).unwrap(), [Disagree]);
    }

    /// S7: figures without noise agree exactly when they lie within the margin.
    #[test]
    fn figures_without_noise_are_compared_exactly() {
        let same = [4.0, 5.0, 6.0];
        let zero = Margin::Absolute(0.0);
        let verdict = |a: &[f64], b: &[f64], margin| {
            Equivalence::paired(a, b, margin).unwrap().verdict(0.001).unwrap()
        };
        assert_eq!(verdict(&same, &same, zero), Verdict::Agree);
        assert_eq!(verdict(&same, &[5.0, 6.0, 7.0], zero), Verdict::Disagree);
        assert_eq!(verdict(&same, &[5.0, 6.0, 7.0], Margin::Absolute(1.0)), Verdict::Agree);
    }

    /// S7: on the margin itself, a false "agree" or "disagree" comes at most once in 1/alpha.
    #[test]
    fn the_error_rate_on_the_margin_is_kept() {
        let mut draws = Draws::named("the_error_rate_on_the_margin_is_kept");
        let (mut agreed, mut disagreed) = (0, 0);
        for _ in 0..4_000 {
            let a: Vec<f64> = (0..10).map(|_| 1.0 + 0.1 * draws.normal()).collect();
            let test = Equivalence::to_exact(&a, 0.5, Margin::Absolute(0.5)).unwrap();
            agreed += u64::from(test.verdict(0.05) == Ok(Verdict::Agree));
            disagreed += u64::from(test.verdict(0.05) == Ok(Verdict::Disagree));
        }
        for count in [agreed, disagreed] {
            let share = Proportion::new(count, 4_000).unwrap().clopper_pearson(0.999).unwrap();
            assert!(share.contains(0.05), "{share:?}");
        }
    }

    /// S7: Holm's own example of the step-down: the smallest is held against all, the next against
    /// one fewer, and none may pass a smaller one.
    #[test]
    fn a_ladder_is_corrected_by_holm() {
        // As decimals: 4 × 0.01, 3 × 0.04 → 2 × 0.03 is below it only in the other order.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, wanted) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - wanted).abs() < 1e-15, "{adjusted:?}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }

    /// The clear one of two differences is detected first, and the other then needs half as much evidence. Its
    /// direction is detected, and its interval, made for two, does not contradict it.
    #[test]
    fn an_interval_never_contradicts_the_direction_that_was_found() {
        let base = [0.0; 4];
        let (clear, faint) = ([9.0, 10.0, 11.0, 10.0], [1.0, 2.0, 3.2, 3.8]);
        let both = compare_ladder(&[(&clear, &base), (&faint, &base)], 0.95, 0.1).unwrap();
        assert_eq!((both[0].finding, both[1].finding), (Finding::Larger, Finding::Larger));
        let for_two = Interval::of_paired_difference(&faint, &base, 0.975).unwrap();
        assert!(for_two.low < 0.0, "{for_two:?}");
        assert_eq!((both[1].difference.low, both[1].difference.high), (0.0, for_two.high));
        assert!(both[0].difference.low > 0.0);
    }

    /// S7: "A better by x ± y", "no difference (within z)", "no difference detected (smaller than z)".
    #[test]
    fn a_comparison_says_one_of_three_things() {
        let up = A.map(|a| a + 1.0);
        let near = [10.01, 10.19, 9.91, 10.09, 9.8];
        let wild = [2.0, 25.0, 7.0, 12.0, 3.0];
        let pairs: [(&[f64], &[f64]); 4] = [(&up, &near), (&near, &up), (&A, &near), (&A, &wild)];
        let ladder = compare_ladder(&pairs, 0.95, 0.1).unwrap();
        let findings: Vec<Finding> = ladder.iter().map(|one| one.finding).collect();
        use Finding::{Inconclusive, Larger, NoDifference, Smaller};
        assert_eq!(findings, [Larger, Smaller, NoDifference, Inconclusive]);
        assert!(ladder[0].difference.contains(1.0) && ladder[2].excluded < 0.1);
        let same = compare_ladder(&[(&A, &A)], 0.95, 0.1).unwrap();
        assert_eq!((same[0].finding, same[0].p_value), (NoDifference, 1.0));
    }
}
