//! Databases that are restored from backups: those that a fault corrupts, and those that lose their disks.
//!
//! Takes a draft. Gives the restores by database, with the backups that operations make of it. The behaviour is in
//! [`crate::health::restore`], the automata in `declare::corrupted` and `declare::lost_data`.
//!
//! A database loses its data if a fault takes sets of disks (`disk-failed`, `lost`) under the data of every member. Data that
//! are spread over several pools are lost with each of them. Leaves out: a server or a member that is `lost`; sets on which no
//! database stands; databases without a `restore`, whose data are back with their disks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::law::DurationLaw;
use crate::health::restore::{Backups, Restore};
use crate::model::spec::runs::{FaultSpec, How, OperationSpec};
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::plan::space;
use crate::scenario::source::Span;
use crate::units::{SimDuration, SimTime};

/// State in which the data are corrupted, and no check knows it.
pub const CORRUPT: &str = "corrupt";
/// State in which the data are restored.
pub const RESTORING: &str = "restoring";

/// Database that is restored from backups.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Number of the database in the draft.
    pub database: usize,
    /// Name of the database.
    pub name: String,
    /// Its restores: after a corruption, and after the loss of its disks.
    pub ways: Vec<Way>,
}

/// Restore of a database after losses of one sort.
#[derive(Clone, Debug)]
pub struct Way {
    /// Name of the automaton.
    pub automaton: String,
    /// State in which the data are lost, before the restore begins.
    pub begun: &'static str,
    /// Way in which it is restored.
    pub restore: Arc<Restore>,
}

/// Database that a fault corrupts.
#[derive(Clone, Debug)]
pub struct Corrupted {
    /// Number of the database in the draft.
    pub database: usize,
    /// Name of the database.
    pub name: String,
    /// Name of the fault.
    pub fault: String,
    /// Way in which it is restored.
    pub restore: Arc<Restore>,
}

impl Corrupted {
    /// Returns the name of the automaton of its corruptions.
    #[must_use]
    pub fn automaton(&self) -> String {
        format!("{}/restore/{}", self.name, self.fault)
    }
}

/// Returns the databases that parts belong to, each with the number of parts; `None` if another part is among them.
pub(crate) fn databases(parts: &[Part]) -> Option<BTreeMap<usize, usize>> {
    let mut found = BTreeMap::new();
    for part in parts {
        let Part::Database { database, .. } = part else { return None };
        *found.entry(*database).or_insert(0) += 1;
    }
    Some(found)
}

/// Returns the databases that an operation backs up, by number.
pub(crate) fn backed_up(draft: &Draft, spec: &OperationSpec) -> BTreeSet<usize> {
    if !spec.backs_up() {
        return BTreeSet::new();
    }
    let parts = draft.targets.operated(spec);
    databases(&parts).map_or_else(BTreeSet::new, |found| found.into_keys().collect())
}

/// Returns the databases of which a fault corrupts a member, declared as it should be or not.
pub(crate) fn touched(draft: &Draft, spec: &FaultSpec) -> BTreeSet<usize> {
    if spec.how.value != How::Corrupt {
        return BTreeSet::new();
    }
    let hit = draft.targets.hit(spec);
    let database = |part| match part {
        Part::Database { database, .. } => Some(database),
        _ => None,
    };
    hit.into_iter().filter_map(database).collect()
}

/// Returns the databases that a fault corrupts, in the order of the file.
pub(crate) fn of_fault(draft: &Draft, fault: &str, spec: &FaultSpec) -> Vec<Corrupted> {
    if spec.how.value != How::Corrupt {
        return Vec::new();
    }
    let parts = draft.targets.hit(spec);
    let found = databases(&parts).unwrap_or_default();
    let backups = backups(draft);
    let without = spec.repair.as_ref().map(|law| DurationLaw(law_of(law)));
    let one = |database: usize| {
        let restore = Restore { without: without.clone(), ..restore(draft, database, &backups)? };
        let name = draft.scenario.database[database].0.text.clone();
        Some(Corrupted { database, name, fault: fault.to_string(), restore: Arc::new(restore) })
    };
    found.into_keys().filter_map(one).collect()
}

/// Operations that make backups, each with its name and the databases that it backs up.
type Schedules<'a> = Vec<(&'a str, &'a OperationSpec, BTreeSet<usize>)>;

/// Returns the operations that make backups.
fn backups(draft: &Draft) -> Schedules<'_> {
    let all = draft.scenario.operation.iter().filter(|(_, one)| one.backs_up());
    all.map(|(name, one)| (name.text.as_str(), one, backed_up(draft, one))).collect()
}

/// Returns all databases that are restored, sorted by name.
#[must_use]
pub fn all(draft: &Draft) -> Vec<Restored> {
    let faults = draft.scenario.fault.iter();
    let corrupted = faults.flat_map(|(name, spec)| of_fault(draft, &name.text, spec)).map(|one| {
        let way = Way { automaton: one.automaton(), begun: CORRUPT, restore: one.restore };
        (one.database, way)
    });
    let lost = losing(draft, |_| true).into_iter().map(|one| {
        let automaton = lost_automaton(&one.name);
        (one.database, Way { automaton, begun: LOST, restore: one.restore })
    });
    let mut found: BTreeMap<usize, Vec<Way>> = BTreeMap::new();
    for (database, way) in corrupted.chain(lost) {
        found.entry(database).or_default().push(way);
    }
    let restored = |(database, ways): (usize, Vec<Way>)| {
        let name = draft.scenario.database[database].0.text.clone();
        Restored { database, name, ways }
    };
    let mut all: Vec<Restored> = found.into_iter().map(restored).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Returns the restore of a database whose log survives; `None` if none is declared.
fn restore(draft: &Draft, database: usize, backups: &Schedules<'_>) -> Option<Restore> {
    let (name, spec) = &draft.scenario.database[database];
    let spec = spec.restore.as_ref()?;
    let start = week_start(draft);
    let of_it = backups.iter().filter(|(_, _, of)| of.contains(&database));
    let backups = of_it.map(|(operation, one, _)| Backups {
        name: format!("{operation}/{name}"),
        first: SimTime::ZERO
            + one.at.as_ref().map_or(SimDuration::ZERO, |at| at.value.after_zero(start)),
        every: one.every.as_ref().map(|every| every.period()),
        lasts: one.lasts.as_ref().map_or(SimDuration::ZERO, |lasts| lasts.value),
        kept: one.kept.as_ref().map(|kept| kept.value),
        usable: one.usable.as_ref().map_or(1.0, |usable| usable.value.get()),
    });
    Some(Restore {
        backups: backups.collect(),
        begin: spec.begin.as_ref().map(|law| DurationLaw(law_of(law))),
        copy: spec.rate.value.time_for(spec.size.value),
        replay: spec.point_in_time.as_ref().map(|log| log.replay.value),
        archived: None,
        without: None,
    })
}

/// State of the automaton of a database in which its data are lost, and no restore has begun.
pub const LOST: &str = "lost";

/// Returns the name of the automaton of a database that loses its data. No fault has such a name: it has a point.
#[must_use]
pub fn lost_automaton(database: &str) -> String {
    format!("{database}/restore/disks.lost")
}

/// Database that loses its data with its disks.
#[derive(Clone, Debug)]
pub(crate) struct Losing {
    /// Number of the database in the draft.
    pub database: usize,
    /// Name of the database.
    pub name: String,
    /// Way in which it is restored.
    pub restore: Arc<Restore>,
    /// Time to copy the data of a member from another member.
    pub rebuild: SimDuration,
    /// Its members.
    pub members: Vec<Bearer>,
}

/// Member of a database, with what takes its data.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    /// The member.
    pub part: Part,
    /// Sets of disks with its data.
    pub sets: Vec<Part>,
    /// Sets with the faults that take them.
    pub losses: Vec<(Part, String)>,
}

/// Returns whether a fault takes the data of the sets of disks that it hits.
const fn takes_data(fault: &FaultSpec) -> bool {
    matches!(fault.how.value, How::DiskFailed | How::Lost)
}

/// Returns the faults that take sets of disks, by set; those that `counts` leaves out are ignored.
fn losses(draft: &Draft, counts: impl Fn(&str) -> bool) -> BTreeMap<Part, Vec<String>> {
    let mut found: BTreeMap<Part, Vec<String>> = BTreeMap::new();
    let faults = draft.scenario.fault.iter();
    for (name, fault) in faults.filter(|(name, fault)| takes_data(fault) && counts(name)) {
        for set in
            draft.targets.hit(fault).iter().copied().filter(|part| part.disk_set(draft).is_some())
        {
            found.entry(set).or_default().push(name.text.clone());
        }
    }
    found
}

/// Returns the members of a database; `None` if no fault takes the disks of one of them.
fn bearers(
    draft: &Draft,
    database: usize,
    losses: &BTreeMap<Part, Vec<String>>,
) -> Option<Vec<Bearer>> {
    let mut found = Vec::new();
    for (member, links) in (0..).zip(&draft.links.databases[database].members) {
        let part = Part::Database { database, member };
        let sets = space::sets(draft, links.store?, part);
        let mut taken = Vec::new();
        for set in &sets {
            let faults = losses.get(set).into_iter().flatten();
            taken.extend(faults.map(|fault| (*set, fault.clone())));
        }
        if taken.is_empty() {
            return None;
        }
        found.push(Bearer { part, sets, losses: taken });
    }
    (!found.is_empty()).then_some(found)
}

/// Returns the place and the name of the first fault that takes disks of a database, if faults take those of all members.
pub(crate) fn takers(draft: &Draft, database: usize) -> Option<(Span, String)> {
    let members = bearers(draft, database, &losses(draft, |_| true))?;
    let (_, fault) = members.first()?.losses.first()?;
    Some((draft.scenario.fault.get(fault)?.how.span, fault.clone()))
}

/// Returns the databases that lose their data by those faults that `counts` takes, and are restored, in the order of the file.
pub(crate) fn losing(draft: &Draft, counts: impl Fn(&str) -> bool) -> Vec<Losing> {
    let has_restore = draft.scenario.database.iter().any(|(_, spec)| spec.restore.is_some());
    if !has_restore {
        return Vec::new();
    }
    let (losses, backups) = (losses(draft, counts), backups(draft));
    let mut found = Vec::new();
    for (database, (name, spec)) in draft.scenario.database.iter().enumerate() {
        let (Some(declared), Some(members)) = (&spec.restore, bearers(draft, database, &losses))
        else {
            continue;
        };
        let Some(restore) = restore(draft, database, &backups) else { continue };
        let archive = declared.point_in_time.as_ref().and_then(|log| log.archive_every.as_ref());
        let archived = archive.map(|every| every.value);
        let replay = restore.replay.filter(|_| archived.is_some());
        let rebuild = spec.rebuild.as_ref();
        found.push(Losing {
            database,
            name: name.text.clone(),
            restore: Arc::new(Restore { replay, archived, ..restore }),
            rebuild: rebuild
                .map_or(SimDuration::ZERO, |copy| copy.rate.value.time_for(copy.size.value)),
            members,
        });
    }
    found
}

/// Returns the mean length in seconds of the longest restore of a database whose disks a fault takes, from when there are new
/// disks; zero if there is none.
pub(crate) fn longest_after_loss(draft: &Draft, fault: &str) -> f64 {
    let hit = |one: &Losing| {
        one.members.iter().any(|member| member.losses.iter().any(|(_, by)| by == fault))
    };
    let hit = losing(draft, |_| true).into_iter().filter(hit);
    hit.map(|one| one.restore.moments().0).fold(0.0, f64::max)
}
