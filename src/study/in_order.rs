//! Work of several threads, folded in its order.
//!
//! Holds: the result and its order do not depend on the number of threads. No thread waits for the slowest of a group:
//! a thread that is done takes the next piece, and results that are early are held until their turn. Their number
//! depends on how uneven the pieces are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Results so far: folded up to `next`, held beyond it.
struct Queue<T, E, P> {
    next: usize,
    ahead: BTreeMap<usize, Result<T, E>>,
    failed: Option<E>,
    put: P,
}

/// Runs the pieces of work 0 to `count` − 1 and folds each in order. Returns the number folded, which is less than
/// `count` where `work` returned `None` because it was stopped.
///
/// # Errors
///
/// The error of the first piece that has one; nothing after it is folded.
pub fn fold<T: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Option<Result<T, E>> + Sync,
    put: impl FnMut(usize, T) + Send,
) -> Result<usize, E> {
    let taken = AtomicUsize::new(0);
    let queue = Mutex::new(Queue { next: 0, ahead: BTreeMap::new(), failed: None, put });
    let take = || {
        loop {
            let at = taken.fetch_add(1, Ordering::Relaxed);
            let done = (at < count).then(|| work(at)).flatten();
            let Some(done) = done else { return };
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.ahead.insert(at, done);
            while queue.failed.is_none() {
                let next = queue.next;
                match queue.ahead.remove(&next) {
                    None => break,
                    Some(Ok(done)) => (queue.put)(next, done),
                    Some(Err(error)) => {
                        queue.failed = Some(error);
                        taken.store(count, Ordering::Relaxed);
                        return;
                    }
                }
                queue.next += 1;
            }
        }
    };
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads().min(count) {
            scope.spawn(|_| take());
        }
    });
    let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    queue.failed.map_or(Ok(queue.next), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap_or_else(|error| panic!("{error}")).install(run)
    }

    /// The later ones are done first.
    fn later_is_faster(at: usize) -> usize {
        std::thread::sleep(std::time::Duration::from_millis(20_u64.saturating_sub(at as u64)));
        at
    }

    #[test]
    fn pieces_are_put_together_in_their_order_on_any_number_of_threads() {
        for threads in [1, 2, 7] {
            let mut all = Vec::new();
            let done = with_threads(threads, || {
                fold(40, |at| Some(Ok::<_, ()>(later_is_faster(at))), |at, one| all.push((at, one)))
            });
            assert_eq!(done, Ok(40));
            assert!(all.iter().enumerate().all(|(at, one)| *one == (at, at)), "{all:?}");
        }
    }

    #[test]
    fn the_first_error_is_told_and_nothing_after_it_is_put_together() {
        for threads in [1, 2, 7] {
            let mut all = Vec::new();
            let failing = |at: usize| {
                Some(if at == 5 || at == 6 { Err(at) } else { Ok(later_is_faster(at)) })
            };
            let done = with_threads(threads, || fold(40, failing, |at, _| all.push(at)));
            assert_eq!((done, all), (Err(5), vec![0, 1, 2, 3, 4]));
        }
    }

    #[test]
    fn who_is_told_to_stop_leaves_an_unbroken_prefix() {
        for threads in [1, 2, 7] {
            let mut all = Vec::new();
            let until_9 = |at: usize| (at < 9).then(|| Ok::<_, ()>(later_is_faster(at)));
            let done = with_threads(threads, || fold(40, until_9, |at, _| all.push(at)));
            assert_eq!((done, all), (Ok(9), (0..9).collect()));
        }
    }
}
