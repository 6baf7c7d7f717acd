//! References of purges, and their mistakes.

use std::collections::BTreeSet;

use crate::kinds::purge::plan::{Purge, PurgeLinks};
use crate::kinds::purge::spec::PurgeSpec;
use crate::plan::Draft;
use crate::plan::checks::{inert, inert_if, missing_as};
use crate::plan::copies::Copies;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk, find_named};
use crate::plan::names::Kind;
use crate::plan::route::{Does, each};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Name, Reference};
use crate::scenario::source::Span;

impl Checks for Purge {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, spec) in walk.scenario().purge.iter() {
            let of = targets(walk, spec);
            links.own.purges.push(PurgeLinks { of });
        }
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (at, (name, spec)) in draft.scenario.purge.iter().enumerate() {
            check_targets(draft, at, name, spec, out);
            check_keys(draft, at, spec, out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    none!(uses, entrance, onward, store, unused, begins, arrows, receives, lint);
}

/// Returns the places of the references of a purge.
fn spans(spec: &PurgeSpec) -> impl Iterator<Item = Span> {
    spec.of.value.0.iter().map(|reference| reference.span)
}

/// Resolves what a purge reaches.
fn targets(walk: &mut Walk<'_>, spec: &PurgeSpec) -> Vec<Copies> {
    let scenario = walk.scenario();
    let class = spec.class.as_ref().and_then(|class| {
        find_named(&scenario.request, class, class.span, "request class", walk.out())
    });
    let through: Vec<&Reference> =
        spec.through.iter().flat_map(|through| through.value.0.iter()).collect();
    for other in &through {
        if !spec.of.value.0.iter().any(|one| one.text == other.text) {
            let message = format!("the purge does not reach `{}`", other.text);
            let wrong = Diagnostic::new(Code::NoEffect, other.span, message);
            walk.out().push(wrong.help("name it in `of` too, or remove it"));
        }
    }
    let mut found = Vec::new();
    for reference in &spec.of.value.0 {
        let Some(to) = walk.resolve(reference, &[Kind::Cache, Kind::Cdn]) else { continue };
        let stores = through.iter().any(|one| one.text == reference.text);
        let mut copies = Copies { of: (to.kind, to.index), class: None, through: stores };
        if to.kind == Kind::Cdn {
            if to.member.is_some() {
                let message = "a purge goes to all edges of a CDN";
                let wrong = Diagnostic::new(Code::WrongKind, reference.span, message);
                let name = &scenario.cdn[to.index].0;
                walk.out().push(wrong.help(format!("write \"{name}\"")));
                continue;
            }
            copies.class = class.or_else(|| only_class(walk, to.index));
        }
        found.push(copies);
    }
    found
}

/// Returns the only request class of whose objects a CDN keeps copies.
fn only_class(walk: &Walk<'_>, cdn: usize) -> Option<usize> {
    let content = walk.scenario().cdn[cdn].1.content.as_ref()?;
    let mut all = content.value.popularity.iter();
    let (Some((name, _)), None) = (all.next(), all.next()) else { return None };
    walk.scenario().request.place(&name.text)
}

fn check_targets(draft: &Draft, at: usize, name: &Name, spec: &PurgeSpec, out: &mut Diagnostics) {
    let of = &draft.links.own.purges[at].of;
    let mut seen = BTreeSet::new();
    let mut first: Option<(f64, u64)> = None;
    for (copies, span) in of.iter().zip(spans(spec)) {
        if !seen.insert(copies.of) {
            let message = format!("`{name}` names it twice");
            out.push(
                Diagnostic::new(Code::NameTwice, span, message)
                    .help("name each cache and CDN once: a message goes to each"),
            );
            continue;
        }
        if !keeps_copies(draft, copies, span, out) {
            continue;
        }
        let Some((zipf, objects)) = copies.keeper().objects(&draft.scenario, *copies) else {
            let message =
                "the CDN keeps copies of what several classes ask for, or none of this one";
            out.push(
                Diagnostic::new(Code::NoSuchName, span, message)
                    .help("give `class`: a request class in the `popularity` of the CDN"),
            );
            continue;
        };
        match first {
            None => first = Some((zipf, objects)),
            Some((_, others)) if others != objects => {
                let message = format!("it has {objects} objects, the first one {others}");
                let wrong = Diagnostic::new(Code::OutOfRange, span, message);
                out.push(
                    wrong.help("a purge removes the same object everywhere: give all as many"),
                );
            }
            Some((other, _)) if other != zipf && !all_even(draft, at) => {
                let message =
                    format!("its popularity has the exponent {zipf}, the first one {other}");
                let wrong = Diagnostic::new(Code::OutOfRange, span, message);
                out.push(wrong.help("give all the same `zipf`, or let objects change `evenly`"));
            }
            Some(_) => {}
        }
    }
}

/// Returns whether each step of the purge changes all objects equally often.
fn all_even(draft: &Draft, at: usize) -> bool {
    let mut even = true;
    for route in &draft.routes {
        each(&route.steps, &mut |step| {
            if let Does::Ask(ask) = &step.does
                && ask.of() == (Kind::Purge, at)
            {
                even &= ask.changes().is_none_or(|changes| changes.removing[0] == 0.0);
            }
        });
    }
    even
}

/// Returns whether a component keeps copies object by object and its hits under purges are known; reports it if not.
fn keeps_copies(draft: &Draft, copies: &Copies, span: Span, out: &mut Diagnostics) -> bool {
    let before = out.errors();
    copies.keeper().check(draft, *copies, span, out);
    out.errors() == before
}

/// Reports keys without effect, and a wait without an end.
fn check_keys(draft: &Draft, at: usize, spec: &PurgeSpec, out: &mut Diagnostics) {
    let of = &draft.links.own.purges[at].of;
    if spec.wait.value && spec.time_out.is_none() {
        let why = "a message that is lost is never confirmed";
        missing_as(spec.span, ("time-out", Some("\"5s\"")), why, out);
    }
    if !spec.wait.value {
        let message = "nothing waits for confirmations";
        inert_if(spec.time_out.as_ref(), message, "remove it, or give `wait = true`", out);
    }
    if spec.through.is_none() {
        let message = "no cache stores the new copy";
        inert_if(spec.copy.as_ref(), message, "remove it, or give `through`", out);
    }
    let edges = of.iter().any(|copies| !copies.is_one_store());
    if let Some(class) = spec.class.as_ref().filter(|_| !edges) {
        let message = "a cache keeps copies for all classes";
        inert(class.span, message, "remove it: only a CDN keeps them by class", out);
    }
}
