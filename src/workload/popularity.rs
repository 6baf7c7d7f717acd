//! Popularity of pages and objects by rank.
//!
//! Model: Zipf. Rank r of n is requested with probability r^−α / Σ_{k≤n} k^−α. Sampled by inversion of the exact
//! cumulated table, one uniform number per draw, O(log n).
//!
//! Holds: rank 1 is the most popular; a larger uniform number never gives a smaller rank.
//! Leaves out: popularity that drifts, correlation between requests.
//! Source: Breslau et al. (1999), Web caching and Zipf-like distributions.

use std::fmt;
use std::sync::Arc;

use crate::convert::{index, place};

/// Maximum number of objects in one table: 80 MB.
pub const MAX_OBJECTS: u64 = 10_000_000;

/// Reason why a popularity cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PopularityError {
    /// The exponent α is not within 0..=20.
    Exponent(f64),
    /// There is no object, or more than [`MAX_OBJECTS`].
    Objects(u64),
}

impl fmt::Display for PopularityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exponent(value) => write!(f, "alpha is {value}; it must lie between 0 and 20"),
            Self::Objects(count) => write!(f, "{count} objects; there must be 1 to {MAX_OBJECTS}"),
        }
    }
}

impl std::error::Error for PopularityError {}

/// Number of ranks that [`share_of_first`] sums one by one.
const SUMMED: u64 = 1_000;

/// Returns the share of the requests that go to rank 1, without a table: the ranks after the first [`SUMMED`] by the integral of
/// their law from midpoint to midpoint, which is within 10⁻⁷ of their sum. 0 for what [`Zipf::new`] refuses.
#[must_use]
pub fn share_of_first(alpha: f64, objects: u64) -> f64 {
    if !(0.0..=20.0).contains(&alpha) || !(1..=MAX_OBJECTS).contains(&objects) {
        return 0.0;
    }
    let singly = objects.min(SUMMED);
    let sum: f64 = (1..=singly).map(|rank| libm::pow(rank as f64, -alpha)).sum();
    let (from, to) = (singly as f64 + 0.5, objects as f64 + 0.5);
    let power = 1.0 - alpha;
    let rest = if power.abs() < 1e-9 {
        libm::log(to / from)
    } else {
        (libm::pow(to, power) - libm::pow(from, power)) / power
    };
    1.0 / (sum + rest)
}

/// Zipf popularity of n objects; clones share the table.
#[derive(Clone, Debug)]
pub struct Zipf {
    /// Probability of a rank up to each one; the last is 1.
    cumulated: Arc<[f64]>,
}

impl Zipf {
    /// Creates the popularity r^−`alpha` of the ranks r = 1 to `objects`. O(n).
    ///
    /// # Errors
    ///
    /// `alpha` outside 0..=20; no object, or more than [`MAX_OBJECTS`].
    pub fn new(alpha: f64, objects: u64) -> Result<Self, PopularityError> {
        if !(0.0..=20.0).contains(&alpha) {
            return Err(PopularityError::Exponent(alpha));
        }
        if !(1..=MAX_OBJECTS).contains(&objects) {
            return Err(PopularityError::Objects(objects));
        }
        let mut sum = 0.0;
        let mut lost = 0.0;
        let mut cumulated: Vec<f64> = (1..=objects)
            .map(|rank| {
                // Compensated: ten million small terms must not drown in the first ones.
                let term = libm::pow(rank as f64, -alpha) - lost;
                let next = sum + term;
                lost = (next - sum) - term;
                sum = next;
                sum
            })
            .collect();
        for entry in &mut cumulated {
            *entry /= sum;
        }
        Ok(Self { cumulated: cumulated.into() })
    }

    /// Returns the number of objects.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.cumulated.len() as u64
    }

    /// Returns the rank, from 1, at a uniform number strictly between 0 and 1.
    #[must_use]
    pub fn quantile(&self, uniform: f64) -> u64 {
        u64::from(self.object(uniform)) + 1
    }

    /// Returns the number of objects, as the length of a table.
    #[must_use]
    pub fn count(&self) -> u32 {
        place(self.cumulated.len())
    }

    /// Returns the object, from 0, at a uniform number strictly between 0 and 1; it is below [`Self::count`].
    #[must_use]
    pub fn object(&self, uniform: f64) -> u32 {
        let below = self.cumulated.partition_point(|upto| *upto < uniform);
        place(below.min(self.cumulated.len() - 1))
    }

    /// Returns the probability of `rank`; zero outside 1..=n.
    #[must_use]
    pub fn probability(&self, rank: u64) -> f64 {
        if rank == 0 {
            return 0.0;
        }
        self.share_of_top(rank) - self.share_of_top(rank - 1)
    }

    /// Returns the share of the requests that go to the `count` most popular objects.
    #[must_use]
    pub fn share_of_top(&self, count: u64) -> f64 {
        let last = count.min(self.objects());
        if last == 0 { 0.0 } else { self.cumulated[index(last) - 1] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_the_first_needs_no_table() {
        for (alpha, objects) in [
            (0.0, 1),
            (0.0, 50_000),
            (0.5, 5_000),
            (0.9, 999),
            (0.9, 100_000),
            (1.0, 20_000),
            (2.0, 20_000),
        ] {
            let table = Zipf::new(alpha, objects).unwrap().share_of_top(1);
            let share = share_of_first(alpha, objects);
            assert!((share / table - 1.0).abs() < 1e-7, "{alpha} {objects}: {share}, not {table}");
        }
        assert_eq!(share_of_first(21.0, 5), 0.0);
        assert_eq!(share_of_first(1.0, 0), 0.0);
    }

    #[test]
    fn shares_of_the_top_are_harmonic_sums() {
        // α = 1, n = 4: weights 1, 1/2, 1/3, 1/4 sum to 25/12.
        let zipf = Zipf::new(1.0, 4).unwrap();
        for (top, share) in [(0, 0.0), (1, 12.0 / 25.0), (2, 18.0 / 25.0), (4, 1.0), (9, 1.0)] {
            assert!((zipf.share_of_top(top) - share).abs() < 1e-15, "top {top}");
        }
        assert!((zipf.probability(3) - 4.0 / 25.0).abs() < 1e-15);
        assert_eq!(zipf.probability(0), 0.0);
        // α = 0 is uniform.
        let flat = Zipf::new(0.0, 1_000_000).unwrap();
        assert!((flat.share_of_top(250_000) - 0.25).abs() < 1e-12);
        // H(20000) = ln 20000 + γ + 1/40000 - …: the table must keep the small terms.
        let pages = Zipf::new(1.0, 20_000).unwrap();
        let harmonic = libm::log(20_000.0) + 0.577_215_664_901_532_9 + 1.0 / 40_000.0;
        assert!((pages.share_of_top(1) * harmonic - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_uniform_number_gives_the_rank_whose_share_covers_it() {
        let zipf = Zipf::new(1.0, 4).unwrap();
        for (uniform, rank) in
            [(1e-16, 1), (0.479, 1), (0.481, 2), (0.719, 2), (0.721, 3), (1.0 - 1e-16, 4)]
        {
            assert_eq!(zipf.quantile(uniform), rank, "{uniform}");
        }
        // A midpoint grid is an exact sample: counts differ from n·p by at most one.
        let ranks = Zipf::new(0.8, 100).unwrap();
        let mut counts = [0_u32; 101];
        for step in 0..100_000 {
            counts[ranks.quantile((f64::from(step) + 0.5) / 1e5) as usize] += 1;
        }
        for rank in 1..=100_u64 {
            let expected = ranks.probability(rank) * 1e5;
            assert!((f64::from(counts[rank as usize]) - expected).abs() <= 1.0, "rank {rank}");
        }
    }

    #[test]
    fn hostile_popularities_are_refused() {
        for alpha in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Zipf::new(alpha, 10), Err(PopularityError::Exponent(_))), "{alpha}");
        }
        assert_eq!(Zipf::new(1.0, 0).unwrap_err(), PopularityError::Objects(0));
        let many = MAX_OBJECTS + 1;
        assert_eq!(Zipf::new(1.0, many).unwrap_err(), PopularityError::Objects(many));
        assert_eq!(Zipf::new(20.0, 1).unwrap().quantile(0.5), 1);
    }
}
