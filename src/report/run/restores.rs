//! Restores of databases over the long horizon, in the report and as a file.

use crate::report::columns::{
    Described, Read, ResultColumn, ResultTable, estimates, numbers, words,
};
use crate::report::document::{Block, Section, Unit};
use crate::report::rows::TableForm;
use crate::study::results::{RestoreRow, Results};

use super::files::fields;

const INTRO: &str = "Databases whose data a fault corrupts, or whose disks faults take from all members, over the same years. \
Replicas copy a corruption. When it is found, or when the disks are lost, the database is down until it is restored from the \
newest good backup (RTO). Lost (RPO) is what was written since that backup began or, with a log, since the corruption, or since \
the log was archived. Where no backup is good, the data are lost for good: such restores are not in what is lost per restore.";

/// Returns the section; `None` if no database is restored.
pub(super) fn section(results: &Results) -> Option<Section> {
    let rows = &results.years.as_ref().filter(|years| !years.restores.is_empty())?.restores;
    let ids = [
        "name",
        "restores_per_year",
        "lost_s",
        "lost_p95_s",
        "lost_writes_per_restore",
        "backup_age_s",
        "restore_s",
        "restore_p95_s",
        "for_good_per_year",
    ];
    let table = restores().page("Restores from backups", &ids, rows.iter());
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
    let [backup_age, backup_age_p95, restore, restore_p95] = times();
    ResultTable::new(
        "restores.csv",
        "A database that is restored from backups.",
        [
            words("name", "database", "Database.", |row| (&row.name).into()),
            estimates(
                "restores_per_year",
                "restores per year",
                Unit::None,
                "Corruptions that are found and losses of all disks per year.",
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
            backup_age,
            backup_age_p95,
            restore,
            restore_p95,
            words(
                "reason",
                "",
                "Reason why the restores have no interval.",
                |row: &&RestoreRow| fields(&row.restores).1.into(),
            ),
        ],
    )
}

/// Declares the columns of the backup's age, and of the time that the restore takes.
fn times<'a>() -> [ResultColumn<&'a RestoreRow>; 4] {
    [
        estimates(
            "backup_age_s",
            "age of the backup, mean",
            Unit::Seconds,
            "Mean age of the backup that a restore uses, when it is needed.",
            |row: &&'a RestoreRow| (&row.age).into(),
        ),
        numbers(
            "backup_age_p95_s",
            "p95",
            Unit::Seconds,
            "The same age that 95 % of the restores do not exceed.",
            |row: &&'a RestoreRow| (&row.age_p95).into(),
        ),
        estimates(
            "restore_s",
            "restore, mean",
            Unit::Seconds,
            "Mean time from the discovery or the loss until the data are back (RTO).",
            |row: &&'a RestoreRow| (&row.length).into(),
        ),
        numbers(
            "restore_p95_s",
            "p95",
            Unit::Seconds,
            "The same time that 95 % of the restores do not exceed.",
            |row: &&'a RestoreRow| (&row.length_p95).into(),
        ),
    ]
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    restores().described()
}

/// Writes `restores.csv`; returns `None` if no database is restored.
pub(super) fn tables<F: TableForm>(results: &Results) -> Option<F> {
    let rows = &results.years.as_ref().filter(|years| !years.restores.is_empty())?.restores;
    Some(restores().file(results.partial.as_deref(), rows.iter()))
}
