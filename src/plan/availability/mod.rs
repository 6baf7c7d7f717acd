//! Availability over years: when enough is up and reachable, as facts of the health net.
//!
//! Model: every node of the dependency graph becomes a fact of the whole: its own part is well, and
//! enough of what it needs holds. Where members take over from each other the graph alone would say
//! that one is enough; here an automaton of their kind says which one serves, after which time and with which
//! coverage: the address of a balancer (`kinds::balancer::address`), the master of a database
//! (`kinds::database::failover`), the volumes of a head (`kinds::nas::volumes`, which `requests` uses too). Users who
//! come over one of several links of a site, or to one of several edges, are cut off until routes have converged
//! (`routes`). Users whom a name service
//! sends to a target that fails are lost until it knows and their answers have run out (`answers`).
//!
//! The automata of parts, their faults and repairs are those of [`faults`], with the same draws: what
//! breaks, and when it is repaired, is what `requests` lives through under the same seed. What the
//! mechanisms of `requests` decide (probes, elections) is drawn here from the law that follows from
//! their timers.
//!
//! What may be asked "without" some faults is a net of its own, with the same draws for all others.
//!
//! Takes a draft. Gives an [`AvailabilityPlan`]. Leaves out: load; what a takeover leaves behind
//! (cold memory, writes to apply); that a storage which stands still lets a failover script believe
//! that the master is dead.
//!
//! [`faults`]: crate::plan::faults

mod answers;
pub(crate) mod beliefs;
mod meters;
pub mod recovery;
mod routes;
pub mod surrogate;

pub(crate) use meters::volume;

pub use meters::ALL;

use std::collections::BTreeSet;

use crate::convert::table;
use crate::engine::draw::Seed;
use crate::health::{AutomatonId, CauseName, DeclarationError, FactId, Net, Reading, Start};
use crate::model::spec::runs::Initial;
use crate::plan::Draft;
use crate::plan::faults::{self, PLANNED};
use crate::plan::fluid::{FluidNet, FluidPlan};
use crate::plan::graph::Graph;
use crate::plan::kind;
use crate::plan::names::{Kind, member_name};
use crate::plan::program::law_of;
use crate::plan::targets;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::SimDuration;

use recovery::{Role, RoleFacts};

/// How long, where the scenario does not say.
pub const HORIZON: SimDuration = SimDuration::YEAR.saturating_mul(10);
/// Shorter outages are none, where the file sets no other limit.
const SHORTEST: SimDuration = SimDuration::SECOND;

/// All of the users, in the parts in which shares of them are counted: a multiple of 1 to 16.
pub const WHOLE: u32 = 720_720;

/// What is asked about over years.
#[derive(Clone, Debug)]
pub struct AvailabilityPlan {
    /// Root of all draws.
    pub seed: Seed,
    /// Ages at time zero.
    pub start: Start,
    /// How long a replication is.
    pub horizon: SimDuration,
    /// Shorter outages are none: their downtime counts, their number does not.
    pub shortest_outage: SimDuration,
    /// What is watched, by name.
    pub watched: Vec<Watched>,
    /// What is measured, in the order of meters: of whom, by place, and how.
    pub measured: Vec<(usize, Availability)>,
    /// The longest mean repair: the length of an outage of which none was seen.
    pub repair: Option<SimDuration>,
    /// By cause: its repair law; none for a cause that is not a fault of the file with a repair.
    pub repairs: Vec<Option<RepairLaw>>,
    /// Faults that a figure may ask to leave out, by name.
    pub removable: Vec<String>,
    /// Names of all causes that any of the nets knows.
    pub causes: Vec<String>,
    /// What takes over from each other.
    pub roles: Vec<Role>,
    /// The first has all faults.
    pub nets: Vec<AvailabilityNet>,
    /// The traffic; none where nobody asks for anything at a rate.
    pub fluid: Option<FluidPlan>,
    /// Faults that strike what is common to all and what no architecture inside one site masks.
    pub common: Vec<String>,
    /// Meters, by place, of which outages are kept that may be worth a story; none unless asked for.
    pub stories: Vec<usize>,
}

/// The first two moments of a repair time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RepairLaw {
    /// Mean.
    pub mean: SimDuration,
    /// Standard deviation over the mean.
    pub cv: f64,
}

/// Something whose availability is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: WatchedKind,
}

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchedKind {
    /// A request class, with all that is on its path, as its users see it.
    Class,
    /// All classes that somebody asks for, where there are several: each of them at once.
    All,
    /// A service: enough of its members.
    Service,
    /// A group of units.
    Group,
    /// The members of a unit that are in no group, each by itself: what is told is their mean.
    Fleet,
}

/// Which availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Availability {
    /// Enough is up and reachable.
    Structural,
    /// And no more than 1 % of the requests fail because a member's death is not seen yet. Of
    /// classes alone.
    Continuous,
}

impl Availability {
    /// As in figures and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Structural => "structural",
            Self::Continuous => "continuous",
        }
    }
}

impl WatchedKind {
    /// As in files.
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

/// A net, with what its facts mean for those who ask.
#[derive(Clone, Debug)]
pub struct AvailabilityNet {
    /// The faults that it does not have.
    pub without: Vec<String>,
    /// The automata.
    pub net: Net,
    /// In the order of [`AvailabilityPlan::measured`], up to the first fleet.
    pub meters: Vec<Meter>,
    /// The fleets, in the same order.
    pub fleets: Vec<Fleet>,
    /// Those of their members that are alone ([`Net::alone`]): who lives through the years may do so
    /// one by one.
    pub alone: Vec<AutomatonId>,
    /// By cause of the net: its place in [`AvailabilityPlan::causes`].
    pub causes: Vec<u32>,
    /// In the order of [`AvailabilityPlan::roles`].
    pub roles: Vec<RoleFacts>,
    /// What it knows of load, where there is traffic.
    pub load: Option<FluidNet>,
}

/// Members of one unit that serve each by itself: of each that is down its share is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Who.
    pub members: Vec<AutomatonId>,
    /// Why one is down, by place in [`AvailabilityPlan::causes`].
    pub cause: u32,
}

/// How much of the service is lost at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// While it does not hold, all is.
    pub up: FactId,
    /// While it holds, so many parts of [`WHOLE`] are.
    pub shares: Vec<(FactId, u32)>,
    /// While it holds, so many parts of [`WHOLE`] fetch in vain what their edge does not have. That is
    /// part of the traffic alone, not of what is measured here.
    pub fetches: Vec<(FactId, u32)>,
    /// The same of users whom a name service sends to a target that fails: part of the traffic, and of
    /// `shares` where requests that fail count.
    pub led: Vec<(FactId, u32)>,
    /// The same of who asks a shield in vain.
    pub shields: Vec<(FactId, u32)>,
    /// More than so many are all of them, fewer none; none: a share counts as a share.
    pub all_above: Option<u32>,
}

/// Whether anything in a draft can fail.
#[must_use]
pub fn can_fail(draft: &Draft) -> bool {
    let scenario = &draft.scenario;
    !scenario.fault.is_empty() || !scenario.unit.is_empty() || has_planned_work(draft)
}

fn has_planned_work(draft: &Draft) -> bool {
    draft.scenario.operation.iter().any(|(_, operation)| operation.takes_out())
}

/// Why a draft has no plan of the long horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlan {
    /// Nothing in it can fail.
    NothingFails,
    /// Its declaration cannot be compiled: conditions nest too deep.
    Declaration(DeclarationError),
}

/// What can be asked about a draft.
///
/// # Errors
///
/// `NoPlan`: nothing in it can fail, or conditions nest too deep.
pub fn plan(draft: &Draft, without: &[Vec<String>]) -> Result<AvailabilityPlan, NoPlan> {
    plan_with(draft, without, FluidPlan::of(draft))
}

/// As [`plan`], without its traffic.
///
/// # Errors
///
/// As [`plan`].
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
    let repairs = causes.iter().map(|cause| repair_of(draft, cause)).collect();
    if let Some(fluid) = &mut fluid {
        let (net, meters) = &compiled[0];
        let structural = |class: &str| {
            let is = |(at, how): &(usize, Availability)| {
                watched[*at].name == class && *how == Availability::Structural
            };
            meters.get(measured.iter().position(is)?)
        };
        let names = fluid.classes.iter().map(|class| structural(&class.name)).enumerate();
        let of: Vec<(usize, &Meter)> = names.filter_map(|(at, meter)| Some((at, meter?))).collect();
        fluid.cut_off(&of, net);
        fluid.know_causes(&causes);
    }
    let nets = compiled.into_iter().zip(sets).map(|((net, meters), without)| {
        let place = |cause: &CauseName| {
            let name = shown(draft, cause);
            table::u32(causes.iter().position(|other| *other == name).expect("it is listed"))
        };
        let places = net.causes().map(place).collect();
        let load = fluid.as_ref().map(|fluid| fluid.resolve(&net));
        let fleets = meters::fleets(draft, &watched, &causes, &net);
        let all = net.alone();
        let members = fleets.iter().flat_map(|fleet| fleet.members.iter().copied());
        let alone = members.filter(|member| all[member.index()]).collect();
        let roles = recovery::resolve(&roles, &net);
        AvailabilityNet { without, net, meters, fleets, alone, causes: places, roles, load }
    });
    let nets = nets.collect();
    Ok(AvailabilityPlan {
        seed: Seed(scenario.run.seed.value),
        start: match scenario.run.initial.value {
            Initial::Stationary => Start::Stationary,
            Initial::New => Start::New,
        },
        horizon: scenario.run.horizon.as_ref().map_or(HORIZON, |horizon| horizon.value),
        shortest_outage: scenario
            .run
            .shortest_outage
            .as_ref()
            .map_or(SHORTEST, |least| least.value),
        watched,
        measured,
        repair: longest_repair(draft),
        repairs,
        removable: removable(draft, has_planned_work(draft)),
        causes,
        roles,
        nets,
        fluid,
        common,
        stories: Vec::new(),
    })
}

impl AvailabilityPlan {
    /// What users feel: meters of classes and of groups, by place, in the order of their names.
    #[must_use]
    pub fn felt(&self) -> Vec<usize> {
        let felt = |meter: &usize| {
            let (watched, _) = self.measured[*meter];
            matches!(self.watched[watched].kind, WatchedKind::Class | WatchedKind::Group)
        };
        let mut all: Vec<usize> = (0..self.measured.len()).filter(felt).collect();
        // Where a section stands in the file says nothing.
        all.sort_by_key(|meter| {
            let (watched, availability) = self.measured[*meter];
            (self.watched[watched].kind, &self.watched[watched].name, availability)
        });
        all
    }

    /// The net that has all faults but these.
    #[must_use]
    pub fn without(&self, faults: &[String]) -> Option<usize> {
        self.nets.iter().position(|net| net.without == faults)
    }

    /// Who serves each by itself, of what a meter of a net measures: the members of a fleet, else one.
    #[must_use]
    pub fn members(&self, net: usize, meter: usize) -> usize {
        let fleet = meter.checked_sub(self.nets[net].meters.len());
        fleet.and_then(|at| self.nets[net].fleets.get(at)).map_or(1, |f| f.members.len())
    }

    /// The net without the faults that are common to all; none where there are none.
    #[must_use]
    pub fn architecture(&self) -> Option<usize> {
        self.without(&self.common).filter(|_| !self.common.is_empty())
    }
}

/// Faults that strike what is common to all: sites, racks, switches, uplinks and links, and what
/// takes all members at once because of one mistake (`together`).
#[must_use]
pub fn common(draft: &Draft) -> Vec<String> {
    let mut found = Vec::new();
    for (name, spec) in draft.scenario.fault.iter() {
        let mut parts = Vec::new();
        for reference in spec.hits.iter() {
            let mut out = Diagnostics::new();
            parts.extend(targets::parts(draft, &reference.text, reference.span, &mut out));
        }
        if spec.together.value
            || (!parts.is_empty() && parts.iter().all(|part| part.sort().is_common))
        {
            found.push(name.text.clone());
        }
    }
    // Where a section stands in the file says nothing.
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
    let net = Net::compile(&declared.declaration, Reading::default())?;
    let meters = meters::resolve(draft, graph, (watched, measured), &net);
    Ok((net, meters))
}

/// The faults of the file, those of units, and what is planned.
fn removable(draft: &Draft, planned: bool) -> Vec<String> {
    let mut names: Vec<String> =
        draft.scenario.fault.iter().map(|(name, _)| name.text.clone()).collect();
    for (name, spec) in draft.scenario.unit.iter() {
        names.extend((0..spec.count.value).map(|member| member_name(name, member)));
    }
    names.extend(planned.then(|| PLANNED.to_string()));
    names
}

fn longest_repair(draft: &Draft) -> Option<SimDuration> {
    let faults = draft.scenario.fault.iter().filter_map(|(_, spec)| spec.repair.as_ref());
    let units = draft.scenario.unit.iter().filter_map(|(_, spec)| spec.repair.as_ref());
    let means = faults.chain(units).map(|law| law_of(law).mean());
    let longest = means.fold(0.0, f64::max);
    (longest > 0.0 && longest.is_finite()).then(|| SimDuration::from_seconds_f64(longest))
}

/// The repair law of a cause.
fn repair_of(draft: &Draft, cause: &str) -> Option<RepairLaw> {
    let fault = draft.scenario.fault.get(cause).and_then(|spec| spec.repair.as_ref());
    let unit = || {
        let found = draft.names.find(cause).filter(|found| found.kind == Kind::Unit)?;
        draft.scenario.unit[found.index].1.repair.as_ref()
    };
    let law = law_of(fault.or_else(unit)?);
    let (mean, cv) = (law.mean(), law.cv());
    let known = mean > 0.0 && mean.is_finite();
    // A variance without bound is a very large one.
    known.then(|| RepairLaw { mean: SimDuration::from_seconds_f64(mean), cv: cv.min(1e6) })
}

/// What a cause is called in a report.
fn shown(draft: &Draft, cause: &CauseName) -> String {
    if let Some(rest) = cause.label.strip_prefix(PLANNED)
        && (rest.is_empty() || rest.starts_with('.'))
    {
        return PLANNED.into();
    }
    if let Some(found) = draft.names.find(&cause.component).filter(|f| f.kind == Kind::Unit)
        && draft.scenario.fault.get(&cause.label).is_none()
    {
        // Of a fleet nobody asks which one it was.
        let fleet = meters::fleet_units(draft).find(|(unit, _)| *unit == found.index);
        return fleet.map_or_else(|| cause.component.to_string(), |(_, name)| name.to_string());
    }
    cause.label.to_string()
}

/// All of them, by name: where a section stands in the file says nothing.
fn cause_names(draft: &Draft, nets: &[(Net, Vec<Meter>)]) -> Vec<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    for (net, _) in nets {
        all.extend(net.causes().map(|cause| shown(draft, cause)));
    }
    all.into_iter().collect()
}

/// The fact that a net has a net-wide name for.
fn fact(net: &Net, name: &str) -> FactId {
    net.fact(name).expect("it was declared under this name")
}
