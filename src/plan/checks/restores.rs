//! Databases that are restored: the keys of faults that corrupt them, of the restores and of the backups.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::database::spec::RestoreSpec;
use crate::model::spec::runs::{FaultSpec, How, OperationSpec};
use crate::plan::Draft;
use crate::plan::checks::{inert, inert_if, missing, missing_as, takes_time};
use crate::plan::faults::restores::{backed_up, databases, takers, touched};
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::scenario::source::Span;

/// Least probability that a backup can be used: the search for a usable one ends.
const LEAST_USABLE: f64 = 0.01;

/// Checks the keys of a fault that corrupts data; `parts` are those that it hits.
pub(super) fn check_fault(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    check_keys(fault, out);
    if !whole_databases(draft, parts, fault.hits.span, out) {
        return;
    }
    let found: BTreeSet<usize> = databases(parts).unwrap_or_default().into_keys().collect();
    let database = |at: usize| &draft.scenario.database[at];
    if let Some(at) = found.iter().find(|at| database(**at).1.restore.is_none()) {
        let (name, spec) = database(*at);
        let message =
            format!("required key `restore` of `{name}` is missing: its data cannot come back");
        let help =
            format!("give [database.{name}] restore = {{ size = \"500GB\", rate = \"200MB/s\" }}");
        let found = Diagnostic::new(Code::MissingKey, fault.how.span, message);
        out.push(found.related(spec.span, "the database").help(help));
    }
    if fault.repair.is_some() {
        return;
    }
    let operations = draft.scenario.operation.iter();
    let backed: BTreeSet<usize> = operations.flat_map(|(_, one)| backed_up(draft, one)).collect();
    if let Some(at) = found.difference(&backed).next() {
        let name = &database(*at).0;
        let why = format!("no operation makes a backup of `{name}`, so its data are lost for good");
        missing_as(fault.span, ("repair", Some("\"2d\"")), &why, out);
    }
}

fn check_keys(fault: &FaultSpec, out: &mut Diagnostics) {
    takes_time(fault.repair.as_ref(), "repair", "a restore takes its place", out);
    let restored = "the end of a corruption is that of the restore";
    inert_if(fault.lasts.as_ref(), restored, "remove it", out);
    if fault.repair.is_some() {
        inert_if(fault.crew.as_ref(), "no crew restores a database", "remove it", out);
    }
    let begin = "a corruption begins by itself";
    let help = "give `rate`, `up` or `at`";
    if let Some(after) = &fault.after {
        out.push(Diagnostic::new(Code::NoEffect, after.span, begin).help(help));
    }
    if let Some(recorded) = &fault.recorded {
        out.push(Diagnostic::new(Code::NoEffect, recorded.span, begin).help(help));
    }
    if fault.together.value {
        let message =
            "a corruption takes all members of a database already, and each database by itself";
        inert(fault.together.span, message, "remove it", out);
    }
    if let Some(common) = &fault.common_cause {
        let message =
            "a corruption takes all members of a database already, and each database by itself";
        inert(common.span, message, "leave `common-cause` out", out);
    }
}

/// Returns whether parts are all members of some databases; reports an error if not.
fn whole_databases(draft: &Draft, parts: &[Part], span: Span, out: &mut Diagnostics) -> bool {
    let Some(found) = databases(parts) else {
        let other = parts.iter().find(|part| !matches!(part, Part::Database { .. }));
        let name = other.map_or_else(String::new, |part| part.name(draft).to_string());
        let message = format!("`{name}` is no database");
        let help = "backups and restores are those of databases: write `database.NAME`. For packets that a link corrupts, write how = \"lossy\"";
        out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
        return false;
    };
    for (database, count) in found {
        let members = draft.links.databases[database].members.len();
        if count < members {
            let name = &draft.scenario.database[database].0;
            let message = format!(
                "all members of `{name}` have the same data, and this names {count} of {members}"
            );
            let help = format!("write `database.{name}`");
            out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
            return false;
        }
    }
    !parts.is_empty()
}

/// Reports a second fault that corrupts a database, and a `restore` that no fault needs.
pub(super) fn check_each_other(draft: &Draft, out: &mut Diagnostics) {
    let mut restored: BTreeMap<usize, (Span, String)> = BTreeMap::new();
    for (name, fault) in draft.scenario.fault.iter() {
        for database in touched(draft, fault) {
            let here = (fault.how.span, name.text.clone());
            if let Some((first, other)) = restored.insert(database, here) {
                let of = &draft.scenario.database[database].0;
                let message = format!("`{other}` corrupts `{of}` too");
                let help = "write them as one fault, with the sum of their rates and a mixture in \
                            `detected-by-people`";
                let found = Diagnostic::new(Code::Overlap, fault.how.span, message);
                out.push(found.related(first, "the first").help(help));
                break;
            }
        }
    }
    let mut last = None;
    for (at, (name, spec)) in draft.scenario.database.iter().enumerate() {
        let Some(restore) = &spec.restore else { continue };
        let taken = takers(draft, at);
        // The databases of a `count` have one text.
        if last.replace(restore.span) != Some(restore.span) {
            let corrupted = restored.contains_key(&at);
            check_restore(draft, (at, name), &restore.value, (corrupted, taken.is_some()), out);
        }
        if let Some(taken) = taken {
            restored.entry(at).or_insert(taken);
        }
    }
    others(draft, &restored, out);
}

/// Checks the restore of a database; `corrupted` by a fault, or `taken` with all its disks.
fn check_restore(
    draft: &Draft,
    (at, name): (usize, &Name),
    restore: &RestoreSpec,
    (corrupted, taken): (bool, bool),
    out: &mut Diagnostics,
) {
    let span = draft.scenario.database[at].1.restore.as_ref().map_or(name.span, |key| key.span);
    let mut operations = draft.scenario.operation.iter();
    if !corrupted && !taken {
        let message = format!(
            "no fault corrupts `{name}` or takes the disks of all its members, so it is never restored"
        );
        let help = "give a fault with how = \"corrupt\", or \"disk-failed\" or \"lost\" on the disks under \
                    each member's `data`, or remove it";
        inert(span, message, help, out);
    } else if !corrupted && !operations.any(|(_, one)| backed_up(draft, one).contains(&at)) {
        let message = format!(
            "no operation makes a backup of `{name}`, so its data are lost for good with its disks"
        );
        let help = format!(
            "give an operation with does = \"backup\" and of = \"database.{name}\", or remove it"
        );
        out.push(Diagnostic::new(Code::MissingKey, span, message).help(help));
    }
    let archive = restore.point_in_time.as_ref().and_then(|log| log.archive_every.as_ref());
    if !taken {
        let message =
            format!("no fault takes the disks of all members of `{name}`: no log is lost");
        let help =
            "remove it, or give a fault with how = \"disk-failed\" or \"lost\" on their disks";
        inert_if(archive, &message, help, out);
    }
}

/// Checks the keys of an operation that makes backups.
pub(super) fn check_backup(draft: &Draft, operation: &OperationSpec, out: &mut Diagnostics) {
    let resizes = "only `resize` reads this";
    inert_if(operation.memory.as_ref(), resizes, "remove it", out);
    inert_if(operation.cap.as_ref(), resizes, "remove it", out);
    if let Some(usable) = operation.usable.as_ref().filter(|p| p.value.get() < LEAST_USABLE) {
        let message = format!("`usable` is {}, must be >= {LEAST_USABLE}", usable.value.get());
        let help = "leave out an operation whose backups can hardly ever be used";
        out.push(Diagnostic::new(Code::OutOfRange, usable.span, message).help(help));
    }
    if let (Some(kept), Some(lasts)) = (&operation.kept, &operation.lasts)
        && kept.value <= lasts.value
    {
        let message = format!(
            "a backup is deleted after {} and complete after {}: none can ever be used",
            kept.value, lasts.value
        );
        let wrong = Diagnostic::new(Code::TimesConflict, kept.span, message);
        out.push(wrong.related(lasts.span, "until it is complete"));
    }
    let Some(of) = &operation.of else {
        missing(operation.span, "of", "the databases", out);
        return;
    };
    let parts = draft.targets.operated(operation);
    if !whole_databases(draft, &parts, of.span, out) || !operation.load.is_empty() {
        return;
    }
    let faults = draft.scenario.fault.iter();
    let mut corrupted = faults.flat_map(|(_, fault)| touched(draft, fault));
    let of_it = databases(&parts).unwrap_or_default();
    let is_restored = |database: &usize| {
        let restore = &draft.scenario.database[*database].1.restore;
        restore.is_some() && takers(draft, *database).is_some()
    };
    if !corrupted.any(|database| of_it.contains_key(&database)) && !of_it.keys().any(is_restored) {
        let message = "no fault corrupts what it backs up, no database of it is restored when its disks \
                       are lost, and it has no `load`: it has no effect";
        let help = "give a fault with how = \"corrupt\", one that takes the disks of all members and the \
                    `restore` of the database, or a `load`";
        inert(operation.span, message, help, out);
    }
}

/// Checks that an operation without backups has no key of theirs.
pub(super) fn check_no_backup(operation: &OperationSpec, out: &mut Diagnostics) {
    let message = "only `backup` reads this";
    inert_if(operation.kept.as_ref(), message, "remove it", out);
    inert_if(operation.usable.as_ref(), message, "remove it", out);
}

/// Reports faults of members of restored databases that a restore does not meet: `slow` ones, which it would leave serving,
/// and those that follow another.
fn others(draft: &Draft, restored: &BTreeMap<usize, (Span, String)>, out: &mut Diagnostics) {
    for (_, fault) in draft.scenario.fault.iter() {
        let slow = fault.how.value == How::Slow;
        if fault.how.value == How::Corrupt || (!slow && fault.after.is_none()) {
            continue;
        }
        let parts = draft.targets.hit(fault);
        let hit = parts.into_iter().find_map(|part| match part {
            Part::Database { database, .. } => restored.get(&database),
            _ => None,
        });
        let Some((first, name)) = hit else { continue };
        let (span, why) = match &fault.after {
            Some(after) => (after.span, "what follows another fault of its members"),
            None => (fault.how.span, "a slow member, which a restore would leave serving"),
        };
        let message =
            format!("not together with `{name}`, after which the database is restored: {why}");
        let wrong = Diagnostic::new(Code::KeysExclude, span, message);
        out.push(wrong.related(*first, "the first").help("let it hit the host, or remove one"));
    }
}
