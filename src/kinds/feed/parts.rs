//! Parts that can fail: each feed is one.

use crate::kinds::feed::plan::{Feed, feed};
use crate::kinds::feed::supply;
use crate::plan::Draft;
use crate::plan::faults::Mechanisms;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;

const FEED: Sort = Sort { word: "feed", ..Sort::DOMAIN };

impl Parts for Feed {
    none!(
        words, stands_on, way_back, role, life, publishes, shows, memory, remembers, not_yet,
        surrogates, passing, converging
    );

    fn came_later(&self) -> bool {
        true
    }

    fn parts(&self, _: &Draft, index: usize) -> Vec<Part> {
        vec![feed(index)]
    }

    fn meant(
        &self,
        _: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        word.is_none().then(|| vec![feed(index)])
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &FEED
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::only(&draft.scenario.feed[part.index()].0)
    }

    /// Returns true: the checks of faults refuse a slow feed.
    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn mechanisms(&self, draft: &Draft, into: &mut Mechanisms<'_>) {
        supply::declare(draft, into);
    }
}
