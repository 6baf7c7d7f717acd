//! References and mistakes.

use crate::kinds::queue::plan::Queue;
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::names::Kind;
use std::collections::BTreeSet;

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
}
