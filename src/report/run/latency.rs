//! Latencies of classes, in the report and as a file.

use super::{charts, folded};
use super::page::labelled_for;
use crate::report::columns::{Described, Read, ResultTable, estimates, numbers, words};
use crate::report::document::{Block, Section, Unit};
use crate::report::rows::TableForm;
use crate::study::results::{Latency, Results, STATS, WindowRows};

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
    let mut blocks: Vec<Block> = Vec::new();
    blocks.extend(charts::latencies(results).map(Block::Chart));
    blocks.extend(charts::distribution(results).map(Block::Chart));
    let text = format!(
        "Latency of a class: from a request's arrival at the site, or at the edge of a CDN, to its \
         answer. Latency of its view: from the user's click to the last byte of everything. \
         Latencies cover completed requests only.{}",
        results.at_edges.iter().map(|note| format!(" {note}")).collect::<String>()
    );
    let summary = format!("All {} latencies, with intervals", table.rows.len());
    blocks.extend(folded(summary, vec![Block::Text(text), Block::Table(table)]));
    Section { heading: "Latency".into(), intro: charts::slowest(results), blocks }
}
