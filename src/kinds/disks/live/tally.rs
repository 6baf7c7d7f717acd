//! Counts of a set of disks with transaction groups, from which its figures are read.

/// Name of the tally of a set of disks with transaction groups.
pub const OF: &str = "set of disks with transactions";

/// Entries of the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Dirty data over time, in millionths of the limit × ns.
    Dirty,
    /// Writes that joined a group.
    Writes,
    /// Writes that were delayed or waited first.
    Delayed,
    /// Sum of their times, in ns.
    Waited,
    /// Syncs begun.
    Syncs,
    /// Blocks of the log.
    Blocks,
    /// Scrubs that ended.
    Scrubs,
    /// Sum of their times, in ns.
    ScrubTime,
    /// Reads of scrubs that ended.
    ScrubReads,
    /// Resilvers that ended.
    Resilvers,
    /// Sum of their times since the disks were replaced, in ns.
    ResilverTime,
    /// Writes of resilvers that ended.
    Renewed,
    /// Losses of the set.
    Lost,
    /// Buffered writes that were lost before they were on the disks, or answered while these were away.
    LostWrites,
    /// Time of the log device with an operation, in ns over the operations that it executes at once.
    LogBusy,
}

/// Number of entries of the tally.
pub(super) const TALLIED: usize = 15;
