//! Stopping rule: the number of replications for a precision target.
//!
//! Takes the values of replications 0, 1, 2, … in order; decides to stop, to continue to n, or that the budget is
//! spent. Holds: precision is checked at fixed prefixes only (the minimum, then a quarter more each time, up to the
//! maximum). So the answer does not depend on how many replications happen to be done, on threads or on shards; the
//! number of checks is reported. Leaves out: correction of the level for repeated checks (their number is small, and
//! the remaining coverage is tested).
//!
//! Source: Law, Simulation Modeling and Analysis (2015), section 9.4.1 (sequential procedure).

use super::interval::{Interval, Statistic};
use super::{StatsError, check_open_unit};

/// Minimum number of replications before the first check.
pub const LEAST_MINIMUM: usize = 10;

/// A stopping rule, fixed before the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoppingRule {
    minimum: usize,
    maximum: usize,
    level: f64,
}

/// One figure that must become precise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target<'a> {
    /// One value per replication, in order.
    pub values: &'a [f64],
    /// Statistic estimated from them.
    pub statistic: Statistic,
    /// Wanted half-width, as a share of the estimate.
    pub relative_half_width: f64,
}

/// Decision on the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Every target is precise at this prefix; what lies beyond it is not used.
    Stop {
        /// Replications to use.
        replications: usize,
        /// Checks made, this one included.
        looks: usize,
    },
    /// Not precise yet: run up to this many, then check again.
    Continue {
        /// Replications to have before the next check.
        replications: usize,
        /// Checks made so far.
        looks: usize,
    },
    /// Not precise with all the replications allowed.
    BudgetSpent {
        /// Replications to use.
        replications: usize,
        /// Checks made.
        looks: usize,
    },
}

impl StoppingRule {
    /// Creates a rule that checks at `minimum`, a quarter more each time, up to `maximum` replications, with intervals
    /// of `level`.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`] for a minimum below ten, [`StatsError::OutOfRange`] for a maximum
    /// below the minimum or a `level` outside (0, 1).
    pub fn new(minimum: usize, maximum: usize, level: f64) -> Result<Self, StatsError> {
        if minimum < LEAST_MINIMUM {
            return Err(StatsError::TooFew { needed: LEAST_MINIMUM, given: minimum });
        }
        if maximum < minimum {
            return Err(StatsError::OutOfRange("maximum of replications"));
        }
        check_open_unit(level, "level")?;
        Ok(Self { minimum, maximum, level })
    }

    /// Creates a rule for `least` to `most` replications, raised to its minimum; `None` for an invalid level.
    #[must_use]
    pub fn raised((least, most): (u32, u32), level: f64) -> Option<Self> {
        let minimum = (least as usize).max(LEAST_MINIMUM);
        Self::new(minimum, (most as usize).max(minimum), level).ok()
    }

    /// Returns the prefixes at which precision is checked, rising, the last one the maximum.
    pub fn looks(&self) -> impl Iterator<Item = usize> + use<> {
        let Self { minimum, maximum, .. } = *self;
        std::iter::successors(Some(minimum), move |&n| {
            (n < maximum).then(|| n.saturating_add(n.div_ceil(4)).min(maximum))
        })
    }

    /// Decides from the present values: the first check at which *every* target is precise stops.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a wanted half-width that is not above zero;
    /// [`StatsError::NotFinite`].
    pub fn decide(&self, targets: &[Target<'_>]) -> Result<Decision, StatsError> {
        if targets.iter().any(|target| target.relative_half_width.is_nan())
            || targets.iter().any(|target| target.relative_half_width <= 0.0)
        {
            return Err(StatsError::OutOfRange("wanted half-width"));
        }
        let have = targets.iter().map(|target| target.values.len()).min().unwrap_or(usize::MAX);
        let mut looks = 0;
        for replications in self.looks() {
            if have < replications {
                return Ok(Decision::Continue { replications, looks });
            }
            looks += 1;
            let mut precise = true;
            for target in targets {
                precise &= self.is_precise(target, replications)?;
            }
            if precise {
                return Ok(Decision::Stop { replications, looks });
            }
        }
        Ok(Decision::BudgetSpent { replications: self.maximum, looks })
    }

    fn is_precise(&self, target: &Target<'_>, replications: usize) -> Result<bool, StatsError> {
        let interval = Interval::of(target.statistic, &target.values[..replications], self.level)?;
        // An estimate of zero is never precise: no event was seen yet.
        Ok(interval
            .relative_half_width()
            .is_some_and(|half_width| half_width <= target.relative_half_width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle_tests::Draws;
    use crate::stats::special::binomial_quantile;

    fn target(values: &[f64], relative_half_width: f64) -> Target<'_> {
        Target { values, statistic: Statistic::Mean, relative_half_width }
    }

    /// S10, D16: looks at fixed prefixes, the maximum last.
    #[test]
    fn looks_are_fixed_before_the_run() {
        let looks = |minimum, maximum| -> Vec<usize> {
            StoppingRule::new(minimum, maximum, 0.95).unwrap().looks().collect()
        };
        assert_eq!(looks(10, 100), [10, 13, 17, 22, 28, 35, 44, 55, 69, 87, 100]);
        assert_eq!(looks(16, 64), [16, 20, 25, 32, 40, 50, 63, 64]);
        assert_eq!(looks(10, 10), [10]);
        assert_eq!(
            StoppingRule::new(9, 100, 0.95),
            Err(StatsError::TooFew { needed: 10, given: 9 })
        );
        assert!(StoppingRule::new(20, 10, 0.95).is_err());
    }

    /// D16: the decision at a prefix is the same, however many more replications are there.
    #[test]
    fn replications_beyond_the_look_change_nothing() {
        let rule = StoppingRule::new(10, 160, 0.95).unwrap();
        let mut draws = Draws::named("replications_beyond_the_look_change_nothing");
        let values: Vec<f64> = (0..160).map(|_| 10.0 + draws.normal()).collect();
        // s/mean = 0.1: a share of 0.03 needs about 43 replications, so the look at 44 or 55 stops.
        let all = rule.decide(&[target(&values, 0.03)]).unwrap();
        let Decision::Stop { replications, looks } = all else { panic!("{all:?}") };
        assert!(replications < 160);
        assert_eq!(rule.decide(&[target(&values[..replications], 0.03)]), Ok(all));
        let one_less = rule.decide(&[target(&values[..replications - 1], 0.03)]);
        assert_eq!(one_less, Ok(Decision::Continue { replications, looks: looks - 1 }));
        assert_eq!(
            rule.decide(&[target(&values, 1e-6)]),
            Ok(Decision::BudgetSpent { replications: 160, looks: 13 })
        );
        // All targets must be precise.
        assert_eq!(
            rule.decide(&[target(&values, 0.03), target(&values[..5], 0.5)]),
            Ok(Decision::Continue { replications: 10, looks: 0 })
        );
    }

    /// S2, S10: nothing seen is not precise, however equal the values.
    #[test]
    fn zeros_never_stop_a_run() {
        let rule = StoppingRule::new(10, 20, 0.95).unwrap();
        let spent = Decision::BudgetSpent { replications: 20, looks: 4 };
        assert_eq!(rule.decide(&[target(&[0.0; 20], 0.1)]), Ok(spent));
        assert_eq!(
            rule.decide(&[target(&[3.0; 20], 0.1)]),
            Ok(Decision::Stop { replications: 10, looks: 1 })
        );
        assert!(rule.decide(&[target(&[3.0; 20], 0.0)]).is_err());
    }

    /// S10, T12: intervals at which the rule stops still cover at least 93 %: of 2,000 experiments
    /// at least the 0.05 % quantile of a binomial count at 0.93, 1,821.
    #[test]
    fn stopping_early_keeps_the_coverage() {
        let rule = StoppingRule::new(10, 640, 0.95).unwrap();
        let mut draws = Draws::named("stopping_early_keeps_the_coverage");
        let mut hits = 0_u64;
        for _ in 0..2_000 {
            let values: Vec<f64> = (0..640).map(|_| 1.0 + 0.3 * draws.normal()).collect();
            let decision = rule.decide(&[target(&values, 0.1)]).unwrap();
            let Decision::Stop { replications, .. } = decision else { panic!("{decision:?}") };
            let interval = Interval::of_mean(&values[..replications], 0.95).unwrap();
            hits += u64::from(interval.contains(1.0));
        }
        let least = binomial_quantile(0.0005, 2000, 0.93, 0.07);
        assert!(hits >= least, "{hits} of 2000, at least {least}");
    }
}
