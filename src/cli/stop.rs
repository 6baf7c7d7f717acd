//! Signals: the first asks for a safe point, the second ends at once.
//!
//! Model: one flag, handed to the work while it runs (`Progress::during`). The work gives up the
//! replications under way, the command writes what whole ones there are as partial and ends with
//! [`Stop::exit`], the code of the signal. Files are sound at any instant (see
//! [`report::write`](crate::report::write)), so a second signal ends the process where it stands,
//! from the handler itself: nothing has to be awake for it.
//! Holds: a signal that whoever started us had ignored (`nohup`) stays ignored.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::{consts, flag};

use super::exit::{Exit, Failure};

/// What is listened to, and how the command then ends.
const SIGNALS: &[(i32, Exit)] = &[
    (consts::SIGINT, Exit::Interrupted),
    (consts::SIGTERM, Exit::Terminated),
    #[cfg(unix)]
    (consts::SIGHUP, Exit::HungUp),
];

static ASKED: AtomicBool = AtomicBool::new(false);
/// The exit code that goes with the signal.
static CODE: AtomicUsize = AtomicUsize::new(0);

/// Says whether the user wants the work to end.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    asked: &'static AtomicBool,
    code: &'static AtomicUsize,
}

impl Stop {
    /// Listens from now on. Once a process.
    ///
    /// # Errors
    ///
    /// [`Exit::Io`] when the system does not let us.
    pub fn listen() -> Result<Self, Failure> {
        for &(signal, exit) in SIGNALS.iter().filter(|(signal, _)| !is_ignored(*signal)) {
            let code = exit.code();
            // They act in this order: the first signal only sets, the second finds it set. When the
            // flag is seen, the code is there.
            flag::register_conditional_shutdown(signal, code.into(), &ASKED)
                .and_then(|_| flag::register_usize(signal, &CODE, code.into()))
                .and_then(|_| flag::register(signal, &ASKED))
                .map_err(|error| {
                    Failure::new(Exit::Io, format!("cannot listen for signals: {error}"))
                })?;
        }
        Ok(Self { asked: &ASKED, code: &CODE })
    }

    /// One that listens to `asked` alone, and ends as Ctrl-C does.
    #[must_use]
    pub const fn of(asked: &'static AtomicBool) -> Self {
        static CTRL_C: AtomicUsize = AtomicUsize::new(Exit::Interrupted.code() as usize);
        Self { asked, code: &CTRL_C }
    }

    /// Whether to stop at the next safe point.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// How a command ends that was stopped; `None` when it was not.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        let code = self.code.load(Ordering::SeqCst);
        let exit = Exit::ALL.iter().copied().find(|exit| usize::from(exit.code()) == code);
        self.asked().then_some(exit.unwrap_or(Exit::Interrupted))
    }
}

/// Whether the parent told us not to hear `signal`. Where the system does not say: no.
fn is_ignored(signal: i32) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Lets a write beyond the file-size limit fail with an error, to be told with the name of the file;
/// by default the system ends the process (K9).
pub fn survive_the_file_size_limit() {
    #[cfg(unix)]
    {
        static SEEN: AtomicBool = AtomicBool::new(false);
        // Where it cannot be had, the default stays: no reason not to work.
        let _ = flag::register(consts::SIGXFSZ, &SEEN);
    }
}
