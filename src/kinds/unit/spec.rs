//! Repairable units, groups of them, crews.

use crate::model::spec::hours::HoursSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Probability, SimDuration};

words! {
    /// Operation of the units of a group.
    pub enum GroupMode {
        /// All units work.
        Parallel = "parallel",
        /// One unit works, the others stand by.
        Standby = "standby",
    }
}

words! {
    /// Ageing of the working units of a group that is down.
    pub enum Ageing {
        /// They age, also while the group is down.
        Always = "always",
        /// They age only while the group is up.
        WhileUp = "while-up",
    }
}

spec! {
    /// Repairable parts.
    pub struct UnitSpec {
        /// Number of identical units; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1),
        /// Time from a repair to the next failure.
        up: LawSpec<SimDuration>,
        /// Time to repair. Without it, a failed unit stays down.
        repair: Option<LawSpec<SimDuration>>,
        /// Crew that repairs the unit. Without it, a repair begins at once.
        crew: Option<Reference>,
    }
}

spec! {
    /// A group of units and of other groups.
    pub struct GroupSpec {
        /// Units and groups whose health the group counts.
        of: OneOrMany<Reference> => not_empty(),
        /// Number of the units and groups in `of` that must be up.
        needs: u32 = 1 => at_least(1),
        /// All units work, or one works and the others stand by.
        mode: GroupMode = "parallel",
        /// Factor on the failure rate while a unit stands by: 0 cold, 1 hot.
        standby_rate: f64 = 1 => within(0.0, 1.0),
        /// Time of the switch to a standby unit. Without it, none.
        switch_over: Option<LawSpec<SimDuration>>,
        /// Probability that the switch works. Otherwise the group is down until the failed unit is repaired, or
        /// people have switched.
        coverage: Probability = 1,
        /// Time until people have switched after a switch that did not work. Without it, people do not switch.
        manual_switch: Option<LawSpec<SimDuration>>,
        /// Share of each unit's failures that take down all units at once.
        beta: Option<Probability>,
        /// Ageing of the units while the group is down.
        ageing: Ageing = "always",
    }
}

spec! {
    /// People who repair units, and what faults break.
    pub struct CrewSpec {
        /// Number of people: the largest number of repairs at a time.
        size: u32 => at_least(1),
        /// Hours of the week in which they are there, or several of them. Without it, always.
        hours: Option<OneOrMany<HoursSpec>> => not_empty(),
        /// Call-outs outside of these hours. Without it, a repair begins with the next hours.
        on_call: Option<OnCallSpec>,
        /// Spare parts, of which the repair of a fault takes one. Without it, there is always one.
        spares: Option<SparesSpec>,
    }
}

spec! {
    /// Spare parts of a crew.
    pub struct SparesSpec {
        /// Number of spare parts when all are there.
        stock: u32 => within(1, 64),
        /// Time until another one is there in place of one that a repair takes.
        restock: LawSpec<SimDuration>,
    }
}

spec! {
    /// Call-outs outside of the hours of a crew.
    pub struct OnCallSpec {
        /// Time from the call until someone begins with the repair.
        response: LawSpec<SimDuration>,
        /// Factor on the time of a repair outside of the hours.
        slower: f64 = 1 => within(1.0, 1000.0),
    }
}
