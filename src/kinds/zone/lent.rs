//! Servers that are lent: their mistakes, and their component in the event loop.

use std::collections::BTreeSet;

use crate::kinds::zone::live::lending::{LendingConfig, LentServer};
use crate::kinds::zone::spec::{AtEnd, LentSpec, ServerSpec};
use crate::model::blueprint::{Config, Part as Component};
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::begun::{self, Beginner};
use crate::plan::checks::inert_if;
use crate::plan::compile::{Builder, Made};
use crate::plan::drawing::arrows::{Carries, End, arrows, sources};
use crate::plan::faults::parts::all_parts;
use crate::plan::graph::server_of;
use crate::plan::hours;
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::scenario::value::Spanned;

/// Reports hours that are none, and parts that cannot be lent.
pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    for (group, (name, server)) in draft.scenario.server.iter().enumerate() {
        let Some(lent) = &server.lent else { continue };
        if hours::check(&lent.value.hours, out) && hours::of_servers(draft, group).is_none() {
            let message = format!("`{name}` is lent at every hour of the week");
            let found = Diagnostic::new(Code::NoEffect, lent.value.hours.span, message);
            out.push(found.help("remove `lent`, or leave hours out"));
        }
        check_disks(name, server, lent, out);
    }
    if draft.scenario.server.iter().any(|(_, server)| server.lent.is_some()) {
        check_parts(draft, out);
    }
}

/// Reports sets of disks of a server that is lent, which would have no hours.
fn check_disks(name: &Name, server: &ServerSpec, lent: &Spanned<LentSpec>, out: &mut Diagnostics) {
    if let Some((disks, _)) = server.disks.iter().next() {
        let message = format!(
            "`{name}` is lent, and has disks: the model has no hours for their capacity and their data"
        );
        let found = Diagnostic::new(Code::Placement, disks.span, message);
        out.push(found.related(lent.span, "it is lent").help("mount a file server instead"));
    }
    let message = "a server that is lent has no disks to cache";
    inert_if(server.ram_cache.as_ref(), message, "remove it", out);
}

/// Reports parts on servers that are lent, unless they are members of services to which only queues send work.
fn check_parts(draft: &Draft, out: &mut Diagnostics) {
    let mut services: BTreeSet<(usize, usize)> = BTreeSet::new();
    for part in all_parts(draft) {
        if matches!(part, Part::Server(_) | Part::Zone { .. } | Part::Disks { .. }) {
            continue;
        }
        let Some(group) = server_of(draft, part).map(|server| server.group) else { continue };
        let Some(lent) = &draft.scenario.server[group].1.lent else { continue };
        if let Part::Service { service, .. } = part {
            services.insert((service, group));
            continue;
        }
        let part_name = part.name(draft);
        let message = format!("`{part_name}` runs on a server that is lent: it would be away");
        let found = Diagnostic::new(Code::Placement, part.span(draft), message);
        let help =
            "place it on servers of its own: only workers that take jobs from a queue can be lent";
        out.push(found.related(lent.span, "its hours").help(help));
    }
    if services.is_empty() {
        return;
    }
    let (sent, begun) = (arrows(draft, &sources(draft)), begun::all(draft));
    for (service, group) in services {
        let Some(lent) = &draft.scenario.server[group].1.lent else { continue };
        let goes_there = |end: &End| match end {
            End::Component(Kind::Service, to) => *to == service,
            End::Part(Part::Service { service: to, .. }) => *to == service,
            _ => false,
        };
        // What a queue begins belongs to the class of its messages; an arrow of another class leads past it.
        let from_queue = |end: &End, class: &str| {
            let is_it = |one: &Beginner| *end == End::Component(one.kind, one.index);
            begun.iter().any(|one| is_it(one) && draft.scenario.request[one.class].0.text == class)
        };
        let mut to_it = sent.iter().filter(|one| one.carries == Carries::Requests);
        if to_it.any(|one| goes_there(&one.to) && !from_queue(&one.from, &one.class)) {
            let (name, _) = &draft.scenario.service[service];
            let message = format!(
                "requests are sent to `{name}`, also while its members on lent servers are away"
            );
            let found = Diagnostic::new(Code::Placement, name.span, message);
            let help = "let its work come from a queue alone, whose consumers may come and go, or place it on servers of its own";
            out.push(found.related(lent.span, "the hours").help(help));
        }
    }
}

/// Returns the name of the component with the hours of the servers `name`.
fn name_of(name: &str) -> String {
    format!("{name}.lent")
}

/// Asks for the component with the hours of a group of servers, if it is lent.
pub(super) fn gather(builder: &mut Builder<'_>, group: usize) {
    let draft = builder.draft();
    let (name, spec) = &draft.scenario.server[group];
    let Some((hours, lent)) = hours::of_servers(draft, group).zip(spec.lent.as_ref()) else {
        return;
    };
    builder.want(name_of(&name.text), move |builder, own| {
        let members = 0..spec.count.value;
        let server = |member| LentServer {
            cpu: builder.id(&member_name(&name.text, member)),
            members: Vec::new(),
        };
        let config = LendingConfig {
            hours,
            stops: lent.value.at_end.value == AtEnd::Stop,
            servers: members.map(server).collect(),
            unit: builder.unit(own, 0),
        };
        builder.part(own, Config::Lending(config))
    });
}

/// Names the members of services on the servers that are lent.
pub(super) fn finish(made: &mut Made) {
    let is_lent = |part: &Component| matches!(part.config, Config::Lending(_));
    if !made.parts.iter().any(is_lent) {
        return;
    }
    let member = |(at, part): (usize, &Component)| {
        let place = part.place.filter(|_| matches!(part.config, Config::Service(_)))?;
        Some((place.cpu, ComponentId::at(at)))
    };
    let members: Vec<_> = made.parts.iter().enumerate().filter_map(member).collect();
    for part in &mut made.parts {
        let Config::Lending(config) = &mut part.config else { continue };
        for server in &mut config.servers {
            let on_it = members.iter().filter(|(cpu, _)| *cpu == server.cpu);
            server.members = on_it.map(|(_, member)| *member).collect();
        }
    }
}
