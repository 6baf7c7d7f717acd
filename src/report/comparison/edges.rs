//! Edges in a comparison: where latency is measured, and the part of a step that is due to caching.
//!
//! In: the rows. Out: a mark on the scenarios whose latency is measured at edges, and a note on each below the table.
//! Holds: the parts of caching and origin add up to the step of the table.

use super::whole;
use crate::report::document::{Cell, Figure, Table, Unit};
use crate::report::number;
use crate::stats::interval::Interval;
use crate::study::compare::{Ladder, Row};

/// Mark of a scenario whose latency is measured at edges. It is ASCII, so that every terminal can show it.
const MARK: &str = "(e)";

/// Returns the table with a mark on each scenario whose latency is measured at edges.
pub(super) fn marked(ladder: &Ladder, mut table: Table) -> Table {
    for (cells, row) in table.rows.iter_mut().zip(&ladder.rows) {
        if row.measured.is_some() && row.windows.iter().any(|window| window.edges.is_some()) {
            cells[0] = Cell::text(format!("{} {MARK}", row.scenario));
        }
    }
    table
}

/// Explains the mark, for each scenario that has it and for the one below it without a mark.
pub(super) fn notes(ladder: &Ladder) -> Vec<String> {
    (0..ladder.rows.len()).filter_map(|at| note(ladder, at)).collect()
}

fn note(ladder: &Ladder, at: usize) -> Option<String> {
    let row = &ladder.rows[at];
    let window = ladder.basis.windows.last()?;
    let class = &ladder.basis.class;
    let mut said: Vec<String> = Vec::new();
    if let (Some(measured), Some(last)) = (&row.measured, row.windows.last()) {
        said.push(format!("{} {MARK}: {measured}", row.scenario));
        if let Some(edges) = &last.edges {
            let share = number::figure(&Figure::exact(edges.share(), Unit::Ratio));
            let beside = |row: &Row| {
                let p95 = super::text_of(&row.windows.last()?.latency[1]);
                Some(format!(", in {} above {p95}", row.scenario))
            };
            let above = at.checked_sub(1).map(|above| &ladder.rows[above]);
            let above = above.filter(|row| row.measured.is_none());
            said.push(format!(
                "In window {window} edges answer {share} of {class}: p95 of all requests is {}, of \
                 those that go on towards the origin {}{}.",
                super::text_of(&last.latency[1]),
                super::text_of(&edges.origin),
                above.and_then(beside).unwrap_or_default()
            ));
        }
    } else if row.step_parts.is_some() {
        said.push(format!(
            "{}: its latency is measured at the site, that of {} at edges.",
            row.scenario,
            ladder.rows[at - 1].scenario
        ));
    }
    if let Some(parts) = &row.step_parts {
        said.push(format!(
            "Of the step in p95 {} is due to caching (answers from edges) and {} to requests that \
             go on towards the origin. A lower value of the latter is relief, but these are not \
             the same requests as in the row above (each interval holds for itself).",
            signed(&parts.caching),
            signed(&parts.origin)
        ));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

/// Formats a difference with a typographic sign: `−120 ms ± 3`.
fn signed(difference: &Interval) -> String {
    let Interval { estimate, low, high, .. } = *difference;
    let (sign, [value, low, high]) = match estimate < 0.0 {
        true => ('\u{2212}', [-estimate, -high, -low]),
        false => ('+', [estimate, low, high]),
    };
    format!("{sign}{}", whole(&Figure::estimate(value, low, high, Unit::Seconds)))
}
