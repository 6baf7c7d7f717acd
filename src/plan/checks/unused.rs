//! What nothing uses: components that no route reaches, volumes without users, classes that nobody
//! asks for. Units, groups and links are exempt, and so is the slave that only stands by.

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::kind;
use crate::plan::links::{Entrance, Store};
use crate::plan::names::Kind;
use crate::plan::route::{Does, Step, each};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let used = used(draft);
    let routes = !scenario.request.is_empty();
    for (name, entry) in draft.names.iter() {
        let help = match entry.kind {
            Kind::Service
            | Kind::Balancer
            | Kind::Cdn
            | Kind::Database
            | Kind::Nas
            | Kind::Station
                if routes =>
            {
                "no request comes to it"
            }
            kind if kind.planned().is_some() && routes => "no request comes to it",
            Kind::Zone => "nothing runs in it",
            Kind::Server => "no zone stands on it",
            Kind::Rack => "nothing stands in it",
            Kind::Site => "no rack stands in it",
            Kind::Crew => "no unit is repaired by it",
            _ => continue,
        };
        if !used.contains(&(entry.kind, entry.index)) {
            let message = format!("nothing uses the {} `{name}`", entry.kind.word());
            out.push(Diagnostic::new(Code::Unused, entry.span, message).help(help));
        }
    }
    for (at, (name, nas)) in scenario.nas.iter().enumerate() {
        for (pool, (pool_name, _)) in nas.pools.iter().enumerate() {
            if !draft.links.nas[at].volumes.iter().any(|pools| pools.contains(&pool)) {
                let message = format!("no volume of `{name}` lies on the pool `{pool_name}`");
                out.push(Diagnostic::new(Code::Unused, pool_name.span, message));
            }
        }
    }
    traffic(draft, out);
}

fn traffic(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let workloads = || scenario.workload.iter().map(|(_, workload)| workload);
    let mut report = |what: &str, name: &Name| {
        let message = format!("nothing uses the {what} `{name}`");
        // A set of profiles to choose from is no mistake.
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
    for (class, (name, _)) in scenario.request.iter().enumerate() {
        let issued = draft.links.classes.contains(&Some(class));
        let begun = kind::all().any(|planned| {
            let sections = 0..planned.kind().sections(scenario);
            sections.into_iter().any(|index| planned.begins(draft, index) == Some(class))
        });
        if !issued && !begun && !draft.links.thens.contains(&Some(class)) {
            report("request class", name);
        }
    }
}

/// Components that something uses.
fn used(draft: &Draft) -> BTreeSet<(Kind, usize)> {
    let scenario = &draft.scenario;
    let links = &draft.links;
    let mut used = BTreeSet::new();
    links.enters.iter().flatten().for_each(|enter| entrance(*enter, &mut used));
    draft.routes.iter().for_each(|route| steps(&route.steps, &mut used));
    for cdn in links.cdns.iter().flatten() {
        entrance(*cdn, &mut used);
    }
    kind::all().for_each(|planned| planned.uses(draft, &mut used));
    for balancer in &links.balancers {
        used.extend(balancer.targets.iter().map(|(service, _)| (Kind::Service, *service)));
        used.extend(balancer.zone.map(|(zone, _)| (Kind::Zone, zone)));
        used.extend(balancer.rack.map(|rack| (Kind::Rack, rack)));
    }
    let store = |store: &Store| match *store {
        Store::Volume { nas, .. } => (Kind::Nas, nas),
        Store::Disks { server, .. } => (Kind::Server, server),
    };
    for service in &links.services {
        used.extend(service.zone.map(|zone| (Kind::Zone, zone)));
        used.extend(service.mounts.iter().flatten().map(store));
    }
    used.extend(
        links
            .databases
            .iter()
            .filter_map(|database| database.through)
            .map(|balancer| (Kind::Balancer, balancer)),
    );
    for member in links.databases.iter().flat_map(|database| &database.members) {
        used.extend(member.zone.map(|(zone, _)| (Kind::Zone, zone)));
        used.extend(member.store.as_ref().map(store));
    }
    used.extend(draft.placed.zones.iter().flatten().map(|id| (Kind::Server, id.group)));
    used.extend(links.servers.iter().flatten().map(|rack| (Kind::Rack, *rack)));
    used.extend(links.nas.iter().filter_map(|nas| nas.rack).map(|rack| (Kind::Rack, rack)));
    used.extend(links.racks.iter().flatten().map(|site| (Kind::Site, *site)));
    used.extend(links.links.iter().flatten().map(|site| (Kind::Site, *site)));
    for (_, unit) in scenario.unit.iter() {
        let crew = unit.crew.as_ref().and_then(|crew| draft.names.find(crew));
        used.extend(crew.map(|found| (found.kind, found.index)));
    }
    used
}

fn entrance(entrance: Entrance, used: &mut BTreeSet<(Kind, usize)>) {
    used.insert(entrance.component());
}

fn steps(list: &[Step], used: &mut BTreeSet<(Kind, usize)>) {
    each(list, &mut |step| match &step.does {
        Does::Call(call) => entrance(call.to, used),
        Does::Query(query) => _ = used.insert((Kind::Database, query.database)),
        Does::Work(work) => _ = used.insert((Kind::Service, work.service)),
        Does::Visit(visit) => _ = used.insert((Kind::Station, visit.station)),
        Does::Ask(ask) => _ = used.insert(ask.of()),
        _ => {}
    });
}
