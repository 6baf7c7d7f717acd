//! Declaration of the repairable units of a scenario, with their groups and crews.

use std::collections::BTreeSet;

use crate::engine::law::DurationLaw;
use crate::health::Declaration;
use crate::health::declare::Expr;
use crate::health::textbook::{Arrangement, Group, Standby, Unit};
use crate::kinds::unit::links::GroupMember;
use crate::kinds::unit::spec::{Ageing, GroupMode, GroupSpec};
use crate::plan::Draft;
use crate::plan::names::member_name;
use crate::plan::program::law_of;

/// Adds units, groups and crews.
pub fn declare(draft: &Draft, declaration: &mut Declaration) {
    let scenario = &draft.scenario;
    for (name, crew) in scenario.crew.iter() {
        declaration.crew(name, crew.size.value);
    }
    let mut arranged: BTreeSet<(usize, u32)> = BTreeSet::new();
    for at in &draft.links.group_order {
        let (name, spec) = &scenario.group[*at];
        let members = &draft.links.groups[*at];
        if is_arranged(spec) {
            let units: Vec<(usize, u32)> = members.iter().filter_map(unit_at).collect();
            group(name, spec, units.iter().map(|at| unit(draft, *at)).collect())
                .declare(declaration);
            arranged.extend(units);
            continue;
        }
        let serves = |member: &GroupMember| match member {
            GroupMember::Unit { .. } => Expr::of(&member.name(scenario), "serving"),
            GroupMember::Group(_) => Expr::system(&member.name(scenario)),
        };
        let serving = members.iter().map(serves).collect();
        declaration.fact(name, Expr::AtLeast(spec.needs.value, serving));
    }
    for (index, (_, spec)) in scenario.unit.iter().enumerate() {
        for member in 0..spec.count.value {
            if !arranged.contains(&(index, member)) {
                declaration.add(unit(draft, (index, member)).automaton());
            }
        }
    }
}

/// Returns whether a group acts on its units: switches between them, lets them age at different rates or takes them
/// down together. Any other group only counts the serving ones.
#[must_use]
pub fn is_arranged(spec: &GroupSpec) -> bool {
    spec.mode.value == GroupMode::Standby
        || spec.ageing.value == Ageing::WhileUp
        || spec.beta.as_ref().is_some_and(|beta| beta.value.get() > 0.0)
}

fn unit_at(member: &GroupMember) -> Option<(usize, u32)> {
    match *member {
        GroupMember::Unit { unit, member } => Some((unit, member)),
        GroupMember::Group(_) => None,
    }
}

fn unit_name(draft: &Draft, (index, member): (usize, u32)) -> String {
    member_name(&draft.scenario.unit[index].0, member)
}

fn unit(draft: &Draft, at: (usize, u32)) -> Unit {
    let spec = &draft.scenario.unit[at.0].1;
    Unit {
        name: unit_name(draft, at),
        up: DurationLaw(law_of(&spec.up)),
        repair: spec.repair.as_ref().map(|law| DurationLaw(law_of(law))),
        crew: spec.crew.as_ref().map(|crew| crew.text.clone()),
    }
}

fn group(name: &str, spec: &GroupSpec, units: Vec<Unit>) -> Group {
    let arrangement = match spec.mode.value {
        GroupMode::Parallel => Arrangement::Parallel,
        GroupMode::Standby => {
            let law = spec.switch_over.as_ref().map(|law| law_of(law));
            let takes_time = law.filter(|law| law.mean() > 0.0);
            Arrangement::Standby(Standby {
                ageing: spec.standby_rate.value,
                switch_over: takes_time.map(DurationLaw),
                coverage: spec.coverage.value.get(),
                manual: spec.manual_switch.as_ref().map(|law| DurationLaw(law_of(law))),
            })
        }
    };
    Group {
        name: name.to_string(),
        members: units,
        needs: spec.needs.value,
        arrangement,
        ages_while_down: spec.ageing.value == Ageing::Always,
        common_share: spec.beta.as_ref().map_or(0.0, |beta| beta.value.get()),
    }
}
