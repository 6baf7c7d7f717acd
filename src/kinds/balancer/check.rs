//! References of balancers, and checks of their keys.

use std::collections::BTreeSet;

use crate::kinds::balancer::flow::behind;
use crate::kinds::balancer::spec::{Algorithm, BalancerSpec};
use crate::kinds::balancer::{Balancer, links};
use crate::model::spec::probe::Depth;
use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::between::{link_of, link_there_and_back};
use crate::plan::checks::{exclude, far_probe, inert, inert_if, missing, slow_probes};
use crate::plan::drawing::arrows::{Arrow, Carries, End};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Entrance, Known, Links, Walk};
use crate::plan::load;
use crate::plan::names::{Found, Kind, member_name};
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Name, Reference};

impl Checks for Balancer {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, balancer) in walk.scenario().balancer.iter() {
            let followed = links::follow(walk, links, balancer);
            links.balancers.push(followed);
        }
    }

    fn entrance(
        &self,
        known: Known<'_>,
        found: Found,
        reference: &Reference,
        out: &mut Diagnostics,
    ) -> Option<Entrance> {
        if let Some(wrong) = links::balances_reads_alone(known, found.index, reference.span) {
            out.push(wrong);
            return None;
        }
        Some(Entrance::Balancer(found.index))
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (at, (name, balancer)) in draft.scenario.balancer.iter().enumerate() {
            check_balancer(name, balancer, out);
            check_weights(draft, at, balancer, out);
            check_sticky(draft, at, name, balancer, out);
        }
        far_probes(draft, out);
    }

    fn lint(&self, draft: &Draft, out: &mut Diagnostics) {
        no_health_check(draft, out);
        let balancers = draft.scenario.balancer.iter();
        slow_probes(balancers.filter_map(|(_, balancer)| balancer.check.as_deref()), out);
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        for balancer in &draft.links.balancers {
            used.extend(balancer.targets.iter().map(|(service, _)| (Kind::Service, *service)));
            used.extend(balancer.zone.map(|(zone, _)| (Kind::Zone, zone)));
            used.extend(balancer.rack.map(|rack| (Kind::Rack, rack)));
        }
    }

    /// Returns the arrows to the members behind the balancer.
    fn arrows(&self, draft: &Draft, index: usize) -> Vec<Arrow> {
        let from = End::Component(Kind::Balancer, index);
        let members = behind(draft, index).into_iter().map(End::Part);
        members.map(|to| Arrow::new(from.clone(), to, Carries::Requests)).collect()
    }

    none!(onward, store, unused, begins, receives);
}

/// Reports balancers with several members and no check, if something can fail.
fn no_health_check(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    if scenario.fault.is_empty() && scenario.operation.is_empty() {
        return;
    }
    let replicas = |at: usize| {
        let behind = draft.links.databases.iter().filter(move |links| links.through == Some(at));
        behind.map(|links| links.replicas()).sum::<usize>()
    };
    let members = |at: usize| draft.links.balancers[at].targets.len().max(replicas(at));
    let blind = |(at, (_, balancer)): &(usize, &(Name, BalancerSpec))| {
        balancer.check.is_none() && members(*at) > 1
    };
    let blind: Vec<&Name> =
        scenario.balancer.iter().enumerate().filter(blind).map(|(_, (name, _))| name).collect();
    let [first, others @ ..] = blind.as_slice() else { return };
    let names: Vec<String> = blind.iter().map(|name| format!("`{name}`")).collect();
    let (has, s) = if others.is_empty() { ("has", "") } else { ("have", "s") };
    let message = format!(
        "the balancer{s} {} {has} no `check`: a dead member keeps its share of the requests until \
         it is repaired",
        names.join(", ")
    );
    let help = "add check = { interval = \"2s\", time-out = \"1s\", fall = 3 }";
    let mut diagnostic = Diagnostic::new(Code::NoHealthCheck, first.span, message).help(help);
    for other in others {
        diagnostic = diagnostic.related(other.span, "this one too");
    }
    out.push(diagnostic);
}

/// Reports weights of names that are not behind the balancer, and weights that are not positive.
fn check_weights(draft: &Draft, at: usize, balancer: &BalancerSpec, out: &mut Diagnostics) {
    for (member, weight) in balancer.weights.iter() {
        let behind = draft.links.balancers[at].targets.iter().any(|(service, number)| {
            let service = &draft.scenario.service[*service].0;
            service.text == member.text || member_name(service, *number) == member.text
        });
        if !behind {
            let message = format!("`{member}` does not stand behind this balancer");
            let known: Vec<String> =
                balancer.to.iter().map(|to| format!("`{}`", to.text)).collect();
            let help = format!("behind it: {}", known.join(", "));
            out.push(Diagnostic::new(Code::NoSuchName, member.span, message).help(help));
        }
        if *weight <= 0.0 {
            let message = format!("the weight of `{member}` is {weight}, it must be above 0");
            out.push(Diagnostic::new(Code::OutOfRange, member.span, message));
        }
    }
}

/// Reports `sticky` beside `hash`, and where it has no effect: no session, no user's own request, one member only.
fn check_sticky(
    draft: &Draft,
    at: usize,
    name: &Name,
    balancer: &BalancerSpec,
    out: &mut Diagnostics,
) {
    let span = balancer.sticky.span;
    if !balancer.sticky.value {
        return;
    }
    if balancer.algorithm.value == Algorithm::Hash {
        let message = "by `hash` each page view has a member of its own, whichever member served \
                       the one before";
        exclude(span, balancer.algorithm.span, message, out);
    }
    if draft.links.balancers[at].targets.len() == 1 {
        let message = format!("`{name}` has one member: all sessions are with it");
        inert(span, message, "remove `sticky`", out);
    }
    let scenario = &draft.scenario;
    let comes_here = |class: usize| draft.links.view_comes_to(class, at);
    let workloads = scenario.workload.iter().zip(&draft.links.classes);
    let here = workloads.filter(|(_, class)| class.is_some_and(comes_here));
    let here: Vec<_> = here.map(|((_, workload), _)| workload).collect();
    if here.is_empty() {
        let message =
            format!("no request of a user comes to `{name}` directly: cookies belong to clients");
        return inert(span, message, "remove `sticky`", out);
    }
    let has_sessions = |workload: &WorkloadSpec| {
        let clients = workload.from.as_ref().and_then(|from| scenario.clients.get(&from.text));
        let session = clients.and_then(|clients| clients.session.as_ref());
        session.is_some_and(|session| load::mean(&session.pages) > 1.0)
    };
    let sticks = |workload: &WorkloadSpec| workload.users.is_some() || has_sessions(workload);
    if !here.into_iter().any(sticks) {
        let message =
            format!("the users of `{name}` have no session: each page view is from another user");
        inert(span, message, "give the clients a `session`, or remove `sticky`", out);
    }
}

fn check_balancer(name: &Name, balancer: &BalancerSpec, out: &mut Diagnostics) {
    let count = &balancer.count;
    if count.value > 2 && balancer.peers.is_none() {
        let message = format!("`count` is {}, at most 2: one works, one stands by", count.value);
        let help = format!("where all work, declare what they share: `[balancer.{name}.peers]`");
        out.push(Diagnostic::new(Code::OutOfRange, count.span, message).help(help));
    }
    check_room(balancer, out);
    match &balancer.failover {
        _ if balancer.peers.is_some() => check_peers(name, balancer, out),
        None if balancer.vrrp.is_some() => {
            let message = format!("`{name}` has no second unit to take over");
            let vrrp = balancer.vrrp.as_ref().filter(|_| count.value == 1);
            inert_if(vrrp, &message, "set count = 2, or remove `vrrp`", out);
        }
        None if count.value == 2 => {
            let message = format!("the second unit of `{name}` never takes over");
            inert(count.span, message, &format!("add `[balancer.{name}.failover]`"), out);
        }
        Some(failover) if count.value == 1 => {
            let message = format!("`{name}` has no second unit to take over");
            inert(failover.span, message, "set count = 2, or remove `failover`", out);
        }
        _ => {}
    }
    if let (Some(failover), Some(vrrp)) = (&balancer.failover, &balancer.vrrp) {
        exclude(vrrp.span, failover.span, "two ways of taking over", out);
    }
    if let Some(vrrp) = balancer.vrrp.as_ref().filter(|v| v.partner.value >= v.priority.value) {
        let message = "the partner's priority must be lower than that of the first unit";
        out.push(Diagnostic::new(Code::OutOfRange, vrrp.span, message));
    }
    if let Some(check) = balancer.check.as_ref().filter(|check| check.depth.value == Depth::Deep) {
        let message = "a deep probe always detects a hang";
        inert_if(check.detects_hang.as_ref(), message, "remove `detects-hang`", out);
    } else if let Some(check) = &balancer.check {
        let message = "a shallow probe asks whether the port answers";
        inert_if(check.cpu.as_ref(), message, "set depth = \"deep\", or remove `cpu`", out);
    }
    if balancer.check.is_none() {
        let message = "without `check` no member is ever put back";
        inert_if(balancer.slow_start.as_ref(), message, "add `check`", out);
    }
    if let (Some(rack), Some(zone)) = (&balancer.rack, &balancer.in_) {
        exclude(zone.span, rack.span, "an appliance stands in a rack, software in a zone", out);
    }
    if balancer.in_.is_some() {
        let message = "its zone determines how many cores it has";
        inert_if(balancer.cores.as_ref(), message, "remove `cores`", out);
    } else if balancer.cpu.is_some() && balancer.cores.is_none() {
        missing(balancer.span, "cores", "the number of cores that do the work of `cpu`", out);
    } else if balancer.cpu.is_none() {
        let message = "no work is given for these cores";
        inert_if(balancer.cores.as_ref(), message, "give `cpu`, or remove `cores`", out);
    }
}

/// Checks the bounds on open requests, and the queues for them.
fn check_room(balancer: &BalancerSpec, out: &mut Diagnostics) {
    if balancer.limit.is_none() {
        let message = "a unit without `limit` accepts all requests";
        inert_if(balancer.backlog.as_ref(), message, "give `limit`, or remove `backlog`", out);
    }
    if balancer.member_limit.is_none() {
        let message = "without `member-limit` no request waits in the queue here";
        inert_if(
            balancer.queue_limit.as_ref(),
            message,
            "give `member-limit`, or remove `queue-limit`",
            out,
        );
        let help = "give `member-limit`, or remove `queue-time-out`";
        inert_if(balancer.queue_time_out.as_ref(), message, help, out);
    } else if balancer.queue_limit.as_ref().is_some_and(|limit| limit.value == 0) {
        let message = "with `queue-limit = 0` no request waits";
        inert_if(balancer.queue_time_out.as_ref(), message, "remove `queue-time-out`", out);
    }
}

/// Checks units that share addresses as peers.
fn check_peers(name: &Name, balancer: &BalancerSpec, out: &mut Diagnostics) {
    let Some(peers) = &balancer.peers else { return };
    if balancer.count.value == 1 {
        let message = format!("`{name}` has no other unit to share addresses with");
        inert(peers.span, message, "raise `count`, or remove `peers`", out);
    }
    if let Some(failover) = &balancer.failover {
        exclude(peers.span, failover.span, "two ways of taking over", out);
    }
    if let Some(vrrp) = &balancer.vrrp {
        exclude(peers.span, vrrp.span, "two ways of taking over", out);
    }
}

/// Reports probes that time out before an answer can have crossed a link.
fn far_probes(draft: &Draft, out: &mut Diagnostics) {
    for (at, (_, spec)) in draft.scenario.balancer.iter().enumerate() {
        let Some(check) = &spec.check else { continue };
        let unit = Part::Balancer { balancer: at, member: 0 };
        let links = behind(draft, at).into_iter().filter_map(|member| link_of(draft, unit, member));
        let mut trips = links.map(|link| (link, link_there_and_back(draft, link)));
        if let Some(far) = trips.find(|(_, takes)| *takes > check.time_out.value) {
            far_probe(draft, &check.time_out, far, out);
        }
    }
}
