//! Copies of objects that change at their origin: which are old, and which a purge has removed.
//!
//! Model: an object changes at an instant. A copy that was made before is old from then on, whether its cache knows or not.
//! A look-up that finds an old copy gets a *stale* answer. A purge removes the copy; the next look-up of that object is a
//! *refetch*, and so are further ones until a new copy is there.
//!
//! In: [`Versions`] has the last change of each object, of which all caches have copies; [`Met`] has the effects on one cache.
//! Holds: stale answers + refetches ≤ look-ups; all counts are integers that never fall.
//! Leaves out: a copy whose fetch has read the object before its change and arrives afterwards counts as new.

use crate::units::SimTime;

/// A number in the place of an object that means all objects.
pub const ALL: u64 = u64::MAX;

/// Message to what keeps copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The object has changed at the origin: its copies are old. No cache knows it yet.
    Changed,
    /// Remove the copy of the object.
    Remove,
    /// Store the new copy of the object.
    Store,
}

/// Mark of a question that is a message about copies; below it are two bits of the message, then a number of the receiver.
const MARK: u32 = 1 << 28;
const SHIFT: u32 = 26;

impl Message {
    /// Returns the question of a step that carries this message, with a number that the receiver gave.
    ///
    /// # Panics
    ///
    /// If the number has more than 26 bits.
    #[must_use]
    pub fn question(self, number: u32) -> u32 {
        assert!(number >> SHIFT == 0, "a scenario has fewer request classes");
        let bits = match self {
            Self::Changed => 0,
            Self::Remove => 1,
            Self::Store => 2,
        };
        MARK | bits << SHIFT | number
    }

    /// Returns the message of a question and the number of the receiver; `None` for any other question.
    #[must_use]
    pub const fn of(question: u32) -> Option<(Self, u32)> {
        if question & MARK == 0 {
            return None;
        }
        let message = match question >> SHIFT & 3 {
            0 => Self::Changed,
            1 => Self::Remove,
            _ => Self::Store,
        };
        Some((message, question & ((1 << SHIFT) - 1)))
    }
}

/// Last change of each object.
#[derive(Clone, Debug)]
pub struct Versions(Vec<SimTime>);

impl Versions {
    /// Returns objects none of which has changed.
    #[must_use]
    pub fn new(objects: u32) -> Self {
        Self(vec![SimTime::ZERO; objects as usize])
    }

    /// Changes the objects from `first` up to, but without, `end`.
    ///
    /// # Panics
    ///
    /// If there are no such objects.
    pub fn change(&mut self, now: SimTime, first: u32, end: u32) {
        self.0[first as usize..end as usize].fill(now);
    }

    /// Returns whether a copy made at `since` is old.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    #[must_use]
    pub fn is_old(&self, object: u32, since: SimTime) -> bool {
        since < self.0[object as usize]
    }
}

/// Effects of changes of objects on one cache.
#[derive(Clone, Debug)]
pub struct Met {
    /// True for each object whose copy a purge has removed, until a new one is stored.
    gone: Vec<bool>,
    stale: u64,
    refetches: u64,
    removed: u64,
}

/// Counts of [`Met::tally`] by place; look-ups are the number of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Look-ups.
    LookUps,
    /// Look-ups that found an old copy.
    Stale,
    /// Look-ups of an object whose copy a purge has removed.
    Refetches,
    /// Copies that purges have removed.
    Removed,
}

/// Name of that tally.
pub const OF: &str = "purged cache";

impl Met {
    /// Returns the counts of a cache for these objects.
    #[must_use]
    pub fn new(objects: u32) -> Self {
        Self { gone: vec![false; objects as usize], stale: 0, refetches: 0, removed: 0 }
    }

    /// Counts a look-up that finds a copy, which is old or not.
    pub fn found(&mut self, is_old: bool) {
        self.stale += u64::from(is_old);
    }

    /// Counts a look-up that finds no copy.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    pub fn missed(&mut self, object: u32) {
        self.refetches += u64::from(self.gone[object as usize]);
    }

    /// Notes that a purge has removed a copy.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    pub fn removed(&mut self, object: u32) {
        self.gone[object as usize] = true;
        self.removed += 1;
    }

    /// Notes that a copy is stored.
    ///
    /// # Panics
    ///
    /// If there is no such object.
    pub fn stored(&mut self, object: u32) {
        self.gone[object as usize] = false;
    }

    /// Notes that all copies are lost, but not by a purge.
    pub fn forgets(&mut self) {
        self.gone.fill(false);
    }

    /// Returns the counts, in the order of [`Tallied`].
    #[must_use]
    pub fn tally(&self, look_ups: u64) -> Vec<u128> {
        [look_ups, self.stale, self.refetches, self.removed].map(u128::from).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    fn at(nanos: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_nanos(nanos)
    }

    #[test]
    fn a_copy_is_old_once_its_object_has_changed() {
        let mut versions = Versions::new(4);
        assert!(!versions.is_old(2, at(0)));
        versions.change(at(5), 2, 3);
        let old = [0, 4, 5, 6].map(|since| versions.is_old(2, at(since)));
        assert_eq!(old, [true, true, false, false]);
        assert!(!versions.is_old(1, at(0)));
        versions.change(at(9), 0, 4);
        assert!((0..4).all(|object| versions.is_old(object, at(8))));
    }

    #[test]
    fn a_refetch_is_a_look_up_after_a_purge_until_a_copy_is_there() {
        let mut met = Met::new(2);
        met.missed(1);
        met.removed(1);
        met.missed(1);
        met.missed(1);
        met.missed(0);
        met.stored(1);
        met.missed(1);
        met.found(true);
        met.found(false);
        assert_eq!(met.tally(9), [9, 1, 2, 1]);
        met.removed(0);
        met.forgets();
        met.missed(0);
        assert_eq!(met.tally(10), [10, 1, 2, 2]);
    }

    #[test]
    fn a_question_carries_its_message_and_its_number() {
        for message in [Message::Changed, Message::Remove, Message::Store] {
            assert_eq!(Message::of(message.question(77)), Some((message, 77)));
        }
        assert_eq!(Message::of(77), None);
    }
}
