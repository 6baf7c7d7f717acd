//! `check`: whether scenarios make sense.

use std::num::NonZeroUsize;

use super::claims;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{CheckArgs, SolverName, TextOrJson};
use super::load::load;
use crate::facade::load::{Loaded, Purpose, canonical};
use crate::study::forecast::Forecast;
use crate::study::scenario::{Choices, StudyPlan};

/// Checks every file, whatever is wrong with those before it.
///
/// # Errors
///
/// Only what keeps the answer from being written. A file that cannot be read is said and the next
/// is taken; the exit code is that of the first that failed.
pub fn check(args: &CheckArgs, console: &Console) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let solver = args.solver.map(SolverName::solver);
    for file in &args.files {
        let ended = match load(file, &args.set.assignments, Purpose::Check(solver)) {
            Ok(mut loaded) => {
                let study = loaded.study.take();
                claims::check(&mut loaded, &args.set.assignments);
                announce(
                    &mut loaded,
                    study.as_ref(),
                    Choices { solver, ..Choices::default() },
                    args.long,
                    console,
                );
                check_one(&loaded, args, console)?
            }
            Err(failure) => {
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
    Ok(exit)
}

/// Says what a run costs that takes long, and reports one beyond the bound unless that is `lifted`.
pub fn announce(
    loaded: &mut Loaded,
    study: Option<&StudyPlan>,
    choices: Choices,
    lifted: bool,
    console: &Console,
) {
    if loaded.found.has_errors() {
        return;
    }
    let Some(draft) = &loaded.draft else { return };
    let forecast = Forecast::of(draft, loaded.blueprint.as_ref().zip(study), choices);
    if let Some(cost) = forecast.announced(cores()) {
        console.tell(&format!("note: {cost}\n"));
    }
    if !lifted {
        forecast.judge(draft, &mut loaded.found);
    }
}

/// Cores of this machine.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn check_one(loaded: &Loaded, args: &CheckArgs, console: &Console) -> Result<Exit, Failure> {
    if loaded.found.is_empty() {
        if args.format == TextOrJson::Text {
            console.tell(&format!("{}\n", loaded.report().count()));
        }
    } else {
        loaded.tell(console, args.format);
    }
    let Ok(draft) = loaded.sound() else { return Ok(Exit::Refused) };
    if args.canonical {
        let canonical = canonical(draft);
        console.answer(&format!("{}digest {}\n", canonical.text, canonical.digest))?;
    }
    Ok(Exit::Done)
}
