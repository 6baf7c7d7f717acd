//! Hit ratios of caches in closed form, where [`crate::kinds::cache::live`] simulates them object by object.
//!
//! Che's approximation: every object has the same time T in the cache. Under least recently used (LRU) eviction it
//! counts from the last request for the object. Under first-in or random eviction it counts from the object's arrival.
//! T is such that the cache is full on average:
//!
//! ```text
//! Σᵢ oᵢ(T) = C      oᵢ = 1 − e^(−λᵢT)      least recently used
//!                   oᵢ = λᵢT / (1 + λᵢT)   the first one, any
//! ```
//!
//! A life L bounds the time for which a copy answers. Under LRU the copy answers while all gaps between requests are
//! shorter than T, at most for L. The mean number of requests until one finds it gone is that of a renewal process that
//! ends with the first long gap,
//!
//! ```text
//! U = Σ_{k ≤ L/T} (−λe^(−λT))^k (λ yₖ^(k+1) / (k+1)! + yₖ^k / k!),  yₖ = L − kT      hit ratio 1 − 1/U
//! ```
//!
//! (the inverse of its Laplace transform (λ + s) / (s (s + λe^(−(λ+s)T)))). An expired copy stays in its place until it
//! is evicted or fetched anew.
//!
//! The second of two tiers gets the misses of the first, each object at its own rate. Misses of one edge are a renewal
//! process, those of several are independent ([`hit_ratios_of_two_tiers`]).
//!
//! Takes: popularities (Zipf), each with its request rate. Holds: the error falls with the number of objects; it is
//! 1e-4 at 100 objects and a cache of 20 (O41). Leaves out: dependence between requests, sizes, fetches that take time.
//! With a life that each use renews, expiry is computed like random eviction.
//! Source: Che, Tung & Wang (2002), Hierarchical web caching systems; Fricker, Robert & Roberts
//! (2012), A versatile and accurate approximation for LRU cache performance; Choungmo Fofack, Nain,
//! Neglia & Towsley (2014), Performance evaluation of hierarchical TTL-based cache networks; for the gap after a
//! miss Martina, Garetto & Leonardi (2014), A unified approach to the performance analysis of caching systems; for the
//! renewal process Cox (1962), *Renewal theory*.

use crate::convert::whole;
use crate::units::{Rate, SimDuration};
use crate::workload::popularity::Zipf;
use crate::workload::second_level::MissedBlocks;

/// Eviction policy of a full cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The object that was not requested for the longest time.
    Lru,
    /// The object that arrived first.
    Fifo,
    /// A random object.
    Random,
}

/// Time for which a copy answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// Length of that time.
    pub length: SimDuration,
    /// True if it counts from the last use instead of the fetch.
    pub sliding_ttl: bool,
}

/// Capacity and policies of a cache.
#[derive(Clone, Copy, Debug)]
pub struct Holds {
    /// Capacity, in objects.
    pub capacity: u64,
    /// Eviction policy when it is full.
    pub policy: Policy,
    /// Life of a copy; `None` means as long as it is in the cache.
    pub ttl: Option<Ttl>,
}

/// Number of ranks that are computed one by one; further ones are grouped with their neighbours.
const SINGLY: u64 = 10_000;
/// Width of a group of further ranks, as a share of its first rank.
const WIDTH: f64 = 1.0 / 64.0;

/// Objects that are requested equally often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) objects: f64,
    /// Requests per second for each of them.
    pub(super) rate: f64,
}

/// Computed performance of a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct HitRatios {
    /// Hit ratio of each popularity.
    pub ratios: Vec<f64>,
    /// T, the mean residence of an object, from its last use or from its arrival; `None` means for ever.
    pub stays: Option<SimDuration>,
}

/// Computes the performance of a cache with requests for objects of these popularities, each at its rate. They share
/// the cache, and no object belongs to two. A popularity without requests has a hit ratio of 0.
#[must_use]
pub fn hit_ratios(asked: &[(Zipf, Rate)], holds: &Holds) -> HitRatios {
    let groups: Vec<Vec<Group>> =
        asked.iter().map(|(popularity, rate)| grouped(popularity, rate.in_per_second())).collect();
    let time = time_in(&groups.concat(), holds);
    let ratio = |groups: &Vec<Group>| {
        let total: f64 = groups.iter().map(|group| group.objects * group.rate).sum();
        let found = |group: &Group| group.objects * group.rate * hit(group.rate, time, holds);
        if total > 0.0 { groups.iter().map(found).sum::<f64>() / total } else { 0.0 }
    };
    HitRatios {
        ratios: groups.iter().map(ratio).collect(),
        stays: time.is_finite().then(|| SimDuration::from_seconds_f64(time)),
    }
}

/// Computes the hit ratio of each of these popularities, whose objects share a cache that evicts the least recently requested
/// ones: requests per second, and the size of an object. `capacity` has the unit of the sizes. A popularity without requests has
/// a hit ratio of 0.
#[must_use]
pub fn sized_hit_ratios(asked: &[(Zipf, f64, f64)], capacity: f64) -> Vec<f64> {
    let (groups, time) = sized(asked, capacity);
    let ratio = |(groups, (_, rate, _)): (&Vec<Group>, &(Zipf, f64, f64))| {
        if time.is_infinite() && *rate > 0.0 {
            return 1.0;
        }
        let found = |group: &Group| group.objects * group.rate * -libm::expm1(-group.rate * time);
        if *rate > 0.0 { groups.iter().map(found).sum::<f64>() / rate } else { 0.0 }
    };
    groups.iter().zip(asked).map(ratio).collect()
}

/// Computes the misses of each object of the same cache, for each popularity.
#[must_use]
pub fn sized_misses(asked: &[(Zipf, f64, f64)], capacity: f64) -> Vec<MissedBlocks> {
    let (groups, time) = sized(asked, capacity);
    let missed =
        |group: &Group| Group { rate: group.rate * libm::exp(-group.rate * time), ..*group };
    let one = |(groups, (_, _, block)): (&Vec<Group>, &(Zipf, f64, f64))| MissedBlocks {
        groups: groups.iter().map(missed).collect(),
        block: *block,
    };
    groups.iter().zip(asked).map(one).collect()
}

/// Returns the objects of each popularity, and the time for which the cache has an object after its last request.
fn sized(asked: &[(Zipf, f64, f64)], capacity: f64) -> (Vec<Vec<Group>>, f64) {
    let groups = |(popularity, rate, _): &(Zipf, f64, f64)| grouped(popularity, *rate);
    let groups: Vec<Vec<Group>> = asked.iter().map(groups).collect();
    let sum = |of: &dyn Fn(&Group) -> f64| -> f64 {
        let sized = groups.iter().zip(asked);
        sized.map(|(groups, (_, _, size))| size * groups.iter().map(of).sum::<f64>()).sum()
    };
    let all = sum(&|group| group.objects);
    let total = sum(&|group| group.objects * group.rate);
    let held = |time: f64| sum(&|group| group.objects * -libm::expm1(-group.rate * time));
    let time = fills_in((all, total), capacity, &held);
    (groups, time)
}

/// Computed performance of two tiers, the second of which gets the misses of the first.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoTiers {
    /// Performance of each edge.
    pub edges: HitRatios,
    /// Performance of the shield; ratios refer to the requests that reach it.
    pub shield: HitRatios,
    /// Request rates per object at the shield, for each popularity: rate of each object up to a rank.
    pub asked: Vec<Vec<(u64, Rate)>>,
}

/// Computes the performance of `each` edges, all with these requests, in front of one shield. A copy is as old at the
/// edge as at the shield, and expires at an edge no later than there.
///
/// While a copy of the shield lives, every edge fetches it once, and again after evicting it. All of these end with the
/// copy, and the next request begins a new cycle of L + 1/nλ, for n edges with λ each. If the shield evicts a copy
/// before it expires, the edges are independent. Between the two cases the result is weighted by the share of the
/// shield's copies that expire.
#[must_use]
pub fn hit_ratios_of_two_tiers(
    asked: &[(Zipf, Rate)],
    edges: &Holds,
    each: f64,
    shield: &Holds,
) -> TwoTiers {
    let groups: Vec<Vec<Group>> =
        asked.iter().map(|(popularity, rate)| grouped(popularity, rate.in_per_second())).collect();
    let all = groups.concat();
    let (each, time) = (each.max(1.0), time_in(&all, edges));
    let alone: Vec<f64> = all.iter().map(|group| 1.0 - hit(group.rate, time, edges)).collect();
    let tied: Vec<f64> =
        all.iter().map(|group| tied_miss(group.rate, time, edges, (each, shield))).collect();
    let mut missed = alone.clone();
    let mut behind: Vec<Missed> = Vec::new();
    let mut stays = f64::INFINITY;
    // Evictions at the shield depend on the misses of the edges, and the reverse.
    for _ in 0..ROUNDS {
        let rated = all.iter().zip(&missed);
        behind =
            rated.map(|(group, missed)| Missed::of(group, *missed, each, (time, edges))).collect();
        stays = Missed::time_in(&behind, shield);
        let mut change = 0.0_f64;
        for (at, missed) in missed.iter_mut().enumerate() {
            let ends = by_age(behind[at].rate, stays, shield);
            let next = ends * tied[at] + (1.0 - ends) * alone[at];
            change = change.max((next - *missed).abs());
            *missed = (*missed + next) / 2.0;
        }
        if change < 1e-9 {
            break;
        }
    }
    let found = |at: usize| {
        let (here, rate) = (&behind[at], all[at].rate);
        let ends = by_age(here.rate, stays, shield);
        let own = here.found(stays, shield);
        let tied = shield.ttl.map_or(own, |ttl| {
            let cycle = ttl.length.seconds() + 1.0 / (each * rate);
            (1.0 - 1.0 / (here.rate * cycle)).max(0.0)
        });
        ends * tied + (1.0 - ends) * own
    };
    let lasting = |time: f64| time.is_finite().then(|| SimDuration::from_seconds_f64(time));
    let mut both = TwoTiers {
        edges: HitRatios { ratios: Vec::new(), stays: lasting(time) },
        shield: HitRatios { ratios: Vec::new(), stays: lasting(stays) },
        asked: Vec::new(),
    };
    let mut first = 0;
    for groups in &groups {
        let places = first..first + groups.len();
        first = places.end;
        let sum = |of: &dyn Fn(usize) -> f64| places.clone().map(of).sum::<f64>();
        let total = sum(&|at| all[at].objects * all[at].rate);
        let gone = sum(&|at| all[at].objects * all[at].rate * missed[at]);
        let kept = sum(&|at| all[at].objects * all[at].rate * missed[at] * found(at));
        both.edges.ratios.push(if total > 0.0 { 1.0 - gone / total } else { 0.0 });
        both.shield.ratios.push(if gone > 0.0 { kept / gone } else { 0.0 });
        let mut rank = 0;
        let upto = places.map(|at| {
            rank += whole::u64(behind[at].objects);
            (rank, Rate::per_second(behind[at].rate).unwrap_or(Rate::ZERO))
        });
        both.asked.push(upto.collect());
    }
    both
}

/// Misses of the edges for each object of a group.
///
/// An edge that evicts objects not requested for T, and has just fetched this one, misses it again after T at the
/// earliest. Its misses are T plus an exponential time apart.
#[derive(Clone, Copy, Debug)]
struct Missed {
    objects: f64,
    /// Misses per second, by all edges of a shield.
    rate: f64,
    /// Number of edges.
    each: f64,
    /// T, in seconds.
    quiet: f64,
}

impl Missed {
    fn of(group: &Group, missed: f64, each: f64, (time, edges): (f64, &Holds)) -> Self {
        // An object that is never missed is requested here at a negligible rate.
        let rate = (group.rate * missed * each).max(f64::MIN_POSITIVE);
        let lives = edges.ttl.map_or(f64::INFINITY, |ttl| ttl.length.seconds());
        let kept = edges.policy == Policy::Lru && time < lives && time * rate < each;
        Self { objects: group.objects, rate, each, quiet: if kept { time } else { 0.0 } }
    }

    /// Returns the probabilities that one edge does not miss it for `length`: from any instant on, and after a miss.
    fn silent(&self, length: f64) -> (f64, f64) {
        let rate = self.rate / self.each;
        let further = 1.0 / rate - self.quiet;
        if length < self.quiet {
            return (rate * (self.quiet - length + further), 1.0);
        }
        let after = libm::exp(-(length - self.quiet) / further);
        (rate * further * after, after)
    }

    /// Returns the probability that it is at a shield that evicts after `time`, expired or not.
    fn there(&self, time: f64, shield: &Holds) -> f64 {
        if shield.policy != Policy::Lru || self.quiet == 0.0 || time.is_infinite() {
            return there(self.rate, time, shield);
        }
        1.0 - libm::pow(self.silent(time).0, self.each)
    }

    /// Returns the probability that an edge's request finds it there.
    fn found(&self, time: f64, shield: &Holds) -> f64 {
        let poisson = hit(self.rate, time, shield);
        if shield.policy != Policy::Lru || self.quiet == 0.0 || time.is_infinite() {
            return poisson;
        }
        let (any, after) = self.silent(time);
        let seen = 1.0 - libm::pow(any, self.each - 1.0) * after;
        let forever = -libm::expm1(-self.rate * time);
        if forever > 0.0 { (poisson * seen / forever).min(1.0) } else { 0.0 }
    }

    fn time_in(all: &[Self], shield: &Holds) -> f64 {
        let held = |time: f64| all.iter().map(|one| one.objects * one.there(time, shield)).sum();
        let objects = all.iter().map(|one| one.objects).sum();
        let rate = all.iter().map(|one| one.objects * one.rate).sum();
        fills_in((objects, rate), shield.capacity as f64, &held)
    }
}

/// Number of rounds after which the mutual effect of two tiers has converged.
const ROUNDS: u32 = 64;

/// Returns the miss probability of a look-up at one of `each` edges whose copies all end with that of the shield.
fn tied_miss(rate: f64, time: f64, edges: &Holds, (each, shield): (f64, &Holds)) -> f64 {
    let (Some(own), Some(shields)) = (edges.ttl, shield.ttl) else {
        return 1.0 - hit(rate, time, edges);
    };
    let ttl = shields.length.seconds();
    let own = own.length.seconds().min(ttl);
    let (gone, there) = misses_in(own, rate, time, edges.policy);
    // One of the edges has begun the cycle.
    let misses = (1.0 + there) / each + (1.0 - 1.0 / each) * gone + rate * (ttl - own);
    (misses / (rate * (ttl + 1.0 / (each * rate)))).min(1.0)
}

/// Returns the look-ups that miss in the next `length` at an edge that evicts after `time`: for an edge without the
/// object, and for one that has just fetched it.
fn misses_in(length: f64, rate: f64, time: f64, policy: Policy) -> (f64, f64) {
    if policy == Policy::Lru {
        let first = -libm::expm1(-rate * time.min(length));
        let again =
            if time < length { rate * (length - time) * libm::exp(-rate * time) } else { 0.0 };
        return (first + again, again);
    }
    // The object arrives at `rate` and leaves at 1/time.
    let either = rate + 1.0 / time;
    let gone = if time.is_finite() { 1.0 / (1.0 + rate * time) } else { 0.0 };
    let settles = -libm::expm1(-either * length) / either;
    (rate * (gone * length + (1.0 - gone) * settles), rate * gone * (length - settles))
}

/// Returns the probability that a copy expires rather than being evicted.
fn by_age(rate: f64, time: f64, holds: &Holds) -> f64 {
    let Some(ttl) = holds.ttl else { return 0.0 };
    let length = ttl.length.seconds();
    match holds.policy {
        _ if time.is_infinite() => 1.0,
        Policy::Random => libm::exp(-length / time),
        _ if time >= length => 1.0,
        Policy::Fifo => 0.0,
        // Until the first gap that is too long.
        Policy::Lru => libm::exp(-length * rate / libm::expm1(rate * time)),
    }
}

/// Returns the hit ratio of one popularity without a life, which does not depend on the rate.
#[must_use]
pub fn ratio(popularity: &Zipf, capacity: u64, policy: Policy) -> f64 {
    let holds = Holds { capacity, policy, ttl: None };
    let once = Rate::per_second(1.0).unwrap_or(Rate::ZERO);
    hit_ratios(&[(popularity.clone(), once)], &holds).ratios[0]
}

fn grouped(popularity: &Zipf, rate: f64) -> Vec<Group> {
    grouped_from(popularity, rate, SINGLY)
}

/// Returns the objects with their rates, the first `singly` ranks one by one and further ones in groups.
pub(super) fn grouped_from(popularity: &Zipf, rate: f64, singly: u64) -> Vec<Group> {
    if rate <= 0.0 {
        return Vec::new();
    }
    let mut groups = Vec::new();
    let mut from = 0;
    while from < popularity.objects() {
        let width = if from < singly { 1 } else { whole::u64(from as f64 * WIDTH) };
        let until = (from + width).min(popularity.objects());
        let share = popularity.share_of_top(until) - popularity.share_of_top(from);
        let objects = (until - from) as f64;
        groups.push(Group { objects, rate: rate * share / objects });
        from = until;
    }
    groups.retain(|group| group.rate > 0.0);
    groups
}

/// Returns T, in seconds; infinite if all objects fit.
fn time_in(groups: &[Group], holds: &Holds) -> f64 {
    let objects: f64 = groups.iter().map(|group| group.objects).sum();
    let held = |time: f64| -> f64 {
        groups.iter().map(|group| group.objects * there(group.rate, time, holds)).sum()
    };
    let total: f64 = groups.iter().map(|group| group.objects * group.rate).sum();
    fills_in((objects, total), holds.capacity as f64, &held)
}

/// Returns the time at which `held` reaches the capacity, for this number of objects and total request rate.
pub(super) fn fills_in(
    (objects, total): (f64, f64),
    capacity: f64,
    held: &dyn Fn(f64) -> f64,
) -> f64 {
    if objects <= capacity {
        return f64::INFINITY;
    }
    // A request for each of n different objects takes at least n requests.
    let (mut low, mut high) = (0.0, capacity / total);
    while held(high) < capacity && high < f64::MAX / 2.0 {
        (low, high) = (high, high * 2.0);
    }
    // Until no number lies between them, or only the last bit differs.
    for _ in 0..64 {
        let middle = low + (high - low) / 2.0;
        if held(middle) < capacity {
            low = middle
        } else {
            high = middle
        }
        if high - low <= 1e-14 * high {
            break;
        }
    }
    low + (high - low) / 2.0
}

/// Returns the probability that an object is in the cache, expired or not.
fn there(rate: f64, time: f64, holds: &Holds) -> f64 {
    match (holds.policy, holds.ttl) {
        (Policy::Lru, _) => -libm::expm1(-rate * time),
        // A look-up that finds it expired inserts it anew.
        (Policy::Fifo, Some(Ttl { length, sliding_ttl: false })) if length.seconds() < time => {
            let length = length.seconds();
            let more = -libm::expm1(-rate * (time - length)) / rate;
            (length + more) / (length + 1.0 / rate)
        }
        (Policy::Fifo | Policy::Random, _) => rate * time / (1.0 + rate * time),
    }
}

/// Returns the probability that a look-up finds its object.
fn hit(rate: f64, time: f64, holds: &Holds) -> f64 {
    let Some(Ttl { length, sliding_ttl }) = holds.ttl else {
        return if time.is_infinite() { 1.0 } else { there(rate, time, holds) };
    };
    let length = length.seconds();
    let found = match (holds.policy, sliding_ttl) {
        (Policy::Lru, true) => return -libm::expm1(-rate * time.min(length)),
        (Policy::Lru, false) => return 1.0 - 1.0 / requests_until_gone(rate, time, length),
        (Policy::Fifo, false) => rate * time.min(length),
        (Policy::Random, false) if time.is_infinite() => rate * length,
        (Policy::Random, false) => -libm::expm1(-length / time) * rate * time,
        (Policy::Fifo | Policy::Random, true) => {
            let either = rate + 1.0 / time;
            return rate / either * -libm::expm1(-either * length);
        }
    };
    found / (1.0 + found)
}

/// Returns U: the requests from one fetch to the next, including the latter. Terms above e¹¹ would cancel; long before
/// that a long gap has certainly occurred.
pub(super) fn requests_until_gone(rate: f64, gap: f64, ttl: f64) -> f64 {
    if gap >= ttl {
        return 1.0 + rate * ttl;
    }
    let ends = rate * libm::exp(-rate * gap);
    if ends * ttl > 11.0 {
        return libm::exp(rate * gap);
    }
    let mut sum = 0.0;
    for k in 0..=whole::u32(ttl / gap) {
        let left = ttl - f64::from(k) * gap;
        // (ends · left)^k / k!
        let power: f64 = (1..=k).map(|i| ends * left / f64::from(i)).product();
        let term = power * (1.0 + rate * left / f64::from(k + 1));
        if k > 0 && term < 1e-16 * sum {
            break;
        }
        sum += if k % 2 == 0 { term } else { -term };
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(value: f64, expected: f64, within: f64) {
        assert!((value / expected - 1.0).abs() <= within, "{value} against {expected}");
    }

    fn zipf(alpha: f64, objects: u64) -> Zipf {
        Zipf::new(alpha, objects).unwrap()
    }

    fn a_second(rate: f64) -> Rate {
        Rate::per_second(rate).unwrap()
    }

    fn seconds(seconds: f64) -> SimDuration {
        SimDuration::from_seconds_f64(seconds)
    }

    /// O41, the four rows that are computed.
    #[test]
    fn o41_the_approximation_gives_the_published_values() {
        let lru = |alpha, objects, capacity| ratio(&zipf(alpha, objects), capacity, Policy::Lru);
        assert_close(lru(0.8, 100, 20), 0.431_113_155_242, 1e-9);
        assert_close(lru(0.8, 10_000, 1_000), 0.436_659_722_231, 1e-9);
        assert_close(lru(1.0, 10_000, 1_000), 0.675_601_793_51, 1e-9);
        let groups = grouped(&zipf(0.8, 10_000), 1.0);
        let holds = Holds { capacity: 1_000, policy: Policy::Lru, ttl: None };
        assert_close(time_in(&groups, &holds), 1_472.479_532_21, 1e-9);
    }

    #[test]
    fn equal_objects_hit_in_proportion_to_the_cache() {
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random] {
            assert_close(ratio(&zipf(0.0, 100), 25, policy), 0.25, 1e-9);
            assert_eq!(ratio(&zipf(0.0, 100), 100, policy), 1.0, "all find room");
        }
    }

    /// Far ranks are nearly alike: grouping them has no visible effect.
    #[test]
    fn far_ranks_may_be_summed_together() {
        let popularity = zipf(0.8, 40_000);
        let singly: Vec<Group> = (1..=40_000)
            .map(|rank| Group { objects: 1.0, rate: popularity.probability(rank) })
            .collect();
        let holds = Holds { capacity: 15_000, policy: Policy::Lru, ttl: None };
        let time = time_in(&singly, &holds);
        let exact: f64 = singly.iter().map(|one| one.rate * hit(one.rate, time, &holds)).sum();
        assert_close(ratio(&popularity, 15_000, Policy::Lru), exact, 1e-5);
    }

    #[test]
    fn a_life_without_want_of_room_hits_all_but_one_of_those_who_come_in_it() {
        // One object at 0.2/s for 60 s: 12 of 13 (O42 (i)).
        let one = [(zipf(0.0, 1), a_second(0.2))];
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random] {
            let ttl = Some(Ttl { length: seconds(60.0), sliding_ttl: false });
            let holds = Holds { capacity: 1, policy, ttl };
            assert_close(hit_ratios(&one, &holds).ratios[0], 12.0 / 13.0, 1e-12);
        }
        let ttl = Some(Ttl { length: seconds(60.0), sliding_ttl: true });
        let holds = Holds { capacity: 1, policy: Policy::Lru, ttl };
        assert_close(hit_ratios(&one, &holds).ratios[0], -libm::expm1(-12.0), 1e-12);
    }

    /// The renewal series against its two limits, and against the renewal equation
    /// U(x) = 1 + ∫₀^min(T, x) λe^(−λu) U(x − u) du solved step by step.
    #[test]
    fn the_series_of_a_life_solves_the_renewal_equation() {
        let (gap, steps_a_gap) = (1.0, 2_000_usize);
        let width = gap / steps_a_gap as f64;
        for rate in [0.3, 1.0, 3.0] {
            let mut whole = vec![1.0; 8 * steps_a_gap + 1];
            for at in 1..whole.len() {
                // Trapezoids; the unknown end of the last one is taken to the other side.
                let reach = at.min(steps_a_gap);
                let density = |back: usize| rate * libm::exp(-rate * back as f64 * width);
                let inner: f64 = (1..reach).map(|back| density(back) * whole[at - back]).sum();
                let last = density(reach) * whole[at - reach] / 2.0;
                whole[at] = (1.0 + width * (inner + last)) / (1.0 - width * rate / 2.0);
            }
            for ttl in [0.5_f64, 1.0, 1.5, 3.0, 8.0] {
                let at = (ttl / width).round() as usize;
                assert_close(requests_until_gone(rate, gap, ttl), whole[at], 2e-3);
            }
            assert_close(requests_until_gone(rate, gap, 1e9), libm::exp(rate), 1e-12);
        }
    }

    /// The transition from the series to its limit is smooth.
    #[test]
    fn the_limit_of_a_long_life_takes_over_smoothly() {
        for rate in [0.2, 1.0, 4.0] {
            let edge = 11.0 / (rate * libm::exp(-rate));
            let below = requests_until_gone(rate, 1.0, edge * (1.0 - 1e-9));
            assert_close(below, requests_until_gone(rate, 1.0, edge * (1.0 + 1e-9)), 2e-4);
        }
    }

    #[test]
    fn who_shares_a_cache_takes_room_by_rate() {
        let two = [(zipf(0.8, 1_000), a_second(9.0)), (zipf(0.8, 1_000), a_second(1.0))];
        let holds = Holds { capacity: 400, policy: Policy::Lru, ttl: None };
        let shared = hit_ratios(&two, &holds).ratios;
        assert!(shared[0] > shared[1] + 0.1, "{shared:?}");
        let silent = [(zipf(0.8, 1_000), a_second(9.0)), (zipf(0.8, 1_000), Rate::ZERO)];
        let alone = hit_ratios(&silent, &holds).ratios;
        assert_close(alone[0], ratio(&zipf(0.8, 1_000), 400, Policy::Lru), 1e-9);
        assert_eq!(alone[1], 0.0);
    }
}
