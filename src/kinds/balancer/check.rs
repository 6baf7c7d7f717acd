//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::balancer::{Balancer, links};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Entrance, Known, Links, Walk};
use crate::plan::names::{Found, Kind};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::names::Reference;

impl Checks for Balancer {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        for balancer in &draft.links.balancers {
            used.extend(balancer.targets.iter().map(|(service, _)| (Kind::Service, *service)));
            used.extend(balancer.zone.map(|(zone, _)| (Kind::Zone, zone)));
            used.extend(balancer.rack.map(|rack| (Kind::Rack, rack)));
        }
    }

    none!(unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, balancer) in walk.scenario().balancer.iter() {
            let followed = links::follow(walk, links, balancer);
            links.balancers.push(followed);
        }
    }

    fn entrance(
        &self,
        known: Known<'_>,
        found: Found,
        reference: &Reference,
    ) -> Result<Entrance, Option<Diagnostic>> {
        match links::balances_reads_alone(known, found.index, reference.span) {
            Some(wrong) => Err(Some(wrong)),
            None => Ok(Entrance::Balancer(found.index)),
        }
    }

    none!(onward, store);
}
