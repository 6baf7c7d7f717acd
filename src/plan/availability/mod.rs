//! Availability over years: when enough is up and reachable, as facts of the health net.
//!
//! Model: every node of the dependency graph becomes a system-level fact: its own part is healthy, and
//! enough of what it needs holds. Where members take over from each other, the graph alone would require
//! only one of them. There an automaton declared by the kind decides which member serves, after which delay and
//! with which coverage: the virtual IP of a balancer (`kinds::balancer::address`), the primary of a database
//! (`kinds::database::failover`), the volumes of a head (`kinds::nas::volumes`, which `requests` uses too). Users who
//! arrive over one of several links of a site, or at one of several edges, are cut off until routes have converged
//! (`routes`). Users whom a name service directs to a failed target are lost until it detects the failure and
//! cached answers have expired (`answers`).
//!
//! The automata of parts, their faults and repairs are those of [`faults`], with the same draws. Onsets and
//! repairs are therefore the same as in `requests` under the same seed. What the
//! mechanisms of `requests` decide (probes, elections) is sampled here from the law that follows from
//! their timers.
//!
//! Each set of faults that is left out ("without") has a net of its own, with the same draws for all others.
//!
//! Takes a draft. Gives an [`AvailabilityPlan`]. Leaves out: load; the after-effects of a takeover
//! (cold memory, writes to apply); stalled storage that makes a failover script believe
//! that the primary is dead.
//!
//! [`faults`]: crate::plan::faults

mod answers;
pub(crate) mod beliefs;
mod data;
mod lengths;
mod meters;
pub mod recovery;
mod routes;
pub mod surrogate;

pub(crate) use meters::volume;

pub use data::{Corrupts, DiskAutomata};
pub use meters::{ALL, Meter};

use std::collections::BTreeSet;

use crate::convert::table;
use crate::engine::draw::Seed;
use crate::engine::law::Law;
use crate::health::{AutomatonId, CauseName, DeclarationError, FactId, Net, Reading, Start};
use crate::kinds::zone::vm;
use crate::model::spec::runs::{Initial, OperationSpec};
use crate::plan::Draft;
use crate::plan::faults::restores::{self, Restored};
use crate::plan::faults::single_disks::{self, FailingSet};
use crate::plan::faults::{self, PLANNED};
use crate::plan::fluid::{FluidNet, FluidPlan};
use crate::plan::graph::Graph;
use crate::plan::kind;
use crate::plan::names::{Kind, member_name};
use crate::plan::program::law_of;
use crate::plan::streams;
use crate::units::SimDuration;

use lengths::Lengths;
use recovery::{Role, RoleFacts};

/// Horizon of a replication if the scenario sets none.
pub const HORIZON: SimDuration = SimDuration::YEAR.saturating_mul(10);
/// Minimum length of an outage if the scenario sets none; shorter ones are not counted as outages.
const SHORTEST: SimDuration = SimDuration::SECOND;

/// Number of parts that stand for all users when shares are counted: a multiple of 1 to 16.
pub const WHOLE: u32 = 720_720;

/// Availability questions of a draft, and the nets that answer them.
#[derive(Clone, Debug)]
pub struct AvailabilityPlan {
    /// Root of all draws.
    pub seed: Seed,
    /// Ages at time zero.
    pub start: Start,
    /// Length of a replication.
    pub horizon: SimDuration,
    /// Minimum length of an outage: the downtime of a shorter one counts, but it is not counted as an outage.
    pub shortest_outage: SimDuration,
    /// Subjects whose availability is measured, by name.
    pub watched: Vec<Watched>,
    /// Meters in their order: the subject's index in `watched`, and the sort of availability.
    pub measured: Vec<(usize, Availability)>,
    /// Longest mean repair time: the assumed length of an outage if none was observed.
    pub repair: Option<SimDuration>,
    /// Repair law per cause; `None` if the cause is not a fault or unit of the file with a repair.
    pub repairs: Vec<Option<RepairLaw>>,
    /// Names of the faults that a figure may leave out.
    pub removable: Vec<String>,
    /// Names of the causes of all nets.
    pub causes: Vec<String>,
    /// Roles that pass from one holder to another, such as the primary of a database.
    pub roles: Vec<Role>,
    /// Databases that lose data to faults, and their restores.
    pub restores: Vec<Restored>,
    /// Sets of disks that fail one by one.
    pub disk_sets: Vec<FailingSet>,
    /// Nets by set of faults left out; the first has all faults.
    pub nets: Vec<AvailabilityNet>,
    /// Traffic; `None` if no class is requested at a rate.
    pub fluid: Option<FluidPlan>,
    /// Faults that strike shared parts, or that no architecture inside one site masks.
    pub common: Vec<String>,
    /// True if the traffic has flash crowds, whose times are drawn.
    pub has_flashes: bool,
    /// Indices of the meters whose outages are recorded for stories; empty unless requested.
    pub stories: Vec<usize>,
}

/// The first two moments of a repair time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RepairLaw {
    /// Mean.
    pub mean: SimDuration,
    /// Coefficient of variation: standard deviation divided by the mean.
    pub cv: f64,
}

/// Subject whose availability is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Name of the subject.
    pub name: String,
    /// Sort of the subject.
    pub kind: WatchedKind,
}

/// Sort of a subject whose availability is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchedKind {
    /// A request class, with all that is on its path, as its users see it.
    Class,
    /// All classes that some workload requests, if there are several: up while every one of them is.
    All,
    /// A service: enough of its members.
    Service,
    /// A group of units.
    Group,
    /// The members of a unit that are in no group, each by itself. Their mean is reported.
    Fleet,
}

/// Definition of availability that a meter uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Availability {
    /// Enough is up and reachable.
    Structural,
    /// Also, at most 1 % of the requests fail because of wrong beliefs: a dead member or target is
    /// still used, or none is believed alive. For classes only.
    Continuous,
}

impl Availability {
    /// Returns the word used in figures and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Structural => "structural",
            Self::Continuous => "continuous",
        }
    }
}

impl WatchedKind {
    /// Returns the word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::All => "all",
            Self::Service => "service",
            Self::Group => "group",
            Self::Fleet => "fleet",
        }
    }
}

/// Compiled net, with the facts that its meters read.
#[derive(Clone, Debug)]
pub struct AvailabilityNet {
    /// Faults left out of this net.
    pub without: Vec<String>,
    /// The automata.
    pub net: Net,
    /// Meters in the order of [`AvailabilityPlan::measured`], up to the first fleet.
    pub meters: Vec<Meter>,
    /// Fleets, in the same order.
    pub fleets: Vec<Fleet>,
    /// Members of fleets that are alone ([`Net::alone`]): each may be simulated by itself.
    pub alone: Vec<AutomatonId>,
    /// Index in [`AvailabilityPlan::causes`], per cause of the net.
    pub causes: Vec<u32>,
    /// Facts of the roles, in the order of [`AvailabilityPlan::roles`].
    pub roles: Vec<RoleFacts>,
    /// Automata of the losses, in the order of [`AvailabilityPlan::restores`] and of the ways of each; `None` where the faults
    /// are left out.
    pub restores: Vec<Vec<Option<Corrupts>>>,
    /// Automata of the sets of disks, in the order of [`AvailabilityPlan::disk_sets`]; `None` where the fault is left out.
    pub disk_sets: Vec<Option<DiskAutomata>>,
    /// Facts that the traffic model reads, if there is traffic.
    pub load: Option<FluidNet>,
    /// Meters that no fault of the file can take down, one for each of `meters`.
    pub always_up: Vec<bool>,
    /// True if nothing in it is drawn: every replication is the same.
    pub is_fixed: bool,
}

/// Members of one unit, each of which serves by itself: if one is down, its share is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Automata of the members.
    pub members: Vec<AutomatonId>,
    /// Cause of a member's failure, as an index in [`AvailabilityPlan::causes`].
    pub cause: u32,
}

/// Returns whether anything in a draft can fail.
#[must_use]
pub fn can_fail(draft: &Draft) -> bool {
    let scenario = &draft.scenario;
    !scenario.fault.is_empty() || !scenario.unit.is_empty() || has_planned_work(draft)
}

fn has_planned_work(draft: &Draft) -> bool {
    let planned =
        |operation: &OperationSpec| operation.takes_out() || vm::is_rebooted(draft, operation);
    draft.scenario.operation.iter().any(|(_, operation)| planned(operation))
}

/// Reason why a draft has no plan of the long horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlan {
    /// Nothing in it can fail.
    NothingFails,
    /// Its declaration cannot be compiled: conditions nest too deep.
    Declaration(DeclarationError),
}

/// Compiles the availability plan of a draft, with one more net per set of faults in `without`.
///
/// # Errors
///
/// `NoPlan`: nothing in the draft can fail, or conditions are nested too deeply.
pub fn plan(draft: &Draft, without: &[Vec<String>]) -> Result<AvailabilityPlan, NoPlan> {
    plan_with(draft, without, FluidPlan::of(draft))
}

/// Compiles the availability plan of a draft without its traffic.
///
/// # Errors
///
/// Same as for [`plan`].
pub fn plan_of_parts(draft: &Draft, without: &[Vec<String>]) -> Result<AvailabilityPlan, NoPlan> {
    plan_with(draft, without, None)
}

fn plan_with(
    draft: &Draft,
    without: &[Vec<String>],
    mut fluid: Option<FluidPlan>,
) -> Result<AvailabilityPlan, NoPlan> {
    if !can_fail(draft) {
        return Err(NoPlan::NothingFails);
    }
    let scenario = &draft.scenario;
    let common = common(draft);
    let mut sets: Vec<Vec<String>> = vec![Vec::new()];
    if !common.is_empty() {
        sets.push(common.clone());
    }
    for set in without {
        if !sets.contains(set) {
            sets.push(set.clone());
        }
    }
    let graph = Graph::with_services(draft);
    let watched = meters::watched(draft, &graph);
    let measured = meters::measured(&watched);
    let mut roles = Vec::new();
    let compiled: Result<Vec<(Net, Vec<Meter>)>, DeclarationError> = sets
        .iter()
        .map(|set| compile(draft, &graph, (&watched, &measured), set, (fluid.as_mut(), &mut roles)))
        .collect();
    let compiled = compiled.map_err(NoPlan::Declaration)?;
    let causes = cause_names(draft, &compiled);
    let (lengths, repairs) = Lengths::with_causes(draft, &causes);
    if let Some(fluid) = &mut fluid {
        cut_off(fluid, &compiled[0], (&watched, &measured));
        fluid.know_causes(&causes);
    }
    let start = start_of(scenario.run.initial.value);
    let is_scaled = fluid.as_ref().is_some_and(|fluid| !fluid.scaled.is_empty());
    let (restored, failing) = (restores::all(draft), single_disks::all(draft));
    let nets = compiled.into_iter().zip(sets).map(|((net, meters), without)| {
        let place = |cause: &CauseName| {
            let name = shown(draft, cause);
            table::u32(causes.iter().position(|other| *other == name).expect("it is listed"))
        };
        let load = fluid.as_ref().map(|fluid| fluid.resolve(&net));
        let fleets = meters::fleets(draft, &watched, &causes, &net);
        let all = net.alone();
        let members = fleets.iter().flat_map(|fleet| fleet.members.iter().copied());
        let alone = members.filter(|member| all[member.index()]).collect();
        let roles = recovery::resolve(&roles, &net);
        let restores = restored.iter().map(|one| Corrupts::of(&net, one)).collect();
        let disk_sets = failing.iter().map(|one| DiskAutomata::find(&net, one)).collect();
        let causes = net.causes().map(place).collect();
        let (always_up, is_fixed) = meters::certain(&net, &meters, (start, is_scaled));
        AvailabilityNet {
            without,
            net,
            meters,
            fleets,
            alone,
            causes,
            roles,
            restores,
            disk_sets,
            load,
            always_up,
            is_fixed,
        }
    });
    let nets = nets.collect();
    Ok(AvailabilityPlan {
        seed: Seed(scenario.run.seed.value),
        start,
        horizon: scenario.run.horizon.as_ref().map_or(HORIZON, |horizon| horizon.value),
        shortest_outage: scenario
            .run
            .shortest_outage
            .as_ref()
            .map_or(SHORTEST, |least| least.value),
        watched,
        measured,
        repair: lengths.longest(),
        repairs,
        removable: removable(draft, has_planned_work(draft)),
        causes,
        roles,
        restores: restored,
        disk_sets: failing,
        nets,
        fluid,
        common,
        has_flashes: scenario.workload.iter().any(|(_, workload)| workload.flash.is_some()),
        stories: Vec::new(),
    })
}

/// Adds to the traffic what cuts off users, by the structural meters of its classes.
fn cut_off(
    fluid: &mut FluidPlan,
    (net, meters): &(Net, Vec<Meter>),
    (watched, measured): (&[Watched], &[(usize, Availability)]),
) {
    let structural = |class: &str| {
        let is = |(at, how): &(usize, Availability)| {
            watched[*at].name == class && *how == Availability::Structural
        };
        meters.get(measured.iter().position(is)?)
    };
    let names = fluid.classes.iter().map(|class| structural(&class.name)).enumerate();
    let of: Vec<(usize, &Meter)> = names.filter_map(|(at, meter)| Some((at, meter?))).collect();
    fluid.cut_off(&of, net);
}

const fn start_of(initial: Initial) -> Start {
    match initial {
        Initial::Stationary => Start::Stationary,
        Initial::New => Start::New,
    }
}

impl AvailabilityPlan {
    /// Returns the meters that users experience, those of classes and groups, in the order of their names.
    #[must_use]
    pub fn felt(&self) -> Vec<usize> {
        let felt = |meter: &usize| {
            let (watched, _) = self.measured[*meter];
            matches!(self.watched[watched].kind, WatchedKind::Class | WatchedKind::Group)
        };
        let mut all: Vec<usize> = (0..self.measured.len()).filter(felt).collect();
        // The order of sections in the file must not matter.
        all.sort_by_key(|meter| {
            let (watched, availability) = self.measured[*meter];
            (self.watched[watched].kind, &self.watched[watched].name, availability)
        });
        all
    }

    /// Returns the index of the net that leaves out exactly these faults.
    #[must_use]
    pub fn without(&self, faults: &[String]) -> Option<usize> {
        self.nets.iter().position(|net| net.without == faults)
    }

    /// Returns the number of members that a meter covers: the size of a fleet, otherwise 1.
    #[must_use]
    pub fn members(&self, net: usize, meter: usize) -> usize {
        let fleet = meter.checked_sub(self.nets[net].meters.len());
        fleet.and_then(|at| self.nets[net].fleets.get(at)).map_or(1, |f| f.members.len())
    }

    /// Returns the index of the net without the faults in `common`; `None` if there are none.
    #[must_use]
    pub fn architecture(&self) -> Option<usize> {
        self.without(&self.common).filter(|_| !self.common.is_empty())
    }
}

/// Returns the names of faults that strike shared parts (sites, racks, switches, uplinks and links) or
/// all members at once because of one mistake (`together`, or a bad version that reaches several).
#[must_use]
pub fn common(draft: &Draft) -> Vec<String> {
    let mut found = Vec::new();
    for (name, spec) in draft.scenario.fault.iter() {
        let parts = draft.targets.hit(spec);
        if spec.together.value
            || (!parts.is_empty() && parts.iter().all(|part| part.sort().is_common))
        {
            found.push(name.text.clone());
        }
    }
    for (name, spec, wrong) in faults::may_go_wrong(draft) {
        let spreads = wrong.found_after.is_some() || !wrong.stops_at_failure.value;
        let parts = draft.targets.operated(spec);
        let shared = !parts.is_empty() && parts.iter().all(|part| part.sort().is_common);
        if shared || (spec.deploys() && spreads && parts.len() > 1) {
            found.push(name.text.clone());
        }
    }
    // The order of sections in the file must not matter.
    found.sort();
    found
}

fn compile(
    draft: &Draft,
    graph: &Graph,
    (watched, measured): (&[Watched], &[(usize, Availability)]),
    without: &[String],
    (fluid, roles): (Option<&mut FluidPlan>, &mut Vec<Role>),
) -> Result<(Net, Vec<Meter>), DeclarationError> {
    let mut declared = faults::declare_without(draft, without);
    for (component, timer) in meters::unit_faults(draft, without) {
        declared.declaration.remove_fault(&component, &timer);
    }
    if !without.is_empty() {
        beliefs::know_of_hangs(&mut declared.declaration);
    }
    // Facts about components are for `requests`, which reads the same automata.
    declared.declaration.facts.retain(|(name, _)| !name.contains(": "));
    for kind in kind::all() {
        kind.surrogates(draft, graph, &mut declared.declaration);
    }
    routes::declare(draft, &mut declared.declaration);
    answers::declare(draft, &mut declared.declaration);
    meters::declare(draft, graph, watched, &mut declared.declaration);
    *roles = recovery::declare(draft, &mut declared.declaration);
    if let Some(fluid) = fluid {
        fluid.declare(draft, &mut declared.declaration);
    }
    streams::keep(draft, &mut declared.declaration);
    let net = Net::compile(&declared.declaration, Reading::default())?;
    let meters = meters::resolve(draft, graph, (watched, measured), &net);
    Ok((net, meters))
}

/// Returns the names of the faults of the file, of the units, of operations that may go wrong, and of planned work if
/// there is any.
fn removable(draft: &Draft, planned: bool) -> Vec<String> {
    let mut names: Vec<String> =
        draft.scenario.fault.iter().map(|(name, _)| name.text.clone()).collect();
    for (name, spec) in draft.scenario.unit.iter() {
        names.extend((0..spec.count.value).map(|member| member_name(name, member)));
    }
    names.extend(faults::may_go_wrong(draft).map(|(name, ..)| name.text.clone()));
    names.extend(planned.then(|| PLANNED.to_string()));
    names
}

/// Returns the repair laws of units, which fail by laws of their own.
fn own_repairs(draft: &Draft) -> impl Iterator<Item = Law> {
    draft.scenario.unit.iter().filter_map(|(_, spec)| spec.repair.as_ref()).map(|law| law_of(law))
}

/// Returns the repair law of a unit that is a cause.
fn own_repair(draft: &Draft, cause: &str) -> Option<Law> {
    let found = draft.names.find(cause).filter(|found| found.kind == Kind::Unit)?;
    draft.scenario.unit[found.index].1.repair.as_ref().map(|law| law_of(law))
}

/// Returns the name of a cause in reports.
fn shown(draft: &Draft, cause: &CauseName) -> String {
    if let Some(rest) = cause.label.strip_prefix(PLANNED)
        && (rest.is_empty() || rest.starts_with('.'))
    {
        return PLANNED.into();
    }
    if let Some(found) = draft.names.find(&cause.component).filter(|f| f.kind == Kind::Unit)
        && draft.scenario.fault.get(&cause.label).is_none()
    {
        // The members of a fleet are reported under one name.
        let fleet = meters::fleet_units(draft).find(|(unit, _)| *unit == found.index);
        return fleet.map_or_else(|| cause.component.to_string(), |(_, name)| name.to_string());
    }
    cause.label.to_string()
}

/// Returns the names of all causes, sorted: the order of sections in the file must not matter.
fn cause_names(draft: &Draft, nets: &[(Net, Vec<Meter>)]) -> Vec<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    for (net, _) in nets {
        all.extend(net.causes().map(|cause| shown(draft, cause)));
    }
    all.into_iter().collect()
}

/// Looks up a system-level fact of a net by name.
fn fact(net: &Net, name: &str) -> FactId {
    net.fact(name).expect("it was declared under this name")
}
