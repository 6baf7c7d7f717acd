//! The write path of a set of disks: transaction groups, a log device, scrubs, resilvers.

use crate::kinds::disks::spec::DiskKind;
use crate::scenario::law::LawSpec;
use crate::scenario::names::OneOrMany;
use crate::scenario::spec::spec;
use crate::units::{Bandwidth, Bytes, Probability, SimDuration};

spec! {
    /// Writes that collect in memory and reach the disks group by group. A write that a request waits for goes to the
    /// intent log as well.
    pub struct TransactionsSpec {
        /// Longest time between the starts of two syncs that do not overlap.
        timeout: SimDuration = "5s" => within(SimDuration::from_nanos(1_000_000), SimDuration::HOUR),
        /// Limit of dirty data, at which writes wait. Without it, 10 % of the server's memory, at most 4 GiB. A file server
        /// needs it.
        dirty_max: Option<Bytes> => at_least(Bytes::new(1 << 20)),
        /// Share of the limit above which a group syncs before the timeout.
        sync_from: Probability = 0.2,
        /// Share of the limit above which each write is delayed.
        delay_from: Probability = 0.6,
        /// Delay of a write where dirty data is in the middle between `delay-from` and the limit.
        delay_scale: SimDuration = "500us" => at_most(SimDuration::SECOND),
        /// Greatest delay of a write.
        delay_max: SimDuration = "100ms" => at_most(SimDuration::HOUR),
        /// Size of one write.
        write_size: Bytes = "8KiB" => within(Bytes::new(512), Bytes::new(128 << 10)),
        /// Probability that a write of a group lies right behind the write before it. Such writes reach a disk as one
        /// operation of at most 1 MiB.
        sequential: Probability = 0,
        /// Time of a cache flush of a disk. Without it, one rotation of a rotating disk; none for solid state, whose
        /// cache is safe from a loss of power.
        flush: Option<LawSpec<SimDuration>>,
    }
}

spec! {
    /// A device that the intent log has for itself.
    pub struct IntentLogSpec {
        /// Kind of device.
        kind: DiskKind,
        /// Time of one write. Without it, exponential, with the mean of the kind.
        write_time: Option<LawSpec<SimDuration>>,
        /// Time of a cache flush. Without it, that of the kind, as for `transactions`.
        flush: Option<LawSpec<SimDuration>>,
        /// Sequential transfer, for the part of a block of the log beyond one write. Without it, every block takes the time
        /// of one write.
        bandwidth: Option<Bandwidth> => above(Bandwidth::from_bytes_per_s(0)),
    }
}

spec! {
    /// Scrubs: reads of all allocated data, in the order in which it lies on the disks.
    pub struct ScrubSpec {
        /// Time between the starts of two scrubs. One that is due while another is under way is left out.
        every: SimDuration => within(SimDuration::SECOND, SimDuration::YEAR),
        /// Start of the first scrub, after time zero. A scrub whose start is not simulated is not under way.
        at: SimDuration = "0s" => at_most(SimDuration::YEAR),
        /// Data on the set, without redundancy.
        allocated: Bytes => at_least(Bytes::new(1)),
        /// Least time of work at the end of each sync.
        work: SimDuration = "1s" => within(SimDuration::from_nanos(1_000_000), SimDuration::HOUR),
    }
}

spec! {
    /// Disks that fail and are replaced. The data of a new disk is written anew from the other disks of its group.
    pub struct ResilverSpec {
        /// Data on the set, without redundancy.
        allocated: Bytes => at_least(Bytes::new(1)),
        /// The disk that fails, or several.
        disks: OneOrMany<FailedDiskSpec> => not_empty(),
        /// Least time of work at the end of each sync.
        work: SimDuration = "3s" => within(SimDuration::from_nanos(1_000_000), SimDuration::HOUR),
    }
}

spec! {
    /// A disk that fails.
    pub struct FailedDiskSpec {
        /// Number of the disk in its set. The disks of a group follow each other.
        disk: u32 = 1 => at_least(1),
        /// Moment of the failure, after time zero.
        fails: SimDuration => at_most(SimDuration::YEAR),
        /// Time from the failure until a new disk is in its place.
        replaced_after: SimDuration = "0s" => at_most(SimDuration::YEAR),
    }
}

impl FailedDiskSpec {
    /// Returns the moment at which a new disk is in its place, after time zero.
    #[must_use]
    pub fn replaced(&self) -> SimDuration {
        self.fails.value + self.replaced_after.value
    }
}

/// Greatest size of an operation of merged writes, in bytes.
pub const MERGED: u64 = 1 << 20;

impl TransactionsSpec {
    /// Returns the greatest number of writes in one operation.
    #[must_use]
    pub fn most_merged(&self) -> u64 {
        (MERGED / self.write_size.value.count()).max(1)
    }

    /// Returns the mean number of writes in one operation of a long group.
    #[must_use]
    pub fn mean_merged(&self) -> f64 {
        let (next, most) = (self.sequential.value.get(), self.most_merged() as f64);
        if next >= 1.0 { most } else { (1.0 - libm::pow(next, most)) / (1.0 - next) }
    }
}

impl DiskKind {
    /// Returns the time of one rotation, in seconds; `None` for solid state.
    #[must_use]
    pub const fn rotation_s(self) -> Option<f64> {
        match self {
            Self::Rpm7k2 => Some(60.0 / 7_200.0),
            Self::Rpm10k => Some(60.0 / 10_000.0),
            Self::Rpm15k => Some(60.0 / 15_000.0),
            Self::SataSsd | Self::NvmeSsd => None,
        }
    }
}
