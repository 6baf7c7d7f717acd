//! Disks, file servers, databases.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Label, Named, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Bandwidth, Bytes, Probability, Rate, SimDuration};

use super::place::TakeoverSpec;

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

spec! {
    /// What is read from a store: blocks, each read by itself, by Zipf popularity.
    pub struct ContentSpec {
        /// All blocks together.
        size: Bytes => above(Bytes::new(0)),
        /// One block: what one read reads, and what memory keeps of it.
        block: Bytes => within(Bytes::new(512), Bytes::new(1 << 30)),
        /// Exponent of the popularity: the k-th block is read in proportion to 1 / k^zipf; 0: all alike.
        zipf: f64 => within(0.0, 20.0),
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
    /// Random operations a second.
    #[must_use]
    pub fn operations_per_s(self) -> f64 {
        match self {
            Self::Rpm7k2 => 80.0,
            Self::Rpm10k => 125.0,
            Self::Rpm15k => 175.0,
        }
    }
}

spec! {
    /// A file server: heads in front of pools of disks.
    pub struct NasSpec {
        /// The rack it stands in.
        rack: Option<Reference>,
        /// Heads: 1 or 2.
        heads: u32 = 1 => at_least(1),
        /// Per operation at the head; a plain duration is the mean of an exponential law.
        cpu: LawSpec<SimDuration>,
        /// What each head keeps in memory of what is read; none: nothing.
        ram_cache: Option<Bytes>,
        /// Sets of disks.
        pools: Named<DiskSetSpec>,
        /// Volumes.
        volumes: Named<VolumeSpec>,
        /// How the partner takes over.
        failover: Option<TakeoverSpec>,
        /// After a restart, a takeover or a giveback, operations that open or lock wait this long (NFSv4); none: nobody does (NFSv3).
        grace: Option<SimDuration> => above(SimDuration::ZERO),
        /// Share of the operations that open or lock.
        opens: Option<Probability>,
    }
}

spec! {
    /// A volume of a file server.
    pub struct VolumeSpec {
        /// Its size.
        size: Option<Bytes>,
        /// The pool it lies on, or several over which it is spread evenly.
        pool: OneOrMany<Reference> => not_empty(),
        /// What is read from it, for the RAM cache of its head; none: every read goes to a disk.
        content: Option<ContentSpec>,
    }
}

spec! {
    /// A replicated database.
    pub struct DatabaseSpec {
        /// Where its members run.
        in_: MembersSpec,
        /// Who answers reads.
        reads: Option<ReadsSpec>,
        /// Connections at a time, per member; further calls wait.
        connections: u32 => at_least(1),
        /// One read query.
        read: ReadQuerySpec,
        /// One write query.
        write: WriteQuerySpec,
        /// Work per query at the index server.
        look_up: Option<LookUpSpec>,
        /// Zone member to storage.
        data: Named<Label, Reference> = {},
        /// How slaves follow.
        replication: Option<ReplicationSpec>,
        /// Misses after a restart or a takeover.
        cold: Option<ColdSpec>,
        /// Time to come back after a crash.
        restart: Option<LawSpec<SimDuration>>,
        /// How a slave takes over.
        failover: Option<DatabaseFailoverSpec>,
        /// How a member that is out of the group is made a slave; none: it stays out.
        rebuild: Option<RebuildSpec>,
    }
}

spec! {
    /// Zone members of a database, by role.
    pub struct MembersSpec {
        /// The member that writes go to.
        master: Option<Reference>,
        /// Members that follow it.
        slaves: Option<Vec<Reference>>,
        /// The member in front of the shards.
        index: Option<Reference>,
        /// Members that each hold a part.
        shards: Option<Vec<Reference>>,
    }
}

spec! {
    /// Who answers reads.
    pub struct ReadsSpec {
        /// By role.
        to: ReadsTo,
        /// A read that lacks a write acknowledged longer ago than this is stale; none: any write.
        tolerates: Option<SimDuration>,
        /// The balancer that picks the slave; none: they take turns.
        through: Option<Reference>,
    }
}

words! {
    /// Who answers reads.
    pub enum ReadsTo {
        /// The master.
        Master = "master",
        /// The slaves that are up, in turn.
        Slaves = "slaves",
    }

    /// When a write is acknowledged.
    pub enum ReplicationMode {
        /// At once; a slave gets it later.
        Async = "async",
        /// When one slave has it.
        SemiSync = "semi-sync",
    }

    /// How a slave is promoted.
    pub enum Promotion {
        /// With what it has: loses the writes not yet shipped.
        Replica = "replica",
        /// On the dead master's volume: loses time.
        Remount = "remount",
    }

    /// How a slave applies writes.
    pub enum Apply {
        /// One after the other.
        Serial = "serial",
    }
}

spec! {
    /// One read query.
    pub struct ReadQuerySpec {
        /// Processor time.
        cpu: LawSpec<SimDuration>,
        /// Reads from disk, when the buffer misses.
        io: Option<MissSpec>,
    }
}

spec! {
    /// A miss of a buffer.
    pub struct MissSpec {
        /// Chance of a miss.
        chance: Probability,
        /// Reads of a miss; a fraction is a mean.
        mean: f64 => within(0.0, 65_535.0),
    }
}

spec! {
    /// One write query.
    pub struct WriteQuerySpec {
        /// Processor time.
        cpu: LawSpec<SimDuration>,
        /// Disk operations the query waits for; a fraction is a mean.
        sync_io: f64 = 0 => within(0.0, 65_535.0),
        /// Disk operations that nobody waits for; a fraction is a mean.
        deferred_io: f64 = 0 => within(0.0, 65_535.0),
    }
}

spec! {
    /// Work of an index server.
    pub struct LookUpSpec {
        /// Processor time.
        cpu: LawSpec<SimDuration>,
    }
}

spec! {
    /// How slaves follow their master.
    pub struct ReplicationSpec {
        /// When a write is acknowledged.
        mode: ReplicationMode,
        /// Until a slave has received it.
        receive: LawSpec<SimDuration>,
        /// How a slave applies it.
        apply: Apply = "serial",
        /// Disk operations per applied write, none of which the applier waits for; none: those of the
        /// write itself, waited for as there.
        apply_io: Option<f64> => within(0.0, 65_535.0),
    }
}

spec! {
    /// A cold buffer: more misses for a while.
    pub struct ColdSpec {
        /// Misses, times this, at first.
        miss_factor: f64 => at_least(1.0),
        /// Time constant of the exponential decay.
        decays_in: SimDuration => above(SimDuration::ZERO),
    }
}

spec! {
    /// How a slave takes over from its master.
    pub struct DatabaseFailoverSpec {
        /// How the death is noticed.
        detect: DetectSpec,
        /// From the decision to the first write.
        promote: LawSpec<SimDuration>,
        /// On which data.
        promotion: Promotion = "replica",
        /// Chance that it works.
        coverage: Probability,
        /// Repair by people when it does not.
        failed: LawSpec<SimDuration>,
        /// Failovers without a death.
        false_rate: Option<Rate>,
        /// Whether the old master is cut off before another is promoted.
        fence: bool = true,
    }
}

spec! {
    /// How a member becomes a slave again: by a copy of the master's data.
    pub struct RebuildSpec {
        /// How much is copied.
        size: Bytes => above(Bytes::new(0)),
        /// How fast; a disk operation on either side moves 1 MiB.
        rate: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
    }
}

spec! {
    /// Probes of a failover script.
    pub struct DetectSpec {
        /// Between two probes.
        interval: SimDuration,
        /// A probe that takes longer has failed.
        time_out: SimDuration,
        /// Failed probes in a row.
        fall: u32 => at_least(1),
    }
}
