//! Probes: when they are made, and what is believed of who answers them.
//!
//! Whoever watches others (a balancer, a name service, the script of a database) makes one in every
//! interval at a phase of its own, and turns its belief after so many answers in a row against it.

use crate::convert::whole;
use crate::model::spec::probe::CheckSpec;
use crate::units::{SimDuration, SimTime};

/// Probes.
#[derive(Clone, Copy, Debug)]
pub struct Probing {
    /// Between the starts of two.
    pub interval: SimDuration,
    /// One that takes longer has failed.
    pub time_out: SimDuration,
    /// Failed ones in a row that take a member out.
    pub fall: u32,
    /// Good ones in a row that put it back.
    pub rise: u32,
    /// Probability that a shallow probe sees a hang; drawn for each hang.
    pub sees_hang: f64,
}

impl From<&CheckSpec> for Probing {
    fn from(check: &CheckSpec) -> Self {
        Self {
            interval: check.interval.value,
            time_out: check.time_out.value,
            fall: check.fall.value,
            rise: check.rise.value,
            sees_hang: check.sees_hang.as_ref().map_or(0.0, |chance| chance.value.get()),
        }
    }
}

impl Probing {
    /// Whether an answer, or its absence, turns the belief that somebody is `alive`; `against` counts
    /// those in a row that speak against it.
    #[must_use]
    pub fn turns(&self, alive: bool, against: &mut u32, good: bool) -> bool {
        *against = if good == alive { 0 } else { *against + 1 };
        let turns = good != alive && *against >= if good { self.rise } else { self.fall };
        if turns {
            *against = 0;
        }
        turns
    }
}

/// The first probe at or after `now`, of one in every `interval` at a phase drawn as `uniform`.
#[must_use]
pub fn first_probe(interval: SimDuration, now: SimTime, uniform: f64) -> SimTime {
    let interval = interval.nanos().max(1);
    let phase = whole::u64(uniform * interval as f64);
    let past = now.nanos().saturating_sub(phase).div_ceil(interval);
    SimTime::from_nanos(phase + past * interval)
}
