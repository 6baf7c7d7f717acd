//! Hit ratio of a least-recently-used cache with many objects.
//!
//! Che's approximation: an object stays in the cache for one and the same time T after each request
//! for it, counted in requests. T is such that C objects are there in the mean:
//!
//! ```text
//! Σᵢ (1 − e^(−pᵢ·T)) = C        hit ratio = Σᵢ pᵢ (1 − e^(−pᵢ·T))
//! ```
//!
//! Takes: the probability of each object. Holds: better the more objects there are; 1e-4 off at
//! 100 objects and a cache of 20 (O41). Leaves out: dependence between requests, sizes.
//! Source: Che, Tung & Wang (2002), Hierarchical web caching systems; Fricker, Robert & Roberts
//! (2012), A versatile and accurate approximation for LRU cache performance.

use crate::stats::{StatsError, check_values};

/// Rounds of Newton's method; it converges quadratically, from below.
const ROUNDS: usize = 200;

/// T: for how many requests an object stays after it was asked for last, in a cache of `capacity`
/// objects. `popularity` holds the probability of each object.
///
/// # Errors
///
/// [`StatsError::TooFew`] or [`StatsError::NotFinite`] for an unusable `popularity`;
/// [`StatsError::OutOfRange`] when a probability is negative or `capacity` does not lie between 0
/// and the number of objects that are asked for: a cache of all of them keeps them for ever.
pub fn characteristic_time(popularity: &[f64], capacity: f64) -> Result<f64, StatsError> {
    check_values(popularity, 1)?;
    if popularity.iter().any(|p| *p < 0.0) {
        return Err(StatsError::OutOfRange("popularity"));
    }
    let asked_for = popularity.iter().filter(|p| **p > 0.0).count();
    if !(capacity > 0.0 && capacity < asked_for as f64) {
        return Err(StatsError::OutOfRange("capacity"));
    }
    // The sum is concave in T and starts at 0, so that each tangent meets C before the sum does:
    // from below, every step is too short and none is too long.
    let mut time = 0.0;
    for _ in 0..ROUNDS {
        let (mut there, mut slope) = (0.0, 0.0);
        for p in popularity {
            let gone = -p * time;
            there -= libm::expm1(gone);
            slope += p * libm::exp(gone);
        }
        let next = time + (capacity - there) / slope;
        if next <= time || !next.is_finite() {
            break;
        }
        time = next;
    }
    Ok(time)
}

/// Share of requests that find their object in a cache of `capacity` objects that throws out the
/// least recently used one.
///
/// # Errors
///
/// Those of [`characteristic_time`].
pub fn lru_hit_ratio(popularity: &[f64], capacity: f64) -> Result<f64, StatsError> {
    let time = characteristic_time(popularity, capacity)?;
    Ok(popularity.iter().map(|p| -p * libm::expm1(-p * time)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zipf(alpha: f64, objects: u32) -> Vec<f64> {
        let weights: Vec<f64> = (1..=objects).map(|r| libm::pow(f64::from(r), -alpha)).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    fn assert_close(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() <= 1e-9, "{value} against {expected}");
    }

    /// O41, the four rows that are computed.
    #[test]
    fn o41_the_approximation_gives_the_published_values() {
        assert_close(lru_hit_ratio(&zipf(0.8, 100), 20.0).unwrap(), 0.431_113_155_242);
        let many = zipf(0.8, 10_000);
        assert_close(lru_hit_ratio(&many, 1000.0).unwrap(), 0.436_659_722_231);
        assert_close(characteristic_time(&many, 1000.0).unwrap(), 1_472.479_532_21);
        assert_close(lru_hit_ratio(&zipf(1.0, 10_000), 1000.0).unwrap(), 0.675_601_793_51);
    }

    #[test]
    fn equal_objects_hit_in_proportion_to_the_cache() {
        // All p equal: 1 − e^(−pT) = C / n, so T = −n ln(1 − C / n).
        let flat = vec![0.01; 100];
        assert_close(lru_hit_ratio(&flat, 25.0).unwrap(), 0.25);
        assert_close(characteristic_time(&flat, 25.0).unwrap(), -100.0 * libm::log(0.75));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for capacity in [0.0, -1.0, 2.0, f64::NAN, f64::INFINITY] {
            let refused = characteristic_time(&[0.5, 0.5, 0.0], capacity);
            assert_eq!(refused, Err(StatsError::OutOfRange("capacity")), "{capacity}");
        }
        assert!(characteristic_time(&[], 1.0).is_err());
        assert!(characteristic_time(&[f64::NAN, 1.0], 1.0).is_err());
        assert!(characteristic_time(&[1.5, -0.5], 0.5).is_err());
    }
}
