//! References and mistakes.

use crate::kinds::cache::plan::Cache;
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::names::Kind;
use std::collections::BTreeSet;

impl Checks for Cache {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.own.caches.iter().flatten().map(|(zone, _)| (Kind::Zone, *zone)));
    }

    none!(unused, begins);
}
