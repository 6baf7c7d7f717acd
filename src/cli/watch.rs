//! `run --watch`: a quick run of scenarios, and another one whenever a file changes.
//!
//! Model: a file has changed if its length or its time of modification differs. Files are looked at several times a
//! second, which works on every file system; a file that an editor replaces is seen as one that it writes into.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::exit::{Exit, Failure};
use super::run::Work;
use crate::facade::load::{Purpose, load};
use crate::scenario::render::shown;

/// Time between two looks at the files.
const BETWEEN: Duration = Duration::from_millis(150);

/// Runs every file, then each again when it changes, until a signal ends the command.
///
/// # Errors
///
/// None: failures are printed, and the watch goes on.
pub fn watch(work: &Work<'_>, files: &[PathBuf], places: &[PathBuf]) -> Result<Exit, Failure> {
    let mut scenarios: Vec<Watched> = files.iter().map(|file| Watched::of(file)).collect();
    let mut changed: Vec<usize> = (0..files.len()).collect();
    loop {
        for &at in &changed {
            scenarios[at] = Watched::of(&files[at]);
            if let Err(failure) = work.one(&files[at], &places[at]) {
                work.complain(&failure);
            }
            if let Some(stopped) = work.stop.exit() {
                return Ok(stopped);
            }
        }
        work.console().tell("waiting for a change; Ctrl-C ends\n");
        loop {
            sleep(BETWEEN);
            if let Some(stopped) = work.stop.exit() {
                return Ok(stopped);
            }
            changed = (0..files.len()).filter(|at| scenarios[*at].has_settled()).collect();
            if !changed.is_empty() {
                break;
            }
        }
        for &at in &changed {
            let name = shown(&files[at].display().to_string());
            work.console().tell(&format!("\n{name} has changed\n"));
        }
    }
}

/// A scenario, the files below it, the recordings that it plays, and what these files were when it was run.
struct Watched {
    paths: Vec<PathBuf>,
    ran: Vec<Stamp>,
    last: Vec<Stamp>,
}

impl Watched {
    fn of(file: &Path) -> Self {
        let mut paths = vec![file.to_path_buf()];
        if let Ok(loaded) = load(file, &[], Purpose::Read) {
            paths.extend(loaded.files());
        }
        let ran: Vec<Stamp> = paths.iter().map(|path| Stamp::of(path)).collect();
        Self { paths, last: ran.clone(), ran }
    }

    /// Returns whether the files differ from those that were run and have stayed the same since the last look: a
    /// file that is being written is not read.
    fn has_settled(&mut self) -> bool {
        let now: Vec<Stamp> = self.paths.iter().map(|path| Stamp::of(path)).collect();
        let settled = now != self.ran && now == self.last;
        self.last = now;
        settled
    }
}

/// State of a file, by which a change is detected.
#[derive(Clone, PartialEq, Eq)]
enum Stamp {
    /// Length, and nanoseconds of the last modification after 1970.
    File(u64, u128),
    Absent,
}

impl Stamp {
    fn of(path: &Path) -> Self {
        let Ok(known) = fs::metadata(path) else { return Self::Absent };
        let modified = known.modified().ok();
        let since = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        Self::File(known.len(), since.map_or(0, |since| since.as_nanos()))
    }
}
