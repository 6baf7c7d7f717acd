//! Parts that can fail: subscribers, each a process in its zone.

use crate::convert::table;
use crate::kinds::log::plan::{Log, subscriber};
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;
use crate::plan::targets;

const SUBSCRIBER: Sort = Sort { word: "subscriber", ..Sort::ROLE };

/// Returns the number of subscribers of the log at `index`.
fn subscribers(draft: &Draft, index: usize) -> u32 {
    table::u32(draft.scenario.log[index].1.to.value.0.len())
}

impl Parts for Log {
    none!(
        words, way_back, role, life, publishes, memory, remembers, not_yet, mechanisms, surrogates,
        passing, converging
    );

    fn came_later(&self) -> bool {
        true
    }

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        (0..subscribers(draft, index)).map(|member| subscriber(index, member)).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let members = targets::members(member, word, subscribers(draft, index))?;
        Some(members.map(|member| subscriber(index, member)).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &SUBSCRIBER
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.log[part.index()].0, part.number())
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let subscribers = &draft.links.own.logs[part.index()].subscribers;
        let (zone, member) = *subscribers.get(part.number() as usize)?;
        Some(Part::Zone { zone, member })
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.process();
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
