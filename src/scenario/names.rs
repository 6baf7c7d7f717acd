//! Names, references, lists, and tables from names to values.

use std::fmt;
use std::ops::Deref;

use serde_json::Value as Json;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::{Data, Entry, Item, MAX_NAME_BYTES};
use super::limit::Several;
use super::render::shown;
use super::source::Span;
use super::value::{KeyShape, Shape, Value, object, wrong_type};

/// A kebab-case name with its place. Two names are equal if their texts are.
#[derive(Clone, Debug)]
pub struct Name {
    /// The text.
    pub text: String,
    /// Place in the text.
    pub span: Span,
}

/// The name of something declared elsewhere: kebab-case words separated by `.` or `:`, with `*` as a wildcard
/// ("nas.store.head", "store:assets", "server.*").
#[derive(Clone, Debug)]
pub struct Reference {
    /// The text.
    pub text: String,
    /// Place in the text.
    pub span: Span,
}

macro_rules! text_with_place {
    ($($Type:ident),*) => { $(
        impl Deref for $Type {
            type Target = str;
            fn deref(&self) -> &str {
                &self.text
            }
        }
        impl fmt::Display for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.text)
            }
        }
        impl PartialEq for $Type {
            fn eq(&self, other: &Self) -> bool {
                self.text == other.text
            }
        }
        impl Eq for $Type {}
        impl PartialOrd for $Type {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $Type {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.text.cmp(&other.text)
            }
        }
    )* };
}

text_with_place!(Name, Reference);

/// Returns whether `text` matches `[a-z0-9][a-z0-9-]*`.
#[must_use]
pub fn is_kebab_case(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.bytes().next().is_some_and(letter) && text.bytes().all(|b| letter(b) || b == b'-')
}

fn is_reference(text: &str) -> bool {
    let part = |part: &str| {
        part == "*" || is_kebab_case(part.strip_suffix('*').unwrap_or(part)) && !part.is_empty()
    };
    text.split(['.', ':']).all(part)
}

/// Converts `text` to kebab case; returns `None` if no character is left.
fn kebab_case(text: &str) -> Option<String> {
    let mut name = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-').to_string();
    (!name.is_empty()).then_some(name)
}

fn check_name(text: &str, span: Span, fits: bool, out: &mut Diagnostics) -> bool {
    if text.len() > MAX_NAME_BYTES {
        let message = format!("a name of {} bytes, at most {MAX_NAME_BYTES}", text.len());
        out.push(Diagnostic::new(Code::NameTooLong, span, message));
        return false;
    }
    if !fits {
        let message = format!("`{}` is not a name: lower-case letters, digits and -", shown(text));
        let help = kebab_case(text).map(|name| format!("write `{name}`"));
        out.push(Diagnostic::new(Code::NotAName, span, message).help_if(help));
    }
    fits
}

impl Value for Name {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let Some(text) = item.as_text() else {
            out.push(wrong_type(item, "a name in quotes"));
            return None;
        };
        Self::read_key(text, item.span, out)
    }
    fn shape() -> Shape {
        Shape::Name
    }
    fn canonical(&self) -> Json {
        Json::String(self.text.clone())
    }
}

impl Value for Reference {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let Some(text) = item.as_text() else {
            out.push(wrong_type(item, "the name of a component, in quotes,"));
            return None;
        };
        Self::read_key(text, item.span, out)
    }
    fn shape() -> Shape {
        Shape::Reference
    }
    fn canonical(&self) -> Json {
        Json::String(self.text.clone())
    }
}

impl Reference {
    /// Returns the parts between dots and colons.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.text.split(['.', ':'])
    }
}

/// A type that keys of a table can have.
pub trait Key: Clone + fmt::Debug + Deref<Target = str> {
    /// The form of such keys.
    const SHAPE: KeyShape;
    /// Reads a key; returns `None` after reporting that `text` is not one.
    fn read_key(text: &str, span: Span, out: &mut Diagnostics) -> Option<Self>;
}

impl Key for Name {
    const SHAPE: KeyShape = KeyShape::Name;
    fn read_key(text: &str, span: Span, out: &mut Diagnostics) -> Option<Self> {
        check_name(text, span, is_kebab_case(text), out)
            .then(|| Self { text: text.to_string(), span })
    }
}

impl Key for Reference {
    const SHAPE: KeyShape = KeyShape::Reference;
    fn read_key(text: &str, span: Span, out: &mut Diagnostics) -> Option<Self> {
        check_name(text, span, is_reference(text), out)
            .then(|| Self { text: text.to_string(), span })
    }
}

/// Any text with its place, used for the keys of tables from figures to values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The text.
    pub text: String,
    /// Place in the text.
    pub span: Span,
}

impl Deref for Label {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

impl Key for Label {
    const SHAPE: KeyShape = KeyShape::Text;
    fn read_key(text: &str, span: Span, _out: &mut Diagnostics) -> Option<Self> {
        Some(Self { text: text.to_string(), span })
    }
}

impl Value for Label {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        String::read(item, out).map(|text| Self { text, span: item.span })
    }
    fn shape() -> Shape {
        Shape::Text
    }
    fn canonical(&self) -> Json {
        Json::String(self.text.clone())
    }
}

/// A table from names to values, in the order of the text: `[server.twin]`, `{ sql-1 = "…" }`.
///
/// Names of entries with an error are kept in `failed`, so that references to them need not be reported as unknown.
#[derive(Clone, Debug)]
pub struct Named<T, K = Name> {
    /// Entries that could be read.
    pub entries: Vec<(K, T)>,
    /// Keys whose value could not be read.
    pub failed: Vec<K>,
}

impl<T, K> Default for Named<T, K> {
    fn default() -> Self {
        Self { entries: Vec::new(), failed: Vec::new() }
    }
}

impl<T, K> Deref for Named<T, K> {
    type Target = [(K, T)];
    fn deref(&self) -> &[(K, T)] {
        &self.entries
    }
}

impl<T, K: Key> Named<T, K> {
    /// Returns the value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&T> {
        self.place(key).map(|place| &self.entries[place].1)
    }

    /// Returns the index of `key` among the entries that could be read.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<usize> {
        // Long sections are usually sorted, so binary search is tried first. Names are unique, so a match is right
        // even if they are not sorted.
        let met = self.entries.binary_search_by(|(name, _)| (**name).cmp(key)).ok();
        met.or_else(|| self.entries.iter().position(|(name, _)| **name == *key))
    }
}

impl<T: Value, K: Key> Value for Named<T, K> {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let table = match &item.data {
            Data::Table(table) => table,
            Data::List(_) => {
                let message = "a table of names is needed here, not a list";
                out.push(
                    Diagnostic::new(Code::TableOrList, item.span, message)
                        .help("write `[kind.name]`, not `[[kind]]`"),
                );
                return None;
            }
            _ => {
                let needed = "a table from names to values";
                out.push(wrong_type(item, needed).help("write it as `{ name = value, … }`"));
                return None;
            }
        };
        let mut named = Self::default();
        // Lower-case spellings are compared only for keys that are not lower-case.
        for (index, entry) in table.entries.iter().enumerate() {
            let Some(key) = read_named_key::<K>(&table.entries, index, out) else { continue };
            match T::read(&entry.item, out) {
                Some(value) => named.entries.push((key, value)),
                None => named.failed.push(key),
            }
        }
        Some(named)
    }
    fn shape() -> Shape {
        Shape::Named(K::SHAPE, Box::new(T::shape()))
    }
    fn canonical(&self) -> Json {
        let entries = self.entries.iter();
        object(entries.map(|(key, value)| (key.to_string(), value.canonical())).collect())
    }
}

/// Reads the key of one entry. A key that differs from another only in case is reported.
fn read_named_key<K: Key>(entries: &[Entry], index: usize, out: &mut Diagnostics) -> Option<K> {
    let entry = &entries[index];
    let lower = entry.key.to_lowercase();
    if K::SHAPE != KeyShape::Text && lower != entry.key && !out.is_full() {
        let twin = entries.iter().position(|other| other.key.to_lowercase() == lower);
        let twin = twin
            .filter(|at| *at != index)
            .or_else(|| entries.iter().position(|other| other.key == lower));
        if let Some(twin) = twin {
            let (first, second) = (index.min(twin), index.max(twin));
            let message = format!(
                "`{}` and `{}` differ only in case",
                shown(&entries[first].key),
                shown(&entries[second].key)
            );
            out.push(
                Diagnostic::new(Code::NameCase, entries[second].key_span, message)
                    .related(entries[first].key_span, "the other"),
            );
            return None;
        }
    }
    K::read_key(&entry.key, entry.key_span, out)
}

impl<T: Value> Value for Vec<T> {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        match &item.data {
            Data::List(items) => {
                let read: Vec<Option<T>> = items.iter().map(|item| T::read(item, out)).collect();
                read.into_iter().collect()
            }
            Data::Table(_) => {
                let message = "a list of tables is needed here, not one table";
                out.push(
                    Diagnostic::new(Code::TableOrList, item.span, message)
                        .help("write `[[key]]` or `key = [{ … }]`, not `[key]` or `key = { … }`"),
                );
                None
            }
            _ => {
                out.push(wrong_type(item, "a list").help("put `[ ]` around it"));
                None
            }
        }
    }
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }
    fn canonical(&self) -> Json {
        Json::Array(self.iter().map(Value::canonical).collect())
    }
}

/// One value, or a list of them: `to = "app"`, `to = ["app", "batch"]`.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Deref for OneOrMany<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Value> Value for OneOrMany<T> {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        if matches!(item.data, Data::List(_)) {
            return Vec::read(item, out).map(Self);
        }
        T::read(item, out).map(|value| Self(vec![value]))
    }
    fn shape() -> Shape {
        Shape::Either(vec![T::shape(), Shape::List(Box::new(T::shape()))])
    }
    fn canonical(&self) -> Json {
        self.0.canonical()
    }
}

impl<T: Value> Several for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }
}

impl<T: Value> Several for OneOrMany<T> {
    fn count(&self) -> usize {
        self.0.len()
    }
}

impl<T: Value, K: Key> Several for Named<T, K> {
    fn count(&self) -> usize {
        self.entries.len() + self.failed.len()
    }
}
