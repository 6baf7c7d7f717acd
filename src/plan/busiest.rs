//! Windows that begin where recorded traffic is busiest.

use std::path::Path;

use crate::model::spec::runs::WindowSpec;
use crate::model::spec::traffic::{Beginning, Busiest, Moment};
use crate::plan::checks::exclude;
use crate::plan::compile;
use crate::plan::document::ScenarioSpec;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::value::Spanned;
use crate::workload::trace::Playback;

/// Puts the moment of the busiest hour or minute of the recorded traffic in the place of each `busiest-hour` and
/// `busiest-minute`. Recordings are below `folder`, and are read only if a window asks.
pub(crate) fn resolve(scenario: &mut ScenarioSpec, folder: &Path, out: &mut Diagnostics) {
    let asks = |window: &WindowSpec| window.at.as_ref().is_some_and(|at| word(at).is_some());
    if !scenario.window.iter().any(|(_, window)| asks(window)) {
        return;
    }
    let recordings = read(scenario, folder);
    for (_, window) in &mut scenario.window.value.entries {
        let level = window.level.as_ref().map(|level| level.span);
        let Some(at) = window.at.as_mut() else { continue };
        let Some(busiest) = word(at) else { continue };
        if let Some(level) = level {
            let message = "a level replaces the recording whose busiest time is asked for";
            exclude(level, at.span, message, out);
            continue;
        }
        match begins(&recordings, busiest) {
            Ok(Some(moment)) => at.value = Beginning::Moment(moment),
            // The recording cannot be read, which is reported where it is compiled.
            Ok(None) => {}
            Err((message, help)) => {
                out.push(Diagnostic::new(Code::NoEffect, at.span, message).help(help));
            }
        }
    }
}

fn word(at: &Spanned<Beginning>) -> Option<Busiest> {
    match at.value {
        Beginning::Busiest(busiest) => Some(busiest),
        Beginning::Moment(_) => None,
    }
}

/// Returns the recordings of all workloads, by name; `None` for one that cannot be read.
fn read(scenario: &ScenarioSpec, folder: &Path) -> Vec<(String, Option<Playback>)> {
    let recorded = scenario.workload.iter().filter_map(|(name, spec)| {
        let trace = spec.trace.as_ref()?;
        let read = compile::recorded(trace, spec, folder, &mut Diagnostics::new());
        Some((name.text.clone(), read.map(|(playback, _)| playback)))
    });
    recorded.collect()
}

/// Returns the moment at which the busiest time of the only recording begins, or why there is none, with a way out.
fn begins(
    recordings: &[(String, Option<Playback>)],
    busiest: Busiest,
) -> Result<Option<Moment>, (String, String)> {
    let (name, playback) = match recordings {
        [] => {
            let help = "write a moment, as `at = \"Wed 11:00\"`".into();
            return Err(("no traffic is recorded, so there is no busiest time".into(), help));
        }
        [one] => one,
        [first, second, ..] => {
            let message = format!(
                "{} workloads are recorded, `{}` and `{}` among them: each has a busiest time of its own",
                recordings.len(),
                first.0,
                second.0,
            );
            let help = "write a moment, as `at = \"297h\"`; without this key `check` prints those of each recording";
            return Err((message, help.into()));
        }
    };
    let Some(playback) = playback else { return Ok(None) };
    match playback.busiest(busiest.length()) {
        Some(found) => Ok(Some(Moment::After(found.at))),
        None => Err((
            format!(
                "`{name}` is counted per {}: what of it is the {} is not known",
                playback.interval(),
                busiest.word(),
            ),
            "leave `at` out, or write a moment".into(),
        )),
    }
}
