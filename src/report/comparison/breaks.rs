//! What each kind of break costs in each scenario.

use super::{Ladder, snake};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, Figure, HeatMap, Section, Table, Unit,
};
use crate::report::run::breaks::noticed;
use crate::report::run::cell;
use crate::study::breaks::Way;
use crate::study::compare::BreakKind;
use crate::study::results::BreakRow;
use crate::study::window::{Estimate, Verdict};

/// The heading of the section.
pub(super) const HEADING: &str = "When a part breaks";
/// Scenarios in one table of a terminal of 80 columns.
const SIDE_BY_SIDE: usize = 3;

/// The section; `None` when no member has a window around a break.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    if ladder.breaks.is_empty() {
        return None;
    }
    Some(Section {
        heading: HEADING.into(),
        intro: "Each kind of part is broken once and not mended; what it costs is the difference \
                to the same users where nothing breaks. The report of each scenario tells more."
            .into(),
        blocks: vec![Block::Table(matrix(ladder)), Block::Chart(heat(ladder))],
    })
}

fn label(ladder: &Ladder, kind: &BreakKind) -> String {
    let first = &ladder.breaks[0].window;
    let many = ladder.breaks.iter().any(|other| other.window != *first);
    let at = if many { format!(" @{}", kind.window) } else { String::new() };
    format!("{} {}{at}", kind.kind, kind.group)
}

/// A row a kind, a column a scenario.
fn matrix(ladder: &Ladder) -> Table {
    let mut columns = vec![Column::words("broken", "part")];
    for row in &ladder.rows {
        let key = format!("{}_missed_views", snake(&row.scenario));
        columns.push(Column::numbers(&row.scenario, &key, Unit::None));
    }
    columns.push(Column::words("users notice", "noticed"));
    let row = |kind: &BreakKind| {
        let mut cells = vec![Cell::text(label(ladder, kind))];
        cells.extend(kind.cells.iter().map(|cell| {
            cell.as_ref().map_or_else(|| Cell::missing("no such part"), |row| missed(&row.missed))
        }));
        cells.push(Cell::text(in_words(ladder, kind)));
        cells
    };
    Table {
        caption: format!(
            "Views of `{}` missed in a run because one part breaks and is not mended, {:.0} % \
             intervals",
            ladder.basis.class,
            ladder.level * 100.0
        ),
        columns,
        rows: ladder.breaks.iter().map(row).collect(),
    }
}

/// The matrix for a terminal: a few scenarios at a time, with the parts that any of them has.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Table> {
    let full = matrix(ladder);
    let places: Vec<usize> = (0..ladder.rows.len()).collect();
    let some = places.chunks(SIDE_BY_SIDE).map(|places| {
        let pick = |at: &usize| full.columns[at + 1].clone();
        let columns = std::iter::once(full.columns[0].clone()).chain(places.iter().map(pick));
        let there = |kind: &BreakKind| places.iter().any(|at| kind.cells[*at].is_some());
        let rows = ladder.breaks.iter().zip(&full.rows).filter(|(kind, _)| there(kind));
        let rows = rows.map(|(_, row)| {
            let pick = |at: &usize| row[at + 1].clone();
            std::iter::once(row[0].clone()).chain(places.iter().map(pick)).collect()
        });
        let caption = if places.contains(&0) { full.caption.clone() } else { String::new() };
        Table { caption, columns: columns.collect(), rows: rows.collect() }
    });
    some.collect()
}

fn missed(estimate: &Estimate) -> Cell {
    match estimate {
        Estimate::Interval(i) if i.low == i.high => {
            Cell::Figure(Figure::exact(i.estimate, Unit::None))
        }
        other => cell(other, Unit::None),
    }
}

/// What users notice: once where it is the same in all scenarios that have the part.
fn in_words(ladder: &Ladder, kind: &BreakKind) -> String {
    let there = ladder.rows.iter().zip(&kind.cells);
    let words: Vec<(&str, String)> = there
        .filter_map(|(row, cell)| Some((row.scenario.as_str(), noticed(cell.as_ref()?.noticed))))
        .collect();
    match words.first() {
        Some((_, first)) if words.iter().all(|(_, word)| word == first) => first.clone(),
        _ => {
            let each: Vec<String> =
                words.iter().map(|(name, word)| format!("{name}: {word}")).collect();
            each.join("; ")
        }
    }
}

fn heat(ladder: &Ladder) -> Chart {
    let value = |cell: &Option<BreakRow>| cell.as_ref().and_then(|row| row.missed.value());
    let values = ladder.breaks.iter().map(|kind| kind.cells.iter().map(value).collect());
    let worst = ladder.breaks.iter().map(|kind| label(ladder, kind)).next().unwrap_or_default();
    Chart {
        name: "breaks".into(),
        title: "Page views missed when a part breaks".into(),
        finding: format!("Most is missed with {worst}"),
        kind: ChartKind::Heat(HeatMap {
            rows_are: "part".into(),
            columns_are: "scenario".into(),
            rows: ladder.breaks.iter().map(|kind| label(ladder, kind)).collect(),
            columns: ladder.rows.iter().map(|row| row.scenario.clone()).collect(),
            values_are: Axis::linear("page views missed in a run", Unit::None),
            values: values.collect(),
        }),
    }
}

/// The table that programs read: a row a scenario and a kind of part.
pub(super) fn data(ladder: &Ladder) -> Table {
    let columns = vec![
        Column::words("scenario", "scenario"),
        Column::words("window", "window"),
        Column::words("verdict", "verdict"),
        Column::words("kind", "kind"),
        Column::words("group", "group"),
        Column::words("part", "part"),
        Column::words("noticed", "noticed"),
        Column::numbers("missed", "missed_views", Unit::None),
        Column::numbers("losing", "losing_per_s", Unit::PerSecond),
        Column::numbers("after the repair", "missed_after_repair_views", Unit::None),
        Column::words("over", "over"),
    ];
    let mut rows = Vec::new();
    for (at, scenario) in ladder.rows.iter().enumerate() {
        for kind in &ladder.breaks {
            let Some(row) = &kind.cells[at] else { continue };
            rows.push(vec![
                Cell::text(scenario.scenario.clone()),
                Cell::text(format!(
                    "{}/{}:{}",
                    kind.window,
                    Way::Down.word(),
                    row.part.as_ref().map_or("", |part| &part.name)
                )),
                Cell::text(Verdict::Broken.word()),
                Cell::text(kind.kind),
                Cell::text(kind.group.clone()),
                Cell::text(row.part.as_ref().map_or("", |part| &part.name)),
                Cell::text(row.noticed.word()),
                cell(&row.missed, Unit::None),
                cell(&row.losing, Unit::PerSecond),
                cell(&row.missed_after_repair, Unit::None),
                row.over.map_or_else(
                    || Cell::missing("unsure"),
                    |over| Cell::text(if over { "yes" } else { "no" }),
                ),
            ]);
        }
    }
    Table { caption: String::new(), columns, rows }
}
