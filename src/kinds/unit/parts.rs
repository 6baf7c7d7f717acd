//! Parts that can fail: units, each by a law of its own. The parts of a group are its units; a crew has none.

use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::Draft;
use crate::plan::kind::parts::{Parts, Sort, counted, none};
use crate::plan::part::Part;

const UNIT: Sort = Sort { word: "unit", fails_by_law: true, ..Sort::TEXTBOOK };

impl Parts for Unit {
    none!(
        came_later, words, stands_on, way_back, role, life, publishes, shows, memory, remembers,
        not_yet, mechanisms, surrogates, passing, converging, size, priced
    );

    counted!(unit, Unit);

    fn sort(&self, _: Part) -> &'static Sort {
        &UNIT
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}

impl Parts for Group {
    none!(
        came_later, parts, words, sort, name, stands_on, way_back, role, life, publishes, shows,
        memory, remembers, not_yet, mechanisms, surrogates, passing, converging, size, priced
    );

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let units = draft.links.units_of(index).into_iter();
        word.is_none().then(|| units.map(|(unit, member)| Part::Unit { unit, member }).collect())
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}

impl Parts for Crew {
    none!(
        came_later, parts, words, sort, name, stands_on, way_back, role, life, publishes, shows,
        memory, remembers, not_yet, mechanisms, surrogates, passing, converging, size, priced
    );

    fn meant(&self, _: &Draft, _: usize, _: Option<u32>, _: Option<&str>) -> Option<Vec<Part>> {
        None
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
