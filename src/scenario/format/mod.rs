//! Format 2 of the language and the names of format 1.
//!
//! Format 1 differs from format 2 in names alone: [`RENAMES`] lists them all. Format 1 is not read. A file of format 1
//! gets one error with the renames that it needs ([`refuse`]), an old name in a file of format 2 gets a hint
//! ([`new_name`]), and [`fix::fix`] rewrites a text. All three use the same table, the only place in this folder that
//! names sections.
//!
//! Old names occur as keys, as words, as roles in references and figures (`mysql.primary`), and in the paths of keys
//! that a claim varies. Names that the user chose are not touched: they key draws.

pub mod find;
pub mod fix;
mod places;
mod texts;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::{Data, Document};
use super::render::shown;
use super::source::Source;
use find::OldName;

/// The only format that is read.
pub const NEWEST: u32 = 2;
/// Largest number of renames listed in one message.
const LISTED: usize = 12;
/// Largest number of lines listed of one rename.
const LINES: usize = 4;

/// The place of a name in the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A key of the table at the path.
    Key,
    /// A word, the value of the key at the path.
    Word,
    /// The role of a member in the name of a part, after the name of a component of the section.
    Role,
}

/// One name that format 2 replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rename {
    /// Its place.
    pub kind: Kind,
    /// Path, as in `window.*`: `*` is one name, `**` at the end any number; places in lists are left out.
    pub at: &'static str,
    /// Name in format 1.
    pub old: &'static str,
    /// Name in format 2.
    pub new: &'static str,
}

/// Declares the table of renames.
macro_rules! renames {
    ($($kind:ident $at:literal: $old:literal => $new:literal;)*) => {
        /// All names that differ between format 1 and format 2.
        pub const RENAMES: &[Rename] =
            &[$(Rename { kind: Kind::$kind, at: $at, old: $old, new: $new },)*];
    };
}

renames! {
    Key "window.*": "lead-in" => "warm-up";
    Key "clients.*.retry": "chance" => "probability";
    Key "clients.*.retry": "at-most" => "max-retries";
    Key "request.*": "draw" => "demands";
    Key "request.*.steps.**": "draw" => "demand";
    Key "request.*.steps.**": "chance" => "probability";
    Key "fault.*.after": "chance" => "probability";
    Key "database.*.in": "master" => "primary";
    Key "database.*.in": "slaves" => "replicas";
    Word "database.*.reads.to": "master" => "primary";
    Word "database.*.reads.to": "slaves" => "replicas";
    Key "database.*.reads": "tolerates" => "max-staleness";
    Key "database.*.read.io": "chance" => "probability";
    Key "database.*.failover": "failed" => "manual-repair";
    Key "group.*": "failed" => "manual-switch";
    Key "balancer.*": "line" => "queue-limit";
    Key "balancer.*": "line-time-out" => "queue-time-out";
    Key "balancer.*.check": "sees-hang" => "detects-hang";
    Key "name-service.*.check": "sees-hang" => "detects-hang";
    Key "name-service.*": "life" => "ttl";
    Key "cdn.*": "life" => "ttl";
    Key "cache.*": "life" => "ttl";
    Key "cache.*": "renewed" => "sliding-ttl";
    Key "crew.*": "hands" => "size";
    Key "objective.*": "available" => "availability";
    Key "service.*.mounts.*": "gives-up" => "time-out";
    Role "database": "master" => "primary";
    Role "database": "slave" => "replica";
}

/// Keys whose text is for people: no name of the language in it is replaced.
pub const PROSE: [&str; 8] =
    ["scenario", "title", "question", "source", "claim", "words", "missing", "file"];

/// Key whose texts begin with the path of a key.
pub const VARIED: &str = "claim.range.vary";

impl Rename {
    /// Returns whether the path of a table, or of a word, is that of the rename.
    #[must_use]
    pub fn is_at(&self, path: &[&str]) -> bool {
        is_at(self.at, path)
    }
}

/// Returns whether `path` matches `pattern`.
fn is_at(pattern: &str, path: &[&str]) -> bool {
    let mut path = path.iter();
    for part in pattern.split('.') {
        match (part, path.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (part, Some(name)) if part == *name => {}
            _ => return false,
        }
    }
    path.next().is_none()
}

/// Returns the rename of `old` at `path`.
fn rename(kind: Kind, path: &[&str], old: &str) -> Option<&'static Rename> {
    RENAMES.iter().find(|one| one.kind == kind && one.old == old && one.is_at(path))
}

/// Returns the new name of `old`, if it is one of those that the place allows.
#[must_use]
pub fn new_name<'a>(old: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    among.into_iter().find(|name| RENAMES.iter().any(|one| one.old == old && one.new == *name))
}

/// Returns the help for `old`, where a new name of it is allowed.
#[must_use]
pub fn hint<'a>(old: &str, among: impl IntoIterator<Item = &'a str>) -> Option<String> {
    new_name(old, among).map(|new| format!("format {NEWEST} calls it `{new}`"))
}

/// Returns the help for a role of format 1, numbered or not, among the roles of format 2.
#[must_use]
pub fn role_hint(old: &str, among: &[&str]) -> Option<String> {
    let roles = RENAMES.iter().filter(|one| one.kind == Kind::Role && among.contains(&one.new));
    let mut numbered = roles.filter_map(|one| {
        let rest = old.strip_prefix(one.old)?;
        (rest.is_empty() || rest.starts_with('-')).then(|| format!("{}{rest}", one.new))
    });
    numbered.next().map(|new| format!("format {NEWEST} calls it `{}`", shown(&new)))
}

/// Returns the path of a key as format 1 spells it. Paths key draws, which stay the same in either format.
#[must_use]
pub fn old_path(path: &str) -> String {
    let names: Vec<&str> = path.split('.').collect();
    let old = |(at, name): (usize, &&str)| {
        let all = RENAMES.iter().filter(|one| one.kind == Kind::Key);
        let mut fits = all.filter(|one| one.new == *name && one.is_at(&names[..at]));
        fits.next().map_or((*name).to_string(), |one| one.old.to_string())
    };
    names.iter().enumerate().map(old).collect::<Vec<_>>().join(".")
}

/// Reports a file of format 1 with all its old names. A file that declares no format is one of format 1 if it has
/// such a name. Returns whether there was an error.
pub fn refuse(document: &Document, out: &mut Diagnostics) -> bool {
    let format = document.root.get("format");
    let is_old = match format.map(|item| &item.data) {
        None => false,
        Some(Data::Integer(1)) => true,
        Some(_) => return false,
    };
    let found = find::find(document.source.text(), &document.root).names;
    let Some(span) = format.map(|item| item.span).or(found.first().map(|one| one.span)) else {
        return false;
    };
    if !is_old && found.is_empty() {
        return false;
    }
    let message = if is_old {
        "format 1 is not read any more; format 2 has other names for the same things"
    } else {
        "the file has names of format 1, which is not read any more"
    };
    let name = document.source.name();
    let file = if name.ends_with(".toml") { shown(name) } else { "FILE".into() };
    let mut help = format!("`fivenines check --fix {file}` rewrites it");
    if found.is_empty() {
        help.push_str(", or write `format = 2`: no name in it has changed");
    } else {
        help.push_str(": ");
        help.push_str(&listed(&found, &document.source));
    }
    out.push(Diagnostic::new(Code::OldFormat, span, message).help(help));
    true
}

/// Lists renames with their lines, in the order of the text.
fn listed(found: &[OldName], source: &Source) -> String {
    let mut all: Vec<(&OldName, Vec<usize>)> = Vec::new();
    for one in found {
        let line = source.place(one.span).line;
        match all.iter_mut().find(|(first, _)| first.old == one.old && first.new == one.new) {
            Some((_, lines)) => lines.push(line),
            None => all.push((one, vec![line])),
        }
    }
    let rename = |(one, lines): &(&OldName, Vec<usize>)| {
        let shown: Vec<String> = lines.iter().take(LINES).map(ToString::to_string).collect();
        let more = if lines.len() > LINES { ", …" } else { "" };
        let word = if lines.len() == 1 { "line" } else { "lines" };
        format!("`{}` → `{}` ({word} {}{more})", one.old, one.new, shown.join(", "))
    };
    let text = all.iter().take(LISTED).map(rename).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(LISTED) {
        0 => text,
        more => format!("{text}, and {more} more"),
    }
}

#[cfg(test)]
mod tests;
