//! Needs and offered work: a server has sets of disks, used by the parts that stand on it; a zone has a share of
//! the server's processor.

use crate::kinds::disks::flow::{
    self as of_disks, Blocks, commits, cost_of_commit, cost_of_read, cost_of_write, leads_commits,
    write_s,
};
use crate::kinds::disks::spec::DiskSetSpec;
use crate::kinds::zone::parts;
use crate::kinds::zone::{Server, Zone, memory, vm};
use crate::plan::Draft;
use crate::plan::fluid::network::{self, Onward, times};
use crate::plan::graph::{self, NodeId, server_of};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Store;
use crate::plan::load::{Capacity, Operations, Resource, Sums};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::ram::{Memory, Place};

/// Returns the part behind a store of `user`: a set of disks of the server on which `user` stands.
fn disks_of(draft: &Draft, store: Store, user: Part) -> Option<Part> {
    let Store::Disks { set, .. } = store else { return None };
    Some(parts::disks(server_of(draft, user)?, set))
}

/// Returns the place of the content of a store of `user` in the memory of its server.
fn place_of(draft: &Draft, store: Store, user: Part) -> Option<Place> {
    let Store::Disks { set, .. } = store else { return None };
    let memory = Part::Server(server_of(draft, user)?);
    Some(Place { memory, content: (set, 0), is_shared: false })
}

/// Returns the keys of the set of disks behind a store.
fn set_behind(draft: &Draft, store: Store) -> Option<&DiskSetSpec> {
    let Store::Disks { server, set } = store else { return None };
    Some(&draft.scenario.server[server].1.disks[set].1)
}

/// Adds the operations of a second level for the reads that memory does not find, and returns those that it does not find either.
fn missed_by_both(sums: &mut Sums<'_>, place: Place, missed: f64) -> f64 {
    let Some((second, found)) = sums.second_level(place) else { return missed };
    let Some(set) = second.disks.disk_set(sums.draft()) else { return missed };
    let rest = missed * (1.0 - found.hits);
    let writes = rest * found.stored * cost_of_write(set);
    sums.add(second.disks, Resource::Disks, (missed - rest) * cost_of_read(set) + writes);
    rest
}

/// Returns the way of the reads that memory does not find: to its second level, and from there to the disks at `node`.
fn behind_memory(network: &mut network::Builder<'_>, place: Place, node: u32) -> u32 {
    let draft = network.draft();
    let second = draft.ram.at(place).and_then(|found| found.second.as_ref());
    let Some((second, set)) = second.and_then(|(of, _)| Some((of, of.disks.disk_set(draft)?)))
    else {
        return node;
    };
    let read = network.visit(second.disks, Resource::Disks, cost_of_read(set));
    let write = network.visit(second.disks, Resource::Disks, cost_of_write(set));
    network.second_level(place, [node, read, write])
}

impl Flow for Server {
    nothing!(
        entrances, opens, members, passing, lives, rooms, subjects, watched, switches, uplinks,
        is_slice, queued,
    );

    fn stores(&self, graph: &mut graph::Builder<'_>, store: Store, user: Part) -> Option<NodeId> {
        let disks = disks_of(graph.draft(), store, user)?;
        Some(graph.part(disks, &[]))
    }

    fn is_near(&self, _: &Draft, _: Store, _: Part) -> bool {
        true
    }

    fn offers_io(&self, sums: &mut Sums<'_>, store: Store, user: Part, operations: Operations) {
        let Some(disks) = disks_of(sums.draft(), store, user) else { return };
        let Some(spec) = set_behind(sums.draft(), store) else { return };
        let Operations { reads, writes, .. } = operations;
        let place = place_of(sums.draft(), store, user);
        let missed = place.map_or(reads, |place| {
            let missed = sums.missed(place, disks, (reads, writes));
            missed_by_both(sums, place, missed)
        });
        let (Operations { writes, .. }, commits) = commits(spec, operations);
        let work = missed * cost_of_read(spec) + writes * cost_of_write(spec);
        let blocks = if sums.is_least() { Blocks::Full } else { Blocks::OfEach };
        let (group, log) = cost_of_commit(spec, blocks);
        sums.add(disks, Resource::Disks, work + commits * (group + log));
    }

    fn memories<'d>(&self, draft: &'d Draft) -> Vec<Memory<'d>> {
        memory::memories(draft)
    }

    fn write_s(&self, draft: &Draft, store: Store) -> f64 {
        set_behind(draft, store).map_or(0.0, write_s)
    }

    fn writes_per_s(&self, draft: &Draft, store: Store) -> f64 {
        set_behind(draft, store).map_or(f64::INFINITY, of_disks::written_per_s)
    }

    fn durable_s(&self, draft: &Draft, store: Store) -> f64 {
        set_behind(draft, store).map_or(0.0, of_disks::durable_s)
    }

    /// Returns the capacity of a set of disks, or of the processor; its time alone is 0, since the zones count it.
    fn capacity(&self, draft: &Draft, part: Part, _: Resource) -> Option<Capacity> {
        if let Some(set) = part.disk_set(draft) {
            return Some(of_disks::capacity(set));
        }
        let Part::Server(id) = part else { return None };
        let cores = draft.scenario.server[id.group].1.cores.value;
        Some(Capacity {
            per_second: f64::from(cores),
            alone_s: 0.0,
            holds_a_worker: true,
            queues: None,
        })
    }

    fn leads_io(
        &self,
        network: &mut network::Builder<'_>,
        store: Store,
        user: Part,
        operations: Operations,
        waits: bool,
        then: &mut Vec<Onward>,
    ) {
        let Some(disks) = disks_of(network.draft(), store, user) else { return };
        let Some(spec) = set_behind(network.draft(), store) else { return };
        let (Operations { mut reads, writes, .. }, commits) = commits(spec, operations);
        if commits > 0.0 {
            leads_commits(network, (disks, spec), commits, waits, then);
            if reads + writes <= 0.0 {
                return;
            }
        }
        let place = place_of(network.draft(), store, user);
        let place = place.filter(|_| reads > 0.0);
        if let Some(found) = place.and_then(|place| network.ram_cache(place)) {
            let node = network.visit(disks, Resource::Disks, cost_of_read(spec));
            let node = place.map_or(node, |place| behind_memory(network, place, node));
            then.push(Onward { waits, ..network.missed(found, node, reads) });
            reads = 0.0;
            if writes == 0.0 {
                return;
            }
        }
        let work = reads * cost_of_read(spec) + writes * cost_of_write(spec);
        let asks = reads + writes;
        let node = network.visit(disks, Resource::Disks, work / asks.max(1e-300));
        then.push(Onward { waits, ..times(node, asks) });
    }

    fn may_wait(&self, draft: &Draft) -> bool {
        of_disks::may_wait(draft, Kind::Server)
    }

    fn works_always(&self, sums: &mut Sums<'_>) {
        of_disks::offers_scrubs(sums, Kind::Server);
    }

    fn probes(&self, network: &mut network::Builder<'_>) {
        of_disks::leads_scrubs(network, Kind::Server);
    }
}

impl Flow for Zone {
    nothing!(
        entrances, opens, members, stores, passing, probes, lives, rooms, subjects, watched,
        switches, uplinks, may_wait, queued,
    );

    fn capacity(&self, draft: &Draft, part: Part, resource: Resource) -> Option<Capacity> {
        let Part::Zone { zone, .. } = part else { return None };
        let cpu = &draft.scenario.zone[zone].1.cpu;
        let (per_second, alone_s) = match resource {
            Resource::Cpu => {
                let Part::Server(id) = part.stands_on(draft)? else { return None };
                let cores = f64::from(draft.scenario.server[id.group].1.cores.value);
                (vm::most_cores(draft, zone, cores), 1.0)
            }
            Resource::Baseline => (cpu.baseline.as_ref()?.value, 0.0),
            _ => return None,
        };
        Some(Capacity { per_second, alone_s, holds_a_worker: true, queues: None })
    }

    fn is_slice(&self, _: Part) -> bool {
        true
    }
}
