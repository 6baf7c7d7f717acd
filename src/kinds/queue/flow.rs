//! Needs and offered work: the step that publishes answers for the queue ([`step`](crate::kinds::queue::step)).

use crate::kinds::queue::plan::Queue;
use crate::plan::Draft;
use crate::plan::kind::flow::{Flow, nothing};

impl Flow for Queue {
    nothing!(
        entrances, opens, members, stores, passing, probes, capacity, lives, rooms, subjects,
        watched, switches, uplinks, is_slice, may_wait,
    );

    /// Returns the classes of messages, but for those of queues with a limit, and over years, which count messages above the
    /// capacity as lost.
    fn queued(&self, draft: &Draft) -> Vec<usize> {
        if draft.scenario.run.horizon.is_some() {
            return Vec::new();
        }
        let all = draft.scenario.queue.iter().zip(&draft.links.own.queues);
        let without = all.filter(|((_, spec), _)| spec.when_full.is_none());
        without.filter_map(|(_, links)| links.class).collect()
    }
}
