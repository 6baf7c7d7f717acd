//! Needs and offered work: the step that writes a record answers for the log ([`step`](crate::kinds::log::step)).

use crate::kinds::log::plan::{Log, holds_up};
use crate::plan::Draft;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Log {
    nothing!(
        entrances, opens, members, stores, passing, probes, capacity, lives, rooms, subjects,
        watched, switches, uplinks, is_slice, queued,
    );

    fn may_wait(&self, draft: &Draft) -> bool {
        (0..draft.scenario.log.len()).any(|log| !holds_up(draft, log))
    }
}
