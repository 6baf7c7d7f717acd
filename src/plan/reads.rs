//! Stores that requests read, and the warning about memory that cannot cache them.

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::links::Store;
use crate::plan::route::{Does, each};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::source::Span;
use crate::units::Bytes;

/// Returns the stores that some step or query reads.
#[must_use]
pub fn stores(draft: &Draft) -> BTreeSet<Store> {
    let mut stores = BTreeSet::new();
    for route in &draft.routes {
        each(&route.steps, &mut |step| {
            let Does::Io(io) = &step.does else { return };
            for (service, mount) in io.mounts.iter().filter(|_| io.reads > 0.0) {
                stores.extend(draft.links.services[*service].mounts[*mount].iter().copied());
            }
        });
    }
    for ((_, database), links) in draft.scenario.database.iter().zip(&draft.links.databases) {
        if database.read.io.is_some() {
            stores.extend(links.members.iter().filter_map(|member| member.store));
        }
    }
    stores
}

/// Creates the warning about `memory` that cannot cache reads of the store `owner`, named at `span`.
#[must_use]
pub fn no_content(owner: &str, span: Span, memory: Bytes) -> Diagnostic {
    let message = format!(
        "{memory} of memory cannot cache reads of `{owner}`: the file does not specify how much is read there"
    );
    let help = "give it a `content` (size, block, zipf), or set ram-cache = \"0B\" when the \
                figures are already those behind the cache";
    Diagnostic::new(Code::NoContent, span, message).help(help)
}
