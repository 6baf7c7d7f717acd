//! Hit ratios against closed forms, and the content of a cache against a plain list.

use super::*;
use crate::engine::draw::{Key, Lineage, Seed};
use crate::stats::interval::Interval;
use crate::workload::changed::{Changes, hit_ratio};

const BATCHES: usize = 20;

/// Returns the hit ratios of `BATCHES` batches of `length` look-ups each, after `warm_up` look-ups.
fn hits(policy: Policy, popularity: &Zipf, capacity: u32, warm_up: u64, length: u64) -> Vec<f64> {
    let key = Key::derive(Seed(40), Lineage::replication(0), "look-up", "test");
    let mut cache = ObjectCache::new(policy, capacity, popularity.objects() as u32, None);
    let mut ordinal = 0;
    let mut ask = |times: u64| {
        let mut hits = 0_u64;
        for _ in 0..times {
            ordinal += 1;
            let object = popularity.quantile(key.uniform(ordinal, 0)) - 1;
            let victim = if policy == Policy::Random { key.uniform(ordinal, 1) } else { 0.0 };
            hits += u64::from(cache.look_up(SimTime::ZERO, object as u32, victim));
        }
        hits as f64 / times as f64
    };
    ask(warm_up);
    (0..BATCHES).map(|_| ask(length)).collect()
}

/// Asserts that the 99.9 % interval contains the value and is at most ± 1 % wide.
fn assert_interval(row: &str, values: &[f64], expected: f64) {
    let interval = Interval::of_mean(values, 0.999).unwrap();
    assert!(interval.contains(expected), "{row}: {interval:?} against {expected}");
    assert!(interval.relative_half_width().unwrap() <= 0.01, "{row}: {interval:?}");
}

fn probabilities(zipf: &Zipf) -> Vec<f64> {
    (1..=zipf.objects()).map(|rank| zipf.probability(rank)).collect()
}

/// Returns the hit ratio of a least-recently-used cache by King (1971). The content, newest first, is
/// (i₁ … i_C) with probability p(i₁) · p(i₂) / (1 − p(i₁)) · …; the hit ratio is the mean of its Σ p.
fn king(p: &[f64], capacity: usize) -> f64 {
    fn deeper(p: &[f64], left: usize, used: &mut Vec<usize>, probability: f64, sum: f64) -> f64 {
        if left == 0 {
            return probability * sum;
        }
        let mut total = 0.0;
        for next in 0..p.len() {
            if !used.contains(&next) {
                used.push(next);
                total +=
                    deeper(p, left - 1, used, probability * p[next] / (1.0 - sum), sum + p[next]);
                used.pop();
            }
        }
        total
    }
    deeper(p, capacity, &mut Vec::new(), 1.0, 0.0)
}

/// Returns the hit ratio under FIFO and random replacement by Gelenbe (1973). The probability that a set
/// of objects is stored is proportional to the product of its p.
fn gelenbe(p: &[f64], capacity: u32) -> f64 {
    let (mut all, mut hit) = (0.0, 0.0);
    for set in (0_u32..1 << p.len()).filter(|set| set.count_ones() == capacity) {
        let there = || p.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, p)| *p);
        let weight: f64 = there().product();
        all += weight;
        hit += weight * there().sum::<f64>();
    }
    hit / all
}

/// O40: the formulas agree with the published values to 1e-9.
#[test]
fn o40_the_closed_forms_give_the_published_values() {
    let six = Zipf::new(0.8, 6).unwrap();
    let (p, ten) = (probabilities(&six), probabilities(&Zipf::new(1.0, 10).unwrap()));
    for (row, value, expected) in [
        ("lru_N6_C3_zipf0.8", king(&p, 3), 0.591_638_795_381),
        ("fifo_N6_C3_zipf0.8", gelenbe(&p, 3), 0.573_289_385_611),
        ("best_static_N6_C3_zipf0.8", six.share_of_top(3), 0.702_066_196_959),
        ("lru_N10_C4_zipf1", king(&ten, 4), 0.584_505_244_668),
        ("fifo_N10_C4_zipf1", gelenbe(&ten, 4), 0.549_336_613_304),
    ] {
        assert!((value / expected - 1.0).abs() <= 1e-9, "{row}: {value} against {expected}");
    }
}

/// O40: 2·10⁶ look-ups each, after a warm-up of 10⁴, as in the case.
#[test]
fn o40_small_caches_hit_as_often_as_theory_says() {
    let six = Zipf::new(0.8, 6).unwrap();
    let ten = Zipf::new(1.0, 10).unwrap();
    let flat = Zipf::new(0.0, 6).unwrap();
    for (row, policy, popularity, capacity, expected) in [
        ("lru_N6_C3_zipf0.8", Policy::Lru, &six, 3, 0.591_638_795_381),
        ("fifo_N6_C3_zipf0.8", Policy::Fifo, &six, 3, 0.573_289_385_611),
        ("random_N6_C3_zipf0.8", Policy::Random, &six, 3, 0.573_289_385_611),
        ("lru_N10_C4_zipf1", Policy::Lru, &ten, 4, 0.584_505_244_668),
        ("fifo_N10_C4_zipf1", Policy::Fifo, &ten, 4, 0.549_336_613_304),
        ("lru_N6_C3_uniform", Policy::Lru, &flat, 3, 0.5),
    ] {
        assert_interval(row, &hits(policy, popularity, capacity, 10_000, 100_000), expected);
    }
}

/// O41: the exact row, and the two rows of the approximation within 0.002. The latter have 2·10⁶ look-ups
/// after 5·10⁴, thirty times the residence of an object; their mean has a standard error of 4·10⁻⁴.
#[test]
fn o41_larger_caches_hit_as_often_as_theory_says() {
    let hundred = hits(Policy::Lru, &Zipf::new(0.8, 100).unwrap(), 20, 10_000, 100_000);
    assert_interval("exact_N100_C20_zipf0.8", &hundred, 0.431_064_110_945);
    for (row, alpha, expected) in [
        ("che_N10000_C1000_zipf0.8", 0.8, 0.436_659_722_231),
        ("che_N10000_C1000_zipf1", 1.0, 0.675_601_793_51),
    ] {
        let many = Zipf::new(alpha, 10_000).unwrap();
        let values = hits(Policy::Lru, &many, 1000, 50_000, 100_000);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean - expected).abs() <= 0.002, "{row}: {mean} against {expected}");
    }
    let best = Zipf::new(0.8, 10_000).unwrap().share_of_top(1000);
    assert!((best / 0.570_617_585_513 - 1.0).abs() <= 1e-9, "best_static: {best}");
}

/// A plain list in the order of eviction, the next one first, searched linearly.
struct Plain {
    policy: Policy,
    capacity: usize,
    ttl: Option<u64>,
    line: Vec<(u32, u64)>,
}

impl Plain {
    fn look_up(&mut self, now: u64, object: u32) -> bool {
        let Some(at) = self.line.iter().position(|(other, _)| *other == object) else {
            if self.line.len() == self.capacity {
                self.line.remove(0);
            }
            self.line.push((object, now));
            return false;
        };
        let since = self.line[at].1;
        let expired = self.ttl.is_some_and(|ttl| now - since >= ttl);
        if expired || self.policy == Policy::Lru {
            let (object, since) = self.line.remove(at);
            self.line.push((object, if expired { now } else { since }));
        }
        !expired
    }
}

#[test]
fn the_linked_list_is_a_list() {
    let key = Key::derive(Seed(41), Lineage::replication(0), "look-up", "list");
    for policy in [Policy::Lru, Policy::Fifo] {
        for (capacity, ttl) in [(1, None), (5, None), (5, Some(40)), (30, Some(7)), (30, None)] {
            let time = ttl.map(SimDuration::from_nanos);
            let mut cache = ObjectCache::new(policy, capacity, 30, time);
            let capacity = capacity as usize;
            let mut plain = Plain { policy, capacity, ttl, line: Vec::new() };
            for now in 0..5_000_u64 {
                if now == 2_500 {
                    cache.clear();
                    assert!(cache.is_empty());
                    plain.line.clear();
                }
                let object = (key.uniform(now, 0) * 30.0) as u32;
                let at = SimTime::ZERO + SimDuration::from_nanos(now);
                let found = cache.look_up(at, object, 0.0);
                assert_eq!(found, plain.look_up(now, object), "{policy:?} {capacity} {now}");
                assert_eq!(cache.len(), plain.line.len());
            }
        }
    }
}

/// O42 (i): requests at 0.2/s, a life of 60 s from the fetch. Of the 1 + 0.2 · 60 requests of a cycle,
/// one is a miss.
#[test]
fn o42_an_object_lives_for_its_life_after_the_fetch() {
    let key = Key::derive(Seed(42), Lineage::replication(0), "look-up", "life");
    let ttl = Some(SimDuration::from_secs(60));
    let mut cache = ObjectCache::new(Policy::Lru, 1, 1, ttl);
    let mut now = SimTime::ZERO;
    let mut ordinal = 0;
    let mut batch = || {
        let mut hits = 0;
        for _ in 0..20_000 {
            ordinal += 1;
            let gap = -libm::log(key.uniform(ordinal, 0)) / 0.2;
            now = now + SimDuration::from_seconds_f64(gap);
            hits += u32::from(cache.look_up(now, 0, 0.0));
        }
        f64::from(hits) / 20_000.0
    };
    let values: Vec<f64> = (0..BATCHES).map(|_| batch()).collect();
    assert_interval("i_hit_ttl_from_fetch", &values, 0.923_076_923_077);
}

/// O42 (i): with a life that each use restarts, a look-up misses if the gap before it is longer than
/// the life. The hit ratio is 1 − e^(−0.2 · 60).
#[test]
fn o42_an_object_that_is_used_lives_on() {
    let key = Key::derive(Seed(42), Lineage::replication(0), "look-up", "renewed");
    let ttl = Some(SimDuration::from_secs(60));
    let mut cache = ObjectCache::new(Policy::Lru, 1, 1, ttl).renewed(true);
    let (mut now, mut hits) = (SimTime::ZERO, 0_u32);
    for ordinal in 0..1_000_000 {
        let gap = -libm::log(key.uniform(ordinal, 0)) / 0.2;
        now = now + SimDuration::from_seconds_f64(gap);
        hits += u32::from(cache.look_up(now, 0, 0.0));
    }
    // 6.1 misses expected in a million; four standard deviations are 10.
    let misses = 1_000_000 - hits;
    assert!(misses <= 17, "{misses}");
    let share = f64::from(hits) / 1e6;
    assert!((share - 0.999_993_855_788).abs() <= 0.001 * 0.999_993_855_788, "{share}");
}

#[test]
fn nothing_fits_into_a_cache_of_nothing() {
    let mut cache = ObjectCache::new(Policy::Lru, 0, 3, None);
    assert!(!cache.look_up(SimTime::ZERO, 1, 0.5));
    assert!(!cache.look_up(SimTime::ZERO, 1, 0.5));
    assert!(cache.is_empty());
}

/// A scan of as many objects as the cache holds takes all from a cache of the least recently used, and nothing from an adaptive one that
/// has found half of its objects twice.
#[test]
fn a_scan_empties_one_cache_and_not_the_other() {
    let mut lru = ObjectCache::new(Policy::Lru, 1_000, 3_000, None);
    let mut adaptive = AdaptiveCache::new(1_000, 3_000);
    let second = |second| SimTime::ZERO + SimDuration::from_secs(second);
    let mut look_up = |now: SimTime, objects: std::ops::Range<u32>| {
        let mut hits = [0, 0];
        for object in objects {
            hits[0] += u32::from(lru.look_up(now, object, 0.0));
            hits[1] += u32::from(adaptive.access(now, object, 1, false));
        }
        hits
    };
    assert_eq!(look_up(second(0), 0..400), [0, 0]);
    assert_eq!(look_up(second(1), 0..400), [400, 400]);
    assert_eq!(look_up(second(2), 1_000..2_000), [0, 0]);
    assert_eq!(look_up(second(3), 0..400), [0, 400]);
}

/// A fifth of the events are changes, which remove or store copies, of popular objects or of all evenly.
#[test]
fn a_cache_whose_objects_change_finds_what_the_closed_form_says() {
    let key = |what: &str| Key::derive(Seed(5), Lineage::replication(0), "changes", what);
    let (gap, event, victim) = (key("gap"), key("event"), key("victim"));
    let (popularity, rate) = (Zipf::new(0.9, 200).unwrap(), 40.0);
    for policy in [Policy::Lru, Policy::Fifo, Policy::Random] {
        for (is_stored, is_even) in [(false, false), (false, true), (true, true)] {
            let mut cache = ObjectCache::new(policy, 50, 200, None);
            let (mut hits, mut look_ups, mut time) = (0_u32, 0_u32, 0.0);
            for number in 0..60_000 {
                time -= libm::log(gap.uniform(number, 0)) / (rate + 10.0);
                let now = SimTime::ZERO + SimDuration::from_seconds_f64(time);
                let uniform = event.uniform(number, 0);
                if event.uniform(number, 1) < 0.8 {
                    let object = popularity.object(uniform);
                    let hit = cache.look_up(now, object, victim.uniform(number, 0));
                    hits += u32::from(hit && number >= 5_000);
                    look_ups += u32::from(number >= 5_000);
                    continue;
                }
                let evenly = || place(below(uniform, 200));
                let object = if is_even { evenly() } else { popularity.object(uniform) };
                if is_stored {
                    cache.change(now, object, victim.uniform(number, 0));
                } else {
                    cache.remove(object);
                }
            }
            let mut changes = Changes::default();
            let of = if is_stored { &mut changes.storing } else { &mut changes.removing };
            of[usize::from(is_even)] = 10.0;
            let truth = hit_ratio(&popularity, (50, policy), rate, &changes);
            let found = f64::from(hits) / f64::from(look_ups);
            assert!((found - truth).abs() < 0.01, "{policy:?}: {found}, and it is {truth}");
        }
    }
}
