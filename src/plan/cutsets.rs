//! Minimal cut sets of one and two parts, and the single points of failure by role.
//!
//! Takes the dependency [`Graph`]; gives for each node the single parts and the pairs whose loss
//! takes it down. Computed from the leaves up: a node fails when its own part fails or when
//! `deadly` of the nodes it needs fail, so its cut sets follow from theirs. Sets of three and more
//! are left out. This loses no set of order one or two, since no union of larger sets is
//! smaller.
//!
//! Effort is bounded: singles are always complete; pairs stop at [`MAX_PAIRS`] per node and
//! [`MAX_EFFORT`] steps, and then `complete` is false. The structure function
//! ([`Graph::serves`]) is the independent check: tests try every part and pair with it.
//!
//! Source: Fussell & Vesely (1972), the bottom-up method for coherent trees.

use crate::convert::place;
use crate::plan::Draft;
use crate::plan::graph::{Graph, Node, NodeId, Subject};
use crate::plan::part::{Part, PartKind};

/// Largest number of pairs kept per node.
pub const MAX_PAIRS: usize = 10_000;
/// Largest number of comparisons for the pairs of a node.
pub const MAX_EFFORT: usize = 4_000_000;

/// Minimal cut sets of a node, as numbers of the nodes of the parts.
#[derive(Clone, Debug, Default)]
struct NodeCuts {
    singles: Vec<u32>,
    /// Smaller number first; neither is in `singles`.
    pairs: Vec<(u32, u32)>,
    truncated: bool,
}

/// Minimal cut sets of every node of a graph.
#[derive(Clone, Debug)]
pub struct CutSets<'g> {
    graph: &'g Graph,
    nodes: Vec<NodeCuts>,
}

/// Minimal cut sets of one subject, in the order of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cuts {
    /// Parts, the loss of any of which takes it down.
    pub singles: Vec<Part>,
    /// Pairs of parts whose joint loss takes it down, while neither part alone does.
    pub pairs: Vec<(Part, Part)>,
    /// True if `pairs` is complete.
    pub complete: bool,
}

impl<'g> CutSets<'g> {
    /// Computes the cut sets of all nodes.
    #[must_use]
    pub fn of(graph: &'g Graph) -> Self {
        let mut nodes: Vec<NodeCuts> = Vec::new();
        for (id, node) in graph.nodes() {
            let mut needs: Vec<usize> = graph.needs(id).map(NodeId::index).collect();
            needs.sort_unstable();
            let needs: Vec<&NodeCuts> = needs.into_iter().map(|need| &nodes[need]).collect();
            nodes.push(combine(place(id.index()), node, &needs));
        }
        Self { graph, nodes }
    }

    /// Returns the cut sets of a node.
    #[must_use]
    pub fn at(&self, node: NodeId) -> Cuts {
        let found = &self.nodes[node.index()];
        let part = |number: u32| {
            self.graph.node(NodeId::new(number as usize)).part.expect("cut sets hold parts only")
        };
        let mut singles: Vec<Part> = found.singles.iter().copied().map(part).collect();
        singles.sort_unstable();
        let pair = |(a, b): &(u32, u32)| {
            let (a, b) = (part(*a), part(*b));
            (a.min(b), a.max(b))
        };
        let mut pairs: Vec<(Part, Part)> = found.pairs.iter().map(pair).collect();
        pairs.sort_unstable();
        Cuts { singles, pairs, complete: !found.truncated }
    }

    /// Returns the cut sets of a subject; `None` if it is not in the graph.
    #[must_use]
    pub fn of_subject(&self, subject: Subject) -> Option<Cuts> {
        self.graph.subject(subject).map(|node| self.at(node))
    }
}

fn combine(own: u32, node: &Node, needs: &[&NodeCuts]) -> NodeCuts {
    let deadly = node.deadly() as usize;
    let mut cuts = if deadly <= 1 { any_of(needs) } else { several_of(needs, deadly) };
    cuts.truncated |= needs.iter().any(|need| need.truncated);
    if node.part.is_some() {
        // A part's own number is larger than all below it: the list stays sorted.
        cuts.singles.push(own);
    }
    if cuts.pairs.len() > MAX_PAIRS {
        cuts.pairs.truncate(MAX_PAIRS);
        cuts.truncated = true;
    }
    cuts
}

/// Combines the cut sets of nodes, each of which is needed.
fn any_of(needs: &[&NodeCuts]) -> NodeCuts {
    let mut singles: Vec<u32> =
        needs.iter().flat_map(|need| need.singles.iter().copied()).collect();
    singles.sort_unstable();
    singles.dedup();
    let mut pairs: Vec<(u32, u32)> =
        needs.iter().flat_map(|need| need.pairs.iter().copied()).collect();
    pairs.sort_unstable();
    pairs.dedup();
    drop_known(&mut pairs, &singles);
    NodeCuts { singles, pairs, truncated: false }
}

fn drop_known(pairs: &mut Vec<(u32, u32)>, singles: &[u32]) {
    let known = |part: &u32| singles.binary_search(part).is_ok();
    pairs.retain(|(a, b)| !known(a) && !known(b));
}

/// Combines the cut sets of nodes, `deadly` of which must fail.
fn several_of(needs: &[&NodeCuts], deadly: usize) -> NodeCuts {
    let hits = by_key(needs, |need| &need.singles);
    let singles: Vec<u32> =
        hits.iter().filter(|(_, by)| by.len() >= deadly).map(|(part, _)| *part).collect();
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    let felled = |part: u32| {
        hits.binary_search_by_key(&part, |(other, _)| *other).map_or(&[][..], |at| &hits[at].1)
    };
    for ((a, b), by) in by_key(needs, |need| &need.pairs) {
        let mut all = [felled(a), felled(b), by.as_slice()].concat();
        all.sort_unstable();
        all.dedup();
        if all.len() >= deadly {
            pairs.push((a, b));
        }
    }
    let mut rest: Vec<&(u32, Vec<u32>)> = hits.iter().filter(|(_, by)| by.len() < deadly).collect();
    rest.sort_by_key(|(part, by)| (usize::MAX - by.len(), *part));
    let mut effort = 0_usize;
    let mut truncated = false;
    'all: for (at, (a, by_a)) in rest.iter().enumerate() {
        for (b, by_b) in &rest[at + 1..] {
            if by_a.len() + by_b.len() < deadly {
                break;
            }
            effort += by_a.len() + by_b.len();
            if effort > MAX_EFFORT || pairs.len() > MAX_PAIRS {
                truncated = true;
                break 'all;
            }
            if union_size(by_a, by_b) >= deadly {
                pairs.push((*a.min(b), *a.max(b)));
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    drop_known(&mut pairs, &singles);
    NodeCuts { singles, pairs, truncated }
}

/// Returns each key with the numbers of the needs that hold it, sorted by key.
fn by_key<K: Copy + Ord>(
    needs: &[&NodeCuts],
    keys: impl Fn(&NodeCuts) -> &Vec<K>,
) -> Vec<(K, Vec<u32>)> {
    let mut all: Vec<(K, u32)> = Vec::new();
    for (at, need) in needs.iter().enumerate() {
        all.extend(keys(need).iter().map(|key| (*key, place(at))));
    }
    all.sort_unstable();
    let mut grouped: Vec<(K, Vec<u32>)> = Vec::new();
    for (key, need) in all {
        match grouped.last_mut() {
            Some((last, by)) if *last == key => by.push(need),
            _ => grouped.push((key, vec![need])),
        }
    }
    grouped
}

/// Returns the size of the union of two sorted lists.
fn union_size(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    a.len() + b.len() - common
}

/// Single point of failure: a role whose loss takes its users down, with the hosts whose loss therefore does so, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinglePoint {
    /// Role; a domain if no role on it is a single point, as when both halves of a pair stand on it.
    pub role: Part,
    /// Domains below it that are single points as well, the nearest first.
    pub hosts: Vec<Part>,
}

impl SinglePoint {
    /// Formats the single point: `mysql.primary on sql-1, twin-1`.
    #[must_use]
    pub fn print(&self, draft: &Draft) -> String {
        let role = self.role.name(draft);
        if self.hosts.is_empty() {
            return role;
        }
        let hosts: Vec<String> = self.hosts.iter().map(|host| host.name(draft)).collect();
        format!("{role} on {}", hosts.join(", "))
    }
}

/// Groups single points by role, with the hosts below each. Sites, racks and switches are entries of their own: a
/// rack is the host of its switch, and neither is repeated below the parts in it.
#[must_use]
pub fn single_points(draft: &Draft, cuts: &Cuts) -> Vec<SinglePoint> {
    let mut found: Vec<SinglePoint> = Vec::new();
    let mut hosting: Vec<Part> = Vec::new();
    let above = |part: &Part| part.sort().is_place;
    for part in cuts.singles.iter().rev().filter(|part| part.kind() == PartKind::Role) {
        let place = part.stands_on(draft).filter(|_| part.sort().names_place);
        let near = |host: &Part| place.map_or(!above(host), |place| *host == place);
        let hosts: Vec<Part> = part
            .domains(draft)
            .into_iter()
            .filter(|host| near(host) && cuts.singles.binary_search(host).is_ok())
            .collect();
        hosting.extend(&hosts);
        found.push(SinglePoint { role: *part, hosts });
    }
    for part in cuts.singles.iter().rev().filter(|part| part.kind() == PartKind::Domain) {
        if hosting.contains(part) {
            continue;
        }
        // A zone on a server that is a single point for the same reason is listed below it.
        let under = found.iter().any(|point| point.hosts.contains(part));
        if !under {
            let hosts: Vec<Part> = part
                .domains(draft)
                .into_iter()
                .filter(|host| !above(host) && cuts.singles.binary_search(host).is_ok())
                .collect();
            hosting.extend(&hosts);
            found.push(SinglePoint { role: *part, hosts });
        }
    }
    found.sort_by_key(|point| std::cmp::Reverse(point.role));
    found
}
