//! Needs and offered work of a database whose members stand at both ends of a link.
//!
//! A query needs its member, and the link where it is between them. So what serves depends on where the query comes from.
//! Each member that may be primary counts with the way to it, and with the replicas that its synchronous writes wait for.

use std::collections::BTreeSet;

use crate::convert::table;
use crate::kinds::database::far::{self, Ends, bytes_of};
use crate::kinds::database::flow::{OTHERS, member_with_data, reads_from_replicas, sets_of};
use crate::kinds::database::spec::DatabaseSpec;
use crate::plan::Draft;
use crate::plan::between::PLAIN_BYTES;
use crate::plan::carriage::rack_of;
use crate::plan::fluid::network::{self, Branch, Onward, Split, once, times};
use crate::plan::graph::{self, NodeId, Takeover};
use crate::plan::load::{Resource, Sums};
use crate::plan::names::Kind;
use crate::plan::part::Part;

/// Returns the node that must be up for a write, or for a read, of the step whose needs are added.
pub(super) fn serving(
    graph: &mut graph::Builder<'_>,
    database: usize,
    ends: &Ends,
    write: bool,
) -> NodeId {
    let draft = graph.draft();
    let (name, spec) = &draft.scenario.database[database];
    let each = !write && (reads_from_replicas(spec) || spec.all_read());
    let fails_over = spec.failover.is_some();
    let count = ends.sides.len();
    let all: Vec<NodeId> =
        (0..count).map(|at| member_with_data(graph, database, table::u32(at), true)).collect();
    let candidates = if fails_over || each { count } else { 1 };
    let wait_for = spec.wait_for(table::u32(count - 1)).filter(|_| write);
    let mut members = Vec::with_capacity(candidates);
    for at in 0..candidates {
        let mut needs = vec![all[at]];
        needs.extend(graph.way_to(Part::Database { database, member: table::u32(at) }));
        if let Some(least) = wait_for {
            let mut others = Vec::new();
            for other in (0..count).filter(|other| *other != at) {
                let link = ends.are_apart(at, other).then(|| graph.part(ends.link, &[]));
                let both: Vec<NodeId> = link.into_iter().chain([all[other]]).collect();
                others.push(graph.all(&both));
            }
            needs.push(graph.group(name, least, &others));
        }
        members.push(graph.all(&needs));
    }
    let serving = graph.group(name, 1, &members);
    if fails_over && !each && members.len() > 1 {
        graph.takes_over(serving, Takeover::Primary(database, members));
    }
    serving
}

/// Adds the bytes of `writes` per second from `primary` to those of `replicas` at the other end of a link; none for the least load
/// of writes that do not wait for these.
pub(super) fn offers_stream(
    sums: &mut Sums<'_>,
    database: usize,
    primary: Part,
    (replicas, writes): (&[Part], f64),
) {
    let draft = sums.draft();
    let Some(ends) = far::ends(draft, database) else { return };
    let spec = &draft.scenario.database[database].1;
    if sums.is_least() && far::streams_aside(spec, &ends, primary.number() as usize) {
        return;
    }
    let side = |part: &Part| ends.sides.get(part.number() as usize).copied();
    let far = replicas.iter().filter(|replica| side(replica) != side(&primary)).count();
    let bytes = bytes_of(spec);
    if far > 0 {
        sums.add(ends.link, Resource::Link, writes * far as f64 * bytes);
    }
}

/// Returns the site at which a request is, if the members of a database stand at both ends of a link.
pub(super) fn site_of(draft: &Draft, database: usize, here: Option<Part>) -> Option<usize> {
    far::ends(draft, database)?;
    draft.links.racks[rack_of(draft, here?)?]
}

/// Returns the fork of a write of a request that is `here`: the way to the primary, and behind it the fork `taken` of the primary.
pub(super) fn way_to_primary(
    network: &mut network::Builder<'_>,
    database: usize,
    here: Option<Part>,
    taken: u32,
) -> u32 {
    let draft = network.draft();
    let (Some(site), Some(here)) = (site_of(draft, database, here), here) else { return taken };
    network.shared((Kind::Database, database, OTHERS + 2 * site + 1), |network| {
        let members = 0..table::u32(draft.links.databases[database].members.len());
        let branches = members.map(|member| {
            let mut branch = Branch { then: vec![once(taken)], ..Branch::default() };
            network.over_link(
                &mut branch,
                (here, Part::Database { database, member }),
                PLAIN_BYTES,
            );
            branch
        });
        let branches = branches.collect();
        network.node(Split::Primary(database), branches)
    })
}

/// Adds to the branches of a write, one per member that takes it, the bytes that cross the link to its replicas, and closes
/// them while fewer of these are reached than the write waits for.
pub(super) fn crosses(
    network: &mut network::Builder<'_>,
    (database, spec): (usize, &DatabaseSpec),
    ends: &Ends,
    branches: &mut [Branch],
) {
    let count = ends.sides.len();
    let wait_for = spec.wait_for(table::u32(count - 1));
    let link = network.part(ends.link);
    let member = |at: usize| Part::Database { database, member: table::u32(at) };
    for (at, branch) in branches.iter_mut().enumerate() {
        let far = (0..count).filter(|other| ends.are_apart(at, *other)).count();
        if far > 0 {
            let mut stream = Branch { open: vec![vec![link]], ..Branch::default() };
            network.add(&mut stream, (ends.link, Resource::Link), far as f64 * bytes_of(spec));
            let node = network.alone(stream);
            branch.then.push(Onward { waits: false, ..times(node, 1.0) });
        }
        let Some(least) = wait_for else { continue };
        let others: Vec<usize> = (0..count).filter(|other| *other != at).collect();
        let mut sets = BTreeSet::new();
        for set in sets_of(table::u32(others.len()), least) {
            let set: Vec<usize> = set.iter().map(|place| others[*place as usize]).collect();
            let near = set.iter().filter(|other| !ends.are_apart(at, **other));
            // One of the set is up, and one that is up is near or the link is.
            let near: Vec<u32> = near.map(|other| network.part(member(*other))).collect();
            if near.len() < set.len() {
                sets.insert(near.into_iter().chain([link]).collect::<Vec<u32>>());
            }
            sets.insert(set.iter().map(|other| network.part(member(*other))).collect());
        }
        branch.open.extend(sets);
    }
}
