//! System-level facts from the nodes of the dependency graph, and the meters that read them.

use std::collections::BTreeSet;

use crate::convert::place;
use crate::health::declare::Expr;
use crate::health::{Declaration, FactId, Net, Start, Steady};
use crate::kinds::balancer::{address, beliefs};
use crate::kinds::database::{failover, views};
use crate::kinds::nas::volumes;
use crate::kinds::unit::links::GroupMember;
use crate::model::spec::request::RequestSpec;
use crate::plan::Draft;
use crate::plan::graph::{Graph, NodeId, Subject, Takeover, reached_from, server_of};
use crate::plan::links::{Entrance, Store};
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part;
use crate::plan::scaled::is_present;
use crate::scenario::names::Name;

use super::{Availability, Fleet, WHOLE, Watched, WatchedKind, answers, fact, routes};

/// Name of all classes together; no component can have it, because it contains a space.
pub const ALL: &str = "all classes";

/// Facts that determine which share of a service is lost at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// Fact that the service is up; while it does not hold, everything is lost.
    pub up: FactId,
    /// Facts, each with the number of parts of [`WHOLE`] that is lost while it holds.
    pub shares: Vec<(FactId, u32)>,
    /// Facts, each with the parts of [`WHOLE`] whose fetches of what their edge lacks fail while it holds. They
    /// affect the traffic alone, not the availability measured here.
    pub fetches: Vec<(FactId, u32)>,
    /// Facts, each with the parts of users that a name service directs to a failed target. They affect the traffic,
    /// and are also in `shares` if failed requests count.
    pub led: Vec<(FactId, u32)>,
    /// Facts, each with the parts of users whose fetches from a shield fail.
    pub shields: Vec<(FactId, u32)>,
    /// Threshold: a larger lost share counts as a total loss; of a smaller one those in `below` count. `None`: all shares
    /// count as they are.
    pub all_above: Option<u32>,
    /// Facts, each with the parts of [`WHOLE`] that is lost while it holds and less is lost than `all_above`.
    pub below: Vec<(FactId, u32)>,
}

impl Meter {
    /// Returns the parts of [`WHOLE`] that are lost; `holds` returns whether a fact holds.
    #[must_use]
    pub fn level(&self, holds: impl Fn(FactId) -> bool + Copy) -> u32 {
        if !holds(self.up) {
            return WHOLE;
        }
        match self.all_above {
            Some(most) if lost(&self.shares, holds) > most => WHOLE,
            _ => lost(self.counted(holds), holds).min(WHOLE),
        }
    }

    /// Returns the shares that count: those in `below` if no more than `all_above` is lost.
    #[must_use]
    pub fn counted(&self, holds: impl Fn(FactId) -> bool + Copy) -> &[(FactId, u32)] {
        match self.all_above {
            Some(most) if lost(&self.shares, holds) <= most => &self.below,
            _ => &self.shares,
        }
    }

    /// Returns whether nothing in the net takes any of it down.
    fn is_always_up(&self, net: &Net, steady: &Steady) -> bool {
        let lost = self.shares.iter().chain(&self.led).map(|(fact, _)| *fact);
        steady.fact(net, self.up) == Some(true)
            && lost.into_iter().all(|fact| steady.fact(net, fact) == Some(false))
    }
}

/// Returns the sum of the shares of the facts that hold.
fn lost(shares: &[(FactId, u32)], holds: impl Fn(FactId) -> bool) -> u32 {
    shares.iter().filter(|(fact, _)| holds(*fact)).map(|(_, share)| *share).sum()
}

/// Returns which meters nothing takes down, and whether nothing in the net is drawn from `start` on. Nothing is certain in a
/// `scaled` system: an autoscaler moves the presence of its members, which no transition does.
pub(super) fn certain(
    net: &Net,
    meters: &[Meter],
    (start, scaled): (Start, bool),
) -> (Vec<bool>, bool) {
    if scaled {
        return (vec![false; meters.len()], false);
    }
    let steady = Steady::of(net);
    let always_up = meters.iter().map(|meter| meter.is_always_up(net, &steady)).collect();
    (always_up, !steady.is_drawn(net, start))
}

/// Returns the measured subjects: classes that some workload requests, all of them together, services, groups, fleets.
pub fn watched(draft: &Draft, graph: &Graph) -> Vec<Watched> {
    let mut all = Vec::new();
    let mut add = |name: &str, kind| all.push(Watched { name: name.to_string(), kind });
    let mut classes = 0;
    for (subject, _) in graph.subjects() {
        match *subject {
            Subject::Class(class) if draft.links.classes.contains(&Some(class)) => {
                add(subject.name(draft), WatchedKind::Class);
                classes += 1;
            }
            Subject::Class(_) => {}
            Subject::Group(_) => add(subject.name(draft), WatchedKind::Group),
        }
    }
    if classes > 1 {
        add(ALL, WatchedKind::All);
    }
    for (name, _) in draft.scenario.service.iter() {
        add(name, WatchedKind::Service);
    }
    for (_, name) in fleet_units(draft) {
        add(&format!("{name}-*"), WatchedKind::Fleet);
    }
    all
}

/// Returns the units of which no member is in a group, by index and name.
pub fn fleet_units(draft: &Draft) -> impl Iterator<Item = (usize, &str)> {
    let grouped: BTreeSet<usize> =
        draft.links.groups.iter().flatten().filter_map(unit_of).collect();
    let units = draft.scenario.unit.iter().enumerate();
    let apart = units.filter(move |(at, _)| !grouped.contains(at));
    apart.map(|(at, (name, _))| (at, name.text.as_str()))
}

fn unit_of(member: &GroupMember) -> Option<usize> {
    match *member {
        GroupMember::Unit { unit, .. } => Some(unit),
        GroupMember::Group(_) => None,
    }
}

/// Returns the fleets among the watched subjects, in their order.
pub fn fleets(draft: &Draft, watched: &[Watched], causes: &[String], net: &Net) -> Vec<Fleet> {
    let is_fleet = |one: &&Watched| one.kind == WatchedKind::Fleet;
    let units: Vec<(usize, &str)> = fleet_units(draft).collect();
    debug_assert_eq!(watched.iter().filter(is_fleet).count(), units.len(), "in the same order");
    let fleet = |(unit, name): (usize, &str)| {
        let count =
            draft.scenario.unit.iter().as_slice().get(unit).map_or(0, |(_, spec)| spec.count.value);
        let member = |number| net.automaton(&member_name(name, number));
        Fleet {
            members: (0..count).filter_map(member).collect(),
            // A fleet that never fails has no cause, and no downtime to attribute to one.
            cause: place(causes.iter().position(|cause| cause == name).unwrap_or(0)),
        }
    };
    units.into_iter().map(fleet).collect()
}

/// Returns the availabilities measured per subject: structural, and for classes also continuous.
pub fn measured(watched: &[Watched]) -> Vec<(usize, Availability)> {
    let mut all = Vec::new();
    for (at, one) in watched.iter().enumerate() {
        all.push((at, Availability::Structural));
        if matches!(one.kind, WatchedKind::Class | WatchedKind::All) {
            all.push((at, Availability::Continuous));
        }
    }
    all
}

/// Returns the units in `without`, each with the name of its fault.
pub fn unit_faults(draft: &Draft, without: &[String]) -> Vec<(String, String)> {
    let is_unit = |name: &&String| {
        draft.names.find(name.as_str()).is_some_and(|found| found.kind == Kind::Unit)
    };
    let fault = crate::health::textbook::FAULT.to_string();
    without.iter().filter(is_unit).map(|name| (name.clone(), fault.clone())).collect()
}

fn name_of(node: NodeId) -> String {
    format!("node {}", node.index())
}

/// Returns the condition that a node holds.
pub fn holds(node: NodeId) -> Expr {
    Expr::system(&name_of(node))
}

fn node_of(draft: &Draft, graph: &Graph, watched: &Watched) -> Option<NodeId> {
    match watched.kind {
        WatchedKind::All | WatchedKind::Group | WatchedKind::Fleet => None,
        WatchedKind::Class => {
            let class = draft.scenario.request.iter().position(|(n, _)| n.text == watched.name)?;
            graph.subject(Subject::Class(class))
        }
        WatchedKind::Service => {
            let at = draft.scenario.service.iter().position(|(n, _)| n.text == watched.name)?;
            graph.services().get(at).copied()
        }
    }
}

/// Adds a fact for every node that a subject needs, directly or indirectly.
pub fn declare(draft: &Draft, graph: &Graph, watched: &[Watched], into: &mut Declaration) {
    let mut wanted = vec![false; graph.nodes().count()];
    let mut roots: Vec<NodeId> =
        watched.iter().filter_map(|watched| node_of(draft, graph, watched)).collect();
    // A promotion by remount depends on the volume of the primary.
    for (id, _) in graph.nodes() {
        match graph.takeover(id) {
            Some(Takeover::Primary(..)) => roots.push(id),
            // Members wait for each other, also for those that no query needs.
            Some(Takeover::View { members, .. }) => roots.extend(members),
            _ => {}
        }
    }
    for root in roots {
        for id in graph.below(root) {
            wanted[id.index()] = true;
        }
    }
    // Surrogates depend on the nodes of pools and disks, and on everything below them.
    for (id, node) in graph.nodes() {
        if let Some(Part::Pool { .. } | Part::Disks { .. }) = node.part {
            for below in graph.below(id) {
                wanted[below.index()] = true;
            }
        }
    }
    for (id, node) in graph.nodes().filter(|(id, _)| wanted[id.index()]) {
        let own = node.part.map(|part| {
            let fit = Expr::of(&part.name(draft), "fit");
            is_present(draft, part).map_or_else(|| fit.clone(), |present| present.and(fit.clone()))
        });
        let needs = match graph.takeover(id) {
            Some(takeover) => served(draft, takeover),
            None => Expr::AtLeast(node.least, graph.needs(id).map(holds).collect()),
        };
        let up = match own {
            Some(own) if node.of == 0 => own,
            Some(own) => own.and(needs),
            None => needs,
        };
        into.fact(&name_of(id), up);
    }
    let classes = || watched.iter().filter(|one| one.kind == WatchedKind::Class);
    if watched.iter().any(|one| one.kind == WatchedKind::All) {
        let nodes = classes().filter_map(|one| node_of(draft, graph, one));
        into.fact(ALL, Expr::All(nodes.map(holds).collect()));
        let fine = classes().map(|one| Expr::system(&continuous(&one.name)));
        into.fact(&continuous(ALL), Expr::All(fine.collect()));
    }
    for one in classes() {
        let Some(node) = node_of(draft, graph, one) else { continue };
        // Users directed to a target of a name service count by their share.
        let led = led_to(draft, one);
        let balancers = graph.below(node).into_iter().filter_map(|id| match graph.node(id).part {
            Some(Part::Balancer { balancer, member: 0 }) => Some(balancer),
            _ => None,
        });
        let balancers = balancers.filter(|at| !led.contains(&Entrance::Balancer(*at)));
        let fine = balancers.map(|at| !Expr::system(&beliefs::errors(draft, at)));
        into.fact(&continuous(&one.name), Expr::All(fine.chain([holds(node)]).collect()));
    }
    answers::facts(draft, graph, into);
}

fn class_of(draft: &Draft, watched: &Watched) -> Option<usize> {
    let named = |(name, _): &(Name, RequestSpec)| name.text == watched.name;
    let class = watched.kind == WatchedKind::Class;
    draft.scenario.request.iter().position(named).filter(|_| class)
}

/// Returns the name services through which a class enters.
fn name_services(draft: &Draft, watched: &Watched) -> Vec<answers::Entered> {
    class_of(draft, watched).map_or_else(Vec::new, |class| answers::of_class(draft, class))
}

/// Returns the targets of the name services through which a class enters.
fn led_to(draft: &Draft, watched: &Watched) -> Vec<Entrance> {
    let services = name_services(draft, watched);
    services.iter().flat_map(|of| draft.links.name_services[of.at].iter().copied()).collect()
}

/// Returns the facts under which name services direct users of a class to failed targets, with their shares.
fn led(draft: &Draft, graph: &Graph, watched: &Watched, net: &Net) -> Shares {
    let Some(class) = class_of(draft, watched) else { return Vec::new() };
    let outside = reached_from(draft, class);
    let services = answers::of_class(draft, class);
    let all = services.iter().flat_map(|of| answers::lost(draft, graph, *of, outside));
    all.map(|(name, share)| (fact(net, &name), share)).collect()
}

fn continuous(class: &str) -> String {
    format!("continuous {class}")
}

/// Returns the condition that the takeover is complete and the serving member is up. It names only the serving
/// member, so that an outage is attributed to no other.
fn served(draft: &Draft, takeover: &Takeover) -> Expr {
    match takeover {
        Takeover::Address(balancer, units) => {
            address::served(draft, *balancer, units.iter().copied().map(holds).collect())
        }
        Takeover::Primary(database, members) => {
            failover::served(draft, *database, members.iter().copied().map(holds).collect())
        }
        Takeover::View { database, writes, any, members } => {
            let members = members.iter().copied().map(holds).collect();
            views::served(draft, *database, (*writes, *any), members)
        }
        Takeover::Volumes(nas, owner, heads) => {
            volumes::served(draft, *nas, *owner, heads.iter().copied().map(holds).collect())
        }
        Takeover::Supply => Expr::Always,
    }
}

/// Returns the condition that the store of `user` answers.
pub fn volume(draft: &Draft, graph: &Graph, user: Part, store: Option<Store>) -> Expr {
    let mut parts = Vec::new();
    match store {
        None => {}
        Some(Store::Disks { set, .. }) => {
            parts.extend(server_of(draft, user).map(|server| Part::Disks { server, set }));
        }
        Some(Store::Volume { nas, volume }) => {
            let pools = &draft.links.nas[nas].volumes[volume];
            parts.extend(pools.iter().map(|pool| Part::Pool { nas, pool: *pool }));
        }
    }
    let node = |part: &Part| graph.nodes().find(|(_, node)| node.part == Some(*part));
    Expr::All(parts.iter().filter_map(node).map(|(id, _)| holds(id)).collect())
}

/// Resolves the facts of all meters but those of fleets.
pub fn resolve(
    draft: &Draft,
    graph: &Graph,
    (all, measured): (&[Watched], &[(usize, Availability)]),
    net: &Net,
) -> Vec<Meter> {
    let one = |(at, availability): &(usize, Availability)| {
        let watched = &all[*at];
        let node = node_of(draft, graph, watched);
        let up = match (node, availability) {
            (_, Availability::Continuous) => fact(net, &continuous(&watched.name)),
            (None, Availability::Structural) => fact(net, &watched.name),
            (Some(node), Availability::Structural) => fact(net, &name_of(node)),
        };
        let several = watched.kind == WatchedKind::All;
        let own = |one: &&Watched| one.kind == WatchedKind::Class && (several || *one == watched);
        let classes = all.iter().filter(own);
        let (mut cut, mut fetches, mut in_vain) = (Vec::new(), Vec::new(), Vec::new());
        let (mut sent, mut below) = (Vec::new(), Vec::new());
        for class in classes {
            let Some(node) = node_of(draft, graph, class) else { continue };
            let (own, own_fetches) = shares(draft, graph, (class, node), net);
            below.extend(own.iter().copied());
            cut.extend(own);
            fetches.extend(own_fetches);
            in_vain.extend(shields(draft, graph, node, net));
            let led = led(draft, graph, class, net);
            if *availability == Availability::Continuous {
                cut.extend(led.iter().copied());
            }
            // Behind a CDN, only the fetches of edges are sent to the target.
            let behind = class_of(draft, class).map(|class| draft.links.enters[class]);
            match behind {
                Some(Some(Entrance::Cdn(_))) => fetches.extend(led),
                _ => sent.extend(led),
            }
        }
        // A cut-off user is lost to all classes that arrive the same way: count the user once.
        let each = [&mut cut, &mut fetches, &mut in_vain, &mut sent, &mut below];
        for shares in each.into_iter().filter(|_| several) {
            shares.sort_by_key(|(fact, share)| (fact.index(), std::cmp::Reverse(*share)));
            shares.dedup_by_key(|(fact, _)| *fact);
        }
        let all_above = (*availability == Availability::Continuous).then_some(WHOLE / 100);
        Meter { up, shares: cut, fetches, led: sent, shields: in_vain, all_above, below }
    };
    let facts = measured.iter().filter(|(at, _)| all[*at].kind != WatchedKind::Fleet);
    facts.map(one).collect()
}

/// Sets of links or edges, each of which carries its share of the users.
type Carriers = Vec<Vec<Part>>;

fn parts_below(graph: &Graph, node: NodeId) -> impl Iterator<Item = Part> {
    graph.below(node).into_iter().filter_map(|id| graph.node(id).part)
}

/// Returns the sets of site links and the sets of edges over which the users of a node arrive.
fn carriers(draft: &Draft, graph: &Graph, node: NodeId) -> (Carriers, Carriers) {
    let (mut sites, mut cdns) = (Vec::new(), Vec::new());
    for part in parts_below(graph, node) {
        match part {
            Part::Uplink { number: 0, .. } => sites.push(routes::beside(draft, part)),
            Part::Edge { member: 0, .. } => cdns.push(routes::beside(draft, part)),
            _ => {}
        }
    }
    (sites, cdns)
}

/// Facts, each with the parts of [`WHOLE`] that are cut off while it holds.
type Shares = Vec<(crate::health::FactId, u32)>;

/// Returns the shares cut off with a link or an edge, and the shares whose edges cannot fetch.
fn shares(
    draft: &Draft,
    graph: &Graph,
    (class, node): (&Watched, NodeId),
    net: &Net,
) -> (Shares, Shares) {
    let (sites, cdns) = carriers(draft, graph, node);
    let services = name_services(draft, class);
    let of = |sets: &Carriers| -> Shares {
        let each = |set: &Vec<Part>| WHOLE / place((set.len() * sets.len()).max(1));
        let of_set = |set: &Vec<Part>| -> Shares {
            set.iter().map(|part| (fact(net, &routes::name(draft, *part)), each(set))).collect()
        };
        sets.iter().flat_map(of_set).collect()
    };
    // A name service directs users to some of the sites only.
    let named = services.iter().flat_map(|of| answers::cut(draft, graph, *of));
    let named = named.map(|(name, share)| (fact(net, &name), share)).collect();
    let to_sites = if services.is_empty() { of(&sites) } else { named };
    // Behind a CDN, users arrive at its edges; only the edges connect to the sites.
    if cdns.is_empty() { (to_sites, Vec::new()) } else { (of(&cdns), to_sites) }
}

/// Returns the shields from which the edges of a node fetch, each with its share of the edges.
fn shields(draft: &Draft, graph: &Graph, node: NodeId, net: &Net) -> Shares {
    let cdn_of = |part: Part| match part {
        Part::Edge { cdn, member: 0 } => Some(cdn),
        _ => None,
    };
    let edges: Vec<usize> = parts_below(graph, node).filter_map(cdn_of).collect();
    let mut shares = Vec::new();
    for edge in &edges {
        let Some(cdn) = draft.links.shield_of(*edge) else { continue };
        let shielding = routes::beside(draft, Part::Edge { cdn, member: 0 });
        let all = draft.scenario.cdn[*edge].1.count.value;
        let count = place(shielding.len());
        for part in shielding {
            // Edge e fetches from shield e mod `count`.
            let asks = (all + count - 1 - part.number()) / count;
            let share = u64::from(WHOLE) * u64::from(asks) / u64::from(all);
            let share = u32::try_from(share).expect("a part of the whole") / place(edges.len());
            shares.push((fact(net, &routes::name(draft, part)), share));
        }
    }
    shares
}
