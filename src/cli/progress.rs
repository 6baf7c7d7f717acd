//! How far the work is, on standard error.
//!
//! A bar where somebody watches, else a line every 30 seconds, nothing when told to be quiet.
//! Here alone the wall clock is read; nothing that is shown here reaches a result.

#![allow(
    clippy::disallowed_types,
    reason = "how often to speak and how long it will take are questions of wall time"
)]

use std::borrow::Cow;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;
use super::stop::Stop;
use crate::report::text::Letters;
use crate::study::window::Watch;

/// Between two lines where there is no terminal.
const SPEAK_EVERY: Duration = Duration::from_secs(30);
/// Between two looks at how far the work is; so soon a wish to stop reaches it.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two drawings of the bar, per second.
const DRAWN_PER_SECOND: u8 = 5;

/// A piece of work with a known number of steps. Any thread may report.
#[derive(Debug)]
pub struct Progress {
    console: Console,
    /// Draws where somebody watches; elsewhere it only counts.
    bar: ProgressBar,
    what: String,
    /// Steps that there are in any case.
    least: u64,
    /// When the last line was spoken, where there is no terminal.
    spoken: Mutex<Instant>,
}

impl Progress {
    /// Begins `total` steps of `what`, say `"tier-5"`, or more if the work finds that it needs them.
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
        Self { console: *console, bar, what, least: total, spoken: Mutex::new(Instant::now()) }
    }

    /// So many steps are done in all.
    pub fn reach(&self, done: u64) {
        self.bar.set_position(done);
        if self.console.err.terminal || self.console.quiet {
            return;
        }
        // Who finds the lock taken leaves speaking to the one who has it.
        let Ok(mut spoken) = self.spoken.try_lock() else { return };
        let now = Instant::now();
        if now.duration_since(*spoken) >= SPEAK_EVERY {
            *spoken = now;
            self.console.tell(&self.line());
        }
    }

    /// Does `work` on this thread while another shows how far `watch` is and hands it the user's
    /// wish to stop. `before` steps were done before this work.
    pub fn during<T>(
        &self,
        watch: &Watch,
        stop: &Stop,
        before: u64,
        work: impl FnOnce() -> T,
    ) -> T {
        let (ended, end) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                // The channel closes when the work ends, well or in a panic.
                while end.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    if stop.asked() && !watch.stop.swap(true, Ordering::Relaxed) {
                        let words = "stopping at a safe point; once more to stop at once\n";
                        self.bar.suspend(|| self.console.complain(words));
                    }
                    self.bar.set_length(self.least + watch.more.load(Ordering::Relaxed) as u64);
                    self.reach(before + watch.done.load(Ordering::Relaxed) as u64);
                }
            });
            let _ended = ended;
            work()
        })
    }

    /// What is known so far, beside the bar: `"availability 99.976 % ± 0.003"`.
    pub fn figure(&self, text: impl Into<Cow<'static, str>>) {
        self.bar.set_message(text);
    }

    /// Says something while the bar stands.
    pub fn tell(&self, text: &str) {
        self.bar.suspend(|| self.console.tell(text));
    }

    /// Wipes the bar.
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
    /// An error on the way leaves no half bar on the screen.
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
    use std::sync::atomic::AtomicBool;

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
    fn work_is_watched_while_it_runs_and_a_wish_to_stop_reaches_it() {
        static ASKED: AtomicBool = AtomicBool::new(false);
        let (stop, watch) = (Stop::of(&ASKED), Watch::default());
        let progress = Progress::new(&Console::new(When::Never, true), "tier-5", 10);
        let answer = progress.during(&watch, &stop, 3, || {
            watch.done.store(4, Ordering::Relaxed);
            while progress.bar.position() < 7 {
                thread::yield_now();
            }
            assert!(!watch.stop.load(Ordering::Relaxed));
            ASKED.store(true, Ordering::Relaxed);
            while !watch.stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            "stopped"
        });
        assert_eq!((answer, stop.exit()), ("stopped", Some(Exit::Interrupted)));
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
