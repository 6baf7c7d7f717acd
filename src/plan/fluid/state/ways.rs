//! Branches taken at every fork in a state.

use super::{Blocked, Lead, Standing};
use crate::convert::table;
use crate::plan::fluid::network::{Branch, Node, Split};

/// Members that do not serve, of databases whose members agree on writes; each by the number of its part.
#[derive(Clone, Default)]
pub(super) struct Absent {
    /// Members for which the others wait.
    pub(super) awaited: Vec<u32>,
    /// Members without which the others go on.
    pub(super) evicted: Vec<u32>,
}

/// Tier that the fetches of edges reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fetches {
    /// The origin.
    Answered,
    /// The shields, if there are any.
    ToShields,
    /// No tier.
    InVain,
}

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

impl Standing<'_> {
    /// Returns whether others wait for the silent member of a branch, which still gets its share of the queries.
    pub(super) fn is_awaited(&self, branch: &Branch) -> bool {
        let part = branch.open.first().and_then(|set| set.first());
        part.is_some_and(|part| self.absent.awaited.contains(part) && !self.up[*part as usize])
    }

    /// Returns the head of a file server that serves the volumes of head `owner`, if one does.
    fn head_of(&self, nas: usize, owner: usize) -> Option<usize> {
        match (self.head[nas][owner], self.plan.pairs_of_heads[nas]) {
            (Lead::Home, _) => Some(owner),
            (Lead::Partner, true) => Some(1 - owner),
            _ => None,
        }
    }

    /// Returns the branches taken, with their shares, and the shares that are blocked.
    pub(super) fn ways(&self, node: &Node) -> (Vec<(usize, f64)>, Blocked) {
        let (ways, blocked) = self.ways_of_each(node);
        if node.waits_for_all && node.branches.iter().any(|branch| self.is_awaited(branch)) {
            return (Vec::new(), Blocked { stalled: 1.0 - blocked.dead, ..blocked });
        }
        (ways, blocked)
    }

    /// Returns the branches taken, and the shares that are blocked, ignoring that writes wait for silent members.
    fn ways_of_each(&self, node: &Node) -> (Vec<(usize, f64)>, Blocked) {
        let count = node.branches.len();
        let dead = |dead: f64| Blocked { dead, stalled: 0.0 };
        let open = |at: usize| self.answers(&node.branches[at]);
        let all_open = || (0..count).filter(|at| open(*at)).collect::<Vec<_>>();
        // A silent member has its share of the queries until it is evicted.
        let asked = |at: &usize| open(*at) || self.is_awaited(&node.branches[*at]);
        let all_asked = || (0..count).filter(asked).collect::<Vec<_>>();
        let evenly = |asked: Vec<usize>| {
            let each = 1.0 / asked.len().max(1) as f64;
            let ways: Vec<_> = asked.iter().filter(|at| open(**at)).map(|at| (*at, each)).collect();
            let lost = asked.len() - ways.len();
            let lost = if ways.is_empty() { 1.0 } else { lost as f64 * each };
            (ways, dead(lost))
        };
        let only = |at: Option<usize>| match at.filter(|at| open(*at)) {
            Some(at) => (vec![(at, 1.0)], Blocked::default()),
            None => (Vec::new(), dead(1.0)),
        };
        match node.split {
            Split::Blind => {
                let each = 1.0 / count.max(1) as f64;
                let ways: Vec<_> = all_open().into_iter().map(|at| (at, each)).collect();
                let lost = (count - ways.len()) as f64 * each;
                (ways, dead(lost))
            }
            Split::Even => evenly(all_asked()),
            Split::First => only((0..count).find(|at| open(*at))),
            Split::Believed(balancer) => {
                let misled = &self.misled[balancer];
                let well: Vec<usize> =
                    (0..count).filter(|at| self.believed[balancer][*at] && !misled[*at]).collect();
                if well.is_empty() && !misled.contains(&true) {
                    return (Vec::new(), dead(1.0));
                }
                let refused = self.refused[balancer];
                let each = (1.0 - refused) / well.len().max(1) as f64;
                (well.into_iter().map(|at| (at, each)).collect(), dead(refused))
            }
            Split::Address(balancer) => only(self.at[balancer].map(|unit| unit as usize)),
            Split::Peers(addresses) => peers(&all_open(), addresses as usize),
            Split::Primary(database) => only(self.primary[database].map(|member| member as usize)),
            Split::Readers(database) => {
                let primary = self.primary[database].map(|member| member as usize);
                let replicas: Vec<usize> =
                    all_asked().into_iter().filter(|at| Some(*at) != primary).collect();
                if replicas.is_empty() { only(primary) } else { evenly(replicas) }
            }
            Split::Followers(database) => {
                let primary = self.primary[database].map(|member| member as usize);
                let replicas = all_open().into_iter().filter(|at| Some(*at) != primary);
                (replicas.map(|at| (at, 1.0)).collect(), Blocked::default())
            }
            Split::Others => {
                let ways = all_open();
                let share = 1.0 - 1.0 / ways.len().max(1) as f64;
                (ways.into_iter().map(|at| (at, share)).collect(), Blocked::default())
            }
            Split::Volumes { nas, owner } => {
                match self.head_of(nas, owner as usize).filter(|head| open(*head)) {
                    Some(head) => (vec![(head, 1.0)], Blocked::default()),
                    // A request to a file server that is silent waits for it.
                    None => (Vec::new(), Blocked { dead: 0.0, stalled: 1.0 }),
                }
            }
        }
    }
}

/// Returns the shares of the units of a balancer that answer, of the given number of `addresses`, and the share that is blocked.
fn peers(units: &[usize], addresses: usize) -> (Vec<(usize, f64)>, Blocked) {
    let share = |unit: usize| {
        let own = (addresses + units.len() - 1 - unit) / units.len();
        own as f64 / addresses as f64
    };
    let none = if units.is_empty() { 1.0 } else { 0.0 };
    let shares = units.iter().enumerate().map(|(k, at)| (*at, share(k))).collect();
    (shares, Blocked { dead: none, stalled: 0.0 })
}
