//! Parts that can fail: sites and their uplinks, racks and their switches, links.

use std::collections::BTreeSet;

use crate::kinds::network::{Link, Rack, Site};
use crate::model::Health;
use crate::model::spec::price::{Size, Tariff};
use crate::model::spec::runs::How;
use crate::plan::Draft;
use crate::plan::cost::mbit;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{Life, PartName, Parts, Priced, Sort, none};
use crate::plan::part::Part;
use crate::plan::simulatable::NotYet;
use crate::plan::targets;
use crate::units::SimDuration;

const SITE: Sort = Sort { word: "site", is_place: true, is_common: true, ..Sort::DOMAIN };
const UPLINK: Sort = Sort { word: "uplink", is_common: true, ..Sort::ROLE };
const LINK: Sort = Sort { word: "link", is_common: true, ..Sort::ROLE };
const RACK: Sort = Sort { word: "rack", is_place: true, is_common: true, ..Sort::DOMAIN };
const SWITCH: Sort = Sort { word: "switch", names_place: true, is_common: true, ..Sort::ROLE };

/// Returns the uplinks of a site.
pub(super) fn uplinks(draft: &Draft, site: usize) -> Vec<Part> {
    let uplinks = draft.scenario.site[site].1.uplinks.as_ref();
    let count = uplinks.map_or(0, |uplinks| uplinks.count.value);
    (0..count).map(|number| Part::Uplink { site, number }).collect()
}

/// Returns the switches of a rack.
pub(super) fn switches(draft: &Draft, rack: usize) -> Vec<Part> {
    let switch = draft.scenario.rack[rack].1.switch.as_ref();
    let count = switch.map_or(0, |switch| switch.count.value);
    (0..count).map(|number| Part::Switch { rack, number }).collect()
}

/// Returns the number of different factors by which faults slow the uplinks of a site.
fn slow_factors(draft: &Draft, site: usize) -> usize {
    let mut factors = BTreeSet::new();
    for (_, fault) in draft.scenario.fault.iter().filter(|(_, f)| f.how.value == How::Slow) {
        let link = |part: Part| matches!(part, Part::Uplink { site: of, .. } if of == site);
        if draft.targets.hit(fault).into_iter().any(link) {
            factors.insert(fault.factor.as_ref().map_or(0, |factor| factor.value.to_bits()));
        }
    }
    factors.len()
}

/// Returns whether a fault makes a link between sites lose data.
pub(super) fn lossy(draft: &Draft, link: usize) -> bool {
    let faults = draft.scenario.fault.iter();
    let mut lossy = faults.filter(|(_, fault)| fault.how.value == How::Lossy);
    lossy.any(|(_, fault)| {
        let parts = draft.targets.hit(fault);
        parts.contains(&Part::Link(link))
    })
}

impl Parts for Site {
    none!(
        came_later, way_back, role, publishes, memory, remembers, not_yet, mechanisms, surrogates,
        passing
    );

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        std::iter::once(Part::Site(index)).chain(uplinks(draft, index)).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let Some(word) = word else { return Some(vec![Part::Site(index)]) };
        let uplinks = draft.scenario.site[index].1.uplinks.as_ref()?;
        let numbers = targets::numbered(word, "uplink", uplinks.count.value)?;
        Some(numbers.map(|number| Part::Uplink { site: index, number }).collect())
    }

    fn words(&self, _: &Draft, _: usize) -> Vec<String> {
        vec!["uplink".into()]
    }

    fn sort(&self, part: Part) -> &'static Sort {
        match part {
            Part::Uplink { .. } => &UPLINK,
            _ => &SITE,
        }
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        let name = &draft.scenario.site[part.index()].0;
        match part {
            Part::Uplink { number, .. } => PartName::part(name, "uplink").numbered(number),
            _ => PartName::only(name),
        }
    }

    fn stands_on(&self, _: &Draft, part: Part) -> Option<Part> {
        match part {
            Part::Uplink { site, .. } => Some(Part::Site(site)),
            _ => None,
        }
    }

    fn life<'d>(&self, draft: &'d Draft, part: Part) -> Life<'d> {
        match part {
            // A part that depends on an uplink names it itself.
            Part::Uplink { .. } => Life::on(None),
            _ => Life { links: uplinks(draft, part.index()), ..Life::on(None) },
        }
    }

    fn shows(&self, shown: &mut Shown<'_>, part: Part) {
        let Part::Uplink { site, number } = part else { return };
        if number == 0 {
            let links = uplinks(shown.draft(), site);
            shown.component(format!("{}.uplink", shown.draft().scenario.site[site].0));
            shown.carried_by(&links, true);
            // A slow one of several uplinks reduces the capacity that they share.
            if links.len() == 1 {
                shown.slow();
            }
        }
        // Each of several uplinks is a component of its own if its users are cut off until routes have converged.
        let name = part.name(shown.draft());
        shown.further(&name, "dead", Health::Down, !shown.own("fit"));
    }

    /// Returns true for a single uplink, or parallel uplinks slowed by one common factor; a site does no work itself.
    fn slows(&self, draft: &Draft, part: Part) -> bool {
        let Part::Uplink { site, .. } = part else { return false };
        uplinks(draft, site).len() == 1 || slow_factors(draft, site) == 1
    }

    fn converging(&self, draft: &Draft, index: usize) -> Option<(Vec<Part>, SimDuration)> {
        let time = draft.scenario.site[index].1.uplinks.as_ref()?.convergence.value;
        let links = uplinks(draft, index);
        (links.len() > 1 && time > SimDuration::ZERO).then_some((links, time))
    }

    fn size(&self, draft: &Draft, part: Part, size: Size) -> Option<f64> {
        let Part::Uplink { site, .. } = part else { return None };
        let uplinks = draft.scenario.site[site].1.uplinks.as_ref()?;
        (size == Size::Mbit).then(|| mbit(uplinks.value.bandwidth.value))
    }

    fn priced(&self, draft: &Draft, own: &BTreeSet<Part>) -> Vec<Priced> {
        let sites = (0..draft.scenario.site.len()).map(Part::Site);
        vec![Priced::new(Tariff::Transit, "transit of sites", sites, own)]
    }
}

impl Parts for Rack {
    none!(
        came_later, way_back, role, publishes, memory, remembers, not_yet, mechanisms, surrogates,
        passing, converging, priced
    );

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        std::iter::once(Part::Rack(index)).chain(switches(draft, index)).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let Some(word) = word else { return Some(vec![Part::Rack(index)]) };
        let switch = draft.scenario.rack[index].1.switch.as_ref()?;
        let numbers = targets::numbered(word, "switch", switch.count.value)?;
        Some(numbers.map(|number| Part::Switch { rack: index, number }).collect())
    }

    fn words(&self, _: &Draft, _: usize) -> Vec<String> {
        vec!["switch".into()]
    }

    fn sort(&self, part: Part) -> &'static Sort {
        match part {
            Part::Switch { .. } => &SWITCH,
            _ => &RACK,
        }
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        let name = &draft.scenario.rack[part.index()].0;
        match part {
            Part::Switch { number, .. } => PartName::part(name, "switch").numbered(number),
            _ => PartName::only(name),
        }
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        match part {
            Part::Switch { rack, .. } => Some(Part::Rack(rack)),
            _ => draft.links.racks[part.index()].map(Part::Site),
        }
    }

    fn life<'d>(&self, draft: &'d Draft, part: Part) -> Life<'d> {
        match part {
            // A part that depends on a switch names it itself.
            Part::Switch { .. } => Life::on(None),
            _ => {
                let links = switches(draft, part.index());
                Life { links, ..Life::on(part.stands_on(draft)) }
            }
        }
    }

    fn shows(&self, shown: &mut Shown<'_>, part: Part) {
        let Part::Switch { rack, number: 0 } = part else { return };
        let switches = switches(shown.draft(), rack);
        shown.component(format!("{}.switch", shown.draft().scenario.rack[rack].0));
        shown.carried_by(&switches, false);
        shown.slow();
    }

    /// Returns true for a single switch. A rack does no work itself. Of parallel switches one is enough for all, so
    /// a slow one slows no component or every component; the file does not specify which.
    fn slows(&self, draft: &Draft, part: Part) -> bool {
        matches!(part, Part::Switch { rack, .. } if switches(draft, rack).len() == 1)
    }

    fn size(&self, draft: &Draft, part: Part, size: Size) -> Option<f64> {
        let Part::Switch { rack, .. } = part else { return None };
        let switch = draft.scenario.rack[rack].1.switch.as_ref()?;
        (size == Size::Mbit).then(|| mbit(switch.value.bandwidth.value))
    }
}

impl Parts for Link {
    none!(
        came_later, words, stands_on, way_back, role, life, publishes, memory, remembers,
        mechanisms, surrogates, passing, converging, priced
    );

    /// Returns faults that let a link lose data, or take longer.
    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let faults = draft.scenario.fault.iter();
        let slower = faults.filter_map(|(name, fault)| {
            let what = match fault.how.value {
                How::Lossy => "loses data",
                How::Delayed => "is delayed",
                _ => return None,
            };
            let what = format!("a link that {what}, in the fault `{name}`");
            Some(NotYet::over_years(what, fault.how.span))
        });
        slower.collect()
    }

    fn parts(&self, _: &Draft, index: usize) -> Vec<Part> {
        vec![Part::Link(index)]
    }

    fn meant(
        &self,
        _: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        word.is_none().then(|| vec![Part::Link(index)])
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &LINK
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::only(&draft.scenario.link[part.index()].0)
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn shows(&self, shown: &mut Shown<'_>, part: Part) {
        shown.one_way();
        shown.carried_by(&[part], false);
        shown.slow();
        shown.lossy();
        shown.delayed();
    }

    fn size(&self, draft: &Draft, part: Part, size: Size) -> Option<f64> {
        let link = &draft.scenario.link[part.index()].1;
        (size == Size::Mbit).then(|| mbit(link.bandwidth.value))
    }
}
