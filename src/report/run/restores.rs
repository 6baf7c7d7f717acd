//! Restores of corrupted databases over the long horizon, in the report and as a file.

use crate::report::columns::{Described, Read, ResultTable, estimates, numbers, words};
use crate::report::document::{Block, Section, Unit};
use crate::report::rows::TableForm;
use crate::study::results::{RestoreRow, Results};

use super::files::fields;

const INTRO: &str = "Databases whose data a fault corrupts, over the same years. Replicas copy the corruption. When it is \
found, the database is down until it is restored from the newest good backup (RTO). Lost (RPO) is what was written since that \
backup began or, with a log, since the corruption. Where no backup is good, the data are lost for good: such restores are not \
in what is lost per restore.";

/// Returns the section; `None` if no fault corrupts a database.
pub(super) fn section(results: &Results) -> Option<Section> {
    let rows = &results.years.as_ref().filter(|years| !years.restores.is_empty())?.restores;
    let ids = [
        "name",
        "restores_per_year",
        "lost_s",
        "lost_p95_s",
        "lost_writes_per_restore",
        "restore_s",
        "restore_p95_s",
        "for_good_per_year",
    ];
    let table = restores().page("Restores after a corruption", &ids, rows.iter());
    let blocks = vec![Block::Table(table)];
    Some(Section { heading: "Restores".into(), intro: INTRO.into(), blocks })
}

/// Declares `restores.csv`: one row per database.
fn restores<'a>() -> ResultTable<&'a RestoreRow> {
    let numbers = |id, header, unit, meaning, read: Read<&'a RestoreRow>| {
        numbers(id, header, unit, meaning, read)
    };
    let estimates = |id, header, unit, meaning, read: Read<&'a RestoreRow>| {
        estimates(id, header, unit, meaning, read)
    };
    ResultTable::new(
        "restores.csv",
        "A database whose data a fault corrupts.",
        [
            words("name", "database", "Database.", |row| (&row.name).into()),
            estimates(
                "restores_per_year",
                "restores per year",
                Unit::None,
                "Corruptions per year that are found.",
                |row| (&row.restores).into(),
            ),
            numbers(
                "for_good_per_year",
                "lost for good per year",
                Unit::None,
                "Restores per year that find no good backup.",
                |row| (&row.for_good).into(),
            ),
            estimates(
                "lost_s",
                "lost, mean",
                Unit::Seconds,
                "Mean time whose writes a restore from a backup loses (RPO).",
                |row| (&row.lost).into(),
            ),
            numbers(
                "lost_p95_s",
                "p95",
                Unit::Seconds,
                "The same time that 95 % of the restores do not exceed.",
                |row| (&row.lost_p95).into(),
            ),
            numbers(
                "lost_writes_per_restore",
                "writes lost per restore",
                Unit::None,
                "Mean number of acknowledged writes that a restore from a backup loses.",
                |row| (&row.writes).into(),
            ),
            estimates(
                "restore_s",
                "restore, mean",
                Unit::Seconds,
                "Mean time from the discovery until the data are back (RTO).",
                |row| (&row.length).into(),
            ),
            numbers(
                "restore_p95_s",
                "p95",
                Unit::Seconds,
                "The same time that 95 % of the restores do not exceed.",
                |row| (&row.length_p95).into(),
            ),
            words(
                "reason",
                "",
                "Reason why the restores have no interval.",
                |row: &&RestoreRow| fields(&row.restores).1.into(),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    restores().described()
}

/// Writes `restores.csv`; returns `None` if no fault corrupts a database.
pub(super) fn tables<F: TableForm>(results: &Results) -> Option<F> {
    let rows = &results.years.as_ref().filter(|years| !years.restores.is_empty())?.restores;
    Some(restores().file(results.partial.as_deref(), rows.iter()))
}
