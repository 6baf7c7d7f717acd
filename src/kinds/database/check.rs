//! References of databases, and checks of their keys.

use std::collections::BTreeSet;

use crate::convert::place;
use crate::kinds::database::copies::bare;
use crate::kinds::database::links::{DatabaseMember, Role};
use crate::kinds::database::spec::{
    DatabaseFailoverSpec, DatabaseSpec, Promotion, ReadsTo, ReplicationMode,
};
use crate::kinds::database::{Database, far, links, modes};
use crate::plan::Draft;
use crate::plan::between::link_there_and_back;
use crate::plan::checks::{exclude, far_probe, inert, inert_if, missing, no_time};
use crate::plan::drawing::arrows::{Arrow, Carries, End};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Store, Walk};
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part;
use crate::plan::{faults, feeds};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

impl Checks for Database {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (name, database) in walk.scenario().database.iter() {
            links.databases.push(links::follow(walk, name, database));
        }
        links::balanced_databases(walk, links);
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        let all = &draft.scenario.database;
        for (at, (name, database)) in all.iter().enumerate() {
            // Of a section with a `count`, the first is checked for all.
            if at > 0 && all[at - 1].0.span == name.span {
                continue;
            }
            check_database(draft, at, name, database, out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        for database in &draft.links.databases {
            used.extend(database.through.map(|balancer| (Kind::Balancer, balancer)));
            for member in &database.members {
                used.extend(member.zone.map(|(zone, _)| (Kind::Zone, zone)));
                used.extend(member.store.as_ref().map(Store::component));
            }
        }
    }

    /// Returns the arrows between its members, to their storage, and from the balancer of its reads to its replicas.
    fn arrows(&self, draft: &Draft, index: usize) -> Vec<Arrow> {
        let links = &draft.links.databases[index];
        let mut all = Vec::new();
        for (member, at) in links.members.iter().zip(0..) {
            let part = |member| End::Part(Part::Database { database: index, member });
            if let Some(store) = member.store {
                all.push(Arrow::new(part(at), End::Stores(vec![store]), Carries::Data));
            }
            let (from, carries) = match member.role {
                Role::Replica => (links.of(Role::Primary).next(), Carries::Replication),
                Role::Primary => (None, Carries::Requests),
            };
            all.extend(from.map(|from| Arrow::new(part(from), part(at), carries)));
            if let Some(balancer) = links.through.filter(|_| member.role == Role::Replica) {
                let from = End::Component(Kind::Balancer, balancer);
                all.push(Arrow::new(from, part(at), Carries::Requests));
            }
        }
        all
    }

    /// Returns the primary; where replicas answer reads, also these or the balancer in front of them.
    fn receives(&self, draft: &Draft, index: usize) -> Vec<End> {
        let links = &draft.links.databases[index];
        let reads = draft.scenario.database[index].1.reads.as_ref();
        let by_replicas = reads.is_some_and(|reads| reads.to.value == ReadsTo::Replicas);
        let part = |member| End::Part(Part::Database { database: index, member });
        let mut all: Vec<End> = links.of(Role::Primary).map(part).collect();
        let spec = &draft.scenario.database[index].1;
        if spec.all_read() || spec.all_write() {
            all.extend(links.of(Role::Replica).map(part));
            return all;
        }
        match links.through {
            _ if !by_replicas => {}
            Some(balancer) => all.push(End::Component(Kind::Balancer, balancer)),
            None => all.extend(links.of(Role::Replica).map(part)),
        }
        all
    }

    none!(entrance, onward, store, unused, begins, lint);
}

/// Reports a buffer that is cold over years in a file without a horizon, and one that is cold in windows alone in a file with one.
fn check_cold(draft: &Draft, name: &Name, database: &DatabaseSpec, out: &mut Diagnostics) {
    let Some(cold) = &database.cold else { return };
    match (&cold.over_years, draft.scenario.run.horizon.is_some()) {
        (Some(over_years), false) => {
            let message = "there is no `horizon` over which traffic is followed";
            inert(over_years.span, message, "give a `horizon`, or remove `over-years`", out);
        }
        (None, true) => {
            let message = format!(
                "over years the buffer of `{name}` is never cold: reads that miss after a restart or a promotion cost \
                 nothing there"
            );
            let help = "set `over-years = true` in `cold`, or take their cost from a window around the break";
            out.push(Diagnostic::new(Code::OverYears, cold.span, message).help(help));
        }
        _ => {}
    }
}

fn check_database(
    draft: &Draft,
    at: usize,
    name: &Name,
    database: &DatabaseSpec,
    out: &mut Diagnostics,
) {
    check_cold(draft, name, database, out);
    let members = &database.in_;
    let replicas = draft.links.databases[at].replicas();
    let given = members.replicas.as_ref().map_or(0, |replicas| replicas.len());
    // An empty list is a group of one, as a sweep over the number of members has it.
    if given == 0 {
        let message = format!("`{name}` has no replica");
        let help = "add `replicas`, or remove this";
        inert_if(database.failover.as_ref(), &message, help, out);
        inert_if(database.rebuild.as_ref(), &message, help, out);
    }
    if given == 0 && members.replicas.is_none() {
        let message = format!("`{name}` has no replica");
        let help = "add `replicas`, or remove this";
        inert_if(database.replication.as_ref(), &message, help, out);
        if let Some(reads) = &database.reads
            && reads.to.value != ReadsTo::Primary
        {
            inert(reads.to.span, message, "send reads to the primary", out);
        }
    } else if replicas > 0 && database.replication.is_none() {
        missing(database.span, "replication", "the replication to the replicas", out);
    }
    if replicas > 63
        && let Some(replicas) = &members.replicas
    {
        let message = format!("`{name}` has {} replicas, at most 63", replicas.len());
        out.push(Diagnostic::new(Code::OutOfRange, replicas.span, message));
    }
    if let Some(reads) = database.reads.as_ref().filter(|r| r.to.value == ReadsTo::Primary) {
        let message = "the primary lacks no write of its own";
        inert_if(reads.max_staleness.as_ref(), message, "send reads to the replicas", out);
        let message = "a balancer picks among replicas; there is one primary";
        inert_if(reads.through.as_ref(), message, "send reads to the replicas", out);
    }
    if replicas > 0
        && let Some(failover) = &database.failover
    {
        check_failover(draft, at, database, failover, out);
    } else if replicas > 0 && database.protocol().is_none() {
        let message = "without a `failover` no member ever leaves the group";
        inert_if(database.rebuild.as_ref(), message, "add `failover`, or remove this", out);
    }
    check_link(draft, at, database, out);
    modes::check(name, database, (replicas, given == 0 && members.replicas.is_some()), out);
    check_data(draft, at, database, out);
}

/// Reports bytes of writes that cross no link, and a failover whose every probe over one fails.
fn check_link(draft: &Draft, at: usize, database: &DatabaseSpec, out: &mut Diagnostics) {
    let how = database.replication.as_ref();
    let sends = how.and_then(|how| how.sends.as_ref());
    let Some(ends) = far::ends(draft, at) else {
        // A misspelt name leaves the members at one site.
        if out.has_errors() {
            return;
        }
        let message = "no link is between the members: writes inside a site take no bandwidth";
        return inert_if(sends, message, "remove `sends`", out);
    };
    if let (Some(how), None) = (how, sends) {
        let link = ends.link.name(draft);
        let what =
            format!("the bytes of a write, which each replica behind the link `{link}` gets");
        missing(how.span, "sends", &what, out);
    }
    let Some(failover) = &database.failover else { return };
    let there_and_back = link_there_and_back(draft, ends.link);
    far_probe(draft, &failover.detect.time_out, (ends.link, there_and_back), out);
}

/// Returns the disks, links and feeds on which these parts depend: of each group one is enough.
fn below(draft: &Draft, stands_on: &BTreeSet<Part>) -> Vec<Vec<Part>> {
    let mut all: Vec<Vec<Part>> = Vec::new();
    for part in stands_on {
        let life = part.answers().life(draft, *part);
        all.extend([Vec::from_iter(life.disks), life.links, feeds::of(draft, *part)]);
    }
    let mut at = 0;
    while at < all.len() {
        for part in all[at].clone() {
            let above = feeds::of(draft, part);
            if !all.contains(&above) {
                all.push(above);
            }
        }
        at += 1;
    }
    all.retain(|group| !group.is_empty());
    all
}

/// Reports a switch-over that no planned work announces, or that is not simulated.
fn check_switch_over(
    draft: &Draft,
    at: usize,
    failover: &DatabaseFailoverSpec,
    out: &mut Diagnostics,
) {
    let Some(switch_over) = &failover.switch_over else { return };
    if failover.promotion.value == Promotion::Remount {
        let why = "the volume of a primary is not handed over before planned work";
        return exclude(switch_over.span, failover.promotion.span, why, out);
    }
    if switch_over.value.law().mean() <= 0.0 {
        let message = "`switch-over` takes no time";
        let wrong = Diagnostic::new(Code::OutOfRange, switch_over.span, message);
        return out.push(wrong.help("give the time in which no member takes writes"));
    }
    if out.has_errors() {
        return;
    }
    let spec = &draft.scenario.database[at].1;
    let sync = spec.replication.as_ref().filter(|how| how.mode.value == ReplicationMode::Sync);
    if let Some(how) = sync {
        let why = "a switch-over of synchronous replicas is not simulated";
        return exclude(switch_over.span, how.mode.span, why, out);
    }
    if let Some(ends) = far::ends(draft, at) {
        let link = ends.link.name(draft);
        let message =
            format!("a switch-over between members over the link `{link}` is not simulated");
        let wrong = Diagnostic::new(Code::NotYet, switch_over.span, message);
        return out.push(wrong.help("remove this"));
    }
    let mut stands_on = BTreeSet::new();
    for member in 0..place(draft.links.databases[at].members.len()) {
        let part = Part::Database { database: at, member };
        stands_on.insert(part);
        stands_on.extend(part.domains(draft));
    }
    let below = below(draft, &stands_on);
    let mut taken_out = false;
    for (_, operation) in draft.scenario.operation.iter() {
        let parts = faults::taken_out(draft, operation);
        // A deployment takes its parts out one after the other.
        let whole = |group: &&Vec<Part>| {
            (group.len() == 1 || !operation.deploys())
                && group.iter().all(|part| parts.contains(part))
        };
        if let Some(group) = below.iter().find(whole) {
            let part = group[0].name(draft);
            let message = format!("a switch-over before work on `{part}` is not simulated");
            let wrong = Diagnostic::new(Code::NotYet, switch_over.span, message);
            let help = "plan the work for its zones, servers, rack or site, or remove this";
            return out.push(wrong.help(help));
        }
        taken_out |= parts.iter().any(|part| stands_on.contains(part));
    }
    if !taken_out {
        let name = &draft.scenario.database[at].0;
        let message = format!("no planned work takes out a member of `{name}`");
        let help = "add an [operation.NAME] of its zones, or remove this";
        inert(switch_over.span, message, help, out);
    }
}

/// Checks a failover. A volume can be taken over only from a file server, and only with fencing.
fn check_failover(
    draft: &Draft,
    at: usize,
    database: &DatabaseSpec,
    failover: &DatabaseFailoverSpec,
    out: &mut Diagnostics,
) {
    no_time(
        &failover.manual_repair,
        "manual-repair",
        "set coverage = 1 where every takeover works",
        out,
    );
    check_switch_over(draft, at, failover, out);
    if failover.promotion.value != Promotion::Remount {
        return;
    }
    if !failover.fence.value {
        let why = "two primaries on one volume destroy it";
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
        let message =
            format!("the disks of `{zone}` are in its server: no other member can take them over");
        let help = "put the data on a file server, or promote a replica";
        let found = Diagnostic::new(Code::OutOfRange, failover.promotion.span, message);
        out.push(found.help(help));
    }
}

/// Reports members without `data` where queries read or write disks.
fn check_data(draft: &Draft, at: usize, database: &DatabaseSpec, out: &mut Diagnostics) {
    let write = &database.write;
    let forced = database.replication.as_ref().and_then(|how| how.force_io.as_ref());
    let io = database.read.io.is_some()
        || write.sync_io.value + write.deferred_io.value > 0.0
        || forced.is_some_and(|forced| forced.value > 0.0);
    if !io {
        return;
    }
    for member in &draft.links.databases[at].members {
        let Some((zone, number)) = member.zone else { continue };
        let zone = member_name(&draft.scenario.zone[zone].0, number);
        let listed = database.data.iter().any(|(key, _)| {
            let bare = bare(key);
            *bare == zone
                || draft.names.find(bare) == draft.names.find(&zone)
                || zone.strip_suffix("-1") == Some(bare)
        });
        if !listed {
            let key = format!("data.{zone}");
            missing(database.span, &key, "its queries read and write disks", out);
        }
    }
}
