//! Ages of buffers that have lost their content, in a trajectory.

use super::set_age;
use crate::plan::fluid::FluidPlan;
use crate::plan::fluid::buffers::{CHILLS, CHILLS_PER_CONSTANT};
use crate::plan::fluid::state::{Bits, StateLoad};
use crate::units::{SimDuration, SimTime};

/// Age of the content of a buffer of a database member.
#[derive(Clone, Copy, Debug)]
pub(super) struct BufferAge {
    /// Number of the buffer.
    at: usize,
    /// Two flags: its member keeps the content, and that is the primary.
    now: (bool, bool),
    /// Instant at which it began to fill anew; `None` while it is warm.
    since: Option<SimTime>,
}

impl BufferAge {
    /// Takes over what has changed; returns whether the buffer is cold from `at` on. A member that is back is cold, and
    /// so is one that has become primary, if it served no reads before.
    fn changes(&mut self, now: (bool, bool), is_cold_as_primary: bool, at: SimTime) -> bool {
        let is_back = now.0 && !self.now.0;
        let is_new = now.1 && !self.now.1 && is_cold_as_primary;
        self.now = now;
        if is_back || is_new {
            self.since = Some(at);
        }
        is_back || is_new
    }

    /// Returns the step of its age at an instant, and the end of that step.
    fn age(&mut self, decays_in: SimDuration, at: SimTime) -> (u32, SimTime) {
        let step = decays_in.nanos() / u64::from(CHILLS_PER_CONSTANT);
        let Some(since) = self.since.filter(|_| step > 0) else { return (0, SimTime::NEVER) };
        let steps = u32::try_from(at.since(since).nanos() / step).unwrap_or(CHILLS);
        if steps >= CHILLS {
            self.since = None;
            return (0, SimTime::NEVER);
        }
        (steps + 1, since + SimDuration::from_nanos(u64::from(steps + 1) * step))
    }
}

/// Returns all buffers, warm, in a state.
pub(super) fn all(load: &StateLoad) -> Vec<BufferAge> {
    let buffers = load.buffers.iter().enumerate();
    buffers.map(|(at, now)| BufferAge { at, now: *now, since: None }).collect()
}

/// Takes over a state that is entered at an instant; returns whether a buffer is cold from then on.
pub(super) fn change(
    buffers: &mut [BufferAge],
    load: &StateLoad,
    plan: &FluidPlan,
    at: SimTime,
) -> bool {
    let mut any = false;
    for (own, now) in buffers.iter_mut().zip(&load.buffers) {
        let is_cold_as_primary = plan.network.buffers[own.at].is_cold_as_primary;
        any |= own.changes(*now, is_cold_as_primary, at);
    }
    any
}

/// Writes the ages at an instant into the bits of a state; returns the instant at which the next one changes.
pub(super) fn grow_old(
    buffers: &mut [BufferAge],
    plan: &FluidPlan,
    at: SimTime,
    bits: &mut Bits,
) -> SimTime {
    let mut next = SimTime::NEVER;
    for buffer in buffers {
        let (age, ends) = buffer.age(plan.network.buffers[buffer.at].decays_in, at);
        next = next.min(ends);
        set_age(bits, plan.chill_at(buffer.at), age);
    }
    next
}
