//! `draw`: draws the system of a scenario.

use std::io;
use std::path::Path;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{DrawArgs, TextOrJson};
use super::init::{create, replace};
use crate::facade::Drawing;
use crate::facade::load::{Purpose, load};
use crate::scenario::render::{shown, wrap};

/// Writes the drawing to a file, or prints it in words.
///
/// # Errors
///
/// [`Exit::Refused`] for a scenario with errors, after printing them; a file that cannot be read; [`Exit::Conflict`]
/// if another file has that name and may not be replaced; [`Exit::Io`] if it cannot be written.
pub fn draw(args: &DrawArgs, console: &Console) -> Result<Exit, Failure> {
    let refused = |error| console.refused(error, TextOrJson::Text);
    let loaded = load(&args.file, &args.set.assignments, Purpose::Read).map_err(refused)?;
    let drawing = match loaded.sound() {
        Ok(draft) => Drawing::of(draft),
        Err(_) => {
            console.diagnose(loaded.report(), TextOrJson::Text);
            return Ok(Exit::Refused);
        }
    };
    match &args.out {
        None => console.answer(&folded(&drawing.text(), console))?,
        Some(out) if out == Path::new("-") => console.answer(&drawing.svg())?,
        Some(out) => write(out, &drawing.svg(), args.force, console)?,
    }
    Ok(Exit::Done)
}

/// Wraps the lines of a list to the width of the terminal, each behind its indentation.
fn folded(text: &str, console: &Console) -> String {
    let terminal = console.terminal();
    let mut out = String::new();
    for line in text.lines() {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        let wide = usize::from(terminal.width).saturating_sub(indent + 4).max(20);
        for (at, part) in wrap(&terminal.letters.spell(words), wide).iter().enumerate() {
            let more = if at > 0 { 4 } else { 0 };
            out.extend(std::iter::repeat_n(' ', indent + more));
            out.push_str(part);
            out.push('\n');
        }
    }
    out
}

fn write(file: &Path, svg: &str, force: bool, console: &Console) -> Result<(), Failure> {
    let name = shown(&file.display().to_string());
    if file.is_dir() {
        let help =
            format!("give a file in it: {}", shown(&file.join("x.svg").display().to_string()));
        return Err(Failure::new(Exit::Usage, format!("`{name}` is a directory")).help(help));
    }
    let same = std::fs::read(file).is_ok_and(|old| old == svg.as_bytes());
    let written = match (same, force) {
        (true, _) => Ok(()),
        (false, true) => replace(file, svg),
        (false, false) => create(file, svg),
    };
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::new(Exit::Conflict, format!("`{name}` exists already; nothing was changed"))
                .help("give another name, or replace it with --force")
        }
        _ => Failure::new(Exit::Io, format!("cannot write `{name}`: {error}")),
    })?;
    console.tell(&format!("written: {name}\n"));
    Ok(())
}
