//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::zone::{Server, Zone, links};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Store, User, Walk};
use crate::plan::names::Kind;
use crate::scenario::source::Span;

impl Checks for Server {
    fn purpose(&self) -> Purpose {
        Purpose::Named("no zone stands on it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.servers.iter().flatten().map(|rack| (Kind::Rack, *rack)));
    }

    none!(unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = 0..walk.scenario().server.len();
        links.servers = all.map(|group| links::rack(walk, group)).collect();
    }

    none!(entrance, onward);

    fn store(
        &self,
        walk: &mut Walk<'_>,
        index: usize,
        volume: &str,
        span: Span,
        user: Option<User>,
    ) -> Option<Store> {
        links::store(walk, index, volume, span, user)
    }
}

impl Checks for Zone {
    fn purpose(&self) -> Purpose {
        Purpose::Named("nothing runs in it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.placed.zones.iter().flatten().map(|id| (Kind::Server, id.group)));
    }

    none!(follow, entrance, onward, store, unused, begins);
}
