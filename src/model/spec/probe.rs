//! Probes of health, as balancers and name services send them.

use crate::scenario::law::LawSpec;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

words! {
    /// How deep a probe looks.
    pub enum Depth {
        /// Whether the port answers.
        Shallow = "shallow",
        /// Whether a page comes back.
        Deep = "deep",
    }
}

spec! {
    /// Probes of a balancer or a name service.
    pub struct CheckSpec {
        /// Between two probes of one member.
        interval: SimDuration => above(SimDuration::ZERO),
        /// A probe that takes longer has failed.
        time_out: SimDuration,
        /// Failed probes in a row that take a member out.
        fall: u32 => at_least(1),
        /// Good probes in a row that put it back.
        rise: u32 = 1 => at_least(1),
        /// How deep it looks.
        depth: Depth = "shallow",
        /// Probability that a shallow probe detects a hang, drawn for each hang. *0*
        detects_hang: Option<crate::units::Probability>,
        /// Work of a deep one of a balancer at the member. None: no time.
        cpu: Option<LawSpec<SimDuration>>,
    }
}
