//! A name service in the plan: who answers users, and whom its probes meet.

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::checks::inert_if;
use crate::plan::kind::Planned;
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};
use crate::scenario::diagnostic::Diagnostics;

/// Name services.
#[derive(Debug)]
pub struct NameService;

/// The name service at `index`.
#[must_use]
pub const fn part_of(index: usize) -> Part {
    Part::Own(Own { kind: Kind::NameService, index, member: 0 })
}

impl Planned for NameService {
    fn kind(&self) -> Kind {
        Kind::NameService
    }

    fn begins(&self, _: &Draft, _: usize) -> Option<usize> {
        None
    }

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let members: Vec<u32> = links.services.iter().map(|service| service.members).collect();
        let all = walk.scenario().name_service.iter();
        links.name_services =
            all.map(|(_, names)| walk.entrances(&names.to, &members, None)).collect();
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (_, names) in draft.scenario.name_service.iter() {
            let cpu = names.check.as_ref().and_then(|check| check.cpu.as_ref());
            inert_if(cpu, "probes of a name service cost no time", "remove `cpu`", out);
        }
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        for to in draft.links.name_services.iter().flatten() {
            used.insert(to.component());
        }
    }
}
