//! Sets of disks whose single disks fail at random.
//!
//! Takes a draft. Gives the sets that faults hit with `disk-failed`, and the names of the automata of their disks. The
//! behaviour is in `declare::single_disks`.

use crate::kinds::disks::spec::Redundancy;
use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::Draft;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::units::SimDuration;

/// Most disks of a set that fail one by one.
pub const MOST_OF_SET: u32 = 256;
/// Most disks of all sets together.
pub const MOST: usize = 1 << 14;

/// State of a disk that has its data.
pub const UP: &str = "up";

/// Returns the state of a set that is lost by a fault.
#[must_use]
pub fn lost(fault: &str) -> String {
    format!("fault.{fault}")
}

/// Set of disks whose single disks fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingSet {
    /// The set.
    pub part: Part,
    /// Name of the set.
    pub name: String,
    /// Its name without the number of its server: `twin.local` of `twin-1.local`.
    pub group: String,
    /// Name of the fault.
    pub fault: String,
    /// Its groups.
    pub redundancy: Redundancy,
    /// Mean time from the failure of a disk until its data are whole.
    pub missing: SimDuration,
}

impl FailingSet {
    /// Returns the names of the automata of its disks, in order.
    pub fn disks(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.redundancy.disks).map(|number| disk(&self.name, number))
    }
}

/// Returns the name of the automaton of a disk of the set `set`; `number` counts from 0.
#[must_use]
pub fn disk(set: &str, number: u32) -> String {
    format!("{set}/disk-{}", number + 1)
}

/// Returns the sets whose disks a fault hits, in the order of parts.
pub(crate) fn of_fault(draft: &Draft, fault: &str, spec: &FaultSpec) -> Vec<FailingSet> {
    if spec.how.value != How::DiskFailed {
        return Vec::new();
    }
    let parts = draft.targets.hit(spec);
    let laws = [spec.repair.as_ref(), spec.rebuild.as_ref().map(|rebuild| &rebuild.value.lasts)];
    let mean = laws.into_iter().flatten().map(|law| law_of(law).mean()).sum();
    let missing = SimDuration::from_seconds_f64(mean);
    let one = |part: Part| {
        let redundancy = part.disk_set(draft)?.redundancy()?;
        let (name, group) = (part.name(draft), part.group(draft));
        Some(FailingSet { part, name, group, fault: fault.to_string(), redundancy, missing })
    };
    parts.into_iter().filter_map(one).collect()
}

/// Returns all sets whose single disks fail, sorted by name.
#[must_use]
pub fn all(draft: &Draft) -> Vec<FailingSet> {
    let faults = draft.scenario.fault.iter();
    let mut all: Vec<FailingSet> =
        faults.flat_map(|(name, spec)| of_fault(draft, &name.text, spec)).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}
