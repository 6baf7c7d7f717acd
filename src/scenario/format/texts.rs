//! Old names inside strings: roles in names of parts, and paths of keys.

use super::{Kind, RENAMES, Rename, rename};
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::document::{Data, Item, parse_text};
use crate::scenario::overrides::{self, Step};
use crate::scenario::source::Span;

/// A name in a string: its bytes, old and new.
type Named = (Span, &'static str, &'static str);

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// Finds roles after the names of components that `root` declares: `mysql.master`, `database.mysql.slave-2`.
pub fn roles(text: &str, root: &Item) -> Vec<(Span, &'static Rename)> {
    let mut found = Vec::new();
    for role in RENAMES.iter().filter(|one| one.kind == Kind::Role) {
        let declares = |section: &str, name: &str| {
            root.get(section).is_some_and(|table| table.get(name).is_some())
        };
        for (at, _) in text.match_indices(role.old) {
            let Some(head) = text[..at].strip_suffix('.') else { continue };
            let start = head.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
            let name = &head[start..];
            if !head.is_char_boundary(start) || !declares(role.at, name) {
                continue;
            }
            // In `nas.mysql.slave` the name is that of a file server.
            let above = head[..start].strip_suffix('.').unwrap_or_default();
            let section = &above[above.rfind(|c| !is_name(c)).map_or(0, |at| at + 1)..];
            if section != role.at && !section.is_empty() && declares(section, name) {
                continue;
            }
            let rest = &text[at + role.old.len()..];
            let rest = rest.strip_prefix('-').map_or(rest, |number| {
                number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '*')
            });
            if !rest.starts_with(is_name) {
                found.push((Span::new(at, at + role.old.len()), role));
            }
        }
    }
    found
}

/// The value of a string of one line, with the place of each of its bytes.
pub struct Decoded {
    text: String,
    /// Place of each byte of `text` in the source, and of the end.
    places: Vec<usize>,
}

impl Decoded {
    /// Decodes the string at `span` of `source`; `None` for a string of several lines, or with a character given by
    /// its number.
    pub fn of(source: &str, span: Span) -> Option<Self> {
        let raw = source.get(span.range())?;
        let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        if raw.len() < 2 || raw.starts_with("\"\"\"") || raw.starts_with("'''") {
            return None;
        }
        let (mut text, mut places) = (String::new(), Vec::new());
        let mut letters = raw[1..raw.len() - 1].char_indices();
        while let Some((at, letter)) = letters.next() {
            let letter = match letter {
                '\\' if quote == '"' => match letters.next()?.1 {
                    letter @ ('"' | '\\') => letter,
                    't' => '\t',
                    _ => return None,
                },
                letter => letter,
            };
            text.push(letter);
            places.resize(text.len(), span.start + 1 + at);
        }
        places.push(span.end - 1);
        Some(Self { text, places })
    }

    fn place(&self, span: Span) -> Span {
        Span::new(self.places[span.start], self.places[span.end])
    }
}

/// Finds old names in `PATH=a,b,c`, where the path of another scenario's key follows its name and a colon.
pub fn varied(of: &Decoded) -> Vec<Named> {
    let text = of.text.as_str();
    let equals = text.find('=').unwrap_or(text.len());
    let start = text[..equals].find(':').map_or(0, |at| at + 1);
    let start = start + (text[start..].len() - text[start..].trim_start().len());
    let Ok((steps, length)) = overrides::read_path(&text[start..], start) else {
        return Vec::new();
    };
    let mut found: Vec<Named> = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    for step in &steps {
        let Step::Key(key, span) = step else { continue };
        if let Some(one) = rename(Kind::Key, &path, key) {
            let bare = super::places::inside(text, *span);
            found.push((bare, one.old, one.new));
        }
        path.push(key);
    }
    let values = start + length;
    // The values are those of a list, and words stand without quotes.
    let mut ignored = Diagnostics::new();
    let list = format!("v=[{}]", &text[values..]);
    let base = values.saturating_sub("v=[".len());
    let parsed = parse_text(&list, 0, &mut ignored);
    if let (Some(items), false) = (parsed.get("v"), ignored.has_errors()) {
        keys(items, &mut path.clone(), &mut |span, one| {
            found.push((span.shifted(base), one.old, one.new));
        });
    }
    let mut at = values;
    for value in text[values..].split(',') {
        let word = value.trim();
        let from = at + (value.len() - value.trim_start().len());
        if let Some(one) = rename(Kind::Word, &path, word) {
            found.push((Span::new(from, from + word.len()), one.old, one.new));
        }
        at += value.len() + 1;
    }
    found.into_iter().map(|(span, old, new)| (of.place(span), old, new)).collect()
}

/// Calls `add` with each old key of bare letters below `item`.
fn keys<'a>(item: &'a Item, path: &mut Vec<&'a str>, add: &mut dyn FnMut(Span, &'static Rename)) {
    match &item.data {
        Data::List(items) => items.iter().for_each(|item| keys(item, path, add)),
        Data::Table(table) => {
            for entry in &table.entries {
                let bare = entry.key_span.end - entry.key_span.start == entry.key.len();
                if let Some(one) = rename(Kind::Key, path, &entry.key).filter(|_| bare) {
                    add(entry.key_span, one);
                }
                path.push(&entry.key);
                keys(&entry.item, path, add);
                path.pop();
            }
        }
        _ => {}
    }
}
