//! Accounts of zones and autoscalers at instants of a window.
//!
//! Holds: all numbers are sums since the start of the world, so that an interval is the difference of two readings.

use serde::{Deserialize, Serialize};

use crate::mechanism::cpu_share::ZoneLedger;
use crate::model::blueprint::Blueprint;
use crate::model::world::World;
use crate::units::SimDuration;

/// Maximum number of zones in a plan whose accounts are followed over a window.
pub const MOST_ZONES: usize = 200;

/// Accounts at one instant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Accounts {
    /// The instant, counted from the window's start.
    pub at: SimDuration,
    /// Accounts of the zones, in the order of the blueprint; none of more than [`MOST_ZONES`].
    pub zones: Vec<ZoneLedger>,
    /// Member-time of the scalers by id: of members that serve, and of those that cost, in members × ns.
    pub members: Vec<[u128; 2]>,
}

impl Accounts {
    /// Reads the accounts of a world.
    #[must_use]
    pub fn read(world: &World<'_>, plan: &Blueprint, at: SimDuration) -> Self {
        let few = plan.zones.len() <= MOST_ZONES;
        let zones = if few { world.zone_ledgers() } else { Vec::new() };
        Self { at, zones, members: world.member_times() }
    }
}
