//! What can fail: stations.

use crate::kinds::station::Station;
use crate::model::Health;
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;
use crate::plan::targets;

const STATION: Sort = Sort { word: "station", ..Sort::TEXTBOOK };

impl Parts for Station {
    none!(
        came_later, words, stands_on, way_back, role, life, publishes, memory, remembers, not_yet,
        mechanisms, surrogates, passing, converging
    );

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let members = 0..draft.scenario.station[index].1.count.value;
        members.map(|member| Part::Station { station: index, member }).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let count = draft.scenario.station[index].1.count.value;
        let members = targets::members(member, word, count)?;
        Some(members.map(|member| Part::Station { station: index, member }).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &STATION
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.station[part.index()].0, part.number())
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.state("down", Health::Down, shown.own("is down"));
        shown.hindrances();
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
