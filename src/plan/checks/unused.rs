//! Unused entries: components that no route reaches, volumes without users, classes that are never
//! requested. Units, groups and links are exempt, and so is a replica that only stands by.

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::begun;
use crate::plan::kind::{self, checks::Purpose};
use crate::plan::names::Kind;
use crate::plan::route::{Does, Step, each};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    let used = used(draft);
    let routes = !draft.scenario.request.is_empty();
    for (name, entry) in draft.names.iter() {
        let help = match entry.kind.answers().purpose() {
            Purpose::Requests if routes => "no request comes to it",
            Purpose::Named(missing) => missing,
            Purpose::Requests | Purpose::Itself => continue,
        };
        if !used.contains(&(entry.kind, entry.index)) {
            let message = format!("nothing uses the {} `{name}`", entry.kind.word());
            out.push(Diagnostic::new(Code::Unused, entry.span, message).help(help));
        }
    }
    kind::all().for_each(|kind| kind.unused(draft, out));
    traffic(draft, out);
}

fn traffic(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let workloads = || scenario.workload.iter().map(|(_, workload)| workload);
    let mut report = |what: &str, name: &Name| {
        let message = format!("nothing uses the {what} `{name}`");
        // Unused profiles may be meant as a choice: a warning of its own.
        let code = if what == "profile" { Code::UnusedProfile } else { Code::Unused };
        out.push(Diagnostic::new(code, name.span, message));
    };
    for (name, _) in scenario.profile.iter() {
        let uses = |profile: &crate::scenario::names::Reference| **profile == **name;
        if !workloads().any(|workload| workload.profile.as_ref().is_some_and(|p| uses(p))) {
            report("profile", name);
        }
    }
    for (name, _) in scenario.clients.iter() {
        let uses = |clients: &crate::scenario::names::Reference| **clients == **name;
        if !workloads().any(|workload| workload.from.as_ref().is_some_and(|c| uses(c))) {
            report("clients", name);
        }
    }
    let begun = begun::all(draft);
    for (class, (name, _)) in scenario.request.iter().enumerate() {
        let issued = draft.links.classes.contains(&Some(class))
            || begun.iter().any(|one| one.class == class);
        if !issued && !draft.links.thens.contains(&Some(class)) {
            report("request class", name);
        }
    }
}

/// Returns the components that something uses.
fn used(draft: &Draft) -> BTreeSet<(Kind, usize)> {
    let mut used = BTreeSet::new();
    used.extend(draft.links.enters.iter().flatten().map(|enter| enter.component()));
    draft.routes.iter().for_each(|route| steps(&route.steps, &mut used));
    kind::all().for_each(|kind| kind.uses(draft, &mut used));
    used
}

fn steps(list: &[Step], used: &mut BTreeSet<(Kind, usize)>) {
    each(list, &mut |step| match &step.does {
        Does::Call(call) => _ = used.insert(call.to.component()),
        Does::Query(query) => _ = used.insert((Kind::Database, query.database)),
        Does::Work(work) => _ = used.insert((Kind::Service, work.service)),
        Does::Visit(visit) => _ = used.insert((Kind::Station, visit.station)),
        Does::Ask(ask) => _ = used.insert(ask.of()),
        _ => {}
    });
}
