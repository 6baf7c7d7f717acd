//! Servers and the zones on them.

use crate::kinds::disks::spec::DiskSetSpec;
use crate::scenario::names::{Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::or_unlimited;
use crate::scenario::words::words;
use crate::units::{Bytes, SimDuration};

spec! {
    /// Physical servers.
    pub struct ServerSpec {
        /// Identical servers; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// The rack they stand in; none: no network delay and no domain above.
        rack: Option<Reference>,
        /// Cores of each.
        cores: u32 => at_least(1),
        /// Memory of each.
        memory: Option<Bytes>,
        /// How much of its free memory keeps what is read from its own disks; none: all that its zones leave free.
        ram_cache: Option<Bytes>,
        /// Sets of local disks, one of each on every member.
        disks: Named<DiskSetSpec> = {},
    }
}

spec! {
    /// Zones: containers with a processor share and a memory cap.
    pub struct ZoneSpec {
        /// Identical zones; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// Servers, one a member, in order. None: placed by `placement`.
        on: Option<Vec<Reference>>,
        /// How members are placed where `on` does not say.
        placement: Placement = "spread",
        /// Servers to place on; none: every server.
        among: Option<Vec<Reference>>,
        /// No two members on one server; placing fails rather than doing it.
        apart: bool = false,
        /// Processor: share, baseline, cap, burst.
        cpu: ZoneCpuSpec = {},
        /// Memory cap.
        memory: Option<Bytes>,
        /// Time to start.
        boot: SimDuration = "0s",
    }
}

words! {
    /// How members are placed on servers.
    pub enum Placement {
        /// On the server with the fewest zones, the first of equals.
        Spread = "spread",
        /// On the first server with room.
        Pack = "pack",
    }
}

spec! {
    /// A zone's part of the processor.
    pub struct ZoneCpuSpec {
        /// Weight against the other zones of the server.
        shares: u32 = 100 => at_least(1),
        /// Cores it may always use; what is above counts as bursting.
        baseline: Option<f64> => above(0.0),
        /// Cores at most; none: all of the server's.
        cap: Option<f64> => above(0.0),
        /// How long it may stay above the baseline; `"unlimited"` for ever.
        burst: Option<Burst>,
    }
}

/// `"30s"` or `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Burst {
    /// For ever.
    Unlimited,
    /// This time, after which the zone is held to the baseline for the same time.
    For(SimDuration),
}

or_unlimited!(Burst, For, SimDuration);
