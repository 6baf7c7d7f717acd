//! What every component counts, whatever it is: customers in and out, the area under the number
//! inside, the time each one stayed.
//!
//! All integers. A window's figures are the difference of two readings, so nothing is reset and
//! nothing is clipped twice. Little's law holds on every sample path: the area under the number
//! inside over a window equals the sum of the times spent inside that window; the two sides are
//! kept by different code (`area` by the instants at which the number changed, `stayed` by what each
//! customer says of itself).

use crate::units::{SimDuration, SimTime};

/// Customers inside something, over time.
#[derive(Clone, Debug)]
pub struct Occupancy {
    number: u32,
    /// The instants at which somebody came, and at which somebody went, summed: the area under the number up
    /// to an instant is number × instant + `went` − `came`.
    came: u128,
    went: u128,
    stayed: u128,
    left: u64,
    levels: Option<Box<Levels>>,
}

/// Time at each number inside, up to the largest number that there was.
#[derive(Clone, Debug)]
struct Levels {
    since: SimTime,
    times: Vec<u64>,
}

impl Levels {
    fn settle(&mut self, now: SimTime, number: u32) {
        let place = number as usize;
        if place >= self.times.len() {
            self.times.resize(place + 1, 0);
        }
        self.times[place] += (now - self.since).nanos();
        self.since = now;
    }
}

impl Occupancy {
    /// Nobody inside at time zero; `detailed` keeps the time at each number.
    #[must_use]
    pub fn new(detailed: bool) -> Self {
        Self {
            number: 0,
            came: 0,
            went: 0,
            stayed: 0,
            left: 0,
            levels: detailed.then(|| Box::new(Levels { since: SimTime::ZERO, times: Vec::new() })),
        }
    }

    #[inline(always)]
    fn keep_level(&mut self, now: SimTime) {
        if let Some(levels) = &mut self.levels {
            levels.settle(now, self.number);
        }
    }

    /// One more.
    #[inline(always)]
    pub fn add(&mut self, now: SimTime) {
        self.keep_level(now);
        self.came += u128::from(now.nanos());
        self.number += 1;
    }

    /// One less, who had been inside for `stay`.
    #[inline(always)]
    pub fn remove(&mut self, now: SimTime, stay: SimDuration) {
        self.keep_level(now);
        self.went += u128::from(now.nanos());
        self.number -= 1;
        self.left += 1;
        self.stayed += u128::from(stay.nanos());
    }

    /// Inside now.
    #[must_use]
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Who left so far.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Area under the number inside up to `now`, in customers × nanoseconds.
    #[must_use]
    pub fn area(&self, now: SimTime) -> u128 {
        area(self.number, now, self.came, self.went)
    }

    /// Sum of the stays of those who left, in nanoseconds.
    #[must_use]
    pub fn stayed(&self) -> u128 {
        self.stayed
    }

    /// Time at each number up to `now`, in nanoseconds, up to the largest number that there was.
    #[must_use]
    pub fn levels(&self, now: SimTime) -> Option<Vec<u64>> {
        let mut levels = self.levels.as_deref()?.clone();
        levels.settle(now, self.number);
        Some(levels.times)
    }
}

/// The area up to `now` under a number that rose by one at instants of the sum `rose` and fell by one
/// at instants of the sum `fell`.
fn area(number: u32, now: SimTime, rose: u128, fell: u128) -> u128 {
    u128::from(number) * u128::from(now.nanos()) + fell - rose
}

/// Customers of something with servers: those inside and those of them in service, in one account.
#[derive(Clone, Debug)]
pub struct Queue {
    inside: Occupancy,
    busy: u32,
    /// The instants at which a server began to work, and at which one ended, summed.
    began: u128,
    ended: u128,
}

impl Queue {
    /// Empty; `detailed` keeps the time at each number inside.
    #[must_use]
    pub fn new(detailed: bool) -> Self {
        Self { inside: Occupancy::new(detailed), busy: 0, began: 0, ended: 0 }
    }

    /// Somebody comes.
    #[inline(always)]
    pub fn arrive(&mut self, now: SimTime) {
        self.inside.add(now);
    }

    /// Somebody who had been inside for `stay` goes.
    #[inline(always)]
    pub fn depart(&mut self, now: SimTime, stay: SimDuration) {
        self.inside.remove(now, stay);
    }

    /// A server begins to work.
    #[inline(always)]
    pub fn begin(&mut self, now: SimTime) {
        self.began += u128::from(now.nanos());
        self.busy += 1;
    }

    /// A server ends.
    #[inline(always)]
    pub fn end(&mut self, now: SimTime) {
        self.ended += u128::from(now.nanos());
        self.busy -= 1;
    }

    /// Servers at work.
    #[must_use]
    #[inline]
    pub fn busy(&self) -> u32 {
        self.busy
    }

    /// Inside now.
    #[must_use]
    #[inline]
    pub fn number(&self) -> u32 {
        self.inside.number
    }

    /// Server time worked up to `now`, in servers × nanoseconds.
    #[must_use]
    pub fn worked(&self, now: SimTime) -> u128 {
        area(self.busy, now, self.began, self.ended)
    }

    /// Those inside.
    #[must_use]
    pub fn inside(&self) -> &Occupancy {
        &self.inside
    }
}

/// Capacity over time: what of it lay idle and what could not be used. Told when the state changes
/// and never when a customer comes, so that it costs nothing on the way of a request.
///
/// Holds: worked + idle + unavailable = capacity × time, as long as nothing was worked beyond what
/// could be used in each stretch between two changes; otherwise the sum is larger, and the run ends
/// in a breach.
#[derive(Clone, Copy, Debug)]
pub struct Availability {
    full: u128,
    usable: Usable,
    since: SimTime,
    /// Worked up to `since`.
    worked: u128,
    idle: u128,
    unavailable: u128,
}

/// What of a capacity can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usable {
    /// All of it.
    All,
    /// None: nothing is held and nothing works.
    None,
    /// What is taken stays taken; the rest is out of reach.
    Held,
}

impl Availability {
    /// `full` servers, all of them usable since time zero.
    #[must_use]
    pub fn new(full: u32) -> Self {
        Self {
            full: u128::from(full),
            usable: Usable::All,
            since: SimTime::ZERO,
            worked: 0,
            idle: 0,
            unavailable: 0,
        }
    }

    /// From `now` on this much can work; `worked` is what has been worked so far, in units × ns.
    pub fn set(&mut self, now: SimTime, usable: Usable, worked: u128) {
        (self.idle, self.unavailable) = self.split(now, worked);
        self.usable = usable;
        self.since = now;
        self.worked = worked;
    }

    /// Idle and unavailable capacity up to `now`, in units × ns, when `worked` has been worked.
    #[must_use]
    pub fn split(&self, now: SimTime, worked: u128) -> (u128, u128) {
        let all = self.full * u128::from((now - self.since).nanos());
        let left = all.saturating_sub(worked - self.worked);
        match self.usable {
            Usable::All => (self.idle + left, self.unavailable),
            Usable::None => (self.idle, self.unavailable + all),
            Usable::Held => (self.idle, self.unavailable + left),
        }
    }
}

/// A reading of one component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Who came, refused ones too.
    pub arrived: u64,
    /// Who was turned away.
    pub refused: u64,
    /// Who went after service.
    pub completed: u64,
    /// Who left the line unserved.
    pub reneged: u64,
    /// Area under the number inside, customers × ns.
    pub inside: u128,
    /// Sum of the times inside, of those who left and of those still there, ns.
    pub stayed: u128,
    /// Busy servers, core-time or bytes: what utilisation counts, units × ns.
    pub busy: u128,
    /// What could have been busy, units × ns.
    pub capacity: u128,
    /// Part of `capacity` that could work and did not, units × ns.
    pub idle: u128,
    /// Part of `capacity` that was down, units × ns.
    pub unavailable: u128,
    /// Time at each number inside, ns, when kept.
    pub levels: Option<Vec<u64>>,
}

impl Gauge {
    /// This reading less an earlier one: the figures of the window between.
    ///
    /// # Panics
    ///
    /// When `earlier` is not earlier: a counter would have gone back.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let levels = match (&self.levels, &earlier.levels) {
            (Some(now), Some(then)) => {
                let then = then.iter().chain(std::iter::repeat(&0));
                Some(now.iter().zip(then).map(|(now, then)| now - then).collect())
            }
            (now, _) => now.clone(),
        };
        Self {
            arrived: self.arrived - earlier.arrived,
            refused: self.refused - earlier.refused,
            completed: self.completed - earlier.completed,
            reneged: self.reneged - earlier.reneged,
            inside: self.inside - earlier.inside,
            stayed: self.stayed - earlier.stayed,
            busy: self.busy - earlier.busy,
            capacity: self.capacity - earlier.capacity,
            idle: self.idle - earlier.idle,
            unavailable: self.unavailable - earlier.unavailable,
            levels,
        }
    }

    /// Whether busy + idle + unavailable is the capacity (C4); always without one.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.capacity == 0 || self.busy + self.idle + self.unavailable == self.capacity
    }

    /// Busy ÷ capacity; `None` without capacity.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        (self.capacity > 0).then(|| self.busy as f64 / self.capacity as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One comes every nanosecond: of 1,000 ns each number from 0 to 999 has one.
    #[test]
    fn the_time_at_each_number_inside_has_no_largest_number() {
        let mut inside = Occupancy::new(true);
        let at = |nanos| SimTime::ZERO + SimDuration::from_nanos(nanos);
        for nanos in 1..1_000 {
            inside.add(at(nanos));
        }
        let reading = |now| Gauge { levels: inside.levels(now), ..Gauge::default() };
        let levels = reading(at(1_000)).levels.unwrap();
        assert_eq!(levels, vec![1; 1_000]);
        let early = Gauge { levels: Some(vec![1; 3]), ..Gauge::default() };
        let since = reading(at(1_000)).since(&early).levels.unwrap();
        assert_eq!((&since[..3], since[3..].iter().sum::<u64>()), (&[0, 0, 0][..], 997));
    }
}
