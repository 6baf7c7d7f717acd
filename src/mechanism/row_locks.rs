//! Exclusive locks of the rows of one copy of a database, with a queue for each row.
//!
//! Model: a transaction locks one row at each copy. Its first lock is that of the copy that it began at; it holds nothing while
//! it waits there, so it may always wait. For a lock at a further copy the rule is wait-die: it waits only if it is older than
//! the holder and all that wait before it. Otherwise it dies: it is aborted, and retried under its old age. So no
//! transaction that holds a lock waits for an older one, and no cycle of waits can arise, also across copies.
//!
//! In: a row, the number of a transaction (smaller is older). Out: granted, waits, or dies; the next holder of a released row.
//! Holds: one holder per row; a row without a holder is not kept.
//! Leaves out: shared locks, several rows per transaction.
//! Source: Rosenkrantz, Stearns and Lewis (1978), System level concurrency control for distributed database systems, ACM TODS
//! 3(2).

use std::collections::{BTreeMap, VecDeque};

/// Answer to a transaction that asks for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It holds the row.
    Granted,
    /// It waits in the queue of the row.
    Waits,
    /// It may not wait.
    Dies,
}

#[derive(Clone, Debug)]
struct Row {
    holder: u64,
    queue: VecDeque<u64>,
}

/// Locked rows of one copy.
#[derive(Clone, Debug, Default)]
pub struct RowLocks {
    rows: BTreeMap<u64, Row>,
}

impl RowLocks {
    /// Asks for `row`; `first` if the transaction `age` holds no lock elsewhere.
    pub fn ask(&mut self, row: u64, age: u64, first: bool) -> Asked {
        let Some(locked) = self.rows.get_mut(&row) else {
            self.rows.insert(row, Row { holder: age, queue: VecDeque::new() });
            return Asked::Granted;
        };
        if locked.holder == age {
            return Asked::Granted;
        }
        let oldest = locked.queue.iter().fold(locked.holder, |oldest, other| oldest.min(*other));
        if !first && age > oldest {
            return Asked::Dies;
        }
        locked.queue.push_back(age);
        Asked::Waits
    }

    /// Releases `row`, or takes the transaction out of its queue. Returns the transaction that holds the row next, if that
    /// is another one now.
    pub fn release(&mut self, row: u64, age: u64) -> Option<u64> {
        let locked = self.rows.get_mut(&row)?;
        if locked.holder != age {
            locked.queue.retain(|other| *other != age);
            return None;
        }
        match locked.queue.pop_front() {
            Some(next) => {
                locked.holder = next;
                Some(next)
            }
            None => {
                self.rows.remove(&row);
                None
            }
        }
    }

    /// Drops all locks: the copy has lost its memory.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Returns the number of locked rows.
    #[must_use]
    pub fn locked(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, RowLocks};

    #[test]
    fn a_younger_transaction_with_locks_elsewhere_dies_and_an_older_one_waits() {
        let mut locks = RowLocks::default();
        assert_eq!(locks.ask(7, 5, true), Asked::Granted);
        assert_eq!(locks.ask(7, 9, false), Asked::Dies);
        assert_eq!(locks.ask(7, 2, false), Asked::Waits);
        // Older than the holder, but younger than one that waits before it.
        assert_eq!(locks.ask(7, 4, false), Asked::Dies);
        // What holds nothing elsewhere may wait, whatever its age.
        assert_eq!(locks.ask(7, 8, true), Asked::Waits);
        assert_eq!(locks.release(7, 5), Some(2));
        assert_eq!(locks.release(7, 8), None);
        assert_eq!(locks.release(7, 2), None);
        assert_eq!(locks.locked(), 0);
    }

    #[test]
    fn rows_are_locked_independently() {
        let mut locks = RowLocks::default();
        assert_eq!(locks.ask(1, 1, true), Asked::Granted);
        assert_eq!(locks.ask(2, 2, true), Asked::Granted);
        assert_eq!(locks.ask(2, 2, false), Asked::Granted, "what it holds already");
        assert_eq!(locks.locked(), 2);
    }
}
