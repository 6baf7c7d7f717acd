//! The arrows of a drawing: which component sends requests or data to which.
//!
//! In: the routes of a draft and the arrows that each kind declares ([`Checks::arrows`]). Out: arrows between
//! components or members, in no order, with duplicates. Holds: every step of every requested class has its arrow.
//! Leaves out: rates, probes, operations, and jumps between steps.
//!
//! [`Checks::arrows`]: crate::plan::kind::checks::Checks::arrows

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::links::{Entrance, Store};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::ask::Ask;
use crate::plan::route::{Call, Does, Io, Query, Step, Visit};

/// Content of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carries {
    /// Requests, queries, messages.
    Requests,
    /// Reads and writes of storage.
    Data,
    /// Writes that a replica applies.
    Replication,
    /// Traffic between sites.
    Network,
    /// The health of what a group counts.
    Health,
    /// Repairs by a crew.
    Repairs,
    /// Launches and removals of members by an autoscaler.
    Members,
    /// Power from a feed.
    Power,
}

/// End of an arrow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A set of users or a workload, by its number among the sources.
    Source(usize),
    /// All members of a component.
    Component(Kind, usize),
    /// One part.
    Part(Part),
    /// The nearest of these stores, for each part at the other end.
    Stores(Vec<Store>),
}

/// Arrow of a drawing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// Sender.
    pub from: End,
    /// Receiver.
    pub to: End,
    /// Content.
    pub carries: Carries,
    /// Name of the request class; empty if it belongs to no class.
    pub class: String,
}

impl Arrow {
    /// Creates an arrow that belongs to no class.
    #[must_use]
    pub const fn new(from: End, to: End, carries: Carries) -> Self {
        Self { from, to, carries, class: String::new() }
    }
}

/// Component that processes a request.
type Here = (Kind, usize);

/// Source of requests: users, or a workload without users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// True for a set of clients, which reach a site over its uplinks.
    pub users: bool,
    /// Its workloads.
    pub workloads: Vec<usize>,
}

/// Returns the sources of requests: sets of clients, then workloads without clients; each sorted by name.
#[must_use]
pub fn sources(draft: &Draft) -> Vec<Source> {
    let mut all: Vec<Source> = Vec::new();
    for (at, (name, workload)) in draft.scenario.workload.iter().enumerate() {
        let users = workload.from.as_ref().map(|from| from.to_string());
        let source = Source {
            name: users.clone().unwrap_or_else(|| name.to_string()),
            users: users.is_some(),
            workloads: vec![at],
        };
        match all.iter_mut().find(|one| one.users && source.users && one.name == source.name) {
            Some(one) => one.workloads.push(at),
            None => all.push(source),
        }
    }
    all.sort_by(|a, b| (!a.users, &a.name).cmp(&(!b.users, &b.name)));
    all
}

/// Returns all arrows of a draft.
#[must_use]
pub fn arrows(draft: &Draft, sources: &[Source]) -> BTreeSet<Arrow> {
    let mut walk = Walk { draft, class: String::new(), all: BTreeSet::new() };
    for (kind, index) in components(draft) {
        walk.all.extend(kind.answers().arrows(draft, index));
        if let Some(class) = kind.answers().begins(draft, index) {
            walk.class(&End::Component(kind, index), class);
        }
    }
    for (at, source) in sources.iter().enumerate() {
        for workload in &source.workloads {
            let Some(class) = draft.links.classes[*workload] else { continue };
            for class in draft.links.with_fetched(class) {
                walk.class(&End::Source(at), class);
            }
        }
    }
    walk.all
}

/// Returns all components: each kind with the index of each of its sections.
pub fn components(draft: &Draft) -> impl Iterator<Item = Here> {
    let sections = |kind: &'static Kind| (0..kind.sections(&draft.scenario)).map(|at| (*kind, at));
    Kind::ALL.iter().flat_map(sections)
}

struct Walk<'d> {
    draft: &'d Draft,
    /// Name of the class whose steps are walked.
    class: String,
    all: BTreeSet<Arrow>,
}

impl Walk<'_> {
    fn add(&mut self, from: &End, to: End, carries: Carries) {
        self.all.insert(Arrow { from: from.clone(), to, carries, class: self.class.clone() });
    }

    fn class(&mut self, from: &End, class: usize) {
        let draft = self.draft;
        self.class = draft.scenario.request[class].0.to_string();
        let steps = &draft.routes[class].steps;
        match draft.links.enters[class] {
            Some(entrance) => {
                let mut here = Vec::new();
                self.enter(from, entrance, &mut here);
                self.steps(steps, &here);
            }
            None => {
                self.in_turn(steps, vec![from.clone()]);
            }
        }
    }

    /// Adds the arrows of requests that enter by `entrance`, and the components that process them to `here`.
    fn enter(&mut self, from: &End, entrance: Entrance, here: &mut Vec<Here>) {
        let draft = self.draft;
        let (kind, index) = entrance.component();
        let to = match entrance {
            Entrance::Service(service, Some(member)) => {
                End::Part(Part::Service { service, member })
            }
            _ => End::Component(kind, index),
        };
        self.add(from, to, Carries::Requests);
        let from = End::Component(kind, index);
        let onward = draft.links.onward(entrance);
        for entrance in &onward {
            self.enter(&from, *entrance, here);
        }
        let behind = kind.answers().arrows(draft, index);
        let behind = behind.into_iter().filter_map(|arrow| match arrow.to {
            End::Part(part) if arrow.from == from => Some(part),
            _ => None,
        });
        let mut behind: Vec<Part> = behind.collect();
        behind.sort_unstable();
        for part in &behind {
            self.add(&from, End::Part(*part), Carries::Requests);
        }
        let mut owners: Vec<Here> = behind.into_iter().map(Part::owner).collect();
        owners.dedup();
        if onward.is_empty() && owners.is_empty() {
            owners.push((kind, index));
        }
        let new = owners.into_iter().filter(|owner| !here.contains(owner));
        here.extend(new.collect::<Vec<_>>());
    }

    /// Adds the arrows of steps that are done by components; each returns to its caller.
    fn steps(&mut self, steps: &[Step], here: &[Here]) {
        for step in steps {
            for (kind, index) in here {
                let from = End::Component(*kind, *index);
                match &step.does {
                    Does::Query(query) => self.query(&from, query),
                    Does::Call(call) => self.call(&from, call),
                    Does::Io(io) => self.io(&from, (*kind, *index), io),
                    Does::Visit(visit) => self.add(&from, station(visit), Carries::Requests),
                    Does::Ask(ask) => {
                        if let Some(end) = self.asked(&**ask) {
                            self.add(&from, end, Carries::Requests);
                        }
                    }
                    _ => {}
                }
            }
            let mut nested = Vec::new();
            step.nested(&mut |inside| nested.push(inside));
            nested.into_iter().for_each(|inside| self.steps(inside, here));
        }
    }

    /// Returns the component that a step asks; none if that has no part, since then the steps inside do the work.
    fn asked(&self, ask: &dyn Ask) -> Option<End> {
        let (kind, index) = ask.of();
        let parts = kind.answers().parts(self.draft, index);
        (!parts.is_empty()).then_some(End::Component(kind, index))
    }

    fn query(&mut self, from: &End, query: &Query) {
        for end in Kind::Database.answers().receives(self.draft, query.database) {
            self.add(from, end, Carries::Requests);
        }
    }

    fn call(&mut self, from: &End, call: &Call) {
        let mut there = Vec::new();
        self.enter(from, call.to, &mut there);
        self.steps(&call.steps, &there);
    }

    fn io(&mut self, from: &End, here: Here, io: &Io) {
        let mounts = io.mounts.iter().filter(|(service, _)| here == (Kind::Service, *service));
        for (service, mount) in mounts {
            let stores = self.draft.links.services[*service].mounts[*mount].clone();
            self.add(from, End::Stores(stores), Carries::Data);
        }
    }

    /// Adds the arrows from each of `ends` to what the queries and calls in `steps` name.
    fn each_queries(&mut self, steps: &[Step], ends: &[End]) {
        for step in steps {
            for from in ends {
                match &step.does {
                    Does::Query(query) => self.query(from, query),
                    Does::Call(call) => self.call(from, call),
                    _ => {}
                }
            }
            let mut lists = Vec::new();
            step.nested(&mut |inside| lists.push(inside));
            lists.into_iter().for_each(|inside| self.each_queries(inside, ends));
        }
    }

    /// Adds the arrows of steps that no component does: a request passes from station to station. Returns the ends at
    /// which the last steps are done.
    fn in_turn(&mut self, steps: &[Step], mut last: Vec<End>) -> Vec<End> {
        for step in steps {
            let mut next = Vec::new();
            match &step.does {
                Does::Visit(visit) => next.push(station(visit)),
                Does::Ask(ask) => next.extend(self.asked(&**ask)),
                Does::Query(query) => {
                    next = Kind::Database.answers().receives(self.draft, query.database);
                }
                Does::Call(call) => {
                    last.clone().iter().for_each(|from| self.call(from, call));
                    continue;
                }
                _ => {}
            }
            for from in &last {
                for to in &next {
                    self.add(from, to.clone(), Carries::Requests);
                }
            }
            if !next.is_empty() {
                last = next;
            }
            let mut lists = Vec::new();
            step.nested(&mut |inside| lists.push(inside));
            // Without a part of its own, what the step asks is done inside: each end there returns to the request.
            let inside_alone = matches!(&step.does, Does::Ask(ask) if self.asked(&**ask).is_none());
            if inside_alone {
                lists.iter().for_each(|list| self.each_queries(list, &last));
                continue;
            }
            let mut ends: BTreeSet<End> = last.iter().cloned().collect();
            for inside in lists {
                ends.extend(self.in_turn(inside, last.clone()));
            }
            last = ends.into_iter().collect();
        }
        last
    }
}

/// Returns the end of an arrow to the station that a step visits.
fn station(visit: &Visit) -> End {
    match visit.member {
        Some(member) => End::Part(Part::Station { station: visit.station, member }),
        None => End::Component(Kind::Station, visit.station),
    }
}
