//! Power: on which feeds does a part hang?
//!
//! Model: servers, switches, heads of file servers and appliances hang on the feeds that their section names, or else
//! on those of their rack. A member with fewer `cords` than there are feeds takes that number of them in turn: of two
//! feeds and one cord, the first member hangs on the first feed, the second on the second. One feed that works is
//! enough. A feed hangs on those that it is `from`.
//!
//! Takes a draft. Gives parts. Everything else that runs needs its host, and so its host's power.

use crate::kinds::feed::plan::feed;
use crate::kinds::feed::spec::FeedSpec;
use crate::plan::Draft;
use crate::plan::faults::parts::all_parts;
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// Feeds that sections name for a part.
struct Named<'d> {
    /// Feeds of its own section.
    own: &'d [usize],
    /// Rack whose feeds it takes where its own section names none.
    rack: Option<usize>,
    /// Number of feeds that each member takes; `None`: all.
    cords: Option<u32>,
}

impl<'d> Named<'d> {
    /// Returns the feeds from which a member takes its own.
    fn feeds(&self, draft: &'d Draft) -> &'d [usize] {
        match self.rack {
            Some(rack) if self.own.is_empty() => &draft.links.own.feeds.racks[rack],
            _ => self.own,
        }
    }
}

fn named(draft: &Draft, part: Part) -> Option<Named<'_>> {
    let (links, scenario) = (&draft.links.own.feeds, &draft.scenario);
    Some(match part {
        Part::Switch { rack, .. } => {
            let switch = scenario.rack[rack].1.switch.as_ref()?;
            let cords = switch.cords.as_ref().map(|cords| cords.value);
            Named { own: &links.switches[rack], rack: Some(rack), cords }
        }
        Part::Server(server) => {
            let cords = scenario.server[server.group].1.cords.as_ref().map(|cords| cords.value);
            let rack = draft.links.servers[server.group];
            Named { own: &links.servers[server.group], rack, cords }
        }
        Part::Head { nas, .. } => {
            let cords = scenario.nas[nas].1.cords.as_ref().map(|cords| cords.value);
            Named { own: &links.nas[nas], rack: draft.links.nas[nas].rack, cords }
        }
        Part::Balancer { balancer, .. } if draft.links.balancers[balancer].zone.is_none() => {
            let cords = scenario.balancer[balancer].1.cords.as_ref().map(|cords| cords.value);
            let rack = draft.links.balancers[balancer].rack;
            Named { own: &links.balancers[balancer], rack, cords }
        }
        Part::Own(Own { kind: Kind::Feed, index, .. }) => {
            Named { own: &links.above[index], rack: None, cords: None }
        }
        _ => return None,
    })
}

/// Returns the feeds on which a part hangs, of which one is enough; none if it needs no feed.
#[must_use]
pub fn of(draft: &Draft, part: Part) -> Vec<Part> {
    if draft.scenario.feed.is_empty() {
        return Vec::new();
    }
    let Some(named) = named(draft, part) else { return Vec::new() };
    let feeds = named.feeds(draft);
    let cords = named.cords.map_or(feeds.len(), |cords| feeds.len().min(cords as usize));
    let turn = part.number() as usize * cords;
    let mut all: Vec<Part> =
        (turn..turn + cords).map(|cord| feed(feeds[cord % feeds.len()])).collect();
    all.sort_unstable();
    all
}

/// Returns the number of feeds from which a part chooses: those of its section, or else those of its rack.
#[must_use]
pub fn offered(draft: &Draft, part: Part) -> usize {
    named(draft, part).map_or(0, |named| named.feeds(draft).len())
}

/// Returns whether a part takes the feeds of this rack.
#[must_use]
pub fn takes_from(draft: &Draft, part: Part, rack: usize) -> bool {
    named(draft, part).is_some_and(|named| named.own.is_empty() && named.rack == Some(rack))
}

/// Returns the parts that hang on a feed directly, in the order of parts.
#[must_use]
pub fn hanging_on(draft: &Draft, feed: Part) -> Vec<Part> {
    let hangs = |part: &Part| of(draft, *part).contains(&feed);
    all_parts(draft).into_iter().filter(hangs).collect()
}

fn spec(draft: &Draft, part: Part) -> Option<&FeedSpec> {
    match part {
        Part::Own(Own { kind: Kind::Feed, index, .. }) => Some(&draft.scenario.feed[index].1),
        _ => None,
    }
}

/// Returns the automaton of what a feed gets from above, if a battery or a generator bridges the loss of that; `None`
/// for any other part.
#[must_use]
pub fn supply(draft: &Draft, part: Part) -> Option<String> {
    let spec = spec(draft, part)?;
    let bridges = spec.battery.is_some() || spec.generator.is_some();
    (bridges && !of(draft, part).is_empty()).then(|| format!("{}/supply", part.name(draft)))
}

/// Returns whether a generator takes over from what is above a feed.
#[must_use]
pub fn has_generator(draft: &Draft, part: Part) -> bool {
    spec(draft, part).is_some_and(|spec| spec.generator.is_some())
}
