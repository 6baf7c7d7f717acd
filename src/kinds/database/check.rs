//! References and mistakes.

use crate::kinds::database::Database;
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::Store;
use crate::plan::names::Kind;
use std::collections::BTreeSet;

impl Checks for Database {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        for database in &draft.links.databases {
            used.extend(database.through.map(|balancer| (Kind::Balancer, balancer)));
            for member in &database.members {
                used.extend(member.zone.map(|(zone, _)| (Kind::Zone, zone)));
                used.extend(member.store.as_ref().map(Store::component));
            }
        }
    }

    none!(unused, begins);
}
