//! Members of autoscalers over a window, as a chart and as a file.

use crate::report::columns::{Described, Read, ResultTable, numbers, words};
use crate::report::document::{
    Axis, Block, Chart, ChartKind, Figure, Join, LineChart, Point, Series, Unit,
};
use crate::report::number;
use crate::report::rows::TableForm;
use crate::study::results::{Results, WindowRows};
use crate::study::scalers::{MemberCell, Scaled};

/// Largest number of series per chart.
const MOST_SERIES: usize = 8;
/// Share of a rise that has to be reached for its time to be told.
const RISEN: f64 = 0.9;

/// Returns one chart per window; none without scalers.
pub(super) fn blocks(results: &Results) -> Vec<Block> {
    results.plain().filter_map(chart).map(Block::Chart).collect()
}

/// Draws the members of the scalers over a window, those first whose number changes the most.
fn chart(window: &WindowRows) -> Option<Chart> {
    let mut drawn: Vec<&Scaled> =
        window.scalers.iter().filter(|one| !one.course.is_empty()).collect();
    drawn.sort_by(|a, b| rise(b).total_cmp(&rise(a)));
    drawn.truncate(MOST_SERIES);
    let first = *drawn.first()?;
    let line = |of: &&Scaled| {
        let at = |cell: &MemberCell| Point::at(cell.from.seconds(), cell.serving);
        let mut points: Vec<Point> = of.course.iter().map(at).collect();
        let last = of.course.last();
        points.extend(last.map(|cell| Point::at(cell.until.seconds(), cell.serving)));
        let (fewest, most) = of.bounds;
        Series { name: format!("{}: {fewest} to {most} members", of.name), points }
    };
    Some(Chart {
        name: format!("members-{}", window.name),
        title: format!("Members of scaled services over window {}", window.name),
        finding: finding(first),
        kind: ChartKind::Lines(LineChart {
            x: Axis::linear("time in the window", Unit::Seconds),
            y: Axis::linear("members that serve, mean over replications", Unit::None),
            join: Join::Step,
            series: drawn.iter().map(line).collect(),
            objective: None,
            limits: Vec::new(),
        }),
    })
}

/// Returns the largest number of members beyond the first one.
fn rise(of: &Scaled) -> f64 {
    most(of) - of.course.first().map_or(0.0, |cell| cell.serving)
}

fn most(of: &Scaled) -> f64 {
    of.course.iter().map(|cell| cell.serving).fold(0.0, f64::max)
}

fn finding(of: &Scaled) -> String {
    let show = |value: f64, unit| number::figure(&Figure::exact(value, unit));
    let first = of.course.first().map_or(0.0, |cell| cell.serving);
    let name = &of.name;
    let started = format!("{name} begins with {} members", show(first, Unit::None));
    // Less than half a member is one in some of the replications.
    if rise(of) < 0.5 {
        return format!("{started}, and has no more than {}", show(most(of), Unit::None));
    }
    let goal = first + RISEN * rise(of);
    let when = of.course.iter().find(|cell| cell.serving >= goal);
    let when = when.map_or(0.0, |cell| cell.until.seconds());
    format!(
        "{started}, and has {} at most; nine tenths of the rise are done {} into the window",
        show(most(of), Unit::None),
        show(when, Unit::Seconds),
    )
}

/// A scaler in one interval of a window.
struct Step<'a> {
    window: &'a WindowRows,
    of: &'a Scaled,
    cell: &'a MemberCell,
}

/// Declares `members-timeline.csv`.
fn courses<'a>() -> ResultTable<Step<'a>> {
    let count = |id, meaning, read: Read<Step<'a>>| numbers(id, "", Unit::None, meaning, read);
    let time = |id, meaning, read: Read<Step<'a>>| numbers(id, "", Unit::Seconds, meaning, read);
    ResultTable::new(
        "members-timeline.csv",
        "An autoscaler in one interval of a window.",
        [
            words("window", "", "Window of the scenario.", |row| (&row.window.name).into()),
            words("scaler", "", "Name of the autoscaler.", |row| (&row.of.name).into()),
            time("from_s", "Start of the interval, after the start of the window.", |row| {
                row.cell.from.seconds().into()
            }),
            time("until_s", "End of the interval, after the start of the window.", |row| {
                row.cell.until.seconds().into()
            }),
            count("members", "Mean number of members that are booted and not removed.", |row| {
                row.cell.serving.into()
            }),
            count("members_low", "Smallest number of them over the replications.", |row| {
                row.cell.range.0.into()
            }),
            count("members_high", "Largest number of them over the replications.", |row| {
                row.cell.range.1.into()
            }),
            count(
                "paid_members",
                "Mean number of members that cost: also those that boot or drain.",
                |row| row.cell.paid.into(),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    courses().described()
}

/// Writes `members-timeline.csv`; returns none without scalers.
pub(super) fn file<F: TableForm>(results: &Results) -> Option<F> {
    let mut steps = Vec::new();
    for window in results.plain() {
        for of in &window.scalers {
            steps.extend(of.course.iter().map(|cell| Step { window, of, cell }));
        }
    }
    (!steps.is_empty()).then(|| courses().file(results.partial.as_deref(), steps))
}
