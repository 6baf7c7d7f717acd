//! The two streams of a command: the answer on standard output, everything else on standard error.
//!
//! Colour, width and character set are chosen for each stream separately. Colour is off if the stream is no terminal,
//! `TERM=dumb`, or `NO_COLOR` is set. `CLICOLOR_FORCE` overrides these, and `--color` overrides all. Colour only
//! helps to find the text and adds no meaning. The width is `COLUMNS`, else that of the terminal, else [`WIDTH`].
//! Holds: a closed pipe ends the command without a panic; a failure to write to standard error is never an error;
//! locale and time zone affect only the character set of a terminal.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use super::exit::{Exit, Failure};
use super::flags::TextOrJson;
use crate::facade::Error;
use crate::report::text::{Letters, Terminal};
use crate::scenario::render::{Report, Style};

/// Width in columns if neither `COLUMNS` nor a terminal gives one.
pub const WIDTH: u16 = 100;
/// Smallest width in columns that is used for layout.
const LEAST_WIDTH: u16 = 20;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless the environment says no
    #[default]
    Auto,
    /// Also into a file or a pipe
    Always,
    /// Never
    Never,
}

/// The settings of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// True if the stream is a terminal.
    pub terminal: bool,
    /// True if the text is coloured.
    pub colour: bool,
    /// Width in columns.
    pub width: u16,
    /// Character set.
    pub letters: Letters,
}

/// Settings from the environment.
#[derive(Clone, Debug, Default)]
struct Surroundings {
    no_color: bool,
    force: bool,
    dumb: bool,
    columns: Option<u16>,
    plain_letters: bool,
}

impl Surroundings {
    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| given(name));
        let locale = locale.map(|name| name.to_string_lossy().to_lowercase());
        let columns = given("COLUMNS").and_then(|text| text.to_str()?.parse().ok());
        Self {
            no_color: given("NO_COLOR").is_some(),
            force: given("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb: given("TERM").is_some_and(|value| value == "dumb"),
            columns: columns.filter(|columns| *columns > 0),
            plain_letters: locale
                .is_some_and(|name| !name.contains("utf-8") && !name.contains("utf8")),
        }
    }

    fn look(&self, when: When, terminal: bool, wide: Option<u16>) -> Look {
        let colour = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => self.force || (terminal && !self.no_color && !self.dumb),
        };
        let width = self.columns.or(wide).unwrap_or(WIDTH).max(LEAST_WIDTH);
        let plain = terminal && self.plain_letters;
        let letters = if plain { Letters::Ascii } else { Letters::Unicode };
        Look { terminal, colour, width, letters }
    }
}

/// The output streams of a command.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Standard output.
    pub out: Look,
    /// Standard error.
    pub err: Look,
    /// True if only warnings and errors of the command, not notes, go to standard error.
    pub quiet: bool,
}

impl Console {
    /// Determines the settings of both streams.
    #[must_use]
    pub fn new(when: When, quiet: bool) -> Self {
        let surroundings = Surroundings::read(|name| std::env::var_os(name));
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        // `comfy_table` can query the width of a terminal.
        let asked = comfy_table::Table::new();
        let mut asked_err = comfy_table::Table::new();
        asked_err.use_stderr();
        Self {
            out: surroundings.look(when, out, out.then(|| asked.width()).flatten()),
            err: surroundings.look(when, err, err.then(|| asked_err.width()).flatten()),
            quiet,
        }
    }

    /// Writes the answer to standard output. Colours in `text` are removed if the stream does not use them.
    ///
    /// # Errors
    ///
    /// [`Exit::ReaderGone`], without a message, if the reader has closed the pipe; a command whose results are in
    /// files then still succeeds. [`Exit::Io`] if the output cannot be written.
    pub fn answer(&self, text: &str) -> Result<(), Failure> {
        let mut stream = stream(io::stdout().lock(), self.out);
        answered(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()), text.len())
    }

    /// Writes bytes that are no text to standard output.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::answer`].
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stream = io::stdout().lock();
        answered(stream.write_all(bytes).and_then(|()| stream.flush()), bytes.len())
    }

    /// Prints a note on standard error, unless `--quiet` is set.
    pub fn tell(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Prints an error on standard error. A failure to write it is ignored.
    pub fn complain(&self, text: &str) {
        let text = self.err.letters.spell(text);
        let mut stream = stream(io::stderr().lock(), self.err);
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    }

    /// Prints the diagnostics of a scenario; with `--quiet`, only its errors.
    pub fn diagnose(&self, report: Report<'_>, format: TextOrJson) {
        let errors = report.found.errors_alone();
        let found = if self.quiet { &errors } else { report.found };
        let report = Report { found, ..report };
        match format {
            TextOrJson::Text => self.complain(&report.text(self.style())),
            TextOrJson::Json => self.complain(&report.json()),
        }
    }

    /// Converts an error to a failure, after printing the diagnostics of a refused scenario.
    pub fn refused(&self, error: Error, format: TextOrJson) -> Failure {
        if let Some(report) = error.report() {
            self.diagnose(report, format);
        }
        error.into()
    }

    /// Prints the reason why a command ended early.
    pub fn failed(&self, failure: &Failure) {
        self.complain(&failure.text(self.err.width));
    }

    /// Returns the width of standard error in columns.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.err.width
    }

    /// Returns the style of diagnostics on standard error.
    #[must_use]
    pub fn style(&self) -> Style {
        let Look { colour, width, letters, .. } = self.err;
        Style { colour, width: usize::from(width), ascii: letters == Letters::Ascii }
    }

    /// Returns the layout settings of answers on standard output.
    #[must_use]
    pub const fn terminal(&self) -> Terminal {
        Terminal { width: self.out.width, letters: self.out.letters }
    }
}

/// Converts the outcome of writing `bytes` bytes to standard output.
fn answered(written: io::Result<()>, bytes: usize) -> Result<(), Failure> {
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::silent(Exit::ReaderGone),
        _ => {
            let message = format!("cannot write {bytes} bytes to standard output: {error}");
            Failure::new(Exit::Io, message)
        }
    })
}

fn stream<S: anstream::stream::RawStream>(raw: S, look: Look) -> AutoStream<S> {
    let choice = if look.colour { ColorChoice::Always } else { ColorChoice::Never };
    AutoStream::new(raw, choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(set: &[(&str, &str)]) -> Surroundings {
        Surroundings::read(|name| {
            set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn colour_follows_the_stream_the_environment_and_above_all_the_flag() {
        type Case<'a> = (&'a [(&'a str, &'a str)], When, bool, bool);
        let cases: [Case<'_>; 11] = [
            (&[], When::Auto, true, true),
            (&[], When::Auto, false, false),
            (&[("NO_COLOR", "1")], When::Auto, true, false),
            (&[("NO_COLOR", "")], When::Auto, true, true),
            (&[("TERM", "dumb")], When::Auto, true, false),
            (&[("TERM", "xterm")], When::Auto, true, true),
            (&[("CLICOLOR_FORCE", "1")], When::Auto, false, true),
            (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], When::Auto, false, true),
            (&[("CLICOLOR_FORCE", "0")], When::Auto, false, false),
            (&[("NO_COLOR", "1")], When::Always, false, true),
            (&[("CLICOLOR_FORCE", "1")], When::Never, true, false),
        ];
        for (set, when, terminal, wanted) in cases {
            let look = surroundings(set).look(when, terminal, None);
            assert_eq!(look.colour, wanted, "{set:?} {when:?} {terminal}");
        }
    }

    #[test]
    fn a_width_is_the_users_then_the_terminals() {
        let width =
            |set: &[(&str, &str)], wide| surroundings(set).look(When::Auto, true, wide).width;
        assert_eq!(width(&[], None), WIDTH);
        assert_eq!(width(&[], Some(132)), 132);
        assert_eq!(width(&[("COLUMNS", "40")], Some(132)), 40);
        assert_eq!(width(&[("COLUMNS", "wide")], Some(132)), 132);
        assert_eq!(width(&[("COLUMNS", "0")], Some(132)), 132);
        assert_eq!(width(&[("COLUMNS", "3")], None), LEAST_WIDTH);
    }

    /// A pipe gets the same bytes in every locale; a terminal with an ASCII locale gets ASCII.
    #[test]
    fn letters_are_plain_only_on_a_terminal_whose_locale_says_so() {
        let letters = |set: &[(&str, &str)], terminal| {
            surroundings(set).look(When::Auto, terminal, None).letters
        };
        assert_eq!(letters(&[("LC_ALL", "C")], true), Letters::Ascii);
        assert_eq!(letters(&[("LC_ALL", "C")], false), Letters::Unicode);
        assert_eq!(letters(&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")], true), Letters::Unicode);
        assert_eq!(letters(&[("LC_ALL", "POSIX"), ("LANG", "en_GB.utf8")], true), Letters::Ascii);
        assert_eq!(letters(&[], true), Letters::Unicode);
    }
}
