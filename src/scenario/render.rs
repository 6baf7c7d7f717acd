//! Diagnostics as text for people and as JSON lines for programs.
//!
//! Text follows the layout of rustc: header, place, line with carets, field, help; first errors, then warnings, then
//! a count. Characters of a file that are not printable are escaped. Long lines are cut around the relevant place.
//! The same diagnostics give the same bytes on every run.

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::json;

use super::code::{Class, Severity};
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::Document;
use super::source::{Source, Span};

/// Largest number of diagnostics printed; the count states that there are more.
pub const MOST_PRINTED: usize = 50;

/// Longest value shown, in characters.
const SHOWN_CHARACTERS: usize = 80;

/// Joins words as a list in a sentence: `a, b and c`.
#[must_use]
pub fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Prepares a text of a scenario for a message. Control characters, bidirectional overrides and invisible characters
/// become escapes such as `\u{1b}`; the text is cut at 80 characters.
#[must_use]
pub fn shown(text: &str) -> String {
    cut(text, SHOWN_CHARACTERS)
}

fn cut(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == most {
            shown.push('…');
            break;
        }
        push_escaped(&mut shown, c);
    }
    shown
}

/// Appends `c`, escaped if a terminal would act on it or if it is invisible.
fn push_escaped(to: &mut String, c: char) {
    let hidden = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}');
    match c {
        '\0' => to.push_str("\\0"),
        _ if c.is_control() || hidden => {
            write!(to, "\\u{{{:x}}}", u32::from(c)).expect("writing to a string does not fail");
        }
        _ => to.push(c),
    }
}

/// The style of printed diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// True for ANSI colours.
    pub colour: bool,
    /// Width in columns; source lines are cut to fit.
    pub width: usize,
    /// True for plain ASCII, if the terminal supports nothing else.
    pub ascii: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, width: 100, ascii: false }
    }
}

/// The diagnostics of one file, with the data needed to print them.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The text.
    pub source: &'a Source,
    /// The tree, for field paths; `None` if the text could not be parsed.
    pub document: Option<&'a Document>,
    /// The diagnostics.
    pub found: &'a Diagnostics,
}

impl Report<'_> {
    /// Returns the path of the diagnostic's key; empty for the whole file.
    #[must_use]
    pub fn field(&self, diagnostic: &Diagnostic) -> String {
        let mut path = String::new();
        let place = self.document.map(|document| document.path_of(diagnostic.span));
        for c in place.unwrap_or_default().chars() {
            push_escaped(&mut path, c);
        }
        if let Some(key) = &diagnostic.key {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&shown(key));
        }
        path
    }

    /// Formats at most [`MOST_PRINTED`] diagnostics as text, with the count as the last line. Empty without
    /// diagnostics.
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        let mut text = String::new();
        let sorted = self.found.sorted();
        let printed = &sorted[..sorted.len().min(MOST_PRINTED)];
        let same = |a: &Diagnostic, b: &Diagnostic| {
            let statement = |one: &Diagnostic| Some((one.code, one.shared.clone()?.0));
            statement(a).is_some() && statement(a) == statement(b)
        };
        for (at, diagnostic) in printed.iter().enumerate() {
            // The first of several states them all.
            if printed[..at].iter().any(|before| same(before, diagnostic)) {
                continue;
            }
            let all: Vec<&Diagnostic> =
                printed[at..].iter().copied().filter(|other| same(diagnostic, other)).collect();
            text.push_str(&match all.len() {
                0 | 1 => self.one(diagnostic, style),
                _ => self.together(&all, style),
            });
            text.push_str("\n\n");
        }
        if !self.found.is_empty() {
            text.push_str(&self.count());
            text.push('\n');
        }
        if style.ascii { to_ascii(&text) } else { text }
    }

    /// Returns the count, such as `check: 13 errors, 2 warnings in tier-5.toml`.
    #[must_use]
    pub fn count(&self) -> String {
        let plural = |count: usize, noun: &str| {
            format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
        };
        let (errors, warnings) = (self.found.errors(), self.found.warnings());
        let more = if self.found.sorted().len() > MOST_PRINTED {
            format!(", the first {MOST_PRINTED} shown")
        } else {
            String::new()
        };
        format!(
            "check: {}, {} in {}{more}",
            plural(errors, "error"),
            plural(warnings, "warning"),
            shown(self.source.name())
        )
    }

    /// Formats diagnostics that share a statement: it, then what each adds, with its line.
    fn together(&self, all: &[&Diagnostic], style: Style) -> String {
        let Some((statement, _)) = all.first().and_then(|first| first.shared.as_ref()) else {
            return String::new();
        };
        let code = all[0].code;
        let own = self.source.name();
        let first = self.source.place(all[0].span).file;
        // All of another file, which the statement names once; else each names its own.
        let within = (first != own
            && all.iter().all(|one| self.source.place(one.span).file == first))
        .then(|| format!(" in {}", shown(first)));
        let item = |one: &&Diagnostic| {
            let place = self.source.place(one.span);
            let (_, item) = one.shared.as_ref()?;
            Some(match place.file == own || within.is_some() {
                true => format!("{item} (line {})", place.line),
                false => format!("{item} ({}:{})", shown(place.file), place.line),
            })
        };
        let items: Vec<String> = all.iter().filter_map(item).collect();
        let within = within.unwrap_or_default();
        let name = format!("{}[{code}] {}: ", code.severity().word(), code.word());
        let text = format!("{} {statement}{within}: {}", items.len(), items.join(", "));
        let indent = 2;
        let first = style.width.saturating_sub(name.chars().count());
        let mut lines = wrap(&text, first.max(1)).into_iter();
        let mut out = name;
        if first < LEAST_FOLDED {
            // The statement begins below its label.
            lines = vec![text].into_iter();
            out.truncate(out.trim_end().len());
        } else {
            out.push_str(&lines.next().unwrap_or_default());
        }
        let rest: Vec<String> = lines.collect();
        for line in wrap(&rest.join(" "), style.width.saturating_sub(indent).max(20)) {
            out.push_str(&format!("\n{}{line}", " ".repeat(indent)));
        }
        let help = "help: --format json has the place and the hosts of each";
        for line in wrap(help, style.width.saturating_sub(indent).max(LEAST_FOLDED)) {
            out.push_str(&format!("\n{}{line}", " ".repeat(indent)));
        }
        out
    }

    fn one(&self, diagnostic: &Diagnostic, style: Style) -> String {
        let code = diagnostic.code;
        let level = match code.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let name = format!("{}[{code}] {}", code.severity().word(), code.word());
        // Continuation lines are indented by the renderer to the end of the label.
        let folded = |text: &str, label: usize| fold(text, style.width.saturating_sub(label));
        let title = folded(&diagnostic.message, name.chars().count() + 2);
        let level = level.with_name(name);
        let main = Excerpt::of(self.source, diagnostic.span, style.width);
        let others: Vec<_> = diagnostic
            .related
            .iter()
            .map(|(span, label)| (Excerpt::of(self.source, *span, style.width), label.as_str()))
            .collect();
        let mut group = Group::with_title(level.primary_title(title.as_str()))
            .element(main.origin())
            .element(main.snippet(AnnotationKind::Primary, None));
        for (excerpt, label) in &others {
            group = group
                .element(excerpt.origin())
                .element(excerpt.snippet(AnnotationKind::Context, Some(label)));
        }
        let places = others.iter().map(|(excerpt, _)| excerpt.line).chain([main.line]);
        let margin = places.max().unwrap_or(0).to_string().len();
        let field = self.field(diagnostic);
        if !field.is_empty() {
            group = group.element(Level::NOTE.with_name("field").message(field));
        }
        if let Some(help) = &diagnostic.help {
            let help = folded(help, margin + " = help: ".len());
            group = group.element(Level::HELP.message(help));
        }
        let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
        let decor = if style.ascii { DecorStyle::Ascii } else { DecorStyle::Unicode };
        let drawn = renderer.term_width(style.width.max(20)).decor_style(decor).render(&[group]);
        drawn.lines().filter(|line| !is_empty_mark(line)).collect::<Vec<_>>().join("\n")
    }

    /// Formats diagnostics as JSON, one object per line: at most [`MOST_PRINTED`], errors first, without a count.
    #[must_use]
    pub fn json(&self) -> String {
        let mut lines = String::new();
        for diagnostic in self.found.sorted().into_iter().take(MOST_PRINTED) {
            let place = self.source.place(diagnostic.span);
            let value = match diagnostic.code.class() {
                Class::Missing => None,
                _ => Some(shown(self.source.slice(diagnostic.span))),
            };
            let object = json!({
                "code": diagnostic.code.id(),
                "class": diagnostic.code.word(),
                "severity": diagnostic.severity().word(),
                "file": shown(place.file),
                "line": place.line,
                "column": place.column,
                "field": self.field(diagnostic),
                "value": value,
                "message": diagnostic.message,
                "help": diagnostic.help,
            });
            writeln!(lines, "{object}").expect("writing to a string does not fail");
        }
        lines
    }
}

/// Returns whether a rendered line is the mark for "another file" without a file. The renderer draws it because the
/// place is given separately: escapes and cuts have moved the columns of the line.
fn is_empty_mark(line: &str) -> bool {
    let mut rest = line;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    matches!(plain.trim(), ":::" | "⸬")
}

/// The line of a span, escaped and cut to the width, and the position of the span in it.
struct Excerpt {
    file: String,
    line: usize,
    column: usize,
    text: String,
    span: Span,
}

impl Excerpt {
    fn of(source: &Source, span: Span, width: usize) -> Self {
        let place = source.place(span);
        let (text, local) = source.locate(span);
        let line_start = text[..local.start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[local.start..].find('\n').map_or(text.len(), |at| local.start + at);
        let line_end = if text[..line_end].ends_with('\r') && line_end > local.start {
            line_end - 1
        } else {
            line_end
        };
        // Half of the width shows text before the place, the rest the place and the text after it.
        let room = width.saturating_sub(12).max(16);
        let before = &text[line_start..local.start];
        let skipped = before.chars().count().saturating_sub(room / 2);
        let mut shown_line = String::new();
        if skipped > 0 {
            shown_line.push_str("... ");
        }
        before.chars().skip(skipped).for_each(|c| push_escaped(&mut shown_line, c));
        let start = shown_line.len();
        let marked = &text[local.start..local.end.min(line_end).max(local.start)];
        let mut left = room.saturating_sub(shown_line.chars().count()).max(8);
        let mut end = start;
        let mut cut = false;
        for (offset, c) in text[local.start..line_end].char_indices() {
            if left == 0 {
                cut = true;
                break;
            }
            left -= 1;
            push_escaped(&mut shown_line, c);
            if offset < marked.len() {
                end = shown_line.len();
            }
        }
        if cut {
            shown_line.push_str(" ...");
        }
        Self {
            file: shown(place.file),
            line: place.line,
            column: place.column,
            text: shown_line,
            span: Span::new(start, end),
        }
    }

    fn origin(&self) -> Origin<'_> {
        Origin::path(self.file.as_str()).line(self.line).char_column(self.column)
    }

    fn snippet<'a>(
        &'a self,
        kind: AnnotationKind,
        label: Option<&'a str>,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let annotation = kind.span(self.span.range()).label(label);
        Snippet::source(self.text.as_str()).line_start(self.line).fold(false).annotation(annotation)
    }
}

/// Wraps `text` at spaces into lines of at most `width` characters. A longer word stays whole, since it may be a path
/// to copy.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut letters = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if letters > 0 && letters + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            letters = 0;
        } else if letters > 0 {
            line.push(' ');
            letters += 1;
        }
        line.push_str(word);
        letters += length;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Smallest width for wrapping: a column of single words would be unreadable.
const LEAST_FOLDED: usize = 16;

/// Wraps a text; the lines are joined with line feeds.
fn fold(text: &str, width: usize) -> String {
    wrap(text, width.max(LEAST_FOLDED)).join("\n")
}

/// Replaces the product's own special characters with ASCII, and every other non-ASCII character with an escape.
fn to_ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '≥' => plain.push_str(">="),
            '≤' => plain.push_str("<="),
            '…' => plain.push_str("..."),
            'µ' => plain.push('u'),
            '×' => plain.push('x'),
            '–' => plain.push('-'),
            _ if c.is_ascii() => plain.push(c),
            _ => {
                write!(plain, "\\u{{{:x}}}", u32::from(c)).expect("a string takes all");
            }
        }
    }
    plain
}
