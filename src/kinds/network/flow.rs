//! Needs and offered work: a component in a rack needs one of its switches, and users arrive over one of the uplinks
//! of a site. A link between sites is needed and loaded where calls cross it ([`between`](crate::plan::between)).

use crate::kinds::network::parts::{switches, uplinks};
use crate::kinds::network::{Link, Rack, Site};
use crate::plan::Draft;
use crate::plan::kind::flow::{Flow, OneOf, nothing};
use crate::plan::load::{Capacity, Resource};
use crate::plan::part::Part;

impl Flow for Site {
    nothing!(
        entrances, opens, members, stores, passing, probes, lives, rooms, subjects, watched,
        switches, is_slice, may_wait, queued,
    );

    fn uplinks(&self, draft: &Draft, domain: Part) -> Option<OneOf> {
        let Part::Site(site) = domain else { return None };
        let (name, spec) = &draft.scenario.site[site];
        spec.uplinks.as_ref()?;
        Some(OneOf { name: format!("{name}.uplink"), parts: uplinks(draft, site) })
    }

    /// Returns the capacity of an uplink in bytes per second. A reply holds no worker, so its time alone is 0.
    fn capacity(&self, draft: &Draft, part: Part, _: Resource) -> Option<Capacity> {
        let Part::Uplink { site, .. } = part else { return None };
        let bandwidth = draft.scenario.site[site].1.uplinks.as_ref()?.bandwidth.value;
        let per_second = bandwidth.bytes_per_s() as f64;
        Some(Capacity { per_second, alone_s: 0.0, holds_a_worker: false, queues: None })
    }
}

impl Flow for Rack {
    nothing!(
        entrances, opens, members, stores, passing, probes, capacity, lives, rooms, subjects,
        watched, uplinks, is_slice, may_wait, queued,
    );

    fn switches(&self, draft: &Draft, domain: Part) -> Option<OneOf> {
        let Part::Rack(rack) = domain else { return None };
        let (name, spec) = &draft.scenario.rack[rack];
        spec.switch.as_ref()?;
        Some(OneOf { name: format!("{name}.switch"), parts: switches(draft, rack) })
    }
}

impl Flow for Link {
    nothing!(
        entrances, opens, members, stores, passing, probes, lives, rooms, subjects, watched,
        switches, uplinks, is_slice, may_wait, queued,
    );

    /// Returns the capacity of a link in bytes per second. Its caller keeps its worker while a call crosses it.
    fn capacity(&self, draft: &Draft, part: Part, _: Resource) -> Option<Capacity> {
        let Part::Link(link) = part else { return None };
        let per_second = draft.scenario.link[link].1.bandwidth.value.bytes_per_s() as f64;
        Some(Capacity { per_second, alone_s: 1.0 / per_second, holds_a_worker: true, queues: None })
    }
}
