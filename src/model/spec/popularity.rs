//! Popularity of objects.

use crate::scenario::spec::spec;

spec! {
    /// Zipf popularity of objects: the k-th is asked for in proportion to 1 / k^zipf.
    pub struct PopularitySpec {
        /// Exponent of the popularity; with 0, all objects are equally popular.
        zipf: f64,
        /// Number of different objects.
        objects: u64 => at_least(1),
    }
}
