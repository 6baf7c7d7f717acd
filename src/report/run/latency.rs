//! Latencies of classes, in the report and as a file.

use super::page::labelled_for;
use super::{charts, folded};
use crate::report::answer;
use crate::report::columns::{Described, Read, ResultTable, estimates, numbers, words};
use crate::report::document::{
    Axis, Block, Chart, ChartKind, Objective, Panel, PanelChart, Point, Section, Unit,
};
use crate::report::rows::TableForm;
use crate::study::results::{CurvePoint, Latency, Results, STATS, WindowRows, knee};
use crate::study::summary::summary;
use crate::study::window::Estimate;

/// A latency in a window; in the file one statistic of it, an index into [`STATS`].
struct Line<'a> {
    window: &'a WindowRows,
    latency: &'a Latency,
    stat: usize,
}

/// Declares `latency.csv`: a row per statistic. The page has a row per latency and a column per statistic.
fn latencies<'a>() -> ResultTable<Line<'a>> {
    let stat = |at: usize, id, read: Read<Line<'a>>| {
        numbers(id, STATS[at].0, Unit::Seconds, "", read).off_file()
    };
    ResultTable::new(
        "latency.csv",
        "A statistic of one latency in a window.",
        [
            words("window", "window", "Window of the scenario.", |row: &Line<'_>| {
                (&row.window.name).into()
            })
            .on_page(|row| labelled_for(row.window, &row.latency.name).into()),
            words("verdict", "", "Verdict on the class in the window.", |row| {
                row.window.verdict_of(&row.latency.name).word().into()
            }),
            words(
                "class",
                "class",
                "Class of the requests; `CLASS-view` for its page views, `CLASS-miss` for requests that no edge answers.",
                |row| (&row.latency.name).into(),
            ),
            words("stat", "", "Statistic: the mean or a percentile.", |row| {
                STATS[row.stat].0.into()
            }),
            estimates(
                "value_s",
                "",
                Unit::Seconds,
                "Latency of the completed requests.",
                |row: &Line<'_>| (&row.latency.estimates[row.stat]).into(),
            )
            .with_reason(),
            stat(1, "p50_s", |row| (&row.latency.estimates[1]).into()),
            stat(2, "p95_s", |row| (&row.latency.estimates[2]).into()),
            stat(3, "p99_s", |row| (&row.latency.estimates[3]).into()),
            stat(0, "mean_s", |row| (&row.latency.estimates[0]).into()),
            numbers(
                "samples",
                "samples",
                Unit::None,
                "Number of samples in all replications.",
                |row| row.latency.samples.into(),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    latencies().described()
}

/// Writes `latency.csv`.
pub(super) fn file<F: TableForm>(results: &Results) -> F {
    let of = |(window, latency)| (0..STATS.len()).map(move |stat| Line { window, latency, stat });
    let all = results.windows.iter().flat_map(|w| w.latencies.iter().map(move |one| (w, one)));
    latencies().file(results.partial.as_deref(), all.flat_map(of))
}

/// Draws latency against load with its knee; `None` without a search for a capacity.
fn curve(results: &Results) -> Option<Chart> {
    let row = results.capacities.first().filter(|row| row.curve.len() > 1)?;
    let point = |point: &CurvePoint| {
        let band = match &point.figure {
            Estimate::Interval(i) => Some((i.low, i.high)),
            _ => None,
        };
        Point { x: point.rate, y: point.figure.value(), band }
    };
    let panel = Panel {
        label: results.scenario.clone(),
        points: row.curve.iter().map(point).collect(),
        mark: knee(&row.curve),
    };
    let subjects = summary(results).subjects;
    let subject = subjects.into_iter().find(|of| of.name == row.class);
    let peak = subject.and_then(|of| of.peak).map(|(rate, _)| Objective {
        value: rate,
        label: format!("design peak, {}", answer::rate(rate)),
    });
    let (stat, bound) = (row.stat, row.bound.seconds());
    Some(Chart {
        name: "latency-against-load".into(),
        title: format!("{stat} of {} against load", row.class),
        finding: format!(
            "The knee is the simulated point with the largest ratio of load to {stat}: beyond it \
             {stat} rises faster than the load. Vertical lines at points are intervals"
        ),
        kind: ChartKind::Panels(Box::new(PanelChart {
            x: Axis::log("load", Unit::PerSecond),
            y: Axis::log(stat, Unit::Seconds),
            panels: vec![panel],
            objective: Some(Objective {
                value: bound,
                label: format!("objective, {stat} < {}", answer::seconds(bound)),
            }),
            load: peak,
            mark: "knee".into(),
        })),
    })
}

/// Returns the section: drawings, and a folded table with all windows of each class together.
pub(super) fn section(results: &Results) -> Section {
    let mut names: Vec<&str> = Vec::new();
    for row in results.plain().flat_map(|window| &window.latencies) {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    let in_windows = |name: &str| {
        let find = |window: &'_ WindowRows| window.latencies.iter().position(|r| r.name == name);
        let found = results.plain().filter_map(|window| Some((window, find(window)?)));
        found.collect::<Vec<_>>()
    };
    let lines = names.into_iter().flat_map(in_windows).map(|(window, at)| Line {
        window,
        latency: &window.latencies[at],
        stat: 0,
    });
    let ids = ["class", "window", "p50_s", "p95_s", "p99_s", "mean_s", "samples"];
    let table = latencies().page("", &ids, lines);
    let curve = curve(results);
    let has_curve = curve.is_some();
    let mut blocks: Vec<Block> = Vec::new();
    blocks.extend(curve.map(Block::Chart));
    blocks.extend(charts::latencies(results).map(Block::Chart));
    let distribution = charts::distribution(results).map(Block::Chart);
    let mut inside: Vec<Block> = Vec::new();
    if has_curve {
        inside.extend(distribution)
    } else {
        blocks.extend(distribution)
    }
    let text = format!(
        "Latency of a class: from a request's arrival at the site, or at the edge of a CDN, to its \
         answer. Latency of its view: from the user's click to the last byte of everything. \
         Latencies cover completed requests only.{}",
        results.at_edges.iter().map(|note| format!(" {note}")).collect::<String>()
    );
    let summary = format!("All {} latencies, with intervals", table.rows.len());
    inside.extend([Block::Text(text), Block::Table(table)]);
    blocks.extend(folded(summary, inside));
    let mut intro = charts::slowest(results);
    if let Some(row) = results.capacities.first()
        && let Some(knee) = knee(&row.curve).and_then(|at| row.curve.get(at))
    {
        intro.push_str(&format!(
            " The knee of latency against load is at {}.",
            answer::rate(knee.rate)
        ));
    }
    Section { heading: "Latency".into(), intro, blocks }
}
