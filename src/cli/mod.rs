//! The command: flags, streams, progress, exit codes; one file per command.
//!
//! In: the words of a command line. Out: an answer on standard output, everything else on standard error, and one of
//! the codes of [`exit`]. Commands only combine functions of the other folders.
//! Holds: text from the user is printed escaped; no panic text reaches the user; no prompt, no configuration file, no
//! network.

mod bug;
mod check;
mod claims;
mod compare;
mod completions;
pub mod console;
pub mod diff;
mod draw;
mod events;
pub mod exit;
mod explain;
mod export;
pub mod flags;
pub mod gate;
pub(crate) mod init;
mod man;
mod overview;
mod parquet;
pub mod progress;
mod replay;
pub mod run;
pub mod schema;
mod shards;
mod slurm;
pub mod stop;
mod sweep;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use console::{Console, When};
use exit::{Exit, Failure};
use flags::{Cli, Command};

use crate::report::text::{visible, visible_lines};

/// Runs the command and returns its exit code.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    ended(&words).into()
}

/// Runs the command with these words, of which the first is its name, and returns its exit code as a number.
#[must_use]
pub fn main_of(words: &[OsString]) -> u8 {
    ended(words).code()
}

fn ended(words: &[OsString]) -> Exit {
    bug::install();
    stop::survive_the_file_size_limit();
    std::panic::catch_unwind(|| end(words)).unwrap_or(Exit::Bug)
}

fn end(words: &[OsString]) -> Exit {
    // Before the command line is parsed, only `--color` is looked up in it.
    let console = Console::new(colour_of(words), false);
    let command = Cli::command().term_width(usize::from(console.out.width));
    let cli =
        command.try_get_matches_from(words).and_then(|matches| Cli::from_arg_matches(&matches));
    match cli {
        Ok(cli) => {
            let console = Console::new(cli.speech.color, cli.speech.quiet);
            run(&cli, &console).unwrap_or_else(|failure| {
                console.failed(&failure);
                failure.exit
            })
        }
        Err(error) => not_understood(&error, words, &console),
    }
}

fn run(cli: &Cli, console: &Console) -> Result<Exit, Failure> {
    match &cli.command {
        None => overview::overview(console),
        Some(Command::Check(args)) => check::check(args, console),
        Some(Command::Draw(args)) => draw::draw(args, console),
        Some(Command::Run(args)) => run::run(args, console),
        Some(Command::Compare(args)) => compare::compare(args, console),
        Some(Command::Diff(args)) => diff::diff(args, console),
        Some(Command::Gate(args)) => gate::gate(args, console),
        Some(Command::Merge(args)) => shards::merge(args, console),
        Some(Command::PlanShards(args)) => shards::plan(args, console),
        Some(Command::Slurm(args)) => slurm::slurm(args, console),
        Some(Command::Explain(args)) => explain::explain(args, console),
        Some(Command::Export(args)) => export::export(args, console),
        Some(Command::Replay(args)) => replay::replay(args, console),
        Some(Command::Sweep(args)) => sweep::sweep(args, console),
        Some(Command::Init(args)) => init::init(args, console),
        Some(Command::Schema(args)) => schema::print(args, console),
        Some(Command::Completions(args)) => completions::completions(args, console),
        Some(Command::Man(args)) => man::man(args, console),
    }
}

/// Prints help and version as answers; every other error of the parser is a usage error.
fn not_understood(error: &clap::Error, words: &[OsString], console: &Console) -> Exit {
    let text = error.render();
    let words = words.iter().map(|word| word.to_string_lossy());
    // The message repeats words of the user: control characters in them must not reach the terminal.
    let hostile = words.into_iter().any(|word| visible(&word) != word);
    let text = if hostile { visible_lines(&text.to_string()) } else { text.ansi().to_string() };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match console.answer(&text) {
            Ok(()) => Exit::Done,
            Err(failure) => {
                console.failed(&failure);
                failure.exit
            }
        },
        _ => {
            console.complain(&text);
            Exit::Usage
        }
    }
}

fn colour_of(words: &[OsString]) -> When {
    let mut words = words.iter().filter_map(|word| word.to_str());
    let mut when = When::Auto;
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(value) => value.strip_prefix('='),
            None => continue,
        };
        when = match value {
            Some("always") => When::Always,
            Some("never") => When::Never,
            _ => when,
        };
    }
    when
}
