//! JUnit XML, as CI systems read it: a suite a scenario, a case a figure.
//!
//! What changed is a `failure`; what cannot be told or was not judged an `error`, or `skipped` where
//! that is allowed. No time and no host: the same results give the same bytes.

use std::fmt::Write as _;

use super::{Gated, Key, Outcome, Report, Row, sentence};
use crate::report::difference::words;
use crate::report::text::visible;
use crate::study::gate::Verdict;

/// The whole file.
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

/// How a case came out.
enum Ended<'a> {
    Passed,
    Failed(&'a str),
    Error(&'a str),
    Skipped(&'a str),
}

impl Suite {
    /// `more`: lines of text inside the element.
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
        suite.case(file, &Ended::Failed("differs where nothing may"), "");
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
        // What could be the reason stands with every figure that moved.
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

/// What XML reserves; control characters it refuses were made visible before.
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
