//! Answers for a terminal, and escaping of text from a scenario for any output.
//!
//! In: tables and the width of the terminal. Out: text without colour. Holds: no control character and no
//! bidirectional override from input is written raw (I9); a table that does not fit is split into parts below each
//! other, except on a first screen, where it drops columns from the right and names them.
//! Leaves out: colour (the command adds it, words have the meaning) and the progress bar.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};

use super::document::{Align, Block, Cell, Document, Fact, Judgement, Table, Tile};
use super::{chart, number};
use crate::convert::table;
use crate::scenario::render::wrap;

/// Replaces characters that must not reach a terminal or a page by their `\u{..}` escapes: C0 and C1 controls,
/// bidirectional marks and overrides, line separators, and code points that XML refuses.
#[must_use]
pub fn visible(text: &str) -> String {
    visible_but(text, &[])
}

/// Like [`visible`], but keeps line feeds and tabs, for text of several lines.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    visible_but(text, &['\n', '\t'])
}

/// Returns the same text with a capital first letter.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn visible_but(text: &str, kept: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_unsafe(letter) && !kept.contains(&letter) {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
    out
}

const fn is_unsafe(letter: char) -> bool {
    matches!(letter,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || (letter as u32 & 0xfffe) == 0xfffe
}

/// The characters that a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// All of Unicode.
    Unicode,
    /// Only ASCII: known signs are spelt out, other characters are escaped.
    Ascii,
}

impl Letters {
    /// Returns `text` in these characters.
    #[must_use]
    pub fn spell(self, text: &str) -> String {
        if self == Self::Unicode || text.is_ascii() {
            return text.into();
        }
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '±' => out.push_str("+-"),
                '≤' => out.push_str("<="),
                '≥' => out.push_str(">="),
                '…' => out.push_str("..."),
                '—' | '–' | '−' | '─' => out.push('-'),
                '×' | '✗' => out.push('x'),
                '✓' => out.push('+'),
                '→' => out.push_str("->"),
                'µ' => out.push('u'),
                '\u{a0}' => out.push(' '),
                _ if letter.is_ascii() => out.push(letter),
                _ => out.extend(letter.escape_unicode()),
            }
        }
        out
    }
}

/// The text settings of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Width in columns.
    pub width: u16,
    /// Character set.
    pub letters: Letters,
}

/// Formats a cell on one line.
#[must_use]
pub fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(words) => visible(words),
        Cell::Count(count) => number::count(*count),
        Cell::Figure(figure) if !figure.is_finite() => "not finite".into(),
        Cell::Figure(figure) => {
            format!("{}{}", visible(&number::figure(figure)), sign(figure.verdict))
        }
        Cell::Name(row) => format!("{}{}", visible(&row.name), verdict_sign(row.verdict)),
        Cell::Missing { reason } => visible(reason),
    }
}

/// Returns the sign behind the name of a row: its objectives are met, missed or undecided.
#[must_use]
pub const fn verdict_sign(verdict: Option<Judgement>) -> &'static str {
    match verdict {
        Some(Judgement::Met) => "\u{a0}✓",
        other => sign(other),
    }
}

/// Returns the sign behind a figure that misses its objective or is undecided.
#[must_use]
pub const fn sign(verdict: Option<Judgement>) -> &'static str {
    match verdict {
        Some(Judgement::NotMet) => "\u{a0}✗",
        Some(Judgement::Unsure) => "\u{a0}?",
        Some(Judgement::Met | Judgement::Finding) | None => "",
    }
}

/// Width of the gap between columns, in characters.
const GAP: usize = 2;

/// A table as text: its heading and its rows, cell by cell.
struct Cells {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    aligned: Vec<Align>,
}

impl Cells {
    fn of(table: &Table, terminal: Terminal) -> Self {
        let spell = |text: String| terminal.letters.spell(&text);
        let row = |row: &Vec<Cell>| row.iter().map(|one| spell(cell(one))).collect();
        let mut all = Self {
            heading: table.columns.iter().map(|c| spell(visible(&c.name))).collect(),
            rows: table.rows.iter().map(row).collect(),
            aligned: table.columns.iter().map(|column| column.align).collect(),
        };
        if all.that_fit(terminal) < all.heading.len() {
            all.tighten();
        }
        all
    }

    /// Removes spaces before signs, which may make all columns fit.
    fn tighten(&mut self) {
        let signs =
            [("± ", "±"), ("+- ", "+-"), ("\u{a0}✗", "✗"), ("\u{a0}?", "?"), ("\u{a0}✓", "✓")];
        for text in self.rows.iter_mut().flatten() {
            for (loose, tight) in signs {
                *text = text.replace(loose, tight);
            }
        }
    }

    /// Returns the number of columns from the left that fit; at least one.
    fn that_fit(&self, terminal: Terminal) -> usize {
        columns_that_fit(&self.heading, &self.rows, usize::from(terminal.width))
    }

    /// Returns the number of columns that name a row: the second one too where the first has the same name twice and
    /// both are short.
    fn names(&self, terminal: Terminal) -> usize {
        let first: BTreeSet<&String> = self.rows.iter().filter_map(|row| row.first()).collect();
        let half = Terminal { width: terminal.width / 2, ..terminal };
        if first.len() < self.rows.len() && self.that_fit(half) >= 2 { 2 } else { 1 }
    }

    /// Returns the table without the columns from `names` to the one before `from`.
    fn after(&self, names: usize, from: usize) -> Self {
        fn kept<T: Clone>(all: &[T], names: usize, from: usize) -> Vec<T> {
            all.iter().take(names).chain(all.iter().skip(from)).cloned().collect()
        }
        Self {
            heading: kept(&self.heading, names, from),
            rows: self.rows.iter().map(|row| kept(row, names, from)).collect(),
            aligned: kept(&self.aligned, names, from),
        }
    }

    /// Appends the first `count` columns.
    fn draw(&self, out: &mut String, count: usize, terminal: Terminal) {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING).force_no_tty();
        grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(terminal.width);
        grid.set_header(self.heading.iter().take(count));
        for row in &self.rows {
            grid.add_row(row.iter().take(count));
        }
        for (at, align) in self.aligned.iter().take(count).enumerate() {
            if let Some(drawn) = grid.column_mut(at) {
                drawn.set_padding((0, if at + 1 == count { 0 } else { table::u16(GAP) }));
                if *align == Align::Right {
                    drawn.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        for line in grid.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// Formats a table with its caption. Columns that do not fit follow below, behind those that name the
/// rows.
#[must_use]
pub fn table(table: &Table, terminal: Terminal) -> String {
    let mut out = String::new();
    say(&mut out, &table.caption, terminal);
    if table.columns.is_empty() {
        return out;
    }
    let mut left = Cells::of(table, terminal);
    let names = left.names(terminal);
    loop {
        // The names alone say nothing new, so another column stands beside them, folded if need be.
        let count = left.that_fit(terminal).max(names + 1).min(left.heading.len());
        left.draw(&mut out, count, terminal);
        if count == left.heading.len() {
            return out;
        }
        out.push('\n');
        left = left.after(names, count);
    }
}

/// Formats a table for a first screen, which has few lines: the columns that fit, and the names of the others.
#[must_use]
pub fn short_table(table: &Table, terminal: Terminal) -> String {
    let mut out = String::new();
    say(&mut out, &table.caption, terminal);
    if table.columns.is_empty() {
        return out;
    }
    let all = Cells::of(table, terminal);
    let count = all.that_fit(terminal);
    all.draw(&mut out, count, terminal);
    if count < all.heading.len() {
        let left_out = format!("not shown, too narrow: {}", all.heading[count..].join(", "));
        say(&mut out, &left_out, terminal);
    }
    out
}

/// Returns the number of columns from the left that fit into `width`; at least one.
fn columns_that_fit(heading: &[String], rows: &[Vec<String>], width: usize) -> usize {
    let mut measure = Grid::new();
    measure.force_no_tty();
    measure.set_header(heading);
    for row in rows {
        measure.add_row(row);
    }
    let mut used = 0;
    let widths = measure.column_max_content_widths();
    let fit = widths.iter().take_while(|column| {
        used += usize::from(**column) + GAP;
        used - GAP <= width
    });
    fit.count().max(1)
}

/// Appends `text` to `out`, in the characters and the width of the terminal.
fn say(out: &mut String, text: &str, terminal: Terminal) {
    for line in wrap(&terminal.letters.spell(&visible(text)), usize::from(terminal.width)) {
        out.push_str(&line);
        out.push('\n');
    }
}

/// Like [`say`]; the first line begins with `first`, the others are indented by `indent` characters.
fn say_behind(out: &mut String, first: &str, indent: usize, text: &str, terminal: Terminal) {
    let text = terminal.letters.spell(&visible(text));
    let room = usize::from(terminal.width).saturating_sub(indent);
    for (at, line) in wrap(&text, room).iter().enumerate() {
        if at == 0 {
            out.push_str(first);
        } else {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(line);
        out.push('\n');
    }
}

/// Formats the first screen of a document: the answer, the table, the figures, and the digest on the last
/// line (D3).
#[must_use]
pub fn lead(document: &Document, terminal: Terminal) -> String {
    let mut out = String::new();
    let lead = &document.lead;
    if let Some(reason) = &document.partial {
        say(&mut out, &format!("PARTIAL: {reason}"), terminal);
    }
    if lead.answer.is_empty() {
        say(&mut out, &format!("{}: {}", document.scenario, document.title), terminal);
    }
    for sentence in &lead.answer {
        say(&mut out, sentence, terminal);
    }
    if let Some(data) = &lead.table {
        out.push('\n');
        out.push_str(&short_table(data, terminal));
    }
    for sentence in &lead.below {
        say(&mut out, sentence, terminal);
    }
    if !lead.expected.is_empty() {
        out.push('\n');
        paths(&mut out, &lead.expected, terminal);
    }
    // The main cause is the first line of the advice.
    let is_advice = |tile: &&Tile| lead.advice.iter().any(|line| line.label == tile.value);
    let strip: Vec<Fact> =
        lead.strip.iter().filter(|tile| !is_advice(tile)).map(Tile::fact).collect();
    let width = label_width([&strip[..], &lead.advice, &lead.facts].into_iter().flatten(), LABEL);
    facts(&mut out, &strip, width, terminal);
    if !lead.advice.is_empty() {
        out.push('\n');
        let unit = match lead.advice_unit {
            "" => String::new(),
            unit => format!(" ({unit})"),
        };
        say(&mut out, &format!("{}{unit}", lead.advice_heading), terminal);
        of_facts(&mut out, &lead.advice, width, terminal);
    }
    facts(&mut out, &lead.facts, width, terminal);
    out.push_str("digest ");
    out.push_str(&terminal.letters.spell(&visible(&document.digest)));
    out.push('\n');
    out
}

/// Formats the two lines that follow a signal.
#[must_use]
pub fn stopped(document: &Document, place: &str, terminal: Terminal) -> String {
    let reason = document.partial.as_deref().unwrap_or("stopped after all replications were done");
    let mut out = String::new();
    say(&mut out, &format!("PARTIAL: {reason}; partial results are in {place}"), terminal);
    out.push_str("digest ");
    out.push_str(&terminal.letters.spell(&visible(&document.digest)));
    out.push('\n');
    out
}

/// Width of the column of labels on the first screen, at most.
const LABEL: usize = 24;

/// Returns the width of a column of labels, of `most` characters at most.
fn label_width<'a>(facts: impl Iterator<Item = &'a Fact>, most: usize) -> usize {
    let longest = facts.map(|fact| visible(&fact.label).chars().count()).max();
    longest.unwrap_or(0).min(most) + 2
}

/// Formats figures that are named by their paths: these have half of a line, and more than one line where they need it.
fn paths(out: &mut String, facts: &[Fact], terminal: Terminal) {
    let width = label_width(facts.iter(), usize::from(terminal.width) / 2);
    of_facts(out, facts, width, terminal);
}

/// Formats figures below an empty line.
fn facts(out: &mut String, facts: &[Fact], width: usize, terminal: Terminal) {
    if !facts.is_empty() {
        out.push('\n');
    }
    of_facts(out, facts, width, terminal);
}

/// Formats figures: labels in a column, then each value with the verdict on it.
fn of_facts(out: &mut String, facts: &[Fact], width: usize, terminal: Terminal) {
    for fact in facts {
        let label = terminal.letters.spell(&visible(&fact.label));
        let mut first = format!("{label:<width$}");
        if label.chars().count() + 2 > width {
            // A label that is too long for the column stands on a line of its own.
            say(out, &label, terminal);
            first = " ".repeat(width);
        }
        let verdict = match fact.judgement {
            Some(judgement) => format!(" [{}]", judgement.word().replace(' ', "\u{a0}")),
            None => String::new(),
        };
        say_behind(out, &first, width, &format!("{}{verdict}", fact.text), terminal);
    }
}

/// Formats a document: verdicts, then the tables, checks and paragraphs of each section, and the findings of charts.
/// The digest is on the last line (D3).
#[must_use]
pub fn document(document: &Document, terminal: Terminal) -> String {
    let mut out = String::new();
    say(&mut out, &format!("{}: {}", document.scenario, document.title), terminal);
    if let Some(reason) = &document.partial {
        say(&mut out, &format!("PARTIAL: {reason}"), terminal);
    }
    for verdict in &document.verdicts {
        let word = format!("  {:<8} ", verdict.judgement.word());
        say_behind(&mut out, &word, word.len(), &verdict.text, terminal);
    }
    for section in &document.sections {
        out.push('\n');
        for text in [&section.heading, &section.intro] {
            say(&mut out, text, terminal);
        }
        for block in &section.blocks {
            say_block(&mut out, block, terminal);
        }
    }
    if !document.notes.is_empty() {
        out.push('\n');
    }
    for note in &document.notes {
        say(&mut out, &format!("note: {note}"), terminal);
    }
    // Never wrapped: a program may search for it.
    out.push_str("digest ");
    out.push_str(&terminal.letters.spell(&visible(&document.digest)));
    out.push('\n');
    out
}

fn say_block(out: &mut String, block: &Block, terminal: Terminal) {
    match block {
        Block::Table(data) => out.push_str(&table(data, terminal)),
        Block::Chart(drawn) => say(out, &chart::caption(drawn), terminal),
        Block::Text(text) => say(out, text, terminal),
        Block::Definitions(all) => {
            for entry in all {
                let text = format!("{}: {}", entry.term, entry.meaning);
                say_behind(out, "", 2, &text, terminal);
            }
        }
        Block::Checks(all) => {
            for check in all {
                let word = check_word(check.judgement);
                let text = format!("{}: {}", check.name, check.detail);
                say_behind(out, &format!("{word:<8} "), 9, &text, terminal);
            }
        }
        // The reader of a terminal has the file.
        Block::Source(_) => {}
        Block::Folded(fold) => {
            fold.blocks.iter().for_each(|block| say_block(out, block, terminal));
        }
    }
}

/// Returns the word for the result of a check.
#[must_use]
pub const fn check_word(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Met => "passed",
        Judgement::NotMet => "FAILED",
        Judgement::Unsure => "unsure",
        Judgement::Finding => "noted",
    }
}
