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
use crate::plan::names::split_member;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::plan::targets;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::law::LawSpec;
use crate::units::SimDuration;

/// A mended head waits at most so long for its volumes in a drill, whatever its `giveback.after`: until then
/// its partner serves them, as in the run in which it stays broken.
pub const GIVEBACK_WAIT: SimDuration = SimDuration::from_secs(10);

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

/// What a part is, in a word.
#[must_use]
pub fn kind(part: Part) -> &'static str {
    match part {
        Part::Site(_) => "site",
        Part::Uplink { .. } => "uplink",
        Part::Link(_) => "link",
        Part::Rack(_) => "rack",
        Part::Switch { .. } => "switch",
        Part::Server(_) => "server",
        Part::Disks { .. } => "disks",
        Part::Head { .. } => "head",
        Part::Pool { .. } => "pool",
        Part::Zone { .. } => "zone",
        Part::Service { .. } => "service",
        Part::Database { .. } => "database",
        Part::Balancer { .. } => "balancer",
        Part::Own(own) => own.planned().word(),
        Part::Edge { .. } => "edge",
        Part::Station { .. } => "station",
        Part::Unit { .. } => "unit",
    }
}

/// The name of a part without the number of the member: `twin.local` of `twin-1.local`.
fn role(draft: &Draft, part: Part) -> String {
    if let Part::Disks { server, set } = part {
        let (name, spec) = &draft.scenario.server[server.group];
        return format!("{name}.{}", spec.disks[set].0);
    }
    let name = part.name(draft);
    let numbered = match part {
        Part::Own(own) => own.is_numbered(draft),
        _ => matches!(
            part,
            Part::Uplink { .. }
                | Part::Switch { .. }
                | Part::Server(_)
                | Part::Head { .. }
                | Part::Zone { .. }
                | Part::Service { .. }
                | Part::Database { .. }
                | Part::Balancer { .. }
                | Part::Edge { .. }
                | Part::Station { .. }
        ),
    };
    match split_member(&name).filter(|_| numbered) {
        Some((group, _)) => group.to_string(),
        None => name,
    }
}

/// Every part that a drill can break: all but the units of textbook models.
pub fn parts(draft: &Draft) -> impl Iterator<Item = Part> {
    all_parts(draft).into_iter().filter(|part| !matches!(part, Part::Unit { .. }))
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
    Drillable { name: part.name(draft), kind: kind(part), group: role(draft, part), faults }
}

/// One part of each kind and role: the first.
#[must_use]
pub fn one_of_each(draft: &Draft) -> Vec<Part> {
    let mut stands: BTreeMap<Part, BTreeSet<String>> = BTreeMap::new();
    for part in parts(draft) {
        for domain in part.domains(draft) {
            stands.entry(domain).or_default().insert(role(draft, part));
        }
    }
    let mut seen = BTreeSet::new();
    let first = |part: &Part| {
        let roles = stands.get(part).cloned().unwrap_or_default();
        seen.insert((kind(*part), role(draft, *part), roles))
    };
    parts(draft).filter(first).collect()
}

/// How long a part takes to come back once it is mended, in the mean: a zone boots, what runs in it
/// restarts, a head is given its volumes back.
#[must_use]
pub fn way_back(draft: &Draft, part: Part) -> SimDuration {
    let scenario = &draft.scenario;
    let mean = |law: &LawSpec<SimDuration>| SimDuration::from_seconds_f64(law_of(law).mean());
    let own = match part {
        Part::Zone { zone, .. } => scenario.zone[zone].1.boot.value,
        Part::Service { service, .. } => {
            scenario.service[service].1.restart.as_deref().map_or(SimDuration::ZERO, mean)
        }
        // Where another takes over, nobody waits for it.
        Part::Database { database, .. } if scenario.database[database].1.failover.is_none() => {
            scenario.database[database].1.restart.as_deref().map_or(SimDuration::ZERO, mean)
        }
        Part::Head { nas, .. } => {
            let failover = scenario.nas[nas].1.failover.as_ref();
            let giveback = failover.and_then(|failover| failover.giveback.as_ref());
            giveback.map_or(SimDuration::ZERO, |back| {
                back.after.value.min(GIVEBACK_WAIT) + mean(&back.lasts)
            })
        }
        _ => SimDuration::ZERO,
    };
    let carries = matches!(part, Part::Server(_) | Part::Zone { .. });
    let on_it = parts(draft).filter(|other| carries && other.stands_on(draft) == Some(part));
    own + on_it.map(|other| way_back(draft, other)).max().unwrap_or(SimDuration::ZERO)
}
