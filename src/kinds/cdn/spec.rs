//! CDNs.

use crate::model::spec::popularity::PopularitySpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::value::Spanned;
use crate::scenario::words::words;
use crate::units::SimDuration;

spec! {
    /// A content delivery network (CDN): caches outside the sites.
    pub struct CdnSpec {
        /// Number of edges.
        count: u32 = 1 => at_least(1),
        /// Target of a miss: the origin, or another CDN, whose edges are then shields.
        to: Reference,
        /// Hit ratio by request class. Classes not named pass through.
        hit: Named<Spanned<crate::units::Probability>> = {},
        /// Content of each edge, simulated object by object, instead of `hit`.
        content: Option<EdgeContentSpec>,
        /// Time to live of a cached answer. With `hit` it matters only while the origin is silent: hits then fall
        /// linearly to none. With `content`, an older copy is fetched again.
        ttl: SimDuration = "0s",
        /// Network time from the client to the edge and back, instead of the client's own `round-trip`.
        round_trip: Option<LawSpec<SimDuration>>,
        /// Time an edge takes per request, hit or miss. Without it, none. An edge has no queue.
        service_time: Option<LawSpec<SimDuration>>,
        /// Network time from the edge to the origin and back, on a miss. Without it, none.
        origin: Option<LawSpec<SimDuration>>,
        /// Time that the users of a dead edge are cut off before the other edges carry them.
        convergence: SimDuration = "0s",
    }
}

spec! {
    /// Content of a CDN edge, object by object.
    pub struct EdgeContentSpec {
        /// Capacity of an edge in objects, of all classes together.
        objects: u64 => at_least(1),
        /// Object that it evicts when full.
        policy: EdgePolicy = "lru",
        /// Popularity of the objects that each request class asks for. Classes not named pass through. Shields have
        /// none: they are asked for the objects that their edges miss.
        popularity: Named<PopularitySpec> = {},
        /// Share of the requests of a class that an edge may answer. Classes not named are cacheable entirely.
        cacheable: Named<Spanned<crate::units::Probability>> = {},
        /// If true, a request for an object that the edge is already fetching waits for that fetch and starts none
        /// of its own.
        collapse: bool = false,
    }
}

words! {
    /// Object that a full edge evicts.
    pub enum EdgePolicy {
        /// The object that was not used for the longest time.
        Lru = "lru",
        /// The object that came first.
        Fifo = "fifo",
        /// An object drawn at random.
        Random = "random",
    }
}
