//! Checks whether a window can give a figure: intervals that fit into it, a disturbance that ends in it.
//!
//! Holds: a refusal does not depend on the flags; the length is that of the file, also for a shorter quick run.

use crate::model::blueprint::{Blueprint, Part};
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::figure::registry::PER;
use crate::plan::figure::{Figure, NoSuchFigure, Stat};
use crate::solve::requests::Window;
use crate::solve::series::Meter;
use crate::study::breaks::Way;
use crate::study::intervals::{self, Every};
use crate::study::measure::{Measure, Meters};
use crate::study::window::WindowPlan;
use crate::units::{SimDuration, SimTime};

/// Checks that the window `asked` can give `figure`, whose measure is `measure`, and makes the window keep its data.
///
/// # Errors
///
/// [`NoSuchFigure`], with the reason and the spelling to use instead.
pub(super) fn check(
    draft: &Draft,
    plan: &Blueprint,
    figure: &Figure,
    measure: &Measure,
    asked: &mut WindowPlan,
) -> Result<(), NoSuchFigure> {
    match measure {
        Measure::Utilization(Meters::Parts(parts)) => {
            has_a_limit(plan, figure, parts.iter().copied())
        }
        Measure::Every(every) => {
            if let intervals::Kept::Utilization = every.kept {
                let part = |meter: &Meter| match meter {
                    Meter::Part(id) => Some(*id),
                    _ => None,
                };
                has_a_limit(plan, figure, every.meters.iter().filter_map(part))?;
            }
            holds(draft, figure, every, asked)
        }
        Measure::Drain(_) => disturbed(draft, figure, asked),
        _ => Ok(()),
    }
}

/// Checks that all parts of a utilisation have a limit.
fn has_a_limit(
    plan: &Blueprint,
    figure: &Figure,
    mut parts: impl Iterator<Item = ComponentId>,
) -> Result<(), NoSuchFigure> {
    let unlimited = |part: &&Part| part.config.counts().unlimited;
    let free = parts.find_map(|id| Some(&plan.parts[id.index()]).filter(unlimited));
    let Some(part) = free else { return Ok(()) };
    let message =
        format!("`{figure}`: `{}` has unlimited workers, and so no utilisation", part.name);
    let window = figure.window.as_ref().map_or_else(String::new, |window| format!("@{window}"));
    let help = format!(
        "use `busy.{scope}{window}` for the number at work, or for its processor \
         `utilization.ZONE.cpu{window}`",
        scope = figure.scope
    );
    Err(NoSuchFigure::new(message).help(help))
}

/// Returns the length of a window as declared; `None` for one around a break.
fn length(draft: &Draft, name: &str) -> Option<SimDuration> {
    let mut windows = draft.scenario.window.iter();
    let (_, spec) = windows.find(|(own, _)| own.text == name)?;
    spec.length.as_ref().map(|length| length.value)
}

/// Checks that the intervals fit into the window.
fn holds(
    draft: &Draft,
    figure: &Figure,
    every: &Every,
    asked: &WindowPlan,
) -> Result<(), NoSuchFigure> {
    let name = &asked.window.name;
    let Some(length) = length(draft, name) else {
        let message = format!("`{figure}`: intervals are those of a window with a `length`");
        return Err(NoSuchFigure::new(message).help("ask for it in a window that has one"));
    };
    let (whole, per, needs) = (length.nanos() / every.per.nanos(), every.per, every.needs());
    if whole > intervals::MOST {
        let message = format!("`{figure}`: `{name}` has {whole} intervals of {per}");
        let most = intervals::MOST;
        let help = format!("at most {most} are kept: make `{PER}` longer, or the window shorter");
        return Err(NoSuchFigure::new(message).help(help));
    }
    if whole >= needs {
        return Ok(());
    }
    let what = match every.stat {
        Stat::Quantile(_) => "this percentile takes",
        _ => "it takes",
    };
    let message = format!(
        "`{figure}`: `{name}`, {length} long, holds {whole} whole intervals of {per}, and {what} {needs}"
    );
    let longer = SimDuration::from_nanos(per.nanos().saturating_mul(needs));
    let shorter = round_down(SimDuration::from_nanos(length.nanos() / needs));
    let mut help = format!("make the window {longer} long, or write `[{PER}={shorter}]`");
    if matches!(every.stat, Stat::Quantile(_)) && whole >= 2 {
        help += "; of fewer ask for `max`";
    }
    Err(NoSuchFigure::new(message).help(help))
}

/// Rounds down to a whole number of the largest unit that fits.
fn round_down(time: SimDuration) -> SimDuration {
    let units = [60_000_000_000, 1_000_000_000, 1_000_000, 1_000];
    let unit = units.into_iter().find(|unit| time.nanos() >= *unit).unwrap_or(1);
    SimDuration::from_nanos((time.nanos() / unit * unit).max(1))
}

/// Checks that the window has a disturbance from which a backlog drains.
fn disturbed(draft: &Draft, figure: &Figure, asked: &mut WindowPlan) -> Result<(), NoSuchFigure> {
    let refuse = |message: String, help: String| Err(NoSuchFigure::new(message).help(help));
    if let Some(drill) = &asked.drill {
        if drill.part.is_some() && drill.way == Way::Repair {
            return Ok(());
        }
        let message = match drill.part {
            Some(_) => {
                format!("`{figure}`: nothing is repaired in this run, so that nothing drains")
            }
            None => format!("`{figure}`: nothing breaks in this run"),
        };
        let part = drill.part.as_ref().map_or("PART", |part| part.name.as_str());
        let help = format!("write `drain.{}@{}/repair:{part}`", figure.scope, drill.window);
        return refuse(message, help);
    }
    let name = &asked.window.name;
    let given = draft.scenario.window.iter().find(|(own, _)| own.text == *name);
    if given.is_some_and(|(_, spec)| spec.level.is_some()) {
        let message = format!(
            "`{figure}`: `{name}` has a `level`, so that steps and flash crowds are off and nothing drains"
        );
        return refuse(message, "ask in a window without `level`, or around a break".into());
    }
    let Some(length) = length(draft, name) else { return Ok(()) };
    let from = Window { length, ..asked.window.clone() }.from();
    let until = from + length;
    let surges = surges(draft);
    let within = |(begin, end): &(SimTime, SimTime)| *begin < until && *end > from;
    let here: Vec<(SimTime, SimTime)> = surges.into_iter().filter(within).collect();
    let (Some(first), Some(last)) =
        (here.iter().map(|(begin, _)| *begin).min(), here.iter().map(|(_, end)| *end).max())
    else {
        let message =
            format!("`{figure}`: no step and no flash crowd of a known time lies in `{name}`");
        let help = "give a workload a `step` with `for`, or a `flash` with `at`, in the window; \
                    around a break ask `@WINDOW/repair:PART`";
        return refuse(message, help.into());
    };
    if first <= from {
        let message = format!(
            "`{figure}`: a step or flash crowd begins before `{name}`: the window has no \
             time before the disturbance"
        );
        return refuse(message, format!("let `{name}` begin before {}", first - SimTime::ZERO));
    }
    if last >= until {
        let message = format!("`{figure}`: a step or flash crowd is not over when `{name}` ends");
        let help = match last {
            SimTime::NEVER => "give the step a `for`".to_string(),
            last => format!("make the window longer than {}", last - from),
        };
        return refuse(message, help);
    }
    asked.followed.unrest = Some((first - from, last - from));
    Ok(())
}

/// Returns steps, and flash crowds from onset to the end of their plateau, whose times are known in advance.
fn surges(draft: &Draft) -> Vec<(SimTime, SimTime)> {
    let start = week_start(draft);
    let mut all = Vec::new();
    for (_, workload) in draft.scenario.workload.iter() {
        for step in workload.step.iter().flat_map(|steps| steps.iter()) {
            let begin = SimTime::ZERO + step.at.value.after_zero(start);
            let end = step.for_.as_ref().map_or(SimTime::NEVER, |time| begin + time.value);
            all.push((begin, end));
        }
        if let Some(flash) = &workload.flash
            && let Some(at) = &flash.at
        {
            let begin = SimTime::ZERO + at.value.after_zero(start);
            all.push((begin, begin + flash.ramp.value + flash.plateau.value));
        }
    }
    all
}
