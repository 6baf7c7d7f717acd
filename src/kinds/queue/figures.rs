//! The figures of a queue that no other kind has.

use crate::kinds::queue::account::Account;
use crate::units::SimTime;

/// What is tallied, in the order of [`tally`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Messages accepted.
    Published,
    /// Messages refused.
    Rejected,
    /// Deliveries of messages that had been delivered before.
    Redelivered,
    /// Deliveries not acknowledged in time.
    TimedOut,
    /// Deliveries whose work failed.
    Failed,
    /// Deliveries that ended with the connection.
    Returned,
    /// Completions of a message's work after its first.
    Duplicates,
    /// Messages delivered as often as allowed.
    DeadLetters,
    /// Messages dropped because the queue was full.
    Dropped,
    /// Messages lost with a broker.
    Lost,
    /// Of these, those whose producer had not been told "accepted".
    Unconfirmed,
    /// Twice the area under the age of the oldest ready message, in nanoseconds squared.
    TwiceAge,
}

/// The readings of what is tallied.
#[must_use]
pub fn tally(account: &Account, now: SimTime) -> Vec<u128> {
    let counts = &account.counts;
    let all = [
        counts.published,
        counts.rejected,
        counts.redelivered,
        counts.timed_out,
        counts.failed,
        counts.returned,
        counts.duplicates,
        counts.dead_lettered,
        counts.dropped,
        counts.lost,
        counts.lost_unconfirmed,
    ];
    all.into_iter().map(u128::from).chain([account.age.twice_area(now)]).collect()
}
