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

/// Key of the column of words.
pub(super) const NOTICED: &str = "noticed";

/// The section; `None` when no member has a window around a break.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    if ladder.breaks.is_empty() {
        return None;
    }
    Some(Section {
        heading: "When a part breaks".into(),
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
    columns.push(Column::words("users notice", NOTICED));
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
                Cell::text(kind.window.clone()),
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

/// Adds to the rows of windows those of breaks, with what they have in columns of their own.
pub(super) fn extend(ladder: &Ladder, table: &mut Table) {
    if ladder.breaks.is_empty() {
        return;
    }
    let width = table.columns.len();
    let own = data(ladder);
    let added = 5;
    table.columns.extend(own.columns[added..].iter().cloned());
    table.columns.push(Column::words("kind", "kind"));
    for row in &mut table.rows {
        row.resize(width + own.columns.len() - added + 1, Cell::missing("of a break"));
    }
    for mut row in own.rows {
        let figures = row.split_off(added);
        let text = |cell: &Cell| crate::report::text::cell(cell);
        let window = format!("{}/{}:{}", text(&row[1]), Way::Down.word(), text(&row[4]));
        let mut cells = vec![row[0].clone(), Cell::text(window)];
        cells.push(Cell::text(Verdict::Broken.word()));
        cells.resize(width, Cell::missing("of a window without a break"));
        cells.extend(figures);
        cells.push(row[2].clone());
        table.rows.push(cells);
    }
}
