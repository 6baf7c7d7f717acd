//! The keys of `[purge.NAME]` and of the step that sends one.
//!
//! Decisions: `when-cut-off` decides what is lost and has no default. A writer that waits has a `time-out`, because a lost
//! message is never confirmed.
//!
//! Rules over several keys, checked in `check`: all components keep copies object by object, of as many objects and, unless
//! every object changes equally often, of the same popularity.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Name, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Bytes, SimDuration};

spec! {
    /// A purge: messages that remove old copies of an object from caches and edges at all sites.
    pub struct PurgeSpec {
        /// Caches and CDNs whose copies it removes.
        of: OneOrMany<Reference> => not_empty(),
        /// Request class whose objects a CDN keeps copies of. Without it, the only one in the `popularity` of the CDN.
        class: Option<Name>,
        /// Members of `of` that store the new copy instead (write-through).
        through: Option<OneOrMany<Reference>> => not_empty(),
        /// Size of the new copy on links between sites. Without it, that of a message.
        copy: Option<LawSpec<Bytes>>,
        /// Processor time of a cache per message, or time that an edge takes. Without it, as much as a look-up.
        work: Option<LawSpec<SimDuration>>,
        /// Probability that a message to one cache or edge is lost on its way.
        lost: crate::units::Probability = 0.0,
        /// Treatment of messages to a cache or edge that cannot be reached.
        when_cut_off: WhenCutOff,
        /// If true, the request that sends it waits until every message is confirmed.
        wait: bool = false,
        /// Longest wait for confirmations.
        time_out: Option<SimDuration> => above(SimDuration::ZERO),
    }
}

words! {
    /// Treatment of messages to a cache or edge that cannot be reached.
    pub enum WhenCutOff {
        /// They wait until it is reached again.
        Wait = "wait",
        /// They are lost.
        Lose = "lose",
    }
}

spec! {
    /// A change of an object, of which a purge tells caches and edges.
    pub struct PurgeStep {
        /// Purge that is sent.
        purge: Reference,
        /// If true, all objects change equally often; otherwise in proportion to their popularity.
        evenly: bool = false,
        /// If true, all objects change at once.
        everything: bool = false,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}
