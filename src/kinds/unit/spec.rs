//! Repairable units, groups of them, crews.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Probability, SimDuration};

words! {
    /// How the units of a group stand.
    pub enum GroupMode {
        /// All work.
        Parallel = "parallel",
        /// One works, the others stand by.
        Standby = "standby",
    }
}

words! {
    /// Whether the other units of a group that is down grow older.
    pub enum Ageing {
        /// They do.
        Always = "always",
        /// They do not.
        WhileUp = "while-up",
    }
}

spec! {
    /// Repairable parts.
    pub struct UnitSpec {
        /// Identical units; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1),
        /// Time from a repair to the next failure.
        up: LawSpec<SimDuration>,
        /// Time to repair; none: it stays down.
        repair: Option<LawSpec<SimDuration>>,
        /// People who repair it; none: always somebody.
        crew: Option<Reference>,
    }
}

spec! {
    /// A group of units and of other groups.
    pub struct GroupSpec {
        /// The units and groups that it counts.
        of: OneOrMany<Reference> => not_empty(),
        /// How many of them must be up.
        needs: u32 = 1 => at_least(1),
        /// Whether all work, or one works and the others stand by.
        mode: GroupMode = "parallel",
        /// Factor on the rate of failure while standing by: 0 cold, 1 hot.
        standby_rate: f64 = 1 => within(0.0, 1.0),
        /// Time of the switch to a standby; none: at once.
        switch_over: Option<LawSpec<SimDuration>>,
        /// Probability that the switch works; else down until the failed unit is repaired, or somebody has
        /// switched.
        coverage: Probability = 1,
        /// Time until people have switched where it did not work; none: they never do.
        manual_switch: Option<LawSpec<SimDuration>>,
        /// Share of each unit's failures that take all units at once.
        beta: Option<Probability>,
        /// Whether units age while the group is down.
        ageing: Ageing = "always",
    }
}

spec! {
    /// People who repair.
    pub struct CrewSpec {
        /// Number of people: repairs at a time.
        size: u32 => at_least(1),
    }
}
