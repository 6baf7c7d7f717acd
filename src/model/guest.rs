//! Guests of virtual machines, as the event loop sees them, and the reasons for which they leave for their hypervisor.

use crate::engine::law::Sampler;
use crate::model::ids::{AmountId, KeyId};

/// Guest of a virtual machine: the times of its exits.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Processor time of an exit in the zone of the hypervisor, in core-nanoseconds.
    pub exit: u64,
    /// Latency after it, in seconds.
    pub latency: Sampler,
    /// Bytes of a reply that leave with one exit.
    pub batch: f64,
}

/// Reason for which a guest leaves for its hypervisor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exits {
    /// A read at a disk, which follows after the `Lag`. A read that the guest's own memory answers skips both.
    Read {
        /// Number of the mount at the innermost component.
        mount: u8,
        /// Key of the disk operation.
        key: KeyId,
    },
    /// A write at a disk that the request waits for, or an answer to another component. A `Lag` follows.
    Waited,
    /// The reply of the request's class, which leaves in as many exits as its size needs. A `Lag` follows.
    Reply,
    /// Writes for which no request waits.
    Deferred {
        /// Number of writes.
        amount: AmountId,
    },
}
