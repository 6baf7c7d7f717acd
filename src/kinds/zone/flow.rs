//! Needs and offered work: a server has sets of disks, which what stands on it uses; a zone has a share of its
//! processor.

use crate::kinds::zone::{Server, Zone};
use crate::plan::Draft;
use crate::plan::graph::{self, NodeId, server_of};
use crate::plan::kind::flow::{Flow, nothing};
use crate::plan::links::Store;
use crate::plan::part::Part;

/// The part that a store of `user` is: a set of disks of the server on which it stands.
fn disks_of(draft: &Draft, store: Store, user: Part) -> Option<Part> {
    let Store::Disks { set, .. } = store else { return None };
    Some(Part::Disks { server: server_of(draft, user)?, set })
}

impl Flow for Server {
    nothing!(enters, members, subjects, watched, switches, uplinks);

    fn stores(&self, graph: &mut graph::Builder<'_>, store: Store, user: Part) -> Option<NodeId> {
        let disks = disks_of(graph.draft(), store, user)?;
        Some(graph.part(disks, &[]))
    }

    fn is_near(&self, _: &Draft, _: Store, _: Part) -> bool {
        true
    }
}

impl Flow for Zone {
    nothing!(enters, members, stores, subjects, watched, switches, uplinks);
}
