//! Annotations for GitHub Actions: lines on standard output that point into files.
//!
//! `::error file=…,line=…,title=…::message`. In a message, `%`, CR and LF are written `%25 %0D %0A`; in a property,
//! `:` and `,` are escaped as well. GitHub shows at most ten annotations of a kind, so no more are written.

use super::{Gated, Outcome, Report, sentence};
use crate::report::difference::words;
use crate::report::text::visible;
use crate::study::gate::Verdict;

/// Largest number of annotations of one kind per step.
const MOST: usize = 10;
/// Number of changed figures that a message names.
const FIGURES: usize = 3;

/// Returns all annotations, one per line.
#[must_use]
pub fn lines(report: &Report) -> String {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for one in &report.scenarios {
        match &one.outcome {
            Outcome::Pass => {}
            Outcome::Changed => errors.extend(of_change(one)),
            Outcome::Unsure => {
                let text = format!("{}; no figure is known to have moved", one.counts());
                let line = annotation(one, "error", None, &text);
                if report.allow_unsure {
                    warnings.push(line.replacen("::error", "::warning", 1));
                } else {
                    errors.push(line);
                }
            }
            Outcome::NotJudged { why, help } => {
                let help = help.as_ref().map_or_else(String::new, |help| format!("\n{help}"));
                errors.push(annotation(one, "error", None, &format!("{why}{help}")));
            }
        }
    }
    let mut out = String::new();
    for line in errors.iter().take(MOST).chain(warnings.iter().take(MOST)) {
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn of_change(one: &Gated) -> Vec<String> {
    let figures: Vec<String> = one.of(Verdict::Changed).take(FIGURES).map(sentence).collect();
    let count = one.count(Verdict::Changed);
    let noun = if count == 1 { "figure" } else { "figures" };
    let mut effect = format!("{count} {noun} moved: {}", figures.join("; "));
    if count > figures.len() {
        effect.push_str("; …");
    }
    if one.keys.is_empty() {
        let files = one.files.first().map_or_else(String::new, |file| format!("\n{file}"));
        return vec![annotation(one, "error", None, &format!("{effect}{files}"))];
    }
    let of_key = |key: &super::Key| {
        let text = format!("{}\n{effect}", words(&key.change, one.names()));
        annotation(one, "error", key.line, &text)
    };
    one.keys.iter().map(of_key).collect()
}

fn annotation(one: &Gated, kind: &str, line: Option<usize>, text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    let message = lines.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!(
        "::{kind} file={},line={},title={}::{message}",
        property(&one.file),
        line.unwrap_or(1),
        property(&format!("{}: {}", one.scenario, one.outcome.word()))
    )
}

fn property(text: &str) -> String {
    let text = visible(text).replace('%', "%25");
    text.replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_begin_another_command() {
        let one = Gated {
            scenario: "a,b".into(),
            file: "50%:x.toml".into(),
            baseline: String::new(),
            mode: None,
            because: Vec::new(),
            rows: Vec::new(),
            keys: Vec::new(),
            files: Vec::new(),
            told: Vec::new(),
            outcome: Outcome::NotJudged { why: "5 %\n::error::x\r".into(), help: None },
        };
        let report = Report { scenarios: vec![one], ..Report::default() };
        assert_eq!(
            lines(&report),
            "::error file=50%25%3Ax.toml,line=1,title=a%2Cb%3A NOT JUDGED::5 %25%0A::error::x\\u{d}\n"
        );
    }
}
