//! Rewriting scenario files of format 1 in format 2, for `check --fix`.

use std::fs;
use std::path::Path;

use super::error::{Error, Kind};
use super::load::{STDIN, read};
use crate::report::write;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::format::NEWEST;
use crate::scenario::format::fix::{Fixed, fix};
use crate::scenario::render::shown;
use crate::scenario::source::Source;

/// The byte order mark, which stays.
const MARK: &str = "\u{feff}";

/// Rewrites the file at `path` if it has names of format 1. Returns what was done, in a line without its end.
///
/// # Errors
///
/// A path that is no file of its own or cannot be written, and a file with both the old and the new name of a key. The
/// file is as it was.
pub(crate) fn rewrite(path: &Path) -> Result<String, Error> {
    let name = shown(&path.display().to_string());
    let usage = |message: String| Error::new(Kind::Usage, message);
    if path == Path::new(STDIN) {
        let help = Some("give the files to rewrite".to_string());
        return Err(usage("standard input cannot be rewritten".into()).with_help(help));
    }
    // A file that cannot be read gets the same error as without `--fix`.
    let mut found = Diagnostics::new();
    let source = read(path, &mut found)?;
    if fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink()) {
        let help = "give the file that it leads to".to_string();
        let message = format!("`{name}` is a symbolic link; it was not changed");
        return Err(usage(message).with_help(Some(help)));
    }
    if found.has_errors() {
        return Ok(format!("{name}: not rewritten, it cannot be read"));
    }
    let (text, names) = match fix(source.text()) {
        Fixed::NotToml => return Ok(format!("{name}: not rewritten, it is not valid TOML")),
        Fixed::Nothing => return Ok(format!("{name}: format {NEWEST}, nothing to do")),
        Fixed::Both(both) => return Err(given_twice(&name, &source, &both)),
        Fixed::Rewritten { text, names } => (text, names),
    };
    let failed =
        |error: std::io::Error| Error::new(Kind::Io, format!("cannot rewrite `{name}`: {error}"));
    let permissions = fs::metadata(path).map_err(failed)?.permissions();
    if permissions.readonly() {
        let help = Some("make it writable, or copy it".to_string());
        return Err(usage(format!("`{name}` is read-only")).with_help(help));
    }
    let marked = fs::read(path).map_err(failed)?.starts_with(MARK.as_bytes());
    let text = if marked { format!("{MARK}{text}") } else { text };
    write::replace(path, text.as_bytes(), permissions)?;
    let keys = if names == 1 { "name" } else { "names" };
    Ok(format!("{name}: format {NEWEST}, {names} {keys} replaced"))
}

/// Returns the error for a file with the old and the new name of a key in one table.
fn given_twice(name: &str, source: &Source, both: &[crate::scenario::format::find::Both]) -> Error {
    let line = |span| source.place(span).line;
    let all = both.iter().take(3).map(|one| {
        let (old, new) = (one.old.1, one.new.1);
        format!("`{old}` (line {}) and `{new}` (line {})", line(one.old.0), line(one.new.0))
    });
    let all = all.collect::<Vec<_>>().join(", ");
    let message = format!("`{name}` has both names of a key: {all}");
    Error::new(Kind::Usage, message).with_help(Some("remove one of them".into()))
}
