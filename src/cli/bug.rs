//! When fivenines itself is wrong: one paragraph, exit 70, never Rust's own panic text.
//!
//! The paragraph says what was broken, during what (scenario, digest, seed: [`during`]; window and
//! replication: [`underway`]) and the command that shows it again. A backtrace follows only when
//! `RUST_BACKTRACE` asks for it.

use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::{Exit, Failure};
use crate::report::text::visible;
use crate::scenario::render::shown;
use crate::solve::requests::Breach;
use crate::study::underway;

/// What the whole process is at: its replications are on other threads.
static SCENARIO: Mutex<String> = Mutex::new(String::new());

/// Does `work`; should it fall over, on any thread, the paragraph says it was during `what`.
pub fn during<T>(what: String, work: impl FnOnce() -> T) -> T {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            put(String::new());
        }
    }
    put(what);
    let _leave = Leave;
    work()
}

fn put(what: String) {
    // Nobody panics while holding it.
    if let Ok(mut scenario) = SCENARIO.lock() {
        *scenario = what;
    }
}

/// Scenario, window, replication: what is known of it. `place` is what this thread is at.
fn under_way(place: &str) -> String {
    let scenario = SCENARIO.try_lock().map(|scenario| scenario.clone()).unwrap_or_default();
    let parts = [scenario.as_str(), place];
    let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    known.join(", ")
}

fn command() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// A broken invariant in the words of the paragraph.
#[must_use]
pub fn breach(breach: &Breach) -> Failure {
    let during = under_way(&breach.during);
    let words = Words { message: &breach.what, place: "", during: &during };
    Failure { exit: Exit::Bug, message: Some(words.said()), help: Some(words.help(&command())) }
}

/// Replaces Rust's panic text by the paragraph.
pub fn install() {
    let default = std::panic::take_hook();
    let told = AtomicBool::new(false);
    std::panic::set_hook(Box::new(move |info| {
        // Several threads may fall over the same thing: once is enough.
        if !told.swap(true, Ordering::SeqCst) {
            let _ = std::io::stderr().lock().write_all(paragraph(info).as_bytes());
        }
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            default(info);
        }
    }));
}

fn paragraph(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let message = payload.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
    let place = info.location().map_or(String::new(), |place| format!(" ({place})"));
    let during = under_way(&underway::now());
    let words = Words { message: message.unwrap_or("no message"), place: &place, during: &during };
    format!("error: {}\n  help: {}\n", words.said(), words.help(&command()))
}

struct Words<'a> {
    message: &'a str,
    place: &'a str,
    during: &'a str,
}

impl Words<'_> {
    fn said(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let message: Vec<String> = self.message.lines().map(shown).collect();
        let during = match self.during {
            "" => String::new(),
            during => format!("; during {}", visible(during)),
        };
        let message = message.join(" ");
        format!("fivenines {version} is wrong, not you: {message}{}{during}", self.place)
    }

    fn help(&self, command: &[String]) -> String {
        let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
        format!(
            "no result was marked complete; to see it again: {}; please report this text with the \
             scenario",
            words.join(" ")
        )
    }
}

/// A word as a shell takes it back.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    let word = shown(word);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise K11: version, what was under way, and the command to see it again.
    #[test]
    fn the_paragraph_says_what_was_under_way_and_how_to_see_it_again() {
        let words = Words {
            message: "assertion failed\n  left: \u{1b}[2J",
            place: " (src/x.rs:1:2)",
            during: "scenario tier-3, replication 7",
        };
        let command = ["fivenines", "run", "a b.toml", "it's"].map(String::from);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            words.said(),
            format!(
                "fivenines {version} is wrong, not you: assertion failed   left: \\u{{1b}}[2J \
                 (src/x.rs:1:2); during scenario tier-3, replication 7"
            )
        );
        assert_eq!(
            words.help(&command),
            "no result was marked complete; to see it again: fivenines run 'a b.toml' 'it'\\''s'; \
             please report this text with the scenario"
        );
    }

    /// Promise K11: of a broken invariant, too; the scenario is known on every thread.
    #[test]
    fn a_broken_invariant_names_scenario_seed_window_and_replication() {
        let found = Breach {
            what: "Little's law at `web`".into(),
            during: "window peak, replication 7".into(),
        };
        let failure = during("scenario tier-3, sha256:ab, seed 1".into(), || {
            std::thread::scope(|scope| scope.spawn(|| breach(&found)).join().unwrap())
        });
        assert_eq!(failure.exit, Exit::Bug);
        let text = failure.message.unwrap();
        let during = "; during scenario tier-3, sha256:ab, seed 1, window peak, replication 7";
        assert!(text.contains("Little's law at `web`") && text.ends_with(during), "{text}");
        assert_eq!(under_way(""), "");
    }
}
