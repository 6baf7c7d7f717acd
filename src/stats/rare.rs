//! Confidence intervals of means of sums over few events: outages, their downtime, their losses.
//!
//! Model: replications are independent; in each, events come at random and each adds an amount. The mean per
//! replication is estimated. With few events, or a few that carry most of the sum, Student's law gives intervals below
//! the truth, since large events are missing from the sample.
//!
//! Takes one non-negative sum per replication and an [`Unseen`] event. Gives the mean per replication
//! with an interval whose ends are quantiles of gamma laws:
//!
//! - the lower end is that of the gamma law with the mean and the variance of the sum;
//! - the upper end is that of the sum with one further event added. For amounts that are all equal both
//!   ends are those of Garwood's exact interval of a Poisson count;
//! - a heavy law of amounts shows its mean late: the mean of n draws of a law with coefficient of
//!   variation c lies mostly below the law's mean until n exceeds c². Where the amounts seen are
//!   plausible for their law, [`Heavy`] raises the sum at the upper end to the law's mean;
//! - nothing seen gives the exact bound of −ln((1 − level)/2) events: 3.69 at 95 %. That is the upper
//!   end of Garwood's interval of no event, so that each end of every interval misses the truth at most (1 − level)/2 of
//!   the time. The rule of three, −ln(1 − level), is a one-sided bound: chosen only where nothing was seen,
//!   beside two-sided intervals elsewhere, it would miss a truth of 3.0 to 3.7 events in up to 5 % of the runs on that
//!   side alone (Feldman and Cousins 1998 on choosing after looking). What is judged by an upper end is judged
//!   at the same level whether something was seen or not.
//!
//! Holds: the interval contains the estimate; its upper end is never below the bound without an event, up to thirty
//! replications with one. Where a sum may be an expected value, up to a thousandth of an event counts as none. From
//! [`ENOUGH`] effective events on it is Student's, whose ends differ there by less than 3 % of the estimate. Effective
//! events are the squared sum over its variance: amounts that vary count for less. Events that come regularly have a
//! smaller variance than random ones, and an interval that is as short as it says, from [`FEW_REPLICATIONS`]
//! replications on; of fewer replications a small variance is no evidence, and events count as random. Equal sums, as
//! of what is scheduled, have the bound of an event that was not seen as their upper end, where the model knows one.
//!
//! Leaves out: amounts that are heavier than their modelled law; where no law is known, amounts with a
//! coefficient of variation above 1.25.
//!
//! Sources: Garwood (1936); Fay and Feuer, Confidence intervals for directly standardized rates (1997),
//! for the gamma ends; Fenton (1960) for the lognormal law of a mean of lognormal amounts.

use super::interval::{Interval, Method, differences};
use super::proportion::most_unseen;
use super::special::{
    gamma_quantile, gamma_upper_quantile, normal_upper_quantile, student_upper_quantile,
};
use super::summary::{Summary, ordered_sum};
use super::{StatsError, check_open_unit, check_pairs, check_values};

/// Effective events from which Student's interval is used.
pub const ENOUGH: f64 = 100.0;
/// Replications below which events count as random, however equal the sums.
pub const FEW_REPLICATIONS: usize = 10;

/// Deviations below its median at which a mean of amounts begins to be implausible; one more: the law is not used.
const PLAUSIBLE: f64 = 3.0;
/// Times c² events, at which the law's mean and that of the amounts seen have equal weight.
const PRIOR: f64 = 25.0;
/// Replications with an event from which on the amounts seen bound what a further event adds.
const MANY: f64 = 30.0;
/// Share of an event's amount up to which a sum that may be an expected value has no event.
const SPECK: f64 = 1e-3;
/// Factor on the largest event over the number of events and one for an event that was not observed, beyond the
/// largest, where its amount is unknown.
const LARGER: f64 = 4.0;

/// Model of an event's amount, in the unit of the sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Unseen {
    /// Mean amount of an event; `None` if the model does not know it.
    pub amount: Option<f64>,
    /// True if the model has an event that comes at random.
    pub is_drawn: bool,
    /// True if a sum may be an expected value without an event: much less than the amount of one.
    pub has_specks: bool,
    /// Amount that observed events of heavy laws have probably not shown yet.
    pub heavy: Heavy,
}

impl Unseen {
    /// Returns an event that adds `amount` on average.
    #[must_use]
    pub const fn of(amount: f64) -> Self {
        let heavy = Heavy { sum: 0.0, squares: 0.0 };
        Self { amount: Some(amount), is_drawn: true, has_specks: false, heavy }
    }

    /// Returns the same in another unit: amounts times `factor`.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let heavy =
            Heavy { sum: self.heavy.sum * factor, squares: self.heavy.squares * factor * factor };
        Self { amount: self.amount.map(|amount| amount * factor), heavy, ..self }
    }
}

/// Addition of heavy laws to the upper end: a sum, and the sum of the squares of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heavy {
    sum: f64,
    squares: f64,
}

impl Heavy {
    /// Adds `events` that brought `sum` in all, of amounts with this mean and coefficient of variation.
    ///
    /// Nothing is added where the amounts are so far below the law that it cannot be theirs: outages that
    /// a failover ends do not last as long as the repair.
    pub fn add(&mut self, events: f64, sum: f64, (mean, cv): (f64, f64)) {
        if events <= 0.0 || sum <= 0.0 || sum >= mean * events {
            return;
        }
        let seen = sum / events;
        // The mean of n amounts is lognormal, nearly: the variance of its logarithm.
        let variance = libm::log1p(cv * cv / events);
        if variance <= 0.0 {
            return;
        }
        let below = (libm::log(mean / seen) - 0.5 * variance) / variance.sqrt();
        let plausible = (PLAUSIBLE + 1.0 - below).clamp(0.0, 1.0);
        let prior = PRIOR * cv * cv;
        let missing = plausible * prior / (prior + events) * (mean * events - sum);
        self.sum += missing;
        self.squares += missing * mean;
    }
}

/// The mean of non-negative sums, one per replication, of which few may have an event.
///
/// # Errors
///
/// [`StatsError::TooFew`] without a value, or with one that is not zero: one replication says nothing
/// about its own error. [`StatsError::OutOfRange`] for a `level` outside (0, 1), or where all is
/// zero and the amount of an event is not known; [`StatsError::NotFinite`].
pub fn mean_of_rare(values: &[f64], unseen: Unseen, level: f64) -> Result<Interval, StatsError> {
    check_values(values, 1)?;
    check_open_unit(level, "level")?;
    // Rounding may take a sum of nothing below zero.
    if values.iter().any(|value| *value < 0.0) {
        let values: Vec<f64> = values.iter().map(|value| value.max(0.0)).collect();
        return mean_of_rare(&values, unseen, level);
    }
    let n = values.len() as f64;
    let sum = ordered_sum(values.iter().copied());
    let amount = unseen.amount.filter(|amount| amount.is_finite() && *amount > 0.0);
    let tail = 0.5 * (1.0 - level);
    // No event: the exact bound of the rate, times what each adds.
    let none = amount.map(|amount| most_unseen(tail) * amount / n);
    if sum == 0.0 {
        let high = none.ok_or(StatsError::OutOfRange("amount of an event"))?;
        return Ok(Interval { low: 0.0, high, estimate: 0.0, level, method: Method::RuleOfThree });
    }
    let student = Interval::of_mean(values, level)?;
    let some = values.iter().filter(|value| **value > 0.0).count() as f64;
    let specks = amount.filter(|_| unseen.has_specks).map_or(0.0, |amount| SPECK * amount);
    let whole = values.iter().filter(|value| **value > specks).count() as f64;
    let bound = none.filter(|_| unseen.is_drawn && whole < some && whole < MANY).unwrap_or(0.0);
    let events = whole.max(1.0);
    let mut variance = n * n * squared_error(values);
    if values.len() < FEW_REPLICATIONS {
        variance = variance.max(sum * sum / events);
    }
    // Few replications know their variance badly: as much wider as Student's law is than the normal.
    let wider = student_upper_quantile(tail, n - 1.0) / normal_upper_quantile(tail);
    variance *= wider * wider;
    let all_equal = variance <= f64::EPSILON * f64::EPSILON * sum * sum;
    let largest = values.iter().copied().fold(0.0, f64::max);
    let larger = largest * (1.0 + LARGER / events);
    // After many events the amounts seen bound a further one; the amount of the model is the worst case.
    let (one, none) = match amount {
        Some(amount) if events >= MANY => (amount.min(larger), None),
        Some(amount) => (amount, none),
        None => (larger, none),
    };
    let mean = sum + unseen.heavy.sum + one;
    let spread = variance + unseen.heavy.squares + one * one;
    if mean * mean >= ENOUGH * spread && unseen.heavy.sum <= 0.01 * sum {
        // Equal sums say nothing about an event that none of them has.
        let more = amount.filter(|_| unseen.is_drawn && all_equal);
        let high = more.map_or(0.0, |amount| (sum + most_unseen(tail) * amount) / n).max(bound);
        return Ok(match high > student.high {
            true => Interval { high, method: Method::CompoundPoisson, ..student },
            false => Interval { low: student.low.max(0.0), ..student },
        });
    }
    let low = match all_equal {
        false => gamma_quantile(tail, sum * sum / variance) * variance / sum,
        true => sum,
    };
    let high = gamma_upper_quantile(tail, mean * mean / spread) * spread / mean;
    check_values(&[low, high], 2)?;
    Ok(Interval {
        low: (low / n).min(student.estimate),
        high: (high / n).max(none.unwrap_or(0.0)).max(bound).max(student.estimate),
        estimate: student.estimate,
        level,
        method: Method::CompoundPoisson,
    })
}

/// A sum over a number of events: the mean amount of an event, from sums and numbers of events by replication.
///
/// With many events it is the jackknife over the replications with an event. With few its ends are quantiles of gamma laws, as
/// of [`mean_of_rare`]: the lower one with the variance of the ratio, the upper one with a further event added
/// that is larger than those seen, or as large as the model says, and with what heavy laws have not shown yet.
///
/// # Errors
///
/// [`StatsError::TooFew`] below two replications with an event, [`StatsError::LengthMismatch`],
/// [`StatsError::OutOfRange`] for a `level` outside (0, 1), [`StatsError::NotFinite`].
pub fn amount_of_rare(
    sums: &[f64],
    events: &[f64],
    unseen: Unseen,
    level: f64,
) -> Result<Interval, StatsError> {
    check_pairs(sums, events, 1)?;
    check_open_unit(level, "level")?;
    let with: Vec<(f64, f64)> =
        sums.iter().copied().zip(events.iter().copied()).filter(|(_, n)| *n > 0.0).collect();
    let have = with.len() as f64;
    if with.len() < 2 {
        return Err(StatsError::TooFew { needed: 2, given: with.len() });
    }
    let tail = 0.5 * (1.0 - level);
    let sum = ordered_sum(sums.iter().copied());
    let count = ordered_sum(with.iter().map(|(_, n)| *n));
    let estimate = sum / count;
    let jackknife = Interval::of_ratio(sums, events, level);
    let squares = ordered_sum(with.iter().map(|(sum, n)| {
        let off = sum - estimate * n;
        off * off
    }));
    // Of the sum, given the number of events; as much wider as Student's law is than the normal.
    let wider = student_upper_quantile(tail, have - 1.0) / normal_upper_quantile(tail);
    let variance = squares * have / (have - 1.0) * wider * wider;
    let largest = with.iter().map(|(sum, n)| sum / n).fold(0.0, f64::max);
    let larger = largest * (1.0 + LARGER / have);
    let one = match unseen.amount.filter(|amount| amount.is_finite() && *amount > 0.0) {
        Some(amount) if have < MANY => amount.max(estimate).min(larger.max(amount)),
        Some(amount) => amount.min(larger).max(estimate),
        None => larger,
    };
    let more = count + 1.0;
    let mean = (sum + unseen.heavy.sum) * more / count + (one - estimate).max(0.0);
    // Nothing varies: as what is scheduled.
    let unknown = if unseen.amount.is_none() { wider * wider } else { 1.0 };
    let spread = variance * unknown + unseen.heavy.squares + (one - estimate) * (one - estimate);
    // Where no law is known, the skewness of the amounts seen moves the end (Johnson 1978), more than twice as far
    // as it says, and farther the fewer they are: without the largest amounts of a law a sample is less skew than it.
    let skewness = match (unseen.amount, squares > 0.0) {
        (None, true) => {
            let cubes = with.iter().map(|(sum, n)| {
                let off = sum - estimate * n;
                off * off * off
            });
            let z = normal_upper_quantile(tail);
            let moved = (ordered_sum(cubes) / squares).max(0.0) * (1.0 + 2.0 * z * z) / 6.0 / count;
            moved * (2.0 + 10.0 / have)
        }
        _ => 0.0,
    };
    let many = mean * mean >= ENOUGH * spread && unseen.heavy.sum <= 0.01 * sum && have >= MANY;
    if let (true, Ok(i)) = (many, &jackknife) {
        let wider = wider * normal_upper_quantile(tail)
            / student_upper_quantile(tail, sums.len() as f64 - 1.0);
        let low = i.estimate - (i.estimate - i.low) * wider;
        let high = i.estimate + (i.high - i.estimate) * wider + skewness;
        return Ok(Interval { low: low.max(0.0), high, ..*i });
    }
    let low = match variance > 0.0 && sum > 0.0 {
        true => gamma_quantile(tail, sum * sum / variance) * variance / sum / count,
        false => estimate,
    };
    let high = match spread > 0.0 && mean > 0.0 {
        true => gamma_upper_quantile(tail, mean * mean / spread) * spread / mean / more,
        false => estimate,
    };
    let high = high + skewness;
    check_values(&[low, high, estimate], 2)?;
    let method = Method::CompoundPoisson;
    Ok(Interval { low: low.min(estimate), high: high.max(estimate), estimate, level, method })
}

/// The mean of differences of sums over few events, from replications on the same draws.
///
/// Increases and decreases are two sums over events; each has its interval, and their arms are combined (Zou and Donner
/// 2008). A side without events has the bound of no event, with the mean size of those on the other side. With many
/// events, or where all replications differ, it is Student's.
///
/// # Errors
///
/// [`StatsError`], as for [`Interval::of_paired_difference`].
pub fn difference_of_rare(own: &[f64], other: &[f64], level: f64) -> Result<Interval, StatsError> {
    check_pairs(own, other, 2)?;
    mean_of_rare_differences(&differences(own, other), level)
}

/// Estimates the mean as [`difference_of_rare`] does, from the differences themselves.
///
/// # Errors
///
/// [`StatsError`], as for [`difference_of_rare`].
pub fn mean_of_rare_differences(differences: &[f64], level: f64) -> Result<Interval, StatsError> {
    let student = Interval::of_differences(differences, level)?;
    let sizes = differences.iter().map(|value| value.abs());
    let (size, squares) = (ordered_sum(sizes), ordered_sum(differences.iter().map(|v| v * v)));
    let events = differences.iter().filter(|value| **value != 0.0).count();
    if squares == 0.0 || size * size >= ENOUGH * squares || events == differences.len() {
        return Ok(student);
    }
    let events = events as f64;
    let side = |sign: f64| {
        let values: Vec<f64> = differences.iter().map(|value| (sign * value).max(0.0)).collect();
        let known = if values.iter().all(|value| *value == 0.0) {
            Unseen::of(size / events)
        } else {
            Unseen::default()
        };
        mean_of_rare(&values, known, level)
    };
    let (more, less) = (side(1.0)?, side(-1.0)?);
    let arm = |a: f64, b: f64| (a * a + b * b).sqrt();
    let low = student.estimate - arm(more.estimate - more.low, less.high - less.estimate);
    let high = student.estimate + arm(more.high - more.estimate, less.estimate - less.low);
    let method = Method::CompoundPoisson;
    Ok(Interval { low: low.min(student.low), high: high.max(student.high), method, ..student })
}

/// Squared standard error of the mean of at least two values.
fn squared_error(values: &[f64]) -> f64 {
    let error = Summary::of(values).standard_error().unwrap_or(0.0);
    error * error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::coverage_tests::{self, REPLICATIONS};
    use crate::stats::oracle_tests::Draws;
    use crate::stats::proportion::EventRate;

    type Estimator = fn(&[f64], Unseen, f64) -> Result<Interval, StatsError>;

    /// Kind of draws in an experiment, and the knowledge of the model.
    #[derive(Clone, Copy)]
    enum Case {
        /// Outages, each counted.
        Counts,
        /// Downtime of repairs with this coefficient of variation.
        Downtime(f64),
        /// Downtime of one of two causes: repairs of the second last eight times as long.
        SecondCause(f64),
        /// Downtime of both of them, four events in five of the first.
        BothCauses(f64),
        /// The shorter of two repairs, as of a pair: the law of one is known.
        Pair(f64),
        /// Amounts of which the law is not known, with this coefficient of variation.
        Unknown(f64),
    }

    impl Case {
        fn name(self) -> String {
            match self {
                Self::Counts => "outages".into(),
                Self::Downtime(cv) => format!("downtime, cv {cv}"),
                Self::SecondCause(cv) => format!("of one cause, cv {cv}"),
                Self::BothCauses(cv) => format!("two causes, cv {cv}"),
                Self::Pair(cv) => format!("of a pair, cv {cv}"),
                Self::Unknown(cv) => format!("unknown law, cv {cv}"),
            }
        }

        /// Sums by replication, what the model knows, and the truth per replication.
        fn draw(self, draws: &mut Draws, expected: f64) -> (Vec<f64>, Unseen, f64) {
            let mut values = vec![0.0; REPLICATIONS];
            let mut by_cause = [(0.0, 0.0); 2];
            let mut events = |draws: &mut Draws,
                              expected: f64,
                              cause: usize,
                              amount: &dyn Fn(&mut Draws) -> f64| {
                for _ in 0..draws.poisson(expected) {
                    let at = (draws.uniform() * REPLICATIONS as f64) as usize;
                    let amount = amount(draws);
                    values[at] += amount;
                    by_cause[cause].0 += 1.0;
                    by_cause[cause].1 += amount;
                }
            };
            let longest = match self {
                Self::SecondCause(_) | Self::BothCauses(_) => 8.0,
                _ => 1.0,
            };
            let (cv, mean) = match self {
                Self::Counts => {
                    events(draws, expected, 0, &|_| 1.0);
                    (0.0, 1.0)
                }
                Self::Downtime(cv) | Self::Unknown(cv) => {
                    events(draws, expected, 0, &|draws| draws.lognormal(cv));
                    (cv, 1.0)
                }
                Self::SecondCause(cv) => {
                    events(draws, expected, 1, &|draws| 8.0 * draws.lognormal(cv));
                    (cv, 8.0)
                }
                Self::BothCauses(cv) => {
                    events(draws, 0.8 * expected, 0, &|draws| draws.lognormal(cv));
                    events(draws, 0.2 * expected, 1, &|draws| 8.0 * draws.lognormal(cv));
                    (cv, 0.8 + 0.2 * 8.0)
                }
                Self::Pair(cv) => {
                    let shorter = |draws: &mut Draws| draws.lognormal(cv).min(draws.lognormal(cv));
                    events(draws, expected, 0, &shorter);
                    // E min = 2 Φ(−σ/√2) of two lognormal draws of mean 1.
                    let sigma = libm::log1p(cv * cv).sqrt();
                    (cv, libm::erfc(0.5 * sigma))
                }
            };
            let mut unseen = Unseen::of(longest);
            unseen.heavy.add(by_cause[0].0, by_cause[0].1, (1.0, cv));
            unseen.heavy.add(by_cause[1].0, by_cause[1].1, (8.0, cv));
            if matches!(self, Self::Unknown(_)) && by_cause[0].0 > 0.0 {
                unseen = Unseen::default();
            }
            (values, unseen, expected * mean / REPLICATIONS as f64)
        }
    }

    const CASES: [Case; 14] = [
        Case::Counts,
        Case::Downtime(0.3),
        Case::Downtime(1.25),
        Case::Downtime(30.0),
        Case::SecondCause(0.3),
        Case::SecondCause(1.25),
        Case::SecondCause(30.0),
        Case::BothCauses(0.3),
        Case::BothCauses(1.25),
        Case::BothCauses(30.0),
        Case::Pair(0.3),
        Case::Pair(1.25),
        Case::Unknown(0.3),
        Case::Unknown(1.25),
    ];

    /// Cases and numbers of events at which intervals of `estimator` are too short, and a table of all.
    fn short(estimator: Estimator) -> (Vec<String>, String) {
        let mut table = coverage_tests::head();
        let mut short = Vec::new();
        for case in CASES {
            short.extend(coverage_tests::short(&case.name(), &mut table, |draws, expected| {
                let (values, unseen, truth) = case.draw(draws, expected);
                Some((estimator(&values, unseen, 0.95).unwrap(), truth))
            }));
        }
        (short, table)
    }

    #[test]
    fn intervals_over_few_events_hold_the_truth_as_often_as_they_say() {
        let (short, table) = short(mean_of_rare);
        println!("{table}");
        assert_eq!(short, Vec::<String>::new());
    }

    /// The check can fail: Student's interval, which is what it replaces, does not pass it.
    #[test]
    fn students_interval_is_found_too_short_over_few_events() {
        let student: Estimator = |values, unseen, level| match values.iter().sum::<f64>() {
            0.0 => mean_of_rare(values, unseen, level),
            _ => Interval::of_mean(values, level),
        };
        let (short, _) = short(student);
        for case in CASES {
            let name = format!("{}, ", case.name());
            assert!(short.iter().any(|line| line.starts_with(&name)), "{name}: {short:?}");
        }
    }

    /// Mean length per event, and differences of which two in three events are more: as often as they say.
    #[test]
    fn amounts_per_event_and_differences_hold_the_truth_as_often_as_they_say() {
        let mut table = coverage_tests::head();
        let mut short = Vec::new();
        for (cv, known) in [(0.3, true), (1.25, true), (30.0, true), (0.3, false), (1.25, false)] {
            let law = if known { "" } else { ", unknown law" };
            let name = format!("length, cv {cv}{law}");
            short.extend(coverage_tests::short(&name, &mut table, |draws, expected| {
                let (mut sums, mut events) = (vec![0.0; REPLICATIONS], vec![0.0; REPLICATIONS]);
                for _ in 0..draws.poisson(expected) {
                    let at = (draws.uniform() * REPLICATIONS as f64) as usize;
                    sums[at] += draws.lognormal(cv);
                    events[at] += 1.0;
                }
                let mut unseen = Unseen::default();
                if known {
                    unseen = Unseen::of(1.0);
                    unseen.heavy.add(events.iter().sum(), sums.iter().sum(), (1.0, cv));
                }
                amount_of_rare(&sums, &events, unseen, 0.95).ok().map(|found| (found, 1.0))
            }));
        }
        for cv in [0.3, 1.25] {
            let name = format!("difference, cv {cv}");
            short.extend(coverage_tests::short(&name, &mut table, |draws, expected| {
                let (mut own, mut other) = (vec![0.0; REPLICATIONS], vec![0.0; REPLICATIONS]);
                for _ in 0..draws.poisson(expected) {
                    let at = (draws.uniform() * REPLICATIONS as f64) as usize;
                    let which = if draws.uniform() < 2.0 / 3.0 { &mut own } else { &mut other };
                    which[at] += draws.lognormal(cv);
                }
                if own.iter().chain(&other).all(|value| *value == 0.0) {
                    return None;
                }
                let truth = expected / 3.0 / REPLICATIONS as f64;
                difference_of_rare(&own, &other, 0.95).ok().map(|found| (found, truth))
            }));
        }
        println!("{table}");
        assert_eq!(short, Vec::<String>::new());
    }

    fn spread(counts: &[(usize, f64)], replications: usize) -> Vec<f64> {
        let mut values = vec![0.0; replications];
        counts.iter().for_each(|(at, value)| values[*at] = *value);
        values
    }

    #[test]
    fn counts_have_garwoods_interval() {
        for events in [1_usize, 3, 10, 60] {
            let one_each: Vec<(usize, f64)> = (0..events).map(|at| (at, 1.0)).collect();
            let values = spread(&one_each, 100_000);
            let found = mean_of_rare(&values, Unseen::of(1.0), 0.95).unwrap();
            let exact = EventRate::new(events as u64, 100_000.0).unwrap().exact(0.95).unwrap();
            let near = |a: f64, b: f64| (a - b).abs() < 1e-3 * b;
            assert!(
                near(found.low, exact.low) && near(found.high, exact.high),
                "{found:?} {exact:?}"
            );
        }
    }

    #[test]
    fn an_interval_is_never_shorter_than_the_bound_without_an_event() {
        let none = mean_of_rare(&[0.0; 500], Unseen::of(8.0), 0.95).unwrap();
        assert_eq!((none.low, none.estimate, none.method), (0.0, 0.0, Method::RuleOfThree));
        assert!((none.high - -libm::log(0.025) * 8.0 / 500.0).abs() < 1e-15);
        for tiny in [1e-9, 1e-3, 1.0, 8.0, 300.0] {
            let one = mean_of_rare(&spread(&[(7, tiny)], 500), Unseen::of(8.0), 0.95).unwrap();
            assert!(one.high >= none.high && one.contains(tiny / 500.0), "{one:?}");
        }
        assert!(mean_of_rare(&[0.0; 500], Unseen::default(), 0.95).is_err(), "no amount, no bound");
    }

    #[test]
    fn what_is_scheduled_is_known_as_well_as_it_repeats() {
        let same = mean_of_rare(&[7.5; 300], Unseen::default(), 0.95).unwrap();
        assert_eq!((same.low, same.high, same.method), (7.5, 7.5, Method::StudentT));
        for replications in [10, 29, 30, 300] {
            let same = mean_of_rare(&vec![7.5; replications], Unseen::default(), 0.95).unwrap();
            assert!(same.low == 7.5 && same.estimate == 7.5, "{replications}: {same:?}");
        }
        // Beside an event that could have come, and was not seen.
        let same = mean_of_rare(&[7.5; 300], Unseen::of(8.0), 0.95).unwrap();
        let bound = 7.5 + -libm::log(0.025) * 8.0 / 300.0;
        assert!(same.low == 7.5 && (same.high - bound).abs() < 1e-9, "{same:?}");
        // Equal values in few replications are no evidence.
        let few = mean_of_rare(&[1.0, 1.0], Unseen::of(1.0), 0.95).unwrap();
        assert!(few.low < 0.3 && few.high > 3.0, "{few:?}");
    }

    #[test]
    fn what_is_far_less_than_an_event_is_no_evidence_of_their_number() {
        let unseen = Unseen { has_specks: true, ..Unseen::of(1.0) };
        for dust in [vec![1e-9; 300], (0..300).map(|at| 1e-9 * f64::from(at)).collect()] {
            let found = mean_of_rare(&dust, unseen, 0.95).unwrap();
            assert!((found.high - -libm::log(0.025) / 300.0).abs() < 1e-6, "{found:?}");
        }
    }

    #[test]
    fn intervals_of_many_events_are_students() {
        let mut draws = Draws::named("intervals_of_many_events_are_students");
        for cv in [0.0, 0.3, 1.25] {
            let values: Vec<f64> = (0..4_000)
                .map(|_| (0..draws.poisson(0.5)).map(|_| draws.lognormal(cv)).sum())
                .collect();
            let found = mean_of_rare(&values, Unseen::of(1.0), 0.95).unwrap();
            assert_eq!(Ok(found), Interval::of_mean(&values, 0.95), "cv {cv}");
        }
        // The transition from one to the other has no step.
        let one_each =
            |events: usize| -> Vec<(usize, f64)> { (0..events).map(|at| (at, 1.0)).collect() };
        let [gamma, student] = [97, 99].map(|events| {
            mean_of_rare(&spread(&one_each(events), 50_000), Unseen::of(1.0), 0.95).unwrap()
        });
        assert_eq!((gamma.method, student.method), (Method::CompoundPoisson, Method::StudentT));
        assert!(
            (gamma.high - student.high).abs() < 0.03 * student.estimate,
            "{gamma:?} {student:?}"
        );
    }
}
