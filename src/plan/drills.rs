//! What a drill can break: the parts, their kinds and roles, and one of each.
//!
//! Model: two parts are of the same kind and role when they are members of the same group and the
//! same roles stand on them: of two equal web servers one is enough, of a server with the web zone
//! and one with the database both are broken. A part without siblings is itself.
//!
//! Takes a draft. Gives parts in the order of [`all_parts`]. Leaves out: pairs of parts, sites that
//! differ only in how many users they have.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Draft;
use crate::plan::faults::parts::all_parts;
use crate::plan::part::{Part, PartKind};
use crate::plan::targets;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::SimDuration;

/// A part that a drill can break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drillable {
    /// Its name: `twin-1`, `store.head-1`, `mysql.master`.
    pub name: String,
    /// What it is: `server`, `head`, `database`.
    pub kind: &'static str,
    /// Its name without its number: what it is called in every scenario that has one.
    pub group: String,
    /// Faults of the file that strike it, in the order of their names; none: it breaks in drills alone.
    pub faults: Vec<String>,
}

/// Every part that a drill can break: all but those that fail by a law of their own.
pub fn parts(draft: &Draft) -> impl Iterator<Item = Part> {
    all_parts(draft).into_iter().filter(|part| !part.sort().fails_by_law)
}

/// `part` with what a reader wants to know of it.
#[must_use]
pub fn drillable(draft: &Draft, part: Part) -> Drillable {
    // What is wrong with a reference has been said already.
    let mut said = Diagnostics::new();
    let faults = draft.scenario.fault.iter().filter(|(_, fault)| {
        let mut hits = fault.hits.iter();
        hits.any(|hit| targets::parts(draft, &hit.text, hit.span, &mut said).contains(&part))
    });
    let mut faults: Vec<String> = faults.map(|(name, _)| name.text.clone()).collect();
    faults.sort_unstable();
    Drillable { name: part.name(draft), kind: part.sort().word, group: part.group(draft), faults }
}

/// One part of each kind and role: the first.
#[must_use]
pub fn one_of_each(draft: &Draft) -> Vec<Part> {
    let mut stands: BTreeMap<Part, BTreeSet<String>> = BTreeMap::new();
    for part in parts(draft) {
        for domain in part.domains(draft) {
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

/// How long a part takes to come back once it is mended, in the mean, with what stands on it: a zone boots, what
/// runs in it restarts, a head is given its volumes back.
#[must_use]
pub fn way_back(draft: &Draft, part: Part) -> SimDuration {
    let sort = part.sort();
    let carries = sort.purpose == PartKind::Domain && !sort.is_place;
    let on_it = parts(draft).filter(|other| carries && other.stands_on(draft) == Some(part));
    let longest = on_it.map(|other| way_back(draft, other)).max();
    part.answers().way_back(draft, part) + longest.unwrap_or(SimDuration::ZERO)
}
