//! A self-contained page: it makes no network request, is readable without scripts, and can be printed.
//!
//! Model: compiled templates escape all text; only the style, the script, the drawings and the tables of this crate
//! are inserted unescaped. The page's policy (`default-src 'none'`) names the style and the script by their SHA-256,
//! so nothing else can run or load.
//! In: a [`Document`]. Out: bytes of a page.
//! Holds: headings in order; a drawing is followed by its data; no meaning by colour alone; ids are numbered in order
//! of appearance.
//! Leaves out: dates, machine names, anything that is not in the document.

use askama::Template;
use sha2::{Digest, Sha256};

use super::document::{
    Align, Block, Cell, Chart, Document, Fact, Judgement, Section, Table, Tile, Unit,
};
use super::text::{capital, check_word, sign, verdict_sign, visible, visible_lines};
use super::{chart, drawing, number, svg};
use crate::{convert, plan};

pub(super) const PAGE_STYLE: &str = include_str!("templates/page.css");
pub(super) const SCRIPT: &str = include_str!("templates/sort.js");

/// Returns the page of a document.
#[must_use]
pub fn page(document: &Document) -> String {
    let drawn = if document.system.is_some() { drawing::STYLE } else { "" };
    let style = format!("{PAGE_STYLE}{}{drawn}", svg::CHART_STYLE);
    let mut figures = 0;
    let chart = document.lead.chart.as_ref().map(|drawn| {
        figures += 1;
        Picture::new(drawn, figures)
    });
    let sections = document.sections.iter().enumerate();
    let page = Page {
        title: visible(&document.title),
        question: visible(&document.question),
        partial: document.partial.as_deref().map(visible),
        policy: policy(&style, &[SCRIPT]),
        style: &style,
        script: SCRIPT,
        answer: document.lead.answer.iter().map(|text| visible(text)).collect(),
        expected: document.lead.expected.iter().map(Shown::new).collect(),
        strip: document.lead.strip.iter().map(Figure::new).collect(),
        advice: document.lead.advice.iter().map(Shown::new).collect(),
        heading: &document.lead.advice_heading,
        unit: capital(document.lead.advice_unit),
        figures: document.lead.facts.iter().map(Shown::new).collect(),
        table: document.lead.table.as_ref().map(with_bars),
        abouts: abouts(document.lead.table.as_ref()),
        chart,
        below: document.lead.below.iter().map(|text| visible(text)).collect(),
        open: document.lead.facts.is_empty() && document.lead.strip.is_empty(),
        verdicts: document
            .verdicts
            .iter()
            .map(|v| Line::new(v.judgement, v.judgement.word(), visible(&v.text)))
            .collect(),
        system: document.system.as_ref().map(System::new),
        sections: sections.map(|(at, s)| Part::new(at + 1, s, &mut figures)).collect(),
        notes: document.notes.iter().map(|note| visible(note)).collect(),
        facts: facts(document),
        command: visible(&document.command),
    };
    page.render().expect("the templates use no filter that fails and write to a string")
}

/// Returns the names of the rows of a table, each with the line about it.
fn abouts(table: Option<&Table>) -> Vec<(String, String)> {
    let cells = table.into_iter().flat_map(|table| table.rows.iter().flatten());
    let named = cells.filter_map(|cell| match cell {
        Cell::Name(row) if !row.about.is_empty() => Some((visible(&row.name), visible(&row.about))),
        _ => None,
    });
    named.collect()
}

/// Returns the content security policy: only the style and the scripts of this crate, by their hashes.
pub(super) fn policy(style: &str, scripts: &[&str]) -> String {
    let hash = |text: &str| format!("'sha256-{}'", base64(&Sha256::digest(text.as_bytes())));
    let scripts: Vec<String> = scripts.iter().map(|script| hash(script)).collect();
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(style),
        scripts.join(" ")
    )
}

/// Encodes bytes in base 64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = 0_u32;
        for at in 0..3 {
            word = word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

fn facts(document: &Document) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Scenario", visible(&document.scenario))];
    if !document.source.is_empty() {
        facts.push(("Source", visible(&document.source)));
    }
    facts.push(("Seed", document.seed.to_string()));
    facts.push(("Results version", document.results_version.to_string()));
    facts.push(("Digest", visible(&document.digest)));
    facts
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: String,
    question: String,
    partial: Option<String>,
    policy: String,
    style: &'a str,
    script: &'a str,
    answer: Vec<String>,
    /// Expectations of a file without objectives.
    expected: Vec<Shown>,
    strip: Vec<Figure>,
    advice: Vec<Shown>,
    /// Heading of the advice.
    heading: &'a str,
    /// Meaning of the figures in it.
    unit: String,
    figures: Vec<Shown>,
    table: Option<String>,
    /// The names of its rows, each with a line about it.
    abouts: Vec<(String, String)>,
    chart: Option<Picture>,
    below: Vec<String>,
    verdicts: Vec<Line>,
    /// True if the verdicts are not folded.
    open: bool,
    system: Option<System>,
    sections: Vec<Part>,
    notes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    command: String,
}

/// A main figure of the first screen.
struct Figure {
    label: String,
    value: String,
    interval: String,
    details: Vec<String>,
    class: &'static str,
    word: Option<&'static str>,
}

impl Figure {
    fn new(tile: &Tile) -> Self {
        Self {
            label: visible(&tile.label),
            value: visible(&tile.value),
            interval: visible(&tile.interval),
            details: tile.details.iter().map(|text| visible(text)).collect(),
            class: tile.judgement.map_or("", class_of),
            word: tile.judgement.map(Judgement::word),
        }
    }
}

/// A figure of the first screen.
struct Shown {
    label: String,
    text: String,
    class: &'static str,
    word: Option<&'static str>,
}

impl Shown {
    fn new(fact: &Fact) -> Self {
        let (class, word) = match fact.judgement {
            Some(judgement) => (class_of(judgement), Some(judgement.word())),
            None => ("", None),
        };
        Self { label: visible(&fact.label), text: visible(&fact.text), class, word }
    }
}

/// Returns the style of a verdict.
const fn class_of(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Met => "good",
        Judgement::NotMet => "bad",
        Judgement::Unsure => "unsure",
        Judgement::Finding => "plain",
    }
}

/// The drawing of the system, with the same in words.
struct System {
    drawing: String,
    caption: String,
    list: String,
}

impl System {
    fn new(system: &plan::drawing::System) -> Self {
        let caption = format!("{}.", capital(&drawing::label::load(system)));
        let drawing = drawing::draw(system, "system");
        Self {
            drawing: drawing.inline(""),
            caption: visible(&caption),
            list: drawing::list(system),
        }
    }
}

/// A judged line; the word has the meaning, the class its colour.
struct Line {
    class: &'static str,
    word: &'static str,
    text: String,
}

impl Line {
    fn new(judgement: Judgement, word: &'static str, text: String) -> Self {
        Self { class: class_of(judgement), word, text }
    }
}

struct Part {
    id: String,
    heading: String,
    intro: String,
    /// True if it is one chart with folded details: two of them stand side by side where there is room.
    is_half: bool,
    /// Its content as HTML.
    content: String,
}

impl Part {
    fn new(number: usize, section: &Section, figures: &mut usize) -> Self {
        Self {
            id: format!("section-{number}"),
            heading: visible(&section.heading),
            intro: visible(&section.intro),
            is_half: matches!(
                section.blocks.as_slice(),
                [Block::Chart(_), rest @ ..]
                    if rest.iter().all(|block| matches!(block, Block::Folded(_)))
            ),
            content: content(&section.blocks, figures),
        }
    }
}

/// Returns blocks as HTML. Charts without anything between them stand side by side where there is room.
fn content(blocks: &[Block], figures: &mut usize) -> String {
    let mut pieces: Vec<Piece> = Vec::new();
    for block in blocks {
        let piece = Piece::new(block, figures);
        match (pieces.last_mut(), piece) {
            (Some(Piece::Charts(beside)), Piece::Charts(more)) => beside.extend(more),
            (_, piece) => pieces.push(piece),
        }
    }
    let content = Content { pieces };
    content.render().expect("the templates use no filter that fails and write to a string")
}

#[derive(Template)]
#[template(path = "content.html")]
struct Content {
    pieces: Vec<Piece>,
}

enum Piece {
    Table(String),
    Charts(Vec<Picture>),
    Text(String),
    Definitions(Vec<(String, String)>),
    Checks(Vec<Line>),
    Source(String),
    /// The line that opens it, and its content as HTML.
    Folded(String, String),
}

impl Piece {
    fn new(block: &Block, figures: &mut usize) -> Self {
        match block {
            Block::Table(data) => Self::Table(table(data)),
            Block::Chart(drawn) => {
                *figures += 1;
                Self::Charts(vec![Picture::new(drawn, *figures)])
            }
            Block::Text(text) => Self::Text(visible(text)),
            Block::Definitions(all) => Self::Definitions(
                all.iter().map(|d| (visible(&d.term), visible(&d.meaning))).collect(),
            ),
            Block::Checks(all) => {
                let line = |c: &super::document::Check| {
                    let text = visible(&format!("{}: {}", c.name, c.detail));
                    Line::new(c.judgement, check_word(c.judgement), text)
                };
                Self::Checks(all.iter().map(line).collect())
            }
            Block::Source(text) => Self::Source(visible_lines(text)),
            Block::Folded(fold) => {
                Self::Folded(visible(&fold.summary), content(&fold.blocks, figures))
            }
        }
    }
}

/// A chart in two widths; the style sheet shows the one that fits.
pub(super) struct Picture {
    pub(super) wide: String,
    pub(super) narrow: String,
    pub(super) caption: String,
    pub(super) data: String,
}

impl Picture {
    pub(super) fn new(drawn: &Chart, number: usize) -> Self {
        let draw = |name: &str, width| {
            chart::draw(drawn, &format!("chart-{number}-{name}"), width).inline(name)
        };
        let finding = if drawn.finding.is_empty() { &drawn.title } else { &drawn.finding };
        Self {
            wide: draw("wide", chart::WIDE),
            narrow: draw("narrow", chart::NARROW),
            caption: visible(finding),
            data: table(&chart::table(drawn)),
        }
    }
}

#[derive(Template)]
#[template(path = "table.html")]
struct Grid {
    caption: String,
    /// Text, objective, and whether it is right-aligned.
    headings: Vec<(String, String, bool)>,
    rows: Vec<Vec<Field>>,
}

struct Field {
    text: String,
    interval: Option<String>,
    /// The key for sorting; without it the text is compared.
    sort: Option<String>,
    class: &'static str,
    /// The sign of a verdict, with its style.
    sign: Option<(&'static str, &'static str)>,
    /// Length of the bar below it, in percent of the largest value of its column.
    bar: Option<u64>,
    /// True if it is the heading of its row.
    heads: bool,
    /// A line about the row.
    about: String,
}

/// Returns a table as HTML.
pub(super) fn table(table: &Table) -> String {
    grid(table).render().expect("the templates use no filter that fails and write to a string")
}

/// Returns a table as HTML with a bar below each figure, as long as its share of the largest in its column. Shares have
/// none: what matters is their distance to one.
fn with_bars(table: &Table) -> String {
    let mut grid = grid(table);
    for (at, column) in table.columns.iter().enumerate() {
        let value = |row: &Vec<Cell>| match row.get(at) {
            Some(Cell::Figure(figure)) if figure.is_finite() => Some(figure.value.max(0.0)),
            _ => None,
        };
        let most = table.rows.iter().filter_map(value).fold(0.0, f64::max);
        if column.unit == Unit::Ratio || most <= 0.0 {
            continue;
        }
        for (fields, row) in grid.rows.iter_mut().zip(&table.rows) {
            if let Some(field) = fields.get_mut(at) {
                field.bar = value(row).map(|value| convert::nearest(value / most * 100.0));
            }
        }
    }
    grid.render().expect("the templates use no filter that fails and write to a string")
}

fn grid(table: &Table) -> Grid {
    let aligns: Vec<bool> = table.columns.iter().map(|c| c.align == Align::Right).collect();
    let fields = |row: &Vec<Cell>| {
        let right = |at: usize| aligns.get(at).copied().unwrap_or(false);
        row.iter().enumerate().map(|(at, cell)| field(cell, at == 0, right(at))).collect()
    };
    Grid {
        caption: visible(&table.caption),
        headings: table
            .columns
            .iter()
            .map(|c| (visible(&c.name), visible(&c.objective), c.align == Align::Right))
            .collect(),
        rows: table.rows.iter().map(fields).collect(),
    }
}

/// Largest number of characters for which words stay on one line.
const SHORT: usize = 28;

fn field(cell: &Cell, first: bool, right: bool) -> Field {
    let plain = Field {
        text: String::new(),
        interval: None,
        sort: None,
        class: "r",
        sign: None,
        bar: None,
        heads: false,
        about: String::new(),
    };
    let class = if right { "r" } else { "" };
    match cell {
        Cell::Text(words) => {
            let long = words.chars().count() > SHORT;
            let class = match (right, long) {
                (true, _) => "r",
                (false, true) => "w",
                (false, false) => "s",
            };
            Field { text: visible(words), class, heads: first, ..plain }
        }
        Cell::Count(value) => {
            Field { text: number::count(*value), sort: Some(value.to_string()), class, ..plain }
        }
        Cell::Figure(figure) if figure.is_finite() => {
            let (text, interval) = number::figure_parts(figure);
            let sort = Some(format!("{:?}", figure.value));
            let verdict = figure.verdict.filter(|_| !sign(figure.verdict).is_empty());
            let sign = verdict.map(|verdict| (class_of(verdict), sign(Some(verdict))));
            Field { text: visible(&text), interval, sort, class, sign, ..plain }
        }
        Cell::Name(row) => {
            let shown = verdict_sign(row.verdict);
            let sign = row.verdict.filter(|_| !shown.is_empty());
            let sign = sign.map(|verdict| (class_of(verdict), shown));
            let (text, about) = (visible(&row.name), visible(&row.about));
            Field { text, class: "s", sign, heads: first, about, ..plain }
        }
        Cell::Figure(_) => Field { text: "not finite".into(), class: "none", ..plain },
        Cell::Missing { reason } => {
            let class = if right { "none r" } else { "none" };
            Field { text: visible(reason), class, ..plain }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_standard() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (text, coded) in
            pairs.into_iter().chain([("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")])
        {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }

    #[test]
    fn the_sort_script_stays_short() {
        assert!(SCRIPT.lines().count() < 40);
    }
}
