//! Popularity of objects.

use crate::scenario::spec::spec;

spec! {
    /// Zipf popularity: the k-th object is asked for in proportion to 1 / k^alpha.
    pub struct PopularitySpec {
        /// Exponent.
        zipf: f64,
        /// Objects there are.
        objects: u64 => at_least(1),
    }
}
