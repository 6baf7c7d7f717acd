//! `run`: lives through the windows of scenarios, writes their results, prints a table.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::bug;
use super::check::{announce, cores};
use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Effort, Format, Simulation, TextOrJson};
use super::progress::Progress;
use super::stop::Stop;
use crate::facade::claims;
use crate::facade::error::Error;
use crate::facade::load::files;
use crate::facade::ready::Ready;
use crate::facade::results::Ending;
use crate::facade::{Results, Run};
use crate::report::run::{Output, page};
use crate::report::text;
use crate::report::write::{Overwrite, ResultsDirectory, Written};
use crate::scenario::render::shown;

/// Threads for each core, at most: more only wait for each other.
const THREADS_PER_CORE: usize = 4;

/// Runs every file.
///
/// # Errors
///
/// What keeps the command from going on, all of it before the first is lived through. A scenario that is refused is said and the next is taken;
/// the exit code is the first that is not [`Exit::Done`].
pub fn run(args: &super::flags::RunArgs, console: &Console) -> Result<Exit, Failure> {
    let files = files(&args.files)?;
    let place = |file: &PathBuf| match &args.simulation.out {
        Some(out) if files.len() == 1 => out.clone(),
        Some(out) => out.join(file.file_stem().unwrap_or_default()),
        None => named_for(default_out(file), args.simulation.effort.quick),
    };
    let places: Vec<PathBuf> = files.iter().map(place).collect();
    refuse_shared(&files, &places)?;
    let work = Work::new(&args.simulation, console)?.checking_claims();
    let work = work.with(work.options().asking(args.figure.clone()).reporting(true, true));
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
        // Whatever else went wrong on the way out: a signal is what ended it.
        if let Some(stopped) = work.stop.exit() {
            return Ok(stopped);
        }
    }
    Ok(exit)
}

/// Refuses two files whose results would go to one place, or one into those of the other.
fn refuse_shared(files: &[PathBuf], places: &[PathBuf]) -> Result<(), Failure> {
    let name = |path: &Path| shown(&path.display().to_string());
    for (at, place) in places.iter().enumerate() {
        let other = places[..at].iter().position(|o| o.starts_with(place) || place.starts_with(o));
        let Some(other) = other else { continue };
        let (one, two) = (name(&files[other]), name(&files[at]));
        let message = match places[other] == *place {
            true => format!("the results of `{one}` and `{two}` would both go to {}", name(place)),
            false => format!(
                "results would lie in each other: those of `{one}` in {}, those of `{two}` in {}",
                name(&places[other]),
                name(place)
            ),
        };
        let help = "run them one by one, each with an --out of its own";
        return Err(Failure::new(Exit::Usage, message).help(help));
    }
    Ok(())
}

/// `results/<path of the scenario below scenarios, without its ending>`.
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

/// The folder of a first look has a name of its own: it does not stand in the way of the real results.
#[must_use]
pub fn named_for(out: PathBuf, quick: bool) -> PathBuf {
    if quick { beside(out, "-quick") } else { out }
}

/// A folder of a longer name in the same place.
#[must_use]
pub fn beside(out: PathBuf, ending: &str) -> PathBuf {
    let mut out = out.into_os_string();
    out.push(ending);
    out.into()
}

/// What all files of one command share.
#[derive(Clone)]
pub struct Work<'a> {
    run: Run,
    format: Format,
    force: bool,
    /// Check the claims of a scenario too.
    claims: bool,
    console: &'a Console,
    /// Whether the user wants it to end.
    pub stop: Stop,
}

impl<'a> Work<'a> {
    /// Listens for signals and starts the threads.
    ///
    /// # Errors
    ///
    /// [`Exit::Io`] when the system does not let us.
    pub fn new(args: &'a Simulation, console: &'a Console) -> Result<Self, Failure> {
        Self::of(&args.effort, args.format, args.force, console)
    }

    /// As [`Self::new`], for a command with other flags. Once a process.
    ///
    /// # Errors
    ///
    /// [`Exit::Io`] when the system does not let us.
    pub fn of(
        effort: &'a Effort,
        format: Format,
        force: bool,
        console: &'a Console,
    ) -> Result<Self, Failure> {
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
        Ok(Self { run, format, force, claims: false, console, stop })
    }

    /// The same; what is wrong with the claims of a scenario keeps it from being run.
    #[must_use]
    pub fn checking_claims(self) -> Self {
        Self { claims: true, ..self }
    }

    /// The same with other options, on the same threads.
    #[must_use]
    pub fn with(&self, run: Run) -> Self {
        Self { run: run.on_threads_of(&self.run), ..self.clone() }
    }

    /// The same, speaking elsewhere.
    #[must_use]
    pub fn on<'b>(&'b self, console: &'b Console) -> Work<'b> {
        Work { console, ..self.clone() }
    }

    /// How much is simulated.
    #[must_use]
    pub const fn options(&self) -> &Run {
        &self.run
    }

    /// The form of diagnostics.
    #[must_use]
    pub const fn diagnostics(&self) -> TextOrJson {
        match self.format {
            Format::Json => TextOrJson::Json,
            Format::Text | Format::Csv => TextOrJson::Text,
        }
    }

    /// The failure of an error, after the errors of a scenario that is refused have been said.
    #[must_use]
    pub fn refused_quietly(&self, error: Error) -> Failure {
        Console { quiet: true, ..*self.console }.refused(error, self.diagnostics())
    }

    /// Says what failed.
    pub fn complain(&self, failure: &Failure) {
        self.console.complain(&match self.diagnostics() {
            TextOrJson::Text => failure.text(self.console.width()),
            TextOrJson::Json => failure.json(),
        });
    }

    /// Reads a scenario and resolves what is asked of it.
    ///
    /// # Errors
    ///
    /// [`Exit::Refused`], after saying why.
    pub fn ready(&self, file: &Path) -> Result<Arc<Ready>, Failure> {
        self.ready_in(file, None)
    }

    /// As [`Self::ready`], with the files that the scenario names in `folder`.
    ///
    /// # Errors
    ///
    /// As [`Self::ready`].
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
                "left out, since `--solver flows` runs no window: what the requests solver cannot \
                 simulate yet, {}\n",
                shown(&left.join("; "))
            ));
        }
        Ok(Arc::new(Ready::new(loaded, self.run.assignments.clone())?))
    }

    /// Lives through a scenario.
    ///
    /// # Errors
    ///
    /// [`Exit::Bug`] when an invariant is broken; [`Exit::Io`] when a file it names is gone.
    pub fn live(&self, ready: &Arc<Ready>) -> Result<Results, Failure> {
        self.during(ready, ready.replications(), |run| ready.live(run))
    }

    /// Does `work`, a piece of `total` replications of a scenario, by a run that is shown and can be stopped.
    ///
    /// # Errors
    ///
    /// [`Exit::Bug`] when an invariant is broken; whatever the work says.
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

    fn one(&self, file: &Path, out: &Path) -> Result<Exit, Failure> {
        let ready = self.ready(file)?;
        // Before the work, so that no long run ends at a folder that cannot be written.
        let directory = ResultsDirectory::open(out)?;
        directory.foresee(&ready.facts(), self.overwrite())?;
        let done = self.live(&ready)?;
        let written = self.write(&directory, done.output())?;
        let claims = ready.claims();
        if claims > 0 {
            let name = shown(&file.display().to_string());
            let are = if claims == 1 { "1 claim is" } else { &format!("{claims} claims are") };
            self.console
                .tell(&format!("note: {are} not judged here; `fivenines compare {name}` judges\n"));
        }
        heard(self.answer(&done, &directory, written))?;
        Ok(self.stop.exit().unwrap_or(match done.ending() {
            Ending::Limit => Exit::Limit,
            Ending::SolversDisagree => Exit::Integrity,
            Ending::Fails => Exit::Judged,
            Ending::Inconclusive => Exit::Inconclusive,
            Ending::Holds => Exit::Done,
        }))
    }

    /// What to do with other results that are there.
    #[must_use]
    pub const fn overwrite(&self) -> Overwrite {
        if self.force { Overwrite::Force } else { Overwrite::Refuse }
    }

    /// Writes a set.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn write(&self, directory: &ResultsDirectory, output: &Output) -> Result<Written, Failure> {
        Ok(directory.commit(&output.set, self.overwrite())?)
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
                let brief = page::brief(&output.document);
                self.console.answer(&text::document(&brief, self.console.terminal()))
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
        }
    }
}

/// Results are in files: whoever reads the answer may go (K8).
///
/// # Errors
///
/// Any other failure to answer.
pub fn heard(answered: Result<(), Failure>) -> Result<(), Failure> {
    answered.or_else(|failure| match failure.exit {
        Exit::ReaderGone => Ok(()),
        _ => Err(failure),
    })
}

/// What was written where.
#[must_use]
pub fn told(path: &Path, output: &Output, written: Written) -> String {
    let path = shown(&path.display().to_string());
    let count = output.set.files.len() + 1;
    let pages = output.set.files.iter().map(|file| file.path.as_str());
    let first = pages.filter(|path| path.ends_with(".html")).min().unwrap_or("manifest.json");
    match written {
        Written::New => format!("written {path}: {count} files, begin with {first}"),
        Written::Replaced => format!("replaced {path}: {count} files, begin with {first}"),
        Written::Unchanged => format!("unchanged {path}: the same results are there"),
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
