//! Hit ratio of a cache that began empty, by the number of look-ups since.
//!
//! Model: Che's approximation in time. Objects are looked up independently, each at its own rate; changes store copies
//! and remove them as in [`changed`](super::changed). Before the cache is full nothing is evicted. With a look-ups and
//! stored copies of an object per look-up in all, and μ removals, its copy is there after n look-ups with the probability
//!
//! ```text
//! o(n) = a / (a + μ) (1 − e^(−(a + μ)n))       hit ratio h(n) = Σ p o(n)       misses so far n − Σ p ∫₀ⁿ o
//! ```
//!
//! h grows until it reaches the steady ratio. Without changes and lifetimes that is, for the least recently used object,
//! the instant at which the cache is full: there the law is exact within Che's approximation. The misses so far are then
//! the different objects looked up, Σ (1 − e^(−pn)).
//!
//! An adaptive cache (ARC) evicts like that of the least recently used object until its directory is full too, of twice
//! as many objects: only then it has its own ratio.
//!
//! Takes a popularity, changes per look-up, a capacity and the steady ratio. Gives [`Step`]s of equal gain, at most
//! [`MOST_STEPS`]. Leaves out: copies fetched together that expire together; evictions of a full cache that
//! stores by arrival or at random, which first holds what one of the least recently used object would.
//! Source: as in [`hits`]; for the different objects among n independent draws Feller (1968), *An
//! Introduction to Probability Theory and Its Applications*, vol. 1.

use crate::workload::changed::Changes;
use crate::workload::hits::{self, grouped_from};
use crate::workload::popularity::Zipf;

/// Interval of the filling of a cache.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Number of look-ups in it.
    pub look_ups: f64,
    /// Mean share of them that miss.
    pub misses: f64,
}

/// Number of steps in which the hit ratio gains equal parts of its steady value.
const EQUAL: u32 = 24;
/// Number of steps after these, each of which halves what is missing.
const HALVES: i32 = 8;
/// Largest number of steps: these, and one until a directory is full.
pub const MOST_STEPS: u32 = EQUAL + 9;
/// Ranks that are computed one by one.
const SINGLY: u64 = 1_000;
/// Number of halvings of an interval of look-ups.
const HALVINGS: u32 = 60;
/// Number of look-ups after which a hit ratio that was not reached counts as reached.
const ENDLESS: f64 = 1e15;

/// Objects with equal rates per look-up.
struct Group {
    objects: f64,
    /// Look-ups, and look-ups with stored copies, and removals.
    asked: f64,
    arrives: f64,
    removed: f64,
}

impl Group {
    /// Returns the probability that its copy is there after `n` look-ups.
    fn there(&self, n: f64) -> f64 {
        let all = self.arrives + self.removed;
        self.arrives / all * -libm::expm1(-all * n)
    }

    /// Returns the integral of [`Self::there`].
    fn found(&self, n: f64) -> f64 {
        let all = self.arrives + self.removed;
        self.arrives / all * (n + libm::expm1(-all * n) / all)
    }
}

/// Cache as it fills.
#[derive(Clone, Copy, Debug)]
pub struct Cache {
    /// Capacity, in objects.
    pub capacity: u64,
    /// True if it is adaptive.
    pub is_adaptive: bool,
    /// Steady hit ratio.
    pub steady: f64,
}

/// Computes the steps in which a cache fills, from empty to its steady hit ratio; none if it never hits. `changes` are
/// per look-up.
#[must_use]
pub fn steps(popularity: &Zipf, changes: &Changes, cache: &Cache) -> Vec<Step> {
    let objects = popularity.objects() as f64;
    let share = |of: [f64; 2], asked: f64| of[0] * asked + of[1] / objects;
    let groups: Vec<Group> = grouped_from(popularity, 1.0, SINGLY)
        .iter()
        .map(|group| Group {
            objects: group.objects,
            asked: group.rate,
            arrives: group.rate + share(changes.storing, group.rate),
            removed: share(changes.removing, group.rate),
        })
        .collect();
    filled(&groups, objects, cache)
}

/// Computes the same steps for objects with these shares of the look-ups. The cache stores each at its first look-up, and is
/// as large as its steady hit ratio needs.
#[must_use]
pub(super) fn of_groups(groups: &[hits::Group], steady: f64) -> Vec<Step> {
    let of = |group: &hits::Group| {
        let hits::Group { objects, rate } = *group;
        Group { objects, asked: rate, arrives: rate, removed: 0.0 }
    };
    let objects = groups.iter().map(|group| group.objects).sum();
    let groups: Vec<Group> = groups.iter().filter(|group| group.rate > 0.0).map(of).collect();
    filled(&groups, objects, &Cache { capacity: u64::MAX, is_adaptive: false, steady })
}

fn filled(groups: &[Group], objects: f64, cache: &Cache) -> Vec<Step> {
    let sum = |of: &dyn Fn(&Group) -> f64| -> f64 {
        groups.iter().map(|group| group.objects * of(group)).sum()
    };
    let hits = |n: f64| sum(&|group| group.asked * group.there(n));
    let held = |n: f64| sum(&|group| group.there(n));
    let missed = |n: f64| n - sum(&|group| group.asked * group.found(n));
    let capacity = cache.capacity as f64;
    let top = match reached(&held, capacity) {
        Some(full) if cache.is_adaptive => cache.steady.min(hits(full)),
        _ => cache.steady,
    };
    if top <= 0.0 {
        return Vec::new();
    }
    let equal = (1..EQUAL).map(|k| f64::from(k) / f64::from(EQUAL));
    let halves = (1..=HALVES).map(|k| 1.0 - libm::pow(0.5, f64::from(k)) / f64::from(EQUAL));
    let mut ends: Vec<f64> =
        equal.chain(halves).filter_map(|part| reached(&hits, part * top)).collect();
    let directory = (2.0 * capacity).min(objects * (1.0 - 1.0 / 64.0));
    if cache.is_adaptive && top < cache.steady {
        ends.extend(reached(&held, directory));
    }
    let mut from = (0.0, 0.0);
    let mut steps = Vec::with_capacity(ends.len());
    for end in ends {
        let missed = missed(end);
        let (look_ups, misses) = (end - from.0, missed - from.1);
        if look_ups > 0.0 {
            // What is full evicts: from then on it misses as much as at that instant.
            let misses = (misses / look_ups).max(1.0 - top).min(1.0);
            steps.push(Step { look_ups, misses });
            from = (end, missed);
        }
    }
    steps
}

/// Returns the number of look-ups at which a growing quantity reaches a value; `None` if it does not.
fn reached(of: &dyn Fn(f64) -> f64, value: f64) -> Option<f64> {
    let (mut low, mut high) = (0.0, 1.0);
    while of(high) < value {
        (low, high) = (high, high * 2.0);
        if high > ENDLESS {
            return None;
        }
    }
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if of(middle) < value { low = middle } else { high = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::hits::{Policy, ratio};

    fn zipf(exponent: f64, objects: u64) -> Zipf {
        Zipf::new(exponent, objects).unwrap()
    }

    fn filled(popularity: &Zipf, capacity: u64, steady: f64) -> Vec<Step> {
        let cache = Cache { capacity, is_adaptive: false, steady };
        steps(popularity, &Changes::default(), &cache)
    }

    fn misses(steps: &[Step]) -> f64 {
        steps.iter().map(|step| step.look_ups * step.misses).sum()
    }

    /// A cache of 250 of 1,000 equal objects is full after n = −1,000 ln 0.75 = 287.7 look-ups, of which 250 miss. The last
    /// halves leave 0.25 / 24 / 256 of the hit ratio.
    #[test]
    fn a_cache_of_equal_objects_is_full_after_as_many_misses_as_it_holds() {
        let steps = filled(&zipf(0.0, 1_000), 250, 0.25);
        let n: f64 = steps.iter().map(|step| step.look_ups).sum();
        assert!((n / 287.68 - 1.0).abs() < 1e-3, "{n}");
        assert!((misses(&steps) / 250.0 - 1.0).abs() < 1e-3, "{}", misses(&steps));
        // Half of the hit ratio after −1,000 ln 0.875 = 133.5 look-ups.
        let half: f64 = steps[..12].iter().map(|step| step.look_ups).sum();
        assert!((half / 133.53 - 1.0).abs() < 1e-3, "{half}");
    }

    /// For any popularity, what it has missed when full is what it holds: Σ (1 − e^(−pT)) = C.
    #[test]
    fn a_cache_is_warm_when_it_has_missed_what_it_holds() {
        for (exponent, capacity) in [(0.8, 1_000), (1.1, 300)] {
            let popularity = zipf(exponent, 10_000);
            let steps = filled(&popularity, capacity, ratio(&popularity, capacity, Policy::Lru));
            let share = misses(&steps) / capacity as f64;
            // The end of the last half: the last 0.02 % of the hit ratio take longest.
            assert!(share > 0.97 && share < 1.001, "{share}");
            assert!(steps.windows(2).all(|two| two[1].misses < two[0].misses));
            assert!(steps.len() <= MOST_STEPS as usize);
        }
    }

    /// A look-up of one of 200 objects finds it once it was fetched; where copies live for 40 s at 20 look-ups per second the
    /// steady ratio of 0.8 is reached when e^(−n/200) = 0.2, after 322 look-ups or 16 s.
    #[test]
    fn copies_that_expire_are_fetched_first() {
        let steps = filled(&zipf(0.0, 200), 200, 0.8);
        let n: f64 = steps.iter().map(|step| step.look_ups).sum();
        assert!((n / 321.9 - 1.0).abs() < 0.01, "{n}");
    }

    /// With as many removals of each object as look-ups, a/(a + μ) = 1/2: half of the steady ratio of 0.5 after
    /// n = 1,000/2 ln 2 = 346.6.
    #[test]
    fn removals_count_while_it_fills() {
        let changes = Changes { removing: [1.0, 0.0], storing: [0.0; 2] };
        let cache = Cache { capacity: 1_000, is_adaptive: false, steady: 0.5 };
        let steps = steps(&zipf(0.0, 1_000), &changes, &cache);
        let half: f64 = steps[..12].iter().map(|step| step.look_ups).sum();
        assert!((half / 346.57 - 1.0).abs() < 1e-3, "{half}");
    }

    #[test]
    fn an_adaptive_cache_learns_after_it_is_full() {
        let popularity = zipf(0.8, 10_000);
        let lru = ratio(&popularity, 500, Policy::Lru);
        let cache = Cache { capacity: 500, is_adaptive: true, steady: lru + 0.05 };
        let steps = steps(&popularity, &Changes::default(), &cache);
        let last = steps.last().unwrap();
        assert!((last.misses - (1.0 - lru)).abs() < 1e-6, "{last:?}, {lru}");
        let never = Cache { steady: 0.0, ..cache };
        assert!(super::steps(&popularity, &Changes::default(), &never).is_empty());
    }
}
