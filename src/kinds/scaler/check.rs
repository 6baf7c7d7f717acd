//! References of autoscalers, and their mistakes.

use std::collections::BTreeSet;

use crate::convert::place;
use crate::kinds::scaler::mechanism::Zones;
use crate::kinds::scaler::plan::{Scaler, ScalerLinks, beginners, in_group, of_service};
use crate::kinds::scaler::rules::size;
use crate::kinds::scaler::spec::{ScaleStepSpec, ScalerMetric, ScalerSpec};
use crate::mechanism::placement::{Refusal, Server, Weights, choose};
use crate::model::spec::runs::Does;
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert, missing_as};
use crate::plan::drawing::arrows::{Arrow, Carries, End};
use crate::plan::faults::parts::all_parts;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Entrance, Links, Walk};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::program::law_of;
use crate::plan::route::{Does as Step, each};
use crate::plan::scaled::most_of;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::units::SimDuration;

impl Checks for Scaler {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, spec) in walk.scenario().scaler.iter() {
            let found = walk.resolve(&spec.zones, &[Kind::Zone]);
            if let Some(found) = found.filter(|found| found.member.is_some()) {
                let zone = &walk.scenario().zone[found.index].0;
                let message = format!("a scaler scales all members of a zone group: `{zone}`");
                let wrong = Diagnostic::new(Code::WrongKind, spec.zones.span, message);
                walk.out().push(wrong.help(format!("write `zones = \"{zone}\"`")));
            }
            let zone = found.map(|found| found.index);
            let in_it = |of: &usize| zone.is_some() && links.services[*of].zone == zone;
            let service = (0..links.services.len()).find(in_it);
            links.own.scalers.push(ScalerLinks { zone, service });
        }
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (at, (name, spec)) in draft.scenario.scaler.iter().enumerate() {
            check_numbers(draft, at, spec, out);
            check_rule(spec, out);
            check_service(draft, at, name, spec, out);
            check_group(draft, at, spec, out);
            check_servers(draft, at, spec, out);
            check_room(draft, at, spec, out);
            check_times(draft, at, (name, spec), out);
        }
        check_provisions(draft, out);
    }

    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        let zones = draft.links.own.scalers.iter().filter_map(|links| links.zone);
        used.extend(zones.map(|zone| (Kind::Zone, zone)));
    }

    /// Returns the arrow to the service whose members it launches and removes.
    fn arrows(&self, draft: &Draft, index: usize) -> Vec<Arrow> {
        let from = End::Component(Kind::Scaler, index);
        let service = draft.links.own.scalers[index].service;
        let to = service.map(|service| End::Component(Kind::Service, service));
        to.map(|to| Arrow::new(from, to, Carries::Members)).into_iter().collect()
    }

    none!(entrance, onward, store, unused, begins, receives, lint);
}

/// Checks that 1 ≤ `minimum` ≤ `start` ≤ `maximum` ≤ members of the group, and that `needs` can be met.
fn check_numbers(draft: &Draft, at: usize, spec: &ScalerSpec, out: &mut Diagnostics) {
    let Some(zone) = draft.links.own.scalers[at].zone else { return };
    let (group, zone) = &draft.scenario.zone[zone];
    let count = zone.count.value;
    if let Some(most) = spec.maximum.as_ref().filter(|most| most.value > count) {
        let message = format!("`{group}` has {count} members, fewer than {}", most.value);
        let wrong = Diagnostic::new(Code::OutOfRange, most.span, message);
        out.push(wrong.help(format!("give `{group}` a `count` of {}", most.value)));
    }
    let most = spec.maximum.as_ref().map_or(count, |most| most.value);
    if spec.minimum.value > most {
        let message =
            format!("`minimum` is {}, above the most members, {most}", spec.minimum.value);
        let wrong = Diagnostic::new(Code::OutOfRange, spec.minimum.span, message);
        out.push(match &spec.maximum {
            Some(maximum) => wrong.related(maximum.span, "the most").help("raise `maximum`"),
            None => wrong.help(format!("give `{group}` a larger `count`")),
        });
    } else if let Some(start) = &spec.start
        && !(spec.minimum.value..=most).contains(&start.value)
    {
        let message = format!(
            "`start` lies between `minimum` and the most, {} and {most}",
            spec.minimum.value
        );
        out.push(Diagnostic::new(Code::OutOfRange, start.span, message));
    }
    if let Some(replace) = spec.replace.as_ref().filter(|_| spec.minimum.value >= count) {
        let message =
            format!("all {count} members of `{group}` exist at all times: no place is left");
        let help = format!("give `{group}` a larger `count`, or remove `replace`");
        inert(replace.span, message, &help, out);
    }
    let Some(service) = draft.links.own.scalers[at].service else { return };
    let (service, process) = &draft.scenario.service[service];
    if process.needs.value > spec.minimum.value {
        let message = format!(
            "`{service}` needs {} members, but the scaler keeps {} at least",
            process.needs.value, spec.minimum.value
        );
        let wrong = Diagnostic::new(Code::Quorum, process.needs.span, message);
        out.push(wrong.related(spec.minimum.span, "the fewest").help("raise `minimum`"));
    }
}

/// Reports a `provisions` that bounds no launch: no scaler has zones on the server, or none of their launches takes time to
/// provision.
fn check_provisions(draft: &Draft, out: &mut Diagnostics) {
    // A scaler that could not be read, or whose zones are not placed, launches nothing here.
    if out.has_errors() {
        return;
    }
    let scalers = draft.scenario.scaler.iter().zip(&draft.links.own.scalers);
    for (group, (name, server)) in draft.scenario.server.iter().enumerate() {
        let Some(most) = &server.provisions else { continue };
        let here = |zone: usize| draft.placed.zones[zone].iter().any(|on| on.group == group);
        let launches = scalers.clone().filter(|(_, links)| links.zone.is_some_and(here));
        let takes_time = |spec: &ScalerSpec| {
            let law = spec.launch.value.provision.as_ref();
            law.is_some_and(|law| law_of(law).mean() > 0.0)
        };
        let take_time: Vec<bool> = launches.map(|((_, spec), _)| takes_time(spec)).collect();
        if take_time.is_empty() {
            let message = format!("no scaler launches zones on `{name}`");
            inert(most.span, message, "remove it", out);
        } else if !take_time.contains(&true) {
            let message = format!("launches on `{name}` take no time to provision");
            let help = "give a scaler a `launch = { provision = … }`, or remove it";
            inert(most.span, message, help, out);
        }
    }
}

/// Checks the target, or the steps.
fn check_rule(spec: &ScalerSpec, out: &mut Diagnostics) {
    let cpu = spec.metric.value == ScalerMetric::Cpu;
    match (&spec.target, spec.steps.is_empty()) {
        (None, true) => {
            let example = Some(if cpu { "0.6" } else { "20" });
            missing_as(spec.span, ("target", example), "the value to hold, or `steps`", out);
        }
        (Some(target), false) => {
            exclude(spec.steps.span, target.span, "a scaler follows a target or steps", out);
        }
        (None, false) if spec.tolerance.given => {
            inert(spec.tolerance.span, "steps have bounds, no target", "remove `tolerance`", out);
        }
        _ => {}
    }
    let bounds = spec.steps.iter().flat_map(|step| step.above.iter().chain(&step.below));
    for value in spec.target.iter().chain(bounds).filter(|value| cpu && value.value > 1.0) {
        let message = format!("a zone never uses {} times its processor time", value.value);
        let wrong = Diagnostic::new(Code::OutOfRange, value.span, message);
        out.push(wrong.help("a share of its cap: `0.6` is 60 %"));
    }
    spec.steps.iter().for_each(|step| check_step(step, out));
    if !spec.steps.is_empty() {
        check_bounds(spec, out);
    }
}

/// Checks that no two steps have one bound, that no value is beyond two bounds of opposite steps, and that a pause is one
/// between changes that the steps make.
fn check_bounds(spec: &ScalerSpec, out: &mut Diagnostics) {
    let above: Vec<_> = spec.steps.iter().filter_map(|step| step.above.as_ref()).collect();
    let below: Vec<_> = spec.steps.iter().filter_map(|step| step.below.as_ref()).collect();
    for bounds in [&above, &below] {
        for (at, bound) in bounds.iter().enumerate() {
            if let Some(first) = bounds[..at].iter().find(|first| first.value == bound.value) {
                exclude(bound.span, first.span, "two steps have the same bound", out);
            }
        }
    }
    let least = above.iter().min_by(|one, other| one.value.total_cmp(&other.value));
    for bound in &below {
        if let Some(least) = least.filter(|least| bound.value >= least.value) {
            let message = format!(
                "at {} this step would remove members, and another adds some from {} on",
                bound.value, least.value
            );
            let wrong = Diagnostic::new(Code::OutOfRange, bound.span, message);
            let help = format!("a bound under {}", least.value);
            out.push(wrong.related(least.span, "the other").help(help));
        }
    }
    let pauses = &spec.cool_down.value;
    if below.is_empty() && pauses.in_.given {
        inert(pauses.in_.span, "no step removes members", "add one with `below`", out);
    }
    if above.is_empty() && pauses.out.given {
        inert(pauses.out.span, "no step adds members", "add one with `above`", out);
    }
}

fn check_step(step: &ScaleStepSpec, out: &mut Diagnostics) {
    match (&step.above, &step.below) {
        (None, None) => {
            missing_as(step.span, ("above", Some("0.8")), "the bound of the step, or `below`", out);
        }
        (Some(above), Some(below)) => {
            exclude(below.span, above.span, "a step has one bound", out);
        }
        (Some(_), None) => {
            if step.add.is_none() {
                missing_as(step.span, ("add", Some("1")), "the members that it adds", out);
            }
            if let Some(remove) = &step.remove {
                let message = "above its bound a step adds members";
                inert(remove.span, message, "write `add`, or `below`", out);
            }
        }
        (None, Some(_)) => {
            if step.remove.is_none() {
                missing_as(step.span, ("remove", Some("1")), "the members that it removes", out);
            }
            if let Some(add) = &step.add {
                let message = "below its bound a step removes members";
                inert(add.span, message, "write `remove`, or `above`", out);
            }
        }
    }
}

/// Checks that one service runs in the zones, that all requests reach it through balancers of all its members or come from
/// queues, and that the metric exists there.
fn check_service(draft: &Draft, at: usize, name: &Name, spec: &ScalerSpec, out: &mut Diagnostics) {
    let ScalerLinks { zone: Some(zone), service } = draft.links.own.scalers[at] else { return };
    let span = spec.zones.span;
    let group = &draft.scenario.zone[zone].0;
    let mut wrong = |message: String, help: &str| {
        out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
    };
    let Some(service) = service else {
        return wrong(
            format!("no service runs in `{group}`: `{name}` has nothing to scale"),
            "name the zones of a service",
        );
    };
    let (process, workers) =
        (&draft.scenario.service[service].0, &draft.scenario.service[service].1.workers);
    let direct = |entrance: Entrance| matches!(entrance, Entrance::Service(of, _) if of == service);
    let links = &draft.links;
    let queues = beginners(draft, service);
    let from_queue = |class: &usize| queues.iter().any(|queue| queue.class == *class);
    let asked = (0..links.enters.len()).filter(|class| !from_queue(class));
    let mut entered = asked.filter_map(|class| links.enters[class]).any(direct)
        || links.cdns.iter().flatten().any(|to| direct(*to))
        || links.name_services.iter().flatten().any(|to| direct(*to));
    for route in &draft.routes {
        each(&route.steps, &mut |step| {
            if let Step::Call(call) = &step.does {
                entered |= direct(call.to);
            }
        });
    }
    let members =
        |targets: &[(usize, u32)]| targets.iter().filter(|(of, _)| *of == service).count();
    let behind = links.balancers.iter().map(|balancer| members(&balancer.targets));
    let behind: Vec<usize> = behind.filter(|count| *count > 0).collect();
    let all = links.services[service].members as usize;
    if entered || behind.is_empty() && queues.is_empty() {
        wrong(
            format!(
                "requests reach `{process}` past a balancer or queue: they would go to absent members"
            ),
            "let them enter at a balancer in front of it, or come from a queue: only these know which members are there",
        );
    } else if behind.iter().any(|count| *count < all) {
        wrong(
            format!("a balancer knows only some members of `{process}`"),
            "name the service in its `to`, so that every launched member gets requests",
        );
    }
    let unlimited = workers.value == crate::kinds::service::spec::Workers::Unlimited;
    if spec.metric.value == ScalerMetric::Waiting && unlimited {
        let message = format!("no request waits at `{process}`: its workers are unlimited");
        inert(spec.metric.span, message, "bound the `workers`, or choose another metric", out);
    }
    match spec.metric.value {
        ScalerMetric::Messages if queues.is_empty() => {
            let message = format!("no queue sends messages to `{process}`");
            inert(spec.metric.span, message, "choose another metric", out);
        }
        ScalerMetric::Waiting if behind.is_empty() && !queues.is_empty() => {
            let message =
                format!("messages for `{process}` wait in their queue, not at its members");
            inert(spec.metric.span, message, "write `metric = \"messages\"`", out);
        }
        _ => {}
    }
}

/// Checks that nothing but members of one service stands in the zones, that no other scaler has them, and that nothing
/// changes their size.
fn check_group(draft: &Draft, at: usize, spec: &ScalerSpec, out: &mut Diagnostics) {
    let ScalerLinks { zone: Some(zone), service: Some(service) } = draft.links.own.scalers[at]
    else {
        return;
    };
    let span = spec.zones.span;
    let group = &draft.scenario.zone[zone].0;
    let own = |part: Part| of_service(part, service);
    let in_group = |part: Part| in_group(part, zone);
    let other = all_parts(draft)
        .into_iter()
        .find(|part| !own(*part) && part.stands_on(draft).is_some_and(in_group));
    if let Some(other) = other {
        let other = other.name(draft);
        let message = format!("`{other}` stands in `{group}`: it would disappear with its zone");
        let wrong = Diagnostic::new(Code::WrongKind, span, message);
        out.push(wrong.help("give the scaled service zones of its own"));
    }
    let earlier = draft.links.own.scalers[..at].iter().position(|links| links.zone == Some(zone));
    if let Some(earlier) = earlier {
        let first = draft.scenario.scaler[earlier].1.zones.span;
        exclude(span, first, &format!("two scalers scale `{group}`"), out);
    }
    for (_, operation) in draft.scenario.operation.iter() {
        let resizes = operation.does.as_ref().filter(|does| does.value == Does::Resize);
        let Some(does) = resizes else { continue };
        if draft.targets.operated(operation).into_iter().any(in_group) {
            let why = "a scaler launches zones of one size";
            exclude(does.span, span, why, out);
        }
    }
}

/// Checks that no server is lent, and that no cache there has all the memory that zones leave free.
fn check_servers(draft: &Draft, at: usize, spec: &ScalerSpec, out: &mut Diagnostics) {
    let Some(zone) = draft.links.own.scalers[at].zone else { return };
    let span = spec.zones.span;
    let here: BTreeSet<_> = draft.placed.zones[zone].iter().copied().collect();
    let groups: BTreeSet<usize> = here.iter().map(|server| server.group).collect();
    for group in groups {
        if let Some(lent) = &draft.scenario.server[group].1.lent {
            exclude(lent.span, span, "a scaler launches members at every hour", out);
        }
    }
    for server in here {
        let (name, host) = &draft.scenario.server[server.group];
        let on = Part::Server(server);
        if host.ram_cache.is_none() && on.answers().remembers(draft, on) {
            let message = format!("`{name}` caches in all memory that its zones leave free");
            let wrong = Diagnostic::new(Code::KeysExclude, span, message);
            let help = "give the server a `ram-cache`: a scaler changes what is free";
            out.push(wrong.related(name.span, "the server").help(help));
            break;
        }
    }
}

/// Warns if no server can take one member more than the fewest.
fn check_room(draft: &Draft, at: usize, spec: &ScalerSpec, out: &mut Diagnostics) {
    let Some(zone) = draft.links.own.scalers[at].zone else { return };
    let (name, group) = &draft.scenario.zone[zone];
    let fewest = spec.minimum.value;
    if most_of(spec, group.count.value) <= fewest {
        return;
    }
    let free = draft.placed.zones[zone].iter().skip(fewest as usize);
    let servers: BTreeSet<ServerId> = free.copied().collect();
    let servers: Vec<_> = servers.into_iter().map(|server| fewest_on(draft, server)).collect();
    let wanted = size(draft, zone);
    let weights = Weights { memory: 0.0, owner: 0.0, random: 0.0 };
    let Err(refusal) = choose(&servers, wanted, weights, |_| 0.0) else { return };
    let (why, help) = match refusal {
        // Without a place `placement` was refused.
        Refusal::Running => return,
        Refusal::Capness if wanted.cap.is_some() => (
            "zones without a cap stand on all of its servers".into(),
            "give these a cap too, or the group servers of its own, with `among`",
        ),
        Refusal::Capness => (
            "zones with a cap stand on all of its servers".into(),
            "give the group a cap too, or servers of its own, with `among`",
        ),
        Refusal::Count => ("its servers have no place for a zone".into(), "add servers"),
        Refusal::Memory => (
            format!("no server has {} that no zone holds", wanted.memory),
            "add servers or `memory`, or give the zones less",
        ),
        Refusal::Processor => (
            "the caps on each of its servers would exceed the cores four times".into(),
            "add servers or cores, or lower the caps",
        ),
    };
    let message = format!("every launch of a member of `{name}` will be refused: {why}");
    out.push(Diagnostic::new(Code::SeldomUsed, spec.zones.span, message).help(help));
}

/// Reports launches that take no time: a virtual machine has a default `boot`, a zone has none, so that a comparison of both would
/// favour zones.
fn check_times(
    draft: &Draft,
    at: usize,
    (name, spec): (&Name, &ScalerSpec),
    out: &mut Diagnostics,
) {
    let ScalerLinks { zone: Some(zone), service: Some(service) } = draft.links.own.scalers[at]
    else {
        return;
    };
    let launch = &spec.launch.value;
    let boots = draft.scenario.zone[zone].1.boot.value > SimDuration::ZERO;
    let restarts = draft.scenario.service[service].1.restart.is_some();
    if launch.provision.is_some() || launch.boot.is_some() || boots || restarts {
        return;
    }
    let message = format!(
        "a member that `{name}` launches serves at once: it takes no time to provision or to boot"
    );
    let help = "give `launch = { provision = …, boot = … }`; a zone takes some 7 to 30 s in all";
    out.push(Diagnostic::new(Code::AtOnce, spec.zones.span, message).help(help));
}

/// Returns a server with the fewest members that each scaler may have, in the first of its places, and all other zones.
fn fewest_on(draft: &Draft, id: ServerId) -> Server {
    let host = &draft.scenario.server[id.group].1;
    let scalers = draft.scenario.scaler.iter().zip(&draft.links.own.scalers);
    let fewest = |zone: usize| {
        let of = scalers.clone().find(|(_, links)| links.zone == Some(zone));
        of.map_or(usize::MAX, |((_, spec), _)| spec.minimum.value as usize)
    };
    let zones = draft.placed.zones.iter().enumerate().map(|(zone, stands)| {
        let here = stands.iter().take(fewest(zone)).filter(|on| **on == id).count();
        Zones::of(&size(draft, zone), place(here))
    });
    let zones = zones.fold(Zones::default(), Zones::with);
    Server {
        running: true,
        memory: host.memory.as_ref().map(|memory| memory.value),
        held: zones.memory,
        cores: host.cores.value,
        caps: zones.caps,
        capped: zones.capped,
        uncapped: zones.uncapped,
        own: 0,
    }
}
