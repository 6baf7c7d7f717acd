//! Samples of a finite population with known probabilities, and estimates of its totals.
//!
//! Takes sizes known beforehand and uniform numbers; gives which units are drawn, with what
//! probability, and estimates of totals and quantiles from those drawn. Any positive size is unbiased;
//! a good one is in proportion to what the unit adds to the total.
//!
//! Sources: Horvitz & Thompson (1952), estimator of a total; Särndal, Swensson & Wretman, Model
//! Assisted Survey Sampling (1992), §6.3 (difference estimator), §9.3 (two phases); Duffield, Lund &
//! Thorup, Priority sampling for estimation of arbitrary subset sums (J. ACM 54, 2007); Madow (1949),
//! systematic samples with unequal probabilities; Woodruff (1952), intervals of quantiles.

use super::interval::{Interval, Method, Student};
use super::summary::ordered_sum;

/// A sample of fixed size from a stream of units, with probabilities in proportion to their sizes.
///
/// Each unit gets the priority size ÷ uniform; the `n` highest are the sample, and the next one's
/// priority τ says with which probability each was in it: min(1, size ÷ τ). Given τ the units are
/// independent, so that totals of size-weighted values are unbiased and uncorrelated. Memory: `room` + 1
/// units, however long the stream.
#[derive(Clone, Debug)]
pub struct Priority<T> {
    room: usize,
    /// The highest priorities, highest first: priority, size, unit.
    kept: Vec<(f64, f64, T)>,
    /// Units seen.
    pub count: u64,
    /// Sum of their sizes.
    pub size: f64,
}

impl<T> Priority<T> {
    /// For samples of at most `room`.
    #[must_use]
    pub const fn new(room: usize) -> Self {
        Self { room, kept: Vec::new(), count: 0, size: 0.0 }
    }

    /// A unit of positive size comes, with its uniform number in (0, 1).
    pub fn offer(&mut self, size: f64, uniform: f64, unit: impl FnOnce() -> T) {
        self.count += 1;
        self.size += size;
        self.keep(size / uniform, size, unit);
    }

    fn keep(&mut self, priority: f64, size: f64, unit: impl FnOnce() -> T) {
        let full = self.kept.len() > self.room;
        if full && self.kept.last().is_some_and(|(least, ..)| *least >= priority) {
            return;
        }
        let at = self.kept.partition_point(|(other, ..)| *other >= priority);
        self.kept.insert(at, (priority, size, unit()));
        self.kept.truncate(self.room + 1);
    }

    /// Units kept at present: no more than the room and one.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Puts in what another stream kept.
    pub fn append(&mut self, other: Self) {
        self.count += other.count;
        self.size += other.size;
        for (priority, size, unit) in other.kept {
            self.keep(priority, size, || unit);
        }
    }

    /// A sample of `count`, no more than the room, each with its probability.
    #[must_use]
    pub fn draw(mut self, count: usize) -> Vec<(T, f64)> {
        let threshold = self.kept.get(count).map(|(priority, ..)| *priority);
        self.kept.truncate(count);
        let probability =
            |size: f64| threshold.map_or(1.0, |threshold| (size / threshold).min(1.0));
        self.kept.into_iter().map(|(_, size, unit)| (unit, probability(size))).collect()
    }
}

/// Returns the size of each stratum in a sample of `all`. A stratum gets `least` (or all its units), and the rest in
/// proportion to its size, at most all its units. This is Neyman's allocation where sizes are in proportion to spreads.
/// If there are more strata than `all` allows, each gets one.
#[must_use]
pub fn allocate(all: usize, least: usize, strata: &[(f64, u64)]) -> Vec<usize> {
    let least = if strata.len() * least <= all { least } else { 1 };
    let most = |units: u64| usize::try_from(units).unwrap_or(usize::MAX);
    let mut given: Vec<usize> = strata.iter().map(|(_, units)| least.min(most(*units))).collect();
    while given.iter().sum::<usize>() < all {
        // The one whose share is furthest from what it has (Webster's divisors), the first of equals.
        let open = (0..strata.len()).filter(|at| given[*at] < most(strata[*at].1));
        let want = |at: usize| strata[at].0 / (given[at] as f64 + 0.5);
        let next = open.reduce(|a, b| if want(b) > want(a) { b } else { a });
        let Some(next) = next else { break };
        given[next] += 1;
    }
    given
}

/// A mean over many replications of a cheap figure, corrected by what a dear one adds in the first of
/// them: x̄ + D̄, with the variance s²ₓ/N + s²_D/R + 2 s_xD/N for N cheap values `x`, of which the first R
/// have a correction `d` (two-phase sampling; the same histories are in both). Degrees of freedom: R − 1.
/// Each value is the mean over a `block` of replications; with more than one in a block, s_xD is not known, and its
/// largest possible value s_x s_D takes its place. `None` below two corrections, or with fewer values than these.
#[must_use]
pub fn corrected(x: &[f64], d: &[f64], block: u64) -> Option<Student> {
    let (n, r) = (x.len() as f64, d.len() as f64);
    if d.len() < 2 || x.len() < d.len() {
        return None;
    }
    let mean = |values: &[f64]| ordered_sum(values.iter().copied()) / values.len() as f64;
    let covariance = |a: &[f64], b: &[f64]| {
        let (ma, mb) = (mean(a), mean(b));
        let products = a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb));
        ordered_sum(products) / (a.len() - 1) as f64
    };
    let (own, corrections) = (covariance(x, x), covariance(d, d));
    let both = match block {
        1 => covariance(&x[..d.len()], d),
        _ => (own * corrections / block as f64).sqrt(),
    };
    let variance = own / n + corrections / r + 2.0 * both / n;
    Some(Student {
        estimate: mean(x) + mean(d),
        standard_error: variance.max(0.0).sqrt(),
        degrees: r - 1.0,
    })
}

/// A quantile of a weighted distribution, with Woodruff's interval: the share at or below the estimate
/// has an error, known from the spread over replications, and where the distribution passes the ends
/// of its interval the quantile's are. `below` gives, for a value, by replication: the weight at or
/// below it; `all` the whole weight by replication; `find` the least value with so large a share at or
/// below.
///
/// `None` below two replications or without weight.
#[must_use]
pub fn weighted_quantile(
    q: f64,
    level: f64,
    all: &[f64],
    below: impl Fn(f64) -> Vec<f64>,
    find: impl Fn(f64) -> Option<f64>,
) -> Option<Interval> {
    let whole = ordered_sum(all.iter().copied());
    if all.len() < 2 || whole <= 0.0 {
        return None;
    }
    let estimate = find(q)?;
    let count = all.len() as f64;
    let under = below(estimate);
    let share = ordered_sum(under.iter().copied()) / whole;
    let residuals = under.iter().zip(all).map(|(under, all)| (under - share * all) * count / whole);
    let residuals: Vec<f64> = residuals.collect();
    let spread = Student {
        estimate: q,
        standard_error: (residuals.iter().map(|r| r * r).sum::<f64>() / (count * (count - 1.0)))
            .sqrt(),
        degrees: count - 1.0,
    };
    let shares = spread.interval(level, Method::Woodruff).ok()?;
    let (low, high) = (find(shares.low.max(0.0))?, find(shares.high.min(1.0))?);
    Some(Interval { estimate, low: low.min(estimate), high: high.max(estimate), ..shares })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::draw::{Key, Lineage, Seed};

    /// The mean over 4,000 samples of totals from 8 of 200 units is the total; the probabilities sum to about the
    /// sample's size.
    #[test]
    fn totals_of_priority_samples_are_unbiased() {
        let unit = |at: u64| (1.0 + (at % 17) as f64, 3.0 + (at % 5) as f64 * (at % 17) as f64);
        let exact: f64 = (0..200).map(|at| unit(at).1).sum();
        let mut totals = Vec::new();
        for sample in 0..4_000 {
            let key = Key::derive(Seed(1), Lineage::replication(sample), "test", "units");
            let mut stream = Priority::new(8);
            for at in 0..200 {
                stream.offer(unit(at).0, key.uniform(at, 0), || at);
            }
            let drawn = stream.draw(8);
            assert_eq!(drawn.len(), 8);
            totals
                .push(drawn.iter().map(|(at, probability)| unit(*at).1 / probability).sum::<f64>());
        }
        let found = Interval::of_mean(&totals, 0.999).unwrap();
        assert!(found.contains(exact) && found.half_width() < 0.03 * exact, "{found:?}, {exact}");
    }

    #[test]
    fn streams_put_together_are_one_stream() {
        let key = Key::derive(Seed(1), Lineage::replication(0), "test", "units");
        let of = |from: u64, to: u64| {
            let mut stream = Priority::new(5);
            (from..to).for_each(|at| stream.offer(1.0, key.uniform(at, 0), || at));
            stream
        };
        let mut parts = of(0, 30);
        parts.append(of(30, 100));
        assert_eq!(parts.draw(5), of(0, 100).draw(5));
        assert!(of(0, 4).draw(5).iter().all(|(_, probability)| *probability == 1.0), "all of few");
    }

    #[test]
    fn strata_get_their_least_and_the_rest_by_size() {
        assert_eq!(allocate(10, 2, &[(80.0, 1_000), (10.0, 1_000), (0.0, 1_000)]), [6, 2, 2]);
        assert_eq!(allocate(10, 2, &[(80.0, 3), (10.0, 1_000)]), [3, 7]);
        assert_eq!(allocate(2, 2, &[(1.0, 9), (1.0, 9), (1.0, 9)]), [1, 1, 1]);
        assert_eq!(allocate(9, 2, &[(1.0, 2)]), [2]);
    }

    /// With a correction everywhere it is the mean of the sums, with its interval.
    #[test]
    fn corrections_of_all_replications_are_the_mean_of_both() {
        let (x, d) = ([4.0, 9.0, 1.0, 6.0], [1.0, -2.0, 0.5, 1.5]);
        let both: Vec<f64> = x.iter().zip(d).map(|(x, d)| x + d).collect();
        let (found, exact) = (corrected(&x, &d, 1).unwrap(), Student::of(&both));
        assert!((found.estimate - exact.estimate).abs() < 1e-12);
        assert!((found.standard_error - exact.standard_error).abs() < 1e-12);
    }
}
