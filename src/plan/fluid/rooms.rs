//! Capacity for views at the services where a class enters: workers and waiting places.

use std::collections::BTreeSet;

use crate::kinds::balancer::spec::Algorithm;
use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::load;
use crate::plan::part::Part;
use crate::plan::places;
use crate::units::SimDuration;
use crate::workload::arrivals::{Process, Traffic};

use super::network::Network;
use super::state::Input;
use super::{FluidPlan, services};

/// Capacity at the services where the requests of a class enter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Number of workers of all members.
    pub workers: f64,
    /// Number of waiting places in the queues of all members.
    pub backlog: f64,
    /// Share of the first requests of a view that reaches the services: edges answer the others.
    pub first: f64,
    /// Expected number of later requests per view that reach the same services.
    pub followers: f64,
    /// Time from the answer to the first request until they follow.
    pub follow_after: SimDuration,
    /// Number of separate queues that fill up independently; 1 if a member with a free slot is sought.
    pub rooms: f64,
    /// Probability that a request of a view goes to another queue than its first.
    pub elsewhere: f64,
    /// Share of the time that a view takes inside which its first request takes, and the number of waits of a view one after the
    /// other.
    pub own: f64,
    pub trips: f64,
    /// True if users who abandon leave the queue: it is that of a balancer.
    pub is_left: bool,
}

impl Entry {
    /// Computes the capacity of a class for the users of some clients; `None` if no service answers it.
    #[must_use]
    pub fn of(
        draft: &Draft,
        network: &Network,
        class: usize,
        clients: Option<usize>,
    ) -> Option<Self> {
        let entrance = draft.links.enters[class]?;
        let way = Way::of(draft, class, entrance);
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
        let trip = |clients| places::usual_trip_s(draft, class, clients);
        let round_trip = clients.map_or(0.0, trip);
        let at_once = clients.map_or(1.0, |of| f64::from(places::connections(draft, of)));
        let alone = |class: usize| load::closed::steps_s(draft, class, &draft.routes[class].steps);
        let (mut followers, mut each, mut at) = (0.0, 1.0, class);
        let own = comes_through(draft, class) * alone(class);
        let (mut works, mut trips) = (own, 1.0);
        while let Some(next) = draft.links.thens[at].filter(|_| each > 0.0) {
            let then = draft.scenario.request[at].1.then.as_ref();
            each *= then.map_or(0.0, |then| load::mean(&then.value.count.value));
            if super::services(draft, next) == services {
                let here = each * comes_through(draft, next);
                followers += here;
                works += here * alone(next);
                trips += (here / at_once).ceil();
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
            own: if works > 0.0 { own / works } else { 1.0 },
            trips,
            is_left: is_left(draft, entrance),
        })
    }

    /// Returns the number of views that one queue and its workers hold, waiting ones with all their requests.
    #[must_use]
    pub fn views(&self) -> f64 {
        if self.first <= 0.0 || !self.backlog.is_finite() {
            return f64::INFINITY;
        }
        (self.workers + self.backlog / (1.0 + self.followers / self.first)) / self.rooms
    }
}

/// Returns the share of the requests of a class that edges do not answer.
fn comes_through(draft: &Draft, class: usize) -> f64 {
    match draft.links.enters[class] {
        Some(Entrance::Cdn(cdn)) => 1.0 - draft.hits.at_edges(draft, cdn, class),
        _ => 1.0,
    }
}

/// Returns whether requests at an entrance wait in the queue of a balancer with a limit, which users who abandon leave.
fn is_left(draft: &Draft, entrance: Entrance) -> bool {
    let links = &draft.links;
    match entrance {
        Entrance::Service(..) => false,
        Entrance::Balancer(at) => {
            let spec = &draft.scenario.balancer[at].1;
            spec.limit.is_some() || spec.member_limit.is_some()
        }
        Entrance::NameService(at) => {
            links.name_services[at].iter().any(|target| is_left(draft, *target))
        }
        Entrance::Cdn(cdn) => links.origin_of(cdn).is_some_and(|origin| is_left(draft, origin)),
    }
}

/// Members that answer at an entrance, and the queues that they form.
struct Way {
    members: BTreeSet<(usize, u32)>,
    rooms: f64,
    elsewhere: f64,
}

impl Way {
    fn of(draft: &Draft, class: usize, entrance: Entrance) -> Self {
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
                    // A member with a free slot is sought; but cookies name one member.
                    Algorithm::LeastConnections | Algorithm::TwoChoices if !keeps => {
                        Self { rooms: 1.0, elsewhere: 0.0, ..way }
                    }
                    _ => way,
                }
            }
            Entrance::NameService(at) => {
                let order = places::order(draft, at, class).into_iter();
                let to =
                    order.map(|target| Self::of(draft, class, links.name_services[at][target]));
                // All requests of a view go to the target that its resolver returned.
                let first = draft.scenario.name_service[at].1.policy.value.is_ordered();
                let to = to.take(if first { 1 } else { usize::MAX });
                let mut all = Self { members: BTreeSet::new(), rooms: 0.0, elsewhere: 0.0 };
                let mut named = 0;
                for way in to {
                    named += way.members.len();
                    all.rooms += way.rooms;
                    all.elsewhere = way.elsewhere;
                    all.members.extend(way.members);
                }
                // Entrances with the same members share their queues.
                all.rooms *= all.members.len() as f64 / named.max(1) as f64;
                Self { rooms: all.rooms.max(1.0), ..all }
            }
            Entrance::Cdn(cdn) => {
                let origin = links.origin_of(cdn);
                origin.map_or_else(|| Self::over([], true), |to| Self::of(draft, class, to))
            }
        }
    }

    /// Gives each member a queue of its own. With `keeps`, all requests of a view go to one; otherwise each to any.
    fn over(members: impl IntoIterator<Item = (usize, u32)>, keeps: bool) -> Self {
        let members: BTreeSet<(usize, u32)> = members.into_iter().collect();
        let rooms = (members.len() as f64).max(1.0);
        Self { members, rooms, elsewhere: if keeps { 0.0 } else { 1.0 - 1.0 / rooms } }
    }
}

impl FluidPlan {
    /// Returns, per class, the number of requests of a view that are stalled while no file server answers.
    #[must_use]
    pub fn held_by_stalls(&self) -> Vec<f64> {
        let mut bits = self.well();
        for (at, input) in self.inputs.iter().enumerate() {
            let bit = 1 << (at % 64);
            match input {
                Input::Stall(..) => bits[at / 64] |= bit,
                Input::Fit(part) if self.is_head(*part) => bits[at / 64] &= !bit,
                _ => {}
            }
        }
        self.state(&bits).flows.iter().map(|flow| flow.held).collect()
    }

    fn is_head(&self, part: u32) -> bool {
        matches!(self.network.parts.get(part as usize), Some(Part::Head { .. }))
    }

    /// Returns whether all users of a class leave after a lost page, with further pages to come.
    #[must_use]
    pub fn leaves(&self, class: usize) -> bool {
        let mut of = self.workloads.iter().filter(|workload| workload.class == class);
        of.all(|workload| workload.users.session.is_some())
    }

    /// Returns two rates per second, per class: the sum of the means of its workloads, and of their peaks.
    #[must_use]
    pub fn mean_and_top_rates(&self) -> [Vec<f64>; 2] {
        let (mut mean, mut top) = (vec![0.0; self.classes.len()], vec![0.0; self.classes.len()]);
        for workload in &self.workloads {
            let curve = workload.traffic.curve();
            mean[workload.class] += curve.level().in_per_second();
            top[workload.class] += curve.peak().0.in_per_second();
        }
        [mean, top]
    }
}

/// Modulation of arrivals: states with different rates.
#[derive(Clone, Debug, PartialEq)]
pub struct Swing {
    /// Factor on the rate (of mean 1) and share of the time, per state.
    pub states: Vec<(f64, f64)>,
    /// Mean time of one cycle through all states.
    pub cycle: SimDuration,
}

impl Swing {
    /// A rate that is not modulated.
    #[must_use]
    pub fn none() -> Self {
        Self { states: vec![(1.0, 1.0)], cycle: SimDuration::ZERO }
    }

    /// Reads the modulation of a source; one state if it is not modulated.
    #[must_use]
    pub fn of(traffic: &Traffic) -> Self {
        let Process::Modulated(modulation) = traffic.process() else {
            return Self::none();
        };
        let states: Vec<(f64, f64)> =
            modulation.factors().iter().copied().zip(modulation.shares()).collect();
        let cycle = states.len() as f64 / modulation.switches_per_s();
        Self { states, cycle: SimDuration::from_seconds_f64(cycle) }
    }
}
