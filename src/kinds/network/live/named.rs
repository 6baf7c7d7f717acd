//! Components that stand for one link or one uplink, so that faults and figures can name it.

use super::{LinkConfig, UplinkConfig};
use crate::model::ids::ComponentId;
use crate::model::{Ctx, Keeps, Live, Start, part_of};

/// Component that stands for one link of the network: its name, its health, its figures. The world passes
/// its health on to [`Links`](super::Links) and takes its reading from there.
#[derive(Clone, Debug)]
pub struct Link {
    config: LinkConfig,
}

impl Link {
    /// Creates the component of a link.
    #[must_use]
    pub fn new(config: LinkConfig) -> Self {
        Self { config }
    }

    /// Returns the link that the component stands for.
    #[must_use]
    pub fn config(&self) -> LinkConfig {
        self.config
    }
}

/// Component that stands for one of several uplinks: its name and its health. The world passes its health on to
/// [`Links`](super::Links); throughput is reported for all uplinks of the site together.
#[derive(Clone, Debug)]
pub struct Uplink {
    config: UplinkConfig,
}

impl Uplink {
    /// Creates the component of an uplink.
    #[must_use]
    pub fn new(config: UplinkConfig) -> Self {
        Self { config }
    }

    /// Returns the uplink that the component stands for.
    #[must_use]
    pub fn config(&self) -> UplinkConfig {
        self.config
    }
}

impl Live for Link {
    type Config = LinkConfig;

    fn begin(_: ComponentId, config: &LinkConfig, _: &Start<'_>) -> Self {
        Self::new(*config)
    }

    part_of!(network);

    fn counts(_: &LinkConfig) -> Keeps {
        Keeps { completions: true, ..Keeps::NOTHING }
    }
}

impl Live for Uplink {
    type Config = UplinkConfig;

    fn begin(_: ComponentId, config: &UplinkConfig, _: &Start<'_>) -> Self {
        Self::new(*config)
    }

    part_of!(network);

    fn counts(_: &UplinkConfig) -> Keeps {
        Keeps::NOTHING
    }
}
