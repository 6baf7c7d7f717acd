//! `check`: validates scenarios.

use std::num::NonZeroUsize;
use std::path::Path;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{CheckArgs, SolverName, TextOrJson};
use super::gate::write;
use crate::facade::Run;
use crate::facade::claims;
use crate::facade::error::Error;
use crate::facade::fix::rewrite;
use crate::facade::load::{Loaded, Purpose, canonical, files, load};
use crate::report::sarif::Log;

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
    if args.canonical {
        let canonical = canonical(draft);
        console.answer(&format!("{}digest {}\n", canonical.text, canonical.digest))?;
    }
    Ok(Exit::Done)
}
