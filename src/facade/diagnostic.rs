//! One diagnostic of `check`, with its position in the text.

use std::fmt;

use crate::scenario::code::Severity;
use crate::scenario::render::Report;

/// One error or warning about a scenario.
///
/// ```
/// use fivenines::Scenario;
///
/// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
/// let first = &found[0];
/// assert_eq!((first.field(), first.line(), first.column()), ("run.horizont", 4, 1));
/// assert!(first.is_error());
/// assert_eq!(first.help(), Some("did you mean `horizon`?"));
/// assert_eq!(first.to_string(), "scenario:4:1: error[E0601]: unknown key `horizont` (did you mean `horizon`?)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: &'static str,
    severity: Severity,
    file: String,
    line: usize,
    column: usize,
    field: String,
    message: String,
    help: Option<String>,
}

impl Diagnostic {
    /// Converts all diagnostics of a report: errors in the order of the text, then warnings.
    pub(crate) fn all(report: &Report<'_>) -> Vec<Self> {
        let one = |found: &crate::scenario::diagnostic::Diagnostic| {
            let place = report.source.place(found.span);
            Self {
                code: found.code.id(),
                severity: found.severity(),
                file: place.file.to_string(),
                line: place.line,
                column: place.column,
                field: report.field(found),
                message: found.message.clone(),
                help: found.help.clone(),
            }
        };
        report.found.sorted().into_iter().map(one).collect()
    }

    /// Returns the stable code, such as `E0701`; `docs/diagnostics.md` explains each code.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
    /// assert_eq!(found[0].code(), "E0601");
    /// ```
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Returns whether the diagnostic is an error. A scenario with an error is refused; one with warnings can run.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
    /// assert!(found[0].is_error());
    /// ```
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns the file in which the place is: that of the scenario, or a file that it is laid over. `scenario` stands for a text
    /// that comes from no file, `--set` for an assignment.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
    /// assert_eq!(found[0].file(), "scenario");
    /// ```
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the line in [`Self::file`], counted from 1.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
    /// assert_eq!(found[0].line(), 4);
    /// ```
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Returns the column in characters, counted from 1.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
    /// assert_eq!(found[0].column(), 1);
    /// ```
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }

    /// Returns the path of the key, such as `station.desk.servers`; empty for the whole file.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
    /// assert_eq!(found[0].field(), "run.horizont");
    /// ```
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Returns the message: one sentence without a full stop.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
    /// assert_eq!(found[0].message(), "unknown key `horizont`");
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the suggested correction, if there is one.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nhorizont = \"10y\"\n");
    /// assert_eq!(found[0].help(), Some("did you mean `horizon`?"));
    /// ```
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// One line: `shop.toml:3:1: error[E0701]: message (help)`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, file, line, column, message, .. } = self;
        write!(f, "{file}:{line}:{column}: {}[{code}]: {message}", self.severity.word())?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}
