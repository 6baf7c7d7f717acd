//! The findings of a gate, for people, programs and CI: text, JSON, JUnit, annotations.
//!
//! In: the judged figures of each scenario and the keys that differ. Out: text. Holds: differences are listed, equal
//! figures are only counted; text from files is escaped for every form.

pub mod annotations;
pub mod comment;
pub mod junit;

use serde_json::{Value, json};

use super::difference::{self, words};
use super::document::{Cell, Column, Figure, Rounding, Table, Unit};
use super::text::{self, Terminal, visible};
use super::{json as form, number};
use crate::scenario::difference::Change;
use crate::scenario::render::wrap;
use crate::stats::equivalence::Margin;
use crate::study::gate::{Allowed, Direction, Mode, Row, Verdict, without_rounding};
use crate::study::record::FigureRecord;

/// Largest number of changed figures that are shown per scenario, and of undecided ones.
const MOST_CHANGED: usize = 30;
const MOST_UNSURE: usize = 8;

/// The outcome of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No figure changed.
    Pass,
    /// A figure changed.
    Changed,
    /// The verdict on a figure is undecided.
    Unsure,
    /// No comparison was possible.
    NotJudged {
        /// The reason.
        why: String,
        /// The advice on what to do.
        help: Option<String>,
    },
}

impl Outcome {
    /// Returns the outcome as a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "same",
            Self::Changed => "CHANGED",
            Self::Unsure => "unsure",
            Self::NotJudged { .. } => "NOT JUDGED",
        }
    }

    const fn key(&self) -> &'static str {
        match self {
            Self::Pass => "same",
            Self::Changed => "changed",
            Self::Unsure => "unsure",
            Self::NotJudged { .. } => "not-judged",
        }
    }
}

/// A key that differs, with its line in the scenario file.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The difference.
    pub change: Change,
    /// Line of the key, or of its nearest ancestor; `None` if it is not in the file.
    pub line: Option<usize>,
}

/// The comparison of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Gated {
    /// Its name.
    pub scenario: String,
    /// Its file, as the user named it.
    pub file: String,
    /// Folder of its baseline.
    pub baseline: String,
    /// The mode of comparison; `None` if there was none.
    pub mode: Option<Mode>,
    /// The reasons why it is not exact.
    pub because: Vec<String>,
    /// Every figure.
    pub rows: Vec<Row>,
    /// Keys that differ.
    pub keys: Vec<Key>,
    /// Other differences where none are allowed: files, event digests.
    pub files: Vec<String>,
    /// Remarks without a verdict.
    pub told: Vec<String>,
    /// The outcome.
    pub outcome: Outcome,
}

impl Gated {
    /// Returns the number of figures with `verdict`.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// Returns the figures with `verdict`.
    pub fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.verdict == verdict)
    }

    /// Describes the numbers of figures by verdict.
    #[must_use]
    pub fn counts(&self) -> String {
        let all = self.rows.len();
        let word = |verdict: Verdict, word: &str| {
            let count = self.count(verdict);
            (count > 0).then(|| format!("{count} {word}"))
        };
        let ways = [Direction::Worse, Direction::Better].map(|way| {
            let count = self.of(Verdict::Changed).filter(|row| row.direction == Some(way)).count();
            (count > 0).then(|| format!("{count} {}", way.word()))
        });
        let ways: Vec<String> = ways.into_iter().flatten().collect();
        let changed = word(Verdict::Changed, "changed").map(|changed| match ways.as_slice() {
            [] => changed,
            ways => format!("{changed} ({})", ways.join(", ")),
        });
        let parts = [
            changed,
            word(Verdict::Unsure, "unsure"),
            word(Verdict::Apart, "only in one"),
            word(Verdict::Same, "the same"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{all} figures: {}", parts.join(", "))
    }

    fn names(&self) -> [&str; 2] {
        ["the baseline", "the file"]
    }
}

/// All scenarios of a gate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The scenarios, in order.
    pub scenarios: Vec<Gated>,
    /// Baselines that no file was compared with.
    pub unused: Vec<String>,
    /// True if undecided verdicts pass.
    pub allow_unsure: bool,
}

/// Formats the answer for people.
#[must_use]
pub fn text(report: &Report, terminal: Terminal) -> String {
    let mut out = String::new();
    for one in &report.scenarios {
        scenario(&mut out, one, terminal);
    }
    for name in &report.unused {
        let text = format!("no file was compared with the baseline {name}");
        say(&mut out, 0, &text, terminal);
    }
    let count = |key: &str| report.scenarios.iter().filter(|one| one.outcome.key() == key).count();
    let parts = [("same", "the same"), ("changed", "changed"), ("unsure", "unsure")];
    let mut parts: Vec<String> =
        parts.iter().map(|(key, word)| format!("{} {word}", count(key))).collect();
    if count("not-judged") > 0 {
        parts.push(format!("{} not judged", count("not-judged")));
    }
    say(&mut out, 0, &format!("gate: {}", parts.join(", ")), terminal);
    out
}

fn say(out: &mut String, indent: usize, text: &str, terminal: Terminal) {
    let text = terminal.letters.spell(&visible(text));
    let room = usize::from(terminal.width).saturating_sub(indent + 2);
    for (at, line) in wrap(&text, room).iter().enumerate() {
        out.extend(std::iter::repeat_n(' ', indent + if at == 0 { 0 } else { 2 }));
        out.push_str(line);
        out.push('\n');
    }
}

fn scenario(out: &mut String, one: &Gated, terminal: Terminal) {
    let head = format!("{}: {}", one.scenario, one.outcome.word());
    if let Outcome::NotJudged { why, help } = &one.outcome {
        say(out, 0, &format!("{head}: {why}"), terminal);
        if let Some(help) = help {
            say(out, 2, &format!("help: {help}"), terminal);
        }
        return;
    }
    say(out, 0, &format!("{head}: {}", one.counts()), terminal);
    let how = match one.mode {
        Some(Mode::Equivalence) => format!("by equivalence, because {}", one.because.join(", ")),
        _ => "exactly: every byte must be the same".to_string(),
    };
    say(out, 2, &format!("against {}, {how}", one.baseline), terminal);
    if !one.keys.is_empty() {
        say(out, 2, &format!("differences in {}:", one.file), terminal);
        for key in &one.keys {
            let line = key.line.map_or_else(String::new, |line| format!(" (line {line})"));
            say(out, 4, &format!("{}{line}", words(&key.change, one.names())), terminal);
        }
    }
    if !one.files.is_empty() {
        say(out, 2, "differences although the model is unchanged:", terminal);
        for file in &one.files {
            say(out, 4, file, terminal);
        }
    }
    figures(out, one, Verdict::Changed, MOST_CHANGED, terminal);
    figures(out, one, Verdict::Unsure, MOST_UNSURE, terminal);
    for text in &one.told {
        say(out, 2, &format!("note: {text}"), terminal);
    }
}

fn figures(out: &mut String, one: &Gated, verdict: Verdict, most: usize, terminal: Terminal) {
    let rows: Vec<&Row> = one.of(verdict).collect();
    if rows.is_empty() {
        return;
    }
    say(out, 2, &format!("{} figures:", verdict.word()), terminal);
    let shown = &rows[..rows.len().min(most)];
    let table = text::table(&table(shown, verdict), Terminal { width: 1_000, ..terminal });
    let widest = table.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    if widest + 4 <= usize::from(terminal.width) {
        for line in table.lines() {
            out.push_str(&format!("    {line}\n"));
        }
    } else {
        // If the terminal is too narrow for columns.
        for row in shown {
            say(out, 4, &sentence(row), terminal);
        }
    }
    if rows.len() > shown.len() {
        let more = format!("and {} more; --format json lists them", rows.len() - shown.len());
        say(out, 4, &more, terminal);
    }
}

/// Formats a row in words: `latency.page.p95@peak: 12 ms ± 1 → 15 ms ± 1, allowed ± 3 %`.
#[must_use]
pub fn sentence(row: &Row) -> String {
    let mut text = format!("{}: {} → {}", row.path, shown(row, &row.old), shown(row, &row.new));
    if let Some(direction) = row.direction {
        text.push_str(&format!(", {}", direction.word()));
    }
    if let Some(allowed) = allowed(row) {
        text.push_str(&format!(", allowed {allowed}"));
    }
    if row.verdict == Verdict::Unsure {
        text.push_str(&format!("; {}", needed(row)));
    }
    text
}

fn table(rows: &[&Row], verdict: Verdict) -> Table {
    let right = |name: &str, key: &str| Column::numbers(name, key, Unit::None);
    let mut columns = vec![
        Column::words("figure", "figure"),
        right("baseline", "baseline"),
        right("now", "now"),
        right("allowed", "allowed"),
    ];
    match verdict {
        Verdict::Unsure => columns.push(Column::words("to decide", "to_decide")),
        _ => columns.push(Column::words("direction", "direction")),
    }
    let cells = |row: &&Row| {
        let mut cells = vec![
            Cell::text(row.path.clone()),
            Cell::text(shown(row, &row.old)),
            Cell::text(shown(row, &row.new)),
            Cell::text(allowed(row).unwrap_or_else(|| "nothing".into())),
        ];
        cells.push(Cell::text(match verdict {
            Verdict::Unsure => needed(row),
            _ => row.direction.map_or("–", Direction::word).into(),
        }));
        cells
    };
    Table { caption: String::new(), columns, rows: rows.iter().map(cells).collect() }
}

/// Describes what would decide the figure.
fn needed(row: &Row) -> String {
    match (&row.why, row.replications) {
        (Some(why), _) => why.clone(),
        (None, Some(count)) => {
            format!("about {} replications of both", number::count(two_digits(count)))
        }
        (None, None) => "more replications than is practical".into(),
    }
}

/// Rounds up to two digits, since the number is an estimate.
fn two_digits(count: u64) -> u64 {
    let mut step = 1;
    while count / step >= 100 {
        step *= 10;
    }
    count.div_ceil(step) * step
}

fn shown(row: &Row, side: &Option<FigureRecord>) -> String {
    let Some(record) = side.as_ref().map(without_rounding) else { return "–".into() };
    let unit = form::unit_named(&record.unit);
    let rest = row.allowed.is_some_and(|allowed| allowed.of_the_rest);
    let rounding = if rest { Rounding::Down } else { Rounding::Nearest };
    match (record.value, record.low, record.high) {
        (Some(value), Some(low), Some(high)) => {
            number::figure(&Figure::estimate(value, low, high, unit).rounded(rounding))
        }
        (Some(value), ..) => number::figure(&Figure::exact(value, unit).rounded(rounding)),
        (None, ..) => record.reason.unwrap_or_else(|| "no figure".into()),
    }
}

fn allowed(row: &Row) -> Option<String> {
    let Allowed { margin, of_the_rest } = row.allowed?;
    let share = |size: f64, unit: Unit| number::figure(&Figure::exact(size, unit));
    Some(match margin {
        Margin::Relative(size) if of_the_rest => {
            format!("± {} of what is missing", share(size, Unit::Ratio))
        }
        Margin::Relative(size) => format!("± {}", share(size, Unit::Ratio)),
        Margin::Absolute(size) => {
            let record = row.new.as_ref().or(row.old.as_ref());
            let unit = record.map_or(Unit::None, |record| form::unit_named(&record.unit));
            format!("± {} absolute", share(size, unit))
        }
    })
}

/// Returns the report for programs.
#[must_use]
pub fn value(report: &Report, exit: u8) -> Value {
    let row = |row: &Row| {
        let allowed = row.allowed.map(|allowed| {
            let (relative, absolute) = match allowed.margin {
                Margin::Relative(size) => (Some(size), None),
                Margin::Absolute(size) => (None, Some(size)),
            };
            json!({
                "relative": relative,
                "absolute": absolute,
                "of_what_is_missing_to_one": allowed.of_the_rest,
            })
        });
        json!({
            "figure": row.path,
            "verdict": row.verdict.word(),
            "direction": row.direction.map(Direction::word),
            "paired": row.paired,
            "baseline": row.old,
            "now": row.new,
            "allowed": allowed,
            "replications_to_decide": row.replications,
            "reason": row.why,
        })
    };
    let key = |key: &Key| {
        let mut value = difference::value(&key.change);
        value["line"] = json!(key.line);
        value
    };
    let one = |one: &Gated| {
        let (why, help) = match &one.outcome {
            Outcome::NotJudged { why, help } => (Some(why), help.as_ref()),
            _ => (None, None),
        };
        json!({
            "scenario": one.scenario,
            "file": one.file,
            "baseline": one.baseline,
            "verdict": one.outcome.key(),
            "reason": why,
            "help": help,
            "mode": one.mode.map(Mode::word),
            "not_exactly_because": one.because,
            "changed": one.count(Verdict::Changed),
            "unsure": one.count(Verdict::Unsure),
            "only_in_one": one.count(Verdict::Apart),
            "same": one.count(Verdict::Same),
            "differences": one.keys.iter().map(key).collect::<Vec<_>>(),
            "files": one.files,
            "notes": one.told,
            "figures": one
                .rows
                .iter()
                .filter(|row| row.verdict != Verdict::Same)
                .map(row)
                .collect::<Vec<_>>(),
        })
    };
    json!({
        "exit": exit,
        "allow_unsure": report.allow_unsure,
        "scenarios": report.scenarios.iter().map(one).collect::<Vec<_>>(),
        "baselines_without_a_file": report.unused,
    })
}

/// Returns the report for programs, as bytes.
#[must_use]
pub fn bytes(report: &Report, exit: u8) -> Vec<u8> {
    form::bytes(&value(report, exit))
}
