//! References and mistakes.

use crate::kinds::cdn::Cdn;
use crate::plan::Draft;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::names::Kind;
use std::collections::BTreeSet;

impl Checks for Cdn {
    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.cdns.iter().flatten().map(|to| to.component()));
    }

    none!(unused, begins);
}
