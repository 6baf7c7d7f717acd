//! Resolution of the utilisation of a resource over the horizon.

use super::load::{BusyOf, OfLoad, unknown};
use crate::plan::figure::{Figure, NoSuchFigure, Stat};
use crate::plan::fluid::FluidPlan;
use crate::scenario::suggest;

/// Resolves a utilisation: the resource `www-1.cpu` is `www-1` and `cpu` in figures, `store.main` itself.
pub(super) fn resolve(fluid: &FluidPlan, figure: &Figure) -> Result<OfLoad, NoSuchFigure> {
    let asked = match &figure.resource {
        Some(resource) => format!("{}.{resource}", figure.scope),
        None => figure.scope.clone(),
    };
    let names: Vec<&str> = fluid.network.resources.iter().map(|r| r.name.as_str()).collect();
    let Some(at) = names.iter().position(|name| *name == asked) else {
        let message = format!("`{figure}`: over the horizon no load is known of `{asked}`");
        let help = suggest::help(&asked, &names, "known are");
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    let hour = figure.key("hour").and_then(|text| text.parse().ok());
    let of = match (figure.stat, hour) {
        (None | Some(Stat::Mean), None) => BusyOf::Mean,
        (None | Some(Stat::Mean), Some(hour)) => BusyOf::Hour(hour),
        (Some(Stat::Max), None) => BusyOf::Busiest,
        (Some(Stat::Quantile(q)), None) => BusyOf::Quantile(q),
        _ => return Err(unknown(figure)),
    };
    Ok(OfLoad::Busy(at, of))
}
