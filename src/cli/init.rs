//! `init`: writes a scenario to start from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::InitArgs;
use crate::facade::load::can_be_called;
use crate::scenario::render::shown;

/// The scenario of the template `web`.
pub const STARTER: &str = include_str!("templates/web.toml");
/// The line with the name of a template's scenario.
const NAME: &str = "scenario = \"my-site\"";

/// A scenario to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// One web zone and one database, nothing redundant
    Web,
    /// The same site on two racks: balancer pair, web zones, database with a failover
    WebHa,
    /// A primary with two replicas: replication lag, stale reads, failover
    Database,
    /// Edges that keep popular objects, in front of one origin
    Cdn,
    /// Uploads that hand work to consumers through a message queue
    Queue,
    /// A station with four servers (M/M/4), compared with the closed form
    Textbook,
}

impl Template {
    /// Returns its scenario.
    const fn text(self) -> &'static str {
        match self {
            Self::Web => STARTER,
            Self::WebHa => include_str!("templates/web-ha.toml"),
            Self::Database => include_str!("templates/database.toml"),
            Self::Cdn => include_str!("templates/cdn.toml"),
            Self::Queue => include_str!("templates/queue.toml"),
            Self::Textbook => include_str!("templates/textbook.toml"),
        }
    }
}

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
            console.answer(args.template.text())?;
            return Ok(Exit::Done);
        }
    };
    let name = shown(&file.display().to_string());
    if file.is_dir() {
        let help = format!("give a file in it: {}", shown(&in_folder(file)));
        return Err(Failure::new(Exit::Usage, format!("`{name}` is a directory")).help(help));
    }
    let text = named(args.template.text(), file);
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

/// Returns the scenario `text`, named after its file if that is a valid name.
fn named(text: &str, file: &Path) -> String {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if can_be_called(stem) {
        return text.replacen(NAME, &format!("scenario = \"{stem}\""), 1);
    }
    text.to_string()
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
        for template in Template::value_variants() {
            let text = template.text();
            assert_eq!(text.matches(NAME).count(), 1, "{template:?}");
            assert!(named(text, Path::new("a/web-2.toml")).contains("\nscenario = \"web-2\"\n"));
            assert_eq!(named(text, Path::new("a/Web 2.toml")), text);
        }
    }
}
