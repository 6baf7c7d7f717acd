//! `gate`: fails if a figure has changed since the baseline.

use std::fs;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::diff::tell_as_it_stands;
use super::exit::{Exit, Failure};
use super::flags::{Annotations, Effort, Format, GateArgs, TextOrJson};
use super::replay::effort_of;
use super::run::{Work, told};
use crate::facade::Results;
use crate::facade::gate::Baseline;
use crate::facade::load::{Purpose, files, load};
use crate::facade::recorded::Recorded;
use crate::report::gate::{Gated, Outcome, Report, annotations, bytes, comment, junit, text};
use crate::report::write::ResultsDirectory;
use crate::scenario::render::shown;

/// Judges every file against its baseline.
///
/// # Errors
///
/// Wrong flags, files or folders. A scenario that cannot be judged is reported, and the next one is judged.
pub fn gate(args: &GateArgs, console: &Console) -> Result<Exit, Failure> {
    if args.annotations == Annotations::Github && args.format == TextOrJson::Json {
        let message = "--annotations github and --format json both write to standard output";
        let help = "use --junit FILE, which writes to a file";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    let files = files(&args.files)?;
    if !args.baseline.is_dir() {
        let name = shown(&args.baseline.display().to_string());
        let message = format!("there is no baseline in {name}");
        return Err(Failure::new(Exit::Inconclusive, message).help(how_to_make(args)));
    }
    // Before the run, so that a long run does not end at a file that cannot be written.
    for path in [&args.junit, &args.markdown].into_iter().flatten() {
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
                // A signal ends the loop; scenarios judged before it are reported.
                if gate.work.stop.asked() {
                    break;
                }
                not_judged = not_judged.or(Some(failure.exit));
                left_out(file, &name, failure)
            }
        };
        report.scenarios.push(gated);
    }
    // Single files on the command line do not imply that the other baselines should be used.
    if args.files.iter().any(|path| path.is_dir()) {
        report.unused = gate.unused(&used)?;
    }
    let exit = exit(&report, not_judged);
    let exit = gate.work.stop.exit().unwrap_or(exit);
    if let Some(path) = &args.junit {
        write(path, junit::xml(&report))?;
    }
    if let Some(path) = &args.markdown {
        write(path, comment::markdown(&report))?;
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

/// Returns the code of the worst outcome: changed, else not judged, else undecided.
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

/// Writes a file of its own.
///
/// # Errors
///
/// A file that cannot be written.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Failure> {
    fs::write(path, content).map_err(|error| {
        let name = shown(&path.display().to_string());
        Failure::new(Exit::Io, format!("cannot write {name}: {error}"))
    })
}

/// Returns the command that creates the missing baseline.
fn how_to_make(args: &GateArgs) -> String {
    let names: Vec<String> =
        args.files.iter().map(|path| shown(&path.display().to_string())).collect();
    let out = shown(&args.baseline.display().to_string());
    let verb = if args.files.iter().any(|path| path.is_dir()) { "compare" } else { "run" };
    format!(
        "create one from a version known to be good: fivenines {verb} {} --out {out}",
        names.join(" ")
    )
}

fn left_out(file: &Path, name: &str, failure: Failure) -> Gated {
    let why = failure.message.unwrap_or_else(|| "it was refused; its errors are above".into());
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

impl Gate<'_> {
    /// Judges one file. A failure comes with the name of the scenario, as far as it is known. `None`: the scenario
    /// has no baseline and cannot have one, since `compare` leaves it out.
    fn one(
        &self,
        file: &Path,
        used: &mut Vec<PathBuf>,
    ) -> Result<Option<Gated>, (String, Failure)> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let nameless = |failure| (shown(&stem), failure);
        // A refused file has a baseline too.
        used.push(self.args.baseline.join(&stem));
        let loaded = load(file, &self.args.effort.assignments(), Purpose::Read);
        let loaded = loaded.map_err(|error| nameless(error.into()))?;
        let refused = |error| nameless(self.console.refused(error, self.args.format));
        loaded.sound().map_err(refused)?;
        let name = loaded.name().unwrap_or_default().to_string();
        let named = |failure| (name.clone(), failure);
        let recorded = match self.baseline(&name, &stem) {
            Err(failure) if failure.exit == Exit::Inconclusive && !loaded.not_yet().is_empty() => {
                let name = shown(&name);
                self.console.tell(&format!("{name} cannot be simulated yet, left out\n"));
                return Ok(None);
            }
            found => found.map_err(named)?,
        };
        used.push(recorded.folder.clone());
        let baseline = self.known(recorded).map_err(named)?;
        let (results, same_effort) = self.lived(file, &baseline.recorded).map_err(named)?;
        let held = baseline.hold(file, &results, same_effort);
        let held = held.map_err(|error| named(error.into()))?;
        tell_as_it_stands(&held.side, self.console);
        Ok(Some(held.gated))
    }

    /// Finds the baseline of a scenario.
    fn baseline(&self, name: &str, stem: &str) -> Result<Recorded, Failure> {
        let root = &self.args.baseline;
        for folder in [root.join(name), root.join(stem), root.clone()] {
            let again = format!("{} --force", how_to_make(self.args));
            let opened = Recorded::open(&folder);
            let opened = opened.map_err(|error| Failure::from(error).help(again))?;
            let Some(recorded) = opened else { continue };
            if recorded.scenario() == name {
                return Ok(recorded);
            }
        }
        let root = shown(&root.display().to_string());
        let message = format!("there is no baseline of `{}` in {root}", shown(name));
        Err(Failure::new(Exit::Inconclusive, message).help(how_to_make(self.args)))
    }

    /// Reads the figures of a baseline.
    fn known(&self, recorded: Recorded) -> Result<Baseline, Failure> {
        Baseline::read(recorded).map_err(|error| match Failure::from(error) {
            failure if failure.exit == Exit::Inconclusive => {
                failure.help(format!("{} --force", how_to_make(self.args)))
            }
            failure => failure,
        })
    }

    /// Simulates the file with the effort of the baseline; flags on the command line take precedence. Returns the
    /// results and whether the effort is the same.
    fn lived(&self, file: &Path, recorded: &Recorded) -> Result<(Results, bool), Failure> {
        let given = &self.args.effort;
        let was = effort_of(recorded)?;
        let mut effort = given.clone();
        effort.seed = given.seed.or(recorded.manifest["seed"].as_u64());
        effort.solver = given.solver.or(was.solver);
        effort.figure.clone_from(&was.figure);
        if !given.quick && given.replications.is_none() {
            effort.quick = was.quick;
            effort.replications = was.replications;
        }
        let run = effort.run().reporting(recorded.is_told_alone(), recorded.is_sampled());
        let work = self.work.with(run);
        let ready = work.ready(file)?;
        let place = match &self.args.out {
            Some(out) => {
                let place = ResultsDirectory::open(&out.join(ready.name()))?;
                place.foresee(ready.name(), &ready.facts(), work.overwrite())?;
                Some(place)
            }
            None => None,
        };
        let done = work.live(&ready)?;
        if let Some(place) = &place {
            let written = work.write(place, done.output())?;
            self.console.tell(&format!("{}\n", told(place.path(), done.output(), written)));
        }
        let how = |effort: &Effort| (effort.quick, effort.replications, effort.solver);
        Ok((done, how(&was) == how(&effort)))
    }

    /// Returns the baselines that no file was compared with.
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
            // A damaged baseline that no file needs is ignored.
            if let Ok(Some(other)) = Recorded::open(&path) {
                names.push(other.name());
            }
        }
        names.sort();
        Ok(names)
    }
}
