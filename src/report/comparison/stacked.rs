//! The tables of a comparison in one: `comparison.csv`, and its rows in memory.

use super::{breaks, buy, data, losses, uses, variants, weigh, years};
use crate::report::csv;
use crate::report::document::{Cell, Column, Table};
use crate::report::rows::HeldTable;
use crate::study::compare::Ladder;

/// Returns the rows of `comparison.csv` in memory.
///
/// # Panics
///
/// Never: its columns are declared in this folder.
#[must_use]
pub fn rows(ladder: &Ladder) -> HeldTable {
    csv::put("comparison.csv", &stacked(ladder), None).expect("columns are declared in this folder")
}

/// Returns `comparison.csv`: all tables for programs below each other. A column of each row states its table; columns
/// with the same name have the same meaning.
pub(super) fn stacked(ladder: &Ladder) -> Table {
    let mut parts = vec![
        ("window", data(ladder)),
        ("component", uses::data(ladder)),
        ("break", breaks::data(ladder)),
        ("database", losses::data(ladder)),
        ("step", weigh::data(ladder)),
    ];
    if ladder.years.iter().any(Option::is_some) {
        parts.push(("years", years::data(ladder)));
    }
    if !ladder.variants.is_empty() {
        parts.push(("variant", variants::data(ladder)));
    }
    if ladder.offers.len() > 1 {
        parts.push(("offer", buy::data(ladder)));
    }
    let mut columns = vec![Column::words("about", "about")];
    for column in parts.iter().flat_map(|(_, part)| &part.columns) {
        if !columns.iter().any(|other| other.key == column.key) {
            columns.push(column.clone());
        }
    }
    let mut rows = Vec::new();
    for (about, part) in parts {
        let places = part.columns.iter().map(|column| {
            columns.iter().position(|other| other.key == column.key).unwrap_or_default()
        });
        let places: Vec<usize> = places.collect();
        for row in part.rows {
            let mut cells = vec![Cell::missing("of other rows"); columns.len()];
            cells[0] = Cell::text(about);
            for (place, cell) in places.iter().zip(row) {
                cells[*place] = cell;
            }
            rows.push(cells);
        }
    }
    Table { caption: String::new(), columns, rows }
}
