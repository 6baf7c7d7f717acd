//! Needs and offered work: a volume is spread over pools. Each pool is behind its own head or the one that took over.

use crate::kinds::disks;
use crate::kinds::disks::flow::{
    Blocks, commits, cost_of_commit, cost_of_read, cost_of_write, leads_commits, write_s,
};
use crate::kinds::nas::components::contents_by_pool;
use crate::kinds::nas::{Nas, caching};
use crate::model::spec::memory::MemoryPolicy;
use crate::plan::Draft;
use crate::plan::fluid::network::{self, Onward, Split, once, times};
use crate::plan::graph::{self, NodeId, Takeover};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Store;
use crate::plan::load::{Capacity, Operations, Resource, Sums, mean};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::ram::{Content, ContentId, Memory, Place};

impl Flow for Nas {
    nothing!(
        entrances, opens, members, passing, lives, rooms, subjects, watched, switches, uplinks,
        is_slice, queued,
    );

    fn stores(&self, graph: &mut graph::Builder<'_>, store: Store, _: Part) -> Option<NodeId> {
        let Store::Volume { nas, volume } = store else { return None };
        let pools = graph.draft().links.nas[nas].volumes[volume].iter();
        let pools: Vec<NodeId> = pools.map(|pool| pool_behind_head(graph, nas, *pool)).collect();
        Some(graph.all(&pools))
    }

    fn is_near(&self, draft: &Draft, store: Store, user: Part) -> bool {
        let Store::Volume { nas, .. } = store else { return false };
        let site = |part: Part| part.domains(draft).last().copied();
        site(Part::Head { nas, number: 0 }) == site(user)
    }

    /// Offers the operations evenly to all pools, and to the head that serves each pool.
    fn offers_io(&self, sums: &mut Sums<'_>, store: Store, _: Part, operations: Operations) {
        let Store::Volume { nas, volume } = store else { return };
        let pools = &sums.draft().links.nas[nas].volumes[volume];
        let spec = &sums.draft().scenario.nas[nas].1;
        let Operations { reads, writes, in_front, .. } = operations;
        let each = 1.0 / pools.len().max(1) as f64;
        let blocks = if sums.is_least() { Blocks::Full } else { Blocks::OfEach };
        for (place, &pool) in pools.iter().enumerate() {
            let set = &spec.pools[pool].1;
            let owner = Part::Head { nas, number: set.head.value - 1 };
            let others = (0..spec.heads.value).map(|number| Part::Head { nas, number });
            let heads: Vec<Part> = [owner].into_iter().chain(others).collect();
            let is_shared =
                spec.takeover().is_some() && !heads.iter().all(|head| sums.is_up(*head));
            let head = sums.alive(heads)[0];
            let place = Place { memory: head, content: (volume, place), is_shared };
            let disks = Part::Pool { nas, pool };
            let missed = sums.missed(place, disks, (reads * each, writes * each));
            let (Operations { writes, .. }, commits) = commits(set, operations);
            let (group, log) = cost_of_commit(set, blocks);
            let work = missed * cost_of_read(set) + writes * each * cost_of_write(set);
            sums.add(disks, Resource::Disks, work + commits * each * (group + log));
            sums.add(head, Resource::Head, in_front * each * mean(&spec.cpu.value));
        }
    }

    fn memories<'d>(&self, draft: &'d Draft) -> Vec<Memory<'d>> {
        (0..draft.scenario.nas.len()).flat_map(|nas| memories_of(draft, nas)).collect()
    }

    /// Returns the mean time at the pools of the volume; the head is counted with the operations in front.
    fn durable_s(&self, draft: &Draft, store: Store) -> f64 {
        let Store::Volume { nas, volume } = store else { return 0.0 };
        let spec = &draft.scenario.nas[nas].1;
        let pools = &draft.links.nas[nas].volumes[volume];
        let each = pools.iter().map(|pool| disks::flow::durable_s(&spec.pools[*pool].1));
        each.sum::<f64>() / pools.len().max(1) as f64
    }

    fn write_s(&self, draft: &Draft, store: Store) -> f64 {
        let Store::Volume { nas, volume } = store else { return 0.0 };
        let spec = &draft.scenario.nas[nas].1;
        let pools = &draft.links.nas[nas].volumes[volume];
        let each = |pool: &usize| write_s(&spec.pools[*pool].1);
        let disks = pools.iter().map(each).sum::<f64>() / pools.len().max(1) as f64;
        disks + mean(&spec.cpu.value)
    }

    /// Returns the writes per second of all pools of the volume, which has its blocks evenly on them.
    fn writes_per_s(&self, draft: &Draft, store: Store) -> f64 {
        let Store::Volume { nas, volume } = store else { return f64::INFINITY };
        let pools = &draft.links.nas[nas].volumes[volume];
        let each = pools
            .iter()
            .map(|pool| disks::flow::written_per_s(&draft.scenario.nas[nas].1.pools[*pool].1));
        each.fold(f64::INFINITY, f64::min) * pools.len() as f64
    }

    fn may_wait(&self, draft: &Draft) -> bool {
        disks::flow::may_wait(draft, Kind::Nas)
    }

    fn works_always(&self, sums: &mut Sums<'_>) {
        disks::flow::offers_scrubs(sums, Kind::Nas);
    }

    fn probes(&self, network: &mut network::Builder<'_>) {
        disks::flow::leads_scrubs(network, Kind::Nas);
    }

    fn capacity(&self, draft: &Draft, part: Part, _: Resource) -> Option<Capacity> {
        match part {
            Part::Pool { nas, pool } => {
                Some(disks::flow::capacity(&draft.scenario.nas[nas].1.pools[pool].1))
            }
            Part::Head { .. } => {
                Some(Capacity { per_second: 1.0, alone_s: 1.0, holds_a_worker: true, queues: None })
            }
            _ => None,
        }
    }

    fn leads_io(
        &self,
        network: &mut network::Builder<'_>,
        store: Store,
        _: Part,
        operations: Operations,
        waits: bool,
        then: &mut Vec<Onward>,
    ) {
        let Store::Volume { nas, volume } = store else { return };
        let draft = network.draft();
        let Operations { mut reads, writes, mut in_front, .. } = operations;
        let pools = &draft.links.nas[nas].volumes[volume];
        let each = 1.0 / pools.len().max(1) as f64;
        if reads > 0.0 && finds(draft, nas, (volume, 0)) {
            let through = reads.min(in_front);
            for (place, &pool) in pools.iter().enumerate() {
                let at = (nas, pool, (volume, place));
                let node = fork_over_memories(network, at, through / reads);
                then.push(Onward { waits, ..times(node, reads * each) });
            }
            (reads, in_front) = (0.0, in_front - through);
        }
        if reads + writes == 0.0 && in_front == 0.0 {
            return;
        }
        for &pool in pools {
            let set = &draft.scenario.nas[nas].1.pools[pool].1;
            let part = Part::Pool { nas, pool };
            let (Operations { writes, .. }, commits) = commits(set, operations);
            if commits > 0.0 {
                leads_commits(network, (part, set), commits * each, waits, then);
            }
            let asks = reads + writes;
            if asks > 0.0 || commits == 0.0 {
                let work = reads * cost_of_read(set) + writes * cost_of_write(set);
                let disks = network.visit(part, Resource::Disks, work / asks.max(1e-300));
                then.push(Onward { waits, ..times(disks, asks * each) });
            }
            let head = fork_over_heads(network, nas, pool);
            then.push(Onward { waits, ..times(head, in_front * each) });
        }
    }
}

/// Returns whether the memory of some head finds reads of a content.
fn finds(draft: &Draft, nas: usize, content: ContentId) -> bool {
    let heads = 0..draft.scenario.nas[nas].1.heads.value;
    let places = heads.flat_map(|number| {
        let memory = Part::Head { nas, number };
        [false, true].map(|is_shared| Place { memory, content, is_shared })
    });
    places.into_iter().any(|place| draft.ram.at(place).is_some())
}

/// Returns the memory of each head of a file server: for its own volumes, and for those of both heads if it can take over.
fn memories_of(draft: &Draft, nas: usize) -> Vec<Memory<'_>> {
    let spec = &draft.scenario.nas[nas].1;
    let mut contents = Vec::new();
    for (volume, place, pools, content) in contents_by_pool(draft, nas) {
        let pool = draft.links.nas[nas].volumes[volume][place];
        let home = Part::Head { nas, number: spec.pools[pool].1.head.value - 1 };
        contents.push(Content { id: (volume, place), home, spec: &content.value, pools });
    }
    let one = |of, is_shared, contents| Memory {
        of,
        size: caching::size(draft, nas),
        is_adaptive: MemoryPolicy::is_adaptive(spec.ram_cache_policy.as_ref()),
        takes_writes: spec.ram_cache_writes.as_ref().is_some_and(|takes| takes.value),
        second: None,
        is_shared,
        contents,
    };
    let both = spec.takeover().is_some();
    let all = (0..spec.heads.value).flat_map(|number| {
        let of = Part::Head { nas, number };
        let own = contents.iter().copied().filter(|content| content.home == of).collect();
        let shared = both.then(|| one(of, true, contents.clone()));
        [one(of, false, own)].into_iter().chain(shared)
    });
    all.filter(|memory| memory.size.count() > 0 && !memory.contents.is_empty()).collect()
}

/// Returns the fork of one read from a pool of a volume: over the heads that may serve it, each with its memory. The share
/// `through` of the reads is an operation of the head.
fn fork_over_memories(
    network: &mut network::Builder<'_>,
    (nas, pool, content): (usize, usize, ContentId),
    through: f64,
) -> u32 {
    let set = &network.draft().scenario.nas[nas].1.pools[pool].1;
    let node = network.visit(Part::Pool { nas, pool }, Resource::Disks, cost_of_read(set));
    fork(network, (nas, pool), through, |network, head, owner| {
        let found = network.ram_cache_of_head((head, content), owner);
        Some(found.map_or(once(node), |found| network.missed(found, node, 1.0)))
    })
}

/// Returns the fluid node of the heads in front of a pool, split by the state of its volumes.
fn fork_over_heads(network: &mut network::Builder<'_>, nas: usize, pool: usize) -> u32 {
    network
        .shared((Kind::Nas, nas, pool), |network| fork(network, (nas, pool), 1.0, |_, _, _| None))
}

/// Adds a fork over the heads in front of a pool, each with `operations` of its own and the way that `then` adds for a head and
/// the owner of the pool.
fn fork(
    network: &mut network::Builder<'_>,
    (nas, pool): (usize, usize),
    operations: f64,
    then: impl Fn(&mut network::Builder<'_>, Part, Part) -> Option<Onward>,
) -> u32 {
    let spec = &network.draft().scenario.nas[nas].1;
    let owner = spec.pools[pool].1.head.value - 1;
    let mut branches = Vec::new();
    for number in 0..spec.heads.value {
        let head = Part::Head { nas, number };
        let mut branch = network.branch(head);
        network.add(&mut branch, (head, Resource::Head), operations * mean(&spec.cpu.value));
        branch.then.extend(then(network, head, Part::Head { nas, number: owner }));
        branches.push(branch);
    }
    network.node(Split::Volumes { nas, owner }, branches)
}

/// Returns the node of a pool that needs its head, or either head if the partner can take over.
fn pool_behind_head(graph: &mut graph::Builder<'_>, nas: usize, pool: usize) -> NodeId {
    let part = Part::Pool { nas, pool };
    if let Some(node) = graph.known(part) {
        return node;
    }
    let (name, spec) = &graph.draft().scenario.nas[nas];
    let owner = spec.pools[pool].1.head.value - 1;
    let both = spec.takeover().is_some();
    let heads: Vec<NodeId> = (0..spec.heads.value)
        .filter(|number| both || *number == owner)
        .map(|number| graph.part(Part::Head { nas, number }, &[]))
        .collect();
    let head = graph.group(&format!("{name}.head"), 1, &heads);
    if heads.len() == 2 {
        graph.takes_over(head, Takeover::Volumes(nas, owner, heads));
    }
    graph.part(part, &[head])
}
