//! A scenario as a tree of items, each with its place in the text.
//!
//! In: a [`Source`]. Out: a [`Document`] with tables in the order of the text, values as written, and a span for
//! every key and every value. All syntax errors are reported at once, in the words of this product; a text with one
//! yields no document. Integers are stored as `i128`, so that a number too large for TOML is a range error, not a
//! syntax error.
//!
//! Paths (`request.page.steps[2].call`) are not stored: [`Document::path_of`] finds the path of a span when a
//! diagnostic is printed.
//!
//! Holds: no item is deeper than [`super::scan::MAX_DEPTH`].

use std::fmt::Write as _;

use toml::Spanned as TomlSpanned;
use toml::de::{DeTable, DeValue};

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::scan::scan;
use super::source::{Source, Span};

/// Longest string, in bytes.
pub const MAX_STRING_BYTES: usize = 4 << 10;
/// Bytes that may be parsed a second time to find the first place of a repeated key; beyond it the place is not
/// shown.
const MAX_PARSED_AGAIN: usize = 4 << 20;
/// Longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Place of the value; for a table with a header, place of the header.
    pub span: Span,
    /// The value.
    pub data: Data,
}

/// The value of an item.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A string.
    Text(String),
    /// A whole number; one out of range is stored as the nearest `i128`.
    Integer(i128),
    /// Any other number, including `nan` and `inf`.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A TOML date or time, as written. No key of the language accepts one.
    Date(String),
    /// A list.
    List(Vec<Item>),
    /// A table.
    Table(Table),
}

/// A table in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Keys with their values; each key occurs once.
    pub entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, unquoted.
    pub key: String,
    /// Place of the key.
    pub key_span: Span,
    /// The value.
    pub item: Item,
}

impl Item {
    /// Returns the type of the value for messages, such as "a string".
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.data {
            Data::Text(_) => "a string",
            Data::Integer(_) => "an integer",
            Data::Float(_) => "a number",
            Data::Boolean(_) => "true or false",
            Data::Date(_) => "a date",
            Data::List(_) => "a list",
            Data::Table(_) => "a table",
        }
    }

    /// Returns the table, if the item is one.
    #[must_use]
    pub const fn as_table(&self) -> Option<&Table> {
        match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the text, if the item is a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value of `key`, if the item is a table that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_table().and_then(|table| table.get(key))
    }
}

impl Table {
    /// Returns the value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Item> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.item)
    }

    /// Returns the value of `key` for modification.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Item> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.item)
    }

    /// Returns the keys, in the order of the text.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }
}

/// A parsed scenario: its text and the tree of its items.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text, to which all spans refer.
    pub source: Source,
    /// The whole file as one table.
    pub root: Item,
}

impl Document {
    /// Parses `source`. Returns `None` after an error of syntax, encoding or size, which is added to `out`.
    #[must_use]
    pub fn parse(source: Source, out: &mut Diagnostics) -> Option<Self> {
        let before = out.errors();
        let root = parse_text(source.text(), 0, out);
        (out.errors() == before).then_some(Self { source, root })
    }

    /// Returns the path of keys to the item or key at `span`; empty for the whole file.
    #[must_use]
    pub fn path_of(&self, span: Span) -> String {
        if span == self.root.span {
            return String::new();
        }
        let mut best = Best { span: None, path: String::new(), wanted: span };
        walk(&self.root, &mut Vec::new(), &mut best);
        best.path
    }
}

/// One step of a path.
enum Place<'a> {
    Key(&'a str),
    Index(usize),
}

/// The smallest item found so far that contains the wanted span.
struct Best {
    span: Option<Span>,
    path: String,
    wanted: Span,
}

impl Best {
    fn offer(&mut self, span: Span, path: &[Place<'_>]) {
        let width = |span: Span| span.end - span.start;
        // Of equal spans the deeper one wins: the table of a header over the list that contains it.
        if span.holds(self.wanted) && self.span.is_none_or(|best| width(span) <= width(best)) {
            self.span = Some(span);
            self.path.clear();
            for place in path {
                match place {
                    Place::Key(key) => {
                        if !self.path.is_empty() {
                            self.path.push('.');
                        }
                        push_key(&mut self.path, key);
                    }
                    Place::Index(index) => {
                        write!(self.path, "[{index}]").expect("writing to a string does not fail");
                    }
                }
            }
        }
    }
}

fn walk<'a>(item: &'a Item, path: &mut Vec<Place<'a>>, best: &mut Best) {
    match &item.data {
        Data::Table(table) => {
            for entry in &table.entries {
                path.push(Place::Key(&entry.key));
                best.offer(entry.key_span, path);
                best.offer(entry.item.span, path);
                walk(&entry.item, path, best);
                path.pop();
            }
        }
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Place::Index(index));
                best.offer(item.span, path);
                walk(item, path, best);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Appends a key to a path, quoted unless it is bare.
fn push_key(path: &mut String, key: &str) {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !key.is_empty() && key.chars().all(bare) {
        path.push_str(key);
    } else {
        write!(path, "{key:?}").expect("writing to a string does not fail");
    }
}

/// Parses a text whose first byte has offset `base`. The result is meaningless if `out` has a new error.
pub(super) fn parse_text(text: &str, base: usize, out: &mut Diagnostics) -> Item {
    let whole = Span::new(base, base);
    let nothing = Item { span: whole, data: Data::Table(Table::default()) };
    let mut found = Diagnostics::new();
    let root = if scan(text, &mut found) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut budget = MAX_PARSED_AGAIN;
        for error in &errors {
            found.push(syntax(text, error, &mut budget));
            if found.is_full() {
                break;
            }
        }
        if errors.is_empty() {
            convert_table(table.into_inner(), base, &mut found)
        } else {
            nothing
        }
    } else {
        nothing
    };
    for mut diagnostic in found.sorted().into_iter().cloned() {
        diagnostic.span = diagnostic.span.shifted(base);
        for (span, _) in &mut diagnostic.related {
            *span = span.shifted(base);
        }
        out.push(diagnostic);
    }
    root
}

/// Converts an error of the parser to a diagnostic in the words of this product. The parser gives a place and a
/// message but no kind of error. Only this function inspects its messages; a test has an example of each.
fn syntax(text: &str, error: &toml::de::Error, budget: &mut usize) -> Diagnostic {
    let span = Span::from(error.span().unwrap_or(text.len()..text.len()));
    let message = error.message();
    if message.starts_with("duplicate key") {
        return key_twice(text, span, budget);
    }
    let mut message = message;
    let help = if message.starts_with("string values must be quoted") {
        message = "this is no value: not a number, and a text needs quotes";
        Some("put quotes around it: a quantity with a unit is a text, such as \"30s\"")
    } else if message.starts_with("unquoted keys cannot be empty")
        || message.starts_with("invalid unquoted key")
    {
        Some("a key has letters, digits, `-` and `_`; anything else needs quotes")
    } else if message.starts_with("cannot extend value") {
        Some("the name is already given as a value; a table cannot be added to it")
    } else {
        None
    };
    let span = if span.start == span.end && span.end < text.len() {
        let next = text[span.end..].chars().next().map_or(0, char::len_utf8);
        Span::new(span.start, span.end + next)
    } else {
        span
    };
    let diagnostic = Diagnostic::new(Code::NotToml, span, message);
    diagnostic.help_if(help.map(str::to_string))
}

/// Reports a repeated key, with the place of the first one. The parser does not report that place, so the second key
/// is renamed in a copy, which is parsed again.
fn key_twice(text: &str, span: Span, budget: &mut usize) -> Diagnostic {
    let key = &text[span.range()];
    let bare = key.trim_matches(['"', '\'']);
    let diagnostic = Diagnostic::new(Code::KeyTwice, span, format!("`{bare}` is given twice"))
        .help("keep one of them");
    let filler = "z".repeat(bare.len());
    let renamed = format!("{}{filler}{}", &text[..span.start], &text[span.start + bare.len()..]);
    let same_length = renamed.len() == text.len() && key == bare && filler != bare;
    if !same_length || *budget < text.len() {
        return diagnostic;
    }
    *budget -= text.len();
    let (table, _) = DeTable::parse_recoverable(&renamed);
    match first_of(table.get_ref(), bare, span) {
        Some(first) => diagnostic.related(first, "first given here"),
        None => diagnostic,
    }
}

/// Returns the span of `key` in the table that has another key at `span`.
fn first_of(table: &DeTable<'_>, key: &str, span: Span) -> Option<Span> {
    if table.iter().any(|(other, _)| Span::from(other.span()) == span) {
        let (first, _) = table.iter().find(|(other, _)| other.get_ref() == key)?;
        return Some(first.span().into());
    }
    table.iter().find_map(|(_, value)| first_in(value.get_ref(), key, span))
}

fn first_in(value: &DeValue<'_>, key: &str, span: Span) -> Option<Span> {
    match value {
        DeValue::Table(table) => first_of(table, key, span),
        DeValue::Array(items) => items.iter().find_map(|v| first_in(v.get_ref(), key, span)),
        _ => None,
    }
}

fn convert_table(table: DeTable<'_>, base: usize, out: &mut Diagnostics) -> Item {
    Item { span: Span::new(base, base), data: Data::Table(entries(table, base, out)) }
}

fn entries(table: DeTable<'_>, base: usize, out: &mut Diagnostics) -> Table {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table {
        let local = Span::from(key.span());
        let bare = local.end - local.start == key.get_ref().len();
        if key.get_ref().len() > if bare { MAX_NAME_BYTES } else { MAX_STRING_BYTES } {
            let bytes = key.get_ref().len();
            let message = format!("a key of {bytes} bytes, at most {MAX_NAME_BYTES}");
            out.push(Diagnostic::new(Code::NameTooLong, local, message));
        }
        let mut item = convert(value, base, out);
        if matches!(item.data, Data::List(_)) && item.span.holds(local.shifted(base)) {
            // The parser gives a list of tables with headers the span of its first header, which is also the span of
            // the first table.
            item.span = local.shifted(base);
        }
        let key_span = local.shifted(base);
        entries.push(Entry { key: key.into_inner().into_owned(), key_span, item });
    }
    Table { entries }
}

fn convert(value: TomlSpanned<DeValue<'_>>, base: usize, out: &mut Diagnostics) -> Item {
    let local = Span::from(value.span());
    let data = match value.into_inner() {
        DeValue::String(text) => {
            if text.len() > MAX_STRING_BYTES {
                let bytes = text.len();
                let message = format!("a string of {bytes} bytes, at most {MAX_STRING_BYTES}");
                out.push(Diagnostic::new(Code::StringTooLong, local, message));
            }
            Data::Text(text.into_owned())
        }
        DeValue::Integer(integer) => {
            let text = integer.as_str();
            let most = if text.starts_with('-') { i128::MIN } else { i128::MAX };
            Data::Integer(i128::from_str_radix(text, integer.radix()).unwrap_or(most))
        }
        // The standard parser rounds a number that is too large to infinity, which is a range error.
        DeValue::Float(float) => {
            let text = float.as_str();
            let value = text.parse().unwrap_or(f64::NAN);
            let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
            if value == 0.0 && mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
                let message =
                    format!("`{text}` is smaller than any number that is kept: it would be 0");
                let diagnostic = Diagnostic::new(Code::TooFine, local, message);
                out.push(diagnostic.help("write 0 if nothing is meant"));
            }
            Data::Float(value)
        }
        DeValue::Boolean(boolean) => Data::Boolean(boolean),
        DeValue::Datetime(date) => Data::Date(date.to_string()),
        DeValue::Array(items) => {
            Data::List(items.into_iter().map(|item| convert(item, base, out)).collect())
        }
        DeValue::Table(table) => Data::Table(entries(table, base, out)),
    };
    Item { span: local.shifted(base), data }
}
