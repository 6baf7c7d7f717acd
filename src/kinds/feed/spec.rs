//! Power feeds.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::units::{Probability, SimDuration};

spec! {
    /// A power feed: what hangs on it has power while it works.
    pub struct FeedSpec {
        /// Feeds above it, of which one is enough. Without it, it has power unless it fails itself.
        from: Option<OneOrMany<Reference>> => not_empty(),
        /// Time for which a battery bridges the loss of the feeds above. Without it, none.
        battery: Option<LawSpec<SimDuration>>,
        /// Generator that starts when the feeds above are lost. Without it, none.
        generator: Option<GeneratorSpec>,
    }
}

spec! {
    /// A generator in place of the feeds above.
    pub struct GeneratorSpec {
        /// Probability that it starts. Otherwise it is out until the feeds above are back.
        starts: Probability = 1,
        /// Time from the loss until it carries the feed. Without it, none.
        after: Option<LawSpec<SimDuration>>,
        /// Time for which it runs, with its fuel. Without it, as long as it takes.
        runs: Option<LawSpec<SimDuration>>,
    }
}
