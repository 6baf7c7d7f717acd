//! Rewriting a text of format 1 in format 2.
//!
//! Only the bytes of old names, and the number of the format, are replaced.

use super::find::{self, Both, Found};
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::document::{Data, Item, parse_text};
use crate::scenario::source::Span;

/// Passes over a text; more than one are needed only for a table whose header stands after those of tables in it.
const PASSES: usize = 8;

/// The outcome for a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// It is not TOML; its errors are reported by the reader.
    NotToml,
    /// It has no name of format 1.
    Nothing,
    /// Old and new name of these keys are given in one table.
    Both(Vec<Both>),
    /// The text in format 2.
    Rewritten {
        /// The text.
        text: String,
        /// Number of replaced names.
        names: usize,
    },
}

/// Rewrites `text`, a file without its byte order mark.
#[must_use]
pub fn fix(text: &str) -> Fixed {
    let Some(mut root) = parse(text) else { return Fixed::NotToml };
    let number = root.get("format").map(|item| (item.span, item.data.clone()));
    let is_old = match &number {
        None => false,
        Some((_, Data::Integer(1))) => true,
        Some(_) => return Fixed::Nothing,
    };
    let first = find::find(text, &root);
    if !first.both.is_empty() {
        return Fixed::Both(first.both);
    }
    if first.names.is_empty() && !is_old {
        return Fixed::Nothing;
    }
    let span = number.filter(|_| is_old).map(|(span, _)| span);
    let mut names = first.names.len();
    let mut now = replaced(text, &first, span);
    for _ in 1..PASSES {
        let Some(parsed) = parse(&now) else { return Fixed::NotToml };
        root = parsed;
        let more = find::find(&now, &root);
        if more.names.is_empty() {
            break;
        }
        names += more.names.len();
        now = replaced(&now, &more, None);
    }
    Fixed::Rewritten { text: now, names }
}

fn parse(text: &str) -> Option<Item> {
    let mut out = Diagnostics::new();
    let root = parse_text(text, 0, &mut out);
    (!out.has_errors()).then_some(root)
}

/// Returns `text` with the new names, and with the number of the format at `format`.
fn replaced(text: &str, found: &Found, format: Option<Span>) -> String {
    let mut edits: Vec<(Span, &str)> =
        found.names.iter().map(|name| (name.span, name.new.as_str())).collect();
    edits.extend(format.map(|span| (span, "2")));
    edits.sort_unstable();
    let mut all = String::with_capacity(text.len() + edits.len() * 8);
    let mut at = 0;
    for (span, new) in edits.into_iter().filter(|(span, _)| span.start < span.end) {
        if span.start < at {
            continue;
        }
        all.push_str(&text[at..span.start]);
        all.push_str(new);
        at = span.end;
    }
    all.push_str(&text[at..]);
    all
}
