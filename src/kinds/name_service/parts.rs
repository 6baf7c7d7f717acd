//! Parts that can fail: a name service, which is outside the sites.

use crate::kinds::name_service::live::MOST_TARGETS;
use crate::kinds::name_service::plan::{NameService, part_of};
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;
use crate::plan::simulatable::NotYet;

const SERVICE: Sort = Sort { word: "name service", ..Sort::ROLE };

impl Parts for NameService {
    none!(
        came_later, words, stands_on, way_back, role, life, publishes, memory, remembers,
        mechanisms, surrogates, passing, converging
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
        &SERVICE
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::only(&draft.scenario.name_service[part.index()].0)
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.outside();
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        false
    }

    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let mut found = Vec::new();
        for (name, spec) in draft.scenario.name_service.iter() {
            if spec.to.len() > MOST_TARGETS {
                let what = format!("name service `{name}` with more than {MOST_TARGETS} targets");
                found.push(NotYet::new(what, spec.to.span));
            }
        }
        found
    }
}
