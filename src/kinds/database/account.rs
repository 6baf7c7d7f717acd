//! Counts of a replicated database in the measured window, and the order in which it reports them.

/// Name of the kind that tallies.
pub const OF: &str = "replicated database";

/// Counts of a group in the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of failovers begun.
    pub failovers: u64,
    /// Failovers that did not work.
    pub failed: u64,
    /// Failovers of a primary that was up.
    pub without_a_death: u64,
    /// Acknowledged writes lost with an old primary.
    pub lost_writes: u64,
    /// Writes that an old primary took beside the new one, lost when it was fenced.
    pub split_brain: u64,
    /// Reads that began at replicas.
    pub replica_reads: u64,
    /// Stale reads at replicas.
    pub stale: u64,
    /// Writes begun that lock a row or wait for an agreement.
    pub writes: u64,
    /// Number of writes that waited for their row at their own member.
    pub lock_waits: u64,
    /// Attempts aborted because of a conflicting write.
    pub conflicts: u64,
}

/// Places of the counts in the tally of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tallied {
    /// [`Counts::failovers`].
    Failovers,
    /// [`Counts::failed`].
    Failed,
    /// [`Counts::without_a_death`].
    WithoutADeath,
    /// [`Counts::lost_writes`].
    LostWrites,
    /// [`Counts::split_brain`].
    SplitBrain,
    /// [`Counts::replica_reads`].
    ReplicaReads,
    /// [`Counts::stale`].
    Stale,
    /// [`Counts::writes`].
    Writes,
    /// [`Counts::lock_waits`].
    LockWaits,
    /// [`Counts::conflicts`].
    Conflicts,
}

impl Counts {
    /// Returns the counts in the order of [`Tallied`].
    #[must_use]
    pub fn tally(&self) -> Vec<u128> {
        let mut tally = vec![0; Tallied::Conflicts as usize + 1];
        for (of, count) in [
            (Tallied::Failovers, self.failovers),
            (Tallied::Failed, self.failed),
            (Tallied::WithoutADeath, self.without_a_death),
            (Tallied::LostWrites, self.lost_writes),
            (Tallied::SplitBrain, self.split_brain),
            (Tallied::ReplicaReads, self.replica_reads),
            (Tallied::Stale, self.stale),
            (Tallied::Writes, self.writes),
            (Tallied::LockWaits, self.lock_waits),
            (Tallied::Conflicts, self.conflicts),
        ] {
            tally[of as usize] = u128::from(count);
        }
        tally
    }
}

/// Quantities over time of each member, in the order of [`Followed`].
pub const PER_MEMBER: usize = 2;

/// Quantities of a member over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// Age of the oldest write that it has not applied.
    Lag,
    /// Number of writes that it has not applied.
    Backlog,
}

impl Followed {
    /// Returns the place of this quantity of a member among those of its group.
    #[must_use]
    pub const fn of(self, member: usize) -> usize {
        member * PER_MEMBER + self as usize
    }
}
