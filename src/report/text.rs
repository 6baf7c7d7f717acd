//! Answers for a terminal, and what makes text from a scenario safe to show anywhere.
//!
//! In: tables and the width to fill. Out: text without colour. Holds: no control character and no
//! bidirectional override from input is ever written raw (I9); a table that does not fit drops
//! columns from the right and says which.
//! Leaves out: colour (the command adds it, words carry the meaning) and the progress bar.

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};

use super::document::{Align, Block, Cell, Document, Table};
use super::{chart, number};

/// Replaces what must not reach a terminal or a page raw by its `\u{..}` spelling: C0 and C1
/// controls, bidirectional marks and overrides, line separators, and code points that XML refuses.
#[must_use]
pub fn visible(text: &str) -> String {
    visible_but(text, &[])
}

/// As [`visible`], but line feeds and tabs stay: for text of several lines.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    visible_but(text, &['\n', '\t'])
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

/// Letters a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// All of Unicode.
    Unicode,
    /// Only ASCII: other signs are spelt out, other letters escaped.
    Ascii,
}

impl Letters {
    /// `text` in these letters.
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
                '×' => out.push('x'),
                'µ' => out.push('u'),
                '\u{a0}' => out.push(' '),
                _ if letter.is_ascii() => out.push(letter),
                _ => out.extend(letter.escape_unicode()),
            }
        }
        out
    }
}

/// How a terminal wants its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Columns.
    pub width: u16,
    /// Letters.
    pub letters: Letters,
}

/// A cell in words, on one line.
#[must_use]
pub fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(words) => visible(words),
        Cell::Count(count) => number::count(*count),
        Cell::Figure(figure) if !figure.is_finite() => "not finite".into(),
        Cell::Figure(figure) => visible(&number::figure(figure)),
        Cell::Missing { reason } => visible(reason),
    }
}

/// Width of the gap between columns.
const GAP: usize = 2;

/// A table: its caption, its columns as far as they fit, and the names of those that do not.
#[must_use]
pub fn table(table: &Table, terminal: Terminal) -> String {
    let spell = |text: String| terminal.letters.spell(&text);
    let mut out = String::new();
    for line in wrap(&spell(visible(&table.caption)), usize::from(terminal.width)) {
        out.push_str(&line);
        out.push('\n');
    }
    if table.columns.is_empty() {
        return out;
    }
    let heading: Vec<String> = table.columns.iter().map(|c| spell(visible(&c.name))).collect();
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|c| spell(cell(c))).collect()).collect();
    let kept = columns_that_fit(&heading, &rows, usize::from(terminal.width));
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING).force_no_tty();
    grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(terminal.width);
    grid.set_header(heading.iter().take(kept));
    for row in &rows {
        grid.add_row(row.iter().take(kept));
    }
    for (at, column) in table.columns.iter().take(kept).enumerate() {
        if let Some(drawn) = grid.column_mut(at) {
            drawn.set_padding((0, if at + 1 == kept { 0 } else { GAP as u16 }));
            if column.align == Align::Right {
                drawn.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    for line in grid.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if kept < heading.len() {
        let left_out = format!("not shown, too narrow: {}", heading[kept..].join(", "));
        for line in wrap(&left_out, usize::from(terminal.width)) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// How many columns from the left fit into `width`; at least one.
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

/// `text` in lines of at most `width` letters, broken at spaces where there are any.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let length = line.chars().count();
        if length > 0 && length + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        } else if length > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The answer in words: verdicts, then each section's tables, checks and paragraphs; of a chart its
/// finding. The digest stands on the last line (D3).
#[must_use]
pub fn document(document: &Document, terminal: Terminal) -> String {
    let mut out = String::new();
    let width = usize::from(terminal.width);
    let mut say = |text: &str| {
        for line in wrap(&terminal.letters.spell(&visible(text)), width) {
            out.push_str(&line);
            out.push('\n');
        }
    };
    say(&format!("{}: {}", document.scenario, document.title));
    if let Some(reason) = &document.partial {
        say(&format!("PARTIAL: {reason}"));
    }
    for verdict in &document.verdicts {
        say(&format!("  {:<8} {}", verdict.judgement.word(), verdict.text));
    }
    for section in &document.sections {
        out.push('\n');
        let mut paragraph = |text: &str| {
            for line in wrap(&terminal.letters.spell(&visible(text)), width) {
                out.push_str(&line);
                out.push('\n');
            }
        };
        paragraph(&section.heading);
        if !section.intro.is_empty() {
            paragraph(&section.intro);
        }
        for block in &section.blocks {
            out.push_str(&self::block(block, terminal));
        }
    }
    if !document.notes.is_empty() {
        out.push('\n');
    }
    for note in &document.notes {
        for line in wrap(&terminal.letters.spell(&visible(&format!("note: {note}"))), width) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out.push_str(&format!("digest {}\n", visible(&document.digest)));
    out
}

fn block(block: &Block, terminal: Terminal) -> String {
    let lines = |texts: Vec<String>| {
        let mut out = String::new();
        for text in texts {
            for line in wrap(&terminal.letters.spell(&text), usize::from(terminal.width)) {
                out.push_str(&line);
                out.push('\n');
            }
        }
        out
    };
    match block {
        Block::Table(data) => table(data, terminal),
        Block::Chart(drawn) => lines(vec![visible(&chart::caption(drawn))]),
        Block::Text(text) => lines(vec![visible(text)]),
        Block::Definitions(all) => lines(
            all.iter().map(|d| format!("{}: {}", visible(&d.term), visible(&d.meaning))).collect(),
        ),
        Block::Checks(all) => lines(
            all.iter()
                .map(|c| {
                    let (name, detail) = (visible(&c.name), visible(&c.detail));
                    format!("{:<8} {name}: {detail}", check_word(c.judgement))
                })
                .collect(),
        ),
        Block::Source(_) => String::new(),
    }
}

/// The word for how a check came out.
#[must_use]
pub const fn check_word(judgement: super::document::Judgement) -> &'static str {
    use super::document::Judgement;
    match judgement {
        Judgement::Met => "passed",
        Judgement::NotMet => "FAILED",
        Judgement::Unsure => "unsure",
        Judgement::Finding => "noted",
    }
}
