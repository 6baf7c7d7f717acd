//! References and mistakes.

use std::collections::BTreeSet;

use crate::kinds::unit::{Crew, Group, Unit, links};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;

impl Checks for Unit {
    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.crews.iter().flatten().map(|crew| (Kind::Crew, *crew)));
    }

    none!(unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let crews = walk.scenario().unit.iter().map(|(_, unit)| unit.crew.as_ref());
        links.crews = crews.map(|crew| walk.one(crew?, Kind::Crew)).collect();
    }

    none!(entrance, onward, store);
}

impl Checks for Group {
    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    none!(uses, unused, begins);

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().group.iter();
        links.groups = all.map(|(_, group)| links::follow(walk, group)).collect();
        links.group_order = links::order(walk, &mut links.groups);
    }

    none!(entrance, onward, store);
}

impl Checks for Crew {
    fn purpose(&self) -> Purpose {
        Purpose::Named("no unit is repaired by it")
    }

    none!(follow, entrance, onward, store, uses, unused, begins);
}
