//! `man`: generates the manual from the declarations of the flags.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory as _;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Cli, ManArgs};
use crate::scenario::render::shown;

/// Prints the page of the command itself, or writes all pages into a folder.
///
/// # Errors
///
/// A failure to write them.
pub fn man(args: &ManArgs, console: &Console) -> Result<Exit, Failure> {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
        rendered.expect("memory takes all that is written to it");
        console.answer(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Done);
    };
    let refused = |error: io::Error| {
        let name = shown(&folder.display().to_string());
        Failure::new(Exit::Io, format!("cannot write the manual into `{name}`: {error}"))
    };
    let pages = write(folder).map_err(refused)?;
    console.tell(&format!("{pages} pages written to {}\n", shown(&folder.display().to_string())));
    Ok(Exit::Done)
}

fn write(folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut command = Cli::command();
    command.build();
    let subcommands: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    for command in subcommands.iter().chain([&command]) {
        let page = clap_mangen::Man::new(command.clone());
        let mut text = Vec::new();
        page.render(&mut text)?;
        fs::write(folder.join(page.get_filename()), text)?;
    }
    Ok(subcommands.len() + 1)
}
