//! Parts that can fail: the process of a cache.

use crate::kinds::cache::components::content_name;
use crate::kinds::cache::plan::{Cache, part_of};
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::fluid::memories;
use crate::plan::kind::parts::{Parts, Sort, none, single};
use crate::plan::part::Part;
use crate::plan::simulatable::NotYet;

const CACHE: Sort = Sort { word: "cache", ..Sort::ROLE };

impl Parts for Cache {
    none!(
        came_later, words, way_back, role, life, publishes, mechanisms, surrogates, passing,
        converging, size, priced
    );

    single!(cache, part_of);

    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let what = "a `goto` out of the steps of a miss";
        let out = memories::jumps_out(draft).into_iter();
        out.map(|span| NotYet::over_years(what.to_string(), span)).collect()
    }

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

    fn memory(&self, draft: &Draft, part: Part) -> Option<String> {
        let component = content_name(&draft.scenario.cache[part.index()].0);
        Some(component)
    }

    fn remembers(&self, draft: &Draft, part: Part) -> bool {
        draft.scenario.cache[part.index()].1.hit.is_none()
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
