//! Repairable units, their groups and crews, as the language writes them.

use crate::engine::law::DurationLaw;
use crate::health::Declaration;
use crate::health::declare::Expr;
use crate::health::textbook::{Arrangement, Group, Standby, Unit};
use crate::model::spec::textbook::{Ageing, GroupMode, GroupSpec};
use crate::plan::Draft;
use crate::plan::names::member_name;
use crate::plan::program::law_of;

/// Adds units, groups and crews.
pub fn declare(draft: &Draft, declaration: &mut Declaration) {
    let scenario = &draft.scenario;
    for (name, crew) in scenario.crew.iter() {
        declaration.crew(name, crew.hands.value);
    }
    let mut taken: Vec<(usize, u32)> = Vec::new();
    for ((name, spec), members) in scenario.group.iter().zip(&draft.links.groups) {
        if members.iter().any(|member| taken.contains(member)) {
            // Units of an earlier group: this one only counts them.
            let serving =
                members.iter().map(|member| Expr::of(&unit_name(draft, *member), "serving"));
            declaration.fact(name, Expr::AtLeast(spec.needs.value, serving.collect()));
            continue;
        }
        taken.extend(members);
        let units = members.iter().map(|member| unit(draft, *member)).collect();
        group(name, spec, units).declare(declaration);
    }
    for (index, (_, spec)) in scenario.unit.iter().enumerate() {
        for member in 0..spec.count.value {
            if !taken.contains(&(index, member)) {
                declaration.add(unit(draft, (index, member)).automaton());
            }
        }
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
                manual: spec.failed.as_ref().map(|law| DurationLaw(law_of(law))),
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
