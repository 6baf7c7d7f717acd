//! The kind of autoscalers, and its resolved references.

use crate::plan::Draft;
use crate::plan::begun::{self, Beginner};
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// The kind of autoscalers.
#[derive(Debug)]
pub struct Scaler;

/// Returns the scaler at `index`, as a part.
#[must_use]
pub const fn scaler(index: usize) -> Part {
    Part::Own(Own { kind: Kind::Scaler, index, member: 0 })
}

/// Resolved references of a scaler.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScalerLinks {
    /// Section of its zones.
    pub zone: Option<usize>,
    /// The service in them.
    pub service: Option<usize>,
}

/// Returns whether a part is a member of a group of zones.
#[must_use]
pub(super) fn in_group(part: Part, zone: usize) -> bool {
    matches!(part, Part::Zone { zone: of, .. } if of == zone)
}

/// Returns whether a part is a member of a service.
#[must_use]
pub(super) fn of_service(part: Part, service: usize) -> bool {
    matches!(part, Part::Service { service: of, .. } if of == service)
}

/// Returns the components that begin requests inside members of a service, as queues do.
#[must_use]
pub(super) fn beginners(draft: &Draft, service: usize) -> Vec<Beginner> {
    let mut all = begun::all(draft);
    all.retain(|one| {
        draft.links.enters[one.class].is_some_and(|to| {
            let entered = to.component().0.answers().opens(draft, to);
            entered.iter().flatten().any(|part| of_service(*part, service))
        })
    });
    all
}
