//! Every figure of a run in one table.

use super::files::bound;
use super::unit;
use crate::report::csv;
use crate::report::document::{Cell, Column, Figure, Table, Unit};
use crate::report::json;
use crate::study::results::{FigureRow, Results};
use crate::study::window::Estimate;

/// Writes every figure as CSV, one row per figure.
///
/// # Panics
///
/// Never: names of columns are in snake case.
#[must_use]
pub fn csv(results: &Results) -> Vec<u8> {
    let bytes = csv::table(&table(results), results.partial.as_deref());
    bytes.expect("names of columns are written in this file")
}

fn table(results: &Results) -> Table {
    let columns = vec![
        Column::words("scenario", "scenario"),
        Column::words("figure", "figure"),
        Column::words("unit", "unit"),
        Column::numbers("value", "value", Unit::None),
        Column::words("verdict", "verdict"),
        Column::words("reason", "reason"),
    ];
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
    Table { caption: String::new(), columns, rows: all.map(row).collect() }
}
