//! Sets of disks.

use crate::model::spec::memory::ContentSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// A set of equal disks.
    pub struct DiskSetSpec {
        /// Kind of disk, by its rotation speed.
        kind: DiskKind,
        /// Layout of the data on the disks.
        layout: Layout,
        /// Number of disks that hold data.
        data: u32 => at_least(1),
        /// Number of further disks: mirror sides or parity.
        parity: u32 = 0,
        /// Number of the head that owns the set. Only in a file server.
        head: u32 = 1 => at_least(1),
        /// Time of one random operation. Without it, exponential, with the mean of the kind.
        time: Option<LawSpec<SimDuration>>,
        /// Data read from the set, for the server's RAM cache. Only in a server. Without it, every read goes to a
        /// disk.
        content: Option<ContentSpec>,
    }
}

words! {
    /// Kind of disk, by its random operations per second.
    pub enum DiskKind {
        /// 7,200 rpm: 80 random operations per second (12.5 ms each).
        Rpm7k2 = "7.2k",
        /// 10,000 rpm: 125 random operations per second (8 ms each).
        Rpm10k = "10k",
        /// 15,000 rpm: 175 random operations per second (5.7 ms each).
        Rpm15k = "15k",
    }
}

words! {
    /// Layout of data on disks.
    pub enum Layout {
        /// Two sides: all disks serve reads, a write costs one operation on each side.
        Mirror = "mirror",
        /// Double parity with coalesced writes: the data disks serve, a write costs one operation.
        RaidDp = "raid-dp",
        /// No redundancy: all disks serve, a write costs one operation.
        Plain = "plain",
    }
}

impl DiskKind {
    /// Returns the random operations per second.
    #[must_use]
    pub fn operations_per_s(self) -> f64 {
        match self {
            Self::Rpm7k2 => 80.0,
            Self::Rpm10k => 125.0,
            Self::Rpm15k => 175.0,
        }
    }
}
