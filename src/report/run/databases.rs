//! Databases in a report: failed requests, replication lag, losses of failovers.
//!
//! In: the figures of the results with a metric of databases. Out: a section with two tables, and `databases.csv`
//! with one row per figure. Both are absent without a database.

use super::{cell, unit};
use crate::plan::figure::{Figure, Metric, Stat};
use crate::report::answer::whole;
use crate::report::columns::{Described, ResultTable, estimates, words};
use crate::report::document::{
    Axis, Bar, BarChart, Block, Cell, Chart, ChartKind, Column, Figure as DocumentFigure, Growth,
    Section, Table, Unit,
};
use crate::report::rows::TableForm;
use crate::study::results::{FigureRow, Results};

/// Metrics of a replica.
const OF_A_SLAVE: [(&str, Metric, Stat); 4] = [
    ("lag mean", Metric::Lag, Stat::Mean),
    ("lag p95", Metric::Lag, Stat::Quantile(0.95)),
    ("lag max", Metric::Lag, Stat::Max),
    ("writes behind", Metric::Backlog, Stat::Mean),
];

/// Metrics of a group.
const OF_A_GROUP: [(&str, Metric); 6] = [
    ("reads failed", Metric::FailedReads),
    ("writes failed", Metric::FailedWrites),
    ("failovers", Metric::Failovers),
    ("lost writes", Metric::LostWrites),
    ("stale reads", Metric::Stale),
    ("split-brain writes", Metric::SplitBrain),
];

/// A figure of a database.
struct Told<'a> {
    figure: Figure,
    row: &'a FigureRow,
}

fn told(results: &Results) -> Vec<Told<'_>> {
    let ours = |metric: Metric| {
        OF_A_SLAVE.iter().any(|(_, other, _)| *other == metric)
            || OF_A_GROUP.iter().any(|(_, other)| *other == metric)
    };
    let parsed = results.figures.iter().filter_map(|row| {
        let figure = Figure::parse(&row.path).ok()?;
        ours(figure.metric).then_some(Told { figure, row })
    });
    parsed.collect()
}

/// Returns the tables of the databases, for the ordinary windows and for the runs around a break with a failover.
#[must_use]
pub fn section(results: &Results) -> Option<Section> {
    let told = told(results);
    if told.is_empty() {
        return None;
    }
    let head = |name: &str| vec![Column::words(name, name), Column::words("window", "window")];
    let (mut replicas, mut groups) = (head("replica"), head("database"));
    for (name, metric, _) in OF_A_SLAVE {
        let key = name.replace(' ', "_");
        let (key, shown) = if metric == Metric::Lag {
            (format!("{key}_s"), Unit::Seconds)
        } else {
            (key, Unit::None)
        };
        replicas.push(Column::numbers(name, &key, shown));
    }
    for (name, metric) in OF_A_GROUP {
        let key = name.replace([' ', '-'], "_");
        let shown = if metric == Metric::Stale { Unit::Ratio } else { Unit::None };
        groups.push(Column::numbers(name, &key, shown));
    }
    let (mut of_replicas, mut of_groups) = (Vec::new(), Vec::new());
    for (place, window) in results.windows.iter().enumerate() {
        let here: Vec<&Told<'_>> =
            told.iter().filter(|told| told.row.window == Some(place)).collect();
        let failed_over = here.iter().any(|told| {
            told.figure.metric == Metric::Failovers
                && told.row.estimate.value().is_some_and(|count| count > 0.0)
        });
        if window.drill.is_some() && !failed_over {
            continue;
        }
        let find = |scope: &str, metric: Metric, stat: Option<Stat>| {
            let fits = |told: &&&Told<'_>| {
                told.figure.scope == scope
                    && told.figure.metric == metric
                    && stat.is_none_or(|stat| told.figure.stat == Some(stat))
            };
            let found = here.iter().find(fits);
            found.map_or_else(
                || Cell::missing("\u{2013}"),
                |told| {
                    let share = told.figure.stat == Some(Stat::Chance);
                    cell(&told.row.estimate, if share { Unit::Ratio } else { unit(told.row.unit) })
                },
            )
        };
        let scopes = |metric: Metric| {
            let mut names: Vec<&str> = Vec::new();
            for told in here.iter().filter(|told| told.figure.metric == metric) {
                if !names.contains(&told.figure.scope.as_str()) {
                    names.push(&told.figure.scope);
                }
            }
            names
        };
        for name in scopes(Metric::Lag) {
            let mut cells = vec![Cell::text(name), Cell::text(window.name.as_str())];
            cells.extend(OF_A_SLAVE.map(|(_, metric, stat)| find(name, metric, Some(stat))));
            of_replicas.push(cells);
        }
        let mut names = scopes(Metric::FailedReads);
        for metric in [Metric::FailedWrites, Metric::Failovers] {
            let more: Vec<&str> =
                scopes(metric).into_iter().filter(|name| !names.contains(name)).collect();
            names.extend(more);
        }
        for name in names {
            let mut cells = vec![Cell::text(name), Cell::text(window.name.as_str())];
            cells.extend(OF_A_GROUP.map(|(_, metric)| {
                let share = (metric == Metric::Stale).then_some(Stat::Chance);
                find(name, metric, share)
            }));
            of_groups.push(cells);
        }
    }
    let table = |(columns, rows): (Vec<Column>, Vec<Vec<Cell>>)| {
        let filled = !rows.is_empty();
        filled.then(|| Block::Table(Table { caption: String::new(), columns, rows }))
    };
    let text = "Replication lag: the age of the oldest write that a replica has not applied, while \
                it follows the primary. Failed: refused, an error, timed out or abandoned. Lost \
                writes: acknowledged by an old primary and never received by the new one. Stale: \
                the share of the replicas' reads that lacked a write they should have had. Runs \
                around a break are listed if they had a failover.";
    let number = of_groups.len() + of_replicas.len();
    let tables = [(groups, of_groups), (replicas, of_replicas)].into_iter().filter_map(table);
    let inside: Vec<Block> = std::iter::once(Block::Text(text.into())).chain(tables).collect();
    let lags = lags(results, &told);
    let chart = lags.as_ref().map(|(chart, _)| Block::Chart(chart.clone()));
    let mut blocks: Vec<Block> = chart.into_iter().collect();
    let summary = format!("All {number} rows: lag, failed and stale reads, lost writes");
    blocks.extend(super::folded(summary, inside));
    let intro = lags.map_or_else(String::new, |(_, finding)| finding);
    Some(Section { heading: "Databases".into(), intro, blocks })
}

/// Draws the p95 of the replication lag in windows without a break; returns the finding with it.
fn lags(results: &Results, told: &[Told<'_>]) -> Option<(Chart, String)> {
    let is_plain = |at: usize| results.windows[at].drill.is_none();
    let p95 = |told: &&Told<'_>| {
        told.figure.metric == Metric::Lag && matches!(told.figure.stat, Some(Stat::Quantile(_)))
    };
    let bars = told.iter().filter(p95).filter_map(|told| {
        let window = told.row.window.filter(|at| is_plain(*at))?;
        let estimate = super::charts::mark(&told.row.estimate)?;
        let label = format!("{} at {}", told.figure.scope, results.windows[window].name);
        Some(Bar { label, estimate: Some(estimate) })
    });
    let bars: Vec<Bar> = bars.collect();
    let value = |bar: &Bar| bar.estimate.map_or(0.0, |estimate| estimate.value);
    let worst = bars.iter().max_by(|a, b| value(a).total_cmp(&value(b)))?;
    let shown = whole(&DocumentFigure::exact(value(worst), Unit::Seconds));
    let finding =
        format!("The replication lag is longest for {}: its p95 is {shown}.", worst.label);
    let chart = Chart {
        name: "lag".into(),
        title: "Replication lag, p95".into(),
        finding: "Windows without a break".into(),
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("lag, p95", Unit::Seconds),
            growth: Growth::Right,
            bars,
            objective: None,
        }),
    };
    Some((chart, finding))
}

/// A figure of a database in a window.
struct Line<'a> {
    window: Option<&'a str>,
    told: &'a Told<'a>,
}

/// Declares `databases.csv`. The page has a row per replica or group and a column per figure.
fn declared<'a>() -> ResultTable<Line<'a>> {
    ResultTable::new(
        "databases.csv",
        "A figure of a database in a window.",
        [
            words("window", "", "Window of the scenario.", |line| line.window.into()),
            words("figure", "", "Metric, as in the path of the figure.", |line| {
                line.told.figure.metric.id().into()
            }),
            words("of", "", "Database, or the replica whose lag it is.", |line| {
                (&line.told.figure.scope).into()
            }),
            words("stat", "", "Statistic: mean, percentile, maximum or chance.", |line| {
                match line.told.figure.stat {
                    Some(Stat::Quantile(_)) => "p95",
                    Some(Stat::Max) => "max",
                    Some(Stat::Chance) => "chance",
                    _ => "mean",
                }
                .into()
            }),
            words("unit", "", "Unit of the value: seconds, or 1 for a count or a share.", |line| {
                if line.told.figure.metric == Metric::Lag { "s" } else { "1" }.into()
            }),
            estimates("value", "", Unit::None, "Estimate of the figure.", |line: &Line<'_>| {
                (&line.told.row.estimate).into()
            })
            .with_reason(),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    declared().described()
}

/// Writes `databases.csv`; `None` without databases.
pub(super) fn file<F: TableForm>(results: &Results) -> Option<F> {
    let told = told(results);
    let window = |at: usize| results.windows[at].name.as_str();
    let lines = told.iter().map(|told| Line { window: told.row.window.map(window), told });
    (!told.is_empty()).then(|| declared().file(results.partial.as_deref(), lines))
}
