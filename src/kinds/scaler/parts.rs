//! Parts that can fail: each scaler is one. While it is down nothing is launched; its members are those of its service.

use crate::health::Declaration;
use crate::kinds::scaler::plan::{Scaler, scaler};
use crate::kinds::scaler::presence;
use crate::model::Health;
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::graph::Graph;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;

const SCALER: Sort = Sort { word: "autoscaler", ..Sort::DOMAIN };

impl Parts for Scaler {
    none!(
        words, stands_on, way_back, role, life, publishes, memory, remembers, not_yet, mechanisms,
        passing, converging
    );

    fn came_later(&self) -> bool {
        true
    }

    fn parts(&self, _: &Draft, index: usize) -> Vec<Part> {
        vec![scaler(index)]
    }

    fn meant(
        &self,
        _: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        word.is_none().then(|| vec![scaler(index)])
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &SCALER
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::only(&draft.scenario.scaler[part.index()].0)
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
