//! Comparison of scenarios.

use std::borrow::Borrow;
use std::path::Path;
use std::sync::OnceLock;

use super::error::{Error, Kind};
use super::ready::Ready;
use super::results::{Results, TERMINAL, rows_of};
use super::value::Value;
use crate::report::comparison::{Members, brief, output, rows};
use crate::report::document::Document;
use crate::report::rows::HeldTable;
use crate::report::run::Output;
use crate::report::text::document;
use crate::report::write::{Overwrite, ResultsDirectory};
use crate::study::compare::asked::{Ask, Asked};
use crate::study::compare::{Ladder, Member, compare};

/// Message where a comparison would have no row.
pub(crate) const NOTHING_IN_COMMON: &str = "these scenarios have no request class in common, or neither a common \
                                            window nor a long horizon each";

/// A comparison of scenarios, each with the one before it: costs, gains, and figures without a difference.
///
/// All findings hold simultaneously at the confidence level of the scenarios. [`Results::difference`] compares one
/// figure of two scenarios.
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
    rows: OnceLock<HeldTable>,
}

/// Statements of a comparison that do not come from its results.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    /// The command line that reproduces the comparison.
    pub(crate) command: String,
    /// Scenarios that cannot be simulated, each with the reason.
    pub(crate) left_out: Vec<(String, String)>,
    /// Scenarios that were not started.
    pub(crate) not_begun: Vec<String>,
}

/// Figures that a comparison has to answer, of one scenario or of two with common random numbers.
#[derive(Debug, Default)]
pub(crate) struct Questions(Vec<Ask>);

impl Questions {
    /// Parses figures in the syntax of `compare --figure`.
    ///
    /// # Errors
    ///
    /// A figure that does not exist.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, Error> {
        let all: Result<Vec<Ask>, _> = texts.iter().map(|text| Ask::parse(text)).collect();
        Ok(Self(all?))
    }

    /// Refuses a figure that these scenarios do not have.
    ///
    /// # Errors
    ///
    /// A figure that does not exist in them.
    pub(crate) fn check<'a>(
        &self,
        ready: impl IntoIterator<Item = &'a Ready>,
    ) -> Result<(), Error> {
        let study = |one: &'a Ready| (one.name(), one.draft(), one.blueprint(), &one.study);
        let studies: Vec<Asked<'_>> = ready.into_iter().map(study).collect();
        Ok(self.0.iter().try_for_each(|one| one.check(&studies))?)
    }
}

impl Comparison {
    /// Compares results, in the given order.
    ///
    /// # Errors
    ///
    /// Two scenarios with the same name. Scenarios without a common request class, or with neither a common window nor
    /// a long horizon in each.
    ///
    /// ```
    /// # use fivenines::Comparison;
    /// assert!(Comparison::of(&[]).is_err());
    /// ```
    pub fn of(results: &[Results]) -> Result<Self, Error> {
        Self::between(results)
    }

    /// Compares results that are held in several places, as [`Self::of`] does.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::of`].
    ///
    /// ```
    /// # use fivenines::{Comparison, Run, Scenario};
    /// # let one = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// # let two = one.with("station.web.servers", 2)?.with("scenario", "two-servers")?;
    /// # let run = Run::new().replications(2).for_comparison();
    /// let (one, two) = (one.run(&run)?, two.run(&run)?);
    /// assert!(Comparison::between([&one, &two])?.text().contains("two-servers"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn between<'a>(results: impl IntoIterator<Item = &'a Results>) -> Result<Self, Error> {
        let results: Vec<&Results> = results.into_iter().collect();
        let names: Vec<&str> = results.iter().map(|one| one.scenario()).collect();
        if let Some(at) = (0..names.len()).find(|at| names[..*at].contains(&names[*at])) {
            let message = format!("two scenarios have the same name `{}`", names[at]);
            let help = "give one another name: `scenario.with(\"scenario\", \"other-name\")`";
            return Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())));
        }
        let command = format!("fivenines compare {}.toml", names.join(".toml "));
        let around = Around { command, ..Around::default() };
        Self::among(&results, &Questions::default(), around)
            .ok_or_else(|| Error::new(Kind::Usage, NOTHING_IN_COMMON))
    }

    /// Compares results of scenarios with distinct names and answers questions. Returns `None` if they share no request
    /// class, or share no window and not all have a long horizon.
    pub(crate) fn among<R: Borrow<Results>>(
        results: &[R],
        questions: &Questions,
        around: Around,
    ) -> Option<Self> {
        let results: Vec<&Results> = results.iter().map(Borrow::borrow).collect();
        let members: Vec<Member<'_>> = results.iter().map(|one| one.member()).collect();
        let mut ladder = compare(&members)?;
        ladder.asked = questions.0.iter().map(|one| one.answer(&members)).collect();
        let mut notes: Vec<String> = Vec::new();
        for note in results.iter().flat_map(|one| &one.rows().leaves_out) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        let mut partial: Vec<String> = results
            .iter()
            .filter_map(|one| Some(format!("{}: {}", one.scenario(), one.partial()?)))
            .collect();
        if !around.not_begun.is_empty() {
            partial.push(format!("stopped before {}", around.not_begun.join(", ")));
        }
        let names: Vec<&str> = results.iter().map(|one| one.scenario()).collect();
        let digest = |one: &&Results| (one.scenario().to_string(), one.digest().to_string());
        let identity = Members {
            digests: results.iter().map(digest).collect(),
            left_out: around.left_out,
            name: names.join(", "),
            command: around.command,
            seed: results.first().map_or(1, |one| one.rows().seed),
            partial: (!partial.is_empty()).then(|| partial.join("; ")),
            notes,
        };
        let output = output(&ladder, &identity);
        Some(Self { ladder, output, rows: OnceLock::new() })
    }

    /// Returns the output: the files and the document.
    pub(crate) const fn output(&self) -> &Output {
        &self.output
    }

    /// Returns the short document for a terminal.
    pub(crate) fn brief(&self) -> Document {
        brief(&self.ladder, &self.output.document)
    }

    /// Returns the text that the command prints, 100 columns wide: each step in words, then the tables.
    ///
    /// ```
    /// # use fivenines::{Comparison, Run, Scenario};
    /// # let one = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// # let two = one.with("station.web.servers", 2)?.with("scenario", "two-servers")?;
    /// # let run = Run::new().replications(2).for_comparison();
    /// # let results = [one.run(&run)?, two.run(&run)?];
    /// assert!(Comparison::of(&results)?.text().contains("two-servers"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        document(&self.brief(), TERMINAL)
    }

    /// Returns the figures of all scenarios, with the columns of `comparison.csv`. A missing value has no key.
    ///
    /// ```
    /// # use fivenines::{Comparison, Run, Scenario};
    /// # let one = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// # let two = one.with("station.web.servers", 2)?.with("scenario", "two-servers")?;
    /// # let run = Run::new().replications(2).for_comparison();
    /// # let results = [one.run(&run)?, two.run(&run)?];
    /// let comparison = Comparison::of(&results)?;
    /// let windows = comparison.rows().filter(|row| row.text_of("about").as_deref() == Some("window"));
    /// let names: Vec<String> = windows.filter_map(|row| row.text_of("scenario")).collect();
    /// assert_eq!(names, ["o01-mm1", "two-servers"]);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn rows(&self) -> impl Iterator<Item = Value> {
        rows_of(self.rows.get_or_init(|| rows(&self.ladder)))
    }

    /// Returns the columns of [`Self::rows`], in their order.
    ///
    /// ```
    /// # use fivenines::{Comparison, Run, Scenario};
    /// # let one = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// # let two = one.with("station.web.servers", 2)?.with("scenario", "two-servers")?;
    /// # let run = Run::new().replications(2).for_comparison();
    /// # let results = [one.run(&run)?, two.run(&run)?];
    /// assert!(Comparison::of(&results)?.columns().iter().any(|column| column == "scenario"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.rows.get_or_init(|| rows(&self.ladder)).columns
    }

    /// Writes report and tables of the comparison into a folder, completely or not at all.
    ///
    /// # Errors
    ///
    /// Different results or other files in the folder; an error of the operating system.
    ///
    /// ```no_run
    /// # use fivenines::{Comparison, Results};
    /// # let results: Vec<Results> = Vec::new();
    /// Comparison::of(&results)?.write("results/shop/comparison")?;
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let directory = ResultsDirectory::open(folder.as_ref())?;
        directory.commit(&self.output.set, Overwrite::Refuse)?;
        Ok(())
    }
}
