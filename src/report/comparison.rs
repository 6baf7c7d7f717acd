//! A comparison of scenarios as files, as a page and for the terminal.
//!
//! In: a [`Ladder`], the omitted scenarios with the reasons, the digests of the members. Out: the set of
//! `comparison.csv`, `comparison.json`, `comparison.html` and drawings, and the document of the page. Holds: the
//! invariants of [`run`](super::run).

use serde_json::{Map, Value as Json, json};

mod breaks;
mod buy;
mod capacity;
mod causes;
mod edges;
mod latency;
mod lead;
mod losses;
mod stacked;
mod steps;
mod uses;
mod variants;
mod weigh;
mod years;

pub use stacked::rows;
use stacked::stacked;

use super::answer::whole;
use super::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use super::document::{
    Block, Cell, Column, Definition, Document, Figure, Fold, Rounding, Section, Table, Unit,
};
use super::run::capacity::carries as run_capacity;
use super::run::{Output, cell};
use super::write::{ResultFile, ResultSet, covers, run_digest};
use super::{chart, csv, html, json as form};
use crate::stats::equivalence::{Comparison, Finding};
use crate::stats::interval::Interval;
use crate::study::compare::{Cell as Window, Edges, Ladder, Row};
use crate::study::results::{CapacityRow, RESULTS_VERSION};

/// The identity of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Name and run digest of each, in order.
    pub digests: Vec<(String, String)>,
    /// Scenarios that were not simulated, each with the reason.
    pub left_out: Vec<(String, String)>,
    /// The names of the compared scenarios.
    pub name: String,
    /// The command, without paths.
    pub command: String,
    /// Seed of all random draws.
    pub seed: u64,
    /// The reason why the comparison is partial.
    pub partial: Option<String>,
    /// The omissions of the members' models.
    pub notes: Vec<String>,
}

/// Creates the files and the document.
#[must_use]
pub fn output(ladder: &Ladder, members: &Members) -> Output {
    let mut document = document(ladder, members);
    let rows = csv::table(&stacked(ladder), members.partial.as_deref());
    let rows = rows.expect("names of columns are written in this file");
    let summary = summary(ladder, members);
    let mut files = vec![
        ResultFile::covered("comparison.csv", rows),
        ResultFile::covered("comparison.json", form::bytes(&summary)),
    ];
    files.extend(chart::files(&document));
    let mut lines = vec![("results-version".to_string(), RESULTS_VERSION.to_string())];
    let member = |(name, digest): &(String, String)| (format!("member {name}"), digest.clone());
    lines.extend(members.digests.iter().map(member));
    let digest = run_digest(&lines, &files);
    document.digest.clone_from(&digest);
    files.push(ResultFile::listed("comparison.html", html::page(&document).into_bytes()));
    let mut facts = Map::new();
    facts.insert("compared".into(), json!(members.name));
    facts.insert("seed".into(), json!(members.seed));
    facts.insert("command".into(), json!(members.command));
    facts.insert("digest_covers".into(), json!(covers(&lines)));
    let partial = members.partial.clone();
    let set = ResultSet { digest, results_version: RESULTS_VERSION, partial, facts, files };
    Output { set, document }
}

/// Returns the content of `comparison.json`.
fn summary(ladder: &Ladder, members: &Members) -> Json {
    let mut summary = json!({
        "compared": members.name,
        "results_version": RESULTS_VERSION,
        "complete": members.partial.is_none(),
        "reason": members.partial,
        "seed": members.seed,
        "level": ladder.level,
        "class": ladder.basis.class,
        "windows": ladder.basis.windows,
        "members": members.digests.iter().map(|(name, digest)| json!({
            "scenario": name, "digest": digest,
        })).collect::<Vec<_>>(),
        "left_out": members.left_out.iter().map(|(name, why)| json!({
            "scenario": name, "reason": why,
        })).collect::<Vec<_>>(),
        "choice": lead::data(ladder),
        "table": form::table(&latency::table(ladder)),
        "data": form::table(&data(ladder)),
        "utilization": form::table(&uses::data(ladder)),
        "curves": form::table(&latency::data(ladder)),
        "databases": form::table(&losses::data(ladder)),
        "breaks": form::table(&breaks::data(ladder)),
        "steps": form::table(&weigh::data(ladder)),
    });
    if ladder.years.iter().any(Option::is_some) {
        summary["years"] = form::table(&years::data(ladder));
    }
    if !ladder.asked.is_empty() {
        let row = |one: &crate::study::compare::asked::Answer| {
            let unit = super::run::unit(one.unit);
            let replications = 0;
            let record = super::run::files::figure(&one.estimate, &unit, replications);
            json!({
                "figure": one.text,
                "unit": form::unit(&unit),
                "value": record.value,
                "low": record.low,
                "high": record.high,
                "reason": record.reason,
            })
        };
        summary["asked"] = ladder.asked.iter().map(row).collect();
    }
    if !ladder.variants.is_empty() {
        summary["variants"] = form::table(&variants::data(ladder));
    }
    if ladder.offers.len() > 1 {
        summary["offers"] = form::table(&buy::data(ladder));
    }
    summary
}

/// Returns the section of requested figures, each with its interval.
fn asked(ladder: &Ladder) -> Option<Section> {
    let columns =
        vec![Column::words("figure", "figure"), Column::numbers("value", "value", Unit::None)];
    let row = |one: &crate::study::compare::asked::Answer| {
        vec![Cell::text(one.text.clone()), cell(&one.estimate, super::run::unit(one.unit))]
    };
    let rows: Vec<Vec<Cell>> = ladder.asked.iter().map(row).collect();
    let caption = "a difference is over replications on the same draws".to_string();
    (!rows.is_empty()).then(|| Section {
        heading: "Requested figures".into(),
        intro: String::new(),
        blocks: vec![Block::Table(Table { caption, columns, rows })],
    })
}

fn document(ladder: &Ladder, members: &Members) -> Document {
    // In the order of a planner's questions.
    let found = [
        capacity::section(ladder),
        Some(latency::section(ladder)),
        years::section(ladder),
        variants::section(ladder),
        breaks::section(ladder),
        losses::section(ladder),
        weigh::section(ladder),
        uses::section(ladder),
        asked(ladder),
    ];
    let mut sections: Vec<Section> = found.into_iter().flatten().collect();
    if !members.left_out.is_empty() {
        let told = members.left_out.iter();
        let told = told.map(|(term, why)| Definition { term: term.clone(), meaning: why.clone() });
        sections.push(Section {
            heading: "Not simulated".into(),
            intro: "Scenarios that the requests solver cannot simulate yet.".into(),
            blocks: vec![Block::Definitions(told.collect())],
        });
    }
    let columns = vec![Column::words("scenario", "scenario"), Column::words("digest", "digest")];
    let row = |(name, digest): &(String, String)| vec![Cell::text(name), Cell::text(digest)];
    let rows = members.digests.iter().map(row).collect();
    sections.push(Section {
        heading: MEMBERS.into(),
        intro: "Each has results of its own beside this comparison.".into(),
        blocks: vec![folded(
            format!("Digests of {}", counted(members.digests.len(), "scenario")),
            vec![Block::Table(Table { caption: String::new(), columns, rows })],
        )],
    });
    Document {
        title: match ladder.rows.len() {
            1 => "1 scenario, with nothing beside it".into(),
            count if ladder.variants.is_empty() => format!("{count} scenarios side by side"),
            count => {
                let variants = counted(ladder.variants.len(), "variant");
                format!("{count} scenarios side by side, and {variants}")
            }
        },
        scenario: members.name.clone(),
        question: String::new(),
        source: String::new(),
        seed: members.seed,
        results_version: RESULTS_VERSION,
        digest: String::new(),
        command: members.command.clone(),
        partial: members.partial.clone(),
        lead: lead::lead(ladder),
        verdicts: buy::finding(ladder)
            .into_iter()
            .chain((0..ladder.rows.len()).filter_map(|at| weigh::finding(ladder, at)))
            .chain(years::finding(ladder))
            .collect(),
        system: None,
        sections,
        notes: members.notes.clone(),
    }
}

/// Returns the short document for the terminal: the same sections with tables that are narrow enough. It includes the
/// omitted scenarios but not the digests of the members.
#[must_use]
pub fn brief(ladder: &Ladder, document: &Document) -> Document {
    let mut brief = document.clone();
    brief.sections.retain(|section| section.heading != MEMBERS);
    for section in &mut brief.sections {
        section.blocks = match section.heading.as_str() {
            capacity::HEADING => capacity::narrow(ladder),
            latency::HEADING => latency::narrow(ladder),
            years::HEADING => years::narrow(ladder),
            variants::HEADING => variants::narrow(ladder),
            breaks::HEADING => breaks::narrow(ladder),
            losses::HEADING => losses::narrow(ladder),
            weigh::HEADING => buy::narrow(ladder),
            uses::HEADING => uses::narrow(ladder),
            _ => continue,
        };
    }
    brief
}

/// Returns the blocks that a page shows on request, below a line that says what they are.
fn folded(summary: impl Into<String>, blocks: Vec<Block>) -> Block {
    Block::Folded(Fold { summary: summary.into(), blocks })
}

/// Formats a number of things: `1 row`, `12 rows`.
fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Returns the scenario that the answer names, or else the last.
fn chosen(ladder: &Ladder) -> usize {
    lead::chosen(&ladder.choice).unwrap_or(ladder.rows.len().saturating_sub(1))
}

const MEMBERS: &str = "Members";

/// Returns the unit of differences of shares: percentage points, since a percentage would be ambiguous.
fn points() -> Unit {
    Unit::Other("points".into())
}

fn in_points(step: &Comparison) -> Comparison {
    let mut step = *step;
    step.excluded *= 100.0;
    let difference = &mut step.difference;
    for bound in [&mut difference.estimate, &mut difference.low, &mut difference.high] {
        *bound *= 100.0;
    }
    step
}

/// Formats the size of a difference without its sign, in `unit`, which is `each` units of the interval.
fn size(difference: &Interval, each: f64, unit: Unit) -> String {
    let Interval { estimate, low, high, .. } = *difference;
    let (value, low, high) =
        if estimate < 0.0 { (-estimate, -high, -low) } else { (estimate, low, high) };
    whole(&Figure::estimate(value / each, low / each, high / each, unit))
}

/// Describes a step in words (S7).
fn said(step: &Comparison, unit: &Unit, smaller_is_better: bool) -> String {
    let by = || size(&step.difference, 1.0, unit.clone());
    let bound = || whole(&Figure::exact(step.excluded, unit.clone()).rounded(Rounding::Up));
    let better = (step.finding == Finding::Smaller) == smaller_is_better;
    match step.finding {
        Finding::Larger | Finding::Smaller if better => format!("better by {}", by()),
        Finding::Larger | Finding::Smaller => format!("worse by {}", by()),
        Finding::NoDifference if step.excluded == 0.0 => "the same in every run".into(),
        Finding::NoDifference => format!("no difference (within {})", bound()),
        Finding::Inconclusive => format!("no difference detected (smaller than {})", bound()),
    }
}

/// Returns whether a scenario has one-time costs.
fn has_once(ladder: &Ladder) -> bool {
    ladder.rows.iter().any(|row| row.once_cost.is_some())
}

/// Returns the table without one-time costs if no scenario has any.
fn with_once<T>(table: ResultTable<T>, ladder: &Ladder) -> ResultTable<T> {
    if has_once(ladder) {
        return table;
    }
    table.without(&["cost_dollars_once", "more_dollars_once"])
}

fn once_column() -> Column {
    Column::numbers("$ once", "cost_dollars_once", Unit::Dollars)
}

fn once(once: Option<f64>) -> Value<'static> {
    Value::or(once, "no price paid once")
}

fn once_cell(price: Option<f64>) -> Cell {
    once(price).cell(Unit::Dollars, Rounding::Nearest)
}

/// Formats a latency for a sentence.
fn text_of(latency: &crate::study::window::Estimate) -> String {
    super::text::cell(&cell(latency, Unit::Seconds)).replace(' ', "\u{a0}")
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// A scenario in a window.
struct Line<'a> {
    row: &'a Row,
    name: &'a str,
    window: &'a Window,
    /// True for the last window, to which steps and capacities belong.
    is_last: bool,
}

impl<'a> Line<'a> {
    fn step(&self, of: fn(&'a Row) -> Option<&'a Comparison>) -> Value<'a> {
        let step = of(self.row).filter(|_| self.is_last);
        Value::or(step.map(|step| step.difference), "nothing above")
    }

    fn finding(&self, of: fn(&'a Row) -> Option<&'a Comparison>) -> Value<'a> {
        of(self.row).filter(|_| self.is_last).map_or("", |step| found(step.finding)).into()
    }

    fn capacity(&self) -> Option<&'a CapacityRow> {
        self.row.capacity.as_ref().filter(|_| self.is_last)
    }
}

/// Declares the rows about `window` in comparison.csv.
fn of_windows<'a>() -> ResultTable<Line<'a>> {
    let latency =
        |id, meaning, read: Read<Line<'a>>| estimates(id, "", Unit::Seconds, meaning, read);
    let finding = |id, meaning, read: Read<Line<'a>>| words(id, "", meaning, read);
    ResultTable::new(
        "comparison.csv",
        "A scenario in a window.",
        [
            words("scenario", "", "Name of the scenario.", |l| (&l.row.scenario).into()),
            words("window", "", "Window, or run around a break.", |l| l.name.into()),
            words("verdict", "", "Verdict on the window.", |l| l.window.verdict.word().into()),
            latency("p50_s", "Median latency of the compared class.", |l| {
                (&l.window.latency[0]).into()
            }),
            latency("p95_s", "The p95 latency of the compared class.", |l| {
                (&l.window.latency[1]).into()
            }),
            latency("p99_s", "The p99 latency of the compared class.", |l| {
                (&l.window.latency[2]).into()
            }),
            estimates("served_ratio", "", Unit::Ratio, "Page views served over intended.", |l| {
                l.window.served.into()
            }),
            words("busiest", "", "Busiest component.", |l| {
                l.window.busiest.as_ref().map_or("", |(name, _)| name).into()
            }),
            numbers("busiest_ratio", "", Unit::Ratio, "Mean utilisation of that component.", |l| {
                l.window.busiest.as_ref().map_or(0.0, |(_, value)| *value).into()
            }),
            numbers("cost_dollars_per_month", "", Unit::Dollars, "Price per month.", |l| {
                Value::or(l.row.monthly_cost, "no prices")
            }),
            latency("p95_step_s", "The p95 latency minus that of the scenario above.", |l| {
                l.step(|row| row.latency_step.as_ref())
            }),
            finding(
                "p95_finding",
                "Finding on that difference: `larger`, `smaller`, `no difference` or `inconclusive`.",
                |l| l.finding(|row| row.latency_step.as_ref()),
            ),
            estimates(
                "served_step_ratio",
                "",
                Unit::Ratio,
                "Share served minus that of the scenario above.",
                |l| l.step(|row| row.served_step.as_ref()),
            ),
            finding(
                "served_finding",
                "Finding on that difference: `larger`, `smaller`, `no difference` or `inconclusive`.",
                |l| l.finding(|row| row.served_step.as_ref()),
            ),
            estimates(
                "capacity_per_s",
                "",
                Unit::PerSecond,
                "Highest rate that meets the objective of latency; in the row of the last window.",
                |l| {
                    let carries = l.capacity().map(|one| run_capacity(&one.carries));
                    Value::or(carries, "of the last window")
                },
            ),
            words("busy_first", "", "First resource that saturates.", |l| {
                l.capacity().map_or("", |one| &one.first.0).into()
            }),
            numbers(
                "busy_first_per_s",
                "",
                Unit::PerSecond,
                "Rate at which that resource saturates.",
                |l| Value::or(l.capacity().map(|one| one.first.1), "of the last window"),
            ),
            estimates(
                "capacity_step_per_s",
                "",
                Unit::PerSecond,
                "Capacity minus that of the scenario above.",
                |l| l.step(|row| row.capacity_step.as_ref()),
            ),
            finding(
                "capacity_finding",
                "Finding on that difference: `larger`, `smaller`, `no difference` or `inconclusive`.",
                |l| l.finding(|row| row.capacity_step.as_ref()),
            ),
            words(
                "measured_at",
                "",
                "Point at which latency is measured: `site` or `edge`.",
                |l| if l.row.measured.is_some() { "edge" } else { "site" }.into(),
            ),
            numbers(
                "edges_answer_ratio",
                "",
                Unit::Ratio,
                "Share of the requests that edges answer.",
                |l| Value::or(l.window.edges.as_ref().map(Edges::share), "no edges"),
            ),
            latency("p95_origin_s", "The p95 latency of requests that reach the origin.", |l| {
                Value::or(l.window.edges.as_ref().map(|one| &one.origin), "no edges")
            }),
            latency("p95_step_caching_s", "Part of `p95_step_s` by answers of edges.", |l| {
                let parts = l.row.step_parts.as_ref().filter(|_| l.is_last);
                Value::or(parts.map(|parts| parts.caching), "no edges")
            }),
            latency("p95_step_origin_s", "Part of `p95_step_s` by the origin.", |l| {
                let parts = l.row.step_parts.as_ref().filter(|_| l.is_last);
                Value::or(parts.map(|parts| parts.origin), "no edges")
            }),
            numbers("cost_dollars_once", "", Unit::Dollars, "Price paid once.", |l| {
                once(l.row.once_cost)
            }),
        ],
    )
}

/// Returns the table for programs: one row per scenario and window.
fn data(ladder: &Ladder) -> Table {
    let names = || ladder.basis.windows.iter().enumerate();
    let last = ladder.basis.windows.len();
    let lines = ladder.rows.iter().flat_map(|row| {
        let both = names().zip(&row.windows);
        both.map(move |((at, name), window)| Line { row, name, window, is_last: at + 1 == last })
    });
    with_once(of_windows(), ladder).data(lines)
}

/// Returns the documentation of the parts of comparison.csv, each with the word in its column `about`.
#[must_use]
pub fn described() -> Vec<(&'static str, Described)> {
    vec![
        ("window", of_windows().described()),
        ("component", uses::described()),
        ("break", breaks::described()),
        ("database", losses::described()),
        ("step", weigh::described()),
        ("years", years::described()),
        ("variant", variants::described()),
        ("offer", buy::described()),
    ]
}

const fn found(finding: Finding) -> &'static str {
    match finding {
        Finding::Larger => "larger",
        Finding::Smaller => "smaller",
        Finding::NoDifference => "no difference",
        Finding::Inconclusive => "inconclusive",
    }
}
