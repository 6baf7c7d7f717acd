//! Sets of disks that fail one by one, in the report and as a file.

use crate::report::columns::{Described, ResultTable, estimates, numbers, words};
use crate::report::document::{Block, Section, Unit};
use crate::report::rows::TableForm;
use crate::study::results::{DiskSetRow, Results};

use super::files::fields;

const INTRO: &str = "Disks that fail at random, over the same years. A disk that has failed is replaced, and its data are \
written anew from the others. A set is lost when a group of it misses one disk more than it can; it is down until it is restored.";

/// Returns the section; `None` if no single disk fails.
pub(super) fn section(results: &Results) -> Option<Section> {
    let rows = &results.years.as_ref().filter(|years| !years.disk_sets.is_empty())?.disk_sets;
    let ids = ["name", "disks", "failures_per_year", "losses_per_year", "degraded"];
    let table = sets().page("Sets of disks", &ids, rows.iter());
    let blocks = vec![Block::Table(table)];
    Some(Section { heading: "Failed disks".into(), intro: INTRO.into(), blocks })
}

/// Declares `disk-sets.csv`: one row per set.
fn sets<'a>() -> ResultTable<&'a DiskSetRow> {
    ResultTable::new(
        "disk-sets.csv",
        "A set of disks that fail one by one.",
        [
            words("name", "set", "Set of disks.", |row: &&'a DiskSetRow| (&row.name).into()),
            numbers(
                "disks",
                "disks",
                Unit::None,
                "Number of its disks.",
                |row: &&'a DiskSetRow| row.disks.into(),
            ),
            estimates(
                "failures_per_year",
                "failed disks per year",
                Unit::None,
                "Failures of single disks per year.",
                |row: &&'a DiskSetRow| (&row.failures).into(),
            ),
            estimates(
                "losses_per_year",
                "losses of the set per year",
                Unit::None,
                "Losses of the set per year.",
                |row: &&'a DiskSetRow| (&row.losses).into(),
            ),
            estimates(
                "degraded",
                "time with a disk missing",
                Unit::Ratio,
                "Share of the time with a disk missing while the set is not lost.",
                |row: &&'a DiskSetRow| (&row.degraded).into(),
            ),
            words(
                "reason",
                "",
                "Reason why the losses have no interval.",
                |row: &&'a DiskSetRow| fields(&row.losses).1.into(),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    sets().described()
}

/// Writes `disk-sets.csv`; returns `None` if no single disk fails.
pub(super) fn tables<F: TableForm>(results: &Results) -> Option<F> {
    let rows = &results.years.as_ref().filter(|years| !years.disk_sets.is_empty())?.disk_sets;
    Some(sets().file(results.partial.as_deref(), rows.iter()))
}
