//! Hit ratio of an adaptive replacement cache (ARC) in closed form, where [`crate::mechanism::arc`] simulates it.
//!
//! Approximation: as in Che's, each object sees fixed times, independently of the others. An object enters the recent
//! list as new. It is there for the time t₁, and a ghost until x₁. Both count from its last use within d = 62 ms of the
//! entry. A later use, before x₁, moves it to the frequent list. There it stays until t₂ after its last use, and is a ghost
//! until x₂. After that it is forgotten, and its next use is a new entry. With the rate λ of an object, n entries per
//! second into the recent list, and m into the frequent list or anew to its front,
//!
//! ```text
//! a(x) = 1 − e^(−λx) (1 + λd)      a use moves it within x: the last use within d is at most d ago, memoryless
//! b(x) = 1 − e^(−λx)
//! n a(x₁) = m (1 − b(x₂))          n (d + 1/λ) + m / λ = 1
//! in recent list or its ghosts     n (d + a(x₁)/λ)         stored there      n (d + a(t₁)/λ)
//! in frequent list or its ghosts   m b(x₂)/λ               stored there      m b(t₂)/λ
//! ```
//!
//! The sums over all objects are given: the recent list and its ghosts have the capacity c (less if they lack objects),
//! all four lists 2c. This determines x₁ and x₂. The target p of the recent list determines t₁ and t₂, as the stored
//! objects take p and c − p. Hits of recent ghosts move p up, at the rate u and by v = clamp(⌊G₂/G₁⌋, 1, 10) objects
//! each, hits of frequent ghosts down by w = clamp(⌊G₁/G₂⌋, 1, 10), where G are the sizes of the ghost lists:
//!
//! ```text
//! u = Σ n (a(x₁) − a(t₁))     d = Σ m (b(x₂) − b(t₂))
//! density of p ∝ exp(∫ 2 (u v − d w) / (u v² + d w²) dp) / (u v² + d w²)      from c/16 to c − c/16
//! ```
//!
//! which is that of a diffusion between reflecting bounds. The hit ratio is its mean over p. A request finds its object
//! with the probability that it is stored (Poisson arrivals see time averages).
//!
//! Takes: popularities (Zipf) and their request rates. Holds: the error is below 0.005 for caches of 200 objects or more and
//! exponents from 0.7. A flatter popularity may have a second balance of the target, which a large cache leaves only
//! after a very long time: it then hits less (0.300 instead of 0.323 for 10,000 of 100,000 objects and 0.6).
//! Leaves out: a target that moves faster than the lists follow; dependence between requests; sizes.
//! Source: derived here; for lists that objects enter by hits, Gast & Van Houdt (2016), Transient and steady-state
//! regime of a family of list-based cache replacement algorithms. No published form for ARC was found.

use crate::workload::hits::{Group, grouped_from};
use crate::workload::popularity::Zipf;
use crate::workload::second_level::MissedBlocks;

/// Ranks that are computed one by one; further ones are grouped with their neighbours.
const SINGLY: u64 = 64;
/// Greatest ratio of ghost lists by which the target moves.
const MOST_RATIO: f64 = 10.0;
/// Least distance of the target from either end, as a share of the capacity.
const BOUND: f64 = 1.0 / 16.0;
/// Steps between its bounds at which the density of the target is evaluated.
const STEPS: u32 = 56;

/// Returns the hit ratio of a cache of `capacity` objects, requested at `rate` per second in all. A second use within
/// `quiet` seconds of the entry moves no object to the frequent list.
#[must_use]
pub fn adaptive_hit_ratio(popularity: &Zipf, capacity: u64, rate: f64, quiet: f64) -> f64 {
    adaptive_hit_ratios(&[(popularity, rate)], capacity, quiet)[0]
}

/// Returns the hit ratios of objects of these popularities, each requested at its rate per second, that share a cache.
#[must_use]
pub fn adaptive_hit_ratios(asked: &[(&Zipf, f64)], capacity: u64, quiet: f64) -> Vec<f64> {
    let groups: Vec<Vec<Group>> = grouped(asked);
    let mut end = 0;
    let ends = groups.iter().map(|groups| {
        end += groups.len();
        end
    });
    let ends: Vec<usize> = ends.collect();
    let found = match hits(asked, &groups.concat(), capacity, quiet, &ends) {
        Hits::Share(share) => return vec![share; asked.len()],
        Hits::PerSecond(found) => found,
    };
    let ratio =
        |(found, (_, rate)): (f64, &(&Zipf, f64))| if *rate > 0.0 { found / rate } else { 0.0 };
    found.into_iter().zip(asked).map(ratio).collect()
}

/// Returns the misses of each object of the same cache, for each popularity. Objects have `block` bytes.
#[must_use]
pub fn adaptive_misses(
    asked: &[(&Zipf, f64)],
    (capacity, block): (u64, u64),
    quiet: f64,
) -> Vec<MissedBlocks> {
    let mut groups = grouped(asked);
    let all = groups.concat();
    let ends: Vec<usize> = (1..=all.len()).collect();
    let hits = hits(asked, &all, capacity, quiet, &ends);
    for (at, group) in groups.iter_mut().flatten().enumerate() {
        let ratio = match &hits {
            Hits::Share(share) => *share,
            Hits::PerSecond(found) => found[at] / (group.objects * group.rate),
        };
        group.rate *= (1.0 - ratio).max(0.0);
    }
    groups.into_iter().map(|groups| MissedBlocks { groups, block: block as f64 }).collect()
}

fn grouped(asked: &[(&Zipf, f64)]) -> Vec<Vec<Group>> {
    asked.iter().map(|(popularity, rate)| grouped_from(popularity, *rate, SINGLY)).collect()
}

/// Hits of groups of objects.
enum Hits {
    /// Share of the requests for each object: the cache holds all objects or none.
    Share(f64),
    /// Hits per second.
    PerSecond(Vec<f64>),
}

/// Returns the hits of the groups between one of `ends` and the next.
fn hits(
    asked: &[(&Zipf, f64)],
    groups: &[Group],
    capacity: u64,
    quiet: f64,
    ends: &[usize],
) -> Hits {
    let objects: u64 = asked.iter().map(|(popularity, _)| popularity.objects()).sum();
    let rate: f64 = asked.iter().map(|(_, rate)| rate).sum();
    if capacity >= objects {
        return Hits::Share(1.0);
    }
    if capacity == 0 || rate <= 0.0 {
        return Hits::Share(0.0);
    }
    // No object is forgotten if all four lists hold every object.
    let times = if capacity.saturating_mul(2) < objects {
        directory(groups, capacity as f64, quiet, rate)
    } else {
        Times { recent: f64::INFINITY, frequent: f64::INFINITY }
    };
    let flows = groups.iter().map(|group| (group.objects, Flow::new(group.rate, times, quiet)));
    let all = Lists::new(flows.collect(), capacity as f64, times, capacity as f64 / rate);
    Hits::PerSecond(all.mean_found(ends))
}

/// Times after which an object is forgotten, x₁ and x₂, or evicted, t₁ and t₂; in seconds.
#[derive(Clone, Copy)]
struct Times {
    recent: f64,
    frequent: f64,
}

/// Entries of one object into both lists.
struct Flow {
    rate: f64,
    quiet: f64,
    /// n, per second.
    new: f64,
    /// m, per second.
    again: f64,
}

impl Flow {
    fn new(rate: f64, forgotten: Times, quiet: f64) -> Self {
        let lost = libm::exp(-rate * forgotten.frequent);
        let moves = moved(rate, forgotten.recent, quiet);
        let stays = rate * quiet.min(forgotten.recent);
        let scale = rate / (lost * (stays + 1.0) + moves);
        Self { rate, quiet, new: lost * scale, again: moves * scale }
    }

    /// Returns the probability that the object is in the recent list, at most for `time`.
    fn recent(&self, time: f64) -> f64 {
        self.new * (self.quiet.min(time) + self.moved(time) / self.rate)
    }

    /// Returns the probability that the object is in the frequent list, used at most `time` ago.
    fn frequent(&self, time: f64) -> f64 {
        self.again * -libm::expm1(-self.rate * time) / self.rate
    }

    fn moved(&self, time: f64) -> f64 {
        moved(self.rate, time, self.quiet)
    }
}

/// Returns a(x), the probability that a use moves an object from the recent list within `time`.
fn moved(rate: f64, time: f64, quiet: f64) -> f64 {
    1.0 - libm::exp(-rate * time) * (1.0 + rate * quiet.min(time))
}

/// Returns the argument up to `high` at which a growing function reaches `value`; `high` if it does not. An infinite
/// `high` is searched from `scale`.
fn reached(value: f64, (high, scale): (f64, f64), of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut end) = (0.0, scale.min(high));
    while of(end) < value {
        if end >= high || end > scale * 1e12 {
            return high;
        }
        (low, end) = (end, (end * 2.0).min(high));
    }
    while end - low > 1e-9 * end {
        let middle = low + (end - low) / 2.0;
        if of(middle) < value {
            low = middle;
        } else {
            end = middle;
        }
    }
    low + (end - low) / 2.0
}

/// Returns the times after which objects are forgotten: x₁ and x₂.
fn directory(groups: &[Group], capacity: f64, quiet: f64, rate: f64) -> Times {
    let known = |times: Times| {
        let of = |group: &Group| {
            let flow = Flow::new(group.rate, times, quiet);
            let (recent, frequent) = (flow.recent(times.recent), flow.frequent(times.frequent));
            (group.objects * recent, group.objects * frequent)
        };
        groups.iter().map(of).fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    };
    let bounds = (f64::INFINITY, capacity / rate);
    let frequent = |recent: f64| {
        reached(2.0 * capacity, bounds, |frequent| {
            let known = known(Times { recent, frequent });
            known.0 + known.1
        })
    };
    let recent =
        reached(capacity, bounds, |recent| known(Times { recent, frequent: frequent(recent) }).0);
    Times { recent, frequent: frequent(recent) }
}

/// The lists of a cache.
struct Lists {
    /// Flows of equally popular objects, with their number.
    flows: Vec<(f64, Flow)>,
    capacity: f64,
    forgotten: Times,
    /// Objects in the recent list and its ghosts, and in the frequent list and its ghosts.
    known: (f64, f64),
    /// Time of as many requests as the capacity, in seconds.
    scale: f64,
}

/// Motion of the target at one of its values.
struct Motion {
    /// Times after which objects are evicted.
    stored: Times,
    /// Change, in objects per second, and its variance per second.
    drift: f64,
    spread: f64,
}

impl Lists {
    fn new(flows: Vec<(f64, Flow)>, capacity: f64, forgotten: Times, scale: f64) -> Self {
        let mut all = Self { flows, capacity, forgotten, known: (0.0, 0.0), scale };
        all.known = (
            all.sum(|flow| flow.recent(forgotten.recent)),
            all.sum(|flow| flow.frequent(forgotten.frequent)),
        );
        all
    }

    fn sum(&self, of: impl Fn(&Flow) -> f64) -> f64 {
        self.flows.iter().map(|(objects, flow)| objects * of(flow)).sum()
    }

    /// Returns the motion at a target of the recent list.
    fn motion(&self, target: f64) -> Motion {
        let forgotten = self.forgotten;
        let recent = target.min(self.known.0);
        let frequent = self.capacity - recent;
        let stored = Times {
            recent: reached(recent, (forgotten.recent, self.scale), |time| {
                self.sum(|flow| flow.recent(time))
            }),
            frequent: reached(frequent, (forgotten.frequent, self.scale), |time| {
                self.sum(|flow| flow.frequent(time))
            }),
        };
        let ghosts = (self.known.0 - recent, self.known.1 - frequent);
        let ratio = |other: f64, own: f64| (other / own.max(1.0)).floor().clamp(1.0, MOST_RATIO);
        let (rise, fall) = (ratio(ghosts.1, ghosts.0), ratio(ghosts.0, ghosts.1));
        let up =
            self.sum(|flow| flow.new * (flow.moved(forgotten.recent) - flow.moved(stored.recent)));
        let left = |flow: &Flow, time: f64| libm::exp(-flow.rate * time);
        let down = self.sum(|flow| {
            flow.again * (left(flow, stored.frequent) - left(flow, forgotten.frequent))
        });
        Motion {
            stored,
            drift: up * rise - down * fall,
            spread: up * rise * rise + down * fall * fall,
        }
    }

    /// Returns the hits per second at a target, for the flows up to each of `ends`.
    fn found(&self, stored: Times, ends: &[usize]) -> Vec<f64> {
        let one = |flow: &Flow| flow.recent(stored.recent) + flow.frequent(stored.frequent);
        let mut first = 0;
        let sum = |end: &usize| {
            let flows = &self.flows[first..*end];
            first = *end;
            flows.iter().map(|(objects, flow)| objects * flow.rate * one(flow)).sum()
        };
        ends.iter().map(sum).collect()
    }

    /// Returns the same, averaged over the density of the target.
    fn mean_found(&self, ends: &[usize]) -> Vec<f64> {
        let bound = BOUND * self.capacity;
        let step = (self.capacity - 2.0 * bound) / f64::from(STEPS);
        let motions: Vec<Motion> =
            (0..=STEPS).map(|number| self.motion(bound + f64::from(number) * step)).collect();
        // Without hits of ghosts the target does not move.
        let least = 1e-12 / self.scale;
        let slope = |motion: &Motion| 2.0 * motion.drift / motion.spread.max(least);
        let mut logs = vec![0.0];
        for pair in motions.windows(2) {
            let rise = (slope(&pair[0]) + slope(&pair[1])) / 2.0 * step;
            logs.push(logs[logs.len() - 1] + rise);
        }
        for (log, motion) in logs.iter_mut().zip(&motions) {
            *log -= libm::log(motion.spread.max(least));
        }
        let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let at: Vec<Vec<f64>> =
            motions.iter().map(|motion| self.found(motion.stored, ends)).collect();
        let (mut mass, mut sums) = (0.0, vec![0.0; ends.len()]);
        for (pair, logs) in at.windows(2).zip(logs.windows(2)) {
            let (own, part) = exponential_part(logs[1] - logs[0]);
            let weight = libm::exp(logs[0] - highest) * own;
            mass += weight;
            for (sum, (low, high)) in sums.iter_mut().zip(pair[0].iter().zip(&pair[1])) {
                *sum += weight * (low + (high - low) * part);
            }
        }
        sums.into_iter().map(|sum| sum / mass).collect()
    }
}

/// Returns the integral of e^(kx) over x from 0 to 1, and the mean of x under that density.
fn exponential_part(k: f64) -> (f64, f64) {
    if k.abs() < 1e-6 {
        return (1.0, 0.5);
    }
    let integral = libm::expm1(k) / k;
    (integral, 1.0 / -libm::expm1(-k) - 1.0 / k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::hits::{Policy, ratio};

    fn zipf(alpha: f64, objects: u64) -> Zipf {
        Zipf::new(alpha, objects).unwrap()
    }

    #[test]
    fn equal_objects_hit_in_proportion_to_an_adaptive_cache() {
        let found = adaptive_hit_ratio(&zipf(0.0, 10_000), 1_000, 10.0, 0.062);
        assert!((found - 0.1).abs() <= 1e-6, "{found}");
        assert_eq!(adaptive_hit_ratio(&zipf(0.8, 100), 100, 10.0, 0.062), 1.0);
        assert_eq!(adaptive_hit_ratio(&zipf(0.8, 100), 0, 10.0, 0.062), 0.0);
    }

    /// A cache whose ghosts hold all other objects has them all in the frequent list, which is one of the least
    /// recently used.
    #[test]
    fn an_adaptive_cache_of_half_the_objects_hits_as_the_least_recently_used() {
        for (alpha, objects, capacity) in [(0.9, 8_192, 5_000), (0.6, 1_000, 500)] {
            let popularity = zipf(alpha, objects);
            let found = adaptive_hit_ratio(&popularity, capacity, 10.0, 0.0);
            let lru = ratio(&popularity, capacity, Policy::Lru);
            assert!((found - lru).abs() <= 1e-4, "{found} against {lru}");
        }
    }

    /// It lies between the cache of the least recently used objects and that of the most popular ones.
    #[test]
    fn an_adaptive_cache_hits_more_than_the_least_recently_used() {
        for (alpha, objects, capacity) in
            [(0.7, 10_000, 500), (0.8, 10_000, 1_000), (1.0, 10_000, 1_000)]
        {
            let popularity = zipf(alpha, objects);
            let found = adaptive_hit_ratio(&popularity, capacity, 10.0, 0.062);
            let lru = ratio(&popularity, capacity, Policy::Lru);
            assert!(found > lru + 0.04 && found < popularity.share_of_top(capacity), "{found}");
        }
    }

    /// The mean of an exponential density on a unit interval, against sums.
    #[test]
    fn parts_of_the_density_are_integrals() {
        for k in [-30.0, -1.0, -1e-7, 0.0, 1e-3, 2.0, 30.0] {
            let steps = 200_000;
            let at = |step: i32| (f64::from(step) + 0.5) / f64::from(steps);
            let (own, part) = exponential_part(k);
            let sum: f64 = (0..steps).map(|step| libm::exp(k * at(step))).sum();
            let first: f64 = (0..steps).map(|step| at(step) * libm::exp(k * at(step))).sum();
            assert!((own * f64::from(steps) / sum - 1.0).abs() <= 1e-6, "{k}");
            assert!((part * sum / first - 1.0).abs() <= 1e-6, "{k}");
        }
    }
}
