//! Parts of a scaler: none. The members are those of its service, and the control plane does not fail.

use crate::health::Declaration;
use crate::kinds::scaler::plan::Scaler;
use crate::kinds::scaler::presence;
use crate::plan::Draft;
use crate::plan::graph::Graph;
use crate::plan::kind::parts::{Parts, none};
use crate::plan::part::Part;

impl Parts for Scaler {
    none!(
        parts, words, sort, name, stands_on, way_back, role, life, publishes, shows, memory,
        remembers, not_yet, mechanisms, passing, converging
    );

    fn came_later(&self) -> bool {
        true
    }

    fn meant(&self, _: &Draft, _: usize, _: Option<u32>, _: Option<&str>) -> Option<Vec<Part>> {
        None
    }

    /// Adds the members that come and go.
    fn surrogates(&self, draft: &Draft, _: &Graph, into: &mut Declaration) {
        presence::declare(draft, into);
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
