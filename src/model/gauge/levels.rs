//! The time at each number of something, where a figure asks for it: of one queue, and of several taken together.
//!
//! Several queues have no common clock: each writes down what changes in it, one entry an instant, and now and then
//! all entries are put in the order of time. Holds: integers, so that it does not matter when that is done; the
//! number of all is the sum of theirs at each instant. Memory follows the largest number, and for several the
//! number of changes between two readings.

use crate::model::ids::ComponentId;
use crate::observe::histogram::Histogram;
use crate::stats::quantile::nearest_rank;
use crate::units::{SimDuration, SimTime};

/// Time at each number of something, and when each was first reached: from below since the counting began,
/// from above since an instant that is told. It is as long as the largest number that there was.
///
/// A number counts that held for longer than no time: what goes through a line within one instant was
/// never in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    since: SimTime,
    times: Vec<u64>,
    /// The counting began.
    origin: SimTime,
    /// By number: when there were first so many, after `origin`, ns.
    rises: Vec<u64>,
    /// What goes back is followed from here.
    mark: SimTime,
    /// By number below the first one after `mark`: when there were first so few, after `mark`, ns.
    falls: Option<Vec<u64>>,
}

/// Has not been so few yet.
const NOT_YET: u64 = u64::MAX;

impl Levels {
    pub(super) fn new() -> Self {
        let zero = SimTime::ZERO;
        let (times, rises) = (Vec::new(), Vec::new());
        Self { since: zero, times, origin: zero, rises, mark: zero, falls: None }
    }

    /// There were `number` since the last time until `now`.
    pub(super) fn settle(&mut self, now: SimTime, number: u32) {
        let held = (now - self.since).nanos();
        if held == 0 {
            return;
        }
        let place = number as usize;
        if place >= self.times.len() {
            self.times.resize(place + 1, 0);
        }
        self.times[place] += held;
        if place >= self.rises.len() {
            self.rises.resize(place + 1, (self.since - self.origin).nanos());
        }
        let falls = self.falls.get_or_insert_with(|| vec![NOT_YET; place]);
        let at = (self.since - self.mark).nanos();
        for fall in falls.iter_mut().skip(place).take_while(|fall| **fall == NOT_YET) {
            *fall = at;
        }
        self.since = now;
    }

    /// From now on is counted.
    pub(super) fn begin(&mut self, now: SimTime, number: u32) {
        self.settle(now, number);
        (self.origin, self.mark) = (now, now);
        self.rises.clear();
        self.falls = None;
    }

    /// From now on what goes back is followed.
    pub(super) fn mark(&mut self, now: SimTime, number: u32) {
        self.settle(now, number);
        self.mark = now;
        self.falls = None;
    }

    /// The same up to `now`, at which there are `number`.
    pub(super) fn read(&self, now: SimTime, number: u32) -> Self {
        let mut read = self.clone();
        read.settle(now, number);
        read
    }

    pub(super) fn since(&self, earlier: &Self) -> Self {
        let then = earlier.times.iter().chain(std::iter::repeat(&0));
        let times = self.times.iter().zip(then).map(|(now, then)| now - then).collect();
        Self { times, ..self.clone() }
    }

    /// Time at each number, ns.
    #[must_use]
    pub fn times(&self) -> &[u64] {
        &self.times
    }

    /// Time with at least so many, ns.
    #[must_use]
    pub fn at_least(&self, number: usize) -> u64 {
        self.times.iter().skip(number).sum()
    }

    /// Mean over time; none of no time.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let all = self.at_least(0);
        let area: u128 = (0_u128..).zip(&self.times).map(|(n, time)| n * u128::from(*time)).sum();
        (all > 0).then(|| area as f64 / all as f64)
    }

    /// Standard deviation over time; none of no time.
    #[must_use]
    pub fn deviation(&self) -> Option<f64> {
        let (mean, all) = (self.mean()?, self.at_least(0) as f64);
        let square = |(n, time): (usize, &u64)| {
            let distance = n as f64 - mean;
            distance * distance * *time as f64
        };
        Some((self.times.iter().enumerate().map(square).sum::<f64>() / all).sqrt())
    }

    /// The largest number; none of no time.
    #[must_use]
    pub fn max(&self) -> Option<usize> {
        self.times.iter().rposition(|time| *time > 0)
    }

    /// The smallest number that is not exceeded for the share `q` of the time; none of no time.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<usize> {
        let rank = nearest_rank(q, self.at_least(0));
        let mut below = 0;
        self.times.iter().position(|time| {
            below += time;
            *time > 0 && below >= rank
        })
    }

    /// When there were first so many, after the counting began; none: not yet.
    #[must_use]
    pub fn first(&self, at_least: usize) -> Option<SimDuration> {
        self.rises.get(at_least).map(|nanos| SimDuration::from_nanos(*nanos))
    }

    /// When there were first no more than so many, after what goes back was followed; none: not yet.
    #[must_use]
    pub fn back(&self, at_most: usize) -> Option<SimDuration> {
        let nanos = self.falls.as_ref()?.get(at_most).map_or(0, |nanos| *nanos);
        (nanos != NOT_YET).then(|| SimDuration::from_nanos(nanos))
    }
}

/// Times at each number of something with servers; none of what is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByNumber {
    /// Inside.
    pub inside: Option<Levels>,
    /// In line.
    pub line: Option<Levels>,
    /// Servers at work.
    pub busy: Option<Levels>,
}

impl ByNumber {
    /// The same of the time since an earlier reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let of = |now: &Option<Levels>, then: &Option<Levels>| match (now, then) {
            (Some(now), Some(then)) => Some(now.since(then)),
            (now, _) => now.clone(),
        };
        Self {
            inside: of(&self.inside, &earlier.inside),
            line: of(&self.line, &earlier.line),
            busy: of(&self.busy, &earlier.busy),
        }
    }
}

/// The numbers of a queue: inside, and at work.
type Numbers = (u32, u32);

/// Times at each number of a queue.
#[derive(Clone, Debug)]
struct Three {
    inside: Levels,
    line: Levels,
    busy: Levels,
}

impl Three {
    fn new() -> Self {
        Self { inside: Levels::new(), line: Levels::new(), busy: Levels::new() }
    }

    fn each(&mut self, (inside, busy): Numbers, what: impl Fn(&mut Levels, u32)) {
        what(&mut self.inside, inside);
        // Between two moves of one instant somebody may be in service who is not inside any more.
        what(&mut self.line, inside.saturating_sub(busy));
        what(&mut self.busy, busy);
    }

    fn by_number(&self, now: SimTime, (inside, busy): Numbers) -> ByNumber {
        ByNumber {
            inside: Some(self.inside.read(now, inside)),
            line: Some(self.line.read(now, inside.saturating_sub(busy))),
            busy: Some(self.busy.read(now, busy)),
        }
    }
}

/// So many more inside and at work from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    at: SimTime,
    inside: i32,
    busy: i32,
}

/// What a queue keeps beside its totals, where it is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Detail {
    numbers: Option<Three>,
    told: Option<Vec<Change>>,
    stays: Option<Histogram>,
}

impl Detail {
    /// Keeps the times at each number, and the stays.
    pub(super) fn of_numbers() -> Self {
        Self { numbers: Some(Three::new()), told: None, stays: Some(Histogram::new()) }
    }

    /// Somebody who is counted goes.
    #[cold]
    pub(super) fn went(&mut self, stay: SimDuration) {
        self.stays.iter_mut().for_each(|stays| stays.record(stay.nanos()));
    }

    /// The stays of who is counted, ns, when kept.
    pub(super) fn stays(&self) -> Option<&Histogram> {
        self.stays.as_ref()
    }

    /// Forgets the stays.
    pub(super) fn forget_stays(&mut self) {
        self.stays.iter_mut().for_each(|stays| *stays = Histogram::new());
    }

    /// Of the numbers `had` until `now`, so many more from now on. Not asked for in most runs.
    #[cold]
    pub(super) fn note(&mut self, now: SimTime, had: Numbers, (inside, busy): (i32, i32)) {
        if let Some(numbers) = &mut self.numbers {
            numbers.each(had, |levels, number| levels.settle(now, number));
        }
        match &mut self.told {
            None => {}
            Some(told) => match told.last_mut().filter(|last| last.at == now) {
                Some(last) => (last.inside, last.busy) = (last.inside + inside, last.busy + busy),
                None => told.push(Change { at: now, inside, busy }),
            },
        }
    }

    pub(super) fn by_number(&self, now: SimTime, have: Numbers) -> Option<ByNumber> {
        Some(self.numbers.as_ref()?.by_number(now, have))
    }

    pub(super) fn begin(&mut self, now: SimTime, have: Numbers) {
        let numbers = self.numbers.as_mut();
        numbers.into_iter().for_each(|own| own.each(have, |levels, n| levels.begin(now, n)));
    }

    pub(super) fn mark(&mut self, now: SimTime, have: Numbers) {
        let numbers = self.numbers.as_mut();
        numbers.into_iter().for_each(|own| own.each(have, |levels, n| levels.mark(now, n)));
    }

    pub(super) fn tell(&mut self) {
        self.told.get_or_insert_default();
    }

    pub(super) fn told(&self) -> &[Change] {
        self.told.as_deref().unwrap_or_default()
    }

    pub(super) fn forget_told(&mut self) {
        self.told.iter_mut().for_each(Vec::clear);
    }
}

/// Several queues taken together.
#[derive(Clone, Debug)]
pub struct Joint {
    members: Vec<ComponentId>,
    inside: u32,
    busy: u32,
    numbers: Three,
    /// Changes to be put in order.
    heap: Vec<Change>,
}

impl Joint {
    /// Of queues that are empty and [tell](super::Queue::tell).
    #[must_use]
    pub fn new(members: Vec<ComponentId>) -> Self {
        Self { members, inside: 0, busy: 0, numbers: Three::new(), heap: Vec::new() }
    }

    /// Whose they are.
    #[must_use]
    pub fn members(&self) -> &[ComponentId] {
        &self.members
    }

    /// Takes in what the members tell, `of` each.
    ///
    /// # Panics
    ///
    /// When fewer than nobody would be inside.
    pub fn take<'c>(&mut self, of: impl Fn(ComponentId) -> &'c [Change]) {
        self.heap.extend(self.members.iter().flat_map(|id| of(*id)));
        // Entries of one instant in any order: no time passes between them.
        self.heap.sort_unstable_by_key(|change| change.at);
        for Change { at, inside, busy } in self.heap.drain(..) {
            self.numbers.each((self.inside, self.busy), |levels, n| levels.settle(at, n));
            let more = |number: u32, by| number.checked_add_signed(by).expect("a number of theirs");
            (self.inside, self.busy) = (more(self.inside, inside), more(self.busy, busy));
        }
    }

    /// Times at each number up to `now`, when all up to now was taken in.
    #[must_use]
    pub fn by_number(&self, now: SimTime) -> ByNumber {
        self.numbers.by_number(now, (self.inside, self.busy))
    }

    /// As [`Queue::begin_to_count`](super::Queue::begin_to_count).
    pub fn begin_to_count(&mut self, now: SimTime) {
        self.numbers.each((self.inside, self.busy), |levels, number| levels.begin(now, number));
    }

    /// As [`Queue::follow_back`](super::Queue::follow_back).
    pub fn follow_back(&mut self, now: SimTime) {
        self.numbers.each((self.inside, self.busy), |levels, number| levels.mark(now, number));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Queue;
    use super::*;

    fn at(nanos: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_nanos(nanos)
    }

    fn ask(queues: &mut [Queue; 2], joint: &mut Joint) {
        joint.take(|id| queues[id.index()].told());
        queues.iter_mut().for_each(Queue::forget_told);
    }

    /// Two queues with one server each, moved by a fixed pattern; by hand, nanosecond by nanosecond. What was told
    /// is read at several instants, which changes nothing.
    #[test]
    fn several_queues_together_have_the_sum_of_their_numbers_at_each_instant() {
        for every in [1, 7, 1_000] {
            let mut queues = [Queue::new(false), Queue::new(true)];
            queues.iter_mut().for_each(Queue::tell);
            let mut joint = Joint::new(vec![ComponentId::at(0), ComponentId::at(1)]);
            let (mut inside, mut line) = (vec![0_u64; 12], vec![0_u64; 12]);
            let (mut first, mut back) = (None, None);
            for now in 0..500_u64 {
                for (place, queue) in queues.iter_mut().enumerate() {
                    // Each in its own rhythm, up and down; several moves of one instant.
                    let up = (now / [40, 25][place]) % 2 == 0;
                    match (up, queue.number()) {
                        (true, 0..5) if now % 3 == 0 => {
                            queue.arrive(at(now));
                            if queue.busy() == 0 {
                                queue.begin(at(now));
                            }
                        }
                        (false, 1..) if now % 4 == 0 => {
                            queue.leave(at(now), SimDuration::ZERO, true);
                            if queue.number() > 0 {
                                queue.begin(at(now));
                            }
                        }
                        _ => {}
                    }
                }
                if now == 100 {
                    ask(&mut queues, &mut joint);
                    joint.begin_to_count(at(now));
                    joint.follow_back(at(now));
                }
                let number: u32 = queues.iter().map(Queue::number).sum();
                let waiting: u32 = queues.iter().map(|one| one.number() - one.busy()).sum();
                inside[number as usize] += 1;
                line[waiting as usize] += 1;
                if now >= 100 {
                    first = first.or((number >= 9).then_some(now - 100));
                    back = back.or((number <= 1).then_some(now - 100));
                }
                if now % every == 0 {
                    ask(&mut queues, &mut joint);
                }
            }
            ask(&mut queues, &mut joint);
            let seen = joint.by_number(at(500));
            let (own, lines) = (seen.inside.unwrap(), seen.line.unwrap());
            let times = |all: &[u64]| all[..=all.iter().rposition(|t| *t > 0).unwrap()].to_vec();
            assert_eq!((own.times(), lines.times()), (&times(&inside)[..], &times(&line)[..]));
            let nanos = |time: Option<SimDuration>| time.map(SimDuration::nanos);
            assert!(first.is_some_and(|at| at > 0) && back.is_some_and(|at| at > 0));
            assert_eq!((nanos(own.first(9)), nanos(own.back(1))), (first, back), "{every}");
            assert_eq!(queues[1].by_number(at(500)).unwrap().inside.unwrap().at_least(0), 500);
        }
    }
}
