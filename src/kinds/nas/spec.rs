//! File servers.

use crate::kinds::disks::spec::DiskSetSpec;
use crate::model::spec::memory::{ContentSpec, MemoryPolicy};
use crate::model::spec::takeover::TakeoverSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::value::Spanned;
use crate::units::{Bytes, Probability, SimDuration, Watts};

spec! {
    /// A file server: heads in front of pools of disks.
    pub struct NasSpec {
        /// Rack that the file server stands in.
        rack: Option<Reference>,
        /// Power feeds that each of the heads hangs on; one that works is enough. Without it, those of the rack.
        feeds: Option<OneOrMany<Reference>> => not_empty(),
        /// Number of these feeds that each takes, in turn. Without it, all of them.
        cords: Option<u32> => at_least(1),
        /// Number of heads: 1 or 2.
        heads: u32 = 1 => at_least(1),
        /// Processor time per operation at the head. A duration without a `dist` is the mean of an exponential law.
        cpu: LawSpec<SimDuration>,
        /// Electric power of each head. Without it, none is counted.
        head_power: Option<Watts> => at_most(Watts::MAX),
        /// Memory of each head that caches blocks read from its volumes. Without it, none.
        ram_cache: Option<Bytes>,
        /// Blocks that this memory evicts. Without it, `lru`.
        ram_cache_policy: Option<MemoryPolicy>,
        /// If true, blocks written to its volumes enter this memory too, as blocks read do.
        ram_cache_writes: Option<bool>,
        /// Pools: sets of disks behind the heads.
        pools: Named<DiskSetSpec>,
        /// Volumes that services and databases mount.
        volumes: Named<VolumeSpec>,
        /// Takeover by the other of two heads. Without it, the volumes of a failed head wait for that head.
        failover: Option<TakeoverSpec>,
        /// Time after a restart, a takeover or a giveback in which operations that open or lock files wait (NFSv4).
        /// Without it, none wait (NFSv3).
        grace: Option<SimDuration> => above(SimDuration::ZERO),
        /// Share of the operations that open or lock files.
        opens: Option<Probability>,
    }
}

impl NasSpec {
    /// Returns the takeover by the other of two heads; `None` if the volumes of a failed head wait for that head.
    pub(super) fn takeover(&self) -> Option<&Spanned<TakeoverSpec>> {
        self.failover.as_ref().filter(|_| self.heads.value == 2)
    }
}

spec! {
    /// A volume of a file server.
    pub struct VolumeSpec {
        /// Size of the volume.
        size: Option<Bytes>,
        /// Pool that the volume lies on, or several over which it is spread evenly.
        pool: OneOrMany<Reference> => not_empty(),
        /// Data read from the volume, for the RAM cache of its head. Without it, every read goes to a disk.
        content: Option<ContentSpec>,
    }
}
