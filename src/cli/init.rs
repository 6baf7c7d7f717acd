//! `init`: writes a scenario to start from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::InitArgs;
use crate::facade::from_log::from_log;
use crate::facade::load::can_be_called;
use crate::scenario::render::shown;

/// The scenario of the template `web`.
pub const STARTER: &str = include_str!("templates/web.toml");
/// The line with the name of a template's scenario.
const NAME: &str = "scenario = \"my-site\"";
/// Name of a scenario that is written to no file, or to one whose name is none.
const MY_SITE: &str = "my-site";

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
/// [`Exit::Conflict`] if the file exists and may not be replaced; [`Exit::Usage`] for a folder, or a log in no known
/// form; [`Exit::Io`] if a file cannot be read or written.
pub fn init(args: &InitArgs, console: &Console) -> Result<Exit, Failure> {
    let file = match &args.file {
        Some(file) if file != Path::new("-") => file,
        _ => {
            console.answer(&text(args, MY_SITE)?)?;
            return Ok(Exit::Done);
        }
    };
    let name = shown(&file.display().to_string());
    if file.is_dir() {
        let help = format!("give a file in it: {}", shown(&in_folder(file)));
        return Err(Failure::new(Exit::Usage, format!("`{name}` is a directory")).help(help));
    }
    // A long log is not read for a file that may not be written.
    if !args.force && file.exists() {
        return Err(exists(&name));
    }
    let text = text(args, called(file))?;
    let written = if args.force { replace(file, &text) } else { create(file, &text) };
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(&name),
        _ => Failure::new(Exit::Io, format!("cannot write `{name}`: {error}")),
    })?;
    console.tell(&format!("written: {name}\nnext:    fivenines check {name}\n"));
    Ok(Exit::Done)
}

fn exists(name: &str) -> Failure {
    Failure::new(Exit::Conflict, format!("`{name}` exists already; nothing was changed"))
        .help("give another name, or replace it with --force")
}

/// Returns the text of the scenario `name`, from the log or from the template.
fn text(args: &InitArgs, name: &str) -> Result<String, Failure> {
    match &args.from_log {
        Some(log) => Ok(from_log(log, name)?),
        None => Ok(named(args.template.text(), name)),
    }
}

fn in_folder(folder: &Path) -> String {
    folder.join("my-site.toml").display().to_string()
}

/// Returns the name that a file gives its scenario.
fn called(file: &Path) -> &str {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if can_be_called(stem) { stem } else { MY_SITE }
}

/// Returns the text of a template with the name of its scenario.
fn named(text: &str, name: &str) -> String {
    text.replacen(NAME, &format!("scenario = \"{name}\""), 1)
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
        assert_eq!(called(Path::new("a/web-2.toml")), "web-2");
        assert_eq!(called(Path::new("a/Web 2.toml")), MY_SITE);
        for template in Template::value_variants() {
            let text = template.text();
            assert_eq!(text.matches(NAME).count(), 1, "{template:?}");
            assert!(named(text, "web-2").contains("\nscenario = \"web-2\"\n"));
            assert_eq!(named(text, MY_SITE), text);
        }
    }
}
