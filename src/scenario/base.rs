//! `base`: a scenario that begins as another file and states what is different.
//!
//! Model: the file at `base` is read first, and a base of its own before it. What `without` names is taken out of it. Then the
//! scenario is laid over it. A table with a header or with dotted keys is laid over the table of the same name, key by key. Any
//! other value replaces that of the base as a whole: a table in braces and a list, too.
//!
//! In: a parsed scenario and its folder. Out: the same document with the items of both together, whose places are those in the files where each
//! value stands. It has no `base` and no `without`.
//! Holds: nothing that the base says about itself is taken over ([`OWN`]); a file that the base names is not looked for
//! in another folder.

use std::path::{Component, Path, PathBuf};

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::{Data, Document, Entry, Item, Table, parse_text};
use super::format;
use super::overrides::{Step, read_path};
use super::render::shown;
use super::source::{Source, Span};
use super::suggest;

/// Keys that a scenario does not take over from its base: they name the base, or judge its figures.
pub const OWN: [&str; 7] = ["scenario", "format", "title", "question", "source", "expect", "claim"];
/// Largest number of files below a scenario.
const MOST: usize = 8;
/// Key of a file that a section names.
const FILE: &str = "file";

/// The files that a scenario is laid over.
#[derive(Clone, Debug, Default)]
pub struct Bases {
    /// Their paths: the one that the scenario names first.
    pub files: Vec<PathBuf>,
    /// Name of the scenario in the first of them.
    pub name: Option<String>,
}

/// A file that a scenario is laid over.
struct Base {
    root: Item,
    /// Place of its text.
    span: Span,
    /// Folder of the file.
    folder: PathBuf,
}

/// Lays a scenario over its base, if it has one. Returns `None` after an error, which is added to `out`; the items are then
/// those of the scenario alone.
pub fn lay(document: &mut Document, folder: &Path, out: &mut Diagnostics) -> Option<Bases> {
    let before = out.errors();
    let mut own = document.root.clone();
    let mut files: Vec<PathBuf> = Vec::new();
    let mut bases: Vec<Base> = Vec::new();
    let mut left_out: Vec<Vec<Item>> = Vec::new();
    let mut folder_of_last = folder.to_path_buf();
    loop {
        let top = bases.last_mut().map_or(&mut own, |base| &mut base.root);
        let without = take(top, "without");
        let Some(named) = take(top, "base") else {
            if let Some(without) = without {
                let message = "`without` leaves something out of a `base`, and there is none";
                out.push(Diagnostic::new(Code::NoEffect, without.span, message));
            }
            break;
        };
        left_out.push(paths(without, out));
        let file = file_of(&named, &folder_of_last, out)?;
        if let Some(message) = too_many(&files, &file, Path::new(document.source.name())) {
            out.push(Diagnostic::new(Code::SelfReference, named.span, message));
            return None;
        }
        let base = read(&file, &named, &mut document.source, out)?;
        folder_of_last.clone_from(&base.folder);
        files.push(file);
        bases.push(base);
    }
    let name = bases.first().and_then(|base| base.root.get("scenario")?.as_text());
    let name = name.map(str::to_string);
    let foreign: Vec<Span> =
        bases.iter().filter(|base| !is_same(&base.folder, folder)).map(|base| base.span).collect();
    // From the last base up.
    let mut roots: Vec<Item> = vec![own];
    roots.extend(bases.into_iter().map(|base| base.root));
    let mut whole = roots.pop()?;
    while let (Some(over), Some(without)) = (roots.pop(), left_out.pop()) {
        if let Data::Table(table) = &mut whole.data {
            table.entries.retain(|entry| !OWN.contains(&entry.key.as_str()));
        }
        for path in &without {
            remove(&mut whole, path, out);
        }
        lay_over(&mut whole, over, &document.source);
    }
    refuse_files(&whole, &foreign, out);
    if out.errors() > before {
        return None;
    }
    document.root = whole;
    Some(Bases { files, name })
}

/// Takes a key out of a table.
fn take(item: &mut Item, key: &str) -> Option<Item> {
    let Data::Table(table) = &mut item.data else { return None };
    let at = table.entries.iter().position(|entry| entry.key == key)?;
    Some(table.entries.remove(at).item)
}

/// Returns the entries of `without`, which are texts.
fn paths(without: Option<Item>, out: &mut Diagnostics) -> Vec<Item> {
    let Some(without) = without else { return Vec::new() };
    let Data::List(items) = without.data else {
        let message = "`without` is a list of paths, such as [\"fault.change\"]";
        out.push(Diagnostic::new(Code::WrongType, without.span, message));
        return Vec::new();
    };
    items
}

/// Returns the file that `base` names.
fn file_of(named: &Item, folder: &Path, out: &mut Diagnostics) -> Option<PathBuf> {
    let Some(written) = named.as_text() else {
        let message = format!("`base` is the path of a scenario file, not {}", named.kind());
        out.push(Diagnostic::new(Code::WrongType, named.span, message));
        return None;
    };
    let path = Path::new(written);
    let rooted = path.components().any(|c| matches!(c, Component::RootDir | Component::Prefix(_)));
    if rooted || written.trim().is_empty() || written.contains("://") || written.starts_with('~') {
        let message = "a `base` is a relative path, which begins in the folder of this file";
        out.push(Diagnostic::new(Code::OutsideFolder, named.span, message));
        return None;
    }
    Some(folder.join(path))
}

/// Returns what is wrong with another file below: it is there already, or there are too many.
fn too_many(files: &[PathBuf], next: &Path, own: &Path) -> Option<String> {
    if is_same(next, own) || files.iter().any(|file| is_same(file, next)) {
        return Some("this base leads back to the file that names it".to_string());
    }
    (files.len() >= MOST).then(|| format!("more than {MOST} files stand below this scenario"))
}

/// Returns whether two paths lead to one file or folder.
fn is_same(one: &Path, other: &Path) -> bool {
    let found = |path: &Path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        path.canonicalize().ok()
    };
    one == other || found(one).is_some_and(|one| found(other) == Some(one))
}

/// Reads a base and appends its text to that of the scenario.
fn read(file: &Path, named: &Item, source: &mut Source, out: &mut Diagnostics) -> Option<Base> {
    let name = file.display().to_string();
    let refuse = |message: String, help: Option<String>| {
        Diagnostic::new(Code::NotAFile, named.span, message).help_if(help)
    };
    let mut found = Diagnostics::new();
    let text = match Source::read(file, &mut found) {
        Ok(text) => text,
        Err(error) => {
            let message = match error.kind() {
                std::io::ErrorKind::NotFound => format!("there is no file `{}`", shown(&name)),
                _ => format!("the base `{}` cannot be read: {error}", shown(&name)),
            };
            out.push(refuse(message, None));
            return None;
        }
    };
    if let Some(wrong) = found.sorted().first() {
        out.push(refuse(format!("the base `{}`: {}", shown(&name), wrong.message), None));
        return None;
    }
    if let Some(alone) = Document::parse(text.clone(), &mut Diagnostics::new()) {
        let is_old = format::refuse(&alone, &mut Diagnostics::new());
        let other = alone.root.get("format").filter(|format| format.data != Data::Integer(2));
        if is_old || other.is_some() {
            let message = format!("the base `{}` is of another format than 2", shown(&name));
            let help =
                format!("`fivenines check --fix {}` rewrites a file of format 1", shown(&name));
            out.push(refuse(message, Some(help)));
            return None;
        }
    }
    let before = out.errors();
    let span = source.append(name, text.text());
    let root = parse_text(text.text(), span.start, out);
    let folder = file.parent().unwrap_or(Path::new("")).to_path_buf();
    (out.errors() == before).then_some(Base { root, span, folder })
}

/// Removes what a path of `without` names.
fn remove(root: &mut Item, path: &Item, out: &mut Diagnostics) {
    let wrong = |message: String| Diagnostic::new(Code::NoSuchName, path.span, message);
    let Some(written) = path.as_text() else {
        let message = format!("a path such as \"fault.change\" is wanted, not {}", path.kind());
        out.push(Diagnostic::new(Code::WrongType, path.span, message));
        return;
    };
    let read = read_path(&format!("{written}="), 0);
    let Some((steps, _)) = read.ok().filter(|(_, length)| *length == written.len() + 1) else {
        out.push(wrong(format!("`{}` is no path such as `fault.change`", shown(written))));
        return;
    };
    let mut at = &mut *root;
    for (depth, step) in steps.iter().enumerate() {
        let Step::Key(key, _) = step else {
            let message = "entries of a list cannot be left out: write the list anew".to_string();
            out.push(Diagnostic::new(Code::WrongType, path.span, message));
            return;
        };
        let missing = |table: Option<&Table>| {
            let near = table.and_then(|table| suggest::nearest(key, table.keys()));
            let message = format!("the base has no `{}`", shown(written));
            wrong(message).help_if(near.map(|near| format!("did you mean `{near}`?")))
        };
        let Data::Table(table) = &mut at.data else {
            out.push(missing(None));
            return;
        };
        let Some(place) = table.entries.iter().position(|entry| entry.key == *key) else {
            out.push(if OWN.contains(&key.as_str()) && depth == 0 {
                wrong(format!("`{}` is not taken over from a base anyway", shown(key)))
            } else {
                missing(Some(table))
            });
            return;
        };
        if depth + 1 == steps.len() {
            table.entries.remove(place);
            return;
        }
        at = &mut table.entries[place].item;
    }
}

/// Lays `over` over `item`.
fn lay_over(item: &mut Item, over: Item, source: &Source) {
    let in_braces = source.slice(over.span).starts_with('{');
    match (&mut item.data, over.data) {
        (Data::Table(table), Data::Table(own)) if !in_braces => {
            for entry in own.entries {
                lay_entry(table, entry, source);
            }
        }
        (_, data) => item.data = data,
    }
    item.span = over.span;
}

fn lay_entry(table: &mut Table, own: Entry, source: &Source) {
    match table.entries.iter_mut().find(|entry| entry.key == own.key) {
        Some(entry) => {
            entry.key_span = own.key_span;
            lay_over(&mut entry.item, own.item, source);
        }
        None => table.entries.push(own),
    }
}

/// Reports files that a base of another folder names.
fn refuse_files(item: &Item, foreign: &[Span], out: &mut Diagnostics) {
    match &item.data {
        Data::Table(table) => {
            for entry in &table.entries {
                let is_foreign = || foreign.iter().any(|span| span.holds(entry.item.span));
                if let (FILE, Some(name)) = (entry.key.as_str(), entry.item.as_text())
                    && is_foreign()
                {
                    let message = format!(
                        "`{}` is in the folder of the base, and this scenario is in another",
                        shown(name)
                    );
                    let help = "put the scenario into the folder of its base";
                    let place = entry.item.span;
                    out.push(Diagnostic::new(Code::OutsideFolder, place, message).help(help));
                }
                refuse_files(&entry.item, foreign, out);
            }
        }
        Data::List(items) => items.iter().for_each(|item| refuse_files(item, foreign, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
