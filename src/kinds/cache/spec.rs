//! Object caches.

use crate::model::spec::popularity::PopularitySpec;
use crate::model::spec::request::StepSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Name, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// An object cache in a zone.
    pub struct CacheSpec {
        /// Its zone.
        in_: Reference,
        /// Work per look-up.
        cpu: LawSpec<SimDuration>,
        /// Hit ratio, where the cache is not simulated object by object.
        hit: Option<crate::units::Probability>,
        /// Objects it holds.
        objects: Option<u64> => at_least(1),
        /// Object that it evicts when full.
        policy: CachePolicy = "lru",
        /// What is asked for: independent objects of Zipf popularity.
        popularity: Option<PopularitySpec>,
        /// Time to live of an object: a later look-up is a miss. None: for ever.
        ttl: Option<SimDuration>,
        /// If true, the time to live runs from the last use, not from the fetch.
        sliding_ttl: bool = false,
    }
}

words! {
    /// Object that a full cache evicts.
    pub enum CachePolicy {
        /// What was not used for the longest time.
        Lru = "lru",
        /// What came first.
        Fifo = "fifo",
        /// Any.
        Random = "random",
    }
}

spec! {
    /// A look-up; on a miss the steps of `else`.
    pub struct CacheStep {
        /// The cache.
        cache: Reference,
        /// What a miss does.
        else_: Vec<StepSpec>,
        /// For `goto`.
        label: Option<Name>,
    }
}
