//! Work in progress on this thread, for the message when fivenines itself has a defect.
//!
//! A stack of phrases per thread. Holds: no result depends on it; a phrase is removed when its work ends, normally or
//! in a panic, and is still there when the panic is reported.

use std::cell::RefCell;

thread_local! {
    static PHRASES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` under the phrase `what`: `"window peak, replication 7"`. Calls nest, on one thread.
pub fn during<T>(what: String, work: impl FnOnce() -> T) -> T {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            PHRASES.with_borrow_mut(|all| all.pop());
        }
    }
    PHRASES.with_borrow_mut(|all| all.push(what));
    let _leave = Leave;
    work()
}

/// Returns the work in progress on this thread; empty when there is none.
#[must_use]
pub fn now() -> String {
    PHRASES.with_borrow(|all| all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_is_forgotten_when_it_is_over() {
        let seen = during("one".into(), || during("two".into(), now));
        assert_eq!(seen, "one, two");
        let fallen = std::panic::catch_unwind(|| during("three".into(), || panic!("on purpose")));
        assert!(fallen.is_err());
        assert_eq!(now(), "");
    }
}
