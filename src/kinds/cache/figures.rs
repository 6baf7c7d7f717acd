//! Hit ratios of object caches and of the memory in front of disks.

use crate::model::blueprint::Blueprint;
use crate::model::gauge::ReadAs;
use crate::model::ids::ComponentId;
use crate::plan::figure::own::{Found, OwnFigures, Reading, members, resource_parts};
use crate::plan::figure::{Figure, Metric};

/// Figures of caches. The row of `hit` is that of CDNs too.
pub const FIGURES: OwnFigures = OwnFigures { rows: &[], read, stands_for: OwnFigures::BY_NAME };

/// Returns where the hit ratio of a cache is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    if figure.metric != Metric::Hit {
        return None;
    }
    let contents = contents(plan, figure);
    (!contents.is_empty()).then_some(Ok(Reading::Counts(contents, ReadAs::Completed)))
}

/// Returns the contents of the caches that a path names.
fn contents(plan: &Blueprint, figure: &Figure) -> Vec<ComponentId> {
    let scope = figure.scope.as_str();
    if let Some(disks) = &figure.resource {
        // The memory of a server is named by the disks that it caches: `box-1.local`.
        if resource_parts(plan, scope, disks).is_empty() {
            return Vec::new();
        }
        // Its second level has the name of the disks that it is on.
        let second = resource_parts(plan, scope, &format!("{disks}.objects"));
        if !second.is_empty() {
            return second;
        }
    }
    members(plan, &format!("{scope}.objects"))
}
