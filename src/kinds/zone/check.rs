//! References of servers and zones, and their mistakes.

use std::collections::BTreeSet;

use crate::convert::table;
use crate::kinds::disks;
use crate::kinds::disks::spec::DiskSetSpec;
use crate::kinds::zone::memory::is_adaptive;
use crate::kinds::zone::spec::{Placement, ServerSpec, ZoneSpec};
use crate::kinds::zone::{Server, Zone, caching, lent, links, vm, working_sets};
use crate::model::spec::memory::SecondLevelSpec;
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Store, User, Walk, find_named};
use crate::plan::names::{Kind, member_name};
use crate::plan::placement::ServerId;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::scenario::source::Span;

impl Checks for Server {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = 0..walk.scenario().server.len();
        links.servers = all.map(|group| links::rack(walk, group)).collect();
    }

    fn store(
        &self,
        walk: &mut Walk<'_>,
        index: usize,
        volume: &str,
        span: Span,
        user: Option<User>,
    ) -> Option<Store> {
        links::store(walk, index, volume, span, user)
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        guarantees(draft, out);
        for (group, (name, server)) in draft.scenario.server.iter().enumerate() {
            let memory = server.memory.as_ref().map(|memory| memory.value);
            let sets = server.disks.iter().map(|(_, set)| set);
            disks::check::of_server((name, memory), sets, out);
            for (set, (_, spec)) in server.disks.iter().enumerate() {
                let is_one = server.count.value == 1;
                let store = [Store::Disks { server: group, set }];
                disks::check::failures::check(draft, &store, spec, is_one, out);
            }
            check_memory(draft, group, out);
            check_tick(server, out);
        }
        lent::check(draft, out);
        working_sets::check(draft, out);
    }

    fn lint(&self, draft: &Draft, out: &mut Diagnostics) {
        caching::lint(draft, out);
    }

    fn purpose(&self) -> Purpose {
        Purpose::Named("no zone stands on it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.servers.iter().flatten().map(|rack| (Kind::Rack, *rack)));
    }

    none!(entrance, onward, unused, begins, arrows, receives);
}

impl Checks for Zone {
    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (index, (_, zone)) in draft.scenario.zone.iter().enumerate() {
            check_zone(zone, out);
            check_priority(draft, index, out);
            check_shares(draft, index, out);
            vm::check(draft, index, out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Named("nothing runs in it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.placed.zones.iter().flatten().map(|id| (Kind::Server, id.group)));
    }

    none!(follow, entrance, onward, store, unused, begins, arrows, receives, lint);
}

fn check_zone(zone: &ZoneSpec, out: &mut Diagnostics) {
    let cpu = &zone.cpu;
    if let (0, Some(baseline)) = (cpu.shares.value, &cpu.baseline) {
        let message = "a zone with 0 shares has what the others leave idle: no cores are its own";
        let found = Diagnostic::new(Code::KeysExclude, baseline.span, message);
        let help = "remove `baseline`, or give it shares";
        out.push(found.related(cpu.shares.span, "it has no shares").help(help));
    }
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

/// Reports an I/O priority where no set of disks of the zone's servers orders operations by zone.
fn check_priority(draft: &Draft, zone: usize, out: &mut Diagnostics) {
    let Some(priority) = &draft.scenario.zone[zone].1.io_priority else { return };
    let mut sets = draft.placed.zones[zone]
        .iter()
        .flat_map(|id| draft.scenario.server[id.group].1.disks.iter())
        .filter(|(_, set)| set.knows_zones());
    if priority.value != IO_PRIORITY && sets.next().is_none() {
        let message = "no set of disks of its servers has an `io-throttle` or queue classes";
        let help = "give a set of disks an `io-throttle` or `queue = \"classes\"`, or remove `io-priority`";
        inert(priority.span, message, help, out);
    }
}

/// Reports rules of a tick that no processor has, and a frequency that no kernel has.
fn check_tick(server: &ServerSpec, out: &mut Diagnostics) {
    let Some(tick) = &server.cpu_tick else { return };
    if !server.is_at_the_tick() {
        let help = "give `cpu-model = \"tick\"`, or remove `cpu-tick`";
        inert(tick.span, "the processors are fluid: they have no tick", help, out);
    }
    if ![100, 1000].contains(&tick.hz.value) {
        let message = format!("a kernel ticks 100 or 1000 times per second, not {}", tick.hz.value);
        out.push(Diagnostic::new(Code::OutOfRange, tick.hz.span, message));
    }
}

/// Largest number of shares that a kernel accepts (`FSS_MAXSHARES`).
const MOST_SHARES: u32 = 65_535;

/// Reports more shares than a kernel accepts where one schedules the zone.
fn check_shares(draft: &Draft, zone: usize, out: &mut Diagnostics) {
    let shares = &draft.scenario.zone[zone].1.cpu.shares;
    let server = |id: &ServerId| &draft.scenario.server[id.group].1;
    let mut servers = draft.placed.zones[zone].iter().map(server);
    if shares.value > MOST_SHARES
        && let Some(server) = servers.find(|server| server.is_at_the_tick())
        && let Some(model) = &server.cpu_model
    {
        let message = format!("at the tick a zone has at most {MOST_SHARES} shares");
        let mistake = Diagnostic::new(Code::OutOfRange, shares.span, message);
        let help = "divide the shares of all zones of the server by the same number";
        out.push(mistake.related(model.span, "the model of its server").help(help));
    }
}

/// I/O priority of a zone for which the file gives none.
pub(super) const IO_PRIORITY: u32 = 100;

/// Checks that the baselines guaranteed to the zones of a server sum to at most its cores.
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

/// Reports memory sizes that contradict each other, and contents that no memory keeps.
fn check_memory(draft: &Draft, group: usize, out: &mut Diagnostics) {
    let (name, server) = &draft.scenario.server[group];
    for (_, disks) in
        server.disks.iter().filter(|(_, disks)| disks.head.given && disks.head.value != 1)
    {
        let message = format!("`{name}` is no file server: its disks have no head");
        inert(disks.head.span, message, "remove `head`", out);
    }
    for (_, content) in caching::contents(draft, group) {
        content.value.check(None, out);
        if server.ram_cache.is_none() && server.memory.is_none() {
            let message =
                format!("the file does not specify the memory that `{name}` has to cache it");
            inert(content.span, message, "give `memory`, or `ram-cache`", out);
        }
    }
    check_second_level(draft, group, out);
    let Some(cache) = &server.ram_cache else { return };
    let first = (0..server.count.value).find_map(|member| {
        let left = caching::free(draft, ServerId { group, member })?;
        (cache.value > left).then_some(left)
    });
    if let Some(left) = first {
        let message =
            format!("`ram-cache` is {}, but the zones leave only {left} free", cache.value);
        let help = "leave it out to cache with all that is free";
        out.push(Diagnostic::new(Code::Capacity, cache.span, message).help(help));
    }
}

/// Reports a policy of a RAM cache that caches nothing, and second levels that could not work.
fn check_second_level(draft: &Draft, group: usize, out: &mut Diagnostics) {
    let (name, server) = &draft.scenario.server[group];
    let members = 0..server.count.value;
    let caches = members.map(|member| ServerId { group, member });
    let caches = caches.into_iter().any(|id| caching::caches(draft, id));
    let policy = server.ram_cache_policy.as_ref().map(|policy| policy.span);
    let writes = server.ram_cache_writes.as_ref().filter(|writes| writes.value);
    let without = [policy, writes.map(|writes| writes.span)].into_iter().flatten();
    for span in without.filter(|_| !caches) {
        let message = format!("`{name}` caches nothing: it has no memory, or no `content`");
        inert(span, message, "give a set of its disks a `content`, or remove it", out);
    }
    let Some(second) = &server.l2arc else { return };
    if let Some(writes) = writes {
        let message = "a block that is written would be an old copy on the second level";
        exclude(writes.span, second.span, message, out);
    }
    if !is_adaptive(server) {
        let message = "the lists that feed it are those of an adaptive RAM cache";
        let help = "give `ram-cache-policy = \"arc\"`, or remove `l2arc`";
        out.push(Diagnostic::new(Code::MissingKey, second.span, message).help(help));
    }
    for (write, word) in [(&second.write, "write"), (&second.cold_write, "cold-write")] {
        if write.value > second.size.value {
            let message = format!(
                "a pass writes {}, but all of it is {}: nothing stays",
                write.value, second.size.value
            );
            let help = format!("a larger `size`, or a smaller `{word}`");
            out.push(Diagnostic::new(Code::OutOfRange, second.size.span, message).help(help));
            break;
        }
    }
    let on = &second.on;
    let Some(set) = find_named(&server.disks, &on.text, on.span, "set of disks", out) else {
        return;
    };
    let (disks, spec) = &server.disks[set];
    if let Some(content) = &spec.content {
        let message = format!("`{disks}` holds the second level alone, and no data of its own");
        return exclude(content.span, on.span, &message, out);
    }
    check_second_set(server, second, (disks, spec), out);
    let store = Store::Disks { server: group, set };
    let services = draft.scenario.service.iter().zip(&draft.links.services);
    let mounts = services
        .filter(|(_, links)| links.mounts.iter().flatten().any(|other| *other == store))
        .map(|((service, _), _)| service.clone());
    let databases = draft.scenario.database.iter().zip(&draft.links.databases);
    let stores = databases
        .filter(|(_, links)| links.members.iter().any(|member| member.store == Some(store)))
        .map(|((database, _), _)| database.clone());
    if let Some(user) = mounts.chain(stores).next() {
        let message = format!("`{disks}` holds the second level alone, but `{user}` mounts it");
        let mistake = Diagnostic::new(Code::KeysExclude, on.span, message);
        out.push(mistake.help(format!("give `{user}` another set of disks")));
    }
}

/// Reports keys of the set `disks` of a second level that act on data alone, and blocks that are too large for it.
fn check_second_set(
    server: &ServerSpec,
    second: &SecondLevelSpec,
    (disks, spec): (&Name, &DiskSetSpec),
    out: &mut Diagnostics,
) {
    let acts_on_data = [
        spec.transactions.as_ref().map(|given| given.span),
        spec.log.as_ref().map(|given| given.span),
        spec.scrub.as_ref().map(|given| given.span),
        spec.resilver.as_ref().map(|given| given.span),
        spec.io_throttle.as_ref().map(|given| given.span),
    ];
    for span in acts_on_data.into_iter().flatten() {
        let message = format!(
            "`{disks}` holds the second level alone; this acts on the reads and writes of data"
        );
        inert(span, message, "give it to the set of disks with the data", out);
    }
    let blocks = server.disks.iter().filter_map(|(_, other)| other.content.as_ref());
    if let Some(block) =
        blocks.map(|content| &content.value.block).find(|block| block.value > second.write.value)
    {
        let message = format!(
            "a block of {} is larger than a pass of the second level, {}: it never takes one up",
            block.value, second.write.value
        );
        let found = Diagnostic::new(Code::OutOfRange, block.span, message);
        out.push(found.help("give `l2arc` a larger `write`, or smaller blocks"));
    }
}
