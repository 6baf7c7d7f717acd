//! Comparison of new results with a baseline: changed figures and changed keys.

use std::path::Path;

use super::differences::{Side, changes};
use super::error::{Error, Kind};
use super::recorded::{Recorded, covers, first_difference, identity};
use super::results::Results;
use crate::report::gate::{Gated, Key, Outcome};
use crate::scenario::render::shown;
use crate::study::gate::{Mode, Row, Verdict, judge};
use crate::study::record::{OutcomeRecord, SummaryRecord};
use crate::study::results::RESULTS_VERSION;

/// Recorded results that new ones are compared with.
pub(crate) struct Baseline {
    /// The results in their folder.
    pub(crate) recorded: Recorded,
    summary: SummaryRecord,
}

/// The comparison of new results with a baseline.
pub(crate) struct Held {
    /// The differences.
    pub(crate) gated: Gated,
    /// The scenario of the baseline.
    pub(crate) side: Side,
}

impl Baseline {
    /// Reads the figures of recorded results.
    ///
    /// # Errors
    ///
    /// [`Kind::Inconclusive`] if replications are missing or the summary cannot be parsed by this version;
    /// [`Kind::Integrity`] if the file cannot be read.
    pub(crate) fn read(recorded: Recorded) -> Result<Self, Error> {
        let summary = recorded.summary("baseline")?;
        Ok(Self { recorded, summary })
    }

    /// Compares new results of the scenario in `file` with the baseline.
    ///
    /// # Errors
    ///
    /// New results that are partial; a baseline whose scenario cannot be read.
    pub(crate) fn hold(
        &self,
        file: &Path,
        results: &Results,
        same_effort: bool,
    ) -> Result<Held, Error> {
        if let Some(reason) = results.partial() {
            let message = format!("the new results are partial: {reason}");
            return Err(Error::new(Kind::Limit, message));
        }
        let set = &results.output().set;
        let bytes = |path: &str| set.file(path).unwrap_or_default();
        let summary = SummaryRecord::parse(bytes("summary.json"));
        let summary = summary.expect("it was written from the same record");
        let summary = summary.with_values(bytes("replications.json"));
        let summary = summary.expect("it was written from the same values");
        let side = Side::stored(&self.recorded, self.recorded.name())?;
        let now = Side::of_results(shown(&file.display().to_string()), results);
        let ready = results.ready();
        let source = ready.loaded.document.as_ref();
        let keys = changes(&side, &now).into_iter().map(|change| Key {
            line: source.and_then(|document| {
                change.place(document).map(|span| document.source.place(span).line)
            }),
            change,
        });
        let keys: Vec<Key> = keys.collect();
        let because = self.because(&covers(set), &keys, same_effort);
        let mode = if because.is_empty() { Mode::Exact } else { Mode::Equivalence };
        let rows = judge(mode, &self.summary, &summary, [side.cost, now.cost]);
        let files = if mode == Mode::Exact { self.moved(results) } else { Vec::new() };
        let gated = Gated {
            scenario: ready.name().to_string(),
            file: file.display().to_string(),
            baseline: self.recorded.name(),
            mode: Some(mode),
            because,
            told: notes(&self.summary, &summary, &rows),
            outcome: outcome(&rows, &files),
            rows,
            keys,
            files,
        };
        Ok(Held { gated, side })
    }

    /// Returns the reasons why the two results may differ; empty if they have to be identical.
    fn because(&self, covered: &[&str], keys: &[Key], same_effort: bool) -> Vec<String> {
        let was = identity(self.recorded.covers());
        let is = identity(covered.iter().copied());
        let differ = |head: &str| {
            let of = |lines: &[&str]| -> Vec<String> {
                let kept = lines.iter().filter(|line| line.starts_with(head));
                kept.map(|line| (*line).to_string()).collect()
            };
            of(&was) != of(&is)
        };
        let mut because = Vec::new();
        // The seed is part of the scenario and has a reason of its own.
        let seed_alone = !keys.is_empty() && keys.iter().all(|key| key.change.path() == "run.seed");
        if differ("scenario ") && !seed_alone {
            because.push("the scenario differs".to_string());
        }
        if differ("file ") {
            because.push("a file that it replays differs".to_string());
        }
        if differ("seed ") {
            because.push("the seed differs".to_string());
        }
        let version = self.recorded.results_version();
        if version != u64::from(RESULTS_VERSION) {
            because.push(format!("the version of results was {version} and is {RESULTS_VERSION}"));
        }
        if !same_effort {
            because.push("the effort differs".to_string());
        }
        because
    }

    /// Returns the event digests and files that differ although they have to be identical.
    fn moved(&self, results: &Results) -> Vec<String> {
        let set = &results.output().set;
        if self.recorded.manifest["digest"] == set.digest.as_str() {
            return Vec::new();
        }
        let first = first_difference(&self.recorded.covers(), &covers(set));
        let (files, _) = self.recorded.differing(set);
        // The page shows the digest, so it differs whenever another file does.
        let files = files.iter().filter(|name| *name != "report.html").map(|name| shown(name));
        first.into_iter().chain(files).collect()
    }
}

fn outcome(rows: &[Row], files: &[String]) -> Outcome {
    let any = |verdict| rows.iter().any(|row: &Row| row.verdict == verdict);
    if any(Verdict::Changed) || !files.is_empty() {
        Outcome::Changed
    } else if any(Verdict::Unsure) || !any(Verdict::Same) {
        Outcome::Unsure
    } else {
        Outcome::Pass
    }
}

/// Returns remarks without a verdict: figures of one side only, changed verdicts of windows and expectations.
fn notes(old: &SummaryRecord, new: &SummaryRecord, rows: &[Row]) -> Vec<String> {
    let mut notes = Vec::new();
    let apart: Vec<&Row> = rows.iter().filter(|row| row.verdict == Verdict::Apart).collect();
    for (gone, word) in [(true, "only in the baseline"), (false, "not in the baseline")] {
        let names: Vec<&str> = apart
            .iter()
            .filter(|row| row.old.is_some() == gone)
            .map(|row| row.path.as_str())
            .collect();
        if let Some(first) = names.first() {
            let (figures, more) =
                if names.len() > 1 { ("figures", ", …") } else { ("figure", "") };
            notes.push(format!("{} {figures} {word}: {first}{more}", names.len()));
        }
    }
    for (window, first) in &new.kept {
        let is_its = |row: &&Row| row.path.split_once('@').is_some_and(|(_, of)| of == window);
        if rows.iter().filter(is_its).any(|row| row.paired) {
            notes.push(format!(
                "window {window}: pairs are those of the first {first} replications"
            ));
        }
    }
    let mut windows: Vec<(String, String, String)> = Vec::new();
    for (path, record) in &new.figures {
        let Some((_, window)) = path.split_once('@') else { continue };
        let was = old.figures.get(path).and_then(|was| was.verdict.clone());
        let (Some(was), Some(is)) = (was, record.verdict.clone()) else { continue };
        let turn = (window.to_string(), was, is);
        if turn.1 != turn.2 && !windows.contains(&turn) {
            windows.push(turn);
        }
    }
    for (window, was, is) in windows {
        notes.push(format!("window {window}: {was} → {is}"));
    }
    for one in &new.expectations {
        let same = |other: &&OutcomeRecord| other.figure == one.figure && other.is == one.is;
        let was = old.expectations.iter().find(same);
        if let Some(was) = was.filter(|was| was.outcome != one.outcome) {
            notes.push(format!(
                "expected of {}, {}: {} → {}",
                one.figure, one.is, was.outcome, one.outcome
            ));
        }
    }
    notes
}
