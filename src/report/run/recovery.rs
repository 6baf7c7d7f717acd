//! How long it takes over years until another serves, and what that loses: in the report and as files.

use serde_json::{Value, json};

use super::cell;
use super::files::{Sheet, estimate_value, fields, words};
use crate::report::csv::Field;
use crate::report::document::{Block, Cell, Column, Section, Table, Unit};
use crate::report::write::ResultFile;
use crate::study::results::{RecoveryRow, Results};
use crate::study::window::Estimate;

/// The heading of the section.
pub const HEADING: &str = "Recovery";

const INTRO: &str = "What takes over from each other, over the same years: the master of a database, the \
address of a balancer, the volumes of a file server. A recovery (RTO) lasts from when nobody serves, seen \
or not, until somebody does: a failover, people where it did not work, or whoever served before and is back. \
All count, however short.";

const LOST: &str = "What a failover loses (RPO) are writes that the old master had acknowledged and nobody \
who could take over had received: those under way, or all since it went away where whoever takes over had \
been. That is rare and loses thousands of times as much: where the years saw none of it, its share of \
the means is missing, however narrow their intervals. The window is the age of the oldest write lost, 0 \
where none is. Writes count as independent of each other; what an old master that nobody fenced goes on \
taking is not in it.";

/// The section; `None` where nothing takes over.
pub(super) fn section(results: &Results) -> Option<Section> {
    let rows = &results.years.as_ref()?.recovery;
    let mut blocks = vec![Block::Table(times(rows))];
    if rows.iter().any(|row| row.writes.is_some()) {
        blocks.push(Block::Text(LOST.into()));
        blocks.push(Block::Table(losses(rows)));
    }
    let has = !rows.is_empty();
    has.then(|| Section { heading: HEADING.into(), intro: INTRO.into(), blocks })
}

fn times(rows: &[RecoveryRow]) -> Table {
    let columns = vec![
        Column::words("of", "name"),
        Column::words("what passes", "role"),
        Column::numbers("interrupted a year", "interruptions_per_year", Unit::None),
        Column::numbers("until somebody serves", "recovery_s", Unit::Seconds),
        Column::numbers("half at most", "recovery_p50_s", Unit::Seconds),
        Column::numbers("95 % at most", "recovery_p95_s", Unit::Seconds),
        Column::numbers("another takes over", "failovers_per_year", Unit::None),
        Column::words("most often because of", "cause"),
    ];
    let row = |row: &RecoveryRow| {
        vec![
            Cell::text(row.name.clone()),
            Cell::text(row.kind.word()),
            cell(&row.interruptions, Unit::None),
            cell(&row.recovery, Unit::Seconds),
            cell(&row.recovery_p50, Unit::Seconds),
            cell(&row.recovery_p95, Unit::Seconds),
            cell(&row.failovers, Unit::None),
            Cell::text(row.causes.first().map_or("", |(name, _)| name)),
        ]
    };
    Table {
        caption: "Until somebody serves again".into(),
        columns,
        rows: rows.iter().map(row).collect(),
    }
}

fn losses(rows: &[RecoveryRow]) -> Table {
    let writes = || Unit::Other("writes/y".into());
    let columns = vec![
        Column::words("database", "name"),
        Column::numbers("failovers a year", "failovers_per_year", Unit::None),
        Column::numbers("lost a year", "lost_writes_per_year", writes()),
        Column::numbers("of a failover", "lost_writes", Unit::None),
        Column::numbers("window", "data_loss_s", Unit::Seconds),
        Column::numbers("95 % at most", "data_loss_p95_s", Unit::Seconds),
        Column::numbers("by who had been away", "failovers_behind_per_year", Unit::None),
    ];
    let row = |row: &RecoveryRow| {
        let lost = row.writes.as_ref()?;
        Some(vec![
            Cell::text(row.name.clone()),
            cell(&row.failovers, Unit::None),
            cell(&lost.lost, writes()),
            cell(&lost.per_failover, Unit::None),
            cell(&lost.window, Unit::Seconds),
            cell(&lost.window_p95, Unit::Seconds),
            cell(&lost.behind, Unit::None),
        ])
    };
    Table {
        caption: "Acknowledged writes that failovers lose".into(),
        columns,
        rows: rows.iter().filter_map(row).collect(),
    }
}

/// `recovery.csv`: a row a role, and below it one for each first cause.
pub(super) fn tables(results: &Results) -> Option<ResultFile> {
    let rows = &results.years.as_ref().filter(|years| !years.recovery.is_empty())?.recovery;
    let columns = [
        "name",
        "role",
        "cause",
        "interruptions_per_year",
        "interruptions_per_year_lo",
        "interruptions_per_year_hi",
        "failovers_per_year",
        "recovery_s",
        "recovery_s_lo",
        "recovery_s_hi",
        "recovery_p50_s",
        "recovery_p95_s",
        "lost_writes_per_year",
        "lost_writes_per_year_lo",
        "lost_writes_per_year_hi",
        "failovers_behind_per_year",
        "lost_writes_per_failover",
        "data_loss_s",
        "data_loss_p95_s",
        "reason",
    ];
    let mut sheet = Sheet::new(results, &columns);
    let value = |estimate: &Estimate| estimate.value().map_or(Field::Missing, Field::Number);
    let missing = [Field::Missing, Field::Missing, Field::Missing];
    for row in rows {
        let names = [Field::Text(&row.name), Field::Text(row.kind.word())];
        let (interruptions, why) = fields(&row.interruptions);
        let (recovery, _) = fields(&row.recovery);
        let writes = row.writes.as_ref();
        let mut all = names.to_vec();
        all.push(Field::Missing);
        all.extend(interruptions);
        all.push(value(&row.failovers));
        all.extend(recovery);
        all.push(value(&row.recovery_p50));
        all.push(value(&row.recovery_p95));
        all.extend(writes.map_or(missing, |writes| fields(&writes.lost).0));
        let rest = writes.map(|w| [&w.behind, &w.per_failover, &w.window, &w.window_p95]);
        all.extend(rest.map_or([Field::Missing; 4], |rest| rest.map(value)));
        all.push(words(why.as_ref()));
        sheet.row(&all);
        for (cause, interruptions) in &row.causes {
            let mut all = names.to_vec();
            all.push(Field::Text(cause));
            all.extend(fields(interruptions).0);
            all.resize(columns.len() - 1, Field::Missing);
            all.push(words(None));
            sheet.row(&all);
        }
    }
    Some(ResultFile::covered("recovery.csv", sheet.finish()))
}

/// For `summary.json`.
pub(super) fn summary(rows: &[RecoveryRow]) -> Value {
    let one = estimate_value;
    let row = |row: &RecoveryRow| {
        json!({
            "name": row.name,
            "role": row.kind.word(),
            "interruptions_per_year": one(&row.interruptions),
            "failovers_per_year": one(&row.failovers),
            "recovery_s": one(&row.recovery),
            "recovery_p50_s": one(&row.recovery_p50),
            "recovery_p95_s": one(&row.recovery_p95),
            "causes": row.causes.iter().map(|(cause, estimate)| json!({
                "cause": cause, "interruptions_per_year": one(estimate),
            })).collect::<Vec<_>>(),
            "writes": row.writes.as_ref().map(|writes| json!({
                "lost_per_year": one(&writes.lost),
                "failovers_behind_per_year": one(&writes.behind),
                "lost_per_failover": one(&writes.per_failover),
                "window_s": one(&writes.window),
                "window_p95_s": one(&writes.window_p95),
            })),
        })
    };
    rows.iter().map(row).collect()
}
