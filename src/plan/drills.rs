//! Targets of drills: the parts, their kinds and roles, and one part of each.
//!
//! Model: two parts have the same kind and role if they are members of the same group and the
//! same roles stand on them. Of two equal web servers one is broken; a server with the web zone
//! and one with the database are both broken. A part without siblings represents itself.
//!
//! Takes a draft. Gives parts in the order of [`all_parts`]. Leaves out: pairs of parts, sites that
//! differ only in their number of users.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Draft;
use crate::plan::faults::parts::all_parts;
use crate::plan::feeds;
use crate::plan::part::{Part, PartKind};
use crate::units::SimDuration;

/// Part that a drill can break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drillable {
    /// Name of the part: `twin-1`, `store.head-1`, `mysql.primary`.
    pub name: String,
    /// Sort of the part: `server`, `head`, `database`.
    pub kind: &'static str,
    /// Name without its number, which is the same in every scenario that has such a part.
    pub group: String,
    /// Faults of the file that strike it, sorted by name; if empty, it breaks in drills alone.
    pub faults: Vec<String>,
}

/// Returns every part that a drill can break: all except those that fail by a law of their own.
pub fn parts(draft: &Draft) -> impl Iterator<Item = Part> {
    all_parts(draft).into_iter().filter(|part| !part.sort().fails_by_law)
}

/// Describes a part for readers.
#[must_use]
pub fn drillable(draft: &Draft, part: Part) -> Drillable {
    let faults = draft.scenario.fault.iter();
    let faults = faults.filter(|(_, fault)| draft.targets.hit(fault).contains(&part));
    let mut faults: Vec<String> = faults.map(|(name, _)| name.text.clone()).collect();
    faults.sort_unstable();
    Drillable { name: part.name(draft), kind: part.sort().word, group: part.group(draft), faults }
}

/// Returns the first part of each kind and role.
#[must_use]
pub fn one_of_each(draft: &Draft) -> Vec<Part> {
    let mut stands: BTreeMap<Part, BTreeSet<String>> = BTreeMap::new();
    for part in parts(draft) {
        for domain in part.domains(draft).into_iter().chain(feeds::of(draft, part)) {
            stands.entry(domain).or_default().insert(part.group(draft));
        }
    }
    let mut seen = BTreeSet::new();
    let first = |part: &Part| {
        let roles = stands.get(part).cloned().unwrap_or_default();
        seen.insert((part.sort().word, part.group(draft), roles))
    };
    parts(draft).filter(first).collect()
}

/// Returns the mean time from the repair of a part until it and everything on it works again: a zone boots, its
/// processes restart, a head gets its volumes back.
#[must_use]
pub fn way_back(draft: &Draft, part: Part) -> SimDuration {
    part.answers().way_back(draft, part) + ways_back(draft).of_all_on(part)
}

/// Mean times until everything on a part works again.
pub struct WaysBack {
    longest: BTreeMap<Part, SimDuration>,
}

/// Computes these times for every part.
#[must_use]
pub fn ways_back(draft: &Draft) -> WaysBack {
    let mut on: BTreeMap<Part, Vec<Part>> = BTreeMap::new();
    for other in parts(draft) {
        for part in other.stands_on(draft).into_iter().chain(feeds::of(draft, other)) {
            let sort = part.sort();
            if sort.purpose == PartKind::Domain && !sort.is_place {
                on.entry(part).or_default().push(other);
            }
        }
    }
    let mut all = WaysBack { longest: BTreeMap::new() };
    for part in on.keys() {
        all.follow(draft, &on, *part);
    }
    all
}

impl WaysBack {
    /// Returns the time from when a part works again until everything on it does.
    #[must_use]
    pub fn of_all_on(&self, part: Part) -> SimDuration {
        self.longest.get(&part).copied().unwrap_or(SimDuration::ZERO)
    }

    fn follow(&mut self, draft: &Draft, on: &BTreeMap<Part, Vec<Part>>, part: Part) -> SimDuration {
        if let Some(known) = self.longest.get(&part) {
            return *known;
        }
        let others = on.get(&part).map_or(&[][..], Vec::as_slice).iter();
        let back = others
            .map(|other| other.answers().way_back(draft, *other) + self.follow(draft, on, *other));
        let longest = back.max().unwrap_or(SimDuration::ZERO);
        self.longest.insert(part, longest);
        longest
    }
}
