//! Quick runs: how long their windows are, and which expectations they do not judge.
//!
//! Model: a quick run simulates a quarter of a window in which every moment is like every other. It simulates the whole of
//! a window in which something happens at a time of the clock, since a part of it would be about something else. Around a
//! break it simulates a part of the time ([`Around::quick`](super::breaks::Around::quick)).
//!
//! Holds: what adds up over a window that is cut, and what happens in the time around a break, is estimated where it is
//! asked for and not judged by a condition of the file, which is about the whole length.

use super::scenario::{Asked, Judged, StudyPlan};
use crate::model::spec::runs::WindowSpec;
use crate::plan::Draft;
use crate::plan::figure::{Figure, FigureUnit, Stat};
use crate::units::SimDuration;

/// Returns the length of a window of `whole` length in a quick run.
pub(super) fn length(draft: &Draft, spec: &WindowSpec, whole: SimDuration) -> SimDuration {
    match is_steady(draft, spec) {
        true => SimDuration::from_nanos(whole.nanos().div_ceil(4)),
        false => whole,
    }
}

/// Returns whether every moment of the window is like every other: its load is a level, or nothing in the file has a time.
fn is_steady(draft: &Draft, spec: &WindowSpec) -> bool {
    spec.level.is_some() || (spec.at.is_none() && !has_times(draft))
}

/// Returns whether anything happens at a time of the clock.
fn has_times(draft: &Draft) -> bool {
    let scenario = &draft.scenario;
    let traffic = scenario.workload.iter().any(|(_, of)| {
        let flash = of.flash.as_ref().is_some_and(|flash| flash.at.is_some());
        of.profile.is_some() || of.step.is_some() || of.trace.is_some() || flash
    });
    let fault = scenario.fault.iter().any(|(_, of)| of.at.is_some() || of.recorded.is_some());
    let lent = scenario.server.iter().any(|(_, of)| of.lent.is_some());
    traffic || fault || lent || !scenario.operation.is_empty()
}

/// Makes expectations unjudged that depend on a length that a quick run cuts.
pub(super) fn leave_out(draft: &Draft, study: &mut StudyPlan) {
    let cut: Vec<&str> = draft
        .scenario
        .window
        .iter()
        .filter(|(_, spec)| is_steady(draft, spec))
        .map(|(name, _)| name.text.as_str())
        .collect();
    for expectation in &mut study.expectations {
        let Judged::Figure(place) = expectation.of else { continue };
        let Asked { figure, window, .. } = &study.figures[place];
        let window = &study.windows[*window];
        let reason = if window.drill.is_some() {
            "`--quick` simulates less time around a break"
        } else if adds_up(figure) && cut.contains(&window.window.name.as_str()) {
            "`--quick` simulates a quarter of this window, and the figure adds up over it"
        } else {
            continue;
        };
        let reason = format!("{reason}; a run without `--quick` judges it");
        study.not_estimated.push((expectation.path.clone(), reason));
        expectation.of = Judged::NotEstimated(study.not_estimated.len() - 1);
    }
}

/// Returns whether the figure grows with the length of its window: events that are counted, energy and its cost.
fn adds_up(figure: &Figure) -> bool {
    let whole = matches!(figure.stat, None | Some(Stat::Mean))
        && !figure.keys.iter().any(|(key, _)| key == "per");
    let of = match figure.unit() {
        // One event is the smallest difference of a count; of a mean number it is a hundredth.
        FigureUnit::Count => figure.metric.least_difference() >= 1.0,
        FigureUnit::Joules | FigureUnit::Grams | FigureUnit::Dollars => true,
        _ => false,
    };
    whole && of
}
