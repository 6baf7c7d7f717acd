//! References and mistakes.

use crate::kinds::balancer::Balancer;
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::names::Kind;
use std::collections::BTreeSet;

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
}
