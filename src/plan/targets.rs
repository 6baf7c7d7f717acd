//! Targets: the parts that a dot path means, for faults and operations.
//!
//! `server.*`, `twin-1`, `server.twin.local`, `nas.store.head`, `rack.r.switch`, `site.main.uplink`,
//! `database.mysql.master`. A role means the member that holds it in the file; who holds it at an
//! onset is known at run time only.

use crate::convert::place;
use crate::plan::Draft;
use crate::plan::links::Role;
use crate::plan::names::{Kind, means_all};
use crate::plan::part::{Own, Part, own_parts};
use crate::plan::placement::ServerId;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::scenario::suggest;

/// The replicated database whose master `text` means: a role, held by one member after another.
#[must_use]
pub fn master_of(draft: &Draft, text: &str) -> Option<usize> {
    let (_, text) = draft.names.split_kind(text);
    let name = text.strip_suffix(".master")?;
    let found = draft.names.find(name).filter(|found| found.kind == Kind::Database)?;
    let replicated = draft.links.databases[found.index].of(Role::Slave).next().is_some();
    (replicated && found.member.is_none()).then_some(found.index)
}

/// The parts that `text` means; reports when it means none.
#[must_use]
pub fn parts(draft: &Draft, text: &str, span: Span, out: &mut Diagnostics) -> Vec<Part> {
    let (kind, rest) = draft.names.split_kind(text);
    let (name, part) = match rest.split_once('.') {
        Some((name, part)) => (name, Some(part)),
        None => (rest, None),
    };
    let components: Vec<(Kind, usize, Option<u32>)> = match name.strip_suffix('*') {
        Some(start) => {
            let all = draft.names.iter();
            let fits = all.filter(|(name, entry)| {
                kind.is_none_or(|kind| kind == entry.kind) && name.starts_with(start)
            });
            let mut found: Vec<_> =
                fits.map(|(_, entry)| (entry.kind, entry.index, None)).collect();
            found.sort_unstable();
            if found.is_empty() {
                let message = format!("nothing is called `{text}`");
                let known: Vec<&str> = draft.names.iter().map(|(name, _)| name).collect();
                let group = start.trim_end_matches('-');
                let help = match draft.names.entry(group) {
                    Some(_) => Some(means_all(group)),
                    None => suggest::help(group, &known, "there are"),
                };
                out.push(Diagnostic::new(Code::NoSuchName, span, message).help_if(help));
            }
            found
        }
        None => {
            let kinds = kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind]);
            let found = draft.names.resolve(name, span, &kinds, out);
            found.map(|found| (found.kind, found.index, found.member)).into_iter().collect()
        }
    };
    let mut parts = Vec::new();
    for (kind, index, member) in components {
        match of_component(draft, kind, index, member, part) {
            Some(found) => parts.extend(found),
            None => report(draft, kind, index, part.unwrap_or(name), span, out),
        }
    }
    parts
}

fn report(draft: &Draft, kind: Kind, index: usize, part: &str, span: Span, out: &mut Diagnostics) {
    let known = names_of_parts(draft, kind, index);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let message = format!("this {} has no `{part}`", kind.word());
    let help = suggest::help(part, &known, "it has");
    out.push(Diagnostic::new(Code::NoSuchMember, span, message).help_if(help));
}

/// Names that can stand after a component's own.
fn names_of_parts(draft: &Draft, kind: Kind, index: usize) -> Vec<String> {
    let scenario = &draft.scenario;
    match kind {
        Kind::Site => vec!["uplink".into()],
        Kind::Rack => vec!["switch".into()],
        Kind::Server => {
            scenario.server[index].1.disks.iter().map(|(name, _)| name.text.clone()).collect()
        }
        Kind::Nas => {
            let pools = scenario.nas[index].1.pools.iter().map(|(name, _)| name.text.clone());
            ["head", "pool"].map(String::from).into_iter().chain(pools).collect()
        }
        Kind::Database => ["master", "slave", "index", "shard"].map(String::from).to_vec(),
        _ => Vec::new(),
    }
}

/// The parts of one component; `None` when it has no such part or member.
fn of_component(
    draft: &Draft,
    kind: Kind,
    index: usize,
    member: Option<u32>,
    part: Option<&str>,
) -> Option<Vec<Part>> {
    let scenario = &draft.scenario;
    let range = |count: u32| match member {
        None => Some(0..count),
        Some(member) => (member < count).then_some(member..member + 1),
    };
    let bare = |parts: Vec<Part>| part.is_none().then_some(parts);
    if let Some(planned) = kind.planned() {
        let Some(count) = planned.members(draft, index) else {
            return bare(own_parts(draft, planned, index).collect());
        };
        let members = range(count)?;
        return bare(members.map(|member| Part::Own(Own { kind, index, member })).collect());
    }
    match kind {
        Kind::Site => {
            let Some(part) = part else { return Some(vec![Part::Site(index)]) };
            let links = scenario.site[index].1.uplinks.as_ref()?;
            let numbers = numbered(part, "uplink", links.count.value)?;
            Some(numbers.map(|number| Part::Uplink { site: index, number }).collect())
        }
        Kind::Rack => {
            let Some(part) = part else { return Some(vec![Part::Rack(index)]) };
            let switch = scenario.rack[index].1.switch.as_ref()?;
            let numbers = numbered(part, "switch", switch.count.value)?;
            Some(numbers.map(|number| Part::Switch { rack: index, number }).collect())
        }
        Kind::Server => {
            let spec = &scenario.server[index].1;
            let ids = range(spec.count.value)?.map(|member| ServerId { group: index, member });
            let Some(part) = part else { return Some(ids.map(Part::Server).collect()) };
            let sets: Vec<usize> = (0..spec.disks.len())
                .filter(|set| part == "*" || *spec.disks[*set].0 == *part)
                .collect();
            let disks = |id| sets.iter().map(move |set| Part::Disks { server: id, set: *set });
            (!sets.is_empty()).then(|| ids.flat_map(disks).collect())
        }
        Kind::Nas => nas(draft, index, part),
        Kind::Database => database(draft, index, member, part),
        Kind::Link => bare(vec![Part::Link(index)]),
        Kind::Zone => {
            let members = range(scenario.zone[index].1.count.value)?;
            bare(members.map(|member| Part::Zone { zone: index, member }).collect())
        }
        Kind::Service => {
            let members = range(draft.links.services[index].members)?;
            bare(members.map(|member| Part::Service { service: index, member }).collect())
        }
        Kind::Balancer => {
            let members = range(scenario.balancer[index].1.count.value)?;
            bare(members.map(|member| Part::Balancer { balancer: index, member }).collect())
        }
        Kind::Cdn => {
            let members = range(scenario.cdn[index].1.count.value)?;
            bare(members.map(|member| Part::Edge { cdn: index, member }).collect())
        }
        Kind::Station => {
            let members = range(scenario.station[index].1.count.value)?;
            bare(members.map(|member| Part::Station { station: index, member }).collect())
        }
        Kind::Unit => {
            let members = range(scenario.unit[index].1.count.value)?;
            bare(members.map(|member| Part::Unit { unit: index, member }).collect())
        }
        Kind::Group => {
            let units = draft.links.units_of(index).into_iter();
            bare(units.map(|(unit, member)| Part::Unit { unit, member }).collect())
        }
        // The crew has no parts; the others have answered.
        _ => None,
    }
}

/// `head` is all of them, `head-2` the second.
fn numbered(part: &str, word: &str, count: u32) -> Option<std::ops::Range<u32>> {
    if part == word || part == "*" {
        return Some(0..count);
    }
    let number: u32 = part.strip_prefix(word)?.strip_prefix('-')?.parse().ok()?;
    (1..=count).contains(&number).then(|| number - 1..number)
}

fn nas(draft: &Draft, index: usize, part: Option<&str>) -> Option<Vec<Part>> {
    let spec = &draft.scenario.nas[index].1;
    let head = |number| Part::Head { nas: index, number };
    let pool = |pool| Part::Pool { nas: index, pool };
    let Some(part) = part else { return Some((0..spec.heads.value).map(head).collect()) };
    if part == "pool" {
        return Some((0..spec.pools.len()).map(pool).collect());
    }
    if let Some(at) = spec.pools.iter().position(|(name, _)| **name == *part) {
        return Some(vec![pool(at)]);
    }
    numbered(part, "head", spec.heads.value).map(|numbers| numbers.map(head).collect())
}

fn database(
    draft: &Draft,
    index: usize,
    member: Option<u32>,
    part: Option<&str>,
) -> Option<Vec<Part>> {
    let links = &draft.links.databases[index];
    let to_part = |member| Part::Database { database: index, member };
    let count = place(links.members.len());
    match (member, part) {
        (Some(member), None) => (member < count).then(|| vec![to_part(member)]),
        (Some(_), Some(_)) => None,
        (None, None | Some("*")) => Some((0..count).map(to_part).collect()),
        (None, Some(part)) => {
            let roles = [
                (Role::Master, "master"),
                (Role::Slave, "slave"),
                (Role::Index, "index"),
                (Role::Shard, "shard"),
            ];
            roles.into_iter().find_map(|(role, word)| {
                let members: Vec<u32> = links.of(role).collect();
                let numbers = numbered(part, word, place(members.len()))?;
                let found: Vec<Part> =
                    numbers.map(|number| to_part(members[number as usize])).collect();
                (!found.is_empty()).then_some(found)
            })
        }
    }
}
