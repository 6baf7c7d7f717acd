//! The places of the boxes: rows in boxes in boxes.
//!
//! Model: the nodes in each box are ranked by the longest path of arrows between them, from the users down. Nodes on a
//! cycle, and both ends of replication, share a rank. A rank is a row, or several if it is too wide. The order within
//! a row follows the mean place of the neighbours in the other rows (barycentre), in a few sweeps.
//! In: a [`System`] and the size of each node without children. Out: a rectangle per node, in pixels, on a grid of
//! [`UNIT`]. Holds: siblings do not overlap and lie inside the box around them, with free lanes for arrows between
//! all; no wider than asked unless one node is; only integers, the same on every machine.
//! Leaves out: the arrows themselves.
//! Source: Sugiyama, Tagawa & Toda (1981); layers as in Gansner et al. (1993), without their rank optimisation.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::plan::drawing::arrows::Carries;
use crate::plan::drawing::{Connection, Form, System};

/// Grid of all coordinates and of the lanes of arrows, in pixels.
pub const UNIT: i32 = 8;
/// Gap between rows.
const ROW_GAP: i32 = 5 * UNIT;
/// Gap between the nodes of a row.
const COLUMN_GAP: i32 = 3 * UNIT;
/// Gap between a box and the nodes in it, at its sides and its bottom.
const PADDING: i32 = 2 * UNIT;
/// Gap between the top of a box and the nodes in it.
const HEAD: i32 = 5 * UNIT;
/// Smallest width for which boxes of one rank stand beside each other.
const NARROWEST: i32 = 36 * UNIT;
/// Largest number of boxes of one rank that get an equal share of the width.
const MOST_BESIDE: i32 = 4;
/// Sweeps over all rows.
const SWEEPS: usize = 6;

/// A rectangle on the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left side.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl Rect {
    /// Returns the right side.
    #[must_use]
    pub const fn right(&self) -> i32 {
        self.x + self.width
    }

    /// Returns the bottom.
    #[must_use]
    pub const fn bottom(&self) -> i32 {
        self.y + self.height
    }
}

/// Rectangles of all nodes, and the size of the whole.
#[derive(Clone, Debug)]
pub struct Places {
    /// One rectangle per node.
    pub nodes: Vec<Rect>,
    /// Width of the whole.
    pub width: i32,
    /// Height of the whole.
    pub height: i32,
}

/// Places all nodes. `sizes` has the width and height of a node without children, and the least width of a box with its
/// heading; `wide` is the width to keep to.
#[must_use]
pub fn places(system: &System, sizes: &[(i32, i32)], wide: i32) -> Places {
    let layout = Layout { system, sizes, depth: depths(system) };
    let block = layout.rows(None, &system.roots, wide - 2 * PADDING);
    let mut nodes = vec![Rect::default(); system.nodes.len()];
    for (node, rect) in block.rects {
        nodes[node] = Rect { x: rect.x + PADDING, y: rect.y + PADDING, ..rect };
    }
    Places { nodes, width: block.width + 2 * PADDING, height: block.height + 2 * PADDING }
}

/// Nodes with their rectangles, relative to a corner.
struct Block {
    width: i32,
    height: i32,
    rects: Vec<(usize, Rect)>,
}

struct Layout<'a> {
    system: &'a System,
    sizes: &'a [(i32, i32)],
    /// Number of arrows from the users to each node.
    depth: Vec<usize>,
}

impl Layout<'_> {
    /// Returns a node and all in it.
    fn node(&self, node: usize, wide: i32) -> Block {
        let children = &self.system.nodes[node].children;
        let (width, height) = self.sizes[node];
        let own = |width, height| (node, Rect { x: 0, y: 0, width, height });
        if children.is_empty() {
            return Block { width, height, rects: vec![own(width, height)] };
        }
        let inside = self.rows(Some(node), children, wide - 2 * PADDING);
        let width = width.max(inside.width + 2 * PADDING);
        let height = inside.height + HEAD + PADDING;
        let mut rects = vec![own(width, height)];
        // Centred, on the grid.
        let left = (width - inside.width) / 2 / UNIT * UNIT;
        let moved = |(node, rect): (usize, Rect)| {
            (node, Rect { x: rect.x + left, y: rect.y + HEAD, ..rect })
        };
        rects.extend(inside.rects.into_iter().map(moved));
        Block { width, height, rects }
    }

    /// Returns the nodes of a box, in rows of at most this width.
    fn rows(&self, around: Option<usize>, children: &[usize], wide: i32) -> Block {
        let edges = self.edges(around, children);
        let depth = |child: usize| self.depth_in(child);
        let mut layers = layers(children, &edges, &depth);
        sort(&mut layers, &edges);
        stacked(layers.iter().flat_map(|layer| self.fitted(layer, wide)).collect())
    }

    /// Lays out the nodes of one rank in rows, as low as possible: boxes at the full width, or at an equal share of it.
    fn fitted(&self, layer: &[usize], wide: i32) -> Vec<Vec<(usize, Block)>> {
        let lay = |share: i32| -> Vec<Vec<(usize, Block)>> {
            in_rows(layer.iter().map(|node| (*node, self.node(*node, share))).collect(), wide)
        };
        let height = |rows: &[Vec<(usize, Block)>]| {
            let high = |row: &Vec<(usize, Block)>| row.iter().map(|(_, block)| block.height).max();
            rows.iter().map(|row| high(row).unwrap_or(0) + ROW_GAP).sum::<i32>()
        };
        let mut best = lay(wide);
        let is_box = |node: &&usize| !self.system.nodes[**node].children.is_empty();
        let boxes = i32::try_from(layer.iter().filter(is_box).count()).unwrap_or(i32::MAX);
        for beside in 2..=boxes.min(MOST_BESIDE) {
            let share = (wide - COLUMN_GAP * (beside - 1)) / beside / UNIT * UNIT;
            if best.len() < 2 || share < NARROWEST {
                break;
            }
            let other = lay(share);
            if height(&other) < height(&best) {
                best = other;
            }
        }
        best
    }

    /// Returns the least depth of a node and those in it.
    fn depth_in(&self, node: usize) -> usize {
        let inside = self.system.nodes[node].children.iter().map(|child| self.depth_in(*child));
        inside.fold(self.depth[node], usize::min)
    }

    /// Returns the arrows between children of a box, as those of the nodes in them; true if both ends share a rank.
    fn edges(&self, around: Option<usize>, children: &[usize]) -> Edges {
        let known: BTreeSet<usize> = children.iter().copied().collect();
        let child = |node: usize| {
            let mut at = node;
            while !known.contains(&at) {
                at = self.system.nodes[at].parent?;
                if Some(at) == around {
                    return None;
                }
            }
            Some(at)
        };
        let mut edges = BTreeMap::new();
        for one in &self.system.connections {
            let (Some(from), Some(to)) = (child(one.from), child(one.to)) else { continue };
            if from != to {
                let level = matches!(one.carries, Carries::Replication | Carries::Network);
                *edges.entry((from, to)).or_insert(false) |= level;
            }
        }
        edges
    }
}

/// Breaks nodes into rows of at most this width.
fn in_rows(nodes: Vec<(usize, Block)>, wide: i32) -> Vec<Vec<(usize, Block)>> {
    let mut rows: Vec<Vec<(usize, Block)>> = Vec::new();
    let mut used = 0;
    for (at, block) in nodes {
        match rows.last_mut() {
            Some(row) if used + COLUMN_GAP + block.width <= wide => {
                used += COLUMN_GAP + block.width;
                row.push((at, block));
            }
            _ => {
                used = block.width;
                rows.push(vec![(at, block)]);
            }
        }
    }
    rows
}

/// Stacks rows, each centred.
fn stacked(rows: Vec<Vec<(usize, Block)>>) -> Block {
    let width_of = |row: &[(usize, Block)]| {
        let sum: i32 = row.iter().map(|(_, block)| block.width + COLUMN_GAP).sum();
        sum - COLUMN_GAP
    };
    let width = rows.iter().map(|row| width_of(row)).max().unwrap_or(0);
    let mut all = Block { width, height: 0, rects: Vec::new() };
    for row in rows {
        let mut x = (width - width_of(&row)) / 2 / UNIT * UNIT;
        if all.height > 0 {
            all.height += ROW_GAP;
        }
        let mut high = 0;
        for (_, block) in row {
            let (left, top) = (x, all.height);
            let moved = |(node, rect): (usize, Rect)| {
                (node, Rect { x: rect.x + left, y: rect.y + top, ..rect })
            };
            all.rects.extend(block.rects.into_iter().map(moved));
            x += block.width + COLUMN_GAP;
            high = high.max(block.height);
        }
        all.height += high;
    }
    all
}

/// Returns the least number of arrows from a source to each node; a large number if none leads there.
fn depths(system: &System) -> Vec<usize> {
    let mut depth = vec![usize::MAX; system.nodes.len()];
    let is_source = |at: &usize| system.nodes[*at].form == Form::Source;
    let mut level: Vec<usize> = (0..depth.len()).filter(is_source).collect();
    let mut now = 0;
    while !level.is_empty() {
        level.iter().for_each(|node| depth[*node] = now);
        now += 1;
        let from = |one: &&Connection| level.contains(&one.from) && depth[one.to] == usize::MAX;
        let next: BTreeSet<usize> =
            system.connections.iter().filter(from).map(|one| one.to).collect();
        level = next.into_iter().collect();
    }
    depth
}

/// Arrows between siblings; true if both ends share a rank.
type Edges = BTreeMap<(usize, usize), bool>;

/// Returns the children by rank: the longest path to each over the arrows. Of a cycle, the arrows that lead back
/// towards the users do not count; the nodes of a cycle that is left share a rank.
fn layers(children: &[usize], edges: &Edges, depth: &dyn Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let circles: Vec<BTreeSet<usize>> = components(children, edges);
    let back = |(from, to): (usize, usize)| {
        let together = circles.iter().any(|one| one.contains(&from) && one.contains(&to));
        together && depth(from) > depth(to)
    };
    let mut forward = edges.clone();
    forward.retain(|edge, level| *level || !back(*edge));
    let mut rank: BTreeMap<usize, usize> = BTreeMap::new();
    for members in components(children, &forward) {
        let before = |to: usize| {
            let into = forward.keys().filter(move |(_, end)| *end == to).map(|(from, _)| *from);
            into.filter(|from| !members.contains(from)).filter_map(|from| rank.get(&from)).max()
        };
        let most = members.iter().filter_map(|member| before(*member)).max();
        let own = most.map_or(0, |most| most + 1);
        members.iter().for_each(|member| {
            rank.insert(*member, own);
        });
    }
    let count = rank.values().max().map_or(0, |most| most + 1);
    let mut layers = vec![Vec::new(); count];
    for child in children {
        layers[rank[child]].push(*child);
    }
    layers
}

/// Returns the strongly connected components, each after those from which arrows lead to it.
fn components(children: &[usize], edges: &Edges) -> Vec<BTreeSet<usize>> {
    let mut graph = DiGraph::<usize, (), u32>::default();
    let indices: BTreeMap<usize, NodeIndex<u32>> =
        children.iter().map(|child| (*child, graph.add_node(*child))).collect();
    for ((from, to), level) in edges {
        graph.add_edge(indices[from], indices[to], ());
        if *level {
            graph.add_edge(indices[to], indices[from], ());
        }
    }
    // The order of the algorithm is the reverse.
    let all = kosaraju_scc(&graph).into_iter().rev();
    all.map(|members| members.iter().map(|index| graph[*index]).collect()).collect()
}

/// Orders the nodes of each layer by the mean place of their neighbours in other layers.
fn sort(layers: &mut [Vec<usize>], edges: &Edges) {
    const WIDTH: i64 = 1_000_000;
    let mut near: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (from, to) in edges.keys() {
        near.entry(*from).or_default().insert(*to);
        near.entry(*to).or_default().insert(*from);
    }
    let long = |number: usize| i64::try_from(number).unwrap_or(i64::MAX / WIDTH / 4);
    let middle = |at: usize, of: usize| (2 * long(at) + 1) * WIDTH / (2 * long(of));
    let mut place: BTreeMap<usize, (usize, i64)> = BTreeMap::new();
    for (number, layer) in layers.iter().enumerate() {
        for (at, node) in layer.iter().enumerate() {
            place.insert(*node, (number, middle(at, layer.len())));
        }
    }
    for sweep in 0..SWEEPS {
        for step in 0..layers.len() {
            let at = if sweep % 2 == 0 { step } else { layers.len() - 1 - step };
            let layer = &mut layers[at];
            let mean = |node: &usize| {
                let own = place[node];
                let others = near.get(node).into_iter().flatten().map(|other| place[other]);
                let others: Vec<i64> =
                    others.filter(|(layer, _)| *layer != own.0).map(|(_, x)| x).collect();
                match others.len() {
                    0 => own.1,
                    count => others.iter().sum::<i64>() / long(count),
                }
            };
            layer.sort_by_cached_key(mean);
            for (number, node) in layer.iter().enumerate() {
                place.insert(*node, (at, middle(number, layer.len())));
            }
        }
    }
}
