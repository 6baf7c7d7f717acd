//! References of CDNs, and checks of their keys.

use std::collections::BTreeSet;

use crate::kinds::cdn::hits::objects;
use crate::kinds::cdn::live::MAX_EDGES;
use crate::kinds::cdn::spec::{CdnSpec, EdgeContentSpec};
use crate::kinds::cdn::{Cdn, links};
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert, inert_if, missing, missing_as};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Entrance, Known, Links, Walk, find_named};
use crate::plan::names::{Found, Kind};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Name, Reference};
use crate::workload::popularity::MAX_OBJECTS;

impl Checks for Cdn {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, cdn) in walk.scenario().cdn.iter() {
            let found = walk.entrance(&cdn.to, links, &[Kind::NameService, Kind::Cdn]);
            links.cdns.push(found);
        }
        links::tiers(walk, links);
    }

    fn entrance(
        &self,
        _: Known<'_>,
        found: Found,
        _: &Reference,
        _: &mut Diagnostics,
    ) -> Option<Entrance> {
        Some(Entrance::Cdn(found.index))
    }

    fn onward(&self, links: &Links, index: usize) -> Vec<Entrance> {
        links.cdns[index].into_iter().collect()
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (at, (_, cdn)) in draft.scenario.cdn.iter().enumerate() {
            check_cdn(draft, at, cdn, out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.cdns.iter().flatten().map(|to| to.component()));
    }

    none!(store, unused, begins, arrows, receives, lint);
}

/// Checks the content of the edges or shields of a CDN.
fn check_cdn(draft: &Draft, at: usize, cdn: &CdnSpec, out: &mut Diagnostics) {
    let classes = &draft.scenario.request;
    let edges = draft.links.edges_of(at);
    let known = |class: &Name, out: &mut Diagnostics| {
        let place = find_named(classes, class, class.span, "request class", out);
        let enters = Some(Entrance::Cdn(edges.unwrap_or(at)));
        if place.is_some_and(|place| draft.links.enters[place] != enters) {
            let message = format!("`{class}` does not enter by these edges");
            inert(class.span, message, "remove it, or let the class `enter` there", out);
        }
    };
    cdn.hit.iter().for_each(|(class, _)| known(class, out));
    if cdn.count.value > MAX_EDGES {
        let message = format!("{} edges; there must be at most {MAX_EDGES}", cdn.count.value);
        out.push(Diagnostic::new(Code::OutOfRange, cdn.count.span, message));
    }
    if let Some(edges) = edges {
        shields(draft, (edges, at), out);
    }
    let Some(content) = &cdn.content else {
        if !cdn.hit.given {
            let hit = ("hit", Some("{ NAME = 0.9 }"));
            missing_as(cdn.span, hit, "or `content`", out);
        }
        return;
    };
    content.value.popularity.iter().for_each(|(class, _)| known(class, out));
    if !cdn.hit.value.is_empty() {
        exclude(content.span, cdn.hit.span, "hit ratios are either given or computed", out);
    }
    if edges.is_none() && !content.value.popularity.given {
        missing(content.span, "popularity", "the objects that each request class asks for", out);
    }
    if cdn.ttl.span == cdn.span {
        missing(cdn.span, "ttl", "the time for which a copy is served", out);
    } else if cdn.ttl.value.is_zero() {
        let help = "the time for which a copy is served, such as \"1h\"";
        let message = "a copy with a time to live of 0 is never served";
        out.push(Diagnostic::new(Code::OutOfRange, cdn.ttl.span, message).help(help));
    }
    let asked = edges.unwrap_or(at);
    let each = draft.scenario.cdn[asked].1.content.as_ref();
    let each = each.map_or(0, |content| objects(&content.value));
    let tracked = each.saturating_mul(u64::from(cdn.count.value));
    if tracked > MAX_OBJECTS {
        let message = format!(
            "{tracked} objects, of all classes and at all edges; there must be at most {MAX_OBJECTS}"
        );
        let help = "fewer edges or objects, or `hit` instead of `content`";
        let of_edges = content.value.popularity.span;
        let span = if edges.is_some() { cdn.count.span } else { of_edges };
        out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
    }
    for (class, _) in content.value.cacheable.iter() {
        if edges.is_none() && content.value.popularity.get(class).is_none() {
            let message = format!("no `{class}` is kept: it has no `popularity`");
            inert(class.span, message, "remove it, or give the `popularity` of its objects", out);
        }
    }
}

/// Checks a CDN that the edges of another CDN ask: its edges are shields.
fn shields(draft: &Draft, (edges, at): (usize, usize), out: &mut Diagnostics) {
    let (name, shield) = &draft.scenario.cdn[at];
    let (users, asks) = &draft.scenario.cdn[edges];
    let others = draft.links.cdns.iter().enumerate().skip(edges + 1);
    for (other, _) in others.filter(|(_, to)| **to == Some(Entrance::Cdn(at))) {
        let message = format!("`{name}` is the shield of `{users}`");
        let span = draft.scenario.cdn[other].1.to.span;
        let help = "give these edges shields of their own";
        let first = (asks.to.span, "here");
        out.push(
            Diagnostic::new(Code::NameTwice, span, message).related(first.0, first.1).help(help),
        );
    }
    for (class, (_, request)) in draft.scenario.request.iter().enumerate() {
        if draft.links.enters[class] == Some(Entrance::Cdn(at))
            && let Some(enter) = &request.enter
        {
            let message = format!("`{name}` is a shield: its clients are the edges of `{users}`");
            let help = format!("enter by `{users}`");
            out.push(Diagnostic::new(Code::WrongKind, enter.span, message).help(help));
        }
    }
    let message = format!("`{name}` is a shield: no user comes to it");
    let help = "remove it: the way from the edges to it and back is their `origin`";
    inert_if(shield.round_trip.as_ref(), &message, help, out);
    let Some(content) = &shield.content else { return };
    if asks.content.is_none() {
        let message = format!("the edges of `{users}` ask for no objects: they have hit ratios");
        let help = "give `hit` here too, or `content` at the edges";
        out.push(
            Diagnostic::new(Code::NoEffect, content.span, message)
                .related(asks.hit.span, "the ratios")
                .help(help),
        );
        return;
    }
    let EdgeContentSpec { popularity, cacheable, .. } = &content.value;
    let message = format!("a shield is asked for the objects that the edges of `{users}` miss");
    if !popularity.value.is_empty() {
        inert(popularity.span, message, "remove it", out);
    }
    let message = format!("no shield may answer what no edge of `{users}` may answer");
    if !cacheable.value.is_empty() {
        inert(cacheable.span, message, "remove it", out);
    }
    if asks.ttl.given && shield.ttl.given && asks.ttl.value > shield.ttl.value {
        let message = format!(
            "a copy at the edges is as old as at `{name}`, and would be served for longer: \
             {} of {}",
            asks.ttl.value, shield.ttl.value
        );
        out.push(
            Diagnostic::new(Code::OutOfRange, asks.ttl.span, message)
                .related(shield.ttl.span, "the shield's")
                .help("lower it, or raise the shield's `ttl`"),
        );
    }
}
