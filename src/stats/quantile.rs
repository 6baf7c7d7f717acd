//! Quantiles of samples: estimates, distribution-free intervals, how many samples each percentile
//! needs, and a sketch in constant memory.
//!
//! Takes sorted samples (or a stream, for [`PSquare`]); gives values in the same unit.
//! Holds: an interval is refused where the sample cannot bound the quantile.
//! Leaves out: weights. Counts of durations live in `observe::histogram`.
//!
//! Sources: Hyndman and Fan (1996), type 7; David and Nagaraja, Order Statistics, section 7.1;
//! Jain and Chlamtac (1985) for P².

use super::interval::{Interval, Method};
use super::special::{binomial_cdf, binomial_quantile};
use super::{StatsError, check_open_unit, check_values};
use crate::convert::{index, whole};

/// Effective samples that must lie beyond a percentile before it is printed.
pub const SAMPLES_BEYOND: f64 = 10.0;

/// Rank (from 1) of the smallest of `count` sorted values with at least the share `q` at or below
/// it. `q` is clamped to 0..=1; `count` must not be zero for the rank to exist.
#[must_use]
pub fn nearest_rank(q: f64, count: u64) -> u64 {
    // A decimal such as 0.07 is not exact: without the slack, 0.07 × 100 would round up to 8.
    let position = q * count as f64 * (1.0 - 4.0 * f64::EPSILON);
    whole::u64(position.ceil()).clamp(1, count.max(1))
}

/// Quantile of sorted values by linear interpolation between the neighbours of position q(n − 1).
///
/// # Errors
///
/// [`StatsError::TooFew`] without a value, [`StatsError::OutOfRange`] for a `q` outside 0..=1.
pub fn sample_quantile(sorted: &[f64], q: f64) -> Result<f64, StatsError> {
    check_values(sorted, 1)?;
    if !(0.0..=1.0).contains(&q) {
        return Err(StatsError::OutOfRange("quantile"));
    }
    let position = q * (sorted.len() - 1) as f64;
    let below = whole::usize(position.floor());
    let above = (below + 1).min(sorted.len() - 1);
    Ok(sorted[below] + (position - below as f64) * (sorted[above] - sorted[below]))
}

/// Effective samples needed before the quantile `q` is printed: ten beyond it, so p50 20, p95 200,
/// p99 1,000, p99.9 10,000.
///
/// # Errors
///
/// [`StatsError::OutOfRange`] for a `q` outside (0, 1).
pub fn samples_needed(q: f64) -> Result<u64, StatsError> {
    check_open_unit(q, "quantile")?;
    Ok(round_up(SAMPLES_BEYOND / q.min(1.0 - q)))
}

/// Samples below which no distribution-free upper bound of quantile `q` exists at one-sided
/// `level`: the least n with qⁿ ≤ 1 − level. 299 for p99 at 95 %.
///
/// # Errors
///
/// [`StatsError::OutOfRange`] for a `q` or `level` outside (0, 1).
pub fn samples_for_upper_bound(q: f64, level: f64) -> Result<u64, StatsError> {
    check_open_unit(q, "quantile")?;
    check_open_unit(level, "level")?;
    Ok(round_up(libm::log(1.0 - level) / libm::log(q)))
}

/// Rounds up, forgiving the last digits that 1 − q has lost.
fn round_up(count: f64) -> u64 {
    whole::u64((count * (1.0 - 1e-9)).ceil())
}

/// Ranks (from 1) of the order statistics that bracket a quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// The lower end is the `low`-th smallest value.
    pub low: u64,
    /// The upper end is the `high`-th smallest value.
    pub high: u64,
    /// The exact probability that they hold the quantile of a continuous law: at least the level.
    pub coverage: f64,
}

/// Ranks for the interval [X₍low₎, X₍high₎) of quantile `q` from `count` independent samples:
/// low = smallest k with P(B ≤ k) ≥ (1 − level)/2 and high = 1 + smallest k with
/// P(B ≤ k) ≥ (1 + level)/2, B binomial(count, q). `None` when there are too few samples on one
/// side for that bound to exist.
///
/// # Errors
///
/// [`StatsError::OutOfRange`] for a `q` or `level` outside (0, 1).
pub fn interval_ranks(q: f64, count: u64, level: f64) -> Result<Option<Ranks>, StatsError> {
    check_open_unit(q, "quantile")?;
    check_open_unit(level, "level")?;
    let tail = 0.5 * (1.0 - level);
    let low = binomial_quantile(tail, count, q, 1.0 - q);
    let high = 1 + binomial_quantile(1.0 - tail, count, q, 1.0 - q);
    if low == 0 || high > count {
        return Ok(None);
    }
    let coverage =
        binomial_cdf(high - 1, count, q, 1.0 - q) - binomial_cdf(low - 1, count, q, 1.0 - q);
    Ok(Some(Ranks { low, high, coverage }))
}

/// Distribution-free interval of quantile `q` from sorted *independent* values.
///
/// # Errors
///
/// [`StatsError::TooFew`] when no such interval exists, [`StatsError::OutOfRange`],
/// [`StatsError::NotFinite`].
pub fn quantile_interval(sorted: &[f64], q: f64, level: f64) -> Result<Interval, StatsError> {
    let estimate = sample_quantile(sorted, q)?;
    let Some(ranks) = interval_ranks(q, sorted.len() as u64, level)? else {
        let needed = samples_for_upper_bound(q.max(1.0 - q), 0.5 * (1.0 + level))?;
        return Err(StatsError::TooFew { needed: index(needed), given: sorted.len() });
    };
    let at = |rank: u64| sorted[index(rank) - 1];
    Ok(Interval {
        low: at(ranks.low),
        high: at(ranks.high),
        estimate,
        level,
        method: Method::OrderStatistics,
    })
}

/// P²: one quantile of a stream from five markers, without keeping the values. An approximation
/// without an error bound; where a bound is owed, count in a histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct PSquare {
    q: f64,
    count: u64,
    heights: [f64; 5],
    /// Ranks of the markers, whole numbers.
    positions: [f64; 5],
    wanted: [f64; 5],
}

impl PSquare {
    /// A sketch of quantile `q`.
    ///
    /// # Errors
    ///
    /// [`StatsError::OutOfRange`] for a `q` outside (0, 1).
    pub fn new(q: f64) -> Result<Self, StatsError> {
        check_open_unit(q, "quantile")?;
        Ok(Self {
            q,
            count: 0,
            heights: [0.0; 5],
            positions: [1.0, 2.0, 3.0, 4.0, 5.0],
            wanted: [1.0, 1.0 + 2.0 * q, 1.0 + 4.0 * q, 3.0 + 2.0 * q, 5.0],
        })
    }

    /// Takes one more value.
    ///
    /// # Errors
    ///
    /// [`StatsError::NotFinite`]; the sketch is then unchanged.
    pub fn add(&mut self, value: f64) -> Result<(), StatsError> {
        check_values(&[value], 1)?;
        if self.count < 5 {
            let at = index(self.count);
            self.heights[at] = value;
            self.heights[..=at].sort_by(f64::total_cmp);
            self.count += 1;
            return Ok(());
        }
        self.count += 1;
        self.heights[0] = self.heights[0].min(value);
        self.heights[4] = self.heights[4].max(value);
        // The cell the value falls into: markers above it move up one rank.
        let cell = (1..4).filter(|&i| self.heights[i] <= value).count();
        for position in &mut self.positions[cell + 1..] {
            *position += 1.0;
        }
        let steps = [0.0, 0.5 * self.q, self.q, 0.5 * (1.0 + self.q), 1.0];
        for (wanted, step) in self.wanted.iter_mut().zip(steps) {
            *wanted += step;
        }
        for i in 1..4 {
            self.adjust(i);
        }
        Ok(())
    }

    /// Moves inner marker `i` by one rank towards where it should be, if there is room.
    fn adjust(&mut self, i: usize) {
        let (n, h) = (&self.positions, &self.heights);
        let gap = self.wanted[i] - n[i];
        let room = (gap >= 1.0 && n[i + 1] - n[i] > 1.0) || (gap <= -1.0 && n[i - 1] - n[i] < -1.0);
        if !room {
            return;
        }
        let d = gap.signum();
        let parabola = h[i]
            + d / (n[i + 1] - n[i - 1])
                * ((n[i] - n[i - 1] + d) * (h[i + 1] - h[i]) / (n[i + 1] - n[i])
                    + (n[i + 1] - n[i] - d) * (h[i] - h[i - 1]) / (n[i] - n[i - 1]));
        let height = if h[i - 1] < parabola && parabola < h[i + 1] {
            parabola
        } else {
            let side = if d > 0.0 { i + 1 } else { i - 1 };
            h[i] + d * (h[side] - h[i]) / (n[side] - n[i])
        };
        self.heights[i] = height;
        self.positions[i] += d;
    }

    /// The estimate; `None` without a value. Exact (interpolated) up to five values.
    #[must_use]
    pub fn estimate(&self) -> Option<f64> {
        match self.count {
            0 => None,
            1..=5 => sample_quantile(&self.heights[..index(self.count)], self.q).ok(),
            _ => Some(self.heights[2]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S1: a percentile is printed only with ten effective samples beyond it.
    #[test]
    fn each_percentile_states_the_samples_it_needs() {
        for (q, needed) in [
            (0.5, 20),
            (0.9, 100),
            (0.95, 200),
            (0.99, 1_000),
            (0.999, 10_000),
            (0.9999, 100_000),
            (0.01, 1_000),
        ] {
            assert_eq!(samples_needed(q), Ok(needed), "q = {q}");
        }
        for (q, needed) in [(0.95, 59), (0.99, 299), (0.999, 2_995)] {
            assert_eq!(samples_for_upper_bound(q, 0.95), Ok(needed), "q = {q}");
        }
    }

    /// S1, S9: below the bound there is no interval, and it says how many samples are missing.
    #[test]
    fn a_quantile_without_a_bound_is_refused() {
        let few: Vec<f64> = (0..368).map(f64::from).collect();
        // 0.99³⁶⁸ = 0.0248 and 0.99³⁶⁷ = 0.0250: two-sided 95 % needs 368.
        assert_eq!(
            quantile_interval(&few[..367], 0.99, 0.95),
            Err(StatsError::TooFew { needed: 368, given: 367 })
        );
        let interval = quantile_interval(&few, 0.99, 0.95).unwrap();
        assert_eq!((interval.low, interval.high), (359.0, 367.0));
        assert_eq!(sample_quantile(&[], 0.5), Err(StatsError::TooFew { needed: 1, given: 0 }));
        assert_eq!(sample_quantile(&[1.0], 1.5), Err(StatsError::OutOfRange("quantile")));
    }

    /// C9: ranks are those a person would count, also where the decimal is not exact in binary.
    #[test]
    fn nearest_ranks_are_the_counted_ones() {
        for (q, count, rank) in [
            (0.0, 10, 1),
            (0.07, 100, 7),
            (0.5, 4, 2),
            (0.5, 5, 3),
            (0.9, 10, 9),
            (0.95, 1000, 950),
            (0.999, 1000, 999),
            (1.0, 7, 7),
        ] {
            assert_eq!(nearest_rank(q, count), rank, "q = {q} of {count}");
        }
    }

    /// The sketch of few values is their interpolated quantile; of none it is nothing.
    #[test]
    fn a_sketch_of_few_values_is_exact() {
        let mut sketch = PSquare::new(0.5).unwrap();
        assert_eq!(sketch.estimate(), None);
        for value in [3.0, 1.0, 2.0, 10.0] {
            sketch.add(value).unwrap();
        }
        assert_eq!(sketch.estimate(), Some(2.5));
        assert_eq!(sketch.add(f64::NAN), Err(StatsError::NotFinite));
        assert_eq!(sketch.estimate(), Some(2.5));
    }
}
