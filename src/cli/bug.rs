//! When fivenines itself is wrong: one paragraph, exit 70, never Rust's own panic text.
//!
//! The paragraph says what was broken, during what ([`during`]: scenario, seed, replication) and
//! the command that shows it again. A backtrace follows only when `RUST_BACKTRACE` asks for it.

use std::cell::RefCell;
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::scenario::render::shown;

thread_local! {
    /// What this thread is at, for the paragraph alone: no result depends on it.
    static DURING: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Does `work`; should it panic, the paragraph says it was during `what`. Calls nest, on one
/// thread: "scenario tier-3, seed 1", then "replication 7".
pub fn during<T>(what: impl Into<String>, work: impl FnOnce() -> T) -> T {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            DURING.with_borrow_mut(|all| all.pop());
        }
    }
    DURING.with_borrow_mut(|all| all.push(what.into()));
    let _leave = Leave;
    work()
}

/// Replaces Rust's panic text by the paragraph.
pub fn install() {
    let default = std::panic::take_hook();
    let told = AtomicBool::new(false);
    std::panic::set_hook(Box::new(move |info| {
        // Several threads may fall over the same thing: once is enough.
        if !told.swap(true, Ordering::SeqCst) {
            let command: Vec<String> =
                std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
            let _ = std::io::stderr().lock().write_all(paragraph(info, &command).as_bytes());
        }
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            default(info);
        }
    }));
}

fn paragraph(info: &PanicHookInfo<'_>, command: &[String]) -> String {
    let payload = info.payload();
    let message = payload.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
    let place = info.location().map_or(String::new(), |place| format!(" ({place})"));
    let during = DURING.with_borrow(|all| all.join(", "));
    let words = Words { message: message.unwrap_or("no message"), place: &place, during: &during };
    words.paragraph(command)
}

struct Words<'a> {
    message: &'a str,
    place: &'a str,
    during: &'a str,
}

impl Words<'_> {
    fn paragraph(&self, command: &[String]) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let message: Vec<String> = self.message.lines().map(shown).collect();
        let mut text = format!(
            "error: fivenines {version} is wrong, not you: {}{}\n",
            message.join(" "),
            self.place
        );
        if !self.during.is_empty() {
            text.push_str(&format!("  during: {}\n", shown(self.during)));
        }
        let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
        text.push_str(&format!(
            "  again:  {}\n  No result was marked complete. Please report this text with the \
             scenario.\n",
            words.join(" ")
        ));
        text
    }
}

/// A word as a shell takes it back.
fn quoted(word: &str) -> String {
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
            words.paragraph(&command),
            format!(
                "error: fivenines {version} is wrong, not you: assertion failed   left: \\u{{1b}}[2J \
                 (src/x.rs:1:2)\n  during: scenario tier-3, replication 7\n  again:  fivenines run \
                 'a b.toml' 'it'\\''s'\n  No result was marked complete. Please report this text \
                 with the scenario.\n"
            )
        );
    }

    #[test]
    fn what_is_under_way_is_forgotten_when_it_is_over() {
        let seen = during("one", || during("two", || DURING.with_borrow(|all| all.join(", "))));
        assert_eq!(seen, "one, two");
        assert!(DURING.with_borrow(Vec::is_empty));
    }
}
