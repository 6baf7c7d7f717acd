//! Parts that can fail: members of a database, each a process in its zone.

use crate::convert::{place, table};
use crate::health::Declaration;
use crate::kinds::database::components::{group_name, is_replicated};
use crate::kinds::database::links::{DatabaseLinks, Role};
use crate::kinds::database::{Database, failover, far, views};
use crate::plan::Draft;
use crate::plan::availability::recovery::Passing;
use crate::plan::between;
use crate::plan::faults::Shown;
use crate::plan::graph::{Graph, server_of};
use crate::plan::kind::parts::{Life, PartName, Parts, PassedRole, Sort, none};
use crate::plan::links::Store;
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part;
use crate::plan::simulatable::NotYet;
use crate::plan::targets;
use crate::units::SimDuration;

const MEMBER: Sort = Sort { word: "database", needs_host: true, passes_role: true, ..Sort::ROLE };

/// Words for the roles of members in part names.
const ROLES: [(Role, &str); 2] = [(Role::Primary, "primary"), (Role::Replica, "replica")];

/// Returns the word for a member and its number within its role, as in `primary`, `replica-2`.
fn role_of(links: &DatabaseLinks, member: u32) -> Option<(&'static str, Option<u32>)> {
    let role = links.members.get(member as usize)?.role;
    let (_, word) = ROLES.into_iter().find(|(one, _)| *one == role)?;
    let before = links.of(role).take_while(|other| *other < member).count();
    Some((word, (role == Role::Replica).then(|| table::u32(before))))
}

impl Parts for Database {
    none!(came_later, publishes, mechanisms, converging, size, priced);

    /// Returns what is not simulated of databases with a link between their members, and members whose data lie on a file
    /// server behind one.
    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let mut found = Vec::new();
        for (index, (name, _)) in draft.scenario.database.iter().enumerate() {
            let members = self.parts(draft, index);
            found.extend(far::not_yet(draft, index));
            for (part, member) in members.iter().zip(&draft.links.databases[index].members) {
                let Some(Store::Volume { nas, .. }) = member.store else { continue };
                let heads = Kind::Nas.answers().parts(draft, nas);
                let what = format!("the data of `{}`", part.name(draft));
                found.extend(between::not_yet(draft, &[*part], &heads, &what, name.span));
            }
        }
        found.extend(far::not_over_years(draft));
        found
    }

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let members = 0..place(draft.links.databases[index].members.len());
        members.map(|member| Part::Database { database: index, member }).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let links = &draft.links.databases[index];
        let to_part = |member| Part::Database { database: index, member };
        let Some(word) = word.filter(|word| member.is_some() || *word != "*") else {
            let members = targets::members(member, None, place(links.members.len()))?;
            return Some(members.map(to_part).collect());
        };
        if member.is_some() {
            return None;
        }
        ROLES.into_iter().find_map(|(role, called)| {
            let members: Vec<u32> = links.of(role).collect();
            let numbers = targets::numbered(word, called, place(members.len()))?;
            let found: Vec<Part> =
                numbers.map(|number| to_part(members[number as usize])).collect();
            (!found.is_empty()).then_some(found)
        })
    }

    fn words(&self, _: &Draft, _: usize) -> Vec<String> {
        ROLES.map(|(_, word)| word.into()).to_vec()
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &MEMBER
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        let name = &draft.scenario.database[part.index()].0;
        match role_of(&draft.links.databases[part.index()], part.number()) {
            Some((role, number)) => PartName { number, ..PartName::part(name, role) },
            None => PartName::member(name, part.number()),
        }
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let members = &draft.links.databases[part.index()].members;
        let (zone, member) = members.get(part.number() as usize)?.zone?;
        Some(Part::Zone { zone, member })
    }

    fn way_back(&self, draft: &Draft, part: Part) -> SimDuration {
        // With a failover, no request waits for the restart.
        match draft.scenario.database[part.index()].1.failover {
            Some(_) => SimDuration::ZERO,
            None => self.life(draft, part).way_back(),
        }
    }

    fn role(&self, draft: &Draft, index: usize) -> Option<PassedRole> {
        Some(PassedRole {
            word: "primary",
            component: group_name(&draft.scenario.database[index].0),
            passes: is_replicated(draft, index),
        })
    }

    fn life<'d>(&self, draft: &'d Draft, part: Part) -> Life<'d> {
        let host = part.stands_on(draft);
        let member = &draft.links.databases[part.index()].members[part.number() as usize];
        // Without its data the process does not run.
        let disks = match member.store {
            Some(Store::Disks { set, .. }) => server_of(draft, part)
                .filter(|_| host.is_some())
                .map(|server| Part::Disks { server, set }),
            _ => None,
        };
        let restart = draft.scenario.database[part.index()].1.restart.as_deref();
        Life { disks, restart, ..Life::on(host) }
    }

    fn shows(&self, shown: &mut Shown<'_>, part: Part) {
        let name = &shown.draft().scenario.database[part.index()].0;
        shown.component(member_name(name, part.number()));
        shown.process();
    }

    fn memory(&self, draft: &Draft, part: Part) -> Option<String> {
        let name = &draft.scenario.database[part.index()].0;
        let component = self.remembers(draft, part).then(|| member_name(name, part.number()))?;
        Some(component)
    }

    fn remembers(&self, draft: &Draft, part: Part) -> bool {
        draft.scenario.database[part.index()].1.cold.is_some()
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn surrogates(&self, draft: &Draft, graph: &Graph, into: &mut Declaration) {
        failover::declare(draft, graph, into);
        views::declare(draft, graph, into);
    }

    fn passing(&self, draft: &Draft, declaration: &Declaration) -> Vec<Passing> {
        let elected = views::passing(draft, declaration);
        failover::passing(draft, declaration).into_iter().chain(elected).collect()
    }
}
