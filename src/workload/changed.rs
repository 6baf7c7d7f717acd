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
//! and T is such that the cache is full on average, or infinite where removals leave space. A look-up sees the time
//! average, since look-ups are Poisson. With μ = τ = 0 these are the formulas of [`hits`](super::hits).
//!
//! Leaves out: copies that expire, adaptive caches.
//! Source: as in [`hits`](super::hits); Wolff (1982), Poisson arrivals see time averages; for removals as competing
//! exponential times Cox (1962), *Renewal theory*.

use super::hits::{Policy, grouped_from};
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
