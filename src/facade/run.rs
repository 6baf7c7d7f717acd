//! Options of a run.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::error::{Error, Kind};
use super::load::{Loaded, Purpose, load_in};
use crate::model::spec::runs::MOST_REPLICATIONS;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::source::Source;
use crate::study::scenario::{Choices, Solver};
use crate::study::window::Watch;

/// Interval between two calls of the progress and stop functions.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A function that receives the number of finished replications and their total.
type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;
/// A function that returns whether to stop.
type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// The options of a run: replications, seed, solver, number of threads.
///
/// Without any option a run does what the command `fivenines run` does: everything that the scenario asks for. The
/// same scenario, options and seed give the same results on any number of threads.
///
/// ```
/// use fivenines::{Run, Scenario};
///
/// let scenario = Scenario::parse(
///     r#"
///     scenario = "desk"
///     format = 2
///     station.desk = { servers = 1, service = { dist = "exponential", mean = "20ms" } }
///     request.page.steps = [{ visit = "desk" }]
///     workload.visitors = { request = "page", rate = "20/s" }
///     window.busy.length = "20s"
///     "#,
/// )?;
/// let run = Run::new().seed(7).replications(3).threads(2);
/// let once = scenario.run(&run)?;
/// let again = scenario.run(&run.threads(1))?;
/// assert_eq!(once.digest(), again.digest());
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Clone)]
pub struct Run {
    /// Assignments applied to the scenario, each `PATH=VALUE`.
    pub(crate) assignments: Vec<String>,
    /// Figures to estimate in addition to those of the scenario.
    pub(crate) figures: Vec<String>,
    /// Replications, solver, and the purpose of the run.
    pub(crate) choices: Choices,
    pub(crate) long: bool,
    threads: usize,
    /// Thread pool that several runs share; it replaces `threads`.
    pool: Option<Arc<rayon::ThreadPool>>,
    progress: Option<Progress>,
    stop: Option<Stop>,
}

impl Run {
    /// Creates the options of a run as the scenario defines it.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().seed(7);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            assignments: Vec::new(),
            figures: Vec::new(),
            choices: Choices { alone: true, sampled: true, ..Choices::default() },
            long: false,
            threads: 0,
            pool: None,
            progress: None,
            stop: None,
        }
    }

    /// Creates the options of a quick run: 2 to 4 replications, of a quarter of each window in which every moment is like
    /// every other. A window in which something happens at a time of the clock keeps its length. Intervals are wide, and
    /// expectations that depend on a length that is cut are not judged.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::quick().seed(7);
    /// ```
    #[must_use]
    pub fn quick() -> Self {
        let run = Self::new();
        Self { choices: Choices { quick: true, ..run.choices }, ..run }
    }

    fn assign(mut self, assignment: String) -> Self {
        self.assignments.push(assignment);
        self
    }

    /// Sets the seed of all random draws, in place of the scenario's.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().seed(7);
    /// ```
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.assign(format!("run.seed={seed}"))
    }

    /// Sets the number of replications of everything, in place of the scenario's: 1 to 1,000,000,000, at most 1,000,000
    /// where the scenario has an objective. With a horizon, a number above 20,000 is a multiple of 10, above 200,000 of 100,
    /// and so on. With a single replication, figures have no interval.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().replications(30);
    /// ```
    #[must_use]
    pub fn replications(mut self, count: u32) -> Self {
        self.choices.replications = Some(count);
        self
    }

    /// Adds replications until the half-width of the figure's interval is at most the given share of its value. The
    /// scenario's largest number of replications still applies.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().precision("latency.page.p95@peak", 0.02);
    /// ```
    #[must_use]
    pub fn precision(self, figure: &str, share: f64) -> Self {
        self.assign(format!("run.precision.\"{figure}\"={share}"))
    }

    /// Estimates one figure in addition to those that the scenario asks for.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().figure("latency.page.p999@peak");
    /// ```
    #[must_use]
    pub fn figure(mut self, path: &str) -> Self {
        // Without blanks: the path is one word of the command that the results record.
        self.figures.push(path.split_whitespace().collect());
        self
    }

    /// Simulates only the windows, request by request.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().requests_only();
    /// ```
    #[must_use]
    pub fn requests_only(mut self) -> Self {
        self.choices.solver = Some(Solver::Requests);
        self
    }

    /// Simulates only the long horizon, from fault to fault.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().years_only();
    /// ```
    #[must_use]
    pub fn years_only(mut self) -> Self {
        self.choices.solver = Some(Solver::Flows);
        self
    }

    /// Replaces every distribution of a time or a size by the exponential distribution with the same mean.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().exponential_laws();
    /// ```
    #[must_use]
    pub fn exponential_laws(self) -> Self {
        self.assign("run.laws=exponential".to_string())
    }

    /// Leaves out what only the report on a single scenario needs: the causes of its downtime, and request windows
    /// sampled from the long horizon. The command `fivenines compare` uses this option.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().for_comparison();
    /// ```
    #[must_use]
    pub fn for_comparison(self) -> Self {
        self.reporting(false, false)
    }

    /// Allows a run of more than about 10^11 events, which is refused by default.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().long();
    /// ```
    #[must_use]
    pub fn long(mut self) -> Self {
        self.long = true;
        self
    }

    /// Sets the number of threads; 0, the default, means one per core. Results do not depend on it.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().threads(4);
    /// ```
    #[must_use]
    pub fn threads(mut self, count: usize) -> Self {
        self.threads = count;
        self
    }

    /// Calls `progress` every 50 ms with the number of finished replications and their total. The total can grow if a
    /// required precision needs more.
    ///
    /// ```
    /// # use fivenines::Run;
    /// let run = Run::new().on_progress(|done, all| eprintln!("{done} of {all}"));
    /// ```
    #[must_use]
    pub fn on_progress(mut self, progress: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// Calls `stop` every 50 ms; the run stops once it returns true. The results then cover the finished
    /// replications, and [`Results::partial`](crate::Results::partial) states that.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// # use fivenines::Run;
    ///
    /// let cancelled = Arc::new(AtomicBool::new(false));
    /// let asked = Arc::clone(&cancelled);
    /// let run = Run::new().stop_when(move || asked.load(Ordering::Relaxed));
    /// ```
    #[must_use]
    pub fn stop_when(mut self, stop: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stop = Some(Arc::new(stop));
        self
    }

    /// Returns the same run with these assignments in addition, each `PATH=VALUE`.
    pub(crate) fn laying(&self, assignments: impl IntoIterator<Item = String>) -> Self {
        let mut run = self.clone();
        run.assignments.extend(assignments);
        run
    }

    /// Returns a run with these choices and figures and no assignments, on the threads and with the functions of this one.
    pub(crate) fn choosing(&self, choices: Choices, figures: Vec<String>) -> Self {
        Self { choices, figures, assignments: Vec::new(), ..self.clone() }
    }

    /// Returns the same run with `figures` as the figures to estimate in addition to those of the scenario.
    pub(crate) fn asking(&self, figures: Vec<String>) -> Self {
        Self { figures, ..self.clone() }
    }

    /// Reads the scenario at `path` for this run; its trace files are in `folder`, or else beside it.
    pub(crate) fn read(&self, path: &Path, folder: Option<&Path>) -> Result<Loaded, Error> {
        load_in(path, folder, &self.assignments, &self.figures, Purpose::Run(self.choices))
    }

    /// Reads the canonical text of a scenario, which has the assignments of this run; its trace files are in `folder`.
    pub(crate) fn read_canonical(&self, text: &str, folder: &Path) -> Loaded {
        let mut found = Diagnostics::new();
        let source = Source::from_bytes("scenario.toml", text.as_bytes(), &mut found);
        let purpose = Purpose::Run(self.choices);
        Loaded::asking(source, folder.to_path_buf(), found, &[], &self.figures, purpose)
    }

    /// Returns the same run; `alone` adds the causes of downtime and their cost, `sampled` adds request windows
    /// sampled from the long horizon.
    pub(crate) fn reporting(mut self, alone: bool, sampled: bool) -> Self {
        (self.choices.alone, self.choices.sampled) = (alone, sampled);
        self
    }

    /// Returns the same run with the thread pool of `other`.
    pub(crate) fn on_threads_of(self, other: &Self) -> Self {
        Self { pool: other.pool.clone(), ..self }
    }

    /// Starts `count` threads, by default one per core. This run and all runs derived from it share them.
    pub(crate) fn with_own_threads(mut self, count: Option<usize>) -> Result<Self, Error> {
        self.pool = Some(Arc::new(started(count.unwrap_or(0))?));
        Ok(self)
    }

    /// Refuses invalid options.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.choices.replications {
            Some(count) if count == 0 || count > MOST_REPLICATIONS => {
                let message = format!("{count} replications: a run has 1 to 1,000,000,000");
                Err(Error::new(Kind::Usage, message))
            }
            Some(_) if self.choices.quick => {
                let message = "a quick run sets its own number of replications";
                let help = "use `Run::new()` with `replications`";
                Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())))
            }
            _ => Ok(()),
        }
    }

    /// Returns the command that gives the same results, without paths: the name of the folder affects no result.
    pub(crate) fn command(&self, verb: &str, names: &[&str]) -> String {
        let mut command = format!("fivenines {verb}");
        for name in names {
            command.push_str(&format!(" {name}.toml"));
        }
        match self.choices.solver {
            Some(Solver::Requests) => command.push_str(" --solver requests"),
            Some(Solver::Flows) => command.push_str(" --solver flows"),
            None => {}
        }
        if let Some(count) = self.choices.replications {
            command.push_str(&format!(" --replications {count}"));
        }
        if self.choices.quick {
            command.push_str(" --quick");
        }
        for path in &self.figures {
            command.push_str(&format!(" --figure {path}"));
        }
        command
    }

    /// Runs `work` on the threads of this run and calls its progress and stop functions. `watch` has the progress,
    /// `least` is the number of replications that run in any case.
    pub(crate) fn during<T: Send>(
        &self,
        least: u64,
        watch: &Watch,
        work: impl FnOnce() -> T + Send,
    ) -> Result<T, Error> {
        let pool = match (&self.pool, self.threads) {
            (Some(pool), _) => Some(Arc::clone(pool)),
            (None, 0) => None,
            (None, count) => Some(Arc::new(started(count)?)),
        };
        let work = || match &pool {
            Some(pool) => pool.install(work),
            None => work(),
        };
        if self.progress.is_none() && self.stop.is_none() {
            return Ok(work());
        }
        let shows = || {
            if let Some(progress) = &self.progress {
                let done = watch.done.load(Ordering::Relaxed) as u64;
                progress(done, watch.total(least));
            }
        };
        let looks = || {
            if self.stop.as_ref().is_some_and(|stop| stop()) {
                watch.stop.store(true, Ordering::Relaxed);
            }
            shows();
        };
        looks();
        let (ended, end) = mpsc::channel::<()>();
        let done = thread::scope(|scope| {
            scope.spawn(move || {
                // The channel closes when the work ends, normally or by a panic.
                while end.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    looks();
                }
                shows();
            });
            let _ended = ended;
            work()
        });
        Ok(done)
    }
}

/// Starts threads for runs; 0 means one per core.
fn started(count: usize) -> Result<rayon::ThreadPool, Error> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(count)
        .build()
        .map_err(|error| Error::new(Kind::Io, format!("cannot start the threads: {error}")))
}

impl Default for Run {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Run");
        shown.field("command", &self.command("run", &[])).field("set", &self.assignments);
        shown.field("threads", &self.threads).field("long", &self.long).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    #[test]
    fn work_is_watched_while_it_runs_and_a_wish_to_stop_reaches_it() {
        let (seen, asked) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (shown, wanted) = (Arc::clone(&seen), Arc::clone(&asked));
        let run = Run::new()
            .on_progress(move |done, all| shown.store(100 * done + all, Ordering::Relaxed))
            .stop_when(move || wanted.load(Ordering::Relaxed));
        let watch = Watch::default();
        let answer = run.during(10, &watch, || {
            watch.done.store(4, Ordering::Relaxed);
            watch.more.store(1, Ordering::Relaxed);
            watch.sampled.store(1, Ordering::Relaxed);
            while seen.load(Ordering::Relaxed) != 412 {
                thread::yield_now();
            }
            assert!(!watch.told_to_stop());
            asked.store(true, Ordering::Relaxed);
            while !watch.told_to_stop() {
                thread::yield_now();
            }
            "stopped"
        });
        assert_eq!(answer.unwrap(), "stopped");
    }
}
