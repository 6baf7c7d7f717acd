//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::queue::plan::Queue;
use crate::kinds::queue::plan::QueueLinks;
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk, find_named};
use crate::plan::names::Kind;

impl Checks for Queue {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        let brokers = draft.links.own.queues.iter().flat_map(|queue| &queue.brokers);
        used.extend(brokers.map(|(zone, _)| (Kind::Zone, *zone)));
    }

    none!(unused);

    fn begins(&self, draft: &Draft, index: usize) -> Option<usize> {
        draft.links.own.queues[index].class
    }

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let scenario = walk.scenario();
        for (_, queue) in scenario.queue.iter() {
            let brokers = queue.in_.value.0.iter();
            let brokers = brokers.filter_map(|zone| walk.zone_member(zone)).collect();
            let (name, span) = (&queue.request.value, queue.request.span);
            let class = find_named(&scenario.request, name, span, "request class", walk.out());
            links.own.queues.push(QueueLinks { brokers, class });
        }
    }

    none!(entrance, onward, store);
}
