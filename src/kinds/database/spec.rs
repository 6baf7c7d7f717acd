//! Databases.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Label, Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Bandwidth, Bytes, Probability, Rate, SimDuration};

spec! {
    /// A replicated database.
    pub struct DatabaseSpec {
        /// Zone members that it runs in, by role.
        in_: MembersSpec,
        /// Members that answer reads.
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
        /// Replication to the replicas.
        replication: Option<ReplicationSpec>,
        /// Misses after a restart or a takeover.
        cold: Option<ColdSpec>,
        /// Time to come back after a crash.
        restart: Option<LawSpec<SimDuration>>,
        /// Takeover by a replica.
        failover: Option<DatabaseFailoverSpec>,
        /// Copy that makes a member that is out of the group a replica again; none: it stays out.
        rebuild: Option<RebuildSpec>,
    }
}

spec! {
    /// Zone members of a database, by role.
    pub struct MembersSpec {
        /// The member that writes go to.
        primary: Option<Reference>,
        /// Members that follow it.
        replicas: Option<Vec<Reference>>,
        /// The member in front of the shards.
        index: Option<Reference>,
        /// Members that each hold a part.
        shards: Option<Vec<Reference>>,
    }
}

spec! {
    /// Members that answer reads.
    pub struct ReadsSpec {
        /// Role of the members.
        to: ReadsTo,
        /// A read that lacks a write committed longer ago than this is stale; none: any write.
        max_staleness: Option<SimDuration>,
        /// The balancer that picks the replica; none: they take turns.
        through: Option<Reference>,
    }
}

words! {
    /// Members that answer reads.
    pub enum ReadsTo {
        /// The primary.
        Primary = "primary",
        /// The replicas that are up, in turn.
        Replicas = "replicas",
    }
}

words! {
    /// Point at which a write is acknowledged.
    pub enum ReplicationMode {
        /// At once; a replica gets it later.
        Async = "async",
        /// When one replica has it.
        SemiSync = "semi-sync",
    }
}

words! {
    /// Data on which a replica is promoted.
    pub enum Promotion {
        /// With what it has: loses the writes not yet shipped.
        Replica = "replica",
        /// On the failed primary's volume: loses time.
        Remount = "remount",
    }
}

words! {
    /// Order in which a replica applies writes.
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
        /// Probability of a miss.
        probability: Probability,
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
        /// Disk operations that the query does not wait for; a fraction is a mean.
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
    /// Replication from the primary to its replicas.
    pub struct ReplicationSpec {
        /// Point at which a write is acknowledged.
        mode: ReplicationMode,
        /// Time until a replica has received it.
        receive: LawSpec<SimDuration>,
        /// Order in which a replica applies it.
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
    /// Takeover by a replica from its primary.
    pub struct DatabaseFailoverSpec {
        /// Probes that detect the failure of the primary.
        detect: DetectSpec,
        /// Time from the end of the replay to the first write.
        promote: LawSpec<SimDuration>,
        /// Data of the promoted replica.
        promotion: Promotion = "replica",
        /// Probability that it works.
        coverage: Probability,
        /// Time until people have repaired a failover that did not work.
        manual_repair: LawSpec<SimDuration>,
        /// Rate of failovers of a healthy primary.
        false_rate: Option<Rate>,
        /// If true, the old primary is cut off before another is promoted.
        fence: bool = true,
    }
}

spec! {
    /// Copy of the primary's data, after which a member is a replica again.
    pub struct RebuildSpec {
        /// Amount of data to copy.
        size: Bytes => above(Bytes::new(0)),
        /// Rate of the copy; a disk operation on either side moves 1 MiB.
        rate: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
    }
}

spec! {
    /// Probes of a failover script.
    pub struct DetectSpec {
        /// Time between two probes.
        interval: SimDuration,
        /// A probe that takes longer has failed.
        time_out: SimDuration,
        /// Failed probes in a row.
        fall: u32 => at_least(1),
    }
}
