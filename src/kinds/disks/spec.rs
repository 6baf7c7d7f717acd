//! Sets of disks.

use crate::model::spec::memory::ContentSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Bandwidth, Bytes, Probability, SimDuration, Watts};

pub mod pool;

use pool::{IntentLogSpec, ResilverSpec, ScrubSpec, TransactionsSpec};

spec! {
    /// A set of equal disks.
    pub struct DiskSetSpec {
        /// Kind of disk: rotation speed, or solid state.
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
        /// Time of one random write. Without it, `time`, or exponential with the mean of the kind.
        write_time: Option<LawSpec<SimDuration>>,
        /// Operations that one disk executes at once. Without it, that of the kind.
        parallel: Option<u32> => within(1, 1024),
        /// Order in which operations reach a disk. Without it, `fifo`.
        queue: Option<QueueOrder>,
        /// Disk that serves a read of a `mirror`, among those with the data. Without it, `random`.
        reads: Option<ReadsFrom>,
        /// Electric power of each disk. Without it, none is counted.
        power: Option<Watts> => at_most(Watts::MAX),
        /// Throttle of the zones that share the disks. Only in a server. Without it, no operation is delayed.
        io_throttle: Option<IoThrottleSpec>,
        /// Transfer of one disk: the time of what follows the first block of writes that are merged, of a scan, and of each
        /// block of a `content` that is read.
        bandwidth: Option<Bandwidth> => above(Bandwidth::from_bytes_per_s(0)),
        /// Writes that collect in memory and reach the disks group by group. Only in a server. Without it, each write goes
        /// to the disks at once.
        transactions: Option<TransactionsSpec>,
        /// Device of the intent log. Without it, the log lies on the disks of the set.
        log: Option<IntentLogSpec>,
        /// Reads of all allocated data from time to time, with `transactions`. Without it, none.
        scrub: Option<ScrubSpec>,
        /// Disks that fail and are replaced, with `transactions`. Only in a server that is one. Without it, no single disk
        /// fails.
        resilver: Option<ResilverSpec>,
        /// Data read from the set, for the server's RAM cache. Only in a server. Without it, every read goes to a
        /// disk.
        content: Option<ContentSpec>,
    }
}

spec! {
    /// Throttle of disk operations: while the disks are contended, a zone above its fair share spins before each
    /// operation that no memory answers.
    pub struct IoThrottleSpec {
        /// Change of the delay of a zone per adjustment.
        step: SimDuration = "5us" => within(SimDuration::from_nanos(1_000), SimDuration::SECOND),
        /// Greatest delay of an operation.
        ceiling: SimDuration = "100us" => within(SimDuration::from_nanos(1_000), SimDuration::SECOND),
        /// Factor of the delay of a write while transaction groups sync faster than normal: at least 2 began in the present period
        /// of 5 s, or at least 4 in the one before.
        write_factor: u32 = 2 => within(1, 100),
        /// Shortest time between adjustments.
        adjust: SimDuration = "250ms" => within(SimDuration::from_nanos(1_000), SimDuration::HOUR),
        /// Share of time with a disk operation outstanding above which delays rise.
        over: Probability = 0.8,
        /// Share of time with a disk operation outstanding below which delays fall.
        under: Probability = 0.6,
        /// Latency of a disk operation above which it counts as slow. Delays rise only within 1 s of a slow operation.
        slow: SimDuration = "50ms" => above(SimDuration::ZERO),
        /// Time between the starts of syncs of transaction groups, where the set has no `transactions`.
        sync: SimDuration = "5s" => within(SimDuration::from_nanos(1_000_000), SimDuration::HOUR),
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
        /// SATA SSD: 3 operations at once; 35,000 random reads per second (0.085 ms each), 3,300 writes.
        SataSsd = "sata-ssd",
        /// NVMe SSD: 30 operations at once; 500,000 random operations per second (0.06 ms each).
        NvmeSsd = "nvme-ssd",
    }
}

words! {
    /// Layout of data on disks.
    pub enum Layout {
        /// Sides with the same data: all disks serve reads, a write costs one operation on each side. `parity` disks
        /// equal to `data` make two sides, twice as many make three.
        Mirror = "mirror",
        /// Double parity with coalesced writes: the data disks serve, a write costs one operation.
        RaidDp = "raid-dp",
        /// A stripe, no redundancy: all disks serve, a write costs one operation.
        Plain = "plain",
        /// Groups with one parity disk each: a block lies on all data disks of a group. A read waits for all of them,
        /// a write for all disks of the group.
        Raidz1 = "raidz1",
        /// Groups with two parity disks each, otherwise as `raidz1`.
        Raidz2 = "raidz2",
    }
}

words! {
    /// Disk of a mirror that serves a read.
    pub enum ReadsFrom {
        /// Any side, each with the same probability.
        Random = "random",
        /// The side with the fewest operations waiting or in service; of equals the first after one drawn at random.
        ShortestQueue = "shortest-queue",
    }
}

words! {
    /// Order in which operations reach a disk.
    pub enum QueueOrder {
        /// First come, first served.
        Fifo = "fifo",
        /// Classes with at most ten active operations each: reads, writes that a request waits for, other writes. While
        /// ten of a class wait, the zones of the server take turns, by I/O priority.
        Classes = "classes",
    }
}

impl DiskKind {
    /// Returns the random operations per second of one disk that executes one at a time.
    #[must_use]
    pub fn operations_per_s(self) -> f64 {
        match self {
            Self::Rpm7k2 => 80.0,
            Self::Rpm10k => 125.0,
            Self::Rpm15k => 175.0,
            Self::SataSsd => 1.0 / 85e-6,
            Self::NvmeSsd => 1.0 / 60e-6,
        }
    }

    /// Returns the same for writes.
    #[must_use]
    pub fn writes_per_s(self) -> f64 {
        match self {
            Self::SataSsd => 3_300.0 / 3.0,
            _ => self.operations_per_s(),
        }
    }

    /// Returns the bytes per second that no disk of the kind exceeds: the fastest tracks of a disk that rotates, the
    /// interface of a solid one (SATA 6 Gbit/s; four lanes of PCIe 5).
    #[must_use]
    pub const fn fastest(self) -> Bandwidth {
        Bandwidth::from_bytes_per_s(match self {
            Self::Rpm7k2 | Self::Rpm10k | Self::Rpm15k => 300_000_000,
            Self::SataSsd => 600_000_000,
            Self::NvmeSsd => 15_750_000_000,
        })
    }

    /// Returns the operations that one disk executes at once.
    #[must_use]
    pub const fn parallel(self) -> u32 {
        match self {
            Self::Rpm7k2 | Self::Rpm10k | Self::Rpm15k => 1,
            Self::SataSsd => 3,
            Self::NvmeSsd => 30,
        }
    }
}

impl Layout {
    /// Returns the parity disks per group; `None` for a layout without groups.
    #[must_use]
    pub const fn parity_per_group(self) -> Option<u32> {
        match self {
            Self::Raidz1 => Some(1),
            Self::Raidz2 => Some(2),
            Self::Mirror | Self::RaidDp | Self::Plain => None,
        }
    }
}

/// Disks that one operation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Disks that serve operations.
    pub disks: u32,
    /// Disks of a group, of which an operation uses some.
    pub group: u32,
    /// Disks that a read uses.
    pub read: u32,
    /// Disks that a write uses.
    pub write: u32,
}

/// Groups of a set of disks, and how many disks of a group may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Redundancy {
    /// Disks of the set. Those of a group follow each other.
    pub disks: u32,
    /// Disks of a group: the sides of a mirror, or data and parity.
    pub group: u32,
    /// Disks of a group that may be missing while the data are there.
    pub spare: u32,
}

impl Redundancy {
    /// Returns the number of groups.
    #[must_use]
    pub const fn groups(self) -> u32 {
        self.disks / self.group
    }
}

impl DiskSetSpec {
    /// Returns the number of disks, those of parity included.
    #[must_use]
    pub fn disks(&self) -> f64 {
        f64::from(self.data.value) + f64::from(self.parity.value)
    }

    /// Returns the groups of the set; `None` if the loss of some disk loses data, or if its disks make no equal groups.
    #[must_use]
    pub fn redundancy(&self) -> Option<Redundancy> {
        let (data, parity) = (self.data.value, self.parity.value);
        let disks = data.checked_add(parity)?;
        let spare = match self.layout.value {
            Layout::Plain => return None,
            Layout::Mirror if parity == 0 || !parity.is_multiple_of(data) => return None,
            Layout::Mirror => parity / data,
            Layout::Raidz1 => 1,
            Layout::RaidDp | Layout::Raidz2 => 2,
        };
        let groups = if self.layout.value == Layout::Mirror { data } else { parity / spare };
        let equal = groups > 0 && data.is_multiple_of(groups) && parity == groups * spare;
        equal.then(|| Redundancy { disks, group: disks / groups, spare })
    }

    /// Returns the disks that operations use.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let (data, parity) = (self.data.value, self.parity.value);
        let both = data.saturating_add(parity);
        match self.layout.value {
            Layout::RaidDp => Columns { disks: data, group: 1, read: 1, write: 1 },
            Layout::Plain => Columns { disks: both, group: 1, read: 1, write: 1 },
            Layout::Mirror => {
                let is_even = parity > 0 && parity.is_multiple_of(data);
                let sides = if is_even { 1 + parity / data } else { 2 };
                Columns { disks: both, group: sides, read: 1, write: sides }
            }
            layout @ (Layout::Raidz1 | Layout::Raidz2) => {
                let each = layout.parity_per_group().unwrap_or(1);
                let groups = (parity / each).max(1);
                let read = (data / groups).max(1);
                Columns { disks: both, group: read + each, read, write: read + each }
            }
        }
    }

    /// Returns true if operations wait in classes.
    #[must_use]
    pub fn has_classes(&self) -> bool {
        let given = self.queue.as_ref().is_some_and(|queue| queue.value == QueueOrder::Classes);
        given || self.transactions.is_some()
    }

    /// Returns true if operations are ordered or delayed by the zone they come from.
    #[must_use]
    pub fn knows_zones(&self) -> bool {
        self.io_throttle.is_some() || self.has_classes()
    }

    /// Returns the electric power of all disks; `None` if the file gives none.
    #[must_use]
    pub fn watts(&self) -> Option<Watts> {
        let disks = u64::from(self.data.value) + u64::from(self.parity.value);
        self.power.as_ref().map(|power| power.value.times(disks))
    }

    /// Returns the operations that all disks execute at once.
    #[must_use]
    pub fn slots(&self) -> u128 {
        let disks = u128::from(self.data.value) + u128::from(self.parity.value);
        let log = self.log.as_ref().map_or(0, |log| log.kind.value.parallel());
        disks * u128::from(self.at_once()) + u128::from(log)
    }

    /// Returns the bytes that a disk reads for one block of the `content`; `None` without one.
    #[must_use]
    pub fn bytes_of_read(&self) -> Option<Bytes> {
        let block = self.content.as_ref()?.block.value;
        Some(Bytes::new(block.count().div_ceil(u64::from(self.columns().read))))
    }

    /// Returns the time that a disk transfers what one read asks of it, beside the time of the operation; zero without a
    /// `bandwidth`, and where reads have no size.
    #[must_use]
    pub fn transfer_of_read(&self) -> SimDuration {
        let of = self.bandwidth.as_ref().zip(self.bytes_of_read());
        of.map_or(SimDuration::ZERO, |(bandwidth, bytes)| bandwidth.value.time_for(bytes))
    }

    /// Returns the operations that one disk executes at once.
    #[must_use]
    pub fn at_once(&self) -> u32 {
        self.parallel.as_ref().map_or(self.kind.value.parallel(), |parallel| parallel.value)
    }
}
