//! `explain`: the story of the outages that results hold.

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{AvailabilityName, ExplainArgs, TextOrJson};
use super::recorded::Recorded;
use crate::report::explain::{Choice, tell, text, value};
use crate::report::json::bytes;
use crate::scenario::render::shown;
use crate::scenario::suggest;
use crate::study::journal::{Head, Record, Unreadable, read};

/// The file of the journal.
const JOURNAL: &str = "journal.jsonl";

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
    let (head, records) = journal(&recorded)?;
    if let Some(of) = &args.of {
        known(&recorded, of, &records)?;
    }
    let choice = Choice {
        of: args.of.clone(),
        availability: match args.availability {
            AvailabilityName::Structural => "structural".into(),
            AvailabilityName::Continuous => "continuous".into(),
        },
        worst: args.worst,
    };
    let told = tell(&records, &choice);
    if told.is_empty() {
        let of = args.of.as_deref().unwrap_or_default();
        let message = format!("of `{}` there is a structural availability alone", shown(of));
        return Err(Failure::new(Exit::Usage, message));
    }
    match args.format {
        TextOrJson::Text => console.answer(&text(&head, &told, console.terminal()))?,
        TextOrJson::Json => {
            console.answer(&String::from_utf8_lossy(&bytes(&value(&head, &told))))?;
        }
    }
    Ok(Exit::Done)
}

fn journal(recorded: &Recorded) -> Result<(Head, Vec<Record>), Failure> {
    let name = recorded.name();
    let files = recorded.manifest["files"].as_array();
    let listed = |files: &Vec<serde_json::Value>| files.iter().any(|file| file["path"] == JOURNAL);
    if !files.is_some_and(listed) {
        let message = format!("{name} has no {JOURNAL}: no years were lived through, or not alone");
        let help = "`fivenines run` writes one for a scenario in which something can fail over a \
                    horizon; `compare` does not, nor do versions before it was there";
        return Err(Failure::new(Exit::Inconclusive, message).help(help));
    }
    let file = recorded.folder.join(JOURNAL);
    let text = std::fs::read_to_string(&file).map_err(|error| {
        Failure::new(Exit::Integrity, format!("cannot read {name}/{JOURNAL}: {error}"))
    })?;
    read(&text).map_err(|unreadable| {
        let (exit, what) = match unreadable {
            Unreadable::Version(version) => {
                (Exit::Inconclusive, format!("is of version {version} of the format"))
            }
            Unreadable::Line(line, why) => {
                (Exit::Integrity, format!("line {line} is no record: {}", shown(&why)))
            }
            Unreadable::NoHead => (Exit::Integrity, "does not begin with its head".into()),
        };
        Failure::new(exit, format!("{name}/{JOURNAL} {what}"))
    })
}

/// Refuses a name that nothing is told of.
fn known(recorded: &Recorded, of: &str, records: &[Record]) -> Result<(), Failure> {
    let mut names: Vec<&str> = records
        .iter()
        .filter_map(|record| match record {
            Record::Of(subject) => Some(subject.of.as_str()),
            _ => None,
        })
        .collect();
    names.dedup();
    if names.contains(&of) {
        return Ok(());
    }
    let message = format!("{} tells nothing of `{}`", recorded.name(), shown(of));
    let failure = Failure::new(Exit::Usage, message);
    Err(match suggest::help(of, &names, "there are") {
        Some(help) => failure.help(help),
        None => failure,
    })
}
