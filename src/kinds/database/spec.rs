//! Databases.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Label, Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Bandwidth, Bytes, Probability, Rate, SimDuration};

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
        /// How replicas follow.
        replication: Option<ReplicationSpec>,
        /// Misses after a restart or a takeover.
        cold: Option<ColdSpec>,
        /// Time to come back after a crash.
        restart: Option<LawSpec<SimDuration>>,
        /// How a replica takes over.
        failover: Option<DatabaseFailoverSpec>,
        /// How a member that is out of the group is made a replica; none: it stays out.
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
    /// Who answers reads.
    pub struct ReadsSpec {
        /// By role.
        to: ReadsTo,
        /// A read that lacks a write acknowledged longer ago than this is stale; none: any write.
        max_staleness: Option<SimDuration>,
        /// The balancer that picks the replica; none: they take turns.
        through: Option<Reference>,
    }
}

words! {
    /// Who answers reads.
    pub enum ReadsTo {
        /// The primary.
        Primary = "primary",
        /// The replicas that are up, in turn.
        Replicas = "replicas",
    }
}

words! {
    /// When a write is acknowledged.
    pub enum ReplicationMode {
        /// At once; a replica gets it later.
        Async = "async",
        /// When one replica has it.
        SemiSync = "semi-sync",
    }
}

words! {
    /// How a replica is promoted.
    pub enum Promotion {
        /// With what it has: loses the writes not yet shipped.
        Replica = "replica",
        /// On the dead primary's volume: loses time.
        Remount = "remount",
    }
}

words! {
    /// How a replica applies writes.
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
    /// How replicas follow their primary.
    pub struct ReplicationSpec {
        /// When a write is acknowledged.
        mode: ReplicationMode,
        /// Until a replica has received it.
        receive: LawSpec<SimDuration>,
        /// How a replica applies it.
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
    /// How a replica takes over from its primary.
    pub struct DatabaseFailoverSpec {
        /// How the death is noticed.
        detect: DetectSpec,
        /// Time from the end of the replay to the first write.
        promote: LawSpec<SimDuration>,
        /// On which data.
        promotion: Promotion = "replica",
        /// Probability that it works.
        coverage: Probability,
        /// Repair by people when it does not.
        manual_repair: LawSpec<SimDuration>,
        /// Failovers without a death.
        false_rate: Option<Rate>,
        /// Whether the old primary is cut off before another is promoted.
        fence: bool = true,
    }
}

spec! {
    /// How a member becomes a replica again: by a copy of the primary's data.
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
