//! Content of an edge of a CDN, object by object.
//!
//! Model: as [`crate::kinds::cache::live`], but an object is stored only when the origin has answered. An edge is
//! warm when a run begins. Its objects and the age of each copy are drawn from the stationary law at the mean
//! rates of the plan, independently per object:
//!
//! - With eviction of the least recently used object, the time A since the last request is exponential, and
//!   the objects with the smallest A are stored (exact). T is the smallest A of an object that is not stored. The
//!   last request found a copy of age B. The requests that hit form a renewal process that ends with a gap longer
//!   than T, approximated by a gap of mean length. B has the law U(b) / U(life), U(b) = 1 + K (1 − e^(−λb/K)) with
//!   K = e^(λT) − 1, exact at both ends ([`crate::workload::hits`]).
//! - With eviction by age or at random, presence and age are drawn from the shares of an object's cycle in which
//!   it is valid, expired and absent. The number stored equals the capacity only on average; the oldest objects
//!   beyond the capacity are left out.
//!
//! - Where purges remove an object at rate μ, its last event is a request with probability λ / (λ + μ), an exponential time of
//!   rate λ + μ ago, and U(b) = 1 + λ (1 − e^(−κb)) / κ with κ = λ/K + μ.
//!
//! The content of a shield is drawn the same way, at the rates at which its edges miss. Copies that edges fetched
//! from it are treated as fetched from the origin.
//!
//! In: `find`, `keep`, `clear`. Holds: draws are keyed by object, edge and the second in which the run begins.
//! Leaves out: a loss or purge shortly before a run begins.
//! Source: King (1971) for the least recently used; Cox (1962), *Renewal theory*.

use crate::kinds::cache::live::{ObjectCache, Policy};
use crate::kinds::cdn::live::{AtCdn, earlier};
use crate::model::ids::KeyId;
use crate::model::request::Request;
use crate::model::route::{Draws, draw_of_request};
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::popularity::{MAX_OBJECTS, Zipf};

/// Content of an edge, by row of its classes.
#[derive(Clone, Debug)]
pub enum EdgeContent {
    /// Hit ratio of each row.
    Ratios(Vec<f64>),
    /// Content object by object.
    Objects(EdgeObjects),
}

/// Configuration of the objects of an edge.
#[derive(Clone, Debug)]
pub struct EdgeObjects {
    /// Largest number of objects stored.
    pub capacity: u32,
    /// Eviction policy.
    pub policy: Policy,
    /// True if a request for an object that is being fetched waits for that fetch.
    pub collapse: bool,
    /// Mean residence of an object, where it does not depend on its request rate (eviction by age or at random);
    /// `None`: no eviction.
    pub stays: Option<SimDuration>,
    /// Objects of each request class.
    pub rows: Vec<EdgeRow>,
    /// Key of the draws of the content when a run begins.
    pub before: KeyId,
}

/// Objects that one class requests.
#[derive(Clone, Debug)]
pub struct EdgeRow {
    /// Popularity of the objects.
    pub popularity: Zipf,
    /// Share of the requests that an edge may answer (cacheable).
    pub cacheable: f64,
    /// Mean rate of cacheable requests at each edge.
    pub rate: Rate,
    /// At shields: request rate of each object up to the given rank, piecewise constant.
    pub behind: Vec<(u64, Rate)>,
    /// Rate at which purges remove objects: in proportion to their popularity, and all of them evenly.
    pub removed: [Rate; 2],
}

/// Draws of a request: its object, whether it is cacheable, and the object evicted for it.
const OBJECT: u32 = 0;
const CACHEABLE: u32 = 1;
const VICTIM: u32 = 2;
/// Draws of an object when a run begins, and their number per edge.
const LAST: u32 = 0;
const COPY: u32 = 1;
const OF_EDGE: u32 = 2;
/// Draw of an object when a run begins, if purges reach it; these have an index above all others.
const PURGED: u64 = 1 << 40;
/// Bits of the ordinal of a draw for the object; the bits above have the second in which the run begins.
const OBJECT_BITS: u32 = 24;
const _: () = assert!(MAX_OBJECTS < 1 << OBJECT_BITS);
/// Largest age of a copy when a run begins; older copies count as this old.
const OLDEST: SimDuration = SimDuration::YEAR.saturating_mul(100);

impl EdgeContent {
    /// Returns the object that `request` asks for, if fetches are collapsed and an edge may answer it.
    pub(super) fn collapses(&self, request: &Request, at: AtCdn, draws: &Draws<'_>) -> Option<u32> {
        match self {
            Self::Objects(objects) if objects.collapse => objects.asked_for(request, at, draws),
            _ => None,
        }
    }
}

impl EdgeObjects {
    /// Returns the number of objects of all classes.
    pub(super) fn count(&self) -> u32 {
        self.rows.iter().map(|row| row.popularity.count()).sum()
    }

    /// Returns the object that `request` asks for, numbered through all rows; `None` if no edge may answer.
    pub(super) fn asked_for(&self, request: &Request, at: AtCdn, draws: &Draws<'_>) -> Option<u32> {
        let place = at.row as usize;
        let row = self.rows.get(place)?;
        if row.cacheable < 1.0 && draw(request, at, draws, CACHEABLE) >= row.cacheable {
            return None;
        }
        let before: u32 = self.rows[..place].iter().map(|row| row.popularity.count()).sum();
        Some(before + row.popularity.object(draw(request, at, draws, OBJECT)))
    }

    /// Returns the draw that picks the object evicted for that of `request`.
    pub(super) fn victim(request: &Request, at: AtCdn, draws: &Draws<'_>) -> f64 {
        draw(request, at, draws, VICTIM)
    }

    /// Returns number and request rate of every object, in requests per second.
    fn objects(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        (0..).zip(self.rows.iter().flat_map(EdgeRow::rates))
    }

    /// Returns the rate at which purges remove each object, per second.
    fn removals(&self) -> impl Iterator<Item = f64> + '_ {
        self.rows.iter().flat_map(EdgeRow::removals)
    }
}

impl EdgeRow {
    /// Returns the request rate of each object by rank, in requests per second.
    fn rates(&self) -> impl Iterator<Item = f64> + '_ {
        let rate = self.rate.in_per_second();
        let mut behind = self.behind.iter().peekable();
        (1..=self.popularity.objects()).map(move |rank| {
            while behind.next_if(|(until, _)| *until < rank).is_some() {}
            let behind = behind.peek().map(|(_, rate)| rate.in_per_second());
            behind.unwrap_or_else(|| rate * self.popularity.probability(rank))
        })
    }
}

impl EdgeRow {
    fn removals(&self) -> impl Iterator<Item = f64> + '_ {
        let [popular, evenly] = self.removed.map(|rate| rate.in_per_second());
        let objects = self.popularity.objects() as f64;
        let each = move |rank| popular * self.popularity.probability(rank) + evenly / objects;
        (1..=self.popularity.objects()).map(each)
    }
}

/// Returns a draw of a request, the same at any point of its route.
fn draw(request: &Request, at: AtCdn, draws: &Draws<'_>, of: u32) -> f64 {
    draws.uniform_at(at.key, request.ordinal, draw_of_request(request, of))
}

/// Objects of an edge in the event loop.
#[derive(Clone, Debug)]
pub(super) struct Held {
    cache: ObjectCache,
    /// Copies may be older than the run, so they have a clock of their own; it shows `shows` at `at`.
    shows: SimTime,
    at: SimTime,
}

/// An object that is stored when a run begins; times in seconds.
struct There {
    object: u32,
    /// Time since the event that decides on eviction: the last request or the fetch.
    last: f64,
    /// Time since it was fetched.
    age: f64,
}

impl Held {
    /// Creates the warm content of edge `number` at `end`, for a run that begins at `start`.
    pub(super) fn warm(
        of: &EdgeObjects,
        ttl: SimDuration,
        draws: &Draws<'_>,
        number: u32,
        (start, end): (SimTime, SimTime),
    ) -> Self {
        let back = ttl.min(OLDEST);
        let mut cache = ObjectCache::new(of.policy, of.capacity, of.count(), Some(ttl));
        let second = (start.nanos() / 1_000_000_000) << OBJECT_BITS;
        let draw = |object: u32, which: u32| {
            let index = u64::from(number * OF_EDGE + which);
            draws.uniform_at(of.before, second | u64::from(object), index)
        };
        let purged = |object: u32| {
            let index = PURGED | u64::from(number);
            draws.uniform_at(of.before, second | u64::from(object), index)
        };
        let mut there = match of.policy {
            Policy::Lru => least_recently_used(of, ttl.seconds(), &draw, &purged),
            Policy::Fifo | Policy::Random => by_age_or_chance(of, ttl.seconds(), &draw),
        };
        // The object to be evicted first comes first.
        there.sort_unstable_by(|a, b| b.last.total_cmp(&a.last).then(a.object.cmp(&b.object)));
        let too_many = there.len().saturating_sub(of.capacity as usize);
        let shows = SimTime::ZERO + back;
        for one in &there[too_many..] {
            let age = SimDuration::from_seconds_f64(one.age.min(back.seconds())).min(back);
            cache.keep(SimTime::ZERO + (back - age), one.object, 1, 0.0);
        }
        Self { cache, shows, at: end }
    }

    fn clock(&self, now: SimTime) -> SimTime {
        self.shows + (now - self.at)
    }

    /// Looks up `object`; returns whether it is stored and valid.
    pub(super) fn find(&mut self, now: SimTime, object: u32) -> bool {
        let clock = self.clock(now);
        self.cache.find(clock, object)
    }

    /// Returns the age of `object`; zero if it is not stored.
    pub(super) fn age(&self, now: SimTime, object: u32) -> SimDuration {
        let since = self.cache.since(object);
        since.map_or(SimDuration::ZERO, |since| self.clock(now) - since)
    }

    /// Stores a fetched copy of `object` with its age; `victim` picks what random replacement evicts.
    pub(super) fn keep(&mut self, (now, age): (SimTime, SimDuration), object: u32, victim: f64) {
        let since = earlier(self.clock(now), age);
        self.cache.keep(since, object, 1, victim);
    }

    /// Removes `object`; returns whether a copy was there that had not expired.
    pub(super) fn remove(&mut self, now: SimTime, object: u32) -> bool {
        let was_there = self.cache.holds(self.clock(now), object);
        self.cache.remove(object);
        was_there
    }

    /// Stores a new copy of `object`; a use of it. Only edges that evict the least recently used object are asked to.
    pub(super) fn replace(&mut self, now: SimTime, object: u32) {
        let clock = self.clock(now);
        self.cache.replace(clock, object, 0.0);
    }

    /// Removes all objects.
    pub(super) fn clear(&mut self) {
        self.cache.clear();
    }
}

/// An object that was requested last, not removed.
#[derive(Clone, Copy)]
struct Asked {
    /// Time since then.
    last: f64,
    object: u32,
    /// Requests and removals per second.
    rates: (f64, f64),
}

fn least_recently_used(
    of: &EdgeObjects,
    ttl: f64,
    draw: &dyn Fn(u32, u32) -> f64,
    purged: &dyn Fn(u32) -> f64,
) -> Vec<There> {
    let all = of.objects().zip(of.removals()).filter(|((_, rate), _)| *rate > 0.0);
    let last = |((object, rate), removed): ((u32, f64), f64)| {
        // The last event was a request, with the share of its rate.
        let is_gone = removed > 0.0 && purged(object) * (rate + removed) >= rate;
        let last = -libm::log1p(-draw(object, LAST)) / (rate + removed);
        (!is_gone).then_some(Asked { last, object, rates: (rate, removed) })
    };
    let mut all: Vec<Asked> = all.filter_map(last).collect();
    let capacity = of.capacity as usize;
    let mut gap = f64::INFINITY;
    if all.len() > capacity {
        let by = |a: &Asked, b: &Asked| a.last.total_cmp(&b.last).then(a.object.cmp(&b.object));
        gap = all.select_nth_unstable_by(capacity, by).1.last;
        all.truncate(capacity);
    }
    let there = |Asked { last, object, rates }: Asked| {
        let age = last + age_at_use(rates, gap, ttl, draw(object, COPY));
        There { object, last, age }
    };
    all.into_iter().map(there).collect()
}

/// Samples B, the age of the copy that a request finds or fetches, in seconds.
fn age_at_use((rate, removed): (f64, f64), gap: f64, ttl: f64, uniform: f64) -> f64 {
    let k = libm::expm1(rate * gap);
    if removed > 0.0 {
        // A copy of age b is still there with e^(−(λ/K + μ)b).
        let ends = rate / k + removed;
        let found = uniform * (1.0 - rate * libm::expm1(-ends * ttl) / ends) - 1.0;
        return if found > 0.0 { -libm::log1p(-found * ends / rate) / ends } else { 0.0 };
    }
    if k > 1e12 {
        return (uniform * (1.0 + rate * ttl) - 1.0).max(0.0) / rate;
    }
    let found = uniform * (1.0 - k * libm::expm1(-rate * ttl / k)) - 1.0;
    if found > 0.0 { -libm::log1p(-found / k) * k / rate } else { 0.0 }
}

fn by_age_or_chance(of: &EdgeObjects, ttl: f64, draw: &dyn Fn(u32, u32) -> f64) -> Vec<There> {
    let stays = of.stays.map_or(f64::INFINITY, SimDuration::seconds);
    let there = |(object, rate): (u32, f64)| {
        let uniform = draw(object, LAST);
        let age = match of.policy {
            Policy::Random if stays.is_finite() => age_if_any(rate, stays, ttl, uniform),
            _ => age_if_first(rate, stays, ttl, uniform),
        }?;
        Some(There { object, last: age, age })
    };
    of.objects().filter(|(_, rate)| *rate > 0.0).filter_map(there).collect()
}

/// Samples the age of an object that is evicted `stays` after it came in, or was fetched anew since it had expired.
/// Returns `None` if it is absent. It is valid up to `ttl`, then expired until the next request.
fn age_if_first(rate: f64, stays: f64, ttl: f64, uniform: f64) -> Option<f64> {
    let valid = stays.min(ttl);
    let waits = -libm::expm1(-rate * (stays - valid)) / rate;
    let at = uniform * (valid + 1.0 / rate);
    if at < valid {
        Some(at)
    } else if at < valid + waits {
        Some(ttl - libm::log1p(-(at - valid) * rate) / rate)
    } else {
        None
    }
}

/// Samples the age of an object that is evicted at a random time, after `stays` on average; `None` if it is absent.
fn age_if_any(rate: f64, stays: f64, ttl: f64, uniform: f64) -> Option<f64> {
    let valid = -libm::expm1(-ttl / stays) * stays;
    let waits = libm::exp(-ttl / stays) / (rate + 1.0 / stays);
    let present = rate * stays / (1.0 + rate * stays);
    let at = uniform * (valid + waits) / present;
    if at < valid {
        Some(-libm::log1p(-at / stays) * stays)
    } else if at < valid + waits {
        Some(ttl)
    } else {
        None
    }
}
