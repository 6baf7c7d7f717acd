//! From parts and faults to automata, facts and effects.

mod peers;
mod shown;
mod takeover;

use std::collections::BTreeMap;

use crate::convert::place;
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::{
    Automaton, Branch, Effect, Expr, Fate, Move, Opens, State, Timer, Transition,
};
use crate::model::ids::ComponentId;
use crate::model::spec::runs::{Does, FaultSpec, How, Once, OperationSpec};
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::faults::parts::{all_parts, owner};
use crate::plan::faults::{Declared, PLANNED};
use crate::plan::graph::server_of;
use crate::plan::links::Store;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::plan::targets;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::{SimDuration, SimTime};

/// Nothing is wrong.
const UP: &str = "up";
/// Broken by a drill.
pub const BROKEN: &str = "broken";
/// A zone on its way back.
const BOOTING: &str = "booting";
/// A process on its way back.
const STARTING: &str = "starting";
/// The fact that nothing is wrong with a part itself.
const WELL: &str = "is well";

/// What a fault does to its part.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Harm {
    /// Gone: refuses, or for a server: nothing on it runs.
    Down,
    /// Accepts and never answers.
    Hung,
    /// Stands still and goes on later.
    Stalled,
    /// This many times slower.
    Slow(f64),
    /// Works, and nobody hears it.
    Cut,
    /// Has forgotten what it kept in memory.
    Forgot,
}

impl Harm {
    fn of(spec: &FaultSpec) -> Self {
        match spec.how.value {
            How::Crash | How::Lost => Self::Down,
            How::Hang => Self::Hung,
            How::Pause => Self::Stalled,
            How::Slow => Self::Slow(spec.factor.as_ref().map_or(1.0, |factor| factor.value)),
            How::Partitioned => Self::Cut,
            How::CacheLost => Self::Forgot,
        }
    }

    fn state(self, name: &str) -> State {
        let failed = |effect| State::failed(name, effect);
        match self {
            Self::Down => failed(Effect::Refuse),
            Self::Hung | Self::Cut => failed(Effect::Lose),
            Self::Stalled => failed(Effect::Stall),
            Self::Slow(factor) => State { capacity: 1.0 / factor, ..degraded(name) },
            Self::Forgot => degraded(name),
        }
    }
}

fn degraded(name: &str) -> State {
    State { sound: false, ..State::serving(name) }
}

/// The fact that a part is taken out as planned, of those that an operation takes out.
pub const IS_PLANNED: &str = "is planned";

/// That it is in a state which an operation took it to, if one does.
fn planned(sketch: &Sketch) -> Option<Expr> {
    let by_plan = |state: &&String| state.split('.').next() == Some(PLANNED);
    let states = sketch.states(|harm| harm == Harm::Down);
    let states: Vec<String> = states.iter().filter(by_plan).cloned().collect();
    (!states.is_empty()).then_some(Expr::In(states))
}

/// A part's automaton in the making.
struct Sketch {
    part: Part,
    name: String,
    automaton: Automaton,
    /// States in which something is wrong, with the harm.
    harms: Vec<(String, Harm)>,
    /// Sound states beside `up`.
    sound: Vec<String>,
    /// States that a restart of the host ends.
    cured: Vec<String>,
    /// It runs only while this holds, if that is a matter of others.
    host: Option<Expr>,
    restart: Option<DurationLaw>,
}

/// The state of the automaton of a master's role in which `member` has it.
pub fn holder(member: usize) -> String {
    format!("member-{}", member + 1)
}

/// Collects the automata of a scenario.
pub struct Declarer<'a> {
    draft: &'a Draft,
    out: &'a mut Diagnostics,
    sketches: Vec<Sketch>,
    at: BTreeMap<Part, usize>,
    groups: Vec<Automaton>,
    /// By database whose master a fault strikes: the automaton of that role.
    masters: BTreeMap<usize, Automaton>,
}

/// A fault and the parts it hits.
struct Hit<'a> {
    name: &'a str,
    spec: &'a FaultSpec,
    members: Vec<usize>,
    harm: Harm,
    /// The database whose master it strikes, whoever that is: all members are in `members`.
    master: Option<usize>,
}

impl<'a> Declarer<'a> {
    /// All parts, well.
    pub fn new(draft: &'a Draft, out: &'a mut Diagnostics) -> Self {
        let mut sketches = Vec::new();
        let mut at = BTreeMap::new();
        for part in all_parts(draft) {
            if matches!(part, Part::Unit { .. }) {
                continue;
            }
            at.insert(part, sketches.len());
            sketches.push(sketch(draft, part));
        }
        Self { draft, out, sketches, at, groups: Vec::new(), masters: BTreeMap::new() }
    }

    /// Adds every fault but those of these names.
    pub fn faults(&mut self, without: &[String]) {
        let draft = self.draft;
        let scenario = &draft.scenario;
        let mut hits = Vec::new();
        for (name, spec) in scenario.fault.iter() {
            if without.contains(&name.text) {
                continue;
            }
            let mut members = self.members(spec);
            let master = self.master_of(spec);
            if let Some(database) = master {
                let count = place(draft.links.databases[database].members.len());
                let of = |member| self.at.get(&Part::Database { database, member }).copied();
                members = (0..count).filter_map(of).collect();
            }
            let name = &name.text;
            let hit = Hit { name, spec, members: Vec::new(), harm: Harm::of(spec), master };
            if members.iter().all(|index| self.repair(&hit, Some(*index)).is_some()) {
                hits.push(Hit { members, ..hit });
            }
        }
        for hit in &hits {
            if let Some(after) = &hit.spec.after {
                let leads = hits.iter().find(|other| other.name == after.fault.text);
                self.follower(hit, after, leads);
            } else if hit.spec.together.value {
                self.together(hit);
            } else {
                self.own(hit);
                self.common(hit);
            }
        }
    }

    /// Adds every operation that takes parts out of service: a clock in each of them.
    pub fn operations(&mut self) {
        let draft = self.draft;
        for (name, spec) in draft.scenario.operation.iter().filter(|(_, spec)| spec.takes_out()) {
            let (Some(at), Some(lasts)) = (&spec.at, &spec.lasts) else { continue };
            let Ok(length) = Law::constant(lasts.value.seconds()) else { continue };
            let mut first = at.value.after_zero(week_start(draft));
            for part in operated(draft, spec, self.out) {
                let Some(index) = self.at.get(&part).copied() else { continue };
                let state = format!("{PLANNED}.{name}");
                let begins = SimTime::ZERO + first;
                let clock = Timer::clock(&state, begins, spec.every.as_ref().map(|e| e.period()));
                let back = Timer::new(&format!("{state}.done"), DurationLaw(length.clone()));
                let sketch = &mut self.sketches[index];
                sketch.add_harm(Harm::Down, &state, false);
                sketch.step(clock, UP, &state);
                sketch.step(back, &state, UP);
                if spec.does.as_ref().is_some_and(|does| does.value == Does::Deploy) {
                    first += lasts.value;
                }
            }
        }
    }

    /// The parts that a fault names, in the order of parts.
    fn members(&mut self, spec: &FaultSpec) -> Vec<usize> {
        let mut found = Vec::new();
        for reference in spec.hits.iter() {
            for part in targets::parts(self.draft, &reference.text, reference.span, self.out) {
                match self.at.get(&part) {
                    Some(index) => found.push(*index),
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

    /// Time of the repair of `hit` at the part `index`; the checks have seen to it that there is one
    /// but for what leaves no mark.
    fn repair(&self, hit: &Hit<'_>, index: Option<usize>) -> Option<DurationLaw> {
        if let Some(lasts) = &hit.spec.lasts {
            let law = Law::constant(lasts.value.seconds());
            return law.ok().map(DurationLaw);
        }
        if let Some(law) = &hit.spec.repair {
            return Some(DurationLaw(law_of(law)));
        }
        if hit.spec.how.value == How::CacheLost {
            // Nothing to repair: it fills again by itself. Two instants, so that it shows.
            return Law::constant(1e-9).ok().map(DurationLaw);
        }
        let sketch = &self.sketches[index?];
        match sketch.part {
            Part::Zone { zone, .. } => {
                let boot = self.draft.scenario.zone[zone].1.boot.value;
                Law::constant(boot.seconds()).ok().map(DurationLaw)
            }
            _ => sketch.restart.clone(),
        }
    }

    /// Adds the state of `hit` to the part `index`, and the way from it to `back`.
    fn state(&mut self, hit: &Hit<'_>, index: usize, back: &str) -> String {
        let state = state_of(hit.name);
        let Some(repair) = self.repair(hit, Some(index)) else { return UP.into() };
        let by_restart = hit.spec.repair.is_none() || hit.harm != Harm::Down;
        let sketch = &mut self.sketches[index];
        sketch.add_harm(hit.harm, &state, by_restart);
        let mut last = state.clone();
        if let Some(law) = &hit.spec.detected_by_people {
            let seen = format!("{}.seen", hit.name);
            last = format!("{state}.seen");
            sketch.add_harm(hit.harm, &last, by_restart);
            let noticed = Timer::new(&seen, DurationLaw(law_of(law)));
            sketch.step(noticed, &state, &last);
        }
        let timer = Timer::new(&format!("{}.repair", hit.name), repair);
        sketch.step(timer, &last, back);
        state
    }

    /// The replicated database whose master is all that a fault names, if it can move: what
    /// follows another fault, or strikes several at once, means the master of the file.
    fn master_of(&self, spec: &FaultSpec) -> Option<usize> {
        let mut hits = spec.hits.iter();
        let (Some(only), None) = (hits.next(), hits.next()) else { return None };
        let plain = spec.after.is_none() && !spec.together.value;
        targets::master_of(self.draft, &only.text).filter(|_| plain)
    }

    /// The holder of a role: its timer is the role's own, and strikes whoever has it.
    fn role(&mut self, hit: &Hit<'_>, database: usize, share: f64) {
        let name = self.draft.scenario.database[database].0.text.clone();
        let states: Vec<String> = hit.members.iter().map(|at| self.state(hit, *at, UP)).collect();
        let Some(onset) = onset(hit, share) else { return };
        let well = |at: &usize| {
            let sketch = &self.sketches[*at];
            let host = sketch.host.clone().unwrap_or(Expr::Always);
            Expr::of(&sketch.name, WELL).and(host)
        };
        let mut guards = Vec::new();
        let mut strikes = Vec::new();
        for (member, (at, state)) in hit.members.iter().zip(&states).enumerate() {
            let holds = holder(member);
            guards.push(Expr::within(&[&holds]).and(well(at)));
            let struck = Move::of(&self.sketches[*at].name, &[UP], state);
            let strike = Transition::on(hit.name, &[&holds], &holds);
            strikes.push(strike.also(&struck).opens(Opens::Always));
        }
        let clock = hit.spec.at.is_some();
        let onset = if clock { onset } else { onset.guarded(Expr::Any(guards)).fate(Fate::Freeze) };
        let count = hit.members.len();
        let role = self.masters.entry(database).or_insert_with(|| {
            let states = (0..count).map(|member| State::serving(&holder(member))).collect();
            let role = Automaton::new(&format!("{name}/master"), states);
            // The draws of the only member of a database without slaves.
            Automaton { stream: Some(format!("{name}.master")), ..role }
        });
        role.timers.push(onset);
        role.transitions.extend(strikes);
    }

    /// Each part by itself.
    fn own(&mut self, hit: &Hit<'_>) {
        let shared = hit.spec.common_cause.as_ref().map(|common| {
            let group = self.draft.names.find(&common.group.text);
            (group.map(|found| (found.kind, found.index)), common.beta.value.get())
        });
        if let Some(database) = hit.master {
            let of_it = |(group, _): &(Option<(Kind, usize)>, f64)| {
                *group == Some((Kind::Database, database))
            };
            let share = shared.filter(of_it).map_or(1.0, |(_, beta)| 1.0 - beta);
            return self.role(hit, database, share);
        }
        for &index in &hit.members {
            let state = self.state(hit, index, UP);
            let of_group = |(group, _): &(Option<(Kind, usize)>, f64)| {
                *group == Some(owner(self.sketches[index].part))
            };
            let share = shared.filter(of_group).map_or(1.0, |(_, beta)| 1.0 - beta);
            let Some(onset) = onset(hit, share) else { continue };
            let sketch = &mut self.sketches[index];
            let guard = sketch.host.clone().unwrap_or(Expr::Always);
            let clock = hit.spec.at.is_some();
            let onset = if clock { onset } else { onset.guarded(guard).fate(Fate::Freeze) };
            sketch.step(onset, UP, &state);
        }
    }

    /// Events that take a set of a group at once.
    fn common(&mut self, hit: &Hit<'_>) {
        let Some(common) = &hit.spec.common_cause else { return };
        let Some(found) = self.draft.names.find(&common.group.text) else { return };
        let Some(first) = hit.members.first() else { return };
        let like = std::mem::discriminant(&self.sketches[*first].part);
        let of_group = |sketch: &Sketch| {
            owner(sketch.part) == (found.kind, found.index)
                && std::mem::discriminant(&sketch.part) == like
        };
        let group: Vec<usize> =
            (0..self.sketches.len()).filter(|at| of_group(&self.sketches[*at])).collect();
        let size = common.size.as_ref().map_or(group.len().max(1), |size| size.value as usize);
        // Of a role only the set that has it in the file.
        let sets = if hit.master.is_some() { 1 } else { usize::MAX };
        for (set, members) in group.chunks(size).enumerate().take(sets) {
            let struck = members.iter().filter(|member| hit.members.contains(member));
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

    /// One event and one repair for all members.
    fn together(&mut self, hit: &Hit<'_>) {
        let first = hit.members.first().copied();
        let (Some(repair), Some(onset)) = (self.repair(hit, first), onset(hit, 1.0)) else {
            return;
        };
        let name = format!("{}/together", hit.name);
        let struck = ["struck", "seen"].map(|name| State::failed(name, Effect::Refuse));
        let mut states = vec![State::serving("armed")];
        states.extend(struck);
        let back = Timer::new(&format!("{}.repair", hit.name), repair);
        let mut event = Automaton::new(&name, states)
            .transition(Transition::on(&onset.name, &["armed"], "struck"))
            .timer(onset)
            .fact("active", !Expr::within(&["armed"]));
        let mut last = "struck";
        if let Some(law) = &hit.spec.detected_by_people {
            let seen = Timer::new(&format!("{}.seen", hit.name), DurationLaw(law_of(law)));
            event = event.transition(Transition::on(&seen.name, &["struck"], "seen")).timer(seen);
            last = "seen";
        }
        event = event.transition(Transition::on(&back.name, &[last], "armed")).timer(back);
        self.groups.push(event);
        let active = Expr::of(&name, "active");
        let state = state_of(hit.name);
        for &index in &hit.members {
            let sketch = &mut self.sketches[index];
            sketch.add_harm(hit.harm, &state, false);
            sketch.turn(Transition::when(active.clone(), &[UP], &state));
            sketch.turn(Transition::when(!active.clone(), &[&state], UP));
        }
    }

    /// A fault that follows another of the same part, or of what the part stands on.
    fn follower(
        &mut self,
        hit: &Hit<'_>,
        after: &crate::model::spec::runs::AfterSpec,
        leads: Option<&Hit<'_>>,
    ) {
        let Some(leads) = leads else { return };
        for &index in &hit.members {
            let part = self.sketches[index].part;
            let mut chain = std::iter::once(part).chain(part.domains(self.draft));
            let trigger = chain.find_map(|part| {
                self.at.get(&part).copied().filter(|at| leads.members.contains(at))
            });
            let Some(trigger) = trigger else {
                let name = &self.sketches[index].name;
                let message = format!("`{}` never strikes `{name}` or its host", leads.name);
                self.out.push(Diagnostic::new(Code::NoEffect, after.fault.span, message));
                continue;
            };
            self.follow(hit, after, index, &format!("in {}", leads.name), trigger);
        }
    }

    fn follow(
        &mut self,
        hit: &Hit<'_>,
        after: &crate::model::spec::runs::AfterSpec,
        index: usize,
        fact: &str,
        trigger: usize,
    ) {
        let (pending, passed) = (format!("{}.pending", hit.name), format!("{}.passed", hit.name));
        let begun = after.once.value == Once::Begun;
        let state = self.state(hit, index, if begun { &passed } else { UP });
        let leads = if trigger == index {
            Expr::own(fact)
        } else {
            Expr::of(&self.sketches[trigger].name, fact)
        };
        let sketch = &mut self.sketches[index];
        let from: Vec<String> =
            std::iter::once(UP.to_string()).chain(sketch.sound.iter().cloned()).collect();
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        let chance = after.chance.value.get();
        let way = |probability, to: &str, adds: bool| Branch {
            probability,
            to: to.into(),
            also: Vec::new(),
            adds: adds.then(|| hit.name.to_string()),
        };
        let target = if begun { &state } else { &pending };
        let mut ways = vec![way(chance, target, begun), way(1.0 - chance, &passed, false)];
        ways.retain(|way| way.probability > 0.0);
        let draw = Transition::when(leads.clone(), &from, target);
        sketch.turn(draw.branching(hit.name, ways));
        sketch.sound.push(passed.clone());
        sketch.automaton.states.push(State::serving(&passed));
        sketch.turn(Transition::when(!leads.clone(), &[&passed], UP));
        if !begun {
            sketch.automaton.states.push(degraded(&pending));
            let strike = Transition::when(!leads, &[&pending], &state);
            sketch.turn(strike.branching("strike", vec![way(1.0, &state, true)]));
        }
    }

    /// All automata with their facts, and what they mean for the components; `live`: with the faults
    /// of the file.
    pub fn finish(mut self, live: bool, ids: &BTreeMap<String, ComponentId>) -> Declared {
        let mut declared = Declared::default();
        let draft = self.draft;
        for index in 0..self.sketches.len() {
            let back = self.sketches[index].bring_back(draft);
            declared.breakable.push((self.sketches[index].name.clone(), back));
        }
        for sketch in &mut self.sketches {
            if let Some(planned) = planned(sketch) {
                sketch.publish(IS_PLANNED, planned);
            }
        }
        for index in 0..self.sketches.len() {
            self.facts(index);
            self.heartbeat(index);
            self.effects(index, ids, &mut declared);
            self.memory(index, ids, &mut declared);
            self.converging(index, ids, &mut declared);
        }
        self.takeovers(live, ids, &mut declared);
        self.peers();
        for sketch in self.sketches {
            declared.declaration.add(sketch.automaton);
        }
        for group in self.groups {
            declared.declaration.add(group);
        }
        for (database, role) in self.masters {
            declared.masters.insert(database, role.name.clone());
            declared.declaration.add(role);
        }
        declared.declaration.forced_causes.push(PLANNED.into());
        declared
    }

    fn name(&self, part: Part) -> Option<&str> {
        self.at.get(&part).map(|at| self.sketches[*at].name.as_str())
    }

    fn of(&self, part: Option<Part>, fact: &str) -> Expr {
        let name = part.and_then(|part| self.name(part));
        name.map_or(Expr::Always, |name| Expr::of(name, fact))
    }

    /// Names of the parts number 0, 1, … .
    fn parts(&self, part: impl Fn(u32) -> Part) -> Vec<&str> {
        (0..).map_while(|number| self.name(part(number))).collect()
    }

    /// One of the parts number 0, 1, … has `fact`; true when there is none.
    fn any(&self, fact: &str, part: impl Fn(u32) -> Part) -> Expr {
        let all: Vec<Expr> = self.parts(part).iter().map(|name| Expr::of(name, fact)).collect();
        if all.is_empty() { Expr::Always } else { Expr::Any(all) }
    }
}

/// The parts that an operation names, in the order of parts.
pub fn operated(draft: &Draft, spec: &OperationSpec, out: &mut Diagnostics) -> Vec<Part> {
    let mut parts = Vec::new();
    for reference in spec.of.iter().flat_map(|of| of.value.iter()) {
        parts.extend(targets::parts(draft, &reference.text, reference.span, out));
    }
    parts.sort_unstable();
    parts.dedup();
    parts
}

fn state_of(fault: &str) -> String {
    format!("fault.{fault}")
}

/// The timer of the onset at `share` of the rate; `None` when that is nothing.
fn onset(hit: &Hit<'_>, share: f64) -> Option<Timer> {
    if let Some(at) = &hit.spec.at {
        return Some(Timer::clock(hit.name, SimTime::ZERO + at.value, None));
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

fn sketch(draft: &Draft, part: Part) -> Sketch {
    let name = part.name(draft);
    let states = vec![State::serving(UP), State::failed(BROKEN, Effect::Refuse)];
    let host = match part {
        Part::Zone { .. } => part.stands_on(draft).map(|on| Expr::of(&on.name(draft), "alive")),
        Part::Service { .. } => part.stands_on(draft).map(|on| Expr::of(&on.name(draft), "alive")),
        Part::Database { database, member } => part.stands_on(draft).map(|on| {
            let zone = Expr::of(&on.name(draft), "alive");
            match draft.links.databases[database].members[member as usize].store {
                // Without its data the process does not run.
                Some(Store::Disks { set, .. }) => {
                    let disks = server_of(draft, part).map(|server| Part::Disks { server, set });
                    let lost = disks.map(|disks| Expr::of(&disks.name(draft), "is down"));
                    lost.map_or(zone.clone(), |lost| zone.and(!lost))
                }
                _ => zone,
            }
        }),
        _ => None,
    };
    let law = match part {
        Part::Service { service, .. } => draft.scenario.service[service].1.restart.as_ref(),
        Part::Database { database, .. } => draft.scenario.database[database].1.restart.as_ref(),
        _ => None,
    };
    Sketch {
        part,
        automaton: Automaton::new(&name, states),
        name,
        harms: vec![(BROKEN.into(), Harm::Down)],
        sound: Vec::new(),
        cured: Vec::new(),
        host,
        restart: law.map(|law| DurationLaw(law_of(law))),
    }
}

impl Sketch {
    fn add_harm(&mut self, harm: Harm, state: &str, cured: bool) {
        self.automaton.states.push(harm.state(state));
        self.harms.push((state.to_string(), harm));
        if cured {
            self.cured.push(state.to_string());
        }
    }

    /// A timer, and where it leads.
    fn step(&mut self, timer: Timer, from: &str, to: &str) {
        let step = Transition::on(&timer.name, &[from], to);
        self.turn(step);
        self.automaton.timers.push(timer);
    }

    fn turn(&mut self, transition: Transition) {
        self.automaton.transitions.push(transition);
    }

    fn publish(&mut self, fact: &str, when: Expr) {
        self.automaton.facts.push((fact.into(), when));
    }

    fn states(&self, of: impl Fn(Harm) -> bool) -> Vec<String> {
        self.harms.iter().filter(|(_, harm)| of(*harm)).map(|(state, _)| state.clone()).collect()
    }

    /// Adds the way back after the host was gone, and the facts about single harms; gives the
    /// state in which a broken part comes back.
    fn bring_back(&mut self, draft: &Draft) -> &'static str {
        let boot = match self.part {
            Part::Zone { zone, .. } => Some(draft.scenario.zone[zone].1.boot.value),
            _ => None,
        };
        let way = match (boot.filter(|boot| *boot > SimDuration::ZERO), &self.restart) {
            (Some(boot), _) => Law::constant(boot.seconds()).ok().map(|law| (BOOTING, law)),
            (None, Some(restart)) => Some((STARTING, restart.0.clone())),
            (None, None) => None,
        };
        let mut back = UP;
        if let (Some((state, law)), Some(host)) = (way, self.host.clone()) {
            let mut from: Vec<&str> = vec![UP];
            from.extend(self.sound.iter().map(String::as_str));
            from.extend(self.cured.iter().map(String::as_str));
            let lost = Transition::when(!host.clone(), &from, state);
            // Before anything else that waits: whoever has no host cannot fall ill.
            self.automaton.transitions.insert(0, lost);
            self.automaton.states.push(State::failed(state, Effect::Refuse));
            self.harms.push((state.to_string(), Harm::Down));
            // A dot keeps the name apart from that of every fault.
            let timer = Timer::new(&format!("{state}.done"), DurationLaw(law)).guarded(host);
            self.step(timer, state, UP);
            back = state;
        }
        let mut facts: Vec<(String, Vec<String>)> = Vec::new();
        for (state, harm) in &self.harms {
            let fact = match harm {
                Harm::Down => "is down".to_string(),
                Harm::Hung => "is hung".to_string(),
                Harm::Stalled => "is stalled".to_string(),
                Harm::Cut => "is cut".to_string(),
                Harm::Slow(factor) => format!("is slow {factor}"),
                Harm::Forgot => "has forgotten".to_string(),
            };
            match facts.iter_mut().find(|(name, _)| *name == fact) {
                Some((_, states)) => states.push(state.clone()),
                None => facts.push((fact, vec![state.clone()])),
            }
        }
        for (state, _) in &self.harms {
            if let Some(fault) = state.strip_prefix("fault.")
                && !fault.contains('.')
            {
                let seen = format!("{state}.seen");
                let both: Vec<String> = self
                    .harms
                    .iter()
                    .map(|(name, _)| name.clone())
                    .filter(|name| name == state || *name == seen)
                    .collect();
                facts.push((format!("in {fault}"), both));
            }
        }
        for (fact, states) in facts {
            self.publish(&fact, Expr::In(states));
        }
        if matches!(self.part, Part::Database { .. }) {
            self.publish(WELL, Expr::within(&[UP]));
        }
        back
    }
}
