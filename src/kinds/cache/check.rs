//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::cache::plan::Cache;
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;

impl Checks for Cache {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.own.caches.iter().flatten().map(|(zone, _)| (Kind::Zone, *zone)));
    }

    none!(unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().cache.iter();
        links.own.caches = all.map(|(_, cache)| walk.zone_member(&cache.in_)).collect();
    }

    none!(entrance, onward, store);
}
