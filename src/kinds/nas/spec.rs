//! File servers.

use crate::kinds::disks::spec::DiskSetSpec;
use crate::model::spec::memory::ContentSpec;
use crate::model::spec::takeover::TakeoverSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::units::{Bytes, Probability, SimDuration};

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
