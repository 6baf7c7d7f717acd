//! The calendar: the set of pending events, in the order in which they happen.
//!
//! Model: keys of 16 bytes, time (64 bits) | sequence (36) | code (28), so that the key is the whole
//! event and one integer comparison is the whole order. The earliest few events are sorted in an array,
//! where a pop is free and a push moves a handful of neighbours. All others are in a 4-ary
//! heap, whose families of four children fill a cache line each. In most simulations a new event is due
//! soon, so most events never enter the heap; alarms far ahead never disturb the array.
//!
//! In: an instant and a code. Out: [`Due`], in the order (time, sequence): ties in the order of
//! insertion, which makes the order total. Holds: time never goes back.
//! Leaves out: cancellation. A holder keeps the [`Ticket`] of its one armed alarm and skips a
//! popped event with another ticket: nothing is searched, and nothing is stored twice.
//! Source: LaMarca & Ladner, The influence of caches on the performance of heaps (1996); the sorted
//! front is the bottom rung of Tang, Goh & Thng, Ladder queue (2005).

use std::hint::select_unpredictable;

use crate::convert::{halves, low_half};
use crate::units::SimTime;

/// Bits of a key below the sequence.
const CODE_BITS: u32 = 28;
/// One step of the sequence within the low half of a key.
const SEQUENCE_STEP: u64 = 1 << CODE_BITS;
/// Key of a place without an event: later than every event.
const EMPTY: u128 = u128::MAX;

/// Number of the push that made an event: unique within a calendar, rising from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

impl Ticket {
    /// No push: the ticket of a holder without an armed alarm.
    pub const NONE: Self = Self(0);

    /// Returns the sequence number; 0 for [`Self::NONE`].
    #[must_use]
    pub const fn sequence(self) -> u64 {
        self.0
    }
}

/// A popped event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Instant of the event.
    pub at: SimTime,
    /// Ticket that the push returned.
    pub ticket: Ticket,
    /// Code that was pushed.
    pub code: u32,
}

/// The children of one node, in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Family([u128; 4]);

const _: () = assert!(size_of::<Family>() == 64); // 16 bytes a pending event

/// A place in the total order of events: by time, then by the order of scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u128);

impl Place {
    /// A place after every event.
    pub const NEVER: Self = Self(EMPTY);

    /// Returns the instant of the place.
    #[must_use]
    #[inline]
    pub fn at(self) -> SimTime {
        time_of(self.0)
    }
}

/// The pending events, and the clock that follows them.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The earliest events, the next one last, as halves of their keys. Place 0 holds a sentinel
    /// that is later than every event.
    near_times: [u64; NEAR],
    near_lows: [u64; NEAR],
    /// Number of events in the array.
    count: usize,
    /// All other events, none earlier than those in the array.
    far: Heap,
    /// Low half of the last key, with code 0.
    sequence: u64,
    now: SimTime,
}

/// Places in the sorted array; a power of two.
const NEAR: usize = 64;
/// Number of events in the array at which the next push moves some to the heap.
const FULL: usize = 47;
/// Number of events that such a push moves to the heap.
const SPILL: usize = 24;
/// Number of events taken from a small heap when the array is empty.
const REFILL: usize = 24;
/// Size of the heap above which the array is not refilled: a deeper heap is too slow for that.
const SMALL: usize = 1 << 12;

impl Default for Calendar {
    fn default() -> Self {
        Self::new()
    }
}

impl Calendar {
    /// Upper bound of codes, exclusive.
    pub const CODE_LIMIT: u32 = 1 << CODE_BITS;

    /// Creates an empty calendar at the start of time.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// Creates an empty calendar with capacity for `events` before it allocates again.
    #[must_use]
    pub fn with_capacity(events: usize) -> Self {
        Self {
            near_times: [u64::MAX; NEAR],
            near_lows: [u64::MAX; NEAR],
            count: 0,
            far: Heap::with_capacity(events),
            sequence: 0,
            now: SimTime::ZERO,
        }
    }

    /// Returns the time of the last popped event.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Returns the number of pending events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count + self.far.len()
    }

    /// Returns the number of events pushed so far, reserved places included.
    #[must_use]
    pub const fn pushed(&self) -> u64 {
        self.sequence >> CODE_BITS
    }

    /// Returns true if no event is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the instant of the next event.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        (!self.is_empty()).then(|| self.next_place().at())
    }

    /// Schedules `code` at `at`, after every event already pending for that instant.
    ///
    /// # Panics
    ///
    /// If `at` is before the last popped event, if `code` is not below
    /// [`Self::CODE_LIMIT`], and after 2³⁶ pushes (seven times the limit of events in a run).
    #[inline]
    pub fn push(&mut self, at: SimTime, code: u32) -> Ticket {
        assert!(at >= self.now, "an event would happen in the past");
        assert!(code < Self::CODE_LIMIT, "codes have {CODE_BITS} bits");
        let key = self.reserve(at).0 | u128::from(code);
        if self.count == FULL {
            self.spill();
        }
        if !self.far.put(key) {
            self.put_near(at.nanos(), low_half(key));
        }
        Ticket(self.sequence >> CODE_BITS)
    }

    /// Returns a ticket for an event whose instant is not known yet; see [`Self::push_as`].
    #[inline]
    pub fn ticket(&mut self) -> Ticket {
        self.reserve(SimTime::ZERO);
        Ticket(self.sequence >> CODE_BITS)
    }

    /// Schedules `code` at `at`, in the place of the order that it would have had if it had been
    /// pushed when its `ticket` was made.
    ///
    /// # Panics
    ///
    /// Under the conditions of [`Self::push`].
    pub fn push_as(&mut self, ticket: Ticket, at: SimTime, code: u32) {
        assert!(at >= self.now, "an event would happen in the past");
        assert!(code < Self::CODE_LIMIT, "codes have {CODE_BITS} bits");
        let low = ticket.0 << CODE_BITS | u64::from(code);
        if self.count == FULL {
            self.spill();
        }
        if self.far.put(u128::from(at.nanos()) << 64 | u128::from(low)) {
            return;
        }
        // It is put after all events of its instant, and may be older than some of them.
        let mut place = self.put_near(at.nanos(), low);
        while place < self.count
            && self.near_times[place + 1] == at.nanos()
            && self.near_lows[place + 1] > low
        {
            self.near_lows.swap(place, place + 1);
            place += 1;
        }
    }

    /// Inserts the newest event, earlier than all of the heap, into the array, which must not be full;
    /// returns its place.
    #[inline]
    fn put_near(&mut self, time: u64, low: u64) -> usize {
        // A hint for the compiler: all places below are inside the array.
        let mut last = self.count.min(FULL);
        self.count = last + 1;
        let (times, lows) = (&mut self.near_times, &mut self.near_lows);
        // Events due before it move up, four at a time while possible: of events at one
        // instant the newest happens last.
        while last >= 4 && times[last - 3] <= time {
            up_by_one(times, last);
            up_by_one(lows, last);
            last -= 4;
        }
        while last > 0 && times[last] <= time {
            times[last + 1] = times[last];
            lows[last + 1] = lows[last];
            last -= 1;
        }
        times[last + 1] = time;
        lows[last + 1] = low;
        last + 1
    }

    /// Returns the key at a place of the array.
    #[inline]
    fn near(&self, place: usize) -> u128 {
        let place = place & (NEAR - 1);
        u128::from(self.near_times[place]) << 64 | u128::from(self.near_lows[place])
    }

    /// Moves the latest events of the array to the heap.
    #[inline(never)]
    fn spill(&mut self) {
        for place in 1..=SPILL {
            self.far.append(self.near(place));
        }
        self.near_times.copy_within(1 + SPILL..=self.count, 1);
        self.near_lows.copy_within(1 + SPILL..=self.count, 1);
        self.count -= SPILL;
    }

    /// Moves the earliest events of the heap to the empty array: events pushed before them
    /// from now on never enter the heap.
    #[inline(never)]
    fn refill(&mut self) {
        let mut keys = [EMPTY; REFILL];
        let mut count = 0;
        while count < REFILL
            && let Some(key) = self.far.pop_before_or_at(SimTime::NEVER)
        {
            keys[count] = key;
            count += 1;
        }
        for (place, key) in keys[..count].iter().rev().enumerate() {
            [self.near_times[place + 1], self.near_lows[place + 1]] = halves(*key);
        }
        self.count = count;
    }

    /// Removes the next event and moves the clock to it.
    #[inline]
    pub fn pop(&mut self) -> Option<Due> {
        self.pop_before_or_at(SimTime::NEVER)
    }

    /// Removes the next event and moves the clock to it, if it happens before `end`.
    #[inline]
    pub fn pop_before(&mut self, end: SimTime) -> Option<Due> {
        // Nothing happens before the start of time.
        self.pop_before_or_at(SimTime::from_nanos(end.nanos().checked_sub(1)?))
    }

    #[inline]
    fn pop_before_or_at(&mut self, last: SimTime) -> Option<Due> {
        let key = if self.count > 0 {
            let key = self.near(self.count);
            if time_of(key) > last {
                return None;
            }
            self.count -= 1;
            key
        } else {
            let key = self.far.pop_before_or_at(last)?;
            if self.far.len() <= SMALL {
                self.refill();
            }
            key
        };
        let low = low_half(key);
        self.now = time_of(key);
        Some(Due {
            at: self.now,
            ticket: Ticket(low >> CODE_BITS),
            code: (low & (SEQUENCE_STEP - 1)) as u32,
        })
    }

    /// Returns a place in the total order at `at`, as [`Self::push`] would give it now, for an event that
    /// its owner keeps itself: it is before every event that is pushed later for that instant.
    #[inline]
    pub fn reserve(&mut self, at: SimTime) -> Place {
        self.sequence =
            self.sequence.checked_add(SEQUENCE_STEP).expect("runs end long before 2^36 pushes");
        Place((u128::from(at.nanos()) << 64) | u128::from(self.sequence))
    }

    /// Returns the place of the next event; [`Place::NEVER`] if no event is pending.
    #[must_use]
    #[inline]
    pub fn next_place(&self) -> Place {
        Place(if self.count > 0 { self.near(self.count) } else { self.far.first() })
    }
}

/// A 4-ary heap of keys. Pop is lazy: it leaves a hole at the root, and the next push, which in a
/// simulation usually follows at once, fills it; two walks through the heap become one.
#[derive(Clone, Debug)]
struct Heap {
    /// Node 0; later than every key if there is none. The other nodes are numbered from 1: node
    /// `n` has the rank `n - 1` and is member `rank % 4` of family `rank / 4`, and family `f` is
    /// the children of node `f`.
    root: u128,
    families: Vec<Family>,
    /// Nodes in use, including the root's hole.
    nodes: usize,
    /// True if the root was popped and has not been filled since.
    hole: bool,
    /// The least key; later than every key if there is none. It is read at every push, and
    /// changes seldom.
    first: u128,
}

impl Heap {
    fn with_capacity(keys: usize) -> Self {
        let families = Vec::with_capacity(keys.div_ceil(4));
        Self { root: EMPTY, families, nodes: 0, hole: false, first: EMPTY }
    }

    fn len(&self) -> usize {
        self.nodes - usize::from(self.hole)
    }

    /// Returns the least key; later than every key if there is none.
    #[inline]
    fn first(&self) -> u128 {
        self.first
    }

    /// Adds `key` unless it would be the least of all; returns true if it was added.
    #[inline]
    fn put(&mut self, key: u128) -> bool {
        let stays = key >= self.first;
        if stays {
            self.put_below(key);
        }
        stays
    }

    /// Adds `key`, which is not the least: into the hole, if there is one.
    #[inline(never)]
    fn put_below(&mut self, key: u128) {
        if !self.hole {
            return self.append(key);
        }
        // Some key is less than this one, so there are children.
        let (member, child) = least(&self.families[0].0);
        self.hole = false;
        self.root = child;
        self.sink(member, key);
    }

    /// Removes the least key, if its time is not after `last`.
    #[inline]
    fn pop_before_or_at(&mut self, last: SimTime) -> Option<u128> {
        if self.first == EMPTY || time_of(self.first) > last {
            return None;
        }
        if self.hole {
            self.close_hole();
        }
        self.hole = true;
        self.first = self.families.first().map_or(EMPTY, |family| least(&family.0).1);
        // The hole is the least key: 0 sorts before every key.
        Some(std::mem::replace(&mut self.root, 0))
    }

    /// Returns the node of `rank`.
    #[inline]
    fn below(&mut self, rank: usize) -> &mut u128 {
        &mut self.families[rank / 4].0[rank % 4]
    }

    /// Fills the hole at `rank` with `key`, moving smaller keys up before it.
    #[inline]
    fn sink(&mut self, mut rank: usize, key: u128) {
        while let Some(family) = self.families.get(rank + 1) {
            let (member, child) = least(&family.0);
            if child >= key {
                break;
            }
            *self.below(rank) = child;
            rank = ((rank + 1) << 2) | member;
        }
        *self.below(rank) = key;
    }

    /// Adds `key` at the end, moving greater keys down before it.
    fn append(&mut self, key: u128) {
        self.first = self.first.min(key);
        let node = self.nodes;
        self.nodes += 1;
        let Some(rank) = node.checked_sub(1) else {
            self.root = key;
            return;
        };
        if rank.is_multiple_of(4) {
            self.families.push(Family([EMPTY; 4]));
        }
        self.rise(rank, key);
    }

    /// Puts `key` at the node of `rank` or, while it is the smaller one, in place of its parent.
    #[inline]
    fn rise(&mut self, mut rank: usize, key: u128) {
        while let Some(parent) = (rank / 4).checked_sub(1) {
            let above = *self.below(parent);
            if key >= above {
                *self.below(rank) = key;
                return;
            }
            *self.below(rank) = above;
            rank = parent;
        }
        if key >= self.root {
            *self.below(rank) = key;
        } else {
            *self.below(rank) = self.root;
            self.root = key;
        }
    }

    /// Fills the hole at the root with the last node. It belongs near the leaves, so the hole goes
    /// all the way down without a comparison, and the key rises from there.
    fn close_hole(&mut self) {
        self.nodes -= 1;
        self.root = EMPTY;
        let Some(end) = self.nodes.checked_sub(1) else { return };
        let last = std::mem::replace(self.below(end), EMPTY);
        if end.is_multiple_of(4) {
            self.families.pop();
        }
        let Some(family) = self.families.first() else {
            self.root = last;
            return;
        };
        let (mut rank, child) = least(&family.0);
        self.root = child;
        while let Some(family) = self.families.get(rank + 1) {
            let (member, child) = least(&family.0);
            if child == EMPTY {
                break;
            }
            *self.below(rank) = child;
            rank = ((rank + 1) << 2) | member;
        }
        self.rise(rank, last);
    }
}

/// Returns the index and value of the least of four keys, without a branch: the result is unpredictable.
#[inline]
fn least(keys: &[u128; 4]) -> (usize, u128) {
    let lesser = |a: (usize, u128), b: (usize, u128)| {
        let swap = b.1 < a.1;
        (select_unpredictable(swap, b.0, a.0), select_unpredictable(swap, b.1, a.1))
    };
    lesser(lesser((0, keys[0]), (1, keys[1])), lesser((2, keys[2]), (3, keys[3])))
}

#[inline]
fn time_of(key: u128) -> SimTime {
    SimTime::from_nanos((key >> 64) as u64)
}

/// Moves the four values that end at `last` up by one place.
#[inline]
fn up_by_one(values: &mut [u64; NEAR], last: usize) {
    let moved = [values[last - 3], values[last - 2], values[last - 1], values[last]];
    [values[last - 2], values[last - 1], values[last], values[last + 1]] = moved;
}

#[cfg(test)]
mod tests;
