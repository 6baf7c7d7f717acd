//! Every figure of a run in one table.

use super::files::bound;
use super::unit;
use crate::report::columns::{Described, DescribedColumn};
use crate::report::csv;
use crate::report::document::{Align, Cell, Column, Figure, Table, Unit};
use crate::report::json;
use crate::study::record::{FigureRecord, SummaryRecord};
use crate::study::results::{FigureRow, Results};
use crate::study::window::Estimate;

/// Writes every figure as CSV, one row per figure.
///
/// # Panics
///
/// Never: names of columns are in snake case.
#[must_use]
pub fn csv(results: &Results) -> Vec<u8> {
    written(&table(results), results.partial.as_deref())
}

fn written(table: &Table, partial: Option<&str>) -> Vec<u8> {
    csv::table(table, partial).expect("names of columns are written in this file")
}

/// Writes every figure of recorded results as CSV, with the same columns.
///
/// # Panics
///
/// Never: names of columns are in snake case.
#[must_use]
pub fn of_summary(summary: &SummaryRecord) -> Vec<u8> {
    let row = |(path, record): (&String, &FigureRecord)| {
        let text = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let interval = record.low.zip(record.high);
        let value = record.value.map(|value| match interval {
            Some((low, high)) => Figure::estimate(value, low, high, Unit::None),
            None => Figure::exact(value, Unit::None),
        });
        vec![
            Cell::text(summary.scenario.clone()),
            Cell::text(path.clone()),
            Cell::text(record.unit.clone()),
            value.map_or_else(|| Cell::missing(String::new()), Cell::Figure),
            text(&record.verdict),
            text(&record.reason),
        ]
    };
    let rows = summary.figures.iter().map(row).collect();
    written(&Table { caption: String::new(), columns: columns(), rows }, None)
}

/// Returns the documentation of the columns.
#[must_use]
pub fn described() -> Described {
    let columns = columns().into_iter().map(|column| DescribedColumn {
        is_words: column.align == Align::Left,
        names: vec![column.key],
        meaning: "",
        // The unit of a value is in its row.
        unit: "1".to_string(),
    });
    Described { name: "figures.csv", row_is: "A figure.", columns: columns.collect() }
}

fn columns() -> Vec<Column> {
    vec![
        Column::words("scenario", "scenario"),
        Column::words("figure", "figure"),
        Column::words("unit", "unit"),
        Column::numbers("value", "value", Unit::None),
        Column::words("verdict", "verdict"),
        Column::words("reason", "reason"),
    ]
}

fn table(results: &Results) -> Table {
    let row = |row: &FigureRow| {
        let unit = unit(row.unit);
        let (value, reason) = match &row.estimate {
            Estimate::Interval(i) => {
                let figure = Figure::estimate(i.estimate, i.low, i.high, unit.clone());
                (Cell::Figure(figure), bound(i).unwrap_or_default().to_string())
            }
            Estimate::Single(value) => {
                (Cell::Figure(Figure::exact(*value, unit.clone())), "single run".to_string())
            }
            Estimate::Missing(reason) => (Cell::missing(reason.to_string()), reason.to_string()),
        };
        vec![
            Cell::text(results.scenario.clone()),
            Cell::text(row.path.clone()),
            Cell::text(json::unit(&unit)),
            value,
            Cell::text(
                row.window.map_or("", |at| results.windows[at].verdict_of_figure(&row.path).word()),
            ),
            Cell::text(reason),
        ]
    };
    let of_years = results.years.iter().flat_map(|years| &years.figures);
    let joined = results.sampled.iter().flat_map(|sampled| &sampled.figures);
    let all = results.figures.iter().chain(of_years).chain(joined);
    Table { caption: String::new(), columns: columns(), rows: all.map(row).collect() }
}
