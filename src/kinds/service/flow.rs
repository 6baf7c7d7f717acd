//! Needs and offered work: members that share the load evenly, each with its mounts.

use crate::kinds::service::Service;
use crate::kinds::service::spec::{ServiceSpec, Workers};
use crate::plan::Draft;
use crate::plan::begun;
use crate::plan::fluid::network::{self, Arrival, Branch, Onward, Place, Room, Split, once};
use crate::plan::graph::{self, NodeId, store_at};
use crate::plan::kind::flow::{Flow, Leaf, nothing};
use crate::plan::links::{Entrance, Store};
use crate::plan::load::{Here, Operations, Sums, cores_at_once, mean};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::{Io, Work};
use crate::plan::scaled::fewest;

/// Returns the members of a service that an entrance leads to.
fn entered(draft: &Draft, entrance: Entrance) -> Vec<Part> {
    let Entrance::Service(service, member) = entrance else { return Vec::new() };
    let all = draft.links.services[service].members;
    let members = member.map_or(0..all, |one| one..one + 1);
    members.map(|member| Part::Service { service, member }).collect()
}

impl Flow for Service {
    nothing!(
        stores, passing, probes, capacity, lives, subjects, switches, uplinks, is_slice, may_wait,
        queued,
    );

    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId> {
        let Entrance::Service(service, member) = entrance else { return None };
        self.members(graph, service, member.as_ref().map(std::slice::from_ref), outside)
    }

    fn members(
        &self,
        graph: &mut graph::Builder<'_>,
        index: usize,
        members: Option<&[u32]>,
        outside: bool,
    ) -> Option<NodeId> {
        let (name, spec) = &graph.draft().scenario.service[index];
        let all = 0..graph.draft().links.services[index].members;
        let mut members = members.map_or_else(|| all.collect(), <[u32]>::to_vec);
        let fewest = fewest(graph.draft(), index).filter(|_| !graph.has_launched());
        members.retain(|member| fewest.is_none_or(|fewest| *member < fewest));
        let mut nodes = Vec::with_capacity(members.len());
        for member in members {
            let part = Part::Service { service: index, member };
            let node = member_with_mounts(graph, part);
            nodes.push(graph.reached_from(node, part, outside));
        }
        Some(graph.group(name, spec.needs.value, &nodes))
    }

    fn watched(&self, graph: &mut graph::Builder<'_>) -> Vec<NodeId> {
        let sections = 0..graph.draft().scenario.service.len();
        sections.map(|service| graph.members((Kind::Service, service), None, false)).collect()
    }

    fn opens(&self, draft: &Draft, entrance: Entrance) -> Vec<Vec<Part>> {
        vec![entered(draft, entrance)]
    }

    fn offers_in(
        &self,
        sums: &mut Sums<'_>,
        entrance: Entrance,
        class: Option<usize>,
        rate: f64,
        here: &mut Here,
    ) -> f64 {
        let before = here.len();
        sums.spread(entered(sums.draft(), entrance), rate, here);
        here[before..].iter().for_each(|(part, rate)| sums.replies(class, *part, *rate));
        if let Some(class) = class {
            sums.reply(class, here, rate);
        }
        rate
    }

    fn leads(
        &self,
        network: &mut network::Builder<'_>,
        entrance: Entrance,
        arrival: Arrival<'_>,
    ) -> Vec<Onward> {
        let draft = network.draft();
        let members = entered(draft, entrance);
        // A queue sends messages only to consumers that work. Any other caller does not know which members do.
        let knows = begun::is_begun(draft, arrival.class);
        let split = if knows { Split::Even } else { Split::Blind };
        vec![once(network.members(members, split, arrival))]
    }

    fn rooms(&self, draft: &Draft) -> Vec<Room> {
        let room = |(service, (_, spec)): (usize, &(_, ServiceSpec))| {
            let members = f64::from(draft.links.services[service].members);
            let workers = match spec.workers.value {
                Workers::Unlimited => f64::INFINITY,
                Workers::Count(count) => f64::from(count) * members,
            };
            let backlog = spec.backlog.as_ref().map_or(f64::INFINITY, |b| f64::from(b.value));
            Room { service, workers, backlog: backlog * members }
        };
        draft.scenario.service.iter().enumerate().map(room).collect()
    }
}

/// Returns the node of a member that needs its mounts; of several stores of a mount the first at the member's site.
fn member_with_mounts(graph: &mut graph::Builder<'_>, part: Part) -> NodeId {
    if let Some(node) = graph.known(part) {
        return node;
    }
    let draft = graph.draft();
    let mut needs = Vec::new();
    if let Part::Service { service, .. } = part {
        for mount in &draft.links.services[service].mounts {
            let store = store_at(draft, mount, part);
            needs.extend(store.and_then(|store| graph.store(store, part)));
        }
    }
    graph.part(part, &needs)
}

/// Returns the store behind the mount of a step at a member of a service.
fn store_of(draft: &Draft, io: &Io, user: Part) -> Option<Store> {
    let Part::Service { service, .. } = user else { return None };
    store_at(draft, &draft.links.services[service].mounts[io.mount_of(service)?], user)
}

/// Returns the mean processor time of a step of `class`, in core-seconds.
fn work_s(draft: &Draft, class: usize, work: &Work) -> f64 {
    mean(&draft.scenario.request[class].1.demands[work.demand].1) * work.share
}

/// Returns the largest number of cores that work on a step's demand at once, over the members of its service;
/// `None` if the service has no member.
#[must_use]
pub(super) fn most_at_once(draft: &Draft, work: &Work) -> Option<f64> {
    let service = work.service;
    let members = (0..draft.links.services[service].members).map(|member| {
        let part = Part::Service { service, member };
        cores_at_once(draft, part, work.threads.value)
    });
    members.max_by(f64::total_cmp)
}

/// Processor work needs only the member that does it.
impl Leaf for Work {
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}

    fn offers(&self, sums: &mut Sums<'_>, class: usize, rate: f64, here: &Here) {
        let demand = work_s(sums.draft(), class, self);
        for (part, share) in here {
            sums.zone_cpu(*part, rate * share * demand);
        }
    }

    fn least_s(&self, draft: &Draft, class: usize) -> f64 {
        work_s(draft, class, self) / most_at_once(draft, self).unwrap_or(1.0)
    }

    fn events(&self, _: &Draft) -> f64 {
        1.0
    }

    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        Place { class, here }: Place,
        count: f64,
        branch: &mut Branch,
        _: &mut Vec<Onward>,
    ) {
        let Some(here) = here else { return };
        let work = work_s(network.draft(), class, self) * count;
        network.cpu(branch, here, work);
        let cores = cores_at_once(network.draft(), here, self.threads.value);
        branch.aside += work - work / cores;
    }
}

/// Storage operations need only the member that does them, with its mounts.
impl Leaf for Io {
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}

    fn offers(&self, sums: &mut Sums<'_>, _: usize, rate: f64, here: &Here) {
        for (part, share) in here {
            let Some(store) = store_of(sums.draft(), self, *part) else { continue };
            let rate = rate * share;
            let operations = Operations {
                reads: rate * self.reads,
                writes: rate * self.writes,
                durable: if self.durable { rate * self.writes } else { 0.0 },
                in_front: rate * self.operations,
            };
            sums.io(store, *part, operations);
        }
    }

    /// Returns a lower bound: a cache may answer the reads.
    fn least_s(&self, draft: &Draft, _: usize) -> f64 {
        if !self.durable || !self.waits {
            return 0.0;
        }
        let mounts = self.mounts.iter();
        let stores = mounts.flat_map(|(service, at)| &draft.links.services[*service].mounts[*at]);
        let each = stores.map(|store| store.component().0.answers().durable_s(draft, *store));
        self.writes * each.min_by(f64::total_cmp).unwrap_or(0.0)
    }

    fn events(&self, _: &Draft) -> f64 {
        self.reads + self.writes + self.operations.min(1.0)
    }

    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        place: Place,
        count: f64,
        branch: &mut Branch,
        then: &mut Vec<Onward>,
    ) {
        let Some(user) = place.here else { return };
        network.exits(branch, user, (self.reads + self.writes) * count);
        let Some(store) = store_of(network.draft(), self, user) else { return };
        let (reads, writes) = (self.reads * count, self.writes * count);
        let asked = (self.operations * count - writes).max(0.0);
        let operations = Operations { reads, in_front: asked, ..Operations::default() };
        network.io(store, user, operations, self.waits, then);
        let in_front = writes.min(self.operations * count);
        let waits = self.durable && self.waits;
        let durable = if self.durable { writes } else { 0.0 };
        let operations = Operations { writes, durable, in_front, ..Operations::default() };
        network.io(store, user, operations, waits, then);
        if self.waits && writes > 0.0 {
            network.space(store, user, writes, then);
        }
    }
}
