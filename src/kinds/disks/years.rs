//! Features of sets of disks that the solver of years does not simulate.

use crate::plan::Draft;
use crate::plan::names::Kind;
use crate::plan::part::disk_sets;
use crate::plan::simulatable::NotYet;

/// Returns the sets of disks in sections of a kind with disks that fail at given times.
pub fn not_yet(draft: &Draft, of: Kind) -> Vec<NotYet> {
    let sets = disk_sets(draft).filter(|set| set.of == of);
    let failing = sets.filter_map(|set| {
        let resilver = set.spec.resilver.as_ref()?;
        let what = format!(
            "disks of `{}:{}` fail at given times; over years they fail at random, by a \
             fault with how = \"disk-failed\"",
            set.owner, set.name
        );
        Some(NotYet::over_years(what, resilver.span))
    });
    failing.collect()
}
