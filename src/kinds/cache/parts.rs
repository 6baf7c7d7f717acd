//! Parts that can fail: the process of a cache.

use crate::kinds::cache::components::content_name;
use crate::kinds::cache::plan::{Cache, part_of};
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{Memory, Parts, Sort, none, single};
use crate::plan::part::Part;

const CACHE: Sort = Sort { word: "cache", ..Sort::ROLE };

impl Parts for Cache {
    none!(
        came_later, words, way_back, role, life, publishes, not_yet, mechanisms, surrogates,
        passing, converging, size, priced
    );

    single!(cache, part_of);

    fn sort(&self, _: Part) -> &'static Sort {
        &CACHE
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
