//! Zones of a server, as a launch counts them.

use crate::mechanism::placement::Wanted;
use crate::units::Bytes;

/// Some zones of a server, by what they take of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zones {
    /// Sum of their memory.
    pub memory: Bytes,
    /// Sum of their caps, in percent of a core.
    pub caps: u64,
    /// Zones with a cap.
    pub capped: u32,
    /// Zones without a cap.
    pub uncapped: u32,
}

impl Zones {
    /// Returns `count` zones of this size.
    #[must_use]
    pub fn of(size: &Wanted, count: u32) -> Self {
        let memory = size.memory.count().saturating_mul(u64::from(count));
        let caps = size.cap.unwrap_or(0).saturating_mul(u64::from(count));
        let (capped, uncapped) = if size.cap.is_some() { (count, 0) } else { (0, count) };
        Self { memory: Bytes::new(memory), caps, capped, uncapped }
    }

    /// Returns these zones and others.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            memory: Bytes::new(self.memory.count().saturating_add(other.memory.count())),
            caps: self.caps.saturating_add(other.caps),
            capped: self.capped + other.capped,
            uncapped: self.uncapped + other.uncapped,
        }
    }
}
