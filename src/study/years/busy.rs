//! Resolution and estimate of the utilisation of a resource over the horizon.

use super::load::{BusyOf, OfLoad, unknown};
use super::mean;
use crate::plan::availability::AvailabilityPlan;
use crate::plan::figure::{Figure, NoSuchFigure, Stat};
use crate::plan::fluid::{FluidPlan, HOURS};
use crate::scenario::suggest;
use crate::solve::fluid::Busy;
use crate::stats::summary::ordered_sum;
use crate::study::measure::NoValue;
use crate::study::window::Estimate;

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

/// Returns the utilisation of a resource in an hour of the week, or its quantile over time, from batches of replications. The
/// busiest hour is that of all batches together: the largest value of each would be too large.
pub(super) fn estimate(
    plan: &AvailabilityPlan,
    batches: &[&Busy],
    (resource, of): (usize, BusyOf),
    level: f64,
) -> Estimate {
    let busiest = || {
        let together =
            |hour| ordered_sum(batches.iter().filter_map(|one| one.hour(resource, hour)));
        let hours = (0..HOURS).map(|hour| (hour, together(hour)));
        hours.fold((0, 0.0), |most, one| if one.1 > most.1 { one } else { most }).0
    };
    let hour = match of {
        BusyOf::Quantile(_) => None,
        BusyOf::Hour(hour) => Some(hour),
        BusyOf::Busiest | BusyOf::Mean => Some(busiest()),
    };
    let one = |busy: &Busy| match (of, hour) {
        (BusyOf::Quantile(q), _) => Some(busy.quantile(resource, q)),
        (_, hour) => busy.hour(resource, hour?),
    };
    let fluid = plan.fluid.as_ref();
    let all = |used| Some(fluid?.network.used_with_yielding(resource, used));
    let values: Option<Vec<f64>> = batches.iter().map(|busy| all(one(busy)?)).collect();
    values.map_or(Estimate::Missing(NoValue::Empty), |values| mean(&values, level))
}
