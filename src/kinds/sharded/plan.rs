//! The references of sharded databases, and the share of the queries that each shard gets.

use crate::engine::mix::{GOLDEN, mixed};
use crate::kinds::sharded::spec::{KeyPlacement, ShardedSpec};
use crate::plan::hits::table;
use crate::plan::links::Entrance;
use crate::workload::popularity::Zipf;

/// Kind of the sharded databases.
#[derive(Debug)]
pub struct Sharded;

/// Resolved references of a sharded database.
#[derive(Clone, Debug, Default)]
pub struct ShardedLinks {
    /// Service or balancer with the index.
    pub index: Option<Entrance>,
    /// Databases, in order.
    pub shards: Vec<usize>,
    /// Share of the queries of each shard; the sum is 1.
    pub shares: Vec<f64>,
}

/// Returns the share of the queries that each of `shards` shards gets; `None` if `popularity` has no table, or if there is
/// no shard, which are reported elsewhere.
pub(super) fn shares_of(spec: &ShardedSpec, shards: usize) -> Option<Vec<f64>> {
    if shards == 0 {
        return None;
    }
    if let Some(shares) = &spec.shares {
        let sum: f64 = shares.value.iter().sum();
        return Some(shares.value.iter().map(|share| share / sum).collect());
    }
    let Some(popularity) = &spec.popularity else {
        return Some(vec![1.0 / shards as f64; shards]);
    };
    let keys = table(popularity)?;
    Some(match spec.placement.value {
        KeyPlacement::Hash => by_hash(&keys, shards),
        KeyPlacement::Range => by_range(&keys, shards),
    })
}

/// Returns the shares of shards to which keys are assigned by a hash of their rank.
fn by_hash(keys: &Zipf, shards: usize) -> Vec<f64> {
    let mut shares = vec![0.0; shards];
    for rank in 1..=keys.objects() {
        let at = mixed(rank.wrapping_mul(GOLDEN)) % shards as u64;
        shares[crate::convert::index(at)] += keys.probability(rank);
    }
    shares
}

/// Returns the shares of shards that hold ranges of equal size; the first ones hold one key more where the keys cannot
/// be divided evenly.
fn by_range(keys: &Zipf, shards: usize) -> Vec<f64> {
    let (each, rest) = (keys.objects() / shards as u64, keys.objects() % shards as u64);
    let upto = |shard: u64| keys.share_of_top(shard * each + shard.min(rest));
    (0..shards as u64).map(|shard| upto(shard + 1) - upto(shard)).collect()
}

#[cfg(test)]
mod tests {
    use super::{by_hash, by_range};
    use crate::workload::popularity::Zipf;

    #[test]
    fn equally_popular_keys_load_all_shards_alike() {
        let keys = Zipf::new(0.0, 100_000).expect("a table");
        for share in by_hash(&keys, 8) {
            // Binomial: 12,500 keys on average, with a standard deviation of 105.
            assert!((share - 0.125).abs() < 0.004, "{share}");
        }
        assert_eq!(by_range(&keys, 8).len(), 8);
        for share in by_range(&keys, 8) {
            assert!((share - 0.125).abs() < 1e-12, "{share}");
        }
    }

    #[test]
    fn the_shard_with_the_most_popular_key_is_the_hot_one() {
        let keys = Zipf::new(1.2, 10_000).expect("a table");
        let shares = by_hash(&keys, 4);
        let first = keys.probability(1);
        assert!(shares.iter().any(|share| *share > first), "{shares:?}");
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn ranges_of_popular_keys_follow_the_cumulated_popularity() {
        let keys = Zipf::new(1.0, 10).expect("a table");
        // Harmonic numbers: H4 = 25/12 of the first four of ten keys, in the shares 4, 3, 3.
        let harmonic = |n: u32| (1..=n).map(|k| 1.0 / f64::from(k)).sum::<f64>();
        let all = harmonic(10);
        let want = [harmonic(4), harmonic(7) - harmonic(4), all - harmonic(7)];
        for (share, want) in by_range(&keys, 3).into_iter().zip(want) {
            assert!((share - want / all).abs() < 1e-12);
        }
    }
}
