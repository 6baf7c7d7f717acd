//! `init`: writes a scenario to start from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::InitArgs;
use crate::facade::load::can_be_called;
use crate::scenario::render::shown;

/// A small web tier, with comments.
pub const STARTER: &str = include_str!("starter.toml");
/// The line with its name.
const NAME: &str = "scenario = \"my-site\"";

/// Writes the scenario to a file, or to standard output.
///
/// # Errors
///
/// [`Exit::Conflict`] if the file exists and may not be replaced; [`Exit::Usage`] for a folder; [`Exit::Io`] if it
/// cannot be written.
pub fn init(args: &InitArgs, console: &Console) -> Result<Exit, Failure> {
    let file = match &args.file {
        Some(file) if file != Path::new("-") => file,
        _ => {
            console.answer(STARTER)?;
            return Ok(Exit::Done);
        }
    };
    let name = shown(&file.display().to_string());
    if file.is_dir() {
        let help = format!("give a file in it: {}", shown(&in_folder(file)));
        return Err(Failure::new(Exit::Usage, format!("`{name}` is a directory")).help(help));
    }
    let text = named(file);
    let written = if args.force { replace(file, &text) } else { create(file, &text) };
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::new(Exit::Conflict, format!("`{name}` exists already; nothing was changed"))
                .help("give another name, or replace it with --force")
        }
        _ => Failure::new(Exit::Io, format!("cannot write `{name}`: {error}")),
    })?;
    console.tell(&format!("written: {name}\nnext:    fivenines check {name}\n"));
    Ok(Exit::Done)
}

fn in_folder(folder: &Path) -> String {
    folder.join("my-site.toml").display().to_string()
}

/// Returns the scenario, named after its file if that is a valid name.
fn named(file: &Path) -> String {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if can_be_called(stem) {
        return STARTER.replacen(NAME, &format!("scenario = \"{stem}\""), 1);
    }
    STARTER.to_string()
}

pub(super) fn create(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes())
}

/// Writes a new file beside the old one and renames it, so that the old file stays intact until the new one is
/// complete.
pub(super) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut part = file.as_os_str().to_os_string();
    part.push(format!(".{}.part", std::process::id()));
    let part = Path::new(&part);
    let done = create(part, text).and_then(|()| fs::rename(part, file));
    if done.is_err() {
        let _ = fs::remove_file(part);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenario_takes_the_name_of_its_file_where_that_is_a_name() {
        assert_eq!(STARTER.matches(NAME).count(), 1);
        assert!(named(Path::new("a/web-2.toml")).contains("\nscenario = \"web-2\"\n"));
        assert_eq!(named(Path::new("a/Web 2.toml")), STARTER);
    }
}
