//! Content of a store, as a memory caches it.

use crate::scenario::spec::spec;
use crate::units::Bytes;

spec! {
    /// What is read from a store: blocks, each read by itself, by Zipf popularity.
    pub struct ContentSpec {
        /// All blocks together.
        size: Bytes => above(Bytes::new(0)),
        /// One block: what one read reads, and what memory keeps of it.
        block: Bytes => within(Bytes::new(512), Bytes::new(1 << 30)),
        /// Exponent of the popularity: the k-th block is read in proportion to 1 / k^zipf; 0: all alike.
        zipf: f64 => within(0.0, 20.0),
    }
}
