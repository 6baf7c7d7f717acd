//! Hit ratios of object caches in closed form: the ratio of the file, or the one that follows from popularity, capacity and
//! lifetime at the mean rates ([`crate::workload::hits`], [`crate::workload::adaptive`]).

use crate::kinds::cache::spec::{CachePolicy, CacheSpec};
use crate::mechanism::arc::PROMOTION;
use crate::plan::hits::{Asks, table};
use crate::units::Rate;
use crate::workload::adaptive::adaptive_hit_ratio;
use crate::workload::changed::{self, Changes, Removed};
use crate::workload::filling;
use crate::workload::hits::{Holds, Policy, Ttl, hit_ratios};
use crate::workload::popularity::Zipf;

/// Cache that is simulated object by object.
#[derive(Clone, Debug)]
pub struct Played {
    pub popularity: Zipf,
    capacity: u64,
    /// Policy and life of its objects; `None` if it is adaptive.
    by: Option<(Policy, Option<Ttl>)>,
}

impl CacheSpec {
    /// Returns the hit ratio that the file gives, 0 without one.
    #[must_use]
    pub fn given_ratio(&self) -> f64 {
        self.hit.as_ref().map_or(0.0, |hit| hit.value.get())
    }
}

impl Played {
    /// Returns the parameters of a cache; `None` if its ratio is given, or its popularity cannot be used.
    #[must_use]
    pub fn of(spec: &CacheSpec) -> Option<Self> {
        if spec.hit.is_some() {
            return None;
        }
        let ttl = spec.ttl.as_ref().map(|ttl| ttl.value);
        let ttl = ttl.map(|length| Ttl { length, sliding_ttl: spec.sliding_ttl.value });
        let capacity = spec.objects.as_ref()?.value;
        let by = policy_of(spec.policy.value).map(|policy| (policy, ttl));
        let popularity = table(spec.popularity.as_ref()?)?;
        Some(Self { popularity, capacity, by })
    }

    /// Returns the steps in which a cache that has lost its content fills again, at the mean ratio of changes to look-ups,
    /// until its hit ratio is `steady`.
    #[must_use]
    pub fn filling(&self, asks: &Asks, steady: f64) -> Vec<filling::Step> {
        let Asks { look_ups, changes } = asks;
        let per = |of: [f64; 2]| of.map(|rate| if *look_ups > 0.0 { rate / look_ups } else { 0.0 });
        let changes = Changes { removing: per(changes.removing), storing: per(changes.storing) };
        let (capacity, is_adaptive) = (self.capacity, self.by.is_none());
        let cache = filling::Cache { capacity, is_adaptive, steady };
        filling::steps(&self.popularity, &changes, &cache)
    }

    /// Computes the hit ratio at these rates; without a lifetime and changes, the rate does not matter.
    #[must_use]
    pub fn ratio(&self, asks: &Asks) -> Option<f64> {
        let rate = asks.look_ups;
        let Some((policy, ttl)) = self.by else {
            // Users without a rate count as slow.
            let (rate, quiet) = if rate > 0.0 { (rate, PROMOTION.seconds()) } else { (1.0, 0.0) };
            return Some(adaptive_hit_ratio(&self.popularity, self.capacity, rate, quiet));
        };
        if let Some(ttl) = ttl.filter(|_| !asks.changes.is_none()) {
            let per_second = |rate| Rate::per_second(rate).unwrap_or(Rate::ZERO);
            let removed = asks.changes.removing.map(per_second);
            let popularity = self.popularity.clone();
            let asked = [Removed { popularity, rate: per_second(rate), removed }];
            return Some(changed::expiring_hit_ratios(&asked, self.capacity, ttl.length).ratios[0]);
        }
        if !asks.changes.is_none() {
            let cache = (self.capacity, policy);
            return Some(changed::hit_ratio(&self.popularity, cache, rate, &asks.changes));
        }
        let rate = if ttl.is_none() { 1.0 } else { rate };
        let asked = [(self.popularity.clone(), Rate::per_second(rate)?)];
        let holds = Holds { capacity: self.capacity, policy, ttl };
        Some(hit_ratios(&asked, &holds).ratios[0])
    }
}

/// Returns the eviction policy of a cache; `None` if it is adaptive.
#[must_use]
pub fn policy_of(policy: CachePolicy) -> Option<Policy> {
    match policy {
        CachePolicy::Lru => Some(Policy::Lru),
        CachePolicy::Fifo => Some(Policy::Fifo),
        CachePolicy::Random => Some(Policy::Random),
        CachePolicy::Arc => None,
    }
}
