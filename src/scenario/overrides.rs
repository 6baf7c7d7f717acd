//! `--set PATH=VALUE`: a value that replaces one of the file before it is read.
//!
//! `workload.visitors.rate=40/s`, `request.page.steps[2].read=5`, `precision."latency.page.p95@peak"=2%`. A value is
//! TOML, or else a text, so that a quantity needs no quotes on a command line. Its type is checked where it is read,
//! like that of any other value; errors point into the text of the option.

use serde_json::Value as Json;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::{Data, Document, Entry, Item, MAX_STRING_BYTES, Table, parse_text};
use super::format;
use super::render::shown;
use super::scan::MAX_DEPTH;
use super::source::Span;
use super::suggest;

/// A part of a path, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String, Span),
    Index(usize, Span),
}

/// Applies one `PATH=VALUE` to `document`. A missing last key is added; whether the table may have it is checked when
/// the table is read. Errors are added to `out`.
pub fn set(document: &mut Document, assignment: &str, out: &mut Diagnostics) {
    let span = document.source.append("--set", assignment);
    if assignment.len() > 2 * MAX_STRING_BYTES {
        let message = format!("an override of {} bytes", assignment.len());
        out.push(Diagnostic::new(Code::StringTooLong, span, message));
        return;
    }
    let steps = match read_path(assignment, span.start) {
        Ok((steps, length)) => {
            let item = read_value(&assignment[length..], span.start + length, out);
            item.map(|item| (steps, item))
        }
        Err(at) => {
            let message = "an override is PATH=VALUE, such as `workload.visitors.rate=40/s`";
            let place = Span::new(span.start + at, span.end);
            out.push(Diagnostic::new(Code::NotToml, place, message));
            None
        }
    };
    if let Some((steps, item)) = steps
        && let Err(diagnostic) = place(&mut document.root, &steps, item)
    {
        out.push(*diagnostic);
    }
}

/// Parses the path: returns its steps and the length of path and `=`, or the position of the first error.
pub(super) fn read_path(text: &str, base: usize) -> Result<(Vec<Step>, usize), usize> {
    let bytes = text.as_bytes();
    let mut steps = Vec::new();
    let mut at = 0;
    loop {
        let start = at;
        let quoted = bytes.get(at).copied().filter(|b| matches!(b, b'"' | b'\''));
        let key = if let Some(quote) = quoted {
            let close = bytes[at + 1..].iter().position(|b| *b == quote).ok_or(at)?;
            at += close + 2;
            &text[start + 1..at - 1]
        } else {
            let bare = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            at += bytes[at..].iter().take_while(|b| bare(b)).count();
            &text[start..at]
        };
        if key.is_empty() || steps.len() >= MAX_DEPTH {
            return Err(start);
        }
        steps.push(Step::Key(key.to_string(), Span::new(base + start, base + at)));
        while bytes.get(at) == Some(&b'[') {
            let close = text[at..].find(']').ok_or(at)?;
            let index = text[at + 1..at + close].trim().parse().map_err(|_| at)?;
            steps.push(Step::Index(index, Span::new(base + at, base + at + close + 1)));
            at += close + 1;
        }
        while bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        match bytes.get(at) {
            Some(b'.') => at += 1,
            Some(b'=') => return Ok((steps, at + 1)),
            _ => return Err(at),
        }
    }
}

/// Returns the value at a path of a canonical form; of a quantity with a range of uncertainty, the value itself.
#[must_use]
pub fn looked_up<'a>(form: &'a Json, path: &str) -> Option<&'a Json> {
    let (steps, _) = read_path(&format!("{path}="), 0).ok()?;
    let mut found = form;
    for step in &steps {
        found = match step {
            Step::Key(key, _) => found.get(key)?,
            Step::Index(at, _) => found.get(*at)?,
        };
    }
    let uncertain = found.get("low").or_else(|| found.get("high")).is_some();
    let value = if uncertain { found.get("value") } else { None };
    Some(value.unwrap_or(found)).filter(|value| !value.is_null())
}

/// Parses the value as TOML; otherwise it is a text.
fn read_value(text: &str, base: usize, out: &mut Diagnostics) -> Option<Item> {
    let span = Span::new(base, base + text.len());
    let mut found = Diagnostics::new();
    // Two bytes (`v=`) precede the value, so that its spans are right; the path is at least as long.
    let mut parsed = parse_text(&format!("v={text}"), base - 2, &mut found);
    let plain = || Some(Item { span, data: Data::Text(text.trim().to_string()) });
    if found.has_errors() {
        // Quotes, a list, a table or a number too small to keep are no plain text, so their own error is reported.
        let number = found.sorted().iter().all(|one| one.code == Code::TooFine);
        if number || text.trim_start().starts_with(['"', '\'', '[', '{']) {
            out.append(found);
            return None;
        }
        return plain();
    }
    let Data::Table(Table { entries }) = &mut parsed.data else { return plain() };
    match (entries.pop(), entries.is_empty()) {
        (Some(entry), true) if !matches!(entry.item.data, Data::Date(_)) => Some(entry.item),
        _ => plain(),
    }
}

/// Stores `item` at the path.
fn place(root: &mut Item, steps: &[Step], item: Item) -> Result<(), Box<Diagnostic>> {
    let mut target = root;
    for (depth, step) in steps.iter().enumerate() {
        let last = depth + 1 == steps.len();
        target = match step {
            Step::Key(key, span) => child(target, key, *span, last)?,
            Step::Index(index, span) => element(target, *index, *span)?,
        };
    }
    *target = item;
    Ok(())
}

fn child<'a>(
    parent: &'a mut Item,
    key: &str,
    span: Span,
    last: bool,
) -> Result<&'a mut Item, Box<Diagnostic>> {
    let kind = parent.kind();
    let Data::Table(table) = &mut parent.data else {
        let message = format!("`{}` is looked for in {kind}, which has no keys", shown(key));
        return Err(Box::new(Diagnostic::new(Code::WrongType, span, message)));
    };
    let found = table.entries.iter().position(|entry| entry.key == key);
    if found.is_none() && !last {
        // Creating a table for a nearly matching name would hide a typing error.
        let near =
            || suggest::nearest(key, table.keys()).map(|near| format!("did you mean `{near}`?"));
        if let Some(help) = format::hint(key, table.keys()).or_else(near) {
            let message = format!("nothing here is called `{}`", shown(key));
            return Err(Box::new(Diagnostic::new(Code::NoSuchName, span, message).help(help)));
        }
    }
    let index = found.unwrap_or_else(|| {
        let item = Item { span, data: Data::Table(Table::default()) };
        table.entries.push(Entry { key: key.to_string(), key_span: span, item });
        table.entries.len() - 1
    });
    Ok(&mut table.entries[index].item)
}

fn element(parent: &mut Item, index: usize, span: Span) -> Result<&mut Item, Box<Diagnostic>> {
    let kind = parent.kind();
    let Data::List(items) = &mut parent.data else {
        let message = format!("entry [{index}] is looked for in {kind}, which is no list");
        return Err(Box::new(Diagnostic::new(Code::WrongType, span, message)));
    };
    let count = items.len();
    items.get_mut(index).ok_or_else(|| {
        let message = format!("there is no entry [{index}]: the list has {count}, counted from 0");
        Box::new(Diagnostic::new(Code::NoSuchMember, span, message))
    })
}
