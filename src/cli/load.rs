//! Scenarios from files and standard input, for every command that takes one.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::TextOrJson;
use crate::facade::load::{Loaded, Purpose, folder_of, read as read_file, unreadable};
use crate::scenario::code::Severity;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::render::shown;
use crate::scenario::source::{MAX_FILE_BYTES, Source};

/// How a scenario on standard input is named on a command line.
const STDIN: &str = "-";

/// Reads the scenario at `path` (`-`: standard input) with `overrides` laid over it.
///
/// # Errors
///
/// [`Exit::Usage`] when `path` leads to no file, [`Exit::Io`] when the file cannot be read. What is
/// wrong *in* it is in [`Loaded::found`].
pub fn load(path: &Path, overrides: &[String], purpose: Purpose) -> Result<Loaded, Failure> {
    load_in(path, None, overrides, &[], purpose)
}

/// As [`load`], with the files that the scenario names in `folder`, where it does not lie beside
/// them, and with more figures than it asks for.
///
/// # Errors
///
/// As [`load`].
pub fn load_in(
    path: &Path,
    folder: Option<&Path>,
    overrides: &[String],
    figures: &[String],
    purpose: Purpose,
) -> Result<Loaded, Failure> {
    let mut found = Diagnostics::new();
    let source = read(path, &mut found)?;
    let source = match folder {
        Some(folder) => source.beside(folder),
        None => source,
    };
    let folder = match folder {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        Some(_) => ".".into(),
        None => folder_of(path),
    };
    Ok(Loaded::asking(source, folder, found, overrides, figures, purpose))
}

/// The text of a table, read within the bounds of a scenario.
///
/// # Errors
///
/// When it cannot be read, is too large or not UTF-8.
pub fn table(path: &Path) -> Result<String, Failure> {
    let mut found = Diagnostics::new();
    let source = read(path, &mut found)?;
    match found.sorted().first() {
        Some(wrong) => {
            let name = shown(&path.display().to_string());
            Err(Failure::new(Exit::Usage, format!("{name}: {}", wrong.message)))
        }
        None => Ok(source.text().to_string()),
    }
}

fn read(path: &Path, found: &mut Diagnostics) -> Result<Source, Failure> {
    if path == Path::new(STDIN) {
        let mut bytes = Vec::new();
        let most = MAX_FILE_BYTES + 1;
        let ended = io::stdin().lock().take(most).read_to_end(&mut bytes);
        ended.map_err(|error| unreadable(path, &error))?;
        return Ok(Source::from_bytes("standard input", &bytes, found));
    }
    Ok(read_file(path, found)?)
}

impl Loaded {
    /// Says on standard error what was found, if anything; when told to be quiet, errors alone.
    pub(super) fn tell(&self, console: &Console, format: TextOrJson) {
        let mut errors = Diagnostics::new();
        let mut report = self.report();
        if console.quiet {
            let all = self.found.sorted().into_iter();
            let wrong = all.filter(|found| found.severity() == Severity::Error);
            wrong.for_each(|found| errors.push(found.clone()));
            report.found = &errors;
        }
        match format {
            TextOrJson::Text => console.complain(&report.text(console.style())),
            TextOrJson::Json => console.complain(&report.json()),
        }
    }
}

/// The scenario files that `paths` stand for: a file for itself, a folder for the `.toml` files in
/// it, by name.
///
/// # Errors
///
/// [`Exit::Usage`] for a folder without one, [`Exit::Io`] for one that cannot be read.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let name = shown(&path.display().to_string());
        let refused =
            |error: io::Error| Failure::new(Exit::Io, format!("cannot read `{name}`: {error}"));
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(refused)? {
            let file = entry.map_err(refused)?.path();
            if file.extension().is_some_and(|end| end == "toml") && file.is_file() {
                inside.push(file);
            }
        }
        if inside.is_empty() {
            let message = format!("there is no scenario (`*.toml`) in `{name}`");
            return Err(Failure::new(Exit::Usage, message));
        }
        inside.sort();
        all.append(&mut inside);
    }
    Ok(all)
}
