//! Needs and offered work: what stands in a rack needs one of its switches, and users come over one of the uplinks
//! of a site. Links between sites are left out: which of them a request takes is decided at run time.

use crate::kinds::network::{Link, Rack, Site};
use crate::plan::Draft;
use crate::plan::kind::flow::{Flow, OneOf, nothing};
use crate::plan::load::{Capacity, Resource};
use crate::plan::part::Part;

impl Flow for Site {
    nothing!(
        leads,
        leads_io,
        leads_through,
        probes,
        lives,
        rooms,
        passes_on,
        enters,
        members,
        stores,
        offers_in,
        offers_io,
        works_always,
        is_slice,
        opens,
        subjects,
        watched,
        switches
    );

    fn uplinks(&self, draft: &Draft, domain: Part) -> Option<OneOf> {
        let Part::Site(site) = domain else { return None };
        let (name, spec) = &draft.scenario.site[site];
        let parts = 0..spec.uplinks.as_ref()?.count.value;
        let parts = parts.map(|number| Part::Uplink { site, number }).collect();
        Some(OneOf { name: format!("{name}.uplink"), parts })
    }

    /// Bytes on an uplink, in no time: a reply leaves when what sent it is free again.
    fn capacity(&self, draft: &Draft, part: Part, _: Resource) -> Option<Capacity> {
        let Part::Uplink { site, .. } = part else { return None };
        let bandwidth = draft.scenario.site[site].1.uplinks.as_ref()?.bandwidth.value;
        let per_second = bandwidth.bytes_per_s() as f64;
        Some(Capacity { per_second, alone_s: 0.0, holds_a_worker: false })
    }
}

impl Flow for Rack {
    nothing!(
        leads,
        leads_io,
        leads_through,
        probes,
        lives,
        rooms,
        passes_on,
        enters,
        members,
        stores,
        offers_in,
        offers_io,
        works_always,
        capacity,
        is_slice,
        opens,
        subjects,
        watched,
        uplinks
    );

    fn switches(&self, draft: &Draft, domain: Part) -> Option<OneOf> {
        let Part::Rack(rack) = domain else { return None };
        let (name, spec) = &draft.scenario.rack[rack];
        let parts = 0..spec.switch.as_ref()?.count.value;
        let parts = parts.map(|number| Part::Switch { rack, number }).collect();
        Some(OneOf { name: format!("{name}.switch"), parts })
    }
}

impl Flow for Link {
    nothing!(
        leads,
        leads_io,
        leads_through,
        probes,
        lives,
        rooms,
        passes_on,
        enters,
        members,
        stores,
        offers_in,
        offers_io,
        works_always,
        capacity,
        is_slice,
        opens,
        subjects,
        watched,
        switches,
        uplinks
    );
}
