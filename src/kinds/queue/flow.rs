//! Needs and offered work: the step that publishes answers for the queue ([`step`](crate::kinds::queue::step)).

use std::collections::BTreeSet;

use crate::kinds::queue::plan::Queue;
use crate::kinds::queue::spec::QueueSpec;
use crate::plan::Draft;
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::names::Kind;
use crate::plan::route::{Does, each};

impl Flow for Queue {
    nothing!(
        entrances, opens, members, stores, passing, probes, capacity, lives, rooms, subjects,
        watched, switches, uplinks, is_slice, may_wait,
    );

    /// Returns the classes of messages, but for those of queues with a limit, or for which requests wait that hold a worker.
    fn queued(&self, draft: &Draft) -> Vec<usize> {
        let mut awaited = BTreeSet::new();
        let holds = |class: usize| draft.links.enters[class].is_some();
        for (_, route) in draft.routes.iter().enumerate().filter(|(class, _)| holds(*class)) {
            each(&route.steps, &mut |step| match &step.does {
                Does::Ask(ask) if ask.awaits().is_some() => {
                    awaited.insert(ask.of());
                }
                _ => {}
            });
        }
        let all = draft.scenario.queue.iter().zip(&draft.links.own.queues).enumerate();
        let waits = |at: usize, spec: &QueueSpec| {
            spec.when_full.is_none() && !awaited.contains(&(Kind::Queue, at))
        };
        let queued = all.filter(|(at, ((_, spec), _))| waits(*at, spec));
        queued.filter_map(|(_, (_, links))| links.class).collect()
    }
}
