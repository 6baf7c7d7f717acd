//! Rules of a scaler from the draft: its slots, their servers, and the times and terms of its section.

use crate::convert::{place, whole};
use crate::kinds::scaler::mechanism::{Boot, Host, Neighbour, Rules, Zones};
use crate::kinds::scaler::moves::moves;
use crate::kinds::scaler::spec::{ScaleStepSpec, ScalerSpec};
use crate::mechanism::placement::{Wanted, Weights};
use crate::mechanism::scaling::{Rule, Step, Terms};
use crate::plan::Draft;
use crate::plan::placement::{ServerId, starts};
use crate::plan::program::law_of;
use crate::plan::scaled::{most_of, start_of};
use crate::scenario::value::Spanned;
use crate::units::Bytes;

/// Purpose of the draws of a launch. Their owner is the scaler, by name.
pub const LAUNCH: &str = "launch";
/// Purpose of the draws by which servers are ranked.
pub const SERVER: &str = "launch-server";

/// Returns the rules of a scaler whose zones and service are known.
#[must_use]
pub fn rules(draft: &Draft, index: usize, (zone, service): (usize, usize)) -> Rules {
    let (_, spec) = &draft.scenario.scaler[index];
    let process = &draft.scenario.service[service].1;
    let group = &draft.scenario.zone[zone].1;
    let (slots, servers) = hosts(draft, zone);
    let launch = &spec.launch.value;
    let law = |law: &Spanned<_>| law_of(law).sampler();
    let boot = match &launch.boot {
        Some(boot) => Boot::Law(law(boot)),
        None => Boot::Own(group.boot.value, process.restart.as_ref().map(law)),
    };
    let weights = &spec.placement.value;
    Rules {
        slots,
        neighbours: neighbours(draft, index, &servers),
        hosts: servers.into_iter().map(|server| host(draft, zone, server)).collect(),
        wanted: size(draft, zone),
        weights: Weights {
            memory: weights.memory.value,
            owner: weights.owner.value,
            random: weights.random.value,
        },
        start: start_of(spec),
        terms: terms(spec, group.count.value),
        metric: spec.metric.value,
        period: spec.period.value,
        lag: spec.lag.value,
        provision: launch.provision.as_ref().map(law),
        boot,
        failure: launch.failure.value.get(),
        retry_after: launch.retry_after.value,
        drain: spec.drain.value,
        replace: spec.replace.as_ref().map(|replace| replace.value),
        moves: moves(draft, (zone, service)),
    }
}

/// Returns the server of each slot of a group of zones, by place among the servers, and these.
#[must_use]
pub fn hosts(draft: &Draft, zone: usize) -> (Vec<usize>, Vec<ServerId>) {
    let mut servers: Vec<ServerId> = Vec::new();
    let place = |server: &ServerId| {
        servers.iter().position(|other| other == server).unwrap_or_else(|| {
            servers.push(*server);
            servers.len() - 1
        })
    };
    let slots = draft.placed.zones[zone].iter().map(place).collect();
    (slots, servers)
}

/// Returns a number of cores in percent of one.
fn percent(cores: f64) -> u64 {
    whole::u64((cores * 100.0).round())
}

/// Returns the other scalers with slots on the servers of a scaler.
fn neighbours(draft: &Draft, index: usize, servers: &[ServerId]) -> Vec<Neighbour> {
    let others = draft.links.own.scalers.iter().enumerate().filter(|(at, _)| *at != index);
    let neighbours = others.filter_map(|(scaler, links)| {
        let (_, of_other) = hosts(draft, links.zone?);
        let place = |server| of_other.iter().position(|other| other == server);
        let hosts: Vec<Option<usize>> = servers.iter().map(place).collect();
        hosts.iter().any(Option::is_some).then_some(Neighbour { scaler, hosts })
    });
    neighbours.collect()
}

/// Returns the scalers that share servers with a scaler, those that share servers with them, and so on, with itself, by name;
/// none if it shares no server.
pub(super) fn fleet(draft: &Draft, index: usize) -> Vec<usize> {
    let mut found = vec![index];
    let mut at = 0;
    while let Some(scaler) = found.get(at).copied() {
        let zone = draft.links.own.scalers[scaler].zone;
        let servers = zone.map_or(Vec::new(), |zone| hosts(draft, zone).1);
        for of in neighbours(draft, scaler, &servers) {
            if !found.contains(&of.scaler) {
                found.push(of.scaler);
            }
        }
        at += 1;
    }
    found.sort_by_key(|of| &draft.scenario.scaler[*of].0.text);
    if found.len() == 1 { Vec::new() } else { found }
}

/// Returns a server as it is without the members of scalers; a member of the group `zone` may use it.
fn host(draft: &Draft, zone: usize, server: ServerId) -> Host {
    let spec = &draft.scenario.server[server.group].1;
    let scaled = starts(&draft.scenario, &draft.names);
    let cores = spec.cores.value;
    let cap = draft.scenario.zone[zone].1.cpu.cap.as_ref();
    let fixed = draft.placed.zones.iter().enumerate().filter(|(at, _)| !scaled.contains_key(at));
    let zones = fixed.map(|(other, stands)| {
        let here = stands.iter().filter(|on| **on == server).count();
        Zones::of(&size(draft, other), place(here))
    });
    Host {
        cores,
        capacity: cap.map_or(f64::from(cores), |cap| f64::from(cores).min(cap.value)),
        memory: spec.memory.as_ref().map(|memory| memory.value),
        zones: zones.fold(Zones::default(), Zones::with),
        provisions: spec.provisions.as_ref().map(|most| most.value),
    }
}

/// Returns what a zone of a group takes of its server.
pub(super) fn size(draft: &Draft, group: usize) -> Wanted {
    let zone = &draft.scenario.zone[group].1;
    Wanted {
        memory: zone.memory.as_ref().map_or(Bytes::new(0), |memory| memory.value),
        cap: zone.cpu.cap.as_ref().map(|cap| percent(cap.value)),
    }
}

/// Returns the terms of a scaler whose group has `all` members.
#[must_use]
pub fn terms(spec: &ScalerSpec, all: u32) -> Terms {
    let rule = match &spec.target {
        Some(target) => Rule::Target { value: target.value, tolerance: spec.tolerance.value },
        None => Rule::Steps(spec.steps.iter().filter_map(step).collect()),
    };
    Terms {
        minimum: spec.minimum.value,
        maximum: most_of(spec, all),
        rule,
        cool_out: spec.cool_down.value.out.value,
        cool_in: spec.cool_down.value.in_.value,
    }
}

fn step(step: &ScaleStepSpec) -> Option<Step> {
    match (&step.above, &step.below) {
        (Some(above), _) => Some(Step::Above(above.value, step.add.as_ref()?.value)),
        (None, Some(below)) => Some(Step::Below(below.value, step.remove.as_ref()?.value)),
        (None, None) => None,
    }
}
