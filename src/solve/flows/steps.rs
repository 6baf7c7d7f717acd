//! Steps of a trajectory: of the parts, and of the autoscalers that move some of them.
//!
//! Holds: the first simulation of a replication and that of its journal take the same steps.

use crate::engine::lane::NoProgress;
use crate::health::{CauseId, Kernel, Listener};
use crate::solve::fluid::Live;
use crate::units::SimTime;

/// Observers of a trajectory, among them the traffic, whose autoscalers move parts.
pub(super) trait Acts<'m, 'p>: Listener {
    /// Returns the traffic.
    fn traffic(&mut self) -> Option<&mut Live<'m, 'p>>;
}

/// Returns a lower bound on the instant of the next event of the parts or of an autoscaler.
pub(super) fn next_at(kernel: &Kernel<'_>, traffic: Option<&Live<'_, '_>>) -> Option<SimTime> {
    let due = traffic.and_then(Live::due);
    kernel.next_at().into_iter().chain(due).min()
}

/// Takes the next step: of the parts, or of an autoscaler that has something to do before it. At one instant the parts come
/// first.
pub(super) fn step<'m, 'p: 'm>(
    kernel: &mut Kernel<'_>,
    all: &mut impl Acts<'m, 'p>,
) -> Result<(), NoProgress> {
    let due = all.traffic().and_then(|traffic| traffic.due());
    let Some(due) = due.filter(|due| kernel.next_at().is_none_or(|next| *due < next)) else {
        return kernel.step(all).map(|_| ());
    };
    kernel.advance(due, all)?;
    let moves = all.traffic().map(|traffic| traffic.act(due, kernel.view()));
    for (automaton, state) in moves.into_iter().flatten() {
        kernel.force(automaton, state, CauseId::UNEXPLAINED, all)?;
    }
    Ok(())
}
