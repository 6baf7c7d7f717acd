//! Probes of health, as balancers and name services send them.

use crate::scenario::law::LawSpec;
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::SimDuration;

words! {
    /// Depth of a probe.
    pub enum Depth {
        /// The probe asks whether the port answers.
        Shallow = "shallow",
        /// The probe asks for a page.
        Deep = "deep",
    }
}

spec! {
    /// Probes of a balancer or a name service.
    pub struct CheckSpec {
        /// Time between two probes of one member.
        interval: SimDuration => above(SimDuration::ZERO),
        /// A probe that takes longer has failed.
        time_out: SimDuration,
        /// Number of failed probes in a row that take a member out.
        fall: u32 => at_least(1),
        /// Number of successful probes in a row that put a member back.
        rise: u32 = 1 => at_least(1),
        /// Depth of a probe.
        depth: Depth = "shallow",
        /// Probability that a shallow probe detects a hang, drawn for each hang. *0*
        detects_hang: Option<crate::units::Probability>,
        /// Processor time of a balancer's deep probe at the member. Without it, none.
        cpu: Option<LawSpec<SimDuration>>,
    }
}
