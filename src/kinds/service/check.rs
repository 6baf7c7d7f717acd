//! References of services, and their mistakes.

use std::collections::BTreeSet;

use crate::kinds::service::flow::most_at_once;
use crate::kinds::service::spec::{ServiceSpec, Workers};
use crate::kinds::service::{Service, links};
use crate::plan::Draft;
use crate::plan::checks::{inert, quorum};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Entrance, Known, Links, Store, Walk, no_member};
use crate::plan::names::{Found, Kind};
use crate::plan::route::{Does, Step, each};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Name, Reference};

impl Checks for Service {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().service.iter();
        links.services = all.map(|(_, service)| links::follow(walk, service)).collect();
    }

    fn entrance(
        &self,
        known: Known<'_>,
        found: Found,
        reference: &Reference,
        out: &mut Diagnostics,
    ) -> Option<Entrance> {
        let (name, members) =
            (&known.scenario.service[found.index].0, known.links.services[found.index].members);
        if found.member.is_some_and(|member| member >= members) {
            no_member(reference, name, members).into_iter().for_each(|wrong| out.push(wrong));
            return None;
        }
        Some(Entrance::Service(found.index, found.member))
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for ((name, service), links) in draft.scenario.service.iter().zip(&draft.links.services) {
            check_service(name, service, links.members, out);
        }
    }

    fn lint(&self, draft: &Draft, out: &mut Diagnostics) {
        threads(draft, out);
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        for service in &draft.links.services {
            used.extend(service.zone.map(|zone| (Kind::Zone, zone)));
            used.extend(service.mounts.iter().flatten().map(Store::component));
        }
    }

    none!(onward, store, unused, begins, arrows, receives);
}

/// Reports processor steps with more threads than any member of their service has cores.
fn threads(draft: &Draft, out: &mut Diagnostics) {
    let mut look = |step: &Step| {
        let Does::Work(work) = &step.does else { return };
        let threads = &work.threads;
        let Some(most) = most_at_once(draft, work) else { return };
        if f64::from(threads.value) < most + 1.0 {
            return;
        }
        let message = format!(
            "a demand of {} threads, but no member of `{}` has cores for more than {most}",
            threads.value, draft.scenario.service[work.service].0
        );
        let help = format!("threads above {} make it no faster", most.ceil());
        out.push(Diagnostic::new(Code::SeldomUsed, threads.span, message).help(help));
    };
    for route in &draft.routes {
        each(&route.steps, &mut look);
    }
}

fn check_service(name: &Name, service: &ServiceSpec, members: u32, out: &mut Diagnostics) {
    quorum(&service.needs, name, members, "members", out);
    if let (Workers::Unlimited, Some(backlog)) = (service.workers.value, &service.backlog) {
        let message = "with unlimited workers no request waits";
        inert(backlog.span, message, "remove `backlog`, or bound the workers", out);
    }
}
