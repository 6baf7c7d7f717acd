//! Places of users: round trips to sites, and name services that lead users by their distance.

use std::collections::BTreeSet;

use super::{exclude, inert, inert_if, missing};
use crate::kinds::client::spec::ClientsSpec;
use crate::kinds::name_service::spec::{NamePolicy, NameServiceSpec};
use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::places;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    for (_, spec) in draft.scenario.name_service.iter() {
        keys(spec, out);
    }
    let placed = (0..draft.scenario.clients.len()).filter(|at| places::has_place(draft, *at));
    let sites: Vec<(usize, Vec<Listed>)> =
        placed.map(|clients| (clients, listed(draft, clients, out))).collect();
    // A misspelt name leaves users without a way, or a site without users.
    if out.has_errors() {
        return;
    }
    for (clients, listed) in sites {
        trips(draft, clients, &listed, out);
    }
    if !out.has_errors() {
        by_distance(draft, out);
    }
}

/// Reports keys of a name service that its policy requires or excludes.
fn keys(spec: &NameServiceSpec, out: &mut Diagnostics) {
    if spec.policy.value == NamePolicy::Anycast {
        let message = "users of an anycast address follow the routes: there is no answer to keep";
        let fix = match spec.convergence {
            Some(_) => "remove it",
            None => {
                "write `convergence` instead: the time until routes have changed, such as \"10s\""
            }
        };
        inert_if(spec.ttl.as_ref(), message, fix, out);
        inert_if(spec.stale.as_ref(), message, "remove it", out);
        return;
    }
    if spec.ttl.is_none() {
        missing(spec.span, "ttl", "how long a resolver keeps an answer", out);
    }
    let message = "only routes to an anycast address converge: resolvers keep answers for `ttl`";
    inert_if(spec.convergence.as_ref(), message, "remove it, or write policy = \"anycast\"", out);
}

/// A site with a round trip from some clients, and its place in the text.
type Listed = (usize, Span);

/// Returns the sites to which clients have a round trip; reports sites given twice, and a round trip to all of them beside.
fn listed(draft: &Draft, at: usize, out: &mut Diagnostics) -> Vec<Listed> {
    let clients = &draft.scenario.clients[at].1;
    if let Some(all) = &clients.round_trip {
        let message = "`round-trips` name the network time to each site";
        exclude(clients.round_trips.span, all.span, message, out);
    }
    let mut listed: Vec<Listed> = Vec::new();
    for ((to, _), site) in clients.round_trips.iter().zip(&draft.links.trips[at]) {
        let Some(site) = *site else { continue };
        match listed.iter().find(|(other, _)| *other == site) {
            Some((_, first)) => exclude(to.span, *first, "two round trips to one site", out),
            None => listed.push((site, to.span)),
        }
    }
    listed
}

/// Reports requests of these clients that no site with a round trip answers, and round trips to sites that answer none.
fn trips(draft: &Draft, at: usize, listed: &[Listed], out: &mut Diagnostics) {
    let (name, clients) = &draft.scenario.clients[at];
    let mut reached = BTreeSet::new();
    for (workload, class) in draft.links.classes.iter().enumerate() {
        let from = places::clients(draft, workload).filter(|from| *from == at);
        let (Some(_), Some(class)) = (from, class) else { continue };
        for class in draft.links.with_fetched(*class) {
            reached.extend(reaches(draft, class, clients, listed, out));
        }
    }
    if out.has_errors() {
        return;
    }
    for (site, span) in listed.iter().filter(|(site, _)| !reached.contains(site)) {
        let site = &draft.scenario.site[*site].0;
        let message = format!("nothing that clients `{name}` ask for is answered at `{site}`");
        inert(*span, message, "remove this round trip", out);
    }
}

/// Returns the sites that answer a class; reports one without a round trip from its clients.
fn reaches(
    draft: &Draft,
    class: usize,
    clients: &ClientsSpec,
    listed: &[Listed],
    out: &mut Diagnostics,
) -> Vec<usize> {
    let (name, spec) = &draft.scenario.request[class];
    let span = clients.round_trips.span;
    let mut wrong = |message: String, help: &str| {
        let wrong = Diagnostic::new(Code::MissingKey, span, message);
        let at = spec.enter.as_ref().map_or(spec.steps.span, |enter| enter.span);
        out.push(wrong.related(at, "where the class enters").help(help));
    };
    let Some(enter) = draft.links.enters[class] else {
        let message = format!("`{name}` enters no service: no site answers it");
        wrong(message, "let the class `enter` a service, or give the clients a `round-trip`");
        return Vec::new();
    };
    let to = match enter {
        Entrance::Cdn(cdn) => {
            let (cdn, spec) = &draft.scenario.cdn[cdn];
            if spec.round_trip.is_none() {
                let message =
                    format!("`{name}` enters at the edges of `{cdn}`, which have no site");
                wrong(message, "give the CDN a `round-trip`");
            }
            return Vec::new();
        }
        Entrance::NameService(at) => draft.links.name_services[at].clone(),
        to => vec![to],
    };
    let mut all = Vec::new();
    for to in to {
        let sites = places::sites(draft, to);
        let (kind, index) = to.component();
        let entered = kind.name(&draft.scenario, index);
        if sites.contains(&None) {
            let message = format!("`{entered}`, where `{name}` enters, stands in no site");
            wrong(message, "give its servers a `rack` at a site");
        } else if sites.len() > 1 {
            let message = format!("`{entered}`, where `{name}` enters, stands at several sites");
            wrong(message, "let the class enter by a name service with a target at each site");
        }
        for site in sites.into_iter().flatten() {
            if !listed.iter().any(|(other, _)| *other == site) {
                let to = &draft.scenario.site[site].0;
                let message = format!("no round trip to `{to}`, where `{name}` may be answered");
                wrong(message, "add the site to `round-trips`");
            }
            all.push(site);
        }
    }
    all
}

/// Reports users whom a name service cannot lead by their distance.
fn by_distance(draft: &Draft, out: &mut Diagnostics) {
    for (at, (name, spec)) in draft.scenario.name_service.iter().enumerate() {
        if !spec.policy.value.is_by_distance() {
            continue;
        }
        let refuse = |message: String, help: &str, out: &mut Diagnostics| {
            let wrong = Diagnostic::new(Code::KeysExclude, spec.policy.span, message);
            out.push(wrong.help(help.to_string()));
        };
        for (cdn, (cdn_name, _)) in draft.scenario.cdn.iter().enumerate() {
            if draft.links.cdns[cdn] == Some(Entrance::NameService(at)) {
                let message =
                    format!("edges of `{cdn_name}` have no place: none of `{name}` is near");
                refuse(message, "lead them by the policy `failover`", out);
            }
        }
        for (class, enters) in draft.links.enters.iter().enumerate() {
            if *enters != Some(Entrance::NameService(at)) {
                continue;
            }
            let class_name = &draft.scenario.request[class].0;
            let mut first = None;
            for (workload, clients) in places::askers(draft, class) {
                let workload = &draft.scenario.workload[workload].0;
                let Some(clients) = clients.filter(|at| places::has_place(draft, *at)) else {
                    let message = format!(
                        "users of `{workload}` have no place: no target of `{name}` is near"
                    );
                    refuse(message, "give their clients `round-trips` to the sites", out);
                    continue;
                };
                let order = places::order_for(draft, at, Some(clients));
                let (other, known) = first.get_or_insert((workload, order.clone()));
                if *known != order {
                    let message = format!(
                        "users of `{other}` and `{workload}` both ask for `{class_name}`, and \
                         `{name}` leads them in different orders"
                    );
                    refuse(
                        message,
                        "give the users of each place a request class of their own",
                        out,
                    );
                }
            }
        }
    }
}
