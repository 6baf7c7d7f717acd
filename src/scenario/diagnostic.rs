//! One thing wrong with a scenario, and all of them together.
//!
//! A diagnostic is plain data: a code, a place in the text, words. Printing is [`super::render`].
//! Whatever reads or checks a scenario pushes into one [`Diagnostics`] and goes on, so that the
//! user sees everything at once; the order of pushing does not matter, they are sorted by position.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::code::{Code, Severity};
use super::source::Span;

/// Diagnostics kept; beyond that they are only counted, so that a file of nothing but mistakes
/// costs neither memory nor time.
const KEPT: usize = 1_000;
/// Names compared with unknown ones in one scenario, at most; then no nearest name is offered.
const COMPARED: usize = 1_000_000;

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code; it fixes class and severity.
    pub code: Code,
    /// Place in the text; the field path is found from it when printing.
    pub span: Span,
    /// Key below the place, when what is wrong is not in the text (a missing key).
    pub key: Option<String>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Other places that matter, each with a label.
    pub related: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A diagnostic at `span`.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, span, key: None, message, help: None, related: Vec::new() }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to write instead, when there is something to say.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Adds another place and what is there.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Names a key below the place: the field path becomes that of the place, a dot, `key`.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Error or warning.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// All diagnostics of one scenario, and what its readers must know of it: the keys known elsewhere
/// for "belongs to", the folder where paths start.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    /// Key to the sections that have it.
    elsewhere: BTreeMap<String, Vec<String>>,
    /// Where paths in the scenario start.
    folder: PathBuf,
    /// Laws that are read are replaced by the exponential of their mean.
    exponential: bool,
    /// Names compared so far to offer the nearest one.
    compared: usize,
    /// Keys that an unknown one was meant to be, with the place of their table.
    meant: Vec<(Span, String)>,
}

impl Diagnostics {
    /// Nothing wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells which keys `section` has, so that a key in the wrong table can be sent home.
    pub fn know(&mut self, section: &str, keys: impl IntoIterator<Item = String>) {
        for key in keys {
            let homes = self.elsewhere.entry(key).or_default();
            if homes.iter().all(|home| home != section) {
                homes.push(section.to_string());
            }
        }
    }

    /// Tells where paths in the scenario start.
    pub fn starts_in(&mut self, folder: &Path) {
        self.folder = folder.to_path_buf();
    }

    /// Where paths in the scenario start; empty for the folder one stands in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Says whether laws that are read from here on are replaced by the exponential of their mean; gives
    /// what held before.
    pub const fn replace_laws(&mut self, exponential: bool) -> bool {
        std::mem::replace(&mut self.exponential, exponential)
    }

    /// Notes that an unknown key of `table` was meant to be `key`, so that it is not called missing.
    pub fn note_meant(&mut self, table: Span, key: &str) {
        if self.meant.len() < KEPT {
            self.meant.push((table, key.to_string()));
        }
    }

    /// Whether an unknown key of `table` was meant to be `key`.
    #[must_use]
    pub fn is_meant(&self, table: Span, key: &str) -> bool {
        self.meant.iter().any(|(at, meant)| *at == table && meant == key)
    }

    /// Whether an unknown section of the file was meant to be `section`.
    #[must_use]
    pub fn is_section_meant(&self, section: &str) -> bool {
        self.meant.iter().any(|(at, meant)| (at.start, at.end) == (0, 0) && meant == section)
    }

    /// The sections told to [`Self::know`] that have `key`.
    #[must_use]
    pub fn homes_of(&self, key: &str) -> &[String] {
        self.elsewhere.get(key).map_or(&[], Vec::as_slice)
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.severity() {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.kept.len() < KEPT {
            self.kept.push(diagnostic);
        }
    }

    /// Whether more would only be counted: costly help need not be worked out.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kept.len() >= KEPT
    }

    /// Whether one more unknown name may be compared with `candidates` known ones; counts them.
    pub fn may_compare(&mut self, candidates: usize) -> bool {
        self.compared = self.compared.saturating_add(candidates);
        self.compared <= COMPARED
    }

    /// Errors so far.
    #[must_use]
    pub const fn errors(&self) -> usize {
        self.errors
    }

    /// Warnings so far.
    #[must_use]
    pub const fn warnings(&self) -> usize {
        self.warnings
    }

    /// Whether there is an error.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Nothing at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.errors + self.warnings == 0
    }

    /// The errors that were kept, without the warnings.
    #[must_use]
    pub fn errors_alone(&self) -> Self {
        let mut errors = Self::new();
        let wrong = self.sorted().into_iter().filter(|one| one.severity() == Severity::Error);
        wrong.for_each(|found| errors.push(found.clone()));
        errors
    }

    /// Errors by position, then warnings by position, without exact repeats.
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

    /// Takes all of `other`.
    pub fn append(&mut self, other: Self) {
        let (errors, warnings) = (self.errors + other.errors, self.warnings + other.warnings);
        for diagnostic in other.kept {
            self.push(diagnostic);
        }
        (self.errors, self.warnings) = (errors, warnings);
    }
}
