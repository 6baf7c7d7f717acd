//! Needs and offered work: what stands in a rack needs one of its switches, and users come over one of the uplinks
//! of a site. Links between sites are left out: which of them a request takes is decided at run time.

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::Draft;
use crate::plan::kind::flow::{Flow, OneOf, nothing};
use crate::plan::part::Part;

impl Flow for Site {
    nothing!(enters, members, stores, subjects, watched, switches);

    fn uplinks(&self, draft: &Draft, domain: Part) -> Option<OneOf> {
        let Part::Site(site) = domain else { return None };
        let (name, spec) = &draft.scenario.site[site];
        let parts = 0..spec.uplinks.as_ref()?.count.value;
        let parts = parts.map(|number| Part::Uplink { site, number }).collect();
        Some(OneOf { name: format!("{name}.uplink"), parts })
    }
}

impl Flow for Rack {
    nothing!(enters, members, stores, subjects, watched, uplinks);

    fn switches(&self, draft: &Draft, domain: Part) -> Option<OneOf> {
        let Part::Rack(rack) = domain else { return None };
        let (name, spec) = &draft.scenario.rack[rack];
        let parts = 0..spec.switch.as_ref()?.count.value;
        let parts = parts.map(|number| Part::Switch { rack, number }).collect();
        Some(OneOf { name: format!("{name}.switch"), parts })
    }
}

impl Flow for Link {
    nothing!(enters, members, stores, subjects, watched, switches, uplinks);
}
