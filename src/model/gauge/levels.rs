//! The time at each number of customers, if a figure asks for it: of one queue, and of several queues taken
//! together.
//!
//! Several queues have no common clock. Each records its changes, one entry per instant, and from time to time
//! all entries are sorted by time. Holds: all values are integers, so the result does not depend on when this is
//! done. The joint number is the sum of the numbers of the queues at each instant. Memory grows with the largest
//! number, and for several queues with the number of changes between two readings.

use crate::model::ids::ComponentId;
use crate::observe::histogram::Histogram;
use crate::stats::quantile::nearest_rank;
use crate::units::{SimDuration, SimTime};

/// Time at each number, and when each number was first reached: from below since `origin`, from above since
/// `mark`. Its length is the largest number reached plus one.
///
/// Only a number that holds for more than zero time counts. A customer that passes the queue within one instant
/// was never in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    since: SimTime,
    times: Vec<u64>,
    /// Start of the counting.
    origin: SimTime,
    /// Time from `origin` until the number was first at least n, in ns, by n.
    rises: Vec<u64>,
    /// Instant from which the first times from above are recorded.
    mark: SimTime,
    /// Time from `mark` until the number was first at most n, in ns, by n below the first number after `mark`.
    falls: Option<Vec<u64>>,
}

/// Marks a number not reached from above yet.
const NOT_YET: u64 = u64::MAX;

impl Levels {
    pub(super) fn new() -> Self {
        let zero = SimTime::ZERO;
        let (times, rises) = (Vec::new(), Vec::new());
        Self { since: zero, times, origin: zero, rises, mark: zero, falls: None }
    }

    /// Adds the time since the last change until `now` at `number`.
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

    /// Starts the counting at `now`.
    pub(super) fn begin(&mut self, now: SimTime, number: u32) {
        self.settle(now, number);
        (self.origin, self.mark) = (now, now);
        self.rises.clear();
        self.falls = None;
    }

    /// Starts to record first times from above at `now`.
    pub(super) fn mark(&mut self, now: SimTime, number: u32) {
        self.settle(now, number);
        self.mark = now;
        self.falls = None;
    }

    /// Returns a copy brought up to `now`, with the present `number`.
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

    /// Time at each number, in ns.
    #[must_use]
    pub fn times(&self) -> &[u64] {
        &self.times
    }

    /// Time with at least this number, in ns.
    #[must_use]
    pub fn at_least(&self, number: usize) -> u64 {
        self.times.iter().skip(number).sum()
    }

    /// Time average; `None` if no time has passed.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let all = self.at_least(0);
        let area: u128 = (0_u128..).zip(&self.times).map(|(n, time)| n * u128::from(*time)).sum();
        (all > 0).then(|| area as f64 / all as f64)
    }

    /// Standard deviation over time; `None` if no time has passed.
    #[must_use]
    pub fn deviation(&self) -> Option<f64> {
        let (mean, all) = (self.mean()?, self.at_least(0) as f64);
        let square = |(n, time): (usize, &u64)| {
            let distance = n as f64 - mean;
            distance * distance * *time as f64
        };
        Some((self.times.iter().enumerate().map(square).sum::<f64>() / all).sqrt())
    }

    /// Largest number; `None` if no time has passed.
    #[must_use]
    pub fn max(&self) -> Option<usize> {
        self.times.iter().rposition(|time| *time > 0)
    }

    /// Smallest number that is not exceeded for the share `q` of the time; `None` if no time has passed.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<usize> {
        let rank = nearest_rank(q, self.at_least(0));
        let mut below = 0;
        self.times.iter().position(|time| {
            below += time;
            *time > 0 && below >= rank
        })
    }

    /// Time from the start of the counting until the number was first `at_least` this; `None`: not yet.
    #[must_use]
    pub fn first(&self, at_least: usize) -> Option<SimDuration> {
        self.rises.get(at_least).map(|nanos| SimDuration::from_nanos(*nanos))
    }

    /// Time from the last [`Queue::follow_back`](super::Queue::follow_back) until the number was first `at_most`
    /// this; `None`: not yet.
    #[must_use]
    pub fn back(&self, at_most: usize) -> Option<SimDuration> {
        let nanos = self.falls.as_ref()?.get(at_most).map_or(0, |nanos| *nanos);
        (nanos != NOT_YET).then(|| SimDuration::from_nanos(nanos))
    }
}

/// Times at each number for a queue with servers; `None` for what is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByNumber {
    /// Number inside.
    pub inside: Option<Levels>,
    /// Number in the queue.
    pub line: Option<Levels>,
    /// Number of busy servers.
    pub busy: Option<Levels>,
}

impl ByNumber {
    /// Returns the times since an earlier reading.
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

/// The numbers of a queue: (inside, busy servers).
type Numbers = (u32, u32);

/// Times at each number inside, queued and busy.
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
        // Between two changes of one instant a customer in service may have left the inside already.
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

/// Change of the number inside and of busy servers at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    at: SimTime,
    inside: i32,
    busy: i32,
}

/// Optional details of a queue beside its totals.
#[derive(Clone, Debug, Default)]
pub(super) struct Detail {
    numbers: Option<Three>,
    told: Option<Vec<Change>>,
    sojourns: Option<Histogram>,
}

impl Detail {
    /// Keeps the times at each number and the sojourn times.
    pub(super) fn of_numbers() -> Self {
        Self { numbers: Some(Three::new()), told: None, sojourns: Some(Histogram::new()) }
    }

    /// Records the sojourn time of a counted customer that leaves.
    #[cold]
    pub(super) fn went(&mut self, stay: SimDuration) {
        self.sojourns.iter_mut().for_each(|sojourns| sojourns.record(stay.nanos()));
    }

    /// Sojourn times of counted customers, in ns, if kept.
    pub(super) fn sojourns(&self) -> Option<&Histogram> {
        self.sojourns.as_ref()
    }

    /// Clears the sojourn times.
    pub(super) fn forget_sojourns(&mut self) {
        self.sojourns.iter_mut().for_each(|sojourns| *sojourns = Histogram::new());
    }

    /// Notes that the numbers `had` held until `now` and change by (`inside`, `busy`). Most runs keep no details.
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
    /// Returns the account of queues that are empty and [keep their changes](super::Queue::tell).
    #[must_use]
    pub fn new(members: Vec<ComponentId>) -> Self {
        Self { members, inside: 0, busy: 0, numbers: Three::new(), heap: Vec::new() }
    }

    /// The queues taken together.
    #[must_use]
    pub fn members(&self) -> &[ComponentId] {
        &self.members
    }

    /// Adds the changes that the members have kept; `of` returns the changes of one member.
    ///
    /// # Panics
    ///
    /// If the number inside or busy would become negative.
    pub fn take<'c>(&mut self, of: impl Fn(ComponentId) -> &'c [Change]) {
        self.heap.extend(self.members.iter().flat_map(|id| of(*id)));
        // The order of entries of one instant does not matter: no time passes between them.
        self.heap.sort_unstable_by_key(|change| change.at);
        for Change { at, inside, busy } in self.heap.drain(..) {
            self.numbers.each((self.inside, self.busy), |levels, n| levels.settle(at, n));
            let more = |number: u32, by| number.checked_add_signed(by).expect("a number of theirs");
            (self.inside, self.busy) = (more(self.inside, inside), more(self.busy, busy));
        }
    }

    /// Times at each number up to `now`, if all changes up to `now` were added.
    #[must_use]
    pub fn by_number(&self, now: SimTime) -> ByNumber {
        self.numbers.by_number(now, (self.inside, self.busy))
    }

    /// Begins to record first times, like [`Queue::begin_to_count`](super::Queue::begin_to_count).
    pub fn begin_to_count(&mut self, now: SimTime) {
        self.numbers.each((self.inside, self.busy), |levels, number| levels.begin(now, number));
    }

    /// Begins to record first times from above, like [`Queue::follow_back`](super::Queue::follow_back).
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

    /// Two queues with one server each, moved by a fixed pattern; the expected times are counted nanosecond by
    /// nanosecond. Changes are read at several instants, which has no effect on the result.
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
                    // Each queue has its own rhythm up and down, with several changes at one instant.
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
