//! Failed, stale and lost reads and writes of databases in each scenario.

use super::{Ladder, counted, folded};
use crate::plan::drills::Drillable;
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, words};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, Figure, HeatMap, Section, Table, Unit,
};
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
/// Index of stale reads in [`NAMES`].
const STALE: usize = 1;
/// Indices of wrong answers in [`NAMES`] (stale reads, lost and split-brain writes), the worst first.
const UNTRUE: [usize; 3] = [3, 4, STALE];
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
    let mut fold = Vec::new();
    if !told.is_empty() {
        let caption = format!(
            "Per run, {:.0} % intervals; around a break, only the failures beyond those without a \
             break",
            ladder.level * 100.0
        );
        let columns: Vec<usize> = (0..NAMES.len()).collect();
        fold.push(Block::Table(table(ladder, &told, &columns, caption)));
        blocks.push(Block::Chart(heat(ladder)));
    }
    fold.push(Block::Text(elsewhere(ladder, &told)));
    fold.push(Block::Text(
        "Failed: refused, an error, timed out or abandoned, and its page with it. Stale: answered \
         by a replica without a write that it should have had. Lost: acknowledged by an old \
         primary and never received by the new one. Split-brain: accepted by an old primary beside \
         the new one, and lost with it."
            .into(),
    ));
    let summary = match told.len() {
        0 => "Meaning of failed, stale and lost".into(),
        count => format!("All {} with failed, stale or lost operations", counted(count, "run")),
    };
    blocks.push(folded(summary, fold));
    Some(Section { heading: HEADING.into(), intro: finding(ladder), blocks })
}

/// Returns the run of a scenario with the most operations of one kind, if there is any.
fn most(ladder: &Ladder, row: usize, of: usize) -> Option<(&LossRow, f64)> {
    let own = ladder.losses.iter().filter(|loss| loss.row == row && loss.seen[of]);
    let known = own.filter_map(|loss| Some((loss, loss.counts[of].value()?)));
    known.reduce(|most, one| if one.1 > most.1 { one } else { most })
}

/// States the largest loss of acknowledged writes, and whether any read was stale.
fn finding(ladder: &Ladder) -> String {
    let rows = 0..ladder.rows.len();
    let lost = FORGOTTEN.iter().flat_map(|of| rows.clone().map(move |row| (row, *of)));
    let lost = lost.filter_map(|(row, of)| Some((row, most(ladder, row, of)?)));
    let lost = lost.reduce(|most, one| if one.1.1 > most.1.1 { one } else { most });
    let told: Vec<&LossRow> = ladder.losses.iter().collect();
    let writes = match lost {
        None => "No acknowledged write is lost in any run".into(),
        Some((row, (loss, count))) => format!(
            "{} loses most acknowledged writes: {} per run, with {}",
            ladder.rows[row].scenario,
            crate::report::number::figure(&Figure::exact(count, Unit::None)),
            when(&told, loss)
        ),
    };
    let stale = rows.filter(|row| most(ladder, *row, STALE).is_some());
    let stale: Vec<String> = stale.map(|row| ladder.rows[row].scenario.clone()).collect();
    match stale.len() {
        0 => format!("{writes}. No read is stale."),
        _ => format!("{writes}. Reads are stale in {}.", crate::report::answer::list(&stale)),
    }
}

/// Draws the worst run of each scenario for each kind of loss.
fn heat(ladder: &Ladder) -> Chart {
    let any = |of: &usize| ladder.losses.iter().any(|loss| loss.seen[*of]);
    let kinds: Vec<usize> = WORST_FIRST.into_iter().filter(any).collect();
    let has = |row: usize| ladder.losses.iter().any(|loss| loss.row == row);
    let rows: Vec<usize> = (0..ladder.rows.len()).filter(|row| has(*row)).collect();
    let value = |of: usize, row: usize| {
        let kept = |loss: &LossRow| !matches!(loss.counts[of], Estimate::Missing(NoValue::NotKept));
        let known = ladder.losses.iter().any(|loss| loss.row == row && kept(loss));
        known.then(|| most(ladder, row, of).map_or(0.0, |(_, count)| count))
    };
    let values = kinds.iter().map(|of| rows.iter().map(|row| value(*of, *row)).collect());
    Chart {
        name: "databases".into(),
        title: "Reads and writes in the worst run of each scenario".into(),
        finding: "The worst run is a window, or a run around one break; a dash: no replicas".into(),
        kind: ChartKind::Heat(HeatMap {
            rows_are: "operations".into(),
            columns_are: "scenario".into(),
            rows: kinds.iter().map(|of| NAMES[*of].0.to_string()).collect(),
            columns: rows.iter().map(|row| ladder.rows[*row].scenario.clone()).collect(),
            values_are: Axis::linear("operations per run", Unit::None),
            values: values.collect(),
        }),
    }
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
