//! Intervals and bounds of counts: proportions, and rates of rare events.
//!
//! Takes whole counts of *independent* trials or events; gives intervals that are exact where it
//! matters: few events, or none. Zero failures seen is never "cannot fail": the bound says how
//! rare it may still be.
//!
//! Sources: Clopper and Pearson (1934); Wilson (1927); Garwood (1936); Hanley and Lippman-Hand
//! (1983) for the rule of three.

use super::interval::{Bound, Interval, Method, Side};
use super::special::{beta_quantile, gamma_quantile, gamma_upper_quantile, normal_upper_quantile};
use super::{StatsError, check_open_unit};

/// Returns the largest expected number of events that is compatible with none observed: with more, none is observed
/// with a probability below `tail`. 3.69 for 2.5 %.
pub(super) fn most_unseen(tail: f64) -> f64 {
    -libm::log(tail)
}

/// A number of successes in independent trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    successes: u64,
    trials: u64,
}

impl Proportion {
    /// `successes` in `trials`.
    ///
    /// # Errors
    ///
    /// [`StatsError::TooFew`] without a trial, [`StatsError::OutOfRange`] with more successes than
    /// trials.
    pub fn new(successes: u64, trials: u64) -> Result<Self, StatsError> {
        if trials == 0 {
            return Err(StatsError::TooFew { needed: 1, given: 0 });
        }
        if successes > trials {
            return Err(StatsError::OutOfRange("number of successes"));
        }
        Ok(Self { successes, trials })
    }

    /// Successes over trials.
    #[must_use]
    pub fn estimate(self) -> f64 {
        self.successes as f64 / self.trials as f64
    }

    fn interval(self, low: f64, high: f64, level: f64, method: Method) -> Interval {
        Interval { low, high, estimate: self.estimate(), level, method }
    }

    /// The p at which this many successes or more have probability `tail`.
    fn exact_low(self, tail: f64) -> f64 {
        let (k, n) = (self.successes as f64, self.trials as f64);
        if self.successes == 0 { 0.0 } else { beta_quantile(tail, k, n - k + 1.0).0 }
    }

    /// The p at which this many successes or fewer have probability `tail`.
    fn exact_high(self, tail: f64) -> f64 {
        let (k, n) = (self.successes as f64, self.trials as f64);
        // By symmetry: one minus the lower bound of the failures.
        if self.successes == self.trials { 1.0 } else { beta_quantile(tail, n - k, k + 1.0).1 }
    }

    /// The exact interval of Clopper and Pearson: covers at least `level`.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a `level` outside (0, 1).
    pub fn clopper_pearson(self, level: f64) -> Result<Interval, StatsError> {
        check_open_unit(level, "level")?;
        let tail = 0.5 * (1.0 - level);
        let (low, high) = (self.exact_low(tail), self.exact_high(tail));
        Ok(self.interval(low, high, level, Method::ClopperPearson))
    }

    /// Wilson's score interval: covers `level` on average.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a `level` outside (0, 1).
    pub fn wilson(self, level: f64) -> Result<Interval, StatsError> {
        check_open_unit(level, "level")?;
        let (k, n) = (self.successes as f64, self.trials as f64);
        let z = normal_upper_quantile(0.5 * (1.0 - level));
        let square = z * z;
        let centre = k + 0.5 * square;
        let reach = z * (k * (n - k) / n + 0.25 * square).sqrt();
        // The product of the two ends is k² / (n (n + z²)): no cancellation at either end.
        let low = k * k / (n * (centre + reach));
        let high = (centre + reach) / (n + square);
        Ok(self.interval(low, high, level, Method::Wilson))
    }

    /// The normal approximation p ± z √(p(1 − p)/n). Not clamped: an end below 0 or above 1 shows
    /// that it does not apply.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a `level` outside (0, 1).
    pub fn normal(self, level: f64) -> Result<Interval, StatsError> {
        check_open_unit(level, "level")?;
        let p = self.estimate();
        let reach = normal_upper_quantile(0.5 * (1.0 - level))
            * (p * (1.0 - p) / self.trials as f64).sqrt();
        Ok(self.interval(p - reach, p + reach, level, Method::Normal))
    }

    /// The exact one-sided bound; with no success, the upper one is 1 − (1 − level)^(1/n): at
    /// 95 %, three in n.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a `level` outside (0, 1).
    pub fn bound(self, side: Side, level: f64) -> Result<Bound, StatsError> {
        check_open_unit(level, "level")?;
        let tail = 1.0 - level;
        if self.successes == 0 && side == Side::AtMost {
            let value = -libm::expm1(-most_unseen(tail) / self.trials as f64);
            return Ok(Bound { value, side, level, method: Method::RuleOfThree });
        }
        let value = match side {
            Side::AtLeast => self.exact_low(tail),
            Side::AtMost => self.exact_high(tail),
        };
        Ok(Bound { value, side, level, method: Method::ClopperPearson })
    }
}

/// A number of events of a Poisson process in an exposure (time, requests, unit-hours).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventRate {
    events: u64,
    exposure: f64,
}

impl EventRate {
    /// `events` in `exposure`; rates come out per unit of exposure.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] unless the exposure is finite and above zero.
    pub fn new(events: u64, exposure: f64) -> Result<Self, StatsError> {
        if exposure.is_finite() && exposure > 0.0 {
            Ok(Self { events, exposure })
        } else {
            Err(StatsError::OutOfRange("exposure"))
        }
    }

    /// Events per unit of exposure.
    #[must_use]
    pub fn estimate(self) -> f64 {
        self.events as f64 / self.exposure
    }

    fn exact_low(self, tail: f64) -> f64 {
        if self.events == 0 {
            0.0
        } else {
            gamma_quantile(tail, self.events as f64) / self.exposure
        }
    }

    fn exact_high(self, tail: f64) -> f64 {
        gamma_upper_quantile(tail, self.events as f64 + 1.0) / self.exposure
    }

    /// Garwood's exact interval of the rate.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a `level` outside (0, 1).
    pub fn exact(self, level: f64) -> Result<Interval, StatsError> {
        check_open_unit(level, "level")?;
        let tail = 0.5 * (1.0 - level);
        Ok(Interval {
            low: self.exact_low(tail),
            high: self.exact_high(tail),
            estimate: self.estimate(),
            level,
            method: Method::ExactPoisson,
        })
    }
}
