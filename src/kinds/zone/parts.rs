//! Parts that can fail: servers, their sets of disks, zones.

use std::collections::BTreeSet;

use crate::convert::place;
use crate::kinds::zone::memory::{name as memory_name, pages_name};
use crate::kinds::zone::{Server, Zone, caching, prices, years};
use crate::model::Health;
use crate::model::spec::price::Size;
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{Life, PartName, Parts, Priced, Sort, none};
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::simulatable::NotYet;
use crate::plan::targets;

const SERVER: Sort = Sort { word: "server", ..Sort::DOMAIN };
const DISKS: Sort = Sort { word: "disks", ..Sort::ROLE };
const ZONE: Sort = Sort { word: "zone", needs_host: true, runs_processes: true, ..Sort::DOMAIN };

/// Returns the part that is a set of disks of a server.
pub(super) const fn disks(server: ServerId, set: usize) -> Part {
    Part::Disks { server, set }
}

impl Parts for Server {
    none!(
        came_later, way_back, role, life, publishes, mechanisms, surrogates, passing, converging,
        priced
    );

    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        years::of_servers(draft)
    }

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let spec = &draft.scenario.server[index].1;
        let mut parts = Vec::new();
        for member in 0..spec.count.value {
            let server = ServerId { group: index, member };
            parts.push(Part::Server(server));
            parts.extend((0..spec.disks.len()).map(|set| disks(server, set)));
        }
        parts
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let spec = &draft.scenario.server[index].1;
        let members = targets::members(member, None, spec.count.value)?;
        let servers = members.map(|member| ServerId { group: index, member });
        let Some(word) = word else { return Some(servers.map(Part::Server).collect()) };
        let sets: Vec<usize> = (0..spec.disks.len())
            .filter(|set| word == "*" || *spec.disks[*set].0 == *word)
            .collect();
        let of = |server| sets.iter().map(move |set| disks(server, *set));
        (!sets.is_empty()).then(|| servers.flat_map(of).collect())
    }

    fn words(&self, draft: &Draft, index: usize) -> Vec<String> {
        draft.scenario.server[index].1.disks.iter().map(|(name, _)| name.text.clone()).collect()
    }

    fn sort(&self, part: Part) -> &'static Sort {
        match part {
            Part::Disks { .. } => &DISKS,
            _ => &SERVER,
        }
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        let (name, spec) = &draft.scenario.server[part.index()];
        let server = PartName::member(name, part.number());
        match part {
            Part::Disks { set, .. } => {
                let disks = &spec.disks[set].0;
                PartName { span: disks.span, rest: Some(&disks.text), ..server }
            }
            _ => server,
        }
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        match part {
            Part::Disks { server, .. } => Some(Part::Server(server)),
            _ => draft.links.servers[part.index()].map(Part::Rack),
        }
    }

    fn shows(&self, shown: &mut Shown<'_>, part: Part) {
        match part {
            Part::Disks { .. } => {
                let gone = (!shown.host("alive")).or(shown.own("is down"));
                shown.state("lost", Health::Down, gone);
                shown.cut_off();
            }
            _ => shown.state("stopped", Health::Stalled, !shown.own("alive")),
        }
        shown.stalls();
        shown.full();
        shown.slow();
        shown.degraded();
        if let Part::Server(server) = part {
            shown.fewer_cores(shown.draft().scenario.server[server.group].1.cores.value);
        }
    }

    fn memory(&self, draft: &Draft, part: Part) -> Option<String> {
        let Part::Server(_) = part else { return None };
        Some(memory_name(&part.name(draft)))
    }

    fn remembers(&self, draft: &Draft, part: Part) -> bool {
        matches!(part, Part::Server(id) if caching::caches(draft, id))
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn size(&self, draft: &Draft, part: Part, size: Size) -> Option<f64> {
        prices::of_server(draft, part, size)
    }
}

impl Parts for Zone {
    none!(
        came_later, words, way_back, role, publishes, shows, mechanisms, surrogates, passing,
        converging
    );

    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        years::of_zones(draft)
    }

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let members = 0..place(draft.placed.zones[index].len());
        members.map(|member| Part::Zone { zone: index, member }).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let count = draft.scenario.zone[index].1.count.value;
        let members = targets::members(member, word, count)?;
        Some(members.map(|member| Part::Zone { zone: index, member }).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &ZONE
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.zone[part.index()].0, part.number())
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let servers = &draft.placed.zones[part.index()];
        servers.get(part.number() as usize).copied().map(Part::Server)
    }

    fn life<'d>(&self, draft: &'d Draft, part: Part) -> Life<'d> {
        let boot = draft.scenario.zone[part.index()].1.boot.value;
        Life { boot: Some(boot), ..Life::on(part.stands_on(draft)) }
    }

    fn memory(&self, draft: &Draft, part: Part) -> Option<String> {
        let component = pages_name(draft, (part.index(), part.number()))?;
        Some(component)
    }

    fn remembers(&self, draft: &Draft, part: Part) -> bool {
        pages_name(draft, (part.index(), part.number())).is_some()
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn size(&self, draft: &Draft, part: Part, size: Size) -> Option<f64> {
        prices::of_zone(draft, part.index(), size)
    }

    fn priced(&self, draft: &Draft, own: &BTreeSet<Part>) -> Vec<Priced> {
        prices::of_zones(draft, own)
    }
}
