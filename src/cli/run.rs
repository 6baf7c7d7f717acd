//! `run`: simulates the windows and the long horizon of scenarios, writes their results, prints a page.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::bug;
use super::check::{announce, cores};
use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Effort, Format, Simulation, TextOrJson};
use super::parquet;
use super::progress::Progress;
use super::shards;
use super::stop::Stop;
use super::watch::watch;
use crate::facade::claims;
use crate::facade::error::Error;
use crate::facade::load::{Loaded, files};
use crate::facade::ready::Ready;
use crate::facade::results::Ending;
use crate::facade::since::since;
use crate::facade::{Results, Run};
use crate::report::document::Document;
use crate::report::run::{Output, page};
use crate::report::text;
use crate::report::write::{Overwrite, ResultsDirectory, Written};
use crate::scenario::render::shown;

/// Largest number of threads per core: more would only wait for each other.
const THREADS_PER_CORE: usize = 4;

/// Runs every file.
///
/// # Errors
///
/// Wrong flags, files or folders, all found before the first run. A scenario that is refused or fails is reported,
/// and the next one is run. The exit code is the first that is not [`Exit::Done`].
pub fn run(args: &super::flags::RunArgs, console: &Console) -> Result<Exit, Failure> {
    let files = files(&args.files)?;
    let mut simulation = args.simulation.clone();
    simulation.effort.quick |= args.watch;
    let place = |file: &PathBuf| match &simulation.out {
        Some(out) if files.len() == 1 => out.clone(),
        Some(out) => out.join(file.file_stem().unwrap_or_default()),
        None => named_for(default_out(file), simulation.effort.quick),
    };
    let places: Vec<PathBuf> = files.iter().map(place).collect();
    refuse_shared(&files, &places)?;
    if simulation.format == Format::Parquet && (args.watch || files.len() > 1) {
        let message = "--format parquet: one file holds one table";
        let help = "run one scenario at a time, without --watch, or `compare` them";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    let work = Work::of_run(&simulation, &args.figure, console)?;
    if let Some(shard) = args.part.shard {
        return shards::one(&work, &files, &places, (shard, args.part.round.as_deref()));
    }
    if args.watch {
        return watch(&work, &files, &places);
    }
    let mut exit = Exit::Done;
    for (file, out) in files.iter().zip(&places) {
        let ended = match work.one(file, out) {
            Ok(ended) => ended,
            Err(failure) => {
                work.complain(&failure);
                failure.exit
            }
        };
        if exit == Exit::Done {
            exit = ended;
        }
        // A signal decides the exit code, whatever else failed.
        if let Some(stopped) = work.stop.exit() {
            return Ok(stopped);
        }
    }
    Ok(exit)
}

/// Refuses two files whose results would share a folder, or of which one would be inside the other.
fn refuse_shared(files: &[PathBuf], places: &[PathBuf]) -> Result<(), Failure> {
    let name = |path: &Path| shown(&path.display().to_string());
    for (at, place) in places.iter().enumerate() {
        let other = places[..at].iter().position(|o| o.starts_with(place) || place.starts_with(o));
        let Some(other) = other else { continue };
        let (one, two) = (name(&files[other]), name(&files[at]));
        let message = match places[other] == *place {
            true => format!("the results of `{one}` and `{two}` would both go to {}", name(place)),
            false => format!(
                "results folders would be nested: `{one}` in {}, `{two}` in {}",
                name(&places[other]),
                name(place)
            ),
        };
        let help = "run them one by one, each with its own --out";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    Ok(())
}

/// Returns `results/<path of the scenario below scenarios, without extension>`.
#[must_use]
pub fn default_out(file: &Path) -> PathBuf {
    let names: Vec<&std::ffi::OsStr> = file
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect();
    let below = names.iter().rposition(|name| *name == "scenarios").map(|at| &names[at + 1..]);
    let kept = below.unwrap_or(&names[names.len().saturating_sub(1)..]);
    let mut out = PathBuf::from("results");
    out.extend(kept);
    out.set_extension("");
    out
}

/// Adds a suffix to the folder of a quick run, so that it does not block the full results.
#[must_use]
pub fn named_for(out: PathBuf, quick: bool) -> PathBuf {
    if quick { beside(out, "-quick") } else { out }
}

/// Returns a folder in the same place whose name has the given suffix.
#[must_use]
pub fn beside(out: PathBuf, ending: &str) -> PathBuf {
    let mut out = out.into_os_string();
    out.push(ending);
    out.into()
}

/// The state that all files of one command share.
#[derive(Clone)]
pub struct Work<'a> {
    run: Run,
    format: Format,
    force: bool,
    /// True if every table of the report is printed.
    details: bool,
    /// True if earlier results of the same scenario are kept beside the new ones.
    keeps: bool,
    /// True if the claims of a scenario are checked as well.
    claims: bool,
    console: &'a Console,
    /// The stop flag, which signals set.
    pub stop: Stop,
}

impl<'a> Work<'a> {
    /// Listens for signals and starts the threads.
    ///
    /// # Errors
    ///
    /// [`Exit::Io`] if the operating system refuses.
    pub fn new(args: &'a Simulation, console: &'a Console) -> Result<Self, Failure> {
        Ok(Self::of(&args.effort, args.format, args.force, console)?.keeping(args.details))
    }

    /// Like [`Self::new`], for scenarios that are run alone: with claims checked, causes of downtime and figures that are
    /// asked for.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::new`].
    pub fn of_run(
        args: &'a Simulation,
        figures: &[String],
        console: &'a Console,
    ) -> Result<Self, Failure> {
        let work = Self::new(args, console)?.checking_claims();
        Ok(work.with(work.options().asking(figures.to_vec()).reporting(true, true)))
    }

    /// Like [`Self::new`], for a command with other flags. May be called once per process.
    ///
    /// # Errors
    ///
    /// [`Exit::Io`] if the operating system refuses; a format that cannot be printed.
    pub fn of(
        effort: &'a Effort,
        format: Format,
        force: bool,
        console: &'a Console,
    ) -> Result<Self, Failure> {
        parquet::check(format, console)?;
        let stop = Stop::listen()?;
        let threads = effort.threads.map(|asked| {
            let cores = cores();
            let most = cores.saturating_mul(THREADS_PER_CORE);
            if asked.get() > most {
                console.tell(&format!(
                    "note: {most} threads instead of {asked}: {THREADS_PER_CORE} for each of {cores} cores\n"
                ));
            }
            asked.get().min(most)
        });
        let run = effort.run().with_own_threads(threads)?;
        Ok(Self { run, format, force, details: false, keeps: false, claims: false, console, stop })
    }

    /// Returns the same work that keeps earlier results, and prints every table of the report if `details` are asked for.
    #[must_use]
    pub fn keeping(self, details: bool) -> Self {
        Self { details, keeps: true, ..self }
    }

    /// Returns the same work with claims checked: errors in the claims of a scenario prevent its run.
    #[must_use]
    pub fn checking_claims(self) -> Self {
        Self { claims: true, ..self }
    }

    /// Returns the same work with other options, on the same threads.
    #[must_use]
    pub fn with(&self, run: Run) -> Self {
        Self { run: run.on_threads_of(&self.run), ..self.clone() }
    }

    /// Returns the same work with another console.
    #[must_use]
    pub fn on<'b>(&'b self, console: &'b Console) -> Work<'b> {
        Work { console, ..self.clone() }
    }

    /// Returns the console.
    #[must_use]
    pub const fn console(&self) -> &'a Console {
        self.console
    }

    /// Returns the options of the runs.
    #[must_use]
    pub const fn options(&self) -> &Run {
        &self.run
    }

    /// Returns the format of diagnostics.
    #[must_use]
    pub const fn diagnostics(&self) -> TextOrJson {
        match self.format {
            Format::Json => TextOrJson::Json,
            Format::Text | Format::Csv | Format::Parquet => TextOrJson::Text,
        }
    }

    /// Converts an error to a failure, after printing only the errors of a refused scenario.
    #[must_use]
    pub fn refused_quietly(&self, error: Error) -> Failure {
        Console { quiet: true, ..*self.console }.refused(error, self.diagnostics())
    }

    /// Prints a failure.
    pub fn complain(&self, failure: &Failure) {
        self.console.complain(&match self.diagnostics() {
            TextOrJson::Text => failure.text(self.console.width()),
            TextOrJson::Json => failure.json(),
        });
    }

    /// Reads a scenario and resolves everything that the run asks for.
    ///
    /// # Errors
    ///
    /// [`Exit::Refused`], after printing the diagnostics; a file that cannot be read.
    pub fn ready(&self, file: &Path) -> Result<Arc<Ready>, Failure> {
        self.ready_in(file, None)
    }

    /// Like [`Self::ready`], with the scenario's trace files in `folder`.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::ready`].
    pub fn ready_in(&self, file: &Path, folder: Option<&Path>) -> Result<Arc<Ready>, Failure> {
        let mut loaded = self.run.read(file, folder)?;
        if self.claims {
            claims::check(&mut loaded, &self.run.assignments);
        }
        announce(&mut loaded, &self.run, self.console);
        loaded.sound().map_err(|error| self.console.refused(error, self.diagnostics()))?;
        if !loaded.found.is_empty() && self.format == Format::Text {
            let name = shown(&file.display().to_string());
            let count = loaded.report().count();
            self.console.tell(&format!("{count}; see `fivenines check {name}`\n"));
        }
        let left = loaded.not_yet();
        if !left.is_empty() {
            self.console.tell(&format!(
                "left out, because `--solver flows` simulates no window: features that the \
                 requests solver cannot simulate yet, {}\n",
                shown(&left.join("; "))
            ));
        }
        Ok(Arc::new(Ready::new(loaded, self.run.assignments.clone())?))
    }

    /// Resolves everything that the run asks for of a scenario that was run before and is read again.
    ///
    /// # Errors
    ///
    /// [`Exit::Refused`], after printing the diagnostics.
    pub fn ready_again(&self, loaded: Loaded) -> Result<Arc<Ready>, Failure> {
        loaded.sound().map_err(|error| self.console.refused(error, self.diagnostics()))?;
        Ok(Arc::new(Ready::new(loaded, Vec::new())?))
    }

    /// Simulates a scenario.
    ///
    /// # Errors
    ///
    /// [`Exit::Bug`] if an invariant is broken; [`Exit::Io`] if a trace file no longer exists.
    pub fn live(&self, ready: &Arc<Ready>) -> Result<Results, Failure> {
        self.during(ready, ready.replications(), |run| ready.live(run))
    }

    /// Runs `work`, which simulates `total` replications of a scenario, with its progress shown and with a stop on
    /// signals.
    ///
    /// # Errors
    ///
    /// [`Exit::Bug`] if an invariant is broken; any error of the work.
    pub fn during<T>(
        &self,
        ready: &Ready,
        total: u64,
        work: impl FnOnce(&Run) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let progress = Arc::new(Progress::new(self.console, ready.name(), total));
        let run = progress.watch(self.run.clone(), self.stop);
        bug::during(ready.phrase(), || {
            let done = work(&run);
            progress.finish();
            Ok(done?)
        })
    }

    /// Runs one file: reads, simulates, writes the results and prints the answer.
    ///
    /// # Errors
    ///
    /// The scenario is refused, or the run or the writer fails.
    pub fn one(&self, file: &Path, out: &Path) -> Result<Exit, Failure> {
        let ready = self.ready(file)?;
        let done = |ready: &Arc<Ready>| self.live(ready);
        self.to_folder(&ready, &shown(&file.display().to_string()), out, done)
    }

    /// Gets the results of a scenario, whose file has a `name`, from `done`, writes them and prints the answer.
    ///
    /// # Errors
    ///
    /// The run or the writer fails.
    pub fn to_folder(
        &self,
        ready: &Arc<Ready>,
        name: &str,
        out: &Path,
        done: impl FnOnce(&Arc<Ready>) -> Result<Results, Failure>,
    ) -> Result<Exit, Failure> {
        // Before the run, so that a long run does not end at a folder that cannot be written.
        let directory = ResultsDirectory::open(out)?;
        directory.foresee(ready.name(), &ready.facts(), self.overwrite())?;
        let done = done(ready)?;
        let written = self.write(&directory, done.output())?;
        if written == Written::Replaced && self.overwrite() == Overwrite::Keep {
            self.console.tell(&since(&directory.previous(), &done, self.console.terminal())?);
        }
        let claims = ready.claims();
        if claims > 0 {
            let are = if claims == 1 { "1 claim is" } else { &format!("{claims} claims are") };
            self.console
                .tell(&format!("note: {are} not judged here; `fivenines compare {name}` judges\n"));
        }
        heard(self.answer(&done, &directory, written))?;
        Ok(self.stop.exit().unwrap_or(exit_of(done.ending())))
    }

    /// Returns whether any file or results in the way are replaced.
    #[must_use]
    pub const fn forces(&self) -> bool {
        self.force
    }

    /// Returns what happens to other results in the folder.
    #[must_use]
    pub const fn overwrite(&self) -> Overwrite {
        match (self.force, self.keeps) {
            (true, _) => Overwrite::Force,
            (false, true) => Overwrite::Keep,
            (false, false) => Overwrite::Refuse,
        }
    }

    /// Writes a set of results.
    ///
    /// # Errors
    ///
    /// The errors of the writer.
    pub fn write(&self, directory: &ResultsDirectory, output: &Output) -> Result<Written, Failure> {
        Ok(directory.commit(&output.set, self.overwrite())?)
    }

    /// Formats the answer for a terminal: the first screen, or every table with `--details`. After a signal two lines
    /// say where the partial results are.
    #[must_use]
    pub fn text(
        &self,
        document: &Document,
        details: impl FnOnce() -> Document,
        place: &Path,
    ) -> String {
        let terminal = self.console.terminal();
        if self.stop.asked() {
            text::stopped(document, &shown(&place.display().to_string()), terminal)
        } else if self.details {
            text::document(&details(), terminal)
        } else {
            text::lead(document, terminal)
        }
    }

    fn answer(
        &self,
        done: &Results,
        directory: &ResultsDirectory,
        written: Written,
    ) -> Result<(), Failure> {
        let output = done.output();
        let digest = &output.set.digest;
        self.console.tell(&format!("{}\n", told(directory.path(), output, written)));
        match self.format {
            Format::Text => {
                let details = || page::brief(&output.document);
                self.console.answer(&self.text(&output.document, details, directory.path()))
            }
            Format::Json => {
                let bytes = output.set.file("summary.json").unwrap_or_default();
                let mut value: serde_json::Value =
                    serde_json::from_slice(bytes).expect("the summary was written as JSON");
                value["digest"] = digest.as_str().into();
                let bytes = crate::report::json::bytes(&value);
                self.console.answer(&String::from_utf8_lossy(&bytes))
            }
            Format::Csv => {
                self.console.answer(&String::from_utf8_lossy(&done.figures_csv()))?;
                self.console.complain(&format!("digest {digest}\n"));
                Ok(())
            }
            Format::Parquet => {
                parquet::answer(self.console, "figures.csv", &done.figures_csv(), digest)
            }
        }
    }
}

/// Returns the exit code of an outcome; `run` and `compare` share it.
pub const fn exit_of(ending: Ending) -> Exit {
    match ending {
        Ending::Limit => Exit::Limit,
        Ending::SolversDisagree => Exit::Integrity,
        Ending::Fails => Exit::Judged,
        Ending::Inconclusive => Exit::Inconclusive,
        Ending::Holds => Exit::Done,
    }
}

/// Ignores a closed pipe: the results are in files, so the reader of the answer may leave (K8).
///
/// # Errors
///
/// Any other failure to print the answer.
pub fn heard(answered: Result<(), Failure>) -> Result<(), Failure> {
    answered.or_else(|failure| match failure.exit {
        Exit::ReaderGone => Ok(()),
        _ => Err(failure),
    })
}

/// Describes what was written to which folder.
#[must_use]
pub fn told(path: &Path, output: &Output, written: Written) -> String {
    let path = shown(&path.display().to_string());
    let count = output.set.files.len() + 1;
    let pages = output.set.files.iter().map(|file| file.path.as_str());
    let first = pages.filter(|path| path.ends_with(".html")).min().unwrap_or("manifest.json");
    match written {
        Written::New => format!("written {path}: {count} files, begin with {first}"),
        Written::Replaced => format!("replaced {path}: {count} files, begin with {first}"),
        Written::Unchanged => format!("reproduced {path}: identical to the stored results"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_lie_where_the_scenario_lies() {
        let cases = [
            ("scenarios/tiers/tier-1.toml", "results/tiers/tier-1"),
            ("/home/u/scenarios/tiers/tier-1.toml", "results/tiers/tier-1"),
            ("../scenarios/a/scenarios/b.toml", "results/b"),
            ("shop.toml", "results/shop"),
            ("work/shop.toml", "results/shop"),
        ];
        for (file, out) in cases {
            assert_eq!(default_out(Path::new(file)), Path::new(out), "{file}");
        }
    }
}
