//! References and mistakes.

use crate::kinds::zone::{Server, Zone};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::names::Kind;
use std::collections::BTreeSet;

impl Checks for Server {
    fn purpose(&self) -> Purpose {
        Purpose::Named("no zone stands on it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.servers.iter().flatten().map(|rack| (Kind::Rack, *rack)));
    }

    none!(unused, begins);
}

impl Checks for Zone {
    fn purpose(&self) -> Purpose {
        Purpose::Named("nothing runs in it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.placed.zones.iter().flatten().map(|id| (Kind::Server, id.group)));
    }

    none!(unused, begins);
}
