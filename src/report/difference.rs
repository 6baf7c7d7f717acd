//! Differences between two scenarios, in words and for programs.

use serde_json::{Value, json};

use super::text::{Terminal, visible};
use crate::scenario::difference::Change;
use crate::scenario::render::wrap;

/// Formats a difference: `workload.pages.rate: 20/s → 30/s`, `zone.web-2: only in b.toml`. `names` are the names of
/// the two scenarios.
#[must_use]
pub fn words(change: &Change, names: [&str; 2]) -> String {
    let path = change.path();
    match change.values() {
        (Some(old), Some(new)) => format!("{path}: {old} → {new}"),
        (Some(old), None) => format!("{path}: only in {}: {old}", visible(names[0])),
        (None, Some(new)) => format!("{path}: only in {}: {new}", visible(names[1])),
        (None, None) => path,
    }
}

/// Formats the differences, each on lines of its own, indented by `indent` columns.
#[must_use]
pub fn lines(changes: &[Change], names: [&str; 2], indent: usize, terminal: Terminal) -> String {
    let mut out = String::new();
    for change in changes {
        let text = terminal.letters.spell(&words(change, names));
        let room = usize::from(terminal.width).saturating_sub(indent + 2);
        for (at, line) in wrap(&text, room).iter().enumerate() {
            out.extend(std::iter::repeat_n(' ', indent + if at == 0 { 0 } else { 2 }));
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Returns a difference for programs: path, both values in canonical form, both in words.
#[must_use]
pub fn value(change: &Change) -> Value {
    let (old, new) = change.values();
    json!({
        "path": change.path(),
        "old": change.old,
        "new": change.new,
        "old_text": old,
        "new_text": new,
    })
}
