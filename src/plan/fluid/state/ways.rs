//! Branches taken at every fork in a state.

use super::{Blocked, Standing};
use crate::convert::table;

/// Directions of all forks in a state, the same for every class.
pub(super) struct Ways {
    /// Position of a node's first branch among all branches, and of its first entry in [`Self::taken`].
    nodes: Vec<(u32, u32)>,
    /// Branches taken, as an index in their node, each with its share.
    taken: Vec<(u32, f64)>,
    /// Blocked shares, per node.
    pub(super) blocked: Vec<Blocked>,
    /// Number of branches of all nodes.
    pub(super) branches: usize,
}

impl Ways {
    pub(super) fn of(standing: &Standing<'_>) -> Self {
        let nodes = &standing.plan.network.nodes;
        let mut all = Self {
            nodes: Vec::with_capacity(nodes.len() + 1),
            taken: Vec::new(),
            blocked: Vec::with_capacity(nodes.len()),
            branches: 0,
        };
        let awake = standing.awake();
        for node in nodes {
            all.nodes.push((table::u32(all.branches), table::u32(all.taken.len())));
            let (taken, mut blocked) = standing.ways(node);
            if let Some(awake) = awake.as_ref().filter(|_| blocked.dead > 0.0) {
                blocked = awake.waits(node, blocked);
            }
            all.taken.extend(taken.into_iter().map(|(branch, share)| (table::u32(branch), share)));
            all.blocked.push(blocked);
            all.branches += node.branches.len();
        }
        all.nodes.push((table::u32(all.branches), table::u32(all.taken.len())));
        all
    }

    /// Returns the range of a node's branches among all branches.
    pub(super) fn branches(&self, node: usize) -> std::ops::Range<usize> {
        self.nodes[node].0 as usize..self.nodes[node + 1].0 as usize
    }

    pub(super) fn taken(&self, node: usize) -> &[(u32, f64)] {
        &self.taken[self.nodes[node].1 as usize..self.nodes[node + 1].1 as usize]
    }
}
