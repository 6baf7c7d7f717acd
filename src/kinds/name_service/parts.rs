//! What can fail: a name service, outside of the sites.

use crate::kinds::name_service::plan::{NameService, part_of};
use crate::plan::Draft;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;

const SERVICE: Sort = Sort { word: "name service", ..Sort::ROLE };

impl Parts for NameService {
    none!(came_later, words, stands_on, way_back);

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
}
