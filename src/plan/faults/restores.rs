//! Databases that a fault corrupts, and how each is restored.
//!
//! Takes a draft. Gives the restores by database, with the backups that operations make of it. The behaviour is in
//! [`crate::health::restore`], and the automaton in `declare::corrupted`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::law::DurationLaw;
use crate::health::restore::{Backups, Restore};
use crate::model::spec::runs::{FaultSpec, How, OperationSpec};
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::units::{SimDuration, SimTime};

/// State in which the data are corrupted, and no check knows it.
pub const CORRUPT: &str = "corrupt";
/// State in which the data are restored.
pub const RESTORING: &str = "restoring";

/// Database that a fault corrupts.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Number of the database in the draft.
    pub database: usize,
    /// Name of the database.
    pub name: String,
    /// Name of the fault.
    pub fault: String,
    /// Way in which it is restored.
    pub restore: Arc<Restore>,
}

impl Restored {
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
pub(crate) fn of_fault(draft: &Draft, fault: &str, spec: &FaultSpec) -> Vec<Restored> {
    if spec.how.value != How::Corrupt {
        return Vec::new();
    }
    let parts = draft.targets.hit(spec);
    let found = databases(&parts).unwrap_or_default();
    let backups = backups(draft);
    let one = |database: usize| {
        let restore = Arc::new(restore(draft, database, spec, &backups)?);
        let name = draft.scenario.database[database].0.text.clone();
        Some(Restored { database, name, fault: fault.to_string(), restore })
    };
    found.into_keys().filter_map(one).collect()
}

/// Returns the operations that make backups, each with the databases that it backs up.
fn backups(draft: &Draft) -> Vec<(&str, &OperationSpec, BTreeSet<usize>)> {
    let all = draft.scenario.operation.iter().filter(|(_, one)| one.backs_up());
    all.map(|(name, one)| (name.text.as_str(), one, backed_up(draft, one))).collect()
}

/// Returns all databases that faults corrupt, sorted by name.
#[must_use]
pub fn all(draft: &Draft) -> Vec<Restored> {
    let faults = draft.scenario.fault.iter();
    let mut all: Vec<Restored> =
        faults.flat_map(|(name, spec)| of_fault(draft, &name.text, spec)).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Returns the restore of a database after `fault`; `None` if none is declared.
fn restore(
    draft: &Draft,
    database: usize,
    fault: &FaultSpec,
    backups: &[(&str, &OperationSpec, BTreeSet<usize>)],
) -> Option<Restore> {
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
        without: fault.repair.as_ref().map(|law| DurationLaw(law_of(law))),
    })
}
