//! Ways of data between processes: from the rack of a sender to the racks of its receivers.
//!
//! Takes the carriages that kinds ask for ([`Components::carries`](crate::plan::kind::components::Components::carries));
//! numbers them, so that the network and the kind that sends name the same way by the same number. Replies to clients
//! leave by ways of their own, one per rack, which have the numbers before these.

use std::collections::BTreeSet;

use crate::convert::table;
use crate::plan::Draft;
use crate::plan::kind;
use crate::plan::part::Part;

/// One copy of data, from one rack to one or several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carriage {
    /// Rack of the sender; `None`: it stands in none, and no link is in its way there.
    pub from: Option<usize>,
    /// Racks of the receivers.
    pub to: BTreeSet<Option<usize>>,
}

/// Returns the rack in which a part stands.
#[must_use]
pub fn rack_of(draft: &Draft, part: Part) -> Option<usize> {
    part.domains(draft).into_iter().find_map(|domain| match domain {
        Part::Rack(rack) => Some(rack),
        _ => None,
    })
}

/// Returns all carriages, each once, in the order of their numbers.
#[must_use]
pub fn all(draft: &Draft) -> Vec<Carriage> {
    let all: BTreeSet<Carriage> = kind::all().flat_map(|kind| kind.carries(draft)).collect();
    all.into_iter().collect()
}

/// Returns the number of the way of a carriage among [`all`]; `None` if it crosses no link and takes no time.
#[must_use]
pub fn number(draft: &Draft, all: &[Carriage], carriage: &Carriage) -> Option<u32> {
    if crosses(draft, carriage).is_empty() {
        return None;
    }
    let place = all.binary_search(carriage).ok()?;
    Some(table::u32(draft.scenario.rack.len() + place))
}

/// A link that a carriage crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Crossed {
    /// The switches of a rack.
    Switch(usize),
    /// The uplinks of a site.
    Uplinks(usize),
    /// A link between two sites.
    Link(usize),
}

/// Returns the links that a carriage crosses: the switch of each of its racks; between two sites their link, or the
/// uplinks of both where they have none.
#[must_use]
pub fn crosses(draft: &Draft, carriage: &Carriage) -> BTreeSet<Crossed> {
    let scenario = &draft.scenario;
    let racks = carriage.to.iter().copied().chain([carriage.from]).flatten();
    let with_switch = racks.filter(|rack| scenario.rack[*rack].1.switch.is_some());
    let mut crossed: BTreeSet<Crossed> = with_switch.map(Crossed::Switch).collect();
    let site = |rack: Option<usize>| rack.and_then(|rack| draft.links.racks[rack]);
    for to in &carriage.to {
        let (Some(from), Some(to)) = (site(carriage.from), site(*to)) else { continue };
        if from == to {
            continue;
        }
        match link_between(draft, from, to) {
            Some(link) => _ = crossed.insert(Crossed::Link(link)),
            None => {
                let with_uplinks =
                    [from, to].into_iter().filter(|site| scenario.site[*site].1.uplinks.is_some());
                crossed.extend(with_uplinks.map(Crossed::Uplinks));
            }
        }
    }
    crossed
}

impl Crossed {
    /// Returns the name of the component that stands for it.
    #[must_use]
    pub fn component(self, draft: &Draft) -> String {
        let scenario = &draft.scenario;
        match self {
            Self::Switch(rack) => format!("{}.switch", scenario.rack[rack].0),
            Self::Uplinks(site) => format!("{}.uplink", scenario.site[site].0),
            Self::Link(link) => scenario.link[link].0.text.clone(),
        }
    }

    /// Returns whether data from `rack` cross it from its first site to the second, if it is a link between sites.
    #[must_use]
    pub fn is_onward(self, draft: &Draft, rack: Option<usize>) -> bool {
        let Self::Link(link) = self else { return true };
        let from = rack.and_then(|rack| draft.links.racks[rack]);
        draft.links.links[link].first().copied() == from
    }
}

/// Returns the links on the way from a rack to users and edges: its switch, and the uplinks of its site.
#[must_use]
pub fn way_out(draft: &Draft, rack: usize) -> Vec<Crossed> {
    let scenario = &draft.scenario;
    let switch = scenario.rack[rack].1.switch.as_ref().map(|_| Crossed::Switch(rack));
    let site = draft.links.racks[rack];
    let uplinks = site.filter(|site| scenario.site[*site].1.uplinks.is_some());
    switch.into_iter().chain(uplinks.map(Crossed::Uplinks)).collect()
}

/// Returns the first link between two sites.
#[must_use]
pub fn link_between(draft: &Draft, one: usize, other: usize) -> Option<usize> {
    draft
        .links
        .links
        .iter()
        .position(|ends| ends.len() == 2 && ends.contains(&one) && ends.contains(&other))
}
