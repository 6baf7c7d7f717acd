//! `explain`: describes the outages in the journal of recorded results.

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{AvailabilityName, ExplainArgs, TextOrJson};
use crate::facade::journal::Journal;
use crate::facade::recorded::Recorded;
use crate::report::explain::{Choice, tell, text, value};
use crate::report::json::bytes;
use crate::scenario::render::shown;

/// Prints the worst and the typical outages of results.
///
/// # Errors
///
/// [`Exit::Usage`] if there are no results, or none for the requested class or group; [`Exit::Integrity`] if they are
/// damaged; [`Exit::Inconclusive`] if they have no journal or another version wrote it.
pub fn explain(args: &ExplainArgs, console: &Console) -> Result<Exit, Failure> {
    let help = "give a folder that `run` has written";
    let recorded = Recorded::of_one_scenario(&args.result, help)?;
    let journal = Journal::read(&recorded)?;
    if let Some(of) = &args.of {
        journal.check(of)?;
    }
    let choice = Choice {
        of: args.of.clone(),
        availability: match args.availability {
            AvailabilityName::Structural => "structural".into(),
            AvailabilityName::Continuous => "continuous".into(),
        },
        worst: args.worst,
    };
    let told = tell(&journal.records, &choice);
    if told.is_empty() {
        let of = args.of.as_deref().unwrap_or_default();
        let message = format!("`{}` has structural availability only", shown(of));
        return Err(Failure::new(Exit::Usage, message));
    }
    match args.format {
        TextOrJson::Text => console.answer(&text(&journal.head, &told, console.terminal()))?,
        TextOrJson::Json => {
            console.answer(&String::from_utf8_lossy(&bytes(&value(&journal.head, &told))))?;
        }
    }
    Ok(Exit::Done)
}
