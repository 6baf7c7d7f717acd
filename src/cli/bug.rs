//! Reports a defect of fivenines itself: one paragraph and exit code 70 instead of Rust's panic text.
//!
//! The paragraph states what was broken, where in the work (scenario, digest, seed: [`during`]; window and
//! replication: [`on_this_thread`]) and the command that reproduces it. A backtrace follows only if `RUST_BACKTRACE`
//! is set.

use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::facade::error::our_mistake;
use crate::facade::ready::under_way as on_this_thread;
use crate::scenario::render::shown;

/// The scenario that the whole process works on; its replications run on other threads.
static SCENARIO: Mutex<String> = Mutex::new(String::new());

/// Runs `work`; if it panics, on any thread, the paragraph names `what`.
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
    // No code panics while it holds the lock.
    if let Ok(mut scenario) = SCENARIO.lock() {
        *scenario = what;
    }
}

/// Joins the known parts of scenario, window and replication; `place` describes the work of this thread.
fn under_way(place: &str) -> String {
    let scenario = SCENARIO.try_lock().map(|scenario| scenario.clone()).unwrap_or_default();
    let parts = [scenario.as_str(), place];
    let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    known.join(", ")
}

fn command() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Returns the advice for a defect of fivenines: the command that reproduces it.
#[must_use]
pub fn to_see_it_again() -> String {
    help(&command())
}

/// Replaces Rust's panic text with the paragraph.
pub fn install() {
    let default = std::panic::take_hook();
    let told = AtomicBool::new(false);
    std::panic::set_hook(Box::new(move |info| {
        // Several threads may panic for the same reason: the first report is enough.
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
    let during = under_way(&on_this_thread());
    let said = our_mistake(message.unwrap_or("no message"), &place, &during);
    format!("error: {said}\n  help: {}\n", help(&command()))
}

fn help(command: &[String]) -> String {
    let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
    format!(
        "no result was marked complete; to reproduce it: {}; please report this text with the \
         scenario",
        words.join(" ")
    )
}

/// Quotes a word for a shell.
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

    /// Promise K11: version, work in progress, and the command that reproduces the failure.
    #[test]
    fn the_paragraph_says_what_was_under_way_and_how_to_see_it_again() {
        let command = ["fivenines", "run", "a b.toml", "it's"].map(String::from);
        let version = env!("CARGO_PKG_VERSION");
        let message = "assertion failed\n  left: \u{1b}[2J";
        assert_eq!(
            our_mistake(message, " (src/x.rs:1:2)", "scenario tier-3, replication 7"),
            format!(
                "bug in fivenines {version}, not in the input: assertion failed   left: \\u{{1b}}[2J \
                 (src/x.rs:1:2); during scenario tier-3, replication 7"
            )
        );
        assert_eq!(
            help(&command),
            "no result was marked complete; to reproduce it: fivenines run 'a b.toml' 'it'\\''s'; \
             please report this text with the scenario"
        );
    }

    /// Promise K11: the same for a panic on any thread.
    #[test]
    fn the_scenario_under_way_is_known_on_every_thread() {
        let place = during("scenario tier-3, sha256:ab, seed 1".into(), || {
            let place = || under_way("window peak, replication 7");
            std::thread::scope(|scope| scope.spawn(place).join().unwrap())
        });
        assert_eq!(place, "scenario tier-3, sha256:ab, seed 1, window peak, replication 7");
        assert_eq!(under_way(""), "");
    }
}
