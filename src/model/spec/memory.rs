//! Content of a store, as a memory caches it, and the second level of such a memory.

use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Reference;
use crate::scenario::spec::spec;
use crate::scenario::value::Spanned;
use crate::scenario::words::words;
use crate::units::{Bytes, SimDuration};

spec! {
    /// Data read from a store: blocks of Zipf popularity, each read independently.
    pub struct ContentSpec {
        /// Total size of the blocks.
        size: Bytes => above(Bytes::new(0)),
        /// Size of one block: the amount that one read reads, and that memory keeps of it.
        block: Bytes => within(Bytes::new(512), Bytes::new(1 << 30)),
        /// Exponent of the popularity: the k-th block is read in proportion to 1 / k^zipf. With 0, all blocks are
        /// equally popular.
        zipf: f64 => within(0.0, 20.0),
    }
}

impl ContentSpec {
    /// Reports a block larger than the content, and a content larger than its volume, whose size is `volume`.
    pub fn check(&self, volume: Option<&Spanned<Bytes>>, out: &mut Diagnostics) {
        let (size, block) = (&self.size, &self.block);
        if block.value > size.value {
            let message =
                format!("a block of {} is larger than all of it, {}", block.value, size.value);
            out.push(Diagnostic::new(Code::OutOfRange, block.span, message));
        }
        if let Some(volume) = volume.filter(|volume| size.value > volume.value) {
            let message = format!("{} do not fit on a volume of {}", size.value, volume.value);
            out.push(
                Diagnostic::new(Code::OutOfRange, size.span, message)
                    .related(volume.span, "the volume"),
            );
        }
    }
}

words! {
    /// Blocks that a RAM cache evicts.
    pub enum MemoryPolicy {
        /// The block that was not read for the longest time.
        Lru = "lru",
        /// Blocks read once and blocks read again are kept apart, in parts that adapt (ARC of ZFS).
        Arc = "arc",
    }
}

impl MemoryPolicy {
    /// Returns whether a memory with this policy, or without one, is adaptive.
    #[must_use]
    pub fn is_adaptive(policy: Option<&Spanned<Self>>) -> bool {
        policy.is_some_and(|policy| policy.value == Self::Arc)
    }
}

spec! {
    /// Second level of an adaptive RAM cache, on a set of solid-state disks (L2ARC).
    pub struct SecondLevelSpec {
        /// Set of disks of the server that holds it, and nothing else.
        on: Reference,
        /// Size of all blocks on it.
        size: Bytes => above(Bytes::new(0)),
        /// Greatest size of the writes of one pass.
        write: Bytes = "8MiB" => above(Bytes::new(0)),
        /// The same until the RAM cache has evicted a block.
        cold_write: Bytes = "16MiB" => above(Bytes::new(0)),
        /// Time from one pass to the next.
        every: SimDuration = "1s" => within(SimDuration::from_nanos(1_000_000), SimDuration::HOUR),
        /// The same after a pass that wrote more than half of its greatest size.
        again: SimDuration = "200ms" => within(SimDuration::from_nanos(1_000_000), SimDuration::HOUR),
        /// Blocks that a pass considers, from the next to be evicted, as a multiple of the greatest size of its writes.
        depth: u32 = 2 => within(1, 1024),
        /// If true, its content survives a loss of the RAM cache.
        persistent: bool = false,
    }
}
