//! `completions`: completion scripts for shells.

use clap::CommandFactory as _;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Cli, CompletionsArgs};

/// Prints the completions of a shell.
///
/// # Errors
///
/// A failure to write them.
pub fn completions(args: &CompletionsArgs, console: &Console) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut command, "fivenines", &mut bytes);
    console.answer(&String::from_utf8_lossy(&bytes))?;
    Ok(Exit::Done)
}
