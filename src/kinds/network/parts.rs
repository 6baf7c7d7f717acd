//! What can fail: sites and their uplinks, racks and their switches, links.

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::Draft;
use crate::plan::kind::parts::{PartName, Parts, Sort, none};
use crate::plan::part::Part;
use crate::plan::targets;

const SITE: Sort = Sort { word: "site", is_place: true, is_common: true, ..Sort::DOMAIN };
const UPLINK: Sort = Sort { word: "uplink", is_common: true, ..Sort::ROLE };
const LINK: Sort = Sort { word: "link", is_common: true, ..Sort::ROLE };
const RACK: Sort = Sort { word: "rack", is_place: true, is_common: true, ..Sort::DOMAIN };
const SWITCH: Sort = Sort { word: "switch", names_place: true, is_common: true, ..Sort::ROLE };

/// How many uplinks a site has.
fn uplinks(draft: &Draft, site: usize) -> u32 {
    draft.scenario.site[site].1.uplinks.as_ref().map_or(0, |uplinks| uplinks.count.value)
}

/// How many switches a rack has.
fn switches(draft: &Draft, rack: usize) -> u32 {
    draft.scenario.rack[rack].1.switch.as_ref().map_or(0, |switch| switch.count.value)
}

impl Parts for Site {
    none!(came_later, way_back);

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let uplinks = 0..uplinks(draft, index);
        let uplinks = uplinks.map(|number| Part::Uplink { site: index, number });
        std::iter::once(Part::Site(index)).chain(uplinks).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let Some(word) = word else { return Some(vec![Part::Site(index)]) };
        draft.scenario.site[index].1.uplinks.as_ref()?;
        let numbers = targets::numbered(word, "uplink", uplinks(draft, index))?;
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
}

impl Parts for Rack {
    none!(came_later, way_back);

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let switches = 0..switches(draft, index);
        let switches = switches.map(|number| Part::Switch { rack: index, number });
        std::iter::once(Part::Rack(index)).chain(switches).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let Some(word) = word else { return Some(vec![Part::Rack(index)]) };
        draft.scenario.rack[index].1.switch.as_ref()?;
        let numbers = targets::numbered(word, "switch", switches(draft, index))?;
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
}

impl Parts for Link {
    none!(came_later, words, stands_on, way_back);

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
}
