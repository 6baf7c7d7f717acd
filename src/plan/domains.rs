//! Failure domains: what goes down with a site, a rack, a server or a zone.
//!
//! Takes a draft with the parts of its graph; gives each domain with all that stands in it. Holds: a
//! part is listed in each domain above it, once, in the order of parts.

use std::collections::BTreeMap;

use crate::plan::Draft;
use crate::plan::graph::Graph;
use crate::plan::part::Part;

/// Each domain on which a request class depends, with the parts in it.
#[must_use]
pub fn of(draft: &Draft, graph: &Graph) -> BTreeMap<Part, Vec<Part>> {
    let mut domains: BTreeMap<Part, Vec<Part>> = BTreeMap::new();
    for part in graph.parts() {
        for domain in part.domains(draft) {
            domains.entry(domain).or_default().push(part);
        }
    }
    domains
}
