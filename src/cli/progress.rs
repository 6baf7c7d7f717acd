//! Progress of the work, on standard error.
//!
//! A bar on a terminal, else a line every 30 seconds, nothing with `--quiet`. Of the command, only this module reads
//! the wall clock; nothing that it shows reaches a result.

#![allow(
    clippy::disallowed_types,
    reason = "how often to speak and how long it will take are questions of wall time"
)]

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;
use super::stop::Stop;
use crate::facade::Run;
use crate::report::text::Letters;

/// Time between two lines without a terminal.
const SPEAK_EVERY: Duration = Duration::from_secs(30);
/// Redraws of the bar per second.
const DRAWN_PER_SECOND: u8 = 5;

/// The progress of work with a number of steps. Any thread may report.
#[derive(Debug)]
pub struct Progress {
    console: Console,
    /// Drawn on a terminal; elsewhere it only counts.
    bar: ProgressBar,
    what: String,
    /// True once the user has been told that the work is going to stop.
    stopping: AtomicBool,
    /// Time of the last line, without a terminal.
    spoken: Mutex<Instant>,
}

impl Progress {
    /// Starts with `total` steps of `what`, for instance `"tier-5"`; the total can grow later.
    #[must_use]
    pub fn new(console: &Console, what: &str, total: u64) -> Self {
        let watched = console.err.terminal && !console.quiet;
        let target = if watched {
            ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        bar.set_style(style(console.err.width, console.err.letters));
        let what = crate::scenario::render::shown(what);
        bar.set_prefix(what.clone());
        if watched {
            bar.enable_steady_tick(Duration::from_secs(1));
        }
        let (stopping, spoken) = (AtomicBool::new(false), Mutex::new(Instant::now()));
        Self { console: *console, bar, what, stopping, spoken }
    }

    /// Sets the number of finished steps.
    pub fn reach(&self, done: u64) {
        self.bar.set_position(done);
        if self.console.err.terminal || self.console.quiet {
            return;
        }
        // If another thread holds the lock, it prints the line.
        let Ok(mut spoken) = self.spoken.try_lock() else { return };
        let now = Instant::now();
        if now.duration_since(*spoken) >= SPEAK_EVERY {
            *spoken = now;
            self.console.tell(&self.line());
        }
    }

    /// Returns the run with its progress shown here; it ends at a safe point after a signal.
    #[must_use]
    pub fn watch(self: &Arc<Self>, run: Run, stop: Stop) -> Run {
        let (shown, told) = (Arc::clone(self), Arc::clone(self));
        run.on_progress(move |done, all| {
            shown.bar.set_length(all);
            shown.reach(done);
        })
        .stop_when(move || told.is_stopped(stop))
    }

    /// Returns whether the user wants the work to end; the first time, prints that it will.
    fn is_stopped(&self, stop: Stop) -> bool {
        let asked = stop.asked();
        if asked && !self.stopping.swap(true, Ordering::Relaxed) {
            let words = "stopping at a safe point; a second signal stops at once\n";
            self.bar.suspend(|| self.console.complain(words));
        }
        asked
    }

    /// Shows an intermediate result beside the bar: `"availability 99.976 % ± 0.003"`.
    pub fn figure(&self, text: impl Into<Cow<'static, str>>) {
        self.bar.set_message(text);
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self) -> String {
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let figure = self.bar.message();
        let gap = if figure.is_empty() { "" } else { " " };
        format!("{} {done}/{total}{gap}{figure}\n", self.what)
    }
}

impl Drop for Progress {
    /// Removes the bar, also after an error.
    fn drop(&mut self) {
        if !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }
}

fn style(width: u16, letters: Letters) -> ProgressStyle {
    let template = if width < 60 {
        "{prefix} {percent:>3} % {pos}/{len}"
    } else {
        "  {prefix}  {wide_bar}  {percent:>3} %  {pos} of {len}  {eta} left  {msg}"
    };
    let style = ProgressStyle::with_template(template).expect("the template is written here");
    style.progress_chars(if letters == Letters::Ascii { "##-" } else { "━╸ " })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::console::When;
    use crate::cli::exit::Exit;

    #[test]
    fn a_line_says_what_how_far_and_what_is_known() {
        let console = Console::new(When::Never, true);
        let progress = Progress::new(&console, "tier-5", 200);
        progress.reach(144);
        assert_eq!(progress.line(), "tier-5 144/200\n");
        progress.figure("availability 99.976 %");
        assert_eq!(progress.line(), "tier-5 144/200 availability 99.976 %\n");
    }

    #[test]
    fn a_wish_to_stop_reaches_the_work() {
        static ASKED: AtomicBool = AtomicBool::new(false);
        let stop = Stop::of(&ASKED);
        let progress = Progress::new(&Console::new(When::Never, true), "tier-5", 10);
        assert!(!progress.is_stopped(stop));
        ASKED.store(true, Ordering::Relaxed);
        assert!(progress.is_stopped(stop) && progress.is_stopped(stop));
        assert_eq!(stop.exit(), Some(Exit::Interrupted));
    }

    #[test]
    fn every_template_can_be_drawn() {
        for width in [20, 40, 80, 200] {
            for letters in [Letters::Unicode, Letters::Ascii] {
                let bar = ProgressBar::with_draw_target(Some(2), ProgressDrawTarget::hidden());
                bar.set_style(style(width, letters));
                bar.inc(2);
                assert_eq!(bar.position(), 2);
            }
        }
    }
}
