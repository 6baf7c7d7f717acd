//! List of all parts of a scenario.

use crate::plan::Draft;
use crate::plan::names::Kind;
use crate::plan::part::Part;

/// Returns everything that can be up or down by itself, in the order of parts.
#[must_use]
pub fn all_parts(draft: &Draft) -> Vec<Part> {
    let mut parts = Vec::new();
    for kind in Kind::ALL {
        for index in 0..kind.sections(&draft.scenario) {
            parts.extend(kind.answers().parts(draft, index));
        }
    }
    parts.sort_unstable();
    parts
}
