//! Scenarios that many tests begin with, and how a test lays the lines that it is about over one.

use std::fs;
use std::path::Path;

/// The text of `tests/shared/fixtures/{name}.toml`.
pub fn base(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shared/fixtures");
    let path = folder.join(name).with_extension("toml");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Laying lines over the text of a scenario.
pub trait With {
    /// Lays `lines` over the text. A key replaces the same key of the same table, or else is added at the end of
    /// that table. A table that the text does not have is added at the end of the text.
    fn with(&self, lines: &str) -> String;
}

impl With for str {
    fn with(&self, lines: &str) -> String {
        let mut tables = tables(self);
        for over in self::tables(lines) {
            let same = |table: &&mut Table| table.header == over.header && !over.is_item();
            match tables.iter_mut().find(same) {
                Some(table) => over.keys.into_iter().for_each(|key| table.set(key)),
                None => tables.push(over),
            }
        }
        tables.iter().map(Table::text).collect()
    }
}

/// A table of a text: its header, and each key with the lines of its value.
#[derive(Default)]
struct Table<'a> {
    header: &'a str,
    keys: Vec<(&'a str, String)>,
}

impl<'a> Table<'a> {
    /// If true, it is one of a list, as `[[expect]]` is.
    fn is_item(&self) -> bool {
        self.header.starts_with("[[")
    }

    fn set(&mut self, (key, lines): (&'a str, String)) {
        match self.keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = lines,
            None => self.keys.push((key, lines)),
        }
    }

    fn text(&self) -> String {
        let header = if self.header.is_empty() { "" } else { "\n" };
        let keys = self.keys.iter().map(|(_, lines)| lines.as_str());
        format!("{}{header}{}", self.header, keys.collect::<String>())
    }
}

/// The tables of a text. The first has no header. A line that begins with neither a header nor a key continues the
/// value above it.
fn tables(text: &str) -> Vec<Table<'_>> {
    let mut found = vec![Table::default()];
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('[') {
            found.push(Table { header: line, keys: Vec::new() });
            continue;
        }
        let keys = &mut found.last_mut().expect("the first is there").keys;
        match (line.split_once('='), keys.last_mut()) {
            (Some((key, _)), _) if !line.starts_with([' ', ']']) => {
                keys.push((key.trim_end(), format!("{line}\n")));
            }
            (_, Some((_, value))) => *value += &format!("{line}\n"),
            (_, None) => panic!("no key begins before `{line}`"),
        }
    }
    found
}

#[test]
fn lines_laid_over_a_text_replace_keys_and_add_keys_and_tables() {
    let text =
        "scenario = \"s\"\n[a.one]\nx = 1\ny = [\n  2,\n]\n[b.two]\nz = 3\n[[expect]]\nis = 1\n";
    let over = "# About y.\n[a.one]\ny = 4\nw = \"u = v\"\n\n[c.new]\nv = 5\n[[expect]]\nis = 2\n";
    let laid = "scenario = \"s\"\n[a.one]\nx = 1\ny = 4\nw = \"u = v\"\n[b.two]\nz = 3\n\
                [[expect]]\nis = 1\n[c.new]\nv = 5\n[[expect]]\nis = 2\n";
    assert_eq!(text.with(over), laid);
    assert_eq!("".with(text), text);
}
