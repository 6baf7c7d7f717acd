//! Takeover within a pair of redundant parts.

use crate::scenario::law::LawSpec;
use crate::scenario::spec::spec;
use crate::units::SimDuration;

spec! {
    /// How the partner of a pair takes over.
    pub struct TakeoverSpec {
        /// Silence before the partner acts.
        detect: LawSpec<SimDuration>,
        /// To take over, once it acts.
        takeover: Option<LawSpec<SimDuration>>,
        /// Probability that it works; else the pair is down until the failed unit is repaired.
        coverage: crate::units::Probability = 1,
        /// Back to the first, when it is repaired.
        giveback: Option<GivebackSpec>,
    }
}

spec! {
    /// The way back after a takeover: a second stall.
    pub struct GivebackSpec {
        /// How long the first must have been well.
        after: SimDuration,
        /// How long the way back takes.
        lasts: LawSpec<SimDuration>,
    }
}
