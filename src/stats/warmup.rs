//! Steady state of a series, its start, and the effective size of a correlated series.
//!
//! Takes one run's observations in time order (equally spaced, or per request); gives the cut that
//! MSER-5 proposes, batch means with their interval, and the effective sample size.
//! Holds: the cut is reported, never applied behind the caller's back (a data-dependent cut breaks
//! the pairing of replications). Leaves out: tests of normality of the batch means.
//!
//! Sources: White (1997); White, Cobb and Spratt (2000); Law, Simulation Modeling and Analysis,
//! chapter 9; Geyer (1992) for the initial positive sequence.

use super::interval::{Interval, Method};
use super::summary::{Summary, mean_of, ordered_sum};
use super::{StatsError, check_values};

/// Observations in one batch of MSER-5.
pub const MSER_BATCH: usize = 5;

/// Presence of a steady part in the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SteadyState {
    /// The best cut is inside the first half.
    Reached,
    /// The statistic still falls at half the series: no steady state reached.
    NotReached,
}

/// Result of MSER-5 on a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp {
    /// Batches of five to leave out at the start.
    pub batches_cut: usize,
    /// Observations to leave out at the start.
    pub observations_cut: usize,
    /// Mean of the batches kept.
    pub mean_after: f64,
    /// The statistic at the cut: the squared standard error that is left, up to a factor.
    pub statistic: f64,
    /// The statistic of the whole series.
    pub statistic_uncut: f64,
    /// Presence of a steady part; without one the figure is not usable.
    pub steady: SteadyState,
}

/// Means of consecutive batches of `size`; what does not fill a batch at the end is left out.
///
/// # Errors
///
/// [`StatsError::OutOfRange`] for a size of zero, [`StatsError::TooFew`] for less than one batch.
pub fn batch_means(series: &[f64], size: usize) -> Result<Vec<f64>, StatsError> {
    if size == 0 {
        return Err(StatsError::OutOfRange("batch size"));
    }
    check_values(series, size)?;
    Ok(series.chunks_exact(size).map(|batch| mean_of(&Summary::of(batch))).collect())
}

/// MSER-5: the cut d ≤ n/2 (in batches of five) that minimises Σ(Yᵢ − mean)²/(n − d)² over what is
/// kept; the first minimum. O(n).
///
/// # Errors
///
/// [`StatsError::TooFew`] below 20 observations (four batches), [`StatsError::NotFinite`].
pub fn mser5(series: &[f64]) -> Result<WarmUp, StatsError> {
    check_values(series, 4 * MSER_BATCH)?;
    let batches = batch_means(series, MSER_BATCH)?;
    let limit = batches.len() / 2;
    // Folded from the end, so that each cut costs one step; ties go to the smaller cut.
    let mut kept = Summary::new();
    let mut best = (f64::INFINITY, 0, 0.0);
    let mut statistic_uncut = 0.0;
    for (cut, &mean) in batches.iter().enumerate().rev() {
        kept.add(mean);
        if cut > limit {
            continue;
        }
        let left = kept.count() as f64;
        statistic_uncut = kept.sum_of_squares() / (left * left);
        if statistic_uncut <= best.0 {
            best = (statistic_uncut, cut, mean_of(&kept));
        }
    }
    let (statistic, batches_cut, mean_after) = best;
    let steady = if batches_cut < limit { SteadyState::Reached } else { SteadyState::NotReached };
    Ok(WarmUp {
        batches_cut,
        observations_cut: batches_cut * MSER_BATCH,
        mean_after,
        statistic,
        statistic_uncut,
        steady,
    })
}

/// Interval of the mean of one run from `batches` equal batches: Student's t over their means, the
/// remainder at the start left out.
///
/// # Errors
///
/// [`StatsError::TooFew`] below two batches or below one observation a batch, and those of
/// [`Interval::of_mean`].
pub fn batch_means_interval(
    series: &[f64],
    batches: usize,
    level: f64,
) -> Result<Interval, StatsError> {
    if batches < 2 {
        return Err(StatsError::TooFew { needed: 2, given: batches });
    }
    let size = series.len() / batches;
    if size == 0 {
        return Err(StatsError::TooFew { needed: batches, given: series.len() });
    }
    let means = batch_means(&series[series.len() - size * batches..], size)?;
    Ok(Interval { method: Method::BatchMeans, ..Interval::of_mean(&means, level)? })
}

/// Σ(x_t − m)(x_{t+1} − m) / Σ(x_t − m)².
///
/// # Errors
///
/// [`StatsError::TooFew`] below two values, [`StatsError::NoSpread`] when all are equal,
/// [`StatsError::NotFinite`].
pub fn lag_one_autocorrelation(series: &[f64]) -> Result<f64, StatsError> {
    check_values(series, 2)?;
    autocorrelation(series, &Summary::of(series), 1)
}

fn autocorrelation(series: &[f64], summary: &Summary, lag: usize) -> Result<f64, StatsError> {
    let squares = summary.sum_of_squares();
    if squares <= 0.0 {
        return Err(StatsError::NoSpread);
    }
    let mean = mean_of(summary);
    let pairs = series.iter().zip(&series[lag.min(series.len())..]);
    Ok(ordered_sum(pairs.map(|(now, later)| (now - mean) * (later - mean))) / squares)
}

/// Returns the number of independent values that would estimate the mean as precisely as this correlated series:
/// n / (1 + 2 Σ ρₖ). The sum is taken over pairs of lags while they are positive (Geyer's initial positive sequence),
/// at least 1 and at most n. O(n × relevant lags).
///
/// # Errors
///
/// [`StatsError::TooFew`] below four values, [`StatsError::NoSpread`], [`StatsError::NotFinite`].
pub fn effective_sample_size(series: &[f64]) -> Result<f64, StatsError> {
    check_values(series, 4)?;
    let summary = Summary::of(series);
    let n = series.len() as f64;
    // Σ of the pairs ρ₀ + ρ₁, ρ₂ + ρ₃, …; 1 + 2 Σ ρₖ = 2 Σ pairs − 1.
    let mut pairs = 0.0;
    let mut lag = 0;
    while lag + 1 < series.len() / 2 {
        let pair =
            autocorrelation(series, &summary, lag)? + autocorrelation(series, &summary, lag + 1)?;
        if pair <= 0.0 {
            break;
        }
        pairs += pair;
        lag += 2;
    }
    let inflation = (2.0 * pairs - 1.0).max(1.0);
    Ok((n / inflation).max(1.0))
}

/// Effective sample size when only batch means were kept: n σ² / (m σ_m²), where `variance` is that
/// of single observations and `means` are those of batches of `size` observations each; at least 1
/// and at most n.
///
/// # Errors
///
/// [`StatsError::TooFew`] below two batches, [`StatsError::NoSpread`] when the batch means are all
/// equal, [`StatsError::OutOfRange`] for a batch size of zero or a negative variance.
pub fn effective_sample_size_of_batches(
    variance: f64,
    means: &[f64],
    size: usize,
) -> Result<f64, StatsError> {
    check_values(means, 2)?;
    if size == 0 {
        return Err(StatsError::OutOfRange("batch size"));
    }
    if !(variance.is_finite() && variance >= 0.0) {
        return Err(StatsError::OutOfRange("variance"));
    }
    let between = Summary::of(means).variance().unwrap_or(0.0);
    if between <= 0.0 {
        return Err(StatsError::NoSpread);
    }
    let n = means.len() as f64 * size as f64;
    Ok((n * variance / (size as f64 * between)).clamp(1.0, n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle_tests::Draws;

    /// S5: a series that only climbs has no steady part, and says so.
    #[test]
    fn a_series_without_a_steady_part_is_called_that() {
        let climb: Vec<f64> = (0..200).map(f64::from).collect();
        assert_eq!(mser5(&climb).unwrap().steady, SteadyState::NotReached);
        let flat = vec![7.0; 200];
        let warm_up = mser5(&flat).unwrap();
        assert_eq!((warm_up.batches_cut, warm_up.steady), (0, SteadyState::Reached));
        assert_eq!(mser5(&climb[..19]), Err(StatsError::TooFew { needed: 20, given: 19 }));
    }

    /// S4: a first-order autoregression with ρ = 0.8 of n values is worth n (1 − ρ)/(1 + ρ) = n/9;
    /// the estimate's own error is a few per cent at 200,000 values.
    #[test]
    fn correlated_values_are_worth_their_effective_number() {
        let mut draws = Draws::named("correlated_values_are_worth_their_effective_number");
        let mut level = 0.0;
        let series: Vec<f64> = (0..200_000)
            .map(|_| {
                level = 0.8 * level + draws.normal();
                level
            })
            .collect();
        let worth = effective_sample_size(&series).unwrap();
        assert!((worth * 9.0 / 2e5 - 1.0).abs() < 0.1, "worth {worth}");
        // 500 batches: the relative standard error of their variance is √(2/499) = 6 %; four of
        // those.
        let means = batch_means(&series, 400).unwrap();
        let variance = Summary::of(&series).variance().unwrap();
        let from_batches = effective_sample_size_of_batches(variance, &means, 400).unwrap();
        assert!((from_batches * 9.0 / 2e5 - 1.0).abs() < 0.26, "worth {from_batches}");
        let independent: Vec<f64> = (0..20_000).map(|_| draws.normal()).collect();
        assert!(effective_sample_size(&independent).unwrap() > 18_000.0);
    }
}
