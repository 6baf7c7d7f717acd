//! What can fail: the process of a cache.

use crate::kinds::cache::plan::{Cache, part_of};
use crate::plan::Draft;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;

const CACHE: Sort = Sort { word: "cache", ..Sort::ROLE };

impl Parts for Cache {
    none!(came_later, words, way_back);

    fn parts(&self, _: &Draft, index: usize) -> Vec<Part> {
        vec![part_of(index)]
    }

    fn meant(
        &self,
        _: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        word.is_none().then(|| vec![part_of(index)])
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &CACHE
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::only(&draft.scenario.cache[part.index()].0)
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let (zone, member) = draft.links.own.caches[part.index()]?;
        Some(Part::Zone { zone, member })
    }
}
