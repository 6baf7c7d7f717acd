//! Parts that can fail: the process of a cache.

use crate::kinds::cache::components::content_name;
use crate::kinds::cache::plan::{Cache, part_of};
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{Memory, PartName, Parts, Sort, none};
use crate::plan::part::Part;

const CACHE: Sort = Sort { word: "cache", ..Sort::ROLE };

impl Parts for Cache {
    none!(
        came_later, words, way_back, role, life, publishes, not_yet, mechanisms, surrogates,
        passing, converging
    );

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

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.process();
    }

    fn memory(&self, draft: &Draft, part: Part) -> Option<Memory> {
        let component = content_name(&draft.scenario.cache[part.index()].0);
        Some(Memory { component, with_host: true })
    }

    fn remembers(&self, draft: &Draft, part: Part) -> bool {
        draft.scenario.cache[part.index()].1.hit.is_none()
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
