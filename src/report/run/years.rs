//! Availability over years, in the report and as files.

use serde_json::{Value, json};

use super::files::{Sheet, availability_row, estimate_value, fields, share, words};
use super::{cell, share_cell};
use crate::convert::whole;
use crate::plan::availability::WatchedKind;
use crate::report::csv::Field;
use crate::report::document::{
    Block, Cell, Column, Figure, Judgement as Word, Rounding, Section, Table, Unit, Verdict as Line,
};
use crate::report::number;
use crate::report::write::ResultFile;
use crate::solve::flows::MERGE_GAP;
use crate::stats::interval::Interval;
use crate::study::results::{Results, YearRow, YearSide, YearsRows};
use crate::study::window::{Ending, Estimate};

/// The heading of the section.
pub const HEADING: &str = "Availability";

/// What is told of time a year: minutes.
#[must_use]
pub fn minutes() -> Unit {
    Unit::Other("min/y".into())
}

/// A cell of minutes a year, of an estimate in seconds a year; downtime rounds up.
#[must_use]
pub fn minutes_cell(estimate: &Estimate) -> Cell {
    scaled_cell(estimate, 60.0, minutes(), Rounding::Up)
}

fn days() -> Unit {
    Unit::Other("d".into())
}

/// A cell of an estimate in units of so many of its own.
fn scaled_cell(estimate: &Estimate, each: f64, unit: Unit, rounding: Rounding) -> Cell {
    let scaled = match estimate {
        Estimate::Interval(i) => Estimate::Interval(Interval {
            estimate: i.estimate / each,
            low: i.low / each,
            high: i.high / each,
            ..*i
        }),
        Estimate::Single(value) => Estimate::Single(value / each),
        Estimate::Missing(reason) => Estimate::Missing(*reason),
    };
    match cell(&scaled, unit) {
        Cell::Figure(figure) => Cell::Figure(figure.rounded(rounding)),
        other => other,
    }
}

/// The section; `None` where no years were lived through.
pub(super) fn section(results: &Results) -> Option<Section> {
    let years = results.years.as_ref()?;
    let mut blocks = vec![Block::Table(table(years))];
    // Of all classes together the causes are those of each.
    let tells = |row: &&YearRow| !matches!(row.kind, WatchedKind::Service | WatchedKind::All);
    for row in years.rows.iter().filter(tells) {
        if !row.all.causes.is_empty() {
            blocks.push(Block::Table(causes(row, years.apart)));
        }
    }
    Some(Section { heading: HEADING.into(), intro: intro(years), blocks })
}

fn intro(years: &YearsRows) -> String {
    let mut text = format!(
        "{} replications of {} each, from fault to fault and without a request. Structural: enough \
         is up and reachable for the whole path of a class; where members take over from each \
         other, one of them has done so; who is cut off with one link of several counts as his \
         share of the users. Continuous: no more than 1 % of the requests fail, also while a \
         death is not noticed yet. An outage lasts {} or longer; two less than \
         {MERGE_GAP} apart are one.",
        years.replications, years.horizon, years.shortest_outage,
    );
    if years.apart {
        text.push_str(&format!(
            " Architecture only: the same histories without {}, which no architecture inside one \
             site masks.",
            years.common.join(", ")
        ));
    }
    text
}

fn table(years: &YearsRows) -> Table {
    let mut columns = vec![
        Column::words("of", "name"),
        Column::numbers("share of time", "value_ratio", Unit::Ratio),
        Column::numbers("down", "downtime_min_per_year", minutes()),
    ];
    if years.apart {
        let key = "architecture_downtime_min_per_year";
        columns.push(Column::numbers("architecture only", key, minutes()));
    }
    columns.push(Column::numbers("outages a year", "outages_per_year", Unit::None));
    columns.push(Column::numbers("95 % of years at most", "year_p95_min", minutes()));
    columns.push(Column::numbers("outages last", "length_s", Unit::Seconds));
    columns.push(Column::numbers("up between them", "between_d", days()));
    if years.apart {
        let key = "architecture_value_ratio";
        columns.push(Column::numbers("architecture, share", key, Unit::Ratio));
    }
    let row = |row: &YearRow| {
        let side = row.architecture.as_ref();
        let mut cells = vec![
            Cell::text(format!("{}, {}", row.name, row.availability.word())),
            share_cell(&row.all.available),
            minutes_cell(&row.all.downtime),
        ];
        cells.extend(side.map(|side| minutes_cell(&side.downtime)));
        cells.push(cell(&row.all.outages, Unit::None));
        cells.push(minutes_cell(&row.all.year_p95));
        cells.push(cell(&row.all.length, Unit::Seconds));
        cells.push(scaled_cell(&row.all.between, 86_400.0, days(), Rounding::Down));
        cells.extend(side.map(|side| share_cell(&side.available)));
        cells
    };
    Table {
        caption: format!(
            "Availability over {} years",
            number::count(whole::u64(
                years.replications as f64 * years.horizon.seconds() / 31_536_000.0
            ))
        ),
        columns,
        rows: years.rows.iter().map(row).collect(),
    }
}

/// Why it is down.
fn causes(row: &YearRow, apart: bool) -> Table {
    let mut columns = vec![
        Column::words("first cause", "cause"),
        Column::numbers("down", "downtime_min_per_year", minutes()),
    ];
    if apart {
        let key = "architecture_downtime_min_per_year";
        columns.push(Column::numbers("architecture only", key, minutes()));
    }
    columns.push(Column::numbers("outages a year", "outages_per_year", Unit::None));
    columns.push(Column::numbers("contributes to", "contributing_min_per_year", minutes()));
    let line =
        |cause: &crate::study::results::YearCause| {
            let mut cells = vec![Cell::text(cause.name.clone()), minutes_cell(&cause.downtime)];
            if let Some(side) = &row.architecture {
                let found = side.causes.iter().find(|other| other.name == cause.name);
                cells.push(found.map_or_else(
                    || Cell::missing("\u{2013}"),
                    |cause| minutes_cell(&cause.downtime),
                ));
            }
            cells.push(cell(&cause.outages, Unit::None));
            cells.push(minutes_cell(&cause.contributing));
            cells
        };
    Table {
        caption: format!("Why {} is down ({})", row.name, row.availability.word()),
        columns,
        rows: row.all.causes.iter().map(line).collect(),
    }
}

/// Share of the downtime from which on one outage is named: its figure rests on it.
const RESTS_ON: f64 = 1.0 / 3.0;

/// Availabilities of classes and groups whose downtime is that of one outage, for the most part.
pub(super) fn single_outages(results: &Results) -> Vec<Line> {
    let rows = results.years.iter().flat_map(|years| &years.rows);
    let felt = rows.filter(|row| matches!(row.kind, WatchedKind::Class | WatchedKind::Group));
    let line = |row: &YearRow| {
        let share = row.all.worst.filter(|share| *share > RESTS_ON)?;
        let share = number::figure(&Figure::exact(share.min(1.0), Unit::Ratio));
        let text = format!(
            "{} ({}): one outage has {share} of all downtime seen; its length decides the figure",
            row.name,
            row.availability.word()
        );
        Some(Line { judgement: Word::Finding, text })
    };
    felt.filter_map(line).collect()
}

/// Which faults a side has.
fn sides(row: &YearRow) -> impl Iterator<Item = (&'static str, &YearSide)> {
    std::iter::once(("all", &row.all)).chain(row.architecture.iter().map(|s| ("architecture", s)))
}

/// Rows of `availability.csv`.
pub(super) fn availability(results: &Results, sheet: &mut Sheet) {
    let Some(years) = &results.years else { return };
    for row in &years.rows {
        for (faults, side) in sides(row) {
            let window = if faults == "all" { "horizon" } else { "horizon[without=common]" };
            let of = [window, &row.name, row.availability.word()];
            availability_row(sheet, of, &share(&side.available), years.replications, None);
        }
    }
}

/// `downtime.csv`: why it was down, by first cause; a row without a cause is of all.
pub(super) fn tables(results: &Results) -> Option<ResultFile> {
    let years = results.years.as_ref()?;
    let columns = [
        "name",
        "availability",
        "faults",
        "cause",
        "downtime_s_per_year",
        "downtime_s_per_year_lo",
        "downtime_s_per_year_hi",
        "year_p95_s",
        "year_p95_s_lo",
        "year_p95_s_hi",
        "contributing_s_per_year",
        "outages_per_year",
        "outages_per_year_lo",
        "outages_per_year_hi",
        "mean_length_s",
        "longest_s",
        "mean_time_between_s",
        "reason",
    ];
    let mut sheet = Sheet::new(results, &columns);
    for row in &years.rows {
        for (faults, side) in sides(row) {
            let names =
                [Field::Text(&row.name), Field::Text(row.availability.word()), Field::Text(faults)];
            let mut put = |cause: Field<'_>, rest: [&Estimate; 3], tail: [Field<'_>; 4]| {
                let (down, why) = fields(rest[0]);
                let (p95, not) = fields(rest[1]);
                let (outages, _) = fields(rest[2]);
                let why = why.or(not.map(|not| format!("year_p95: {not}")));
                let mut all = names.to_vec();
                all.push(cause);
                all.extend(down);
                all.extend(p95);
                all.push(tail[0]);
                all.extend(outages);
                all.extend(&tail[1..]);
                all.push(words(why.as_ref()));
                sheet.row(&all);
            };
            let value =
                |estimate: &Estimate| estimate.value().map_or(Field::Missing, Field::Number);
            put(
                Field::Missing,
                [&side.downtime, &side.year_p95, &side.outages],
                [
                    Field::Missing,
                    value(&side.length),
                    side.longest.map_or(Field::Missing, Field::Number),
                    value(&side.between),
                ],
            );
            for cause in &side.causes {
                put(
                    Field::Text(&cause.name),
                    [&cause.downtime, &cause.year_p95, &cause.outages],
                    [value(&cause.contributing), Field::Missing, Field::Missing, Field::Missing],
                );
            }
        }
    }
    Some(ResultFile::covered("downtime.csv", sheet.finish()))
}

/// For `summary.json`.
pub(super) fn summary(years: &YearsRows) -> Value {
    let one = estimate_value;
    let side = |side: &YearSide| {
        let ([value, low, high], level, method, reason) = share(&side.available);
        let shown = |field: Field<'_>| match field {
            Field::Number(number) => crate::report::json::number(number),
            _ => Value::Null,
        };
        json!({
            "available": {
                "value": shown(value), "low": shown(low), "high": shown(high),
                "level": shown(level), "method": method, "reason": reason,
            },
            "downtime_s_per_year": one(&side.downtime),
            "worst_outage_share": side.worst,
            "year_p95_s": one(&side.year_p95),
            "outages_per_year": one(&side.outages),
            "mean_length_s": one(&side.length),
            "mean_time_between_s": one(&side.between),
            "mean_time_to_first_s": one(&side.first),
            "causes": side.causes.iter().map(|cause| json!({
                "cause": cause.name,
                "downtime_s_per_year": one(&cause.downtime),
                "contributing_s_per_year": one(&cause.contributing),
                "outages_per_year": one(&cause.outages),
            })).collect::<Vec<_>>(),
        })
    };
    json!({
        "horizon_s": years.horizon.seconds(),
        "replications": years.replications,
        "looks": years.looks,
        "ending": match years.ending {
            Ending::Fixed => "fixed",
            Ending::Precise => "precise",
            Ending::BudgetSpent => "budget-spent",
            Ending::Interrupted => "interrupted",
        },
        "least_outage_s": years.shortest_outage.seconds(),
        "merge_gap_s": MERGE_GAP.seconds(),
        "common": years.common,
        "of": years.rows.iter().map(|row| json!({
            "name": row.name,
            "kind": row.kind.word(),
            "availability": row.availability.word(),
            "all": side(&row.all),
            "architecture": row.architecture.as_ref().map(side),
        })).collect::<Vec<_>>(),
    })
}
