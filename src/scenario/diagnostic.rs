//! A diagnostic of a scenario, and the collection of all of them.
//!
//! A diagnostic is plain data: a code, a place in the text, a message. [`super::render`] prints it. Readers and
//! checks add to one [`Diagnostics`] and continue, so that the user sees all diagnostics at once. The order of adding
//! does not matter, since they are sorted by position.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::code::{Code, Severity};
use super::source::Span;

/// Number of diagnostics that are kept. Further ones are only counted, so that a file full of errors costs neither
/// memory nor time.
const KEPT: usize = 1_000;
/// Largest number of names compared with unknown ones in one scenario; beyond it no similar name is suggested.
const COMPARED: usize = 1_000_000;

/// An error or a warning, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code; it fixes class and severity.
    pub code: Code,
    /// Place in the text; the field path is derived from it at printing.
    pub span: Span,
    /// Key below the place, if the diagnostic concerns a key that is not in the text.
    pub key: Option<String>,
    /// The message: one sentence without a full stop.
    pub message: String,
    /// The suggested correction.
    pub help: Option<String>,
    /// Related places, each with a label.
    pub related: Vec<(Span, String)>,
    /// A statement that others share, and what this one adds to it: text for people states it once.
    pub shared: Option<(String, String)>,
}

impl Diagnostic {
    /// Creates a diagnostic at `span`.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, span, key: None, message, help: None, related: Vec::new(), shared: None }
    }

    /// Sets the suggested correction.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the suggested correction, if there is one.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Sets a statement for several, and what this one adds to it.
    #[must_use]
    pub fn shared(mut self, statement: impl Into<String>, item: impl Into<String>) -> Self {
        self.shared = Some((statement.into(), item.into()));
        self
    }

    /// Adds a related place with its label.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Sets the key below the place: the field path becomes that of the place, a dot, and `key`.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Returns the severity.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// All diagnostics of one scenario, and state that its readers share: the sections of known keys, for "belongs to",
/// and the folder of relative paths.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    /// Key to the sections that have it.
    elsewhere: BTreeMap<String, Vec<String>>,
    /// Folder in which relative paths of the scenario start.
    folder: PathBuf,
    /// True if each distribution that is read is replaced by the exponential one with the same mean.
    exponential: bool,
    /// Names compared so far to offer the nearest one.
    compared: usize,
    /// Likely intended keys of unknown ones, with the place of their table.
    meant: Vec<(Span, String)>,
}

impl Diagnostics {
    /// Creates an empty collection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records the keys of `section`, so that a key in the wrong table can be attributed to its section.
    pub fn know(&mut self, section: &str, keys: impl IntoIterator<Item = String>) {
        for key in keys {
            let homes = self.elsewhere.entry(key).or_default();
            if homes.iter().all(|home| home != section) {
                homes.push(section.to_string());
            }
        }
    }

    /// Sets the folder in which relative paths of the scenario start.
    pub fn starts_in(&mut self, folder: &Path) {
        self.folder = folder.to_path_buf();
    }

    /// Returns the folder in which relative paths of the scenario start; empty for the current folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets whether distributions read from now on are replaced by the exponential one with the same mean. Returns
    /// the previous setting.
    pub const fn replace_laws(&mut self, exponential: bool) -> bool {
        std::mem::replace(&mut self.exponential, exponential)
    }

    /// Records that an unknown key of `table` was probably meant as `key`, so that `key` is not reported as missing.
    pub fn note_meant(&mut self, table: Span, key: &str) {
        if self.meant.len() < KEPT {
            self.meant.push((table, key.to_string()));
        }
    }

    /// Returns whether an unknown key of `table` was probably meant as `key`.
    #[must_use]
    pub fn is_meant(&self, table: Span, key: &str) -> bool {
        self.meant.iter().any(|(at, meant)| *at == table && meant == key)
    }

    /// Returns whether an unknown section of the file was probably meant as `section`.
    #[must_use]
    pub fn is_section_meant(&self, section: &str) -> bool {
        self.meant.iter().any(|(at, meant)| (at.start, at.end) == (0, 0) && meant == section)
    }

    /// Returns the sections with `key` that [`Self::know`] has recorded.
    #[must_use]
    pub fn homes_of(&self, key: &str) -> &[String] {
        self.elsewhere.get(key).map_or(&[], Vec::as_slice)
    }

    /// Adds a diagnostic.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.severity() {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.kept.len() < KEPT {
            self.kept.push(diagnostic);
        }
    }

    /// Returns whether further diagnostics would only be counted; costly help need not be computed then.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kept.len() >= KEPT
    }

    /// Counts `candidates` comparisons; returns whether they are still within the limit.
    pub fn may_compare(&mut self, candidates: usize) -> bool {
        self.compared = self.compared.saturating_add(candidates);
        self.compared <= COMPARED
    }

    /// Returns the number of errors.
    #[must_use]
    pub const fn errors(&self) -> usize {
        self.errors
    }

    /// Returns the number of warnings.
    #[must_use]
    pub const fn warnings(&self) -> usize {
        self.warnings
    }

    /// Returns whether there is an error.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Returns whether there is neither an error nor a warning.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.errors + self.warnings == 0
    }

    /// Returns the kept errors, without the warnings.
    #[must_use]
    pub fn errors_alone(&self) -> Self {
        let mut errors = Self::new();
        let wrong = self.sorted().into_iter().filter(|one| one.severity() == Severity::Error);
        wrong.for_each(|found| errors.push(found.clone()));
        errors
    }

    /// Returns errors by position, then warnings by position, without exact duplicates.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.kept.iter().collect();
        all.sort_by(|a, b| {
            let key = |d: &Diagnostic| (d.severity(), d.span, d.code);
            key(a).cmp(&key(b)).then_with(|| a.key.cmp(&b.key)).then_with(|| {
                (&a.message, &a.help, &a.related).cmp(&(&b.message, &b.help, &b.related))
            })
        });
        all.dedup();
        all
    }

    /// Adds all diagnostics of `other`.
    pub fn append(&mut self, other: Self) {
        let (errors, warnings) = (self.errors + other.errors, self.warnings + other.warnings);
        for diagnostic in other.kept {
            self.push(diagnostic);
        }
        (self.errors, self.warnings) = (errors, warnings);
    }
}
