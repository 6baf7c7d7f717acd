//! Planned moves of members: which slots an operation empties, and its mistakes.
//!
//! Takes operations with `does = "move"`. Gives each scaler its [moves](Move). Servers, zones and members of a service are
//! named; a server means all members of all scalers on it.

use std::collections::BTreeSet;

use crate::convert::place;
use crate::kinds::scaler::mechanism::leaving::Move;
use crate::kinds::scaler::plan::ScalerLinks;
use crate::model::spec::runs::{MoveOrder, OperationSpec};
use crate::plan::Draft;
use crate::plan::checks::{inert, inert_if, missing, week_start};
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::{SimDuration, SimTime};

use super::rules::hosts;

/// Returns the slot of a group's zone or member that a part is.
fn slot_of(part: Part, (zone, service): (usize, usize)) -> Option<usize> {
    match part {
        Part::Zone { zone: of, member } if of == zone => Some(member as usize),
        Part::Service { service: of, member } if of == service => Some(member as usize),
        _ => None,
    }
}

/// Returns the slots of a scaler that parts name, and the servers that its launches avoid, by number.
fn emptied(draft: &Draft, parts: &[Part], of: (usize, usize)) -> (Vec<usize>, Vec<usize>) {
    let (slots, servers) = hosts(draft, of.0);
    let named = |server: usize| parts.contains(&Part::Server(servers[server]));
    let own: BTreeSet<usize> = parts.iter().filter_map(|part| slot_of(*part, of)).collect();
    let out = |slot: &usize| own.contains(slot) || named(slots[*slot]);
    let out: Vec<usize> = (0..slots.len()).filter(out).collect();
    let hosts: BTreeSet<usize> = out.iter().map(|slot| slots[*slot]).collect();
    (out, hosts.into_iter().collect())
}

/// Returns the planned moves of a scaler whose zones and service are known, in the order of the file.
#[must_use]
pub fn moves(draft: &Draft, of: (usize, usize)) -> Vec<Move> {
    let mut all = Vec::new();
    for (_, spec) in draft.scenario.operation.iter().filter(|(_, spec)| spec.moves()) {
        let Some(at) = &spec.at else { continue };
        // The checks have reported wrong references already.
        let (slots, hosts) = emptied(draft, &draft.targets.operated(spec), of);
        if slots.is_empty() {
            continue;
        }
        all.push(Move {
            first: SimTime::ZERO + at.value.after_zero(week_start(draft)),
            every: spec.every.as_ref().map(|every| every.value.period()),
            slots,
            hosts,
            order: spec.order.as_ref().map_or(MoveOrder::StopFirst, |order| order.value),
            cordon: spec.lasts.as_ref().map_or(SimDuration::ZERO, |lasts| lasts.value),
        });
    }
    all
}

/// Checks an operation that moves members.
pub fn check(draft: &Draft, operation: &OperationSpec, out: &mut Diagnostics) {
    inert_if(operation.memory.as_ref(), "only `resize` reads this", "remove it", out);
    inert_if(operation.cap.as_ref(), "only `resize` reads this", "remove it", out);
    let Some(of) = &operation.of else {
        let what = "servers, or members of a service that a scaler has";
        missing(operation.span, "of", what, out);
        return;
    };
    let parts = draft.targets.operated(operation);
    let mut scaled: Vec<(usize, (usize, usize))> = Vec::new();
    for (at, links) in draft.links.own.scalers.iter().enumerate() {
        if let ScalerLinks { zone: Some(zone), service: Some(service) } = *links {
            scaled.push((at, (zone, service)));
        }
    }
    for part in &parts {
        let moved = |of: (usize, usize)| !emptied(draft, &[*part], of).0.is_empty();
        if scaled.iter().any(|(_, of)| moved(*of)) {
            continue;
        }
        let message = match part {
            Part::Server(_) => format!("no scaler has a member on `{}`", part.name(draft)),
            _ => format!("no scaler has `{}`: it cannot start elsewhere", part.name(draft)),
        };
        let help = "name servers, or members of a service whose zones a `[scaler.NAME]` has";
        return out.push(Diagnostic::new(Code::WrongKind, of.span, message).help(help));
    }
    for (at, group) in scaled {
        check_places(draft, operation, (at, group), &parts, out);
    }
    if let Some(lasts) = operation.lasts.as_ref().filter(|lasts| lasts.value.is_zero()) {
        let message = "launches avoid the servers for no time";
        inert(lasts.span, message, "remove `lasts`, or give it a time", out);
    }
}

/// Checks that the fewest members have a place on the other servers.
fn check_places(
    draft: &Draft,
    operation: &OperationSpec,
    (at, of): (usize, (usize, usize)),
    parts: &[Part],
    out: &mut Diagnostics,
) {
    let Some(named) = &operation.of else { return };
    let (slots, hosts) = emptied(draft, parts, of);
    if slots.is_empty() {
        return;
    }
    let (name, spec) = &draft.scenario.scaler[at];
    let elsewhere = |host: &&usize| !hosts.contains(host);
    let left = place(super::rules::hosts(draft, of.0).0.iter().filter(elsewhere).count());
    if left < spec.minimum.value {
        let group = &draft.scenario.zone[of.0].0;
        let message = format!(
            "the {} members that `{name}` keeps cannot start elsewhere: `{group}` has {left} places on other servers",
            spec.minimum.value
        );
        let wrong = Diagnostic::new(Code::Capacity, named.span, message);
        let help = format!("name fewer servers, or give `{group}` more places or servers");
        out.push(wrong.related(spec.minimum.span, "the fewest").help(help));
    }
}
