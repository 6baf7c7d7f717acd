//! CDNs.

use crate::kinds::cache::spec::CachePolicy;
use crate::model::spec::popularity::PopularitySpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::value::Spanned;
use crate::units::SimDuration;

spec! {
    /// Caches outside the sites.
    pub struct CdnSpec {
        /// Edges.
        count: u32 = 1 => at_least(1),
        /// What is asked on a miss: the origin, or another CDN, whose edges are shields then.
        to: Reference,
        /// Hit ratio by request class; a class not named passes through.
        hit: Named<Spanned<crate::units::Probability>> = {},
        /// What each edge holds, object by object, in place of `hit`.
        content: Option<EdgeContentSpec>,
        /// Time to live of a cached answer: with `hit` while the origin is silent, when hits fall linearly
        /// to none; with `content` always, then it is fetched anew.
        ttl: SimDuration = "0s",
        /// Client to edge and back, in place of the client's own.
        round_trip: Option<LawSpec<SimDuration>>,
        /// Time an edge takes per request, hit or miss; none: no time. An edge has no queue.
        service_time: Option<LawSpec<SimDuration>>,
        /// Edge to origin and back, on a miss; none: no time.
        origin: Option<LawSpec<SimDuration>>,
        /// How long the users of a dead edge are cut off before the others carry them.
        convergence: SimDuration = "0s",
    }
}

spec! {
    /// What an edge holds.
    pub struct EdgeContentSpec {
        /// Objects it has room for, of all classes together.
        objects: u64 => at_least(1),
        /// Object that it evicts when full.
        policy: CachePolicy = "lru",
        /// What each request class asks for; a class not named passes through. Not of shields, which are
        /// asked for what their edges are.
        popularity: Named<PopularitySpec> = {},
        /// Share of the requests of a class that an edge may answer; all of those not named.
        cacheable: Named<Spanned<crate::units::Probability>> = {},
        /// Whether who asks an edge for what it is fetching waits for that, instead of fetching it too.
        collapse: bool = false,
    }
}
