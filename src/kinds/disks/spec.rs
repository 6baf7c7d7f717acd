//! Sets of disks.

use crate::model::spec::memory::ContentSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// A set of equal disks.
    pub struct DiskSetSpec {
        /// Which disks.
        kind: DiskKind,
        /// How data lies on them.
        layout: Layout,
        /// Disks that hold data.
        data: u32 => at_least(1),
        /// Further disks: mirror sides or parity.
        parity: u32 = 0,
        /// In a file server: number of the head that owns the set.
        head: u32 = 1 => at_least(1),
        /// Time of one random operation; none: exponential, with the mean of the kind.
        time: Option<LawSpec<SimDuration>>,
        /// In a server: what is read from it, for the server's RAM cache; none: every read goes to a disk.
        content: Option<ContentSpec>,
    }
}

words! {
    /// A kind of disk, by its random operations a second.
    pub enum DiskKind {
        /// 7,200 rpm: 80 a second (12.5 ms).
        Rpm7k2 = "7.2k",
        /// 10,000 rpm: 125 a second (8 ms).
        Rpm10k = "10k",
        /// 15,000 rpm: 175 a second (5.7 ms).
        Rpm15k = "15k",
    }
}

words! {
    /// How data lies on disks.
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
