//! Options of a run, and a run that Ctrl-C stops.
//!
//! Model: the run has a thread of its own; the calling thread has released the interpreter lock and looks every 50 ms
//! whether a signal has arrived, because Python handles signals in its main thread only. The same look reports progress,
//! so the function of the user is called in the thread that called `run`.
//! Holds: an exception raised there stops the run and is raised again; what the run had finished is discarded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use fivenines::{Error, Run};
use pyo3::prelude::*;

use crate::errors::checked;

/// Interval between two looks at signals and progress.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The attributes of `fivenines._options.Options`.
#[derive(FromPyObject)]
pub struct Options {
    seed: Option<u64>,
    replications: Option<u32>,
    quick: bool,
    threads: usize,
    figures: Vec<String>,
    solver: Option<String>,
    precision: Vec<(String, f64)>,
    long: bool,
    compared: bool,
    progress: Option<Py<PyAny>>,
}

/// Counts of a run that another thread reads.
#[derive(Default)]
struct Seen {
    done: AtomicU64,
    all: AtomicU64,
    stop: AtomicBool,
}

impl Options {
    fn run(&self, seen: &Arc<Seen>) -> Run {
        let mut run = if self.quick { Run::quick() } else { Run::new() };
        if let Some(seed) = self.seed {
            run = run.seed(seed);
        }
        if let Some(count) = self.replications {
            run = run.replications(count);
        }
        run = match self.solver.as_deref() {
            Some("requests") => run.requests_only(),
            Some("flows") => run.years_only(),
            _ => run,
        };
        run = self.figures.iter().fold(run, |run, path| run.figure(path));
        run = self.precision.iter().fold(run, |run, (path, share)| run.precision(path, *share));
        if self.long {
            run = run.long();
        }
        if self.compared {
            run = run.for_comparison();
        }
        let (shown, asked) = (Arc::clone(seen), Arc::clone(seen));
        // The pool is always one of the run: the threads of a process do not survive its fork.
        run.threads(self.threads.max(1))
            .on_progress(move |done, all| {
                shown.done.store(done, Ordering::Relaxed);
                shown.all.store(all, Ordering::Relaxed);
            })
            .stop_when(move || asked.stop.load(Ordering::Relaxed))
    }

    /// Runs `work` with these options, without the interpreter lock.
    ///
    /// # Errors
    ///
    /// The error of `work`; an exception of a signal handler or of the progress function, after which the run stops.
    pub fn during<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Run) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let seen = Arc::new(Seen::default());
        let run = self.run(&seen);
        let mut raised: Option<PyErr> = None;
        let mut last = (0, 0);
        let mut look = |raised: &mut Option<PyErr>| {
            if raised.is_some() {
                return;
            }
            let now = (seen.done.load(Ordering::Relaxed), seen.all.load(Ordering::Relaxed));
            let found = Python::attach(|py| {
                py.check_signals()?;
                match &self.progress {
                    Some(progress) if now != last => progress.call1(py, now).map(drop),
                    _ => Ok(()),
                }
            });
            last = now;
            if let Err(error) = found {
                *raised = Some(error);
                seen.stop.store(true, Ordering::Relaxed);
            }
        };
        let ended = py.detach(|| {
            thread::scope(|scope| {
                let (ended, end) = mpsc::channel::<()>();
                let run = &run;
                let working = scope.spawn(move || {
                    // The channel closes when the work ends, normally or by a panic.
                    let _ended = ended;
                    work(run)
                });
                while end.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    look(&mut raised);
                }
                let ended = working.join();
                look(&mut raised);
                ended
            })
        });
        match (raised, ended) {
            (Some(error), _) => Err(error),
            (None, Ok(result)) => checked(py, result),
            (None, Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}
