//! The ledger of claims: for the terminal, as a page, as text for the documentation, as CSV and JSON.
//!
//! In: claims with their verdicts. Out: `claims.html`, `claims.md`, `claims.csv` (one row per point) and
//! `claims.json`.
//! Holds: the invariants of [`run`](super::run); the verdict comes first, then the figure with its interval against
//! the threshold, then the range.

mod intro;

use askama::Template;
use serde_json::{Map, Value as Json, json};
use std::fmt::Write as _;

use self::intro::{BEYOND, intro};
use super::columns::{Described, ResultTable, Value, estimates, numbers, words};
use super::document::{
    Axis, Bar, BarChart, Cell, Chart, ChartKind, Column, Document, Figure, Growth, Join, LineChart,
    Objective, Point as Dot, Series, Table, Unit,
};
use super::html::{PAGE_STYLE, Picture, SCRIPT, policy, table};
use super::run::{Output, charts::mark, figure as of_interval, files, unit};
use super::text::{Terminal, capital, visible};
use super::write::{ResultFile, ResultSet, covers, run_digest};
use super::{json as form, number, svg};
use crate::scenario::render::wrap;
use crate::stats::interval::Interval;
use crate::study::claim::{Decided, Judged, Outcome, Point, Range, unquoted};
use crate::study::expect::Verdict;
use crate::study::results::RESULTS_VERSION;
use crate::study::window::Estimate;
use crate::units::{Bytes, Rate, SimDuration};

/// All claims of a command, by number.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The claims.
    pub claims: Vec<Judged>,
    /// The command, with paths from `scenarios` on.
    pub command: String,
    /// Seed of all random draws.
    pub seed: u64,
    /// Lines of the digest besides those of the files.
    pub lines: Vec<(String, String)>,
    /// True for less effort than the files ask for.
    pub quick: bool,
    /// True if a window had more replications than are paired.
    pub beyond: bool,
}

/// Creates the files.
#[must_use]
pub fn output(ledger: &Ledger) -> Output {
    let mut value = json!({
        "results_version": RESULTS_VERSION,
        "seed": ledger.seed,
        "command": ledger.command,
        "quick": ledger.quick,
        "claims": ledger.claims.iter().map(claim_json).collect::<Vec<_>>(),
    });
    if ledger.beyond {
        value["note"] = BEYOND.into();
    }
    let mut files = vec![
        rows(ledger),
        ResultFile::covered("claims.json", form::bytes(&value)),
        ResultFile::covered("claims.md", markdown(ledger).into_bytes()),
    ];
    let digest = run_digest(&ledger.lines, &files);
    files.push(ResultFile::listed("claims.html", page(ledger, &digest).into_bytes()));
    let facts = [
        ("seed", json!(ledger.seed)),
        ("command", json!(ledger.command)),
        ("digest_covers", json!(covers(&ledger.lines))),
    ];
    let facts =
        facts.into_iter().map(|(key, value)| (key.to_string(), value)).collect::<Map<_, _>>();
    let set = ResultSet { digest, results_version: RESULTS_VERSION, partial: None, facts, files };
    Output { set, document: Document::default() }
}

/// Formats a value with its interval, or the reason why there is none.
fn shown(estimate: &Estimate, of: &Unit) -> String {
    match estimate {
        Estimate::Interval(interval) => number::figure(&of_interval(interval, of.clone())),
        Estimate::Single(value) => {
            format!("{} (one run)", number::figure(&Figure::exact(*value, of.clone())))
        }
        Estimate::Missing(reason) => reason.to_string(),
    }
}

/// Formats the figure of the unchanged file.
fn own(decided: &Decided) -> String {
    decided.own().map_or_else(String::new, |own| shown(&own.estimate, &unit(decided.unit)))
}

/// Formats the condition of a claim with typographic signs (≤, ≥).
fn spelled(decided: &Decided) -> String {
    decided.is.replace("<=", "≤").replace(">=", "≥")
}

/// Returns the description of the figure, or its path.
fn what(decided: &Decided) -> &str {
    decided.words.as_ref().unwrap_or(&decided.figure)
}

/// Describes a point; one outside the range is the unchanged file.
fn at(decided: &Decided, point: &Point) -> String {
    if point.places.is_empty() {
        return "as in the file".into();
    }
    let parts = decided.ranges.iter().zip(&point.places);
    let parts: Vec<String> = parts
        .map(|(range, place)| format!("{} {}", range.words, unquoted(&range.values()[*place])))
        .collect();
    parts.join(", ")
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Fails => "does not hold",
        Verdict::Inconclusive => "undecided",
        Verdict::NotJudged => "not judged",
    }
}

/// Formats the ledger for the terminal: one line per claim, then the points at which partly valid claims hold, then
/// the claims without a verdict.
#[must_use]
pub fn text(ledger: &Ledger, digest: &str, terminal: Terminal) -> String {
    let spell = |text: &str| terminal.letters.spell(&visible(text));
    let width = usize::from(terminal.width);
    let mut out = String::new();
    let judged: Vec<(&Judged, &Decided)> =
        ledger.claims.iter().filter_map(|one| Some((one, one.decided.as_ref()?))).collect();
    let cells: Vec<[String; 3]> = judged
        .iter()
        .map(|(one, decided)| {
            [one.outcome.word().to_string(), spell(&own(decided)), spell(&spelled(decided))]
        })
        .collect();
    let longest =
        |at: usize| cells.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
    let widths = [0, 1, 2].map(longest);
    for ((one, _), row) in judged.iter().zip(&cells) {
        let mut line = format!("{:>2}  ", one.number);
        for (cell, width) in row.iter().zip(widths) {
            let gap = width - cell.chars().count() + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', gap));
        }
        // If there is no space beside the figure, the claim is printed below it.
        let indent = line.chars().count();
        let beside = width.saturating_sub(indent) >= 28;
        let (room, first) = if beside {
            (width - indent, line)
        } else {
            (width.saturating_sub(4), line + "\n    ")
        };
        let indent = if beside { indent } else { 4 };
        for (at, part) in wrap(&spell(&one.title), room.max(20)).iter().enumerate() {
            if at == 0 {
                out.push_str(&first);
            } else {
                out.extend(std::iter::repeat_n(' ', indent));
            }
            out.push_str(part);
            out.push('\n');
        }
    }
    let mut say = |title: &str, all: Vec<(u32, String)>| {
        if all.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{title}");
        for (number, text) in all {
            for (at, part) in
                wrap(&spell(&text), width.saturating_sub(4).max(20)).iter().enumerate()
            {
                let front = if at == 0 { format!("{number:>2}  ") } else { "    ".into() };
                let _ = writeln!(out, "{front}{part}");
            }
        }
    };
    let part = |one: &&Judged| match &one.outcome {
        Outcome::OnlyIf(part) => Some((one.number, part.clone())),
        _ => None,
    };
    say("Holds only if", ledger.claims.iter().filter_map(|one| part(&one)).collect());
    let open = |one: &&Judged| match &one.outcome {
        Outcome::NotJudged(why) => Some((one.number, format!("{}: {why}", one.title))),
        _ => None,
    };
    say(
        "Claims not judged, with the reason",
        ledger.claims.iter().filter_map(|one| open(&one)).collect(),
    );
    let _ = writeln!(out, "digest {}", spell(digest));
    out
}

fn claim_json(one: &Judged) -> Json {
    let mut value = json!({
        "number": one.number,
        "title": one.title,
        "claim": one.claim,
        "source": one.source,
        "scenario": one.scenario,
        "verdict": one.outcome.word(),
    });
    match &one.outcome {
        Outcome::OnlyIf(part) => value["only_if"] = part.as_str().into(),
        Outcome::NotJudged(why) => value["missing"] = why.as_str().into(),
        _ => {}
    }
    if let Some(decided) = &one.decided {
        let of = unit(decided.unit);
        value["figure"] = decided.figure.as_str().into();
        value["unit"] = form::unit(&of).into();
        value["is"] = decided.is.as_str().into();
        value["threshold"] = decided.demand.threshold().map_or(Json::Null, form::number);
        value["points"] = decided.points.iter().map(|point| point_json(decided, point)).collect();
    }
    value
}

fn point_json(decided: &Decided, point: &Point) -> Json {
    let record = files::figure(&point.estimate, &unit(decided.unit), 0);
    let set = decided.ranges.iter().zip(&point.places).flat_map(|(range, place)| {
        range.axes.iter().map(|axis| (axis.path.clone(), axis.values[*place].as_str().into()))
    });
    json!({
        "set": set.collect::<Map<String, Json>>(),
        "as_in_the_file": point.own,
        "value": record.value,
        "low": record.low,
        "high": record.high,
        "level": record.level,
        "method": record.method,
        "reason": record.reason,
        "verdict": word(point.verdict),
    })
}

/// A point of a claim, or a claim that was not decided.
struct Line<'a> {
    one: &'a Judged,
    decided: Option<(&'a Decided, &'a Point)>,
}

impl<'a> Line<'a> {
    /// Returns a value of the figure that decides the claim.
    fn decided<V: Into<Value<'a>>>(&self, of: impl Fn(&'a Decided, &'a Point) -> V) -> Value<'a> {
        self.decided.map(|(decided, point)| of(decided, point)).into()
    }

    fn interval(&self) -> Option<&'a Interval> {
        match self.decided.map(|(_, point)| &point.estimate) {
            Some(Estimate::Interval(interval)) => Some(interval),
            _ => None,
        }
    }

    fn reason(&self) -> Option<String> {
        match (self.decided, &self.one.outcome) {
            (Some((decided, point)), _) => {
                files::figure(&point.estimate, &unit(decided.unit), 0).reason
            }
            (None, Outcome::NotJudged(why)) => Some(why.clone()),
            (None, _) => None,
        }
    }
}

/// Declares `claims.csv`.
fn declared<'a>() -> ResultTable<Line<'a>> {
    ResultTable::new(
        "claims.csv",
        "A point of a claim; one row without a figure where a claim is not judged.",
        [
            numbers("claim", "", Unit::None, "Number of the claim.", |l| l.one.number.into()),
            words("title", "", "Claim in words.", |l| (&l.one.title).into()),
            words("scenario", "", "Scenario that tries it.", |l| (&l.one.scenario).into()),
            words("outcome", "", "Verdict over all points.", |l| l.one.outcome.words().into()),
            words("figure", "", "Figure that decides.", |l| l.decided(|of, _| &of.figure)),
            words("unit", "", "Unit of the figure.", |l| {
                l.decided(|of, _| form::unit(&unit(of.unit)).to_string())
            }),
            words("is", "", "Condition on the figure.", |l| l.decided(|of, _| &of.is)),
            words("point", "", "Values of the varied parameters.", |l| l.decided(at)),
            words("as_in_the_file", "", "`yes` for the unchanged file, otherwise `no`.", |l| {
                l.decided(|_, point| if point.own { "yes" } else { "no" })
            }),
            estimates("value", "", Unit::None, "Estimate of the figure.", |l| {
                l.decided(|_, point| &point.estimate)
            }),
            numbers("level", "", Unit::None, "Confidence level of the interval.", |l| {
                l.interval().map(|interval| interval.level).into()
            }),
            words("method", "", "Method of the interval.", |l| {
                l.interval().map(|interval| interval.method.name()).into()
            }),
            words("verdict", "", "Verdict on the point.", |l| {
                l.decided(|_, point| word(point.verdict))
            }),
            words("reason", "", "Reason for a missing value, interval or verdict.", |l| {
                l.reason().into()
            }),
        ],
    )
}

/// Returns the documentation of the columns.
#[must_use]
pub fn described() -> Described {
    declared().described()
}

fn rows(ledger: &Ledger) -> ResultFile {
    let lines = ledger.claims.iter().flat_map(|one| match &one.decided {
        None => vec![Line { one, decided: None }],
        Some(of) => {
            let line = |point| Line { one, decided: Some((of, point)) };
            of.points.iter().map(line).collect()
        }
    });
    declared().file(None, lines)
}

/// Escapes a cell of a Markdown table.
fn cell(text: &str) -> String {
    visible(text).replace('|', "\\|")
}

/// Returns the page of the documentation.
fn markdown(ledger: &Ledger) -> String {
    let mut out = String::from("# Claims of the sources, against figures\n\n");
    let mut paragraph = |text: &str| {
        for line in wrap(text, 120) {
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
    };
    paragraph(&format!(
        "This page is written by `{}`, as `claims.md` in its results. {}",
        ledger.command,
        intro(ledger)
    ));
    out.push_str("| | claim | verdict | figure | must be |\n|---|---|---|---|---|\n");
    for one in &ledger.claims {
        let figure = one.decided.as_ref().map_or_else(String::new, own);
        let is = one.decided.as_ref().map_or_else(String::new, spelled);
        let _ = writeln!(
            out,
            "| {} | {} | **{}** | {} | {} |",
            one.number,
            cell(&one.title),
            cell(&one.outcome.words()),
            cell(&figure),
            cell(&is)
        );
    }
    for one in &ledger.claims {
        let _ = writeln!(out, "\n## {}. {}\n", one.number, visible(&one.title));
        for line in wrap(&format!("“{}” ({})", visible(&one.claim), visible(&one.source)), 118)
        {
            let _ = writeln!(out, "> {line}");
        }
        out.push('\n');
        let Some(decided) = &one.decided else {
            if let Outcome::NotJudged(why) = &one.outcome {
                let _ = writeln!(out, "**Not judged**: {}", visible(why));
            }
            continue;
        };
        for line in wrap(&visible(&sentence(one, decided)), 120) {
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
        for range in &decided.ranges {
            let _ = write!(out, "| {} ", cell(&range.words));
        }
        out.push_str("| figure | verdict |\n");
        out.push_str(&"|---".repeat(decided.ranges.len() + 2));
        out.push_str("|\n");
        let of = unit(decided.unit);
        for point in &decided.points {
            if point.places.is_empty() {
                out.push_str(&"| as in the file ".repeat(decided.ranges.len()));
            }
            for (range, place) in decided.ranges.iter().zip(&point.places) {
                let mark = if point.own { " (as in the file)" } else { "" };
                let _ = write!(out, "| {}{mark} ", cell(unquoted(&range.values()[*place])));
            }
            let figure = cell(&shown(&point.estimate, &of));
            let _ = writeln!(out, "| {figure} | {} |", word(point.verdict));
        }
    }
    out
}

/// Formats verdict, figure, threshold and scenario in a sentence or two.
fn sentence(one: &Judged, decided: &Decided) -> String {
    let mut verdict = capital(&one.outcome.words());
    if let Outcome::NotJudged(why) = &one.outcome {
        verdict = format!("{verdict}: {why}");
    }
    let ranges: Vec<String> = decided.ranges.iter().map(Range::text).collect();
    format!(
        "**{verdict}.** {}: {} in scenario `{}` as it stands, and it must be {}. Figure: `{}`. Tried over {}.",
        capital(what(decided)),
        own(decided),
        one.scenario,
        spelled(decided),
        decided.figure,
        ranges.join("; ")
    )
}

/// Parses numbers that share one unit, such as years: the numbers and the unit.
fn of_one_unit(texts: &[&str]) -> Option<(Vec<f64>, String)> {
    let part = |text: &&str| {
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        Some((text[..end].parse::<f64>().ok()?, text[end..].trim().to_string()))
    };
    let all: Vec<(f64, String)> = texts.iter().map(part).collect::<Option<_>>()?;
    let unit = all.first()?.1.clone();
    let same = unit != "/s" && all.iter().all(|(_, own)| *own == unit);
    same.then(|| (all.into_iter().map(|(size, _)| size).collect(), unit))
}

/// A parser of the size of a value.
type Size = fn(&str) -> Option<f64>;

/// Returns the values of the horizontal axis with its unit; `None` if they have no size or do not increase.
fn across(range: &Range) -> Option<(Vec<f64>, Unit)> {
    let texts: Vec<&str> = range.values().iter().map(|value| unquoted(value)).collect();
    let of = |size: Size| texts.iter().map(|text| size(text)).collect::<Option<Vec<f64>>>();
    let rising =
        |found: &Vec<f64>| found.windows(2).all(|pair| pair[0] < pair[1]) && found.len() > 1;
    let kinds: [(Size, Unit); 4] = [
        (|text| text.parse().ok(), Unit::None),
        (|text| SimDuration::parse(text).ok().map(SimDuration::seconds), Unit::Seconds),
        (|text| Rate::parse(text).ok().map(Rate::in_per_second), Unit::PerSecond),
        (|text| Bytes::parse(text).ok().map(|bytes| bytes.count() as f64), Unit::Bytes),
    ];
    let mut found = kinds.into_iter().filter_map(|(size, of_axis)| Some((of(size)?, of_axis)));
    let plain = of_one_unit(&texts).map(|(sizes, unit)| (sizes, Unit::Other(unit)));
    let (sizes, of_axis) = plain.or_else(|| found.next())?;
    // Fault rates per second are too small for a readable axis.
    let small = of_axis == Unit::PerSecond && sizes.iter().all(|size| *size < 1e-3);
    (rising(&sizes) && !small).then_some((sizes, of_axis))
}

/// Returns the chart of the figure over the parameter, with the threshold.
fn chart(one: &Judged, decided: &Decided, place: usize) -> Chart {
    let of = unit(decided.unit);
    let label = format!("must be {}", spelled(decided));
    let objective = decided.demand.threshold().map(|value| Objective { value, label });
    let ends = decided.points.iter().filter_map(|point| match &point.estimate {
        Estimate::Interval(i) => Some((i.low, i.high)),
        other => other.value().map(|value| (value, value)),
    });
    let bound = objective.iter().map(|objective| (objective.value, objective.value));
    let ends: Vec<(f64, f64)> = ends.chain(bound).collect();
    let least = ends.iter().map(|(low, _)| *low).fold(f64::INFINITY, f64::min);
    let most = ends.iter().map(|(_, high)| *high).fold(f64::NEG_INFINITY, f64::max);
    let axis = |text: &str| {
        if least > 0.0 && most > 20.0 * least {
            Axis::log(&format!("{text}, logarithmic"), of.clone())
        } else {
            Axis::linear(text, of.clone())
        }
    };
    let judged: Vec<String> = decided
        .points
        .iter()
        .map(|point| format!("{}: {}", at(decided, point), word(point.verdict)))
        .collect();
    let finding = format!("{}. {}.", one.title, judged.join("; "));
    let chart = |kind| Chart {
        name: format!("claim-{place}"),
        title: capital(what(decided)),
        finding,
        kind,
    };
    let ranges = decided.ranges.len();
    let along = (0..ranges).rev().find_map(|place| Some((place, across(&decided.ranges[place])?)));
    let Some((along, (sizes, of_x))) = along else {
        let bar =
            |point: &Point| Bar { label: at(decided, point), estimate: mark(&point.estimate) };
        let bars = decided.points.iter().map(bar).collect();
        let growth = Growth::Right;
        return chart(ChartKind::Bars(BarChart {
            axis: Axis::linear("figure", of.clone()),
            growth,
            bars,
            objective,
        }));
    };
    let mut series: Vec<(Vec<usize>, Series)> = Vec::new();
    for point in decided.points.iter().filter(|point| !point.places.is_empty()) {
        let mut others = point.places.clone();
        let x = sizes[others.remove(along)];
        let band = match &point.estimate {
            Estimate::Interval(i) => Some((i.low, i.high)),
            _ => None,
        };
        let dot = Dot { x, y: point.estimate.value(), band };
        match series.iter_mut().find(|(known, _)| *known == others) {
            Some((_, one)) => one.points.push(dot),
            None => {
                let fixed = decided.ranges.iter().enumerate().filter(|(at, _)| *at != along);
                let names = fixed.zip(&others).map(|((_, range), place)| {
                    format!("{} {}", range.words, unquoted(&range.values()[*place]))
                });
                let name: Vec<String> = names.collect();
                let name = if name.is_empty() { "figure".into() } else { name.join(", ") };
                series.push((others, Series { name, points: vec![dot] }));
            }
        }
    }
    let spread = sizes[0] > 0.0 && sizes[sizes.len() - 1] > 20.0 * sizes[0];
    let words = &decided.ranges[along].words;
    let x = match spread {
        true => Axis::log(&format!("{words}, logarithmic"), of_x),
        false => Axis::linear(words, of_x),
    };
    let series = series.into_iter().take(8).map(|(_, one)| one).collect();
    chart(ChartKind::Lines(LineChart {
        x,
        y: axis("figure"),
        join: Join::Line,
        series,
        objective,
        limits: Vec::new(),
    }))
}

#[derive(Template)]
#[template(path = "claims.html")]
struct Page {
    policy: String,
    style: String,
    script: &'static str,
    quick: bool,
    intro: String,
    counts: String,
    claims: Vec<Entry>,
    open: Vec<Open>,
    facts: Vec<(&'static str, String)>,
    command: String,
}

struct Entry {
    id: String,
    number: u32,
    title: String,
    claim: String,
    source: String,
    scenario: String,
    class: &'static str,
    word: &'static str,
    part: String,
    value: String,
    is: String,
    words: String,
    path: String,
    ranges: Vec<String>,
    picture: Picture,
    points: String,
}

struct Open {
    number: u32,
    title: String,
    claim: String,
    source: String,
    missing: String,
}

const STYLE: &str = include_str!("templates/claims.css");

fn page(ledger: &Ledger, digest: &str) -> String {
    let style = format!("{PAGE_STYLE}{}{STYLE}", svg::CHART_STYLE);
    let judged = ledger.claims.iter().filter_map(|one| Some((one, one.decided.as_ref()?)));
    let claims: Vec<Entry> =
        judged.enumerate().map(|(at, (one, decided))| entry(at + 1, one, decided)).collect();
    let open = ledger.claims.iter().filter(|one| one.decided.is_none()).map(|one| Open {
        number: one.number,
        title: visible(&one.title),
        claim: visible(&one.claim),
        source: visible(&one.source),
        missing: match &one.outcome {
            Outcome::NotJudged(why) => visible(why),
            _ => String::new(),
        },
    });
    let page = Page {
        policy: policy(&style, &[SCRIPT]),
        style,
        script: SCRIPT,
        quick: ledger.quick,
        intro: intro(ledger),
        counts: counts(&ledger.claims),
        claims,
        open: open.collect(),
        facts: vec![
            ("Seed", ledger.seed.to_string()),
            ("Results version", RESULTS_VERSION.to_string()),
            ("Digest", visible(digest)),
        ],
        command: visible(&ledger.command),
    };
    page.render().expect("the templates use no filter that fails and write to a string")
}

/// Counts the claims by outcome, in a sentence.
fn counts(claims: &[Judged]) -> String {
    let (mut hold, mut in_part, mut fail, mut undecided, mut open) = (0, 0, 0, 0, 0);
    for one in claims {
        *match one.outcome {
            Outcome::Holds => &mut hold,
            Outcome::OnlyIf(_) => &mut in_part,
            Outcome::DoesNotHold => &mut fail,
            Outcome::Undecided => &mut undecided,
            Outcome::NotJudged(_) => &mut open,
        } += 1_usize;
    }
    let words = |count: usize, one: &str, several: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {several}")),
    };
    let parts = [
        words(hold, "holds", "hold"),
        words(in_part, "holds in part of its range", "hold in part of their range"),
        words(fail, "does not hold", "do not hold"),
        words(undecided, "is undecided", "are undecided"),
        words(open, "cannot be judged yet", "cannot be judged yet"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("Of {} claims {}.", claims.len(), parts.join(", "))
}

fn entry(place: usize, one: &Judged, decided: &Decided) -> Entry {
    let (class, part) = match &one.outcome {
        Outcome::Holds => ("good", String::new()),
        Outcome::OnlyIf(part) => ("unsure", part.clone()),
        Outcome::DoesNotHold => ("bad", String::new()),
        Outcome::Undecided => ("plain", String::new()),
        Outcome::NotJudged(why) => ("plain", why.clone()),
    };
    Entry {
        id: format!("claim-{place}"),
        number: one.number,
        title: visible(&one.title),
        claim: visible(&one.claim),
        source: visible(&one.source),
        scenario: visible(&one.scenario),
        class,
        word: one.outcome.word(),
        part: visible(&part),
        value: visible(&own(decided)),
        is: visible(&spelled(decided)),
        words: visible(decided.words.as_deref().unwrap_or("the figure")),
        path: visible(&decided.figure),
        ranges: decided.ranges.iter().map(|range| visible(&range.text())).collect(),
        picture: Picture::new(&chart(one, decided, place), place),
        points: table(&table_of(decided)),
    }
}

/// Returns every point with its figure and verdict.
fn table_of(decided: &Decided) -> Table {
    let of = unit(decided.unit);
    let mut columns: Vec<Column> =
        decided.ranges.iter().map(|range| Column::words(&range.words, "range")).collect();
    columns.push(Column::numbers("figure", "value", of.clone()));
    columns.push(Column::words("verdict", "verdict"));
    columns.push(Column::words("", "own"));
    let row = |point: &Point| {
        let mut cells: Vec<Cell> = decided
            .ranges
            .iter()
            .zip(&point.places)
            .map(|(range, place)| Cell::text(unquoted(&range.values()[*place])))
            .collect();
        cells.resize(decided.ranges.len(), Cell::text(""));
        cells.push(super::run::cell(&point.estimate, of.clone()));
        cells.push(Cell::text(word(point.verdict)));
        cells.push(Cell::text(if point.own { "as in the file" } else { "" }));
        cells
    };
    let rows = decided.points.iter().map(row).collect();
    Table { caption: "All points tried".into(), columns, rows }
}
