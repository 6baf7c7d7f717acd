//! Exit codes, and the failures that end a command early.
//!
//! A script may rely on the numbers: they never change their meaning. A panic ends with [`Exit::Bug`], so Rust's own
//! code 101 never reaches the user.

use std::fmt::Write as _;
use std::process::ExitCode;

use anstyle::AnsiColor;
use serde_json::json;

use super::bug;
use crate::facade::error::{Error, Kind};
use crate::report::write::WriteError;
use crate::scenario::render::wrap;

macro_rules! exits {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $meaning:literal;)*) => {
        /// The outcome of a command.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Exit { $($(#[doc = $doc])+ $name = $code,)* }

        impl Exit {
            /// All outcomes, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the number.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$name => $code,)* }
            }

            /// Returns the meaning, for the help text.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

exits! {
    /// Done; an overloaded system or a missed objective is an answer, not an error.
    Done = 0, "done; a missed objective or an overload is an answer, not an error";
    /// A judged condition fails.
    Judged = 1, "an [[expect]] does not hold, a gate found a change, or scenarios differ";
    /// The command line is wrong.
    Usage = 2, "the command line is wrong, or names a file that does not exist";
    /// A scenario or trace was refused; nothing was simulated, nothing written.
    Refused = 3, "a scenario or trace was refused; nothing was simulated or written";
    /// A limit was reached; partial results were written and marked.
    Limit = 4, "a limit was reached; partial results are written and marked";
    /// Too few samples for a verdict.
    Inconclusive = 5, "inconclusive: too few samples, precision not reached, or no baseline";
    /// The place of the output has other content.
    Conflict = 6, "the output folder or file has other content; --force replaces it";
    /// Results do not match their manifest or a new run, or two solvers disagree.
    Integrity = 7, "results are damaged or not reproduced, or the two solvers disagree";
    /// The operating system refused to read or write.
    Io = 8, "the operating system refused to read or write";
    /// A broken invariant or a panic.
    Bug = 70, "a bug in fivenines";
    /// Stopped by SIGHUP.
    HungUp = 129, "stopped by a hang-up (SIGHUP)";
    /// Stopped by SIGINT.
    Interrupted = 130, "stopped by Ctrl-C (SIGINT)";
    /// The reader of standard output has closed it.
    ReaderGone = 141, "the reader of standard output has closed it";
    /// Stopped by SIGTERM.
    Terminated = 143, "stopped by SIGTERM";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Formats the table for `--help` and the manual.
#[must_use]
pub fn table() -> String {
    let mut text = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        let code = exit.code();
        writeln!(text, "  {code:<3}  {}", exit.meaning()).expect("a string takes all");
    }
    text
}

/// The reason why a command ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// One sentence without a full stop; `None` if the command ends silently. Text from outside must have passed
    /// through [`shown`](crate::scenario::render::shown).
    pub message: Option<String>,
    /// The advice on what to do instead.
    pub help: Option<String>,
}

impl Failure {
    /// Creates a failure with a message.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: Some(message.into()), help: None }
    }

    /// Creates a failure without a message.
    #[must_use]
    pub const fn silent(exit: Exit) -> Self {
        Self { exit, message: None, help: None }
    }

    /// Adds the advice on what to do instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Formats the failure for people, in lines of at most `width` columns; empty without a message.
    #[must_use]
    pub fn text(&self, width: u16) -> String {
        let Some(message) = &self.message else { return String::new() };
        let error = AnsiColor::Red.on_default().bold();
        let mut text = format!("{error}error{error:#}: ");
        fold(&mut text, message, "error: ".len(), width);
        if let Some(help) = &self.help {
            let style = AnsiColor::Cyan.on_default().bold();
            write!(text, "  {style}help{style:#}: ").expect("a string takes all");
            fold(&mut text, help, "  help: ".len(), width);
        }
        text
    }

    /// Formats the failure for programs: one JSON object and a newline, with the keys of a diagnostic.
    #[must_use]
    pub fn json(&self) -> String {
        let Some(message) = &self.message else { return String::new() };
        let object = json!({
            "code": null,
            "severity": "error",
            "message": message,
            "help": self.help,
            "exit": self.exit.code(),
        });
        format!("{object}\n")
    }
}

/// Appends `words`, wrapped at spaces; the first line starts at column `indent`, and so do the following ones.
fn fold(text: &mut String, words: &str, indent: usize, width: u16) {
    let lines = wrap(words, usize::from(width).saturating_sub(indent));
    text.push_str(&lines.join(&format!("\n{:indent$}", "")));
    text.push('\n');
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Error::from(error).into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match error.kind() {
            Kind::Usage => Exit::Usage,
            Kind::Figure => {
                let message = format!("--figure: {}", error.message());
                return Self {
                    help: error.help().map(String::from),
                    ..Self::new(Exit::Usage, message)
                };
            }
            Kind::Limit => Exit::Limit,
            Kind::Inconclusive => Exit::Inconclusive,
            // Its diagnostics have been printed.
            Kind::Refused if !error.diagnostics().is_empty() => return Self::silent(Exit::Refused),
            Kind::Refused => Exit::Refused,
            Kind::Conflict => Exit::Conflict,
            Kind::Integrity => Exit::Integrity,
            Kind::Io => Exit::Io,
            Kind::Bug => Exit::Bug,
            Kind::Breach => {
                return Self::new(Exit::Bug, error.message()).help(bug::to_see_it_again());
            }
        };
        let failure = Self::new(exit, error.message());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_in_the_table_once_and_rising() {
        assert!(Exit::ALL.is_sorted_by(|a, b| a.code() < b.code()));
        let table = table();
        assert_eq!(table.lines().count(), Exit::ALL.len() + 1);
        for exit in Exit::ALL {
            assert!(table.contains(&format!("\n  {:<3}  {}\n", exit.code(), exit.meaning())));
            assert!(![101, 153].contains(&exit.code()) && !(132..=139).contains(&exit.code()));
        }
    }

    #[test]
    fn what_the_writer_of_results_says_keeps_its_exit_code() {
        let failure = Failure::from(WriteError::Locked("results".into()));
        assert_eq!(failure.exit, Exit::Conflict);
        let text = anstream::adapter::strip_str(&failure.text(100)).to_string();
        assert_eq!(text, "error: another process is writing to results\n");
        let text = anstream::adapter::strip_str(&failure.text(24)).to_string();
        assert_eq!(text, "error: another process\n       is writing to\n       results\n");
        assert_eq!(Failure::from(WriteError::Path("..".into())).exit, Exit::Bug);
        assert_eq!(Failure::silent(Exit::ReaderGone).text(80), "");
    }
}
