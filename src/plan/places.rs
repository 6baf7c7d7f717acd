//! Places of users: which sites answer a class, and in which order a name service prefers its targets for its users.
//!
//! Clients with `round-trips` have a place: a network time to each site. A name service with the policy `nearest` or
//! `anycast` leads them to the target whose site has the shortest mean time among those that answer; of equal ones to the
//! first in the file. All clients that ask for a class have one order of its targets, which `check` requires: the questions
//! about a class (offered load, the fluid, the years) then need no shares of places.
//!
//! A request arrives where its users connect: at the units of a balancer, or at the members of a service.

use std::collections::BTreeSet;

use crate::convert::place;
use crate::plan::Draft;
use crate::plan::carriage::rack_of;
use crate::plan::links::Entrance;
use crate::plan::load::mean;
use crate::scenario::law::LawSpec;
use crate::units::SimDuration;

/// Returns the site of each process to which users connect at an entrance, `None` for one that stands in no site; each once.
/// The processes of a name service are those of its targets; edges of a CDN have no site.
#[must_use]
pub fn sites(draft: &Draft, to: Entrance) -> BTreeSet<Option<usize>> {
    let (kind, _) = to.component();
    if let Entrance::NameService(at) = to {
        return draft.links.name_services[at].iter().flat_map(|to| sites(draft, *to)).collect();
    }
    let processes = kind.answers().opens(draft, to).pop().unwrap_or_default();
    let site = |part| rack_of(draft, part).and_then(|rack| draft.links.racks[rack]);
    processes.into_iter().map(site).collect()
}

/// Returns the one site at which users connect at an entrance; `None` if there are several or none.
#[must_use]
pub fn site(draft: &Draft, to: Entrance) -> Option<usize> {
    let sites = sites(draft, to);
    sites.first().copied().flatten().filter(|_| sites.len() == 1)
}

/// Returns whether clients, by their index in the file, have a place.
#[must_use]
pub fn has_place(draft: &Draft, clients: usize) -> bool {
    !draft.scenario.clients[clients].1.round_trips.is_empty()
}

/// Returns the law of the round trip from clients with a place to a site; `None` if they have none.
#[must_use]
pub fn trip(draft: &Draft, clients: usize, site: usize) -> Option<&LawSpec<SimDuration>> {
    let at = draft.links.trips[clients].iter().position(|to| *to == Some(site))?;
    Some(&draft.scenario.clients[clients].1.round_trips[at].1)
}

/// Returns the clients of a workload.
#[must_use]
pub fn clients(draft: &Draft, workload: usize) -> Option<usize> {
    let from = draft.scenario.workload[workload].1.from.as_ref()?;
    draft.scenario.clients.place(&from.text)
}

/// Returns the workloads that ask for a class, or whose clients fetch it next, each with its clients.
pub fn askers(draft: &Draft, class: usize) -> impl Iterator<Item = (usize, Option<usize>)> {
    let asks = move |first: usize| draft.links.with_fetched(first).any(|other| other == class);
    let workloads = draft.links.classes.iter().enumerate();
    let of_class = workloads.filter(move |(_, first)| first.is_some_and(asks));
    of_class.map(|(workload, _)| (workload, clients(draft, workload)))
}

/// Returns the clients with a place that ask for a class, in the order of the workloads.
pub fn placed(draft: &Draft, class: usize) -> impl Iterator<Item = usize> {
    let clients = askers(draft, class).filter_map(|(_, clients)| clients);
    clients.filter(|clients| has_place(draft, *clients))
}

/// Returns the targets of a name service in the order in which it prefers them for the users of a class: as in the file, or by
/// their distance from the first clients with a place.
#[must_use]
pub fn order(draft: &Draft, names: usize, class: usize) -> Vec<usize> {
    order_for(draft, names, placed(draft, class).next())
}

/// Returns the same order for given clients.
#[must_use]
pub fn order_for(draft: &Draft, names: usize, clients: Option<usize>) -> Vec<usize> {
    let to = &draft.links.name_services[names];
    let mut order: Vec<usize> = (0..to.len()).collect();
    let policy = draft.scenario.name_service[names].1.policy.value;
    if let Some(clients) = clients.filter(|_| policy.is_by_distance()) {
        let distance = |target: &usize| {
            let law = site(draft, to[*target]).and_then(|site| trip(draft, clients, site));
            law.map_or(f64::INFINITY, mean)
        };
        order.sort_by(|one, other| distance(one).total_cmp(&distance(other)));
    }
    order
}

/// Returns the number of requests of a view that its clients send at once.
#[must_use]
pub fn connections(draft: &Draft, clients: usize) -> u32 {
    draft.scenario.clients[clients].1.connections.value
}

/// Returns the mean round trip of the users of a class while nothing fails, in seconds: to the site that answers it, or to the
/// first target of its name service.
#[must_use]
pub fn usual_trip_s(draft: &Draft, class: usize, clients: usize) -> f64 {
    if !has_place(draft, clients) {
        let round_trip = draft.scenario.clients[clients].1.round_trip.as_ref();
        return round_trip.map_or(0.0, |law| mean(&law.value));
    }
    let to = match draft.links.enters[class] {
        Some(Entrance::NameService(names)) => {
            let first = order_for(draft, names, Some(clients)).first().copied();
            first.map(|first| draft.links.name_services[names][first])
        }
        to => to,
    };
    let site = to.and_then(|to| site(draft, to));
    site.and_then(|site| trip(draft, clients, site)).map_or(0.0, mean)
}

/// Returns the number of the site that answers a class, or of that of each target of its name service; empty if no clients with
/// a place ask for it.
#[must_use]
pub fn numbers(draft: &Draft, class: usize) -> Vec<u32> {
    let mut all = 0..draft.scenario.clients.len();
    if !all.any(|clients| has_place(draft, clients)) || placed(draft, class).next().is_none() {
        return Vec::new();
    }
    let number = |to: &Entrance| site(draft, *to).map_or(u32::MAX, place);
    match draft.links.enters[class] {
        Some(Entrance::NameService(at)) => {
            draft.links.name_services[at].iter().map(number).collect()
        }
        to => to.iter().map(number).collect(),
    }
}
