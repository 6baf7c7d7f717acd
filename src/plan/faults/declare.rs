//! Compiles parts and faults to automata, facts and effects.

mod called;
mod corrupted;
mod following;
mod gone_wrong;
mod harms;
mod lost_data;
mod mechanisms;
mod recorded;
mod shown;
mod single_disks;
mod taken_out;
use called::Called;
use harms::{Harm, degraded};
pub use harms::{slowdown, slowdown_of, slowed_by};
pub use mechanisms::Mechanisms;
pub use shown::Shown;
use single_disks::Degraded;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::convert::place;
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::{
    Automaton, Branch, Effect, Expr, Fate, Move, Opens, Quantifier, Shape, State, Subject, Timer,
    Transition,
};
use crate::model::ids::ComponentId;
use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::Draft;
use crate::plan::drills;
use crate::plan::faults::{Declared, PLANNED};
use crate::plan::feeds;
use crate::plan::kind::parts::{Life, Sort};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::plan::targets::RoleOf;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::law::LawSpec;
use crate::units::{SimDuration, SimTime};
use crate::workload::failures::FailureRecord;

/// State without a failure.
const UP: &str = "up";
/// State of a part broken by a drill.
pub const BROKEN: &str = "broken";
/// State of a zone that boots after a failure.
const BOOTING: &str = "booting";
/// State of a process that restarts after a failure.
const STARTING: &str = "starting";
/// Number of recent laws with which the law of a restart is compared, to share equal ones.
const LAWS_COMPARED: usize = 64;
/// Fact that a part has no failure of its own.
const WELL: &str = "is well";

/// Fact that a part is taken out by planned work; published by parts that an operation takes out.
pub const IS_PLANNED: &str = "is planned";

/// Returns the condition that an operation has taken the part out; `None` if no operation does.
fn planned(mould: &Mould) -> Option<Expr> {
    let by_plan = |state: &&String| state.split('.').next() == Some(PLANNED);
    let states = mould.states(|harm| harm == Harm::Down);
    let states: Vec<String> = states.iter().filter(by_plan).cloned().collect();
    (!states.is_empty()).then_some(Expr::In(states))
}

/// Role of the domain on which a part stands.
const HOST: &str = "host";
/// The role of the disks without which a database does not run.
const DISKS: &str = "disks";
/// The role of the links or switches by which a domain is reached.
const LINKS: &str = "links";
/// The role of the feeds on which a part hangs.
const FEEDS: &str = "feeds";
/// The role of the automaton that follows what a feed gets from above.
const SUPPLY: &str = "supply";
/// State of a part whose feeds have no power.
const UNPOWERED: &str = "unpowered";

/// Automaton of a part under construction.
struct Sketch {
    part: Part,
    name: String,
    /// Index of its mould.
    mould: usize,
    roles: Roles,
}

/// Names of the automata bound to each role of a part.
type Roles = Vec<(Cow<'static, str>, Vec<String>)>;

/// Mould: the shape of the automata of equal parts under construction. Other parts are roles in it.
#[derive(Clone)]
struct Mould {
    kind: MouldKind,
    shape: Shape,
    /// Failed states, with the harm of each.
    harms: Vec<(String, Harm)>,
    /// Healthy states besides `up`.
    sound: Vec<String>,
    /// States that a restart of the host ends.
    cured: Vec<String>,
    /// Condition on other parts for it to run; `None` if it depends on none.
    host: Option<Expr>,
    restart: Option<DurationLaw>,
    /// State in which a broken part comes back.
    back: &'static str,
    /// Number of its first transitions that draw what follows a failure of its host, and precede the loss of that.
    drawn_with_host: usize,
    /// Number of sketches that use it.
    users: usize,
}

/// Properties that determine the mould of a part before faults are added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct MouldKind {
    sort: &'static Sort,
    /// Time that a zone takes to boot.
    boot: Option<SimDuration>,
    /// Index of the restart law.
    restart: Option<usize>,
    host: Option<Host>,
    /// True if it runs only while its disks are there.
    needs_disks: bool,
    /// True if links or switches that are parts connect it.
    has_links: bool,
    /// Source of its power; `None` if it hangs on no feed.
    power: Option<Power>,
}

/// Source of the power of a part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Power {
    /// One of its feeds.
    Feeds,
    /// One of them, bridged by a battery or a generator.
    Bridged,
}

/// Sort of the domain on which a part stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Host {
    RunsProcesses,
    Other,
}

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

/// Fault and the parts that it hits.
struct Hit<'a> {
    name: &'a str,
    spec: &'a FaultSpec,
    members: Vec<usize>,
    harm: Harm,
    /// Role whose current holder it strikes, if any: `members` then lists all members.
    role: Option<RoleOf>,
    /// Recorded failures of the members that it plays, if any.
    record: Option<&'a FailureRecord>,
    /// Crew that repairs it, if it has one.
    crew: Option<Called>,
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

fn state_of(fault: &str) -> String {
    format!("fault.{fault}")
}

/// Returns the timer of the onset at `share` of the rate; `None` if the share is 0 or no onset is given.
fn onset(hit: &Hit<'_>, share: f64) -> Option<Timer> {
    if let Some(at) = &hit.spec.at {
        let every = hit.spec.every.as_ref().map(|every| every.value);
        return Some(Timer::clock(hit.name, SimTime::ZERO + at.value, every));
    }
    let law = match (&hit.spec.rate, &hit.spec.up) {
        (Some(rate), _) => Law::exponential(1.0 / rate.value.in_per_second()).ok()?,
        (None, Some(up)) => law_of(up),
        (None, None) => return None,
    };
    if share <= 0.0 {
        return None;
    }
    let law = if share == 1.0 { law } else { law.scaled(1.0 / share).ok()? };
    Some(Timer::new(hit.name, DurationLaw(law)))
}

/// Returns the factors on the rate of each of these parts while some of them are lost to the others: the most first.
fn loaded<'n>(hit: &Hit<'_>, names: impl Iterator<Item = &'n str>) -> Vec<(Expr, f64)> {
    let Some(exponent) = &hit.spec.load_exponent else { return Vec::new() };
    let lost: Vec<Expr> = names.map(|name| !Expr::of(name, "serving")).collect();
    let count = place(lost.len());
    let with = |gone: u32| {
        let share = f64::from(count) / f64::from(count - gone);
        (Expr::AtLeast(gone, lost.clone()), libm::pow(share, exponent.value))
    };
    (1..count).rev().map(with).collect()
}

/// Returns the onset of `hit`, which occurs with its probability only; otherwise all stays in the state `stays`.
fn prevented(hit: &Hit<'_>, onset: Transition, stays: &str) -> Transition {
    let Some(probability) = &hit.spec.probability else { return onset };
    let probability = probability.value.get();
    let mut ways = onset.branches.clone();
    ways.iter_mut().for_each(|way| way.probability = probability);
    let not =
        Branch { probability: 1.0 - probability, to: stays.into(), also: Vec::new(), adds: None };
    ways.push(not);
    ways.retain(|way| way.probability > 0.0);
    onset.branching(hit.name, ways)
}

/// Returns the repair time of `hit` at a part of this mould. The checks guarantee one for every fault, except
/// for those without a lasting effect.
fn repair(hit: &Hit<'_>, mould: Option<&Mould>) -> Option<DurationLaw> {
    if let Some(lasts) = &hit.spec.lasts {
        let law = Law::constant(lasts.value.seconds());
        return law.ok().map(DurationLaw);
    }
    if let Some(law) = &hit.spec.repair {
        return Some(DurationLaw(law_of(law)));
    }
    if hit.spec.how.value == How::CacheLost {
        // A lost cache is not repaired but refills. The tiny time keeps the loss visible as an interval.
        return Law::constant(1e-9).ok().map(DurationLaw);
    }
    let mould = mould?;
    match mould.kind.boot {
        Some(boot) => Law::constant(boot.seconds()).ok().map(DurationLaw),
        None => mould.restart.clone(),
    }
}

/// Returns the mould properties of a part, and the bindings of its roles.
fn sketch<'a>(
    draft: &'a Draft,
    part: Part,
    restarts: &mut Vec<(&'a LawSpec<SimDuration>, DurationLaw)>,
) -> (MouldKind, Roles) {
    let Life { host, disks, links, boot, restart } = part.answers().life(draft, part);
    let restart = restart.map(|spec| {
        // Members of a group share one law, so the last one matches most often.
        if let Some((last, _)) = restarts.last()
            && std::ptr::eq(*last, spec)
        {
            return restarts.len() - 1;
        }
        let law = DurationLaw(law_of(spec));
        let recent = restarts.len().saturating_sub(LAWS_COMPARED);
        let known = restarts[recent..].iter().position(|(_, other)| *other == law);
        known.map(|at| recent + at).unwrap_or_else(|| {
            restarts.push((spec, law));
            restarts.len() - 1
        })
    });
    let (feeds, supply) = (feeds::of(draft, part), feeds::supply(draft, part));
    let kind = MouldKind {
        sort: part.sort(),
        boot,
        restart,
        host: host.map(|host| match host.sort().runs_processes {
            true => Host::RunsProcesses,
            false => Host::Other,
        }),
        needs_disks: disks.is_some(),
        has_links: !links.is_empty(),
        power: match supply {
            Some(_) => Some(Power::Bridged),
            None => (!feeds.is_empty()).then_some(Power::Feeds),
        },
    };
    let mut roles = Vec::new();
    let mut bind = |role: &'static str, members: Vec<String>| {
        roles.extend((!members.is_empty()).then_some((Cow::Borrowed(role), members)));
    };
    bind(HOST, host.iter().map(|host| host.name(draft)).collect());
    bind(DISKS, disks.iter().map(|disks| disks.name(draft)).collect());
    bind(LINKS, links.iter().map(|link| link.name(draft)).collect());
    match supply {
        Some(supply) => bind(SUPPLY, vec![supply]),
        None => bind(FEEDS, feeds.iter().map(|feed| feed.name(draft)).collect()),
    }
    (kind, roles)
}

impl Sketch {
    /// Returns the automaton bound to a role, for conditions of other automata.
    fn subject(&self, role: &str) -> Subject {
        let members = self.roles.iter().find(|(name, _)| name == role);
        let first = members.and_then(|(_, members)| members.first());
        Subject::Named(first.expect("a role that is asked for is bound").clone())
    }
}

impl MouldKind {
    /// Returns the condition on other parts, found by their roles, for a part to run; `None` if there is none.
    fn host_by(self, subject: impl Fn(&'static str) -> Subject) -> Option<Expr> {
        self.host.filter(|_| self.sort.needs_host)?;
        let alive = Expr::Fact(subject(HOST), "alive".into());
        if !self.needs_disks {
            return Some(alive);
        }
        Some(alive.and(!Expr::Fact(subject(DISKS), "is down".into())))
    }
}

impl Mould {
    fn new(kind: MouldKind, restarts: &[(&LawSpec<SimDuration>, DurationLaw)]) -> Self {
        let states = vec![State::serving(UP), State::failed(BROKEN, Effect::Refuse)];
        Self {
            kind,
            shape: Shape { states, ..Shape::default() },
            harms: vec![(BROKEN.into(), Harm::Down)],
            sound: Vec::new(),
            cured: Vec::new(),
            host: kind.host_by(|role| Subject::Role(role.into())),
            restart: kind.restart.map(|at| restarts[at].1.clone()),
            back: UP,
            drawn_with_host: 0,
            users: 0,
        }
    }

    /// Adds the state of `hit`, and the transition from it to `back`.
    fn fall(&mut self, hit: &Hit<'_>, back: &str) {
        let state = state_of(hit.name);
        let Some(repair) = repair(hit, Some(self)) else { return };
        let by_restart = hit.spec.repair.is_none() || hit.harm != Harm::Down;
        self.add_harm(hit.harm, &state, by_restart);
        let mut last = state.clone();
        if let Some(law) = &hit.spec.detected_by_people {
            let seen = format!("{}.seen", hit.name);
            last = format!("{state}.seen");
            self.add_harm(hit.harm, &last, by_restart);
            let noticed = Timer::new(&seen, DurationLaw(law_of(law)));
            self.step(noticed, &state, &last);
        }
        let mut timer = Timer::new(&format!("{}.repair", hit.name), repair);
        if let Some(crew) = &hit.crew {
            last = self.calls(crew, (hit.name, hit.harm, by_restart), (&state, last));
            timer = crew.repairs(timer);
        }
        self.step(timer, &last, back);
    }

    fn add_harm(&mut self, harm: Harm, state: &str, cured: bool) {
        self.shape.states.push(harm.state(state));
        self.harms.push((state.to_string(), harm));
        if cured {
            self.cured.push(state.to_string());
        }
    }

    /// Adds a timer and its transition.
    fn step(&mut self, timer: Timer, from: &str, to: &str) {
        let step = Transition::on(&timer.name, &[from], to);
        self.turn(step);
        self.shape.timers.push(timer);
    }

    fn turn(&mut self, transition: Transition) {
        self.shape.transitions.push(transition);
    }

    fn publish(&mut self, fact: &str, when: Expr) {
        self.shape.facts.push((fact.into(), when));
    }

    fn has(&self, harm: Harm) -> bool {
        self.harms.iter().any(|(_, other)| *other == harm)
    }

    fn states(&self, of: impl Fn(Harm) -> bool) -> Vec<String> {
        self.harms.iter().filter(|(_, harm)| of(*harm)).map(|(state, _)| state.clone()).collect()
    }

    /// Adds the state without power, if the part hangs on feeds. It ends what is slow or hangs; a part that is down for
    /// another reason is down for that until it is repaired.
    fn lose_power(&mut self) {
        let lost = match self.kind.power {
            None => return,
            Some(Power::Feeds) => !Expr::members(Quantifier::Any, FEEDS, "fit"),
            Some(Power::Bridged) => Expr::of_role(SUPPLY, "is dark"),
        };
        let running = self.states(|harm| harm != Harm::Down);
        let mut from: Vec<&str> = vec![UP];
        from.extend(self.sound.iter().chain(&running).map(String::as_str));
        let loss = Transition::when(lost.clone(), &from, UNPOWERED);
        self.turn(loss);
        self.turn(Transition::when(!lost, &[UNPOWERED], UP));
        self.add_harm(Harm::Down, UNPOWERED, false);
    }

    /// Adds the return after the loss of the host, and the facts about each sort of harm.
    fn bring_back(&mut self) {
        let boot = self.kind.boot.filter(|boot| *boot > SimDuration::ZERO);
        let way = match (boot, &self.restart) {
            (Some(boot), _) => Law::constant(boot.seconds()).ok().map(|law| (BOOTING, law)),
            (None, Some(restart)) => Some((STARTING, restart.0.clone())),
            (None, None) => None,
        };
        if let (Some((state, law)), Some(host)) = (way, self.host.clone()) {
            let mut from: Vec<&str> = vec![UP];
            from.extend(self.sound.iter().map(String::as_str));
            from.extend(self.cured.iter().map(String::as_str));
            let lost = Transition::when(!host.clone(), &from, state);
            // Before the transitions of faults: a part without a host can have no fault of its own.
            self.shape.transitions.insert(self.drawn_with_host, lost);
            self.shape.states.push(State::failed(state, Effect::Refuse));
            self.harms.push((state.to_string(), Harm::Down));
            // The dot keeps the name distinct from that of every fault.
            let timer = Timer::new(&format!("{state}.done"), DurationLaw(law)).guarded(host);
            self.step(timer, state, UP);
            self.back = state;
        }
        let mut facts: Vec<(String, Vec<String>)> = Vec::new();
        for (state, harm) in &self.harms {
            let fact = harm.fact();
            match facts.iter_mut().find(|(name, _)| *name == fact) {
                Some((_, states)) => states.push(state.clone()),
                None => facts.push((fact, vec![state.clone()])),
            }
        }
        for (state, _) in &self.harms {
            if let Some(fault) = state.strip_prefix("fault.")
                && !fault.contains('.')
            {
                let later = ["seen", "spare", "work"].map(|later| format!("{state}.{later}"));
                let all: Vec<String> = self
                    .harms
                    .iter()
                    .map(|(name, _)| name.clone())
                    .filter(|name| name == state || later.contains(name))
                    .collect();
                facts.push((format!("in {fault}"), all));
            }
        }
        for (fact, states) in facts {
            self.publish(&fact, Expr::In(states));
        }
        if self.kind.sort.passes_role {
            self.publish(WELL, Expr::within(&[UP]));
        }
    }
}
