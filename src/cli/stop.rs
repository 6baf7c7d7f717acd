//! Signals: the first asks the work to stop at a safe point, the second ends the process at once.
//!
//! Model: one flag, which the work polls while it runs (`Progress::watch`). The work discards the replications under
//! way. The command writes the complete ones as partial results and ends with [`Stop::exit`], the code of the signal.
//! Files are valid at any instant (see [`report::write`](crate::report::write)), so a second signal ends the process
//! immediately, from the handler itself. Two different signals may be handled on two threads at the same time: each says
//! that it came before it looks for the other, so at least one of them is the second.
//! Holds: a signal that the parent process ignored (`nohup`) stays ignored.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::{consts, flag};

use super::exit::{Exit, Failure};

/// The signals that are handled, each with the outcome of the command.
const SIGNALS: &[(i32, Exit)] = &[
    (consts::SIGINT, Exit::Interrupted),
    (consts::SIGTERM, Exit::Terminated),
    #[cfg(unix)]
    (consts::SIGHUP, Exit::HungUp),
];
/// True for each of [`SIGNALS`] that came.
static CAME: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

static ASKED: AtomicBool = AtomicBool::new(false);
/// The exit code of the signal.
static CODE: AtomicUsize = AtomicUsize::new(0);

/// The stop flag: set once the user wants the work to end.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    asked: &'static AtomicBool,
    code: &'static AtomicUsize,
}

impl Stop {
    /// Starts to listen. May be called once per process.
    ///
    /// # Errors
    ///
    /// [`Exit::Io`] if the operating system refuses.
    pub fn listen() -> Result<Self, Failure> {
        for (&(signal, exit), came) in SIGNALS.iter().zip(&CAME) {
            if !is_ignored(signal) {
                handle(signal, exit.code(), came).map_err(|error| {
                    Failure::new(Exit::Io, format!("cannot listen for signals: {error}"))
                })?;
            }
        }
        Ok(Self { asked: &ASKED, code: &CODE })
    }

    /// Returns a stop flag that reads `asked` only and ends as after Ctrl-C.
    #[must_use]
    pub const fn of(asked: &'static AtomicBool) -> Self {
        static CTRL_C: AtomicUsize = AtomicUsize::new(Exit::Interrupted.code() as usize);
        Self { asked, code: &CTRL_C }
    }

    /// Returns whether to stop at the next safe point.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Returns the outcome of a stopped command; `None` if it was not stopped.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        let code = self.code.load(Ordering::SeqCst);
        let exit = Exit::ALL.iter().copied().find(|exit| usize::from(exit.code()) == code);
        self.asked().then_some(exit.unwrap_or(Exit::Interrupted))
    }
}

/// Installs what `signal` does, in the order in which it is done: it ends the process if it came before or if another
/// came; else it asks for the end. `came` is its own element of [`CAME`].
fn handle(signal: i32, code: u8, came: &'static AtomicBool) -> std::io::Result<()> {
    flag::register_conditional_shutdown(signal, code.into(), came)?;
    flag::register(signal, came)?;
    for other in CAME.iter().filter(|other| !std::ptr::eq(*other, came)) {
        flag::register_conditional_shutdown(signal, code.into(), other)?;
    }
    // When the flag is seen, the code has been stored.
    flag::register_usize(signal, &CODE, code.into())?;
    flag::register(signal, &ASKED)?;
    Ok(())
}

/// Returns whether the parent process ignored `signal`; `false` if the system does not report it.
fn is_ignored(signal: i32) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Makes a write beyond the file-size limit fail with an error that names the file; by default the system ends the
/// process (K9).
pub fn survive_the_file_size_limit() {
    #[cfg(unix)]
    {
        static SEEN: AtomicBool = AtomicBool::new(false);
        // If the handler cannot be installed, the default stays and the command runs on.
        let _ = flag::register(consts::SIGXFSZ, &SEEN);
    }
}
