//! The model of a drawing: boxes in boxes, the numbers in them, and the arrows between them.
//!
//! In: a draft, and the utilisation of its resources. Out: a [`System`], plain data for the report. It asks the kinds
//! and names none in the tree: a part stands where [`Part::stands_on`] says, and its [`Sort`] has the word for it.
//! Holds: every part is in exactly one node, or in the node and in the zone that is drawn with it; every component
//! without parts is one node; single points of failure are those of the cut sets; the order of sections in the file
//! does not matter. Nodes that are alike and stand alike are one node.
//! Leaves out: coordinates, colours, words for numbers.
//!
//! [`Sort`]: crate::plan::kind::parts::Sort

pub mod arrows;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Draft;
use crate::plan::cutsets::{CutSets, SinglePoint};
use crate::plan::graph::{Graph, server_of, store_at};
use crate::plan::headroom::{self, design_peak};
use crate::plan::kind::flow::uplinks_of;
use crate::plan::links::Store;
use crate::plan::lint::{judged, single_points_of};
use crate::plan::load::{self, Offered, Resource};
use crate::plan::names::{Kind, split_member};
use crate::plan::part::{Part, PartKind};

use arrows::{Arrow, Carries, End, Source};

/// Largest number of nodes in a drawing; more are folded.
pub const MOST_NODES: usize = 200;

/// Form of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Users or a workload.
    Source,
    /// A place or a component in which other nodes stand.
    Place,
    /// A part without further nodes in it.
    Part,
    /// Nodes that were left out.
    Rest,
}

/// Utilisation of the busiest resource of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Busy {
    /// Load divided by capacity.
    pub share: f64,
    /// The same as computed, by which members are alike.
    pub computed: f64,
    /// Sort of the resource.
    pub resource: Resource,
    /// Name of the resource, as in figures.
    pub name: String,
    /// Work per second.
    pub load: f64,
    /// Work per second that it can do.
    pub capacity: f64,
    /// True if a scaler keeps fewer members than there are places: its `maximum` is the limit.
    pub is_scaled: bool,
}

/// A box of the drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Form.
    pub form: Form,
    /// Name without repetition of the place: `app`, `twin-1, 2`, `head`.
    pub name: String,
    /// Its sort in a word or two: `server`, `service`.
    pub word: String,
    /// The zone that is drawn with it, if nothing else runs there.
    pub zone: Option<String>,
    /// Number of members like it in each box around it.
    pub count: usize,
    /// Its busiest resource.
    pub busy: Option<Busy>,
    /// Classes that its loss takes down; empty if it is no single point of failure.
    pub takes_down: Vec<String>,
    /// True if it waits to take over from another member: it has no load, or no requests reach it.
    pub standby: bool,
    /// True if its resource saturates first when the rate of the design peak grows.
    pub saturates_first: bool,
    /// The sort of the box whose whole traffic passes it: `rack` for a switch.
    pub carries_all_of: Option<&'static str>,
    /// Names of parts in it that nothing uses, which are not drawn.
    pub unused: Vec<String>,
    /// Parts in it, without those in its children.
    pub parts: Vec<Part>,
    /// The component, if it has no parts of its own here.
    pub component: Option<(Kind, usize)>,
    /// Node around it.
    pub parent: Option<usize>,
    /// Nodes in it.
    pub children: Vec<usize>,
}

/// An arrow between two nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connection {
    /// Number of the sender.
    pub from: usize,
    /// Number of the receiver.
    pub to: usize,
    /// Content.
    pub carries: Carries,
    /// Names of the request classes.
    pub classes: BTreeSet<String>,
}

/// Load for which the utilisations are computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// The rates in a window, with its level per second.
    Window(String, Option<f64>),
    /// The mean rates of the file.
    Mean,
}

/// Model of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// Name of the scenario.
    pub name: String,
    /// Load of the utilisations.
    pub load: Load,
    /// True if utilisations were measured; others are computed.
    pub measured: bool,
    /// All nodes, each before the nodes in it.
    pub nodes: Vec<Node>,
    /// Nodes that stand in no other.
    pub roots: Vec<usize>,
    /// Arrows, sorted.
    pub connections: Vec<Connection>,
    /// Single points of failure, as `check` counts them: each part once, with the hosts that fail with it.
    pub singles: Vec<Single>,
}

/// A single point of failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Single {
    /// Its sort in a word: `service`.
    pub word: &'static str,
    /// Its name.
    pub name: String,
    /// Sorts and names of the hosts whose loss therefore takes the same down.
    pub hosts: Vec<(&'static str, String)>,
}

impl Single {
    fn all(draft: &Draft, graph: &Graph, cuts: &CutSets<'_>) -> Vec<Self> {
        let named = |part: &Part| (part.sort().word, part.name(draft));
        let single = |point: &SinglePoint| {
            let (word, name) = named(&point.role);
            Self { word, name, hosts: point.hosts.iter().map(named).collect() }
        };
        let found = single_points_of(draft, graph, cuts);
        found.iter().map(|(point, _)| single(point)).collect()
    }
}

impl System {
    /// Returns the system at its design peak. `measured` replaces computed utilisations, by the name of the resource.
    #[must_use]
    pub fn of(draft: &Draft, measured: &BTreeMap<String, f64>) -> Self {
        let (load, rates) = peak(draft);
        let offered = load::offered(draft, &rates);
        let first = saturates_first(draft, &offered);
        let mut busy: BTreeMap<Part, Busy> = BTreeMap::new();
        for one in offered {
            add_busy(&mut busy, one, measured);
        }
        let sources = arrows::sources(draft);
        let mut arrows = arrows::arrows(draft, &sources);
        let used = used(draft, &arrows);
        let standby = BTreeSet::new();
        let graph = Graph::of(draft);
        let cuts = CutSets::of(&graph);
        let takes_down = taken_down(draft, &graph, &cuts);
        let mut facts = Facts { draft, busy, takes_down, used, standby, first };
        facts.standby = standbys(&facts, &arrows);
        let (nodes, roots) = tree::build(&facts, &sources, &arrows);
        over_uplinks(draft, &sources, &mut arrows);
        let ends = Ends::of(draft, &nodes);
        let connections = ends.connect(&arrows);
        let name = draft.scenario.scenario.to_string();
        let measured = !measured.is_empty();
        let singles = Single::all(draft, &graph, &cuts);
        Self { name, load, measured, nodes, roots, connections, singles }
    }

    /// Returns the numbers of the nodes around a node, the nearest first.
    pub fn around(&self, node: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.nodes[node].parent, |at| self.nodes[*at].parent)
    }
}

/// Properties of the parts.
struct Facts<'d> {
    draft: &'d Draft,
    busy: BTreeMap<Part, Busy>,
    takes_down: BTreeMap<Part, Vec<String>>,
    /// Parts at which an arrow ends.
    used: BTreeSet<Part>,
    /// Members that wait to take over.
    standby: BTreeSet<Part>,
    /// Parts whose resource saturates first.
    first: BTreeSet<Part>,
}

impl Facts<'_> {
    /// Returns the utilisation of a part: its own, or that of the zone in which it runs.
    fn busy(&self, part: Part) -> Option<&Busy> {
        let host = part.stands_on(self.draft).filter(|host| host.sort().runs_processes);
        self.busy.get(&part).or_else(|| host.and_then(|host| self.busy.get(&host)))
    }
}

/// Returns the name of the window for which a drawing is made; `None`: the mean rates of the file.
#[must_use]
pub fn window_of(draft: &Draft) -> Option<String> {
    match peak(draft).0 {
        Load::Window(name, _) => Some(name),
        Load::Mean => None,
    }
}

/// Returns the design peak and the rates of all workloads in it: the window of that name, or else the window with the
/// highest rates; without a window the means of the file.
fn peak(draft: &Draft) -> (Load, Vec<f64>) {
    let windows = &draft.scenario.window;
    let sum = |at: usize| load::rates_in(draft, at).iter().sum::<f64>();
    let highest = || {
        let mut all: Vec<usize> = (0..windows.len()).collect();
        all.sort_by(|a, b| windows[*a].0.text.cmp(&windows[*b].0.text));
        all.into_iter().rev().max_by(|a, b| sum(*a).total_cmp(&sum(*b)))
    };
    match design_peak(draft).or_else(highest) {
        Some(at) => {
            let (name, window) = &windows[at];
            let level = load::level(draft, window);
            (Load::Window(name.to_string(), level), load::rates_in(draft, at))
        }
        None => (Load::Mean, load::rates(draft)),
    }
}

/// Keeps the busiest resource of each part that has a limit.
fn add_busy(all: &mut BTreeMap<Part, Busy>, one: Offered, measured: &BTreeMap<String, f64>) {
    if !one.resource.is_limit() {
        return;
    }
    // Links of a site are measured together.
    let group = split_member(&one.name).map(|(group, _)| group);
    let known = measured.get(&one.name).or_else(|| measured.get(group?));
    let share = known.copied().unwrap_or_else(|| one.utilization());
    let busy = Busy {
        share,
        computed: one.utilization(),
        resource: one.resource,
        name: one.name,
        load: share * one.capacity / one.share,
        capacity: one.capacity / one.share,
        is_scaled: one.at_most.is_some(),
    };
    match all.get(&one.part) {
        Some(known) if known.share >= share => {}
        _ => {
            all.insert(one.part, busy);
        }
    }
}

/// Returns the parts at which an arrow ends: named by it, or the storage that is the nearest to its sender.
fn used(draft: &Draft, arrows: &BTreeSet<Arrow>) -> BTreeSet<Part> {
    let mut used = BTreeSet::new();
    let parts = |end: &End| match *end {
        End::Component(kind, index) => kind.answers().parts(draft, index),
        End::Part(part) => vec![part],
        End::Source(_) | End::Stores(_) => Vec::new(),
    };
    for arrow in arrows {
        used.extend(parts(&arrow.from));
        used.extend(parts(&arrow.to));
        let End::Stores(stores) = &arrow.to else { continue };
        for user in parts(&arrow.from) {
            used.extend(store_at(draft, stores, user).iter().flat_map(|s| disks(draft, *s, user)));
        }
    }
    used
}

/// Returns the parts that hold the data of a store, as a user of it sees them: pools of a volume, or disks of its
/// server.
fn disks(draft: &Draft, store: Store, user: Part) -> Vec<Part> {
    match store {
        Store::Disks { set, .. } => {
            server_of(draft, user).map(|server| Part::Disks { server, set }).into_iter().collect()
        }
        Store::Volume { nas, volume } => {
            let pools = draft.links.nas[nas].volumes[volume].iter();
            pools.map(|pool| Part::Pool { nas, pool: *pool }).collect()
        }
    }
}

/// Returns the members that wait to take over. A unit of a pair or a head has no load while another has some; a member
/// of a database gets no request while another gets some.
fn standbys(facts: &Facts<'_>, arrows: &BTreeSet<Arrow>) -> BTreeSet<Part> {
    let draft = facts.draft;
    let works = |part: &Part| facts.busy(*part).is_some_and(|busy| busy.computed > 0.0);
    let asked = |part: &Part| {
        let to = End::Part(*part);
        arrows.iter().any(|arrow| arrow.to == to && arrow.carries == Carries::Requests)
    };
    let mut standby = BTreeSet::new();
    for (kind, index) in arrows::components(draft) {
        let has: &dyn Fn(&Part) -> bool = match kind {
            Kind::Balancer | Kind::Nas => &works,
            Kind::Database => &asked,
            _ => continue,
        };
        let mut groups: BTreeMap<String, Vec<Part>> = BTreeMap::new();
        for part in kind.answers().parts(draft, index) {
            let group = if kind == Kind::Database { String::new() } else { part.group(draft) };
            groups.entry(group).or_default().push(part);
        }
        for parts in groups.into_values().filter(|parts| parts.iter().any(has)) {
            standby.extend(parts.iter().filter(|part| !has(part)));
        }
    }
    standby
}

/// Returns the parts whose resource saturates first: the one that the headroom names, and those of its group that are
/// as busy.
fn saturates_first(draft: &Draft, offered: &[Offered]) -> BTreeSet<Part> {
    let Some(window) = design_peak(draft) else { return BTreeSet::new() };
    let (intact, _) = headroom::within(draft, window, 0);
    let first = intact.into_iter().next().and_then(|spare| spare.carries);
    let first = first.and_then(|(name, _)| offered.iter().find(|one| one.name == name));
    let Some(first) = first else { return BTreeSet::new() };
    let (owner, group) = (first.part.owner(), first.part.group(draft));
    let alike = offered.iter().filter(|one| {
        one.resource == first.resource
            && one.part.owner() == owner
            && one.part.group(draft) == group
            && (one.utilization() - first.utilization()).abs() < 1e-9 * first.utilization()
    });
    alike.map(|one| one.part).collect()
}

/// Returns the parts whose loss alone takes a judged class or group down, with the names of these.
#[must_use]
pub fn single_points(draft: &Draft) -> BTreeMap<Part, Vec<String>> {
    let graph = Graph::of(draft);
    taken_down(draft, &graph, &CutSets::of(&graph))
}

fn taken_down(draft: &Draft, graph: &Graph, cuts: &CutSets<'_>) -> BTreeMap<Part, Vec<String>> {
    let mut found: BTreeMap<Part, Vec<String>> = BTreeMap::new();
    for subject in judged(draft, graph) {
        let Some(cuts) = cuts.of_subject(subject) else { continue };
        for part in cuts.singles.into_iter().filter(|part| part.kind() != PartKind::Textbook) {
            found.entry(part).or_default().push(subject.name(draft).to_string());
        }
    }
    found.values_mut().for_each(|names| names.sort());
    found
}

/// Leads the arrows from outside into a site over its uplinks.
fn over_uplinks(draft: &Draft, sources: &[Source], all: &mut BTreeSet<Arrow>) {
    let outside = |end: &End| match *end {
        End::Source(at) => sources[at].users,
        End::Component(kind, index) => {
            let parts = kind.answers().parts(draft, index);
            parts.first().is_some_and(|part| part.stands_on(draft).is_none())
        }
        End::Part(_) | End::Stores(_) => false,
    };
    let parts = |end: &End| match *end {
        End::Component(kind, index) => kind.answers().parts(draft, index),
        End::Part(part) => vec![part],
        End::Source(_) | End::Stores(_) => Vec::new(),
    };
    for arrow in all.clone() {
        if arrow.carries != Carries::Requests || !outside(&arrow.from) {
            continue;
        }
        let mut direct = false;
        for part in parts(&arrow.to) {
            let Some((_, uplinks)) = uplinks_of(draft, part) else {
                direct = true;
                continue;
            };
            for uplink in uplinks.parts {
                let onward = Arrow { to: End::Part(uplink), ..arrow.clone() };
                all.insert(Arrow { from: End::Part(uplink), to: End::Part(part), ..arrow.clone() });
                all.insert(onward);
            }
        }
        if !direct {
            all.remove(&arrow);
        }
    }
}

/// Nodes of parts and components.
struct Ends<'d> {
    draft: &'d Draft,
    nodes: &'d [Node],
    parts: BTreeMap<Part, usize>,
    components: BTreeMap<(Kind, usize), BTreeSet<usize>>,
    sources: Vec<usize>,
}

impl<'d> Ends<'d> {
    fn of(draft: &'d Draft, nodes: &'d [Node]) -> Self {
        let mut parts = BTreeMap::new();
        let mut components: BTreeMap<(Kind, usize), BTreeSet<usize>> = BTreeMap::new();
        let mut whole = BTreeSet::new();
        let mut sources = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            parts.extend(node.parts.iter().map(|part| (*part, at)));
            if node.form == Form::Source {
                sources.push(at);
            }
            // The box around the parts of a component stands for it.
            if let Some(component) = node.component {
                whole.insert(component);
                components.entry(component).or_default().insert(at);
            }
        }
        for (part, at) in &parts {
            if !whole.contains(&part.owner()) {
                components.entry(part.owner()).or_default().insert(*at);
            }
        }
        Self { draft, nodes, parts, components, sources }
    }

    /// Returns the nodes of an end; `user` is a part at the other end.
    fn nodes(&self, end: &End, user: Option<Part>) -> Vec<usize> {
        let of = |kind, index| {
            let found = self.components.get(&(kind, index));
            found.into_iter().flatten().copied().collect()
        };
        match end {
            End::Source(at) => self.sources.get(*at).copied().into_iter().collect(),
            End::Component(kind, index) => of(*kind, *index),
            End::Part(part) => self.parts.get(part).copied().into_iter().collect(),
            End::Stores(stores) => {
                let Some(user) = user else { return Vec::new() };
                let store = store_at(self.draft, stores, user);
                let parts = store.into_iter().flat_map(|store| disks(self.draft, store, user));
                let nodes: BTreeSet<usize> =
                    parts.filter_map(|part| self.parts.get(&part).copied()).collect();
                nodes.into_iter().collect()
            }
        }
    }

    /// Returns the part of a node that a sender of these arrows has there.
    fn user(&self, end: &End, node: usize) -> Option<Part> {
        let mut parts = self.nodes[node].parts.iter().copied();
        match *end {
            End::Part(part) => Some(part),
            End::Component(kind, index) => parts.find(|part| part.owner() == (kind, index)),
            End::Source(_) | End::Stores(_) => None,
        }
    }

    fn connect(&self, arrows: &BTreeSet<Arrow>) -> Vec<Connection> {
        let mut all: BTreeMap<(usize, usize, Carries), BTreeSet<String>> = BTreeMap::new();
        for arrow in arrows {
            for from in self.nodes(&arrow.from, None) {
                for to in self.nodes(&arrow.to, self.user(&arrow.from, from)) {
                    if from != to && !self.is_in(from, to) && !self.is_in(to, from) {
                        let classes = all.entry((from, to, arrow.carries)).or_default();
                        classes.extend(Some(arrow.class.clone()).filter(|name| !name.is_empty()));
                    }
                }
            }
        }
        let connection = |((from, to, carries), classes)| Connection { from, to, carries, classes };
        all.into_iter().map(connection).collect()
    }

    fn is_in(&self, node: usize, other: usize) -> bool {
        let mut around =
            std::iter::successors(self.nodes[node].parent, |at| self.nodes[*at].parent);
        around.any(|at| at == other)
    }
}
