//! Old names in a parsed text, each with the bytes to replace.

use std::collections::BTreeMap;

use super::places::{before, inside};
use super::texts::{Decoded, roles, varied};
use super::{Kind, PROSE, Rename, VARIED, is_at, rename};
use crate::scenario::document::{Data, Entry, Item, Table};
use crate::scenario::source::Span;

/// An old name with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldName {
    /// The bytes of the name.
    pub span: Span,
    /// Name in format 1.
    pub old: String,
    /// Name in format 2.
    pub new: String,
}

/// A table in which both the old and the new name of a key stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both {
    /// Place of the old key, and the key.
    pub old: (Span, &'static str),
    /// Place of the new key, and the key.
    pub new: (Span, &'static str),
}

/// The old names of a text.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Names in the order of the text; none overlaps another.
    pub names: Vec<OldName>,
    /// Keys that cannot be renamed, since the new key is given, too.
    pub both: Vec<Both>,
}

/// Finds all old names in `text`, which was parsed to `root`.
#[must_use]
pub fn find(text: &str, root: &Item) -> Found {
    let mut finder = Finder { text, root, found: BTreeMap::new(), both: Vec::new() };
    finder.item(root, &mut Vec::new());
    let Finder { found, both, .. } = finder;
    Found { names: found.into_values().collect(), both }
}

/// A key on the path to an item, and its rename.
struct Level<'a> {
    key: &'a str,
    rename: Option<&'static Rename>,
}

struct Finder<'a> {
    text: &'a str,
    root: &'a Item,
    /// Old names by the first byte.
    found: BTreeMap<usize, OldName>,
    both: Vec<Both>,
}

impl<'a> Finder<'a> {
    fn add(&mut self, span: Span, old: &str, new: &str) {
        let name = OldName { span, old: old.into(), new: new.into() };
        self.found.entry(span.start).or_insert(name);
    }

    fn item(&mut self, item: &'a Item, path: &mut Vec<Level<'a>>) {
        match &item.data {
            Data::Table(table) => {
                for entry in &table.entries {
                    self.entry(table, entry, path);
                }
            }
            Data::List(items) => items.iter().for_each(|item| self.item(item, path)),
            Data::Text(text) => self.string(item.span, text, path),
            _ => {}
        }
    }

    fn entry(&mut self, table: &Table, entry: &'a Entry, path: &mut Vec<Level<'a>>) {
        let names: Vec<&str> = path.iter().map(|level| level.key).collect();
        let rename = rename(Kind::Key, &names, &entry.key);
        if let Some(rename) = rename {
            let twin = table.entries.iter().find(|other| other.key == rename.new);
            if let Some(twin) = twin {
                let old = (entry.key_span, rename.old);
                self.both.push(Both { old, new: (twin.key_span, rename.new) });
            }
            self.key(entry.key_span, rename);
        } else if entry.key.contains('.') {
            self.roles_in(entry.key_span);
        }
        // A table with dotted keys or several headers repeats the keys above, which have one place in the tree.
        let mut at = entry.key_span;
        for level in path.iter().rev() {
            let Some(above) = before(self.text, at, level.key) else { break };
            at = above;
            if let Some(rename) = level.rename {
                self.key(at, rename);
            }
        }
        if PROSE.contains(&entry.key.as_str()) && entry.item.as_text().is_some() {
            return;
        }
        path.push(Level { key: &entry.key, rename });
        self.item(&entry.item, path);
        path.pop();
    }

    /// Adds a key, without its quotes.
    fn key(&mut self, span: Span, rename: &Rename) {
        let bare = inside(self.text, span);
        if self.text.get(bare.range()) == Some(rename.old) {
            self.add(bare, rename.old, rename.new);
        } else {
            // A key with an escape, which is written anew.
            self.add(span, rename.old, rename.new);
        }
    }

    fn string(&mut self, span: Span, text: &str, path: &[Level<'a>]) {
        let names: Vec<&str> = path.iter().map(|level| level.key).collect();
        if let Some(rename) = rename(Kind::Word, &names, text) {
            let bare = inside(self.text, span);
            if self.text.get(bare.range()) == Some(rename.old) {
                self.add(bare, rename.old, rename.new);
            }
            return;
        }
        if is_at(VARIED, &names)
            && let Some(decoded) = Decoded::of(self.text, span)
        {
            for (span, old, new) in varied(&decoded) {
                self.add(span, old, new);
            }
        }
        self.roles_in(span);
    }

    /// Adds the roles in the bytes of a string or quoted key.
    fn roles_in(&mut self, span: Span) {
        let Some(raw) = self.text.get(span.range()) else { return };
        for (at, role) in roles(raw, self.root) {
            self.add(at.shifted(span.start), role.old, role.new);
        }
    }
}
