//! References and mistakes.

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::names::Kind;
use std::collections::BTreeSet;

impl Checks for Site {
    fn purpose(&self) -> Purpose {
        Purpose::Named("no rack stands in it")
    }

    none!(uses, unused, begins);
}

impl Checks for Rack {
    fn purpose(&self) -> Purpose {
        Purpose::Named("nothing stands in it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.racks.iter().flatten().map(|site| (Kind::Site, *site)));
    }

    none!(unused, begins);
}

impl Checks for Link {
    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.links.iter().flatten().map(|site| (Kind::Site, *site)));
    }

    none!(unused, begins);
}
