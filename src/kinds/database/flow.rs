//! Needs and offered work: writes go to the primary, reads to it or to the replicas, each with its data.

use crate::convert::table;
use crate::kinds::database::Database;
use crate::kinds::database::spec::{DatabaseSpec, Promotion, ReadsTo};
use crate::plan::graph::{self, NodeId, Takeover};
use crate::plan::kind::flow::{Flow, Leaf, nothing};
use crate::plan::links::Role;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::Query;

/// Whether replicas answer the reads.
fn reads_from_replicas(spec: &DatabaseSpec) -> bool {
    spec.reads.as_ref().is_some_and(|reads| reads.to.value == ReadsTo::Slaves)
}

/// Whether a promoted replica goes on with the volume of the old primary.
fn is_remounted(spec: &DatabaseSpec) -> bool {
    spec.failover.as_ref().is_some_and(|failover| failover.promotion.value == Promotion::Remount)
}

impl Flow for Database {
    nothing!(enters, members, stores, subjects, watched, switches, uplinks);
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
}

/// What must be up for a write (or a read).
fn serving(graph: &mut graph::Builder<'_>, database: usize, write: bool) -> NodeId {
    let draft = graph.draft();
    let (name, spec) = &draft.scenario.database[database];
    let links = &draft.links.databases[database];
    let (fails_over, remount) = (spec.failover.is_some(), is_remounted(spec));
    let with_primary = |role| matches!(role, Role::Master | Role::Index | Role::Shard);
    let by_replicas = reads_from_replicas(spec);
    let all = fails_over || (by_replicas && !write);
    let members: Vec<NodeId> = links
        .members
        .iter()
        .enumerate()
        .filter(|(_, member)| all || with_primary(member.role))
        .map(|(at, _)| member_with_data(graph, database, table::u32(at), !remount))
        .collect();
    let sharded = links.of(Role::Index).next().is_some();
    let least = if sharded { table::u32(members.len()) } else { 1 };
    let mut serving = graph.group(name, least, &members);
    let of_primary = write || !by_replicas;
    if fails_over && of_primary && members.len() > 1 && !sharded {
        graph.takes_over(serving, Takeover::Master(database, members));
    }
    if let Some(balancer) = links.through.filter(|_| !write) {
        let units = graph.members((Kind::Balancer, balancer), None, false);
        serving = graph.all(&[units, serving]);
    }
    let primary = links.of(Role::Master).next().filter(|_| remount);
    let volume = primary.and_then(|member| {
        let store = links.members[member as usize].store?;
        graph.store(store, Part::Database { database, member })
    });
    match volume {
        Some(volume) => graph.all(&[serving, volume]),
        None => serving,
    }
}

fn member_with_data(
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
