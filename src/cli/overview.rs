//! The output of the command without arguments: the short help, and the scenarios in `./scenarios`.

use std::fmt::Write as _;
use std::path::Path;

use clap::CommandFactory as _;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::Cli;
use crate::scenario::render::shown;

/// Folder in which scenarios are looked for.
const FOLDER: &str = "scenarios";
/// Largest number of names listed per folder.
const MOST: usize = 12;

/// Prints the short help and the scenarios in the folders of `./scenarios`, if there are any.
///
/// # Errors
///
/// A failure to write it.
pub fn overview(console: &Console) -> Result<Exit, Failure> {
    let mut command = Cli::command().term_width(usize::from(console.out.width));
    let mut text = command.render_help().ansi().to_string();
    let found = scenarios(Path::new(FOLDER));
    if !found.is_empty() {
        write!(text, "\nScenarios here:\n").expect("a string takes all");
        for (folder, names) in found {
            list(&mut text, &folder, &names, usize::from(console.out.width));
        }
    }
    console.answer(&text)?;
    Ok(Exit::Done)
}

/// Returns the folders with the names of the scenarios in them, both sorted.
fn scenarios(root: &Path) -> Vec<(String, Vec<String>)> {
    let entries = |folder: &Path| {
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .map(|all| all.take(1_000).filter_map(|entry| Some(entry.ok()?.path())).collect())
            .unwrap_or_default();
        paths.sort();
        paths
    };
    let mut found = Vec::new();
    for folder in entries(root).into_iter().filter(|path| path.is_dir()) {
        let names: Vec<String> = entries(&folder)
            .into_iter()
            .filter(|path| path.extension().is_some_and(|end| end == "toml") && path.is_file())
            .filter_map(|path| Some(shown(path.file_stem()?.to_str()?)))
            .collect();
        if !names.is_empty() {
            found.push((shown(&folder.display().to_string()), names));
        }
    }
    found
}

fn list(text: &mut String, folder: &str, names: &[String], width: usize) {
    writeln!(text, "  {folder}/").expect("a string takes all");
    let rest = names.len().saturating_sub(MOST);
    let more = if rest > 0 { format!("and {rest} more") } else { String::new() };
    let words = names.iter().take(MOST).chain((rest > 0).then_some(&more));
    let mut line = String::new();
    for word in words {
        if !line.is_empty() && 5 + line.chars().count() + word.chars().count() > width {
            writeln!(text, "    {line}").expect("a string takes all");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(text, "    {line}").expect("a string takes all");
}
