//! The latency of each scenario: against load, and in each window.

use super::{Ladder, capacity, edges, folded, has_once, in_points, once_cell, once_column, points};
use super::{said, snake};
use crate::report::answer::{list, rate, seconds};
use crate::report::columns::{ResultTable, estimates, numbers, words};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, Definition, Figure, LadderChart, LadderRow,
    Objective, Panel, PanelChart, Point, Section, Table, Unit,
};
use crate::report::number;
use crate::report::run::charts::mark;
use crate::report::run::{cell, share_cell};
use crate::stats::equivalence::Comparison;
use crate::study::compare::{Cell as Window, Row};
use crate::study::results::{CapacityRow, CurvePoint, balance, knee};
use crate::study::window::{Estimate, Verdict as Balance};

/// The heading of the section.
pub(super) const HEADING: &str = "Latency";

/// Returns the section.
pub(super) fn section(ladder: &Ladder) -> Section {
    let mut side_by_side = vec![Block::Table(edges::marked(ladder, table(ladder)))];
    side_by_side.extend(edges::notes(ladder).into_iter().map(Block::Text));
    let percentiles = (0..ladder.basis.windows.len()).rev().map(|at| percentiles(ladder, at));
    let mut charts = curves(ladder).into_iter().chain(percentiles).map(Block::Chart);
    let mut blocks: Vec<Block> = charts.next().into_iter().collect();
    let others: Vec<Block> = charts.collect();
    if !others.is_empty() {
        blocks.push(folded("Median, p95 and p99 in each window", others));
    }
    let summary = "Cost, latency, share served and busiest part, with intervals and differences";
    blocks.push(folded(summary, side_by_side));
    Section { heading: HEADING.into(), intro: finding(ladder), blocks }
}

/// Returns the blocks for a terminal: signs instead of words, and no steps.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    let mut blocks = vec![Block::Table(edges::marked(ladder, narrow_table(ladder)))];
    blocks.extend(edges::notes(ladder).into_iter().map(Block::Text));
    let marked = ladder.rows.iter().flat_map(|row| &row.windows).filter_map(mark_of);
    let mut marked: Vec<(&str, Balance)> = marked.collect();
    marked.sort_unstable_by_key(|(mark, _)| *mark);
    marked.dedup();
    let meaning = |(mark, verdict): (&str, Balance)| Definition {
        term: format!("{mark} {}", verdict.word()),
        meaning: balance(verdict).into(),
    };
    blocks.push(Block::Definitions(marked.into_iter().map(meaning).collect()));
    blocks
}

/// Returns the capacity of a scenario, if its curve has points.
fn curve(row: &Row) -> Option<&CapacityRow> {
    row.capacity.as_ref().filter(|one| !one.curve.is_empty())
}

/// Returns the rate of the knee of a scenario.
fn knee_of(row: &Row) -> Option<f64> {
    let curve = &curve(row)?.curve;
    Some(curve[knee(curve)?].rate)
}

/// States the latencies at the design peak, and the scenarios that it drives beyond their knee.
fn finding(ladder: &Ladder) -> String {
    let Some(last) = ladder.basis.windows.len().checked_sub(1) else {
        return "No window of requests is compared.".into();
    };
    let class = &ladder.basis.class;
    let all = ladder.rows.iter().filter_map(|row| {
        let value = row.windows[last].latency[1].value()?;
        Some((value, row))
    });
    let mut all: Vec<(f64, &Row)> = all.collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let window = &ladder.basis.windows[last];
    let shown = |row: &Row| super::text_of(&row.windows[last].latency[1]);
    let mut text = match all.as_slice() {
        [] => return format!("No latency of {class} was measured in window {window}."),
        [(_, row)] => format!("p95 of {class} at {window} is {} in {}.", shown(row), row.scenario),
        [(_, least), .., (_, most)] => format!(
            "p95 of {class} at {window} lies between {} in {} and {} in {}.",
            shown(least),
            least.scenario,
            shown(most),
            most.scenario
        ),
    };
    if let Some(peak) = capacity::peak(ladder) {
        let known = ladder.rows.iter().filter_map(|row| Some((knee_of(row)?, row)));
        let known: Vec<(f64, &Row)> = known.collect();
        let beyond = known.iter().filter(|(knee, _)| *knee < peak);
        let beyond: Vec<String> = beyond.map(|(_, row)| row.scenario.clone()).collect();
        if !known.is_empty() {
            let load = rate(peak);
            text.push_str(&match beyond.len() {
                0 => format!(" No scenario is beyond its knee at {load}."),
                all if all == known.len() => format!(" At {load} all are beyond their knee."),
                1 => format!(" At {load} {} is beyond its knee.", list(&beyond)),
                _ => format!(" At {load} {} are beyond their knee.", list(&beyond)),
            });
        }
    }
    text
}

/// Draws latency against load, one panel per scenario; `None` without a curve.
fn curves(ladder: &Ladder) -> Option<Chart> {
    let first = ladder.rows.iter().find_map(curve)?;
    let point = |point: &CurvePoint| {
        let band = match &point.figure {
            Estimate::Interval(i) => Some((i.low, i.high)),
            _ => None,
        };
        Point { x: point.rate, y: point.figure.value(), band }
    };
    let panels = ladder.rows.iter().filter_map(|row| {
        let curve = &curve(row)?.curve;
        Some(Panel {
            label: row.scenario.clone(),
            points: curve.iter().map(point).collect(),
            mark: knee(curve),
        })
    });
    let stat = first.stat;
    let peak = capacity::peak(ladder);
    let label = format!("objective, {stat} < {}", seconds(first.bound.seconds()));
    Some(Chart {
        name: "latency-against-load".into(),
        title: format!("{stat} of {} against load", ladder.basis.class),
        finding: format!(
            "The knee is the simulated point with the largest ratio of load to {stat}: beyond it {stat} \
             rises faster than the load. Points are means over the first replications at 0.3, 0.6, \
             0.8, 0.9 and 1.1 times the capacity; vertical lines are {:.0} % intervals",
            ladder.level * 100.0
        ),
        kind: ChartKind::Panels(Box::new(PanelChart {
            x: Axis::log("load", Unit::PerSecond),
            y: Axis::log(stat, Unit::Seconds),
            panels: panels.collect(),
            objective: Some(Objective { value: first.bound.seconds(), label }),
            load: peak
                .map(|value| Objective { value, label: format!("design peak, {}", rate(value)) }),
            mark: "knee".into(),
        })),
    })
}

/// A point of the curve of a scenario.
struct OnCurve<'a> {
    scenario: &'a str,
    stat: &'static str,
    point: &'a CurvePoint,
    is_knee: bool,
}

/// Returns the curves for programs: one row per scenario and point.
pub(super) fn data(ladder: &Ladder) -> Table {
    let table: ResultTable<OnCurve<'_>> = ResultTable::new(
        "",
        "A point of a curve.",
        [
            words("scenario", "", "", |l: &OnCurve<'_>| l.scenario.into()),
            words("stat", "", "", |l: &OnCurve<'_>| l.stat.into()),
            numbers("rate_per_s", "", Unit::PerSecond, "", |l: &OnCurve<'_>| l.point.rate.into()),
            estimates("latency_s", "", Unit::Seconds, "", |l: &OnCurve<'_>| {
                (&l.point.figure).into()
            }),
            words("knee", "", "", |l: &OnCurve<'_>| if l.is_knee { "yes" } else { "no" }.into()),
        ],
    );
    let lines = ladder.rows.iter().filter_map(|row| Some((row, curve(row)?)));
    let lines = lines.flat_map(|(row, capacity)| {
        let (scenario, stat, knee) = (row.scenario.as_str(), capacity.stat, knee(&capacity.curve));
        let points = capacity.curve.iter().enumerate();
        points.map(move |(at, point)| OnCurve { scenario, stat, point, is_knee: knee == Some(at) })
    });
    table.data(lines)
}

/// Returns a sign for a window that is not in balance, if there is no space for the word.
pub(super) fn mark_of(window: &Window) -> Option<(&'static str, Balance)> {
    match window.verdict {
        Balance::Stable | Balance::Broken => None,
        Balance::Overloaded => Some(("*", Balance::Overloaded)),
        Balance::Backlogged => Some(("+", Balance::Backlogged)),
        Balance::Metastable => Some(("!", Balance::Metastable)),
        Balance::Inconclusive => Some(("?", Balance::Inconclusive)),
    }
}

/// Returns the table for a terminal: signs instead of words, and no steps.
fn narrow_table(ladder: &Ladder) -> Table {
    let mut table = table(ladder);
    let windows = ladder.basis.windows.len();
    // Scenario, costs, latencies, served, busiest.
    let latencies = 2 + usize::from(has_once(ladder));
    let kept = latencies + windows + 2;
    if windows == 0 {
        return table;
    }
    table.columns.truncate(kept);
    for (cells, row) in table.rows.iter_mut().zip(&ladder.rows) {
        cells.truncate(kept);
        for (cell, window) in cells[latencies..latencies + windows].iter_mut().zip(&row.windows) {
            let value = crate::report::text::cell(&latency_cell(window));
            // Every value gets two more characters, so that the numbers are aligned.
            *cell =
                Cell::text(format!("{value} {}", mark_of(window).map_or(" ", |(mark, _)| mark)));
        }
    }
    table
}

/// Returns the table for people.
pub(super) fn table(ladder: &Ladder) -> Table {
    let class = &ladder.basis.class;
    let mut columns = vec![
        Column::words("scenario", "scenario"),
        Column::numbers("$/month", "cost_dollars_per_month", Unit::Dollars),
    ];
    if has_once(ladder) {
        columns.push(once_column());
    }
    for window in &ladder.basis.windows {
        let key = format!("p95_{}_s", snake(window));
        columns.push(Column::numbers(&format!("p95 @{window}"), &key, Unit::Seconds));
    }
    let Some(deciding) = ladder.basis.windows.last().cloned() else {
        // Without windows, the long-horizon figures have a table of their own.
        let row =
            |row: &Row| cells(row, has_once(ladder)).into_iter().take(columns.len()).collect();
        let rows = ladder.rows.iter().map(row).collect();
        return Table { caption: String::new(), columns, rows };
    };
    let served = format!("served_{}_ratio", snake(&deciding));
    columns.push(Column::numbers(&format!("served @{deciding}"), &served, Unit::Ratio));
    columns.push(Column::words("busiest", "busiest"));
    columns.push(Column::words("p95 against the row above", "p95_step"));
    columns.push(Column::words("served against the row above", "served_step"));
    let rows = ladder.rows.iter().map(|row| cells(row, has_once(ladder))).collect();
    Table {
        caption: format!(
            "p95 is that of {class}. Same users and demands for all; ± is the interval of each; \
             differences are paired and hold jointly at {:.0} %",
            ladder.level * 100.0
        ),
        columns,
        rows,
    }
}

fn cells(row: &Row, with_once: bool) -> Vec<Cell> {
    let mut cells = vec![Cell::text(row.scenario.clone())];
    cells.push(row.monthly_cost.map_or_else(
        || Cell::missing("no prices"),
        |cost| Cell::Figure(Figure::exact(cost, Unit::Dollars)),
    ));
    if with_once {
        cells.push(once_cell(row.once_cost));
    }
    for window in &row.windows {
        // Latencies of an overloaded window cover completed requests only.
        cells.push(match window.verdict {
            Balance::Stable | Balance::Inconclusive => latency_cell(window),
            other => {
                let value = crate::report::text::cell(&latency_cell(window));
                Cell::text(format!("{value} ({})", other.word()))
            }
        });
    }
    let last = row.windows.last();
    cells.push(last.map_or_else(|| Cell::missing("no window"), |w| share_cell(&w.served)));
    let busiest = last.and_then(|window| window.busiest.as_ref());
    cells.push(busiest.map_or_else(
        || Cell::missing("none"),
        |(name, value)| Cell::text(format!("{name} {:.0} %", value * 100.0)),
    ));
    let step = |step: Option<Comparison>, unit: &Unit, smaller: bool| {
        step.map_or_else(|| Cell::text(""), |step| Cell::text(said(&step, unit, smaller)))
    };
    cells.push(step(row.latency_step, &Unit::Seconds, true));
    cells.push(step(row.served_step.as_ref().map(in_points), &points(), false));
    cells
}

fn latency_cell(window: &Window) -> Cell {
    cell(&window.latency[1], Unit::Seconds)
}

/// Draws the percentiles of a window.
fn percentiles(ladder: &Ladder, at: usize) -> Chart {
    let rows = ladder.rows.iter().map(|row| LadderRow {
        label: row.scenario.clone(),
        values: row.windows[at].latency.iter().map(mark).collect(),
    });
    let (name, class) = (&ladder.basis.windows[at], &ladder.basis.class);
    Chart {
        name: format!("latency-{name}"),
        title: format!("Latency of {class} in window {name}"),
        finding: extremes(ladder, at),
        kind: ChartKind::Ladder(LadderChart {
            axis: Axis::log("latency, logarithmic", Unit::Seconds),
            levels: ["p50", "p95", "p99"].map(String::from).to_vec(),
            rows: rows.collect(),
            objective: objective(ladder, name),
        }),
    }
}

/// Returns the objective for the p95 latency in a window; `None` if scenarios differ in it.
fn objective(ladder: &Ladder, window: &str) -> Option<Objective> {
    use crate::study::summary::Aim;
    let goals = ladder.summaries.iter().flat_map(|summary| summary.goals());
    let own = goals.filter(|(of, _)| of.name == ladder.basis.class);
    let mut bounds = own.filter_map(|(_, goal)| match &goal.aim {
        Aim::Latency { window: name, stat: "p95", bound } if name == window => Some(*bound),
        _ => None,
    });
    let value = bounds.next()?;
    let label = format!("objective, p95 < {}", seconds(value));
    bounds.all(|other| other == value).then_some(Objective { value, label })
}

fn extremes(ladder: &Ladder, at: usize) -> String {
    let all = ladder
        .rows
        .iter()
        .filter_map(|row| Some((row.windows[at].latency[1].value()?, row.scenario.as_str())));
    let mut all: Vec<(f64, &str)> = all.collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let show = |value| number::figure(&Figure::exact(value, Unit::Seconds));
    match (all.first(), all.last()) {
        (Some(least), Some(most)) if all.len() > 1 => {
            format!("p95 {} in {}, {} in {}", show(least.0), least.1, show(most.0), most.1)
        }
        (Some(only), _) => format!("p95 {} in {}", show(only.0), only.1),
        _ => String::new(),
    }
}
