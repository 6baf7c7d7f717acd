//! Features that a solver cannot simulate yet.
//!
//! Everything in the language can be checked, drawn and counted. Each kind lists the features that the request loop or the years
//! do not simulate ([`Parts::not_yet`]). A solver refuses a scenario with a feature that it lacks, with each reason at its place
//! in the text, rather than running it without the feature.
//!
//! [`Parts::not_yet`]: crate::plan::kind::parts::Parts::not_yet

use crate::model::spec::runs::How;
use crate::plan::Draft;
use crate::plan::kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

/// Feature that the solver does not simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotYet {
    /// Description of the feature.
    pub what: String,
    /// Place in the text.
    pub span: Span,
    /// Solvers that do not.
    pub lacking: Lacking,
}

/// Solvers that do not simulate a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// The `requests` solver, for windows.
    Requests,
    /// The `flows` solver, for years.
    Flows,
    /// Both of them.
    Both,
}

impl NotYet {
    /// Returns a feature that the `requests` solver does not simulate.
    #[must_use]
    pub const fn in_requests(what: String, span: Span) -> Self {
        Self { what, span, lacking: Lacking::Requests }
    }

    /// Returns a feature that windows alone have.
    #[must_use]
    pub const fn over_years(what: String, span: Span) -> Self {
        Self { what, span, lacking: Lacking::Flows }
    }

    /// Returns a feature that no solver simulates.
    #[must_use]
    pub const fn anywhere(what: String, span: Span) -> Self {
        Self { what, span, lacking: Lacking::Both }
    }
}

/// Returns all such features of a draft, in the order of sections; empty if the solver can run it.
#[must_use]
pub fn not_yet(draft: &Draft) -> Vec<NotYet> {
    let scenario = &draft.scenario;
    let by_kinds = kind::all().flat_map(|kind| kind.not_yet(draft));
    let mut found: Vec<NotYet> =
        by_kinds.filter(|reason| reason.lacking != Lacking::Flows).collect();
    for (name, fault) in scenario.fault.iter() {
        let slow = fault.how.value == How::Slow;
        for hit in fault.hits.iter() {
            let mut parts = draft.targets.parts(&hit.text).iter().copied();
            let part = parts.find(|part| slow && !part.answers().slows(draft, *part));
            if let Some(part) = part {
                let part = part.name(draft);
                let what = format!("a slow `{part}`, in the fault `{name}`");
                found.push(NotYet::in_requests(what, fault.how.span));
            }
        }
    }
    found
}

/// Reports each of [`not_yet`] as an error.
pub fn check(draft: &Draft, out: &mut Diagnostics) {
    for reason in not_yet(draft) {
        let message = format!("the requests solver cannot simulate this yet: {}", reason.what);
        let help = "`--solver flows` checks and runs the years without requests";
        let found = Diagnostic::new(Code::NotYet, reason.span, message);
        let by_none = reason.lacking == Lacking::Both;
        out.push(if by_none { found } else { found.help(help) });
    }
}

/// Returns the features that the `flows` solver does not simulate, in the order of sections.
#[must_use]
pub fn windows_alone(draft: &Draft) -> Vec<NotYet> {
    let by_kinds = kind::all().flat_map(|kind| kind.not_yet(draft));
    by_kinds.filter(|reason| reason.lacking != Lacking::Requests).collect()
}

/// Reports each of [`windows_alone`] as an error, for a scenario that asks for years.
pub fn check_years(draft: &Draft, out: &mut Diagnostics) {
    for reason in windows_alone(draft) {
        let message = format!("the long-horizon run cannot simulate this: {}", reason.what);
        let found = Diagnostic::new(Code::NotYet, reason.span, message);
        let found = match &draft.scenario.run.horizon {
            Some(horizon) => found.related(horizon.span, "the horizon"),
            None => found,
        };
        let help = "give windows without a `horizon` and figures `@horizon`";
        out.push(found.help(help));
    }
}
