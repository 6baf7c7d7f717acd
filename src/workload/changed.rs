//! Hit ratios in closed form of a cache whose objects change: a change removes the copy, or stores the new one.
//!
//! Che's approximation, object by object. Look-ups come at λ, changes that store at τ and changes that remove at μ, all
//! Poisson and independent; a = λ + τ. The copy is there when
//!
//! ```text
//! the last of them was no removal, less than T ago       P = a / (a + μ) (1 − e^(−(a + μ)T))   least recently used
//! it is neither removed nor evicted since its arrival    P = b / (b + 1/a)                     the first one, any
//!                                                        b = (1 − e^(−μT)) / μ                 the first one
//!                                                        b = 1 / (μ + 1/T)                     any
//! ```
//!
//! A copy that also expires after L answers only as long as neither removal, age nor a gap ends it. With U(a) as in
//! [`hits`](super::hits), the requests from one fetch to the next are on average
//!
//! ```text
//! 1 + ∫₀ᴸ U′(a) e^(−μa) da = U(L) e^(−μL) + μ ∫₀ᴸ U(a) e^(−μa) da        least recently used; for T = ∞ 1 + λ (1 − e^(−μL)) / μ
//! ```
//!
//! and the hit ratio is 1 − 1 over that; its place in the cache it keeps until it is removed, evicted or fetched anew. T is such that the cache is full on average, or infinite where removals leave space. A look-up sees the time
//! average, since look-ups are Poisson. With μ = τ = 0 these are the formulas of [`hits`](super::hits).
//!
//! Leaves out: copies that expire under another policy, or that changes store; adaptive caches.
//! Source: as in [`hits`](super::hits); Wolff (1982), Poisson arrivals see time averages; for removals as competing
//! exponential times Cox (1962), *Renewal theory*.

use super::hits::{HitRatios, Policy, fills_in, grouped_from, requests_until_gone};
use crate::convert::whole;
use crate::units::{Rate, SimDuration};
use crate::workload::popularity::Zipf;

/// Changes of the objects of a cache, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// Changes that remove the copy: of objects in proportion to their popularity, and of all objects evenly.
    pub removing: [f64; 2],
    /// Changes that store the new copy, likewise.
    pub storing: [f64; 2],
}

impl Changes {
    /// Adds changes that come `rate` times per second.
    pub fn add(&mut self, rate: f64, changes: &Self) {
        for at in 0..2 {
            self.removing[at] += rate * changes.removing[at];
            self.storing[at] += rate * changes.storing[at];
        }
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Objects with equal rates.
#[derive(Clone, Copy, Debug)]
struct Group {
    objects: f64,
    /// Look-ups, changes that store and changes that remove, per second and object.
    asked: f64,
    stored: f64,
    removed: f64,
}

impl Group {
    /// Returns the probability that its copy is there if it would be evicted after `time`.
    fn there(&self, time: f64, policy: Policy) -> f64 {
        let (arrives, removed) = (self.asked + self.stored, self.removed);
        let stays = match policy {
            Policy::Lru => {
                let all = arrives + removed;
                return arrives / all * -libm::expm1(-all * time);
            }
            Policy::Fifo if removed * time > 1e-9 => -libm::expm1(-removed * time) / removed,
            Policy::Fifo => time,
            Policy::Random => 1.0 / (removed + 1.0 / time),
        };
        if stays.is_infinite() { 1.0 } else { stays / (stays + 1.0 / arrives) }
    }
}

/// Number of halvings after which T has converged.
const HALVINGS: u32 = 200;

/// Computes the hit ratio of a cache for `capacity` objects, with `rate` look-ups per second.
#[must_use]
pub fn hit_ratio(
    popularity: &Zipf,
    (capacity, policy): (u64, Policy),
    rate: f64,
    changes: &Changes,
) -> f64 {
    let objects = popularity.objects() as f64;
    let share = |of: [f64; 2], asked: f64| of[0] * asked / rate + of[1] / objects;
    let groups: Vec<Group> = grouped_from(popularity, rate, 10_000)
        .iter()
        .map(|group| Group {
            objects: group.objects,
            asked: group.rate,
            stored: share(changes.storing, group.rate),
            removed: share(changes.removing, group.rate),
        })
        .collect();
    let held = |time: f64| -> f64 {
        groups.iter().map(|group| group.objects * group.there(time, policy)).sum()
    };
    let capacity = capacity as f64;
    let mut time = f64::INFINITY;
    if held(time) > capacity {
        let (mut low, mut high) = (0.0, 1.0);
        while held(high) < capacity {
            high *= 2.0;
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if held(middle) < capacity { low = middle } else { high = middle }
        }
        time = high;
    }
    let total: f64 = groups.iter().map(|group| group.objects * group.asked).sum();
    let found = groups.iter().map(|group| group.objects * group.asked * group.there(time, policy));
    if total > 0.0 { found.sum::<f64>() / total } else { 0.0 }
}

/// Objects that share a cache, with their look-ups and removals.
#[derive(Clone, Debug)]
pub struct Removed {
    /// Their popularity.
    pub popularity: Zipf,
    /// Look-ups per second.
    pub rate: Rate,
    /// Removals per second: in proportion to the popularity, and of all objects evenly.
    pub removed: [Rate; 2],
}

/// Computes the performance of a cache that evicts the least recently used of these objects, whose copies expire after `ttl`
/// and are removed before by changes.
#[must_use]
pub fn expiring_hit_ratios(asked: &[Removed], capacity: u64, ttl: SimDuration) -> HitRatios {
    let groups: Vec<Vec<Group>> = asked.iter().map(Removed::groups).collect();
    let all: Vec<Group> = groups.concat();
    let objects: f64 = all.iter().map(|group| group.objects).sum();
    let total: f64 = all.iter().map(|group| group.objects * group.asked).sum();
    let held = |time: f64| -> f64 {
        all.iter().map(|group| group.objects * group.there(time, Policy::Lru)).sum()
    };
    // Removals may leave space for all that is there.
    let time = if held(f64::INFINITY) <= capacity as f64 {
        f64::INFINITY
    } else {
        fills_in((objects, total), capacity as f64, &held)
    };
    let ratio = |groups: &Vec<Group>| {
        let total: f64 = groups.iter().map(|group| group.objects * group.asked).sum();
        let hit = |group: &Group| 1.0 - 1.0 / until_gone(group, time, ttl.seconds());
        let found = groups.iter().map(|group| group.objects * group.asked * hit(group));
        if total > 0.0 { found.sum::<f64>() / total } else { 0.0 }
    };
    HitRatios {
        ratios: groups.iter().map(ratio).collect(),
        stays: time.is_finite().then(|| SimDuration::from_seconds_f64(time)),
    }
}

impl Removed {
    fn groups(&self) -> Vec<Group> {
        let rate = self.rate.in_per_second();
        let [popular, evenly] = self.removed.map(|rate| rate.in_per_second());
        let objects = self.popularity.objects() as f64;
        let all = grouped_from(&self.popularity, rate, 10_000);
        let group = |group: &super::hits::Group| Group {
            objects: group.objects,
            asked: group.rate,
            stored: 0.0,
            removed: popular * group.rate / rate + evenly / objects,
        };
        all.iter().map(group).collect()
    }
}

/// Number of steps per gap in which the removals of copies of one age are added up.
const STEPS: u32 = 16;
/// Largest number of gaps that are followed one by one.
const GAPS: f64 = 256.0;
/// Age, in mean times until a removal, above which no copy is left.
const LONG: f64 = 36.0;

/// Returns the requests from one fetch to the next, including the latter.
fn until_gone(group: &Group, gap: f64, ttl: f64) -> f64 {
    let (asked, removed) = (group.asked, group.removed);
    if removed <= 0.0 {
        return requests_until_gone(asked, gap, ttl);
    }
    if gap >= ttl {
        return 1.0 - asked * libm::expm1(-removed * ttl) / removed;
    }
    let either = asked + removed;
    if removed * ttl > LONG {
        return either / (removed + asked * libm::exp(-either * gap));
    }
    if ttl / gap > GAPS {
        // Copies end by long gaps as by chance.
        let ends = asked / libm::expm1(asked * gap) + removed;
        return 1.0 - asked * libm::expm1(-ends * ttl) / ends;
    }
    let (mut sum, mut from) = (0.0, 0.0);
    for _ in 0..=whole::u32(GAPS) {
        let until = (from + gap).min(ttl);
        let width = (until - from) / f64::from(STEPS);
        for step in 0..=STEPS {
            let weight = match step {
                0 | STEPS => 1.0,
                odd if odd % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let age = from + f64::from(step) * width;
            let left = requests_until_gone(asked, gap, age) * libm::exp(-removed * age);
            sum += weight * left * width / 3.0;
        }
        from = until;
        if from >= ttl {
            break;
        }
    }
    requests_until_gone(asked, gap, ttl) * libm::exp(-removed * ttl) + removed * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::hits::ratio;

    /// Without changes both modules compute the same.
    #[test]
    fn without_changes_it_is_the_ratio_of_the_cache() {
        let popularity = Zipf::new(0.9, 500).unwrap();
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random] {
            let found = hit_ratio(&popularity, (100, policy), 3.0, &Changes::default());
            assert!((found - ratio(&popularity, 100, policy)).abs() < 1e-6, "{policy:?}: {found}");
        }
    }

    fn expiring(capacity: u64, removed: f64, ttl: f64) -> f64 {
        let rate = |rate: f64| Rate::per_second(rate).unwrap();
        let asked = Removed {
            popularity: Zipf::new(0.9, 500).unwrap(),
            rate: rate(50.0),
            removed: [Rate::ZERO, rate(removed)],
        };
        let ttl = SimDuration::from_seconds_f64(ttl);
        expiring_hit_ratios(&[asked], capacity, ttl).ratios[0]
    }

    /// Without removals it is the ratio of `hits`, without expiry that of changes alone.
    #[test]
    fn copies_that_expire_and_are_removed_lie_between_the_two_alone() {
        let popularity = Zipf::new(0.9, 500).unwrap();
        let rate = Rate::per_second(50.0).unwrap();
        for capacity in [60, 200, 500] {
            let ttl = super::super::hits::Ttl {
                length: SimDuration::SECOND.saturating_mul(20),
                sliding_ttl: false,
            };
            let holds = super::super::hits::Holds { capacity, policy: Policy::Lru, ttl: Some(ttl) };
            let alone =
                super::super::hits::hit_ratios(&[(popularity.clone(), rate)], &holds).ratios[0];
            assert!((expiring(capacity, 0.0, 20.0) - alone).abs() < 1e-9);
            let changes = Changes { removing: [0.0, 10.0], ..Changes::default() };
            let changed = hit_ratio(&popularity, (capacity, Policy::Lru), 50.0, &changes);
            assert!((expiring(capacity, 10.0, 1e6) - changed).abs() < 1e-6, "{capacity}");
            let both = expiring(capacity, 10.0, 20.0);
            assert!(both < alone && both < changed, "{capacity}: {both}");
        }
    }

    /// The sum over ages against a renewal that is followed request by request, of one object.
    #[test]
    fn the_requests_until_a_removal_are_those_of_the_renewal_process() {
        let (asked, gap, ttl, removed) = (0.8, 1.5, 6.0, 0.3);
        let group = Group { objects: 1.0, asked, stored: 0.0, removed };
        let mut state = 1_u64;
        let mut uniform = || {
            // A linear congruence is enough for a mean.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let (mut requests, cycles) = (0.0, 400_000);
        for _ in 0..cycles {
            let ends = (-libm::log(uniform()) / removed).min(ttl);
            let mut age = 0.0;
            loop {
                requests += 1.0;
                let wait = -libm::log(uniform()) / asked;
                age += wait;
                if wait > gap || age > ends {
                    break;
                }
            }
        }
        let simulated = requests / f64::from(cycles);
        let found = until_gone(&group, gap, ttl);
        assert!((found / simulated - 1.0).abs() < 5e-3, "{found} against {simulated}");
    }

    /// A cache for all objects, asked evenly: hits are λ / (λ + μ), and 1 where changes are stored.
    #[test]
    fn a_cache_for_all_objects_loses_what_changes() {
        let popularity = Zipf::new(0.0, 50).unwrap();
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random] {
            let by = |changes: Changes| hit_ratio(&popularity, (50, policy), 30.0, &changes);
            let removing = Changes { removing: [6.0, 4.0], ..Changes::default() };
            assert!((by(removing) - 0.75).abs() < 1e-9, "{policy:?}");
            let storing = Changes { storing: [6.0, 4.0], ..Changes::default() };
            assert!((by(storing) - 1.0).abs() < 1e-9, "{policy:?}");
        }
    }
}
