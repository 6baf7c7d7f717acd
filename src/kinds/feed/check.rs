//! References to power feeds, and their mistakes.

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};

use crate::kinds::feed::plan::{Feed, FeedLinks, feed};
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert, inert_if, takes_time};
use crate::plan::drawing::arrows::{Arrow, Carries, End};
use crate::plan::faults::parts::all_parts;
use crate::plan::feeds;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{OneOrMany, Reference};
use crate::scenario::value::Spanned;

/// Key with the feeds of a section.
type Feeds = Option<Spanned<OneOrMany<Reference>>>;

impl Checks for Feed {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let scenario = walk.scenario();
        let mut all = FeedLinks::default();
        for (_, rack) in scenario.rack.iter() {
            all.racks.push(resolve(walk, &rack.feeds));
            let switch = rack.switch.as_ref().map(|switch| resolve(walk, &switch.feeds));
            all.switches.push(switch.unwrap_or_default());
        }
        all.servers = scenario.server.iter().map(|(_, spec)| resolve(walk, &spec.feeds)).collect();
        all.nas = scenario.nas.iter().map(|(_, spec)| resolve(walk, &spec.feeds)).collect();
        let balancers = scenario.balancer.iter();
        all.balancers = balancers.map(|(_, spec)| resolve(walk, &spec.feeds)).collect();
        all.above = scenario.feed.iter().map(|(_, spec)| resolve(walk, &spec.from)).collect();
        circles(walk, &mut all.above);
        links.own.feeds = all;
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (_, spec) in draft.scenario.feed.iter() {
            takes_time(spec.battery.as_ref(), "battery", "nothing bridges a loss", out);
            if let Some(generator) = &spec.generator {
                takes_time(generator.runs.as_ref(), "runs", "it runs as long as it takes", out);
                if generator.starts.value.get() <= 0.0 {
                    let message = "the generator never starts";
                    inert(generator.starts.span, message, "leave `generator` out", out);
                }
            }
            if spec.from.is_none() {
                let message = "this feed hangs on no other, so there is no loss to bridge";
                let help = "name the feed above, as in from = \"utility\", and let the faults of the \
                            utility hit that";
                inert_if(spec.battery.as_ref(), message, help, out);
                inert_if(spec.generator.as_ref(), message, help, out);
            }
        }
        check_cords(draft, out);
        check_racks(draft, out);
        for (name, balancer) in draft.scenario.balancer.iter() {
            let keys = [balancer.feeds.as_ref().map(|key| key.span)].into_iter();
            let keys = keys.chain([balancer.cords.as_ref().map(|key| key.span)]).flatten();
            for key in keys {
                if let Some(zone) = &balancer.in_ {
                    let why = format!("`{name}` has the power of the server that it runs on");
                    exclude(key, zone.span, &why, out);
                }
            }
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Named("nothing hangs on it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        let links = &draft.links.own.feeds;
        let all = [&links.above, &links.racks, &links.switches, &links.servers, &links.nas];
        let all = all.into_iter().chain([&links.balancers]).flatten().flatten();
        used.extend(all.map(|feed| (Kind::Feed, *feed)));
    }

    /// Returns the arrows to what hangs on it.
    fn arrows(&self, draft: &Draft, index: usize) -> Vec<Arrow> {
        let from = End::Component(Kind::Feed, index);
        let hanging = feeds::hanging_on(draft, feed(index)).into_iter();
        hanging.map(|part| Arrow::new(from.clone(), End::Part(part), Carries::Power)).collect()
    }

    none!(entrance, onward, store, unused, begins, receives, lint);
}

/// Returns the feeds that a key names; reports one that is named twice.
fn resolve(walk: &mut Walk<'_>, key: &Feeds) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for reference in key.iter().flat_map(|key| key.value.iter()) {
        let Some(feed) = walk.one(reference, Kind::Feed) else { continue };
        if found.contains(&feed) {
            let message = format!("`{}` is named twice", reference.text);
            let diagnostic = Diagnostic::new(Code::NameTwice, reference.span, message);
            walk.out().push(diagnostic.help("name each feed once"));
            continue;
        }
        found.push(feed);
    }
    found
}

/// Reports feeds that hang on themselves, directly or by way of others, and cuts them off from what is above.
fn circles(walk: &mut Walk<'_>, above: &mut [Vec<usize>]) {
    let mut graph = DiGraph::<(), (), u32>::default();
    let nodes: Vec<NodeIndex> = above.iter().map(|_| graph.add_node(())).collect();
    for (at, feeds) in above.iter().enumerate() {
        for feed in feeds {
            graph.add_edge(nodes[at], nodes[*feed], ());
        }
    }
    for round in petgraph::algo::kosaraju_scc(&graph) {
        let mut round: Vec<usize> = round.iter().map(|node| node.index()).collect();
        round.sort_unstable();
        for at in &round {
            let before = above[*at].len();
            above[*at].retain(|feed| round.binary_search(feed).is_err());
            let (name, spec) = &walk.scenario().feed[*at];
            let Some(from) = spec.from.as_ref().filter(|_| above[*at].len() < before) else {
                continue;
            };
            let message = format!("feed `{name}` hangs on itself");
            let diagnostic = Diagnostic::new(Code::SelfReference, from.span, message);
            walk.out().push(diagnostic.help("name feeds that do not hang on it"));
        }
    }
}

/// Checks numbers of cords: fewer than the feeds that there are.
fn check_cords(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let racks = scenario.rack.iter().enumerate().filter_map(|(rack, (_, spec))| {
        let cords = spec.switch.as_ref()?.value.cords.as_ref()?;
        Some((cords, Part::Switch { rack, number: 0 }))
    });
    let servers = scenario.server.iter().enumerate().filter_map(|(group, (_, spec))| {
        let server = crate::plan::placement::ServerId { group, member: 0 };
        Some((spec.cords.as_ref()?, Part::Server(server)))
    });
    let heads =
        scenario.nas.iter().enumerate().filter_map(|(nas, (_, spec))| {
            Some((spec.cords.as_ref()?, Part::Head { nas, number: 0 }))
        });
    let units = scenario.balancer.iter().enumerate().filter_map(|(balancer, (_, spec))| {
        let cords = spec.cords.as_ref().filter(|_| spec.in_.is_none())?;
        Some((cords, Part::Balancer { balancer, member: 0 }))
    });
    for (cords, part) in racks.chain(servers).chain(heads).chain(units) {
        let feeds = feeds::offered(draft, part);
        if cords.value as usize >= feeds {
            let message = match feeds {
                0 => "it hangs on no feed".to_string(),
                1 => "it hangs on one feed, whatever its cords".to_string(),
                _ => format!("each member hangs on all {feeds} feeds anyway"),
            };
            let help = "name more feeds in `feeds`, or remove `cords`";
            inert(cords.span, message, help, out);
        }
    }
}

/// Reports feeds of a rack in which nothing takes them.
fn check_racks(draft: &Draft, out: &mut Diagnostics) {
    let named = draft.scenario.rack.iter().enumerate();
    let named = named.filter_map(|(rack, (name, spec))| Some((rack, name, spec.feeds.as_ref()?)));
    for (rack, name, feeds) in named {
        if !all_parts(draft).into_iter().any(|part| feeds::takes_from(draft, part, rack)) {
            let message = format!("nothing in `{name}` takes its feeds");
            let help = "remove it, or remove the `feeds` of what stands in it";
            inert(feeds.span, message, help, out);
        }
    }
}
