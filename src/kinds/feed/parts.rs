//! Parts that can fail: each feed is one.

use crate::kinds::feed::plan::{Feed, feed};
use crate::kinds::feed::supply;
use crate::plan::Draft;
use crate::plan::faults::Mechanisms;
use crate::plan::kind::parts::{Parts, Sort, none, single};
use crate::plan::part::Part;

const FEED: Sort = Sort { word: "feed", ..Sort::DOMAIN };

impl Parts for Feed {
    none!(
        words, stands_on, way_back, role, life, publishes, shows, memory, remembers, not_yet,
        surrogates, passing, converging, size, priced
    );

    fn came_later(&self) -> bool {
        true
    }

    single!(feed, feed);

    fn sort(&self, _: Part) -> &'static Sort {
        &FEED
    }

    /// Returns true: the checks of faults refuse a slow feed.
    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn mechanisms(&self, draft: &Draft, into: &mut Mechanisms<'_>) {
        supply::declare(draft, into);
    }
}
