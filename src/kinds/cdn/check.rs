//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::cdn::{Cdn, links};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Entrance, Known, Links, Walk};
use crate::plan::names::{Found, Kind};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::names::Reference;

impl Checks for Cdn {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.cdns.iter().flatten().map(|to| to.component()));
    }

    none!(unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, cdn) in walk.scenario().cdn.iter() {
            let found = walk.entrance(&cdn.to, links, &[Kind::NameService, Kind::Cdn]);
            links.cdns.push(found);
        }
        links::tiers(walk, links);
    }

    fn entrance(
        &self,
        _: Known<'_>,
        found: Found,
        _: &Reference,
    ) -> Result<Entrance, Option<Diagnostic>> {
        Ok(Entrance::Cdn(found.index))
    }

    fn onward(&self, links: &Links, index: usize) -> Vec<Entrance> {
        links.cdns[index].into_iter().collect()
    }

    none!(store);
}
