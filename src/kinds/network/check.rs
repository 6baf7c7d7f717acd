//! References of sites, racks and links, and their mistakes.

use std::collections::BTreeSet;

use crate::kinds::network::parts::lossy;
use crate::kinds::network::{Link, Rack, Site};
use crate::plan::Draft;
use crate::plan::carriage::link_between;
use crate::plan::checks::inert;
use crate::plan::drawing::arrows::{Arrow, Carries, End};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};

impl Checks for Site {
    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (name, site) in draft.scenario.site.iter() {
            if let Some(uplinks) = &site.uplinks
                && uplinks.count.value == 1
                && uplinks.convergence.given
            {
                let message = format!("`{name}` has one uplink: nothing else carries its users");
                inert(uplinks.convergence.span, message, "raise `count`, or remove it", out);
            }
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Named("no rack stands in it")
    }

    none!(follow, entrance, onward, store, uses, unused, begins, arrows, receives, lint);
}

impl Checks for Rack {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().rack.iter();
        links.racks = all.map(|(_, rack)| walk.one(&rack.site, Kind::Site)).collect();
    }

    fn purpose(&self) -> Purpose {
        Purpose::Named("nothing stands in it")
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.racks.iter().flatten().map(|site| (Kind::Site, *site)));
    }

    none!(entrance, onward, store, check, unused, begins, arrows, receives, lint);
}

impl Checks for Link {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, link) in walk.scenario().link.iter() {
            let sites = link.between.iter();
            links.links.push(sites.filter_map(|site| walk.one(site, Kind::Site)).collect());
        }
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        check_links(draft, out);
    }

    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.links.iter().flatten().map(|site| (Kind::Site, *site)));
    }

    /// Returns the arrows to its two sites.
    fn arrows(&self, draft: &Draft, index: usize) -> Vec<Arrow> {
        let from = End::Component(Kind::Link, index);
        let sites = draft.links.links[index].iter();
        let to = |site: &usize| End::Part(Part::Site(*site));
        sites.map(|site| Arrow::new(from.clone(), to(site), Carries::Network)).collect()
    }

    none!(entrance, onward, store, unused, begins, receives, lint);
}

fn check_links(draft: &Draft, out: &mut Diagnostics) {
    for (at, (_, link)) in draft.scenario.link.iter().enumerate() {
        if let Some(least) = link.resend_after.as_ref().filter(|_| !lossy(draft, at)) {
            let message = "no fault makes this link `lossy`: nothing is sent again";
            inert(least.span, message, "give it such a fault, or remove it", out);
        }
        let between = &link.between;
        let sites = &draft.links.links[at];
        if between.len() != 2 {
            let message = format!("a link lies between 2 sites, not {}", between.len());
            out.push(Diagnostic::new(Code::OutOfRange, between.span, message));
        } else if sites.len() == 2 && sites[0] == sites[1] {
            let message = format!("a link from `{}` to itself", between[0].text);
            out.push(Diagnostic::new(Code::SelfReference, between.span, message));
        } else if let [one, other] = sites[..]
            && link_between(draft, one, other).is_some_and(|first| first < at)
        {
            let message = "an earlier link lies between these sites: data crosses that one alone";
            inert(between.span, message, "raise its `bandwidth`, or remove this link", out);
        }
    }
}
