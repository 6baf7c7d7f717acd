//! The pending set: what is to happen, in the order in which it will.
//!
//! Model: a 4-ary heap of 16-byte keys, time (64 bits) | sequence (36) | code (28), so that the
//! key is the whole event and one integer comparison is the whole order. The four children of a
//! node share a cache line. Pop is lazy: it leaves a hole at the root, and the next push, which in
//! a simulation usually follows at once, fills it; two walks through the heap become one.
//!
//! In: an instant and a code. Out: [`Due`], in the order (time, sequence): ties in the order of
//! insertion, which makes the order total. Holds: time never goes back.
//! Leaves out: cancellation. A holder keeps the [`Ticket`] of its one armed alarm and skips a
//! popped event whose ticket is another: nothing is searched, and nothing is kept a second time.
//! Source: LaMarca & Ladner, The influence of caches on the performance of heaps (1996).

use std::hint::select_unpredictable;

use crate::units::SimTime;

/// Bits of a key below the sequence.
const CODE_BITS: u32 = 28;
/// One step of the sequence within the low half of a key.
const SEQUENCE_STEP: u64 = 1 << CODE_BITS;
/// A place without an event: later than every event.
const EMPTY: u128 = u128::MAX;

/// Which push an event came from: unique within a calendar, rising from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

impl Ticket {
    /// No push: what the holder of no armed alarm keeps.
    pub const NONE: Self = Self(0);

    /// The sequence number; 0 for [`Self::NONE`].
    #[must_use]
    pub const fn sequence(self) -> u64 {
        self.0
    }
}

/// An event whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it happens.
    pub at: SimTime,
    /// What the push returned.
    pub ticket: Ticket,
    /// What the push was given.
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
    /// After everything.
    pub const NEVER: Self = Self(EMPTY);

    /// When.
    #[must_use]
    #[inline]
    pub fn at(self) -> SimTime {
        time_of(self.0)
    }
}

/// The pending set, and the clock that follows it.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Node 0. The other nodes are numbered from 1: node `n` is member `(n - 1) % 4` of family
    /// `(n - 1) / 4`, and family `f` is the children of node `f`.
    root: u128,
    families: Vec<Family>,
    /// Nodes in use, with the root's hole.
    nodes: usize,
    /// The root was popped and not filled since.
    hole: bool,
    /// Low half of the last key, with code 0.
    sequence: u64,
    now: SimTime,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::new()
    }
}

impl Calendar {
    /// Codes are below this.
    pub const CODE_LIMIT: u32 = 1 << CODE_BITS;

    /// Nothing pending, at the start of time.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// Nothing pending, with room for `events` before it grows.
    #[must_use]
    pub fn with_capacity(events: usize) -> Self {
        Self {
            root: EMPTY,
            families: Vec::with_capacity(events.div_ceil(4)),
            nodes: 0,
            hole: false,
            sequence: 0,
            now: SimTime::ZERO,
        }
    }

    /// Time of the last popped event.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Events pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes - usize::from(self.hole)
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the next event happens.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        let first = if self.hole {
            self.families.first().map_or(EMPTY, |family| least(&family.0).1)
        } else {
            self.root
        };
        (!self.is_empty()).then(|| time_of(first))
    }

    /// Lets `code` happen at `at`, after everything already pending for that instant.
    ///
    /// # Panics
    ///
    /// When `at` lies before the last popped event, when `code` is not below
    /// [`Self::CODE_LIMIT`], and after 2³⁶ pushes (seven times the limit of events in a run).
    #[inline]
    pub fn push(&mut self, at: SimTime, code: u32) -> Ticket {
        assert!(at >= self.now, "an event would happen in the past");
        assert!(code < Self::CODE_LIMIT, "codes have {CODE_BITS} bits");
        self.sequence =
            self.sequence.checked_add(SEQUENCE_STEP).expect("runs end long before 2^36 pushes");
        let key = (u128::from(at.nanos()) << 64) | u128::from(self.sequence | u64::from(code));
        if self.hole {
            self.hole = false;
            self.sink(key);
        } else {
            self.append(key);
        }
        Ticket(self.sequence >> CODE_BITS)
    }

    /// Takes the next event out and moves the clock to it.
    #[inline]
    pub fn pop(&mut self) -> Option<Due> {
        if self.hole {
            self.hole = false;
            self.close_hole();
        }
        if self.nodes == 0 {
            return None;
        }
        self.hole = true;
        let low = self.root as u64;
        self.now = time_of(self.root);
        Some(Due {
            at: self.now,
            ticket: Ticket(low >> CODE_BITS),
            code: (low & (SEQUENCE_STEP - 1)) as u32,
        })
    }

    /// A place in the total order at `at`, as [`Self::push`] would give it now, for an event that
    /// its owner keeps itself: it comes before everything that is pushed later for that instant.
    #[inline]
    pub fn reserve(&mut self, at: SimTime) -> Place {
        self.sequence =
            self.sequence.checked_add(SEQUENCE_STEP).expect("runs end long before 2^36 pushes");
        Place((u128::from(at.nanos()) << 64) | u128::from(self.sequence))
    }

    /// Place of the next event; [`Place::NEVER`] when nothing is pending.
    #[must_use]
    #[inline]
    pub fn next_place(&self) -> Place {
        if self.hole {
            Place(self.families.first().map_or(EMPTY, |family| least(&family.0).1))
        } else if self.nodes == 0 {
            Place::NEVER
        } else {
            Place(self.root)
        }
    }

    /// Takes the next event out and moves the clock to it, if it happens before `end`.
    #[inline]
    pub fn pop_before(&mut self, end: SimTime) -> Option<Due> {
        if self.hole {
            self.hole = false;
            self.close_hole();
        }
        if self.nodes == 0 || time_of(self.root) >= end {
            return None;
        }
        self.pop()
    }

    /// Node `node`; the root's place is the caller's business.
    #[inline]
    fn place(&mut self, node: usize) -> &mut u128 {
        match node.checked_sub(1) {
            None => &mut self.root,
            Some(rank) => &mut self.families[rank / 4].0[rank % 4],
        }
    }

    /// Fills the hole at the root with `key`, moving smaller keys up before it.
    #[inline]
    fn sink(&mut self, key: u128) {
        let mut node = 0;
        while let Some(family) = self.families.get(node) {
            let (member, child) = least(&family.0);
            if child >= key {
                break;
            }
            *self.place(node) = child;
            node = ((node << 2) | member) + 1;
        }
        *self.place(node) = key;
    }

    /// Adds `key` at the end, moving greater keys down before it.
    fn append(&mut self, key: u128) {
        let node = self.nodes;
        self.nodes += 1;
        if node > 0 && (node - 1).is_multiple_of(4) {
            self.families.push(Family([EMPTY; 4]));
        }
        self.rise(node, key);
    }

    /// Puts `key` at `node` or, while it is the smaller one, in place of its parent.
    #[inline]
    fn rise(&mut self, mut node: usize, key: u128) {
        while node > 0 {
            let parent = (node - 1) / 4;
            let above = *self.place(parent);
            if key >= above {
                break;
            }
            *self.place(node) = above;
            node = parent;
        }
        *self.place(node) = key;
    }

    /// Fills the hole at the root with the last node. It belongs near the leaves, so the hole goes
    /// all the way down without a comparison, and the key rises from there.
    fn close_hole(&mut self) {
        self.nodes -= 1;
        if self.nodes == 0 {
            return;
        }
        let last = std::mem::replace(self.place(self.nodes), EMPTY);
        if (self.nodes - 1).is_multiple_of(4) {
            self.families.pop();
        }
        if self.nodes == 1 {
            self.root = last;
            return;
        }
        let mut node = 0;
        while let Some(family) = self.families.get(node) {
            let (member, child) = least(&family.0);
            if child == EMPTY {
                break;
            }
            *self.place(node) = child;
            node = ((node << 2) | member) + 1;
        }
        self.rise(node, last);
    }
}

/// Index and value of the least of four keys, without a branch: nobody can guess which it is.
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

#[cfg(test)]
mod tests;
