//! The component that stands for the disk operations of one zone: their name and their figures.
//!
//! The delays are counted by the set of disks ([`Disks`](super::Disks)), from which the world takes its reading.

use crate::model::ids::ComponentId;
use crate::model::{Ctx, Keeps, Live, Start, part_of};

/// Name of the tally of a zone's delays.
pub const OF: &str = "zone's disk operations";

/// Entries of the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Logical operations.
    Operations,
    /// Logical operations with a delay.
    Delayed,
    /// Sum of the delays, in nanoseconds.
    Spun,
}

/// Configuration of the ledger of a zone.
#[derive(Clone, Copy, Debug)]
pub struct LedgerConfig {
    /// The set of disks that counts.
    pub disks: ComponentId,
}

/// Ledger of a zone, as a component.
#[derive(Clone, Debug)]
pub struct IoLedger {
    config: LedgerConfig,
}

impl Live for IoLedger {
    type Config = LedgerConfig;

    fn begin(_: ComponentId, config: &LedgerConfig, _: &Start<'_>) -> Self {
        Self { config: *config }
    }

    part_of!(disks);

    fn counts(_: &LedgerConfig) -> Keeps {
        Keeps { tallied_by: Some(OF), ..Keeps::NOTHING }
    }
}
