//! Readings of a log, by number.

/// Name of the tally of logs.
pub const OF: &str = "log";

/// Entries of the tally, in the order of [`Counts`](super::mechanism::Counts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Records written.
    Records,
    /// Copies due.
    #[expect(dead_code, reason = "no figure asks for it, and the next entries follow it")]
    Due,
    /// Copies that a subscriber has worked on.
    Delivered,
    /// Sum of their times from writing to then, in nanoseconds.
    Delay,
    /// Copies lost with their sender.
    Sender,
    /// Copies lost with their subscriber.
    Subscriber,
    /// Copies dropped because a buffer was full.
    Dropped,
    /// Copies whose subscriber was away.
    Away,
    /// Bytes put on the network.
    Sent,
}
