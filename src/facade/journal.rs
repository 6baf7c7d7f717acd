//! The journal of recorded results: failures and their consequences, one record per outage.

use super::error::{Error, Kind};
use super::recorded::Recorded;
use crate::scenario::render::shown;
use crate::scenario::suggest;
use crate::study::journal::{Head, Record, Unreadable, read};

/// Name of the journal's file.
const FILE: &str = "journal.jsonl";

/// The journal of recorded results.
pub(crate) struct Journal {
    /// Folder of the results, for messages.
    name: String,
    /// The journal's header.
    pub(crate) head: Head,
    /// The journal's records.
    pub(crate) records: Vec<Record>,
}

impl Journal {
    /// Reads the journal of recorded results.
    ///
    /// # Errors
    ///
    /// [`Kind::Inconclusive`] if there is none or its format has another version; [`Kind::Integrity`] if it cannot be
    /// read.
    pub(crate) fn read(recorded: &Recorded) -> Result<Self, Error> {
        let name = recorded.name();
        if !recorded.files().any(|(path, _)| path == FILE) {
            let message = format!(
                "{name} has no {FILE}: no long horizon was simulated, or it was part of a comparison"
            );
            let help = "`fivenines run` writes one for a scenario with a horizon and faults; \
                        `compare` and older versions do not";
            return Err(Error::new(Kind::Inconclusive, message).with_help(Some(help.to_string())));
        }
        let file = recorded.folder.join(FILE);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            Error::new(Kind::Integrity, format!("cannot read {name}/{FILE}: {error}"))
        })?;
        let (head, records) = read(&text).map_err(|unreadable| {
            let (kind, what) = match unreadable {
                Unreadable::Version(version) => {
                    (Kind::Inconclusive, format!("is of version {version} of the format"))
                }
                Unreadable::Line(line, why) => {
                    (Kind::Integrity, format!("line {line} is not a record: {}", shown(&why)))
                }
                Unreadable::NoHead => (Kind::Integrity, "does not begin with a header".into()),
            };
            Error::new(kind, format!("{name}/{FILE} {what}"))
        })?;
        Ok(Self { name, head, records })
    }

    /// Refuses a class or group for which the journal has no records.
    ///
    /// # Errors
    ///
    /// [`Kind::Usage`], with a suggestion from the names that exist.
    pub(crate) fn check(&self, of: &str) -> Result<(), Error> {
        let mut names = Vec::new();
        for record in &self.records {
            if let Record::Of(subject) = record {
                names.push(subject.of.as_str());
            }
        }
        names.dedup();
        if names.contains(&of) {
            return Ok(());
        }
        let message = format!("{} has no records of `{}`", self.name, shown(of));
        Err(Error::new(Kind::Usage, message).with_help(suggest::help(of, &names, "there are")))
    }
}
