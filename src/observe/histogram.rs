//! Distribution of durations in bounded memory.
//!
//! Model: log-linear buckets, 512 per power of two, so that the width of a bucket is at most 1/512 of its
//! values. A quantile is the middle of its bucket, with an error of at most 1/1024, that is
//! below 0.1 %. Values below 1,024 ns are exact.
//!
//! In: nanoseconds, 0 to 584 years. Out: counts, the exact sum, least and greatest value,
//! and quantiles. Holds: merging is exact, commutative and associative; Σ buckets = count.
//! Memory: 2 KiB per power of two between the least and the greatest value recorded (1 ms to
//! 10 s: 30 KiB), twice that once a bucket holds 2³²; up to 32 buckets are stored as a list, in half a
//! kilobyte. One that is read is checked. Leaves out: the order of the values.
//!
//! Source: Tene, HdrHistogram, for the bucket layout.

use serde::{Deserialize, Serialize};

use crate::convert::{index, table};
use crate::stats::quantile::nearest_rank;
use crate::units::SimDuration;

/// log₂ of the number of buckets per power of two.
const BITS: u32 = 9;
/// Buckets per power of two, which form a row; counts are allocated in rows.
const ROW: usize = 1 << BITS;
/// Number of the last bucket, which holds `u64::MAX`.
const LAST: usize = (63 - BITS as usize) * ROW + 2 * ROW - 1;
// Bucket numbers start at 0 and rise by one.
const _: () = assert!(bucket_of(u64::MAX) == LAST && bucket_of(0) == 0 && LAST < 1 << 15);

/// Inverse relative width of the pieces of [`Histogram::record_evenly`]; [`FINEST`] is their least width in
/// nanoseconds.
const PARTS: u64 = 256;
const FINEST: u64 = 1_000_000;

/// Maximum number of nonempty buckets that are stored as a list.
const FEW: usize = 32;

/// Counts of the buckets: a short list, or rows that are narrow until a count does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Counts {
    /// Number and count of each nonempty bucket, in rising order.
    Few(Vec<(u16, u64)>),
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Counts {
    /// Returns the number of buckets in rows; 0 for the list.
    fn len(&self) -> usize {
        match self {
            Self::Few(_) => 0,
            Self::Narrow(counts) => counts.len(),
            Self::Wide(counts) => counts.len(),
        }
    }

    /// Adds to a bucket in a row; returns false if no row holds the bucket.
    #[inline]
    fn add(&mut self, at: usize, times: u64) -> bool {
        if let Self::Narrow(counts) = self {
            let Some(count) = counts.get_mut(at) else { return false };
            let sum = u32::try_from(times).ok().and_then(|times| count.checked_add(times));
            if let Some(sum) = sum {
                *count = sum;
                return true;
            }
            self.widen();
        }
        let Self::Wide(counts) = self else { return false };
        let Some(count) = counts.get_mut(at) else { return false };
        *count = count.saturating_add(times);
        true
    }

    #[cold]
    fn widen(&mut self) {
        if let Self::Narrow(counts) = self {
            *self = Self::Wide(counts.iter().map(|count| u64::from(*count)).collect());
        }
    }

    /// Iterates over the nonempty buckets, number and count; the rows begin at bucket `first`.
    fn iter(&self, first: usize) -> impl Iterator<Item = (usize, u64)> + '_ {
        let (few, narrow, wide): (&[(u16, u64)], &[u32], &[u64]) = match self {
            Self::Few(few) => (few, &[], &[]),
            Self::Narrow(counts) => (&[], counts, &[]),
            Self::Wide(counts) => (&[], &[], counts),
        };
        let row = narrow.iter().map(|&count| u64::from(count)).chain(wide.iter().copied());
        let row = (first..).zip(row).filter(|(_, count)| *count > 0);
        few.iter().map(|&(bucket, count)| (usize::from(bucket), count)).chain(row)
    }

    /// Extends the rows by `before` buckets in front and `after` behind.
    fn extend(&mut self, before: usize, after: usize) {
        fn wider<T: Copy + Default>(counts: &mut Vec<T>, before: usize, after: usize) {
            let mut all = vec![T::default(); before + counts.len() + after];
            all[before..before + counts.len()].copy_from_slice(counts);
            *counts = all;
        }
        match self {
            Self::Few(_) => {}
            Self::Narrow(counts) => wider(counts, before, after),
            Self::Wide(counts) => wider(counts, before, after),
        }
    }
}

/// Counts of durations by size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Histogram {
    /// Number of the first bucket in rows; a multiple of [`ROW`].
    first: usize,
    /// Counts of the buckets from `first` on, in whole rows without an empty row at either end; or the list.
    counts: Counts,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

/// A histogram as it was read, which may be none.
#[derive(Deserialize)]
struct Unchecked {
    first: usize,
    counts: Counts,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

/// Largest count of a histogram that is read. Some count the milliseconds of a thousand million years.
const MOST_READ: u64 = 1 << 62;

impl TryFrom<Unchecked> for Histogram {
    type Error = &'static str;

    fn try_from(read: Unchecked) -> Result<Self, Self::Error> {
        let Unchecked { first, counts, count, sum, min, max } = read;
        let rows = counts.len();
        let laid_out = match &counts {
            Counts::Few(few) => {
                first == 0 && few.len() <= FEW && few.is_sorted_by(|one, next| one.0 < next.0)
            }
            Counts::Narrow(_) | Counts::Wide(_) => {
                let in_rows = first.is_multiple_of(ROW) && rows.is_multiple_of(ROW) && rows > 0;
                in_rows && first <= LAST && rows <= LAST + 1 - first
            }
        };
        let all = counts.iter(first).try_fold((0_u64, None, 0), |(sum, least, _), (at, count)| {
            let sum = sum.checked_add(count).filter(|sum| *sum <= MOST_READ);
            Some((sum.filter(|_| at <= LAST && count > 0)?, least.or(Some(at)), at))
        });
        let whole = match all {
            Some((0, ..)) => count == 0 && sum == 0 && (min, max) == (u64::MAX, 0),
            Some((all, least, most)) => {
                let ends = (Some(bucket_of(min)), bucket_of(max)) == (least, most);
                let between = |one: u64| u128::from(one) * u128::from(count);
                let sums = between(min)..=between(max);
                all == count && min <= max && ends && sums.contains(&sum)
            }
            None => false,
        };
        match laid_out && whole {
            true => Ok(Self { first, counts, count, sum, min, max }),
            false => Err("no histogram"),
        }
    }
}

/// Returns the bucket of `nanos`.
#[inline]
const fn bucket_of(nanos: u64) -> usize {
    let shift = 63 - (nanos | (ROW as u64 - 1)).leading_zeros();
    // Below the length of one row the bucket is the value itself.
    let shift = shift.saturating_sub(BITS);
    ((shift as usize) << BITS) + index(nanos >> shift)
}

/// Returns the least and greatest value of a bucket.
const fn edges_of(bucket: usize) -> (u64, u64) {
    if bucket < 2 * ROW {
        return (bucket as u64, bucket as u64);
    }
    let shift = bucket / ROW - 1;
    let low = ((bucket % ROW + ROW) as u64) << shift;
    (low, low + ((1 << shift) - 1))
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// Creates an empty histogram; the first value allocates.
    #[must_use]
    pub const fn new() -> Self {
        let counts = Counts::Few(Vec::new());
        Self { first: 0, counts, count: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    /// Counts one duration of `nanos` nanoseconds.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.record_many(nanos, 1);
    }

    /// Counts a duration.
    #[inline]
    pub fn record_duration(&mut self, duration: SimDuration) {
        self.record(duration.nanos());
    }

    /// Counts `times` durations of `nanos` nanoseconds each.
    #[inline]
    pub fn record_many(&mut self, nanos: u64, times: u64) {
        if times == 0 {
            return;
        }
        self.add(bucket_of(nanos), times);
        self.count += times;
        self.sum += u128::from(nanos) * u128::from(times);
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    /// Counts values spread evenly from `low` to before `high` nanoseconds; `below(x)` is their number below x.
    /// Each piece of 1/256 of its value, at least 1 ms, counts at its middle.
    pub fn record_evenly(&mut self, low: u64, high: u64, below: impl Fn(u64) -> u64) {
        let (mut at, mut before) = (low, below(low));
        while at < high {
            let next = (at + at / PARTS).max(at + FINEST).min(high);
            let up_to = below(next);
            self.record_many(at + (next - at) / 2, up_to - before);
            (at, before) = (next, up_to);
        }
    }

    #[inline]
    fn add(&mut self, bucket: usize, times: u64) {
        // A bucket below the first row wraps around, and so is beyond the end too.
        if !self.counts.add(bucket.wrapping_sub(self.first), times) {
            self.add_beyond(bucket, times);
        }
    }

    /// Adds to the list, or to a bucket beyond the rows held.
    #[cold]
    fn add_beyond(&mut self, bucket: usize, times: u64) {
        if let Counts::Few(few) = &mut self.counts {
            match few.binary_search_by_key(&bucket, |(bucket, _)| usize::from(*bucket)) {
                Ok(at) => few[at].1 = few[at].1.saturating_add(times),
                Err(at) if few.len() < FEW => few.insert(at, (table::u16(bucket), times)),
                Err(_) => {
                    self.lay_out(bucket, bucket);
                    self.add(bucket, times);
                }
            }
            return;
        }
        self.make_room(bucket, bucket);
        self.add(bucket, times);
    }

    /// Converts the list into rows that cover the buckets `low..=high` too.
    fn lay_out(&mut self, low: usize, high: usize) {
        let Counts::Few(few) = std::mem::replace(&mut self.counts, Counts::Narrow(Vec::new()))
        else {
            unreachable!("only the few are laid out");
        };
        let edge =
            |at: Option<&(u16, u64)>, or: usize| at.map_or(or, |(bucket, _)| usize::from(*bucket));
        self.make_room(edge(few.first(), low).min(low), edge(few.last(), high).max(high));
        for (bucket, count) in few {
            self.add(usize::from(bucket), count);
        }
    }

    /// Extends the rows held to the buckets `low..=high`.
    #[cold]
    fn make_room(&mut self, low: usize, high: usize) {
        let (low, high) = (low / ROW * ROW, (high / ROW + 1) * ROW);
        if self.counts.len() == 0 {
            self.first = low;
        }
        let first = self.first.min(low);
        let end = self.first + self.counts.len();
        self.counts.extend(self.first - first, high.max(end) - end);
        self.first = first;
    }

    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if other.counts.len() > 0 {
            let end = other.first + other.counts.len();
            if self.counts.len() == 0 {
                self.lay_out(other.first, end - 1);
            } else if other.first < self.first || end > self.first + self.counts.len() {
                self.make_room(other.first, end - 1);
            }
        }
        for (bucket, theirs) in other.counts.iter(other.first) {
            self.add(bucket, theirs);
        }
        // Only what was forged is as large as that.
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Returns the number of durations.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns the exact sum of the durations in nanoseconds.
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// Returns the exact shortest duration in nanoseconds; `None` while empty.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// Returns the exact longest duration in nanoseconds; `None` while empty.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// Returns the mean in nanoseconds; `None` while empty.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// Returns the quantile `q` in nanoseconds (nearest rank), within 0.1 %. The least and the greatest are exact
    /// and bound all others. `None` while empty or for
    /// a `q` outside 0..=1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let [_, value, _] = self.ranked(nearest_rank(q, self.count));
        Some(value)
    }

    /// Returns the duration of a rank, from 1 for the shortest to the count, in nanoseconds: its lower bound,
    /// the middle of its bucket, and its upper bound. Zero while empty.
    #[must_use]
    pub fn ranked(&self, rank: u64) -> [u64; 3] {
        if self.count == 0 {
            return [0; 3];
        }
        if rank <= 1 {
            return [self.min; 3];
        }
        if rank >= self.count {
            return [self.max; 3];
        }
        let mut seen = 0;
        let found = self.counts.iter(self.first).find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        let (low, high) = edges_of(found.expect("the buckets add up to the count").0);
        [low, low + (high - low) / 2, high].map(|nanos| nanos.clamp(self.min, self.max))
    }

    /// Returns the number of durations of at most `nanos`. The threshold is rounded up to the edge of its
    /// bucket, at most 0.2 % above.
    #[must_use]
    pub fn count_at_most(&self, nanos: u64) -> u64 {
        if nanos >= self.max {
            return self.count;
        }
        let last = bucket_of(nanos);
        let all = self.counts.iter(self.first);
        all.take_while(|(bucket, _)| *bucket <= last).map(|(_, count)| count).sum()
    }

    /// Iterates over the nonempty buckets in rising order: (least value, greatest value, count), in
    /// nanoseconds.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.counts.iter(self.first).map(|(bucket, count)| {
            let (low, high) = edges_of(bucket);
            (low, high, count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        values.iter().for_each(|&value| histogram.record(value));
        histogram
    }

    /// Generates values of every magnitude, from nanoseconds to years, with equal probability.
    fn duration() -> impl Strategy<Value = u64> {
        (0..64_u32, any::<u64>()).prop_map(|(shift, bits)| bits >> shift)
    }

    /// Every value lies between the edges of its bucket, and buckets follow without gap.
    #[test]
    fn buckets_tile_the_whole_range() {
        let mut next = 0_u64;
        for bucket in 0..=LAST {
            let (low, high) = edges_of(bucket);
            assert_eq!(low, next, "bucket {bucket}");
            assert_eq!((bucket_of(low), bucket_of(high)), (bucket, bucket));
            next = high.wrapping_add(1);
        }
        assert_eq!(next, 0, "the last bucket ends at the last value");
    }

    /// S9: an empty histogram has no quantile.
    #[test]
    fn an_empty_histogram_has_no_figures() {
        let empty = Histogram::new();
        assert_eq!((empty.quantile(0.5), empty.min(), empty.max()), (None, None, None));
        assert_eq!((empty.mean(), empty.count_at_most(5), empty.count()), (None, 0, 0));
        assert_eq!(of(&[3]).quantile(f64::NAN), None);
        let mut unmoved = Histogram::new();
        unmoved.record_many(7, 0);
        assert_eq!(unmoved, empty);
    }

    /// B12: an idle histogram costs under 128 bytes, one of request latencies under 64 KiB.
    #[test]
    fn memory_follows_what_was_seen() {
        assert!(size_of::<Histogram>() <= 128);
        // Few buckets need no rows.
        let ends = [1_000_000, 10_000_000_000];
        assert_eq!(of(&ends).counts.len(), 0);
        let many: Vec<u64> =
            ends.into_iter().chain((1..=FEW as u64).map(|n| n * 10_000_000)).collect();
        let latencies = of(&many);
        assert_eq!(latencies.counts.len(), 15 * ROW);
        assert!(latencies.counts.len() * size_of::<u32>() < 32 << 10);
    }

    /// A histogram that was written is read. One that no values give is refused.
    #[test]
    fn only_histograms_of_values_are_read() {
        let many: Vec<u64> = (1..=2 * FEW as u64).map(|n| n * 10_000_000).collect();
        let mut wide = of(&many);
        wide.record_many(30_000_000, 1 << 40);
        for good in [Histogram::new(), of(&[0, 5, 900]), of(&many), wide] {
            let bytes = postcard::to_stdvec(&good).unwrap();
            assert_eq!(postcard::from_bytes::<Histogram>(&bytes).unwrap(), good);
        }
        let bad: [fn(&mut Histogram); 12] = [
            |h| h.first += 1,
            |h| h.first = usize::MAX / ROW * ROW,
            |h| h.first += ROW,
            |h| h.counts = Counts::Few(vec![(7, 1); 64]),
            |h| h.counts = Counts::Few(vec![(9, 40), (7, 24)]),
            |h| h.counts = Counts::Few(vec![(u16::MAX, 64)]),
            |h| h.counts = Counts::Wide(vec![u64::MAX; ROW]),
            |h| h.counts = Counts::Narrow(vec![0; 3]),
            |h| h.count += 1,
            |h| h.sum = u128::MAX,
            |h| h.min = 1,
            |h| h.max = u64::MAX,
        ];
        for (at, spoil) in bad.iter().enumerate() {
            let mut one = of(&many);
            spoil(&mut one);
            let bytes = postcard::to_stdvec(&one).unwrap();
            assert!(postcard::from_bytes::<Histogram>(&bytes).is_err(), "{at}: {one:?}");
        }
    }

    /// A bucket with more than 2³² values keeps its exact count.
    #[test]
    fn no_count_is_too_large() {
        let mut one = of(&[5, 900]);
        one.record_many(900, u64::from(u32::MAX));
        assert_eq!(one.buckets().collect::<Vec<_>>(), [(5, 5, 1), (900, 900, 1 << 32)]);
        let mut both = one.clone();
        both.merge(&one);
        assert_eq!((both.count_at_most(899), both.count()), (2, 2 + (2 << 32)));
        assert_eq!((both.quantile(0.5), both.max()), (Some(900), Some(900)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// O49 (hdr_3_digits_max_relative_error), B12, C9: a quantile is within 0.1 % of the value
        /// at its rank in the sorted sample; quantiles rise; sum, least and greatest are exact.
        #[test]
        fn quantiles_are_within_a_thousandth_of_the_sorted_sample(
            mut values in prop::collection::vec(duration(), 1..400),
            q in 0.0..=1.0_f64,
        ) {
            let histogram = of(&values);
            values.sort_unstable();
            for q in [0.0, q * 0.5, q, 0.5 + q * 0.5, 0.99, 0.999, 1.0] {
                let exact = values[nearest_rank(q, values.len() as u64) as usize - 1];
                let found = histogram.quantile(q).unwrap();
                prop_assert!(found.abs_diff(exact) as f64 <= 1e-3 * exact as f64);
            }
            let rising = [0.0, 0.5, 0.95, 0.99, 1.0].map(|q| histogram.quantile(q).unwrap());
            prop_assert!(rising.is_sorted());
            prop_assert_eq!((rising[0], rising[4]), (values[0], values[values.len() - 1]));
            prop_assert_eq!(histogram.sum(), values.iter().map(|&v| u128::from(v)).sum::<u128>());
            prop_assert_eq!(histogram.min(), values.first().copied());
        }

        /// The number of values at most x is taken at the upper edge of the bucket of x, at most 0.2 % above x.
        #[test]
        fn counts_below_a_threshold_are_exact_at_the_edge(
            values in prop::collection::vec(duration(), 1..200),
            at in duration(),
        ) {
            let edge = edges_of(bucket_of(at)).1;
            prop_assert!((edge - at) as f64 <= 2e-3 * at as f64);
            let exact = values.iter().filter(|&&value| value <= edge).count() as u64;
            prop_assert_eq!(of(&values).count_at_most(at), exact);
        }

        /// D1: merging in any order and grouping gives the same histogram as recording everything
        /// in one.
        #[test]
        fn merging_is_exact_in_any_order(
            a in prop::collection::vec(duration(), 0..60),
            b in prop::collection::vec(duration(), 0..60),
            c in prop::collection::vec(duration(), 0..60),
        ) {
            let whole = of(&[a.as_slice(), &b, &c].concat());
            let [a, b, c] = [of(&a), of(&b), of(&c)];
            let merged = |x: &Histogram, y: &Histogram| {
                let mut sum = x.clone();
                sum.merge(y);
                sum
            };
            prop_assert_eq!(&merged(&merged(&a, &b), &c), &whole);
            prop_assert_eq!(&merged(&a, &merged(&b, &c)), &whole);
            prop_assert_eq!(&merged(&c, &merged(&b, &a)), &whole);
        }

        /// Recording a value many times at once equals recording it one by one.
        #[test]
        fn many_at_once_is_one_by_one(value in duration(), times in 0..50_u64) {
            let mut at_once = Histogram::new();
            at_once.record_many(value, times);
            prop_assert_eq!(at_once, of(&vec![value; times as usize]));
        }
    }
}
