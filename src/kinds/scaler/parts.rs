//! Parts that can fail: each scaler is one. While it is down nothing is launched; its members are those of its service.

use crate::health::Declaration;
use crate::kinds::scaler::plan::{Scaler, scaler};
use crate::kinds::scaler::{presence, years};
use crate::model::Health;
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::graph::Graph;
use crate::plan::kind::parts::{Parts, Sort, none, single};
use crate::plan::part::Part;
use crate::plan::simulatable::NotYet;

const SCALER: Sort = Sort { word: "autoscaler", ..Sort::DOMAIN };

impl Parts for Scaler {
    none!(
        words, stands_on, way_back, role, life, publishes, memory, remembers, mechanisms, passing,
        converging, size, priced
    );

    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        years::not_over_years(draft)
    }

    fn came_later(&self) -> bool {
        true
    }

    single!(scaler, scaler);

    fn sort(&self, _: Part) -> &'static Sort {
        &SCALER
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.state("down", Health::Down, shown.own("is down"));
    }

    /// Adds the members that come and go.
    fn surrogates(&self, draft: &Draft, _: &Graph, into: &mut Declaration) {
        presence::declare(draft, into);
    }

    /// Returns true: the checks of faults refuse a slow scaler.
    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
