//! Event-digest checkpoints of a trajectory, by which two trajectories are compared.
//!
//! Model: the world carries a digest of all events so far. A part of it is recorded when the measured interval begins,
//! at some of the soundings, and when the interval ends. The events between two checkpoints are a *part* (the command
//! calls it an interval). Number 0 is the warm-up before the first checkpoint; the last one begins at the last
//! checkpoint, the end of the window. Once two trajectories differ they stay different. So they diverge in the part
//! that ends with the first checkpoint that differs.
//!
//! Holds: at most 32 soundings are kept, however many there are. The selection depends only on their number so far, not
//! on how many will follow. Leaves out: digests whose recorded parts agree by chance, one pair in 65,536; the next
//! checkpoint then differs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::SimDuration;

/// Maximum number of soundings recorded.
const MOST: usize = 32;

/// Checkpoint at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Time since the window's start.
    pub at: SimDuration,
    /// Number of earlier events in the trajectory.
    pub events: u64,
    /// Highest bits of their digest: they depend on all bits of the last event, the lowest do not.
    pub digest: u16,
}

impl Note {
    /// Creates a checkpoint at `at` after `events` events with this digest.
    #[must_use]
    pub const fn new(at: SimDuration, events: u64, digest: u64) -> Self {
        Self { at, events, digest: (digest >> 48) as u16 }
    }
}

/// Checkpoints of one trajectory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    notes: Vec<Note>,
    /// Number of soundings so far.
    soundings: usize,
    /// Number of soundings per recorded one.
    every: usize,
    events: u64,
}

impl Default for Trail {
    fn default() -> Self {
        Self { notes: Vec::new(), soundings: 0, every: 1, events: 0 }
    }
}

impl Trail {
    /// Begins the measured interval and drops earlier checkpoints.
    pub fn begin(&mut self, note: Note) {
        *self = Self::default();
        self.notes.push(note);
    }

    /// Records a sounding. If there are too many, every second one is dropped and skipped from then on.
    pub fn sound(&mut self, note: Note) {
        self.soundings += 1;
        if !self.soundings.is_multiple_of(self.every) {
            return;
        }
        self.notes.push(note);
        if self.notes.len() > 1 + MOST {
            self.every *= 2;
            let mut place = 0;
            // The first stays: it is no sounding.
            self.notes.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
    }

    /// Ends the measured interval, at a sounding or after it.
    pub fn end(&mut self, note: Note) {
        if self.notes.last().is_none_or(|last| last.at < note.at) {
            self.notes.push(note);
        }
    }

    /// Ends the trajectory, after `events` events in total.
    pub fn close(&mut self, events: u64) {
        self.events = events;
    }

    /// Returns the checkpoints, in order.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Returns the number of events of a part; 0 beyond the end of the trajectory.
    #[must_use]
    pub fn events_of(&self, stretch: usize) -> u64 {
        let until = |notes: usize| self.notes.get(notes).map_or(self.events, |note| note.events);
        let before = stretch.checked_sub(1).map_or(0, until);
        until(stretch).saturating_sub(before)
    }

    /// Returns the number of the part in which the trajectory diverges from one with these checkpoints; the last one if
    /// none differs.
    #[must_use]
    pub fn parts_from(&self, other: &[u16]) -> usize {
        let own = |at: usize| self.notes.get(at).map(|note| note.digest);
        let most = self.notes.len().max(other.len());
        (0..most).find(|at| own(*at) != other.get(*at).copied()).unwrap_or(most)
    }
}

/// Prints the recorded parts of the digest, four hexadecimal digits each, without separator.
impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.notes.iter().try_for_each(|note| write!(f, "{:04x}", note.digest))
    }
}

/// Parses the printed form of a trail; `None` if `text` is not one.
#[must_use]
pub fn pieces(text: &str) -> Option<Vec<u16>> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = text.as_bytes().chunks(4);
    let piece = |four: &[u8]| {
        let four = std::str::from_utf8(four).ok().filter(|four| four.len() == 4)?;
        u16::from_str_radix(four, 16).ok()
    };
    digits.map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(at: u64, digest: u64) -> Note {
        Note::new(SimDuration::from_secs(at), 10 * at, digest << 48)
    }

    fn trail(soundings: u64) -> Trail {
        let mut trail = Trail::default();
        trail.begin(note(0, 0));
        (1..=soundings).for_each(|at| trail.sound(note(at, at)));
        trail.end(note(soundings, soundings));
        trail.close(10 * soundings + 5);
        trail
    }

    #[test]
    fn notes_are_few_and_evenly_spaced_however_many_the_soundings() {
        for soundings in 1..1_000 {
            let trail = trail(soundings);
            let notes = trail.notes();
            assert!(notes.len() <= 2 + MOST, "{soundings}: {}", notes.len());
            assert!(notes.len() as u64 > soundings.min(MOST as u64 / 2), "{soundings}");
            assert_eq!(notes[0].at, SimDuration::ZERO);
            assert_eq!(notes.last().unwrap().at, SimDuration::from_secs(soundings));
            let gap = notes[1].at.nanos();
            let even = notes[..notes.len() - 1].windows(2);
            assert!(even.into_iter().all(|two| (two[1].at - two[0].at).nanos() == gap));
        }
        assert_eq!(trail(100).notes().len(), 26);
    }

    #[test]
    fn histories_part_in_the_stretch_before_the_first_note_that_differs() {
        let trail = trail(4);
        let text = trail.to_string();
        assert_eq!(text, "00000001000200030004");
        let mut other = pieces(&text).unwrap();
        assert_eq!(trail.parts_from(&other), 5, "after the last note");
        other[3] = 7;
        assert_eq!(trail.parts_from(&other), 3);
        // One that ended before, and one that went further.
        assert_eq!(trail.parts_from(&other[..2]), 2);
        assert_eq!(trail.parts_from(&[0, 1, 2, 3, 4, 5]), 5);
        assert_eq!([0, 1, 4, 5, 6].map(|stretch| trail.events_of(stretch)), [0, 10, 10, 5, 0]);
    }

    #[test]
    fn what_is_no_trail_is_none() {
        for text in ["0", "00000", "000g", "+001", "00é"] {
            assert_eq!(pieces(text), None, "{text}");
        }
        assert_eq!(pieces(""), Some(Vec::new()));
    }
}
