//! Hit ratios of edges, and the latency of what no edge answers.

use crate::kinds::cdn::live::EDGE;
use crate::model::blueprint::{Blueprint, Config};
use crate::model::gauge::ReadAs;
use crate::model::ids::ComponentId;
use crate::plan::figure::own::{Found, OwnFigures, Reading, named};
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};

/// Figures of CDNs. The rows of `hit` and `latency` are those of caches and classes too.
pub const FIGURES: OwnFigures = OwnFigures { rows: &[], read, stands_for: OwnFigures::BY_NAME };

/// Returns where a figure of a CDN is read; `None` for any other figure.
fn read(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    match figure.metric {
        Metric::Hit => {
            let mut edges = named(plan, figure);
            let is_edge =
                |id: &ComponentId| matches!(plan.parts[id.index()].config, Config::Edge(_));
            edges.retain(is_edge);
            (!edges.is_empty()).then_some(Ok(Reading::Counts(edges, ReadAs::Completed)))
        }
        Metric::Latency => misses(plan, figure),
        _ => None,
    }
}

/// Returns the misses of the class in `latency.CLASS-miss`, if that is no class itself.
fn misses(plan: &Blueprint, figure: &Figure) -> Option<Found> {
    let class = |name: &str| plan.routes.classes.iter().position(|class| class.name == name);
    if figure.resource.is_some() || class(&figure.scope).is_some() {
        return None;
    }
    let index = class(figure.scope.strip_suffix("-miss")?)?;
    Some(match (plan.routes.classes[index].cdns[EDGE], figure.stat) {
        (None, _) => Err(NoSuchFigure::new(format!("`{figure}`: the class enters at no CDN"))),
        (Some(_), Some(Stat::Chance)) => {
            let message = format!("`{figure}`: of the misses no share over a time is kept");
            Err(NoSuchFigure::new(message).help("ask for a percentile"))
        }
        (Some(_), _) => Ok(Reading::Misses(index)),
    })
}
