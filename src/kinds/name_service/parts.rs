//! Parts that can fail: a name service, which is outside the sites.

use crate::kinds::name_service::live::MOST_TARGETS;
use crate::kinds::name_service::plan::{NameService, part_of};
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{Parts, Sort, none, single};
use crate::plan::part::Part;
use crate::plan::simulatable::NotYet;

const SERVICE: Sort = Sort { word: "name service", ..Sort::ROLE };

impl Parts for NameService {
    none!(
        came_later, words, stands_on, way_back, role, life, publishes, memory, remembers,
        mechanisms, surrogates, passing, converging, size, priced
    );

    single!(name_service, part_of);

    fn sort(&self, _: Part) -> &'static Sort {
        &SERVICE
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
                found.push(NotYet::in_requests(what, spec.to.span));
            }
        }
        found
    }
}
