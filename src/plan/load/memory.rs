//! Reads that memory takes off disks, and memory that has nothing of them yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Sums, open_rates, sums};
use crate::plan::Draft;
use crate::plan::part::Part;
use crate::plan::ram::{Place, Rates, Read, Second};
use crate::workload::second_level;

/// State in which the work is summed.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Memory is warm.
    Warm,
    /// Another part has just taken over, and memory is cold.
    Cold(Cold),
    /// Memory is warm, requests meet as is best for the parts, and work that may wait is left out.
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

/// Computes the operations per second on the contents of memories, with all parts up, at these rates of the workloads.
#[must_use]
pub fn asked_of_memories(draft: &Draft, rates: &[f64]) -> BTreeMap<Place, Rates> {
    sums(draft, rates, &|_| true, &|_| true, State::Warm).asked
}

/// Computes the operations per second on the contents of memories at the rates of the file.
#[must_use]
pub fn read_from_memories(draft: &Draft) -> Read {
    let rates = open_rates(draft);
    let known = asked_of_memories(draft, &rates);
    // Closed users and recorded traffic have no rate, and read all the same.
    let any = asked_of_memories(draft, &vec![1.0; rates.len()]);
    let of = |(place, any): (Place, Rates)| {
        (place, (known.get(&place).copied().unwrap_or_default(), any.reads > 0.0))
    };
    any.into_iter().map(of).collect()
}

impl Sums<'_> {
    /// Adds operations of the part `of` for which a memory is asked; returns the reads that it does not find.
    pub(crate) fn missed(&mut self, place: Place, of: Part, (reads, writes): (f64, f64)) -> f64 {
        let asked = self.asked.entry(place).or_default();
        asked.reads += reads;
        asked.writes += writes;
        if !self.has_nothing_of(place) {
            return reads * self.draft.ram.misses(place);
        }
        *self.empty.entry(of).or_default().entry(place).or_insert(0.0) += reads;
        reads
    }

    /// Returns the second level behind a memory, and what it finds; `None` if it finds nothing now.
    pub(crate) fn second_level(&self, place: Place) -> Option<(Second, Arc<second_level::Found>)> {
        let (second, found) = self.draft.ram.at(place)?.second.as_ref()?;
        let finds = self.is_up(second.disks) && !self.has_nothing_of(place);
        finds.then(|| (*second, Arc::clone(found)))
    }

    fn has_nothing_of(&self, place: Place) -> bool {
        let all = matches!(self.state, State::Cold(Cold::All));
        self.draft.ram.at(place).is_some_and(|found| all && !found.is_read)
    }
}
