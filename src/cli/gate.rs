//! `gate`: fails when a figure has moved since the baseline.

use std::fs;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::diff::{self, Side};
use super::exit::{Exit, Failure};
use super::flags::{Annotations, Effort, Format, GateArgs, TextOrJson};
use super::load;
use super::recorded::{Recorded, first_difference, identity};
use super::run::{Done, Work, told};
use crate::facade::load::Purpose;
use crate::facade::ready::Ready;
use crate::plan::{cost, simulatable};
use crate::report::gate::{Gated, Key, Outcome, Report, annotations, bytes, junit, text};
use crate::report::run::Output;
use crate::report::write::{ResultsDirectory, sha256};
use crate::scenario::render::shown;
use crate::study::gate::{Mode, Row, Verdict, judge};
use crate::study::record::SummaryRecord;
use crate::study::results::RESULTS_VERSION;

/// Judges every file against its baseline.
///
/// # Errors
///
/// What keeps the command from going on. A scenario that cannot be judged is told and the next is
/// taken.
pub fn gate(args: &GateArgs, console: &Console) -> Result<Exit, Failure> {
    if args.annotations == Annotations::Github && args.format == TextOrJson::Json {
        let message = "--annotations github and --format json both want standard output";
        let help = "--junit FILE is for programs too, and goes to a file";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    let files = load::files(&args.files)?;
    if !args.baseline.is_dir() {
        let name = shown(&args.baseline.display().to_string());
        let message = format!("there is no baseline in {name}");
        return Err(Failure::new(Exit::Inconclusive, message).help(how_to_make(args)));
    }
    // Before the work, so that no long run ends at a file that cannot be written.
    if let Some(path) = &args.junit {
        write(path, "")?;
    }
    let format = match args.format {
        TextOrJson::Text => Format::Text,
        TextOrJson::Json => Format::Json,
    };
    let gate = Gate { args, console, work: Work::of(&args.effort, format, args.force, console)? };
    let mut report = Report { allow_unsure: args.allow_unsure, ..Report::default() };
    let mut not_judged = None;
    let mut used: Vec<PathBuf> = Vec::new();
    for file in &files {
        let gated = match gate.one(file, &mut used) {
            Ok(Some(gated)) => gated,
            Ok(None) => continue,
            Err((name, failure)) => {
                // A signal ends it all; what was judged before is told.
                if gate.work.stop.asked() {
                    break;
                }
                not_judged = not_judged.or(Some(failure.exit));
                left_out(file, &name, failure)
            }
        };
        report.scenarios.push(gated);
    }
    // Who names single files does not ask for the others.
    if args.files.iter().any(|path| path.is_dir()) {
        report.unused = gate.unused(&used)?;
    }
    let exit = exit(&report, not_judged);
    let exit = gate.work.stop.exit().unwrap_or(exit);
    if let Some(path) = &args.junit {
        write(path, &junit::xml(&report))?;
    }
    match args.format {
        TextOrJson::Text => {
            let mut answer = text(&report, console.terminal());
            if args.annotations == Annotations::Github {
                answer.push_str(&annotations::lines(&report));
            }
            console.answer(&answer)?;
        }
        TextOrJson::Json => {
            console.answer(&String::from_utf8_lossy(&bytes(&report, exit.code())))?;
        }
    }
    Ok(exit)
}

/// The worst that can be said: moved, not judged, cannot be told.
fn exit(report: &Report, not_judged: Option<Exit>) -> Exit {
    let any = |outcome: &Outcome| report.scenarios.iter().any(|one| one.outcome == *outcome);
    if any(&Outcome::Changed) {
        return Exit::Judged;
    }
    if let Some(exit) = not_judged {
        return exit;
    }
    if any(&Outcome::Unsure) && !report.allow_unsure { Exit::Inconclusive } else { Exit::Done }
}

fn write(path: &Path, content: &str) -> Result<(), Failure> {
    fs::write(path, content).map_err(|error| {
        let name = shown(&path.display().to_string());
        Failure::new(Exit::Io, format!("cannot write {name}: {error}"))
    })
}

/// The command that makes the baseline that is missing.
fn how_to_make(args: &GateArgs) -> String {
    let names: Vec<String> =
        args.files.iter().map(|path| shown(&path.display().to_string())).collect();
    let out = shown(&args.baseline.display().to_string());
    let verb = if args.files.iter().any(|path| path.is_dir()) { "compare" } else { "run" };
    format!(
        "make one from what is known to be good: fivenines {verb} {} --out {out}",
        names.join(" ")
    )
}

fn left_out(file: &Path, name: &str, failure: Failure) -> Gated {
    let why =
        failure.message.unwrap_or_else(|| "it was refused; what is wrong stands above".into());
    Gated {
        scenario: name.to_string(),
        file: file.display().to_string(),
        baseline: String::new(),
        mode: None,
        because: Vec::new(),
        rows: Vec::new(),
        keys: Vec::new(),
        files: Vec::new(),
        told: Vec::new(),
        outcome: Outcome::NotJudged { why, help: failure.help },
    }
}

struct Gate<'a> {
    args: &'a GateArgs,
    console: &'a Console,
    work: Work<'a>,
}

/// What is new of a scenario.
struct New {
    ready: Ready,
    done: Done,
    summary: SummaryRecord,
    effort: Effort,
}

impl Gate<'_> {
    /// Judges one file; a failure comes with the name of the scenario, as far as it is known. `None`:
    /// it has no baseline and cannot have one, as `compare` leaves it out.
    fn one(
        &self,
        file: &Path,
        used: &mut Vec<PathBuf>,
    ) -> Result<Option<Gated>, (String, Failure)> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let nameless = |failure| (shown(&stem), failure);
        // A file that is refused has a baseline all the same.
        used.push(self.args.baseline.join(&stem));
        let loaded = load::load(file, &self.args.effort.assignments(), Purpose::Read);
        let loaded = loaded.map_err(nameless)?;
        if loaded.found.has_errors() {
            loaded.tell(self.console, self.args.format);
        }
        let draft = loaded.sound().map_err(|error| nameless(error.into()))?;
        let name = draft.scenario.scenario.value.text.clone();
        let named = |failure| (name.clone(), failure);
        let recorded = match self.baseline(&name, &stem) {
            Err(failure)
                if failure.exit == Exit::Inconclusive
                    && !simulatable::not_yet(draft).is_empty() =>
            {
                let name = shown(&name);
                self.console.tell(&format!("{name} cannot be simulated yet, left out\n"));
                return Ok(None);
            }
            found => found.map_err(named)?,
        };
        used.push(recorded.folder.clone());
        let old = self.known(&recorded).map_err(named)?;
        let new = self.lived(file, &recorded).map_err(named)?;
        self.judged(file, &recorded, &old, &new).map(Some).map_err(named)
    }

    /// The results that a scenario is held against.
    fn baseline(&self, name: &str, stem: &str) -> Result<Recorded, Failure> {
        let root = &self.args.baseline;
        for folder in [root.join(name), root.join(stem), root.clone()] {
            let again = format!("{} --force", how_to_make(self.args));
            let opened = Recorded::open(&folder).map_err(|failure| failure.help(again))?;
            let Some(recorded) = opened else { continue };
            if recorded.scenario() == name {
                return Ok(recorded);
            }
        }
        let root = shown(&root.display().to_string());
        let message = format!("there is no baseline of `{}` in {root}", shown(name));
        Err(Failure::new(Exit::Inconclusive, message).help(how_to_make(self.args)))
    }

    /// Reads a baseline.
    fn known(&self, recorded: &Recorded) -> Result<SummaryRecord, Failure> {
        let again = how_to_make(self.args);
        if !recorded.is_complete() {
            let message =
                format!("the baseline {} is partial: replications are missing", recorded.name());
            return Err(Failure::new(Exit::Inconclusive, message).help(format!("{again} --force")));
        }
        let file = recorded.folder.join("summary.json");
        let bytes = fs::read(&file).map_err(|error| {
            Failure::new(Exit::Integrity, format!("cannot read {}: {error}", recorded.name()))
        })?;
        let values = fs::read(recorded.folder.join("replications.json")).ok();
        let summary = SummaryRecord::parse(&bytes).and_then(|summary| match values {
            Some(values) => summary.with_values(&values),
            None => Ok(summary),
        });
        summary.map_err(|error| {
            let message = format!(
                "the summary of {} (results version {}) cannot be read by this version ({RESULTS_VERSION}): {error}",
                recorded.name(),
                recorded.results_version(),
            );
            Failure::new(Exit::Inconclusive, message).help(format!("{again} --force"))
        })
    }

    /// Lives through the file as the baseline was lived through, but for flags that were given.
    fn lived(&self, file: &Path, recorded: &Recorded) -> Result<New, Failure> {
        let given = &self.args.effort;
        let was = recorded.effort()?;
        let mut effort = given.clone();
        effort.seed = given.seed.or(recorded.manifest["seed"].as_u64());
        effort.solver = given.solver.or(was.solver);
        effort.figure.clone_from(&was.figure);
        if !given.quick && given.replications.is_none() {
            effort.quick = was.quick;
            effort.replications = was.replications;
        }
        let work = self.work.with(effort.run());
        let work = work.told(recorded.is_told_alone()).sampling(recorded.is_sampled());
        let ready = work.ready(file)?;
        let place = match &self.args.out {
            Some(out) => {
                let place = ResultsDirectory::open(&out.join(ready.name()))?;
                place.foresee(&ready.facts(), work.overwrite())?;
                Some(place)
            }
            None => None,
        };
        let done = work.live(&ready)?;
        if let Some(place) = &place {
            let written = work.write(place, &done.output)?;
            self.console.tell(&format!("{}\n", told(place.path(), &done.output, written)));
        }
        if let Some(reason) = &done.results.partial {
            return Err(Failure::new(
                Exit::Limit,
                format!("the new results are partial: {reason}"),
            ));
        }
        let summary = bytes_of(&done.output, "summary.json").unwrap_or_default();
        let summary = SummaryRecord::parse(summary).expect("it was written from the same record");
        let values = bytes_of(&done.output, "replications.json").unwrap_or_default();
        let summary = summary.with_values(values).expect("it was written from the same values");
        Ok(New { ready, done, summary, effort })
    }

    fn judged(
        &self,
        file: &Path,
        recorded: &Recorded,
        old: &SummaryRecord,
        new: &New,
    ) -> Result<Gated, Failure> {
        let console = self.console;
        let side = diff::stored(&recorded.folder, &recorded.manifest, recorded.name(), console)?;
        let now = Side {
            name: shown(&file.display().to_string()),
            form: serde_json::from_str(&new.ready.canonical.text).expect("we wrote it"),
            traces: traces(&new.done.output),
            cost: cost::totals(new.ready.draft()),
        };
        let source = new.ready.loaded.document.as_ref();
        let keys = diff::changes(&side, &now).into_iter().map(|change| Key {
            line: source.and_then(|document| {
                change.place(document).map(|span| document.source.place(span).line)
            }),
            change,
        });
        let keys: Vec<Key> = keys.collect();
        let because = because(recorded, new, &keys)?;
        let mode = if because.is_empty() { Mode::Exact } else { Mode::Equivalence };
        let rows = judge(mode, old, &new.summary, [side.cost, now.cost]);
        let files =
            if mode == Mode::Exact { moved(recorded, &new.done.output) } else { Vec::new() };
        Ok(Gated {
            scenario: new.ready.name().to_string(),
            file: file.display().to_string(),
            baseline: recorded.name(),
            mode: Some(mode),
            because,
            told: notes(old, &new.summary, &rows),
            outcome: outcome(&rows, &files),
            rows,
            keys,
            files,
        })
    }

    /// Baselines that no file was held against.
    fn unused(&self, used: &[PathBuf]) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        let refused = |error: std::io::Error| {
            let name = shown(&self.args.baseline.display().to_string());
            Failure::new(Exit::Io, format!("cannot read {name}: {error}"))
        };
        for entry in fs::read_dir(&self.args.baseline).map_err(refused)? {
            let path = entry.map_err(refused)?.path();
            if used.contains(&path) || !path.is_dir() {
                continue;
            }
            // What is damaged and not asked for is not in the way.
            if let Ok(Some(other)) = Recorded::open(&path) {
                names.push(other.name());
            }
        }
        names.sort();
        Ok(names)
    }
}

fn bytes_of<'a>(output: &'a Output, path: &str) -> Option<&'a [u8]> {
    let file = output.set.files.iter().find(|file| file.path == path)?;
    Some(&file.bytes)
}

/// What the digest of new results covers, line by line.
#[must_use]
pub fn covers(output: &Output) -> Vec<&str> {
    let lines = output.set.facts["digest_covers"].as_array().into_iter().flatten();
    lines.filter_map(serde_json::Value::as_str).collect()
}

fn traces(output: &Output) -> Vec<(String, String)> {
    let lines = covers(output).into_iter();
    let file = |line: &str| {
        let (name, content) = line.strip_prefix("file ")?.rsplit_once(' ')?;
        Some((name.to_string(), content.to_string()))
    };
    lines.filter_map(file).collect()
}

/// Why the two need not be the same to the last bit.
fn because(recorded: &Recorded, new: &New, keys: &[Key]) -> Result<Vec<String>, Failure> {
    let (was, is) = (identity(recorded.covers()), identity(covers(&new.done.output)));
    let differ = |head: &str| {
        let of = |lines: &[&str]| -> Vec<String> {
            let kept = lines.iter().filter(|line| line.starts_with(head));
            kept.map(|line| (*line).to_string()).collect()
        };
        of(&was) != of(&is)
    };
    let mut because = Vec::new();
    // The seed stands in the scenario, and is said by itself.
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
    if recorded.results_version() != u64::from(RESULTS_VERSION) {
        let was = recorded.results_version();
        because.push(format!("the version of results was {was} and is {RESULTS_VERSION}"));
    }
    let was = recorded.effort()?;
    let how = |effort: &Effort| (effort.quick, effort.replications, effort.solver);
    if how(&was) != how(&new.effort) {
        because.push("the effort differs".to_string());
    }
    Ok(because)
}

/// Files and histories that differ where nothing may.
fn moved(recorded: &Recorded, output: &Output) -> Vec<String> {
    if recorded.manifest["digest"] == output.set.digest.as_str() {
        return Vec::new();
    }
    let mut differing: Vec<String> =
        first_difference(&recorded.covers(), &covers(output)).into_iter().collect();
    let entries = recorded.manifest["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut names: Vec<&str> = entries.iter().filter_map(|entry| entry["path"].as_str()).collect();
    names.extend(output.set.files.iter().map(|file| file.path.as_str()));
    names.sort_unstable();
    names.dedup();
    // The page shows the digest, and so differs with anything.
    for name in names.into_iter().filter(|name| *name != "report.html") {
        let was = entries.iter().find(|entry| entry["path"] == name);
        let was = was.and_then(|entry| entry["sha256"].as_str()).map(str::to_string);
        let is = bytes_of(output, name).map(sha256);
        if was != is {
            differing.push(shown(name));
        }
    }
    differing
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

/// What is told and not judged: parts that only one has, windows and expectations that turned.
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
            let more = if names.len() > 1 { ", …" } else { "" };
            notes.push(format!("{} figures {word}: {first}{more}", names.len()));
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
        let same = |other: &&crate::study::record::OutcomeRecord| {
            other.figure == one.figure && other.is == one.is
        };
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
