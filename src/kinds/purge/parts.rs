//! Parts of a purge: none. What it reaches fails by itself, as do the links on the way.

use crate::kinds::purge::plan::Purge;
use crate::plan::Draft;
use crate::plan::kind::parts::{Parts, none};
use crate::plan::part::Part;

impl Parts for Purge {
    none!(
        parts, words, sort, name, stands_on, way_back, role, life, publishes, shows, memory,
        remembers, not_yet, mechanisms, surrogates, passing, converging, size, priced
    );

    fn came_later(&self) -> bool {
        true
    }

    fn meant(&self, _: &Draft, _: usize, _: Option<u32>, _: Option<&str>) -> Option<Vec<Part>> {
        None
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
