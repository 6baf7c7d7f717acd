//! Parts that can fail: edges.

use crate::kinds::cdn::Cdn;
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{Parts, Sort, counted, none};
use crate::plan::part::Part;
use crate::units::SimDuration;

const EDGE: Sort = Sort { word: "edge", ..Sort::ROLE };

impl Parts for Cdn {
    none!(
        came_later, words, stands_on, way_back, role, life, publishes, not_yet, mechanisms,
        surrogates, passing, size, priced
    );

    counted!(cdn, Edge);

    fn sort(&self, _: Part) -> &'static Sort {
        &EDGE
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.outside();
    }

    fn memory(&self, draft: &Draft, part: Part) -> Option<String> {
        let component = self.remembers(draft, part).then(|| part.name(draft))?;
        Some(component)
    }

    fn remembers(&self, draft: &Draft, part: Part) -> bool {
        draft.scenario.cdn[part.index()].1.content.is_some()
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        false
    }

    /// Returns the edges or shields. A single shield counts too, since edges can bypass it.
    fn converging(&self, draft: &Draft, index: usize) -> Option<(Vec<Part>, SimDuration)> {
        let edges = self.parts(draft, index);
        let time = draft.scenario.cdn[index].1.convergence.value;
        let others = edges.len() > 1 || draft.links.edges_of(index).is_some();
        (others && time > SimDuration::ZERO).then_some((edges, time))
    }
}
