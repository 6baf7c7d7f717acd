//! A sample of durations, exact up to a bounded number of values.
//!
//! Model: durations of zero are a count; up to [`EXACT`] others are stored individually, more of them in a
//! [`Histogram`], whose buckets are 0.2 % wide. In: nanoseconds. Out: order statistics, each with
//! a lower and an upper bound, which are equal while the sample is exact.
//!
//! Holds: merging is commutative and associative except for the order in which values are stored, on which no
//! result depends; whether a sample is exact depends on its number of values, and on how it was created.
//! Memory: 8 bytes per value, at most [`EXACT`] of them; then that of a histogram.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;

/// Maximum number of durations above zero that are stored individually.
pub const EXACT: usize = 100_000;

/// Storage of the durations above zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kept {
    Exact(Vec<u64>),
    Counted(Box<Histogram>),
}

/// A sample of durations, for order statistics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    zeros: u64,
    kept: Kept,
}

impl Default for Sample {
    fn default() -> Self {
        Self::new()
    }
}

impl Sample {
    /// Creates an empty sample.
    #[must_use]
    pub const fn new() -> Self {
        Self { zeros: 0, kept: Kept::Exact(Vec::new()) }
    }

    /// Creates an empty sample that stores no duration individually.
    #[must_use]
    pub fn in_buckets() -> Self {
        Self { zeros: 0, kept: Kept::Counted(Box::default()) }
    }

    /// Adds one duration of `nanos` nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        if nanos == 0 {
            self.zeros += 1;
            return;
        }
        match &mut self.kept {
            Kept::Exact(values) if values.len() < EXACT => values.push(nanos),
            Kept::Exact(_) => self.counted().record(nanos),
            Kept::Counted(histogram) => histogram.record(nanos),
        }
    }

    /// Adds `count` durations of zero.
    pub const fn record_zeros(&mut self, count: u64) {
        self.zeros += count;
    }

    /// Adds all durations of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        match (&mut self.kept, &other.kept) {
            (Kept::Exact(mine), Kept::Exact(theirs)) if mine.len() + theirs.len() <= EXACT => {
                mine.extend_from_slice(theirs);
            }
            (_, Kept::Exact(theirs)) => {
                let histogram = self.counted();
                theirs.iter().for_each(|nanos| histogram.record(*nanos));
            }
            (_, Kept::Counted(theirs)) => self.counted().merge(theirs),
        }
    }

    /// Converts the sample to a histogram if it is none yet, and returns the histogram.
    fn counted(&mut self) -> &mut Histogram {
        if let Kept::Exact(values) = &self.kept {
            let mut histogram = Histogram::new();
            values.iter().for_each(|nanos| histogram.record(*nanos));
            self.kept = Kept::Counted(Box::new(histogram));
        }
        match &mut self.kept {
            Kept::Counted(histogram) => histogram,
            Kept::Exact(_) => unreachable!("it was just turned into a histogram"),
        }
    }

    /// Returns the number of durations, zeros included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.zeros
            + match &self.kept {
                Kept::Exact(values) => values.len() as u64,
                Kept::Counted(histogram) => histogram.count(),
            }
    }

    /// Returns true if every duration is stored exactly.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        matches!(self.kept, Kept::Exact(_))
    }

    /// Returns the durations of the given ranks, from 1 for the shortest to the count, after adding `more_zeros`
    /// zeros. Each is a lower bound, a representative value and an upper bound, in nanoseconds.
    /// Ranks beyond either end give the value at that end, 0 while empty.
    #[must_use]
    pub fn ranked(&self, ranks: &[u64], more_zeros: u64) -> Vec<[u64; 3]> {
        let zeros = self.zeros + more_zeros;
        let above = |rank: &u64| rank.checked_sub(zeros).filter(|rank| *rank > 0);
        match &self.kept {
            Kept::Exact(values) => {
                let mut sorted = values.clone();
                sorted.sort_unstable();
                let at = |rank: u64| {
                    let place = usize::try_from(rank - 1).unwrap_or(usize::MAX);
                    let last = sorted.last().copied().unwrap_or(0);
                    [sorted.get(place).copied().unwrap_or(last); 3]
                };
                ranks.iter().map(|rank| above(rank).map_or([0; 3], at)).collect()
            }
            Kept::Counted(histogram) => {
                let at = |rank: u64| histogram.ranked(rank);
                ranks.iter().map(|rank| above(rank).map_or([0; 3], at)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Sample {
        let mut sample = Sample::new();
        values.into_iter().for_each(|nanos| sample.record(nanos));
        sample
    }

    #[test]
    fn order_statistics_are_the_values_themselves() {
        let sample = of([27_000_000_000_000, 0, 3, 0, 5]);
        assert_eq!(sample.count(), 5);
        let found = sample.ranked(&[1, 2, 3, 4, 5, 9], 0);
        assert_eq!(found, [0, 0, 3, 5, 27_000_000_000_000, 27_000_000_000_000].map(|v| [v; 3]));
        assert_eq!(sample.ranked(&[3, 4], 1), [[0; 3], [3; 3]]);
        assert_eq!(Sample::new().ranked(&[1], 0), [[0; 3]]);
    }

    /// One value more than the limit is stored in buckets, whose width is in the result, in any order of merges.
    #[test]
    fn a_large_sample_is_counted_and_says_how_wide_its_buckets_are() {
        let values: Vec<u64> = (0..EXACT as u64 + 1).map(|at| 7_500_000_003 + 977 * at).collect();
        let whole = of(values.iter().copied());
        assert!(of(values[1..].iter().copied()).is_exact() && !whole.is_exact());
        for cut in [1, EXACT / 2, EXACT] {
            let (left, right) = values.split_at(cut);
            let (mut one, other) = (of(left.iter().copied()), of(right.iter().copied()));
            one.merge(&other);
            assert_eq!(one, whole);
            let mut two = other;
            two.merge(&of(left.iter().copied()));
            assert_eq!(two, whole);
        }
        for rank in [2, 1_000, EXACT as u64] {
            let [low, middle, high] = whole.ranked(&[rank], 0)[0];
            let exact = values[rank as usize - 1];
            assert!(low <= exact && exact <= high && low <= middle && middle <= high);
            assert!(high - low <= low / 500, "{low} to {high}");
        }
    }
}
