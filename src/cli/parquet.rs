//! Tables as Parquet: the answer of a command, and the tables of recorded results.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::Format;
use crate::facade::recorded::RecordedTables;
use crate::report::columns::Described;
use crate::report::parquet::{IS_BUILT, of_csv};
use crate::report::reference;
use crate::report::run::figures;
use crate::report::write::{MANIFEST, write_over};
use crate::scenario::render::shown;

/// Refuses Parquet in a build that does not write it.
fn built() -> Result<(), Failure> {
    if IS_BUILT {
        return Ok(());
    }
    let message = "this fivenines was built without Parquet";
    let help = "use csv, or build it: cargo install --path . --features parquet; the Python package has it";
    Err(Failure::new(Exit::Usage, message).help(help))
}

/// Refuses Parquet as the form of an answer where it cannot be printed, before anything is simulated.
///
/// # Errors
///
/// [`Exit::Usage`]: a build without Parquet; standard output is a terminal.
pub fn check(format: Format, console: &Console) -> Result<(), Failure> {
    if format != Format::Parquet {
        return Ok(());
    }
    built()?;
    if console.out.terminal {
        let message = "--format parquet: standard output is a terminal, which cannot show it";
        let help = "write it to a file: add `> table.parquet`";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    Ok(())
}

/// Prints the CSV file `name` as Parquet; `digest` is that of the results.
///
/// # Errors
///
/// [`Exit::Io`] if the output cannot be written.
pub fn answer(console: &Console, name: &str, csv: &[u8], digest: &str) -> Result<(), Failure> {
    console.bytes(&table(name, csv, &described(), digest)?)?;
    console.complain(&format!("digest {digest}\n"));
    Ok(())
}

/// Returns the documentation of all tables.
fn described() -> Vec<Described> {
    let mut described = reference::files();
    described.push(figures::described());
    described
}

/// Converts a CSV file to Parquet.
fn table(
    name: &str,
    csv: &[u8],
    described: &[Described],
    digest: &str,
) -> Result<Vec<u8>, Failure> {
    let damaged = |error| {
        let message = format!("`{}` is no table: {error}", shown(name));
        Failure::new(Exit::Integrity, message)
    };
    let file = of_csv(name, csv, described, digest).map_err(damaged)?;
    file.map_or_else(|| built().map(|()| Vec::new()), Ok)
}

/// Writes every table of the results in a folder as `NAME.parquet` into the folder `out`.
///
/// # Errors
///
/// [`Exit::Usage`]: a build without Parquet, a folder without results. [`Exit::Conflict`] if a file of another content is
/// in the way and `force` is not given, or `out` has tables that the results do not have; then nothing is written. The errors of [`RecordedTables`], and of the writer.
pub fn export(folder: &Path, out: &Path, force: bool, console: &Console) -> Result<Exit, Failure> {
    built()?;
    let tables = RecordedTables::open(folder)?;
    let whole = std::path::absolute(out).unwrap_or_else(|_| out.to_path_buf());
    let whole = whole.canonicalize().unwrap_or(whole);
    if whole.ancestors().any(|place| place.join(MANIFEST).is_file()) {
        let message = format!("`{}` is in a results folder", shown(&out.display().to_string()));
        let help = "results hold nothing else: give a folder of its own by --out";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    let described = described();
    let made = |name: &str| table(name, &tables.read(name)?, &described, tables.digest());
    let place = |name: &str| out.join(name).with_extension("parquet");
    let shown_out = shown(&out.display().to_string());
    // Tables of other results beside these would be read as one of them.
    let own = |found: &OsStr| tables.names().any(|name| place(name).file_name() == Some(found));
    let there = fs::read_dir(out).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let others = there.filter(|name| Path::new(name).extension() == Some(OsStr::new("parquet")));
    let mut others: Vec<_> = others.filter(|name| !own(name)).collect();
    others.sort();
    if let Some(other) = others.first() {
        let (count, first) = (others.len(), shown(&other.to_string_lossy()));
        let message = format!(
            "{shown_out} has {count} tables that these results do not have, such as `{first}`; nothing was changed"
        );
        let help = "give another folder by --out, or remove them";
        return Err(Failure::new(Exit::Conflict, message).help(help));
    }
    // One table at a time is in memory: once to see what is in the way, once to be written.
    let mut missing = Vec::new();
    for name in tables.names() {
        let path = place(name);
        if path.is_file() && fs::read(&path).is_ok_and(|old| made(name).is_ok_and(|new| new == old))
        {
            continue;
        }
        if path.is_dir() || !force && path.symlink_metadata().is_ok() {
            let name = shown(&path.file_name().unwrap_or_default().to_string_lossy());
            let message = format!("`{name}` exists already in {shown_out}; nothing was changed");
            let help = "give another folder by --out, or replace its files with --force";
            return Err(Failure::new(Exit::Conflict, message).help(help));
        }
        missing.push(name);
    }
    fs::create_dir_all(out).map_err(|error| {
        Failure::new(Exit::Io, format!("cannot create the folder `{shown_out}`: {error}"))
    })?;
    for name in missing {
        write_over(&place(name), &made(name)?)?;
    }
    console.tell(&format!("written {shown_out}: {} tables\n", tables.names().count()));
    Ok(Exit::Done)
}
