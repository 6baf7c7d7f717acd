//! Confidence intervals of mean counts, and of shares of rare things, over replications of a window.
//!
//! Model: replications are independent. In each, events come in batches at random instants: one lost view, or the
//! thousand that a full queue refuses. The mean count per replication is estimated. Student's law is wrong for few
//! batches: it gives 0 ± 0 without an event, and ends below zero.
//!
//! Takes one count per replication and the unit of the scale (1 for a count; 1 over the trials for a
//! share). Gives the mean with an interval whose ends are quantiles of gamma laws:
//!
//! - the variance of the sum is that between replications, as much larger as Student's law of that many
//!   replications is wider than the normal law; of fewer than [`FEW_REPLICATIONS`] never below that of a
//!   Poisson count, for a small variance of few values is no evidence;
//! - a batch is the variance over the sum, at least one unit;
//! - the lower end is of the gamma law with the mean and the variance of the sum, the upper end of that with
//!   one batch more. For single things and many replications both ends are Garwood's;
//! - nothing seen gives the bound of −ln((1 − level)/2) units, 3.69 at 95 %, as in [`rare`](super::rare).
//!
//! Holds: 0 ≤ low ≤ estimate ≤ high; a share stays within 0 to 1; from [`ENOUGH`] effective events on the
//! interval is Student's.
//!
//! Leaves out: where nothing was seen, that things which were not seen may come in batches.
//!
//! Sources: Garwood (1936); Fay and Feuer, Confidence intervals for directly standardized rates (1997), for
//! the gamma ends with an added weight.

use super::interval::{Interval, Method, Statistic};
use super::moments::Moments;
use super::proportion::most_unseen;
use super::rare::{ENOUGH, FEW_REPLICATIONS};
use super::special::{
    gamma_quantile, gamma_upper_quantile, normal_upper_quantile, student_upper_quantile,
};
use super::summary::{Summary, ordered_sum};
use super::{StatsError, check_open_unit, check_values};

/// Number of units from which simultaneous events count as a batch of unknown size.
const BATCHES: f64 = 4.0;
/// Size of a batch that was not observed, over the usual one, per replication with any more than that.
const LARGER: f64 = 4.0;

/// The mean of non-negative `counts`, one per replication, each a multiple of `unit`.
///
/// # Errors
///
/// [`StatsError::TooFew`] without a count, or with a single one that is not zero;
/// [`StatsError::OutOfRange`] for a `level` outside (0, 1), a `unit` that is not positive, or a negative
/// count; [`StatsError::NotFinite`].
pub fn mean_of_counts(counts: &[f64], unit: f64, level: f64) -> Result<Interval, StatsError> {
    check_values(counts, 1)?;
    check(counts.iter().any(|count| *count < 0.0), unit, level)?;
    let (n, sum) = (counts.len() as f64, ordered_sum(counts.iter().copied()));
    let student = || Interval::of_mean(counts, level);
    let error = || Summary::of(counts).standard_error().unwrap_or(0.0);
    let events = || counts.iter().filter(|count| **count > 0.0).count() as f64;
    let few = counts.len() < FEW_REPLICATIONS;
    Counted { n, sum, few, student: &student, error: &error, events: &events }.mean(unit, level)
}

/// Returns the interval of [`mean_of_counts`] from the moments of the counts.
///
/// # Errors
///
/// [`StatsError`], as for [`mean_of_counts`].
pub fn mean_of_counts_in(counts: &Moments, unit: f64, level: f64) -> Result<Interval, StatsError> {
    counts.check(1)?;
    check(counts.range().is_some_and(|(least, _)| least < 0.0), unit, level)?;
    let (n, sum) = (counts.count() as f64, counts.sum().value());
    let student = || counts.interval(Statistic::Mean, level);
    let error = || counts.student().map_or(0.0, |student| student.standard_error);
    let events = || counts.positive() as f64;
    let few = counts.count() < FEW_REPLICATIONS as u64;
    Counted { n, sum, few, student: &student, error: &error, events: &events }.mean(unit, level)
}

/// Refuses a level, a unit, or counts of which one is `negative`.
fn check(negative: bool, unit: f64, level: f64) -> Result<(), StatsError> {
    check_open_unit(level, "level")?;
    if !(unit > 0.0 && unit.is_finite()) {
        return Err(StatsError::OutOfRange("unit of a count"));
    }
    if negative { Err(StatsError::OutOfRange("count")) } else { Ok(()) }
}

/// Counts, by what their interval needs of them.
struct Counted<'a> {
    /// Number of replications.
    n: f64,
    /// Sum of the counts.
    sum: f64,
    /// True for few replications.
    few: bool,
    /// Student's interval of their mean.
    student: &'a dyn Fn() -> Result<Interval, StatsError>,
    /// Standard error of their mean.
    error: &'a dyn Fn() -> f64,
    /// Number of replications with an event.
    events: &'a dyn Fn() -> f64,
}

impl Counted<'_> {
    fn mean(&self, unit: f64, level: f64) -> Result<Interval, StatsError> {
        let (n, sum) = (self.n, self.sum);
        let tail = 0.5 * (1.0 - level);
        let none = most_unseen(tail) * unit / n;
        if sum == 0.0 {
            let method = Method::RuleOfThree;
            return Ok(Interval { low: 0.0, high: none, estimate: 0.0, level, method });
        }
        let student = (self.student)()?;
        let error = n * (self.error)();
        let wider = student_upper_quantile(tail, n - 1.0) / normal_upper_quantile(tail);
        let mut variance = error * error * wider * wider;
        if self.few {
            variance = variance.max(sum * unit);
        }
        if sum * sum >= ENOUGH * variance {
            let half = normal_upper_quantile(tail) * variance.sqrt() / n;
            let (low, high) = ((student.estimate - half).max(0.0), student.estimate + half);
            return Ok(Interval { low, high, ..student });
        }
        let mut batch = (variance / sum).max(unit);
        if batch > BATCHES * unit {
            // Larger batches have not been observed yet.
            batch *= 1.0 + LARGER / (self.events)();
        }
        let low = gamma_quantile(tail, sum * sum / variance) * variance / sum;
        let (mean, spread) = (sum + batch, variance + batch * batch);
        let high = gamma_upper_quantile(tail, mean * mean / spread) * spread / mean;
        check_values(&[low, high], 2)?;
        Ok(Interval {
            low: (low / n).min(student.estimate),
            high: (high / n).max(none).max(student.estimate),
            estimate: student.estimate,
            level,
            method: Method::CompoundPoisson,
        })
    }
}

/// Estimates the mean of shares in [0, 1], one per replication, each of about 1 ÷ `unit` trials. The rare part is
/// estimated: the share or its complement.
///
/// # Errors
///
/// [`StatsError`], as for [`mean_of_counts`]; [`StatsError::OutOfRange`] for a share above 1.
pub fn mean_of_shares(shares: &[f64], unit: f64, level: f64) -> Result<Interval, StatsError> {
    check_values(shares, 1)?;
    let mean = ordered_sum(shares.iter().copied()) / shares.len() as f64;
    if mean <= 0.5 {
        let found = mean_of_counts(shares, unit, level)?;
        return Ok(Interval { high: found.high.min(1.0), ..found });
    }
    let rest: Vec<f64> = shares.iter().map(|share| 1.0 - share).collect();
    Ok(complement(mean_of_counts(&rest, unit, level)?))
}

/// Returns the interval of [`mean_of_shares`] from the moments of the shares.
///
/// # Errors
///
/// [`StatsError`], as for [`mean_of_shares`].
pub fn mean_of_shares_in(shares: &Moments, unit: f64, level: f64) -> Result<Interval, StatsError> {
    shares.check(1)?;
    if shares.mean() <= 0.5 {
        let found = mean_of_counts_in(shares, unit, level)?;
        return Ok(Interval { high: found.high.min(1.0), ..found });
    }
    Ok(complement(mean_of_counts_in(&shares.complement(), unit, level)?))
}

/// Returns the interval of a share from that of the rest.
fn complement(rest: Interval) -> Interval {
    Interval {
        low: (1.0 - rest.high).max(0.0),
        high: 1.0 - rest.low,
        estimate: 1.0 - rest.estimate,
        ..rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle_tests::Draws;
    use crate::stats::proportion::EventRate;

    /// Things in a replication: batches at random, single ones or of a geometric size of mean 20.
    fn count(draws: &mut Draws, batches: f64, of_twenty: bool) -> f64 {
        let mut all = 0.0;
        for _ in 0..draws.poisson(batches) {
            all += if of_twenty { 1.0 + (20.0 * draws.exponential() * 0.95).floor() } else { 1.0 };
        }
        all
    }

    /// Coverage of nominal 95 % for single things in 4, 10 and 40 replications, from 1 to 100 expected in
    /// all, and of batches from 10 on: never short; fewer batches are beyond what the counts can tell.
    #[test]
    fn intervals_of_few_counts_hold_the_truth_as_often_as_they_say() {
        let runs = if std::env::var_os("FIVENINES_FULL").is_some() { 2_000 } else { 400 };
        let allowed = 0.93 - 2.0 * (0.95_f64 * 0.05 / f64::from(runs)).sqrt() * 0.5;
        let mut draws = Draws::named("few counts");
        println!("replications  batches of  expected  covered  above  below");
        for (of_twenty, least) in [(false, 1.0), (true, 10.0)] {
            for n in [4_u32, 10, 40] {
                for expected in [1.0, 3.0, 10.0, 30.0, 100.0] {
                    let each = expected / f64::from(n);
                    let size = if of_twenty {
                        let p = 1.0 - libm::exp(-1.0 / 19.0);
                        1.0 + (1.0 - p) / p
                    } else {
                        1.0
                    };
                    let (mut above, mut below) = (0, 0);
                    for _ in 0..runs {
                        let counts: Vec<f64> =
                            (0..n).map(|_| count(&mut draws, each, of_twenty)).collect();
                        let found = mean_of_counts(&counts, 1.0, 0.95).unwrap();
                        above += u32::from(each * size > found.high);
                        below += u32::from(each * size < found.low);
                    }
                    let covered = 1.0 - f64::from(above + below) / f64::from(runs);
                    println!(
                        "{n:>12}  {size:>10.1}  {expected:>8}  {covered:>7.3}  {above:>5}  {below:>5}"
                    );
                    assert!(expected < least || covered >= allowed, "{n} {of_twenty} {expected}");
                }
            }
        }
    }

    #[test]
    fn nothing_seen_is_a_bound_and_single_things_have_garwoods_interval() {
        let none = mean_of_counts(&[0.0; 4], 1.0, 0.95).unwrap();
        assert_eq!((none.low, none.method), (0.0, Method::RuleOfThree));
        assert!((none.high - 3.688_879 / 4.0).abs() < 1e-6, "{none:?}");
        // As many ones as make the variance that of a Poisson count.
        let mut counts = vec![0.0; 1_000];
        counts[..5].fill(1.0);
        let found = mean_of_counts(&counts, 1.0, 0.95).unwrap();
        let exact = EventRate::new(5, 1_000.0).unwrap().exact(0.95).unwrap();
        assert!((found.low / exact.low - 1.0).abs() < 0.01, "{found:?} {exact:?}");
        assert!((found.high / exact.high - 1.0).abs() < 0.01, "{found:?} {exact:?}");
    }

    #[test]
    fn one_large_batch_has_an_interval_in_the_range_of_a_count() {
        let found = mean_of_counts(&[0.0, 56_000.0, 0.0, 0.0], 1.0, 0.95).unwrap();
        assert!(found.low >= 0.0 && found.low < 100.0 && found.high > 60_000.0, "{found:?}");
        // Large and even: Student's, and never shorter than a Poisson count of few replications.
        let even = mean_of_counts(&[5_000.0; 4], 1.0, 0.95).unwrap();
        assert!(
            (even.half_width() / (1.96 * 20_000_f64.sqrt() / 4.0) - 1.0).abs() < 1e-3,
            "{even:?}"
        );
        let counts = [980.0, 1_040.0, 1_000.0, 1_010.0];
        let (found, student) = (
            mean_of_counts(&counts, 1.0, 0.95).unwrap(),
            Interval::of_mean(&counts, 0.95).unwrap(),
        );
        assert!((found.half_width() / student.half_width() - 1.0).abs() < 0.3, "{found:?}");
    }

    #[test]
    fn shares_stay_within_nothing_and_all() {
        let unit = 1.0 / 6_000.0;
        let all = mean_of_shares(&[1.0; 4], unit, 0.95).unwrap();
        assert!(all.high == 1.0 && (1.0 - all.low - 3.6889 / 24_000.0).abs() < 1e-8, "{all:?}");
        let most = mean_of_shares(&[1.0, 0.999, 1.0, 1.0], unit, 0.95).unwrap();
        assert!(most.low < most.estimate && most.high <= 1.0 && most.high > most.estimate);
        let half = mean_of_shares(&[0.0, 1.0], 0.5, 0.95).unwrap();
        assert!(half.low >= 0.0 && half.high <= 1.0, "{half:?}");
    }

    #[test]
    fn what_is_no_count_is_refused() {
        assert!(mean_of_counts(&[], 1.0, 0.95).is_err());
        assert!(mean_of_counts(&[3.0], 1.0, 0.95).is_err(), "one replication says nothing");
        assert!(mean_of_counts(&[-1.0, 1.0], 1.0, 0.95).is_err());
        assert!(mean_of_counts(&[0.0, 1.0], 0.0, 0.95).is_err());
        assert!(mean_of_shares(&[0.0, 1.5], 0.1, 0.95).is_err());
    }
}
