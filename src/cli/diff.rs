//! `diff`: lists the differences in meaning between two scenarios.

use std::path::Path;

use serde_json::json;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{DiffArgs, TextOrJson};
use crate::facade::differences::{Side, changes};
use crate::report::difference::{lines, value};
use crate::report::json::bytes;
use crate::scenario::render::wrap;

/// Compares two scenarios.
///
/// # Errors
///
/// [`Exit::Refused`] for a scenario with errors, after printing them; a file that cannot be read.
pub fn diff(args: &DiffArgs, console: &Console) -> Result<Exit, Failure> {
    let (a, b) = (side(&args.a, console)?, side(&args.b, console)?);
    let changes = changes(&a, &b);
    let exit = if changes.is_empty() { Exit::Done } else { Exit::Judged };
    match args.format {
        TextOrJson::Text => {
            let terminal = console.terminal();
            let head = match changes.len() {
                0 => format!("no difference in meaning between {} and {}", a.name, b.name),
                1 => format!("1 difference from {} to {}", a.name, b.name),
                count => format!("{count} differences from {} to {}", a.name, b.name),
            };
            let head = wrap(&terminal.letters.spell(&head), usize::from(terminal.width)).join("\n");
            let body = lines(&changes, [&a.name, &b.name], 2, terminal);
            console.answer(&format!("{head}\n{body}"))?;
        }
        TextOrJson::Json => {
            let answer = json!({
                "a": a.name,
                "b": b.name,
                "same": changes.is_empty(),
                "differences": changes.iter().map(value).collect::<Vec<_>>(),
            });
            console.answer(&String::from_utf8_lossy(&bytes(&answer)))?;
        }
    }
    Ok(exit)
}

fn side(path: &Path, console: &Console) -> Result<Side, Failure> {
    let side = Side::open(path).map_err(|error| console.refused(error, TextOrJson::Text))?;
    tell_as_it_stands(&side, console);
    Ok(side)
}

/// Prints a note if a scenario could not be read and its text is compared as it is.
pub(super) fn tell_as_it_stands(side: &Side, console: &Console) {
    if side.as_it_stands {
        console.tell(&format!(
            "{}: its scenario cannot be checked here; its text is compared instead\n",
            side.name
        ));
    }
}
