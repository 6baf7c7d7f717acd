//! Links between sites on the way of calls, as the questions of the plan need them.
//!
//! Takes a draft. Gives the processes through which a call goes one after the other, and the link between two of them. The
//! dependency graph asks which processes are reached without a link, offered load adds the bytes, and the fluid the work and
//! the failures. In the event loop the way of each call follows from its two processes (`model::world::between`).
//!
//! Assumes: of the units of a balancer the first passes everything on. Callers are those of the file, whether they are up or
//! not.

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::carriage::{link_between, rack_of};
use crate::plan::links::Entrance;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::{Call, Does, Step, each_here};
use crate::plan::simulatable::NotYet;
use crate::scenario::source::Span;
use crate::units::SimDuration;

/// Returns the link between the sites of two parts; `None` if they stand at one site, or no link lies between theirs.
#[must_use]
pub fn link_of(draft: &Draft, one: Part, other: Part) -> Option<Part> {
    if draft.scenario.link.is_empty() {
        return None;
    }
    let site = |part| draft.links.racks[rack_of(draft, part)?];
    let (one, other) = (site(one)?, site(other)?);
    if one == other {
        return None;
    }
    link_between(draft, one, other).map(Part::Link)
}

/// Returns the latency of a link, there and back.
#[must_use]
pub fn link_there_and_back(draft: &Draft, link: Part) -> SimDuration {
    draft.scenario.link[link.index()].1.latency.value.saturating_mul(2)
}

/// Returns a link between a part of `from` and one of `to`; `None` if none lies between them.
#[must_use]
pub fn link_over(draft: &Draft, from: &[Part], to: &[Part]) -> Option<Part> {
    from.iter().find_map(|from| to.iter().find_map(|to| link_of(draft, *from, *to)))
}

/// Returns the processes through which a call to `to` goes, one set after the other: the first unit of a balancer, then
/// the members.
#[must_use]
pub fn stops(draft: &Draft, to: Entrance) -> Vec<Vec<Part>> {
    let (kind, _) = to.component();
    let mut sets = kind.answers().opens(draft, to);
    // The members come first, then the units.
    sets.reverse();
    if let [units, _] = sets.as_mut_slice() {
        units.truncate(1);
    }
    sets
}

/// Returns the processes that do the steps of requests that enter at `to`.
#[must_use]
pub fn at_work(draft: &Draft, to: Entrance) -> Vec<Part> {
    let (kind, _) = to.component();
    let members = kind.answers().opens(draft, to).into_iter().next();
    members.unwrap_or_else(|| {
        let onward = draft.links.onward(to).into_iter();
        onward.flat_map(|to| at_work(draft, to)).collect()
    })
}

/// Returns the processes that a query or a look-up asks from where its request is.
#[must_use]
pub fn asked(draft: &Draft, does: &Does) -> Vec<Part> {
    match does {
        Does::Query(query) => Kind::Database.answers().parts(draft, query.database),
        Does::Ask(ask) if ask.of().0 == Kind::Cache => {
            Kind::Cache.answers().parts(draft, ask.of().1)
        }
        _ => Vec::new(),
    }
}

/// Returns the links of which one must be up for any of `from` to reach `to`; `None` if one of them needs no link.
#[must_use]
pub fn needed(draft: &Draft, from: &[Part], to: Part) -> Option<BTreeSet<Part>> {
    from.iter().map(|from| link_of(draft, *from, to)).collect()
}

/// Returns the mean bytes of a call and its answer on a link.
#[must_use]
pub fn bytes(call: &Call) -> f64 {
    let mean = |law: &Option<crate::engine::law::Law>| law.as_ref().map_or(1.0, |law| law.mean());
    mean(&call.sends) + mean(&call.returns)
}

/// Bytes of a request or query without a size of its own, and of its answer.
pub const PLAIN_BYTES: f64 = 2.0;

/// Visits each step of all classes with the processes that do it, those inside calls as well.
pub fn each_place(draft: &Draft, visit: &mut dyn FnMut(&[Part], &Step)) {
    for (route, enters) in draft.routes.iter().zip(&draft.links.enters) {
        let here = enters.map_or_else(Vec::new, |enters| at_work(draft, enters));
        steps(draft, &here, &route.steps, visit);
    }
}

fn steps(draft: &Draft, here: &[Part], of: &[Step], visit: &mut dyn FnMut(&[Part], &Step)) {
    each_here(of, &mut |step| {
        visit(here, step);
        if let Does::Call(call) = &step.does {
            steps(draft, &at_work(draft, call.to), &call.steps, visit);
        }
    });
}

/// Returns that `what` would cross a link between two of these parts, which no solver simulates; `None` if no link lies
/// between them.
#[must_use]
pub fn not_yet(
    draft: &Draft,
    from: &[Part],
    to: &[Part],
    what: &str,
    span: Span,
) -> Option<NotYet> {
    let link = link_over(draft, from, to)?;
    let what = format!("{what} over the link `{}`", link.name(draft));
    Some(NotYet::anywhere(what, span))
}
