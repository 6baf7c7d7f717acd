//! How many views there is room for where a class comes in.

use std::collections::BTreeSet;

use crate::kinds::balancer::spec::Algorithm;
use crate::kinds::client::spec::ClientsSpec;
use crate::kinds::name_service::spec::NamePolicy;
use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::load;
use crate::units::SimDuration;
use crate::workload::arrivals::{Process, Traffic};

use super::network::Network;
use super::services;

/// Where the requests of a class come in: workers, and places in line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Workers of all members.
    pub workers: f64,
    /// Places in line of all members.
    pub backlog: f64,
    /// Share of the first requests of a view that come so far: edges answer the others.
    pub first: f64,
    /// Requests that a view makes there after it, in the mean.
    pub followers: f64,
    /// How long after the answer to the first they come.
    pub follow_after: SimDuration,
    /// Rooms that fill up each by itself: one where who has room is sought.
    pub rooms: f64,
    /// Chance that a request of a view comes to another of them than the first.
    pub elsewhere: f64,
}

impl Entry {
    /// Of a class, for the users of some clients; `None` where no service answers it.
    #[must_use]
    pub fn of(
        draft: &Draft,
        network: &Network,
        class: usize,
        clients: Option<&ClientsSpec>,
    ) -> Option<Self> {
        let entrance = draft.links.enters[class]?;
        let way = Way::of(draft, entrance);
        if way.members.is_empty() {
            return None;
        }
        let (mut workers, mut backlog) = (0.0, 0.0);
        for (service, _) in &way.members {
            let room = network.rooms[*service];
            let members = f64::from(draft.links.services[*service].members);
            workers += room.workers / members;
            backlog += room.backlog / members;
        }
        let services = services(draft, class);
        let round_trip = clients.and_then(|clients| clients.round_trip.as_ref());
        let round_trip = round_trip.map_or(0.0, |law| load::mean(law));
        let (mut followers, mut each, mut at) = (0.0, 1.0, class);
        while let Some(next) = draft.links.thens[at].filter(|_| each > 0.0) {
            let then = draft.scenario.request[at].1.then.as_ref();
            each *= then.map_or(0.0, |then| load::mean(&then.value.count.value));
            if super::services(draft, next) == services {
                followers += each * comes_through(draft, next);
            }
            at = next;
        }
        Some(Self {
            workers,
            backlog,
            first: comes_through(draft, class),
            followers,
            follow_after: SimDuration::from_seconds_f64(round_trip),
            rooms: way.rooms,
            elsewhere: way.elsewhere,
        })
    }

    /// Views that one of the rooms holds, those in line with all their requests.
    #[must_use]
    pub fn views(&self) -> f64 {
        if self.first <= 0.0 || !self.backlog.is_finite() {
            return f64::INFINITY;
        }
        (self.workers + self.backlog / (1.0 + self.followers / self.first)) / self.rooms
    }
}

/// Share of the requests of a class that edges do not answer.
fn comes_through(draft: &Draft, class: usize) -> f64 {
    match draft.links.enters[class] {
        Some(Entrance::Cdn(cdn)) => 1.0 - draft.hits.at_edges(draft, cdn, class),
        _ => 1.0,
    }
}

/// Who answers what comes in somewhere.
struct Way {
    members: BTreeSet<(usize, u32)>,
    rooms: f64,
    elsewhere: f64,
}

impl Way {
    fn of(draft: &Draft, entrance: Entrance) -> Self {
        let links = &draft.links;
        match entrance {
            Entrance::Service(service, Some(member)) => Self::over([(service, member)], false),
            Entrance::Service(service, None) => {
                let members = 0..links.services[service].members;
                Self::over(members.map(|member| (service, member)), false)
            }
            Entrance::Balancer(at) => {
                let spec = &draft.scenario.balancer[at].1;
                let keeps = spec.sticky.value || spec.algorithm.value == Algorithm::Hash;
                let way = Self::over(links.balancers[at].targets.iter().copied(), keeps);
                match spec.algorithm.value {
                    // Who has room is sought; but cookies name one member.
                    Algorithm::LeastConnections | Algorithm::TwoChoices if !keeps => {
                        Self { rooms: 1.0, elsewhere: 0.0, ..way }
                    }
                    _ => way,
                }
            }
            Entrance::NameService(at) => {
                let to = links.name_services[at].iter().map(|entrance| Self::of(draft, *entrance));
                // A view stays where its name has led it.
                let first = draft.scenario.name_service[at].1.policy.value == NamePolicy::Failover;
                let to = to.take(if first { 1 } else { usize::MAX });
                let mut all = Self { members: BTreeSet::new(), rooms: 0.0, elsewhere: 0.0 };
                let mut named = 0;
                for way in to {
                    named += way.members.len();
                    all.rooms += way.rooms;
                    all.elsewhere = way.elsewhere;
                    all.members.extend(way.members);
                }
                // Ways to the same members lead to the same rooms.
                all.rooms *= all.members.len() as f64 / named.max(1) as f64;
                Self { rooms: all.rooms.max(1.0), ..all }
            }
            Entrance::Cdn(cdn) => {
                links.origin_of(cdn).map_or_else(|| Self::over([], true), |to| Self::of(draft, to))
            }
        }
    }

    /// Each with a room of its own; all requests of a view come to one, or each to any.
    fn over(members: impl IntoIterator<Item = (usize, u32)>, keeps: bool) -> Self {
        let members: BTreeSet<(usize, u32)> = members.into_iter().collect();
        let rooms = (members.len() as f64).max(1.0);
        Self { members, rooms, elsewhere: if keeps { 0.0 } else { 1.0 - 1.0 / rooms } }
    }
}

/// States of modulated arrivals.
#[derive(Clone, Debug, PartialEq)]
pub struct Swing {
    /// By state: its factor on the rate, of mean 1, and its share of the time.
    pub states: Vec<(f64, f64)>,
    /// How long once through all of them takes.
    pub cycle: SimDuration,
}

impl Swing {
    /// Of a source; one state where it is not modulated.
    #[must_use]
    pub fn of(traffic: &Traffic) -> Self {
        let Process::Modulated(modulation) = traffic.process() else {
            return Self { states: vec![(1.0, 1.0)], cycle: SimDuration::ZERO };
        };
        let states: Vec<(f64, f64)> =
            modulation.factors().iter().copied().zip(modulation.shares()).collect();
        let cycle = states.len() as f64 / modulation.switches_per_s();
        Self { states, cycle: SimDuration::from_seconds_f64(cycle) }
    }
}
