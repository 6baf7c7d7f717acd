//! What this thread is at, for the words when fivenines itself is wrong.
//!
//! A stack of phrases a thread. Holds: no result depends on it; a phrase goes when its work ends,
//! well or in a panic, and is still there when the panic is told.

use std::cell::RefCell;

thread_local! {
    static PHRASES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Does `work`, which is `what`: `"window peak, replication 7"`. Calls nest, on one thread.
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

/// What is under way on this thread; empty when nothing is.
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
