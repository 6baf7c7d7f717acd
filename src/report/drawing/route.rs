//! The ways of the arrows: along lanes between the boxes, never over a node or a heading.
//!
//! Model: arrows of one content to the same receivers are one net. The first arrow of a net takes the cheapest
//! way on the grid; all others join it. The cost counts length, bends, crossings, and lanes shared with other nets.
//! In: rectangles and connections. Out: the straight pieces of each net. Holds: no piece touches a node that is not
//! its end, or a heading; integers only; ties fall to the first in a fixed order.
//! Leaves out: labels on arrows.
//! Source: Lee (1961), maze routing; Dijkstra (1959).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::layout::{Places, Rect, UNIT};
use crate::plan::drawing::arrows::Carries;
use crate::plan::drawing::{Form, System};

/// Cost of one unit of length; on a lane of the own net; beside that, of a bend, a crossing, a shared lane, a lane on
/// the border of a box, and of a side of a node that arrows seldom use.
const LENGTH: u32 = 3;
const OWN: u32 = 1;
const BEND: u32 = 12;
const CROSSING: u32 = 10;
const SHARED: u32 = 90;
const BORDER: u32 = 9;
const ODD_SIDE: u32 = 14;
const BACK_SIDE: u32 = 40;

/// A point of the grid, in pixels.
pub type Point = (i32, i32);

/// Arrows that share their lanes.
#[derive(Clone, Debug)]
pub struct Net {
    /// Content.
    pub carries: Carries,
    /// Nodes that send.
    pub from: BTreeSet<usize>,
    /// Nodes that receive.
    pub to: BTreeSet<usize>,
    /// Names of the request classes.
    pub classes: BTreeSet<String>,
    /// Lines, each from its first to its last point.
    pub lines: Vec<Vec<Point>>,
    /// Points at which a line arrives at a receiver, with the point before.
    pub heads: Vec<(Point, Point)>,
    /// Points at which a line joins another.
    pub joints: Vec<Point>,
    /// True if an arrow found no way.
    pub is_cut: bool,
}

/// Routes all connections.
#[must_use]
pub fn nets(system: &System, places: &Places, headings: &[Rect]) -> Vec<Net> {
    let mut nets = grouped(system);
    let mut grid = Grid::new(system, places, headings);
    let distance = |net: &Net| {
        let middle = |node: &usize| {
            let rect = places.nodes[*node];
            (rect.x + rect.width / 2, rect.y + rect.height / 2)
        };
        let pairs = net.from.iter().flat_map(|from| net.to.iter().map(move |to| (from, to)));
        let far = pairs.map(|(from, to)| {
            let (a, b) = (middle(from), middle(to));
            (a.0 - b.0).abs() + (a.1 - b.1).abs()
        });
        far.max().unwrap_or(0)
    };
    // Short ones first: they have the fewest ways to choose from.
    let mut order: Vec<usize> = (0..nets.len()).collect();
    order.sort_by_key(|at| (distance(&nets[*at]), *at));
    for at in order {
        grid.route(places, &mut nets[at], at);
    }
    nets
}

/// Joins connections of one content whose senders have the same receivers: each of them sends to all of these.
fn grouped(system: &System) -> Vec<Net> {
    let mut to: BTreeMap<(usize, Carries), (BTreeSet<usize>, BTreeSet<String>)> = BTreeMap::new();
    for one in &system.connections {
        let entry = to.entry((one.from, one.carries)).or_default();
        entry.0.insert(one.to);
        entry.1.extend(one.classes.iter().cloned());
    }
    let mut all: BTreeMap<(Carries, BTreeSet<usize>), Net> = BTreeMap::new();
    for ((from, carries), (to, classes)) in to {
        let net = all.entry((carries, to.clone())).or_insert_with(|| Net {
            carries,
            from: BTreeSet::new(),
            to,
            classes: BTreeSet::new(),
            lines: Vec::new(),
            heads: Vec::new(),
            joints: Vec::new(),
            is_cut: false,
        });
        net.from.insert(from);
        net.classes.extend(classes);
    }
    all.into_values().collect()
}

/// Direction of a step: right, down, left, up.
const STEPS: [(i32, i32); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

struct Grid {
    columns: i32,
    rows: i32,
    /// Points on which no arrow may run.
    blocked: Vec<bool>,
    /// Points on the border of a box, where a lane is hard to see: along x, along y.
    border: Vec<[bool; 2]>,
    /// Nets that use the step to the right of and below each point.
    used: Vec<[Option<usize>; 2]>,
    /// Nets that bend or join at each point.
    bends: Vec<Option<usize>>,
}

impl Grid {
    fn new(system: &System, places: &Places, headings: &[Rect]) -> Self {
        let columns = places.width / UNIT + 1;
        let rows = places.height / UNIT + 1;
        let count = usize::try_from(columns * rows).unwrap_or(0);
        let mut grid = Self {
            columns,
            rows,
            blocked: vec![false; count],
            border: vec![[false; 2]; count],
            used: vec![[None; 2]; count],
            bends: vec![None; count],
        };
        let ends: BTreeSet<usize> =
            system.connections.iter().flat_map(|one| [one.from, one.to]).collect();
        for (at, node) in system.nodes.iter().enumerate() {
            let rect = places.nodes[at];
            let solid = node.form != Form::Place
                || (ends.contains(&at) && !contains_end(system, at, &ends));
            if solid {
                grid.fill(rect, |grid, point| grid.blocked[point] = true);
            } else {
                let sides = [
                    (Rect { height: 0, ..rect }, 0),
                    (Rect { y: rect.bottom(), height: 0, ..rect }, 0),
                    (Rect { width: 0, ..rect }, 1),
                    (Rect { x: rect.right(), width: 0, ..rect }, 1),
                ];
                for (side, along) in sides {
                    grid.fill(side, |grid, point| grid.border[point][along] = true);
                }
            }
        }
        for rect in headings {
            grid.fill(*rect, |grid, point| grid.blocked[point] = true);
        }
        grid
    }

    fn fill(&mut self, rect: Rect, mut set: impl FnMut(&mut Self, usize)) {
        for y in rect.y.div_euclid(UNIT)..=(rect.bottom() + UNIT - 1).div_euclid(UNIT) {
            for x in rect.x.div_euclid(UNIT)..=(rect.right() + UNIT - 1).div_euclid(UNIT) {
                if let Some(point) = self.point(x, y) {
                    set(self, point);
                }
            }
        }
    }

    fn point(&self, x: i32, y: i32) -> Option<usize> {
        let inside = (0..self.columns).contains(&x) && (0..self.rows).contains(&y);
        inside.then(|| usize::try_from(y * self.columns + x).unwrap_or(0))
    }

    fn place(&self, point: usize) -> (i32, i32) {
        let point = i32::try_from(point).unwrap_or(0);
        (point % self.columns, point / self.columns)
    }

    fn step(&self, point: usize, direction: usize) -> Option<usize> {
        let (x, y) = self.place(point);
        let (dx, dy) = STEPS[direction];
        self.point(x + dx, y + dy)
    }

    /// Returns the place of the step from `point` in `used`.
    fn lane(&self, point: usize, direction: usize) -> Option<(usize, usize)> {
        match direction {
            0 | 1 => Some((point, direction)),
            2 => self.step(point, 2).map(|left| (left, 0)),
            _ => self.step(point, 3).map(|up| (up, 1)),
        }
    }

    /// Returns the cost of a step in a direction, from a point that was reached in `before`.
    fn cost(&self, net: usize, point: usize, before: usize, direction: usize) -> Option<u32> {
        let next = self.step(point, direction)?;
        let (lane, along) = self.lane(point, direction)?;
        let mut cost = match self.used[lane][along] {
            Some(other) if other == net => OWN,
            Some(_) => LENGTH + SHARED,
            None => LENGTH,
        };
        if before != direction {
            cost += BEND;
            if self.bends[point].is_some_and(|other| other != net) {
                cost += SHARED;
            }
        }
        if self.border[next][along] && self.border[point][along] {
            cost += BORDER;
        }
        // Another net across.
        let across = [self.lane(next, (direction + 1) % 4), self.lane(next, (direction + 3) % 4)];
        let other = |lane: &Option<(usize, usize)>| {
            lane.and_then(|(lane, along)| self.used[lane][along]).is_some_and(|of| of != net)
        };
        if across.iter().any(other) {
            cost += CROSSING;
            if self.bends[next].is_some_and(|other| other != net) {
                cost += SHARED;
            }
        }
        Some(cost)
    }

    /// Returns the points just outside the sides of a node, each with the direction away from it and its cost.
    fn ports(&self, rect: Rect, sends: bool) -> Vec<(usize, usize, u32)> {
        let (left, right) = (rect.x / UNIT, rect.right() / UNIT);
        let (top, bottom) = (rect.y / UNIT, rect.bottom() / UNIT);
        let down = if sends { 0 } else { BACK_SIDE };
        let up = if sends { BACK_SIDE } else { 0 };
        let mut all = Vec::new();
        let middle = (left + right) / 2;
        for x in left + 1..right {
            // The middle is best.
            let off = u32::try_from((x - middle).abs()).unwrap_or(0);
            all.push((x, bottom, 1, down + off));
            all.push((x, top, 3, up + off));
        }
        for y in top + 1..bottom {
            all.push((right, y, 0, ODD_SIDE));
            all.push((left, y, 2, ODD_SIDE));
        }
        let port = |(x, y, direction, cost)| Some((self.point(x, y)?, direction, cost));
        all.into_iter().filter_map(port).collect()
    }

    fn route(&mut self, places: &Places, net: &mut Net, number: usize) {
        let rect = |node: &usize| places.nodes[*node];
        let mut from: Vec<usize> = net.from.iter().copied().collect();
        let mut to: Vec<usize> = net.to.iter().copied().collect();
        let by_place = |node: &usize| (rect(node).y, rect(node).x, *node);
        from.sort_by_key(by_place);
        to.sort_by_key(by_place);
        // Points at which other lines may join: not those under the tip of an arrow.
        let mut tree: BTreeSet<usize> = BTreeSet::new();
        let first = from.remove(0);
        for node in to {
            let begins =
                if tree.is_empty() { self.ports(rect(&first), true) } else { self.free(&tree) };
            let ends = self.ports(rect(&node), false);
            let ends = ends.into_iter().map(|(at, away, cost)| ((at, (away + 2) % 4), cost));
            let joins = !tree.is_empty();
            match self.way(number, &begins, &ends.collect(), &tree) {
                Some(way) => {
                    let last = way.len() - 1;
                    net.heads.push((self.pixel(way[last - 1]), self.pixel(way[last])));
                    if joins {
                        net.joints.push(self.pixel(way[0]));
                    }
                    self.take(number, &way);
                    tree.extend(&way[..way.len().saturating_sub(2).max(1)]);
                    net.lines.push(self.line(&way));
                }
                None => net.is_cut = true,
            }
        }
        for node in from {
            let begins = self.ports(rect(&node), true);
            match self.way(number, &begins, &BTreeMap::new(), &tree) {
                Some(way) => {
                    net.joints.push(self.pixel(way[way.len() - 1]));
                    self.take(number, &way);
                    tree.extend(&way);
                    net.lines.push(self.line(&way));
                }
                None => net.is_cut = true,
            }
        }
    }

    /// Returns the points of a net at which another line can begin, in all directions.
    fn free(&self, tree: &BTreeSet<usize>) -> Vec<(usize, usize, u32)> {
        let points = tree.iter().filter(|point| !self.blocked[**point]);
        points.flat_map(|point| (0..4).map(move |direction| (*point, direction, BEND))).collect()
    }

    /// Returns the cheapest way from one of `begins` to one of `ends`; without ends, to a point of the net.
    fn way(
        &self,
        net: usize,
        begins: &[(usize, usize, u32)],
        ends: &BTreeMap<(usize, usize), u32>,
        tree: &BTreeSet<usize>,
    ) -> Option<Vec<usize>> {
        let states = self.blocked.len() * 4;
        let mut best: Vec<u32> = vec![u32::MAX; states];
        let mut before: Vec<u32> = vec![u32::MAX; states];
        let mut open: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::new();
        let long = crate::convert::table::u32;
        let begun: BTreeSet<usize> = begins.iter().map(|(point, ..)| *point).collect();
        for (point, direction, cost) in begins {
            let state = point * 4 + direction;
            if *cost < best[state] {
                best[state] = *cost;
                open.push(Reverse((*cost, long(state))));
            }
        }
        // An end is reached by a last step onto the border of its node, and has a cost of its own.
        let mut found: Option<(u32, usize)> = None;
        while let Some(Reverse((cost, state))) = open.pop() {
            let state = state as usize;
            if found.is_some_and(|(least, _)| least <= cost) {
                break;
            }
            if cost > best[state] {
                continue;
            }
            let (point, came) = (state / 4, state % 4);
            let starts = before[state] == u32::MAX && begun.contains(&point);
            for direction in 0..4 {
                if direction == (came + 2) % 4 || (starts && direction != came) {
                    continue;
                }
                let Some(more) = self.cost(net, point, came, direction) else { continue };
                let Some(next) = self.step(point, direction) else { continue };
                let arrives = ends.get(&(next, direction)).copied();
                let joins = ends.is_empty() && tree.contains(&next) && !self.blocked[next];
                if self.blocked[next] && arrives.is_none() {
                    continue;
                }
                let total = cost + more + arrives.unwrap_or(0);
                let reached = next * 4 + direction;
                if total < best[reached] {
                    best[reached] = total;
                    before[reached] = long(state);
                    if arrives.is_some() || joins {
                        if found.is_none_or(|(least, _)| total < least) {
                            found = Some((total, reached));
                        }
                    } else {
                        open.push(Reverse((total, long(reached))));
                    }
                }
            }
        }
        let (_, mut state) = found?;
        let mut way = vec![state / 4];
        while before[state] != u32::MAX {
            state = before[state] as usize;
            way.push(state / 4);
        }
        way.reverse();
        (way.len() > 1).then_some(way)
    }

    /// Marks the lanes of a way as used.
    fn take(&mut self, net: usize, way: &[usize]) {
        let mut last = None;
        for pair in way.windows(2) {
            let direction =
                (0..4).find(|direction| self.step(pair[0], *direction) == Some(pair[1]));
            let Some(direction) = direction else { continue };
            if let Some((lane, along)) = self.lane(pair[0], direction) {
                self.used[lane][along].get_or_insert(net);
            }
            if last.is_some_and(|last| last != direction) {
                self.bends[pair[0]].get_or_insert(net);
            }
            last = Some(direction);
        }
        for end in [way.first(), way.last()].into_iter().flatten() {
            self.bends[*end].get_or_insert(net);
        }
    }

    fn pixel(&self, point: usize) -> Point {
        let (x, y) = self.place(point);
        (x * UNIT, y * UNIT)
    }

    /// Returns the corners of a way.
    fn line(&self, way: &[usize]) -> Vec<Point> {
        let mut line: Vec<Point> = Vec::new();
        for point in way {
            let next = self.pixel(*point);
            if let [.., a, b] = line.as_slice()
                && ((a.0 == b.0 && b.0 == next.0) || (a.1 == b.1 && b.1 == next.1))
            {
                line.pop();
            }
            line.push(next);
        }
        line
    }
}

/// Returns whether an arrow ends in a node inside of this one.
fn contains_end(system: &System, node: usize, ends: &BTreeSet<usize>) -> bool {
    ends.iter().any(|end| system.around(*end).any(|around| around == node))
}
