//! What can fail: units, each by a law of its own. A group has the parts that it counts, a crew has none.

use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::Draft;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;
use crate::plan::targets;

const UNIT: Sort = Sort { word: "unit", fails_by_law: true, ..Sort::TEXTBOOK };

impl Parts for Unit {
    none!(
        came_later, words, stands_on, way_back, role, life, publishes, shows, memory, remembers,
        not_yet, mechanisms, surrogates, passing, converging
    );

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let members = 0..draft.scenario.unit[index].1.count.value;
        members.map(|member| Part::Unit { unit: index, member }).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let count = draft.scenario.unit[index].1.count.value;
        let members = targets::members(member, word, count)?;
        Some(members.map(|member| Part::Unit { unit: index, member }).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &UNIT
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.unit[part.index()].0, part.number())
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}

impl Parts for Group {
    none!(
        came_later, parts, words, sort, name, stands_on, way_back, role, life, publishes, shows,
        memory, remembers, not_yet, mechanisms, surrogates, passing, converging
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
        memory, remembers, not_yet, mechanisms, surrogates, passing, converging
    );

    fn meant(&self, _: &Draft, _: usize, _: Option<u32>, _: Option<&str>) -> Option<Vec<Part>> {
        None
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
