//! Threads that wait, by priority, first in first out within one: a run queue, the wait queue of a cap, or the
//! threads of a zone that sleep.
//!
//! Model: a thread is in at most one queue, so the links lie in the threads. Every operation costs the same for any
//! number of threads.

use super::thread::Thread;

/// Number of priorities; the highest runs first.
pub(super) const PRIORITIES: usize = 60;
/// Index of no thread.
pub(super) const NONE: u32 = u32::MAX;

/// A queue of threads.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    first: [u32; PRIORITIES],
    last: [u32; PRIORITIES],
    count: [u32; PRIORITIES],
    /// One bit per priority at which a thread waits.
    present: u64,
    length: u32,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self {
            first: [NONE; PRIORITIES],
            last: [NONE; PRIORITIES],
            count: [0; PRIORITIES],
            present: 0,
            length: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.present == 0
    }

    pub(super) const fn length(&self) -> u32 {
        self.length
    }

    /// Returns the number of threads at one priority.
    pub(super) fn length_at(&self, priority: u8) -> u32 {
        self.count[usize::from(priority)]
    }

    /// Returns the highest priority at which a thread waits; −1 if none does.
    pub(super) fn highest(&self) -> i16 {
        63 - i16::try_from(self.present.leading_zeros()).unwrap_or(64)
    }

    /// Adds a thread at its priority, in front of the others or behind them.
    pub(super) fn add(&mut self, threads: &mut [Thread], thread: u32, is_front: bool) {
        let at = usize::from(threads[thread as usize].priority);
        let (first, last) = (self.first[at], self.last[at]);
        let (before, after) = if is_front { (NONE, first) } else { (last, NONE) };
        let own = &mut threads[thread as usize];
        (own.before, own.after) = (before, after);
        match before {
            NONE => self.first[at] = thread,
            _ => threads[before as usize].after = thread,
        }
        match after {
            NONE => self.last[at] = thread,
            _ => threads[after as usize].before = thread,
        }
        self.count[at] += 1;
        self.present |= 1 << at;
        self.length += 1;
    }

    /// Removes a thread of this queue, whose priority has not changed since it was added.
    pub(super) fn remove(&mut self, threads: &mut [Thread], thread: u32) {
        let Thread { before, after, priority, .. } = threads[thread as usize];
        let at = usize::from(priority);
        match before {
            NONE => self.first[at] = after,
            _ => threads[before as usize].after = after,
        }
        match after {
            NONE => self.last[at] = before,
            _ => threads[after as usize].before = before,
        }
        self.count[at] -= 1;
        self.length -= 1;
        if self.count[at] == 0 {
            self.present &= !(1 << at);
        }
    }

    /// Removes and returns the first thread of the highest priority.
    pub(super) fn pop(&mut self, threads: &mut [Thread]) -> Option<u32> {
        let at = usize::try_from(self.highest()).ok()?;
        let thread = self.first[at];
        self.remove(threads, thread);
        Some(thread)
    }
}
