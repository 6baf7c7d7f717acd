//! Failed, stale and lost reads and writes of databases in each scenario.

use super::Ladder;
use crate::plan::drills::Drillable;
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, words};
use crate::report::document::{Block, Cell, Column, Figure, Section, Table, Unit};
use crate::report::run::cell;
use crate::study::breaks::Way;
use crate::study::compare::{LOSSES, LossRow};
use crate::study::measure::NoValue;
use crate::study::window::Estimate;

/// The heading of the section.
pub(super) const HEADING: &str = "Reads and writes of databases";

/// Heading and key of each of [`LOSSES`].
const NAMES: [(&str, &str); LOSSES.len()] = [
    ("reads failed", "failed_reads"),
    ("reads stale", "stale_reads"),
    ("writes failed", "failed_writes"),
    ("writes lost", "lost_writes"),
    ("split-brain writes", "split_brain_writes"),
];
/// Indices of wrong answers in [`NAMES`] (stale reads, lost and split-brain writes), the worst first.
const UNTRUE: [usize; 3] = [3, 4, 1];
/// Indices of lost writes in [`NAMES`].
const FORGOTTEN: [usize; 2] = [3, 4];
/// All indices of [`NAMES`], in the order in which a narrow terminal keeps them.
const WORST_FIRST: [usize; LOSSES.len()] = [3, 4, 1, 2, 0];

/// Returns the section; `None` if no member has a database.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    if ladder.losses.is_empty() {
        return None;
    }
    let told: Vec<&LossRow> = ladder.losses.iter().filter(|row| row.any()).collect();
    let mut blocks = Vec::new();
    if !told.is_empty() {
        let caption = format!(
            "Per run, {:.0} % intervals; around a break, only the failures beyond those without a \
             break",
            ladder.level * 100.0
        );
        let columns: Vec<usize> = (0..NAMES.len()).collect();
        blocks.push(Block::Table(table(ladder, &told, &columns, caption)));
    }
    blocks.push(Block::Text(elsewhere(ladder, &told)));
    Some(Section {
        heading: HEADING.into(),
        intro: "Failed: refused, an error, timed out or abandoned, and its page with it. Stale: \
                answered by a replica without a write that it should have had. Lost: acknowledged \
                by an old primary and never received by the new one. Split-brain: accepted by an \
                old primary beside the new one, and lost with it."
            .into(),
        blocks,
    })
}

/// Describes the occasion: the window, or the part that broke or was repaired in it. The database is named if there
/// are several.
fn when(told: &[&LossRow], row: &LossRow) -> String {
    let many = told.iter().any(|other| other.database != row.database);
    let of = if many { format!("{}, ", row.database) } else { String::new() };
    match &row.part {
        None => format!("{of}{}", row.window),
        Some((part, Way::Down)) => format!("{of}{} broken", part.name),
        Some((part, Way::Repair)) => format!("{of}{} repaired", part.name),
    }
}

fn count(estimate: &Estimate) -> Cell {
    match estimate {
        Estimate::Interval(i) if i.low == i.high => {
            Cell::Figure(Figure::exact(i.estimate, Unit::None))
        }
        Estimate::Missing(NoValue::NotKept) => Cell::missing("\u{2013}"),
        other => cell(other, Unit::None),
    }
}

/// Returns the figures at `places` of [`NAMES`] that are not zero in some row.
fn table(ladder: &Ladder, told: &[&LossRow], places: &[usize], caption: String) -> Table {
    let needed = places.iter().copied().filter(|at| told.iter().any(|row| row.seen[*at]));
    let needed: Vec<usize> = needed.collect();
    let mut columns = vec![Column::words("scenario", "scenario"), Column::words("when", "when")];
    columns.extend(needed.iter().map(|at| Column::numbers(NAMES[*at].0, NAMES[*at].1, Unit::None)));
    let row = |row: &&LossRow| {
        let mut cells =
            vec![Cell::text(ladder.rows[row.row].scenario.clone()), Cell::text(when(told, row))];
        cells.extend(needed.iter().map(|at| count(&row.counts[*at])));
        cells
    };
    Table { caption, columns, rows: told.iter().map(row).collect() }
}

/// Summarises the other windows in a sentence instead of rows of zeros.
fn elsewhere(ladder: &Ladder, told: &[&LossRow]) -> String {
    match (told.len(), ladder.losses.len() - told.len()) {
        (_, 0) => String::new(),
        (0, _) => "No read or write failed, was stale or was lost.".into(),
        (_, rest) => format!(
            "In {rest} other windows and runs no more failed, were stale or were lost than without \
             a break."
        ),
    }
}

/// Returns the blocks for a terminal. They show lost or stale data, losses after repairs, and failures without a
/// break. Scenarios with the same values share a row.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    let is_untrue = |row: &LossRow| UNTRUE.iter().any(|at| row.seen[*at]);
    let is_told = |row: &&LossRow| match row.part {
        None => row.any(),
        Some((_, Way::Down)) => is_untrue(row),
        Some((_, Way::Repair)) => FORGOTTEN.iter().any(|at| row.seen[*at]),
    };
    let told: Vec<&LossRow> = ladder.losses.iter().filter(is_told).collect();
    let mut blocks = Vec::new();
    if !told.is_empty() {
        let mut all = table(ladder, &told, &WORST_FIRST, "Reads and writes per run".into());
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for row in std::mem::take(&mut all.rows) {
            match rows.iter_mut().find(|other| other[1..] == row[1..]) {
                Some(same) => {
                    let name = |cell: &Cell| crate::report::text::cell(cell);
                    same[0] = Cell::text(format!("{}, {}", name(&same[0]), name(&row[0])));
                }
                None => rows.push(row),
            }
        }
        all.rows = rows;
        blocks.push(Block::Table(all));
    }
    let broken = ladder.losses.iter().any(|row| row.part.is_some());
    let later = ladder.losses.iter().any(|row| is_untrue(row) && !is_told(&row));
    let place = if told.is_empty() { "" } else { "Elsewhere " };
    let stale = match (later, broken && !told.is_empty()) {
        (true, _) => "",
        (false, false) => " and no read is stale",
        (false, true) => " and no more reads are stale than without a break",
    };
    let no = if told.is_empty() { "No" } else { "no" };
    let rest = match (later, broken) {
        (true, _) => "; stale reads after repairs and failures around breaks: comparison.html",
        (false, true) => "; failures around breaks: comparison.html",
        (false, false) => "",
    };
    blocks.push(Block::Text(format!("{place}{no} acknowledged write is lost{stale}{rest}.")));
    blocks
}

/// A database in a window or a run around a break of a scenario.
struct Line<'a> {
    scenario: &'a str,
    row: &'a LossRow,
}

impl<'a> Line<'a> {
    fn part(&self) -> Option<&'a Drillable> {
        self.row.part.as_ref().map(|(part, _)| part)
    }
}

/// Declares the rows about `database` in comparison.csv.
fn declared<'a>() -> ResultTable<Line<'a>> {
    let count = |at: usize, meaning, read: Read<Line<'a>>| {
        estimates(NAMES[at].1, NAMES[at].0, Unit::None, meaning, read)
    };
    fn of<'r>(line: &'r Line<'_>, at: usize) -> Value<'r> {
        match &line.row.counts[at] {
            Estimate::Missing(NoValue::NotKept) => Value::Missing("no replicas".into()),
            other => other.into(),
        }
    }
    ResultTable::new(
        "comparison.csv",
        "A database in a window, or in a run around a break, of a scenario.",
        [
            words("scenario", "", "Name of the scenario.", |l| l.scenario.into()),
            words("window", "", "Window, or run around a break.", |l| (&l.row.window).into()),
            words("kind", "", "Kind of the component or part.", |l| {
                l.part().map_or("", |part| part.kind).into()
            }),
            words("group", "", "Name that the members have in common.", |l| {
                l.part().map_or("", |part| &part.group).into()
            }),
            words("part", "", "Part that is broken.", |l| {
                l.part().map_or("", |part| &part.name).into()
            }),
            words("database", "", "Name of the database.", |l| (&l.row.database).into()),
            count(0, "Reads that failed.", |l| of(l, 0)),
            count(1, "Stale reads answered by a replica.", |l| of(l, 1)),
            count(2, "Writes that failed.", |l| of(l, 2)),
            count(3, "Acknowledged writes that a failover lost.", |l| of(l, 3)),
            count(4, "Writes that an old primary accepted beside the new one.", |l| of(l, 4)),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    declared().described()
}

/// Returns the table for programs: one row per scenario, window or run around a break, and database.
pub(super) fn data(ladder: &Ladder) -> Table {
    let lines = ladder.losses.iter().map(|row| {
        let scenario = ladder.rows[row.row].scenario.as_str();
        Line { scenario, row }
    });
    declared().data(lines)
}
