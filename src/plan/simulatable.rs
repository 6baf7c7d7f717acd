//! Features that the `requests` solver cannot simulate yet.
//!
//! Everything in the language can be checked, drawn and counted; this is the list of features that
//! the request loop does not simulate. That solver refuses a scenario with an entry here, with
//! each reason at its place in the text, rather than running it without the feature. The few that only the
//! `requests` solver simulates are refused where years are asked for ([`check_years`]).

use crate::kinds::database::far;
use crate::kinds::scaler::years::not_over_years;
use crate::model::spec::runs::How;
use crate::plan::Draft;
use crate::plan::between;
use crate::plan::fluid::memories;
use crate::plan::kind;
use crate::plan::route::{Does, each};
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
    /// True if the `flows` solver does not simulate it either.
    pub by_none: bool,
}

impl NotYet {
    /// Returns a feature that one solver does not simulate.
    #[must_use]
    pub const fn new(what: String, span: Span) -> Self {
        Self { what, span, by_none: false }
    }
}

/// Returns all such features of a draft, in the order of sections; empty if the solver can run it.
#[must_use]
pub fn not_yet(draft: &Draft) -> Vec<NotYet> {
    let scenario = &draft.scenario;
    let mut found: Vec<NotYet> = kind::all().flat_map(|kind| kind.not_yet(draft)).collect();
    for (name, fault) in scenario.fault.iter() {
        let slow = fault.how.value == How::Slow;
        for hit in fault.hits.iter() {
            let mut parts = draft.targets.parts(&hit.text).iter().copied();
            let part = parts.find(|part| slow && !part.answers().slows(draft, *part));
            if let Some(part) = part {
                let part = part.name(draft);
                let what = format!("a slow `{part}`, in the fault `{name}`");
                found.push(NotYet::new(what, fault.how.span));
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
        out.push(if reason.by_none { found } else { found.help(help) });
    }
}

/// Returns the features that the `flows` solver does not simulate, in the order of sections.
#[must_use]
pub fn windows_alone(draft: &Draft) -> Vec<NotYet> {
    let by_kinds = kind::all().flat_map(|kind| kind.not_yet(draft));
    let mut found: Vec<NotYet> = by_kinds.filter(|reason| reason.by_none).collect();
    found.extend(between::not_over_years(draft));
    found.extend(far::not_over_years(draft));
    for (name, fault) in draft.scenario.fault.iter() {
        if fault.how.value == How::Lossy {
            let what = format!("a link that loses data, in the fault `{name}`");
            found.push(NotYet::new(what, fault.how.span));
        }
    }
    found.extend(not_over_years(draft));
    for span in memories::jumps_out(draft) {
        let what = "a `goto` out of the steps of a miss".to_string();
        found.push(NotYet::new(what, span));
    }
    for (name, server) in draft.scenario.server.iter() {
        if let Some(lent) = &server.lent {
            let what = format!("`{name}` is lent by the hour");
            found.push(NotYet::new(what, lent.span));
        }
    }
    found.extend(disks_at_given_times(draft));
    for (name, zone) in draft.scenario.zone.iter().filter(|(_, zone)| zone.cpu.shares.value == 0) {
        let what =
            format!("`{name}` has 0 shares: over years zones have equal rights to a processor");
        found.push(NotYet::new(what, zone.cpu.shares.span));
    }
    for (name, service) in draft.scenario.service.iter() {
        if let Some(set) = &service.working_set {
            let what = format!("the memory of `{name}` is paged above the cap of its zone");
            found.push(NotYet::new(what, set.span));
        }
    }
    for route in &draft.routes {
        each(&route.steps, &mut |step| {
            if let Does::Ask(ask) = &step.does
                && let Some(span) = ask.awaits()
            {
                let what = "a request waits until its messages are done".to_string();
                found.push(NotYet::new(what, span));
            }
        });
    }
    found
}

/// Returns the sets of disks with disks that fail at given times.
fn disks_at_given_times(draft: &Draft) -> Vec<NotYet> {
    let servers = draft.scenario.server.iter();
    let sets = servers.flat_map(|(server, spec)| spec.disks.iter().map(move |set| (server, set)));
    let failing = sets.filter_map(|(server, (name, set))| {
        let resilver = set.resilver.as_ref()?;
        let what = format!(
            "disks of `{server}:{name}` fail at given times; over years they fail at random, by a \
             fault with how = \"disk-failed\""
        );
        Some(NotYet::new(what, resilver.span))
    });
    failing.collect()
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
