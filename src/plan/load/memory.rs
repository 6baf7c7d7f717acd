//! Reads that memory takes off disks, and memory that has nothing of them yet.

use std::collections::BTreeMap;

use super::{Sums, open_rates, sums};
use crate::plan::Draft;
use crate::plan::part::Part;
use crate::plan::ram::{Asked, Found, Place};

/// State in which the work is summed.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Memory is warm.
    Warm,
    /// Another part has just taken over, and memory is cold.
    Cold(Cold),
    /// Memory is warm, and requests meet as is best for the parts.
    Least,
}

/// Memory that has lost its content, after a takeover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cold {
    /// Buffers of databases.
    Buffers,
    /// Buffers of databases, and memory of servers and heads.
    All,
}

/// Computes the operations per second for which memories are asked, with all parts up, at the rates of the file.
#[must_use]
pub fn asked_of_memories(draft: &Draft) -> BTreeMap<Place, Asked> {
    sums(draft, &open_rates(draft), &|_| true, &|_| true, State::Warm).asked
}

impl Sums<'_> {
    /// Adds operations of the part `of` for which a memory is asked; returns the reads that it does not find.
    pub(crate) fn missed(&mut self, place: Place, of: Part, (reads, writes): (f64, f64)) -> f64 {
        let asked = self.asked.entry(place).or_default();
        asked.reads += reads;
        asked.writes += writes;
        let reads_in_all = asked.reads;
        let is_empty =
            |found: &Found| matches!(self.state, State::Cold(Cold::All)) && !found.is_asked;
        if !self.draft.ram.at(place).is_some_and(is_empty) {
            return reads * self.draft.ram.misses(place);
        }
        let most = self.empty.entry(of).or_insert((place, 0.0));
        if reads_in_all > most.1 || most.0 == place {
            *most = (place, reads_in_all);
        }
        reads
    }
}
