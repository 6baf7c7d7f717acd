//! What an edge of a CDN holds, object by object.
//!
//! Model: the content of [`crate::kinds::cache::live`], but an object is there from when the origin has answered.
//! An edge is warm when a run begins: what it holds, and how old each copy is, is drawn from the law that it
//! has when it has always been asked at the mean rates of the plan. Independently for every object:
//!
//! - of what leaves when it is not asked for, the time A since it was asked for last is exponential, and the
//!   objects of the smallest A are there (exact). The last request had found a copy of age B; the requests
//!   for which it was there form a renewal process that ends with a gap longer than the C-th smallest A,
//!   taken for one of mean length: B has the law U(b) / U(life), U(b) = 1 + K (1 − e^(−λb/K)) with
//!   K = e^(λT) − 1, right at both ends ([`crate::workload::hits`]);
//! - of what leaves by age or at random, whether it is there and how old it is, by the shares of its cycle
//!   that it is valid, too old, and gone. Their number is that of the capacity in the mean alone: the oldest
//!   of too many are left out.
//!
//! What a shield holds is drawn the same way, at the rates at which its edges miss; what edges took from it is
//! as if they had it from the origin.
//!
//! In: `find`, `keep`, `clear`. Holds: draws are keyed by object, edge and the first instant of the run.
//! Leaves out: a loss or purge shortly before a run begins.
//! Source: King (1971) for the least recently used; Cox (1962), *Renewal theory*.

use crate::kinds::cache::live::{ObjectCache, Policy};
use crate::kinds::cdn::live::{AtCdn, earlier};
use crate::model::ids::KeyId;
use crate::model::request::Request;
use crate::model::route::{Draws, draw_of_request};
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::popularity::{MAX_OBJECTS, Zipf};

/// What an edge holds, by row of its classes.
#[derive(Clone, Debug)]
pub enum EdgeContent {
    /// Hit ratios.
    Ratios(Vec<f64>),
    /// Objects.
    Objects(EdgeObjects),
}

/// Objects of an edge.
#[derive(Clone, Debug)]
pub struct EdgeObjects {
    /// How many it has room for.
    pub capacity: u32,
    /// What it throws out.
    pub policy: Policy,
    /// Whether who asks for what is being fetched waits for that.
    pub collapse: bool,
    /// How long an object is there in the mean, where it does not matter how often it is asked for; none:
    /// for ever.
    pub stays: Option<SimDuration>,
    /// What is asked for.
    pub rows: Vec<EdgeRow>,
    /// Key of what is there when a run begins.
    pub before: KeyId,
}

/// What one class asks for.
#[derive(Clone, Debug)]
pub struct EdgeRow {
    /// Which objects.
    pub popularity: Zipf,
    /// Share of the requests that an edge may answer.
    pub cacheable: f64,
    /// How often each edge is asked for one that it may answer, in the mean.
    pub rate: Rate,
    /// At shields: up to which rank each object is asked for how often.
    pub behind: Vec<(u64, Rate)>,
}

/// Draws of a request: of its object, whether an edge may answer, of what is thrown out for it.
const OBJECT: u32 = 0;
const CACHEABLE: u32 = 1;
const VICTIM: u32 = 2;
/// Draws of an object when a run begins, and how many each edge has.
const LAST: u32 = 0;
const COPY: u32 = 1;
const OF_EDGE: u32 = 2;
/// Objects are numbered below this; above it stands the second in which the run begins.
const OBJECT_BITS: u32 = 24;
const _: () = assert!(MAX_OBJECTS < 1 << OBJECT_BITS);
/// Copies are told apart by age up to this one.
const OLDEST: SimDuration = SimDuration::YEAR.saturating_mul(100);

impl EdgeContent {
    /// The object that `request` asks for, where others wait for its fetch.
    pub(super) fn collapses(&self, request: &Request, at: AtCdn, draws: &Draws<'_>) -> Option<u32> {
        match self {
            Self::Objects(objects) if objects.collapse => objects.asked_for(request, at, draws),
            _ => None,
        }
    }
}

impl EdgeObjects {
    /// Objects of all classes.
    fn count(&self) -> u32 {
        self.rows.iter().map(|row| row.popularity.count()).sum()
    }

    /// The object that `request` asks for, numbered through all rows; `None` when no edge may answer.
    pub(super) fn asked_for(&self, request: &Request, at: AtCdn, draws: &Draws<'_>) -> Option<u32> {
        let place = at.row as usize;
        let row = self.rows.get(place)?;
        if row.cacheable < 1.0 && draw(request, at, draws, CACHEABLE) >= row.cacheable {
            return None;
        }
        let before: u32 = self.rows[..place].iter().map(|row| row.popularity.count()).sum();
        Some(before + row.popularity.object(draw(request, at, draws, OBJECT)))
    }

    /// Draw for what is thrown out for what `request` asks for.
    pub(super) fn victim(request: &Request, at: AtCdn, draws: &Draws<'_>) -> f64 {
        draw(request, at, draws, VICTIM)
    }

    /// Every object with its number and how often it is asked for, a second.
    fn objects(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        (0..).zip(self.rows.iter().flat_map(EdgeRow::rates))
    }
}

impl EdgeRow {
    /// How often each object is asked for, a second, by rank.
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

/// The same whenever in the course of its request it is drawn.
fn draw(request: &Request, at: AtCdn, draws: &Draws<'_>, of: u32) -> f64 {
    draws.uniform_at(at.key, request.ordinal, draw_of_request(request, of))
}

/// The objects of an edge at work.
#[derive(Clone, Debug)]
pub(super) struct Held {
    cache: ObjectCache,
    /// Copies are older than the run: their clock shows `shows` at `at`.
    shows: SimTime,
    at: SimTime,
}

/// An object that is there, in seconds.
struct There {
    object: u32,
    /// Since it was asked for or came in last, whatever decides who leaves.
    last: f64,
    /// Since it was fetched.
    age: f64,
}

impl Held {
    /// What edge `number` holds at `end`; the run begins at `start`.
    pub(super) fn warm(
        of: &EdgeObjects,
        life: SimDuration,
        draws: &Draws<'_>,
        number: u32,
        (start, end): (SimTime, SimTime),
    ) -> Self {
        let back = life.min(OLDEST);
        let mut cache = ObjectCache::new(of.policy, of.capacity, of.count(), Some(life));
        let second = (start.nanos() / 1_000_000_000) << OBJECT_BITS;
        let draw = |object: u32, which: u32| {
            let index = u64::from(number * OF_EDGE + which);
            draws.uniform_at(of.before, second | u64::from(object), index)
        };
        let mut there = match of.policy {
            Policy::Lru => least_recently_used(of, life.seconds(), &draw),
            Policy::Fifo | Policy::Random => by_age_or_chance(of, life.seconds(), &draw),
        };
        // Who leaves first comes first.
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

    /// Whether `object` is there, and not too old.
    pub(super) fn find(&mut self, now: SimTime, object: u32) -> bool {
        let clock = self.clock(now);
        self.cache.find(clock, object)
    }

    /// How old `object`, which is there, is.
    pub(super) fn age(&self, now: SimTime, object: u32) -> SimDuration {
        let since = self.cache.since(object);
        since.map_or(SimDuration::ZERO, |since| self.clock(now) - since)
    }

    /// `object` has been fetched, so old; `victim` says what makes room where any may.
    pub(super) fn keep(&mut self, (now, age): (SimTime, SimDuration), object: u32, victim: f64) {
        let since = earlier(self.clock(now), age);
        self.cache.keep(since, object, 1, victim);
    }

    /// Everything is gone.
    pub(super) fn clear(&mut self) {
        self.cache.clear();
    }
}

fn least_recently_used(of: &EdgeObjects, life: f64, draw: &dyn Fn(u32, u32) -> f64) -> Vec<There> {
    let asked = of.objects().filter(|(_, rate)| *rate > 0.0);
    let mut all: Vec<(f64, u32, f64)> = asked
        .map(|(object, rate)| (-libm::log1p(-draw(object, LAST)) / rate, object, rate))
        .collect();
    let capacity = of.capacity as usize;
    let mut gap = f64::INFINITY;
    if all.len() > capacity {
        let by = |a: &(f64, u32, f64), b: &(f64, u32, f64)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        gap = all.select_nth_unstable_by(capacity, by).1.0;
        all.truncate(capacity);
    }
    let there = |(last, object, rate): (f64, u32, f64)| {
        let age = last + age_at_use(rate, gap, life, draw(object, COPY));
        There { object, last, age }
    };
    all.into_iter().map(there).collect()
}

/// B, the age of the copy that a request finds or fetches.
fn age_at_use(rate: f64, gap: f64, life: f64, uniform: f64) -> f64 {
    let k = libm::expm1(rate * gap);
    if k > 1e12 {
        return (uniform * (1.0 + rate * life) - 1.0).max(0.0) / rate;
    }
    let found = uniform * (1.0 - k * libm::expm1(-rate * life / k)) - 1.0;
    if found > 0.0 { -libm::log1p(-found / k) * k / rate } else { 0.0 }
}

fn by_age_or_chance(of: &EdgeObjects, life: f64, draw: &dyn Fn(u32, u32) -> f64) -> Vec<There> {
    let stays = of.stays.map_or(f64::INFINITY, SimDuration::seconds);
    let there = |(object, rate): (u32, f64)| {
        let uniform = draw(object, LAST);
        let age = match of.policy {
            Policy::Random if stays.is_finite() => age_if_any(rate, stays, life, uniform),
            _ => age_if_first(rate, stays, life, uniform),
        }?;
        Some(There { object, last: age, age })
    };
    of.objects().filter(|(_, rate)| *rate > 0.0).filter_map(there).collect()
}

/// Age of an object that leaves `stays` after it came in, or came anew because it was too old; `None` when
/// it is gone. It is valid up to `life`, then waits to be asked for.
fn age_if_first(rate: f64, stays: f64, life: f64, uniform: f64) -> Option<f64> {
    let valid = stays.min(life);
    let waits = -libm::expm1(-rate * (stays - valid)) / rate;
    let at = uniform * (valid + 1.0 / rate);
    if at < valid {
        Some(at)
    } else if at < valid + waits {
        Some(life - libm::log1p(-(at - valid) * rate) / rate)
    } else {
        None
    }
}

/// Age of an object that leaves at any moment, after `stays` in the mean.
fn age_if_any(rate: f64, stays: f64, life: f64, uniform: f64) -> Option<f64> {
    let valid = -libm::expm1(-life / stays) * stays;
    let waits = libm::exp(-life / stays) / (rate + 1.0 / stays);
    let present = rate * stays / (1.0 + rate * stays);
    let at = uniform * (valid + waits) / present;
    if at < valid {
        Some(-libm::log1p(-at / stays) * stays)
    } else if at < valid + waits {
        Some(life)
    } else {
        None
    }
}
