//! Sites and their uplinks, racks and their switches, links.

use crate::scenario::names::Reference;
use crate::scenario::spec::spec;
use crate::units::{Bandwidth, SimDuration};

spec! {
    /// A data centre: one failure domain with its links to the world.
    pub struct SiteSpec {
        /// Its links to the world, together.
        uplinks: Option<UplinksSpec>,
    }
}

spec! {
    /// The links of a site to the world. Users share them evenly.
    pub struct UplinksSpec {
        /// How many.
        count: u32 = 1 => at_least(1).because("a site without a link serves nobody: leave `uplinks` out for a link that is no limit"),
        /// Of each.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// How long the users of a dead link are cut off before the others carry them.
        convergence: SimDuration = "0s",
    }
}

spec! {
    /// A rack: servers and appliances behind its switches.
    pub struct RackSpec {
        /// The site it stands in.
        site: Reference,
        /// Top of rack; none: no limit and nothing that fails.
        switch: Option<SwitchSpec>,
    }
}

spec! {
    /// The switches of a rack.
    pub struct SwitchSpec {
        /// How many; any one of them carries the rack.
        count: u32 = 1 => at_least(1).because("leave `switch` out for a rack without one"),
        /// Of each.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// Through it, one way.
        latency: SimDuration = "0s",
    }
}

spec! {
    /// A link between two sites.
    pub struct LinkSpec {
        /// The two sites.
        between: Vec<Reference> => not_empty(),
        /// Capacity.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// One way.
        latency: SimDuration = "0s",
    }
}
