//! What keeps a scenario from being read, run or compared.

use std::fmt;

use super::diagnostic::Diagnostic;
use super::load::Loaded;
use crate::plan::figure::NoSuchFigure;
use crate::report::write::WriteError;
use crate::scenario::render::Style;
use crate::solve::requests::Breach;

/// The class of an [`Error`]; the command has one exit code per class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The caller asks for something that there is not: a file, a figure, a table.
    Usage,
    /// The scenario has errors.
    Refused,
    /// Other results lie where these are to be written.
    Conflict,
    /// Stored results do not match their manifest.
    Integrity,
    /// The system refused to read or write.
    Io,
    /// A broken invariant: a mistake of fivenines itself.
    Bug,
}

/// Why a scenario was not read, run or compared.
///
/// It prints the text that the command prints on standard error: of a scenario with errors every
/// diagnostic with its line and its fix, of anything else one sentence and what to do instead. `Debug`
/// prints the same, so that a `main` that returns it can be read.
///
/// ```
/// use fivenines::Scenario;
///
/// let text = "scenario = \"desk\"\nformat = 1\nwindow.busy.length = \"20s\"\nstation.desk.servers = 0\n";
/// let error = Scenario::parse(text).unwrap_err();
/// assert_eq!(error.diagnostics()[0].field(), "station.desk.servers");
/// assert!(error.to_string().contains("to model an outage use a fault"));
///
/// let error = Scenario::load("no-such-file.toml").unwrap_err();
/// assert_eq!(error.to_string(), "error: there is no file `no-such-file.toml`");
/// ```
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    kind: Kind,
    message: String,
    help: Option<String>,
    /// All diagnostics as text, for a scenario with errors.
    report: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner { kind, message, help: None, report: None, diagnostics: Vec::new() }))
    }

    pub(crate) fn with_help(mut self, help: Option<String>) -> Self {
        self.0.help = help;
        self
    }

    /// The error of a scenario that has errors.
    pub(crate) fn refused(loaded: &Loaded) -> Self {
        let report = loaded.report();
        let mut error = Self::new(Kind::Refused, report.count());
        error.0.report = Some(report.text(Style::default()));
        error.0.diagnostics = Diagnostic::all(&report);
        error
    }

    pub(crate) fn breach(breach: &Breach) -> Self {
        let message = format!("fivenines is wrong, not you: {}; {}", breach.what, breach.during);
        Self::new(Kind::Bug, message)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What is wrong, one sentence without a full stop; of a scenario with errors their count.
    ///
    /// ```
    /// let error = fivenines::Scenario::parse("").unwrap_err();
    /// assert_eq!(error.message(), "check: 1 error, 0 warnings in scenario");
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do instead, where that is known.
    ///
    /// ```
    /// let error = fivenines::Scenario::load("scenarios").unwrap_err();
    /// assert_eq!(error.help(), Some("name the files in it: scenarios/*.toml"));
    /// ```
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Errors and warnings of the scenario; none where the scenario is not what is wrong.
    ///
    /// ```
    /// let error = fivenines::Scenario::parse("format = 1").unwrap_err();
    /// assert!(error.diagnostics().iter().any(|one| one.field() == "scenario"));
    /// ```
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(report) = &self.0.report {
            return f.write_str(report.trim_end());
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
        Self::new(Kind::Usage, wrong.message).with_help(wrong.help)
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
