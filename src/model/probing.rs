//! Probes: their instants, and the belief that their answers support.
//!
//! An observer (a balancer, a name service, the script of a database) sends one probe per interval, at a
//! phase of its own. It reverses its belief after a number of consecutive answers against it.

use crate::convert::whole;
use crate::model::spec::probe::CheckSpec;
use crate::units::{SimDuration, SimTime};

/// Parameters of the probes of one observer.
#[derive(Clone, Copy, Debug)]
pub struct Probing {
    /// Time between the starts of two probes.
    pub interval: SimDuration,
    /// Time after which a probe has failed.
    pub time_out: SimDuration,
    /// Number of consecutive failed probes after which a member is ejected.
    pub fall: u32,
    /// Number of consecutive successful probes after which a member is readmitted.
    pub rise: u32,
    /// Probability that a shallow probe detects a hang; drawn once per hang.
    pub detects_hang: f64,
}

impl From<&CheckSpec> for Probing {
    fn from(check: &CheckSpec) -> Self {
        Self {
            interval: check.interval.value,
            time_out: check.time_out.value,
            fall: check.fall.value,
            rise: check.rise.value,
            detects_hang: check
                .detects_hang
                .as_ref()
                .map_or(0.0, |probability| probability.value.get()),
        }
    }
}

impl Probing {
    /// Returns whether an answer, `good` or not, reverses the belief that a member is `alive`. `against` is
    /// the number of consecutive answers against the belief, and is updated.
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

/// Returns the first probe at or after `now`, with one probe per `interval` at a phase drawn as `uniform`.
#[must_use]
pub fn first_probe(interval: SimDuration, now: SimTime, uniform: f64) -> SimTime {
    let interval = interval.nanos().max(1);
    let phase = whole::u64(uniform * interval as f64);
    let past = now.nanos().saturating_sub(phase).div_ceil(interval);
    SimTime::from_nanos(phase + past * interval)
}
