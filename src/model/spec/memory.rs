//! Content of a store, as a memory caches it.

use crate::scenario::spec::spec;
use crate::units::Bytes;

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
