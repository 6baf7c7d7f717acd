//! Databases.

use crate::mechanism::commit::Protocol;
use crate::model::spec::popularity::PopularitySpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Label, Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Bandwidth, Bytes, Probability, Rate, SimDuration};

spec! {
    /// A replicated database.
    pub struct DatabaseSpec {
        /// Number of databases of this kind: each runs in the zone members of its own number. `catalogue` becomes
        /// `catalogue-1` and so on. Without it, there is one, under its own name.
        count: Option<u32> => within(1, 1_000),
        /// Zone members that the database runs in, by role.
        in_: MembersSpec,
        /// Members that answer reads.
        reads: Option<ReadsSpec>,
        /// Members that take writes.
        writes: Option<WritesSpec>,
        /// Largest number of connections per member at a time; further calls wait.
        connections: u32 => at_least(1),
        /// Work of one read query.
        read: ReadQuerySpec,
        /// Work of one write query.
        write: WriteQuerySpec,
        /// Storage of each zone member.
        data: Named<Label, Reference> = {},
        /// Replication to the replicas.
        replication: Option<ReplicationSpec>,
        /// Additional buffer misses after a restart or a takeover.
        cold: Option<ColdSpec>,
        /// Time to restart a member after a crash.
        restart: Option<LawSpec<SimDuration>>,
        /// Takeover by a replica when the primary fails.
        failover: Option<DatabaseFailoverSpec>,
        /// Copy that makes a member that is out of the group a replica again. Without it, the member stays out.
        rebuild: Option<RebuildSpec>,
        /// Restore from a backup, after a fault that is `corrupt`, or that takes the disks of all members.
        restore: Option<RestoreSpec>,
    }
}

spec! {
    /// Zone members of a database, by role.
    pub struct MembersSpec {
        /// Member that receives the writes.
        primary: Reference,
        /// Members that follow the primary. An empty list is a group of one member, for a sweep over their number.
        replicas: Option<Vec<Reference>>,
    }
}

spec! {
    /// Members that answer reads.
    pub struct ReadsSpec {
        /// Role of the members.
        to: ReadsTo,
        /// A read is stale if its replica lacks a write committed longer ago than this. Without it, any missing
        /// write makes it stale.
        max_staleness: Option<SimDuration>,
        /// Balancer that picks the replica. Without it, the replicas take turns.
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
        /// All members that are up, in turn.
        Members = "members",
    }
}

spec! {
    /// Members that take writes.
    pub struct WritesSpec {
        /// Role of the members.
        to: WritesTo,
    }
}

words! {
    /// Members that take writes.
    pub enum WritesTo {
        /// The primary.
        Primary = "primary",
        /// All members, in turn: each is a primary.
        Members = "members",
    }
}

words! {
    /// Point at which a write is acknowledged.
    pub enum ReplicationMode {
        /// At once; replicas receive the write later.
        Async = "async",
        /// When one replica has received the write.
        SemiSync = "semi-sync",
        /// When replicas have forced it to disk, however long that takes.
        Sync = "sync",
        /// When all members have agreed on it and committed it, by two-phase commit.
        TwoPhase = "two-phase",
        /// When all members have agreed on it and committed it, by three-phase commit.
        ThreePhase = "three-phase",
        /// When all members have it in a total order, and no earlier write of its row conflicts with it.
        Group = "group",
    }
}

impl ReplicationMode {
    /// Returns the protocol by which all members agree on a write; `None` if a log ships it.
    #[must_use]
    pub fn protocol(self) -> Option<Protocol> {
        match self {
            Self::Async | Self::SemiSync | Self::Sync => None,
            Self::TwoPhase => Some(Protocol::TwoPhase),
            Self::ThreePhase => Some(Protocol::ThreePhase),
            Self::Group => Some(Protocol::Ordered),
        }
    }
}

/// Time after which a silent member is evicted, if the file does not say: the default of Galera's `evs.suspect_timeout`.
const SUSPECT_AFTER: SimDuration = SimDuration::from_secs(5);

impl DatabaseSpec {
    /// Returns the protocol by which all members agree on a write; `None` if a log ships it.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        self.replication.as_ref().and_then(|how| how.mode.value.protocol())
    }

    /// Returns whether writes lock rows or wait for an agreement of the members.
    #[must_use]
    pub fn has_transactions(&self) -> bool {
        self.protocol().is_some() || self.write.rows.is_some()
    }

    /// Returns whether all members answer reads.
    #[must_use]
    pub fn all_read(&self) -> bool {
        self.reads.as_ref().is_some_and(|reads| reads.to.value == ReadsTo::Members)
    }

    /// Returns whether all members take writes.
    #[must_use]
    pub fn all_write(&self) -> bool {
        self.writes.as_ref().is_some_and(|writes| writes.to.value == WritesTo::Members)
    }

    /// Returns whether the members elect another primary when theirs is evicted: a group whose primary takes all writes.
    #[must_use]
    pub fn elects(&self) -> bool {
        self.protocol() == Some(Protocol::Ordered) && !self.all_write()
    }

    /// Returns whether the members wait for each other, and evict those that are silent.
    #[must_use]
    pub fn has_view(&self) -> bool {
        let replicas = self.in_.value.replicas.as_ref();
        self.protocol().is_some() && replicas.is_some_and(|replicas| !replicas.value.is_empty())
    }

    /// Returns the time after which a silent member is evicted.
    #[must_use]
    pub fn suspect_after(&self) -> SimDuration {
        let own = self.replication.as_ref().and_then(|how| how.suspect_after.as_ref());
        own.map_or(SUSPECT_AFTER, |after| after.value)
    }

    /// Returns the number of replicas that a synchronous write waits for, of `replicas`; `None` if it waits for none.
    #[must_use]
    pub fn wait_for(&self, replicas: u32) -> Option<u32> {
        let how =
            self.replication.as_ref().filter(|how| how.mode.value == ReplicationMode::Sync)?;
        let wait_for = how.wait_for.as_ref().map_or(replicas, |wait_for| wait_for.value);
        (wait_for > 0).then_some(wait_for)
    }

    /// Returns the number of disk operations of a forced record.
    #[must_use]
    pub fn force_io(&self) -> f64 {
        let own = self.replication.as_ref().and_then(|how| how.force_io.as_ref());
        own.map_or(if self.data.is_empty() { 0.0 } else { 1.0 }, |own| own.value)
    }
}

words! {
    /// Data on which a replica is promoted.
    pub enum Promotion {
        /// The replica's own data: the writes not yet sent to it are lost.
        Replica = "replica",
        /// The failed primary's volume: no write is lost, but the takeover takes longer.
        Remount = "remount",
    }
}

words! {
    /// Order in which a replica applies writes.
    pub enum Apply {
        /// One write after the other.
        Serial = "serial",
    }
}

spec! {
    /// Work of one read query.
    pub struct ReadQuerySpec {
        /// Processor time of the query.
        cpu: LawSpec<SimDuration>,
        /// Reads from disk when the buffer misses.
        io: Option<MissSpec>,
    }
}

spec! {
    /// A miss of the database's buffer.
    pub struct MissSpec {
        /// Probability of a miss.
        probability: Probability,
        /// Number of disk reads per miss; a fraction is a mean.
        mean: f64 => within(0.0, 65_535.0),
    }
}

spec! {
    /// Work of one write query.
    pub struct WriteQuerySpec {
        /// Processor time of the query.
        cpu: LawSpec<SimDuration>,
        /// Number of disk operations that the query waits for; a fraction is a mean.
        sync_io: f64 = 0 => within(0.0, 65_535.0),
        /// Number of disk operations that the query does not wait for; a fraction is a mean.
        deferred_io: f64 = 0 => within(0.0, 65_535.0),
        /// Popularity of the rows that writes lock, one row per write. Without it, no two writes meet.
        rows: Option<PopularitySpec>,
    }
}

spec! {
    /// Replication from the primary to its replicas.
    pub struct ReplicationSpec {
        /// Point at which a write is acknowledged.
        mode: ReplicationMode,
        /// Time until a replica has received a write. With `semi-sync` it includes the way of the answer. Where members wait
        /// for each other, the time of each message between two of them. Over a link between sites it is added to the link's latency.
        receive: LawSpec<SimDuration>,
        /// Bytes of a write on a link between sites. Required where members stand at both ends of one.
        sends: Option<Bytes> => above(Bytes::new(0)),
        /// Order in which a replica applies the writes.
        apply: Apply = "serial",
        /// Number of disk operations per applied write, none of which the replica waits for. Without it, those of
        /// the write itself, waited for as there.
        apply_io: Option<f64> => within(0.0, 65_535.0),
        /// Number of replicas that must have forced a write before it is acknowledged (`sync`). Without it, all.
        wait_for: Option<u32> => at_least(1),
        /// Number of disk operations of each record that a member forces before it answers (`sync`, `two-phase`,
        /// `three-phase`). Without it, 1 where members have `data`.
        force_io: Option<f64> => within(0.0, 65_535.0),
        /// Time after which the others go on without a silent member (`two-phase`, `three-phase`, `group`). Without it, 5s.
        suspect_after: Option<SimDuration> => above(SimDuration::ZERO),
        /// Number of times that a write is tried before conflicts make it fail (`two-phase`, `three-phase`, `group`). Without
        /// it, 10.
        attempts: Option<u32> => at_least(1),
    }
}

spec! {
    /// A cold buffer: more misses for some time after a restart.
    pub struct ColdSpec {
        /// Factor on the probability of a miss at first.
        miss_factor: f64 => at_least(1.0),
        /// Time constant with which the factor decays exponentially to 1.
        decays_in: SimDuration => above(SimDuration::ZERO),
        /// If true, traffic over years counts the additional misses too. Without it, only windows do.
        over_years: Option<bool>,
    }
}

spec! {
    /// Takeover by a replica when the primary fails.
    pub struct DatabaseFailoverSpec {
        /// Probes that detect the failure of the primary.
        detect: DetectSpec,
        /// Time from the end of the replay to the first write at the new primary.
        promote: LawSpec<SimDuration>,
        /// Data with which the replica is promoted.
        promotion: Promotion = "replica",
        /// Probability that the failover works.
        coverage: Probability,
        /// Time until people have repaired a failover that did not work.
        manual_repair: LawSpec<SimDuration>,
        /// Time that a switch-over takes once the replica has all writes. Planned work that takes the primary out announces it.
        /// Without it, such work is detected like a crash.
        switch_over: Option<LawSpec<SimDuration>>,
        /// Rate of failovers of a healthy primary. Without it, none.
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
    /// Restore of all members from a backup.
    pub struct RestoreSpec {
        /// Amount of data to copy.
        size: Bytes => above(Bytes::new(0)),
        /// Rate of the copy.
        rate: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// Time until the copy begins. Without it, none.
        begin: Option<LawSpec<SimDuration>>,
        /// Log that is kept since the last backup, and replayed up to the corruption or the end of what is archived. Without
        /// it, everything written since the backup is lost.
        point_in_time: Option<PointInTimeSpec>,
    }
}

spec! {
    /// Log of a database from which it is restored to a point in time.
    pub struct PointInTimeSpec {
        /// Seconds of log that are replayed per second.
        replay: f64 => above(0.0),
        /// Time between two copies of the log to another place, zero for at once. What was written since the last is lost
        /// with the disks. Without it, the log lies beside the data, and is lost with them.
        archive_every: Option<SimDuration>,
    }
}

spec! {
    /// Probes of a failover script.
    pub struct DetectSpec {
        /// Time between two probes.
        interval: SimDuration,
        /// A probe that takes longer has failed.
        time_out: SimDuration,
        /// Number of failed probes in a row after which the primary is considered dead.
        fall: u32 => at_least(1),
    }
}
