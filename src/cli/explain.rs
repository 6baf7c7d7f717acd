//! `explain`: the story of the outages that results hold.

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{AvailabilityName, ExplainArgs, TextOrJson};
use crate::facade::journal::Journal;
use crate::facade::recorded::Recorded;
use crate::report::explain::{Choice, tell, text, value};
use crate::report::json::bytes;
use crate::scenario::render::shown;

/// Tells the worst and the typical outages of results.
///
/// # Errors
///
/// [`Exit::Usage`] when there are no results, or nothing of what is asked for; [`Exit::Integrity`]
/// when they are damaged; [`Exit::Inconclusive`] when another version made them or they have no
/// journal: then there is nothing to tell from.
pub fn explain(args: &ExplainArgs, console: &Console) -> Result<Exit, Failure> {
    let recorded = Recorded::open(&args.result)?.ok_or_else(|| {
        let name = shown(&args.result.display().to_string());
        let message = format!("`{name}` is no folder with results of one scenario");
        let help = "name a folder that `run` has written";
        Failure::new(Exit::Usage, message).help(help)
    })?;
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
        let message = format!("of `{}` there is a structural availability alone", shown(of));
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
