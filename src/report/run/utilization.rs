//! Utilisation of components in windows, in the report and as files.

use super::page::labelled;
use super::{cell, charts, folded};
use crate::report::columns::{Described, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{Block, Cell, Column, Figure, Section, Table, Unit};
use crate::report::rows::TableForm;
use crate::solve::requests::GRID;
use crate::study::results::{Results, Use, UseKind, WindowRows};
use crate::study::window::Estimate;

/// A component in a window.
#[derive(Clone, Copy)]
struct Line<'a> {
    window: &'a WindowRows,
    row: &'a Use,
}

fn p95(row: &Use) -> Estimate {
    row.p95().map_or_else(Estimate::Missing, Estimate::Single)
}

/// Declares `utilization.csv`. The page has a row per component and two columns per window.
fn utilizations<'a>() -> ResultTable<Line<'a>> {
    ResultTable::new(
        "utilization.csv",
        "A component in a window.",
        [
            words("window", "", "Window of the scenario.", |line| (&line.window.name).into()),
            words(
                "component",
                "component",
                "Component; the processor of a server has `.cpu` behind its name.",
                |line| (&line.row.name).into(),
            ),
            words("kind", "resource", "Kind of the component.", |line: &Line<'_>| {
                line.row.kind.word().into()
            })
            .keyed("of")
            .on_page(|line| line.row.kind.counts().into()),
            estimates(
                "mean_ratio",
                "",
                Unit::Ratio,
                "Mean number busy over capacity; empty where the capacity is unlimited.",
                |line: &Line<'_>| (&line.row.mean).into(),
            )
            .with_reason(),
            numbers(
                "offered_ratio",
                "offered",
                Unit::Ratio,
                "Offered load in closed form: rate × visits × demand over capacity, without \
                 abandonment and retries.",
                |line| Value::or(line.row.offered, "\u{2013}"),
            ),
            numbers(
                "busiest_ratio",
                "",
                Unit::Ratio,
                "Utilisation in the busiest 5-minute interval of the window, mean over replications.",
                |line| line.row.busiest().map(|(_, value)| value).into(),
            ),
            numbers(
                "busiest_start_s",
                "",
                Unit::Seconds,
                "Start of that interval, after the start of the window.",
                |line| line.row.busiest().map(|(at, _)| at as f64 * GRID.seconds()).into(),
            ),
            numbers(
                "p95_ratio",
                "",
                Unit::Ratio,
                "Utilisation that 95 % of the 5-minute intervals do not exceed.",
                |line: &Line<'_>| p95(line.row).into(),
            )
            .with_reason_as("p95"),
        ],
    )
}

/// A component in a 5-minute interval of a window.
struct Step<'a> {
    line: Line<'a>,
    step: usize,
    value: f64,
}

impl Step<'_> {
    fn start_s(&self) -> f64 {
        self.step as f64 * GRID.seconds()
    }
}

/// Declares `timeline.csv`.
fn timelines<'a>() -> ResultTable<Step<'a>> {
    ResultTable::new(
        "timeline.csv",
        "A component in a 5-minute interval of a window.",
        [
            words("window", "", "Window of the scenario.", |step| (&step.line.window.name).into()),
            numbers(
                "start_s",
                "",
                Unit::Seconds,
                "Start of the interval, after the start of the window.",
                |step| step.start_s().into(),
            ),
            numbers("length_s", "", Unit::Seconds, "Length of the interval.", |step| {
                let rest = step.line.window.length.seconds() - step.start_s();
                GRID.seconds().min(rest).into()
            }),
            words("component", "", "Component, as in utilization.csv.", |step| {
                (&step.line.row.name).into()
            }),
            numbers(
                "utilization_ratio",
                "",
                Unit::Ratio,
                "Utilisation in the interval, mean over replications.",
                |step| step.value.into(),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> [Described; 2] {
    [utilizations().described(), timelines().described()]
}

fn lines(window: &WindowRows) -> impl Iterator<Item = Line<'_>> {
    window.uses.iter().map(move |row| Line { window, row })
}

/// Writes `utilization.csv`.
pub(super) fn file<F: TableForm>(results: &Results) -> F {
    let all = results.windows.iter().flat_map(lines);
    utilizations().file(results.partial.as_deref(), all)
}

/// Writes `timeline.csv`; returns `None` if no series are kept.
pub(super) fn timeline<F: TableForm>(results: &Results) -> Option<F> {
    let mut all = Vec::new();
    for window in &results.windows {
        let steps = window.uses.iter().map(|row| row.series.len()).max().unwrap_or(0);
        for step in 0..steps {
            all.extend(lines(window).filter_map(|line| {
                Some(Step { line, step, value: line.row.series.get(step).copied()? })
            }));
        }
    }
    (!all.is_empty()).then(|| timelines().file(results.partial.as_deref(), all))
}

/// Returns the section.
pub(super) fn section(results: &Results) -> Section {
    let mut columns =
        vec![Column::words("component", "component"), Column::words("resource", "of")];
    for window in results.plain() {
        let key = format!("{}_ratio", window.name.replace('-', "_"));
        columns.push(Column::numbers(&labelled(window), &key, Unit::Ratio));
        let key = format!("{}_offered_ratio", window.name.replace('-', "_"));
        columns.push(Column::numbers("offered", &key, Unit::Ratio));
    }
    let mut names: Vec<(UseKind, &str)> = Vec::new();
    for row in results.plain().flat_map(|window| &window.uses) {
        if !names.contains(&(row.kind, row.name.as_str())) {
            names.push((row.kind, &row.name));
        }
    }
    let row = |(kind, name): &(UseKind, &str)| {
        let mut cells = vec![Cell::text(*name), Cell::text(kind.counts())];
        for window in results.plain() {
            let found = window.uses.iter().find(|row| row.kind == *kind && row.name == *name);
            cells.push(
                found.map_or_else(|| Cell::missing("not kept"), |row| cell(&row.mean, Unit::Ratio)),
            );
            cells.push(found.and_then(|row| row.offered).map_or_else(
                || Cell::missing("\u{2013}"),
                |offered| Cell::Figure(Figure::exact(offered, Unit::Ratio)),
            ));
        }
        cells
    };
    let rows = names.iter().map(row).collect();
    let peak = super::lead::peak_window(results);
    let is_peak = |window: &&WindowRows| peak.is_some_and(|peak| peak.name == window.name);
    let mut blocks: Vec<Block> = Vec::new();
    let first = results.plain().find(is_peak).or_else(|| results.plain().last());
    let chart = first.and_then(charts::utilization);
    let intro = first.map_or_else(String::new, charts::busiest);
    blocks.extend(chart.map(Block::Chart));
    blocks.extend(first.and_then(charts::timeline).map(Block::Chart));
    let text = "Busy over capacity, on average over a window. Beside it stands the offered load in \
                closed form: rate \u{d7} visits \u{d7} demand \u{f7} capacity, without \
                abandonment and retries. The two agree if everything offered is served. For members \
                that a scaler launches, offered is over the most of them, busy over those that \
                exist.";
    let mut inside = vec![Block::Text(text.into())];
    let summary = format!("All {} parts in all windows", names.len());
    inside.push(Block::Table(Table { caption: String::new(), columns, rows }));
    inside.extend(unlimited(results).map(Block::Table));
    let others =
        || results.plain().filter(|window| first.is_none_or(|one| one.name != window.name));
    inside.extend(others().filter_map(charts::utilization).map(Block::Chart));
    inside.extend(others().filter_map(charts::timeline).map(Block::Chart));
    blocks.extend(folded(summary, inside));
    blocks.extend(super::scalers::blocks(results));
    blocks.extend(folded("By hour of the week, over the years", super::load::used(results)));
    blocks.extend(folded(super::zones::HEADING, super::zones::blocks(results)));
    Section { heading: "Utilisation".into(), intro, blocks }
}

/// Returns the number of busy units of components without a limit, which have no utilisation.
fn unlimited(results: &Results) -> Option<Table> {
    let mut columns = vec![Column::words("component", "component"), Column::words("its", "of")];
    for window in results.plain() {
        let key = format!("{}_busy", window.name.replace('-', "_"));
        columns.push(Column::numbers(&labelled(window), &key, Unit::None));
    }
    let mut names: Vec<(UseKind, &str)> = Vec::new();
    for row in results.plain().flat_map(|window| &window.uses) {
        if row.busy.is_some() && !names.contains(&(row.kind, row.name.as_str())) {
            names.push((row.kind, &row.name));
        }
    }
    let row = |(kind, name): &(UseKind, &str)| {
        let mut cells = vec![Cell::text(*name), Cell::text(kind.counts())];
        for window in results.plain() {
            let found = window.uses.iter().find(|row| row.kind == *kind && row.name == *name);
            let busy = found.and_then(|row| row.busy.as_ref());
            cells.push(busy.map_or_else(|| Cell::missing("not kept"), |b| cell(b, Unit::None)));
        }
        cells
    };
    let rows: Vec<Vec<Cell>> = names.iter().map(row).collect();
    let caption = "Mean number busy of unlimited resources".into();
    (!rows.is_empty()).then_some(Table { caption, columns, rows })
}
