//! Ctrl-C: the first asks for a safe point, the second ends at once.
//!
//! Model: one flag, handed to the work while it runs (`Progress::during`). The work finishes the
//! replications that are begun, the command writes what there is as partial and ends with
//! [`Stop::exit`]. Files are sound at any instant (see [`report::write`](crate::report::write)), so
//! a second signal may end the process where it stands.
//! Leaves out: which signal it was. Interrupt, termination and hang-up all end with
//! [`Exit::Interrupted`].

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::{Exit, Failure};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Says whether the user wants the work to end.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    asked: &'static AtomicBool,
}

impl Stop {
    /// Listens from now on. Once a process.
    ///
    /// # Errors
    ///
    /// [`Exit::Io`] when the system does not let us.
    pub fn listen() -> Result<Self, Failure> {
        let heard = || {
            if ASKED.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
            let words = b"stopping at a safe point; once more to stop at once\n";
            let _ = std::io::stderr().lock().write_all(words);
        };
        ctrlc::set_handler(heard).map_err(|error| {
            Failure::new(Exit::Io, format!("cannot listen for Ctrl-C: {error}"))
        })?;
        Ok(Self { asked: &ASKED })
    }

    /// One that listens to `asked` alone.
    #[must_use]
    pub const fn of(asked: &'static AtomicBool) -> Self {
        Self { asked }
    }

    /// Whether to stop at the next safe point.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// How a command ends that was stopped; `None` when it was not.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        self.asked().then_some(Exit::Interrupted)
    }
}
