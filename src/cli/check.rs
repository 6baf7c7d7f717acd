//! `check`: whether scenarios make sense.

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{CheckArgs, TextOrJson};
use super::load::{Loaded, Purpose, canonical, load};

/// Checks every file, whatever is wrong with those before it.
///
/// # Errors
///
/// Only what keeps the answer from being written. A file that cannot be read is said and the next
/// is taken; the exit code is that of the first that failed.
pub fn check(args: &CheckArgs, console: &Console) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for file in &args.files {
        let ended = match load(file, &args.set.assignments, Purpose::Check) {
            Ok(loaded) => check_one(&loaded, args, console)?,
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
