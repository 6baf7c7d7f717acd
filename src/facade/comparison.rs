//! Scenarios side by side.

use std::path::Path;

use super::error::{Error, Kind};
use super::results::{Results, TERMINAL, rows_of};
use super::value::Value;
use crate::report::comparison::{Members, brief, output};
use crate::report::run::Output;
use crate::report::text::document;
use crate::report::write::{Overwrite, ResultsDirectory};
use crate::study::compare::{Ladder, Member, compare};

/// Scenarios side by side, each against the one before it: what it costs, what it gains, what is no difference.
///
/// All findings hold together at the level of the scenarios. [`Results::difference`] compares two in one figure.
///
/// ```
/// use fivenines::{Comparison, Run, Scenario};
///
/// let one = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "20s")?;
/// let two = one.with("station.web.servers", 2)?.with("scenario", "two-servers")?;
/// let run = Run::new().replications(3).for_comparison();
/// let comparison = Comparison::of(&[one.run(&run)?, two.run(&run)?])?;
/// assert!(comparison.rows().any(|row| row.text_of("scenario").as_deref() == Some("two-servers")));
/// println!("{}", comparison.text());
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Comparison {
    ladder: Ladder,
    output: Output,
}

impl Comparison {
    /// Compares results, in the order given.
    ///
    /// # Errors
    ///
    /// Two scenarios of one name; none with a window and a class of requests in common.
    ///
    /// ```
    /// # use fivenines::Comparison;
    /// assert!(Comparison::of(&[]).is_err());
    /// ```
    pub fn of(results: &[Results]) -> Result<Self, Error> {
        let names: Vec<&str> = results.iter().map(Results::scenario).collect();
        if let Some(at) = (0..names.len()).find(|at| names[..*at].contains(&names[*at])) {
            let message = format!("two scenarios are both called `{}`", names[at]);
            let help = "give one another name: `scenario.with(\"scenario\", \"other-name\")`";
            return Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())));
        }
        let members: Vec<Member<'_>> = results.iter().map(Results::member).collect();
        let Some(ladder) = compare(&members) else {
            let message = "these scenarios have no window and no class of requests in common";
            return Err(Error::new(Kind::Usage, message));
        };
        let mut notes: Vec<String> = Vec::new();
        for note in results.iter().flat_map(|one| &one.rows().leaves_out) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        let partial: Vec<String> = results
            .iter()
            .filter_map(|one| Some(format!("{}: {}", one.scenario(), one.partial()?)))
            .collect();
        let digest = |one: &Results| (one.scenario().to_string(), one.digest().to_string());
        let identity = Members {
            digests: results.iter().map(digest).collect(),
            left_out: Vec::new(),
            name: names.join(", "),
            command: format!("fivenines compare {}.toml", names.join(".toml ")),
            seed: results.first().map_or(1, |one| one.rows().seed),
            partial: (!partial.is_empty()).then(|| partial.join("; ")),
            notes,
        };
        let output = output(&ladder, &identity);
        Ok(Self { ladder, output })
    }

    /// What the command prints: each step in words, then the tables, in 100 columns.
    #[must_use]
    pub fn text(&self) -> String {
        document(&brief(&self.ladder, &self.output.document), TERMINAL)
    }

    /// The figures of all scenarios, as the rows of `comparison.csv` have them; what is missing has no key.
    pub fn rows(&self) -> impl Iterator<Item = Value> {
        let file = self.output.set.files.iter().find(|file| file.path == "comparison.csv");
        file.map(|file| rows_of(&file.bytes)).unwrap_or_default().into_iter()
    }

    /// Writes report and tables of the comparison into a folder, whole or not at all.
    ///
    /// # Errors
    ///
    /// Other results or other files in the folder; what the system says.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let directory = ResultsDirectory::open(folder.as_ref())?;
        directory.commit(&self.output.set, Overwrite::Refuse)?;
        Ok(())
    }
}
