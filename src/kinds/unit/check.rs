//! References of units, groups and crews, and their mistakes.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::unit::links::GroupMember;
use crate::kinds::unit::spec::{CrewSpec, GroupMode, GroupSpec};
use crate::kinds::unit::{Crew, Group, Unit, links};
use crate::plan::Draft;
use crate::plan::checks::{inert, inert_if, quorum, takes_time};
use crate::plan::drawing::arrows::{Arrow, Carries, End};
use crate::plan::faults::textbook;
use crate::plan::hours;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

impl Checks for Unit {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let crews = walk.scenario().unit.iter().map(|(_, unit)| unit.crew.as_ref());
        links.crews = crews.map(|crew| walk.one(crew?, Kind::Crew)).collect();
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (_, unit) in draft.scenario.unit.iter() {
            takes_time(unit.repair.as_ref(), "repair", "a unit stays down", out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.crews.iter().flatten().map(|crew| (Kind::Crew, *crew)));
    }

    /// Returns the arrow from the crew that repairs the units.
    fn arrows(&self, draft: &Draft, index: usize) -> Vec<Arrow> {
        let to = End::Component(Kind::Unit, index);
        let crew = draft.links.crews[index].map(|crew| End::Component(Kind::Crew, crew));
        crew.map(|crew| Arrow::new(crew, to, Carries::Repairs)).into_iter().collect()
    }

    none!(entrance, onward, store, unused, begins, receives, lint);
}

impl Checks for Group {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().group.iter();
        links.groups = all.map(|(_, group)| links::follow(walk, group)).collect();
        links.group_order = links::order(walk, &mut links.groups);
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for ((name, group), members) in draft.scenario.group.iter().zip(&draft.links.groups) {
            check_group(name, group, members, out);
        }
        check_arranged(draft, out);
    }

    fn purpose(&self) -> Purpose {
        Purpose::Itself
    }

    /// Returns the arrows to the units and groups that it counts.
    fn arrows(&self, draft: &Draft, index: usize) -> Vec<Arrow> {
        let from = End::Component(Kind::Group, index);
        let to = |member: &GroupMember| match *member {
            GroupMember::Unit { unit, member } => End::Part(Part::Unit { unit, member }),
            GroupMember::Group(group) => End::Component(Kind::Group, group),
        };
        let members = draft.links.groups[index].iter();
        members.map(|member| Arrow::new(from.clone(), to(member), Carries::Health)).collect()
    }

    none!(entrance, onward, store, uses, unused, begins, receives, lint);
}

impl Checks for Crew {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let crews = walk.scenario().fault.iter().map(|(_, fault)| fault.crew.as_ref());
        links.fault_crews = crews.map(|crew| walk.one(crew?, Kind::Crew)).collect();
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (index, (name, crew)) in draft.scenario.crew.iter().enumerate() {
            check_hours(draft, (index, name, crew), out);
            check_spares(draft, (index, name, crew), out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Named("no unit and no fault is repaired by it")
    }

    /// Adds the crews of faults.
    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.fault_crews.iter().flatten().map(|crew| (Kind::Crew, *crew)));
    }

    none!(entrance, onward, store, unused, begins, arrows, receives, lint);
}

/// Checks the hours of a crew, and that no unit waits for them.
fn check_hours(
    draft: &Draft,
    (index, name, crew): (usize, &Name, &CrewSpec),
    out: &mut Diagnostics,
) {
    let Some(hours) = &crew.hours else {
        let message = "this crew is there at every hour";
        return inert_if(crew.on_call.as_ref(), message, "remove it, or give `hours`", out);
    };
    if hours::check(hours, out) && hours::of_crew(draft, index).is_none() {
        let message = format!("`{name}` is there at every hour of the week");
        inert(hours.span, message, "remove `hours`, or leave some out", out);
    }
    if let Some(call) = &crew.on_call
        && call.response.value.law().mean() <= 0.0
        && call.slower.value <= 1.0
    {
        let message = "a call-out begins at once: the hours have no effect";
        inert(call.response.span, message, "leave `hours` out", out);
    }
    let units = draft.scenario.unit.iter().zip(&draft.links.crews);
    let waiting =
        units.filter(|(_, by)| **by == Some(index)).find_map(|((_, unit), _)| unit.crew.as_ref());
    if let Some(unit) = waiting {
        let message = format!("units do not wait for the hours of `{name}`");
        let help = "give the units a crew without `hours`, or describe their failures by faults";
        let found = Diagnostic::new(Code::KeysExclude, unit.span, message).help(help);
        out.push(found.related(hours.span, "its hours"));
    }
}

/// Checks that what a crew with spare parts repairs takes one each, and that ordering one takes time.
fn check_spares(
    draft: &Draft,
    (index, name, crew): (usize, &Name, &CrewSpec),
    out: &mut Diagnostics,
) {
    let Some(spares) = &crew.spares else { return };
    takes_time(Some(&spares.restock), "restock", "a spare part is always there", out);
    let units = draft.scenario.unit.iter().zip(&draft.links.crews);
    let unit =
        units.filter(|(_, by)| **by == Some(index)).find_map(|((_, unit), _)| unit.crew.as_ref());
    if let Some(unit) = unit {
        let message = format!("units do not wait for the spare parts of `{name}`");
        let help = "give the units a crew without `spares`, or describe their failures by faults";
        let found = Diagnostic::new(Code::KeysExclude, unit.span, message).help(help);
        out.push(found.related(spares.span, "its spare parts"));
    }
    let faults = draft.scenario.fault.iter().zip(&draft.links.fault_crews);
    for ((_, fault), _) in faults.filter(|(_, by)| **by == Some(index)) {
        if fault.together.value {
            let message = format!("one repair for all of them takes no spare parts of `{name}`");
            let found = Diagnostic::new(Code::KeysExclude, fault.together.span, message);
            let help = "give it a crew without `spares`";
            out.push(found.related(spares.span, "its spare parts").help(help));
        }
    }
}

/// Checks groups with a `mode`, `ageing` or `beta`: each counts units only, and each unit is in at most one of them.
fn check_arranged(draft: &Draft, out: &mut Diagnostics) {
    let mut arranged: BTreeMap<GroupMember, &Name> = BTreeMap::new();
    let groups = draft.scenario.group.iter().zip(&draft.links.groups);
    for ((name, spec), members) in groups.filter(|((_, spec), _)| textbook::is_arranged(spec)) {
        let help =
            "only units stand by, age and fail together; count the rest in a group around it";
        if let Some(inner) = members.iter().find(|member| member.group().is_some()) {
            let inner = inner.name(&draft.scenario);
            let message = format!(
                "`{name}` counts the group `{inner}`, so `mode`, `ageing` and `beta` have no effect"
            );
            out.push(Diagnostic::new(Code::OutOfRange, spec.of.span, message).help(help));
        }
        for member in members {
            let Some(other) = arranged.insert(*member, name) else { continue };
            let unit = member.name(&draft.scenario);
            let message = format!(
                "`{name}` and `{other}` both declare how `{unit}` stands by, ages or fails \
                 with others"
            );
            let found = Diagnostic::new(Code::OutOfRange, spec.of.span, message);
            out.push(found.help("let one of the groups only count: without mode, ageing and beta"));
            break;
        }
    }
}

fn check_group(name: &Name, group: &GroupSpec, members: &[GroupMember], out: &mut Diagnostics) {
    let word =
        if members.iter().any(|member| member.group().is_some()) { "members" } else { "units" };
    quorum(&group.needs, name, u32::try_from(members.len()).unwrap_or(u32::MAX), word, out);
    takes_time(group.manual_switch.as_ref(), "manual-switch", "people do not switch", out);
    if group.mode.value == GroupMode::Parallel {
        let message = "all units of a parallel group work: none stands by";
        let help = "set mode = \"standby\", or remove it";
        if group.standby_rate.value != 1.0 {
            inert(group.standby_rate.span, message, help, out);
        }
        if group.coverage.value.get() != 1.0 {
            inert(group.coverage.span, message, help, out);
        }
        inert_if(group.switch_over.as_ref(), message, help, out);
        inert_if(group.manual_switch.as_ref(), message, help, out);
    } else if group.coverage.value.get() == 1.0 {
        let message = "every switch works: none is manual";
        inert_if(
            group.manual_switch.as_ref(),
            message,
            "set a `coverage` below 1, or remove it",
            out,
        );
    }
}
