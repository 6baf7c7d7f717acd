//! Needs and offered work of queries: writes go to the primary, reads to it or to the replicas.

use crate::convert::table;
use crate::kinds::database::links::Role;
use crate::kinds::database::spec::{DatabaseSpec, Promotion, ReadsTo, ReplicationMode};
use crate::kinds::database::{Database, far, far_flow, rows};
use crate::mechanism::commit::Protocol;
use crate::plan::Draft;
use crate::plan::between::PLAIN_BYTES;
use crate::plan::fluid::buffers::Buffer;
use crate::plan::fluid::network::{self, Branch, Onward, Place, Split, once, times};
use crate::plan::graph::{self, NodeId, Takeover};
use crate::plan::kind::flow::{Flow, Leaf, nothing};
use crate::plan::links::Store;
use crate::plan::load::{Capacity, Here, Operations, Resource, Sums, mean};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::Query;

/// Returns whether replicas answer the reads.
pub(super) fn reads_from_replicas(spec: &DatabaseSpec) -> bool {
    spec.reads.as_ref().is_some_and(|reads| reads.to.value == ReadsTo::Replicas)
}

/// Returns whether the buffer of a promoted replica is warm: it has served reads, and does not take over the volume of the
/// old primary.
fn is_promoted_warm(spec: &DatabaseSpec) -> bool {
    (reads_from_replicas(spec) || spec.all_read()) && !is_remounted(spec)
}

/// Returns whether a promoted replica continues on the volume of the old primary.
fn is_remounted(spec: &DatabaseSpec) -> bool {
    spec.failover.as_ref().is_some_and(|failover| failover.promotion.value == Promotion::Remount)
}

/// Returns the mean number of disk operations of a read while the buffer is warm.
fn misses(spec: &DatabaseSpec) -> f64 {
    spec.read.io.as_ref().map_or(0.0, |io| io.probability.value.get() * io.mean.value)
}

/// Returns the mean number of disk operations of a write at the primary.
fn writes_of(spec: &DatabaseSpec) -> f64 {
    spec.write.sync_io.value + spec.write.deferred_io.value
}

/// Returns the mean number of disk operations of a write at a replica: `apply-io`, else as at the primary.
fn applies_of(spec: &DatabaseSpec) -> f64 {
    let own = spec.replication.as_ref().and_then(|replication| replication.apply_io.as_ref());
    own.map_or(writes_of(spec), |own| own.value)
}

/// Returns the mean number of disk operations of the records that a member forces for a write, which it takes or applies. A
/// record that several writes share counts for each.
fn forced_of(spec: &DatabaseSpec, takes: bool) -> f64 {
    let records = match (spec.replication.as_ref().map(|how| how.mode.value), takes) {
        (Some(ReplicationMode::Sync), false) => 1.0,
        (Some(ReplicationMode::TwoPhase | ReplicationMode::ThreePhase), true) => 1.0,
        (Some(ReplicationMode::TwoPhase), false) => 2.0,
        (Some(ReplicationMode::ThreePhase), false) => 3.0,
        _ => 0.0,
    };
    records * spec.force_io()
}

/// Returns the mean number of disk operations of a write that a member waits for, which it takes or applies.
fn durable_of(spec: &DatabaseSpec, takes: bool) -> f64 {
    let mode = spec.replication.as_ref().map(|how| how.mode.value);
    // Nothing waits for the record of a commit at a member that applies it, nor for an `apply-io`.
    let records = match (mode, takes) {
        (Some(ReplicationMode::Sync | ReplicationMode::TwoPhase), false) => 1.0,
        (Some(ReplicationMode::TwoPhase | ReplicationMode::ThreePhase), true) => 1.0,
        (Some(ReplicationMode::ThreePhase), false) => 2.0,
        _ => 0.0,
    };
    let relaxed = spec.replication.as_ref().is_some_and(|how| how.apply_io.is_some());
    let own = if takes || !relaxed { spec.write.sync_io.value } else { 0.0 };
    own + records * spec.force_io()
}

/// Returns the least number of `members` that must be up for a write. A group evicts one member at a time, down to two.
fn quorum(spec: &DatabaseSpec, members: u32) -> u32 {
    match spec.wait_for(members.saturating_sub(1)) {
        Some(wait_for) => wait_for.saturating_add(1).min(members),
        None if spec.protocol() == Some(Protocol::Ordered) => members.min(2),
        None => 1,
    }
}

/// Returns the sets of members of which one each must be up, so that `least` of `members` are: all sets of one more than
/// may be down.
pub(super) fn sets_of(members: u32, least: u32) -> Vec<Vec<u32>> {
    combinations(members, (members + 1).saturating_sub(least))
}

/// Returns all sets of `size` of the numbers below `of`, those without the largest number first.
fn combinations(of: u32, size: u32) -> Vec<Vec<u32>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let Some(last) = of.checked_sub(1).filter(|_| size <= of) else { return Vec::new() };
    let with = |set: Vec<u32>| [set.as_slice(), &[last]].concat();
    let mut all = combinations(last, size);
    all.extend(combinations(last, size - 1).into_iter().map(with));
    all
}

/// Returns the buffer of a member, if traffic over years counts its additional misses.
fn buffer_of(spec: &DatabaseSpec, member: Part) -> Option<Buffer> {
    let cold = spec.cold.as_ref()?;
    let probability = spec.read.io.as_ref()?.probability.value.get();
    let counts = cold.over_years.as_ref().is_some_and(|counts| counts.value) && probability > 0.0;
    counts.then(|| Buffer {
        member,
        of: (table::u32(member.index()), member.number()),
        factor: cold.miss_factor.value,
        most: 1.0 / probability,
        decays_in: cold.decays_in.value,
        is_cold_as_primary: !is_promoted_warm(spec),
    })
}

/// Returns the factor by which more reads miss at first at a new primary. It is 1 where the buffer stays warm.
fn coldness(spec: &DatabaseSpec) -> f64 {
    if is_promoted_warm(spec) {
        return 1.0;
    }
    let probability = spec.read.io.as_ref().map_or(0.0, |io| io.probability.value.get());
    let factor = spec.cold.as_ref().map_or(1.0, |cold| cold.miss_factor.value);
    if probability > 0.0 { factor.min(1.0 / probability).max(1.0) } else { 1.0 }
}

impl Flow for Database {
    nothing!(
        entrances, opens, members, stores, passing, probes, lives, rooms, subjects, watched,
        switches, uplinks, is_slice, queued,
    );

    fn capacity(&self, _: &Draft, _: Part, resource: Resource) -> Option<Capacity> {
        rows::capacity(resource)
    }

    fn may_wait(&self, draft: &Draft) -> bool {
        draft.scenario.database.iter().enumerate().any(|(at, (_, spec))| {
            far::ends(draft, at).is_some_and(|ends| {
                (0..ends.sides.len()).any(|primary| far::streams_aside(spec, &ends, primary))
            })
        })
    }
}

impl Leaf for Query {
    fn needs(&self, graph: &mut graph::Builder<'_>, needs: &mut Vec<NodeId>) {
        if self.writes.is_some() {
            needs.push(serving(graph, self.database, true));
        }
        if self.reads.is_some() {
            needs.push(serving(graph, self.database, false));
        }
    }

    fn offers(&self, sums: &mut Sums<'_>, _: usize, rate: f64, _: &Here) {
        let of = |count: Option<f64>| rate * count.unwrap_or(0.0);
        offers_queries(sums, self.database, of(self.reads), of(self.writes));
    }

    /// Returns the processor time only, since the buffer may answer without a disk operation.
    fn least_s(&self, draft: &Draft, _: usize) -> f64 {
        let spec = &draft.scenario.database[self.database].1;
        self.reads.unwrap_or(0.0) * mean(&spec.read.cpu.value)
            + self.writes.unwrap_or(0.0) * mean(&spec.write.cpu.value)
    }

    fn events(&self, draft: &Draft) -> f64 {
        let spec = &draft.scenario.database[self.database].1;
        let write = 1.0 + spec.write.sync_io.value + spec.write.deferred_io.value;
        self.reads.unwrap_or(0.0) * (1.0 + misses(spec)) + self.writes.unwrap_or(0.0) * write
    }

    /// Adds the queries. All queries of a request are made or none is, `count` times per request on average.
    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        place: Place,
        count: f64,
        _: &mut Branch,
        then: &mut Vec<Onward>,
    ) {
        let of = |count: Option<f64>| count.unwrap_or(0.0);
        let (reads, writes) = (of(self.reads), of(self.writes));
        let mut queries = Vec::new();
        if reads > 0.0 {
            let fork = fork_of_reads(network, self.database, place.here);
            queries.push(of_a_call(network, self.database, (fork, reads), false));
        }
        if writes > 0.0 {
            let taken = fork_of_writes(network, self.database);
            let way = far_flow::way_to_primary(network, self.database, place.here, taken);
            queries.push(of_a_call(network, self.database, (way, writes), true));
        }
        let queries = network.behind(queries);
        then.push(times(queries, count));
    }
}

/// Returns the node that must be up for a write, or for a read.
fn serving(graph: &mut graph::Builder<'_>, database: usize, write: bool) -> NodeId {
    let draft = graph.draft();
    if let Some(ends) = far::ends(draft, database) {
        return far_flow::serving(graph, database, &ends, write);
    }
    let (name, spec) = &draft.scenario.database[database];
    let links = &draft.links.databases[database];
    let (fails_over, remount) = (spec.failover.is_some(), is_remounted(spec));
    let by_replicas = reads_from_replicas(spec) || spec.all_read();
    let each = if write { spec.all_write() } else { by_replicas };
    let all = fails_over || each;
    let members: Vec<NodeId> = links
        .members
        .iter()
        .enumerate()
        .filter(|(_, member)| all || member.role == Role::Primary)
        .map(|(at, _)| member_with_data(graph, database, table::u32(at), !remount))
        .collect();
    let mut serving = graph.group(name, 1, &members);
    let of_primary = write || !by_replicas;
    if fails_over && of_primary && members.len() > 1 {
        graph.takes_over(serving, Takeover::Primary(database, members));
    }
    let least = quorum(spec, table::u32(links.members.len()));
    let elects = of_primary && spec.elects();
    if least > 1 && (write || elects) {
        let all: Vec<NodeId> = (0..links.members.len())
            .map(|at| member_with_data(graph, database, table::u32(at), !remount))
            .collect();
        let enough = graph.group(name, least, &all);
        if elects {
            // The members elect another primary while they are enough.
            serving = graph.group(name, 1, &[serving, enough]);
        }
        if write {
            serving = graph.all(&[serving, enough]);
        }
    }
    if spec.has_view() {
        let all = 0..links.members.len();
        let all = all.map(|at| member_with_data(graph, database, table::u32(at), !remount));
        let (members, writes) = (all.collect(), write);
        // A node of its own, since its condition over years is another than that of the members.
        serving = graph.all(&[serving]);
        graph.takes_over(serving, Takeover::View { database, writes, any: each, members });
    }
    if let Some(balancer) = links.through.filter(|_| !write) {
        let units = graph.members((Kind::Balancer, balancer), None, false);
        serving = graph.all(&[units, serving]);
    }
    let primary = links.of(Role::Primary).next().filter(|_| remount);
    let volume = primary.and_then(|member| {
        let store = links.members[member as usize].store?;
        graph.store(store, Part::Database { database, member })
    });
    match volume {
        Some(volume) => graph.all(&[serving, volume]),
        None => serving,
    }
}

pub(super) fn member_with_data(
    graph: &mut graph::Builder<'_>,
    database: usize,
    member: u32,
    own_store: bool,
) -> NodeId {
    let part = Part::Database { database, member };
    let store = graph.draft().links.databases[database].members[member as usize].store;
    let store = store.filter(|_| own_store);
    let store = store.and_then(|store| graph.store(store, part));
    graph.part(part, store.as_slice())
}

/// Adds the work of `reads` and `writes` per second.
fn offers_queries(sums: &mut Sums<'_>, database: usize, reads: f64, writes: f64) {
    let draft = sums.draft();
    let spec = &draft.scenario.database[database].1;
    let links = &draft.links.databases[database];
    let of = |role| -> Vec<Part> {
        links.of(role).map(|member| Part::Database { database, member }).collect()
    };
    let alive = sums.alive([of(Role::Primary), of(Role::Replica)].concat());
    let Some((&primary, replicas)) = alive.split_first() else { return };
    far_flow::offers_stream(sums, database, primary, (replicas, writes));
    let by_replicas = reads_from_replicas(spec);
    let readers = match () {
        () if spec.all_read() => &alive,
        () if by_replicas && !replicas.is_empty() => replicas,
        () => &alive[..1],
    };
    if let Some(balancer) = links.through.filter(|_| by_replicas) {
        sums.passes(Kind::Balancer, balancer, reads);
    }
    let promoted = sums.is_cold() && of(Role::Primary).first() != Some(&primary);
    for reader in readers {
        let cold = if promoted && *reader == primary { coldness(spec) } else { 1.0 };
        offers_reads(sums, spec, *reader, reads / readers.len() as f64, cold);
    }
    let takers = if spec.all_write() { &alive } else { &alive[..1] };
    let share = writes / takers.len() as f64;
    let takes = (writes_of(spec) + forced_of(spec, true), durable_of(spec, true));
    let applies = (applies_of(spec) + forced_of(spec, false), durable_of(spec, false));
    rows::offers(sums, database, (primary, alive.len() - 1), writes);
    for member in &alive {
        let own = takers.contains(member).then_some(share);
        if let Some(own) = own {
            offers_writes(sums, spec, *member, (own, takes));
            sums.exits(*member, own);
        }
        if own.is_none_or(|own| own < writes) {
            offers_writes(sums, spec, *member, (writes - own.unwrap_or(0.0), applies));
        }
    }
}

/// Adds the work of reads per second; `cold` times as many miss as with a warm buffer.
fn offers_reads(sums: &mut Sums<'_>, spec: &DatabaseSpec, member: Part, rate: f64, cold: f64) {
    let misses = misses(spec) * cold;
    sums.zone_cpu(member, rate * mean(&spec.read.cpu.value));
    sums.exits(member, rate);
    let reads = rate * misses;
    offers_io(sums, member, Operations { reads, in_front: reads, ..Operations::default() });
}

/// Adds the work of `rate` writes per second; each takes `operations` at the disks, of which `durable` are waited for. A replica that
/// applies a write takes the processor time of the primary.
fn offers_writes(
    sums: &mut Sums<'_>,
    spec: &DatabaseSpec,
    member: Part,
    (rate, (operations, durable)): (f64, (f64, f64)),
) {
    sums.zone_cpu(member, rate * mean(&spec.write.cpu.value));
    let (writes, durable) = (rate * operations, rate * durable);
    offers_io(sums, member, Operations { reads: 0.0, writes, durable, in_front: writes });
}

fn offers_io(sums: &mut Sums<'_>, member: Part, operations: Operations) {
    let Part::Database { database, member: at } = member else { return };
    let links = &sums.draft().links.databases[database];
    if let Some(store) = links.members.get(at as usize).and_then(|member| member.store) {
        sums.io(store, member, operations);
    }
}

/// Numbers of the forks that several steps share.
const READS: usize = 0;
const WRITES: usize = 1;
/// First number of the forks of each site, where members stand at both ends of a link. Members that agree on writes never do, and have their
/// own forks from here on.
pub(super) const OTHERS: usize = 2;

/// Returns the primary and its replicas.
fn serving_members(draft: &Draft, database: usize) -> Vec<Part> {
    let links = &draft.links.databases[database];
    let members = [Role::Primary, Role::Replica].into_iter().flat_map(|role| links.of(role));
    members.map(|member| Part::Database { database, member }).collect()
}

/// Returns the way of a call to the fork at which it picks its member. `fork` is that of one query, `count` the mean number of queries per
/// call. Where members agree on writes, all queries of a call go to one member, and a silent member gets its share of the calls until it is
/// evicted.
fn of_a_call(
    network: &mut network::Builder<'_>,
    database: usize,
    (fork, count): (u32, f64),
    writes: bool,
) -> Onward {
    let draft = network.draft();
    let is_balanced = !writes && draft.links.databases[database].through.is_some();
    let spec = &draft.scenario.database[database].1;
    if is_balanced || !spec.has_view() {
        return times(fork, count);
    }
    let (calls, each) = (count.min(1.0), count.max(1.0));
    let mut branches = Vec::new();
    for (at, part) in serving_members(draft, database).into_iter().enumerate() {
        let behind = match writes {
            true => fork,
            false => network.shared((Kind::Database, database, OTHERS + at), |network| {
                network.alone(network.branch_of(fork, at))
            }),
        };
        let then = vec![times(behind, each)];
        branches.push(Branch { then, ..network.branch(part) });
    }
    let split =
        if writes { split_of_writes(spec, database) } else { split_of_reads(spec, database) };
    let node = network.node(split, branches);
    if writes {
        network.waits_for_all(node);
    }
    times(node, calls)
}

/// Returns whether reads go to replicas of which no script, view or balancer knows that they are dead.
fn is_blind(spec: &DatabaseSpec) -> bool {
    let through = spec.reads.as_ref().is_some_and(|reads| reads.through.is_some());
    let knows = spec.failover.is_some() || spec.has_view() || through;
    reads_from_replicas(spec) && !knows
}

/// Returns the rule by which a read picks its member.
fn split_of_reads(spec: &DatabaseSpec, database: usize) -> Split {
    match () {
        () if spec.all_read() => Split::Even,
        () if reads_from_replicas(spec) => Split::Readers(database),
        () => Split::Primary(database),
    }
}

/// Returns the rule by which a write picks the member that takes it.
fn split_of_writes(spec: &DatabaseSpec, database: usize) -> Split {
    if spec.all_write() { Split::Even } else { Split::Primary(database) }
}

/// Returns the fork of one read of a request that is `here`.
fn fork_of_reads(network: &mut network::Builder<'_>, database: usize, here: Option<Part>) -> u32 {
    let draft = network.draft();
    let from = far_flow::site_of(draft, database, here);
    let number = from.map_or(READS, |site| OTHERS + 2 * site);
    network.shared((Kind::Database, database, number), |network| {
        let spec = &draft.scenario.database[database].1;
        let misses = misses(spec);
        let mut readers = serving_members(draft, database);
        let mut split = split_of_reads(spec, database);
        if is_blind(spec) && readers.len() > 1 {
            // The primary is the first, and remains it.
            readers.remove(0);
            split = Split::Blind;
        }
        let mut branches = Vec::new();
        for part in readers {
            let mut branch = network.branch(part);
            if let Some(here) = here.filter(|_| from.is_some()) {
                network.over_link(&mut branch, (here, part), PLAIN_BYTES);
            }
            network.cpu(&mut branch, part, mean(&spec.read.cpu.value));
            network.exits(&mut branch, part, 1.0 + misses);
            let operations =
                Operations { reads: misses, in_front: misses, ..Operations::default() };
            let first = branch.then.len();
            leads_io(network, part, operations, true, &mut branch.then);
            if let Some(buffer) = buffer_of(spec, part) {
                let number = network.buffer(buffer);
                branch.then[first..].iter_mut().for_each(|onward| onward.buffer = Some(number));
            }
            branches.push(branch);
        }
        let by_replicas = reads_from_replicas(spec);
        let node = network.node(split, branches);
        let mut before = Vec::new();
        if let Some(balancer) = draft.links.databases[database].through.filter(|_| by_replicas) {
            before.extend(network.passes(Kind::Balancer, balancer).map(once));
        }
        if before.is_empty() {
            return node;
        }
        before.push(once(node));
        network.behind(before)
    })
}

/// Returns the fork of one write, with the work of the replicas that apply it.
fn fork_of_writes(network: &mut network::Builder<'_>, database: usize) -> u32 {
    network.shared((Kind::Database, database, WRITES), |network| {
        let draft = network.draft();
        let spec = &draft.scenario.database[database].1;
        let (mut takes, mut follows) = (Vec::new(), Vec::new());
        for part in serving_members(draft, database) {
            takes.push(branch_of_write(network, spec, part, true));
            follows.push(branch_of_write(network, spec, part, false));
        }
        match far::ends(draft, database) {
            Some(ends) => far_flow::crosses(network, (database, spec), &ends, &mut takes),
            // The view decides how many of its members writes need.
            None if spec.has_view() => {}
            None => needs_quorum(spec, &mut takes),
        }
        let several = takes.len() > 1;
        let all_write = spec.all_write();
        let primary = network.node(split_of_writes(spec, database), takes);
        network.commits(database, primary);
        let mut all = vec![once(primary)];
        if several {
            let split = if all_write { Split::Others } else { Split::Followers(database) };
            let replicas = network.node(split, follows);
            all.push(Onward { waits: false, ..once(replicas) });
        }
        network.behind(all)
    })
}

/// Closes the branches of a write while fewer members are up than it needs.
fn needs_quorum(spec: &DatabaseSpec, branches: &mut [Branch]) {
    let members = table::u32(branches.len());
    let least = quorum(spec, members);
    if least <= 1 {
        return;
    }
    let part = |at: &u32| branches[*at as usize].open.iter().flatten().copied().next();
    let sets: Vec<Vec<u32>> =
        sets_of(members, least).iter().map(|set| set.iter().filter_map(part).collect()).collect();
    for branch in branches {
        branch.open.extend(sets.iter().cloned());
    }
}

/// Returns the branch of a write at a member, which takes it as the primary or applies it as a replica.
fn branch_of_write(
    network: &mut network::Builder<'_>,
    spec: &DatabaseSpec,
    part: Part,
    takes: bool,
) -> Branch {
    let mut branch = network.branch(part);
    network.cpu(&mut branch, part, mean(&spec.write.cpu.value));
    let exits = if takes { 1.0 + writes_of(spec) } else { applies_of(spec) };
    network.exits(&mut branch, part, exits);
    let of = |writes: f64, durable| Operations { reads: 0.0, writes, durable, in_front: writes };
    let durable = durable_of(spec, takes);
    let sync = spec.write.sync_io.value;
    if takes && sync > 0.0 {
        leads_io(network, part, of(sync, sync), true, &mut branch.then);
        let rest = writes_of(spec) - sync + forced_of(spec, true);
        leads_io(network, part, of(rest, durable - sync), false, &mut branch.then);
    } else {
        let own = if takes { writes_of(spec) } else { applies_of(spec) };
        let operations = own + forced_of(spec, takes);
        leads_io(network, part, of(operations, durable), false, &mut branch.then);
    }
    if let Some(store) = data_of(network, part).filter(|_| takes && writes_of(spec) > 0.0) {
        network.space(store, part, writes_of(spec), &mut branch.then);
    }
    branch
}

/// Returns the store with the data of a member; with remounts, that of the first primary.
fn data_of(network: &network::Builder<'_>, member: Part) -> Option<Store> {
    let Part::Database { database, member: at } = member else { return None };
    let links = &network.draft().links.databases[database];
    let remount = is_remounted(&network.draft().scenario.database[database].1);
    let of = if remount { links.of(Role::Primary).next().unwrap_or(at) } else { at };
    links.members.get(of as usize).and_then(|member| member.store)
}

/// Adds disk operations of a member on its data.
fn leads_io(
    network: &mut network::Builder<'_>,
    member: Part,
    operations: Operations,
    waits: bool,
    then: &mut Vec<Onward>,
) {
    if let Some(store) = data_of(network, member) {
        network.io(store, member, operations, waits, then);
    }
}

#[cfg(test)]
mod tests {
    use super::sets_of;

    #[test]
    fn of_five_members_three_must_be_up_if_one_of_each_three_is() {
        let sets = sets_of(5, 3);
        for up in 0_u32..32 {
            let all = sets.iter().all(|set| set.iter().any(|&member| up & 1 << member != 0));
            assert_eq!(all, up.count_ones() >= 3, "{up:b}");
        }
        assert_eq!(sets.len(), 10);
        assert_eq!(sets[..2], [vec![0, 1, 2], vec![0, 1, 3]]);
    }

    #[test]
    fn the_sets_of_the_largest_databases_are_few() {
        assert_eq!(
            (sets_of(64, 2).len(), sets_of(64, 64).len(), sets_of(64, 1).len()),
            (64, 64, 1)
        );
    }
}
