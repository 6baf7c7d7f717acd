//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;

impl Checks for Site {
    fn purpose(&self) -> Purpose {
        Purpose::Named("no rack stands in it")
    }

    none!(follow, entrance, onward, store, uses, unused, begins);
}

impl Checks for Rack {
    fn purpose(&self) -> Purpose {
        Purpose::Named("nothing stands in it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.racks.iter().flatten().map(|site| (Kind::Site, *site)));
    }

    none!(unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().rack.iter();
        links.racks = all.map(|(_, rack)| walk.one(&rack.site, Kind::Site)).collect();
    }

    none!(entrance, onward, store);
}

impl Checks for Link {
    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.links.iter().flatten().map(|site| (Kind::Site, *site)));
    }

    none!(unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, link) in walk.scenario().link.iter() {
            let sites = link.between.iter();
            links.links.push(sites.filter_map(|site| walk.one(site, Kind::Site)).collect());
        }
    }

    none!(entrance, onward, store);
}
