//! The results of one scenario as files, as a page and for the terminal.
//!
//! In: [`Results`] and the identity of the run. Out: a [`ResultSet`] with its digest (D3), and the document for page
//! and terminal. Holds: no wall clock, path or machine in any of them (D2); the same bytes for any order of sections
//! in the scenario (D5).

mod advice;
mod asked;
mod availability;
pub mod breaks;
pub mod capacity;
pub mod charts;
mod cost;
pub mod databases;
mod disk_sets;
mod downtime;
mod expected;
pub mod figures;
pub mod files;
mod headroom;
mod latency;
pub(super) mod lead;
mod ledgers;
pub mod load;
pub mod outage;
pub mod page;
pub mod recovery;
mod restores;
pub mod sampled;
mod scaled;
mod scalers;
pub mod stories;
mod utilization;
mod verdict;
pub mod why;
pub mod years;
pub mod zones;

use serde_json::{Map, Value, json};

use crate::report::document::{Block, Cell, Document, Figure, Fold, Rounding, Unit};
use crate::report::write::{ResultFile, ResultSet, covers, run_digest};
use crate::report::{chart, html, json as form, number};
use crate::stats::interval::{Interval, Method};
use crate::study::results::{RESULTS_VERSION, Results, Share, WindowRows};
use crate::study::window::{Beyond, Estimate};

use crate::plan::figure::FigureUnit;

/// The line of the digest for a scenario that was run alone.
pub const TOLD_ALONE: &str = "told alone";
/// The key of the line of the digest for request windows sampled from the long horizon.
pub const SAMPLED: &str = "years-windows";
/// The key of a line of the digest for each figure that only the command line asks for.
pub const ASKED: &str = "figure";

/// The key of the event-digest checkpoints in a manifest.
pub const EVENT_TRAILS: &str = "event_trails";

/// The identity of a run, beside its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The scenario in canonical form, as text that can be run again.
    pub canonical: String,
    /// Its digest, `sha256:<64 hex>`.
    pub canonical_digest: String,
    /// Trace files of the scenario, each with the digest of its content, in order of name.
    pub traces: Vec<(String, String)>,
    /// The command that reproduces the same bytes, without paths.
    pub command: String,
    /// Monthly cost in dollars; `None` without such prices.
    pub monthly_cost: Option<f64>,
    /// One-time cost in dollars; `None` without such prices.
    pub once_cost: Option<f64>,
}

/// Returns blocks that a page shows on request; `None` without any.
fn folded(summary: impl Into<String>, blocks: Vec<Block>) -> Option<Block> {
    (!blocks.is_empty()).then(|| Block::Folded(Fold { summary: summary.into(), blocks }))
}

/// Formats the monthly and the one-time cost in a sentence; returns `None` without prices.
pub fn price(month: Option<f64>, once: Option<f64>) -> Option<String> {
    let text = |value: f64, unit: Unit| number::figure(&Figure::exact(value, unit));
    match (month, once) {
        (None, None) => None,
        (Some(month), None) => Some(text(month, Unit::DollarsPerMonth)),
        (None, Some(once)) => Some(format!("{} once", text(once, Unit::Dollars))),
        (Some(month), Some(once)) => Some(format!(
            "{} and {} once",
            text(month, Unit::DollarsPerMonth),
            text(once, Unit::Dollars)
        )),
    }
}

/// All files of one scenario, and the document for page and terminal.
#[derive(Clone, Debug)]
pub struct Output {
    /// The files.
    pub set: ResultSet,
    /// The document for page and terminal; its digest is that of the set.
    pub document: Document,
}

/// Creates the files and the document.
#[must_use]
pub fn output(results: &Results, identity: &Identity) -> Output {
    let mut document = page::document(results, identity);
    let mut covered: Vec<ResultFile> = files::tables(results);
    covered.extend(why::journal(results));
    covered.push(ResultFile::covered("scenario.toml", identity.canonical.clone().into_bytes()));
    covered.push(ResultFile::covered("summary.json", form::bytes(&files::summary(results))));
    covered.push(ResultFile::covered("replications.json", files::by_replication(results)));
    covered.extend(chart::files(&document));
    let digest = run_digest(&lines(results, identity), &covered);
    document.digest.clone_from(&digest);
    covered.push(ResultFile::listed("report.html", html::page(&document).into_bytes()));
    let set = ResultSet {
        digest,
        results_version: RESULTS_VERSION,
        partial: results.partial.clone(),
        facts: facts(results, identity),
        files: covered,
    };
    Output { set, document }
}

/// Returns the lines that the digest covers besides the files.
fn lines(results: &Results, identity: &Identity) -> Vec<(String, String)> {
    let mut lines = vec![("scenario".to_string(), identity.canonical_digest.clone())];
    for (name, digest) in &identity.traces {
        lines.push((format!("file {name}"), digest.clone()));
    }
    lines.push(("seed".into(), results.seed.to_string()));
    lines.push(("results-version".into(), RESULTS_VERSION.to_string()));
    if let Some(years) = &results.years {
        let count = years.replications.to_string();
        lines.push((format!("years {}", years.horizon), count));
    }
    lines.extend(results.asked.iter().map(|path| (ASKED.to_string(), path.clone())));
    lines.extend(results.alone.then(|| ("told".to_string(), "alone".to_string())));
    if let Some(sampled) = &results.sampled {
        lines.push((SAMPLED.into(), sampled.replications.to_string()));
    }
    for window in &results.windows {
        let count = window.replications.to_string();
        lines.push((format!("replications {}", window.name), count));
        for (replication, digest) in window.digests.iter().enumerate() {
            lines.push((format!("events {} {replication}", window.name), format!("{digest:016x}")));
        }
        if let Some(Beyond { from, digest }) = &window.beyond {
            // One digest of all the others.
            let others = format!("events-of-others {} {from}", window.name);
            lines.push((others, digest.clone()));
        }
    }
    lines
}

fn facts(results: &Results, identity: &Identity) -> Map<String, Value> {
    let facts = [
        ("scenario", json!(results.scenario)),
        ("seed", json!(results.seed)),
        ("command", json!(identity.command)),
        ("digest_covers", json!(covers(&lines(results, identity)))),
        (EVENT_TRAILS, json!(trails(results))),
    ];
    facts.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

/// Returns the event-digest checkpoints, window by window: `<window> <replication> <hex>`. The final digest of each
/// replication is part of the run digest already.
fn trails(results: &Results) -> Vec<String> {
    let of = |window: &WindowRows| {
        let lines = window.trails.iter().enumerate();
        let line = |(replication, trail)| format!("{} {replication} {trail}", window.name);
        lines.map(line).collect::<Vec<_>>()
    };
    results.windows.iter().flat_map(of).collect()
}

/// Returns the unit of a figure.
#[must_use]
pub const fn unit(unit: FigureUnit) -> Unit {
    match unit {
        FigureUnit::Seconds => Unit::Seconds,
        FigureUnit::PerSecond => Unit::PerSecond,
        FigureUnit::BitsPerSecond => Unit::BitsPerSecond,
        FigureUnit::Ratio => Unit::Ratio,
        FigureUnit::Count | FigureUnit::Name => Unit::None,
        FigureUnit::Dollars => Unit::Dollars,
        FigureUnit::DollarsPerMonth => Unit::DollarsPerMonth,
        FigureUnit::Watts => Unit::Watts,
        FigureUnit::Joules => Unit::Joules,
        FigureUnit::Grams => Unit::Grams,
    }
}

/// Returns an interval with its estimate; if a single run decides it, words replace the interval.
#[must_use]
pub fn figure(interval: &Interval, unit: Unit) -> Figure {
    let figure = Figure::estimate(interval.estimate, interval.low, interval.high, unit);
    match interval.method {
        Method::OneRunDecides => Figure { note: Some("one run decides"), ..figure },
        _ => figure,
    }
}

/// Returns the cell of an estimate.
#[must_use]
pub fn cell(estimate: &Estimate, unit: Unit) -> Cell {
    match estimate {
        Estimate::Interval(i) if i.method == Method::Arithmetic => {
            Cell::Figure(Figure::exact(i.estimate, unit))
        }
        Estimate::Interval(i) => Cell::Figure(figure(i, unit)),
        Estimate::Single(value) => Cell::Figure(Figure::exact(*value, unit)),
        Estimate::Missing(reason) => Cell::missing(reason.to_string()),
    }
}

/// Returns the cell of a share that may be one: rounded down, and a bound if there is no interval.
#[must_use]
pub fn share_cell(share: &Share) -> Cell {
    match share {
        Share::Interval(i) => Cell::Figure(
            Figure::estimate(i.estimate, i.low, i.high, Unit::Ratio).rounded(Rounding::Down),
        ),
        Share::Single(value) => {
            Cell::Figure(Figure::exact(*value, Unit::Ratio).rounded(Rounding::Down))
        }
        Share::AtLeast { bound, .. } => {
            let bound = Figure::exact(bound.value, Unit::Ratio).rounded(Rounding::Down);
            Cell::text(format!("≥ {}", crate::report::number::figure(&bound)))
        }
        Share::Missing(reason) => Cell::missing(reason.to_string()),
    }
}
