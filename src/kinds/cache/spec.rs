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
        /// Zone that the cache runs in.
        in_: Reference,
        /// Processor time per look-up.
        cpu: LawSpec<SimDuration>,
        /// Hit ratio, for a cache that is not simulated object by object.
        hit: Option<crate::units::Probability>,
        /// Capacity in objects.
        objects: Option<u64> => at_least(1),
        /// Object that it evicts when full.
        policy: CachePolicy = "lru",
        /// Popularity of the objects that look-ups ask for, independently of each other.
        popularity: Option<PopularitySpec>,
        /// Time to live of an object; a later look-up is a miss. Without it, objects never expire.
        ttl: Option<SimDuration>,
        /// If true, the time to live runs from the last use, not from the fetch.
        sliding_ttl: bool = false,
    }
}

words! {
    /// Object that a full cache evicts.
    pub enum CachePolicy {
        /// The object that was not used for the longest time.
        Lru = "lru",
        /// The object that came first.
        Fifo = "fifo",
        /// An object drawn at random.
        Random = "random",
        /// Objects used once and objects used again are kept apart, in parts that adapt (ARC of ZFS).
        Arc = "arc",
    }
}

spec! {
    /// A change of an object of which a cache may have a copy.
    pub struct UpdateStep {
        /// Cache that is told.
        update: Reference,
        /// If true, the cache stores the new copy (write-through); otherwise it removes the old one.
        through: bool = false,
        /// If true, all objects change equally often; otherwise in proportion to their popularity.
        evenly: bool = false,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// A look-up in a cache; a miss executes the steps of `else`.
    pub struct CacheStep {
        /// Cache that is asked.
        cache: Reference,
        /// Steps after a miss.
        else_: Vec<StepSpec>,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}
