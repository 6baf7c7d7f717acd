//! Sites and their uplinks, racks and their switches, links.

use crate::scenario::names::{OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::units::{Bandwidth, CarbonIntensity, EnergyPrice, SimDuration, Watts};

spec! {
    /// A data centre: one failure domain with its links to the Internet.
    pub struct SiteSpec {
        /// Links of the site to the Internet. Without it, no limit and nothing that fails.
        uplinks: Option<UplinksSpec>,
        /// Power usage effectiveness: energy that the site draws per energy that its parts draw. Without it, 1.
        pue: Option<f64> => within(1.0, 10.0),
        /// Price of the energy that the site draws.
        energy_price: Option<EnergyPrice>,
        /// Carbon emitted per energy that the site draws.
        carbon: Option<CarbonIntensity>,
        /// The same for each hour of the day: 24 values, the first from midnight to 01:00.
        carbon_by_hour: Option<Vec<CarbonIntensity>>,
    }
}

spec! {
    /// Links of a site to the Internet. Users share them evenly.
    pub struct UplinksSpec {
        /// Number of links.
        count: u32 = 1 => at_least(1).because("a site without a link serves no user: leave `uplinks` out for a link that is no limit"),
        /// Bandwidth of each link.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// Time that the users of a dead link are cut off before the other links carry them.
        convergence: SimDuration = "0s",
    }
}

spec! {
    /// A rack: servers and appliances behind its switches.
    pub struct RackSpec {
        /// Site that the rack stands in.
        site: Reference,
        /// Switches at the top of the rack. Without it, no limit and nothing that fails.
        switch: Option<SwitchSpec>,
        /// Power feeds that everything in the rack hangs on, if it names none itself. Without it, nothing fails with a feed.
        feeds: Option<OneOrMany<Reference>> => not_empty(),
    }
}

spec! {
    /// Switches at the top of a rack.
    pub struct SwitchSpec {
        /// Number of switches; any one of them carries the rack.
        count: u32 = 1 => at_least(1).because("leave `switch` out for a rack without one"),
        /// Bandwidth of each switch.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// Delay through the switch, one way.
        latency: SimDuration = "0s",
        /// Electric power of each switch. Without it, none is counted.
        power: Option<Watts> => at_most(Watts::MAX),
        /// Power feeds that each of the switches hangs on; one that works is enough. Without it, those of the rack.
        feeds: Option<OneOrMany<Reference>> => not_empty(),
        /// Number of these feeds that each takes, in turn. Without it, all of them.
        cords: Option<u32> => at_least(1),
    }
}

spec! {
    /// A link between two sites.
    pub struct LinkSpec {
        /// Names of the two sites.
        between: Vec<Reference> => not_empty(),
        /// Bandwidth of the link.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// Delay over the link, one way.
        latency: SimDuration = "0s",
        /// Time after which TCP sends again what a `lossy` fault has lost, besides the round trip. Without it, 200ms.
        resend_after: Option<SimDuration> => within(SimDuration::from_nanos(1_000_000), SimDuration::from_secs(60)),
    }
}
