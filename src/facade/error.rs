//! Errors of reading, running and comparing scenarios.

use std::fmt;

use super::diagnostic::Diagnostic;
use super::load::Loaded;
use crate::plan::figure::NoSuchFigure;
use crate::report::text::visible;
use crate::report::write::WriteError;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::document::Document;
use crate::scenario::render::{Report, Style, shown};
use crate::scenario::source::Source;
use crate::solve::requests::Breach;

/// The class of an [`Error`]; the command has one exit code per class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A wrong request by the caller, such as a file, a name or a table that does not exist.
    Usage,
    /// A figure that does not exist.
    Figure,
    /// The scenario has errors.
    Refused,
    /// A limit of the run was reached although complete results are required.
    Limit,
    /// Too little evidence, or none, for a verdict.
    Inconclusive,
    /// The target folder holds other results.
    Conflict,
    /// Stored results do not match their manifest.
    Integrity,
    /// The operating system refused to read or write.
    Io,
    /// A defect of fivenines itself.
    Bug,
    /// A broken invariant of a run, which is a defect of fivenines itself.
    Breach,
}

/// The reason why a scenario was not read, run or compared.
///
/// It displays as the text that the command prints on standard error. For a scenario with errors, this is every
/// diagnostic with its line and fix; otherwise one sentence and what to do instead. `Debug` prints the same text, so
/// that a `main` that returns the error is readable.
///
/// ```
/// use fivenines::Scenario;
///
/// let text = "scenario = \"desk\"\nformat = 2\nwindow.busy.length = \"20s\"\nstation.desk.servers = 0\n";
/// let error = Scenario::parse(text).unwrap_err();
/// assert_eq!(error.diagnostics()[0].field(), "station.desk.servers");
/// assert!(error.to_string().contains("to model an outage use a fault"));
///
/// let error = Scenario::load("no-such-file.toml").unwrap_err();
/// assert_eq!(error.to_string(), "error: there is no file `no-such-file.toml`");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: String,
    help: Option<String>,
    /// Present for a scenario with errors.
    refused: Option<Refused>,
    diagnostics: Vec<Diagnostic>,
}

/// A scenario with errors, as needed to print its diagnostics.
#[derive(Clone)]
struct Refused {
    source: Source,
    document: Option<Document>,
    found: Diagnostics,
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        let (Self(one), Self(other)) = (self, other);
        (one.kind, &one.message, &one.help, &one.diagnostics)
            == (other.kind, &other.message, &other.help, &other.diagnostics)
    }
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner { kind, message, help: None, refused: None, diagnostics: Vec::new() }))
    }

    pub(crate) fn with_help(mut self, help: Option<String>) -> Self {
        self.0.help = help;
        self
    }

    /// Returns the error for a scenario with errors.
    pub(crate) fn refused(loaded: &Loaded) -> Self {
        let report = loaded.report();
        let mut error = Self::new(Kind::Refused, report.count());
        error.0.diagnostics = Diagnostic::all(&report);
        let (source, document) = (report.source.clone(), loaded.document.clone());
        error.0.refused = Some(Refused { source, document, found: loaded.found.clone() });
        error
    }

    /// Returns the diagnostics and the text they refer to; `None` unless the scenario has errors.
    pub(crate) fn report(&self) -> Option<Report<'_>> {
        let Refused { source, document, found } = self.0.refused.as_ref()?;
        Some(Report { source, document: document.as_ref(), found })
    }

    /// Returns the error for a broken invariant of a run; `of` identifies the scenario.
    pub(crate) fn breach(breach: &Breach, of: &str) -> Self {
        let during = match breach.during.as_str() {
            "" => of.to_string(),
            place => format!("{of}, {place}"),
        };
        Self::new(Kind::Breach, our_mistake(&breach.what, "", &during))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Returns one sentence without a full stop; for a scenario with errors, the number of errors and warnings.
    ///
    /// ```
    /// let error = fivenines::Scenario::parse("").unwrap_err();
    /// assert_eq!(error.message(), "check: 1 error, 0 warnings in scenario");
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the advice on how to avoid the error, if there is one.
    ///
    /// ```
    /// let error = fivenines::Scenario::load("scenarios").unwrap_err();
    /// assert_eq!(error.help(), Some("give the files in it: scenarios/*.toml"));
    /// ```
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Returns errors and warnings of the scenario; empty if the error has another cause.
    ///
    /// ```
    /// let error = fivenines::Scenario::parse("format = 2").unwrap_err();
    /// assert!(error.diagnostics().iter().any(|one| one.field() == "scenario"));
    /// ```
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }
}

/// Formats the message on a defect of fivenines: the failure, its place in the source, and the work in progress.
pub(crate) fn our_mistake(message: &str, place: &str, during: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let message: Vec<String> = message.lines().map(shown).collect();
    let during = match during {
        "" => String::new(),
        during => format!("; during {}", visible(during)),
    };
    let message = message.join(" ");
    format!("bug in fivenines {version}, not in the input: {message}{place}{during}")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(report) = self.report() {
            return f.write_str(report.text(Style::default()).trim_end());
        }
        write!(f, "error: {}", self.0.message)?;
        match &self.0.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<NoSuchFigure> for Error {
    fn from(wrong: NoSuchFigure) -> Self {
        Self::new(Kind::Figure, wrong.message).with_help(wrong.help)
    }
}

impl From<&NoSuchFigure> for Error {
    fn from(wrong: &NoSuchFigure) -> Self {
        wrong.clone().into()
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        let kind = match error {
            WriteError::Conflict { .. }
            | WriteError::Foreseen { .. }
            | WriteError::Locked(_)
            | WriteError::NotOurs { .. } => Kind::Conflict,
            WriteError::Damaged { .. } => Kind::Integrity,
            WriteError::Path(_) => Kind::Bug,
            WriteError::Io { .. } => Kind::Io,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise K11: a broken invariant names scenario, seed, window and replication.
    #[test]
    fn a_broken_invariant_names_what_was_simulated() {
        let during = "window peak, replication 7".to_string();
        let found = Breach { what: "Little's law at `web`".into(), during };
        let error = Error::breach(&found, "scenario tier-3, sha256:ab, seed 1");
        assert_eq!(error.kind(), Kind::Breach);
        let during = "; during scenario tier-3, sha256:ab, seed 1, window peak, replication 7";
        let text = error.message();
        assert!(text.contains("Little's law at `web`") && text.ends_with(during), "{text}");
    }
}
