//! The boxes of a drawing: parts in the places on which they stand, equal ones as one.
//!
//! In: the parts of a draft with their properties. Out: nodes, each before the nodes in it. Holds: siblings are in the
//! order of kinds, then of names; two siblings with the same name, the same numbers and the same arrows and children
//! are one node. If there are more than [`MOST_NODES`], siblings of one sort beyond the first few are one node.

use std::collections::{BTreeMap, BTreeSet};

use super::arrows::{Arrow, Carries, End, Source, components};
use super::{Facts, Form, MOST_NODES, Node};
use crate::convert::whole;
use crate::plan::Draft;
use crate::plan::names::Kind;
use crate::plan::part::{Part, PartKind};

/// Numbers of siblings of one sort that are tried, until the drawing has few enough nodes.
const KEPT: [usize; 6] = [usize::MAX, 12, 6, 3, 2, 1];

/// Item of the tree before equal ones are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    /// A part.
    Part(Part),
    /// The box around the parts of a component, or a component without parts.
    Component(Kind, usize),
}

/// End of an arrow at a part: content, whether the part sends it, and the other component.
type Touch = (Carries, bool, Option<(Kind, usize)>);

/// Properties in which equal siblings agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    owner: (Kind, usize),
    group: String,
    percent: Option<i32>,
    takes_down: Vec<String>,
    used: bool,
    touches: BTreeSet<Touch>,
    children: Vec<u32>,
}

/// Returns the nodes and the roots among them.
pub(super) fn build(
    facts: &Facts<'_>,
    sources: &[Source],
    arrows: &BTreeSet<Arrow>,
) -> (Vec<Node>, Vec<usize>) {
    let tree = Tree::of(facts, arrows);
    let mut built = (Vec::new(), Vec::new());
    for most in KEPT {
        let mut builder = Builder { tree: &tree, facts, most, nodes: Vec::new() };
        let mut roots = builder.sources(sources);
        roots.extend(builder.siblings(&tree.roots, None, 1));
        built = (builder.nodes, roots);
        if built.0.len() <= MOST_NODES {
            break;
        }
    }
    built
}

/// The tree of items, with the shape of each.
struct Tree {
    roots: Vec<Item>,
    children: BTreeMap<Item, Vec<Item>>,
    shapes: BTreeMap<Item, u32>,
    /// Number of parts with each owner and group name.
    sizes: BTreeMap<((Kind, usize), String), usize>,
}

impl Tree {
    fn of(facts: &Facts<'_>, arrows: &BTreeSet<Arrow>) -> Self {
        let draft = facts.draft;
        let mut below: BTreeMap<Option<Part>, Vec<Part>> = BTreeMap::new();
        let mut without = Vec::new();
        let mut sizes = BTreeMap::new();
        for (kind, index) in components(draft) {
            let parts = kind.answers().parts(draft, index);
            if parts.is_empty() {
                without.push(Item::Component(kind, index));
            }
            for part in parts {
                below.entry(part.stands_on(draft)).or_default().push(part);
                *sizes.entry((part.owner(), part.group(draft))).or_insert(0) += 1;
            }
        }
        let mut children: BTreeMap<Item, Vec<Item>> = BTreeMap::new();
        let mut roots = Vec::new();
        for (place, parts) in below {
            let items = wrapped(draft, place, parts, &mut children);
            match place {
                Some(place) => {
                    children.insert(Item::Part(place), items);
                }
                None => roots = items,
            }
        }
        roots.extend(without);
        let mut tree = Self { roots, children, shapes: BTreeMap::new(), sizes };
        let mut touches = touches(arrows);
        let mut known = BTreeMap::new();
        for root in tree.roots.clone() {
            tree.shape(root, facts, &mut touches, &mut known);
        }
        tree
    }

    fn children(&self, item: Item) -> &[Item] {
        self.children.get(&item).map_or(&[], Vec::as_slice)
    }

    fn shape(
        &mut self,
        item: Item,
        facts: &Facts<'_>,
        touches: &mut BTreeMap<Part, BTreeSet<Touch>>,
        known: &mut BTreeMap<Shape, u32>,
    ) -> u32 {
        let inside = self.children(item).to_vec();
        let mut children: Vec<u32> =
            inside.into_iter().map(|child| self.shape(child, facts, touches, known)).collect();
        children.sort_unstable();
        let shape = match item {
            Item::Component(kind, index) => Shape {
                owner: (kind, index),
                group: String::new(),
                percent: None,
                takes_down: Vec::new(),
                used: false,
                touches: BTreeSet::new(),
                children,
            },
            Item::Part(part) => Shape {
                owner: part.owner(),
                group: part.group(facts.draft),
                percent: facts.busy(part).map(|busy| whole::i32((busy.computed * 100.0).round())),
                takes_down: facts.takes_down.get(&part).cloned().unwrap_or_default(),
                used: facts.used.contains(&part),
                touches: touches.remove(&part).unwrap_or_default(),
                children,
            },
        };
        let next = crate::convert::table::u32(known.len());
        let number = *known.entry(shape).or_insert(next);
        self.shapes.insert(item, number);
        number
    }

    /// Returns all parts of an item and of those in it.
    fn parts(&self, item: Item) -> Vec<Part> {
        let mut open = vec![item];
        let mut all = Vec::new();
        while let Some(item) = open.pop() {
            if let Item::Part(part) = item {
                all.push(part);
            }
            open.extend(self.children(item));
        }
        all
    }
}

/// Puts the parts of a component that have several names into a box of their own: heads and pools of a file server.
fn wrapped(
    draft: &Draft,
    place: Option<Part>,
    parts: Vec<Part>,
    children: &mut BTreeMap<Item, Vec<Item>>,
) -> Vec<Item> {
    let mut groups: BTreeMap<(Kind, usize), BTreeSet<String>> = BTreeMap::new();
    let is_role = |part: &Part| part.kind() != PartKind::Domain;
    for part in parts.iter().filter(|part| is_role(part)) {
        groups.entry(part.owner()).or_default().insert(part.group(draft));
    }
    let here = place.map(Part::owner);
    let mut items = Vec::new();
    for part in parts {
        let owner = part.owner();
        let several = groups.get(&owner).is_some_and(|names| names.len() > 1);
        if is_role(&part) && several && here != Some(owner) {
            let item = Item::Component(owner.0, owner.1);
            let inside = children.entry(item).or_default();
            if inside.is_empty() {
                items.push(item);
            }
            inside.push(Item::Part(part));
        } else {
            items.push(Item::Part(part));
        }
    }
    items
}

/// Returns, per part at which an arrow ends by name, the content, the direction and the other component.
fn touches(arrows: &BTreeSet<Arrow>) -> BTreeMap<Part, BTreeSet<Touch>> {
    let owner = |end: &End| match end {
        End::Component(kind, index) => Some((*kind, *index)),
        End::Part(part) => Some(part.owner()),
        End::Stores(stores) => stores.first().map(|store| store.component()),
        End::Source(_) => None,
    };
    let mut all: BTreeMap<Part, BTreeSet<_>> = BTreeMap::new();
    for arrow in arrows {
        for (end, other, sends) in [(&arrow.from, &arrow.to, true), (&arrow.to, &arrow.from, false)]
        {
            if let End::Part(part) = end {
                all.entry(*part).or_default().insert((arrow.carries, sends, owner(other)));
            }
        }
    }
    all
}

/// Siblings that are one node, with the key of their order.
struct Group {
    order: (Kind, String, String, u32),
    items: Vec<Item>,
}

struct Builder<'a, 'd> {
    tree: &'a Tree,
    facts: &'a Facts<'d>,
    /// Largest number of siblings of one sort.
    most: usize,
    nodes: Vec<Node>,
}

impl Builder<'_, '_> {
    fn sources(&mut self, sources: &[Source]) -> Vec<usize> {
        let first = self.nodes.len();
        for source in sources {
            let word = if source.users { "users" } else { "workload" };
            let mut node = empty(Form::Source, source.name.clone(), word);
            node.count = 1;
            self.nodes.push(node);
        }
        (first..self.nodes.len()).collect()
    }

    /// Adds the nodes of siblings, which stand in `around` boxes that are drawn as one; returns their numbers.
    fn siblings(&mut self, items: &[Item], parent: Option<usize>, around: usize) -> Vec<usize> {
        let draft = self.facts.draft;
        let mut groups: BTreeMap<u32, Vec<Item>> = BTreeMap::new();
        for item in items {
            groups.entry(self.tree.shapes[item]).or_default().push(*item);
        }
        let mut groups: Vec<Group> = groups
            .into_values()
            .map(|mut items| {
                items.sort_by_key(|item| number(*item));
                Group { order: order(draft, items[0]), items }
            })
            .collect();
        groups.sort_by(|a, b| a.order.cmp(&b.order));
        let mut kept: BTreeMap<String, usize> = BTreeMap::new();
        let mut rest: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        let mut numbers = Vec::new();
        for group in groups {
            let word = word(group.items[0]);
            let seen = kept.entry(word.to_string()).or_insert(0);
            *seen += 1;
            if *seen > self.most {
                rest.entry(word.to_string()).or_default().extend(group.items);
            } else {
                numbers.push(self.group(&group.items, parent, around));
            }
        }
        for (word, items) in rest {
            let mut node = empty(Form::Rest, String::new(), &word);
            node.count = items.len().div_ceil(around.max(1));
            node.parent = parent;
            for item in &items {
                node.parts.extend(self.tree.parts(*item));
            }
            node.parts.sort_unstable();
            self.describe(&mut node);
            numbers.push(self.nodes.len());
            self.nodes.push(node);
        }
        numbers
    }

    /// Adds the node of equal siblings and the nodes in it.
    fn group(&mut self, items: &[Item], parent: Option<usize>, around: usize) -> usize {
        let draft = self.facts.draft;
        let inside = items.iter().flat_map(|item| self.tree.children(*item)).copied();
        let (idle, inside): (Vec<Item>, Vec<Item>) =
            inside.partition(|child| self.is_idle(items[0], *child));
        let parts = parts_of(items);
        let form = if inside.is_empty() { Form::Part } else { Form::Place };
        let mut node = empty(form, String::new(), word(items[0]));
        node.count = items.len() / around.max(1);
        node.parent = parent;
        if let Item::Component(kind, index) = items[0] {
            node.name = kind.name(&draft.scenario, index).to_string();
            node.component = Some((kind, index));
        } else {
            node.name = self.name(&parts, parent);
        }
        let alone = inside.len() == items.len() && self.tree.children(inside[0]).is_empty();
        let idle = parts_of(&idle);
        let groups: BTreeSet<String> = idle.iter().map(|part| part.group(draft)).collect();
        node.unused = groups.into_iter().collect();
        let is_zone = parts.first().is_some_and(|part| part.sort().runs_processes);
        node.parts = parts;
        if alone && is_zone {
            // One process: the zone and the process are one node.
            let process = parts_of(&inside);
            node.form = Form::Part;
            node.zone = Some(std::mem::take(&mut node.name));
            node.name = self.name(&process, parent);
            node.word = word(inside[0]).to_string();
            node.parts.splice(0..0, process);
        }
        node.parts.extend(idle);
        self.describe(&mut node);
        let at = self.nodes.len();
        let is_place = node.form == Form::Place;
        if is_place && is_zone {
            // The processes in it have the utilisation of its processor.
            node.busy = None;
            node.saturates_first = false;
        }
        self.nodes.push(node);
        if is_place {
            self.nodes[at].children = self.siblings(&inside, Some(at), items.len());
        }
        at
    }

    /// Returns whether a part of a server is neither used nor loaded, so that it needs no box of its own.
    fn is_idle(&self, around: Item, child: Item) -> bool {
        let (Item::Part(around), Item::Part(part)) = (around, child) else { return false };
        part.owner() == around.owner()
            && !around.sort().is_place
            && self.tree.children(child).is_empty()
            && self.facts.busy(part).is_none()
            && !self.facts.takes_down.contains_key(&part)
            && !self.facts.used.contains(&part)
    }

    /// Sets the utilisation and the classes that a loss takes down.
    fn describe(&self, node: &mut Node) {
        for part in &node.parts {
            if let Some(busy) = self.facts.busy(*part)
                && node.busy.as_ref().is_none_or(|known| known.share < busy.share)
            {
                node.busy = Some(busy.clone());
            }
            let classes = self.facts.takes_down.get(part).into_iter().flatten();
            node.takes_down.extend(classes.cloned());
            let host = part.stands_on(self.facts.draft);
            let runs_on = host.filter(|host| host.sort().runs_processes);
            let first = &self.facts.first;
            node.saturates_first |=
                first.contains(part) || runs_on.is_some_and(|host| first.contains(&host));
            node.standby |= self.facts.standby.contains(part);
            let passes = |host: Part| {
                let switches = host.answers().switches(self.facts.draft, host)?;
                switches.parts.contains(part).then_some(host.sort().word)
            };
            node.carries_all_of = node.carries_all_of.or_else(|| host.and_then(passes));
        }
        node.takes_down.sort();
        node.takes_down.dedup();
    }

    /// Returns the name of equal parts: that of their group if they are all of it, else with their numbers.
    fn name(&self, parts: &[Part], parent: Option<usize>) -> String {
        let draft = self.facts.draft;
        let Some(first) = parts.first() else { return String::new() };
        let group = first.group(draft);
        let all = self.tree.sizes.get(&(first.owner(), group.clone())) == Some(&parts.len());
        let name = match parts {
            _ if all => group,
            [one] => one.name(draft),
            _ => {
                let name = first.answers().name(draft, *first);
                let numbers: Vec<u32> = parts
                    .iter()
                    .filter_map(|part| part.answers().name(draft, *part).number)
                    .map(|number| number + 1)
                    .collect();
                let rest = name.rest.map_or(String::new(), |rest| format!(".{rest}"));
                format!("{}-{}{rest}", name.stem, listed(&numbers))
            }
        };
        // `store.head` in the box of `store` is `head`.
        let owner = |at: usize| {
            let node = &self.nodes[at];
            node.component.or(node.parts.first().map(|part| part.owner()))
        };
        if parent.and_then(owner) != Some(first.owner()) {
            return name;
        }
        let (kind, index) = first.owner();
        let place = kind.name(&draft.scenario, index).to_string();
        let rest = name.strip_prefix(place.as_str());
        match rest.and_then(|rest| rest.split_once('.')) {
            Some((_, rest)) => rest.to_string(),
            None => name,
        }
    }
}

fn empty(form: Form, name: String, word: &str) -> Node {
    Node {
        form,
        name,
        word: word.to_string(),
        zone: None,
        count: 0,
        busy: None,
        takes_down: Vec::new(),
        standby: false,
        saturates_first: false,
        carries_all_of: None,
        unused: Vec::new(),
        parts: Vec::new(),
        component: None,
        parent: None,
        children: Vec::new(),
    }
}

fn parts_of(items: &[Item]) -> Vec<Part> {
    let part = |item: &Item| match item {
        Item::Part(part) => Some(*part),
        Item::Component(..) => None,
    };
    items.iter().filter_map(part).collect()
}

fn word(item: Item) -> &'static str {
    match item {
        Item::Part(part) => part.sort().word,
        Item::Component(kind, _) => kind.word(),
    }
}

fn number(item: Item) -> u32 {
    match item {
        Item::Part(part) => part.number(),
        Item::Component(..) => 0,
    }
}

fn order(draft: &Draft, item: Item) -> (Kind, String, String, u32) {
    let (kind, index) = match item {
        Item::Part(part) => part.owner(),
        Item::Component(kind, index) => (kind, index),
    };
    let group = match item {
        Item::Part(part) => part.group(draft),
        Item::Component(..) => String::new(),
    };
    (kind, kind.name(&draft.scenario, index).to_string(), group, number(item))
}

/// Lists numbers in order, with neighbours joined: `1, 2, 5–8`.
fn listed(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    for number in sorted {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}
