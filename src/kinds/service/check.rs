//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::service::{Service, links};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Entrance, Known, Links, Store, Walk, no_member};
use crate::plan::names::{Found, Kind};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::names::Reference;

impl Checks for Service {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        for service in &draft.links.services {
            used.extend(service.zone.map(|zone| (Kind::Zone, zone)));
            used.extend(service.mounts.iter().flatten().map(Store::component));
        }
    }

    none!(unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().service.iter();
        links.services = all.map(|(_, service)| links::follow(walk, service)).collect();
    }

    fn entrance(
        &self,
        known: Known<'_>,
        found: Found,
        reference: &Reference,
    ) -> Result<Entrance, Option<Diagnostic>> {
        let (name, members) =
            (&known.scenario.service[found.index].0, known.links.services[found.index].members);
        match found.member {
            Some(member) if member >= members => Err(no_member(reference, name, members)),
            member => Ok(Entrance::Service(found.index, member)),
        }
    }

    none!(onward, store);
}
