//! The long horizon corrected by windows of requests, in the report and as files.

use serde_json::{Value as Json, json};

use super::files::estimate_value;
use super::{cell, unit};
use crate::convert::whole;
use crate::report::columns::{Described, Read, ResultTable, Value, numbers, words};
use crate::report::document::{Block, Cell, Column, Rounding, Table, Unit};
use crate::report::json::number;
use crate::report::rows::TableForm;
use crate::study::results::{
    AgreementRow, QUANTILES, Results, SampledClassRows, SampledRow, SampledRows, SampledViews,
    SampledWindow,
};
use crate::study::window::Estimate;

/// The line that opens the tables.
pub const HEADING: &str = "Windows of the years, request by request";

/// Returns the tables; empty if no windows were sampled from the long horizon.
pub(super) fn blocks(results: &Results) -> Vec<Block> {
    let Some(sampled) = &results.sampled else { return Vec::new() };
    let mut blocks = vec![
        Block::Text(intro(sampled)),
        Block::Table(corrected(sampled)),
        Block::Table(latencies(sampled)),
    ];
    if !sampled.agreement.is_empty() {
        blocks.push(Block::Table(agreement(sampled)));
    }
    blocks
}

fn intro(sampled: &SampledRows) -> String {
    let (quiet, broken) = sampled.counts();
    format!(
        "From the first {} of these trajectories {} windows were simulated request by request: \
         {broken} of the {} pieces of {} episodes with a failure, {quiet} of failure-free time, \
         {:.1} hours in all. Each was drawn with a known probability. The losses of its requests \
         beyond those of the fluid, divided by that probability, correct the years. A window \
         begins with the faults, repairs, ages and primaries of its trajectory, including failed \
         failovers, but with empty queues and cold memory; its warm-up is simulated and not \
         counted. windows.csv has every window.",
        sampled.replications,
        sampled.windows.len(),
        sampled.pieces,
        sampled.episodes,
        sampled.hours(),
    )
}

/// A figure of a class, by flows alone and with windows.
struct Corrected<'a> {
    class: &'a str,
    row: &'a SampledRow,
}

impl Corrected<'_> {
    /// Returns the cell of an estimate: shares round down, losses are views per year.
    fn shown(&self, estimate: &Estimate) -> Value<'static> {
        let (of, rounding) = match unit(self.row.unit) {
            Unit::None => (Unit::Other("views/y".into()), Rounding::Nearest),
            Unit::Ratio => (Unit::Ratio, Rounding::Down),
            other => (other, Rounding::Nearest),
        };
        Value::Cell(Value::from(estimate).cell(of, rounding))
    }
}

fn corrections<'a>() -> ResultTable<Corrected<'a>> {
    ResultTable::new(
        "",
        "A figure of a class.",
        [
            words("class", "class", "", |line| line.class.into()),
            words("figure", "figure", "", |line| line.row.what.into()),
            numbers("flows", "flows alone", Unit::None, "", |line| {
                Value::or(line.row.flows.as_ref().map(|flows| line.shown(flows)), "not estimated")
            }),
            numbers("both", "with windows", Unit::None, "", |line| line.shown(&line.row.both)),
        ],
    )
}

/// Returns the table with both values of every figure.
fn corrected(sampled: &SampledRows) -> Table {
    let lines = sampled.classes.iter().chain(&sampled.all).flat_map(|class| {
        // Without a latency objective the two are equal.
        let told = |row: &&SampledRow| row.key != "objective_losses" || class.has_latency;
        class.rows.iter().filter(told).map(|row| Corrected { class: &class.name, row })
    });
    corrections().all("Figures of the same years, corrected by windows of requests", lines)
}

fn latencies(sampled: &SampledRows) -> Table {
    let mut columns = vec![Column::words("class", "class")];
    for (word, _) in QUANTILES {
        columns.push(Column::numbers(word, &format!("{word}_s"), Unit::Seconds));
    }
    columns.push(Column::numbers("samples", "samples", Unit::None));
    let mut rows = Vec::new();
    for (name, estimates, samples) in sampled.classes.iter().flat_map(|class| &class.latencies) {
        let mut cells = vec![Cell::text(name.clone())];
        cells.extend(estimates.iter().map(|estimate| cell(estimate, Unit::Seconds)));
        cells.push(Cell::Figure(crate::report::document::Figure::exact(
            *samples as f64,
            Unit::None,
        )));
        rows.push(cells);
    }
    Table { caption: "Latency over the years, completed requests".into(), columns, rows }
}

/// Declares the columns of the losses by both solvers, by class and first cause.
fn agreements<'a>() -> ResultTable<&'a AgreementRow> {
    let views = || Unit::Other("views/y".into());
    ResultTable::new(
        "",
        "A class and a first cause.",
        [
            words("class", "class", "", |row| (&row.class).into()),
            words("first_cause", "first cause", "", |row: &&AgreementRow| row.of.as_ref().into())
                .on_page(|row| row.of.as_deref().unwrap_or("all causes").into()),
            words("verdict", "agreement", "", |row| row.verdict.word().into()),
            numbers("requests_per_year", "lost, requests", views(), "", |row| {
                (&row.requests).into()
            }),
            numbers("flows_per_year", "lost, flows", views(), "", |row| (&row.flows).into()),
            numbers("windows", "windows", Unit::None, "", |row: &&AgreementRow| row.windows.into())
                .on_page(|row| (row.windows as f64).into()),
        ],
    )
}

fn agreement(sampled: &SampledRows) -> Table {
    let caption = match &sampled.apart {
        Some(why) => {
            format!("Views not served, by both solvers on the same windows: not comparable, {why}")
        }
        None => "Views not served, by both solvers on the same windows: agreement within 10 %, or \
                 1 % of all"
            .into(),
    };
    let ids = ["class", "first_cause", "verdict", "requests_per_year", "flows_per_year", "windows"];
    agreements().page(caption, &ids, &sampled.agreement)
}

/// A class in a window.
struct Line<'a> {
    window: &'a SampledWindow,
    views: &'a SampledViews,
}

/// Declares `windows.csv`. The correction of the long-horizon mean is the sum of (unserved − flows_unserved) × weight
/// over all rows of a class, divided by the number of sampled replications.
fn windows<'a>() -> ResultTable<Line<'a>> {
    let times = |id, meaning, read: Read<Line<'a>>| numbers(id, "", Unit::Seconds, meaning, read);
    let counts = |id, meaning, read: Read<Line<'a>>| numbers(id, "", Unit::None, meaning, read);
    ResultTable::new(
        "windows.csv",
        "A class in a window of requests that was drawn from the years.",
        [
            counts("replication", "Replication of the long-horizon run, from 0.", |l| {
                l.window.replication.into()
            }),
            times("start_s", "Start of the warm-up, after the start of the replication.", |l| {
                l.window.start.seconds().into()
            }),
            times(
                "from_s",
                "Start of the counted time, after the start of the replication.",
                |l| l.window.from.seconds().into(),
            ),
            times("to_s", "End of the counted time, after the start of the replication.", |l| {
                l.window.to.seconds().into()
            }),
            words("first_cause", "", "First cause of its episode, or `quiet`.", |l| {
                l.window.cause.as_deref().unwrap_or("quiet").into()
            }),
            counts("probability", "Probability with which the window was drawn.", |l| {
                l.window.probability.into()
            }),
            counts("weight", "Inverse of that probability.", |l| {
                (1.0 / l.window.probability).into()
            }),
            words("class", "", "Class of the page views, or all of them together.", |l| {
                (&l.views.class).into()
            }),
            counts("intended", "Page views intended by users.", |l| l.views.intended.into()),
            counts("unserved", "Page views not served.", |l| l.views.unserved.into()),
            counts("never_born", "Page views not requested: their session had ended.", |l| {
                l.views.never_born.into()
            }),
            counts("fault", "Page views lost by a fault.", |l| {
                whole::u64(l.views.kinds[0].0).into()
            }),
            counts("overload", "Page views lost by overload.", |l| {
                whole::u64(l.views.kinds[1].0).into()
            }),
            counts("planned", "Page views lost by planned work.", |l| {
                whole::u64(l.views.kinds[2].0).into()
            }),
            counts("bad_intervals", "5-minute intervals that miss the objective.", |l| {
                l.views.bad.0.into()
            }),
            counts("flows_intended", "Page views that the flows solver expects.", |l| {
                l.views.expected.into()
            }),
            counts(
                "flows_unserved",
                "Page views that the flows solver loses at the traffic that came.",
                |l| l.views.flows.into(),
            ),
            counts("flows_fault", "Of `flows_unserved`: lost by a fault.", |l| {
                l.views.kinds[0].1.into()
            }),
            counts("flows_overload", "Of `flows_unserved`: lost by overload.", |l| {
                l.views.kinds[1].1.into()
            }),
            counts("flows_planned", "Of `flows_unserved`: lost by planned work.", |l| {
                l.views.kinds[2].1.into()
            }),
            counts(
                "flows_bad_intervals",
                "5-minute intervals that lose too much by the flows solver.",
                |l| l.views.bad.1.into(),
            ),
            words("events_digest", "", "Digest of the order of the window's events.", |l| {
                format!("{:016x}", l.window.digest).into()
            }),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    windows().described()
}

/// Writes `windows.csv`; returns `None` if no windows were sampled from the long horizon.
pub(super) fn tables<F: TableForm>(results: &Results) -> Option<F> {
    let sampled = results.sampled.as_ref()?;
    let lines = sampled
        .windows
        .iter()
        .flat_map(|window| window.classes.iter().map(move |views| Line { window, views }));
    Some(windows().file(results.partial.as_deref(), lines))
}

/// Returns the part of `summary.json`.
pub(super) fn summary(sampled: &SampledRows) -> Json {
    let one = estimate_value;
    let class = |class: &SampledClassRows| {
        let rows = class.rows.iter().map(|row| {
            let both = json!({ "flows": row.flows.as_ref().map(one), "both": one(&row.both) });
            (row.key.to_string(), both)
        });
        let latencies = class.latencies.iter().map(|(name, estimates, samples)| {
            let quantiles = QUANTILES.iter().zip(estimates);
            let mut of: serde_json::Map<String, Json> = quantiles
                .map(|((word, _), estimate)| (format!("{word}_s"), one(estimate)))
                .collect();
            of.insert("samples".into(), json!(samples));
            (name.clone(), Json::Object(of))
        });
        json!({
            "name": class.name,
            "figures": rows.collect::<serde_json::Map<_, _>>(),
            "latency": latencies.collect::<serde_json::Map<_, _>>(),
        })
    };
    let (quiet, broken) = sampled.counts();
    let agreement = |row| {
        let ids =
            ["class", "first_cause", "windows", "requests_per_year", "flows_per_year", "verdict"];
        agreements().object(&ids, &row)
    };
    json!({
        "replications": sampled.replications,
        "episodes": sampled.episodes,
        "pieces_of_episodes": sampled.pieces,
        "views_in_episodes_ratio": number(sampled.in_episodes),
        "windows_of_episodes": broken,
        "windows_of_quiet_time": quiet,
        "hours": number(sampled.hours()),
        "events": sampled.events,
        "classes": sampled.classes.iter().map(class).collect::<Vec<_>>(),
        "all_classes": sampled.all.as_ref().map(class),
        "not_comparable": sampled.apart,
        "agreement": sampled.agreement.iter().map(agreement).collect::<Vec<_>>(),
    })
}
