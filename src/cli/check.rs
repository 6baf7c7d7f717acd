//! `check`: validates scenarios.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Overrides, SolverName, TextOrJson};
use super::gate::write;
use crate::facade::Run;
use crate::facade::claims;
use crate::facade::error::Error;
use crate::facade::fix::rewrite;
use crate::facade::load::{Loaded, Purpose, canonical, files, load};
use crate::report::sarif::Log;

/// Flags of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenario files, or folders of scenario files; `-` reads standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Values that override keys of each file.
    #[command(flatten)]
    pub set: Overrides,
    /// Rewrite files of format 1 in format 2, then check them
    ///
    /// Replaces only the renamed keys and the format number. Comments, order and spacing stay. A file
    /// that is in format 2 already is not written.
    #[arg(long)]
    pub fix: bool,
    /// Form of the diagnostics, on standard error: text, json
    ///
    /// `json` is one object per line, with code, class, severity, file, line, column, field, value,
    /// message and help. The same file gives the same bytes.
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    pub format: TextOrJson,
    /// Also write the diagnostics to this file, in SARIF 2.1.0 for code scanning and editors
    ///
    /// An existing file is replaced.
    #[arg(long, value_name = "FILE.sarif", value_hint = ValueHint::FilePath)]
    pub sarif: Option<PathBuf>,
    /// Print the model in canonical form, and its digest
    ///
    /// Prints JSON on standard output, with defaults filled in, units resolved and names sorted, then
    /// a line `digest sha256:...` over the bytes before it. Two files of one model print the same.
    #[arg(long)]
    pub canonical: bool,
    /// Accept scenarios whose run exceeds the limit on events
    #[arg(long)]
    pub long: bool,
    /// Check for a run with one solver only, as with `run --solver`: requests, flows
    ///
    /// `flows` accepts features that the requests solver cannot simulate yet.
    #[arg(long, value_name = "SOLVER", hide_possible_values = true)]
    pub solver: Option<SolverName>,
}

/// Checks every file, also after one with errors.
///
/// # Errors
///
/// A folder that cannot be read or has no scenario; a failure to write the answer. A file that cannot be read is reported, and the next one is checked. The exit
/// code is that of the first file that failed.
pub fn check(args: &CheckArgs, console: &Console) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let run = SolverName::set(args.solver, Run::new().for_comparison());
    let run = if args.long { run.long() } else { run };
    let files = files(&args.files)?;
    let mut sarif = Log::default();
    if let Some(path) = &args.sarif {
        // Before the checks, so that a long list does not end at a file that cannot be written.
        write(path, sarif.bytes())?;
    }
    // A file may refer to one that is rewritten after it.
    let fixed: Vec<_> = files.iter().map(|file| fix(file, args, console)).collect();
    for (file, fixed) in files.iter().zip(fixed) {
        let name = file.display().to_string();
        let purpose = Purpose::Check(run.choices.solver);
        let ended = match fixed.and_then(|()| load(file, &args.set.assignments, purpose)) {
            Ok(mut loaded) => {
                claims::check(&mut loaded, &args.set.assignments);
                announce(&mut loaded, &run, console);
                sarif.add(&name, &loaded.report());
                check_one(&loaded, args, console)?
            }
            Err(error) => {
                let failure = Failure::from(error);
                sarif.unreadable(&name, failure.message.as_deref().unwrap_or_default());
                match args.format {
                    TextOrJson::Text => console.failed(&failure),
                    TextOrJson::Json => console.complain(&failure.json()),
                }
                failure.exit
            }
        };
        if exit == Exit::Done {
            exit = ended;
        }
    }
    if let Some(path) = &args.sarif {
        write(path, sarif.bytes())?;
    }
    Ok(exit)
}

/// Prints the cost of a long run; reports an error for a run beyond the limit, unless `--long` lifts it.
pub fn announce(loaded: &mut Loaded, run: &Run, console: &Console) {
    if let Some(cost) = loaded.weigh(run, cores()) {
        console.tell(&format!("note: {cost}\n"));
    }
}

/// Returns the number of cores of this machine.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Rewrites a file of format 1, and prints what was done; without `--fix`, does nothing.
fn fix(file: &Path, args: &CheckArgs, console: &Console) -> Result<(), Error> {
    if !args.fix {
        return Ok(());
    }
    let done = rewrite(file)?;
    if args.format == TextOrJson::Text {
        console.tell(&format!("{done}\n"));
    }
    Ok(())
}

fn check_one(loaded: &Loaded, args: &CheckArgs, console: &Console) -> Result<Exit, Failure> {
    if loaded.found.is_empty() {
        if args.format == TextOrJson::Text {
            console.tell(&format!("{}\n", loaded.report().count()));
        }
    } else {
        console.diagnose(loaded.report(), args.format);
    }
    let Ok(draft) = loaded.sound() else { return Ok(Exit::Refused) };
    if args.format == TextOrJson::Text {
        loaded.recorded().iter().for_each(|line| console.tell(&format!("note: {line}\n")));
    }
    if args.canonical {
        let canonical = canonical(draft);
        console.answer(&format!("{}digest {}\n", canonical.text, canonical.digest))?;
    }
    Ok(Exit::Done)
}
