//! References and mistakes.

use crate::kinds::unit::{Crew, Group, Unit};
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::names::Kind;
use std::collections::BTreeSet;

impl Checks for Unit {
    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.crews.iter().flatten().map(|crew| (Kind::Crew, *crew)));
    }

    none!(unused, begins);
}

impl Checks for Group {
    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    none!(uses, unused, begins);
}

impl Checks for Crew {
    fn purpose(&self) -> Purpose {
        Purpose::Named("no unit is repaired by it")
    }

    none!(uses, unused, begins);
}
