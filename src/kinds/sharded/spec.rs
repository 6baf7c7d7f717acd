//! Sharded databases.

use crate::model::spec::popularity::PopularitySpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::Reference;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Probability, SimDuration};

spec! {
    /// A database whose data is divided between other databases.
    pub struct ShardedSpec {
        /// Databases that each hold a part of the data. The name of a database with a `count` stands for all of them.
        shards: Vec<Reference>,
        /// Service or balancer that is asked for the shard before each query. Without it, callers know the shard.
        index: Option<Reference>,
        /// Processor time of a look-up at the index.
        look_up: Option<LawSpec<SimDuration>>,
        /// Share of the queries that each shard gets, in the order of `shards`. Without it, it follows from
        /// `popularity`; without both, all are equal.
        shares: Option<Vec<f64>>,
        /// Popularity of the keys that queries ask for, independently of each other.
        popularity: Option<PopularitySpec>,
        /// Assignment of keys to shards.
        placement: KeyPlacement = "hash",
        /// Probability that a read asks all shards at once.
        scatter: Probability = 0,
        /// If true, all queries of one step go to the same shard.
        together: bool = false,
    }
}

words! {
    /// Assignment of keys to shards.
    pub enum KeyPlacement {
        /// Shard of the hash of the key: popular and rare keys are mixed.
        Hash = "hash",
        /// Ranges of equal size, in the order of popularity: the most popular keys are on the first shard.
        Range = "range",
    }
}
