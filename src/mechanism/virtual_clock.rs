//! Equal sharing in virtual time: one clock, and its members in the order they will finish.
//!
//! Model: every member of a clock receives the same rate, so one reading, V(t) = ∫ rate dt, serves
//! all: a member that joins at t with an amount a finishes when the clock reads V(t) + a. A change of
//! the rate costs the same for one member as for a million.
//!
//! In: joins, leaves, rates. Out: the instant of the next finish, to the nearest nanosecond.
//! Holds: a query never changes the clock (the reading is kept as a point and a slope), so an early
//! query moves no later finish by a single bit; members finish in the order of their virtual finish,
//! then of joining; a join or a change of the rate sets a reading above 2⁴⁰ back, where its unit in the
//! last place is 2⁻¹², so that precision does not depend on the length of a busy period.
//! Source: Parekh & Gallager (1993), virtual time of generalised processor sharing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::convert::{place, whole};
use crate::units::SimTime;

/// Reading above which the clock is set back (2⁴⁰ ns are 18 minutes of one core).
const READING_MAX: f64 = (1_u64 << 40) as f64;
/// Step by multiples of which the clock is set back; no difference of two readings rounds at it.
const STEP_BACK: f64 = (1_u64 << 32) as f64;
/// Bits of an entry's rank that hold the slot; the other bits hold the order of joining.
const SLOT_BITS: u32 = 24;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;
/// Surplus of entries of members that left over present ones, above which they are removed.
const SLACK: u32 = 32;

/// Handle of one member of one owner; stale once the member has finished or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberHandle {
    slot: u32,
    generation: u32,
}

impl MemberHandle {
    /// Returns the handle of an owner that has slots of its own.
    pub(super) const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// Returns slot and generation.
    pub(super) const fn parts(self) -> (u32, u32) {
        (self.slot, self.generation)
    }
}

#[derive(Clone, Debug)]
struct Member {
    /// Reading of its clock at which it is done.
    finish: f64,
    /// Key of its clock, assigned by the owner.
    class: u64,
    /// The caller's own number.
    id: u32,
    generation: u32,
    present: bool,
}

/// Stores a `handle` at `slot`.
#[inline]
pub(crate) fn keep(handles: &mut Vec<Option<MemberHandle>>, slot: usize, handle: MemberHandle) {
    if handles.len() <= slot {
        handles.resize(slot + 1, None);
    }
    handles[slot] = Some(handle);
}

/// Members of all clocks of one owner, in slots that are reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    slots: Vec<Member>,
    free: Vec<u32>,
}

impl Members {
    fn insert(&mut self, finish: f64, class: u64, id: u32) -> MemberHandle {
        if let Some(slot) = self.free.pop() {
            let member = &mut self.slots[slot as usize];
            member.finish = finish;
            member.class = class;
            member.id = id;
            member.present = true;
            return MemberHandle { slot, generation: member.generation };
        }
        let slot = place(self.slots.len());
        assert!(u64::from(slot) <= SLOT_MASK, "fewer than 16 million phases at once");
        self.slots.push(Member { finish, class, id, generation: 0, present: true });
        MemberHandle { slot, generation: 0 }
    }

    /// Returns the handle of a member that has finished.
    pub(crate) fn gone(&mut self, id: u32) -> MemberHandle {
        let handle = self.insert(0.0, 0, id);
        self.release(handle.slot);
        handle
    }

    fn release(&mut self, slot: u32) {
        let member = &mut self.slots[slot as usize];
        member.present = false;
        member.generation = member.generation.wrapping_add(1);
        self.free.push(slot);
    }

    /// Returns the key of the clock that `handle` is a member of; `None` if it has finished or left.
    pub(crate) fn class_of(&self, handle: MemberHandle) -> Option<u64> {
        let member = self.slots.get(handle.slot as usize)?;
        (member.present && member.generation == handle.generation).then_some(member.class)
    }
}

/// Heap entry, ordered by finish (the bits of a nonnegative float have the order of the float), then
/// by joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    finish_bits: u64,
    rank: u64,
}

impl Entry {
    fn slot(self) -> u32 {
        (self.rank & SLOT_MASK) as u32
    }

    fn finish(self) -> f64 {
        f64::from_bits(self.finish_bits)
    }
}

/// A clock and its members.
#[derive(Clone, Debug)]
pub(crate) struct VirtualClock {
    /// Reading at `since`.
    reading: f64,
    since: SimTime,
    /// Amount per nanosecond that each member receives.
    rate: f64,
    present: u32,
    /// Entries of members that left before their finish.
    left: u32,
    joined: u64,
    entries: BinaryHeap<Reverse<Entry>>,
    /// Result of [`Self::due`], valid while neither the rate nor the first entry has changed.
    known: Option<SimTime>,
}

impl VirtualClock {
    pub(crate) fn new() -> Self {
        Self {
            reading: 0.0,
            since: SimTime::ZERO,
            rate: 0.0,
            present: 0,
            left: 0,
            joined: 0,
            entries: BinaryHeap::new(),
            known: None,
        }
    }

    /// Returns the number of present members.
    pub(crate) fn present(&self) -> u32 {
        self.present
    }

    #[inline]
    fn reading_at(&self, now: SimTime) -> f64 {
        self.reading + self.rate * now.since(self.since).nanos() as f64
    }

    /// Sets the rate of each member from `now` on.
    #[inline]
    pub(crate) fn set_rate(&mut self, members: &mut Members, now: SimTime, rate: f64) {
        if rate != self.rate {
            self.reading = self.reading_at(now);
            self.since = now;
            self.rate = rate;
            self.known = None;
            if self.reading >= READING_MAX {
                self.set_back(members, now);
            }
        }
    }

    /// Adds a member that is done when it has received `amount` (not negative).
    #[inline]
    pub(crate) fn join(
        &mut self,
        members: &mut Members,
        now: SimTime,
        amount: f64,
        class: u64,
        id: u32,
    ) -> MemberHandle {
        let mut reading = self.reading_at(now);
        if self.present == 0 {
            self.restart(members, now);
            reading = 0.0;
        } else if reading >= READING_MAX {
            self.set_back(members, now);
            reading = self.reading;
        }
        self.add(members, reading + amount, class, id)
    }

    /// Restarts with members that each received one unit per nanosecond since joining, the first of
    /// them at `since`. `dues` holds their ids, in the order of joining, and the instants at which they are done at
    /// that rate. Passes their handles to `each`.
    pub(crate) fn take_over(
        &mut self,
        members: &mut Members,
        since: SimTime,
        class: u64,
        dues: &[(u32, SimTime)],
        mut each: impl FnMut(u32, MemberHandle),
    ) {
        self.restart(members, since);
        self.rate = 1.0;
        for &(id, due) in dues {
            each(id, self.add(members, due.since(since).nanos() as f64, class, id));
        }
    }

    /// Adds a member that is done when the clock reads `finish`.
    #[inline]
    fn add(&mut self, members: &mut Members, finish: f64, class: u64, id: u32) -> MemberHandle {
        let handle = members.insert(finish, class, id);
        assert!(self.joined < 1 << (64 - SLOT_BITS), "fewer than 10¹² phases in a busy period");
        let rank = (self.joined << SLOT_BITS) | u64::from(handle.slot);
        self.joined += 1;
        self.present += 1;
        let entry = Entry { finish_bits: finish.to_bits(), rank };
        if self.entries.peek().is_none_or(|Reverse(first)| entry < *first) {
            self.known = None;
        }
        self.entries.push(Reverse(entry));
        handle
    }

    fn restart(&mut self, members: &mut Members, now: SimTime) {
        self.reading = 0.0;
        self.since = now;
        self.joined = 0;
        self.left = 0;
        self.known = None;
        for Reverse(entry) in self.entries.drain() {
            members.release(entry.slot());
        }
    }

    /// Subtracts a multiple of [`STEP_BACK`] from the reading and every finish. This is exact, since all of
    /// them are multiples of a smaller power of two.
    fn set_back(&mut self, members: &mut Members, now: SimTime) {
        let reading = self.reading_at(now);
        let step = (reading / STEP_BACK).floor() * STEP_BACK;
        self.reading = reading - step;
        self.since = now;
        self.known = None;
        let mut entries = std::mem::take(&mut self.entries).into_vec();
        for Reverse(entry) in &mut entries {
            let finish = (entry.finish() - step).max(0.0);
            entry.finish_bits = finish.to_bits();
            members.slots[entry.slot() as usize].finish = finish;
        }
        self.entries = BinaryHeap::from(entries);
    }

    /// Returns the instant of the next finish at the present rate, to the nearest nanosecond;
    /// [`SimTime::NEVER`] if there is none.
    #[inline]
    pub(crate) fn due(&mut self, members: &mut Members) -> SimTime {
        if let Some(due) = self.known {
            return due;
        }
        let due = self.find_due(members);
        self.known = Some(due);
        due
    }

    fn find_due(&mut self, members: &mut Members) -> SimTime {
        while let Some(&Reverse(first)) = self.entries.peek() {
            if members.slots[first.slot() as usize].present {
                return self.instant_of(first.finish());
            }
            self.entries.pop();
            self.left -= 1;
            members.release(first.slot());
        }
        SimTime::NEVER
    }

    #[inline]
    fn instant_of(&self, finish: f64) -> SimTime {
        if self.rate <= 0.0 {
            return SimTime::NEVER;
        }
        // `whole::u64` makes a negative wait (rounded past the finish) zero, and saturates above.
        let wait = whole::u64((finish - self.reading) / self.rate + 0.5);
        SimTime::from_nanos(self.since.nanos().saturating_add(wait))
    }

    /// Removes the next member due by `now`; returns its id and the key of its clock.
    #[inline]
    pub(crate) fn take_due(&mut self, members: &mut Members, now: SimTime) -> Option<(u32, u64)> {
        if self.due(members) > now {
            return None;
        }
        self.known = None;
        let Reverse(entry) = self.entries.pop().expect("a clock that is due has a member");
        let Member { id, class, .. } = members.slots[entry.slot() as usize];
        members.release(entry.slot());
        self.present -= 1;
        Some((id, class))
    }

    /// Removes `handle`, a present member of this clock; returns its remaining amount.
    pub(crate) fn leave(
        &mut self,
        members: &mut Members,
        now: SimTime,
        handle: MemberHandle,
    ) -> f64 {
        let reading = self.reading_at(now);
        self.known = None;
        let member = &mut members.slots[handle.slot as usize];
        // Its slot stays taken until its entry is dropped, so the entry cannot name another member.
        member.present = false;
        let remaining = (member.finish - reading).max(0.0);
        self.present -= 1;
        self.left += 1;
        if self.left > self.present + SLACK {
            self.left = 0;
            self.entries.retain(|Reverse(entry)| {
                let present = members.slots[entry.slot() as usize].present;
                if !present {
                    members.release(entry.slot());
                }
                present
            });
        }
        remaining
    }

    /// Removes all members in the order of joining; passes the id and remaining amount of each to
    /// `gone`.
    pub(crate) fn clear(
        &mut self,
        members: &mut Members,
        now: SimTime,
        mut gone: impl FnMut(u32, f64),
    ) {
        let reading = self.reading_at(now);
        let mut entries = std::mem::take(&mut self.entries).into_vec();
        entries.sort_unstable_by_key(|Reverse(entry)| entry.rank);
        for Reverse(entry) in entries.drain(..) {
            let member = &members.slots[entry.slot() as usize];
            if member.present {
                gone(member.id, (member.finish - reading).max(0.0));
            }
            members.release(entry.slot());
        }
        self.entries = BinaryHeap::from(entries);
        self.present = 0;
        self.left = 0;
        self.known = None;
    }
}
