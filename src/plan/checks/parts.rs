//! Components: keys that need or exclude each other, quorums, guarantees, keys without effect. A key
//! without effect that says what holds without it is no mistake.

use std::collections::BTreeMap;

use crate::convert::table;
use crate::kinds::balancer::spec::{Algorithm, BalancerSpec};
use crate::kinds::database::spec::{DatabaseFailoverSpec, DatabaseSpec, Promotion, ReadsTo};
use crate::kinds::nas::spec::NasSpec;
use crate::kinds::service::spec::ServiceSpec;
use crate::kinds::station::spec::{PickWord, StationSpec};
use crate::kinds::unit::spec::{GroupMode, GroupSpec};
use crate::kinds::zone::spec::{Placement, ZoneSpec};
use crate::model::spec::probe::Depth;
use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert, inert_if, missing, no_time, takes_time};
use crate::plan::faults::textbook;
use crate::plan::kind;
use crate::plan::links::{DatabaseMember, GroupMember, Role, Store};
use crate::plan::load;
use crate::plan::names::member_name;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::scenario::value::Spanned;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    links(draft, out);
    for (name, site) in scenario.site.iter() {
        if let Some(uplinks) = &site.uplinks
            && uplinks.count.value == 1
            && uplinks.convergence.given
        {
            let message = format!("`{name}` has one uplink: nothing else carries its users");
            inert(uplinks.convergence.span, message, "raise `count`, or remove it", out);
        }
    }
    for (_, zone) in scenario.zone.iter() {
        check_zone(zone, out);
    }
    guarantees(draft, out);
    for (at, (name, service)) in scenario.service.iter().enumerate() {
        check_service(name, service, draft.links.services[at].members, out);
    }
    for (at, (name, balancer)) in scenario.balancer.iter().enumerate() {
        check_balancer(name, balancer, out);
        check_weights(draft, at, balancer, out);
        check_sticky(draft, at, name, balancer, out);
    }
    for (at, (_, cdn)) in scenario.cdn.iter().enumerate() {
        super::cdn::check(draft, at, cdn, out);
    }
    for planned in kind::all() {
        planned.check(draft, out);
    }
    for (at, (name, database)) in scenario.database.iter().enumerate() {
        check_database(draft, at, name, database, out);
    }
    for (name, nas) in scenario.nas.iter() {
        check_nas(name, nas, out);
    }
    for (_, station) in scenario.station.iter() {
        check_station(station, out);
    }
    for (_, unit) in scenario.unit.iter() {
        takes_time(unit.repair.as_ref(), "repair", "a unit stays down", out);
    }
    for (at, (name, group)) in scenario.group.iter().enumerate() {
        check_group(name, group, &draft.links.groups[at], out);
    }
    check_arranged(draft, out);
}

fn links(draft: &Draft, out: &mut Diagnostics) {
    for (at, (_, link)) in draft.scenario.link.iter().enumerate() {
        let between = &link.between;
        let sites = &draft.links.links[at];
        if between.len() != 2 {
            let message = format!("a link lies between 2 sites, not {}", between.len());
            out.push(Diagnostic::new(Code::OutOfRange, between.span, message));
        } else if sites.len() == 2 && sites[0] == sites[1] {
            let message = format!("a link from `{}` to itself", between[0].text);
            out.push(Diagnostic::new(Code::SelfReference, between.span, message));
        }
    }
}

fn check_zone(zone: &ZoneSpec, out: &mut Diagnostics) {
    let cpu = &zone.cpu;
    if let (Some(baseline), Some(cap)) = (&cpu.baseline, &cpu.cap)
        && baseline.value > cap.value
    {
        let message =
            format!("the baseline of {} is above the cap of {}", baseline.value, cap.value);
        out.push(
            Diagnostic::new(Code::OutOfRange, baseline.span, message).related(cap.span, "the cap"),
        );
    }
    if let Some(burst) = &cpu.burst {
        match (&cpu.baseline, &cpu.cap) {
            (None, _) => {
                let message = "there is no `baseline` to burst above";
                inert(burst.span, message, "give a `baseline`, or remove `burst`", out);
            }
            (Some(baseline), Some(cap)) if cap.value <= baseline.value => {
                let message = format!(
                    "nothing lies between the baseline and the cap, both {}: it cannot burst",
                    cap.value
                );
                let help = "raise the `cap`, lower the `baseline`, or remove `burst`";
                inert(burst.span, message, help, out);
            }
            _ => {}
        }
    }
    if let Some(on) = &zone.on {
        let help = "remove it, or leave `on` out";
        if zone.placement.value != Placement::Spread {
            inert(zone.placement.span, "`on` says where each member stands", help, out);
        }
        if let Some(among) = &zone.among {
            exclude(among.span, on.span, "`on` says where each member stands", out);
        }
    }
}

/// Baselines of the zones on a server are promises: together at most its cores.
fn guarantees(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let mut promised: Vec<Vec<f64>> =
        scenario.server.iter().map(|(_, s)| vec![0.0; s.count.value as usize]).collect();
    for (zone, stands) in draft.placed.zones.iter().enumerate() {
        let baseline = scenario.zone[zone].1.cpu.baseline.as_ref().map_or(0.0, |b| b.value);
        for id in stands {
            promised[id.group][id.member as usize] += baseline;
        }
    }
    for (group, members) in promised.iter().enumerate() {
        let (name, server) = &scenario.server[group];
        let cores = f64::from(server.cores.value);
        let over = |sum: &f64| *sum > cores * (1.0 + 1e-9);
        let Some(member) = members.iter().position(over) else { continue };
        let more = members.iter().filter(|sum| over(sum)).count() - 1;
        let message = format!(
            "server `{}` cannot keep what it guarantees: {} of {cores} cores{}",
            member_name(name, table::u32(member)),
            members[member],
            if more > 0 { format!(", and {more} more like it") } else { String::new() }
        );
        let mut held = Vec::new();
        for (zone, stands) in draft.placed.zones.iter().enumerate() {
            let (zone, spec) = &scenario.zone[zone];
            let Some(baseline) = &spec.cpu.baseline else { continue };
            for (at, id) in stands.iter().enumerate() {
                if id.group == group && id.member as usize == member {
                    held.push(format!("{} {}", member_name(zone, table::u32(at)), baseline.value));
                }
            }
        }
        let span = server.cores.span;
        out.push(Diagnostic::new(Code::Capacity, span, message).help(held.join(", ")));
    }
}

/// `needs` of so many.
fn quorum(needs: &Spanned<u32>, name: &Name, of: u32, what: &str, out: &mut Diagnostics) {
    if of > 0 && needs.value > of {
        let message = format!("`{name}` needs {} of {of} {what}", needs.value);
        let help = format!("at most {of} can be up");
        out.push(Diagnostic::new(Code::Quorum, needs.span, message).help(help));
    }
}

fn check_service(name: &Name, service: &ServiceSpec, members: u32, out: &mut Diagnostics) {
    quorum(&service.needs, name, members, "members", out);
    if let (crate::kinds::service::spec::Workers::Unlimited, Some(backlog)) =
        (service.workers.value, &service.backlog)
    {
        let message = "with unlimited workers nobody waits";
        inert(backlog.span, message, "remove `backlog`, or bound the workers", out);
    }
}

/// Weights are of members, or of services, that stand behind the balancer.
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

/// Sessions stick where users have some, and where their own requests come.
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
        let message = "by `hash` a page view has its member whatever the one before it met";
        exclude(span, balancer.algorithm.span, message, out);
    }
    if draft.links.balancers[at].targets.len() == 1 {
        let message = format!("`{name}` has one member: everybody is with it");
        inert(span, message, "remove `sticky`", out);
    }
    let scenario = &draft.scenario;
    let comes_here = |class: usize| draft.links.view_comes_to(class, at);
    let workloads = scenario.workload.iter().zip(&draft.links.classes);
    let here = workloads.filter(|(_, class)| class.is_some_and(comes_here));
    let here: Vec<_> = here.map(|((_, workload), _)| workload).collect();
    if here.is_empty() {
        let message = format!("no user's own requests come to `{name}`: cookies are the client's");
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
            format!("who comes to `{name}` has no session: each page view is another user's");
        inert(span, message, "give the clients a `session`, or remove `sticky`", out);
    }
}

fn check_balancer(name: &Name, balancer: &BalancerSpec, out: &mut Diagnostics) {
    let count = &balancer.count;
    if count.value > 2 && balancer.peers.is_none() {
        let message = format!("`count` is {}, at most 2: one works, one watches", count.value);
        let help = format!("where all work, say what they share: `[balancer.{name}.peers]`");
        out.push(Diagnostic::new(Code::OutOfRange, count.span, message).help(help));
    }
    check_room(balancer, out);
    match &balancer.failover {
        _ if balancer.peers.is_some() => check_peers(name, balancer, out),
        None if balancer.vrrp.is_some() => {
            let message = format!("`{name}` has nobody to take over");
            let vrrp = balancer.vrrp.as_ref().filter(|_| count.value == 1);
            inert_if(vrrp, &message, "set count = 2, or remove `vrrp`", out);
        }
        None if count.value == 2 => {
            let message = format!("the second unit of `{name}` never takes over");
            inert(count.span, message, &format!("add `[balancer.{name}.failover]`"), out);
        }
        Some(failover) if count.value == 1 => {
            let message = format!("`{name}` has nobody to take over");
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
        let message = "a deep probe sees a hang";
        inert_if(check.sees_hang.as_ref(), message, "remove `sees-hang`", out);
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
        let message = "its zone says how many cores it has";
        inert_if(balancer.cores.as_ref(), message, "remove `cores`", out);
    } else if balancer.cpu.is_some() && balancer.cores.is_none() {
        missing(balancer.span, "cores", "`cpu` is work of so many cores", out);
    } else if balancer.cpu.is_none() {
        let message = "no work is given for these cores";
        inert_if(balancer.cores.as_ref(), message, "give `cpu`, or remove `cores`", out);
    }
}

/// Bounds on connections, and the lines for them.
fn check_room(balancer: &BalancerSpec, out: &mut Diagnostics) {
    if balancer.limit.is_none() {
        let message = "a unit without `limit` takes everybody in";
        inert_if(balancer.backlog.as_ref(), message, "give `limit`, or remove `backlog`", out);
    }
    if balancer.member_limit.is_none() {
        let message = "without `member-limit` nobody waits in line here";
        inert_if(balancer.line.as_ref(), message, "give `member-limit`, or remove `line`", out);
        let help = "give `member-limit`, or remove `line-time-out`";
        inert_if(balancer.line_time_out.as_ref(), message, help, out);
    } else if balancer.line.as_ref().is_some_and(|line| line.value == 0) {
        let message = "with `line = 0` nobody waits";
        inert_if(balancer.line_time_out.as_ref(), message, "remove `line-time-out`", out);
    }
}

/// Units that own addresses together.
fn check_peers(name: &Name, balancer: &BalancerSpec, out: &mut Diagnostics) {
    let Some(peers) = &balancer.peers else { return };
    if balancer.count.value == 1 {
        let message = format!("`{name}` has nobody to share addresses with");
        inert(peers.span, message, "raise `count`, or remove `peers`", out);
    }
    if let Some(failover) = &balancer.failover {
        exclude(peers.span, failover.span, "two ways of taking over", out);
    }
    if let Some(vrrp) = &balancer.vrrp {
        exclude(peers.span, vrrp.span, "two ways of taking over", out);
    }
}

fn check_database(
    draft: &Draft,
    at: usize,
    name: &Name,
    database: &DatabaseSpec,
    out: &mut Diagnostics,
) {
    let members = &database.in_;
    match (&members.master, &members.index) {
        (None, None) => missing(members.span, "master", "or `index` and `shards`", out),
        (Some(master), Some(index)) => {
            exclude(index.span, master.span, "a master with slaves, or an index with shards", out);
        }
        (Some(_), None) => {
            let help = "write `index` instead of `master`";
            inert_if(members.shards.as_ref(), "shards stand behind an index", help, out);
            let message = "there is no index server to look up at";
            inert_if(database.look_up.as_ref(), message, "remove `look-up`", out);
        }
        (None, Some(_)) => {
            if database.look_up.is_none() {
                missing(database.span, "look-up", "the work of the index server", out);
            }
            match &members.shards {
                None => missing(members.span, "shards", "what stands behind the index", out),
                Some(shards) if shards.is_empty() => {
                    let message = "no shard stands behind the index";
                    out.push(Diagnostic::new(Code::Empty, shards.span, message));
                }
                Some(_) => {}
            }
            let help = "write `master` instead of `index`";
            inert_if(members.slaves.as_ref(), "slaves follow a master", help, out);
        }
    }
    let slaves = draft.links.databases[at].of(Role::Slave).count();
    let given = members.slaves.as_ref().map_or(0, |slaves| slaves.len());
    if given == 0 {
        let message = format!("`{name}` has no slave");
        let help = "add `slaves`, or remove this";
        inert_if(database.failover.as_ref(), &message, help, out);
        inert_if(database.replication.as_ref(), &message, help, out);
        inert_if(database.rebuild.as_ref(), &message, help, out);
        if let Some(reads) = &database.reads
            && reads.to.value == ReadsTo::Slaves
        {
            inert(reads.to.span, message, "send reads to the master", out);
        }
    } else if slaves > 0 && database.replication.is_none() {
        missing(database.span, "replication", "how the slaves follow", out);
    }
    if slaves > 63
        && let Some(slaves) = &members.slaves
    {
        let message = format!("`{name}` has {} slaves, at most 63", slaves.len());
        out.push(Diagnostic::new(Code::OutOfRange, slaves.span, message));
    }
    if let Some(reads) = database.reads.as_ref().filter(|r| r.to.value == ReadsTo::Master) {
        let message = "the master lacks no write of its own";
        inert_if(reads.tolerates.as_ref(), message, "send reads to the slaves", out);
        let message = "a balancer picks among slaves; there is one master";
        inert_if(reads.through.as_ref(), message, "send reads to the slaves", out);
    }
    if slaves > 0
        && let Some(failover) = &database.failover
    {
        check_failover(draft, at, database, failover, out);
    } else if slaves > 0 {
        let message = "without a `failover` no member ever leaves the group";
        inert_if(database.rebuild.as_ref(), message, "add `failover`, or remove this", out);
    }
    check_data(draft, at, database, out);
}

/// Another's volume can be taken from a file server only, and by one at a time.
fn check_failover(
    draft: &Draft,
    at: usize,
    database: &DatabaseSpec,
    failover: &DatabaseFailoverSpec,
    out: &mut Diagnostics,
) {
    no_time(&failover.failed, "failed", "set coverage = 1 where every takeover works", out);
    if failover.promotion.value != Promotion::Remount {
        return;
    }
    if !failover.fence.value {
        let why = "two masters on one volume destroy it";
        exclude(failover.fence.span, failover.promotion.span, why, out);
    }
    let links = &draft.links.databases[at];
    let local = |member: &&DatabaseMember| matches!(member.store, Some(Store::Disks { .. }));
    if database.data.is_empty() {
        let message = "there is no data to take over: the members have none";
        let help = "add `data`, or promote a replica";
        inert(failover.promotion.span, message, help, out);
    } else if let Some(member) = links.members.iter().find(local) {
        let zone =
            member.zone.map(|(zone, number)| member_name(&draft.scenario.zone[zone].0, number));
        let zone = zone.unwrap_or_default();
        let message = format!("the disks of `{zone}` are in its server: nobody else can take them");
        let help = "put the data on a file server, or promote a replica";
        let found = Diagnostic::new(Code::OutOfRange, failover.promotion.span, message);
        out.push(found.help(help));
    }
}

/// Members that read or write need to know where.
fn check_data(draft: &Draft, at: usize, database: &DatabaseSpec, out: &mut Diagnostics) {
    let write = &database.write;
    let io = database.read.io.is_some() || write.sync_io.value + write.deferred_io.value > 0.0;
    if !io {
        return;
    }
    for member in &draft.links.databases[at].members {
        let Some((zone, number)) = member.zone else { continue };
        let zone = member_name(&draft.scenario.zone[zone].0, number);
        let listed = database.data.iter().any(|(key, _)| {
            let bare = key.text.strip_prefix("zone.").unwrap_or(&key.text);
            *bare == zone
                || draft.names.find(bare) == draft.names.find(&zone)
                || zone.strip_suffix("-1") == Some(bare)
        });
        if member.role != Role::Index && !listed {
            let key = format!("data.{zone}");
            missing(database.span, &key, "its queries read and write disks", out);
        }
    }
}

fn check_nas(name: &Name, nas: &NasSpec, out: &mut Diagnostics) {
    if nas.heads.value > 2 {
        let message = format!("`heads` is {}, at most 2", nas.heads.value);
        out.push(Diagnostic::new(Code::OutOfRange, nas.heads.span, message));
    }
    if let Some(failover) = &nas.failover
        && nas.heads.value == 1
    {
        let message = format!("`{name}` has one head: nobody takes over or gives back");
        inert(failover.span, message, "set heads = 2, or remove `failover`", out);
    }
    match (&nas.grace, &nas.opens) {
        (Some(grace), None) => {
            missing(grace.span, "opens", "the share of operations that a grace holds up", out);
        }
        (None, Some(opens)) => {
            inert(opens.span, "without a `grace` nothing waits", "give a `grace`", out);
        }
        _ => {}
    }
    for (volume, spec) in nas.volumes.iter() {
        let pools = &spec.pool.value.0;
        if pools.len() > MAX_POOLS {
            let message = format!("`{name}:{volume}` lies on {} pools", pools.len());
            let help = format!("at most {MAX_POOLS}");
            out.push(Diagnostic::new(Code::TooMany, spec.pool.span, message).help(help));
        }
    }
}

/// Pools that one volume may be spread over.
const MAX_POOLS: usize = 64;

fn check_station(station: &StationSpec, out: &mut Diagnostics) {
    if station.count.value == 1 && station.pick.value != PickWord::RoundRobin {
        let message = "there is one station: nothing is picked";
        inert(station.pick.span, message, "remove `pick`, or raise `count`", out);
    }
    if let Some(limit) = &station.limit
        && limit.value < station.servers.value
    {
        let message = format!(
            "with a limit of {} only so many of {} servers can be busy",
            limit.value, station.servers.value
        );
        inert(station.servers.span, message, "the limit counts those in service, too", out);
    }
}

/// A group that acts on what it counts takes units alone, and each unit is in one such group at most.
fn check_arranged(draft: &Draft, out: &mut Diagnostics) {
    let mut arranged: BTreeMap<GroupMember, &Name> = BTreeMap::new();
    let groups = draft.scenario.group.iter().zip(&draft.links.groups);
    for ((name, spec), members) in groups.filter(|((_, spec), _)| textbook::is_arranged(spec)) {
        let help =
            "only units stand by, age and fail together; count the rest in a group around it";
        if let Some(inner) = members.iter().find(|member| member.group().is_some()) {
            let inner = inner.name(&draft.scenario);
            let message = format!(
                "`{name}` counts the group `{inner}`, so `mode`, `ageing` and `beta` have no effect"
            );
            out.push(Diagnostic::new(Code::OutOfRange, spec.of.span, message).help(help));
        }
        for member in members {
            let Some(other) = arranged.insert(*member, name) else { continue };
            let unit = member.name(&draft.scenario);
            let message = format!(
                "`{name}` and `{other}` both say how `{unit}` stands by, ages or fails with others"
            );
            let found = Diagnostic::new(Code::OutOfRange, spec.of.span, message);
            out.push(found.help("let one of the groups only count: without mode, ageing and beta"));
            break;
        }
    }
}

fn check_group(name: &Name, group: &GroupSpec, members: &[GroupMember], out: &mut Diagnostics) {
    let word =
        if members.iter().any(|member| member.group().is_some()) { "members" } else { "units" };
    quorum(&group.needs, name, u32::try_from(members.len()).unwrap_or(u32::MAX), word, out);
    takes_time(group.failed.as_ref(), "failed", "nobody switches by hand", out);
    if group.mode.value == GroupMode::Parallel {
        let message = "all units of a parallel group work: none stands by";
        let help = "set mode = \"standby\", or remove it";
        if group.standby_rate.value != 1.0 {
            inert(group.standby_rate.span, message, help, out);
        }
        if group.coverage.value.get() != 1.0 {
            inert(group.coverage.span, message, help, out);
        }
        inert_if(group.switch_over.as_ref(), message, help, out);
        inert_if(group.failed.as_ref(), message, help, out);
    } else if group.coverage.value.get() == 1.0 {
        let message = "every switch works: nobody has to do it by hand";
        inert_if(group.failed.as_ref(), message, "set a `coverage` below 1, or remove it", out);
    }
}
