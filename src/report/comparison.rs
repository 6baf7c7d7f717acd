//! A comparison of scenarios as files, as a page and for the terminal.
//!
//! In: a [`Ladder`], the omitted scenarios with the reasons, the digests of the members. Out: the set of
//! `comparison.csv`, `comparison.json`, `comparison.html` and drawings, and the document of the page. Holds: the
//! invariants of [`run`](super::run).

use serde_json::{Map, json};

mod breaks;
mod buy;
mod edges;
mod lead;
mod losses;
mod stacked;
mod uses;
mod weigh;
mod years;

pub use stacked::rows;
use stacked::stacked;

use super::answer::whole;
use super::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use super::document::{Axis, Bar, BarChart, Estimate as Mark, Growth};
use super::document::{
    Block, Cell, Chart, ChartKind, Column, Definition, Document, Figure, LadderChart, LadderRow,
    Rounding, Section, Table, Unit,
};
use super::run::capacity::carries as run_capacity;
use super::run::{Output, cell, charts::mark, share_cell};
use super::write::{ResultFile, ResultSet, covers, run_digest};
use super::{chart, csv, html, json as form, number};
use crate::stats::equivalence::{Comparison, Finding};
use crate::stats::interval::Interval;
use crate::study::compare::{Cell as Window, Edges, Ladder, Row};
use crate::study::results::{CapacityRow, RESULTS_VERSION, balance};
use crate::study::window::Verdict as Balance;

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
    let table = table(ladder);
    let rows = csv::table(&stacked(ladder), members.partial.as_deref());
    let rows = rows.expect("names of columns are written in this file");
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
        "table": form::table(&table),
        "data": form::table(&data(ladder)),
        "utilization": form::table(&uses::data(ladder)),
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
    if ladder.offers.len() > 1 {
        summary["offers"] = form::table(&buy::data(ladder));
    }
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
    let mut side_by_side = vec![Block::Table(edges::marked(ladder, table(ladder)))];
    side_by_side.extend(edges::notes(ladder).into_iter().map(Block::Text));
    side_by_side.extend(capacities(ladder).map(Block::Table));
    side_by_side.extend(charts(ladder).into_iter().map(Block::Chart));
    // The recommendation comes first, since most readers look for it.
    let mut sections: Vec<Section> = buy::section(ladder).into_iter().collect();
    sections.push(Section {
        heading: SIDE_BY_SIDE.into(),
        intro: String::new(),
        blocks: side_by_side,
    });
    sections.extend(asked(ladder));
    sections.extend(weigh::section(ladder));
    sections.extend(years::section(ladder));
    sections.extend(uses::section(ladder));
    sections.extend(breaks::section(ladder));
    sections.extend(losses::section(ladder));
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
        blocks: vec![Block::Table(Table { caption: String::new(), columns, rows })],
    });
    Document {
        title: match ladder.rows.len() {
            1 => "1 scenario, with nothing beside it".into(),
            count => format!("{count} scenarios side by side"),
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

/// Returns the short document for the terminal: the benefit of each step in words, and the table without the steps,
/// which are too wide. It includes the omitted scenarios but not the digests of the members.
#[must_use]
pub fn brief(ladder: &Ladder, document: &Document) -> Document {
    let mut brief = document.clone();
    // The verdicts state the improvements and regressions.
    let is_kept = |heading: &str| heading != MEMBERS && heading != weigh::HEADING;
    brief.sections.retain(|section| is_kept(&section.heading));
    for section in &mut brief.sections {
        section.blocks.retain(|block| !matches!(block, Block::Chart(_)));
        match section.heading.as_str() {
            buy::HEADING => section.blocks = buy::narrow(ladder),
            years::HEADING => section.blocks = years::narrow(ladder),
            breaks::HEADING => section.blocks = breaks::narrow(ladder),
            uses::HEADING => section.blocks = uses::narrow(ladder),
            losses::HEADING => section.blocks = losses::narrow(ladder),
            _ => continue,
        }
        section.intro.clear();
    }
    let is_first = |section: &&mut Section| section.heading == SIDE_BY_SIDE;
    if let Some(first) = brief.sections.iter_mut().find(is_first) {
        first.intro.clear();
        first.blocks.retain(|block| matches!(block, Block::Definitions(_)));
        first.blocks.push(Block::Table(edges::marked(ladder, narrow(ladder))));
        first.blocks.extend(edges::notes(ladder).into_iter().map(Block::Text));
        let marked = ladder.rows.iter().flat_map(|row| &row.windows).filter_map(mark_of);
        let mut marked: Vec<(&str, Balance)> = marked.collect();
        marked.sort_unstable_by_key(|(mark, _)| *mark);
        marked.dedup();
        let meaning = |(mark, verdict): (&str, Balance)| Definition {
            term: format!("{mark} {}", verdict.word()),
            meaning: balance(verdict).into(),
        };
        first.blocks.push(Block::Definitions(marked.into_iter().map(meaning).collect()));
        first.blocks.extend(capacities(ladder).map(Block::Table));
    }
    brief
}

/// Returns a sign for a window that is not in balance, if there is no space for the word.
fn mark_of(window: &Window) -> Option<(&'static str, Balance)> {
    match window.verdict {
        Balance::Stable | Balance::Broken => None,
        Balance::Overloaded => Some(("*", Balance::Overloaded)),
        Balance::Backlogged => Some(("+", Balance::Backlogged)),
        Balance::Metastable => Some(("!", Balance::Metastable)),
        Balance::Inconclusive => Some(("?", Balance::Inconclusive)),
    }
}

/// Returns the table for a terminal: signs instead of words, and no steps.
fn narrow(ladder: &Ladder) -> Table {
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
            let value = super::text::cell(&latency_cell(window));
            // Every value gets two more characters, so that the numbers are aligned.
            *cell =
                Cell::text(format!("{value} {}", mark_of(window).map_or(" ", |(mark, _)| mark)));
        }
    }
    table
}

/// Returns the capacities; `None` if no capacity was searched for.
fn capacities(ladder: &Ladder) -> Option<Table> {
    let first = ladder.rows.iter().find_map(|row| row.capacity.as_ref())?;
    let caption = format!(
        "Highest steady rate of {} with {} < {} and at most {} of the views lost; first resource \
         to saturate, in closed form",
        ladder.basis.class,
        first.stat,
        first.bound,
        number::figure(&Figure::exact(first.lost_at_most, Unit::Ratio))
    );
    Some(of_capacities().all(caption, &ladder.rows))
}

fn of_capacities<'a>() -> ResultTable<&'a Row> {
    ResultTable::new(
        "",
        "A scenario.",
        [
            words("scenario", "scenario", "", |row| (&row.scenario).into()),
            numbers("capacity_per_s", "carries", Unit::PerSecond, "", |row| {
                sought(row, |one| run_capacity(&one.carries))
            }),
            words("capacity_step", "against the row above", "", |row| {
                sought(row, |_| row.capacity_step.as_ref().map_or_else(String::new, more))
            }),
            words("busy_first", "saturates first", "", |row| sought(row, |one| &one.first.0)),
            numbers("busy_first_per_s", "at", Unit::PerSecond, "", |row: &&Row| {
                sought(row, |one| one.first.1)
            })
            .rounded(Rounding::Down),
        ],
    )
}

fn sought<'a, V: Into<Value<'a>>>(row: &'a Row, of: impl Fn(&'a CapacityRow) -> V) -> Value<'a> {
    Value::or(row.capacity.as_ref().map(of), "not sought")
}

/// Formats a difference of capacities: `+13.1/s ± 0.6`.
fn more(step: &Comparison) -> String {
    match step.finding {
        Finding::NoDifference => "no difference".into(),
        Finding::Inconclusive => "unsure".into(),
        Finding::Larger | Finding::Smaller => {
            let sign = if step.difference.estimate < 0.0 { '\u{2212}' } else { '+' };
            format!("{sign}{}", size(&step.difference, 1.0, Unit::PerSecond))
        }
    }
}

const MEMBERS: &str = "Members";
const SIDE_BY_SIDE: &str = "Side by side";

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

/// Returns the table for people.
fn table(ladder: &Ladder) -> Table {
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
                let value = super::text::cell(&latency_cell(window));
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

/// Formats a latency for a sentence.
fn text_of(latency: &crate::study::window::Estimate) -> String {
    super::text::cell(&cell(latency, Unit::Seconds)).replace(' ', "\u{a0}")
}

fn latency_cell(window: &Window) -> Cell {
    cell(&window.latency[1], Unit::Seconds)
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

fn charts(ladder: &Ladder) -> Vec<Chart> {
    let mut charts = Vec::new();
    for (at, name) in ladder.basis.windows.iter().enumerate() {
        let rows = ladder.rows.iter().map(|row| LadderRow {
            label: row.scenario.clone(),
            values: row.windows[at].latency.iter().map(mark).collect(),
        });
        let class = &ladder.basis.class;
        charts.push(Chart {
            name: format!("latency-{name}"),
            title: format!("Latency of {class} in window {name}"),
            finding: extremes(ladder, at),
            kind: ChartKind::Ladder(LadderChart {
                axis: Axis::log("latency, logarithmic", Unit::Seconds),
                levels: ["p50", "p95", "p99"].map(String::from).to_vec(),
                rows: rows.collect(),
                objective: None,
            }),
        });
    }
    charts.extend(capacity_ladder(ladder));
    let month = |row: &Row| row.monthly_cost;
    let axis = Axis::linear("dollars per month", Unit::DollarsPerMonth);
    charts.extend(bill(ladder, ("cost", "Cost per month"), axis, month));
    let axis = Axis::linear("dollars once", Unit::Dollars);
    charts.extend(bill(ladder, ("cost-once", "One-time cost"), axis, |row| row.once_cost));
    charts
}

/// Draws the costs as bars; returns `None` if no scenario has such a cost.
fn bill(
    ladder: &Ladder,
    (name, title): (&str, &str),
    axis: Axis,
    cost: impl Fn(&Row) -> Option<f64>,
) -> Option<Chart> {
    ladder.rows.iter().find_map(&cost)?;
    let bars = ladder.rows.iter().map(|row| Bar {
        label: row.scenario.clone(),
        estimate: cost(row).map(|value| Mark { value, interval: None }),
    });
    Some(Chart {
        name: name.into(),
        title: title.into(),
        finding: "Prices of the scenario times the quantities".into(),
        kind: ChartKind::Bars(BarChart {
            axis,
            growth: Growth::Right,
            bars: bars.collect(),
            objective: None,
        }),
    })
}

/// Draws the capacity of each scenario within its objective, and its upper bound from the first saturated resource.
fn capacity_ladder(ladder: &Ladder) -> Option<Chart> {
    let carries = |row: &Row| mark(&row.capacity.as_ref()?.carries.estimate());
    let first = ladder.rows.iter().find_map(|row| row.capacity.as_ref())?;
    let rows = ladder.rows.iter().map(|row| LadderRow {
        label: row.scenario.clone(),
        values: vec![
            carries(row),
            row.capacity.as_ref().map(|c| Mark { value: c.first.1, interval: None }),
        ],
    });
    let known = ladder.rows.iter().filter_map(|row| Some((carries(row)?.value, row)));
    let mut known: Vec<(f64, &Row)> = known.collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let says = |(_, row): &(f64, &Row)| {
        // As in the table, so that a figure reads the same everywhere.
        let carries =
            row.capacity.as_ref().map(|one| super::text::cell(&run_capacity(&one.carries)));
        format!("{} carries {}", row.scenario, carries.unwrap_or_default())
    };
    let finding = match known.as_slice() {
        [least, .., most] => format!("{}, {}", says(least), says(most)),
        few => few.iter().map(says).collect(),
    };
    Some(Chart {
        name: "capacity".into(),
        title: format!("Capacity for {} with {} < {}", ladder.basis.class, first.stat, first.bound),
        finding,
        kind: ChartKind::Ladder(LadderChart {
            axis: Axis::log("page views, logarithmic", Unit::PerSecond).rounded(Rounding::Down),
            levels: vec!["within the objective".into(), "first resource saturates".into()],
            rows: rows.collect(),
            objective: None,
        }),
    })
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
