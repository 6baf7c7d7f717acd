//! Checks of what begins too late: after the horizon, or after the last window.

use crate::model::spec::runs::WindowSpec;
use crate::plan::Draft;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::units::SimDuration;

use super::runs::start;

/// Reports a begin after the horizon.
pub(super) fn after_horizon(draft: &Draft, at: SimDuration, span: Span, out: &mut Diagnostics) {
    let Some(horizon) = &draft.scenario.run.horizon else { return };
    if at >= horizon.value {
        let message = format!("begins at {at}, after the horizon of {}", horizon.value);
        out.push(
            Diagnostic::new(Code::AfterHorizon, span, message)
                .related(horizon.span, "the horizon")
                .help("let it begin earlier, or lengthen the horizon"),
        );
    }
}

/// Reports a begin after the end of every window, where there is no horizon. A window around a break may end at any time.
pub(super) fn after_windows(draft: &Draft, at: SimDuration, span: Span, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let windows = || scenario.window.iter();
    if scenario.run.horizon.is_some() || windows().any(|(_, window)| window.length.is_none()) {
        return;
    }
    let end = |window: &WindowSpec| {
        let at = window.at.as_ref();
        let begins = at.map_or(window.warm_up.value, |at| at.value.after_zero(start(draft)));
        let length = window.length.as_ref().map_or(SimDuration::ZERO, |length| length.value);
        begins.saturating_add(length)
    };
    let ends = windows().map(|(name, window)| (end(window), name)).max_by_key(|(end, _)| *end);
    if let Some((end, name)) = ends.filter(|(end, _)| at >= *end) {
        let message = format!(
            "changes no figure of a window: it begins at {at}, and the last window, `{name}`, ends at {end}"
        );
        let found = Diagnostic::new(Code::SeldomUsed, span, message);
        let help = "let it begin earlier, or the window end later";
        out.push(found.related(name.span, "the window").help(help));
    }
}
