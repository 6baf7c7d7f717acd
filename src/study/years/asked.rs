//! Figures of the long horizon: which net, meter and quantity each path means.

use crate::plan::availability::{Availability, AvailabilityPlan, Watched, WatchedKind};
use crate::plan::figure::registry::By;
use crate::plan::figure::{Figure, Metric, NoSuchFigure, Stat};
use crate::scenario::suggest;

use super::{What, YearMeasure, disk_sets, load, recovery, restores, scales, spans};

/// Returns the faults that a figure leaves out: those of `[without=...]`, in the order written; `common` means all that
/// strike shared parts.
#[must_use]
pub fn without(figure: &Figure, common: &[String]) -> Vec<String> {
    match figure.key("without") {
        None => Vec::new(),
        Some("common") => common.to_vec(),
        Some(names) => names.split(',').map(|name| name.trim().to_string()).collect(),
    }
}

/// Resolves a figure of the long horizon.
///
/// # Errors
///
/// [`NoSuchFigure`], if the scenario has no such figure.
pub fn resolve(plan: &AvailabilityPlan, figure: &Figure) -> Result<YearMeasure, NoSuchFigure> {
    if let Some(what) = elsewhere(plan, figure)? {
        return Ok(YearMeasure { net: net_of(plan, figure)?, meter: 0, what });
    }
    let wants = match (figure.metric, figure.key("availability")) {
        (Metric::Continuous, _) | (_, Some("continuous")) => Availability::Continuous,
        _ => Availability::Structural,
    };
    // All classes together have no name that a figure could use.
    let named = |one: &&Watched| one.kind != WatchedKind::All;
    let names: Vec<&str> =
        plan.watched.iter().filter(named).map(|watched| watched.name.as_str()).collect();
    let found = plan.watched.iter().position(|one| named(&one) && one.name == figure.scope);
    let Some(watched) = found else {
        let message = format!("`{figure}`: there is no availability of `{}`", figure.scope);
        let help = suggest::help(&figure.scope, &names, "classes, services and groups");
        return Err(NoSuchFigure::new(message).help_if(help));
    };
    let Some(meter) = plan.measured.iter().position(|other| *other == (watched, wants)) else {
        return Err(NoSuchFigure::new(format!(
            "`{figure}`: of `{}` there is a structural availability alone",
            figure.scope
        )));
    };
    let net = net_of(plan, figure)?;
    let place = |name: &str| cause(plan, figure, name);
    let cause = figure.key("cause").map(place).transpose()?;
    let contributing = figure.key("contributing").map(place).transpose()?;
    if let Some(of) = spans::resolve(plan, figure, cause)? {
        return Ok(YearMeasure { net, meter, what: What::Spans(of) });
    }
    let what = match (figure.metric, figure.stat, cause, contributing) {
        (Metric::Structural | Metric::Continuous, None | Some(Stat::Mean), None, None) => {
            What::Availability
        }
        (Metric::Unavailability, None | Some(Stat::Mean), None, None) => What::Unavailability,
        (Metric::Downtime, None | Some(Stat::Mean), cause, None) => What::Downtime(cause),
        (Metric::Downtime, None | Some(Stat::Mean), None, Some(cause)) => What::Contributing(cause),
        (Metric::Downtime, Some(Stat::Year(q)), cause, None) => What::DowntimeQuantile(q, cause),
        (Metric::Outages, None | Some(Stat::Mean), cause, None) => What::Outages(cause),
        (Metric::MeanTimeToFailure, None | Some(Stat::Mean), None, None)
            if plan.watched[watched].kind == WatchedKind::Fleet =>
        {
            let message = format!("`{figure}`: of a fleet there is no time to the first outage");
            return Err(NoSuchFigure::new(message).help("put its members into a [group]"));
        }
        (Metric::MeanTimeToFailure, None | Some(Stat::Mean), None, None) if scales(plan) => {
            return Err(beyond(figure));
        }
        (Metric::MeanTimeToFailure, None | Some(Stat::Mean), None, None) => What::TimeToFailure,
        _ => {
            return Err(NoSuchFigure::new(format!("`{figure}` is no figure of what is up")));
        }
    };
    Ok(YearMeasure { net, meter, what })
}

/// Returns the quantity of a figure that is not of what is up: of the traffic, of roles, of restores, of disks.
fn elsewhere(plan: &AvailabilityPlan, figure: &Figure) -> Result<Option<What>, NoSuchFigure> {
    Ok(Some(match figure.row().by {
        By::Traffic => What::Load(load::resolve(plan, figure)?),
        By::Roles if restores::is_of(figure.metric) => {
            let (at, what) = restores::resolve(plan, figure)?;
            What::Restores(at, what)
        }
        By::Roles if disk_sets::is_of(figure.metric) => {
            let (at, what) = disk_sets::resolve(plan, figure)?;
            What::Disks(at, what)
        }
        By::Roles => {
            let (role, what) = recovery::resolve(plan, figure)?;
            What::Role(role, what)
        }
        _ => return Ok(None),
    }))
}

/// Returns the error for an instant that may lie after the horizon, with an autoscaler.
fn beyond(figure: &Figure) -> NoSuchFigure {
    let message = format!("`{figure}`: it may lie after the horizon, where no autoscaler acts");
    NoSuchFigure::new(message).help("ask for `outages`, per year")
}

/// Returns the place of a cause that a figure names.
pub(super) fn cause(
    plan: &AvailabilityPlan,
    figure: &Figure,
    name: &str,
) -> Result<usize, NoSuchFigure> {
    plan.causes.iter().position(|cause| cause == name).ok_or_else(|| {
        let known: Vec<&str> = plan.causes.iter().map(String::as_str).collect();
        let message = format!("`{figure}`: there is no cause `{name}`");
        NoSuchFigure::new(message).help_if(suggest::help(name, &known, "there are"))
    })
}

/// Returns the net without the faults that a figure leaves out.
fn net_of(plan: &AvailabilityPlan, figure: &Figure) -> Result<usize, NoSuchFigure> {
    let left_out = without(figure, &plan.common);
    for name in &left_out {
        if !plan.removable.contains(name) {
            let known: Vec<&str> = plan.removable.iter().map(String::as_str).collect();
            let message = format!("`{figure}`: there is no fault `{name}` to leave out");
            let help = suggest::help(name, &known, "there are");
            return Err(NoSuchFigure::new(message).help_if(help));
        }
    }
    let net = plan.without(&left_out);
    net.ok_or_else(|| {
        format!("`{figure}`: there is no run without `{}`", left_out.join(",")).into()
    })
}
