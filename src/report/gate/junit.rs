//! JUnit XML for CI systems: one suite per scenario, one case per figure.
//!
//! A change is a `failure`. An undecided or missing verdict is an `error`, or `skipped` if that is allowed. There is
//! no time and no host: the same results give the same bytes.

use std::fmt::Write as _;

use super::{Gated, Key, Outcome, Report, Row, sentence};
use crate::report::difference::words;
use crate::report::text::visible;
use crate::study::gate::Verdict;

/// Returns the whole file.
#[must_use]
pub fn xml(report: &Report) -> String {
    let suites: Vec<Suite> =
        report.scenarios.iter().map(|one| suite(one, report.allow_unsure)).collect();
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writeln!(
        out,
        "<testsuites name=\"fivenines gate\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.errors)
    )
    .expect("a string takes all");
    for suite in &suites {
        writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            suite.name, suite.tests, suite.failures, suite.errors, suite.skipped
        )
        .expect("a string takes all");
        out.push_str(&suite.cases);
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

#[derive(Default)]
struct Suite {
    name: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    cases: String,
}

/// The result of a case.
enum Ended<'a> {
    Passed,
    Failed(&'a str),
    Error(&'a str),
    Skipped(&'a str),
}

impl Suite {
    /// Adds a case; `more` has lines of text for the inside of the element.
    fn case(&mut self, name: &str, ended: &Ended<'_>, more: &str) {
        self.tests += 1;
        let head = format!("    <testcase classname=\"{}\" name=\"{}\"", self.name, escaped(name));
        let (element, message) = match ended {
            Ended::Passed => {
                self.cases.push_str(&format!("{head}/>\n"));
                return;
            }
            Ended::Failed(message) => {
                self.failures += 1;
                ("failure", message)
            }
            Ended::Error(message) => {
                self.errors += 1;
                ("error", message)
            }
            Ended::Skipped(message) => {
                self.skipped += 1;
                ("skipped", message)
            }
        };
        let message = escaped(message);
        let body = match more {
            "" => format!("<{element} message=\"{message}\"/>"),
            more => format!("<{element} message=\"{message}\">{}</{element}>", escaped_lines(more)),
        };
        self.cases.push_str(&format!("{head}>\n      {body}\n    </testcase>\n"));
    }
}

fn suite(one: &Gated, allow_unsure: bool) -> Suite {
    let mut suite = Suite { name: escaped(&one.scenario), ..Suite::default() };
    if let Outcome::NotJudged { why, help } = &one.outcome {
        suite.case("baseline", &Ended::Error(why), help.as_deref().unwrap_or_default());
        return suite;
    }
    let line = |key: &Key| {
        let place = key.line.map_or_else(String::new, |line| format!("{}:{line}: ", one.file));
        format!("{place}{}\n", words(&key.change, one.names()))
    };
    let keys: String = one.keys.iter().map(line).collect();
    for file in &one.files {
        suite.case(file, &Ended::Failed("differs although the model is unchanged"), "");
    }
    for row in &one.rows {
        let said = sentence(row);
        let ended = match row.verdict {
            Verdict::Changed => Ended::Failed(&said),
            Verdict::Unsure if allow_unsure => Ended::Skipped(&said),
            Verdict::Unsure => Ended::Error(&said),
            Verdict::Apart => Ended::Skipped(only(row)),
            Verdict::Same => Ended::Passed,
        };
        // Every changed figure is listed with the keys that may be the reason.
        let more = if row.verdict == Verdict::Changed { keys.as_str() } else { "" };
        suite.case(&row.path, &ended, more);
    }
    if one.rows.is_empty() && one.files.is_empty() {
        suite.case("figures", &Ended::Error("there is no figure to compare"), "");
    }
    suite
}

const fn only(row: &Row) -> &'static str {
    if row.old.is_some() { "only in the baseline" } else { "not in the baseline" }
}

fn escaped(text: &str) -> String {
    entities(&visible(text))
}

fn escaped_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    entities(&lines.join("\n"))
}

/// Escapes the characters that XML reserves; control characters, which it refuses, have been replaced before.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_ends_an_attribute_or_a_tag() {
        assert_eq!(
            escaped("a<b>\"c'&\u{1b}\u{202e}"),
            "a&lt;b&gt;&quot;c&apos;&amp;\\u{1b}\\u{202e}"
        );
        assert_eq!(escaped_lines("x\n\u{0}<\n"), "x\n\\u{0}&lt;");
    }
}
