//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::database::{Database, links};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Store, Walk};
use crate::plan::names::Kind;

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

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (name, database) in walk.scenario().database.iter() {
            links.databases.push(links::follow(walk, name, database));
        }
        links::balanced_databases(walk, links);
    }

    none!(entrance, onward, store);
}
