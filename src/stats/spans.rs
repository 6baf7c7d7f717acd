//! Years, or spans of another length, of independent replications: the share of them in which something happens, and
//! the variation of a sum or a count between them.
//!
//! Model: R replications are independent, each has m spans. Spans of one replication may depend on each other (an
//! outage over New Year is of two years), so replications are the unit wherever a spread is estimated.
//!
//! - [`share`]: exact binomial (Clopper and Pearson) with as many trials as the spans are worth: Rm over
//!   the design effect, which is the variance of the hits of a replication over that of m independent spans, at least 1 and
//!   at most m. It is known from R replications only, so trials count less by (z/t)²
//!   (Korn and Graubard 1998). With one span per replication it is the exact interval itself.
//! - [`deviation`]: the variance is a mean of squares, so its interval is that of a sum over few events
//!   ([`rare`](super::rare)), of squares: of the squares themselves where few spans have any, else of the squared distances
//!   to the mean.
//! - [`dispersion`]: variance over mean of counts is 1 + E c(c − 1)/E c − E c. Where few spans have two
//!   events its ends are those of a sum over few pairs; else it is a jackknife over replications.
//!
//! Holds: the interval contains the estimate, keeps to the range of its quantity, and is a bound where nothing was seen.
//! Leaves out: replications of different lengths.

use super::interval::{Interval, Method, Student};
use super::proportion::most_unseen;
use super::rare::{Unseen, mean_of_rare};
use super::special::{beta_quantile, normal_upper_quantile, student_upper_quantile};
use super::summary::{Summary, ordered_sum};
use super::{StatsError, check_open_unit, check_pairs, check_values};

/// Sums of squares this far below the squares themselves are rounding.
const ROUNDING: f64 = 1e-20;

/// Share of the spans that are hit, from the number hit of `spans` in each replication. Where none is
/// hit, or all are, one event is taken to hit `together` spans at once.
///
/// # Errors
///
/// [`StatsError::TooFew`] without a replication, or with one in which some spans are hit and others are not;
/// [`StatsError::OutOfRange`] without a span, with more hits than spans, or for a `level` outside (0, 1).
pub fn share(hits: &[f64], spans: f64, together: f64, level: f64) -> Result<Interval, StatsError> {
    check_values(hits, 1)?;
    check_open_unit(level, "level")?;
    if spans < 1.0 || hits.iter().any(|hits| !(0.0..=spans).contains(hits)) {
        return Err(StatsError::OutOfRange("number of spans"));
    }
    let tail = 0.5 * (1.0 - level);
    let (replications, all) = (hits.len() as f64, hits.len() as f64 * spans);
    let together = together.clamp(1.0, spans);
    let hit = ordered_sum(hits.iter().copied());
    let estimate = hit / all;
    // The share at which none of the trials is hit with a probability of `tail`.
    let none = -libm::expm1(-most_unseen(tail) * together / all);
    if hit == 0.0 {
        let method = Method::RuleOfThree;
        return Ok(Interval { low: 0.0, high: none, estimate, level, method });
    }
    if hit == all {
        let method = Method::ClopperPearson;
        return Ok(Interval { low: 1.0 - none, high: 1.0, estimate, level, method });
    }
    check_values(hits, 2)?;
    let mut trials = all;
    if spans > 1.0 {
        let variance = Summary::of(hits).variance().unwrap_or(0.0);
        let effect = variance / (spans * estimate * (1.0 - estimate));
        let known = normal_upper_quantile(tail) / student_upper_quantile(tail, replications - 1.0);
        trials *= known * known / effect.clamp(together, spans);
    }
    let (yes, no) = (estimate * trials, (1.0 - estimate) * trials);
    Ok(Interval {
        low: beta_quantile(tail, yes, no + 1.0).0.min(1.0 - none),
        high: beta_quantile(tail, no, yes + 1.0).1.max(none),
        estimate,
        level,
        method: Method::ClopperPearson,
    })
}

/// Sum of a quantity over the spans of each replication, and sum of its squared distances to their mean.
#[derive(Clone, Copy, Debug)]
pub struct Moments<'a> {
    /// Sums, by replication.
    pub sums: &'a [f64],
    /// Squared distances to the mean of the replication, by replication.
    pub centred: &'a [f64],
    /// Spans of a replication.
    pub spans: f64,
}

impl Moments<'_> {
    fn check(&self, level: f64) -> Result<(), StatsError> {
        check_open_unit(level, "level")?;
        check_pairs(self.sums, self.centred, 1)?;
        let whole = self.spans >= 1.0 && self.all() >= 2.0;
        if whole { Ok(()) } else { Err(StatsError::OutOfRange("number of spans")) }
    }

    fn all(&self) -> f64 {
        self.sums.len() as f64 * self.spans
    }

    fn mean(&self) -> f64 {
        ordered_sum(self.sums.iter().copied()) / self.all()
    }

    /// Squares, by replication.
    fn squares(&self) -> Vec<f64> {
        let both = self.sums.iter().zip(self.centred);
        both.map(|(sum, centred)| centred + sum * sum / self.spans).collect()
    }

    /// Squared distances to the mean of all, by replication.
    fn distances(&self) -> Vec<f64> {
        let mean = self.mean();
        let both = self.sums.iter().zip(self.centred);
        both.map(|(sum, centred)| {
            let off = sum / self.spans - mean;
            centred + self.spans * off * off
        })
        .collect()
    }

    /// The variance over all spans.
    #[must_use]
    pub fn variance(&self) -> f64 {
        let all = self.all();
        ordered_sum(self.distances()) / (all - 1.0).max(1.0)
    }
}

/// Estimates the standard deviation over spans of a quantity that is zero without an event; `unseen` models an event's
/// contribution to the squares.
///
/// # Errors
///
/// [`StatsError::TooFew`] of one replication with an event; [`StatsError::OutOfRange`] with fewer than two
/// spans, for a `level` outside (0, 1), or where nothing varies and what an event adds is not known.
pub fn deviation(of: &Moments<'_>, unseen: Unseen, level: f64) -> Result<Interval, StatsError> {
    of.check(level)?;
    let (squares, distances) = (of.squares(), of.distances());
    let [all_squares, all_distances] =
        [&squares, &distances].map(|values| ordered_sum(values.iter().copied()));
    let variance = of.variance();
    let root = |i: Interval, factor: f64| {
        let [low, high] = [i.low, i.high].map(|end| (end * factor / of.spans).max(0.0).sqrt());
        let estimate = variance.sqrt();
        let (low, high) = (low.min(estimate), high.max(estimate));
        Interval { low, high, estimate, ..i }
    };
    if all_distances <= ROUNDING * all_squares {
        let none = vec![0.0; of.sums.len()];
        return mean_of_rare(&none, unseen, level).map(|i| Interval {
            estimate: 0.0,
            low: 0.0,
            ..root(i, 1.0)
        });
    }
    check_values(of.sums, 2)?;
    let raw = mean_of_rare(&squares, unseen, level)?;
    if raw.method == Method::StudentT {
        return mean_of_rare(&distances, unseen, level).map(|i| root(i, 1.0));
    }
    Ok(root(raw, all_distances / all_squares))
}

/// Estimates variance over mean of counts; there is none without an event.
///
/// # Errors
///
/// [`StatsError::OutOfRange`] without an event, with fewer than two spans, or for a `level` outside
/// (0, 1); [`StatsError::TooFew`] of one replication.
pub fn dispersion(of: &Moments<'_>, level: f64) -> Result<Interval, StatsError> {
    of.check(level)?;
    check_values(of.sums, 2)?;
    let mean = of.mean();
    if mean <= 0.0 {
        return Err(StatsError::OutOfRange("number of events"));
    }
    let estimate = of.variance() / mean;
    let counts = mean_of_rare(of.sums, Unseen::of(1.0), level)?;
    // Ordered pairs of events in one span; a pair more is two of them.
    let pairs: Vec<f64> =
        of.squares().iter().zip(of.sums).map(|(squares, sum)| (squares - sum).max(0.0)).collect();
    let pairs = mean_of_rare(&pairs, Unseen::of(2.0), level)?;
    if pairs.method == Method::StudentT && counts.method == Method::StudentT {
        return jackknife(of, estimate, level);
    }
    let [most, least] = [counts.high, counts.low].map(|count| count / of.spans);
    let per_event = |pairs: f64, count: f64| pairs / of.spans / count;
    let low = 1.0 + per_event(pairs.low, most) - most;
    let high = 1.0 + per_event(pairs.high, mean) - least;
    let method = Method::CompoundPoisson;
    let (low, high) = (low.max(0.0).min(estimate), high.max(estimate));
    Ok(Interval { low, high, estimate, level, method })
}

/// Leaves out one replication after the other.
fn jackknife(of: &Moments<'_>, estimate: f64, level: f64) -> Result<Interval, StatsError> {
    let n = of.sums.len() as f64;
    let squares = of.squares();
    let [sum, square] =
        [of.sums, squares.as_slice()].map(|values| ordered_sum(values.iter().copied()));
    let ratio = |sum: f64, square: f64, spans: f64| {
        let mean = sum / spans;
        (square - sum * mean) / (spans - 1.0).max(1.0) / mean
    };
    let whole = ratio(sum, square, of.all());
    let pseudo: Vec<f64> = of
        .sums
        .iter()
        .zip(&squares)
        .map(|(a, b)| {
            let without = ratio(sum - a, square - b, of.all() - of.spans);
            whole + (n - 1.0) * (whole - without)
        })
        .collect();
    check_values(&pseudo, 2)?;
    let found = Student::of(&pseudo).interval(level, Method::Jackknife)?;
    let (low, high) = (found.low.clamp(0.0, estimate.max(0.0)), found.high.max(estimate));
    Ok(Interval { low, high, estimate, ..found })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::coverage_tests::{self, REPLICATIONS};
    use crate::stats::oracle_tests::Draws;
    use crate::stats::proportion::Proportion;
    use crate::stats::rare::Heavy;

    const SPANS: usize = 4;

    /// Sums and squared distances to the mean, by replication.
    fn moments(values: &[f64], spans: usize) -> (Vec<f64>, Vec<f64>) {
        let one = |years: &[f64]| {
            let sum: f64 = years.iter().sum();
            let mean = sum / spans as f64;
            (sum, years.iter().map(|year| (year - mean) * (year - mean)).sum::<f64>())
        };
        values.chunks(spans).map(one).unzip()
    }

    #[derive(Clone, Copy)]
    enum Case {
        /// Spans in which something happens, each by itself.
        Share,
        /// The same; what happens in a span happens in the next with a probability of a half.
        SharedShare,
        /// Standard deviation of a sum of amounts with this coefficient of variation.
        Deviation(f64),
        /// Standard deviation of a count.
        Counts,
        /// Variance over mean of a count.
        Dispersion,
        /// The same, where every other event has a second one with it.
        Pairs,
    }

    impl Case {
        fn name(self) -> String {
            match self {
                Self::Share => "share of the years".into(),
                Self::SharedShare => "share, years dependent".into(),
                Self::Deviation(cv) => format!("sd of downtime, cv {cv}"),
                Self::Counts => "sd of outages".into(),
                Self::Dispersion => "dispersion".into(),
                Self::Pairs => "dispersion of pairs".into(),
            }
        }

        /// One experiment: its interval and the truth.
        fn draw(self, draws: &mut Draws, expected: f64) -> Option<(Interval, f64)> {
            let years = REPLICATIONS * SPANS;
            let rate = expected / years as f64;
            let mut values = vec![0.0; years];
            let spans = SPANS as f64;
            match self {
                Self::Share | Self::SharedShare => {
                    let more = if matches!(self, Self::Share) { 0.0 } else { 0.5 };
                    // A chain of spans in its steady state: share p, and what is hit is hit again with `more`.
                    let p = rate;
                    let anew = p * (1.0 - more) / (1.0 - p);
                    for replication in values.chunks_mut(SPANS) {
                        let mut hit = draws.uniform() < p;
                        for year in replication {
                            *year = f64::from(u8::from(hit));
                            let again = if more == 0.0 {
                                p
                            } else if hit {
                                more
                            } else {
                                anew
                            };
                            hit = draws.uniform() < again;
                        }
                    }
                    let hits: Vec<f64> = values.chunks(SPANS).map(|all| all.iter().sum()).collect();
                    let together = if more == 0.0 { 1.0 } else { 2.0 };
                    Some((share(&hits, spans, together, 0.95).unwrap(), p))
                }
                Self::Deviation(cv) => {
                    let mut amounts = 0.0;
                    for _ in 0..draws.poisson(expected) {
                        let at = (draws.uniform() * years as f64) as usize;
                        values[at] += draws.lognormal(cv);
                        amounts += 1.0;
                    }
                    let spread = 1.0 + cv * cv;
                    let squares = (spread, (spread * spread * spread * spread - 1.0).sqrt());
                    let mut heavy = Heavy::default();
                    heavy.add(amounts, values.iter().map(|v| v * v).sum(), squares);
                    let unseen = Unseen { heavy, ..Unseen::of(squares.0) };
                    let (sums, centred) = moments(&values, SPANS);
                    let of = Moments { sums: &sums, centred: &centred, spans };
                    Some((deviation(&of, unseen, 0.95).unwrap(), (rate * spread).sqrt()))
                }
                Self::Counts | Self::Dispersion | Self::Pairs => {
                    let pairs = matches!(self, Self::Pairs);
                    for _ in 0..draws.poisson(expected) {
                        let at = (draws.uniform() * years as f64) as usize;
                        values[at] += if pairs && draws.uniform() < 0.5 { 2.0 } else { 1.0 };
                    }
                    let (sums, centred) = moments(&values, SPANS);
                    let of = Moments { sums: &sums, centred: &centred, spans };
                    if matches!(self, Self::Counts) {
                        let found = deviation(&of, Unseen::of(1.0), 0.95).unwrap();
                        return Some((found, rate.sqrt()));
                    }
                    // E B² / E B of batches of one or two.
                    let truth = if pairs { 2.5 / 1.5 } else { 1.0 };
                    dispersion(&of, 0.95).ok().map(|found| (found, truth))
                }
            }
        }
    }

    const CASES: [Case; 8] = [
        Case::Share,
        Case::SharedShare,
        Case::Deviation(0.3),
        Case::Deviation(1.25),
        Case::Deviation(30.0),
        Case::Counts,
        Case::Dispersion,
        Case::Pairs,
    ];

    #[test]
    fn intervals_over_spans_hold_the_truth_as_often_as_they_say() {
        let mut table = coverage_tests::head();
        let mut short = Vec::new();
        for case in CASES {
            let draw = |draws: &mut Draws, expected: f64| case.draw(draws, expected);
            short.extend(coverage_tests::short(&case.name(), &mut table, draw));
        }
        println!("{table}");
        assert_eq!(short, Vec::<String>::new());
    }

    /// One span per replication: independent trials.
    #[test]
    fn a_share_of_independent_spans_has_the_exact_interval() {
        for hits in [1_u32, 4, 17, 39] {
            let values: Vec<f64> = (0..40).map(|at| f64::from(u8::from(at < hits))).collect();
            let found = share(&values, 1.0, 1.0, 0.95).unwrap();
            let exact =
                Proportion::new(u64::from(hits), 40).unwrap().clopper_pearson(0.95).unwrap();
            assert!((found.low - exact.low).abs() < 1e-12, "{found:?} {exact:?}");
            assert!((found.high - exact.high).abs() < 1e-12, "{found:?} {exact:?}");
        }
        let none = share(&[0.0; 40], 1.0, 1.0, 0.95).unwrap();
        let exact = Proportion::new(0, 40).unwrap().clopper_pearson(0.95).unwrap();
        assert!((none.high - exact.high).abs() < 1e-12, "{none:?}");
        let all = share(&[3.0; 40], 3.0, 1.0, 0.95).unwrap();
        assert!((all.low - libm::exp(libm::log(0.025) / 120.0)).abs() < 1e-12, "{all:?}");
    }

    /// Replications that are hit in all of their ten years or in none say no more than one year each.
    #[test]
    fn years_that_hang_together_count_once() {
        let values: Vec<f64> = (0..400).map(|at| if at % 8 == 0 { 10.0 } else { 0.0 }).collect();
        let found = share(&values, 10.0, 1.0, 0.95).unwrap();
        let exact = Proportion::new(50, 400).unwrap().clopper_pearson(0.95).unwrap();
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 0.02;
        assert!(near(found.low, exact.low) && near(found.high, exact.high), "{found:?} {exact:?}");
        assert!(found.low <= exact.low && found.high >= exact.high, "{found:?} {exact:?}");
    }

    #[test]
    fn what_is_the_same_in_every_year_does_not_vary() {
        let (sums, centred) = ([75.0; 300], [0.0; 300]);
        let of = Moments { sums: &sums, centred: &centred, spans: 10.0 };
        let found = deviation(&of, Unseen::of(16.0), 0.95).unwrap();
        // One year in 3,000 may have an event more, of 4 on average: 3.69 × 16 / 3,000.
        assert_eq!((found.low, found.estimate), (0.0, 0.0));
        assert!((found.high * found.high - 3.688_879 * 16.0 / 3_000.0).abs() < 1e-7, "{found:?}");
        let found = dispersion(&of, 0.95).unwrap();
        assert!(found.estimate == 0.0 && found.low == 0.0 && found.high < 0.01, "{found:?}");
    }

    #[test]
    fn one_replication_says_nothing_of_its_error() {
        let of = Moments { sums: &[3.0], centred: &[2.0], spans: 10.0 };
        let few = |found: Result<Interval, StatsError>| {
            assert!(matches!(found, Err(StatsError::TooFew { .. })), "{found:?}");
        };
        few(deviation(&of, Unseen::of(1.0), 0.95));
        few(dispersion(&of, 0.95));
        few(share(&[3.0], 10.0, 1.0, 0.95));
        assert_eq!(share(&[0.0], 10.0, 1.0, 0.95).unwrap().method, Method::RuleOfThree);
    }
}
