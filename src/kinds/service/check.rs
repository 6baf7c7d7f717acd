//! References and mistakes.

use crate::kinds::service::Service;
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::Store;
use crate::plan::names::Kind;
use std::collections::BTreeSet;

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
}
