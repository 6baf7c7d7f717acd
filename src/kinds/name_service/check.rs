//! References of name services, and their mistakes.

use std::collections::BTreeSet;

use crate::kinds::name_service::plan::NameService;
use crate::plan::Draft;
use crate::plan::checks::{inert_if, slow_probes};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Entrance, Known, Links, Walk};
use crate::plan::names::{Found, Kind};
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::names::Reference;

impl Checks for NameService {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().name_service.iter();
        links.name_services = all
            .map(|(_, names)| {
                names.to.iter().filter_map(|to| walk.entrance(to, links, &[])).collect()
            })
            .collect();
    }

    fn entrance(
        &self,
        _: Known<'_>,
        found: Found,
        _: &Reference,
        _: &mut Diagnostics,
    ) -> Option<Entrance> {
        Some(Entrance::NameService(found.index))
    }

    fn onward(&self, links: &Links, index: usize) -> Vec<Entrance> {
        links.name_services[index].clone()
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (_, names) in draft.scenario.name_service.iter() {
            let cpu = names.check.as_ref().and_then(|check| check.cpu.as_ref());
            inert_if(cpu, "probes of a name service cost no time", "remove `cpu`", out);
        }
    }

    fn lint(&self, draft: &Draft, out: &mut Diagnostics) {
        let names = draft.scenario.name_service.iter();
        slow_probes(names.filter_map(|(_, names)| names.check.as_deref()), out);
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.name_services.iter().flatten().map(|to| to.component()));
    }

    none!(store, unused, begins, arrows, receives);
}
