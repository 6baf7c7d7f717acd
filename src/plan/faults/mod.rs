//! Faults of a scenario as one declaration of health, and their effects on components.
//!
//! Model: each part is one automaton with the name of the part. It is `up`, or in the state of the fault
//! that struck it (one at a time: a fault ages and strikes while its part is up), or `broken` by a
//! drill, or on its way back (a zone boots, a process restarts). The effect of a part's host on it is
//! never copied: it is an expression over the host's facts, and carries the host's cause.
//!
//! - A fault is a timer keyed by (part, fault). A hang that people must detect has a second state
//!   for the time after detection.
//! - `together` is an automaton of its own that is `struck` from onset to repair: its members go
//!   down and come back with it.
//! - A common cause is a joint event of a set of the group's members, keyed by the set, even if it has one member;
//!   each member is repaired by itself.
//! - A role that passes between members (the primary of a replicated database) is an automaton of its own. Its state
//!   is the member that has the role, and the component that performs the failover moves it. A fault of the role ages
//!   while its holder is healthy, and strikes the holder. Its draws are those of the holder in a group without others.
//! - The contents of memory (an object cache, the RAM of a server or head, a database's buffer) are lost
//!   when its process or host is down or hangs, and by `cache-lost`.
//! - A corruption (`corrupt`) is an automaton of the database: its members go on serving until it is found, and are down
//!   while the data are restored from a backup ([`restores`], `declare::corrupted`).
//! - A disk of a set that fails (`disk-failed`) is an automaton of its own, and the set is lost when too many are missing
//!   ([`single_disks`], `declare::single_disks`).
//! - A database whose members have all lost their disks is restored from a backup, where it declares how ([`restores`],
//!   `declare::lost_data`).
//! - An operation that takes parts out is a clock in each of them; its cause is `planned`. Work that goes wrong is drawn
//!   when it begins and has the operation's name as its cause (`declare::gone_wrong`).
//! - `after` draws when the other fault strikes, keyed by the part that follows.
//!
//! - The reaction of other parts of a kind to a failure is an automaton of that kind: the volumes of a head are in
//!   `kinds::nas::volumes`, the addresses of peers in `kinds::balancer::peers`.
//!
//! Takes a draft and the numbers of its components. Gives a [`HealthPlan`]. Leaves out: working hours of
//! crews.

mod declare;
pub use declare::{IS_PLANNED, Mechanisms, Shown, holder, slowdown, slowdown_of, slowed_by};
pub use memory::memory_lost;
mod memory;
pub mod parts;
pub mod restores;
pub mod single_disks;
pub mod textbook;

use std::collections::BTreeMap;

use crate::convert::table;
use crate::health::{Declaration, FactId, Forced, Net, Reading, Start};
use crate::kinds::zone::vm;
use crate::model::Health;
use crate::model::ids::{CauseId, ComponentId};
use crate::model::outage::{Ailing, Breakable, HealthNet, HealthPlan, PrimaryRole};
use crate::model::spec::runs::{GoesWrongSpec, Initial, OperationSpec};
use crate::model::world::storage::Handed;
use crate::plan::Draft;
use crate::plan::drills;
use crate::plan::names::Kind;
use crate::plan::part::{Part, disk_sets};
use crate::plan::streams;
use crate::plan::targets::RoleOf;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

/// Cause of planned work: drills, maintenance.
pub const PLANNED: &str = "planned";

/// Declaration, with the effects of its facts on components.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Automata and facts.
    pub declaration: Declaration,
    /// System-level facts and the health that each implies, the worst first, per component.
    pub effects: BTreeMap<ComponentId, Vec<(String, Health)>>,
    /// System-level facts whose onset clears the memory of a component.
    pub wipes: BTreeMap<String, ComponentId>,
    /// System-level facts and the head that serves the volumes while each holds (`None`: no head), per owning head.
    pub handed: BTreeMap<ComponentId, Vec<(String, Option<ComponentId>)>>,
    /// System-level facts that a part with a power meter is off, with the meter.
    pub off: BTreeMap<String, usize>,
    /// Parts that a drill can break: their name, and the state in which they come back.
    pub breakable: Vec<(String, &'static str)>,
    /// Automata of the roles whose holder a fault strikes; the state says which member it is.
    pub primaries: BTreeMap<RoleOf, String>,
}

/// Returns the operations that say how their work goes wrong, by name and outcome.
pub fn may_go_wrong(
    draft: &Draft,
) -> impl Iterator<Item = (&Name, &OperationSpec, &GoesWrongSpec)> {
    let operations = draft.scenario.operation.iter();
    // With a probability of 0 too: its name stays a cause.
    operations.filter_map(|(name, spec)| Some((name, spec, &spec.goes_wrong.as_ref()?.value)))
}

/// Returns the names of all causes: overload, the faults in the order of the file, work that goes wrong,
/// the sets of disks whose single disks fail, planned work.
#[must_use]
pub fn causes(draft: &Draft) -> Vec<String> {
    let faults = draft.scenario.fault.iter().map(|(name, _)| name.text.clone());
    std::iter::once("overload".to_string())
        .chain(faults)
        .chain(may_go_wrong(draft).map(|(name, ..)| name.text.clone()))
        .chain(sets_that_fail(draft))
        .chain(std::iter::once(PLANNED.to_string()))
        .collect()
}

/// Returns the causes of planned work that goes wrong, in the order of [`causes`].
#[must_use]
pub fn causes_of_work(draft: &Draft) -> Vec<CauseId> {
    let first = 1 + draft.scenario.fault.iter().count();
    (first..first + may_go_wrong(draft).count()).map(CauseId::at).collect()
}

/// Returns the name of the cause of what is lost with the set of disks `set` of `owner` when too many of its disks
/// have failed. No fault has it: a name of the file has no point.
fn cause_of_set(owner: &Name, set: &Name) -> String {
    format!("{owner}.{set}")
}

/// Returns the cause of what is lost with a set of disks when too many of its disks have failed, by set: its own, or the fault that
/// lets them fail at random. Sets whose disks do not fail have none, and of the latter those without transaction groups, which
/// count no losses.
#[must_use]
pub fn of_failed_disks(draft: &Draft) -> BTreeMap<Part, CauseId> {
    let causes = causes(draft);
    let mut places: BTreeMap<&str, CauseId> = BTreeMap::new();
    for (at, name) in causes.iter().enumerate() {
        places.entry(name).or_insert_with(|| CauseId::at(at));
    }
    let mut found = BTreeMap::new();
    for failing in single_disks::all(draft) {
        let counts = failing.part.disk_set(draft).is_some_and(|set| set.transactions.is_some());
        if let Some(cause) = places.get(failing.fault.as_str()).filter(|_| counts) {
            found.entry(failing.part).or_insert(*cause);
        }
    }
    for set in disk_sets(draft).filter(|set| set.spec.resilver.is_some()) {
        if let Some(cause) = places.get(cause_of_set(set.owner, set.name).as_str()) {
            found.extend(set.parts().map(|part| (part, *cause)));
        }
    }
    found
}

/// Returns the sets of disks whose single disks fail, each as a cause.
fn sets_that_fail(draft: &Draft) -> impl Iterator<Item = String> + '_ {
    let failing = disk_sets(draft).filter(|set| set.spec.resilver.is_some());
    failing.map(|set| cause_of_set(set.owner, set.name))
}

/// Compiles the health of a scenario; `None` if nothing can fail and no window breaks a part. Reports all
/// errors to `out`.
pub fn plan(
    draft: &Draft,
    ids: &BTreeMap<String, ComponentId>,
    out: &mut Diagnostics,
) -> Option<HealthPlan> {
    let breaks = breaks(draft);
    if !breaks && !can_break(draft) {
        return None;
    }
    let live = declare(draft, ids, true, out);
    if out.has_errors() {
        return None;
    }
    let causes = causes(draft);
    // A declaration is several times as large as its compiled net: only one is held at a time.
    let compiled = compile(draft, &live, &causes, ids, out)?;
    drop(live);
    let live = Some(compiled);
    let (mut quiet, mut breakable) = (None, Vec::new());
    if breaks {
        let declared = declare(draft, ids, false, &mut Diagnostics::new());
        breakable = declared.breakable.iter().map(|(name, _)| name.clone()).collect();
        quiet = Some(compile(draft, &declared, &causes, ids, out)?);
    }
    Some(HealthPlan { live, quiet, start: start(draft), breakable })
}

/// Reports the same errors as [`plan`], and returns a plan that cannot be simulated: the breakable parts, without
/// automata. Without faults the net has fewer states and the same conditions, so no further error is possible.
pub fn check(draft: &Draft, out: &mut Diagnostics) -> Option<HealthPlan> {
    let breaks = breaks(draft);
    if !breaks && !can_break(draft) {
        return None;
    }
    let declarer = declare::Declarer::new(draft, out);
    let declared = finish(draft, declarer, None, true, &[]);
    if out.has_errors() {
        return None;
    }
    if let Err(error) = Net::check(&declared.declaration) {
        out.push(Diagnostic::new(Code::OutOfRange, draft.scenario.span, error.to_string()));
        return None;
    }
    let mut breakable = Vec::new();
    if breaks {
        breakable.extend(drills::parts(draft).map(|part| part.name(draft)));
    }
    Some(HealthPlan { live: None, quiet: None, start: start(draft), breakable })
}

/// Returns whether a window breaks a part.
fn breaks(draft: &Draft) -> bool {
    draft.scenario.window.iter().any(|(_, window)| window.before.is_some())
}

/// Returns the parts that an operation takes out of service, or reboots.
#[must_use]
pub fn taken_out(draft: &Draft, operation: &OperationSpec) -> Vec<Part> {
    let rebooted = vm::reboots_by_length(draft, operation);
    let mut all: Vec<Part> = rebooted.into_values().flatten().collect();
    if operation.takes_out() {
        all.extend(draft.targets.operated(operation));
    }
    all
}

/// Returns whether anything fails by itself or is taken out by planned work.
fn can_break(draft: &Draft) -> bool {
    let scenario = &draft.scenario;
    let planned = scenario
        .operation
        .iter()
        .any(|(_, operation)| operation.takes_out() || vm::is_rebooted(draft, operation));
    !scenario.fault.is_empty() || !scenario.unit.is_empty() || planned
}

fn start(draft: &Draft) -> Start {
    match draft.scenario.run.initial.value {
        Initial::Stationary => Start::Stationary,
        Initial::New => Start::New,
    }
}

/// Declares a scenario, with its faults or (`live` false) with drills alone.
#[must_use]
pub fn declare(
    draft: &Draft,
    ids: &BTreeMap<String, ComponentId>,
    live: bool,
    out: &mut Diagnostics,
) -> Declared {
    let declarer = declare::Declarer::new(draft, out);
    finish(draft, declarer, Some(ids), live, &[])
}

/// Declares a scenario without some of its faults (or without `planned` work); all other faults keep
/// their draws.
#[must_use]
pub fn declare_without(draft: &Draft, without: &[String]) -> Declared {
    let mut out = Diagnostics::new();
    let declarer = declare::Declarer::new(draft, &mut out);
    finish(draft, declarer, None, true, without)
}

fn finish(
    draft: &Draft,
    mut declarer: declare::Declarer<'_>,
    ids: Option<&BTreeMap<String, ComponentId>>,
    live: bool,
    without: &[String],
) -> Declared {
    if live {
        declarer.faults(without);
        if !without.iter().any(|name| name == PLANNED) {
            declarer.operations(without);
        }
    }
    let mut declared = declarer.finish(live, ids);
    // `requests` reads system-level facts about its components only.
    declared.declaration.whole_facts_alone = ids.is_some();
    if live {
        textbook::declare(draft, &mut declared.declaration);
        // Only drills force other parts, and a net with faults has no drills.
        let roles = declared.primaries.values().cloned().collect();
        declared.declaration.forced = Forced::Only(roles);
    }
    streams::keep(draft, &mut declared.declaration);
    declared
}

fn compile(
    draft: &Draft,
    declared: &Declared,
    causes: &[String],
    ids: &BTreeMap<String, ComponentId>,
    out: &mut Diagnostics,
) -> Option<HealthNet> {
    let net = match Net::compile(&declared.declaration, Reading::default()) {
        Ok(net) => net,
        Err(error) => {
            let span = draft.scenario.span;
            out.push(Diagnostic::new(Code::OutOfRange, span, error.to_string()));
            return None;
        }
    };
    // The facts are sorted by name.
    let whole: Vec<(FactId, &str)> = net.facts_of_whole().collect();
    let fact_called = |name: &str| {
        let at = whole.binary_search_by(|(_, other)| (*other).cmp(name));
        whole[at.expect("it is declared under this name")].0
    };
    let mut ailing = Vec::with_capacity(declared.effects.len());
    let mut readers = vec![None; whole.len()];
    for (row, (component, states)) in declared.effects.iter().enumerate() {
        let mut found = Vec::with_capacity(states.len());
        for (name, health) in states {
            let fact = fact_called(name);
            readers[fact.index()] = Some(table::u32(row));
            found.push((fact, *health));
        }
        ailing.push(Ailing { component: *component, states: found });
    }
    let mut wipes = vec![None; whole.len()];
    for (name, component) in &declared.wipes {
        wipes[fact_called(name).index()] = Some(*component);
    }
    let cause_of = |label: &str| {
        let planned = label.starts_with(PLANNED) && label[PLANNED.len()..].starts_with('.');
        let label = if planned { PLANNED } else { label };
        causes.iter().position(|cause| cause == label)
    };
    let causes = net
        .causes()
        .map(|cause| cause_of(&cause.label).map_or(CauseId::OVERLOAD, CauseId::at))
        .collect();
    let mut breakable = Vec::with_capacity(declared.breakable.len());
    for (name, back) in &declared.breakable {
        let automaton = net.automaton(name).expect("every part has one");
        let state = |name: &str| net.state(automaton, name).expect("every part has it");
        breakable.push(Breakable { automaton, back: state(back), broken: state(declare::BROKEN) });
    }
    let planned = net.cause("", PLANNED).expect("it is declared");
    let (mut handed, mut handing) = (Vec::new(), vec![None; whole.len()]);
    for (owner, states) in &declared.handed {
        let fact = |(name, by): &(String, Option<ComponentId>)| (fact_called(name), *by);
        let states: Vec<_> = states.iter().map(fact).collect();
        for (fact, _) in &states {
            handing[fact.index()] = Some(table::u32(handed.len()));
        }
        handed.push(Handed { owner: *owner, states });
    }
    let (off, metered) = switches(declared, whole.len(), fact_called);
    let primaries = primaries(draft, declared, ids, &net);
    Some(HealthNet {
        ailing,
        readers,
        wipes,
        handed,
        handing,
        off,
        metered,
        causes,
        breakable,
        primaries,
        planned,
        net,
    })
}

/// Returns the facts that a part is off, by power meter, and the meters by fact.
fn switches(
    declared: &Declared,
    facts: usize,
    fact_called: impl Fn(&str) -> FactId,
) -> (Vec<Option<FactId>>, Vec<Option<u32>>) {
    let (mut off, mut metered) = (vec![None; declared.off.len()], vec![None; facts]);
    for (name, meter) in &declared.off {
        let fact = fact_called(name);
        (off[*meter], metered[fact.index()]) = (Some(fact), Some(table::u32(*meter)));
    }
    (off, metered)
}

/// Returns the roles that pass between members, with the automaton and the states that identify the holder.
fn primaries(
    draft: &Draft,
    declared: &Declared,
    ids: &BTreeMap<String, ComponentId>,
    net: &Net,
) -> Vec<PrimaryRole> {
    let sections = |kind: Kind| (0..kind.sections(&draft.scenario)).map(move |at| (kind, at));
    let all = Kind::ALL.iter().flat_map(|kind| sections(*kind));
    let mut roles = Vec::new();
    for (of, role) in all.filter_map(|(kind, index)| RoleOf::find(draft, kind, index)) {
        let Some(group) = ids.get(&role.component).copied() else { continue };
        let members = of.kind.answers().parts(draft, of.index);
        let automaton = declared.primaries.get(&of).and_then(|name| net.automaton(name));
        let states = |automaton| {
            let state = |member: usize| net.state(automaton, &declare::holder(member));
            (0..members.len()).map(|at| state(at).expect("a state for each member")).collect()
        };
        let place = |member: &Part| {
            let part = member.name(draft);
            declared.breakable.iter().position(|(name, _)| *name == part)
        };
        let automaton = automaton.map(|automaton| (automaton, states(automaton)));
        let members = members.iter().filter_map(place).map(table::u32).collect();
        roles.push(PrimaryRole { group, automaton, members });
    }
    roles
}
