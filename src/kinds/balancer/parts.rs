//! What can fail: units of a balancer, each an appliance or a process in a zone.

use crate::kinds::balancer::Balancer;
use crate::plan::Draft;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;
use crate::plan::targets;

const UNIT: Sort = Sort { word: "balancer", ..Sort::ROLE };

impl Parts for Balancer {
    none!(came_later, words, way_back);

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let members = 0..draft.scenario.balancer[index].1.count.value;
        members.map(|member| Part::Balancer { balancer: index, member }).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let count = draft.scenario.balancer[index].1.count.value;
        let members = targets::members(member, word, count)?;
        Some(members.map(|member| Part::Balancer { balancer: index, member }).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &UNIT
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.balancer[part.index()].0, part.number())
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let links = &draft.links.balancers[part.index()];
        match links.zone {
            Some((zone, only)) => Some(Part::Zone { zone, member: only.unwrap_or(part.number()) }),
            None => links.rack.map(Part::Rack),
        }
    }
}
