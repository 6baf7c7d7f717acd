//! Utilisation of each kind of component in each scenario.

use super::{Ladder, counted, folded, snake};
use crate::report::columns::{Described, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, HeatMap, Section, Table, Unit,
};
use crate::report::run::cell;
use crate::study::compare::{Busiest, UseGroup};

/// The heading of the section.
pub(super) const HEADING: &str = "Utilisation of each part";
/// Number of scenarios side by side on a terminal of 80 columns.
const SIDE_BY_SIDE: usize = 5;
/// Utilisation below which a part has a row only in the files.
const IDLE: f64 = 0.02;

/// Returns the section; `None` if no member lists its parts.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    if ladder.uses.is_empty() {
        return None;
    }
    let windows = ladder.basis.windows.iter().enumerate();
    let deciding = windows.clone().next_back();
    let chart = deciding.map(|(at, window)| Block::Chart(heat(ladder, at, window)));
    let tables = windows.rev().map(|(at, window)| Block::Table(matrix(ladder, at, window)));
    let mut fold: Vec<Block> = tables.chain(idle(ladder).map(Block::Text)).collect();
    fold.push(Block::Text(
        "Busy over capacity, on average over a window; of several parts of one kind and name, the \
         busiest. The resource follows the name: the cores of a zone (of its cap) and of a server, \
         the workers of a service, the connections of a database, the bandwidth of a link. The \
         report of each scenario has every part by itself, and its offered load in closed form."
            .into(),
    ));
    let count = told(ladder).count();
    let windows = crate::report::answer::list(&ladder.basis.windows);
    let summary =
        format!("Utilisation of {} in windows {windows}, with intervals", counted(count, "part"));
    let last = ladder.basis.windows.len().checked_sub(1);
    Some(Section {
        heading: HEADING.into(),
        intro: last.map_or_else(String::new, |at| busiest(ladder, at)),
        blocks: chart.into_iter().chain([folded(summary, fold)]).collect(),
    })
}

fn label(group: &UseGroup) -> String {
    format!("{} {}", group.kind.word(), group.group)
}

/// Returns the matrix: one row per kind and name, one column per scenario.
fn matrix(ladder: &Ladder, at: usize, window: &str) -> Table {
    let mut columns = vec![Column::words("part", "part")];
    for row in &ladder.rows {
        let key = format!("{}_ratio", snake(&row.scenario));
        columns.push(Column::numbers(&row.scenario, &key, Unit::Ratio));
    }
    let row = |group: &UseGroup| {
        let mut cells = vec![Cell::text(label(group))];
        cells.extend(group.cells.iter().map(|of_row| {
            let found = of_row[at].as_ref();
            found.map_or_else(|| Cell::missing("\u{2013}"), |one| cell(&one.mean, Unit::Ratio))
        }));
        cells
    };
    Table {
        caption: format!(
            "Utilisation in window {window}, {:.0} % intervals; \u{2013}: no such part",
            ladder.level * 100.0
        ),
        columns,
        rows: told(ladder).map(row).collect(),
    }
}

fn value(one: &Option<Busiest>) -> Option<f64> {
    one.as_ref().and_then(|one| one.mean.value())
}

fn is_idle(group: &UseGroup) -> bool {
    group.cells.iter().flatten().filter_map(value).all(|busy| busy < IDLE)
}

/// Returns whether the group has a utilisation: unlimited workers have none.
fn has_value(group: &UseGroup) -> bool {
    group.cells.iter().flatten().any(|one| value(one).is_some())
}

/// Returns the groups that are busy in some scenario; all groups if none is.
fn told(ladder: &Ladder) -> impl Iterator<Item = &UseGroup> + Clone {
    let any = !ladder.uses.iter().all(is_idle);
    ladder.uses.iter().filter(move |group| has_value(group) && (!any || !is_idle(group)))
}

/// Names the idle groups.
fn idle(ladder: &Ladder) -> Option<String> {
    if ladder.uses.iter().all(is_idle) {
        return None;
    }
    let idle = ladder.uses.iter().filter(|one| is_idle(one) && has_value(one));
    let idle: Vec<String> = idle.map(label).collect();
    let least = IDLE * 100.0;
    (!idle.is_empty())
        .then(|| format!("Utilisation below {least:.0} % everywhere: {}.", idle.join(", ")))
}

/// Returns the blocks for a terminal: whole percentages in all windows, a few scenarios at a time, with the parts
/// that any of them has.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    let places: Vec<usize> = (0..ladder.rows.len()).collect();
    let some = places.chunks(SIDE_BY_SIDE).map(|places| {
        let mut columns = vec![Column::words("busy", "part")];
        for at in places {
            let row = &ladder.rows[*at];
            columns.push(Column::numbers(&row.scenario, &snake(&row.scenario), Unit::None));
        }
        let there = |group: &&UseGroup| {
            places.iter().any(|at| group.cells[*at].iter().any(|one| value(one).is_some()))
        };
        let row = |group: &UseGroup| {
            let mut cells = vec![Cell::text(label(group))];
            cells.extend(places.iter().map(|at| Cell::text(percentages(&group.cells[*at]))));
            cells
        };
        let rows = told(ladder).filter(there).map(row).collect();
        let caption = if places.contains(&0) {
            format!(
                "Utilisation, %, in windows {}: the busiest part of each name; with intervals in \
                 comparison.html",
                ladder.basis.windows.join(" / ")
            )
        } else {
            String::new()
        };
        Block::Table(Table { caption, columns, rows })
    });
    some.chain(idle(ladder).map(Block::Text)).collect()
}

/// Formats the percentages of all windows: `21/42`.
fn percentages(windows: &[Option<Busiest>]) -> String {
    if windows.iter().flatten().all(|one| one.mean.value().is_none()) {
        return String::new();
    }
    let percent = |one: &Option<Busiest>| {
        value(one).map_or_else(|| "?".to_string(), |value| format!("{:.0}", value * 100.0))
    };
    windows.iter().map(percent).collect::<Vec<_>>().join("/")
}

/// States the busiest part of all scenarios in a window, and that of the chosen one.
fn busiest(ladder: &Ladder, at: usize) -> String {
    let window = &ladder.basis.windows[at];
    let own = super::chosen(ladder);
    let all = ladder.uses.iter().flat_map(|group| group.cells.iter().zip(&ladder.rows));
    let all =
        all.filter_map(|(of_row, row)| Some((value(&of_row[at])?, of_row[at].as_ref()?, row)));
    // Ties are won by the first.
    let greater = |most: (f64, _, _), one: (f64, _, _)| if one.0 > most.0 { one } else { most };
    let most = all.clone().reduce(greater);
    let name = &ladder.rows[own].scenario;
    let chosen = all.filter(|(_, _, row)| row.scenario == *name).reduce(greater);
    let said = |(value, one, row): (f64, &Busiest, &crate::study::compare::Row)| {
        format!("{} of {}, {:.0}\u{a0}%", one.name, row.scenario, value * 100.0)
    };
    match (most, chosen) {
        (None, _) => String::new(),
        (Some(most), Some(own)) if own.2.scenario != most.2.scenario => {
            format!("Busiest in window {window}: {}, and {}.", said(most), said(own))
        }
        (Some(most), _) => format!("Busiest in window {window}: {}.", said(most)),
    }
}

fn heat(ladder: &Ladder, at: usize, window: &str) -> Chart {
    let values = told(ladder).map(|group| group.cells.iter().map(|row| value(&row[at])).collect());
    Chart {
        name: "utilization".into(),
        title: format!("Busiest part of each name in window {window}"),
        finding: "A dash: the scenario has no such part".into(),
        kind: ChartKind::Heat(HeatMap {
            rows_are: "part".into(),
            columns_are: "scenario".into(),
            rows: told(ladder).map(label).collect(),
            columns: ladder.rows.iter().map(|row| row.scenario.clone()).collect(),
            values_are: Axis::linear("busy \u{f7} capacity", Unit::Ratio),
            values: values.collect(),
        }),
    }
}

/// The busiest member of one kind and name in a window of a scenario.
struct Line<'a> {
    scenario: &'a str,
    window: &'a str,
    group: &'a UseGroup,
    one: &'a Busiest,
}

/// Declares the rows about `component` in comparison.csv.
fn declared<'a>() -> ResultTable<Line<'a>> {
    ResultTable::new(
        "comparison.csv",
        "The components of one kind and name in a window of a scenario.",
        [
            words("scenario", "", "Name of the scenario.", |l| l.scenario.into()),
            words("window", "", "Window, or run around a break.", |l| l.window.into()),
            words("kind", "", "Kind of the component or part.", |l| l.group.kind.word().into()),
            words("group", "", "Name that the members have in common.", |l| {
                (&l.group.group).into()
            }),
            numbers("members", "", Unit::None, "Number of members.", |l| l.one.members.into()),
            words("busiest", "", "Busiest component.", |l| (&l.one.name).into()),
            estimates(
                "busiest_ratio",
                "",
                Unit::Ratio,
                "Mean utilisation of that component.",
                |l| (&l.one.mean).into(),
            ),
            numbers(
                "busiest_offered_ratio",
                "",
                Unit::Ratio,
                "Offered load of that component, in closed form.",
                |l| Value::or(l.one.offered, "not computed"),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    declared().described()
}

/// Returns the table for programs: one row per scenario, window, kind and name.
pub(super) fn data(ladder: &Ladder) -> Table {
    let mut lines = Vec::new();
    for (row, scenario) in ladder.rows.iter().enumerate() {
        for (at, window) in ladder.basis.windows.iter().enumerate() {
            lines.extend(ladder.uses.iter().filter_map(|group| {
                let one = group.cells[row][at].as_ref()?;
                Some(Line { scenario: &scenario.scenario, window, group, one })
            }));
        }
    }
    declared().data(lines)
}
