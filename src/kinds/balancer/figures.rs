//! Components that the name of a balancer stands for in figures of waiting, queues and utilisation.

use crate::model::blueprint::{Blueprint, Config};
use crate::model::ids::ComponentId;
use crate::plan::figure::own::{Meters, OwnFigures, members, resource_parts};
use crate::plan::figure::{Figure, Metric};
use crate::plan::names::beliefs_name;

/// Figures of balancers.
pub const FIGURES: OwnFigures = OwnFigures { rows: &[], read: OwnFigures::NOT_READ, stands_for };

/// Returns what the name of a balancer stands for; `None` where it stands for the units of that name.
fn stands_for(plan: &Blueprint, figure: &Figure) -> Option<Meters> {
    let scope = figure.scope.as_str();
    let parts = match (figure.metric, figure.resource.as_deref()) {
        // A request that waits at a balancer waits for a free slot at its members.
        (Metric::Waiting | Metric::Queue, None) => queues(plan, scope),
        // The utilisation of the units is that of their processors.
        (Metric::Utilization, None) => {
            units(plan, scope).map_or_else(Vec::new, |_| resource_parts(plan, scope, "cpu"))
        }
        (Metric::Utilization, Some("connections")) => {
            let mut units = units(plan, scope).unwrap_or_default();
            let bounded = |id: &ComponentId| !plan.parts[id.index()].config.counts().unlimited;
            if !units.iter().all(bounded) {
                units.clear();
            }
            units
        }
        _ => Vec::new(),
    };
    (!parts.is_empty()).then_some(Meters::Parts(parts))
}

/// Returns the queues of the balancer called `scope`; none without a `member-limit`.
fn queues(plan: &Blueprint, scope: &str) -> Vec<ComponentId> {
    let mut all = members(plan, &beliefs_name(scope));
    let has = |id: &ComponentId| matches!(&plan.parts[id.index()].config, Config::Balancer(of) if of.room.is_some());
    all.retain(has);
    all
}

/// Returns the components called `scope`, if all of them are units of balancers.
fn units(plan: &Blueprint, scope: &str) -> Option<Vec<ComponentId>> {
    let units = members(plan, scope);
    let are_units = units.iter().all(|id| plan.parts[id.index()].balancer.is_some());
    (are_units && !units.is_empty()).then_some(units)
}
