//! Compiles parts and faults to automata, facts and effects.

mod called;
mod corrupted;
mod following;
mod gone_wrong;
mod harms;
mod hits;
mod lost_data;
mod mechanisms;
mod moulds;
mod recorded;
mod shown;
mod single_disks;
mod taken_out;
use called::Called;
use harms::{Harm, degraded};
pub use harms::{slowdown, slowdown_of, slowed_by};
use hits::{Hit, loaded, onset, prevented, repair, state_of};
pub use mechanisms::Mechanisms;
pub use moulds::BROKEN;
use moulds::{
    BOOTING, DISKS, HOST, Host, LINKS, Mould, MouldKind, STARTING, Sketch, UP, WELL, planned,
    sketch,
};
pub use shown::Shown;
use single_disks::Degraded;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::law::DurationLaw;
use crate::health::declare::{
    Automaton, Effect, Expr, Fate, Move, Opens, Shape, State, Timer, Transition,
};
use crate::model::ids::ComponentId;
use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::Draft;
use crate::plan::drills;
use crate::plan::faults::{Declared, PLANNED};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::plan::targets::RoleOf;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};

/// Fact that a part is taken out by planned work; published by parts that an operation takes out.
pub const IS_PLANNED: &str = "is planned";

/// Returns the state of a role's automaton in which `member` has the role.
pub fn holder(member: usize) -> String {
    format!("member-{}", member + 1)
}

/// Collects the automata of a scenario.
pub struct Declarer<'a> {
    draft: &'a Draft,
    out: &'a mut Diagnostics,
    /// Automata under construction, in the order of parts.
    sketches: Vec<Sketch>,
    moulds: Vec<Mould>,
    groups: Vec<Automaton>,
    /// Automata of the roles that faults strike.
    primaries: BTreeMap<RoleOf, Automaton>,
    /// Factors by which sets are slower while disks of them are missing.
    degraded: BTreeMap<Part, Degraded>,
}

impl<'a> Declarer<'a> {
    /// Creates healthy automata of all parts.
    pub fn new(draft: &'a Draft, out: &'a mut Diagnostics) -> Self {
        let mut sketches = Vec::new();
        let mut moulds: Vec<Mould> = Vec::new();
        let mut places: BTreeMap<MouldKind, usize> = BTreeMap::new();
        let mut restarts = Vec::new();
        for part in drills::parts(draft) {
            let (kind, roles) = sketch(draft, part, &mut restarts);
            let mould = *places.entry(kind).or_insert_with(|| {
                moulds.push(Mould::new(kind, &restarts));
                moulds.len() - 1
            });
            moulds[mould].users += 1;
            sketches.push(Sketch { part, name: part.name(draft), mould, roles });
        }
        let (groups, primaries) = (Vec::new(), BTreeMap::new());
        let degraded = BTreeMap::new();
        Self { draft, out, sketches, moulds, groups, primaries, degraded }
    }

    fn at(&self, part: Part) -> Option<usize> {
        self.sketches.binary_search_by(|sketch| sketch.part.cmp(&part)).ok()
    }

    fn mould(&self, index: usize) -> &Mould {
        &self.moulds[self.sketches[index].mould]
    }

    /// Changes the moulds of `members`; those with the same `key` are changed alike. Other parts with one of these
    /// moulds keep it unchanged.
    fn change<K: Ord>(
        &mut self,
        members: &[usize],
        key: impl Fn(&Self, usize) -> K,
        mut edit: impl FnMut(&mut Mould, &K),
    ) {
        let mut alike: BTreeMap<(usize, K), Vec<usize>> = BTreeMap::new();
        for &index in members {
            alike.entry((self.sketches[index].mould, key(self, index))).or_default().push(index);
        }
        for ((mut mould, key), members) in alike {
            if self.moulds[mould].users > members.len() {
                self.moulds[mould].users -= members.len();
                self.moulds.push(Mould { users: members.len(), ..self.moulds[mould].clone() });
                mould = self.moulds.len() - 1;
                members.iter().for_each(|index| self.sketches[*index].mould = mould);
            }
            edit(&mut self.moulds[mould], &key);
        }
    }

    /// Adds every fault except the given ones.
    pub fn faults(&mut self, without: &[String]) {
        let draft = self.draft;
        let scenario = &draft.scenario;
        let mut hits = Vec::new();
        let faults = scenario.fault.iter().zip(&draft.records).enumerate();
        for (number, ((name, spec), record)) in faults {
            if without.contains(&name.text) {
                continue;
            }
            let mut members = self.members(spec);
            let role = self.role_of(spec);
            if let Some(RoleOf { kind, index, .. }) = role {
                let all = kind.answers().parts(draft, index).into_iter();
                members = all.filter_map(|part| self.at(part)).collect();
            }
            let name = &name.text;
            let record = record.as_deref();
            let (members_of, harm, crew) =
                (Vec::new(), Harm::of(draft, spec), Called::of(draft, number));
            let hit = Hit { name, spec, members: members_of, harm, role, record, crew };
            let moulds: BTreeSet<usize> =
                members.iter().map(|index| self.sketches[*index].mould).collect();
            let ends = |mould: &usize| repair(&hit, Some(&self.moulds[*mould])).is_some();
            let ends_by_itself = matches!(spec.how.value, How::Corrupt | How::DiskFailed);
            if hit.record.is_some() || ends_by_itself || moulds.iter().all(ends) {
                hits.push(Hit { members, ..hit });
            }
        }
        self.hours(hits.iter().filter_map(|hit| hit.crew.as_ref()));
        let (corrupt, others): (Vec<_>, Vec<_>) =
            hits.iter().partition(|hit| hit.spec.how.value == How::Corrupt);
        let (disks, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|hit| hit.spec.how.value == How::DiskFailed);
        let mut after_own = Vec::new();
        for hit in others {
            if let Some(after) = &hit.spec.after {
                let leads = hits.iter().find(|other| other.name == after.fault.text);
                after_own.extend(self.follower(hit, after, leads));
            } else if let Some(record) = hit.record {
                self.recorded(hit, record);
            } else if hit.spec.together.value {
                self.together(hit);
            } else {
                self.own(hit);
                self.common(hit);
            }
        }
        self.after_own_repair(after_own);
        // These last: a set is lost, and a database restored, in every state in which it works.
        disks.into_iter().for_each(|hit| self.single_disks(hit));
        corrupt.into_iter().for_each(|hit| self.corrupted(hit));
        self.lost_data(&hits);
    }

    /// Returns the parts that a fault names, in the order of parts.
    fn members(&mut self, spec: &FaultSpec) -> Vec<usize> {
        let mut found = Vec::new();
        for reference in spec.hits.iter() {
            for &part in self.draft.targets.parts(&reference.text) {
                match self.at(part) {
                    Some(index) => found.push(index),
                    None => {
                        let message = "a unit fails by its own `up`";
                        let diagnostic = Diagnostic::new(Code::NoEffect, reference.span, message);
                        self.out.push(diagnostic);
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns the role that is the only target of a fault, if it can pass to another member. A fault that follows
    /// another, or strikes several parts together, strikes the holder in the file instead.
    fn role_of(&self, spec: &FaultSpec) -> Option<RoleOf> {
        let mut hits = spec.hits.iter();
        let (Some(only), None) = (hits.next(), hits.next()) else { return None };
        let plain = spec.after.is_none() && spec.recorded.is_none() && !spec.together.value;
        self.draft.targets.role(&only.text).filter(|_| plain)
    }

    /// Adds a fault of a role's holder: the timer belongs to the role, and strikes its current holder.
    fn role(&mut self, hit: &Hit<'_>, of: RoleOf, share: f64) {
        let name = of.kind.name(&self.draft.scenario, of.index).text.clone();
        self.change(&hit.members, |_, _| (), |mould, ()| mould.fall(hit, UP));
        let state = state_of(hit.name);
        let Some(onset) = onset(hit, share) else { return };
        let well = |at: &usize| {
            let sketch = &self.sketches[*at];
            let host = self.mould(*at).kind.host_by(|role| sketch.subject(role));
            Expr::of(&sketch.name, WELL).and(host.unwrap_or(Expr::Always))
        };
        let mut guards = Vec::new();
        let mut strikes = Vec::new();
        for (member, at) in hit.members.iter().enumerate() {
            let holds = holder(member);
            guards.push(Expr::within(&[&holds]).and(well(at)));
            let struck = Move::of(&self.sketches[*at].name, &[UP], &state);
            let strike = Transition::on(hit.name, &[&holds], &holds);
            strikes.push(prevented(hit, strike.also(&struck).opens(Opens::Always), &holds));
        }
        let clock = hit.spec.at.is_some();
        let onset = if clock { onset } else { onset.guarded(Expr::Any(guards)).fate(Fate::Freeze) };
        let count = hit.members.len();
        let role = self.primaries.entry(of).or_insert_with(|| {
            let states = (0..count).map(|member| State::serving(&holder(member))).collect();
            let role = Automaton::new(&format!("{name}/{}", of.word), states);
            // Without other members, the draws are those of the holder.
            Automaton { stream: Some(format!("{name}.{}", of.word)), ..role }
        });
        role.timers.push(onset);
        role.transitions.extend(strikes);
    }

    /// Adds a fault that strikes each part independently.
    fn own(&mut self, hit: &Hit<'_>) {
        let shared =
            hit.spec.common_cause.as_ref().map(|common| {
                (self.draft.targets.group(&common.group.text), common.beta.value.get())
            });
        if let Some(role) = hit.role {
            let of_it =
                |(group, _): &(Option<(Kind, usize)>, f64)| *group == Some((role.kind, role.index));
            let share = shared.filter(of_it).map_or(1.0, |(_, beta)| 1.0 - beta);
            return self.role(hit, role, share);
        }
        let of_group = |this: &Self, index: usize| {
            let of_group = |(group, _): &(Option<(Kind, usize)>, f64)| {
                *group == Some(this.sketches[index].part.owner())
            };
            shared.filter(of_group).is_some()
        };
        let load = loaded(hit, hit.members.iter().map(|at| self.sketches[*at].name.as_str()));
        self.change(&hit.members, of_group, |mould, of_group| {
            let beta = shared.filter(|_| *of_group).map(|(_, beta)| beta);
            mould.fall(hit, UP);
            let Some(onset) = onset(hit, beta.map_or(1.0, |beta| 1.0 - beta)) else { return };
            let guard = mould.host.clone().unwrap_or(Expr::Always);
            let clock = hit.spec.at.is_some();
            let onset = if clock { onset } else { onset.guarded(guard).fate(Fate::Freeze) };
            let onset =
                load.iter().fold(onset, |onset, (when, times)| onset.rate(when.clone(), *times));
            let strike = Transition::on(&onset.name, &[UP], &state_of(hit.name));
            mould.turn(prevented(hit, strike, UP));
            mould.shape.timers.push(onset);
        });
    }

    /// Adds common-cause events, each of which strikes a set of the group's members at once.
    fn common(&mut self, hit: &Hit<'_>) {
        let Some(common) = &hit.spec.common_cause else { return };
        let Some(group) = self.draft.targets.group(&common.group.text) else { return };
        let Some(first) = hit.members.first() else { return };
        let like = std::mem::discriminant(&self.sketches[*first].part);
        let of_group = |sketch: &Sketch| {
            sketch.part.owner() == group && std::mem::discriminant(&sketch.part) == like
        };
        let group: Vec<usize> =
            (0..self.sketches.len()).filter(|at| of_group(&self.sketches[*at])).collect();
        let size = common.size.as_ref().map_or(group.len().max(1), |size| size.value as usize);
        // For a role, only the set that holds it in the file.
        let sets = if hit.role.is_some() { 1 } else { usize::MAX };
        for (set, members) in group.chunks(size).enumerate().take(sets) {
            let struck = members.iter().filter(|member| hit.members.binary_search(member).is_ok());
            let moves: Vec<Move> = struck
                .map(|at| Move::of(&self.sketches[*at].name, &[UP], &state_of(hit.name)))
                .collect();
            let Some(timer) = onset(hit, common.beta.value.get()) else { continue };
            if moves.is_empty() {
                continue;
            }
            let name = format!("{}/{}-{}", common.group.text, hit.name, set + 1);
            let mut event = Transition::on(&timer.name, &["armed"], "armed").opens(Opens::Always);
            event.branches[0].also = moves;
            let armed = Automaton::new(&name, vec![State::serving("armed")]);
            self.groups.push(armed.timer(timer).transition(event));
        }
    }

    /// Adds a fault with one onset and one repair for all members.
    fn together(&mut self, hit: &Hit<'_>) {
        let first = hit.members.first().copied();
        let first = first.map(|index| self.mould(index));
        let (Some(repair), Some(onset)) = (repair(hit, first), onset(hit, 1.0)) else {
            return;
        };
        let name = format!("{}/together", hit.name);
        let struck = ["struck", "seen"].map(|name| State::failed(name, Effect::Refuse));
        let mut states = vec![State::serving("armed")];
        states.extend(struck);
        states.extend(hit.crew.is_some().then(|| State::failed("work", Effect::Refuse)));
        let mut back = Timer::new(&format!("{}.repair", hit.name), repair);
        let mut event = Automaton::new(&name, states)
            .transition(prevented(hit, Transition::on(&onset.name, &["armed"], "struck"), "armed"))
            .timer(onset)
            .fact("active", !Expr::within(&["armed"]));
        let mut last = "struck";
        if let Some(law) = &hit.spec.detected_by_people {
            let seen = Timer::new(&format!("{}.seen", hit.name), DurationLaw(law_of(law)));
            event = event.transition(Transition::on(&seen.name, &["struck"], "seen")).timer(seen);
            last = "seen";
        }
        if let Some(crew) = &hit.crew {
            back = crew.repairs(back);
            if let Some((ways, response)) = crew.begins(hit.name, (last, "work")) {
                event.transitions.extend(ways);
                event.timers.extend(response);
                last = "work";
            }
        }
        event = event.transition(Transition::on(&back.name, &[last], "armed")).timer(back);
        self.groups.push(event);
        let active = Expr::of(&name, "active");
        let state = state_of(hit.name);
        self.change(
            &hit.members,
            |_, _| (),
            |mould, ()| {
                mould.add_harm(hit.harm, &state, false);
                mould.turn(Transition::when(active.clone(), &[UP], &state));
                mould.turn(Transition::when(!active.clone(), &[&state], UP));
            },
        );
    }

    /// Returns all automata with their facts; with the numbers of components also the effects on these. `live`: with
    /// the faults of the file.
    pub fn finish(mut self, live: bool, ids: Option<&BTreeMap<String, ComponentId>>) -> Declared {
        let mut declared = Declared::default();
        for mould in self.moulds.iter_mut().filter(|mould| mould.users > 0) {
            mould.lose_power();
            mould.bring_back();
            if let Some(planned) = planned(mould) {
                mould.publish(IS_PLANNED, planned);
            }
            mould.facts();
        }
        for index in 0..self.sketches.len() {
            let part = self.sketches[index].part;
            for (fact, when) in part.answers().publishes(self.draft, part) {
                self.change(&[index], |_, _| (), |mould, ()| mould.publish(fact, when.clone()));
            }
        }
        if let Some(ids) = ids {
            for index in 0..self.sketches.len() {
                let sketch = &self.sketches[index];
                declared.breakable.push((sketch.name.clone(), self.mould(index).back));
                self.shown(index, ids, &mut declared);
            }
            self.switched_off(&mut declared);
        }
        self.mechanisms(live, ids, &mut declared);
        let shapes: Vec<Arc<Shape>> =
            self.moulds.into_iter().map(|mould| Arc::new(mould.shape)).collect();
        declared.declaration.automata.reserve(self.sketches.len() + self.groups.len());
        for Sketch { name, mould, roles, .. } in self.sketches {
            let automaton = Automaton::shaped(name, shapes[mould].clone());
            declared.declaration.add(Automaton { roles, ..automaton });
        }
        for group in self.groups {
            declared.declaration.add(group);
        }
        for (of, role) in self.primaries {
            declared.primaries.insert(of, role.name.clone());
            declared.declaration.add(role);
        }
        declared.declaration.forced_causes.push(PLANNED.into());
        declared
    }

    fn name(&self, part: Part) -> Option<&str> {
        self.at(part).map(|at| self.sketches[at].name.as_str())
    }
}
