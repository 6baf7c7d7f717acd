//! Failures that the long horizon counts otherwise than windows do, and records that end before it.
//!
//! Over years a paused part counts as dead where requests do not wait it out
//! ([`pauses`](crate::plan::fluid::state::pauses)), and no worker waits for a part that hangs behind a call without a
//! time-out.

use crate::model::spec::runs::How;
use crate::plan::Draft;
use crate::plan::fluid::state::pauses::WaitedOut;
use crate::plan::links::Entrance;
use crate::plan::part::Part;
use crate::plan::route::{Does, each};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::SimDuration;

/// Reports such failures in a scenario with a horizon.
pub(super) fn over_years(draft: &Draft, out: &mut Diagnostics) {
    let Some(horizon) = &draft.scenario.run.horizon else { return };
    let waited_out = WaitedOut::of(draft);
    for (name, fault) in draft.scenario.fault.iter() {
        let parts = draft.targets.hit(fault);
        match fault.how.value {
            How::Pause if parts.iter().any(|part| is_lost(&waited_out, *part)) => {
                let message = format!(
                    "over years every view that meets `{name}` counts as lost, also one that waits it out"
                );
                let help =
                    format!("take its loss from a window, and figures `[without={name}]@horizon`");
                let found = Diagnostic::new(Code::OverYears, fault.how.span, message).help(help);
                out.push(found.related(horizon.span, "the horizon"));
            }
            How::Hang => hangs(draft, (name, &parts), out),
            _ => {}
        }
    }
}

/// Returns whether the views that meet a pause of a part count as lost, however long it is.
fn is_lost(waited_out: &WaitedOut, part: Part) -> bool {
    !matches!(part, Part::Head { .. }) && !waited_out.has(part)
}

/// Reports calls without a time-out to members that a fault lets hang.
fn hangs(draft: &Draft, (name, parts): (&str, &[Part]), out: &mut Diagnostics) {
    let hung = |service: usize| {
        let is_it =
            |part: &Part| matches!(part, Part::Service { service: of, .. } if *of == service);
        parts.iter().any(is_it)
    };
    for route in &draft.routes {
        each(&route.steps, &mut |step| {
            let Does::Call(call) = &step.does else { return };
            let reached = match call.to {
                Entrance::Service(service, _) => hung(service),
                Entrance::Balancer(at) => {
                    draft.links.balancers[at].targets.iter().any(|(service, _)| hung(*service))
                }
                Entrance::NameService(_) | Entrance::Cdn(_) => false,
            };
            if reached && call.time_out.is_none() {
                let message = format!(
                    "over years no worker waits for this call while `{name}` lets it hang, so fewer views are lost than in windows"
                );
                let found = Diagnostic::new(Code::OverYears, call.named, message);
                out.push(found.help("give the call a `time-out`"));
            }
        });
    }
}

/// Reports recorded failures that end when less than four fifths of the horizon have passed.
pub(super) fn record_ends(draft: &Draft, out: &mut Diagnostics) {
    let Some(horizon) = &draft.scenario.run.horizon else { return };
    for ((name, fault), record) in draft.scenario.fault.iter().zip(&draft.records) {
        let (Some(spec), Some(record)) = (&fault.recorded, record) else { continue };
        let length = record.length();
        if length.seconds() >= 0.8 * horizon.value.seconds() {
            continue;
        }
        let days = length.seconds() / SimDuration::DAY.seconds();
        let message =
            format!("the last failure of `{name}` is over after {days:.1} days: none follows");
        let help = "shorten the horizon to the time that was recorded";
        let found = Diagnostic::new(Code::RecordEnds, spec.span, message).help(help);
        out.push(found.related(horizon.span, "the horizon"));
    }
}
