//! Counts that every component keeps: arrivals and departures, the area under the number inside, and each sojourn
//! time.
//!
//! All counts are integers. The figures of a window are the difference of two readings, so nothing is reset and
//! nothing is clipped twice. Little's law holds on every sample path: the area under the number inside over a
//! window equals the sum of the times spent inside that window. Different code keeps the two sides: `area` uses
//! the instants at which the number changed, `stayed` the sojourn time of each customer.

mod levels;
mod quantity;
mod shut;

use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};
use levels::Detail;
pub use levels::{ByNumber, Change, Joint, Levels};
pub use quantity::Quantity;
pub use shut::Shut;

/// Number of customers inside, over time.
#[derive(Clone, Debug)]
pub struct Occupancy {
    number: u32,
    /// Sums of the instants of arrivals, and of departures. The area under the number up to an instant is number
    /// × instant + `went` − `came`.
    came: u128,
    went: u128,
    stayed: u128,
    left: u64,
    levels: Option<Box<Levels>>,
}

impl Occupancy {
    /// Returns an account with no customer inside at time zero; `detailed` keeps the time at each number.
    #[must_use]
    pub fn new(detailed: bool) -> Self {
        let levels = detailed.then(|| Box::new(Levels::new()));
        Self { number: 0, came: 0, went: 0, stayed: 0, left: 0, levels }
    }

    #[inline(always)]
    fn keep_level(&mut self, now: SimTime) {
        if let Some(levels) = &mut self.levels {
            levels.settle(now, self.number);
        }
    }

    /// Counts an arrival.
    #[inline(always)]
    pub fn add(&mut self, now: SimTime) {
        self.keep_level(now);
        self.came += u128::from(now.nanos());
        self.number += 1;
    }

    /// Counts the departure of a customer after a sojourn time of `stay`.
    #[inline(always)]
    pub fn remove(&mut self, now: SimTime, stay: SimDuration) {
        self.keep_level(now);
        self.went += u128::from(now.nanos());
        self.number -= 1;
        self.left += 1;
        self.stayed += u128::from(stay.nanos());
    }

    /// Counts a part `stay` of the sojourn of a customer who stays inside, and whose later part is counted when it leaves.
    pub fn stays(&mut self, stay: SimDuration) {
        self.stayed += u128::from(stay.nanos());
    }

    /// Number inside now.
    #[must_use]
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Number of departures so far.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Area under the number inside up to `now`, in customers × nanoseconds.
    #[must_use]
    pub fn area(&self, now: SimTime) -> u128 {
        area(self.number, now, self.came, self.went)
    }

    /// Sum of the sojourn times of departed customers, in nanoseconds.
    #[must_use]
    pub fn stayed(&self) -> u128 {
        self.stayed
    }

    /// Time at each number up to `now`, if kept.
    #[must_use]
    pub fn levels(&self, now: SimTime) -> Option<Levels> {
        Some(self.levels.as_deref()?.read(now, self.number))
    }

    /// Begins to record, from `now`, when each number is first reached.
    pub fn begin_to_count(&mut self, now: SimTime) {
        if let Some(levels) = &mut self.levels {
            levels.begin(now, self.number);
        }
    }
}

/// Returns the area up to `now` under a number. `rose` and `fell` are the sums of the instants at which it rose
/// and fell by one.
fn area(number: u32, now: SimTime, rose: u128, fell: u128) -> u128 {
    u128::from(number) * u128::from(now.nanos()) + fell - rose
}

/// Customers of a queue with servers: the number inside and the number in service, in one account.
#[derive(Clone, Debug)]
pub struct Queue {
    inside: Occupancy,
    busy: u32,
    /// Sums of the instants at which a server began to work, and at which one stopped.
    began: u128,
    ended: u128,
    detail: Option<Box<Detail>>,
}

impl Queue {
    /// Returns an empty account; `detailed` keeps sojourn times, and the time at each number inside, in queue and
    /// in service.
    #[must_use]
    pub fn new(detailed: bool) -> Self {
        let detail = detailed.then(|| Box::new(Detail::of_numbers()));
        Self { inside: Occupancy::new(false), busy: 0, began: 0, ended: 0, detail }
    }

    /// Notes a change of the number inside and of busy servers, from `now` on.
    #[inline(always)]
    fn note(&mut self, now: SimTime, inside: i32, busy: i32) {
        if let Some(detail) = &mut self.detail {
            detail.note(now, (self.inside.number, self.busy), (inside, busy));
        }
    }

    /// Counts an arrival.
    #[inline(always)]
    pub fn arrive(&mut self, now: SimTime) {
        self.note(now, 1, 0);
        self.inside.add(now);
    }

    /// Counts the departure of a customer that was not in service, after a sojourn time of `stay`.
    #[inline(always)]
    pub fn depart(&mut self, now: SimTime, stay: SimDuration, counted: bool) {
        if let Some(detail) = &mut self.detail {
            detail.note(now, (self.inside.number, self.busy), (-1, 0));
            if counted {
                detail.went(stay);
            }
        }
        self.inside.remove(now, stay);
    }

    /// Counts the departure of a customer that was in service, after a sojourn time of `stay`.
    #[inline(always)]
    pub fn leave(&mut self, now: SimTime, stay: SimDuration, counted: bool) {
        if let Some(detail) = &mut self.detail {
            detail.note(now, (self.inside.number, self.busy), (-1, -1));
            if counted {
                detail.went(stay);
            }
        }
        self.ended += u128::from(now.nanos());
        self.busy -= 1;
        self.inside.remove(now, stay);
    }

    /// Counts a server that begins to work.
    #[inline(always)]
    pub fn begin(&mut self, now: SimTime) {
        self.note(now, 0, 1);
        self.began += u128::from(now.nanos());
        self.busy += 1;
    }

    /// Counts a server that stops; its customer stays inside.
    #[inline(always)]
    pub fn end(&mut self, now: SimTime) {
        self.note(now, 0, -1);
        self.ended += u128::from(now.nanos());
        self.busy -= 1;
    }

    /// Number of busy servers.
    #[must_use]
    #[inline]
    pub fn busy(&self) -> u32 {
        self.busy
    }

    /// Number inside now.
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

    /// Account of the number inside.
    #[must_use]
    pub fn inside(&self) -> &Occupancy {
        &self.inside
    }

    /// Time at each number up to `now`, if kept.
    #[must_use]
    pub fn by_number(&self, now: SimTime) -> Option<ByNumber> {
        self.detail.as_deref()?.by_number(now, (self.inside.number, self.busy))
    }

    /// Sojourn times of counted customers, if kept, in nanoseconds.
    #[must_use]
    pub fn sojourns(&self) -> Option<&Histogram> {
        self.detail.as_deref()?.sojourns()
    }

    /// Clears the sojourn times kept so far.
    pub fn forget_sojourns(&mut self) {
        self.detail.iter_mut().for_each(|detail| detail.forget_sojourns());
    }

    /// Begins to record, from `now`, when each number is first reached.
    pub fn begin_to_count(&mut self, now: SimTime) {
        if let Some(detail) = &mut self.detail {
            detail.begin(now, (self.inside.number, self.busy));
        }
    }

    /// Begins to record, from `now`, when each number is first reached from above.
    pub fn follow_back(&mut self, now: SimTime) {
        if let Some(detail) = &mut self.detail {
            detail.mark(now, (self.inside.number, self.busy));
        }
    }

    /// Begins to keep changes for a [`Joint`] account. The queue must be empty.
    pub fn tell(&mut self) {
        self.detail.get_or_insert_default().tell();
    }

    /// Changes since they were last [cleared](Self::forget_told).
    pub fn told(&self) -> &[Change] {
        self.detail.as_deref().map_or(&[], Detail::told)
    }

    /// Clears the changes that have been read.
    pub fn forget_told(&mut self) {
        self.detail.iter_mut().for_each(|detail| detail.forget_told());
    }
}

/// Capacity over time: its idle and its unavailable part. It is updated when the state changes and never when a
/// customer arrives, so it adds no cost to a request.
///
/// Holds: worked + idle + unavailable = capacity × time, if the work in each interval between two changes does
/// not exceed the usable capacity. Otherwise the sum is larger, and the run ends in a breach.
#[derive(Clone, Copy, Debug)]
pub struct Availability {
    full: u128,
    usable: Usable,
    since: SimTime,
    /// Work up to `since`, in units × ns.
    worked: u128,
    idle: u128,
    unavailable: u128,
}

/// Usable part of a capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usable {
    /// All of it.
    All,
    /// None: no server is held and none works.
    None,
    /// Servers in use stay in use; the rest is unavailable.
    Held,
}

impl Availability {
    /// Returns `full` servers, all of them usable since time zero.
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

    /// Sets the usable part from `now` on; `worked` is the work done so far, in units × ns.
    pub fn set(&mut self, now: SimTime, usable: Usable, worked: u128) {
        (self.idle, self.unavailable) = self.split(now, worked);
        self.usable = usable;
        self.since = now;
        self.worked = worked;
    }

    /// Returns idle and unavailable capacity up to `now`, in units × ns, if `worked` is the work done so far.
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

/// Rule that computes a figure from the counts of a kind: from those of [`Gauge`], or by place from what the kind tallies
/// ([`Gauge::tally`], [`Gauge::peaks`]).
#[derive(Clone, Debug, PartialEq)]
pub enum ReadAs {
    /// The sum of these counts.
    Count(Vec<usize>),
    /// The sum of the first counts over the sum of the second.
    Share(Vec<usize>, Vec<usize>),
    /// The time average of an area, times a factor.
    Mean(usize, f64),
    /// The sum of the first counts over that of the second, times a factor: a mean per event.
    Each(usize, usize, f64),
    /// The sum of one count, times a factor.
    Sum(usize, f64),
    /// The largest value, a duration.
    Peak(usize),
    /// The share of the arrivals that are completed.
    Completed,
    /// The busy part per nanosecond, times a factor: never more than that of the capacity.
    Rate(f64),
}

/// A reading of one component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Number of arrivals, with refused ones.
    pub arrived: u64,
    /// Number of refusals.
    pub refused: u64,
    /// Number of departures after service.
    pub completed: u64,
    /// Number of departures from the queue without service.
    pub reneged: u64,
    /// Area under the number inside, in customers × ns.
    pub inside: u128,
    /// Sum of the times inside, of departed customers and of those still inside, in ns.
    pub stayed: u128,
    /// Busy servers, core-time or bytes, the numerator of utilisation, in units × ns.
    pub busy: u128,
    /// Capacity, in units × ns.
    pub capacity: u128,
    /// Part of `capacity` that was usable and not used, in units × ns.
    pub idle: u128,
    /// Part of `capacity` that was unavailable, in units × ns.
    pub unavailable: u128,
    /// Further counts of the kind: numbers that never decrease, in the order that the kind declares.
    pub tally: Vec<u128>,
    /// Largest values since the window began, in the order that the kind declares.
    pub peaks: Vec<u128>,
}

impl Gauge {
    /// Returns the difference from an earlier reading: the figures of the window between the two.
    ///
    /// # Panics
    ///
    /// If a counter of `earlier` is larger.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
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
            tally: self.tally.iter().zip(&earlier.tally).map(|(now, then)| now - then).collect(),
            peaks: self.peaks.clone(),
        }
    }

    /// Returns whether busy + idle + unavailable equals the capacity (C4); true without capacity.
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

    fn at(nanos: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_nanos(nanos)
    }

    /// One arrival per nanosecond: of 1,000 ns, each number from 0 to 999 holds for one.
    #[test]
    fn the_time_at_each_number_inside_has_no_largest_number() {
        let mut inside = Occupancy::new(true);
        let mut early = None;
        for nanos in 1..1_000 {
            if nanos == 3 {
                early = inside.levels(at(3));
            }
            inside.add(at(nanos));
        }
        let early = early.unwrap();
        let levels = inside.levels(at(1_000)).unwrap();
        assert_eq!(levels.times(), vec![1; 1_000]);
        assert_eq!(early.times(), [1; 3]);
        let since = levels.since(&early);
        assert_eq!((&since.times()[..3], since.at_least(3)), (&[0, 0, 0][..], 997));
    }

    /// Expected: 0 for 10 ns, 1 for 60 ns, 2 for 30 ns; the queue has one less.
    #[test]
    fn what_is_said_of_a_number_is_weighted_by_time() {
        let mut queue = Queue::new(true);
        queue.arrive(at(10));
        queue.begin(at(10));
        queue.arrive(at(40));
        queue.leave(at(70), SimDuration::from_nanos(60), true);
        queue.begin(at(70));
        let all = queue.by_number(at(100)).unwrap();
        let (inside, line, busy) = (all.inside.unwrap(), all.line.unwrap(), all.busy.unwrap());
        assert_eq!(inside.times(), [10, 60, 30]);
        assert_eq!(line.times(), [70, 30]);
        assert_eq!(busy.times(), [10, 90], "who goes and who comes at one instant leave no gap");
        let levels = [0.05, 0.1, 0.11, 0.7, 0.71, 0.999].map(|q| inside.quantile(q).unwrap());
        assert_eq!(levels, [0, 0, 1, 1, 2, 2]);
        assert_eq!((inside.max(), line.max()), (Some(2), Some(1)));
        assert!((inside.mean().unwrap() - 1.2).abs() < 1e-12);
        // 10 × 1.44 + 60 × 0.04 + 30 × 0.64 = 36, of 100.
        assert!((inside.deviation().unwrap() - 0.6).abs() < 1e-12);
        assert_eq!((inside.at_least(1), inside.at_least(3)), (90, 0));
    }

    /// A state before the counting began is not a first time. A number that holds for no time is never reached.
    #[test]
    fn a_number_is_first_there_when_it_lasts() {
        let nanos = |time: Option<SimDuration>| time.map(SimDuration::nanos);
        let mut queue = Queue::new(true);
        for when in [10, 20, 30] {
            queue.arrive(at(when));
        }
        queue.begin_to_count(at(50));
        queue.arrive(at(60));
        queue.arrive(at(60));
        queue.depart(at(60), SimDuration::ZERO, false);
        queue.arrive(at(90));
        let inside = queue.by_number(at(100)).unwrap().inside.unwrap();
        let first = [0, 3, 4, 5, 6].map(|number| nanos(inside.first(number)));
        assert_eq!(first, [Some(0), Some(0), Some(10), Some(40), None]);
        assert_eq!(nanos(inside.back(3)), Some(0));
        assert_eq!(nanos(inside.back(2)), None);
        queue.follow_back(at(100));
        for when in [110, 120, 120, 150] {
            queue.depart(at(when), SimDuration::ZERO, false);
        }
        queue.arrive(at(160));
        queue.depart(at(170), SimDuration::ZERO, false);
        let inside = queue.by_number(at(200)).unwrap().inside.unwrap();
        let back = [9, 5, 4, 3, 2, 1, 0].map(|number| nanos(inside.back(number)));
        let wanted = [Some(0), Some(0), Some(10), Some(20), Some(20), Some(50), None];
        assert_eq!(back, wanted);
        assert_eq!(nanos(inside.first(4)), Some(10), "the first time stays what it was");
    }
}
