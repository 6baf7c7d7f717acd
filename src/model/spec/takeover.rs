//! Takeover within a pair of redundant parts.

use crate::scenario::law::LawSpec;
use crate::scenario::spec::spec;
use crate::units::SimDuration;

spec! {
    /// Takeover by the partner in a pair.
    pub struct TakeoverSpec {
        /// Silence of the failed unit before the partner acts.
        detect: LawSpec<SimDuration>,
        /// Time of the takeover itself, once the partner acts. Without it, none.
        takeover: Option<LawSpec<SimDuration>>,
        /// Probability that the takeover works. Otherwise the pair is down until the failed unit is repaired.
        coverage: crate::units::Probability = 1,
        /// Giveback to the first unit when it is repaired. Without it, the partner keeps serving.
        giveback: Option<GivebackSpec>,
    }
}

spec! {
    /// Giveback after a takeover: a second stall.
    pub struct GivebackSpec {
        /// Time that the first unit must have been healthy before the giveback.
        after: SimDuration,
        /// Length of the giveback, a stall for users.
        lasts: LawSpec<SimDuration>,
    }
}
