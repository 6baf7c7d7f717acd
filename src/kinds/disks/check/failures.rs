//! Mistakes in the single disks of a set that fail.

use std::collections::BTreeMap;

use crate::kinds::disks::spec::pool::{FailedDiskSpec, ResilverSpec};
use crate::kinds::disks::spec::{Columns, DiskSetSpec, Layout};
use crate::plan::Draft;
use crate::plan::checks::exclude;
use crate::plan::links::Store;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};

/// Checks the disks that fail of the set `spec`, on which `stores` lie. `is_one` is true if the file declares one such set,
/// not one in each of several servers.
pub fn check(
    draft: &Draft,
    stores: &[Store],
    spec: &DiskSetSpec,
    is_one: bool,
    out: &mut Diagnostics,
) {
    let Some(resilver) = &spec.resilver else { return };
    let columns = spec.columns();
    if columns.group == columns.read || columns.disks < columns.group {
        let word = match spec.layout.value {
            Layout::RaidDp => "the parity of `raid-dp` is not simulated disk by disk",
            _ => "a set without redundancy loses its data with one disk",
        };
        let help = "give it a mirror or a `raidz` layout, or a fault with `how = \"lost\"`";
        let found = Diagnostic::new(Code::KeysExclude, resilver.span, word).help(help);
        out.push(found.related(spec.layout.span, "the layout"));
        return;
    }
    if !columns.disks.is_multiple_of(columns.group) {
        return odd_disks(spec, columns, resilver, out);
    }
    if !is_one {
        let message = "the disk would fail in each of these servers at once";
        let help = "give the server whose disk fails a section of its own, with `count = 1`";
        out.push(Diagnostic::new(Code::KeysExclude, resilver.span, message).help(help));
    }
    numbers(columns, resilver, out);
    times(resilver, out);
    databases(draft, stores, columns, resilver, out);
}

/// Reports a mirror whose sides are not equal; groups of a raidz that are not are reported for themselves.
fn odd_disks(spec: &DiskSetSpec, columns: Columns, resilver: &ResilverSpec, out: &mut Diagnostics) {
    if spec.layout.value != Layout::Mirror {
        return;
    }
    let message = format!(
        "{} disks make no mirrors of {} sides each, so the data of one disk is on no other",
        columns.disks, columns.group
    );
    let found = Diagnostic::new(Code::KeysExclude, resilver.span, message);
    let found = found.related(spec.parity.span, "the further sides");
    out.push(found.help("give `parity` as many disks as `data`, or a multiple of that"));
}

/// Reports numbers of disks that the set does not have.
fn numbers(columns: Columns, resilver: &ResilverSpec, out: &mut Diagnostics) {
    for failed in resilver.disks.value.iter().filter(|failed| failed.disk.value > columns.disks) {
        let message = format!("disk {} of {} disks", failed.disk.value, columns.disks);
        let found = Diagnostic::new(Code::OutOfRange, failed.disk.span, message);
        out.push(found.help(format!("1 to {}", columns.disks)));
    }
}

/// Reports a disk that fails while it is away.
fn times(resilver: &ResilverSpec, out: &mut Diagnostics) {
    let mut by_disk: BTreeMap<u32, Vec<&FailedDiskSpec>> = BTreeMap::new();
    for failed in resilver.disks.value.iter() {
        by_disk.entry(failed.disk.value).or_default().push(failed);
    }
    for failures in by_disk.values_mut() {
        failures.sort_by_key(|failed| failed.fails.value);
        for pair in failures.windows(2) {
            let (before, next) = (pair[0], pair[1]);
            if next.fails.value <= before.replaced() {
                let message = format!(
                    "disk {} fails before it is replaced, {} after time zero",
                    next.disk.value,
                    before.replaced()
                );
                let found = Diagnostic::new(Code::TimesConflict, next.fails.span, message);
                let found = found.help("let it fail later, or name another `disk`");
                out.push(found.related(before.fails.span, "its failure before"));
            }
        }
    }
}

/// Reports databases on a set that more failures may lose than it has redundancy for: its members would not be failed over.
fn databases(
    draft: &Draft,
    stores: &[Store],
    columns: Columns,
    resilver: &ResilverSpec,
    out: &mut Diagnostics,
) {
    let mut failing: Vec<u32> =
        resilver.disks.value.iter().map(|failed| failed.disk.value).collect();
    failing.sort_unstable();
    failing.dedup();
    let group = |disk: &u32| (disk - 1) / columns.group;
    let most = failing.chunk_by(|one, other| group(one) == group(other)).map(<[u32]>::len).max();
    if most.unwrap_or(0) <= (columns.group - columns.read) as usize {
        return;
    }
    let databases = draft.scenario.database.iter().zip(&draft.links.databases);
    for ((name, _), links) in databases {
        if links.members.iter().any(|member| member.store.is_some_and(|at| stores.contains(&at))) {
            let message = format!(
                "these disks of one group may lose the set, and `{name}` on it would not be failed over"
            );
            exclude(resilver.span, name.span, &message, out);
        }
    }
}
