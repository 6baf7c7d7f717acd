//! `run`: lives through the windows of scenarios, writes their results, prints a table.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::bug;
use super::check::{announce, cores};
use super::claims;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{Effort, Format, Simulation, TextOrJson};
use super::load;
use super::progress::Progress;
use super::stop::Stop;
use crate::facade::Run;
use crate::facade::load::{Loaded, Purpose};
use crate::facade::ready::Ready;
use crate::plan::figure::NoSuchFigure;
use crate::plan::simulatable;
use crate::report::run::{Output, output, page};
use crate::report::write::{Overwrite, ResultsDirectory, Written};
use crate::report::{csv, text};
use crate::scenario::render::shown;
use crate::solve::requests::Breach;
use crate::study::expect::Verdict as Judgement;
use crate::study::results::Results;
use crate::study::sampled::agreement::Agrees;
use crate::study::scenario::{StudyPlan, StudyResult};
use crate::study::window::Watch;

/// Threads for each core, at most: more only wait for each other.
const THREADS_PER_CORE: usize = 4;

/// Runs every file.
///
/// # Errors
///
/// What keeps the command from going on, all of it before the first is lived through. A scenario that is refused is said and the next is taken;
/// the exit code is the first that is not [`Exit::Done`].
pub fn run(args: &super::flags::RunArgs, console: &Console) -> Result<Exit, Failure> {
    let files = load::files(&args.files)?;
    let place = |file: &PathBuf| match &args.simulation.out {
        Some(out) if files.len() == 1 => out.clone(),
        Some(out) => out.join(file.file_stem().unwrap_or_default()),
        None => named_for(default_out(file), args.simulation.effort.quick),
    };
    let places: Vec<PathBuf> = files.iter().map(place).collect();
    refuse_shared(&files, &places)?;
    let work = Work::new(&args.simulation, console)?.told(true).sampling(true).checking_claims();
    let work = work.asking(args.figure.clone());
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
    pool: Arc<rayon::ThreadPool>,
}

/// The failure for a figure of `--figure` that there is not.
#[must_use]
pub fn no_such_figure(wrong: &NoSuchFigure) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("--figure: {}", wrong.message));
    match &wrong.help {
        Some(help) => failure.help(help.clone()),
        None => failure,
    }
}

/// What a scenario gave.
pub struct Done {
    /// Estimates and samples.
    pub result: StudyResult,
    /// Its rows.
    pub results: Results,
    /// Its files and its page.
    pub output: Output,
}

impl Done {
    /// Whether a window was cut short by a limit of the run.
    #[must_use]
    pub fn met_a_limit(&self) -> bool {
        self.result.windows.iter().any(|window| window.stopped.is_some())
            || self.result.sampled.as_ref().is_some_and(|sampled| sampled.stopped().is_some())
    }

    /// Whether two solvers that answer the same question disagree.
    #[must_use]
    pub fn disagrees(&self) -> bool {
        let rows = self.results.sampled.iter().flat_map(|sampled| &sampled.agreement);
        rows.into_iter().any(|row| row.verdict == Agrees::Disagree)
    }
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
        let mut builder = rayon::ThreadPoolBuilder::new();
        if let Some(asked) = effort.threads {
            let cores = cores();
            let most = cores.saturating_mul(THREADS_PER_CORE);
            if asked.get() > most {
                console.tell(&format!(
                    "note: {most} threads instead of {asked}: {THREADS_PER_CORE} for each of {cores} cores\n"
                ));
            }
            builder = builder.num_threads(asked.get().min(most));
        }
        let pool = builder.build().map_err(|error| {
            Failure::new(Exit::Io, format!("cannot start the threads: {error}"))
        })?;
        let pool = Arc::new(pool);
        Ok(Self { run: effort.run(), format, force, claims: false, console, stop, pool })
    }

    /// The same; `alone`: why a scenario is down and what it costs is told, which nothing that puts
    /// scenarios side by side needs.
    #[must_use]
    pub fn told(mut self, alone: bool) -> Self {
        self.run.choices.alone = alone;
        self
    }

    /// The same, with windows of requests drawn from the years or without.
    #[must_use]
    pub fn sampling(mut self, sampled: bool) -> Self {
        self.run.choices.sampled = sampled;
        self
    }

    /// The same; what is wrong with the claims of a scenario keeps it from being run.
    #[must_use]
    pub fn checking_claims(self) -> Self {
        Self { claims: true, ..self }
    }

    /// The same with other options, on the same threads.
    #[must_use]
    pub fn with(&self, run: Run) -> Self {
        Self { run, ..self.clone() }
    }

    /// The same, with these figures to estimate beside those of the scenario.
    #[must_use]
    pub fn asking(&self, figures: Vec<String>) -> Self {
        self.with(Run { figures, ..self.run.clone() })
    }

    /// The same, with more laid over each file.
    #[must_use]
    pub fn laying(&self, assignments: impl IntoIterator<Item = String>) -> Self {
        let mut run = self.run.clone();
        run.assignments.extend(assignments);
        self.with(run)
    }

    /// The same, speaking elsewhere.
    #[must_use]
    pub fn on<'b>(&'b self, console: &'b Console) -> Work<'b> {
        Work { console, ..self.clone() }
    }

    /// Where it speaks.
    #[must_use]
    pub const fn console(&self) -> &Console {
        self.console
    }

    /// How much is simulated.
    #[must_use]
    pub const fn options(&self) -> &Run {
        &self.run
    }

    fn diagnostics(&self) -> TextOrJson {
        match self.format {
            Format::Json => TextOrJson::Json,
            Format::Text | Format::Csv => TextOrJson::Text,
        }
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
    pub fn ready(&self, file: &Path) -> Result<Ready, Failure> {
        self.ready_in(file, None)
    }

    /// As [`Self::ready`], with the files that the scenario names in `folder`.
    ///
    /// # Errors
    ///
    /// As [`Self::ready`].
    pub fn ready_in(&self, file: &Path, folder: Option<&Path>) -> Result<Ready, Failure> {
        let (mut loaded, study) = self.prepared(file, folder)?;
        if self.claims {
            claims::check(&mut loaded, &self.run.assignments);
        }
        let (choices, long) = (self.run.choices, self.run.long);
        announce(&mut loaded, study.as_ref(), choices, long, self.console);
        if loaded.found.has_errors() {
            loaded.tell(self.console, self.diagnostics());
            return Err(Failure::silent(Exit::Refused));
        }
        if !loaded.found.is_empty() && self.format == Format::Text {
            let name = shown(&file.display().to_string());
            let count = loaded.report().count();
            self.console.tell(&format!("{count}; see `fivenines check {name}`\n"));
        }
        let draft = loaded.runnable()?.draft;
        let left: Vec<String> =
            simulatable::not_yet(draft).into_iter().map(|one| one.what).collect();
        if !left.is_empty() {
            self.console.tell(&format!(
                "left out, since `--solver flows` runs no window: what the requests solver cannot \
                 simulate yet, {}\n",
                shown(&left.join("; "))
            ));
        }
        let ready = Ready::new(loaded, study, self.run.assignments.clone())?;
        if let Some((_, wrong)) = ready.study.refused.first() {
            return Err(no_such_figure(wrong));
        }
        Ok(ready)
    }

    /// As [`Self::ready`], without a message; `None` where something is wrong with it.
    #[must_use]
    pub fn ready_in_silence(&self, file: &Path) -> Option<Ready> {
        let (loaded, study) = self.prepared(file, None).ok()?;
        Ready::new(loaded, study, self.run.assignments.clone()).ok()
    }

    fn prepared(
        &self,
        file: &Path,
        folder: Option<&Path>,
    ) -> Result<(Loaded, Option<StudyPlan>), Failure> {
        let Run { assignments, figures, choices, .. } = &self.run;
        let mut loaded = load::load_in(file, folder, assignments, figures, Purpose::Run(*choices))?;
        let study = loaded.study.take();
        Ok((loaded, study))
    }

    /// Lives through a scenario.
    ///
    /// # Errors
    ///
    /// [`Exit::Bug`] when an invariant is broken; [`Exit::Io`] when a file it names is gone.
    pub fn live(&self, ready: &Ready) -> Result<Done, Failure> {
        let traces = ready.traces()?;
        let watch = Watch::default();
        let simulate = || ready.simulate(&watch);
        let result = self.during(ready, ready.replications(), &watch, simulate)?;
        let results = ready.rows(&result);
        // By the name of the file beside the results.
        let identity = ready.identity(traces, self.run.command("run", &["scenario"]));
        let output = output(&results, &identity);
        Ok(Done { result, results, output })
    }

    /// Does `work`, a piece of `total` replications of a scenario, on the threads, while `watch` is shown
    /// and told to stop.
    ///
    /// # Errors
    ///
    /// [`Exit::Bug`] when an invariant is broken.
    pub fn during<T: Send>(
        &self,
        ready: &Ready,
        total: u64,
        watch: &Watch,
        work: impl FnOnce() -> Result<T, Breach> + Send,
    ) -> Result<T, Failure> {
        let (name, digest) = (ready.name(), &ready.canonical.digest);
        let seed = ready.draft().scenario.run.seed.value;
        let progress = Progress::new(self.console, name, total);
        bug::during(format!("scenario {name}, {digest}, seed {seed}"), || {
            let done = progress.during(watch, &self.stop, 0, || self.pool.install(work));
            progress.finish();
            done.map_err(|breach| bug::breach(&breach))
        })
    }

    fn one(&self, file: &Path, out: &Path) -> Result<Exit, Failure> {
        let ready = self.ready(file)?;
        // Before the work, so that no long run ends at a folder that cannot be written.
        let directory = ResultsDirectory::open(out)?;
        directory.foresee(&ready.facts(), self.overwrite())?;
        let done = self.live(&ready)?;
        let written = self.write(&directory, &done.output)?;
        let claims = ready.draft().scenario.claim.len();
        if claims > 0 {
            let name = shown(&file.display().to_string());
            let are = if claims == 1 { "1 claim is" } else { &format!("{claims} claims are") };
            self.console
                .tell(&format!("note: {are} not judged here; `fivenines compare {name}` judges\n"));
        }
        heard(self.answer(&done, &directory, written))?;
        Ok(self.exit(&done))
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
        done: &Done,
        directory: &ResultsDirectory,
        written: Written,
    ) -> Result<(), Failure> {
        let digest = &done.output.set.digest;
        self.console.tell(&format!("{}\n", told(directory.path(), &done.output, written)));
        match self.format {
            Format::Text => {
                let brief = page::brief(&done.output.document);
                self.console.answer(&text::document(&brief, self.console.terminal()))
            }
            Format::Json => {
                let file = done.output.set.files.iter().find(|file| file.path == "summary.json");
                let bytes = file.map(|file| file.bytes.clone()).unwrap_or_default();
                let mut value: serde_json::Value =
                    serde_json::from_slice(&bytes).expect("the summary was written as JSON");
                value["digest"] = digest.as_str().into();
                let bytes = crate::report::json::bytes(&value);
                self.console.answer(&String::from_utf8_lossy(&bytes))
            }
            Format::Csv => {
                let table = figures(&done.results);
                let bytes = csv::table(&table, done.results.partial.as_deref());
                let bytes = bytes.expect("names of columns are written in this file");
                self.console.answer(&String::from_utf8_lossy(&bytes))?;
                self.console.complain(&format!("digest {digest}\n"));
                Ok(())
            }
        }
    }

    fn exit(&self, done: &Done) -> Exit {
        if let Some(stopped) = self.stop.exit() {
            return stopped;
        }
        if done.met_a_limit() {
            return Exit::Limit;
        }
        if done.disagrees() {
            return Exit::Integrity;
        }
        if done.result.judgements.contains(&Judgement::Fails) {
            return Exit::Judged;
        }
        let open = |how: &Judgement| matches!(how, Judgement::Inconclusive | Judgement::NotJudged);
        if done.result.judgements.iter().any(open) || !done.results.unreached.is_empty() {
            return Exit::Inconclusive;
        }
        Exit::Done
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

/// Every figure in one table.
fn figures(results: &Results) -> crate::report::document::Table {
    use crate::report::document::{Cell, Column, Figure, Table, Unit};
    use crate::report::run::files::bound;
    use crate::report::run::unit;
    use crate::study::window::Estimate;
    let columns = vec![
        Column::words("scenario", "scenario"),
        Column::words("figure", "figure"),
        Column::words("unit", "unit"),
        Column::numbers("value", "value", Unit::None),
        Column::words("verdict", "verdict"),
        Column::words("reason", "reason"),
    ];
    let row = |row: &crate::study::results::FigureRow| {
        let unit = unit(row.unit);
        let (value, reason) = match &row.estimate {
            Estimate::Interval(i) => {
                let figure = Figure::estimate(i.estimate, i.low, i.high, unit.clone());
                (Cell::Figure(figure), bound(i).unwrap_or_default().to_string())
            }
            Estimate::Single(value) => {
                (Cell::Figure(Figure::exact(*value, unit.clone())), "single run".to_string())
            }
            Estimate::Missing(reason) => (Cell::missing(reason.to_string()), reason.to_string()),
        };
        vec![
            Cell::text(results.scenario.clone()),
            Cell::text(row.path.clone()),
            Cell::text(crate::report::json::unit(&unit)),
            value,
            Cell::text(
                row.window.map_or("", |at| results.windows[at].verdict_of_figure(&row.path).word()),
            ),
            Cell::text(reason),
        ]
    };
    let of_years = results.years.iter().flat_map(|years| &years.figures);
    let joined = results.sampled.iter().flat_map(|sampled| &sampled.figures);
    let all = results.figures.iter().chain(of_years).chain(joined);
    Table { caption: String::new(), columns, rows: all.map(row).collect() }
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
