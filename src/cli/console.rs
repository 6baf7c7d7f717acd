//! The two streams of a command: the answer on standard output, all else on standard error.
//!
//! Each stream is judged apart: colour, width, letters. Colour is off where a stream is no
//! terminal, `TERM=dumb`, or `NO_COLOR` is set; `CLICOLOR_FORCE` and, above all, `--color` win.
//! Words carry the meaning, colour only helps to find it. A width is that of `COLUMNS`, else of
//! the terminal, else [`WIDTH`].
//! Holds: a reader that goes away ends the command without a panic; what is said on standard
//! error is never a reason to fail; locale and time zone change nothing but the letters that a
//! terminal is given.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use super::exit::{Exit, Failure};
use super::flags::TextOrJson;
use crate::facade::Error;
use crate::report::text::{Letters, Terminal};
use crate::scenario::render::{Report, Style};

/// Columns where there is no terminal to ask.
pub const WIDTH: u16 = 100;
/// Narrower than this nothing is laid out.
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

/// How one stream wants its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether somebody is watching.
    pub terminal: bool,
    /// Whether to colour.
    pub colour: bool,
    /// Columns.
    pub width: u16,
    /// Letters.
    pub letters: Letters,
}

/// What the environment says about looks.
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

/// Where a command writes.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Standard output.
    pub out: Look,
    /// Standard error.
    pub err: Look,
    /// Whether only what is wrong is said on standard error.
    pub quiet: bool,
}

impl Console {
    /// Looks at both streams.
    #[must_use]
    pub fn new(when: When, quiet: bool) -> Self {
        let surroundings = Surroundings::read(|name| std::env::var_os(name));
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        // The library of tables knows how to ask a terminal for its width.
        let asked = comfy_table::Table::new();
        let mut asked_err = comfy_table::Table::new();
        asked_err.use_stderr();
        Self {
            out: surroundings.look(when, out, out.then(|| asked.width()).flatten()),
            err: surroundings.look(when, err, err.then(|| asked_err.width()).flatten()),
            quiet,
        }
    }

    /// Writes the answer to standard output. `text` may hold colours: they are left out where they
    /// are not wanted.
    ///
    /// # Errors
    ///
    /// [`Exit::ReaderGone`], silent, when nobody reads any more: a command whose results are in
    /// files then ends well. [`Exit::Io`] when the output cannot be written.
    pub fn answer(&self, text: &str) -> Result<(), Failure> {
        let mut stream = stream(io::stdout().lock(), self.out);
        let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        written.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::silent(Exit::ReaderGone),
            _ => {
                let bytes = text.len();
                let message = format!("cannot write {bytes} bytes to standard output: {error}");
                Failure::new(Exit::Io, message)
            }
        })
    }

    /// Says something about the work on standard error, unless told to be quiet.
    pub fn tell(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Says what is wrong, on standard error. Where nobody listens nothing is lost but the words.
    pub fn complain(&self, text: &str) {
        let text = self.err.letters.spell(text);
        let mut stream = stream(io::stderr().lock(), self.err);
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    }

    /// Says what was found in a scenario; when told to be quiet, errors alone.
    pub fn diagnose(&self, report: Report<'_>, format: TextOrJson) {
        let errors = report.found.errors_alone();
        let found = if self.quiet { &errors } else { report.found };
        let report = Report { found, ..report };
        match format {
            TextOrJson::Text => self.complain(&report.text(self.style())),
            TextOrJson::Json => self.complain(&report.json()),
        }
    }

    /// The failure of an error, after what was found in a scenario that is refused has been said.
    pub fn refused(&self, error: Error, format: TextOrJson) -> Failure {
        if let Some(report) = error.report() {
            self.diagnose(report, format);
        }
        error.into()
    }

    /// Says why a command ended early.
    pub fn failed(&self, failure: &Failure) {
        self.complain(&failure.text(self.err.width));
    }

    /// Columns of standard error.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.err.width
    }

    /// How diagnostics are drawn on standard error.
    #[must_use]
    pub fn style(&self) -> Style {
        let Look { colour, width, letters, .. } = self.err;
        Style { colour, width: usize::from(width), ascii: letters == Letters::Ascii }
    }

    /// How answers are laid out on standard output.
    #[must_use]
    pub const fn terminal(&self) -> Terminal {
        Terminal { width: self.out.width, letters: self.out.letters }
    }
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

    /// A pipe gets the same bytes in every locale; a terminal that says it has no others gets
    /// plain letters.
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
