//! What the `requests` solver cannot simulate yet, named one by one.
//!
//! Everything that the language can say can be checked, drawn and counted; this is the list of what
//! the request loop does not act out. A scenario with an entry here is refused by that solver, with
//! each reason at its place, rather than run without it.

use crate::kinds::name_service::live::MOST_TARGETS;
use crate::model::spec::runs::How;
use crate::plan::Draft;
use crate::plan::kind::Fares;
use crate::plan::part::Part;
use crate::plan::targets;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

/// One thing that the solver does not act out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotYet {
    /// What.
    pub what: String,
    /// Where it stands.
    pub span: Span,
}

/// All of them, in the order of sections; empty when the solver can run the draft.
#[must_use]
pub fn not_yet(draft: &Draft) -> Vec<NotYet> {
    let scenario = &draft.scenario;
    let mut found = Vec::new();
    let mut add = |what: String, span: Span| found.push(NotYet { what, span });
    for (name, _) in scenario.link.iter() {
        add(format!("link `{name}` between sites"), name.span);
    }
    for ((name, spec), links) in scenario.balancer.iter().zip(&draft.links.balancers) {
        let first = links.targets.first().map(|(service, _)| *service);
        if links.targets.iter().any(|(service, _)| Some(*service) != first) {
            add(format!("balancer `{name}` in front of several services"), spec.to.span);
        }
    }
    for (name, spec) in scenario.name_service.iter() {
        if spec.to.len() > MOST_TARGETS {
            add(
                format!("name service `{name}` with more than {MOST_TARGETS} targets"),
                spec.to.span,
            );
        }
    }
    for (name, database) in scenario.database.iter() {
        let members = &database.in_;
        if let Some(index) = &members.index {
            add(format!("index and shards of the database `{name}`"), index.span);
        }
    }
    for (name, fault) in scenario.fault.iter() {
        let slow = fault.how.value == How::Slow;
        let mut quiet = Diagnostics::new();
        for hit in fault.hits.iter() {
            let parts = targets::parts(draft, &hit.text, hit.span, &mut quiet);
            let part = parts.into_iter().find(|part| slow && !slows(draft, *part));
            if let Some(part) = part {
                let part = part.name(draft);
                add(format!("a slow `{part}`, in the fault `{name}`"), fault.how.span);
            }
        }
    }
    found
}

/// Whether a slow part shows in what it carries: a site or a rack does nothing itself; of switches
/// side by side one is enough for all, so that a slow one slows nobody or everybody, and the file
/// does not say which; uplinks side by side are slow by one factor.
fn slows(draft: &Draft, part: Part) -> bool {
    let scenario = &draft.scenario;
    match part {
        Part::Site(_) | Part::Rack(_) | Part::Edge { .. } => false,
        Part::Own(own) => own.kind.planned().expect("a kind of its own").fares() != Fares::Outside,
        Part::Uplink { site, .. } => {
            let links = scenario.site[site].1.uplinks.as_ref();
            links.is_none_or(|links| links.count.value == 1) || slow_factors(draft, site) == 1
        }
        Part::Switch { rack, .. } => {
            scenario.rack[rack].1.switch.as_ref().is_none_or(|switch| switch.count.value == 1)
        }
        _ => true,
    }
}

/// How many factors there are by which faults slow the uplinks of a site.
fn slow_factors(draft: &Draft, site: usize) -> usize {
    let mut quiet = Diagnostics::new();
    let mut factors = std::collections::BTreeSet::new();
    for (_, fault) in draft.scenario.fault.iter().filter(|(_, f)| f.how.value == How::Slow) {
        let mut hits = fault.hits.iter();
        let link = |part: Part| matches!(part, Part::Uplink { site: of, .. } if of == site);
        if hits
            .any(|hit| targets::parts(draft, &hit.text, hit.span, &mut quiet).into_iter().any(link))
        {
            factors.insert(fault.factor.as_ref().map_or(0, |factor| factor.value.to_bits()));
        }
    }
    factors.len()
}

/// Reports each of [`not_yet`] as an error.
pub fn check(draft: &Draft, out: &mut Diagnostics) {
    for reason in not_yet(draft) {
        let message = format!("the requests solver cannot simulate this yet: {}", reason.what);
        let help = "`--solver flows` checks and runs the years without requests";
        out.push(Diagnostic::new(Code::NotYet, reason.span, message).help(help));
    }
}
